//! Owns what the on-chain wallet counts of channels' outputs, so that nobody counts it twice.

use bitcoin::{OutPoint, Txid};

use crate::onchain::OnchainWallet;

impl OnchainWallet {
    /// Whether a transaction that this wallet counts spends somebody's output.
    pub fn counts_spend_of(&self, outpoint: OutPoint) -> bool {
        let bdk = self.bdk.borrow();
        let spenders = bdk.tx_graph().outspends(outpoint);
        spenders.iter().any(|txid| bdk.get_tx(*txid).is_some())
    }

    /// Whether this is a transaction of ours that was dropped: as far as anybody knows it will not happen, nor anything that spends it.
    pub fn is_dropped(&self, txid: Txid) -> bool {
        let bdk = self.bdk.borrow();
        bdk.tx_graph().get_tx(txid).is_some() && bdk.get_tx(txid).is_none()
    }

    /// What this wallet gains by its transactions of fewer than `depth` blocks that spend such outputs, in sat.
    pub fn unsettled_from_sat(&self, is_spent: impl Fn(&OutPoint) -> bool, depth: u32) -> u64 {
        let bdk = self.bdk.borrow();
        let height = bdk.latest_checkpoint().height();
        let is_unsettled = |at: Option<u32>| at.is_none_or(|at| at + depth > height + 1);
        bdk.transactions()
            .filter(|tx| is_unsettled(tx.chain_position.confirmation_height_upper_bound()))
            .filter(|tx| tx.tx_node.input.iter().any(|input| is_spent(&input.previous_output)))
            .map(|tx| {
                let (sent, received) = bdk.sent_and_received(&tx.tx_node.tx);
                received.to_sat().saturating_sub(sent.to_sat())
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use bdk_wallet::KeychainKind;

    use crate::onchain_cases::{confirm, paying_us, send, wallet, COIN_SAT};

    #[test]
    fn a_transaction_that_spends_anothers_output_counts_until_it_is_dropped_and_as_unsettled_until_it_is_deep() {
        let wallet = wallet(0);
        let tx = paying_us(&wallet, KeychainKind::Internal, 7);
        let spent = tx.input[0].previous_output;
        let unsettled_sat = |depth| wallet.unsettled_from_sat(|coin| *coin == spent, depth);
        assert!(!wallet.counts_spend_of(spent));
        assert!(!wallet.is_dropped(tx.compute_txid()));
        assert_eq!(unsettled_sat(6), 0);

        wallet.note_broadcast(vec![tx.clone()]);
        assert!(wallet.counts_spend_of(spent));
        assert!(!wallet.is_dropped(tx.compute_txid()));
        assert_eq!(unsettled_sat(6), COIN_SAT);
        wallet.evict(tx.compute_txid());
        assert!(!wallet.counts_spend_of(spent));
        assert!(wallet.is_dropped(tx.compute_txid()));
        assert_eq!(unsettled_sat(6), 0);

        confirm(&wallet, tx);
        assert!(wallet.counts_spend_of(spent));
        assert_eq!(unsettled_sat(2), COIN_SAT);
        assert_eq!(unsettled_sat(1), 0);
    }

    #[test]
    fn what_is_our_own_change_is_no_gain_of_a_claim() {
        let wallet = wallet(1);
        let tx = send(&wallet, Some(40_000));
        let coin = tx.input[0].previous_output;
        assert_eq!(wallet.unsettled_from_sat(|spent| *spent == coin, 6), 0);
    }
}
