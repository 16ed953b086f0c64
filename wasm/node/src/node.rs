//! Owns the node: its parts, its commands, and the cut that ends a turn. Commands refuse bad input before anything changes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bitcoin::secp256k1::PublicKey;
use lightning::chain::channelmonitor::Balance;
use lightning::chain::Confirm;
use lightning::ln::types::ChannelId;
use lightning::sign::EntropySource as _;

use crate::background;
use crate::bolt11::Bolt11;
use crate::chain::Chain;
use crate::channels::Channels;
use crate::confirm::ConfirmSync;
use crate::error::NodeError;
use crate::events::EventHandler;
use crate::fees::Fees;
use crate::gossip::Gossip;
use crate::host::SharedHost;
use crate::keys::WalletKeys;
use crate::keysend::Keysend;
use crate::ldk::{ChainMonitor, ChannelManager, Logger, OnionMessenger, PeerManager, Sweeper};
use crate::monitor_rows::stage_due_monitors;
use crate::onchain::OnchainWallet;
use crate::onchain_sync::OnchainSync;
use crate::outputs::{Output, Outputs};
use crate::payments::Payments;
use crate::peer_book::PeerBook;
use crate::presence::Presence;
use crate::quarantine::Quarantine;
use crate::revive::Revive;
use crate::scorer::ScorerCell;
use crate::sockets::Unsent;
use crate::stop::Tasks;
use crate::store::NodeStore;
use crate::tip::Tip;
use crate::types::{Network, NodeEvent, NodeInfo, OnchainQuote, OpenChannelRequest, Payment, PaymentsPage};

/// How much older than the manager its row may be.
const MANAGER_PATIENCE: Duration = Duration::from_millis(200);

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
    pub(crate) presence: RefCell<Presence>,
    pub(crate) synced_at_ms: Cell<Option<f64>>,
    pub(crate) revive: RefCell<Revive>,
    pub(crate) quarantine: Rc<Quarantine>,
    /// The manager's row is older than the manager.
    pub(crate) manager_late: Rc<Cell<bool>>,
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
    /// Payments without an invoice.
    pub keysend: Keysend,
    /// Whom to dial.
    pub peer_book: PeerBook,
}

impl Node {
    /// Ends the turn: stages what belongs to it and hands out what may leave once it is durable (invariants 4 and 5).
    ///
    /// `is_answering`: somebody waits for the turn to be durable, so that the manager is written if it changed at all.
    pub fn cut(&self, is_answering: bool) -> Vec<Output> {
        self.review_quarantine();
        for package in self.outputs.take_broadcast() {
            self.broadcast(package);
        }
        self.note_peers();
        self.onchain.stage_changes();
        stage_due_monitors(&self.store, &self.chain_monitor);
        self.stage_manager(is_answering);
        self.outputs.take()
    }

    /// Keeps for the cut that LDK wants its manager written.
    pub(crate) fn note_changed_manager(&self) {
        if self.manager.get_and_clear_needs_persistence() {
            self.store.want_manager();
        }
    }

    /// What a message changes in the manager alone is made again from the monitors after a crash, so it waits a little for other rows:
    /// that halves the commits of a payment. LDK itself writes its manager after the messages have left.
    fn stage_manager(&self, is_answering: bool) {
        let (is_due, has_rows) = (self.store.take_manager_due(), self.store.take_staged());
        let is_wanted = self.manager.get_and_clear_needs_persistence() | self.store.take_manager_wanted();
        if is_due || ((is_wanted || self.manager_late.get()) && (has_rows || is_answering)) {
            self.manager_late.set(false);
            return self.store.stage_manager(&*self.manager);
        }
        if !is_wanted || self.manager_late.replace(true) {
            return;
        }
        let (host, store, late) = (
            Arc::clone(&self.host),
            Arc::clone(&self.store),
            Rc::clone(&self.manager_late),
        );
        self.host.spawn(Box::pin(async move {
            host.sleep(MANAGER_PATIENCE).await;
            if late.get() {
                store.demand_manager();
            }
        }));
    }

