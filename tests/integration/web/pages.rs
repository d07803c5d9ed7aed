//! Pages and answers for programs: every link leads somewhere, nothing foreign becomes markup, nothing is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use jiff::Timestamp;
use psfleet::web::view::{Alert, Cell, Check, Host, Measure, Run, Silence, Snapshot, State, Verdict};
use psfleet::web::{Limits, hash_token};

use super::markup::{Tag, names, tags};
use super::sample::Sample;
use super::{Answer, Server, skipped};

/// What somebody may call a host, a check or a group, and what a host may say.
const HOSTILE: [&str; 9] = [
    "<script>alert(1)</script>",
    "\"><evil onload=\"x",
    "' onclick='x' a='",
    "a/b?c#d&e=f",
    "%2e%41%",
    "é 🦀\u{202e}x",
    "&lt;evil&gt;",
    "</title></pre></code><evil>",
    "a+b{c}\\d;e,f*",
];

/// The whole vocabulary of the pages.
const VOCABULARY: &str = "@action @aria-current @aria-hidden @aria-label @aria-labelledby @charset @class @content @cx @cy @d \
    @datetime @defer @height @href @id @lang @max @method @name @open @points @r @rel @role @scope @selected @src \
    @tabindex @title @type @value @viewBox @width a body br button circle code dd details div dl dt form h1 h2 h3 head \
    header html label li link main meta nav ol option p path polyline pre progress script section select span strong \
    summary svg table tbody td th thead time title tr ul wbr";

/// A fleet in which every text is hostile.
fn hostile() -> Arc<Sample> {
    let texts = HOSTILE.map(str::to_owned);
    let now = Timestamp::now();
    let check = |name: &String| Check {
        name: name.clone(),
        title: name.clone(),
        description: name.clone(),
        owner: Some(name.clone()),
        runbook: Some(format!("javascript:{name}")),
        labels: [(name.clone(), name.clone())].into(),
        schedule: name.clone(),
        next: Some(now),
        rules: texts.to_vec(),
    };
    let cell = |n: usize| Cell {
        state: State::WORST_FIRST[n % 4],
        text: HOSTILE[n].to_owned(),
        since: now,
        seen: now,
        silenced: n == 3,
        measures: vec![Measure {
            name: HOSTILE[n].to_owned(),
            value: 1.5,
            unit: HOSTILE[n].to_owned(),
            warn: Some(HOSTILE[n].to_owned()),
            crit: Some(HOSTILE[n].to_owned()),
        }],
    };
    let state = State::Critical;
    let of = |name: &String| (name.clone(), name.clone());
    Sample::of(Snapshot {
        title: texts[0].clone(),
        taken: now,
        checks: texts.iter().map(check).collect(),
        hosts: texts.iter().map(|name| Host { name: name.clone(), groups: vec![name.clone()] }).collect(),
        cells: (0..texts.len())
            .map(|row| (0..texts.len()).map(|n| Some(cell((n + row) % texts.len()))).collect())
            .collect(),
        fleet: texts.iter().map(of).map(|(check, text)| Verdict { check, state, text }).collect(),
        runs: texts
            .iter()
            .map(of)
            .map(|(id, check)| Run { id, checks: vec![check], targets: 9, ..Run::default() })
            .collect(),
        alerts: texts
            .iter()
            .map(of)
            .map(|(check, text)| Alert { check, hosts: texts.to_vec(), state, text, since: now, told: texts.to_vec() })
            .collect(),
        silences: texts
            .iter()
            .map(of)
            .map(|(id, what)| Silence { id, what: what.clone(), until: now, author: what.clone(), reason: what })
            .collect(),
        troubles: texts.to_vec(),
    })
}

