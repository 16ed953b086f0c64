//! Owns what the on-chain wallet knows of the chain, and the history rows of its transactions.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use bdk_esplora::EsploraAsyncExt;
use bdk_wallet::Update;
use bitcoin::{Address, Txid};

use crate::chain::{contradiction, Chain};
use crate::error::NodeError;
use crate::host::SharedHost;
use crate::ldk::ChannelManager;
use crate::onchain::OnchainWallet;
use crate::outputs::Outputs;
use crate::payments::Payments;
use crate::store::NodeStore;
use crate::types::{Network, Payment, PaymentDirection, PaymentKind, PaymentStatus};

const NAMESPACE: &str = "bdk_wallet";
/// Present once all addresses were looked through: later syncs ask for those handed out only.
const SCANNED: &str = "scanned";
/// An Esplora server takes a while to list what it accepted.
const LISTED_AFTER_SECONDS: u64 = 60;

/// Why a transaction will not happen: another took its place.
const REPLACED: &str = "replaced";

/// The sync of the on-chain wallet.
pub struct OnchainSync {
    pub(crate) host: SharedHost,
    pub(crate) network: Network,
    pub(crate) chain: Rc<Chain>,
    pub(crate) store: Arc<NodeStore>,
    pub(crate) onchain: Rc<OnchainWallet>,
    pub(crate) outputs: Arc<Outputs>,
    pub(crate) payments: Arc<Payments>,
    pub(crate) manager: Arc<ChannelManager>,
}

impl OnchainSync {
    /// Brings the wallet up to the chain; the first time it looks through all addresses, so that words alone find every coin.
    pub async fn sync(&self) -> Result<(), NodeError> {
        let scanned = self.store.get(NAMESPACE, "", SCANNED).await?.is_some();
        let now = self.host.now().as_secs();
        let parallel = self.chain.parallel_requests();
        let client = &self.chain.client;
        let mut update: Update = if scanned {
            let request = self.onchain.bdk.borrow().start_sync_with_revealed_spks_at(now).build();
            self.chain.look(client.sync(request, parallel)).await?.into()
        } else {
            let request = self.onchain.bdk.borrow().start_full_scan_at(now).build();
            self.chain
                .scan(client.full_scan(request, self.chain.stop_gap(), parallel))
                .await?
                .into()
        };
        self.keep_expected(&mut update);
        let touched = touched(&update);
        self.onchain
            .bdk
            .borrow_mut()
            .apply_update(update)
            .map_err(|e| contradiction(&format!("its blocks do not connect to ours ({e})")))?;
        if !scanned {
            self.store.stage(NAMESPACE, "", SCANNED, vec![1]);
        }
        let rivals = touched.iter().flat_map(|txid| self.onchain.rivals(*txid));
        let all: BTreeSet<Txid> = rivals.chain(touched.iter().copied()).collect();
        for txid in all {
            self.record(txid).await?;
        }
        self.host.wake();
        Ok(())
    }

    /// The network refused one of our transactions: its coins are free again, unless a channel waits for it.
    pub async fn refused(&self, txid: Txid) -> Result<(), NodeError> {
        if self.funds_channel(txid) {
            return Ok(());
        }
        self.onchain.evict(txid);
        self.record(txid).await?;
        for restored in self.onchain.restore_replaced(txid) {
            self.record(restored).await?;
        }
        Ok(())
    }

    /// Whether a channel that is not closed waits for this transaction of ours, or stands on it: no other may spend its coins.
    pub fn funds_channel(&self, txid: Txid) -> bool {
        let channels = self.manager.list_channels();
        channels
            .iter()
            .any(|channel| channel.is_outbound && channel.funding_txo.is_some_and(|txo| txo.txid == txid))
    }

    /// What is on its way, was seen just now, or funds a channel is not gone because the server does not list it.
    fn keep_expected(&self, update: &mut Update) {
        let is_expected = |txid: Txid, at: u64| {
            let seen = self.onchain.last_seen(txid).unwrap_or(0);
            self.outputs.is_unanswered(txid) || seen + LISTED_AFTER_SECONDS > at || self.funds_channel(txid)
        };
        update
            .tx_update
            .evicted_ats
            .retain(|(txid, at)| !is_expected(*txid, *at));
    }

