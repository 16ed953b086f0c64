//! Owns the types that cross to JavaScript: plain data, amounts in msat (Lightning) and sat (on chain), times in Unix milliseconds.

use serde::{Deserialize, Serialize};
#[cfg(feature = "js")]
use tsify::Tsify;

/// Declares API types: serde with camelCase names, and TypeScript types where the `js` feature asks for them.
macro_rules! api_types {
	($($(#[$meta:meta])* $vis:vis $kind:ident $name:ident $body:tt)*) => {$(
		#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
		#[cfg_attr(feature = "js", derive(Tsify))]
		#[cfg_attr(feature = "js", tsify(large_number_types_as_bigints))]
		#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
		$(#[$meta])*
		$vis $kind $name $body
	)*};
}

/// The same for structs, whose fields have no `rename_all_fields`.
macro_rules! api_structs {
	($($(#[$meta:meta])* pub struct $name:ident $body:tt)*) => {$(
		$(#[$meta])*
		#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
		#[cfg_attr(feature = "js", derive(Tsify))]
		#[cfg_attr(feature = "js", tsify(large_number_types_as_bigints))]
		#[serde(rename_all = "camelCase")]
		pub struct $name $body
	)*};
}

api_types! {
    /// The chains Tern knows.
    #[derive(Copy, Eq)]
    pub enum Network { Bitcoin, Testnet4, Signet, Regtest }

    /// Where a channel stands.
    #[derive(Copy, Eq)]
    pub enum ChannelState { Opening, Confirming, Ready, Offline, Closing, Closed }

    /// How a payment travels.
    #[derive(Copy, Eq)]
    pub enum PaymentKind { Bolt11, Keysend, Onchain }

    /// Which way a payment goes.
    #[derive(Copy, Eq)]
    pub enum PaymentDirection { Inbound, Outbound }

    /// Where a payment stands. `Waiting`: an invoice nobody has paid yet.
    #[derive(Copy, Eq)]
    pub enum PaymentStatus { Waiting, Pending, Succeeded, Failed, Expired }

    /// What a coin can be used for. `Frozen`: its owner says no. `Promised`: to a channel that is being opened. `Pending`: somebody else's
    /// payment that waits for a block.
    #[derive(Copy, Eq)]
    pub enum CoinState { Free, Frozen, Promised, Pending }

    /// How a transaction that waits is sped up: replaced by one that pays more (BIP125), or by a child that pays for both.
    #[derive(Copy, Eq)]
    pub enum SpeedUpMethod { Replace, Child }

    /// What money of a closed channel waits for. `Unconfirmed`: the closing's first block. `Awaited`: the peer's closing, because it proved
    /// that our state is old and only its own can be published. `Confirming`: more blocks on the closing.
    /// `Delayed`: the delay of who closed by force. `Htlc`: the claim or the timeout of a payment that the closing caught. `Revoked`: our
    /// claim of a state that the peer had revoked. `Sweeping`: the transaction that brings it to the wallet.
    #[derive(Copy, Eq)]
    pub enum ClosingStage { Unconfirmed, Awaited, Confirming, Delayed, Htlc, Revoked, Sweeping }

    /// What happened, in the order in which it became durable.
    #[serde(tag = "type")]
    pub enum NodeEvent {
        Synced { block_height: u32 },
        SyncFailed { code: String, cause: String, next: String },
        PaymentChanged { payment: Box<Payment> },
        ChannelChanged {
            channel_id: String,
            state: ChannelState,
            #[cfg_attr(feature = "js", tsify(optional))]
            reason: Option<String>,
        },
        BalancesChanged,
        PeerConnected { node_id: String },
        PeerDisconnected { node_id: String },
        /// A peer proved that our state of a channel is old: we stay silent and wait for the peer to close it.
        ChannelBehind { channel_id: String, node_id: String },
        /// Every channel's peer agreed to our state, or proved it old.
        QuarantineEnded,
        Halted { code: String, cause: String, next: String },
    }
}

api_structs! {
    /// How to run the node.
    pub struct NodeConfig {
        pub network: Network,
        pub esplora_url: String,
        /// Base URL of a rapid gossip sync server; absent: gossip comes from peers.
        #[cfg_attr(feature = "js", tsify(optional))]
        pub rapid_gossip_url: Option<String>,
        /// Between two looks at the chain.
        pub poll_interval_seconds: u32,
        /// The state is doubtful: nothing is broadcast until every channel's peer agreed to it.
        pub is_quarantined: bool,
    }

    /// Who the node is and how far it has come.
    pub struct NodeInfo {
        pub node_id: String,
        pub network: Network,
        pub block_height: u32,
        /// The last complete sync with the chain; absent before the first.
        #[cfg_attr(feature = "js", tsify(optional))]
        pub synced_at_ms: Option<f64>,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub gossip_at_ms: Option<f64>,
        pub channel_count: u32,
        pub usable_channel_count: u32,
        /// Nothing is broadcast until every channel's peer agreed to our state.
        pub is_quarantined: bool,
        /// The height at which the next HTLC in flight runs out; absent without one.
        #[cfg_attr(feature = "js", tsify(optional))]
        pub next_htlc_expiry_height: Option<u32>,
    }

    /// All that is ours.
    pub struct Balances {
        /// What can be sent on chain now, the reserve already taken off.
        pub onchain_spendable_sat: u64,
        /// Coins that their owner froze.
        pub onchain_frozen_sat: u64,
        /// Seen, not yet confirmed, not ours to spend yet.
        pub onchain_pending_sat: u64,
        /// Held back on chain to bump the fees of anchor channels.
        pub anchor_reserve_sat: u64,
        /// All that is ours in open channels.
        pub lightning_msat: u64,
        /// What Lightning can send now.
        pub outbound_capacity_msat: u64,
        /// What Lightning can receive now.
        pub inbound_capacity_msat: u64,
        /// Ours, on its way back from closed channels.
        pub closing_sat: u64,
        /// The same part by part, the soonest first.
        pub closing_parts: Vec<ClosingPart>,
        /// Everything, rounded down to a sat.
        pub total_sat: u64,
    }

    /// A part of what is on its way back from a closed channel.
    pub struct ClosingPart {
        pub amount_sat: u64,
        pub stage: ClosingStage,
        /// The height from which it can be taken; absent where it depends on a block that is not there yet.
        #[cfg_attr(feature = "js", tsify(optional))]
        pub free_at_height: Option<u32>,
    }

    /// Feerates by urgency.
    pub struct FeeEstimates {
        pub fast_sat_per_vb: f64,
        pub normal_sat_per_vb: f64,
        pub slow_sat_per_vb: f64,
    }

    /// A payment on chain.
    pub struct OnchainSendRequest {
        pub address: String,
        /// Absent: everything but the reserve.
        #[cfg_attr(feature = "js", tsify(optional))]
        pub amount_sat: Option<u64>,
        /// Absent: the normal estimate.
        #[cfg_attr(feature = "js", tsify(optional))]
        pub feerate_sat_per_vb: Option<f64>,
    }

    /// What a payment on chain would cost now.
    pub struct OnchainQuote {
        pub amount_sat: u64,
        pub fee_sat: u64,
        pub feerate_sat_per_vb: f64,
    }

    /// A transaction that waits for a block, to be sped up.
    pub struct SpeedUpRequest {
        pub txid: String,
        pub feerate_sat_per_vb: f64,
        /// What the user saw; another price is refused.
        #[cfg_attr(feature = "js", tsify(optional))]
        pub agreed: Option<SpeedUpQuote>,
    }

    /// What speeding up would cost now.
    pub struct SpeedUpQuote {
        pub method: SpeedUpMethod,
        /// On top of what was paid already.
        pub extra_fee_sat: u64,
        /// What the receiver gets, where the transaction is replaced; less than before only if everything was sent.
        #[cfg_attr(feature = "js", tsify(optional))]
        pub amount_sat: Option<u64>,
    }

    /// A coin (unspent output) of the on-chain wallet.
    pub struct Coin {
        /// `txid:vout`.
        pub outpoint: String,
        pub txid: String,
        pub amount_sat: u64,
        pub address: String,
        pub is_change: bool,
        /// Its owner says no; so it stays once it is confirmed.
        pub is_frozen: bool,
        pub confirmations: u32,
        pub state: CoinState,
    }

    /// Who holds these can see every coin, and spend none (BIP84, BIP380).
    pub struct Descriptors {
        pub external: String,
        pub internal: String,
    }

    /// A channel to open with a connected peer.
    pub struct OpenChannelRequest {
        pub node_id: String,
        pub amount_sat: u64,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub push_msat: Option<u64>,
        pub announce: bool,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub feerate_sat_per_vb: Option<f64>,
    }

    /// A channel as it stands.
    pub struct ChannelInfo {
        pub channel_id: String,
        pub user_channel_id: String,
        pub counterparty_node_id: String,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub counterparty_alias: Option<String>,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub funding_txid: Option<String>,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub funding_vout: Option<u32>,
        pub capacity_sat: u64,
        pub outbound_msat: u64,
        pub inbound_msat: u64,
        /// Ours, but locked as the channel's reserve.
        pub reserve_sat: u64,
        pub state: ChannelState,
        pub is_outbound: bool,
        pub is_announced: bool,
        pub confirmations: u32,
        pub confirmations_required: u32,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub short_channel_id: Option<String>,
    }

    /// An invoice to make.
    pub struct InvoiceRequest {
        /// Absent: the payer chooses.
        #[cfg_attr(feature = "js", tsify(optional))]
        pub amount_msat: Option<u64>,
        pub description: String,
        pub expiry_seconds: u32,
    }

    /// An invoice of ours (BOLT11).
    pub struct Invoice {
        pub bolt11: String,
        pub payment_hash: String,
        pub expires_at_ms: f64,
    }

    /// What an invoice says.
    pub struct DecodedInvoice {
        pub bolt11: String,
        pub payment_hash: String,
        pub payee_node_id: String,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub amount_msat: Option<u64>,
        pub description: String,
        pub created_at_ms: f64,
        pub expires_at_ms: f64,
        pub expired: bool,
        pub network: Network,
    }

    /// An invoice to pay.
    pub struct PayRequest {
        pub bolt11: String,
        /// Only for invoices without an amount.
        #[cfg_attr(feature = "js", tsify(optional))]
        pub amount_msat: Option<u64>,
        /// Absent: one percent, at least five sat.
        #[cfg_attr(feature = "js", tsify(optional))]
        pub max_fee_msat: Option<u64>,
    }

    /// A payment to a node that made no invoice (BLIP 3).
    pub struct KeysendRequest {
        pub node_id: String,
        pub amount_msat: u64,
        /// Absent: one percent, at least five sat.
        #[cfg_attr(feature = "js", tsify(optional))]
        pub max_fee_msat: Option<u64>,
    }

    /// What a payment would cost over the best route known now, and what it may cost at most.
    pub struct PayQuote {
        pub amount_msat: u64,
        pub fee_msat: u64,
        pub max_fee_msat: u64,
    }

    /// A payment, over Lightning or on chain. `id`: the payment hash, or the transaction id.
    pub struct Payment {
        pub id: String,
        pub kind: PaymentKind,
        pub direction: PaymentDirection,
        pub status: PaymentStatus,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub amount_msat: Option<u64>,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub fee_msat: Option<u64>,
        pub description: String,
        pub created_at_ms: f64,
        pub updated_at_ms: f64,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub bolt11: Option<String>,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub payment_hash: Option<String>,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub preimage: Option<String>,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub txid: Option<String>,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub address: Option<String>,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub confirmations: Option<u32>,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub counterparty_node_id: Option<String>,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub failure_code: Option<String>,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub expires_at_ms: Option<f64>,
        /// Where it was confirmed; kept so that confirmations can be counted.
        #[cfg_attr(feature = "js", tsify(optional))]
        pub confirmed_height: Option<u32>,
    }

    /// Payments, newest first. `next`: the cursor of the following page.
    pub struct PaymentsPage {
        pub payments: Vec<Payment>,
        #[cfg_attr(feature = "js", tsify(optional))]
        pub next: Option<String>,
    }

    /// Where a peer can be reached: `host:port` or a WebSocket URL.
    pub struct PeerAddress {
        pub node_id: String,
        pub address: String,
    }
}

impl Payment {
    /// A row of which only this much is known. Over Lightning `id` is the payment hash.
    pub fn new(id: &str, kind: PaymentKind, direction: PaymentDirection, status: PaymentStatus, now_ms: f64) -> Self {
        Self {
            id: id.to_string(),
            kind,
            direction,
            status,
            amount_msat: None,
            fee_msat: None,
            description: String::new(),
            created_at_ms: now_ms,
            updated_at_ms: now_ms,
            bolt11: None,
            payment_hash: (kind != PaymentKind::Onchain).then(|| id.to_string()),
            preimage: None,
            txid: (kind == PaymentKind::Onchain).then(|| id.to_string()),
            address: None,
            confirmations: None,
            counterparty_node_id: None,
            failure_code: None,
            expires_at_ms: None,
            confirmed_height: None,
        }
    }
}

impl From<Network> for bitcoin::Network {
    fn from(network: Network) -> Self {
        match network {
            Network::Bitcoin => bitcoin::Network::Bitcoin,
            Network::Testnet4 => bitcoin::Network::Testnet4,
            Network::Signet => bitcoin::Network::Signet,
            Network::Regtest => bitcoin::Network::Regtest,
        }
    }
}
