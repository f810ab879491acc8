use super::segment::{Image, Kind, Segment, Token};
use super::slots::Slots;
use super::{Input, MemoryError};
use crate::language::View;

/// The tokens that are kept, in order, and the slots they stand in.
///
/// Pure bookkeeping: it runs without a device.
#[derive(Debug)]
pub struct Sequence {
    pub(super) segments: Vec<Segment>,
    pub(super) slots: Slots,
}

impl Sequence {
    /// An empty sequence over `slots` slots.
    pub fn new(slots: usize) -> Self {
        Self { segments: Vec::new(), slots: Slots::new(slots) }
    }

    /// Appends text. A question is a segment of its own; other text joins what it continues.
    pub fn append(&mut self, kind: Kind, round: u64, ids: &[u32]) {
        if ids.is_empty() {
            return;
        }
        let joins = |last: &Segment| last.kind == kind && last.round == round && last.image.is_none();
        match self.segments.last_mut() {
            Some(last) if kind != Kind::Question && joins(last) => {
                last.tokens.extend(ids.iter().map(|&id| Token { id, slot: None }));
            }
            _ => self.push(kind, round, ids, None),
        }
    }

    /// Appends a frame: `ids` with the visual tokens of `image` among them.
    pub fn append_frame(&mut self, round: u64, ids: &[u32], image: Image) {
        self.push(Kind::Frame, round, ids, Some(image));
    }

    fn push(&mut self, kind: Kind, round: u64, ids: &[u32], image: Option<Image>) {
        let tokens = ids.iter().map(|&id| Token { id, slot: None }).collect();
        self.segments.push(Segment { kind, round, tokens, image });
    }

    /// Takes back the last `count` tokens, which are text.
    pub fn rewind(&mut self, mut count: usize) {
        while count > 0 {
            let Some(last) = self.segments.last_mut() else {
                return;
            };
            let keep = last.tokens.len().saturating_sub(count);
            count -= last.tokens.len() - keep;
            for token in last.tokens.drain(keep..) {
                if let Some(slot) = token.slot {
                    self.slots.give_back(slot);
                }
            }
            if last.tokens.is_empty() {
                self.segments.pop();
            }
        }
    }

    /// Keeps the segments for which `keep` holds and frees the slots of the others.
    pub fn retain(&mut self, mut keep: impl FnMut(&Segment) -> bool) {
        let slots = &mut self.slots;
        self.segments.retain(|segment| {
            let kept = keep(segment);
            if !kept {
                segment.tokens.iter().filter_map(|token| token.slot).for_each(|s| slots.give_back(s));
            }
            kept
        });
    }

    /// What is kept, in order.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// How many tokens are kept, computed or not.
    pub fn len(&self) -> usize {
        self.segments.iter().map(|segment| segment.tokens.len()).sum()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// How many tokens were appended and not computed yet.
    pub fn waiting(&self) -> usize {
        self.tokens().filter(|token| token.slot.is_none()).count()
    }

    /// Slots `0..span` hold all that is kept: what attention runs over. A slot is taken only when every lower one is in
    /// use, so this is never more than the most tokens that were ever kept at once.
    pub fn span(&self) -> usize {
        self.slots.span()
    }

    /// The ids of all tokens that are kept, in order.
    pub fn ids(&self) -> Vec<u32> {
        self.tokens().map(|token| token.id).collect()
    }

    fn tokens(&self) -> impl Iterator<Item = &Token> {
        self.segments.iter().flat_map(|segment| &segment.tokens)
    }

    /// The positions of all tokens that are kept, contiguous from 0: time, height, width.
    pub fn positions(&self) -> Vec<[i32; 3]> {
        let mut next = 0;
        let mut all = Vec::with_capacity(self.len());
        for segment in &self.segments {
            let (positions, after) = segment.positions(next);
            all.extend(positions);
            next = after;
        }
        all
    }

    /// Gives every waiting token a slot and returns what is to be computed, in order.
    pub(super) fn admit(&mut self) -> Result<Vec<Input>, MemoryError> {
        let needed = self.waiting();
        if needed > self.slots.free() {
            return Err(self.too_small(needed));
        }
        let mut inputs = Vec::new();
        for segment in &mut self.segments {
            let image = segment.image.as_ref().map_or(0..0, |i| i.start..i.start + i.tokens());
            for (index, token) in segment.tokens.iter_mut().enumerate() {
                if token.slot.is_some() {
                    continue;
                }
                // There are enough: they were counted above.
                token.slot = self.slots.take();
                if image.contains(&index) {
                    let features = segment.image.as_mut().and_then(|image| image.features.take());
                    inputs.extend(features.map(|features| Input::Features(Box::new(features))));
                } else if let Some(Input::Tokens(ids)) = inputs.last_mut() {
                    ids.push(token.id);
                } else {
                    inputs.push(Input::Tokens(vec![token.id]));
                }
            }
        }
        Ok(inputs)
    }

    /// The view of the last `rows` tokens. Every token must have been admitted.
    pub(super) fn view(&self, rows: usize) -> View {
        let span = self.slots.span();
        let mut view = View {
            order: vec![View::FREE; span],
            positions: [vec![0; span], vec![0; span], vec![0; span]],
            rows: Vec::with_capacity(rows),
        };
        let first_row = self.len() - rows;
        let placed = self.tokens().zip(self.positions()).enumerate();
        for (order, (token, position)) in placed {
            let Some(slot) = token.slot.map(|slot| slot as usize) else {
                continue;
            };
            view.order[slot] = order as i32;
            for (axis, position) in view.positions.iter_mut().zip(position) {
                axis[slot] = position;
            }
            if order >= first_row {
                view.rows.push(slot);
            }
        }
        view
    }

    pub(super) fn too_small(&self, needed: usize) -> MemoryError {
        MemoryError::TooSmall { slots: self.slots.capacity(), pinned: self.pinned(), needed }
    }
}
