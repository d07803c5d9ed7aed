//! `.Where()` and `.ForEach()`, which every value has (about_Arrays), and `.Invoke()` of script blocks.

use std::sync::Arc;

use super::super::ast::Script;
use super::super::convert::{self, cast, text, truth};
use super::super::enums::EnumType;
use super::super::errors::ErrorRecord;
use super::super::types::TypeRef;
use super::super::value::{Val, Walk};
use super::script_stage::script_command;
use super::{Collector, Evaluator, RawArg, Run, Stage};

const COLLECTION: &str = "System.Collections.ObjectModel.Collection`1[[System.Management.Automation.PSObject]]";
const MODE: &str = "System.Management.Automation.WhereOperatorSelectionMode";
const MODES: [(&str, i32); 6] =
    [("Default", 0), ("First", 1), ("Last", 2), ("SkipUntil", 3), ("Until", 4), ("Split", 5)];

impl Evaluator<'_> {
    /// A method that takes a script block; nothing if there is none of this name (in lower case).
    pub(super) fn scripted_method(&mut self, target: &Val, name: &str, args: &[Val]) -> Run<Option<Val>> {
        match (name, target) {
            ("getnewclosure", Val::Script(script)) => Ok(Some(self.close_over(script))),
            ("invoke", Val::Script(script)) => Ok(Some(Val::list(COLLECTION, self.outputs_of(script, args.to_vec())?))),
            ("invokereturnasis", Val::Script(script)) => Ok(Some(self.call_script(script, args.to_vec())?)),
            ("foreach", Val::List(list)) if list.type_name.starts_with("System.Collections.Generic.List") => {
                // The list's own method, which takes a delegate: the script block sees its items as an argument.
                match args {
                    [Val::Script(script)] => {
                        for item in list.items() {
                            let around = std::mem::replace(&mut self.item, item.clone());
                            let done =
                                self.call_for_item(script, std::slice::from_ref(&item), &mut Collector::default());
                            self.item = around;
                            done?;
                        }
                        Ok(Some(Val::Void))
                    }
                    _ => self.for_each(target, args).map(Some),
                }
            }
            ("foreach", _) => self.for_each(target, args).map(Some),
            ("where", _) => self.where_items(target, args).map(Some),
            _ => Ok(None),
        }
    }

    fn where_items(&mut self, target: &Val, args: &[Val]) -> Run<Val> {
        let Some(script) = args.first().filter(|_| args.len() <= 3) else { return Err(no_overload("Where", args)) };
        let script = match cast(script, &TypeRef::named("System.Management.Automation.ScriptBlock"))? {
            Val::Script(script) => script,
            _ => return Err(no_overload("Where", args)),
        };
        let mode = match args.get(1) {
            Some(mode) => {
                convert::number(&EnumType::of(MODE, false, &MODES).convert(mode)?).and_then(|mode| mode.as_int())
            }
            None => None,
        };
        let mode = mode.unwrap_or(0);
        let most = args.get(2).map_or(Ok(0), convert::index)?;
        let Ok(most) = usize::try_from(most) else {
            let message = format!("The value '{most}' of numberToReturn must not be negative.");
            let class = "System.ArgumentOutOfRangeException";
            return Err(ErrorRecord::new(class, message, class, 14).into());
        };
        let (mut kept, mut others, mut takes_all) = (Vec::new(), Vec::new(), false);
        for item in target.clone().into_items().into_iter().filter(|_| !target.is_null()) {
            self.step(1)?;
            let is_full = most > 0 && kept.len() >= most;
            if takes_all {
                if is_full {
                    break;
                }
                kept.push(item);
                continue;
            }
            if mode == 5 && is_full {
                others.push(item);
                continue;
            }
            let holds = self.holds_for(&script, &item)?;
            match mode {
                4 if holds => break,
                4 => kept.push(item),
                5 if !holds => others.push(item),
                3 if holds => {
                    takes_all = true;
                    kept.push(item);
                }
                _ if holds => kept.push(item),
                _ => {}
            }
            let is_full = most > 0 && kept.len() >= most;
            if matches!(mode, 0 | 4) && is_full || mode == 1 && kept.len() >= most.max(1) {
                break;
            }
        }
        if mode == 2 {
            kept.drain(..kept.len().saturating_sub(most.max(1)));
        }
        let kept = Val::list(COLLECTION, kept);
        Ok(if mode == 5 { Val::array(vec![kept, Val::list(COLLECTION, others)]) } else { kept })
    }

    fn holds_for(&mut self, script: &Arc<Script>, item: &Val) -> Run<bool> {
        let around = std::mem::replace(&mut self.item, item.clone());
        let value = self.run_inline(script);
        self.item = around;
        Ok(truth(&value?))
    }

    /// A script block for each item, a type to convert each to, or the name of a member of each: a method with its
    /// arguments, or a property and what it is set to.
    fn for_each(&mut self, target: &Val, args: &[Val]) -> Run<Val> {
        let Some((what, rest)) = args.split_first() else { return Err(no_overload("ForEach", args)) };
        let items = || if target.is_null() { Vec::new() } else { target.clone().into_items() };
        let mut out = Collector::default();
        match what {
            Val::Script(script) => {
                let mut walk = Walk::through(if target.is_null() { Val::Void } else { target.clone() });
                while let Some(item) = walk.next().map_err(ErrorRecord::bad_enumeration)? {
                    let around = std::mem::replace(&mut self.item, item);
                    let done = self.call_for_item(script, rest, &mut out);
                    self.item = around;
                    done?;
                }
            }
            Val::Type(kind) => {
                let name = format!("System.Collections.ObjectModel.Collection`1[[{}]]", kind.full);
                for item in items() {
                    out.0.push(self.cast_value(&item, kind).map_err(|flow| not_converted(flow, &item, kind))?);
                }
                return Ok(Val::list(name, out.0));
            }
            name => {
                let name = text(name);
                for item in items() {
                    self.step(1)?;
                    match (self.member(&item, &name), rest) {
                        (Some(value), []) => out.0.push(value),
                        (Some(_), [value]) if !matches!(item, Val::Str(_)) => {
                            self.set_member(&item, &name, value.clone())?;
                        }
                        (None, []) if self.has_no_method(&item, &name) => out.0.push(Val::Null),
                        _ => match self.method(&item, &name, rest)? {
                            Val::Void => {}
                            value => out.0.push(value),
                        },
                    }
                }
            }
        }
        Ok(Val::list(COLLECTION, out.0))
    }

    /// Property bags have the methods of every object, and no others.
    fn has_no_method(&self, item: &Val, name: &str) -> bool {
        let is_bag = matches!(item, Val::Object(object) if object.text.is_none() && !self.is_class(object));
        let common = ["tostring", "gettype", "equals", "gethashcode"];
        (is_bag || matches!(item, Val::Hash(_) | Val::Null)) && !common.contains(&name.to_ascii_lowercase().as_str())
    }

    /// Runs a script block in the scope that is current, with arguments.
    fn call_for_item(&mut self, script: &Arc<Script>, args: &[Val], out: &mut Collector) -> Run<()> {
        if args.is_empty() && script.params.is_empty() || script.closure.is_some() && args.is_empty() {
            return self.run_inline_into(script, out);
        }
        let args = args.iter().cloned().map(RawArg::Value).collect();
        let item = self.item.clone();
        let command = script_command(script.clone(), args, true)?;
        let mut stages = [Stage::new(command, super::Context::default(), None)];
        let done = self.run_stages(&mut stages, out, false, |_, _| Ok(()));
        self.item = item;
        done
    }
}

fn no_overload(name: &str, args: &[Val]) -> super::Flow {
    super::class_methods::no_overload(name, args.len()).into()
}

fn not_converted(flow: super::Flow, item: &Val, kind: &TypeRef) -> super::Flow {
    super::class_methods::bad_argument(flow, "ForEach", "item", item, kind)
}
