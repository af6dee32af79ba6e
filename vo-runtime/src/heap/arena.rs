//! The window of addresses in which all heaps of the process lie, and its pages.
//!
//! One large range is reserved once, so that "may this word be a heap address" is a subtraction and a
//! comparison. It is cut into pages of 8 KiB; a flat table leads from a page to the [`Block`] that
//! covers it. Heaps take runs of pages from the window and give them back; pages that come from here
//! are zero, because what is given back is handed to the operating system first.
//!
//! Must stay true: a page belongs to one heap at a time; a block's memory is never freed, so a
//! reader that meets a page of another island may look at the block's owner, and at nothing else.

use super::block::Block;
use super::pages::PageRuns;
use super::sizeclass::{PAGE, PAGE_SHIFT};
use std::sync::atomic::{AtomicPtr, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};
use std::sync::{Mutex, MutexGuard, OnceLock};

/// Sizes of the window that are tried, in bytes: a container may forbid the larger ones.
const SIZES: [u64; 5] = [1 << 40, 1 << 38, 1 << 36, 1 << 34, 1 << 32];

/// The process's window.
pub(crate) struct Window {
    base: u64,
    size: u64,
    /// One entry per page.
    table: *const AtomicPtr<Block>,
    state: Mutex<State>,
}

struct State {
    /// Pages that were never used begin here (page number).
    fresh: u64,
    /// Pages that were given back.
    free: PageRuns,
    /// Pages of islands that have ended, as they left them: a small island that comes next need not have its memory from the system.
    used: PageRuns,
    /// Blocks that stand for nothing now.
    blocks: Vec<BlockPtr>,
}

struct BlockPtr(*mut Block);

// SAFETY: an unused block is owned by the list that it is in.
unsafe impl Send for BlockPtr {}

// SAFETY: `table` is memory of atomics that lives as long as the process; the rest is plain or locked.
unsafe impl Send for Window {}
// SAFETY: as above.
unsafe impl Sync for Window {}

/// The process's window, reserved on first use.
pub(crate) fn window() -> &'static Window {
    static WINDOW: OnceLock<Window> = OnceLock::new();
    WINDOW.get_or_init(|| {
        SIZES.iter().find_map(|&size| Window::reserve(size)).expect(
            "internal error: no address space for the heap: the operating system refuses to reserve 4 GiB",
        )
    })
}

impl Window {
    fn reserve(size: u64) -> Option<Window> {
        let base = os::reserve(size)?;
        let Some(table) = os::reserve((size >> PAGE_SHIFT) * 8) else {
            os::unmap(base, size);
            return None;
        };
        let state =
            State { fresh: 0, free: PageRuns::default(), used: PageRuns::default(), blocks: Vec::new() };
        Some(Window { base, size, table: table as *const AtomicPtr<Block>, state: Mutex::new(state) })
    }

    /// First address and length in bytes.
    #[inline(always)]
    pub(crate) fn range(&self) -> (u64, u64) {
        (self.base, self.size)
    }

    /// The block that covers an address, null where there is none or the address is outside.
    #[inline(always)]
    pub(crate) fn block_of(&self, addr: u64) -> *mut Block {
        let offset = addr.wrapping_sub(self.base);
        if offset >= self.size {
            return std::ptr::null_mut();
        }
        // SAFETY: inside the table.
        unsafe { (*self.table.add((offset >> PAGE_SHIFT) as usize)).load(Acquire) }
    }

    /// Makes `block` the block of so many pages from `base` on (null: of none).
    pub(crate) fn set_block(&self, base: u64, pages: u64, block: *mut Block) {
        let first = (base - self.base) >> PAGE_SHIFT;
        debug_assert!((first + pages) << PAGE_SHIFT <= self.size);
        for page in first..first + pages {
            // SAFETY: inside the table. Pairs with `block_of`: who sees the block sees it filled.
            unsafe { (*self.table.add(page as usize)).store(block, Release) };
        }
    }

