/// A part of the model, and what checkpoints call it.
///
/// The hub's files say `visual.*`, `model.*` and `lm_head.weight`; transformers 5 writes `model.visual.*` and
/// `model.language_model.*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The vision transformer and its merger.
    Vision,
    /// The decoder and its embedding.
    Language,
    /// The output head.
    Head,
}

impl Part {
    /// The part that a tensor belongs to, by its name in a safetensors or GGUF file.
    pub fn of(name: &str) -> Self {
        if name.contains("visual.") || name.starts_with("v.") || name.starts_with("mm.") {
            Part::Vision
        } else if name.contains("lm_head.") || name == "output.weight" {
            Part::Head
        } else {
            Part::Language
        }
    }

    /// Every name under which `tensor` of this part may stand, newest first.
    pub fn names(self, tensor: &str) -> [String; 2] {
        let (new, old) = match self {
            Part::Vision => ("model.visual.", "visual."),
            Part::Language => ("model.language_model.", "model."),
            Part::Head => ("lm_head.", "model.lm_head."),
        };
        [format!("{new}{tensor}"), format!("{old}{tensor}")]
    }
}

/// A tensor of the model under the names that a file has for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    /// What makes it up.
    pub fragments: Vec<String>,
    /// How.
    pub join: Join,
}

/// How the fragments of a tensor make it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    /// One after the other along the first axis.
    Rows,
    /// Each is one frame of a patch embedding `[features, channels, frames, height, width]`, which it has without the
    /// axis of the frames.
    Frames,
}
