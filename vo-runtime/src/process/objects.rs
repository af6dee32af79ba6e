//! The executable and its libraries, as the loader has put them into memory.

use libc::{PF_W, PT_DYNAMIC, PT_GNU_RELRO, PT_LOAD, c_int, c_void, dl_phdr_info, size_t};
use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

pub(super) const PAGE: usize = 4096;

/// Entries of an object's dynamic section, by the ELF specification.
const DT_NULL: usize = 0;
const DT_TEXTREL: usize = 22;
const DT_FLAGS: usize = 30;
/// In the value of `DT_FLAGS`: the loader changes code.
const DF_TEXTREL: usize = 4;

/// In an entry of a process's page table, as the kernel shows it: the page is the file's, not a copy that was written to.
const IS_OF_FILE: u64 = 1 << 61;

/// A part of an object that nobody writes to once the program runs.
pub(super) struct Part {
    /// Its addresses.
    pub(super) range: Range<usize>,
    /// It is as it is in the file: the loader has not written to it either.
    is_pristine: bool,
    /// It is the executable's own: the loader is done with it. A library may just be on its way into the process.
    is_executable: bool,
}

impl Part {
    /// The pages that the part has to itself.
    fn own_pages(&self) -> Range<usize> {
        self.range.start.next_multiple_of(PAGE)..self.range.end / PAGE * PAGE
    }
}

/// Forgets the pages that are as they are in the file.
pub(super) fn forget_unchanged() {
    // Without the page table nobody knows which tables the loader has written to.
    let table = File::open("/proc/self/pagemap").ok();
    each(&mut |part| {
        let pages = part.own_pages();
        if part.is_pristine {
            // SAFETY: they read the same after they have been forgotten.
            unsafe { forget(pages) };
        } else if let (true, Some(table)) = (part.is_executable, &table) {
            // A page table that cannot be read says of no page that it is unchanged.
            let _ = forget_unwritten(table, pages);
        }
    });
}

/// Forgets those pages of tables that the loader had nothing to write to, and has made read-only with the others.
fn forget_unwritten(table: &File, pages: Range<usize>) -> io::Result<()> {
    let mut entries = vec![0; pages.len() / PAGE * 8];
    table.read_exact_at(&mut entries, (pages.start / PAGE * 8) as u64)?;
    let is_of_file =
        |entry: &[u8]| u64::from_le_bytes(entry.try_into().expect("eight bytes")) & IS_OF_FILE != 0;
    let entries: Vec<bool> = entries.chunks_exact(8).map(is_of_file).collect();
    let mut at = pages.start;
    // Each call interrupts the other processors: one for each run.
    for run in entries.chunk_by(|a, b| a == b) {
        let end = at + run.len() * PAGE;
        if run[0] {
            // SAFETY: pages of the file itself, which nobody can write to.
            unsafe { forget(at..end) };
        }
        at = end;
    }
    Ok(())
}

/// Takes pages out of memory; where they are not mapped the system refuses.
///
/// # Safety
/// They are pages of a file, as they are there.
unsafe fn forget(pages: Range<usize>) {
    if pages.is_empty() {
        return;
    }
    // SAFETY: by the contract.
    unsafe { libc::madvise(pages.start as *mut c_void, pages.len(), libc::MADV_DONTNEED) };
}

/// Shows the parts of all objects that come from files.
pub(super) fn each(mut show: &mut dyn FnMut(Part)) {
    // SAFETY: the function fits, and takes what it is given here.
    unsafe { libc::dl_iterate_phdr(Some(show_object), (&raw mut show).cast()) };
}

/// # Safety
/// `info` describes a loaded object, and `show` leads to what [`each`] was given.
unsafe extern "C" fn show_object(info: *mut dl_phdr_info, _size: size_t, show: *mut c_void) -> c_int {
    // SAFETY: by the contract; the headers are in memory, as the object's other parts are.
    unsafe {
        let (info, show) = (&*info, &mut *show.cast::<&mut dyn FnMut(Part)>());
        let headers = std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum));
        let base = info.dlpi_addr as usize;
        let dynamic = headers.iter().find(|header| header.p_type == PT_DYNAMIC);
        let changes = dynamic.is_some_and(|header| changes_code(base + header.p_vaddr as usize));
        let name = name(info);
        // The kernel's own object comes from no file.
        if name.starts_with(b"linux-") {
            return 0;
        }
        for header in headers {
            let start = base + header.p_vaddr as usize;
            let part = |is_pristine| Part {
                range: start..start + header.p_filesz as usize,
                is_pristine,
                is_executable: name.is_empty(),
            };
            match header.p_type {
                PT_LOAD if header.p_flags & PF_W == 0 => show(part(!changes)),
                PT_GNU_RELRO => show(part(false)),
                _ => {}
            }
        }
    }
    0
}

/// An object's name, empty for the executable.
///
/// # Safety
/// It is null or a C string.
unsafe fn name(info: &dl_phdr_info) -> &[u8] {
    // SAFETY: by the contract.
    if info.dlpi_name.is_null() { b"" } else { unsafe { CStr::from_ptr(info.dlpi_name) }.to_bytes() }
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
