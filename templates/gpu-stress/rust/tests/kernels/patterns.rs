//! What the shaders make of a counter is what the host makes of it.

use my_project::random::{Pass, element, random, start};

use crate::lab::{Lab, adapter, numbers};

const FMA: &str = include_str!("../../shaders/fma.wgsl");
const MATMUL: &str = include_str!("../../shaders/matmul.wgsl");
const MEMORY: &str = include_str!("../../shaders/memory.wgsl");
const COMPARE: &str = include_str!("../../shaders/compare.wgsl");

const SEEDS: [u32; 3] = [0, 7, 0xfedc_ba98];

#[test]
fn random_words_are_those_of_pcg() {
    // A multiplication, two shifts and a rotation, worked out by hand in arbitrary precision.
    for (counter, seed) in [(0_u32, 1_u32), (1, 0), (12_345, 678), (u32::MAX, u32::MAX)] {
        let modulus = 1_u128 << 32;
        let state = (u128::from(counter) * 747_796_405 + u128::from(seed)) % modulus;
        let word = ((state >> ((state >> 28) + 4)) ^ state) * 277_803_737 % modulus;
        assert_eq!(u128::from(random(counter, seed)), (word >> 22) ^ word);
    }
}

#[test]
fn memory_holds_the_patterns_of_the_host_and_its_check_finds_each_change() {
    let Some(found) = adapter() else { return };
    let lab = Lab::new(&found.adapter);
    let count = 5000_u32;
    for (number, seed) in (0..12).zip(SEEDS.iter().cycle()) {
        let (pass, offset) = (Pass::new(number, *seed), 0xffff_f000_u32);
        let parameters = [pass.pattern as u32, pass.seed, offset, pass.inverted];
        let empty = vec![0; 4 * count as usize];
        let written = lab.run((MEMORY, "write"), &parameters, &[empty], (4, 1)).remove(0);
        let words: Vec<u32> = bytemuck::pod_collect_to_vec(&written);
        let expected: Vec<_> = (0..count).map(|at| pass.word(offset.wrapping_add(at))).collect();
        assert_eq!(words, expected, "{pass:?}");

        let mut spoilt = words;
        for place in [3, 4999] {
            spoilt[place] ^= 1 << 31;
        }
        let spoilt = bytemuck::cast_slice(&spoilt).to_vec();
        // The check needs no parameters bound that it does not read, and has two buffers.
        let faults = vec![0; 68];
        let record = lab.run((MEMORY, "check"), &parameters, &[spoilt, faults], (4, 1)).remove(1);
        let record: Vec<u32> = bytemuck::pod_collect_to_vec(&record);
        let mut places = vec![record[1], record[2]];
        places.sort_unstable();
        let mut expected = vec![offset.wrapping_add(3), offset.wrapping_add(4999)];
        expected.sort_unstable();
        assert_eq!((record[0], places), (2, expected));
    }
}

#[test]
fn fma_and_matmul_start_from_the_numbers_of_the_host() {
    let Some(found) = adapter() else { return };
    let lab = Lab::new(&found.adapter);
    for seed in SEEDS {
        let source = format!("alias real = f32;\n{FMA}");
        let empty = vec![0; 4 * 32 * 64];
        let made = lab.run((&source, "main"), &[0, seed], &[empty], (1, 1)).remove(0);
        let expected: Vec<_> = (0..32 * 64).map(|counter| start(counter, seed)).collect();
        assert_eq!(numbers(&made, 4), expected);

        let source = format!("alias real = f32;\nalias total = f32;\n{MATMUL}");
        let empty = vec![0; 4 * 64 * 64];
        let made = lab.run((&source, "fill"), &[64, seed], &[empty.clone(), empty], (3, 1));
        let elements =
            |first: u32| (0..4096).map(|at| element(first + at, seed)).collect::<Vec<_>>();
        assert_eq!(numbers(&made[0], 4), elements(0));
        assert_eq!(numbers(&made[1], 4), elements(4096));
    }
}

#[test]
fn the_comparison_counts_each_word_that_differs_and_no_other() {
    let Some(found) = adapter() else { return };
    let lab = Lab::new(&found.adapter);
    let first: Vec<u32> = (0..10_000).collect();
    let mut results = first.clone();
    for place in (0..10_000).step_by(500) {
        results[place] ^= 1;
    }
    let buffers = [bytemuck::cast_slice(&first).to_vec(), bytemuck::cast_slice(&results).to_vec()];
    let buffers = [&buffers[..], &[vec![0; 68]]].concat();
    let record = lab.run((COMPARE, "main"), &[10_000, 1 << 20], &buffers, (7, 1)).remove(2);
    let record: Vec<u32> = bytemuck::pod_collect_to_vec(&record);
    assert_eq!(record[0], 20);
    // Sixteen of them are told, each once.
    let mut places = record[1..].to_vec();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), 16);
    assert!(places.iter().all(|place| (place - (1 << 20)).is_multiple_of(500)));
}
