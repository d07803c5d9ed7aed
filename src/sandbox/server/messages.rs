//! The messages of a PSRP server: how they look when they come and when they go.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use uuid::Uuid;

use super::references::unfold;
use crate::clixml::{Decoder, Value, encode_into};
use crate::psrp::message::{self, Destination, Header, MessageType, build, capability};
use crate::psrp::{ProtocolError, SERVER_MAX_FRAGMENT, SessionKey, cut, seal_session_key};
use crate::sandbox::engine::{Argument, Command, Invocation};
use crate::sandbox::machine::Host;
use crate::stream::Stream;

/// What real servers write before the data of every message.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// The name of the argument that carries the values of `$using:`.
const USING: &str = "--%";

/// RunspacePoolState: open.
pub(super) const POOL_OPENED: i32 = 2;

/// Writes the messages of one pool.
#[derive(Debug)]
pub(super) struct Writer {
    pool: Uuid,
    object_id: AtomicU64,
    /// Whether the client has a host that can be written to.
    pub has_interface: bool,
}

impl Writer {
    /// A writer for the pool that the client has named.
    pub(super) fn new(pool: Uuid, has_interface: bool) -> Self {
        Self { pool, object_id: AtomicU64::new(0), has_interface }
    }

    /// A message as fragments; the nil id is that of the pool.
    pub(super) fn write(&self, message_type: MessageType, pipeline: Uuid, data: &Value) -> Vec<Bytes> {
        // Real servers leave the pool's id out here.
        let pool = if message_type == MessageType::SessionCapability { Uuid::nil() } else { self.pool };
        let header = Header::write(Destination::Client, message_type, pool, pipeline);
        let mut xml = Vec::with_capacity(512);
        encode_into(data, &mut xml);
        let object_id = self.object_id.fetch_add(1, Ordering::Relaxed) + 1;
        cut(object_id, &[&header, BYTE_ORDER_MARK, &xml], SERVER_MAX_FRAGMENT)
    }
}

/// Reads a client's message; references are unfolded.
///
/// # Errors
/// No header, or no CLIXML.
pub(super) fn read(message: &[u8]) -> Result<(Header, Option<Value>), ProtocolError> {
    let (header, document) = message::read(message, &mut Decoder::default())?;
    Ok((header, document.map(unfold)))
}

/// The protocol version to answer a client's with (MS-PSRP 3.2.5.4.1): its own if we speak it, else ours.
pub(super) fn agree(capability: &Value) -> Option<String> {
    let Some(Value::Version(version)) = capability.member("protocolversion") else { return None };
    match version.split_once('.')? {
        ("2", "0" | "1" | "2" | "3") => Some(version.to_string()),
        ("2", _) => Some(capability::OFFERED.to_owned()),
        _ => None,
    }
}

/// SESSION_CAPABILITY with the agreed version.
pub(super) fn session_capability(version: &str) -> Value {
    build::bag([
        ("protocolversion", Value::Version(version.into())),
        ("PSVersion", Value::Version("2.0".into())),
        ("SerializationVersion", Value::Version("1.1.0.1".into())),
    ])
}

/// APPLICATION_PRIVATE_DATA: the version table of Windows PowerShell 5.1 on the host, or of the version to be reported.
pub(super) fn private_data(host: &Host, protocol: &str, reported: Option<&str>) -> Value {
    let system = host.operating_system();
    let version = |text: &str| Value::Version(text.into());
    let own = format!("5.1.{}.{}", system.build, system.revision);
    let table = [
        ("PSVersion", version(reported.unwrap_or(&own))),
        ("PSEdition", Value::str("Desktop")),
        ("CLRVersion", version("4.0.30319.42000")),
        ("BuildVersion", version(&format!("10.0.{}.{}", system.build, system.revision))),
        ("WSManStackVersion", version("3.0")),
        ("PSRemotingProtocolVersion", version(protocol)),
        ("SerializationVersion", version("1.1.0.1")),
    ];
    let table = table.into_iter().map(|(name, value)| (Value::str(name), value)).collect();
    let data = build::primitive_dictionary(vec![(Value::str("PSVersionTable"), build::primitive_dictionary(table))]);
    build::bag([("ApplicationPrivateData", data)])
}

