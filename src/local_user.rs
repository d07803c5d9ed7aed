//! Who runs this process, by name and by number.

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
