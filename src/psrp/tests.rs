//! The vectors of a client and a server that we did not write, and whole conversations without a network.

use std::sync::Arc;

use uuid::Uuid;

use super::message::{self, Destination, Header, MessageType, build};
use super::*;
use crate::clixml::{self, Decoder, Document, Limits, Value};
use crate::stream::Stream;

const POOL: Uuid = Uuid::from_u128(0x11223344_5566_7788_99aa_bbccddeeff00);
const PIPELINE: Uuid = Uuid::from_u128(0x0a0b0c0d_0e0f_1011_1213_141516171819);
const MAX: usize = 32_768;

const CAPABILITY: &str = r#"<Obj RefId="0"><MS><Version N="PSVersion">2.0</Version><Version N="protocolversion">2.3</Version><Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>"#;
const INIT_POOL: &str = r#"<Obj RefId="0"><MS><I32 N="MinRunspaces">1</I32><I32 N="MaxRunspaces">1</I32><Obj RefId="1" N="PSThreadOptions"><I32>0</I32><TN RefId="0"><T>System.Management.Automation.Runspaces.PSThreadOptions</T><T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>Default</ToString></Obj><Obj RefId="2" N="ApartmentState"><I32>2</I32><TN RefId="1"><T>System.Threading.ApartmentState</T><T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>Unknown</ToString></Obj><Obj RefId="3" N="HostInfo"><MS><B N="_isHostNull">false</B><B N="_isHostUINull">false</B><B N="_isHostRawUINull">false</B><B N="_useRunspaceHost">false</B><Obj N="_hostDefaultData" RefId="18"><MS><Obj N="data" RefId="19"><TN RefId="9"><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT><En><I32 N="Key">0</I32><Obj N="Value" RefId="20"><MS><S N="T">System.ConsoleColor</S><I32 N="V">7</I32></MS></Obj></En><En><I32 N="Key">1</I32><Obj N="Value" RefId="21"><MS><S N="T">System.ConsoleColor</S><I32 N="V">0</I32></MS></Obj></En><En><I32 N="Key">2</I32><Obj N="Value" RefId="22"><MS><S N="T">System.Management.Automation.Host.Coordinates</S><Obj N="V" RefId="42"><MS><I32 N="x">0</I32><I32 N="y">0</I32></MS></Obj></MS></Obj></En><En><I32 N="Key">3</I32><Obj N="Value" RefId="23"><MS><S N="T">System.Management.Automation.Host.Coordinates</S><Obj N="V" RefId="43"><MS><I32 N="x">0</I32><I32 N="y">0</I32></MS></Obj></MS></Obj></En><En><I32 N="Key">4</I32><Obj N="Value" RefId="24"><MS><S N="T">System.Int32</S><I32 N="V">25</I32></MS></Obj></En><En><I32 N="Key">5</I32><Obj N="Value" RefId="25"><MS><S N="T">System.Management.Automation.Host.Size</S><Obj N="V" RefId="45"><MS><I32 N="width">120</I32><I32 N="height">50</I32></MS></Obj></MS></Obj></En><En><I32 N="Key">6</I32><Obj N="Value" RefId="26"><MS><S N="T">System.Management.Automation.Host.Size</S><Obj N="V" RefId="46"><MS><I32 N="width">120</I32><I32 N="height">50</I32></MS></Obj></MS></Obj></En><En><I32 N="Key">7</I32><Obj N="Value" RefId="27"><MS><S N="T">System.Management.Automation.Host.Size</S><Obj N="V" RefId="47"><MS><I32 N="width">120</I32><I32 N="height">50</I32></MS></Obj></MS></Obj></En><En><I32 N="Key">8</I32><Obj N="Value" RefId="28"><MS><S N="T">System.Management.Automation.Host.Size</S><Obj N="V" RefId="48"><MS><I32 N="width">120</I32><I32 N="height">50</I32></MS></Obj></MS></Obj></En><En><I32 N="Key">9</I32><Obj N="Value" RefId="29"><MS><S N="T">System.String</S><S N="V">psfleet</S></MS></Obj></En></DCT></Obj></MS></Obj></MS></Obj><Obj RefId="4" N="ApplicationArguments"><TN RefId="2"><T>System.Management.Automation.PSPrimitiveDictionary</T><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT /></Obj></MS></Obj>"#;
const CREATE_PIPELINE: &str = r#"<Obj RefId="0"><TN RefId="0"><T>System.Object</T></TN><MS><B N="NoInput">true</B><Obj RefId="1" N="ApartmentState"><I32>2</I32><TN RefId="1"><T>System.Threading.ApartmentState</T><T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>Unknown</ToString></Obj><Obj RefId="2" N="RemoteStreamOptions"><I32>0</I32><TN RefId="2"><T>System.Management.Automation.RemoteStreamOptions</T><T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>None</ToString></Obj><B N="AddToHistory">true</B><Obj RefId="3" N="HostInfo"><MS><B N="_isHostNull">true</B><B N="_isHostUINull">true</B><B N="_isHostRawUINull">true</B><B N="_useRunspaceHost">true</B></MS></Obj><Obj RefId="4" N="PowerShell"><MS><Obj RefId="5" N="Cmds"><TN RefId="3"><T>System.Collections.ArrayList</T><T>System.Object</T></TN><LST><Obj RefId="6"><MS><S N="Cmd">param($a) "$a-$using:x"</S><Obj RefId="7" N="Args"><TNRef RefId="3" /><LST><Obj RefId="8"><MS><Nil N="N" /><I32 N="V">7</I32></MS></Obj><Obj RefId="9"><MS><S N="N">--%</S><Obj RefId="10" N="V"><TN RefId="4"><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT><En><S N="Key">JAB1AHMAaQBuAGcAOgB4AA==</S><S N="Value">v</S></En></DCT></Obj></MS></Obj></LST></Obj><B N="IsScript">true</B><Nil N="UseLocalScope" /><Obj RefId="11" N="MergeMyResult"><I32>0</I32><TN RefId="5"><T>System.Management.Automation.Runspaces.PipelineResultTypes</T><T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>None</ToString></Obj><Ref RefId="11" N="MergeToResult" /><Ref RefId="11" N="MergePreviousResults" /><Ref RefId="11" N="MergeError" /><Ref RefId="11" N="MergeWarning" /><Ref RefId="11" N="MergeVerbose" /><Ref RefId="11" N="MergeDebug" /><Ref RefId="11" N="MergeInformation" /></MS><ToString>param($a) "$a-$using:x"</ToString></Obj></LST></Obj><B N="IsNested">false</B><Nil N="History" /><B N="RedirectShellErrorOutputPipe">true</B></MS></Obj><B N="IsNested">false</B></MS></Obj>"#;
const OPENED: &str = "AAAAAAAAAAMAAAAAAAAAAAMAAABnAQAAAAUQAgBEMyIRZlWId5mqu8zd7v8AAAAAAAAAAAAAAAAAAAAAAO+7vzxPYmogUmVmSWQ9IjAiPjxNUz48STMyIE49IlJ1bnNwYWNlU3RhdGUiPjI8L0kzMj48L01TPjwvT2JqPg==";

