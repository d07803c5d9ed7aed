//! Responses, by a streaming parse.
//!
//! Its cost is linear in the bytes of the response, whatever is in them: output of other commands is dropped as it is
//! read, attributes are not compared with each other, and the XML reader allows 128 namespaces in scope.

use std::borrow::Cow;
use std::time::Duration;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use super::duration::duration;
use super::fault::{Fault, FaultReader};
use super::names::{self, ns};
use crate::error_text;

/// Elements nested deeper than this are nobody's response.
const MAX_DEPTH: usize = 64;

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// A shell was created.
    Created(Created),
    /// A command was started; its id is the server's, which may differ from the one we proposed.
    CommandStarted(String),
    /// Output, or the end of a command.
    Received(Receipt),
    /// A shell or a command was attached to, with what its pool says to that.
    Connected(Vec<u8>),
    /// Done, with nothing to say (Send, Signal, Disconnect, Delete).
    Done,
    /// The server refuses or failed.
    Fault(Box<Fault>),
}

/// Answer to Create.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Created {
    /// The shell's id; the only one that later requests may use.
    pub shell_id: String,
    /// The server described the shell as WinRM 3 and later do: it takes 500 KiB envelopes.
    pub large_envelopes: bool,
    /// How long the server keeps the shell while nobody uses it, if it says so.
    pub idle_timeout: Option<Duration>,
    /// The longest time that the server would keep it, if it says so.
    pub max_idle_timeout: Option<Duration>,
}

/// Answer to Receive: what of it belongs to the shell or the command that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// The decoded bytes of its streams, in order.
    pub payload: Vec<u8>,
    /// Nothing more will come of the command.
    pub done: bool,
}

