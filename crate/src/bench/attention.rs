use burn::tensor::{Device, Distribution, Int, Tensor, TensorData};

use super::Work;
use super::products::ROWS;
use crate::kernels::attention::{self, Heads, Sight};
use crate::kernels::places::Places;
use crate::kernels::rotary::RotaryTable;

/// The 3B model's.
const HEADS: Heads = Heads { queries: 16, keys: 2, size: 128 };

/// Over a short memory, a middling one and a long one; the last rows are the new ones.
pub(super) fn works(device: &Device) -> impl Iterator<Item = Work<'_>> {
    [1 << 10, 1 << 12, 1 << 14].into_iter().flat_map(move |span: usize| {
        let random = |shape: [usize; 2]| Tensor::<2>::random(shape, Distribution::Uniform(-1.0, 1.0), device);
        let width = HEADS.keys * HEADS.size;
        let (keys, values) = (random([span, width]), random([span, width]));
        let numbers = TensorData::new((0..span as i32).collect::<Vec<_>>(), [span]);
        let order = Tensor::<1, Int>::from_data(numbers, device);
        let table = RotaryTable::new(1e6, HEADS.size / 2, vec![16, 24, 24], span, device);
        let turns = table.rotation(&[order.clone(), order.clone(), order.clone()]);
        ROWS.map(|rows| {
            let places = Places::new(&(span - rows..span).collect::<Vec<_>>(), device);
            let sight = Sight { span, turns: turns.clone(), order: order.clone(), places };
            let queries = random([rows, HEADS.queries * HEADS.size]);
            let (keys, values) = (keys.clone(), values.clone());
            Work {
                operation: "attention",
                shape: format!("{span} slots"),
                rows,
                format: "f32",
                flops: 4.0 * (rows * span * HEADS.queries * HEADS.size) as f64,
                bytes: (4 * 2 * (span * width + rows * HEADS.queries * HEADS.size)) as f64,
                unpacked: None,
                run: Box::new(move || drop(attention::over_arena(&queries, HEADS, &keys, &values, &sight))),
            }
        })
    })
}
