//! What the process holds beside heaps.
//!
//! A command that compiles and runs a program in one process has its front end in memory when the program begins: what
//! that allocated, and the pages of its code. Both can go: memory that is free inside of the C library's
//! allocator goes to the system, and pages of code come back from the file cache when they are run again.

/// Gives the system what the process does not need: free memory of the allocator, pages of code and constants.
/// Takes a fraction of a millisecond; whatever runs on loads its pages again.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: gives free memory back; may be called at any time.
        unsafe { libc::malloc_trim(0) };
        drop_code_pages();
    }
}

/// Forgets the pages of the executable's code and constants: they are those of the file.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn drop_code_pages() {
    unsafe extern "C" {
        static __executable_start: u8;
        static etext: u8;
    }
    const PAGE: usize = 4096;
    let (start, end) = (&raw const __executable_start as usize, &raw const etext as usize);
    let (start, end) = (start.next_multiple_of(PAGE), end / PAGE * PAGE);
    // SAFETY: the linker's symbols: what lies between is a private mapping of the file that nobody writes to, so that it reads the
    // same after its pages have been forgotten. Where it is not all mapped the system refuses, or skips that part.
    unsafe { libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_DONTNEED) };
}
