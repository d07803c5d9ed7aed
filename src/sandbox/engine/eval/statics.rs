//! Static members: `[math]::Round(...)`, `[datetime]::UtcNow` and the like.

use std::sync::Arc;

use uuid::Uuid;

use super::super::convert::{self, cast, text};
use super::super::datetime::{self, DateTime, SECOND};
use super::super::errors::{ErrorRecord, Exception, HINT};
use super::super::format;
use super::super::types::{TypeRef, is_exception};
use super::super::value::Val;
use super::{Evaluator, Run};

impl Evaluator<'_> {
    pub(super) fn static_property(&mut self, object: &Val, name: &str) -> Run<Val> {
        let Val::Type(kind) = object else { return Ok(self.member(object, name).unwrap_or(Val::Null)) };
        let utc = DateTime::utc(self.host_time());
        let lower = name.to_ascii_lowercase();
        let of_family = match &*kind.full {
            "System.Environment" => self.environment_property(&lower),
            "System.IO.Path" => super::statics_path::property(&lower),
            "System.Text.Encoding" => super::statics_text::encoding(&lower),
            _ => None,
        };
        if let Some(value) = of_family {
            return Ok(value);
        }
        Ok(match (&*kind.full, lower.as_str()) {
            ("System.Management.Automation.ErrorCategory", _) => ErrorRecord::category_value(name).unwrap_or(Val::Null),
            ("System.DateTime", "now") => Val::DateTime(self.now()),
            ("System.DateTime", "utcnow") => Val::DateTime(utc),
            ("System.DateTime", "today") => Val::DateTime(self.now().date()),
            ("System.DateTime", "minvalue") => Val::DateTime(DateTime::unspecified(0)),
            ("System.TimeSpan", "zero") => Val::TimeSpan(0),
            ("System.Math", "pi") => Val::F64(std::f64::consts::PI),
            ("System.Math", "e") => Val::F64(std::f64::consts::E),
            ("System.String", "empty") => Val::str(""),
            ("System.Guid", "empty") => Val::Guid(Uuid::nil()),
            ("System.DateTime", _) => Val::Null,
            (_, "maxvalue" | "minvalue") => limit(kind, lower == "maxvalue"),
            ("System.Double", "nan") => Val::F64(f64::NAN),
            ("System.Double", "positiveinfinity") => Val::F64(f64::INFINITY),
            ("System.Double", "negativeinfinity") => Val::F64(f64::NEG_INFINITY),
            _ => match named_value(kind, name) {
                Some(value) => value,
                None => return Err(ErrorRecord::unsupported(&format!("[{}]::{name}", kind.text())).into()),
            },
        })
    }

    pub(super) fn static_call(&mut self, object: &Val, name: &str, args: &[Val]) -> Run<Val> {
        let Val::Type(kind) = object else { return self.method(object, name, args) };
        self.step(1)?;
        let lower = name.to_ascii_lowercase();
        let found = match (&*kind.full, lower.as_str()) {
            (_, "new") => self.construct(kind, args)?,
            ("System.Math", _) => math(&lower, args)?,
            ("System.String", _) => string(&lower, args)?,
            ("System.DateTime", "parse" | "parseexact")
            | ("System.TimeSpan" | "System.Guid" | "System.Version", "parse") => {
                Some(cast(args.first().unwrap_or(&Val::Null), kind)?)
            }
            ("System.DateTime", "daysinmonth") => {
                let [year, month] = [0, 1].map(|at| args.get(at).map_or(Ok(1), convert::index));
                Some(Val::I32(datetime::days_in_month(year?, month?) as i32))
            }
            ("System.TimeSpan", _) => timespan(&lower, args),
            ("System.Guid", "newguid") => Some(Val::Guid(self.new_guid())),
            ("System.Environment", _) => self.environment_call(&lower, args)?,
            ("System.IO.Path", _) => super::statics_path::call(&lower, args),
            ("System.Net.Dns", _) => super::dns::call(self, &lower, args)?,
            ("System.Security.Principal.WindowsIdentity", "getcurrent") => Some(self.current_identity()),
            ("System.Text.RegularExpressions.Regex", _) => self.regex_call(&lower, args)?,
            ("System.IO.File" | "System.IO.Directory", _) => {
                super::super::cmdlets::file_static(self, kind.name() == "Directory", name, args)?
            }
            ("System.Char", _) => character(&lower, args),
            ("System.Convert", _) => convert_to(&lower, args)?,
            (_, "parse") => Some(cast(args.first().unwrap_or(&Val::Null), kind)?),
            _ => None,
        };
        found.ok_or_else(|| {
            let message = format!(
                "Method invocation failed because [{}] does not contain a method named '{name}'. {HINT}",
                kind.full
            );
            ErrorRecord::runtime(message, "MethodNotFound", 7).with_target(Val::str(name)).into()
        })
    }

    /// A guid that is the same for the same host, time and place in the script.
    pub(in super::super) fn new_guid(&mut self) -> Uuid {
        let mixed = u128::from(self.random()) << 64 | u128::from(self.random());
        uuid::Builder::from_random_bytes(mixed.to_be_bytes()).into_uuid()
    }

    /// 64 bits of chance, the same for the same host, time and place in the script.
    pub(in super::super) fn random(&mut self) -> u64 {
        self.pipelines += 1;
        let time = self.runtime.now().as_nanosecond() as u64;
        self.host.chance("script", time ^ self.pipelines.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// `[type]::new(...)` and `New-Object type ...`
    pub(in super::super) fn construct(&mut self, kind: &TypeRef, args: &[Val]) -> Run<Option<Val>> {
        let numbers = || args.iter().map(convert::index).collect::<Result<Vec<_>, _>>();
        Ok(Some(match &*kind.full {
            full if is_exception(full) => {
                let message = args.first().map_or_else(|| format!("Exception of type '{full}' was thrown."), text);
                let inner = match args.get(1) {
                    Some(Val::Exception(inner)) => Some(inner.clone()),
                    _ => None,
                };
                Val::Exception(Arc::new(Exception::new(full, message).with_inner(inner)))
            }
            "System.Management.Automation.ErrorRecord" => return Ok(ErrorRecord::of_args(args)?),
            "System.Collections.ArrayList" => Val::list("System.Collections.ArrayList", Vec::new()),
            full if full.starts_with("System.Collections.Generic.List") => Val::list(kind.full.clone(), Vec::new()),
            "System.Collections.Hashtable" => Val::hash(false, Vec::new()),
            "System.Collections.Specialized.OrderedDictionary" => Val::hash(true, Vec::new()),
            "System.Management.Automation.PSObject"
            | "System.Object"
            | "System.Management.Automation.PSCustomObject" => super::super::value::Obj::custom(Vec::new()),
            "System.DateTime" => match numbers()?[..] {
                [ticks] => Val::DateTime(DateTime::unspecified(ticks)),
                [year, month, day, ref clock @ ..] => {
                    let date = DateTime::from_date(year, month, day);
                    let [hour, minute, second] = [0, 1, 2].map(|at| clock.get(at).copied().unwrap_or(0));
                    match date.and_then(|date| date.plus((hour * 3600 + minute * 60 + second) * SECOND)) {
                        Some(time) => Val::DateTime(time),
                        None => return Ok(None),
                    }
                }
                _ => return Ok(None),
            },
            "System.TimeSpan" => match numbers()?[..] {
                [ticks] => Val::TimeSpan(ticks),
                [hours, minutes, seconds] => Val::TimeSpan((hours * 3600 + minutes * 60 + seconds) * SECOND),
                [days, hours, minutes, seconds] => {
                    Val::TimeSpan((days * 86_400 + hours * 3600 + minutes * 60 + seconds) * SECOND)
                }
                _ => return Ok(None),
            },
            "System.String" => match (args.first(), args.get(1)) {
                (Some(piece), Some(count)) => {
                    super::super::ops::arithmetic(super::super::ast::Op::Mul, &Val::str(text(piece)), count)?
                }
                (Some(Val::List(units)), None) => Val::str(units.items().iter().map(text).collect::<String>()),
                _ => return Ok(None),
            },
            "System.Version" | "System.Guid" => match args {
                [one] => cast(one, kind)?,
                many => cast(&Val::str(many.iter().map(text).collect::<Vec<_>>().join(".")), kind)?,
            },
            _ => return Ok(None),
        }))
    }
}

fn limit(kind: &TypeRef, is_max: bool) -> Val {
    let pick = |min: Val, max: Val| if is_max { max } else { min };
    match kind.name() {
        "SByte" => pick(Val::I8(i8::MIN), Val::I8(i8::MAX)),
        "Byte" => pick(Val::U8(u8::MIN), Val::U8(u8::MAX)),
        "Int16" => pick(Val::I16(i16::MIN), Val::I16(i16::MAX)),
        "UInt16" => pick(Val::U16(u16::MIN), Val::U16(u16::MAX)),
        "Int32" => pick(Val::I32(i32::MIN), Val::I32(i32::MAX)),
        "UInt32" => pick(Val::U32(u32::MIN), Val::U32(u32::MAX)),
        "Int64" => pick(Val::I64(i64::MIN), Val::I64(i64::MAX)),
        "UInt64" => pick(Val::U64(u64::MIN), Val::U64(u64::MAX)),
        "Double" => pick(Val::F64(f64::MIN), Val::F64(f64::MAX)),
        _ => Val::Null,
    }
}

/// Values of the enumerations that scripts write most.
fn named_value(kind: &TypeRef, name: &str) -> Option<Val> {
    let (type_name, all): (&'static str, &[(&'static str, i32)]) = match &*kind.full {
        "System.ServiceProcess.ServiceControllerStatus" => (
            "System.ServiceProcess.ServiceControllerStatus",
            &[("Stopped", 1), ("StartPending", 2), ("StopPending", 3), ("Running", 4)],
        ),
        "System.DayOfWeek" => (
            "System.DayOfWeek",
            &[
                ("Sunday", 0),
                ("Monday", 1),
                ("Tuesday", 2),
                ("Wednesday", 3),
                ("Thursday", 4),
                ("Friday", 5),
                ("Saturday", 6),
            ],
        ),
        "System.StringComparison" => (
            "System.StringComparison",
            &[
                ("CurrentCulture", 0),
                ("CurrentCultureIgnoreCase", 1),
                ("InvariantCulture", 2),
                ("InvariantCultureIgnoreCase", 3),
                ("Ordinal", 4),
                ("OrdinalIgnoreCase", 5),
            ],
        ),
        _ => return None,
    };
    let found = all.iter().find(|(value, _)| value.eq_ignore_ascii_case(name))?;
    Some(Val::of_enum(type_name, found.0, found.1))
}

