//! Owns the cure for channels that hang: lnd sends no `channel_reestablish` for a channel that confirmed while it was connected, until it connects anew.

use std::collections::HashMap;

use bitcoin::secp256k1::PublicKey;
use lightning::ln::channel_state::ChannelDetails;
use lightning::ln::types::ChannelId;

const FIRST_PATIENCE_MS: f64 = 5_000.0;
const MAX_PATIENCE_MS: f64 = 600_000.0;

/// How long a channel has hung, and how long it may until its peer is dialled again.
struct Hanging {
    since_ms: f64,
    patience_ms: f64,
}

/// The channels that hang.
#[derive(Default)]
pub struct Revive {
    hanging: HashMap<ChannelId, Hanging>,
}

impl Revive {
    /// Looks at all channels and names the peers to connect to anew. A channel that goes on hanging asks for it ever less often.
    pub fn peers_to_reconnect(
        &mut self,
        channels: &[ChannelDetails],
        is_connected: impl Fn(&PublicKey) -> bool,
        now_ms: f64,
    ) -> Vec<PublicKey> {
        let hangs = |channel: &&ChannelDetails| hangs(channel) && is_connected(&channel.counterparty.node_id);
        let current: HashMap<ChannelId, PublicKey> = channels
            .iter()
            .filter(hangs)
            .map(|channel| (channel.channel_id, channel.counterparty.node_id))
            .collect();
        let usable = |id: &ChannelId| {
            channels
                .iter()
                .any(|channel| channel.channel_id == *id && channel.is_usable)
        };
        self.hanging.retain(|id, _| !usable(id));
        let mut peers = Vec::new();
        for (channel_id, peer) in current {
            let entry = Hanging {
                since_ms: now_ms,
                patience_ms: FIRST_PATIENCE_MS,
            };
            let hanging = self.hanging.entry(channel_id).or_insert(entry);
            if now_ms - hanging.since_ms >= hanging.patience_ms {
                hanging.since_ms = now_ms;
                hanging.patience_ms = (hanging.patience_ms * 2.0).min(MAX_PATIENCE_MS);
                peers.push(peer);
            }
        }
        peers
    }
}

/// Confirmed as deep as it must be, and yet of no use.
fn hangs(channel: &ChannelDetails) -> bool {
    use lightning::ln::channel_state::ChannelShutdownState::NotShuttingDown;
    let deep_enough = match (channel.confirmations, channel.confirmations_required) {
        (Some(has), Some(needs)) => has >= needs.max(1),
        _ => false,
    };
    let is_open = channel
        .channel_shutdown_state
        .is_none_or(|state| state == NotShuttingDown);
    deep_enough && is_open && !channel.is_usable
}
