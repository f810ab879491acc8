//! Attention over slots and patches against a softmax in f64, all scores at once.

use burn::tensor::{ExecutionError, Int, Tensor, TensorData};

use super::kernel::{self, Among, Attention, Plan};
use super::{Heads, Sight, Windows};
use crate::kernels::arena::{ArenaFormat, on_host};
use crate::kernels::places::Places;
use crate::kernels::rotary::turned;
use crate::kernels::rotation::Rotation;
use crate::kernels::self_test::Trial;

const LIMIT: f64 = 5e-6;

/// New rows, free slots, slots held before, and heads: odd ones, then a token of the real models, then a few.
const ARENAS: [([usize; 3], Heads); 3] = [
    ([37, 5, 150], Heads { queries: 6, keys: 2, size: 24 }),
    ([1, 40, 200], Heads { queries: 16, keys: 2, size: 128 }),
    ([2, 0, 126], Heads { queries: 7, keys: 1, size: 128 }),
];

/// Patches of each window, and heads.
const FRAMES: [(&[usize], Heads); 2] = [
    (&[4, 4, 8, 60, 1, 3, 64, 2], Heads { queries: 3, keys: 3, size: 16 }),
    (&[64, 48, 16], Heads { queries: 2, keys: 2, size: 80 }),
];

/// Whether keys are turned beforehand, and parts of the slots.
const WAYS: [(bool, usize); 3] = [(false, 3), (true, 1), (false, 1)];

/// New rows over the slots of an arena in any format and order, some of them free.
pub(in crate::kernels) async fn slots(trial: &mut Trial<'_>) -> Result<(), ExecutionError> {
    for &(shape, heads) in trial.cases(&ARENAS) {
        for format in ArenaFormat::ALL {
            let [rows, free, held] = shape;
            let attention = Attention { heads, rows, span: rows + free + held, among: Among::Slots(format) };
            for plan in plans(trial, &attention, &WAYS) {
                over_slots(trial, format, shape, heads, plan).await?;
            }
        }
    }
    Ok(())
}

async fn over_slots(
    trial: &mut Trial<'_>,
    format: ArenaFormat,
    [rows, free, held]: [usize; 3],
    heads: Heads,
    plan: Plan,
) -> Result<(), ExecutionError> {
    let span = rows + free + held;
    let slots = shuffled(trial, span);
    let (own, spare) = (&slots[held..held + rows], &slots[held + rows..]);
    let mut order = vec![Sight::FREE as usize; span];
    slots[..held + rows].iter().enumerate().for_each(|(token, &slot)| order[slot] = token);
    let turns = trial.numbers(span * heads.size);
    let width = heads.queries * heads.size;
    let queries = trial.numbers(rows * width);
    let features = heads.keys * heads.size;
    let mut held = [trial.numbers(span * features), trial.numbers(span * features)];
    // What a free slot holds may not even be a number.
    for &slot in spare {
        held.iter_mut().for_each(|held| held[slot * features..][..features].fill(f32::NAN));
    }
    let arena = on_host::arena(trial, format, heads, held.each_ref().map(Vec::as_slice));

    let [keys, values] = held.map(|held| on_host::decoded(format, heads, &held));
    let query = |row: usize, head: usize| {
        let query = part(part(&queries, row, width), head, heads.size);
        query.iter().map(|&number| f64::from(number) / heads.query_scale()).collect()
    };
    let key = |slot: usize, head: usize| {
        turned(part(part(&keys, slot, features), head, heads.size), part(&turns, slot, heads.size))
    };
    let operands = Operands {
        queries: (0..rows).map(|row| each(heads.queries, |head| query(row, head))).collect(),
        keys: (0..span).map(|slot| each(heads.keys, |head| key(slot, head))).collect(),
        values: (0..span).map(|slot| part(&values, slot, features)).collect(),
    };
    let expected = attended(heads, &operands, |row, slot| order[slot] <= order[own[row]]);

    let sight = Sight {
        span,
        turns: Rotation::given(trial.tensor(&turns, [span, heads.size])),
        order: whole(trial, &order, [span]),
        places: Places::new(own, trial.device()),
    };
    let queries = trial.tensor(&queries, [rows, width]);
    let made = kernel::over_arena(&queries, heads, &arena, &sight, &|_, _| plan);
    let attention = Attention { heads, rows, span, among: Among::Slots(format) };
    trial.compare(attention.kernel(plan).0.name(), LIMIT, made, &expected).await
}

