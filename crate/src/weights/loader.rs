use burn::tensor::{Device, Tensor, TensorData};

use super::{Part, TensorStore, WeightsError};
use crate::device::Room;
use crate::kernels::linear::Linear;
use crate::kernels::matrix::Matrix;
use crate::kernels::rms_norm::RmsNorm;
use crate::kernels::swiglu::SwiGlu;

/// Brings weights from where they are stored onto a device, one tensor at a time.
pub struct Loader<'a> {
    store: &'a dyn TensorStore,
    device: &'a Device,
    room: Room,
    progress: &'a dyn Fn(u64),
}

/// A [`Loader`] for one part of the model.
pub struct PartLoader<'a> {
    loader: &'a Loader<'a>,
    part: Part,
}

impl<'a> Loader<'a> {
    /// `progress` is called after each tensor, or piece of one, with the bytes that it had where it is stored.
    ///
    /// # Errors
    ///
    /// [`WeightsError::TooLarge`].
    pub fn new(
        store: &'a dyn TensorStore,
        device: &'a Device,
        progress: &'a dyn Fn(u64),
    ) -> Result<Self, WeightsError> {
        let room = Room::on(device);
        let bytes = store.device_bytes(device);
        match room.total {
            Some(free) if bytes > free => Err(WeightsError::TooLarge { bytes, free }),
            _ => Ok(Self { store, device, room, progress }),
        }
    }

    /// The tensors of `part`.
    pub fn part(&'a self, part: Part) -> PartLoader<'a> {
        PartLoader { loader: self, part }
    }
}

impl PartLoader<'_> {
    /// One small tensor, in f32.
    ///
    /// # Errors
    ///
    /// As [`TensorStore::numbers`], and [`WeightsError::TensorTooLarge`].
    pub fn tensor<const D: usize>(&self, name: &str, shape: &[usize; D]) -> Result<Tensor<D>, WeightsError> {
        let &Loader { store, device, progress, .. } = self.loader;
        let bytes = shape.iter().fold(size_of::<f32>() as u64, |bytes, &side| bytes.saturating_mul(side as u64));
        self.check(name, shape, bytes)?;
        let read = store.numbers(self.part, name, shape)?;
        let tensor = Tensor::from_data(TensorData::new(read.values, *shape), device);
        progress(read.bytes);
        Ok(tensor)
    }

    /// One matrix, `[rows, columns]`, in the store's format, piece by piece.
    ///
    /// # Errors
    ///
    /// As [`TensorStore::matrix`], and [`WeightsError::TensorTooLarge`].
    pub fn matrix(&self, name: &str, [rows, columns]: [usize; 2]) -> Result<Matrix, WeightsError> {
        let &Loader { store, device, progress, .. } = self.loader;
        let largest = Matrix::cut(store.format(), rows, columns).map(|piece| piece.len()).max().unwrap_or(0);
        self.check(name, &[rows, columns], Matrix::bytes(store.format(), largest, columns, device))?;
        let mut failure = None;
        let pieces = store.matrix(self.part, name, [rows, columns]).map_while(|piece| match piece {
            Ok(piece) => {
                progress(piece.bytes);
                Some(piece.coded)
            }
            Err(error) => {
                failure = Some(error);
                None
            }
        });
        let matrix = Matrix::coded(pieces, device);
        failure.map_or(Ok(matrix), Err)
    }

    /// Whether the tensor is as it should be, and `bytes` of it find room.
    fn check(&self, name: &str, shape: &[usize], bytes: u64) -> Result<(), WeightsError> {
        let &Loader { store, room, .. } = self.loader;
        let name = store.check(self.part, name, shape)?;
        if room.fits([bytes]) {
            return Ok(());
        }
        let most = room.total.map_or(room.tensor, |total| total.min(room.tensor));
        Err(WeightsError::TensorTooLarge { name: name.to_owned(), bytes, most })
    }

    /// `{name}.weight` `[outputs, inputs]`, and `{name}.bias` where the layer has one.
    ///
    /// # Errors
    ///
    /// As [`matrix`](Self::matrix) and [`tensor`](Self::tensor).
    pub fn linear(&self, name: &str, inputs: usize, outputs: usize, bias: bool) -> Result<Linear, WeightsError> {
        let weight = self.matrix(&format!("{name}.weight"), [outputs, inputs])?;
        let bias = bias.then(|| self.tensor(&format!("{name}.bias"), &[outputs])).transpose()?;
        Ok(Linear::new(weight, bias))
    }

    /// `{name}.weight` `[features]` as the scale of a normalisation.
    ///
    /// # Errors
    ///
    /// As [`matrix`](Self::matrix) and [`tensor`](Self::tensor).
    pub fn norm(&self, name: &str, features: usize, epsilon: f64) -> Result<RmsNorm, WeightsError> {
        Ok(RmsNorm::new(self.tensor(&format!("{name}.weight"), &[features])?, epsilon))
    }

    /// `{name}.gate_proj`, `{name}.up_proj` and `{name}.down_proj`.
    ///
    /// # Errors
    ///
    /// As [`matrix`](Self::matrix) and [`tensor`](Self::tensor).
    pub fn swiglu(&self, name: &str, features: usize, inner: usize, bias: bool) -> Result<SwiGlu, WeightsError> {
        Ok(SwiGlu::new(
            self.linear(&format!("{name}.gate_proj"), features, inner, bias)?,
            self.linear(&format!("{name}.up_proj"), features, inner, bias)?,
            self.linear(&format!("{name}.down_proj"), inner, features, bias)?,
        ))
    }
}
