use crate::kernels::format::{BLOCK, Coded};

/// How far coded weights are from what they were.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Quality {
    /// Σ w²
    weights: f64,
    /// Σ (ŵ − w)²
    errors: f64,
    /// The block that lost most.
    pub worst: Option<Worst>,
}

/// The block of a row that lost most for its size.
#[derive(Debug, Clone, PartialEq)]
pub struct Worst {
    /// √(Σ (ŵ − w)² / Σ w²) over the block.
    pub error: f64,
    /// Its tensor, where that is known.
    pub tensor: String,
    /// Its row.
    pub row: usize,
    /// Its first column.
    pub column: usize,
}

impl Quality {
    /// Of `coded` rows against the `values` that they were coded from, which are rows of the tensor from 0 on; they are
    /// what they were where there are none.
    pub fn of(coded: &Coded, values: Option<&[f32]>) -> Self {
        let mut quality = Self::default();
        let decoded = coded.decode();
        let values = values.unwrap_or(&decoded);
        let rows = values.chunks(coded.columns.max(1)).zip(decoded.chunks(coded.columns.max(1)));
        for (row, (values, decoded)) in rows.enumerate() {
            for (block, (values, decoded)) in values.chunks(BLOCK).zip(decoded.chunks(BLOCK)).enumerate() {
                let weights: f64 = values.iter().map(|&value| f64::from(value).powi(2)).sum();
                let differences = values.iter().zip(decoded).map(|(&a, &b)| (f64::from(b) - f64::from(a)).powi(2));
                let errors: f64 = differences.sum();
                quality.weights += weights;
                quality.errors += errors;
                let error = if weights > 0.0 { (errors / weights).sqrt() } else { 0.0 };
                if quality.worst.as_ref().is_none_or(|worst| error > worst.error) {
                    quality.worst = Some(Worst { error, tensor: String::new(), row, column: block * BLOCK });
                }
            }
        }
        quality
    }

    /// The same of rows of `tensor` that begin at `row`.
    pub fn at(mut self, tensor: &str, row: usize) -> Self {
        if let Some(worst) = &mut self.worst {
            worst.tensor = tensor.to_owned();
            worst.row += row;
        }
        self
    }

    /// Takes in what was found elsewhere.
    pub fn add(&mut self, other: Self) {
        self.weights += other.weights;
        self.errors += other.errors;
        let than = self.worst.as_ref().map_or(-1.0, |worst| worst.error);
        if let Some(worst) = other.worst.filter(|worst| worst.error > than) {
            self.worst = Some(worst);
        }
    }

    /// √(Σ (ŵ − w)² / Σ w²): the error's size for that of the weights.
    pub fn error(&self) -> f64 {
        if self.weights > 0.0 { (self.errors / self.weights).sqrt() } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::format::Format;

    #[test]
    fn the_error_is_that_of_the_numbers() {
        // Two rows of a block and a half; the second row's half block is the only one that q4 cannot hold well.
        let mut values = vec![8.0_f32; 96];
        values[80..].copy_from_slice(&[[-8.0, 0.5].as_slice(); 8].concat());
        let coded = Coded::encode(Format::Q4, 48, &values);
        let mut quality = Quality::default();
        quality.add(Quality::of(&Coded::encode(Format::Q4, 48, &values[..48]), Some(&values[..48])).at("a", 6));
        quality.add(Quality::of(&Coded::encode(Format::Q4, 48, &values[48..]), Some(&values[48..])).at("b", 7));
        let decoded = coded.decode();
        let square = |pair: (&f32, &f32)| f64::from(pair.0 - pair.1).powi(2);
        let errors: f64 = decoded.iter().zip(&values).map(square).sum();
        let all: f64 = values.iter().map(|value| f64::from(*value).powi(2)).sum();
        assert!((quality.error() - (errors / all).sqrt()).abs() < 1e-9 && errors > 0.0);
        let worst = quality.worst.unwrap();
        assert_eq!((worst.tensor.as_str(), worst.row, worst.column), ("b", 7, 32));
        assert!(worst.error > 0.01 && worst.error < 0.1, "{worst:?}");
        assert_eq!(Quality::of(&Coded::encode(Format::Q4, 32, &[0.0; 32]), Some(&[0.0; 32])).error(), 0.0);
        assert_eq!(Quality::of(&coded, None).error(), 0.0);
        assert_eq!(Quality::default().error(), 0.0);
    }
}
