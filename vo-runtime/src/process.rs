//! What the process holds beside heaps.
//!
//! A command that compiles and runs a program in one process has its front end in memory when the program begins, and its
//! compiler of machine code while the program becomes fast: what they allocated, and the pages of their code. All that can
//! go when its part is done: memory that is free inside of the C library's allocator goes to the system, and pages
//! of code come back from the file cache when they are run again (a microsecond for sixteen of them).
//!
//! Must stay true: only pages are forgotten that are as they were in the file.

/// Gives the system what the process does not need: free memory of the allocator, pages of code and constants.
/// Takes a fraction of a millisecond; whatever runs on loads its pages again.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: gives free memory back; may be called at any time.
        unsafe { libc::malloc_trim(0) };
    }
    drop_code();
}

/// Forgets the pages of the code and the constants of the executable and its libraries: between two parts of the process's
/// life that run different code. Takes some 0.05 ms.
pub fn drop_code() {
    #[cfg(target_os = "linux")]
    // SAFETY: the function fits, and takes no data.
    unsafe {
        libc::dl_iterate_phdr(Some(linux::drop_object), std::ptr::null_mut())
    };
}

#[cfg(target_os = "linux")]
mod linux {
    use libc::{PF_W, PT_DYNAMIC, PT_LOAD, c_int, c_void, dl_phdr_info, size_t};
    use std::ffi::CStr;

    const PAGE: usize = 4096;
    /// Entries of an object's dynamic section, by the ELF specification.
    const DT_NULL: usize = 0;
    const DT_TEXTREL: usize = 22;
    const DT_FLAGS: usize = 30;
    /// In the value of `DT_FLAGS`: the loader changes code.
    const DF_TEXTREL: usize = 4;

    /// Forgets the read-only pages of a loaded object.
    ///
    /// # Safety
    /// `info` describes a loaded object.
    pub(super) unsafe extern "C" fn drop_object(
        info: *mut dl_phdr_info,
        _size: size_t,
        _data: *mut c_void,
    ) -> c_int {
        // SAFETY: by the contract; the headers are in memory, as the object's other parts are.
        unsafe {
            let info = &*info;
            let headers = std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum));
            let base = info.dlpi_addr as usize;
            let dynamic = headers.iter().find(|header| header.p_type == PT_DYNAMIC);
            if is_file(info) && !dynamic.is_some_and(|header| changes_code(base + header.p_vaddr as usize)) {
                for header in
                    headers.iter().filter(|header| header.p_type == PT_LOAD && header.p_flags & PF_W == 0)
                {
                    drop_pages(base + header.p_vaddr as usize, header.p_filesz as usize);
                }
            }
        }
        0
    }

    /// Whether an object comes from a file: the kernel's own does not.
    ///
    /// # Safety
    /// The object's name is null or a C string.
    unsafe fn is_file(info: &dl_phdr_info) -> bool {
        // SAFETY: by the contract.
        info.dlpi_name.is_null()
            || !unsafe { CStr::from_ptr(info.dlpi_name) }.to_bytes().starts_with(b"linux-")
    }

    /// Whether a dynamic section says that the loader has written to the object's code.
    ///
    /// # Safety
    /// A dynamic section of a loaded object is there, which ends with `DT_NULL`.
    unsafe fn changes_code(dynamic: usize) -> bool {
        let mut entry = dynamic as *const [usize; 2];
        loop {
            // SAFETY: not behind the end, by the contract.
            match unsafe { *entry } {
                [DT_NULL, _] => return false,
                [DT_TEXTREL, _] => return true,
                [DT_FLAGS, flags] if flags & DF_TEXTREL != 0 => return true,
                // SAFETY: this one is not the last.
                _ => entry = unsafe { entry.add(1) },
            }
        }
    }

    /// Forgets the pages that lie in a range as a whole.
    ///
    /// # Safety
    /// The range is a part of a file, mapped, to which nobody writes.
    unsafe fn drop_pages(start: usize, bytes: usize) {
        let (first, end) = (start.next_multiple_of(PAGE), (start + bytes) / PAGE * PAGE);
        if first < end {
            // SAFETY: they read the same after they have been forgotten. Where they are not mapped the system refuses.
            unsafe { libc::madvise(first as *mut c_void, end - first, libc::MADV_DONTNEED) };
        }
    }
}
