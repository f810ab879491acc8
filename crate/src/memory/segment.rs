use burn::tensor::Tensor;

/// What a segment is for, and so when it may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The system turn: never leaves.
    System,
    /// A standing question's own words: stay until it is withdrawn, and with them the rest of their round's text.
    Question,
    /// A round's scaffolding: its opening, time tag, silent state, turn ends. Leaves with the frame.
    Turn,
    /// A round's visual tokens: leave first.
    Frame,
    /// A state that was a response, and its text: stays longer than frames.
    Answer,
}

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: u32,
    /// Where its keys and values stand; none until it is admitted.
    pub slot: Option<u32>,
}

/// The visual tokens inside a segment.
#[derive(Debug, Clone)]
pub struct Image {
    /// The first of them, counted in the segment's tokens.
    pub start: usize,
    /// Rows of visual tokens.
    pub rows: usize,
    /// Columns of visual tokens.
    pub columns: usize,
    /// `[rows · columns, hidden]`, until they are computed.
    pub features: Option<Tensor<2>>,
}

impl Image {
    /// How many visual tokens there are.
    pub fn tokens(&self) -> usize {
        self.rows * self.columns
    }
}

/// A run of tokens that come and go together.
#[derive(Debug, Clone)]
pub struct Segment {
    /// What it is for.
    pub kind: Kind,
    /// The round it belongs to; 0 for the system turn.
    pub round: u64,
    /// Its tokens, in order.
    pub tokens: Vec<Token>,
    /// Its visual tokens, if any.
    pub image: Option<Image>,
}

impl Segment {
    /// Time, height and width of every token when the segment starts at position `start`, and the position after it.
    ///
    /// Text advances all three axes by one a token. An image stands still in time, counts its rows and columns, and
    /// advances by its longer side. Follows `get_rope_index` of transformers' Qwen2.5-VL.
    pub(super) fn positions(&self, start: i32) -> (Vec<[i32; 3]>, i32) {
        let mut next = start;
        let mut positions = Vec::with_capacity(self.tokens.len());
        let mut text = |tokens: usize, positions: &mut Vec<[i32; 3]>| {
            positions.extend((next..next + tokens as i32).map(|p| [p; 3]));
            next += tokens as i32;
            next
        };
        let Some(image) = &self.image else {
            let next = text(self.tokens.len(), &mut positions);
            return (positions, next);
        };
        let base = text(image.start, &mut positions);
        let cells = (0..image.rows as i32).flat_map(|row| (0..image.columns as i32).map(move |column| (row, column)));
        positions.extend(cells.map(|(row, column)| [base, base + row, base + column]));
        next = base + image.rows.max(image.columns) as i32;
        let rest = self.tokens.len() - image.start - image.tokens();
        positions.extend((next..next + rest as i32).map(|p| [p; 3]));
        (positions, next + rest as i32)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{Image, Kind};
    use crate::memory::Sequence;

    /// A sequence of the fixture's parts; with `joined`, text before an image stands in the image's own segment.
    fn sequence(parts: &[Value], joined: bool) -> Sequence {
        let mut sequence = Sequence::new(1000);
        let mut before = 0;
        for part in parts {
            let number = |index: usize| part[index].as_u64().unwrap() as usize;
            if part[0] == "text" {
                before += number(1);
                continue;
            }
            let start = if joined { before } else { 0 };
            sequence.append(Kind::Turn, 0, &vec![1; before - start]);
            let image = Image { start, rows: number(1) / 2, columns: number(2) / 2, features: None };
            sequence.append_frame(0, &vec![2; start + image.tokens()], image);
            before = 0;
        }
        // One more token shows the position after the last.
        sequence.append(Kind::Turn, 0, &vec![1; before + 1]);
        sequence
    }

    #[test]
    fn positions_equal_the_reference() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/rope_index.json");
        let fixture: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let cases = fixture["sequences"].as_array().unwrap();
        assert!(cases.len() >= 5);
        for case in cases {
            for joined in [false, true] {
                let found = sequence(case["parts"].as_array().unwrap(), joined).positions();
                let axis = |name: &str| {
                    let mut expected: Vec<i32> = serde_json::from_value(case[name].clone()).unwrap();
                    expected.push(case["next"].as_i64().unwrap() as i32);
                    expected
                };
                for (index, name) in ["t", "h", "w"].into_iter().enumerate() {
                    let found: Vec<i32> = found.iter().map(|position| position[index]).collect();
                    assert_eq!(found, axis(name), "{name} of {}", case["parts"]);
                }
            }
        }
    }
}
