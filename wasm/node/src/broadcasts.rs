//! Owns the way of our transactions to the network: what leaves, what the network says of it, and what it is asked again.

use std::rc::Rc;

use bitcoin::consensus::encode::deserialize;
use bitcoin::{Transaction, Txid};

use crate::error::NodeError;
use crate::node::Node;
use crate::superseded::{replaced_by, without_superseded, without_worse};
use crate::types::NodeEvent;

impl Node {
    /// Sends a package of transactions, parents first, and counts it from now on.
    // Out of line: see `load.rs`.
    #[inline(never)]
    pub(crate) fn broadcast(&self, package: Vec<Transaction>) {
        let waiting = self.onchain.unconfirmed();
        let package = without_superseded(package, &waiting);
        let package = without_worse(package, &waiting, |coin| self.onchain.value_sat(coin));
        if package.is_empty() {
            return;
        }
        let mut txids = Vec::new();
        for tx in &package {
            let (txid, replaced) = (tx.compute_txid(), replaced_by(tx, &waiting));
            txids.push(txid);
            txids.extend(&replaced);
            self.give_way(replaced, txid);
        }
        self.onchain.note_broadcast(package.clone());
        self.outputs.send(package);
        let sync = Rc::clone(&self.onchain_sync);
        self.host.spawn(Box::pin(async move {
            for txid in txids {
                // The next sync writes the row if this does not.
                let _ = sync.record(txid).await;
            }
        }));
    }

    /// Before the replacement is counted: of two that were seen in the same second either might count.
    pub(crate) fn give_way(&self, replaced: Vec<Txid>, replacement: Txid) {
        for txid in &replaced {
            self.outputs.answered(*txid);
        }
        self.onchain.give_way(replaced, replacement);
    }

    /// The network took a transaction that left as an output, or refused it for good.
    pub async fn broadcast_answered(&self, transaction: &[u8], is_accepted: bool) -> Result<(), NodeError> {
        let transaction: Transaction = deserialize(transaction)
            .map_err(|e| NodeError::internal(format!("What was broadcast is no transaction: {e}.")))?;
        let txid = transaction.compute_txid();
        self.outputs.answered(txid);
        if is_accepted {
            self.onchain.keep_replacement(txid);
            return Ok(());
        }
        // It may lack what it spends, which the network takes now, or refuses for good.
        self.outputs.send(self.onchain.waiting_parents(&transaction));
        self.onchain_sync.refused(txid).await?;
        self.outputs.event(NodeEvent::BalancesChanged);
        Ok(())
    }

    /// A funding that was refused or forgotten may be taken now, and its channel waits for nothing else.
    pub(crate) fn repeat_fundings(&self) {
        if self.quarantine.is_on() {
            return;
        }
        let mut waiting = self.onchain.unconfirmed();
        waiting.retain(|tx| self.onchain_sync.funds_channel(tx.compute_txid()));
        self.outputs.send(waiting);
    }
}
