//! Owns what a turn wants to send to the world. Nothing leaves before the commit of its turn (invariant 5): it waits here for the cut.

use std::cell::RefCell;

use bitcoin::consensus::encode::serialize;
use bitcoin::{Transaction, Txid};
use lightning::chain::chaininterface::BroadcasterInterface;

use crate::host::SharedHost;
use crate::superseded::without;
use crate::types::NodeEvent;

/// Something for the world outside.
#[derive(Clone, Debug)]
pub enum Output {
    /// Bytes for a peer's connection.
    SocketBytes { socket: u32, bytes: Vec<u8> },
    /// A connection to close.
    SocketClose { socket: u32 },
    /// Transactions to broadcast, parents first.
    Broadcast { transactions: Vec<Vec<u8>> },
    /// News for the wallet.
    Event { event: Box<NodeEvent> },
}

/// The outputs of the turn that runs, and the transactions on their way to the network.
pub struct Outputs {
    host: SharedHost,
    queue: RefCell<Vec<Output>>,
    /// What LDK and the wallet want to broadcast, by package, parents first.
    broadcast: RefCell<Vec<Vec<Transaction>>>,
    /// Handed out, and not yet taken or refused by the network.
    unanswered: RefCell<Vec<Transaction>>,
    /// In quarantine: what may not leave.
    held: RefCell<Option<Vec<Transaction>>>,
}

impl Outputs {
    /// An empty queue.
    pub fn new(host: SharedHost) -> Self {
        Self {
            host,
            queue: RefCell::new(Vec::new()),
            broadcast: RefCell::new(Vec::new()),
            unanswered: RefCell::new(Vec::new()),
            held: RefCell::new(None),
        }
    }

    /// Queues an output of this turn.
    pub fn push(&self, output: Output) {
        self.queue.borrow_mut().push(output);
        self.host.wake();
    }

    /// Queues news for the wallet.
    pub fn event(&self, event: NodeEvent) {
        self.push(Output::Event { event: Box::new(event) });
    }

    /// Hands the turn's outputs out, in order.
    pub fn take(&self) -> Vec<Output> {
        self.queue.take()
    }

    /// What is to be broadcast since the last call, by package. Nothing of it leaves unless it is handed to [`Outputs::send`].
    pub fn take_broadcast(&self) -> Vec<Vec<Transaction>> {
        self.broadcast.take()
    }

    /// Whether a transaction waits for the cut, or is held.
    pub fn is_queued(&self, txid: Txid) -> bool {
        let (queued, held) = (self.broadcast.borrow(), self.held.borrow());
        let mut all = queued.iter().flatten().chain(held.iter().flatten());
        all.any(|tx| tx.compute_txid() == txid)
    }

    /// From now on no transaction leaves, until [`Outputs::release`].
    pub fn hold(&self) {
        self.held.borrow_mut().get_or_insert_default();
    }

    /// Transactions may leave again. Those that were held are forgotten, but for what `is_kept` names: that is broadcast, unless it spends
    /// what was forgotten.
    pub fn release(&self, is_kept: impl Fn(&Transaction) -> bool) {
        let held = self.held.take().unwrap_or_default();
        for transaction in without(held, |tx| !is_kept(tx)) {
            self.broadcast_transactions(&[&transaction]);
        }
    }

    /// Sends transactions that the on-chain wallet knows already, parents first, and again until the network answers.
    pub fn send(&self, transactions: Vec<Transaction>) {
        if transactions.is_empty() {
            return;
        }
        self.push(Output::Broadcast {
            transactions: transactions.iter().map(serialize).collect(),
        });
        let mut unanswered = self.unanswered.borrow_mut();
        for transaction in transactions {
            if !unanswered.contains(&transaction) {
                unanswered.push(transaction);
            }
        }
    }

    /// Sends everything again that the network has not answered for.
    pub fn send_unanswered(&self) {
        let unanswered = self.unanswered.borrow().clone();
        self.send(unanswered);
    }

    /// The network took or refused a transaction.
    pub fn answered(&self, txid: Txid) {
        self.unanswered.borrow_mut().retain(|tx| tx.compute_txid() != txid);
    }

    /// Whether a transaction is on its way, its fate unknown.
    pub fn is_unanswered(&self, txid: Txid) -> bool {
        self.unanswered.borrow().iter().any(|tx| tx.compute_txid() == txid)
    }
}

impl BroadcasterInterface for Outputs {
    fn broadcast_transactions(&self, txs: &[&Transaction]) {
        let transactions: Vec<Transaction> = txs.iter().map(|tx| (*tx).clone()).collect();
        if let Some(held) = self.held.borrow_mut().as_mut() {
            return held.extend(transactions);
        }
        self.broadcast.borrow_mut().push(transactions);
        self.host.wake();
    }
}

#[cfg(test)]
mod tests {
    use bitcoin::absolute::LockTime;
    use bitcoin::hashes::Hash;
    use bitcoin::transaction::Version;
    use bitcoin::{OutPoint, TxIn};

    use super::*;
    use crate::testing::MemoryHost;

    fn spending(outpoints: &[OutPoint]) -> Transaction {
        let input = outpoints.iter().map(|&previous_output| TxIn {
            previous_output,
            ..Default::default()
        });
        Transaction {
            version: Version::TWO,
            lock_time: LockTime::ZERO,
            input: input.collect(),
            output: vec![],
        }
    }

    #[test]
    fn releases_what_spends_our_coins_but_not_the_child_of_a_commitment_that_stays_held() {
        let coin = |vout| OutPoint {
            txid: Txid::all_zeros(),
            vout,
        };
        let [commitment, funding] = [spending(&[coin(0)]), spending(&[coin(1)])];
        let anchor = OutPoint {
            txid: commitment.compute_txid(),
            vout: 0,
        };
        let child = spending(&[anchor, coin(1)]);
        let outputs = Outputs::new(MemoryHost::shared());
        outputs.hold();
        outputs.broadcast_transactions(&[&commitment, &child]);
        outputs.broadcast_transactions(&[&funding]);
        assert!(outputs.take_broadcast().is_empty());

        outputs.release(|tx| tx.input.iter().any(|input| input.previous_output == coin(1)));
        assert_eq!(outputs.take_broadcast(), vec![vec![funding]]);
    }
}
