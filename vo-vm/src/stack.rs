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

/// Native stack that functions may rely on beyond the limit that their entries compare with: the largest
/// frame of a compiled function, and what callbacks and natives need.
const NATIVE_MARGIN: usize = 10 << 20;

/// The limit of the calling thread's native stack.
#[cfg(target_os = "linux")]
pub(crate) fn native_limit() -> u64 {
    // SAFETY: asks for the calling thread's own attributes, into locals that are written before they are read.
    let (start, size) = unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &raw mut attributes) != 0 {
            return u64::MAX;
        }
        let (mut start, mut size) = (std::ptr::null_mut(), 0);
        libc::pthread_attr_getstack(&raw const attributes, &raw mut start, &raw mut size);
        libc::pthread_attr_destroy(&raw mut attributes);
        (start as usize, size)
    };
    (start + NATIVE_MARGIN.min(size / 2)) as u64
}

/// The limit of the calling thread's native stack.
#[cfg(not(target_os = "linux"))]
pub(crate) fn native_limit() -> u64 {
    // SAFETY: reads the calling thread's own stack bounds.
    let (top, size) = unsafe {
        let me = libc::pthread_self();
        (libc::pthread_get_stackaddr_np(me) as usize, libc::pthread_get_stacksize_np(me))
    };
    (top - size + NATIVE_MARGIN.min(size / 2)) as u64
}

impl Drop for VmStack {
    fn drop(&mut self) {
        // SAFETY: the mapping was made in `new` with this size.
        unsafe { libc::munmap(self.start.cast(), self.words * 8) };
    }
}
