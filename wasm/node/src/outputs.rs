//! Owns what a turn wants to send to the world. Nothing leaves before the commit of its turn (invariant 5): it waits here for the cut.

use std::cell::RefCell;

use bitcoin::consensus::encode::serialize;
use bitcoin::{Transaction, Txid};
use lightning::chain::chaininterface::BroadcasterInterface;

use crate::host::SharedHost;
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
    broadcast: RefCell<Vec<Transaction>>,
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

    /// What was broadcast since the last call: the on-chain wallet counts it as pending.
    pub fn take_broadcast(&self) -> Vec<Transaction> {
        self.broadcast.take()
    }

    /// From now on no transaction leaves, until [`Outputs::release`].
    pub fn hold(&self) {
        self.held.borrow_mut().get_or_insert_default();
    }

    /// Transactions may leave again. Hands out those that were held, which are not sent.
    pub fn release(&self) -> Vec<Transaction> {
        self.held.take().unwrap_or_default()
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
        self.broadcast.borrow_mut().extend(transactions.iter().cloned());
        self.send(transactions);
    }
}
