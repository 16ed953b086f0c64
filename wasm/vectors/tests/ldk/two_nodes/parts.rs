//! The parts a node is put together from. They do as little as LDK allows, and record what leaves the node.
use bitcoin::secp256k1::{self, PublicKey, Secp256k1};
use bitcoin::Transaction;
use lightning::blinded_path::message::{BlindedMessagePath, MessageContext, MessageForwardNode};
use lightning::blinded_path::payment::{BlindedPaymentPath, ReceiveTlvs};
use lightning::chain::chaininterface::{BroadcasterInterface, ConfirmationTarget, FeeEstimator};
use lightning::chain::chainmonitor::Persist;
use lightning::chain::channelmonitor::{ChannelMonitor, ChannelMonitorUpdate};
use lightning::chain::ChannelMonitorUpdateStatus;
use lightning::ln::channel_state::ChannelDetails;
use lightning::ln::peer_handler::SocketDescriptor;
use lightning::onion_message::messenger::{Destination, MessageRouter, OnionMessagePath};
use lightning::routing::router::{InFlightHtlcs, Route, RouteParameters, Router};
use lightning::sign::{InMemorySigner, ReceiveAuthKey};
use lightning::util::logger::{Level, Logger, Record};
use lightning::util::persist::MonitorName;
use lightning::util::ser::Writeable;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Mutex;

/// Keeps every transaction it was asked to broadcast.
#[derive(Default)]
pub struct Broadcasts(pub Mutex<Vec<Transaction>>);

impl BroadcasterInterface for Broadcasts {
    fn broadcast_transactions(&self, transactions: &[&Transaction]) {
        self.0
            .lock()
            .unwrap()
            .extend(transactions.iter().map(|transaction| (*transaction).clone()));
    }
}

pub struct FixedFees;

impl FeeEstimator for FixedFees {
    fn get_est_sat_per_1000_weight(&self, _: ConfirmationTarget) -> u32 {
        1000
    }
}

/// Shown by the test harness when a test fails.
pub struct Log(pub &'static str);

impl Logger for Log {
    fn log(&self, record: Record) {
        if record.level >= Level::Info {
            println!("{} {} {}", self.0, record.level, record.args);
        }
    }
}

/// No routes: the tests name the one hop themselves.
pub struct NoRouter;

impl Router for NoRouter {
    fn find_route(
        &self,
        _: &PublicKey,
        _: &RouteParameters,
        _: Option<&[&ChannelDetails]>,
        _: InFlightHtlcs,
    ) -> Result<Route, &'static str> {
        Err("the tests name their routes")
    }

    fn create_blinded_payment_paths<T: secp256k1::Signing + secp256k1::Verification>(
        &self,
        _: PublicKey,
        _: Vec<ChannelDetails>,
        _: ReceiveTlvs,
        _: Option<u64>,
        _: &Secp256k1<T>,
    ) -> Result<Vec<BlindedPaymentPath>, ()> {
        Err(())
    }
}

impl MessageRouter for NoRouter {
    fn find_path(&self, _: PublicKey, _: Vec<PublicKey>, _: Destination) -> Result<OnionMessagePath, ()> {
        Err(())
    }

    fn create_blinded_paths<T: secp256k1::Signing + secp256k1::Verification>(
        &self,
        _: PublicKey,
        _: ReceiveAuthKey,
        _: MessageContext,
        _: Vec<MessageForwardNode>,
        _: &Secp256k1<T>,
    ) -> Result<Vec<BlindedMessagePath>, ()> {
        Err(())
    }
}

/// The newest encoding of every monitor, as a disk would hold it.
#[derive(Default)]
pub struct Disk(pub Mutex<BTreeMap<String, Vec<u8>>>);

impl Disk {
    fn store(&self, name: MonitorName, monitor: &ChannelMonitor<InMemorySigner>) -> ChannelMonitorUpdateStatus {
        self.0.lock().unwrap().insert(name.to_string(), monitor.encode());
        ChannelMonitorUpdateStatus::Completed
    }
}

impl Persist<InMemorySigner> for Disk {
    fn persist_new_channel(
        &self,
        name: MonitorName,
        monitor: &ChannelMonitor<InMemorySigner>,
    ) -> ChannelMonitorUpdateStatus {
        self.store(name, monitor)
    }

    fn update_persisted_channel(
        &self,
        name: MonitorName,
        _: Option<&ChannelMonitorUpdate>,
        monitor: &ChannelMonitor<InMemorySigner>,
    ) -> ChannelMonitorUpdateStatus {
        self.store(name, monitor)
    }

    fn archive_persisted_channel(&self, name: MonitorName) {
        self.0.lock().unwrap().remove(&name.to_string());
    }
}

/// One end of an in-memory connection: what is sent waits in `sent` until the wire is pumped.
#[derive(Clone)]
pub struct Socket {
    pub number: u64,
    pub sent: Rc<Mutex<Vec<u8>>>,
    pub closed: Rc<AtomicBool>,
}

impl Socket {
    pub fn new(number: u64) -> Self {
        Self {
            number,
            sent: Rc::default(),
            closed: Rc::default(),
        }
    }
}

impl PartialEq for Socket {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Socket {}

impl Hash for Socket {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

impl SocketDescriptor for Socket {
    fn send_data(&mut self, data: &[u8], _: bool) -> usize {
        self.sent.lock().unwrap().extend_from_slice(data);
        data.len()
    }

    fn disconnect_socket(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}
