//! What a round would take on a device that nobody has measured here, from its published peaks and from the shares of
//! their ceilings that the kernels reached on this adapter. A prediction, and nothing more.

use serde::Serialize;

use super::Report;
use crate::kernels::format::Format;
use crate::model::{Cost, ModelConfig};

/// A device, by what its maker publishes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Peaks {
    /// What it is called.
    pub name: &'static str,
    /// 10¹² floating point operations a second in f32.
    pub tera_flops: f64,
    /// 10⁹ bytes of memory a second.
    pub giga_bytes: f64,
}

/// Makers' figures.
pub const DEVICES: [Peaks; 5] = [
    Peaks { name: "Apple M2 (10 cores)", tera_flops: 3.6, giga_bytes: 100.0 },
    Peaks { name: "GeForce RTX 3060", tera_flops: 12.7, giga_bytes: 360.0 },
    Peaks { name: "GeForce RTX 4090", tera_flops: 82.6, giga_bytes: 1008.0 },
    Peaks { name: "Radeon RX 6700 XT", tera_flops: 13.2, giga_bytes: 384.0 },
    Peaks { name: "Radeon RX 7900 XTX", tera_flops: 61.4, giga_bytes: 960.0 },
];

/// Seconds of a dispatch beside its work, as measured through this stack on real adapters.
const DISPATCH: f64 = 40e-6;

/// Tokens in memory for which a round is predicted.
pub const MEMORIES: [usize; 3] = [0, 4_000, 18_000];

/// Shares of the ceilings that kernels reached.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reached {
    /// Products of a round's rows, of the multiply-adds.
    pub products: f64,
    /// Attention of a round's rows over a long memory, of the multiply-adds.
    pub attention: f64,
    /// Products of one row, of the bytes read, at most all of them.
    pub read: f64,
}

/// A prediction.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// For which device.
    pub device: Peaks,
    /// For which model.
    pub model: &'static str,
    /// Milliseconds a silent round with as many tokens in memory as [`MEMORIES`] says.
    pub milliseconds: [f64; 3],
}

impl Reached {
    /// The shares in a report; `None` where something was not measured.
    pub fn of(report: &Report) -> Option<Self> {
        let mean = |operation: &str, rows: usize, share: fn(&super::Share) -> f64| {
            let lines = report.lines.iter().filter(|line| line.operation == operation);
            let lines = lines.filter(|line| line.rows == rows && ["q4", "f32"].contains(&line.format));
            let shares: Vec<f64> = lines.map(|line| share(&line.share)).collect();
            (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
        };
        let [one, many] = super::products::ROWS;
        Some(Self {
            products: mean("product", many, |share| share.flops)?,
            attention: mean("attention", many, |share| share.flops)?,
            read: mean("product", one, |share| share.read)?.min(1.0),
        })
    }

    /// Predicts rounds of both models, weights in q4, on `device`.
    pub fn predict(&self, device: Peaks) -> [Prediction; 2] {
        [("3B", ModelConfig::qwen2_5_vl_3b()), ("7B", ModelConfig::qwen2_5_vl_7b())].map(|(model, config)| {
            let milliseconds = MEMORIES.map(|memory| {
                let (patches, rows) = (480, 143);
                let frame = config.vision_cost(patches, Format::Q4);
                1e3 * self.seconds(frame + config.decoder_cost(rows, memory + rows, Format::Q4), device)
            });
            Prediction { device, model, milliseconds }
        })
    }

    /// Each kind of work waits for the slower of computing and reading; dispatches come on top.
    fn seconds(&self, cost: Cost, device: Peaks) -> f64 {
        let (flops, bytes) = (device.tera_flops * 1e12, device.giga_bytes * 1e9 * self.read);
        let products = (cost.products / (flops * self.products)).max(cost.weights / bytes);
        let attention = (cost.attention / (flops * self.attention)).max(cost.memory / bytes);
        products + attention + cost.dispatches * DISPATCH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prediction_follows_from_what_binds() {
        let reached = Reached { products: 0.5, attention: 0.25, read: 1.0 };
        let device = Peaks { name: "a test", tera_flops: 10.0, giga_bytes: 100.0 };
        let [small, large] = reached.predict(device);
        assert!(small.milliseconds.is_sorted() && small.milliseconds[0] < large.milliseconds[0]);

        // 624 GFLOP of a frame's products and 793 of a round's, at 5 TFLOP/s: that much, attention and dispatches apart.
        let products = ModelConfig::qwen2_5_vl_3b().vision_cost(480, Format::Q4).products
            + ModelConfig::qwen2_5_vl_3b().decoder_cost(143, 143, Format::Q4).products;
        let least = 1e3 * products / 5e12;
        assert!((least..1.4 * least).contains(&small.milliseconds[0]), "{least} {:?}", small.milliseconds);

        // A device that cannot read fast enough waits for its memory: all weights, once.
        let starved = reached.predict(Peaks { giga_bytes: 1.0, ..device });
        let weights = ModelConfig::qwen2_5_vl_3b().decoder_cost(143, 143, Format::Q4).weights;
        assert!(starved[0].milliseconds[0] > 1e3 * weights / 1e9);
    }
}
