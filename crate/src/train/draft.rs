//! Files and directories that are written under another name first, so that a kill leaves nothing half-written.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// How the name of a draft ends. It is always the same: what a kill leaves of one is written over.
pub const UNFINISHED: &str = "unfinished";

/// Puts `bytes` in the place of the file at `place`, which is the old one or the new one at any time.
///
/// # Errors
///
/// The disk.
pub fn replace_file(place: &Path, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    let draft = place.with_extension(UNFINISHED);
    fs::write(&draft, bytes)?;
    fs::rename(&draft, place)
}

/// Puts what `fill` makes of an empty directory in the place of the directory at `place`, all of it on the disk, or nothing.
///
/// # Errors
///
/// The disk.
pub fn replace_directory(place: &Path, fill: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let draft = place.with_extension(UNFINISHED);
    if draft.exists() {
        fs::remove_dir_all(&draft)?;
    }
    fs::create_dir_all(&draft)?;
    fill(&draft)?;
    for entry in fs::read_dir(&draft)? {
        File::open(entry?.path())?.sync_all()?;
    }
    if place.exists() {
        fs::remove_dir_all(place)?;
    }
    fs::rename(&draft, place)?;
    place.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}
