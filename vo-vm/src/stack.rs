//! A worker's VM stack: one large reservation of address space that the
//! interpreter's frames lie on. Pages cost memory from their first use on, and
//! are given back when a deep recursion has left.

use std::io;

/// Reserved, lazily committed words.
pub(crate) struct VmStack {
    start: *mut u64,
    words: usize,
}

// SAFETY: the reservation is plain memory; its owner is the only user.
unsafe impl Send for VmStack {}

impl VmStack {
    /// Reserves `bytes`, rounded up to pages.
    pub(crate) fn new(bytes: usize) -> io::Result<VmStack> {
        let bytes = bytes.max(64 << 10).next_multiple_of(64 << 10);
        // SAFETY: a fresh anonymous mapping touches no existing memory.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(VmStack { start: start.cast(), words: bytes / 8 })
    }

    /// The first word.
    pub(crate) fn start(&self) -> *mut u64 {
        self.start
    }

    /// Just past the last word.
    pub(crate) fn end(&self) -> *mut u64 {
        self.start.wrapping_add(self.words)
    }

    /// Gives the memory behind the first `keep` bytes back; its contents are lost.
    pub(crate) fn trim(&self, keep: usize) {
        let keep = keep.next_multiple_of(64 << 10);
        if keep < self.words * 8 {
            // SAFETY: the range lies within the mapping, which nobody else uses.
            unsafe {
                libc::madvise(
                    self.start.cast::<u8>().add(keep).cast(),
                    self.words * 8 - keep,
                    libc::MADV_DONTNEED,
                )
            };
        }
    }
}

impl Drop for VmStack {
    fn drop(&mut self) {
        // SAFETY: the mapping was made in `new` with this size.
        unsafe { libc::munmap(self.start.cast(), self.words * 8) };
    }
}
