use std::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::JsValue;

use crate::device;

thread_local! {
    static TELL: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Has `function` called with the reason when the GPU is lost.
pub fn tell(function: Function) {
    TELL.set(Some(function));
    device::on_loss(|reason| {
        if let Some(function) = TELL.take() {
            // Whoever listens has nothing to say.
            let _ = function.call1(&JsValue::NULL, &reason.into());
        }
    });
}
