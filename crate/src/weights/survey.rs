use std::borrow::Cow;
use std::cell::RefCell;

use super::{Checkpoint, Part, Pieces, Read, StoredTensor, TensorStore, WeightsError};
use crate::kernels::format::Format;

/// A tensor that a model is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Of what.
    pub part: Part,
    /// Its name there.
    pub tensor: String,
    /// Its shape.
    pub shape: Vec<usize>,
}

/// A checkpoint that gives no weights and notes what is asked for, so that what loads a model also says what a pack of it
/// has to hold, and in which order.
pub struct Survey<'a> {
    checkpoint: &'a Checkpoint,
    wanted: RefCell<Vec<Wanted>>,
}

impl<'a> Survey<'a> {
    /// Nothing has been asked for yet.
    pub fn new(checkpoint: &'a Checkpoint) -> Self {
        Self { checkpoint, wanted: RefCell::default() }
    }

    /// What was asked for, in order.
    pub fn wanted(self) -> Vec<Wanted> {
        self.wanted.into_inner()
    }

    fn note(&self, part: Part, tensor: &str, shape: &[usize]) {
        let wanted = Wanted { part, tensor: tensor.to_owned(), shape: shape.to_vec() };
        self.wanted.borrow_mut().push(wanted);
    }
}

impl TensorStore for Survey<'_> {
    fn format(&self) -> Format {
        TensorStore::format(self.checkpoint)
    }

    fn tensors(&self) -> Box<dyn Iterator<Item = StoredTensor<'_>> + '_> {
        Box::new(std::iter::empty())
    }

    fn check(&self, part: Part, tensor: &str, shape: &[usize]) -> Result<Cow<'_, str>, WeightsError> {
        self.checkpoint.check(part, tensor, shape)
    }

    fn numbers(&self, part: Part, tensor: &str, shape: &[usize]) -> Result<Read, WeightsError> {
        self.check(part, tensor, shape)?;
        self.note(part, tensor, shape);
        Ok(Read { values: vec![0.0; shape.iter().product()], bytes: 0 })
    }

    fn matrix<'b>(&'b self, part: Part, tensor: &'b str, shape: [usize; 2]) -> Pieces<'b> {
        self.note(part, tensor, &shape);
        Box::new(self.check(part, tensor, &shape).err().map(Err).into_iter())
    }
}