fn math(name: &str, args: &[Val]) -> Result<Option<Val>, ErrorRecord> {
    let double = TypeRef::named("System.Double");
    let floats = args
        .iter()
        .map(|arg| Ok(cast(arg, &double)?.as_float().unwrap_or(0.0)))
        .collect::<Result<Vec<_>, ErrorRecord>>()?;
    let is_whole = args.iter().all(|arg| arg.as_int().is_some());
    let chosen = |float: f64| {
        args.iter().find(|arg| is_whole && arg.as_float() == Some(float)).cloned().unwrap_or(Val::F64(float))
    };
    Ok(Some(match (name, &floats[..]) {
        ("round", [number]) => Val::F64(number.round_ties_even()),
        ("round", [number, rest @ ..]) => {
            let digits = args.iter().skip(1).find_map(Val::as_int).unwrap_or(0).clamp(0, 15) as i32;
            let away = args.iter().any(|arg| text(arg).eq_ignore_ascii_case("AwayFromZero"))
                || (rest.len() > 1 && rest[1] == 1.0);
            let scale = 10_f64.powi(digits);
            let scaled = number * scale;
            Val::F64(if away { scaled.round() } else { scaled.round_ties_even() } / scale)
        }
        ("floor", [number]) => Val::F64(number.floor()),
        ("ceiling", [number]) => Val::F64(number.ceil()),
        ("truncate", [number]) => Val::F64(number.trunc()),
        ("sqrt", [number]) => Val::F64(number.sqrt()),
        ("pow", [base, exponent]) => Val::F64(base.powf(*exponent)),
        ("log", [number]) => Val::F64(number.ln()),
        ("log", [number, base]) => Val::F64(number.log(*base)),
        ("log10", [number]) => Val::F64(number.log10()),
        ("exp", [number]) => Val::F64(number.exp()),
        ("abs", [number]) => match (&args[0], number.abs()) {
            (Val::I32(number), _) => Val::I32(number.saturating_abs()),
            (Val::I64(number), _) => Val::I64(number.saturating_abs()),
            (_, float) => Val::F64(float),
        },
        ("sign", [number]) => Val::I32(if *number > 0.0 { 1 } else { -i32::from(*number < 0.0) }),
        ("max", [left, right]) => chosen(left.max(*right)),
        ("min", [left, right]) => chosen(left.min(*right)),
        _ => return Ok(None),
    }))
}

