//! Owns the sum of what is ours: on chain, in channels, and on the way between. Nothing is counted twice.

use lightning::chain::channelmonitor::Balance;

use crate::node::Node;
use crate::types::Balances;

impl Node {
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
            onchain_frozen_sat: onchain.frozen_sat,
            onchain_pending_sat: onchain.pending_sat,
            anchor_reserve_sat: reserve_sat,
            lightning_msat,
            outbound_capacity_msat: outbound,
            inbound_capacity_msat: inbound,
            closing_sat,
            total_sat: onchain.spendable_sat
                + onchain.frozen_sat
                + onchain.pending_sat
                + lightning_msat / 1000
                + closing_sat,
        }
    }

    /// What is ours in open channels: what we send is gone until it comes back, what is sent to us is the sender's until it is claimed.
    fn lightning_msat(&self) -> u64 {
        let open = self.manager.list_channels();
        let mut total = 0;
        // What a stranger pushes to us is ours when the channel is confirmed.
        let ours = open
            .iter()
            .filter(|channel| channel.is_outbound || channel.is_channel_ready);
        for channel in ours {
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
