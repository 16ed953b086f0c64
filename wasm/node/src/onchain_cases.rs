//! Proves what the on-chain wallet may spend and how it speeds up what waits, on transactions made by hand.

use std::collections::HashSet;
use std::sync::Arc;

use bdk_wallet::chain::{BlockId, ConfirmationBlockTime, TxUpdate};
use bdk_wallet::{KeychainKind, Update};
use bitcoin::hashes::Hash as _;
use bitcoin::{Amount, BlockHash, OutPoint, ScriptBuf, Transaction, TxIn, TxOut, Txid};
use futures::executor::block_on;
use lightning::events::bump_transaction::WalletSource as _;

use crate::error::Code;
use crate::fees::Fees;
use crate::host::SharedHost;
use crate::onchain::OnchainWallet;
use crate::onchain_speed::SpeedUpLimits;
use crate::store::NodeStore;
use crate::testing::MemoryHost;
use crate::types::{CoinState, Network, OnchainSendRequest, SpeedUpMethod, SpeedUpRequest};

pub(crate) const COIN_SAT: u64 = 100_000;
const STRANGER: &str = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";

pub(crate) fn open(host: &Arc<MemoryHost>) -> OnchainWallet {
    let store = Arc::new(NodeStore::new(Arc::clone(host) as SharedHost));
    let master = crate::keys::master_key(&[7; 64], Network::Regtest).unwrap();
    let fees = Arc::new(Fees::new(Network::Regtest));
    let host = Arc::clone(host) as SharedHost;
    block_on(OnchainWallet::open(master, Network::Regtest, store, host, fees)).unwrap()
}

/// A wallet with this many confirmed coins.
pub(crate) fn wallet(coins: u32) -> OnchainWallet {
    let wallet = open(&MemoryHost::shared());
    for number in 0..coins {
        let tx = paying_us(&wallet, KeychainKind::External, number);
        confirm(&wallet, tx);
    }
    wallet
}

/// Somebody pays us: an input nobody knows, one output of ours.
pub(crate) fn paying_us(wallet: &OnchainWallet, keychain: KeychainKind, number: u32) -> Transaction {
    let script = wallet.bdk.borrow_mut().reveal_next_address(keychain).script_pubkey();
    paying(script, number)
}

pub(crate) fn paying(script_pubkey: ScriptBuf, number: u32) -> Transaction {
    Transaction {
        version: bitcoin::transaction::Version::TWO,
        lock_time: bitcoin::absolute::LockTime::ZERO,
        input: vec![TxIn {
            previous_output: OutPoint::new(Txid::from_byte_array([9; 32]), number),
            ..Default::default()
        }],
        output: vec![TxOut {
            value: Amount::from_sat(COIN_SAT),
            script_pubkey,
        }],
    }
}

pub(crate) fn confirm(wallet: &OnchainWallet, tx: Transaction) {
    let mut bdk = wallet.bdk.borrow_mut();
    let block = BlockId {
        height: 1,
        hash: BlockHash::from_byte_array([1; 32]),
    };
    let anchor = ConfirmationBlockTime {
        block_id: block,
        confirmation_time: 1,
    };
    let mut tx_update = TxUpdate::default();
    tx_update.anchors.insert((anchor, tx.compute_txid()));
    tx_update.txs.push(Arc::new(tx));
    let update = Update {
        chain: Some(bdk.latest_checkpoint().insert(block)),
        tx_update,
        ..Default::default()
    };
    bdk.apply_update(update).unwrap();
}

pub(crate) fn send(wallet: &OnchainWallet, amount_sat: Option<u64>) -> Transaction {
    let request = OnchainSendRequest {
        address: STRANGER.to_string(),
        amount_sat,
        feerate_sat_per_vb: Some(2.0),
    };
    let tx = wallet.send(&request, 0).unwrap();
    wallet.note_broadcast(vec![tx.clone()]);
    tx
}

pub(crate) fn faster(tx: &Transaction, feerate_sat_per_vb: f64) -> SpeedUpRequest {
    SpeedUpRequest {
        txid: tx.compute_txid().to_string(),
        feerate_sat_per_vb,
        agreed: None,
    }
}

