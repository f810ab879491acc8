//! The reference's files (`tests/reference` makes them), and the devices that they are compared on.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::OnceLock;

use safetensors::{Dtype, SafeTensors};
use streamo_wgpu::clock::Clock;
use streamo_wgpu::device::{self, Kind, Opened};
use streamo_wgpu::frame::Frame;
use streamo_wgpu::kernels::arena::ArenaFormat;
use streamo_wgpu::kernels::format::Format;
use streamo_wgpu::model::{Description, LoadError, Model};
use streamo_wgpu::stream::{Decision, DecisionRule, Feedback, Keep, MemoryMode, Options, Protocol};
use streamo_wgpu::weights::gguf::NamedModel;
use streamo_wgpu::weights::{self, Directory, Files};

use crate::program::Spoilt;

/// `tests/fixtures/{name}`.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(name)
}

pub fn json(name: &str) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path(name)).unwrap()).unwrap()
}

/// Both devices, each opened once in this process.
pub fn devices() -> [&'static Opened; 2] {
    static GPU: OnceLock<Opened> = OnceLock::new();
    static CPU: OnceLock<Opened> = OnceLock::new();
    let open = |kind| pollster::block_on(device::open(kind)).unwrap();
    [CPU.get_or_init(|| open(Kind::Cpu)), GPU.get_or_init(|| open(Kind::Gpu))]
}

/// The files of a model, by its directory or GGUF file.
pub fn files(path: &Path) -> Box<dyn Files> {
    match NamedModel::at(path) {
        Some(model) => Box::new(model),
        None => Box::new(Directory(path.to_owned())),
    }
}

/// A model on a device, by its directory or GGUF file, in f32.
pub fn load(path: &Path, device: &Opened) -> (Rc<Model>, Description) {
    load_in(path, Some(Format::F32), device)
}

/// A model or a pack on a device, in a format or in its own.
pub fn load_in(path: &Path, format: Option<Format>, device: &Opened) -> (Rc<Model>, Description) {
    let files = files(path);
    let description = Description::read(files.as_ref()).unwrap();
    let store = weights::open(files.as_ref(), format).unwrap();
    let model = Model::load(&description.config, store.as_ref(), &device.device, &|_| ()).unwrap();
    (Rc::new(model), description)
}

/// How everything up to the loaded model ends on the CPU, without a process.
pub fn try_load(path: &Path) -> Result<Model, LoadError> {
    let files = files(path);
    let description = Description::read(files.as_ref())?;
    Protocol::new(description.tokenizer.clone(), &description.settings)?;
    let store = weights::open(files.as_ref(), None)?;
    let [cpu, _] = devices();
    Ok(Model::load(&description.config, store.as_ref(), &cpu.device, &|_| ())?)
}

/// The message with which loading the model fails.
#[track_caller]
pub fn refusal(model: &Spoilt) -> String {
    try_load(model.path()).expect_err("this must not load").to_string()
}

/// Options with upstream's defaults.
pub fn options(description: &Description) -> Options {
    Options {
        clock: Clock::new(description.settings.fps).unwrap(),
        window: description.settings.window,
        memory: MemoryMode::Rolling,
        arena: ArenaFormat::F32,
        decision: Decision::States,
        rule: DecisionRule::default(),
        feedback: Feedback::Ids,
        max_tokens: 12,
        keep: Keep::Nothing,
    }
}

pub fn picture(name: &str) -> Frame {
    let picture = image::open(path("frames").join(name)).unwrap().into_rgb8();
    Frame::new(picture.width(), picture.height(), picture.into_raw()).unwrap()
}

/// The numbers of a safetensors file.
#[derive(Debug, Default)]
pub struct Numbers {
    pub floats: HashMap<String, Vec<f32>>,
    pub ints: HashMap<String, Vec<i64>>,
}

impl Numbers {
    pub fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let mut numbers = Self::default();
        for (name, view) in SafeTensors::deserialize(&bytes).unwrap().iter() {
            let name = name.to_owned();
            let data = view.data();
            match view.dtype() {
                Dtype::F32 => {
                    let values = data.as_chunks().0.iter().map(|&word| f32::from_le_bytes(word)).collect();
                    numbers.floats.insert(name, values);
                }
                Dtype::I8 => {
                    let values = data.iter().map(|&byte| i64::from(byte.cast_signed())).collect();
                    numbers.ints.insert(name, values);
                }
                Dtype::I32 => {
                    let values = data.as_chunks().0.iter().map(|&word| i32::from_le_bytes(word).into()).collect();
                    numbers.ints.insert(name, values);
                }
                Dtype::I64 => {
                    let values = data.as_chunks().0.iter().map(|&word| i64::from_le_bytes(word)).collect();
                    numbers.ints.insert(name, values);
                }
                other => panic!("{name} is {other:?}"),
            }
        }
        numbers
    }
}

/// The largest difference, as a share of the largest expected magnitude.
#[track_caller]
pub fn relative_error(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    // `max` would pass over a NaN.
    worst.fold(0.0_f32, |worst, error| if error <= worst { worst } else { error }) / scale
}
