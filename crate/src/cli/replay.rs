use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use thiserror::Error;

use super::{ModelArgs, Outcome};
use crate::model::Description;
use crate::stream::{Record, Recorded};

/// Watch a recorded stream again and check that everything comes out the same, bit for bit.
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// What `streamo watch --record` wrote
    record: PathBuf,
    #[command(flatten)]
    model: ModelArgs,
}

/// How a replayed stream came out otherwise.
#[derive(Debug, Error)]
#[error("round {round} came out otherwise: {what} was {recorded} and is {replayed}{elsewhere}")]
struct Otherwise {
    round: u64,
    what: &'static str,
    recorded: String,
    replayed: String,
    elsewhere: String,
}

impl Replay {
    pub fn run(self) -> Outcome {
        let mut record = Record::open(&self.record)?;
        let description = Description::read(self.model.files().as_ref())?;
        let head = record.head.clone();
        let loaded = self.model.load(description, &head.options, head.weights)?;
        let elsewhere = if head.weights != loaded.weights {
            format!(" (recorded with {} weights, replayed with {})", head.weights.name(), loaded.weights.name())
        } else if head.device != loaded.device {
            format!(" (recorded on {}, replayed on {}: other devices round otherwise)", head.device, loaded.device)
        } else {
            String::new()
        };
        let mut session = loaded.session;
        head.questions.into_iter().for_each(|question| session.ask(question));
        let mut rounds = 0;
        while let Some((recorded, frame)) = record.next_round()? {
            let turn = pollster::block_on(session.round(recorded.turn.round, &frame, &mut |_| ()))?;
            let replayed = Recorded { turn, generated: session.generated().to_vec() };
            if let Some((what, recorded, replayed)) = difference(&recorded, &replayed) {
                let round = session.last_round().unwrap_or_default();
                return Err(Otherwise { round, what, recorded, replayed, elsewhere }.into());
            }
            rounds += 1;
        }
        writeln!(io::stdout(), "{rounds} rounds came out the same, bit for bit, on {}", loaded.device)?;
        Ok(())
    }
}

/// The first difference, times aside: what, and how it was and is.
fn difference(recorded: &Recorded, replayed: &Recorded) -> Option<(&'static str, String, String)> {
    fn differ<T: PartialEq + std::fmt::Debug>(
        what: &'static str,
        a: &T,
        b: &T,
    ) -> Option<(&'static str, String, String)> {
        (a != b).then(|| (what, format!("{a:?}"), format!("{b:?}")))
    }
    let (a, b) = (&recorded.turn, &replayed.turn);
    differ("the state", &a.state, &b.state)
        .or_else(|| differ("the text", &a.text, &b.text))
        .or_else(|| differ("what was generated", &recorded.generated, &replayed.generated))
        .or_else(|| differ("the state logits", &a.logits, &b.logits))
        .or_else(|| differ("the token count", &a.tokens, &b.tokens))
}
