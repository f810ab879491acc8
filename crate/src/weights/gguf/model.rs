use super::GgufFile;
use super::metadata::Metadata;
use crate::weights::checkpoint::{INDEX, SINGLE};
use crate::weights::{Files, WeightsError};

/// The GGUF files that make up a model, their headers read.
pub struct GgufModel {
    language: Vec<GgufFile>,
    vision: GgufFile,
}

impl GgufModel {
    /// Opens the GGUF files among `files`; `None` where there are none, or where they stand beside safetensors.
    ///
    /// The vision part is the one with `mmproj` in its name; the language model may be in several files, named
    /// `NAME-00001-of-00003.gguf`.
    ///
    /// # Errors
    ///
    /// One of the two parts is not there, or there are several to choose from, or a file is missing, unreadable,
    /// damaged or of a type that streamo does not read.
    pub fn open(files: &dyn Files) -> Result<Option<Self>, WeightsError> {
        let names = names_among(files)?;
        if names.is_empty() {
            return Ok(None);
        }
        let (vision, language): (Vec<&String>, Vec<&String>) = names.iter().partition(|name| is_vision(name));
        let mut models: Vec<(&str, usize)> = language.iter().map(|name| split_of(name)).collect();
        models.sort_unstable();
        models.dedup();
        let models = models.iter().map(|&(model, parts)| (model, (model, parts)));
        let (model, parts) = only(files, "language model", "name one, as in --model DIR/FILE.gguf", models)?;
        let parts_of_vision = vision.iter().map(|name| (name.as_str(), name.as_str()));
        let vision = only(files, "vision part", "keep one of them there", parts_of_vision)?;
        let open = |name: &str| {
            let source = files
                .open(name)?
                .ok_or_else(|| WeightsError::MissingShard { place: files.place(), file: name.to_owned() })?;
            GgufFile::open(name, source)
        };
        let language = match parts {
            0 => vec![open(model)?],
            _ => (1..=parts).map(|part| open(&split_name(model, part, parts))).collect::<Result<_, _>>()?,
        };
        Ok(Some(Self { language, vision: open(vision)? }))
    }

    /// Whether [`open`](Self::open) would find any; none is opened.
    ///
    /// # Errors
    ///
    /// As [`Files::names`].
    pub fn is_among(files: &dyn Files) -> Result<bool, WeightsError> {
        Ok(!names_among(files)?.is_empty())
    }

    /// The name of the language model's first file, and its keys.
    pub fn language(&self) -> (&str, &Metadata) {
        // There is one at least: `open` has opened it.
        (&self.language[0].name, &self.language[0].metadata)
    }

    /// The name of the vision part's file, and its keys.
    pub fn vision(&self) -> (&str, &Metadata) {
        (&self.vision.name, &self.vision.metadata)
    }

    /// Whether there is a tensor of this name in any of the files.
    pub fn contains(&self, tensor: &str) -> bool {
        self.language.iter().chain([&self.vision]).any(|file| file.tensors.iter().any(|(name, ..)| name == tensor))
    }

    /// Every file, the language model's first.
    pub(in crate::weights) fn into_files(self) -> impl Iterator<Item = GgufFile> {
        self.language.into_iter().chain([self.vision])
    }
}

/// The GGUF files among `files`; none where safetensors stand beside them.
fn names_among(files: &dyn Files) -> Result<Vec<String>, WeightsError> {
    let mut names = files.names()?;
    let safetensors = names.iter().any(|name| matches!(name.as_str(), SINGLE | INDEX));
    names.retain(|name| !safetensors && is_gguf(name));
    Ok(names)
}

/// The only one of `candidates`, which come with their names.
fn only<'a, T>(
    files: &dyn Files,
    part: &'static str,
    advice: &'static str,
    candidates: impl Iterator<Item = (&'a str, T)>,
) -> Result<T, WeightsError> {
    let (names, mut found): (Vec<&str>, Vec<T>) = candidates.unzip();
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(_), false) => {
            Err(WeightsError::SeveralParts { place: files.place(), part, names: names.join(" and "), advice })
        }
        (None, _) => Err(WeightsError::NoPart { place: files.place(), part }),
    }
}

fn is_gguf(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".gguf")
}

fn is_vision(name: &str) -> bool {
    name.to_ascii_lowercase().contains("mmproj")
}

/// The name of a model and the number of its files; the file's own name and 0 where it is whole.
fn split_of(name: &str) -> (&str, usize) {
    let digits = |text: &str| (text.len() == 5).then(|| text.parse().ok()).flatten();
    let split = || {
        let (rest, parts) = name.strip_suffix(".gguf")?.rsplit_once("-of-")?;
        let (model, part) = rest.rsplit_once('-')?;
        let (part, parts): (usize, usize) = (digits(part)?, digits(parts)?);
        (1..=parts).contains(&part).then_some((model, parts))
    };
    split().unwrap_or((name, 0))
}

fn split_name(model: &str, part: usize, parts: usize) -> String {
    format!("{model}-{part:05}-of-{parts:05}.gguf")
}

#[cfg(not(target_arch = "wasm32"))]
pub use named::NamedModel;

#[cfg(not(target_arch = "wasm32"))]
mod named {
    use std::path::{Path, PathBuf};

    use super::{is_gguf, is_vision, split_of};
    use crate::weights::{Directory, Files, Source, WeightsError};

    /// A language model that is named by one of its GGUF files: what else stands beside it is not the model's, but
    /// for the vision part and `streamo.json`.
    #[derive(Debug, Clone)]
    pub struct NamedModel {
        path: PathBuf,
        directory: Directory,
    }

    impl NamedModel {
        /// The model of `path`, if that is the name of a GGUF file and of no directory.
        pub fn at(path: &Path) -> Option<Self> {
            let named = path.file_name().and_then(|name| name.to_str()).is_some_and(is_gguf);
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let directory = Directory(parent.to_owned());
            (named && !path.is_dir()).then(|| Self { path: path.to_owned(), directory })
        }

        fn file(&self) -> &str {
            // `at` has seen that the name is text.
            self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
        }

        /// Whether `file` is the model's.
        fn has(&self, file: &str) -> bool {
            split_of(file) == split_of(self.file()) || is_gguf(file) && is_vision(file) || file == "streamo.json"
        }
    }

    impl Files for NamedModel {
        fn place(&self) -> String {
            self.path.display().to_string()
        }

        fn open(&self, file: &str) -> Result<Option<Box<dyn Source>>, WeightsError> {
            if !self.has(file) {
                return Ok(None);
            }
            match self.directory.open(file)? {
                None if file == self.file() => {
                    Err(WeightsError::Read { file: self.place(), source: std::io::ErrorKind::NotFound.into() })
                }
                found => Ok(found),
            }
        }

        fn names(&self) -> Result<Vec<String>, WeightsError> {
            let mut names = self.directory.names()?;
            names.retain(|name| self.has(name));
            if !names.iter().any(|name| name == self.file()) {
                names.push(self.file().to_owned());
            }
            Ok(names)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_model_is_known_by_its_name() {
        assert_eq!(split_of("q-Q4_K_M-00002-of-00003.gguf"), ("q-Q4_K_M", 3));
        assert_eq!(split_name("q-Q4_K_M", 2, 3), "q-Q4_K_M-00002-of-00003.gguf");
        for whole in ["q.gguf", "q-00004-of-00003.gguf", "q-00000-of-00003.gguf", "q-1-of-3.gguf", "-of-.gguf", ""] {
            assert_eq!(split_of(whole), (whole, 0));
        }
    }
}
