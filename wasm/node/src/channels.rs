//! Owns what can be done to channels: open, list, close. Money that must stay on chain for anchors is reckoned here.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::str::FromStr;
use std::sync::Arc;

use bitcoin::secp256k1::PublicKey;
use bitcoin::Txid;
use lightning::ln::channel_state::{ChannelDetails, ChannelShutdownState};
use lightning::routing::gossip::NodeId;
use lightning::util::config::UserConfig;
use lightning::util::errors::APIError;

use crate::error::{Code, NodeError};
use crate::fees::Fees;
use crate::ldk::{ChannelManager, PeerManager, SharedGraph};
use crate::onchain::OnchainWallet;
use crate::types::{ChannelInfo, ChannelState, Network, OnchainQuote, OpenChannelRequest};

/// Kept on chain for each anchor channel, so that its closing can be bumped (as ldk-node).
pub(crate) const RESERVE_PER_CHANNEL_SAT: u64 = 25_000;
const MIN_CHANNEL_SAT: u64 = 20_000;

/// Channels with everything that opening one needs.
pub struct Channels {
    pub(crate) manager: Arc<ChannelManager>,
    pub(crate) peers: Arc<PeerManager>,
    pub(crate) graph: SharedGraph,
    pub(crate) onchain: Rc<OnchainWallet>,
    pub(crate) fees: Arc<Fees>,
    pub(crate) config: UserConfig,
    /// The feerate chosen for a channel that waits for its funding, by user channel id.
    pub(crate) funding_feerates: RefCell<HashMap<u128, f64>>,
}

impl Channels {
    /// What the funding of one more channel would cost; its own reserve is kept back as well. `invalid_amount`, `insufficient_balance`.
    pub fn quote(&self, amount_sat: u64, feerate_sat_per_vb: Option<f64>) -> Result<OnchainQuote, NodeError> {
        if amount_sat < MIN_CHANNEL_SAT {
            return Err(NodeError::new(
                Code::InvalidAmount,
                format!("A channel needs at least {MIN_CHANNEL_SAT} sat."),
                "Choose a larger amount.",
            ));
        }
        let sat_per_vb = feerate_sat_per_vb.unwrap_or_else(|| self.fees.sat_per_vb(6));
        let reserve_sat = (self.anchor_channels() + 1) * RESERVE_PER_CHANNEL_SAT;
        self.onchain.quote_funding(amount_sat, sat_per_vb, reserve_sat)
    }

    /// Asks a connected peer for a channel and returns its user channel id.
    pub fn open(&self, request: &OpenChannelRequest, user_channel_id: u128) -> Result<String, NodeError> {
        let node_id = parse_node_id(&request.node_id)?;
        let push_msat = request.push_msat.unwrap_or(0);
        if push_msat > request.amount_sat * 1000 {
            return Err(NodeError::new(
                Code::InvalidAmount,
                "More is given away than the channel holds.",
                "Give less.",
            ));
        }
        if self.peers.peer_by_node_id(&node_id).is_none() {
            return Err(NodeError::new(
                Code::PeerUnreachable,
                "The peer is not connected.",
                "Connect to it first.",
            ));
        }
        let sat_per_vb = request.feerate_sat_per_vb.unwrap_or_else(|| self.fees.sat_per_vb(6));
        self.quote(request.amount_sat, request.feerate_sat_per_vb)?;
        let mut config = self.config.clone();
        config.channel_handshake_config.announce_for_forwarding = request.announce;
        self.funding_feerates.borrow_mut().insert(user_channel_id, sat_per_vb);
        let opened = self.manager.create_channel(
            node_id,
            request.amount_sat,
            push_msat,
            user_channel_id,
            None,
            Some(config),
        );
        if let Err(e) = opened {
            self.funding_feerates.borrow_mut().remove(&user_channel_id);
            return Err(NodeError::new(
                Code::ChannelOpenFailed,
                describe(&e),
                "Check the amount and try again.",
            ));
        }
        Ok(format!("{user_channel_id:032x}"))
    }

    /// Closes with the peer's consent: cheap, and the money is free after a confirmation.
    pub fn close(&self, channel_id: &str) -> Result<(), NodeError> {
        let channel = self.find(channel_id)?;
        self.manager
            .close_channel(&channel.channel_id, &channel.counterparty.node_id)
            .map_err(|e| {
                NodeError::new(
                    Code::ChannelCloseFailed,
                    describe(&e),
                    "Connect to the peer and try again.",
                )
            })
    }

    /// Closes without the peer: costs more, and the money is free after the peer's delay.
    pub fn force_close(&self, channel_id: &str) -> Result<(), NodeError> {
        let channel = self.find(channel_id)?;
        let reason = "closed by the wallet's user".to_string();
        self.manager
            .force_close_broadcasting_latest_txn(&channel.channel_id, &channel.counterparty.node_id, reason)
            .map_err(|e| NodeError::new(Code::ChannelCloseFailed, describe(&e), "Try again."))
    }

    /// All channels that are not closed.
    pub fn list(&self) -> Vec<ChannelInfo> {
        let mut channels = self.manager.list_channels();
        channels.sort_by_key(|channel| channel.user_channel_id);
        channels.iter().map(|channel| self.info(channel)).collect()
    }

    /// What stays on chain for the channels there are.
    pub fn reserve_sat(&self) -> u64 {
        self.reserve_for(self.anchor_channels())
    }

