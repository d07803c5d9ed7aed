//! All that is printed: objects as PowerShell would format them, and sheets that the hosts have formatted themselves.

use std::io::{self, Write};

use super::described::{Described, Item, for_each_item};
use super::format::{Added, Sheets};
use super::page::Page;
use crate::clixml::Document;
use crate::event::RunHeader;
use crate::output::host_column;
use crate::output::object::{self, Shape};
use crate::output::select::Select;
use crate::target::TargetId;

/// The document and the sheets that stand in it.
pub(super) struct Paper {
    page: Page,
    sheets: Sheets,
}

/// A host and its name.
pub(super) type Owner<'a> = (TargetId, &'a str);

impl Paper {
    /// An empty one, for lines of this width.
    pub(super) fn new(width: usize, color: bool) -> Self {
        Self { page: Page::new(width, color), sheets: Sheets::new(width, color) }
    }

    /// Learns which hosts there are, and whether each object says whose it is where there is only one.
    pub(super) fn begin(&mut self, header: &RunHeader, names_host: bool) {
        let is_shared = header.targets.len() > 1;
        self.page.name_owners((is_shared || names_host).then(|| host_column::width(header)));
        self.sheets.share(is_shared);
    }

    /// Prints an object, or keeps what must wait.
    pub(super) fn object(
        &mut self,
        out: &mut dyn Write,
        document: &Document,
        select: &Select,
        (target, name): Owner<'_>,
    ) -> io::Result<()> {
        match self.sheets.add(document, target, name)? {
            Added::Sheet => self.sheets(out),
            Added::Text(text) => {
                self.settle_sheets(out)?;
                self.page.text(out, &text)
            }
            Added::Object => {
                self.settle_sheets(out)?;
                match object::shape(document, select) {
                    Shape::Fields(fields) if !select.is_all() => {
                        self.page.object(out, &Described::selected(document, select.apply(fields)), name)
                    }
                    _ => self.whole(out, document, name),
                }
            }
        }
    }

    /// An object with all of its properties.
    fn whole(&mut self, out: &mut dyn Write, document: &Document, name: &str) -> io::Result<()> {
        for_each_item(document, |item| match item {
            Item::Text(text) => self.page.text(out, &text),
            Item::Object(object) => self.page.object(out, &object, name),
        })
    }

    /// Whether anything waits that [`Paper::settle`] could write.
    pub(super) fn waits(&self) -> bool {
        self.page.waits() || self.sheets.waits()
    }

    /// Writes what waits; widths then hold for what follows.
    pub(super) fn settle(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.settle_sheets(out)?;
        self.page.settle(out)
    }

    /// A host is done.
    pub(super) fn finish(&mut self, out: &mut dyn Write, target: TargetId) -> io::Result<()> {
        self.sheets.finish(target)?;
        self.sheets(out)
    }

    /// The end of the output.
    pub(super) fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.sheets.finish_all()?;
        self.settle(out)?;
        self.page.end(out)
    }

    fn settle_sheets(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.sheets.settle()?;
        self.sheets(out)
    }

    /// Sheets that are ready; what stood above is ended by them.
    fn sheets(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if !self.sheets.is_ready() {
            return Ok(());
        }
        self.page.end(out)?;
        self.sheets.write(out)
    }
}
