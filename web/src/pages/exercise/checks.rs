//! The checks: what should be true, what is, and why.

use yew::{Html, NodeRef, classes, html};

use crate::desk::Desk;
use crate::lab::CheckResult;
use crate::parts::{Icon, icon};
use crate::progress::Progress;
use crate::route::Route;

/// The pane.
pub(super) fn pane(desk: &Desk, place: &NodeRef) -> Html {
    let report = &desk.report;
    let width = 100.0 * f64::from(report.score()) / f64::from(report.max().max(1));
    html! {
        <section class="pane checks" aria-label="Checks">
            <div class="pane-head">
                <h2>{ "Checks" }</h2>
                <span class="push">{ format!("{} / {}", report.score(), report.max()) }</span>
            </div>
            <div class="meter" aria-hidden="true">
                <svg viewBox="0 0 100 3" preserveAspectRatio="none"><rect width={format!("{width:.1}")} height="3" /></svg>
            </div>
            <div class="scroll" ref={place.clone()} tabindex="0">
                if desk.progress() == Progress::Solved {
                    <div class="solved-note">
                        <strong>{ "Solved: everything asked for is true." }</strong>
                        <a href={Route::home().href()}>{ "Choose the next exercise" }</a>
                    </div>
                }
                if report.checks.is_empty() {
                    <p class="note empty">{ "What must be true at the end is listed here, and turns as you work." }</p>
                } else {
                    <ul class="list">{ for report.checks.iter().map(one) }</ul>
                }
            </div>
        </section>
    }
}

fn one(check: &CheckResult) -> Html {
    let (class, sign, word) = if check.passed {
        ("passed", Icon::Tick, "True: ")
    } else {
        ("failed", Icon::Ring, "Not yet true: ")
    };
    html! {
        <li key={check.id.clone()} class={classes!("check", class)} data-check={check.id.clone()}>
            <span class={classes!("mark", class)}>{ icon(sign) }</span>
            <span class="wants"><span class="aside">{ word }</span>{ &check.wants }</span>
            <span class="weight">{ check.weight }<span class="aside">{ " points" }</span></span>
            if !check.passed {
                <div class="detail">
                    <dl>
                        <dt>{ "expected" }</dt><dd>{ &check.expected }</dd>
                        <dt>{ "got" }</dt><dd>{ &check.actual }</dd>
                    </dl>
                    if !check.because.is_empty() {
                        <ul class="because">{ for check.because.iter().map(|cause| html! { <li>{ cause }</li> }) }</ul>
                    }
                </div>
            }
        </li>
    }
}
