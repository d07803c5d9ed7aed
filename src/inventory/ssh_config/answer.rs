//! What a configuration says about one host: the first value of each setting wins.

use std::time::Duration;

use super::directive::{Directive, unknown};
use super::file::{At, Item};
use super::section::{Facts, Verdict, in_list};
use super::tokens::percent;
use crate::config::{Account, Connection, Given, Jump, Origin, Problem, Source};
use crate::target::{AddressFamily, HostKeyPolicy, SshMethods};

/// The settings of one host. What it was asked with stands above what the files say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    /// The name that was asked for.
    pub(super) original: String,
    pub(super) address: Option<Given<String>>,
    pub(super) port: Option<Given<u16>>,
    pub(super) family: Option<Given<AddressFamily>>,
    pub(super) user: Option<Given<String>>,
    pub(super) jump: Option<Given<Vec<Jump>>>,
    /// The address is what it is: its tokens have been put in.
    pub(super) settled: bool,
    /// Key files; `none` is one of them.
    pub(super) identities: Vec<Given<String>>,
    /// Certificates; `none` is one of them.
    pub(super) certificates: Vec<Given<String>>,
    pub(super) identities_only: Option<Given<bool>>,
    pub(super) agent: Option<Given<String>>,
    pub(super) alias: Option<Given<String>>,
    pub(super) host_keys: Option<Given<HostKeyPolicy>>,
    pub(super) user_known_hosts: Option<Given<Vec<String>>>,
    pub(super) global_known_hosts: Option<Given<Vec<String>>>,
    pub(super) connect_timeout: Option<Given<Option<Duration>>>,
    pub(super) algorithms: Vec<(&'static str, Given<String>)>,
    pub(super) rsa_bits: Option<Given<u32>>,
    preferred: Option<Given<String>>,
    public_key: Option<Given<bool>>,
    password: Option<Given<bool>>,
    keyboard_interactive: Option<Given<bool>>,
    proxy_command: Option<Given<String>>,
    tag: Option<Given<String>>,
    ignored: Option<Given<String>>,
    /// Keywords of which the first value counts, and is refused or asks for nothing.
    unsupported: Vec<&'static str>,
    /// What we can't follow.
    pub(super) refusals: Vec<Problem>,
    /// The first line that held.
    pub(super) touched: Option<Source>,
}

/// One reading of the files.
pub(super) struct Reading<'a> {
    pub account: &'a Account,
    pub answer: Answer,
    /// It is the second one, which `Match final` asks for.
    pub second: bool,
    pub wants_second: bool,
}

impl Answer {
    /// A question: the name, and what is said already.
    pub(super) fn question(original: &str, said: &Connection) -> Self {
        let none = || Given::new("none".to_owned(), Source::BuiltIn);
        Self {
            original: original.to_owned(),
            // The percent sign of a zone is not a token: what others say is not OpenSSH's `HostName`.
            address: said.address.clone().map(|given| Given::new(given.value.replace('%', "%%"), given.source)),
            port: said.port.clone(),
            user: said.user.clone(),
            jump: said.jump.clone(),
            proxy_command: said.jump.as_ref().filter(|jump| !jump.value.is_empty()).map(|_| none()),
            ..Self::default()
        }
    }

    /// Where to connect, as far as it is known.
    pub(super) fn host(&self) -> String {
        match &self.address {
            Some(given) if self.settled => given.value.clone(),
            Some(given) => self.host_name(&given.value).unwrap_or_else(|_| given.value.clone()),
            None => self.original.clone(),
        }
    }

    /// `HostName` with its tokens put in.
    pub(super) fn host_name(&self, text: &str) -> Result<String, String> {
        percent(text, |token| (token == 'h').then(|| self.original.clone()))
    }

    /// The addresses that are allowed.
    pub(super) fn family(&self) -> AddressFamily {
        self.family.as_ref().map_or(AddressFamily::Any, |given| given.value)
    }

    /// The ways to log on that are allowed.
    pub(super) fn methods(&self) -> SshMethods {
        let preferred = |name: &str| self.preferred.as_ref().is_none_or(|list| in_list(name, &list.value));
        let on = |flag: &Option<Given<bool>>| flag.as_ref().is_none_or(|flag| flag.value);
        SshMethods {
            public_key: on(&self.public_key) && preferred("publickey"),
            password: on(&self.password) && preferred("password"),
            keyboard_interactive: on(&self.keyboard_interactive) && preferred("keyboard-interactive"),
        }
    }
}

