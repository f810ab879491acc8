use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData};

use super::{Checkpoint, Part, WeightsError};
use crate::device::Room;
use crate::kernels::format::Format;
use crate::kernels::linear::Linear;
use crate::kernels::matrix::Matrix;
use crate::kernels::rms_norm::RmsNorm;
use crate::kernels::swiglu::SwiGlu;

/// Brings weights from a checkpoint onto a device, one tensor at a time.
pub struct Loader<'a> {
    checkpoint: &'a Checkpoint,
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
    /// `progress` is called after each tensor with the bytes it had in its file.
    ///
    /// # Errors
    ///
    /// [`WeightsError::TooLarge`].
    pub fn new(
        checkpoint: &'a Checkpoint,
        device: &'a Device,
        progress: &'a dyn Fn(u64),
    ) -> Result<Self, WeightsError> {
        let room = Room::on(device);
        let bytes = checkpoint.tensors().map(|(_, info)| info.device_bytes()).sum();
        match room.total {
            Some(free) if bytes > free => Err(WeightsError::TooLarge { bytes, free }),
            _ => Ok(Self { checkpoint, device, room, progress }),
        }
    }

    /// The tensors of `part`.
    pub fn part(&'a self, part: Part) -> PartLoader<'a> {
        PartLoader { loader: self, part }
    }
}

impl PartLoader<'_> {
    /// One small tensor.
    ///
    /// # Errors
    ///
    /// As [`Checkpoint::read`], and [`WeightsError::TensorTooLarge`].
    pub fn tensor<const D: usize>(&self, name: &str, shape: &[usize; D]) -> Result<Tensor<D>, WeightsError> {
        self.rows(name, shape, 0..shape[0])
    }

    /// One matrix, `[rows, columns]`, piece by piece.
    ///
    /// # Errors
    ///
    /// As [`Checkpoint::read`].
    pub fn matrix(&self, name: &str, [rows, columns]: [usize; 2]) -> Result<Matrix, WeightsError> {
        let pieces = Matrix::cut(Format::F32, rows, columns).map(|piece| self.rows(name, &[rows, columns], piece));
        Ok(Matrix::new(pieces.collect::<Result<_, _>>()?))
    }

    fn rows<const D: usize>(
        &self,
        name: &str,
        shape: &[usize; D],
        rows: Range<usize>,
    ) -> Result<Tensor<D>, WeightsError> {
        let mut own = *shape;
        own[0] = rows.len();
        let &Loader { checkpoint, device, room, progress } = self.loader;
        let (found, _) = checkpoint.info(self.part, name, shape)?;
        let bytes = own.iter().fold(size_of::<f32>() as u64, |bytes, &side| bytes.saturating_mul(side as u64));
        if !room.fits([bytes]) {
            let most = room.total.map_or(room.tensor, |total| total.min(room.tensor));
            return Err(WeightsError::TensorTooLarge { name: found.to_owned(), bytes, most });
        }
        let read = checkpoint.read(self.part, name, shape, rows)?;
        let tensor = Tensor::from_data(TensorData::new(read.values, own), device);
        progress(read.bytes);
        Ok(tensor)
    }

    /// `{name}.weight` `[outputs, inputs]`, and `{name}.bias` where the layer has one.
    ///
    /// # Errors
    ///
    /// As [`Checkpoint::read`].
    pub fn linear(&self, name: &str, inputs: usize, outputs: usize, bias: bool) -> Result<Linear, WeightsError> {
        let weight = self.matrix(&format!("{name}.weight"), [outputs, inputs])?;
        let bias = bias.then(|| self.tensor(&format!("{name}.bias"), &[outputs])).transpose()?;
        Ok(Linear::new(weight, bias))
    }

    /// `{name}.weight` `[features]` as the scale of a normalisation.
    ///
    /// # Errors
    ///
    /// As [`Checkpoint::read`].
    pub fn norm(&self, name: &str, features: usize, epsilon: f64) -> Result<RmsNorm, WeightsError> {
        Ok(RmsNorm::new(self.tensor(&format!("{name}.weight"), &[features])?, epsilon))
    }

    /// `{name}.gate_proj`, `{name}.up_proj` and `{name}.down_proj`.
    ///
    /// # Errors
    ///
    /// As [`Checkpoint::read`].
    pub fn swiglu(&self, name: &str, features: usize, inner: usize, bias: bool) -> Result<SwiGlu, WeightsError> {
        Ok(SwiGlu::new(
            self.linear(&format!("{name}.gate_proj"), features, inner, bias)?,
            self.linear(&format!("{name}.up_proj"), features, inner, bias)?,
            self.linear(&format!("{name}.down_proj"), inner, features, bias)?,
        ))
    }
}
