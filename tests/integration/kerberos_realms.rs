//! Kerberos beyond one realm, and for longer than a ticket lasts.

use std::process::Command;

use psfleet::sandbox::{Fleet, Options};
use psfleet::target::AuthMethod;

use crate::support::kdc::{Kdc, REALM};
use crate::support::program::Running;
use crate::support::sandbox::fleet;

const USER: &str = "psfleet";
const PASSWORD: &str = "right-5ecret";
const OTHER: &str = "FABRIKAM.COM";

/// Hosts that take the tickets of a keytab, and their inventory.
async fn hosts(hosts: u32, client: &Kdc, keys: &Kdc) -> Fleet {
    let auth = vec![AuthMethod::Kerberos];
    let fleet = fleet(Options { hosts, keytab: Some(keys.keytab()), auth, ..Options::default() }).await;
    let names_somebody = |line: &&str| line.starts_with("user =") || line.starts_with("password =");
    let inventory = fleet.inventory_toml();
    let lines: Vec<&str> = inventory.lines().filter(|line| !names_somebody(line)).collect();
    std::fs::write(client.file("fleet.toml"), lines.join("\n")).expect("an inventory");
    fleet
}

/// A run on all of them by the ticket of the test's cache.
fn run(kdc: &Kdc, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args([
        "run",
        "-o",
        "jsonl",
        "--no-input",
        "--no-store",
        "--retries",
        "0",
        "-t",
        "@all",
        "-i",
        "fleet.toml",
    ]);
    command.args(["--auth", "kerberos"]).args(arguments).current_dir(kdc.file(""));
    kdc.environment(&mut command).env("PSFLEET_STATE_DIR", kdc.file("state")).env_remove("PSFLEET_PASSWORD");
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_of_one_realm_logs_on_to_a_host_of_another() {
    let server = "HTTP/web001.fabrikam.com";
    let Some(theirs) = Kdc::of_realm(OTHER, None, &[], &[server.to_owned()]) else { return };
    let Some(ours) = Kdc::of_realm(REALM, Some(&theirs), &[(USER, PASSWORD)], &[]) else { return };
    let fleet = hosts(1, &ours, &theirs).await;
    ours.kinit(USER, PASSWORD, "1h");
    // By the way that our KDC shows, as those of Windows do, and by the realm's own name.
    for server in [server.to_owned(), format!("{server}@{OTHER}")] {
        let ended = Running::start(&mut run(&ours, &["--spn", &server, "1"])).end();
        let [(_, done)] = ended.outcomes()[..] else { panic!("one host") };
        assert_eq!((&done["outcome"], &done["auth"]), (&"ok".into(), &"Kerberos".into()), "{ended:#?}");
    }
    assert!(theirs.logged(&["TGS_REQ", "ISSUE", "psfleet@CONTOSO.COM"]) > 0, "{}", theirs.log());
    // A realm that trusts nobody.
    let ended = Running::start(&mut run(&ours, &["--spn", "HTTP/web001@NOBODY.TEST", "1"])).end();
    let [(_, done)] = ended.outcomes()[..] else { panic!("one host") };
    let message = done["message"].as_str().unwrap_or_default();
    assert_eq!(done["reason"], "unknown_spn", "{ended:#?}");
    assert!(message.contains("knows no server HTTP/web001@NOBODY.TEST"), "{message}");
    assert_eq!(fleet.shutdown().await.failed_logons, 0);
}

/// The first host works for longer than the ticket lasts, and the others have their turn behind it.
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_ends_in_the_middle_of_a_run_is_named_or_the_new_one_is_taken() {
    let names: Vec<String> = ["web001", "web002", "web003"].map(|host| format!("HTTP/{host}")).into();
    let Some(kdc) = Kdc::start(&[(USER, PASSWORD)], &names) else { return };
    let fleet = hosts(3, &kdc, &kdc).await;
    let arguments = ["--ramp", "1,100%", "'begun'; if ($env:COMPUTERNAME -eq 'web001') { Start-Sleep 5 }"];
    for is_renewed in [false, true] {
        kdc.kinit(USER, PASSWORD, "4s");
        let mut running = Running::start(&mut run(&kdc, &arguments));
        running.wait_for("object", 1);
        if is_renewed {
            kdc.kinit(USER, PASSWORD, "1h");
        }
        let ended = running.end();
        let outcomes = ended.outcomes();
        let of = |outcome: &str| outcomes.iter().filter(|(_, data)| data["outcome"] == outcome).count();
        match is_renewed {
            true => assert_eq!((ended.code, of("ok")), (Some(0), 3), "{ended:#?}"),
            false => {
                assert_eq!((ended.code, of("ok"), of("auth")), (Some(3), 1, 2), "{ended:#?}");
                let named = |key: &str, text: &str| {
                    let late = outcomes.iter().filter(|(_, data)| data["outcome"] == "auth");
                    late.map(|(_, data)| data[key].as_str()).all(|said| said.is_some_and(|said| said.contains(text)))
                };
                assert!(
                    named("reason", "no_ticket") && named("message", "the Kerberos ticket has expired"),
                    "{ended:#?}"
                );
                assert!(named("hint", "kinit"), "{ended:#?}");
            }
        }
    }
    assert_eq!(fleet.shutdown().await.failed_logons, 0);
}
