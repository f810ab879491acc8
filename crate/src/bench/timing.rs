use burn::tensor::{Device, ExecutionError};
use web_time::Instant;

/// Seconds that work is repeated for, so that a clock's grain and a busy moment weigh little.
const LONG: f64 = 0.1;

/// The least seconds that `work` takes, of several series, each begun and ended with nothing under way on `device`.
///
/// # Errors
///
/// What failed on the device.
pub fn least(device: &Device, work: &mut dyn FnMut()) -> Result<f64, ExecutionError> {
    // The first call compiles.
    series(device, 1, work)?;
    let once = series(device, 1, work)?;
    let times = (LONG / once.max(1e-7)).ceil().clamp(1.0, 1000.0) as usize;
    let mut least = once;
    for _ in 0..3 {
        least = least.min(series(device, times, work)?);
    }
    Ok(least)
}

/// Seconds of one of so many.
fn series(device: &Device, times: usize, work: &mut dyn FnMut()) -> Result<f64, ExecutionError> {
    device.sync()?;
    let start = Instant::now();
    for _ in 0..times {
        work();
    }
    device.sync()?;
    Ok(start.elapsed().as_secs_f64() / times as f64)
}
