use super::*;

const RECIPE: &str = r#"
seed = 1
model = "."
steps = 100
rate = { peak = 2.0, floor = 0.1, warm_up = 0.1 }

[[phases]]
until = 0.25
[[phases.material]]
batch = 4
together = 2
rounds = [2, 2]
sizes = [[56, 28]]
tasks = { dense = 1.0 }

[[phases]]
until = 1.0
[[phases.material]]
share = 3.0
batch = 8
together = 8
rounds = [3, 5]
sizes = [[56, 28]]
tasks = { alert = 1.0 }
"#;

fn read(text: &str) -> Result<Recipe, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("recipe.toml");
    std::fs::write(&path, text).unwrap();
    Recipe::read(&path).map_err(|error| error.to_string())
}

#[test]
fn rates_go_up_in_a_line_and_down_along_half_a_cosine() {
    let recipe = read(RECIPE).unwrap();
    let near = |step, rate: f64| assert!((recipe.rate(step) - rate).abs() < 1e-12, "{step}: {}", recipe.rate(step));
    near(1, 0.2);
    near(5, 1.0);
    near(10, 2.0);
    // A third of the way from 10 to 100, where the cosine is a half; the middle; the end; and beyond.
    near(40, 2.0 * (0.1 + 0.9 * 0.75));
    near(55, 1.1);
    near(100, 0.2);
    near(120, 0.2);
    assert!((11..=100).all(|step| recipe.rate(step) < recipe.rate(step - 1)));
    let at_once = Recipe { rate: Rate { warm_up: 0.0, ..recipe.rate }, ..recipe };
    assert_eq!(at_once.rate(1), 2.0);
}

#[test]
fn phases_follow_each_other() {
    let recipe = read(RECIPE).unwrap();
    let first = |step| std::ptr::eq(recipe.phase(step), &recipe.phases[0]);
    assert_eq!([1, 25, 26, 100, 200].map(first), [true, true, false, false, false]);
    // The last goes on to the end, even where it says otherwise.
    let short = read(&RECIPE.replace("until = 1.0", "until = 0.5")).unwrap();
    assert!(std::ptr::eq(short.phase(100), &short.phases[1]));
}

#[test]
fn what_is_not_said_is_upstreams() {
    let recipe = read(RECIPE).unwrap();
    assert_eq!(recipe.objective, Objective::Focal { gamma: 2.0 });
    assert_eq!(recipe.adamw, AdamW { betas: [0.9, 0.95], epsilon: 1e-8, weight_decay: 0.1, clip: 1.0 });
    assert!(recipe.freeze.is_empty());
    assert_eq!((recipe.standby, recipe.learns, recipe.rounding), (true, Skill::Both, Rounding::None));
    assert_eq!(recipe.phases[0].material[0].fps, [1.0]);
    let material = "together = 1\nrounds = [2, 2]\nfiles = { samples = \"a.json\" }";
    let of_files = "together = 2\nrounds = [2, 2]\nsizes = [[56, 28]]\ntasks = { dense = 1.0 }";
    let recipe = read(&RECIPE.replace(of_files, material)).unwrap();
    let library = recipe.phases[0].material[0].files.as_ref().unwrap();
    assert_eq!((library.videos.as_os_str().is_empty(), &library.held_out), (true, &None));
}

#[test]
fn a_recipe_is_what_its_text_is() {
    for text in [RECIPE, &RECIPE.replace("seed = 1", "seed = 1\nrounding = \"bf16\"")] {
        let recipe = read(text).unwrap();
        let again = read(&toml::to_string_pretty(&recipe).unwrap()).unwrap();
        assert_eq!(Recipe { place: PathBuf::new(), ..again }, Recipe { place: PathBuf::new(), ..recipe });
    }
}

