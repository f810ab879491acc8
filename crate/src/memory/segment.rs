use burn::tensor::Tensor;

/// What a segment is for, and so when it may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The system turn: never leaves.
    System,
    /// A round's opening that carries a standing question: stays, with the rest of the round's text.
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
