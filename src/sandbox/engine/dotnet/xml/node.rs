//! Nodes as objects.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::super::convert::{text, truth};
use super::super::super::errors::ErrorRecord;
use super::super::super::eval::Evaluator;
use super::super::super::value::Val;
use super::super::{Instance, Outcome, arg_text, thrown};
use super::document::{Document, Node, NodeId, NodeKind, Tree};
use super::saved::saved;
use super::xpath::{self, Found, Namespaces};

/// A node of a document, or an attribute of one.
#[derive(Debug, Clone)]
pub(super) struct XmlNode {
    document: Arc<Document>,
    at: Found,
}

impl XmlNode {
    pub(super) fn value(document: &Arc<Document>, id: NodeId) -> Val {
        Self::of(document, Found { id, attribute: None })
    }

    fn of(document: &Arc<Document>, at: Found) -> Val {
        Val::Net(Arc::new(Self { document: Arc::clone(document), at }))
    }

    fn list(&self, found: Vec<Found>) -> Val {
        let nodes = found.into_iter().map(|found| Self::of(&self.document, found)).collect();
        Val::list("System.Xml.XPathNodeList", nodes)
    }

    /// What PowerShell makes of a child: its text, if it has nothing else.
    fn adapted(&self, tree: &Tree<'_>, id: NodeId) -> Val {
        let node = tree.node(id);
        if node.kind != NodeKind::Element {
            return Val::str(node.value.as_str());
        }
        let is_plain = node.attributes.is_empty()
            && match node.children[..] {
                [] => true,
                [only] => tree.node(only).kind == NodeKind::Text,
                _ => false,
            };
        if is_plain { Val::str(tree.inner_text(id)) } else { Self::value(&self.document, id) }
    }

    /// Attributes and children of a name, in any case.
    fn named(&self, name: &str) -> Vec<Val> {
        let tree = self.document.tree();
        let node = tree.node(self.at.id);
        let is_it = |own: &str| own.eq_ignore_ascii_case(name);
        let local = |own: &str| own.rsplit(':').next().unwrap_or(own).to_owned();
        let attributes = node.attributes.iter().filter(|(own, _)| is_it(&local(own)) || is_it(own));
        let mut found: Vec<Val> = attributes.map(|(_, value)| Val::str(value.as_str())).collect();
        let children = node.children.iter().filter(|child| is_it(tree.node(**child).local_name()));
        found.extend(children.map(|child| self.adapted(&tree, *child)));
        found
    }

    fn neighbor(&self, tree: &Tree<'_>, step: isize) -> Option<NodeId> {
        let parent = tree.node(self.at.id).parent?;
        let siblings = &tree.node(parent).children;
        let place = siblings.iter().position(|id| *id == self.at.id)?;
        place.checked_add_signed(step).and_then(|place| siblings.get(place)).copied()
    }

