//! Owns the plot: throughput, temperature and power over time, as `contract/plot.md` has it.

mod svg;
mod times;

use crate::report::{DeviceReport, Report, Sample};

use svg::{Svg, tenths};

const COLOURS: [&str; 6] = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf"];
const BANDS: [&str; 2] = ["#f2f2f2", "#e4e4e4"];
/// Where a time of 0 is.
const LEFT: f64 = 80.0;
/// How wide all times are.
const WIDTH: f64 = 850.0;
/// How high a panel is.
const HEIGHT: f64 = 150.0;
/// From one panel to the next.
const STEP: f64 = 190.0;

/// Where scales may end, in each power of ten.
const STEPS: [f64; 8] = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0];

/// What a panel shows of a sample.
type Value = fn(&Sample) -> Option<f64>;

fn operations(sample: &Sample) -> Option<f64> {
    sample.kernel.counts_operations().then_some(sample.throughput)
}

/// One value of a sample over time.
struct Panel {
    title: &'static str,
    value: Value,
    /// Whether what is shown is of a kernel, so that a line ends with it.
    is_rate: bool,
    /// The first round number that is not less than any value.
    scale: f64,
}

/// Draws a report.
#[must_use]
pub fn draw(report: &Report) -> String {
    let panels = panels(&report.devices);
    let times = samples(&report.devices).map(|sample| sample.time_s);
    let end = Some(times.fold(0.0, f64::max)).filter(|end| *end > 0.0).unwrap_or(1.0);
    let count = |length: usize| crate::number::float(length as u64);
    let first_top = 52.0 + 18.0 * count(report.devices.len());
    let height = 8.0 + first_top + STEP * count(panels.len());
    let mut svg = Svg::default();
    let size = format!("width=\"960.0\" height=\"{0}\" viewBox=\"0 0 960.0 {0}\"", tenths(height));
    let font = "font-family=\"sans-serif\" font-size=\"12\"";
    svg.line(&format!("<svg xmlns=\"http://www.w3.org/2000/svg\" {size} {font}>"));
    svg.line(&format!("<rect width=\"960.0\" height=\"{}\" fill=\"#ffffff\"/>", tenths(height)));
    svg.heading(report);
    let mut top = first_top;
    for (number, panel) in panels.iter().enumerate() {
        svg.bands(&report.devices, end, top, number == 0);
        svg.panel(&report.devices, panel, end, top);
        top += STEP;
    }
    svg.times(end, height);
    svg.line("</svg>");
    svg.into_text()
}

fn samples(devices: &[DeviceReport]) -> impl Iterator<Item = &Sample> {
    devices.iter().flat_map(|device| &device.samples)
}

/// The panels that have a value.
fn panels(devices: &[DeviceReport]) -> Vec<Panel> {
    let is_fast = samples(devices).filter_map(operations).any(|throughput| throughput >= 1e12);
    let rate: (_, Value) = if is_fast {
        ("throughput, TFLOP/s", |sample| operations(sample).map(|rate| rate / 1e12))
    } else {
        ("throughput, GFLOP/s", |sample| operations(sample).map(|rate| rate / 1e9))
    };
    let bytes: Value =
        |sample| (!sample.kernel.counts_operations()).then_some(sample.throughput / 1e9);
    let all: [(_, Value); 4] = [
        rate,
        ("throughput, GB/s", bytes),
        ("temperature, °C", |sample| sample.temperature_c),
        ("power, W", |sample| sample.power_w),
    ];
    let panel = |(title, value): (&'static str, Value)| {
        let largest = samples(devices).filter_map(value).reduce(f64::max)?;
        let is_rate = title.starts_with("throughput");
        Some(Panel { title, value, is_rate, scale: scale(largest) })
    };
    all.into_iter().filter_map(panel).collect()
}

/// The first of 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20 … that is not less.
fn scale(largest: f64) -> f64 {
    let mut decade = 1.0;
    loop {
        for step in STEPS {
            if step * decade >= largest {
                return step * decade;
            }
        }
        decade *= 10.0;
    }
}

impl Svg {
    /// What ran, and the colour of each device.
    fn heading(&mut self, report: &Report) {
        let Report { program, command, started, verdict, .. } = report;
        let (name, status) = (&program.name, verdict.status.name());
        let heading = format!("{name} {command}, {started}: {status}");
        self.text(80.0, 24.0, " font-size=\"16\"", &heading);
        let mut down = 0.0;
        for (device, colour) in report.devices.iter().zip(COLOURS.iter().cycle()) {
            self.rect([80.0, 35.0 + down, 10.0, 10.0], colour);
            let name = &device.name;
            let label = device.index.map_or_else(|| name.clone(), |i| format!("{i}: {name}"));
            self.text(96.0, 44.0 + down, "", &label);
            down += 18.0;
        }
    }

    /// The kernels of the first device, one after the other.
    fn bands(&mut self, devices: &[DeviceReport], end: f64, top: f64, is_named: bool) {
        let samples = devices.first().map(|device| &device.samples[..]).unwrap_or_default();
        let of_kernel = samples.chunk_by(is_same_kernel);
        let mut x0 = LEFT;
        for (band, fill) in of_kernel.zip(BANDS.iter().cycle()) {
            let (Some(first), Some(last)) = (band.first(), band.last()) else { continue };
            let x1 = LEFT + WIDTH * last.time_s / end;
            self.rect([x0, top, x1 - x0, HEIGHT], fill);
            if is_named && x1 - x0 >= 70.0 {
                let precision = first.precision.map(|p| format!(" {p}")).unwrap_or_default();
                let name = format!("{}{precision}", first.kernel);
                self.text(x0 + 4.0, top + 144.0, " fill=\"#666666\"", &name);
            }
            x0 = x1;
        }
    }

    fn panel(&mut self, devices: &[DeviceReport], panel: &Panel, end: f64, top: f64) {
        self.text(80.0, top - 6.0, " fill=\"#333333\"", panel.title);
        for i in 0..=5 {
            let y = top + HEIGHT - HEIGHT * f64::from(i) / 5.0;
            let height = tenths(y);
            let ends = format!("x1=\"80.0\" y1=\"{height}\" x2=\"930.0\" y2=\"{height}\"");
            self.line(&format!("<line {ends} stroke=\"#cccccc\"/>"));
            let value = tenths(panel.scale * f64::from(i) / 5.0);
            self.text(74.0, y + 4.0, " text-anchor=\"end\"", &value);
        }
        for (device, colour) in devices.iter().zip(COLOURS.iter().cycle()) {
            let point = |sample: &Sample| {
                let value = (panel.value)(sample)?;
                let x = LEFT + WIDTH * sample.time_s / end;
                Some((tenths(x), tenths(top + HEIGHT - HEIGHT * value / panel.scale)))
            };
            let goes_on = |before: &Sample, sample: &Sample| {
                let is_same = is_same_kernel(before, sample) || !panel.is_rate;
                is_same && (panel.value)(before).is_some() && (panel.value)(sample).is_some()
            };
            for line in device.samples.chunk_by(goes_on) {
                let line: Vec<_> = line.iter().filter_map(point).collect();
                self.curve(&line, colour);
            }
        }
    }
}

fn is_same_kernel(one: &Sample, other: &Sample) -> bool {
    (one.kernel, one.precision) == (other.kernel, other.precision)
}
