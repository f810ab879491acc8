//! Read-backs that end when the work before them does, in every browser.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::device;

/// What `read` gives.
///
/// Firefox looks for finished work every 100 ms, and whenever something is submitted; so nothing at all is submitted, again
/// and again, while `read` waits. Other browsers take no notice.
pub async fn hastened<T>(read: impl Future<Output = T>) -> T {
    let waiting = Waiting(Rc::new(Cell::new(true)));
    spawn_local(submit_nothing(Rc::clone(&waiting.0)));
    read.await
}

/// Until it is dropped, also where nobody waits to the end.
struct Waiting(Rc<Cell<bool>>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

async fn submit_nothing(waiting: Rc<Cell<bool>>) {
    let Some((_, queue)) = device::handles() else { return };
    // What waits for a GPU that is lost may wait for ever.
    while waiting.get() && device::failure().is_none() {
        queue.submit([]);
        let turn = Promise::new(&mut |resolve, _| {
            set_timeout(&resolve, 0);
        });
        // It is never rejected.
        let _ = JsFuture::from(turn).await;
    }
}

#[wasm_bindgen]
extern "C" {
    /// Of pages and workers alike.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(call: &Function, milliseconds: i32) -> i32;
}
