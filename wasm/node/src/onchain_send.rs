//! Owns the making of on-chain payments and channel fundings: coins are chosen so that none is promised twice and the channels' reserve stays.

use std::str::FromStr;

use bdk_wallet::SignOptions;
use bitcoin::{Address, Amount, Psbt, Script, ScriptBuf, Transaction};

use crate::error::{Code, NodeError};
use crate::fees::feerate;
use crate::onchain::OnchainWallet;
use crate::types::{OnchainQuote, OnchainSendRequest};

impl OnchainWallet {
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

    /// What a channel's funding would cost: to any script of its kind.
    pub fn quote_funding(&self, amount_sat: u64, sat_per_vb: f64, reserve_sat: u64) -> Result<OnchainQuote, NodeError> {
        check_feerate(sat_per_vb)?;
        let script = Script::new().to_p2wsh();
        let (psbt, quote) = self.build(script, Some(amount_sat), sat_per_vb, reserve_sat)?;
        self.bdk.borrow_mut().cancel_tx(&psbt.unsigned_tx);
        Ok(quote)
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
        check_feerate(sat_per_vb)?;
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
            None if reserve_sat > 0 => Some((self.change_script(), reserve_sat)),
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
        let untouchable = self.untouchable();
        let mut bdk = self.bdk.borrow_mut();
        let forced_change = Self::forced_change(&mut bdk);
        let mut builder = bdk.build_tx();
        builder.fee_rate(feerate(sat_per_vb)).unspendable(untouchable);
        match amount_sat {
            Some(sat) => {
                builder.add_recipient(script.to_owned(), Amount::from_sat(sat));
                if let Some(change) = forced_change {
                    builder.drain_to(change);
                }
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

    pub(crate) fn sign(&self, mut psbt: Psbt) -> Result<Transaction, NodeError> {
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
}

/// `invalid_argument` for a feerate that nobody means.
pub(crate) fn check_feerate(sat_per_vb: f64) -> Result<(), NodeError> {
    if sat_per_vb.is_finite() && (1.0..=5_000.0).contains(&sat_per_vb) {
        return Ok(());
    }
    Err(NodeError::new(
        Code::InvalidArgument,
        "The feerate must be between 1 and 5,000 sat/vB.",
        "Choose one of the suggested feerates.",
    ))
}

pub(crate) fn insufficient(needed_sat: u64, have_sat: u64, reserve_sat: u64) -> NodeError {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onchain_cases::{wallet, COIN_SAT};

    #[test]
    fn a_funding_costs_what_was_told_however_many_coins_it_takes_and_the_reserve_stays() {
        let wallet = wallet(4);
        for coins in 1..=3_u64 {
            let amount_sat = coins * COIN_SAT - 10_000;
            let quote = wallet.quote_funding(amount_sat, 5.0, 0).unwrap();
            let funding = wallet.fund(&Script::new().to_p2wsh(), amount_sat, 5.0, 0).unwrap();
            assert_eq!(funding.input.len() as u64, coins);
            let left_sat: u64 = funding.output.iter().map(|output| output.value.to_sat()).sum();
            assert_eq!(quote.fee_sat, coins * COIN_SAT - left_sat);
            wallet.release(&funding);
        }
        let all_but_reserve = 4 * COIN_SAT - 25_000;
        let refused = wallet.quote_funding(all_but_reserve, 5.0, 25_000).unwrap_err();
        assert_eq!(refused.code, Code::InsufficientBalance);
        assert!(wallet.quote_funding(all_but_reserve - 3_000, 5.0, 25_000).is_ok());
    }
}
