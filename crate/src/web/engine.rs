use std::rc::Rc;

use js_sys::{Function, Map};
use serde_json::json;
use wasm_bindgen::prelude::*;

use super::blobs::Blobs;
use super::failure::Failure;
use super::watcher::Watcher;
use super::wishes::Wishes;
use crate::device::{self, Kind, Opened, Room};
use crate::frame::bitmap::{self, bitmaps_arrive};
use crate::kernels::self_test::{self, Depth};
use crate::kernels::{Adapter, launch};
use crate::model::{Description, Model};
use crate::stream::Prologue;
use crate::weights::{self, Loader, TensorStore};

/// A model of more bytes in f32 is too slow on a CPU to watch anything.
const LARGEST_ON_CPU: u64 = 1 << 30;

/// A model and the device for it.
#[wasm_bindgen]
pub struct Engine {
    opened: Opened,
    /// Why this device.
    reason: &'static str,
    adapter: Option<Adapter>,
    /// Whether bitmaps go to the GPU as they are.
    bitmaps: bool,
    description: Description,
    model: Option<Rc<Model>>,
}

#[wasm_bindgen]
impl Engine {
    /// Opens `device`, `"webgpu"`, `"cpu"` or `"auto"`, for the model among `files`, and makes sure that the device computes
    /// what it should. `frames` says how they come: `"gpu"`, `"cpu"` or `"auto"`. Of the files, names to `Blob`s, those that
    /// hold weights may be sizes of what is to come. `place` is where they are from, for errors.
    ///
    /// # Errors
    ///
    /// The model is not there, damaged, or too large; the device cannot be had, or computes wrongly.
    pub async fn open(device: &str, frames: &str, place: String, files: Map) -> Result<Engine, JsValue> {
        let blobs = Blobs::new(place, &files).map_err(Failure::invalid)?;
        let description = Description::read(&blobs).map_err(Failure::from)?;
        let store = weights::open(&blobs, None).map_err(Failure::from)?;
        let (opened, reason) = choose(device, store.as_ref()).await?;
        // Before the weights are fetched, which may take an hour.
        Loader::check(store.as_ref(), &opened.device).map_err(Failure::from)?;
        usual(&description)?.check(&opened.device).map_err(Failure::from)?;
        let adapter = launch::adapter_of(&opened.device);
        // Where the CPU plays the GPU, it is faster at this as itself.
        let wanted = frames == "gpu" || frames == "auto" && adapter.is_some_and(|adapter| !adapter.software);
        let bitmaps = wanted && bitmaps_arrive(&opened).await;
        Ok(Engine { opened, reason, adapter, bitmaps, description, model: None })
    }

    /// The device, the model, and what they need, as JSON text.
    ///
    /// # Errors
    ///
    /// As of [`open`](Self::open).
    pub fn about(&self, place: String, files: Map) -> Result<String, JsValue> {
        let blobs = Blobs::new(place, &files).map_err(Failure::invalid)?;
        let store = weights::open(&blobs, None).map_err(Failure::from)?;
        let settings = &self.description.settings;
        let adapter = self.adapter;
        let about = json!({
            "device": {
                "kind": if adapter.is_some() { "webgpu" } else { "cpu" },
                "name": self.opened.name,
                "reason": self.reason,
                "software": adapter.is_none_or(|adapter| adapter.software),
                "f16": adapter.is_some_and(|adapter| adapter.half),
                "subgroup": adapter.map_or(0, |adapter| adapter.subgroup),
                "frames": if self.bitmaps { "gpu" } else { "cpu" },
            },
            "model": {
                "about": settings.about,
                "parameters": store.tensors().map(|tensor| tensor.parameters()).sum::<u64>(),
                "bytes": store.bytes(),
                "weights": store.format().name(),
                "fps": settings.fps,
                "window": settings.window,
                "threshold": settings.threshold,
                "needs": {
                    "weights": store.device_bytes(&self.opened.device),
                    "memory": usual(&self.description)?.arena_bytes(),
                },
            },
        });
        Ok(about.to_string())
    }

