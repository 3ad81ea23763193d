//! Owns tables: rows of words, in columns as wide as they have to be.

use std::io::{self, IsTerminal};

use console::Term;

use my_project::report::{DeviceReport, KernelReport, Report};
use my_project::text;
use my_project::verdict::told_score;

/// What a column is called, and on which side its words stand.
#[derive(Clone, Copy)]
pub(crate) struct Column {
    name: &'static str,
    is_number: bool,
}

impl Column {
    /// A column of words.
    pub(crate) const fn text(name: &'static str) -> Self {
        Self { name, is_number: false }
    }

    const fn number(name: &'static str) -> Self {
        Self { name, is_number: true }
    }

    /// Whether its words may be cut.
    fn is_name(self) -> bool {
        ["file", "device", "name"].contains(&self.name)
    }
}

const KERNELS: [Column; 8] = [
    Column::text("device"),
    Column::text("kernel"),
    Column::text("precision"),
    Column::number("min"),
    Column::number("median"),
    Column::number("max"),
    Column::text("unit"),
    Column::number("errors"),
];

/// Between columns.
const GAP: &str = "  ";
/// What is left of a name at least.
const LEAST: usize = 12;

/// Puts rows below their heads. Where a terminal is too narrow names are cut, and if that is not
/// enough each field has a line of its own.
pub(crate) fn columns(heads: &[Column], rows: &[Vec<String>]) -> String {
    let terminal = Term::stdout();
    let width = terminal.size_checked().map(|(_, width)| usize::from(width));
    set(heads, rows, width.filter(|_| io::stdout().is_terminal()))
}

fn set(heads: &[Column], rows: &[Vec<String>], room: Option<usize>) -> String {
    let rows: Vec<Vec<_>> =
        rows.iter().map(|row| row.iter().map(|word| text::line(word)).collect()).collect();
    let width = |(at, head): (usize, &Column)| {
        let words = rows.iter().map(|row: &Vec<String>| length(&row[at]));
        words.chain([length(head.name)]).max().unwrap_or(0)
    };
    let widths: Vec<_> = heads.iter().enumerate().map(width).collect();
    let Some(widths) = fitting(heads, widths, room) else {
        let field = |(head, word): (&Column, &String)| format!("{}: {word}\n", head.name);
        let fields = |row: &Vec<String>| heads.iter().zip(row).map(field).collect::<String>();
        return rows.iter().map(fields).collect::<Vec<_>>().join("\n");
    };
    let line = |words: Vec<&str>| {
        let cells = heads.iter().zip(&widths).zip(words);
        let cells: Vec<_> = cells.map(|((head, &width), word)| cell(*head, width, word)).collect();
        format!("{}\n", cells.join(GAP).trim_end())
    };
    let names = line(heads.iter().map(|head| head.name).collect());
    let rows = rows.iter().map(|row| line(row.iter().map(String::as_str).collect()));
    format!("{names}{}\n{}", "─".repeat(sum(&widths)), rows.collect::<String>())
}

fn length(word: &str) -> usize {
    word.chars().count()
}

/// The width of a table.
fn sum(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1)
}

/// The widths that columns get where there is so much room; none if that is too little.
fn fitting(heads: &[Column], widths: Vec<usize>, room: Option<usize>) -> Option<Vec<usize>> {
    let Some(room) = room.filter(|room| *room < sum(&widths)) else { return Some(widths) };
    let names: Vec<_> = heads.iter().zip(&widths).filter(|(head, _)| head.is_name()).collect();
    let (longest, of_names) = (names.iter().map(|(_, width)| **width).max()?, names.len());
    let others = sum(&widths) - names.iter().map(|(_, width)| **width).sum::<usize>();
    let limit = room.saturating_sub(others) / of_names;
    let cut =
        |(head, width): (&Column, usize)| if head.is_name() { width.min(limit) } else { width };
    (limit >= LEAST.min(longest)).then(|| heads.iter().zip(widths).map(cut).collect())
}

