//! A WinRM server that speaks the protocol up to the running pipeline, and then sends what its script says.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use psfleet::psrp::cut;
use psfleet::psrp::message::{Destination, Header, MessageType};
use uuid::Uuid;

use super::http::{Act, HttpServer, Request};
use super::winrm::{action, attribute, envelope};

/// One answer to a Receive of the pipeline.
pub(crate) enum Turn {
    /// These elements inside the ReceiveResponse.
    Elements(String),
    /// These fragments, as the output of the pipeline.
    Output(Vec<u8>),
    /// Not a byte.
    Silence,
    /// The head of an answer, and then a byte a second for ever.
    Drip,
}

/// What it does when it shall stop and clean up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manners {
    /// It stops the pipeline, and deletes the shell.
    Good,
    /// It takes a stop and goes on, but deletes the shell.
    Deaf,
    /// It takes a stop and goes on, and answers nothing else.
    Dead,
}

/// What a server sends: the n-th answer to a Receive of the pipeline whose id is given.
pub(crate) type Script = dyn Fn(usize, &str) -> Turn + Send + Sync;

/// The server; it ends when this is dropped.
pub(crate) struct Hostile {
    server: HttpServer,
    state: Arc<State>,
}

struct State {
    script: Box<Script>,
    manners: Manners,
    shell: AtomicUsize,
    turns: Mutex<HashMap<String, usize>>,
    sends: AtomicUsize,
}

/// Fragments of one message to the client.
pub(crate) fn message(object_id: u64, kind: MessageType, data: &str) -> Vec<u8> {
    let header = Header::write(Destination::Client, kind, Uuid::nil(), Uuid::nil());
    cut(object_id, &[&header, data.as_bytes()], 32_768).concat()
}

/// The state of a pipeline, with what its error record says.
pub(crate) fn pipeline_state(object_id: u64, state: u32, words: Option<&str>) -> Vec<u8> {
    let exception = |words| format!(r#"<Obj N="Exception" RefId="2"><Props><S N="Message">{words}</S></Props></Obj>"#);
    let error = words.map(|words| {
        format!(
            r#"<Obj N="ExceptionAsErrorRecord" RefId="1"><ToString>{words}</ToString><MS>{}</MS></Obj>"#,
            exception(words)
        )
    });
    let data =
        format!(r#"<Obj RefId="0"><MS><I32 N="PipelineState">{state}</I32>{}</MS></Obj>"#, error.unwrap_or_default());
    message(object_id, MessageType::PipelineState, &data)
}

impl Hostile {
    /// Starts one; the user is `user` with the password `password`, over Basic.
    pub(crate) async fn start(manners: Manners, script: impl Fn(usize, &str) -> Turn + Send + Sync + 'static) -> Self {
        let state = Arc::new(State {
            script: Box::new(script),
            manners,
            shell: AtomicUsize::new(0),
            turns: Mutex::default(),
            sends: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&state);
        let handler = move |request: Request| -> futures::future::BoxFuture<'static, Act> {
            let state = Arc::clone(&shared);
            Box::pin(async move { state.answer(&request).await })
        };
        Self { server: HttpServer::start(None, handler).await, state }
    }

    /// The inventory's entry for it.
    pub(crate) fn inventory(&self, name: &str) -> String {
        format!(
            "[hosts.{name}]\naddress = \"127.0.0.1\"\nport = {}\ntransport = \"winrm\"\nauth = \"basic\"\ntls = false\n\
             user = \"user\"\npassword_env = \"HOSTILE\"\nallow_unencrypted = true\ntrusted_hosts = [\"127.0.0.1\"]\n",
            self.server.port
        )
    }

    /// Messages that it was sent while the pipeline ran.
    pub(crate) fn sends(&self) -> usize {
        self.state.sends.load(Ordering::SeqCst)
    }

    /// Connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.server.connections()
    }
}

impl State {
    async fn answer(&self, request: &Request) -> Act {
        let body = &request.body;
        let text = match action(body) {
            "Create" => created(),
            "Command" => {
                let id = attribute(body, "CommandId").expect("a command's id");
                format!("<rsp:CommandResponse><rsp:CommandId>{id}</rsp:CommandId></rsp:CommandResponse>")
            }
            "Receive" => match attribute(body, "CommandId") {
                Some(id) => return self.turn(id).await,
                None if self.shell.fetch_add(1, Ordering::SeqCst) == 0 => opened(),
                None => std::future::pending().await,
            },
            "Send" => {
                self.sends.fetch_add(1, Ordering::SeqCst);
                "<rsp:SendResponse/>".to_owned()
            }
            "Signal" => {
                if self.manners == Manners::Good {
                    self.turns.lock().expect("not poisoned").insert("stopped".to_owned(), 0);
                }
                "<rsp:SignalResponse/>".to_owned()
            }
            _ if self.manners == Manners::Dead => std::future::pending().await,
            _ => String::new(),
        };
        Act::soap(200, envelope(&text))
    }

    async fn turn(&self, id: &str) -> Act {
        let (number, stopped) = {
            let mut turns = self.turns.lock().expect("not poisoned");
            let number = turns.entry(id.to_owned()).or_default();
            *number += 1;
            (*number - 1, turns.contains_key("stopped"))
        };
        let turn =
            if stopped { Turn::Output(pipeline_state(u64::MAX >> 1, 3, None)) } else { (self.script)(number, id) };
        let elements = match turn {
            Turn::Elements(elements) => elements,
            Turn::Output(bytes) => stream(id, &bytes),
            Turn::Silence => std::future::pending().await,
            Turn::Drip => return Act::Drip,
        };
        Act::soap(200, envelope(&format!("<rsp:ReceiveResponse>{elements}</rsp:ReceiveResponse>")))
    }
}

/// A stream of the pipeline.
fn stream(id: &str, bytes: &[u8]) -> String {
    format!(
        r#"<rsp:Stream Name="stdout" CommandId="{id}">{}</rsp:Stream>"#,
        base64_simd::STANDARD.encode_to_string(bytes)
    )
}

fn created() -> String {
    "<rsp:Shell><rsp:ShellId>A5A5A5A5-0000-0000-0000-00000000000A</rsp:ShellId></rsp:Shell>".to_owned()
}

/// What a server says when the pool is open.
fn opened() -> String {
    let capability = r#"<Obj RefId="0"><MS><Version N="protocolversion">2.3</Version><Version N="PSVersion">2.0</Version><Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>"#;
    let open = r#"<Obj RefId="0"><MS><I32 N="RunspaceState">2</I32></MS></Obj>"#;
    let mut bytes = message(1, MessageType::SessionCapability, capability);
    bytes.extend(message(2, MessageType::RunspacePoolState, open));
    let text = base64_simd::STANDARD.encode_to_string(bytes);
    format!(r#"<rsp:ReceiveResponse><rsp:Stream Name="stdout">{text}</rsp:Stream></rsp:ReceiveResponse>"#)
}
