//! Products of two matrices in memory.

use gemm::Parallelism;

use super::Rounding;
#[cfg(target_arch = "x86_64")]
use super::tiles;

/// Multiplications from which on a product is worth more threads than one.
#[cfg(not(target_arch = "wasm32"))]
const WORTH_THREADS: usize = 192 * 192 * 192;

/// A matrix whose rows lie one after the other, or, where it is turned, its columns.
#[derive(Clone, Copy)]
pub struct Factor<'a> {
    pub(super) numbers: &'a [f32],
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) is_turned: bool,
}

impl<'a> Factor<'a> {
    /// Of rows of `columns` numbers.
    pub fn of(numbers: &'a [f32], columns: usize) -> Self {
        let rows = numbers.len() / columns.max(1);
        assert_eq!(rows * columns, numbers.len());
        Self { numbers, rows, columns, is_turned: false }
    }

    /// Transposed.
    pub fn turned(self) -> Self {
        Self { rows: self.columns, columns: self.rows, is_turned: !self.is_turned, ..self }
    }

    /// Numbers from one row to the next, and from one column.
    fn steps(self) -> [isize; 2] {
        if self.is_turned { [1, self.rows as isize] } else { [self.columns as isize, 1] }
    }

    /// Writes the product with `right` to `products`, or adds it to them.
    pub fn times(self, right: Factor<'_>, products: &mut [f32], adds: bool, rounding: Rounding) {
        assert_eq!(products.len(), self.rows * right.columns);
        // SAFETY: they are as many.
        unsafe { self.write_times(right, products.as_mut_ptr(), adds, rounding) }
    }

    /// [`times`](Self::times), where the products need not be numbers yet.
    ///
    /// # Safety
    ///
    /// `rows · right.columns` numbers may be written; with `adds` they may be read as well.
    pub unsafe fn write_times(self, right: Factor<'_>, products: *mut f32, adds: bool, rounding: Rounding) {
        let (m, k, n) = (self.rows, self.columns, right.columns);
        assert_eq!(k, right.rows);
        #[cfg(target_arch = "x86_64")]
        if rounding == Rounding::Bf16 && tiles::serve(m * k * n) {
            // SAFETY: asked above, and as promised.
            return unsafe { tiles::multiply(self, right, products, adds) };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = rounding;
        #[cfg(not(target_arch = "wasm32"))]
        let parallelism = if m * k * n < WORTH_THREADS { Parallelism::None } else { Parallelism::Rayon(0) };
        #[cfg(target_arch = "wasm32")]
        let parallelism = Parallelism::None;
        let ([down, along], [right_down, right_along]) = (self.steps(), right.steps());
        // SAFETY: both factors are of `m · k` and `k · n` numbers, as was asserted when they were made and above; the products
        // as promised.
        unsafe {
            gemm::gemm(
                m,
                n,
                k,
                products,
                1,
                n as isize,
                adds,
                self.numbers.as_ptr(),
                along,
                down,
                right.numbers.as_ptr(),
                right_along,
                right_down,
                1.0_f32,
                1.0_f32,
                false,
                false,
                false,
                parallelism,
            );
        }
    }
}
