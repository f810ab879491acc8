use proptest::prelude::*;
use serde_json::json;

use super::super::labels::tests::{rates, samples};
use super::super::{RawSample, Sample};
use super::*;

fn cue(questions: &[&str], state: State, text: &str) -> Cue {
    Cue { questions: questions.iter().map(|&question| question.to_owned()).collect(), state, text: text.to_owned() }
}

fn script(fps: f64, cues: Vec<Cue>) -> Script {
    Script { clock: Clock::new(fps).unwrap(), first: 0, standing: vec![], cues }
}

fn round_trip(script: &Script) -> Script {
    let settings = Settings::default();
    let written = serde_json::to_string(&StreamSample::new(script, &settings, "a.mp4")).unwrap();
    let read: StreamSample = serde_json::from_str(&written).unwrap();
    read.script(&settings).unwrap()
}

/// A dialogue of these turns without a system turn.
fn dialogue(turns: &[(&str, &str)]) -> StreamSample {
    let turns = turns.iter().map(|(role, content)| json!({ "role": role, "content": content }));
    StreamSample::read(json!({ "messages": turns.collect::<Vec<_>>(), "videos": ["a.mp4"] })).unwrap()
}

#[test]
fn a_dialogue_is_written_as_upstream_writes_it() {
    let cues = vec![
        cue(&["What event?"], State::Standby, ""),
        cue(&[], State::Response, "A red carpet event."),
        cue(&[], State::Silence, ""),
    ];
    let settings = Settings::default();
    let written = serde_json::to_value(StreamSample::new(&script(1.0, cues), &settings, "v/a.mp4")).unwrap();
    let turn = |role: &str, content: &str| json!({ "role": role, "content": content });
    let messages = [
        turn("system", &settings.system_prompt),
        turn("user", "What event?\n<0s-1s>\n<stream>"),
        turn("assistant", "</Standby>"),
        turn("user", "<1s-2s>\n<stream>"),
        turn("assistant", "</Response> A red carpet event."),
        turn("user", "<2s-3s>\n<stream>"),
        turn("assistant", "</Silence>"),
    ];
    assert_eq!(written, json!({ "messages": messages, "videos": ["v/a.mp4"] }));
}

/// A(3): at two frames a second, tags stayed a second wide.
#[test]
fn tags_tell_true_times_at_any_rate() {
    let silence = || cue(&[], State::Silence, "");
    let tags = |fps| {
        let sample = StreamSample::new(&script(fps, vec![silence(), silence()]), &Settings::default(), "a.mp4");
        sample.messages[1..].iter().step_by(2).map(|message| message.content.clone()).collect::<Vec<_>>()
    };
    assert_eq!(tags(2.0), ["<0s-0.5s>\n<stream>", "<0.5s-1s>\n<stream>"]);
    assert_eq!(tags(0.5), ["<0s-2s>\n<stream>", "<2s-4s>\n<stream>"]);
}

#[test]
fn a_rate_that_is_not_written_follows_from_the_tags() {
    for fps in [1.0, 2.0, 3.0, 0.5, 0.25, 7.0, 30.0, 0.001] {
        for first in [0, 7, 86_400] {
            let cues = (0..5).map(|_| cue(&[], State::Silence, "")).collect();
            let script = Script { first, ..script(fps, cues) };
            let sample = StreamSample { fps: None, ..StreamSample::new(&script, &Settings::default(), "a.mp4") };
            assert_eq!(sample.script(&Settings::default()).unwrap(), script, "{fps} from round {first} on");
        }
    }
}

#[test]
fn dialogues_of_other_hands_are_read() {
    let sample = dialogue(&[
        ("user", "Find all events.<stream>"),
        ("assistant", "</Standby>"),
        ("user", "<image>"),
        ("assistant", "</Response> A man greets."),
    ]);
    let expected = vec![cue(&["Find all events."], State::Standby, ""), cue(&[], State::Response, "A man greets.")];
    assert_eq!(sample.script(&Settings::default()).unwrap(), script(1.0, expected));
    let lines = dialogue(&[("user", "Which?\nA. one\nB. two\n<4s-5s>\n<stream>"), ("assistant", "</Silence>\n")]);
    let read = lines.script(&Settings::default()).unwrap();
    assert_eq!((read.first, read.cues), (4, vec![cue(&["Which?\nA. one\nB. two"], State::Silence, "")]));
}

