//! Owns the node: its parts, its commands, and the cut that ends a turn. Commands refuse bad input before anything changes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bitcoin::secp256k1::PublicKey;
use lightning::chain::channelmonitor::Balance;
use lightning::chain::Confirm;
use lightning::sign::EntropySource as _;
use lightning::util::ser::Writeable as _;

use crate::background;
use crate::bolt11::Bolt11;
use crate::chain::Chain;
use crate::channels::{parse_node_id, Channels};
use crate::confirm::{ConfirmSync, Tip};
use crate::error::{Code, NodeError};
use crate::events::EventHandler;
use crate::fees::Fees;
use crate::gossip::Gossip;
use crate::host::{LogLevel, SharedHost};
use crate::keys::WalletKeys;
use crate::ldk::{ChainMonitor, ChannelManager, Logger, OnionMessenger, PeerManager, Sweeper};
use crate::onchain::OnchainWallet;
use crate::onchain_sync::OnchainSync;
use crate::outputs::{Output, Outputs};
use crate::payments::Payments;
use crate::peer_book::PeerBook;
use crate::revive::Revive;
use crate::scorer::ScorerCell;
use crate::sockets::{Socket, Unsent};
use crate::stop::Tasks;
use crate::store::NodeStore;
use crate::types::{
    Balances, Network, NodeEvent, NodeInfo, OnchainQuote, OnchainSendRequest, OpenChannelRequest, Payment, PaymentsPage,
};

/// A running node. All of it lives on one thread.
pub struct Node {
    pub(crate) host: SharedHost,
    pub(crate) network: Network,
    pub(crate) store: Arc<NodeStore>,
    pub(crate) outputs: Arc<Outputs>,
    pub(crate) logger: Logger,
    pub(crate) keys: Arc<WalletKeys>,
    pub(crate) chain: Rc<Chain>,
    pub(crate) chain_monitor: Arc<ChainMonitor>,
    pub(crate) sweeper: Arc<Sweeper>,
    pub(crate) gossip: Gossip,
    pub(crate) onion_messenger: Arc<OnionMessenger>,
    pub(crate) scorer: Arc<ScorerCell>,
    pub(crate) events: Rc<EventHandler>,
    pub(crate) onchain: Rc<OnchainWallet>,
    pub(crate) onchain_sync: Rc<OnchainSync>,
    pub(crate) confirm: ConfirmSync,
    pub(crate) tip: Rc<Tip>,
    pub(crate) tasks: Rc<Tasks>,
    pub(crate) unsent: Rc<Unsent>,
    pub(crate) connected: RefCell<BTreeSet<PublicKey>>,
    pub(crate) synced_at_ms: Cell<Option<f64>>,
    pub(crate) revive: RefCell<Revive>,
    pub(crate) syncing: futures::lock::Mutex<()>,
    pub(crate) poll_interval: Duration,
    pub(crate) peers: Arc<PeerManager>,
    pub(crate) manager: Arc<ChannelManager>,
    pub(crate) payments: Arc<Payments>,
    /// Feerates.
    pub fees: Arc<Fees>,
    /// Channels: open, list, close.
    pub channels: Rc<Channels>,
    /// Invoices and their payments.
    pub bolt11: Bolt11,
    /// Whom to dial.
    pub peer_book: PeerBook,
}

impl Node {
    /// Ends the turn: stages what belongs to it and hands out what may leave once it is durable (invariants 4 and 5).
    pub fn cut(&self) -> Vec<Output> {
        let broadcast = self.outputs.take_broadcast();
        if !broadcast.is_empty() {
            let txids: Vec<_> = broadcast.iter().map(|tx| tx.compute_txid()).collect();
            self.onchain.note_broadcast(broadcast);
            let sync = Rc::clone(&self.onchain_sync);
            self.host.spawn(Box::pin(async move {
                for txid in txids {
                    // The next sync writes the row if this does not.
                    let _ = sync.record(txid).await;
                }
            }));
        }
        self.note_peers();
        let manager_due = self.store.take_manager_due();
        if self.manager.get_and_clear_needs_persistence() || manager_due {
            self.store.stage_manager(self.manager.encode());
        }
        self.onchain.stage_changes();
        self.outputs.take()
    }

