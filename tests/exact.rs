//! Exact memory: every round equals one dense pass in f64 over a prompt that was never cached, built here from the
//! rounds of the window and the questions that stand.

use streamo_wgpu::device::Opened;
use streamo_wgpu::kernels::arena::ArenaFormat;
use streamo_wgpu::memory::{MemoryError, Plan};
use streamo_wgpu::stream::{DecisionRule, Turn};
use streamo_wgpu::stream::{
    Feedback, Keep, MemoryMode, Options, Prologue, Protocol, Question, Session, SessionError, State,
};
use streamo_wgpu::weights::{Checkpoint, Directory};

use crate::checkpoint::{self, Random};
use crate::dense::{self, Dense, Stretch};
use crate::fixtures::{self, relative_error};
use crate::ledger::TOLERANCE_Q8;
use crate::memory_law::{MODELS, SHAPES, picture};

/// A round of the window.
struct Past {
    round: u64,
    questions: Vec<&'static str>,
    features: Vec<Vec<f64>>,
    sides: (usize, usize),
    /// The reply and the end of its turn; the prompt's own round has only the head.
    reply: Vec<u32>,
}

/// How upstream would have the dialogue now.
struct Dialogue {
    protocol: Protocol,
    past: Vec<Past>,
    carried: Vec<&'static str>,
}

type Tokens = Vec<(u32, Option<Vec<f64>>)>;

impl Dialogue {
    fn drop_oldest(&mut self) {
        let left = self.past.remove(0);
        self.carried.extend(left.questions);
    }

    fn withdraw(&mut self, question: &str) {
        self.past.iter_mut().for_each(|past| past.questions.retain(|other| *other != question));
        self.carried.retain(|other| *other != question);
    }

    /// The whole prompt: ids, features of visual tokens, and the parts from which positions follow.
    fn prompt(&self, options: &Options) -> (Tokens, Vec<Stretch>) {
        let (mut tokens, mut parts) = (Tokens::new(), Vec::new());
        let mut part = |ids: Vec<u32>, image: Option<&Past>| {
            let first = tokens.len();
            parts.push(Stretch { tokens: (first..first + ids.len()).collect(), image: image.map(|past| past.sides) });
            tokens.extend(ids.into_iter().map(|id| (id, None)));
            for (row, features) in image.iter().flat_map(|past| &past.features).enumerate() {
                tokens[first + 1 + row].1 = Some(features.clone());
            }
        };
        part(self.protocol.system().unwrap(), None);
        for (index, past) in self.past.iter().enumerate() {
            let carried = self.carried.iter().filter(|_| index == 0);
            let questions = carried.chain(&past.questions).copied();
            part(self.protocol.opening(questions, &options.clock.tag(past.round)).unwrap(), None);
            part(self.protocol.frame(past.features.len()), Some(past));
            part(past.reply.clone(), None);
        }
        (tokens, parts)
    }
}

const QUESTIONS: [&str; 4] = ["Who follows?", "Now?", "Tell me when the rabbit jumps.", "Where?"];

#[derive(Debug, Default)]
struct Tally {
    rounds: usize,
    read_afresh: usize,
    shortened: usize,
    refused: usize,
    answers: usize,
    withdrawn: usize,
    worst: f32,
    /// Whether the stream at hand has computed its system turn.
    begun: bool,
}

/// One random stream of `rounds` rounds.
fn watch(seed: u64, device: &Opened, arena: ArenaFormat, tally: &mut Tally, rounds: usize) {
    let mut random = Random(seed);
    let mut below = |n: u64| random.next() % n;
    let directory = checkpoint::write(&MODELS[below(3) as usize], seed);
    let (model, description) = fixtures::load(directory.path(), device);
    let weights = Checkpoint::open(&Directory(directory.path().to_owned())).unwrap();
    let options = Options {
        memory: MemoryMode::Exact,
        arena,
        feedback: if below(2) == 0 { Feedback::Ids } else { Feedback::Text },
        rule: DecisionRule { bias: [0.0, 0.0, below(3) as f32 - 1.0], threshold: None },
        max_tokens: 1 + below(6) as usize,
        keep: Keep::Evidence,
        ..fixtures::options(&description)
    };
    let slots = [90, 150, 200, 1000][below(4) as usize];
    let plan = Plan { window: 1 + below(5), answers: 0, slots };
    let protocol = Protocol::new(description.tokenizer.clone(), &description.settings).unwrap();
    let mut session =
        Prologue::write(&description, options.clone()).unwrap().with_plan(plan).begin(model.clone()).unwrap();
    let mut dialogue = Dialogue { protocol, past: Vec::new(), carried: Vec::new() };
    let mut standing: Vec<&str> = Vec::new();
    let mut round = 0;
    tally.begun = false;
    for _ in 0..rounds {
        let mut afresh = false;
        if !standing.is_empty() && below(8) == 0 {
            let question = standing[below(standing.len() as u64) as usize];
            session.withdraw(question);
            dialogue.withdraw(question);
            standing.retain(|other| *other != question);
            tally.withdrawn += 1;
            afresh = true;
        }
        round += if below(8) == 0 { below(4) } else { 0 };
        let questions: Vec<&str> =
            (0..[0, 0, 0, 1, 2][below(5) as usize]).map(|_| QUESTIONS[below(4) as usize]).collect();
        for question in &questions {
            session.ask(Question::new(0.0, question).unwrap());
        }
        standing.extend(&questions);
        let frame = picture(SHAPES[below(3) as usize], round);
        let result = pollster::block_on(session.round(round, &frame, &mut |_| ()));

        let seen = session.frame_seen(&frame).unwrap();
        let sides = ((seen.height() / 28) as usize, (seen.width() / 28) as usize);
        let features = vec![Vec::new(); sides.0 * sides.1];
        let reply = dialogue.protocol.reply_head().unwrap();
        dialogue.past.push(Past { round, questions, features, sides, reply });
        while dialogue.past[0].round + plan.window <= round {
            dialogue.drop_oldest();
            afresh = true;
        }
        let fits = |dialogue: &Dialogue| dialogue.prompt(&options).0.len() + options.max_tokens <= slots;
        while !fits(&dialogue) && dialogue.past.len() > 1 {
            dialogue.drop_oldest();
            tally.shortened += 1;
            afresh = true;
        }
        let turn = match result {
            Ok(turn) => turn,
            Err(SessionError::Memory(MemoryError::TooSmall { .. })) => {
                assert!(!fits(&dialogue));
                tally.refused += 1;
                return;
            }
            Err(error) => panic!("{error}"),
        };
        compare(
            &mut dialogue,
            &turn,
            &mut session,
            &options,
            afresh,
            &mut Dense::read(model.language(), &weights),
            tally,
        );
        assert_eq!(turn.logits.is_some(), !standing.is_empty());
        tally.rounds += 1;
        round += 1;
    }
}

