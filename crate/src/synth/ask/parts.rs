//! What each part of a picture shows, in words.

use super::dense::View;
use crate::synth::plot::Plot;

/// How much of a part a thing fills that is seen in it.
const SEEN: f64 = 0.35;

/// The words for each part of the picture at `time`, which is cut into `rows` by `columns` of them, row by row: colour and kind
/// of what is seen there, and what is otherwise than in the picture at `before`; or that there is nothing.
pub(in crate::synth) fn parts(
    plot: &Plot,
    time: f64,
    before: Option<f64>,
    [rows, columns]: [usize; 2],
) -> Vec<Vec<&'static str>> {
    let view = View::of(plot, time, before);
    let mut parts = vec![vec![view.nothing()]; rows * columns];
    let mut things = view.things().to_vec();
    // What is gone hides nothing, and what is in front hides the others.
    let depth = |actor: usize| plot.actors[actor].height.at(time);
    things.sort_by(|a, b| a.place.is_some().cmp(&b.place.is_some()).then(depth(a.actor).total_cmp(&depth(b.actor))));
    for thing in things {
        let when = if thing.place.is_some() { time } else { before.unwrap_or(time) };
        let pose = plot.actors[thing.actor].pose(when);
        let across = [pose.left().max(0.0), pose.right().min(plot.aspect)];
        let down = [(pose.bottom - pose.height).max(0.0), pose.bottom.min(1.0)];
        let words: Vec<&str> = thing.parts().collect();
        for (part, seen) in parts.iter_mut().enumerate() {
            let fills = filled(across, plot.aspect, columns, part % columns) * filled(down, 1.0, rows, part / columns);
            let holds_middle =
                is_middle(across, plot.aspect, columns, part % columns) && is_middle(down, 1.0, rows, part / columns);
            if fills >= SEEN || holds_middle {
                seen.clone_from(&words);
            }
        }
    }
    parts
}

/// How much of part `index` of so many in `0..length` is inside `stretch`.
fn filled(stretch: [f64; 2], length: f64, count: usize, index: usize) -> f64 {
    let part = length / count as f64;
    let [start, end] = [index as f64 * part, (index + 1) as f64 * part];
    (stretch[1].min(end) - stretch[0].max(start)).max(0.0) / part
}

/// Whether it is the one in which the middle of `stretch` lies.
fn is_middle(stretch: [f64; 2], length: f64, count: usize, index: usize) -> bool {
    (0.5 * (stretch[0] + stretch[1]) / length * count as f64) as usize == index
}
