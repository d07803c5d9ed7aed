//! The fuzz target for CLIXML; `tests/fuzz/run SECONDS` runs it.
#![no_main]

#[path = "../clixml_check.rs"]
mod clixml_check;

libfuzzer_sys::fuzz_target!(|data: &[u8]| clixml_check::check(data));
