use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::kernels::append;
use crate::kernels::attention::Sight;
use crate::kernels::rotary::RotaryTable;

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
    pub const FREE: i32 = i32::MAX;

    /// The view with only some of the new rows.
    pub(super) fn chunk(&self, rows: std::ops::Range<usize>) -> Self {
        Self { rows: self.rows[rows].to_vec(), ..self.clone() }
    }

    /// The view on the device, for all layers of the pass.
    pub(super) fn upload(&self, table: &RotaryTable, device: &Device) -> Sight {
        let span = self.order.len();
        let ints = |values: &[i32]| {
            let data = TensorData::new(values.to_vec(), [values.len()]);
            Tensor::<1, Int>::from_data(data, device)
        };
        let axes = self.positions.each_ref().map(|positions| ints(positions));
        let slots = table.rotation(&axes);
        let rows: Vec<i32> = self.rows.iter().map(|&slot| slot as i32).collect();

        let mask: Vec<f32> = self
            .rows
            .iter()
            .flat_map(|&row| {
                let own = self.order[row];
                self.order.iter().map(move |&slot| if slot <= own { 0.0 } else { f32::NEG_INFINITY })
            })
            .collect();
        Sight {
            span,
            runs: append::runs(&self.rows),
            rows: slots.select(ints(&rows)),
            slots,
            mask: Tensor::from_data(TensorData::new(mask, [self.rows.len(), span]), device),
        }
    }
}
