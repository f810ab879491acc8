//! What may be wrong with a training: one clear line, and what to do.

use std::fs;
use std::path::Path;

use safetensors::{SafeTensors, serialize};

use crate::program::{fails, streamo, succeeds};
use crate::school::{STEPS, School};

/// Three steps of a training, in `run`.
fn begun() -> School {
    let school = School::new();
    succeeds(school.train("run").args(["--until", "3"]));
    school
}

fn cut(path: &Path, share: f64) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..(bytes.len() as f64 * share) as usize]).unwrap();
}

/// Moments as a recipe without a mean keeps them.
fn forget_mean(path: &Path) {
    let bytes = fs::read(path).unwrap();
    let kept = SafeTensors::deserialize(&bytes).unwrap();
    let moments = kept.iter().filter(|(name, _)| !name.starts_with("a."));
    fs::write(path, serialize(moments, None).unwrap()).unwrap();
}

#[test]
fn a_damaged_checkpoint_is_named_and_the_one_before_it_does() {
    let whole = School::new();
    succeeds(&mut whole.train("whole"));
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 10] = [
        ("model.safetensors", |place| cut(&place.join("model.safetensors"), 0.7)),
        ("model.safetensors", |place| fs::write(place.join("model.safetensors"), "").unwrap()),
        ("model.safetensors", |place| fs::remove_file(place.join("model.safetensors")).unwrap()),
        ("moments.safetensors", |place| cut(&place.join("moments.safetensors"), 0.99)),
        ("moments.safetensors", |place| fs::remove_file(place.join("moments.safetensors")).unwrap()),
        ("moments.safetensors: it lacks the mean", |place| forget_mean(&place.join("moments.safetensors"))),
        ("progress.json", |place| fs::write(place.join("progress.json"), "{\"ste").unwrap()),
        ("progress.json", |place| fs::remove_file(place.join("progress.json")).unwrap()),
        ("config.json", |place| cut(&place.join("config.json"), 0.5)),
        ("tokenizer", |place| cut(&place.join("tokenizer.json"), 0.5)),
    ];
    let school = begun();
    let place = school.checkpoint("run", 3);
    let sound = school.file("sound");
    copy(&place, &sound);
    for (file, damage) in damages {
        damage(&place);
        let line = fails(&mut school.train("run"));
        assert!(line.starts_with(&format!("the checkpoint {} is damaged (", place.display())), "{line}");
        assert!(line.contains(file) && line.contains("remove it, and training goes on"), "{file}: {line}");
        assert!(place.is_dir(), "nothing is removed but by people");
        fs::remove_dir_all(&place).unwrap();
        copy(&sound, &place);
    }
    cut(&place.join("model.safetensors"), 0.5);
    fails(&mut school.train("run"));
    // As the line says.
    fs::remove_dir_all(&place).unwrap();
    succeeds(&mut school.train("run"));
    assert!(school.end("run") == whole.end("whole"));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[test]
fn half_written_checkpoints_are_passed_over_and_cleared_away() {
    let school = begun();
    let half = school.checkpoint("run", 4).with_extension("unfinished");
    fs::create_dir(&half).unwrap();
    fs::write(half.join("model.safetensors"), "half").unwrap();
    let strange = school.file("run").join("step-00000099.unfinished");
    fs::create_dir(&strange).unwrap();
    fs::write(school.file("run").join("notes.txt"), "mine").unwrap();
    succeeds(school.train("run").args(["--until", "4"]));
    assert!(!half.exists() && !strange.exists());
    assert!(school.checkpoint("run", 4).join("moments.safetensors").is_file());
    assert_eq!(fs::read_to_string(school.file("run").join("notes.txt")).unwrap(), "mine");
    let whole = School::new();
    succeeds(&mut whole.train("whole"));
    succeeds(&mut school.train("run"));
    assert!(school.end("run") == whole.end("whole"));
}

