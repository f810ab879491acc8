//! What the keys of GGUF files say of a model.
//!
//! The keys are those of llama.cpp (`gguf-py/gguf/constants.py`): `qwen2vl.*` or `qwen2.*` of the language model,
//! `clip.vision.*` of the vision part.

use super::config::{Rope, TextFields, VisionFields};
use super::{ConfigError, ConfigFault, LoadError, ModelConfig, preprocessing};
use crate::frame::Normalization;
use crate::tokenizer::Tokenizer;
use crate::weights::gguf::{GgufModel, Metadata, required};

/// Everything about a model but its weights and how it wants its stream.
pub(super) fn describe(model: &GgufModel) -> Result<(ModelConfig, Normalization, Tokenizer), LoadError> {
    let (file, keys) = model.language();
    let tied = !model.contains("output.weight");
    let wrong = |fault| ConfigError { file: file.to_owned(), fault };
    let language = text(keys).and_then(|fields| fields.into_config(Some(tied))).map_err(wrong)?;
    let (vision_file, vision_keys) = model.vision();
    let vision = vision(vision_keys).and_then(VisionFields::into_config);
    let vision = vision.map_err(|fault| ConfigError { file: vision_file.to_owned(), fault })?;
    let config = ModelConfig { vision, language };
    config.parts_fit().map_err(|fault| ConfigError { file: vision_file.to_owned(), fault })?;
    Ok((config, normalization(vision_file, vision_keys)?, Tokenizer::from_gguf(file, keys)?))
}

fn architecture(keys: &Metadata) -> Result<&str, ConfigFault> {
    Ok(required("general.architecture", keys.text("general.architecture"))?)
}

fn text(keys: &Metadata) -> Result<TextFields, ConfigFault> {
    let family = architecture(keys)?;
    if !matches!(family, "qwen2vl" | "qwen2") {
        return Err(ConfigFault::Architecture(format!("a {family:?} model")));
    }
    let key = |name: &str| format!("{family}.{name}");
    let found = |name: &str| keys.count(&key(name));
    let count = |name: &str| required(&key(name), found(name));
    let (hidden, heads) = (count("embedding_length")?, count("attention.head_count")?);
    let head = found("attention.key_length")?;
    let sections = keys.numbers(&key("rope.dimension_sections"))?;
    let sections = match sections.map(|sections| sections.iter().map(|part| part as usize).collect::<Vec<_>>()) {
        // ggml has room for a fourth.
        Some(sections) => match sections[..] {
            [time, height, width] | [time, height, width, 0] => [time, height, width],
            _ => {
                return Err(ConfigFault::Inconsistent(format!(
                    "its {} is {sections:?}",
                    key("rope.dimension_sections")
                )));
            }
        },
        // A model of text alone counts time, height and width alike, so that any split of its frequencies is its own;
        // this one is Qwen2.5-VL's.
        None => {
            let half = head.or(hidden.checked_div(heads)).unwrap_or_default() / 2;
            [half / 4, half / 8 * 3, half / 8 * 3]
        }
    };
    Ok(TextFields {
        // The converter pads the list of tokens until it is as long as the embedding.
        vocab_size: required("tokenizer.ggml.tokens", keys.texts("tokenizer.ggml.tokens"))?.iter().len(),
        hidden_size: hidden,
        intermediate_size: count("feed_forward_length")?,
        num_hidden_layers: count("block_count")?,
        num_attention_heads: heads,
        num_key_value_heads: found("attention.head_count_kv")?.unwrap_or(heads),
        rms_norm_eps: required(
            &key("attention.layer_norm_rms_epsilon"),
            keys.number(&key("attention.layer_norm_rms_epsilon")),
        )?,
        rope_theta: keys.number(&key("rope.freq_base"))?,
        rope_parameters: Some(Rope {
            rope_theta: None,
            mrope_section: Some(sections),
            rope_type: keys.text(&key("rope.scaling.type"))?.filter(|kind| *kind != "none").map(str::to_owned),
            r#type: None,
        }),
        rope_scaling: None,
        max_position_embeddings: count("context_length")?,
        hidden_act: "silu".to_owned(),
        use_sliding_window: false,
        tie_word_embeddings: None,
        head_dim: head,
    })
}

fn vision(keys: &Metadata) -> Result<VisionFields, ConfigFault> {
    let family = architecture(keys)?;
    if family != "clip" {
        return Err(ConfigFault::Architecture(format!("a {family:?} model and no vision part")));
    }
    let projector = match keys.text("clip.projector_type")? {
        Some(projector) => projector,
        None => required("clip.projector_type", keys.text("clip.vision.projector_type"))?,
    };
    if projector != "qwen2.5vl_merger" {
        return Err(ConfigFault::Architecture(format!("a {projector:?} vision part")));
    }
    let key = |name: &str| format!("clip.vision.{name}");
    let found = |name: &str| keys.count(&key(name));
    let count = |name: &str| required(&key(name), found(name));
    let silu = keys.truth("clip.use_silu")?.unwrap_or(false) && !keys.truth("clip.use_gelu")?.unwrap_or(false);
    let depth = count("block_count")?;
    // Every n-th block sees the whole frame, the n-th first; with 0 all of them do.
    let pattern = count("n_wa_pattern")?;
    let full =
        (0..depth.min(super::config::DEEPEST)).filter(|block| pattern == 0 || (block + 1).is_multiple_of(pattern));
    // Its attention.layer_norm_epsilon is the language model's; the vision part has a constant one.
    Ok(VisionFields {
        depth,
        hidden_size: count("embedding_length")?,
        intermediate_size: count("feed_forward_length")?,
        num_heads: count("attention.head_count")?,
        in_channels: None,
        in_chans: None,
        patch_size: Some(count("patch_size")?),
        spatial_patch_size: None,
        spatial_merge_size: found("spatial_merge_size")?.unwrap_or(2),
        temporal_patch_size: 2,
        window_size: found("window_size")?.unwrap_or(112),
        fullatt_block_indexes: full.collect(),
        out_hidden_size: count("projection_dim")?,
        hidden_act: if silu { "silu" } else { "gelu" }.to_owned(),
    })
}

fn normalization(file: &str, keys: &Metadata) -> Result<Normalization, LoadError> {
    let usual = Normalization::default();
    let read = |key: &str, usual: [f32; 3]| -> Result<[f32; 3], ConfigError> {
        let wrong = |fault| ConfigError { file: file.to_owned(), fault };
        let Some(numbers) = keys.numbers(key).map_err(|error| wrong(error.into()))? else { return Ok(usual) };
        let numbers: Vec<f32> = numbers.iter().map(|number| number as f32).take(4).collect();
        let three = <[f32; 3]>::try_from(numbers);
        three.map_err(|_| wrong(ConfigFault::Inconsistent(format!("its {key} has not three numbers"))))
    };
    let (mean, std) = (read("clip.vision.image_mean", usual.mean)?, read("clip.vision.image_std", usual.std)?);
    Ok(preprocessing::sound(file, mean, std)?)
}
