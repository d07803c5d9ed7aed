//! A message with an Adaptive Card, as the webhook of a Teams workflow takes it ("when a Teams webhook request is
//! received"): connectors and their cards are gone.
//!
//! What hosts have written stands in text runs, which know no Markdown; text blocks and facts do. A message of more than
//! 28 KB is refused, some have seen that of 21 KB already: this one stays below 20,000 bytes.

use serde_json::{Value, json};
use url::Url;

use super::super::notice::{Change, Notice};
use super::super::observation::cut;
use super::digest::{Digest, Line};
use crate::check::State;

const LONGEST_MESSAGE: usize = 20_000;
const MOST_LINES: usize = 20;
/// Buttons that a card shows side by side.
const MOST_RUNBOOKS: usize = 4;

/// A notice as the body of a workflow's webhook.
pub fn teams(notice: &Notice) -> Value {
    let digest = Digest::of(notice);
    let mut shown = digest.lines.len().min(MOST_LINES);
    loop {
        let message = message(notice, &digest, shown);
        if shown == 0 || message.to_string().len() <= LONGEST_MESSAGE {
            return message;
        }
        shown -= 1;
    }
}

fn message(notice: &Notice, digest: &Digest, shown: usize) -> Value {
    let color = color(if notice.is_resolved() { Change::Resolved } else { Change::New }, notice.worst());
    let mut body = vec![block(&digest.headline, 250, json!({ "weight": "Bolder", "size": "Large", "color": color }))];
    for line in &digest.lines[..shown] {
        let title = json!({ "weight": "Bolder", "color": self::color(line.change, line.state) });
        body.push(block(&line.title(), 600, title));
        // A run shows no ends of lines: each line is a block.
        body.extend(line.text.lines().take(10).map(|text| block(text, 600, json!({}))));
        let owner = line.owner.iter().map(|owner| format!("Owner: {owner}"));
        body.extend(owner.map(|owner| block(&owner, 300, json!({ "isSubtle": true }))));
    }
    let left_out = match digest.lines.len() - shown {
        0 => String::new(),
        count => format!("{count} more lines are left out. "),
    };
    let footer = format!("{left_out}{} {}", digest.footer, notice.id);
    body.push(block(&footer, 300, json!({ "isSubtle": true, "size": "Small" })));
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": { "width": "Full" },
                "body": body,
                "actions": actions(&digest.lines[..shown]),
            },
        }],
    })
}

/// A block of one text.
fn block(text: &str, longest: usize, style: Value) -> Value {
    json!({ "type": "RichTextBlock", "inlines": [run(text, longest, style)] })
}

fn run(text: &str, longest: usize, style: Value) -> Value {
    let mut run = json!({ "type": "TextRun", "text": cut(text, longest) });
    if let (Some(run), Value::Object(style)) = (run.as_object_mut(), style) {
        run.extend(style);
    }
    run
}

fn color(change: Change, state: State) -> &'static str {
    match (change, state) {
        (Change::Resolved, _) | (_, State::Ok) => "Good",
        (_, State::Warning | State::Unknown) => "Warning",
        (_, State::Critical) => "Attention",
    }
}

/// The runbooks as buttons, each once.
fn actions(lines: &[Line]) -> Vec<Value> {
    let mut seen = std::collections::BTreeSet::new();
    let is_web = |runbook: &&str| Url::parse(runbook).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    let runbooks = lines.iter().filter_map(|line| Some((line, line.runbook.as_deref().filter(is_web)?)));
    let first = runbooks.filter(|(_, runbook)| seen.insert(*runbook)).take(MOST_RUNBOOKS);
    first.map(|(line, url)| json!({ "type": "Action.OpenUrl", "title": format!("Runbook: {}", cut(&line.check, 60)), "url": url })).collect()
}
