//! Sensors are read from the files of Linux, and bits and places are told apart.

use std::fs;
use std::path::Path;

use my_project::devices;
use my_project::sensors::{Address, Amdgpu, Hwmon};
use my_project::sensors::{LazyNvml, NVIDIA, Reasons, of_gpu};
use my_project::sensors::{Sensors, Source, throttle_reasons};

use proptest::prelude::*;
use tempfile::TempDir;

/// Files with what they hold, below a folder like `/sys`.
pub(crate) fn tree(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().expect("there is a folder for temporary files");
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("folders are made");
        fs::write(path, content).expect("a file is written");
    }
    folder
}

#[test]
fn the_hottest_core_counts_and_the_lowest_limit() {
    let folder = tree(&[
        ("sys/class/hwmon/hwmon0/name", "nvme\n"),
        ("sys/class/hwmon/hwmon0/temp1_input", "99000\n"),
        ("sys/class/hwmon/hwmon1/name", "coretemp\n"),
        ("sys/class/hwmon/hwmon1/temp1_input", "41000\n"),
        ("sys/class/hwmon/hwmon1/temp2_input", "57500\n"),
        ("sys/class/hwmon/hwmon1/temp2_crit", "105000\n"),
        ("sys/class/hwmon/hwmon2/name", "coretemp\n"),
        ("sys/class/hwmon/hwmon2/temp1_input", "51000\n"),
        ("sys/class/hwmon/hwmon2/temp1_crit", "100000\n"),
        ("sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "1000000\n"),
        ("sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq", "3000000\n"),
        ("proc/cpuinfo", "cpu MHz\t\t: 5000.000\n"),
        ("sys/class/thermal/thermal_zone0/temp", "88000\n"),
    ]);
    let mut sensors = Hwmon::find(folder.path());
    let mut reasons = Reasons::new();
    assert_eq!(sensors.source(), Some(Source::Hwmon));
    assert_eq!(sensors.limits(&mut reasons).slowdown_c, Some(100.0));
    let reading = sensors.read(&mut reasons);
    assert_eq!((reading.temperature_c, reading.clock_mhz), (Some(57.5), Some(2000.0)));
    assert!(!reasons.contains_key("temperature_c") && !reasons.contains_key("slowdown_c"));
    assert!(reasons["power_w"] == "no power meter" && !reasons.contains_key("clock_mhz"));
}

#[test]
fn without_sensors_of_its_own_a_cpu_has_those_of_the_board_or_none() {
    let folder = tree(&[
        ("sys/class/thermal/thermal_zone0/temp", "33000\n"),
        ("sys/class/thermal/thermal_zone1/temp", "44000\n"),
        ("sys/class/thermal/thermal_zone2/temp", "broken\n"),
        ("sys/class/powercap/intel-rapl:0/energy_uj", "1\n"),
        ("proc/cpuinfo", "model\t: x\ncpu MHz\t\t: 1000.000\ncpu MHz\t\t: 2000.500\n"),
    ]);
    let (mut sensors, mut reasons) = (Hwmon::find(folder.path()), Reasons::new());
    assert_eq!(sensors.source(), Some(Source::Thermal));
    let reading = sensors.read(&mut reasons);
    assert_eq!((reading.temperature_c, reading.clock_mhz), (Some(44.0), Some(1500.25)));
    assert_eq!(reasons["power_w"], "the power meter is not read");
    assert_eq!(sensors.limits(&mut reasons).slowdown_c, None);

    let (mut sensors, mut reasons) = (Hwmon::find(Path::new("missing")), Reasons::new());
    assert_eq!(sensors.source(), None);
    assert_eq!(sensors.read(&mut reasons).temperature_c, None);
    assert!(reasons.contains_key("temperature_c"), "it is said why there is none");
    assert_eq!(reasons["clock_mhz"], "the system does not tell it");
}

#[test]
fn amd_gpus_are_read_from_the_files_of_their_driver() {
    let device = "bus/pci/devices/0000:0a:00.0";
    let file = |name: &str| format!("{device}/{name}");
    let files = [
        (file("hwmon/hwmon4/temp1_input"), "61000"),
        (file("hwmon/hwmon4/temp1_crit"), "100000"),
        (file("hwmon/hwmon4/power1_input"), "210000000"),
        (file("hwmon/hwmon4/power1_cap"), "300000000"),
        (file("hwmon/hwmon4/freq1_input"), "2400000000"),
        (file("gpu_busy_percent"), "97"),
        (file("mem_info_vram_total"), "17163091968"),
        (file("mem_info_vram_used"), "163091968"),
        (file("unique_id"), "5d3a1c\n"),
        (file("vendor"), "0x1002\n"),
        (file("device"), "0x744c\n"),
    ];
    let files: Vec<_> = files.iter().map(|(name, content)| (name.as_str(), *content)).collect();
    let folder = tree(&files);
    let at = |place| Amdgpu::find(folder.path(), place, 0x744c);
    let mut sensors = at(Some("0000:0A:00.0")).expect("it is there");
    let mut reasons = Reasons::new();
    let (limits, reading) = (sensors.limits(&mut reasons), sensors.read(&mut reasons));
    assert_eq!((limits.slowdown_c, limits.power_w), (Some(100.0), Some(300.0)));
    assert_eq!((reading.temperature_c, reading.power_w), (Some(61.0), Some(210.0)));
    assert_eq!((reading.clock_mhz, reading.utilisation_percent), (Some(2400.0), Some(97.0)));
    assert_eq!(reading.memory_clock_mhz, None);
    assert!(reasons.contains_key("memory_clock_mhz") && reasons.contains_key("throttle"));
    assert_eq!(sensors.memory(), Some((17_163_091_968, 163_091_968)));
    assert_eq!(sensors.uuid().as_deref(), Some("5d3a1c"));
    assert!(at(Some("0000:0b:00.0")).is_none(), "what has a place is looked for there alone");
    assert!(at(None).is_some(), "it is the only one of its kind");
    assert!(Amdgpu::find(folder.path(), None, 0x744d).is_none());
    let twin = folder.path().join("bus/pci/devices/0000:0b:00.0");
    fs::create_dir_all(twin.join("hwmon/hwmon5")).expect("folders are made");
    for name in ["vendor", "device"] {
        fs::copy(folder.path().join(file(name)), twin.join(name)).expect("it is copied");
    }
    assert!(at(None).is_none(), "of two that are alike none is known");
}

#[test]
fn throttle_reasons_are_told_bit_by_bit() {
    assert_eq!(throttle_reasons(0), [""; 0]);
    assert_eq!(throttle_reasons(0x1), ["gpu_idle"]);
    assert_eq!(throttle_reasons(0x44), ["sw_power_cap", "hw_thermal"]);
    assert_eq!(throttle_reasons(0x1000_0080), ["hw_power_brake", "unknown_0x10000000"]);
    assert_eq!(throttle_reasons(u64::MAX).len(), 64);
}

#[test]
fn nvml_is_not_loaded_for_adapters_of_other_makers() {
    let nvml = LazyNvml::new(|| panic!("NVML is asked"));
    for gpu in devices::gpus(&nvml).iter().filter(|gpu| gpu.found.vendor != NVIDIA) {
        assert_eq!(of_gpu(&nvml, &gpu.found).source(), None);
    }
}

proptest! {
    #[test]
    fn places_are_read_with_short_and_long_domains(domain: u16, bus: u8, device in 0_u8..32) {
        let short = format!("{domain:04X}:{bus:02x}:{device:02X}.3");
        let long = format!("0000{domain:04x}:{bus:02X}:{device:02x}.3");
        let [short, long] = [short, long].map(|text| text.parse::<Address>().expect("a place"));
        prop_assert_eq!(short, long);
        prop_assert_eq!(short.to_string().parse(), Ok(short));
    }

    #[test]
    fn no_text_is_a_place_by_accident(text in "[0-9a-fA-F:.+ -]{0,16}") {
        if let Ok(place) = text.parse::<Address>() {
            let shown = place.to_string();
            prop_assert!(shown.ends_with(&text.to_lowercase()[text.len() - 12..]), "{}", shown);
        }
    }
}