fn cell(head: Column, width: usize, word: &str) -> String {
    let word = if length(word) > width {
        word.chars().take(width.saturating_sub(1)).chain(['…']).collect()
    } else {
        word.to_owned()
    };
    if head.is_number { format!("{word:>width$}") } else { format!("{word:width$}") }
}

/// A report as a table, what was taken for granted, and its verdict.
pub(crate) fn report(report: &Report) -> String {
    let rows: Vec<_> = report.devices.iter().flat_map(kernels).collect();
    let table = if rows.is_empty() { String::new() } else { columns(&KERNELS, &rows) };
    let scores = report.devices.iter().filter_map(|device| {
        let score = told_score(device.selftest?);
        Some(format!("{}: {score}\n", text::line(&name(device))))
    });
    let notes = report.devices.iter().flat_map(|device| {
        let told = |note| text::line(&format!("note: {}: {note}", name(device)));
        device.notes.iter().map(move |note| told(note) + "\n")
    });
    table + &scores.chain(notes).collect::<String>() + &verdict(report)
}

/// Reports one below the other, each row with its file and its verdict.
pub(crate) fn reports(named: &[(String, Report)]) -> String {
    let heads = [&[Column::text("file")], &KERNELS[..], &[Column::text("verdict")]].concat();
    let mut rows = Vec::new();
    for (file, report) in named {
        let status = report.verdict.status.name().to_owned();
        for row in report.devices.iter().flat_map(kernels) {
            rows.push([vec![file.clone()], row, vec![status.clone()]].concat());
        }
    }
    columns(&heads, &rows)
}

fn kernels(device: &DeviceReport) -> Vec<Vec<String>> {
    device.kernels.iter().map(|kernel| row(device, kernel)).collect()
}

fn row(device: &DeviceReport, kernel: &KernelReport) -> Vec<String> {
    let throughput = &kernel.throughput;
    let found = [throughput.min, throughput.median, throughput.max];
    let largest = found.into_iter().flatten().fold(0.0, f64::max);
    let (unit, size) = kernel.kernel.unit(largest);
    let [min, median, max] =
        found.map(|value| value.map_or_else(|| "-".into(), |value| format!("{:.2}", value / size)));
    let precision = kernel.precision.map_or_else(|| "-".into(), |name| name.to_string());
    let (kernel, errors) = (kernel.kernel.to_string(), kernel.errors.to_string());
    vec![name(device), kernel, precision, min, median, max, unit.into(), errors]
}

/// What a device is called in tables: its index, if it has one, and its name.
pub(crate) fn name(device: &DeviceReport) -> String {
    let index = device.index.map(|index| format!("{index} ")).unwrap_or_default();
    format!("{index}{}", device.name)
}

fn verdict(report: &Report) -> String {
    let verdict = &report.verdict;
    let reasons = verdict.reasons.iter().map(|reason| format!("  {}\n", text::line(reason)));
    format!("{}\n{}", verdict.status.name(), reasons.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::{Column, set};

    #[test]
    fn a_table_that_is_too_wide_has_its_names_cut_or_a_line_for_each_field() {
        let heads = [Column::text("name"), Column::number("min")];
        let rows = [["a\nlong name of it", "1.5"], ["c\u{1b}", "10.5"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        let wide = [
            "name                min",
            "───────────────────────",
            "a long name of it   1.5",
            "c\u{fffd}                 10.5\n",
        ];
        assert_eq!(set(&heads, &rows, None), wide.join("\n"));
        assert_eq!(set(&heads, &rows, Some(23)), wide.join("\n"));
        let cut = set(&heads, &rows, Some(18));
        assert!(cut.lines().any(|line| line == "a long name…   1.5"), "{cut}");
        let narrow = "name: a long name of it\nmin: 1.5\n\nname: c\u{fffd}\nmin: 10.5\n";
        assert_eq!(set(&heads, &rows, Some(17)), narrow);
    }
}
