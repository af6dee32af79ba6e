//! Allocation: a worker's caches, how they are filled, and large objects.
//!
//! A cache entry is a run of free, zeroed slots of one bin. The fast path is: take the front,
//! move it, compare with the end. An empty entry has `next == end == 0`. Filling takes the heap's lock,
//! once per run.
//!
//! Compiled code does the same inline for an object of type `T`, whose bin is a constant of the program:
//!
//! ```text
//!   entry = [ctx + ENTRIES] + T.bin * ENTRY_SIZE
//!   object = [entry + ENTRY_NEXT]
//!   after = object + size(class of T's size)
//!   if after > [entry + ENTRY_END], unsigned: object = callbacks.alloc(ctx, T)
//!   else: [entry + ENTRY_NEXT] = after
//! ```
//!
//! A type with `bin == NO_BIN` (no size, or large) always takes the callback. The object is zero. Whether the
//! collector wants to run is asked by the callback alone: runs are short, and empty under `VO_STRESS=gc`.
//!
//! Must stay true: slots between `next` and `end` have their alloc bits set, are zero, and belong
//! to this worker until a collection takes them back.

use super::arena::window;
use super::barrier::{self, Notes};
use super::block::Block;
use super::sizeclass::{self, MAX_SMALL, NUM_CLASSES, PAGE, block_pages, class_of};
use super::{Bin, Central, Heap};
use crate::layout::Layout;
use crate::panic::{Fatal, Result, RuntimePanic};
use crate::rtype::{Ty, zero_base};
use crate::value::{MAX_ALLOC, Word};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// What freed memory is filled with under stress: no address, no small number.
pub(super) const POISON: u8 = 0xDB;

/// Free slots of one bin, taken from the front; compiled code finds it at `JitContext::entries`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CacheEntry {
    /// The next free slot.
    pub next: u64,
    /// The end of the last one.
    pub end: u64,
    /// Bytes of a slot.
    pub slot: u64,
    /// Slots that the next run may have: more for bins that are used much, so that the others do not
    /// hold memory that counts towards the next collection.
    grab: u64,
}

/// Objects of so many bytes give their pages to the system when they die.
pub(super) const DIRECT: u64 = 8 << 20;

/// For objects of so many bytes the heap does not grow while it has spare pages.
const MADE_UP_FROM: u64 = 256 << 10;

/// Blocks that are swept before the heap grows.
const SWEEP_FIRST: usize = 8;

/// Bytes of the first run of a bin, and slots of the longest.
const FIRST_GRAB: u64 = 1024;
const LAST_GRAB: u64 = 1 << 16;

impl CacheEntry {
    fn new(slot: u64) -> CacheEntry {
        CacheEntry { next: 0, end: 0, slot, grab: (FIRST_GRAB / slot).max(1) }
    }
}

/// A worker's allocation caches for one island. A type's own bin (`RtType::bin`) always has an entry.
pub struct AllocCache {
    /// One entry per bin; moves when bins are added.
    entries: *mut CacheEntry,
    /// Where compiled code finds `entries`, if somewhere.
    published: *mut *mut CacheEntry,
    len: u64,
    storage: Vec<CacheEntry>,
    /// The bins of bytes without pointers by size class, plus one; 0 where none was needed here yet.
    byte_bins: [u32; NUM_CLASSES],
    /// State of the generator behind `random`.
    random: u64,
    /// What this worker has overwritten while the heap marks.
    pub(super) notes: Box<Notes>,
    /// The collection that [`AllocCache::sees_collection`] has told of.
    epoch: u32,
    heap: Arc<Heap>,
}

// SAFETY: the pointer is into `storage`, which the cache owns; `published` is its worker's.
unsafe impl Send for AllocCache {}

impl AllocCache {
    /// Empty caches. The box's address does not change; collections flush it through that address.
    pub fn new(heap: &Arc<Heap>) -> Box<AllocCache> {
        let mut cache = Box::new(AllocCache {
            entries: std::ptr::null_mut(),
            published: std::ptr::null_mut(),
            len: 0,
            storage: Vec::new(),
            byte_bins: [0; NUM_CLASSES],
            random: heap.next_seed(),
            notes: Box::new(Notes::new(Arc::as_ptr(heap), false)),
            epoch: heap.epoch(),
            heap: heap.clone(),
        });
        cache.reserve(heap.types.layouts.bin_count());
        let address: *mut AllocCache = &mut *cache;
        let mut central = heap.lock();
        central.caches.push(address);
        cache.notes.switch(heap.is_marking());
        drop(central);
        cache
    }

