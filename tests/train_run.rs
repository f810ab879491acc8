//! Whole trainings by the program: killed at any moment and gone on with, they end in the same bytes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use burn::tensor::Device;
use serde_json::json;
use streamo_wgpu::train::{Recipe, Trainer};

use crate::checkpoint::Random;
use crate::fixtures;
use crate::program::{json_lines, streamo, succeeds};
use crate::school::{KEPT, School, numbers, weights};

/// What a run's folder holds.
fn listing(run: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(run).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Runs it until `enough`, and kills it; whether it ended by itself before that.
#[track_caller]
fn killed(command: &mut Command, enough: impl Fn(Duration) -> bool) -> bool {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{:?}", String::from_utf8(child.wait_with_output().unwrap().stderr));
            break true;
        }
        if enough(begun.elapsed()) {
            // SIGKILL, on Unix.
            child.kill().unwrap();
            break child.wait().unwrap().success();
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

#[test]
fn a_training_that_is_killed_again_and_again_ends_in_the_same_bytes() {
    let school = School::new();
    let begun = Instant::now();
    succeeds(school.train("whole").args(["--threads", "1"]));
    let whole = begun.elapsed();
    let expected = school.end("whole");
    let tables = |run: &str| fs::read_to_string(school.file(run).join("steps.csv")).unwrap();

    let mut random = Random(2024);
    let (mut kills, mut drafts) = (0, 0);
    for attempt in 0.. {
        let share = (random.next() % 1000) as f64 / 1000.0;
        // Later and later, so that it gets on where the machine has become slower.
        let moment = whole.mul_f64((0.02 + 0.25 * share) * (1.0 + f64::from(attempt) / 20.0));
        let run = school.file("killed");
        let unfinished = || {
            let entries = fs::read_dir(&run).into_iter().flatten().flatten();
            entries.map(|entry| entry.path()).any(|path| path.extension().is_some_and(|end| end == "unfinished"))
        };
        // Every other time in the middle of writing a checkpoint, if it can be caught.
        let caught = |after: Duration| after > moment && (attempt % 2 == 0 || unfinished());
        let threads = (1 + attempt % 3).to_string();
        if killed(school.train("killed").args(["--threads", &threads]), caught) {
            break;
        }
        kills += 1;
        drafts += u64::from(unfinished());
        assert!(attempt < 200, "it gets nowhere");
    }
    println!("{kills} kills in {whole:.1?}, {drafts} of them left a half-written checkpoint");
    assert!(kills >= 4, "it was killed {kills} times");
    assert!(school.end("killed") == expected, "{kills} kills changed what came out");
    assert_eq!(tables("killed"), tables("whole"));
    assert_eq!(listing(&school.file("killed")), listing(&school.file("whole")));
    assert_eq!(listing(&school.file("whole")).iter().filter(|name| name.starts_with("step-")).count(), 2);
}

/// The last checkpoint stands, but an old one was being removed, the curves being drawn, and the model not yet written.
#[test]
fn a_kill_after_the_last_step_leaves_nothing_behind() {
    let school = School::new();
    succeeds(&mut school.train("run"));
    let run = school.file("run");
    let (names, curves) = (listing(&run), fs::read(run.join("curves.svg")).unwrap());

    let half_removed = run.join("step-00000010.unfinished");
    fs::create_dir(&half_removed).unwrap();
    fs::write(half_removed.join("progress.json"), "{").unwrap();
    fs::write(run.join("curves.svg"), &curves[..100]).unwrap();
    fs::remove_dir_all(run.join("model")).unwrap();
    succeeds(&mut school.train("run"));

    assert_eq!(listing(&run), names);
    assert!(fs::read(run.join("curves.svg")).unwrap() == curves);
}

#[test]
fn stopping_and_going_on_changes_nothing() {
    let school = School::new();
    succeeds(school.train("whole").args(["--threads", "2"]));
    for until in ["1", "5", "6", "12"] {
        succeeds(school.train("parts").args(["--threads", "1", "--until", until]));
    }
    assert!(school.end("parts") == school.end("whole"));
    // What is done is done.
    succeeds(&mut school.train("parts"));
    assert!(school.end("parts") == school.end("whole"));
}

#[test]
fn every_step_and_validation_is_a_line_of_json() {
    let school = School::new();
    school.write(&[("steps = 12", "steps = 3"), ("validate = 100", "validate = 2")]);
    let lines = json_lines(school.train("run").arg("--json"));
    let (steps, validations): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line.get("task").is_none());
    assert_eq!(steps.iter().map(|line| line["step"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    for line in steps {
        assert!(line["rate"].as_f64().unwrap() > 0.0 && line["norm"].as_f64().unwrap() > 0.0, "{line}");
        assert!(line["tally"]["loss"].as_f64().unwrap() > 0.0, "{line}");
    }
    // After the second step and after the last, of each task of the last phase.
    let validated: Vec<_> = validations.iter().map(|line| (line["step"].as_u64(), line["task"].as_str())).collect();
    let tasks = ["alert", "dense", "memory", "narration"];
    let due: Vec<_> = [2, 3].iter().flat_map(|&step| tasks.map(|task| (Some(step), Some(task)))).collect();
    assert_eq!(validated, due);
}

/// Some steps in this process.
fn steps(school: &School, run: &str, steps: u64, threads: usize) -> PathBuf {
    let recipe = Recipe::read(&school.file("recipe.toml")).unwrap();
    let mut trainer = Trainer::open(recipe, &school.file(run), &Device::flex(), threads).unwrap();
    for step in 1..=steps {
        assert_eq!(trainer.step().unwrap().step, step);
    }
    trainer.save().unwrap()
}

#[test]
fn threads_change_no_bit() {
    let school = School::new();
    for rounding in ["none", "bf16"] {
        school.write(&[("together = 2", "together = 1"), ("freeze", &format!("rounding = \"{rounding}\"\nfreeze"))]);
        let [one, two, three] = [1, 2, 3].map(|threads| {
            let place = steps(&school, &format!("{rounding}{threads}"), 4, threads);
            KEPT.map(|name| fs::read(place.join(name)).unwrap())
        });
        assert!(one == two && two == three, "{rounding}");
    }
}

#[test]
fn what_is_frozen_stays_and_all_else_changes() {
    for part in ["vision", "merger", "language"] {
        let school = School::new();
        school.write(&[("freeze = []", &format!("freeze = [\"{part}\"]"))]);
        let after = weights(&steps(&school, "run", 3, 1));
        let before = {
            let recipe = Recipe::read(&school.file("recipe.toml")).unwrap();
            Trainer::open(recipe, &school.file("fresh"), &Device::flex(), 1).unwrap();
            weights(&school.checkpoint("fresh", 0))
        };
        assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
        let mut counts = [0, 0];
        for (name, before) in &before {
            let of = match name {
                name if name.contains("merger") => "merger",
                name if name.contains("visual") => "vision",
                _ => "language",
            };
            assert_eq!(*before == after[name], of == part, "{name} with {part} frozen");
            counts[usize::from(of == part)] += 1;
        }
        assert!(counts.iter().all(|&count| count > 4), "{counts:?}");
    }
}

/// Some steps of a training whose pictures are taught as `how` says, until the loss has fallen. What of the model it passes over
/// is as it was, and nothing else is.
fn learns_without(how: &str, is_passed_over: impl Fn(&str) -> bool) {
    let school = School::new();
    school.write(&[("batch = 4", &format!("{how} = true\nbatch = 4"))]);
    let recipe = Recipe::read(&school.file("recipe.toml")).unwrap();
    let mut trainer = Trainer::open(recipe, &school.file("run"), &Device::flex(), 2).unwrap();
    let losses: Vec<f64> = (0..6).map(|_| trainer.step().unwrap().tally.loss).collect();
    assert!(losses[5] < 0.9 * losses[0], "{losses:?}");
    let after = weights(&trainer.save().unwrap());
    for (name, before) in weights(&school.checkpoint("run", 0)) {
        assert_eq!(before == after[&name], is_passed_over(&name), "{name}");
    }
}

#[test]
fn who_only_sees_learns_to_see_and_to_name() {
    learns_without("sight", |name| name.contains("language_model.layers") || name.starts_with("model.layers"));
}

#[test]
fn who_is_blind_learns_to_answer() {
    learns_without("blind", |name| name.contains("visual"));
}

#[test]
fn muon_takes_the_matrices_between_embedding_and_head() {
    let school = School::new();
    let with = weights(&steps(&school, "muon", 1, 1));
    school.write(&[("muon = {}", "")]);
    let without = weights(&steps(&school, "adamw", 1, 1));
    let mut taken = 0;
    for (name, with) in &with {
        let matrix = name.ends_with("weight") && !name.contains("norm") && !name.contains("ln_q");
        let between = matrix && !name.contains("embed_tokens");
        assert_eq!(*with != without[name], between, "{name}");
        taken += usize::from(between);
    }
    assert!((20..with.len()).contains(&taken), "{taken} of {}", with.len());
}

#[test]
fn a_checkpoint_is_an_ordinary_model() {
    let school = School::new();
    let place = steps(&school, "run", 2, 1);
    let inspected = succeeds(streamo(["inspect"]).arg(&place));
    assert!(inspected.contains("f32"), "{inspected}");
    let picture = fixtures::path("frames/wide0.png");
    let watched = succeeds(streamo(["watch", "--device", "cpu", "--json", "--model"]).arg(&place).arg(picture));
    assert!(watched.contains("\"state\":"), "{watched}");
    // And one that a training may begin with, at its weights.
    let from = format!("model = \"run/{}\"", place.file_name().unwrap().to_str().unwrap());
    school.write(&[("model = \"model\"", &from)]);
    let recipe = Recipe::read(&school.file("recipe.toml")).unwrap();
    Trainer::open(recipe, &school.file("second"), &Device::flex(), 1).unwrap();
    assert_eq!(weights(&school.checkpoint("second", 0)), weights(&place));
}

/// The numbers of a model in f16, f32 for what is compared with them.
#[test]
fn at_the_end_stands_the_model_with_the_numbers_that_it_promises() {
    let school = School::new();
    school.write(&[("steps = 12", "steps = 2"), ("average = 0.75", "")]);
    let config = school.file("model/config.json");
    let promise = |what: &str| {
        let mut json: serde_json::Value = serde_json::from_slice(&fs::read(&config).unwrap()).unwrap();
        json["dtype"] = json!(what);
        fs::write(&config, json.to_string()).unwrap();
    };
    for (promised, bytes) in [("float32", 4), ("float16", 2), ("bfloat16", 2)] {
        promise(promised);
        succeeds(school.train(promised).args(["--until", "1"]));
        assert!(!school.file(promised).join("model").exists(), "it is not done");
        succeeds(&mut school.train(promised));
        let (last, end) = (weights(&school.checkpoint(promised, 2)), weights(&school.file(promised).join("model")));
        let name = "model.language_model.norm.weight";
        assert_eq!(end[name].len() * 4, last[name].len() * bytes, "{promised}");
        if bytes == 4 {
            assert_eq!(end, last);
        } else {
            let picture = fixtures::path("frames/wide0.png");
            succeeds(
                streamo(["watch", "--device", "cpu", "--model"]).arg(school.file(promised).join("model")).arg(picture),
            );
        }
        // It is made again where a kill came just before it.
        fs::remove_dir_all(school.file(promised).join("model")).unwrap();
        succeeds(&mut school.train(promised));
        assert_eq!(weights(&school.file(promised).join("model")), end);
    }
}

/// After each step a quarter of the way to the weights.
#[test]
fn what_is_left_is_the_mean_which_teaches_nothing() {
    let school = School::new();
    let fewer = [("steps = 12", "steps = 3"), ("keep = 2", "keep = 4"), ("validate = 100", "validate = 3")];
    let validated = |run: &str| {
        let lines = json_lines(school.train(run).arg("--json"));
        let losses: Vec<_> =
            lines.iter().filter(|line| line.get("task").is_some()).map(|line| line["tally"].clone()).collect();
        assert_eq!(losses.len(), 4);
        losses
    };
    school.write(&fewer);
    let by_the_mean = validated("mean");
    school.write(&[&fewer[..], &[("average = 0.75", "")]].concat());
    let by_the_last = validated("last");
    assert!(by_the_mean.iter().zip(&by_the_last).all(|(mean, last)| mean["loss"] != last["loss"]));
    for (name, left) in numbers(&school.file("mean/model")) {
        let [first, steps @ ..] =
            [0, 1, 2, 3].map(|step| numbers(&school.checkpoint("mean", step)).remove(&name).unwrap());
        let mean = steps
            .iter()
            .fold(first, |mean, step| mean.iter().zip(step).map(|(mean, now)| 0.75 * mean + 0.25 * now).collect());
        let far = left.iter().zip(&mean).map(|(left, mean)| (left - mean).abs()).fold(0.0, f32::max);
        assert!(far < 1e-6, "{name}: {far}");
        assert!(left != steps[2], "{name}");
    }
    assert!(weights(&school.checkpoint("mean", 3)) == weights(&school.checkpoint("last", 3)));

    // Who begins with what is left, and does not move, is validated as it was.
    let still =
        [("model = \"model\"", "model = \"mean/model\""), ("peak = 0.01", "peak = 1e-30"), ("average = 0.75", "")];
    school.write(&[&fewer[..], &still].concat());
    assert!(validated("still") == by_the_mean);
}

#[test]
fn a_tokenizer_is_made_where_there_is_none() {
    let school = School::new();
    fs::remove_file(school.file("model/tokenizer.json")).unwrap();
    let recipe = Recipe::read(&school.file("recipe.toml")).unwrap();
    let made = ["one", "other"].map(|run| {
        Trainer::open(recipe.clone(), &school.file(run), &Device::flex(), 1).unwrap();
        fs::read(school.checkpoint(run, 0).join("tokenizer.json")).unwrap()
    });
    assert_eq!(made[0], made[1]);
    let picture = fixtures::path("frames/wide0.png");
    let place = school.checkpoint("one", 0);
    succeeds(streamo(["watch", "--device", "cpu", "--model"]).arg(place).arg(picture));
}
