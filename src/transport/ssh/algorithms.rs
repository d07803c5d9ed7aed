//! Which algorithms a connection offers: the usual ones, as far as the user's lists change them.

use std::borrow::Cow;

use russh::keys::Algorithm;
use russh::{Preferred, cipher, kex, mac};

use super::super::Error;
use super::known_hosts::glob;
use crate::outcome::Reason;
use crate::target::SshAlgorithms;

/// What to offer to a server whose host key algorithms are to be asked for in this order.
///
/// # Errors
/// [`Reason::Protocol`] when a list leaves nothing that we have.
pub(super) fn preferred(lists: &SshAlgorithms, host_keys: Vec<Algorithm>) -> Result<Preferred, Error> {
    let usual = Preferred::DEFAULT;
    let all_kex: Vec<kex::Name> = kex::ALL_KEX_ALGORITHMS.iter().map(|name| **name).filter(is_method).collect();
    // What stands among the methods to announce extensions is no method, and stays.
    let (methods, extensions): (Vec<_>, Vec<_>) = usual.kex.iter().copied().partition(is_method);
    let mut kex = choose("KexAlgorithms", &lists.key_exchange, &methods, &all_kex, |name| name.as_ref().to_owned())?;
    kex.extend(extensions);
    let all: Vec<cipher::Name> = cipher::ALL_CIPHERS.iter().map(|name| **name).filter(encrypts).collect();
    let cipher = choose("Ciphers", &lists.ciphers, &usual.cipher, &all, |name| name.as_ref().to_owned())?;
    let all: Vec<mac::Name> = mac::ALL_MAC_ALGORITHMS.iter().map(|name| **name).filter(authenticates).collect();
    let mac = choose("MACs", &lists.macs, &usual.mac, &all, |name| name.as_ref().to_owned())?;
    let name = |algorithm: &Algorithm| algorithm.to_string();
    let key = choose("HostKeyAlgorithms", &lists.host_keys, &host_keys, &host_keys, name)?;
    Ok(Preferred { kex: kex.into(), key: Cow::Owned(key), cipher: cipher.into(), mac: mac.into(), ..usual })
}

/// The kinds of keys whose certificates a server may show.
pub(super) fn vouched(lists: &SshAlgorithms) -> Vec<Algorithm> {
    let usable = |algorithm: &&Algorithm| !matches!(algorithm, Algorithm::Rsa { hash: None });
    let all: Vec<Algorithm> = Preferred::DEFAULT.key.iter().filter(usable).cloned().collect();
    // A list without certificates asks for none.
    choose("HostKeyAlgorithms", &lists.host_keys, &all, &all, Algorithm::to_certificate_type).unwrap_or_default()
}

fn is_method(name: &kex::Name) -> bool {
    let name = name.as_ref();
    name != "none" && !name.starts_with("ext-info-") && !name.starts_with("kex-strict-")
}

fn encrypts(name: &cipher::Name) -> bool {
    !matches!(name.as_ref(), "none" | "clear")
}

fn authenticates(name: &mac::Name) -> bool {
    name.as_ref() != "none"
}

/// Whether keys of an algorithm may prove the user. RSA keys sign in two ways.
pub(super) fn may_prove(lists: &SshAlgorithms, algorithm: &Algorithm) -> bool {
    let rsa = [
        Algorithm::Rsa { hash: Some(russh::keys::HashAlg::Sha512) },
        Algorithm::Rsa { hash: Some(russh::keys::HashAlg::Sha256) },
    ];
    let own = std::slice::from_ref(algorithm);
    let usual = if matches!(algorithm, Algorithm::Rsa { .. }) { rsa.as_slice() } else { own };
    choose("PubkeyAcceptedAlgorithms", &lists.user_keys, usual, usual, |algorithm| algorithm.to_string()).is_ok()
}

/// Whether certificates of keys of an algorithm may prove the user.
pub(super) fn may_vouch(lists: &SshAlgorithms, algorithm: &Algorithm) -> bool {
    let hashes = [Some(russh::keys::HashAlg::Sha512), Some(russh::keys::HashAlg::Sha256)];
    let rsa = hashes.map(|hash| Algorithm::Rsa { hash });
    let own = std::slice::from_ref(algorithm);
    let usual = if matches!(algorithm, Algorithm::Rsa { .. }) { rsa.as_slice() } else { own };
    choose("PubkeyAcceptedAlgorithms", &lists.user_keys, usual, usual, Algorithm::to_certificate_type).is_ok()
}