    /// Starts the background work, once whoever cuts the turns is ready.
    pub fn run(self: &Rc<Self>) {
        background::start(self);
    }

    /// Ends the background work. What it still writes is staged when this resolves; cut and commit once more.
    pub async fn stop(&self) {
        self.peers.disconnect_all_peers();
        self.tasks.stop().await;
    }

    /// A connection that we dialled is open.
    pub fn socket_opened_outbound(&self, socket: u32, node_id: &str) -> Result<(), NodeError> {
        let node_id = parse_node_id(node_id)?;
        let hello = self.peers.new_outbound_connection(node_id, self.socket(socket), None);
        let hello = hello.map_err(|_| NodeError::internal("The connection is known already."))?;
        self.outputs.push(Output::SocketBytes { socket, bytes: hello });
        Ok(())
    }

    /// A connection from outside was accepted.
    pub fn socket_opened_inbound(&self, socket: u32) -> Result<(), NodeError> {
        let opened = self.peers.new_inbound_connection(self.socket(socket), None);
        opened.map_err(|_| NodeError::internal("The connection is known already."))
    }

    /// Bytes from a peer. `peer_refused` when it broke the protocol: close the connection.
    pub fn socket_bytes(&self, socket: u32, bytes: &[u8]) -> Result<(), NodeError> {
        let read = self.peers.read_event(&mut self.socket(socket), bytes);
        self.peers.process_events();
        self.host.wake();
        read.map_err(|_| {
            NodeError::new(
                Code::PeerRefused,
                "The peer refused the connection, or does not speak Lightning.",
                "Check the node's key and address.",
            )
        })
    }

    /// The transport took everything it was given.
    pub fn socket_writable(&self, socket: u32) {
        self.unsent.drained(socket);
        // An error means that LDK closed the connection itself.
        let _ = self.peers.write_buffer_space_avail(&mut self.socket(socket));
    }

    /// A connection is gone.
    pub fn socket_closed(&self, socket: u32) {
        self.unsent.drained(socket);
        self.peers.socket_disconnected(&self.socket(socket));
        self.host.wake();
    }

    /// Ends the connection with a peer.
    pub fn disconnect_peer(&self, node_id: &str) -> Result<(), NodeError> {
        self.peers.disconnect_by_node_id(parse_node_id(node_id)?);
        Ok(())
    }

    /// Who is connected now.
    pub fn connected_peers(&self) -> Vec<String> {
        self.peers
            .list_peers()
            .iter()
            .map(|peer| peer.counterparty_node_id.to_string())
            .collect()
    }

    /// One complete look at the chain.
    pub async fn sync(&self) -> Result<(), NodeError> {
        let _one_at_a_time = self.syncing.lock().await;
        self.fees.update(self.chain.fee_estimates().await?);
        let before = self.tip.height();
        let parties: [&dyn Confirm; 3] = [&*self.manager, &*self.chain_monitor, &*self.sweeper];
        let block_height = self.confirm.sync(&parties).await?;
        self.onchain_sync.sync().await?;
        if block_height != before {
            self.chain_monitor.archive_fully_resolved_channel_monitors();
            self.forget_archived_updates().await?;
            self.payments
                .forget_expired(&BTreeSet::new().into_iter().collect())
                .await?;
        }
        self.revive_hanging_channels();
        self.synced_at_ms.set(Some(self.payments.now_ms()));
        self.outputs.event(NodeEvent::Synced { block_height });
        self.outputs.event(NodeEvent::BalancesChanged);
        Ok(())
    }

