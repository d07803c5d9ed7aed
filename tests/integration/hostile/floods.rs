//! Too much of everything.

use psfleet::psrp::message::MessageType;

use super::Contest;
use crate::support::hostile::{Hostile, Manners, Turn, message, pipeline_state};

/// The end of a pipeline that has run well.
fn completed() -> Turn {
    Turn::Output(pipeline_state(1000, 4, None))
}

/// The n-th of some turns, and then a good end.
async fn sends(turns: usize, turn: impl Fn(usize) -> Turn + Send + Sync + 'static) -> Hostile {
    Hostile::start(Manners::Good, move |number, _| if number < turns { turn(number) } else { completed() }).await
}

/// Pieces of a body in which `text` stands as one object, as many as there are envelopes.
fn pieces(text: String) -> Vec<Vec<u8>> {
    message(7, MessageType::PipelineOutput, &text).chunks(8 << 20).map(<[u8]>::to_vec).collect()
}

/// So many records.
pub(super) fn records(count: usize) -> Vec<u8> {
    message(5, MessageType::PipelineOutput, &format!("<S>{}</S>", "x".repeat(100))).repeat(count)
}

#[tokio::test(flavor = "multi_thread")]
async fn output_of_forty_thousand_other_commands() {
    let streams: String = (0..40_000)
        .map(|id| {
            format!(r#"<rsp:Stream Name="stdout" CommandId="00000000-0000-0000-0000-{id:012}">AA==</rsp:Stream>"#)
        })
        .collect();
    let hostile = sends(4, move |_| Turn::Elements(streams.clone())).await;
    let ran = Contest::new(&hostile, "").await.run(&[]).await;
    assert_eq!(ran.evil().0, "ok", "{:?}", ran.evil());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_full_of_attributes_namespaces_and_white_space() {
    let attributes: String = (0..100_000).map(|at| format!(r#" a{at}="x""#)).collect();
    let blank = "\n".repeat(4 << 20);
    let hostile = sends(2, move |number| match number {
        0 => Turn::Elements(format!("<rsp:Stream{attributes}/>")),
        _ => Turn::Elements(format!(r#"<rsp:Stream Name="stdout">{blank}</rsp:Stream>"#)),
    })
    .await;
    let ran = Contest::new(&hostile, "").await.run(&[]).await;
    assert_eq!(ran.evil().0, "ok", "{:?}", ran.evil());
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_that_take_two_hundred_bytes_for_six() {
    for (object, size) in [
        ("<Obj/>", 47_000_000),
        ("<Obj><LST/></Obj>", 9 << 20),
        ("<Obj><MS><Nil/></MS></Obj>", 9 << 20),
        ("<S>x</S>", 24_000_000),
        ("<D>1</D>", 16_000_000),
    ] {
        let list = format!("<Obj><LST>{}</LST></Obj>", object.repeat(size / object.len()));
        let parts = pieces(list);
        let hostile = sends(parts.len(), move |number| Turn::Output(parts[number].clone())).await;
        let ran = Contest::new(&hostile, "").await.run(&[]).await;
        let (outcome, reason, text) = ran.evil();
        assert_eq!((outcome.as_str(), reason.as_str()), ("failed", "too_large"), "{object}: {text}");
        assert_eq!(text, "the host sent an object that takes more than 80 MiB of memory");
        assert!(ran.evil_data()["hint"].as_str().is_some_and(|hint| hint.contains("send less at once")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_without_end() {
    let question = |at: usize| {
        let call = format!(
            r#"<Obj RefId="0"><MS><I64 N="ci">{at}</I64><Obj RefId="1" N="mi"><I32>11</I32><ToString>ReadLine</ToString></Obj><Obj RefId="2" N="mp"><LST/></Obj></MS></Obj>"#
        );
        message(at as u64, MessageType::PipelineHostCall, &call)
    };
    let questions: Vec<u8> = (1..=500).flat_map(question).collect();
    let hostile = Hostile::start(Manners::Good, move |_, _| Turn::Output(questions.clone())).await;
    let ran = Contest::new(&hostile, "timeout = \"2s\"\n").await.run(&[]).await;
    let (outcome, reason, text) = ran.evil();
    assert_eq!((outcome.as_str(), reason.as_str()), ("timeout", "run_timeout"), "{text}");
    // One for what it says, one for what it is told.
    assert!(hostile.connections() <= 3, "{} connections", hostile.connections());
    assert!(hostile.sends() > 1, "no question was answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_without_end() {
    let hostile = Hostile::start(Manners::Deaf, |_, _| Turn::Output(records(5_000))).await;
    let ran = Contest::new(&hostile, "timeout = \"2s\"\n").await.run(&[]).await;
    let (outcome, _, text) = ran.evil();
    assert_eq!(outcome, "timeout", "{text}");
    assert!(text.contains("did not confirm the stop within 10 s: it may still be running"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_large_value_is_no_attack() {
    for (xml, size) in [
        (format!("<S>{}</S>", "x".repeat(30_000_000)), 30_000_000),
        (format!("<BA>{}</BA>", base64_simd::STANDARD.encode_to_string(vec![7; 30_000_000])), 40_000_000),
    ] {
        let parts = pieces(xml);
        let hostile = sends(parts.len(), move |number| Turn::Output(parts[number].clone())).await;
        let ran = Contest::new(&hostile, "").await.start(&[]).end();
        let evil = ran.events.iter().find(|event| event["host"] == "aaa-evil" && event["type"] == "object");
        let text = evil.expect("an object")["data"].as_str().expect("a text").len();
        assert_eq!(text, size);
    }
}
