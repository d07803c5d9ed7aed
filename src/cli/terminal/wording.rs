//! The sentences that people read about a run. All names and messages come out safe for a terminal.

use std::time::Duration;

use crate::event::{Finished, RunHeader, StepEnd, Summary};
use crate::fleet::Step;
use crate::hostlist::{fold, natural};
use crate::outcome::{Counts, Outcome};
use crate::output::sanitize_line;
use crate::report::{Cause, Cut, Phase, Repeat, Running, Slow};

/// Members of a group shown by name, unless all are asked for.
const MEMBERS_SHOWN: usize = 8;

/// Running hosts shown by name.
const RUNNING_SHOWN: usize = 20;

/// Properties that a fold has ignored shown by name, unless all are asked for.
const IGNORED_SHOWN: usize = 3;

/// Bytes of folded names shown of a group of hosts, unless all are asked for.
const NAMES_WIDTH: usize = 100;

/// `0.8 s`, `2 min 05 s`, `1 h 02 min`.
pub(in crate::cli) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{:.1} s", duration.as_secs_f64()),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// A duration in whole seconds, for what changes while it is read.
pub(super) fn elapsed(elapsed: Duration) -> String {
    if elapsed.as_secs() < 60 { format!("{} s", elapsed.as_secs()) } else { duration(elapsed) }
}

/// `1 object`, `3 objects`.
pub(in crate::cli) fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// `[ 12/200] ok web07 0.8 s, 3 objects`
pub(super) fn finished(done: u64, all: u64, (host, message): (&str, &str), finished: &Finished) -> String {
    let width = all.to_string().len();
    let mut line = format!("[{done:>width$}/{all}] {} {}", finished.outcome, sanitize_line(host));
    if finished.attempts > 0 {
        line.push_str(&format!(" {}", duration(finished.duration)));
    }
    if matches!(finished.outcome, Outcome::Ok | Outcome::OkWithErrors) {
        line.push_str(&format!(", {}", counted(finished.objects, "object")));
        if finished.errors > 0 {
            line.push_str(&format!(", {}", counted(finished.errors, "error")));
        }
    } else if !message.is_empty() {
        let own = message.strip_prefix(host).and_then(|rest| rest.strip_prefix(": "));
        line.push_str(&format!(": {}", sanitize_line(own.unwrap_or(message))));
    }
    line
}

/// `198 ok, 1 failed, 1 unreachable`; outcomes without targets are left out.
pub(in crate::cli) fn counts(counts: &Counts) -> String {
    let parts: Vec<_> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(outcome, count)| format!("{count} {}", outcome.code().replace('_', " ")))
        .collect();
    parts.join(", ")
}

/// `200 targets: 198 ok, 1 failed, 1 unreachable in 3.2 s`
pub(super) fn summary(summary: &Summary) -> String {
    let targets = counted(summary.target_count, "target");
    format!("{targets}: {} in {}", counts(&summary.counts), duration(summary.duration))
}

/// The hosts that may still hold a shell of a run.
pub(super) fn with_shells_left<'h>(header: &'h RunHeader, summary: &Summary) -> Vec<&'h str> {
    summary.shells_left.iter().map(|&target| header.host(target)).collect()
}

/// Which hosts may still hold a shell that we opened, all of them by name, and what to do; `None` if there are none.
pub(super) fn shells_left(hosts: &[&str]) -> Option<(String, String)> {
    if hosts.is_empty() {
        return None;
    }
    let left = "its end was not confirmed, and the server removes it only after its idle timeout";
    let names = fold(hosts.iter().copied());
    let names = sanitize_line(&names);
    let on = if hosts.len() == 1 { names.clone().into_owned() } else { format!("{} hosts ({names})", hosts.len()) };
    let hint = format!("psfleet session clean -t '{names}' removes what psfleet has left there");
    Some((format!("the remote shell may remain on {on}: {left}"), hint))
}

/// `1 member was`, `3 members were`.
pub(super) fn were(count: usize, noun: &str) -> String {
    format!("{} {}", counted(count as u64, noun), if count == 1 { "was" } else { "were" })
}

