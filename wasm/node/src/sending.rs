//! Owns what all Lightning payments that leave have in common: room, limit of the fee, route, and why one cannot start.

use lightning::ln::channelmanager::{PaymentId, RecentPaymentDetails, RetryableSendFailure};
use lightning::routing::router::{InFlightHtlcs, RouteParameters, Router as _};
use lightning::types::payment::PaymentHash;

use crate::error::{Code, NodeError};
use crate::ldk::{ChannelManager, Router};
use crate::payments::Payments;
use crate::types::{PayQuote, PaymentDirection, PaymentStatus};

/// How often a payment is tried by other routes.
pub(crate) const MAX_ATTEMPTS: u32 = 10;
const MIN_FEE_LIMIT_MSAT: u64 = 5_000;

/// What the best route known now costs. `route_not_found`.
pub(crate) fn quote_route(
    manager: &ChannelManager,
    router: &Router,
    parameters: &RouteParameters,
) -> Result<PayQuote, NodeError> {
    let usable = manager.list_usable_channels();
    let first_hops: Vec<_> = usable.iter().collect();
    let payer = manager.get_our_node_id();
    let route = router
        .find_route(&payer, parameters, Some(&first_hops), InFlightHtlcs::new())
        .map_err(|_| no_route())?;
    Ok(PayQuote {
        amount_msat: parameters.final_value_msat,
        fee_msat: route.get_total_fees(),
        max_fee_msat: parameters.max_total_routing_fee_msat.unwrap_or(0),
    })
}

/// `insufficient_balance` where the channels cannot send as much now.
pub(crate) fn check_room(manager: &ChannelManager, amount_msat: u64) -> Result<(), NodeError> {
    let usable = manager.list_usable_channels();
    let have_msat: u64 = usable.iter().map(|channel| channel.next_outbound_htlc_limit_msat).sum();
    if amount_msat <= have_msat {
        return Ok(());
    }
    Err(NodeError::new(
        Code::InsufficientBalance,
        format!(
            "The payment is for {} sat; {} sat can be sent over Lightning now.",
            amount_msat.div_ceil(1000),
            have_msat / 1000
        ),
        "Send less, open a channel with more, or wait until the peers are connected.",
    ))
}

/// What a payment may cost at most: as asked, else one percent and at least five sat.
pub(crate) fn fee_limit(asked_msat: Option<u64>, amount_msat: u64) -> u64 {
    asked_msat.unwrap_or_else(|| (amount_msat / 100).max(MIN_FEE_LIMIT_MSAT))
}

pub(crate) fn zero_amount() -> NodeError {
    NodeError::new(Code::InvalidAmount, "The amount is zero.", "Enter an amount.")
}

/// Refuses a payment that was made or is under way, by our history and by LDK's. `invoice_already_paid`, `payment_in_flight`.
pub(crate) async fn check_unpaid(
    manager: &ChannelManager,
    payments: &Payments,
    hash: PaymentHash,
) -> Result<(), NodeError> {
    let id = hash.to_string();
    let known = payments.get(&id).await?;
    let outbound = known.filter(|payment| payment.direction == PaymentDirection::Outbound);
    match outbound.map(|payment| payment.status) {
        Some(PaymentStatus::Succeeded) => return Err(already_paid()),
        Some(PaymentStatus::Pending) => return Err(in_flight()),
        None if payments.is_unreadable(&id).await? => return Err(in_flight()),
        _ => {}
    }
    let wanted = PaymentId(hash.0);
    for payment in manager.list_recent_payments() {
        match payment {
            RecentPaymentDetails::Fulfilled { payment_id, .. } if payment_id == wanted => return Err(already_paid()),
            RecentPaymentDetails::Pending { payment_id, .. } | RecentPaymentDetails::Abandoned { payment_id, .. }
                if payment_id == wanted =>
            {
                return Err(in_flight())
            }
            _ => {}
        }
    }
    Ok(())
}

fn already_paid() -> NodeError {
    NodeError::new(
        Code::InvoiceAlreadyPaid,
        "This invoice has been paid.",
        "Ask for a new invoice if you want to pay again.",
    )
}

fn in_flight() -> NodeError {
    NodeError::new(
        Code::PaymentInFlight,
        "This invoice is being paid right now.",
        "Wait for the outcome.",
    )
}

fn no_route() -> NodeError {
    NodeError::new(
        Code::RouteNotFound,
        "There is no way to the receiver with enough room and an acceptable fee.",
        "Try a smaller amount, or try again later.",
    )
}

pub(crate) fn retryable(failure: RetryableSendFailure) -> NodeError {
    match failure {
        RetryableSendFailure::PaymentExpired => NodeError::new(
            Code::InvoiceExpired,
            "The invoice has expired.",
            "Ask for a new invoice.",
        ),
        RetryableSendFailure::DuplicatePayment => in_flight(),
        RetryableSendFailure::RouteNotFound => no_route(),
        RetryableSendFailure::OnionPacketSizeExceeded => NodeError::new(
            Code::InvalidInvoice,
            "The invoice asks for more data than a payment can carry.",
            "Ask for another invoice.",
        ),
    }
}
