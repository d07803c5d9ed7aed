//! `%h`, `~` and `${NAME}` in settings (ssh_config(5), TOKENS and ENVIRONMENT VARIABLES).

use std::path::{Path, PathBuf};

use aws_lc_rs::digest;

use crate::config::Account;

/// What the tokens of a connection stand for.
pub(super) struct Tokens<'a> {
    pub account: &'a Account,
    pub home: Option<&'a Path>,
    /// The name that was asked for.
    pub original: &'a str,
    /// The address.
    pub host: &'a str,
    pub port: u16,
    pub user: &'a str,
    pub alias: Option<&'a str>,
    /// The last bastion, or nothing.
    pub jump: &'a str,
    pub environment: &'a dyn Fn(&str) -> Option<String>,
}

impl Tokens<'_> {
    /// A path: home folder, variables and tokens put in.
    ///
    /// # Errors
    /// What can't be put in, one line.
    pub(super) fn path(&self, text: &str) -> Result<PathBuf, String> {
        let home = || self.home.ok_or_else(|| format!("there is no home folder for {text}"));
        if text == "~" {
            return home().map(Path::to_owned);
        }
        match text.strip_prefix('~') {
            Some(rest) => match rest.strip_prefix('/') {
                Some(rest) => Ok(home()?.join(self.text(rest)?)),
                None => Err(format!("{text}: home folders of other users are not looked up")),
            },
            None => self.text(text).map(PathBuf::from),
        }
    }

    /// A text with tokens and variables.
    ///
    /// # Errors
    /// What can't be put in, one line.
    pub(super) fn text(&self, text: &str) -> Result<String, String> {
        let text = environment(text, self.environment)?;
        percent(&text, |token| {
            Some(match token {
                'C' => self.hash(),
                'd' => self.home?.display().to_string(),
                'h' => self.host.to_owned(),
                'i' => self.account.id.clone(),
                'j' => self.jump.to_owned(),
                'k' => self.alias.unwrap_or(self.original).to_owned(),
                'L' => self.account.machine.split('.').next().unwrap_or_default().to_owned(),
                'l' => self.account.machine.clone(),
                'n' => self.original.to_owned(),
                'p' => self.port.to_string(),
                'r' => self.user.to_owned(),
                'u' => self.account.user.clone(),
                _ => return None,
            })
        })
    }

    /// `%C`: the SHA-1 of `%l%h%p%r%j`, in hexadecimal.
    fn hash(&self) -> String {
        let port = self.port.to_string();
        let text = [&self.account.machine, self.host, &port, self.user, self.jump].concat();
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
        hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Puts tokens in; `%%` is a percent sign.
///
/// # Errors
/// A token that has no meaning here.
pub(super) fn percent(text: &str, meaning: impl Fn(char) -> Option<String>) -> Result<String, String> {
    let mut done = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => match chars.next() {
                Some('%') => done.push('%'),
                Some(token) => {
                    done.push_str(&meaning(token).ok_or_else(|| format!("%{token} has no meaning in '{text}'"))?);
                }
                None => return Err(format!("'{text}' ends in a single %")),
            },
            _ => done.push(c),
        }
    }
    Ok(done)
}

/// Puts variables of the environment in.
///
/// # Errors
/// A variable that is not set, or a bracket that is not closed.
pub(super) fn environment(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut done = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or_else(|| format!("a ${{ is not closed in '{text}'"))?;
        done.push_str(before);
        done.push_str(&variable(name).ok_or_else(|| format!("the variable {name} is not set"))?);
        rest = after;
    }
    Ok(done + rest)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Tokens;
    use crate::config::Account;

    #[test]
    fn every_token() {
        let account = Account { user: "me".into(), id: "1000".into(), machine: "desk.corp".into() };
        let environment = |name: &str| (name == "KEYS").then(|| "/keys".to_owned());
        let tokens = Tokens {
            account: &account,
            home: Some(Path::new("/home/me")),
            original: "n1",
            host: "10.0.0.1",
            port: 2222,
            user: "ops",
            alias: None,
            jump: "gate",
            environment: &environment,
        };
        let path = |text: &str| match tokens.path(text) {
            Ok(path) => path.display().to_string(),
            Err(what) => what,
        };
        assert_eq!(path("~/k/%h_%r"), "/home/me/k/10.0.0.1_ops");
        assert_eq!(path("%d/%i-%j-%k-%L-%l-%n-%p-%u-%%"), "/home/me/1000-gate-n1-desk-desk.corp-n1-2222-me-%");
        assert_eq!(path("${KEYS}/$HOME"), "/keys/$HOME");
        // printf %s desk.corp10.0.0.12222opsgate | sha1sum
        assert_eq!(path("%C"), "db6763930d6bb6bc4814d7af67bb769ed6478140");
        assert_eq!(path("~"), "/home/me");
        assert_eq!(path("~root/k"), "~root/k: home folders of other users are not looked up");
        assert_eq!(path("%x"), "%x has no meaning in '%x'");
        assert_eq!(path("100%"), "'100%' ends in a single %");
        assert_eq!(path("${NOPE}"), "the variable NOPE is not set");
        assert_eq!(path("${NOPE"), "a ${ is not closed in '${NOPE'");
    }
}