    /// A property of .NET's classes.
    fn own(&self, name: &str) -> Option<Val> {
        let tree = self.document.tree();
        let id = self.at.id;
        let node = tree.node(id);
        let is_element = |id: &&NodeId| tree.node(**id).kind == NodeKind::Element;
        let of = |id: Option<NodeId>| id.map_or(Val::Null, |id| Self::value(&self.document, id));
        if let Some(attribute) = &self.at.attribute {
            let value = || node.attribute(attribute).unwrap_or("").to_owned();
            return Some(match name {
                "name" => Val::str(attribute.as_str()),
                "localname" => Val::str(attribute.rsplit(':').next().unwrap_or(attribute)),
                "value" | "innertext" | "#text" | "innerxml" => Val::str(value()),
                "outerxml" => Val::str(format!("{attribute}=\"{}\"", value())),
                "ownerelement" => of(Some(id)),
                "ownerdocument" => of(Some(0)),
                "nodetype" => Val::of_enum("System.Xml.XmlNodeType", "Attribute", 2),
                "specified" => Val::Bool(true),
                _ => return None,
            });
        }
        let is_text = matches!(node.kind, NodeKind::Text | NodeKind::CData | NodeKind::Comment | NodeKind::Instruction);
        Some(match name {
            "name" => Val::str(node.name.as_str()),
            "localname" => Val::str(node.local_name()),
            "prefix" => Val::str(node.name.split_once(':').map_or("", |(prefix, _)| prefix)),
            "namespaceuri" => Val::str(tree.namespace(id, &node.name)),
            "value" => {
                if is_text {
                    Val::str(node.value.as_str())
                } else {
                    Val::Null
                }
            }
            "innertext" if node.kind == NodeKind::Declaration => Val::str(node.value.as_str()),
            "innertext" => Val::str(xpath::text_of(&tree, &self.at)),
            "innerxml" => Val::str(tree.inner_xml(id)),
            "outerxml" => Val::str(tree.outer_xml(id)),
            "haschildnodes" => Val::Bool(!node.children.is_empty()),
            "hasattributes" => Val::Bool(!node.attributes.is_empty()),
            "isempty" => Val::Bool(node.is_empty),
            "isreadonly" => Val::Bool(false),
            "childnodes" => {
                let children = node.children.iter().map(|id| Self::value(&self.document, *id)).collect();
                Val::list("System.Xml.XmlChildNodes", children)
            }
            "attributes" => {
                let names = node.attributes.iter().map(|(name, _)| Found { id, attribute: Some(name.clone()) });
                let items = names.map(|found| Self::of(&self.document, found)).collect();
                Val::list("System.Xml.XmlAttributeCollection", items)
            }
            "parentnode" => of(node.parent),
            "firstchild" => of(node.children.first().copied()),
            "lastchild" => of(node.children.last().copied()),
            "nextsibling" => of(self.neighbor(&tree, 1)),
            "previoussibling" => of(self.neighbor(&tree, -1)),
            "documentelement" if id == 0 => of(node.children.iter().find(is_element).copied()),
            "ownerdocument" => {
                if id == 0 {
                    Val::Null
                } else {
                    of(Some(0))
                }
            }
            "nametable" if id == 0 => Val::Null,
            "preservewhitespace" if id == 0 => Val::Bool(false),
            "nodetype" => {
                let (name, number) = match node.kind {
                    NodeKind::Document => ("Document", 9),
                    NodeKind::Element => ("Element", 1),
                    NodeKind::Text => ("Text", 3),
                    NodeKind::CData => ("CDATA", 4),
                    NodeKind::Comment => ("Comment", 8),
                    NodeKind::Declaration => ("XmlDeclaration", 17),
                    NodeKind::Instruction => ("ProcessingInstruction", 7),
                };
                Val::of_enum("System.Xml.XmlNodeType", name, number)
            }
            _ => return None,
        })
    }

    /// Gives the node one text and nothing else.
    fn set_text(&self, new: &str) -> Result<(), ErrorRecord> {
        let mut tree = self.document.tree();
        let id = self.at.id;
        if let Some(name) = &self.at.attribute {
            let node = tree.node_mut(id);
            node.attributes.iter_mut().filter(|(own, _)| own == name).for_each(|(_, value)| *value = new.to_owned());
            return Ok(());
        }
        if !matches!(tree.node(id).kind, NodeKind::Element | NodeKind::Document) {
            tree.node_mut(id).value = new.to_owned();
            return Ok(());
        }
        for child in tree.node(id).children.clone() {
            tree.unhang(child);
        }
        let child = tree.add(Node::new(NodeKind::Text, "#text", new)).map_err(|why| limit(&why))?;
        tree.hang(id, child, None);
        Ok(())
    }
}

fn limit(why: &str) -> ErrorRecord {
    ErrorRecord::new("System.OutOfMemoryException", why.to_owned(), "SandboxLimit", 29)
}

/// The node that an argument is, if it is one.
fn node_of(evaluator: &mut Evaluator<'_>, arg: Option<&Val>) -> Option<(usize, NodeId, String)> {
    // The handle is a method of its own, so that nodes stay objects like any other.
    let Some(value @ Val::Net(_)) = arg else { return None };
    let handle = super::super::value_method(evaluator, value, "\0node", &[]).ok()??;
    let mut parts = text(&handle).splitn(3, ' ').map(str::to_owned).collect::<Vec<_>>().into_iter();
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next().unwrap_or_default()))
}

