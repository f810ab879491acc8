//! What happens: the exact log of a film.

use super::thing::{Colour, Kind, Side};

/// Something that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happening {
    /// From outside into the picture; complete when wholly inside.
    ComesIn(Side),
    /// Out of the picture; complete when wholly out of sight.
    Leaves(Side),
    /// In from this side and out at the other without a stop; complete when out. The coming in is an event of its own.
    Crosses(Side),
    /// Stands still after it wandered about; complete a second later.
    Stops,
    /// Grows; complete when it is higher than three quarters of the picture.
    ComesCloser,
    /// An arm goes up, swings, and comes down; complete when it is down.
    Waves,
    /// Takes on this colour; complete when it has it.
    Turns(Colour),
    /// Fades in.
    Appears,
    /// Fades out.
    Vanishes,
    /// Something dark comes over the lens; complete when nothing else is seen.
    Covered,
    /// The lens is free again.
    Uncovered,
    /// It gets dark.
    LightsOff,
    /// It gets bright again.
    LightsOn,
    /// Another place.
    SceneChanges,
    /// Reaches its place; nobody tells of it.
    Settles,
    /// Goes to another place in the picture; nobody tells of it.
    Moves,
    /// Shrinks to what it was; nobody tells of it.
    Recedes,
}

impl Happening {
    /// Whether a narrator would tell of it.
    pub fn is_told(self) -> bool {
        !matches!(self, Happening::Settles | Happening::Moves | Happening::Recedes)
    }
}

/// Who an event is about, as called when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Subject {
    /// Its number in the plot.
    pub actor: usize,
    pub kind: Kind,
    pub colour: Colour,
}

/// One event; times are seconds after the film's start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Event {
    pub happening: Happening,
    pub subject: Option<Subject>,
    /// From when on it is seen to be under way.
    pub start: f64,
    /// When it is complete.
    pub end: f64,
    /// From when on its parts are under way: of a crossing, the coming in. Of others, the start.
    pub begun: f64,
}
