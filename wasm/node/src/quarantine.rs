//! Owns the quarantine of doubtful state (invariant 8): it lasts until every channel's peer has agreed to our state, or has proved us behind.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use bitcoin::secp256k1::PublicKey;
use lightning::ln::channel_state::{ChannelDetails, ChannelShutdownState};

/// LDK does not tell that a channel which opens or closes was reestablished; it happens at once after the handshake.
const SETTLED_AFTER_MS: f64 = 3_000.0;

/// Whether the node may broadcast.
pub struct Quarantine {
    is_on: Cell<bool>,
    connected_since_ms: RefCell<HashMap<PublicKey, f64>>,
}

impl Quarantine {
    /// `is_on`: the state that was loaded is doubtful.
    pub fn new(is_on: bool) -> Self {
        Self {
            is_on: Cell::new(is_on),
            connected_since_ms: RefCell::default(),
        }
    }

    /// Whether nothing may be broadcast.
    pub fn is_on(&self) -> bool {
        self.is_on.get()
    }

    /// Looks at all channels; true once, when all have agreed and the quarantine is over. A channel that fell behind is no longer among them.
    pub fn ends(&self, channels: &[ChannelDetails], connected: &[PublicKey], now_ms: f64) -> bool {
        if !self.is_on() {
            return false;
        }
        let mut since = self.connected_since_ms.borrow_mut();
        since.retain(|peer, _| connected.contains(peer));
        for peer in connected {
            since.entry(*peer).or_insert(now_ms);
        }
        let agreed = |channel: &ChannelDetails| {
            let connected_ms = since
                .get(&channel.counterparty.node_id)
                .map(|since_ms| now_ms - since_ms);
            let is_open = channel
                .channel_shutdown_state
                .is_none_or(|state| state == ChannelShutdownState::NotShuttingDown);
            let never_usable = !channel.is_channel_ready || !is_open;
            channel.is_usable || (never_usable && connected_ms.is_some_and(|ms| ms >= SETTLED_AFTER_MS))
        };
        let ends = channels.iter().all(agreed);
        self.is_on.set(!ends);
        ends
    }
}