fn string(name: &str, args: &[Val]) -> Result<Option<Val>, ErrorRecord> {
    let first = args.first().map_or_else(String::new, text);
    let rest = |from: usize| match args.get(from..) {
        Some([Val::List(list)]) => list.items(),
        Some(rest) => rest.to_vec(),
        None => Vec::new(),
    };
    Ok(Some(match name {
        "isnullorempty" => Val::Bool(first.is_empty()),
        "isnullorwhitespace" => Val::Bool(first.trim().is_empty()),
        "join" => Val::str(rest(1).iter().map(text).collect::<Vec<_>>().join(&first)),
        "concat" => Val::str(rest(0).iter().map(text).collect::<String>()),
        "format" => Val::str(format::composite(&first, &rest(1))?),
        "compare" => {
            let ignores_case = args.get(2).is_some_and(convert::truth);
            let second = args.get(1).map_or_else(String::new, text);
            Val::I32(super::super::ops::compare_texts(&first, &second, !ignores_case) as i32)
        }
        _ => return Ok(None),
    }))
}

fn timespan(name: &str, args: &[Val]) -> Option<Val> {
    let number = convert::number(args.first()?)?.as_float()?;
    let unit = match name {
        "fromdays" => 86_400 * SECOND,
        "fromhours" => 3600 * SECOND,
        "fromminutes" => 60 * SECOND,
        "fromseconds" => SECOND,
        "frommilliseconds" => SECOND / 1000,
        "fromticks" => 1,
        _ => return None,
    };
    Some(Val::TimeSpan((number * unit as f64).round() as i64))
}

