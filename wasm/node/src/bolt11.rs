//! Owns BOLT11: making, reading, quoting and paying invoices. Bad input is refused before anything changes.

use std::rc::Rc;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bitcoin::hashes::Hash;
use lightning::ln::channelmanager::{Bolt11InvoiceParameters, Bolt11PaymentError, PaymentId, Retry};
use lightning::routing::router::{PaymentParameters, RouteParameters, RouteParametersConfig};
use lightning::sign::{NodeSigner as _, Recipient};
use lightning::types::payment::PaymentHash;
use lightning_invoice::{
    Bolt11Invoice, Bolt11InvoiceDescription, Bolt11InvoiceDescriptionRef, Description, ExpiryTime, PositiveTimestamp,
    RawTaggedField, TaggedField,
};

use crate::error::{Code, NodeError};
use crate::keys::WalletKeys;
use crate::ldk::{ChannelManager, Router};
use crate::payments::Payments;
use crate::sending::{check_room, check_unpaid, fee_limit, quote_route, retryable, zero_amount, MAX_ATTEMPTS};
use crate::tip::Tip;
use crate::types::{
    DecodedInvoice, Invoice, InvoiceRequest, Network, PayQuote, PayRequest, Payment, PaymentDirection, PaymentKind,
    PaymentStatus,
};

/// How far a block's time may run ahead of the network's.
const BLOCK_TIME_AHEAD_SECONDS: u64 = 2 * 3_600;
const MAX_EXPIRY_SECONDS: u32 = 30 * 86_400;

/// Invoices and their payments.
pub struct Bolt11 {
    pub(crate) network: Network,
    pub(crate) manager: Arc<ChannelManager>,
    pub(crate) router: Arc<Router>,
    pub(crate) payments: Arc<Payments>,
    pub(crate) keys: Arc<WalletKeys>,
    pub(crate) tip: Rc<Tip>,
}

impl Bolt11 {
    /// A new invoice, kept as open until paid. `invalid_amount`, `invalid_argument`.
    pub fn create(&self, request: &InvoiceRequest) -> Result<Invoice, NodeError> {
        if request.amount_msat == Some(0) {
            return Err(zero_amount());
        }
        if request.expiry_seconds == 0 || request.expiry_seconds > MAX_EXPIRY_SECONDS {
            return Err(NodeError::new(
                Code::InvalidArgument,
                "An invoice lives from a second to 30 days.",
                "Choose another expiry.",
            ));
        }
        let description = Description::new(request.description.clone()).map_err(|_| {
            NodeError::new(
                Code::InvalidArgument,
                "The description is longer than 639 bytes.",
                "Shorten the description.",
            )
        })?;
        let parameters = Bolt11InvoiceParameters {
            amount_msats: request.amount_msat,
            description: Bolt11InvoiceDescription::Direct(description),
            invoice_expiry_delta_secs: Some(request.expiry_seconds.saturating_add(self.clock_lag_seconds())),
            ..Default::default()
        };
        let made = self.manager.create_bolt11_invoice(parameters).map_err(|e| {
            NodeError::new(
                Code::InvalidAmount,
                format!("The invoice cannot be made: {e}."),
                "Choose another amount.",
            )
        })?;
        let invoice = self.dated_now(made, request.expiry_seconds)?;
        let row = self.waiting(&invoice, request);
        self.payments.put_invoice(&row);
        Ok(Invoice {
            bolt11: invoice.to_string(),
            payment_hash: row.id,
            expires_at_ms: row.expires_at_ms.unwrap_or(0.0),
        })
    }

    /// What an invoice says. `invalid_invoice`.
    pub fn decode(&self, text: &str) -> Result<DecodedInvoice, NodeError> {
        let invoice = parse(text)?;
        let expires_at_ms = expiry_ms(&invoice);
        Ok(DecodedInvoice {
            bolt11: invoice.to_string(),
            payment_hash: invoice.payment_hash().to_string(),
            payee_node_id: invoice.get_payee_pub_key().to_string(),
            amount_msat: invoice.amount_milli_satoshis(),
            description: describe(&invoice),
            created_at_ms: invoice.duration_since_epoch().as_millis() as f64,
            expires_at_ms,
            expired: expires_at_ms < self.payments.now_ms(),
            network: network_of(&invoice),
        })
    }

