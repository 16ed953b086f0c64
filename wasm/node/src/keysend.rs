//! Owns payments to a node that made no invoice (BLIP 3): the payer chooses the preimage.

use std::sync::Arc;

use bitcoin::hashes::{sha256, Hash as _};
use lightning::ln::channelmanager::{PaymentId, RecipientOnionFields, Retry};
use lightning::routing::router::{PaymentParameters, RouteParameters};
use lightning::sign::EntropySource as _;
use lightning::types::payment::PaymentPreimage;

use crate::channels::parse_node_id;
use crate::error::{Code, NodeError};
use crate::keys::WalletKeys;
use crate::ldk::{ChannelManager, Router};
use crate::payments::Payments;
use crate::sending::{check_room, fee_limit, quote_route, retryable, zero_amount, MAX_ATTEMPTS};
use crate::types::{KeysendRequest, PayQuote, Payment, PaymentDirection, PaymentKind, PaymentStatus};

/// What lnd asks for where no invoice says otherwise.
const FINAL_CLTV_EXPIRY_DELTA: u32 = 80;

/// Payments without an invoice.
pub struct Keysend {
    pub(crate) manager: Arc<ChannelManager>,
    pub(crate) router: Arc<Router>,
    pub(crate) payments: Arc<Payments>,
    pub(crate) keys: Arc<WalletKeys>,
}

impl Keysend {
    /// What paying would cost now. Refuses what [`Self::pay`] would refuse.
    pub fn quote(&self, request: &KeysendRequest) -> Result<PayQuote, NodeError> {
        quote_route(&self.manager, &self.router, &self.check(request)?)
    }

    /// Sends the payment on its way and returns its id. The outcome comes as an event.
    pub fn pay(&self, request: &KeysendRequest) -> Result<String, NodeError> {
        let parameters = self.check(request)?;
        let preimage = self.keys.get_secure_random_bytes();
        let hash = sha256::Hash::hash(&preimage);
        self.manager
            .send_spontaneous_payment(
                Some(PaymentPreimage(preimage)),
                RecipientOnionFields::spontaneous_empty(),
                PaymentId(hash.to_byte_array()),
                parameters,
                Retry::Attempts(MAX_ATTEMPTS),
            )
            .map_err(retryable)?;
        let now = self.payments.now_ms();
        self.payments.put(Payment {
            amount_msat: Some(request.amount_msat),
            counterparty_node_id: Some(request.node_id.trim().to_lowercase()),
            ..Payment::new(
                &hash.to_string(),
                PaymentKind::Keysend,
                PaymentDirection::Outbound,
                PaymentStatus::Pending,
                now,
            )
        });
        Ok(hash.to_string())
    }

    fn check(&self, request: &KeysendRequest) -> Result<RouteParameters, NodeError> {
        let payee = parse_node_id(&request.node_id)?;
        if request.amount_msat == 0 {
            return Err(zero_amount());
        }
        if payee == self.manager.get_our_node_id() {
            return Err(NodeError::new(
                Code::OwnInvoice,
                "This is your own node.",
                "Enter the id of the node that you want to pay.",
            ));
        }
        check_room(&self.manager, request.amount_msat)?;
        Ok(RouteParameters {
            payment_params: PaymentParameters::for_keysend(payee, FINAL_CLTV_EXPIRY_DELTA, false),
            final_value_msat: request.amount_msat,
            max_total_routing_fee_msat: Some(fee_limit(request.max_fee_msat, request.amount_msat)),
        })
    }
}
