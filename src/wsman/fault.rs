//! SOAP faults and what they mean to a user.

use super::names::code;
use super::quota::{self, Quota};
use crate::outcome::Reason;

/// Longest text of a fault that we keep, in characters: it comes from a stranger.
const MAX_TEXT: usize = 1000;

/// A fault of the server (MS-WSMV 2.2.4.43).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fault {
    /// The Windows or WSMan error, as an unsigned number; 0 when the server named none.
    pub code: u32,
    /// SOAP subcode without its prefix (`TimedOut`), or empty.
    pub subcode: String,
    /// The server's own words: the innermost provider's, else WSMan's, else SOAP's. One line.
    pub message: String,
}

/// What a fault means: for the outcome, for the user, for another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// Stable code of the cause.
    pub reason: Reason,
    /// The cause in words.
    pub message: &'static str,
    /// What to do about it.
    pub hint: Option<&'static str>,
    /// It passes by itself: worth another attempt, as long as no script was started.
    pub retryable: bool,
}

impl Meaning {
    const fn new(reason: Reason, message: &'static str) -> Self {
        Self { reason, message, hint: None, retryable: false }
    }

    const fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    const fn passing(mut self) -> Self {
        self.retryable = true;
        self
    }
}

impl Fault {
    /// A quiet Receive: poll again.
    pub fn is_timed_out(&self) -> bool {
        self.code == code::OPERATION_TIMED_OUT || (self.code == 0 && self.subcode == "TimedOut")
    }

    /// The shell or command does not exist (any more).
    pub fn is_gone(&self) -> bool {
        matches!(self.code, code::UNEXPECTED_SELECTORS | code::SHELL_ALREADY_CLOSED)
    }

    /// What was asked for may have been done even so: the server did not refuse it, it lost sight of it.
    pub fn leaves_open(&self) -> bool {
        self.is_timed_out()
            || matches!(
                self.code,
                code::OPERATION_ABORTED
                    | code::RPC_CALL_FAILED
                    | code::PLUGIN_FAILED
                    | code::PLUGIN_OPERATION_CLOSED
                    | code::COMMAND_TERMINATED
                    | code::COMMAND_ID_CONFLICT
            )
    }

    /// A new shell may take what this one refuses: it is gone, not where we ask, or used up.
    pub fn wants_another_shell(&self) -> bool {
        let codes = [
            code::INVALID_SELECTORS,
            code::SHELL_NOT_INITIALIZED,
            code::SHELL_DISCONNECTED,
            code::QUOTA_COMMANDS_PER_SHELL,
        ];
        self.is_gone() || codes.contains(&self.code) || (self.code == 0 && self.subcode == "InvalidSelectors")
    }

    /// The envelope was too large for the server.
    pub fn is_too_large(&self) -> bool {
        (self.code == 0 && self.subcode == "EncodingLimit")
            || matches!(self.code, code::ENVELOPE_TOO_LARGE | code::MAX_ENVELOPE_SIZE | code::SERVER_ENVELOPE_LIMIT)
    }

    /// The quota that is used up, if the fault says which, and its value on the host if its words tell that.
    pub fn quota(&self) -> Option<(Quota, Option<u64>)> {
        Quota::of(self.code).map(|quota| (quota, quota::value(&self.message)))
    }

    /// What the code means. Server texts are localised and play no part in it.
    pub fn meaning(&self) -> Meaning {
        match self.code {
            1..=0xffff => windows(self.code),
            _ if self.subcode == "AccessDenied" => windows(code::ACCESS_DENIED),
            0 => by_subcode(&self.subcode),
            _ => wsman(self.code),
        }
    }
}

const QUOTA_HINT: &str = "close leaked sessions on it, or raise the quota in WSMan:\\localhost\\Shell or its endpoint";

fn windows(code: u32) -> Meaning {
    use Reason::*;
    match code {
        code::ACCESS_DENIED => Meaning::new(EndpointDenied, "logged on, but access to the endpoint is denied").hint(
            "the account needs to be in Administrators or 'Remote Management Users' there; \
             a local administrator also needs LocalAccountTokenFilterPolicy=1",
        ),
        code::NO_LOGON_SERVERS => Meaning::new(ServerFault, "the host cannot reach a domain controller").passing(),
        code::LOGON_FAILURE => Meaning::new(LogonDenied, "the user or the password was refused"),
        code::ACCOUNT_DISABLED => Meaning::new(AccountLocked, "the account is disabled"),
        code::ACCOUNT_LOCKED_OUT => Meaning::new(AccountLocked, "the account is locked out"),
        code::OPERATION_ABORTED => Meaning::new(ServerFault, "the server aborted the operation").passing(),
        code::RPC_UNAVAILABLE => Meaning::new(ServerFault, "a service that the server needs is unavailable").passing(),
        code::NOT_ENOUGH_QUOTA => Meaning::new(Quota, "a quota of the server is used up").passing(),
        _ => Meaning::new(ServerFault, "the server reports a Windows error"),
    }
}

