//! Owns how a channel's monitor lies in the store: whole, and its updates since beside it. What a payment writes does not grow with the
//! channel's history, and the updates never pile up.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use lightning::chain::channelmonitor::ChannelMonitor;
use lightning::io;
use lightning::sign::InMemorySigner;
use lightning::util::persist::MONITOR_UPDATING_PERSISTER_PREPEND_SENTINEL;
use lightning::util::ser::{Writeable, Writer};

use crate::ldk::ChainMonitor;
use crate::store::{encode_once, NodeStore};

/// Fewer updates are not worth a whole monitor.
const FEWEST_UPDATES: usize = 20;
/// A start and a restore read each of them.
const MOST_UPDATES: usize = 300;
/// A start that had to apply so many makes the next one shorter.
const MOST_UPDATES_AT_START: usize = 100;
/// Of all monitors together: a backup that lacks everything takes them in one commit with all that channels depend on, 1,000 rows at most.
const MOST_UPDATES_IN_ALL: usize = 600;

/// What the store has of every monitor.
#[derive(Default)]
pub struct MonitorRows(RefCell<BTreeMap<String, Rows>>);

#[derive(Default)]
struct Rows {
    whole_bytes: usize,
    updates: BTreeSet<String>,
    update_bytes: usize,
    updates_at_start: usize,
}

impl Rows {
    /// The updates weigh as much as the monitor, so that writing it whole costs no more than they did, however large it has grown; or there
    /// are `most` of them; or they made the start slow.
    fn are_due(&self, most: usize) -> bool {
        let is_worth_it = self.updates.len() >= FEWEST_UPDATES && self.update_bytes >= self.whole_bytes;
        is_worth_it || self.updates.len() >= most || self.updates_at_start >= MOST_UPDATES_AT_START
    }
}

impl MonitorRows {
    /// A monitor was staged whole. Its updates, which are part of it now, are to be removed in the same turn.
    pub fn note_whole(&self, monitor: &str, bytes: usize) -> BTreeSet<String> {
        let mut rows = self.0.borrow_mut();
        let rows = rows.entry(monitor.to_string()).or_default();
        rows.whole_bytes = bytes;
        rows.update_bytes = 0;
        rows.updates_at_start = 0;
        std::mem::take(&mut rows.updates)
    }

    /// An update was found at the start.
    pub fn note_found(&self, monitor: &str, update: &str, bytes: usize) {
        self.note_update(monitor, update, bytes);
        if let Some(rows) = self.0.borrow_mut().get_mut(monitor) {
            rows.updates_at_start += 1;
        }
    }

    /// An update was staged.
    pub fn note_update(&self, monitor: &str, update: &str, bytes: usize) {
        let mut rows = self.0.borrow_mut();
        let rows = rows.entry(monitor.to_string()).or_default();
        rows.updates.insert(update.to_string());
        rows.update_bytes += bytes;
    }

    /// A monitor's row was removed. Its updates are to go with it.
    pub fn forget(&self, monitor: &str) -> BTreeSet<String> {
        let removed = self.0.borrow_mut().remove(monitor);
        removed.map(|rows| rows.updates).unwrap_or_default()
    }

    /// The monitors to write whole, with about how many bytes that takes.
    fn due(&self) -> BTreeMap<String, usize> {
        let rows = self.0.borrow();
        let most = MOST_UPDATES.min(MOST_UPDATES_IN_ALL / rows.len().max(1)).max(1);
        let due = rows.iter().filter(|(_, rows)| rows.are_due(most));
        due.map(|(monitor, rows)| (monitor.clone(), rows.whole_bytes)).collect()
    }
}

/// A monitor as LDK's persister writes it.
struct Whole<'a>(&'a ChannelMonitor<InMemorySigner>);

impl Writeable for Whole<'_> {
    fn write<W: Writer>(&self, writer: &mut W) -> Result<(), io::Error> {
        writer.write_all(MONITOR_UPDATING_PERSISTER_PREPEND_SENTINEL)?;
        self.0.write(writer)
    }
}

/// Stages whole each monitor whose updates weigh enough. Call it at the cut: what a monitor knows by then is staged.
pub fn stage_due_monitors(store: &NodeStore, chain_monitor: &ChainMonitor) {
    let due = store.monitor_rows().due();
    if !due.is_empty() {
        stage_monitors(store, chain_monitor, &due);
    }
}

