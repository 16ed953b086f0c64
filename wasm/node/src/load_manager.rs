//! Owns the start of the channel manager: from its row and the monitors, or anew where there is neither; never from the one without the other.

use std::sync::Arc;

use bitcoin::BlockHash;
use futures::future::LocalBoxFuture;
use lightning::chain::channelmonitor::ChannelMonitor;
use lightning::chain::{BestBlock, ChannelMonitorUpdateStatus};
use lightning::io::Cursor;
use lightning::ln::channelmanager::{ChainParameters, ChannelManagerReadArgs};
use lightning::onion_message::messenger::DefaultMessageRouter;
use lightning::sign::InMemorySigner;
use lightning::util::ser::ReadableArgs;

use crate::channels::channel_config;
use crate::error::NodeError;
use crate::ground::{new_persister, Ground};
use crate::ldk::{ChainMonitor, ChannelManager, MessageRouter, Router, SharedGraph};

/// With the best block of each.
type Monitors = Vec<(BlockHash, ChannelMonitor<InMemorySigner>)>;

/// The manager with its channels watched. `state_unreadable`.
pub async fn load_manager(
    stored: Option<Vec<u8>>,
    ground: &Ground,
    chain_monitor: &Arc<ChainMonitor>,
    router: &Arc<Router>,
    graph: &SharedGraph,
) -> Result<Arc<ChannelManager>, NodeError> {
    let message_router = Arc::new(DefaultMessageRouter::new(Arc::clone(graph), Arc::clone(&ground.keys)));
    let names = ground.store.monitors().await?;
    let monitors = match names.is_empty() {
        true => Vec::new(),
        false => read_monitors(ground, names).await?,
    };
    if let Some(bytes) = stored {
        return read_manager(bytes, monitors, ground, chain_monitor, router, message_router);
    }
    if !monitors.is_empty() {
        return Err(NodeError::unreadable(
            "channel manager",
            "it is missing, though there are channels",
        ));
    }
    let chain = ChainParameters {
        network: ground.network.into(),
        best_block: BestBlock::from_network(ground.network.into()),
    };
    let manager = ChannelManager::new(
        Arc::clone(&ground.fees),
        Arc::clone(chain_monitor),
        Arc::clone(&ground.outputs),
        Arc::clone(router),
        message_router,
        Arc::clone(&ground.logger),
        Arc::clone(&ground.keys),
        Arc::clone(&ground.keys),
        Arc::clone(&ground.keys),
        channel_config(ground.network),
        chain,
        ground.host.now().as_secs() as u32,
    );
    Ok(Arc::new(manager))
}

// Out of line: see `load.rs`.
#[inline(never)]
fn read_monitors(ground: &Ground, names: Vec<String>) -> LocalBoxFuture<'_, Result<Monitors, NodeError>> {
    Box::pin(async move {
        ground.store.read_monitors_ahead(&names).await?;
        let monitors = new_persister(ground)
            .read_all_channel_monitors_with_updates()
            .await
            .map_err(|e| NodeError::unreadable("channel", e))?;
        ground.store.forget_read_ahead();
        Ok(monitors)
    })
}

// Out of line: see `load.rs`.
#[inline(never)]
fn read_manager(
    bytes: Vec<u8>,
    monitors: Monitors,
    ground: &Ground,
    chain_monitor: &Arc<ChainMonitor>,
    router: &Arc<Router>,
    message_router: Arc<MessageRouter>,
) -> Result<Arc<ChannelManager>, NodeError> {
    let arguments = ChannelManagerReadArgs::new(
        Arc::clone(&ground.keys),
        Arc::clone(&ground.keys),
        Arc::clone(&ground.keys),
        Arc::clone(&ground.fees),
        Arc::clone(chain_monitor),
        Arc::clone(&ground.outputs),
        Arc::clone(router),
        message_router,
        Arc::clone(&ground.logger),
        channel_config(ground.network),
        monitors.iter().map(|(_, monitor)| monitor).collect(),
    );
    let (_, manager) = <(BlockHash, ChannelManager)>::read(&mut Cursor::new(bytes), arguments)
        .map_err(|e| NodeError::unreadable("channel manager", e))?;
    for (_, monitor) in monitors {
        let channel_id = monitor.channel_id();
        let loaded = chain_monitor.load_existing_monitor(channel_id, monitor);
        if !matches!(
            loaded,
            Ok(ChannelMonitorUpdateStatus::Completed | ChannelMonitorUpdateStatus::InProgress)
        ) {
            return Err(NodeError::unreadable("channel", "it is there twice"));
        }
        // What is on disk counts as complete; without this a crash between the funding's cut and its completion never broadcasts it.
        chain_monitor
            .channel_monitor_updated(channel_id, 0)
            .map_err(|e| NodeError::internal(format!("A channel that was just loaded is missing: {e:?}.")))?;
    }
    Ok(Arc::new(manager))
}
