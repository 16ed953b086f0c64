//! Owns the start: everything is read from the store in the order LDK needs, so that a crash at any point loads without closing a channel.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bitcoin::BlockHash;
use lightning::chain::{BestBlock, ChannelMonitorUpdateStatus};
use lightning::io::Cursor;
use lightning::ln::channelmanager::{ChainParameters, ChannelManagerReadArgs};
use lightning::ln::peer_handler::MessageHandler;
use lightning::onion_message::messenger::DefaultMessageRouter;
use lightning::routing::scoring::{ProbabilisticScoringDecayParameters, ProbabilisticScoringFeeParameters};
use lightning::sign::{EntropySource as _, NodeSigner as _};
use lightning::util::persist::{
    CHANNEL_MANAGER_PERSISTENCE_KEY, CHANNEL_MANAGER_PERSISTENCE_PRIMARY_NAMESPACE,
    CHANNEL_MANAGER_PERSISTENCE_SECONDARY_NAMESPACE, OUTPUT_SWEEPER_PERSISTENCE_KEY,
    OUTPUT_SWEEPER_PERSISTENCE_PRIMARY_NAMESPACE, OUTPUT_SWEEPER_PERSISTENCE_SECONDARY_NAMESPACE,
    SCORER_PERSISTENCE_KEY, SCORER_PERSISTENCE_PRIMARY_NAMESPACE, SCORER_PERSISTENCE_SECONDARY_NAMESPACE,
};
use lightning::util::ser::ReadableArgs;

use crate::background;
use crate::bolt11::Bolt11;
use crate::chain::{Chain, ChainFilter};
use crate::channels::{channel_config, Channels};
use crate::confirm::{ConfirmSync, Tip};
use crate::error::NodeError;
use crate::events::{bumper, EventHandler};
use crate::fees::Fees;
use crate::gossip::{load_graph, Gossip};
use crate::host::{HostLogger, SharedHost, Spawner};
use crate::keys::{master_key, WalletKeys};
use crate::ldk::{
    ChainMonitor, ChannelManager, Logger, OnionMessenger, PeerManager, Persister, Router, Scorer, SharedGraph, Sweeper,
};
use crate::node::Node;
use crate::onchain::OnchainWallet;
use crate::onchain_sync::OnchainSync;
use crate::outputs::Outputs;
use crate::payments::Payments;
use crate::peer_book::PeerBook;
use crate::scorer::ScorerCell;
use crate::sockets::Unsent;
use crate::stop::Tasks;
use crate::store::NodeStore;
use crate::types::{Network, NodeConfig};

/// Updates of a monitor kept apart before it is written whole: a restore reads few keys.
const MAX_MONITOR_UPDATES: u64 = 20;

/// What nearly everything needs.
struct Ground {
    host: SharedHost,
    network: Network,
    store: Arc<NodeStore>,
    outputs: Arc<Outputs>,
    logger: Logger,
    fees: Arc<Fees>,
    filter: Arc<ChainFilter>,
    onchain: Rc<OnchainWallet>,
    keys: Arc<WalletKeys>,
}