fn character(name: &str, args: &[Val]) -> Option<Val> {
    let next = text(args.first()?).chars().next()?;
    Some(match name {
        "isdigit" => Val::Bool(next.is_numeric()),
        "isletter" => Val::Bool(next.is_alphabetic()),
        "isletterordigit" => Val::Bool(next.is_alphanumeric()),
        "iswhitespace" => Val::Bool(next.is_whitespace()),
        "isupper" => Val::Bool(next.is_uppercase()),
        "islower" => Val::Bool(next.is_lowercase()),
        "toupper" => cast(&Val::str(next.to_uppercase().to_string()), &TypeRef::named("System.Char")).ok()?,
        "tolower" => cast(&Val::str(next.to_lowercase().to_string()), &TypeRef::named("System.Char")).ok()?,
        _ => return None,
    })
}

fn convert_to(name: &str, args: &[Val]) -> Result<Option<Val>, ErrorRecord> {
    let Some(value) = args.first() else { return Ok(None) };
    let radix = args.get(1).and_then(Val::as_int).unwrap_or(10) as u32;
    match name.strip_prefix("to") {
        Some("base64string") => {
            let bytes = super::statics_text::bytes(value);
            Ok(Some(Val::str(base64_simd::STANDARD.encode_to_string(bytes))))
        }
        Some("string") if radix == 16 => Ok(Some(Val::str(format!("{:x}", value.as_int().unwrap_or(0))))),
        Some("string") if radix == 2 => Ok(Some(Val::str(format!("{:b}", value.as_int().unwrap_or(0))))),
        Some(kind @ ("int32" | "int64")) if matches!(radix, 2 | 8 | 16) => {
            let digits = text(value);
            let number = i64::from_str_radix(digits.trim_start_matches("0x"), radix).ok();
            Ok(number.map(|number| if kind == "int32" { Val::I32(number as i32) } else { Val::I64(number) }))
        }
        Some(kind) => match TypeRef::find(kind) {
            Some(kind) => cast(value, &kind).map(Some),
            None => Ok(None),
        },
        None if name == "frombase64string" => {
            let invalid = || {
                let message = "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, or an illegal character among the padding characters.";
                ErrorRecord::new("System.FormatException", message, "FormatException", 0)
            };
            let bytes = base64_simd::STANDARD.decode_to_vec(text(value).trim()).map_err(|_| invalid())?;
            Ok(Some(Val::list("System.Byte[]", bytes.into_iter().map(Val::U8).collect())))
        }
        None => Ok(None),
    }
}