/// Applies a list of OpenSSH to what we have: names replace the usual ones, with `+` they come after them, with `^`
/// before them, and patterns with `-` are taken away.
fn choose<T: Clone + PartialEq>(
    what: &str,
    list: &Option<String>,
    usual: &[T],
    all: &[T],
    name: impl Fn(&T) -> String,
) -> Result<Vec<T>, Error> {
    let Some(list) = list else { return Ok(usual.to_vec()) };
    let (sign, names) = match list.chars().next() {
        Some(sign @ ('+' | '-' | '^')) => (sign, &list[1..]),
        _ => (' ', list.as_str()),
    };
    let named = |one: &T| names.split(',').any(|pattern| glob(pattern, &name(one)));
    let mut in_order: Vec<&T> = Vec::new();
    for wanted in names.split(',') {
        in_order.extend(all.iter().filter(|one| glob(wanted, &name(one))));
    }
    let mut chosen: Vec<T> = match sign {
        '-' => usual.iter().filter(|one| !named(one)).cloned().collect(),
        '+' => usual.iter().chain(in_order).cloned().collect(),
        '^' => in_order.into_iter().chain(usual).cloned().collect(),
        _ => in_order.into_iter().cloned().collect(),
    };
    let mut seen: Vec<T> = Vec::new();
    chosen.retain(|one| {
        let new = !seen.contains(one);
        seen.push(one.clone());
        new
    });
    if chosen.is_empty() {
        let have: Vec<String> = all.iter().map(&name).collect();
        let text = format!("{what} {list} leaves nothing that psfleet supports: {}", have.join(", "));
        return Err(Error::new(Reason::Protocol, text).with_hint("change the list in the SSH configuration"));
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, SshAlgorithms, may_prove, may_vouch, preferred};

    fn ciphers(list: &str) -> String {
        let lists = SshAlgorithms { ciphers: Some(list.to_owned()), ..SshAlgorithms::default() };
        match preferred(&lists, vec![Algorithm::Ed25519]) {
            Ok(preferred) => preferred.cipher.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn lists_are_read_as_openssh_has_them() {
        assert_eq!(ciphers("aes128-ctr,none,aes256-ctr"), "aes128-ctr aes256-ctr");
        assert_eq!(ciphers("-chacha20*,*-gcm@openssh.com"), "aes256-ctr aes192-ctr aes128-ctr");
        assert!(ciphers("+aes128-cbc").ends_with(" aes128-ctr aes128-cbc"), "{}", ciphers("+aes128-cbc"));
        assert!(ciphers("^aes128-ctr").starts_with("aes128-ctr chacha20"), "{}", ciphers("^aes128-ctr"));
        assert!(ciphers("arcfour").starts_with("Ciphers arcfour leaves nothing that psfleet supports: "));
    }

    #[test]
    fn extensions_stay_whatever_methods_are_named() {
        let lists = SshAlgorithms { key_exchange: Some("curve25519-sha256".to_owned()), ..SshAlgorithms::default() };
        let preferred = preferred(&lists, vec![Algorithm::Ed25519]).expect("a method");
        let names: Vec<&str> = preferred.kex.iter().map(AsRef::as_ref).collect();
        assert_eq!(names[0], "curve25519-sha256");
        assert!(names.contains(&"kex-strict-c-v00@openssh.com"), "{names:?}");
        assert!(names.len() < 6, "{names:?}");
    }

    #[test]
    fn keys_of_users() {
        let lists = |list: &str| SshAlgorithms { user_keys: Some(list.to_owned()), ..SshAlgorithms::default() };
        let rsa = Algorithm::Rsa { hash: None };
        assert!(may_prove(&SshAlgorithms::default(), &rsa));
        assert!(may_prove(&lists("rsa-sha2-256"), &rsa) && may_prove(&lists("+ssh-rsa"), &rsa));
        assert!(!may_prove(&lists("ssh-ed25519"), &rsa) && !may_prove(&lists("-rsa*"), &rsa));
        assert!(may_prove(&lists("-rsa*"), &Algorithm::Ed25519));
        assert!(may_vouch(&SshAlgorithms::default(), &rsa) && may_vouch(&lists("-rsa-sha2-256"), &rsa));
        assert!(!may_vouch(&lists("ssh-ed25519"), &Algorithm::Ed25519));
        assert!(may_vouch(&lists("*-cert-v01@openssh.com"), &Algorithm::Ed25519));
    }
}
