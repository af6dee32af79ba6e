//! Memory for the front end: an allocator for the one thread that compiles.
//!
//! A compiler makes very many small things and frees few of them. The system's allocator takes a fifth of the time
//! for that, and outside of the process's first thread it asks the system for each further page. While a thread
//! [`enters`](enter) the pool, what it allocates comes from one reserved region instead: from the free list of its
//! size class, else from the region's end. Everybody else, and what is large, goes to the system's allocator.
//!
//! ```text
//! region   | small things …  | populated, not yet used | reserved, not yet touched …               |
//!          start             next                      ready                                       end
//! ```
//!
//! What must stay true:
//! * One thread owns the pool, the first that enters; only it takes from the pool, while it is inside, and gives back
//!   to it. What another thread frees stays where it is until the process ends: it is bounded by what the front end
//!   made.
//! * [`give_back`] gives the system those pages that lie in free blocks only, and forgets all free blocks.
//! * Whether a block is the pool's is told by its address alone, so that it may be freed anywhere at any time.
//! * Nothing here allocates, panics or has a destructor: it runs inside of every allocation of the process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Bytes of address space; memory is taken as it is used.
const REGION: usize = 8 << 30;
/// Blocks of one size: those up to a KiB in steps of 16 bytes, then four steps for each doubling.
const CLASSES: usize = FINE + 4 * (LARGEST.ilog2() - FINE_MAX.ilog2()) as usize;
const FINE: usize = FINE_MAX / STEP;
const FINE_MAX: usize = 1 << 10;
const STEP: usize = 16;
/// What is larger than this comes from the system, which can grow it in place.
const LARGEST: usize = 128 << 10;
/// So much is made ready at once, which is cheaper than page by page.
const READY_AT_ONCE: usize = 128 << 10;

/// What the system gives and takes.
const PAGE: usize = 4096;

/// Adds a free range, in bytes from the region's start, to the free bytes of its pages.
fn count_free(pages: &mut [u16], mut at: usize, mut size: usize) {
    while size > 0 {
        let part = size.min(PAGE - at % PAGE);
        pages[at / PAGE] += part as u16;
        (at, size) = (at + part, size - part);
    }
}

/// The process's allocator.
pub struct Pool;

/// What the pool knows of the thread that is inside.
struct Inside {
    active: Cell<bool>,
    /// First byte that was never given out.
    next: Cell<usize>,
    /// First byte that was not made ready.
    ready: Cell<usize>,
    end: Cell<usize>,
    /// Blocks that were given back, by class, each beginning with the address of the next.
    free: [Cell<*mut u8>; CLASSES],
}

thread_local! {
    static INSIDE: Inside = const {
        Inside {
            active: Cell::new(false),
            next: Cell::new(0),
            ready: Cell::new(0),
            end: Cell::new(0),
            free: [const { Cell::new(std::ptr::null_mut()) }; CLASSES],
        }
    };
}

/// Where the region begins; before there is one, an address that nothing is near to.
static START: AtomicUsize = AtomicUsize::new(1 << 63);
/// Whether the region has been given to a thread.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The time in which a thread allocates from the pool.
pub struct Stay(PhantomData<*const ()>);

/// Lets this thread allocate from the pool until the answer is dropped. The first thread that asks gets the pool;
/// for others nothing changes.
pub fn enter() -> Stay {
    INSIDE.with(|inside| {
        if !inside.is_owner() && !TAKEN.swap(true, Ordering::Relaxed) {
            reserve(inside);
        }
        inside.active.set(inside.is_owner());
    });
    Stay(PhantomData)
}

impl Drop for Stay {
    fn drop(&mut self) {
        INSIDE.with(|inside| inside.active.set(false));
    }
}

