use burn::tensor::{Device, ExecutionError};
use web_time::Instant;

use crate::kernels::read_out;

/// Seconds of a series at least, so that a clock's grain and a busy moment weigh little.
const LONG: f64 = 0.1;
/// Waits that a series lasts at least, so that what is taken off for one, and varies, weighs little.
const WAITS: f64 = 20.0;
/// Calls of a series at most.
const MOST: usize = 1000;
/// Series that are compared.
const SERIES: usize = 4;

/// Takes the time of work on a device.
#[derive(Debug, Clone)]
pub struct Clock {
    device: Device,
    wait: f64,
}

impl Clock {
    /// Measures how long it takes to wait for a device that has nothing to do: microseconds natively, and in browsers about
    /// a millisecond, which are taken off what is measured.
    ///
    /// # Errors
    ///
    /// What failed on the device.
    pub async fn new(device: &Device) -> Result<Self, ExecutionError> {
        let mut clock = Self { device: device.clone(), wait: 0.0 };
        let mut least = f64::INFINITY;
        for _ in 0..8 {
            least = least.min(clock.series(0, &mut async || Ok::<_, ExecutionError>(())).await?);
        }
        clock.wait = least;
        Ok(clock)
    }

    /// Seconds that an empty wait takes.
    pub fn wait(&self) -> f64 {
        self.wait
    }

    /// The least seconds that `work`, which enqueues something, takes, of several series, each begun and ended with nothing
    /// under way.
    ///
    /// # Errors
    ///
    /// What failed on the device.
    pub async fn least(&self, mut work: impl FnMut()) -> Result<f64, ExecutionError> {
        self.least_of(async || {
            work();
            Ok(())
        })
        .await
    }

    /// The same of work that waits, or may fail.
    ///
    /// # Errors
    ///
    /// What failed on the device, or in `work`.
    pub async fn least_of<E: From<ExecutionError>>(
        &self,
        mut work: impl AsyncFnMut() -> Result<(), E>,
    ) -> Result<f64, E> {
        // The first call compiles.
        self.series(1, &mut work).await?;
        let long = LONG.max(WAITS * self.wait);
        let mut times = 1;
        let mut seconds = self.series(times, &mut work).await?;
        while seconds < long && times < MOST {
            // A series that was far too short says little of how many calls are needed.
            let more = (long / seconds.max(long / 10.0)).max(1.1);
            times = ((times as f64 * more).ceil() as usize).min(MOST);
            seconds = self.series(times, &mut work).await?;
        }
        for _ in 1..SERIES {
            seconds = seconds.min(self.series(times, &mut work).await?);
        }
        Ok(seconds / times as f64)
    }

    /// Seconds of so many calls.
    async fn series<E: From<ExecutionError>>(
        &self,
        times: usize,
        work: &mut impl AsyncFnMut() -> Result<(), E>,
    ) -> Result<f64, E> {
        read_out::done(&self.device).await?;
        let start = Instant::now();
        for _ in 0..times {
            work().await?;
        }
        read_out::done(&self.device).await?;
        // Whatever was done took some time.
        Ok((start.elapsed().as_secs_f64() - self.wait).max(1e-9))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn short_work_is_repeated_and_long_work_is_not() {
        let clock = Clock { device: Device::flex(), wait: 0.0 };
        for (milliseconds, most) in [(1, 600), (120, 6)] {
            let mut calls = 0;
            let seconds = pollster::block_on(clock.least(|| {
                calls += 1;
                std::thread::sleep(Duration::from_millis(milliseconds));
            }));
            let seconds = seconds.unwrap();
            assert!(seconds >= milliseconds as f64 / 1e3 && calls <= most, "{seconds} {calls}");
        }
    }
}
