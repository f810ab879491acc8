//! The kernels' own test as a module of WebAssembly, for the page that [`run.mjs`](../browser/run.mjs) opens in browsers.
#![cfg(target_arch = "wasm32")]

use serde_json::json;
use streamo_wgpu::device::{Kind, open};
use streamo_wgpu::kernels::self_test::{Depth, run};
use wasm_bindgen::prelude::*;

unsafe extern "C" {
    fn __wasm_call_ctors();
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    fn error(text: &str);
}

/// Panics and what burn, cubecl and wgpu complain of go to the browser's console, where they fail the test.
struct Console;

impl log::Log for Console {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            error(&format!("{}: {}", record.target(), record.args()));
        }
    }

    fn flush(&self) {}
}

#[wasm_bindgen(start)]
fn start() {
    // SAFETY: these are the static constructors of Rust, which take nothing. Unless somebody refers to them, the linker
    // has every exported function run them anew, and cubecl has slow ones.
    unsafe { __wasm_call_ctors() };
    std::panic::set_hook(Box::new(|panic| error(&panic.to_string())));
    // Fails if there is a logger, which the page has not.
    let _ = log::set_logger(&Console);
    log::set_max_level(log::LevelFilter::Warn);
}

/// Runs every kernel in every variant on the browser's adapter; the outcomes as JSON.
///
/// # Errors
///
/// In words: there is no adapter, or it did not get through the test.
#[wasm_bindgen]
pub async fn test_kernels() -> Result<String, JsError> {
    let opened = open(Kind::Gpu).await?;
    let outcomes = run(&opened, Depth::Thorough).await?;
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