/// Which members were cut where: `` `Modules` was cut at depth 1 on 212 hosts ``. `all`: every member and host by name.
pub(super) fn cut_members(cut: &Cut<'_>, depth: u32, all: bool) -> String {
    let shown = if all { cut.members.len() } else { cut.members.len().min(MEMBERS_SHOWN) };
    let names: Vec<_> = cut.members.iter().take(shown).map(|name| format!("`{}`", sanitize_line(name))).collect();
    let others = match cut.members.len() - shown {
        0 => String::new(),
        1 => " and 1 other".to_owned(),
        count => format!(" and {count} others"),
    };
    let was = if cut.members.len() == 1 { "was" } else { "were" };
    let hosts = match cut.hosts.as_slice() {
        [host] => sanitize_line(host).into_owned(),
        hosts if all => format!("{} hosts ({})", hosts.len(), sanitize_line(&fold(hosts.iter().copied()))),
        hosts => format!("{} hosts", hosts.len()),
    };
    format!("{}{others} {was} cut at depth {depth} on {hosts}", names.join(", "))
}

/// Which hosts have a cause: the name of one, or how many and their names folded.
pub(super) fn hosts(cause: &Cause, all: bool) -> String {
    match &cause.hosts[..] {
        [host] => sanitize_line(host).into_owned(),
        hosts => format!("{} hosts{}", hosts.len(), folded(hosts.iter().map(|host| &**host), all)),
    }
}

/// Who looks at hosts that were not reached; `None` if all were.
pub(super) fn doctor<'a>(hosts: impl Iterator<Item = &'a str>) -> Option<String> {
    let names = fold(hosts);
    let names = sanitize_line(&names);
    let (names, others) = if names.len() <= NAMES_WIDTH { (&*names, "") } else { (cut(&names), " (and others)") };
    let quoted = if names.contains(['[', ' ']) { format!("'{names}'") } else { names.to_owned() };
    (!names.is_empty()).then(|| {
        format!("psfleet doctor -t {quoted}{others}, with the same -i and flags, looks at the way stage by stage")
    })
}

/// An error that was shown for one host, and the hosts that repeated it:
/// `199 more hosts (web[02-200]) wrote the same error as web01: no such path`.
pub(super) fn repeated(repeat: &Repeat<'_>) -> String {
    let hosts = counted(repeat.others.len() as u64, "more host");
    let names = folded(repeat.others.iter().copied(), false);
    let times = if repeat.records > repeat.others.len() as u64 {
        format!(", {} in all", counted(repeat.records, "record"))
    } else {
        String::new()
    };
    let (first, text) = (sanitize_line(repeat.first), sanitize_line(repeat.text));
    format!("{hosts}{names} wrote the same error as {first}{times}: {text}")
}

/// ` (web[01-38,40])`, cut between groups if it is long and not all are asked for.
fn folded<'a>(hosts: impl Iterator<Item = &'a str>, all: bool) -> String {
    let mut hosts: Vec<&str> = hosts.collect();
    hosts.sort_by(|one, two| natural(one, two));
    let names = fold(hosts);
    let names = sanitize_line(&names);
    if all || names.len() <= NAMES_WIDTH {
        return format!(" ({names})");
    }
    match cut(&names) {
        "" => String::new(),
        shown => format!(" ({shown},…)"),
    }
}

/// The first groups of folded names, as many as may be shown.
fn cut(names: &str) -> &str {
    let mut depth = 0_u32;
    let mut end = 0;
    for (place, c) in names.char_indices().take_while(|(place, _)| *place <= NAMES_WIDTH) {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => end = place,
            _ => {}
        }
    }
    &names[..end]
}

/// What a fold has ignored: `7 properties that change by themselves (Process.CPU, Process.Id, Process.WS, …)`.
pub(super) fn ignored(names: &[String], all: bool) -> String {
    let shown = if all { names.len() } else { names.len().min(IGNORED_SHOWN) };
    let rest = if shown < names.len() { ", …" } else { "" };
    let listed = sanitize_line(&names[..shown].join(", ")).into_owned();
    let noun =
        if names.len() == 1 { "property that changes by itself" } else { "properties that change by themselves" };
    let more = if shown < names.len() { "-v names all, " } else { "" };
    format!("ignored: {} {noun} ({listed}{rest}); {more}--ignore none has them count", names.len())
}

