//! What is read back from the device after a pass: a few logits, a token.

use burn::tensor::{ExecutionError, Tensor};

/// The logits of a few tokens only: features `[1, hidden]` and head rows `[n, hidden]` → `[1, n]`.
pub fn logits_of(features: Tensor<2>, head_rows: Tensor<2>) -> Tensor<2> {
    features.matmul(head_rows.transpose())
}

/// Copies a tensor to the host as `f32`, row by row.
///
/// # Errors
///
/// What went wrong on the device since the last read, an exhausted memory for example.
pub async fn floats<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ExecutionError> {
    let data = tensor.into_data_async().await?;
    Ok(data.iter::<f32>().collect())
}

/// The index of the largest of `logits` `[1, vocabulary]`; the first among equals.
///
/// # Errors
///
/// As [`floats`].
pub async fn arg_max(logits: Tensor<2>) -> Result<u32, ExecutionError> {
    let index = logits.argmax(1).into_data_async().await?;
    Ok(index.iter::<i64>().next().unwrap_or_default() as u32)
}
