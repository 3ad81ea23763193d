//! Owns the load: what `oha` sends, and what it finds.

use std::process::{Command, Stdio};

use serde_json::Value;

/// How many connections there are.
const CONNECTIONS: &str = "32";
/// How long a measurement takes.
const SECONDS: &str = "2s";

/// What a load found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Load {
    /// Requests a second.
    pub(crate) rate: f64,
    /// How many there were.
    pub(crate) requests: f64,
    /// The time of the processor for each, in microseconds.
    pub(crate) cost: f64,
    /// Half of them were answered within so many milliseconds.
    pub(crate) p50: f64,
    /// Ninety-nine of a hundred were.
    pub(crate) p99: f64,
}

impl Load {
    /// Asks as often as there are answers.
    pub(crate) fn whole(port: u16, path: &str) -> Self {
        Self::run(port, path, &["-z", SECONDS])
    }

    /// Asks so many times a second.
    pub(crate) fn limited(port: u16, path: &str, rate: f64) -> Self {
        Self::run(port, path, &["-z", SECONDS, "--latency-correction", "-q", &format!("{rate:.0}")])
    }

    /// Asks so many times.
    pub(crate) fn count(port: u16, path: &str, requests: u32) -> Self {
        Self::run(port, path, &["-n", &requests.to_string()])
    }

    /// Returns the median of each number.
    pub(crate) fn median(loads: &[Self]) -> Self {
        let median = |number: fn(&Self) -> f64| {
            let mut numbers: Vec<_> = loads.iter().map(number).collect();
            numbers.sort_by(f64::total_cmp);
            numbers[numbers.len() / 2]
        };
        Self {
            rate: median(|load| load.rate),
            requests: median(|load| load.requests),
            cost: median(|load| load.cost),
            p50: median(|load| load.p50),
            p99: median(|load| load.p99),
        }
    }

    fn run(port: u16, path: &str, words: &[&str]) -> Self {
        let url = format!("http://127.0.0.1:{port}{path}");
        let output = Command::new("taskset")
            .args(["-c", "1", "oha", "--no-tui", "--output-format", "json", "-c", CONNECTIONS])
            .args(words)
            .arg(url)
            .output()
            .expect("Linux has taskset");
        let found: Value = serde_json::from_slice(&output.stdout).expect("oha prints JSON");
        assert_eq!(found["summary"]["successRate"], 1.0, "{found}");
        let statuses = found["statusCodeDistribution"].as_object().expect("there are some");
        assert!(statuses.keys().all(|status| status == "200"), "{statuses:?}");
        let latency = |name: &str| {
            found["latencyPercentiles"][name].as_f64().expect("it is a number") * 1000.0
        };
        let rate = found["summary"]["requestsPerSec"].as_f64().expect("it is a number");
        let requests = statuses.values().filter_map(Value::as_f64).sum();
        Self { rate, requests, cost: 0.0, p50: latency("p50"), p99: latency("p99") }
    }
}

pub(crate) fn is_installed() -> bool {
    let mut oha = Command::new("oha");
    oha.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}
