//! Token ids to rows of the embedding matrix.

use burn::tensor::{Int, Tensor, TensorData};

/// Looks up `ids` in `weight` `[vocabulary, features]` → `[ids.len(), features]`.
///
/// The caller guarantees that every id lies inside the vocabulary.
pub fn lookup(weight: Tensor<2>, ids: &[u32]) -> Tensor<2> {
    let device = weight.device();
    let ids: Vec<i32> = ids.iter().map(|&id| id as i32).collect();
    let count = ids.len();
    weight.select(0, Tensor::<1, Int>::from_data(TensorData::new(ids, [count]), &device))
}
