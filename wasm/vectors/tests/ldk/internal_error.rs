//! What patches/0002 promises: lnd's "internal error" disconnects, and the channel goes on; every other error closes it.

use crate::two_nodes::{open_channel, pay, Chain, Node, Wire};
use lightning::ln::msgs::{ChannelMessageHandler, ErrorMessage};

/// `peer` sends `ours` an error about their only channel.
fn fail_channel(ours: &Node, peer: &Node, data: &str) {
    let channel_id = ours.manager.list_channels()[0].channel_id;
    let error = ErrorMessage {
        channel_id,
        data: data.to_string(),
    };
    ours.manager.handle_error(peer.id(), &error);
}

#[test]
fn a_channel_outlives_the_internal_error_of_its_peer_and_pays_after_the_next_connection() {
    let mut chain = Chain::new();
    let (ours, peer) = (
        Node::start("ours", [1; 32], &chain, None),
        Node::start("peer", [2; 32], &chain, None),
    );
    let wire = Wire::connect(&ours, &peer, 1);
    let funding = open_channel(&wire, &mut chain, &ours, &peer);
    pay(&wire, &ours, &peer, 50_000_000, 1);

    fail_channel(&ours, &peer, "internal error");
    wire.settle();
    assert!(wire.is_closed(), "the peer is disconnected");
    assert_eq!(ours.manager.list_channels().len(), 1);
    assert!(ours.commitments_broadcast(funding).is_empty());
    wire.disconnect();

    let wire = Wire::connect(&ours, &peer, 2);
    pay(&wire, &ours, &peer, 60_000_000, 2);
    assert!(ours.manager.list_channels()[0].is_usable);
}

#[test]
fn any_other_error_closes_the_channel() {
    let mut chain = Chain::new();
    let (ours, peer) = (
        Node::start("ours", [1; 32], &chain, None),
        Node::start("peer", [2; 32], &chain, None),
    );
    let wire = Wire::connect(&ours, &peer, 1);
    let funding = open_channel(&wire, &mut chain, &ours, &peer);
    fail_channel(&ours, &peer, "invalid commitment");
    wire.settle();
    assert!(ours.manager.list_channels().is_empty());
    assert_eq!(ours.commitments_broadcast(funding).len(), 1);
}
