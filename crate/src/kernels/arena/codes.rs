//! q8 on plain operations.

use burn::tensor::{FloatDType, Int, IntDType, Tensor};

/// What is next to nothing, and what is too much: 2⁻¹⁰⁰ and 2¹⁰⁰.
const LEAST: f32 = 7.888_609e-31;
const MOST: f32 = 1.267_650_6e30;

/// Rows of numbers `[rows, features]`, `block` of which share a scale → their codes, four a word, `[rows, ⌈features / 4⌉]`,
/// and their scales `[rows, features / block]`.
pub(super) fn encode(numbers: Tensor<2>, block: usize) -> (Tensor<2, Int>, Tensor<2>) {
    let [rows, features] = numbers.dims();
    let blocks = features / block;
    let x = numbers.reshape([rows, blocks, block]);
    let largest = x.clone().abs().max_dim(2);
    let scale = rounded(largest.clone().mul_scalar(1.0 / 127.0))
        .mask_fill(largest.clone().lower_elem(LEAST), 0.0)
        .mask_fill(largest.lower_elem(MOST).bool_not(), f32::NAN);
    // A maximum may pass over what is no number; a sum does not.
    let scale = scale + x.clone().mul_scalar(0.0).sum_dim(2);

    let dead = scale.clone().greater_elem(0.0).bool_not();
    let near = (x.clone() / scale.clone()).round();
    let twice = (x - near.clone() * scale.clone()).mul_scalar(2.0);
    let shape = [rows, blocks, block];
    let wide = scale.clone().expand(shape);
    let up = twice.clone().greater(wide.clone()).float();
    let down = twice.lower_equal(wide.neg()).float();
    let codes = (near + up - down).mask_fill(dead.expand(shape), 0.0).reshape([rows, features]);
    (packed(codes), scale.reshape([rows, blocks]))
}

/// Codes, four a word, `[rows, words]` and scales `[rows, blocks]` of `block` numbers each → numbers
/// `[rows, blocks · block]`.
pub(super) fn decode(words: Tensor<2, Int>, scales: Tensor<2>, block: usize) -> Tensor<2> {
    let ([rows, count], [_, blocks]) = (words.dims(), scales.dims());
    let byte = |index: usize| {
        // Up to the sign, and down with it.
        let code = words.clone().bitwise_left_shift_scalar(24 - 8 * index as i32).bitwise_right_shift_scalar(24);
        code.cast(FloatDType::F32).reshape([rows, count, 1])
    };
    let codes = Tensor::cat((0..4).map(byte).collect(), 2).reshape([rows, 4 * count]);
    let codes = codes.narrow(1, 0, blocks * block).reshape([rows, blocks, block]);
    (codes * scales.reshape([rows, blocks, 1])).reshape([rows, blocks * block])
}

/// To the nearest number of eight bits, the even one of two: Veltkamp, as in Dekker, A floating-point technique for
/// extending the available precision, 1971.
fn rounded(x: Tensor<3>) -> Tensor<3> {
    let wide = x.clone().mul_scalar(65_537.0);
    wide.clone() - (wide - x)
}

/// Whole numbers −128 … 127 `[rows, features]`, four a word, zeros behind the last.
fn packed(codes: Tensor<2>) -> Tensor<2, Int> {
    let [rows, features] = codes.dims();
    let words = features.div_ceil(4);
    let codes = codes.pad((0, 4 * words - features, 0, 0), 0.0);
    let codes = codes.int().cast(IntDType::I32).reshape([rows, words, 4]).bitwise_and_scalar(255);
    let byte = |index: usize| codes.clone().narrow(2, index, 1).bitwise_left_shift_scalar(8 * index as i32);
    let word = byte(0).bitwise_or(byte(1)).bitwise_or(byte(2)).bitwise_or(byte(3));
    word.reshape([rows, words])
}
