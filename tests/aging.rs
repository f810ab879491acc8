//! Streams that go on and on: what a second costs and what the stream holds stay the same.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

#[cfg(target_os = "linux")]
use burn::tensor::Device;
use streamo_wgpu::device::Opened;
#[cfg(target_os = "linux")]
use streamo_wgpu::device::{self, Kind};
use streamo_wgpu::kernels::arena::ArenaFormat;
#[cfg(target_os = "linux")]
use streamo_wgpu::kernels::kernels_run;
use streamo_wgpu::model::{Description, Model};
use streamo_wgpu::stream::{DecisionRule, Options, Prologue, Protocol, Question, Session, State, Turn};

use crate::checkpoint::{self, Sizes};
use crate::fixtures;
use crate::memory_law::picture;

/// As little arithmetic as a decoder can have: ten thousand rounds are about the rounds.
const TINY: Sizes = Sizes {
    layers: 1,
    hidden: 16,
    intermediate: 16,
    heads: 2,
    kv_heads: 1,
    sections: [1, 1, 2],
    tied: true,
    min_pixels: 784,
    max_pixels: 1568,
};

const WINDOW: u64 = 8;
/// Tokens of an answer.
const MOST_TOKENS: usize = 6;
const QUESTION: &str = "Who follows?";

/// Rounds until the process holds what it will ever hold.
#[cfg(target_os = "linux")]
const WARM_UP: u64 = 2000;

struct Stream {
    arena: ArenaFormat,
    model: Rc<Model>,
    description: Description,
    protocol: Protocol,
}

impl Stream {
    fn new(device: &Opened, arena: ArenaFormat) -> Self {
        let directory = checkpoint::write(&TINY, 5);
        let (model, description) = fixtures::load(directory.path(), device);
        let protocol = Protocol::new(description.tokenizer.clone(), &description.settings).unwrap();
        Self { arena, model, description, protocol }
    }

    fn session(&self, bias: [f32; 3]) -> Session {
        let options = Options {
            window: WINDOW,
            rule: DecisionRule { bias, threshold: None },
            max_tokens: MOST_TOKENS,
            arena: self.arena,
            ..fixtures::options(&self.description)
        };
        let mut plan = *Session::new(self.model.clone(), &self.description, options.clone()).unwrap().plan();
        // Few, so that they are used up while the process warms up.
        plan.answers = 200;
        Prologue::write(&self.description, options).unwrap().with_plan(plan).begin(self.model.clone()).unwrap()
    }

    /// Tokens of a round without a question: its opening, its frame of 2 visual tokens, the head of the reply.
    fn prompt(&self, round: u64) -> usize {
        let tag = fixtures::options(&self.description).clock.tag(round);
        let opening = self.protocol.opening([], &tag).unwrap().len();
        opening + self.protocol.frame(2).len() + self.protocol.reply_head().unwrap().len()
    }

    /// What the question adds to its round, in tokens.
    fn question(&self) -> usize {
        self.protocol.tokenizer().encode(&format!("{QUESTION}\n")).unwrap().len()
    }

    /// A stream in which nothing happens: every number is known beforehand.
    fn silent(&self, rounds: u64, each: &mut dyn FnMut(u64)) {
        let mut session = self.session([1e9, 0.0, 0.0]);
        session.ask(Question::new(0.0, QUESTION).unwrap());
        let bytes = session.memory().arena_bytes();
        let system = self.protocol.system().unwrap().len();
        let question = self.question();
        let frame = self.protocol.frame(2).len();
        let reply = 1 + self.protocol.end().len();
        let mut window = VecDeque::new();
        let (mut pinned, mut most) = (0, 0);
        let mut costs = BTreeMap::new();
        for round in 0..rounds {
            let turn = watch(&mut session, round);
            let prompt = self.prompt(round) + if round == 0 { question } else { 0 };
            let waited = if round == 0 { system } else { reply };
            assert_eq!(turn.tokens.prefill, waited + prompt, "round {round}");
            window.push_back(prompt + reply);
            if round == WINDOW {
                // Of the first round everything but the frame stays, for its question stands.
                pinned = window[0] - frame;
            }
            if window.len() as u64 > WINDOW {
                window.pop_front();
            }
            let memory = system + pinned + window.iter().sum::<usize>() - reply;
            assert_eq!(turn.tokens.memory, memory, "round {round}");
            most = memory.max(most);
            assert!(session.memory().sequence.span() <= most, "round {round}");
            assert_eq!(session.memory().arena_bytes(), bytes);
            if round > WINDOW {
                let digits = (round.ilog10(), (round + 1).ilog10());
                let cost = *costs.entry(digits).or_insert(turn.tokens.prefill);
                assert_eq!(turn.tokens.prefill, cost, "round {round} costs what its like cost");
            }
            each(round);
        }
        println!("silent: {rounds} rounds, {bytes} bytes of arena, at most {most} tokens, prefill by digits {costs:?}");
    }