/// RUNSPACEPOOL_INIT_DATA: the size of a pool, for a client that has not made it.
fn pool_init_data(size: usize) -> Value {
    let size = Value::I32(i32::try_from(size).unwrap_or(i32::MAX));
    build::bag([("MinRunspaces", Value::I32(1)), ("MaxRunspaces", size)])
}

/// The version to speak with a client that attaches to a pool of so many runspaces, and the pool's answer; `None` if its
/// messages are not those of one.
pub(super) fn welcome(opening: &[Vec<u8>], writer: &Writer, size: usize) -> Option<(String, Vec<u8>)> {
    let (_, capability) = read(opening.first()?).ok()?;
    let version = agree(capability.as_ref()?)?;
    let answers = [
        (MessageType::SessionCapability, session_capability(&version)),
        (MessageType::RunspacePoolInitData, pool_init_data(size)),
    ];
    let said = answers.iter().flat_map(|(kind, data)| writer.write(*kind, Uuid::nil(), data));
    let said = said.collect::<Vec<_>>().concat();
    Some((version, said))
}

/// RUNSPACEPOOL_STATE.
pub(super) fn pool_state(state: i32) -> Value {
    build::bag([("RunspaceState", Value::I32(state))])
}

/// ENCRYPTED_SESSION_KEY for the client of a PUBLIC_KEY; `None` if that holds no valid key.
pub(super) fn encrypted_session_key(public_key: &Value, key: &SessionKey) -> Option<Value> {
    let public = public_key.member("PublicKey").and_then(Value::as_text)?;
    let sealed = seal_session_key(&public.to_str_lossy(), key).ok()?;
    Some(build::bag([("EncryptedSessionKey", Value::str(sealed))]))
}

/// RUNSPACE_AVAILABILITY for the client of a GET_AVAILABLE_RUNSPACES; `None` if that has no number.
pub(super) fn free_runspaces(question: &Value, free: usize) -> Option<Value> {
    let number = question.member("ci").and_then(Value::as_i64)?;
    let free = Value::I64(i64::try_from(free).unwrap_or(i64::MAX));
    Some(build::bag([("SetMinMaxRunspacesResponse", free), ("ci", Value::I64(number))]))
}

/// PIPELINE_STATE, with the error that ended the pipeline.
pub(super) fn pipeline_state(state: i32, error: Option<Value>) -> Value {
    let mut members = vec![("PipelineState", Value::I32(state))];
    members.extend(error.map(|error| ("ExceptionAsErrorRecord", error)));
    build::bag(members)
}

/// The message that a record of a stream travels in.
pub(super) fn record_type(stream: Stream) -> MessageType {
    match stream {
        Stream::Output => MessageType::PipelineOutput,
        Stream::Error => MessageType::ErrorRecord,
        Stream::Warning => MessageType::WarningRecord,
        Stream::Verbose => MessageType::VerboseRecord,
        Stream::Debug => MessageType::DebugRecord,
        Stream::Information => MessageType::InformationRecord,
        Stream::Progress => MessageType::ProgressRecord,
    }
}

/// How many runspaces INIT_RUNSPACEPOOL asks for.
pub(super) fn max_runspaces(init: &Value) -> usize {
    init.member("MaxRunspaces").and_then(Value::as_i64).and_then(|max| usize::try_from(max).ok()).unwrap_or(1)
}

