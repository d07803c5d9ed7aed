//! Select-Xml, and objects in files of CLIXML: Export-Clixml and Import-Clixml.

use std::collections::HashMap;

use super::super::convert::{cast, text};
use super::super::dotnet;
use super::super::errors::ErrorRecord;
use super::super::eval::{Cmdlet, Evaluator, Run, Sink};
use super::super::provider::{Content, Write, find_all, resolve};
use super::super::text_file::Encoding;
use super::super::types::TypeRef;
use super::super::value::{Obj, Schema, Val};
use super::super::wire;
use super::items::already_exists;
use super::per_input::PerInput;
use super::{Bound, Spec};
use crate::clixml::{TypeNames, Value};

pub(super) static SPECS: [Spec; 3] = [
    Spec {
        name: "Select-Xml",
        aliases: &[],
        params: &[
            "XPath@0+",
            "Xml|Node:XmlNode<^",
            "Content:string<",
            "Path@1^",
            "LiteralPath|PSPath|LP^",
            "Namespace",
        ],
        make: |_, bound| PerInput::boxed(bound, select),
    },
    Spec {
        name: "Export-Clixml",
        aliases: &[],
        params: &[
            "Path@0+",
            "LiteralPath|PSPath|LP/",
            "InputObject<",
            "Depth",
            "Force!",
            "NoClobber|NoOverwrite!",
            "Encoding",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| Ok(Box::new(Export { bound, objects: Vec::new() })),
    },
    Spec {
        name: "Import-Clixml",
        aliases: &[],
        params: &["Path:string@0<^+", "LiteralPath|PSPath|LP:string^/", "Skip", "First", "IncludeTotalCount!"],
        make: |_, bound| {
            bound.refuse(&["IncludeTotalCount"])?;
            PerInput::boxed(bound, import)
        },
    },
];

/// The whole of each file of a path, as bytes.
fn files(evaluator: &mut Evaluator<'_>, bound: &Bound) -> Run<Vec<(String, Vec<u8>)>> {
    let is_literal = bound.get("LiteralPath").is_some();
    let mut found = Vec::new();
    for given in bound.texts(if is_literal { "LiteralPath" } else { "Path" }) {
        let path = resolve(evaluator, &given)?;
        for item in find_all(evaluator, &path, is_literal)? {
            if let Content::Bytes(bytes) = path.provider.content(evaluator, &item)? {
                found.push((path.shown(), bytes.to_vec()));
            }
        }
    }
    Ok(found)
}

fn select(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let path = bound.text("XPath").unwrap_or_default();
    let names: HashMap<String, String> = match bound.get("Namespace") {
        Some(Val::Hash(hash)) => hash.entries().iter().map(|(name, space)| (text(name), text(space))).collect(),
        _ => HashMap::new(),
    };
    let document = TypeRef::named("System.Xml.XmlDocument");
    let mut sources: Vec<(String, Val)> =
        bound.items("Xml").into_iter().map(|node| ("InputStream".to_owned(), node)).collect();
    for content in bound.items("Content") {
        sources.push(("InputStream".into(), cast(&content, &document)?));
    }
    for (name, bytes) in files(evaluator, bound)? {
        let whole = Encoding::default().decode(&bytes);
        sources.push((name, cast(&Val::str(whole), &document)?));
    }
    let schema =
        Schema::new(&["Microsoft.PowerShell.Commands.SelectXmlInfo", "System.Object"], &["Node", "Path", "Pattern"]);
    for (source, node) in sources {
        let found = dotnet::select_nodes(evaluator, &node, &path, &names)?;
        for node in found {
            let shown = evaluator.member(&node, "InnerText").map_or_else(String::new, |inner| text(&inner));
            let values = vec![node, Val::str(source.as_str()), Val::str(path.as_str())];
            out.put(evaluator, Obj::typed(&schema, shown, values))?;
        }
    }
    Ok(())
}

struct Export {
    bound: Bound,
    objects: Vec<Val>,
}

const OPEN: &str = "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">";

impl Cmdlet for Export {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, _out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1)?;
        self.objects.push(input);
        Ok(())
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, _out: &mut dyn Sink) -> Run<()> {
        // A list that is given by name is one object.
        self.objects.extend(self.bound.get("InputObject").cloned());
        let literal = self.bound.text("LiteralPath");
        let path = resolve(evaluator, &literal.or_else(|| self.bound.text("Path")).unwrap_or_default())?;
        let exists = path.provider.find(evaluator, &path.path)?.is_some();
        if exists && self.bound.switch("NoClobber") {
            return Err(already_exists(&path).into());
        }
        if !evaluator.should_process(&self.bound, &path.shown(), "Export-Clixml")? {
            return Ok(());
        }
        let depth = self.bound.count("Depth")?.unwrap_or(2).min(48) as u32;
        let mut whole = OPEN.as_bytes().to_vec();
        for object in &self.objects {
            evaluator.step(whole.len() as u64 / 1024)?;
            crate::clixml::encode_into(&wire::to_value_of_depth(object, depth), &mut whole);
        }
        whole.extend(b"</Objs>");
        let whole = String::from_utf8_lossy(&whole).into_owned();
        // Windows PowerShell writes UTF-16.
        let name = self.bound.text("Encoding").unwrap_or_else(|| "unicode".into());
        let bytes = Encoding::named(&name)?.encode(&whole, true);
        let force = self.bound.switch("Force");
        let write = Write { values: vec![Val::str(whole)], bytes, append: false, force, is_out_file: true };
        path.provider.set_content(evaluator, &path.path, &write)
    }
}

fn import(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let (skip, first) = (bound.count("Skip")?.unwrap_or(0), bound.count("First")?.unwrap_or(usize::MAX));
    for (name, bytes) in files(evaluator, bound)? {
        let whole = Encoding::default().decode(&bytes);
        let mut decoder = crate::clixml::Decoder::default();
        let mut objects = Vec::new();
        for element in decoder.elements(whole.as_bytes()) {
            let element = element.map_err(|error| {
                let message = format!("The file {name} is not one of Export-Clixml: {error}");
                ErrorRecord::new("System.Xml.XmlException", message, "XmlException", 0)
                    .with_target(Val::str(name.as_str()))
            })?;
            evaluator.step(16)?;
            objects.push(wire::from_value(&deserialized(element.document.root.clone()), &|_| None));
        }
        for object in objects.into_iter().skip(skip).take(first) {
            out.put(evaluator, object)?;
        }
    }
    Ok(())
}

/// An object that was one of .NET's is a picture of it now, and its type says so.
fn deserialized(value: Value) -> Value {
    match value {
        Value::Object(object) if matches!(object.content, crate::clixml::Content::None) => {
            let names = object.type_names.iter().map(|name| format!("Deserialized.{name}"));
            let names: Vec<String> = names.collect();
            let type_names = TypeNames::new(names.iter().map(String::as_str));
            crate::clixml::Object { type_names, ..(*object).clone() }.into()
        }
        other => other,
    }
}
