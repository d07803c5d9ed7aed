//! Tests against real peers: PowerShell, OpenSSH, clients and servers that we did not write.

mod architecture;
mod arguments;
mod clixml;
mod copy;
mod differential;
mod engine;
mod interrupt;
mod inventory;
mod local;
mod matrix;
mod output;
mod readme;
mod recordings;
mod sandbox;
mod script;
mod secrets;
mod session_input;
mod ssh;
mod ssh_cli;
mod ssh_password;
mod support;
mod winrm;
mod winrm_auth;
mod winrm_carrier;
mod winrm_connect;
mod winrm_session;