fn decode(xml: &str) -> Value {
    Decoder::new(Limits::default()).decode(xml.as_bytes()).expect("valid").root
}

/// A value with references resolved and ids and type names taken away where the vectors differ legally: another
/// writer's RefIds and the type name on the outermost object.
fn plain(value: &Value, seen: &mut Vec<(u32, Value)>) -> Value {
    match value {
        Value::Ref(id) => {
            let found = seen.iter().rev().find(|(known, _)| known == id);
            found.map(|(_, value)| value.clone()).expect("a known reference")
        }
        Value::Object(object) => {
            let mut copy = (**object).clone();
            let id = copy.id.take();
            for (_, member) in copy.notes.iter_mut().chain(&mut copy.props) {
                *member = plain(member, seen);
            }
            match &mut copy.content {
                clixml::Content::List(_, items) => items.iter_mut().for_each(|item| *item = plain(item, seen)),
                clixml::Content::Dict(entries) => {
                    entries.iter_mut().for_each(|(_, value)| *value = plain(value, seen));
                }
                _ => {}
            }
            copy.notes.sort_by(|(a, _), (b, _)| a.cmp(b));
            if copy.type_names.iter().eq(["System.Object"]) {
                copy.type_names = clixml::TypeNames::default();
            }
            seen.extend(id.map(|id| (id, Value::from(copy.clone()))));
            copy.into()
        }
        other => other.clone(),
    }
}

