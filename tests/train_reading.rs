//! One model for watching and for learning: whole dialogues read at once have the logits that a stream had, second by
//! second.

use streamo_wgpu::data::{Target, Tokens};
use streamo_wgpu::frame::Frame;
use streamo_wgpu::stream::{DecisionRule, Keep, Options, Question, Session};
use streamo_wgpu::train::{Batch, Lesson};

use crate::checkpoint;
use crate::fixtures::{self, relative_error};
use crate::memory_law::MODELS;
use crate::training::Learner;

fn frame(round: u64) -> Frame {
    fixtures::picture(&format!("wide{}.png", round % 8))
}

/// Watches some rounds; the lesson is all that stands in memory after them, its targets are where the session decided.
fn watched(learner: &Learner, session: &mut Session, rounds: u64) -> (Lesson, Vec<Vec<f32>>) {
    let preprocessor = learner.description.preprocessor();
    let (mut targets, mut logits) = (Vec::new(), Vec::new());
    let mut prompts = Vec::new();
    for round in 0..rounds {
        pollster::block_on(session.round(round, &frame(round), &mut |_| ())).unwrap();
        let evidence = session.take_evidence().unwrap();
        targets.push(Target { row: evidence.input_ids.len() - 1, id: 0, state: None });
        logits.push(evidence.logits);
        prompts.push(evidence.input_ids);
    }
    let patches = preprocessor.stream((0..rounds).map(|round| preprocessor.resized(&frame(round)))).unwrap();
    let grid = preprocessor.patches(&preprocessor.resized(&frame(0)).unwrap()).unwrap().grid;
    let sequence = &session.memory().sequence;
    let ids = sequence.ids();
    assert!(prompts.iter().all(|prompt| ids.starts_with(prompt)), "nothing has left the memory");
    let positions = sequence.positions();
    let axis = |axis: usize| positions.iter().map(|position| position[axis]).collect();
    let placeholder = learner.protocol.frame(1)[1];
    let frames = (1..ids.len()).filter(|&place| ids[place] == placeholder && ids[place - 1] != placeholder).collect();
    let positions = [axis(0), axis(1), axis(2)];
    (Lesson { tokens: Tokens { ids, positions, frames, targets, tags: Vec::new() }, patches, grid }, logits)
}

#[test]
fn dialogues_read_at_once_have_the_logits_of_their_streams() {
    let [cpu, _] = fixtures::devices();
    let untied = checkpoint::write(&MODELS[0], 11);
    let named = ["tied", "free-windows", "gradients"].map(|name| (name, fixtures::path(name), false));
    let more = [("untied", untied.path().to_owned(), false), ("tied, of motion", fixtures::path("tied"), true)];
    for (name, path, motion) in named.into_iter().chain(more) {
        let mut learner = Learner::load(&path, &cpu.device);
        let (model, mut description) = fixtures::load(&path, cpu);
        learner.description.settings.motion = motion;
        description.settings.motion = motion;
        let options = Options {
            rule: DecisionRule { bias: [0.0, 0.0, 0.5], threshold: None },
            max_tokens: 9,
            keep: Keep::Evidence,
            window: 1000,
            ..fixtures::options(&description)
        };
        let mut lessons = Vec::new();
        let mut expected = Vec::new();
        for (question, rounds) in [("What is happening?", 6), ("Who is there, and where?", 3), ("Now?", 8)] {
            let mut session = Session::new(model.clone(), &description, options.clone()).unwrap();
            session.ask(Question::new(0.0, question).unwrap());
            let (lesson, logits) = watched(&learner, &mut session, rounds);
            lessons.push(lesson);
            expected.push(logits);
        }
        let lengths = lessons.iter().map(|lesson| lesson.tokens.ids.len());
        assert!(lengths.clone().collect::<std::collections::BTreeSet<_>>().len() == 3, "of unequal length");

        let logits = |batch: &Batch| -> Vec<f32> { batch.logits(&learner.model).into_data().iter().collect() };
        let together = logits(&learner.batch(&lessons));
        let alone: Vec<f32> =
            lessons.iter().flat_map(|lesson| logits(&learner.batch(std::slice::from_ref(lesson)))).collect();
        let expected: Vec<f32> = expected.into_iter().flatten().flatten().collect();
        let errors = [relative_error(&together, &expected), relative_error(&alone, &expected)];
        println!("{name}: {} tokens, off by {:.1e} and {:.1e}", lengths.sum::<usize>(), errors[0], errors[1]);
        assert!(errors.iter().all(|&error| error < 1e-4), "{name}: {errors:?}");
    }
}
