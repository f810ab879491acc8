use std::cell::{OnceCell, RefCell};
use std::io;

use burn::backend::wgpu::Wgpu;
use burn::tensor::{Device, Tensor};
use js_sys::{Float32Array, Function};
use serde_json::json;
use wasm_bindgen::prelude::*;

use super::engine::open_webgpu;
use super::failure::Failure;
use crate::bench::{self, MatMul, OverArena, Scope};
use crate::device::{self, Opened};
use crate::kernels::arena::ArenaFormat;
use crate::kernels::attention::Heads;
use crate::kernels::format::Format;
use crate::kernels::{launch, read_out};

thread_local! {
    /// There is one in a module, and it can be opened once.
    static OPENED: OnceCell<Opened> = const { OnceCell::new() };
}

/// The WebGPU adapter, to be measured.
#[wasm_bindgen]
pub struct Bench {
    opened: Opened,
}

#[wasm_bindgen]
impl Bench {
    /// Opens the adapter, or takes the one that is open.
    ///
    /// # Errors
    ///
    /// There is none.
    pub async fn open() -> Result<Bench, JsValue> {
        let opened = match OPENED.with(|opened| opened.get().cloned()) {
            Some(opened) => opened,
            None => {
                let opened = open_webgpu().await?;
                OPENED.with(|place| place.get_or_init(|| opened).clone())
            }
        };
        alive()?;
        Ok(Self { opened })
    }

    /// The adapter, as JSON text.
    pub fn adapter(&self) -> String {
        let adapter = launch::adapter_of(&self.opened.device);
        let adapter = json!({
            "name": self.opened.name,
            "software": adapter.is_some_and(|adapter| adapter.software),
            "f16": adapter.is_some_and(|adapter| adapter.half),
            "subgroup": adapter.map_or(0, |adapter| adapter.subgroup),
        });
        adapter.to_string()
    }

    /// Bytes of the device's memory that are taken.
    pub fn bytes(&self) -> f64 {
        device::allocated(&self.opened.device).unwrap_or_default() as f64
    }

    /// How often [`run`](Self::run) calls.
    pub fn steps(brief: bool) -> u32 {
        scope(brief).steps() as u32
    }

    /// Measures everything, or the smallest shapes. `tell` is called with what is found as it comes, JSON text, and ends it
    /// by saying `false`. → the report, JSON text.
    ///
    /// # Errors
    ///
    /// Something failed on the adapter; it was ended.
    pub async fn run(&self, brief: bool, tell: Function) -> Result<String, JsValue> {
        alive()?;
        let mut told = |told: bench::Told<'_>| {
            let text = serde_json::to_string(&told)?;
            match tell.call1(&JsValue::NULL, &text.into()) {
                Ok(goes_on) if goes_on.is_falsy() => Err(io::ErrorKind::Interrupted.into()),
                _ => Ok(()),
            }
        };
        let report = bench::run(&self.opened.device, &self.opened.name, scope(brief), &mut told).await;
        give_back(&self.opened.device);
        alive()?;
        Ok(serde_json::to_string(&report.map_err(Failure::from)?).map_err(Failure::invalid)?)
    }

    /// A product of `rows` rows with a matrix in `format` from `inputs` to `outputs`; x is made up where it is not given.
    ///
    /// # Errors
    ///
    /// The sizes cannot be.
    pub fn matmul(
        &self,
        rows: u32,
        inputs: u32,
        outputs: u32,
        format: &str,
        x: Option<Float32Array>,
    ) -> Result<Operation, JsValue> {
        alive()?;
        let format = Format::ALL.into_iter().find(|known| known.name() == format);
        let format = format.ok_or_else(|| Failure::invalid("a matrix stands in f32, f16, q8 or q4"))?;
        let sizes = [rows, inputs, outputs].map(|size| size as usize);
        let device = &self.opened.device;
        MatMul::check(sizes, format, device).map_err(Failure::from)?;
        // As large as it may be, then: www/src/bench.ts lets no other through.
        let x = x.map(|x| x.to_vec());
        let product = MatMul::new(sizes, format, x, device).map_err(Failure::from)?;
        Ok(Operation::new(Kind::MatMul(product), &self.opened.device))
    }

    /// Attention of the last `rows` of `slots` tokens over all of them, whose keys and values stand in `format`.
    ///
    /// # Errors
    ///
    /// The sizes cannot be.
    pub fn attention(
        &self,
        rows: u32,
        slots: u32,
        query_heads: u32,
        key_heads: u32,
        head: u32,
        format: &str,
    ) -> Result<Operation, JsValue> {
        alive()?;
        let format = ArenaFormat::ALL.into_iter().find(|known| known.name() == format);
        let format = format.ok_or_else(|| Failure::invalid("keys and values stand in f32 or q8"))?;
        let [queries, keys, size] = [query_heads, key_heads, head].map(|count| count as usize);
        let heads = Heads { queries, keys, size };
        let attention = OverArena::new(rows as usize, slots as usize, heads, format, &self.opened.device);
        Ok(Operation::new(Kind::Attention(attention.map_err(Failure::from)?), &self.opened.device))
    }
}

