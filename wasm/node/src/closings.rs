//! Owns what is on its way back from closed channels. Nothing is here that the on-chain wallet counts already.

use std::collections::HashSet;

use bitcoin::{OutPoint, Txid};
use lightning::chain::channelmonitor::{Balance, BalanceSource, ANTI_REORG_DELAY};
use lightning::ln::channel_state::ChannelDetails;
use lightning::ln::types::ChannelId;
use lightning::sign::SpendableOutputDescriptor;
use lightning::util::sweep::OutputSpendStatus;

use crate::node::Node;
use crate::types::{ClosingPart, ClosingStage};

impl Node {
    /// Each part with what it waits for, the soonest first. `channels`: all that are not closed.
    pub(crate) fn closing_parts(&self, channels: &[ChannelDetails]) -> Vec<ClosingPart> {
        let open: HashSet<ChannelId> = channels.iter().map(|channel| channel.channel_id).collect();
        let closed = self.chain_monitor.list_monitors().into_iter();
        let mut parts: Vec<ClosingPart> = closed
            .filter(|channel_id| !open.contains(channel_id))
            .flat_map(|channel_id| self.parts_of(channel_id))
            .chain(self.sweeps())
            .filter(|part| part.amount_sat > 0)
            .collect();
        parts.sort_by_key(|part| (part.free_at_height.unwrap_or(u32::MAX), part.amount_sat));
        parts
    }

    /// The outputs of closed channels that are claimed, swept or taken from a cheat: LDK makes that anew until it is in a block.
    pub(crate) fn claimed_outputs(&self) -> HashSet<OutPoint> {
        let monitors = self.chain_monitor.list_monitors().into_iter();
        let watched = monitors
            .filter_map(|channel_id| self.chain_monitor.get_monitor(channel_id).ok())
            .flat_map(|monitor| {
                let funding_txid = monitor.get_funding_txo().txid;
                let outputs = monitor.get_outputs_to_watch().into_iter();
                outputs.filter(move |(txid, _)| *txid != funding_txid)
            })
            .flat_map(|(txid, outputs)| outputs.into_iter().map(move |(vout, _)| OutPoint { txid, vout }));
        let swept = self.sweeper.tracked_spendable_outputs().into_iter();
        watched
            .chain(swept.map(|output| outpoint(&output.descriptor)))
            .collect()
    }

    fn parts_of(&self, channel_id: ChannelId) -> Vec<ClosingPart> {
        let Ok(monitor) = self.chain_monitor.get_monitor(channel_id) else {
            return vec![];
        };
        let funding = monitor.get_funding_txo().into_bitcoin_outpoint();
        if self.onchain.is_dropped(funding.txid) {
            return vec![];
        }
        let mut balances = monitor.get_claimable_balances();
        if balances.iter().any(may_be_closing_by_consent) && self.onchain.counts_spend_of(funding) {
            balances.retain(|balance| !may_be_closing_by_consent(balance));
        }
        if balances.is_empty() {
            return vec![];
        }
        let watched = monitor.get_outputs_to_watch().into_iter();
        let commitments: HashSet<Txid> = watched
            .map(|(txid, _)| txid)
            .filter(|txid| *txid != funding.txid)
            .collect();
        let claimed_sat = self.claimed_in_wallet_sat(&commitments);
        let height = self.manager.current_best_block().height;
        without_claimed(
            balances
                .iter()
                .map(|balance| part(balance, monitor.fell_behind()))
                .collect(),
            claimed_sat.saturating_sub(refundable_sat(&balances, height)),
        )
    }

    /// What claims of a commitment's outputs bring to the on-chain wallet, which counts them before LDK ceases to: at the sixth block.
    fn claimed_in_wallet_sat(&self, commitments: &HashSet<Txid>) -> u64 {
        let tracked = self.sweeper.tracked_spendable_outputs().into_iter();
        // LDK does not count these any more.
        let swept: HashSet<OutPoint> = tracked.map(|output| outpoint(&output.descriptor)).collect();
        let is_claimed = |coin: &OutPoint| commitments.contains(&coin.txid) && !swept.contains(coin);
        self.onchain.unsettled_from_sat(is_claimed, ANTI_REORG_DELAY)
    }

    /// What the sweeper was given, as long as the on-chain wallet does not count what became of it: a sweep may be held or refused.
    fn sweeps(&self) -> Vec<ClosingPart> {
        let tracked = self.sweeper.tracked_spendable_outputs().into_iter();
        tracked
            .filter(|output| !matches!(output.status, OutputSpendStatus::PendingThresholdConfirmations { .. }))
            .filter(|output| !self.onchain.counts_spend_of(outpoint(&output.descriptor)))
            .map(|output| ClosingPart {
                amount_sat: amount_sat(&output.descriptor),
                stage: ClosingStage::Sweeping,
                free_at_height: match output.status {
                    OutputSpendStatus::PendingInitialBroadcast { delayed_until_height } => delayed_until_height,
                    _ => None,
                },
            })
            .collect()
    }
}

/// LDK counts a closing by consent as coming until its sixth block, while its output is the on-chain wallet's from the broadcast on.
fn may_be_closing_by_consent(balance: &Balance) -> bool {
    matches!(
        balance,
        Balance::ClaimableOnChannelClose { .. }
            | Balance::ClaimableAwaitingConfirmations {
                source: BalanceSource::CoopClose,
                ..
            }
    )
}

