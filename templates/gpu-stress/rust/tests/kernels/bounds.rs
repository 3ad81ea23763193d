//! The bounds of errors hold, and are small enough that a wrong shader is found by them.

use my_project::Precision;
use my_project::load::Wrong;
use my_project::matrices::{Sums, Tile, left, right};
use my_project::reference::{Reference, compare_fma, fma_steps};

use half::f16;

use crate::lab::{Lab, adapter, compare, numbers};

const FMA: &str = include_str!("../../shaders/fma.wgsl");
const MATMUL: &str = include_str!("../../shaders/matmul.wgsl");
const SEED: u32 = 7;
const SIDE: u32 = 256;

fn typed(precision: Precision, shader: &str) -> String {
    let enable = if precision == Precision::F16 { "enable f16;\n" } else { "" };
    let total = if precision == Precision::F64 { "f64" } else { "f32" };
    format!("{enable}alias real = {precision};\nalias total = {total};\n{shader}")
}

/// What the reference says of a shader like `fma`.
fn look_at_fma(lab: &Lab, shader: &str, precision: Precision) -> Reference {
    let (steps, size) = (fma_steps(precision), usize::try_from(precision.size()).expect("small"));
    let source = typed(precision, shader);
    let empty = vec![0; size * 32 * 64];
    let made = lab.run((&source, "main"), &[steps, SEED], &[empty], (1, 1)).remove(0);
    compare_fma(numbers(&made, size), steps, SEED, precision)
}

/// What the reference says of a shader like `matmul`.
fn look_at_matmul(lab: &Lab, shader: &str, precision: Precision) -> Reference {
    let size = usize::try_from(precision.size()).expect("small");
    let source = typed(precision, shader);
    let empty = vec![0; size * (SIDE * SIDE) as usize];
    let filled = lab.run((&source, "fill"), &[SIDE, SEED], &[empty.clone(), empty.clone()], (9, 1));
    let buffers = [&filled[..], &[empty]].concat();
    let groups = (SIDE / 64, SIDE / 64);
    let made = lab.run((&source, "main"), &[SIDE, SEED], &buffers, groups).remove(2);
    let tile = Tile::new(SIDE, SEED, precision, Sums::Tiled);
    tile.compare(SIDE, 0, numbers(&made, size))
}

#[test]
fn each_precision_keeps_its_bound_and_a_wrong_constant_does_not() {
    let Some(found) = adapter() else { return };
    let lab = Lab::new(&found.adapter);
    for &precision in &found.precisions {
        let right = look_at_fma(&lab, FMA, precision);
        assert_eq!(right.wrong.count, 0, "{precision}: {right:?}");
        // As little as this precision tells apart from the right one after so many steps.
        let constant = match precision {
            Precision::F16 => "0.6",
            Precision::F32 => "0.61803",
            _ => "0.6180339887",
        };
        let wrong = FMA.replace("0.6180339887498949", constant);
        assert_ne!(wrong, FMA, "the constant is there to be replaced");
        let wrong = look_at_fma(&lab, &wrong, precision);
        assert!(wrong.wrong.count > 0, "{precision}: {wrong:?}");
    }
}

#[test]
fn each_precision_keeps_its_bound_and_a_product_that_is_left_out_does_not() {
    let Some(found) = adapter() else { return };
    let lab = Lab::new(&found.adapter);
    for &precision in &found.precisions {
        let right = look_at_matmul(&lab, MATMUL, precision);
        assert_eq!(right.wrong.count, 0, "{precision}: {right:?}");
        let wrong = MATMUL.replace("k < 16u", "k < 15u");
        assert_ne!(wrong, MATMUL, "the loop is there to be shortened");
        let wrong = look_at_matmul(&lab, &wrong, precision);
        assert!(wrong.wrong.count > 0, "{precision}: {wrong:?}");
    }
}

