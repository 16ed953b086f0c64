//! What published vectors are run against: libsecp256k1 as the node links it. Bad input counts as a failed check, never as a panic.
use bitcoin::hashes::{sha256, Hash};
use bitcoin::secp256k1::{ecdsa, schnorr, All, Keypair, Message, PublicKey, Secp256k1, SecretKey, XOnlyPublicKey};
use wasm_bindgen::prelude::wasm_bindgen;

/// Keeps the precomputed context, so that each check costs one operation.
#[wasm_bindgen]
pub struct Curve(Secp256k1<All>);

#[wasm_bindgen]
impl Curve {
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)] // JavaScript knows constructors only.
    pub fn new() -> Self {
        Self(Secp256k1::new())
    }

    /// Verifies a strict DER signature over SHA-256 of the message, as libsecp256k1's own Wycheproof test does.
    #[wasm_bindgen(js_name = verifyEcdsa)]
    pub fn verify_ecdsa(&self, public_key: &[u8], message: &[u8], der_signature: &[u8]) -> bool {
        let digest = Message::from_digest(sha256::Hash::hash(message).to_byte_array());
        let parsed = (
            PublicKey::from_slice(public_key),
            ecdsa::Signature::from_der(der_signature),
        );
        matches!(parsed, (Ok(key), Ok(signature)) if self.0.verify_ecdsa(&digest, &signature, &key).is_ok())
    }

    /// Signs SHA-256 of the message with an RFC 6979 nonce: compact, low S; absent when the key is none.
    #[wasm_bindgen(js_name = signEcdsa)]
    pub fn sign_ecdsa(&self, secret_key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
        let digest = Message::from_digest(sha256::Hash::hash(message).to_byte_array());
        let key = SecretKey::from_slice(secret_key).ok()?;
        Some(self.0.sign_ecdsa(&digest, &key).serialize_compact().to_vec())
    }

    /// Verifies a BIP340 signature over a 32-byte message.
    #[wasm_bindgen(js_name = verifySchnorr)]
    pub fn verify_schnorr(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        let parsed = (
            XOnlyPublicKey::from_slice(public_key),
            Message::from_digest_slice(message),
            schnorr::Signature::from_slice(signature),
        );
        matches!(parsed, (Ok(key), Ok(digest), Ok(signature)) if self.0.verify_schnorr(&signature, &digest, &key).is_ok())
    }

    /// Signs a 32-byte message as BIP340 says, with the given auxiliary randomness; absent when an input is malformed.
    #[wasm_bindgen(js_name = signSchnorr)]
    pub fn sign_schnorr(&self, secret_key: &[u8], message: &[u8], auxiliary_randomness: &[u8]) -> Option<Vec<u8>> {
        let keypair = Keypair::from_seckey_slice(&self.0, secret_key).ok()?;
        let digest = Message::from_digest_slice(message).ok()?;
        let randomness = auxiliary_randomness.try_into().ok()?;
        Some(
            self.0
                .sign_schnorr_with_aux_rand(&digest, &keypair, randomness)
                .serialize()
                .to_vec(),
        )
    }

    /// Whether 32 bytes are the x coordinate of a point on the curve.
    #[wasm_bindgen(js_name = isXOnlyPublicKey)]
    pub fn is_x_only_public_key(&self, public_key: &[u8]) -> bool {
        XOnlyPublicKey::from_slice(public_key).is_ok()
    }

    /// The x-only public key of a secret key.
    #[wasm_bindgen(js_name = xOnlyPublicKey)]
    pub fn x_only_public_key(&self, secret_key: &[u8]) -> Option<Vec<u8>> {
        let keypair = Keypair::from_seckey_slice(&self.0, secret_key).ok()?;
        Some(keypair.x_only_public_key().0.serialize().to_vec())
    }
}