pub(crate) fn limits(fundings: &[&Transaction]) -> SpeedUpLimits {
    SpeedUpLimits {
        fundings: fundings.iter().map(|tx| tx.compute_txid()).collect(),
        claimed: HashSet::new(),
        reserve_sat: 0,
    }
}

fn stranger() -> ScriptBuf {
    let address: bitcoin::Address<_> = STRANGER.parse().unwrap();
    address.assume_checked().script_pubkey()
}

fn sent_sat(tx: &Transaction) -> u64 {
    let outputs = tx.output.iter().filter(|output| output.script_pubkey == stranger());
    outputs.map(|output| output.value.to_sat()).sum()
}

fn spent(tx: &Transaction) -> HashSet<OutPoint> {
    tx.input.iter().map(|input| input.previous_output).collect()
}

fn fee_sat(wallet: &OnchainWallet, tx: &Transaction) -> u64 {
    wallet.bdk.borrow().calculate_fee(tx).unwrap().to_sat()
}

#[test]
fn a_payment_that_waits_is_replaced_by_one_that_pays_the_same_with_a_higher_fee() {
    let wallet = wallet(2);
    let tx = send(&wallet, Some(40_000));
    let quote = wallet.quote_speed_up(&faster(&tx, 10.0), &limits(&[])).unwrap();
    let (made, replaced) = wallet.speed_up(&faster(&tx, 10.0), &limits(&[])).unwrap();
    assert_eq!((quote.method, quote.amount_sat), (SpeedUpMethod::Replace, Some(40_000)));
    assert_eq!(replaced, Some(tx.compute_txid()));
    assert_eq!(sent_sat(&made), 40_000);
    assert!(!spent(&made).is_disjoint(&spent(&tx)));
    assert_eq!(fee_sat(&wallet, &made), fee_sat(&wallet, &tx) + quote.extra_fee_sat);
    assert!(fee_sat(&wallet, &made) as f64 >= 9.9 * made.vsize() as f64);

    wallet.evict(tx.compute_txid());
    wallet.note_broadcast(vec![made.clone()]);
    assert_eq!(wallet.unconfirmed(), vec![made]);
    assert!(wallet.is_replaced(tx.compute_txid()));
}

#[test]
fn a_funding_is_never_replaced_its_change_pays_for_a_child() {
    let wallet = wallet(1);
    let tx = send(&wallet, Some(40_000));
    let (child, replaced) = wallet.speed_up(&faster(&tx, 10.0), &limits(&[&tx])).unwrap();
    assert_eq!(replaced, None);
    assert!(child
        .input
        .iter()
        .all(|input| input.previous_output.txid == tx.compute_txid()));
    let package_sat = fee_sat(&wallet, &tx) + fee_sat(&wallet, &child);
    let package_vb = (tx.vsize() + child.vsize()) as f64;
    let feerate = package_sat as f64 / package_vb;
    assert!((10.0..10.3).contains(&feerate), "{feerate} sat/vB");
}

#[test]
fn a_payment_whose_change_another_spends_is_not_replaced() {
    let wallet = wallet(1);
    let first = send(&wallet, Some(20_000));
    let second = send(&wallet, Some(20_000));
    assert!(second
        .input
        .iter()
        .any(|input| input.previous_output.txid == first.compute_txid()));
    let refused = wallet.quote_speed_up(&faster(&first, 10.0), &limits(&[])).unwrap_err();
    assert_eq!(refused.code, Code::CannotSpeedUp);
    let (made, _) = wallet.speed_up(&faster(&second, 10.0), &limits(&[&second])).unwrap();
    let package_sat = fee_sat(&wallet, &first) + fee_sat(&wallet, &second) + fee_sat(&wallet, &made);
    let package_vb = first.vsize() + second.vsize() + made.vsize();
    assert!(package_sat as f64 >= 10.0 * package_vb as f64);
}

