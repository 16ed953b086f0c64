//! Owns what the wallet asks of the chain: addresses, payments, coins. What is broadcast leaves with the turn.

use bitcoin::Txid;
use lightning::chain::chaininterface::BroadcasterInterface as _;

use crate::error::NodeError;
use crate::node::Node;
use crate::onchain_speed::SpeedUpLimits;
use crate::types::{Coin, Descriptors, OnchainQuote, OnchainSendRequest, SpeedUpQuote, SpeedUpRequest};

impl Node {
    /// An address nobody has paid yet.
    pub fn new_address(&self) -> String {
        self.onchain.new_address().to_string()
    }

    /// What a payment on chain would cost.
    pub fn quote_onchain(&self, request: &OnchainSendRequest) -> Result<OnchainQuote, NodeError> {
        self.onchain.quote(request, self.channels.reserve_sat())
    }

    /// Pays on chain and returns the transaction id.
    pub fn send_onchain(&self, request: &OnchainSendRequest) -> Result<String, NodeError> {
        let transaction = self.onchain.send(request, self.channels.reserve_sat())?;
        self.outputs.broadcast_transactions(&[&transaction]);
        Ok(transaction.compute_txid().to_string())
    }

    /// What speeding up a transaction that waits would cost.
    pub fn quote_speed_up(&self, request: &SpeedUpRequest) -> Result<SpeedUpQuote, NodeError> {
        self.onchain.quote_speed_up(request, &self.speed_up_limits())
    }

    /// Speeds a transaction up and returns the id of the one that does it.
    pub async fn speed_up(&self, request: &SpeedUpRequest) -> Result<String, NodeError> {
        let (transaction, replaced) = self.onchain.speed_up(request, &self.speed_up_limits())?;
        let txid = transaction.compute_txid();
        if let Some(replaced) = replaced {
            self.give_way(vec![replaced], txid);
        }
        self.outputs.broadcast_transactions(&[&transaction]);
        self.onchain.note_broadcast(vec![transaction]);
        if let Some(replaced) = replaced {
            self.onchain_sync.record(replaced).await?;
        }
        Ok(txid.to_string())
    }

    /// All coins, the largest first.
    pub fn coins(&self) -> Vec<Coin> {
        self.onchain.coins(self.tip.height())
    }

    /// Freezes a coin, or frees it again.
    pub fn freeze_coin(&self, outpoint: &str, is_frozen: bool) -> Result<(), NodeError> {
        self.onchain.freeze(outpoint, is_frozen)?;
        self.outputs.event(crate::types::NodeEvent::BalancesChanged);
        Ok(())
    }

    /// What shows every coin and spends none.
    pub fn descriptors(&self) -> Descriptors {
        self.onchain.descriptors()
    }

    fn speed_up_limits(&self) -> SpeedUpLimits {
        let channels = self.manager.list_channels().into_iter();
        let open = channels.filter_map(|channel| channel.funding_txo.map(|txo| txo.txid));
        let monitors = self.chain_monitor.list_monitors().into_iter();
        let watched = monitors.filter_map(|id| Some(self.chain_monitor.get_monitor(id).ok()?.get_funding_txo().txid));
        let fundings: std::collections::HashSet<Txid> = open.chain(watched).collect();
        SpeedUpLimits {
            fundings,
            claimed: self.claimed_outputs(),
            reserve_sat: self.channels.reserve_sat(),
        }
    }
}