    /// What paying would cost now. Refuses what [`Self::pay`] would refuse.
    pub async fn quote(&self, request: &PayRequest) -> Result<PayQuote, NodeError> {
        let (invoice, amount_msat) = self.check(request).await?;
        let parameters = RouteParameters {
            payment_params: PaymentParameters::from_bolt11_invoice(&invoice),
            final_value_msat: amount_msat,
            max_total_routing_fee_msat: Some(fee_limit(request.max_fee_msat, amount_msat)),
        };
        quote_route(&self.manager, &self.router, &parameters)
    }

    /// Sends the payment on its way and returns its id. The outcome comes as an event.
    pub async fn pay(&self, request: &PayRequest) -> Result<String, NodeError> {
        let (invoice, amount_msat) = self.check(request).await?;
        let max_fee_msat = fee_limit(request.max_fee_msat, amount_msat);
        let hash = invoice.payment_hash().to_byte_array();
        let given = invoice.amount_milli_satoshis().is_none().then_some(amount_msat);
        let config = RouteParametersConfig::default().with_max_total_routing_fee_msat(max_fee_msat);
        self.manager
            .pay_for_bolt11_invoice(&invoice, PaymentId(hash), given, config, Retry::Attempts(MAX_ATTEMPTS))
            .map_err(send_error)?;
        let now = self.payments.now_ms();
        let id = invoice.payment_hash().to_string();
        self.payments.put(Payment {
            amount_msat: Some(amount_msat),
            description: describe(&invoice),
            bolt11: Some(invoice.to_string()),
            counterparty_node_id: Some(invoice.get_payee_pub_key().to_string()),
            expires_at_ms: Some(expiry_ms(&invoice)),
            ..Payment::new(
                &id,
                PaymentKind::Bolt11,
                PaymentDirection::Outbound,
                PaymentStatus::Pending,
                now,
            )
        });
        Ok(id)
    }

    /// Everything that can be known to be wrong before a payment starts.
    async fn check(&self, request: &PayRequest) -> Result<(Bolt11Invoice, u64), NodeError> {
        let invoice = parse(&request.bolt11)?;
        let amount_msat = self.amount(&invoice, request)?;
        // Before all else: of an invoice that has expired too, its user must hear that it was paid.
        check_unpaid(
            &self.manager,
            &self.payments,
            PaymentHash(invoice.payment_hash().to_byte_array()),
        )
        .await?;
        self.check_payable(&invoice)?;
        check_room(&self.manager, amount_msat)?;
        Ok((invoice, amount_msat))
    }

    fn check_payable(&self, invoice: &Bolt11Invoice) -> Result<(), NodeError> {
        if network_of(invoice) != self.network {
            return Err(NodeError::new(
                Code::WrongNetwork,
                "The invoice belongs to another bitcoin network.",
                "Ask for an invoice of the network that this wallet uses.",
            ));
        }
        if expiry_ms(invoice) < self.payments.now_ms() {
            return Err(NodeError::new(
                Code::InvoiceExpired,
                "The invoice has expired.",
                "Ask for a new invoice.",
            ));
        }
        if invoice.get_payee_pub_key() == self.manager.get_our_node_id() {
            return Err(NodeError::new(
                Code::OwnInvoice,
                "This is your own invoice.",
                "Give it to somebody who pays you.",
            ));
        }
        Ok(())
    }

    fn amount(&self, invoice: &Bolt11Invoice, request: &PayRequest) -> Result<u64, NodeError> {
        match (invoice.amount_milli_satoshis(), request.amount_msat) {
            (Some(0), _) | (None, Some(0)) => Err(zero_amount()),
            (Some(asked), None) => Ok(asked),
            (Some(asked), Some(given)) if asked == given => Ok(asked),
            (Some(_), Some(_)) => Err(NodeError::new(
                Code::InvalidAmount,
                "The invoice asks for another amount.",
                "Pay what the invoice asks for.",
            )),
            (None, Some(given)) => Ok(given),
            (None, None) => Err(NodeError::new(
                Code::InvalidAmount,
                "The invoice names no amount.",
                "Enter the amount to pay.",
            )),
        }
    }

