//! Owns the answers to LDK's events. Each may come again after a crash, so every answer can be given twice.

use std::rc::Rc;
use std::sync::Arc;

use bitcoin::ScriptBuf;
use lightning::chain::chaininterface::BroadcasterInterface as _;
use lightning::events::bump_transaction::{BumpTransactionEvent, BumpTransactionEventHandler, Wallet as BumpWallet};
use lightning::events::{ClosureReason, Event, FundingInfo, PaymentFailureReason, PaymentPurpose, ReplayEvent};
use lightning::ln::channelmanager::PaymentId;
use lightning::ln::types::ChannelId;
use lightning::sign::EntropySource;
use lightning::types::payment::{PaymentHash, PaymentPreimage};

use crate::channels::Channels;
use crate::error::NodeError;
use crate::host::{LogLevel, SharedHost};
use crate::keys::WalletKeys;
use crate::ldk::{ChannelManager, Logger, Sweeper};
use crate::onchain::OnchainWallet;
use crate::onchain_bump::claimed;
use crate::outputs::Outputs;
use crate::payments::Payments;
use crate::quarantine::Quarantine;
use crate::tip::Tip;
use crate::types::{ChannelState, NodeEvent, Payment, PaymentDirection, PaymentKind, PaymentStatus};

type Bumper =
    BumpTransactionEventHandler<Arc<Outputs>, Arc<BumpWallet<Rc<OnchainWallet>, Logger>>, Arc<WalletKeys>, Logger>;

/// Everything an event may need.
pub struct EventHandler {
    pub(crate) quarantine: Rc<Quarantine>,
    pub(crate) host: SharedHost,
    pub(crate) manager: Arc<ChannelManager>,
    pub(crate) channels: Rc<Channels>,
    pub(crate) onchain: Rc<OnchainWallet>,
    pub(crate) payments: Arc<Payments>,
    pub(crate) sweeper: Arc<Sweeper>,
    pub(crate) bumper: Bumper,
    pub(crate) outputs: Arc<Outputs>,
    pub(crate) keys: Arc<WalletKeys>,
    pub(crate) tip: Rc<Tip>,
}

impl EventHandler {
    /// Answers one event. An error asks LDK to bring it again.
    pub async fn handle(&self, event: Event) -> Result<(), ReplayEvent> {
        let answered = match event {
            Event::FundingGenerationReady { .. }
            | Event::DiscardFunding { .. }
            | Event::OpenChannelRequest { .. }
            | Event::ChannelPending { .. }
            | Event::ChannelReady { .. }
            | Event::ChannelClosed { .. } => {
                self.channel_event(event);
                Ok(())
            }
            Event::SpendableOutputs { outputs, channel_id } => {
                let tracked = self
                    .sweeper
                    .track_spendable_outputs(outputs, channel_id, true, None)
                    .await;
                self.outputs.event(NodeEvent::BalancesChanged);
                tracked.map_err(|()| NodeError::internal("The sweeper did not take outputs that are ours."))
            }
            Event::BumpTransaction(bump) => {
                if !self.onchain.is_vain(&bump) {
                    self.bump(&bump).await;
                }
                Ok(())
            }
            other => self.payment_event(other).await,
        };
        answered.map_err(|e| {
            self.host.log(LogLevel::Error, "events", &e.to_string());
            ReplayEvent()
        })
    }

    async fn bump(&self, bump: &BumpTransactionEvent) {
        self.onchain.unbind_from_claims_of(&claimed(bump));
        self.bumper.handle_event(bump).await;
        if let BumpTransactionEvent::ChannelClose { commitment_tx, .. } = bump {
            // Without a coin that could pay for a child LDK gives up; alone it may still do.
            if !self.outputs.is_queued(commitment_tx.compute_txid()) {
                self.outputs.broadcast_transactions(&[commitment_tx]);
            }
        }
    }

