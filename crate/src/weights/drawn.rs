use std::borrow::Cow;
use std::cell::RefCell;

use rand::rngs::ChaCha8Rng;
use rand::{Rng, RngExt, SeedableRng};

use super::{Part, Piece, Pieces, Read, StoredTensor, TensorStore, WeightsError};
use crate::kernels::format::{Coded, Format};
use crate::kernels::matrix::Matrix;

/// Weights of a model that has learnt nothing: drawn at random, the same ones for the same seed.
///
/// Matrices are normal with variance 1 / inputs, those that lead back into the residual stream with half of it; norms
/// are 1 and biases 0. Any tensor that is asked for is there.
pub struct Drawn {
    random: RefCell<ChaCha8Rng>,
}

impl Drawn {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self { random: RefCell::new(ChaCha8Rng::seed_from_u64(seed)) }
    }

    fn normal(&self, count: usize, deviation: f64) -> Vec<f32> {
        let mut random = self.random.borrow_mut();
        (0..count).map(|_| (normal(&mut *random) * deviation) as f32).collect()
    }
}

/// A number of the standard normal distribution, by Box and Muller.
fn normal(random: &mut impl Rng) -> f64 {
    let (radius, angle): (f64, f64) = (random.random(), random.random());
    // 1 − r is in (0, 1], of which there is a logarithm.
    (-2.0 * (1.0 - radius).ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

fn deviation(tensor: &str, inputs: usize) -> f64 {
    let back = ["o_proj.weight", "down_proj.weight", "attn.proj.weight"];
    let variance = 1.0 / inputs.max(1) as f64;
    if back.iter().any(|end| tensor.ends_with(end)) { (variance / 2.0).sqrt() } else { variance.sqrt() }
}

impl TensorStore for Drawn {
    fn format(&self) -> Format {
        Format::F32
    }

    fn tensors(&self) -> Box<dyn Iterator<Item = StoredTensor<'_>> + '_> {
        Box::new(std::iter::empty())
    }

    fn check(&self, part: Part, tensor: &str, _: &[usize]) -> Result<Cow<'_, str>, WeightsError> {
        let [name, _] = part.names(tensor);
        Ok(Cow::Owned(name))
    }

    fn numbers(&self, _: Part, tensor: &str, shape: &[usize]) -> Result<Read, WeightsError> {
        let count = shape.iter().product();
        let values = match shape {
            [_] if tensor.ends_with(".bias") => vec![0.0; count],
            [_] => vec![1.0; count],
            _ => self.normal(count, deviation(tensor, shape[1..].iter().product())),
        };
        Ok(Read { values, bytes: 0 })
    }

    fn matrix<'a>(&'a self, _: Part, tensor: &'a str, [rows, columns]: [usize; 2]) -> Pieces<'a> {
        let pieces = Matrix::cut(Format::F32, rows, columns).map(move |piece| {
            let values = self.normal(piece.len() * columns, deviation(tensor, columns));
            Ok(Piece { coded: Coded::encode(Format::F32, columns, &values), bytes: 0 })
        });
        Box::new(pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(store: &Drawn, name: &str, shape: [usize; 2]) -> Vec<f32> {
        let pieces = store.matrix(Part::Language, name, shape);
        pieces.flat_map(|piece| piece.unwrap().coded.words).map(f32::from_bits).collect()
    }

    #[test]
    fn a_seed_gives_the_same_weights_and_another_seed_others() {
        let draw = |seed| {
            let store = Drawn::new(seed);
            let first = matrix(&store, "layers.0.self_attn.q_proj.weight", [30, 40]);
            [first, store.numbers(Part::Vision, "patch_embed.proj.weight", &[8, 3, 2, 14, 14]).unwrap().values]
        };
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
        let [first, second] = draw(3);
        assert_ne!(first[..100], second[..100]);
    }

    #[test]
    fn deviations_go_by_the_inputs_and_by_where_a_matrix_leads() {
        let store = Drawn::new(1);
        let deviation = |values: &[f32]| {
            (values.iter().map(|value| f64::from(value * value)).sum::<f64>() / values.len() as f64).sqrt()
        };
        // As many columns as fill whole blocks, so that nothing is filled up with zeros.
        for (name, expected) in [("mlp.gate_proj.weight", 1.0 / 16.0), ("mlp.down_proj.weight", 1.0 / 512.0_f64.sqrt())]
        {
            let found = deviation(&matrix(&store, name, [400, 256]));
            assert!((found / expected - 1.0).abs() < 0.02, "{name}: {found}");
        }
        let filters = store.numbers(Part::Vision, "patch_embed.proj.weight", &[64, 3, 2, 14, 14]).unwrap().values;
        assert!((deviation(&filters) * 1176.0_f64.sqrt() - 1.0).abs() < 0.02);
        assert_eq!(store.numbers(Part::Language, "norm.weight", &[3]).unwrap().values, [1.0; 3]);
        assert_eq!(store.numbers(Part::Language, "layers.0.self_attn.q_proj.bias", &[3]).unwrap().values, [0.0; 3]);
    }
}