    /// Writes the history row of one of our transactions, if it says anything new.
    pub async fn record(&self, txid: Txid) -> Result<(), NodeError> {
        let id = txid.to_string();
        let known = self.payments.get(&id).await?;
        let now = self.payments.now_ms();
        let Some(details) = self.onchain.details(txid) else {
            // Replaced, or dropped by the network: it will not happen.
            if let Some(row) = known.filter(|row| row.status == PaymentStatus::Pending) {
                let is_replaced = self.onchain.is_replaced(txid);
                self.payments.put(Payment {
                    status: PaymentStatus::Failed,
                    failure_code: is_replaced.then(|| REPLACED.to_string()),
                    updated_at_ms: now,
                    ..row
                });
            }
            return Ok(());
        };
        let confirmed_height = details.chain_position.confirmation_height_upper_bound();
        let status = if confirmed_height.is_some() {
            PaymentStatus::Succeeded
        } else {
            PaymentStatus::Pending
        };
        if known
            .as_ref()
            .is_some_and(|row| row.status == status && row.confirmed_height == confirmed_height)
        {
            return Ok(());
        }
        let (sent, received) = (details.sent.to_sat(), details.received.to_sat());
        let fee = details.fee.map(|fee| fee.to_sat());
        let outbound = sent > received;
        // What left us for others: the fee is told apart.
        let amount_sat = if outbound {
            (sent - received).saturating_sub(fee.unwrap_or(0))
        } else {
            received - sent
        };
        let direction = if outbound {
            PaymentDirection::Outbound
        } else {
            PaymentDirection::Inbound
        };
        self.payments.put(Payment {
            amount_msat: Some(amount_sat * 1000),
            fee_msat: if outbound { fee.map(|sat| sat * 1000) } else { None },
            description: known
                .as_ref()
                .map_or_else(|| self.describe(&details.tx), |row| row.description.clone()),
            created_at_ms: known.as_ref().map_or(now, |row| row.created_at_ms),
            address: self.other_address(&details.tx, outbound),
            confirmed_height,
            ..Payment::new(&id, PaymentKind::Onchain, direction, status, now)
        });
        Ok(())
    }

    fn describe(&self, tx: &bitcoin::Transaction) -> String {
        let txid = tx.compute_txid();
        let channels = self.manager.list_channels();
        let funds = channels
            .iter()
            .any(|channel| channel.funding_txo.is_some_and(|txo| txo.txid == txid));
        if funds {
            return "Channel opened".to_string();
        }
        // A 2-of-2 multisig spend is how channels end.
        let closes = tx
            .input
            .iter()
            .any(|input| input.witness.len() == 4 && input.witness.last().is_some_and(|s| s.len() == 71));
        if closes {
            "Channel closed".to_string()
        } else {
            String::new()
        }
    }

    /// Whom an outgoing payment went to, or where an incoming one arrived.
    fn other_address(&self, tx: &bitcoin::Transaction, outbound: bool) -> Option<String> {
        let bdk = self.onchain.bdk.borrow();
        let output = tx
            .output
            .iter()
            .find(|output| bdk.is_mine(output.script_pubkey.clone()) != outbound)?;
        Address::from_script(&output.script_pubkey, bitcoin::Network::from(self.network))
            .ok()
            .map(|address| address.to_string())
    }
}

/// The transactions an update says something about.
fn touched(update: &Update) -> BTreeSet<Txid> {
    let graph = &update.tx_update;
    let whole = graph.txs.iter().map(|tx| tx.compute_txid());
    let anchored = graph.anchors.iter().map(|(_, txid)| *txid);
    let seen = graph.seen_ats.iter().map(|(txid, _)| *txid);
    let evicted = graph.evicted_ats.iter().map(|(txid, _)| *txid);
    whole.chain(anchored).chain(seen).chain(evicted).collect()
}
