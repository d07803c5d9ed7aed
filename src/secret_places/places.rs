//! Finds what a source names, in whichever place that is.

use std::path::PathBuf;

use super::encrypted_file::{EncryptedFile, Entries, Unlock};
use super::fault::Fault;
use super::keyring::Keyring;
use crate::config::{Prompter, SecretPlaces, SecretSource, System, VaultPath};
use crate::error_text;
use crate::secret::Secret;
use crate::transport::vault;

/// The variable that names the encrypted file.
const FILE_VARIABLE: &str = "PSFLEET_SECRETS_FILE";

/// Variables that open it: the passphrase itself, or the path of an identity.
const PASSPHRASE_VARIABLE: &str = "PSFLEET_SECRETS_PASSPHRASE";
const IDENTITY_VARIABLE: &str = "PSFLEET_SECRETS_IDENTITY";

/// The longest token of a server that is read of a file.
const LONGEST_TOKEN: usize = 64 << 10;

/// The places of this user. What was opened stays open, so that whoever has the key is asked once.
pub struct Places {
    file: Option<EncryptedFile>,
    unlock: Option<Unlock>,
    opened: Option<Entries>,
    server: Option<vault::Server>,
}

impl Places {
    /// The places that the environment names, else the usual ones: `secrets.age` beside the user's psfleet.toml, and
    /// the server that HashiCorp's own variables name.
    pub fn of(around: &mut dyn System) -> Self {
        let beside_config = |around: &dyn System| {
            let own = around.config_files().into_iter().find(|file| !file.walked)?;
            Some(own.path.with_file_name("secrets.age"))
        };
        let file = around.env(FILE_VARIABLE).map(PathBuf::from).or_else(|| beside_config(around));
        let unlock = match (around.env(PASSPHRASE_VARIABLE), around.env(IDENTITY_VARIABLE)) {
            (Some(passphrase), _) => Some(Unlock::Passphrase(Secret::new(passphrase))),
            (None, Some(identity)) => Some(Unlock::Identity(identity.into())),
            (None, None) => None,
        };
        let server = around.env("VAULT_ADDR").map(|url| vault::Server {
            url,
            token: token(around),
            namespace: around.env("VAULT_NAMESPACE"),
            ca: around.env("VAULT_CACERT").map(PathBuf::from),
        });
        Self { file: file.map(EncryptedFile::at), unlock, opened: None, server }
    }

    /// The same with another encrypted file.
    pub fn with_file(self, path: PathBuf) -> Self {
        Self { file: Some(EncryptedFile::at(path)), opened: None, ..self }
    }

    /// The encrypted file, opened; without secrets where it does not exist yet.
    ///
    /// # Errors
    /// It does not open, or there is nobody to ask for what opens it.
    pub fn entries(&mut self, asked: Option<&mut dyn Prompter>) -> Result<&mut Entries, Fault> {
        let file = self.file()?.clone();
        if self.opened.is_none() {
            let is_new = !file.exists();
            let unlock = self.unlock(&file, asked)?;
            let entries = if is_new { Entries::default() } else { file.open(&unlock)? };
            self.opened = Some(entries);
            self.unlock = Some(unlock);
        }
        Ok(self.opened.get_or_insert_default())
    }

    /// Writes the encrypted file as it is now.
    ///
    /// # Errors
    /// It was never opened, or cannot be written.
    pub fn write(&self) -> Result<(), Fault> {
        match (&self.opened, &self.unlock) {
            (Some(entries), Some(unlock)) => self.file()?.write(entries, unlock),
            _ => Err(("the encrypted file was not opened".to_owned(), None)),
        }
    }

    /// The encrypted file.
    ///
    /// # Errors
    /// Nobody says where it is.
    pub fn file(&self) -> Result<&EncryptedFile, Fault> {
        let unknown =
            || ("nobody says where the encrypted file is".to_owned(), Some(format!("set {FILE_VARIABLE} to its path")));
        self.file.as_ref().ok_or_else(unknown)
    }

    /// What opens the file: asked for, twice if it is new, where the environment does not have it.
    fn unlock(&self, file: &EncryptedFile, asked: Option<&mut dyn Prompter>) -> Result<Unlock, Fault> {
        if let Some(unlock) = &self.unlock {
            return Ok(unlock.clone());
        }
        let path = file.path().display();
        let Some(prompter) = asked.filter(|prompter| prompter.can_ask()) else {
            let hint = format!("set {PASSPHRASE_VARIABLE}, or {IDENTITY_VARIABLE} to a file of age-keygen");
            return Err((format!("{path} is encrypted, and there is nobody to ask for its passphrase"), Some(hint)));
        };
        let mut ask = |question: String| {
            let answer = prompter.ask(&question, true).map(Secret::new);
            answer.map_err(|error| (format!("no passphrase for {path}: {}", error_text::io(&error)), None))
        };
        if file.exists() {
            return ask(format!("Passphrase of {path}: ")).map(Unlock::Passphrase);
        }
        let first = ask(format!("New passphrase for {path}: "))?;
        if first.expose().is_empty() {
            return Err(("an empty passphrase encrypts nothing".to_owned(), None));
        }
        match ask("The same again: ".to_owned())? == first {
            true => Ok(Unlock::Passphrase(first)),
            false => Err(("the two passphrases differ".to_owned(), None)),
        }
    }

    fn of_file(&mut self, name: &str, asked: Option<&mut dyn Prompter>) -> Result<Secret<String>, Fault> {
        let file = self.file()?;
        let path = file.path().display().to_string();
        let hint = || Some(format!("put it there: psfleet secret set {name}"));
        if !file.exists() {
            return Err((format!("there is no encrypted file {path}"), hint()));
        }
        let found = self.entries(asked)?.get(name).cloned();
        found.ok_or_else(|| (format!("{path} has no secret '{name}'"), hint()))
    }

    fn of_server(&self, VaultPath { mount, path, field }: &VaultPath) -> Result<Secret<String>, Fault> {
        let Some(server) = &self.server else {
            let hint = "set VAULT_ADDR to its URL, and VAULT_TOKEN or run vault login";
            return Err(("nobody says where the secret server is".to_owned(), Some(hint.to_owned())));
        };
        server.read(&vault::Wanted { mount, path, field }).map_err(|error| (error.message, error.hint))
    }
}

impl SecretPlaces for Places {
    fn secret(
        &mut self,
        source: &SecretSource,
        asked: Option<&mut dyn Prompter>,
    ) -> Result<Secret<String>, (String, Option<String>)> {
        match source {
            SecretSource::File(name) => self.of_file(name, asked),
            SecretSource::Keyring(name) => Keyring::get(name),
            SecretSource::Vault(wanted) => self.of_server(wanted),
            SecretSource::Prompt | SecretSource::Variable(_) | SecretSource::Command(_) => {
                Err(("this is no place that is opened".to_owned(), None))
            }
        }
    }
}

/// The token for the server: the variable's, else what `vault login` has left.
fn token(around: &mut dyn System) -> Option<Secret<String>> {
    if let Some(token) = around.env("VAULT_TOKEN") {
        return Some(Secret::new(token));
    }
    let left = around.home()?.join(".vault-token");
    let bytes = zeroize::Zeroizing::new(around.read(&left).ok()?.bytes);
    let text = std::str::from_utf8(&bytes).ok()?.trim();
    (!text.is_empty() && text.len() <= LONGEST_TOKEN).then(|| Secret::new(text.to_owned()))
}
