//! What one line sets, and what no line may set here.
//!
//! Three kinds of keywords: those that are done, those that make no difference to a session without a terminal, and
//! those that would change where we connect or how safely, which are refused by name.

use std::str::FromStr;
use std::time::Duration;

use super::line::Line;
use crate::config::{Jump, parse_jump};
use crate::nearest::did_you_mean;
use crate::target::{AddressFamily, HostKeyPolicy};

/// A setting as it stands in a file, checked but not expanded.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Directive {
    HostName(String),
    Port(u16),
    Family(AddressFamily),
    User(String),
    /// `none` is kept: it stands for no file, not for the usual ones.
    IdentityFile(String),
    /// A certificate; `none` is kept.
    CertificateFile(String),
    IdentitiesOnly(bool),
    IdentityAgent(String),
    HostKeyAlias(String),
    StrictHostKeyChecking(HostKeyPolicy),
    UserKnownHosts(Vec<String>),
    GlobalKnownHosts(Vec<String>),
    /// Empty for `none`.
    ProxyJump(Vec<Jump>),
    ProxyCommand(String),
    /// `None` for no limit.
    ConnectTimeout(Option<Duration>),
    PreferredMethods(String),
    PublicKey(bool),
    Password(bool),
    KeyboardInteractive(bool),
    Tag(String),
    IgnoreUnknown(String),
    /// A list of algorithms, by its keyword.
    Algorithms(&'static str, String),
    RequiredRsaSize(u32),
    RefuseConnection(String),
    /// A keyword that we can't follow, its value, and whether the value asks for nothing.
    Unsupported {
        keyword: &'static str,
        value: String,
        harmless: bool,
    },
    /// A keyword that nobody knows, unless `IgnoreUnknown` names it.
    Unknown(String),
}

/// A mistake in a line: what, and a hint.
pub(super) type Mistake = (String, Option<String>);

/// Keywords that change where we connect or how safely, with the values that ask for nothing of the kind.
const UNSUPPORTED: [(&str, &str, &[&str]); 11] = [
    ("bindaddress", "BindAddress", &[]),
    ("bindinterface", "BindInterface", &[]),
    ("canonicalizehostname", "CanonicalizeHostname", &["no", "false"]),
    ("canonicalizepermittedcnames", "CanonicalizePermittedCNAMEs", &["none"]),
    ("checkhostip", "CheckHostIP", &["no", "false"]),
    ("knownhostscommand", "KnownHostsCommand", &["none"]),
    ("pkcs11provider", "PKCS11Provider", &["none"]),
    ("smartcarddevice", "PKCS11Provider", &["none"]),
    ("revokedhostkeys", "RevokedHostKeys", &["none"]),
    ("securitykeyprovider", "SecurityKeyProvider", &["internal", "none"]),
    ("verifyhostkeydns", "VerifyHostKeyDNS", &["no", "false", "ask"]),
];

/// Lists of algorithms.
const ALGORITHMS: [(&str, &str); 6] = [
    ("ciphers", "Ciphers"),
    ("macs", "MACs"),
    ("kexalgorithms", "KexAlgorithms"),
    ("hostkeyalgorithms", "HostKeyAlgorithms"),
    ("pubkeyacceptedalgorithms", "PubkeyAcceptedAlgorithms"),
    ("pubkeyacceptedkeytypes", "PubkeyAcceptedAlgorithms"),
];

/// Keywords that make no difference here: terminals, forwardings, master connections, what is logged, what OpenSSH
/// itself has given up, and `ProxyUseFdpass`, which means nothing without a ProxyCommand.
const WITHOUT_EFFECT: &str = "addkeystoagent afstokenpassing batchmode canonicaldomains canonicalizefallbacklocal \
    canonicalizemaxdots casignaturealgorithms channeltimeout cipher clearallforwardings compression compressionlevel \
    connectionattempts controlmaster controlpath controlpersist dynamicforward enableescapecommandline \
    enablesshkeysign escapechar exitonforwardfailure fallbacktorsh fingerprinthash forkafterauthentication \
    forwardagent forwardx11 forwardx11timeout forwardx11trusted gatewayports globalknownhostsfile2 \
    gssapiauthentication gssapiclientidentity gssapidelegatecredentials gssapikexalgorithms gssapikeyexchange \
    gssapirenewalforcesrekey gssapiserveridentity gssapitrustdns hashknownhosts hostbasedacceptedalgorithms \
    hostbasedauthentication hostbasedkeytypes ipqos kbdinteractivedevices keepalive kerberosauthentication \
    kerberostgtpassing localcommand localforward loglevel logverbose nohostauthenticationforlocalhost \
    numberofpasswordprompts obscurekeystroketiming permitlocalcommand permitremoteopen protocol proxyusefdpass \
    rekeylimit remotecommand remoteforward requesttty rhostsauthentication rhostsrsaauthentication rsaauthentication \
    sendenv serveralivecountmax serveraliveinterval sessiontype setenv stdinnull streamlocalbindmask \
    streamlocalbindunlink syslogfacility tcpkeepalive tunnel tunneldevice updatehostkeys useprivilegedport \
    userknownhostsfile2 useroaming usersh usekeychain versionaddendum visualhostkey warnweakcrypto xauthlocation";

