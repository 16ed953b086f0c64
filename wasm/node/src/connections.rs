//! Owns the connections of the node to its peers: bytes in, bytes out with the turn, and who is there.

use std::rc::Rc;
use std::sync::Arc;

use bitcoin::secp256k1::PublicKey;

use crate::channels::parse_node_id;
use crate::error::{Code, NodeError};
use crate::host::LogLevel;
use crate::node::Node;
use crate::outputs::Output;
use crate::presence::OpenChannel;
use crate::sockets::Socket;

impl Node {
    /// A connection that we dialled is open.
    pub fn socket_opened_outbound(&self, socket: u32, node_id: &str) -> Result<(), NodeError> {
        let node_id = parse_node_id(node_id)?;
        let hello = self.peers.new_outbound_connection(node_id, self.socket(socket), None);
        let hello = hello.map_err(|_| NodeError::internal("The connection is known already."))?;
        self.outputs.push(Output::SocketBytes { socket, bytes: hello });
        Ok(())
    }

    /// A connection from outside was accepted.
    pub fn socket_opened_inbound(&self, socket: u32) -> Result<(), NodeError> {
        let opened = self.peers.new_inbound_connection(self.socket(socket), None);
        opened.map_err(|_| NodeError::internal("The connection is known already."))
    }

    /// Bytes from a peer. `peer_refused` when it broke the protocol: close the connection.
    pub fn socket_bytes(&self, socket: u32, bytes: &[u8]) -> Result<(), NodeError> {
        let read = self.peers.read_event(&mut self.socket(socket), bytes);
        self.peers.process_events();
        self.host.wake();
        read.map_err(|_| {
            NodeError::new(
                Code::PeerRefused,
                "The peer refused the connection, or does not speak Lightning.",
                "Check the node's key and address.",
            )
        })
    }

    /// The transport took everything it was given.
    pub fn socket_writable(&self, socket: u32) {
        self.unsent.drained(socket);
        // An error means that LDK closed the connection itself.
        let _ = self.peers.write_buffer_space_avail(&mut self.socket(socket));
    }

    /// A connection is gone.
    pub fn socket_closed(&self, socket: u32) {
        self.unsent.drained(socket);
        self.peers.socket_disconnected(&self.socket(socket));
        self.host.wake();
    }

    /// Who is connected now.
    pub fn connected_peers(&self) -> Vec<String> {
        self.peers
            .list_peers()
            .iter()
            .map(|peer| peer.counterparty_node_id.to_string())
            .collect()
    }

    fn socket(&self, id: u32) -> Socket {
        Socket::new(id, Arc::clone(&self.outputs), Rc::clone(&self.unsent))
    }

    pub(crate) fn note_peers(&self) {
        let peers = self.peers.list_peers();
        let connected = peers.iter().map(|peer| peer.counterparty_node_id).collect();
        let events = self.presence.borrow_mut().changes(connected, || self.open_channels());
        for event in events {
            self.outputs.event(event);
        }
    }

    fn open_channels(&self) -> Vec<OpenChannel> {
        let channels = self.manager.list_channels().into_iter();
        let open = channels.filter(|channel| channel.is_channel_ready);
        open.map(|channel| OpenChannel {
            channel_id: channel.channel_id,
            node_id: channel.counterparty.node_id,
            is_usable: channel.is_usable,
        })
        .collect()
    }

    pub(crate) fn revive_hanging_channels(&self) {
        let connected = |node_id: &PublicKey| self.peers.peer_by_node_id(node_id).is_some();
        let channels = self.manager.list_channels();
        let peers = self
            .revive
            .borrow_mut()
            .peers_to_reconnect(&channels, connected, self.payments.now_ms());
        for node_id in peers {
            self.host.log(
                LogLevel::Info,
                "node",
                "a confirmed channel hangs: its peer is dialled again",
            );
            self.peers.disconnect_by_node_id(node_id);
        }
    }
}
