use proptest::prelude::*;

use super::*;

fn clock(fps: f64) -> Clock {
    Clock::new(fps).unwrap()
}

fn asked(questions: &[(&str, f64)], response: Vec<RawResponse>) -> RawSample {
    let question = questions.iter().map(|&(content, time)| RawQuestion { content: content.into(), time }).collect();
    RawSample { video_path: "a.mp4".into(), question, response, ..RawSample::default() }
}

fn at(content: &str, time: f64) -> RawResponse {
    RawResponse { content: content.into(), st_time: None, end_time: None, time: Some(time) }
}

fn after(content: &str, begin: f64, end: f64) -> RawResponse {
    RawResponse { content: content.into(), st_time: Some(begin), end_time: Some(end), time: None }
}

/// A letter a round: silence, standby; a response in capitals if it has a text.
fn states(script: &Script) -> String {
    let letter = |cue: &Cue| match cue.state {
        State::Silence => '.',
        State::Standby => 's',
        State::Response => 'R',
    };
    script.cues.iter().map(letter).collect()
}

fn texts(script: &Script) -> Vec<(usize, &str)> {
    let spoken = script.cues.iter().enumerate().filter(|(_, cue)| cue.state == State::Response);
    spoken.map(|(round, cue)| (round, cue.text.as_str())).collect()
}

fn scripted(raw: &RawSample, fps: f64, rounds: usize) -> (Script, Vec<Note>) {
    Script::from_raw(raw, clock(fps), Some(rounds)).unwrap()
}

/// `convert_streaming_video.py` at one frame a second and with whole seconds, for events that do not touch.
fn upstream(raw: &RawSample, rounds: usize) -> Vec<(State, String)> {
    let mut states = vec![(State::Silence, String::new()); rounds];
    for response in &raw.response {
        let frame = |time: f64| (time as usize).saturating_sub(1);
        let answer = match (response.st_time, response.end_time, response.time) {
            (Some(begin), Some(end), _) => {
                for state in &mut states[frame(begin)..(frame(end) + 1).min(rounds)] {
                    *state = (State::Standby, String::new());
                }
                frame(end) + 1
            }
            (_, _, time) => frame(time.unwrap()),
        };
        if answer < rounds {
            states[answer] = (State::Response, response.content.clone());
        }
    }
    states
}

#[test]
fn the_published_example_has_upstreams_states() {
    let raw = asked(&[("What event?", 5.0)], vec![after("A red carpet event.", 5.0, 6.0)]);
    let (script, notes) = scripted(&raw, 1.0, 9);
    assert_eq!(states(&script), "....ssR..");
    assert_eq!(script.cues[4].questions, ["What event?"]);
    assert_eq!((texts(&script), notes), (vec![(6, "A red carpet event.")], vec![]));
}

/// A(6): the frames of a second were counted in whole frames of the container.
#[test]
fn times_are_exact_at_any_frame_rate_of_the_container() {
    for container in [23.976, 29.97, 59.94, 30.0] {
        let frame = 1.0 / container;
        for second in [1_u32, 30, 300, 3600] {
            // When the last frame of the second ends, with the dust of sums and products.
            let end = f64::from(second) * container * frame;
            let raw = asked(&[("What?", 1.0)], vec![after("That.", 1.0, end)]);
            let (script, _) = Script::from_raw(&raw, clock(1.0), None).unwrap();
            assert_eq!(texts(&script), [(second as usize, "That.")], "{container} frames a second");
        }
    }
    let raw = asked(&[("What?", 2.999_999_9)], vec![at("That.", 4.000_000_1)]);
    let (script, _) = Script::from_raw(&raw, clock(1.0), None).unwrap();
    assert_eq!((states(&script).as_str(), script.cues[2].questions.len()), ("...R", 1));
    let raw = asked(&[("What?", 1.0)], vec![after("That.", 1.0, 30.0 / 29.97)]);
    let (script, _) = Script::from_raw(&raw, clock(29.97), None).unwrap();
    assert_eq!(texts(&script), [(30, "That.")]);
}

/// A(6): the standby of the next event stood in the place of the response.
#[test]
fn adjacent_events_keep_their_responses() {
    let raw = asked(&[("What?", 1.0)], vec![after("One.", 1.0, 3.0), after("Two.", 4.0, 6.0), after("In.", 2.0, 5.0)]);
    let (script, notes) = scripted(&raw, 1.0, 8);
    assert_eq!(states(&script), "sssRsRR.");
    assert_eq!((texts(&script), notes), (vec![(3, "One."), (5, "In."), (6, "Two.")], vec![]));
}

/// A(6): what is said after the last frame was lost.
#[test]
fn terminal_events_keep_their_responses() {
    let raw = asked(&[("What?", 1.0)], vec![after("The end.", 6.0, 8.0), at("After it.", 30.0)]);
    let (script, notes) = scripted(&raw, 1.0, 8);
    assert_eq!(states(&script), ".....ssR");
    assert_eq!(texts(&script), [(7, "The end. After it.")]);
    let moved = |response| Note::ResponseAfterEnd { response };
    assert_eq!(notes, [moved(0), moved(1), Note::Together { response: 1 }]);
}

