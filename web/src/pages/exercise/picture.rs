//! Who can reach whom: a drawing, the same as a table, and for each flow the reason.

use std::rc::Rc;

use yew::html::Scope;
use yew::{
    Callback, Html, KeyboardEvent, NodeRef, Properties, TargetCast, classes, component, html, use_memo,
};

use super::{ExercisePage, Msg, flows};
use crate::chart::{self, Chart, POD, WIDTH};
use crate::desk::Desk;
use crate::lab::{Edge, FlowChange, Picture, PicturePod, Preview};
use crate::parts::{Icon, icon};
use crate::route::{Pane, Route};

/// The pane.
pub(super) fn pane(
    desk: &Desk,
    link: &Scope<ExercisePage>,
    id: &str,
    table: bool,
    wrong_port: Option<&str>,
    place: &NodeRef,
) -> Html {
    let other = if table { Pane::Picture } else { Pane::Table };
    let route = Route::Exercise { id: id.to_owned(), pane: Some(other) };
    html! {
        <section class="pane picture" aria-label="Who can reach whom">
            <div class="pane-head">
                <h2>{ "Network" }</h2>
                <div class="right">
                <span class="legend">{ legend("allowed", "M1 5h20") }{ legend("denied", "M1 5h20") }</span>
                <a class="button" href={route.href()} aria-keyshortcuts="t">
                    { icon(if table { Icon::Picture } else { Icon::Table }) }
                    <span class="aside">{ "Show as " }</span>{ if table { "Picture" } else { "Table" } }
                </a>
                </div>
            </div>
            <div class="scroll" ref={place.clone()} tabindex="-1">
                if desk.picture.edges.is_empty() {
                    <p class="note empty">{ "When there are pods, this shows which of them reach each other, and why." }</p>
                } else {
                    <Drawing picture={desk.picture.clone()} {table} chosen={desk.chosen} preview={desk.preview.clone()} choose={link.callback(Msg::Choose)} />
                    { reason(desk, link) }
                    <div class="audit">
                        <button class="button" aria-expanded={if desk.audit.is_some() { "true" } else { "false" }} onclick={link.callback(|_| Msg::Audit)}>{ "More" }</button>
                        if let Some(audit) = &desk.audit {
                            { flows::audit(desk, audit, wrong_port, link) }
                        }
                    </div>
                }
            </div>
        </section>
    }
}

fn legend(class: &'static str, path: &'static str) -> Html {
    html! { <span><svg class="map" viewBox="0 0 22 10" aria-hidden="true"><g class={classes!("edge", class)}><path class="line" d={path} /></g></svg>{ " " }{ class }</span> }
}

/// What decides the flow that was asked about.
fn reason(desk: &Desk, link: &Scope<ExercisePage>) -> Html {
    let picture = &desk.picture;
    html! {
        <div class="reason" role="status">
            if let Some(edge) = desk.chosen.and_then(|index| picture.edges.get(index)) {
                <p class={classes!("verdict", verdict(edge))}>{ sentence(picture, edge) }</p>
                if let Some(told) = &desk.told {
                    { flows::told(told, would(edge, &desk.preview), &desk.tabs, link) }
                }
            } else {
                <p class="why">{ "Point at a flow, or walk through them with the arrow keys, to see what decides it." }</p>
            }
        </div>
    }
}

#[derive(Clone, Properties)]
struct Props {
    picture: Rc<Picture>,
    table: bool,
    chosen: Option<usize>,
    preview: Rc<Preview>,
    choose: Callback<Option<usize>>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Props) -> bool {
        self.table == other.table
            && self.chosen == other.chosen
            && Rc::ptr_eq(&self.picture, &other.picture)
            && self.preview.flows == other.preview.flows
    }
}

#[component(Drawing)]
fn drawing(props: &Props) -> Html {
    let chart = use_memo(Rc::as_ptr(&props.picture) as usize, |_| chart::lay_out(&props.picture));
    if props.table { table(props) } else { map(&chart, props) }
}

/// What applying the shown file would make of a flow.
fn would<'p>(edge: &Edge, preview: &'p Preview) -> Option<&'p FlowChange> {
    preview.flows.iter().find(|c| c.from == edge.from && c.to == edge.to && c.port == edge.port)
}

fn verdict(edge: &Edge) -> &'static str {
    if edge.allowed { "allowed" } else { "denied" }
}

fn name(picture: &Picture, pod: usize) -> String {
    picture.pods.get(pod).map(PicturePod::id).unwrap_or_default()
}

fn sentence(picture: &Picture, edge: &Edge) -> String {
    format!("{} → {} {}: {}", name(picture, edge.from), name(picture, edge.to), edge.port, verdict(edge))
}

fn spoken(picture: &Picture, edge: &Edge, preview: &Preview) -> String {
    let then = would(edge, preview).map_or("", |_| ". The file would change that");
    format!("{}. {}{then}", sentence(picture, edge), edge.because.join("; "))
}

