use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::{Builder, NamedTempFile};
use thiserror::Error;

/// A file of samples that cannot be written.
#[derive(Debug, Error)]
#[error("cannot write {path}: {source}; choose another place")]
pub struct SampleFileError {
    path: PathBuf,
    source: io::Error,
}

/// A file of samples being written: JSON lines where its name ends in `.jsonl`, otherwise a JSON list with a sample a
/// line. It is there when it is [finished](Self::finish), whole, and before that in no part.
#[derive(Debug)]
pub struct SampleFile {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
    lines: bool,
    samples: u64,
}

impl SampleFile {
    /// Begins the file at `path`.
    ///
    /// # Errors
    ///
    /// The directory takes no file.
    pub fn create(path: &Path) -> Result<Self, SampleFileError> {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // In its own words, which name a temporary file, a refusal is a riddle.
        let refused = |source: io::Error| SampleFileError { path: path.to_owned(), source: source.kind().into() };
        if path.is_dir() {
            return Err(refused(io::ErrorKind::IsADirectory.into()));
        }
        let mut builder = Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = BufWriter::new(builder.tempfile_in(directory).map_err(refused)?);
        let lines = path.extension().is_some_and(|extension| extension == "jsonl");
        Ok(Self { path: path.to_owned(), file, lines, samples: 0 })
    }

    /// Writes a sample.
    ///
    /// # Errors
    ///
    /// The disk is full, or otherwise takes no more.
    pub fn add(&mut self, sample: &impl Serialize) -> Result<(), SampleFileError> {
        let before = match (self.lines, self.samples) {
            (true, _) => "",
            (false, 0) => "[\n",
            (false, _) => ",\n",
        };
        self.samples += 1;
        self.write(before)?;
        serde_json::to_writer(&mut self.file, sample).map_err(|error| self.refused(error.into()))?;
        self.write(if self.lines { "\n" } else { "" })
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub fn finish(mut self) -> Result<(), SampleFileError> {
        self.write(match (self.lines, self.samples) {
            (true, _) => "",
            (false, 0) => "[]\n",
            (false, _) => "\n]\n",
        })?;
        let Self { path, file, .. } = self;
        let refused = |source: io::Error| SampleFileError { path: path.clone(), source: source.kind().into() };
        let file = file.into_inner().map_err(|error| refused(error.into_error()))?;
        file.persist(&path).map_err(|error| refused(error.error))?;
        Ok(())
    }

    fn write(&mut self, text: &str) -> Result<(), SampleFileError> {
        self.file.write_all(text.as_bytes()).map_err(|error| self.refused(error))
    }

    fn refused(&self, source: io::Error) -> SampleFileError {
        SampleFileError { path: self.path.clone(), source: source.kind().into() }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_are_whole_or_not_there() {
        let directory = tempfile::tempdir().unwrap();
        for (name, written) in [("a.json", ["[]\n", "[\n1\n]\n", "[\n1,\n2\n]\n"]), ("a.jsonl", ["", "1\n", "1\n2\n"])]
        {
            let path = directory.path().join(name);
            for (count, written) in written.into_iter().enumerate() {
                let mut file = SampleFile::create(&path).unwrap();
                (1..=count).for_each(|sample| file.add(&sample).unwrap());
                assert_eq!(path.exists(), count > 0);
                file.finish().unwrap();
                assert_eq!(fs::read_to_string(&path).unwrap(), written);
            }
        }
        drop(SampleFile::create(&directory.path().join("b.json")).unwrap());
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 2, "what is given up leaves nothing");
        assert!(SampleFile::create(directory.path()).is_err());
        assert!(SampleFile::create(&directory.path().join("no/a.json")).is_err());
    }
}
