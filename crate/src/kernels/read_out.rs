//! What is read back from the device after a pass: a few logits, a token.

use burn::tensor::{Device, ExecutionError, Int, Tensor};

use super::launch;
use super::self_test::Trial;
use super::shader::{Buffer, Shader, part};

/// The kernel of [`logits_of`].
pub fn shader() -> Shader {
    Shader {
        parts: vec![part!("read_out")],
        constants: vec![],
        buffers: ["x", "w", "y"].map(|name| Buffer { name, element: "f32" }).to_vec(),
        sizes: &["inputs"],
    }
}

/// The logits of a few tokens only: features `[1, hidden]` and head rows `[n, hidden]` → `[1, n]`.
pub fn logits_of(features: Tensor<2>, head_rows: Tensor<2>) -> Tensor<2> {
    launch(&features, &head_rows).unwrap_or_else(|| features.matmul(head_rows.transpose()))
}

/// `None` where no kernel reaches.
fn launch(features: &Tensor<2>, head_rows: &Tensor<2>) -> Option<Tensor<2>> {
    let [outputs, inputs] = head_rows.dims();
    let (x, w) = (launch::numbers(features)?, launch::numbers(head_rows)?);
    let y = launch::room(&x, [1, outputs]);
    launch::run(&shader(), &[&x, &w, &y], &[inputs], launch::in_rows(outputs));
    Some(launch::tensor(y))
}

/// Copies a tensor to the host as `f32`, row by row.
///
/// # Errors
///
/// What went wrong on the device since the last read, an exhausted memory for example.
pub async fn floats<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ExecutionError> {
    let data = read(tensor.into_data_async()).await?;
    Ok(data.iter::<f32>().collect())
}

async fn read<T>(reading: impl Future<Output = T>) -> T {
    #[cfg(target_arch = "wasm32")]
    let reading = super::hastened::hastened(reading);
    reading.await
}

/// Waits until everything that was enqueued on `device` is done. In a browser, which cannot wait in any other way, that is
/// when something that was enqueued last can be read.
///
/// # Errors
///
/// As [`floats`].
pub async fn done(device: &Device) -> Result<(), ExecutionError> {
    if cfg!(target_arch = "wasm32") { floats(Tensor::<1>::empty([1], device)).await.map(drop) } else { device.sync() }
}

/// The index of the largest of `logits` `[1, vocabulary]`; the first among equals. Four bytes are read back.
///
/// # Errors
///
/// As [`floats`].
pub async fn arg_max(logits: Tensor<2>) -> Result<u32, ExecutionError> {
    let index = launch_arg_max(&logits).unwrap_or_else(|| logits.argmax(1).reshape([1]));
    let index = read(index.into_data_async()).await?;
    Ok(index.iter::<i64>().next().unwrap_or_default() as u32)
}

/// Workgroups that look for the largest at first.
const SEARCHERS: usize = 64;

/// The kernels of [`arg_max`] over `count` logits, with their workgroups: many search, and one among what they found.
pub fn arg_max_shaders(count: usize) -> [(Shader, [u32; 3]); 2] {
    let kernel = |place, listed: bool| {
        let mut buffers = vec![Buffer { name: "x", element: "f32" }];
        buffers.extend(listed.then_some(Buffer { name: "places", element: "u32" }));
        buffers.extend([Buffer { name: "best", element: "f32" }, Buffer { name: "y", element: "u32" }]);
        Shader { parts: vec![place, part!("arg_max")], constants: vec![], buffers, sizes: &["count"] }
    };
    let searchers = count.div_ceil(Shader::WORKGROUP as usize).clamp(1, SEARCHERS) as u32;
    [(kernel(part!("place/same"), false), [searchers, 1, 1]), (kernel(part!("place/listed"), true), [1, 1, 1])]
}

