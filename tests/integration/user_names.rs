//! Names that nobody can log on with are usage errors: nothing is sent.

use std::net::TcpListener;
use std::process::Command;

#[test]
fn a_name_of_no_form_is_refused_before_the_run() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let port = listener.local_addr().expect("an address").port().to_string();
    for (auth, user, text) in [
        ("negotiate", "DOM\\", "there is no name after the backslash"),
        ("ntlm", "DOM\\", "cannot log on with NTLM"),
        ("negotiate", ".\\", "there is no name after the backslash"),
        ("negotiate", "@dom.test", "there is no name before the @"),
        ("negotiate", "alice@", "there is no domain after the @"),
        ("negotiate", "a\\b\\c", "there is more than one backslash"),
        ("basic", "a:b", "Basic does not allow a colon in a user name"),
    ] {
        for plan in [false, true] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
            command.args(["run", "-t", "127.0.0.1", "--port", &port, "--tls", "--auth", auth, "-u", user, "hostname"]);
            command.args(plan.then_some("--plan")).env("PSFLEET_PASSWORD", "x");
            let ended = command.output().expect("psfleet runs");
            let said = String::from_utf8_lossy(&ended.stderr);
            assert_eq!(ended.status.code(), Some(2), "{user}: {said}");
            assert!(said.contains(text) && said.contains(&format!("'{user}'")), "{user}: {said}");
        }
    }
    assert!(listener.accept().is_err(), "something was sent");
}

#[test]
fn a_workstation_has_the_name_of_a_computer() {
    for name in ["", "a b", "sixteen-letters-", "DOM\\PC", "\u{fc}"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.args(["run", "-t", "127.0.0.1", "--workstation", name, "-u", "u", "hostname"]);
        let ended = command.output().expect("psfleet runs");
        assert_eq!(ended.status.code(), Some(2), "{name}");
        assert!(String::from_utf8_lossy(&ended.stderr).contains("workstation"), "{name}");
    }
}
