use burn::tensor::{Device, Distribution};
use proptest::prelude::*;

use super::*;
use crate::kernels::Adapter;
use crate::kernels::gpu;

#[test]
fn pieces_make_the_whole() {
    let device = Device::flex();
    let whole = Tensor::<2>::random([7, 4], Distribution::Default, &device);
    let cut = [0..3, 3..4, 4..7].map(|rows| whole.clone().slice([rows]));
    let (pieces, whole) = (Matrix::new(cut.to_vec()), Matrix::new(vec![whole]));
    let x = Tensor::<2>::random([5, 4], Distribution::Default, &device);
    assert_eq!(
        pieces.apply(Start::AsIs, x.clone(), None, Finish::Store).to_data(),
        whole.apply(Start::AsIs, x, None, Finish::Store).to_data()
    );
    for wanted in [vec![6, 0, 3, 3, 2, 5], vec![1], vec![4, 6, 5], vec![3]] {
        assert_eq!(pieces.rows(&wanted).to_data(), whole.rows(&wanted).to_data());
    }
}

#[test]
fn coded_pieces_make_what_they_decode_to() {
    let device = Device::flex();
    let values: Vec<f32> = (0..7 * 40).map(|i| ((i * 37) % 101) as f32 / 50.0 - 1.0).collect();
    let x = Tensor::<2>::random([5, 40], Distribution::Default, &device);
    for format in Format::ALL {
        let coded = Coded::encode(format, 40, &values);
        let whole = Tensor::<2>::from_data(TensorData::new(coded.decode(), [7, 40]), &device);
        let pieces = [0..3, 3..7].map(|rows| Coded::encode(format, 40, &values[40 * rows.start..40 * rows.end]));
        let (coded, whole) = (Matrix::coded(pieces, &device), Matrix::new(vec![whole]));
        assert_eq!(
            coded.apply(Start::AsIs, x.clone(), None, Finish::Store).to_data(),
            whole.apply(Start::AsIs, x.clone(), None, Finish::Store).to_data(),
            "{}",
            format.name()
        );
        assert_eq!(coded.rows(&[6, 0, 3]).to_data(), whole.rows(&[6, 0, 3]).to_data(), "{}", format.name());
    }
}

#[test]
fn every_piece_of_the_real_models_fits_a_binding() {
    for (rows, columns) in [(151_936, 2048), (152_064, 3584), (18_944, 3584), (11_008, 2048), (1280, 3420)] {
        for format in Format::ALL {
            let pieces: Vec<_> = Matrix::cut(format, rows, columns).collect();
            let fits = |piece: &Range<usize>| piece.len() * format.words(columns) * 4 <= LARGEST_BINDING;
            assert!(pieces.iter().all(fits), "{rows}×{columns} in {}", format.name());
            assert_eq!(pieces.iter().map(Range::len).sum::<usize>(), rows);
        }
    }
}

/// The variants that this machine can run.
fn adapters() -> Vec<Adapter> {
    launch::adapter_of(&gpu()).unwrap().disguises()
}

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), &Device::flex())
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter().collect()
}

fn on_gpu<const D: usize>(tensor: &Tensor<D>) -> Tensor<D> {
    tensor.clone().to_device(&gpu())
}

/// Every kernel that can make a product of this shape in `format`, against the plain operations on the numbers that the
/// codes stand for; `turn` chooses how it starts and how it ends. The largest error, in parts of the largest number.
fn worst_error_of([rows, columns, outputs]: [usize; 3], format: Format, turn: usize) -> f32 {
    let (x, z) = (random([rows, columns]), random([rows, outputs]));
    let z_there = on_gpu(&z);
    let weights = floats(random([outputs, columns]) / (columns as f32).sqrt());
    let cut = outputs / 4 * 2;
    let piece = |rows: Range<usize>| Coded::encode(format, columns, &weights[rows.start * columns..rows.end * columns]);
    let pieces: Vec<_> = [0..cut, cut..outputs].into_iter().filter(|rows| !rows.is_empty()).map(piece).collect();
    let (plain, coded) = (Matrix::coded(pieces.clone(), &Device::flex()), Matrix::coded(pieces, &gpu()));
    let bias = (turn % 8 < 4).then(|| random([outputs]));
    let (finish, finish_there) = match turn % 4 {
        0 => (Finish::Store, Finish::Store),
        1 => (Finish::Add(&z), Finish::Add(&z_there)),
        2 => (Finish::SwiGlu, Finish::SwiGlu),
        _ => (Finish::Gelu, Finish::Gelu),
    };
    let gamma = random([columns]);
    let norms = [gamma.clone(), on_gpu(&gamma)].map(|gamma| RmsNorm::new(gamma, 1e-6));
    let [start, start_there] =
        norms.each_ref().map(|norm| if turn.is_multiple_of(3) { Start::Normed(norm) } else { Start::AsIs });
    let expected = floats(plain.apply(start, x.clone(), bias.clone(), finish));
    let size = expected.iter().fold(1_f32, |size, value| size.max(value.abs()));
    let (x, bias) = (on_gpu(&x), bias.as_ref().map(on_gpu));
    let product = Product { format, rows, outputs, normed: turn.is_multiple_of(3) };
    // Two sums are multiplied there, both of them off, and each is as large as their product may be.
    let sums = if matches!(finish_there, Finish::SwiGlu) { 2.0 } else { 1.0 };
    let errors = product.variants(adapters()).into_iter().map(|adapter| {
        let codes = coded.codes().unwrap();
        let made = floats(product::apply(adapter, &codes, start_there, &x, bias.as_ref(), finish_there).unwrap());
        assert_eq!(made.len(), expected.len());
        let errors = made.iter().zip(&expected).map(|(made, expected)| (made - expected).abs() / size);
        let error = errors.fold(0.0, f32::max) - (sums * product.rounding(adapter)) as f32;
        assert!(error < 2e-6, "{error:e}: {rows}×{columns}→{outputs} {format:?} {turn} {adapter:?}");
        error
    });
    errors.fold(0.0, f32::max)
}

