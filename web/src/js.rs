//! Calls into JavaScript objects by name: the editor's handle and what `web/boot/boot.js` offers.

use wasm_bindgen::{JsCast, JsValue};

/// A property of an object.
pub(crate) fn get(object: &JsValue, name: &str) -> Option<JsValue> {
    js_sys::Reflect::get(object, &JsValue::from_str(name)).ok().filter(|value| !value.is_undefined())
}

/// Calls a method; an object without it answers nothing.
pub(crate) fn call(object: &JsValue, name: &str, arguments: &[JsValue]) -> Option<JsValue> {
    let method = get(object, name)?.dyn_into::<js_sys::Function>().ok()?;
    method.apply(object, &arguments.iter().collect()).ok()
}

/// An object of these properties.
pub(crate) fn object(properties: &[(&str, JsValue)]) -> JsValue {
    let object = js_sys::Object::new();
    for (name, value) in properties {
        // Setting a property of a fresh object cannot fail.
        let _ = js_sys::Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object.into()
}

/// What boot.js hangs on the window.
pub(crate) fn boot() -> Option<JsValue> {
    get(&js_sys::global(), "gatehouse")
}
