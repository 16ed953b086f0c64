//! Owns the surroundings of a node under measurement: rows in memory, time and tasks of tokio. A monitor's write resolves with the commit of its turn, as in the wallet.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::channel::oneshot;
use tern_node::host::{Host, LocalFuture, LogLevel};
use tokio::sync::Notify;

type Row = (String, String, String);
/// Whoever waits until something is durable.
type Waiting = RefCell<Vec<oneshot::Sender<()>>>;

/// A disk in memory. What is staged is visible at once and nothing reads what is durable, so a commit only counts and tells who waits.
#[derive(Default)]
pub struct MemoryHost {
    rows: RefCell<BTreeMap<Row, Vec<u8>>>,
    /// In the order of their creation.
    created: RefCell<Vec<Row>>,
    is_staged: Cell<bool>,
    writes: Waiting,
    flushes: Waiting,
    commit_count: Cell<u64>,
    woken: Notify,
}

impl MemoryHost {
    /// An empty host.
    pub fn shared() -> Arc<Self> {
        Arc::default()
    }

    /// Resolves once the node wants a turn. Any number of calls make one.
    pub async fn woken(&self) {
        self.woken.notified().await;
    }

    /// Somebody waits for the turn to be durable.
    pub fn is_answering(&self) -> bool {
        !self.flushes.borrow().is_empty()
    }

    /// Resolves when all that was staged or waits to go out is committed and delivered.
    pub async fn flush(&self) {
        let flushed = wait(&self.flushes);
        self.woken.notify_one();
        flushed.await;
    }

    /// Makes the turn durable; `deliver` runs after that, and before those who waited hear of it.
    pub fn commit(&self, deliver: impl FnOnce()) {
        let (flushes, writes) = (self.flushes.take(), self.writes.take());
        if self.is_staged.replace(false) {
            self.commit_count.set(self.commit_count.get() + 1);
        }
        deliver();
        for waiting in flushes.into_iter().chain(writes) {
            // Who no longer waits need not hear of it.
            let _ = waiting.send(());
        }
    }

    /// Commits so far that wrote something.
    pub fn commit_count(&self) -> u64 {
        self.commit_count.get()
    }

    fn stage(&self) {
        self.is_staged.set(true);
        self.woken.notify_one();
    }
}

fn wait(list: &Waiting) -> LocalFuture<()> {
    let (done, waiting) = oneshot::channel();
    list.borrow_mut().push(done);
    Box::pin(async move {
        let _ = waiting.await;
    })
}

fn row(primary: &str, secondary: &str, key: &str) -> Row {
    (primary.to_string(), secondary.to_string(), key.to_string())
}

fn is_in(row: &Row, primary: &str, secondary: &str) -> bool {
    row.0 == primary && row.1 == secondary
}

impl Host for MemoryHost {
    fn read(&self, primary: &str, secondary: &str, key: &str) -> LocalFuture<Result<Option<Vec<u8>>, String>> {
        let value = self.rows.borrow().get(&row(primary, secondary, key)).cloned();
        Box::pin(ready(Ok(value)))
    }

    fn write(&self, primary: &str, secondary: &str, key: &str, value: Vec<u8>) -> LocalFuture<()> {
        let row = row(primary, secondary, key);
        if self.rows.borrow_mut().insert(row.clone(), value).is_none() {
            self.created.borrow_mut().push(row);
        }
        self.stage();
        match primary {
            "monitors" | "monitor_updates" => wait(&self.writes),
            _ => Box::pin(ready(())),
        }
    }

    fn remove(&self, primary: &str, secondary: &str, key: &str) -> LocalFuture<()> {
        let row = row(primary, secondary, key);
        if self.rows.borrow_mut().remove(&row).is_some() {
            self.created.borrow_mut().retain(|other| *other != row);
        }
        self.stage();
        Box::pin(ready(()))
    }

    fn list(&self, primary: &str, secondary: &str) -> LocalFuture<Result<Vec<String>, String>> {
        let rows = self.rows.borrow();
        let from = row(primary, secondary, "");
        let keys = rows
            .range(from..)
            .take_while(|(row, _)| is_in(row, primary, secondary))
            .map(|(row, _)| row.2.clone())
            .collect();
        Box::pin(ready(Ok(keys)))
    }

    fn list_page(
        &self,
        primary: &str,
        secondary: &str,
        limit: u32,
        before: Option<&str>,
    ) -> LocalFuture<Result<Vec<String>, String>> {
        let created = self.created.borrow();
        let keys = created.iter().rev().filter(|row| is_in(row, primary, secondary));
        let keys = keys.map(|row| row.2.clone());
        let page = match before {
            Some(cursor) => keys
                .skip_while(|key| key != cursor)
                .skip(1)
                .take(limit as usize)
                .collect(),
            None => keys.take(limit as usize).collect(),
        };
        Box::pin(ready(Ok(page)))
    }

    fn wake(&self) {
        self.woken.notify_one();
    }

    fn now(&self) -> Duration {
        // A clock before 1970 would be the machine's defect; the node then refuses the invoices.
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    fn sleep(&self, duration: Duration) -> LocalFuture<()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn spawn(&self, future: LocalFuture<()>) {
        tokio::task::spawn_local(future);
    }

    fn log(&self, level: LogLevel, target: &str, message: &str) {
        if level == LogLevel::Error {
            eprintln!("{target}: {message}");
        }
    }
}
