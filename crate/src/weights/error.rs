use thiserror::Error;

use crate::device::Bytes;

/// Why a checkpoint could not be read. Each message names the file or tensor and says what to do.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// There is no such directory.
    #[error("{place} is not a directory: give the directory of a Hugging Face checkpoint or of GGUF files")]
    NoDirectory {
        /// The directory that was meant.
        place: String,
    },
    /// A file of the model is not there.
    #[error("{place} has no {file}: give the directory of a Hugging Face checkpoint or of GGUF files")]
    MissingFile {
        /// The directory.
        place: String,
        /// The file's name.
        file: String,
    },
    /// A shard that the index, or the name of another shard, asks for is not there.
    #[error("{place} has no {file}, a shard of the checkpoint: it is incomplete, download it again")]
    MissingShard {
        /// The directory.
        place: String,
        /// The shard's name.
        file: String,
    },
    /// One of the two GGUF files that make up a model is not there.
    #[error("{place} has no {part}: the GGUF files of a model are a language model and its vision part, mmproj-….gguf")]
    NoPart {
        /// The directory.
        place: String,
        /// What is missing.
        part: &'static str,
    },
    /// There are several GGUF files to choose from.
    #[error("{place} has several {part}s, {names}: {advice}")]
    SeveralParts {
        /// The directory.
        place: String,
        /// What there are several of.
        part: &'static str,
        /// Their names.
        names: String,
        /// How to choose.
        advice: &'static str,
    },
    /// The system refused to read a file.
    #[error("cannot read {file}: {source}")]
    Read {
        /// The file's name.
        file: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file is not what its name says.
    #[error("{file} is damaged: {reason}; download it again")]
    Damaged {
        /// The file's name.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file is of a version or kind that cannot be read.
    #[error("{file} is {what}, which streamo does not read: convert the model anew with llama.cpp")]
    Foreign {
        /// The file's name.
        file: String,
        /// What it is.
        what: String,
    },
    /// A tensor of the model is in no file.
    #[error("the checkpoint has no tensor {name}: it is incomplete or of another architecture")]
    MissingTensor {
        /// The tensor's newest name.
        name: String,
    },
    /// A tensor does not have the shape that the configuration asks for.
    #[error("tensor {name} has shape {found:?} where the configuration asks for {expected:?}")]
    Shape {
        /// The tensor's name.
        name: String,
        /// Its shape in the file.
        found: Vec<usize>,
        /// The shape it should have.
        expected: Vec<usize>,
    },
    /// A tensor's number format is not supported.
    #[error("tensor {name} is stored as {format}; convert the checkpoint to f32, f16 or bf16")]
    Format {
        /// The tensor's name.
        name: String,
        /// Its format.
        format: String,
    },
    /// A tensor of a GGUF file is quantised in a way that is not supported.
    #[error(
        "tensor {name} is stored as {format}: take a file with Q4_0, Q4_1, Q4_K, Q5_0, Q6_K, Q8_0, F16, BF16 or F32 \
         only, or make one with llama-quantize (Q4_K_M, Q8_0)"
    )]
    Quantisation {
        /// The tensor's name.
        name: String,
        /// Its format.
        format: String,
    },
    /// A weight is NaN or infinite.
    #[error("tensor {name} holds {value} at element {index}: the checkpoint is broken, export it again")]
    NotFinite {
        /// The tensor's name.
        name: String,
        /// The value found.
        value: f32,
        /// Where.
        index: usize,
    },
    /// A pack was not written to its end.
    #[error("{place} is a pack that was never finished: run streamo pack again, or download it again")]
    PackUnfinished {
        /// The directory.
        place: String,
    },
    /// A pack is of another version.
    #[error(
        "the pack is of version {found} and this streamo reads version {known}: update it, or pack the model again"
    )]
    PackVersion {
        /// The version that its manifest says.
        found: u64,
        /// The version that is known.
        known: u32,
    },
    /// A file that the manifest names is not there.
    #[error("{place} has no {file}, which its manifest names: download the pack again, or pack the model again")]
    PackIncomplete {
        /// The directory.
        place: String,
        /// The file's name.
        file: String,
    },
    /// A file of a pack is not what its manifest says, or the manifest makes no sense.
    #[error("{file} is damaged: {reason}; download the pack again, or pack the model again")]
    PackDamaged {
        /// The file's name.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Another format was asked for than the pack holds.
    #[error("{place} is a pack in {held}, not in {wanted}: leave --weights out, or give the model it was packed from")]
    PackFormat {
        /// The directory.
        place: String,
        /// What it holds.
        held: &'static str,
        /// What was asked for.
        wanted: &'static str,
    },
    /// A tensor is larger than the device takes in one piece, or than what is left of its memory.
    #[error(
        "tensor {name} needs {} and the device takes {} at most: run with --device cpu, or take a smaller model",
        Bytes(*.bytes), Bytes(*.most)
    )]
    TensorTooLarge {
        /// The tensor's name.
        name: String,
        /// Its size there.
        bytes: u64,
        /// What there is room for.
        most: u64,
    },
    /// All tensors together are larger than the memory that is left.
    #[error(
        "the weights need {} and {} of memory are free: close other programs, or take a smaller model",
        Bytes(*.bytes), Bytes(*.free)
    )]
    TooLarge {
        /// Their size on the device.
        bytes: u64,
        /// What there is room for.
        free: u64,
    },
}
