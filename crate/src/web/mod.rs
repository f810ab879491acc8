//! What JavaScript sees of the engine: the surface of the WebAssembly module, and nothing else.
//!
//! It is made for the worker of the npm package (`www/src/worker`), which brings it files and frames and passes on what it
//! says, and for its bench (`www/src/bench.ts`). What has structure crosses as JSON text. Errors are `Error`s whose `name` is one of the package's codes.

mod bench;
mod blobs;
mod engine;
mod failure;
mod loss;
mod watcher;
mod wishes;

use wasm_bindgen::prelude::*;

unsafe extern "C" {
    fn __wasm_call_ctors();
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    fn error(text: &str);
}

/// What panics, and what burn, cubecl and wgpu complain of.
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
    // Fails if there is a logger, which the module has not.
    let _ = log::set_logger(&Console);
    log::set_max_level(log::LevelFilter::Warn);
}
