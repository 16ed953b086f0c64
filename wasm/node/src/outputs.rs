//! Owns what a turn wants to send to the world. Nothing leaves before the commit of its turn (invariant 5): it waits here for the cut.

use std::cell::RefCell;

use bitcoin::consensus::encode::serialize;
use bitcoin::Transaction;
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

/// The outputs of the turn that runs, and the transactions that the on-chain wallet must hear of.
pub struct Outputs {
    host: SharedHost,
    queue: RefCell<Vec<Output>>,
    broadcast: RefCell<Vec<Transaction>>,
}

impl Outputs {
    /// An empty queue.
    pub fn new(host: SharedHost) -> Self {
        Self {
            host,
            queue: RefCell::new(Vec::new()),
            broadcast: RefCell::new(Vec::new()),
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
}

impl BroadcasterInterface for Outputs {
    fn broadcast_transactions(&self, txs: &[&Transaction]) {
        self.broadcast.borrow_mut().extend(txs.iter().map(|tx| (*tx).clone()));
        self.push(Output::Broadcast {
            transactions: txs.iter().map(|tx| serialize(*tx)).collect(),
        });
    }
}
