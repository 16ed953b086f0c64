//! What patches/0001 promises: a channel that the peer proves outdated closes without our commitment transaction ever leaving the node.

use crate::two_nodes::{open_channel, pay, Chain, Node, Wire};
use lightning::events::{ClosureReason, Event};
use lightning::sign::SpendableOutputDescriptor;

const PAST_EVERY_DEADLINE_BLOCKS: u32 = 200;

fn closure_reasons(node: &Node) -> Vec<ClosureReason> {
    let reason = |event: &Event| match event {
        Event::ChannelClosed { reason, .. } => Some(reason.clone()),
        _ => None,
    };
    node.events.borrow().iter().filter_map(reason).collect()
}

/// What the node can sweep, in satoshi.
fn spendable_sat(node: &Node) -> u64 {
    let value = |output: &SpendableOutputDescriptor| match output {
        SpendableOutputDescriptor::StaticPaymentOutput(output) => output.output.value.to_sat(),
        other => panic!("only the peer's commitment transaction may pay us: {other:?}"),
    };
    let of_event = |event: &Event| match event {
        Event::SpendableOutputs { outputs, .. } => outputs.iter().map(value).sum(),
        _ => 0,
    };
    node.events.borrow().iter().map(of_event).sum()
}

#[test]
fn a_peer_that_proves_us_behind_closes_the_channel_and_we_get_our_money_from_its_transaction() {
    let mut chain = Chain::new();
    let (ours, peer) = (
        Node::start("ours", [1; 32], &chain, None),
        Node::start("peer", [2; 32], &chain, None),
    );
    let wire = Wire::connect(&ours, &peer, 1);
    let funding = open_channel(&wire, &mut chain, &ours, &peer);
    pay(&wire, &ours, &peer, 50_000_000, 1);
    let backup = ours.backup();
    pay(&wire, &ours, &peer, 100_000_000, 2);
    wire.disconnect();

    let ours = ours.restarted_from(&backup, &chain);
    let wire = Wire::connect(&ours, &peer, 2);

    assert_eq!(closure_reasons(&ours), [ClosureReason::FellBehind]);
    assert!(wire.is_closed(), "the peer is disconnected");
    assert!(ours.manager.list_channels().is_empty());
    let [ClosureReason::CounterpartyForceClosed { peer_msg }] = &closure_reasons(&peer)[..] else {
        panic!("the peer was told: {:?}", closure_reasons(&peer));
    };
    assert!(peer_msg.to_string().contains("fallen behind"), "{peer_msg}");

    let [commitment] = &peer.commitments_broadcast(funding)[..] else {
        panic!("the peer closes with its own")
    };
    chain.mine(&[&ours, &peer], std::slice::from_ref(commitment));
    chain.mine_empty(&[&ours, &peer], PAST_EVERY_DEADLINE_BLOCKS);
    assert!(ours.commitments_broadcast(funding).is_empty());
    // 1,000,000 less 150,000 paid, the fee of the commitment transaction and its anchors: the newest balance, not the backup's.
    assert!(
        (840_000..850_000).contains(&spendable_sat(&ours)),
        "{}",
        spendable_sat(&ours)
    );
}

#[test]
fn neither_a_deadline_nor_the_user_nor_a_restart_makes_an_outdated_channel_broadcast() {
    let mut chain = Chain::new();
    let (ours, mut peer) = (
        Node::start("ours", [1; 32], &chain, None),
        Node::start("peer", [2; 32], &chain, None),
    );
    let wire = Wire::connect(&ours, &peer, 1);
    let funding = open_channel(&wire, &mut chain, &ours, &peer);
    pay(&wire, &ours, &peer, 50_000_000, 1);
    wire.disconnect();
    peer.holds_payments = true;
    let wire = Wire::connect(&ours, &peer, 2);
    pay(&wire, &ours, &peer, 20_000_000, 2);
    let backup = ours.backup();
    pay(&wire, &ours, &peer, 30_000_000, 3);
    wire.disconnect();

    // The same backup, never told by the peer, does broadcast at the deadline: so the silence below means something.
    let mut other_chain = chain.clone();
    let untold = ours.restarted_from(&backup, &chain);
    other_chain.mine_empty(&[&untold], PAST_EVERY_DEADLINE_BLOCKS);
    assert!(!untold.commitments_broadcast(funding).is_empty());

    let ours = ours.restarted_from(&backup, &chain);
    Wire::connect(&ours, &peer, 3);
    assert_eq!(closure_reasons(&ours), [ClosureReason::FellBehind]);
    ours.insists_on_broadcasting();
    chain.mine_empty(&[&ours], PAST_EVERY_DEADLINE_BLOCKS);
    assert!(ours.commitments_broadcast(funding).is_empty());

    let again = ours.restarted_from(&ours.backup(), &chain);
    again.insists_on_broadcasting();
    chain.mine_empty(&[&again], PAST_EVERY_DEADLINE_BLOCKS);
    assert!(again.commitments_broadcast(funding).is_empty());
}

#[test]
fn a_channel_that_our_backup_knows_only_as_empty_is_still_watched() {
    let mut chain = Chain::new();
    let (ours, peer) = (
        Node::start("ours", [1; 32], &chain, None),
        Node::start("peer", [2; 32], &chain, None),
    );
    let wire = Wire::connect(&peer, &ours, 1);
    let funding = open_channel(&wire, &mut chain, &peer, &ours);
    let backup = ours.backup();
    pay(&wire, &peer, &ours, 60_000_000, 1);
    pay(&wire, &peer, &ours, 40_000_000, 2);
    wire.disconnect();

    let ours = ours.restarted_from(&backup, &chain);
    Wire::connect(&peer, &ours, 2);
    assert_eq!(closure_reasons(&ours), [ClosureReason::FellBehind]);
    ours.monitors.archive_fully_resolved_channel_monitors();
    assert_eq!(ours.monitors.list_monitors().len(), 1);

    let [commitment] = &peer.commitments_broadcast(funding)[..] else {
        panic!("the peer closes with its own")
    };
    chain.mine(&[&ours], std::slice::from_ref(commitment));
    chain.mine_empty(&[&ours], 10);
    assert_eq!(spendable_sat(&ours), 100_000);
}

#[test]
fn a_restart_from_the_newest_state_keeps_the_channel() {
    let mut chain = Chain::new();
    let (ours, peer) = (
        Node::start("ours", [1; 32], &chain, None),
        Node::start("peer", [2; 32], &chain, None),
    );
    let wire = Wire::connect(&ours, &peer, 1);
    open_channel(&wire, &mut chain, &ours, &peer);
    pay(&wire, &ours, &peer, 50_000_000, 1);
    let backup = ours.backup();
    wire.disconnect();

    let ours = ours.restarted_from(&backup, &chain);
    let wire = Wire::connect(&ours, &peer, 2);
    pay(&wire, &ours, &peer, 50_000_000, 2);
    assert!(closure_reasons(&ours).is_empty() && closure_reasons(&peer).is_empty());
    assert!(peer.manager.list_usable_channels()[0].outbound_capacity_msat > 80_000_000);
}
