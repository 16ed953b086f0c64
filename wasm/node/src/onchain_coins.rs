//! Owns the coins one by one: which may be spent, which their owner froze. A frozen coin moves only where a channel's money would be lost otherwise.

use std::collections::HashSet;
use std::str::FromStr;
use std::sync::Arc;

use bdk_wallet::{KeychainKind, LocalOutput};
use bitcoin::{Address, OutPoint, Txid};

use crate::error::{Code, NodeError};
use crate::onchain::OnchainWallet;
use crate::store::NodeStore;
use crate::types::{Coin, CoinState, Descriptors};

const NAMESPACE: &str = "bdk_wallet";
const FROZEN: &str = "frozen";

/// The coins whose owner wants them left alone, from the store.
pub async fn frozen_coins(store: &Arc<NodeStore>) -> Result<HashSet<OutPoint>, NodeError> {
    let keys = store.keys(NAMESPACE, FROZEN).await?;
    match keys.is_empty() {
        true => Ok(HashSet::new()),
        false => outpoints(&keys),
    }
}

// Out of line: see `load.rs`.
#[inline(never)]
fn outpoints(keys: &[String]) -> Result<HashSet<OutPoint>, NodeError> {
    let unreadable = |e| NodeError::unreadable("frozen coins", e);
    keys.iter()
        .map(|key| OutPoint::from_str(&key.replace('_', ":")).map_err(unreadable))
        .collect()
}

impl OnchainWallet {
    /// All coins, the largest first. `height`: the tip's.
    pub fn coins(&self, height: u32) -> Vec<Coin> {
        let bdk = self.bdk.borrow();
        let mut coins: Vec<Coin> = bdk.list_unspent().map(|output| self.coin(&output, height)).collect();
        coins.sort_by(|a, b| b.amount_sat.cmp(&a.amount_sat).then(a.outpoint.cmp(&b.outpoint)));
        coins
    }

    /// Freezes a coin, or frees it again. `invalid_argument` where it is none of ours.
    pub fn freeze(&self, outpoint: &str, is_frozen: bool) -> Result<(), NodeError> {
        let known = OutPoint::from_str(outpoint)
            .ok()
            .filter(|coin| self.bdk.borrow().get_utxo(*coin).is_some());
        let coin = known.ok_or_else(|| {
            NodeError::new(
                Code::InvalidArgument,
                "This wallet has no such coin: perhaps it was just spent.",
                "Look at the list again.",
            )
        })?;
        let key = coin.to_string().replace(':', "_");
        if is_frozen {
            self.frozen.borrow_mut().insert(coin);
            self.store.stage(NAMESPACE, FROZEN, &key, vec![1]);
        } else {
            self.frozen.borrow_mut().remove(&coin);
            self.store.stage_remove(NAMESPACE, FROZEN, &key);
        }
        self.host.wake();
        Ok(())
    }

    /// What shows every coin and spends none.
    pub fn descriptors(&self) -> Descriptors {
        let bdk = self.bdk.borrow();
        Descriptors {
            external: bdk.public_descriptor(KeychainKind::External).to_string(),
            internal: bdk.public_descriptor(KeychainKind::Internal).to_string(),
        }
    }

    /// Coins that no payment may spend.
    pub(crate) fn untouchable(&self) -> Vec<OutPoint> {
        let bdk = self.bdk.borrow();
        bdk.list_unspent()
            .filter(|output| self.state(output) != CoinState::Free)
            .map(|output| output.outpoint)
            .collect()
    }

    /// What a transaction pays to us that nobody froze or was promised.
    pub(crate) fn coins_of(&self, txid: Txid) -> Vec<OutPoint> {
        let bdk = self.bdk.borrow();
        bdk.list_unspent()
            .filter(|output| output.outpoint.txid == txid && !self.frozen.borrow().contains(&output.outpoint))
            .filter(|output| matches!(self.state(output), CoinState::Free | CoinState::Pending))
            .map(|output| output.outpoint)
            .collect()
    }

    /// What BDK's balance would spend and no payment may: what is frozen, and change that may yet be replaced; in sat.
    pub(crate) fn withheld_sat(&self) -> (u64, u64) {
        let bdk = self.bdk.borrow();
        let mut withheld = (0, 0);
        for output in bdk.list_unspent() {
            match self.state(&output) {
                CoinState::Frozen => withheld.0 += output.txout.value.to_sat(),
                CoinState::Pending if output.keychain == KeychainKind::Internal => {
                    withheld.1 += output.txout.value.to_sat();
                }
                _ => {}
            }
        }
        withheld
    }

    fn state(&self, output: &LocalOutput) -> CoinState {
        if self.is_replaceable(output) {
            CoinState::Pending
        } else if self.frozen.borrow().contains(&output.outpoint) {
            CoinState::Frozen
        } else if self.promised.borrow().contains(&output.outpoint) {
            CoinState::Promised
        } else {
            CoinState::Free
        }
    }

    /// Whether nothing of ours may be built on it: a stranger may still replace what is unconfirmed, and LDK what claims a channel's output.
    fn is_replaceable(&self, output: &LocalOutput) -> bool {
        output.chain_position.is_unconfirmed()
            && (output.keychain == KeychainKind::External || !self.is_all_ours(output.outpoint.txid))
    }

    fn is_all_ours(&self, txid: Txid) -> bool {
        let bdk = self.bdk.borrow();
        let tx = bdk.tx_graph().get_tx(txid);
        tx.is_some_and(|tx| self.our_inputs(&tx) == tx.input.len())
    }

    fn coin(&self, output: &LocalOutput, height: u32) -> Coin {
        let confirmed_at = output.chain_position.confirmation_height_upper_bound();
        let address = Address::from_script(&output.txout.script_pubkey, bitcoin::Network::from(self.network));
        Coin {
            outpoint: output.outpoint.to_string(),
            txid: output.outpoint.txid.to_string(),
            amount_sat: output.txout.value.to_sat(),
            address: address.map(|address| address.to_string()).unwrap_or_default(),
            is_change: output.keychain == KeychainKind::Internal,
            is_frozen: self.frozen.borrow().contains(&output.outpoint),
            confirmations: confirmed_at.map_or(0, |at| (height + 1).saturating_sub(at)),
            state: self.state(output),
        }
    }
}
