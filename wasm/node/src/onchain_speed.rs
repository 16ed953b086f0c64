//! Owns how a transaction that waits is sped up: by a replacement where we made it and nothing is built on it, else by a child. A channel's
//! funding is never replaced: its money would go where nobody can spend it.

use std::collections::HashSet;
use std::str::FromStr;

use bdk_wallet::error::{BuildFeeBumpError, CreateTxError};
use bitcoin::{Amount, OutPoint, Psbt, ScriptBuf, Transaction, Txid};

use crate::error::{Code, NodeError};
use crate::fees::feerate;
use crate::onchain::OnchainWallet;
use crate::onchain_packages::ancestry;
use crate::onchain_send::{check_feerate, insufficient};
use crate::types::{SpeedUpMethod, SpeedUpQuote, SpeedUpRequest};

/// The witness of a P2WPKH input: two counted items, the signature and the key.
const P2WPKH_WITNESS_WU: u64 = 108;
const SEGWIT_MARKER_WU: u64 = 2;

/// A transaction made, not yet signed, with what it costs.
pub struct SpeedUp {
    psbt: Psbt,
    quote: SpeedUpQuote,
    txid: Txid,
}

/// What may not be touched by speeding up.
pub struct SpeedUpLimits {
    /// Transactions that open channels.
    pub fundings: HashSet<Txid>,
    /// Outputs that the node claims, each time for a higher fee.
    pub claimed: HashSet<OutPoint>,
    pub reserve_sat: u64,
}

impl OnchainWallet {
    /// What speeding up would cost. `cannot_speed_up`, `speeds_up_itself`, `insufficient_balance`, `invalid_argument`.
    pub fn quote_speed_up(&self, request: &SpeedUpRequest, limits: &SpeedUpLimits) -> Result<SpeedUpQuote, NodeError> {
        let plan = self.plan(request, limits)?;
        self.bdk.borrow_mut().cancel_tx(&plan.psbt.unsigned_tx);
        Ok(plan.quote)
    }

    /// Signs what [`Self::quote_speed_up`] reckoned; the caller broadcasts it. With it comes the transaction it replaces, if it does.
    pub fn speed_up(
        &self,
        request: &SpeedUpRequest,
        limits: &SpeedUpLimits,
    ) -> Result<(Transaction, Option<Txid>), NodeError> {
        let plan = self.plan(request, limits)?;
        let replaced = (plan.quote.method == SpeedUpMethod::Replace).then_some(plan.txid);
        Ok((self.sign(plan.psbt)?, replaced))
    }

    fn plan(&self, request: &SpeedUpRequest, limits: &SpeedUpLimits) -> Result<SpeedUp, NodeError> {
        check_feerate(request.feerate_sat_per_vb)?;
        let waiting = self.unconfirmed();
        let wanted = Txid::from_str(&request.txid).ok();
        let Some(tx) = waiting.iter().find(|tx| Some(tx.compute_txid()) == wanted) else {
            return Err(cannot("It does not wait for a block."));
        };
        let txid = tx.compute_txid();
        let spends_it = |other: &Transaction| other.input.iter().any(|input| input.previous_output.txid == txid);
        let stands_on = ancestry(tx, &waiting);
        if stands_on.iter().any(|tx| self.is_raised_by_node(tx, &limits.claimed)) {
            return Err(NodeError::new(
                Code::SpeedsUpItself,
                "It belongs to a channel's closing, and the node raises its fee by itself.",
                "Keep the wallet open until it is in a block.",
            ));
        }
        let is_promised = self.promised.borrow().iter().any(|coin| coin.txid == txid);
        let is_settled = is_promised || limits.fundings.contains(&txid) || waiting.iter().any(spends_it);
        let is_child = is_settled || self.our_inputs(tx) == 0;
        let least_sat_per_vb = 1.0 + self.rate_of(&stands_on, is_child);
        if request.feerate_sat_per_vb < least_sat_per_vb {
            return Err(too_slow(least_sat_per_vb));
        }
        let (psbt, quote) = if is_child {
            self.child(tx, &stands_on, request.feerate_sat_per_vb)?
        } else {
            let sat_per_vb = self.own_rate(&stands_on, request.feerate_sat_per_vb);
            self.replacement(tx, sat_per_vb, limits.reserve_sat)?
        };
        if request.agreed.as_ref().is_some_and(|agreed| *agreed != quote) {
            self.bdk.borrow_mut().cancel_tx(&psbt.unsigned_tx);
            return Err(NodeError::new(
                Code::InvalidArgument,
                "The price has changed since it was shown.",
                "Look at it again.",
            ));
        }
        Ok(SpeedUp { psbt, quote, txid })
    }

