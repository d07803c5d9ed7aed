//! CIM and WMI: classes with their properties, objects of them made of the machine's data, WQL, methods.
//!
//! A class is data (`schema`); what it has on a machine is a list of rows (`classes`); a query takes those that its
//! condition holds for and makes objects of them, in the form of the CIM cmdlets or of Get-WmiObject ([`Form`]).

mod classes;
mod instance;
mod methods;
mod query;
mod schema;
mod wql;

pub(super) use classes::mac;
pub(super) use instance::{Form, class_of, dmtf_text, of_dmtf, texts};
pub(super) use methods::{Outcome, invoke};
pub(super) use query::{Asked, Failure, again, all_in, all_of, ask, associated, class_in};
pub(super) use schema::{Class, all, is_in};
