//! How a program is run.

use std::time::Duration;

/// Hostile modes: the program's behaviour must not change under them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stress {
    /// Collect at every allocation.
    pub gc: bool,
    /// Check the whole heap after every collection.
    pub verify: bool,
    /// Leave the worker at every suspend point.
    pub suspend: bool,
    /// Every woken fiber goes to another worker.
    pub steal: bool,
    /// Islands are opened to all workers and closed around one all the time.
    pub mode: bool,
}

/// What a run may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of saved frames of one fiber; past it the program ends with a stack overflow.
    pub fiber_bytes: usize,
    /// Bytes of a worker's VM stack.
    pub stack_bytes: usize,
    /// Bytes of an island's heap, if limited: more, after a collection, is the island's end.
    pub heap_bytes: Option<u64>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { fiber_bytes: 1 << 30, stack_bytes: 64 << 20, heap_bytes: None }
    }
}

/// How a program is run.
#[derive(Clone, Debug)]
pub struct Config {
    /// Worker threads; 0 means one per processor.
    pub workers: usize,
    /// The seed of every random choice of the machine. `None`: a new one each run.
    pub seed: Option<u64>,
    pub stress: Stress,
    pub limits: Limits,
    /// `GOGC`: how much the heap may grow between collections, in percent; `None`: it is not collected.
    pub gc_percent: Option<u32>,
    /// `GOMEMLIMIT`: bytes below which an island's heap is kept if collecting more often can do it.
    pub soft_memory_limit: Option<u64>,
    /// Tell the host about every collection, in lines like those of Go's `gctrace=1`.
    pub trace_gc: bool,
    /// Tell the host, when `main` returns, which fibers can never run again.
    pub report_leaks: bool,
    /// How long a fiber runs before another one gets its turn.
    pub time_slice: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            workers: 0,
            seed: None,
            stress: Stress::default(),
            limits: Limits::default(),
            gc_percent: Some(100),
            soft_memory_limit: None,
            trace_gc: false,
            report_leaks: false,
            time_slice: Duration::from_millis(10),
        }
    }
}
