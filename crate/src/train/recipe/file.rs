//! Files in TOML, and why they cannot be read.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use thiserror::Error;

/// Why what a file asks for cannot be done.
#[derive(Debug, Error)]
pub enum RecipeError {
    /// There is none.
    #[error("cannot read the recipe {path}: {source}", path = .path.display())]
    Unreadable {
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is not TOML, or says what no recipe says.
    #[error("the recipe {path} is not valid: {reason}", path = .path.display())]
    Invalid {
        /// Where it is.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// What the TOML file at `path` says, and the folder in which it stands, from where its paths are seen.
///
/// # Errors
///
/// It is not there, not TOML, or says what no such file says.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<(T, PathBuf), RecipeError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| RecipeError::Unreadable { path: path.to_owned(), source })?;
    let content = toml::from_str(&text).map_err(|error| {
        let reason = error.message().replace('\n', ", ");
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let reason = match before.matches('\n').count() {
            // What the whole file lacks has no line.
            0 => reason,
            lines => format!("{reason}, in line {}", lines + 1),
        };
        RecipeError::Invalid { path: path.to_owned(), reason }
    })?;
    Ok((content, path.parent().unwrap_or(Path::new("")).to_owned()))
}
