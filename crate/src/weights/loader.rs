use std::cell::RefCell;

use burn::module::ParamId;
use burn::tensor::{Device, Tensor, TensorData};

use super::{Composition, Named, Origin, Part, TensorStore, WeightsError};
use crate::device::Room;
use crate::kernels::format::{Coded, Format};
use crate::kernels::linear::Linear;
use crate::kernels::matrix::{LARGEST_BINDING, Matrix};
use crate::kernels::rms_norm::RmsNorm;
use crate::kernels::swiglu::SwiGlu;

/// Brings weights from where they are stored onto a device, one tensor at a time.
pub struct Loader<'a> {
    store: &'a dyn TensorStore,
    device: &'a Device,
    room: Room,
    progress: &'a dyn Fn(u64),
    origins: RefCell<Vec<Origin>>,
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
        Self::check(store, device)?;
        Ok(Self { store, device, room: Room::on(device), progress, origins: RefCell::default() })
    }

    /// Whether `device` has room for all that is stored, as far as anybody knows.
    ///
    /// # Errors
    ///
    /// [`WeightsError::TooLarge`].
    pub fn check(store: &dyn TensorStore, device: &Device) -> Result<(), WeightsError> {
        let bytes = store.device_bytes(device);
        match Room::on(device).total {
            Some(free) if bytes > free => Err(WeightsError::TooLarge { bytes, free }),
            _ => Ok(()),
        }
    }

    /// What every parameter that was loaded is made of.
    pub fn origins(self) -> Vec<Origin> {
        self.origins.into_inner()
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
        let values = self.numbers(name, shape)?;
        Ok(Tensor::from_data(TensorData::new(values, *shape), self.loader.device))
    }

    /// A small tensor as a matrix in f32: what stands at an index of the first axis becomes a row.
    ///
    /// # Errors
    ///
    /// As [`tensor`](Self::tensor).
    pub fn flattened(&self, name: &str, shape: &[usize]) -> Result<Matrix, WeightsError> {
        let columns = shape.iter().skip(1).product();
        let coded = Coded::encode(Format::F32, columns, &self.numbers(name, shape)?);
        let matrix = Matrix::coded([coded], self.loader.device);
        self.note(matrix.parameters(), &[name], &[shape], Composition::Stacked)?;
        Ok(matrix)
    }

    /// Notes what a parameter is made of, by names of transformers: those that its file has, or where that has others, as
    /// GGUF does, those that transformers 5 writes.
    fn note(
        &self,
        parameters: Vec<ParamId>,
        names: &[&str],
        shapes: &[&[usize]],
        composition: Composition,
    ) -> Result<(), WeightsError> {
        let mut tensors = Vec::with_capacity(names.len());
        for (name, shape) in names.iter().zip(shapes) {
            let stored = self.loader.store.check(self.part, name, shape)?;
            let [new, old] = self.part.names(name);
            let name = if stored == old { old } else { new };
            tensors.push(Named { name, part: self.part, shape: shape.to_vec() });
        }
        self.loader.origins.borrow_mut().push(Origin { parameters, tensors, composition });
        Ok(())
    }

    fn numbers(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightsError> {
        let &Loader { store, progress, .. } = self.loader;
        let bytes = shape.iter().fold(size_of::<f32>() as u64, |bytes, &side| bytes.saturating_mul(side as u64));
        self.check(name, shape, bytes)?;
        let read = store.numbers(self.part, name, shape)?;
        progress(read.bytes);
        Ok(read.values)
    }

    /// One matrix, `[rows, columns]`, in the store's format, piece by piece.
    ///
    /// # Errors
    ///
    /// As [`TensorStore::matrix`], and [`WeightsError::TensorTooLarge`].
    pub fn matrix(&self, name: &str, shape: [usize; 2]) -> Result<Matrix, WeightsError> {
        let mut pieces = Fallible::new(self.pieces(name, shape)?);
        let matrix = Matrix::coded(&mut pieces, self.loader.device);
        let matrix = pieces.end(matrix)?;
        self.note(matrix.parameters(), &[name], &[&shape], Composition::Stacked)?;
        Ok(matrix)
    }

    /// Matrices of `columns` and of so many rows each, under each other as one.
    fn stacked(&self, names: &[&str], rows: &[usize], columns: usize) -> Result<Matrix, WeightsError> {
        let mut pieces = Vec::with_capacity(names.len());
        for (name, &rows) in names.iter().zip(rows) {
            pieces.push(self.pieces(name, [rows, columns])?);
        }
        let mut pieces = Fallible::new(pieces.into_iter().flatten());
        let matrix = Matrix::coded(joined(&mut pieces), self.loader.device);
        let matrix = pieces.end(matrix)?;
        let shapes: Vec<_> = rows.iter().map(|&rows| [rows, columns]).collect();
        let shapes: Vec<_> = shapes.iter().map(<[_; 2]>::as_slice).collect();
        self.note(matrix.parameters(), names, &shapes, Composition::Stacked)?;
        Ok(matrix)
    }

    /// Two matrices `[rows, columns]`, row by row by turns as one.
    fn by_turns(&self, names: [&str; 2], [rows, columns]: [usize; 2]) -> Result<Matrix, WeightsError> {
        let [even, odd] = names;
        let shape = [rows, columns];
        let (even, odd) = (self.pieces(even, [rows, columns])?, self.pieces(odd, [rows, columns])?);
        let mut pieces = Fallible::new(even.zip(odd).map(|(even, odd)| Ok(Coded::by_turns(&even?, &odd?))));
        // A piece of each, and so twice what one binding holds at most.
        let halves = pieces.by_ref().flat_map(|piece| {
            let cuts: Vec<_> = Matrix::cut(piece.format, piece.rows, piece.columns).collect();
            cuts.into_iter().map(move |rows| piece.part(rows))
        });
        let matrix = Matrix::coded(halves, self.loader.device);
        let matrix = pieces.end(matrix)?;
        self.note(matrix.parameters(), &names, &[&shape, &shape], Composition::ByTurns)?;
        Ok(matrix)
    }

    /// The pieces of a matrix, in the store's format.
    fn pieces<'n>(
        &'n self,
        name: &'n str,
        [rows, columns]: [usize; 2],
    ) -> Result<impl Iterator<Item = Result<Coded, WeightsError>> + 'n, WeightsError> {
        let &Loader { store, device, progress, .. } = self.loader;
        let largest = Matrix::cut(store.format(), rows, columns).map(|piece| piece.len()).max().unwrap_or(0);
        // Words and scales are bindings of their own, and the words are cut to fit one.
        let binding = Matrix::bytes(store.format(), largest, columns, device).min(LARGEST_BINDING as u64);
        self.check(name, &[rows, columns], binding)?;
        let pieces = store.matrix(self.part, name, [rows, columns]);
        Ok(pieces.map(move |piece| {
            let piece = piece?;
            progress(piece.bytes);
            Ok(piece.coded)
        }))
    }

    /// Whether the tensor is as it should be, and `bytes` of it find room.
    fn check(&self, name: &str, shape: &[usize], bytes: u64) -> Result<(), WeightsError> {
        let &Loader { store, room, .. } = self.loader;
        let name = store.check(self.part, name, shape)?;
        if room.fits([bytes]) {
            return Ok(());
        }
        let most = room.total.map_or(room.tensor, |total| total.min(room.tensor));
        Err(WeightsError::TensorTooLarge { name: name.into_owned(), bytes, most })
    }

    /// `{name}.weight` `[outputs, inputs]`, and `{name}.bias` where the layer has one.
    ///
    /// # Errors
    ///
    /// As [`matrix`](Self::matrix) and [`tensor`](Self::tensor).
    pub fn linear(&self, name: &str, inputs: usize, outputs: usize, bias: bool) -> Result<Linear, WeightsError> {
        let weight = self.matrix(&format!("{name}.weight"), [outputs, inputs])?;
        let biased = format!("{name}.bias");
        let bias = bias.then(|| self.tensor(&biased, &[outputs])).transpose()?;
        let linear = Linear::new(weight, bias);
        self.note_bias(&linear, &[&biased], &[outputs], Composition::Stacked)?;
        Ok(linear)
    }

    /// Notes what the bias of `linear` is made of, if it has one.
    fn note_bias(
        &self,
        linear: &Linear,
        names: &[&str],
        lengths: &[usize],
        composition: Composition,
    ) -> Result<(), WeightsError> {
        let shapes: Vec<_> = lengths.iter().map(std::slice::from_ref).collect();
        match linear.parameters().1 {
            Some(bias) => self.note(vec![bias], names, &shapes, composition),
            None => Ok(()),
        }
    }

    /// `{name}.weight` `[features]` as the scale of a normalisation.
    ///
    /// # Errors
    ///
    /// As [`matrix`](Self::matrix) and [`tensor`](Self::tensor).
    pub fn norm(&self, name: &str, features: usize, epsilon: f64) -> Result<RmsNorm, WeightsError> {
        let name = format!("{name}.weight");
        let norm = RmsNorm::new(self.tensor(&name, &[features])?, epsilon);
        self.note(vec![norm.parameter()], &[&name], &[&[features]], Composition::Stacked)?;
        Ok(norm)
    }

    /// `{name}.{part}.weight` and `{name}.{part}.bias` of linear maps of the same inputs, under each other as one.
    ///
    /// # Errors
    ///
    /// As [`matrix`](Self::matrix) and [`tensor`](Self::tensor).
    pub fn stacked_linear(&self, name: &str, inputs: usize, parts: &[(&str, usize)]) -> Result<Linear, WeightsError> {
        let weights: Vec<String> = parts.iter().map(|(part, _)| format!("{name}.{part}.weight")).collect();
        let weights: Vec<&str> = weights.iter().map(String::as_str).collect();
        let outputs: Vec<usize> = parts.iter().map(|&(_, outputs)| outputs).collect();
        let weight = self.stacked(&weights, &outputs, inputs)?;
        let names: Vec<String> = parts.iter().map(|(part, _)| format!("{name}.{part}.bias")).collect();
        let biases = names.iter().zip(&outputs).map(|(name, &outputs)| self.tensor(name, &[outputs]));
        let linear = Linear::new(weight, Some(Tensor::cat(biases.collect::<Result<_, _>>()?, 0)));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.note_bias(&linear, &names, &outputs, Composition::Stacked)?;
        Ok(linear)
    }

    /// `{name}.gate_proj`, `{name}.up_proj` and `{name}.down_proj`, after `norm`.
    ///
    /// # Errors
    ///
    /// As [`matrix`](Self::matrix) and [`tensor`](Self::tensor).
    pub fn swiglu(
        &self,
        norm: RmsNorm,
        name: &str,
        [features, inner]: [usize; 2],
        bias: bool,
    ) -> Result<SwiGlu, WeightsError> {
        let [gate, up] = ["gate_proj", "up_proj"].map(|part| format!("{name}.{part}"));
        let weights = [&gate, &up].map(|part| format!("{part}.weight"));
        let weight = self.by_turns(weights.each_ref().map(String::as_str), [inner, features])?;
        let names = [gate, up].map(|part| format!("{part}.bias"));
        let names = names.each_ref().map(String::as_str);
        let bias_of = |name: &str| self.tensor(name, &[inner]);
        let biases = match bias {
            true => Some(Tensor::stack::<2>(vec![bias_of(names[0])?, bias_of(names[1])?], 1).reshape([2 * inner])),
            false => None,
        };
        let gate_up = Linear::new(weight, biases);
        self.note_bias(&gate_up, &names, &[inner; 2], Composition::ByTurns)?;
        let down = self.linear(&format!("{name}.down_proj"), inner, features, bias)?;
        Ok(SwiGlu::new(norm, gate_up, down))
    }
}

/// Neighbouring pieces that one binding holds become one.
fn joined(pieces: impl Iterator<Item = Coded>) -> impl Iterator<Item = Coded> {
    let mut pieces = pieces.peekable();
    std::iter::from_fn(move || {
        let mut piece = pieces.next()?;
        while let Some(next) = pieces.next_if(|next| {
            let whole = Matrix::cut(piece.format, piece.rows + next.rows, piece.columns).count() == 1;
            whole && piece.columns == next.columns
        }) {
            piece = piece.stacked(next);
        }
        Some(piece)
    })
}

/// The values of an iterator until the first error, which is kept.
struct Fallible<I> {
    values: I,
    error: Option<WeightsError>,
}

impl<T, I: Iterator<Item = Result<T, WeightsError>>> Fallible<I> {
    fn new(values: I) -> Self {
        Self { values, error: None }
    }

    /// What was made of the values, if all of them came.
    fn end<R>(self, made: R) -> Result<R, WeightsError> {
        self.error.map_or(Ok(made), Err)
    }
}

impl<T, I: Iterator<Item = Result<T, WeightsError>>> Iterator for Fallible<I> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        if self.error.is_some() {
            return None;
        }
        self.values.next()?.map_err(|error| self.error = Some(error)).ok()
    }
}
