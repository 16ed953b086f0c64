//! Owns the node as JavaScript sees it: one typed call a thing.

use std::rc::Rc;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::Serialize;
use tern_node::types::{
    Balances, ChannelInfo, Coin, DecodedInvoice, Descriptors, FeeEstimates, Invoice, InvoiceRequest, KeysendRequest,
    NodeConfig, NodeInfo, OnchainQuote, OnchainSendRequest, OpenChannelRequest, PayQuote, PayRequest, Payment,
    PaymentsPage, PeerAddress, SpeedUpQuote, SpeedUpRequest,
};
use tern_node::{Code, Node, NodeError};
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use crate::host::{JsHost, NodeHost};
use crate::outputs::{outputs_to_js, OutputList};
use crate::throw::{report_panics, thrown};

type Answer<T> = Result<T, JsValue>;

fn given<T: Tsify<JsType: Clone> + DeserializeOwned>(value: &Ts<T>) -> Answer<T> {
    value.to_rust().map_err(|e| {
        thrown(NodeError::new(
            Code::InvalidArgument,
            format!("The request is malformed: {e}."),
            "Update the wallet.",
        ))
    })
}

fn answer<T: Tsify + Serialize>(value: Result<T, NodeError>) -> Answer<Ts<T>> {
    let value = value.map_err(thrown)?;
    value
        .into_ts()
        .map_err(|e| thrown(NodeError::internal(format!("An answer does not cross: {e}."))))
}

/// A running node. Every call may throw `{ code, cause, next }`.
#[wasm_bindgen]
pub struct TernNode {
    node: Rc<Node>,
}

#[wasm_bindgen]
impl TernNode {
    /// Loads the node from the store, or creates it; it does nothing before `run`. `seed`: 64 bytes of BIP39.
    pub async fn start(config: Ts<NodeConfig>, seed: Vec<u8>, host: NodeHost) -> Answer<TernNode> {
        report_panics();
        let config = given(&config)?;
        let host = Arc::new(JsHost::new(host));
        let node = tern_node::start(config, &seed, host).await.map_err(thrown)?;
        Ok(TernNode { node })
    }

    /// Starts the background work, once turns are cut.
    pub fn run(&self) {
        self.node.run();
    }

    /// The network took a transaction that left as an output, or refused it for good: then its coins are free again.
    #[wasm_bindgen(js_name = broadcastAnswered)]
    pub async fn broadcast_answered(
        &self,
        transaction: Vec<u8>,
        #[wasm_bindgen(js_name = isAccepted)] is_accepted: bool,
    ) -> Answer<()> {
        let node = Rc::clone(&self.node);
        node.broadcast_answered(&transaction, is_accepted).await.map_err(thrown)
    }

    /// Ends the background work; what it still wrote is staged when this resolves, so cut and commit once more.
    pub async fn stop(&self) {
        let node = Rc::clone(&self.node);
        node.stop().await;
    }

    /// Ends the turn: stages what belongs to it and hands out what may leave after its commit. `isAnswering`: somebody waits until it is durable.
    pub fn cut(&self, #[wasm_bindgen(js_name = isAnswering)] is_answering: bool) -> Answer<OutputList> {
        outputs_to_js(self.node.cut(is_answering))
    }

    /// A connection that we dialled is open; the first bytes come with the next cut. Socket ids are never used twice.
    #[wasm_bindgen(js_name = socketOpenedOutbound)]
    pub fn socket_opened_outbound(&self, socket: u32, #[wasm_bindgen(js_name = nodeId)] node_id: &str) -> Answer<()> {
        self.node.socket_opened_outbound(socket, node_id).map_err(thrown)
    }

    /// A connection from outside was accepted.
    #[wasm_bindgen(js_name = socketOpenedInbound)]
    pub fn socket_opened_inbound(&self, socket: u32) -> Answer<()> {
        self.node.socket_opened_inbound(socket).map_err(thrown)
    }

    /// Bytes from a peer. Throws when it broke the protocol: close the connection then.
    #[wasm_bindgen(js_name = socketBytes)]
    pub fn socket_bytes(&self, socket: u32, bytes: &[u8]) -> Answer<()> {
        self.node.socket_bytes(socket, bytes).map_err(thrown)
    }

