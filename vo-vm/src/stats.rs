//! What a run has done, for `--stats` and for tests.

/// Counters of one worker's machine; summed at the end of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MachineStats {
    /// Activations that became records.
    pub spills: u64,
    /// Words of those records.
    pub spilled_words: u64,
    /// Records that became frames again.
    pub thaws: u64,
    /// Spills because the VM stack was full.
    pub stack_spills: u64,
    /// Frames of the interpreter that compiled code has taken over in a loop.
    pub replaced: u64,
    /// Calls of native functions.
    pub native_calls: u64,
    /// Panics raised.
    pub panics: u64,
    /// Collections that this worker led.
    pub collections: u64,
}

impl MachineStats {
    pub(crate) fn add(&mut self, other: &MachineStats) {
        self.spills += other.spills;
        self.spilled_words += other.spilled_words;
        self.thaws += other.thaws;
        self.stack_spills += other.stack_spills;
        self.replaced += other.replaced;
        self.native_calls += other.native_calls;
        self.panics += other.panics;
        self.collections += other.collections;
    }
}

/// What a whole run has done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunStats {
    pub machine: MachineStats,
    /// Lines of the scheduler's and the heap's own counters, ready to print.
    pub lines: Vec<String>,
}
