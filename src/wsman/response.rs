//! Responses, by a streaming parse.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use super::fault::{Fault, FaultReader};
use super::names::{self, ns};

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
    /// Done, with nothing to say (Send, Signal, Delete).
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
}

/// Answer to Receive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// The decoded bytes of all `stdout` streams in order, by CommandId (`None` for the shell).
    pub streams: Vec<(Option<String>, Vec<u8>)>,
    /// The state of the command, if it was told.
    pub state: Option<CommandState>,
}

/// State of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandState {
    /// Whose state it is.
    pub command_id: Option<String>,
    /// Nothing more will come.
    pub done: bool,
}

/// A body that is no SOAP response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not well-formed, or cut off.
    #[error("the response is not well-formed XML at byte {offset}: {cause}")]
    Xml {
        /// Where.
        offset: u64,
        /// What the XML parser says.
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
    /// # Errors
    /// [`ParseError`] when it is no WSMan response at all; a fault is not an error here.
    pub fn parse(body: &str) -> Result<Self, ParseError> {
        let body = body.trim_start_matches('\u{feff}');
        let mut reader = NsReader::from_str(body);
        let mut state = Parse::default();
        loop {
            let offset = reader.buffer_position();
            let xml = |cause: quick_xml::Error| ParseError::Xml { offset, cause: cause.to_string() };
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
                Event::Text(text) => state.text.push_str(&text.xml10_content()),
                Event::CData(data) => state.text.push_str(&data.xml10_content()),
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
struct Parse {
    path: Vec<Open>,
    text: String,
    in_body: bool,
    seen_body: bool,
    answer: Option<&'static str>,
    shell_id: Option<String>,
    large_envelopes: bool,
    command_id: Option<String>,
    receipt: Receipt,
    stream: Option<Option<String>>,
    selector_is_shell: bool,
    fault: Option<FaultReader>,
}

impl Parse {
    fn start(&mut self, space: &str, start: &BytesStart<'_>) -> Result<(), ParseError> {
        if self.path.len() >= MAX_DEPTH {
            return Err(ParseError::Unwanted("elements nested too deeply"));
        }
        self.text.clear();
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
            "Selector" => self.selector_is_shell = attribute(start, "Name").as_deref() == Some("ShellId"),
            "Stream" if open.shell => self.stream = Some(attribute(start, "CommandId")),
            "CommandState" if open.shell => {
                let done = attribute(start, "State").as_deref() == Some(names::STATE_DONE);
                self.receipt.state = Some(CommandState { command_id: attribute(start, "CommandId"), done });
            }
            _ => {}
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
            "State" | "MaxIdleTimeOut" if open.shell => self.large_envelopes = true,
            "CommandId" if open.shell => self.command_id = Some(text.trim().to_owned()),
            "Stream" if open.shell => self.end_stream(&text)?,
            _ => {}
        }
        Ok(())
    }

    fn end_stream(&mut self, text: &str) -> Result<(), ParseError> {
        let Some(command_id) = self.stream.take() else { return Ok(()) };
        if text.is_empty() {
            return Ok(());
        }
        let bytes = base64_simd::forgiving_decode_to_vec(text.as_bytes()).map_err(|_| ParseError::Base64)?;
        match self.receipt.streams.iter_mut().find(|(id, _)| *id == command_id) {
            Some((_, all)) => all.extend_from_slice(&bytes),
            None => self.receipt.streams.push((command_id, bytes)),
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
        self.text.push(resolved);
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
                Response::Created(Created { shell_id, large_envelopes: self.large_envelopes })
            }
            Some("CommandId") => {
                let id = self.command_id.filter(|id| !id.is_empty()).ok_or(ParseError::NoId("CommandId"))?;
                Response::CommandStarted(id)
            }
            Some(_) => Response::Received(self.receipt),
            None => Response::Done,
        })
    }
}

/// The value of an attribute by its local name; one that cannot be read is as good as absent.
fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    start
        .attributes()
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name)
        .and_then(|attribute| attribute.normalized_value(XmlVersion::Explicit1_0).ok())
        .map(|value| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::{CommandState, Created, ParseError, Receipt, Response};
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
        Response::parse(&envelope(body))
    }

    #[test]
    fn create_of_old_and_new_servers() {
        let selector = concat!(
            "<x:ResourceCreated><a:ReferenceParameters><w:SelectorSet><w:Selector Name=\"Other\">no</w:Selector>",
            "<w:Selector Name=\"ShellId\">A-1</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>"
        );
        assert_eq!(parse(selector), Ok(Response::Created(Created { shell_id: "A-1".into(), large_envelopes: false })));
        let shell =
            format!("{selector}<rsp:Shell><rsp:ShellId>B-2</rsp:ShellId><rsp:State>Connected</rsp:State></rsp:Shell>");
        assert_eq!(parse(&shell), Ok(Response::Created(Created { shell_id: "B-2".into(), large_envelopes: true })));
        assert_eq!(parse("<x:ResourceCreated/>"), Err(ParseError::NoId("ShellId")));
    }

    #[test]
    fn command_id_is_the_servers() {
        let body = "<rsp:CommandResponse><rsp:CommandId>C-9</rsp:CommandId></rsp:CommandResponse>";
        assert_eq!(parse(body), Ok(Response::CommandStarted("C-9".into())));
    }

    #[test]
    fn joins_streams_in_order_and_reads_the_state() {
        let body = concat!(
            r#"<rsp:ReceiveResponse><rsp:Stream Name="stdout" CommandId="C">AAE=</rsp:Stream>"#,
            r#"<rsp:Stream Name="stdout" CommandId="C"/><rsp:Stream Name="stdout" CommandId="C">Ag==</rsp:Stream>"#,
            r#"<rsp:Stream Name="stdout">/w==</rsp:Stream><rsp:CommandState CommandId="C" "#,
            r#"State="http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done">"#,
            "<rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse>"
        );
        let streams = vec![(Some("C".to_owned()), vec![0, 1, 2]), (None, vec![0xff])];
        let state = Some(CommandState { command_id: Some("C".into()), done: true });
        assert_eq!(parse(body), Ok(Response::Received(Receipt { streams, state })));
        assert_eq!(parse("<rsp:ReceiveResponse/>"), Ok(Response::Received(Receipt::default())));
    }

    #[test]
    fn empty_answers_are_done() {
        assert_eq!(parse(""), Ok(Response::Done));
        assert_eq!(parse("<rsp:SendResponse/>"), Ok(Response::Done));
    }

    #[test]
    fn refuses_what_is_no_response() {
        assert_eq!(Response::parse("<html><body>no</body></html>"), Err(ParseError::NotSoap));
        assert!(matches!(Response::parse("SSH-2.0-OpenSSH"), Err(ParseError::NotSoap)));
        assert!(matches!(Response::parse("<!DOCTYPE x><a/>"), Err(ParseError::Unwanted(_))));
        let cut = envelope("<rsp:ReceiveResponse/>");
        assert!(matches!(Response::parse(&cut[..cut.len() - 20]), Err(ParseError::Xml { .. })));
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
            let _ = Response::parse(&text);
            let mut body = envelope(concat!(
                r#"<rsp:ReceiveResponse><rsp:Stream Name="stdout" CommandId="C">AAE=</rsp:Stream>"#,
                r#"<rsp:CommandState State="x"/></rsp:ReceiveResponse><s:Fault><s:Code/><s:Detail/></s:Fault>"#
            ));
            let at = at.min(body.len());
            body.insert_str(at, &patch);
            let _ = Response::parse(&body);
            body.truncate(at);
            let _ = Response::parse(&body);
        }
    }
}
