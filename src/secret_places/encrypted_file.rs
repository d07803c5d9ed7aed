//! The encrypted file: names with their secrets as one JSON object, in an age file in armor.
//!
//! `age --decrypt` opens it as well. It is opened by a passphrase, or by an identity of age's (`age-keygen`).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor, scrypt, x25519};
use zeroize::Zeroizing;

use super::fault::Fault;
use crate::error_text;
use crate::secret::Secret;
use crate::whole_file;

/// The most work that a passphrase may cost, as the logarithm of scrypt's N: a gibibyte of memory.
const MOST_WORK: u8 = 20;

/// The largest file that is looked at.
const MOST: u64 = 8 << 20;

/// What begins the identities of age's own.
const IDENTITY: &str = "AGE-SECRET-KEY-";

/// What opens the file.
#[derive(Debug, Clone)]
pub enum Unlock {
    /// A passphrase.
    Passphrase(Secret<String>),
    /// A file with an identity of age's.
    Identity(PathBuf),
}

/// The secrets by their names.
#[derive(Debug, Default)]
pub struct Entries(BTreeMap<String, Secret<String>>);

/// The file.
#[derive(Debug, Clone)]
pub struct EncryptedFile {
    path: PathBuf,
}

impl EncryptedFile {
    /// The file at a path, which need not exist.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is there.
    pub fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Opens it.
    ///
    /// # Errors
    /// It cannot be read, is none, or does not open by this.
    pub fn open(&self, unlock: &Unlock) -> Result<Entries, Fault> {
        let bytes = whole_file::read_at_most(&self.path, MOST);
        let bytes = bytes.map_err(|error| self.fault(error_text::unreadable(&error)))?;
        let reading = |error| self.not_opened(&error, unlock);
        let decryptor = Decryptor::new(ArmoredReader::new(&bytes[..])).map_err(reading)?;
        // Never larger than what is encrypted, so that no copy is left behind by growing.
        let mut plain = Zeroizing::new(Vec::with_capacity(bytes.len()));
        let opened = match unlock {
            Unlock::Passphrase(passphrase) => {
                let mut identity = scrypt::Identity::new(SecretString::from(passphrase.expose().clone()));
                identity.set_max_work_factor(MOST_WORK);
                decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity))
            }
            Unlock::Identity(file) => {
                let identities = identities(file)?;
                decryptor.decrypt(identities.iter().map(|identity| identity as &dyn age::Identity))
            }
        };
        opened.map_err(reading)?.read_to_end(&mut plain).map_err(|_| self.fault("it is cut short or damaged"))?;
        let entries: BTreeMap<String, String> = serde_json::from_slice(&plain)
            .map_err(|_| self.fault("what is encrypted in it is not a JSON object of texts"))?;
        Ok(Entries(entries.into_iter().map(|(name, secret)| (name, Secret::new(secret))).collect()))
    }

    /// Keeps everybody else who would change it waiting, until what this returns is dropped.
    ///
    /// A file beside it is locked, as the file itself is replaced by every change.
    ///
    /// # Errors
    /// The system's.
    pub fn lock(&self) -> Result<File, Fault> {
        let lock = || {
            let mut path = self.target();
            create_folder(folder_of(&path))?;
            path.as_mut_os_string().push(".lock");
            let mut options = File::options();
            options.create(true).truncate(false).write(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let file = options.open(path)?;
            file.lock()?;
            Ok(file)
        };
        lock().map_err(|error: io::Error| {
            (format!("cannot lock {} to change it: {}", self.path.display(), error_text::io(&error)), None)
        })
    }

    /// Writes it anew, whole or not at all, for this user alone.
    ///
    /// # Errors
    /// The system's, or that the identity cannot be read.
    pub fn write(&self, entries: &Entries, unlock: &Unlock) -> Result<(), Fault> {
        let encryptor = match unlock {
            Unlock::Passphrase(passphrase) => {
                Encryptor::with_user_passphrase(SecretString::from(passphrase.expose().clone()))
            }
            Unlock::Identity(file) => {
                let recipients: Vec<_> = identities(file)?.iter().map(x25519::Identity::to_public).collect();
                Encryptor::with_recipients(recipients.iter().map(|recipient| recipient as &dyn age::Recipient))
                    .map_err(|_| self.fault("it cannot be encrypted for this identity"))?
            }
        };
        self.persist(entries, encryptor)
            .map_err(|error| (format!("cannot write {}: {}", self.path.display(), error_text::io(&error)), None))
    }

    fn persist(&self, entries: &Entries, encryptor: Encryptor) -> io::Result<()> {
        let target = self.target();
        let folder = folder_of(&target);
        create_folder(folder)?;
        let new = tempfile::NamedTempFile::new_in(folder)?;
        let armor = ArmoredWriter::wrap_output(new, Format::AsciiArmor)?;
        let mut writer = encryptor.wrap_output(armor)?;
        writer.write_all(&entries.json()?)?;
        let new = writer.finish()?.finish()?;
        new.as_file().sync_all()?;
        new.persist(&target)?;
        Ok(())
    }

    /// Where the file itself is, or will be: behind a link, which stays one.
    fn target(&self) -> PathBuf {
        let behind_link = || std::fs::read_link(&self.path).map(|to| folder_of(&self.path).join(to));
        std::fs::canonicalize(&self.path).or_else(|_| behind_link()).unwrap_or_else(|_| self.path.clone())
    }

    fn fault(&self, what: impl std::fmt::Display) -> Fault {
        (format!("{}: {what}", self.path.display()), None)
    }

    fn not_opened(&self, error: &DecryptError, unlock: &Unlock) -> Fault {
        let what = match (error, unlock) {
            (DecryptError::NoMatchingKeys, Unlock::Passphrase(_)) => "it does not open by a passphrase",
            (DecryptError::NoMatchingKeys, Unlock::Identity(_)) => "it does not open by this identity",
            (DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed, Unlock::Passphrase(_)) => {
                "the passphrase is wrong"
            }
            (DecryptError::ExcessiveWork { .. }, _) => "its passphrase costs more work than is done here",
            (DecryptError::InvalidHeader | DecryptError::UnknownFormat | DecryptError::Io(_), _) => {
                "it is not a file of age, or a damaged one"
            }
            _ => "it is damaged",
        };
        self.fault(what)
    }
}

