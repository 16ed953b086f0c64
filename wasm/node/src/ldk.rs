//! Owns the concrete types that LDK's generics become here. One thread, so everything is shared by `Arc` without locks of our own.

use std::sync::Arc;

use lightning::chain::chainmonitor::{AsyncPersister, ChainMonitor as LdkChainMonitor};
use lightning::ln::channelmanager::ChannelManager as LdkChannelManager;
use lightning::ln::peer_handler::{IgnoringMessageHandler, PeerManager as LdkPeerManager};
use lightning::onion_message::messenger::{DefaultMessageRouter, OnionMessenger as LdkOnionMessenger};
use lightning::routing::gossip::{NetworkGraph, P2PGossipSync};
use lightning::routing::router::DefaultRouter;
use lightning::routing::scoring::{ProbabilisticScorer, ProbabilisticScoringFeeParameters};
use lightning::routing::utxo::UtxoLookup;
use lightning::sign::InMemorySigner;
use lightning::util::persist::MonitorUpdatingPersisterAsync;
use lightning::util::sweep::OutputSweeper;
use lightning_background_processor::GossipSync as LdkGossipSync;
use lightning_rapid_gossip_sync::RapidGossipSync;

use crate::chain::ChainFilter;
use crate::fees::Fees;
use crate::gossip::RoutingHandler;
use crate::host::{HostLogger, Spawner};
use crate::keys::WalletKeys;
use crate::outputs::Outputs;
use crate::scorer::ScorerCell;
use crate::sockets::Socket;
use crate::store::NodeStore;

pub type Logger = Arc<HostLogger>;
pub type Graph = NetworkGraph<Logger>;
pub type SharedGraph = Arc<Graph>;
pub type Scorer = ProbabilisticScorer<SharedGraph, Logger>;

pub type Persister = MonitorUpdatingPersisterAsync<
    Arc<NodeStore>,
    Spawner,
    Logger,
    Arc<WalletKeys>,
    Arc<WalletKeys>,
    Arc<Outputs>,
    Arc<Fees>,
>;
type ChainMonitorPersister =
    AsyncPersister<Arc<NodeStore>, Spawner, Logger, Arc<WalletKeys>, Arc<WalletKeys>, Arc<Outputs>, Arc<Fees>>;
pub type ChainMonitor = LdkChainMonitor<
    InMemorySigner,
    Arc<ChainFilter>,
    Arc<Outputs>,
    Arc<Fees>,
    Logger,
    ChainMonitorPersister,
    Arc<WalletKeys>,
>;

pub type Router =
    DefaultRouter<SharedGraph, Logger, Arc<WalletKeys>, Arc<ScorerCell>, ProbabilisticScoringFeeParameters, Scorer>;
pub type MessageRouter = DefaultMessageRouter<SharedGraph, Logger, Arc<WalletKeys>>;
pub type ChannelManager = LdkChannelManager<
    Arc<ChainMonitor>,
    Arc<Outputs>,
    Arc<WalletKeys>,
    Arc<WalletKeys>,
    Arc<WalletKeys>,
    Arc<Fees>,
    Arc<Router>,
    Arc<MessageRouter>,
    Logger,
>;
pub type OnionMessenger = LdkOnionMessenger<
    Arc<WalletKeys>,
    Arc<WalletKeys>,
    Logger,
    Arc<ChannelManager>,
    Arc<MessageRouter>,
    Arc<ChannelManager>,
    Arc<IgnoringMessageHandler>,
    Arc<IgnoringMessageHandler>,
    Arc<IgnoringMessageHandler>,
>;
pub type PeerManager = LdkPeerManager<
    Socket,
    Arc<ChannelManager>,
    Arc<RoutingHandler>,
    Arc<OnionMessenger>,
    Logger,
    Arc<IgnoringMessageHandler>,
    Arc<WalletKeys>,
    Arc<ChainMonitor>,
>;
pub type Sweeper =
    OutputSweeper<Arc<Outputs>, Arc<WalletKeys>, Arc<Fees>, Arc<ChainFilter>, Arc<NodeStore>, Logger, Arc<WalletKeys>>;

pub type Utxos = Arc<dyn UtxoLookup>;
pub type PeerGossip = P2PGossipSync<SharedGraph, Utxos, Logger>;
pub type RapidGossip = RapidGossipSync<SharedGraph, Logger>;
pub type GossipSync = LdkGossipSync<Arc<PeerGossip>, Arc<RapidGossip>, SharedGraph, Utxos, Logger>;