#[test]
fn nonsense_is_refused_in_one_sentence() {
    for (sense, nonsense, said) in [
        ("steps = 100", "steps = 0", "steps is 0"),
        ("steps = 100", "steps = -1", "line 4"),
        ("steps = 100", "stepps = 100", "unknown field `stepps`"),
        ("batch = 4", "batch = 0", "batch and together"),
        ("batch = 4", "batch = 1000000000000", "batch and together"),
        ("together = 2", "together = 0", "batch and together"),
        ("together = 2", "", "missing field `together`"),
        ("peak = 2.0", "peak = 0.0", "peak above 0"),
        ("peak = 2.0", "peak = nan", "peak above 0"),
        ("peak = 2.0", "peak = inf", "peak above 0"),
        ("floor = 0.1", "floor = 1.5", "from 0 to 1"),
        ("warm_up = 0.1", "warm_up = -0.1", "from 0 to 1"),
        ("seed = 1", "seed = 1\nadamw = { betas = [0.9, 1.0] }", "adamw.betas"),
        ("seed = 1", "seed = 1\nmuon = { momentum = 1.0 }", "muon.momentum"),
        ("seed = 1", "seed = 1\nadamw = { epsilon = 0.0 }", "epsilon"),
        ("seed = 1", "seed = 1\nadamw = { clip = nan }", "clip"),
        ("seed = 1", "seed = 1\nadamw = { weight_decay = inf }", "weight_decay"),
        ("seed = 1", "seed = 1\nobjective = { kind = \"focal\", gamma = -1.0 }", "gamma of 0 or more"),
        ("seed = 1", "seed = 1\nobjective = { kind = \"fixed\", weights = [1.0, nan, 1.0] }", "weights of 0 or more"),
        ("seed = 1", "seed = 1\nobjective = { kind = \"loud\" }", "unknown variant `loud`"),
        ("seed = 1", "seed = 1\nfreeze = [\"vision\", \"merger\", \"language\"]", "nothing to learn"),
        ("seed = 1", "seed = 1\nfreeze = [\"head\"]", "unknown variant `head`"),
        ("seed = 1", "seed = 1\nlearns = \"why\"", "unknown variant `why`"),
        ("seed = 1", "seed = 1\nrounding = \"f8\"", "unknown variant `f8`"),
        ("seed = 1", "seed = 1\nrhythm = { save = 0 }", "rhythm.save"),
        ("seed = 1", "seed = 1\nrhythm = { streams = 10000000000 }", "rhythm.streams"),
        ("share = 3.0", "share = 0.0", "shares above 0"),
        ("share = 3.0", "share = inf", "shares above 0"),
        ("share = 3.0", "share = -3.0", "shares above 0"),
        ("until = 0.25", "until = 1.25", "until"),
        ("until = 0.25", "until = nan", "until"),
        ("until = 0.25", "until = 1.0", "a larger share"),
        ("rounds = [2, 2]", "rounds = [0, 2]", "rounds"),
        ("rounds = [2, 2]", "rounds = [3, 2]", "rounds"),
        ("rounds = [2, 2]", "rounds = [2, 10000000000]", "rounds"),
        ("dense = 1.0", "dense = 0.0", "tasks"),
        ("dense = 1.0", "dense = inf", "tasks"),
        ("dense = 1.0", "dense = 1.0, alert = -1.0", "tasks"),
        ("dense = 1.0", "dancing = 1.0", "unknown variant `dancing`"),
        ("tasks = { dense = 1.0 }", "files = { samples = \"a.json\" }", "either of files, or has tasks"),
        ("tasks = { dense = 1.0 }", "files = { sample = \"a.json\" }", "unknown field `sample`"),
        ("sizes = [[56, 28]]\ntasks = { dense = 1.0 }", "files = { samples = \"a.json\" }", "together = 1"),
        (
            "together = 2\nrounds = [2, 2]\nsizes = [[56, 28]]\ntasks = { dense = 1.0 }",
            "together = 1\nrounds = [2, 2]\nlate = 0.5\nfiles = { samples = \"a.json\" }",
            "late and quiet go with those",
        ),
        ("sizes = [[56, 28]]", "sizes = []", "sizes"),
        ("sizes = [[56, 28]]", "sizes = [[56, 0]]", "sizes"),
        ("sizes = [[56, 28]]", "sizes = [[56, 100000]]", "sizes"),
        ("batch = 4", "batch = 4\nfps = [0.0]", "fps"),
        ("batch = 4", "batch = 4\nlate = 2.0", "late, quiet, slips and own"),
        ("batch = 4", "batch = 4\nquiet = nan", "late, quiet, slips and own"),
        ("batch = 4", "batch = 4\nslips = -0.1", "late, quiet, slips and own"),
        ("batch = 4", "batch = 4\nslips = 1.0\nown = 1.1", "late, quiet, slips and own"),
        ("batch = 4", "batch = 4\nsight = true\nslips = 0.5", "sight is of the world's films"),
        ("batch = 4", "batch = 4\nsight = true\nblind = true", "blind is of dialogues"),
        ("batch = 4", "batch = 4\nslips = 0.5\nown = 0.5\nblind = true", "blind is of dialogues"),
        ("batch = 4", "batch = 4\nown = 0.5", "own is a share of the dialogues with slips"),
    ] {
        let text = RECIPE.replacen(sense, nonsense, 1);
        assert_ne!(text, RECIPE, "{sense}");
        let error = read(&text).expect_err(nonsense);
        assert!(error.contains(said) && error.lines().count() == 1, "{nonsense}: {error}");
    }
    let all: &str = &RECIPE[..RECIPE.find("[[phases").unwrap()];
    assert!(read(&format!("{all}phases = []")).unwrap_err().contains("it has no phases"));
    let blind = RECIPE.replacen("batch = 4", "batch = 4\nblind = true", 1);
    assert!(read(&blind).is_ok());
    let error = read(&blind.replace("seed = 1", "seed = 1\nlearns = \"when\"")).unwrap_err();
    assert!(error.contains("blind material teaches what to say"), "{error}");
    // Twice the same is not all three.
    assert!(read(&RECIPE.replace("seed = 1", "seed = 1\nfreeze = [\"vision\", \"vision\", \"vision\"]")).is_ok());
}
