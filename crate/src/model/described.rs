//! What describes a model, as the files of a pack.

use serde_json::{Value, json};

use super::{Description, LoadError, ModelConfig};
use crate::frame::Normalization;
use crate::weights::Files;
use crate::weights::gguf::GgufModel;

/// A file's name and what is in it, `None` where there is none.
pub type DescribingFile = (&'static str, Option<Vec<u8>>);

impl Description {
    /// The names and contents of [`FILES`](Self::FILES): as they are among `files`, or what they would say where this
    /// description was read from something else, such as GGUF files. What a model does without is `None`.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or the tokenizer not be written.
    pub fn contents(&self, files: &dyn Files) -> Result<[DescribingFile; 4], LoadError> {
        let [config, settings, preprocessing, tokenizer] = Self::FILES;
        let usual = self.normalization == Normalization::default();
        let gguf = GgufModel::is_among(files)?;
        // What stands beside GGUF files under such a name was not read: they say it themselves.
        let told = |name: &str| if gguf { Ok(None) } else { files.read(name) };
        Ok([
            (config, Some(told(config)?.unwrap_or_else(|| self.config.to_json().to_string().into_bytes()))),
            (settings, files.read(settings)?),
            (preprocessing, told(preprocessing)?.or_else(|| (!usual).then(|| normalizing(&self.normalization)))),
            (tokenizer, Some(told(tokenizer)?.map_or_else(|| self.tokenizer.to_json(), Ok)?)),
        ])
    }
}

/// A `preprocessor_config.json`.
fn normalizing(normalization: &Normalization) -> Vec<u8> {
    json!({ "image_mean": normalization.mean, "image_std": normalization.std }).to_string().into_bytes()
}

impl ModelConfig {
    /// A `config.json` that says the same, as transformers 5 would write it.
    pub fn to_json(&self) -> Value {
        let Self { vision, language } = self;
        json!({
            "model_type": "qwen2_5_vl",
            "tie_word_embeddings": language.tied,
            "text_config": {
                "vocab_size": language.vocabulary,
                "hidden_size": language.hidden,
                "intermediate_size": language.intermediate,
                "num_hidden_layers": language.layers,
                "num_attention_heads": language.heads,
                "num_key_value_heads": language.kv_heads,
                "head_dim": language.head,
                "rms_norm_eps": language.epsilon,
                "rope_parameters": {
                    "rope_type": "default", "rope_theta": language.theta, "mrope_section": language.sections,
                },
                "max_position_embeddings": language.trained_context,
                "hidden_act": "silu",
            },
            "vision_config": {
                "depth": vision.depth,
                "hidden_size": vision.hidden,
                "intermediate_size": vision.intermediate,
                "num_heads": vision.heads,
                "in_channels": 3,
                "patch_size": vision.patch,
                "spatial_merge_size": vision.merge,
                "temporal_patch_size": vision.temporal,
                "window_size": vision.window,
                "fullatt_block_indexes": vision.full_attention,
                "out_hidden_size": vision.output,
                "hidden_act": "silu",
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Embedded;

    const CONFIG: &[u8] = include_bytes!("../../../tests/fixtures/tiny/config.json");
    const TOKENIZER: &[u8] = include_bytes!("../../../tests/fixtures/tiny/tokenizer.json");
    const PIXELS: &[u8] = b"{\"image_mean\": [0.5, 0.25, 0.1], \"image_std\": [0.5, 0.3, 1]}";

    #[test]
    fn what_is_written_reads_as_what_was_read() {
        let files: &[(&str, &[u8])] =
            &[("config.json", CONFIG), ("tokenizer.json", TOKENIZER), ("preprocessor_config.json", PIXELS)];
        let given = Embedded { name: "a test", files: files.to_vec().leak() };
        let description = Description::read(&given).unwrap();
        // As they are.
        let copied = description.contents(&given).unwrap();
        assert_eq!(copied[0], ("config.json", Some(CONFIG.to_vec())));
        assert_eq!(copied[1], ("streamo.json", None));
        assert_eq!(copied[3], ("tokenizer.json", Some(TOKENIZER.to_vec())));
        // From nothing but the description.
        let written = description.contents(&Embedded { name: "nothing", files: &[] }).unwrap();
        let written = written.into_iter().filter_map(|(name, contents)| Some((name, &*contents?.leak())));
        let written = Embedded { name: "written", files: written.collect::<Vec<_>>().leak() };
        let again = Description::read(&written).unwrap();
        assert_eq!((&again.config, again.normalization), (&description.config, description.normalization));
        let text = "<|im_start|>user\n</Silence> Ünïcode, 12 tokens";
        assert_eq!(again.tokenizer.encode(text).unwrap(), description.tokenizer.encode(text).unwrap());
        assert_eq!(again.tokenizer.encode_markup(text).unwrap(), description.tokenizer.encode_markup(text).unwrap());
    }
}
