//! What a client asks for: one pass over the envelope, elements told apart by local name.

use std::time::Duration;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::Fault;
use crate::error_text;
use crate::wsman::names;

/// The longest OperationTimeout a server grants (MaxTimeoutms), and the one it takes when none is asked for.
const MAX_TIMEOUT: Duration = Duration::from_secs(60);
/// The largest envelope a server sends (MaxEnvelopeSizekb), in bytes.
const MAX_ENVELOPE: usize = 512_000;

/// One request with the headers that matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// `a:MessageID`, quoted in the answer.
    pub message_id: String,
    /// `a:To`, quoted in the answer to Create.
    pub to: String,
    /// The session configuration's URI.
    pub resource_uri: String,
    /// How long the answer may take.
    pub timeout: Duration,
    /// The largest answer, in bytes.
    pub max_envelope: usize,
    /// The selector `ShellId`.
    pub shell_id: Option<String>,
    /// The client session, `p:SessionId`.
    pub session: Option<String>,
    /// The option `protocolversion`.
    pub protocol_version: Option<String>,
    /// What to do.
    pub body: Body,
}

/// The operation and its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    /// Open a shell.
    Create {
        /// The id that the client wants.
        shell_id: Option<String>,
        /// The label of the shell.
        name: Option<String>,
        /// The opening PSRP messages.
        creation: Vec<u8>,
    },
    /// Start a command in a shell.
    Command {
        /// The id that the client wants.
        command_id: Option<String>,
        /// Its first PSRP fragments.
        arguments: Vec<u8>,
    },
    /// Input.
    Send(Vec<Stream>),
    /// Wait for output of the shell or of one command.
    Receive {
        /// The command, if it is not the shell.
        command_id: Option<String>,
    },
    /// Stop or close a command.
    Signal {
        /// The command.
        command_id: String,
        /// The signal's URI.
        code: String,
    },
    /// Leave a shell running without its client.
    Disconnect {
        /// How long it is kept for another one, if the client says so.
        idle: Option<Duration>,
    },
    /// Return to a shell, from the client session that left it.
    Reconnect,
    /// Attach to a shell, or to a command in one that was attached to.
    Connect {
        /// The command, if it is not the shell.
        command_id: Option<String>,
        /// The PSRP messages for a shell.
        opening: Vec<u8>,
    },
    /// Close a shell.
    Delete,
    /// Describe a shell.
    Get,
    /// List what there is of a resource.
    Enumerate {
        /// The first page belongs into the answer.
        optimize: bool,
        /// So many at most on a page.
        most: usize,
    },
    /// The next page of a list.
    Pull {
        /// Where the last one ended.
        context: String,
        /// So many at most on a page.
        most: usize,
    },
    /// Who are you?
    Identify,
}

/// One piece of input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stream {
    /// `stdin` or `pr`.
    pub name: String,
    /// The command, if it is not for the shell.
    pub command_id: Option<String>,
    /// PSRP fragments, or a part of one.
    pub payload: Vec<u8>,
}

impl Request {
    /// Reads an envelope.
    ///
    /// # Errors
    /// The fault to answer with: not XML, an unknown action, a missing part, a malformed duration or base64.
    pub(crate) fn parse(envelope: &str) -> Result<Self, Fault> {
        Fields::collect(envelope)?.into_request()
    }
}

/// Everything of interest, before the action says what it means.
#[derive(Default)]
struct Fields {
    action: String,
    message_id: String,
    to: String,
    resource_uri: String,
    timeout: Option<String>,
    max_envelope: Option<String>,
    shell_selector: Option<String>,
    session: Option<String>,
    protocol_version: Option<String>,
    shell_id: Option<String>,
    shell_name: Option<String>,
    command_id: Option<String>,
    payload: String,
    streams: Vec<(String, Option<String>, String)>,
    code: String,
    identify: bool,
    optimize: bool,
    most: Option<String>,
    context: String,
    idle: Option<String>,
}