#[test]
fn where_everything_was_sent_the_receiver_gets_less() {
    let wallet = wallet(1);
    let tx = send(&wallet, None);
    let quote = wallet.quote_speed_up(&faster(&tx, 10.0), &limits(&[])).unwrap();
    let (made, _) = wallet.speed_up(&faster(&tx, 10.0), &limits(&[])).unwrap();
    assert_eq!(Some(sent_sat(&made)), quote.amount_sat);
    assert_eq!(sent_sat(&made) + quote.extra_fee_sat, sent_sat(&tx));
}

#[test]
fn what_a_stranger_sends_is_not_spent_before_it_confirms_but_for_its_own_speed() {
    let wallet = wallet(1);
    let incoming = paying_us(&wallet, KeychainKind::External, 77);
    wallet.note_broadcast(vec![incoming.clone()]);
    assert_eq!(wallet.balance().spendable_sat, COIN_SAT);
    let everything = send(&wallet, None);
    assert!(everything
        .input
        .iter()
        .all(|input| input.previous_output.txid != incoming.compute_txid()));

    let (child, replaced) = wallet.speed_up(&faster(&incoming, 5.0), &limits(&[])).unwrap();
    assert_eq!(replaced, None);
    assert_eq!(child.input[0].previous_output.txid, incoming.compute_txid());
    assert_eq!(sent_sat(&child), 0);
}

#[test]
fn what_claims_a_channels_output_is_left_to_the_node_with_all_that_stands_on_it_and_what_a_peer_pays_is_not() {
    let wallet = wallet(0);
    let claim = paying_us(&wallet, KeychainKind::Internal, 77);
    let claimed = SpeedUpLimits {
        claimed: spent(&claim),
        ..limits(&[])
    };
    wallet.note_broadcast(vec![claim.clone()]);
    let (child, _) = wallet.speed_up(&faster(&claim, 5.0), &limits(&[])).unwrap();
    let refused = |tx: &Transaction, feerate| wallet.quote_speed_up(&faster(tx, feerate), &claimed).unwrap_err().code;
    assert_eq!(
        [1.0, 20.0].map(|feerate| refused(&claim, feerate)),
        [Code::SpeedsUpItself; 2]
    );
    wallet.note_broadcast(vec![child.clone()]);
    assert_eq!([&claim, &child].map(|tx| refused(tx, 20.0)), [Code::SpeedsUpItself; 2]);
}

#[test]
fn a_speed_that_is_none_and_a_transaction_that_does_not_wait_are_refused() {
    let wallet = wallet(2);
    let tx = send(&wallet, Some(40_000));
    for fundings in [vec![], vec![&tx]] {
        let refused = wallet
            .quote_speed_up(&faster(&tx, 2.0), &limits(&fundings))
            .unwrap_err();
        assert_eq!(refused.code, Code::InvalidArgument);
    }
    confirm(&wallet, tx.clone());
    let refused = wallet.quote_speed_up(&faster(&tx, 10.0), &limits(&[])).unwrap_err();
    assert_eq!(refused.code, Code::CannotSpeedUp);
}

#[test]
fn a_frozen_coin_stays_where_it_is_also_after_a_restart() {
    let host = MemoryHost::shared();
    let wallet = open(&host);
    for number in 0..2 {
        let tx = paying_us(&wallet, KeychainKind::External, number);
        confirm(&wallet, tx);
    }
    let frozen = wallet.coins(1)[0].outpoint.clone();
    wallet.freeze(&frozen, true).unwrap();
    wallet.stage_changes();

    let wallet = open(&host);
    assert_eq!(
        wallet
            .coins(1)
            .iter()
            .find(|coin| coin.outpoint == frozen)
            .map(|coin| coin.state),
        Some(CoinState::Frozen)
    );
    assert_eq!(
        (wallet.balance().spendable_sat, wallet.balance().frozen_sat),
        (COIN_SAT, COIN_SAT)
    );
    let everything = send(&wallet, None);
    assert!(spent(&everything).iter().all(|coin| coin.to_string() != frozen));
    // A closing that has no other coin for its fee may have it.
    let offered = block_on(wallet.list_confirmed_utxos()).unwrap();
    assert_eq!(offered.len(), 1);
    wallet.freeze(&frozen, false).unwrap();
    assert_eq!(wallet.balance().frozen_sat, 0);
    assert_eq!(wallet.freeze("nothing", true).unwrap_err().code, Code::InvalidArgument);
}

