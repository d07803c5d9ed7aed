//! Classes and enumerations.

use std::sync::Arc;

use super::{Expr, Param, Script};

/// `enum name { ... }`
#[derive(Debug)]
pub(in super::super) struct EnumAst {
    pub(in super::super) name: Arc<str>,
    pub(in super::super) is_flags: bool,
    pub(in super::super) members: Vec<(Arc<str>, Option<Expr>)>,
}

/// `class name : base { ... }`
#[derive(Debug)]
pub(in super::super) struct ClassAst {
    pub(in super::super) name: Arc<str>,
    pub(in super::super) base: Option<Arc<str>>,
    pub(in super::super) properties: Vec<PropertyAst>,
    pub(in super::super) methods: Vec<MethodAst>,
}

#[derive(Debug)]
pub(in super::super) struct PropertyAst {
    pub(in super::super) param: Param,
    pub(in super::super) is_static: bool,
    pub(in super::super) is_hidden: bool,
}

/// A method, or a constructor, which has the name of its class.
#[derive(Debug)]
pub(in super::super) struct MethodAst {
    pub(in super::super) name: Arc<str>,
    pub(in super::super) returns: Option<Arc<str>>,
    pub(in super::super) is_static: bool,
    /// What a constructor gives to that of the base.
    pub(in super::super) base_args: Vec<Expr>,
    pub(in super::super) script: Arc<Script>,
}