/// Loads the node from the store, or creates it. It stages nothing before [`Node::run`], so that every turn of it can be cut.
///
/// `seed`: 64 bytes of BIP39. Errors: `state_unreadable`, `invalid_url`, `invalid_argument`.
pub async fn start(config: NodeConfig, seed: &[u8], host: SharedHost) -> Result<Rc<Node>, NodeError> {
    let ground = lay_ground(&config, seed, host).await?;
    let chain = Rc::new(Chain::new(&config.esplora_url, Arc::clone(&ground.host))?);
    let graph = load_graph(&ground.store, config.network, &ground.logger, &ground.host).await;
    let scorer = load_scorer(&ground, &graph).await;
    let chain_monitor = Arc::new(new_chain_monitor(&ground));
    let router = Arc::new(Router::new(
        Arc::clone(&graph),
        Arc::clone(&ground.logger),
        Arc::clone(&ground.keys),
        Arc::clone(&scorer),
        ProbabilisticScoringFeeParameters::default(),
    ));
    let manager = load_manager(&ground, &chain_monitor, &router, &graph).await?;
    let (sweeper_block, sweeper) = load_sweeper(&ground, &manager).await?;
    let gossip = Gossip::new(config.rapid_gossip_url.as_deref(), &graph, &ground.logger);
    let onion_messenger = new_onion_messenger(&ground, &manager, &graph);
    let peers = Arc::new(new_peer_manager(
        &ground,
        &manager,
        &chain_monitor,
        &gossip,
        &onion_messenger,
    ));
    let tip = Rc::new(Tip::default());
    let best = manager.current_best_block();
    tip.set(
        best.height.min(sweeper_block.height),
        ground.host.now().as_secs() as u32,
    );

    let payments = Arc::new(Payments::new(
        Arc::clone(&ground.host),
        Arc::clone(&ground.store),
        Arc::clone(&ground.outputs),
    ));
    let channels = Rc::new(Channels {
        manager: Arc::clone(&manager),
        peers: Arc::clone(&peers),
        graph,
        onchain: Rc::clone(&ground.onchain),
        fees: Arc::clone(&ground.fees),
        config: channel_config(config.network),
        funding_feerates: RefCell::default(),
    });
    let events = Rc::new(EventHandler {
        host: Arc::clone(&ground.host),
        manager: Arc::clone(&manager),
        channels: Rc::clone(&channels),
        onchain: Rc::clone(&ground.onchain),
        payments: Arc::clone(&payments),
        sweeper: Arc::clone(&sweeper),
        bumper: bumper(
            Arc::clone(&ground.outputs),
            Rc::clone(&ground.onchain),
            Arc::clone(&ground.keys),
            Arc::clone(&ground.logger),
        ),
        outputs: Arc::clone(&ground.outputs),
        keys: Arc::clone(&ground.keys),
    });
    let onchain_sync = Rc::new(OnchainSync {
        host: Arc::clone(&ground.host),
        network: config.network,
        chain: Rc::clone(&chain),
        store: Arc::clone(&ground.store),
        onchain: Rc::clone(&ground.onchain),
        payments: Arc::clone(&payments),
        manager: Arc::clone(&manager),
    });
    let bolt11 = Bolt11 {
        network: config.network,
        manager: Arc::clone(&manager),
        router,
        payments: Arc::clone(&payments),
        keys: Arc::clone(&ground.keys),
        tip: Rc::clone(&tip),
    };
    Ok(Rc::new(Node {
        confirm: ConfirmSync::new(Rc::clone(&chain), ground.filter, Rc::clone(&tip)),
        tasks: Rc::new(Tasks::new(Arc::clone(&ground.host))),
        peer_book: PeerBook::new(Arc::clone(&ground.store)),
        poll_interval: Duration::from_secs(u64::from(config.poll_interval_seconds.max(1))),
        network: config.network,
        host: ground.host,
        store: ground.store,
        outputs: ground.outputs,
        logger: ground.logger,
        fees: ground.fees,
        onchain: ground.onchain,
        keys: ground.keys,
        chain,
        chain_monitor,
        manager,
        sweeper,
        gossip,
        onion_messenger,
        peers,
        scorer,
        tip,
        payments,
        channels,
        events,
        onchain_sync,
        bolt11,
        unsent: Rc::new(Unsent::default()),
        connected: RefCell::default(),
        synced_at_ms: Cell::new(None),
        revive: RefCell::default(),
        syncing: futures::lock::Mutex::new(()),
    }))
}

async fn lay_ground(config: &NodeConfig, seed: &[u8], host: SharedHost) -> Result<Ground, NodeError> {
    let store = Arc::new(NodeStore::new(Arc::clone(&host)));
    let fees = Arc::new(Fees::new(config.network));
    let master = master_key(seed, config.network)?;
    let onchain = OnchainWallet::open(
        master,
        config.network,
        Arc::clone(&store),
        Arc::clone(&host),
        Arc::clone(&fees),
    )
    .await?;
    let onchain = Rc::new(onchain);
    Ok(Ground {
        keys: Arc::new(WalletKeys::new(&master, &host, Rc::clone(&onchain))),
        outputs: Arc::new(Outputs::new(Arc::clone(&host))),
        logger: Arc::new(HostLogger(Arc::clone(&host))),
        filter: Arc::new(ChainFilter::default()),
        network: config.network,
        host,
        store,
        fees,
        onchain,
    })
}

async fn load_scorer(ground: &Ground, graph: &SharedGraph) -> Arc<ScorerCell> {
    let decay = ProbabilisticScoringDecayParameters::default();
    let stored = ground
        .store
        .get(
            SCORER_PERSISTENCE_PRIMARY_NAMESPACE,
            SCORER_PERSISTENCE_SECONDARY_NAMESPACE,
            SCORER_PERSISTENCE_KEY,
        )
        .await;
    let read = stored.ok().flatten().and_then(|bytes| {
        Scorer::read(
            &mut Cursor::new(bytes),
            (decay, Arc::clone(graph), Arc::clone(&ground.logger)),
        )
        .ok()
    });
    // What the scorer learnt is worth little: an unreadable one starts anew.
    let scorer = read.unwrap_or_else(|| Scorer::new(decay, Arc::clone(graph), Arc::clone(&ground.logger)));
    Arc::new(ScorerCell::new(scorer))
}

