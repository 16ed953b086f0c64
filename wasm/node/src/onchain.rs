//! Owns the on-chain wallet (BDK, BIP84). Its changes are staged at the cut of the turn that made them, so they land with everything else (invariant 4).

use std::cell::RefCell;
use std::collections::HashSet;
use std::str::FromStr;
use std::sync::Arc;

use bdk_wallet::bitcoin::bip32::Xpriv;
use bdk_wallet::chain::CanonicalizationParams;
use bdk_wallet::template::Bip84;
use bdk_wallet::{KeychainKind, SignOptions, Wallet};
use bitcoin::{Address, Amount, OutPoint, Psbt, Script, ScriptBuf, Transaction, Txid};
use lightning::events::bump_transaction::{Utxo, WalletSource};
use lightning::util::async_poll::AsyncResult;

use crate::change_log::ChangeLog;
use crate::error::{Code, NodeError};
use crate::fees::{feerate, Fees};
use crate::host::SharedHost;
use crate::store::NodeStore;
use crate::types::{Network, OnchainQuote, OnchainSendRequest};

/// The BDK wallet, its log of changes, and the coins promised to channels that are being opened.
pub struct OnchainWallet {
    host: SharedHost,
    network: Network,
    fees: Arc<Fees>,
    log: ChangeLog,
    pub(crate) bdk: RefCell<Wallet>,
    promised: RefCell<HashSet<OutPoint>>,
}

/// What is on chain, in sat.
pub struct OnchainBalance {
    /// Confirmed, and our own unconfirmed change.
    pub spendable_sat: u64,
    /// Somebody else's unconfirmed payments to us.
    pub pending_sat: u64,
}

impl OnchainWallet {
    /// Loads the wallet from its log, or creates it. `state_unreadable` when the log does not decode.
    pub async fn open(
        master: Xpriv,
        network: Network,
        store: Arc<NodeStore>,
        host: SharedHost,
        fees: Arc<Fees>,
    ) -> Result<Self, NodeError> {
        let (log, changes) = ChangeLog::open(store).await?;
        let external = Bip84(master, KeychainKind::External);
        let internal = Bip84(master, KeychainKind::Internal);
        let loaded = Wallet::load()
            .descriptor(KeychainKind::External, Some(external.clone()))
            .descriptor(KeychainKind::Internal, Some(internal.clone()))
            .extract_keys()
            .check_network(network.into())
            .load_wallet_no_persist(changes)
            .map_err(|e| NodeError::unreadable("on-chain wallet", e))?;
        let bdk = match loaded {
            Some(wallet) => wallet,
            None => Wallet::create(external, internal)
                .network(network.into())
                .create_wallet_no_persist()
                .map_err(|e| NodeError::internal(format!("The on-chain wallet cannot be created: {e}.")))?,
        };
        Ok(Self {
            host,
            network,
            fees,
            log,
            bdk: RefCell::new(bdk),
            promised: RefCell::default(),
        })
    }

    /// Stages what changed since the last cut.
    pub fn stage_changes(&self) {
        if let Some(changes) = self.bdk.borrow_mut().take_staged() {
            self.log.append(changes);
        }
    }

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

    /// A script for what channels pay back to us.
    pub fn internal_script(&self) -> ScriptBuf {
        let address = self
            .bdk
            .borrow_mut()
            .next_unused_address(KeychainKind::Internal)
            .address;
        self.host.wake();
        address.script_pubkey()
    }

    /// What is on chain now.
    pub fn balance(&self) -> OnchainBalance {
        let balance = self.bdk.borrow().balance();
        OnchainBalance {
            spendable_sat: (balance.confirmed + balance.trusted_pending).to_sat(),
            pending_sat: (balance.untrusted_pending + balance.immature).to_sat(),
        }
    }

    /// What a payment would cost. `reserve_sat` stays in the wallet.
    pub fn quote(&self, request: &OnchainSendRequest, reserve_sat: u64) -> Result<OnchainQuote, NodeError> {
        let (psbt, quote) = self.build_send(request, reserve_sat)?;
        self.bdk.borrow_mut().cancel_tx(&psbt.unsigned_tx);
        Ok(quote)
    }

    /// Builds and signs a payment; the caller broadcasts it.
    pub fn send(&self, request: &OnchainSendRequest, reserve_sat: u64) -> Result<Transaction, NodeError> {
        let (psbt, _) = self.build_send(request, reserve_sat)?;
        self.sign(psbt)
    }

    /// Builds and signs a channel's funding. Its coins are promised until [`Self::release`] or until it is broadcast.
    pub fn fund(
        &self,
        script: &Script,
        amount_sat: u64,
        sat_per_vb: f64,
        reserve_sat: u64,
    ) -> Result<Transaction, NodeError> {
        let (psbt, _) = self.build(script.to_owned(), Some(amount_sat), sat_per_vb, reserve_sat)?;
        let transaction = self.sign(psbt)?;
        self.promised
            .borrow_mut()
            .extend(transaction.input.iter().map(|input| input.previous_output));
        Ok(transaction)
    }

