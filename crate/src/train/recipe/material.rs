use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::LARGEST;
use crate::clock::Clock;
use crate::synth::{LONGEST_SIDE, Task};

/// Dialogues of one sort, from the procedural world or from files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// How often a step takes this.
    #[serde(default = "once")]
    pub share: f64,
    /// Dialogues of a step.
    pub batch: usize,
    /// Dialogues that are read at once.
    pub together: usize,
    /// Rounds of a dialogue, fewest and most. Of a longer one from a file, so many rounds from anywhere in it are learnt.
    pub rounds: [usize; 2],
    /// Sizes of the world's frames, in pixels; all of them as often.
    #[serde(default)]
    pub sizes: Vec<[u32; 2]>,
    /// Rounds a second; all of them as often.
    #[serde(default = "one_a_second")]
    pub fps: Vec<f64>,
    /// The share of streams that have been going on for some time.
    #[serde(default)]
    pub late: f64,
    /// The share of streams in which nothing happens that is asked for.
    #[serde(default)]
    pub quiet: f64,
    /// The share of dialogues in whose past the model seems to have erred, as it does when it watches.
    #[serde(default)]
    pub slips: f64,
    /// The share of those in which it has erred as it does itself: it reads them first, and its states are its past.
    #[serde(default)]
    pub own: f64,
    /// Whether nothing is read in it, and each visual token is to be the words for what it shows: for learning to see.
    #[serde(default)]
    pub sight: bool,
    /// Whether nobody is shown its frames. Answers are learnt, as far as they follow from what was said before, such as since
    /// when something has been under way, and the time tags that those copy. A frame is most of a round's work.
    #[serde(default)]
    pub blind: bool,
    /// How often each of the world's tasks comes.
    #[serde(default)]
    pub tasks: BTreeMap<Task, f64>,
    /// Where dialogues are, if they are not of the world.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Library>,
}

/// Files of samples, raw or dialogues, in JSON or JSON lines. All paths are seen from where the recipe stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Library {
    /// What is learnt from.
    pub samples: PathBuf,
    /// Where the videos are that samples name.
    #[serde(default)]
    pub videos: PathBuf,
    /// What is never learnt from: for validation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_out: Option<PathBuf>,
}

fn once() -> f64 {
    1.0
}

fn one_a_second() -> Vec<f64> {
    vec![1.0]
}

impl Material {
    /// What makes no sense in it.
    pub(super) fn broken(&self) -> Option<&'static str> {
        let [fewest, most] = self.rounds;
        let weights: f64 = self.tasks.values().sum();
        let rates = |fps: &f64| Clock::RATES.contains(fps);
        let of_files = self.files.is_some();
        let rules = [
            (self.share >= 0.0, "a share is 0 or more"),
            (
                (1..=LARGEST).contains(&self.batch) && (1..=LARGEST).contains(&self.together),
                "batch and together are from 1 to 65536",
            ),
            ((1..=most).contains(&fewest) && most <= LARGEST, "rounds are the fewest and the most, from 1 to 65536"),
            (
                of_files == (self.tasks.is_empty() && self.sizes.is_empty() && self.late == 0.0 && self.quiet == 0.0),
                "material is either of files, or has tasks and sizes; late and quiet go with those",
            ),
            (
                of_files || weights > 0.0 && weights.is_finite() && self.tasks.values().all(|&weight| weight >= 0.0),
                "material needs tasks, with weights above 0",
            ),
            (
                of_files
                    || !self.sizes.is_empty()
                        && self.sizes.iter().flatten().all(|side| (1..=LONGEST_SIDE).contains(side)),
                "material needs sizes, as in [[140, 84]], of 4096 pixels a side at most",
            ),
            (!of_files || self.together == 1, "videos differ in their sizes: material of files wants together = 1"),
            (!self.fps.is_empty() && self.fps.iter().all(rates), "fps are numbers such as 1 or 0.5"),
            (
                [self.late, self.quiet, self.slips, self.own].iter().all(|share| (0.0..=1.0).contains(share)),
                "late, quiet, slips and own are shares from 0 to 1",
            ),
            (!self.sight || !of_files && self.slips == 0.0, "sight is of the world's films, and knows no slips"),
            (
                !self.blind || !self.sight && self.own == 0.0,
                "blind is of dialogues, and knows no past of the model's own",
            ),
            (self.own == 0.0 || self.slips > 0.0, "own is a share of the dialogues with slips, and there are none"),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map(|(_, reason)| reason)
    }
}
