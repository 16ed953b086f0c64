//! Owns the on-chain wallet on disk: a snapshot and the changes since. A change costs its own size, not the wallet's.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use bdk_wallet::chain::Merge;
use bdk_wallet::ChangeSet;
use serde::{Deserialize, Serialize};

use crate::error::NodeError;
use crate::store::NodeStore;

const NAMESPACE: &str = "bdk_wallet";
const CHANGES: &str = "changes";
const SNAPSHOT: &str = "snapshot";
/// A restore reads one row a change, so they are folded into the snapshot now and then.
const MAX_CHANGES: usize = 50;

/// The log. Changes are numbered; the snapshot says up to which number it holds them.
pub struct ChangeLog {
	store: Arc<NodeStore>,
	next: Cell<u64>,
	kept: RefCell<Vec<u64>>,
	whole: RefCell<ChangeSet>,
}

#[derive(Serialize, Deserialize)]
struct Snapshot {
	next: u64,
	changes: ChangeSet,
}

fn key(number: u64) -> String {
	format!("{number:016x}")
}

fn encode<T: Serialize>(value: &T) -> Vec<u8> {
	let mut bytes = Vec::new();
	// Writing to memory cannot fail, and a change set has no type that CBOR lacks.
	ciborium::into_writer(value, &mut bytes).expect("CBOR into memory");
	bytes
}

impl ChangeLog {
	/// Reads the log and returns it with everything in it, merged.
	pub async fn open(store: Arc<NodeStore>) -> Result<(Self, ChangeSet), NodeError> {
		let mut snapshot = Snapshot { next: 0, changes: ChangeSet::default() };
		if let Some(bytes) = store.get(NAMESPACE, "", SNAPSHOT).await? {
			snapshot = ciborium::from_reader(bytes.as_slice()).map_err(|e| NodeError::unreadable("on-chain wallet", e))?;
		}
		let mut numbers = Vec::new();
		for key in store.keys(NAMESPACE, CHANGES).await? {
			let number = u64::from_str_radix(&key, 16).map_err(|e| NodeError::unreadable("on-chain wallet", e))?;
			if number >= snapshot.next {
				numbers.push(number);
			}
		}
		numbers.sort_unstable();
		let mut whole = snapshot.changes;
		for number in &numbers {
			let bytes = store.get(NAMESPACE, CHANGES, &key(*number)).await?;
			let bytes = bytes.ok_or_else(|| NodeError::unreadable("on-chain wallet", "a change is missing"))?;
			let change: ChangeSet =
				ciborium::from_reader(bytes.as_slice()).map_err(|e| NodeError::unreadable("on-chain wallet", e))?;
			whole.merge(change);
		}
		let next = numbers.last().map_or(snapshot.next, |last| last + 1);
		let log = Self { store, next: Cell::new(next), kept: RefCell::new(numbers), whole: RefCell::new(whole.clone()) };
		Ok((log, whole))
	}

	/// Stages a change, folding the log when it has grown long.
	pub fn append(&self, change: ChangeSet) {
		let number = self.next.replace(self.next.get() + 1);
		self.whole.borrow_mut().merge(change.clone());
		if self.kept.borrow().len() < MAX_CHANGES {
			self.store.stage(NAMESPACE, CHANGES, &key(number), encode(&change));
			self.kept.borrow_mut().push(number);
			return;
		}
		let snapshot = Snapshot { next: self.next.get(), changes: self.whole.borrow().clone() };
		self.store.stage(NAMESPACE, "", SNAPSHOT, encode(&snapshot));
		for number in self.kept.take() {
			self.store.stage_remove(NAMESPACE, CHANGES, &key(number));
		}
	}
}
