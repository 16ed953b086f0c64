//! Owns the node's one error type: every failure has a stable code, a cause and a next step.

use std::fmt;

/// Stable codes, the same strings as the TypeScript side uses. Add, never rename.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    InvalidAddress,
    InvalidAmount,
    InvalidInvoice,
    InvalidNodeUri,
    InvalidUrl,
    InvalidArgument,
    WrongNetwork,
    InvoiceExpired,
    InvoiceAlreadyPaid,
    PaymentInFlight,
    InsufficientBalance,
    AmountBelowDust,
    CannotSpeedUp,
    SpeedsUpItself,
    RouteNotFound,
    PaymentFailed,
    OwnInvoice,
    ChannelNotFound,
    ChannelOpenFailed,
    ChannelCloseFailed,
    PeerUnreachable,
    PeerRefused,
    ChainUnavailable,
    ChainInvalidAnswer,
    StateUnreadable,
    NodeHalted,
    Internal,
}

impl Code {
    /// The string that crosses to JavaScript.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::InvalidAddress => "invalid_address",
            Code::InvalidAmount => "invalid_amount",
            Code::InvalidInvoice => "invalid_invoice",
            Code::InvalidNodeUri => "invalid_node_uri",
            Code::InvalidUrl => "invalid_url",
            Code::InvalidArgument => "invalid_argument",
            Code::WrongNetwork => "wrong_network",
            Code::InvoiceExpired => "invoice_expired",
            Code::InvoiceAlreadyPaid => "invoice_already_paid",
            Code::PaymentInFlight => "payment_in_flight",
            Code::InsufficientBalance => "insufficient_balance",
            Code::CannotSpeedUp => "cannot_speed_up",
            Code::SpeedsUpItself => "speeds_up_itself",
            Code::AmountBelowDust => "amount_below_dust",
            Code::RouteNotFound => "route_not_found",
            Code::PaymentFailed => "payment_failed",
            Code::OwnInvoice => "own_invoice",
            Code::ChannelNotFound => "channel_not_found",
            Code::ChannelOpenFailed => "channel_open_failed",
            Code::ChannelCloseFailed => "channel_close_failed",
            Code::PeerUnreachable => "peer_unreachable",
            Code::PeerRefused => "peer_refused",
            Code::ChainUnavailable => "chain_unavailable",
            Code::ChainInvalidAnswer => "chain_invalid_answer",
            Code::StateUnreadable => "state_unreadable",
            Code::NodeHalted => "node_halted",
            Code::Internal => "internal",
        }
    }
}

/// What went wrong, why, and what the user can do about it. Never holds secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeError {
    pub code: Code,
    pub cause: String,
    pub next: String,
}

impl NodeError {
    /// A new error from its three parts.
    pub fn new(code: Code, cause: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            code,
            cause: cause.into(),
            next: next.into(),
        }
    }

    /// A row on disk that does not decode: the wallet must not run on it.
    pub fn unreadable(what: &str, detail: impl fmt::Debug) -> Self {
        Self::new(
            Code::StateUnreadable,
            format!("The stored {what} cannot be read: {detail:?}."),
            "Do not delete anything. Restore from your backup, or ask for help with the logs.",
        )
    }

    /// A state that the code rules out.
    pub fn internal(cause: impl Into<String>) -> Self {
        Self::new(
            Code::Internal,
            cause,
            "Try again. If it happens again, send us the logs from the settings.",
        )
    }
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.cause)
    }
}

impl std::error::Error for NodeError {}
