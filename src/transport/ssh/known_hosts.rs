//! known_hosts files: whose key is whose (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
//!
//! Read once into memory, because a fleet asks once for each host.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::hmac;
use base64_simd::STANDARD as BASE64;

use crate::error_text;
use crate::whole_file;

/// The SSH port, which is not written into a known_hosts name.
pub(super) const DEFAULT_PORT: u16 = 22;

/// The known_hosts files of an endpoint, merged.
#[derive(Debug)]
pub(super) struct KnownHosts {
    /// New keys go to the first one.
    files: Vec<PathBuf>,
    lines: RwLock<Vec<Line>>,
}

/// What known_hosts says about a host's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The key is the host's.
    Known,
    /// Nothing is known about the host.
    Unknown,
    /// The host has another key of this kind.
    Changed(Place),
    /// The host has keys of other kinds only.
    OtherKind(Place, String),
    /// The key is marked as revoked.
    Revoked(Place),
    /// Only a certificate authority vouches for the host, and this is a key without a certificate.
    Authority(Place),
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    file: Arc<Path>,
    line: usize,
}

impl Place {
    /// The file.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// A host key as it stands in a file: the kind's name and the encoded key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HostKey {
    pub(super) kind: String,
    pub(super) blob: Vec<u8>,
}

impl HostKey {
    fn parse(kind: &str, base64: &str) -> Option<Self> {
        Some(Self { kind: kind.to_owned(), blob: BASE64.decode_to_vec(base64).ok()? })
    }

    /// The line that makes this key known for a host.
    pub(super) fn line_for(&self, address: &str, port: u16) -> String {
        format!("{} {} {}", written_name(address, port), self.kind, BASE64.encode_to_string(&self.blob))
    }
}

#[derive(Debug, Clone)]
struct Line {
    place: Place,
    mark: Mark,
    hosts: Hosts,
    key: HostKey,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    None,
    Revoked,
    Authority,
}

#[derive(Debug, Clone)]
enum Hosts {
    /// Lower-case patterns, each with whether it is negated.
    Patterns(Vec<(bool, String)>),
    /// HMAC-SHA1 of the name.
    Hashed { salt: Vec<u8>, hash: Vec<u8> },
}

impl Hosts {
    fn parse(text: &str) -> Option<Self> {
        if let Some(hashed) = text.strip_prefix("|1|") {
            let (salt, hash) = hashed.split_once('|')?;
            return Some(Self::Hashed {
                salt: BASE64.decode_to_vec(salt).ok()?,
                hash: BASE64.decode_to_vec(hash).ok()?,
            });
        }
        let pattern = |text: &str| match text.strip_prefix('!') {
            Some(rest) => (true, rest.to_ascii_lowercase()),
            None => (false, text.to_ascii_lowercase()),
        };
        Some(Self::Patterns(text.split(',').map(pattern).collect()))
    }

    fn contain(&self, name: &str) -> bool {
        match self {
            Self::Hashed { salt, hash } => {
                let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, salt);
                hmac::sign(&key, name.as_bytes()).as_ref() == hash.as_slice()
            }
            Self::Patterns(patterns) => {
                let hit = |negated: bool| patterns.iter().any(|(not, text)| *not == negated && glob(text, name));
                hit(false) && !hit(true)
            }
        }
    }
}

