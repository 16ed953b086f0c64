//! Owns LDK's view of the host's store. The manager is never written here: it is encoded once, at the cut of the turn (invariant 4).

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use futures::future::join_all;
use futures::join;
use lightning::io;
use lightning::util::async_poll::AsyncResult;
use lightning::util::persist::{
    KVStore, CHANNEL_MANAGER_PERSISTENCE_KEY, CHANNEL_MANAGER_PERSISTENCE_PRIMARY_NAMESPACE,
    CHANNEL_MANAGER_PERSISTENCE_SECONDARY_NAMESPACE, CHANNEL_MONITOR_PERSISTENCE_PRIMARY_NAMESPACE as MONITORS,
    CHANNEL_MONITOR_UPDATE_PERSISTENCE_PRIMARY_NAMESPACE as UPDATES,
};
use lightning::util::ser::Writeable;

use crate::error::NodeError;
use crate::host::SharedHost;
use crate::monitor_rows::MonitorRows;

/// The store as LDK sees it.
pub struct NodeStore {
    host: SharedHost,
    /// A monitor row was staged since the last cut.
    manager_due: Cell<bool>,
    /// LDK wants its manager written.
    manager_wanted: Cell<bool>,
    /// Any row was staged since the last cut.
    staged: Cell<bool>,
    /// How long the manager's row was last.
    manager_bytes: Cell<usize>,
    monitor_rows: MonitorRows,
    /// Values by sub-namespace and key of monitors and updates, at a start: LDK asks for one after the other.
    ahead: RefCell<BTreeMap<(String, String), Vec<u8>>>,
}

impl NodeStore {
    /// A view over the host's store.
    pub fn new(host: SharedHost) -> Self {
        Self {
            host,
            manager_due: Cell::new(false),
            manager_wanted: Cell::new(false),
            staged: Cell::new(false),
            manager_bytes: Cell::default(),
            monitor_rows: MonitorRows::default(),
            ahead: RefCell::default(),
        }
    }

    /// What there is of every monitor.
    pub fn monitor_rows(&self) -> &MonitorRows {
        &self.monitor_rows
    }

    /// The keys of all monitors.
    pub async fn monitors(&self) -> Result<Vec<String>, NodeError> {
        self.keys(MONITORS, "").await
    }

    /// Reads these monitors and their updates at once, before LDK reads them one after the other. What cannot be read is left to LDK, which
    /// passes over updates that a monitor holds already.
    pub async fn read_monitors_ahead(&self, monitors: &[String]) -> Result<(), NodeError> {
        for read in join_all(monitors.iter().map(|monitor| self.read_ahead(monitor))).await {
            read?;
        }
        Ok(())
    }

    async fn read_ahead(&self, monitor: &str) -> Result<(), NodeError> {
        let (whole, updates) = join!(self.get(MONITORS, "", monitor), self.keys(UPDATES, monitor));
        let updates = updates?;
        let values = join_all(updates.iter().map(|update| self.get(UPDATES, monitor, update))).await;
        let mut ahead = self.ahead.borrow_mut();
        if let Ok(Some(whole)) = whole {
            self.monitor_rows.note_whole(monitor, whole.len());
            ahead.insert((String::new(), monitor.to_string()), whole);
        }
        for (update, value) in updates.into_iter().zip(values) {
            let value = value.ok().flatten();
            self.monitor_rows
                .note_found(monitor, &update, value.as_ref().map_or(0, Vec::len));
            if let Some(value) = value {
                ahead.insert((monitor.to_string(), update), value);
            }
        }
        Ok(())
    }

    /// What was read ahead and not asked for is read anew from now on.
    pub fn forget_read_ahead(&self) {
        self.ahead.take();
    }

    /// True once after a monitor row: the manager's row must land with it.
    pub fn take_manager_due(&self) -> bool {
        self.manager_due.replace(false)
    }

