//! Owns tables: rows of words, in columns as wide as they have to be.

use my_project::report::{DeviceReport, KernelReport, Report};
use my_project::verdict::told_score;

/// Puts rows into columns, with two blanks between them.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| {
        rows.iter().filter_map(|row| row.get(at)).map(|word| word.chars().count()).max()
    };
    let widths: Vec<_> = (0..count).map(|at| width(at).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(word, width)| format!("{word:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// The header of the rows of kernels.
fn header(first: &[&str]) -> Vec<String> {
    let names = ["device", "kernel", "precision", "minimum", "median", "maximum", "errors"];
    first.iter().chain(&names).map(|&name| name.to_owned()).collect()
}

/// A report as a table, and its verdict.
pub(crate) fn report(report: &Report) -> String {
    let rows: Vec<_> = report.devices.iter().flat_map(kernels).collect();
    let table =
        if rows.is_empty() { String::new() } else { columns(&[vec![header(&[])], rows].concat()) };
    let scores = report.devices.iter().filter_map(|device| {
        let score = told_score(device.selftest?);
        Some(format!("{}: {score}\n", name(device)))
    });
    table + &scores.collect::<String>() + &verdict(report)
}

/// Reports one below the other, each row with its file and its verdict.
pub(crate) fn reports(named: &[(String, Report)]) -> String {
    let mut rows = vec![[header(&["file"]), vec!["verdict".into()]].concat()];
    for (file, report) in named {
        let status = report.verdict.status.name().to_owned();
        for device in &report.devices {
            for row in kernels(device) {
                rows.push([vec![file.clone()], row, vec![status.clone()]].concat());
            }
        }
    }
    columns(&rows)
}

fn kernels(device: &DeviceReport) -> Vec<Vec<String>> {
    device.kernels.iter().map(|kernel| row(device, kernel)).collect()
}

fn row(device: &DeviceReport, kernel: &KernelReport) -> Vec<String> {
    let show = |value: Option<f64>| value.map_or("-".into(), |value| kernel.kernel.show(value));
    let throughput = &kernel.throughput;
    vec![
        name(device),
        kernel.kernel.to_string(),
        kernel.precision.map_or("-".into(), |precision| precision.to_string()),
        show(throughput.min),
        show(throughput.median),
        show(throughput.max),
        kernel.errors.to_string(),
    ]
}

/// What a device is called in tables: its index, and its name.
pub(crate) fn name(device: &DeviceReport) -> String {
    let index = device.index.map_or("cpu".into(), |index| index.to_string());
    format!("{index} {}", device.name)
}

fn verdict(report: &Report) -> String {
    let verdict = &report.verdict;
    let reasons = verdict.reasons.iter().map(|reason| format!("  {reason}\n"));
    format!("{}\n{}", verdict.status.name(), reasons.collect::<String>())
}
