//! `[xml]`: documents and their nodes, as PowerShell shows them.

mod document;
mod manager;
mod node;
mod saved;
mod xpath;

use std::collections::HashMap;
use std::sync::Arc;

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run};
use super::super::value::Val;
use document::Document;
use manager::Manager;
use node::XmlNode;

/// An empty document.
pub(super) fn make() -> Val {
    XmlNode::value(&Arc::default(), 0)
}

/// A namespace manager, which `SelectNodes` takes.
pub(super) fn manager() -> Val {
    Val::Net(Arc::new(Manager::default()))
}

/// `[xml]value`
pub(in super::super) fn cast(value: &Val) -> Result<Val, ErrorRecord> {
    if let Val::Net(instance) = value
        && instance.type_names().first().is_some_and(|name| name == "System.Xml.XmlDocument")
    {
        return Ok(value.clone());
    }
    // Lines of a file are one text.
    let whole = value.clone().into_items().iter().map(text).collect::<Vec<_>>().join("\n");
    let document = Arc::new(Document::default());
    if whole.is_empty() {
        return Ok(XmlNode::value(&document, 0));
    }
    let read = document.tree().read(whole.trim_start_matches('\u{FEFF}'), 0);
    read.map(|()| XmlNode::value(&document, 0)).map_err(|why| {
        let message = format!("Cannot convert value \"{whole}\" to type \"System.Xml.XmlDocument\". Error: \"{why}\"");
        ErrorRecord::runtime(message, "InvalidCastToXmlDocument", 5)
    })
}

/// What a path finds in a node: for Select-Xml.
pub(in super::super) fn select(
    evaluator: &mut Evaluator<'_>,
    from: &Val,
    path: &str,
    namespaces: &HashMap<String, String>,
) -> Run<Vec<Val>> {
    let names = namespaces.iter().map(|(name, space)| (Val::str(name.as_str()), Val::str(space.as_str()))).collect();
    let args = [Val::str(path), Val::hash(false, names)];
    Ok(super::value_method(evaluator, from, "SelectNodes", &args)?.map_or_else(Vec::new, Val::into_items))
}
