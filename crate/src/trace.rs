//! Looking inside a pass: every block's output, for comparing with another implementation.

use burn::tensor::{ExecutionError, Tensor};

use crate::kernels::read_out;

/// Records what each part of a pass gave, or, as by default, nothing.
#[derive(Debug, Default)]
pub struct Trace {
    tape: Option<Vec<(String, Tensor<2>)>>,
}

impl Trace {
    /// A trace that records.
    pub fn recording() -> Self {
        Self { tape: Some(Vec::new()) }
    }

    /// Notes `value` under `name`; it is made only when somebody records.
    pub fn record(&mut self, name: impl FnOnce() -> String, value: impl FnOnce() -> Tensor<2>) {
        if let Some(tape) = &mut self.tape {
            tape.push((name(), value()));
        }
    }

    /// What was recorded, in order, row by row; a pass in several chunks counts as one.
    ///
    /// # Errors
    ///
    /// The device's.
    pub async fn read(self) -> Result<Vec<(String, Vec<f32>)>, ExecutionError> {
        let mut read: Vec<(String, Vec<f32>)> = Vec::new();
        for (name, tensor) in self.tape.unwrap_or_default() {
            let values = read_out::floats(tensor).await?;
            match read.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => known.extend(values),
                None => read.push((name, values)),
            }
        }
        Ok(read)
    }
}
