//! The lab's page: pixels and events.
//!
//! What happens is decided in `gatehouse_lab`; what is shown of it is a value in [`desk`]; how it looks is in
//! `pages` and `parts`. Nothing here knows a rule of Kubernetes.

pub mod chart;
pub mod chunks;
pub mod desk;
mod js;
pub mod lab;
pub mod layout;
pub mod markdown;
pub mod outline;
mod pages;
mod parts;
pub mod position;
pub mod progress;
mod rescue;
pub mod route;
pub mod shortcuts;
pub mod storage;
pub mod theme;

/// Puts the page into its place in the document.
pub fn run() {
    rescue::install();
    let Some(place) = web_sys::window().and_then(|window| window.document()?.get_element_by_id("app")) else {
        return;
    };
    yew::Renderer::<pages::App>::with_root(place).render();
}