/// A body that is not a SOAP response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not well-formed, or cut off.
    #[error("the response is not well-formed XML at byte {offset}: {cause}")]
    Xml {
        /// Where.
        offset: u64,
        /// What is wrong there.
        cause: String,
    },
    /// Something that no response has: a DTD, an unknown entity, hundreds of levels.
    #[error("the response holds {0}, which WSMan does not use")]
    Unwanted(&'static str),
    /// XML, but not a SOAP envelope with a body.
    #[error("the response is XML but not a SOAP envelope")]
    NotSoap,
    /// A stream's text is not base64.
    #[error("a stream of the response is not base64")]
    Base64,
    /// An answer to Create or Command without an id.
    #[error("the response names no {0}")]
    NoId(&'static str),
}

impl Response {
    /// Reads the body of an HTTP response.
    ///
    /// Of a Receive's answer it takes what belongs to `command_id`, or to the shell if that is `None`, and drops the
    /// rest. A stream that names no command belongs to whoever asks.
    ///
    /// # Errors
    /// [`ParseError`] when it is not a WSMan response at all; a fault is not an error here.
    pub fn parse(body: &str, command_id: Option<&str>) -> Result<Self, ParseError> {
        let body = body.trim_start_matches('\u{feff}');
        let mut reader = NsReader::from_str(body);
        let mut state = Parse { wanted: command_id, ..Parse::default() };
        loop {
            let offset = reader.buffer_position();
            let xml = |cause: quick_xml::Error| ParseError::Xml { offset, cause: error_text::xml(&cause) };
            let (space, event) = reader.read_resolved_event().map_err(xml)?;
            let space = match space {
                ResolveResult::Bound(Namespace(uri)) => uri,
                _ => "",
            };
            match event {
                Event::Start(start) => state.start(space, &start)?,
                Event::Empty(start) => {
                    state.start(space, &start)?;
                    state.end()?;
                }
                Event::End(_) => state.end()?,
                Event::Text(text) => state.add_text(text.xml10_content()),
                Event::CData(data) => state.add_text(data.xml10_content()),
                Event::GeneralRef(name) => state.reference(&name)?,
                Event::DocType(_) => return Err(ParseError::Unwanted("a document type")),
                Event::Eof if state.path.is_empty() => return state.finish(),
                Event::Eof => return Err(ParseError::Xml { offset, cause: "it ends in the middle".into() }),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
        }
    }
}

/// An element on the way down to where the parser is.
struct Open {
    soap: bool,
    shell: bool,
    name: String,
}

#[derive(Default)]
struct Parse<'a> {
    /// The command whose output is wanted; `None` for the shell.
    wanted: Option<&'a str>,
    path: Vec<Open>,
    /// The text of the innermost element so far; borrowed where it comes in one piece, as the output does.
    text: Cow<'a, str>,
    in_body: bool,
    seen_body: bool,
    answer: Option<&'static str>,
    shell_id: Option<String>,
    large_envelopes: bool,
    idle_timeout: Option<Duration>,
    max_idle_timeout: Option<Duration>,
    command_id: Option<String>,
    receipt: Receipt,
    /// Inside a stream that is wanted.
    in_stream: bool,
    selector_is_shell: bool,
    fault: Option<FaultReader>,
}

impl<'a> Parse<'a> {
    fn add_text(&mut self, piece: Cow<'a, str>) {
        if self.text.is_empty() {
            self.text = piece;
        } else {
            self.text.to_mut().push_str(&piece);
        }
    }

    fn start(&mut self, space: &str, start: &BytesStart<'_>) -> Result<(), ParseError> {
        if self.path.len() >= MAX_DEPTH {
            return Err(ParseError::Unwanted("elements nested too deeply"));
        }
        self.text = Cow::default();
        let open =
            Open { soap: space == ns::SOAP, shell: space == ns::SHELL, name: start.local_name().as_ref().to_owned() };
        match (self.path.len(), open.name.as_str()) {
            (0, "Envelope") if open.soap => {}
            (0, _) => return Err(ParseError::NotSoap),
            (1, "Body") if open.soap => (self.in_body, self.seen_body) = (true, true),
            (2, "Fault") if self.in_body && open.soap => self.fault = Some(FaultReader::default()),
            _ if self.in_body => self.start_in_body(&open, start),
            _ => {}
        }
        self.path.push(open);
        Ok(())
    }

    fn start_in_body(&mut self, open: &Open, start: &BytesStart<'_>) {
        if let Some(fault) = &mut self.fault {
            fault.start(&open.name, |name| attribute(start, name));
            return;
        }
        match open.name.as_str() {
            "ResourceCreated" | "Shell" => self.answer = Some("ShellId"),
            "CommandResponse" if open.shell => self.answer = Some("CommandId"),
            "ReceiveResponse" if open.shell => self.answer = Some("Receive"),
            "ConnectResponse" if open.shell => self.answer = Some("Connect"),
            "Selector" => self.selector_is_shell = attribute(start, "Name").as_deref() == Some("ShellId"),
            "Stream" if open.shell => self.in_stream = self.is_wanted(start),
            "CommandState" if open.shell && self.wanted.is_some() && self.is_wanted(start) => {
                self.receipt.done = attribute(start, "State").as_deref() == Some(names::STATE_DONE);
            }
            _ => {}
        }
    }

    /// Whether a stream or a state belongs to what was asked for.
    fn is_wanted(&self, start: &BytesStart<'_>) -> bool {
        match (attribute(start, "CommandId"), self.wanted) {
            (Some(id), Some(wanted)) => id.eq_ignore_ascii_case(wanted),
            (None, _) => true,
            (Some(_), None) => false,
        }
    }

    fn end(&mut self) -> Result<(), ParseError> {
        let Some(open) = self.path.pop() else { return Ok(()) };
        let text = std::mem::take(&mut self.text);
        if self.path.len() == 1 && open.soap && open.name == "Body" {
            self.in_body = false;
        }
        if !self.in_body {
            return Ok(());
        }
        if let Some(fault) = &mut self.fault {
            fault.end(&open.name, &text);
            return Ok(());
        }
        match open.name.as_str() {
            "ShellId" if open.shell => self.shell_id = Some(text.trim().to_owned()),
            "Selector" if self.selector_is_shell => {
                self.shell_id.get_or_insert_with(|| text.trim().to_owned());
            }
            // Only WinRM 3 and later know disconnected shells, and with them a shell's state.
            "State" if open.shell => self.large_envelopes = true,
            "MaxIdleTimeOut" if open.shell => {
                (self.large_envelopes, self.max_idle_timeout) = (true, duration(text.trim()));
            }
            "IdleTimeOut" if open.shell => self.idle_timeout = duration(text.trim()),
            "CommandId" if open.shell => self.command_id = Some(text.trim().to_owned()),
            "Stream" if open.shell && std::mem::take(&mut self.in_stream) => self.end_stream(&text)?,
            // In PowerShell's own namespace, like what it answers.
            "connectResponseXml" if self.answer == Some("Connect") => self.end_stream(&text)?,
            _ => {}
        }
        Ok(())
    }

    fn end_stream(&mut self, text: &str) -> Result<(), ParseError> {
        let bytes = base64_simd::forgiving_decode_to_vec(text.as_bytes()).map_err(|_| ParseError::Base64)?;
        let all = &mut self.receipt.payload;
        if all.is_empty() {
            *all = bytes;
        } else {
            all.extend_from_slice(&bytes);
        }
        Ok(())
    }

    fn reference(&mut self, name: &quick_xml::events::BytesRef<'_>) -> Result<(), ParseError> {
        let unknown = ParseError::Unwanted("an unknown entity");
        let resolved = match name.resolve_char_ref() {
            Ok(Some(character)) => character,
            Err(_) => return Err(unknown),
            Ok(None) => match name.xml10_content().as_ref() {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                _ => return Err(unknown),
            },
        };
        self.text.to_mut().push(resolved);
        Ok(())
    }

    fn finish(self) -> Result<Response, ParseError> {
        if !self.seen_body {
            return Err(ParseError::NotSoap);
        }
        if let Some(fault) = self.fault {
            return Ok(Response::Fault(Box::new(fault.finish())));
        }
        Ok(match self.answer {
            Some("ShellId") => {
                let shell_id = self.shell_id.filter(|id| !id.is_empty()).ok_or(ParseError::NoId("ShellId"))?;
                let Self { large_envelopes, idle_timeout, max_idle_timeout, .. } = self;
                Response::Created(Created { shell_id, large_envelopes, idle_timeout, max_idle_timeout })
            }
            Some("CommandId") => {
                let id = self.command_id.filter(|id| !id.is_empty()).ok_or(ParseError::NoId("CommandId"))?;
                Response::CommandStarted(id)
            }
            Some("Connect") => Response::Connected(self.receipt.payload),
            Some(_) => Response::Received(self.receipt),
            None => Response::Done,
        })
    }
}

/// The value of an attribute by its local name; one that cannot be read is as good as absent.
fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    start
        .attributes()
        // To look for duplicates compares each with all before it.
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name)
        .and_then(|attribute| attribute.normalized_value(XmlVersion::Explicit1_0).ok())
        .map(|value| value.into_owned())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Created, ParseError, Receipt, Response};
    use crate::wsman::names::ns;

    fn envelope(body: &str) -> String {
        format!(
            concat!(
                r#"<?xml version="1.0"?><s:Envelope xmlns:s="{}" xmlns:a="{}" xmlns:w="{}" xmlns:x="{}" "#,
                r#"xmlns:rsp="{}"><s:Header><a:Action>ignored</a:Action></s:Header><s:Body>{}</s:Body></s:Envelope>"#
            ),
            ns::SOAP,
            ns::ADDRESSING,
            ns::WSMAN,
            ns::TRANSFER,
            ns::SHELL,
            body
        )
    }

    fn parse(body: &str) -> Result<Response, ParseError> {
        Response::parse(&envelope(body), None)
    }

    /// What of an answer's body belongs to the command, or to the shell.
    fn received(body: &str, command_id: Option<&str>) -> (Vec<u8>, bool) {
        let text = envelope(&format!("<rsp:ReceiveResponse>{body}</rsp:ReceiveResponse>"));
        match Response::parse(&text, command_id) {
            Ok(Response::Received(Receipt { payload, done })) => (payload, done),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn create_of_old_and_new_servers() {
        let selector = concat!(
            "<x:ResourceCreated><a:ReferenceParameters><w:SelectorSet><w:Selector Name=\"Other\">no</w:Selector>",
            "<w:Selector Name=\"ShellId\">A-1</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>"
        );
        assert_eq!(parse(selector), Ok(Response::Created(Created { shell_id: "A-1".into(), ..Created::default() })));
        let shell = format!(
            "{selector}<rsp:Shell><rsp:ShellId>B-2</rsp:ShellId><rsp:State>Connected</rsp:State>\
                     <rsp:IdleTimeOut>PT180.000S</rsp:IdleTimeOut><rsp:MaxIdleTimeOut>PT900.000S</rsp:MaxIdleTimeOut>\
                     </rsp:Shell>"
        );
        let (idle_timeout, max_idle_timeout) = (Some(Duration::from_secs(180)), Some(Duration::from_secs(900)));
        let created = Created { shell_id: "B-2".into(), large_envelopes: true, idle_timeout, max_idle_timeout };
        assert_eq!(parse(&shell), Ok(Response::Created(created)));
        assert_eq!(parse("<x:ResourceCreated/>"), Err(ParseError::NoId("ShellId")));
    }

    #[test]
    fn what_a_pool_says_to_whom_attaches_to_it() {
        let said = r#"<connectResponseXml xmlns="http://schemas.microsoft.com/powershell">AAH/</connectResponseXml>"#;
        let body =
            format!("<rsp:ConnectResponse><rsp:InputStreams>stdin pr</rsp:InputStreams>{said}</rsp:ConnectResponse>");
        assert_eq!(parse(&body), Ok(Response::Connected(vec![0, 1, 255])));
        assert_eq!(parse("<rsp:ConnectResponse/>"), Ok(Response::Connected(Vec::new())));
        assert_eq!(parse(said), Ok(Response::Done), "in no answer to a Connect");
    }

    #[test]
    fn command_id_is_the_servers() {
        let body = "<rsp:CommandResponse><rsp:CommandId>C-9</rsp:CommandId></rsp:CommandResponse>";
        assert_eq!(parse(body), Ok(Response::CommandStarted("C-9".into())));
    }

    #[test]
    fn joins_streams_in_order_and_reads_the_state() {
        let body = concat!(
            r#"<rsp:Stream Name="stdout" CommandId="C">AAE=</rsp:Stream><rsp:Stream Name="stdout" CommandId="C"/>"#,
            r#"<rsp:Stream Name="stdout" CommandId="D">Aw==</rsp:Stream>"#,
            r#"<rsp:Stream Name="stdout" CommandId="C"><![CDATA[A]]>g==</rsp:Stream>"#,
            r#"<rsp:Stream Name="stdout">/w==</rsp:Stream><rsp:CommandState CommandId="C" "#,
            r#"State="http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done">"#,
            "<rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState>"
        );
        assert_eq!(received(body, Some("c")), (vec![0, 1, 2, 0xff], true));
        assert_eq!(received(body, Some("D")), (vec![3, 0xff], false));
        assert_eq!(received(body, None), (vec![0xff], false));
        assert_eq!(received("", Some("C")), (vec![], false));
    }

    #[test]
    fn drops_what_is_for_others_without_a_look() {
        let body = r#"<rsp:Stream Name="stdout" CommandId="X">!</rsp:Stream>"#;
        assert_eq!(received(body, Some("C")), (vec![], false));
        let text = envelope(&format!("<rsp:ReceiveResponse>{body}</rsp:ReceiveResponse>"));
        assert_eq!(Response::parse(&text, Some("X")), Err(ParseError::Base64));
    }

    /// How long the parse of an answer takes, the best of a few.
    fn time(body: &str) -> Duration {
        let text = envelope(&format!("<rsp:ReceiveResponse>{body}</rsp:ReceiveResponse>"));
        let once = |_| {
            let begin = Instant::now();
            let _ = Response::parse(&text, Some("C"));
            begin.elapsed()
        };
        (0..3).map(once).min().unwrap_or_default()
    }

    #[test]
    fn costs_what_its_bytes_cost() {
        let stream = |attributes: &str, text: &str| format!("<rsp:Stream{attributes}>{text}</rsp:Stream>");
        let ours = r#" CommandId="C""#;
        let many = |count: usize, item: &dyn Fn(usize) -> String| (0..count).map(item).collect::<String>();
        let of_others = |count| many(count, &|id| stream(&format!(r#" CommandId="{id}""#), "AA=="));
        let of_ours = |count| many(count, &|_| stream(ours, "AAAA"));
        let attributes = |count| stream(&many(count, &|at| format!(r#" a{at:05}="x""#)), "AAAA");
        let references = |count| stream(ours, &many(count, &|_| "&#65;&amp;".to_owned()));
        let pieces = |count| stream(ours, &many(count, &|_| "<![CDATA[AAAA]]>".to_owned()));
        let spaces = |count| many(count, &|at| format!(r#"<a xmlns:n{at}="u"/>"#));
        let cases: [(&str, &dyn Fn(usize) -> String); 6] = [
            ("streams of others", &of_others),
            ("streams of ours", &of_ours),
            ("attributes", &attributes),
            ("references", &references),
            ("pieces of text", &pieces),
            ("namespaces", &spaces),
        ];
        for (name, make) in cases {
            let (few, many) = (time(&make(1000)), time(&make(64_000)));
            // Linear is 64, and more on a busy machine; quadratic is 4096.
            assert!(many < few * 1000, "{name}: {few:?} for 1000, {many:?} for 64000");
        }
    }

    #[test]
    fn refuses_a_crowd_of_namespaces() {
        let crowd: String = (0..200).map(|at| format!(r#" xmlns:n{at}="u""#)).collect();
        assert!(matches!(parse(&format!("<a{crowd}/>")), Err(ParseError::Xml { .. })));
    }

    #[test]
    fn empty_answers_are_done() {
        assert_eq!(parse(""), Ok(Response::Done));
        assert_eq!(parse("<rsp:SendResponse/>"), Ok(Response::Done));
    }

    #[test]
    fn refuses_what_is_no_response() {
        assert_eq!(Response::parse("<html><body>no</body></html>", None), Err(ParseError::NotSoap));
        assert!(matches!(Response::parse("SSH-2.0-OpenSSH", None), Err(ParseError::NotSoap)));
        assert!(matches!(Response::parse("<!DOCTYPE x><a/>", None), Err(ParseError::Unwanted(_))));
        let cut = envelope("<rsp:ReceiveResponse/>");
        assert!(matches!(Response::parse(&cut[..cut.len() - 20], None), Err(ParseError::Xml { .. })));
        assert!(matches!(parse("&boom;"), Err(ParseError::Unwanted(_))));
        assert!(matches!(parse(&"<a>".repeat(1000)), Err(ParseError::Unwanted(_))));
        assert_eq!(
            parse("<rsp:ReceiveResponse><rsp:Stream>!</rsp:Stream></rsp:ReceiveResponse>"),
            Err(ParseError::Base64)
        );
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text: String, at in 0..2000_usize, patch in "[<>&;/:a-zA-Z0-9\"= ]{0,6}") {
            let _ = Response::parse(&text, Some("C"));
            let mut body = envelope(concat!(
                r#"<rsp:ReceiveResponse><rsp:Stream Name="stdout" CommandId="C">AAE=</rsp:Stream>"#,
                r#"<rsp:CommandState State="x"/></rsp:ReceiveResponse><s:Fault><s:Code/><s:Detail/></s:Fault>"#
            ));
            let at = at.min(body.len());
            body.insert_str(at, &patch);
            let _ = Response::parse(&body, Some("C"));
            body.truncate(at);
            let _ = Response::parse(&body, Some("C"));
        }
    }
}
