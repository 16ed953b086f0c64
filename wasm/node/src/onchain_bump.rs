//! Owns the coins that pay for closings of anchor channels: LDK chooses among the confirmed ones and signs with the wallet's keys.

use bdk_wallet::SignOptions;
use bitcoin::{Psbt, Script, ScriptBuf, Transaction};
use lightning::events::bump_transaction::{Utxo, WalletSource};
use lightning::util::async_poll::AsyncResult;

use crate::onchain::OnchainWallet;

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
