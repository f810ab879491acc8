use burn::tensor::{Device, ExecutionError, Int, Tensor};

use super::gradients::learner;
use super::objective::Count;
use super::{Gradients, Objective, Tally};
use crate::data::{Target, Tokens};
use crate::frame::Grid;
use crate::model::{Model, Reading};
use crate::stream::State;

/// One dialogue to learn from: its tokens and what its frames show. Without tokens there are frames alone, and targets are of
/// visual tokens, counted from its first.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// Tokens, positions and targets.
    pub tokens: Tokens,
    /// The patches of all frames, one after the other.
    pub patches: Vec<f32>,
    /// The patches of a frame.
    pub grid: Grid,
}

/// Lessons that are read at once: their frames have one size, and the shorter ones are filled up to the longest.
#[derive(Debug, Clone)]
pub struct Batch {
    reading: Reading,
    targets: Vec<Target>,
    /// The ids of the state tokens.
    states: [u32; 3],
}

impl Batch {
    /// Of lessons with frames of one size; `merge` is the side of a visual token in patches, and `states` are the ids of
    /// the state tokens.
    pub fn new(lessons: &[Lesson], merge: usize, states: [u32; 3]) -> Self {
        let length = lessons.iter().map(|lesson| lesson.tokens.ids.len()).max().unwrap_or(0);
        let grid = lessons.first().map_or(Grid { height: 0, width: 0 }, |lesson| lesson.grid);
        let visual = grid.visual_tokens(merge);
        let mut batch = Self {
            reading: Reading {
                dialogues: lessons.len(),
                ids: Vec::with_capacity(lessons.len() * length),
                positions: Default::default(),
                visual: Vec::new(),
                patches: Vec::new(),
                frames: 0,
                grid,
            },
            targets: Vec::new(),
            states,
        };
        for lesson in lessons {
            batch.add(lesson, length, visual);
        }
        batch
    }

    fn add(&mut self, lesson: &Lesson, length: usize, visual: usize) {
        let (reading, tokens) = (&mut self.reading, &lesson.tokens);
        let start = reading.ids.len();
        let targeted = if length == 0 { reading.frames * visual } else { start };
        // What fills up comes last, and nothing that counts sees it.
        reading.ids.extend(&tokens.ids);
        reading.ids.resize(start + length, 0);
        for (all, own) in reading.positions.iter_mut().zip(&tokens.positions) {
            all.extend(own);
            all.resize(start + length, 0);
        }
        reading.visual.extend(tokens.frames.iter().flat_map(|&first| start + first..start + first + visual));
        reading.frames += tokens.frames.len();
        reading.patches.extend(&lesson.patches);
        self.targets.extend(tokens.targets.iter().map(|target| Target { row: targeted + target.row, ..*target }));
    }

    /// What is to be learnt from it.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The gradients of this batch's share of the loss of a batch of `whole`, and what came of its targets. `device` is an
    /// autodiff device; `learns` says of each parameter, in the order in which the model shows them, whether it learns.
    ///
    /// # Errors
    ///
    /// The device failed.
    pub fn gradients(
        &self,
        model: &Model,
        learns: &[bool],
        objective: Objective,
        whole: &Count,
        device: &Device,
    ) -> Result<(Gradients, Tally), ExecutionError> {
        let learner = learner(model, learns, device);
        let (loss, scores) = objective.loss(self.logits(&learner), &self.targets, whole);
        let gradients = Gradients::of(&learner, &loss.backward());
        Ok((gradients, scores.tally(&self.targets, self.states)?))
    }

    /// What came of its targets, without learning from them.
    ///
    /// # Errors
    ///
    /// The device failed.
    pub fn tally(&self, model: &Model, objective: Objective, whole: &Count) -> Result<Tally, ExecutionError> {
        objective.loss(self.logits(model), &self.targets, whole).1.tally(&self.targets, self.states)
    }

    /// The likeliest of the three states wherever one is to be learnt, in the order of [`targets`](Self::targets).
    ///
    /// # Errors
    ///
    /// The device failed.
    pub fn states(&self, model: &Model) -> Result<Vec<State>, ExecutionError> {
        let ids = Tensor::<1, Int>::from_data(self.states.map(|id| id as i32), model.device());
        let logits = self.logits_where(model, |target| target.state.is_some());
        let likeliest = logits.select(1, ids).argmax(1).try_into_data()?;
        Ok(likeliest.iter::<i64>().filter_map(|place| State::ALL.get(place as usize).copied()).collect())
    }

    /// The logits where something is to be learnt, `[targets, vocabulary]`, in the order of [`targets`](Self::targets).
    pub fn logits(&self, model: &Model) -> Tensor<2> {
        self.logits_where(model, |_| true)
    }

    fn logits_where(&self, model: &Model, holds: impl Fn(&Target) -> bool) -> Tensor<2> {
        let is_read = !self.reading.ids.is_empty();
        let features = if is_read { model.read(&self.reading) } else { model.glance(&self.reading) };
        let rows: Vec<i32> =
            self.targets.iter().filter(|target| holds(target)).map(|target| target.row as i32).collect();
        let rows = Tensor::<1, Int>::from_data(rows.as_slice(), &features.device());
        model.logits(features.select(0, rows))
    }
}
