//! LDK nodes in memory, joined by a wire that the test pumps, over a chain that the test writes. Nothing runs by itself.
#![allow(clippy::unwrap_used)]
mod chain;
mod parts;
mod wire;

pub use chain::Chain;
pub use wire::{open_channel, pay, Wire};

use bitcoin::absolute::LockTime;
use bitcoin::secp256k1::PublicKey;
use bitcoin::transaction::Version;
use bitcoin::{Amount, BlockHash, Network, OutPoint, Transaction, TxOut};
use lightning::chain::chainmonitor::ChainMonitor;
use lightning::chain::channelmonitor::ChannelMonitor;
use lightning::chain::Filter;
use lightning::events::bump_transaction::BumpTransactionEvent;
use lightning::events::{Event, EventsProvider};
use lightning::ln::channelmanager::{ChainParameters, ChannelManager, ChannelManagerReadArgs};
use lightning::ln::peer_handler::{IgnoringMessageHandler, MessageHandler, PeerManager};
use lightning::sign::{InMemorySigner, KeysManager, NodeSigner, Recipient};
use lightning::util::config::UserConfig;
use lightning::util::ser::{ReadableArgs, Writeable};
use parts::{Broadcasts, Disk, FixedFees, Log, NoRouter, Socket};
use std::cell::RefCell;
use std::rc::Rc;

type Monitors = ChainMonitor<
    InMemorySigner,
    Rc<dyn Filter + Send + Sync>,
    Rc<Broadcasts>,
    Rc<FixedFees>,
    Rc<Log>,
    Rc<Disk>,
    Rc<KeysManager>,
>;
type Manager = ChannelManager<
    Rc<Monitors>,
    Rc<Broadcasts>,
    Rc<KeysManager>,
    Rc<KeysManager>,
    Rc<KeysManager>,
    Rc<FixedFees>,
    Rc<NoRouter>,
    Rc<NoRouter>,
    Rc<Log>,
>;
type Peers = PeerManager<
    Socket,
    Rc<Manager>,
    IgnoringMessageHandler,
    IgnoringMessageHandler,
    Rc<Log>,
    IgnoringMessageHandler,
    Rc<KeysManager>,
    IgnoringMessageHandler,
>;

/// All that a backup of a node holds.
#[derive(Clone)]
pub struct Backup {
    manager: Vec<u8>,
    monitors: Vec<Vec<u8>>,
}

/// A node. Payments it receives are claimed at once unless `holds_payments`.
pub struct Node {
    pub manager: Rc<Manager>,
    pub monitors: Rc<Monitors>,
    pub broadcasts: Rc<Broadcasts>,
    /// Every event so far, oldest first.
    pub events: RefCell<Vec<Event>>,
    pub holds_payments: bool,
    disk: Rc<Disk>,
    keys: Rc<KeysManager>,
    log: Rc<Log>,
    peers: Peers,
    seed: [u8; 32],
}

fn config() -> UserConfig {
    let mut config = UserConfig {
        manually_accept_inbound_channels: true,
        ..UserConfig::default()
    };
    config.channel_handshake_config.negotiate_anchors_zero_fee_htlc_tx = true;
    config.channel_handshake_config.minimum_depth = 1;
    config
}

impl Node {
    /// A new node, or one that starts from a backup.
    pub fn start(name: &'static str, seed: [u8; 32], chain: &Chain, backup: Option<&Backup>) -> Self {
        let keys = Rc::new(KeysManager::new(&seed, 1, 1, true));
        let (broadcasts, disk, log) = (
            Rc::new(Broadcasts::default()),
            Rc::new(Disk::default()),
            Rc::new(Log(name)),
        );
        let monitors = Rc::new(ChainMonitor::new(
            None,
            broadcasts.clone(),
            log.clone(),
            Rc::new(FixedFees),
            disk.clone(),
            keys.clone(),
            keys.get_peer_storage_key(),
        ));
        let router = Rc::new(NoRouter);
        let manager = match backup {
            None => ChannelManager::new(
                Rc::new(FixedFees),
                monitors.clone(),
                broadcasts.clone(),
                router.clone(),
                router,
                log.clone(),
                keys.clone(),
                keys.clone(),
                keys.clone(),
                config(),
                ChainParameters {
                    network: Network::Regtest,
                    best_block: chain.best_block(),
                },
                chain.time(),
            ),
            Some(backup) => {
                let loaded: Vec<_> = backup
                    .monitors
                    .iter()
                    .map(|bytes| {
                        <(BlockHash, ChannelMonitor<InMemorySigner>)>::read(&mut &bytes[..], (&*keys, &*keys))
                            .unwrap()
                            .1
                    })
                    .collect();
                let arguments = ChannelManagerReadArgs::new(
                    keys.clone(),
                    keys.clone(),
                    keys.clone(),
                    Rc::new(FixedFees),
                    monitors.clone(),
                    broadcasts.clone(),
                    router.clone(),
                    router,
                    log.clone(),
                    config(),
                    loaded.iter().collect(),
                );
                let manager = <(BlockHash, Manager)>::read(&mut &backup.manager[..], arguments)
                    .unwrap()
                    .1;
                for monitor in loaded {
                    disk.0
                        .lock()
                        .unwrap()
                        .insert(monitor.persistence_key().to_string(), monitor.encode());
                    monitors.load_existing_monitor(monitor.channel_id(), monitor).unwrap();
                }
                manager
            }
        };
        let manager = Rc::new(manager);
        let handler = MessageHandler {
            chan_handler: manager.clone(),
            route_handler: IgnoringMessageHandler {},
            onion_message_handler: IgnoringMessageHandler {},
            custom_message_handler: IgnoringMessageHandler {},
            send_only_message_handler: IgnoringMessageHandler {},
        };
        let peers = PeerManager::new(handler, chain.time(), &[7; 32], log.clone(), keys.clone());
        let events = RefCell::default();
        let node = Self {
            manager,
            monitors,
            broadcasts,
            events,
            holds_payments: false,
            disk,
            keys,
            log,
            peers,
            seed,
        };
        chain.tell_tip(&node);
        node
    }

