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
