//! How much memory the decoding of one text takes.
//!
//! Remote text is hostile: six bytes of it make an object of two hundred. So what is built is charged, not what is
//! read, by what the allocator hands out and not by what is asked of it.

use super::{Document, Object, TypeNames, Value};

/// What an allocation takes beside its bytes.
pub(super) const ALLOCATION: usize = 16;

/// What an object takes without its texts and members; its place in a collection is charged as the collection grows.
pub(super) const OBJECT: usize = size_of::<Object>() + ALLOCATION;

// What a value costs stands in the documentation of the limits.
const _: () = assert!(size_of::<Value>() <= 32 && size_of::<Object>() <= 200 && size_of::<TypeNames>() == 16);

/// What the allocator hands out for so many bytes: nothing for none, and never less than 32.
pub(super) fn allocated(bytes: usize) -> usize {
    if bytes == 0 { 0 } else { (bytes + ALLOCATION).max(32) }
}

/// The account of one text.
#[derive(Debug)]
pub(super) struct Account {
    limit: usize,
    spent: usize,
}

impl Account {
    /// An account from which the text itself is already paid.
    pub(super) fn new(limit: usize, text: usize) -> Self {
        Self { limit, spent: text }
    }

    /// Charges bytes.
    pub(super) fn charge(&mut self, bytes: usize) {
        self.spent = self.spent.saturating_add(bytes);
    }

    /// Replaces what was charged at most by what it came to.
    pub(super) fn correct(&mut self, charged: usize, bytes: usize) {
        self.spent = self.spent.saturating_sub(charged).saturating_add(bytes);
    }

    /// Charges what a list takes more if it has to grow for one more item: lists double.
    pub(super) fn grow<T>(&mut self, list: &Vec<T>) {
        if list.len() == list.capacity() {
            self.charge(list.len().max(4) * size_of::<T>() + ALLOCATION);
        }
    }

    /// More was charged than the limit allows.
    pub(super) fn is_overdrawn(&self) -> bool {
        self.spent > self.limit
    }
}

impl Document {
    /// What its values take in memory, in bytes; names and type names, which documents share, are left out.
    pub fn memory(&self) -> usize {
        let mut total = 0;
        let mut open = vec![&self.root];
        while let Some(value) = open.pop() {
            total += size_of::<Value>() + value.own_memory();
            if let Value::Object(object) = value {
                open.extend(object.children());
            }
        }
        total
    }
}

impl Value {
    /// Whether it is kept as a text.
    pub(super) fn has_text(&self) -> bool {
        matches!(self, Self::Decimal(_) | Self::DateTime(_) | Self::TimeSpan(_) | Self::Version(_))
    }

    /// What it takes without its own place and its children.
    fn own_memory(&self) -> usize {
        match self {
            Self::Str(text) | Self::Uri(text) | Self::Xml(text) | Self::Script(text) => allocated(text.heap_size()),
            Self::Decimal(text) | Self::DateTime(text) | Self::TimeSpan(text) | Self::Version(text) => {
                allocated(text.len())
            }
            Self::Bytes(bytes) | Self::SecureString(bytes) => allocated(bytes.len()),
            Self::Object(object) => OBJECT + object.to_string.as_ref().map_or(0, |text| allocated(text.heap_size())),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::clixml::Decoder;

    fn memory(xml: &str) -> usize {
        Decoder::default().decode(xml.as_bytes()).expect("decodes").memory()
    }

    #[test]
    fn a_document_takes_what_it_holds() {
        assert_eq!(memory("<I32>1</I32>"), 32);
        assert_eq!(memory("<S>x</S>"), 64);
        assert_eq!(memory(&format!("<S>{}</S>", "x".repeat(1000))), 32 + 1016);
        let list = memory(&format!("<Obj><LST>{}</LST></Obj>", "<D>1</D>".repeat(1000)));
        assert!((64_000..65_000).contains(&list), "{list}");
        let members = memory("<Obj><ToString>text</ToString><MS><S N=\"a\">x</S></MS><DCT/></Obj>");
        assert!((200..400).contains(&members), "{members}");
    }

    /// A list of tiny things takes more; the limit of memory is for those.
    #[test]
    fn objects_take_at_most_three_times_their_text() {
        let process = concat!(
            r#"<Obj RefId="0"><TN RefId="0"><T>System.Diagnostics.Process</T><T>System.Object</T></TN><ToString>System.Diagnostics"#,
            r#".Process (pwsh)</ToString><Props><I32 N="Id">4</I32><S N="Name">pwsh</S><B N="Responding">true</B><Db N="CPU">0.25"#,
            r#"</Db><Nil N="Site" /><TS N="Total">PT1.5S</TS><DT N="StartTime">2026-11-22T10:20:30.1234567Z</DT></Props>"#,
            r#"<MS><S N="Description">First_x000A_second</S></MS></Obj>"#
        );
        let custom = concat!(
            r#"<Obj RefId="0"><TN RefId="0"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN><MS>"#,
            r#"<S N="Name">web01</S><I32 N="Port">443</I32><B N="Open">true</B></MS></Obj>"#
        );
        let strings = "<S>C:\\Windows\\System32\\drivers\\etc\\hosts</S><S>services.msc, Print Spooler</S>";
        for text in [process, custom, strings] {
            for count in [1, 50, 2000] {
                let xml = format!(r#"<Obj RefId="0"><LST>{}</LST></Obj>"#, text.repeat(count));
                // One object alone has the list around it to carry.
                let most = 3 * xml.len() + if count == 1 { super::OBJECT + 64 } else { 0 };
                let memory = memory(&xml);
                assert!(memory <= most, "{count} times {text}: {memory} bytes for {}", xml.len());
            }
        }
        assert!(memory(process) <= 3 * process.len());
    }

    #[test]
    fn small_texts_cost_what_the_allocator_hands_out() {
        for value in ["<S>x</S>", "<D>1</D>", "<TS>PT1S</TS>", "<Version>1.0</Version>", "<URI>u</URI>"] {
            let list = format!("<Obj><LST>{}</LST></Obj>", value.repeat(1_100_000));
            assert!(Decoder::default().decode(list.as_bytes()).is_err(), "{value}");
        }
    }
}
