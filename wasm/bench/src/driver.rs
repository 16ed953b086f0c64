//! Owns one running node: cut, commit, deliver, in that order. What leaves it goes to the other node of the pair, to the chain, or is noted.

use std::cell::{Cell, RefCell};
use std::collections::{HashSet, VecDeque};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use anyhow::{bail, Result};
use tern_node::host::SharedHost;
use tern_node::outputs::Output;
use tern_node::types::{Network, NodeConfig, NodeEvent, PaymentStatus};
use tern_node::{Node, NodeError};
use tokio::sync::Notify;
use tokio::task::{spawn_local, yield_now};

use crate::host::MemoryHost;

/// Socket ids are never used twice, and the pair never reconnects.
const SOCKET: u32 = 1;
/// Longer than any run: nothing but what is asked for happens in a round.
const POLL_INTERVAL_SECONDS: u32 = 3600;

/// A node and what drives it.
pub struct Driver {
    pub node: Rc<Node>,
    pub host: Arc<MemoryHost>,
    esplora_url: String,
    peer: RefCell<Weak<Driver>>,
    inbox: RefCell<VecDeque<Vec<u8>>>,
    received: Notify,
    received_count: Cell<u64>,
    succeeded: RefCell<HashSet<String>>,
    failure: RefCell<Option<String>>,
    happened: Notify,
}

impl Driver {
    /// A new node of the wallet of this seed, on an empty disk, running.
    pub async fn start(esplora_url: &str, seed: &[u8; 64]) -> Result<Rc<Self>> {
        let host = MemoryHost::shared();
        let config = NodeConfig {
            network: Network::Regtest,
            esplora_url: esplora_url.to_string(),
            rapid_gossip_url: None,
            poll_interval_seconds: POLL_INTERVAL_SECONDS,
            is_quarantined: false,
        };
        let node = tern_node::start(config, seed, Arc::clone(&host) as SharedHost).await?;
        let driver = Rc::new(Self {
            node,
            host,
            esplora_url: esplora_url.to_string(),
            peer: RefCell::default(),
            inbox: RefCell::default(),
            received: Notify::new(),
            received_count: Cell::new(0),
            succeeded: RefCell::default(),
            failure: RefCell::default(),
            happened: Notify::new(),
        });
        spawn_local(Rc::clone(&driver).take_turns());
        spawn_local(Rc::clone(&driver).hear_peer());
        driver.node.run();
        driver.host.flush().await;
        Ok(driver)
    }

    /// Joins two nodes in memory; `self` is the one that dials.
    pub fn connect(self: &Rc<Self>, other: &Rc<Self>) -> Result<()> {
        self.peer.replace(Rc::downgrade(other));
        other.peer.replace(Rc::downgrade(self));
        other.node.socket_opened_inbound(SOCKET)?;
        let node_id = other.node.info().node_id;
        Ok(self.node.socket_opened_outbound(SOCKET, &node_id)?)
    }

    /// Resolves when a payment succeeded; its event is used up. Fails when any payment of the node did.
    pub async fn until_succeeded(&self, payment_hash: &str) -> Result<()> {
        loop {
            let happened = self.happened.notified();
            if self.succeeded.borrow_mut().remove(payment_hash) {
                return Ok(());
            }
            if let Some(failure) = self.failure.borrow().as_ref() {
                bail!("{failure}");
            }
            happened.await;
        }
    }

    /// How many commits and messages there were: it stands still while the node rests.
    pub fn activity(&self) -> u64 {
        self.host.commit_count() + self.received_count.get()
    }

    /// Messages that the peer sent so far.
    pub fn received_count(&self) -> u64 {
        self.received_count.get()
    }

    async fn take_turns(self: Rc<Self>) {
        loop {
            self.host.woken().await;
            // Everything that can run now runs first, as before a macrotask of JavaScript.
            yield_now().await;
            let outputs = self.node.cut(self.host.is_answering());
            self.host.commit(|| {
                for output in outputs {
                    self.deliver(output);
                }
            });
        }
    }

    fn deliver(self: &Rc<Self>, output: Output) {
        match output {
            Output::SocketBytes { bytes, .. } => {
                if let Some(peer) = self.peer.borrow().upgrade() {
                    peer.inbox.borrow_mut().push_back(bytes);
                    peer.received.notify_one();
                }
                self.node.socket_writable(SOCKET);
            }
            Output::SocketClose { .. } => self.fail("The connection of the two nodes ended.".to_string()),
            Output::Broadcast { transactions } => {
                spawn_local(Rc::clone(self).broadcast(transactions));
            }
            Output::Event { event } => self.note(*event),
        }
    }

    async fn hear_peer(self: Rc<Self>) {
        loop {
            self.received.notified().await;
            yield_now().await;
            let arrived = self.inbox.take();
            self.received_count
                .set(self.received_count.get() + arrived.len() as u64);
            for bytes in arrived {
                if let Err(error) = self.node.socket_bytes(SOCKET, &bytes) {
                    self.fail(error.to_string());
                }
            }
        }
    }

    fn note(&self, event: NodeEvent) {
        match event {
            NodeEvent::PaymentChanged { payment } => match payment.status {
                PaymentStatus::Succeeded => {
                    self.succeeded.borrow_mut().insert(payment.id);
                    self.happened.notify_waiters();
                }
                PaymentStatus::Failed | PaymentStatus::Expired => {
                    self.fail(format!("A payment is {:?}.", payment.status))
                }
                PaymentStatus::Waiting | PaymentStatus::Pending => {}
            },
            NodeEvent::SyncFailed { cause, .. } | NodeEvent::Halted { cause, .. } => self.fail(cause),
            _ => {}
        }
    }

    fn fail(&self, cause: String) {
        self.failure.borrow_mut().get_or_insert(cause);
        self.happened.notify_waiters();
    }

    async fn broadcast(self: Rc<Self>, transactions: Vec<Vec<u8>>) {
        for transaction in transactions {
            if let Err(error) = self.post(&transaction).await {
                self.fail(error.to_string());
            }
        }
    }

    async fn post(&self, transaction: &[u8]) -> Result<()> {
        let hex: String = transaction.iter().map(|byte| format!("{byte:02x}")).collect();
        let url = format!("{}/tx", self.esplora_url);
        let answer = reqwest::Client::new().post(url).body(hex).send().await?;
        let is_accepted = answer.status().is_success();
        self.node.broadcast_answered(transaction, is_accepted).await?;
        if !is_accepted {
            return Err(NodeError::internal(format!("A transaction was refused: {}.", answer.text().await?)).into());
        }
        Ok(())
    }
}