impl KnownHosts {
    /// Reads files; one that isn't there has no lines.
    ///
    /// # Errors
    /// When a file is there and can't be read: going on would call known hosts unknown.
    pub(super) fn load(files: &[PathBuf]) -> io::Result<Self> {
        let mut lines = Vec::new();
        for file in files {
            match whole_file::read(file) {
                Ok(bytes) => parse(file, &String::from_utf8_lossy(&bytes), &mut lines),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(io::Error::new(
                        error.kind(),
                        format!("{}: {}", file.display(), error_text::io(&error)),
                    ));
                }
            }
        }
        Ok(Self { files: files.to_vec(), lines: RwLock::new(lines) })
    }

    /// The authorities that vouch for a host by certificates.
    pub(super) fn authorities(&self, address: &str, port: u16) -> Vec<HostKey> {
        let lines = self.lines.read().unwrap_or_else(PoisonError::into_inner);
        let names = names(address, port);
        let vouches = |line: &&Line| line.mark == Mark::Authority && names.iter().any(|name| line.hosts.contain(name));
        lines.iter().filter(vouches).map(|line| line.key.clone()).collect()
    }

    /// Where a key is marked as revoked for a host, if it is.
    pub(super) fn revoked(&self, address: &str, port: u16, key: &HostKey) -> Option<Place> {
        let lines = self.lines.read().unwrap_or_else(PoisonError::into_inner);
        let names = names(address, port);
        let is_revoked = |line: &&Line| {
            line.mark == Mark::Revoked && line.key == *key && names.iter().any(|name| line.hosts.contain(name))
        };
        lines.iter().find(is_revoked).map(|line| line.place.clone())
    }

    /// The kinds of keys that the host is known by, so that the server can be asked for one of them.
    pub(super) fn kinds(&self, address: &str, port: u16) -> Vec<String> {
        let lines = self.lines.read().unwrap_or_else(PoisonError::into_inner);
        names(address, port)
            .iter()
            .map(|name| {
                let mine = lines.iter().filter(|line| line.mark == Mark::None && line.hosts.contain(name));
                mine.map(|line| line.key.kind.clone()).collect::<Vec<_>>()
            })
            .find(|kinds| !kinds.is_empty())
            .unwrap_or_default()
    }

    /// Judges the key that a host has shown.
    pub(super) fn check(&self, address: &str, port: u16, key: &HostKey) -> Verdict {
        let lines = self.lines.read().unwrap_or_else(PoisonError::into_inner);
        let names = names(address, port);
        let of = |name: &str, mark: Mark| {
            let name = name.to_owned();
            lines.iter().filter(move |line| line.mark == mark && line.hosts.contain(&name))
        };
        let revoked = names.iter().find_map(|name| of(name, Mark::Revoked).find(|line| line.key == *key));
        if let Some(line) = revoked {
            return Verdict::Revoked(line.place.clone());
        }
        // As OpenSSH does, a key that is known for the host without its port is good for any port; that it differs
        // there says nothing about this port.
        if names.iter().any(|name| of(name, Mark::None).any(|line| line.key == *key)) {
            return Verdict::Known;
        }
        let Some(name) = names.first() else { return Verdict::Unknown };
        if let Some(line) = of(name, Mark::None).find(|line| line.key.kind == key.kind) {
            return Verdict::Changed(line.place.clone());
        }
        if let Some(line) = of(name, Mark::None).next() {
            return Verdict::OtherKind(line.place.clone(), line.key.kind.clone());
        }
        match of(name, Mark::Authority).next() {
            Some(line) => Verdict::Authority(line.place.clone()),
            None => Verdict::Unknown,
        }
    }

    /// Remembers the key of a new host, here and in the first file.
    ///
    /// # Errors
    /// When the file can't be written.
    pub(super) fn remember(&self, address: &str, port: u16, key: &HostKey) -> io::Result<()> {
        let mut lines = self.lines.write().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = self.files.first() else { return Ok(()) };
        append(file, &key.line_for(address, port))?;
        lines.push(Line {
            place: Place { file: file.as_path().into(), line: 0 },
            mark: Mark::None,
            hosts: Hosts::Patterns(vec![(false, written_name(address, port))]),
            key: key.clone(),
        });
        Ok(())
    }
}

/// Adds a line to a file, which is made with its folder if it isn't there, for the user alone.
fn append(file: &Path, line: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).read(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        options.mode(0o600);
        if let Some(folder) = file.parent() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
    }
    let mut file = options.open(file)?;
    let mut last = [b'\n'];
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    let separator = if last == *b"\n" { "" } else { "\n" };
    // One write, so that lines of other processes don't mix with ours.
    file.write_all(format!("{separator}{line}\n").as_bytes())
}