/// Servers other than Windows' own often name no code of Microsoft's, only the standard's subcode (DSP0226 chapter 14).
fn by_subcode(subcode: &str) -> Meaning {
    use Reason::*;
    match subcode {
        // What OMI and hardware controllers answer where there is no shell at all.
        "DestinationUnreachable" => Meaning::new(
            NoEndpoint,
            "the server speaks WSMan, but has no PowerShell behind it",
        )
        .hint(
            "is this a management controller, or OMI without the PowerShell provider? Use the address of the operating \
                 system, run Enable-PSRemoting there, or --transport ssh; a wrong --configuration-name leads here too",
        ),
        "QuotaLimit" => Meaning::new(Quota, "a quota of the server is used up").hint(QUOTA_HINT).passing(),
        "EndpointUnavailable" => Meaning::new(ServerFault, "the service is unavailable for now").passing(),
        "TimedOut" => wsman(code::OPERATION_TIMED_OUT),
        "Concurrency" => wsman(code::CONCURRENCY),
        "EncodingLimit" => wsman(code::MAX_ENVELOPE_SIZE),
        "InvalidSelectors" => wsman(code::INVALID_SELECTORS),
        "SchemaValidationError" => wsman(code::SCHEMA_VALIDATION),
        "ActionNotSupported" | "UnsupportedFeature" => {
            Meaning::new(NoEndpoint, "the server speaks WSMan, but has no remote shells")
                .hint("run Enable-PSRemoting there, or use --transport ssh")
        }
        _ => wsman(0),
    }
}

fn wsman(code: u32) -> Meaning {
    use Reason::*;
    match code {
        code::OPERATION_TIMED_OUT => Meaning::new(ServerFault, "the server took too long for the operation").passing(),
        code::CONCURRENCY => Meaning::new(Protocol, "another operation on the shell is pending"),
        code::INVALID_HEADER | code::SCHEMA_VALIDATION => {
            Meaning::new(Protocol, "the server finds our request malformed")
        }
        code::FAILED_AUTHENTICATION => Meaning::new(LogonDenied, "the user or the password was refused"),
        code::INVALID_RESOURCE_URI => Meaning::new(NoEndpoint, "there is no session configuration of that name").hint(
            "see Get-PSSessionConfiguration there and set --configuration-name; \
             Enable-PSRemoting registers those of PowerShell 7",
        ),
        code::INVALID_SELECTORS => Meaning::new(ServerFault, "the server does not know the shell")
            .hint("behind a load balancer all connections must reach the same server"),
        code::ENVELOPE_TOO_LARGE
        | code::MAX_ENVELOPE_SIZE
        | code::MAX_ENVELOPE_SIZE_EXCEEDED
        | code::SERVER_ENVELOPE_LIMIT => Meaning::new(ServerFault, "a message exceeds the server's MaxEnvelopeSize")
            .hint("raise MaxEnvelopeSizekb there: winrm set winrm/config @{MaxEnvelopeSizekb=\"500\"}"),
        code::UNEXPECTED_SELECTORS | code::SHELL_ALREADY_CLOSED | code::SHELL_NOT_INITIALIZED => Meaning::new(
            LinkBroken,
            "the remote shell is gone: its process ended, it was removed, or the host restarted",
        ),
        code::PLUGIN_FAILED => Meaning::new(ServerFault, "PowerShell's host process could not start, or crashed")
            .hint("check MaxMemoryPerShellMB, profile policies and the Windows-PowerShell event log there")
            // Memory that is short now need not be short in a moment.
            .passing(),
        2_150_858_974 => Meaning::new(AuthMethod, "unencrypted traffic is not allowed"),
        2_150_858_975..=2_150_858_979 => Meaning::new(AuthMethod, "the authentication mechanism is disabled"),
        2_150_859_170 => Meaning::new(AuthMethod, "CredSSP is disabled there")
            .hint("as an administrator there: Enable-WSManCredSSP -Role Server; or use --auth negotiate"),
        2_150_859_019 | 2_150_859_020 | 2_150_859_195 => {
            Meaning::new(AuthMethod, "Kerberos cannot be used with an address or outside a domain")
        }
        2_150_859_026 => Meaning::new(ServerFault, "the service is unavailable").passing(),
        code::QUOTA_LIMIT
        | code::QUOTA_MAX_SHELLS
        | code::QUOTA_MAX_OPERATIONS
        | code::QUOTA_USER
        | code::QUOTA_SYSTEM
        | code::QUOTA_MAX_SHELL_USERS
        | code::QUOTA_ENDPOINT_FIRST..=code::QUOTA_ENDPOINT_LAST => {
            Meaning::new(Quota, "a quota of the server is used up").hint(QUOTA_HINT).passing()
        }
        code::QUOTA_COMMANDS_PER_SHELL => Meaning::new(Quota, "MaxConcurrentCommandsPerShell is used up"),
        code::DIFFERENT_AUTHZ_TOKEN => Meaning::new(EndpointDenied, "the shell belongs to another user or logon"),
        2_150_859_180 => Meaning::new(EndpointDenied, "policy AllowRemoteShellAccess forbids remote shells"),
        2_150_859_229 | 2_150_859_235 => Meaning::new(EndpointDenied, "the endpoint allows local access only")
            .hint("run Enable-PSRemoting there, or Set-PSSessionConfiguration -AccessMode Remote"),
        code::SHELL_DISCONNECTED => Meaning::new(ServerFault, "the shell is disconnected"),
        code::DISCONNECT_NOT_SUPPORTED => Meaning::new(NoEndpoint, "the host cannot leave a shell without its client")
            .hint("that needs Windows 8, Windows Server 2012 or later"),
        code::CONNECTED_ELSEWHERE | code::CLIENT_SESSION_MISMATCH => {
            Meaning::new(InUse, "another client has the shell")
        }
        code::COMMAND_TERMINATED => Meaning::new(LinkBroken, "the command was closed on the server"),
        code::COMMAND_ID_CONFLICT | code::SHELL_ID_CONFLICT => {
            Meaning::new(Protocol, "the id of the shell or command is already in use")
        }
        2_150_859_231 => Meaning::new(EndpointDenied, "the endpoint's RunAs credential is invalid"),
        2_150_859_248 => Meaning::new(AuthMethod, "mutual authentication failed"),
        code::PROTOCOL_VERSION_NOT_FOUND | code::PROTOCOL_VERSION_MISMATCH => {
            Meaning::new(Protocol, "PowerShell there does not speak psfleet's protocol version")
        }
        0x8054_0000..=0x8054_ffff => Meaning::new(ServerFault, "PowerShell's WinRM plugin reports an error"),
        _ => Meaning::new(ServerFault, "the server reports a fault"),
    }
}