/// Each shape and format takes the next of the finishes, and of the starts, so that all meet all in time.
#[test]
fn products_equal_the_reference() {
    let shapes = [
        [1, 32, 4],
        [1, 100, 66],
        [1, 1180, 6],
        [2, 33, 10],
        [7, 64, 258],
        [8, 96, 64],
        [9, 36, 300],
        [17, 3, 2],
        [49, 160, 70],
        [143, 68, 130],
    ];
    let mut worst = 0_f32;
    for (turn, shape) in shapes.into_iter().enumerate() {
        for (format, turn) in Format::ALL.into_iter().zip(turn..) {
            worst = worst.max(worst_error_of(shape, format, turn));
        }
    }
    println!("worst error of a product: {worst:e}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn products_of_any_shape_equal_the_reference(
        (rows, columns, pairs) in (prop_oneof![Just(1), 2..80_usize], 1..300_usize, 1..150_usize),
        (format, turn) in (prop::sample::select(Format::ALL.to_vec()), 0..24_usize),
    ) {
        worst_error_of([rows, columns, 2 * pairs], format, turn);
    }
}

#[test]
fn gathered_rows_are_the_coded_ones() {
    for (rows, columns) in [(7, 3), (9, 32), (20, 2100)] {
        let weights = floats(random([rows, columns]));
        for format in Format::ALL {
            let pieces = [0..4, 4..rows]
                .map(|rows| Coded::encode(format, columns, &weights[rows.start * columns..rows.end * columns]));
            let (plain, coded) = (Matrix::coded(pieces.clone(), &Device::flex()), Matrix::coded(pieces, &gpu()));
            assert!(coded.codes().is_some());
            for wanted in [vec![6, 0, 3, 3, 2, 5], vec![1], vec![4, 6, 5]] {
                assert_eq!(floats(coded.rows(&wanted)), floats(plain.rows(&wanted)), "{format:?}");
            }
        }
    }
}

/// Overflow and what follows from it: nothing hangs, and other rows are what they would be.
#[test]
fn a_row_that_is_no_number_spoils_no_other() {
    let (rows, columns, outputs) = (20, 68, 130);
    let x = random([rows, columns]);
    let norm = RmsNorm::new(on_gpu(&random([columns])), 1e-6);
    let weights = floats(random([outputs, columns]));
    for (spoil, format) in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX].into_iter().zip(Format::ALL) {
        let spoilt = x.clone().slice_fill([7..8, 30..31], spoil).slice_fill([19..20, 67..68], spoil);
        let matrix = Matrix::coded([Coded::encode(format, columns, &weights)], &gpu());
        for start in [Start::AsIs, Start::Normed(&norm)] {
            let product = Product { format, rows, outputs, normed: matches!(start, Start::Normed(_)) };
            for adapter in product.variants(adapters()) {
                let [clean, spoilt] = [&x, &spoilt].map(|x| {
                    let codes = matrix.codes().unwrap();
                    floats(product::apply(adapter, &codes, start, &on_gpu(x), None, Finish::Store).unwrap())
                });
                for (row, (clean, spoilt)) in clean.chunks(outputs).zip(spoilt.chunks(outputs)).enumerate() {
                    let same = || clean == spoilt;
                    assert!([7, 19].contains(&row) || same(), "row {row} after {spoil} in {format:?}, {adapter:?}");
                }
            }
        }
    }
}
