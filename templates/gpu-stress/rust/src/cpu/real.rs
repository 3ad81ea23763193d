//! Owns the numbers that the CPU computes with, one by one and as vectors.

use bytemuck::Pod;
use faer::traits::ComplexField;
use pulp::Simd;

use crate::Precision;
use crate::reference::narrow;

/// A number, and vectors of it.
pub(super) trait Real: Pod + Send + Sync + ComplexField {
    /// As many as the processor takes at a time.
    type Vector<S: Simd>: Copy;

    const PRECISION: Precision;
    const ONE: Self;

    /// Rounds.
    fn new(number: f64) -> Self;
    fn wide(self) -> f64;
    fn splat<S: Simd>(simd: S, number: Self) -> Self::Vector<S>;
    /// The numbers as vectors, and what is left over.
    fn vectors<S: Simd>(numbers: &mut [Self]) -> (&mut [Self::Vector<S>], &mut [Self]);
    /// a b + c, rounded once where the processor can.
    fn mul_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;
}

/// Makes a type a [`Real`], given the names that `pulp` has for its vectors.
macro_rules! real {
    ($real:ty, $precision:ident, $vector:ident, $splat:ident, $cast:ident, $fma:ident, $new:expr) => {
        impl Real for $real {
            type Vector<S: Simd> = S::$vector;

            const PRECISION: Precision = Precision::$precision;
            const ONE: Self = 1.0;

            fn new(number: f64) -> Self {
                $new(number)
            }

            fn wide(self) -> f64 {
                self.into()
            }

            #[inline(always)]
            fn splat<S: Simd>(simd: S, number: Self) -> S::$vector {
                simd.$splat(number)
            }

            #[inline(always)]
            fn vectors<S: Simd>(numbers: &mut [Self]) -> (&mut [S::$vector], &mut [Self]) {
                S::$cast(numbers)
            }

            #[inline(always)]
            fn mul_add<S: Simd>(
                simd: S,
                a: S::$vector,
                b: S::$vector,
                c: S::$vector,
            ) -> S::$vector {
                simd.$fma(a, b, c)
            }
        }
    };
}

real!(f32, F32, f32s, splat_f32s, as_mut_simd_f32s, mul_add_e_f32s, narrow);
real!(f64, F64, f64s, splat_f64s, as_mut_simd_f64s, mul_add_e_f64s, std::convert::identity);
