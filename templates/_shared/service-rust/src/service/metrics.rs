//! Owns the metrics: what is counted, and how it is told to Prometheus.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::{MetricType, TypedMetric};
use prometheus_client::registry::Registry;

/// The upper bounds of the histogram, in microseconds; all above them share one more bucket.
const BOUNDS: [u32; 14] = [
    5_000, 10_000, 25_000, 50_000, 75_000, 100_000, 250_000, 500_000, 750_000, 1_000_000,
    2_500_000, 5_000_000, 7_500_000, 10_000_000,
];
const MICROSECONDS: f64 = 1e6;

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Request {
    method: &'static str,
    route: &'static str,
    status: u16,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Handling {
    method: &'static str,
    route: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Build {
    version: &'static str,
    language: &'static str,
}

/// What is counted.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    durations: Family<Handling, Durations>,
    pub(super) in_flight: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let (requests, durations, in_flight) =
            (Family::default(), Family::default(), Gauge::default());
        let build = Family::<Build, Gauge>::default();
        build.get_or_create(&Build { version: env!("CARGO_PKG_VERSION"), language: "rust" }).set(1);
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register(
            "http_request_duration_seconds",
            "Time from the header read to the response written",
            durations.clone(),
        );
        registry.register("http_requests_in_flight", "Requests in flight", in_flight.clone());
        registry.register("build_info", "What runs here", build);
        Self { registry, requests, durations, in_flight }
    }
}

impl Metrics {
    /// Writes all as `OpenMetrics` text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a string takes everything");
        text
    }

    /// Returns what counts such requests, to be kept: looking it up takes a lock.
    pub(super) fn series(&self, method: &'static str, route: &'static str, status: u16) -> Series {
        Series {
            method,
            status,
            requests: self.requests.get_or_create_owned(&Request { method, route, status }),
            durations: self.durations.get_or_create_owned(&Handling { method, route }),
        }
    }
}

/// What counts requests that share all their labels.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) method: &'static str,
    pub(super) status: u16,
    requests: Counter,
    durations: Durations,
}

impl Series {
    pub(super) fn count(&self, duration: Duration) {
        self.requests.inc();
        self.durations.observe(duration);
    }
}

/// A histogram that takes no lock, which the one of `prometheus-client` does.
#[derive(Clone, Debug, Default)]
struct Durations(Arc<Buckets>);

#[derive(Debug, Default)]
struct Buckets {
    counts: [AtomicU64; BOUNDS.len() + 1],
    microseconds: AtomicU64,
}

impl Durations {
    fn observe(&self, duration: Duration) {
        let microseconds = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.iter().position(|bound| microseconds <= u64::from(*bound));
        self.0.counts[bucket.unwrap_or(BOUNDS.len())].fetch_add(1, Ordering::Relaxed);
        self.0.microseconds.fetch_add(microseconds, Ordering::Relaxed);
    }
}

impl EncodeMetric for Durations {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        let bounds = BOUNDS.iter().map(|bound| f64::from(*bound) / MICROSECONDS);
        let counts = self.0.counts.iter().map(|count| count.load(Ordering::Relaxed));
        let buckets: Vec<_> = bounds.chain([f64::INFINITY]).zip(counts).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        #[expect(clippy::cast_precision_loss, reason = "exact for 285 years")]
        let sum = self.0.microseconds.load(Ordering::Relaxed) as f64 / MICROSECONDS;
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

impl TypedMetric for Durations {
    const TYPE: MetricType = MetricType::Histogram;
}
