//! Requests of one shell, from a canned header.

use std::fmt::Write;
use std::time::Duration;

use base64_simd::STANDARD;
use quick_xml::escape::escape;
use uuid::Uuid;

use super::names::{self, action, ns};
use super::shell_label::ShellLabel;

/// Largest response we ask for until the server shows that it is WinRM 3 or later, in bytes.
const ENVELOPE_OLD: u32 = 153_600;
/// Largest response we ask for from WinRM 3 or later, in bytes.
const ENVELOPE_NEW: u32 = 512_000;
/// How long the server may hold a quiet Receive.
const POLL: Duration = Duration::from_secs(20);
/// How long the server may take for anything else.
const OPERATION: Duration = Duration::from_secs(60);
/// How many shells we ask for at once, as recorded clients do.
const MAX_ELEMENTS: u32 = 32_000;
/// What a header may grow by without being measured: ids, options.
const SLACK: usize = 256;

/// Writes the requests of one shell (protocol: MS-WSMV 3.1.4; header: the one that recorded clients send).
///
/// Every method takes the MessageID of the request, new for each.
#[derive(Debug, Clone)]
pub struct Requests {
    /// Up to the first element that differs from request to request.
    head: String,
    /// The shell's selector and the end of the header.
    tail: String,
    max_envelope: u32,
}

impl Requests {
    /// Requests to a listener's URL and session configuration, for one client session.
    pub fn new(url: &str, configuration_name: &str, session: Uuid) -> Self {
        Self::of(url, &format!("{}{configuration_name}", names::RESOURCE_PREFIX), session)
    }

