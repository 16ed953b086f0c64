//! Owns the history of payments: one row each, written with the turn that changed it. Nothing reads all of it.

use std::collections::HashSet;
use std::sync::Arc;

use crate::error::NodeError;
use crate::host::{LogLevel, SharedHost};
use crate::outputs::Outputs;
use crate::store::NodeStore;
use crate::types::{NodeEvent, Payment, PaymentDirection, PaymentStatus, PaymentsPage};

const PAYMENTS: &str = "payments";
/// Invoices nobody has paid yet; a payment moves its row to the history.
const INVOICES: &str = "invoices";
/// How long an expired invoice is kept: a payer may still hold its HTLC.
const EXPIRED_INVOICE_KEPT_MS: f64 = 86_400_000.0;
const MAX_PAGE: u32 = 200;

/// The rows of payments and open invoices.
pub struct Payments {
    host: SharedHost,
    store: Arc<NodeStore>,
    outputs: Arc<Outputs>,
}

impl Payments {
    /// A view over the store.
    pub fn new(host: SharedHost, store: Arc<NodeStore>, outputs: Arc<Outputs>) -> Self {
        Self { host, store, outputs }
    }

    /// Unix time in milliseconds.
    pub fn now_ms(&self) -> f64 {
        self.host.now().as_millis() as f64
    }

    /// A payment or an open invoice by id.
    pub async fn get(&self, id: &str) -> Result<Option<Payment>, NodeError> {
        if !is_id(id) {
            return Ok(None);
        }
        if let Some(payment) = self.read(PAYMENTS, id).await? {
            return Ok(Some(payment));
        }
        let invoice = self.read(INVOICES, id).await?;
        Ok(invoice.map(|invoice| self.with_expiry(invoice)))
    }

    /// Whether the preimage of a payment to us is known to others already: it was received, or is what we pay for. LDK does not load a manager
    /// with two claims of one preimage, and a second payer is better off with the money.
    pub async fn is_spent(&self, id: &str) -> Result<bool, NodeError> {
        if let Some(payment) = self.get(id).await? {
            return Ok(payment.direction == PaymentDirection::Outbound || payment.status == PaymentStatus::Succeeded);
        }
        self.is_unreadable(id).await
    }

    /// Whether there is a payment that cannot be read any more.
    pub async fn is_unreadable(&self, id: &str) -> Result<bool, NodeError> {
        Ok(self.read(PAYMENTS, id).await?.is_none() && self.store.get(PAYMENTS, "", id).await?.is_some())
    }

    /// A page of the history, newest first.
    pub async fn page(&self, limit: u32, before: Option<&str>) -> Result<PaymentsPage, NodeError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let keys = self.store.page(PAYMENTS, "", limit, before).await?;
        let next = if keys.len() as u32 == limit {
            keys.last().cloned()
        } else {
            None
        };
        let mut payments = Vec::with_capacity(keys.len());
        for key in keys {
            payments.extend(self.read(PAYMENTS, &key).await?);
        }
        Ok(PaymentsPage { payments, next })
    }

    /// Stages an open invoice.
    pub fn put_invoice(&self, invoice: &Payment) {
        self.store.stage(INVOICES, "", &invoice.id, encode(invoice));
    }

    /// Stages a payment and tells the wallet. An open invoice of the same id leaves the open ones.
    pub fn put(&self, payment: Payment) {
        self.store.stage(PAYMENTS, "", &payment.id, encode(&payment));
        if payment.status != PaymentStatus::Waiting {
            self.store.stage_remove(INVOICES, "", &payment.id);
        }
        self.outputs.event(NodeEvent::PaymentChanged {
            payment: Box::new(payment),
        });
        self.outputs.event(NodeEvent::BalancesChanged);
    }

    /// Removes invoices that expired long ago.
    pub async fn forget_expired(&self, claimable: &HashSet<String>) -> Result<(), NodeError> {
        let now = self.now_ms();
        for id in self.store.keys(INVOICES, "").await? {
            let Some(invoice) = self.read(INVOICES, &id).await? else {
                continue;
            };
            let expired = invoice
                .expires_at_ms
                .is_some_and(|at| at + EXPIRED_INVOICE_KEPT_MS < now);
            if expired && !claimable.contains(&id) {
                self.store.stage_remove(INVOICES, "", &id);
            }
        }
        Ok(())
    }

    /// A row that says nothing we understand is passed over: the history lacks it, and everything else goes on.
    async fn read(&self, namespace: &str, id: &str) -> Result<Option<Payment>, NodeError> {
        let Some(bytes) = self.store.get(namespace, "", id).await? else {
            return Ok(None);
        };
        let payment = ciborium::from_reader(bytes.as_slice());
        if payment.is_err() {
            let what = format!("a row of {namespace} was passed over: it cannot be read");
            self.host.log(LogLevel::Error, "payments", &what);
        }
        Ok(payment.ok())
    }

    fn with_expiry(&self, mut invoice: Payment) -> Payment {
        if invoice.expires_at_ms.is_some_and(|at| at < self.now_ms()) {
            invoice.status = PaymentStatus::Expired;
        }
        invoice
    }
}

