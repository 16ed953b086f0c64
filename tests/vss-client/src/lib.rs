//! Owns the proof that the published clients of VSS, vss-client-ng 0.6 and 0.4, work with the server that `TERN_VSS_URL` names.
#![cfg(test)]

mod proof;
mod suite;

suite::against!(v0_6, vss_client_0_6);
suite::against!(v0_4, vss_client_0_4);
