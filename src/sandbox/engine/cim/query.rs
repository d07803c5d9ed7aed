//! Queries: which objects of a class, with which properties.

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run};
use super::super::ops;
use super::super::value::{Obj, Val};
use super::classes;
use super::instance::Instance;
use super::schema::{self, Class};
use super::wql::{Condition, Query, Wrong};

/// What is asked for.
#[derive(Default)]
pub(in super::super) struct Asked {
    pub(in super::super) class: String,
    pub(in super::super) namespace: Option<String>,
    pub(in super::super) filter: Option<String>,
    /// A whole query, instead of class and filter.
    pub(in super::super) query: Option<String>,
    /// Empty for all.
    pub(in super::super) properties: Vec<String>,
    /// Only the keys.
    pub(in super::super) keys_only: bool,
}

/// Why nothing was found.
pub(in super::super) enum Failure {
    /// The namespace, as it was written.
    Namespace(String),
    /// The class, as it was written.
    Class(String),
    /// The query, as it was written.
    Query(String),
    /// Something that the sandbox has not.
    Unknown(Box<ErrorRecord>),
}

impl Failure {
    fn of(wrong: Wrong, source: String) -> Self {
        match wrong {
            Wrong::Invalid => Self::Query(source),
            Wrong::Unknown(what) => Self::Unknown(Box::new(ErrorRecord::unsupported(what))),
        }
    }
}

/// The class of a name in a namespace; the default one holds those that are in no other.
pub(in super::super) fn class_in(namespace: Option<&str>, name: &str) -> Result<&'static Class, Failure> {
    let namespace = schema::with_slashes(namespace.unwrap_or("root/cimv2"));
    if !schema::is_namespace(&namespace) {
        return Err(Failure::Namespace(namespace));
    }
    let found = schema::find(name).filter(|class| schema::is_in(class, &namespace));
    found.ok_or_else(|| Failure::Class(name.to_owned()))
}

/// The objects that are asked for.
pub(in super::super) fn ask(evaluator: &mut Evaluator<'_>, asked: &Asked) -> Run<Result<Vec<Instance>, Failure>> {
    let parts = match parts(asked) {
        Ok(parts) => parts,
        Err(failure) => return Ok(Err(failure)),
    };
    let (class, condition, mut properties) = parts;
    if asked.keys_only {
        properties = class.keys().map(str::to_owned).collect();
    }
    let mut found = Vec::new();
    for row in classes::rows(evaluator, class) {
        evaluator.step(10)?;
        let mut instance = Instance::new(evaluator, class, row);
        if let Some(condition) = &condition {
            match condition.holds(evaluator, &instance)? {
                Some(true) => {}
                Some(false) => continue,
                None => {
                    return Ok(Err(Failure::Query(whole(asked))));
                }
            }
        }
        instance.keep_only(&properties);
        found.push(instance);
    }
    Ok(Ok(found))
}

/// The query in WQL, as Windows makes it of a class and a filter.
fn whole(asked: &Asked) -> String {
    match (&asked.query, &asked.filter) {
        (Some(query), _) => query.clone(),
        (None, Some(filter)) => format!("select * from {} where {filter}", asked.class),
        (None, None) => format!("select * from {}", asked.class),
    }
}

type Parts = (&'static Class, Option<Condition>, Vec<String>);

fn parts(asked: &Asked) -> Result<Parts, Failure> {
    let namespace = asked.namespace.as_deref();
    if let Some(source) = &asked.query {
        let query = Query::parse(source).map_err(|wrong| Failure::of(wrong, whole(asked)))?;
        return Ok((class_in(namespace, &query.class)?, query.condition, query.properties));
    }
    let class = class_in(namespace, &asked.class)?;
    let parse = |filter: &String| Condition::parse(filter).map_err(|wrong| Failure::of(wrong, whole(asked)));
    let condition = asked.filter.as_ref().map(parse).transpose()?;
    Ok((class, condition, asked.properties.clone()))
}

/// An object as it is now.
pub(in super::super) fn again(evaluator: &mut Evaluator<'_>, object: &Obj) -> Option<Instance> {
    let class = super::instance::class_of(object)?;
    let keys: Vec<(&str, Val)> = class.keys().filter_map(|key| Some((key, object.get(key)?))).collect();
    let is_it = |instance: &Instance| {
        keys.iter().all(|(key, value)| match (instance.get(key), value) {
            // A reference is an object of keys.
            (Some(own), Val::Object(_)) => {
                super::instance::referred(&text(own)).is_some_and(|own| own.is_keyed_as(value))
            }
            (Some(own), value) => ops::equal(own, value, false),
            (None, _) => false,
        })
    };
    let rows = classes::rows(evaluator, class);
    rows.into_iter().map(|row| Instance::new(evaluator, class, row)).find(is_it)
}

/// What an association says of an object: the class of the association, and the other object.
pub(in super::super) struct Associated {
    pub(in super::super) association: &'static Class,
    pub(in super::super) instance: Instance,
}

/// The objects that associations join to one; nothing if the sandbox has no association of its class.
pub(in super::super) fn associated(evaluator: &mut Evaluator<'_>, object: &Obj) -> Run<Option<Vec<Associated>>> {
    let Some(own) = again(evaluator, object) else { return Ok(Some(Vec::new())) };
    let (class, path) = (own.class.name, own.relative_path());
    let (mut found, mut is_known) = (Vec::new(), false);
    for association in schema::all() {
        let ends: Vec<usize> = (0..association.properties.len())
            .filter(|place| association.properties[*place].kind == schema::Kind::Reference)
            .collect();
        if ends.len() != 2 {
            continue;
        }
        for row in classes::rows(evaluator, association) {
            evaluator.step(4)?;
            let joined = Instance::new(evaluator, association, row);
            let relative = |place: usize| {
                let whole = text(&joined.values[place]);
                whole.split_once(':').map_or(String::new(), |(_, path)| path.to_owned())
            };
            let paths = [relative(ends[0]), relative(ends[1])];
            is_known |= paths.iter().any(|path| path.split('.').next() == Some(class));
            for (this, other) in [(0, 1), (1, 0)] {
                if paths[this] == path
                    && let Some(instance) = by_path(evaluator, &paths[other])
                {
                    found.push(Associated { association, instance });
                }
            }
        }
    }
    Ok(is_known.then_some(found))
}

/// The object of a relative path; one that is not of this machine, such as an account of the domain, has its keys alone.
fn by_path(evaluator: &Evaluator<'_>, path: &str) -> Option<Instance> {
    let class = schema::find(path.split('.').next()?)?;
    let rows = classes::rows(evaluator, class);
    let mut all = rows.into_iter().map(|row| Instance::new(evaluator, class, row));
    all.find(|instance| instance.relative_path() == path).or_else(|| super::instance::referred(path))
}

/// All objects of a class, for cmdlets that show them in their own way.
pub(in super::super) fn all_of(evaluator: &mut Evaluator<'_>, class: &str) -> Vec<Val> {
    all_in(evaluator, class, super::Form::Cim)
}

/// The same in the form of either kind of cmdlets.
pub(in super::super) fn all_in(evaluator: &Evaluator<'_>, class: &str, form: super::Form) -> Vec<Val> {
    let Some(class) = schema::find(class) else { return Vec::new() };
    let rows = classes::rows(evaluator, class);
    rows.into_iter().map(|row| Instance::new(evaluator, class, row).into_object(evaluator, form)).collect()
}