impl Entries {
    /// The secret of a name.
    pub fn get(&self, name: &str) -> Option<&Secret<String>> {
        self.0.get(name)
    }

    /// Puts a secret under a name; whether there was one before.
    pub fn set(&mut self, name: &str, secret: Secret<String>) -> bool {
        self.0.insert(name.to_owned(), secret).is_some()
    }

    /// Takes a secret away; whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some()
    }

    /// The names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    fn json(&self) -> io::Result<Zeroizing<Vec<u8>>> {
        let entries: BTreeMap<&str, &str> =
            self.0.iter().map(|(name, secret)| (name.as_str(), secret.expose().as_str())).collect();
        // Six bytes at most for one, so that no copy is left behind by growing.
        let room = entries.iter().map(|(name, secret)| 6 * (name.len() + secret.len()) + 6).sum::<usize>() + 2;
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        serde_json::to_writer(&mut *bytes, &entries)?;
        Ok(bytes)
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a folder that is this user's alone, if it is not there.
fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The identities of a file, as `age-keygen` writes it.
fn identities(file: &Path) -> Result<Vec<x25519::Identity>, Fault> {
    let fault = |what: String| (format!("the identity {}: {what}", file.display()), None);
    let bytes = whole_file::read_at_most(file, MOST);
    let bytes = Zeroizing::new(bytes.map_err(|error| fault(error_text::unreadable(&error)))?);
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with(IDENTITY));
    let identities: Result<Vec<_>, _> = lines.map(x25519::Identity::from_str).collect();
    match identities {
        Ok(identities) if !identities.is_empty() => Ok(identities),
        Ok(_) => Err(fault(format!("there is no line {IDENTITY}... in it"))),
        Err(_) => Err(fault("its key is damaged".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &tempfile::TempDir) -> EncryptedFile {
        EncryptedFile::at(folder.path().join("new/secrets.age"))
    }

    fn passphrase(text: &str) -> Unlock {
        Unlock::Passphrase(Secret::new(text.to_owned()))
    }

    fn identity(folder: &tempfile::TempDir) -> Unlock {
        use age::secrecy::ExposeSecret;
        let path = folder.path().join("key.txt");
        let key = x25519::Identity::generate().to_string();
        std::fs::write(&path, format!("# created: now\n{}\n", key.expose_secret())).expect("written");
        Unlock::Identity(path)
    }

    #[test]
    fn what_is_written_opens_by_the_same_key_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = file(&folder);
        let (identity, wrong) = (identity(&folder), passphrase("wrong"));
        for unlock in [passphrase("correct horse"), identity.clone()] {
            let mut entries = Entries::default();
            assert!(!entries.set("svc", Secret::new("hunter2\u{1}\n\"".to_owned())));
            file.write(&entries, &unlock).expect("written");
            let bytes = std::fs::read_to_string(file.path()).expect("armor");
            assert!(bytes.starts_with("-----BEGIN AGE ENCRYPTED FILE-----") && !bytes.contains("hunter2"));
            let opened = file.open(&unlock).expect("opened");
            assert_eq!(opened.get("svc").map(|secret| secret.expose().as_str()), Some("hunter2\u{1}\n\""));
            assert_eq!(opened.names().collect::<Vec<_>>(), ["svc"]);
            let (what, _) = file.open(&wrong).expect_err("another key");
            assert!(what.ends_with("the passphrase is wrong") || what.ends_with("by a passphrase"), "{what}");
        }
        file.write(&Entries::default(), &passphrase("correct horse")).expect("written");
        let (what, _) = file.open(&identity).expect_err("a passphrase opens it");
        assert!(what.ends_with("it does not open by this identity"), "{what}");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let file = file(&folder);
        file.write(&Entries::default(), &identity(&folder)).expect("written");
        for (path, mode) in [(file.path(), 0o600), (file.path().parent().expect("a folder"), 0o700)] {
            assert_eq!(std::fs::metadata(path).expect("there").permissions().mode() & 0o777, mode);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let (link, behind) = (folder.path().join("link.age"), folder.path().join("kept/secrets.age"));
        std::os::unix::fs::symlink("kept/secrets.age", &link).expect("a link");
        let (file, unlock) = (EncryptedFile::at(link.clone()), identity(&folder));
        for _ in ["to nothing yet", "to a file"] {
            let _lock = file.lock().expect("locked");
            file.write(&Entries::default(), &unlock).expect("written");
            assert!(link.is_symlink() && behind.is_file());
            assert!(folder.path().join("kept/secrets.age.lock").is_file());
        }
    }

    #[test]
    fn other_files_say_what_they_are_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x");
        let open = |bytes: &[u8], unlock: &Unlock| {
            std::fs::write(&path, bytes).expect("written");
            EncryptedFile::at(path.clone()).open(unlock).expect_err("none").0
        };
        assert!(open(b"hello", &passphrase("x")).contains("not a file of age"));
        let cut = "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n";
        assert!(open(cut.as_bytes(), &passphrase("x")).contains("not a file of age"));
        let absent = EncryptedFile::at(folder.path().join("absent")).open(&passphrase("x")).expect_err("absent").0;
        assert!(absent.contains("absent: "), "{absent}");
        let no_key = Unlock::Identity(path.clone());
        let file = EncryptedFile::at(folder.path().join("f"));
        let (what, _) = file.write(&Entries::default(), &no_key).expect_err("no identity");
        assert!(what.contains("there is no line AGE-SECRET-KEY-"), "{what}");
    }
}