/// What is done, for hints on misspelled keywords.
const DONE: &str = "host match include hostname port addressfamily user identityfile certificatefile identitiesonly identityagent \
                    hostkeyalias \
    stricthostkeychecking userknownhostsfile globalknownhostsfile proxyjump proxycommand connecttimeout \
    preferredauthentications pubkeyauthentication passwordauthentication kbdinteractiveauthentication tag \
    ignoreunknown \
    requiredrsasize refuseconnection ciphers macs kexalgorithms hostkeyalgorithms pubkeyacceptedalgorithms";

/// What a line sets; `None` where that makes no difference here.
pub(super) fn directive(line: &Line) -> Result<Option<Directive>, Mistake> {
    use Directive as D;
    let keyword = line.keyword.as_str();
    if let Some((_, name, harmless)) = UNSUPPORTED.iter().find(|(known, ..)| *known == keyword) {
        let value = line.arguments.join(" ");
        let harmless = harmless.iter().any(|word| word.eq_ignore_ascii_case(&value));
        return Ok(Some(D::Unsupported { keyword: name, value, harmless }));
    }
    if let Some((_, name)) = ALGORITHMS.iter().find(|(known, _)| *known == keyword) {
        return Ok(Some(D::Algorithms(name, one(line)?)));
    }
    Ok(Some(match keyword {
        "hostname" => D::HostName(one(line)?),
        "addressfamily" => D::Family(family(line)?),
        "port" => D::Port(number::<u16>(line).filter(|port| *port > 0).ok_or_else(|| bad(line, "a port"))?),
        "user" => D::User(one(line)?),
        "identityfile" | "identityfile2" => D::IdentityFile(one(line)?),
        "certificatefile" => D::CertificateFile(one(line)?),
        "identitiesonly" => D::IdentitiesOnly(flag(line)?),
        "identityagent" => D::IdentityAgent(one(line)?),
        "hostkeyalias" => D::HostKeyAlias(one(line)?.to_lowercase()),
        "stricthostkeychecking" => D::StrictHostKeyChecking(policy(line)?),
        "userknownhostsfile" => D::UserKnownHosts(list(line)?),
        "globalknownhostsfile" => D::GlobalKnownHosts(list(line)?),
        "proxyjump" => D::ProxyJump(jumps(line)?),
        "proxycommand" => D::ProxyCommand(line.rest.clone()),
        "connecttimeout" => D::ConnectTimeout(time(line)?),
        "preferredauthentications" => D::PreferredMethods(one(line)?),
        "pubkeyauthentication" | "dsaauthentication" => D::PublicKey(flag_or(line, &["unbound", "host-bound"])?),
        "passwordauthentication" => D::Password(flag(line)?),
        "kbdinteractiveauthentication"
        | "challengeresponseauthentication"
        | "skeyauthentication"
        | "tisauthentication" => D::KeyboardInteractive(flag(line)?),
        "tag" => D::Tag(one(line)?),
        "ignoreunknown" => D::IgnoreUnknown(one(line)?),
        "requiredrsasize" => D::RequiredRsaSize(number(line).ok_or_else(|| bad(line, "a number of bits"))?),
        "refuseconnection" => D::RefuseConnection(one(line)?),
        _ if WITHOUT_EFFECT.split(' ').any(|known| known == keyword) => return Ok(None),
        _ => D::Unknown(keyword.to_owned()),
    }))
}

/// What to say about a keyword that nobody knows.
pub(super) fn unknown(keyword: &str) -> Mistake {
    let known = WITHOUT_EFFECT.split(' ').chain(DONE.split(' ')).chain(UNSUPPORTED.iter().map(|(known, ..)| *known));
    let hint = did_you_mean(keyword, known).unwrap_or_else(|| "ssh refuses it too; IgnoreUnknown allows it".to_owned());
    (format!("unknown option '{keyword}'"), Some(hint))
}

fn one(line: &Line) -> Result<String, Mistake> {
    match line.arguments.as_slice() {
        [] => Err((format!("no argument after '{}'", line.keyword), None)),
        [one] if one.is_empty() => Err((format!("no argument after '{}'", line.keyword), None)),
        [one] => Ok(one.clone()),
        [_, more, ..] => Err((format!("'{more}' is one argument too many for '{}'", line.keyword), None)),
    }
}

fn bad(line: &Line, expected: &str) -> Mistake {
    (format!("'{}' of '{}' is not {expected}", line.arguments.join(" "), line.keyword), None)
}

fn number<T: FromStr>(line: &Line) -> Option<T> {
    one(line).ok()?.parse().ok()
}

fn flag(line: &Line) -> Result<bool, Mistake> {
    flag_or(line, &[])
}

/// A flag, or one of the other words that say yes.
fn flag_or(line: &Line, yes: &[&str]) -> Result<bool, Mistake> {
    let word = one(line)?.to_lowercase();
    match word.as_str() {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        other if yes.contains(&other) => Ok(true),
        _ => Err(bad(line, "yes or no")),
    }
}

