//! Names for `perf`: a file with a line for each piece of machine code.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;

/// `/tmp/perf-PID.map`, where `perf report` looks for the names of code that no file has.
pub(crate) struct PerfMap(Mutex<Option<File>>);

impl PerfMap {
    /// Opens the file, which several programs of a process share. Where it cannot be written, nothing is.
    pub(crate) fn create() -> PerfMap {
        let file = File::options().create(true).append(true).open(PerfMap::path());
        PerfMap(Mutex::new(file.ok()))
    }

    fn path() -> PathBuf {
        PathBuf::from(format!("/tmp/perf-{}.map", std::process::id()))
    }

    /// Adds code: start, bytes, name.
    pub(crate) fn add(&self, rows: impl Iterator<Item = (u64, usize, String)>) {
        let mut file = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(file) = &mut *file {
            let text: String = rows.map(|(at, size, name)| format!("{at:x} {size:x} {name}\n")).collect();
            // A profile without names is all that is lost.
            let _ = file.write_all(text.as_bytes());
        }
    }
}
