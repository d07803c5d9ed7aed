//! Tests against real peers: PowerShell, OpenSSH, clients and servers that we did not write.

mod ansible;
mod architecture;
mod arguments;
mod bar;
mod bar_resize;
mod bastion;
#[cfg(unix)]
mod check;
mod checks_library;
#[cfg(unix)]
mod client_certificate;
mod clixml;
#[cfg(unix)]
mod completions;
mod configured;
mod constrained;
mod copy;
mod credssp;
mod cuts;
mod descriptors;
mod detach;
mod detach_deck;
mod differential;
#[cfg(all(unix, feature = "ldap"))]
mod directory;
mod doctor;
mod engine;
mod enter;
mod fold;
mod gate;
mod glossary;
mod hostile;
#[cfg(unix)]
mod identity_matrix;
mod idle_flags;
mod interrupt;
mod inventory;
mod kerberos;
mod kerberos_realms;
#[cfg(all(target_os = "linux", feature = "keyring"))]
mod keyring;
#[cfg(all(unix, feature = "ldap"))]
mod laps;
mod local;
#[cfg(all(unix, feature = "ldap"))]
mod lockout;
mod log_file;
mod manual;
mod matrix;
mod native;
mod one_liners;
mod outofproc_command;
mod output;
mod panics;
mod readme;
mod recordings;
mod refusals;
mod rerun;
mod rollout;
mod runs;
mod sandbox;
mod screens;
mod script;
mod secret_flags;
mod secret_sources;
mod secrets;
mod session_connect;
mod session_input;
mod session_pool;
mod session_property;
mod shells;
mod ssh;
mod ssh_busy;
mod ssh_certificates;
mod ssh_cli;
mod ssh_config;
mod ssh_ipv6;
mod ssh_keys;
mod ssh_methods;
mod ssh_password;
mod store;
mod store_faults;
mod support;
mod text;
mod then;
mod thousand;
mod tight;
mod user_names;
#[cfg(feature = "serve")]
mod web;
mod winrm;
mod winrm_auth;
mod winrm_blocking;
mod winrm_carrier;
mod winrm_challenge;
mod winrm_command;
mod winrm_connect;
mod winrm_ntlm;
mod winrm_refused;
mod winrm_session;
mod winrm_tls;
mod wording;
