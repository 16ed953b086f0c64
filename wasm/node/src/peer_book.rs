//! Owns the addresses of peers: whom to dial again after a reload.

use std::sync::Arc;

use crate::error::{Code, NodeError};
use crate::store::NodeStore;
use crate::types::PeerAddress;

const NAMESPACE: &str = "peers";
const MAX_ADDRESS_BYTES: usize = 300;

/// The rows of remembered peers.
pub struct PeerBook {
    store: Arc<NodeStore>,
}

impl PeerBook {
    /// A view over the store.
    pub fn new(store: Arc<NodeStore>) -> Self {
        Self { store }
    }

    /// Remembers where a peer is. Writes nothing when that is known already.
    pub async fn remember(&self, peer: &PeerAddress) -> Result<(), NodeError> {
        let node_id = crate::channels::parse_node_id(&peer.node_id)?.to_string();
        if peer.address.is_empty() || peer.address.len() > MAX_ADDRESS_BYTES {
            return Err(NodeError::new(
                Code::InvalidNodeUri,
                "The peer's address is empty or too long.",
                "Check the address.",
            ));
        }
        let address = peer.address.as_bytes().to_vec();
        if self.store.get(NAMESPACE, "", &node_id).await?.as_ref() != Some(&address) {
            self.store.stage(NAMESPACE, "", &node_id, address);
        }
        Ok(())
    }

    /// Forgets a peer.
    pub fn forget(&self, node_id: &str) -> Result<(), NodeError> {
        let node_id = crate::channels::parse_node_id(node_id)?.to_string();
        self.store.stage_remove(NAMESPACE, "", &node_id);
        Ok(())
    }

    /// Everybody remembered.
    pub async fn all(&self) -> Result<Vec<PeerAddress>, NodeError> {
        let mut peers = Vec::new();
        for node_id in self.store.keys(NAMESPACE, "").await? {
            if let Some(address) = self.store.get(NAMESPACE, "", &node_id).await? {
                let address = String::from_utf8(address).map_err(|e| NodeError::unreadable("peer address", e))?;
                peers.push(PeerAddress { node_id, address });
            }
        }
        Ok(peers)
    }
}
