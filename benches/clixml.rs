//! CLIXML throughput on one core: a 20 MB document, and the same objects as one message each.
//!
//! `cargo bench --bench clixml`. Each figure is the best of several passes, in megabytes of CLIXML per second, and
//! behind it as a part of what the XML library alone reaches over the same bytes: its pull of all events with all
//! attributes.

use std::hint::black_box;
use std::time::{Duration, Instant};

use psfleet::clixml::{Decoder, Document, encode_into, write_plain};
use quick_xml::Reader;
use quick_xml::events::Event;

const MEGABYTE: f64 = 1e6;
/// As much as the default limits take together with what is built from it.
const SIZE: usize = 20_000_000;
const PASSES: usize = 7;

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

/// What the XML library makes of a text: bytes of names, values and texts, so that nothing is left out.
fn pull(xml: &str) -> usize {
    let mut reader = Reader::from_str(xml);
    let mut bytes = 0;
    loop {
        bytes += match reader.read_event().expect("well-formed") {
            Event::Start(tag) | Event::Empty(tag) => {
                let attributes = tag.attributes().map(|attribute| attribute.expect("well-formed"));
                tag.name().as_ref().len()
                    + attributes.map(|one| one.key.as_ref().len() + one.value.len()).sum::<usize>()
            }
            Event::Text(text) => text.len(),
            Event::GeneralRef(name) => name.len(),
            Event::Eof => return bytes,
            _ => 0,
        };
    }
}

/// One way to go over all bytes.
struct Course<'a> {
    name: &'static str,
    pass: Box<dyn FnMut() + 'a>,
}

fn course<'a>(name: &'static str, pass: impl FnMut() + 'a) -> Course<'a> {
    Course { name, pass: Box::new(pass) }
}

/// Runs courses over the same bytes by turns, so that whatever else the machine does meets all of them; prints the
/// fastest pass of each, and how it compares with the first one.
fn measure(title: &str, bytes: usize, mut courses: Vec<Course<'_>>) {
    let mut best = vec![Duration::MAX; courses.len()];
    for _ in 0..PASSES {
        for (course, best) in courses.iter_mut().zip(&mut best) {
            let start = Instant::now();
            (course.pass)();
            *best = start.elapsed().min(*best);
        }
    }
    println!("{title}");
    for (course, time) in courses.iter().zip(&best) {
        let speed = bytes as f64 / MEGABYTE / time.as_secs_f64();
        let part = best[0].as_secs_f64() / time.as_secs_f64();
        println!("  {:<16} {speed:>6.0} MB/s {part:>6.2}", course.name);
    }
}

fn decode(decoder: &mut Decoder, xml: &str) -> Document {
    decoder.decode(xml.as_bytes()).expect("decodes")
}

fn main() {
    let count = SIZE / message(100_000).len();
    let messages: Vec<_> = (0..count).map(message).collect();
    let bytes = messages.iter().map(String::len).sum();
    let whole = format!(r#"<Obj RefId="0"><LST>{}</LST></Obj>"#, messages.concat());

    let mut json = Vec::with_capacity(SIZE);
    let courses = vec![
        course("pull", || {
            black_box(pull(&whole));
        }),
        course("decode", || {
            black_box(decode(&mut Decoder::default(), &whole));
        }),
        course("CLIXML to JSON", || {
            json.clear();
            write_plain(&decode(&mut Decoder::default(), &whole), &mut json);
        }),
    ];
    measure("one document", whole.len(), courses);
    let memory = decode(&mut Decoder::default(), &whole).memory();
    println!("  {:<16} {:>6.2} times its text", "memory", memory as f64 / whole.len() as f64);

    let mut decoder = Decoder::default();
    let documents: Vec<Document> = messages.iter().map(|message| decode(&mut decoder, message)).collect();
    let (mut out, mut out_of_both) = (Vec::new(), Vec::new());
    let mut text = Vec::new();
    let courses = vec![
        course("pull", || messages.iter().for_each(|message| _ = black_box(pull(message)))),
        course("decode", || {
            let mut decoder = Decoder::default();
            messages.iter().for_each(|message| _ = black_box(decode(&mut decoder, message)));
        }),
        course("CLIXML to JSON", || {
            let mut decoder = Decoder::default();
            for message in &messages {
                out_of_both.clear();
                write_plain(&decode(&mut decoder, message), &mut out_of_both);
            }
        }),
        course("JSON alone", || {
            for document in &documents {
                out.clear();
                write_plain(document, &mut out);
            }
        }),
        course("encode", || {
            for document in &documents {
                text.clear();
                encode_into(&document.root, &mut text);
            }
        }),
    ];
    measure("message by message", bytes, courses);
}
