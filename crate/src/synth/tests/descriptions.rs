use super::setup;
use crate::stream::State;
use crate::synth::ask::wording;
use crate::synth::thing::{Colour, Kind};
use crate::synth::{Setup, Task, sample};

#[test]
fn descriptions_tell_what_has_changed_since_the_picture_before() {
    let films = |quiet: bool, rounds: usize| -> Vec<String> {
        let setup = Setup { quiet, rounds, ..setup(Task::Dense) };
        (0..150).flat_map(|seed| sample(seed, &setup).script.cues).map(|cue| cue.text).collect()
    };
    let of_events = ["a new ", " gone", " waving", " coming closer", " changing its colour"];
    let ways = [" going to the left", " going to the right"];
    let occur = |texts: &[String], phrase: &str| texts.iter().filter(|text| text.contains(phrase)).count();
    let (lively, quiet, single) = (films(false, 24), films(true, 24), films(false, 1));
    for phrase in of_events.iter().chain(&ways) {
        assert!(occur(&lively, phrase) > 10, "{phrase}: {}", occur(&lively, phrase));
        assert_eq!(occur(&single, phrase), 0, "{phrase}: before the first picture there is none");
    }
    for phrase in &of_events[2..] {
        assert_eq!(occur(&quiet, phrase), 0, "{phrase}: nothing happens that anybody would tell of");
    }
    for view in ["a changed scene, ", "darkness.", "a covered camera."] {
        assert!(occur(&lively, view) > 10, "{view}: {}", occur(&lively, view));
        assert_eq!(occur(&quiet, view), 0, "{view}: nothing happens that anybody would tell of");
    }
    // Who walks behind another is out of sight for a moment.
    assert!(occur(&quiet, of_events[0]) < occur(&lively, of_events[0]) / 10);
}

#[test]
fn a_first_picture_shows_things_amid_their_ways() {
    let setup = Setup { rounds: 1, ..setup(Task::Dense) };
    let (mut resting, mut moving) = (0, 0);
    for seed in 0..300 {
        let plot = sample(seed, &setup).film.plot;
        for (number, ..) in plot.seen_at(0.0) {
            let pose = plot.actors[number].pose(0.0);
            let is_moving = pose.speed.abs() > 0.05 || pose.arm > 0.5 || !pose.is_inside(plot.aspect);
            *(if is_moving { &mut moving } else { &mut resting }) += 1;
        }
    }
    assert!(moving > 60 && resting > moving, "{moving} move, {resting} rest");
}

#[test]
fn each_part_of_a_picture_has_the_words_for_what_it_shows() {
    let setup = Setup { rounds: 4, ..setup(Task::Dense) };
    let (mut seen, mut hidden) = (0, 0);
    for seed in 0..200 {
        let film = sample(seed, &setup).film;
        for round in 0..setup.rounds {
            let (time, parts) = (round as f64, film.words(round, [3, 5]));
            assert_eq!(parts.len(), 15);
            if film.plot.is_covered(time) || film.plot.is_dark(time) {
                assert!(parts.iter().all(|words| *words == ["covered"] || *words == ["darkness"]), "{parts:?}");
                continue;
            }
            let things: Vec<_> =
                film.plot.seen_at(time).into_iter().map(|(number, ..)| &film.plot.actors[number]).collect();
            for thing in &things {
                let name = [thing.colour(time).name(), thing.look.kind.name()];
                let columns: Vec<usize> =
                    (0..15).filter(|&part| parts[part].starts_with(&name)).map(|part| part % 5).collect();
                if columns.is_empty() {
                    hidden += 1;
                    continue;
                }
                seen += 1;
                let middle = columns.iter().sum::<usize>() as f64 / columns.len() as f64 + 0.5;
                let x = 5.0 * thing.pose(time).x.clamp(0.0, film.plot.aspect) / film.plot.aspect;
                assert!((middle - x).abs() < 1.1, "{seed} {round}: {name:?} at {x}: {parts:?}");
            }
            let there = |words: &[&str]| things.iter().any(|thing| words[1] == thing.look.kind.name());
            assert!(parts.iter().all(|words| *words == ["nothing"] || words.contains(&"gone") || there(words)));
        }
    }
    assert!(seen > 500 && hidden < seen / 20, "{seen} seen, {hidden} hidden");
}

/// What a question takes of the things in an answer: words that each of them has.
fn asked(question: &str) -> Vec<&str> {
    let words = question.split([' ', '.']);
    let kinds = Kind::ALL.map(Kind::name);
    let colours = Colour::ALL.map(Colour::name);
    let who = words.filter(|word| kinds.contains(word) || colours.contains(word));
    let changes = ["new", "gone", "changing its colour", "coming closer", "waving", "to the left", "to the right"];
    who.chain(changes.into_iter().filter(|change| question.contains(&format!(" {change}")))).collect()
}

#[test]
fn a_description_of_some_things_leaves_out_all_others() {
    let (mut found, mut nothing) = (0, 0);
    for seed in 0..400 {
        let cues = sample(seed, &setup(Task::Dense)).script.cues;
        let question = &cues[0].questions[0];
        let asked = asked(question);
        let texts = cues.iter().map(|cue| cue.text.as_str()).filter(|_| !asked.is_empty());
        for text in texts.filter(|text| !text.is_empty()) {
            match text {
                "nothing." | "darkness." | "a covered camera." => nothing += 1,
                _ => {
                    let fits = |thing: &str| asked.iter().all(|word| thing.contains(word));
                    assert!(text.split(", ").all(fits), "{question} {text}");
                    found += 1;
                }
            }
        }
    }
    assert!(found > 400 && nothing > 400, "{found} {nothing}");
}

#[test]
fn who_is_to_speak_only_of_some_things_is_silent_without_them() {
    let is_only = |question: &str| {
        let mut around = wording::DENSE_ONLY.train.iter().filter_map(|only| only.split_once("{}"));
        around.any(|(before, after)| question.starts_with(before) && question.ends_with(after))
    };
    for quiet in [false, true] {
        let (mut spoken, mut silent) = (0, 0);
        for seed in 0..400 {
            let cues = sample(seed, &Setup { quiet, ..setup(Task::Dense) }).script.cues;
            assert!(cues.iter().all(|cue| cue.state != State::Standby), "what is seen is told at once");
            let said = cues.iter().filter(|cue| cue.state == State::Response).count();
            if is_only(&cues[0].questions[0]) {
                let none = ["nothing.", "darkness.", "a covered camera."];
                assert!(cues.iter().all(|cue| !none.contains(&cue.text.as_str())), "{cues:?}");
                (spoken, silent) = (spoken + said, silent + cues.len() - said);
            } else {
                assert_eq!(said, cues.len(), "{}", cues[0].questions[0]);
            }
        }
        assert!(spoken > 400 && silent > 400, "{spoken} {silent}");
    }
}
