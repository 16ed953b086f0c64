//! Owns how a turn's outputs cross: bytes as byte arrays, events as typed objects.

use js_sys::{Array, Object, Reflect, Uint8Array};
use tern_node::outputs::Output;
use wasm_bindgen::prelude::*;

use crate::throw::to_js;

#[wasm_bindgen(typescript_custom_section)]
const OUTPUT: &str = r#"
/** What a turn wants to send to the world; it may leave once the commit of its turn is durable. */
export type Output =
  | { type: 'socketBytes'; socket: number; bytes: Uint8Array }
  | { type: 'socketClose'; socket: number }
  | { type: 'broadcast'; transactions: Uint8Array[] }
  | { type: 'event'; event: NodeEvent };
"#;

#[wasm_bindgen]
extern "C" {
    /// A list of outputs, typed for TypeScript.
    #[wasm_bindgen(typescript_type = "Output[]")]
    pub type OutputList;
}

/// The outputs of one turn, in order.
pub fn outputs_to_js(outputs: Vec<Output>) -> Result<OutputList, JsValue> {
    let list = Array::new();
    for output in outputs {
        list.push(&output_to_js(output)?);
    }
    Ok(list.unchecked_into())
}

fn output_to_js(output: Output) -> Result<JsValue, JsValue> {
    match output {
        Output::SocketBytes { socket, bytes } => object(
            "socketBytes",
            &[
                ("socket", socket.into()),
                ("bytes", Uint8Array::from(bytes.as_slice()).into()),
            ],
        ),
        Output::SocketClose { socket } => object("socketClose", &[("socket", socket.into())]),
        Output::Broadcast { transactions } => {
            let list: Array = transactions.iter().map(|tx| Uint8Array::from(tx.as_slice())).collect();
            object("broadcast", &[("transactions", list.into())])
        }
        Output::Event { event } => object("event", &[("event", to_js(&event)?)]),
    }
}

fn object(kind: &str, fields: &[(&str, JsValue)]) -> Result<JsValue, JsValue> {
    let object = Object::new();
    Reflect::set(&object, &"type".into(), &kind.into())?;
    for (name, value) in fields {
        Reflect::set(&object, &JsValue::from_str(name), value)?;
    }
    Ok(object.into())
}
