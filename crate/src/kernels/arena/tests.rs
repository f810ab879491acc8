use burn::tensor::TensorData;
use proptest::prelude::*;

use super::*;
use crate::kernels::places::runs;

fn tensor(numbers: &[f32], width: usize) -> Tensor<2> {
    Tensor::from_data(TensorData::new(numbers.to_vec(), [numbers.len() / width, width]), &Device::flex())
}

fn floats(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().iter().collect()
}

/// What comes back of rows of keys, and of values, that were written.
fn round_trip(format: ArenaFormat, heads: Heads, rows: [&[f32]; 2]) -> [Vec<f32>; 2] {
    let width = heads.keys * heads.size;
    let count = rows[0].len() / width;
    let arena = LayerArena::new(format, heads, count, &Device::flex());
    let slots: Vec<usize> = (0..count).collect();
    let arena = arena.write(rows.map(|rows| tensor(rows, width)), heads, &runs(&slots));
    arena.numbers(count, heads).map(floats)
}

proptest! {
    /// Every number within half a step of its block, whatever the head; and what came back comes back again.
    #[test]
    fn numbers_come_back(keys in 1..4_usize, half in 1..70_usize, seed in any::<u64>(), size in -80..80_i32) {
        let heads = Heads { queries: keys, keys, size: 2 * half };
        let mut state = seed | 1;
        let mut numbers = || -> Vec<f32> {
            (0..3 * keys * 2 * half).map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                ((state >> 33) as f32 / 2_f32.powi(30) - 1.0) * 2_f32.powi(size)
            }).collect()
        };
        let rows = [numbers(), numbers()];
        let rows = rows.each_ref().map(Vec::as_slice);
        prop_assert_eq!(round_trip(ArenaFormat::F32, heads, rows), rows);
        let once = round_trip(ArenaFormat::Q8, heads, rows);
        let block = block(heads.size);
        for (given, found) in rows.iter().zip(&once) {
            for (given, found) in given.chunks(block).zip(found.chunks(block)) {
                let largest = given.iter().fold(0_f32, |largest, number| largest.max(number.abs()));
                for (given, found) in given.iter().zip(found) {
                    prop_assert!((given - found).abs() <= largest / 252.0, "{given} {found} of {largest}");
                }
            }
        }
        let wanted = rows.map(|rows| on_host::decoded(ArenaFormat::Q8, heads, rows));
        prop_assert_eq!(once, wanted);
    }
}

#[test]
fn what_is_no_number_stays_in_its_block() {
    let heads = Heads { queries: 1, keys: 2, size: 64 };
    for spoil in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
        let mut keys = vec![0.5; 3 * 128];
        keys[128 + 40] = spoil;
        let [keys, values] = round_trip(ArenaFormat::Q8, heads, [&keys, &vec![0.25; 3 * 128]]);
        let spoilt = 128 + 32..128 + 64;
        assert!(keys.iter().enumerate().all(|(at, key)| key.is_nan() == spoilt.contains(&at)), "{spoil}");
        assert!(values.iter().all(|value| (value - 0.25).abs() < 1e-2));
    }
    let next_to_nothing = vec![1e-31; 128];
    assert_eq!(round_trip(ArenaFormat::Q8, heads, [&next_to_nothing, &next_to_nothing])[0], [0.0; 128]);
}

#[test]
fn slots_take_what_is_said() {
    let bytes = |keys, size| ArenaFormat::ALL.map(|format| format.slot_bytes(Heads { queries: keys, keys, size }));
    // Qwen2.5-VL 3B and 7B, then heads of the tests: blocks of 8 and of 2.
    assert_eq!(bytes(2, 128), [2048, 2 * 256 + 2 * 8 * 4]);
    assert_eq!(bytes(4, 128), [4096, 2 * 512 + 2 * 16 * 4]);
    assert_eq!(bytes(1, 24), [192, 2 * 24 + 2 * 3 * 4]);
    assert_eq!(bytes(1, 6), [48, 2 * 8 + 2 * 3 * 4]);
}

#[test]
fn the_layout_is_the_one_written_above() {
    let heads = Heads { queries: 1, keys: 1, size: 6 };
    let arena = LayerArena::new(ArenaFormat::Q8, heads, 2, &Device::flex());
    let rows = [tensor(&[127.0, -127.0, 2.0, 254.0, 0.0, 0.0], 6), tensor(&[0.0; 6], 6)];
    let LayerArena::Codes { words: [keys, _], scales } = arena.write(rows, heads, &runs(&[1])) else {
        panic!("q8 is codes")
    };
    assert_eq!(keys.into_data().iter::<i32>().collect::<Vec<_>>(), [0, 0, 0x7f01_817f, 0]);
    assert_eq!(floats(scales), [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
}