    pub(crate) fn our_inputs(&self, tx: &Transaction) -> usize {
        let is_ours = |coin: OutPoint| self.value_sat(coin).is_some();
        tx.input.iter().filter(|input| is_ours(input.previous_output)).count()
    }

    fn replacement(
        &self,
        tx: &Transaction,
        sat_per_vb: f64,
        reserve_sat: u64,
    ) -> Result<(Psbt, SpeedUpQuote), NodeError> {
        let paid = self.fee_of(tx);
        let have_sat = self.balance().spendable_sat;
        let ours = self.replace(tx, sat_per_vb, None).and_then(|psbt| {
            let extra_sat = fee_of(&psbt)?.to_sat().saturating_sub(paid.to_sat());
            if extra_sat + reserve_sat <= have_sat {
                return Ok(psbt);
            }
            self.bdk.borrow_mut().cancel_tx(&psbt.unsigned_tx);
            Err(insufficient(
                extra_sat,
                have_sat.saturating_sub(reserve_sat),
                reserve_sat,
            ))
        });
        let psbt = match (ours, self.payer(tx, reserve_sat)) {
            (Err(e), Some(payer)) if e.code == Code::InsufficientBalance => {
                self.replace(tx, sat_per_vb, Some(payer))?
            }
            (made, _) => made?,
        };
        let quote = SpeedUpQuote {
            method: SpeedUpMethod::Replace,
            extra_fee_sat: fee_of(&psbt)?.to_sat().saturating_sub(paid.to_sat()),
            amount_sat: Some(self.foreign_sat(&psbt.unsigned_tx)),
        };
        Ok((psbt, quote))
    }

    /// `payer`: whose output gets smaller, absent where our coins pay.
    fn replace(&self, tx: &Transaction, sat_per_vb: f64, payer: Option<ScriptBuf>) -> Result<Psbt, NodeError> {
        let untouchable = self.untouchable();
        let have_sat = self.balance().spendable_sat;
        let mut bdk = self.bdk.borrow_mut();
        let forced_change = Self::forced_change(&mut bdk);
        let mut builder = bdk.build_fee_bump(tx.compute_txid()).map_err(|e| match e {
            BuildFeeBumpError::IrreplaceableTransaction(_) => cannot("It says of itself that it may not be replaced."),
            other => cannot(&format!("{other}.")),
        })?;
        builder.fee_rate(feerate(sat_per_vb)).unspendable(untouchable);
        if let Some(receiver) = payer {
            let others = tx.output.iter().filter(|output| output.script_pubkey != receiver);
            let others = others.map(|output| (output.script_pubkey.clone(), output.value));
            builder.set_recipients(others.collect());
            builder.drain_to(receiver).manually_selected_only();
        } else if let Some(change) = forced_change {
            builder.drain_to(change);
        }
        builder.finish().map_err(|e| match e {
            CreateTxError::CoinSelection(missing) => {
                insufficient(missing.needed.to_sat(), missing.available.to_sat().min(have_sat), 0)
            }
            CreateTxError::FeeRateTooLow { required } => too_slow(required.to_sat_per_kwu() as f64 / 250.0),
            CreateTxError::OutputBelowDustLimit(_) => cannot("After the fee nothing worth sending would be left."),
            other => NodeError::internal(format!("The replacement cannot be built: {other}.")),
        })
    }

