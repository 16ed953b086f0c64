//! Owns the on-chain wallet (BDK, BIP84). Its changes are staged at the cut of the turn that made them, so they land with everything else (invariant 4).

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bdk_wallet::bitcoin::bip32::Xpriv;
use bdk_wallet::chain::{CanonicalizationParams, Merge};
use bdk_wallet::{ChangeSet, KeychainKind, Wallet};
use bitcoin::{OutPoint, ScriptBuf, Transaction, Txid};
use futures::try_join;

use crate::account::{Account, Keychain};
use crate::change_log::ChangeLog;
use crate::error::NodeError;
use crate::fees::Fees;
use crate::host::SharedHost;
use crate::onchain_addresses::promise_derived;
use crate::onchain_coins::frozen_coins;
use crate::store::NodeStore;
use crate::types::Network;

/// How many scripts beyond those handed out are recognised. Another device, or safe mode, may have sent from a coin of ours: its change lies
/// at one of them, and is found through the coin alone.
const LOOKAHEAD: u32 = 25;

/// The BDK wallet, its log of changes, and the coins promised to channels that are being opened.
pub struct OnchainWallet {
    pub(crate) host: SharedHost,
    pub(crate) network: Network,
    pub(crate) fees: Arc<Fees>,
    pub(crate) store: Arc<NodeStore>,
    log: ChangeLog,
    pub(crate) bdk: RefCell<Wallet>,
    pub(crate) promised: RefCell<HashSet<OutPoint>>,
    pub(crate) frozen: RefCell<HashSet<OutPoint>>,
    /// Where sweeps go, until one of them is confirmed.
    pub(crate) sweep_script: RefCell<Option<ScriptBuf>>,
    /// Coins bound in what waits to claim the outputs that LDK claims now.
    pub(crate) bound: RefCell<HashSet<OutPoint>>,
    /// What each replacement took the place of, parents first, until the network has answered for it.
    pub(crate) replaced: RefCell<HashMap<Txid, Vec<Txid>>>,
}

/// What is on chain, in sat.
pub struct OnchainBalance {
    /// Confirmed, and our own unconfirmed change; not what is frozen.
    pub spendable_sat: u64,
    /// Coins that their owner froze.
    pub frozen_sat: u64,
    /// Somebody else's unconfirmed payments to us.
    pub pending_sat: u64,
}

impl OnchainWallet {
    /// Loads the wallet from its log, or creates it. `state_unreadable` when the log does not decode.
    pub async fn open(
        master: Xpriv,
        network: Network,
        store: Arc<NodeStore>,
        host: SharedHost,
        fees: Arc<Fees>,
    ) -> Result<Self, NodeError> {
        let ((log, changes), frozen) = try_join!(ChangeLog::open(Arc::clone(&store)), frozen_coins(&store))?;
        // Without a transaction there is no coin to find change through, and 50 scripts need not be derived.
        let lookahead = if changes.tx_graph.txs.is_empty() { 0 } else { LOOKAHEAD };
        let bdk = match changes.is_empty() {
            true => create(master, network, lookahead)?,
            false => load(master, network, lookahead, changes)?,
        };
        Ok(Self {
            host,
            network,
            fees,
            store,
            log,
            bdk: RefCell::new(bdk),
            promised: RefCell::default(),
            frozen: RefCell::new(frozen),
            sweep_script: RefCell::default(),
            bound: RefCell::default(),
            replaced: RefCell::default(),
        })
    }

    /// Stages what changed since the last cut.
    pub fn stage_changes(&self) {
        if let Some(changes) = self.bdk.borrow_mut().take_staged() {
            self.log.append(changes);
        }
    }

    /// What is on chain now.
    pub fn balance(&self) -> OnchainBalance {
        let balance = self.bdk.borrow().balance();
        let (frozen_sat, replaceable_sat) = self.withheld_sat();
        OnchainBalance {
            spendable_sat: (balance.confirmed + balance.trusted_pending)
                .to_sat()
                .saturating_sub(frozen_sat + replaceable_sat),
            frozen_sat,
            pending_sat: (balance.untrusted_pending + balance.immature).to_sat() + replaceable_sat,
        }
    }

    /// Counts transactions that we sent out as pending, until the chain confirms or drops them.
    pub fn note_broadcast(&self, transactions: Vec<Transaction>) {
        let now = self.host.now().as_secs();
        let is_ours = |tx: &Transaction| self.our_inputs(tx) > 0 || self.own_sat(tx) > 0;
        let ours: Vec<_> = transactions.into_iter().filter(is_ours).map(|tx| (tx, now)).collect();
        let mut bdk = self.bdk.borrow_mut();
        for (tx, _) in &ours {
            for input in &tx.input {
                self.promised.borrow_mut().remove(&input.previous_output);
            }
        }
        bdk.apply_unconfirmed_txs(ours);
    }