    /// A stream with answers, and a question that comes and goes. Everything has its limit.
    fn lively(&self, rounds: u64, each: &mut dyn FnMut(u64)) {
        let mut session = self.session([0.0, 0.0, 1e9]);
        let bytes = session.memory().arena_bytes();
        let system = self.protocol.system().unwrap().len();
        let question = self.question();
        let (mut answers, mut most, mut longest) = (0, 0, 0);
        for round in 0..rounds {
            // Of six rounds three are asked, and answer.
            match round % 6 {
                1 => session.ask(Question::new(0.0, QUESTION).unwrap()),
                4 => session.withdraw(QUESTION),
                _ => (),
            }
            let turn = watch(&mut session, round);
            answers += u64::from(turn.state == Some(State::Response));
            most = turn.tokens.memory.max(most);
            longest = longest.max(self.prompt(round) + question + MOST_TOKENS + self.protocol.end().len());
            assert!(session.memory().sequence.span() <= most, "round {round}");
            assert_eq!(session.memory().arena_bytes(), bytes);
            each(round);
        }
        assert!(answers.abs_diff(rounds / 2) < 2, "{answers} answers in {rounds} rounds");
        let limit = system + WINDOW as usize * longest + session.plan().answers;
        assert!(most <= limit, "{most} tokens, {limit} at most");
        println!("lively: {rounds} rounds, {answers} answers, at most {most} tokens of {limit}");
    }
}

fn watch(session: &mut Session, round: u64) -> Turn {
    // Five pictures, again and again: new ones would cost more than the model.
    let frame = picture((56, 28), round % 5);
    let turn = pollster::block_on(session.round(round, &frame, &mut |_| ())).unwrap();
    assert_eq!(turn.tokens.vision, 2);
    turn
}

#[test]
fn hundreds_of_rounds_cost_the_same_on_wgpu() {
    let [_, gpu] = fixtures::devices();
    let stream = Stream::new(gpu, ArenaFormat::F32);
    stream.silent(200, &mut |_| ());
    stream.lively(60, &mut |_| ());
}

#[test]
fn hundreds_of_rounds_in_q8_cost_the_same() {
    for (device, rounds) in fixtures::devices().into_iter().zip([1000, 100]) {
        let stream = Stream::new(device, ArenaFormat::Q8);
        stream.silent(rounds, &mut |_| ());
        stream.lively(rounds / 2, &mut |_| ());
    }
}

/// In a process of its own, where no other test takes memory meanwhile.
#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_rounds_cost_the_same() {
    const ALONE: &str = "STREAMO_AGING_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "aging::ten_thousand_rounds_cost_the_same", "--nocapture"]).env(ALONE, "1");
        let output = child.output().unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        println!("{said}");
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let open = |kind| pollster::block_on(device::open(kind)).unwrap();
    let stream = Stream::new(&open(Kind::Cpu), ArenaFormat::F32);
    let mut held = Held::default();
    stream.silent(10_000, &mut |round| held.look(round));
    held.check("silent");
    let mut held = Held::default();
    stream.lively(10_000, &mut |round| held.look(round));
    held.check("lively");

    let gpu = open(Kind::Gpu);
    let stream = Stream::new(&gpu, ArenaFormat::F32);
    let mut held = Held::default();
    let mut steady = Steady::new(&gpu.device);
    stream.silent(10_000, &mut |round| {
        held.look(round);
        steady.look(round);
    });
    held.check("silent, on wgpu");
    steady.check();
}

/// What the rounds of a steady stream take of their device: the same kernels every second, and no memory.
#[cfg(target_os = "linux")]
struct Steady<'a> {
    device: &'a Device,
    /// Rounds by the bytes that the device had allocated after them.
    allocated: BTreeMap<u64, u64>,
    /// Rounds in which that changed.
    changes: u64,
    last: u64,
    run: u64,
    /// Rounds by the kernels that they ran.
    kernels: BTreeMap<u64, u64>,
}

#[cfg(target_os = "linux")]
impl<'a> Steady<'a> {
    fn new(device: &'a Device) -> Self {
        let (allocated, kernels) = (BTreeMap::new(), BTreeMap::new());
        Self { device, allocated, changes: 0, last: 0, run: kernels_run(), kernels }
    }

    fn look(&mut self, round: u64) {
        let (allocated, run) = (device::allocated(self.device).unwrap(), kernels_run());
        if round > WARM_UP {
            *self.kernels.entry(run - self.run).or_default() += 1;
            *self.allocated.entry(allocated).or_default() += 1;
            self.changes += u64::from(allocated != self.last);
        }
        (self.last, self.run) = (allocated, run);
    }

    fn check(&self) {
        let Self { allocated, changes, kernels, .. } = self;
        println!(
            "steady: {changes} changes of what the device holds, rounds by bytes {allocated:?}, by kernels {kernels:?}"
        );
        assert_eq!(kernels.len(), 1, "rounds by the kernels that they ran: {kernels:?}");
        // A buffer comes back to the pool a little sooner or later, and so now and then it holds one more or one less.
        let rounds: u64 = allocated.values().sum();
        assert!(*changes <= rounds / 100, "{changes} of {rounds} steady rounds allocate or give back");
        let (least, most) = (allocated.keys().min().unwrap(), allocated.keys().max().unwrap());
        assert!(most - least <= 64 << 10, "from {least} to {most} bytes");
    }
}

/// What the process holds, in KiB.
#[cfg(target_os = "linux")]
#[derive(Debug, Default)]
struct Held {
    warm: u64,
    later: u64,
}

#[cfg(target_os = "linux")]
impl Held {
    fn look(&mut self, round: u64) {
        match round {
            ..WARM_UP => (),
            WARM_UP => self.warm = resident(),
            _ if round % 500 == 499 => self.later = resident().max(self.later),
            _ => (),
        }
    }

    fn check(&self, name: &str) {
        let Self { warm, later } = self;
        println!("{name}: {warm} KiB resident after {WARM_UP} rounds, then at most {later} KiB");
        assert!(0 < *later && *later < warm + (16 << 10), "{name}: from {warm} to {later} KiB");
    }
}

/// Resident memory of this process, in KiB.
#[cfg(target_os = "linux")]
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse().unwrap()
}
