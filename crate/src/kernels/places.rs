//! Where the rows of a pass stand among the slots of an arena.

use burn::tensor::{Device, Int, Tensor, TensorData};

/// A run of consecutive rows that go to consecutive slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The first row.
    pub row: usize,
    /// The slot that the first row goes to.
    pub slot: usize,
    /// How many.
    pub length: usize,
}

/// Joins the slots of consecutive rows into as few runs as possible.
pub fn runs(slots: &[usize]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (row, &slot) in slots.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if run.slot + run.length == slot => run.length += 1,
            _ => runs.push(Run { row, slot, length: 1 }),
        }
    }
    runs
}

/// The slots of the rows of a pass.
#[derive(Debug, Clone)]
pub struct Places {
    /// A row's slot, `[rows]`.
    pub slots: Tensor<1, Int>,
    /// The same as runs.
    pub runs: Vec<Run>,
}

impl Places {
    /// Row `r` goes to `slots[r]`; no slot twice.
    pub fn new(slots: &[usize], device: &Device) -> Self {
        let numbers: Vec<i32> = slots.iter().map(|&slot| slot as i32).collect();
        let count = numbers.len();
        Self { slots: Tensor::from_data(TensorData::new(numbers, [count]), device), runs: runs(slots) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_join_neighbours_only() {
        let run = |row, slot, length| Run { row, slot, length };
        assert_eq!(runs(&[]), []);
        assert_eq!(runs(&[4, 5, 6]), [run(0, 4, 3)]);
        assert_eq!(runs(&[4, 5, 2, 3, 9]), [run(0, 4, 2), run(2, 2, 2), run(4, 9, 1)]);
        assert_eq!(runs(&[3, 2, 1]), [run(0, 3, 1), run(1, 2, 1), run(2, 1, 1)]);
    }
}
