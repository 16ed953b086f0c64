//! Owns the end of background work: one signal that every task of the node hears, and the wait until all have ended.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{select, Either, FutureExt, Shared};

use crate::host::SharedHost;

type Stopped = Shared<oneshot::Receiver<()>>;

/// The signal and the tasks that hear it.
pub struct Tasks {
    host: SharedHost,
    stop: RefCell<Option<oneshot::Sender<()>>>,
    stopped: Stopped,
    running: RefCell<Vec<oneshot::Receiver<()>>>,
}

/// Resolves to true when the node stops, to false when the time is over.
pub type Pause = Pin<Box<dyn Future<Output = bool>>>;

impl Tasks {
    /// No tasks yet.
    pub fn new(host: SharedHost) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self {
            host,
            stop: RefCell::new(Some(stop)),
            stopped: stopped.shared(),
            running: RefCell::default(),
        }
    }

    /// Runs a task until it ends by itself, which it does soon after a pause told it to.
    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        let (done, wait) = oneshot::channel();
        self.running.borrow_mut().push(wait);
        self.host.spawn(Box::pin(async move {
            task.await;
            // Nobody waits when the node was dropped without a stop.
            let _ = done.send(());
        }));
    }

    /// Waits a while, or for the end.
    pub fn pause(&self, duration: Duration) -> Pause {
        let (sleep, stopped) = (self.host.sleep(duration), self.stopped.clone());
        Box::pin(async move { matches!(select(sleep, stopped).await, Either::Right(_)) })
    }

    /// Tells every task to end and waits until they have.
    pub async fn stop(&self) {
        drop(self.stop.take());
        let running = self.running.take();
        for task in running {
            let _ = task.await;
        }
    }
}
