//! Owns who is there and which open channels can be used, as it was told last: every change is told once.

use std::collections::BTreeSet;

use bitcoin::secp256k1::PublicKey;
use lightning::ln::types::ChannelId;

use crate::types::{ChannelState, NodeEvent};

/// The peers that are connected, and their open channels that cannot be used yet.
#[derive(Default)]
pub struct Presence {
    connected: BTreeSet<PublicKey>,
    asleep: BTreeSet<ChannelId>,
}

/// A channel that is open.
pub struct OpenChannel {
    pub channel_id: ChannelId,
    pub node_id: PublicKey,
    pub is_usable: bool,
}

impl Presence {
    /// Who was connected when it was told last.
    pub fn connected(&self) -> &BTreeSet<PublicKey> {
        &self.connected
    }

    /// What has changed since it was told last. LDK tells nobody that a peer has come to terms with us about a channel, which is some
    /// messages after it connected. `channels`: asked for only while that may be.
    pub fn changes(
        &mut self,
        connected: BTreeSet<PublicKey>,
        channels: impl FnOnce() -> Vec<OpenChannel>,
    ) -> Vec<NodeEvent> {
        if self.connected == connected && self.asleep.is_empty() {
            return vec![];
        }
        let before = std::mem::replace(&mut self.connected, connected);
        let gone = before
            .difference(&self.connected)
            .map(|node_id| NodeEvent::PeerDisconnected {
                node_id: node_id.to_string(),
            });
        let come = self
            .connected
            .difference(&before)
            .map(|node_id| NodeEvent::PeerConnected {
                node_id: node_id.to_string(),
            });
        let (usable, unusable): (Vec<_>, Vec<_>) = channels().into_iter().partition(|channel| channel.is_usable);
        let woken = usable
            .iter()
            .filter(|channel| self.asleep.contains(&channel.channel_id));
        let woken = woken.map(|channel| NodeEvent::ChannelChanged {
            channel_id: channel.channel_id.to_string(),
            state: ChannelState::Ready,
            reason: None,
        });
        let events = gone.chain(come).chain(woken).collect();
        let is_there = |channel: &&OpenChannel| self.connected.contains(&channel.node_id);
        self.asleep = unusable
            .iter()
            .filter(is_there)
            .map(|channel| channel.channel_id)
            .collect();
        events
    }
}

#[cfg(test)]
mod tests {
    use bitcoin::secp256k1::{Secp256k1, SecretKey};

    use super::*;

    fn peer(number: u8) -> PublicKey {
        SecretKey::from_slice(&[number; 32])
            .unwrap()
            .public_key(&Secp256k1::new())
    }

    /// Both peers have an open channel; news when these are connected and can use theirs.
    fn news(presence: &mut Presence, connected: &[u8], usable: &[u8]) -> Vec<NodeEvent> {
        let channels = [1, 2].map(|number| OpenChannel {
            channel_id: ChannelId([number; 32]),
            node_id: peer(number),
            is_usable: usable.contains(&number),
        });
        presence.changes(connected.iter().map(|number| peer(*number)).collect(), || {
            channels.into()
        })
    }

    fn connected(number: u8) -> NodeEvent {
        let node_id = peer(number).to_string();
        NodeEvent::PeerConnected { node_id }
    }

    fn ready(number: u8) -> NodeEvent {
        NodeEvent::ChannelChanged {
            channel_id: ChannelId([number; 32]).to_string(),
            state: ChannelState::Ready,
            reason: None,
        }
    }

    #[test]
    fn a_channel_is_told_to_be_ready_once_its_peer_has_come_to_terms_and_once_only() {
        let mut presence = Presence::default();
        assert_eq!(news(&mut presence, &[1], &[]), [connected(1)]);
        assert_eq!(news(&mut presence, &[1], &[]), []);
        assert_eq!(news(&mut presence, &[1], &[1]), [ready(1)]);
        assert_eq!(news(&mut presence, &[1], &[1]), []);
        let node_id = peer(1).to_string();
        assert_eq!(news(&mut presence, &[], &[]), [NodeEvent::PeerDisconnected { node_id }]);
        assert_eq!(news(&mut presence, &[], &[]), []);
    }

    #[test]
    fn a_channel_that_wakes_in_the_turn_in_which_another_peer_comes_is_told_too() {
        let mut presence = Presence::default();
        assert_eq!(news(&mut presence, &[1], &[]), [connected(1)]);
        assert_eq!(news(&mut presence, &[1, 2], &[1]), [connected(2), ready(1)]);
        assert_eq!(news(&mut presence, &[1, 2], &[1, 2]), [ready(2)]);
    }

    #[test]
    fn channels_are_looked_at_only_while_one_of_a_peer_that_is_there_cannot_be_used() {
        let mut presence = Presence::default();
        news(&mut presence, &[1], &[1]);
        let here = BTreeSet::from([peer(1)]);
        assert_eq!(presence.changes(here, || panic!("nothing asks for the channels")), []);
    }
}
