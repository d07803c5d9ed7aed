//! An embedded fleet on loopback for demos, tests and benches: real HTTP, WSMan and PSRP.

pub mod engine;
