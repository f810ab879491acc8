//! What training computes: against PyTorch, against finite differences, and however a batch is split.

use burn::tensor::{Device, Tensor, TensorData};
use serde_json::Value;
use streamo_wgpu::data::{self, Slips, Target};
use streamo_wgpu::frame::Grid;
use streamo_wgpu::kernels::Rounding;
use streamo_wgpu::model::Model;
use streamo_wgpu::stream::State;
use streamo_wgpu::train::{AdamW, Batch, Count, Gradients, Lesson, Moments, Objective, Optimiser, Pace, Workers};

use crate::checkpoint::{self, Random};
use crate::fixtures::{self, Numbers, relative_error};
use crate::memory_law::MODELS;
use crate::training::{Learner, Named, OBJECTIVES, counted, numbers, script};

/// The reference's dialogues, and what PyTorch makes of them.
struct Reference {
    case: Value,
    expected: Numbers,
    learner: Learner,
    lessons: Vec<Lesson>,
}

impl Reference {
    fn read(device: &Device) -> Self {
        let case = fixtures::json("gradients/case.json");
        let expected = Numbers::read(&fixtures::path("gradients/expected.safetensors"));
        let learner = Learner::load(&fixtures::path("gradients"), device);
        let [height, width] = serde_json::from_value(case["grid"].clone()).unwrap();
        let grid = Grid { height, width };
        let levels = case["levels"].as_f64().unwrap() as f32;
        let lesson = |(index, dialogue): (usize, &Value)| {
            let rounds: Vec<(State, String)> = serde_json::from_value(dialogue["rounds"].clone()).unwrap();
            let rounds: Vec<(State, &str)> = rounds.iter().map(|(state, text)| (*state, text.as_str())).collect();
            let script = script(dialogue["question"].as_str().unwrap(), &rounds);
            let tokens = data::tokens(&script, &Slips::new(), &learner.protocol, grid, 2).unwrap();
            // Both moments of a patch show the same picture.
            let one: Vec<f32> =
                expected.ints[&format!("{index}.levels")].iter().map(|&level| level as f32 / levels).collect();
            let patches = one.chunks(14 * 14).flat_map(|picture| [picture, picture]).flatten().copied().collect();
            Lesson { tokens, patches, grid }
        };
        let lessons = case["dialogues"].as_array().unwrap().iter().enumerate().map(lesson).collect();
        Self { lessons, case, expected, learner }
    }

    /// The states that PyTorch's logits make likeliest of the three, wherever one is to be learnt.
    fn states(&self, batch: &Batch) -> Vec<State> {
        let logits = &self.expected.floats["logits"];
        let rows = batch.targets().iter().zip(logits.chunks(logits.len() / batch.targets().len()));
        let states = rows.filter(|(target, _)| target.state.is_some()).map(|(_, row)| {
            let of = |state: &State| row[self.learner.protocol.states()[*state as usize] as usize];
            State::ALL.into_iter().max_by(|a, b| of(a).total_cmp(&of(b))).unwrap()
        });
        states.collect()
    }

    /// Tensors whose names begin so, by the rest of their names.
    fn named(&self, beginning: &str) -> Named {
        let floats = self.expected.floats.iter();
        floats.filter_map(|(name, values)| Some((name.strip_prefix(beginning)?.to_owned(), values.clone()))).collect()
    }
}

#[test]
fn dialogues_have_the_tokens_and_targets_of_the_reference() {
    let reference = Reference::read(&Device::flex());
    for (index, Lesson { tokens, .. }) in reference.lessons.iter().enumerate() {
        let ints = |name: &str| &reference.expected.ints[&format!("{index}.{name}")];
        assert_eq!(tokens.ids.iter().map(|&id| i64::from(id)).collect::<Vec<_>>(), *ints("ids"));
        let positions: Vec<i64> = tokens.positions.iter().flatten().map(|&position| position.into()).collect();
        assert_eq!(positions, *ints("positions"));
        let target =
            |target: &Target| [target.row as i64, target.id.into(), target.state.map_or(-1, |state| state as i64)];
        assert_eq!(tokens.targets.iter().flat_map(target).collect::<Vec<_>>(), *ints("targets"));
    }
}