/// Reserves the region. Where the system refuses so much, there is no pool.
fn reserve(inside: &Inside) {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping at an address that the system chooses touches no other memory.
    let start =
        unsafe { libc::mmap(std::ptr::null_mut(), REGION, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
    if start != libc::MAP_FAILED {
        let start = start as usize;
        START.store(start, Ordering::Relaxed);
        inside.next.set(start);
        inside.ready.set(start);
        inside.end.set(start + REGION);
    }
}

/// Gives the system the memory that is free, if this thread owns the pool and has left it.
pub fn give_back() {
    INSIDE.with(|inside| {
        if inside.is_owner() && !inside.active.get() {
            inside.give_back();
        }
    });
}

/// Whether a block lies in the pool. The load need not be ordered: who has the block's address has it from a thread
/// that had stored the region's before.
fn is_pooled(block: *mut u8) -> bool {
    (block as usize).wrapping_sub(START.load(Ordering::Relaxed)) < REGION
}

fn fits(layout: Layout) -> bool {
    layout.size() <= LARGEST && layout.align() <= STEP
}

/// The class of the smallest blocks that hold so many bytes, at most [`LARGEST`].
fn class_of(size: usize) -> usize {
    let last = size.max(1) - 1;
    if size <= FINE_MAX {
        return last / STEP;
    }
    let log = last.ilog2();
    FINE + 4 * (log - FINE_MAX.ilog2()) as usize + ((last >> (log - 2)) & 3)
}

/// Bytes of a block of a class.
fn size_of(class: usize) -> usize {
    match class.checked_sub(FINE) {
        None => (class + 1) * STEP,
        Some(above) => (above % 4 + 5) << (FINE_MAX.ilog2() as usize + above / 4 - 2),
    }
}

impl Inside {
    fn is_owner(&self) -> bool {
        self.end.get() != 0
    }

    /// Counts for each page the bytes of it that lie in free blocks, and gives those up that are free as a whole. As
    /// their blocks' links go with them, nothing is free any more afterwards.
    fn give_back(&self) {
        let start = self.end.get() - REGION;
        // What was never given out is free as well, up to the last page that is ready.
        let mut free = vec![0u16; (self.ready.get() - start).div_ceil(PAGE)];
        count_free(&mut free, self.next.get() - start, self.ready.get() - self.next.get());
        for (class, list) in self.free.iter().enumerate() {
            let mut block = list.replace(std::ptr::null_mut());
            while !block.is_null() {
                count_free(&mut free, block as usize - start, size_of(class));
                // SAFETY: `give` has stored the next block's address in this one, which nobody has used since.
                block = unsafe { block.cast::<*mut u8>().read() };
            }
        }
        self.ready.set(self.next.get());
        let mut page = 0;
        for run in free.chunk_by(|a, b| (*a as usize == PAGE) == (*b as usize == PAGE)) {
            if run[0] as usize == PAGE {
                let at = std::ptr::with_exposed_provenance_mut(start + page * PAGE);
                // SAFETY: these pages lie in the region, and in blocks that nobody has and no list names.
                unsafe { libc::madvise(at, run.len() * PAGE, libc::MADV_DONTNEED) };
            }
            page += run.len();
        }
    }

    /// A block of a class, or null where the region is full.
    fn take(&self, class: usize) -> *mut u8 {
        let free = &self.free[class];
        let block = free.get();
        if block.is_null() {
            return self.extend(size_of(class));
        }
        // SAFETY: `give` has stored the next block's address in this one, which nobody has used since.
        free.set(unsafe { block.cast::<*mut u8>().read() });
        block
    }

    fn give(&self, block: *mut u8, class: usize) {
        let free = &self.free[class];
        // SAFETY: the block is aligned to 16 bytes and has as many; its owner has just given it up.
        unsafe { block.cast::<*mut u8>().write(free.get()) };
        free.set(block);
    }

    /// Bytes that were never given out, or null where the region is full.
    fn extend(&self, size: usize) -> *mut u8 {
        let block = self.next.get();
        if size > self.end.get() - block {
            return std::ptr::null_mut();
        }
        self.next.set(block + size);
        if self.next.get() > self.ready.get() {
            self.make_ready();
        }
        std::ptr::with_exposed_provenance_mut(block)
    }

    /// Lets the system provide the next pages all at once. Where it cannot, they come when they are touched.
    #[cold]
    fn make_ready(&self) {
        let from = self.ready.get() / PAGE * PAGE;
        let to = self.next.get().next_multiple_of(READY_AT_ONCE).min(self.end.get());
        self.ready.set(to);
        #[cfg(target_os = "linux")]
        // SAFETY: the range lies in the region, which is ours; its content does not change.
        unsafe {
            let start: *mut libc::c_void = std::ptr::with_exposed_provenance_mut(from);
            libc::madvise(start, to - from, libc::MADV_POPULATE_WRITE);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = from;
    }
}

// SAFETY: a block is `System`'s, or lies in the region, where it is the only one to hold its bytes: `extend` never
// gives bytes out twice, and `take` gives a block that was given back, once. Its class is at least its layout's size,
// and classes are multiples of 16 bytes in a region that begins at a page, which is as much as `fits` lets through.
unsafe impl GlobalAlloc for Pool {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = INSIDE.with(|inside| match inside.active.get() && fits(layout) {
            true => inside.take(class_of(layout.size())),
            false => std::ptr::null_mut(),
        });
        if !block.is_null() {
            return block;
        }
        // SAFETY: the caller's layout is handed on.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if !is_pooled(block) {
            // SAFETY: what is not in the region came from `System` with this layout.
            return unsafe { System.dealloc(block, layout) };
        }
        INSIDE.with(|inside| {
            if inside.is_owner() {
                inside.give(block, class_of(layout.size()));
            }
        });
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !INSIDE.with(|inside| inside.active.get() && fits(layout)) {
            // SAFETY: the caller's layout is handed on.
            return unsafe { System.alloc_zeroed(layout) };
        }
        // SAFETY: as above; a block that is not null has as many bytes as its layout says.
        unsafe {
            let block = self.alloc(layout);
            if !block.is_null() {
                block.write_bytes(0, layout.size());
            }
            block
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !is_pooled(block) {
            // SAFETY: what is not in the region came from `System` with this layout.
            return unsafe { System.realloc(block, layout, size) };
        }
        if size <= LARGEST && class_of(size) == class_of(layout.size()) {
            return block;
        }
        // SAFETY: the caller answers for the new size with the old alignment. Both blocks have at least the smaller
        // number of bytes, and they do not overlap since both are in use.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                std::ptr::copy_nonoverlapping(block, new, layout.size().min(size));
                self.dealloc(block, layout);
            }
            new
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_hold_their_sizes() {
        for size in (1..5000).chain((1..=LARGEST).step_by(61)).chain([LARGEST]) {
            let class = class_of(size);
            assert!(class < CLASSES && size_of(class) >= size, "{size}");
            assert!(class == 0 || size_of(class - 1) < size, "{size}");
        }
    }

    /// What is made inside may be freed and grow outside, and the other way round.
    #[test]
    fn blocks_live_on_either_side() {
        let outside = vec![1u64; 100];
        let stay = enter();
        let mut inside: Vec<Vec<u64>> = (0..500).map(|n| (0..n).collect()).collect();
        inside.retain(|list| list.len() % 3 == 0);
        let again: Vec<Vec<u64>> = (0..500).map(|n| vec![n; n as usize]).collect();
        drop(outside);
        drop(stay);
        give_back();
        inside.iter_mut().for_each(|list| list.push(7));
        assert!(inside.iter().all(|list| (0u64..).zip(list).take(list.len() - 1).all(|(i, &n)| i == n)));
        assert!(again.iter().enumerate().all(|(n, list)| list.iter().all(|&m| m == n as u64)));
        std::thread::spawn(move || drop((inside, again))).join().expect("the other thread frees them");
    }
}