fn map(chart: &Chart, props: &Props) -> Html {
    let Props { picture, chosen, preview, choose, .. } = props;
    let count = chart.curves.len();
    // One stop for Tab; the arrow keys walk from flow to flow.
    let stop = chosen
        .filter(|index| chart.curves.iter().any(|curve| curve.edge == *index))
        .or(chart.curves.first().map(|curve| curve.edge));
    html! {
        <svg class={classes!("map", chosen.is_some().then_some("narrowed"))} viewBox={format!("0 0 {WIDTH} {:.0}", chart.height)}
            preserveAspectRatio="xMidYMin meet" role="group" aria-label={format!("{count} flows between {} pods", chart.spots.len())}>
            { for chart.areas.iter().map(|area| html! {
                <g key={format!("space {}", area.name)}>
                    <rect class="box" x={area.x.to_string()} y={area.y.to_string()} width={area.width.to_string()} height={area.height.to_string()} rx="6"
                        onclick={choose.reform(|_: yew::MouseEvent| None)} />
                    <text class="box-name" x={(area.x + 10.0).to_string()} y={(area.y + 19.0).to_string()}>{ &area.name }</text>
                </g>
            }) }
            { for chart.curves.iter().filter_map(|curve| {
                let edge = picture.edges.get(curve.edge)?;
                let index = curve.edge;
                let entered = choose.reform(move |_: yew::PointerEvent| Some(index));
                let focused = choose.reform(move |_: yew::FocusEvent| Some(index));
                let key = { let choose = choose.clone(); Callback::from(move |event: KeyboardEvent| walk(event, &choose)) };
                let change = would(edge, preview).map(|_| "would");
                Some(html! {
                    <g key={format!("flow {index}")} class={classes!("edge", verdict(edge), (*chosen == Some(index)).then_some("chosen"), change)} role="img"
                        aria-label={spoken(picture, edge, preview)} tabindex={if stop == Some(index) { "0" } else { "-1" }}
                        onpointerenter={entered} onfocus={focused} onkeydown={key}>
                        <path class="reach" d={curve.path.clone()} />
                        <path class="line" d={curve.path.clone()} />
                        <path class="end" d={curve.end.clone()} />
                    </g>
                })
            }) }
            { for chart.spots.iter().map(|spot| html! {
                <g key={format!("pod {}", spot.pod)}>
                    <circle class="pod" cx={spot.x.to_string()} cy={spot.y.to_string()} r={POD.to_string()} />
                    <text class="pod-name" text-anchor={spot.anchor} x={spot.label.0.to_string()} y={spot.label.1.to_string()}>{ &spot.name }</text>
                    <text class="pod-ip" text-anchor={spot.anchor} x={spot.label.0.to_string()} y={(spot.label.1 + 14.0).to_string()}>{ &spot.ip }</text>
                </g>
            }) }
        </svg>
    }
}

/// Arrow keys move the focus to the neighbouring flow; Escape asks about none.
fn walk(event: KeyboardEvent, choose: &Callback<Option<usize>>) {
    let Some(here) = event.target_dyn_into::<web_sys::Element>() else { return };
    let next = match event.key().as_str() {
        "ArrowRight" | "ArrowDown" => here.next_element_sibling(),
        "ArrowLeft" | "ArrowUp" => here.previous_element_sibling(),
        "Escape" => return choose.emit(None),
        _ => return,
    };
    if let Some(next) = next.filter(|next| {
        next.get_attribute("class").is_some_and(|class| class.split(' ').any(|word| word == "edge"))
    }) {
        event.prevent_default();
        crate::js::call(&next, "focus", &[]);
    }
}

fn table(props: &Props) -> Html {
    let picture = &props.picture;
    let pods = || 0..picture.pods.len();
    // Nobody is asked what the cluster's DNS may do.
    let sources = pods().filter(|from| picture.edges.iter().any(|edge| edge.from == *from));
    html! {
        <div class="matrix-wrap" tabindex="0">
            <table class="matrix">
                <caption>{ format!("From the row to the column, on {}; DNS on UDP/53", picture.port) }</caption>
                <thead><tr><td class="corner"></td>{ for pods().map(|to| html! { <th scope="col">{ header(picture, to) }</th> }) }</tr></thead>
                <tbody>
                    { for sources.map(|from| html! {
                        <tr key={from}>
                            <th scope="row">{ header(picture, from) }</th>
                            { for pods().map(|to| cell(props, from, to)) }
                        </tr>
                    }) }
                </tbody>
            </table>
        </div>
    }
}

fn header(picture: &Picture, pod: usize) -> Html {
    let Some(pod) = picture.pods.get(pod) else { return Html::default() };
    html! { <><span class="space">{ format!("{}/", pod.namespace) }</span>{ &pod.name }</> }
}

fn cell(props: &Props, from: usize, to: usize) -> Html {
    let Props { picture, preview, choose, .. } = props;
    let flow = picture.edges.iter().enumerate().find(|(_, edge)| edge.from == from && edge.to == to);
    let Some((index, edge)) = flow else { return html! { <td class="self"></td> } };
    let clicked = choose.reform(move |_: yew::MouseEvent| Some(index));
    let focused = choose.reform(move |_: yew::FocusEvent| Some(index));
    let changed = would(edge, preview).map(|change| if change.allowed { " → ✓" } else { " → ✕" });
    html! {
        <td>
            <button class={verdict(edge)} onclick={clicked} onfocus={focused}>
                <span aria-hidden="true">{ if edge.allowed { "✓" } else { "✕" } }</span>{ if edge.allowed { "yes" } else { "no" } }
                <span class="would" aria-hidden="true">{ changed }</span>
                <span class="aside">{ ": " }{ spoken(picture, edge, preview) }</span>
            </button>
        </td>
    }
}
