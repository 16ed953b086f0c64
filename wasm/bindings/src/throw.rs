//! Owns how errors and values cross: errors are thrown as plain objects of code, cause and next step; 64-bit numbers are bigints.

use js_sys::{Object, Reflect};
use serde::Serialize;
use tern_node::NodeError;
use wasm_bindgen::JsValue;

/// What a failed call throws: `{ code, cause, next }`.
pub fn thrown(error: NodeError) -> JsValue {
    let object = Object::new();
    let parts = [
        ("code", error.code.as_str()),
        ("cause", error.cause.as_str()),
        ("next", error.next.as_str()),
    ];
    for (name, value) in parts {
        // A fresh object takes every property.
        let _ = Reflect::set(&object, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    object.into()
}

/// A value as JavaScript has it.
pub fn to_js<T: Serialize>(value: &T) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_large_number_types_as_bigints(true);
    value
        .serialize(&serializer)
        .map_err(|e| thrown(NodeError::internal(format!("A value does not cross: {e}."))))
}

#[wasm_bindgen::prelude::wasm_bindgen]
extern "C" {
    #[wasm_bindgen::prelude::wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(message: &str);
}

/// Makes a panic say why on the console; the trap that follows halts the node.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| console_error(&panic.to_string())));
}
