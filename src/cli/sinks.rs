//! The sinks that the output flags ask for.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use super::args::fold::FoldArgs;
use super::args::output::{OutFile, OutputArgs, OutputFormat};
use super::terminal::{Console, CutNote, Diagnostics, FoldNote, ProgressLine, PropertyNote};
use crate::output::{
    self, CsvSettings, Fanout, Filtered, Folded, Format, Losses, Select, SelectedStreams, Settings, Sink, Sorted, Unmet,
};

/// Everything that shows a run.
pub struct Sinks {
    /// The data, on stdout and in files; enough when nobody reads any of it.
    pub data: Box<dyn Sink>,
    /// Progress and the other streams, on stderr.
    pub followers: Vec<Box<dyn Sink>>,
}

/// What is on stdout.
enum Stdout {
    /// The objects.
    Data,
    /// The doctor's report, or the objects where no person reads them.
    Report(Option<Box<dyn Sink>>),
}

impl OutputArgs {
    /// Opens everything that shows this run: the data on stdout and in files, then what goes to stderr.
    ///
    /// # Errors
    /// A file of `--out` that cannot be created.
    pub fn open(&self, console: &Arc<Console>) -> anyhow::Result<Sinks> {
        self.sinks(console, (Stdout::Data, None), None)
    }

    /// The same with a report in place of the objects, where stdout would show them to people. It says by itself why
    /// hosts failed.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn open_for_report(
        &self,
        console: &Arc<Console>,
        report: impl FnOnce(&Arc<Console>) -> Box<dyn Sink>,
    ) -> anyhow::Result<Sinks> {
        let is_shown = matches!(self.format(console), Format::Table | Format::List | Format::Text);
        let report = is_shown.then(|| report(console));
        self.sinks(console, (Stdout::Report(report), None), None)
    }

    /// Opens the sinks for the objects of a script, folded if that is wanted. They also say what came cut at this `--depth`, whatever format
    /// shows it, but not to those who want no totals either, and not where nobody sees any object.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn open_for_script(
        &self,
        console: &Arc<Console>,
        depth: Option<u32>,
        fold: &FoldArgs,
    ) -> anyhow::Result<Sinks> {
        let unseen = self.format(console) == Format::None && self.out.is_empty();
        let note = (!self.quiet && !unseen).then(|| CutNote::new(depth, Select::new(&self.select)));
        self.sinks(console, (Stdout::Data, note), Some(fold).filter(|fold| fold.is_on()))
    }

    fn sinks(
        &self,
        console: &Arc<Console>,
        (shown, cuts): (Stdout, Option<CutNote>),
        fold: Option<&FoldArgs>,
    ) -> anyhow::Result<Sinks> {
        let losses = Losses::default();
        let groups = fold.map(FoldArgs::groups);
        let mut settings = Settings { groups: groups.clone(), ..self.settings(console, &losses) };
        if fold.is_some_and(FoldArgs::has_selected) {
            settings.select.clear();
        }
        let mut data = Vec::new();
        let progress = ProgressLine::new(console, cuts);
        let (progress, report) = match shown {
            Stdout::Data => (progress, None),
            Stdout::Report(report) => (progress.of_doctor(report.is_some()), report),
        };
        let data_on_stdout = || output::open(self.format(console), Box::new(console.stdout()), &settings);
        let stdout = report.unwrap_or_else(data_on_stdout);
        data.push(("stdout".to_owned(), stdout));
        for (out, file) in self.out.iter().zip(self.files()?) {
            let name = out.path.display().to_string();
            data.push((name, output::open(out.format, Box::new(file), &file_settings(out, &settings))));
        }
        // The data have no other streams once they are of groups.
        let streams = if fold.is_some() { self.streams } else { self.text_streams(console) };
        let mut followers: Vec<Box<dyn Sink>> = vec![Box::new(Diagnostics::new(console, streams, losses))];
        let mut data: Box<dyn Sink> = Box::new(Fanout::new(data));
        if let (Some(fold), Some(groups)) = (fold, groups) {
            let fold = fold.settings(self);
            followers.push(Box::new(FoldNote::new(console, &fold, self.quiet)));
            data = Box::new(Folded::new(fold, groups, data));
        }
        if !self.sort_by.is_empty() {
            data = Box::new(Sorted::new(self.sort_by.clone(), data));
        }
        if let Some(filter) = &self.filter {
            data = Box::new(Filtered::new(filter.clone(), data));
        }
        let unmet = Unmet::new(&self.select, &self.sort_by, self.filter.as_ref());
        followers.push(Box::new(PropertyNote::new(console, unmet)));
        followers.push(Box::new(progress));
        Ok(Sinks { data, followers })
    }

    /// The files of `--out`, empty: none of them loses what it held unless all can be written.
    fn files(&self) -> anyhow::Result<Vec<File>> {
        let failed = |path: &Path| format!("cannot create {}", path.display());
        let open = |out: &OutFile| {
            let opened = OpenOptions::new().write(true).create(true).truncate(false).open(&out.path);
            opened.with_context(|| failed(&out.path))
        };
        let files = self.out.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        for (file, out) in files.iter().zip(&self.out) {
            // A pipe or a device has no length.
            if file.metadata().is_ok_and(|file| file.is_file()) {
                file.set_len(0).with_context(|| failed(&out.path))?;
            }
        }
        Ok(files)
    }

    fn format(&self, console: &Console) -> Format {
        match self.output {
            OutputFormat::Auto if console.stdout_is_terminal() => Format::Table,
            OutputFormat::Auto => Format::Jsonl,
            OutputFormat::Chosen(format) => format,
        }
    }

    /// The streams that go to stderr as text: none where the data on stdout has them as events.
    fn text_streams(&self, console: &Console) -> SelectedStreams {
        match self.format(console) {
            Format::Json | Format::Jsonl => SelectedStreams::none(),
            _ => self.streams,
        }
    }

    fn settings(&self, console: &Console, losses: &Losses) -> Settings {
        Settings {
            streams: self.streams,
            select: self.select.clone(),
            types: self.types,
            csv: CsvSettings { delimiter: self.csv_delimiter, bom: self.csv_bom, raw: self.csv_raw },
            width: console.width(),
            color: console.stdout_color(),
            terminal: console.stdout_is_terminal(),
            losses: losses.clone(),
            groups: None,
        }
    }
}

/// What a file needs that stdout does not, and the other way round.
fn file_settings(out: &OutFile, stdout: &Settings) -> Settings {
    let mut settings = Settings { color: false, terminal: false, ..stdout.clone() };
    if out.tabs {
        settings.csv.delimiter = b'\t';
    }
    settings
}
