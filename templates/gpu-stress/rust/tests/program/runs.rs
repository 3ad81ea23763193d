//! Runs hold where nothing is wrong, and say so; the report has what was asked and what was found.

use crate::call::{Place, complaint, has_adapter};

/// Little memory, as tests of other programs may run beside.
const SMALL: &str = "--memory-fraction 0.01 --quiet";

#[test]
fn the_cpu_holds_and_its_report_says_how() {
    let place = Place::new();
    let words = format!("cpu --duration 600ms --threads 2 --json r.json {SMALL}");
    complaint(&place.say(&words).code(2));
    let words = format!("cpu --duration 0.6s --threads 2 --json r.json {SMALL}");
    let output = place.say(&words).code(0).stderr("").get_output().stdout.clone();
    assert!(String::from_utf8_lossy(&output).ends_with("held\n"));
    let report = place.json("r.json");
    assert_eq!(report["settings"]["threads"], 2);
    assert_eq!(report["verdict"]["status"], "held");
    let device = &report["devices"][0];
    assert!(device["index"].is_null());
    let kernels: Vec<_> = device["kernels"].as_array().expect("an array").iter().collect();
    let names: Vec<_> = kernels.iter().map(|kernel| kernel["kernel"].as_str()).collect();
    assert_eq!(names, [Some("fma"), Some("matmul"), Some("memory")]);
    for kernel in kernels {
        assert!(kernel["batches"].as_u64() > Some(0), "{kernel}");
        assert!(kernel["throughput"]["median"].as_f64() > Some(0.0), "{kernel}");
        let is_memory = kernel["kernel"] == "memory";
        assert_eq!(kernel["reference"].is_null(), is_memory, "{kernel}");
        assert_eq!(kernel["bytes"] == 0, !is_memory, "{kernel}");
        assert_eq!(kernel["operations"] == 0, is_memory, "{kernel}");
    }
}

#[test]
fn a_gpu_of_software_counts_where_it_is_allowed() {
    if !has_adapter() {
        return;
    }
    let place = Place::new();
    let words = format!("--allow-software --duration 0.6s --device 0 --json r.json {SMALL}");
    for command in ["gpu", "tgpu --threads 2"] {
        place.say(&format!("{command} {words}")).code(0).stderr("");
        let report = place.json("r.json");
        let device = &report["devices"][0];
        assert_eq!(device["index"], 0);
        assert_eq!(device["kernels"].as_array().map(Vec::len), Some(3));
        assert_eq!(report["verdict"]["reasons"].as_array().map(Vec::len), Some(0));
    }
}

#[test]
fn a_run_may_be_as_short_as_can_be() {
    let words = format!("cpu --duration 0.0000000001s --kernel fma {SMALL}");
    Place::new().say(&words).code(0);
}

#[test]
fn standard_output_has_the_report_alone_where_it_is_asked_for_it() {
    let words = format!("cpu --duration 0.1s --kernel fma --json - {SMALL}");
    let output = Place::new().say(&words).code(0).get_output().stdout.clone();
    let report: serde_json::Value = serde_json::from_slice(&output).expect("it is JSON alone");
    assert_eq!(report["command"], "cpu");
}

#[test]
fn what_is_too_slow_or_cannot_be_written_is_a_fault() {
    let place = Place::new();
    let words = format!("cpu --duration 0.1s --kernel fma --min-throughput 9P --json r {SMALL}");
    let said = complaint(&place.say(&words).code(1));
    assert!(said.contains("below 9000.00 TFLOP/s"), "a fault is told though it is quiet: {said}");
    assert_eq!(place.json("r")["verdict"]["exit_status"], 1);
    if cfg!(target_os = "linux") {
        let words = format!("cpu --duration 0.1s --kernel fma --json /dev/full {SMALL}");
        let said = complaint(&place.say(&words).code(1));
        assert_eq!(said, "error: --json /dev/full: No space left on device\n");
    }
}

#[test]
fn without_a_terminal_there_is_a_plain_line_at_the_end_of_each_kernel() {
    let words = "cpu --duration 0.2s --kernel fma --kernel memory --memory-fraction 0.01";
    let output = Place::new().say(words).code(0).get_output().stderr.clone();
    let said = String::from_utf8_lossy(&output).into_owned();
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines[0].starts_with("cpu  fma f32  ") && lines[0].contains("GFLOP/s"), "{said}");
    assert!(lines[1].starts_with("cpu  memory  ") && lines[1].contains("0 errors"), "{said}");
    assert!(lines[0].contains(" avg ") && lines[0].ends_with(" 1 s left"), "{said}");
    assert!(lines[1].ends_with(" 0 s left"), "{said}");
}

#[test]
fn a_selftest_prints_its_score() {
    let place = Place::new();
    let output = place.say("selftest cpu --rounds 2 --json s.json").code(0).get_output().clone();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("caught 6 of 6 flips; 0 false alarms in 6 rounds without"), "{said}");
    assert_eq!(place.json("s.json")["devices"][0]["selftest"]["caught"], 6);
}