    /// The manager's row waited long enough.
    pub fn demand_manager(&self) {
        self.manager_due.set(true);
        self.host.wake();
    }

    /// LDK wants its manager written.
    pub fn want_manager(&self) {
        self.manager_wanted.set(true);
        self.host.wake();
    }

    /// True once after LDK wanted its manager written.
    pub fn take_manager_wanted(&self) -> bool {
        self.manager_wanted.replace(false)
    }

    /// True once after any row was staged: there will be a commit.
    pub fn take_staged(&self) -> bool {
        self.staged.replace(false)
    }

    /// Stages the manager's row, at the cut only.
    // Out of line: see `load.rs`.
    #[inline(never)]
    pub fn stage_manager(&self, manager: &impl Writeable) {
        let encoded = encode_once(manager, self.manager_bytes.get());
        self.manager_bytes.set(encoded.len());
        // Resolves when staged, which has happened by now.
        drop(self.host.write(
            CHANNEL_MANAGER_PERSISTENCE_PRIMARY_NAMESPACE,
            CHANNEL_MANAGER_PERSISTENCE_SECONDARY_NAMESPACE,
            CHANNEL_MANAGER_PERSISTENCE_KEY,
            encoded,
        ));
    }

    /// Stages a monitor whole, encoded as LDK's persister reads it; the removal of its updates lands with it.
    pub fn stage_monitor(&self, key: &str, encoded: Vec<u8>) {
        // Nobody waits for it: the updates that it holds are staged.
        drop(self.write(MONITORS, "", key, encoded));
    }

    /// Stages a row of our own; it lands with the rest of the turn.
    pub fn stage(&self, primary: &str, secondary: &str, key: &str, value: Vec<u8>) {
        drop(self.host.write(primary, secondary, key, value));
        self.staged.set(true);
        self.host.wake();
    }

    /// Stages the removal of a row of our own.
    pub fn stage_remove(&self, primary: &str, secondary: &str, key: &str) {
        drop(self.host.remove(primary, secondary, key));
        self.staged.set(true);
        self.host.wake();
    }

    /// Reads a row, staged or stored.
    pub async fn get(&self, primary: &str, secondary: &str, key: &str) -> Result<Option<Vec<u8>>, NodeError> {
        self.host
            .read(primary, secondary, key)
            .await
            .map_err(|e| NodeError::unreadable(key, e))
    }

    /// All keys under a namespace.
    pub async fn keys(&self, primary: &str, secondary: &str) -> Result<Vec<String>, NodeError> {
        self.host
            .list(primary, secondary)
            .await
            .map_err(|e| NodeError::unreadable(primary, e))
    }

    /// Keys under a namespace, newest created first.
    pub async fn page(
        &self,
        primary: &str,
        secondary: &str,
        limit: u32,
        before: Option<&str>,
    ) -> Result<Vec<String>, NodeError> {
        self.host
            .list_page(primary, secondary, limit, before)
            .await
            .map_err(|e| NodeError::unreadable(primary, e))
    }

    fn note_written(&self, primary: &str, secondary: &str, key: &str, bytes: usize) {
        if primary == MONITORS {
            self.remove_updates(key, self.monitor_rows.note_whole(key, bytes));
        } else if primary == UPDATES {
            self.monitor_rows.note_update(secondary, key, bytes);
        }
        if primary == MONITORS || primary == UPDATES {
            self.manager_due.set(true);
        }
        self.staged.set(true);
        self.host.wake();
    }

    fn remove_updates(&self, monitor: &str, updates: impl IntoIterator<Item = String>) {
        for update in updates {
            self.stage_remove(UPDATES, monitor, &update);
        }
    }

    fn take_read_ahead(&self, primary: &str, secondary: &str, key: &str) -> Option<Vec<u8>> {
        if primary != MONITORS && primary != UPDATES {
            return None;
        }
        let mut ahead = self.ahead.borrow_mut();
        ahead.remove(&(secondary.to_string(), key.to_string()))
    }
}