    /// The calling thread works in the heap's island from now on: what it overwrites is noted here. It must
    /// call [`AllocCache::leave`] before the cache is dropped.
    pub fn enter(&self) {
        barrier::set_current(&*self.notes);
    }

    /// The calling thread works in no island.
    pub fn leave(&self) {
        barrier::set_current(std::ptr::null());
    }

    /// Whether stores of addresses must be told: see `barrier`.
    #[inline(always)]
    pub fn is_marking(&self) -> bool {
        self.notes.is_on()
    }

    /// Whether a collection has begun since this was last asked.
    #[inline(always)]
    pub fn sees_collection(&mut self) -> bool {
        let epoch = self.heap.epoch();
        std::mem::replace(&mut self.epoch, epoch) != epoch
    }

    /// Keeps the address of the entries at `place` from now on.
    ///
    /// # Safety
    /// `place` is written by nobody else and outlives the cache, or the next call with another place.
    pub unsafe fn publish(&mut self, place: *mut *mut CacheEntry) {
        self.published = place;
        self.tell_entries();
    }

    fn tell_entries(&mut self) {
        if !self.published.is_null() {
            // SAFETY: ours to write, by the contract of `publish`.
            unsafe { *self.published = self.entries };
        }
    }

    /// The heap.
    #[inline(always)]
    pub fn heap(&self) -> &Arc<Heap> {
        &self.heap
    }

    /// A number from the island's seeded generator: map seeds, starts of iterations.
    #[inline]
    pub fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.random)
    }

    /// A zeroed object of a type; never 0. What has no size has one address for all.
    #[inline(always)]
    pub fn alloc(&mut self, ty: Ty) -> Result<Word> {
        match self.pop(ty.bin) {
            Some(addr) => Ok(addr),
            None => self.alloc_layout(ty.size, ty.layout),
        }
    }

    /// `n` zeroed elements in a row; panics as `make` does where they cannot be.
    #[inline]
    pub fn alloc_array(&mut self, elem: Ty, n: u64) -> Result<Word> {
        match elem.size.checked_mul(n) {
            Some(bytes) if bytes <= MAX_ALLOC => self.alloc_layout(bytes, elem.layout),
            _ => Err(RuntimePanic::MakeSliceLen {}.into()),
        }
    }

    /// So many zeroed bytes without pointers.
    #[inline]
    pub fn alloc_bytes(&mut self, n: u64) -> Result<Word> {
        let noscan = self.heap.types.layouts.noscan();
        if n.wrapping_sub(1) < MAX_SMALL {
            let class = class_of(n);
            self.byte_bins[class as usize] = self.heap.types.layouts.bin(noscan, class) + 1;
        }
        self.alloc_layout(n, noscan)
    }

    /// As [`AllocCache::alloc_bytes`] for one byte or more, where the cache has room for them at hand.
    #[inline(always)]
    pub fn pop_bytes(&mut self, n: u64) -> Option<Word> {
        if n.wrapping_sub(1) >= MAX_SMALL {
            return None;
        }
        let bin = self.byte_bins[class_of(n) as usize].checked_sub(1)?;
        self.pop(bin)
    }

    /// So many zeroed words, each of which may be an address.
    #[inline]
    pub fn alloc_words(&mut self, n: u64) -> Result<Word> {
        let all = self.heap.types.layouts.all();
        self.alloc_layout(n * 8, all)
    }

    /// So many zeroed bytes of a layout of this program.
    #[inline]
    pub fn alloc_layout(&mut self, bytes: u64, layout: &'static Layout) -> Result<Word> {
        if bytes == 0 {
            return Ok(zero_base());
        }
        if bytes > MAX_SMALL {
            return self.heap.clone().alloc_large(bytes, layout);
        }
        let bin = self.heap.types.layouts.bin(layout, class_of(bytes));
        match self.pop(bin) {
            Some(addr) => Ok(addr),
            None => self.refill(bin),
        }
    }

    /// The fast path.
    #[inline(always)]
    fn pop(&mut self, bin: u32) -> Option<Word> {
        if bin as u64 >= self.len {
            return None;
        }
        // SAFETY: below `len`.
        let entry = unsafe { &mut *self.entries.add(bin as usize) };
        let next = entry.next + entry.slot;
        if next > entry.end {
            return None;
        }
        Some(std::mem::replace(&mut entry.next, next))
    }

    #[cold]
    fn refill(&mut self, bin: u32) -> Result<Word> {
        if bin as u64 >= self.len {
            // Under the lock, since `Heap::stats` reads the caches of all workers.
            let heap = self.heap.clone();
            let _central = heap.lock();
            self.reserve(bin as usize + 1);
        }
        let stress = self.heap.config.stress;
        let entry = &mut self.storage[bin as usize];
        let run = self.heap.take_run(bin, if stress { 1 } else { entry.grab as u32 })?;
        run.clear(stress);
        entry.next = run.start + run.slot;
        entry.end = run.end;
        entry.grab = (entry.grab * 2).min(LAST_GRAB);
        if self.heap.is_marking() {
            self.heap.assist();
        }
        Ok(run.start)
    }

    /// Makes room for so many bins.
    fn reserve(&mut self, bins: usize) {
        let new = self.storage.len()..bins;
        self.storage.reserve(new.len());
        let (storage, layouts) = (&mut self.storage, &self.heap.types.layouts);
        layouts.for_each_class(new, |class| storage.push(CacheEntry::new(sizeclass::size(class))));
        self.entries = self.storage.as_mut_ptr();
        self.len = self.storage.len() as u64;
        self.tell_entries();
    }
}

