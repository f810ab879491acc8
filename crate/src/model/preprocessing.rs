//! `preprocessor_config.json`: what turns bytes into numbers.
//!
//! Nothing else of it is taken: how large a frame may be is the stream's matter, see [`Settings`](super::Settings).

use serde::Deserialize;
use thiserror::Error;

use crate::frame::Normalization;

/// Why a `preprocessor_config.json` cannot be used.
#[derive(Debug, Error)]
pub enum PreprocessingError {
    /// Not JSON, or a field of another type.
    #[error("preprocessor_config.json is not valid: {0}; download it again")]
    Unreadable(#[from] serde_json::Error),
    /// Numbers that would make every pixel infinite or meaningless.
    #[error("{file} is not valid: pixels cannot be normalised by mean {mean:?} and deviation {std:?}")]
    Values {
        /// The file that asks for it: `preprocessor_config.json`, or a GGUF file.
        file: String,
        /// By channel.
        mean: [f32; 3],
        /// By channel.
        std: [f32; 3],
    },
}

#[derive(Deserialize)]
struct Fields {
    image_mean: Option<[f32; 3]>,
    image_std: Option<[f32; 3]>,
}

/// The normalisation that `bytes` ask for; CLIP's where they are silent.
pub(super) fn normalization(bytes: &[u8]) -> Result<Normalization, PreprocessingError> {
    let fields: Fields = serde_json::from_slice(bytes)?;
    let usual = Normalization::default();
    let (mean, std) = (fields.image_mean.unwrap_or(usual.mean), fields.image_std.unwrap_or(usual.std));
    sound("preprocessor_config.json", mean, std)
}

/// The normalisation by `mean` and `std`, which `file` asks for.
pub(super) fn sound(file: &str, mean: [f32; 3], std: [f32; 3]) -> Result<Normalization, PreprocessingError> {
    let sound = mean.iter().all(|mean| mean.is_finite()) && std.iter().all(|std| std.is_finite() && *std > 0.0);
    if sound {
        Ok(Normalization { mean, std })
    } else {
        Err(PreprocessingError::Values { file: file.to_owned(), mean, std })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_taken_and_sizes_are_not() {
        let read = |json: &str| normalization(json.as_bytes());
        assert_eq!(read("{\"max_pixels\": 12845056}").unwrap(), Normalization::default());
        let given = read("{\"image_mean\": [0.5, 0.5, 0.5], \"image_std\": [0.5, 0.25, 1.0]}").unwrap();
        assert_eq!(given, Normalization { mean: [0.5; 3], std: [0.5, 0.25, 1.0] });
        for bad in ["", "[]", "{\"image_std\": [0, 1, 1]}", "{\"image_std\": [1, 1]}", "{\"image_mean\": [1e99, 0, 0]}"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
