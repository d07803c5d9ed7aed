//! `cargo +nightly fuzz run clixml` in the folder `tests` (`--fuzz-dir fuzz`).
#![no_main]

#[path = "../clixml_check.rs"]
mod clixml_check;

libfuzzer_sys::fuzz_target!(|data: &[u8]| clixml_check::check(data));
