//! A ledger beside a session: every token the stream has ever seen, what is kept of them, and the dense pass over it.

use proptest::sample::Index;
use streamo_wgpu::frame::Frame;
use streamo_wgpu::kernels::arena::ArenaFormat;
use streamo_wgpu::memory::{Kind, MemoryError, Plan, Segment};
use streamo_wgpu::stream::{Decision, Evidence, Feedback, Options, Protocol, Session, State, Turn};

use crate::dense::{self, Dense, Place, Stretch};
use crate::fixtures::relative_error;

const TOLERANCE: f32 = 1e-4;

/// How far logits may be off where the arena is in q8: twice the worst of 9,000 rounds of random models. The mean says
/// more, see [`Tally::mean`].
pub const TOLERANCE_Q8: f32 = 0.25;

/// What streams did, so that a test can say what it has proven.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub rounds: usize,
    /// Answers of more than their state token.
    pub answers: usize,
    /// Segments that left.
    pub left: usize,
    /// Frames that left while their round was in the window.
    pub left_early: usize,
    pub withdrawn: usize,
    /// Streams that ended because memory was too small.
    pub refused: usize,
    /// Answers whose text was tokenised otherwise than it was generated.
    pub rewritten: usize,
    /// The largest relative error of any logits.
    pub worst: f32,
    /// Of all logits that were compared.
    pub errors: f32,
    pub compared: usize,
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.rounds += other.rounds;
        self.answers += other.answers;
        self.left += other.left;
        self.left_early += other.left_early;
        self.withdrawn += other.withdrawn;
        self.refused += other.refused;
        self.rewritten += other.rewritten;
        self.worst = self.worst.max(other.worst);
        self.errors += other.errors;
        self.compared += other.compared;
    }

    /// The mean relative error of logits.
    pub fn mean(&self) -> f32 {
        self.errors / self.compared as f32
    }
}

/// A token that was seen once, kept or not.
struct Seen {
    id: u32,
    /// What stands for the embedding of a visual token.
    features: Option<Vec<f64>>,
    slot: Option<u32>,
}

/// A segment that is kept.
struct Part {
    kind: Kind,
    round: u64,
    stretch: Stretch,
}

pub struct Ledger {
    dense: Dense,
    protocol: Protocol,
    options: Options,
    plan: Plan,
    seen: Vec<Seen>,
    parts: Vec<Part>,
    /// Questions that stand, and the rounds they were put in.
    standing: Vec<(String, u64)>,
    pub tally: Tally,
}

impl Ledger {
    pub fn new(dense: Dense, protocol: Protocol, options: Options, plan: Plan, session: &Session) -> Self {
        let mut ledger = Self {
            dense,
            protocol,
            options,
            plan,
            seen: Vec::new(),
            parts: Vec::new(),
            standing: Vec::new(),
            tally: Tally::default(),
        };
        let system = ledger.protocol.system().unwrap();
        assert_eq!(session.memory().sequence.ids(), system);
        let tokens = system.iter().map(|&id| ledger.note(id)).collect();
        ledger.parts.push(Part { kind: Kind::System, round: 0, stretch: Stretch { tokens, image: None } });
        ledger
    }

    fn note(&mut self, id: u32) -> usize {
        self.seen.push(Seen { id, features: None, slot: None });
        self.seen.len() - 1
    }

    fn ids(&self, tokens: &[usize]) -> Vec<u32> {
        tokens.iter().map(|&token| self.seen[token].id).collect()
    }

    /// Withdraws one of the standing questions, here and in the session.
    pub fn withdraw(&mut self, index: &Index, session: &mut Session) {
        if self.standing.is_empty() {
            return;
        }
        let (text, _) = self.standing[index.index(self.standing.len())].clone();
        session.withdraw(&text);
        self.standing.retain(|(other, _)| *other != text);
        let words = self.words(&text);
        let ids: Vec<Vec<u32>> = self.parts.iter().map(|part| self.ids(&part.stretch.tokens)).collect();
        let mut ids = ids.iter();
        self.parts.retain(|part| (part.kind, ids.next()) != (Kind::Question, Some(&words)));
        self.tally.withdrawn += 1;
    }

    fn words(&self, question: &str) -> Vec<u32> {
        self.protocol.tokenizer().encode(&format!("{question}\n")).unwrap()
    }

    /// The session says that a round does not fit: so it must be.
    pub fn refused(&mut self, round: u64, asked: &[&str], frame: &Frame, error: &MemoryError) {
        let visual = (frame.width() / 28 * (frame.height() / 28)) as usize;
        let needed = self.prompt(round, asked, visual).len() + self.options.max_tokens;
        let stands = |part: &&Part| {
            let question = self.standing.iter().any(|&(_, round)| round == part.round);
            part.kind == Kind::System || (question && part.kind != Kind::Frame)
        };
        let pinned: usize = self.parts.iter().filter(stands).map(|part| part.stretch.tokens.len()).sum();
        assert!(pinned + needed > self.plan.slots);
        assert_eq!(*error, MemoryError::TooSmall { slots: self.plan.slots, pinned, needed });
        self.tally.refused += 1;
    }

