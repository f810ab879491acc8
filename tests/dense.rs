//! The decoder written out plainly in f64, over everything a stream has ever seen.
//!
//! Nothing is ever dropped: a token's keys and values of every layer stay for good, keys as they were before rotation.
//! What a pass may look at, and at which positions, is said anew for every pass; that is the law of the memory.

use streamo_wgpu::language::LanguageConfig;
use streamo_wgpu::weights::{Checkpoint, Part};

type Row = Vec<f64>;

/// A token of a pass: its number among all tokens ever seen, and its position in time, height and width.
pub type Place = (usize, [i32; 3]);

/// Tokens that stand together.
#[derive(Debug, Clone)]
pub struct Stretch {
    /// Their numbers among all tokens ever seen.
    pub tokens: Vec<usize>,
    /// Rows and columns of a frame, whose first visual token is the second.
    pub image: Option<(usize, usize)>,
}

struct Matrix {
    /// `[outputs][inputs]`
    rows: Vec<Row>,
    bias: Option<Row>,
}

impl Matrix {
    fn apply(&self, x: &[f64]) -> Row {
        let products = self.rows.iter().map(|row| dot(row, x));
        match &self.bias {
            Some(bias) => products.zip(bias).map(|(product, bias)| product + bias).collect(),
            None => products.collect(),
        }
    }
}

struct Layer {
    attention_norm: Row,
    query: Matrix,
    key: Matrix,
    value: Matrix,
    output: Matrix,
    mlp_norm: Row,
    gate: Matrix,
    up: Matrix,
    down: Matrix,
    /// Of every token ever seen, before rotation; empty until it is computed.
    keys: Vec<Row>,
    values: Vec<Row>,
}

pub struct Dense {
    config: LanguageConfig,
    embedding: Vec<Row>,
    layers: Vec<Layer>,
    norm: Row,
    head: Option<Matrix>,
}

impl Dense {
    /// From the very tensors that the model under test was loaded from.
    pub fn read(config: &LanguageConfig, checkpoint: &Checkpoint) -> Self {
        let rows = |part, name: &str, outputs: usize, inputs: usize| -> Vec<Row> {
            let values = checkpoint.read(part, name, &[outputs, inputs], 0..outputs).unwrap().values;
            values.chunks(inputs).map(|row| row.iter().copied().map(f64::from).collect()).collect()
        };
        let vector = |name: &str, length: usize| -> Row {
            let values = checkpoint.read(Part::Language, name, &[length], 0..length).unwrap().values;
            values.into_iter().map(f64::from).collect()
        };
        let (hidden, inner) = (config.hidden, config.intermediate);
        let (wide, narrow) = (config.heads * config.head, config.kv_heads * config.head);
        let layer = |index: usize| {
            let name = |tensor: &str| format!("layers.{index}.{tensor}");
            let matrix = |tensor: &str, outputs, inputs, bias: bool| Matrix {
                rows: rows(Part::Language, &name(&format!("{tensor}.weight")), outputs, inputs),
                bias: bias.then(|| vector(&name(&format!("{tensor}.bias")), outputs)),
            };
            Layer {
                attention_norm: vector(&name("input_layernorm.weight"), hidden),
                query: matrix("self_attn.q_proj", wide, hidden, true),
                key: matrix("self_attn.k_proj", narrow, hidden, true),
                value: matrix("self_attn.v_proj", narrow, hidden, true),
                output: matrix("self_attn.o_proj", hidden, wide, false),
                mlp_norm: vector(&name("post_attention_layernorm.weight"), hidden),
                gate: matrix("mlp.gate_proj", inner, hidden, false),
                up: matrix("mlp.up_proj", inner, hidden, false),
                down: matrix("mlp.down_proj", hidden, inner, false),
                keys: Vec::new(),
                values: Vec::new(),
            }
        };
        Self {
            embedding: rows(Part::Language, "embed_tokens.weight", config.vocabulary, hidden),
            layers: (0..config.layers).map(layer).collect(),
            norm: vector("norm.weight", hidden),
            head: (!config.tied)
                .then(|| Matrix { rows: rows(Part::Head, "weight", config.vocabulary, hidden), bias: None }),
            config: config.clone(),
        }
    }

    /// Whether a token has keys and values.
    pub fn computed(&self, token: usize) -> bool {
        self.layers[0].keys.get(token).is_some_and(|key| !key.is_empty())
    }

    pub fn embed(&self, id: u32) -> Row {
        self.embedding[id as usize].clone()
    }