/// The names under which a host may stand in a file, the exact one first.
fn names(address: &str, port: u16) -> Vec<String> {
    let mut names = vec![written_name(address, port)];
    if port != DEFAULT_PORT {
        names.push(address.to_ascii_lowercase());
    }
    names
}

pub(super) fn written_name(address: &str, port: u16) -> String {
    let address = address.to_ascii_lowercase();
    if port == DEFAULT_PORT { address } else { format!("[{address}]:{port}") }
}

fn parse(file: &Path, text: &str, lines: &mut Vec<Line>) {
    let file: Arc<Path> = file.into();
    for (index, text) in text.lines().enumerate() {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let place = Place { file: Arc::clone(&file), line: index + 1 };
        match parse_line(text) {
            Some((mark, hosts, key)) => lines.push(Line { place, mark, hosts, key }),
            None => tracing::warn!(%place, "not a known_hosts line, ignored"),
        }
    }
}

fn parse_line(text: &str) -> Option<(Mark, Hosts, HostKey)> {
    let mut words = text.split_ascii_whitespace();
    let mut first = words.next()?;
    let mark = match first {
        "@revoked" => Mark::Revoked,
        "@cert-authority" => Mark::Authority,
        _ if first.starts_with('@') => return None,
        _ => Mark::None,
    };
    if mark != Mark::None {
        first = words.next()?;
    }
    Some((mark, Hosts::parse(first)?, HostKey::parse(words.next()?, words.next()?)?))
}

