//! The bounds of errors hold, and are small enough that a wrong shader is found by them.

use my_project::Precision;
use my_project::load::Wrong;
use my_project::reference::{Reference, Sums, fma, fma_steps};
use my_project::reference::{fma_tolerance, product};

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
    let expected: Vec<_> = (0..64).flat_map(|at| fma(at, steps, SEED, precision)).collect();
    let tolerance = vec![fma_tolerance(precision, steps); expected.len()];
    compare(&numbers(&made, size), &expected, &tolerance)
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
    let places: Vec<_> = (0..SIDE).map(|at| (at, at * 7 % SIDE)).collect();
    let all = numbers(&made, size);
    let found: Vec<_> = places.iter().map(|&(r, c)| all[(r * SIDE + c) as usize]).collect();
    let right = places.iter().map(|&place| product(place, SIDE, SEED, precision, Sums::Tiled));
    let (expected, tolerance): (Vec<_>, Vec<_>) = right.unzip();
    compare(&found, &expected, &tolerance)
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
