//! Each pass against the plain operations that it stands for, and its gradients against those that burn finds for them.

use std::sync::Arc;

use burn::tensor::{Bool, Device, Distribution, Tensor, TensorData, activation};
use half::bf16;

use super::*;
use crate::kernels::attention::Heads;

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.5), device)
}

fn far<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> f32 {
    (a - b).abs().max().into_scalar()
}

/// Compares `made` of `x` with `plain` of it: values, and the gradients of a weighted sum of them.
fn compare<const D: usize, const E: usize>(
    x: &Tensor<D>,
    made: impl Fn(&Tensor<D>) -> Tensor<E>,
    plain: impl Fn(&Tensor<D>) -> Tensor<E>,
) {
    // Without autodiff, as in a stream.
    let off = far(made(x), plain(x));
    assert!(off < 2e-6, "{off}");
    let weights = random(plain(x).dims(), &Device::flex());
    let gradient = |f: &dyn Fn(&Tensor<D>) -> Tensor<E>| {
        let x = Tensor::from_inner(x.clone()).require_grad();
        let y = f(&x);
        let value = y.clone().inner();
        let gradients = (y * Tensor::from_inner(weights.clone())).sum().backward();
        (value, x.grad(&gradients).unwrap())
    };
    let ((made, to_made), (plain, to_plain)) = (gradient(&made), gradient(&plain));
    let off = [far(made, plain), far(to_made, to_plain)];
    assert!(off[0] < 2e-6 && off[1] < 2e-5, "{off:?}");
}

/// Attention on plain operations: one head of one sequence after the other.
fn attention(qkv: &Tensor<2>, heads: Heads, turns: &Tensor<2>, seen: &[[usize; 2]]) -> Tensor<2> {
    let (rows, length, d) = (qkv.dims()[0], seen.len(), heads.size);
    let is_unseen = seen.iter().flat_map(|&[first, end]| (0..length).map(move |slot| !(first..end).contains(&slot)));
    let unseen = TensorData::new(is_unseen.collect::<Vec<_>>(), [length, length]);
    let unseen = Tensor::<2, Bool>::from_data(unseen, &qkv.device());
    let turned = |x: Tensor<2>, turns: &Tensor<2>| {
        let part = |x: &Tensor<2>, start: usize| x.clone().narrow(1, start, d / 2);
        let (first, second, cos, sin) = (part(&x, 0), part(&x, d / 2), part(turns, 0), part(turns, d / 2));
        Tensor::cat(vec![first.clone() * cos.clone() - second.clone() * sin.clone(), second * cos + first * sin], 1)
    };
    let sequences = (0..rows / length).map(|sequence| {
        let turns = turns.clone().narrow(0, sequence * length, length);
        let of_heads = (0..heads.queries).map(|head| {
            let part = |head: usize| qkv.clone().narrow(0, sequence * length, length).narrow(1, head * d, d);
            let key = heads.queries + head / (heads.queries / heads.keys);
            let scores = turned(part(head), &turns).matmul(turned(part(key), &turns).transpose()) / (d as f64).sqrt();
            let weights = activation::softmax(scores.mask_fill(unseen.clone(), f32::NEG_INFINITY), 1);
            weights.matmul(part(key + heads.keys))
        });
        Tensor::cat(of_heads.collect(), 1)
    });
    Tensor::cat(sequences.collect(), 0)
}

/// Which rows see which, in sequences longer than a run of rows: those before them, and windows.
fn sights() -> [Arc<[[usize; 2]]>; 3] {
    let windows = [3, 40, 50].iter().scan(0, |end, &length| {
        *end += length;
        Some(std::iter::repeat_n([*end - length, *end], length))
    });
    [(0..70).map(|row| [0, row + 1]).collect(), windows.flatten().collect(), [[0, 1]].into()]
}