// Out of line: see `load.rs`.
#[inline(never)]
fn stage_monitors(store: &NodeStore, chain_monitor: &ChainMonitor, due: &BTreeMap<String, usize>) {
    for channel_id in chain_monitor.list_monitors() {
        let Ok(monitor) = chain_monitor.get_monitor(channel_id) else {
            continue;
        };
        let key = monitor.persistence_key().to_string();
        if let Some(expected_bytes) = due.get(&key) {
            store.stage_monitor(&key, encode_once(&Whole(&monitor), *expected_bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Host as _, SharedHost};
    use crate::testing::MemoryHost;
    use futures::executor::block_on;
    use lightning::util::persist::KVStore as _;
    use lightning::util::persist::{
        CHANNEL_MONITOR_PERSISTENCE_PRIMARY_NAMESPACE as MONITORS,
        CHANNEL_MONITOR_UPDATE_PERSISTENCE_PRIMARY_NAMESPACE as UPDATES,
    };
    use std::sync::Arc;

    const UPDATE_BYTES: usize = 500;

    fn store() -> (Arc<MemoryHost>, NodeStore) {
        let host = MemoryHost::shared();
        let store = NodeStore::new(Arc::clone(&host) as SharedHost);
        (host, store)
    }

    fn write_updates(store: &NodeStore, ids: std::ops::Range<usize>) {
        for id in ids {
            block_on(store.write(UPDATES, "channel", &id.to_string(), vec![0; UPDATE_BYTES])).unwrap();
        }
    }

    fn is_due(store: &NodeStore) -> bool {
        store.monitor_rows().due().contains_key("channel")
    }

    #[test]
    fn a_monitor_is_due_when_its_updates_weigh_as_much_and_are_a_few() {
        let (_, store) = store();
        store.stage_monitor("channel", vec![0; 30 * UPDATE_BYTES]);
        write_updates(&store, 0..29);
        assert!(!is_due(&store));
        write_updates(&store, 29..30);
        assert!(is_due(&store));
        store.stage_monitor("channel", vec![0; UPDATE_BYTES]);
        write_updates(&store, 30..30 + FEWEST_UPDATES - 1);
        assert!(!is_due(&store));
        write_updates(&store, 60..61);
        assert!(is_due(&store));
    }

    #[test]
    fn a_monitor_of_any_size_is_due_before_its_updates_pile_up() {
        let (_, store) = store();
        store.stage_monitor("channel", vec![0; 10_000_000]);
        write_updates(&store, 0..MOST_UPDATES - 1);
        assert!(!is_due(&store));
        write_updates(&store, MOST_UPDATES..MOST_UPDATES + 1);
        assert!(is_due(&store));
    }

    #[test]
    fn a_start_that_had_many_updates_to_apply_makes_the_next_one_shorter() {
        let (host, before) = store();
        before.stage_monitor("channel", vec![0; 10_000_000]);
        write_updates(&before, 0..MOST_UPDATES_AT_START);
        let store = NodeStore::new(Arc::clone(&host) as SharedHost);
        block_on(store.read_monitors_ahead(&["channel".to_string()])).unwrap();
        assert!(!is_due(&before) && is_due(&store));
        store.stage_monitor("channel", vec![0; 10_000_000]);
        assert!(!is_due(&store));
    }

    #[test]
    fn the_updates_of_many_monitors_do_not_pile_up_together_either() {
        let (_, store) = store();
        for channel in 0..10 {
            store.stage_monitor(&channel.to_string(), vec![0; 10_000_000]);
        }
        store.stage_monitor("channel", vec![0; 10_000_000]);
        let share = MOST_UPDATES_IN_ALL / 11;
        write_updates(&store, 0..share - 1);
        assert!(!is_due(&store));
        write_updates(&store, share..share + 1);
        assert!(is_due(&store));
    }

    #[test]
    fn the_updates_of_a_monitor_go_with_the_turn_that_writes_it_whole_or_removes_it_whoever_does() {
        let (host, store) = store();
        let left = || block_on(store.keys(UPDATES, "channel")).unwrap();
        write_updates(&store, 0..3);
        block_on(store.write(UPDATES, "other", "1", vec![1])).unwrap();
        block_on(store.write(MONITORS, "", "channel", vec![1])).unwrap();
        assert_eq!(left(), Vec::<String>::new());
        write_updates(&store, 3..5);
        block_on(store.remove(MONITORS, "", "channel", true)).unwrap();
        assert_eq!(left(), Vec::<String>::new());
        assert_eq!(host.row(UPDATES, "other", "1"), Some(vec![1]));
    }

    #[test]
    fn what_was_read_ahead_at_the_start_is_given_once_and_counted() {
        let (host, before) = store();
        before.stage_monitor("channel", vec![7; 10]);
        write_updates(&before, 0..FEWEST_UPDATES);
        let store = NodeStore::new(Arc::clone(&host) as SharedHost);
        block_on(store.read_monitors_ahead(&["channel".to_string()])).unwrap();
        assert!(is_due(&store));
        drop(host.write(MONITORS, "", "channel", vec![8]));
        assert_eq!(block_on(store.read(MONITORS, "", "channel")).unwrap(), vec![7; 10]);
        assert_eq!(block_on(store.read(MONITORS, "", "channel")).unwrap(), vec![8]);
        store.forget_read_ahead();
        drop(host.write(UPDATES, "channel", "0", vec![9]));
        assert_eq!(block_on(store.read(UPDATES, "channel", "0")).unwrap(), vec![9]);
    }
}
