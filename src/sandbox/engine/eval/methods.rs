//! Methods of objects.

use std::sync::Arc;

use super::super::convert::{self, text, truth};
use super::super::datetime::{self, DateTime, SECOND};
use super::super::dotnet;
use super::super::errors::ErrorRecord;
use super::super::format;
use super::super::ops;
use super::super::types::TypeRef;
use super::super::value::{List, Live, Val};
use super::{Collector, Evaluator, Run, Sink as _};

/// Lists in lists whose items' methods are called.
const MAX_LISTS: u32 = 16;

type Found = Result<Option<Val>, ErrorRecord>;

impl Evaluator<'_> {
    pub(in super::super) fn method(&mut self, target: &Val, name: &str, args: &[Val]) -> Run<Val> {
        self.step(1)?;
        let lower = name.to_ascii_lowercase();
        if target.is_null() && !matches!(lower.as_str(), "where" | "foreach") {
            let message = "You cannot call a method on a null-valued expression.";
            return Err(ErrorRecord::runtime(message, "InvokeMethodOnNull", 7).into());
        }
        if let Val::Object(object) = target
            && let Some(Live::Method(script)) = object.live(name)
        {
            return self.call_on(target, &script, args.to_vec());
        }
        if let Some(value) = self.member_method(target, &lower, args)? {
            return Ok(value);
        }
        if !self.state.types.is_empty()
            && let Some(value) = self.class_method(target, name, args)?
        {
            return Ok(value);
        }
        if let (Val::Type(kind), "getenumnames" | "getenumvalues") = (target, lower.as_str())
            && let Some(value) = self.script_static_call(
                &TypeRef::named("System.Enum"),
                &lower.replace("enum", ""),
                &[Val::Type(kind.clone())],
            )?
        {
            return Ok(value);
        }
        if let Some(value) = self.scripted_method(target, &lower, args)? {
            return Ok(value);
        }
        if let Val::Object(object) = target {
            match object.type_name() {
                "System.Text.RegularExpressions.Regex" if lower != "gettype" && lower != "tostring" => {
                    if let Some(value) = self.regex_method(object, &lower, args)? {
                        return Ok(value);
                    }
                }
                "System.Management.Automation.SwitchParameter" if lower == "tobool" => {
                    return Ok(Val::Bool(truth(target)));
                }
                name if name.starts_with("System.Management.Automation.") && lower != "gettype" => {
                    let kind = name.rsplit('.').next().unwrap_or(name);
                    if let Some(value) = self.intrinsic_call(kind, &lower, args)? {
                        return Ok(value);
                    }
                }
                _ => {}
            }
        }
        let own = match target {
            Val::Object(object) => dotnet::method(self, object, &lower, args)?,
            other => dotnet::value_method(self, other, name, args)?,
        };
        if let Some(value) = own {
            return Ok(value);
        }
        let found = match target {
            Val::Str(value) => string_method(value, &lower, args)?,
            Val::DateTime(time) => self.date_method(*time, &lower, args)?,
            Val::Object(object) => super::super::cmdlets::method(self, object, &lower, args)?,
            _ => None,
        };
        match found.or(common_method(target, &lower, args)?) {
            Some(value) => {
                self.made(super::expression::weight(&value))?;
                Ok(value)
            }
            None => match target {
                Val::List(list) => self.method_of_each(list, name, args),
                _ => Err(method_not_found(target, name).into()),
            },
        }
    }

    /// A method that a list does not have, of each of its items.
    fn method_of_each(&mut self, list: &Arc<List>, name: &str, args: &[Val]) -> Run<Val> {
        if list.len() == 0 {
            return Err(method_not_found(&Val::List(list.clone()), name).into());
        }
        if self.list_depth >= MAX_LISTS {
            return Err(ErrorRecord::unsupported("methods of what is nested so deep in lists").into());
        }
        self.list_depth += 1;
        let mut given = Collector::default();
        let done = list.items().iter().try_for_each(|item| {
            self.refresh(item)?;
            match self.method(item, name, args)? {
                Val::Void | Val::Null => Ok(()),
                // What lists give becomes one list.
                value => value.into_items().into_iter().try_for_each(|value| given.put(self, value)),
            }
        });
        self.list_depth -= 1;
        done.map(|()| Val::of_outputs(given.0))
    }

    fn date_method(&self, time: DateTime, name: &str, args: &[Val]) -> Found {
        let offset = self.host.utc_offset_minutes();
        let number = || args.first().and_then(|arg| convert::number(arg)?.as_float()).unwrap_or(0.0);
        let add = |unit: i64| time.plus((number() * unit as f64).round() as i64);
        let moved = match name {
            "adddays" => add(86_400 * SECOND),
            "addhours" => add(3600 * SECOND),
            "addminutes" => add(60 * SECOND),
            "addseconds" => add(SECOND),
            "addmilliseconds" => add(SECOND / 1000),
            "addticks" => time.plus(number() as i64),
            "addmonths" => time.plus_months(number() as i64),
            "addyears" => time.plus_months((number() as i64).saturating_mul(12)),
            "touniversaltime" => Some(time.to_utc(offset)),
            "tolocaltime" => Some(time.to_local(offset)),
            "add" | "subtract" => {
                let op = if name == "add" { super::super::ast::Op::Add } else { super::super::ast::Op::Sub };
                return ops::arithmetic(op, &Val::DateTime(time), args.first().unwrap_or(&Val::Null)).map(Some);
            }
            "toshortdatestring" => return Ok(Some(Val::str(datetime::format(&time, "d")))),
            "tolongdatestring" => return Ok(Some(Val::str(datetime::format(&time, "D")))),
            "toshorttimestring" => return Ok(Some(Val::str(datetime::format(&time, "t")))),
            "tolongtimestring" => return Ok(Some(Val::str(datetime::format(&time, "T")))),
            _ => return Ok(None),
        };
        match moved {
            Some(time) => Ok(Some(Val::DateTime(time))),
            None => Err(out_of_range("The added or subtracted value results in an un-representable DateTime.")),
        }
    }
}