    /// Gives the coins of a funding that will not happen back.
    pub fn release(&self, transaction: &Transaction) {
        let mut promised = self.promised.borrow_mut();
        for input in &transaction.input {
            promised.remove(&input.previous_output);
        }
        self.bdk.borrow_mut().cancel_tx(transaction);
    }

    /// Counts transactions that we sent out as pending, until the chain confirms or drops them.
    pub fn note_broadcast(&self, transactions: Vec<Transaction>) {
        let now = self.host.now().as_secs();
        let mut bdk = self.bdk.borrow_mut();
        let ours: Vec<(Transaction, u64)> = transactions
            .into_iter()
            .filter(|tx| {
                tx.output.iter().any(|output| bdk.is_mine(output.script_pubkey.clone()))
                    || tx
                        .input
                        .iter()
                        .any(|input| bdk.get_utxo(input.previous_output).is_some())
            })
            .map(|tx| (tx, now))
            .collect();
        for (tx, _) in &ours {
            for input in &tx.input {
                self.promised.borrow_mut().remove(&input.previous_output);
            }
        }
        bdk.apply_unconfirmed_txs(ours);
    }

    /// Our transactions that wait for a block, parents first.
    pub fn unconfirmed(&self) -> Vec<Transaction> {
        let bdk = self.bdk.borrow();
        let tip = bdk.latest_checkpoint().block_id();
        bdk.tx_graph()
            .list_ordered_canonical_txs(bdk.local_chain(), tip, CanonicalizationParams::default())
            .filter(|tx| tx.chain_position.is_unconfirmed())
            .map(|tx| tx.tx_node.tx.as_ref().clone())
            .collect()
    }

    /// When a transaction was last known to be on its way, in seconds since 1970.
    pub fn last_seen(&self, txid: Txid) -> Option<u64> {
        self.bdk.borrow().tx_graph().get_tx_node(txid)?.last_seen
    }

    /// A transaction will not happen: what it spent is free again.
    pub fn evict(&self, txid: Txid) {
        let at = self.host.now().as_secs().max(self.last_seen(txid).unwrap_or(0));
        self.bdk.borrow_mut().apply_evicted_txs([(txid, at)]);
        self.host.wake();
    }

    /// Whether a transaction spends coins of this wallet.
    pub fn is_spent_by(&self, tx: &Transaction) -> bool {
        let bdk = self.bdk.borrow();
        tx.input
            .iter()
            .any(|input| bdk.get_utxo(input.previous_output).is_some())
    }

    /// An address of this wallet's network. `invalid_address`, `wrong_network`.
    pub fn parse_address(&self, text: &str) -> Result<Address, NodeError> {
        let address = Address::from_str(text.trim()).map_err(|e| {
            NodeError::new(
                Code::InvalidAddress,
                format!("This is not a bitcoin address: {e}."),
                "Check the address and paste it again.",
            )
        })?;
        address.require_network(self.network.into()).map_err(|_| {
            NodeError::new(
                Code::WrongNetwork,
                "The address belongs to another bitcoin network.",
                "Ask for an address of the network that this wallet uses.",
            )
        })
    }

    fn build_send(&self, request: &OnchainSendRequest, reserve_sat: u64) -> Result<(Psbt, OnchainQuote), NodeError> {
        let script = self.parse_address(&request.address)?.script_pubkey();
        let sat_per_vb = request.feerate_sat_per_vb.unwrap_or_else(|| self.fees.sat_per_vb(6));
        if !(sat_per_vb.is_finite() && (1.0..=5_000.0).contains(&sat_per_vb)) {
            return Err(NodeError::new(
                Code::InvalidArgument,
                "The feerate must be between 1 and 5,000 sat/vB.",
                "Choose one of the suggested feerates.",
            ));
        }
        self.build(script, request.amount_sat, sat_per_vb, reserve_sat)
    }

    fn build(
        &self,
        script: ScriptBuf,
        amount_sat: Option<u64>,
        sat_per_vb: f64,
        reserve_sat: u64,
    ) -> Result<(Psbt, OnchainQuote), NodeError> {
        if let Some(sat) = amount_sat {
            if sat < script.minimal_non_dust().to_sat() {
                let code = if sat == 0 {
                    Code::InvalidAmount
                } else {
                    Code::AmountBelowDust
                };
                return Err(NodeError::new(
                    code,
                    format!("{sat} sat is too little: nodes do not relay such an output."),
                    "Send a larger amount.",
                ));
            }
        }
        // Everything: what stays as reserve goes back to us as an output of its own.
        let keep = match amount_sat {
            None if reserve_sat > 0 => Some((self.internal_script(), reserve_sat)),
            _ => None,
        };
        let psbt = self.select(&script, amount_sat, sat_per_vb, keep)?;
        let outgoing: Amount = psbt
            .unsigned_tx
            .output
            .iter()
            .filter(|output| output.script_pubkey == script)
            .map(|output| output.value)
            .sum();
        let fee = psbt
            .fee()
            .map_err(|e| NodeError::internal(format!("The fee cannot be computed: {e}.")))?;
        let quote = OnchainQuote {
            amount_sat: outgoing.to_sat(),
            fee_sat: fee.to_sat(),
            feerate_sat_per_vb: sat_per_vb,
        };
        let have = self.balance().spendable_sat;
        if amount_sat.is_some() && quote.amount_sat + quote.fee_sat + reserve_sat > have {
            self.bdk.borrow_mut().cancel_tx(&psbt.unsigned_tx);
            return Err(insufficient(
                quote.amount_sat + quote.fee_sat,
                have.saturating_sub(reserve_sat),
                reserve_sat,
            ));
        }
        Ok((psbt, quote))
    }

