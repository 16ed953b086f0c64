//! Owns the wait for peers before a block is told that would close their channels: what a peer has to say about an HTLC counts before its deadline does.

use std::time::Duration;

use lightning::ln::channel_state::{ChannelDetails, InboundHTLCStateDetails};

use crate::error::NodeError;
use crate::node::Node;

/// Blocks after which LDK closes a channel for an HTLC of ours that its peer neither settled nor gave back (`LATENCY_GRACE_PERIOD_BLOCKS`).
const OUTBOUND_GRACE_BLOCKS: u32 = 3;
/// Blocks before the deadline at which LDK closes a channel to claim an HTLC on chain (`CLTV_CLAIM_BUFFER`).
const INBOUND_CLAIM_BLOCKS: u32 = 36;
const LOOK_INTERVAL: Duration = Duration::from_millis(250);
/// For peers to be reached, and to say what became of the HTLCs: 60 s, far below what any deadline leaves.
const MOST_LOOKS: u32 = 240;
/// For peers that are there to say it: 25 s, in which LDK notices a connection that slept with the device.
const MOST_USABLE_LOOKS: u32 = 100;

impl Node {
    /// Waits a little for the peers of the channels that LDK would close at the best block. A payment may have failed while the wallet was
    /// away: its peer gives it back at the first contact, and nobody need pay for a closing. False: the node stops meanwhile, and nothing may
    /// be told. `chain_unavailable`, `chain_invalid_answer`, `wrong_network`.
    pub(crate) async fn let_peers_settle(&self) -> Result<bool, NodeError> {
        let mut usable_looks = 0;
        let mut height = None;
        for _ in 0..MOST_LOOKS {
            let mut channels = self.manager.list_channels();
            channels.retain(|channel| closing_height(channel).is_some());
            if channels.is_empty() {
                break;
            }
            let known = match height {
                Some(known) => known,
                None => {
                    self.confirm.check_network().await?;
                    *height.insert(self.chain.best_block().await?.1)
                }
            };
            self.tip.announce(known);
            channels.retain(|channel| closing_height(channel).is_some_and(|due| due <= known));
            if channels.is_empty() {
                break;
            }
            let are_usable = channels.iter().all(|channel| channel.is_usable);
            usable_looks = if are_usable { usable_looks + 1 } else { 0 };
            if usable_looks > MOST_USABLE_LOOKS {
                break;
            }
            if self.tasks.pause(LOOK_INTERVAL).await {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The height at which LDK closes the channel for one of its HTLCs.
fn closing_height(channel: &ChannelDetails) -> Option<u32> {
    let outbound = channel.pending_outbound_htlcs.iter();
    let claimed = channel
        .pending_inbound_htlcs
        .iter()
        .filter(|htlc| htlc.state == Some(InboundHTLCStateDetails::AwaitingRemoteRevokeToRemoveFulfill));
    outbound
        .map(|htlc| htlc.cltv_expiry.saturating_add(OUTBOUND_GRACE_BLOCKS))
        .chain(claimed.map(|htlc| htlc.cltv_expiry.saturating_sub(INBOUND_CLAIM_BLOCKS)))
        .min()
}
