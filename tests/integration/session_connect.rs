//! Shells that another client has left are taken over by hand: what runs in them is received to its end.

#![cfg(unix)]

use psfleet::sandbox::{Engine, Fleet, Options};
use serde_json::{Value, json};

use crate::store::Place;
use crate::support::pwsh;
use crate::support::sandbox::{assert_clean, fleet, has_pypsrp, pypsrp_job};

const LONG: &str = "'first'; Start-Sleep -Milliseconds 700; Write-Error 'careful'; 'x' * 100000; 'last'";

/// What `session connect` showed.
struct Told {
    code: Option<i32>,
    objects: Vec<Value>,
    end: Value,
    stderr: String,
}

fn connect(place: &Place, args: &[&str]) -> Told {
    let all = [&["session", "connect", "--no-input", "-i", "fleet.toml", "-o", "jsonl"], args].concat();
    let (code, stdout, stderr) = place.output(&all);
    let events: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let of = |kind: &str| -> Vec<Value> {
        events.iter().filter(|event| event["type"] == kind).map(|event| event["data"].clone()).collect()
    };
    Told { code, objects: of("object"), end: of("host_done").pop().unwrap_or_default(), stderr }
}

/// Another client leaves a shell with this script, or an idle one; returns its id.
async fn left(fleet: &Fleet, script: &str) -> String {
    let job = json!({ "password": fleet.password().expose(), "auth": "negotiate", "left": script });
    pypsrp_job(fleet, job).await["shell"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_client_left_is_received_and_its_shell_stays() {
    if !has_pypsrp().await {
        return;
    }
    let fleet = fleet(Options { hosts: 1, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let none = connect(&place, &["web001"]);
    assert_eq!((none.code, &none.end["reason"]), (Some(1), &json!("no_shell")), "{}", none.stderr);
    let shell = left(&fleet, LONG).await;
    let came = connect(&place, &["web001"]);
    assert_eq!((came.code, &came.end["outcome"]), (Some(0), &json!("ok_with_errors")), "{}", came.stderr);
    assert_eq!((&came.objects[0], &came.objects[2]), (&json!("first"), &json!("last")));
    assert!(came.stderr.contains("the shell stays on its host"), "{}", came.stderr);
    assert_eq!((fleet.stats().open_shells, fleet.stats().open_commands), (1, 0));
    let again = connect(&place, &[&format!("web001/{}", &shell[..6])]);
    assert_eq!((again.code, &again.end["reason"]), (Some(1), &json!("no_shell")));
    assert!(again.stderr.contains("no pipeline runs in the shell"), "{}", again.stderr);
    let closed = connect(&place, &["web001", "--close"]);
    assert_eq!((closed.code, fleet.stats().open_shells), (Some(0), 0), "{}", closed.stderr);
    let gone = connect(&place, &[&format!("web001/{shell}")]);
    assert_eq!((gone.code, &gone.end["reason"]), (Some(1), &json!("no_shell")));
    assert!(gone.stderr.contains(&format!("the host has no shell {shell}")), "{}", gone.stderr);
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_powershell_is_received_from() {
    let Some(pwsh) = pwsh() else { return };
    if !has_pypsrp().await {
        return;
    }
    let fleet = fleet(Options { hosts: 1, engine: Engine::Pwsh, pwsh, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let shell = left(&fleet, LONG).await;
    let came = connect(&place, &[&format!("web001/{shell}"), "--close"]);
    assert_eq!((came.code, &came.end["outcome"]), (Some(0), &json!("ok_with_errors")), "{}", came.stderr);
    assert_eq!((&came.objects[0], &came.objects[2]), (&json!("first"), &json!("last")));
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_still_runs_is_left_again_and_one_of_several_has_to_be_named() {
    if !has_pypsrp().await {
        return;
    }
    let fleet = fleet(Options { hosts: 1, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let slow =
        left(&fleet, "'first'; while (-not (Test-Path C:\\go)) { Start-Sleep -Milliseconds 50 }; 'second'").await;
    let early = connect(&place, &["web001", "--timeout", "1s"]);
    assert_eq!((early.code, &early.end["outcome"]), (Some(5), &json!("detached")), "{}", early.stderr);
    assert_eq!(early.objects, ["first"]);
    let idle = left(&fleet, "").await;
    let which = connect(&place, &["web001"]);
    assert_eq!(which.code, Some(1));
    assert!(which.stderr.contains(&*slow) && which.stderr.contains(&*idle), "{}", which.stderr);
    let run = ["-q", "-o", "none", "--no-store", "$null = New-Item C:\\go"];
    assert_eq!(place.run(&run).status().expect("psfleet starts").code(), Some(0));
    let late = connect(&place, &[&format!("web001/{slow}"), "--close"]);
    assert_eq!((late.code, late.objects), (Some(0), vec![json!("second")]), "{}", late.stderr);
    let closed = connect(&place, &[&format!("web001/{idle}"), "--close"]);
    assert_eq!(closed.code, Some(0), "{}", closed.stderr);
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_with_a_client_is_not_taken() {
    if !has_pypsrp().await {
        return;
    }
    let fleet = fleet(Options { hosts: 1, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let shell = left(&fleet, "1").await;
    let password = fleet.password().expose();
    pypsrp_job(&fleet, json!({ "password": password, "auth": "negotiate", "take": true })).await;
    let busy = connect(&place, &[&format!("web001/{shell}"), "--close"]);
    assert_eq!((busy.code, &busy.end["reason"]), (Some(1), &json!("in_use")), "{}", busy.stderr);
    assert!(busy.stderr.contains("another client has the shell"), "{}", busy.stderr);
    assert_eq!(fleet.stats().open_shells, 1, "it is not ours to close");
    fleet.shutdown().await;
}
