//! Pixels against Pillow and `transformers`.

use sha2::{Digest, Sha256};
use streamo_wgpu::frame::{Frame, Intake, PixelBounds, Preprocessor};
use streamo_wgpu::kernels::Adapter;

use crate::fixtures::{self, Numbers, relative_error};

/// The source picture that the reference also made: `((7x + 13y + 29c) ^ (x·y >> 3)) & 255`.
fn formula(width: u32, height: u32) -> Frame {
    let value = |x: u32, y: u32, c: u32| ((7 * x + 13 * y + 29 * c) ^ ((x * y) >> 3)) as u8;
    let row = |y| (0..width).flat_map(move |x| [value(x, y, 0), value(x, y, 1), value(x, y, 2)]);
    Frame::new(width, height, (0..height).flat_map(row).collect()).unwrap()
}

fn preprocessor(case: &serde_json::Value) -> (Preprocessor, u32, u32) {
    let number = |value: &serde_json::Value| value.as_u64().unwrap() as u32;
    let bounds = PixelBounds { min: number(&case["min_pixels"]), max: number(&case["max_pixels"]) };
    (Preprocessor { bounds, ..Preprocessor::default() }, number(&case["from"][0]), number(&case["from"][1]))
}

#[test]
fn resized_pixels_equal_pillow_exactly() {
    let fixture = fixtures::json("resize.json");
    let cases = fixture["resizes"].as_array().unwrap();
    assert!(cases.len() >= 25);
    for case in cases {
        let (preprocessor, width, height) = preprocessor(case);
        let resized = preprocessor.resized(&formula(width, height)).unwrap();
        let size = serde_json::json!([resized.width(), resized.height()]);
        assert_eq!(size, case["to"], "{case}");
        assert_eq!(serde_json::json!(resized.rgb()[..12]), case["first"], "{case}");
        let hash: String = Sha256::digest(resized.rgb()).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash, case["sha256"], "{case}");
    }
    for case in fixture["errors"].as_array().unwrap() {
        let (preprocessor, width, height) = preprocessor(case);
        assert!(preprocessor.size(width, height).is_err(), "{case}");
    }
}

/// Patch rows follow from the pixels that equal Pillow's: the same bits from the CPU and from the kernels.
#[test]
fn every_device_makes_the_same_patches() {
    let fixture = fixtures::json("resize.json");
    let [cpu, gpu] = fixtures::devices();
    let card = Adapter::CARD;
    for case in fixture["resizes"].as_array().unwrap() {
        let (preprocessor, width, height) = preprocessor(case);
        let frame = formula(width, height);
        let patches = preprocessor.patches(&preprocessor.resized(&frame).unwrap()).unwrap();
        for (adapter, opened) in [(None, cpu), (Some(card), gpu)] {
            let intake = Intake::on(adapter, &preprocessor, (width, height), &opened.device).unwrap();
            let made: Vec<f32> = intake.rows(&frame).unwrap().into_data().iter().collect();
            assert!((intake.grid(), &made) == (patches.grid, &patches.rows), "{case} on {}", opened.name);
        }
    }
}

#[test]
fn patches_equal_the_reference() {
    let expected = Numbers::read(&fixtures::path("pixels.safetensors"));
    let mut compared = 0;
    for (name, rows) in &expected.ints {
        let Some(frame) = name.strip_suffix(".indices") else { continue };
        let values = &expected.floats[&format!("{frame}.rows")];
        let preprocessor = Preprocessor::default();
        let resized =
            preprocessor.resized(&fixtures::picture(&format!("{}.png", frame.replace("wide", "wide0")))).unwrap();
        let patches = preprocessor.patches(&resized).unwrap();
        let found: Vec<f32> =
            rows.iter().flat_map(|&row| &patches.rows[row as usize * 1176..][..1176]).copied().collect();
        let error = relative_error(&found, values);
        assert!(error < 1e-6, "{frame}: {error:.1e}");
        compared += 1;
    }
    assert_eq!(compared, 3);
}