/// LDK's `encode` writes everything twice, the first time for its length alone, which is most of the work.
pub fn encode_once(value: &impl Writeable, expected_bytes: usize) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(expected_bytes + expected_bytes / 8);
    value.write(&mut encoded).expect("LDK's bytes into memory");
    encoded
}

fn is_manager(primary: &str, secondary: &str, key: &str) -> bool {
    primary == CHANNEL_MANAGER_PERSISTENCE_PRIMARY_NAMESPACE
        && secondary == CHANNEL_MANAGER_PERSISTENCE_SECONDARY_NAMESPACE
        && key == CHANNEL_MANAGER_PERSISTENCE_KEY
}

impl KVStore for NodeStore {
    fn read(&self, primary: &str, secondary: &str, key: &str) -> AsyncResult<'static, Vec<u8>, io::Error> {
        if let Some(value) = self.take_read_ahead(primary, secondary, key) {
            return Box::pin(async { Ok(value) });
        }
        let read = self.host.read(primary, secondary, key);
        Box::pin(async move {
            match read.await {
                Ok(Some(value)) => Ok(value),
                Ok(None) => Err(io::Error::new(io::ErrorKind::NotFound, "no such row")),
                Err(cause) => Err(io::Error::new(io::ErrorKind::Other, cause)),
            }
        })
    }

    fn write(&self, primary: &str, secondary: &str, key: &str, buf: Vec<u8>) -> AsyncResult<'static, (), io::Error> {
        if is_manager(primary, secondary, key) {
            self.want_manager();
            return Box::pin(async { Ok(()) });
        }
        let bytes = buf.len();
        let written = self.host.write(primary, secondary, key, buf);
        self.note_written(primary, secondary, key, bytes);
        Box::pin(async move {
            written.await;
            Ok(())
        })
    }

    fn remove(&self, primary: &str, secondary: &str, key: &str, _lazy: bool) -> AsyncResult<'static, (), io::Error> {
        let removed = self.host.remove(primary, secondary, key);
        if primary == MONITORS {
            self.remove_updates(key, self.monitor_rows.forget(key));
            // A manager that still counts on it could not be loaded without it.
            self.manager_due.set(true);
        }
        self.staged.set(true);
        self.host.wake();
        Box::pin(async move {
            removed.await;
            Ok(())
        })
    }

    fn list(&self, primary: &str, secondary: &str) -> AsyncResult<'static, Vec<String>, io::Error> {
        let list = self.host.list(primary, secondary);
        Box::pin(async move { list.await.map_err(|cause| io::Error::new(io::ErrorKind::Other, cause)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MemoryHost;
    use futures::executor::block_on;
    use std::sync::Arc;

    #[test]
    fn the_manager_is_staged_at_the_cut_only_and_due_with_every_monitor_row() {
        let host = MemoryHost::shared();
        let store = NodeStore::new(Arc::clone(&host) as SharedHost);
        block_on(store.write("", "", "manager", vec![1])).unwrap();
        assert_eq!(host.row("", "", "manager"), None);
        assert!(store.take_manager_wanted());
        assert!(!store.take_manager_wanted() && !store.take_manager_due() && !store.take_staged());
        block_on(store.write("monitor_updates", "channel", "1", vec![2])).unwrap();
        assert!(store.take_manager_due() && store.take_staged());
        assert!(!store.take_manager_due());
        store.stage_monitor("channel", vec![5]);
        assert!(store.take_manager_due() && store.take_staged());
        block_on(store.remove("monitors", "", "channel", false)).unwrap();
        assert!(store.take_manager_due() && store.take_staged());
        block_on(store.write("", "", "scorer", vec![3])).unwrap();
        assert!(store.take_staged() && !store.take_manager_due());
        store.stage_manager(&4u8);
        assert_eq!(host.row("", "", "manager"), Some(vec![4]));
    }
}