fn scope(brief: bool) -> Scope {
    if brief { Scope::Brief } else { Scope::Whole }
}

/// A single operation and its operands.
#[wasm_bindgen]
pub struct Operation {
    kind: Kind,
    /// Of the last run.
    output: RefCell<Option<Tensor<2>>>,
    device: Device,
}

#[expect(clippy::large_enum_variant, reason = "one at a time")]
enum Kind {
    MatMul(MatMul),
    Attention(OverArena),
}

impl Operation {
    fn new(kind: Kind, device: &Device) -> Self {
        Self { kind, output: RefCell::new(None), device: device.clone() }
    }
}

#[wasm_bindgen]
impl Operation {
    /// Enqueues it once.
    pub fn run(&self) {
        let output = match &self.kind {
            Kind::MatMul(product) => product.run(),
            Kind::Attention(attention) => attention.run(),
        };
        self.output.replace(Some(output));
    }

    /// Ends when everything that was enqueued on the adapter is done.
    ///
    /// # Errors
    ///
    /// Something failed there.
    pub async fn sync(&self) -> Result<(), JsValue> {
        read_out::done(&self.device).await.map_err(Failure::lost)?;
        Ok(alive()?)
    }

    /// What the last run made, row by row.
    ///
    /// # Errors
    ///
    /// It has not run, or something failed on the adapter.
    pub async fn output(&self) -> Result<Vec<f32>, JsValue> {
        let output = self.output.borrow().clone();
        let output = output.ok_or_else(|| Failure::invalid("nothing has been run"))?;
        let output = read_out::floats(output).await.map_err(Failure::lost)?;
        alive()?;
        Ok(output)
    }

    /// A product's weights as the numbers that its codes stand for, `[outputs, inputs]`, row by row.
    ///
    /// # Errors
    ///
    /// It has none, or more than there is room for.
    pub fn weights(&self) -> Result<Vec<f32>, JsValue> {
        match &self.kind {
            Kind::MatMul(product) => Ok(product.weights().map_err(Failure::from)?),
            Kind::Attention(_) => Err(Failure::invalid("attention has no weights").into()),
        }
    }

    /// Gives its memory back to the device.
    pub fn dispose(self) {
        let device = self.device.clone();
        drop(self);
        give_back(&device);
    }
}

/// Whether the adapter still computes.
fn alive() -> Result<(), Failure> {
    device::failure().map_or(Ok(()), |reason| Err(Failure::lost(reason)))
}

/// Frees what no tensor holds any more, and what is kept for the next ones otherwise.
fn give_back(device: &Device) {
    if let Ok(one) = Tensor::<1>::empty([1], device).try_into_primitive::<Wgpu>() {
        // What failed on the device is told by whoever reads from it.
        let _ = one.client.memory_cleanup();
    }
}
