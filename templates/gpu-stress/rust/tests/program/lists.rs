//! The list has every device, and what each can do, and tells of the drivers that fail.

use std::fs;
use std::process::Command;

use crate::call::{Place, complaint, has_adapter};

#[test]
fn the_list_ends_with_the_cpu() {
    let place = Place::new();
    let output = place.say("list --json l.json").code(0).get_output().stdout.clone();
    let lines = String::from_utf8_lossy(&output).into_owned();
    let heads: Vec<_> = lines.lines().next().into_iter().flat_map(str::split_whitespace).collect();
    let expected = ["index", "name", "kind", "backend", "precisions", "memory", "UUID"];
    assert_eq!(heads, expected, "{lines}");
    let cpu = lines.lines().last().expect("there is the CPU");
    assert!(cpu.starts_with("-  ") && cpu.contains(" GiB "), "{lines}");
    let list = place.json("l.json");
    let devices = list["devices"].as_array().expect("an array");
    assert_eq!(devices.len() + 2, lines.lines().count());
    assert_eq!(devices.last().map(|cpu| &cpu["kind"]), Some(&"cpu".into()));
}

#[test]
fn the_precision_that_every_device_has_comes_first() {
    let place = Place::new();
    place.say("list --json l.json").code(0);
    let list = place.json("l.json");
    for device in list["devices"].as_array().expect("an array") {
        let found = device["precisions"].as_array().expect("an array");
        let order = ["f32", "f16", "f64"].map(serde_json::Value::from);
        let expected: Vec<_> = order.into_iter().filter(|name| found.contains(name)).collect();
        assert_eq!(*found, expected);
        assert_eq!(found[0], "f32");
    }
}

#[test]
#[cfg(unix)]
fn the_host_has_the_name_of_its_kernel() {
    let output = Command::new("uname").arg("-sr").output().expect("uname is there");
    let place = Place::new();
    place.say("list --json l.json").code(0);
    let expected = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert_eq!(place.json("l.json")["host"]["system"], expected);
}

/// A driver of Vulkan that does this when it is first called.
#[cfg(target_os = "linux")]
pub(crate) fn bad_driver(place: &Place, does: &str) -> bool {
    let source = format!("void *vk_icdGetInstanceProcAddr(void *i, char *n) {{ {does} }}\n");
    let is_built = build(place, "icd.so", &source);
    let library = place.path("icd.so");
    let icd = serde_json::json!({ "library_path": library, "api_version": "1.1.0" });
    let described = serde_json::json!({ "file_format_version": "1.0.0", "ICD": icd });
    fs::write(place.path("icd.json"), described.to_string()).expect("a file is written");
    is_built
}

/// Builds a library in C, where there is a compiler.
#[cfg(target_os = "linux")]
fn build(place: &Place, library: &str, source: &str) -> bool {
    let headers = ["stdio", "stdlib", "unistd"].map(|name| format!("#include <{name}.h>\n"));
    fs::write(place.path("library.c"), headers.concat() + source).expect("a file is written");
    let words = ["-w", "-shared", "-fPIC", "-o", library, "library.c"];
    let built = Command::new("cc").args(words).current_dir(place.path("")).status();
    built.is_ok_and(|status| status.success())
}

#[test]
#[cfg(target_os = "linux")]
fn a_driver_that_crashes_is_told_in_one_line() {
    let place = Place::new();
    // Without an adapter there may be no loader that would call this driver.
    if !has_adapter() || !bad_driver(&place, "abort();") {
        return;
    }
    for words in ["list", "gpu", "tgpu --allow-software", "selftest gpu"] {
        let mut command = place.command();
        command.env("VK_DRIVER_FILES", "icd.json").env("VK_ICD_FILENAMES", "icd.json");
        let assert = command.args(words.split_whitespace()).assert().code(3);
        let said = complaint(&assert);
        assert!(said.contains("crashed"), "{words}: {said}");
        let listed = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
        assert_eq!(listed.lines().any(|line| line.starts_with("-  ")), words == "list", "{listed}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn nvml_is_left_alone_where_no_gpu_is_of_its_maker() {
    let place = Place::new();
    let source = "__attribute__((constructor)) void f(void) { abort(); }\n";
    if !build(&place, "libnvidia-ml.so.1", source) {
        return;
    }
    let list = place.path("l.json");
    place.command().args(["list", "--json", "l.json"]).assert().success();
    let text = fs::read_to_string(list).expect("it is written");
    if text.contains("NVIDIA") {
        return;
    }
    let assert = place.command().env("LD_LIBRARY_PATH", place.path("")).arg("list").assert();
    assert.code(0).stderr("");
}