    /// Computes new tokens and returns the logits after the last of them.
    ///
    /// `kept`: all that this pass may look at, in order, the new tokens last; `inputs`: theirs, `[new][hidden]`.
    pub fn pass(&mut self, kept: &[Place], inputs: Vec<Row>) -> Vec<f64> {
        let first = kept.len() - inputs.len();
        let mut x = inputs;
        for layer in &mut self.layers {
            let normed: Vec<Row> = x.iter().map(|row| norm(row, &layer.attention_norm, self.config.epsilon)).collect();
            for (row, &(token, _)) in normed.iter().zip(&kept[first..]) {
                if layer.keys.len() <= token {
                    layer.keys.resize(token + 1, Row::new());
                    layer.values.resize(token + 1, Row::new());
                }
                assert!(layer.keys[token].is_empty(), "a token is computed once");
                layer.keys[token] = layer.key.apply(row);
                layer.values[token] = layer.value.apply(row);
            }
            // Turned by where each token stands in this pass, wherever it stood in its own.
            let keys: Vec<Row> = kept
                .iter()
                .map(|&(token, position)| {
                    assert!(!layer.keys[token].is_empty(), "what is kept was computed");
                    rotate(&layer.keys[token], position, &self.config)
                })
                .collect();
            for (index, (row, normed)) in x.iter_mut().zip(&normed).enumerate() {
                let own = first + index;
                let query = rotate(&layer.query.apply(normed), kept[own].1, &self.config);
                let values: Vec<&Row> = kept[..=own].iter().map(|&(token, _)| &layer.values[token]).collect();
                let seen = attend(&query, &keys[..=own], &values, &self.config);
                add(row, &layer.output.apply(&seen));
                let inner = norm(row, &layer.mlp_norm, self.config.epsilon);
                let gated: Row = layer.gate.apply(&inner).iter().map(|g| g / (1.0 + (-g).exp())).collect();
                let product: Row = gated.iter().zip(layer.up.apply(&inner)).map(|(gate, up)| gate * up).collect();
                add(row, &layer.down.apply(&product));
            }
        }
        let last = norm(&x[x.len() - 1], &self.norm, self.config.epsilon);
        match &self.head {
            Some(head) => head.apply(&last),
            None => self.embedding.iter().map(|row| dot(row, &last)).collect(),
        }
    }
}

/// Where every token stands, contiguous from 0, and the position after the last. Text goes forward on all three axes;
/// a picture stands still in time, and what follows it comes after its longer side.
pub fn places(stretches: &[Stretch]) -> (Vec<Place>, i32) {
    let (mut places, mut next) = (Vec::new(), 0);
    for Stretch { tokens, image } in stretches {
        let (rows, columns) = image.unwrap_or_default();
        for (index, &token) in tokens.iter().enumerate() {
            if (1..=rows * columns).contains(&index) {
                let cell = index - 1;
                places.push((token, [next, next + (cell / columns) as i32, next + (cell % columns) as i32]));
                next += if index == rows * columns { rows.max(columns) as i32 } else { 0 };
            } else {
                places.push((token, [next; 3]));
                next += 1;
            }
        }
    }
    (places, next)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(row: &mut [f64], more: &[f64]) {
    row.iter_mut().zip(more).for_each(|(value, more)| *value += more);
}

fn norm(x: &[f64], gamma: &[f64], epsilon: f64) -> Row {
    let scale = (dot(x, x) / x.len() as f64 + epsilon).sqrt();
    x.iter().zip(gamma).map(|(value, gamma)| value / scale * gamma).collect()
}

/// M-RoPE: in every head, features `i` and `i + d/2` turn by the angle of frequency `i` at the position on the axis
/// that `i` belongs to.
fn rotate(x: &[f64], position: [i32; 3], config: &LanguageConfig) -> Row {
    let half = config.head / 2;
    let axes = (0..3).flat_map(|axis| std::iter::repeat_n(axis, config.sections[axis]));
    let angles: Row = axes
        .enumerate()
        .map(|(i, axis)| f64::from(position[axis]) / config.theta.powf(i as f64 / half as f64))
        .collect();
    let mut turned = x.to_vec();
    for (from, to) in x.chunks(config.head).zip(turned.chunks_mut(config.head)) {
        for (i, angle) in angles.iter().enumerate() {
            let (sin, cos) = angle.sin_cos();
            to[i] = from[i] * cos - from[i + half] * sin;
            to[i + half] = from[i + half] * cos + from[i] * sin;
        }
    }
    turned
}

fn attend(query: &[f64], keys: &[Row], values: &[&Row], config: &LanguageConfig) -> Row {
    let size = config.head;
    let mut seen = Row::with_capacity(query.len());
    for (head, query) in query.chunks(size).enumerate() {
        let shared = head / (config.heads / config.kv_heads) * size;
        let scores: Row = keys.iter().map(|key| dot(query, &key[shared..][..size]) / (size as f64).sqrt()).collect();
        let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Row = scores.iter().map(|score| (score - largest).exp()).collect();
        let sum: f64 = weights.iter().sum();
        seen.extend((0..size).map(|i| dot(&weights, &values.iter().map(|v| v[shared + i]).collect::<Row>()) / sum));
    }
    seen
}