    fn channel_event(&self, event: Event) {
        match event {
            Event::FundingGenerationReady {
                temporary_channel_id,
                counterparty_node_id,
                channel_value_satoshis,
                output_script,
                user_channel_id,
            } => self.fund(
                temporary_channel_id,
                counterparty_node_id,
                channel_value_satoshis,
                output_script,
                user_channel_id,
            ),
            Event::DiscardFunding {
                funding_info: FundingInfo::Tx { transaction },
                ..
            } => self.onchain.release(&transaction),
            Event::OpenChannelRequest {
                temporary_channel_id,
                counterparty_node_id,
                ..
            } => {
                let accepted = self.manager.accept_inbound_channel(
                    &temporary_channel_id,
                    &counterparty_node_id,
                    self.random_id(),
                    None,
                );
                if let Err(e) = accepted {
                    self.host.log(
                        LogLevel::Warn,
                        "events",
                        &format!("a channel offered by a peer was refused: {e:?}"),
                    );
                }
            }
            Event::ChannelPending { channel_id, .. } => self.tell(channel_id, ChannelState::Confirming, None),
            Event::ChannelReady { channel_id, .. } => self.tell(channel_id, ChannelState::Ready, None),
            Event::ChannelClosed {
                channel_id,
                reason,
                user_channel_id,
                counterparty_node_id,
                ..
            } => {
                self.channels.funding_feerates.borrow_mut().remove(&user_channel_id);
                self.quarantine.channel_closed(channel_id, &reason);
                if let (ClosureReason::FellBehind, Some(node_id)) = (&reason, counterparty_node_id) {
                    self.outputs.event(NodeEvent::ChannelBehind {
                        channel_id: channel_id.to_string(),
                        node_id: node_id.to_string(),
                    });
                }
                self.tell(channel_id, ChannelState::Closed, Some(explain(&reason)));
            }
            _ => {}
        }
    }

    fn tell(&self, channel_id: ChannelId, state: ChannelState, reason: Option<String>) {
        self.outputs.event(NodeEvent::ChannelChanged {
            channel_id: channel_id.to_string(),
            state,
            reason,
        });
        self.outputs.event(NodeEvent::BalancesChanged);
    }

    fn fund(
        &self,
        temporary_id: ChannelId,
        peer: bitcoin::secp256k1::PublicKey,
        amount_sat: u64,
        script: ScriptBuf,
        user_id: u128,
    ) {
        let chosen = self.channels.funding_feerates.borrow_mut().remove(&user_id);
        let sat_per_vb = chosen.unwrap_or_else(|| self.channels.fees.sat_per_vb(6));
        let funded = self
            .onchain
            .fund(&script, amount_sat, sat_per_vb, self.channels.reserve_sat())
            .and_then(|funding| {
                self.manager
                    .funding_transaction_generated(temporary_id, peer, funding.clone())
                    .map_err(|e| {
                        self.onchain.release(&funding);
                        NodeError::internal(format!("The funding was refused: {e:?}."))
                    })
            });
        if let Err(e) = funded {
            self.host.log(LogLevel::Error, "events", &e.to_string());
            // Nothing was signed for this channel yet: giving it up costs nothing.
            let _ = self
                .manager
                .force_close_broadcasting_latest_txn(&temporary_id, &peer, e.cause);
        }
    }

    async fn payment_event(&self, event: Event) -> Result<(), NodeError> {
        match event {
            Event::PaymentClaimable {
                payment_hash,
                purpose,
                claim_deadline,
                ..
            } => {
                // LDK may not have heard of the block yet that makes it too late.
                let is_late = claim_deadline.is_some_and(|deadline| deadline <= self.tip.announced());
                let is_refused = is_late || self.payments.is_spent(&payment_hash.to_string()).await?;
                match purpose.preimage() {
                    Some(preimage) if !is_refused => self.manager.claim_funds(preimage),
                    _ => self.manager.fail_htlc_backwards(&payment_hash),
                }
                Ok(())
            }
            Event::PaymentClaimed {
                payment_hash,
                amount_msat,
                purpose,
                ..
            } => self.received(payment_hash, amount_msat, &purpose).await,
            Event::PaymentSent {
                payment_id,
                payment_preimage,
                payment_hash,
                amount_msat,
                fee_paid_msat,
                ..
            } => {
                self.sent(payment_id, payment_hash, payment_preimage, amount_msat, fee_paid_msat)
                    .await
            }
            Event::PaymentFailed { payment_id, reason, .. } => self.failed(payment_id, reason).await,
            _ => Ok(()),
        }
    }

