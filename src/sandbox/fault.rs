//! Faults on request: which hosts misbehave, and how.

use std::fmt;
use std::str::FromStr;

use super::Error;

/// What is wrong with a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// Nothing listens on its port.
    Refused,
    /// It accepts connections and never says a word.
    Hung,
    /// Every answer takes two seconds more.
    Slow,
    /// One request in five is dropped: its connection ends without an answer.
    Loss,
    /// The first output of every command breaks off in mid-answer; the shell survives, and a repeated Receive gets it.
    Reset,
    /// The shell dies as soon as a command runs in it.
    Crash,
    /// Users may log on, but no shell comes: Create is never answered.
    NoStart,
    /// Nothing can be ended: Signal and Delete are never answered.
    Stuck,
    /// Command, Send and Delete are answered only while a Receive of the shell waits, as by a server whose PowerShell
    /// must get rid of its reports first; Delete after 12 s at the latest.
    Blocking,
    /// The user's shells are used up.
    Quota,
    /// The user may log on, but not use the endpoint.
    Denied,
    /// The host has another password.
    WrongPassword,
    /// The host has another password, and refuses by a token: SPNEGO's `reject`, as GSS-API servers do.
    RejectToken,
    /// A web server without WinRM.
    NotWinrm,
    /// Its clock is ten minutes ahead, as each of its answers says.
    Skewed,
    /// Its certificate has expired (TLS only).
    Expired,
    /// Its certificate is for another name (TLS only).
    WrongName,
}

impl FaultKind {
    /// All kinds with their names and what they do.
    pub const ALL: [(Self, &'static str, &'static str); 17] = [
        (Self::Refused, "refused", "nothing listens on the port"),
        (Self::Hung, "hung", "accepts connections and never answers"),
        (Self::Slow, "slow", "every answer takes two seconds more"),
        (Self::Loss, "loss", "one request in five ends without an answer"),
        (Self::Reset, "reset", "the first output of each command breaks off in mid-answer"),
        (Self::Crash, "crash", "the shell dies under each command"),
        (Self::NoStart, "no-start", "accepts the logon, but never starts a shell"),
        (Self::Stuck, "stuck", "commands cannot be stopped nor shells deleted"),
        (Self::Blocking, "blocking", "Command, Send and Delete wait until a Receive of the shell waits too"),
        (Self::Quota, "quota", "no shell is free (MaxShellsPerUser)"),
        (Self::Denied, "denied", "the user may not use the endpoint"),
        (Self::WrongPassword, "wrong-password", "the host has another password"),
        (Self::RejectToken, "reject-token", "the same, and a SPNEGO token says so"),
        (Self::NotWinrm, "not-winrm", "a web server that is not WinRM"),
        (Self::Skewed, "skewed", "the clock is ten minutes ahead"),
        (Self::Expired, "expired", "the certificate has expired (needs TLS)"),
        (Self::WrongName, "wrong-name", "the certificate is for another name (needs TLS)"),
    ];

    /// Whether only a TLS listener can have it.
    fn needs_tls(self) -> bool {
        matches!(self, Self::Expired | Self::WrongName)
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(kind, ..)| kind == self).map_or("", |(_, name, _)| name);
        f.write_str(name)
    }
}

/// A fault and how many hosts have it: `reset=3` or `slow=10%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultSpec {
    kind: FaultKind,
    share: Share,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    Hosts(u32),
    Percent(u32),
}

impl FromStr for FaultSpec {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (name, share) = text.split_once('=').unwrap_or((text, "1"));
        let kind = FaultKind::ALL.iter().find(|(_, known, _)| *known == name).map(|(kind, ..)| *kind);
        let kind = kind.ok_or_else(|| {
            let names: Vec<_> = FaultKind::ALL.iter().map(|(_, name, _)| *name).collect();
            Error::Option(format!("unknown fault '{name}'; known are {}", names.join(", ")))
        })?;
        let wrong = |_| {
            Error::Option(format!(
                "fault '{text}': expected a number of hosts or a share, as in {name}=3 or {name}=10%"
            ))
        };
        let share = match share.strip_suffix('%') {
            Some(percent) => Share::Percent(percent.parse().map_err(wrong)?),
            None => Share::Hosts(share.parse().map_err(wrong)?),
        };
        Ok(Self { kind, share })
    }
}

/// Deals the faults out to the hosts of a fleet; equal seeds deal equally. No host gets two.
///
/// # Errors
/// More faults than hosts, or a certificate fault without TLS.
pub(super) fn deal(specs: &[FaultSpec], hosts: u32, tls: bool, seed: u64) -> Result<Vec<Option<FaultKind>>, Error> {
    let mut order: Vec<u32> = (0..hosts).collect();
    order.sort_by_key(|&index| mix(seed ^ mix(u64::from(index) + 1)));
    let mut order = order.into_iter();
    let mut dealt = vec![None; hosts as usize];
    for FaultSpec { kind, share } in specs {
        if kind.needs_tls() && !tls {
            return Err(Error::Option(format!("the fault {kind} concerns certificates: it needs TLS")));
        }
        let count = match share {
            Share::Hosts(count) => *count,
            Share::Percent(percent) => {
                (u64::from(hosts) * u64::from(*percent)).div_ceil(100).min(u64::from(u32::MAX)) as u32
            }
        };
        for _ in 0..count {
            let host = order.next().and_then(|index| dealt.get_mut(index as usize));
            let host = host.ok_or_else(|| Error::Option(format!("more faults than hosts ({hosts})")))?;
            *host = Some(*kind);
        }
    }
    Ok(dealt)
}

/// Scrambles a number (the finalizer of SplitMix64), for choices that must depend on nothing but the seed.
pub(super) fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specs(texts: &[&str]) -> Vec<FaultSpec> {
        texts.iter().map(|text| text.parse().expect("valid")).collect()
    }

    #[test]
    fn deals_by_count_and_share_and_seed() {
        let faults = specs(&["reset=3", "slow=10%", "hung"]);
        let dealt = deal(&faults, 50, false, 7).expect("enough hosts");
        let count = |kind| dealt.iter().filter(|fault| **fault == Some(kind)).count();
        assert_eq!((count(FaultKind::Reset), count(FaultKind::Slow), count(FaultKind::Hung)), (3, 5, 1));
        assert_eq!(dealt, deal(&faults, 50, false, 7).expect("enough hosts"));
        assert_ne!(dealt, deal(&faults, 50, false, 8).expect("enough hosts"));
    }

    #[test]
    fn refuses_what_it_cannot_do() {
        assert!("flood=1".parse::<FaultSpec>().expect_err("unknown").to_string().contains("wrong-password"));
        assert!("reset=many".parse::<FaultSpec>().is_err());
        assert!(deal(&specs(&["reset=3"]), 2, false, 1).is_err());
        assert!(deal(&specs(&["expired"]), 2, false, 1).is_err());
        assert!(deal(&specs(&["expired"]), 2, true, 1).is_ok());
    }
}
