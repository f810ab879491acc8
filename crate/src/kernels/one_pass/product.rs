use burn::backend::flex::FlexTensor;
use burn::tensor::TensorData;
use gemm::Parallelism;

use super::Pass;

/// Multiplications from which on a product is worth more threads than one.
#[cfg(not(target_arch = "wasm32"))]
const WORTH_THREADS: usize = 192 * 192 * 192;

/// Products of matrices, each of the first tensor, `[…, m, k]`, with that of the second: `L R` of `[…, k, n]`, or `L Rᵀ` of
/// `[…, n, k]`. A third tensor, `[n]`, is added to every row.
///
/// burn-flex's own fills what it is to write with zeros, and then copies them.
#[derive(Debug, Clone)]
pub struct ProductPass {
    /// `L Rᵀ`
    pub turned: bool,
}

/// Matrices that lie one after the other.
#[derive(Clone, Copy)]
struct Stack<'a> {
    numbers: &'a [f32],
    rows: usize,
    columns: usize,
    /// Numbers from one row to the next, and from one column.
    steps: [isize; 2],
}

impl<'a> Stack<'a> {
    fn of(tensor: &'a FlexTensor) -> Self {
        let [rows, columns] = sides(tensor);
        Self { numbers: tensor.storage(), rows, columns, steps: [columns as isize, 1] }
    }

    /// Each of them transposed.
    fn turned(self) -> Self {
        let [down, along] = self.steps;
        Self { rows: self.columns, columns: self.rows, steps: [along, down], ..self }
    }

    fn count(self) -> usize {
        self.numbers.len() / (self.rows * self.columns).max(1)
    }

    /// The products with as many others; every row of them begins as `bias`.
    fn times(self, right: Stack<'_>, bias: Option<&[f32]>) -> Vec<f32> {
        let (m, k, n) = (self.rows, self.columns, right.columns);
        let count = self.count();
        assert!(k == right.rows && count == right.count() && bias.is_none_or(|bias| bias.len() == n));
        let mut products: Vec<f32> = Vec::with_capacity(count * m * n);
        if let Some(bias) = bias {
            (0..count * m).for_each(|_| products.extend_from_slice(bias));
        }
        #[cfg(not(target_arch = "wasm32"))]
        let parallelism = if m * k * n < WORTH_THREADS { Parallelism::None } else { Parallelism::Rayon(0) };
        #[cfg(target_arch = "wasm32")]
        let parallelism = Parallelism::None;
        for index in 0..count {
            // SAFETY: matrix `index` of each of the three lies within them, since there are `count` of `m · k`, `k · n` and
            // `m · n` numbers, as was asserted or allocated above. The products are read only where they hold the bias.
            unsafe {
                gemm::gemm(
                    m,
                    n,
                    k,
                    products.as_mut_ptr().add(index * m * n),
                    1,
                    n as isize,
                    bias.is_some(),
                    self.numbers.as_ptr().add(index * m * k),
                    self.steps[1],
                    self.steps[0],
                    right.numbers.as_ptr().add(index * k * n),
                    right.steps[1],
                    right.steps[0],
                    1.0_f32,
                    1.0_f32,
                    false,
                    false,
                    false,
                    parallelism,
                );
            }
        }
        // SAFETY: so many were allocated, and all of them were written.
        unsafe { products.set_len(count * m * n) };
        products
    }
}

/// Rows and columns of a tensor's matrices.
fn sides(tensor: &FlexTensor) -> [usize; 2] {
    let shape = tensor.layout().shape();
    let last = |back: usize| shape.iter().rev().nth(back).copied().unwrap_or(1);
    [last(1), last(0)]
}

/// `numbers` as matrices of `columns` columns, as many and as high as those of `like`.
fn shaped(numbers: Vec<f32>, like: &FlexTensor, columns: usize) -> FlexTensor {
    let mut shape: Vec<usize> = like.layout().shape().iter().copied().collect();
    if let Some(last) = shape.last_mut() {
        *last = columns;
    }
    FlexTensor::from_data(TensorData::new(numbers, shape))
}

impl ProductPass {
    fn product(&self, left: &FlexTensor, right: &FlexTensor, bias: Option<&[f32]>) -> FlexTensor {
        let right = if self.turned { Stack::of(right).turned() } else { Stack::of(right) };
        shaped(Stack::of(left).times(right, bias), left, right.columns)
    }

    /// With `Y = L R`: `dL = dY Rᵀ` and `dR = Lᵀ dY`; with `Y = L Rᵀ`: `dL = dY R` and `dR = dYᵀ L`.
    fn factors(&self, kept: &[FlexTensor], gradient: &FlexTensor, wanted: [bool; 2]) -> [Option<FlexTensor>; 2] {
        let [left, right] = [&kept[0], &kept[1]];
        let incoming = Stack::of(gradient);
        let to_left = || {
            let right = Stack::of(right);
            incoming.times(if self.turned { right } else { right.turned() }, None)
        };
        let to_right = || match self.turned {
            true => incoming.turned().times(Stack::of(left), None),
            false => Stack::of(left).turned().times(incoming, None),
        };
        [
            wanted[0].then(|| shaped(to_left(), left, sides(left)[1])),
            wanted[1].then(|| shaped(to_right(), right, sides(right)[1])),
        ]
    }
}

impl Pass<2> for ProductPass {
    fn forward(&self, [left, right]: [&FlexTensor; 2]) -> FlexTensor {
        self.product(left, right, None)
    }

    fn kept(&self, inputs: [FlexTensor; 2], _: &FlexTensor) -> Vec<FlexTensor> {
        inputs.into()
    }

    fn backward(&self, kept: &[FlexTensor], gradient: &FlexTensor, wanted: [bool; 2]) -> [Option<FlexTensor>; 2] {
        self.factors(kept, gradient, wanted)
    }
}

impl Pass<3> for ProductPass {
    fn forward(&self, [left, right, bias]: [&FlexTensor; 3]) -> FlexTensor {
        self.product(left, right, Some(bias.storage()))
    }

    fn kept(&self, [left, right, _]: [FlexTensor; 3], _: &FlexTensor) -> Vec<FlexTensor> {
        vec![left, right]
    }

    fn backward(&self, kept: &[FlexTensor], gradient: &FlexTensor, wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let [of_left, of_right, of_bias] = wanted;
        let [to_left, to_right] = self.factors(kept, gradient, [of_left, of_right]);
        let to_bias = of_bias.then(|| {
            let rows = gradient.storage::<f32>().chunks_exact(sides(gradient)[1]);
            let mut sums = vec![0.0; sides(gradient)[1]];
            rows.for_each(|row| sums.iter_mut().zip(row).for_each(|(sum, number)| *sum += number));
            let count = sums.len();
            FlexTensor::from_data(TensorData::new(sums, [count]))
        });
        [to_left, to_right, to_bias]
    }
}