/// Ids are payment hashes and transaction ids: 32 bytes in hex. Anything else is not asked of the store.
fn is_id(id: &str) -> bool {
    id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit())
}

fn encode(payment: &Payment) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory cannot fail, and a payment has no type that CBOR lacks.
    ciborium::into_writer(payment, &mut bytes).expect("CBOR into memory");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MemoryHost;
    use crate::types::PaymentKind;
    use futures::executor::block_on;

    fn payment(number: u32, status: PaymentStatus) -> Payment {
        Payment {
            id: format!("{number:064x}"),
            kind: PaymentKind::Bolt11,
            direction: PaymentDirection::Inbound,
            status,
            amount_msat: Some(1000),
            fee_msat: None,
            description: "tea".to_string(),
            created_at_ms: 1.0,
            updated_at_ms: 1.0,
            bolt11: None,
            payment_hash: None,
            preimage: None,
            txid: None,
            address: None,
            confirmations: None,
            counterparty_node_id: None,
            failure_code: None,
            expires_at_ms: Some(1_800_000_000_000.0),
            confirmed_height: None,
        }
    }

    fn payments() -> Payments {
        let host: SharedHost = MemoryHost::shared();
        let store = Arc::new(NodeStore::new(Arc::clone(&host)));
        let outputs = Arc::new(Outputs::new(Arc::clone(&host)));
        Payments::new(host, store, outputs)
    }

    #[test]
    fn pages_run_through_the_history_newest_first_without_gap_or_repeat() {
        let payments = payments();
        for number in 0..25 {
            payments.put(payment(number, PaymentStatus::Succeeded));
        }
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = block_on(payments.page(10, before.as_deref())).unwrap();
            seen.extend(page.payments.iter().map(|payment| payment.id.clone()));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        let newest_first: Vec<String> = (0..25).rev().map(|number| format!("{number:064x}")).collect();
        assert_eq!(seen, newest_first);
    }

    #[test]
    fn an_open_invoice_enters_the_history_when_it_is_paid_and_not_before() {
        let payments = payments();
        payments.put_invoice(&payment(1, PaymentStatus::Waiting));
        assert!(block_on(payments.page(10, None)).unwrap().payments.is_empty());
        let id = format!("{:064x}", 1);
        assert_eq!(
            block_on(payments.get(&id)).unwrap().unwrap().status,
            PaymentStatus::Waiting
        );
        payments.put(payment(1, PaymentStatus::Succeeded));
        assert_eq!(block_on(payments.page(10, None)).unwrap().payments.len(), 1);
        assert_eq!(
            block_on(payments.get(&id)).unwrap().unwrap().status,
            PaymentStatus::Succeeded
        );
    }

    #[test]
    fn a_row_that_cannot_be_read_hides_no_other() {
        let payments = payments();
        let broken = payment(1, PaymentStatus::Succeeded);
        payments.put(broken.clone());
        payments.store.stage(PAYMENTS, "", &broken.id, vec![0xff]);
        payments.put(payment(2, PaymentStatus::Succeeded));
        assert_eq!(block_on(payments.get(&broken.id)).unwrap(), None);
        assert!(
            block_on(payments.is_spent(&broken.id)).unwrap(),
            "nobody knows that it was not"
        );
        assert_eq!(block_on(payments.page(10, None)).unwrap().payments.len(), 1);
        payments.put(broken.clone());
        assert_eq!(block_on(payments.get(&broken.id)).unwrap(), Some(broken));
    }

    #[test]
    fn what_is_no_id_is_not_looked_up() {
        assert_eq!(block_on(payments().get("../manager")).unwrap(), None);
    }
}
