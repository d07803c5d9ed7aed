//! The system's keyring, by a Secret Service that we did not write: GNOME's, each time on a bus of its own.

use std::path::Path;
use std::process::{Command, Stdio};

use psfleet::sandbox::Options;

use crate::secret_sources::run;
use crate::store::{Place, told};
use crate::support::sandbox::{assert_clean, fleet};
use crate::support::skip;

/// Opens the keyring of the folder, which is made where there is none, then does the rest of the line.
const SESSION: &str =
    "printf unlocks | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1 && exec \"$@\"";

/// Does a command in a session with a keyring; what it is to read stands in a file.
fn within(place: &Place, command: &Command, stdin: &str) -> (Option<i32>, String, String) {
    let input = place.path().join("stdin");
    std::fs::write(&input, stdin).expect("written");
    let runtime = place.path().join("runtime");
    std::fs::create_dir_all(&runtime).expect("made");
    let mut session = Command::new("dbus-run-session");
    session.args(["--", "sh", "-c", SESSION, "sh"]).arg(command.get_program()).args(command.get_args());
    let variables = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    session.env_clear().envs(variables).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    session.env("XDG_RUNTIME_DIR", runtime).current_dir(place.path());
    session.stdin(std::fs::File::open(input).expect("written")).stdout(Stdio::piped()).stderr(Stdio::piped());
    let (code, stdout, stderr) = told(session.output().expect("dbus-run-session starts"));
    // The bus says what it would have liked of the system's limits.
    let of_bus = |line: &&str| line.starts_with("dbus-daemon[");
    (code, stdout, stderr.split_inclusive('\n').filter(|line| !of_bus(line)).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_service_keeps_what_a_run_logs_on_with() {
    for program in ["/usr/bin/dbus-run-session", "/usr/bin/gnome-keyring-daemon"] {
        if !Path::new(program).is_file() {
            return skip(format_args!("no {program} (Debian: dbus gnome-keyring)"));
        }
    }
    let fleet = fleet(Options { hosts: 2, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let password = fleet.password().expose().clone();
    let secret = |args: &[&str], stdin: &str| {
        within(&place, &place.command(&[&["secret"], args, &["--keyring", "svc"]].concat()), stdin)
    };
    let (code, stdout, stderr) = secret(&["get"], "");
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("the keyring has no 'svc' of psfleet"), "{stderr}");
    assert!(stderr.contains("psfleet secret set --keyring svc"), "{stderr}");

    assert_eq!(secret(&["set"], &format!("{password}\n")), (Some(0), String::new(), String::new()));
    assert_eq!(secret(&["get"], ""), (Some(0), format!("{password}\n"), String::new()), "another session has it, too");
    let (code, stdout, stderr) = within(&place, &run(&place, "keyring:svc", &["1 + 1"]), "");
    assert_eq!((code, stdout.matches("\"host_done\"").count()), (Some(0), 2), "{stderr}");
    assert!(!stdout.contains(&password) && !stderr.contains(&password));

    assert_eq!(secret(&["rm"], "").0, Some(0));
    assert_eq!(secret(&["get"], "").0, Some(2), "it is gone");

    // Without a session there is none.
    let (code, _, stderr) =
        told(place.command(&["secret", "get", "--keyring", "svc"]).output().expect("psfleet starts"));
    assert!(code == Some(2) && stderr.contains("there is no keyring here"), "{stderr}");
    assert_clean(fleet).await;
}
