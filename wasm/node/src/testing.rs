//! Owns the host of this crate's own tests: a store in memory where everything is durable at once.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::ready;

use crate::host::{Host, LocalFuture, LogLevel};

type Row = (String, String, String);

/// Rows in memory, in the order of their creation too.
#[derive(Default)]
pub struct MemoryHost {
    rows: RefCell<BTreeMap<Row, Vec<u8>>>,
    created: RefCell<Vec<Row>>,
    /// How many bytes were written so far.
    pub written_bytes: Cell<usize>,
    /// What was logged so far.
    pub logged: RefCell<Vec<(LogLevel, String)>>,
}

impl MemoryHost {
    /// An empty host.
    pub fn shared() -> Arc<Self> {
        Arc::default()
    }

    /// What a row holds.
    pub fn row(&self, primary: &str, secondary: &str, key: &str) -> Option<Vec<u8>> {
        self.rows.borrow().get(&row(primary, secondary, key)).cloned()
    }
}

fn row(primary: &str, secondary: &str, key: &str) -> Row {
    (primary.to_string(), secondary.to_string(), key.to_string())
}

impl Host for MemoryHost {
    fn read(&self, primary: &str, secondary: &str, key: &str) -> LocalFuture<Result<Option<Vec<u8>>, String>> {
        Box::pin(ready(Ok(self.row(primary, secondary, key))))
    }

    fn write(&self, primary: &str, secondary: &str, key: &str, value: Vec<u8>) -> LocalFuture<()> {
        self.written_bytes.set(self.written_bytes.get() + value.len());
        let row = row(primary, secondary, key);
        if self.rows.borrow_mut().insert(row.clone(), value).is_none() {
            self.created.borrow_mut().push(row);
        }
        Box::pin(ready(()))
    }

    fn remove(&self, primary: &str, secondary: &str, key: &str) -> LocalFuture<()> {
        let row = row(primary, secondary, key);
        self.rows.borrow_mut().remove(&row);
        self.created.borrow_mut().retain(|other| *other != row);
        Box::pin(ready(()))
    }

    fn list(&self, primary: &str, secondary: &str) -> LocalFuture<Result<Vec<String>, String>> {
        let rows = self.rows.borrow();
        let keys = rows
            .keys()
            .filter(|(p, s, _)| p == primary && s == secondary)
            .map(|(_, _, key)| key.clone())
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
        let keys = created
            .iter()
            .rev()
            .filter(|(p, s, _)| p == primary && s == secondary)
            .map(|(_, _, key)| key.clone());
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

    fn wake(&self) {}

    fn now(&self) -> Duration {
        Duration::from_secs(1_800_000_000)
    }

    fn sleep(&self, _duration: Duration) -> LocalFuture<()> {
        Box::pin(futures::future::pending())
    }

    fn spawn(&self, future: LocalFuture<()>) {
        futures::executor::block_on(future);
    }

    fn log(&self, level: LogLevel, _target: &str, message: &str) {
        self.logged.borrow_mut().push((level, message.to_string()));
    }
}
