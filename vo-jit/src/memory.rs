//! Memory for machine code: one reservation of address space for a program, filled from its start.
//!
//! A piece is writable while it is filled and executable for the rest of the region's life. All code of a
//! program lies in one reservation, so that it reaches itself with the machine's short calls, and goes
//! with it.
//!
//! Must stay true: no page is writable and executable at once; a piece, once placed, does not change.

use std::fmt;
use std::io;
use std::sync::Mutex;
use vo_bytecode::Status;
use vo_runtime::code::Thunk;
use vo_runtime::context::JitContext;

/// The most that a region may have: the reach of a direct call on every machine.
pub(crate) const MAX_BYTES: usize = 120 << 20;

/// Why there is no room for code.
#[derive(Debug)]
pub(crate) enum NoRoom {
    /// The program has as much code as it may have.
    Limit(usize),
    /// The system gives no memory.
    System(io::Error),
}

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoRoom::Limit(bytes) => write!(f, "the limit of {bytes} bytes of code is reached"),
            NoRoom::System(error) => write!(f, "no memory for code: {error}"),
        }
    }
}

/// A reservation of address space for machine code.
pub(crate) struct CodeRegion {
    start: *mut u8,
    bytes: usize,
    /// Bytes from the start on that are in use.
    used: Mutex<usize>,
}

// SAFETY: pieces are immutable once they are placed; placing is locked.
unsafe impl Send for CodeRegion {}
// SAFETY: as above.
unsafe impl Sync for CodeRegion {}

impl CodeRegion {
    /// Reserves address space for `bytes` of code.
    ///
    /// # Errors
    /// The system gives none.
    pub(crate) fn reserve(bytes: usize) -> Result<CodeRegion, NoRoom> {
        let bytes = bytes.clamp(page(), MAX_BYTES) / page() * page();
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a fresh anonymous mapping touches no existing memory.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), bytes, libc::PROT_NONE, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(NoRoom::System(io::Error::last_os_error()));
        }
        Ok(CodeRegion { start: start.cast(), bytes, used: Mutex::new(0) })
    }

    /// Takes `bytes`, lets `fill` write them (it is told the address they have), and makes them executable.
    /// Answers the address.
    ///
    /// # Errors
    /// The region is full, or the system gives no memory.
    pub(crate) fn place(&self, bytes: usize, fill: impl FnOnce(u64, &mut [u8])) -> Result<u64, NoRoom> {
        let bytes = bytes.max(1).next_multiple_of(page());
        let mut used = self.used.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if self.bytes - *used < bytes {
            return Err(NoRoom::Limit(self.bytes));
        }
        let start = self.start.wrapping_add(*used);
        // SAFETY: pages of the reservation that nothing uses yet.
        unsafe { protect(start, bytes, libc::PROT_READ | libc::PROT_WRITE) }?;
        // SAFETY: the pages are writable, and nobody else knows them yet.
        fill(start as u64, unsafe { std::slice::from_raw_parts_mut(start, bytes) });
        // SAFETY: as above.
        unsafe { protect(start, bytes, libc::PROT_READ | libc::PROT_EXEC) }?;
        synchronise(start as u64, bytes);
        *used += bytes;
        Ok(start as u64)
    }
}

/// # Safety
/// The pages are the caller's.
unsafe fn protect(start: *mut u8, bytes: usize, prot: i32) -> Result<(), NoRoom> {
    // SAFETY: by the contract.
    match unsafe { libc::mprotect(start.cast(), bytes, prot) } {
        0 => Ok(()),
        _ => Err(NoRoom::System(io::Error::last_os_error())),
    }
}

fn page() -> usize {
    // SAFETY: asks for a constant of the system.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

/// The thunk that was compiled to an address.
pub(crate) fn thunk_at(address: u64) -> Thunk {
    type F = unsafe extern "C" fn(*mut JitContext, *const u64, *mut u64, *const u8) -> Status;
    // SAFETY: a thunk of this signature was compiled to this address, in the platform's convention.
    unsafe { std::mem::transmute::<*const (), F>(address as *const ()) }
}

impl Drop for CodeRegion {
    fn drop(&mut self) {
        // SAFETY: mapped in `reserve` with this size; the owner sees to it that nothing runs in it.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The protections of the mappings that overlap a range, as the system says them.
    #[cfg(target_os = "linux")]
    fn protections(start: u64, end: u64) -> Vec<String> {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let overlaps = |line: &&str| {
            let range = line.split(' ').next().unwrap();
            let (a, b) = range.split_once('-').unwrap();
            let number = |hex| u64::from_str_radix(hex, 16).unwrap();
            number(a) < end && number(b) > start
        };
        maps.lines().filter(overlaps).map(|l| l.split(' ').nth(1).unwrap().to_string()).collect()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn no_page_is_writable_and_executable() {
        let region = CodeRegion::reserve(1 << 20).unwrap();
        let (start, end) = (region.start as u64, region.start as u64 + (1 << 20));
        for _ in 0..3 {
            let during = |_: u64, bytes: &mut [u8]| {
                bytes.fill(0xcc);
                let now = protections(start, end);
                assert!(now.iter().all(|p| !(p.contains('w') && p.contains('x'))), "{now:?}");
            };
            region.place(5000, during).unwrap();
            let now = protections(start, end);
            assert!(now.iter().all(|p| !p.contains('w')), "{now:?}");
            assert!(now.iter().any(|p| p.starts_with("r-x")), "{now:?}");
        }
    }

    #[test]
    fn a_full_region_says_so_and_keeps_what_it_has() {
        let region = CodeRegion::reserve(2 * page()).unwrap();
        region.place(page(), |_, bytes| bytes.fill(1)).unwrap();
        assert!(matches!(region.place(page() + 1, |_, _| ()), Err(NoRoom::Limit(_))));
        region.place(page(), |_, bytes| bytes.fill(2)).unwrap();
        assert!(matches!(region.place(1, |_, _| ()), Err(NoRoom::Limit(_))));
    }
}
