//! Owns the start: everything is read from the store in the order LDK needs, so that a crash at any point loads without closing a channel.
//! A browser compiles a function whole when it is first called: what only a wallet with a history needs is kept out of line.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures::try_join;
use lightning::chain::BestBlock;
use lightning::io::Cursor;
use lightning::routing::scoring::{ProbabilisticScoringDecayParameters, ProbabilisticScoringFeeParameters};
use lightning::util::ser::ReadableArgs;

use crate::bolt11::Bolt11;
use crate::chain::Chain;
use crate::channels::{channel_config, Channels};
use crate::confirm::ConfirmSync;
use crate::error::NodeError;
use crate::events::{bumper, EventHandler};
use crate::gossip::{load_graph, Gossip};
use crate::ground::{lay_ground, new_chain_monitor, new_onion_messenger, new_peer_manager, Ground};
use crate::host::SharedHost;
use crate::keysend::Keysend;
use crate::ldk::{ChannelManager, Logger, Router, Scorer, SharedGraph, Sweeper};
use crate::load_manager::load_manager;
use crate::node::Node;
use crate::onchain_sync::OnchainSync;
use crate::payments::Payments;
use crate::peer_book::PeerBook;
use crate::quarantine::Quarantine;
use crate::scorer::ScorerCell;
use crate::sockets::Unsent;
use crate::stop::Tasks;
use crate::stored::Stored;
use crate::tip::Tip;
use crate::types::NodeConfig;

/// Loads the node from the store, or creates it. It stages nothing before [`Node::run`], so that every turn of it can be cut.
///
/// `seed`: 64 bytes of BIP39. Errors: `state_unreadable`, `invalid_url`, `invalid_argument`.
pub async fn start(config: NodeConfig, seed: &[u8], host: SharedHost) -> Result<Rc<Node>, NodeError> {
    let ground = lay_ground(&config, seed, host).await?;
    if config.is_quarantined {
        ground.outputs.hold();
    }
    let chain = Rc::new(Chain::new(&config.esplora_url, Arc::clone(&ground.host))?);
    let (stored, peer_book, quarantine) = try_join!(
        Stored::read(&ground.store),
        PeerBook::load(Arc::clone(&ground.store)),
        Quarantine::load(config.is_quarantined, Arc::clone(&ground.store)),
    )?;
    let quarantine = Rc::new(quarantine);
    let graph = load_graph(stored.graph, config.network, &ground.logger, &ground.host);
    let scorer = load_scorer(stored.scorer, &ground, &graph);
    let chain_monitor = Arc::new(new_chain_monitor(&ground));
    let router = Arc::new(Router::new(
        Arc::clone(&graph),
        Arc::clone(&ground.logger),
        Arc::clone(&ground.keys),
        Arc::clone(&scorer),
        ProbabilisticScoringFeeParameters::default(),
    ));
    let manager = load_manager(stored.manager, &ground, &chain_monitor, &router, &graph).await?;
    let (sweeper_block, sweeper) = load_sweeper(stored.sweeper, &ground, &manager)?;
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
        quarantine: Rc::clone(&quarantine),
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
        tip: Rc::clone(&tip),
    });
    let onchain_sync = Rc::new(OnchainSync {
        host: Arc::clone(&ground.host),
        network: config.network,
        chain: Rc::clone(&chain),
        store: Arc::clone(&ground.store),
        onchain: Rc::clone(&ground.onchain),
        outputs: Arc::clone(&ground.outputs),
        payments: Arc::clone(&payments),
        manager: Arc::clone(&manager),
    });
    let bolt11 = Bolt11 {
        network: config.network,
        manager: Arc::clone(&manager),
        router: Arc::clone(&router),
        payments: Arc::clone(&payments),
        keys: Arc::clone(&ground.keys),
        tip: Rc::clone(&tip),
    };
    let keysend = Keysend {
        manager: Arc::clone(&manager),
        router,
        payments: Arc::clone(&payments),
        keys: Arc::clone(&ground.keys),
    };
    Ok(Rc::new(Node {
        confirm: ConfirmSync::new(Rc::clone(&chain), config.network, ground.filter, Rc::clone(&tip)),
        tasks: Rc::new(Tasks::new(Arc::clone(&ground.host))),
        peer_book,
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
        keysend,
        unsent: Rc::new(Unsent::default()),
        presence: RefCell::default(),
        synced_at_ms: Cell::new(None),
        revive: RefCell::default(),
        quarantine,
        manager_late: Rc::default(),
        syncing: futures::lock::Mutex::new(()),
    }))
}

fn load_scorer(stored: Option<Vec<u8>>, ground: &Ground, graph: &SharedGraph) -> Arc<ScorerCell> {
    let decay = ProbabilisticScoringDecayParameters::default();
    // What the scorer learnt is worth little: an unreadable one starts anew.
    let scorer = stored
        .and_then(|bytes| read_scorer(bytes, decay, graph, &ground.logger))
        .unwrap_or_else(|| Scorer::new(decay, Arc::clone(graph), Arc::clone(&ground.logger)));
    Arc::new(ScorerCell::new(scorer))
}

#[inline(never)]
fn read_scorer(
    bytes: Vec<u8>,
    decay: ProbabilisticScoringDecayParameters,
    graph: &SharedGraph,
    logger: &Logger,
) -> Option<Scorer> {
    Scorer::read(&mut Cursor::new(bytes), (decay, Arc::clone(graph), Arc::clone(logger))).ok()
}

fn load_sweeper(
    stored: Option<Vec<u8>>,
    ground: &Ground,
    manager: &ChannelManager,
) -> Result<(BestBlock, Arc<Sweeper>), NodeError> {
    if let Some(bytes) = stored {
        return read_sweeper(bytes, ground);
    }
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
    Ok((block, Arc::new(sweeper)))
}

#[inline(never)]
fn read_sweeper(bytes: Vec<u8>, ground: &Ground) -> Result<(BestBlock, Arc<Sweeper>), NodeError> {
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