impl Instance for XmlNode {
    fn type_names(&self) -> Vec<Cow<'static, str>> {
        let tree = self.document.tree();
        let own: &[&'static str] = match (tree.node(self.at.id).kind, &self.at.attribute) {
            (_, Some(_)) => &["System.Xml.XmlAttribute"],
            (NodeKind::Document, _) => &["System.Xml.XmlDocument"],
            (NodeKind::Element, _) => &["System.Xml.XmlElement", "System.Xml.XmlLinkedNode"],
            (NodeKind::Text, _) => &["System.Xml.XmlText", "System.Xml.XmlCharacterData", "System.Xml.XmlLinkedNode"],
            (NodeKind::CData, _) => {
                &["System.Xml.XmlCDataSection", "System.Xml.XmlCharacterData", "System.Xml.XmlLinkedNode"]
            }
            (NodeKind::Comment, _) => {
                &["System.Xml.XmlComment", "System.Xml.XmlCharacterData", "System.Xml.XmlLinkedNode"]
            }
            (NodeKind::Declaration, _) => &["System.Xml.XmlDeclaration", "System.Xml.XmlLinkedNode"],
            (NodeKind::Instruction, _) => &["System.Xml.XmlProcessingInstruction", "System.Xml.XmlLinkedNode"],
        };
        own.iter().copied().chain(["System.Xml.XmlNode", "System.Object"]).map(Cow::Borrowed).collect()
    }

    fn text(&self) -> String {
        self.type_names().first().map_or_else(String::new, |name| name.to_string())
    }

    fn names(&self) -> Vec<Arc<str>> {
        let tree = self.document.tree();
        let node = tree.node(self.at.id);
        if self.at.attribute.is_some() {
            return vec!["#text".into()];
        }
        let children = node.children.iter().map(|child| tree.node(*child).local_name());
        let mut names: Vec<Arc<str>> = Vec::new();
        for name in node.attributes.iter().map(|(name, _)| name.as_str()).chain(children) {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                names.push(name.into());
            }
        }
        names
    }

    fn get(&self, name: &str, _now: Option<Timestamp>) -> Option<Val> {
        let mut found = if self.at.attribute.is_none() { self.named(name) } else { Vec::new() };
        match found.len() {
            0 => self.own(name),
            1 => found.pop(),
            _ => Some(Val::array(found)),
        }
    }

    fn set(&self, name: &str, value: &Val) -> Result<bool, ErrorRecord> {
        let new = text(value);
        let child = {
            let mut tree = self.document.tree();
            let node = tree.node_mut(self.at.id);
            if let Some((_, old)) = node.attributes.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
                *old = new;
                return Ok(true);
            }
            let children = node.children.clone();
            children.into_iter().find(|child| tree.node(*child).local_name().eq_ignore_ascii_case(name))
        };
        if let Some(id) = child {
            Self { document: self.document.clone(), at: Found { id, attribute: None } }.set_text(&new)?;
            return Ok(true);
        }
        match name {
            "innertext" | "value" | "#text" => self.set_text(&new).map(|()| true),
            "innerxml" => {
                let mut tree = self.document.tree();
                for child in tree.node(self.at.id).children.clone() {
                    tree.unhang(child);
                }
                tree.read(&new, self.at.id)
                    .map(|()| true)
                    .map_err(|why| ErrorRecord::new("System.Xml.XmlException", why, "XmlException", 0))
            }
            "preservewhitespace" if truth(value) => {
                Err(ErrorRecord::unsupported("documents that keep their white space (PreserveWhitespace)"))
            }
            "preservewhitespace" => Ok(true),
            _ => {
                let message = format!(
                    "Exception setting \"{name}\": \"The property '{name}' cannot be found on this object. Verify that the property exists and can be set.\""
                );
                Err(ErrorRecord::runtime(message, "ExceptionWhenSetting", 7))
            }
        }
    }

    fn call(&self, evaluator: &mut Evaluator<'_>, me: &Val, name: &str, args: &[Val]) -> Outcome {
        evaluator.step(1)?;
        // Properties that children of the same name hide have methods, too.
        if let Some(property) = name.strip_prefix("get_").filter(|_| args.is_empty()) {
            return Ok(self.own(property));
        }
        let given = arg_text(args, 0);
        let id = self.at.id;
        match name {
            "selectnodes" | "selectsinglenode" => {
                let names = namespaces(args.get(1));
                let (found, size) = {
                    let tree = self.document.tree();
                    (xpath::select(&tree, id, &given, &names), tree.len())
                };
                evaluator.step(size as u64 / 16)?;
                return match found {
                    Ok(found) if name == "selectnodes" => Ok(Some(self.list(found))),
                    Ok(found) => {
                        Ok(Some(found.into_iter().next().map_or(Val::Null, |found| Self::of(&self.document, found))))
                    }
                    Err(why) => thrown("XPathException", why),
                };
            }
            "appendchild" | "prependchild" | "insertbefore" | "insertafter" | "removechild" | "importnode" => {
                return self.change_children(evaluator, name, args);
            }
            "loadxml" | "load" | "save" => return self.transfer(evaluator, name, &given),
            "\0node" => {
                let place = Arc::as_ptr(&self.document).addr();
                return Ok(Some(Val::str(format!("{place} {id} {}", self.at.attribute.as_deref().unwrap_or("")))));
            }
            "clone" | "clonenode" => {
                let copy = self.document.tree().outer_xml(id);
                let holder = {
                    let mut tree = self.document.tree();
                    tree.add(Node::new(NodeKind::Element, "copy", ""))
                };
                let Ok(holder) = holder else { return Ok(None) };
                let mut tree = self.document.tree();
                if let Err(why) = tree.read(&copy, holder) {
                    return thrown("XmlException", why);
                }
                let child = tree.node(holder).children.first().copied();
                child.into_iter().for_each(|child| tree.unhang(child));
                return Ok(child.map(|child| Self::value(&self.document, child)));
            }
            _ => {}
        }
        let mut tree = self.document.tree();
        Ok(Some(match name {
            "getattribute" => Val::str(tree.node(id).attribute(&given).unwrap_or("")),
            "hasattribute" => Val::Bool(tree.node(id).attribute(&given).is_some()),
            "getattributenode" => match tree.node(id).attribute(&given) {
                Some(_) => Self::of(&self.document, Found { id, attribute: Some(given) }),
                None => Val::Null,
            },
            "setattribute" => {
                let value = arg_text(args, 1);
                let node = tree.node_mut(id);
                match node.attributes.iter_mut().find(|(own, _)| *own == given) {
                    Some((_, old)) => *old = value,
                    None => node.attributes.push((given, value)),
                }
                Val::Void
            }
            "removeattribute" => {
                tree.node_mut(id).attributes.retain(|(own, _)| *own != given);
                Val::Void
            }
            "removeall" => {
                for child in tree.node(id).children.clone() {
                    tree.unhang(child);
                }
                tree.node_mut(id).attributes.clear();
                Val::Void
            }
            "createelement" | "createtextnode" | "createcomment" | "createcdatasection" => {
                let node = match name {
                    "createelement" => Node::new(NodeKind::Element, &given, ""),
                    "createtextnode" => Node::new(NodeKind::Text, "#text", &given),
                    "createcomment" => Node::new(NodeKind::Comment, "#comment", &given),
                    _ => Node::new(NodeKind::CData, "#cdata-section", &given),
                };
                match tree.add(node) {
                    Ok(id) => Self::value(&self.document, id),
                    Err(why) => return Err(limit(&why).into()),
                }
            }
            "createxmldeclaration" => {
                let mut value = format!("version=\"{given}\"");
                for (place, name) in [(1, "encoding"), (2, "standalone")] {
                    let part = arg_text(args, place);
                    if !part.is_empty() {
                        value += &format!(" {name}=\"{part}\"");
                    }
                }
                match tree.add(Node::new(NodeKind::Declaration, "xml", &value)) {
                    Ok(id) => Self::value(&self.document, id),
                    Err(why) => return Err(limit(&why).into()),
                }
            }
            "getelementsbytagname" => {
                let all = tree.descendants(id).into_iter().skip(1);
                let is_it = |id: &NodeId| {
                    let node = tree.node(*id);
                    node.kind == NodeKind::Element && (given == "*" || node.name == given)
                };
                let found = all.filter(is_it).map(|id| Found { id, attribute: None }).collect();
                self.list(found)
            }
            "normalize" => Val::Void,
            "equals" => {
                drop(tree);
                let own = node_of(evaluator, Some(me));
                Val::Bool(own == node_of(evaluator, args.first()))
            }
            _ => return Ok(None),
        }))
    }
}