    /// Who the node is and how far it has come.
    pub fn info(&self) -> NodeInfo {
        NodeInfo {
            node_id: self.keys.node_id().to_string(),
            network: self.network,
            block_height: self.tip.height(),
            synced_at_ms: self.synced_at_ms.get(),
            gossip_at_ms: self.gossip.updated_at_ms(),
            channel_count: self.manager.list_channels().len() as u32,
            usable_channel_count: self.manager.list_usable_channels().len() as u32,
            next_htlc_expiry_height: self.channels.next_htlc_expiry_height(),
        }
    }

    /// All that is ours.
    pub fn balances(&self) -> Balances {
        let channels = self.manager.list_channels();
        let open: Vec<_> = channels.iter().collect();
        let closing_sat: u64 = self
            .chain_monitor
            .get_claimable_balances(&open)
            .iter()
            .map(Balance::claimable_amount_satoshis)
            .sum::<u64>()
            + self.sweeping_sat();
        let lightning_msat = self.lightning_msat();
        let usable = channels.iter().filter(|channel| channel.is_usable);
        let (outbound, inbound) = usable.fold((0, 0), |(outbound, inbound), channel| {
            (
                outbound + channel.next_outbound_htlc_limit_msat,
                inbound + channel.inbound_capacity_msat,
            )
        });
        let onchain = self.onchain.balance();
        let reserve_sat = self.channels.reserve_sat();
        Balances {
            onchain_spendable_sat: onchain.spendable_sat.saturating_sub(reserve_sat),
            onchain_pending_sat: onchain.pending_sat,
            anchor_reserve_sat: reserve_sat,
            lightning_msat,
            outbound_capacity_msat: outbound,
            inbound_capacity_msat: inbound,
            closing_sat,
            total_sat: onchain.spendable_sat + onchain.pending_sat + lightning_msat / 1000 + closing_sat,
        }
    }

    /// An address nobody has paid yet.
    pub fn new_address(&self) -> String {
        self.onchain.new_address().to_string()
    }

    /// What a payment on chain would cost.
    pub fn quote_onchain(&self, request: &OnchainSendRequest) -> Result<OnchainQuote, NodeError> {
        self.onchain.quote(request, self.channels.reserve_sat())
    }

    /// Pays on chain and returns the transaction id. The broadcast leaves with the turn.
    pub fn send_onchain(&self, request: &OnchainSendRequest) -> Result<String, NodeError> {
        use lightning::chain::chaininterface::BroadcasterInterface as _;
        let transaction = self.onchain.send(request, self.channels.reserve_sat())?;
        self.outputs.broadcast_transactions(&[&transaction]);
        Ok(transaction.compute_txid().to_string())
    }

    /// Asks a connected peer for a channel.
    pub fn open_channel(&self, request: &OpenChannelRequest) -> Result<String, NodeError> {
        let bytes = self.keys.get_secure_random_bytes();
        let user_channel_id = bytes.iter().take(16).fold(0, |id, byte| (id << 8) | u128::from(*byte));
        let opened = self.channels.open(request, user_channel_id);
        self.peers.process_events();
        opened
    }

    /// A payment or open invoice by id.
    pub async fn payment(&self, id: &str) -> Result<Option<Payment>, NodeError> {
        Ok(self
            .payments
            .get(id)
            .await?
            .map(|payment| self.with_confirmations(payment)))
    }

    /// The history, newest first.
    pub async fn payments(&self, limit: u32, before: Option<&str>) -> Result<PaymentsPage, NodeError> {
        let page = self.payments.page(limit, before).await?;
        let payments = page
            .payments
            .into_iter()
            .map(|payment| self.with_confirmations(payment))
            .collect();
        Ok(PaymentsPage {
            payments,
            next: page.next,
        })
    }

    fn with_confirmations(&self, mut payment: Payment) -> Payment {
        payment.confirmations = payment
            .confirmed_height
            .map(|height| (self.tip.height() + 1).saturating_sub(height));
        payment
    }

