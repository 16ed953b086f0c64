//! Owns the quarantine of doubtful state (invariant 8): it lasts until of every channel the peer has agreed to our state, or has proved us behind, or the funding is spent.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use bitcoin::secp256k1::PublicKey;
use lightning::events::ClosureReason;
use lightning::ln::channel_state::{ChannelDetails, ChannelShutdownState};
use lightning::ln::types::ChannelId;

use crate::error::NodeError;
use crate::store::NodeStore;

/// Channels that this side closed in quarantine, by their id: kept until it ends, however often the wallet is opened.
const NAMESPACE: &str = "quarantine_closed";
/// LDK does not tell that a channel which opens or closes was reestablished; it happens at once after the handshake.
const SETTLED_AFTER_MS: f64 = 3_000.0;

/// Whether the node may broadcast.
pub struct Quarantine {
    is_on: Cell<bool>,
    store: Arc<NodeStore>,
    connected_since_ms: RefCell<HashMap<PublicKey, f64>>,
    /// Were open in this quarantine.
    seen: RefCell<BTreeSet<String>>,
    /// Closed on this side: nobody has agreed to the state that it was closed with.
    closed: RefCell<BTreeSet<String>>,
    /// Closed so that nothing we hold can be revoked: nobody need wait for them.
    settled: RefCell<BTreeSet<String>>,
}

impl Quarantine {
    /// `is_on`: the state that was loaded is doubtful.
    pub async fn load(is_on: bool, store: Arc<NodeStore>) -> Result<Self, NodeError> {
        let closed = if is_on {
            store.keys(NAMESPACE, "").await?
        } else {
            vec![]
        };
        Ok(Self {
            is_on: Cell::new(is_on),
            store,
            connected_since_ms: RefCell::default(),
            seen: RefCell::default(),
            closed: RefCell::new(closed.into_iter().collect()),
            settled: RefCell::default(),
        })
    }

    /// Whether nothing may be broadcast.
    pub fn is_on(&self) -> bool {
        self.is_on.get()
    }

    /// LDK closed a channel.
    pub fn channel_closed(&self, channel_id: ChannelId, reason: &ClosureReason) {
        if !self.is_on() {
            return;
        }
        let id = channel_id.to_string();
        if !holds_a_commitment(reason) {
            self.settled.borrow_mut().insert(id);
        } else if self.closed.borrow_mut().insert(id.clone()) {
            self.store.stage(NAMESPACE, "", &id, vec![1]);
        }
    }

    /// Looks at all channels; true once, when all have agreed and the quarantine is over.
    ///
    /// `unspent`: channels whose funding nobody has spent yet, as far as the chain was read. Those that this side closed meanwhile, by an
    /// HTLC's deadline or a peer's error message, are waited for: the commitment that they were closed with may be revoked.
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
        let open: BTreeSet<String> = channels.iter().map(|each| each.channel_id.to_string()).collect();
        self.seen.borrow_mut().extend(open.iter().cloned());
        let waits = unspent
            .iter()
            .map(ChannelId::to_string)
            .any(|id| !open.contains(&id) && self.is_doubtful(&id));
        let agreed = self.agreed(channels, connected, now_ms);
        if waits || !agreed {
            return false;
        }
        self.is_on.set(false);
        for id in self.closed.take() {
            self.store.stage_remove(NAMESPACE, "", &id);
        }
        true
    }

    /// A channel that is gone before LDK has said why is doubtful too.
    fn is_doubtful(&self, id: &str) -> bool {
        let is_unexplained = self.seen.borrow().contains(id) && !self.settled.borrow().contains(id);
        self.closed.borrow().contains(id) || is_unexplained
    }

    fn agreed(&self, channels: &[ChannelDetails], connected: &[PublicKey], now_ms: f64) -> bool {
        let mut since = self.connected_since_ms.borrow_mut();
        since.retain(|peer, _| connected.contains(peer));
        for peer in connected {
            since.entry(*peer).or_insert(now_ms);
        }
        channels.iter().all(|channel| {
            let connected_ms = since
                .get(&channel.counterparty.node_id)
                .map(|since_ms| now_ms - since_ms);
            let is_open = channel
                .channel_shutdown_state
                .is_none_or(|state| state == ChannelShutdownState::NotShuttingDown);
            let never_usable = !channel.is_channel_ready || !is_open;
            channel.is_usable || (never_usable && connected_ms.is_some_and(|ms| ms >= SETTLED_AFTER_MS))
        })
    }
}

/// Whether this side may come to broadcast a commitment that the peer could have had revoked. Not after a close by consent, not when we
/// were proved behind (patches/0001), and not before the channel was ever used.
fn holds_a_commitment(reason: &ClosureReason) -> bool {
    !matches!(
        reason,
        ClosureReason::FellBehind
            | ClosureReason::LegacyCooperativeClosure
            | ClosureReason::CounterpartyInitiatedCooperativeClosure
            | ClosureReason::LocallyInitiatedCooperativeClosure
            | ClosureReason::FundingTimedOut
    )
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::testing::MemoryHost;

    const ID: ChannelId = ChannelId([7; 32]);

    fn load(host: &Arc<MemoryHost>) -> Quarantine {
        let store = Arc::new(NodeStore::new(Arc::clone(host) as _));
        block_on(Quarantine::load(true, store)).unwrap()
    }

    fn ends(quarantine: &Quarantine, unspent: &[ChannelId]) -> bool {
        quarantine.ends(&[], unspent, &[], 0.0)
    }

    #[test]
    fn waits_over_a_restart_for_a_channel_that_a_deadline_closed_until_its_funding_is_spent() {
        let host = MemoryHost::shared();
        load(&host).channel_closed(ID, &ClosureReason::HTLCsTimedOut { payment_hash: None });

        let reopened = load(&host);
        assert!(!ends(&reopened, &[ID]));
        assert!(reopened.is_on());
        assert!(ends(&reopened, &[]));
        assert!(host.row(NAMESPACE, "", &ID.to_string()).is_none());
    }

    #[test]
    fn does_not_wait_for_a_channel_that_both_sides_closed_or_that_fell_behind() {
        let reasons = [
            ClosureReason::LocallyInitiatedCooperativeClosure,
            ClosureReason::CounterpartyInitiatedCooperativeClosure,
            ClosureReason::FellBehind,
        ];
        for reason in reasons {
            let quarantine = load(&MemoryHost::shared());
            quarantine.seen.borrow_mut().insert(ID.to_string());
            assert!(!ends(&quarantine, &[ID]), "nobody has said yet why it is gone");
            quarantine.channel_closed(ID, &reason);
            assert!(ends(&quarantine, &[ID]));
        }
    }
}
