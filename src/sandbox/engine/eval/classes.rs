//! Classes and enumerations of scripts (about_Classes, about_Enum).

use std::collections::HashMap;
use std::sync::Arc;

use super::super::ast::{ClassAst, EnumAst, MethodAst, Op, PropertyAst, Statement};
use super::super::convert::{cast, text};
use super::super::enums::EnumType;
use super::super::errors::ErrorRecord;
use super::super::types::TypeRef;
use super::super::value::{Obj, Schema, Val};
use super::{Evaluator, Flow, Run};

/// The types that scripts defined, by name in lower case.
pub(super) type ScriptTypes = HashMap<String, ScriptType>;

#[derive(Debug, Clone)]
pub(super) enum ScriptType {
    Enum(Arc<EnumType>),
    Class(Arc<Class>),
}

impl ScriptType {
    /// As it was written where it was defined.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Enum(found) => &found.full,
            Self::Class(class) => &class.ast.name,
        }
    }
}

/// A class.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) ast: Arc<ClassAst>,
    pub(super) base: Option<Arc<Class>>,
    pub(super) schema: Arc<Schema>,
    /// Values of static properties.
    statics: Val,
}

impl Class {
    pub(super) fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |class| class.base.as_deref())
    }

    fn property(&self, name: &str, is_static: bool) -> Option<&PropertyAst> {
        let all = self.chain().flat_map(|class| &class.ast.properties);
        all.filter(|property| property.is_static == is_static)
            .find(|property| property.param.name.eq_ignore_ascii_case(name))
    }

    /// The methods of a name, those of the class itself first.
    pub(super) fn methods(&self, name: &str, is_static: bool) -> Vec<Arc<ClassAst>> {
        let has = |class: &&Self| {
            class
                .ast
                .methods
                .iter()
                .any(|method| method.is_static == is_static && method.name.eq_ignore_ascii_case(name))
        };
        self.chain().filter(has).map(|class| class.ast.clone()).collect()
    }
}

pub(super) fn named<'a>(ast: &'a ClassAst, name: &'a str, is_static: bool) -> impl Iterator<Item = &'a MethodAst> {
    ast.methods.iter().filter(move |method| method.is_static == is_static && method.name.eq_ignore_ascii_case(name))
}

