//! Expressions.

use super::super::ast::{BinaryOp, Expr, ExprKind, Op, Part, Statement, UnaryOp};
use super::super::convert::{self, cast, text, truth};
use super::super::datetime;
use super::super::errors::ErrorRecord;
use super::super::format;
use super::super::ops;
use super::super::pattern;
use super::super::reference::REFERENCE;
use super::super::types::TypeRef;
use super::super::value::{List, Obj, Val};
use super::{Collector, Evaluator, Flow, Run};
use crate::clixml::TypeNames;

impl Evaluator<'_> {
    pub(super) fn eval(&mut self, expr: &Expr) -> Run<Val> {
        self.step(1)?;
        match &expr.kind {
            ExprKind::Const(value) => Ok(value.clone()),
            ExprKind::Bare(word) => Ok(Val::Str(word.clone())),
            ExprKind::Expandable(parts) => self.expand(parts),
            ExprKind::Variable(variable) => self.variable_of(variable, expr.span),
            ExprKind::Comma(items) => {
                let items = items.iter().map(|item| self.eval(item).map(Val::stored)).collect::<Run<_>>()?;
                Ok(Val::array(items))
            }
            ExprKind::ArraySub(block) => Ok(Val::array(self.collect(block)?)),
            ExprKind::SubExpr(block) => Ok(Val::of_outputs(self.collect(block)?)),
            ExprKind::Paren(statement) => self.value_of_or_assigned(statement),
            ExprKind::Hash(entries) => self.hash(entries, false),
            ExprKind::ScriptBlock(script) => Ok(Val::Script(script.clone())),
            ExprKind::Unary(op, operand) => self.unary(*op, operand),
            ExprKind::Binary(op, left, right) => {
                let left = self.eval(left)?;
                if op.kind == Op::Coalesce {
                    return if left.is_null() { self.eval(right) } else { Ok(left) };
                }
                let right = self.eval(right)?;
                self.binary(*op, &left, &right)
            }
            ExprKind::And(left, right) => Ok(Val::Bool(truth(&self.eval(left)?) && truth(&self.eval(right)?))),
            ExprKind::Or(left, right) => Ok(Val::Bool(truth(&self.eval(left)?) || truth(&self.eval(right)?))),
            ExprKind::Xor(left, right) => Ok(Val::Bool(truth(&self.eval(left)?) != truth(&self.eval(right)?))),
            ExprKind::Ternary(condition, then, otherwise) => {
                let holds = truth(&self.eval(condition)?);
                self.eval(if holds { then } else { otherwise })
            }
            ExprKind::Cast(name, operand) => self.cast(name, operand),
            ExprKind::Type(name) => Ok(Val::Type(self.find_type(name)?)),
            ExprKind::Member { .. } | ExprKind::Index { .. } | ExprKind::Call { .. } => self.access(expr),
            ExprKind::Step { target, by, postfix } => {
                let old = self.eval(target)?;
                let old = if old.is_null() { Val::I32(0) } else { old };
                if old.as_float().is_none() && !matches!(old, Val::Enum(_)) {
                    let sign = if *by < 0 { "--" } else { "++" };
                    let message =
                        format!("The '{sign}' operator works only on numbers. The operand is a '{}'.", old.type_name());
                    return Err(ErrorRecord::runtime(message, "OperatorRequiresNumber", 7).into());
                }
                let new = self.binary(Op::Add.into(), &old, &Val::I32(*by))?;
                self.assign_to(target, new.clone(), None)?;
                Ok(if *postfix { old } else { new })
            }
        }
    }

    fn collect(&mut self, block: &[Statement]) -> Run<Vec<Val>> {
        let mut collector = Collector::default();
        self.block(block, &mut collector)?;
        Ok(collector.0)
    }

    fn expand(&mut self, parts: &[Part]) -> Run<Val> {
        self.text_depth += 1;
        let done = self.expand_parts(parts);
        self.text_depth -= 1;
        done
    }

    fn expand_parts(&mut self, parts: &[Part]) -> Run<Val> {
        let mut out = String::new();
        for part in parts {
            match part {
                Part::Text(text) => out += text,
                Part::Expr(expr) => {
                    let value = self.eval(expr)?;
                    self.refresh(&value)?;
                    out += &match self.own_text(&value)? {
                        Some(own) => own,
                        None => self.expanded(&value),
                    };
                }
            }
            if out.len() > ops::MAX_TEXT {
                return Err(ops::too_big("string").into());
            }
        }
        self.step(out.len() as u64 / 512)?;
        self.made(out.len())?;
        Ok(Val::str(out))
    }

    /// The text of a value inside a string: lists are joined by `$OFS`.
    fn expanded(&self, value: &Val) -> String {
        match (value, self.lookup("ofs")) {
            (Val::List(list), Some(separator)) if !separator.is_null() => {
                let items: Vec<_> = list.items().iter().map(text).collect();
                items.join(&text(&separator))
            }
            _ => text(value),
        }
    }

    fn hash(&mut self, entries: &[(Expr, Statement)], is_ordered: bool) -> Run<Val> {
        let Val::Hash(hash) = Val::hash(is_ordered, Vec::new()) else { return Ok(Val::Null) };
        for (key, value) in entries {
            let key = self.eval(key)?;
            if key.is_null() {
                return Err(
                    ErrorRecord::runtime("A null key is not allowed in a hash literal.", "InvalidNullKey", 7).into()
                );
            }
            if hash.get(&key).is_some() {
                let message = format!(
                    "Item has already been added. Key in dictionary: '{0}'  Key being added: '{0}'",
                    text(&key)
                );
                return Err(
                    ErrorRecord::new("System.ArgumentException", message, "System.ArgumentException", 14).into()
                );
            }
            let value = self.value_of(value)?;
            hash.set(&key, value);
        }
        Ok(Val::Hash(hash))
    }

    fn cast(&mut self, name: &str, operand: &Expr) -> Run<Val> {
        if let ExprKind::Hash(entries) = &operand.kind {
            match name.to_ascii_lowercase().as_str() {
                "ordered" => return self.hash(entries, true),
                "pscustomobject" | "psobject" | "system.management.automation.pscustomobject" => {
                    let Val::Hash(hash) = self.hash(entries, true)? else { return Ok(Val::Null) };
                    let names = hash.get(&Val::str("PSTypeName"));
                    hash.remove(&Val::str("PSTypeName"));
                    let notes = hash.entries().into_iter().map(|(key, value)| (text(&key).into(), value)).collect();
                    let made = Obj::custom(notes);
                    if let (Some(names), Val::Object(object)) = (names, &made) {
                        let names: Vec<_> = names.into_items().iter().map(text).collect();
                        let known = object.type_names();
                        let all = names.iter().map(String::as_str).chain(known.iter());
                        object.set_type_names(TypeNames::new(all));
                    }
                    return Ok(made);
                }
                _ => {}
            }
        }
        if let (true, ExprKind::Variable(variable)) = (name.eq_ignore_ascii_case("ref"), &operand.kind) {
            return Ok(self.reference(variable));
        }
        let kind = self.find_type(name)?;
        let value = self.eval(operand)?;
        self.cast_value(&value, &kind)
    }

    pub(in super::super) fn cast_value(&mut self, value: &Val, kind: &TypeRef) -> Run<Val> {
        if !self.state.types.is_empty()
            && let Some(made) = self.cast_to_script(value, kind)?
        {
            return Ok(made);
        }
        if &*kind.full == REFERENCE {
            return Ok(if kind.is_of(value) { value.clone() } else { Val::reference(value.clone()) });
        }
        if &*kind.full == "System.String"
            && let Some(own) = self.own_text(value)?
        {
            return Ok(Val::str(own));
        }
        if &*kind.full == "System.Text.RegularExpressions.Regex" {
            return self.regex_object(&text(value));
        }
        if let ("System.DateTime", Val::Str(given)) = (&*kind.full, value) {
            // A time alone is one of today; one with its distance from UTC is local time.
            let known = super::super::dotnet::parse_words(given, self.now()).map(Val::DateTime);
            let made = known.map_or_else(|| cast(value, kind), Ok)?;
            return Ok(match made {
                Val::DateTime(time) if time.kind != datetime::Kind::Unspecified => {
                    let offset = self.host.utc_offset_minutes();
                    Val::DateTime(time.to_utc(offset).to_local(offset))
                }
                other => other,
            });
        }
        if let ("System.DateTime[]", Val::List(list)) = (&*kind.full, value) {
            let element = TypeRef::named("System.DateTime");
            let times = list.items().iter().map(|item| self.cast_value(item, &element)).collect::<Run<_>>()?;
            return Ok(Val::list(kind.full.clone(), times));
        }
        Ok(cast(value, kind)?)
    }

    pub(in super::super) fn find_type(&self, name: &str) -> Run<TypeRef> {
        let element = name.trim_end_matches("[]");
        if let Some(found) = self.state.types.get(&element.to_lowercase()) {
            let own = found.name();
            return Ok(TypeRef::named(format!("{own}{}", &name[element.len()..])));
        }
        let in_namespaces = || self.state.namespaces.iter().find_map(|space| TypeRef::find(&format!("{space}.{name}")));
        let own = |name: &str| Some(TypeRef::named(self.state.types.get(&name.to_lowercase())?.name()));
        TypeRef::find_with(name, &own).or_else(in_namespaces).ok_or_else(|| {
            if matches!(name.to_ascii_lowercase().as_str(), "io.filestream" | "system.io.filestream") {
                // What a script does without them would only puzzle its user.
                let record = ErrorRecord::unsupported("file streams ([IO.FileStream]), which copying needs");
                return ErrorRecord { ends_script: true, ..record }.into();
            }
            if name.contains("[,") {
                return ErrorRecord::unsupported(&format!("arrays of more than one dimension ([{name}])")).into();
            }
            let message = format!("Unable to find type [{name}]. {}", super::super::errors::HINT);
            ErrorRecord::runtime(message, "TypeNotFound", 7).with_target(Val::str(name)).into()
        })
    }

    fn unary(&mut self, op: UnaryOp, operand: &Expr) -> Run<Val> {
        let value = self.eval(operand)?;
        Ok(match op {
            UnaryOp::Not => Val::Bool(!truth(&value)),
            UnaryOp::Comma => Val::array(vec![value.stored()]),
            UnaryOp::Minus => ops::arithmetic(Op::Sub, &Val::I32(0), &value)?,
            UnaryOp::Plus => ops::arithmetic(Op::Add, &Val::I32(0), &value)?,
            UnaryOp::BitNot => match convert::number(&value) {
                Some(Val::I64(number)) => Val::I64(!number),
                Some(Val::U64(number)) => Val::U64(!number),
                Some(Val::U32(number)) => Val::U32(!number),
                found => {
                    let whole = cast(&found.unwrap_or(value), &TypeRef::named("System.Int32"))?;
                    Val::I32(!(whole.as_int().unwrap_or(0) as i32))
                }
            },
            UnaryOp::Join => Val::str(pattern::texts(&value).concat()),
            UnaryOp::Split => {
                let words = pattern::texts(&value);
                let words = words.iter().flat_map(|words| words.split_whitespace()).map(Val::str);
                Val::list("System.String[]", words.collect())
            }
        })
    }

    pub(in super::super) fn binary(&mut self, op: BinaryOp, left: &Val, right: &Val) -> Run<Val> {
        let BinaryOp { kind, case_sensitive } = op;
        match kind {
            Op::Add
            | Op::Sub
            | Op::Mul
            | Op::Div
            | Op::Rem
            | Op::BitAnd
            | Op::BitOr
            | Op::BitXor
            | Op::Shl
            | Op::Shr => {
                let named = match (kind, left, right) {
                    (Op::BitAnd | Op::BitOr | Op::BitXor, Val::Enum(of), Val::Str(_)) => {
                        Some(self.cast_value(right, &TypeRef::named(of.type_name.as_ref()))?)
                    }
                    _ => None,
                };
                let right = named.as_ref().unwrap_or(right);
                let result = ops::arithmetic(kind, left, right)?;
                self.step(cost(&result))?;
                self.made(weight(&result))?;
                self.of_operands(kind, left, right, result)
            }
            Op::Format => {
                let args = match right {
                    Val::List(list) => list.items(),
                    other => vec![other.clone()],
                };
                let pattern = text(left);
                let formatted = format::composite(&pattern, &args);
                Ok(Val::str(formatted.map_err(|record| record.with_target(Val::str(pattern)))?))
            }
            Op::Range => {
                let items = ops::range(left, right)?;
                self.step(items.len() as u64 / 8)?;
                self.made(items.len() * 24)?;
                Ok(Val::array(items))
            }
            Op::Contains | Op::NotContains => {
                Ok(Val::Bool(self.contains(left, right, case_sensitive)? == (kind == Op::Contains)))
            }
            Op::In | Op::NotIn => Ok(Val::Bool(self.contains(right, left, case_sensitive)? == (kind == Op::In))),
            Op::Is | Op::IsNot => {
                let kind_of = self.type_operand(right)?;
                Ok(Val::Bool(kind_of.is_of(left) == (kind == Op::Is)))
            }
            Op::As => {
                let kind = self.type_operand(right)?;
                match self.cast_value(left, &kind) {
                    Err(Flow::Throw(_)) => Ok(Val::Null),
                    done => done,
                }
            }
            Op::Join => {
                // A list in the list is not taken apart, and says its type.
                let own = |item: &Val| if let Val::List(list) = item { type_text(list) } else { text(item) };
                let items: Vec<_> = match left {
                    // An enumerator is no list: it is one text.
                    Val::List(list) if list.is_given() => vec![text(left)],
                    _ => left.clone().into_items().iter().map(own).collect(),
                };
                let joined = items.join(&*text(right));
                if joined.len() > ops::MAX_TEXT {
                    return Err(ops::too_big("string").into());
                }
                self.step(joined.len() as u64 / 64)?;
                self.made(joined.len())?;
                Ok(Val::str(joined))
            }
            Op::Split => self.split(left, right, case_sensitive),
            Op::Replace => self.replace(left, right, case_sensitive),
            _ => self.comparison(op, left, right),
        }
    }

    fn type_operand(&self, value: &Val) -> Run<TypeRef> {
        match value {
            Val::Type(kind) => Ok(kind.clone()),
            other => self.find_type(&text(other)),
        }
    }

    fn contains(&mut self, list: &Val, wanted: &Val, case_sensitive: bool) -> Run<bool> {
        let Val::List(list) = list else { return self.are_equal(list, wanted, case_sensitive) };
        let items = list.items();
        self.step(items.len() as u64 / 8)?;
        for item in items {
            if self.are_equal(&item, wanted, case_sensitive)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// `-eq`; a class may say itself what its objects are equal to.
    pub(super) fn are_equal(&mut self, left: &Val, right: &Val, case_sensitive: bool) -> Run<bool> {
        if let (Val::Object(_), false, false) = (left, right.is_null(), self.state.types.is_empty())
            && let Some(answer) = self.class_method(left, "Equals", std::slice::from_ref(right))?
        {
            return Ok(truth(&answer));
        }
        Ok(ops::equal(left, right, case_sensitive))
    }

    /// On a list the operator selects its items.
    fn comparison(&mut self, op: BinaryOp, left: &Val, right: &Val) -> Run<Val> {
        let Val::List(list) = left else {
            let holds = self.compare_one(op, left, right, true)?;
            return Ok(Val::Bool(holds));
        };
        let mut selected = Vec::new();
        for item in list.items() {
            self.step(1)?;
            if self.compare_one(op, &item, right, false)? {
                selected.push(item);
            }
        }
        Ok(Val::array(selected))
    }

    fn compare_one(&mut self, op: BinaryOp, left: &Val, right: &Val, sets_matches: bool) -> Run<bool> {
        let case_sensitive = op.case_sensitive;
        let order = |wanted: fn(std::cmp::Ordering) -> bool| match ops::compare(left, right, case_sensitive) {
            Some(order) => Ok(wanted(order)),
            None if left.as_float().is_some_and(f64::is_nan) || right.as_float().is_some_and(f64::is_nan) => Ok(false),
            None => Err(not_comparable(left, right)),
        };
        Ok(match op.kind {
            Op::Eq => self.are_equal(left, right, case_sensitive)?,
            Op::Ne => !self.are_equal(left, right, case_sensitive)?,
            Op::Lt => order(std::cmp::Ordering::is_lt)?,
            Op::Gt => order(std::cmp::Ordering::is_gt)?,
            Op::Le => order(std::cmp::Ordering::is_le)?,
            Op::Ge => order(std::cmp::Ordering::is_ge)?,
            Op::Like => self.patterns.like(&text(left), &text(right), case_sensitive)?,
            Op::NotLike => !self.patterns.like(&text(left), &text(right), case_sensitive)?,
            kind => {
                let regex = self.patterns.regex(&text(right), case_sensitive).map_err(|record| match &*record.id {
                    "InvalidRegularExpression" => {
                        let kind = "System.Text.RegularExpressions.RegexParseException";
                        ErrorRecord::new(kind, record.message().clone(), kind, 14)
                    }
                    _ => record,
                })?;
                let value = text(left);
                self.step(value.len() as u64 / 64)?;
                let found = if sets_matches {
                    pattern::matches(&regex, &value)?.map(|matches| self.set_local("matches", matches)).is_some()
                } else {
                    regex.is_match(&value)?
                };
                found == (kind == Op::Match)
            }
        })
    }
}

fn not_comparable(left: &Val, right: &Val) -> ErrorRecord {
    let converted = cast(right, &TypeRef::named(left.type_name()));
    let is_plain = matches!(left, Val::DateTime(_) | Val::TimeSpan(_) | Val::Char(_) | Val::Version(_) | Val::Guid(_));
    if let (Err(record), true) = (converted, is_plain || left.as_float().is_some()) {
        if left.as_float().is_some() && matches!(right, Val::Str(_)) {
            return record;
        }
        let message =
            format!("Could not compare \"{}\" to \"{}\". Error: \"{}\"", text(left), text(right), record.message());
        return ErrorRecord::runtime(message, "ComparisonFailure", 7);
    }
    let message = format!("Cannot compare \"{}\" because it is not IComparable.", text(left));
    ErrorRecord::runtime(message, "NotIcomparable", 7)
}

/// Bytes of a value that was made.
pub(super) fn weight(value: &Val) -> usize {
    match value {
        Val::Str(text) => text.len(),
        Val::List(list) => list.len() * 24,
        _ => 0,
    }
}

/// What `ToString()` says of a list.
fn type_text(list: &List) -> String {
    TypeRef::named(&*list.type_name).full.replace("[[", "[").replace("]]", "]").replace("],[", ",")
}

/// The cost of having made a value.
fn cost(value: &Val) -> u64 {
    match value {
        Val::Str(text) => text.len() as u64 / 512,
        Val::List(list) => list.len() as u64 / 8,
        _ => 0,
    }
}
