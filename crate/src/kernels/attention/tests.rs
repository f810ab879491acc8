//! The kernels against the reference, whatever the shape, the order of the slots and the design.

use std::cell::RefCell;

use burn::tensor::{Device, Int, Tensor, TensorData, s};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::kernels::arena::{ArenaFormat, LayerArena};
use crate::kernels::places::{Places, runs};
use crate::kernels::rotation::RotaryTable;
use crate::kernels::{Adapter, gpu};

/// Adapters that the kernels are made for: a software adapter with subgroups, and the rest.
const ADAPTERS: [Adapter; 2] = [Adapter { software: true, half: false, subgroup: 8 }, Adapter::CARD];

/// The largest difference, over the largest number.
const BOUND: f32 = 1e-5;

struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }

    fn numbers(&mut self, shape: [usize; 2]) -> Tensor<2> {
        let values: Vec<f32> =
            (0..shape[0] * shape[1]).map(|_| self.below(1 << 20) as f32 / (1 << 18) as f32 - 2.0).collect();
        Tensor::from_data(TensorData::new(values, shape), &Device::flex())
    }

    /// Some of `0..count`, in any order.
    fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            order.swap(last, self.below(last + 1));
        }
        order
    }
}

fn ints<const D: usize>(values: &[usize], shape: [usize; D]) -> Tensor<D, Int> {
    let values: Vec<i32> = values.iter().map(|&value| value as i32).collect();
    Tensor::from_data(TensorData::new(values, shape), &Device::flex())
}

fn difference(made: Tensor<2>, wanted: Tensor<2>) -> f32 {
    let largest = wanted.clone().abs().max().into_scalar::<f32>();
    (made.to_device(&Device::flex()) - wanted).abs().max().into_scalar::<f32>() / largest
}

/// Rotations of random positions for `rows` rows.
fn turns(random: &mut Random, rows: usize, size: usize) -> Rotation {
    let positions: Vec<usize> = (0..rows).map(|_| random.below(500)).collect();
    RotaryTable::new(1e4, size / 2, vec![size / 2], 500, &Device::flex()).rotation(ints(&positions, [1, rows]))
}

fn on_gpu(sight: &Sight) -> Sight {
    Sight {
        turns: sight.turns.to_device(&gpu()),
        order: sight.order.clone().to_device(&gpu()),
        places: Places { slots: sight.places.slots.clone().to_device(&gpu()), ..sight.places.clone() },
        ..sight.clone()
    }
}

/// New rows of a stream whose tokens stand in slots in any order, some slots free: the worst difference over the designs
/// and over `ways`: whether keys are turned beforehand, and in how many parts the slots are.
fn arena_difference(
    [count, free, held]: [usize; 3],
    heads: Heads,
    format: ArenaFormat,
    seed: u64,
    ways: &[(bool, usize)],
) -> f32 {
    let mut random = Random(seed);
    let span = count + free + held;
    let slots = random.order(span);
    let mut order = vec![Sight::FREE as usize; span];
    slots[..count + held].iter().enumerate().for_each(|(token, &slot)| order[slot] = token);
    let sight = Sight {
        span,
        turns: turns(&mut random, span, heads.size),
        order: ints(&order, [span]),
        places: Places::new(&slots[held..held + count], &Device::flex()),
    };
    let queries = random.numbers([count, heads.queries * heads.size]).mul_scalar(heads.query_scale());
    // More slots than take part.
    let rows = [(); 2].map(|()| random.numbers([span + 3, heads.keys * heads.size]));
    let arena = |rows: [Tensor<2>; 2]| {
        let arena = LayerArena::new(format, heads, span + 3, &Device::flex());
        arena.write(rows, heads, &runs(&(0..span + 3).collect::<Vec<_>>()))
    };
    let wanted = plain::over_arena(&queries, heads, &arena(rows.clone()), &sight);

    // What free slots hold may not even be a number.
    let spoilt = rows.map(|mut rows| {
        for &slot in &slots[held + count..] {
            rows = rows.slice_fill(s![slot..slot + 1, ..], f32::NAN);
        }
        rows
    });
    let (queries, there, sight) = (queries.to_device(&gpu()), arena(spoilt).to_device(&gpu()), on_gpu(&sight));
    let mut worst = 0_f32;
    for adapter in ADAPTERS {
        // Each is a pipeline of its own, and takes a second to compile in software.
        for (turned, splits) in ways {
            let share = span.div_ceil(*splits).next_multiple_of(64);
            let splits = span.div_ceil(share);
            let choose = |attention: &Attention, _: Adapter| {
                let turned = *turned;
                Plan { turned, splits, share, ..attention.plan(adapter) }
            };
            let made = kernel::over_arena(&queries, heads, &there, &sight, &choose).unwrap();
            worst = worst.max(difference(made, wanted.clone()));
        }
    }
    worst
}

/// A frame of windows of any size.
fn frame_difference(windows: &[usize], heads: usize, size: usize, seed: u64) -> f32 {
    let mut random = Random(seed);
    let patches = windows.iter().sum();
    let qkv = random.numbers([patches, 3 * heads * size]);
    let turns = turns(&mut random, patches, size);
    let heads = Heads { queries: heads, keys: heads, size };
    let wanted = plain::within_frame(&qkv, heads, &turns, &Windows::new(1, windows, &Device::flex()));

    let there = Windows::new(1, windows, &gpu());
    let (qkv, turns) = (qkv.to_device(&gpu()), turns.to_device(&gpu()));
    let difference = |adapter: Adapter| {
        let choose = |attention: &Attention, _: Adapter| attention.plan(adapter);
        difference(kernel::within_frame(&qkv, heads, &turns, &there, &choose).unwrap(), wanted.clone())
    };
    ADAPTERS.into_iter().map(difference).fold(0.0, f32::max)
}