fn part(balance: &Balance, fell_behind: bool) -> ClosingPart {
    let (stage, free_at_height) = match balance {
        Balance::ClaimableOnChannelClose { .. } if fell_behind => (ClosingStage::Awaited, None),
        Balance::ClaimableOnChannelClose { .. } => (ClosingStage::Unconfirmed, None),
        Balance::ClaimableAwaitingConfirmations {
            confirmation_height,
            source,
            ..
        } => match source {
            BalanceSource::HolderForceClosed => (ClosingStage::Delayed, Some(*confirmation_height)),
            BalanceSource::CounterpartyForceClosed | BalanceSource::CoopClose => {
                (ClosingStage::Confirming, Some(*confirmation_height))
            }
            BalanceSource::Htlc => (ClosingStage::Htlc, Some(*confirmation_height)),
        },
        Balance::MaybeTimeoutClaimableHTLC { claimable_height, .. } => (ClosingStage::Htlc, Some(*claimable_height)),
        Balance::ContentiousClaimable { .. } | Balance::MaybePreimageClaimableHTLC { .. } => (ClosingStage::Htlc, None),
        Balance::CounterpartyRevokedOutputClaimable { .. } => (ClosingStage::Revoked, None),
    };
    ClosingPart {
        amount_sat: balance.claimable_amount_satoshis(),
        stage,
        free_at_height,
    }
}

/// Payments of ours that the peer did not settle in time. LDK counts their refunds once they are confirmed, and the on-chain wallet before.
fn refundable_sat(balances: &[Balance], height: u32) -> u64 {
    let refunds = balances.iter().filter_map(|balance| match balance {
        Balance::MaybeTimeoutClaimableHTLC {
            amount_satoshis,
            claimable_height,
            outbound_payment: true,
            ..
        } if *claimable_height <= height => Some(amount_satoshis),
        _ => None,
    });
    refunds.sum()
}

/// The parts less what claims brought already: first those that are claims, never one that waits for a delay.
fn without_claimed(mut parts: Vec<ClosingPart>, mut claimed_sat: u64) -> Vec<ClosingPart> {
    for stage in [ClosingStage::Htlc, ClosingStage::Revoked, ClosingStage::Confirming] {
        for part in parts.iter_mut().filter(|part| part.stage == stage) {
            let taken_sat = part.amount_sat.min(claimed_sat);
            part.amount_sat -= taken_sat;
            claimed_sat -= taken_sat;
        }
    }
    parts
}

fn outpoint(descriptor: &SpendableOutputDescriptor) -> OutPoint {
    let outpoint = match descriptor {
        SpendableOutputDescriptor::StaticOutput { outpoint, .. } => outpoint,
        SpendableOutputDescriptor::DelayedPaymentOutput(descriptor) => &descriptor.outpoint,
        SpendableOutputDescriptor::StaticPaymentOutput(descriptor) => &descriptor.outpoint,
    };
    outpoint.into_bitcoin_outpoint()
}

fn amount_sat(descriptor: &SpendableOutputDescriptor) -> u64 {
    let output = match descriptor {
        SpendableOutputDescriptor::StaticOutput { output, .. } => output,
        SpendableOutputDescriptor::DelayedPaymentOutput(descriptor) => &descriptor.output,
        SpendableOutputDescriptor::StaticPaymentOutput(descriptor) => &descriptor.output,
    };
    output.value.to_sat()
}

#[cfg(test)]
mod tests {
    use lightning::types::payment::PaymentHash;

    use super::*;

    fn part_of(stage: ClosingStage, amount_sat: u64) -> ClosingPart {
        ClosingPart {
            amount_sat,
            stage,
            free_at_height: None,
        }
    }

    #[test]
    fn what_claims_brought_is_taken_off_once_and_never_off_what_waits_for_a_delay() {
        let parts = vec![
            part_of(ClosingStage::Delayed, 500),
            part_of(ClosingStage::Confirming, 30),
            part_of(ClosingStage::Htlc, 40),
            part_of(ClosingStage::Revoked, 100),
        ];
        let amounts = |claimed_sat| -> Vec<u64> {
            let left = without_claimed(parts.clone(), claimed_sat);
            left.iter().map(|part| part.amount_sat).collect()
        };
        assert_eq!(amounts(0), [500, 30, 40, 100]);
        assert_eq!(amounts(60), [500, 30, 0, 80]);
        assert_eq!(amounts(1_000), [500, 0, 0, 0]);
    }

    #[test]
    fn a_refund_is_counted_by_the_wallet_alone_from_the_height_at_which_it_can_be_had() {
        let refund = |outbound_payment| Balance::MaybeTimeoutClaimableHTLC {
            amount_satoshis: 40,
            claimable_height: 144,
            payment_hash: PaymentHash([0; 32]),
            outbound_payment,
        };
        let balances = [refund(true), refund(false)];
        assert_eq!(refundable_sat(&balances, 143), 0);
        assert_eq!(refundable_sat(&balances, 144), 40);
    }

    #[test]
    fn only_a_closing_by_consent_is_left_to_the_onchain_wallet() {
        let awaiting = |source| Balance::ClaimableAwaitingConfirmations {
            amount_satoshis: 1,
            confirmation_height: 7,
            source,
        };
        assert!(may_be_closing_by_consent(&awaiting(BalanceSource::CoopClose)));
        for (source, stage) in [
            (BalanceSource::HolderForceClosed, ClosingStage::Delayed),
            (BalanceSource::CounterpartyForceClosed, ClosingStage::Confirming),
            (BalanceSource::Htlc, ClosingStage::Htlc),
        ] {
            let balance = awaiting(source);
            assert!(!may_be_closing_by_consent(&balance));
            assert_eq!(part(&balance, false).stage, stage);
            assert_eq!(part(&balance, false).free_at_height, Some(7));
        }
    }
}