#[test]
fn a_broken_dialogue_names_the_place() {
    let settings = Settings::default();
    let refused = |turns: &[(&str, &str)]| dialogue(turns).script(&settings).unwrap_err().to_string();
    assert_eq!(refused(&[]), "messages have no whole round: a user turn and the reply to it");
    assert_eq!(
        refused(&[("system", "x"), ("user", "<0s-1s>\n<stream>")]),
        "messages have no whole round: a user turn and the reply to it"
    );
    assert_eq!(
        refused(&[("user", "<0s-1s>\n<stream>"), ("user", "<stream>")]),
        "messages[1].role is out of turn: user and assistant take turns after the system turn"
    );
    assert_eq!(
        refused(&[("user", "<0s-1s>"), ("assistant", "</Silence>")]),
        "messages[0].content does not end with <stream>, where the frame goes"
    );
    assert_eq!(
        refused(&[("system", "x"), ("user", "<stream>"), ("assistant", "Hello")]),
        "messages[2].content begins with none of </Silence>, </Standby>, </Response>"
    );
    assert_eq!(
        refused(&[("user", "<stream>"), ("assistant", "</Standby> soon")]),
        "messages[1].content says something after </Standby>, which says nothing"
    );
    let silence = ("assistant", "</Silence>");
    assert_eq!(
        refused(&[("user", "<0s-1s>\n<stream>"), silence, ("user", "<2s-3s>\n<stream>"), silence]),
        "messages[2].content has <2s-3s> where <1s-2s> is due at 1 frames a second"
    );
    assert_eq!(
        refused(&[("user", "<0s-1s>\n<stream>"), silence, ("user", "<stream>"), silence]),
        "messages[2].content has no time tag where <1s-2s> is due at 1 frames a second"
    );
    assert!(refused(&[("user", "<0.3s-1s>\n<stream>"), silence]).starts_with("messages begin with <0.3s-1s>"));
    let mut sample = dialogue(&[("user", "<stream>"), silence]);
    sample.questions.insert(1, vec![]);
    assert_eq!(sample.script(&settings).unwrap_err().to_string(), "questions.1 is no round of the dialogue");
    let read = |value: Value| StreamSample::read(value).unwrap_err();
    let problems =
        read(json!({ "messages": [{ "role": "tool", "content": 3 }, 7], "fps": "1", "questions": { "a": [] } }));
    let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["messages[0].role", "messages[0].content", "messages[1]", "fps", "questions.a"]);
}

#[test]
fn other_fields_survive_the_way_there_and_back() {
    let value = json!({
        "video_name": "a.mp4", "video_path": "v/a.mp4", "task_type": "QA", "source": "LLaVA_Video", "licence": "CC0",
        "question": [{ "content": "What?", "time": 2.0 }], "response": [{ "content": "That.", "time": 3.0 }],
    });
    let settings = Settings::default();
    let raw = Sample::read(value.clone()).unwrap();
    let (script, _) = raw.script(Clock::new(1.0).unwrap(), Some(9), &settings).unwrap();
    let stream = Sample::read(serde_json::to_value(raw.to_stream(&script, &settings)).unwrap()).unwrap();
    assert_eq!((stream.name(), stream.task(), stream.source()), ("a.mp4", "QA", "LLaVA_Video"));
    let (back, others, notes) = stream.to_raw(&stream.script(script.clock, None, &settings).unwrap().0);
    let mut written = serde_json::to_value(back).unwrap();
    written.as_object_mut().unwrap().extend(others);
    assert_eq!((written, notes), (value, vec![]));
}

/// Scripts of any kind, also such as no raw sample makes.
fn scripts() -> impl Strategy<Value = Script> {
    let text = || "[a-zA-Z?.:/<>\n ]{0,12}";
    let state = prop_oneof![
        Just((State::Silence, String::new())),
        Just((State::Standby, String::new())),
        text().prop_map(|text| (State::Response, text)),
    ];
    let cue = (prop::collection::vec(text(), 0..3), state);
    let cue = cue.prop_map(|(questions, (state, text))| Cue { questions, state, text });
    let standing = prop::collection::vec(text(), 0..3);
    let first = prop_oneof![Just(0), 0..100_000_u64];
    (rates(), first, standing, prop::collection::vec(cue, 1..12)).prop_map(|(clock, first, standing, cues)| Script {
        clock,
        first,
        standing,
        cues,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_script_comes_back_from_its_dialogue(script in scripts()) {
        prop_assert_eq!(round_trip(&script), script);
    }

    #[test]
    fn a_raw_sample_survives_its_dialogue(raw in samples(), clock in rates()) {
        let (script, _) = Script::from_raw(&raw, clock, None).unwrap();
        let read = round_trip(&script);
        let (question, response, _) = read.to_raw();
        let back = RawSample { question, response, ..RawSample::default() };
        let (again, _) = Script::from_raw(&back, clock, Some(script.cues.len())).unwrap();
        prop_assert_eq!(again, script);
    }

    #[test]
    fn no_dialogue_makes_it_panic(
        turns in prop::collection::vec(("(system|user|assistant)", "(</S|</Response>| |a|\n|<|0s|-|1s|>|\u{e9}|<stream>|<0s-1s>){0,6}"), 0..6),
        fps in prop::option::of(any::<f64>()),
    ) {
        let turns: Vec<(&str, &str)> = turns.iter().map(|(role, content)| (role.as_str(), content.as_str())).collect();
        let mut sample = dialogue(&[]);
        sample.messages = turns.iter().map(|(role, content)| {
            let role = match *role { "system" => Role::System, "user" => Role::User, _ => Role::Assistant };
            Message { role, content: (*content).to_owned() }
        }).collect();
        sample.fps = fps;
        if let Ok(script) = sample.script(&Settings::default()) {
            prop_assert!(!script.cues.is_empty());
        }
    }
}
