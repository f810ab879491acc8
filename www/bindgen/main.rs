//! Makes, of a module of WebAssembly that cargo built, one that browsers load, and the JavaScript that loads it:
//! wasm-bindgen's own program, in the version that `Cargo.lock` says and the module was compiled with.
//!
//! `streamo-bindgen MODULE.wasm FOLDER`

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, folder] = &*arguments else {
        eprintln!("streamo-bindgen MODULE.wasm FOLDER");
        return ExitCode::FAILURE;
    };
    match bind(module, folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn bind(module: &str, folder: &str) -> Result<(), String> {
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    let bound = bindgen
        .input_path(module)
        .omit_default_module_path(true)
        .remove_name_section(true)
        .typescript(true)
        .web(true)
        .and_then(|bindgen| bindgen.generate(folder));
    bound.map_err(|error| format!("{module}: {error:#}"))
}