/// Reads CREATE_PIPELINE: an invocation for each statement, in order. Input that follows belongs to the first.
///
/// # Errors
/// A required property is missing.
pub(super) fn statements(create_pipeline: &Value) -> Result<Vec<Invocation>, ProtocolError> {
    let missing = |property| ProtocolError::Property { message: "CREATE_PIPELINE", property };
    let input = create_pipeline.member("NoInput").and_then(Value::as_bool).map(|none| !none);
    let powershell = create_pipeline.member("PowerShell").ok_or(missing("PowerShell"))?;
    let extra = powershell.member("ExtraCmds").and_then(Value::as_list).unwrap_or_default();
    let statements: Option<Vec<Invocation>> = match extra {
        [] => powershell.member("Cmds").and_then(statement).map(|one| vec![one]),
        many => many.iter().map(|statement_of| statement_of.member("Cmds").and_then(statement)).collect(),
    };
    let mut statements = statements.ok_or(missing("Cmds"))?;
    let input = input.ok_or(missing("NoInput"))?;
    statements.first_mut().into_iter().for_each(|first| first.input = input);
    Ok(statements)
}

fn statement(commands: &Value) -> Option<Invocation> {
    let mut invocation = Invocation::default();
    for value in commands.as_list()? {
        let mut command = Command {
            text: value.member("Cmd")?.as_text()?.to_str_lossy().into_owned(),
            is_script: value.member("IsScript")?.as_bool()?,
            arguments: Vec::new(),
        };
        for argument in value.member("Args").and_then(Value::as_list).unwrap_or_default() {
            let name = argument.member("N").and_then(Value::as_text).map(|name| name.to_str_lossy().into_owned());
            let value = argument.member("V").cloned().unwrap_or(Value::Null);
            match name.as_deref() {
                Some(USING) => invocation.using.extend(using(&value)),
                _ => command.arguments.push(Argument { name, value }),
            }
        }
        invocation.commands.push(command);
    }
    Some(invocation)
}

/// The entries of the dictionary form of `$using:` values.
fn using(values: &Value) -> impl Iterator<Item = (String, Value)> {
    let entries = values.as_dict().unwrap_or_default().iter();
    entries.filter_map(|(key, value)| Some((key.as_text()?.to_str_lossy().into_owned(), value.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psrp;

    fn document(value: &Value) -> Vec<u8> {
        let mut xml = Vec::new();
        encode_into(value, &mut xml);
        xml
    }

    #[test]
    fn reads_what_our_client_writes() {
        let invocation = psrp::Invocation {
            script: "param($a) $a + $using:x".into(),
            arguments: vec![
                psrp::Argument { name: None, value: Value::I32(7) },
                psrp::Argument {
                    name: Some(USING.into()),
                    value: build::hashtable(vec![(Value::str("JAB1AA=="), Value::str("v"))]),
                },
            ],
            input: false,
        };
        let xml = document(&message::create_pipeline::create_pipeline(&invocation));
        let value = unfold(Decoder::default().decode(&xml).expect("CLIXML"));
        let statements = statements(&value).expect("complete");
        let [statement] = &statements[..] else { panic!("one statement") };
        assert!(!statement.input);
        assert_eq!(statement.commands[0].text, invocation.script);
        assert_eq!(statement.commands[0].arguments[0].value, Value::I32(7));
        assert_eq!(statement.using, [("JAB1AA==".to_owned(), Value::str("v"))]);
    }

    #[test]
    fn agrees_as_real_servers_do() {
        let offer = |version: &str| agree(&build::bag([("protocolversion", Value::Version(version.into()))]));
        assert_eq!(offer("2.1").as_deref(), Some("2.1"));
        assert_eq!(offer("2.3").as_deref(), Some("2.3"));
        assert_eq!(offer("2.4").as_deref(), Some("2.3"));
        assert_eq!(offer("3.0"), None);
    }

    #[test]
    fn writes_capabilities_as_windows_does() {
        let writer = Writer::new(Uuid::from_u128(7), false);
        let fragments = writer.write(MessageType::SessionCapability, Uuid::nil(), &session_capability("2.3"));
        let bytes = fragments.concat();
        assert_eq!(&bytes[21 + 8..21 + 24], &[0; 16], "the pool's id stays zero");
        assert_eq!(&bytes[21 + 40..21 + 43], BYTE_ORDER_MARK);
        let long = writer.write(MessageType::PipelineOutput, Uuid::nil(), &Value::str("x".repeat(100_000)));
        assert!(long.iter().all(|fragment| fragment.len() <= SERVER_MAX_FRAGMENT) && long.len() == 4);
    }
}