#[test]
fn another_recipe_in_the_same_run_is_refused() {
    let school = begun();
    let run = school.file("run");
    for (there, instead, difference) in [
        ("peak = 0.01", "peak = 0.02", "peak = 0.01, not peak = 0.02"),
        ("seed = 7", "seed = 8", "seed = 7, not seed = 8"),
        ("steps = 12", "steps = 13", "steps = 12, not steps = 13"),
        ("freeze = []", "freeze = [\"vision\"]", "freeze"),
        ("[rhythm]", "[objective]\nkind = \"plain\"\n\n[rhythm]", "kind = \"focal\", not kind = \"plain\""),
        ("memory = 1.0", "", "memory = 1.0"),
        ("memory = 1.0", "memory = 1.0\ncounting = 1.0", "counting = 1.0"),
    ] {
        school.write(&[(there, instead)]);
        let line = fails(&mut school.train("run"));
        assert!(line.starts_with(&format!("{} was begun with another recipe (", run.display())), "{line}");
        assert!(line.contains(difference) && line.contains("recipe.toml"), "{instead}: {line}");
    }
    // As the line says.
    let mut again = streamo(["train"]);
    again.arg(run.join("recipe.toml")).arg("-o").arg(&run);
    succeeds(&mut again);
    assert!(school.checkpoint("run", STEPS).is_dir());
}

#[test]
fn a_recipe_from_which_nothing_came_can_be_put_right() {
    let school = School::new();
    school.write(&[("model = \"model\"", "model = \"nowhere\"")]);
    let line = fails(&mut school.train("run"));
    assert!(line.contains("nowhere"), "{line}");
    school.write(&[]);
    succeeds(school.train("run").args(["--until", "1"]));
}

#[test]
fn a_recipe_that_makes_no_sense_is_refused_before_anything_is_written() {
    let school = School::new();
    for (there, instead, said) in [
        ("steps = 12", "steps = 0", "steps is 0"),
        ("steps = 12", "steps = twelve", "line 4"),
        ("peak = 0.01", "peak = -1.0", "peak above 0"),
        ("batch = 4", "batch = 0", "batch and together"),
        ("batch = 4", "batches = 4", "unknown field `batches`"),
        ("dense = 1.0", "dance = 1.0", "unknown variant `dance`"),
        ("rounds = [1, 2]", "rounds = [2, 1]", "rounds"),
        ("sizes = [[56, 28]]", "sizes = []", "sizes"),
        ("average = 0.75", "average = 1.0", "average is a number from 0 to 1"),
        ("freeze = []", "freeze = [\"language\", \"vision\", \"merger\"]", "nothing to learn"),
    ] {
        let path = school.write(&[(there, instead)]);
        let line = fails(&mut school.train("run"));
        assert!(line.starts_with(&format!("the recipe {} is not valid: ", path.display())), "{line}");
        assert!(line.contains(said), "{instead}: {line}");
        assert!(!school.file("run").exists());
    }
    let missing = fails(streamo(["train", "nowhere.toml", "-o"]).arg(school.file("run")));
    assert!(missing.starts_with("cannot read the recipe nowhere.toml"), "{missing}");
    // A frame that no model sees is found when it is drawn.
    school.write(&[("sizes = [[56, 28]]", "sizes = [[2000, 5]]")]);
    let line = fails(&mut school.train("thin"));
    assert!(line.contains("2000"), "{line}");
}

#[test]
fn numbers_that_run_away_stop_a_training() {
    let school = School::new();
    school.write(&[("peak = 0.01", "peak = 1e30"), ("warm_up = 0.2", "warm_up = 0.0")]);
    let line = fails(&mut school.train("run"));
    assert!(line.contains("the model is lost") && line.contains("lower rate"), "{line}");
    // What was kept before is still good.
    let kept: Vec<_> = fs::read_dir(school.file("run")).unwrap().flatten().collect();
    assert!(kept.iter().any(|entry| entry.file_name().to_string_lossy().starts_with("step-")));
}
