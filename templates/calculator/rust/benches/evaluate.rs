//! Compares reading and computing an expression with its two floors: reading alone, and the same
//! checked arithmetic written by hand.
//!
//! `cargo bench` prints the times; only their ratios carry over to another machine.

use std::hint::black_box;

use criterion::Criterion;

use my_project::{Number, evaluate, parse};

const EXPRESSION: &str = "2 * (3 + 4) ** 2 - 7 // -2";

fn by_hand([a, b, c, d]: [i64; 4]) -> Option<i64> {
    let product = b.checked_add(c)?.checked_pow(2)?.checked_mul(a)?;
    product.checked_sub(d.checked_neg()?.checked_div_euclid(a)?)
}

fn main() {
    assert_eq!(by_hand([2, 3, 4, 7]), Some(102), "the floor computes the same value");
    assert_eq!(evaluate(EXPRESSION), Ok(Number::Integer(102)));

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("evaluate");
    group.bench_function("whole", |bench| bench.iter(|| evaluate(black_box(EXPRESSION))));
    group.bench_function("floor: reading", |bench| bench.iter(|| parse(black_box(EXPRESSION))));
    group.bench_function("floor: by hand", |bench| {
        bench.iter(|| by_hand(black_box([2, 3, 4, 7])));
    });
    group.finish();
    criterion.final_summary();
}
