//! Questions about what was.

use super::pattern::{Pattern, Verb};
use super::{Answer, Asked, Asker, When, sentence, wording};
use crate::synth::event::{Event, Happening, Subject};
use crate::synth::thing::Kind;

/// What was seen so long ago is remembered; what is nearer is not asked for.
const AGO: f64 = 2.0;

pub(super) fn memory(asker: &mut Asker) -> Option<Asked> {
    let mut rounds: Vec<usize> = (4..asker.setup.rounds).collect();
    asker.dice.shuffle(&mut rounds);
    rounds.truncate(1 + asker.further(2, 9));
    rounds.sort_unstable();
    let mut asked = Asked { questions: Vec::new(), answers: Vec::new() };
    for round in rounds {
        // Drawn once: what is rarer must not be given up for what is easier to find.
        let of_something = asker.dice.chance(0.85) && !asker.setup.quiet;
        let wants_yes = asker.dice.chance(0.5) && !asker.setup.quiet;
        if let Some((question, text)) = (0..12).find_map(|_| question(asker, round, of_something, wants_yes)) {
            asked.questions.push((round, question));
            asked.answers.push(Answer { when: When::At(round), text });
        }
    }
    (!asked.questions.is_empty()).then_some(asked)
}

/// The events of these sorts before a round; none where one of them is too near.
fn past(asker: &Asker, round: usize, verbs: &[Verb]) -> Option<Vec<Event>> {
    let time = round as f64 / asker.fps;
    let of_sort = |event: &&Event| verbs.iter().any(|verb| verb.is(event.happening));
    let begun: Vec<Event> =
        asker.plot.events.iter().filter(of_sort).filter(|event| event.start < time + 0.1).copied().collect();
    begun.iter().all(|event| event.end <= time - AGO).then_some(begun)
}

fn named(subject: Option<Subject>) -> String {
    subject.map_or_else(
        || "Nothing.".to_owned(),
        |subject| format!("A {}.", sentence::thing(subject.kind, subject.colour)),
    )
}

/// One question, about what has happened or, without `of_something`, what has not; of those for yes or no, as wanted. A no is
/// about another one where somebody did it.
fn question(asker: &mut Asker, round: usize, of_something: bool, wants_yes: bool) -> Option<(String, String)> {
    let split = asker.split();
    let sort = asker.dice.index(9);
    let (came, left) = (past(asker, round, &[Verb::ComeIn]), past(asker, round, &[Verb::Leave]));
    let fits = |events: &[Event]| events.is_empty() != of_something;
    let subject = |event: Option<&Event>| event.and_then(|event| event.subject);
    Some(match sort {
        0 => {
            let left = left.filter(|left| fits(left))?;
            (wording::any(wording::LAST_LEFT, split, asker.dice).to_owned(), named(subject(left.last())))
        }
        1 => {
            let came = came.filter(|came| fits(came))?;
            (wording::any(wording::LAST_CAME, split, asker.dice).to_owned(), named(subject(came.last())))
        }
        2 => {
            let came = came.filter(|came| fits(came))?;
            (wording::any(wording::FIRST_CAME, split, asker.dice).to_owned(), named(subject(came.first())))
        }
        3 => {
            let came = came.filter(|came| fits(came) && came.len() <= 6)?;
            (
                wording::any(wording::HOW_MANY_CAME, split, asker.dice).to_owned(),
                sentence::number(came.len()).to_owned(),
            )
        }
        4 => {
            let left = left.filter(|left| fits(left) && left.len() <= 6)?;
            (
                wording::any(wording::HOW_MANY_LEFT, split, asker.dice).to_owned(),
                sentence::number(left.len()).to_owned(),
            )
        }
        5 | 6 => {
            let left = left.filter(|left| of_something && fits(left))?;
            let event = asker.dice.pick(&left)?;
            let Subject { kind, colour, .. } = event.subject?;
            let of_kind = left.iter().filter(|event| event.subject.is_some_and(|subject| subject.kind == kind));
            if of_kind.count() != 1 {
                return None;
            }
            let to = match event.happening {
                Happening::Crosses(from) => from.opposite(),
                Happening::Leaves(side) => side,
                _ => return None,
            };
            if sort == 5 {
                let colour = format!("{}.", sentence::capital(colour.name()));
                (wording::about(wording::COLOUR_LEFT, kind.name(), split, asker.dice), colour)
            } else {
                (wording::about(wording::SIDE_LEFT, kind.name(), split, asker.dice), sentence::towards(to))
            }
        }
        _ => {
            let verb = asker.dice.pick(&[Verb::ComeIn, Verb::Leave, Verb::Wave, Verb::Cross])?;
            let happened = past(asker, round, &[verb]).filter(|happened| fits(happened))?;
            let who = asker.dice.pick(&happened).and_then(|event| event.subject).map(|subject| subject.kind);
            let kind = if wants_yes { who? } else { asker.dice.pick(&Kind::ALL)? };
            let kind = if verb == Verb::Wave { Kind::Person } else { kind };
            let pattern = Pattern { verb, kind: Some(kind), colour: None };
            let did = happened.iter().any(|event| pattern.matches(event));
            if did != wants_yes {
                return None;
            }
            let what = format!("a {} {}", kind.name(), sentence::present_tense(verb).1);
            (wording::about(wording::DID, &what, split, asker.dice), if did { "Yes." } else { "No." }.to_owned())
        }
    })
}
