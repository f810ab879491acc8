use super::setup;
use crate::synth::thing::Colour;
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
    // Who walks behind another is out of sight for a moment.
    assert!(occur(&quiet, of_events[0]) < occur(&lively, of_events[0]) / 10);
}

#[test]
fn a_description_of_some_things_leaves_out_all_others() {
    let (mut found, mut nothing) = (0, 0);
    for seed in 0..400 {
        let cues = sample(seed, &setup(Task::Dense)).script.cues;
        let question = &cues[0].questions[0];
        for colour in Colour::ALL.map(Colour::name) {
            if ![format!("everything {colour} "), format!("everything {colour}.")]
                .iter()
                .any(|what| question.contains(what))
            {
                continue;
            }
            for text in cues.iter().map(|cue| cue.text.as_str()) {
                match text {
                    "nothing." | "darkness." => nothing += 1,
                    _ => {
                        assert!(text.split(", ").all(|thing| thing.contains(colour)), "{question} {text}");
                        found += 1;
                    }
                }
            }
        }
    }
    assert!(found > 100 && nothing > 100, "{found} {nothing}");
}
