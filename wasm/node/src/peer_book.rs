//! Owns the addresses of peers: whom to dial again after a reload. What it knows is what the rows say once the turn is committed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::{Code, NodeError};
use crate::store::NodeStore;
use crate::types::PeerAddress;

const NAMESPACE: &str = "peers";
const MAX_ADDRESS_BYTES: usize = 300;

/// The remembered peers.
pub struct PeerBook {
    store: Arc<NodeStore>,
    addresses: RefCell<BTreeMap<String, String>>,
}

impl PeerBook {
    /// Reads everybody from the store. `state_unreadable`.
    pub async fn load(store: Arc<NodeStore>) -> Result<Self, NodeError> {
        let mut addresses = BTreeMap::new();
        for (node_id, address) in store.rows(NAMESPACE, "").await? {
            let address = String::from_utf8(address).map_err(|e| NodeError::unreadable("peer address", e))?;
            addresses.insert(node_id, address);
        }
        Ok(Self {
            store,
            addresses: RefCell::new(addresses),
        })
    }

    /// Remembers where a peer is. Writes nothing when that is known already. `invalid_node_uri`.
    pub fn remember(&self, peer: &PeerAddress) -> Result<(), NodeError> {
        let node_id = crate::channels::parse_node_id(&peer.node_id)?.to_string();
        if peer.address.is_empty() || peer.address.len() > MAX_ADDRESS_BYTES {
            return Err(NodeError::new(
                Code::InvalidNodeUri,
                "The peer's address is empty or too long.",
                "Check the address.",
            ));
        }
        let address = peer.address.clone();
        let before = self.addresses.borrow_mut().insert(node_id.clone(), address.clone());
        if before.as_ref() != Some(&address) {
            self.store.stage(NAMESPACE, "", &node_id, address.into_bytes());
        }
        Ok(())
    }

    /// Everybody remembered.
    pub fn all(&self) -> Vec<PeerAddress> {
        let peer = |(node_id, address): (&String, &String)| PeerAddress {
            node_id: node_id.clone(),
            address: address.clone(),
        };
        self.addresses.borrow().iter().map(peer).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::SharedHost;
    use crate::testing::MemoryHost;
    use futures::executor::block_on;

    const NODE_ID: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

    fn open(host: &Arc<MemoryHost>) -> PeerBook {
        let store = Arc::new(NodeStore::new(Arc::clone(host) as SharedHost));
        block_on(PeerBook::load(store)).unwrap()
    }

    fn known(book: &PeerBook) -> Vec<(String, String)> {
        let peers = book.all().into_iter();
        peers.map(|peer| (peer.node_id, peer.address)).collect()
    }

    fn at(address: &str) -> PeerAddress {
        PeerAddress {
            node_id: NODE_ID.to_string(),
            address: address.to_string(),
        }
    }

    #[test]
    fn an_address_is_there_at_once_and_after_a_restart() {
        let host = MemoryHost::shared();
        let book = open(&host);
        book.remember(&at("one:9735")).unwrap();
        book.remember(&at("two:9735")).unwrap();
        let expected = vec![(NODE_ID.to_string(), "two:9735".to_string())];
        assert_eq!(known(&book), expected);
        assert_eq!(known(&open(&host)), expected);
    }

    #[test]
    fn what_is_known_already_is_not_written_again_and_what_is_no_address_is_refused() {
        let host = MemoryHost::shared();
        open(&host).remember(&at("one:9735")).unwrap();
        let before = host.written_bytes.get();
        open(&host).remember(&at("one:9735")).unwrap();
        assert_eq!(host.written_bytes.get(), before);
        let refused = open(&host).remember(&at("")).unwrap_err();
        assert_eq!(refused.code, Code::InvalidNodeUri);
        assert_eq!(known(&open(&host)), vec![(NODE_ID.to_string(), "one:9735".to_string())]);
    }
}