#[test]
fn attention_over_runs() {
    let device = Device::flex();
    for (seen, heads) in sights().into_iter().zip([[6, 2, 8], [3, 3, 10], [2, 1, 2]]) {
        let heads = Heads { queries: heads[0], keys: heads[1], size: heads[2] };
        let rows = 2 * seen.len();
        let (qkv, turns) = (random([rows, heads.columns()], &device) * 0.5, random([rows, heads.size], &device) * 0.5);
        let rounding = Rounding::None;
        let pass =
            AttentionPass { heads, turns: Operand::of(&turns).unwrap().numbers(), seen: Arc::clone(&seen), rounding };
        let there = |like: &Tensor<2>| {
            if like.device().is_autodiff() { Tensor::from_inner(turns.clone()) } else { turns.clone() }
        };
        compare(
            &qkv,
            |x| run(pass.clone(), [Operand::of(x).unwrap()]).unwrap(),
            |x: &Tensor<2>| attention(x, heads, &there(x), &seen),
        );
    }
}

#[test]
fn rms_norm_and_both_its_gradients() {
    let device = Device::flex();
    let (x, gamma) = (random([7, 37], &device), random([37], &device));
    let there = |tensor: &Tensor<1>, like: &Tensor<2>| {
        if like.device().is_autodiff() { Tensor::from_inner(tensor.clone()) } else { tensor.clone() }
    };
    let made = |x: &Tensor<2>, gamma: &Tensor<1>| {
        run(RmsNormPass { epsilon: 1e-6 }, [Operand::of(x).unwrap(), Operand::of(gamma).unwrap()]).unwrap()
    };
    let plain = |x: &Tensor<2>, gamma: &Tensor<1>| {
        let mean = x.clone().square().mean_dim(1);
        x.clone() / (mean + 1e-6).sqrt() * gamma.clone().unsqueeze()
    };
    compare(&x, |x| made(x, &there(&gamma, x)), |x| plain(x, &there(&gamma, x)));
    let fixed = |gamma: &Tensor<1>| {
        if gamma.device().is_autodiff() { Tensor::from_inner(x.clone()) } else { x.clone() }
    };
    compare(&gamma, |gamma| made(&fixed(gamma), gamma), |gamma| plain(&fixed(gamma), gamma));
}

#[test]
fn gates_and_ups() {
    let pairs = random([5, 2 * 19], &Device::flex());
    compare(
        &pairs,
        |x| run(SwiGluPass, [Operand::of(x).unwrap()]).unwrap(),
        |x: &Tensor<2>| {
            let pairs = x.clone().reshape([5, 19, 2]);
            let half = |index: usize| pairs.clone().narrow(2, index, 1).reshape([5, 19]);
            activation::silu(half(0)) * half(1)
        },
    );
}

#[test]
fn turned_heads() {
    let device = Device::flex();
    let (x, turns) = (random([4, 3, 10], &device), random([4, 10], &device));
    let pass = RotaryPass { turns: Operand::of(&turns).unwrap().numbers() };
    compare(
        &x,
        |x| run(pass.clone(), [Operand::of(x).unwrap()]).unwrap(),
        |x: &Tensor<3>| {
            let turns = if x.device().is_autodiff() { Tensor::from_inner(turns.clone()) } else { turns.clone() };
            let part = |start: usize| turns.clone().narrow(1, start, 5).unsqueeze_dim(1);
            let (cos, sin) = (part(0), part(5));
            let (first, second) = (x.clone().narrow(2, 0, 5), x.clone().narrow(2, 5, 5));
            Tensor::cat(vec![first.clone() * cos.clone() - second.clone() * sin.clone(), second * cos + first * sin], 2)
        },
    );
}

#[test]
fn products_and_all_their_gradients() {
    let device = Device::flex();
    // Large enough for several threads, and of sides that are no multiple of a vector; one matrix, and several.
    for [count, m, k, n] in [[1, 200, 203, 197], [6, 5, 7, 3], [2, 1, 1, 1]] {
        let there = |tensor: &Tensor<3>, like: &Tensor<3>| {
            if like.device().is_autodiff() { Tensor::from_inner(tensor.clone()) } else { tensor.clone() }
        };
        let small = 1.0 / (k as f32).sqrt();
        let (left, bias) = (random([count, m, k], &device) * small, random([1, 1, n], &device));
        for turned in [false, true] {
            let right = random(if turned { [count, n, k] } else { [count, k, n] }, &device) * small;
            let plain = |left: &Tensor<3>, right: &Tensor<3>| {
                left.clone().matmul(if turned { right.clone().swap_dims(1, 2) } else { right.clone() })
            };
            let made = |left: &Tensor<3>, right: &Tensor<3>| products(left, right, turned, None);
            compare(&left, |x| made(x, &there(&right, x)), |x| plain(x, &there(&right, x)));
            compare(&right, |x| made(&there(&left, x), x), |x| plain(&there(&left, x), x));
            compare(
                &bias,
                |x| products(&there(&left, x), &there(&right, x), turned, Some(&x.clone().reshape([n]))),
                |x| plain(&there(&left, x), &there(&right, x)) + x.clone(),
            );
        }
    }
}