    /// The fundings of channels that were ready once: LDK told the peer so after as many blocks as the channel asks for.
    pub fn fundings_in_use(&self) -> HashSet<Txid> {
        let channels = self.manager.list_channels().into_iter();
        channels
            .filter(|channel| channel.is_channel_ready || channel.confirmations >= channel.confirmations_required)
            .filter_map(|channel| channel.funding_txo.map(|txo| txo.txid))
            .collect()
    }

    /// When the next HTLC in flight runs out.
    pub fn next_htlc_expiry_height(&self) -> Option<u32> {
        let channels = self.manager.list_channels();
        let inbound = channels
            .iter()
            .flat_map(|channel| channel.pending_inbound_htlcs.iter().map(|htlc| htlc.cltv_expiry));
        let outbound = channels
            .iter()
            .flat_map(|channel| channel.pending_outbound_htlcs.iter().map(|htlc| htlc.cltv_expiry));
        inbound.chain(outbound).min()
    }

    fn anchor_channels(&self) -> u64 {
        let is_anchor = |channel: &ChannelDetails| {
            channel
                .channel_type
                .as_ref()
                .is_none_or(|kind| kind.supports_anchors_zero_fee_htlc_tx())
        };
        self.manager
            .list_channels()
            .iter()
            .filter(|channel| is_anchor(channel))
            .count() as u64
    }

    fn reserve_for(&self, channels: u64) -> u64 {
        (channels * RESERVE_PER_CHANNEL_SAT).min(self.onchain.balance().spendable_sat)
    }

    fn find(&self, channel_id: &str) -> Result<ChannelDetails, NodeError> {
        let found = self
            .manager
            .list_channels()
            .into_iter()
            .find(|channel| channel.channel_id.to_string() == channel_id);
        found.ok_or_else(|| {
            NodeError::new(
                Code::ChannelNotFound,
                "There is no such channel.",
                "Reload the list of channels.",
            )
        })
    }

    fn info(&self, channel: &ChannelDetails) -> ChannelInfo {
        let peer = &channel.counterparty;
        let alias = self
            .graph
            .read_only()
            .node(&NodeId::from_pubkey(&peer.node_id))
            .and_then(|node| {
                node.announcement_info
                    .as_ref()
                    .map(|info| info.alias().to_string())
                    .filter(|alias| !alias.is_empty())
            });
        ChannelInfo {
            channel_id: channel.channel_id.to_string(),
            user_channel_id: format!("{:032x}", channel.user_channel_id),
            counterparty_node_id: peer.node_id.to_string(),
            counterparty_alias: alias,
            funding_txid: channel.funding_txo.map(|txo| txo.txid.to_string()),
            funding_vout: channel.funding_txo.map(|txo| u32::from(txo.index)),
            capacity_sat: channel.channel_value_satoshis,
            outbound_msat: if channel.is_usable {
                channel.next_outbound_htlc_limit_msat
            } else {
                channel.outbound_capacity_msat
            },
            inbound_msat: channel.inbound_capacity_msat,
            reserve_sat: channel.unspendable_punishment_reserve.unwrap_or(0),
            state: state(channel),
            is_outbound: channel.is_outbound,
            is_announced: channel.is_announced,
            confirmations: channel.confirmations.unwrap_or(0),
            confirmations_required: channel.confirmations_required.unwrap_or(0),
            short_channel_id: channel.short_channel_id.map(scid_text),
        }
    }
}

/// The settings of every channel: anchors, a long delay for a device that is often closed, a fee of the owner's choosing.
pub fn channel_config(network: Network) -> UserConfig {
    let mut config = UserConfig::default();
    let handshake = &mut config.channel_handshake_config;
    handshake.negotiate_anchors_zero_fee_htlc_tx = true;
    handshake.our_to_self_delay = 2016;
    handshake.max_inbound_htlc_value_in_flight_percent_of_channel = 100;
    handshake.minimum_depth = if network == Network::Regtest { 1 } else { 3 };
    config.channel_handshake_limits.their_to_self_delay = 2016;
    config.channel_handshake_limits.force_announced_channel_preference = false;
    config.manually_accept_inbound_channels = true;
    config
}

/// Where a channel stands, in the wallet's words.
pub fn state(channel: &ChannelDetails) -> ChannelState {
    match channel.channel_shutdown_state {
        None | Some(ChannelShutdownState::NotShuttingDown) => {}
        Some(_) => return ChannelState::Closing,
    }
    if channel.funding_txo.is_none() {
        ChannelState::Opening
    } else if !channel.is_channel_ready {
        ChannelState::Confirming
    } else if channel.is_usable {
        ChannelState::Ready
    } else {
        ChannelState::Offline
    }
}

/// A node id from hex. `invalid_node_uri`.
pub fn parse_node_id(text: &str) -> Result<PublicKey, NodeError> {
    PublicKey::from_str(text.trim()).map_err(|_| {
        NodeError::new(
            Code::InvalidNodeUri,
            "This is not a node's public key.",
            "Paste the whole address of the node: key@host:port.",
        )
    })
}

/// BOLT7's way to write a short channel id.
fn scid_text(scid: u64) -> String {
    format!("{}x{}x{}", scid >> 40, (scid >> 16) & 0xff_ffff, scid & 0xffff)
}

fn describe(error: &APIError) -> String {
    match error {
        APIError::APIMisuseError { err } | APIError::ChannelUnavailable { err } | APIError::InvalidRoute { err } => {
            err.clone()
        }
        APIError::FeeRateTooHigh { err, .. } => err.clone(),
        APIError::IncompatibleShutdownScript { .. } => "The peer does not accept our closing script.".to_string(),
        APIError::MonitorUpdateInProgress => "The channel is being saved.".to_string(),
    }
}
