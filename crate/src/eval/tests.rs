use proptest::collection::vec;
use proptest::prelude::*;

use super::score::tests::rounds;
use super::truth::tests::sample;
use super::*;
use crate::clock::Clock;
use crate::stream::{State, StateLogits};

/// A stream at a frame a second, with responses at moments and rounds as in `score`'s tests.
fn stream(name: &str, task: &str, due: &[(&str, f64)], line: &str) -> Stream {
    let due: Vec<_> = due.iter().map(|&(text, second)| (text, None, second + 1.0)).collect();
    let mut sample = sample(name, &due);
    sample.task_type = task.to_owned();
    let observed = rounds(line);
    let truth = Truth::of_sample(&sample, Clock::new(1.0).unwrap(), observed.len() as u64).unwrap();
    Stream { truth, observed }
}

/// What a model observes that does what is right.
fn perfect(truth: &Truth) -> Vec<Observed> {
    let text = |round| {
        let second = truth.clock.start(round);
        let due = truth.expected.iter().find(|expected| expected.second == second);
        Some(due.map_or(String::new(), |expected| expected.text.clone()))
    };
    let observed = |(round, &state): (u64, &State)| {
        let logits = [State::Silence, State::Standby, State::Response].map(|at| if at == state { 5.0 } else { -5.0 });
        Observed { round, state: Some(state), text: text(round), logits: Some(StateLogits::new(logits)) }
    };
    (truth.first..).zip(&truth.states).map(observed).collect()
}

#[test]
fn a_report_groups_by_task() {
    let streams = [
        stream("b", "count", &[("x", 5.0)], "-----x--------------"),
        stream("a", "count", &[("x", 5.0)], "-----y--------------"),
        stream("c", "watch", &[("x", 5.0)], "--------------------"),
    ];
    let report = TimingReport::of(&streams).unwrap();
    assert_eq!(report.overall.f1_within_a_second(), Some(0.8));
    assert_eq!(report.tasks["count"].f1_within_a_second(), Some(1.0));
    assert_eq!(report.tasks["count"].answers.accuracy, Some(0.5));
    assert_eq!(report.tasks["watch"].f1_within_a_second(), Some(0.0));
    assert_eq!(report.tasks["watch"].answers.accuracy, None);
    assert_eq!(report.mean_of_tasks.f1[1], Some(0.5));
    assert_eq!(report.mean_of_tasks.accuracy, Some(0.5));
    assert_eq!(report.overall.answers.accuracy_of_expected, Some(1.0 / 3.0));
    assert_eq!(report.sweep, None, "no logits, no sweep");
}

#[test]
fn those_who_do_not_look_are_scored_beside() {
    let report = TimingReport::of(&[stream("a", "t", &[("x", 9.0)], "-------------------x")]).unwrap();
    let [silent, every, random] = &report.baselines[..] else { panic!("{:?}", report.baselines) };
    assert_eq!((silent.timing[1].f1, silent.timing[1].precision), (Some(0.0), None));
    assert_eq!((silent.alarms_per_quiet_hour, silent.state_accuracy), (Some(0.0), Some(0.95)));
    assert_eq!((every.timing[0].precision, every.timing[0].recall), (Some(0.05), Some(1.0)));
    assert_eq!((every.alarms_per_quiet_hour, every.state_accuracy), (Some(3600.0), Some(0.05)));
    assert!(random.timing[3].f1.unwrap() > 0.0 && random.timing[3].f1.unwrap() < 0.8);
    let alarms = random.alarms_per_quiet_hour.unwrap();
    assert!((60.0..=360.0).contains(&alarms), "about 3600 / 20: {alarms}");
}

#[test]
fn the_sweep_finds_the_threshold_that_a_run_missed() {
    // Responses are due where the probability is 0.41, and it is 0.11 elsewhere: decided at 0.5, nothing is said.
    let mut stream = stream("a", "t", &[("x", 5.0), ("y", 15.0)], "--------------------");
    for round in &mut stream.observed {
        let p: f32 = if round.round % 10 == 5 { 0.41 } else { 0.11 };
        round.logits = Some(StateLogits::new([(1.0 - p).ln(), -50.0, p.ln()]));
    }
    let report = TimingReport::of(&[stream]).unwrap();
    assert_eq!(report.overall.f1_within_a_second(), Some(0.0));
    let sweep = report.sweep.unwrap();
    assert_eq!(sweep.points.len(), 49);
    assert_eq!((sweep.points[0].threshold, sweep.points[48].threshold), (Some(0.02), Some(0.98)));
    assert_eq!((sweep.points[0].recall, sweep.points[0].precision), (Some(1.0), Some(0.1)));
    assert_eq!(sweep.points[0].alarms_per_quiet_hour, Some(3600.0));
    assert_eq!(sweep.points[48].precision, None);
    assert_eq!(sweep.best.f1, Some(1.0));
    assert_eq!((sweep.as_run.threshold, sweep.as_run.f1), (None, Some(0.0)));
    assert_eq!(sweep.best.threshold, Some(0.26), "the middle of 0.12 … 0.40");
    let picture = sweep.svg().unwrap();
    assert!(picture.contains("best: F1 1.00 at 0.26"));
}

