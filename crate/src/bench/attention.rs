use burn::tensor::{Device, Distribution, Int, Tensor, TensorData};

use super::Work;
use super::products::ROWS;
use crate::kernels::append;
use crate::kernels::arena::{ArenaFormat, LayerArena};
use crate::kernels::attention::{self, Heads, Sight};
use crate::kernels::places::Places;
use crate::kernels::rotation::RotaryTable;

/// The 3B model's.
const HEADS: Heads = Heads { queries: 16, keys: 2, size: 128 };

/// Over a short memory, a middling one and a long one, in each format; the last rows are the new ones.
pub(super) fn works(device: &Device) -> impl Iterator<Item = Work<'_>> {
    let spans = [1_usize << 10, 1 << 12, 1 << 14].into_iter();
    spans.flat_map(|span| ArenaFormat::ALL.map(|format| (span, format))).flat_map(move |(span, format)| {
        let random = |shape: [usize; 2]| Tensor::<2>::random(shape, Distribution::Uniform(-1.0, 1.0), device);
        let numbers = TensorData::new((0..span as i32).collect::<Vec<_>>(), [span]);
        let order = Tensor::<1, Int>::from_data(numbers, device);
        let table = RotaryTable::new(1e6, HEADS.size / 2, vec![16, 24, 24], span, device);
        let turns = table.rotation(order.clone().unsqueeze_dim::<2>(0).repeat_dim(0, 3));
        let slots: Vec<usize> = (0..span).collect();
        // Of the queries that come with them nothing is asked: one a key is enough.
        let few = Heads { queries: HEADS.keys, ..HEADS };
        let rows = random([span, 3 * few.keys * few.size]);
        let empty = LayerArena::new(format, few, span, device);
        let (arena, _) = append::append(empty, &rows, few, &turns, &Places::new(&slots, device));
        ROWS.map(|rows| {
            let places = Places::new(&slots[span - rows..], device);
            let sight = Sight { span, turns: turns.clone(), order: order.clone(), places };
            let queries = random([rows, HEADS.queries * HEADS.size]);
            let held = span as u64 * format.slot_bytes(HEADS);
            let arena = arena.clone();
            Work {
                operation: "attention",
                shape: format!("{span} slots"),
                rows,
                format: format.name(),
                flops: 4.0 * (rows * span * HEADS.queries * HEADS.size) as f64,
                bytes: held as f64 + (4 * 2 * rows * HEADS.queries * HEADS.size) as f64,
                unpacked: None,
                run: Box::new(move || drop(attention::over_arena(&queries, HEADS, &arena, &sight))),
            }
        })
    })
}