fn runner() -> TestRunner {
    // Each head size and group is a pipeline of its own.
    TestRunner::new(Config { cases: 8, failure_persistence: None, ..Config::default() })
}

#[test]
fn rows_over_an_arena_equal_the_reference() {
    let worst = RefCell::new(0_f32);
    let shapes = (
        1..=40_usize,
        0..60_usize,
        0..260_usize,
        1..=8_usize,
        1..=3_usize,
        1..=16_usize,
        any::<(bool, bool, bool, u64)>(),
    );
    let outcome = runner().run(&shapes, |(rows, free, held, group, keys, eighths, (q8, turned, split, seed))| {
        let heads = Heads { queries: group * keys, keys, size: 8 * eighths };
        let format = if q8 { ArenaFormat::Q8 } else { ArenaFormat::F32 };
        let found = arena_difference([rows, free, held], heads, format, seed, &[(turned, if split { 3 } else { 1 })]);
        worst.replace_with(|worst| worst.max(found));
        prop_assert!(found < BOUND, "{found:e}");
        Ok(())
    });
    outcome.unwrap();
    println!("worst relative difference {:e}", worst.into_inner());
}

/// The shapes of the real models, and the least of each.
#[test]
fn shapes_at_the_edges_equal_the_reference() {
    let heads = |queries, keys, size| Heads { queries, keys, size };
    for (rows, free, held, heads) in [
        (1, 0, 0, heads(1, 1, 8)),
        (1, 40, 600, heads(16, 2, 128)),
        (2, 0, 126, heads(28, 4, 128)),
        (37, 5, 300, heads(28, 4, 128)),
    ] {
        for format in ArenaFormat::ALL {
            let found = arena_difference([rows, free, held], heads, format, 7, &[(false, 3), (true, 1)]);
            assert!(found < BOUND, "{rows} rows, {heads:?}, {format:?}: {found:e}");
        }
    }
}

#[test]
fn patches_of_a_frame_equal_the_reference() {
    for (windows, heads, size) in [
        (vec![64, 64, 48, 16], 4, 80),
        (vec![192], 2, 80),
        (vec![1], 1, 8),
        (vec![4, 4, 8, 60, 1, 3, 64, 2], 3, 16),
        (vec![48, 48, 16, 48, 48, 16, 48, 48, 16], 2, 40),
    ] {
        let found = frame_difference(&windows, heads, size, 11);
        assert!(found < BOUND, "{windows:?}, {heads} heads of {size}: {found:e}");
    }
}

#[test]
fn a_number_that_is_none_comes_out_and_nothing_hangs() {
    let heads = Heads { queries: 4, keys: 2, size: 16 };
    let mut random = Random(3);
    let (rows, span) = (9, 70);
    let sight = Sight {
        span,
        turns: turns(&mut random, span, heads.size),
        order: ints(&(0..span).collect::<Vec<_>>(), [span]),
        places: Places::new(&(span - rows..span).collect::<Vec<_>>(), &Device::flex()),
    };
    let [queries, keys, values] =
        [[rows, 64], [span, 32], [span, 32]].map(|shape| random.numbers(shape).to_device(&gpu()));
    let arena = LayerArena::Numbers([keys, values]);
    for spoil in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        // Row 4 alone asks for it.
        let queries = queries.clone().slice_fill(s![4..5, 0..64], spoil);
        for adapter in ADAPTERS {
            let choose = |attention: &Attention, _: Adapter| attention.plan(adapter);
            let made = kernel::over_arena(&queries, heads, &arena, &on_gpu(&sight), &choose).unwrap();
            let made: Vec<f32> = made.into_data().iter().collect();
            assert!(made.iter().enumerate().all(|(at, number)| number.is_finite() == (at / 64 != 4)), "{spoil}");
        }
    }
}

/// Every plan keeps to what WebGPU guarantees, for the real models and long memories.
#[test]
fn plans_keep_to_the_limits() {
    for heads in [Heads { queries: 16, keys: 2, size: 128 }, Heads { queries: 28, keys: 4, size: 128 }] {
        for rows in [1, 2, 5, 143, 256] {
            for span in [1, 63, 500, 4096, 20_480, 65_536] {
                for (adapter, format) in ADAPTERS.iter().flat_map(|&at| ArenaFormat::ALL.map(|format| (at, format))) {
                    let attention = Attention { heads, rows, span, among: Among::Slots(format) };
                    let plan = attention.plan(adapter);
                    let (shader, workgroups) = attention.kernel(plan);
                    assert!(shader.buffers.len() <= 8);
                    assert!(workgroups.iter().all(|&count| (1..=65_535).contains(&count)), "{workgroups:?}");
                    assert!(plan.splits * plan.share >= span && (plan.splits - 1) * plan.share < span, "{plan:?}");
                    assert!(4 * plan.splits * rows * heads.queries * heads.size <= MOST_PARTS.max(1 << 22), "{plan:?}");
                }
            }
        }
    }
}
