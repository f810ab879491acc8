use burn::tensor::Device;
use serde::Serialize;

use super::random::Random;
use super::{BenchError, Probe, timing};
use crate::frame::{Grid, Patches};
use crate::kernels::arena::ArenaFormat;
use crate::kernels::format::Format;
use crate::kernels::read_out;
use crate::memory::{Image, Kind, Memory};
use crate::model::{Model, ModelConfig};
use crate::trace::Trace;

/// A whole round of a model with the 3B's widths and two layers in each part: a frame seen, its tokens and the text
/// around them read, three logits given back. A silent second does just that.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Round {
    /// Tokens in memory, the round's own included.
    pub memory: usize,
    /// Rows of the prefill.
    pub rows: usize,
    /// A round.
    pub seconds: f64,
    /// Of these, the frame.
    pub vision: f64,
    /// Floating point operations a second.
    pub flops: f64,
    /// The share of the adapter's multiply-adds.
    pub share: f64,
}

const FORMAT: Format = Format::Q4;
/// Any ids will do.
const VOCABULARY: usize = 4096;
const LAYERS: usize = 2;
/// A 720p camera's frame, as upstream sizes it.
const GRID: Grid = Grid { height: 16, width: 30 };
/// Text around a frame.
const TEXT: usize = 22;

/// Rounds over a short memory and a longer one.
pub(super) fn rounds(probe: &Probe, device: &Device) -> Result<Vec<Round>, BenchError> {
    let mut config = ModelConfig::qwen2_5_vl_3b();
    config.vision.depth = LAYERS;
    config.vision.full_attention = vec![LAYERS - 1];
    config.language.layers = LAYERS;
    config.language.vocabulary = VOCABULARY;
    let model = Model::load(&config, &Random(FORMAT), device, &|_| ()).map_err(BenchError::Model)?;
    [4, 28].map(|window| round(&model, window, probe, device)).into_iter().collect()
}

fn round(model: &Model, window: u64, probe: &Probe, device: &Device) -> Result<Round, BenchError> {
    let numbers = GRID.patches() * model.config.vision.patch_values();
    let frame = || Patches { rows: (0..numbers).map(|i| (i % 97) as f32 / 48.0 - 1.0).collect(), grid: GRID };
    let layout = model.layout(&frame()).map_err(BenchError::Memory)?;
    let (rows, columns) = GRID.merged(model.config.vision.merge);
    let tokens = rows * columns + TEXT;
    let slots = tokens * (window as usize + 1);
    let mut memory = Memory::new(model.language(), ArenaFormat::F32, slots, device).map_err(BenchError::Memory)?;
    let head = model.head_rows(&[1, 2, 3]);
    let mut now = 0;
    let mut failure = None;
    let mut second = || {
        let features = model.see(frame(), &layout, &mut Trace::default());
        memory.sequence.retain(|segment| segment.round + window > now);
        memory.sequence.append(Kind::Turn, now, &[7; TEXT / 2]);
        let image = Image { start: 0, rows, columns, features: Some(features) };
        memory.sequence.append_frame(now, &vec![8; rows * columns], image);
        memory.sequence.append(Kind::Turn, now, &[9; TEXT - TEXT / 2]);
        now += 1;
        let passed = model.prefill(&mut memory, &mut Trace::default()).map_err(BenchError::Memory);
        let read = passed.and_then(|(last, _)| {
            let logits = read_out::floats(read_out::logits_of(last, head.clone()));
            pollster::block_on(logits).map_err(BenchError::Adapter)
        });
        failure = failure.take().or(read.err());
    };
    for _ in 0..window {
        second();
    }
    let flops = probe.flops()?;
    let seconds = timing::least(device, &mut second)?;
    if let Some(failure) = failure {
        return Err(failure);
    }
    let vision = timing::least(device, &mut || drop(model.see(frame(), &layout, &mut Trace::default())))?;
    let memory = memory.sequence.len();
    let cost = model.config.vision_cost(GRID.patches(), FORMAT) + model.config.decoder_cost(tokens, memory, FORMAT);
    let done = (cost.products + cost.attention) / seconds;
    Ok(Round { memory, rows: tokens, seconds, vision, flops: done, share: done / flops })
}