/// What the end of the deadline does; where no script runs, something else does: a gate, or a connection.
pub(super) fn deadline_passed(running: u64) -> String {
    match running {
        0 => "the deadline has passed: stopping the run".to_owned(),
        _ => format!("the deadline has passed: stopping the script on {}", counted(running, "host")),
    }
}

/// What a first Ctrl-C does: what is stopped, and what a second one would do.
pub(super) fn interrupted(running: u64, others: u64) -> String {
    let what = match (running, others) {
        // A gate may be at work, or a pause.
        (0, 0) => "stopping the run".to_owned(),
        (0, _) => format!("stopping the run; the script will not start on {}", counted(others, "other host")),
        (_, 0) => format!("stopping the script on {}", counted(running, "host")),
        _ => format!(
            "stopping the script on {}; it will not start on {}",
            counted(running, "host"),
            counted(others, "other")
        ),
    };
    format!("interrupted: {what} (press Ctrl-C again to leave without waiting)")
}

/// The same where what runs on the hosts is not stopped.
pub(super) fn interrupted_leaving(unfinished: u64) -> String {
    let hosts = counted(unfinished, "host");
    format!("interrupted: leaving what runs on {hosts} as it is (press Ctrl-C again to leave without waiting)")
}

/// Who is still running and for how long.
pub(super) fn running(running: &[Running]) -> String {
    if running.is_empty() {
        return "nothing is running".to_owned();
    }
    let mut lines = vec![format!("{} running:", running.len())];
    let width = running.iter().take(RUNNING_SHOWN).map(|one| one.host.chars().count()).max().unwrap_or(0);
    for one in running.iter().take(RUNNING_SHOWN) {
        let phase = match one.phase {
            Phase::Opening => "connecting",
            Phase::Running => "script runs",
            Phase::Waiting => "waits for the next attempt",
            Phase::Stopping => "is being stopped",
        };
        let attempt = if one.attempt > 1 { format!(", attempt {}", one.attempt) } else { String::new() };
        let host = sanitize_line(&one.host);
        let remote = if one.remote.is_empty() { String::new() } else { format!(": {}", one.remote) };
        lines.push(format!("  {host:<width$}  {:>8}  {phase}{attempt}{remote}", duration(one.elapsed)));
    }
    if running.len() > RUNNING_SHOWN {
        lines.push(format!("  and {} more", running.len() - RUNNING_SHOWN));
    }
    lines.join("\n")
}

/// Who is slow: `web07 has been running for 45 s (most took 3 s)`.
pub(super) fn slow_line(slow: &Slow, names: &[&str]) -> String {
    let hosts = match names {
        [host] => format!("{} has been running for {}", sanitize_line(host), elapsed(slow.elapsed)),
        hosts => {
            let folded = folded(hosts.iter().copied(), false);
            format!("{} hosts{folded} have been running for {} or more", hosts.len(), elapsed(slow.elapsed))
        }
    };
    format!("{hosts} (most took {})", duration(slow.usual))
}

/// The end of a step: `step 1 of 4 is done: 1 of 200 hosts`.
pub(super) fn step_done(end: &StepEnd, all: u64) -> String {
    format!("step {} of {} is done: {} of {}", end.step, end.steps, end.targets, counted(all, "host"))
}

/// What is asked at a pause: `paused after step 1: 5 of 200 hosts are done; go on with step 2 (35 hosts)? [y/N]`.
pub(super) fn paused(end: &StepEnd, all: u64, next: Option<&Step>) -> String {
    let done = format!("paused after step {}: {} of {} are done", end.step, end.targets, counted(all, "host"));
    let next = match next {
        Some(next) => {
            let hosts = counted((next.end as u64).saturating_sub(end.targets), "host");
            let empty = match next.number - end.step {
                ..=1 => String::new(),
                2 => format!("; step {} has none", end.step + 1),
                _ => format!("; steps {} to {} have none", end.step + 1, next.number - 1),
            };
            format!("step {} of {} ({hosts}{empty})", next.number, end.steps)
        }
        None => format!("the other {}", counted(all.saturating_sub(end.targets), "host")),
    };
    format!("{done}; go on with {next}? [y/N]")
}

