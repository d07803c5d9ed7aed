//! No secret in any log, not even when everything is logged.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use psfleet::sandbox::Options;
use psfleet::target::AuthMethod;
use tokio::process::Command;

#[cfg(target_os = "linux")]
use crate::support::core;
use crate::support::program::Running;
use crate::support::sandbox::{assert_clean, fleet};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_trace_shows_neither_password_nor_script() {
    for (auth, tls) in [(AuthMethod::Negotiate, false), (AuthMethod::Ntlm, false), (AuthMethod::Basic, true)] {
        let fleet = fleet(Options { hosts: 1, tls, auth: vec![auth], ..Options::default() }).await;
        let inventory = fleet.folder().join("fleet.toml");
        std::fs::write(&inventory, fleet.inventory_toml()).expect("an inventory");
        std::fs::set_permissions(&inventory, std::fs::Permissions::from_mode(0o600)).expect("permissions");
        let output = Command::new(env!("CARGO_BIN_EXE_psfleet"))
            .args(["run", "'mar' + 'ker-7f3a'", "-t", "@all", "-o", "jsonl", "-i"])
            .arg(&inventory)
            .env("RUST_LOG", "trace")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .expect("psfleet runs");
        let (stdout, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(stdout.contains("marker-7f3a"), "{stdout}{log}");
        assert!(log.contains("TRACE"), "nothing was logged: {log}");
        // The script is base64 inside the request, so a request that is shown shows the script.
        for secret in [fleet.password().expose().as_str(), "ker-7f3a", "rsp:Arguments"] {
            for shown in forms(secret) {
                assert!(!log.contains(&shown), "{auth}: the log shows '{secret}' as '{shown}'");
            }
        }
        assert_clean(fleet).await;
    }
}

/// Of what proved the user, a run keeps one copy once all hosts have let it in: the one for connections that are made
/// anew in its midst. Basic sends it with each request: it stands in the header of each connection too, and in the
/// buffer of hyper, which wipes nothing.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_core_image_holds_one_copy_of_the_password() {
    const HOSTS: usize = 4;
    for (auth, tls) in [(AuthMethod::Ntlm, false), (AuthMethod::Negotiate, false), (AuthMethod::Basic, true)] {
        let fleet = fleet(Options { hosts: HOSTS as u32, tls, auth: vec![auth], ..Options::default() }).await;
        let (password, inventory) = (fleet.password().expose().clone(), fleet.folder().join("fleet.toml"));
        let toml = fleet.inventory_toml();
        let lines: Vec<_> = toml.lines().filter(|line| !line.starts_with("password")).collect();
        std::fs::write(&inventory, lines.join("\n")).expect("an inventory");
        let given = fleet.folder().join("password");
        std::fs::write(&given, &password).expect("written");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.args(["run", "'begun'; Start-Sleep 120", "-t", "@all", "-o", "jsonl", "--no-store", "-i"]);
        command.arg(&inventory).arg("--password-from").arg(format!("command:cat {}", given.display()));
        let mut running = Running::start(&mut command);
        running.wait_for("object", HOSTS);
        let pair = format!("{}:{password}", fleet.user());
        let forms = [
            ("password", password.clone().into_bytes(), 1),
            ("password in UTF-16", core::wide(&password), 0),
            (
                "header of Basic",
                base64_simd::STANDARD.encode_to_string(pair).into_bytes(),
                if auth == AuthMethod::Basic { 4 * HOSTS } else { 0 },
            ),
        ];
        core::assert_copies(running.id(), &forms, auth.name());
        running.signal("INT");
        running.end();
        assert_clean(fleet).await;
    }
}

/// How logs show text: as it is, in base64, as hexadecimal bytes or as a list of them; UTF-8 and UTF-16.
fn forms(secret: &str) -> Vec<String> {
    let wide: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut forms = vec![secret.to_owned()];
    for bytes in [secret.as_bytes(), &wide] {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
        forms.extend([hex.to_uppercase(), hex, list.join(", "), base64_simd::STANDARD.encode_to_string(bytes)]);
    }
    forms
}