/// A(6): the first question stood at the start of every sample as well.
#[test]
fn a_question_stands_in_its_own_second_only() {
    let raw = asked(&[("What?", 5.0), ("Where?", 7.0)], vec![at("There.", 8.0)]);
    let (script, _) = scripted(&raw, 1.0, 9);
    let found: Vec<usize> = script.cues.iter().map(|cue| cue.questions.len()).collect();
    assert_eq!(found, [0, 0, 0, 0, 1, 0, 1, 0, 0]);
}

/// A(6): of two questions in a second the last won.
#[test]
fn several_questions_in_a_second_all_stand() {
    let raw = asked(&[("What?", 3.2), (" Where? ", 2.0), ("Who?", 3.9)], vec![]);
    let (script, _) = scripted(&raw, 1.0, 4);
    assert_eq!(script.cues[1].questions, ["Where?"]);
    assert_eq!(script.cues[2].questions, ["What?", "Who?"]);
    assert_eq!(scripted(&raw, 2.0, 8).0.cues[5].questions, ["Who?"]);
}

/// A(6): `"5"` was a frame and `"5.0"` a second.
#[test]
fn a_time_means_the_same_however_it_is_written() {
    let script = |fps, time: serde_json::Value| {
        let sample = serde_json::json!({ "video_path": "a.mp4", "question": { "content": "What?", "time": time },
                                         "response": { "content": "That.", "time": time } });
        Script::from_raw(&serde_json::from_value(sample).unwrap(), clock(fps), None).unwrap().0
    };
    for fps in [0.5, 1.0, 2.0] {
        let number = script(fps, 5.into());
        assert_eq!(number.cues.len() as f64, 4.0 * fps + 1.0);
        for time in ["5", "5.0", "00:05"] {
            assert_eq!(script(fps, time.into()), number, "{time:?} at {fps} fps");
        }
    }
}

/// A(3): at two frames a second, rounds stayed a second wide.
#[test]
fn at_other_rates_rounds_are_as_wide_as_their_tags_say() {
    let raw = asked(&[("What?", 2.0)], vec![after("That.", 3.0, 4.0), at("Now.", 6.0)]);
    let (script, _) = scripted(&raw, 2.0, 12);
    assert_eq!(states(&script), "....ssssR.R.");
    assert_eq!((script.cues[2].questions.len(), script.clock.tag(8)), (1, "<4s-4.5s>".to_owned()));
    assert_eq!(states(&scripted(&raw, 0.5, 6).0), ".sRR..");
}

#[test]
fn what_is_said_before_it_is_asked_is_said_when_it_is() {
    let raw = asked(&[("What was it?", 6.0)], vec![after("A cup.", 2.0, 3.0), after("A plate.", 4.0, 7.0)]);
    let (script, notes) = scripted(&raw, 1.0, 9);
    assert_eq!(states(&script), ".....RsR.");
    assert_eq!(texts(&script), [(5, "A cup."), (7, "A plate.")]);
    assert_eq!(notes, [Note::ResponseBeforeQuestion { response: 0 }]);
}

#[test]
fn samples_without_a_question_are_asked_upstreams() {
    let (script, notes) = scripted(&asked(&[], vec![at("A dog.", 3.0)]), 1.0, 4);
    assert_eq!(
        (script.cues[0].questions.as_slice(), notes),
        (&[DEFAULT_QUESTION.to_owned()][..], vec![Note::DefaultQuestion])
    );
    let (script, notes) = scripted(&asked(&[], vec![]), 1.0, 4);
    assert_eq!((states(&script).as_str(), script.cues[0].questions.len(), notes), ("....", 0, vec![]));
}

#[test]
fn impossible_samples_are_refused() {
    let refused = |raw: &RawSample, fps, rounds| Script::from_raw(raw, clock(fps), rounds).unwrap_err().to_string();
    let nothing = asked(&[], vec![]);
    assert!(refused(&nothing, 1.0, None).starts_with("the sample has no rounds"));
    assert!(refused(&nothing, 1.0, Some(0)).starts_with("the sample has no rounds"));
    assert!(refused(&nothing, 1.0, Some(usize::MAX)).starts_with("the sample has 18446744073709551615 rounds"));
    assert!(refused(&asked(&[("What?", 9e5)], vec![]), 240.0, None).contains("more than 1048576"));
    assert!(refused(&asked(&[("What?", f64::INFINITY)], vec![]), 1.0, None).starts_with("question[0].time is inf"));
    assert!(refused(&asked(&[], vec![after("a", 5.0, 3.0)]), 1.0, None).starts_with("response[0].end_time is 3"));
}