#[test]
fn products_of_rounded_numbers() {
    let device = Device::flex();
    let rounded = |tensor: Tensor<3>| {
        let numbers = tensor.to_data().convert::<bf16>().convert::<f32>();
        Tensor::<3>::from_data(numbers, &device)
    };
    // Sides that are no multiple of a tile's, one tile, none, and more summands than are laid out at once.
    for [count, m, k, n] in
        [[1, 200, 203, 197], [3, 37, 53, 71], [2, 16, 32, 16], [1, 16, 16, 16], [1, 5, 7, 3], [1, 33, 70_000, 17]]
    {
        let small = 1.0 / (k as f32).sqrt();
        let (left, bias) = (rounded(random([count, m, k], &device) * small), random([n], &device));
        let gradient = rounded(random([count, m, n], &device) * small);
        for turned in [false, true] {
            let right = rounded(random(if turned { [count, n, k] } else { [count, k, n] }, &device));
            let made = |rounding: Rounding| {
                let pass = ProductPass { turned, rounding };
                let operand = |tensor: &Tensor<3>| Operand::of(tensor).unwrap().numbers();
                let (left, right, bias) = (operand(&left), operand(&right), Operand::of(&bias).unwrap().numbers());
                let product = pass.forward([&left, &right, &bias]);
                let kept = pass.kept([left, right, bias], &product);
                let ways = Pass::<3>::backward(&pass, &kept, &operand(&gradient), [true, true, false]);
                let [to_left, to_right, _] = ways.map(|way| way.map(Tensor::<3>::from_primitive::<Flex>));
                [Tensor::from_primitive::<Flex>(product), to_left.unwrap(), to_right.unwrap()]
            };
            // What is bf16 already is not changed by rounding: the sums are the same but for their order.
            for (rounding, none) in made(Rounding::Bf16).into_iter().zip(made(Rounding::None)) {
                assert!(far(rounding, none) < 1e-4, "{count} x {m} x {k} x {n}, turned: {turned}");
            }
        }
    }
}

/// Where the processor has tiles, numbers that are no bf16 are rounded; elsewhere nothing is.
#[test]
fn rounding_is_seen_in_products_and_attention() {
    let device = Device::flex();
    #[cfg(target_arch = "x86_64")]
    let rounds = tiles::serve(usize::MAX);
    #[cfg(not(target_arch = "x86_64"))]
    let rounds = false;
    let (left, right) = (random::<2>([64, 64], &device), random::<2>([64, 64], &device) * 0.125);
    let [seen, ..] = sights();
    let heads = Heads { queries: 4, keys: 2, size: 32 };
    let (qkv, turns) = (random([70, heads.columns()], &device), random::<2>([70, 32], &device) * 0.5);
    let turns = Operand::of(&turns).unwrap().numbers();
    let attention = |rounding: Rounding| {
        let pass = AttentionPass { heads, turns: turns.clone(), seen: Arc::clone(&seen), rounding };
        run::<_, 1, 2>(pass, [Operand::of(&qkv).unwrap()]).unwrap()
    };
    let product = |rounding: Rounding| rounding.during(|| products(&left, &right, false, None));
    for made in [&attention as &dyn Fn(Rounding) -> Tensor<2>, &product] {
        let off = far(made(Rounding::Bf16), made(Rounding::None));
        assert!(if rounds { (1e-5..0.1).contains(&off) } else { off == 0.0 }, "{off}");
    }
}

#[test]
fn rounding_ends_with_what_it_was_for() {
    let device = Device::flex();
    let (left, right) = (random::<2>([64, 64], &device), random::<2>([64, 64], &device));
    let product = || products(&left, &right, false, None).to_data();
    let plain = product();
    let rounded = Rounding::Bf16.during(|| Rounding::None.during(product));
    assert_eq!(plain, rounded);
    assert_eq!(plain, product());
}
