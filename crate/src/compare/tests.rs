use std::path::PathBuf;

use super::*;
use crate::data::{Cue, Script};
use crate::eval::{Observed, Truth};
use crate::stream::State;

const PLAN: &str = r#"
recipe = "recipe.toml"
films = { count = 2, seconds = 8.0, size = [56, 28], tasks = ["alert"] }

[[training]]
name = "seeing"
change = { steps = 7, adamw = { clip = 2.0 } }

[[training]]
name = "plain"
from = "seeing"
change = { objective = { kind = "plain" } }

[[row]]
name = "plain | cross-entropy"
model = "plain"

[[row]]
name = "two"
model = "plain"
decider = "seeing"
fps = 2.0
"#;

const RECIPE: &str = r#"
seed = 1
model = "tiny"
afresh = true
steps = 3
rate = { peak = 1e-3, floor = 0.1, warm_up = 0.1 }
adamw = { weight_decay = 0.5 }
objective = { kind = "focal", gamma = 1.0 }
[[phases]]
until = 1.0
[[phases.material]]
batch = 1
together = 1
rounds = [1, 1]
sizes = [[56, 28]]
tasks = { dense = 1.0 }
"#;

struct Desk(tempfile::TempDir);

impl Desk {
    fn new(plan: &str) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        fs::write(desk.plan(), plan).unwrap();
        fs::write(desk.0.path().join("recipe.toml"), RECIPE).unwrap();
        desk
    }

    fn plan(&self) -> PathBuf {
        self.0.path().join("plan.toml")
    }

    fn open(&self) -> Result<Comparison, String> {
        let output = self.0.path().join("out");
        fs::create_dir_all(&output).unwrap();
        Comparison::open(&self.plan(), &output, &Device::flex()).map_err(|error| error.to_string())
    }
}

#[test]
fn a_recipe_is_changed_where_a_training_says_so_and_nowhere_else() {
    let desk = Desk::new(PLAN);
    let comparison = desk.open().unwrap();
    let base = Recipe::read(&desk.0.path().join("recipe.toml")).unwrap();
    let [seeing, plain] =
        ["seeing", "plain"].map(|name| comparison.recipe(comparison.plan().training(name).unwrap()).unwrap());
    let mut expected = Recipe { steps: 7, ..base.clone() };
    expected.adamw.clip = 2.0;
    assert_eq!(seeing.0, expected);
    assert_eq!(seeing.0.model(), desk.0.path().join("tiny"));
    assert_eq!(seeing.1, desk.0.path().join("out/seeing"));
    // It begins where the other one ended, and with what that had learnt.
    assert_eq!((seeing.0.afresh, plain.0.afresh), (true, false));
    assert_eq!(plain.0.model(), desk.0.path().join("out/seeing/model"));
    assert_eq!(plain.0.objective, crate::train::Objective::Plain);
    assert_eq!((plain.0.steps, plain.0.adamw), (base.steps, base.adamw));
}

#[test]
fn nonsense_is_refused_in_one_sentence() {
    for (sense, nonsense, said) in [
        ("recipe = \"recipe.toml\"", "recipe = \"none.toml\"", "none.toml"),
        ("recipe = \"recipe.toml\"", "recpe = \"recipe.toml\"", "unknown field `recpe`"),
        ("count = 2", "count = 0", "films wants a count"),
        ("seconds = 8.0", "seconds = nan", "films wants a count"),
        ("tasks = [\"alert\"]", "tasks = []", "films wants a count"),
        ("tasks = [\"alert\"]", "tasks = [\"dancing\"]", "unknown variant `dancing`"),
        ("size = [56, 28]", "size = [0, 28]", "films.size"),
        ("steps = 7", "steps = 0", "seeing: steps is 0"),
        ("steps = 7", "stepps = 7", "seeing: unknown field `stepps`"),
        ("kind = \"plain\"", "kind = \"loud\"", "plain: unknown variant `loud`"),
        ("name = \"seeing\"", "name = \"../seeing\"", "names no directory"),
        ("name = \"seeing\"", "name = \"plain\"", "two trainings plain"),
        ("from = \"seeing\"", "from = \"plain\"", "plain begins with plain"),
        ("model = \"plain\"", "model = \"fancy\"", "by fancy"),
        ("decider = \"seeing\"", "decider = \"fancy\"", "by fancy"),
        ("fps = 2.0", "fps = 0.0", "an fps such as"),
        ("films = {", "rows = []\nfilms = {", "unknown field `rows`"),
    ] {
        let plan = PLAN.replacen(sense, nonsense, 1);
        assert_ne!(plan, PLAN, "{sense}");
        let error = Desk::new(&plan).open().expect_err(nonsense);
        assert!(error.contains(said) && error.lines().count() == 1, "{nonsense}: {error}");
    }
}

