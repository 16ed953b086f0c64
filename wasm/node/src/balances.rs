//! Owns the sum of what is ours: on chain, in channels, and on the way between. Nothing is counted twice.

use lightning::chain::channelmonitor::Balance;
use lightning::ln::channel_state::ChannelDetails;

use crate::node::Node;
use crate::types::Balances;

impl Node {
    /// All that is ours.
    pub fn balances(&self) -> Balances {
        let channels = self.manager.list_channels();
        let closing_parts = self.closing_parts(&channels);
        let closing_sat = closing_parts.iter().map(|part| part.amount_sat).sum::<u64>();
        let lightning_msat = self.lightning_msat(&channels);
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
            closing_parts,
            total_sat: onchain.spendable_sat
                + onchain.frozen_sat
                + onchain.pending_sat
                + lightning_msat / 1000
                + closing_sat,
        }
    }

    /// What is ours in open channels: what we send is gone until it comes back, what is sent to us is the sender's until it is claimed.
    fn lightning_msat(&self, open: &[ChannelDetails]) -> u64 {
        let mut total = 0;
        // What a stranger pushes to us is ours when the channel is confirmed.
        let ours = open
            .iter()
            .filter(|channel| channel.is_outbound || channel.is_channel_ready)
            // Its funding was dropped; or a peer broadcasts the closing before we hear that it agrees.
            .filter(|channel| {
                !channel.funding_txo.is_some_and(|txo| {
                    self.onchain.is_dropped(txo.txid) || self.onchain.counts_spend_of(txo.into_bitcoin_outpoint())
                })
            });
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
}
