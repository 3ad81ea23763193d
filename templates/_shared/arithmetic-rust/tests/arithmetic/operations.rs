//! What the operations do with numbers that no expression can hold.

use my_project::arithmetic::Number::{self, Float, Integer};
use my_project::arithmetic::{
    Binary, Error, add, divide, floor_divide, modulo, multiply, negate, power, sqrt, subtract,
};

type Operation = fn(Number, Number) -> Result<Number, Error>;

const OPERATIONS: [Operation; 7] = [add, subtract, multiply, divide, floor_divide, modulo, power];

#[test]
fn a_float_that_is_not_finite_goes_into_no_operation() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(Float) {
        for operation in OPERATIONS {
            for good in [Integer(0), Integer(1), Float(0.5), Float(-0.0)] {
                assert_eq!(operation(bad, good).err(), Some(Error::NonFinite), "{bad} and {good}");
                assert_eq!(operation(good, bad).err(), Some(Error::NonFinite), "{good} and {bad}");
            }
        }
        assert_eq!(negate(bad), Err(Error::NonFinite));
        assert_eq!(sqrt(bad), Err(Error::NonFinite));
    }
}

#[test]
fn an_operator_computes_what_its_function_does() {
    use Binary::{Add, Divide, FloorDivide, Modulo, Multiply, Power, Subtract};

    let operators = [Add, Subtract, Multiply, Divide, FloorDivide, Modulo, Power];
    for (operator, operation) in operators.into_iter().zip(OPERATIONS) {
        let (left, right) = (Integer(-7), Integer(3));
        assert_eq!(operator.apply(left, right), operation(left, right), "{operator:?}");
    }
}

#[test]
fn the_smallest_integer_overflows_only_where_it_must() {
    let (smallest, minus_one) = (Integer(i64::MIN), Integer(-1));
    assert_eq!(negate(smallest), Err(Error::Overflow));
    assert_eq!(floor_divide(smallest, minus_one), Err(Error::Overflow));
    assert_eq!(modulo(smallest, minus_one), Ok(Integer(0)));
    assert_eq!(divide(smallest, minus_one), Ok(Float(2.0_f64.powi(63))));
}

#[test]
fn numbers_are_made_of_integers_and_floats() {
    assert_eq!(add(2.into(), 0.5.into()), Ok(Float(2.5)));
}

#[test]
fn of_two_shortest_forms_that_are_equally_near_the_even_one_is_printed() {
    assert_eq!(Float(673_316_300_652_303.0 + 0.25).to_string(), "673316300652303.2");
    assert_eq!(Float(673_316_300_652_303.0 + 0.75).to_string(), "673316300652303.8");
    assert_eq!(Float(2.0_f64.powi(-44)).to_string(), "5.684341886080802e-14");
}
