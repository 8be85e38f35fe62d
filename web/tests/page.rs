//! The page in a real document: what the desk's own tests cannot see. Runs in Chromium, on wasm only.

#![cfg_attr(
    target_arch = "wasm32",
    expect(clippy::expect_used, reason = "a test that cannot go on has failed")
)]
#![cfg(target_arch = "wasm32")]

use gatehouse_web::{storage, theme};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn document() -> web_sys::Document {
    web_sys::window().and_then(|window| window.document()).expect("a document")
}

/// Lets the page draw itself.
async fn a_moment() {
    gloo_timers::future::TimeoutFuture::new(50).await;
}

#[wasm_bindgen_test]
async fn the_page_lists_every_exercise_and_opens_one() {
    let place = document().create_element("div").expect("a div");
    place.set_id("app");
    document().body().expect("a body").append_child(&place).expect("a place");
    let location = web_sys::window().expect("a window").location();
    location.set_hash("#/").expect("an address");
    gatehouse_web::run();
    a_moment().await;
    let rows = place.query_selector_all(".exercises a.row").expect("a selector");
    assert_eq!(rows.length() as usize, gatehouse_web::lab::catalogue().len());

    let id = &gatehouse_web::lab::catalogue().first().expect("an exercise").exercise.id;
    location.set_hash(&format!("#/exercise/{id}")).expect("an address");
    a_moment().await;
    assert!(place.query_selector(".lab #shell-input").expect("a selector").is_some());
    assert!(place.query_selector(".check").expect("a selector").is_some());
    // No bundle is served here: the plain field stands in for the editor.
    assert!(place.query_selector("[data-editor=plain] textarea").expect("a selector").is_some());
}

#[wasm_bindgen_test]
fn storage_gives_back_what_it_was_given() {
    storage::set("a-test", "text");
    assert_eq!(storage::get("a-test").as_deref(), Some("text"));
    storage::remove("a-test");
    assert_eq!(storage::get("a-test"), None);
}

#[wasm_bindgen_test]
fn a_theme_marks_the_document_and_is_kept() {
    theme::Theme::Dark.choose();
    let root = document().document_element().expect("a root");
    assert_eq!(root.get_attribute("data-theme").as_deref(), Some("dark"));
    assert_eq!(theme::Theme::kept(), theme::Theme::Dark);
    theme::Theme::System.choose();
    assert_eq!(root.get_attribute("data-theme"), None);
}
