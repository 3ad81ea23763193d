//! Laws that hold whatever the input.

use proptest::prelude::*;

use my_project::arithmetic::Number::{self, Float, Integer};
use my_project::arithmetic::{Binary, Expression, Position, Unary};
use my_project::arithmetic::{evaluate, floor_divide, modulo, parse};

/// Trees of at most 8 levels, so that no text is too deep or too long.
fn trees() -> impl Strategy<Value = Expression> {
    let integers = (0..=i64::MAX).prop_map(Integer);
    let floats = (0.0..f64::MAX).prop_map(Float);
    let small = (0_i32..100_000).prop_map(|value| Float(f64::from(value) / 1024.0));
    let leaves = prop_oneof![integers, floats, small, Just(Integer(i64::MIN))];
    leaves.prop_map(Expression::Number).prop_recursive(8, 24, 2, |inner| {
        prop_oneof![
            (unary(), inner.clone()).prop_map(|(operator, operand)| {
                Expression::Unary(operator, Position::default(), operand.into())
            }),
            (binary(), inner.clone(), inner).prop_map(|(operator, left, right)| {
                Expression::Binary(operator, Position::default(), left.into(), right.into())
            }),
        ]
    })
}

fn unary() -> impl Strategy<Value = Unary> {
    prop::sample::select(vec![Unary::Negate, Unary::Sqrt])
}

fn binary() -> impl Strategy<Value = Binary> {
    use Binary::{Add, Divide, FloorDivide, Modulo, Multiply, Power, Subtract};

    prop::sample::select(vec![Add, Subtract, Multiply, Divide, FloorDivide, Modulo, Power])
}

/// Integers near zero, near the ends and anywhere.
fn integers() -> impl Strategy<Value = i64> {
    prop_oneof![-9..=9_i64, i64::MIN..=i64::MIN + 9, i64::MAX - 9..=i64::MAX, any::<i64>()]
}

/// Floats with so few digits that every step of the law below is exact.
fn eighths() -> impl Strategy<Value = f64> {
    (-1_000_000_i32..=1_000_000).prop_map(|value| f64::from(value) / 8.0)
}

/// Texts made of what expressions are made of, right or not.
fn texts() -> impl Strategy<Value = String> {
    let tokens = vec!["0", "7", "9223372036854775808", ".5", "1e3", "e", ".", "sqrt", "(", ")"];
    let signs = vec!["+", "-", "*", "/", "//", "%", "**", " ", "\t", "\n", "é", "\0", "🙂"];
    let pieces = prop::sample::select([tokens, signs].concat());
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_tree_that_is_printed_and_read_is_the_same_tree(tree in trees()) {
        prop_assert_eq!(parse(&tree.to_string()), Ok(tree));
    }

    #[test]
    fn a_number_that_is_printed_and_evaluated_is_the_same_number(
        number in prop_oneof![
            integers().prop_map(Integer),
            any::<f64>().prop_filter("is finite", |value| value.is_finite()).prop_map(Float),
        ],
    ) {
        let value = evaluate(&number.to_string());
        prop_assert_eq!(value.map(|value| value.to_string()), Ok(number.to_string()));
    }

    #[test]
    fn quotient_and_modulo_of_integers_make_the_dividend(left in integers(), right in integers()) {
        let quotient = floor_divide(Integer(left), Integer(right));
        let rest = modulo(Integer(left), Integer(right));
        if let (Ok(Integer(quotient)), Ok(Integer(rest))) = (quotient, rest) {
            let product = i128::from(quotient) * i128::from(right);
            prop_assert_eq!(i128::from(left), product + i128::from(rest));
            prop_assert!(rest == 0 || (rest < 0) == (right < 0));
            prop_assert!(rest.unsigned_abs() < right.unsigned_abs());
        } else {
            prop_assert!(right == 0 || (left == i64::MIN && right == -1));
        }
    }

    #[test]
    fn quotient_and_modulo_of_floats_make_the_dividend(left in eighths(), right in eighths()) {
        let quotient = floor_divide(Float(left), Float(right)).map(Number::to_float);
        let rest = modulo(Float(left), Float(right)).map(Number::to_float);
        if let (Ok(quotient), Ok(rest)) = (quotient, rest) {
            prop_assert_eq!((quotient * right + rest).to_bits(), (left + 0.0).to_bits());
            prop_assert_eq!(rest.is_sign_negative(), right.is_sign_negative());
            prop_assert!(rest.abs() < right.abs());
        } else {
            prop_assert_eq!(right.abs().to_bits(), 0);
        }
    }

    #[test]
    fn every_text_has_a_finite_value_or_an_error_inside_it(
        text in prop_oneof![any::<String>(), texts(), Just("(".repeat(10_000))],
    ) {
        match evaluate(&text) {
            Ok(value) => prop_assert!(value.to_float().is_finite()),
            Err(found) => prop_assert!(found.position <= text.chars().count()),
        }
    }
}