/// `None` where no kernel reaches.
fn launch_arg_max(logits: &Tensor<2>) -> Option<Tensor<1, Int>> {
    let x = launch::numbers(logits)?;
    let count = x.meta.num_elements();
    let [(search, searchers), (end, one)] = arg_max_shaders(count);
    let found = searchers[0] as usize;
    let (best, places) = (launch::room(&x, [found]), launch::room_for_words(&x, [found]));
    launch::run(&search, &[&x, &best, &places], &[count], searchers);
    let (last, y) = (launch::room(&x, [1]), launch::room_for_words(&x, [1]));
    launch::run(&end, &[&best, &places, &last, &y], &[found], one);
    Some(launch::words_tensor(y))
}

/// The kernels on the device of `trial`.
pub(super) async fn self_test(trial: &mut Trial<'_>) -> Result<(), ExecutionError> {
    for &[outputs, inputs] in trial.cases(&[[3, 100], [1, 7], [5, 2052]]) {
        let (x, w) = (trial.numbers(inputs), trial.numbers(outputs * inputs));
        let product = |row: &[f32]| row.iter().zip(&x).map(|(&w, &x)| f64::from(w) * f64::from(x)).sum();
        let expected: Vec<f64> = w.chunks(inputs).map(product).collect();
        let made = launch(&trial.tensor(&x, [1, inputs]), &trial.tensor(&w, [outputs, inputs]));
        trial.compare(shader().name(), 5e-6, made, &expected).await?;
    }
    for &count in trial.cases(&[5000, 1, 63, 65, 151_936]) {
        let mut logits = trial.numbers(count);
        // Twice the largest, and after what a sum that overflowed leaves.
        let (first, second) = (count / 3, count - 1);
        logits[first] = 2.0;
        logits[second] = 2.0;
        if first > 0 {
            logits[0] = f32::NEG_INFINITY;
        }
        let made = launch_arg_max(&trial.tensor(&logits, [1, count])).map(|index| index.float());
        for (kernel, _) in arg_max_shaders(count) {
            trial.compare(kernel.name(), 0.0, made.clone(), &[first as f64]).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Distribution, TensorData};

    use super::*;
    use crate::kernels::gpu;

    #[test]
    fn the_logits_equal_the_reference() {
        for [outputs, inputs] in [[1, 1], [3, 48], [3, 2048], [70, 33]] {
            let random = |shape: [usize; 2]| Tensor::<2>::random(shape, Distribution::Default, &Device::flex());
            let (x, w) = (random([1, inputs]), random([outputs, inputs]));
            let made = launch(&x.clone().to_device(&gpu()), &w.clone().to_device(&gpu())).unwrap();
            let error = (made.to_device(&Device::flex()) - logits_of(x, w)).abs().max().into_scalar::<f32>();
            assert!(error < 1e-6 * inputs as f32, "{outputs}×{inputs}: {error:e}");
        }
    }

    fn index_of_largest(logits: &[f32], device: &Device) -> u32 {
        let logits = Tensor::from_data(TensorData::new(logits.to_vec(), [1, logits.len()]), device);
        pollster::block_on(arg_max(logits)).unwrap()
    }

    #[test]
    fn the_largest_is_found_wherever_it_stands() {
        for count in [1, 2, 64, 65, 4096, 4097, 9000] {
            for place in [0, 1, count / 2, count - 1] {
                let mut logits: Vec<f32> = (0..count).map(|i| ((i * 7919) % 1000) as f32 / -1000.0).collect();
                logits[place.min(count - 1)] = 1.0;
                for device in [gpu(), Device::flex()] {
                    assert_eq!(index_of_largest(&logits, &device), place.min(count - 1) as u32, "of {count}");
                }
            }
        }
    }

    #[test]
    fn the_first_among_equals_wins_and_what_is_no_number_never_does() {
        assert_eq!(index_of_largest(&[0.0; 700], &gpu()), 0);
        assert_eq!(index_of_largest(&[-1.0, 3.0, f32::INFINITY, f32::INFINITY], &gpu()), 2);
        let mut logits = vec![f32::NEG_INFINITY; 300];
        logits[120] = f32::NAN;
        logits[200] = -7.0;
        assert_eq!(index_of_largest(&logits, &gpu()), 200);
        assert!((index_of_largest(&[f32::NAN; 90], &gpu()) as usize) < 90);
    }
}
