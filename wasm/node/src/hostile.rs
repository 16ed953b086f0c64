//! Owns what is tried with input that nobody vouches for: every answer is a value or an error with its code, and nothing panics. Proptest calls it in `cargo test`, libFuzzer in `fuzz/`.

use std::sync::Arc;

use futures::executor::block_on;

use crate::bolt11;
use crate::change_log::ChangeLog;
use crate::error::{Code, NodeError};
use crate::host::{Host as _, SharedHost};
use crate::outputs::Outputs;
use crate::payments::Payments;
use crate::store::NodeStore;
use crate::testing::MemoryHost;

/// What somebody pasted. What is read as an invoice is written and read again as the same.
pub fn invoice(text: &str) {
    match bolt11::parse(text) {
        Ok(invoice) => {
            let _ = (
                bolt11::network_of(&invoice),
                bolt11::describe(&invoice),
                bolt11::expiry_ms(&invoice),
            );
            let again = bolt11::parse(&invoice.to_string()).expect("an invoice that was read once");
            assert_eq!(again, invoice);
        }
        Err(error) => assert_eq!(error.code, Code::InvalidInvoice),
    }
}

/// Rows of the on-chain wallet that a disk gave back.
pub fn onchain_log(snapshot: &[u8], change: &[u8]) {
    let host = MemoryHost::shared();
    drop(host.write("bdk_wallet", "", "snapshot", snapshot.to_vec()));
    drop(host.write("bdk_wallet", "changes", "0000000000000000", change.to_vec()));
    let store = Arc::new(NodeStore::new(host));
    assert_unreadable(block_on(ChangeLog::open(store)).err());
}

/// A payment's row that a disk gave back.
pub fn payment(row: &[u8]) {
    let memory = MemoryHost::shared();
    let id = "00".repeat(32);
    drop(memory.write("payments", "", &id, row.to_vec()));
    let host: SharedHost = memory;
    let store = Arc::new(NodeStore::new(Arc::clone(&host)));
    let payments = Payments::new(Arc::clone(&host), store, Arc::new(Outputs::new(host)));
    assert_unreadable(block_on(payments.get(&id)).err());
    assert_unreadable(block_on(payments.page(10, None)).err());
}

fn assert_unreadable(error: Option<NodeError>) {
    if let Some(error) = error {
        assert_eq!(error.code, Code::StateUnreadable);
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// BOLT 11's own example "Please consider supporting this project".
    const INVOICE: &str = "lnbc1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdpl2pkx2ctnv5sxxmmwwd5kgetjypeh2ursdae8g6twvus8g6rfwvs8qun0dfjkxaq9qrsgq357wnc5r2ueh7ck6q93dj32dlqnls087fxdwk8qakdyafkq3yap9us6v52vjjsrvywa6rt52cm9r9zqt8r2t7mlcwspyetp5h2tztugp9lfyql";

    proptest! {
        #[test]
        fn no_text_is_read_as_an_invoice_without_being_one(text in "\\PC{0,300}|ln(bc|tb|bcrt)[0-9]{0,8}[munp]?1[02-9ac-hj-np-z]{0,300}") {
            super::invoice(&text);
        }

        #[test]
        fn an_invoice_with_changed_characters_is_refused_or_read(at in 0..INVOICE.len(), with in "[02-9ac-hj-np-z1A-Z]{0,4}") {
            let mut text = INVOICE.to_string();
            text.replace_range(at..(at + with.len()).min(INVOICE.len()), &with);
            super::invoice(&text);
        }

        #[test]
        fn rows_of_the_onchain_wallet_load_or_are_unreadable(snapshot in vec(any::<u8>(), 0..200), change in vec(any::<u8>(), 0..200)) {
            super::onchain_log(&snapshot, &change);
        }

        #[test]
        fn a_payments_row_loads_or_is_unreadable(row in vec(any::<u8>(), 0..300)) {
            super::payment(&row);
        }
    }

    #[test]
    fn the_example_of_bolt_11_is_an_invoice() {
        assert!(crate::bolt11::parse(INVOICE).is_ok());
        super::invoice(INVOICE);
    }
}
