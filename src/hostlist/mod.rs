//! Lists of host names in a short form: `web[01-38,40]` is 39 names, and 39 names are `web[01-38,40]`.
//!
//! [`expand`] reads the form, [`fold()`] writes it, and [`natural`] is the order in which people list hosts. Whoever
//! names many hosts writes them so: inventories and expressions, plans and reports.

mod fold;
mod range;
mod split;

pub use fold::{fold, natural};
pub use range::{MAX_NAMES, RangeError, expand};
pub use split::split_top;