/// An element as the shader makes it in f16, but for a block of 16 products that is left out.
fn emulate(row: u32, column: u32, side: u32, left_out: Option<u32>) -> f64 {
    let mut total = 0.0_f32;
    for block in (0..side).step_by(16).filter(|block| Some(*block) != left_out) {
        let mut part = f16::ZERO;
        for k in block..block + 16 {
            let elements = [left(row, k, side, SEED), right(k, column, side, SEED)];
            let [down, across] = elements.map(f16::from_f64);
            part += down * across;
        }
        total += part.to_f32();
    }
    f16::from_f32(total).to_f64()
}

#[test]
fn a_block_of_products_that_is_left_out_is_seen_in_f16_at_every_side() {
    for side in [256, 4096, 8192] {
        let tile = Tile::new(side, SEED, Precision::F16, Sums::Tiled);
        let mean = tile.expected.iter().map(|element| element.abs()).sum::<f64>() / 4096.0;
        let most = tile.tolerance.iter().copied().fold(0.0, f64::max);
        assert!(most < mean / 2.0, "{side}: {most} of {mean}");
        let sum_of = |row, column, block: u32| {
            let products = (block..block + 16)
                .map(|k| left(row, k, side, SEED) * right(k, column, side, SEED));
            products.sum::<f64>()
        };
        let places = (0..64).flat_map(|row| (0..64).map(move |column| (row, column)));
        let block = side / 2;
        let (row, column) = places
            .max_by(|a, b| {
                let sums = [a, b].map(|place| sum_of(place.0, place.1, block).abs());
                sums[0].total_cmp(&sums[1])
            })
            .expect("there are places");
        let first = u64::from(row * 64 + column);
        let right = tile.compare(64, first, [emulate(row, column, side, None)]);
        assert_eq!(right.wrong.count, 0, "{side}: {right:?}");
        let wrong = tile.compare(64, first, [emulate(row, column, side, Some(block))]);
        assert_eq!(wrong.wrong.addresses, [first], "{side}: {wrong:?}");
    }
}

#[test]
fn a_library_that_adds_up_in_sixteen_bits_has_the_bound_for_it() {
    let tile = |accumulator| Tile::new(256, SEED, Precision::F16, Sums::Library { accumulator });
    let [fine, coarse] = [Precision::F32, Precision::F16].map(tile);
    assert_eq!(fine.expected, coarse.expected);
    for (fine, coarse) in fine.tolerance.iter().zip(&coarse.tolerance) {
        assert!(coarse > fine, "{coarse} for {fine}");
    }
}

#[test]
fn every_element_of_a_product_is_held_to_the_tile_that_it_repeats() {
    let tile = Tile::new(SIDE, SEED, Precision::F64, Sums::Tiled);
    let at = |place: u32| (place / SIDE % 64 * 64 + place % 64) as usize;
    let mut all: Vec<_> = (0..SIDE * SIDE).map(|place| tile.expected[at(place)]).collect();
    assert_eq!(tile.compare(SIDE, 0, all.iter().copied()).wrong.count, 0);
    all[200 * 256 + 100] += 1.0;
    // In two parts, as where a product is too large to be read as a whole.
    let (upper, lower) = all.split_at(64 * 256);
    let lower = tile.compare(SIDE, 64 * 256, lower.iter().copied());
    let both = tile.compare(SIDE, 0, upper.iter().copied()).and(&lower);
    assert_eq!((both.samples, both.wrong.addresses), (256 * 256, vec![200 * 256 + 100]));
}

#[test]
fn what_is_not_finite_is_wrong_and_has_no_largest_error() {
    for found in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let reference = compare(&[1.0, found], &[1.0, 1.0], &[0.5, 0.25]);
        assert_eq!(
            (reference.wrong, reference.largest_error),
            (Wrong { count: 1, addresses: vec![1] }, None)
        );
        assert_eq!((reference.samples, reference.tolerance.to_bits()), (2, 0.25_f64.to_bits()));
    }
    let close = compare(&[1.5], &[1.0], &[0.5]);
    assert_eq!((close.wrong.count, close.largest_error), (0, Some(0.5)));
}
