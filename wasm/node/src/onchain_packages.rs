//! Owns what a transaction that waits costs together with all above it that waits too: a block takes none without its parents.

use std::collections::HashSet;

use bitcoin::{Amount, Transaction};

use crate::onchain::OnchainWallet;

impl OnchainWallet {
    /// Nothing, where an input is not known to us: then a child pays for all of it.
    pub(crate) fn fee_of(&self, tx: &Transaction) -> Amount {
        self.bdk.borrow().calculate_fee(tx).unwrap_or(Amount::ZERO)
    }

    /// All of them together, in vB and sat.
    pub(crate) fn size_and_fee(&self, transactions: &[&Transaction]) -> (u64, u64) {
        let vb = transactions.iter().map(|tx| tx.vsize() as u64).sum();
        (vb, transactions.iter().map(|tx| self.fee_of(tx).to_sat()).sum())
    }

    /// How fast the first of them is. A child that pays for all of them brings no more than their sum; alone it may also be behind them.
    pub(crate) fn rate_of(&self, stands_on: &[&Transaction], with_child: bool) -> f64 {
        let rate = |transactions: &[&Transaction]| {
            let (vb, paid_sat) = self.size_and_fee(transactions);
            paid_sat as f64 / vb as f64
        };
        let together = rate(stands_on);
        if with_child {
            return together;
        }
        together.min(rate(&stands_on[..1]))
    }

    /// What the first of them must pay by itself, so that those above it are as fast.
    pub(crate) fn own_rate(&self, stands_on: &[&Transaction], sat_per_vb: f64) -> f64 {
        let [tx, parents @ ..] = stands_on else {
            return sat_per_vb;
        };
        let (parents_vb, paid_sat) = self.size_and_fee(parents);
        let missing_sat = (parents_vb as f64 * sat_per_vb - paid_sat as f64).max(0.0);
        sat_per_vb + missing_sat / tx.vsize() as f64
    }
}

/// A transaction and all above it that waits, itself first.
pub fn ancestry<'a>(tx: &Transaction, parents_first: &'a [Transaction]) -> Vec<&'a Transaction> {
    let mut wanted = HashSet::from([tx.compute_txid()]);
    let mut found = Vec::new();
    for candidate in parents_first.iter().rev() {
        if wanted.contains(&candidate.compute_txid()) {
            wanted.extend(candidate.input.iter().map(|input| input.previous_output.txid));
            found.push(candidate);
        }
    }
    found
}
