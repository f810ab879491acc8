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
