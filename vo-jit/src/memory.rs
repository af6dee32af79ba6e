//! Memory for machine code: filled while it is writable, then executable for the rest of its life.
//!
//! Must stay true: no page is writable and executable at once.

use std::io;
use vo_bytecode::Status;
use vo_runtime::code::Thunk;
use vo_runtime::context::JitContext;

/// A piece of executable memory.
pub(crate) struct CodeMemory {
    start: *mut u8,
    bytes: usize,
}

// SAFETY: the mapping is immutable once it has been made.
unsafe impl Send for CodeMemory {}
// SAFETY: as above.
unsafe impl Sync for CodeMemory {}

impl CodeMemory {
    /// Maps `bytes`, lets `fill` write them (it is told the address they will have), and makes them executable.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn new(bytes: usize, fill: impl FnOnce(u64, &mut [u8])) -> io::Result<CodeMemory> {
        let bytes = bytes.max(1).next_multiple_of(4096);
        let (prot, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a fresh anonymous mapping touches no existing memory.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), bytes, prot, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let memory = CodeMemory { start: start.cast(), bytes };
        // SAFETY: the mapping is writable and nobody else knows it yet.
        fill(start as u64, unsafe { std::slice::from_raw_parts_mut(memory.start, bytes) });
        // SAFETY: the mapping's own range.
        let protected = unsafe { libc::mprotect(start, bytes, libc::PROT_READ | libc::PROT_EXEC) };
        if protected != 0 {
            return Err(io::Error::last_os_error());
        }
        synchronise(start as u64, bytes);
        Ok(memory)
    }

    /// The address of the first byte.
    pub(crate) fn start(&self) -> u64 {
        self.start as u64
    }
}

/// The thunk that was compiled to an address.
pub(crate) fn thunk_at(address: u64) -> Thunk {
    type F = unsafe extern "C" fn(*mut JitContext, *const u64, *mut u64, *const u8) -> Status;
    // SAFETY: a thunk of this signature was compiled to this address, in the platform's convention.
    unsafe { std::mem::transmute::<*const (), F>(address as *const ()) }
}

impl Drop for CodeMemory {
    fn drop(&mut self) {
        // SAFETY: mapped in `new` with this size; the owner sees to it that nothing runs in it.
        unsafe { libc::munmap(self.start.cast(), self.bytes) };
    }
}

/// Makes the instruction stream see what was written.
#[cfg(target_arch = "aarch64")]
fn synchronise(start: u64, bytes: usize) {
    for line in (start..start + bytes as u64).step_by(16) {
        // SAFETY: cleans and invalidates lines of the fresh mapping.
        unsafe { std::arch::asm!("dc cvau, {0}", "ic ivau, {0}", in(reg) line) };
    }
    // SAFETY: barriers.
    unsafe { std::arch::asm!("dsb ish", "isb") };
}

#[cfg(not(target_arch = "aarch64"))]
fn synchronise(_: u64, _: usize) {}