    /// Brings the model onto the device. `progress` is called with the bytes that are there.
    ///
    /// # Errors
    ///
    /// A file is missing or damaged, or there is no room.
    pub fn load(&mut self, place: String, files: Map, progress: &Function) -> Result<(), JsValue> {
        let blobs = Blobs::new(place, &files).map_err(Failure::invalid)?;
        let store = weights::open(&blobs, None).map_err(Failure::from)?;
        let (device, description) = (&self.opened.device, &self.description);
        usual(description)?.prepare(store.format(), device).map_err(Failure::from)?;
        let there = std::cell::Cell::new(0);
        let tell = |bytes: u64| {
            there.set(there.get() + bytes);
            // Whoever listens has nothing to say.
            let _ = progress.call1(&JsValue::NULL, &(there.get() as f64).into());
        };
        let model = Model::load(&description.config, store.as_ref(), device, &tell).map_err(Failure::from)?;
        self.model = Some(Rc::new(model));
        Ok(())
    }

    /// Begins a stream, as `wishes`, JSON text, have it.
    ///
    /// # Errors
    ///
    /// No model is loaded, a wish cannot be met, or there is no room for the stream's memory.
    pub fn watch(&self, wishes: &str) -> Result<Watcher, JsValue> {
        let model = self.model.as_ref().ok_or_else(|| Failure::invalid("no model is loaded"))?;
        let options = Wishes::read(wishes)?.options(&self.description.settings)?;
        let prologue = Prologue::write(&self.description, options).map_err(Failure::from)?;
        prologue.check(&self.opened.device).map_err(Failure::from)?;
        let session = prologue.begin(Rc::clone(model)).map_err(Failure::from)?;
        Ok(Watcher::new(session, self.description.settings.clone(), self.opened.device.clone()))
    }

    /// Has `tell` called with the reason when the GPU is lost; for an engine that is opened later.
    pub fn on_loss(tell: Function) {
        super::loss::tell(tell);
    }
}

/// A stream of which nobody wishes anything in particular.
fn usual(description: &Description) -> Result<Prologue, Failure> {
    Ok(Prologue::write(description, Wishes::default().options(&description.settings)?)?)
}

/// The device that serves, and why.
async fn choose(wish: &str, store: &dyn TensorStore) -> Result<(Opened, &'static str), Failure> {
    match wish {
        "cpu" => Ok((device::open(Kind::Cpu).await?, "it was asked for")),
        "webgpu" => Ok((open_webgpu().await?, "it was asked for")),
        "auto" => {
            let cpu = device::open(Kind::Cpu).await?;
            let bytes = store.device_bytes(&cpu.device);
            let fits = bytes <= LARGEST_ON_CPU && Room::on(&cpu.device).fits([bytes]);
            match open_webgpu().await {
                Ok(gpu) if !fits || !is_software(&gpu) => Ok((gpu, "there is a GPU")),
                Ok(_) => Ok((cpu, "there is no GPU but the CPU, and it is faster as itself")),
                Err(reason) if fits => Ok((cpu, reason.in_short())),
                Err(reason) => Err(reason),
            }
        }
        other => Err(Failure::invalid(format!("there is no device {other:?}: auto, webgpu or cpu"))),
    }
}

/// A WebGPU adapter that computes what it should.
pub(super) async fn open_webgpu() -> Result<Opened, Failure> {
    let navigator = js_sys::Reflect::get(&js_sys::global(), &"navigator".into());
    let gpu = navigator.and_then(|navigator| js_sys::Reflect::get(&navigator, &"gpu".into()));
    if !gpu.is_ok_and(|gpu| gpu.is_truthy()) {
        return Err(Failure::no_webgpu());
    }
    let opened = device::open(Kind::Gpu).await?;
    self_test::at_start(&opened).await?;
    Ok(opened)
}

fn is_software(opened: &Opened) -> bool {
    launch::adapter_of(&opened.device).is_some_and(|adapter| adapter.software)
}

/// Runs every kernel in every variant on the browser's adapter, and brings it pictures; the outcomes as JSON text.
///
/// # Errors
///
/// There is no adapter, or it did not get through the test.
#[wasm_bindgen]
pub async fn test_kernels() -> Result<String, JsValue> {
    let opened = open_webgpu().await?;
    let mut outcomes = self_test::run(&opened, Depth::Thorough).await.map_err(Failure::from)?;
    outcomes.extend(bitmap::self_test(&opened, Depth::Thorough).await.map_err(Failure::from)?);
    let kernels = outcomes.iter().map(|outcome| {
        json!({
            "name": outcome.name,
            "passed": outcome.passed(),
            "worst_error": outcome.worst_error,
            "limit": outcome.limit,
        })
    });
    Ok(json!({ "adapter": opened.name, "kernels": kernels.collect::<Vec<_>>() }).to_string())
}
