//! Owns the examples that the help ends with.

/// Examples of a run, and how it may end.
macro_rules! with_statuses {
    ($examples:literal) => {
        concat!(
            $examples,
            "\n\nExit status: 0 held, 1 a fault, 2 wrong usage, 3 no such device, driver or \
             precision, 4 stopped for temperature, 130 or 143 interrupted."
        )
    };
}

pub(crate) const ALL: &str = "\
Examples:
  my-project list
  my-project gpu --duration 10m --json report.json
  my-project report report.json --svg report.svg";

pub(crate) const CPU: &str = with_statuses!(
    "\
Examples:
  my-project cpu --duration 10m
  my-project cpu --kernel matmul --precision f64 --threads 4"
);

pub(crate) const GPU: &str = with_statuses!(
    "\
Examples:
  my-project gpu --duration 1h --json report.json
  my-project gpu --device 0 --kernel fma --precision f16 --min-throughput 60T
  my-project gpu --kernel memory --memory-fraction 1 --max-temperature 85"
);

pub(crate) const TGPU: &str = with_statuses!(
    "\
Examples:
  my-project tgpu --device 0 --threads 8 --duration 10m"
);

pub(crate) const REPORT: &str = "\
Examples:
  my-project report monday.json tuesday.json
  my-project report monday.json --svg monday.svg";

pub(crate) const LIST: &str = "\
Examples:
  my-project list
  my-project list --json devices.json";

pub(crate) const SELFTEST: &str = "\
Examples:
  my-project selftest cpu
  my-project selftest gpu --rounds 1000 --json selftest.json";
