//! Whatever a disk gives back as a payment loads, or is refused with its code.
#![no_main]
libfuzzer_sys::fuzz_target!(|row: &[u8]| tern_node::hostile::payment(row));