    /// A child that spends what the transaction pays to us, with a fee for itself and for all that waits above it.
    fn child(
        &self,
        tx: &Transaction,
        parents: &[&Transaction],
        sat_per_vb: f64,
    ) -> Result<(Psbt, SpeedUpQuote), NodeError> {
        let (parents_vb, paid_sat) = self.size_and_fee(parents);
        // What a stranger may still replace must not pass for our own change.
        let to = if self.our_inputs(tx) == 0 {
            self.new_address().script_pubkey()
        } else {
            self.change_script()
        };
        // The fee follows the size, which follows the coins that the fee asks for: twice is enough.
        let mut psbt = self.spend(tx, &to, 0)?;
        for _ in 0..2 {
            let child_vb = signed_vb(&psbt.unsigned_tx);
            let due_sat = ((parents_vb + child_vb) as f64 * sat_per_vb).ceil() as u64;
            psbt = self.spend(tx, &to, due_sat - paid_sat)?;
        }
        let quote = SpeedUpQuote {
            method: SpeedUpMethod::Child,
            extra_fee_sat: fee_of(&psbt)?.to_sat(),
            amount_sat: None,
        };
        Ok((psbt, quote))
    }

    /// Spends what a transaction pays to us, and nothing else.
    fn spend(&self, tx: &Transaction, to: &ScriptBuf, fee_sat: u64) -> Result<Psbt, NodeError> {
        let txid = tx.compute_txid();
        let coins: Vec<OutPoint> = self.coins_of(txid);
        let mut bdk = self.bdk.borrow_mut();
        if coins.is_empty() {
            return Err(cannot(
                "Nothing of it is ours to spend, so that no child can pay for it.",
            ));
        }
        let mut builder = bdk.build_tx();
        builder
            .add_utxos(&coins)
            .map_err(|e| NodeError::internal(format!("A coin is gone: {e}.")))?;
        builder.manually_selected_only().drain_to(to.clone());
        builder.fee_absolute(Amount::from_sat(fee_sat));
        builder.finish().map_err(|e| match e {
            CreateTxError::CoinSelection(_) | CreateTxError::OutputBelowDustLimit(_) => {
                cannot("It pays too little to us to pay for both.")
            }
            other => NodeError::internal(format!("The child cannot be built: {other}.")),
        })
    }

    /// Who gets less where no coin of ours can pay: we, of what goes from us to us, or who was sent everything.
    fn payer(&self, tx: &Transaction, reserve_sat: u64) -> Option<ScriptBuf> {
        let bdk = self.bdk.borrow();
        let (own, foreign): (Vec<_>, Vec<_>) = tx
            .output
            .iter()
            .map(|output| output.script_pubkey.clone())
            .partition(|script| bdk.is_mine(script.clone()));
        match (own.as_slice(), foreign.as_slice()) {
            ([ours], []) => Some(ours.clone()),
            (_, [receiver]) if self.own_sat(tx) <= reserve_sat => Some(receiver.clone()),
            _ => None,
        }
    }

    pub(crate) fn own_sat(&self, tx: &Transaction) -> u64 {
        let all: Amount = tx.output.iter().map(|output| output.value).sum();
        all.to_sat() - self.foreign_sat(tx)
    }

    fn foreign_sat(&self, tx: &Transaction) -> u64 {
        let bdk = self.bdk.borrow();
        let foreign = tx
            .output
            .iter()
            .filter(|output| !bdk.is_mine(output.script_pubkey.clone()));
        foreign.map(|output| output.value.to_sat()).sum()
    }
}

fn fee_of(psbt: &Psbt) -> Result<Amount, NodeError> {
    psbt.fee()
        .map_err(|e| NodeError::internal(format!("The fee cannot be computed: {e}.")))
}

/// The size of a transaction of this wallet once it is signed.
fn signed_vb(unsigned: &Transaction) -> u64 {
    let witness_wu = SEGWIT_MARKER_WU + P2WPKH_WITNESS_WU * unsigned.input.len() as u64;
    (unsigned.weight().to_wu() + witness_wu).div_ceil(4)
}

fn cannot(cause: &str) -> NodeError {
    NodeError::new(
        Code::CannotSpeedUp,
        cause,
        "Wait for a block, or speed up what is built on it.",
    )
}

fn too_slow(least_sat_per_vb: f64) -> NodeError {
    NodeError::new(
        Code::InvalidArgument,
        format!(
            "This is no faster: it takes {} sat/vB at least.",
            least_sat_per_vb.ceil()
        ),
        "Choose a higher feerate.",
    )
}
