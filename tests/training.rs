//! A model that learns in a test, with its numbers under the names that a checkpoint has for them.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use burn::module::{ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use streamo_wgpu::clock::Clock;
use streamo_wgpu::data::{self, Cue, Script, Slips};
use streamo_wgpu::frame::{Frame, FrameError};
use streamo_wgpu::model::{Description, Model};
use streamo_wgpu::stream::{Protocol, State};
use streamo_wgpu::train::{Batch, Count, Gradients, Lesson, Objective, Tally};
use streamo_wgpu::weights::{Checkpoint, Directory, Origin};

/// Streamo's loss, and the two that it is compared with.
pub const OBJECTIVES: [Objective; 3] =
    [Objective::Plain, Objective::Fixed { weights: [0.3, 1.3, 2.0] }, Objective::Focal { gamma: 2.0 }];

/// Numbers of parameters, flat, in the order in which a model shows them; none of what is left out.
pub type Flat = Vec<Option<Tensor<1>>>;

/// Numbers of tensors by their names in a checkpoint.
pub type Named = BTreeMap<String, Vec<f32>>;

/// A model, what it is made of, and the device that it learns on.
pub struct Learner {
    pub model: Model,
    pub origins: Vec<Origin>,
    pub description: Description,
    pub protocol: Protocol,
    pub device: Device,
}

impl Learner {
    pub fn load(path: &Path, device: &Device) -> Self {
        let files = Directory(path.to_owned());
        let description = Description::read(&files).unwrap();
        let stored = Checkpoint::open(&files).unwrap();
        let device = device.clone().autodiff();
        let (model, origins) = Model::load_with_origins(&description.config, &stored, &device, &|_| ()).unwrap();
        let model = model.without_autodiff();
        let protocol = Protocol::new(description.tokenizer.clone(), &description.settings).unwrap();
        Self { model, origins, description, protocol, device }
    }

    pub fn lesson(&self, script: &Script, frames: &[Frame]) -> Lesson {
        let preprocessor = self.description.preprocessor();
        let resized: Vec<Frame> = frames.iter().map(|frame| preprocessor.resized(frame).unwrap()).collect();
        let grid = preprocessor.patches(&resized[0]).unwrap().grid;
        let patches = preprocessor.stream(resized.into_iter().map(Ok::<_, FrameError>)).unwrap();
        let tokens = data::tokens(script, &Slips::new(), &self.protocol, grid, preprocessor.merge as usize).unwrap();
        assert_eq!(tokens.frames.len(), frames.len());
        Lesson { tokens, patches, grid }
    }

    pub fn batch(&self, lessons: &[Lesson]) -> Batch {
        Batch::new(lessons, self.description.config.vision.merge, self.protocol.states())
    }

    /// Of a batch that is a part of `whole`.
    pub fn gradients(&self, batch: &Batch, objective: Objective, whole: &Count) -> (Gradients, Tally) {
        let learns = vec![true; self.model.parameters().len()];
        batch.gradients(&self.model, &learns, objective, whole, &self.device).unwrap()
    }

    /// The model's own numbers.
    pub fn parameters(&self, model: &Model) -> Named {
        struct Read(Flat);
        impl ModuleVisitor for Read {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let tensor = param.val();
                let count = tensor.shape().num_elements();
                self.0.push(Some(tensor.reshape([count])));
            }
        }
        let mut read = Read(Vec::new());
        model.visit(&mut read);
        self.named(&read.0)
    }

    /// By the names of the tensors that parameters are made of.
    pub fn named(&self, values: &[Option<Tensor<1>>]) -> Named {
        let places = self.places();
        let mut named = Named::new();
        for origin in &self.origins {
            let pieces = origin.parameters.iter().map(|id| values[places[id]].as_ref().map(numbers));
            let Some(pieces) = pieces.collect::<Option<Vec<_>>>() else { continue };
            let parts = origin.taken_apart(&pieces.concat());
            named.extend(origin.tensors.iter().map(|tensor| tensor.name.clone()).zip(parts));
        }
        named
    }

    /// The way back from [`named`](Self::named).
    pub fn flat(&self, named: &Named) -> Flat {
        let (places, lengths) = (self.places(), self.lengths());
        let mut flat = vec![None; places.len()];
        for origin in &self.origins {
            let parts: Vec<Vec<f32>> = origin.tensors.iter().map(|tensor| named[&tensor.name].clone()).collect();
            let values = origin.put_together(&parts);
            let mut start = 0;
            for id in &origin.parameters {
                let place = places[id];
                let piece = values[start..start + lengths[place]].to_vec();
                flat[place] = Some(Tensor::from_data(TensorData::new(piece, [lengths[place]]), self.model.device()));
                start += lengths[place];
            }
            assert_eq!(start, values.len());
        }
        flat
    }

    fn places(&self) -> HashMap<burn::module::ParamId, usize> {
        self.model.parameters().into_iter().enumerate().map(|(place, id)| (id, place)).collect()
    }

    fn lengths(&self) -> Vec<usize> {
        struct Lengths(Vec<usize>);
        impl ModuleVisitor for Lengths {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                self.0.push(param.val().shape().num_elements());
            }
        }
        let mut lengths = Lengths(Vec::new());
        self.model.visit(&mut lengths);
        lengths.0
    }

    /// The model with `change` · `by` added to the parameter at `place`.
    pub fn moved(&self, place: usize, change: &Tensor<1>, by: f64) -> Model {
        struct Move<'a> {
            next: usize,
            place: usize,
            change: &'a Tensor<1>,
            by: f64,
        }
        impl ModuleMapper for Move<'_> {
            fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
                self.next += 1;
                if self.next - 1 != self.place {
                    return param;
                }
                let (id, tensor, mapper) = param.consume();
                let change = self.change.clone().reshape(tensor.shape()) * self.by;
                Param::from_mapped_value(id, tensor + change, mapper)
            }
        }
        self.model.map(&mut Move { next: 0, place, change, by }, self.model.device())
    }
}

pub fn numbers(tensor: &Tensor<1>) -> Vec<f32> {
    tensor.clone().into_data().iter().collect()
}

/// A dialogue that begins with a question.
pub fn script(question: &str, rounds: &[(State, &str)]) -> Script {
    let cues = rounds.iter().enumerate().map(|(round, &(state, text))| Cue {
        questions: if round == 0 { vec![question.to_owned()] } else { vec![] },
        state,
        text: text.to_owned(),
    });
    Script { clock: Clock::ONE, first: 0, standing: vec![], cues: cues.collect() }
}

/// The targets of all of `lessons`.
pub fn counted(lessons: &[Lesson]) -> Count {
    let mut whole = Count::default();
    for lesson in lessons {
        whole.add(&lesson.tokens.targets);
    }
    whole
}