/// Whether a pattern with `*` and `?` matches the whole name.
pub(super) fn glob(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    // Where the last star stands, and how much of the name it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&byte) if byte == b'?' || Some(&byte) == name.get(n) => {
                p += 1;
                n += 1;
            }
            _ => match &mut star {
                None => return false,
                Some((at, taken)) => {
                    *taken += 1;
                    p = *at + 1;
                    n = *taken;
                }
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|&byte| byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    const ED2: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA6rWI3G2sz07DnfFlrouTcysQlj2P+jpNSOEWD9OJ3X";
    const EC: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY=";

    fn key(text: &str) -> HostKey {
        let (kind, base64) = text.split_once(' ').expect("two words");
        HostKey::parse(kind, base64).expect("a key")
    }

    fn known(text: &str) -> KnownHosts {
        let mut lines = Vec::new();
        parse(Path::new("kh"), text, &mut lines);
        KnownHosts { files: Vec::new(), lines: RwLock::new(lines) }
    }

    fn at(line: usize) -> Place {
        Place { file: Path::new("kh").into(), line }
    }

    fn check(text: &str, host: &str, port: u16, expect: Verdict) {
        assert_eq!(known(text).check(host, port, &key(ED)), expect, "{text} against {host}:{port}");
    }

    #[test]
    fn judges_keys() {
        check(&format!("web01 {ED}"), "web01", 22, Verdict::Known);
        check(&format!("web01 {ED}"), "WEB01", 22, Verdict::Known);
        check(&format!("WEB01,10.0.0.1 {ED} a comment"), "10.0.0.1", 22, Verdict::Known);
        check(&format!("# {ED}\n\nweb01 {ED}"), "web02", 22, Verdict::Unknown);
        check(&format!("web01 {ED2}"), "web01", 22, Verdict::Changed(at(1)));
        check(&format!("web01 {ED2}\nweb01 {ED}"), "web01", 22, Verdict::Known);
        check(&format!("web01 {EC}"), "web01", 22, Verdict::OtherKind(at(1), "ecdsa-sha2-nistp256".into()));
        check("web01 ssh-ed25519 not-base64\nweb01\n@strange web01 x y", "web01", 22, Verdict::Unknown);
    }

    #[test]
    fn a_port_is_part_of_the_name() {
        check(&format!("[web01]:2222 {ED}"), "web01", 2222, Verdict::Known);
        check(&format!("[web01]:2222 {ED}"), "web01", 22, Verdict::Unknown);
        check(&format!("[web01]:2222 {ED2}"), "web01", 2222, Verdict::Changed(at(1)));
        check(&format!("web01 {ED}"), "web01", 2222, Verdict::Known);
        check(&format!("web01 {ED2}"), "web01", 2222, Verdict::Unknown);
        check(&format!("[*.dmz]:2222 {ED}"), "a.dmz", 2222, Verdict::Known);
        check(&format!("[::1]:2222 {ED}"), "::1", 2222, Verdict::Known);
    }

    #[test]
    fn patterns_and_negations() {
        check(&format!("*.contoso.com {ED}"), "web.contoso.com", 22, Verdict::Known);
        check(&format!("web?? {ED}"), "web01", 22, Verdict::Known);
        check(&format!("web?? {ED}"), "web1", 22, Verdict::Unknown);
        check(&format!("*.contoso.com,!web.contoso.com {ED}"), "web.contoso.com", 22, Verdict::Unknown);
        check(&format!("!web01 {ED}"), "web02", 22, Verdict::Unknown);
        check(&format!("a*b*c {ED}"), "aXbYbZc", 22, Verdict::Known);
        check(&format!("a*b*c {ED}"), "aXbYbZ", 22, Verdict::Unknown);
    }

    #[test]
    fn hashed_names() {
        let salt = BASE64.encode_to_string([7u8; 20]);
        let hashed = |name: &str| {
            let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &[7u8; 20]);
            format!("|1|{salt}|{}", BASE64.encode_to_string(hmac::sign(&key, name.as_bytes())))
        };
        check(&format!("{} {ED}", hashed("example.com")), "example.com", 22, Verdict::Known);
        check(&format!("{} {ED2}", hashed("example.com")), "example.com", 22, Verdict::Changed(at(1)));
        check(&format!("{} {ED}", hashed("[127.0.0.1]:2222")), "127.0.0.1", 2222, Verdict::Known);
        check(&format!("{} {ED}", hashed("example.com")), "example.org", 22, Verdict::Unknown);
        check(&format!("|1|broken {ED}"), "example.org", 22, Verdict::Unknown);
    }

    #[test]
    fn marks() {
        check(&format!("@revoked * {ED}\nweb01 {ED}"), "web01", 22, Verdict::Revoked(at(1)));
        check(&format!("@revoked * {ED2}\nweb01 {ED}"), "web01", 22, Verdict::Known);
        check(&format!("@cert-authority *.dmz {ED2}"), "a.dmz", 22, Verdict::Authority(at(1)));
        check(&format!("@cert-authority *.dmz {ED2}\na.dmz {ED}"), "a.dmz", 22, Verdict::Known);
        let known =
            known(&format!("@cert-authority *.dmz,!b.dmz {ED2}\n@revoked *.dmz {ED}\n@cert-authority [c]:7 {ED}"));
        assert_eq!(known.authorities("a.dmz", 2222), [key(ED2)]);
        assert_eq!(known.authorities("c", 7), [key(ED)]);
        assert!(known.authorities("b.dmz", 22).is_empty() && known.authorities("c", 22).is_empty());
        assert_eq!((known.revoked("a.dmz", 22, &key(ED)), known.revoked("a.dmz", 22, &key(ED2))), (Some(at(2)), None));
    }

    #[test]
    fn tells_the_kinds_that_a_host_is_known_by() {
        let known = known(&format!("web01 {EC}\nweb01 {ED}\n@revoked web02 {ED}\nweb03 {ED}"));
        assert_eq!(known.kinds("web01", 22), ["ecdsa-sha2-nistp256", "ssh-ed25519"]);
        assert!(known.kinds("web02", 22).is_empty());
        assert_eq!(known.kinds("web03", 2222), ["ssh-ed25519"]);
    }
}
