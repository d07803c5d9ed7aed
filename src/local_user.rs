//! Who runs this process, by name and by number, and on which machine.

/// The login name, which services and containers often leave out of the environment.
pub(crate) fn name() -> Option<String> {
    let named = ["USER", "LOGNAME", "USERNAME"].iter().filter_map(|name| std::env::var(name).ok());
    named.into_iter().find(|name| !name.is_empty()).or_else(name_of_process)
}

#[cfg(unix)]
fn name_of_process() -> Option<String> {
    let uid = id()?.to_string();
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    let fields = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
    fields.into_iter().find(|fields| fields.get(2) == Some(&uid.as_str()))?.first().map(|name| (*name).to_owned())
}

#[cfg(not(unix))]
fn name_of_process() -> Option<String> {
    None
}

/// The number of the user in whose name we act: the owner of our entry in /proc, else of a file that we make.
#[cfg(unix)]
pub(crate) fn id() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    let own = std::fs::metadata("/proc/self").or_else(|_| tempfile::tempfile()?.metadata());
    own.ok().map(|own| own.uid())
}

/// Other systems have no such number.
#[cfg(not(unix))]
pub fn id() -> Option<u32> {
    None
}

/// The name of this machine; empty where it is not known. A container with processes of its own is a machine of its own,
/// whatever name it shares: its processes say nothing to others, nor theirs to it.
pub(crate) fn machine() -> String {
    /// The kernel's first set of processes.
    const FIRST: &str = "pid:[4026531836]";
    let set = std::fs::read_link("/proc/self/ns/pid").ok();
    let set = set.as_ref().and_then(|set| set.to_str()).filter(|set| *set != FIRST).unwrap_or_default();
    let number: String = set.chars().filter(char::is_ascii_digit).collect();
    if number.is_empty() { host() } else { format!("{number}.{}", host()) }
}

/// The name that this machine has for people; empty where it is not known.
pub(crate) fn host() -> String {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = kernel.or_else(|| ["COMPUTERNAME", "HOSTNAME"].iter().find_map(|name| std::env::var(name).ok()));
    name.unwrap_or_default().trim().to_owned()
}

/// Whether a process has ended, and only its parent has not asked how yet.
#[cfg(target_os = "linux")]
fn has_ended(process: u32) -> bool {
    let state = std::fs::read(format!("/proc/{process}/stat")).unwrap_or_default();
    // Its name stands before the state, in brackets, and may have any bytes.
    let behind_name = state.iter().rposition(|byte| *byte == b')').map(|end| &state[end + 1..]);
    behind_name.and_then(|rest| rest.trim_ascii_start().first()).is_some_and(|state| matches!(state, b'Z' | b'X'))
}

/// Whether a process has ended: other systems do not tell.
#[cfg(all(unix, not(target_os = "linux")))]
fn has_ended(_: u32) -> bool {
    false
}

/// Whether a process of this machine runs. Where that cannot be known, it does.
pub(crate) fn is_running(process: u32) -> bool {
    #[cfg(unix)]
    {
        let number = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
        // One of another user exists, too.
        let is_there = |number| rustix::process::test_kill_process(number) != Err(rustix::io::Errno::SRCH);
        number.is_some_and(is_there) && !has_ended(process)
    }
    #[cfg(not(unix))]
    {
        let _ = process;
        true
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Command, Stdio};

    use super::is_running;

    #[test]
    fn who_has_ended_does_not_run_though_nobody_has_asked() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("cat");
        assert!(is_running(child.id()) && is_running(std::process::id()));
        child.kill().expect("ours");
        // Its end of the pipe is closed as it ends.
        std::io::copy(&mut child.stdout.take().expect("a pipe"), &mut std::io::sink()).expect("read");
        let begun = std::time::Instant::now();
        while is_running(child.id()) {
            assert!(begun.elapsed().as_secs() < 30, "it is a zombie a moment later");
            std::thread::yield_now();
        }
        child.wait().expect("ended");
        assert!(!is_running(child.id()));
    }
}