    /// Starts the background work, once whoever cuts the turns is ready.
    pub fn run(self: &Rc<Self>) {
        if !self.quarantine.is_on() {
            // A crash may have come between the commit of a broadcast and its first byte, and LDK does not repeat a funding.
            self.outputs.send(self.onchain.unconfirmed());
        }
        background::start(self);
    }

    /// Ends the background work. What it still writes is staged when this resolves; cut and commit once more.
    pub async fn stop(&self) {
        self.peers.disconnect_all_peers();
        self.tasks.stop().await;
    }

    /// One complete look at the chain.
    pub async fn sync(&self) -> Result<(), NodeError> {
        let _one_at_a_time = self.syncing.lock().await;
        // Feerates can be missed for a while; what happens to the channels cannot.
        let estimates = self
            .chain
            .fee_estimates()
            .await
            .map(|estimates| self.fees.update(estimates));
        if !self.let_peers_settle().await? {
            return Ok(());
        }
        let before = self.tip.height();
        let parties: [&dyn Confirm; 3] = [&*self.manager, &*self.chain_monitor, &*self.sweeper];
        let block_height = self.confirm.sync(&parties, &self.channels.fundings_in_use()).await?;
        self.onchain_sync.sync().await?;
        if block_height != before {
            self.repeat_fundings();
            self.archive_resolved_monitors();
            self.payments
                .forget_expired(&BTreeSet::new().into_iter().collect())
                .await?;
        }
        self.revive_hanging_channels();
        self.outputs.send_unanswered();
        estimates?;
        self.synced_at_ms.set(Some(self.payments.now_ms()));
        self.outputs.event(NodeEvent::Synced { block_height });
        self.outputs.event(NodeEvent::BalancesChanged);
        Ok(())
    }

    /// LDK also archives a monitor whose last update is not durable yet; the manager, which waits for it, could not be loaded any more.
    fn archive_resolved_monitors(&self) {
        // Tells the manager of the updates that are.
        self.peers.process_events();
        let pending = self.chain_monitor.list_pending_monitor_updates();
        if pending.iter().all(|(_, updates)| updates.is_empty()) {
            self.chain_monitor.archive_fully_resolved_channel_monitors();
        }
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
            is_quarantined: self.quarantine.is_on(),
            next_htlc_expiry_height: self.channels.next_htlc_expiry_height(),
        }
    }

    /// What opening a channel would cost.
    pub fn quote_channel(&self, amount_sat: u64, feerate_sat_per_vb: Option<f64>) -> Result<OnchainQuote, NodeError> {
        self.channels.quote(amount_sat, feerate_sat_per_vb)
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

    fn review_quarantine(&self) {
        // What the chain says comes first: a funding may be spent.
        if self.quarantine.is_on() && self.synced_at_ms.get().is_some() {
            self.end_quarantine_if_due();
        }
    }

    // Out of line: see `load.rs`.
    #[inline(never)]
    fn end_quarantine_if_due(&self) {
        let connected: Vec<PublicKey> = self.presence.borrow().connected().iter().copied().collect();
        let (channels, unspent) = (self.manager.list_channels(), self.unspent_channels());
        let now_ms = self.payments.now_ms();
        if !self.quarantine.ends(&channels, &unspent, &connected, now_ms) {
            return;
        }
        // Of what was held only our own coins move: a commitment may be old by now, and LDK repeats what is still due.
        self.outputs
            .release(|transaction| self.onchain.is_spent_by(transaction));
        self.outputs.send(self.onchain.unconfirmed());
        self.outputs.event(NodeEvent::QuarantineEnded);
    }

    /// Channels whose funding nobody has spent yet, as far as their monitors have seen.
    fn unspent_channels(&self) -> Vec<ChannelId> {
        let is_unspent = |channel_id: &ChannelId| {
            let balances = self
                .chain_monitor
                .get_monitor(*channel_id)
                .map(|monitor| monitor.get_claimable_balances());
            let is_open = |balance: &Balance| matches!(balance, Balance::ClaimableOnChannelClose { .. });
            balances.is_ok_and(|balances| balances.iter().any(is_open))
        };
        self.chain_monitor
            .list_monitors()
            .into_iter()
            .filter(is_unspent)
            .collect()
    }
}