/// `no` and `off` would let changed keys in as well; the nearest thing that we do is to accept new ones.
fn policy(line: &Line) -> Result<HostKeyPolicy, Mistake> {
    match one(line)?.to_lowercase().as_str() {
        "yes" | "true" | "ask" => Ok(HostKeyPolicy::Strict),
        "accept-new" | "no" | "off" | "false" => Ok(HostKeyPolicy::AcceptNew),
        _ => Err(bad(line, "yes, ask, accept-new, no or off")),
    }
}

fn family(line: &Line) -> Result<AddressFamily, Mistake> {
    match one(line)?.to_lowercase().as_str() {
        "any" => Ok(AddressFamily::Any),
        "inet" => Ok(AddressFamily::V4),
        "inet6" => Ok(AddressFamily::V6),
        _ => Err(bad(line, "any, inet or inet6")),
    }
}

/// Files; none for `none`.
fn list(line: &Line) -> Result<Vec<String>, Mistake> {
    let none = |argument: &String| argument.eq_ignore_ascii_case("none");
    match line.arguments.as_slice() {
        [only] if none(only) => Ok(Vec::new()),
        all if all.is_empty() || all.iter().any(String::is_empty) => Err(bad(line, "a list of files")),
        all if all.iter().any(none) => Err(bad(line, "a list of files: 'none' must stand alone")),
        all => Ok(all.to_vec()),
    }
}

/// The rest of the line, whose quotes mean nothing, up to a comment.
fn jumps(line: &Line) -> Result<Vec<Jump>, Mistake> {
    let text = line.rest.split('#').next().unwrap_or_default().trim();
    if text.eq_ignore_ascii_case("none") {
        return Ok(Vec::new());
    }
    text.split(',').map(parse_jump).collect::<Result<_, _>>().map_err(|what| (what, None))
}

/// Seconds, or numbers with units: `90`, `1m30s`; `none` and 0 are no limit.
fn time(line: &Line) -> Result<Option<Duration>, Mistake> {
    let text = one(line)?;
    if text == "none" {
        return Ok(None);
    }
    let wrong = || bad(line, "a time such as 30 or 1m30s");
    let mut seconds: u64 = 0;
    let mut digits = String::new();
    for c in text.chars().chain(text.ends_with(|c: char| c.is_ascii_digit()).then_some('s')) {
        let unit = match c.to_ascii_lowercase() {
            '0'..='9' => {
                digits.push(c);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 60 * 60,
            'd' => 24 * 60 * 60,
            'w' => 7 * 24 * 60 * 60,
            _ => return Err(wrong()),
        };
        let count: u64 = digits.parse().map_err(|_| wrong())?;
        seconds = count.checked_mul(unit).and_then(|more| seconds.checked_add(more)).ok_or_else(wrong)?;
        digits.clear();
    }
    Ok((seconds > 0).then(|| Duration::from_secs(seconds)))
}

#[cfg(test)]
mod tests {
    use super::super::line::Line;
    use super::{Directive, directive};
    use std::time::Duration;

    fn read(text: &str) -> Result<Option<Directive>, String> {
        directive(&Line::parse(text).expect("a line").expect("arguments")).map_err(|(what, _)| what)
    }

    #[test]
    fn values_are_checked() {
        assert_eq!(read("Port 2222"), Ok(Some(Directive::Port(2222))));
        for (text, what) in [
            ("Port 0", "'0' of 'port' is not a port"),
            ("Port ssh", "'ssh' of 'port' is not a port"),
            ("User a b", "'b' is one argument too many for 'user'"),
            ("IdentitiesOnly maybe", "'maybe' of 'identitiesonly' is not yes or no"),
            (
                "UserKnownHostsFile none a",
                "'none a' of 'userknownhostsfile' is not a list of files: 'none' must stand alone",
            ),
            ("ConnectTimeout soon", "'soon' of 'connecttimeout' is not a time such as 30 or 1m30s"),
        ] {
            assert_eq!(read(text), Err(what.to_owned()), "{text}");
        }
    }

    #[test]
    fn times_have_units() {
        let limit = |text: &str| match read(&format!("ConnectTimeout {text}")) {
            Ok(Some(Directive::ConnectTimeout(limit))) => limit,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(limit("30"), Some(Duration::from_secs(30)));
        assert_eq!(limit("1m30"), Some(Duration::from_secs(90)));
        assert_eq!(limit("1H"), Some(Duration::from_secs(3600)));
        assert_eq!((limit("none"), limit("0")), (None, None));
    }

    #[test]
    fn every_keyword_is_of_one_kind() {
        assert_eq!(read("ForwardX11 yes"), Ok(None));
        assert_eq!(read("UseRoaming no"), Ok(None));
        assert!(matches!(read("BindAddress 10.0.0.1"), Ok(Some(Directive::Unsupported { harmless: false, .. }))));
        assert!(matches!(read("CheckHostIP NO"), Ok(Some(Directive::Unsupported { harmless: true, .. }))));
        assert_eq!(read("Prot 22"), Ok(Some(Directive::Unknown("prot".to_owned()))));
    }
}