fn new_persister(ground: &Ground) -> Persister {
    Persister::new(
        Arc::clone(&ground.store),
        Spawner(Arc::clone(&ground.host)),
        Arc::clone(&ground.logger),
        MAX_MONITOR_UPDATES,
        Arc::clone(&ground.keys),
        Arc::clone(&ground.keys),
        Arc::clone(&ground.outputs),
        Arc::clone(&ground.fees),
    )
}

fn new_chain_monitor(ground: &Ground) -> ChainMonitor {
    ChainMonitor::new_async_beta(
        Some(Arc::clone(&ground.filter)),
        Arc::clone(&ground.outputs),
        Arc::clone(&ground.logger),
        Arc::clone(&ground.fees),
        new_persister(ground),
        Arc::clone(&ground.keys),
        ground.keys.get_peer_storage_key(),
    )
}

async fn load_manager(
    ground: &Ground,
    chain_monitor: &Arc<ChainMonitor>,
    router: &Arc<Router>,
    graph: &SharedGraph,
) -> Result<Arc<ChannelManager>, NodeError> {
    let message_router = Arc::new(DefaultMessageRouter::new(Arc::clone(graph), Arc::clone(&ground.keys)));
    let config = channel_config(ground.network);
    let stored = ground
        .store
        .get(
            CHANNEL_MANAGER_PERSISTENCE_PRIMARY_NAMESPACE,
            CHANNEL_MANAGER_PERSISTENCE_SECONDARY_NAMESPACE,
            CHANNEL_MANAGER_PERSISTENCE_KEY,
        )
        .await?;
    let monitors = new_persister(ground)
        .read_all_channel_monitors_with_updates()
        .await
        .map_err(|e| NodeError::unreadable("channel", e))?;
    let Some(bytes) = stored else {
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
            config,
            chain,
            ground.host.now().as_secs() as u32,
        );
        return Ok(Arc::new(manager));
    };
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
        config,
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

async fn load_sweeper(ground: &Ground, manager: &ChannelManager) -> Result<(BestBlock, Arc<Sweeper>), NodeError> {
    let stored = ground
        .store
        .get(
            OUTPUT_SWEEPER_PERSISTENCE_PRIMARY_NAMESPACE,
            OUTPUT_SWEEPER_PERSISTENCE_SECONDARY_NAMESPACE,
            OUTPUT_SWEEPER_PERSISTENCE_KEY,
        )
        .await?;
    let Some(bytes) = stored else {
        let block = manager.current_best_block();
        let sweeper = Sweeper::new(
            block,
            Arc::clone(&ground.outputs),
            Arc::clone(&ground.fees),
            Some(Arc::clone(&ground.filter)),
            Arc::clone(&ground.keys),
            Arc::clone(&ground.keys),
            Arc::clone(&ground.store),
            Arc::clone(&ground.logger),
        );
        return Ok((block, Arc::new(sweeper)));
    };
    let arguments = (
        Arc::clone(&ground.outputs),
        Arc::clone(&ground.fees),
        Some(Arc::clone(&ground.filter)),
        Arc::clone(&ground.keys),
        Arc::clone(&ground.keys),
        Arc::clone(&ground.store),
        Arc::clone(&ground.logger),
    );
    let (block, sweeper) = <(BestBlock, Sweeper)>::read(&mut Cursor::new(bytes), arguments)
        .map_err(|e| NodeError::unreadable("sweeper", e))?;
    Ok((block, Arc::new(sweeper)))
}

fn new_onion_messenger(ground: &Ground, manager: &Arc<ChannelManager>, graph: &SharedGraph) -> Arc<OnionMessenger> {
    Arc::new(OnionMessenger::new(
        Arc::clone(&ground.keys),
        Arc::clone(&ground.keys),
        Arc::clone(&ground.logger),
        Arc::clone(manager),
        Arc::new(DefaultMessageRouter::new(Arc::clone(graph), Arc::clone(&ground.keys))),
        Arc::clone(manager),
        background::nobody(),
        background::nobody(),
        background::nobody(),
    ))
}

fn new_peer_manager(
    ground: &Ground,
    manager: &Arc<ChannelManager>,
    chain_monitor: &Arc<ChainMonitor>,
    gossip: &Gossip,
    onion_messenger: &Arc<OnionMessenger>,
) -> PeerManager {
    let handlers = MessageHandler {
        chan_handler: Arc::clone(manager),
        route_handler: gossip.routing_handler(),
        onion_message_handler: Arc::clone(onion_messenger),
        custom_message_handler: background::nobody(),
        send_only_message_handler: Arc::clone(chain_monitor),
    };
    let ephemeral = ground.keys.get_secure_random_bytes();
    let now = ground.host.now().as_secs() as u32;
    PeerManager::new(
        handlers,
        now,
        &ephemeral,
        Arc::clone(&ground.logger),
        Arc::clone(&ground.keys),
    )
}
