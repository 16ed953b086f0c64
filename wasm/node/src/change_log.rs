//! Owns the on-chain wallet on disk: a snapshot and the changes since. A change costs its own size, not the wallet's.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use bdk_wallet::chain::Merge;
use bdk_wallet::ChangeSet;
use futures::try_join;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::NodeError;
use crate::rows::Row;
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

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, NodeError> {
    ciborium::from_reader(bytes).map_err(|e| NodeError::unreadable("on-chain wallet", e))
}

/// The number of the next change, those of the changes that the snapshot does not hold, and all of it as one change.
// Out of line: see `load.rs`.
#[inline(never)]
fn merged(snapshot: Option<Vec<u8>>, changes: Vec<Row>) -> Result<(u64, Vec<u64>, ChangeSet), NodeError> {
    let mut numbered = BTreeMap::new();
    for (key, bytes) in changes {
        let number = u64::from_str_radix(&key, 16).map_err(|e| NodeError::unreadable("on-chain wallet", e))?;
        numbered.insert(number, bytes);
    }
    let mut whole = ChangeSet::default();
    let mut next = 0;
    if let Some(bytes) = snapshot {
        let snapshot: Snapshot = decode(&bytes)?;
        (next, whole) = (snapshot.next, snapshot.changes);
    }
    let since = numbered.split_off(&next);
    for bytes in since.values() {
        whole.merge(decode(bytes)?);
    }
    let next = since.keys().last().map_or(next, |last| last + 1);
    Ok((next, since.into_keys().collect(), whole))
}

impl ChangeLog {
    /// Reads the log and returns it with everything in it, merged.
    pub async fn open(store: Arc<NodeStore>) -> Result<(Self, ChangeSet), NodeError> {
        let (snapshot, changes) = try_join!(store.get(NAMESPACE, "", SNAPSHOT), store.rows(NAMESPACE, CHANGES))?;
        if snapshot.is_none() && changes.is_empty() {
            return Ok((
                Self::new(store, 0, Vec::new(), ChangeSet::default()),
                ChangeSet::default(),
            ));
        }
        let (next, kept, whole) = merged(snapshot, changes)?;
        Ok((Self::new(store, next, kept, whole.clone()), whole))
    }

    fn new(store: Arc<NodeStore>, next: u64, kept: Vec<u64>, whole: ChangeSet) -> Self {
        Self {
            store,
            next: Cell::new(next),
            kept: RefCell::new(kept),
            whole: RefCell::new(whole),
        }
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
        let snapshot = Snapshot {
            next: self.next.get(),
            changes: self.whole.borrow().clone(),
        };
        self.store.stage(NAMESPACE, "", SNAPSHOT, encode(&snapshot));
        for number in self.kept.take() {
            self.store.stage_remove(NAMESPACE, CHANGES, &key(number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::SharedHost;
    use crate::testing::MemoryHost;
    use bdk_wallet::KeychainKind;
    use futures::executor::block_on;

    fn change(index: u32) -> ChangeSet {
        let mut change = ChangeSet {
            network: Some(bitcoin::Network::Regtest),
            ..Default::default()
        };
        change
            .local_chain
            .blocks
            .insert(index, Some(bitcoin::hashes::Hash::all_zeros()));
        change
    }

    fn store(host: &Arc<MemoryHost>) -> Arc<NodeStore> {
        Arc::new(NodeStore::new(Arc::clone(host) as SharedHost))
    }

    #[test]
    fn everything_appended_is_there_after_reopening_also_once_the_log_was_folded() {
        let host = MemoryHost::shared();
        let (log, empty) = block_on(ChangeLog::open(store(&host))).unwrap();
        assert_eq!(empty, ChangeSet::default());
        for index in 0..(2 * MAX_CHANGES as u32 + 7) {
            log.append(change(index));
            let (_, reopened) = block_on(ChangeLog::open(store(&host))).unwrap();
            assert_eq!(reopened.local_chain.blocks.len() as u32, index + 1);
        }
    }

    #[test]
    fn a_change_costs_its_own_size_and_not_the_wallets() {
        let host = MemoryHost::shared();
        let (log, _) = block_on(ChangeLog::open(store(&host))).unwrap();
        for index in 0..(20 * MAX_CHANGES as u32 + 1) {
            log.append(change(index));
        }
        let before = host.written_bytes.get();
        log.append(change(1_000_000));
        assert!(
            host.written_bytes.get() - before < 400,
            "{} bytes",
            host.written_bytes.get() - before
        );
    }

    #[test]
    fn a_change_that_does_not_decode_is_refused_with_its_code() {
        let host = MemoryHost::shared();
        let (log, _) = block_on(ChangeLog::open(store(&host))).unwrap();
        log.append(change(1));
        store(&host).stage(NAMESPACE, CHANGES, &key(0), vec![0xff, 0x00]);
        let refused = block_on(ChangeLog::open(store(&host))).map(|_| ()).unwrap_err();
        assert_eq!(refused.code, crate::Code::StateUnreadable);
    }

    #[test]
    fn addresses_are_those_of_bip84s_own_test_vector() {
        let seed = "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc19a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4";
        let seed: Vec<u8> = bitcoin::hex::FromHex::from_hex(seed).unwrap();
        let host = MemoryHost::shared();
        let network = crate::types::Network::Bitcoin;
        let fees = Arc::new(crate::fees::Fees::new(network));
        let master = crate::keys::master_key(&seed, network).unwrap();
        let opened = crate::onchain::OnchainWallet::open(master, network, store(&host), host, fees);
        let wallet = block_on(opened).unwrap();
        assert_eq!(
            wallet.new_address().to_string(),
            "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"
        );
        let change = wallet.bdk.borrow().peek_address(KeychainKind::Internal, 0).to_string();
        assert_eq!(change, "bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el");
    }
}
