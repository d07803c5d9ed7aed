//! Which secrets to keep, show and forget.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};

/// Keep secrets in an encrypted file, for password_from = "file:NAME" in inventories and --password-from
///
/// The file opens by a passphrase, which is asked for or in PSFLEET_SECRETS_PASSPHRASE, or by an identity of age-keygen
/// whose path is in PSFLEET_SECRETS_IDENTITY. It is one of age (armored JSON), so `age --decrypt` opens it as well.
#[derive(Debug, Clone, Args)]
pub struct SecretArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: SecretCommand,
}

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub enum SecretCommand {
    /// Keep a secret, which is asked for, or read from stdin to its end
    Set(OneArgs),
    /// Print a secret
    Get(OneArgs),
    /// List the names of the secrets in the encrypted file
    #[command(visible_alias = "list")]
    Ls(FileArgs),
    /// Forget a secret
    #[command(visible_alias = "remove")]
    Rm(OneArgs),
}

/// One secret.
#[derive(Debug, Clone, Args)]
pub struct OneArgs {
    /// The name of the secret
    #[arg(value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub name: String,

    /// In the system's keyring instead of the file
    #[cfg(feature = "keyring")]
    #[arg(long, conflicts_with = "file")]
    pub keyring: bool,

    /// Where the file is.
    #[command(flatten)]
    pub file: FileArgs,
}

/// The encrypted file.
#[derive(Debug, Clone, Args)]
pub struct FileArgs {
    /// The encrypted file [default: secrets.age beside your psfleet.toml]
    #[arg(long, value_name = "FILE", env = "PSFLEET_SECRETS_FILE")]
    pub file: Option<PathBuf>,
}
