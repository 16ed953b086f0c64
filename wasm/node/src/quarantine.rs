//! Owns the quarantine of doubtful state (invariant 8): it lasts until of every channel the peer has agreed to our state, or has proved us behind, or the funding is spent.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use bitcoin::secp256k1::PublicKey;
use lightning::ln::channel_state::{ChannelDetails, ChannelShutdownState};
use lightning::ln::types::ChannelId;

/// LDK does not tell that a channel which opens or closes was reestablished; it happens at once after the handshake.
const SETTLED_AFTER_MS: f64 = 3_000.0;

/// Whether the node may broadcast.
pub struct Quarantine {
    is_on: Cell<bool>,
    connected_since_ms: RefCell<HashMap<PublicKey, f64>>,
    behind: RefCell<HashSet<ChannelId>>,
}

impl Quarantine {
    /// `is_on`: the state that was loaded is doubtful.
    pub fn new(is_on: bool) -> Self {
        Self {
            is_on: Cell::new(is_on),
            connected_since_ms: RefCell::default(),
            behind: RefCell::default(),
        }
    }

    /// Whether nothing may be broadcast.
    pub fn is_on(&self) -> bool {
        self.is_on.get()
    }

    /// The peer proved us behind: this channel broadcasts nothing ever again (patches/0001), so nobody need wait for it.
    pub fn fell_behind(&self, channel_id: ChannelId) {
        self.behind.borrow_mut().insert(channel_id);
    }

    /// Looks at all channels; true once, when all have agreed and the quarantine is over.
    ///
    /// `unspent`: channels whose funding nobody has spent yet. One of them that is no longer among `channels` was closed on this side, by an
    /// HTLC's deadline or a peer's error message, and nobody has agreed to the state that it was closed with.
    pub fn ends(
        &self,
        channels: &[ChannelDetails],
        unspent: &[ChannelId],
        connected: &[PublicKey],
        now_ms: f64,
    ) -> bool {
        if !self.is_on() {
            return false;
        }
        let is_open = |id: &ChannelId| channels.iter().any(|channel| channel.channel_id == *id);
        let behind = self.behind.borrow();
        let has_closed = unspent.iter().any(|id| !is_open(id) && !behind.contains(id));
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
        let ends = !has_closed && channels.iter().all(agreed);
        self.is_on.set(!ends);
        ends
    }
}
