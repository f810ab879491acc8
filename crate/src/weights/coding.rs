//! A checkpoint's matrices are coded on the way to the device, a run of rows at a time. What is in blocks of the wanted
//! format already is only laid out anew.

use std::borrow::Cow;
use std::ops::Range;

use super::store::{self, Pieces, StoredTensor};
use super::{Checkpoint, Part, Piece, Read, TensorStore, WeightsError};
use crate::kernels::format::{Coded, Format};
use crate::kernels::matrix::Matrix;

/// Bytes of f32 that wait to be coded at a time.
const RUN: usize = 16 << 20;

/// In which format a tensor of `shape` stands where matrices are in `matrices`, and how many numbers a row of it has,
/// which is what stands at one index of the first axis. `None` for a vector, which is small and stays f32.
///
/// The kernel of a convolution, which sees the pixels themselves, is not quantised: it takes two bytes a number at least.
pub(super) fn coding(shape: &[usize], matrices: Format) -> Option<(Format, usize)> {
    let columns = shape.iter().skip(1).fold(1_usize, |columns, &side| columns.saturating_mul(side));
    match (shape.len(), matrices) {
        (0 | 1, _) => None,
        (2, _) | (_, Format::F32) => Some((matrices, columns)),
        _ => Some((Format::F16, columns)),
    }
}

/// `rows` in runs that are read and coded one after another.
pub(super) fn runs(rows: Range<usize>, columns: usize) -> impl Iterator<Item = Range<usize>> {
    let most = (RUN / size_of::<f32>() / columns.max(1)).max(1);
    rows.clone().step_by(most).map(move |start| start..rows.end.min(start + most))
}

/// `work` on whole rows of `row` values, on every processor there is: what came of the first rows comes first.
fn by_rows<N: Sync, T: Send>(row: usize, values: &[N], work: impl Fn(&[N]) -> T + Sync) -> Vec<T> {
    /// With fewer values than these, a thread costs more than it brings.
    const WORTHWHILE: usize = 1 << 14;
    let threads = match cfg!(target_arch = "wasm32") {
        true => 1,
        false => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let rows = values.len().checked_div(row).unwrap_or(0);
    let share = row * rows.div_ceil(threads).max(1);
    if threads == 1 || values.len() < WORTHWHILE {
        return vec![work(values)];
    }
    std::thread::scope(|scope| {
        let work = &work;
        let started: Vec<_> = values.chunks(share).map(|rows| scope.spawn(move || work(rows))).collect();
        let done = started.into_iter().map(|thread| thread.join());
        done.map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

impl Checkpoint {
    /// `rows` of a matrix, coded.
    fn piece(&self, part: Part, tensor: &str, shape: [usize; 2], rows: Range<usize>) -> Result<Piece, WeightsError> {
        let (name, _) = self.info(part, tensor, &shape)?;
        let (format, [_, columns]) = (self.format, shape);
        let mut coded = Coded { format, rows: rows.len(), columns, words: Vec::new(), scales: Vec::new() };
        store::reserve(&mut coded, rows.clone(), name)?;
        let mut bytes = 0;
        for run in runs(rows, columns) {
            let (parts, read) = self.run(part, tensor, &shape, (format, columns), run, |_, _| ())?;
            for (some, ()) in parts {
                coded.words.extend(some.words);
                coded.scales.extend(some.scales);
            }
            bytes += read;
        }
        Ok(Piece { coded, bytes })
    }

    /// A run of rows of a tensor in a [`coding`], part by part, and how many bytes they had. Each part comes with what
    /// `judge` says of it and of the numbers that it was coded from; there are none where nothing was rounded.
    pub(super) fn run<T: Send>(
        &self,
        part: Part,
        tensor: &str,
        shape: &[usize],
        (format, columns): (Format, usize),
        rows: Range<usize>,
        judge: impl Fn(&Coded, Option<&[f32]>) -> T + Sync,
    ) -> Result<(Vec<(Coded, T)>, u64), WeightsError> {
        let fragments = self.fragments(part, tensor, shape)?;
        if let Some(repack) = fragments.encoding().and_then(|encoding| encoding.repacking(format)) {
            let count = rows.len();
            let blocks = fragments.blocks(rows)?;
            let parts = by_rows(blocks.len().checked_div(count).unwrap_or(0), &blocks, |rows| {
                let coded = repack(columns, rows);
                let judged = judge(&coded, None);
                (coded, judged)
            });
            return Ok((parts, blocks.len() as u64));
        }
        let read = fragments.read(rows)?;
        let parts = by_rows(columns, &read.values, |values| {
            let coded = Coded::encode(format, columns, values);
            let judged = judge(&coded, Some(values));
            (coded, judged)
        });
        Ok((parts, read.bytes))
    }
}

impl TensorStore for Checkpoint {
    fn format(&self) -> Format {
        self.format
    }

    fn tensors(&self) -> Box<dyn Iterator<Item = StoredTensor<'_>> + '_> {
        Box::new(Checkpoint::tensors(self).map(|(name, info)| StoredTensor {
            name,
            shape: &info.shape,
            format: info.format.to_string().to_lowercase(),
            bytes: info.bytes() as u64,
        }))
    }

    fn check(&self, part: Part, tensor: &str, shape: &[usize]) -> Result<Cow<'_, str>, WeightsError> {
        Ok(Cow::Borrowed(self.info(part, tensor, shape)?.0))
    }

    fn numbers(&self, part: Part, tensor: &str, shape: &[usize]) -> Result<Read, WeightsError> {
        let Read { mut values, bytes } = self.read(part, tensor, shape, 0..shape[0])?;
        // As a pack has it.
        if let Some((format, columns)) = coding(shape, self.format).filter(|(format, _)| *format != Format::F32) {
            values = Coded::encode(format, columns, &values).decode();
        }
        Ok(Read { values, bytes })
    }

    fn matrix<'a>(&'a self, part: Part, tensor: &'a str, shape: [usize; 2]) -> Pieces<'a> {
        let [rows, columns] = shape;
        let pieces = Matrix::cut(self.format, rows, columns);
        Box::new(pieces.map(move |rows| self.piece(part, tensor, shape, rows)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn runs_make_up_all_rows(start in 0..50_usize, count in 0..100_000_usize, columns in 0..3_000_000_usize) {
            let rows = start..start + count % (1 + (1 << 28) / columns.max(1));
            let mut end = rows.start;
            for run in runs(rows.clone(), columns) {
                prop_assert_eq!(run.start, end);
                prop_assert!(run.len() == 1 || run.len() * columns * size_of::<f32>() <= RUN);
                end = run.end;
            }
            prop_assert_eq!(end, rows.end);
        }

        /// However many processors there are, the rows come whole and in order.
        #[test]
        fn rows_are_worked_on_in_order(rows in 0..900_usize, columns in 1..90_usize) {
            let values: Vec<f32> = (0..rows * columns).map(|number| number as f32).collect();
            let worked = by_rows(columns, &values, |some| {
                assert_eq!(some.len() % columns, 0);
                some.to_vec()
            });
            prop_assert_eq!(worked.concat(), values);
        }
    }
}