/// Collects a fault from the events inside `s:Fault`.
#[derive(Default)]
pub(super) struct FaultReader {
    fault: Fault,
    reason: String,
    /// Inside `s:Subcode`.
    subcode: bool,
    /// Inside CIM's own kind of error.
    wmi: bool,
}

impl FaultReader {
    pub(super) fn start(&mut self, name: &str, attribute: impl Fn(&str) -> Option<String>) {
        match name {
            "Subcode" => self.subcode = true,
            "MSFT_WmiError" => self.wmi = true,
            // Providers nest their own fault in WSMan's: the last one started is the innermost. Its code may be
            // missing, then the outer one stands.
            "WSManFault" => {
                if let Some(code) = attribute("Code").as_deref().and_then(number) {
                    self.fault.code = code;
                }
            }
            _ => {}
        }
    }

    pub(super) fn end(&mut self, name: &str, text: &str) {
        match name {
            "Subcode" => self.subcode = false,
            "Value" if self.subcode => self.fault.subcode = text.trim().rsplit(':').next().unwrap_or("").to_owned(),
            "Text" if self.reason.is_empty() => self.reason = one_line(text),
            "error_Code" if self.wmi => self.fault.code = number(text.trim()).unwrap_or(self.fault.code),
            // Inner elements end first: what is there already is more precise.
            "Message" | "WSManFault" | "ProviderFault" if self.fault.message.is_empty() => {
                self.fault.message = one_line(text);
            }
            _ => {}
        }
    }

    pub(super) fn finish(mut self) -> Fault {
        if self.fault.message.is_empty() {
            self.fault.message = self.reason;
        }
        self.fault
    }
}

/// WinRM prints some codes as negative numbers.
fn number(text: &str) -> Option<u32> {
    let value: i64 = text.parse().ok()?;
    u32::try_from(value).ok().or_else(|| i32::try_from(value).ok().map(|signed| signed as u32))
}

