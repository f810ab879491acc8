//! Training on a GPU: the steps of the CPU but for rounding, and from one device to the other and back.

use serde_json::Value;

use crate::program::json_lines;
use crate::school::School;

/// Step, loss and norm of every step.
fn steps(lines: &[Value]) -> Vec<(u64, [f64; 2])> {
    let steps = lines.iter().filter(|line| line.get("task").is_none());
    let number = |value: &Value| value.as_f64().unwrap();
    steps.map(|line| (line["step"].as_u64().unwrap(), [&line["tally"]["loss"], &line["norm"]].map(number))).collect()
}

/// Losses of the last validation, by task.
fn validation(lines: &[Value]) -> Vec<(String, f64)> {
    let last = lines.iter().filter(|line| line.get("task").is_some() && line["step"] == 5);
    last.map(|line| (line["task"].to_string(), line["tally"]["loss"].as_f64().unwrap())).collect()
}

#[test]
fn a_gpu_takes_the_steps_of_the_cpu() {
    let school = School::new();
    school.write(&[("steps = 12", "steps = 5"), ("peak = 0.01", "peak = 0.003"), ("validate = 100", "validate = 5")]);
    let there = json_lines(school.train("there").arg("--json"));
    let mut here = Vec::new();
    for (device, until, threads) in [("gpu", "2", "2"), ("cpu", "3", "1"), ("gpu", "5", "0")] {
        let mut going_on = school.train("here");
        here.extend(json_lines(going_on.args(["--json", "--device", device, "--until", until, "--threads", threads])));
    }
    let (found, expected) = (steps(&here), steps(&there));
    assert_eq!(found.len(), 5);
    for ((step, found), (same, expected)) in found.iter().zip(&expected) {
        let off = [0, 1].map(|of| (found[of] / expected[of] - 1.0).abs());
        println!("step {step}: loss and norm are off by {:.1e} and {:.1e}", off[0], off[1]);
        assert!(step == same && off[0] < 1e-5 && off[1] < 1e-5, "step {step}: {found:?} for {expected:?}");
    }
    let (found, expected) = (validation(&here), validation(&there));
    assert_eq!(found.len(), 4);
    for ((task, found), (same, expected)) in found.iter().zip(&expected) {
        assert!(task == same && (found / expected - 1.0).abs() < 1e-5, "{task}: {found} for {expected}");
    }
}
