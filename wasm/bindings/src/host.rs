//! Owns the bridge from the node's `Host` to the JavaScript object that implements it. Calls to the store happen when they are made, not when polled.

use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Function, Promise, Uint8Array};
use tern_node::host::{Host, LocalFuture, LogLevel};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{spawn_local, JsFuture};

use crate::timers::Timers;

#[wasm_bindgen(typescript_custom_section)]
const NODE_HOST: &str = r#"
/** What the node needs from JavaScript. `write` and `remove` stage at once, in the order of their calls, and never reject. */
export interface NodeHost {
  read(primary: string, secondary: string, key: string): Promise<Uint8Array | undefined>;
  /** Resolves when staged; under `monitors` and `monitor_updates`, when durable. */
  write(primary: string, secondary: string, key: string, value: Uint8Array): Promise<void>;
  remove(primary: string, secondary: string, key: string): Promise<void>;
  list(primary: string, secondary: string): Promise<string[]>;
  /** Keys, newest created first; `before` is an exclusive cursor (a key). */
  listPage(primary: string, secondary: string, limit: number, before?: string): Promise<string[]>;
  /** Something was staged or waits to go out: cut the turn once the executor is idle. */
  wake(): void;
  nowMs(): number;
  /** Calls `run` once after `ms`; the function returned takes the timer back. */
  setTimer(ms: number, run: () => void): () => void;
  log(level: 'error' | 'warn' | 'info', target: string, message: string): void;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// The JavaScript side of the host.
    #[wasm_bindgen(typescript_type = "NodeHost")]
    pub type NodeHost;

    #[wasm_bindgen(method)]
    fn read(this: &NodeHost, primary: &str, secondary: &str, key: &str) -> Promise;
    #[wasm_bindgen(method)]
    fn write(this: &NodeHost, primary: &str, secondary: &str, key: &str, value: Uint8Array) -> Promise;
    #[wasm_bindgen(method)]
    fn remove(this: &NodeHost, primary: &str, secondary: &str, key: &str) -> Promise;
    #[wasm_bindgen(method)]
    fn list(this: &NodeHost, primary: &str, secondary: &str) -> Promise;
    #[wasm_bindgen(method, js_name = listPage)]
    fn list_page(this: &NodeHost, primary: &str, secondary: &str, limit: u32, before: Option<&str>) -> Promise;
    #[wasm_bindgen(method)]
    fn wake(this: &NodeHost);
    #[wasm_bindgen(method, js_name = nowMs)]
    fn now_ms(this: &NodeHost) -> f64;
    #[wasm_bindgen(method, js_name = setTimer)]
    pub(crate) fn set_timer(this: &NodeHost, ms: f64, run: &Function) -> Function;
    #[wasm_bindgen(method)]
    fn log(this: &NodeHost, level: &str, target: &str, message: &str);
}

/// The node's host over the JavaScript one.
pub struct JsHost {
    js: NodeHost,
    timers: Rc<Timers>,
}

impl JsHost {
    /// Wraps the JavaScript side.
    pub fn new(js: NodeHost) -> Self {
        Self {
            js,
            timers: Rc::default(),
        }
    }
}

/// Turns a rejection into text.
fn cause(rejected: JsValue) -> String {
    rejected.as_string().unwrap_or_else(|| format!("{rejected:?}"))
}

/// Costs nothing until somebody waits, which most do not.
async fn settled(promise: Promise) {
    // By contract it never rejects; a host that does has halted and the node with it.
    let _ = JsFuture::from(promise).await;
}

fn strings(list: JsValue) -> Result<Vec<String>, String> {
    let list: Array = list
        .dyn_into()
        .map_err(|_| "the store's list is no array".to_string())?;
    list.iter()
        .map(|item| item.as_string().ok_or_else(|| "a key is no string".to_string()))
        .collect()
}

impl Host for JsHost {
    fn read(&self, primary: &str, secondary: &str, key: &str) -> LocalFuture<Result<Option<Vec<u8>>, String>> {
        let promise = JsFuture::from(self.js.read(primary, secondary, key));
        Box::pin(async move {
            let value = promise.await.map_err(cause)?;
            if value.is_undefined() || value.is_null() {
                return Ok(None);
            }
            let bytes: Uint8Array = value
                .dyn_into()
                .map_err(|_| "a stored value is no byte array".to_string())?;
            Ok(Some(bytes.to_vec()))
        })
    }

    fn write(&self, primary: &str, secondary: &str, key: &str, value: Vec<u8>) -> LocalFuture<()> {
        let promise = self
            .js
            .write(primary, secondary, key, Uint8Array::from(value.as_slice()));
        Box::pin(settled(promise))
    }

    fn remove(&self, primary: &str, secondary: &str, key: &str) -> LocalFuture<()> {
        Box::pin(settled(self.js.remove(primary, secondary, key)))
    }

    fn list(&self, primary: &str, secondary: &str) -> LocalFuture<Result<Vec<String>, String>> {
        let promise = JsFuture::from(self.js.list(primary, secondary));
        Box::pin(async move { strings(promise.await.map_err(cause)?) })
    }

    fn list_page(
        &self,
        primary: &str,
        secondary: &str,
        limit: u32,
        before: Option<&str>,
    ) -> LocalFuture<Result<Vec<String>, String>> {
        let promise = JsFuture::from(self.js.list_page(primary, secondary, limit, before));
        Box::pin(async move { strings(promise.await.map_err(cause)?) })
    }

    fn wake(&self) {
        self.js.wake();
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.js.now_ms() as u64)
    }

    fn sleep(&self, duration: Duration) -> LocalFuture<()> {
        Box::pin(self.timers.start(&self.js, duration))
    }

    fn spawn(&self, future: LocalFuture<()>) {
        spawn_local(future);
    }

    fn log(&self, level: LogLevel, target: &str, message: &str) {
        self.js.log(level.as_str(), target, message);
    }
}