impl Evaluator<'_> {
    /// Defines the types of a block before it runs.
    pub(super) fn define_types(&mut self, block: &[Statement]) -> Run<()> {
        for statement in block {
            if let Statement::Enum(ast) = statement {
                self.define_enum(ast)?;
            }
        }
        for statement in block {
            if let Statement::Class(ast) = statement {
                self.define_class(ast)?;
            }
        }
        Ok(())
    }

    fn define_enum(&mut self, ast: &EnumAst) -> Run<()> {
        let (mut members, mut next) = (Vec::new(), 0_i32);
        for (name, value) in &ast.members {
            if let Some(value) = value {
                let value = self.eval(value)?;
                next = cast(&value, &TypeRef::named("System.Int32"))?.as_int().unwrap_or(0) as i32;
            }
            members.push((name.clone(), next));
            next = next.wrapping_add(1);
        }
        let found = EnumType { full: ast.name.clone(), members, is_flags: ast.is_flags };
        self.state.types.insert(ast.name.to_lowercase(), ScriptType::Enum(found.into()));
        Ok(())
    }

    fn define_class(&mut self, ast: &Arc<ClassAst>) -> Run<()> {
        let base = match &ast.base {
            None => None,
            Some(name) => match self.state.types.get(&name.to_lowercase()) {
                Some(ScriptType::Class(base)) => Some(base.clone()),
                _ => {
                    let what = format!("classes that derive from [{name}], which no script defined");
                    return Err(ErrorRecord { ends_script: true, ..ErrorRecord::unsupported(&what) }.into());
                }
            },
        };
        let bases: Vec<_> = base.iter().flat_map(|base| base.chain()).map(|class| class.ast.clone()).collect();
        let all = || [ast].into_iter().chain(&bases);
        let type_names: Vec<_> = all().map(|ast| &*ast.name).chain(["System.Object"]).collect();
        let own = || all().flat_map(|ast| &ast.properties).filter(|property| !property.is_static);
        let names: Vec<_> = own().map(|property| &*property.param.written).collect();
        let hidden = own().filter(|property| property.is_hidden).map(|property| property.param.written.clone());
        let mut schema = Schema::new(&type_names, &names);
        if let Some(schema) = Arc::get_mut(&mut schema) {
            schema.hidden = hidden.collect();
        }
        let statics = Val::hash(false, Vec::new());
        let class = Arc::new(Class { ast: ast.clone(), base, schema, statics });
        self.state.types.insert(ast.name.to_lowercase(), ScriptType::Class(class.clone()));
        for property in ast.properties.iter().filter(|property| property.is_static) {
            let value = self.initial_value(property)?;
            if let Val::Hash(statics) = &class.statics {
                statics.set(&Val::Str(property.param.name.clone()), value);
            }
        }
        // The constructor of the class itself.
        if named(ast, &ast.name, true).next().is_some() {
            self.call_overload(std::slice::from_ref(ast), &ast.name, None, &[])?;
        }
        Ok(())
    }

    pub(super) fn initial_value(&mut self, property: &PropertyAst) -> Run<Val> {
        let kind = self.property_kind(property)?;
        let value = match &property.param.default {
            Some(default) => self.eval(default)?.stored(),
            None => Val::Null,
        };
        match kind {
            Some(kind) if property.param.default.is_some() => self.cast_value(&value, &kind),
            Some(kind) => Ok(self.zero(&kind)),
            None => Ok(value),
        }
    }

    /// What a property of a type has before anybody sets it.
    fn zero(&self, kind: &TypeRef) -> Val {
        match self.script_type(kind) {
            Some(ScriptType::Enum(found)) => return found.value(0),
            Some(ScriptType::Class(_)) => return Val::Null,
            None => {}
        }
        match kind.name() {
            "Boolean" | "Char" | "SByte" | "Byte" | "Int16" | "UInt16" | "Int32" | "UInt32" | "Int64" | "UInt64"
            | "Single" | "Double" | "Decimal" | "SwitchParameter" => cast(&Val::Null, kind).unwrap_or(Val::Null),
            "DateTime" => cast(&Val::I64(0), kind).unwrap_or(Val::Null),
            "TimeSpan" => Val::TimeSpan(0),
            "Guid" => Val::Guid(uuid::Uuid::nil()),
            _ => Val::Null,
        }
    }

    fn property_kind(&self, property: &PropertyAst) -> Run<Option<TypeRef>> {
        property.param.attributes.type_name.as_ref().map(|name| self.find_type(name)).transpose()
    }

    pub(super) fn script_type(&self, kind: &TypeRef) -> Option<ScriptType> {
        if self.state.types.is_empty() {
            return None;
        }
        self.state.types.get(&kind.full.to_lowercase()).cloned()
    }

    pub(super) fn class_of(&self, object: &Obj) -> Option<Arc<Class>> {
        match self.script_type(&TypeRef::named(object.type_name()))? {
            ScriptType::Class(class) => Some(class),
            ScriptType::Enum(_) => None,
        }
    }

    /// Whether an object is one of a script's classes.
    pub(in super::super) fn is_class(&self, object: &Obj) -> bool {
        self.class_of(object).is_some()
    }

    /// `[type]::name` of a script's type.
    pub(super) fn script_static(&mut self, kind: &TypeRef, name: &str) -> Run<Option<Val>> {
        Ok(match self.script_type(kind) {
            Some(ScriptType::Enum(found)) => Some(found.named(name).unwrap_or(Val::Null)),
            Some(ScriptType::Class(class)) => class.chain().find_map(|class| match &class.statics {
                Val::Hash(statics) => statics.get(&Val::str(name)),
                _ => None,
            }),
            None => None,
        })
    }

    /// `[type]::name = value`
    pub(super) fn set_static(&mut self, kind: &TypeRef, name: &str, value: Val) -> Run<()> {
        let Some(ScriptType::Class(class)) = self.script_type(kind) else {
            return Err(ErrorRecord::unsupported("assignments to static members of .NET's types").into());
        };
        let Some(property) = class.property(name, true) else {
            let message = format!(
                "The property '{name}' cannot be found on this object. Verify that the property exists and can be set."
            );
            return Err(ErrorRecord::runtime(message, "PropertyNotFound", 7).into());
        };
        let value = self.as_property(property, value, name)?;
        let has = |class: &&Class| {
            class.ast.properties.iter().any(|own| own.is_static && own.param.name.eq_ignore_ascii_case(name))
        };
        if let Some(Val::Hash(statics)) = class.chain().find(has).map(|class| &class.statics) {
            statics.set(&Val::str(name.to_lowercase()), value);
        }
        Ok(())
    }

    /// A value as a property of an object takes it: converted, and held against its attributes.
    pub(super) fn as_member(&mut self, object: &Obj, name: &str, value: Val) -> Run<Val> {
        let Some(class) = self.class_of(object) else { return Ok(value) };
        match class.property(name, false) {
            Some(property) => self.as_property(property, value, name),
            None => Ok(value),
        }
    }

    fn as_property(&mut self, property: &PropertyAst, value: Val, name: &str) -> Run<Val> {
        let refused = |flow: Flow| match flow {
            Flow::Throw(record) => {
                let message = format!("Exception setting \"{name}\": \"{}\"", record.message());
                let kind = "System.Management.Automation.SetValueInvocationException";
                ErrorRecord::new(kind, message, "ExceptionWhenSetting", 0).into()
            }
            other => other,
        };
        let value = match self.property_kind(property)? {
            Some(kind) => self.cast_value(&value, &kind).map_err(refused)?,
            None => value.stored(),
        };
        match self.validate(&property.param, &value) {
            Err(Flow::Throw(record)) => {
                let message = record.message().split_once(". ").map_or("", |(_, why)| why).to_owned();
                Err(refused(ErrorRecord::new("System.Exception", message, "", 0).into()))
            }
            done => done.map(|()| value),
        }
    }

    /// A static method of a script's type, or of `[Enum]`.
    pub(super) fn script_static_call(&mut self, kind: &TypeRef, name: &str, args: &[Val]) -> Run<Option<Val>> {
        if &*kind.full == "System.Enum" {
            return self.enum_call(name, args);
        }
        let Some(ScriptType::Class(class)) = self.script_type(kind) else { return Ok(None) };
        if name == "new" {
            return self.construct_class(&class, args).map(Some);
        }
        let classes = class.methods(name, true);
        if classes.is_empty() {
            return Ok(None);
        }
        self.call_overload(&classes, name, None, args).map(Some)
    }

    fn enum_call(&mut self, name: &str, args: &[Val]) -> Run<Option<Val>> {
        let Some(Val::Type(kind)) = args.first() else { return Ok(None) };
        let Some(ScriptType::Enum(found)) = self.script_type(kind) else { return Ok(None) };
        Ok(Some(match (name, args.get(1)) {
            ("getnames", _) => Val::list("System.String[]", found.names().map(Val::str).collect()),
            ("getvalues", _) => {
                let mut numbers: Vec<_> = found.members.iter().map(|(_, number)| *number).collect();
                numbers.sort_unstable();
                let kind = format!("{}[]", found.full);
                Val::list(kind, numbers.into_iter().map(|number| found.value(number)).collect())
            }
            ("parse", Some(value)) => found.convert(value)?,
            ("isdefined", Some(value)) => Val::Bool(match value.as_int() {
                Some(number) => found.members.iter().any(|(_, known)| i128::from(*known) == number),
                None => found.names().any(|name| name == text(value)),
            }),
            ("getname", Some(value)) => match found.convert(value)? {
                Val::Enum(value) => Val::str(value.name.as_ref()),
                _ => Val::Null,
            },
            _ => return Ok(None),
        }))
    }

    /// What arithmetic gives of an enumeration's value and another or a whole number is of the enumeration again.
    pub(super) fn of_operands(&mut self, op: Op, left: &Val, right: &Val, result: Val) -> Run<Val> {
        let Val::Enum(left) = left else { return Ok(result) };
        let of_enum = matches!(op, Op::Add | Op::Sub | Op::Mul | Op::BitAnd | Op::BitOr | Op::BitXor);
        let fits = right.as_int().is_some() || matches!(right, Val::Enum(right) if right.type_name == left.type_name);
        let Some(number) = result.as_int().and_then(|number| i32::try_from(number).ok()) else { return Ok(result) };
        if !of_enum || !fits {
            return Ok(result);
        }
        let kind = TypeRef::named(left.type_name.as_ref());
        if let Some(ScriptType::Enum(found)) = self.script_type(&kind) {
            return Ok(found.value(number));
        }
        let unnamed = || Val::of_enum(left.type_name.clone(), number.to_string(), number);
        Ok(cast(&Val::I32(number), &kind).unwrap_or_else(|_| unnamed()))
    }

    /// Members of a script's type itself.
    pub(super) fn script_type_member(&self, kind: &TypeRef, name: &str) -> Option<Val> {
        match (self.script_type(kind)?, name) {
            (ScriptType::Class(class), "basetype") => {
                let base = class.base.as_ref().map_or("System.Object", |base| &*base.ast.name);
                Some(Val::Type(TypeRef::named(base)))
            }
            (ScriptType::Enum(_), "basetype") => Some(Val::Type(TypeRef::named("System.Enum"))),
            (kind, "isenum") => Some(Val::Bool(matches!(kind, ScriptType::Enum(_)))),
            (kind, "isclass") => Some(Val::Bool(matches!(kind, ScriptType::Class(_)))),
            _ => None,
        }
    }

    /// `[type]value` of a script's type; `None` if the type is none.
    pub(super) fn cast_to_script(&mut self, value: &Val, kind: &TypeRef) -> Run<Option<Val>> {
        if let Some(element) = kind.full.strip_suffix("[]").map(TypeRef::named) {
            if self.script_type(&element).is_none() {
                return Ok(None);
            }
            let items = value.clone().into_items();
            let items = items.iter().map(|item| self.cast_value(item, &element)).collect::<Run<Vec<_>>>()?;
            return Ok(Some(Val::list(kind.full.clone(), items)));
        }
        match self.script_type(kind) {
            None => Ok(None),
            Some(ScriptType::Enum(found)) => Ok(Some(found.convert(value)?)),
            Some(ScriptType::Class(class)) => self.cast_to_class(value, kind, &class).map(Some),
        }
    }

    fn cast_to_class(&mut self, value: &Val, kind: &TypeRef, class: &Arc<Class>) -> Run<Val> {
        if value.is_null() || kind.is_of(value) {
            return Ok(value.clone().stored());
        }
        if let Val::Hash(hash) = value {
            let object = self.construct_class(class, &[]).map_err(|flow| not_created(flow, &class.ast.name))?;
            for (name, value) in hash.entries() {
                self.set_member(&object, &text(&name), value).map_err(|flow| not_created(flow, &class.ast.name))?;
            }
            return Ok(object);
        }
        if named(&class.ast, &class.ast.name, false).any(|method| method.script.params.len() == 1) {
            return self.construct_class(class, std::slice::from_ref(value));
        }
        let message = format!(
            "Cannot convert the \"{}\" value of type \"{}\" to type \"{}\".",
            text(value),
            value.type_name(),
            kind.full
        );
        Err(ErrorRecord::runtime(message, "ConvertToFinalInvalidCastException", 5).into())
    }

    /// The methods of a class's object and their definitions, as Get-Member shows them.
    pub(in super::super) fn method_definitions(&self, value: &Val) -> Vec<(Arc<str>, String)> {
        let Val::Object(object) = value else { return Vec::new() };
        let Some(class) = self.class_of(object) else { return Vec::new() };
        let kind_of = |name: Option<&Arc<str>>| match name.map(|name| self.find_type(name)) {
            Some(Ok(kind)) => kind.text(),
            _ => "System.Object".to_owned(),
        };
        let mut all: Vec<(Arc<str>, String)> = Vec::new();
        for ast in class.chain().map(|class| &class.ast) {
            let is_shown = |method: &&MethodAst| !method.is_static && method.name != ast.name;
            for method in ast.methods.iter().filter(is_shown) {
                let params = method.script.params.iter();
                let params: Vec<_> = params
                    .map(|param| format!("{} {}", kind_of(param.attributes.type_name.as_ref()), param.written))
                    .collect();
                let returns = match &method.returns {
                    Some(name) if name.eq_ignore_ascii_case("void") => "void".to_owned(),
                    other => kind_of(other.as_ref()),
                };
                let definition = format!("{returns} {}({})", method.name, params.join(", "));
                match all.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(&method.name)) {
                    Some((_, known)) => *known = format!("{known}, {definition}"),
                    None => all.push((method.name.clone(), definition)),
                }
            }
        }
        all.retain(|(name, _)| !["tostring", "equals", "gethashcode"].contains(&name.to_lowercase().as_str()));
        all
    }

    /// The text of a value where a class may have its own ToString.
    pub(super) fn own_text(&mut self, value: &Val) -> Run<Option<String>> {
        if self.state.types.is_empty() || !matches!(value, Val::Object(_)) {
            return Ok(None);
        }
        Ok(self.class_method(value, "ToString", &[])?.map(|made| text(&made)))
    }
}

/// The fault of an object that a table was to make, in the words of the conversion.
fn not_created(flow: Flow, class: &str) -> Flow {
    let Flow::Throw(record) = flow else { return flow };
    let message = record.message();
    let why = message.strip_prefix("Exception setting ").and_then(|rest| rest.split_once(": \""));
    let why = why.map_or(&**message, |(_, why)| why.strip_suffix('"').unwrap_or(why));
    let message = format!("Cannot create object of type \"{class}\". {why}");
    ErrorRecord::runtime(message, "ObjectCreationError", 5).into()
}