impl Drop for AllocCache {
    fn drop(&mut self) {
        let heap = self.heap.clone();
        let address: *mut AllocCache = self;
        // SAFETY: the worker's own notes.
        let notes = unsafe { self.notes.take() };
        if heap.is_marking() {
            heap.shade_notes(&notes);
        }
        let mut central = heap.lock();
        central.caches.retain(|&c| c != address);
        central.flush(self, heap.config.stress);
    }
}

/// Makes a counter look random (the finaliser of SplitMix64).
fn mix(x: u64) -> u64 {
    let x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ x >> 31
}

/// A run of free slots, handed out.
struct Run {
    start: u64,
    end: u64,
    slot: u64,
    zeroed: bool,
}

impl Run {
    /// Makes the memory zero; under stress, checks that nobody wrote to it while it was free.
    fn clear(&self, stress: bool) {
        if self.zeroed {
            return;
        }
        let (start, len) = (self.start as *mut u8, (self.end - self.start) as usize);
        // SAFETY: free slots that are ours now.
        unsafe {
            if stress {
                let bytes = std::slice::from_raw_parts(start, len);
                let spoilt = bytes.iter().position(|&b| b != POISON);
                assert!(
                    spoilt.is_none(),
                    "internal error: object at {:#x} written after it was freed",
                    self.start
                );
            }
            std::ptr::write_bytes(start, 0, len);
        }
    }
}

impl Heap {
    /// A run of at most `max` free slots for a bin.
    fn take_run(&self, bin: u32, max: u32) -> Result<Run> {
        let mut central = self.lock();
        let central = &mut *central;
        central.add_bins(bin, self);
        loop {
            let list = &mut central.bins[bin as usize];
            if let Some(&block) = list.blocks.get(list.next) {
                // SAFETY: a block of this heap, under its lock.
                let block = unsafe { &*block };
                if let Some(slots) = block.next_run(max) {
                    if self.is_marking() {
                        block.set_marks(slots.clone(), true);
                    }
                    let (start, end) = (block.slot_addr(slots.start), block.slot_addr(slots.end));
                    list.handed += slots.len() as u64;
                    central.pacer.handed(slots.len() as u64, end - start);
                    self.note_goal(central);
                    return Ok(Run { start, end, slot: block.slot(), zeroed: block.zeroed });
                }
                list.next += 1;
                continue;
            }
            if central.sweep_one(bin as usize, self.config.stress) {
                continue;
            }
            let block = central.new_small_block(bin, self)?;
            let list = &mut central.bins[bin as usize];
            list.next = list.blocks.len();
            list.blocks.push(block);
        }
    }

