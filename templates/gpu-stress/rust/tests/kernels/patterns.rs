//! What the shaders make of a counter is what the host makes of it.

use my_project::matrices::{left, right};
use my_project::random::{Pass, random, start};

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
        let faults = vec![0; 72];
        let record = lab.run((MEMORY, "check"), &parameters, &[spoilt, faults], (4, 1)).remove(1);
        let record: Vec<u32> = bytemuck::pod_collect_to_vec(&record);
        let mut places = vec![record[2], record[3]];
        places.sort_unstable();
        let mut expected = vec![offset.wrapping_add(3), offset.wrapping_add(4999)];
        expected.sort_unstable();
        assert_eq!((record[0], record[1], places), (2, 2, expected));
    }
}

#[test]
fn fma_and_matmul_start_from_the_numbers_of_the_host() {
    let Some(found) = adapter() else { return };
    let lab = Lab::new(&found.adapter);
    for seed in SEEDS {
        let source = format!("alias real = f32;\n{FMA}");
        let empty = vec![0; 2 * 4 * 32 * 64];
        let made = lab.run((&source, "main"), &[0, seed], &[empty], (2, 1)).remove(0);
        let expected: Vec<_> = (0..32 * 64).map(|counter| start(counter, seed)).collect();
        assert_eq!(numbers(&made, 4), expected.repeat(2), "both workgroups have the same input");

        let source = format!("alias real = f32;\nalias total = f32;\n{MATMUL}");
        let side = 128;
        let empty = vec![0; 4 * 128 * 128];
        let made = lab.run((&source, "fill"), &[side, seed], &[empty.clone(), empty], (3, 1));
        let all = |element: fn(u32, u32, u32, u32) -> f64| {
            let place = |at| element(at / side, at % side, side, seed);
            (0..side * side).map(place).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&made[0], 4), all(left));
        assert_eq!(numbers(&made[1], 4), all(right));
        let [a, b] = [all(left), all(right)];
        assert_eq!(a[..64 * 128], a[64 * 128..], "rows of A repeat themselves");
        assert!(b.chunks(64).step_by(2).eq(b.chunks(64).skip(1).step_by(2)), "columns of B do");
    }
}

#[test]
fn the_comparison_counts_each_word_that_differs_and_no_other() {
    let Some(found) = adapter() else { return };
    let lab = Lab::new(&found.adapter);
    // Rows of 128 words, in which tiles of 64 rows and of 32 words repeat themselves; and the same
    // number of words in one row, which repeats itself after 2048.
    for [row_shift, row_mask, column_mask] in [[7, 63, 31], [0, 0, 2047], [31, 0, 2047]] {
        let first: Vec<u32> = (1..=2048).collect();
        let words = 128 * 80_u32;
        let at = |word: u32| {
            let row = (word >> row_shift) & row_mask;
            (row * (column_mask + 1) + (word & column_mask)) as usize
        };
        let mut results: Vec<_> = (0..words).map(|word| first[at(word)]).collect();
        let spoilt: Vec<_> = (0..words).step_by(500).chain([words - 1]).collect();
        for &word in &spoilt {
            results[word as usize] ^= 1 << 31;
        }
        let bytes = |words: &[u32]| bytemuck::cast_slice(words).to_vec();
        let buffers = [bytes(&first), bytes(&results), vec![0; 72]];
        let parameters = [words, row_shift, row_mask, column_mask];
        // As many invocations as words, so that each one finds no more than one of them.
        let record = lab.run((COMPARE, "main"), &parameters, &buffers, (40, 1)).remove(2);
        let record: Vec<u32> = bytemuck::pod_collect_to_vec(&record);
        assert_eq!((record[0], record[1]), (22, 22));
        let mut places = record[2..].to_vec();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 16, "sixteen are told, each once");
        assert!(places.iter().all(|place| spoilt.contains(place)), "{places:?}");
        // The last word alone, by few invocations.
        let results: Vec<_> =
            (0..words).map(|word| first[at(word)] ^ (word / (words - 1))).collect();
        let buffers = [bytes(&first), bytes(&results), vec![0; 72]];
        let record = lab.run((COMPARE, "main"), &parameters, &buffers, (3, 1)).remove(2);
        let record: Vec<u32> = bytemuck::pod_collect_to_vec(&record);
        assert_eq!(record[..3], [1, 1, words - 1]);
    }
}
