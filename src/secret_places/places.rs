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

/// The places of this user. What was opened stays open, and what did not open stays so: whoever has the key is asked once.
pub struct Places {
    file: Option<EncryptedFile>,
    unlock: Option<Unlock>,
    opened: Option<Result<Entries, Fault>>,
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
        let opened = match self.opened.take() {
            Some(opened) => opened,
            None => self.open(asked),
        };
        self.opened.insert(opened).as_mut().map_err(|fault| fault.clone())
    }

    fn open(&mut self, asked: Option<&mut dyn Prompter>) -> Result<Entries, Fault> {
        let file = self.file()?.clone();
        let is_new = !file.exists();
        let unlock = self.unlock(&file, asked)?;
        let entries = if is_new { Entries::default() } else { file.open(&unlock)? };
        self.unlock = Some(unlock);
        Ok(entries)
    }

    /// Changes the encrypted file, which was opened before, as it is on the disk by now; nothing is written where the
    /// change fails. Others who change it wait meanwhile.
    ///
    /// # Errors
    /// The change's; or the file was never opened, does not open any more, or cannot be written.
    pub fn change<T>(&mut self, change: impl FnOnce(&mut Entries) -> Result<T, Fault>) -> Result<T, Fault> {
        let file = self.file()?;
        let Some(unlock) = &self.unlock else {
            return Err(("the encrypted file was not opened".to_owned(), None));
        };
        let _lock = file.lock()?;
        let mut entries = if file.exists() { file.open(unlock)? } else { Entries::default() };
        let changed = change(&mut entries)?;
        file.write(&entries, unlock)?;
        self.opened = Some(Ok(entries));
        Ok(changed)
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
            SecretSource::Prompt | SecretSource::Variable(_) | SecretSource::Command(_) | SecretSource::Laps => {
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io;
    use std::sync::Barrier;

    use age::secrecy::ExposeSecret;

    use super::*;

    fn places(path: &std::path::Path, unlock: Option<Unlock>) -> Places {
        Places { file: Some(EncryptedFile::at(path.to_owned())), unlock, opened: None, server: None }
    }

    #[test]
    fn several_who_change_the_file_at_once_lose_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, key) = (folder.path().join("secrets.age"), folder.path().join("key.txt"));
        std::fs::write(&key, age::x25519::Identity::generate().to_string().expose_secret()).expect("written");
        let names = ["a", "b", "c", "d", "e", "f"];
        let together = Barrier::new(names.len());
        std::thread::scope(|scope| {
            for name in names {
                scope.spawn(|| {
                    let mut places = places(&path, Some(Unlock::Identity(key.clone())));
                    places.entries(None).expect("opened");
                    together.wait();
                    places.change(|entries| Ok(entries.set(name, Secret::new(name.to_owned())))).expect("changed");
                });
            }
        });
        let mut places = places(&path, Some(Unlock::Identity(key)));
        assert_eq!(places.entries(None).expect("opened").names().collect::<Vec<_>>(), names);
    }

    #[test]
    fn a_wrong_passphrase_is_asked_for_once() {
        struct Wrong<'a>(&'a Cell<u32>);
        impl Prompter for Wrong<'_> {
            fn can_ask(&self) -> bool {
                true
            }
            fn ask(&mut self, _question: &str, _hidden: bool) -> io::Result<String> {
                self.0.set(self.0.get() + 1);
                Ok("wrong".to_owned())
            }
            fn warn(&mut self, _warning: &str) {}
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secrets.age");
        let right = Unlock::Passphrase(Secret::new("right".to_owned()));
        EncryptedFile::at(path.clone()).write(&Entries::default(), &right).expect("written");
        let (mut places, asked) = (places(&path, None), Cell::new(0));
        for name in ["one", "two"] {
            let found = places.secret(&SecretSource::File(name.to_owned()), Some(&mut Wrong(&asked)));
            let (what, _) = found.expect_err("it does not open");
            assert!(what.ends_with("the passphrase is wrong"), "{what}");
        }
        assert_eq!(asked.get(), 1);
    }
}