#[test]
fn where_nothing_is_due_nothing_is_timed() {
    let quiet = stream("a", "t", &[], "----------");
    assert!(matches!(TimingReport::of(std::slice::from_ref(&quiet)), Err(EvalError::NothingExpected)));
    assert!(matches!(TimingReport::of(&[]), Err(EvalError::NothingExpected)));
    // Beside others it counts for false alarms.
    let report = TimingReport::of(&[quiet, stream("b", "t", &[("x", 5.0)], "-----x")]).unwrap();
    assert_eq!(report.overall.quiet.hours, (10.0 + 2.0) / 3600.0);
}

/// A stream of up to 60 rounds: which responses are due, and what happens.
fn any_stream() -> impl Strategy<Value = Stream> {
    let due = vec((0u32..60, 0..3usize), 0..6);
    let line =
        vec(0..10usize, 60).prop_map(|kinds| kinds.into_iter().map(|kind| b"-----~~?xy"[kind] as char).collect());
    (0u32..1000, due, line).prop_map(|(name, due, line): (u32, Vec<(u32, usize)>, String)| {
        let due: Vec<_> = due.into_iter().map(|(second, text)| (["x", "y", "z"][text], f64::from(second))).collect();
        stream(&format!("{name}"), ["t", "u"][name as usize % 2], &due, &line)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn counts_hold_together(stream in any_stream()) {
        let tally = score(&stream.truth, &stream.observed).unwrap();
        prop_assert!(tally.matched.is_sorted(), "a wider tolerance takes nothing away");
        prop_assert!(tally.matched[3] <= tally.expected.min(tally.spoken));
        prop_assert_eq!(tally.duplicates + tally.false_alarms + tally.matched[3], tally.spoken);
        prop_assert!(tally.quiet_alarms <= tally.false_alarms && tally.quiet_alarms as f64 <= tally.quiet_seconds);
        prop_assert_eq!(tally.lateness.len() as u64, tally.matched[3]);
        prop_assert!(tally.lateness.iter().all(|late| late.abs() <= 3.0));
        prop_assert_eq!(tally.states.counts.iter().flatten().sum::<u64>(), tally.rounds);
        for at in tally.scores().timing {
            prop_assert!(at.f1.is_none_or(|f1| (0.0..=1.0).contains(&f1)));
        }
    }

    #[test]
    fn who_does_what_is_right_scores_1(mut stream in any_stream()) {
        stream.observed = perfect(&stream.truth);
        prop_assume!(!stream.truth.expected.is_empty());
        let report = TimingReport::of(&[stream]).unwrap();
        let scores = &report.overall;
        let all = [Some(1.0); 3];
        prop_assert!(scores.timing.iter().all(|at| [at.precision, at.recall, at.f1] == all));
        prop_assert_eq!((scores.answers.accuracy, scores.answers.accuracy_of_expected), (Some(1.0), Some(1.0)));
        prop_assert_eq!((scores.duplicates, scores.false_alarms), (0, 0));
        prop_assert_eq!((scores.lateness.median, scores.states.accuracy), (Some(0.0), Some(1.0)));
        prop_assert_eq!(report.sweep.unwrap().best.f1, Some(1.0));
    }

    #[test]
    fn the_order_of_streams_changes_nothing(mut streams in vec(any_stream(), 2..5), at in 0..100usize) {
        for (index, stream) in streams.iter_mut().enumerate() {
            stream.truth.name = format!("{index}");
        }
        prop_assume!(streams.iter().any(|stream| !stream.truth.expected.is_empty()));
        let report = TimingReport::of(&streams).unwrap();
        let length = streams.len();
        streams.rotate_left(at % length);
        streams.swap(0, 1);
        prop_assert_eq!(TimingReport::of(&streams).unwrap(), report);
    }
}
