//! The JavaScript face of the node: typed calls in, typed events out.
use wasm_bindgen::prelude::*;

/// The version of the node this module was built from.
#[wasm_bindgen(js_name = version)]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
