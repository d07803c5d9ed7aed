//! Sockets and files that a run opens at the same time, within what the system lets a process open.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;

use anyhow::bail;

use super::terminal::Console;
use crate::fleet::{Limits, Task};
use crate::target::{Endpoint, Target};

/// What the process opens besides its connections: the runtime's own, signals, known hosts, keys, the agent.
const RESERVE: u64 = 24;
/// Name look-ups at the same time, each with two files.
const LOOKUPS: u64 = 64;

/// The connections of a run, by what they cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Need {
    targets: u64,
    /// Most that a target at work, or one that closes, has open at once.
    each: u64,
    /// Some are addressed by name.
    names: bool,
    /// How many sessions wait for a gate.
    idle: Idle,
    /// How many ends of a connection are in this process: two with a sandbox on demand.
    ends: u64,
}

/// Sessions that are open although nobody is at work in them.
#[derive(Debug, Clone, Copy)]
enum Idle {
    None,
    /// One for each target that is at work.
    AsManyAsWork,
    UpTo(u64),
}

/// The limits that are asked for, or as much of them as the system's limit on open files carries; that is raised first.
///
/// # Errors
/// It does not even carry one target.
pub(super) fn limits(asked: Limits, need: Need, console: &Console) -> anyhow::Result<Limits> {
    let used = in_use();
    let limit = raise(used + need.at_most(asked));
    let free = limit.saturating_sub(used);
    let Some(carried) = need.carried(asked, free) else {
        bail!(
            "this process may open {limit} files and sockets (ulimit -n) and has {used} open already: too few for even one \
             host, which takes {}; raise the limit",
            need.at_most(Limits::new(NonZeroUsize::MIN))
        );
    };
    if carried != asked {
        console.note(&format!(
            "{} this process may open only {limit} files and sockets (ulimit -n): {} hosts are at work at a time and {} \
             connect, instead of {} and {}",
            console.warning(),
            carried.throttle,
            carried.connecting,
            asked.throttle,
            asked.connecting
        ));
    }
    Ok(carried)
}

impl Need {
    /// What this work on these targets needs; `ends` says how many ends of a connection are in this process.
    pub(super) fn of(work: &dyn Task, targets: &[Arc<Target>], ends: u64) -> Self {
        Self {
            targets: targets.len() as u64,
            each: targets.iter().map(|target| cost(&target.endpoint) + work.open_files()).max().unwrap_or_default(),
            names: targets.iter().any(|target| is_named(&target.endpoint)),
            idle: Idle::None,
            ends,
        }
    }

    /// Sessions are kept for gates, up to so many where that is limited.
    pub(super) fn keeping(self, most: Option<NonZeroUsize>) -> Self {
        Self { idle: most.map_or(Idle::AsManyAsWork, |most| Idle::UpTo(most.get() as u64)), ..self }
    }

    /// What is open at most under these limits: as many targets may close as are at work.
    fn at_most(&self, limits: Limits) -> u64 {
        let at_work = limits.throttle.get() as u64;
        let idle = match self.idle {
            Idle::None => 0,
            Idle::AsManyAsWork => at_work,
            Idle::UpTo(most) => most,
        };
        let open = at_work.saturating_mul(2).saturating_add(idle).min(self.targets);
        let connecting = (limits.connecting.get() as u64).min(self.targets);
        let lookups = if self.names { connecting.min(LOOKUPS) * 2 } else { 0 };
        (open * self.each + connecting) * self.ends + lookups + RESERVE
    }

    /// The largest limits up to those asked for that open no more than `free`.
    fn carried(&self, asked: Limits, free: u64) -> Option<Limits> {
        if self.at_most(asked) <= free {
            return Some(asked);
        }
        let most = asked.throttle.get().min(self.targets as usize);
        let cut = |throttle| {
            let limits = Limits::new(NonZeroUsize::new(throttle)?);
            Some(Limits { connecting: limits.connecting.min(asked.connecting), ..limits })
        };
        (1..=most).rev().filter_map(cut).find(|limits| self.at_most(*limits) <= free)
    }
}

/// What a target has open at most: lanes of WinRM for a long poll, for what is said meanwhile and for news; SSH's one
/// connection and the agent's; a child's three pipes and its handle.
fn cost(endpoint: &Endpoint) -> u64 {
    match endpoint {
        // Behind a bastion they are channels of one connection.
        Endpoint::Winrm(winrm) if !winrm.jump.is_empty() => 1,
        Endpoint::Winrm(_) => 3,
        Endpoint::Ssh(_) => 2,
        Endpoint::Local(_) => 4,
    }
}

fn is_named(endpoint: &Endpoint) -> bool {
    let is_name = |address: &str| address.parse::<IpAddr>().is_err();
    match endpoint {
        Endpoint::Winrm(winrm) => is_name(winrm.jump.first().map_or(&winrm.address, |hop| &hop.server.address)),
        Endpoint::Ssh(ssh) => is_name(ssh.jump.first().map_or(&ssh.server.address, |hop| &hop.server.address)),
        Endpoint::Local(_) => false,
    }
}

/// Raises the limit to what is wanted, as far as the system lets us; the limit then.
#[cfg(unix)]
fn raise(wanted: u64) -> u64 {
    // Who cannot be asked sets no limit that we could keep.
    rlimit::increase_nofile_limit(wanted).unwrap_or(u64::MAX)
}

/// There is none on sockets.
#[cfg(not(unix))]
fn raise(_: u64) -> u64 {
    u64::MAX
}

/// How many are open now.
fn in_use() -> u64 {
    let listed = ["/proc/self/fd", "/dev/fd"].iter().find_map(|folder| std::fs::read_dir(folder).ok());
    listed.map_or(RESERVE, |files| files.count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTTP: Need = Need { targets: 500, each: 5, names: false, idle: Idle::None, ends: 1 };

    fn carried(need: Need, throttle: usize, free: u64) -> Option<(usize, usize)> {
        let asked = Limits::new(NonZeroUsize::new(throttle).expect("not 0"));
        need.carried(asked, free).map(|limits| (limits.throttle.get(), limits.connecting.get()))
    }

    #[test]
    fn what_fits_is_left_as_it_is() {
        assert_eq!(carried(HTTP, 32, 1000), Some((32, 128)));
        assert_eq!(carried(HTTP, 5000, 100_000), Some((5000, 5000)), "no more than there are targets count");
    }

    #[test]
    fn the_throttle_is_cut_to_what_the_limit_carries() {
        for (need, throttle, free, expected) in [
            (HTTP, 5000, 58, Some((2, 8))),
            (HTTP, 32, 200, Some((12, 48))),
            (HTTP, 2, 60, Some((2, 8))),
            (HTTP, 1, 40, Some((1, 1))),
            (HTTP, 5000, 30, None),
            (Need { ends: 2, ..HTTP }, 32, 200, Some((6, 24))),
            (HTTP.keeping(None), 32, 200, Some((9, 36))),
            (HTTP.keeping(NonZeroUsize::new(20)), 32, 200, Some((5, 20))),
            (Need { names: true, ..HTTP }, 32, 200, Some((8, 32))),
            (Need { targets: 1, ..HTTP }, 32, 30, Some((32, 128))),
        ] {
            let found = carried(need, throttle, free);
            assert_eq!(found, expected, "{need:?} {throttle} {free}");
        }
    }
}