fn assert_same_tree(fragments: &[bytes::Bytes], message_type: MessageType, pipeline: Uuid, vector: &str) {
    let mut defragmenter = Defragmenter::new(1 << 20);
    fragments.iter().for_each(|fragment| defragmenter.push(fragment));
    let message = defragmenter.next_message().expect("in order").expect("whole");
    let (header, document) = message::read(&message, &mut Decoder::new(Limits::default())).expect("readable");
    assert_eq!(header, Header { message_type: Some(message_type), pool: POOL, pipeline });
    let ours = plain(&document.expect("data").root, &mut Vec::new());
    assert_eq!(ours, plain(&decode(vector), &mut Vec::new()));
}

#[test]
fn opens_with_the_trees_of_the_vectors() {
    let mut pool = Pool::new(POOL);
    let fragments = pool.open(Opening::of_a_run(), MAX).expect("new");
    assert_eq!(fragments.len(), 2);
    assert_same_tree(&fragments[..1], MessageType::SessionCapability, Uuid::nil(), CAPABILITY);
    assert_same_tree(&fragments[1..], MessageType::InitRunspacePool, Uuid::nil(), INIT_POOL);
    assert!(pool.open(Opening::of_a_run(), MAX).is_err());
}

fn from_server(object_id: u64, message_type: MessageType, pipeline: Uuid, data: &str) -> Vec<u8> {
    let header = Header::write(Destination::Client, message_type, Uuid::nil(), pipeline);
    cut(object_id, &[&header, b"\xEF\xBB\xBF", data.as_bytes()], MAX).concat()
}

fn ready_pool() -> Pool {
    let mut pool = Pool::new(POOL);
    pool.open(Opening::of_a_run(), MAX).expect("new");
    pool.handle(&from_server(1, MessageType::SessionCapability, Uuid::nil(), CAPABILITY)).expect("capability");
    assert_eq!(pool.state(), PoolState::Opening);
    let opened = base64_simd::STANDARD.decode_to_vec(OPENED).expect("base64");
    pool.handle(&opened).expect("opened");
    assert_eq!(pool.state(), PoolState::Ready);
    assert_eq!((pool.poll_event(), pool.poll_event()), (Some(PoolEvent::Ready), Some(PoolEvent::Opened)));
    pool
}

#[test]
fn creates_the_pipeline_of_the_vector() {
    let using = build::hashtable(vec![(Value::str("JAB1AHMAaQBuAGcAOgB4AA=="), Value::str("v"))]);
    let invocation = Invocation {
        script: r#"param($a) "$a-$using:x""#.into(),
        arguments: vec![
            Argument { name: None, value: Value::I32(7) },
            Argument { name: Some("--%".into()), value: using },
        ],
        input: false,
    };
    let command = Command::new(&invocation, &[]);
    let (pipeline, fragments) = ready_pool().create_pipeline(&command, PIPELINE, MAX).expect("ready");
    assert_eq!((pipeline.id(), fragments.len()), (PIPELINE, 1));
    assert_same_tree(&fragments, MessageType::CreatePipeline, PIPELINE, CREATE_PIPELINE);
}

#[test]
fn input_follows_and_ends() {
    let invocation = Invocation { script: "$input".into(), arguments: vec![], input: true };
    let input: Vec<Document> = ["a", "b"].into_iter().map(|text| Document::new(Value::str(text))).collect();
    let command = Command::new(&invocation, &input);
    let mut pool = ready_pool();
    let (mut pipeline, mut fragments) = pool.create_pipeline(&command, PIPELINE, MAX).expect("ready");
    assert_eq!(fragments.len(), 1, "input comes later");
    fragments.extend(pool.more_input(&mut pipeline, MAX).expect("a portion"));
    assert_eq!(pool.more_input(&mut pipeline, MAX), None);
    let mut defragmenter = Defragmenter::new(1 << 20);
    fragments.iter().for_each(|fragment| defragmenter.push(fragment));
    let types: Vec<_> = std::iter::from_fn(|| defragmenter.next_message().expect("in order"))
        .map(|message| Header::read(&message).expect("whole").0.message_type.expect("known"))
        .collect();
    let input = MessageType::PipelineInput;
    assert_eq!(types, [MessageType::CreatePipeline, input, input, MessageType::EndOfPipelineInput]);
}