    /// The transport took everything it was given.
    #[wasm_bindgen(js_name = socketWritable)]
    pub fn socket_writable(&self, socket: u32) {
        self.node.socket_writable(socket);
    }

    /// A connection is gone.
    #[wasm_bindgen(js_name = socketClosed)]
    pub fn socket_closed(&self, socket: u32) {
        self.node.socket_closed(socket);
    }

    /// Who the node is and how far it has come.
    pub fn info(&self) -> Answer<Ts<NodeInfo>> {
        answer(Ok(self.node.info()))
    }

    /// All that is ours.
    pub fn balances(&self) -> Answer<Ts<Balances>> {
        answer(Ok(self.node.balances()))
    }

    /// One complete look at the chain.
    pub async fn sync(&self) -> Answer<()> {
        let node = Rc::clone(&self.node);
        node.sync().await.map_err(thrown)
    }

    /// An address nobody has paid yet.
    #[wasm_bindgen(js_name = newAddress)]
    pub fn new_address(&self) -> String {
        self.node.new_address()
    }

    /// Feerates by urgency.
    #[wasm_bindgen(js_name = feeEstimates)]
    pub fn fee_estimates(&self) -> Answer<Ts<FeeEstimates>> {
        answer(Ok(self.node.fees.estimates()))
    }

    /// What a payment on chain would cost.
    #[wasm_bindgen(js_name = quoteOnchain)]
    pub fn quote_onchain(&self, request: Ts<OnchainSendRequest>) -> Answer<Ts<OnchainQuote>> {
        answer(self.node.quote_onchain(&given(&request)?))
    }

    /// Pays on chain and returns the transaction id.
    #[wasm_bindgen(js_name = sendOnchain)]
    pub fn send_onchain(&self, request: Ts<OnchainSendRequest>) -> Answer<String> {
        self.node.send_onchain(&given(&request)?).map_err(thrown)
    }

    /// What speeding up a transaction that waits would cost.
    #[wasm_bindgen(js_name = quoteSpeedUp)]
    pub fn quote_speed_up(&self, request: Ts<SpeedUpRequest>) -> Answer<Ts<SpeedUpQuote>> {
        answer(self.node.quote_speed_up(&given(&request)?))
    }

    /// Speeds a transaction up and returns the id of the one that does it.
    #[wasm_bindgen(js_name = speedUp)]
    pub async fn speed_up(&self, request: Ts<SpeedUpRequest>) -> Answer<String> {
        let (node, request) = (Rc::clone(&self.node), given(&request)?);
        node.speed_up(&request).await.map_err(thrown)
    }

    /// All coins, the largest first.
    pub fn coins(&self) -> Answer<Vec<Ts<Coin>>> {
        self.node.coins().into_iter().map(|coin| answer(Ok(coin))).collect()
    }

    /// Freezes a coin, or frees it again.
    #[wasm_bindgen(js_name = freezeCoin)]
    pub fn freeze_coin(&self, outpoint: &str, #[wasm_bindgen(js_name = isFrozen)] is_frozen: bool) -> Answer<()> {
        self.node.freeze_coin(outpoint, is_frozen).map_err(thrown)
    }

    /// What shows every coin and spends none.
    pub fn descriptors(&self) -> Answer<Ts<Descriptors>> {
        answer(Ok(self.node.descriptors()))
    }

    /// What opening a channel would cost.
    #[wasm_bindgen(js_name = quoteChannel)]
    pub fn quote_channel(&self, amount_sat: u64, feerate_sat_per_vb: Option<f64>) -> Answer<Ts<OnchainQuote>> {
        answer(self.node.quote_channel(amount_sat, feerate_sat_per_vb))
    }

    /// Asks a connected peer for a channel and returns its user channel id.
    #[wasm_bindgen(js_name = openChannel)]
    pub fn open_channel(&self, request: Ts<OpenChannelRequest>) -> Answer<String> {
        self.node.open_channel(&given(&request)?).map_err(thrown)
    }

