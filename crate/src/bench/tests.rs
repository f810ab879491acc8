use super::*;
use crate::kernels::arena::ArenaFormat;
use crate::kernels::attention::Heads;
use crate::kernels::format::Format;
use crate::kernels::{gpu, read_out};

const HEADS: Heads = Heads { queries: 6, keys: 2, size: 24 };

#[test]
fn a_single_product_is_that_of_its_weights() {
    for format in Format::ALL {
        let [rows, inputs, outputs] = [3, 70, 130];
        let x: Vec<f32> = (0..rows * inputs).map(|i| (i % 17) as f32 / 17.0 - 0.5).collect();
        let product = MatMul::new([rows, inputs, outputs], format, Some(x.clone()), &gpu()).unwrap();
        let (weights, made) =
            (product.weights().unwrap(), pollster::block_on(read_out::floats(product.run())).unwrap());
        assert_eq!((weights.len(), made.len()), (inputs * outputs, rows * outputs));
        for (at, made) in made.into_iter().enumerate() {
            let x = &x[at / outputs * inputs..][..inputs];
            let sum: f64 = x
                .iter()
                .zip(&weights[at % outputs * inputs..])
                .map(|(&x, &weight)| f64::from(x) * f64::from(weight))
                .sum();
            // Codes may be decoded to f16.
            assert!((f64::from(made) - sum).abs() < 5e-4, "{} {at}: {made} {sum}", format.name());
        }
    }
}

#[test]
fn a_single_attention_gives_averages_of_values() {
    for format in ArenaFormat::ALL {
        // More than are written at once.
        let attention = OverArena::new(5, 1500, HEADS, format, &gpu()).unwrap();
        let made = pollster::block_on(read_out::floats(attention.run())).unwrap();
        assert_eq!(made.len(), 5 * 6 * 24);
        assert!(made.iter().all(|number| number.abs() < 1.0) && made.iter().any(|number| number.abs() > 1e-3));
    }
}

#[test]
fn impossible_sizes_are_refused() {
    let product = |sizes, x: Option<Vec<f32>>| MatMul::new(sizes, Format::Q4, x, &gpu()).map(drop).unwrap_err();
    let most = usize::MAX >> 1;
    for sizes in [[0, 1, 1], [1, 0, 1], [1, 1, 0]] {
        assert!(matches!(product(sizes, None), SizeError::Impossible(_)));
    }
    for sizes in [[most, most, most], [1, most, 1], [1, 1, most], [most, 1, 1], [1, 1 << 14, 1 << 40]] {
        assert!(matches!(product(sizes, None), SizeError::NoRoom { .. }), "{sizes:?}");
    }
    assert!(MatMul::check([1, most, most], Format::F32, &gpu()).is_err());
    assert!(matches!(product([2, 3, 4], Some(vec![0.0; 5])), SizeError::Impossible(_)));

    let attention = |rows, slots, heads| OverArena::new(rows, slots, heads, ArenaFormat::Q8, &gpu()).map(drop);
    let impossible = |rows, slots, heads| matches!(attention(rows, slots, heads), Err(SizeError::Impossible(_)));
    assert!(impossible(0, 4, HEADS) && impossible(5, 4, HEADS));
    assert!(impossible(1, 4, Heads { size: 20, ..HEADS }) && impossible(1, 4, Heads { size: 136, ..HEADS }));
    assert!(impossible(1, 4, Heads { keys: 4, ..HEADS }) && impossible(1, 4, Heads { keys: 0, ..HEADS }));
    assert!(matches!(attention(1, most, HEADS), Err(SizeError::NoRoom { .. })));
    assert!(matches!(attention(1, 1, Heads { queries: most, keys: 1, size: 128 }), Err(SizeError::NoRoom { .. })));
}

#[test]
fn a_run_says_beforehand_how_much_it_tells() {
    let device = gpu();
    for scope in [Scope::Brief, Scope::Whole] {
        let products = products::works(scope, &Device::flex()).count();
        assert_eq!(products, products::count(scope));
    }
    assert_eq!(attention::works(Scope::Brief, &device).count(), attention::count(Scope::Brief));
    assert_eq!((Scope::Brief.steps(), Scope::Whole.steps()), (6, 64));
}
