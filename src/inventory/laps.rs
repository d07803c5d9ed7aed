//! Each host's own local administrator, whose password a directory has (LAPS).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{Problem, Source, System, Transport};
use crate::directory::{Laps, LapsOfHost, LocalAdmin, Sought};
use crate::hostlist::fold;
use crate::secret::password;
use crate::target::{AuthMethod, Credential};

/// The account where neither the settings nor the directory name one: the older LAPS keeps the password of this one
/// alone, by whatever name.
const ADMINISTRATOR: &str = "Administrator";

/// Who lets others read.
const READERS: &str = "Set-LapsADReadPasswordPermission (the older LAPS: Set-AdmPwdReadPasswordPermission) gives an \
                       account the right to read it; -x leaves hosts out";

/// A host whose local administrator is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub host: &'a str,
    pub address: &'a str,
    pub transport: Transport,
    pub auth: AuthMethod,
    /// Whom the settings name.
    pub user: Option<&'a str>,
    /// What says that the directory has the password.
    pub source: &'a Source,
}

impl Wanted<'_> {
    /// # Errors
    /// The settings ask for what no local account can do.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let is_ssh = self.transport == Transport::Ssh;
        if self.auth == AuthMethod::Kerberos && !is_ssh {
            let message = format!("{} knows no local accounts, and LAPS has only their passwords", self.auth);
            return Err(Problem::new(message).with_hint("use auth = \"negotiate\" for those hosts"));
        }
        match self.user {
            Some(user) if self.local(user).is_none() => {
                let message = format!("'{user}' is an account of a domain, and LAPS has the passwords of local ones");
                let hint = "name none, or .\\Administrator, for those hosts; --user names one for all of them";
                Err(Problem::new(message).with_hint(hint))
            }
            _ => Ok(()),
        }
    }

    /// The name of an account of the host itself: `user`, `.\user` or `HOST\user`.
    fn local<'u>(&self, user: &'u str) -> Option<&'u str> {
        let Some((domain, name)) = user.split_once('\\') else {
            return Some(user).filter(|user| self.transport == Transport::Ssh || !user.contains('@'));
        };
        let own = [self.host, self.address].map(|name| name.split('.').next().unwrap_or(name));
        (domain == "." || own.iter().any(|own| own.eq_ignore_ascii_case(domain))).then_some(name)
    }

    fn credential(&self, found: &LocalAdmin) -> Result<Credential, String> {
        let named = self.user.and_then(|user| self.local(user));
        let account = match (named, &found.account) {
            (Some(named), Some(account)) if !named.eq_ignore_ascii_case(account) => {
                return Err(format!("the directory has that of '{account}', not of '{named}'"));
            }
            (named, account) => named.or(account.as_deref()).unwrap_or(ADMINISTRATOR),
        };
        // Without a domain it could be a domain's account of that name, which failed logons lock.
        let user = match self.transport == Transport::Ssh || self.auth == AuthMethod::Basic {
            true => account.to_owned(),
            false => format!(".\\{account}"),
        };
        let password = password(found.password.clone()).map_err(|what| format!("the directory's {what}"))?;
        Ok(Credential::Password { user, password })
    }
}

/// The credential of each host, one for every host, however alike they are: what one refuses says nothing of another's
/// account. Where a directory has none, the problem.
pub(super) fn local_admins(
    wanted: &[Wanted<'_>],
    around: &mut dyn System,
) -> (Vec<Option<Arc<Credential>>>, Vec<Problem>) {
    let none = vec![None; wanted.len()];
    let mut problems = Problems::default();
    for host in wanted {
        if let Err(problem) = host.check() {
            problems.add(host, &problem.message, problem.hint);
        }
    }
    if wanted.is_empty() || !problems.0.is_empty() {
        return (none, problems.all());
    }
    let sought = |host: &Wanted<'_>| Sought { name: host.host.to_owned(), address: host.address.to_owned() };
    let answers = match around.laps(&wanted.iter().map(sought).collect::<Vec<_>>()) {
        Ok(answers) => answers,
        Err((what, hint)) => {
            wanted.iter().for_each(|host| problems.add(host, &what, hint.clone()));
            return (none, problems.all());
        }
    };
    let mut expired = Vec::new();
    let mut credentials = none;
    for ((host, answer), credential) in wanted.iter().zip(answers).zip(&mut credentials) {
        match answer.as_ref().map(|answer| &answer.laps) {
            Some(Laps::Clear(found)) => {
                let asked = answer.as_ref().map(|answer| answer.asked);
                expired.extend(
                    found
                        .expires
                        .filter(|expires| asked.is_some_and(|asked| *expires < asked))
                        .map(|time| (time, host.host)),
                );
                match host.credential(found) {
                    Ok(found) => *credential = Some(Arc::new(found)),
                    Err(what) => problems.add(host, &what, Some("leave out user, or name that account".to_owned())),
                }
            }
            _ => {
                let (what, hint) = reason(answer.as_ref());
                problems.add(host, &what, Some(hint.to_owned()));
            }
        }
    }
    if let Some((first, _)) = expired.iter().min() {
        let day = first.strftime("%Y-%m-%d");
        let hosts = fold(expired.iter().map(|(_, host)| *host));
        around.warn(&format!(
            "the LAPS password of {hosts} has expired ({day}) and the computer has made no new one; it is tried as it is"
        ));
    }
    (credentials, problems.all())
}

/// Why a host has no password, and what to do.
fn reason(answer: Option<&LapsOfHost>) -> (String, &'static str) {
    let Some(LapsOfHost { laps, reader, .. }) = answer else {
        let hint = "a computer is found by the host's name, and by its address where that is a name of DNS; -x leaves \
                    hosts out";
        return ("no directory of this run has such a computer".to_owned(), hint);
    };
    let reader = reader.as_ref().map_or("an anonymous reader".to_owned(), |reader| format!("'{reader}'"));
    match laps {
        Laps::Encrypted => (
            "the directory has it encrypted (msLAPS-EncryptedPassword), and only Windows can decrypt it".to_owned(),
            "have a program fetch it (password_from = \"command:...\", Get-LapsADPassword -AsPlainText), or turn off \
             password encryption in the policy of LAPS; -x leaves hosts out",
        ),
        Laps::Hidden => (format!("the directory has one, and does not show it to {reader}"), READERS),
        Laps::Nothing => (
            format!(
                "the directory shows {reader} none: there is none, or the right to read it is missing, which a \
                 directory does not say"
            ),
            READERS,
        ),
        Laps::Several => {
            ("the directory has several computers of that name".to_owned(), "give the host its name in DNS as address")
        }
        Laps::Damaged | Laps::Clear(_) => {
            ("what the directory has is no password of LAPS".to_owned(), "Get-LapsADPassword shows what is there")
        }
    }
}

/// What is wrong, with the hosts of which it is.
#[derive(Default)]
struct Problems(BTreeMap<(String, Option<String>), Vec<String>>);

impl Problems {
    fn add(&mut self, host: &Wanted<'_>, what: &str, hint: Option<String>) {
        let what = format!("{what} ({})", host.source);
        self.0.entry((what, hint)).or_default().push(host.host.to_owned());
    }

    fn all(self) -> Vec<Problem> {
        let problem = |((what, hint), hosts): ((String, _), Vec<String>)| {
            let hosts = fold(hosts.iter().map(String::as_str));
            Problem { hint, ..Problem::new(format!("no password for the local administrator of {hosts}: {what}")) }
        };
        self.0.into_iter().map(problem).collect()
    }
}
