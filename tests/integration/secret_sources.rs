//! Passwords out of programs, the encrypted file and a secret server, through the real program on a fleet.

#![cfg(all(unix, feature = "secrets"))]

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use psfleet::sandbox::{Fleet, Options};

use crate::store::{Place, told};
use crate::support::http::{Act, HttpServer, Request};
use crate::support::sandbox::{assert_clean, fleet};

/// What opens the encrypted files of these tests.
const PASSPHRASE: (&str, &str) = ("PSFLEET_SECRETS_PASSPHRASE", "correct horse");

/// A token of a server, as long as HashiCorp's.
const TOKEN: &str = "hvs.CAESIJplantedtoken0123456789";

/// A run on the fleet with the password from a source, as the fleet's own user.
pub(crate) fn run(place: &Place, source: &str, more: &[&str]) -> Command {
    let mut command = place.run(&[&["-o", "jsonl", "--user", &user(place), "--password-from", source], more].concat());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// The fleet's user. Its password is taken out of the inventory, so that none but the source's can be used.
fn user(place: &Place) -> String {
    let file = place.path().join("fleet.toml");
    let text = std::fs::read_to_string(&file).expect("an inventory");
    let lines = text.lines().filter(|line| !line.starts_with("password"));
    std::fs::write(&file, lines.collect::<Vec<_>>().join("\n")).expect("written");
    let user = text.lines().find_map(|line| line.strip_prefix("user = ")).expect("a user");
    user.trim_matches(['\'', '"']).to_owned()
}

async fn small_fleet(hosts: u32) -> (Fleet, Place) {
    let fleet = fleet(Options { hosts, ..Options::default() }).await;
    let place = Place::of(&fleet);
    (fleet, place)
}

/// `psfleet secret`, fed by stdin.
fn secret(place: &Place, args: &[&str], stdin: &str, variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let mut command = place.command(&[&["secret"], args].concat());
    command.envs(variables.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("psfleet starts");
    // One that reads no stdin may have ended.
    let _ = child.stdin.take().expect("piped").write_all(stdin.as_bytes());
    told(child.wait_with_output().expect("psfleet ends"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_asked_once_and_no_secret_shows_anywhere() {
    let (fleet, place) = small_fleet(8).await;
    let script = place.path().join("get-it");
    let password = fleet.password().expose().clone();
    // It leaves behind what it was given, and what its parent shows of itself meanwhile.
    let text = format!(
        "#!/bin/sh\necho \"$*\" >> calls\nenv > environment\ntr '\\0' ' ' < /proc/$PPID/cmdline > parent\n\
         echo '{password}'\necho 'note to self' >&2\n"
    );
    std::fs::write(&script, text).expect("written");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).expect("executable");
    let source = format!("command:{} show 'corp svc'", script.display());
    let logged = ["-v", "--log-file", "run.log", "--log-format", "json", "1 + 1"];
    let mut command = run(&place, &source, &logged);
    command.env("RUST_LOG", "trace").env("PSFLEET_LOG", "trace").env("PSFLEET_SECRET_OTHER", "planted-in-a-variable");
    let (code, stdout, stderr) = told(command.output().expect("psfleet starts"));
    assert_eq!(code, Some(0), "{stderr}");
    let of = |name: &str| String::from_utf8_lossy(&std::fs::read(place.path().join(name)).expect(name)).into_owned();
    assert_eq!(of("calls"), "show corp svc\n");
    let store = std::fs::read(place.path().join(".local/state/psfleet/runs.db")).expect("the store");
    let (environment, parent, log, store) =
        (of("environment"), of("parent"), of("run.log"), String::from_utf8_lossy(&store).into_owned());
    assert!(log.contains("TRACE") && stderr.contains("TRACE") && parent.contains("--password-from"));
    assert!(environment.contains("PATH="), "{environment}");
    for (name, text) in [
        ("stdout", &stdout),
        ("stderr", &stderr),
        ("log", &log),
        ("store", &store),
        ("argv", &parent),
        ("environment", &environment),
    ] {
        assert!(!text.contains(&password) && !text.contains("planted-in-a-variable"), "{name} shows a secret");
    }
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_fails_stops_the_run_before_any_host() {
    let (fleet, place) = small_fleet(2).await;
    for (source, what) in [
        (
            "command:sh -c 'echo hunter2; echo \"gpg: no key\" >&2; exit 2'",
            "the program 'sh' ended with exit code 2: gpg: no key",
        ),
        ("command:no-such-program", "the program 'no-such-program' does not start"),
        (
            "command:printf 'a\\nb'",
            "what the program 'printf' writes has several lines, and a password is one (--password-from)",
        ),
        ("file:svc", "there is no encrypted file"),
        ("vault:secret/svc#password", "nobody says where the secret server is"),
        ("env:NOBODY_SETS_THIS", "the variable NOBODY_SETS_THIS is not set (--password-from)"),
        #[cfg(not(feature = "keyring"))]
        ("keyring:svc", "this psfleet was built without the system's keyring"),
        ("prompt", "there is nobody to ask (--password-from)"),
        ("hunter2", "write one of prompt, env:NAME"),
    ] {
        let (code, stdout, stderr) = told(run(&place, source, &["1"]).output().expect("psfleet starts"));
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{source}: {stderr}");
        let flat = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(what), "{source}: {stderr}");
    }
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_encrypted_file_keeps_what_a_run_logs_on_with() {
    let (fleet, place) = small_fleet(2).await;
    let password = format!("{}\n", fleet.password().expose());
    let (code, _, stderr) = secret(&place, &["set", "svc"], &password, &[]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("nobody to ask for its passphrase") && stderr.contains(PASSPHRASE.0), "{stderr}");
    assert_eq!(secret(&place, &["set", "svc"], &password, &[PASSPHRASE]), (Some(0), String::new(), String::new()));
    let (code, _, stderr) = secret(&place, &["set", "other"], "x\ny\n", &[PASSPHRASE]);
    assert!(code == Some(2) && stderr.contains("the secret has several lines"), "{stderr}");
    let (code, _, stderr) = secret(&place, &["get", "nosuch"], "", &[PASSPHRASE]);
    assert!(code == Some(2) && stderr.contains("psfleet secret ls"), "{stderr}");
    let (code, _, stderr) = secret(&place, &["ls", "--file", "elsewhere.age"], "", &[PASSPHRASE]);
    assert!(code == Some(2) && stderr.contains("psfleet secret set NAME makes it"), "{stderr}");
    assert_eq!(secret(&place, &["set", "other"], "x\n", &[PASSPHRASE]).0, Some(0));
    let (code, _, stderr) = secret(&place, &["set", "other"], "y", &[PASSPHRASE]);
    assert!(code == Some(0) && stderr.contains("there was a secret 'other' before"), "{stderr}");
    let asked = |args: &[&str]| secret(&place, args, "", &[PASSPHRASE]);
    assert_eq!(asked(&["ls"]).1, "other\nsvc\n");
    assert_eq!(asked(&["get", "svc"]).1, password);
    assert_eq!(asked(&["rm", "other"]).0, Some(0));
    for args in [["get", "other"], ["rm", "other"]] {
        let (code, _, stderr) = asked(&args);
        assert!(code == Some(2) && stderr.contains("has no secret 'other'"), "{stderr}");
    }
    let file = place.path().join(".config/psfleet/secrets.age");
    assert_eq!(std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    assert!(!std::fs::read_to_string(&file).expect("armor").contains(password.trim()));
    let (_, _, stderr) = secret(&place, &["ls"], "", &[(PASSPHRASE.0, "wrong")]);
    assert!(stderr.contains("the passphrase is wrong"), "{stderr}");

    let mut command = run(&place, "file:svc", &["1 + 1"]);
    command.env(PASSPHRASE.0, PASSPHRASE.1);
    let (code, stdout, stderr) = told(command.output().expect("psfleet starts"));
    assert_eq!((code, stdout.matches(r#""outcome":"ok""#).count()), (Some(0), 2), "{stderr}");
    assert_clean(fleet).await;
}

/// Answers as HashiCorp documents its key/value engine of version 2 ("KV secrets engine - version 2 (API)", "Read secret
/// version": `GET /:secret-mount-path/data/:path`, below `/v1`; headers `X-Vault-Token` and `X-Vault-Namespace`; "HTTP
/// status codes": 403 `{"errors":["permission denied"]}`, 404 `{"errors":[]}`, 503 when it is sealed).
fn vault(request: &Request, password: &str) -> Act {
    let json = |status, body: String| Act::Answer(status, "Content-Type: application/json\r\n".into(), body);
    let mut lines = request.head.lines();
    let line = lines.next().unwrap_or_default();
    let header = |name: &str| {
        request.head.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name))
    };
    if header("X-Vault-Token").is_none_or(|(_, token)| token != TOKEN) {
        return json(403, r#"{"errors":["permission denied\u001b[2J"]}"#.to_owned());
    }
    match line {
        "GET /v1/secret/data/servers/svc%20one HTTP/1.1" => json(
            200,
            format!(
                r#"{{"request_id":"b9e3","lease_id":"","renewable":false,"lease_duration":0,"data":{{"data":{{"password":"{password}","port":5}},"metadata":{{"version":3,"deletion_time":"","destroyed":false}}}},"warnings":null}}"#
            ),
        ),
        "GET /v1/old/data/svc HTTP/1.1" => json(200, format!(r#"{{"data":{{"password":"{password}"}}}}"#)),
        "GET /v1/sealed/data/svc HTTP/1.1" => json(503, r#"{"errors":["Vault is sealed"]}"#.to_owned()),
        "GET /v1/moved/data/svc HTTP/1.1" => {
            Act::Answer(307, "Location: https://elsewhere.example/v1/moved/data/svc\r\n".into(), String::new())
        }
        "GET /v1/large/data/svc HTTP/1.1" => json(200, " ".repeat(3 << 20)),
        _ => json(404, r#"{"errors":[]}"#.to_owned()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_server_is_asked_once_for_all_hosts() {
    let (fleet, place) = small_fleet(8).await;
    let (password, asked) = (fleet.password().expose().clone(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&asked);
    let server = HttpServer::start(None, move |request| {
        count.fetch_add(1, Ordering::SeqCst);
        let act = vault(&request, &password);
        Box::pin(async move { act })
    })
    .await;
    let url = format!("http://127.0.0.1:{}", server.port);
    let with = |source: &str, variables: &[(&str, &str)]| {
        let mut command = run(&place, source, &["1 + 1"]);
        command.env("VAULT_ADDR", &url).envs(variables.iter().copied());
        told(command.output().expect("psfleet starts"))
    };
    let token = [("VAULT_TOKEN", TOKEN)];
    let right = "vault:secret/servers/svc one#password";
    let (code, stdout, stderr) = with(right, &token);
    assert_eq!((code, stdout.matches(r#""outcome":"ok""#).count()), (Some(0), 8), "{stderr}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    // What `vault login` leaves counts as well.
    std::fs::write(place.path().join(".vault-token"), TOKEN).expect("written");
    assert_eq!(with(right, &[]).0, Some(0));
    std::fs::remove_file(place.path().join(".vault-token")).expect("removed");
    for (source, variables, what) in [
        (right, &[][..], "there is no token for the secret server http://127.0.0.1:"),
        (
            right,
            &[("VAULT_TOKEN", "hvs.other")],
            r"does not let us read secret/servers/svc one: permission denied\u{1b}[2J",
        ),
        ("vault:secret/nobody#password", &token, "has no secret/nobody"),
        ("vault:secret/servers/svc one#pin", &token, "has no field 'pin'; it has password, port"),
        ("vault:secret/servers/svc one#port", &token, "the field 'port' of secret/servers/svc one is not text"),
        ("vault:old/svc#password", &token, "not that of a key/value engine of version 2, mounted at old"),
        (
            "vault:sealed/svc#password",
            &token,
            "is sealed or down for maintenance: Vault is sealed (--password-from) hint: vault status says which",
        ),
        ("vault:moved/svc#password", &token, "sends us elsewhere: https://elsewhere.example"),
        ("vault:large/svc#password", &token, "answers more than a secret is"),
        (right, &[token[0], ("VAULT_ADDR", "http://vault.example:8200")], "would be sent in the clear"),
        (right, &[token[0], ("VAULT_ADDR", "http://127.0.0.1:1")], "cannot be reached: "),
    ] {
        let (code, _, stderr) = with(source, variables);
        let flat = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(code == Some(2) && flat.contains(what), "{source}: {stderr}");
        assert!(!stderr.contains(TOKEN) && !stderr.contains("hvs.other"), "{stderr}");
    }
    server.stop().await;
    assert_clean(fleet).await;
}
