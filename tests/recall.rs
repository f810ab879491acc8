//! A stream that was interrupted and is read again goes on as if it never had been.

use streamo_wgpu::device::Opened;
use streamo_wgpu::kernels::arena::ArenaFormat;
use streamo_wgpu::stream::{DecisionRule, Feedback, MemoryMode, Options, Question, Session, State, Turn};

use crate::checkpoint;
use crate::fixtures;
use crate::memory_law::{MODELS, SHAPES, picture};

const ROUNDS: u64 = 12;

/// What was asked, and for which round.
const QUESTIONS: [(u64, &str); 3] = [(1, "Who follows?"), (4, "Now?"), (9, "Where?")];

/// Rounds that a slow device passed over.
const MISSED: [u64; 2] = [3, 7];

fn rounds() -> impl Iterator<Item = u64> {
    (0..ROUNDS).filter(|round| !MISSED.contains(round))
}

fn ask(session: &mut Session, round: u64) {
    for (_, text) in QUESTIONS.iter().filter(|(asked, _)| *asked == round) {
        session.ask(Question::new(0.0, text).unwrap());
    }
}

fn same(turn: &Turn, other: &Turn, tolerance: f32) {
    assert_eq!((turn.round, turn.state, &turn.text), (other.round, other.state, &other.text));
    assert_eq!((turn.tokens.prefill, turn.tokens.memory), (other.tokens.prefill, other.tokens.memory));
    let numbers = |turn: &Turn| turn.logits.map(|logits| [logits.silence, logits.standby, logits.response]);
    let (one, other) = (numbers(turn), numbers(other));
    assert_eq!(one.is_some(), other.is_some());
    for (one, other) in one.iter().flatten().zip(other.iter().flatten()) {
        assert!((one - other).abs() <= tolerance, "round {}: {one} and {other}", turn.round);
    }
}

/// Watches a stream; then, for an interruption after every round, reads what was watched again and watches the rest.
fn interrupted(opened: &Opened, memory: MemoryMode, feedback: Feedback, motion: bool, tolerance: f32) {
    let folder = checkpoint::write(&MODELS[0], 7);
    let (model, mut description) = fixtures::load(folder.path(), opened);
    description.settings.motion = motion;
    let options = Options {
        memory,
        feedback,
        arena: ArenaFormat::F32,
        rule: DecisionRule { bias: [0.0, 0.0, 1.0], threshold: None },
        max_tokens: 5,
        window: if memory == MemoryMode::Exact { 4 } else { 64 },
        ..fixtures::options(&description)
    };
    let begin = || Session::new(model.clone(), &description, options.clone()).unwrap();
    // Motion is seen between pictures of one size.
    let shapes = if motion { &SHAPES[..1] } else { &SHAPES[..] };
    let frame = |round: u64| picture(shapes[round as usize % shapes.len()], round);
    let watch = |session: &mut Session, round| {
        ask(session, round);
        let turn = pollster::block_on(session.round(round, &frame(round), &mut |_| ())).unwrap();
        (turn, session.generated().to_vec())
    };
    let mut session = begin();
    let whole: Vec<(Turn, Vec<u32>)> = rounds().map(|round| watch(&mut session, round)).collect();
    assert!(whole.iter().any(|(turn, _)| turn.state == Some(State::Response) && !turn.text.is_empty()));
    assert!(whole.iter().any(|(_, generated)| generated.is_empty()), "a round before the first question");

    for interruption in 1..whole.len() {
        let mut session = begin();
        let (before, after) = whole.split_at(interruption);
        for (turn, generated) in before {
            ask(&mut session, turn.round);
            // What is kept of a frame is what was seen of it.
            let seen = session.frame_seen(&frame(turn.round)).unwrap();
            pollster::block_on(session.recall(turn.round, &seen, generated)).unwrap();
        }
        for (turn, _) in after {
            same(&watch(&mut session, turn.round).0, turn, tolerance);
        }
    }
}

#[test]
fn what_is_read_again_goes_on_as_it_did() {
    let [cpu, gpu] = fixtures::devices();
    interrupted(cpu, MemoryMode::Rolling, Feedback::Ids, false, 1e-5);
    interrupted(cpu, MemoryMode::Rolling, Feedback::Text, false, 1e-5);
    interrupted(cpu, MemoryMode::Rolling, Feedback::Ids, true, 1e-5);
    interrupted(cpu, MemoryMode::Exact, Feedback::Ids, true, 1e-5);
    interrupted(gpu, MemoryMode::Rolling, Feedback::Ids, false, 1e-4);
}

#[test]
fn rounds_are_recalled_forwards() {
    let [cpu, _] = fixtures::devices();
    let folder = checkpoint::write(&MODELS[1], 3);
    let (model, description) = fixtures::load(folder.path(), cpu);
    let mut session = Session::new(model, &description, fixtures::options(&description)).unwrap();
    pollster::block_on(session.recall(5, &picture(SHAPES[0], 5), &[])).unwrap();
    let refused = pollster::block_on(session.recall(5, &picture(SHAPES[0], 5), &[])).unwrap_err();
    assert!(refused.to_string().contains("rounds go forward"), "{refused}");
    assert!(pollster::block_on(session.round(4, &picture(SHAPES[0], 4), &mut |_| ())).is_err());
}
