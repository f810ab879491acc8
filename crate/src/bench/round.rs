use burn::tensor::{Device, Tensor};
use serde::Serialize;

use super::random::Random;
use super::{BenchError, Clock, Probe};
use crate::frame::{Frame, Intake, PixelBounds, Preprocessor};
use crate::kernels::arena::ArenaFormat;
use crate::kernels::format::Format;
use crate::kernels::{kernels_run, read_out};
use crate::memory::{Image, Kind, Memory};
use crate::model::{Model, ModelConfig};
use crate::trace::Trace;
use crate::vision::Layout;

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
    /// Kernels that it runs.
    pub kernels: u64,
    /// Floating point operations a second.
    pub flops: f64,
    /// The share of the adapter's multiply-adds.
    pub share: f64,
    /// The share of the round that its kernels take beside their work, as [`Overhead`] says.
    pub overhead: f64,
}

/// What a round takes beside the work of its kernels: a round of a model with all layers of the 3B and next to no
/// width, over a short memory.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Overhead {
    /// A round.
    pub seconds: f64,
    /// Kernels that it runs.
    pub kernels: u64,
}

const FORMAT: Format = Format::Q4;
/// Any ids will do.
const VOCABULARY: usize = 4096;
const LAYERS: usize = 2;
/// A camera's frame, width and height.
const FRAME: (u32, u32) = (1280, 720);
/// Text around a frame.
const TEXT: usize = 22;

/// Rounds of frames that the rounds keep in memory: few, and some.
pub(super) const WINDOWS: [u64; 2] = [4, 28];

/// The model of the rounds.
pub(super) fn model(device: &Device) -> Result<Model, BenchError> {
    let mut config = ModelConfig::qwen2_5_vl_3b();
    config.vision.depth = LAYERS;
    config.vision.full_attention = vec![LAYERS - 1];
    config.language.layers = LAYERS;
    config.language.vocabulary = VOCABULARY;
    Model::load(&config, &Random(FORMAT), device, &|_| ()).map_err(BenchError::Model)
}

impl Round {
    /// A round of `model` with the frames of `window` rounds in memory.
    pub(super) async fn measure(
        model: &Model,
        window: u64,
        overhead: Overhead,
        probe: &Probe,
        clock: &Clock,
    ) -> Result<Self, BenchError> {
        let mut stream = Stream::new(model, &Preprocessor::default(), FRAME, window)?;
        let flops = probe.flops(clock).await?;
        let (seconds, kernels) = stream.round(clock).await?;
        let vision = clock.least_of(async || stream.see().map(drop)).await?;
        let (memory, rows) = (stream.memory.sequence.len(), stream.rows());
        let patches = stream.intake.grid().patches();
        let cost = model.config.vision_cost(patches, FORMAT) + model.config.decoder_cost(rows, memory, FORMAT);
        let done = (cost.products + cost.attention) / seconds;
        let overhead = kernels as f64 * overhead.of_a_kernel() / seconds;
        Ok(Self { memory, rows, seconds, vision, kernels, flops: done, share: done / flops, overhead })
    }
}

impl Overhead {
    pub(super) async fn measure(device: &Device, clock: &Clock) -> Result<Self, BenchError> {
        let model = Model::load(&hollow(), &Random(FORMAT), device, &|_| ()).map_err(BenchError::Model)?;
        let (seconds, kernels) = Stream::new(&model, &small_frames(), (4, 4), 1)?.round(clock).await?;
        Ok(Self { seconds, kernels })
    }

    /// Seconds that a kernel takes beside its work.
    pub fn of_a_kernel(self) -> f64 {
        self.seconds / self.kernels as f64
    }
}

/// All layers of the 3B, and next to no width.
fn hollow() -> ModelConfig {
    let mut config = ModelConfig::qwen2_5_vl_3b();
    let vision = &mut config.vision;
    (vision.hidden, vision.heads, vision.intermediate) = (32, 2, 32);
    (vision.patch, vision.window, vision.output) = (2, 16, 32);
    let language = &mut config.language;
    (language.hidden, language.heads, language.kv_heads, language.head) = (32, 2, 1, 16);
    (language.intermediate, language.sections, language.vocabulary) = (32, [2, 3, 3], VOCABULARY);
    config
}

/// For it: four pixels by four.
fn small_frames() -> Preprocessor {
    Preprocessor { bounds: PixelBounds { min: 16, max: 16 }, patch: 2, ..Preprocessor::default() }
}

