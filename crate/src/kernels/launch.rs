//! From burn's tensors to a kernel and back.

use std::cell::Cell;

use burn::backend::wgpu::{CubeDim, CubeTensor, SourceKernel, Wgpu, into_contiguous};
use burn::tensor::{DType, Device, Int, Shape, Tensor};
use cubecl::server::{CubeCount, KernelArguments, MetadataBindingInfo};

use super::Adapter;
use super::shader::Shader;

/// Most workgroups along a dimension that WebGPU guarantees.
pub const MOST_WORKGROUPS: u32 = 65_535;

/// Whether the kernels reach `device`: whether it is a wgpu adapter, without autodiff.
pub fn reaches(device: &Device) -> bool {
    numbers(&Tensor::<1>::empty([1], device)).is_some()
}

/// What kernels over `tensor` go by; `None` where none reaches it.
pub fn adapter<const D: usize>(tensor: &Tensor<D>) -> Option<Adapter> {
    tensor.clone().try_into_primitive::<Wgpu>().ok().map(|tensor| Adapter::of(&tensor))
}

/// What kernels on `device` go by; `None` where none reaches it.
pub fn adapter_of(device: &Device) -> Option<Adapter> {
    adapter(&Tensor::<1>::empty([1], device))
}

/// Numbers on a wgpu adapter, row by row; `None` elsewhere, and under autodiff: there the plain reference runs.
pub fn numbers<const D: usize>(tensor: &Tensor<D>) -> Option<CubeTensor> {
    let tensor = tensor.clone().try_into_primitive::<Wgpu>().ok()?;
    (tensor.dtype == DType::F32).then(|| into_contiguous(tensor))
}

/// 32-bit words on a wgpu adapter; `None` elsewhere.
pub fn words<const D: usize>(tensor: &Tensor<D, Int>) -> Option<CubeTensor> {
    let tensor = tensor.clone().try_into_primitive::<Wgpu>().ok()?;
    matches!(tensor.dtype, DType::I32 | DType::U32).then(|| into_contiguous(tensor))
}

/// Room for numbers of `shape` beside `other`, holding anything.
pub fn room<const D: usize>(other: &CubeTensor, shape: [usize; D]) -> CubeTensor {
    room_of(DType::F32, other, shape)
}

/// The same for 32-bit words.
pub fn room_for_words<const D: usize>(other: &CubeTensor, shape: [usize; D]) -> CubeTensor {
    room_of(DType::I32, other, shape)
}

fn room_of<const D: usize>(element: DType, other: &CubeTensor, shape: [usize; D]) -> CubeTensor {
    let handle = other.client.empty(shape.iter().product::<usize>() * element.size());
    CubeTensor::new_contiguous(other.client.clone(), other.device.clone(), Shape::from(shape), handle, element)
}

/// The tensor that stands in a [`room`].
pub fn tensor<const D: usize>(room: CubeTensor) -> Tensor<D> {
    Tensor::from_primitive::<Wgpu>(room)
}

/// The tensor that stands in a [`room_for_words`].
pub fn words_tensor<const D: usize>(room: CubeTensor) -> Tensor<D, Int> {
    Tensor::from_primitive::<Wgpu>(room)
}

/// Workgroups for `threads` threads in a row.
pub fn spread(threads: usize) -> [u32; 3] {
    in_rows(threads.div_ceil(Shader::WORKGROUP as usize))
}

/// So many workgroups at least, in rows of as many as there may be.
pub fn in_rows(workgroups: usize) -> [u32; 3] {
    let down = workgroups.div_ceil(MOST_WORKGROUPS as usize).max(1);
    [workgroups.div_ceil(down) as u32, down as u32, 1]
}

thread_local! {
    static RUN: Cell<u64> = const { Cell::new(0) };
}

/// Kernels that this thread has run.
pub fn kernels_run() -> u64 {
    RUN.get()
}

/// Runs `shader` over `buffers`, in the order in which it names them, with the values of its `size`.
pub fn run(shader: &Shader, buffers: &[&CubeTensor], sizes: &[usize], workgroups: [u32; 3]) {
    debug_assert_eq!((buffers.len(), sizes.len()), (shader.buffers.len(), shader.sizes.len()), "{}", shader.name());
    debug_assert!(workgroups.iter().all(|&count| count <= MOST_WORKGROUPS), "{workgroups:?} of {}", shader.name());
    if workgroups.contains(&0) {
        return;
    }
    RUN.set(RUN.get() + 1);
    #[cfg(test)]
    NAMES.with_borrow_mut(|names| names.push(shader.name()));
    enqueue(shader, buffers, sizes, workgroups);
}

#[cfg(test)]
thread_local! {
    static NAMES: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// The names of the kernels that `work` runs, in order.
#[cfg(test)]
pub fn names_run(work: impl FnOnce()) -> Vec<String> {
    NAMES.take();
    work();
    NAMES.take()
}

/// Has the pipeline of `shader` built on `device` without running it, and does not wait for it; nothing where no kernel
/// reaches.
pub fn prepare(shader: &Shader, device: &Device) {
    let Some(any) = numbers(&Tensor::<1>::empty([4], device)) else { return };
    let buffers: Vec<CubeTensor> = shader.buffers.iter().map(|_| room(&any, [4])).collect();
    let sizes = vec![0; shader.sizes.len()];
    enqueue(shader, &buffers.iter().collect::<Vec<_>>(), &sizes, [0; 3]);
}

/// No workgroups leave it at the pipeline.
fn enqueue(shader: &Shader, buffers: &[&CubeTensor], sizes: &[usize], [x, y, z]: [u32; 3]) {
    let Some(client) = buffers.first().map(|first| &first.client) else { return };
    let sizes: Vec<u64> = sizes
        .chunks(2)
        .map(|pair| pair.iter().rev().fold(0, |word, &size| word << 32 | size as u64 & 0xffff_ffff))
        .collect();
    let arguments = KernelArguments::new()
        .with_buffers(buffers.iter().map(|buffer| buffer.handle.clone().binding()).collect())
        .with_info(MetadataBindingInfo::custom(sizes));
    let kernel = SourceKernel::new(shader.clone(), CubeDim::new_1d(Shader::WORKGROUP));
    client.launch(Box::new(kernel), CubeCount::Static(x, y, z), arguments);
}
