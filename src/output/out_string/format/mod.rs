//! What Format-Table, Format-List, Format-Wide and Format-Custom return: not objects but orders to print, one after the
//! other, which Out-Default follows where a user sits. Here they are followed as it would.
//!
//! A script that ends in Format-* sends a *sheet*: a start with the shape, groups of entries, an end. [`packet`] reads
//! what arrives, [`sheet::Sheet`] prints one sheet, and [`sheets::Sheets`] keeps those of several hosts apart. Forms
//! and names are those of PowerShell's `FormatInfoData` classes (System.Management.Automation, FormattingObjects.cs),
//! each of which has an id in its property `ClassId2e4f51ef21dd47e99d3c952918aff9cd`.
//!
//! Lines are those of PowerShell 7's Out-String, whichever version sent the orders, except in what would lose data:
//! columns of Format-Wide that do not fit are fewer instead of cut away, and what has no start is shown without a
//! header, where PowerShell refuses.

mod custom;
#[cfg(feature = "sandbox")]
mod lists;
#[cfg(feature = "sandbox")]
pub(crate) mod order;
mod packet;
mod sheet;
mod sheets;
mod table;
#[cfg(test)]
mod tests;
mod wide;

pub(crate) use packet::{is_order, start};
pub(crate) use sheets::{Added, Sheets};
