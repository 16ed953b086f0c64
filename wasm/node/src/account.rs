//! Owns the BIP84 account: its descriptors are those of BDK's template, made for this one kind alone, so that a start has little of it to compile (see `load.rs`).

use bdk_wallet::descriptor::{DescriptorError, ExtendedDescriptor, IntoWalletDescriptor};
use bdk_wallet::miniscript::descriptor::{DescriptorSecretKey, DescriptorXKey, KeyMap, Wildcard};
use bdk_wallet::miniscript::{Descriptor, DescriptorPublicKey};
use bdk_wallet::KeychainKind;
use bitcoin::bip32::{ChildNumber, DerivationPath, KeySource, Xpriv, Xpub};
use bitcoin::secp256k1::{All, Secp256k1};

use crate::error::NodeError;
use crate::types::Network;

const PURPOSE: u32 = 84;
const FIRST_ACCOUNT: u32 = 0;

/// The first account of BIP84.
pub struct Account {
    key: Xpriv,
    origin: KeySource,
}

impl Account {
    /// The account under `master`.
    pub fn new(master: &Xpriv, network: Network) -> Result<Self, NodeError> {
        let secp = Secp256k1::signing_only();
        let coin_type = u32::from(network != Network::Bitcoin);
        let path: DerivationPath = [PURPOSE, coin_type, FIRST_ACCOUNT]
            .into_iter()
            .map(|index| ChildNumber::Hardened { index })
            .collect();
        let key = master
            .derive_priv(&secp, &path)
            .map_err(|e| NodeError::internal(format!("The account cannot be derived: {e}.")))?;
        Ok(Self {
            key,
            origin: (master.fingerprint(&secp), path),
        })
    }

    /// Addresses to give away, or those for change.
    pub fn keychain(&self, kind: KeychainKind) -> Keychain {
        let index = u32::from(kind == KeychainKind::Internal);
        Keychain(DescriptorXKey {
            origin: Some(self.origin.clone()),
            xkey: self.key,
            derivation_path: DerivationPath::from(vec![ChildNumber::Normal { index }]),
            wildcard: Wildcard::Unhardened,
        })
    }
}

/// One of the two chains of addresses, with its private key.
#[derive(Clone)]
pub struct Keychain(DescriptorXKey<Xpriv>);

impl IntoWalletDescriptor for Keychain {
    fn into_wallet_descriptor(
        self,
        secp: &Secp256k1<All>,
        _network: bitcoin::Network,
    ) -> Result<(ExtendedDescriptor, KeyMap), DescriptorError> {
        let Self(private) = self;
        let public = DescriptorPublicKey::XPub(DescriptorXKey {
            origin: private.origin.clone(),
            xkey: Xpub::from_priv(secp, &private.xkey),
            derivation_path: private.derivation_path.clone(),
            wildcard: private.wildcard,
        });
        let descriptor = Descriptor::new_wpkh(public.clone())?;
        let mut keys = KeyMap::new();
        keys.insert(public, DescriptorSecretKey::XPrv(private));
        Ok((descriptor, keys))
    }
}

#[cfg(test)]
mod tests {
    use bdk_wallet::template::Bip84;

    use super::*;
    use crate::keys::master_key;

    #[test]
    fn has_the_descriptors_of_bdks_template_on_every_network() {
        let secp = Secp256k1::new();
        for network in [Network::Bitcoin, Network::Testnet4, Network::Signet, Network::Regtest] {
            let master = master_key(&[7; 64], network).unwrap();
            let account = Account::new(&master, network).unwrap();
            for kind in [KeychainKind::External, KeychainKind::Internal] {
                let ours = account.keychain(kind).into_wallet_descriptor(&secp, network.into());
                let template = Bip84(master, kind).into_wallet_descriptor(&secp, network.into());
                assert_eq!(ours.unwrap().0, template.unwrap().0);
            }
        }
    }
}
