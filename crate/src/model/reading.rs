//! Whole dialogues read at once, for training: the same layers as a stream's, with nothing kept in an arena.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::Model;
use crate::frame::Grid;
use crate::kernels::attention::Sequences;
use crate::kernels::rotation::RotaryTable;
use crate::trace::Trace;
use crate::vision::Layout;

/// Dialogues of the same number of tokens, with frames of the same size.
#[derive(Debug, Clone)]
pub struct Reading {
    /// How many dialogues there are.
    pub dialogues: usize,
    /// The tokens of all of them, one dialogue after the other.
    pub ids: Vec<u32>,
    /// Their positions in time, height and width.
    pub positions: [Vec<i32>; 3],
    /// Which of `ids` are visual tokens, in the order of the frames.
    pub visual: Vec<usize>,
    /// The patches of all frames, row by row as in [`Patches`](crate::frame::Patches).
    pub patches: Vec<f32>,
    /// How many frames there are.
    pub frames: usize,
    /// Their patches.
    pub grid: Grid,
}

impl Model {
    /// The visual tokens of all frames, `[tokens, hidden]`.
    fn seen(&self, reading: &Reading) -> Tensor<2> {
        let rows = reading.frames * reading.grid.patches();
        let patches = TensorData::new(reading.patches.clone(), [rows, self.config.vision.patch_values()]);
        let layout = Layout::new(&self.config.vision, reading.grid, reading.frames, &self.device);
        self.see(Tensor::from_data(patches, &self.device), &layout, &mut Trace::default())
    }

    /// What the frames show, without a dialogue: visual tokens as if language had come to them at its end,
    /// `[tokens, hidden]`.
    pub fn glance(&self, reading: &Reading) -> Tensor<2> {
        self.language.normed(self.seen(reading))
    }

    /// Reads dialogues and returns the features after every token, `[dialogues · length, hidden]`.
    pub fn read(&self, reading: &Reading) -> Tensor<2> {
        let x = if reading.frames == 0 { self.language.embed(&reading.ids) } else { self.embedded(reading) };
        self.language.read(x, &self.sequences(reading))
    }

    /// All tokens as they come to language, those of text and what was seen, `[dialogues · length, hidden]`.
    fn embedded(&self, reading: &Reading) -> Tensor<2> {
        // Text first, then what was seen: and from there each to its place.
        let mut places: Vec<Option<usize>> = vec![None; reading.ids.len()];
        for (row, &place) in reading.visual.iter().enumerate() {
            places[place] = Some(row);
        }
        let text: Vec<u32> =
            reading.ids.iter().zip(&places).filter(|(_, seen)| seen.is_none()).map(|(&id, _)| id).collect();
        let mut next = 0..text.len();
        let order = places.iter().map(|seen| seen.map_or_else(|| next.next().unwrap_or(0), |row| text.len() + row));
        let order: Vec<i32> = order.map(|row| row as i32).collect();
        let order = Tensor::<1, Int>::from_data(TensorData::new(order, [reading.ids.len()]), &self.device);
        Tensor::cat(vec![self.language.embed(&text), self.seen(reading)], 0).select(0, order)
    }

    fn sequences(&self, reading: &Reading) -> Sequences {
        let config = self.language();
        let largest = reading.positions.iter().flatten().max().map_or(0, |&largest| largest as usize);
        let table =
            RotaryTable::new(config.theta, config.head / 2, config.sections.to_vec(), largest + 1, &self.device);
        let positions = TensorData::new(reading.positions.concat(), [3, reading.ids.len()]);
        let turns = table.rotation(Tensor::from_data(positions, &self.device));
        Sequences { count: reading.dialogues, turns }
    }

    /// Shows `visitor` every parameter, always in the same order.
    pub fn visit(&self, visitor: &mut impl ModuleVisitor) {
        self.vision.visit(visitor);
        self.language.visit(visitor);
    }

    /// Every parameter, in the order in which they are shown.
    pub fn parameters(&self) -> Vec<ParamId> {
        struct Ids(Vec<ParamId>);
        impl ModuleVisitor for Ids {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                self.0.push(param.id);
            }
        }
        let mut ids = Ids(Vec::new());
        self.visit(&mut ids);
        ids.0
    }

    /// The model with other numbers: those that `mapper` puts in place of its own, on `device`.
    pub fn map(&self, mapper: &mut impl ModuleMapper, device: &Device) -> Self {
        Self {
            config: self.config.clone(),
            vision: self.vision.clone().map(mapper),
            language: self.language.clone().map(mapper),
            device: device.clone(),
        }
    }

    /// The same numbers on the device without autodiff.
    pub fn without_autodiff(&self) -> Self {
        struct Inner;
        impl ModuleMapper for Inner {
            fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
                param.map(|tensor| tensor.inner())
            }
        }
        self.map(&mut Inner, &self.device.clone().inner())
    }
}
