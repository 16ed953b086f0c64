//! Owns which addresses are handed out: none twice, and none that a scan from the words alone would not reach.

use bdk_wallet::{AddressInfo, KeychainKind, LocalOutput, Wallet};
use bitcoin::{Address, ScriptBuf};

use crate::onchain::OnchainWallet;

/// How many unused addresses a scan passes over (BIP44). What lies beyond would not be found.
const SCANNED_AHEAD: u32 = 20;
/// How many of them may be promised: our own change has to fit in as well. After that the next is given out again, for a reused address is
/// better than a lost coin. A start takes every address that was derived for promised, so that those of a transaction never made count too.
const MOST_PROMISED: u32 = 15;

impl OnchainWallet {
    /// The next address nobody has paid yet.
    pub fn new_address(&self) -> Address {
        let address = self
            .bdk
            .borrow_mut()
            .next_unused_address(KeychainKind::External)
            .address;
        self.host.wake();
        address
    }

    /// A script for our own transactions; the same until one of them is made.
    pub fn change_script(&self) -> ScriptBuf {
        let next = {
            let mut bdk = self.bdk.borrow_mut();
            let reached = reached(&bdk);
            next_internal(&mut bdk, reached)
        };
        self.host.wake();
        next.script_pubkey()
    }

    /// Where BDK must send change, absent where what it would take by itself is within reach.
    pub(crate) fn forced_change(bdk: &mut Wallet) -> Option<ScriptBuf> {
        let reached = reached(bdk);
        let own = bdk.next_unused_address(KeychainKind::Internal);
        let next = next_internal(bdk, reached);
        (next.index != own.index).then(|| next.script_pubkey())
    }

    /// A script that a channel pays back to, some day: another for every call.
    pub fn channel_script(&self) -> ScriptBuf {
        let next = {
            let mut bdk = self.bdk.borrow_mut();
            let reached = reached(&bdk);
            let next = next_internal(&mut bdk, reached);
            promise(&mut bdk, next.index, reached);
            next
        };
        self.host.wake();
        next.script_pubkey()
    }

    /// Where a sweep goes. LDK makes a new one at every block until one is confirmed, and all but that are never seen by a scan.
    pub fn sweep_script(&self) -> ScriptBuf {
        let known = self.sweep_script.borrow().clone();
        if let Some(script) = known.filter(|script| !self.is_paid(script)) {
            return script;
        }
        let script = self.channel_script();
        self.sweep_script.replace(Some(script.clone()));
        script
    }

    fn is_paid(&self, script: &ScriptBuf) -> bool {
        let bdk = self.bdk.borrow();
        let paid = confirmed(&bdk).any(|output| output.txout.script_pubkey == *script);
        paid
    }
}

/// BDK forgets what was promised: any address that was derived may have been.
pub(crate) fn promise_derived(bdk: &mut Wallet) {
    let Some(last) = bdk.derivation_index(KeychainKind::Internal) else {
        return;
    };
    let reached = reached(bdk);
    for index in 0..=last {
        promise(bdk, index, reached);
    }
}

fn promise(bdk: &mut Wallet, index: u32, reached: u32) {
    if index < reached + MOST_PROMISED {
        bdk.mark_used(KeychainKind::Internal, index);
    }
}

fn next_internal(bdk: &mut Wallet, reached: u32) -> AddressInfo {
    let last = reached + SCANNED_AHEAD - 1;
    let next = bdk.next_unused_address(KeychainKind::Internal);
    if next.index > last {
        return bdk.peek_address(KeychainKind::Internal, last);
    }
    next
}

/// The first index that no confirmed coin is beyond: a scan counts from here. What only waits may never be there.
fn reached(bdk: &Wallet) -> u32 {
    confirmed(bdk)
        .map(|output| output.derivation_index + 1)
        .max()
        .unwrap_or(0)
}

