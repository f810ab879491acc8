use burn::tensor::{Device, Tensor};
use serde::Serialize;

use super::random::Random;
use super::{BenchError, Probe, timing};
use crate::frame::{Grid, Patches};
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
/// A 720p camera's frame, as upstream sizes it.
const GRID: Grid = Grid { height: 16, width: 30 };
/// Text around a frame.
const TEXT: usize = 22;

/// Rounds over a short memory and a longer one, and what is not their kernels' work.
pub(super) fn rounds(probe: &Probe, device: &Device) -> Result<(Vec<Round>, Overhead), BenchError> {
    let overhead = Overhead::measure(device)?;
    let mut config = ModelConfig::qwen2_5_vl_3b();
    config.vision.depth = LAYERS;
    config.vision.full_attention = vec![LAYERS - 1];
    config.language.layers = LAYERS;
    config.language.vocabulary = VOCABULARY;
    let model = Model::load(&config, &Random(FORMAT), device, &|_| ()).map_err(BenchError::Model)?;
    let rounds = [4, 28].map(|window| Round::measure(&model, window, overhead, probe));
    Ok((rounds.into_iter().collect::<Result<_, _>>()?, overhead))
}

impl Round {
    fn measure(model: &Model, window: u64, overhead: Overhead, probe: &Probe) -> Result<Self, BenchError> {
        let mut stream = Stream::new(model, GRID, window)?;
        let flops = probe.flops()?;
        let (seconds, kernels) = stream.round()?;
        let vision = timing::least(&model.device().clone(), &mut || drop(stream.see()))?;
        let memory = stream.memory.sequence.len();
        let rows = stream.rows();
        let cost = model.config.vision_cost(GRID.patches(), FORMAT) + model.config.decoder_cost(rows, memory, FORMAT);
        let done = (cost.products + cost.attention) / seconds;
        let overhead = kernels as f64 * overhead.of_a_kernel() / seconds;
        Ok(Self { memory, rows, seconds, vision, kernels, flops: done, share: done / flops, overhead })
    }
}

impl Overhead {
    fn measure(device: &Device) -> Result<Self, BenchError> {
        let mut config = ModelConfig::qwen2_5_vl_3b();
        let vision = &mut config.vision;
        (vision.hidden, vision.heads, vision.intermediate) = (32, 2, 32);
        (vision.patch, vision.window, vision.output) = (2, 16, 32);
        let language = &mut config.language;
        (language.hidden, language.heads, language.kv_heads, language.head) = (32, 2, 1, 16);
        (language.intermediate, language.sections, language.vocabulary) = (32, [2, 3, 3], VOCABULARY);
        let model = Model::load(&config, &Random(FORMAT), device, &|_| ()).map_err(BenchError::Model)?;
        let (seconds, kernels) = Stream::new(&model, Grid { height: 2, width: 2 }, 1)?.round()?;
        Ok(Self { seconds, kernels })
    }

    /// Seconds that a kernel takes beside its work.
    pub fn of_a_kernel(self) -> f64 {
        self.seconds / self.kernels as f64
    }
}

/// Silent seconds, one after the other.
struct Stream<'a> {
    model: &'a Model,
    grid: Grid,
    layout: Layout,
    memory: Memory,
    head: Tensor<2>,
    window: u64,
    now: u64,
}

impl<'a> Stream<'a> {
    /// A stream that keeps `window` rounds of frames of `grid`.
    fn new(model: &'a Model, grid: Grid, window: u64) -> Result<Self, BenchError> {
        let layout = model.layout(&frame(model, grid)).map_err(BenchError::Memory)?;
        let head = model.head_rows(&[1, 2, 3]);
        let slots = rows(model, grid) * (window as usize + 1);
        let memory = Memory::new(model.language(), slots, model.device()).map_err(BenchError::Memory)?;
        Ok(Self { model, grid, layout, memory, head, window, now: 0 })
    }

    fn see(&self) -> Tensor<2> {
        self.model.see(frame(self.model, self.grid), &self.layout, &mut Trace::default())
    }

    /// Rows of a prefill.
    fn rows(&self) -> usize {
        rows(self.model, self.grid)
    }

    fn second(&mut self) -> Result<(), BenchError> {
        let features = self.see();
        let (now, window) = (self.now, self.window);
        let (rows, columns) = self.grid.merged(self.model.config.vision.merge);
        let sequence = &mut self.memory.sequence;
        sequence.retain(|segment| segment.round + window > now);
        sequence.append(Kind::Turn, now, &[7; TEXT / 2]);
        let image = Image { start: 0, rows, columns, features: Some(features) };
        sequence.append_frame(now, &vec![8; rows * columns], image);
        sequence.append(Kind::Turn, now, &[9; TEXT - TEXT / 2]);
        self.now += 1;
        let passed = self.model.prefill(&mut self.memory, &mut Trace::default());
        let (last, _) = passed.map_err(BenchError::Memory)?;
        pollster::block_on(read_out::floats(read_out::logits_of(last, self.head.clone())))?;
        Ok(())
    }

    /// Seconds and kernels of a round in which as many leave as come.
    fn round(&mut self) -> Result<(f64, u64), BenchError> {
        for _ in 0..self.window {
            self.second()?;
        }
        let before = kernels_run();
        self.second()?;
        let kernels = kernels_run() - before;
        let mut failure = None;
        let device = self.model.device().clone();
        let seconds = timing::least(&device, &mut || failure = failure.take().or(self.second().err()))?;
        failure.map_or(Ok((seconds, kernels)), Err)
    }
}

fn rows(model: &Model, grid: Grid) -> usize {
    grid.visual_tokens(model.config.vision.merge) + TEXT
}

fn frame(model: &Model, grid: Grid) -> Patches {
    let numbers = grid.patches() * model.config.vision.patch_values();
    Patches { rows: (0..numbers).map(|i| (i % 97) as f32 / 48.0 - 1.0).collect(), grid }
}
