//! Response envelopes, shaped like those of a real WinRM service.

use std::fmt::Write as _;

use bytes::Bytes;
use uuid::Uuid;

use super::{Fault, Request};
use crate::wsman::names;

const ENVELOPE: &str = concat!(
    r#"<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope""#,
    r#" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing""#,
    r#" xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer""#,
    r#" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd""#,
    r#" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell""#,
    r#" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"><s:Header>"#
);

/// A successful answer.
#[derive(Debug)]
pub(crate) enum Reply {
    /// The shell is open.
    Created(ShellFacts),
    /// The command is registered under this id.
    Started(String),
    /// The input was accepted.
    Sent,
    /// Output.
    Output {
        /// The command, if it is not the shell's own output.
        command_id: Option<String>,
        /// Pieces of PSRP fragments, in order.
        chunks: Vec<Bytes>,
        /// The command's state, for a command.
        state: CommandState,
    },
    /// The signal was taken.
    Signalled,
    /// The shell runs on without its client.
    Disconnected,
    /// Its client is back.
    Reconnected,
    /// A client is attached to the shell, with what the pool says to it, or to a command.
    Connected(Vec<u8>),
    /// The shell is closed.
    Deleted,
    /// The shell is there.
    Shell(ShellFacts),
    /// A part of a list.
    Page(Page),
}

/// A part of a list.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// It answers a Pull.
    pub pulled: bool,
    /// What is on it.
    pub items: Items,
    /// What the next page follows on; `None` at the end.
    pub context: Option<String>,
}

/// What is listed.
#[derive(Debug)]
pub(crate) enum Items {
    /// Shells of the host.
    Shells(Vec<ShellFacts>),
    /// Commands of a shell, by their ids.
    Commands(Vec<String>),
}

impl Default for Items {
    fn default() -> Self {
        Self::Shells(Vec::new())
    }
}

/// Where a command stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandState {
    /// More may come.
    Running,
    /// Nothing more comes.
    Done,
}

/// What Create and Get tell about a shell.
#[derive(Debug, Clone)]
pub(crate) struct ShellFacts {
    /// `ShellId`, exactly as the client chose it.
    pub id: String,
    /// The label that the client gave.
    pub name: Option<String>,
    /// The session configuration's URI.
    pub resource_uri: String,
    /// Who opened it.
    pub owner: String,
    /// From which address.
    pub client_ip: String,
    /// The process behind it.
    pub process_id: u32,
    /// For how long it has been there, in seconds.
    pub age: u64,
    /// For how long nothing was asked of it, in seconds.
    pub idle: u64,
    /// Whether it has a client.
    pub is_connected: bool,
}

impl Reply {
    /// The whole envelope.
    pub(crate) fn envelope(&self, request: &Request) -> String {
        let (action, capacity) = match self {
            Self::Created(_) => (names::action::CREATE, 2000),
            Self::Started(_) => (names::action::COMMAND, 0),
            Self::Sent => (names::action::SEND, 0),
            Self::Output { chunks, .. } => {
                (names::action::RECEIVE, chunks.iter().map(|chunk| chunk_size(chunk.len())).sum())
            }
            Self::Signalled => (names::action::SIGNAL, 0),
            Self::Disconnected => (names::action::DISCONNECT, 0),
            Self::Reconnected => (names::action::RECONNECT, 0),
            Self::Connected(_) => (names::action::CONNECT, 2000),
            Self::Deleted => (names::action::DELETE, 0),
            Self::Shell(_) => (names::action::GET, 2000),
            Self::Page(page) if page.pulled => (names::action::PULL, 0),
            Self::Page(_) => (names::action::ENUMERATE, 0),
        };
        let mut out = String::with_capacity(OVERHEAD + capacity);
        head(&mut out, &format!("{action}{}", names::action::RESPONSE), &request.message_id);
        match self {
            Self::Created(shell) => {
                created(&mut out, request, shell);
                describe(&mut out, shell);
            }
            Self::Shell(shell) => describe(&mut out, shell),
            Self::Page(part) => page(&mut out, part),
            Self::Started(id) => put(
                &mut out,
                format_args!(
                    "<rsp:CommandResponse><rsp:CommandId>{}</rsp:CommandId></rsp:CommandResponse>",
                    escape(id)
                ),
            ),
            Self::Sent => out.push_str("<rsp:SendResponse/>"),
            Self::Signalled => out.push_str("<rsp:SignalResponse/>"),
            Self::Deleted | Self::Disconnected | Self::Reconnected => {}
            Self::Connected(messages) => connected(&mut out, messages),
            Self::Output { command_id, chunks, state } => output(&mut out, command_id.as_deref(), chunks, *state),
        }
        out.push_str("</s:Body></s:Envelope>");
        out
    }
}

