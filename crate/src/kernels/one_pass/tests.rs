//! Each pass against the plain operations that it stands for, and its gradients against those that burn finds for them.

use std::sync::Arc;

use burn::tensor::{Bool, Device, Distribution, Tensor, TensorData, activation};

use super::*;

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
    assert!(far(made(x), plain(x)) < 2e-6);
    let weights = random(plain(x).dims(), &Device::flex());
    let gradient = |f: &dyn Fn(&Tensor<D>) -> Tensor<E>| {
        let x = Tensor::from_inner(x.clone()).require_grad();
        let y = f(&x);
        let value = y.clone().inner();
        let gradients = (y * Tensor::from_inner(weights.clone())).sum().backward();
        (value, x.grad(&gradients).unwrap())
    };
    let ((made, to_made), (plain, to_plain)) = (gradient(&made), gradient(&plain));
    assert!(far(made, plain) < 2e-6);
    assert!(far(to_made, to_plain) < 2e-5);
}

#[test]
fn softmax_over_runs() {
    let device = Device::flex();
    let seen: Arc<[[usize; 2]]> = [[0, 1], [0, 2], [1, 5], [0, 9], [3, 11]].into();
    let scores = random([6, 5, 11], &device);
    let unseen = |device: &Device| {
        let mask: Vec<bool> =
            seen.iter().flat_map(|&[first, end]| (0..11).map(move |slot| !(first..end).contains(&slot))).collect();
        Tensor::<2, Bool>::from_data(TensorData::new(mask, [5, 11]), device).unsqueeze::<3>().expand([6, 5, 11])
    };
    let made = |x: &Tensor<3>| run(SoftmaxPass { seen: Arc::clone(&seen) }, [Operand::of(x).unwrap()]).unwrap();
    compare(&scores, made, |x: &Tensor<3>| {
        activation::softmax(x.clone().mask_fill(unseen(&x.device()), f32::NEG_INFINITY), 2)
    });
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
