//! The shells of a host, and the commands in one, listed by Enumerate and Pull (MS-WSMV 3.1.4.1.15, WS-Enumeration).

use std::time::Duration;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::duration::duration;
use super::fault::Fault;
use super::response::{ParseError, Response};
use super::shell_label::ShellLabel;
use crate::error_text;

/// Longest text of a shell that we keep, in characters: it comes from a stranger.
const MAX_TEXT: usize = 1000;

/// What a host tells of one of its shells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListedShell {
    /// `ShellId`.
    pub shell_id: String,
    /// The label that its client gave.
    pub name: Option<String>,
    /// What it is a shell of; requests to it must name the same.
    pub resource_uri: String,
    /// The account that opened it, on the host.
    pub owner: String,
    /// The address that it was opened from, as the host saw it.
    pub client_ip: String,
    /// The process behind it, on the host.
    pub process_id: Option<u32>,
    /// `Connected` or `Disconnected`; empty before WinRM 3.
    pub state: String,
    /// For how long it has been there.
    pub age: Option<Duration>,
    /// For how long nothing was asked of it.
    pub idle: Option<Duration>,
    /// For how long the host keeps it while nothing is.
    pub idle_timeout: Option<Duration>,
}

impl ListedShell {
    /// Who opened it, if that was psfleet.
    pub fn label(&self) -> Option<ShellLabel> {
        ShellLabel::parse(self.name.as_deref()?)
    }
}

/// One answer to Enumerate or Pull.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShellPage {
    /// Some of the shells, in the host's order.
    pub shells: Vec<ListedShell>,
    /// The ids of some of the commands.
    pub commands: Vec<String>,
    /// What to pull the next page by; `None` when there is none.
    pub context: Option<String>,
}

impl ShellPage {
    /// Reads the body of an HTTP response.
    ///
    /// # Errors
    /// It is not a WSMan response. A fault of the server is the inner error.
    pub fn parse(body: &str) -> Result<Result<Self, Box<Fault>>, ParseError> {
        // This says whether it is well-formed, of a depth and with namespaces that a response has.
        match Response::parse(body, None) {
            Ok(Response::Fault(fault)) => return Ok(Err(fault)),
            // A list may name a shell without an id; this is said last of all.
            Ok(_) | Err(ParseError::NoId(_)) => {}
            Err(error) => return Err(error),
        }
        let mut reader = Reader::from_str(body.trim_start_matches('\u{feff}'));
        let mut page = Page::default();
        loop {
            let offset = reader.buffer_position();
            match reader.read_event().map_err(|error| ParseError::Xml { offset, cause: error_text::xml(&error) })? {
                Event::Start(start) => page.start(start.local_name().as_ref()),
                Event::Empty(start) => {
                    let name = start.local_name();
                    page.start(name.as_ref());
                    page.end(name.as_ref());
                }
                Event::End(end) => page.end(end.local_name().as_ref()),
                Event::Text(text) => page.text.push_str(&text.xml10_content()),
                Event::CData(data) => page.text.push_str(&data.xml10_content()),
                Event::GeneralRef(name) => {
                    let named = format!("&{};", &*name.xml10_content());
                    let text = quick_xml::escape::unescape(&named);
                    page.text.push_str(&text.map_err(|_| ParseError::Unwanted("an unknown entity"))?);
                }
                Event::Eof => return Ok(Ok(page.finish())),
                _ => {}
            }
        }
    }
}

#[derive(Default)]
struct Page {
    text: String,
    shell: Option<ListedShell>,
    shells: Vec<ListedShell>,
    commands: Vec<String>,
    context: String,
    is_end: bool,
}