    fn select(
        &self,
        script: &Script,
        amount_sat: Option<u64>,
        sat_per_vb: f64,
        keep: Option<(ScriptBuf, u64)>,
    ) -> Result<Psbt, NodeError> {
        let have = self.balance().spendable_sat;
        let mut bdk = self.bdk.borrow_mut();
        let mut builder = bdk.build_tx();
        builder
            .fee_rate(feerate(sat_per_vb))
            .unspendable(self.promised.borrow().iter().copied().collect());
        match amount_sat {
            Some(sat) => {
                builder.add_recipient(script.to_owned(), Amount::from_sat(sat));
            }
            None => {
                builder.drain_wallet().drain_to(script.to_owned());
                if let Some((own, sat)) = keep {
                    builder.add_recipient(own, Amount::from_sat(sat));
                }
            }
        }
        builder.finish().map_err(|e| match e {
            bdk_wallet::error::CreateTxError::CoinSelection(missing) => {
                insufficient(missing.needed.to_sat(), missing.available.to_sat().min(have), 0)
            }
            bdk_wallet::error::CreateTxError::OutputBelowDustLimit(_) => NodeError::new(
                Code::InsufficientBalance,
                "After the fee nothing worth sending is left.",
                "Receive more first, or choose a lower feerate.",
            ),
            other => NodeError::internal(format!("The transaction cannot be built: {other}.")),
        })
    }

    fn sign(&self, mut psbt: Psbt) -> Result<Transaction, NodeError> {
        let signed = self.bdk.borrow().sign(&mut psbt, SignOptions::default());
        match signed {
            Ok(true) => {}
            Ok(false) => return Err(NodeError::internal("The transaction has inputs that are not ours.")),
            Err(e) => return Err(NodeError::internal(format!("The transaction cannot be signed: {e}."))),
        }
        self.host.wake();
        psbt.extract_tx()
            .map_err(|e| NodeError::internal(format!("The transaction's fee makes no sense: {e}.")))
    }

    /// A transaction of this wallet by id, with what it cost and moved.
    pub fn details(&self, txid: Txid) -> Option<bdk_wallet::TxDetails> {
        self.bdk.borrow().tx_details(txid)
    }
}

fn insufficient(needed_sat: u64, have_sat: u64, reserve_sat: u64) -> NodeError {
    let reserve = if reserve_sat > 0 {
        format!(", with {reserve_sat} sat kept back for the channels")
    } else {
        String::new()
    };
    NodeError::new(
        Code::InsufficientBalance,
        format!("This needs {needed_sat} sat with the fee; {have_sat} sat can be spent on chain{reserve}."),
        "Send less, or receive more first.",
    )
}

impl WalletSource for OnchainWallet {
    fn list_confirmed_utxos<'a>(&'a self) -> AsyncResult<'a, Vec<Utxo>, ()> {
        let bdk = self.bdk.borrow();
        let promised = self.promised.borrow();
        let utxos = bdk
            .list_unspent()
            .filter(|utxo| utxo.chain_position.is_confirmed() && !promised.contains(&utxo.outpoint))
            .filter_map(|utxo| {
                let hash = bitcoin::WPubkeyHash::from_slice_of_p2wpkh(&utxo.txout.script_pubkey)?;
                Some(Utxo::new_v0_p2wpkh(utxo.outpoint, utxo.txout.value, &hash))
            })
            .collect();
        Box::pin(async move { Ok(utxos) })
    }

    fn get_change_script<'a>(&'a self) -> AsyncResult<'a, ScriptBuf, ()> {
        let script = self.internal_script();
        Box::pin(async move { Ok(script) })
    }

    fn sign_psbt<'a>(&'a self, mut psbt: Psbt) -> AsyncResult<'a, Transaction, ()> {
        // Anchor inputs are LDK's own: only ours are signed and finalised here.
        let options = SignOptions {
            trust_witness_utxo: true,
            ..Default::default()
        };
        let signed = self.bdk.borrow().sign(&mut psbt, options).is_ok();
        Box::pin(async move {
            if signed {
                Ok(psbt.extract_tx_unchecked_fee_rate())
            } else {
                Err(())
            }
        })
    }
}

/// The key hash of a P2WPKH script.
trait FromP2wpkh: Sized {
    fn from_slice_of_p2wpkh(script: &Script) -> Option<Self>;
}

impl FromP2wpkh for bitcoin::WPubkeyHash {
    fn from_slice_of_p2wpkh(script: &Script) -> Option<Self> {
        use bitcoin::hashes::Hash;
        if script.is_p2wpkh() {
            Self::from_slice(&script.as_bytes()[2..]).ok()
        } else {
            None
        }
    }
}
