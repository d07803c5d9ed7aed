//! Files there and back: over WinRM and SSH, beside SFTP and PowerShell's own `Copy-Item -ToSession`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Scale;
use crate::folder::Folder;
use crate::measure::row;
use crate::process::{PSFLEET, Sandbox, Used, watch};
use crate::sshd::{Setup, Sshd, user};

/// Pushes one file to all hosts and pulls it back; what comes back is what was sent.
pub(crate) fn compare(scale: Scale) {
    let Some(pwsh) = std::env::var_os("PSFLEET_TEST_PWSH").map(PathBuf::from) else {
        println!("skipped: copies need PSFLEET_TEST_PWSH");
        return;
    };
    let (hosts, mebibytes) = scale.copy;
    let folder = Folder::new("bench-copy");
    let file = folder.path().join("file");
    fs::write(&file, noise(mebibytes << 20)).expect("the file");
    winrm(&pwsh, hosts, mebibytes, folder.path(), &file);
    ssh(&pwsh, mebibytes, folder.path(), &file);
}

fn winrm(pwsh: &Path, hosts: u32, mebibytes: usize, folder: &Path, file: &Path) {
    let pwsh = pwsh.display().to_string();
    let most = hosts.to_string();
    let engine = ["--engine", "pwsh", "--pwsh", &pwsh, "--engine-processes", &most];
    let sandbox = Sandbox::start_with(hosts, "0ms", "ntlm", &engine);
    let (pushed, pulled) = there_and_back(&sandbox.inventory(), "~/file", folder, file);
    for (way, used) in [("push", pushed), ("pull", pulled)] {
        let name = format!("copy {way}, winrm ntlm, {mebibytes} MiB x {hosts} hosts");
        let bytes = mebibytes as f64 * f64::from(hosts);
        row(&format!("{name}: all hosts together"), bytes / used.wall.as_secs_f64(), "MiB/s");
        row(&format!("{name}: VmHWM"), used.peak as f64 / f64::from(1 << 20), "MiB");
    }
}

fn ssh(pwsh: &Path, mebibytes: usize, folder: &Path, file: &Path) {
    for sftp in [false, true] {
        let mut setup = Setup::with_powershell(pwsh);
        if sftp {
            setup.config = "Subsystem sftp internal-sftp\n".to_owned();
        }
        let Some(sshd) = Sshd::start(&setup) else {
            println!("skipped: copies over SSH need OpenSSH's server");
            return;
        };
        let (port, key, known) = (sshd.port, sshd.user_key(), sshd.known_hosts());
        let inventory = sshd.file("inventory.toml");
        let text = format!(
            "[hosts.lin]\ntransport = \"ssh\"\naddress = \"127.0.0.1\"\nport = {port}\nidentity = [{key:?}]\nknown_hosts = [{known:?}]\n"
        );
        fs::write(&inventory, text).expect("the inventory");
        let there = folder.join("there").display().to_string();
        let (pushed, pulled) = there_and_back(&inventory.display().to_string(), &there, folder, file);
        let by = if sftp { "SFTP" } else { "session" };
        assert_eq!(sshd.log().contains("subsystem 'sftp'"), sftp, "the bytes go another way: {}", sshd.log());
        for (way, used) in [("push", pushed), ("pull", pulled)] {
            let name = format!("copy {way}, ssh, {by}, {mebibytes} MiB");
            row(&name, mebibytes as f64 / used.wall.as_secs_f64(), "MiB/s");
        }
        if !sftp {
            copy_item(pwsh, &sshd, mebibytes, folder, file);
        }
    }
}

fn copy_item(pwsh: &Path, sshd: &Sshd, mebibytes: usize, folder: &Path, file: &Path) {
    let script = format!(
        "$s = New-PSSession -HostName 127.0.0.1 -Port {} -UserName {} -KeyFilePath '{}' -Options @{{ UserKnownHostsFile = '{}' }}; \
         Copy-Item '{}' '{}' -ToSession $s -ErrorAction Stop",
        sshd.port,
        user(),
        sshd.user_key().display(),
        sshd.known_hosts().display(),
        file.display(),
        folder.join("theirs").display()
    );
    let used = watch(Command::new(pwsh).args(["-NoLogo", "-NoProfile", "-c", &script]));
    assert!(fs::read(folder.join("theirs")).expect("a file") == fs::read(file).expect("a file"));
    row(&format!("Copy-Item -ToSession, ssh, {mebibytes} MiB"), mebibytes as f64 / used.wall.as_secs_f64(), "MiB/s");
}

/// Pushes, removes nothing, pulls, and compares what came back from each host.
fn there_and_back(inventory: &str, there: &str, folder: &Path, file: &Path) -> (Used, Used) {
    let flags = ["-i", inventory, "-t", "@all", "-o", "none", "--progress", "none", "--force"];
    let back = folder.join("back");
    let pushed = watch(Command::new(PSFLEET).args(["copy", "push"]).arg(file).arg(there).args(flags));
    let pulled = watch(Command::new(PSFLEET).args(["copy", "pull", there]).arg(&back).args(flags));
    let sent = fs::read(file).expect("a file");
    let name = Path::new(there).file_name().expect("a name");
    for host in fs::read_dir(&back).expect("a folder").flatten() {
        assert!(fs::read(host.path().join(name)).expect("a file") == sent, "another file came back: {host:?}");
    }
    fs::remove_dir_all(&back).expect("removed");
    (pushed, pulled)
}

/// Bytes that do not compress.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