/// How many bytes of an envelope are not output, at most.
pub(crate) const OVERHEAD: usize = 2200;

/// How many bytes of an envelope a piece of output of this length takes, at most.
pub(crate) fn chunk_size(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4 + 120
}

/// The envelope of a fault.
pub(crate) fn fault_envelope(fault: &Fault, message_id: &str, machine: &str) -> String {
    let mut out = String::with_capacity(2000);
    head(&mut out, names::action::FAULT, message_id);
    let value = if fault.sender { "s:Sender" } else { "s:Receiver" };
    let message = escape(&fault.message);
    put(
        &mut out,
        format_args!(
            "<s:Fault><s:Code><s:Value>{value}</s:Value><s:Subcode><s:Value>{}</s:Value></s:Subcode></s:Code>\
             <s:Reason><s:Text xml:lang=\"en-US\">{message}</s:Text></s:Reason><s:Detail>\
             <f:WSManFault xmlns:f=\"http://schemas.microsoft.com/wbem/wsman/1/wsmanfault\" Code=\"{}\" \
             Machine=\"{}\"><f:Message>{message}</f:Message></f:WSManFault></s:Detail></s:Fault>",
            fault.subcode,
            fault.code,
            escape(machine),
        ),
    );
    out.push_str("</s:Body></s:Envelope>");
    out
}

/// The answer to Identify.
pub(crate) fn identify_envelope() -> String {
    concat!(
        r#"<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>"#,
        r#"<wsmid:IdentifyResponse xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">"#,
        "<wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion>",
        "<wsmid:ProductVendor>psfleet sandbox</wsmid:ProductVendor>",
        "<wsmid:ProductVersion>OS: 0.0.0 SP: 0.0 Stack: 3.0</wsmid:ProductVersion>",
        "</wsmid:IdentifyResponse></s:Body></s:Envelope>"
    )
    .to_owned()
}

fn head(out: &mut String, action: &str, relates_to: &str) {
    let message_id = Uuid::new_v4();
    out.push_str(ENVELOPE);
    put(
        out,
        format_args!(
            "<a:Action>{action}</a:Action><a:MessageID>uuid:{:X}</a:MessageID><a:To>{}</a:To>\
             <a:RelatesTo>{}</a:RelatesTo></s:Header><s:Body>",
            message_id.hyphenated(),
            names::ANONYMOUS,
            escape(relates_to)
        ),
    );
}

fn connected(out: &mut String, messages: &[u8]) {
    if messages.is_empty() {
        return out.push_str("<rsp:ConnectResponse/>");
    }
    put(
        out,
        format_args!(
            "<rsp:ConnectResponse><rsp:InputStreams>stdin pr</rsp:InputStreams>\
             <rsp:OutputStreams>stdout</rsp:OutputStreams><connectResponseXml xmlns=\"{}\">",
            names::ns::POWERSHELL
        ),
    );
    base64_simd::STANDARD.encode_append(messages, out);
    out.push_str("</connectResponseXml></rsp:ConnectResponse>");
}

fn created(out: &mut String, request: &Request, shell: &ShellFacts) {
    put(
        out,
        format_args!(
            "<x:ResourceCreated><a:Address>{}</a:Address><a:ReferenceParameters><w:ResourceURI>{}</w:ResourceURI>\
             <w:SelectorSet><w:Selector Name=\"ShellId\">{}</w:Selector></w:SelectorSet></a:ReferenceParameters>\
             </x:ResourceCreated>",
            escape(&request.to),
            escape(&request.resource_uri),
            escape(&shell.id)
        ),
    );
}

/// Items of an Enumerate are in another namespace than those of a Pull (DSP0226 8.3).
fn page(out: &mut String, page: &Page) {
    let (name, prefix) = if page.pulled { ("PullResponse", "n") } else { ("EnumerateResponse", "w") };
    let context = page.context.as_deref().unwrap_or_default();
    put(
        out,
        format_args!(
            "<n:{name} xmlns:n=\"{}\"><n:EnumerationContext>{}</n:EnumerationContext><{prefix}:Items>",
            names::ns::ENUMERATION,
            escape(context)
        ),
    );
    match &page.items {
        Items::Shells(shells) => shells.iter().for_each(|shell| describe(out, shell)),
        Items::Commands(ids) => {
            for id in ids {
                put(
                    out,
                    format_args!(
                        "<rsp:Command><rsp:CommandId>{}</rsp:CommandId><rsp:CommandLine></rsp:CommandLine></rsp:Command>",
                        escape(id)
                    ),
                );
            }
        }
    }
    put(out, format_args!("</{prefix}:Items>"));
    if page.context.is_none() {
        put(out, format_args!("<{prefix}:EndOfSequence/>"));
    }
    put(out, format_args!("</n:{name}>"));
}