    fn socket(&self, id: u32) -> Socket {
        Socket::new(id, Arc::clone(&self.outputs), Rc::clone(&self.unsent))
    }

    /// What is ours in open channels, whatever is in flight counted as still with its sender.
    fn lightning_msat(&self) -> u64 {
        let open = self.manager.list_channels();
        let mut total = 0;
        for channel in &open {
            let Ok(monitor) = self.chain_monitor.get_monitor(channel.channel_id) else {
                continue;
            };
            for balance in monitor.get_claimable_balances() {
                total += balance.claimable_amount_satoshis() * 1000;
                if let Balance::ClaimableOnChannelClose {
                    balance_candidates,
                    confirmed_balance_candidate_index,
                    ..
                } = &balance
                {
                    // The funder pays the closing's fee; while the channel is open that money is still ours.
                    let candidate = balance_candidates
                        .get(*confirmed_balance_candidate_index)
                        .or(balance_candidates.last());
                    total += candidate.map_or(0, |candidate| candidate.transaction_fee_satoshis * 1000);
                }
            }
        }
        total
    }

    /// What waits to be swept, or is on its way to the wallet.
    fn sweeping_sat(&self) -> u64 {
        use lightning::util::sweep::OutputSpendStatus;
        let tracked = self.sweeper.tracked_spendable_outputs();
        let waiting = tracked
            .iter()
            .filter(|output| matches!(output.status, OutputSpendStatus::PendingInitialBroadcast { .. }));
        waiting.map(|output| output.descriptor.spendable_amount_sat()).sum()
    }

    fn revive_hanging_channels(&self) {
        let connected = |node_id: &PublicKey| self.peers.peer_by_node_id(node_id).is_some();
        let channels = self.manager.list_channels();
        let peers = self
            .revive
            .borrow_mut()
            .peers_to_reconnect(&channels, connected, self.payments.now_ms());
        for node_id in peers {
            self.host.log(
                LogLevel::Info,
                "node",
                "a confirmed channel hangs: its peer is dialled again",
            );
            self.peers.disconnect_by_node_id(node_id);
        }
    }

    fn note_peers(&self) {
        let now: BTreeSet<PublicKey> = self
            .peers
            .list_peers()
            .iter()
            .map(|peer| peer.counterparty_node_id)
            .collect();
        let before = self.connected.replace(now.clone());
        for node_id in before.difference(&now) {
            self.outputs.event(NodeEvent::PeerDisconnected {
                node_id: node_id.to_string(),
            });
        }
        for node_id in now.difference(&before) {
            self.outputs.event(NodeEvent::PeerConnected {
                node_id: node_id.to_string(),
            });
        }
    }

    /// LDK leaves the updates of an archived monitor behind.
    async fn forget_archived_updates(&self) -> Result<(), NodeError> {
        use lightning::util::persist::{
            ARCHIVED_CHANNEL_MONITOR_PERSISTENCE_PRIMARY_NAMESPACE as ARCHIVED,
            CHANNEL_MONITOR_UPDATE_PERSISTENCE_PRIMARY_NAMESPACE as UPDATES,
        };
        for monitor in self.store.keys(ARCHIVED, "").await? {
            for update in self.store.keys(UPDATES, &monitor).await? {
                self.store.stage_remove(UPDATES, &monitor, &update);
            }
        }
        Ok(())
    }
}

/// The amount of an output that the sweeper spends.
trait SpendableAmount {
    fn spendable_amount_sat(&self) -> u64;
}

impl SpendableAmount for lightning::sign::SpendableOutputDescriptor {
    fn spendable_amount_sat(&self) -> u64 {
        match self {
            Self::StaticOutput { output, .. } => output.value.to_sat(),
            Self::DelayedPaymentOutput(descriptor) => descriptor.output.value.to_sat(),
            Self::StaticPaymentOutput(descriptor) => descriptor.output.value.to_sat(),
        }
    }
}
