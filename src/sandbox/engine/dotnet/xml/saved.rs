//! Documents as they are written into files: indented by two blanks, as .NET does it.

use super::document::{NodeId, NodeKind, Tree, start_tag};

/// What `Save` writes: the text, and whether it is in UTF-16, as its declaration says.
pub(super) fn saved(tree: &Tree<'_>) -> (String, bool) {
    let declaration = tree.node(0).children.first().map(|first| tree.node(*first));
    let declaration = declaration.filter(|node| node.kind == NodeKind::Declaration);
    let encoding = declaration.map(|node| node.value.to_ascii_lowercase()).unwrap_or_default();
    let mut out = String::new();
    if encoding.contains("utf-8") {
        // An encoding that is named has its mark.
        out.push('\u{FEFF}');
    }
    let start = out.len();
    for child in &tree.node(0).children {
        if out.len() > start {
            out += "\r\n";
        }
        write(tree, *child, &mut out, 0);
    }
    (out, encoding.contains("utf-16") || encoding.contains("unicode"))
}

fn write(tree: &Tree<'_>, id: NodeId, out: &mut String, level: usize) {
    let node = tree.node(id);
    if node.kind != NodeKind::Element || node.children.is_empty() && node.is_empty {
        *out += &tree.outer_xml(id);
        return;
    }
    start_tag(node, out);
    out.push('>');
    // From the first text on nothing is moved: its blanks would count.
    let mut is_mixed = false;
    for child in &node.children {
        is_mixed |= matches!(tree.node(*child).kind, NodeKind::Text | NodeKind::CData);
        if is_mixed {
            *out += &tree.outer_xml(*child);
        } else {
            new_line(out, level + 1);
            write(tree, *child, out, level + 1);
        }
    }
    if !is_mixed {
        new_line(out, level);
    }
    out.extend(["</", &node.name, ">"]);
}

fn new_line(out: &mut String, level: usize) {
    out.extend(["\r\n", &"  ".repeat(level)]);
}
