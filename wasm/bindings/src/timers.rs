//! Owns the node's timers. Each borrows a callback and leaves it to the next: to make one costs JavaScript more than all else about a timer.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::host::NodeHost;

/// The callbacks that no timer has at present.
#[derive(Default)]
pub struct Timers {
    spare: RefCell<Vec<Rc<Callback>>>,
}

impl Timers {
    /// A timer that runs from now on.
    pub fn start(self: &Rc<Self>, js: &NodeHost, duration: Duration) -> Sleep {
        let callback = self
            .spare
            .borrow_mut()
            .pop()
            .unwrap_or_else(|| Rc::new(Callback::new()));
        let cancel = js.set_timer(duration.as_millis() as f64, callback.run.as_ref().unchecked_ref());
        Sleep {
            timers: Rc::clone(self),
            callback,
            cancel,
        }
    }
}

/// What JavaScript calls, and what that says.
struct Callback {
    run: Closure<dyn FnMut()>,
    state: Rc<State>,
}

#[derive(Default)]
struct State {
    is_over: Cell<bool>,
    waiting: Cell<Option<Waker>>,
}

impl Callback {
    fn new() -> Self {
        let state = Rc::<State>::default();
        let of_run = Rc::clone(&state);
        let run = Closure::new(move || {
            of_run.is_over.set(true);
            if let Some(waker) = of_run.waiting.take() {
                waker.wake();
            }
        });
        Self { run, state }
    }
}

/// Resolves when the time is over; the timer is taken back when this is dropped before.
pub struct Sleep {
    timers: Rc<Timers>,
    callback: Rc<Callback>,
    cancel: Function,
}

impl Future for Sleep {
    type Output = ();
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let state = &self.callback.state;
        if state.is_over.get() {
            return Poll::Ready(());
        }
        state.waiting.set(Some(context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let state = &self.callback.state;
        state.waiting.take();
        if !state.is_over.replace(false) {
            // Taking back a timer cannot fail.
            let _ = self.cancel.call0(&JsValue::NULL);
        }
        self.timers.spare.borrow_mut().push(Rc::clone(&self.callback));
    }
}
