use super::{ModelConfig, Placement};
use crate::kernels::Adapter;
use crate::kernels::arena::ArenaFormat;
use crate::kernels::format::Format;

/// What a pass computes and reads, counted from the sizes of the model.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cost {
    /// Floating point operations of the products with weights.
    pub products: f64,
    /// Floating point operations of the attentions: scores and sums.
    pub attention: f64,
    /// Bytes of weights, each read once.
    pub weights: f64,
    /// Bytes of keys and values read, each once.
    pub memory: f64,
    /// Kernels run on a card.
    pub dispatches: f64,
}

impl Placement {
    fn on_a_card(format: Format) -> Self {
        Self { format, arena: ArenaFormat::F32, adapter: Adapter::CARD }
    }
}

impl std::ops::Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            products: self.products + other.products,
            attention: self.attention + other.attention,
            weights: self.weights + other.weights,
            memory: self.memory + other.memory,
            dispatches: self.dispatches + other.dispatches,
        }
    }
}

impl ModelConfig {
    /// A frame of so many patches, to visual tokens.
    pub fn vision_cost(&self, patches: usize, format: Format) -> Cost {
        let vision = &self.vision;
        let (hidden, inner) = (vision.hidden, vision.intermediate);
        let block = [[hidden, 3 * hidden], [hidden, hidden], [hidden, 2 * inner], [inner, hidden]];
        let wide = vision.merged() * hidden;
        let merger = [[wide, wide], [wide, vision.output]];
        let blocks = maps(&block, patches, format).times(vision.depth);
        let around = maps(&[[vision.patch_values(), hidden]], patches, Format::F32);
        let full = vision.full_attention.iter().filter(|&&block| block < vision.depth).count();
        let window = (vision.window / vision.patch).pow(2).min(patches);
        let seen = (full * patches + (vision.depth - full) * window) as f64;
        let attention = Cost { attention: 4.0 * patches as f64 * seen * hidden as f64, ..Cost::default() };
        let on = Placement::on_a_card(format);
        let run = vision.depth * self.vision_block(on, patches).len() + self.around_vision_blocks(on, patches).len();
        let kernels = Cost { dispatches: run as f64, ..Cost::default() };
        blocks + around + maps(&merger, patches / vision.merged(), format) + attention + kernels
    }

    /// So many rows through the decoder, over `span` slots in f32.
    pub fn decoder_cost(&self, rows: usize, span: usize, format: Format) -> Cost {
        let language = &self.language;
        let (hidden, inner) = (language.hidden, language.intermediate);
        let wide = language.heads * language.head;
        let layer = [[hidden, wide + 2 * language.kv_features()], [wide, hidden], [hidden, 2 * inner], [inner, hidden]];
        let attention = Cost {
            attention: 4.0 * rows as f64 * span as f64 * wide as f64,
            memory: span as f64 * (2 * language.kv_features() * size_of::<f32>()) as f64,
            dispatches: self.decoder_layer(Placement::on_a_card(format), rows, span.max(1)).len() as f64,
            ..Cost::default()
        };
        (maps(&layer, rows, format) + attention).times(language.layers)
    }
}

impl Cost {
    fn times(self, times: usize) -> Self {
        let times = times as f64;
        Self {
            products: self.products * times,
            attention: self.attention * times,
            weights: self.weights * times,
            memory: self.memory * times,
            dispatches: self.dispatches * times,
        }
    }
}

/// Products of `rows` rows with maps from inputs to outputs.
fn maps(shapes: &[[usize; 2]], rows: usize, format: Format) -> Cost {
    let products = shapes.iter().map(|&[inputs, outputs]| 2.0 * (rows * inputs) as f64 * outputs as f64).sum();
    let weights = shapes.iter().map(|&[inputs, outputs]| outputs as f64 * format.row_bytes(inputs) as f64).sum();
    Cost { products, weights, ..Cost::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against figures counted from transformers' own modules, for a frame of 512 patches in a round of 150 tokens.
    #[test]
    fn the_real_models_cost_what_they_cost() {
        let giga = |flops: f64, known: f64| assert!((flops / 1e9 / known - 1.0).abs() < 0.02, "{flops:e} {known}");
        let model = ModelConfig::qwen2_5_vl_3b();
        let frame = model.vision_cost(512, Format::Q4);
        giga(frame.products + frame.attention, 666.0);
        giga(model.decoder_cost(150, 0, Format::Q4).products, 832.0);
        giga(model.decoder_cost(150, 9_000, Format::Q4).attention, 401.0);
        let model = ModelConfig::qwen2_5_vl_7b();
        giga(model.decoder_cost(150, 0, Format::Q4).products, 1958.0);
        giga(model.decoder_cost(150, 18_223, Format::Q4).attention, 1101.0);
    }
}
