//! What the machine asks of whoever embeds it.

use std::io;

/// The outside of a running program. The command gives it the process's descriptors and
/// environment; an embedding gives it buffers.
pub trait Host: Send + Sync + 'static {
    /// Writes to one of the program's streams: 1 is standard output, 2 standard error. Answers how many
    /// bytes were taken, or `None` where the descriptor is not redirected and is to be used as it is.
    fn write(&self, fd: i32, bytes: &[u8]) -> Option<io::Result<usize>>;

    /// Reads from the program's standard input (0). `None`: use the descriptor as it is.
    fn read(&self, fd: i32, into: &mut [u8]) -> Option<io::Result<usize>> {
        let _ = (fd, into);
        None
    }

    /// Takes lines about what the machine does, where the configuration asks for them: to standard error
    /// unless told otherwise.
    fn trace(&self, lines: &str) {
        use io::Write;
        if self.write(2, lines.as_bytes()).is_none() {
            let _ = io::stderr().write_all(lines.as_bytes());
        }
    }

    /// The program's arguments, its name first.
    fn args(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    /// The program's environment at its start, `NAME=value` each.
    fn environ(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    /// The program has been running for a millisecond: called once, on the thread that waits for its end.
    fn has_settled(&self) {}

    /// Whether the process ends as soon as the program has: what the program has is then left to the system, and what the
    /// run would say about itself is not asked for.
    fn ends_the_process(&self) -> bool {
        false
    }

    /// Whether the program may use files, processes and sockets of the system.
    fn may_use_system(&self) -> bool {
        true
    }
}

/// A host that keeps what the program writes: for tests and embeddings.
#[derive(Debug, Default)]
pub struct BufferHost {
    out: std::sync::Mutex<[Vec<u8>; 2]>,
}

impl BufferHost {
    /// What was written to standard output (1) or standard error (2) so far.
    pub fn written(&self, fd: i32) -> Vec<u8> {
        self.lock()[usize::from(fd == 2)].clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, [Vec<u8>; 2]> {
        self.out.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Host for BufferHost {
    fn write(&self, fd: i32, bytes: &[u8]) -> Option<io::Result<usize>> {
        if fd != 1 && fd != 2 {
            return None;
        }
        self.lock()[usize::from(fd == 2)].extend_from_slice(bytes);
        Some(Ok(bytes.len()))
    }

    fn may_use_system(&self) -> bool {
        false
    }
}