#[test]
fn the_descriptors_are_public_and_those_of_bip84() {
    let descriptors = wallet(0).descriptors();
    assert!(descriptors.external.starts_with("wpkh([") && descriptors.external.contains("/84'/1'/0']tpub"));
    assert!(descriptors.internal.contains("/1/*)#"));
    assert!(!format!("{descriptors:?}").contains("prv"));
}

#[test]
fn a_payee_who_was_not_sent_everything_never_pays_for_the_speed() {
    let wallet = wallet(1);
    let tx = send(&wallet, Some(74_000));
    let change_sat = wallet.balance().spendable_sat;
    let limits = SpeedUpLimits {
        reserve_sat: change_sat - 100,
        ..limits(&[])
    };
    let refused = wallet.quote_speed_up(&faster(&tx, 10.0), &limits).unwrap_err();
    assert_eq!(refused.code, Code::InsufficientBalance);
}

#[test]
fn another_price_than_the_one_agreed_to_is_refused() {
    let wallet = wallet(2);
    let tx = send(&wallet, Some(40_000));
    let quote = wallet.quote_speed_up(&faster(&tx, 10.0), &limits(&[])).unwrap();
    let mut request = faster(&tx, 10.0);
    request.agreed = Some(crate::types::SpeedUpQuote {
        extra_fee_sat: quote.extra_fee_sat - 1,
        ..quote.clone()
    });
    let refused = wallet.speed_up(&request, &limits(&[])).unwrap_err();
    assert_eq!(refused.code, Code::InvalidArgument);
    request.agreed = Some(quote);
    assert!(wallet.speed_up(&request, &limits(&[])).is_ok());
}

#[test]
fn what_is_promised_to_a_channel_is_neither_replaced_away_nor_spent_by_a_child() {
    let wallet = wallet(1);
    let tx = send(&wallet, Some(40_000));
    let funding = wallet.fund(&stranger(), 30_000, 2.0, 0).unwrap();
    assert_eq!(funding.input[0].previous_output.txid, tx.compute_txid());
    let refused = wallet.quote_speed_up(&faster(&tx, 10.0), &limits(&[])).unwrap_err();
    assert_eq!(refused.code, Code::CannotSpeedUp);
}

#[test]
fn a_child_is_sped_up_again_out_of_what_it_brings_and_pays_for_its_parent_as_before() {
    let wallet = wallet(0);
    let incoming = paying_us(&wallet, KeychainKind::External, 77);
    wallet.note_broadcast(vec![incoming.clone()]);
    let (child, _) = wallet.speed_up(&faster(&incoming, 5.0), &limits(&[])).unwrap();
    wallet.note_broadcast(vec![child.clone()]);
    let (again, replaced) = wallet.speed_up(&faster(&child, 10.0), &limits(&[])).unwrap();
    assert_eq!((replaced, spent(&again)), (Some(child.compute_txid()), spent(&child)));
    let both_vb = (incoming.vsize() + again.vsize()) as f64;
    let feerate = fee_sat(&wallet, &again) as f64 / both_vb;
    assert!((9.9..10.3).contains(&feerate), "{feerate} sat/vB");
    let refused = wallet.quote_speed_up(&faster(&child, 5.5), &limits(&[])).unwrap_err();
    assert_eq!(refused.code, Code::InvalidArgument);
    assert!(refused.cause.ends_with(" 6 sat/vB at least."), "{}", refused.cause);
}

#[test]
fn a_strangers_coin_is_not_trusted_because_a_child_of_ours_spends_it() {
    let wallet = wallet(0);
    let incoming = paying_us(&wallet, KeychainKind::External, 77);
    wallet.note_broadcast(vec![incoming.clone()]);
    let (child, _) = wallet.speed_up(&faster(&incoming, 5.0), &limits(&[])).unwrap();
    wallet.note_broadcast(vec![child]);
    assert_eq!(wallet.balance().spendable_sat, 0);
    assert!(wallet.balance().pending_sat > 0);
}