    fn prompt(&self, round: u64, asked: &[&str], visual: usize) -> Vec<u32> {
        let tag = self.options.clock.tag(round);
        let opening = self.protocol.opening(asked.iter().copied(), &tag).unwrap();
        [opening, self.protocol.frame(visual), self.protocol.reply_head().unwrap()].concat()
    }

    /// Follows a round that the session has watched, and compares.
    pub fn round(&mut self, turn: &Turn, asked: &[&str], session: &mut Session) {
        let round = turn.round;
        let evidence = session.take_evidence().unwrap();
        let own = |segment: &&Segment| segment.kind != Kind::System && segment.round == round;
        let segments = session.memory().sequence.segments();
        let older: Vec<&Segment> = segments.iter().filter(|segment| !own(segment)).collect();
        let newer: Vec<&Segment> = segments.iter().filter(own).collect();
        self.let_go(round, &older);
        self.standing.extend(asked.iter().map(|&question| (question.to_owned(), round)));

        // The prompt, and the pass that computes it with all that still waits.
        let image = newer.iter().find_map(|segment| segment.image.as_ref()).unwrap();
        let prompt = self.prompt(round, asked, image.tokens());
        let opening = prompt.len() - self.protocol.reply_head().unwrap().len() - image.tokens() - 2;
        let mut own: Vec<usize> = prompt.iter().map(|&id| self.note(id)).collect();
        for (row, features) in evidence.vision.chunks(evidence.hidden).enumerate() {
            self.seen[own[opening + 1 + row]].features = Some(features.iter().copied().map(f64::from).collect());
        }
        let mut stretches: Vec<Stretch> = self.parts.iter().map(|part| part.stretch.clone()).collect();
        let frame = opening..opening + image.tokens() + 2;
        stretches.push(Stretch { tokens: own[..frame.start].to_vec(), image: None });
        stretches.push(Stretch { tokens: own[frame.clone()].to_vec(), image: Some((image.rows, image.columns)) });
        stretches.push(Stretch { tokens: own[frame.end..].to_vec(), image: None });
        let (mut kept, mut next) = dense::places(&stretches);
        assert_eq!(self.ids(&kept.iter().map(|&(token, _)| token).collect::<Vec<_>>()), evidence.input_ids);
        assert_eq!(kept.iter().map(|&(_, position)| position).collect::<Vec<_>>(), evidence.positions);
        let rows = kept.iter().filter(|&&(token, _)| !self.computed(token)).count();
        assert_eq!(turn.tokens.prefill, rows, "each token is computed once");
        let logits = self.pass(&kept, rows);
        self.compare(round, "decision", &evidence.logits, &logits);

        // The answer, token by token.
        let generated = self.generated(turn, &evidence);
        for pair in generated.windows(2) {
            let token = self.note(pair[0]);
            own.push(token);
            kept.push((token, [next; 3]));
            next += 1;
            let logits = self.pass(&kept, 1);
            let best = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let close = f64::from(self.tolerance()) * logits.iter().fold(0.0_f64, |most, logit| most.max(logit.abs()));
            assert!(logits[pair[1] as usize] >= best - close, "round {round}: {} was not the best", pair[1]);
        }
        let said = self.complete(turn, &generated, &mut own);
        self.take_stock(turn, asked, &newer, &own);
        let is_answer = said && turn.logits.is_some() && matches!(turn.state, None | Some(State::Response));
        let answers = newer.iter().filter(|segment| segment.kind == Kind::Answer).count();
        assert_eq!(answers, usize::from(is_answer), "answers, and only they, stay as answers");
        self.tally.rounds += 1;
    }

    /// Older segments leave as a whole, and those that stay keep their slots.
    fn let_go(&mut self, round: u64, older: &[&Segment]) {
        let mut parts = std::mem::take(&mut self.parts).into_iter();
        for segment in older {
            let ids: Vec<u32> = segment.tokens.iter().map(|token| token.id).collect();
            let part = loop {
                let part = parts.next().unwrap_or_else(|| panic!("{segment:?} came from nowhere"));
                if (part.kind, part.round, self.ids(&part.stretch.tokens)) == (segment.kind, segment.round, ids.clone())
                {
                    break part;
                }
                self.leave(round, &part);
            };
            for (token, &number) in segment.tokens.iter().zip(&part.stretch.tokens) {
                let seen = &mut self.seen[number];
                assert!(seen.slot.is_none() || seen.slot == token.slot, "a token stays in its slot");
                seen.slot = token.slot;
            }
            assert!(part.kind != Kind::Frame || part.round + self.plan.window > round, "frames leave with the window");
            self.parts.push(part);
        }
        for part in parts {
            self.leave(round, &part);
        }
    }

    fn leave(&mut self, round: u64, part: &Part) {
        let stands = self.standing.iter().any(|&(_, asked)| asked == part.round);
        assert!(part.kind != Kind::System && (part.kind == Kind::Frame || !stands), "{:?} is pinned", part.kind);
        self.tally.left += 1;
        self.tally.left_early += usize::from(part.kind == Kind::Frame && part.round + self.plan.window > round);
    }

