//! A boundary between panes: moved by mouse, finger or keyboard.

use web_sys::{Element, HtmlElement, KeyboardEvent, PointerEvent};
use yew::{Callback, Html, NodeRef, Properties, classes, component, html, use_node_ref, use_state};

use crate::layout::Split;

/// Which boundary, where it stands, and who is told when it moves.
#[derive(Clone, PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) split: Split,
    /// In percent.
    pub(crate) size: f64,
    /// The box that the percentage is of.
    pub(crate) within: NodeRef,
    pub(crate) moved: Callback<(Split, f64)>,
}

/// See the module.
#[component(Splitter)]
pub(crate) fn splitter(props: &Props) -> Html {
    let held = use_state(|| false);
    let bar = use_node_ref();
    let split = props.split;
    let (least, most) = split.bounds();

    let down = {
        let (held, bar) = (held.clone(), bar.clone());
        Callback::from(move |event: PointerEvent| {
            event.prevent_default();
            if let Some(bar) = bar.cast::<Element>() {
                // Without the capture the pointer is lost when it outruns the boundary; nothing breaks.
                let _ = bar.set_pointer_capture(event.pointer_id());
            }
            held.set(true);
        })
    };
    let moving = {
        let (held, within, moved) = (held.clone(), props.within.clone(), props.moved.clone());
        Callback::from(move |event: PointerEvent| {
            let Some(within) = within.cast::<HtmlElement>().filter(|_| *held) else { return };
            let place = within.get_bounding_client_rect();
            let at = if split.upright() {
                (f64::from(event.client_x()) - place.left()) / place.width().max(1.0)
            } else {
                (f64::from(event.client_y()) - place.top()) / place.height().max(1.0)
            };
            moved.emit((split, split.at(at)));
        })
    };
    let up = {
        let held = held.clone();
        Callback::from(move |_: PointerEvent| held.set(false))
    };
    let key = {
        let (moved, size) = (props.moved.clone(), props.size);
        Callback::from(move |event: KeyboardEvent| {
            if let Some(step) = split.step(&event.key()) {
                event.prevent_default();
                moved.emit((split, size + step));
            }
        })
    };
    let kind = if split.upright() { "upright" } else { "flat" };
    let place = match split {
        Split::Task => "split-task",
        Split::Side => "split-side",
        Split::Shell => "split-shell",
        Split::Picture => "split-picture",
    };
    html! {
        <div ref={bar} class={classes!("split", kind, place, (*held).then_some("held"))} role="separator" tabindex="0"
            aria-label={split.label()} aria-orientation={if split.upright() { "vertical" } else { "horizontal" }}
            aria-valuenow={format!("{:.0}", props.size)} aria-valuemin={format!("{least:.0}")} aria-valuemax={format!("{most:.0}")}
            onpointerdown={down} onpointermove={moving} onpointerup={up.clone()} onpointercancel={up} onkeydown={key} />
    }
}
