//! Owns who the tests are: every client is a new user, who proves it by the signatures of vss-client-ng's own provider.

use std::collections::HashMap;

use bitcoin::secp256k1::SecretKey;
use vss_client_0_6::headers::{sigs_auth::SigsAuthProvider, VssHeaderProvider as _};

/// The base URL of the server, such as `http://127.0.0.1:3000/vss`.
pub fn base_url() -> String {
    std::env::var("TERN_VSS_URL").expect("TERN_VSS_URL names the server under test")
}

/// The headers of a new user. 0.4 has no provider of signatures; a proof is good for a day, so one serves all its requests.
pub async fn headers() -> HashMap<String, String> {
    let key = SecretKey::new(&mut rand::thread_rng());
    let provider = SigsAuthProvider::new(key, HashMap::new());
    provider.get_headers(&[]).await.expect("signing does not fail")
}
