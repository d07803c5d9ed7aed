//! Settings of WinRM.

use std::sync::{Arc, LazyLock};

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run};
use super::super::value::{Obj, Schema, Val};
use super::{Item, Provider, Thing, Write};

pub(in super::super) struct WsMan;

/// The provider of WinRM's settings.
pub(super) const WSMAN: &WsMan = &WsMan;

const HOST: &str = "localhost";

fn item(path: String, value: Option<&str>) -> Item {
    let name = path.rsplit('\\').next().unwrap_or(&path).into();
    let thing = Thing::Value(value.map_or(Val::Null, Val::str));
    Item { path, name, is_container: value.is_none(), is_hidden: false, thing }
}

impl Provider for WsMan {
    fn name(&self) -> &'static str {
        "WSMan"
    }

    fn module(&self) -> &'static str {
        "Microsoft.WSMan.Management"
    }

    fn find(&self, evaluator: &mut Evaluator<'_>, path: &str) -> Run<Option<Item>> {
        if path.is_empty() || path.eq_ignore_ascii_case(HOST) {
            return Ok(Some(item(if path.is_empty() { String::new() } else { HOST.into() }, None)));
        }
        let around = path.rsplit_once('\\').map_or("", |(around, _)| around);
        let children = self.children(evaluator, around)?;
        Ok(children.into_iter().find(|child| child.path.eq_ignore_ascii_case(path)))
    }

    fn children(&self, evaluator: &mut Evaluator<'_>, path: &str) -> Run<Vec<Item>> {
        evaluator.step(8)?;
        if path.is_empty() {
            return Ok(vec![item(HOST.into(), None)]);
        }
        let mut children: Vec<Item> = Vec::new();
        let inside = format!("{path}\\").to_lowercase();
        for (name, value) in evaluator.machine.winrm() {
            let full = format!("{HOST}\\{name}");
            let Some(rest) = full.to_lowercase().strip_prefix(&inside).map(|rest| &full[full.len() - rest.len()..])
            else {
                continue;
            };
            let (first, deeper) = rest.split_once('\\').map_or((rest, false), |(first, _)| (first, true));
            let at = format!("{}{first}", &full[..full.len() - rest.len()]);
            if !children.iter().any(|child| child.path == at) {
                children.push(item(at, if deeper { None } else { Some(&value) }));
            }
        }
        Ok(children)
    }

    /// Source: public API of Microsoft.WSMan.Management.WSManConfigLeafElement and WSManConfigContainerElement.
    fn object(&self, _evaluator: &mut Evaluator<'_>, item: &Item) -> Val {
        static LEAF: LazyLock<Arc<Schema>> = LazyLock::new(|| {
            let types = [
                "Microsoft.WSMan.Management.WSManConfigLeafElement",
                "Microsoft.WSMan.Management.WSManConfigElement",
                "System.Object",
            ];
            Schema::new(&types, &["SourceOfValue", "Value", "Name", "TypeNameOfElement", "Type"])
        });
        static CONTAINER: LazyLock<Arc<Schema>> = LazyLock::new(|| {
            let types = [
                "Microsoft.WSMan.Management.WSManConfigContainerElement",
                "Microsoft.WSMan.Management.WSManConfigElement",
                "System.Object",
            ];
            Schema::new(&types, &["Keys", "Name", "TypeNameOfElement", "Type"])
        });
        let name = Val::Str(item.name.clone());
        let Thing::Value(value) = &item.thing else { return Val::Null };
        match item.is_container {
            true => {
                let values = vec![Val::Null, name, Val::str("Container"), Val::str("Container")];
                Obj::typed(&CONTAINER, "Microsoft.WSMan.Management.WSManConfigContainerElement", values)
            }
            false => {
                let values =
                    vec![Val::str(""), value.clone(), name, Val::str("System.String"), Val::str("System.String")];
                Obj::typed(&LEAF, "Microsoft.WSMan.Management.WSManConfigLeafElement", values)
            }
        }
    }

    /// Set-Item alone writes here.
    fn set_content(&self, evaluator: &mut Evaluator<'_>, path: &str, write: &Write) -> Run<()> {
        let value = write.values.first().map_or_else(String::new, text);
        let within = path.split_once('\\').map_or("", |(_, within)| within);
        if evaluator.machine.set_winrm(within, &value) {
            return Ok(());
        }
        let message = "The WSMan provider does not have this setting.";
        Err(ErrorRecord::new("System.ArgumentException", message, "System.ArgumentException", 5)
            .with_target(Val::str(path))
            .into())
    }
}
