use std::collections::BTreeMap;

use super::{Sample, Script};
use crate::stream::State;

/// What there is in a set of samples.
#[derive(Debug, Clone, Default)]
pub struct Statistics {
    /// How many.
    pub samples: u64,
    /// Questions, those from before the first round included.
    pub questions: u64,
    /// Rounds of each state, in the order of [`State::ALL`].
    pub states: [u64; 3],
    /// Samples of each kind of task.
    pub tasks: BTreeMap<String, u64>,
    /// Samples of each collection.
    pub sources: BTreeMap<String, u64>,
    /// The longest in seconds, and its name.
    pub longest: Option<(f64, String)>,
    /// Seconds of every sample.
    durations: Vec<f64>,
}

impl Statistics {
    /// Counts a sample and its script.
    pub fn add(&mut self, sample: &Sample, script: &Script) {
        self.samples += 1;
        self.questions += script.standing.len() as u64;
        for cue in &script.cues {
            self.questions += cue.questions.len() as u64;
            self.states[cue.state as usize] += 1;
        }
        for (counts, name) in [(&mut self.tasks, sample.task()), (&mut self.sources, sample.source())] {
            match counts.get_mut(name) {
                Some(count) => *count += 1,
                None => drop(counts.insert(name.to_owned(), 1)),
            }
        }
        let seconds = script.cues.len() as f64 / script.clock.fps();
        self.durations.push(seconds);
        if self.longest.as_ref().is_none_or(|(longest, _)| seconds > *longest) {
            self.longest = Some((seconds, sample.name().to_owned()));
        }
    }

    /// Rounds of all samples.
    pub fn rounds(&self) -> u64 {
        self.states.iter().sum()
    }

    /// Seconds of all samples.
    pub fn seconds(&self) -> f64 {
        self.durations.iter().sum()
    }

    /// The duration in seconds that a share of the samples does not exceed; none of no samples.
    pub fn duration(&self, share: f64) -> Option<f64> {
        let mut durations = self.durations.clone();
        let last = durations.len().checked_sub(1)?;
        let place = (share.clamp(0.0, 1.0) * last as f64).round() as usize;
        Some(*durations.select_nth_unstable_by(place, f64::total_cmp).1)
    }

    /// The weights of the states in Streamo's loss for these counts, `(Σ n) / (3 · n_k)`; none for a state that does not
    /// occur.
    pub fn alpha(&self) -> [Option<f64>; 3] {
        let all = self.rounds() as f64;
        self.states.map(|count| (count > 0).then(|| all / (State::ALL.len() as f64 * count as f64)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clock::Clock;
    use crate::model::Settings;

    /// The paper's ratio, 12 : 3 : 2.
    #[test]
    fn counts_give_the_weights_of_the_paper() {
        let sample = Sample::read(json!({
            "video_path": "v/a.mp4", "task_type": "QA",
            "question": [{ "content": "What?", "time": 1 }],
            "response": [{ "content": "One.", "st_time": 3, "end_time": 5 }, { "content": "Two.", "time": 9 }],
        }));
        let sample = sample.unwrap();
        let (script, _) = sample.script(Clock::new(1.0).unwrap(), Some(17), &Settings::default()).unwrap();
        let mut statistics = Statistics::default();
        statistics.add(&sample, &script);
        assert_eq!((statistics.states, statistics.questions, statistics.seconds()), ([12, 3, 2], 1, 17.0));
        let alpha = statistics.alpha().map(|alpha| (alpha.unwrap() * 1000.0).round());
        assert_eq!(alpha, [472.0, 1889.0, 2833.0]);
        let (script, _) = sample.script(Clock::new(0.5).unwrap(), Some(2), &Settings::default()).unwrap();
        statistics.add(&sample, &script);
        assert_eq!((statistics.duration(0.0), statistics.duration(1.0)), (Some(4.0), Some(17.0)));
        assert_eq!(statistics.longest, Some((17.0, "v/a.mp4".to_owned())));
        assert_eq!(statistics.tasks, BTreeMap::from([("QA".to_owned(), 2)]));
        assert_eq!((Statistics::default().duration(0.5), Statistics::default().alpha()), (None, [None; 3]));
    }
}