pub(super) fn method_not_found(target: &Val, name: &str) -> ErrorRecord {
    let hint = super::super::errors::HINT;
    let message = format!(
        "Method invocation failed because [{}] does not contain a method named '{name}'. {hint}",
        target.type_name()
    );
    ErrorRecord::runtime(message, "MethodNotFound", 7).with_target(Val::str(name))
}

fn out_of_range(message: &str) -> ErrorRecord {
    ErrorRecord::new("System.ArgumentOutOfRangeException", message, "ArgumentOutOfRangeException", 0)
}

const CUSTOM: &str = "System.Management.Automation.PSCustomObject";

fn common_method(target: &Val, name: &str, args: &[Val]) -> Found {
    Ok(Some(match name {
        "tostring" => Val::str(match args.first() {
            Some(pattern) => format::value_text(target, &text(pattern))?,
            None => match target {
                Val::List(list) => list.type_name.to_string(),
                Val::Object(object) if object.text.is_none() => String::new(),
                Val::Type(kind) => kind.full.replace("],[", ",").replace("[[", "[").replace("]]", "]"),
                other => convert::shortest(other),
            },
        }),
        "gettype" => Val::Type(TypeRef::named(match target {
            // What a script calls a property bag is no type.
            Val::Object(object) if object.text.is_none() && object.type_names().contains(CUSTOM) => CUSTOM.into(),
            other => other.type_name(),
        })),
        "equals" => Val::Bool(ops::equal(target, args.first().unwrap_or(&Val::Null), true)),
        "hasflag" if matches!(target, Val::Enum(_)) => {
            let number = |value: &Val| convert::number(value).and_then(|number| number.as_int()).unwrap_or(0);
            let wanted = args.first().map_or(0, number);
            Val::Bool(number(target) & wanted == wanted)
        }
        "compareto" => {
            let order = ops::compare(target, args.first().unwrap_or(&Val::Null), true);
            Val::I32(order.map_or(0, |order| order as i32))
        }
        _ => return Ok(None),
    }))
}

fn string_method(value: &Arc<str>, name: &str, args: &[Val]) -> Found {
    let trimmed: Vec<char> = args.iter().flat_map(|arg| text(arg).chars().collect::<Vec<_>>()).collect();
    let trimmed: Vec<char> = match args {
        [Val::List(chars)] => chars.items().iter().flat_map(|item| text(item).chars().collect::<Vec<_>>()).collect(),
        _ => trimmed,
    };
    let is_trimmed = |next: char| if trimmed.is_empty() { next.is_whitespace() } else { trimmed.contains(&next) };
    let units = || value.encode_utf16().map(Val::Char).collect();
    Ok(Some(match name {
        "toupper" | "toupperinvariant" => Val::str(convert::upper(value)),
        "tolower" | "tolowerinvariant" => Val::str(convert::lower(value)),
        "trim" => Val::str(value.trim_matches(is_trimmed)),
        "trimstart" => Val::str(value.trim_start_matches(is_trimmed)),
        "trimend" => Val::str(value.trim_end_matches(is_trimmed)),
        "split" => Val::list("System.String[]", split(value, args)?),
        "tochararray" => Val::list("System.Char[]", units()),
        "getenumerator" => Val::array(units()),
        _ => return Ok(None),
    }))
}

/// `.Split(separators[, count][, options])`
fn split(value: &str, args: &[Val]) -> Result<Vec<Val>, ErrorRecord> {
    let removes_empty = args.iter().any(|arg| text(arg).eq_ignore_ascii_case("RemoveEmptyEntries"));
    let limit = args.iter().skip(1).find_map(Val::as_int).unwrap_or(i128::MAX);
    let separators: Vec<String> = match args.first() {
        None => vec![" ".into(), "\t".into(), "\n".into(), "\r".into()],
        Some(Val::List(list)) => list.items().iter().map(text).collect(),
        Some(one) => vec![text(one)],
    };
    let (mut pieces, mut rest) = (Vec::new(), value);
    while (pieces.len() as i128) < limit - 1 {
        let found = separators.iter().filter(|separator| !separator.is_empty());
        let cut = found.filter_map(|separator| Some((rest.find(separator.as_str())?, separator.len()))).min();
        let Some((at, length)) = cut else { break };
        if !(removes_empty && at == 0) {
            pieces.push(Val::str(&rest[..at]));
        }
        rest = &rest[at + length..];
    }
    if !(removes_empty && rest.is_empty()) {
        pieces.push(Val::str(rest));
    }
    Ok(pieces)
}