#[test]
fn nobody_watches_before_the_training_is_done() {
    let desk = Desk::new(PLAN);
    let comparison = desk.open().unwrap();
    let error = comparison.watch(&comparison.plan().rows[0], &mut || ()).unwrap_err();
    assert_eq!(error.to_string(), "plain has not been trained to its end");
}

fn measured(row: &Row, films: &Films) -> Measured {
    Measured {
        row: row.clone(),
        films: films.clone(),
        due: 4,
        given: 5,
        precision: Some(0.8),
        recall: Some(1.0),
        f1: vec![None, Some(0.888), Some(1.0), Some(1.0)],
        best_f1: None,
        right: Some(0.75),
        alarms: Some(12.34),
        late: Some(-0.5),
    }
}

#[test]
fn a_table_keeps_what_was_measured_of_these_films_only() {
    let desk = Desk::new(PLAN);
    let comparison = desk.open().unwrap();
    assert!(comparison.table().unwrap().0.is_empty());
    let plan = comparison.plan();
    let table = Table(plan.rows.iter().map(|row| measured(row, &plan.films)).collect());
    comparison.keep(&table).unwrap();
    assert_eq!(comparison.table().unwrap(), table);
    assert_eq!(
        table.markdown().lines().nth(2).unwrap(),
        "| plain \\| cross-entropy | 1 | 4 | 5 | 0.80 | 1.00 | – | 0.89 | 1.00 | 1.00 | – | 0.75 | 12.3 | -0.5 |"
    );
    assert_eq!(fs::read_to_string(desk.0.path().join("out/table.md")).unwrap(), table.markdown());
    // Of other films, or another row, nothing is known.
    for (was, is, left) in [("count = 2", "count = 3", 0), ("decider = \"seeing\"", "decider = \"plain\"", 1)] {
        fs::write(desk.plan(), PLAN.replacen(was, is, 1)).unwrap();
        assert_eq!(desk.open().unwrap().table().unwrap().0.len(), left, "{is}");
    }
    fs::write(desk.0.path().join("out/table.json"), "{").unwrap();
    assert!(comparison.table().unwrap_err().to_string().contains("table.json"));
}

#[test]
fn a_row_is_the_report_of_its_films() {
    let desk = Desk::new(PLAN);
    let comparison = desk.open().unwrap();
    let (row, films) = (&comparison.plan().rows[0], &comparison.plan().films);
    let silent = || Cue { questions: Vec::new(), state: State::Silence, text: String::new() };
    let mut cues: Vec<Cue> = (0..20).map(|_| silent()).collect();
    cues[0].questions.push("Tell me.".to_owned());
    cues[9] = Cue { state: State::Response, text: "A cup.".to_owned(), ..silent() };
    let truth = Truth::of_script(
        "a",
        "alert",
        &Script { clock: Clock::ONE, first: 0, standing: Vec::new(), cues: cues.clone() },
    );
    // A second too late, and once more where nothing is due.
    let observed = (0..20).map(|round| {
        let state = if [10, 18].contains(&round) { State::Response } else { State::Silence };
        Observed { round, state: Some(state), text: Some("A cup.".to_owned()), logits: None }
    });
    let report = TimingReport::of(&[Stream { truth, observed: observed.collect() }]).unwrap();
    let measured = Measured::of(row, films, &report);
    assert_eq!((measured.due, measured.given), (1, 2));
    assert_eq!((measured.precision, measured.recall), (Some(0.5), Some(1.0)));
    assert_eq!(measured.f1[..2], [Some(0.0), Some(2.0 / 3.0)]);
    assert_eq!((measured.right, measured.late, measured.best_f1), (Some(1.0), Some(1.0), None));
    assert!(measured.alarms.is_some_and(|alarms| alarms > 0.0));
    assert_eq!((&measured.row, &measured.films), (row, films));
}
