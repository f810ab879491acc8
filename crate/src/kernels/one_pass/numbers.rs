//! Loops over numbers that the compiler turns into vector code.

use pulp::{Arch, NullaryFnOnce};

/// Does `work`, compiled for the best that the processor has. Its `call` has to be `#[inline(always)]`; a closure's is not,
/// and is then made for what every processor has.
pub fn vectorised<W: NullaryFnOnce>(work: W) -> W::Output {
    Arch::new().dispatch(work)
}

/// Partial results side by side: of several vectors, as each waits for what came before it.
const LANES: usize = 32;

/// Σ over `f(i)`; in partial sums, since a sum in order cannot be vectorised.
#[inline(always)]
pub fn sum(count: usize, f: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let whole = count - count % LANES;
    for start in (0..whole).step_by(LANES) {
        for (lane, sum) in lanes.iter_mut().enumerate() {
            *sum += f(start + lane);
        }
    }
    for (sum, i) in lanes.iter_mut().zip(whole..count) {
        *sum += f(i);
    }
    joined(lanes, |a, b| a + b)
}

/// The largest of `values`; −∞ of none.
#[inline(always)]
pub fn largest(values: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (largest, &value) in lanes.iter_mut().zip(chunk) {
            *largest = larger(*largest, value);
        }
    }
    for (largest, &value) in lanes.iter_mut().zip(rest) {
        *largest = larger(*largest, value);
    }
    joined(lanes, larger)
}

/// One of all lanes: the half that is left with the other, again and again.
#[inline(always)]
fn joined(mut lanes: [f32; LANES], join: impl Fn(f32, f32) -> f32) -> f32 {
    let mut left = LANES;
    while left > 1 {
        left /= 2;
        for lane in 0..left {
            lanes[lane] = join(lanes[lane], lanes[left + lane]);
        }
    }
    lanes[0]
}

/// eˣ, to 2 units in the last place; 0 and ∞ are never reached, the smallest and largest results are e^∓87.
///
/// By Cephes' way: `x = n ln 2 + r`, a polynomial for `eʳ`, and `2ⁿ` put together from bits. Without a branch, so that the
/// compiler can vectorise it.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // Added to a number of small magnitude, it leaves the nearest whole number in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 87.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let polynomial = 1.987_569_2e-4_f32;
    let polynomial = polynomial * r + 1.398_2e-3;
    let polynomial = polynomial * r + 8.333_452e-3;
    let polynomial = polynomial * r + 4.166_579_6e-2;
    let polynomial = polynomial * r + 0.166_666_66;
    let polynomial = polynomial * r + 0.5;
    let e = polynomial * r * r + r + 1.0;
    let power = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
    e * f32::from_bits(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_exact_to_the_last_places() {
        for i in -8700..=8700_i16 {
            let x = f32::from(i) / 100.0;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error < 3e-7, "{x}: {error:e}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(f32::NEG_INFINITY) < 1e-37 && exp(1e30).is_finite());
    }

    #[test]
    fn sums_and_largest_take_every_number_in() {
        for count in 0..150_u16 {
            let values: Vec<f32> = (0..count).map(|i| f32::from(i * 37 % 41)).collect();
            assert_eq!(sum(values.len(), |i| values[i]), values.iter().sum::<f32>());
            assert_eq!(largest(&values), values.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        }
    }
}
