//! An `ssh-agent` of our own, gone when dropped.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long it may take to make its socket.
const START_WAIT: Duration = Duration::from_secs(20);

/// OpenSSH's agent with some keys.
pub(crate) struct Agent {
    process: Child,
    /// Where it listens.
    pub socket: PathBuf,
}

impl Agent {
    /// Starts it, and adds the keys of files with their certificates.
    pub(crate) fn start(socket: PathBuf, keys: &[PathBuf]) -> Self {
        let mut command = Command::new("ssh-agent");
        let process = command.arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn().expect("ssh-agent starts");
        let agent = Self { process, socket };
        let start = Instant::now();
        while !agent.socket.exists() {
            assert!(start.elapsed() < START_WAIT, "the agent makes no socket");
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut add = Command::new("ssh-add");
        let added = add.arg("-q").args(keys).env("SSH_AUTH_SOCK", &agent.socket).status();
        assert!(added.expect("ssh-add runs").success());
        agent
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