    #[cold]
    fn alloc_large(&self, bytes: u64, layout: &'static Layout) -> Result<Word> {
        if bytes > MAX_ALLOC {
            return Err(Fatal::OutOfMemory(bytes).into());
        }
        let mut central = self.lock();
        // What is dead and large may be what is needed now.
        central.sweep_some(SWEEP_FIRST, self.config.stress);
        let pages = bytes.div_ceil(PAGE);
        let (base, zeroed) = central.take_pages(pages, bytes)?;
        central.add_large(self, base, pages, bytes, layout);
        drop(central);
        if self.is_marking() {
            self.assist();
        }
        if !zeroed {
            // It is marked already, or no collection looks at it before this operation is over.
            // SAFETY: pages that are ours now.
            unsafe { std::ptr::write_bytes(base as *mut u8, 0, bytes.next_multiple_of(8) as usize) };
        }
        Ok(base)
    }

    /// Where the next cache's generator starts: each gets another sequence.
    fn next_seed(&self) -> u64 {
        mix(self.config.seed ^ self.streams.fetch_add(1, Relaxed) << 32)
    }

    /// A slice has moved on from the array of so many bytes at `start` to a larger one. What still leads to the old one
    /// is hardly ever more than a word left behind on a stack, so a large one does not count when the next goal is set.
    ///
    /// # Safety
    /// As for [`Heap::find`].
    #[inline]
    pub(crate) unsafe fn outgrow(&self, start: Word, bytes: u64) {
        if bytes >= MADE_UP_FROM
            // SAFETY: handed on.
            && let Some(object) = unsafe { self.find(start) }
        {
            object.block().outgrown.store(true, Relaxed);
        }
    }

    /// An object has been made that keeps so many bytes outside of the heap, which it is time to look for as if they were allocated: a handle is
    /// small, and what it keeps is not.
    pub fn count_outside(&self, bytes: u64) {
        let mut central = self.lock();
        central.pacer.kept_outside(bytes);
        self.note_goal(&central);
    }

    /// Asks for a collection once the goal is reached.
    pub(super) fn note_goal(&self, central: &Central) {
        if central.pacer.wants_collection(self.is_marking()) {
            self.must_collect.store(true, Relaxed);
        }
    }
}

impl Central {
    /// Makes pages the block of a large object.
    pub(super) fn add_large(
        &mut self,
        heap: &Heap,
        base: u64,
        pages: u64,
        bytes: u64,
        layout: &'static Layout,
    ) -> *mut Block {
        let block = window().take_block();
        // SAFETY: ours now; nobody knows it before `set_block`.
        unsafe {
            (*block).set_large(base, pages, bytes, layout);
            (*block).take_over(heap.id);
            if heap.is_marking() {
                (*block).set_mark(0);
            }
        }
        window().set_block(base, pages, block);
        self.large.push(block);
        self.pacer.handed(1, pages * PAGE);
        heap.note_goal(self);
        block
    }

    /// Makes the lists of bins up to this one, or more.
    pub(super) fn add_bins(&mut self, bin: u32, heap: &Heap) {
        if (bin as usize) < self.bins.len() {
            return;
        }
        let bins = &mut self.bins;
        heap.types.layouts.with_bins(|known| {
            // All of them at once: a small heap lives too shortly for more.
            bins.reserve_exact(known.len() - bins.len());
            let new = known[bins.len()..].iter();
            bins.extend(new.map(|&info| Bin {
                info,
                blocks: Vec::new(),
                next: 0,
                unswept: Vec::new(),
                handed: 0,
            }));
        });
    }