    fn computed(&self, token: usize) -> bool {
        self.dense.computed(token)
    }

    fn pass(&mut self, kept: &[Place], rows: usize) -> Vec<f64> {
        let new = &kept[kept.len() - rows..];
        assert!(new.iter().all(|&(token, _)| !self.computed(token)), "what waits stands last");
        let inputs = new.iter().map(|&(token, _)| {
            let seen = &self.seen[token];
            seen.features.clone().unwrap_or_else(|| self.dense.embed(seen.id))
        });
        let inputs = inputs.collect();
        self.dense.pass(kept, inputs)
    }

    /// How far logits may be off.
    fn tolerance(&self) -> f32 {
        match self.options.arena {
            ArenaFormat::F32 => TOLERANCE,
            ArenaFormat::Q8 => TOLERANCE_Q8,
        }
    }

    fn compare(&mut self, round: u64, what: &str, found: &[f32], expected: &[f64]) {
        let expected: Vec<f32> = expected.iter().map(|&logit| logit as f32).collect();
        let error = relative_error(found, &expected);
        assert!(error < self.tolerance(), "round {round}: the {what} is off by {error:.1e}");
        self.tally.worst = self.tally.worst.max(error);
        self.tally.errors += error;
        self.tally.compared += 1;
    }

    /// What the round generated, after checking its first token.
    fn generated(&self, turn: &Turn, evidence: &Evidence) -> Vec<u32> {
        let states = self.protocol.states();
        assert_eq!(turn.logits.is_some(), !self.standing.is_empty(), "the model is asked when something was asked");
        let Some(logits) = turn.logits else {
            assert!(evidence.generated.is_empty());
            return vec![states[State::Silence as usize]];
        };
        let read = [logits.silence, logits.standby, logits.response];
        assert!(relative_error(&read, &states.map(|id| evidence.logits[id as usize])) < TOLERANCE);
        if self.options.decision == Decision::States {
            assert_eq!(turn.state, Some(self.options.rule.decide(&logits)));
            assert_eq!(evidence.generated[0], states[turn.state.unwrap() as usize]);
        }
        let most = if self.answers(turn) { self.options.max_tokens } else { 1 };
        assert!(evidence.generated.len() <= most);
        evidence.generated.clone()
    }

    fn answers(&self, turn: &Turn) -> bool {
        turn.logits.is_some() && matches!(turn.state, None | Some(State::Response))
            || self.options.decision == Decision::Free && turn.logits.is_some()
    }

    /// The tokens of the round as they stand when it is over: what was generated, as ids or as its text, and the end.
    /// Says whether anything was.
    fn complete(&mut self, turn: &Turn, generated: &[u32], own: &mut Vec<usize>) -> bool {
        let (&last, computed) = generated.split_last().unwrap();
        let reply = if self.protocol.ends(last) { computed } else { generated };
        let head = self.protocol.assistant().unwrap();
        let wanted = match self.options.feedback {
            Feedback::Ids => [&head, reply].concat(),
            Feedback::Text => self.protocol.reply_as_text(reply).unwrap(),
        };
        self.tally.answers += usize::from(self.answers(turn) && generated.len() > 1);
        self.tally.rewritten += usize::from(wanted != [&head, reply].concat());
        let from = own.len() - computed.len() - head.len();
        let there = self.ids(&own[from..]);
        let common = there.iter().zip(&wanted).take_while(|(a, b)| a == b).count();
        own.truncate(from + common);
        let rest = [&wanted[common..], &self.protocol.end()].concat();
        own.extend(rest.into_iter().map(|id| self.note(id)).collect::<Vec<_>>());
        wanted != head
    }

    /// Takes over the round's segments, which must hold `own`, cut where the rules need it.
    fn take_stock(&mut self, turn: &Turn, asked: &[&str], newer: &[&Segment], own: &[usize]) {
        let mut rest = own;
        for segment in newer {
            let (tokens, more) = rest.split_at(segment.tokens.len());
            rest = more;
            assert_eq!(segment.tokens.iter().map(|token| token.id).collect::<Vec<_>>(), self.ids(tokens));
            for (token, &number) in segment.tokens.iter().zip(tokens) {
                assert_eq!(token.slot.is_some(), self.computed(number), "what was computed has a slot");
                self.seen[number].slot = token.slot;
            }
            let image = segment.image.as_ref().map(|image| (image.rows, image.columns));
            let stretch = Stretch { tokens: tokens.to_vec(), image };
            self.parts.push(Part { kind: segment.kind, round: turn.round, stretch });
        }
        assert!(rest.is_empty());
        let of = |kind: Kind| newer.iter().filter(move |segment| segment.kind == kind);
        let questions: Vec<Vec<u32>> =
            of(Kind::Question).map(|s| s.tokens.iter().map(|token| token.id).collect()).collect();
        assert_eq!(questions, asked.iter().map(|question| self.words(question)).collect::<Vec<_>>());
        let kept: usize =
            self.parts.iter().flat_map(|part| &part.stretch.tokens).filter(|&&token| self.computed(token)).count();
        assert_eq!(turn.tokens.memory, kept);
    }
}
