//! SSH servers that have no room: too many connections, too few channels.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

use psfleet::outcome::Reason;
use psfleet::target::{HostKeyPolicy, SshEndpoint, SshHop, SshServer};
use psfleet::transport::ssh::{Client, connect};
use psfleet::transport::{Admission, Carrier, Error};

use crate::support::pwsh;
use crate::support::sshd::{Setup, Sshd};

const TIMEOUT: Duration = Duration::from_secs(20);

/// A server that says something in place of its version, in pieces, and hangs up.
fn speaker(pieces: &'static [&'static str]) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        for piece in pieces {
            stream.write_all(piece.as_bytes()).expect("writes");
            stream.flush().expect("flushes");
            std::thread::sleep(Duration::from_millis(20));
        }
        stream.shutdown(std::net::Shutdown::Write).expect("shuts down");
        stream.read_to_end(&mut Vec::new())
    });
    port
}

fn endpoint(port: u16) -> SshEndpoint {
    SshEndpoint {
        server: SshServer { host_keys: HostKeyPolicy::AcceptNew, ..SshServer::new("127.0.0.1", port) },
        jump: Vec::new(),
        subsystem: "powershell".to_owned(),
        exec: "pwsh".to_owned(),
    }
}

async fn refusal(endpoint: &SshEndpoint) -> Error {
    let client = Client::new(None, Some("me".to_owned()), None);
    connect(endpoint, None, TIMEOUT, &client, &Admission::free()).await.err().expect("the connection is refused")
}

fn assert_busy(error: &Error) {
    assert_eq!((error.reason, error.retryable), (Reason::Network, true), "{error}");
    assert!(error.hint.as_ref().is_some_and(|hint| hint.contains("MaxStartups")), "{error:?}");
}

#[tokio::test]
async fn a_busy_server_is_worth_another_attempt() {
    for pieces in [
        &["Exceeded MaxStartups\r\n"] as &[_],
        &["Exceeded ", "MaxStartups", "\r\n"],
        &["Not allowed at this time\r\n"],
        &[],
    ] {
        assert_busy(&refusal(&endpoint(speaker(pieces))).await);
    }
}

#[tokio::test]
async fn what_is_not_an_ssh_server_is_not_busy() {
    for pieces in [&["HTTP/1.1 400 Bad Request\r\n\r\n"] as &[_], &["220 mail ", "ESMTP\r\n"], &["Exceed\r\n"]] {
        let error = refusal(&endpoint(speaker(pieces))).await;
        assert_eq!((error.reason, error.retryable), (Reason::Protocol, false), "{error}");
        assert!(error.message.contains("is not an SSH server"), "{error}");
    }
}

#[tokio::test]
async fn a_bastion_that_cannot_be_used_is_called_one() {
    let behind = |server: SshServer| SshEndpoint { jump: vec![SshHop { user: None, server }], ..endpoint(22) };
    let lost = refusal(&behind(SshServer::new("no-such-host.invalid", 22))).await;
    assert_eq!(lost.reason, Reason::Dns);
    let words = "bastion no-such-host.invalid:22: the name 'no-such-host.invalid' ";
    assert!(lost.message.starts_with(words), "{lost}");
    assert!(lost.hint.is_some_and(|hint| hint.starts_with("check the name of the bastion")));
    let web = speaker(&["HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"]);
    let said = "is not an SSH server: it says `HTTP/1.1 400 Bad Request`";
    let other = refusal(&behind(SshServer::new("127.0.0.1", web))).await;
    assert_eq!(other.message, format!("what answers on bastion 127.0.0.1:{web} {said}"));
    // The target itself is not called one.
    let web = speaker(&["HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"]);
    assert_eq!(refusal(&endpoint(web)).await.message, format!("what answers on 127.0.0.1:{web} {said}"));
}

#[tokio::test]
async fn an_sshd_beyond_its_max_startups_is_busy() {
    let setup = Setup { config: "MaxStartups 1:100:1\n".to_owned(), ..Setup::with_powershell(Path::new("")) };
    let Some(server) = Sshd::start(&setup) else { return };
    // Somebody who is in no hurry to log on.
    let _slow = loop {
        let mut slow = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).expect("connects");
        let mut version = [0; 4];
        // The place may still belong to whoever looked whether the server has started.
        if slow.read_exact(&mut version).is_ok() && &version == b"SSH-" {
            break slow;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let endpoint = server.endpoint();
    let error = connect(&endpoint, None, TIMEOUT, &server.client(), &Admission::free())
        .await
        .err()
        .expect("the connection is refused");
    assert_busy(&error);
    assert!(error.message.contains("Exceeded MaxStartups"), "{error}");
}

#[tokio::test]
async fn a_busy_server_behind_a_bastion_is_busy() {
    let Some(bastion) = Sshd::start(&Setup::with_powershell(Path::new(""))) else { return };
    let mut endpoint = endpoint(speaker(&["Exceeded MaxStartups\r\n"]));
    endpoint.jump = vec![SshHop { user: None, server: bastion.endpoint().server }];
    let error = connect(&endpoint, None, TIMEOUT, &bastion.client(), &Admission::free())
        .await
        .err()
        .expect("the connection is refused");
    assert_busy(&error);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_behind_a_bastion_waits_for_room_there() {
    let few = Setup { config: "MaxStartups 3:100:3\n".to_owned(), ..Setup::with_powershell(Path::new("")) };
    let Some(bastion) = Sshd::start(&few) else { return };
    // Whatever stands behind the subsystem: the way to it is what counts.
    let cat = Setup { subsystem: Some("/bin/cat".to_owned()), ..Setup::with_powershell(Path::new("")) };
    let Some(server) = Sshd::start(&cat) else { return };
    let mut endpoint = server.endpoint();
    endpoint.jump = vec![SshHop { user: None, server: bastion.endpoint().server }];
    let client = bastion.client();
    let arrivals = (0..12).map(|_| async {
        let carrier = connect(&endpoint, None, TIMEOUT * 3, &client, &Admission::free()).await?;
        carrier.close().await
    });
    for arrival in futures::future::join_all(arrivals).await {
        assert_eq!(arrival, Ok(()), "{}", bastion.log());
    }
}

/// Connects, and whether there was a channel for files.
async fn files(server: &Sshd, endpoint: &SshEndpoint) -> bool {
    let carrier: Box<dyn Carrier> =
        connect(endpoint, None, TIMEOUT, &server.client(), &Admission::free()).await.expect("one channel is enough");
    let files = carrier.open_files().await.is_some();
    carrier.close().await.expect("closes");
    files
}

#[tokio::test]
async fn one_channel_is_enough() {
    let Some(pwsh) = pwsh() else { return };
    let one = "Subsystem sftp internal-sftp\nMaxSessions 1\n";
    let setup = Setup { config: one.to_owned(), ..Setup::with_powershell(&pwsh) };
    let Some(server) = Sshd::start(&setup) else { return };
    assert!(!files(&server, &server.endpoint()).await, "SFTP would be a second channel");
    // Without the subsystem, the same channel takes the command.
    let mut by_command = server.endpoint();
    by_command.subsystem = "nothing".to_owned();
    by_command.exec = format!("{} -sshs -NoLogo -NoProfile", pwsh.display());
    assert!(!files(&server, &by_command).await);

    let Some(roomy) = Sshd::start(&Setup { config: one.replace('1', "2"), ..setup }) else { return };
    assert!(files(&roomy, &roomy.endpoint()).await, "two channels give one for files");
}