impl XmlNode {
    fn change_children(&self, evaluator: &mut Evaluator<'_>, name: &str, args: &[Val]) -> Outcome {
        let place = Arc::as_ptr(&self.document).addr();
        let Some((home, child, _)) = node_of(evaluator, args.first()) else {
            return thrown("NullReferenceException", "Object reference not set to an instance of an object.");
        };
        if name == "importnode" {
            // A copy by way of its text.
            let copy = args
                .first()
                .and_then(|node| evaluator.member(node, "OuterXml"))
                .map_or_else(String::new, |xml| text(&xml));
            let mut tree = self.document.tree();
            let Ok(holder) = tree.add(Node::new(NodeKind::Element, "copy", "")) else { return Ok(None) };
            if let Err(why) = tree.read(&copy, holder) {
                return thrown("XmlException", why);
            }
            let child = tree.node(holder).children.first().copied();
            child.into_iter().for_each(|child| tree.unhang(child));
            return Ok(child.map(|child| Self::value(&self.document, child)));
        }
        if home != place {
            return thrown("ArgumentException", "The node to be inserted is from a different document context.");
        }
        let beside = node_of(evaluator, args.get(1)).map(|(_, id, _)| id);
        let mut tree = self.document.tree();
        let position = |tree: &Tree<'_>, of: Option<NodeId>| {
            of.and_then(|of| tree.node(self.at.id).children.iter().position(|id| *id == of))
        };
        match name {
            "removechild" => {
                if tree.node(child).parent != Some(self.at.id) {
                    return thrown("ArgumentException", "The node to be removed is not a child of this node.");
                }
                tree.unhang(child);
            }
            "appendchild" => tree.hang(self.at.id, child, None),
            "prependchild" => tree.hang(self.at.id, child, Some(0)),
            _ => {
                tree.unhang(child);
                let at = position(&tree, beside);
                let at = if name == "insertafter" { at.map_or(0, |at| at + 1) } else { at.unwrap_or(usize::MAX) };
                tree.hang(self.at.id, child, Some(at));
            }
        }
        Ok(Some(Self::value(&self.document, child)))
    }

    /// From and to texts and files.
    fn transfer(&self, evaluator: &mut Evaluator<'_>, name: &str, given: &str) -> Outcome {
        if name == "save" {
            let (whole, is_wide) = saved(&self.document.tree());
            let kind = super::super::super::types::TypeRef::named("System.IO.File");
            let mut args = vec![Val::str(given), Val::str(whole)];
            args.extend(super::super::encoding::property("unicode").filter(|_| is_wide));
            return Ok(Some(evaluator.static_call(&Val::Type(kind), "WriteAllText", &args)?));
        }
        let whole = if name == "load" {
            let kind = super::super::super::types::TypeRef::named("System.IO.File");
            text(&evaluator.static_call(&Val::Type(kind), "ReadAllText", &[Val::str(given)])?)
        } else {
            given.to_owned()
        };
        let mut tree = self.document.tree();
        for child in tree.node(0).children.clone() {
            tree.unhang(child);
        }
        match tree.read(whole.trim_start_matches('\u{FEFF}'), 0) {
            Ok(()) => Ok(Some(Val::Void)),
            Err(why) => thrown("XmlException", why),
        }
    }
}

/// Prefixes of a manager, or of a table.
fn namespaces(arg: Option<&Val>) -> Namespaces {
    match arg {
        Some(Val::Hash(hash)) => hash.entries().iter().map(|(name, space)| (text(name), text(space))).collect(),
        Some(Val::Net(manager)) => {
            let names = manager.names();
            names.iter().filter_map(|name| Some((name.to_string(), text(&manager.get(name, None)?)))).collect()
        }
        _ => Namespaces::default(),
    }
}
