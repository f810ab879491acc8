use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Threads that each compute alone: what one of them makes is the same however many there are.
#[derive(Debug)]
pub struct Workers {
    pools: Vec<ThreadPool>,
}

impl Workers {
    /// So many threads, or as many as the machine has for 0.
    pub fn new(threads: usize) -> Self {
        let threads = match threads {
            0 => thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        // The operations of burn spread over the pool in which they are called: here, one thread. Where the system gives no
        // more threads, there are fewer workers.
        let pool = |_| ThreadPoolBuilder::new().num_threads(1).build().ok();
        Self { pools: (0..threads).map_while(pool).collect() }
    }

    /// `make` of every one of `tasks`, in their order.
    pub fn map<T: Send, R: Send>(&self, tasks: Vec<T>, make: impl Fn(T) -> R + Sync) -> Vec<R> {
        if self.pools.is_empty() {
            return tasks.into_iter().map(make).collect();
        }
        let next = AtomicUsize::new(0);
        let slots: Vec<_> = tasks.into_iter().map(|task| Mutex::new((Some(task), None))).collect();
        let work = || {
            while let Some(slot) = slots.get(next.fetch_add(1, Ordering::Relaxed)) {
                let task = slot.lock().unwrap_or_else(PoisonError::into_inner).0.take();
                let made = task.map(&make);
                slot.lock().unwrap_or_else(PoisonError::into_inner).1 = made;
            }
        };
        thread::scope(|scope| {
            for pool in &self.pools {
                scope.spawn(|| pool.install(work));
            }
        });
        let made = slots.into_iter().filter_map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner).1);
        made.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_tasks() {
        for threads in [1, 3] {
            let made = Workers::new(threads).map((0..50).collect(), |task: u64| task * task);
            assert_eq!(made, (0..50).map(|task| task * task).collect::<Vec<u64>>());
        }
    }
}