/// Why no other host starts, and how many are still at work.
pub(super) fn closed(message: &str, running: u64) -> String {
    let others = match running {
        0 => String::new(),
        1 => "; 1 that is at work goes on to its end".to_owned(),
        count => format!("; {count} that are at work go on to their end"),
    };
    format!("no other host starts: {}{others}", sanitize_line(message))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{
        closed, cut, duration, finished, ignored, interrupted, interrupted_leaving, paused, repeated, running,
        shells_left, slow_line, step_done, summary,
    };
    use crate::event::{Finished, RunEvent, RunEventKind, StepEnd};
    use crate::fleet::Step;
    use crate::outcome::Outcome;
    use crate::output::testing::Script;
    use crate::report::{Phase, Repeat, Running, Slow};

    fn done(event: RunEvent, change: impl FnOnce(&mut Finished)) -> Finished {
        let RunEventKind::TargetFinished(mut finished) = event.kind else { unreachable!() };
        change(&mut finished);
        finished
    }

    #[test]
    fn durations() {
        let text = |millis| duration(Duration::from_millis(millis));
        assert_eq!(
            [text(0), text(840), text(59_940), text(125_000), text(3_720_000)].join("|"),
            "0.0 s|0.8 s|59.9 s|2 min 05 s|1 h 02 min"
        );
    }

    #[test]
    fn lines_of_finished_hosts() {
        let mut script = Script::new(&["web07", "web\x1b[2J08", "web09"]);
        let ok = done(script.finished(0, Outcome::Ok), |finished| finished.objects = 3);
        assert_eq!(finished(12, 200, ("web07", &ok.message), &ok), "[ 12/200] ok web07 0.8 s, 3 objects");
        let errors = done(script.finished(0, Outcome::OkWithErrors), |finished| finished.errors = 1);
        assert_eq!(
            finished(200, 200, ("web07", &errors.message), &errors),
            "[200/200] ok_with_errors web07 0.8 s, 1 object, 1 error"
        );
        let failed = done(script.finished(1, Outcome::Failed), |finished| finished.message = "web08: no\nway".into());
        assert_eq!(
            finished(1, 2, ("web\x1b[2J08", &failed.message), &failed),
            "[1/2] failed web08 0.8 s: web08: no way"
        );
        let skipped = done(script.finished(2, Outcome::NotStarted), |finished| finished.attempts = 0);
        assert_eq!(finished(2, 3, ("web09", &skipped.message), &skipped), "[2/3] not_started web09");
    }

    #[test]
    fn totals_add_up() {
        let mut script = Script::new(&["a", "b", "c"]);
        for (target, outcome) in [(0, Outcome::Ok), (1, Outcome::NotStarted), (2, Outcome::Ok)] {
            script.finished(target, outcome);
        }
        assert_eq!(summary(&script.summary()), "3 targets: 2 ok, 1 not started in 3.2 s");
    }

    #[test]
    fn steps_and_the_end_of_starts() {
        let end = StepEnd { step: 2, steps: 4, targets: 5, refusal: None };
        assert_eq!(step_done(&end, 200), "step 2 of 4 is done: 5 of 200 hosts");
        assert_eq!(closed("web01\x1b[2J is ill", 0), "no other host starts: web01 is ill");
        assert!(closed("x", 1).ends_with("x; 1 that is at work goes on to its end"));
        assert!(closed("x", 3).ends_with("x; 3 that are at work go on to their end"));
    }

    #[test]
    fn a_pause_names_what_comes_next() {
        let end = StepEnd { step: 1, steps: 3, targets: 1, refusal: None };
        let next = Step { number: 3, end: 24, pauses: false };
        let asked =
            "paused after step 1: 1 of 24 hosts are done; go on with step 3 of 3 (23 hosts; step 2 has none)? [y/N]";
        assert_eq!(paused(&end, 24, Some(&next)), asked);
    }

    #[test]
    fn ignored_properties_are_counted_and_a_few_named() {
        let names: Vec<String> = ["P.A", "P.B", "P.C", "P.D"].map(String::from).to_vec();
        let few = "ignored: 4 properties that change by themselves (P.A, P.B, P.C, …); -v names all, --ignore none has them count";
        assert_eq!(ignored(&names, false), few);
        assert!(ignored(&names, true).ends_with("(P.A, P.B, P.C, P.D); --ignore none has them count"));
        assert!(ignored(&names[..1], false).starts_with("ignored: 1 property that changes by itself (P.A); --ignore"));
    }

    #[test]
    fn who_may_hold_a_shell_can_be_cleaned() {
        assert_eq!(shells_left(&[]), None);
        let (text, hint) = shells_left(&["web2", "web1"]).expect("two");
        assert!(text.starts_with("the remote shell may remain on 2 hosts (web[1-2]): "), "{text}");
        assert_eq!(hint, "psfleet session clean -t 'web[1-2]' removes what psfleet has left there");
    }

    #[test]
    fn what_an_interrupt_does() {
        assert!(interrupted(1, 0).starts_with("interrupted: stopping the script on 1 host (press Ctrl-C again"));
        assert!(interrupted_leaving(1).starts_with("interrupted: leaving what runs on 1 host as it is (press Ctrl-C"));
        assert!(interrupted(2, 1).contains("stopping the script on 2 hosts; it will not start on 1 other ("));
        assert!(interrupted(0, 7).contains("stopping the run; the script will not start on 7 other hosts ("));
    }

    #[test]
    fn errors_of_many_hosts_are_one_line() {
        let repeat = |others: &[&'static str], records| {
            repeated(&Repeat { first: "web1", others: others.to_vec(), records, text: "no\tsuch \u{1b}[31mpath" })
        };
        assert_eq!(repeat(&["web2"], 1), "1 more host (web2) wrote the same error as web1: no such path");
        assert_eq!(
            repeat(&["web2", "web3"], 5),
            "2 more hosts (web[2-3]) wrote the same error as web1, 5 records in all: no such path"
        );
    }

    #[test]
    fn long_lists_are_cut_between_groups() {
        let names: Vec<_> = (0..40).map(|number| format!("a[{number},{}]x", number + 1)).collect();
        let names = names.join(",");
        assert!(cut(&names).ends_with("]x") && cut(&names).len() > 80);
        assert_eq!(cut("a[1,2]"), "");
    }

    #[test]
    fn who_is_running() {
        let one = |host: &str, seconds, attempt| Running {
            host: host.into(),
            elapsed: Duration::from_secs(seconds),
            attempt,
            phase: Phase::Opening,
            remote: String::new(),
        };
        insta::assert_snapshot!(running(&[one("web1", 65, 1), one("database", 2, 2)]), @r"
        2 running:
          web1      1 min 05 s  connecting
          database     2.0 s  connecting, attempt 2
        ");
        assert_eq!(running(&[]), "nothing is running");
        let copying = Running { phase: Phase::Running, remote: "Copying: file 2".into(), ..one("web1", 3, 1) };
        assert_eq!(running(&[copying]), "1 running:\n  web1     3.0 s  script runs: Copying: file 2");
    }

    #[test]
    fn who_is_slow() {
        let said = |names: &[&str]| {
            let slow = Slow { targets: Vec::new(), elapsed: Duration::from_secs(45), usual: Duration::from_secs(3) };
            slow_line(&slow, names)
        };
        assert_eq!(said(&["web07"]), "web07 has been running for 45 s (most took 3.0 s)");
        assert_eq!(
            said(&["web07", "web08"]),
            "2 hosts (web[07-08]) have been running for 45 s or more (most took 3.0 s)"
        );
    }
}
