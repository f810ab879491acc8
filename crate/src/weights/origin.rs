use burn::module::ParamId;

use super::Part;

/// A tensor of a checkpoint: what it is called there, of which part it is, and its shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// The part.
    pub part: Part,
    /// Its shape.
    pub shape: Vec<usize>,
}

/// How a parameter is made of tensors of a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Composition {
    /// One after the other along the first axis; a single one is itself.
    Stacked,
    /// Two of them, by turns along the first axis.
    ByTurns,
}

/// Which tensors of a checkpoint a parameter of the model is made of: the way back from a trained model to its files.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The parameter, in pieces along its first axis where one binding could not hold it.
    pub parameters: Vec<ParamId>,
    /// What it is made of.
    pub tensors: Vec<Named>,
    /// How.
    pub composition: Composition,
}

impl Origin {
    /// How many numbers the parameter has.
    pub fn count(&self) -> usize {
        self.tensors.iter().map(|tensor| tensor.shape.iter().product::<usize>()).sum()
    }

    /// The numbers of each tensor, in the order of `tensors`, from those of the parameter.
    pub fn taken_apart(&self, parameter: &[f32]) -> Vec<Vec<f32>> {
        let mut tensors: Vec<Vec<f32>> = self.tensors.iter().map(|_| Vec::new()).collect();
        for (tensor, run) in self.runs() {
            let start = tensors.iter().map(Vec::len).sum::<usize>();
            tensors[tensor].extend(&parameter[start..start + run]);
        }
        tensors
    }

    /// The numbers of the parameter, from those of each tensor.
    pub fn put_together(&self, tensors: &[Vec<f32>]) -> Vec<f32> {
        let mut taken = vec![0; tensors.len()];
        let mut parameter = Vec::with_capacity(self.count());
        for (tensor, run) in self.runs() {
            let start = taken[tensor];
            parameter.extend(&tensors[tensor][start..start + run]);
            taken[tensor] += run;
        }
        parameter
    }

    /// From the first number to the last: of which tensor a run of them is, and how long it is.
    fn runs(&self) -> impl Iterator<Item = (usize, usize)> {
        let rows = match self.composition {
            Composition::Stacked => 1,
            Composition::ByTurns => self.tensors[0].shape[0],
        };
        let whole = |tensor: &Named| tensor.shape.iter().product::<usize>();
        (0..rows).flat_map(move |_| self.tensors.iter().map(whole).enumerate()).map(move |(i, size)| (i, size / rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(composition: Composition, shapes: &[&[usize]]) -> Origin {
        let named = |shape: &&[usize]| Named { name: String::new(), part: Part::Language, shape: shape.to_vec() };
        Origin { parameters: vec![], tensors: shapes.iter().map(named).collect(), composition }
    }

    #[test]
    fn a_parameter_is_taken_apart_as_it_was_put_together() {
        let numbers: Vec<f32> = (0..12_u8).map(f32::from).collect();
        let stacked = origin(Composition::Stacked, &[&[2, 3], &[1, 3], &[1, 3]]);
        let parts = stacked.taken_apart(&numbers);
        assert_eq!(parts, [numbers[..6].to_vec(), numbers[6..9].to_vec(), numbers[9..].to_vec()]);
        assert_eq!(stacked.put_together(&parts), numbers);

        let turns = origin(Composition::ByTurns, &[&[2, 3], &[2, 3]]);
        let parts = turns.taken_apart(&numbers);
        assert_eq!(parts, [[0.0, 1.0, 2.0, 6.0, 7.0, 8.0], [3.0, 4.0, 5.0, 9.0, 10.0, 11.0]]);
        assert_eq!(turns.put_together(&parts), numbers);
    }
}