    async fn received(&self, hash: PaymentHash, amount_msat: u64, purpose: &PaymentPurpose) -> Result<(), NodeError> {
        let kind = match purpose {
            PaymentPurpose::SpontaneousPayment(_) => PaymentKind::Keysend,
            _ => PaymentKind::Bolt11,
        };
        let id = hash.to_string();
        let now = self.payments.now_ms();
        let known = self.payments.get(&id).await?;
        let mut payment = known.unwrap_or_else(|| unknown_payment(&id, kind, PaymentDirection::Inbound, now));
        if payment.status == PaymentStatus::Succeeded || payment.direction == PaymentDirection::Outbound {
            return Ok(());
        }
        // A payment begins when it arrives: the history is in that order.
        payment.created_at_ms = now;
        payment.updated_at_ms = now;
        payment.status = PaymentStatus::Succeeded;
        payment.amount_msat = Some(amount_msat);
        payment.preimage = purpose.preimage().map(|preimage| hex(&preimage.0));
        self.payments.put(payment);
        Ok(())
    }

    async fn sent(
        &self,
        payment_id: Option<PaymentId>,
        hash: PaymentHash,
        preimage: PaymentPreimage,
        amount_msat: Option<u64>,
        fee_msat: Option<u64>,
    ) -> Result<(), NodeError> {
        let id = payment_id.map_or_else(|| hash.to_string(), |id| hex(&id.0));
        let now = self.payments.now_ms();
        let known = self.payments.get(&id).await?;
        let mut payment =
            known.unwrap_or_else(|| unknown_payment(&id, PaymentKind::Bolt11, PaymentDirection::Outbound, now));
        payment.updated_at_ms = now;
        payment.status = PaymentStatus::Succeeded;
        payment.amount_msat = amount_msat.or(payment.amount_msat);
        payment.fee_msat = fee_msat.or(payment.fee_msat);
        payment.preimage = Some(hex(&preimage.0));
        payment.failure_code = None;
        self.payments.put(payment);
        Ok(())
    }

    async fn failed(&self, payment_id: PaymentId, reason: Option<PaymentFailureReason>) -> Result<(), NodeError> {
        let Some(mut payment) = self.payments.get(&hex(&payment_id.0)).await? else {
            return Ok(());
        };
        if payment.status == PaymentStatus::Succeeded {
            return Ok(());
        }
        payment.updated_at_ms = self.payments.now_ms();
        payment.status = PaymentStatus::Failed;
        payment.failure_code = Some(failure_code(reason).to_string());
        self.payments.put(payment);
        Ok(())
    }

    fn random_id(&self) -> u128 {
        let bytes = self.keys.get_secure_random_bytes();
        bytes.iter().take(16).fold(0, |id, byte| (id << 8) | u128::from(*byte))
    }
}

fn failure_code(reason: Option<PaymentFailureReason>) -> &'static str {
    match reason {
        Some(PaymentFailureReason::RouteNotFound) => "route_not_found",
        Some(PaymentFailureReason::PaymentExpired) => "invoice_expired",
        _ => "payment_failed",
    }
}

fn explain(reason: &ClosureReason) -> String {
    reason.to_string()
}

fn hex(bytes: &[u8; 32]) -> String {
    use bitcoin::hex::DisplayHex;
    bytes.to_lower_hex_string()
}

/// A payment that LDK knows and our rows do not: sent to us without an invoice, restored from words, or made by another version.
fn unknown_payment(id: &str, kind: PaymentKind, direction: PaymentDirection, now_ms: f64) -> Payment {
    Payment::new(id, kind, direction, PaymentStatus::Pending, now_ms)
}

/// The handler that bumps closings of anchor channels with the wallet's own coins.
pub fn bumper(outputs: Arc<Outputs>, onchain: Rc<OnchainWallet>, keys: Arc<WalletKeys>, logger: Logger) -> Bumper {
    let wallet = Arc::new(BumpWallet::new(onchain, Arc::clone(&logger)));
    BumpTransactionEventHandler::new(outputs, wallet, keys, logger)
}
