//! Owns the coins that pay for closings of anchor channels: LDK chooses among the confirmed ones and signs with the wallet's keys. A wallet
//! of one coin can raise that fee too.

use bdk_wallet::SignOptions;
use bitcoin::{OutPoint, Psbt, Script, ScriptBuf, Transaction};
use lightning::events::bump_transaction::{BumpTransactionEvent, Utxo, WalletSource};
use lightning::sign::HTLCDescriptor;
use lightning::util::async_poll::AsyncResult;

use crate::onchain::OnchainWallet;

/// What closings with HTLCs may need for their fees when blocks are full.
const ENOUGH_SAT: u64 = 4 * crate::channels::RESERVE_PER_CHANNEL_SAT;

impl OnchainWallet {
    /// Whether it closes a channel whose funding was dropped: coins spent on that would be bound for nothing.
    pub fn is_vain(&self, bump: &BumpTransactionEvent) -> bool {
        let BumpTransactionEvent::ChannelClose { commitment_tx, .. } = bump else {
            return false;
        };
        let mut inputs = commitment_tx.input.iter();
        inputs.any(|input| self.is_dropped(input.previous_output.txid))
    }

    /// Lets LDK take again, to claim these outputs for a higher fee, the coins of what waits to claim them.
    pub fn unbind_from_claims_of(&self, outputs: &[OutPoint]) {
        let spent =
            |tx: &Transaction| -> Vec<OutPoint> { tx.input.iter().map(|input| input.previous_output).collect() };
        let waiting = self.unconfirmed();
        let spends = waiting.iter().map(spent);
        let claims = spends.filter(|coins| coins.iter().any(|coin| outputs.contains(coin)));
        self.bound.replace(claims.flatten().collect());
    }
}

/// What LDK claims with coins of ours.
pub fn claimed(bump: &BumpTransactionEvent) -> Vec<OutPoint> {
    match bump {
        BumpTransactionEvent::ChannelClose { anchor_descriptor, .. } => vec![anchor_descriptor.outpoint],
        BumpTransactionEvent::HTLCResolution { htlc_descriptors, .. } => {
            htlc_descriptors.iter().map(HTLCDescriptor::outpoint).collect()
        }
    }
}

impl WalletSource for OnchainWallet {
    fn list_confirmed_utxos<'a>(&'a self) -> AsyncResult<'a, Vec<Utxo>, ()> {
        let bdk = self.bdk.borrow();
        let (promised, frozen, bound) = (self.promised.borrow(), self.frozen.borrow(), self.bound.borrow());
        let confirmed: Vec<_> = bdk
            .list_output()
            .filter(|coin| !coin.is_spent || bound.contains(&coin.outpoint))
            .filter(|coin| coin.chain_position.is_confirmed() && !promised.contains(&coin.outpoint))
            .collect();
        // A frozen coin is better spent than a channel's money lost.
        let free_sat: u64 = confirmed
            .iter()
            .filter(|utxo| !frozen.contains(&utxo.outpoint))
            .map(|utxo| utxo.txout.value.to_sat())
            .sum();
        let utxos = confirmed
            .into_iter()
            .filter(|utxo| free_sat < ENOUGH_SAT || !frozen.contains(&utxo.outpoint))
            .filter_map(|utxo| {
                let hash = bitcoin::WPubkeyHash::from_slice_of_p2wpkh(&utxo.txout.script_pubkey)?;
                Some(Utxo::new_v0_p2wpkh(utxo.outpoint, utxo.txout.value, &hash))
            })
            .collect();
        Box::pin(async move { Ok(utxos) })
    }

    fn get_change_script<'a>(&'a self) -> AsyncResult<'a, ScriptBuf, ()> {
        let script = self.change_script();
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

#[cfg(test)]
mod tests {
    use bitcoin::hashes::Hash as _;
    use bitcoin::{TxIn, Txid};
    use futures::executor::block_on;

    use super::*;
    use crate::onchain_cases::{send, wallet};

    #[test]
    fn the_only_coin_pays_again_for_what_it_claims_already_and_for_nothing_else() {
        let wallet = wallet(1);
        let [anchor, other] = [7, 8].map(|vout| OutPoint::new(Txid::all_zeros(), vout));
        let mut child = send(&wallet, Some(40_000));
        let coin = child.input[0].previous_output;
        wallet.evict(child.compute_txid());
        child.input.push(TxIn {
            previous_output: anchor,
            ..Default::default()
        });
        wallet.note_broadcast(vec![child]);
        let offered = |claims: &[OutPoint]| -> Vec<OutPoint> {
            wallet.unbind_from_claims_of(claims);
            let utxos = block_on(wallet.list_confirmed_utxos()).unwrap();
            utxos.iter().map(|utxo| utxo.outpoint).collect()
        };
        assert_eq!(offered(&[anchor]), [coin]);
        assert_eq!(offered(&[other]), []);
    }
}