fn confirmed(bdk: &Wallet) -> impl Iterator<Item = LocalOutput> + '_ {
    bdk.list_output()
        .filter(|output| output.keychain == KeychainKind::Internal && output.chain_position.is_confirmed())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use bitcoin::{Transaction, TxOut};

    use super::*;
    use crate::onchain_cases::{confirm, faster, limits, open, paying, send, wallet};
    use crate::testing::MemoryHost;

    #[test]
    fn every_channel_gets_a_script_of_its_own_that_no_change_is_paid_to() {
        let wallet = wallet(1);
        let scripts: HashSet<ScriptBuf> = (0..4).map(|_| wallet.channel_script()).collect();
        assert_eq!(scripts.len(), 4);
        let change = wallet.change_script();
        assert_eq!(wallet.change_script(), change);
        assert!(!scripts.contains(&change));
        let tx = send(&wallet, Some(40_000));
        assert!(tx.output.iter().all(|output| !scripts.contains(&output.script_pubkey)));
        assert!(tx.output.iter().any(|output| output.script_pubkey == change));
    }

    #[test]
    fn what_was_promised_stays_so_over_a_restart() {
        let host = MemoryHost::shared();
        let wallet = open(&host);
        let script = wallet.channel_script();
        wallet.stage_changes();
        drop(wallet);
        let wallet = open(&host);
        assert_ne!(wallet.channel_script(), script);
        assert_ne!(wallet.change_script(), script);
    }

    #[test]
    fn no_script_is_beyond_what_a_scan_reaches_and_only_confirmed_coins_move_that_limit() {
        let wallet = open(&MemoryHost::shared());
        let index = |script: ScriptBuf| {
            let bdk = wallet.bdk.borrow();
            bdk.derivation_of_spk(script).map(|(_, index)| index)
        };
        let scripts: Vec<ScriptBuf> = (0..40).map(|_| wallet.channel_script()).collect();
        let last = scripts[scripts.len() - 1].clone();
        assert_eq!(index(last.clone()), Some(MOST_PROMISED));

        // A refused transaction takes its address with it, and moves nothing.
        for number in 0..20 {
            let tx = paying(wallet.change_script(), number);
            wallet.note_broadcast(vec![tx.clone()]);
            wallet.evict(tx.compute_txid());
        }
        assert_eq!(index(wallet.channel_script()), Some(SCANNED_AHEAD - 1));
        assert_eq!(index(wallet.change_script()), Some(SCANNED_AHEAD - 1));

        confirm(&wallet, paying(last, 77));
        assert!(index(wallet.channel_script()) > Some(SCANNED_AHEAD - 1));
    }

    #[test]
    fn change_of_payments_that_the_network_refused_or_that_were_replaced_stays_within_reach() {
        let wallet = wallet(2);
        let index_of_change = |tx: &Transaction| {
            let bdk = wallet.bdk.borrow();
            let own = |output: &TxOut| bdk.derivation_of_spk(output.script_pubkey.clone());
            tx.output.iter().find_map(own).map(|(_, index)| index)
        };
        for _ in 0..25 {
            let refused = send(&wallet, Some(30_000));
            wallet.evict(refused.compute_txid());
        }
        let mut waiting = send(&wallet, Some(31_000));
        assert_eq!(index_of_change(&waiting), Some(SCANNED_AHEAD - 1));
        for feerate_sat_per_vb in [10.0, 20.0] {
            let (faster, replaced) = wallet
                .speed_up(&faster(&waiting, feerate_sat_per_vb), &limits(&[]))
                .unwrap();
            wallet.evict(replaced.unwrap());
            wallet.note_broadcast(vec![faster.clone()]);
            assert_eq!(index_of_change(&faster), Some(SCANNED_AHEAD - 1));
            waiting = faster;
        }
    }

    #[test]
    fn sweeps_go_to_one_script_until_one_of_them_is_confirmed() {
        let wallet = wallet(0);
        let script = wallet.sweep_script();
        let sweep = paying(script.clone(), 1);
        wallet.note_broadcast(vec![sweep.clone()]);
        assert_eq!(wallet.sweep_script(), script);
        assert_ne!(wallet.channel_script(), script);
        confirm(&wallet, sweep);
        assert_ne!(wallet.sweep_script(), script);
    }
}
