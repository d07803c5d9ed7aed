//! Reads the tags of a page, to see that they are all ours.

use std::collections::BTreeSet;

/// A tag with its attributes, their values unescaped.
#[derive(Debug)]
pub(super) struct Tag {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
}

/// Every tag that opens, as a browser finds them: a `<` before a letter begins one, a `>` outside of quotes ends it.
pub(super) fn tags(page: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let end = rest.find(|c: char| c.is_whitespace() || c == '>' || c == '/').expect("a tag ends");
        let (name, after) = rest.split_at(end);
        let (attributes, after) = attributes(after);
        found.push(Tag { name: name.to_owned(), attributes });
        rest = after;
    }
    found
}

fn attributes(mut rest: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return (found, after);
        }
        let end = rest.find(|c: char| c.is_whitespace() || "=>/".contains(c)).expect("an attribute ends");
        let (name, after) = rest.split_at(end);
        let (value, after) = match after.strip_prefix("=\"") {
            Some(quoted) => quoted.split_once('"').expect("a closing quote"),
            None => ("", after),
        };
        assert!(!after.starts_with('='), "a value without double quotes: {name}");
        found.push((name.to_owned(), unescaped(value)));
        rest = after;
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// The names of all tags and attributes, attributes with an `@`.
pub(super) fn names(tags: &[Tag]) -> BTreeSet<String> {
    let of = |tag: &Tag| {
        let attributes = tag.attributes.iter().map(|(name, _)| format!("@{name}")).collect::<Vec<_>>();
        [tag.name.clone()].into_iter().chain(attributes)
    };
    tags.iter().flat_map(of).collect()
}

#[test]
fn markup_that_is_not_ours_would_be_seen() {
    let found = names(&tags("<p class=\"a > b\">1 < 2 &lt;b><a href=\"/x\" onclick=\"y\"/></p><script>z</script>"));
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["@class", "@href", "@onclick", "a", "p", "script"]);
}
