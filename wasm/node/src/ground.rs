//! Owns the making of LDK's parts that hold no state of their own, over the ground they all stand on.

use std::rc::Rc;
use std::sync::Arc;

use lightning::ln::peer_handler::MessageHandler;
use lightning::onion_message::messenger::DefaultMessageRouter;
use lightning::sign::{EntropySource as _, NodeSigner as _};

use crate::background;
use crate::chain::ChainFilter;
use crate::error::NodeError;
use crate::fees::Fees;
use crate::gossip::Gossip;
use crate::host::{HostLogger, SharedHost, Spawner};
use crate::keys::{master_key, WalletKeys};
use crate::ldk::{ChainMonitor, ChannelManager, Logger, OnionMessenger, PeerManager, Persister, SharedGraph};
use crate::onchain::OnchainWallet;
use crate::outputs::Outputs;
use crate::store::NodeStore;
use crate::types::{Network, NodeConfig};

/// LDK would write a monitor whole every so many updates, whatever it weighs by then; `monitor_rows` knows better when.
const NEVER_WHOLE: u64 = u64::MAX;

/// What nearly everything needs.
pub struct Ground {
    pub host: SharedHost,
    pub network: Network,
    pub store: Arc<NodeStore>,
    pub outputs: Arc<Outputs>,
    pub logger: Logger,
    pub fees: Arc<Fees>,
    pub filter: Arc<ChainFilter>,
    pub onchain: Rc<OnchainWallet>,
    pub keys: Arc<WalletKeys>,
}

/// Opens the on-chain wallet, and makes what needs nothing else. `state_unreadable` when its log does not decode.
pub async fn lay_ground(config: &NodeConfig, seed: &[u8], host: SharedHost) -> Result<Ground, NodeError> {
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

/// Monitors go to the store whole when they are new, and each update beside them.
pub fn new_persister(ground: &Ground) -> Persister {
    Persister::new(
        Arc::clone(&ground.store),
        Spawner(Arc::clone(&ground.host)),
        Arc::clone(&ground.logger),
        NEVER_WHOLE,
        Arc::clone(&ground.keys),
        Arc::clone(&ground.keys),
        Arc::clone(&ground.outputs),
        Arc::clone(&ground.fees),
    )
}

/// Watches the channels; it holds none yet.
pub fn new_chain_monitor(ground: &Ground) -> ChainMonitor {
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

/// Answers onion messages for the manager.
pub fn new_onion_messenger(ground: &Ground, manager: &Arc<ChannelManager>, graph: &SharedGraph) -> Arc<OnionMessenger> {
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

/// Speaks with the peers; there are none yet.
pub fn new_peer_manager(
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