    /// Address of a run of zeroed pages; `None` where the window is full.
    pub(crate) fn take(&self, pages: u64) -> Option<u64> {
        let mut state = self.lock();
        if let Some(run) = state.free.take(pages) {
            drop(state);
            prefer_large_pages(run, pages);
            return Some(run);
        }
        let base = self.base + (state.fresh << PAGE_SHIFT);
        if pages > (self.size >> PAGE_SHIFT) - state.fresh {
            return None;
        }
        state.fresh += pages;
        drop(state);
        prefer_large_pages(base, pages);
        Some(base)
    }

    /// Takes the zeroed pages from `base` on, if they are free: what lies before them grows. It has so many bytes then.
    pub(crate) fn take_at(&self, base: u64, pages: u64, whole: u64) -> bool {
        let mut state = self.lock();
        let fresh = self.base + (state.fresh << PAGE_SHIFT);
        let has_more = pages <= (self.size >> PAGE_SHIFT) - state.fresh;
        let taken = state.free.take_at(base, pages) || base == fresh && has_more;
        if taken && base == fresh {
            state.fresh += pages;
        }
        drop(state);
        if taken && whole >= LARGE_PAGES_FROM {
            let (before, end) = (whole - pages * PAGE, base + pages * PAGE);
            os::prefer_large_pages(end - whole, whole);
            if before < LARGE_PAGES_FROM {
                // The one that is half full as well.
                let filled = base.next_multiple_of(LARGE_PAGE).min(end) - (base - before);
                os::make_large_pages(base - before, filled);
            }
        }
        taken
    }

    /// Gives a run of pages back, whatever they hold.
    pub(crate) fn give(&self, base: u64, pages: u64) {
        os::decommit(base, pages * PAGE);
        self.lock().free.give(base, pages);
    }

    /// Gives back pages whose memory was moved there: they become a part of the window like any other.
    pub(crate) fn give_mapped(&self, base: u64, pages: u64) {
        os::renew(base, pages * PAGE);
        self.lock().free.give(base, pages);
    }

    /// Gives back pages of an island that has ended.
    pub(crate) fn recycle(&self, base: u64, pages: u64) {
        let mut state = self.lock();
        if state.used.total() + pages <= MOST_USED {
            state.used.give(base, pages);
            return;
        }
        drop(state);
        self.give(base, pages);
    }

    /// A run of pages that hold anything, if there is one; for small runs.
    pub(crate) fn take_used(&self, pages: u64) -> Option<u64> {
        if pages > MOST_USED {
            return None;
        }
        self.lock().used.take(pages)
    }

    /// How many more of the pages that [`Window::take_used`] answers would be kept.
    pub(crate) fn wanted(&self) -> u64 {
        MOST_USED.saturating_sub(self.lock().used.total())
    }

    /// Moves what is in some pages to others; zeroes stay behind.
    pub(crate) fn move_pages(&self, from: u64, to: u64, pages: u64) {
        let bytes = pages * PAGE;
        if os::remap(from, to, bytes) {
            return;
        }
        // SAFETY: pages of the window that are the caller's.
        unsafe { std::ptr::copy_nonoverlapping(from as *const u8, to as *mut u8, bytes as usize) };
        os::decommit(from, bytes);
    }

    /// A block that stands for nothing.
    pub(crate) fn take_block(&self) -> *mut Block {
        let unused = self.lock().blocks.pop();
        unused.map_or_else(|| Box::into_raw(Box::new(Block::unused())), |b| b.0)
    }