/// How many bytes of an envelope a shell takes.
pub(crate) fn shell_size(shell: &ShellFacts) -> usize {
    let mut text = String::new();
    describe(&mut text, shell);
    text.len()
}

fn describe(out: &mut String, shell: &ShellFacts) {
    put(out, format_args!("<rsp:Shell><rsp:ShellId>{}</rsp:ShellId>", escape(&shell.id)));
    if let Some(name) = &shell.name {
        put(out, format_args!("<rsp:Name>{}</rsp:Name>", escape(name)));
    }
    put(
        out,
        format_args!(
            "<rsp:ResourceUri>{}</rsp:ResourceUri><rsp:Owner>{}</rsp:Owner><rsp:ClientIP>{}</rsp:ClientIP>\
             <rsp:ProcessId>{}</rsp:ProcessId><rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut>\
             <rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams>\
             <rsp:MaxIdleTimeOut>PT2147483.647S</rsp:MaxIdleTimeOut><rsp:Locale>en-US</rsp:Locale>\
             <rsp:DataLocale>en-US</rsp:DataLocale><rsp:CompressionMode>NoCompression</rsp:CompressionMode>\
             <rsp:ProfileLoaded>Yes</rsp:ProfileLoaded><rsp:Encoding>UTF8</rsp:Encoding>\
             <rsp:BufferMode>Block</rsp:BufferMode><rsp:State>{state}</rsp:State>\
             <rsp:ShellRunTime>P0DT0H0M{age}S</rsp:ShellRunTime><rsp:ShellInactivity>P0DT0H0M{idle}S</rsp:ShellInactivity>\
             </rsp:Shell>",
            escape(&shell.resource_uri),
            escape(&shell.owner),
            escape(&shell.client_ip),
            shell.process_id,
            age = shell.age,
            idle = shell.idle,
            state = if shell.is_connected { "Connected" } else { "Disconnected" },
        ),
    );
}

fn output(out: &mut String, command_id: Option<&str>, chunks: &[Bytes], state: CommandState) {
    let attribute = command_id.map(|id| format!(" CommandId=\"{}\"", escape(id))).unwrap_or_default();
    out.push_str("<rsp:ReceiveResponse>");
    for chunk in chunks {
        put(out, format_args!("<rsp:Stream Name=\"stdout\"{attribute}>"));
        base64_simd::STANDARD.encode_append(chunk, out);
        out.push_str("</rsp:Stream>");
    }
    if command_id.is_some() {
        match state {
            CommandState::Running => {
                put(out, format_args!("<rsp:CommandState{attribute} State=\"{}\"/>", names::STATE_RUNNING));
            }
            CommandState::Done => put(
                out,
                format_args!(
                    "<rsp:CommandState{attribute} State=\"{}\"><rsp:ExitCode>0</rsp:ExitCode>\
                     </rsp:CommandState>",
                    names::STATE_DONE
                ),
            ),
        }
    }
    out.push_str("</rsp:ReceiveResponse>");
}

/// Appends formatted text; a `String` takes everything.
fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

fn escape(text: &str) -> std::borrow::Cow<'_, str> {
    quick_xml::escape::escape(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::wsman::Body;
    use std::time::Duration;

    fn request() -> Request {
        Request {
            message_id: "uuid:<1>".into(),
            to: "http://127.0.0.1/wsman".into(),
            resource_uri: "http://schemas.microsoft.com/powershell/Microsoft.PowerShell".into(),
            timeout: Duration::from_secs(1),
            max_envelope: 153_600,
            shell_id: None,
            session: None,
            protocol_version: None,
            body: Body::Receive { command_id: None },
        }
    }

    #[test]
    fn never_exceeds_what_the_sizes_promise() {
        let id = Uuid::nil().to_string();
        for (count, size) in [(1, 1), (1, 32_768), (200, 21)] {
            let chunks = vec![Bytes::from(vec![7; size]); count];
            let reply = Reply::Output { command_id: Some(id.clone()), chunks, state: CommandState::Done };
            let length = reply.envelope(&request()).len();
            assert!(length <= OVERHEAD + count * chunk_size(size), "{count} x {size}: {length}");
        }
    }

    #[test]
    fn escapes_what_the_client_chose() {
        let text = Reply::Started("<&\"".into()).envelope(&request());
        assert!(text.contains("<rsp:CommandId>&lt;&amp;&quot;</rsp:CommandId>"), "{text}");
        assert!(text.contains("<a:RelatesTo>uuid:&lt;1&gt;</a:RelatesTo>"), "{text}");
    }
}
