use std::fmt;

use wasm_bindgen::JsValue;

use crate::bench::{BenchError, SizeError};
use crate::device::DeviceError;
use crate::kernels::self_test::SelfTestError;
use crate::memory::MemoryError;
use crate::model::LoadError;
use crate::stream::{QuestionError, SessionError};
use crate::weights::WeightsError;

/// An error as the npm package has it: one of its codes, and a sentence. What to do is for the package to say, which knows
/// no flags of a command line.
#[derive(Debug)]
pub struct Failure {
    code: &'static str,
    message: String,
}

impl Failure {
    /// The caller asks for what cannot be.
    pub fn invalid(message: impl ToString) -> Self {
        Self { code: "invalid", message: message.to_string() }
    }

    /// The browser has no WebGPU.
    pub fn no_webgpu() -> Self {
        Self { code: "no-webgpu", message: "this browser has no WebGPU".to_owned() }
    }

    /// Why there is no GPU, without particulars.
    pub fn in_short(&self) -> &'static str {
        match self.code {
            "no-webgpu" => "this browser has no WebGPU",
            _ => "the browser has WebGPU, and no adapter for it that can be used",
        }
    }

    /// The GPU is of no more use, for a reason.
    pub fn lost(reason: impl ToString) -> Self {
        Self { code: "device-lost", message: reason.to_string() }
    }

    /// `error`, without the advice that stands after what is wrong.
    fn new(code: &'static str, error: impl ToString, advice: &str) -> Self {
        let text = error.to_string();
        let message = text.rsplit_once(advice).map_or(&*text, |(wrong, _)| wrong);
        Self { code, message: message.to_owned() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Failure> for JsValue {
    fn from(failure: Failure) -> Self {
        let error = js_sys::Error::new(&failure.message);
        error.set_name(failure.code);
        error.into()
    }
}

impl From<DeviceError> for Failure {
    fn from(error: DeviceError) -> Self {
        Self::new("adapter-refused", error, "; ")
    }
}

impl From<SelfTestError> for Failure {
    fn from(error: SelfTestError) -> Self {
        Self::new("adapter-refused", error, "; ")
    }
}

impl From<WeightsError> for Failure {
    fn from(error: WeightsError) -> Self {
        use WeightsError as E;
        match error {
            E::MissingFile { .. }
            | E::MissingShard { .. }
            | E::NoDirectory { .. }
            | E::NoPart { .. }
            | E::PackIncomplete { .. } => Self::new("model-missing", error, ": "),
            E::TensorTooLarge { .. } | E::TooLarge { .. } => Self::new("model-too-large", error, ": "),
            E::Read { ref source, .. } if source.kind() == std::io::ErrorKind::OutOfMemory => {
                Self::new("out-of-memory", error, "\n")
            }
            E::Read { .. } => Self::new("model-missing", error, "\n"),
            _ => Self::new("model-corrupt", error, "; "),
        }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Weights(error) => error.into(),
            other => Self::new("model-corrupt", other, "; "),
        }
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Memory(MemoryError::TooSmall { .. }) => Self::new("invalid", error, "; "),
            SessionError::Memory(_) => Self::new("out-of-memory", error, ": "),
            SessionError::Frame(_) => Self::new("invalid", error, "\n"),
            SessionError::Tokenizer(_) => Self::new("model-corrupt", error, "; "),
            SessionError::Device(_) => Self::new("device-lost", error, "; "),
            SessionError::Order { .. } => Self::new("internal", error, "\n"),
        }
    }
}

impl From<QuestionError> for Failure {
    fn from(error: QuestionError) -> Self {
        Self::new("invalid", error, ": ")
    }
}

impl From<SizeError> for Failure {
    fn from(error: SizeError) -> Self {
        match error {
            SizeError::Impossible(_) => Self::new("invalid", error, "\n"),
            SizeError::NoRoom { .. } => Self::new("out-of-memory", error, "\n"),
        }
    }
}

impl From<BenchError> for Failure {
    fn from(error: BenchError) -> Self {
        match error {
            BenchError::NoAdapter => Self::new("adapter-refused", error, ": "),
            BenchError::Adapter(_) => Self::new("device-lost", error, "\n"),
            BenchError::Model(error) => error.into(),
            BenchError::Memory(_) => Self::new("out-of-memory", error, ": "),
            BenchError::Frame(_) => Self::new("internal", error, "\n"),
            BenchError::Told(_) => Self::new("aborted", "it was ended", "\n"),
        }
    }
}