#[test]
fn losses_and_all_gradients_equal_pytorchs() {
    for device in fixtures::devices() {
        let reference = Reference::read(&device.device);
        let Reference { learner, lessons, .. } = &reference;
        let (batch, whole) = (learner.batch(lessons), counted(lessons));
        let logits: Vec<f32> = batch.logits(&learner.model).into_data().iter().collect();
        let worst = relative_error(&logits, &reference.expected.floats["logits"]);
        assert!(worst < 1e-5, "{}: logits are off by {worst:.1e}", device.name);
        assert_eq!(batch.states(&learner.model).unwrap(), reference.states(&batch), "{}", device.name);

        for (name, objective) in ["plain", "fixed", "focal"].into_iter().zip(OBJECTIVES) {
            let expected = reference.case["losses"][name].as_f64().unwrap();
            let (_, learnt) = learner.gradients(&batch, objective, &whole);
            for (how, found) in
                [("learnt", learnt), ("watched", batch.tally(&learner.model, objective, &whole).unwrap())]
            {
                let off = (found.loss / expected - 1.0).abs();
                println!("{}, {name}, {how}: {:.7} for {expected:.7}, {off:.1e} off", device.name, found.loss);
                assert!(off < 1e-6, "{}, {name}, {how}: {} for {expected}", device.name, found.loss);
            }
        }

        let (gradients, _) = learner.gradients(&batch, Objective::Focal { gamma: 2.0 }, &whole);
        let norm = reference.case["norm"].as_f64().unwrap();
        let found = gradients.norm().unwrap();
        assert!((found / norm - 1.0).abs() < 1e-5, "{}: the norm is {found} for {norm}", device.name);
        let (found, expected) = (learner.named(&gradients.0), reference.named("gradient."));
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        let errors = found.iter().map(|(name, found)| (relative_error(found, &expected[name]), name));
        let (worst, name) = errors.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
        println!("{}: {} gradients, the worst of {name}: {worst:.1e}", device.name, found.len());
        assert!(worst < 1e-4, "{}: the gradient of {name} is off by {worst:.1e}", device.name);
    }
}

/// Where the processor multiplies bf16 numbers faster; elsewhere they are the same.
#[test]
fn rounding_turns_no_gradient_by_much() {
    let reference = Reference::read(&Device::flex());
    let Reference { learner, lessons, .. } = &reference;
    let (batch, whole) = (learner.batch(lessons), counted(lessons));
    let learnt = || learner.gradients(&batch, Objective::Focal { gamma: 2.0 }, &whole);
    let (rounded, tally) = Rounding::Bf16.during(learnt);
    let (_, plain) = learnt();
    assert!((tally.loss / plain.loss - 1.0).abs() < 1e-2, "{} for {}", tally.loss, plain.loss);
    let (found, expected) = (learner.named(&rounded.0), reference.named("gradient."));
    for (name, expected) in expected {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let [found, expected] =
            [&found[&name], &expected].map(|of| of.iter().map(|&x| f64::from(x)).collect::<Vec<_>>());
        let cosine = dot(&found, &expected) / (dot(&found, &found) * dot(&expected, &expected)).sqrt();
        assert!(cosine > 0.99, "{name}: {cosine}");
    }
}

#[test]
fn adamw_takes_pytorchs_steps() {
    let reference = Reference::read(&Device::flex());
    let learner = &reference.learner;
    let adamw: AdamW = serde_json::from_value(reference.case["adamw"].clone()).unwrap();
    let optimiser = Optimiser { adamw, muon: None };
    let gradients = learner.flat(&reference.named("gradient."));
    let steps: Vec<[f64; 2]> = serde_json::from_value(reference.case["steps"].clone()).unwrap();
    let (mut model, mut moments) = (learner.model.map(&mut Same, learner.model.device()), Moments::default());
    let (mut clipped, workers) = (0, Workers::new(2));
    for (step, &[rate, factor]) in (1..).zip(&steps) {
        let scaled = gradients.iter().map(|gradient| gradient.clone().map(|gradient| gradient * factor)).collect();
        let (next, norm) =
            optimiser.step(&model, &[], Gradients(scaled), &mut moments, Pace { step, rate }, &workers).unwrap();
        clipped += u64::from(norm > adamw.clip);
        model = next;
    }
    assert_eq!(clipped, 1, "one of the steps was too long");
    let (before, after, expected) =
        (learner.parameters(&learner.model), learner.parameters(&model), reference.named("adamw."));
    assert!(expected.len() > 20);
    for (name, expected) in &expected {
        let change = |after: &[f32]| -> Vec<f32> { after.iter().zip(&before[name]).map(|(a, b)| a - b).collect() };
        // What is left of numbers about 1 when 1 is taken away.
        let error = relative_error(&change(&after[name]), &change(expected));
        assert!(error < 2e-4, "{name} is off by {error:.1e} of its way");
    }
}

