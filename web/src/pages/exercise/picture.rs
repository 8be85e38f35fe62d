//! Who can reach whom: a drawing, the same as a table, and for each flow the reason.

use std::rc::Rc;

use yew::{
    Callback, Html, KeyboardEvent, NodeRef, Properties, TargetCast, UseStateHandle, classes, component, html,
    use_memo, use_state,
};

use crate::chart::{self, Chart, POD, WIDTH};
use crate::desk::Desk;
use crate::lab::{Edge, Picture};
use crate::parts::{Icon, icon};
use crate::route::{Pane, Route};

/// The pane.
pub(super) fn pane(desk: &Desk, id: &str, table: bool, place: &NodeRef) -> Html {
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
                    <Flows picture={desk.picture.clone()} {table} />
                }
            </div>
        </section>
    }
}

fn legend(class: &'static str, path: &'static str) -> Html {
    html! { <span><svg class="map" viewBox="0 0 22 10" aria-hidden="true"><g class={classes!("edge", class)}><path class="line" d={path} /></g></svg>{ " " }{ class }</span> }
}

#[derive(Clone, Properties)]
struct Props {
    picture: Rc<Picture>,
    table: bool,
}

impl PartialEq for Props {
    fn eq(&self, other: &Props) -> bool {
        self.table == other.table && Rc::ptr_eq(&self.picture, &other.picture)
    }
}

#[component(Flows)]
fn flows(props: &Props) -> Html {
    // The flow that was asked about, by its place in the list; it may be gone in the next picture.
    let chosen = use_state(|| None::<usize>);
    let chart = use_memo(Rc::as_ptr(&props.picture) as usize, |_| chart::lay_out(&props.picture));
    let edges = &props.picture.edges;
    let explained = (*chosen).and_then(|index| edges.get(index));
    html! {
        <>
            if props.table {
                { table(&props.picture, &chosen) }
            } else {
                { map(&chart, &props.picture, &chosen) }
            }
            <div class="reason" role="status">
                if let Some(edge) = explained {
                    <p class={classes!("verdict", verdict(edge))}>{ sentence(&props.picture, edge) }</p>
                    { for edge.because.iter().map(|cause| html! { <p class="why">{ cause }</p> }) }
                } else {
                    <p class="why">{ "Point at a flow, or walk through them with the arrow keys, to see what decides it." }</p>
                }
            </div>
        </>
    }
}

fn verdict(edge: &Edge) -> &'static str {
    if edge.allowed { "allowed" } else { "denied" }
}

fn name(picture: &Picture, pod: usize) -> String {
    picture.pods.get(pod).map(|pod| format!("{}/{}", pod.namespace, pod.name)).unwrap_or_default()
}

fn sentence(picture: &Picture, edge: &Edge) -> String {
    format!("{} → {} {}: {}", name(picture, edge.from), name(picture, edge.to), picture.port, verdict(edge))
}

fn spoken(picture: &Picture, edge: &Edge) -> String {
    format!("{}. {}", sentence(picture, edge), edge.because.join("; "))
}

fn map(chart: &Chart, picture: &Picture, chosen: &UseStateHandle<Option<usize>>) -> Html {
    let count = chart.curves.len();
    // One stop for Tab; the arrow keys walk from flow to flow.
    let stop = (**chosen)
        .filter(|index| chart.curves.iter().any(|curve| curve.edge == *index))
        .or(chart.curves.first().map(|curve| curve.edge));
    html! {
        <svg class={classes!("map", chosen.is_some().then_some("narrowed"))} viewBox={format!("0 0 {WIDTH} {:.0}", chart.height)}
            preserveAspectRatio="xMidYMin meet" role="group" aria-label={format!("{count} flows between {} pods", chart.spots.len())}>
            { for chart.areas.iter().map(|area| html! {
                <g key={format!("space {}", area.name)}>
                    <rect class="box" x={area.x.to_string()} y={area.y.to_string()} width={area.width.to_string()} height={area.height.to_string()} rx="6" />
                    <text class="box-name" x={(area.x + 10.0).to_string()} y={(area.y + 19.0).to_string()}>{ &area.name }</text>
                </g>
            }) }
            { for chart.curves.iter().filter_map(|curve| {
                let edge = picture.edges.get(curve.edge)?;
                let index = curve.edge;
                let choose = { let chosen = chosen.clone(); move || chosen.set(Some(index)) };
                let entered = { let choose = choose.clone(); Callback::from(move |_: yew::PointerEvent| choose()) };
                let focused = Callback::from(move |_: yew::FocusEvent| choose());
                let left = { let chosen = chosen.clone(); Callback::from(move |_: yew::PointerEvent| chosen.set(None)) };
                Some(html! {
                    <g key={format!("flow {index}")} class={classes!("edge", verdict(edge), (**chosen == Some(index)).then_some("chosen"))} role="img"
                        aria-label={spoken(picture, edge)} tabindex={if stop == Some(index) { "0" } else { "-1" }}
                        onpointerenter={entered} onpointerleave={left} onfocus={focused} onkeydown={Callback::from(walk)}>
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

/// Arrow keys move the focus to the neighbouring flow.
fn walk(event: KeyboardEvent) {
    let Some(here) = event.target_dyn_into::<web_sys::Element>() else { return };
    let next = match event.key().as_str() {
        "ArrowRight" | "ArrowDown" => here.next_element_sibling(),
        "ArrowLeft" | "ArrowUp" => here.previous_element_sibling(),
        _ => return,
    };
    if let Some(next) = next.filter(|next| {
        next.get_attribute("class").is_some_and(|class| class.split(' ').any(|word| word == "edge"))
    }) {
        event.prevent_default();
        crate::js::call(&next, "focus", &[]);
    }
}

fn table(picture: &Picture, chosen: &UseStateHandle<Option<usize>>) -> Html {
    let pods = || 0..picture.pods.len();
    html! {
        <div class="matrix-wrap" tabindex="0">
            <table class="matrix">
                <caption>{ format!("From the row to the column, on {}", picture.port) }</caption>
                <thead><tr><td class="corner"></td>{ for pods().map(|to| html! { <th scope="col">{ header(picture, to) }</th> }) }</tr></thead>
                <tbody>
                    { for pods().map(|from| html! {
                        <tr key={from}>
                            <th scope="row">{ header(picture, from) }</th>
                            { for pods().map(|to| cell(picture, from, to, chosen)) }
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

fn cell(picture: &Picture, from: usize, to: usize, chosen: &UseStateHandle<Option<usize>>) -> Html {
    let flow = picture.edges.iter().enumerate().find(|(_, edge)| edge.from == from && edge.to == to);
    let Some((index, edge)) = flow else { return html! { <td class="self"></td> } };
    let choose = {
        let chosen = chosen.clone();
        move || chosen.set(Some(index))
    };
    let clicked = {
        let choose = choose.clone();
        Callback::from(move |_: yew::MouseEvent| choose())
    };
    let focused = Callback::from(move |_: yew::FocusEvent| choose());
    html! {
        <td>
            <button class={verdict(edge)} onclick={clicked} onfocus={focused}>
                <span aria-hidden="true">{ if edge.allowed { "✓" } else { "✕" } }</span>{ if edge.allowed { "yes" } else { "no" } }
                <span class="aside">{ ": " }{ spoken(picture, edge) }</span>
            </button>
        </td>
    }
}