#[test]
fn large_input_goes_in_portions() {
    let invocation = Invocation { script: "$input".into(), arguments: vec![], input: true };
    let input: Input = std::iter::repeat_n(&Document::new(Value::str("x".repeat(1000))), 1000).collect();
    let command = Command::with_input(&invocation, Arc::new(input));
    let mut pool = ready_pool();
    let (mut pipeline, _) = pool.create_pipeline(&command, PIPELINE, MAX).expect("ready");
    let more = std::iter::from_fn(|| pool.more_input(&mut pipeline, MAX));
    let portions: Vec<usize> = more.map(|fragments| fragments.iter().map(|fragment| fragment.len()).sum()).collect();
    assert!(portions.iter().all(|size| *size < 80 << 10), "{portions:?}");
    assert!(portions.iter().sum::<usize>() > 1_000_000, "{portions:?}");
    let none = Command::with_input(&invocation, Arc::default());
    let (mut pipeline, _) = pool.create_pipeline(&none, PIPELINE, MAX).expect("ready");
    assert_eq!(pool.more_input(&mut pipeline, MAX), None, "nothing follows: a command before the script gives nothing");
}

#[test]
fn no_pipeline_before_the_server_is_open() {
    let mut pool = Pool::new(POOL);
    pool.open(Opening::of_a_run(), MAX).expect("new");
    let command = Command::new(&Invocation { script: "1".into(), arguments: vec![], input: false }, &[]);
    assert!(matches!(pool.create_pipeline(&command, PIPELINE, MAX), Err(ProtocolError::State { .. })));
}

#[test]
fn refuses_another_major_version() {
    let mut pool = Pool::new(POOL);
    pool.open(Opening::of_a_run(), MAX).expect("new");
    let other = CAPABILITY.replace(">2.3<", ">3.0<");
    let result = pool.handle(&from_server(1, MessageType::SessionCapability, Uuid::nil(), &other));
    assert!(matches!(result, Err(ProtocolError::Version(version)) if version == "3.0"));
}

/// The next thing that happens in a pipeline.
fn next(pipeline: &mut Pipeline) -> Option<PipelineEvent> {
    let message = pipeline.next_message().expect("in order")?;
    pipeline.read(message).expect("valid")
}

#[test]
fn output_without_data_is_a_null() {
    let command = Command::new(&Invocation { script: "1".into(), arguments: vec![], input: false }, &[]);
    let (mut pipeline, _) = ready_pool().create_pipeline(&command, PIPELINE, MAX).expect("ready");
    pipeline.push(&from_server(1, MessageType::PipelineOutput, PIPELINE, ""));
    assert_eq!(next(&mut pipeline), Some(PipelineEvent::Record(Stream::Output, Document::new(Value::Null))));
    assert_eq!(next(&mut pipeline), None);
}

#[test]
fn what_cannot_be_read_is_named() {
    let command = Command::new(&Invocation { script: "1".into(), arguments: vec![], input: false }, &[]);
    for (kind, data, told) in [
        (
            MessageType::PipelineOutput,
            "<I32>99999999999</I32>",
            "PSRP message PIPELINE_OUTPUT cannot be read: CLIXML has a <I32> at byte 0 whose content is not valid: 99999999999",
        ),
        (
            MessageType::ErrorRecord,
            "<Obj><MS><DT N=\"t\">yesterday</DT></MS></Obj>",
            "PSRP message ERROR_RECORD cannot be read: CLIXML has a <DT> at byte 9 whose content is not valid: yesterday",
        ),
        (
            MessageType::PipelineOutput,
            "<S>&nbsp;</S>",
            "PSRP message PIPELINE_OUTPUT cannot be read: CLIXML refers to an unknown entity at byte 3, in <S>",
        ),
        (
            MessageType::PipelineState,
            "<Obj><MS>",
            "PSRP message PIPELINE_STATE cannot be read: CLIXML ends at byte 9 with <MS> still open",
        ),
    ] {
        let (mut pipeline, _) = ready_pool().create_pipeline(&command, PIPELINE, MAX).expect("ready");
        pipeline.push(&from_server(1, kind, PIPELINE, data));
        let message = pipeline.next_message().expect("in order").expect("whole");
        let error = pipeline.read(message).expect_err("refused");
        assert_eq!(error.to_string(), told);
    }
}

