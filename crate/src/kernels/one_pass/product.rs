use burn::backend::flex::FlexTensor;
use burn::tensor::TensorData;

use super::factor::Factor;
use super::{Pass, Rounding};

/// Products of matrices, each of the first tensor, `[…, m, k]`, with that of the second: `L R` of `[…, k, n]`, or `L Rᵀ` of
/// `[…, n, k]`. A third tensor, `[n]`, is added to every row.
///
/// burn-flex's own fills what it is to write with zeros, and then copies them.
#[derive(Debug, Clone)]
pub struct ProductPass {
    /// `L Rᵀ`
    pub turned: bool,
    /// Of what is multiplied.
    pub rounding: Rounding,
}

/// Matrices that lie one after the other.
#[derive(Clone, Copy)]
struct Stack<'a> {
    numbers: &'a [f32],
    /// Of each, as they lie.
    sides: [usize; 2],
    is_turned: bool,
}

impl<'a> Stack<'a> {
    fn of(tensor: &'a FlexTensor) -> Self {
        Self { numbers: tensor.storage(), sides: sides(tensor), is_turned: false }
    }

    /// Each of them transposed.
    fn turned(self) -> Self {
        Self { is_turned: !self.is_turned, ..self }
    }

    fn count(self) -> usize {
        self.numbers.len() / (self.sides[0] * self.sides[1]).max(1)
    }

    fn get(self, index: usize) -> Factor<'a> {
        let [rows, columns] = self.sides;
        let factor = Factor::of(&self.numbers[index * rows * columns..][..rows * columns], columns);
        if self.is_turned { factor.turned() } else { factor }
    }

    /// The products with as many others; every row of them begins as `bias`.
    fn times(self, right: Stack<'_>, bias: Option<&[f32]>, rounding: Rounding) -> Vec<f32> {
        let count = self.count();
        let (m, n) = (self.sides[usize::from(self.is_turned)], right.sides[usize::from(!right.is_turned)]);
        assert!(count == right.count() && bias.is_none_or(|bias| bias.len() == n));
        let mut products: Vec<f32> = Vec::with_capacity(count * m * n);
        if let Some(bias) = bias {
            (0..count * m).for_each(|_| products.extend_from_slice(bias));
        }
        for index in 0..count {
            let (left, right) = (self.get(index), right.get(index));
            // SAFETY: room was made for so many of so many; they are read only where they hold the bias.
            unsafe { left.write_times(right, products.as_mut_ptr().add(index * m * n), bias.is_some(), rounding) };
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
        let columns = sides(right)[usize::from(!self.turned)];
        let right = if self.turned { Stack::of(right).turned() } else { Stack::of(right) };
        shaped(Stack::of(left).times(right, bias, self.rounding), left, columns)
    }

    /// With `Y = L R`: `dL = dY Rᵀ` and `dR = Lᵀ dY`; with `Y = L Rᵀ`: `dL = dY R` and `dR = dYᵀ L`.
    fn factors(&self, kept: &[FlexTensor], gradient: &FlexTensor, wanted: [bool; 2]) -> [Option<FlexTensor>; 2] {
        let [left, right] = [&kept[0], &kept[1]];
        let incoming = Stack::of(gradient);
        let to_left = || {
            let right = Stack::of(right);
            incoming.times(if self.turned { right } else { right.turned() }, None, self.rounding)
        };
        let to_right = || match self.turned {
            true => incoming.turned().times(Stack::of(left), None, self.rounding),
            false => Stack::of(left).turned().times(incoming, None, self.rounding),
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
