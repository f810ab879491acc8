//! Trainings that differ in one thing, and two models that watch together.

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use streamo_wgpu::clock::Clock;
use streamo_wgpu::eval::{Watcher, Worlds};
use streamo_wgpu::stream::{DecisionRule, State};
use streamo_wgpu::synth::{Split, Task};
use streamo_wgpu::train::{Recipe, Step, Trainer};

use crate::fixtures;
use crate::program::{fails, streamo, succeeds};
use crate::school::School;

const PLAN: &str = r#"
recipe = "recipe.toml"
films = { count = 1, seconds = 6.0, size = [56, 28], tasks = ["narration", "alert"] }

[[training]]
name = "seeing"
change = { steps = 2 }
[[training]]
name = "decider"
from = "seeing"
change = { steps = 2, learns = "when", standby = false }
[[training]]
name = "speaker"
from = "seeing"
change = { steps = 1, learns = "what" }

[[row]]
name = "one model"
model = "seeing"
[[row]]
name = "twice as often"
model = "seeing"
fps = 2.0
[[row]]
name = "two models"
model = "speaker"
decider = "decider"
"#;

#[test]
fn a_comparison_goes_on_where_it_was_left_and_says_the_same() {
    let school = School::new();
    fs::write(school.file("plan.toml"), PLAN).unwrap();
    let compare = || succeeds(streamo(["compare"]).arg(school.file("plan.toml")).arg("-o").arg(school.file("out")));
    let told = compare();
    let table = fs::read_to_string(school.file("out/table.md")).unwrap();
    assert!(told.ends_with(&table), "{told}");
    let names = |table: &str| -> Vec<String> {
        table.lines().skip(2).map(|line| line.split('|').nth(1).unwrap().trim().to_owned()).collect()
    };
    assert_eq!(names(&table), ["one model", "twice as often", "two models"]);

    // Nothing is trained again, and nothing watched.
    assert_eq!(compare(), table);
    // What is missing is made again, and comes out the same: a run, and a row.
    fs::remove_dir_all(school.file("out/speaker")).unwrap();
    let json = fs::read(school.file("out/table.json")).unwrap();
    let mut rows: Vec<serde_json::Value> = serde_json::from_slice(&json).unwrap();
    rows.remove(1);
    fs::write(school.file("out/table.json"), serde_json::to_string(&rows).unwrap()).unwrap();
    assert!(compare().starts_with("speaker\n"));
    assert_eq!(fs::read_to_string(school.file("out/table.md")).unwrap(), table);

    let elsewhere = fails(streamo(["compare"]).arg(school.file("none.toml")).arg("-o").arg(school.file("out")));
    assert!(elsewhere.contains("none.toml"), "{elsewhere}");
}

/// What the steps of a training by a changed recipe learn from.
fn steps(change: &str) -> [Step; 12] {
    let school = School::new();
    // Streams from the start, long enough that there is something to stand by for, and with the same past for every model.
    let changes =
        [("freeze = []", change), ("until = 0.5", "until = 0.01"), ("[2, 3]", "[6, 8]"), ("own = 0.6", "own = 0.0")];
    let recipe = school.write(&changes);
    let mut trainer = Trainer::open(Recipe::read(&recipe).unwrap(), &school.file("run"), &Device::flex(), 1).unwrap();
    [(); 12].map(|()| trainer.step().unwrap())
}

#[test]
fn a_model_learns_what_it_is_to_be_able_to_do_and_nothing_else() {
    let counts = |change: &str| steps(change).map(|step| step.tally.count);
    let both = counts("");
    let all = both.iter().fold([0; 4], |all, step| std::array::from_fn(|kind: usize| all[kind] + step[kind]));
    assert!(all.iter().all(|&count| count > 0), "{all:?}");
    for (both, step) in both.iter().zip(counts("learns = \"when\"")) {
        assert_eq!(step, [both[0], both[1], both[2], 0]);
    }
    for (both, step) in both.iter().zip(counts("learns = \"what\"")) {
        assert_eq!(step, [0, 0, 0, both[3]]);
    }
    for (both, step) in both.iter().zip(counts("standby = false")) {
        assert_eq!(step, [both[0] + both[1], 0, both[2], both[3]]);
    }
}

#[test]
fn of_two_models_one_says_when_and_the_other_what() {
    let worlds = Worlds { split: Split::HeldOut, size: (112, 56), clock: Clock::ONE, rounds: 12, films: 4, seed: 0 };
    let [cpu, _] = fixtures::devices();
    let watcher = |path: &Path| {
        let (model, description) = fixtures::load(path, cpu);
        Watcher { description, model }
    };
    let speaker = watcher(&fixtures::path("tied"));
    let decider = watcher(&fixtures::path("tiny"));
    let options = worlds.options(&speaker.description.settings, DecisionRule::default());
    // Who only decides says nothing.
    let only_deciding = streamo_wgpu::stream::Options { max_tokens: 1, ..options.clone() };
    let (mut spoken, mut differ) = (0, false);
    for film in worlds.films(&[Task::Narration]) {
        let both = worlds.watch(film, &options, &speaker, Some(&decider)).unwrap();
        let alone = worlds.watch(film, &only_deciding, &decider, None).unwrap();
        let of_itself = worlds.watch(film, &options, &speaker, None).unwrap();
        for ((both, alone), of_itself) in both.observed.iter().zip(&alone.observed).zip(&of_itself.observed) {
            assert_eq!((both.state, both.logits), (alone.state, alone.logits));
            let text = both.text.as_deref().unwrap();
            assert!(both.state == Some(State::Response) || text.is_empty(), "{text:?}");
            spoken += usize::from(!text.is_empty());
            differ |= both.state != of_itself.state;
        }
    }
    assert!(spoken > 0 && differ, "{spoken} answers: these films tell nothing");
}