impl Fields {
    fn collect(envelope: &str) -> Result<Self, Fault> {
        let mut reader = Reader::from_str(envelope);
        let mut fields = Self::default();
        let mut element = String::new();
        let mut name_attribute = None;
        let mut text = String::new();
        let mut depth = 0_usize;
        let mut seen = false;
        loop {
            match reader.read_event().map_err(|error| Fault::schema(format!("not XML: {}", error_text::xml(&error))))? {
                Event::Start(start) => {
                    depth += 1;
                    seen = true;
                    text.clear();
                    start.local_name().as_ref().clone_into(&mut element);
                    name_attribute = fields.open(&start)?;
                }
                Event::Empty(start) => {
                    let name_attribute = fields.open(&start)?;
                    fields.close(start.local_name().as_ref(), name_attribute.as_deref(), "");
                }
                Event::End(end) => {
                    depth = depth.saturating_sub(1);
                    if end.local_name().as_ref() == element {
                        fields.close(&element, name_attribute.as_deref(), text.trim());
                    }
                    element.clear();
                    text.clear();
                }
                Event::Text(part) => text.push_str(&part.xml10_content()),
                Event::CData(part) => text.push_str(&part.into_inner()),
                Event::GeneralRef(reference) => text.push(resolve(&reference)?),
                Event::DocType(_) => return Err(Fault::schema("a document type is not allowed")),
                Event::Eof if depth == 0 && seen => return Ok(fields),
                Event::Eof => return Err(Fault::schema("the envelope is not complete")),
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            }
        }
    }

    /// Takes what the attributes say; returns the attribute `Name`.
    fn open(&mut self, start: &BytesStart<'_>) -> Result<Option<String>, Fault> {
        let mut name = None;
        let mut command_id = None;
        let mut shell_id = None;
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| Fault::schema("an attribute is malformed"))?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|_| Fault::schema("an attribute refers to what XML does not know"))?.into_owned();
            match attribute.key.local_name().as_ref() {
                "Name" => name = Some(value),
                "CommandId" => command_id = Some(value),
                "ShellId" => shell_id = Some(value),
                _ => {}
            }
        }
        match start.local_name().as_ref() {
            "Shell" => {
                self.shell_id = shell_id;
                self.shell_name.clone_from(&name);
            }
            "CommandLine" | "DesiredStream" | "Signal" | "Connect" => self.command_id = command_id,
            "Stream" => self.streams.push((name.clone().unwrap_or_default(), command_id, String::new())),
            "Identify" => self.identify = true,
            "OptimizeEnumeration" => self.optimize = true,
            _ => {}
        }
        Ok(name)
    }

    /// Takes what an element contains.
    fn close(&mut self, element: &str, name: Option<&str>, text: &str) {
        match element {
            "Action" => self.action = text.to_owned(),
            "MessageID" => self.message_id = text.to_owned(),
            "To" => self.to = text.to_owned(),
            "ResourceURI" => self.resource_uri = text.to_owned(),
            "OperationTimeout" => self.timeout = Some(text.to_owned()),
            "MaxEnvelopeSize" => self.max_envelope = Some(text.to_owned()),
            "Selector" if name == Some("ShellId") => self.shell_selector = Some(text.to_owned()),
            "Option" if name == Some("protocolversion") => self.protocol_version = Some(text.to_owned()),
            "SessionId" => self.session = Some(text.to_owned()),
            "creationXml" | "connectXml" | "Arguments" => self.payload.push_str(text),
            "Stream" => {
                if let Some((_, _, payload)) = self.streams.last_mut() {
                    payload.push_str(text);
                }
            }
            "Code" => self.code = text.to_owned(),
            "IdleTimeOut" => self.idle = Some(text.to_owned()),
            "MaxElements" => self.most = Some(text.to_owned()),
            "EnumerationContext" => self.context = text.to_owned(),
            _ => {}
        }
    }

    fn into_request(self) -> Result<Request, Fault> {
        let timeout = match &self.timeout {
            Some(text) => seconds(text).ok_or_else(|| Fault::header(format!("OperationTimeout '{text}'")))?,
            None => MAX_TIMEOUT,
        };
        let max_envelope = self.max_envelope.as_deref().map_or(Ok(MAX_ENVELOPE), str::parse::<usize>);
        let max_envelope = max_envelope.map_err(|_| Fault::header("MaxEnvelopeSize is not a number"))?;
        Ok(Request {
            timeout: timeout.min(MAX_TIMEOUT),
            max_envelope: max_envelope.min(MAX_ENVELOPE),
            body: self.body()?,
            message_id: self.message_id,
            to: self.to,
            resource_uri: self.resource_uri,
            shell_id: self.shell_selector,
            session: self.session,
            protocol_version: self.protocol_version,
        })
    }

    /// MaxElements; one where none is asked for (WS-Enumeration 3.2).
    fn most(&self) -> Result<usize, Fault> {
        let most = self.most.as_deref().map_or(Ok(1), str::parse::<usize>);
        most.ok().filter(|most| *most > 0).ok_or_else(|| Fault::schema("MaxElements is not a number above 0"))
    }

    fn body(&self) -> Result<Body, Fault> {
        let command_id = self.command_id.clone();
        Ok(match self.action.as_str() {
            names::action::CREATE => Body::Create {
                shell_id: self.shell_id.clone(),
                name: self.shell_name.clone(),
                creation: base64(&self.payload)?,
            },
            names::action::COMMAND => Body::Command { command_id, arguments: base64(&self.payload)? },
            names::action::SEND => Body::Send(self.streams.iter().map(stream).collect::<Result<_, _>>()?),
            names::action::RECEIVE => Body::Receive { command_id },
            names::action::SIGNAL => Body::Signal {
                command_id: command_id.ok_or_else(|| Fault::schema("Signal without a CommandId"))?,
                code: self.code.clone(),
            },
            names::action::DISCONNECT => {
                let idle = |text: &String| {
                    seconds(text).ok_or_else(|| Fault::schema(format!("IdleTimeOut '{text}' is not a duration")))
                };
                Body::Disconnect { idle: self.idle.as_ref().map(idle).transpose()? }
            }
            names::action::RECONNECT => Body::Reconnect,
            names::action::CONNECT => Body::Connect { command_id, opening: base64(&self.payload)? },
            names::action::DELETE => Body::Delete,
            names::action::GET => Body::Get,
            names::action::ENUMERATE => Body::Enumerate { optimize: self.optimize, most: self.most()? },
            names::action::PULL => Body::Pull { context: self.context.clone(), most: self.most()? },
            _ if self.identify => Body::Identify,
            other => return Err(Fault::unsupported(other)),
        })
    }
}

