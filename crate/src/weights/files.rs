use std::io;

use super::WeightsError;

/// Bytes that can be read at any offset without holding the rest.
pub trait Source: Send + Sync {
    /// How many bytes there are.
    fn size(&self) -> u64;

    /// Fills `buffer` with the bytes from `offset` on.
    ///
    /// # Errors
    ///
    /// The system's, or `UnexpectedEof` when the range passes the end.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}

impl<B: AsRef<[u8]> + Send + Sync> Source for B {
    fn size(&self) -> u64 {
        self.as_ref().len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let bytes = usize::try_from(offset)
            .ok()
            .and_then(|start| self.as_ref().get(start..)?.get(..buffer.len()))
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }
}

/// The files of one model, wherever they are.
pub trait Files {
    /// Where the files are, for messages.
    fn place(&self) -> String;

    /// Opens a file by name, `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`WeightsError::Read`] when the file is there and cannot be opened, [`WeightsError::NoDirectory`] when there
    /// is nothing to look into.
    fn open(&self, file: &str) -> Result<Option<Box<dyn Source>>, WeightsError>;

    /// The names of the files, in order; none where they can be asked for by name only.
    ///
    /// # Errors
    ///
    /// [`WeightsError::NoDirectory`].
    fn names(&self) -> Result<Vec<String>, WeightsError> {
        Ok(Vec::new())
    }

    /// A whole small file, such as `config.json`; `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`WeightsError::Read`], or [`WeightsError::Damaged`] when it is larger than any such file.
    fn read(&self, file: &str) -> Result<Option<Vec<u8>>, WeightsError> {
        const LARGEST: u64 = 256 << 20;
        let Some(source) = self.open(file)? else {
            return Ok(None);
        };
        if source.size() > LARGEST {
            return Err(WeightsError::Damaged {
                file: file.to_owned(),
                reason: format!("it has {} bytes", source.size()),
            });
        }
        let mut bytes = vec![0; source.size() as usize];
        source.read_at(0, &mut bytes).map_err(|source| WeightsError::Read { file: file.to_owned(), source })?;
        Ok(Some(bytes))
    }

    /// As [`read`](Self::read), for a file that must be there.
    ///
    /// # Errors
    ///
    /// As `read`, and [`WeightsError::MissingFile`].
    fn required(&self, file: &str) -> Result<Vec<u8>, WeightsError> {
        self.read(file)?.ok_or_else(|| WeightsError::MissingFile { place: self.place(), file: file.to_owned() })
    }
}

/// Files that are part of the program.
#[derive(Debug, Clone, Copy)]
pub struct Embedded {
    /// What to call them.
    pub name: &'static str,
    /// Names and contents.
    pub files: &'static [(&'static str, &'static [u8])],
}

impl Files for Embedded {
    fn place(&self) -> String {
        self.name.to_owned()
    }

    fn open(&self, file: &str) -> Result<Option<Box<dyn Source>>, WeightsError> {
        let found = self.files.iter().find(|(name, _)| *name == file);
        Ok(found.map(|&(_, bytes)| Box::new(bytes) as Box<dyn Source>))
    }

    fn names(&self) -> Result<Vec<String>, WeightsError> {
        Ok(self.files.iter().map(|(name, _)| (*name).to_owned()).collect())
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub use directory::Directory;

#[cfg(not(target_arch = "wasm32"))]
mod directory {
    use std::fs::File;
    use std::io::{self, Read, Seek, SeekFrom};
    use std::path::PathBuf;
    use std::sync::{Mutex, PoisonError};

    use super::{Files, Source, WeightsError};

    /// A directory on disk.
    #[derive(Debug, Clone)]
    pub struct Directory(pub PathBuf);

    impl Files for Directory {
        fn place(&self) -> String {
            self.0.display().to_string()
        }

        fn open(&self, file: &str) -> Result<Option<Box<dyn Source>>, WeightsError> {
            let read = |source| WeightsError::Read { file: self.0.join(file).display().to_string(), source };
            let handle = match File::open(self.0.join(file)) {
                Ok(handle) => handle,
                Err(_) if !self.0.is_dir() => return Err(WeightsError::NoDirectory { place: self.place() }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(read(error)),
            };
            let metadata = handle.metadata().map_err(read)?;
            if metadata.is_dir() {
                return Err(read(io::ErrorKind::IsADirectory.into()));
            }
            Ok(Some(Box::new(FileSource { size: metadata.len(), handle: Mutex::new(handle) })))
        }

        fn names(&self) -> Result<Vec<String>, WeightsError> {
            let entries = match self.0.read_dir() {
                Ok(entries) => entries,
                Err(_) if !self.0.is_dir() => return Err(WeightsError::NoDirectory { place: self.place() }),
                // A directory may be closed to looking and open to asking.
                Err(_) => return Ok(Vec::new()),
            };
            // A name that is no text is none of a model's, and what cannot be looked at now is missed when opened.
            let files = entries.flatten().filter(|entry| entry.path().is_file());
            let mut names: Vec<String> = files.filter_map(|entry| entry.file_name().into_string().ok()).collect();
            names.sort_unstable();
            Ok(names)
        }
    }

    struct FileSource {
        size: u64,
        handle: Mutex<File>,
    }

    impl Source for FileSource {
        fn size(&self) -> u64 {
            self.size
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
            // A reader that panicked leaves only a file position behind, and every read sets its own.
            let mut handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
            handle.seek(SeekFrom::Start(offset))?;
            handle.read_exact(buffer)
        }
    }
}