#[test]
fn standby_that_leads_nowhere_is_told_of() {
    let cue = |state, text: &str| Cue { questions: vec![], state, text: text.into() };
    let cues = vec![
        cue(State::Standby, ""),
        cue(State::Silence, ""),
        cue(State::Response, " "),
        cue(State::Response, "Yes."),
        cue(State::Standby, ""),
    ];
    let script = Script { clock: clock(1.0), first: 0, standing: vec!["Done?".into()], cues };
    let (questions, responses, notes) = script.to_raw();
    assert_eq!(questions, [RawQuestion { content: "Done?".into(), time: 1.0 }]);
    assert_eq!(responses, [at("Yes.", 4.0)]);
    let lost = |round| Note::NeverAnswered { round };
    assert_eq!(notes, [lost(0), Note::NothingSaid { round: 2 }, lost(4)]);
}

/// Samples with times on a grid of thousandths, events apart or overlapping.
pub fn samples() -> impl Strategy<Value = RawSample> {
    let time = || (0_u32..40_000).prop_map(|thousandths| f64::from(thousandths) / 1000.0);
    let text = || "[a-z]{1,6}( [a-z?\n]{1,5}){0,2}[.?]";
    let question = (text(), time()).prop_map(|(content, time)| RawQuestion { content, time });
    let moment = (text(), time()).prop_map(|(content, time)| at(&content, time));
    let event = (text(), time(), 0.0..9.0).prop_map(|(content, begin, length)| after(&content, begin, begin + length));
    let responses = prop::collection::vec(prop_oneof![moment, event], 0..6);
    (prop::collection::vec(question, 1..4), responses).prop_map(|(question, response)| RawSample {
        video_path: "videos/a.mp4".into(),
        question,
        response,
        ..RawSample::default()
    })
}

/// Rates with whole and with broken rounds.
pub fn rates() -> impl Strategy<Value = Clock> {
    let odd = (100_u32..31_000).prop_map(|thousandths| f64::from(thousandths) / 1000.0);
    prop_oneof![Just(1.0), Just(2.0), Just(0.5), Just(3.0), Just(29.97), odd].prop_map(clock)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn at_whole_seconds_the_rule_is_upstreams(
        gaps in prop::collection::vec((1_u32..4, 0_u32..5, any::<bool>()), 0..6),
        rounds in 60_usize..70,
    ) {
        // Apart, so that nothing is overwritten there.
        let mut next = 0;
        let mut responses = Vec::new();
        for (index, (gap, length, moment)) in gaps.into_iter().enumerate() {
            let begin = next + if index == 0 { gap - 1 } else { gap };
            let text = format!("text {index}");
            responses.push(match moment {
                true => at(&text, begin.into()),
                false => after(&text, begin.into(), (begin + length).into()),
            });
            next = begin.max(1) + if moment { 1 } else { length + 2 };
        }
        let raw = asked(&[("What?", 0.0)], responses);
        let (script, notes) = scripted(&raw, 1.0, rounds);
        let found: Vec<_> = script.cues.into_iter().map(|cue| (cue.state, cue.text)).collect();
        prop_assert_eq!(found, upstream(&raw, rounds));
        prop_assert!(notes.is_empty());
    }

    #[test]
    fn a_script_comes_back_from_the_sample_it_makes(raw in samples(), clock in rates(), cut in 0.1_f64..1.5) {
        let (whole, _) = Script::from_raw(&raw, clock, None).unwrap();
        let rounds = ((whole.cues.len() as f64 * cut) as usize).max(1);
        let (script, _) = Script::from_raw(&raw, clock, Some(rounds)).unwrap();
        let (question, response, notes) = script.to_raw();
        prop_assert!(notes.is_empty(), "{:?}", notes);
        let back = RawSample { video_path: raw.video_path.clone(), question, response, ..RawSample::default() };
        prop_assert_eq!(back.problems(), vec![]);
        prop_assert_eq!(Script::from_raw(&back, clock, Some(rounds)).unwrap().0, script);
    }

    #[test]
    fn no_text_is_ever_lost(raw in samples(), clock in rates(), rounds in 1_usize..50) {
        let (script, _) = Script::from_raw(&raw, clock, Some(rounds)).unwrap();
        let mut said: Vec<String> = script.cues.iter().map(|cue| cue.text.clone()).collect();
        said.retain(|text| !text.is_empty());
        let said = said.join(" ");
        prop_assert!(raw.response.iter().all(|response| said.contains(response.content.trim())));
        let asked: usize = script.cues.iter().map(|cue| cue.questions.len()).sum();
        prop_assert_eq!(asked, raw.question.len());
    }

    #[test]
    fn no_numbers_make_it_panic(times in prop::collection::vec(any::<(f64, Option<f64>, Option<f64>, Option<f64>)>(), 0..4),
                                clock in rates(), rounds in prop::option::of(0_usize..300)) {
        let question = times.iter().map(|time| RawQuestion { content: "What?".into(), time: time.0 }).collect();
        let response = times.iter().map(|&(_, st_time, end_time, time)| {
            RawResponse { content: "That.".into(), st_time, end_time, time }
        });
        let raw = RawSample { question, response: response.collect(), ..RawSample::default() };
        if let Ok((script, _)) = Script::from_raw(&raw, clock, rounds) {
            prop_assert!(!script.cues.is_empty());
        }
    }
}
