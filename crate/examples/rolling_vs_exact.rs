//! How often rolling and exact memory decide alike, and what they cost.
//!
//! Runs the random models of `tests/fixtures` on the CPU over pictures in which a square moves. They have learnt
//! nothing: the table is about the mechanism, not about what a trained model would lose.
//!
//! `cargo run --release --example rolling_vs_exact [ROUNDS]`

use std::path::Path;
use std::rc::Rc;

use streamo_wgpu::clock::Clock;
use streamo_wgpu::device::{self, Kind};
use streamo_wgpu::frame::{Frame, FrameError};
use streamo_wgpu::kernels::arena::ArenaFormat;
use streamo_wgpu::model::{Description, Model};
use streamo_wgpu::stream::{
    Decision, DecisionRule, Feedback, Keep, MemoryMode, Options, Protocol, Question, Session, State, StateLogits,
};
use streamo_wgpu::weights::{Checkpoint, Directory};

const MODELS: [&str; 6] = ["tied", "sharded-f32", "late-question", "free-windows", "window-ids", "window-text"];
const WINDOWS: [u64; 4] = [2, 4, 8, 16];

/// What is asked in a stream.
#[derive(Clone, Copy)]
enum Asked {
    /// Nothing: every round is silent, and both memories hold the very same tokens. The logits tell what it is to keep
    /// keys and values that have seen what has gone.
    Nothing,
    /// A question at the start, and each memory lives with its own answers. Rolling memory keeps the round of the
    /// question without its frame, exact memory carries the question into the oldest round of the window.
    AtTheStart,
}

type Failure = Box<dyn std::error::Error>;

/// What came of a round.
struct Round {
    logits: StateLogits,
    state: Option<State>,
    /// Tokens computed before the decision.
    prefill: usize,
}

fn main() -> Result<(), Failure> {
    let rounds = std::env::args().nth(1).map_or(Ok(80), |rounds| rounds.parse())?;
    let cpu = pollster::block_on(device::open(Kind::Cpu))?;
    let mut models = Vec::new();
    for name in MODELS {
        let files = Directory(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(name));
        let description = Description::read(&files)?;
        let model = Model::load(&description.config, &Checkpoint::open(&files)?, &cpu.device, &|_| ())?;
        models.push((Rc::new(model), description));
    }
    println!("{} random models, {rounds} rounds each, compared once the window is full\n", models.len());
    println!("| window | alike, same tokens | mean Δ | largest Δ | σ of a logit | alike, own answers | cost |");
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for window in WINDOWS {
        let mut row = Row::default();
        for (model, description) in &models {
            let stream = |memory, asked| -> Result<Vec<Round>, Failure> {
                Ok(watch(model, description, rounds, window, memory, asked)?.split_off(window as usize))
            };
            row.same_tokens(&stream(MemoryMode::Rolling, Asked::Nothing)?, &stream(MemoryMode::Exact, Asked::Nothing)?);
            let asked = Asked::AtTheStart;
            row.own_answers(&stream(MemoryMode::Rolling, asked)?, &stream(MemoryMode::Exact, asked)?);
        }
        println!("{}", row.line(window));
    }
    Ok(())
}

/// Sums over the models.
#[derive(Default)]
struct Row {
    rounds: f64,
    alike: f64,
    alike_own: f64,
    difference: f64,
    largest: f64,
    variance: f64,
    prefill: [usize; 2],
}

impl Row {
    fn same_tokens(&mut self, rolling: &[Round], exact: &[Round]) {
        let choice = |round: &Round| DecisionRule::default().decide(&round.logits);
        for (a, b) in rolling.iter().zip(exact) {
            self.rounds += 1.0;
            self.alike += f64::from(choice(a) == choice(b));
            for (a, b) in values(a).into_iter().zip(values(b)) {
                self.difference += (a - b).abs() / 3.0;
                self.largest = self.largest.max((a - b).abs());
            }
            self.prefill[0] += a.prefill;
            self.prefill[1] += b.prefill;
        }
        // How much a logit moves from round to round: what a difference is to be held against.
        let count = exact.len() as f64;
        for state in 0..3 {
            let mean = exact.iter().map(|round| values(round)[state]).sum::<f64>() / count;
            self.variance += exact.iter().map(|round| (values(round)[state] - mean).powi(2)).sum::<f64>() / 3.0;
        }
    }

    fn own_answers(&mut self, rolling: &[Round], exact: &[Round]) {
        self.alike_own += rolling.iter().zip(exact).filter(|(a, b)| a.state == b.state).count() as f64;
    }

    fn line(&self, window: u64) -> String {
        let percent = |count: f64| 100.0 * count / self.rounds;
        format!(
            "| {window} | {:.1} % | {:.2} | {:.2} | {:.2} | {:.1} % | {:.1} |",
            percent(self.alike),
            self.difference / self.rounds,
            self.largest,
            (self.variance / self.rounds).sqrt(),
            percent(self.alike_own),
            self.prefill[1] as f64 / self.prefill[0] as f64,
        )
    }
}

fn values(round: &Round) -> [f64; 3] {
    let StateLogits { silence, standby, response } = round.logits;
    [silence, standby, response].map(f64::from)
}

fn watch(
    model: &Rc<Model>,
    description: &Description,
    rounds: u64,
    window: u64,
    memory: MemoryMode,
    asked: Asked,
) -> Result<Vec<Round>, Failure> {
    let options = Options {
        clock: Clock::new(1.0)?,
        window,
        memory,
        arena: ArenaFormat::F32,
        decision: Decision::States,
        rule: DecisionRule::default(),
        feedback: Feedback::Ids,
        max_tokens: 8,
        keep: Keep::Evidence,
    };
    let mut session = Session::new(Rc::clone(model), description, options)?;
    if let Asked::AtTheStart = asked {
        session.ask(Question::new(0.0, "Tell me when the rabbit jumps.")?);
    }
    let states = Protocol::new(description.tokenizer.clone(), &description.settings)?.states();
    let mut watched = Vec::new();
    for round in 0..rounds {
        let turn = pollster::block_on(session.round(round, &picture(round)?, &mut |_| ()))?;
        // The turn has none when nothing was asked.
        let evidence = session.take_evidence().ok_or("evidence was to be kept")?;
        let logits = StateLogits::new(states.map(|id| evidence.logits[id as usize]));
        watched.push(Round { logits, state: turn.state, prefill: turn.tokens.prefill });
    }
    Ok(watched)
}

/// A square that crosses a slowly changing ground, and turns back at the edge.
fn picture(round: u64) -> Result<Frame, FrameError> {
    let (width, height, side) = (126_u64, 70_u64, 22_u64);
    let bounce = |speed: u64, room: u64| {
        let way = round * speed % (2 * room);
        way.min(2 * room - way)
    };
    let (left, top) = (bounce(9, width - side), bounce(5, height - side));
    let mut rgb = Vec::with_capacity((3 * width * height) as usize);
    for y in 0..height {
        for x in 0..width {
            let inside = (left..left + side).contains(&x) && (top..top + side).contains(&y);
            let ground = [2 * x, 3 * y, (x + y + 4 * round) % 256].map(|value| value.min(255) as u8);
            rgb.extend(if inside { [250, 60 + (round * 7 % 120) as u8, 30] } else { ground });
        }
    }
    Frame::new(width as u32, height as u32, rgb)
}
