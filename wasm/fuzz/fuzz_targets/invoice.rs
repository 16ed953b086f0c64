//! Whatever is pasted as an invoice is read, or refused with its code.
#![no_main]
libfuzzer_sys::fuzz_target!(|text: &str| tern_node::hostile::invoice(text));