    /// Our transactions that wait for a block, parents first.
    pub fn unconfirmed(&self) -> Vec<Transaction> {
        let bdk = self.bdk.borrow();
        let tip = bdk.latest_checkpoint().block_id();
        bdk.tx_graph()
            .list_ordered_canonical_txs(bdk.local_chain(), tip, CanonicalizationParams::default())
            .filter(|tx| tx.chain_position.is_unconfirmed())
            .map(|tx| tx.tx_node.tx.as_ref().clone())
            .collect()
    }

    /// Those of them that a transaction spends.
    pub fn waiting_parents(&self, tx: &Transaction) -> Vec<Transaction> {
        let mut waiting = self.unconfirmed();
        waiting.retain(|parent| {
            let txid = parent.compute_txid();
            tx.input.iter().any(|input| input.previous_output.txid == txid)
        });
        waiting
    }

    /// When a transaction was last known to be on its way, in seconds since 1970.
    pub fn last_seen(&self, txid: Txid) -> Option<u64> {
        self.bdk.borrow().tx_graph().get_tx_node(txid)?.last_seen
    }

    /// A transaction will not happen: what it spent is free again.
    pub fn evict(&self, txid: Txid) {
        let at = self.host.now().as_secs().max(self.last_seen(txid).unwrap_or(0));
        self.bdk.borrow_mut().apply_evicted_txs([(txid, at)]);
        self.host.wake();
    }

    /// Whether a transaction spends coins of this wallet.
    pub fn is_spent_by(&self, tx: &Transaction) -> bool {
        let bdk = self.bdk.borrow();
        tx.input
            .iter()
            .any(|input| bdk.get_utxo(input.previous_output).is_some())
    }

    /// What a coin is worth that is ours, or was.
    pub fn value_sat(&self, coin: OutPoint) -> Option<u64> {
        let bdk = self.bdk.borrow();
        let output = bdk.tx_graph().get_txout(coin)?;
        bdk.is_mine(output.script_pubkey.clone()).then(|| output.value.to_sat())
    }

    /// A transaction of this wallet by id, with what it cost and moved.
    pub fn details(&self, txid: Txid) -> Option<bdk_wallet::TxDetails> {
        self.bdk.borrow().tx_details(txid)
    }
}

fn create(master: Xpriv, network: Network, lookahead: u32) -> Result<Wallet, NodeError> {
    let [external, internal] = keychains(master, network)?;
    Wallet::create(external, internal)
        .network(network.into())
        .lookahead(lookahead)
        .create_wallet_no_persist()
        .map_err(|e| NodeError::internal(format!("The on-chain wallet cannot be created: {e}.")))
}

fn keychains(master: Xpriv, network: Network) -> Result<[Keychain; 2], NodeError> {
    let account = Account::new(&master, network)?;
    Ok([KeychainKind::External, KeychainKind::Internal].map(|kind| account.keychain(kind)))
}

// Out of line: see `load.rs`.
#[inline(never)]
fn load(master: Xpriv, network: Network, lookahead: u32, changes: ChangeSet) -> Result<Wallet, NodeError> {
    let [external, internal] = keychains(master, network)?;
    let mut bdk = Wallet::load()
        .descriptor(KeychainKind::External, Some(external))
        .descriptor(KeychainKind::Internal, Some(internal))
        .extract_keys()
        .check_network(network.into())
        .lookahead(lookahead)
        .load_wallet_no_persist(changes)
        .map_err(|e| NodeError::unreadable("on-chain wallet", e))?
        .ok_or_else(|| NodeError::unreadable("on-chain wallet", "it is empty"))?;
    promise_derived(&mut bdk);
    Ok(bdk)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bdk_wallet::KeychainKind;
    use bitcoin::OutPoint;

    use crate::onchain_cases::{confirm, open, paying, paying_us, COIN_SAT};
    use crate::testing::MemoryHost;

    #[test]
    fn change_that_another_device_sent_to_an_address_unknown_here_is_found_through_its_coin_after_a_restart() {
        let host = MemoryHost::shared();
        let wallet = open(&host);
        let coin = paying_us(&wallet, KeychainKind::External, 0);
        confirm(&wallet, coin.clone());
        wallet.stage_changes();

        let reopened = open(&Arc::clone(&host));
        let unknown = reopened
            .bdk
            .borrow()
            .peek_address(KeychainKind::Internal, 7)
            .script_pubkey();
        let mut elsewhere = paying(unknown, 1);
        elsewhere.input[0].previous_output = OutPoint::new(coin.compute_txid(), 0);
        confirm(&reopened, elsewhere);
        assert_eq!(reopened.balance().spendable_sat, COIN_SAT);
    }
}
