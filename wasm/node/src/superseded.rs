//! Owns which of LDK's transactions stay here: no commitment leaves while a closing by consent of the same channel is on its way.

use std::collections::{HashMap, HashSet};

use bitcoin::{OutPoint, Transaction, Txid};

/// What of a package, parents first, may leave. LDK forgets a closing by consent with the channel, so after a restart it would close the
/// channel by force as long as the closing is unconfirmed. `on_its_way`: our transactions that wait for a block.
pub fn without_superseded(package: Vec<Transaction>, on_its_way: &[Transaction]) -> Vec<Transaction> {
    let spenders: HashMap<OutPoint, Txid> = on_its_way
        .iter()
        .flat_map(|tx| {
            tx.input
                .iter()
                .map(move |input| (input.previous_output, tx.compute_txid()))
        })
        .collect();
    let is_rival = |tx: &Transaction| {
        let txid = tx.compute_txid();
        tx.input.iter().any(|input| {
            spenders
                .get(&input.previous_output)
                .is_some_and(|spender| *spender != txid)
        })
    };
    without(package, |tx| is_commitment(tx) && is_rival(tx))
}

/// Transactions, parents first, less those that `is_dropped` names and all that spends them.
pub fn without(transactions: Vec<Transaction>, is_dropped: impl Fn(&Transaction) -> bool) -> Vec<Transaction> {
    let mut dropped = HashSet::new();
    transactions
        .into_iter()
        .filter(|tx| {
            let is_orphan = tx
                .input
                .iter()
                .any(|input| dropped.contains(&input.previous_output.txid));
            let is_gone = is_orphan || is_dropped(tx);
            if is_gone {
                dropped.insert(tx.compute_txid());
            }
            !is_gone
        })
        .collect()
}

/// BOLT 3: the obscured commitment number lies in the lock time and in the sequence of the only input.
fn is_commitment(tx: &Transaction) -> bool {
    let [input] = tx.input.as_slice() else { return false };
    tx.lock_time.to_consensus_u32() >> 24 == 0x20 && input.sequence.to_consensus_u32() >> 24 == 0x80
}

#[cfg(test)]
mod tests {
    use bitcoin::absolute::LockTime;
    use bitcoin::hashes::Hash;
    use bitcoin::transaction::Version;
    use bitcoin::{Sequence, TxIn};

    use super::*;

    const FUNDING: u32 = 0;
    const COIN: u32 = 1;

    fn outpoint(vout: u32) -> OutPoint {
        OutPoint {
            txid: Txid::all_zeros(),
            vout,
        }
    }

    fn spending(outpoints: &[OutPoint], lock_time: u32, sequence: u32) -> Transaction {
        let input = |&previous_output: &OutPoint| TxIn {
            previous_output,
            sequence: Sequence(sequence),
            ..Default::default()
        };
        Transaction {
            version: Version::TWO,
            lock_time: LockTime::from_consensus(lock_time),
            input: outpoints.iter().map(input).collect(),
            output: vec![],
        }
    }

    fn commitment() -> Transaction {
        spending(&[outpoint(FUNDING)], 0x20_00_00_01, 0x80_00_00_01)
    }

    fn closing() -> Transaction {
        spending(&[outpoint(FUNDING)], 0, 0xffff_fffd)
    }

    fn child() -> Transaction {
        let anchor = OutPoint {
            txid: commitment().compute_txid(),
            vout: 0,
        };
        spending(&[anchor, outpoint(COIN)], 0, 0)
    }

    #[test]
    fn a_commitment_and_what_spends_it_stay_while_a_closing_by_consent_is_on_its_way() {
        assert_eq!(without_superseded(vec![commitment(), child()], &[closing()]), vec![]);
    }

    #[test]
    fn a_commitment_leaves_once_no_closing_is_on_its_way_and_again_while_it_is_itself() {
        let package = vec![commitment(), child()];
        assert_eq!(without_superseded(package.clone(), &[]), package);
        assert_eq!(without_superseded(package.clone(), &package), package);
    }

    #[test]
    fn a_payment_that_replaces_another_leaves() {
        let [payment, replacement] = [0, 1].map(|lock_time| spending(&[outpoint(COIN)], lock_time, 0xffff_fffd));
        assert_eq!(
            without_superseded(vec![replacement.clone()], &[payment]),
            vec![replacement]
        );
    }
}