impl Reading<'_> {
    /// Goes through the lines of a file. `active` tells whether the lines hold at the beginning, and at the end; in
    /// a file that is included where nothing holds, nothing does.
    pub(super) fn items(&mut self, items: &[Item], active: &mut bool, never: bool) {
        for item in items {
            match item {
                Item::Section(section, at) => {
                    self.wants_second |= section.wants_second();
                    *active = match self.judge(section) {
                        Verdict::Holds => !never,
                        Verdict::Fails => false,
                        Verdict::Unknowable(what) => {
                            if !never {
                                self.refuse(at, &format!("Match {what}"), what == "exec");
                            }
                            false
                        }
                    };
                }
                Item::Include(files) => {
                    let outside = *active;
                    for file in files {
                        let mut inside = outside;
                        self.items(file, &mut inside, never || !outside);
                    }
                }
                Item::Set(Directive::Unknown(keyword), at) => self.unknown(keyword, at),
                Item::Set(directive, at) if *active => self.set(directive, at),
                Item::Set(..) => {}
            }
        }
    }

    fn judge(&self, section: &super::section::Section) -> Verdict {
        let answer = &self.answer;
        let host = answer.host();
        section.judge(&Facts {
            original: &answer.original,
            named: if self.second { &host } else { &answer.original },
            host: &host,
            user: answer.user.as_ref().map_or(&self.account.user, |given| &given.value),
            local_user: &self.account.user,
            tag: answer.tag.as_ref().map_or("", |given| given.value.as_str()),
            second: self.second,
        })
    }

    fn unknown(&mut self, keyword: &str, at: &At) {
        let ignored = self.answer.ignored.as_ref();
        if !ignored.is_some_and(|list| in_list(keyword, &list.value.to_lowercase())) {
            let (what, hint) = unknown(keyword);
            self.problem(Problem { hint, ..at.problem(what) });
        }
    }

    fn refuse(&mut self, at: &At, what: &str, runs: bool) {
        let why = if runs { "psfleet runs no program for a setting" } else { "it can't be followed here" };
        let hint = "leave it out for this host, or give psfleet a file of its own with --inventory";
        self.problem(at.problem(format!("{what} is not supported: {why}")).with_hint(hint));
    }

    fn problem(&mut self, problem: Problem) {
        if !self.answer.refusals.contains(&problem) {
            self.answer.refusals.push(problem);
        }
    }

    fn set(&mut self, directive: &Directive, at: &At) {
        use Directive as D;
        let origin = Origin { file: at.file.clone(), line: at.line, entry: self.answer.original.as_str().into() };
        let source = &Source::Ssh(origin);
        self.answer.touched.get_or_insert_with(|| source.clone());
        let answer = &mut self.answer;
        match directive {
            D::HostName(value) => first(&mut answer.address, value, source),
            D::Port(value) => first(&mut answer.port, value, source),
            D::Family(value) => first(&mut answer.family, value, source),
            D::User(value) => first(&mut answer.user, value, source),
            D::IdentityFile(value) if answer.identities.iter().any(|known| known.value == *value) => {}
            D::IdentityFile(value) => answer.identities.push(Given::new(value.clone(), source.clone())),
            D::CertificateFile(value) if answer.certificates.iter().any(|known| known.value == *value) => {}
            D::CertificateFile(value) => answer.certificates.push(Given::new(value.clone(), source.clone())),
            D::IdentitiesOnly(value) => first(&mut answer.identities_only, value, source),
            D::IdentityAgent(value) => first(&mut answer.agent, value, source),
            D::HostKeyAlias(value) => first(&mut answer.alias, value, source),
            D::StrictHostKeyChecking(value) => first(&mut answer.host_keys, value, source),
            D::UserKnownHosts(value) => first(&mut answer.user_known_hosts, value, source),
            D::GlobalKnownHosts(value) => first(&mut answer.global_known_hosts, value, source),
            D::ConnectTimeout(value) => first(&mut answer.connect_timeout, value, source),
            D::PreferredMethods(value) => first(&mut answer.preferred, value, source),
            D::PublicKey(value) => first(&mut answer.public_key, value, source),
            D::Password(value) => first(&mut answer.password, value, source),
            D::KeyboardInteractive(value) => first(&mut answer.keyboard_interactive, value, source),
            D::Tag(value) => first(&mut answer.tag, value, source),
            D::IgnoreUnknown(value) => first(&mut answer.ignored, value, source),
            D::RequiredRsaSize(value) => first(&mut answer.rsa_bits, value, source),
            D::Algorithms(kind, _) if answer.algorithms.iter().any(|(known, _)| known == kind) => {}
            D::Algorithms(kind, value) => answer.algorithms.push((kind, Given::new(value.clone(), source.clone()))),
            D::ProxyJump(value) => answer.proxy_jump(value, source),
            D::ProxyCommand(value) => self.proxy_command(value, at, source),
            D::RefuseConnection(why) => self.problem(at.problem(format!("the connection is refused: {why}"))),
            D::Unsupported { keyword, .. } if answer.unsupported.contains(keyword) => {}
            D::Unsupported { keyword, value, harmless } => {
                answer.unsupported.push(keyword);
                if !harmless {
                    self.refuse(at, &format!("{keyword} {value}"), false);
                }
            }
            D::Unknown(_) => {}
        }
    }

    /// A command is refused unless a bastion was named before it.
    fn proxy_command(&mut self, value: &str, at: &At, source: &Source) {
        if self.answer.proxy_command.is_some() {
            return;
        }
        self.answer.proxy_command = Some(Given::new(value.to_owned(), source.clone()));
        if !value.eq_ignore_ascii_case("none") {
            let hint = "name a bastion instead: ProxyJump in the file, or --jump ssh://BASTION";
            self.problem(
                at.problem("ProxyCommand is not supported: psfleet runs no program for a setting").with_hint(hint),
            );
        }
    }
}

impl Answer {
    /// Whichever of `ProxyJump` and `ProxyCommand` comes first wins over the other.
    fn proxy_jump(&mut self, value: &[Jump], source: &Source) {
        if self.jump.is_some() || (self.proxy_command.is_some() && !value.is_empty()) {
            return;
        }
        self.jump = Some(Given::new(value.to_vec(), source.clone()));
        if !value.is_empty() {
            self.proxy_command = Some(Given::new("none".to_owned(), source.clone()));
        }
    }
}

fn first<T: Clone>(slot: &mut Option<Given<T>>, value: &T, source: &Source) {
    slot.get_or_insert_with(|| Given::new(value.clone(), source.clone()));
}