fn stream((name, command_id, payload): &(String, Option<String>, String)) -> Result<Stream, Fault> {
    Ok(Stream { name: name.clone(), command_id: command_id.clone(), payload: base64(payload)? })
}

fn base64(text: &str) -> Result<Vec<u8>, Fault> {
    let decoded = base64_simd::STANDARD.decode_to_vec(text);
    decoded.map_err(|_| Fault::schema("the content of a stream is not base64"))
}

fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Result<char, Fault> {
    let character = match reference.resolve_char_ref() {
        Ok(Some(character)) => Some(character),
        Ok(None) => match &*reference.xml10_content() {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => None,
        },
        Err(_) => None,
    };
    character.ok_or_else(|| Fault::schema("an entity is not known"))
}

/// An xs:duration of hours, minutes and seconds, to the millisecond.
fn seconds(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix("PT").filter(|rest| !rest.is_empty())?;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let end = rest.find(['H', 'M', 'S'])?;
        let (number, unit) = rest.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let scale = match unit.as_bytes().first()? {
            b'H' => 3600,
            b'M' => 60,
            _ => 1,
        };
        let millis = format!("{fraction:0<3}").parse::<u64>().ok()?;
        total += Duration::from_secs(whole.parse::<u64>().ok()?.checked_mul(scale)?) + Duration::from_millis(millis);
        rest = unit.get(1..)?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(header: &str, body: &str) -> String {
        format!(
            r#"<s:Envelope xmlns:s="x" xmlns:w="y"><s:Header><a:MessageID>uuid:1</a:MessageID>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"#
        )
    }

    #[test]
    fn reads_a_receive() {
        let header = format!(
            r#"<a:Action>{}</a:Action><w:OperationTimeout>PT20.500S</w:OperationTimeout><w:MaxEnvelopeSize>153600</w:MaxEnvelopeSize><w:SelectorSet><w:Selector Name="ShellId">A-1</w:Selector></w:SelectorSet>"#,
            names::action::RECEIVE
        );
        let body = r#"<rsp:Receive><rsp:DesiredStream CommandId="C-1">stdout</rsp:DesiredStream></rsp:Receive>"#;
        let request = Request::parse(&envelope(&header, body)).expect("valid");
        assert_eq!(request.body, Body::Receive { command_id: Some("C-1".into()) });
        assert_eq!((request.timeout, request.max_envelope), (Duration::from_millis(20_500), 153_600));
        assert_eq!((request.shell_id.as_deref(), &*request.message_id), (Some("A-1"), "uuid:1"));
    }

    #[test]
    fn reads_two_streams_of_a_send() {
        let header = format!("<a:Action>{}</a:Action>", names::action::SEND);
        let body =
            r#"<rsp:Send><rsp:Stream Name="stdin" CommandId="C">AAH/</rsp:Stream><rsp:Stream Name="pr"/></rsp:Send>"#;
        let Body::Send(streams) = Request::parse(&envelope(&header, body)).expect("valid").body else {
            panic!("not a Send")
        };
        assert_eq!(streams[0], Stream { name: "stdin".into(), command_id: Some("C".into()), payload: vec![0, 1, 255] });
        assert_eq!(streams[1], Stream { name: "pr".into(), command_id: None, payload: Vec::new() });
    }

    #[test]
    fn reads_how_much_of_a_list_is_wanted() {
        let body = |action: &str, body: &str| {
            Request::parse(&envelope(&format!("<a:Action>{action}</a:Action>"), body)).map(|request| request.body)
        };
        let all = "<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>32000</w:MaxElements></n:Enumerate>";
        let found = body(names::action::ENUMERATE, all);
        assert_eq!(found, Ok(Body::Enumerate { optimize: true, most: 32_000 }));
        let found = body(names::action::ENUMERATE, "<n:Enumerate/>");
        assert_eq!(found, Ok(Body::Enumerate { optimize: false, most: 1 }));
        let next = "<n:Pull><n:EnumerationContext>A</n:EnumerationContext><n:MaxElements>2</n:MaxElements></n:Pull>";
        assert_eq!(body(names::action::PULL, next), Ok(Body::Pull { context: "A".into(), most: 2 }));
        for most in ["0", "-1", "x"] {
            let text = format!("<n:Pull><n:MaxElements>{most}</n:MaxElements></n:Pull>");
            assert_eq!(body(names::action::PULL, &text).expect_err("a fault").code, 2_150_858_817);
        }
    }

    #[test]
    fn refuses_what_servers_refuse() {
        let code = |text: &str| Request::parse(text).expect_err("a fault").code;
        assert_eq!(code("<a><b></a>"), 2_150_858_817);
        assert_eq!(code("<s:Envelope><s:Body>"), 2_150_858_817);
        assert_eq!(code(""), 2_150_858_817);
        assert_eq!(code("<!DOCTYPE x [<!ENTITY e 'e'>]><s:Envelope>&e;</s:Envelope>"), 2_150_858_817);
        let long = "<a:Action>x</a:Action><w:OperationTimeout>PT20.0000000000001S</w:OperationTimeout>";
        assert_eq!(code(&envelope(long, "")), 2_150_858_767);
        let broken = format!("<a:Action>{}</a:Action>", names::action::CREATE);
        assert_eq!(code(&envelope(&broken, "<creationXml>!</creationXml>")), 2_150_858_817);
    }

    #[test]
    fn reads_durations() {
        assert_eq!(seconds("PT1M30S"), Some(Duration::from_secs(90)));
        assert_eq!(seconds("PT0S"), Some(Duration::ZERO));
        assert_eq!(seconds("PT20"), None);
        assert_eq!(seconds("20"), None);
        assert_eq!(seconds("PT"), None);
    }
}
