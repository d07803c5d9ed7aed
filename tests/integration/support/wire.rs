//! A WinRM client reduced to the wire: every byte as the test wants it.

use std::net::SocketAddr;
use std::time::Duration;

use psfleet::wsman::names::{self, action};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use uuid::Uuid;

/// No answer of a fleet on loopback takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// One connection.
pub(crate) struct Wire {
    stream: TcpStream,
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status code.
    pub status: u16,
    /// The head, in lower case.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The code of a WSMan fault; 0 if there is none.
    pub(crate) fn fault(&self) -> u32 {
        let text = self.text();
        let code = text.split("Code=\"").nth(1).and_then(|rest| rest.split('"').next());
        code.and_then(|code| code.parse().ok()).unwrap_or_default()
    }

    /// The value of a header that occurs once.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let prefix = format!("{name}: ");
        self.head.lines().find_map(|line| line.strip_prefix(&prefix)).map(str::to_owned)
    }
}

impl Wire {
    /// Connects.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.expect("the host listens") }
    }

    /// Sends a request and reads the answer; `None` when the connection ends without a whole one.
    pub(crate) async fn send(&mut self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
        let mut request = format!("{line} HTTP/1.1\r\nHost: sandbox\r\nContent-Length: {}\r\n", body.len());
        headers.iter().for_each(|(name, value)| request.push_str(&format!("{name}: {value}\r\n")));
        request.push_str("\r\n");
        self.stream.write_all(request.as_bytes()).await.ok()?;
        self.stream.write_all(body).await.ok()?;
        timeout(PATIENCE, self.receive()).await.expect("an answer or an end")
    }

    async fn receive(&mut self) -> Option<Answer> {
        let mut bytes = Vec::new();
        loop {
            if let Some(answer) = parse(&bytes) {
                return Some(answer);
            }
            if self.stream.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// Whether the server has closed the connection.
    pub(crate) async fn is_closed(&mut self) -> bool {
        let mut byte = [0];
        timeout(PATIENCE, self.stream.read(&mut byte)).await.is_ok_and(|read| !matches!(read, Ok(1..)))
    }

    /// Posts an envelope with Basic authentication.
    pub(crate) async fn wsman(&mut self, authorization: &str, envelope: &str) -> Answer {
        let headers = [("Authorization", authorization), ("Content-Type", names::CONTENT_TYPE)];
        self.send("POST /wsman", &headers, envelope.as_bytes()).await.expect("an answer")
    }
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let original = String::from_utf8_lossy(bytes.get(..end)?).into_owned();
    let head = original.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.trim().parse::<usize>().ok()?;
    let body = bytes.get(end + 4..)?.get(..length)?.to_vec();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    // Tokens are base64: their case counts.
    let head = original.lines().map(keep_value).collect::<Vec<_>>().join("\n");
    Some(Answer { status, head, body })
}

fn keep_value(line: &str) -> String {
    line.split_once(": ").map_or_else(|| line.to_owned(), |(name, value)| format!("{}: {value}", name.to_lowercase()))
}

/// The value of an Authorization header.
pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", base64_simd::STANDARD.encode_to_string(format!("{user}:{password}")))
}

/// An envelope with the headers that servers look at.
pub(crate) struct Envelope {
    action: &'static str,
    resource: String,
    shell: Option<String>,
    protocol_version: bool,
    timeout: &'static str,
    body: String,
}

impl Envelope {
    fn new(action: &'static str, shell: Option<&str>, body: String) -> Self {
        let resource = format!("{}Microsoft.PowerShell", names::RESOURCE_PREFIX);
        let shell = shell.map(str::to_owned);
        Self { action, resource, shell, protocol_version: false, timeout: "PT20S", body }
    }

    /// Create with these opening messages.
    pub(crate) fn create(shell: &str, creation: &[u8]) -> Self {
        let creation = base64_simd::STANDARD.encode_to_string(creation);
        let body = format!(r#"<rsp:Shell ShellId="{shell}"><creationXml>{creation}</creationXml></rsp:Shell>"#);
        Self { protocol_version: true, ..Self::new(action::CREATE, None, body) }
    }

    /// Receive of the shell or of a command.
    pub(crate) fn receive(shell: &str, command: Option<&str>) -> Self {
        let command = command.map(|id| format!(r#" CommandId="{id}""#)).unwrap_or_default();
        let body = format!("<rsp:Receive><rsp:DesiredStream{command}>stdout</rsp:DesiredStream></rsp:Receive>");
        Self::new(action::RECEIVE, Some(shell), body)
    }

    /// Command with the first fragments of its pipeline.
    pub(crate) fn command(shell: &str, command: &str, arguments: &[u8]) -> Self {
        let arguments = base64_simd::STANDARD.encode_to_string(arguments);
        let body = format!(
            r#"<rsp:CommandLine CommandId="{command}"><rsp:Command/><rsp:Arguments>{arguments}</rsp:Arguments></rsp:CommandLine>"#
        );
        Self::new(action::COMMAND, Some(shell), body)
    }

    /// Signal.
    pub(crate) fn signal(shell: &str, command: &str, code: &str) -> Self {
        let body = format!(r#"<rsp:Signal CommandId="{command}"><rsp:Code>{code}</rsp:Code></rsp:Signal>"#);
        Self::new(action::SIGNAL, Some(shell), body)
    }

    /// Delete.
    pub(crate) fn delete(shell: &str) -> Self {
        Self::new(action::DELETE, Some(shell), String::new())
    }

    /// Without the option `protocolversion`.
    pub(crate) fn without_version(self) -> Self {
        Self { protocol_version: false, ..self }
    }

    /// Another kind of shell than PowerShell's.
    pub(crate) fn resource(self, uri: &str) -> Self {
        Self { resource: uri.to_owned(), ..self }
    }

    /// For another session configuration.
    pub(crate) fn configuration(self, name: &str) -> Self {
        Self { resource: format!("{}{name}", names::RESOURCE_PREFIX), ..self }
    }

    /// With another OperationTimeout.
    pub(crate) fn timeout(self, timeout: &'static str) -> Self {
        Self { timeout, ..self }
    }

    /// The text.
    pub(crate) fn text(&self) -> String {
        let selectors = self
            .shell
            .as_ref()
            .map(|id| format!(r#"<w:SelectorSet><w:Selector Name="ShellId">{id}</w:Selector></w:SelectorSet>"#));
        let option = r#"<w:OptionSet><w:Option Name="protocolversion" MustComply="true">2.3</w:Option></w:OptionSet>"#;
        format!(
            "<s:Envelope><s:Header><a:Action>{}</a:Action><a:MessageID>uuid:{}</a:MessageID>\
             <w:OperationTimeout>{}</w:OperationTimeout><w:ResourceURI>{}</w:ResourceURI>{}{}</s:Header>\
             <s:Body>{}</s:Body></s:Envelope>",
            self.action,
            Uuid::new_v4(),
            self.timeout,
            self.resource,
            if self.protocol_version { option } else { "" },
            selectors.unwrap_or_default(),
            self.body,
        )
    }
}