/// The patches of a frame of windows of any size.
pub(in crate::kernels) async fn patches(trial: &mut Trial<'_>) -> Result<(), ExecutionError> {
    for &(windows, heads) in trial.cases(&FRAMES) {
        let patches = windows.iter().sum();
        let windows = Windows::new(1, windows, trial.device());
        let attention = Attention { heads, rows: patches, span: patches, among: Among::Patches };
        for plan in plans(trial, &attention, &[]) {
            let features = heads.queries * heads.size;
            let (qkv, turns) = (trial.numbers(patches * 3 * features), trial.numbers(patches * heads.size));
            let third = |patch: usize, index: usize| part(part(&qkv, patch, 3 * features), index, features);
            let turned = |patch: usize, index: usize| {
                each(heads.queries, |head| {
                    turned(part(third(patch, index), head, heads.size), part(&turns, patch, heads.size))
                })
            };
            let operands = Operands {
                queries: (0..patches).map(|patch| turned(patch, 0)).collect(),
                keys: (0..patches).map(|patch| turned(patch, 1)).collect(),
                values: (0..patches).map(|patch| third(patch, 2)).collect(),
            };
            let expected = attended(heads, &operands, |row, slot| windows.runs[row] == windows.runs[slot]);

            let rotation = Rotation::given(trial.tensor(&turns, [patches, heads.size]));
            let qkv = trial.tensor(&qkv, [patches, 3 * features]);
            let made = kernel::within_frame(&qkv, heads, &rotation, &windows, &|_, _| plan);
            trial.compare(attention.kernel(plan).0.name(), LIMIT, made, &expected).await?;
        }
    }
    Ok(())
}

/// The plans of all adapters that this one can be taken for, and in a thorough test all `ways` to change them.
fn plans(trial: &Trial<'_>, attention: &Attention, ways: &[(bool, usize)]) -> Vec<Plan> {
    let mut plans = Vec::new();
    for adapter in trial.adapters() {
        let plan = attention.plan(adapter);
        let changed = ways.iter().map(|&(turned, splits)| {
            let share = attention.span.div_ceil(splits).next_multiple_of(64);
            Plan { turned, splits: attention.span.div_ceil(share), share, ..plan }
        });
        let all: Vec<Plan> = std::iter::once(plan).chain(changed).collect();
        for &plan in trial.cases(&all) {
            // Many adapters get the same.
            if !plans.contains(&plan) {
                plans.push(plan);
            }
        }
    }
    plans
}

/// Turned queries, not scaled, `[rows][heads][size]` and keys `[slots][kv heads][size]`, values `[slots][kv heads · size]`.
struct Operands<'a> {
    queries: Vec<Vec<Vec<f64>>>,
    keys: Vec<Vec<Vec<f64>>>,
    values: Vec<&'a [f32]>,
}

fn attended(heads: Heads, operands: &Operands<'_>, sees: impl Fn(usize, usize) -> bool) -> Vec<f64> {
    let mut made = Vec::new();
    for (row, queries) in operands.queries.iter().enumerate() {
        for (head, query) in queries.iter().enumerate() {
            let shared = head / (heads.queries / heads.keys);
            let seen: Vec<usize> = (0..operands.keys.len()).filter(|&slot| sees(row, slot)).collect();
            let weight = |&slot: &usize| {
                let score: f64 = query.iter().zip(&operands.keys[slot][shared]).map(|(q, k)| q * k).sum();
                (score / (heads.size as f64).sqrt()).exp()
            };
            let weights: Vec<f64> = seen.iter().map(weight).collect();
            let total: f64 = weights.iter().sum();
            made.extend((0..heads.size).map(|i| {
                let value = |&slot: &usize| f64::from(operands.values[slot][shared * heads.size + i]);
                seen.iter().zip(&weights).map(|(slot, weight)| value(slot) * weight).sum::<f64>() / total
            }));
        }
    }
    made
}

/// The `index`th of the parts of `length` numbers.
fn part(numbers: &[f32], index: usize, length: usize) -> &[f32] {
    &numbers[index * length..][..length]
}

fn each<T>(count: usize, of: impl Fn(usize) -> T) -> Vec<T> {
    (0..count).map(of).collect()
}

/// `0..count` in any order.
fn shuffled(trial: &mut Trial<'_>, count: usize) -> Vec<usize> {
    let mut drawn: Vec<(f32, usize)> = trial.numbers(count).into_iter().zip(0..).collect();
    drawn.sort_by(|a, b| a.0.total_cmp(&b.0));
    drawn.into_iter().map(|(_, number)| number).collect()
}

fn whole<const D: usize>(trial: &Trial<'_>, numbers: &[usize], shape: [usize; D]) -> Tensor<D, Int> {
    let numbers: Vec<i32> = numbers.iter().map(|&number| number as i32).collect();
    Tensor::from_data(TensorData::new(numbers, shape), trial.device())
}