impl Page {
    fn start(&mut self, name: &str) {
        self.text.clear();
        match name {
            "Shell" => self.shell = Some(ListedShell::default()),
            "EndOfSequence" => self.is_end = true,
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        let text = std::mem::take(&mut self.text);
        let text = text.trim();
        let kept = || text.chars().take(MAX_TEXT).collect::<String>();
        let Some(shell) = &mut self.shell else {
            match name {
                // The server's own, to be given back as it came.
                "EnumerationContext" => text.clone_into(&mut self.context),
                "CommandId" if !text.is_empty() => self.commands.push(kept()),
                _ => {}
            }
            return;
        };
        match name {
            "ShellId" => shell.shell_id = kept(),
            "Name" => shell.name = Some(kept()),
            "ResourceUri" => shell.resource_uri = kept(),
            "Owner" => shell.owner = kept(),
            "ClientIP" => shell.client_ip = kept(),
            "ProcessId" => shell.process_id = text.parse().ok(),
            "State" => shell.state = kept(),
            "ShellRunTime" => shell.age = duration(text),
            "ShellInactivity" => shell.idle = duration(text),
            "IdleTimeOut" => shell.idle_timeout = duration(text),
            // Without an id nothing can be done about it.
            "Shell" => self.shells.extend(self.shell.take().filter(|shell| !shell.shell_id.is_empty())),
            _ => {}
        }
    }

    fn finish(self) -> ShellPage {
        let context = (!self.is_end && !self.context.is_empty()).then_some(self.context);
        ShellPage { shells: self.shells, commands: self.commands, context }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ListedShell, ShellPage};
    use crate::wsman::names::ns;

    fn envelope(body: &str) -> String {
        let (soap, shell, wsman, list) = (ns::SOAP, ns::SHELL, ns::WSMAN, ns::ENUMERATION);
        format!(
            r#"<s:Envelope xmlns:s="{soap}" xmlns:rsp="{shell}" xmlns:w="{wsman}" xmlns:n="{list}"><s:Body>{body}</s:Body></s:Envelope>"#
        )
    }

    fn page(body: &str) -> ShellPage {
        ShellPage::parse(&envelope(body)).expect("a response").expect("no fault")
    }

    #[test]
    fn reads_what_windows_says_of_a_shell() {
        // As recorded of build 14393, with a name and an entity.
        let found = page(concat!(
            "<n:EnumerateResponse><n:EnumerationContext></n:EnumerationContext><w:Items><rsp:Shell>",
            "<rsp:ShellId>B6631D8E</rsp:ShellId><rsp:Name>a&amp;b</rsp:Name>",
            "<rsp:ResourceUri>http://schemas.microsoft.com/powershell/Microsoft.PowerShell</rsp:ResourceUri>",
            "<rsp:Owner>WIN\\vagrant</rsp:Owner><rsp:ClientIP>10.0.2.2</rsp:ClientIP><rsp:ProcessId>2792</rsp:ProcessId>",
            "<rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut>",
            "<rsp:State>Disconnected</rsp:State><rsp:ShellRunTime>P1DT0H0M9S</rsp:ShellRunTime>",
            "<rsp:ShellInactivity>P0DT0H0M0S</rsp:ShellInactivity><rsp:MemoryUsed>46MB</rsp:MemoryUsed></rsp:Shell>",
            "<rsp:Shell><rsp:ShellId/></rsp:Shell></w:Items><w:EndOfSequence/></n:EnumerateResponse>"
        ));
        let shell = ListedShell {
            shell_id: "B6631D8E".into(),
            name: Some("a&b".into()),
            resource_uri: "http://schemas.microsoft.com/powershell/Microsoft.PowerShell".into(),
            owner: "WIN\\vagrant".into(),
            client_ip: "10.0.2.2".into(),
            process_id: Some(2792),
            state: "Disconnected".into(),
            age: Some(Duration::from_secs(86_409)),
            idle: Some(Duration::ZERO),
            idle_timeout: Some(Duration::from_secs(7200)),
        };
        assert_eq!(found, ShellPage { shells: vec![shell], ..ShellPage::default() });
    }

    #[test]
    fn reads_the_commands_in_a_shell() {
        let found = page(concat!(
            "<n:EnumerateResponse><w:Items><rsp:Command><rsp:ShellId>A</rsp:ShellId><rsp:CommandId> B </rsp:CommandId>",
            "<rsp:State>Connected</rsp:State></rsp:Command><rsp:Command><rsp:CommandId/></rsp:Command></w:Items>",
            "<w:EndOfSequence/></n:EnumerateResponse>"
        ));
        assert_eq!(found, ShellPage { commands: vec!["B".into()], ..ShellPage::default() });
    }

    #[test]
    fn a_context_without_an_end_wants_a_pull() {
        let body = "<n:PullResponse><n:EnumerationContext>uuid:7</n:EnumerationContext><n:Items/></n:PullResponse>";
        assert_eq!(page(body).context.as_deref(), Some("uuid:7"));
        let end = body.replace("</n:PullResponse>", "<n:EndOfSequence/></n:PullResponse>");
        assert_eq!(page(&end).context, None);
        assert_eq!(page("<n:EnumerateResponse/>"), ShellPage::default());
    }

    #[test]
    fn a_fault_is_told_apart_from_what_is_no_response() {
        let fault = envelope("<s:Fault><s:Reason><s:Text>no</s:Text></s:Reason></s:Fault>");
        assert_eq!(ShellPage::parse(&fault).expect("a response").expect_err("a fault").message, "no");
        for text in ["<html/>", "", "<!DOCTYPE x><s/>", &envelope(&"<a>".repeat(1000)), &envelope("&boom;")] {
            assert!(ShellPage::parse(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(at in 0..900_usize, patch in "[<>&;/:a-zA-Z0-9\"=\u{e4} ]{0,6}", text: String) {
            let mut body = envelope(concat!(
                "<n:EnumerateResponse><n:EnumerationContext>7</n:EnumerationContext><w:Items><rsp:Shell><rsp:ShellId>x",
                "</rsp:ShellId><rsp:ProcessId>1</rsp:ProcessId><rsp:ShellRunTime>PT1S</rsp:ShellRunTime></rsp:Shell>",
                "</w:Items></n:EnumerateResponse>"
            ));
            body.insert_str(at.min(body.len()), &patch);
            let _ = ShellPage::parse(&body);
            let _ = ShellPage::parse(&text);
        }
    }
}
