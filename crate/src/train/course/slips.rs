//! Pasts in which the model has erred.
//!
//! A model that learns after right replies alone leans on them: a standby gives away the response that follows, and what
//! was told is always true. When it watches, its past is its own, with what it missed, mistook and made up. So in some
//! dialogues a few replies of the past are wrong as its own will be, and what is right follows from them: a response that
//! was missed is due in the round after, and one that came a round early is not due again.
//!
//! Where others act than those that are asked for, the past has standbys as well. Else a standby would tell who is asked
//! for, and a model that gives none of its own, since it is not sure, would never find out.
//!
//! What is made up so is as wrong as the model might be. How wrong it is, it shows itself: it reads the dialogue once, and
//! the states that it gives are its past when it reads it again.

use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom;

use crate::data::{Script, Slip, Slips};
use crate::stream::State;

/// At most this share of a dialogue's responses is wrong; on average half of it.
const MOST: f64 = 0.6;
/// So many times fewer are wrong where nothing happens: those rounds are many.
const QUIETER: f64 = 6.0;
/// Where the round before a response goes wrong, the response comes in it with this probability.
const EARLY: f64 = 0.2;
/// At most this share of silent rounds in which others act has a standby; on average half of it.
const GLARE: f64 = 0.8;

/// A right response of the model's own is taken to have been the wrong words with this probability.
const MISTAKEN: f64 = 0.3;

/// Draws slips into the past of `script`, and changes what is right after them. `bustle` says of each round whether
/// anything is known to be under way in it; `texts` are responses to mistake its own for, its own and others.
pub fn slips(script: &mut Script, bustle: &[bool], texts: &[String], random: &mut ChaCha8Rng) -> Slips {
    let rate = random.random_range(0.0..MOST);
    // Standbys are the hardest to get right: a model's own past may have none, or all.
    let dim = random.random_range(0.0..1.0);
    let glare = random.random_range(0.0..GLARE);
    let mut past = Past::of(script, texts);
    for round in 0..past.script.cues.len() {
        let right = past.right(round);
        let others_act = right == State::Silence && bustle.get(round) == Some(&true);
        if others_act && random.random_bool(glare) {
            past.say(round, State::Standby, random);
            continue;
        }
        let wrong = match right {
            State::Silence => rate / QUIETER,
            State::Standby => dim,
            State::Response => rate,
        };
        if !random.random_bool(wrong) {
            continue;
        }
        let half = random.random_bool(0.5);
        let said = match right {
            State::Standby if past.right(round + 1) == State::Response && random.random_bool(EARLY) => State::Response,
            State::Standby => State::Silence,
            State::Silence if half => State::Standby,
            State::Response if half => State::Silence,
            State::Silence | State::Response => State::Response,
        };
        past.say(round, said, random);
    }
    past.slips
}

/// The same with the `states` that the model gave in the rounds of `script`.
pub fn own(script: &mut Script, states: &[State], texts: &[String], random: &mut ChaCha8Rng) -> Slips {
    let mut past = Past::of(script, texts);
    for (round, &said) in states.iter().enumerate() {
        let is_mistaken = said == State::Response && random.random_bool(MISTAKEN);
        if said != past.right(round) || is_mistaken {
            past.say(round, said, random);
        }
    }
    past.slips
}

/// What is said in a dialogue in which not everything is right.
struct Past<'a> {
    script: &'a mut Script,
    texts: &'a [String],
    slips: Slips,
    /// The round of a response that was missed once already.
    overdue: Option<usize>,
}

impl<'a> Past<'a> {
    fn of(script: &'a mut Script, texts: &'a [String]) -> Self {
        Self { script, texts, slips: Slips::new(), overdue: None }
    }

    /// The state that is right in `round`; silence behind the end.
    fn right(&self, round: usize) -> State {
        self.script.cues.get(round).map_or(State::Silence, |cue| cue.state)
    }

