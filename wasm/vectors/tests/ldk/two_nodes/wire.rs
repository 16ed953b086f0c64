//! A connection in memory, and what two nodes do over it: open a channel, pay. Bytes move only while it settles.
use super::parts::Socket;
use super::{Chain, Node};
use bitcoin::OutPoint;
use lightning::events::Event;
use lightning::ln::channelmanager::{PaymentId, RecipientOnionFields};
use lightning::routing::router::{Path, PaymentParameters, Route, RouteHop, RouteParameters};
use lightning::types::features::{ChannelFeatures, NodeFeatures};
use std::sync::atomic::Ordering;

const FINAL_CLTV_DELTA: u16 = 40;

/// A connection between two nodes.
pub struct Wire<'a> {
    ends: [(&'a Node, Socket); 2],
}

impl<'a> Wire<'a> {
    /// `dialler` connects to `listener`, and both say what they have to say.
    pub fn connect(dialler: &'a Node, listener: &'a Node, number: u64) -> Self {
        let ends = [(dialler, Socket::new(number)), (listener, Socket::new(number))];
        listener.peers.new_inbound_connection(ends[1].1.clone(), None).unwrap();
        let act_one = dialler
            .peers
            .new_outbound_connection(listener.id(), ends[0].1.clone(), None)
            .unwrap();
        ends[0].1.sent.lock().unwrap().extend(act_one);
        let wire = Self { ends };
        wire.settle();
        wire
    }

    /// Delivers bytes and handles events until nothing moves any more.
    pub fn settle(&self) {
        while self.step() {}
    }

    /// Whether a node hung up.
    pub fn is_closed(&self) -> bool {
        self.ends
            .iter()
            .any(|(_, socket)| socket.closed.load(Ordering::Relaxed))
    }

    pub fn disconnect(self) {
        for (node, socket) in &self.ends {
            node.peers.socket_disconnected(socket);
        }
    }

    fn step(&self) -> bool {
        let mut moved = false;
        for ((from, outgoing), (to, incoming)) in [(&self.ends[0], &self.ends[1]), (&self.ends[1], &self.ends[0])] {
            from.peers.process_events();
            moved |= from.handle_events();
            let bytes = std::mem::take(&mut *outgoing.sent.lock().unwrap());
            if !bytes.is_empty() && !incoming.closed.load(Ordering::Relaxed) {
                moved = true;
                if to.peers.read_event(&mut incoming.clone(), &bytes).is_err() {
                    incoming.closed.store(true, Ordering::Relaxed);
                }
            }
            if outgoing.closed.load(Ordering::Relaxed) && !incoming.closed.swap(true, Ordering::Relaxed) {
                to.peers.socket_disconnected(incoming);
                moved = true;
            }
        }
        moved
    }
}

/// Opens a channel of one million satoshi from `funder` over the wire and confirms it; returns its funding outpoint.
pub fn open_channel(wire: &Wire, chain: &mut Chain, funder: &Node, fundee: &Node) -> OutPoint {
    funder
        .manager
        .create_channel(fundee.id(), 1_000_000, 0, 1, None, None)
        .unwrap();
    wire.settle();
    let funding = std::mem::take(&mut *funder.broadcasts.0.lock().unwrap()).remove(0);
    chain.mine(&[funder, fundee], &[funding]);
    chain.mine_empty(&[funder, fundee], 6);
    wire.settle();
    let channel = funder.manager.list_usable_channels().remove(0);
    channel.funding_txo.unwrap().into_bitcoin_outpoint()
}

/// Sends a payment over the one channel between two nodes, until it is paid or held; `number` makes it unique.
pub fn pay(wire: &Wire, payer: &Node, payee: &Node, amount_msat: u64, number: u8) {
    let (hash, secret) = payee
        .manager
        .create_inbound_payment(Some(amount_msat), 3600, None)
        .unwrap();
    let channel = payer.manager.list_usable_channels().remove(0);
    let hop = RouteHop {
        pubkey: payee.id(),
        node_features: NodeFeatures::empty(),
        short_channel_id: channel.get_outbound_payment_scid().unwrap(),
        channel_features: ChannelFeatures::empty(),
        fee_msat: amount_msat,
        cltv_expiry_delta: u32::from(FINAL_CLTV_DELTA),
        maybe_announced_channel: false,
    };
    let parameters = PaymentParameters::from_node_id(payee.id(), u32::from(FINAL_CLTV_DELTA));
    let route = Route {
        paths: vec![Path {
            hops: vec![hop],
            blinded_tail: None,
        }],
        route_params: Some(RouteParameters::from_payment_params_and_value(parameters, amount_msat)),
    };
    let fields = RecipientOnionFields::secret_only(secret);
    payer
        .manager
        .send_payment_with_route(route, hash, fields, PaymentId([number; 32]))
        .unwrap();
    wire.settle();
    let is_paid = |event: &Event| matches!(event, Event::PaymentSent { payment_hash, .. } if *payment_hash == hash);
    let is_pending = !payer.manager.list_recent_payments().is_empty();
    assert!(if payee.holds_payments {
        is_pending
    } else {
        payer.events.borrow().iter().any(is_paid)
    });
}
