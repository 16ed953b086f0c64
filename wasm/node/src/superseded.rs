//! Owns which of LDK's transactions stay here: no commitment leaves while a closing by consent of the same channel is on its way, and no
//! claim that pays no more than the one that waits.

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

/// A package with what waits in the place of what claims the same and pays hardly more. LDK makes its claims and sweeps anew at every block or
/// round; those the network would refuse, and each would leave a row in the history. `value_sat`: of a coin of ours.
pub fn without_worse(
    package: Vec<Transaction>,
    on_its_way: &[Transaction],
    value_sat: impl Fn(OutPoint) -> Option<u64>,
) -> Vec<Transaction> {
    let better = |tx: &Transaction| {
        let mut rivals = on_its_way.iter().filter(|waiting| are_rivals(waiting, tx));
        match (rivals.next(), rivals.next()) {
            (Some(waiting), None) if pays_hardly_more(tx, waiting, &value_sat) => Some(waiting.clone()),
            _ => None,
        }
    };
    package.into_iter().map(|tx| better(&tx).unwrap_or(tx)).collect()
}

/// What of it, parents first, cannot happen any more once the transaction does.
pub fn replaced_by(tx: &Transaction, on_its_way: &[Transaction]) -> Vec<Txid> {
    let mut replaced = Vec::new();
    for waiting in on_its_way {
        let stands_on = |txid: &Txid| waiting.input.iter().any(|input| input.previous_output.txid == *txid);
        if are_rivals(tx, waiting) || replaced.iter().any(stands_on) {
            replaced.push(waiting.compute_txid());
        }
    }
    replaced
}

fn are_rivals(a: &Transaction, b: &Transaction) -> bool {
    unshared(a, b).len() < a.input.len() && a.compute_txid() != b.compute_txid()
}

/// By less than nodes ask of a replacement: 1 sat/vB of its own size. No, where what only one of them spends is unknown.
fn pays_hardly_more(tx: &Transaction, waiting: &Transaction, value_sat: impl Fn(OutPoint) -> Option<u64>) -> bool {
    let sum = |coins: Vec<OutPoint>| coins.into_iter().map(&value_sat).sum::<Option<u64>>();
    let (Some(more_sat), Some(less_sat)) = (sum(unshared(tx, waiting)), sum(unshared(waiting, tx))) else {
        return false;
    };
    more_sat + paid_out_sat(waiting) < less_sat + paid_out_sat(tx) + tx.vsize() as u64
}

/// What a transaction spends and the other does not.
fn unshared(tx: &Transaction, other: &Transaction) -> Vec<OutPoint> {
    let is_shared = |coin: &OutPoint| other.input.iter().any(|input| input.previous_output == *coin);
    let spent = tx.input.iter().map(|input| input.previous_output);
    spent.filter(|coin| !is_shared(coin)).collect()
}

fn paid_out_sat(tx: &Transaction) -> u64 {
    tx.output.iter().map(|output| output.value.to_sat()).sum()
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
    use bitcoin::{Amount, ScriptBuf, Sequence, TxIn, TxOut};

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

    fn claiming(coins: &[u32], out_sat: u64, lock_time: u32) -> Transaction {
        let coins: Vec<OutPoint> = coins.iter().map(|vout| outpoint(*vout)).collect();
        let mut claim = spending(&coins, lock_time, 0);
        claim.output.push(TxOut {
            value: Amount::from_sat(out_sat),
            script_pubkey: ScriptBuf::new(),
        });
        claim
    }

    /// Coins are worth 1,000 sat, but for the output that is claimed: nobody knows that one.
    fn what_leaves(claim: &Transaction, waiting: &Transaction) -> Transaction {
        let value_sat = |coin: OutPoint| (coin.vout != CLAIMED).then_some(1_000);
        let left = without_worse(vec![claim.clone()], std::slice::from_ref(waiting), value_sat);
        left.into_iter().next().unwrap()
    }

    const CLAIMED: u32 = 9;

    #[test]
    fn what_waits_is_sent_again_in_place_of_a_claim_that_pays_no_more_than_a_node_asks_of_a_replacement() {
        let waiting = claiming(&[CLAIMED, COIN], 5_000, 1);
        for out_sat in [6_000, 5_000, 4_990] {
            assert_eq!(what_leaves(&claiming(&[CLAIMED, COIN], out_sat, 2), &waiting), waiting);
        }
        let with_another_coin = claiming(&[CLAIMED, 2], 5_000, 2);
        assert_eq!(what_leaves(&with_another_coin, &waiting), waiting);
    }

    #[test]
    fn a_claim_takes_the_place_of_what_spends_the_same_and_of_nothing_else() {
        let [waiting, other] = [claiming(&[CLAIMED, COIN], 5_000, 1), claiming(&[3], 5_000, 1)];
        let better = claiming(&[CLAIMED, 2], 3_000, 2);
        let on_its_way = [waiting.clone(), other];
        assert_eq!(replaced_by(&better, &on_its_way), [waiting.compute_txid()]);
        assert_eq!(replaced_by(&waiting, &on_its_way), []);
        let mut child = claiming(&[], 1_000, 3);
        child.input.push(TxIn {
            previous_output: OutPoint::new(waiting.compute_txid(), 0),
            ..Default::default()
        });
        let with_child = [waiting.clone(), child.clone()];
        let both = [waiting.compute_txid(), child.compute_txid()];
        assert_eq!(replaced_by(&claiming(&[CLAIMED, 2], 3_000, 2), &with_child), both);
    }

    #[test]
    fn a_claim_leaves_that_pays_more_or_that_cannot_be_compared_or_that_claims_something_else() {
        let waiting = claiming(&[CLAIMED, COIN], 5_000, 1);
        let better = claiming(&[CLAIMED, COIN], 4_000, 2);
        let with_two_coins = claiming(&[CLAIMED, COIN, 2], 5_000, 2);
        let unknown = claiming(&[COIN], 5_000, 2);
        let other = claiming(&[3], 1_000, 2);
        for claim in [better, with_two_coins, unknown, other] {
            assert_eq!(what_leaves(&claim, &waiting), claim);
        }
    }
}
