use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use super::super::TrainError;
use super::super::recipe::Material;
use super::footage::Footage;
use super::shelf::Shelf;
use super::slips::{own, slips};
use super::world;
use crate::clock::Clock;
use crate::data::{Script, Slips};
use crate::stream::State;
use crate::synth::Setup;

/// What is seen in a dialogue, what is right to say, and what is said.
pub struct Scene {
    pub script: Script,
    pub slips: Slips,
    /// Of each round, whether anything is known to be under way in it, asked for or not; empty where nobody knows.
    pub bustle: Vec<bool>,
    pub footage: Footage,
    /// Width and height of its frames.
    pub size: (u32, u32),
}

impl Scene {
    pub fn of_world(seed: u64, setup: &Setup) -> Self {
        let (script, bustle, film) = world::sample(seed, setup);
        let footage = Footage::Film(Box::new(film));
        Self { script, slips: Slips::new(), bustle, footage, size: (setup.width, setup.height) }
    }

    /// Of sample `number`.
    ///
    /// # Errors
    ///
    /// As [`Shelf::read`].
    pub fn of_shelf(
        shelf: &Shelf,
        number: usize,
        material: &Material,
        clock: Clock,
        random: &mut ChaCha8Rng,
    ) -> Result<Self, TrainError> {
        let [fewest, most] = material.rounds;
        let (script, recording) = shelf.read(number, clock, random.random_range(fewest..=most), random)?;
        let size = recording.size();
        let footage = Footage::Recording(recording);
        Ok(Self { script, slips: Slips::new(), bustle: Vec::new(), footage, size })
    }

    /// The same with slips in its past; `texts` are responses to mistake its own for.
    pub fn slipped(mut self, texts: &[String], random: &mut ChaCha8Rng) -> Self {
        self.slips = slips(&mut self.script, &self.bustle, texts, random);
        self
    }

    /// The same with the model's own `states` in its past, and what follows from `right`, its script without slips.
    pub fn lived(mut self, right: Script, states: &[State], texts: &[String], random: &mut ChaCha8Rng) -> Self {
        self.script = right;
        self.slips = own(&mut self.script, states, texts, random);
        self
    }

    /// What is right to say in it.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        self.script.cues.iter().map(|cue| cue.text.clone()).filter(|text| !text.is_empty())
    }

    /// The same without standby: what is under way is silence.
    pub fn without_standby(mut self) -> Self {
        let cues = self.script.cues.iter_mut().map(|cue| &mut cue.state);
        let slipped = self.slips.values_mut().map(|slip| &mut slip.state);
        cues.chain(slipped).filter(|state| **state == State::Standby).for_each(|state| *state = State::Silence);
        self
    }

    /// The same with nothing but states.
    pub fn without_texts(mut self) -> Self {
        let cues = self.script.cues.iter_mut().map(|cue| &mut cue.text);
        cues.chain(self.slips.values_mut().map(|slip| &mut slip.text)).for_each(String::clear);
        self
    }
}
