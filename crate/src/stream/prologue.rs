use std::rc::Rc;

use burn::tensor::Device;

use super::options::{Options, SessionError};
use super::{Protocol, Session};
use crate::frame::Preprocessor;
use crate::kernels::format::Format;
use crate::kernels::launch;
use crate::memory::{Memory, Plan};
use crate::model::{Description, Extent, Model, ModelConfig, Placement};

/// The frames of most cameras are as wide as these, for their height.
const CAMERA: (u32, u32) = (1280, 720);

/// What is settled of a stream before its model is there: its words, and how its memory is divided.
pub struct Prologue {
    pub(super) protocol: Protocol,
    pub(super) preprocessor: Preprocessor,
    pub(super) options: Options,
    pub(super) plan: Plan,
    config: ModelConfig,
}

impl Prologue {
    /// Settles what a stream with `options` needs of a model of this `description`.
    ///
    /// # Errors
    ///
    /// The tokenizer lacks a token, or the memory is impossible.
    pub fn write(description: &Description, options: Options) -> Result<Self, SessionError> {
        let protocol = Protocol::new(description.tokenizer.clone(), &description.settings)?;
        let preprocessor = description.preprocessor();
        let plan = Plan::new(
            &description.config.language,
            options.arena,
            options.window,
            protocol.system()?.len(),
            preprocessor.most_visual_tokens(),
            options.max_tokens,
        )?;
        Ok(Self { protocol, preprocessor, options, plan, config: description.config.clone() })
    }

    /// The same in a memory that the caller has divided; of the options the window does not count then. In a small arena
    /// answers and frames leave before the plan says so.
    #[must_use]
    pub fn with_plan(self, plan: Plan) -> Self {
        Self { plan, ..self }
    }

    /// Bytes of the stream's keys and values.
    pub fn arena_bytes(&self) -> u64 {
        self.config.language.token_bytes(self.options.arena).saturating_mul(self.plan.slots as u64)
    }

    /// Whether the stream finds room on `device`.
    ///
    /// # Errors
    ///
    /// [`SessionError::Memory`].
    pub fn check(&self, device: &Device) -> Result<(), SessionError> {
        Ok(Memory::check(&self.config.language, self.options.arena, self.plan.slots, device)?)
    }

    /// Has the pipelines built that a camera's silent second and a generated token take on `device`, all at once and
    /// ahead of the weights, whose matrices will stand in `format`: natively on the device's own thread while they are
    /// read. What another size of frame takes is built when it comes, and so is what brings a frame to its size.
    ///
    /// # Errors
    ///
    /// The tokenizer fails, or the preprocessor has no size for a camera's frame.
    pub fn prepare(&self, format: Format, device: &Device) -> Result<(), SessionError> {
        let Some(adapter) = launch::adapter_of(device) else { return Ok(()) };
        let (width, height) = self.preprocessor.size(CAMERA.0, CAMERA.1)?;
        let pixels = (width * height) as usize;
        let patches = pixels / (self.preprocessor.patch as usize).pow(2);
        let rows = self.silent_second(patches / self.config.vision.merged())?;
        let on = Placement { format, arena: self.options.arena, adapter };
        let mut prepared = Vec::new();
        // While the memory fills, and when it is full.
        for slots in [rows, self.plan.slots] {
            for kernel in self.config.passes(on, Extent { pixels, patches, rows, slots }) {
                if !prepared.contains(&kernel.shader) {
                    launch::prepare(&kernel.shader, device);
                    prepared.push(kernel.shader);
                }
            }
        }
        Ok(())
    }

    /// Tokens that such a second adds: the reply of the one before, and its own words around the frame.
    fn silent_second(&self, visual: usize) -> Result<usize, SessionError> {
        let reply = 1 + self.protocol.end().len();
        let opening = self.protocol.opening([], &self.options.clock.tag(0))?.len();
        Ok(reply + opening + self.protocol.frame(visual).len() + self.protocol.reply_head()?.len())
    }

    /// Begins the stream: allocates its memory and builds the system turn.
    ///
    /// # Errors
    ///
    /// The device has no room.
    pub fn begin(self, model: Rc<Model>) -> Result<Session, SessionError> {
        Session::begin(self, model)
    }
}
