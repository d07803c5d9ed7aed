//! CLIXML throughput on one core: a 50 MB document, and the same objects as one message each.
//!
//! `cargo bench --bench clixml`. Each figure is the best of three passes, in megabytes of CLIXML per second.

use std::hint::black_box;
use std::time::Instant;

use psfleet::clixml::{Decoder, Document, encode_into, write_plain};

const MEGABYTE: f64 = 1e6;
const SIZE: usize = 50_000_000;
const PASSES: usize = 3;

/// Objects such as `Get-Service` and `Get-ChildItem` send: adapted properties, an enum, dates, escapes, a list.
fn message(number: usize) -> String {
    format!(
        concat!(
            r#"<Obj RefId="0"><TN RefId="0"><T>System.ServiceProcess.ServiceController</T><T>System.ComponentModel.Component</T>"#,
            r#"<T>System.MarshalByRefObject</T><T>System.Object</T></TN><ToString>System.ServiceProcess.ServiceController</ToString>"#,
            r#"<Props><B N="CanPauseAndContinue">false</B><B N="CanShutdown">true</B><S N="DisplayName">Service number {0} &amp; friends</S>"#,
            r#"<S N="MachineName">.</S><S N="ServiceName">svc{0}</S><I32 N="ProcessId">{0}</I32><I64 N="WorkingSet">{1}</I64>"#,
            r#"<Db N="Cpu">{0}.25</Db><DT N="StartTime">2026-11-22T10:20:30.1234567Z</DT><TS N="Uptime">P1DT2H3M4.5S</TS>"#,
            r#"<Obj N="Status" RefId="1"><TN RefId="1"><T>System.ServiceProcess.ServiceControllerStatus</T><T>System.Enum</T>"#,
            r#"<T>System.ValueType</T><T>System.Object</T></TN><ToString>Running</ToString><I32>4</I32></Obj>"#,
            r#"<Nil N="Site" /><Obj N="DependentServices" RefId="2"><TN RefId="2"><T>System.Object[]</T><T>System.Array</T>"#,
            r#"<T>System.Object</T></TN><LST><S>one</S><S>two</S></LST></Obj></Props>"#,
            r#"<MS><S N="Name">svc{0}</S><S N="Description">First line_x000D__x000A_second line of service {0}</S>"#,
            r#"<G N="Id">11223344-5566-7788-99aa-bbccddeeff00</G></MS></Obj>"#
        ),
        number,
        number * 4096
    )
}

/// Runs a pass a few times; prints megabytes of CLIXML per second of the fastest.
fn measure(name: &str, bytes: usize, mut pass: impl FnMut()) {
    let best = (0..PASSES)
        .map(|_| {
            let start = Instant::now();
            pass();
            start.elapsed()
        })
        .min()
        .unwrap_or_default();
    println!("{name:<34} {:>8.0} MB/s", bytes as f64 / MEGABYTE / best.as_secs_f64());
}

fn main() {
    let count = SIZE / message(100_000).len();
    let messages: Vec<_> = (0..count).map(message).collect();
    let bytes = messages.iter().map(String::len).sum();
    let whole = format!(r#"<Obj RefId="0"><LST>{}</LST></Obj>"#, messages.concat());

    measure("decode, one document", whole.len(), || {
        black_box(Decoder::default().decode(whole.as_bytes()).expect("decodes"));
    });
    measure("decode, one message per object", bytes, || {
        let mut decoder = Decoder::default();
        for message in &messages {
            black_box(decoder.decode(message.as_bytes()).expect("decodes"));
        }
    });
    let mut json = Vec::with_capacity(SIZE);
    measure("CLIXML to JSON, one document", whole.len(), || {
        json.clear();
        write_plain(&Decoder::default().decode(whole.as_bytes()).expect("decodes"), &mut json);
    });
    measure("CLIXML to JSON, message by message", bytes, || {
        let mut decoder = Decoder::default();
        for message in &messages {
            json.clear();
            write_plain(&decoder.decode(message.as_bytes()).expect("decodes"), &mut json);
        }
    });
    let mut decoder = Decoder::default();
    let documents: Vec<Document> =
        messages.iter().map(|message| decoder.decode(message.as_bytes()).expect("decodes")).collect();
    let mut out = Vec::with_capacity(SIZE);
    measure("encode, message by message", bytes, || {
        for document in &documents {
            out.clear();
            encode_into(&document.root, &mut out);
        }
    });
    measure("JSON, message by message", bytes, || {
        for document in &documents {
            json.clear();
            write_plain(document, &mut json);
        }
    });
}