/// Two steps along gradients that are the same in every number of a tensor, written out by hand.
#[test]
fn adamw_takes_the_steps_computed_by_hand() {
    let learner = Learner::load(&fixtures::path("gradients"), &Device::flex());
    let adamw = AdamW { betas: [0.9, 0.95], epsilon: 1e-8, weight_decay: 0.1, clip: 1e9 };
    let optimiser = Optimiser { adamw, muon: None };
    let all = |value: f32| -> Named {
        learner.parameters(&learner.model).into_iter().map(|(name, own)| (name, vec![value; own.len()])).collect()
    };
    let mut moments = Moments::default();
    let first = learner.flat(&all(0.5));
    let workers = Workers::new(2);
    let mut step = |model: &Model, gradients, step, rate| {
        optimiser.step(model, &[], Gradients(gradients), &mut moments, Pace { step, rate }, &workers).unwrap()
    };
    let (once, norm) = step(&learner.model, first.clone(), 1, 0.01);
    let count: usize = first.iter().flatten().map(|tensor| tensor.shape().num_elements()).sum();
    assert!((norm - 0.5 * (count as f64).sqrt()).abs() < 1e-3);
    let (twice, _) = step(&once, learner.flat(&all(-1.0)), 2, 0.02);
    // m = 0.9 · 0.05 − 0.1 and v = 0.95 · 0.0125 + 0.05, divided by 1 − 0.9² and 1 − 0.95².
    let direction = (-0.055 / 0.19) / (0.061_875_f64 / 0.0975).sqrt();
    let (before, once, twice) =
        (learner.parameters(&learner.model), learner.parameters(&once), learner.parameters(&twice));
    for (name, before) in &before {
        let decays = !(name.ends_with("bias") || name.contains("norm") || name.contains("ln_q"));
        let kept = |rate: f64| if decays { 1.0 - rate * 0.1 } else { 1.0 };
        for ((&before, &once), &twice) in before.iter().zip(&once[name]).zip(&twice[name]) {
            let expected = f64::from(before) * kept(0.01) - 0.01;
            assert!((f64::from(once) - expected).abs() < 1e-6, "{name}: {once} for {expected}");
            let expected = expected * kept(0.02) - 0.02 * direction;
            assert!((f64::from(twice) - expected).abs() < 1e-6, "{name}: {twice} for {expected}");
        }
    }
}

struct Same;

impl burn::module::ModuleMapper for Same {}

