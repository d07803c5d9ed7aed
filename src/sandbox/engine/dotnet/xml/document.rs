//! A tree of XML, with the nodes in one list.

use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// Levels of elements that a document may have, and nodes.
const MAX_LEVELS: usize = 200;
const MAX_NODES: usize = 500_000;

/// The place of a node in its document; 0 is the document itself.
pub(super) type NodeId = usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeKind {
    Document,
    Element,
    Text,
    CData,
    Comment,
    Declaration,
    Instruction,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    /// With its prefix.
    pub(super) name: String,
    pub(super) value: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<NodeId>,
    pub(super) parent: Option<NodeId>,
    /// Written without an end tag of its own.
    pub(super) is_empty: bool,
}

impl Node {
    pub(super) fn new(kind: NodeKind, name: &str, value: &str) -> Self {
        Self {
            kind,
            name: name.into(),
            value: value.into(),
            attributes: Vec::new(),
            children: Vec::new(),
            parent: None,
            is_empty: true,
        }
    }

    pub(super) fn local_name(&self) -> &str {
        self.name.rsplit(':').next().unwrap_or(&self.name)
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug)]
pub(super) struct Document(Mutex<Vec<Node>>);

impl Default for Document {
    fn default() -> Self {
        Self(Mutex::new(vec![Node::new(NodeKind::Document, "#document", "")]))
    }
}

/// The tree while it is looked at.
pub(super) struct Tree<'d>(MutexGuard<'d, Vec<Node>>);

