//! Slack's blocks.
//!
//! What hosts have written stands in `plain_text` alone, where nothing is markup. A text has at most 3,000 characters,
//! a header 150, a message 50 blocks (docs.slack.dev, Block Kit). All blocks together may have some 13,000 characters:
//! that is not documented, and refused as `msg_blocks_too_long` (slackapi/bolt-js, issue 2509).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use url::Url;

use super::super::notice::Notice;
use super::super::observation::cut;
use super::digest::{Digest, Line};

const LONGEST_HEADER: usize = 150;
const LONGEST_TEXT: usize = 1_500;
const LONGEST_FOOTER: usize = 300;
const MOST_LINES: usize = 20;
/// Of all texts and links of lines together, with room for what stands around them.
const LONGEST_LINES: usize = 9_000;

/// A notice as the body of an incoming webhook of Slack.
pub fn slack(notice: &Notice) -> Value {
    let digest = Digest::of(notice);
    let mut blocks = vec![json!({ "type": "header", "text": plain(&digest.headline, LONGEST_HEADER) })];
    let (mut length, mut shown) = (0, 0);
    let mut runbooks = BTreeSet::new();
    for line in digest.lines.iter().take(MOST_LINES) {
        let text = cut(&words(line), LONGEST_TEXT);
        let runbook = line.runbook.as_deref().filter(|runbook| runbooks.insert(*runbook)).and_then(link);
        length += text.chars().count() + runbook.as_ref().map_or(0, |link| link.chars().count());
        if length > LONGEST_LINES {
            break;
        }
        shown += 1;
        blocks.push(json!({ "type": "section", "text": plain(&text, LONGEST_TEXT) }));
        blocks.extend(runbook.map(|link| context(json!({ "type": "mrkdwn", "text": link, "verbatim": true }))));
    }
    let mut footer = digest.footer.clone();
    if shown < digest.lines.len() {
        footer = format!("{} more lines are left out. {footer}", digest.lines.len() - shown);
    }
    blocks.push(context(plain(&format!("{footer} {}", notice.id), LONGEST_FOOTER)));
    // What notifications show; it is read as markup.
    json!({ "text": escaped(&digest.headline), "blocks": blocks, "unfurl_links": false, "unfurl_media": false })
}

fn words(line: &Line) -> String {
    let owner = line.owner.as_ref().map(|owner| format!("\nOwner: {owner}")).unwrap_or_default();
    format!("{}\n{}{owner}", line.title(), line.text)
}

fn plain(text: &str, longest: usize) -> Value {
    let text = match cut(text, longest) {
        // An empty text is refused.
        text if text.is_empty() => "-".to_owned(),
        text => text,
    };
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

fn context(element: Value) -> Value {
    json!({ "type": "context", "elements": [element] })
}

/// A link to a runbook, if it is an address of the web: nothing in it can end it early.
fn link(runbook: &str) -> Option<String> {
    let url = Url::parse(runbook).ok().filter(|url| matches!(url.scheme(), "https" | "http"))?;
    let url = url.as_str().replace('|', "%7C").replace('<', "%3C").replace('>', "%3E").replace('&', "&amp;");
    Some(format!("<{url}|Runbook>"))
}

/// As Slack wants what is no markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