/// Five dialogues of unequal length about frames of one size.
fn dialogues(learner: &Learner) -> Vec<Lesson> {
    use State::{Response, Silence, Standby};
    type Rounds = [(State, &'static str)];
    let rounds: [&Rounds; 5] = [
        &[(Silence, ""), (Silence, ""), (Standby, ""), (Response, "The rabbit jumps over a tree.")],
        &[(Response, "A dog."), (Silence, "")],
        &[(Silence, "")],
        &[(Standby, ""), (Standby, ""), (Response, "Now the cat stands near the tree."), (Silence, ""), (Silence, "")],
        &[(Silence, ""), (Response, "")],
    ];
    let questions = ["What is happening?", "Who is there?", "Is it done?", "Tell me when it stands.", "And now?"];
    let lesson = |(index, (rounds, question)): (usize, (&&Rounds, &str))| {
        let frames: Vec<_> =
            (0..rounds.len()).map(|round| fixtures::picture(&format!("wide{}.png", (3 * index + round) % 8))).collect();
        learner.lesson(&script(question, rounds), &frames)
    };
    rounds.iter().zip(questions).enumerate().map(lesson).collect()
}

#[test]
fn gradients_do_not_depend_on_how_a_batch_is_split() {
    let learner = Learner::load(&fixtures::path("gradients"), &Device::flex());
    let lessons = dialogues(&learner);
    let whole = counted(&lessons);
    for objective in OBJECTIVES {
        let split = |together: usize| {
            let (mut parts, mut loss) = (Vec::new(), 0.0);
            for lessons in lessons.chunks(together) {
                let (part, tally) = learner.gradients(&learner.batch(lessons), objective, &whole);
                parts.push(part);
                loss += tally.loss;
            }
            (learner.named(&Gradients::sum(parts).0), loss)
        };
        let (at_once, expected) = split(lessons.len());
        for together in [1, 2, 3] {
            let (found, loss) = split(together);
            assert!((loss / expected - 1.0).abs() < 1e-6, "{objective:?}, {together}: {loss} for {expected}");
            let errors = found.iter().map(|(name, found)| (relative_error(found, &at_once[name]), name));
            let (worst, name) = errors.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
            println!("{objective:?}, {together} at once: {name} is off by {worst:.1e}");
            assert!(worst < 1e-5, "{objective:?}, {together} at once: {name} is off by {worst:.1e}");
        }
    }
}

/// The slope of the loss along some directions of every parameter, found by going a little way forward and back.
///
/// The logits are f32, good to about 1e-6, so a slope is good to that by the way: 4e-4. What is more than that is held to
/// 1 %.
#[test]
fn gradients_are_the_slopes_of_the_loss() {
    let untied = checkpoint::write(&MODELS[0], 5);
    for (model, path) in [("tied", fixtures::path("gradients")), ("untied", untied.path().to_owned())] {
        let learner = Learner::load(&path, &Device::flex());
        let lessons = &dialogues(&learner)[..2];
        let (batch, whole) = (learner.batch(lessons), counted(lessons));
        for objective in OBJECTIVES {
            let (gradients, tally) = learner.gradients(&batch, objective, &whole);
            let loss = |model: &Model| {
                let logits: Vec<f32> = batch.logits(model).into_data().iter().collect();
                loss(&logits, batch.targets(), objective, &whole)
            };
            assert!((tally.loss / loss(&learner.model) - 1.0).abs() < 1e-6);
            let (mut compared, mut worst) = (0, 0.0_f64);
            for (place, gradient) in gradients.0.iter().enumerate() {
                let gradient = numbers(gradient.as_ref().unwrap());
                for (what, direction) in directions(&gradient, 17 * place as u64) {
                    let expected: f64 =
                        gradient.iter().zip(&direction).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                    // Where it is steep it bends soon.
                    let way = 4e-3 / expected.abs().max(1.0);
                    let slope = slope(&learner, place, &direction, way, loss);
                    let off = (slope - expected).abs();
                    assert!(
                        off < 0.01 * expected.abs() + 4e-4,
                        "{model}, {objective:?}, parameter {place} along {what}: {slope} for {expected}"
                    );
                    if expected.abs() > 0.05 {
                        (compared, worst) = (compared + 1, worst.max(off / expected.abs()));
                    }
                }
            }
            println!("{model}, {objective:?}: {compared} slopes above 0.05 are off by {worst:.1e} at most");
            assert!(compared > 30);
        }
    }
}

/// The loss in f64, word by word.
fn loss(logits: &[f32], targets: &[Target], objective: Objective, whole: &Count) -> f64 {
    let rows = logits.chunks(logits.len() / targets.len()).zip(targets);
    let of_row = |(row, target): (&[f32], &Target)| {
        let largest = row.iter().fold(f64::MIN, |largest, &logit| largest.max(logit.into()));
        let sum: f64 = row.iter().map(|&logit| (f64::from(logit) - largest).exp()).sum();
        let log_p = f64::from(row[target.id as usize]) - largest - sum.ln();
        let weight = match (target.state, objective) {
            (None, _) | (_, Objective::Plain) => 1.0,
            (Some(state), Objective::Fixed { weights }) => weights[state as usize],
            (Some(state), Objective::Focal { gamma }) => {
                let states: usize = whole.states.iter().sum();
                let alpha = states as f64 / 3.0 / whole.states[state as usize] as f64;
                alpha * (1.0 - log_p.exp()).powf(gamma)
            }
        };
        -weight * log_p
    };
    rows.map(of_row).sum::<f64>() / whole.targets as f64
}

/// Directions of length 1: the gradient's own, that of its largest number, and one at random.
fn directions(gradient: &[f32], seed: u64) -> [(&'static str, Vec<f32>); 3] {
    let normed = |values: Vec<f32>| -> Vec<f32> {
        let norm = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        values.iter().map(|value| value / norm).collect()
    };
    let largest = (0..gradient.len()).max_by(|&a, &b| gradient[a].abs().total_cmp(&gradient[b].abs())).unwrap();
    let mut alone = vec![0.0; gradient.len()];
    alone[largest] = 1.0;
    let mut random = Random(seed);
    let any = gradient.iter().map(|_| random.normal()).collect();
    [("its gradient", normed(gradient.to_vec())), ("its largest number", alone), ("any direction", normed(any))]
}

fn slope(learner: &Learner, place: usize, direction: &[f32], way: f64, loss: impl Fn(&Model) -> f64) -> f64 {
    let direction = Tensor::from_data(TensorData::new(direction.to_vec(), [direction.len()]), learner.model.device());
    let at = |by: f64| loss(&learner.moved(place, &direction, by));
    // Four points: what is left is of the fourth order.
    let [near, far] = [way, 2.0 * way].map(|way| (at(way) - at(-way)) / (2.0 * way));
    (4.0 * near - far) / 3.0
}