    /// LDK without a clock takes the last block's time for now, and judges by it whether a payment comes too late.
    fn clock_lag_seconds(&self) -> u32 {
        let now = (self.payments.now_ms() / 1000.0) as u32;
        now.saturating_sub(self.tip.time_seconds())
    }

    /// The same invoice with the time that clocks show, signed again; a clock that the chain proves slow is not believed.
    fn dated_now(&self, invoice: Bolt11Invoice, expiry_seconds: u32) -> Result<Bolt11Invoice, NodeError> {
        let now_seconds = (self.payments.now_ms() / 1000.0) as u64;
        let tip_seconds = u64::from(self.tip.time_seconds());
        let is_slow = now_seconds + BLOCK_TIME_AHEAD_SECONDS < tip_seconds;
        let now = Duration::from_secs(if is_slow { tip_seconds } else { now_seconds });
        let (mut raw, _, _) = invoice.into_signed_raw().into_parts();
        let failed = |what: &str| NodeError::internal(format!("The invoice cannot be {what}."));
        raw.data.timestamp = PositiveTimestamp::from_duration_since_epoch(now).map_err(|_| failed("dated"))?;
        for field in &mut raw.data.tagged_fields {
            if let RawTaggedField::KnownSemantics(TaggedField::ExpiryTime(expiry)) = field {
                *expiry = ExpiryTime::from_seconds(u64::from(expiry_seconds));
            }
        }
        let signature = self
            .keys
            .sign_invoice(&raw, Recipient::Node)
            .map_err(|()| failed("signed"))?;
        let signed = raw.sign(|_| Ok::<_, ()>(signature)).map_err(|()| failed("signed"))?;
        Bolt11Invoice::from_signed(signed).map_err(|_| failed("built"))
    }

    fn waiting(&self, invoice: &Bolt11Invoice, request: &InvoiceRequest) -> Payment {
        Payment {
            amount_msat: request.amount_msat,
            description: request.description.clone(),
            bolt11: Some(invoice.to_string()),
            expires_at_ms: Some(expiry_ms(invoice)),
            ..Payment::new(
                &invoice.payment_hash().to_string(),
                PaymentKind::Bolt11,
                PaymentDirection::Inbound,
                PaymentStatus::Waiting,
                self.payments.now_ms(),
            )
        }
    }
}

pub(crate) fn parse(text: &str) -> Result<Bolt11Invoice, NodeError> {
    Bolt11Invoice::from_str(text.trim()).map_err(|e| {
        NodeError::new(
            Code::InvalidInvoice,
            format!("This is not a Lightning invoice: {e}."),
            "Copy the whole invoice and paste it again.",
        )
    })
}

pub(crate) fn network_of(invoice: &Bolt11Invoice) -> Network {
    match invoice.network() {
        bitcoin::Network::Bitcoin => Network::Bitcoin,
        bitcoin::Network::Signet => Network::Signet,
        bitcoin::Network::Regtest => Network::Regtest,
        _ => Network::Testnet4,
    }
}

pub(crate) fn describe(invoice: &Bolt11Invoice) -> String {
    match invoice.description() {
        Bolt11InvoiceDescriptionRef::Direct(description) => description.to_string(),
        Bolt11InvoiceDescriptionRef::Hash(_) => String::new(),
    }
}

pub(crate) fn expiry_ms(invoice: &Bolt11Invoice) -> f64 {
    (invoice.duration_since_epoch() + invoice.expiry_time()).as_millis() as f64
}

fn send_error(error: Bolt11PaymentError) -> NodeError {
    match error {
        Bolt11PaymentError::InvalidAmount => NodeError::new(
            Code::InvalidAmount,
            "The amount does not fit the invoice.",
            "Pay what the invoice asks for.",
        ),
        Bolt11PaymentError::SendingFailed(failure) => retryable(failure),
    }
}