fn compare(
    dialogue: &mut Dialogue,
    turn: &Turn,
    session: &mut Session,
    options: &Options,
    afresh: bool,
    dense: &mut Dense,
    tally: &mut Tally,
) {
    let evidence = session.take_evidence().unwrap();
    let last = dialogue.past.len() - 1;
    let rows = evidence.vision.chunks(evidence.hidden);
    dialogue.past[last].features = rows.map(|row| row.iter().copied().map(f64::from).collect()).collect();
    let (tokens, parts) = dialogue.prompt(options);
    let (kept, _) = dense::places(&parts);
    assert_eq!(tokens.iter().map(|(id, _)| *id).collect::<Vec<_>>(), evidence.input_ids, "round {}", turn.round);
    assert_eq!(kept.iter().map(|&(_, position)| position).collect::<Vec<_>>(), evidence.positions);
    // Nothing comes before the system turn, so it is computed once and stays what it is.
    let system = if tally.begun { parts[0].tokens.len() } else { 0 };
    let window = tokens.len() - system;
    assert!(turn.tokens.prefill == window || !afresh, "the window is read afresh");
    assert!(turn.tokens.prefill < window || afresh || last == 0, "and otherwise only what is new");
    tally.read_afresh += usize::from(afresh);
    tally.begun = true;
    let inputs = tokens.iter().map(|(id, features)| features.clone().unwrap_or_else(|| dense.embed(*id))).collect();
    let expected: Vec<f32> = dense.pass(&kept, inputs).into_iter().map(|logit| logit as f32).collect();
    let error = relative_error(&evidence.logits, &expected);
    let most = if options.arena == ArenaFormat::F32 { 1e-4 } else { TOLERANCE_Q8 };
    assert!(error < most, "round {}: off by {error:.1e}", turn.round);
    tally.worst = tally.worst.max(error);

    let silence = dialogue.protocol.states()[State::Silence as usize];
    let mut reply = if turn.logits.is_some() { evidence.generated } else { vec![silence] };
    tally.answers += usize::from(reply.len() > 1);
    if reply.last().is_some_and(|&id| dialogue.protocol.ends(id)) {
        reply.pop();
    }
    let head = dialogue.protocol.assistant().unwrap();
    let wanted = match options.feedback {
        Feedback::Ids => [head.clone(), reply].concat(),
        Feedback::Text => dialogue.protocol.reply_as_text(&reply).unwrap(),
    };
    let end = dialogue.protocol.end();
    let own = &mut dialogue.past[last].reply;
    own.truncate(own.len() - head.len());
    own.extend([wanted, end].concat());
}

#[test]
fn a_window_read_afresh_equals_the_dense_pass() {
    let [cpu, gpu] = fixtures::devices();
    let mut tally = Tally::default();
    (0..30).for_each(|seed| watch(seed, cpu, ArenaFormat::F32, &mut tally, 16));
    println!("{tally:?}");
    assert!(tally.rounds > 200 && tally.read_afresh > 100 && tally.withdrawn > 10 && tally.answers > 40, "{tally:?}");
    assert!(tally.shortened > 10 && tally.refused > 0, "{tally:?}");

    let mut tally = Tally::default();
    (100..103).for_each(|seed| watch(seed, gpu, ArenaFormat::F32, &mut tally, 8));
    println!("{tally:?} on {}", gpu.name);
    assert!(tally.rounds > 12 && tally.read_afresh > 4, "{tally:?}");
}

/// The same memory, its keys and values in q8: near what was never coded.
#[test]
fn a_window_read_afresh_in_q8_stays_near_the_dense_pass() {
    let [cpu, gpu] = fixtures::devices();
    let mut tally = Tally::default();
    (0..6).for_each(|seed| watch(seed, cpu, ArenaFormat::Q8, &mut tally, 12));
    (100..103).for_each(|seed| watch(seed, gpu, ArenaFormat::Q8, &mut tally, 8));
    println!("{tally:?}");
    assert!(tally.rounds > 40 && tally.read_afresh > 15 && tally.worst > 1e-4, "{tally:?}");
}