/// Silent seconds, one after the other.
struct Stream<'a> {
    model: &'a Model,
    frame: Frame,
    intake: Intake,
    layout: Layout,
    memory: Memory,
    head: Tensor<2>,
    window: u64,
    now: u64,
}

impl<'a> Stream<'a> {
    /// A stream that keeps `window` rounds of frames of `size`, width and height in pixels.
    fn new(model: &'a Model, preprocessor: &Preprocessor, size: (u32, u32), window: u64) -> Result<Self, BenchError> {
        let frame = Frame::new(size.0, size.1, (0..size.0 * size.1 * 3).map(|i| (i % 251) as u8).collect())?;
        let intake = Intake::new(preprocessor, size, model.device())?;
        let layout = model.layout(intake.grid()).map_err(BenchError::Memory)?;
        let head = model.head_rows(&[1, 2, 3]);
        let slots = rows(model, &intake) * (window as usize + 1);
        let memory =
            Memory::new(model.language(), ArenaFormat::F32, slots, model.device()).map_err(BenchError::Memory)?;
        Ok(Self { model, frame, intake, layout, memory, head, window, now: 0 })
    }

    fn see(&self) -> Result<Tensor<2>, BenchError> {
        Ok(self.model.see(self.intake.rows(&self.frame)?, &self.layout, &mut Trace::default()))
    }

    /// Rows of a prefill.
    fn rows(&self) -> usize {
        rows(self.model, &self.intake)
    }

    async fn second(&mut self) -> Result<(), BenchError> {
        let features = self.see()?;
        let (now, window) = (self.now, self.window);
        let (rows, columns) = self.intake.grid().merged(self.model.config.vision.merge);
        let sequence = &mut self.memory.sequence;
        sequence.retain(|segment| segment.round + window > now);
        sequence.append(Kind::Turn, now, &[7; TEXT / 2]);
        let image = Image { start: 0, rows, columns, features: Some(features) };
        sequence.append_frame(now, &vec![8; rows * columns], image);
        sequence.append(Kind::Turn, now, &[9; TEXT - TEXT / 2]);
        self.now += 1;
        let passed = self.model.prefill(&mut self.memory, &mut Trace::default());
        let (last, _) = passed.map_err(BenchError::Memory)?;
        read_out::floats(read_out::logits_of(last, self.head.clone())).await?;
        Ok(())
    }

    /// Seconds and kernels of a round in which as many leave as come.
    async fn round(&mut self, clock: &Clock) -> Result<(f64, u64), BenchError> {
        for _ in 0..self.window {
            self.second().await?;
        }
        let before = kernels_run();
        self.second().await?;
        let kernels = kernels_run() - before;
        Ok((clock.least_of(async || self.second().await).await?, kernels))
    }
}

fn rows(model: &Model, intake: &Intake) -> usize {
    intake.grid().visual_tokens(model.config.vision.merge) + TEXT
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{gpu, launch};
    use crate::model::{Extent, Placement};

    #[test]
    fn a_round_runs_the_kernels_that_the_model_lists() {
        let device = gpu();
        let adapter = launch::adapter_of(&device).unwrap();
        let on = Placement { format: FORMAT, arena: ArenaFormat::F32, adapter };
        let config = hollow();
        let model = Model::load(&config, &Random(FORMAT), &device, &|_| ()).unwrap();
        let mut stream = Stream::new(&model, &small_frames(), (4, 4), 1).unwrap();
        pollster::block_on(stream.second()).unwrap();
        let run = launch::names_run(|| pollster::block_on(stream.second()).unwrap());

        let (patches, rows, slots) = (stream.intake.grid().patches(), stream.rows(), stream.memory.sequence.span());
        let seeing = config.vision.depth * config.vision_block(on, patches).len()
            + config.around_vision_blocks(on, patches).len();
        let reading = config.language.layers * config.decoder_layer(on, rows, slots).len();
        // Two runs of text are embedded; the slots' turns, the last norm, the states. The CPU twin makes patches here.
        assert_eq!(run.len(), seeing + reading + 5);
        let listed: Vec<String> = config
            .kernels(on, Extent { pixels: 16, patches, rows, slots })
            .iter()
            .map(|kernel| kernel.shader.name())
            .collect();
        assert!(run.iter().all(|name| listed.contains(name)), "{run:#?}");
    }
}
