use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::kernels::attention::Sight;
use crate::kernels::places::Places;
use crate::kernels::rotation::RotaryTable;

/// What one pass through the decoder sees: which slots count, in what order, at which positions.
///
/// Positions and order are those of this pass: contiguous over what is kept, so that they stay small for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// For every slot below the highest in use: its token's place in the sequence, [`View::FREE`] for none.
    pub order: Vec<i32>,
    /// For every such slot: its token's position in time, height and width.
    pub positions: [Vec<i32>; 3],
    /// The slots of the rows that are computed now, in sequence order.
    pub rows: Vec<usize>,
}

impl View {
    /// The order of a free slot: after every token.
    pub const FREE: i32 = Sight::FREE;

    /// The view with only some of the new rows.
    pub(super) fn chunk(&self, rows: std::ops::Range<usize>) -> Self {
        Self { rows: self.rows[rows].to_vec(), ..self.clone() }
    }

    /// The view on the device, for all layers of the pass.
    pub(super) fn upload(&self, table: &RotaryTable, device: &Device) -> Sight {
        let span = self.order.len();
        let positions = Tensor::from_data(TensorData::new(self.positions.concat(), [3, span]), device);
        let order = Tensor::<1, Int>::from_data(TensorData::new(self.order.clone(), [span]), device);
        Sight { span, turns: table.rotation(positions), order, places: Places::new(&self.rows, device) }
    }
}