    /// Requests about a resource, such as [`ns::SHELL`] for all shells of the host.
    pub fn of(url: &str, resource_uri: &str, session: Uuid) -> Self {
        let mut head = String::with_capacity(1200);
        head.push_str("<s:Envelope");
        let spaces =
            [("s", ns::SOAP), ("a", ns::ADDRESSING), ("w", ns::WSMAN), ("p", ns::WSMAN_MICROSOFT), ("rsp", ns::SHELL)];
        for (prefix, uri) in spaces {
            let _ = write!(head, r#" xmlns:{prefix}="{uri}""#);
        }
        let _ = write!(
            head,
            concat!(
                r#"><s:Header><a:To>{to}</a:To><w:ResourceURI s:mustUnderstand="true">{resource}</w:ResourceURI>"#,
                r#"<a:ReplyTo><a:Address s:mustUnderstand="true">{reply}</a:Address></a:ReplyTo>"#,
                r#"<p:DataLocale s:mustUnderstand="false" xml:lang="en-US"/>"#,
                r#"<w:Locale s:mustUnderstand="false" xml:lang="en-US"/>"#,
                r#"<p:SessionId s:mustUnderstand="false">uuid:{session:X}</p:SessionId>"#,
            ),
            to = escape(url),
            resource = escape(resource_uri),
            reply = names::ANONYMOUS,
            session = session.hyphenated(),
        );
        Self { head, tail: "</s:Header><s:Body>".into(), max_envelope: ENVELOPE_OLD }
    }

    /// Addresses all further requests to the shell that the server created.
    pub fn select(&mut self, shell_id: &str) {
        self.tail = format!(
            r#"<w:SelectorSet><w:Selector Name="ShellId">{}</w:Selector></w:SelectorSet></s:Header><s:Body>"#,
            escape(shell_id)
        );
    }

    /// The server is WinRM 3 or later: use its larger envelopes.
    pub fn use_large_envelopes(&mut self) {
        self.max_envelope = ENVELOPE_NEW;
    }

    /// The size of an envelope that both sides take, in bytes.
    pub fn max_envelope(&self) -> usize {
        self.max_envelope as usize
    }

    /// How many bytes of fragments fit into one Send or Command when the server takes `envelope` bytes.
    pub fn capacity(&self, envelope: usize) -> usize {
        let overhead = self.send(Uuid::nil(), Some(&Uuid::nil().to_string()), names::STREAM_STDIN, &[]).len() + SLACK;
        // A multiple of three needs no base64 padding; a server with an absurdly small limit gets something at least.
        (envelope.saturating_sub(overhead) / 4 * 3).max(1024)
    }

    /// Creates a shell with the opening messages of the pool; the server may choose another ShellId than the pool's.
    pub fn create(
        &self,
        message: Uuid,
        pool: Uuid,
        label: &ShellLabel,
        protocol_version: &str,
        fragments: &[u8],
    ) -> String {
        let mut text = self.begin(action::CREATE, message, OPERATION, fragments.len());
        options(&mut text, &[(names::OPTION_PROTOCOL_VERSION, protocol_version, true)]);
        text.push_str(&self.tail);
        let _ = write!(
            text,
            concat!(
                r#"<rsp:Shell ShellId="{pool:X}" Name="{label}"><rsp:InputStreams>stdin pr</rsp:InputStreams>"#,
                r#"<rsp:OutputStreams>stdout</rsp:OutputStreams><creationXml xmlns="{psh}">"#
            ),
            pool = pool.hyphenated(),
            label = escape(label.to_string()),
            psh = ns::POWERSHELL
        );
        STANDARD.encode_append(fragments, &mut text);
        text.push_str("</creationXml></rsp:Shell>");
        end(text)
    }

    /// Starts a command with the first messages of its pipeline; the server may choose another CommandId.
    pub fn command(&self, message: Uuid, pipeline: Uuid, fragments: &[u8]) -> String {
        let mut text = self.begin(action::COMMAND, message, OPERATION, fragments.len());
        text.push_str(&self.tail);
        let _ = write!(
            text,
            r#"<rsp:CommandLine CommandId="{:X}"><rsp:Command> </rsp:Command><rsp:Arguments>"#,
            pipeline.hyphenated()
        );
        STANDARD.encode_append(fragments, &mut text);
        text.push_str("</rsp:Arguments></rsp:CommandLine>");
        end(text)
    }

    /// Sends input to a command, or to the shell.
    pub fn send(&self, message: Uuid, command_id: Option<&str>, stream: &str, fragments: &[u8]) -> String {
        let mut text = self.begin(action::SEND, message, OPERATION, fragments.len());
        text.push_str(&self.tail);
        let _ = write!(text, r#"<rsp:Send><rsp:Stream Name="{stream}"{}>"#, command_attribute(command_id));
        STANDARD.encode_append(fragments, &mut text);
        text.push_str("</rsp:Stream></rsp:Send>");
        end(text)
    }

    /// Waits for output of a command, or of the shell.
    pub fn receive(&self, message: Uuid, command_id: Option<&str>) -> String {
        let mut text = self.begin(action::RECEIVE, message, POLL, 0);
        options(&mut text, &[(names::OPTION_KEEP_ALIVE, "True", false)]);
        text.push_str(&self.tail);
        let _ = write!(
            text,
            "<rsp:Receive><rsp:DesiredStream{}>stdout</rsp:DesiredStream></rsp:Receive>",
            command_attribute(command_id)
        );
        end(text)
    }

    /// Signals a command: [`names::SIGNAL_STOP`] or [`names::SIGNAL_TERMINATE`].
    pub fn signal(&self, message: Uuid, command_id: &str, code: &str) -> String {
        let mut text = self.begin(action::SIGNAL, message, OPERATION, 0);
        text.push_str(&self.tail);
        let _ =
            write!(text, "<rsp:Signal{}><rsp:Code>{code}</rsp:Code></rsp:Signal>", command_attribute(Some(command_id)));
        end(text)
    }

    /// Leaves the shell with everything in it running, to be kept for so long while it has no client.
    ///
    /// It says nothing of how output is buffered: a server then blocks what writes more than it buffers, and drops
    /// nothing.
    pub fn disconnect(&self, message: Uuid, idle: Duration) -> String {
        let mut text = self.begin(action::DISCONNECT, message, OPERATION, 0);
        text.push_str(&self.tail);
        let seconds = idle.as_secs();
        let _ = write!(text, "<rsp:Disconnect><rsp:IdleTimeOut>PT{seconds}S</rsp:IdleTimeOut></rsp:Disconnect>");
        end(text)
    }

    /// Attaches to the shell that was [selected](Self::select) and has no client, with the messages of a pool that is
    /// attached to.
    pub fn connect(&self, message: Uuid, protocol_version: &str, fragments: &[u8]) -> String {
        let mut text = self.begin(action::CONNECT, message, OPERATION, fragments.len());
        options(&mut text, &[(names::OPTION_PROTOCOL_VERSION, protocol_version, true)]);
        text.push_str(&self.tail);
        let _ = write!(text, r#"<rsp:Connect><connectXml xmlns="{}">"#, ns::POWERSHELL);
        STANDARD.encode_append(fragments, &mut text);
        text.push_str("</connectXml></rsp:Connect>");
        end(text)
    }

    /// Attaches to a command of a shell that was attached to.
    pub fn connect_command(&self, message: Uuid, command_id: &str) -> String {
        let mut text = self.begin(action::CONNECT, message, OPERATION, 0);
        text.push_str(&self.tail);
        let _ = write!(text, "<rsp:Connect{}/>", command_attribute(Some(command_id)));
        end(text)
    }

    /// Deletes the shell.
    pub fn delete(&self, message: Uuid) -> String {
        let mut text = self.begin(action::DELETE, message, OPERATION, 0);
        text.push_str(&self.tail);
        end(text)
    }

    /// Lists what there is of the resource, or as much as fits into an answer; of commands those in one shell.
    pub fn enumerate(&self, message: Uuid, shell_id: Option<&str>) -> String {
        let mut text = self.begin(action::ENUMERATE, message, OPERATION, 0);
        text.push_str(&self.tail);
        let _ = write!(
            text,
            r#"<n:Enumerate xmlns:n="{list}"><w:OptimizeEnumeration/><w:MaxElements>{most}</w:MaxElements>"#,
            list = ns::ENUMERATION,
            most = MAX_ELEMENTS
        );
        if let Some(shell_id) = shell_id {
            let _ = write!(
                text,
                concat!(
                    r#"<w:Filter Dialect="{dialect}"><w:SelectorSet><w:Selector Name="ShellId">{shell_id}</w:Selector>"#,
                    "</w:SelectorSet></w:Filter>"
                ),
                dialect = names::SELECTOR_FILTER,
                shell_id = escape(shell_id)
            );
        }
        text.push_str("</n:Enumerate>");
        end(text)
    }

    /// Goes on with a list.
    pub fn pull(&self, message: Uuid, context: &str) -> String {
        let mut text = self.begin(action::PULL, message, OPERATION, 0);
        text.push_str(&self.tail);
        let _ = write!(
            text,
            concat!(
                r#"<n:Pull xmlns:n="{list}"><n:EnumerationContext>{context}</n:EnumerationContext>"#,
                "<n:MaxElements>{most}</n:MaxElements></n:Pull>"
            ),
            list = ns::ENUMERATION,
            context = escape(context),
            most = MAX_ELEMENTS
        );
        end(text)
    }

    fn begin(&self, action: &str, message: Uuid, timeout: Duration, payload: usize) -> String {
        let mut text = String::with_capacity(self.head.len() + self.tail.len() + 1000 + payload.div_ceil(3) * 4);
        text.push_str(&self.head);
        let _ = write!(
            text,
            concat!(
                r#"<a:Action s:mustUnderstand="true">{action}</a:Action>"#,
                r#"<w:MaxEnvelopeSize s:mustUnderstand="true">{size}</w:MaxEnvelopeSize>"#,
                "<a:MessageID>uuid:{message:X}</a:MessageID><w:OperationTimeout>PT{seconds}S</w:OperationTimeout>",
            ),
            action = action,
            size = self.max_envelope,
            message = message.hyphenated(),
            seconds = timeout.as_secs(),
        );
        text
    }
}

fn options(text: &mut String, options: &[(&str, &str, bool)]) {
    text.push_str(r#"<w:OptionSet s:mustUnderstand="true">"#);
    for (name, value, must_comply) in options {
        let comply = if *must_comply { r#" MustComply="true""# } else { "" };
        let _ = write!(text, r#"<w:Option Name="{name}"{comply}>{}</w:Option>"#, escape(*value));
    }
    text.push_str("</w:OptionSet>");
}

fn command_attribute(command_id: Option<&str>) -> String {
    command_id.map(|id| format!(r#" CommandId="{}""#, escape(id))).unwrap_or_default()
}

fn end(mut text: String) -> String {
    text.push_str("</s:Body></s:Envelope>");
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quick_xml::events::Event;
    use quick_xml::reader::Reader;
    use uuid::Uuid;

    use super::{Requests, ShellLabel, ns};

    fn requests() -> Requests {
        let mut requests = Requests::new("http://h:5985/wsman", "Microsoft.PowerShell", Uuid::from_u128(0xabc));
        requests.select("AB&1");
        requests
    }

    /// Local names, attributes and texts in document order; panics on XML that is not well-formed.
    fn flat(text: &str) -> Vec<String> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        let mut found = Vec::new();
        loop {
            match reader.read_event().expect("well-formed") {
                Event::Start(start) => {
                    found.push(start.local_name().as_ref().to_owned());
                    for attribute in start.attributes() {
                        let attribute = attribute.expect("attribute");
                        found.push(format!("@{}={}", attribute.key.as_ref(), attribute.value));
                    }
                }
                Event::Text(text) => found.push(text.into_inner().into_owned()),
                Event::GeneralRef(name) => found.push(format!("&{};", name.into_inner())),
                Event::Eof => return found,
                _ => {}
            }
        }
    }

    fn has(text: &str, wanted: &[&str]) {
        let found = flat(text);
        assert!(found.windows(wanted.len()).any(|part| part == wanted), "{wanted:?} in {found:?}");
    }

    #[test]
    fn creates_with_upper_case_ids_and_the_mandatory_option() {
        let pool = Uuid::from_u128(0x1122_3344_5566_7788_99aa_bbcc_ddee_ff00);
        let fresh = Requests::new("http://h:5985/wsman", "Microsoft.PowerShell", Uuid::nil());
        let label = ShellLabel::new("ada", "pc", 7);
        let text = fresh.create(Uuid::nil(), pool, &label, "2.3", b"\x00\x01\xff");
        has(&text, &["Shell", "@ShellId=11223344-5566-7788-99AA-BBCCDDEEFF00", "@Name=psfleet-ada@pc-7"]);
        has(&text, &["Option", "@Name=protocolversion", "@MustComply=true", "2.3"]);
        has(&text, &["creationXml", "@xmlns=http://schemas.microsoft.com/powershell", "AAH/"]);
        assert!(!text.contains("SelectorSet"));
    }

    #[test]
    fn addresses_the_shell_by_the_id_of_the_server() {
        for text in [
            requests().command(Uuid::nil(), Uuid::nil(), b"x"),
            requests().receive(Uuid::nil(), None),
            requests().delete(Uuid::nil()),
        ] {
            has(&text, &["Selector", "@Name=ShellId", "AB", "&amp;", "1"]);
        }
    }

    #[test]
    fn receives_of_a_command_and_of_the_shell() {
        has(&requests().receive(Uuid::nil(), Some("C")), &["DesiredStream", "@CommandId=C", "stdout"]);
        has(&requests().receive(Uuid::nil(), None), &["Receive", "DesiredStream", "stdout"]);
        has(&requests().receive(Uuid::nil(), None), &["Option", "@Name=WSMAN_CMDSHELL_OPTION_KEEPALIVE", "True"]);
        has(&requests().receive(Uuid::nil(), None), &["OperationTimeout", "PT20S"]);
    }

    #[test]
    fn leaves_a_shell_and_attaches_to_it() {
        let left = requests().disconnect(Uuid::nil(), Duration::from_secs(86_400));
        has(&left, &["Selector", "@Name=ShellId", "AB", "&amp;", "1"]);
        has(&left, &["Disconnect", "IdleTimeOut", "PT86400S"]);
        let text = requests().connect(Uuid::nil(), "2.3", b"\x00\x01\xff");
        has(&text, &["Option", "@Name=protocolversion", "@MustComply=true", "2.3"]);
        has(&text, &["Connect", "connectXml", "@xmlns=http://schemas.microsoft.com/powershell", "AAH/"]);
        has(&requests().connect_command(Uuid::nil(), "C"), &["Connect", "@CommandId=C"]);
    }

    #[test]
    fn lists_all_shells_page_by_page() {
        let all = Requests::of("http://h:5985/wsman", ns::SHELL, Uuid::nil());
        let text = all.enumerate(Uuid::nil(), None);
        has(&text, &["ResourceURI", "@s:mustUnderstand=true", ns::SHELL]);
        has(&text, &["OptimizeEnumeration", "MaxElements", "32000"]);
        has(&all.pull(Uuid::nil(), "a<b"), &["EnumerationContext", "a", "&lt;", "b", "MaxElements", "32000"]);
        assert!(!text.contains("SelectorSet"));
    }

    #[test]
    fn capacity_fills_an_envelope_but_never_exceeds_it() {
        for envelope in [153_600_usize, 512_000] {
            let capacity = requests().capacity(envelope);
            let full = requests().send(Uuid::nil(), Some(&Uuid::nil().to_string()), "stdin", &vec![0; capacity]);
            assert!(full.len() <= envelope && full.len() > envelope - 1000, "{} of {envelope}", full.len());
            assert!(requests().command(Uuid::nil(), Uuid::nil(), &vec![0; capacity]).len() <= envelope);
        }
        assert_eq!(requests().capacity(10), 1024);
    }
}
