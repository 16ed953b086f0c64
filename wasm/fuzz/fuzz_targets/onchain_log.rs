//! Whatever a disk gives back as the on-chain wallet loads, or is refused with its code.
#![no_main]
libfuzzer_sys::fuzz_target!(|rows: (&[u8], &[u8])| tern_node::hostile::onchain_log(rows.0, rows.1));