    /// Has `said` the state of `round`. Where a response is right in it, one that is said has the wrong words; if there are
    /// none to be had, nothing slips.
    fn say(&mut self, round: usize, said: State, random: &mut ChaCha8Rng) {
        let Some((cue, later)) = self.script.cues.get_mut(round..).and_then(<[_]>::split_first_mut) else { return };
        let text = match (cue.state, said, later.first_mut()) {
            (State::Standby, State::Response, Some(next)) if next.state == State::Response => {
                next.state = State::Silence;
                std::mem::take(&mut next.text)
            }
            (_, State::Response, _) => {
                let Some(text) = self.texts.choose(random).filter(|&text| *text != cue.text) else { return };
                text.clone()
            }
            (State::Response, _, Some(next)) if next.state != State::Response && self.overdue != Some(round) => {
                (next.state, next.text) = (State::Response, cue.text.clone());
                self.overdue = Some(round + 1);
                String::new()
            }
            _ => String::new(),
        };
        self.slips.insert(round, Slip { state: said, text });
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::clock::Clock;
    use crate::data::Cue;

    fn script(states: &str) -> Script {
        let cue = |(round, state)| match state {
            'R' => Cue { questions: Vec::new(), state: State::Response, text: format!("It is {round}.") },
            'B' => Cue { questions: Vec::new(), state: State::Standby, text: String::new() },
            _ => Cue { questions: Vec::new(), state: State::Silence, text: String::new() },
        };
        Script {
            clock: Clock::ONE,
            first: 0,
            standing: Vec::new(),
            cues: states.chars().enumerate().map(cue).collect(),
        }
    }

    #[test]
    fn what_was_missed_is_due_once_more_and_what_came_early_is_not() {
        let right = script("SSBBRSSRRSBRS");
        let own = right.cues.iter().map(|cue| cue.text.clone()).filter(|text| !text.is_empty());
        let texts: Vec<String> = own.chain(["It is strange.".to_owned()]).collect();
        let (mut missed, mut early, mut made_up, mut mistaken, mut blind) = (0, 0, 0, 0, 0);
        for seed in 0..500 {
            let mut script = right.clone();
            let slips = slips(&mut script, &[], &texts, &mut ChaCha8Rng::seed_from_u64(seed));
            let now = |round: usize| (script.cues[round].state, script.cues[round].text.as_str());
            for (&round, slip) in &slips {
                assert_ne!((slip.state, slip.text.as_str()), now(round), "a slip is wrong");
                let said = slip.state == State::Response;
                match (right.cues[round].state, now(round).0) {
                    (State::Response, State::Response) if said => mistaken += 1,
                    (State::Response, State::Response) => {
                        missed += 1;
                        let next = &right.cues[round + 1];
                        let due = if next.state == State::Response { next } else { &right.cues[round] };
                        assert_eq!(now(round + 1), (State::Response, due.text.as_str()));
                    }
                    (State::Standby, State::Standby) if said => {
                        early += 1;
                        assert_eq!(slip.text, right.cues[round + 1].text);
                        assert_eq!(now(round + 1), (State::Silence, ""));
                    }
                    (State::Silence, State::Silence) if said => made_up += 1,
                    _ => {}
                }
            }
            let mut standbys = right.cues.iter().enumerate().filter(|(_, cue)| cue.state == State::Standby);
            blind += usize::from(standbys.all(|(round, _)| slips.contains_key(&round)));
            let due = script.cues.iter().filter(|cue| cue.state == State::Response).count();
            assert!(due <= 4 + slips.len());
        }
        let counts = [missed, early, made_up, mistaken, blind];
        assert!(counts.iter().all(|&count| count > 50), "{counts:?}");
    }

    #[test]
    fn a_standby_of_the_past_does_not_tell_who_is_asked_for() {
        let right = script("SSSBBRSSSSSSSSS");
        let bustle: Vec<bool> = (0..right.cues.len()).map(|round| (3..5).contains(&round) || round > 9).collect();
        let (mut asked, mut others, mut quiet) = (0, 0, 0);
        for seed in 0..1000 {
            let mut script = right.clone();
            let slips = slips(&mut script, &bustle, &[], &mut ChaCha8Rng::seed_from_u64(seed));
            let state = |round: &usize| slips.get(round).map_or(right.cues[*round].state, |slip| slip.state);
            let standbys = |rounds: std::ops::Range<usize>| rounds.filter(|r| state(r) == State::Standby).count();
            asked += standbys(3..5);
            others += standbys(10..12);
            quiet += standbys(6..8);
        }
        // Of 2,000 rounds each.
        assert!(
            (900..1100).contains(&asked) && (700..900).contains(&others) && quiet < 100,
            "{asked} {others} {quiet}"
        );
    }

    #[test]
    fn the_states_of_a_past_are_the_models_own() {
        let right = script("SBRSSBRSSR");
        let texts = ["It is strange.".to_owned()];
        let states = |states: &str| script(states).cues.into_iter().map(|cue| cue.state).collect::<Vec<_>>();
        let lived = |said: &str, seed| {
            let mut now = right.clone();
            let slips = own(&mut now, &states(said), &texts, &mut ChaCha8Rng::seed_from_u64(seed));
            (slips, now)
        };
        for seed in 0..100 {
            let (slips, now) = lived("SBSRSRSSRS", seed);
            let said = |round: usize| slips.get(&round).map(|slip| (slip.state, slip.text.as_str()));
            assert_eq!(said(2), Some((State::Silence, "")));
            assert_eq!(now.cues[3], right.cues[2], "what was missed is due once more");
            assert!(matches!(said(3), None | Some((State::Response, "It is strange."))));
            assert_eq!((said(5), now.cues[6].state), (Some((State::Response, "It is 6.")), State::Silence));
            assert_eq!((said(6), now.cues[6].text.as_str()), (None, ""));
            assert_eq!(said(8), Some((State::Response, "It is strange.")));
            assert_eq!(said(9), Some((State::Silence, "")));
            assert!([0, 1, 4, 7].iter().all(|round| !slips.contains_key(round)), "{slips:?}");
        }
        let mistaken = (0..1000).filter(|&seed| lived("SBRSSBRSSR", seed).0.contains_key(&2)).count();
        assert!((240..360).contains(&mistaken), "{mistaken}");
    }

    #[test]
    fn without_slips_nothing_changes() {
        let right = script("SBRSBR");
        let untouched = (0..500).filter(|&seed| {
            let mut script = right.clone();
            let slips = slips(&mut script, &[], &[], &mut ChaCha8Rng::seed_from_u64(seed));
            assert!(!slips.is_empty() || script == right);
            slips.is_empty()
        });
        assert!((10..400).contains(&untouched.count()));
    }
}
