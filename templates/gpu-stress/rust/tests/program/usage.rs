//! Wrong usage is told in one line before anything runs; help is printed where it is asked for.

use crate::call::{Place, complaint};

#[test]
fn help_and_version_are_printed_to_standard_output() {
    for arguments in ["", "-h", "--help", "gpu --help", "selftest gpu --help"] {
        let printed = Place::new().say(arguments).code(0).stderr("").get_output().stdout.clone();
        assert!(String::from_utf8_lossy(&printed).contains("Usage:"), "{arguments}");
    }
    let version = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n");
    Place::new().say("--version").code(0).stdout(version);
    Place::new().say("-V").code(0).stdout(version);
}

#[test]
fn what_makes_no_sense_is_refused_with_one_line() {
    let wrong = [
        "nothing",
        "cpu --duration 0",
        "cpu --duration -1",
        "cpu --duration 1e9h",
        "gpu --memory-fraction 0",
        "gpu --memory-fraction nan",
        "cpu --threads 0",
        "tgpu --threads 1025",
        "cpu --kernel fma --kernel fma",
        "cpu --precision f32 --precision f32",
        "gpu --device 0 --device 0",
        "gpu --device 0 --device 00",
        "gpu --device GPU-a --device gpu-A",
        "gpu --device all --device 0",
        "gpu --device -1",
        "cpu --min-throughput 1e31",
        "cpu --min-throughput 1000000000000000000P",
        "cpu --kernel sort",
        "cpu --max-temperature 0",
        "cpu --min-throughput 9.5X",
        "cpu --json missing/report.json",
        "cpu --backend torch --kernel fma",
        "list --json missing/list.json",
        "selftest",
        "selftest cpu --rounds 0",
        "report",
        "report missing.json",
    ];
    for arguments in wrong {
        let place = Place::new();
        complaint(&place.say(arguments).code(2).stdout(""));
        let left = std::fs::read_dir(place.path("")).expect("it is there").count();
        assert_eq!(left, 0, "nothing is written: {arguments}");
    }
    let empty = Place::new().command().args(["gpu", "--device", ""]).assert().code(2);
    complaint(&empty);
    let line = Place::new().command().args(["cpu", "--duration", "5\nmin"]).assert().code(2);
    complaint(&line);
}

#[test]
fn wrong_usage_is_told_by_option_value_and_what_would_be_right() {
    let place = Place::new();
    let told = [
        ("cpu --duration -1", "--duration -1: not a time such as 90s, 10m or 1h, up to 1000h"),
        ("cpu --memory-fraction 0", "--memory-fraction 0: not a number more than 0 and at most 1"),
        ("cpu --max-temperature 0", "--max-temperature 0: not a number from 1 to 150"),
        ("cpu --threads 1025", "--threads 1025: not a whole number from 1 to 1024"),
        ("cpu --kernel sort", "--kernel sort: there are fma, matmul, memory"),
        ("cpu --kernel fma --kernel fma", "--kernel fma: given twice"),
        ("gpu --device -1", "--device -1: not an index or a UUID"),
        ("selftest", "selftest needs cpu or gpu"),
        ("report missing.json", "missing.json: No such file or directory"),
    ];
    for (words, expected) in told {
        let said = complaint(&place.say(words).code(2));
        assert_eq!(said, format!("error: {expected}\n"));
    }
    let rate = "--min-throughput 0: not a rate above 0 such as 9.5T (k, M, G, T, P)";
    let said = complaint(&place.say("cpu --min-throughput 0").code(2));
    assert_eq!(said, format!("error: {rate}\n"));
    for (words, expected) in [
        (["cpu", "--json", ""], "--json"),
        (["report", "--svg", ""], "--svg"),
        (["report", "", ""], "report"),
    ] {
        let said = complaint(&place.command().args(words).assert().code(2));
        assert_eq!(said, format!("error: {expected}: an empty name\n"));
    }
}

#[test]
fn what_is_not_there_is_refused_with_what_would_help() {
    let said = complaint(&Place::new().say("cpu --precision f16").code(3));
    assert!(said.contains("f16") && said.contains("f32"), "{said}");
    complaint(&Place::new().say("gpu --device 99 --allow-software").code(3));
    complaint(&Place::new().say("gpu --device GPU-0 --allow-software").code(3));
    let place = Place::new();
    let mut command = place.command();
    // The loader of Vulkan then knows of no driver.
    command.env("VK_DRIVER_FILES", "none").env("VK_ICD_FILENAMES", "none");
    let said = complaint(&command.args(["gpu", "--json", "r.json"]).assert().code(3));
    assert!(cfg!(not(target_os = "linux")) || said.contains("no GPU found"), "{said}");
    assert!(!place.path("r.json").exists(), "there is no report of no run");
}

#[test]
#[cfg(not(feature = "torch"))]
fn a_backend_that_was_not_built_says_how_to_build_it() {
    for command in ["cpu", "gpu", "tgpu"] {
        let said = complaint(&Place::new().say(&format!("{command} --backend torch")).code(3));
        assert!(said.contains("--features torch"), "{said}");
    }
}

#[test]
#[cfg(feature = "torch")]
fn torch_runs_and_says_what_it_cannot_be_asked_for() {
    let place = Place::new();
    let words = "cpu --backend torch --duration 0.6s --memory-fraction 0.01 --quiet --json r.json";
    place.say(&format!("{words} --precision f64 --precision bf16")).code(0).stderr("");
    let kernels = &place.json("r.json")["devices"][0]["kernels"];
    for (kernel, precision) in kernels.as_array().expect("an array").iter().zip(["f64", "bf16"]) {
        assert_eq!(
            (&kernel["kernel"], &kernel["precision"]),
            (&"matmul".into(), &precision.into())
        );
        assert!(kernel["operations"].as_u64() > Some(0), "{kernel}");
    }
    let said = complaint(&Place::new().say("cpu --backend torch --precision tf32").code(3));
    assert!(said.contains("tf32") && said.contains("tch"), "{said}");
}

#[test]
#[cfg(target_os = "linux")]
fn standard_output_that_is_full_is_told() {
    let place = Place::new();
    let run = "cpu --duration 0.1s --kernel fma --memory-fraction 0.01 --quiet";
    for words in ["--help", "list", run, &format!("{run} --json -")] {
        let full = std::fs::File::create("/dev/full").expect("it can be opened");
        let mut process = place.process();
        process.args(words.split_whitespace()).stdout(full).stderr(std::process::Stdio::piped());
        let output = process.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{words}: {said}");
        assert!(said.starts_with("error: standard output: "), "{words}: {said}");
        assert_eq!(said.lines().count(), 1, "{words}: {said}");
    }
}