    /// Takes a block back.
    ///
    /// # Safety
    /// The block is the caller's, and the page table does not lead to it any more.
    pub(crate) unsafe fn give_block(&self, block: *mut Block) {
        // SAFETY: the caller's; the memory stays.
        unsafe { (*block).owner.store(0, Relaxed) };
        self.lock().blocks.push(BlockPtr(block));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Pages of ended islands that are kept as they are: 4 MiB.
const MOST_USED: u64 = 512;

/// Bytes from which on an object should lie in large pages: whoever jumps about in it, such as a map, misses
/// the processor's table of pages at nearly every step otherwise.
const LARGE_PAGES_FROM: u64 = 4 << 20;

/// Bytes of such a page.
pub(super) const LARGE_PAGE: u64 = 2 << 20;

fn prefer_large_pages(base: u64, pages: u64) {
    if pages * PAGE >= LARGE_PAGES_FROM {
        os::prefer_large_pages(base, pages * PAGE);
    }
}

/// What the operating system is asked for.
mod os {
    use std::ptr;

    const FLAGS: i32 = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_NORESERVE;

    /// Reserves zeroed, readable and writable memory that costs nothing until it is touched.
    pub(super) fn reserve(bytes: u64) -> Option<u64> {
        let prot = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new anonymous mapping at an address of the system's choice.
        let addr = unsafe { libc::mmap(ptr::null_mut(), bytes as usize, prot, FLAGS, -1, 0) };
        (addr != libc::MAP_FAILED).then_some(addr as u64)
    }

    pub(super) fn unmap(base: u64, bytes: u64) {
        // SAFETY: a mapping that `reserve` made and nobody uses.
        unsafe { libc::munmap(base as *mut libc::c_void, bytes as usize) };
    }

    /// Asks for large pages. A system that has none goes on as before.
    pub(super) fn prefer_large_pages(base: u64, bytes: u64) {
        #[cfg(target_os = "linux")]
        // SAFETY: pages of the window; the advice does not change what they hold.
        unsafe {
            libc::madvise(base as *mut libc::c_void, bytes as usize, libc::MADV_HUGEPAGE);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = (base, bytes);
    }

    /// Moves what is there into large pages, as far as these lie within.
    pub(super) fn make_large_pages(base: u64, bytes: u64) {
        #[cfg(target_os = "linux")]
        // SAFETY: pages of the window; they hold what they held.
        unsafe {
            libc::madvise(base as *mut libc::c_void, bytes as usize, libc::MADV_COLLAPSE);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = (base, bytes);
    }

    /// Gives the memory to the system; it reads as zeroes afterwards.
    pub(super) fn decommit(base: u64, bytes: u64) {
        #[cfg(target_os = "linux")]
        // SAFETY: pages of the window that nobody uses.
        if unsafe { libc::madvise(base as *mut libc::c_void, bytes as usize, libc::MADV_DONTNEED) } == 0 {
            return;
        }
        renew(base, bytes);
    }

    /// Puts new, zeroed memory there.
    pub(super) fn renew(base: u64, bytes: u64) {
        let prot = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: pages of the window that nobody uses are replaced by a fresh mapping.
        let addr = unsafe {
            libc::mmap(base as *mut libc::c_void, bytes as usize, prot, FLAGS | libc::MAP_FIXED, -1, 0)
        };
        assert!(addr != libc::MAP_FAILED, "internal error: cannot give heap pages back");
    }

    /// Moves the memory of one range to another and leaves new memory behind. False where the system cannot, and nothing has
    /// changed.
    pub(super) fn remap(from: u64, to: u64, bytes: u64) -> bool {
        #[cfg(target_os = "linux")]
        {
            let (old, new, len) = (from as *mut libc::c_void, to as *mut libc::c_void, bytes as usize);
            let how = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED | libc::MREMAP_DONTUNMAP;
            // SAFETY: two ranges of pages of the window that are the caller's.
            if unsafe { libc::mremap(old, len, len, how, new) } != libc::MAP_FAILED {
                return true;
            }
            // It may have taken the target out before it failed.
            renew(to, bytes);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = (from, to, bytes);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_zeroed_and_are_found() {
        let w = window();
        let base = w.take(3).unwrap();
        let block = w.take_block();
        w.set_block(base, 3, block);
        assert_eq!(w.block_of(base + 3 * PAGE - 1), block);
        assert!(w.block_of(1).is_null());
        // SAFETY: our pages.
        unsafe {
            assert_eq!(*(base as *const u64), 0);
            *(base as *mut u64) = 7;
        }
        w.set_block(base, 3, std::ptr::null_mut());
        w.give(base, 3);
        // SAFETY: our block. The page is mapped, whoever owns it now.
        unsafe { w.give_block(block) };
    }
}
