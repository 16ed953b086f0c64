//! Owns the map of the network: from a rapid gossip sync server where there is one, else from peers. It can always be had again, so it is not replicated.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use lightning::io::Cursor;
use lightning::ln::msgs::{DecodeError, RoutingMessageHandler};
use lightning::ln::peer_handler::IgnoringMessageHandler;
use lightning::util::ser::ReadableArgs;
use lightning_background_processor::GossipSync as LdkGossipSync;

use crate::error::{Code, NodeError};
use crate::host::{LogLevel, SharedHost};
use crate::ldk::{GossipSync, Graph, Logger, PeerGossip, RapidGossip, SharedGraph};
use crate::types::Network;

/// Whoever takes gossip from peers.
pub type RoutingHandler = dyn RoutingMessageHandler;

const MAX_ANSWER_BYTES: usize = 32 << 20;
const TIMEOUT: Duration = Duration::from_secs(60);

/// Where the map comes from.
pub enum Gossip {
    Peers(Arc<PeerGossip>),
    Rapid {
        sync: Arc<RapidGossip>,
        url: String,
        updated_at_ms: Rc<Cell<Option<f64>>>,
    },
}

/// The map as stored, or an empty one: an unreadable map is no reason not to start.
pub fn load_graph(stored: Option<Vec<u8>>, network: Network, logger: &Logger, host: &SharedHost) -> SharedGraph {
    let read = stored.and_then(|bytes| read_graph(bytes, logger, host));
    Arc::new(read.unwrap_or_else(|| Graph::new(network.into(), Arc::clone(logger))))
}

// Out of line: see `load.rs`.
#[inline(never)]
fn read_graph(bytes: Vec<u8>, logger: &Logger, host: &SharedHost) -> Option<Graph> {
    let read = Graph::read(&mut Cursor::new(bytes), Arc::clone(logger));
    let warn = |e: &DecodeError| {
        let message = format!("the stored network graph is unreadable, starting anew: {e:?}");
        host.log(LogLevel::Warn, "gossip", &message);
    };
    read.inspect_err(warn).ok()
}

impl Gossip {
    /// Rapid gossip sync when a URL is given, else gossip from peers.
    pub fn new(url: Option<&str>, graph: &SharedGraph, logger: &Logger) -> Self {
        match url {
            Some(url) => Gossip::Rapid {
                sync: Arc::new(RapidGossip::new(Arc::clone(graph), Arc::clone(logger))),
                url: url.trim_end_matches('/').to_string(),
                updated_at_ms: Rc::default(),
            },
            None => Gossip::Peers(Arc::new(PeerGossip::new(Arc::clone(graph), None, Arc::clone(logger)))),
        }
    }

    /// Who hears gossip from peers.
    pub fn routing_handler(&self) -> Arc<RoutingHandler> {
        match self {
            Gossip::Peers(sync) => Arc::clone(sync) as Arc<RoutingHandler>,
            Gossip::Rapid { .. } => Arc::new(IgnoringMessageHandler {}),
        }
    }

    /// LDK's view for its background processor.
    pub fn for_background(&self) -> GossipSync {
        match self {
            Gossip::Peers(sync) => LdkGossipSync::P2P(Arc::clone(sync)),
            Gossip::Rapid { sync, .. } => LdkGossipSync::Rapid(Arc::clone(sync)),
        }
    }

    /// When the map was last brought up to date by a server.
    pub fn updated_at_ms(&self) -> Option<f64> {
        match self {
            Gossip::Peers(_) => None,
            Gossip::Rapid { updated_at_ms, .. } => updated_at_ms.get(),
        }
    }

    /// Fetches what is new since the last time; without a server, nothing.
    pub async fn update(&self, host: &SharedHost) -> Result<(), NodeError> {
        let Gossip::Rapid {
            sync,
            url,
            updated_at_ms,
        } = self
        else {
            return Ok(());
        };
        let since = sync.network_graph().get_last_rapid_gossip_sync_timestamp().unwrap_or(0);
        let fetch = Box::pin(fetch(format!("{url}/{since}")));
        let bytes = match futures::future::select(fetch, host.sleep(TIMEOUT)).await {
            futures::future::Either::Left((bytes, _)) => bytes.map_err(gossip_error)?,
            futures::future::Either::Right(_) => return Err(gossip_error("no answer in time".to_string())),
        };
        let now = host.now();
        sync.update_network_graph_no_std(&bytes, Some(now.as_secs()))
            .map_err(|e| gossip_error(format!("{e:?}")))?;
        updated_at_ms.set(Some(now.as_millis() as f64));
        Ok(())
    }
}

async fn fetch(url: String) -> Result<Vec<u8>, String> {
    let answer = reqwest::get(url).await.map_err(|e| e.to_string())?;
    let answer = answer.error_for_status().map_err(|e| e.to_string())?;
    let bytes = answer.bytes().await.map_err(|e| e.to_string())?;
    if bytes.len() > MAX_ANSWER_BYTES {
        return Err(format!("{} bytes are more than a network graph has", bytes.len()));
    }
    Ok(bytes.to_vec())
}

fn gossip_error(cause: String) -> NodeError {
    NodeError::new(
        Code::ChainUnavailable,
        format!("The map of the Lightning network cannot be updated: {cause}."),
        "The wallet tries again by itself; payments use the map it has.",
    )
}
