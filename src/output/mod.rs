//! The reading side: sinks that turn a run's events into what people and programs read.
//!
//! In come [`RunEvent`]s, one at a time and in order; out goes text to a writer that the command line gives to
//! [`open`]. A sink knows nothing of sessions and nothing of terminals: how wide a line may be and whether colours are
//! wanted stand in [`Settings`]. [`Folded`] has hosts that say the same appear once. Memory is bounded whatever a run sends: what must wait goes to a temporary file.

mod append;
mod csv;
mod date_time;
mod display;
mod fanout;
mod filter;
mod fold;
mod host_column;
mod json;
mod jsonl;
mod line;
mod list;
mod loss;
mod merged;
mod message;
mod none;
mod object;
mod out_string;
mod refs;
mod row_delay;
mod sanitize;
mod select;
mod settings;
mod sort;
mod spool;
mod style;
mod table;
#[cfg(test)]
pub(crate) mod testing;
mod trend;
mod unmet;
mod wrap;

use std::io::{self, Write};

pub use csv::csv_cell;
pub use fanout::Fanout;
pub use filter::{Filtered, Property, Where};
pub use fold::{Change, Delta, Diff, Fold, Folded, Group, Groups, Ignore, Notes, Side, compare, line as delta_line};
pub use line::{SCHEMA, VERSION};
pub use loss::Losses;
pub use message::{MessageData, Shown, console_color, progress_text};
pub use object::{PLAIN_SCHEMA, PLAIN_VERSION};
pub use out_string::TextPrinter;
#[cfg(feature = "sandbox")]
pub(crate) use out_string::URI;
#[cfg(feature = "sandbox")]
pub(crate) use out_string::format::order;
#[cfg(feature = "sandbox")]
pub(crate) use out_string::{ITEMS, items_in_braces};
pub use sanitize::{safe_json, sanitize, sanitize_line};
pub use select::Select;
pub use settings::{CsvSettings, Format, SelectedStreams, Settings};
pub use sort::{SortKey, Sorted};
pub use trend::{Measure, Tally};
pub use unmet::Unmet;
pub use wrap::{cut, filled, width, wrapped};

use crate::event::{RunEvent, Summary};

/// Whether a sink wants more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// Enough (the reader closed the pipe): the run may stop, and this sink takes no more.
    Enough,
    /// The run is to end, since a part of the output cannot be written; this sink takes the rest of it all the same.
    End,
}

/// A reader of a run's events. Sinks run on a thread of their own and may block: a full channel slows the targets.
pub trait Sink: Send {
    /// Takes the next event. [`crate::event::RunEventKind::RunFinished`] is the last one; [`Sink::complete`] stands
    /// before it.
    ///
    /// # Errors
    /// The writer's fault, with what was being written. The run then ends in order; this sink takes no more.
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow>;

    /// Nothing has happened for a moment (about 100 ms): show what waits for more of its kind.
    ///
    /// # Errors
    /// Those of [`Sink::event`].
    fn idle(&mut self) -> anyhow::Result<Flow> {
        Ok(Flow::Continue)
    }

    /// Only the run's last event is to come: write out everything else. Called once, so that what cannot be written is
    /// known before that event tells the exit code; the counts of the summary are final, its exit code is not.
    ///
    /// # Errors
    /// Those of [`Sink::event`].
    fn complete(&mut self, _summary: &Summary) -> anyhow::Result<Flow> {
        Ok(Flow::Continue)
    }

    /// What the sinks inside of this one could not write, one text each. They fail alone, so that the others come to
    /// their end: a sink made of others answers [`Flow::End`] for them.
    fn failures(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Sink for Box<dyn Sink> {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        (**self).event(event)
    }

    fn idle(&mut self) -> anyhow::Result<Flow> {
        (**self).idle()
    }

    fn complete(&mut self, summary: &Summary) -> anyhow::Result<Flow> {
        (**self).complete(summary)
    }

    fn failures(&self) -> Vec<String> {
        (**self).failures()
    }
}

/// Opens a sink of this format on a writer.
pub fn open(format: Format, writer: Box<dyn Write + Send>, settings: &Settings) -> Box<dyn Sink> {
    match (&settings.groups, format) {
        (Some(groups), Format::Table | Format::List | Format::Text) => {
            let (inner, hidden) = (settings.clone(), table::Hidden::default());
            let below = hidden.clone();
            let page = Box::new(move |writer| match format {
                Format::Table => Box::new(table::Table::page(writer, &inner, &below)) as Box<dyn Sink>,
                _ => open_plain(format, writer, &inner),
            });
            Box::new(fold::Pages::new(writer, settings, groups.clone(), (page, hidden)))
        }
        _ => open_plain(format, writer, settings),
    }
}

fn open_plain(format: Format, writer: Box<dyn Write + Send>, settings: &Settings) -> Box<dyn Sink> {
    match format {
        Format::None => Box::new(none::None),
        Format::Table => Box::new(table::Table::new(writer, settings)),
        Format::List => Box::new(list::List::new(writer, settings)),
        Format::Text => Box::new(out_string::Text::new(writer, settings)),
        Format::Json => Box::new(json::Json::new(writer, settings)),
        Format::Jsonl => Box::new(jsonl::Jsonl::new(writer, settings)),
        Format::Csv => Box::new(csv::Csv::new(writer, settings)),
    }
}

/// What a write means for the run: a reader that has gone away had enough.
fn flow(written: io::Result<()>) -> anyhow::Result<Flow> {
    match written {
        Ok(()) => Ok(Flow::Continue),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Flow::Enough),
        Err(error) => Err(anyhow::Error::new(error).context("cannot write the data")),
    }
}