    fn new_small_block(&mut self, bin: u32, heap: &Heap) -> Result<*mut Block> {
        self.sweep_some(SWEEP_FIRST, heap.config.stress);
        let info = self.bins[bin as usize].info;
        let pages = block_pages(info.class);
        let (base, zeroed) = self.take_pages(pages, sizeclass::size(info.class))?;
        let block = window().take_block();
        // SAFETY: ours now; nobody knows it before `set_block`.
        unsafe {
            (*block).set_small(base, pages, info.class, bin, info.layout);
            (*block).zeroed = zeroed;
            (*block).take_over(heap.id);
            if heap.config.stress && !zeroed {
                std::ptr::write_bytes(base as *mut u8, POISON, (pages * PAGE) as usize);
            }
        }
        window().set_block(base, pages, block);
        Ok(block)
    }

    /// Pages for an object of so many bytes, and whether they are zero.
    fn take_pages(&mut self, pages: u64, bytes: u64) -> Result<(u64, bool)> {
        let fail = Fatal::OutOfMemory(bytes);
        if self.pacer.forbids(pages * PAGE) {
            return Err(fail.into());
        }
        let (base, zeroed) = match self.spare.take(pages).or_else(|| window().take_used(pages)) {
            Some(base) => (base, false),
            None => {
                self.make_up_for(pages);
                (window().take(pages).ok_or(fail)?, true)
            }
        };
        self.pacer.spare_bytes = self.spare.total() * PAGE;
        self.pacer.took(pages * PAGE);
        Ok((base, zeroed))
    }

    /// So many pages come from the system although there are spare ones, in shorter runs: for a large object some of these go
    /// there instead.
    pub(super) fn make_up_for(&mut self, mut pages: u64) {
        if pages * PAGE < MADE_UP_FROM {
            return;
        }
        while pages > 0
            && let Some((base, taken)) = self.spare.take_some(pages)
        {
            window().give(base, taken);
            pages -= taken;
        }
    }

    /// Takes the free slots of all caches back.
    pub(super) fn flush_caches(&mut self, stress: bool) {
        for i in 0..self.caches.len() {
            // SAFETY: a cache removes itself when it ends, and its worker is stopped.
            let cache = unsafe { &mut *self.caches[i] };
            self.flush(cache, stress);
        }
    }

    fn flush(&mut self, cache: &mut AllocCache, stress: bool) {
        for (bin, entry) in cache.storage.iter_mut().enumerate() {
            entry.grab = (entry.grab / 4).max(FIRST_GRAB / entry.slot).max(1);
            if entry.next == entry.end {
                continue;
            }
            let block = window().block_of(entry.next);
            let (objects, bytes) = ((entry.end - entry.next) / entry.slot, entry.end - entry.next);
            // SAFETY: the cache's slots lie in a block of this heap, under its lock.
            unsafe {
                let first = (*block).index_of(entry.next);
                let slots = first..first + objects as u32;
                (*block).set_alloc(slots.clone(), false);
                (*block).set_marks(slots, false);
                (*block).lower_cursor(first);
                if stress && !(*block).zeroed {
                    std::ptr::write_bytes(entry.next as *mut u8, POISON, bytes as usize);
                }
            }
            self.bins[bin].handed -= objects;
            self.pacer.handed_back(objects, bytes);
            (entry.next, entry.end) = (0, 0);
        }
    }

    /// Slots in caches that no object lies in: how many, and their bytes.
    pub(super) fn unused_in_caches(&self) -> (u64, u64) {
        let mut unused = (0, 0);
        self.for_each_unused(|_, objects, bytes| unused = (unused.0 + objects, unused.1 + bytes));
        unused
    }

    /// Tells bin, slots and bytes of what no object lies in of each cache's run.
    pub(super) fn for_each_unused(&self, mut f: impl FnMut(usize, u64, u64)) {
        for &cache in &self.caches {
            // SAFETY: a cache removes itself, under the lock, before it ends. Its worker may allocate
            // meanwhile, so the fields are read raw; the storage does not move but under the lock.
            unsafe {
                let (entries, len) = ((*cache).storage.as_ptr(), (*cache).storage.len());
                for i in 0..len {
                    let entry = entries.add(i).read_volatile();
                    let bytes = entry.end.saturating_sub(entry.next);
                    f(i, bytes / entry.slot.max(1), bytes);
                }
            }
        }
    }
}
