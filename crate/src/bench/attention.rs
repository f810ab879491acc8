use burn::tensor::{Device, Int, Tensor, TensorData};

use super::products::ROWS;
use super::random;
use super::{Scope, SizeError, Work};
use crate::device::Room;
use crate::kernels::append;
use crate::kernels::arena::{ArenaFormat, LayerArena};
use crate::kernels::attention::{self, Among, Attention, Heads, Sight};
use crate::kernels::launch::{self, MOST_WORKGROUPS};
use crate::kernels::places::Places;
use crate::kernels::rotation::{RotaryTable, Rotation};

/// The 3B model's.
const HEADS: Heads = Heads { queries: 16, keys: 2, size: 128 };

/// A short memory, a middling one and a long one.
const SPANS: [usize; 3] = [1 << 10, 1 << 12, 1 << 14];

/// Rows that are written into an arena at once.
const CHUNK: usize = 1024;

/// What is measured: slots and rows.
fn chosen(scope: Scope) -> (&'static [usize], &'static [usize]) {
    match scope {
        Scope::Whole => (&SPANS, &ROWS),
        Scope::Brief => (&SPANS[..1], &ROWS[..1]),
    }
}

/// How many [`works`] there are.
pub(super) fn count(scope: Scope) -> usize {
    let (spans, rows) = chosen(scope);
    spans.len() * rows.len() * ArenaFormat::ALL.len()
}

/// Over each memory in each format; the last rows are the new ones.
pub(super) fn works(scope: Scope, device: &Device) -> impl Iterator<Item = Work> {
    let (spans, rows) = chosen(scope);
    let each = spans.iter().flat_map(|&span| ArenaFormat::ALL.map(|format| (span, format)));
    each.flat_map(move |(span, format)| {
        let held = Held::new(span, HEADS, format, device);
        rows.iter().map(move |&rows| {
            let attention = held.seen_by(rows);
            let features = HEADS.queries * HEADS.size;
            Work {
                operation: "attention",
                shape: format!("{span} slots"),
                rows,
                format: format.name(),
                flops: 4.0 * (rows * span) as f64 * features as f64,
                bytes: (span as u64 * format.slot_bytes(HEADS)) as f64 + (4 * 2 * rows * features) as f64,
                unpacked: None,
                run: Box::new(move || drop(attention.run())),
            }
        })
    })
}

/// Attention by itself: new rows over the slots of an arena that is full, as the model makes it, of numbers that are made
/// up, and the same ones every time.
#[derive(Debug)]
pub struct OverArena {
    queries: Tensor<2>,
    heads: Heads,
    arena: LayerArena,
    sight: Sight,
}

impl OverArena {
    /// The last `rows` of `slots` tokens, keys and values in `format`.
    ///
    /// # Errors
    ///
    /// Sizes that cannot be on `device`, or heads that the kernels do not take.
    pub fn new(
        rows: usize,
        slots: usize,
        heads: Heads,
        format: ArenaFormat,
        device: &Device,
    ) -> Result<Self, SizeError> {
        check(rows, slots, heads, format, device)?;
        Ok(Held::new(slots, heads, format, device).seen_by(rows))
    }

    /// Enqueues it, and gives back what it will have made: `[rows, heads · size]`.
    pub fn run(&self) -> Tensor<2> {
        attention::over_arena(&self.queries, self.heads, &self.arena, &self.sight)
    }
}

/// A full arena.
struct Held {
    arena: LayerArena,
    heads: Heads,
    turns: Rotation,
    order: Tensor<1, Int>,
    device: Device,
}

impl Held {
    fn new(slots: usize, heads: Heads, format: ArenaFormat, device: &Device) -> Self {
        let numbers = TensorData::new((0..slots as i32).collect::<Vec<_>>(), [slots]);
        let order = Tensor::<1, Int>::from_data(numbers, device);
        // As the 3B model's sixty-four are shared out.
        let frequencies = heads.size / 2;
        let side = 3 * frequencies / 8;
        let table = RotaryTable::new(1e6, frequencies, vec![frequencies - 2 * side, side, side], slots, device);
        let turns = table.rotation(order.clone().unsqueeze_dim::<2>(0).repeat_dim(0, 3));
        // Of the queries that come with the rows nothing is asked: one a key is enough.
        let few = Heads { queries: heads.keys, ..heads };
        let rows = random::tensor([CHUNK.min(slots), 3 * few.keys * few.size], device);
        let mut arena = LayerArena::new(format, few, slots, device);
        let all: Vec<usize> = (0..slots).collect();
        for chunk in all.chunks(CHUNK) {
            let rows = rows.clone().narrow(0, 0, chunk.len());
            (arena, _) = append::append(arena, &rows, few, &turns, &Places::new(chunk, device));
        }
        Self { arena, heads, turns, order, device: device.clone() }
    }

    /// As the last `rows` tokens see it.
    fn seen_by(&self, rows: usize) -> OverArena {
        let span = self.arena.slots();
        let own: Vec<usize> = (span - rows..span).collect();
        let places = Places::new(&own, &self.device);
        let sight = Sight { span, turns: self.turns.clone(), order: self.order.clone(), places };
        let queries = random::tensor([rows, self.heads.queries * self.heads.size], &self.device);
        OverArena { queries, heads: self.heads, arena: self.arena.clone(), sight }
    }
}

fn check(rows: usize, slots: usize, heads: Heads, format: ArenaFormat, device: &Device) -> Result<(), SizeError> {
    let impossible = |why: &str| Err(SizeError::Impossible(why.to_owned()));
    if [rows, slots, heads.queries, heads.keys].contains(&0) {
        return impossible("an attention has a row, a slot and heads at least");
    }
    if rows > slots {
        return impossible("the rows stand among the slots: there are as many slots at least");
    }
    if !attention::takes(heads.size) {
        return impossible("a head has 8, 16, 24, … 128 features");
    }
    if !heads.queries.is_multiple_of(heads.keys) {
        return impossible("as many query heads share each key: their number is a multiple of the keys'");
    }
    let bytes = |rows: usize, heads: usize, size: usize| {
        (rows as u64).saturating_mul(heads as u64).saturating_mul(4 * size as u64)
    };
    let asked = bytes(rows, heads.queries, heads.size);
    let held = bytes(slots, heads.keys, heads.size);
    let turns = bytes(slots, 1, heads.size);
    let chunk = bytes(CHUNK.min(slots), 3 * heads.keys, heads.size);
    // In f32, of which a part at least is made: keys that are turned beforehand.
    SizeError::check(&Room::on(device), [asked, held, turns, chunk], [asked, asked, held, held, held, turns, turns])?;
    let Some(adapter) = launch::adapter_of(device) else { return Ok(()) };
    let attention = Attention { heads, rows, span: slots, among: Among::Slots(format) };
    let kernels = attention.kernels(adapter);
    match kernels.iter().all(|(_, workgroups, _)| workgroups.iter().all(|&count| count <= MOST_WORKGROUPS)) {
        true => Ok(()),
        false => Err(SizeError::Impossible(format!("WebGPU runs no more than {MOST_WORKGROUPS} workgroups in a row"))),
    }
}