impl Document {
    pub(super) fn tree(&self) -> Tree<'_> {
        Tree(self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What is wrong with a text, and where.
fn wrong(reader: &Reader<&[u8]>, text: &str, why: &str) -> String {
    let at = (reader.buffer_position() as usize).min(text.len());
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    format!("{why} Line {line}, position {column}.")
}

/// The character or text of an entity.
fn entity(name: &str) -> Option<String> {
    Some(match name {
        "lt" => "<".into(),
        "gt" => ">".into(),
        "amp" => "&".into(),
        "quot" => "\"".into(),
        "apos" => "'".into(),
        _ => {
            let number = name.strip_prefix('#')?;
            let number = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(number)?.to_string()
        }
    })
}

/// `<name attribute="value"`, without its end.
pub(super) fn start_tag(node: &Node, out: &mut String) {
    let _ = write!(out, "<{}", node.name);
    for (name, value) in &node.attributes {
        let _ = write!(out, " {name}=\"{}\"", escaped(value, true));
    }
}

impl Tree<'_> {
    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.0.get(id).unwrap_or(&self.0[0])
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        let id = if id < self.0.len() { id } else { 0 };
        &mut self.0[id]
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// A new node, which hangs nowhere yet.
    pub(super) fn add(&mut self, node: Node) -> Result<NodeId, String> {
        if self.0.len() >= MAX_NODES {
            return Err(format!("The sandbox keeps at most {MAX_NODES} nodes of a document."));
        }
        self.0.push(node);
        Ok(self.0.len() - 1)
    }

    /// Hangs a node under another one, before a place or at the end.
    pub(super) fn hang(&mut self, parent: NodeId, child: NodeId, place: Option<usize>) {
        // A node under itself would be a circle.
        if self.ancestors(parent).contains(&child) {
            return;
        }
        self.unhang(child);
        self.node_mut(child).parent = Some(parent);
        let own = self.node_mut(parent);
        own.is_empty = false;
        let place = place.unwrap_or(own.children.len()).min(own.children.len());
        own.children.insert(place, child);
    }

    pub(super) fn unhang(&mut self, child: NodeId) {
        if let Some(parent) = self.node_mut(child).parent.take() {
            self.node_mut(parent).children.retain(|other| *other != child);
        }
    }

    /// The node and what it hangs under.
    pub(super) fn ancestors(&self, id: NodeId) -> Vec<NodeId> {
        let (mut all, mut next) = (vec![id], self.node(id).parent);
        while let Some(parent) = next {
            all.push(parent);
            next = self.node(parent).parent;
        }
        all
    }

    /// The node and all under it, in the order of the document.
    pub(super) fn descendants(&self, id: NodeId) -> Vec<NodeId> {
        let (mut all, mut open) = (Vec::new(), vec![id]);
        while let Some(next) = open.pop() {
            all.push(next);
            open.extend(self.node(next).children.iter().rev());
        }
        all
    }

    /// The namespace that a name with or without a prefix is in.
    pub(super) fn namespace(&self, id: NodeId, name: &str) -> String {
        let declared = match name.split_once(':') {
            Some((prefix, _)) => format!("xmlns:{prefix}"),
            None => "xmlns".into(),
        };
        let found = self.ancestors(id).into_iter().find_map(|id| self.node(id).attribute(&declared).map(str::to_owned));
        found.unwrap_or_default()
    }

    /// The texts under a node.
    pub(super) fn inner_text(&self, id: NodeId) -> String {
        let is_text = |id: &NodeId| matches!(self.node(*id).kind, NodeKind::Text | NodeKind::CData);
        self.descendants(id).iter().filter(|id| is_text(id)).map(|id| self.node(*id).value.as_str()).collect()
    }

    pub(super) fn outer_xml(&self, id: NodeId) -> String {
        let mut out = String::new();
        self.write(id, &mut out, 0);
        out
    }

    pub(super) fn inner_xml(&self, id: NodeId) -> String {
        let mut out = String::new();
        self.node(id).children.iter().for_each(|child| self.write(*child, &mut out, 0));
        out
    }

    fn write(&self, id: NodeId, out: &mut String, level: usize) {
        let node = self.node(id);
        let inner = |out: &mut String| {
            if level <= 2 * MAX_LEVELS {
                node.children.iter().for_each(|child| self.write(*child, out, level + 1));
            }
        };
        match node.kind {
            NodeKind::Document => inner(out),
            NodeKind::Text => *out += &escaped(&node.value, false),
            NodeKind::CData => {
                let _ = write!(out, "<![CDATA[{}]]>", node.value);
            }
            NodeKind::Comment => {
                let _ = write!(out, "<!--{}-->", node.value);
            }
            NodeKind::Declaration => {
                let _ = write!(out, "<?xml {}?>", node.value);
            }
            NodeKind::Instruction => {
                let _ = write!(out, "<?{} {}?>", node.name, node.value);
            }
            NodeKind::Element => {
                start_tag(node, out);
                if node.children.is_empty() && node.is_empty {
                    *out += " />";
                    return;
                }
                out.push('>');
                inner(out);
                let _ = write!(out, "</{}>", node.name);
            }
        }
    }

    /// Reads a text and hangs what is in it under a node.
    ///
    /// # Errors
    /// What is wrong with the text, as .NET says it.
    pub(super) fn read(&mut self, text: &str, under: NodeId) -> Result<(), String> {
        let mut reader = Reader::from_str(text);
        let mut open = vec![under];
        let mut said = String::new();
        loop {
            let event = reader.read_event();
            // Texts come in pieces, with the entities between them.
            match &event {
                Ok(Event::Text(piece)) => {
                    said += piece;
                    continue;
                }
                Ok(Event::GeneralRef(name)) => {
                    let found = entity(name).ok_or_else(|| {
                        wrong(&reader, text, &format!("Reference to undeclared entity '{}'.", &**name))
                    })?;
                    said += &found;
                    continue;
                }
                _ => {}
            }
            let parent = *open.last().unwrap_or(&under);
            let whole = std::mem::take(&mut said);
            if !whole.trim().is_empty() {
                if parent == 0 {
                    return Err(wrong(&reader, text, "Data at the root level is invalid."));
                }
                let id = self.add(Node::new(NodeKind::Text, "#text", &whole.replace("\r\n", "\n")))?;
                self.hang(parent, id, None);
            }
            let (node, opens) = match event {
                Err(error) => return Err(wrong(&reader, text, &told(&error))),
                Ok(Event::Eof) => break,
                Ok(Event::Start(start)) => (element(&reader, text, &start, false)?, true),
                Ok(Event::Empty(start)) => (element(&reader, text, &start, true)?, false),
                Ok(Event::End(_)) => {
                    open.pop();
                    continue;
                }
                Ok(Event::CData(data)) => (Node::new(NodeKind::CData, "#cdata-section", &data), false),
                Ok(Event::Comment(data)) => (Node::new(NodeKind::Comment, "#comment", &data), false),
                Ok(Event::Decl(data)) => {
                    let data: &str = &data;
                    let value = data.trim_start_matches("xml").trim();
                    (Node::new(NodeKind::Declaration, "xml", value), false)
                }
                Ok(Event::PI(data)) => {
                    let data: &str = &data;
                    let name = data.split_whitespace().next().unwrap_or("").to_owned();
                    let value = data.strip_prefix(&*name).unwrap_or(data).trim_start();
                    (Node::new(NodeKind::Instruction, &name, value), false)
                }
                Ok(_) => continue,
            };
            let is_second_root = parent == 0
                && node.kind == NodeKind::Element
                && self.node(0).children.iter().any(|child| self.node(*child).kind == NodeKind::Element);
            if is_second_root {
                return Err(wrong(&reader, text, "There are multiple root elements."));
            }
            let id = self.add(node)?;
            let is_empty = self.node(id).is_empty;
            self.hang(parent, id, None);
            self.node_mut(id).is_empty = is_empty;
            if opens {
                open.push(id);
                if open.len() > MAX_LEVELS {
                    return Err(format!("The sandbox reads at most {MAX_LEVELS} levels of elements."));
                }
            }
        }
        if open.len() > 1 {
            let names: Vec<_> = open[1..].iter().rev().map(|id| self.node(*id).name.as_str()).collect();
            let why = format!(
                "Unexpected end of file has occurred. The following elements are not closed: {}.",
                names.join(", ")
            );
            return Err(wrong(&reader, text, &why));
        }
        if under == 0 && !self.node(0).children.iter().any(|child| self.node(*child).kind == NodeKind::Element) {
            return Err("Root element is missing.".into());
        }
        Ok(())
    }
}

fn told(error: &quick_xml::Error) -> String {
    use quick_xml::errors::IllFormedError;
    match error {
        quick_xml::Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
            format!("The '{expected}' start tag does not match the end tag of '{found}'.")
        }
        other => format!("{other}."),
    }
}

fn element(reader: &Reader<&[u8]>, text: &str, start: &BytesStart<'_>, is_empty: bool) -> Result<Node, String> {
    let name = start.name().as_ref().to_owned();
    let mut node = Node::new(NodeKind::Element, &name, "");
    node.is_empty = is_empty;
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| wrong(reader, text, &format!("{error}.")))?;
        let key = attribute.key.as_ref().to_owned();
        let raw: &str = &attribute.value;
        node.attributes.push((key, unescaped(raw)));
    }
    Ok(node)
}

fn unescaped(raw: &str) -> String {
    let (mut out, mut rest) = (String::new(), raw);
    while let Some(at) = rest.find('&') {
        out += &rest[..at];
        let found = rest[at..].find(';').and_then(|end| Some((entity(&rest[at + 1..at + end])?, at + end + 1)));
        match found {
            Some((text, end)) => {
                out += &text;
                rest = &rest[end..];
            }
            None => {
                out.push('&');
                rest = &rest[at + 1..];
            }
        }
    }
    out + rest
}

fn escaped(text: &str, in_attribute: bool) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    if in_attribute { text.replace('"', "&quot;") } else { text }
}