/// Every page that links lead to, from the first one on.
async fn crawl(server: &Server) -> BTreeMap<String, (Answer, Vec<Tag>)> {
    let mut seen = BTreeMap::new();
    let mut open = vec!["/".to_owned()];
    while let Some(path) = open.pop() {
        if seen.contains_key(&path) {
            continue;
        }
        let answer = server.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.head);
        let is_page = answer.header("content-type") == Some("text/html; charset=utf-8");
        let tags = if is_page { tags(&answer.body) } else { Vec::new() };
        let links = tags.iter().flat_map(|tag| &tag.attributes).filter(|(name, _)| name == "href" || name == "src");
        open.extend(
            links
                .filter(|(_, path)| path.starts_with('/'))
                .map(|(_, path)| path.split('#').next().unwrap_or("/").to_owned()),
        );
        seen.insert(path, (answer, tags));
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_leads_somewhere_and_no_foreign_text_becomes_markup() {
    let server = Server::start(hostile(), Limits::default()).await;
    let pages = crawl(&server).await;
    // Hosts, checks, each on each, runs, and groups of the matrix are all there.
    let some = HOSTILE.len();
    assert!(pages.len() > some + some + some * some + some + some, "{:?}", pages.keys());
    let known: BTreeSet<String> = VOCABULARY.split_whitespace().map(str::to_owned).collect();
    let mut used = BTreeSet::new();
    for (path, (_, tags)) in &pages {
        used.extend(names(tags));
        for tag in tags {
            let inline = tag.name == "script"
                && !tag.attributes.iter().any(|(name, value)| name == "src" && value.starts_with("/assets/"));
            assert!(!inline, "{path} has a script of its own");
            let link = tag.attributes.iter().find(|(name, _)| name == "href" || name == "src" || name == "action");
            assert!(link.is_none_or(|(_, target)| target.starts_with(['/', '#'])), "{path} leads to {link:?}");
        }
    }
    let foreign: Vec<_> = used.difference(&known).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let server = Server::start(Sample::fleet(), Limits::default()).await;
    let mut answers = vec![server.ask("POST", "/", "", "x").await, server.ask("DELETE", "/hosts/web001", "", "").await];
    assert!(
        answers.iter().all(|answer| answer.status == 405 && answer.header("allow") == Some("GET, HEAD")),
        "{answers:?}"
    );
    for path in [
        "/nowhere",
        "/hosts/none",
        "/checks/none",
        "/hosts/web001/none",
        "/runs/none",
        "/assets/none",
        "/api/v1/none",
        "/api/v1/hosts/none",
    ] {
        let answer = server.get(path).await;
        assert_eq!((answer.status, answer.body.is_empty()), (404, false), "{path}");
        answers.push(answer);
    }
    for path in ["/", "/matrix", "/metrics", "/healthz", "/api/v1/hosts", "/assets/style.css"] {
        answers.push(server.get(path).await);
    }
    for answer in &answers {
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        let [sniff, referrer] = ["x-content-type-options", "referrer-policy"].map(|name| answer.header(name));
        assert_eq!((sniff, referrer), (Some("nosniff"), Some("no-referrer")), "{}", answer.head);
        assert!(answer.header("cache-control").is_some(), "{}", answer.head);
    }
    let head = server.ask("HEAD", "/", "", "").await;
    assert_eq!((head.status, &*head.body), (200, ""));
    let elsewhere =
        Answer::of(&server.send(b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n").await);
    assert_eq!(elsewhere.status, 421, "{elsewhere:?}");
    assert!(!elsewhere.body.contains("contoso"), "{elsewhere:?}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_and_paths_that_mean_nothing_are_said_to_be_so() {
    let server = Server::start(Sample::fleet(), Limits::default()).await;
    for (path, status) in [
        ("/matrix?state=critical&group=web&page=2", 200),
        ("/matrix?page=99999999999999999999999&state=%00&group=none", 200),
        ("/matrix?state=ok&state=ok", 400),
        ("/matrix?%FF=%", 200),
        ("/hosts/%FF%FE", 400),
        ("/hosts/..%2F..%2Fetc%2Fpasswd", 404),
        ("//", 404),
    ] {
        assert_eq!(server.get(path).await.status, status, "{path}");
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_is_answered_or_says_why_not() {
    let server = Server::start(Sample::fleet(), Limits::default()).await;
    let probed = server.get("/probe?target=web001&check=disk-space").await;
    assert_eq!(probed.status, 200);
    for line in [
        "probe_success 1",
        "probe_duration_seconds 0.25",
        "psfleet_check_state{check=\"disk-space\",host=\"web001\"} 1",
    ] {
        assert!(probed.body.lines().any(|own| own == line), "{}", probed.body);
    }
    let one = server.get("/probe?target=web001").await;
    let none = server.get("/probe?target=none&check=disk-space").await;
    let busy = server.get("/probe?target=web001&check=services").await;
    let page = server.ask("GET", "/probe?target=web001&check=disk-space", "Sec-Fetch-Site: cross-site\r\n", "").await;
    assert_eq!([one, none, busy, page].map(|answer| answer.status), [400, 404, 503, 403]);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_read_json_with_a_version() {
    let server = Server::start(Sample::fleet(), Limits::default()).await;
    for path in ["checks", "hosts", "hosts/web001", "hosts/web001/disk-space", "problems", "alerts", "runs", "none"] {
        let answer = server.get(&format!("/api/v1/{path}")).await;
        let json: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
        assert_eq!((&json["v"], answer.header("content-type")), (&1.into(), Some("application/json")), "{path}");
    }
    let history = server.get("/api/v1/hosts/web001/disk-space").await;
    let json: serde_json::Value = serde_json::from_str(&history.body).expect("JSON");
    assert_eq!((json["host"].as_str(), json["check"].as_str()), (Some("web001"), Some("disk-space")));
    assert!(json["history"].as_array().is_some_and(|times| times.len() == 120) && json["record"].is_string(), "{json}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_logs_in_once_and_a_program_with_each_request() {
    let (token, browser) = ("a token of some length", "Accept: text/html\r\n");
    let hash = hash_token(token).expect("a hash");
    let server = Server::with_token(Sample::fleet(), Limits::default(), Some(&hash)).await;
    for path in ["/", "/metrics", "/events", "/api/v1/hosts", "/probe?target=web001&check=uptime"] {
        let (program, person) = (server.get(path).await, server.ask("GET", path, browser, "").await);
        assert_eq!((program.status, program.header("www-authenticate").is_some()), (401, true), "{path}");
        assert_eq!((person.status, person.header("location")), (303, Some("/login")), "{path}");
        assert!(!program.body.contains("web001") && !person.body.contains("web001"));
    }
    assert_eq!(server.get("/healthz").await.status, 200);
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(server.ask("GET", "/metrics", &bearer, "").await.status, 200);
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let wrong = server.ask("POST", "/login", form, "token=wrong").await;
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, None));
    assert_eq!(server.ask("POST", "/login", form, &"x".repeat(5000)).await.status, 413);
    let right = server.ask("POST", "/login", form, &format!("token={}", token.replace(' ', "+"))).await;
    let cookie = right.header("set-cookie").expect("a cookie");
    assert!(right.status == 303 && cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{right:?}");
    let pair = cookie.split(';').next().expect("a pair");
    assert_eq!(server.ask("GET", "/", &format!("Cookie: {pair}\r\n"), "").await.status, 200);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_takes_the_metrics() {
    for source in [hostile(), Sample::fleet()] {
        let server = Server::start(source, Limits::default()).await;
        let metrics = server.get("/metrics").await;
        assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        let (types, helps) = (metrics.body.matches("\n# TYPE ").count(), metrics.body.matches("# HELP ").count());
        assert_eq!(types, helps);
        server.end().await;
        let promtool = Command::new("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut promtool) = promtool else { return skipped("no promtool") };
        promtool.stdin.take().expect("a pipe").write_all(metrics.body.as_bytes()).expect("written");
        let output = promtool.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
