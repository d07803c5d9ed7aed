//! What must hold for any bytes that are read as CLIXML: the body of the fuzz target, and of a test on stable Rust.

use psfleet::clixml::{
    Decoder, Document, Limits, PlainJson, encode, properties, read_typed, text, write_plain, write_typed,
};

/// Panics if reading the bytes, or using what was read, breaks a rule.
pub(super) fn check(data: &[u8]) {
    let limits = Limits { bytes: 1 << 20, ..Limits::default() };
    let mut decoder = Decoder::new(limits);
    if let Ok(document) = decoder.decode(data) {
        check_document(&document);
    }
    for element in decoder.elements(data).take(1000).flatten() {
        check_document(&element.document);
    }
}

fn check_document(document: &Document) {
    check_encoding(document);
    check_typed(document);
    let mut plain = Vec::new();
    write_plain(document, &mut plain);
    assert!(std::str::from_utf8(&plain).is_ok());
    let mut json = PlainJson::new(document);
    for (_, value) in properties(document).unwrap_or_default() {
        let _ = (text(value), json.cell(value));
    }
}

/// Our own text is read again, and as what it was written from.
fn check_encoding(document: &Document) {
    let written = encode(document);
    let again = Decoder::new(Limits { bytes: usize::MAX, memory: usize::MAX, ..Limits::default() })
        .decode(written.as_bytes())
        .unwrap_or_else(|error| panic!("{error}: {written}"));
    assert_eq!(encode(&again), written);
}

fn check_typed(document: &Document) {
    let (mut written, mut again) = (Vec::new(), Vec::new());
    write_typed(document, &mut written);
    let read = read_typed(&written).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&written)));
    write_typed(&read, &mut again);
    assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(&written));
}