#[test]
fn a_pipeline_tells_records_exit_code_and_end() {
    const HOST_CALL: &str = r#"<Obj RefId="0"><MS><I64 N="ci">-100</I64><Obj RefId="1" N="mi"><I32>6</I32><TN RefId="0"><T>System.Management.Automation.Remoting.RemoteHostMethodId</T><T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>SetShouldExit</ToString></Obj><Obj RefId="2" N="mp"><TN RefId="1"><T>System.Collections.ArrayList</T><T>System.Object</T></TN><LST><I32>3</I32></LST></Obj></MS></Obj>"#;
    let command = Command::new(&Invocation { script: "1".into(), arguments: vec![], input: false }, &[]);
    let (mut pipeline, _) = ready_pool().create_pipeline(&command, PIPELINE, MAX).expect("ready");
    let mut bytes = from_server(1, MessageType::PipelineOutput, PIPELINE, "<I32>1</I32>");
    bytes.extend(from_server(2, MessageType::PipelineHostCall, PIPELINE, HOST_CALL));
    let state = r#"<Obj RefId="0"><MS><I32 N="PipelineState">4</I32></MS></Obj>"#;
    bytes.extend(from_server(3, MessageType::PipelineState, PIPELINE, state));
    bytes.extend(from_server(4, MessageType::PipelineOutput, PIPELINE, "<I32>2</I32>"));
    pipeline.push(&bytes);
    let output = PipelineEvent::Record(Stream::Output, Document::new(Value::I32(1)));
    assert_eq!(next(&mut pipeline), Some(output));
    let Some(PipelineEvent::HostCall(call)) = next(&mut pipeline) else { panic!("no host call") };
    assert_eq!((call.exit_code(), call.wants_answer(), call.name.as_str()), (Some(3), false, "SetShouldExit"));
    assert_eq!(next(&mut pipeline), Some(PipelineEvent::Ended(PipelineEnd::Completed)));
    assert_eq!((next(&mut pipeline), pipeline.has_ended()), (None, true));
}

#[test]
fn a_pipeline_ends_in_every_final_state_with_the_servers_words() {
    let command = Command::new(&Invocation { script: "1".into(), arguments: vec![], input: false }, &[]);
    let end = |state: i32, error: &str| {
        let (mut pipeline, _) = ready_pool().create_pipeline(&command, PIPELINE, MAX).expect("ready");
        let state = format!(r#"<Obj RefId="0"><MS><I32 N="PipelineState">{state}</I32>{error}</MS></Obj>"#);
        pipeline.push(&from_server(1, MessageType::PipelineState, PIPELINE, &state));
        next(&mut pipeline)
    };
    let words = || Some(Document::new(Value::str("words")));
    let error = r#"<S N="ExceptionAsErrorRecord">words</S>"#;
    let ended = |end| Some(PipelineEvent::Ended(end));
    for running in [0, 1, 2, 7] {
        assert_eq!(end(running, error), None, "{running}");
    }
    assert_eq!(end(3, error), ended(PipelineEnd::Stopped(words())));
    assert_eq!(end(3, r#"<Nil N="ExceptionAsErrorRecord"/>"#), ended(PipelineEnd::Stopped(None)));
    assert_eq!(end(5, error), ended(PipelineEnd::Failed(words())));
    assert_eq!(end(5, ""), ended(PipelineEnd::Failed(None)));
    assert_eq!(end(6, error), ended(PipelineEnd::Disconnected(words())));
}
