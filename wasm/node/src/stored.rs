//! Owns what a start reads of LDK's rows besides the channels: all at once, for each look into the store takes a while.

use futures::join;
use lightning::util::persist::{
    CHANNEL_MANAGER_PERSISTENCE_KEY, CHANNEL_MANAGER_PERSISTENCE_PRIMARY_NAMESPACE,
    CHANNEL_MANAGER_PERSISTENCE_SECONDARY_NAMESPACE, NETWORK_GRAPH_PERSISTENCE_KEY,
    NETWORK_GRAPH_PERSISTENCE_PRIMARY_NAMESPACE, NETWORK_GRAPH_PERSISTENCE_SECONDARY_NAMESPACE,
    OUTPUT_SWEEPER_PERSISTENCE_KEY, OUTPUT_SWEEPER_PERSISTENCE_PRIMARY_NAMESPACE,
    OUTPUT_SWEEPER_PERSISTENCE_SECONDARY_NAMESPACE, SCORER_PERSISTENCE_KEY, SCORER_PERSISTENCE_PRIMARY_NAMESPACE,
    SCORER_PERSISTENCE_SECONDARY_NAMESPACE,
};

use crate::error::NodeError;
use crate::store::NodeStore;

/// Rows as they lie in the store; absent in a new wallet.
pub struct Stored {
    pub manager: Option<Vec<u8>>,
    pub sweeper: Option<Vec<u8>>,
    /// Can be had again: one that cannot be read counts as absent.
    pub graph: Option<Vec<u8>>,
    /// Can be learnt again, likewise.
    pub scorer: Option<Vec<u8>>,
}

impl Stored {
    /// Reads them. Fails where the manager or the sweeper cannot be read.
    pub async fn read(store: &NodeStore) -> Result<Self, NodeError> {
        let (manager, sweeper, graph, scorer) = join!(
            store.get(
                CHANNEL_MANAGER_PERSISTENCE_PRIMARY_NAMESPACE,
                CHANNEL_MANAGER_PERSISTENCE_SECONDARY_NAMESPACE,
                CHANNEL_MANAGER_PERSISTENCE_KEY,
            ),
            store.get(
                OUTPUT_SWEEPER_PERSISTENCE_PRIMARY_NAMESPACE,
                OUTPUT_SWEEPER_PERSISTENCE_SECONDARY_NAMESPACE,
                OUTPUT_SWEEPER_PERSISTENCE_KEY,
            ),
            store.get(
                NETWORK_GRAPH_PERSISTENCE_PRIMARY_NAMESPACE,
                NETWORK_GRAPH_PERSISTENCE_SECONDARY_NAMESPACE,
                NETWORK_GRAPH_PERSISTENCE_KEY,
            ),
            store.get(
                SCORER_PERSISTENCE_PRIMARY_NAMESPACE,
                SCORER_PERSISTENCE_SECONDARY_NAMESPACE,
                SCORER_PERSISTENCE_KEY,
            ),
        );
        Ok(Self {
            manager: manager?,
            sweeper: sweeper?,
            graph: graph.ok().flatten(),
            scorer: scorer.ok().flatten(),
        })
    }
}
