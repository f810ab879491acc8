use burn::tensor::Device;
use js_sys::Function;
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;
use web_sys::ImageBitmap;

use super::failure::Failure;
use crate::device;
use crate::frame::bitmap::Bitmaps;
use crate::frame::{Frame, FrameError, Picture};
use crate::model::Settings;
use crate::stream::{DecisionRule, Question, Session, SessionError};

/// A stream that is watched.
#[wasm_bindgen]
pub struct Watcher {
    session: Session,
    settings: Settings,
    device: Device,
    bitmaps: Bitmaps,
}

impl Watcher {
    /// Of a session on `device`, of a model with these `settings`.
    pub(super) fn new(session: Session, settings: Settings, device: Device) -> Self {
        Self { session, settings, bitmaps: Bitmaps::new(&device), device }
    }

    async fn look(&mut self, round: f64, picture: Picture<'_>, hear: &Function) -> Result<String, JsValue> {
        let mut hear = |piece: &str| {
            // Whoever listens has nothing to say.
            let _ = hear.call1(&JsValue::NULL, &piece.into());
        };
        let turn = self.session.round(round as u64, picture, &mut hear).await.map_err(Failure::from)?;
        let mut told = serde_json::to_value(&turn).map_err(Failure::invalid)?;
        told["generated"] = self.session.generated().into();
        told["bytes"] = json!({ "device": device::allocated(&self.device), "engine": module_bytes() });
        Ok(Value::to_string(&told))
    }
}

#[wasm_bindgen]
impl Watcher {
    /// Rounds a second.
    #[wasm_bindgen(getter)]
    pub fn fps(&self) -> f64 {
        self.session.options().clock.fps()
    }

    /// Rounds whose frames are kept.
    #[wasm_bindgen(getter)]
    pub fn window(&self) -> f64 {
        self.session.options().window as f64
    }

    /// Puts a question, `at` seconds into the stream.
    ///
    /// # Errors
    ///
    /// It is empty.
    pub fn ask(&mut self, at: f64, text: &str) -> Result<(), JsValue> {
        self.session.ask(Question::new(at, text).map_err(Failure::from)?);
        Ok(())
    }

    /// Withdraws every question with this text.
    pub fn withdraw(&mut self, text: &str) {
        self.session.withdraw(text);
    }

    /// Has states follow from their logits by `rule`, JSON text.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn decide_by(&mut self, rule: &str) -> Result<(), JsValue> {
        let rule: DecisionRule = serde_json::from_str(rule).map_err(Failure::invalid)?;
        self.session.decide_by(rule.or_of(&self.settings));
        Ok(())
    }

    /// Watches a frame of `width * height` pixels of four bytes, red, green, blue, alpha. `hear` is called with each piece
    /// of an answer. → the turn, as JSON text, with the tokens `generated` and the `bytes` in use.
    ///
    /// # Errors
    ///
    /// The frame cannot be used, or the device failed: then the stream is over.
    pub async fn watch(
        &mut self,
        round: f64,
        width: u32,
        height: u32,
        rgba: Vec<u8>,
        hear: Function,
    ) -> Result<String, JsValue> {
        let frame = frame(width, height, rgba)?;
        self.look(round, Picture::from(&frame), &hear).await
    }

    /// As [`watch`](Self::watch), a bitmap that goes to the GPU as it is. It may be closed afterwards.
    ///
    /// # Errors
    ///
    /// As of `watch`; the browser does not give the bitmap to the GPU.
    pub async fn watch_bitmap(&mut self, round: f64, bitmap: &ImageBitmap, hear: Function) -> Result<String, JsValue> {
        let pixels = self.bitmaps.pixels(bitmap).map_err(Failure::invalid)?;
        self.look(round, Picture::from(&pixels), &hear).await
    }

    /// Reads a round again that was watched before the GPU was lost, and the tokens that it generated then.
    ///
    /// # Errors
    ///
    /// As of [`watch`](Self::watch).
    pub async fn recall(
        &mut self,
        round: f64,
        width: u32,
        height: u32,
        rgba: Vec<u8>,
        generated: Vec<u32>,
    ) -> Result<(), JsValue> {
        let frame = frame(width, height, rgba)?;
        Ok(self.session.recall(round as u64, &frame, &generated).await.map_err(Failure::from)?)
    }

    /// Width and height of what the model sees of a frame of `width` and `height`.
    ///
    /// # Errors
    ///
    /// It is too thin.
    pub fn seen(&self, width: u32, height: u32) -> Result<Vec<u32>, JsValue> {
        let (width, height) = self.session.size_seen(width, height).map_err(failed)?;
        Ok(vec![width, height])
    }
}

fn frame(width: u32, height: u32, rgba: Vec<u8>) -> Result<Frame, Failure> {
    Frame::from_rgba(width, height, rgba).map_err(failed)
}

fn failed(error: FrameError) -> Failure {
    SessionError::from(error).into()
}

/// Bytes of the module's memory, which never shrinks.
fn module_bytes() -> u64 {
    const PAGE: u64 = 1 << 16;
    core::arch::wasm32::memory_size(0) as u64 * PAGE
}