/// Printable text on one line; longer ones are cut.
fn one_line(text: &str) -> String {
    let words = text.split(|character: char| character.is_whitespace() || character.is_control());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    line.chars().take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::Fault;
    use crate::outcome::Reason;
    use crate::wsman::Response;
    use crate::wsman::names::ns;

    fn fault(subcode: &str, detail: &str) -> Fault {
        let text = format!(
            concat!(
                r#"<s:Envelope xmlns:s="{}" xmlns:w="{}" xmlns:f="{}"><s:Body><s:Fault><s:Code><s:Value>s:Receiver"#,
                "</s:Value><s:Subcode><s:Value>{}</s:Value></s:Subcode></s:Code><s:Reason><s:Text>soap \n \
                 text</s:Text>",
                "</s:Reason><s:Detail>{}</s:Detail></s:Fault></s:Body></s:Envelope>"
            ),
            ns::SOAP,
            ns::WSMAN,
            ns::FAULT,
            subcode,
            detail
        );
        match Response::parse(&text, None) {
            Ok(Response::Fault(fault)) => *fault,
            other => panic!("no fault: {other:?}"),
        }
    }

    #[test]
    fn reads_code_subcode_and_message() {
        let found = fault(
            "w:TimedOut",
            r#"<f:WSManFault Code="2150858793" Machine="h"><f:Message>slow</f:Message></f:WSManFault>"#,
        );
        assert_eq!(found, Fault { code: 2_150_858_793, subcode: "TimedOut".into(), message: "slow".into() });
        assert!(found.is_timed_out());
    }

    #[test]
    fn prefers_the_innermost_provider() {
        let nested = concat!(
            r#"<f:WSManFault Code="2150858843" Machine="h"><f:Message>"#,
            r#"<f:ProviderFault provider="Shell" path="x"><f:WSManFault Code="2150859174" Machine="h">"#,
            "<f:Message>inner</f:Message></f:WSManFault></f:ProviderFault></f:Message></f:WSManFault>"
        );
        let found = fault("w:InternalError", nested);
        assert_eq!((found.code, found.message.as_str()), (2_150_859_174, "inner"));
        assert!(found.meaning().retryable);
    }

    #[test]
    fn reads_cims_variant_and_negative_codes() {
        let cim = "<MSFT_WmiError><error_Code>2150859174</error_Code><Message>quota</Message></MSFT_WmiError>";
        assert_eq!(
            (fault("w:QuotaLimit", cim).code, fault("w:QuotaLimit", cim).message.as_str()),
            (2_150_859_174, "quota")
        );
        assert_eq!(fault("w:X", r#"<f:WSManFault Code="-2144108503"/>"#).code, 2_150_858_793);
        assert_eq!(fault("w:X", r#"<f:WSManFault Code="nonsense"/>"#).code, 0);
    }

    #[test]
    fn falls_back_to_the_soap_text_in_one_line() {
        assert_eq!(fault("w:AccessDenied", "").message, "soap text");
        assert_eq!(fault("w:AccessDenied", "").meaning().reason, Reason::EndpointDenied);
    }

    #[test]
    fn subcodes_have_their_reasons_where_there_is_no_code() {
        for (subcode, reason, retryable) in [
            ("wsa:DestinationUnreachable", Reason::NoEndpoint, false),
            ("w:QuotaLimit", Reason::Quota, true),
            ("wsa:EndpointUnavailable", Reason::ServerFault, true),
            ("w:TimedOut", Reason::ServerFault, true),
            ("wsa:ActionNotSupported", Reason::NoEndpoint, false),
            ("w:Concurrency", Reason::Protocol, false),
            ("w:AccessDenied", Reason::EndpointDenied, false),
            ("w:InternalError", Reason::ServerFault, false),
        ] {
            let meaning = fault(subcode, "").meaning();
            assert_eq!((meaning.reason, meaning.retryable), (reason, retryable), "{subcode}");
        }
        assert!(fault("w:EncodingLimit", "").is_too_large());
        // A code says more than the subcode beside it.
        let found = fault("w:QuotaLimit", r#"<f:WSManFault Code="2150859241"/>"#).meaning();
        assert_eq!((found.reason, found.retryable), (Reason::Quota, false));
        assert!(
            fault("wsa:DestinationUnreachable", "")
                .meaning()
                .hint
                .is_some_and(|hint| hint.contains("Enable-PSRemoting"))
        );
    }

    #[test]
    fn codes_have_their_reasons() {
        let of = |code| Fault { code, ..Fault::default() }.meaning();
        for (code, reason, retryable) in [
            (5, Reason::EndpointDenied, false),
            (1326, Reason::LogonDenied, false),
            (1909, Reason::AccountLocked, false),
            (2_150_858_811, Reason::NoEndpoint, false),
            (2_150_858_843, Reason::LinkBroken, false),
            (2_150_859_173, Reason::Quota, true),
            (2_150_859_239, Reason::Quota, true),
            (2_150_859_241, Reason::Quota, false),
            (2_152_992_672, Reason::ServerFault, false),
            (0, Reason::ServerFault, false),
        ] {
            assert_eq!((of(code).reason, of(code).retryable), (reason, retryable), "{code}");
        }
    }
}