    /// This node's state as of now.
    pub fn backup(&self) -> Backup {
        Backup {
            manager: self.manager.encode(),
            monitors: self.disk.0.lock().unwrap().values().cloned().collect(),
        }
    }

    /// The same device after it lost what came after the backup.
    pub fn restarted_from(&self, backup: &Backup, chain: &Chain) -> Self {
        Self::start(self.log.0, self.seed, chain, Some(backup))
    }

    pub fn id(&self) -> PublicKey {
        self.keys.get_node_id(Recipient::Node).unwrap()
    }

    /// Asks the monitors to broadcast, as an impatient user would.
    pub fn insists_on_broadcasting(&self) {
        for channel in self.monitors.list_monitors() {
            let monitor = self.monitors.get_monitor(channel).unwrap();
            monitor.broadcast_latest_holder_commitment_txn(&self.broadcasts, &Rc::new(FixedFees), &self.log);
        }
        self.handle_events();
    }

    /// Those of its transactions that spend the funding of the channel: the commitment transactions it would publish.
    pub fn commitments_broadcast(&self, funding: OutPoint) -> Vec<Transaction> {
        let spends =
            |transaction: &&Transaction| transaction.input.iter().any(|input| input.previous_output == funding);
        self.broadcasts
            .0
            .lock()
            .unwrap()
            .iter()
            .filter(spends)
            .cloned()
            .collect()
    }

    /// True if anything happened.
    fn handle_events(&self) -> bool {
        let fresh = RefCell::new(Vec::new());
        let collect = |event: Event| {
            fresh.borrow_mut().push(event);
            Ok(())
        };
        self.manager.process_pending_events(&collect);
        self.monitors.process_pending_events(&collect);
        let fresh = fresh.into_inner();
        fresh.iter().for_each(|event| self.handle(event));
        let happened = !fresh.is_empty();
        self.events.borrow_mut().extend(fresh);
        if self.manager.needs_pending_htlc_processing() {
            self.manager.process_pending_htlc_forwards();
            return true;
        }
        happened
    }

    fn handle(&self, event: &Event) {
        match event {
            Event::OpenChannelRequest {
                temporary_channel_id,
                counterparty_node_id,
                ..
            } => {
                self.manager
                    .accept_inbound_channel(temporary_channel_id, counterparty_node_id, 1, None)
                    .unwrap();
            }
            Event::FundingGenerationReady {
                temporary_channel_id,
                counterparty_node_id,
                channel_value_satoshis,
                output_script,
                ..
            } => {
                let value = Amount::from_sat(*channel_value_satoshis);
                let funding = transaction(vec![TxOut {
                    value,
                    script_pubkey: output_script.clone(),
                }]);
                self.manager
                    .funding_transaction_generated(*temporary_channel_id, *counterparty_node_id, funding)
                    .unwrap();
            }
            Event::PaymentClaimable { purpose, .. } if !self.holds_payments => {
                self.manager.claim_funds(purpose.preimage().unwrap());
            }
            // With anchors the commitment transaction leaves in this event; the fee-paying child is of no interest here.
            Event::BumpTransaction(BumpTransactionEvent::ChannelClose { commitment_tx, .. }) => {
                self.broadcasts.0.lock().unwrap().push(commitment_tx.clone());
            }
            _ => {}
        }
    }
}

fn transaction(output: Vec<TxOut>) -> Transaction {
    Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![],
        output,
    }
}
