//! Owns what takes the place of what among our transactions: what the network refuses gives its place back to all that it took, and to
//! nothing older.

use std::collections::HashSet;

use bitcoin::{OutPoint, Transaction, Txid};

use crate::onchain::OnchainWallet;

impl OnchainWallet {
    /// Whether another transaction has taken this one's place.
    pub fn is_replaced(&self, txid: Txid) -> bool {
        let rivals = self.rivals(txid);
        let bdk = self.bdk.borrow();
        rivals.iter().any(|rival| bdk.get_tx(*rival).is_some())
    }

    /// Transactions that spend what this one spends.
    pub fn rivals(&self, txid: Txid) -> Vec<Txid> {
        let bdk = self.bdk.borrow();
        let graph = bdk.tx_graph();
        let Some(tx) = graph.get_tx(txid) else {
            return Vec::new();
        };
        let rivals: HashSet<Txid> = graph.direct_conflicts(&tx).map(|(_, rival)| rival).collect();
        rivals.into_iter().collect()
    }

    /// Whether what pays more takes its place without anybody's doing. A child would have to be outbid as well, and so hold that up.
    pub fn is_raised_by_node(&self, tx: &Transaction, claimed: &HashSet<OutPoint>) -> bool {
        let ours = self.our_inputs(tx);
        let pays_for_claim = ours > 0 && ours < tx.input.len();
        pays_for_claim || tx.input.iter().any(|input| claimed.contains(&input.previous_output))
    }

    /// These, parents first, will not happen once the replacement does.
    pub fn give_way(&self, replaced: Vec<Txid>, replacement: Txid) {
        for txid in &replaced {
            self.evict(*txid);
        }
        if !replaced.is_empty() {
            self.replaced.borrow_mut().insert(replacement, replaced);
        }
    }

    /// The network took a replacement.
    pub fn keep_replacement(&self, replacement: Txid) {
        self.replaced.borrow_mut().remove(&replacement);
    }

    /// The network did not take a replacement: what it was to replace waits as before. Answers what that is.
    pub fn restore_replaced(&self, replacement: Txid) -> Vec<Txid> {
        let replaced = self.replaced.borrow().get(&replacement).cloned().unwrap_or_default();
        // What has their place by now may be refused, too.
        if replaced.iter().any(|txid| self.is_replaced(*txid)) {
            return Vec::new();
        }
        self.keep_replacement(replacement);
        let now = self.host.now().as_secs();
        let mut bdk = self.bdk.borrow_mut();
        let graph = bdk.tx_graph();
        let seen = |txid: &Txid| {
            let evicted_at = graph.get_last_evicted(*txid).unwrap_or(0);
            Some((graph.get_tx(*txid)?, now.max(evicted_at) + 1))
        };
        let restored: Vec<_> = replaced.iter().filter_map(seen).collect();
        bdk.apply_unconfirmed_txs(restored);
        self.host.wake();
        replaced
    }
}

#[cfg(test)]
mod tests {
    use bitcoin::{Amount, Transaction, Txid};

    use crate::onchain::OnchainWallet;
    use crate::onchain_cases::{faster, limits, send, wallet};

    fn take_place(wallet: &OnchainWallet, replaced: &[&Transaction], replacement: &Transaction) {
        let replaced = replaced.iter().map(|tx| tx.compute_txid()).collect();
        wallet.give_way(replaced, replacement.compute_txid());
        wallet.note_broadcast(vec![replacement.clone()]);
    }

    fn speed_up(wallet: &OnchainWallet, tx: &Transaction, feerate_sat_per_vb: f64) -> Transaction {
        let (made, replaced) = wallet.speed_up(&faster(tx, feerate_sat_per_vb), &limits(&[])).unwrap();
        assert_eq!(replaced, Some(tx.compute_txid()));
        take_place(wallet, &[tx], &made);
        made
    }

    fn refuse(wallet: &OnchainWallet, tx: &Transaction) -> Vec<Txid> {
        wallet.evict(tx.compute_txid());
        wallet.restore_replaced(tx.compute_txid())
    }

    #[test]
    fn a_replacement_that_the_network_refuses_leaves_the_payment_waiting_as_before() {
        let wallet = wallet(2);
        let tx = send(&wallet, Some(40_000));
        // Also at once again: the host's clock stands still.
        for feerate_sat_per_vb in [10.0, 20.0] {
            let made = speed_up(&wallet, &tx, feerate_sat_per_vb);
            assert_eq!(wallet.unconfirmed(), std::slice::from_ref(&made));
            assert_eq!(refuse(&wallet, &made), [tx.compute_txid()]);
            assert_eq!(wallet.unconfirmed(), std::slice::from_ref(&tx));
        }
    }

    #[test]
    fn only_what_was_replaced_last_waits_again_and_nothing_of_what_that_had_replaced() {
        let wallet = wallet(2);
        let first = send(&wallet, Some(40_000));
        let refused = speed_up(&wallet, &first, 10.0);
        refuse(&wallet, &refused);
        let second = speed_up(&wallet, &first, 20.0);
        wallet.keep_replacement(second.compute_txid());
        let third = speed_up(&wallet, &second, 30.0);
        assert_eq!(refuse(&wallet, &third), [second.compute_txid()]);
        assert_eq!(wallet.unconfirmed(), std::slice::from_ref(&second));
        // The network took that one: what it forgets later gives nothing back.
        assert_eq!(refuse(&wallet, &second), []);
        assert_eq!(wallet.unconfirmed(), []);
    }

    #[test]
    fn all_that_one_transaction_replaced_waits_again() {
        let wallet = wallet(1);
        let parent = send(&wallet, Some(20_000));
        let child = send(&wallet, Some(20_000));
        let mut rival = parent.clone();
        rival.output[0].value -= Amount::from_sat(5_000);
        take_place(&wallet, &[&parent, &child], &rival);
        assert_eq!(wallet.unconfirmed(), std::slice::from_ref(&rival));
        assert_eq!(refuse(&wallet, &rival), [parent.compute_txid(), child.compute_txid()]);
        assert_eq!(wallet.unconfirmed(), [parent, child]);
    }

    #[test]
    fn a_refusal_that_comes_late_takes_no_place_from_a_later_replacement_and_counts_once_that_is_refused_too() {
        let wallet = wallet(2);
        let first = send(&wallet, Some(40_000));
        let second = speed_up(&wallet, &first, 10.0);
        let third = speed_up(&wallet, &second, 20.0);
        assert_eq!(refuse(&wallet, &second), []);
        assert_eq!(wallet.unconfirmed(), std::slice::from_ref(&third));
        assert_eq!(refuse(&wallet, &third), [second.compute_txid()]);
        assert_eq!(refuse(&wallet, &second), [first.compute_txid()]);
        assert_eq!(wallet.unconfirmed(), [first]);
    }
}
