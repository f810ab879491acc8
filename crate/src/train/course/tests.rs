use std::path::{Path, PathBuf};

use super::*;
use crate::weights::Directory;

/// Short dialogues with slips in all of them.
const RECIPE: &str = r#"
seed = 3
model = "."
steps = 1
rate = { peak = 1.0, floor = 0.1, warm_up = 0.1 }

[[phases]]
until = 1.0
[[phases.material]]
batch = 4
together = 2
rounds = [6, 12]
sizes = [[56, 28]]
slips = 1.0
own = 1.0
tasks = { narration = 1.0, time-sensitive = 1.0 }
"#;

fn desk(recipe: &str) -> (Desk, Recipe) {
    let tied = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/tied");
    let description = Description::read(&Directory(tied)).unwrap();
    let recipe = Recipe { place: PathBuf::new(), ..toml::from_str(recipe).unwrap() };
    (Desk::new(&recipe, &description).unwrap(), recipe)
}

fn drafts(desk: &Desk, recipe: &Recipe) -> Vec<Draft> {
    (1..6).flat_map(|step| desk.drafts(recipe, step).unwrap()).flatten().collect()
}

#[test]
fn who_gives_silence_alone_finds_a_silent_past_and_owes_what_it_missed() {
    let (desk, recipe) = desk(RECIPE);
    let [_, standby, response] = desk.protocol.states();
    let said = |draft: &Draft, state| {
        let dialogue = &draft.tokens.ids[draft.tokens.frames[0]..];
        dialogue.iter().filter(|&&id| id == state).count()
    };
    let (mut before, mut missed) = (0, 0);
    for mut draft in drafts(&desk, &recipe) {
        before += said(&draft, response);
        let right = &draft.life.as_ref().unwrap().right.cues;
        let is_due = |round: usize| right.get(round).map(|cue| cue.state == State::Response);
        let responses: Vec<usize> = (0..right.len()).filter(|&round| is_due(round) == Some(true)).collect();
        missed += responses.len();
        // Once more in the next round, if that is there and has nothing of its own.
        let owed = responses.len() + responses.iter().filter(|&round| is_due(round + 1) == Some(false)).count();

        let lesson = desk.lesson(&mut draft).unwrap();
        let patches = lesson.patches.clone();
        let silence = vec![State::Silence; draft.tokens.frames.len()];
        let mut lived = desk.lived(draft, lesson, &silence).unwrap();
        assert!(!lived.is_unlived());
        assert_eq!((said(&lived, standby), said(&lived, response)), (0, 0));
        let due = lived.tokens.targets.iter().filter(|target| target.state == Some(State::Response)).count();
        assert_eq!(due, owed);
        // Its frames are not drawn once more.
        assert_eq!(desk.lesson(&mut lived).unwrap().patches, patches);
    }
    assert!(before > 10 && missed > 10, "{before} said, {missed} missed");
}

#[test]
fn a_past_is_right_where_nothing_is_said_of_slips() {
    let (desk, recipe) = desk(&RECIPE.replace("slips = 1.0\nown = 1.0\n", ""));
    let drafts = drafts(&desk, &recipe);
    assert!(drafts.iter().all(|draft| !draft.is_unlived() && draft.scene.slips.is_empty()));
}

#[test]
fn who_learns_only_what_to_say_has_no_states_of_its_own() {
    let (desk, recipe) = desk(&RECIPE.replace("steps = 1", "steps = 1\nlearns = \"what\""));
    assert!(drafts(&desk, &recipe).iter().all(|draft| !draft.is_unlived()));
}

#[test]
fn who_only_sees_is_to_name_what_each_visual_token_shows() {
    let sight = RECIPE.replace("slips = 1.0\nown = 1.0\n", "sight = true\n").replace("[[56, 28]]", "[[140, 84]]");
    let (desk, recipe) = desk(&sight);
    let nothing = desk.protocol.word("nothing").unwrap();
    let mut named = 0;
    for mut draft in drafts(&desk, &recipe) {
        let visual = draft.grid.visual_tokens(2);
        let lesson = desk.lesson(&mut draft).unwrap();
        let Tokens { ids, frames, targets, .. } = lesson.tokens;
        assert!(ids.is_empty() && frames.len() * visual * 4 * 1176 == lesson.patches.len());
        assert!(targets.iter().all(|target| target.row < frames.len() * visual && target.state.is_none()));
        let rows: std::collections::BTreeSet<usize> = targets.iter().map(|target| target.row).collect();
        assert_eq!(rows.len(), frames.len() * visual, "each is to be something");
        named += targets.iter().filter(|target| !nothing.contains(&target.id)).count();
    }
    assert!(named > 200, "{named}");
}

#[test]
fn who_is_blind_learns_answers_and_times_and_nothing_is_drawn_for_it() {
    let blind = RECIPE.replace("slips = 1.0\nown = 1.0\n", "blind = true\n");
    let blind = blind.replace("narration = 1.0, time-sensitive = 1.0", "grounding = 1.0");
    let (desk, recipe) = desk(&blind);
    let (seeing, same) = self::desk(&blind.replace("blind = true", ""));
    let placeholder = desk.protocol.frame(1)[1];
    let mut answers = 0;
    for (mut draft, seen) in drafts(&desk, &recipe).into_iter().zip(drafts(&seeing, &same)) {
        let texts: usize = draft.scene.texts().count();
        answers += texts;
        let lesson = desk.lesson(&mut draft).unwrap();
        assert!(lesson.patches.is_empty() && lesson.tokens.frames.is_empty());
        assert!(!lesson.tokens.ids.contains(&placeholder));
        assert!(lesson.tokens.targets.iter().all(|target| target.state.is_none()));
        let ids = |tokens: &Tokens| tokens.targets.iter().map(|target| target.id).collect::<Vec<_>>();
        assert_eq!(ids(&lesson.tokens).iter().filter(|&&id| id == desk.protocol.end()[0]).count(), texts);
        assert_eq!(ids(&lesson.tokens), ids(&seen.tokens.answers_and_tags()));
    }
    assert!(answers > 5, "{answers}");
}
