use std::collections::BTreeSet;

/// Which slots are free. The lowest goes first, so that the slots in use stay close together.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    capacity: usize,
    /// Free slots below `frontier`.
    free: BTreeSet<u32>,
    /// Every slot from here on is free.
    frontier: u32,
}

impl Slots {
    pub fn new(capacity: usize) -> Self {
        Self { capacity, free: BTreeSet::new(), frontier: 0 }
    }

    pub fn capacity(&self) -> usize {
        self.capacity
    }

    pub fn free(&self) -> usize {
        self.capacity - self.frontier as usize + self.free.len()
    }

    /// Slots `0..span` hold everything in use.
    pub fn span(&self) -> usize {
        self.frontier as usize
    }

    pub fn take(&mut self) -> Option<u32> {
        self.free.pop_first().or_else(|| {
            let slot = self.frontier;
            ((slot as usize) < self.capacity).then(|| {
                self.frontier += 1;
                slot
            })
        })
    }

    pub fn give_back(&mut self, slot: u32) {
        self.free.insert(slot);
        while self.frontier > 0 && self.free.remove(&(self.frontier - 1)) {
            self.frontier -= 1;
        }
    }
}