    /// Closes a channel with the peer's consent.
    #[wasm_bindgen(js_name = closeChannel)]
    pub fn close_channel(&self, #[wasm_bindgen(js_name = channelId)] channel_id: &str) -> Answer<()> {
        self.node.channels.close(channel_id).map_err(thrown)
    }

    /// Closes a channel without the peer.
    #[wasm_bindgen(js_name = forceCloseChannel)]
    pub fn force_close_channel(&self, #[wasm_bindgen(js_name = channelId)] channel_id: &str) -> Answer<()> {
        self.node.channels.force_close(channel_id).map_err(thrown)
    }

    /// All channels that are not closed.
    pub fn channels(&self) -> Answer<Vec<Ts<ChannelInfo>>> {
        self.node
            .channels
            .list()
            .into_iter()
            .map(|channel| answer(Ok(channel)))
            .collect()
    }

    /// A new invoice (BOLT11).
    #[wasm_bindgen(js_name = createInvoice)]
    pub fn create_invoice(&self, request: Ts<InvoiceRequest>) -> Answer<Ts<Invoice>> {
        answer(self.node.bolt11.create(&given(&request)?))
    }

    /// What an invoice says.
    #[wasm_bindgen(js_name = decodeInvoice)]
    pub fn decode_invoice(&self, bolt11: &str) -> Answer<Ts<DecodedInvoice>> {
        answer(self.node.bolt11.decode(bolt11))
    }

    /// What paying an invoice would cost now.
    #[wasm_bindgen(js_name = quotePayment)]
    pub async fn quote_payment(&self, request: Ts<PayRequest>) -> Answer<Ts<PayQuote>> {
        let (node, request) = (Rc::clone(&self.node), given(&request)?);
        answer(node.bolt11.quote(&request).await)
    }

    /// Sends a payment on its way and returns its id; the outcome comes as an event.
    pub async fn pay(&self, request: Ts<PayRequest>) -> Answer<String> {
        let (node, request) = (Rc::clone(&self.node), given(&request)?);
        node.bolt11.pay(&request).await.map_err(thrown)
    }

    /// What paying a node without an invoice would cost now.
    #[wasm_bindgen(js_name = quoteKeysend)]
    pub fn quote_keysend(&self, request: Ts<KeysendRequest>) -> Answer<Ts<PayQuote>> {
        answer(self.node.keysend.quote(&given(&request)?))
    }

    /// Pays a node without an invoice and returns the payment's id; the outcome comes as an event.
    pub fn keysend(&self, request: Ts<KeysendRequest>) -> Answer<String> {
        self.node.keysend.pay(&given(&request)?).map_err(thrown)
    }

    /// A payment or open invoice by id.
    pub async fn payment(&self, id: String) -> Answer<Option<Ts<Payment>>> {
        let node = Rc::clone(&self.node);
        node.payment(&id)
            .await
            .map_err(thrown)?
            .map(|payment| answer(Ok(payment)))
            .transpose()
    }

    /// The history, newest first; `before` is the `next` of the page before.
    pub async fn payments(&self, limit: u32, before: Option<String>) -> Answer<Ts<PaymentsPage>> {
        let node = Rc::clone(&self.node);
        answer(node.payments(limit, before.as_deref()).await)
    }

    /// Who is connected now.
    #[wasm_bindgen(js_name = connectedPeers)]
    pub fn connected_peers(&self) -> Vec<String> {
        self.node.connected_peers()
    }

    /// Remembers a peer's address, so that it is dialled again.
    #[wasm_bindgen(js_name = rememberPeer)]
    pub fn remember_peer(&self, peer: Ts<PeerAddress>) -> Answer<()> {
        self.node.peer_book.remember(&given(&peer)?).map_err(thrown)
    }

    /// Everybody who should be connected.
    #[wasm_bindgen(js_name = peersToKeep)]
    pub fn peers_to_keep(&self) -> Answer<Vec<Ts<PeerAddress>>> {
        let peers = self.node.peer_book.all().into_iter();
        peers.map(|peer| answer(Ok(peer))).collect()
    }
}
