//! The heap of an island: allocation caches, size-class blocks, a mark-sweep collector that never moves.
//!
//! ```text
//! AllocCache (per worker)   bin -> [next, end)   taken from the front, no lock
//!      | empty                                     ^ a run of free slots, zeroed
//! Heap (per island, locked) bin -> blocks         block: 1-16 pages, slots of one size and layout
//!      | none                                      ^ pages
//! Window (process)          runs of 8 KiB pages, page -> block
//! ```
//!
//! Objects have no header: size and pointer layout belong to the block (`layout.rs`), mark bits lie beside.
//! Any address inside an object keeps it alive. An address one past an object's end (`s[len(s):]`)
//! need not: nothing can be reached through it, and at worst it keeps the next object too long.
//! Roots and fields are looked up before they are believed, so precise and conservative words take one
//! path, and immortal data (string constants, type words) may stand wherever an object may.
//!
//! The collector stops the island twice and marks beside it in between: `cycle` says how. Nothing collects on its own:
//! allocation sets [`Heap::must_collect`] when the goal is reached, and the machine acts on it before
//! its next allocating operation. So within one operation of this crate objects that
//! are held in local variables only are safe.
//!
//! Reading order: `sizeclass`, `arena`, `pages`, `block`, `alloc`, `cycle`, `barrier`, `mark`, `queue`, `roots`, `sweep`, `watch`,
//! `pacer`, `handover`, `extend`, `ready`, `verify`.

mod alloc;
mod arena;
pub mod barrier;
mod block;
mod cycle;
mod extend;
mod handover;
mod mark;
mod pacer;
mod pages;
mod queue;
pub(crate) mod ready;
mod roots;
pub mod sizeclass;
mod sweep;
mod verify;
mod watch;

#[cfg(test)]
mod tests;

pub use alloc::{AllocCache, CacheEntry};
pub use cycle::wipe_stack;
pub(crate) use handover::GIVE_FROM;
pub use handover::Pages;
pub use mark::{Marker, prefetch};
pub use pacer::{HeapStats, SizeStats};
pub use roots::Roots;
pub use watch::{Due, WatchKind};

use crate::layout::BinInfo;
use crate::panic::Fatal;
use crate::rtype::LoadedTypes;
use crate::value::Word;
use arena::window;
use block::Block;
use pacer::Pacer;
use pages::PageRuns;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

/// How a heap behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeapConfig {
    /// Growth in percent of the live bytes until the next collection (`GOGC`); `None`: only on request.
    pub gogc: Option<u32>,
    /// Bytes that a heap may have before it is collected, at `gogc` 100, where collections would cost much otherwise.
    pub min_heap: u64,
    /// Bytes that the island should stay below (`GOMEMLIMIT`).
    pub soft_limit: Option<u64>,
    /// Bytes that the island may have: more, after a collection, is its end.
    pub limit: Option<u64>,
    /// Collect at every allocation (`VO_STRESS=gc`), and poison freed memory.
    pub stress: bool,
    /// Check the heap's invariants after each collection.
    pub verify: bool,
    /// Where the island's random choices start.
    pub seed: u64,
    /// How long the first stop of a collection, and the last one, may mark. Zero: for testing, as little as can be
    /// in stops, and slowly beside the island.
    pub patience: Duration,
    /// How long an island must hardly allocate until its free pages go to the system.
    pub idle: Duration,
    /// Objects that the mark stack holds before it overflows.
    pub mark_stack: usize,
}

impl Default for HeapConfig {
    fn default() -> HeapConfig {
        HeapConfig {
            gogc: Some(100),
            min_heap: 4 << 20,
            soft_limit: None,
            limit: None,
            stress: false,
            verify: false,
            seed: 0,
            patience: Duration::from_micros(300),
            idle: Duration::from_secs(5),
            mark_stack: 1 << 22,
        }
    }
}

/// What a collection was about.
#[derive(Clone, Copy, Debug)]
pub struct Collected {
    /// Bytes of objects, dead ones included, before it.
    pub before: u64,
    /// Bytes at which it was due.
    pub goal: u64,
    /// Processor time that marking beside the island took.
    pub marking: Duration,
    /// Packets of objects that workers have followed while they were stopped.
    pub helped: u32,
}

/// What [`Heap::set_step_from_outside`] and [`Heap::set_waited_for`] take.
pub type Hook = Box<dyn Fn() -> bool + Send + Sync>;

/// The heap of an island.
pub struct Heap {
    /// Number of the heap in the process, not 0.
    id: u64,
    types: Arc<LoadedTypes>,
    config: HeapConfig,
    must_collect: AtomicBool,
    over_limit: AtomicBool,
    released: AtomicBool,
    /// Marking goes on beside the running island.
    marking: AtomicBool,
    /// There are fibers that have not been looked at since marking began.
    resting: AtomicBool,
    /// Number of the collection that marks, or of the last one: what has been looked at in it bears that.
    epoch: AtomicU32,
    /// Collections that are complete.
    cycles: AtomicU64,
    queue: queue::MarkQueue,
    /// The thread that marks beside the island has been started.
    has_marker: AtomicBool,
    /// See [`Heap::set_step_from_outside`].
    outside: OnceLock<Hook>,
    /// See [`Heap::set_waited_for`].
    waited_for: OnceLock<Hook>,
    /// Caches that were made.
    streams: AtomicU64,
    central: Mutex<Central>,
}

/// What the heap's lock guards.
struct Central {
    bins: Vec<Bin>,
    large: Vec<*mut Block>,
    unswept_large: Vec<*mut Block>,
    /// Blocks that are unswept, large ones included; the bin whose blocks are swept next.
    unswept: usize,
    sweeping: usize,
    /// Free pages of this heap; their contents are garbage.
    spare: PageRuns,
    /// Ready objects have come in since the last collection began, or before that since the one before.
    adopts: (bool, bool),
    caches: Vec<*mut AllocCache>,
    pacer: Pacer,
    watched: watch::Watched,
}

// SAFETY: blocks belong to the heap, caches are entered while their owners are stopped or hold the lock.
unsafe impl Send for Central {}

/// A live object, and where it stands among those of its block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Located {
    pub(crate) start: Word,
    /// Bytes.
    pub(crate) size: u64,
    pub(crate) layout: &'static crate::layout::Layout,
    pub(crate) block: u64,
    pub(crate) index: u32,
    pub(crate) slots: u32,
}

impl Located {
    /// Whether it has pages of its own.
    fn is_large(&self) -> bool {
        self.block().class == 0
    }

    /// The bin and size class of what is not large.
    #[inline(always)]
    pub(crate) fn bin(&self) -> (u32, u8) {
        let block = self.block();
        (block.bin, block.class)
    }

    /// The first address and bytes of its block's slots, and by what an offset in them times 2^32 is multiplied to have the index of its
    /// slot; for what is not large.
    pub(crate) fn block_range(&self) -> (u64, u64, u64) {
        let block = self.block();
        (block.base, u64::from(block.slots) * block.slot(), block.magic())
    }

    #[inline(always)]
    fn block(&self) -> &Block {
        // SAFETY: blocks are never freed, and this one holds a live object.
        unsafe { &*(self.block as *const Block) }
    }
}

/// Blocks of one layout and size class.
struct Bin {
    info: BinInfo,
    blocks: Vec<*mut Block>,
    /// The first block that may have free slots.
    next: usize,
    /// Blocks that the last collection has left to be swept.
    unswept: Vec<*mut Block>,
    /// Slots that were ever handed out and have not come back unused.
    handed: u64,
}

impl Heap {
    /// An empty heap for a program with these types.
    pub fn new(types: Arc<LoadedTypes>, config: HeapConfig) -> Arc<Heap> {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        let central = Central {
            bins: Vec::new(),
            large: Vec::new(),
            unswept_large: Vec::new(),
            unswept: 0,
            sweeping: 0,
            spare: PageRuns::default(),
            adopts: (false, false),
            caches: Vec::new(),
            pacer: Pacer::new(&config),
            watched: watch::Watched::default(),
        };
        Arc::new(Heap {
            id: NEXT_ID.fetch_add(1, Relaxed),
            types,
            config,
            must_collect: AtomicBool::new(config.stress),
            over_limit: AtomicBool::new(false),
            released: AtomicBool::new(false),
            marking: AtomicBool::new(false),
            resting: AtomicBool::new(false),
            epoch: AtomicU32::new(0),
            cycles: AtomicU64::new(0),
            queue: queue::MarkQueue::default(),
            has_marker: AtomicBool::new(false),
            outside: OnceLock::new(),
            waited_for: OnceLock::new(),
            streams: AtomicU64::new(0),
            central: Mutex::new(central),
        })
    }

    /// The program's types.
    pub fn types(&self) -> &Arc<LoadedTypes> {
        &self.types
    }

    /// Whether the machine should stop the island and collect before it allocates again.
    #[inline(always)]
    pub fn must_collect(&self) -> bool {
        self.must_collect.load(Relaxed)
    }

    /// Number of the collection that marks, or of the last one: a fiber that bears it has been looked at, or is newer.
    #[inline(always)]
    pub fn epoch(&self) -> u32 {
        // Changes in stops only.
        self.epoch.load(Relaxed)
    }

    /// Asks for a collection as if the goal were reached.
    pub fn request_collect(&self) {
        self.must_collect.store(true, Relaxed);
    }

    /// The error where the last collection left more alive than the limit allows: the island's end.
    pub fn over_limit(&self) -> Option<Fatal> {
        if !self.over_limit.load(Relaxed) {
            return None;
        }
        let over = self.lock().pacer.over_limit();
        over.map(|(live, limit)| Fatal::OverLimit { live, limit })
    }

    /// Notes that the program asked for the last collection.
    pub fn note_forced(&self) {
        self.lock().pacer.forced += 1;
    }

    /// A line about the last collection, in the form of Go's `gctrace=1`, of an island with so many workers.
    pub fn trace_line(&self, last: &Collected, workers: usize) -> String {
        self.lock().pacer.trace_line(last, workers)
    }

    /// Changes the growth until the next collection; answers the value before.
    pub fn set_gogc(&self, gogc: Option<u32>) -> Option<u32> {
        self.lock().pacer.set_gogc(gogc)
    }

    /// Sets the limit of the bytes that may be alive.
    pub fn set_limit(&self, limit: Option<u64>) {
        self.lock().pacer.set_limit(limit);
        // What is there already may be too much.
        self.must_collect.store(true, Relaxed);
    }

    /// The soft limit in bytes before; sets it where one is given.
    pub fn soft_limit(&self, limit: Option<u64>) -> Option<u64> {
        self.lock().pacer.soft_limit(limit)
    }

    /// Gives all free pages back to the operating system (`debug.FreeOSMemory`, after a collection).
    pub fn release_pages(&self) {
        while self.trim_step(true) {}
    }

    /// Counters, exact even while workers allocate, but for what they do meanwhile.
    pub fn stats(&self) -> HeapStats {
        let central = self.lock();
        let (objects, bytes) = central.unused_in_caches();
        let by_size = central.by_size();
        HeapStats { meta: central.meta_bytes(), by_size, ..central.pacer.stats(objects, bytes) }
    }

    /// Bytes in objects, and collections so far: of [`Heap::stats`] what is quickly said.
    pub fn totals(&self) -> (u64, u32) {
        let central = self.lock();
        central.pacer.totals(central.unused_in_caches().1)
    }

    /// First address and length of the object that an address lies in; `None` where it is no address of this heap.
    /// Meant for dumps and tests: the answer is stale as soon as the island runs.
    pub fn object_at(&self, addr: Word) -> Option<(Word, u64)> {
        let _central = self.lock();
        // SAFETY: under the lock.
        self.find_slot(addr).map(|(block, index)| unsafe { ((*block).slot_addr(index), (*block).slot()) })
    }

    /// First address of the object that an address lies in. The lock is held.
    fn find_object(&self, addr: Word) -> Option<Word> {
        // SAFETY: under the lock.
        self.find_slot(addr).map(|(block, index)| unsafe { (*block).slot_addr(index) })
    }

    /// The allocated slot that an address lies in. The lock is held.
    fn find_slot(&self, addr: Word) -> Option<(*mut Block, u32)> {
        let block = window().block_of(addr);
        // SAFETY: blocks are never freed; the rest is read only where the block is ours, under the lock.
        unsafe {
            if block.is_null() || (*block).owner() != self.id {
                return None;
            }
            let index = (*block).index_of(addr);
            (index < (*block).slots && (*block).is_alloc(index)).then_some((block, index))
        }
    }

    /// The object that an address points into; `None` where it is no address of this heap.
    ///
    /// # Safety
    /// The caller is a worker inside the island (or has stopped it), and the address, if it is one of the heap, points into a
    /// live object: the object's block then does not change.
    #[inline]
    pub(crate) unsafe fn find(&self, addr: Word) -> Option<Located> {
        let block = window().block_of(addr);
        // SAFETY: blocks are never freed; the rest is read where the block is ours, and by the contract it holds a live object.
        unsafe {
            if block.is_null() || (*block).owner() != self.id {
                return None;
            }
            let index = (*block).index_of(addr);
            Some(Located {
                start: (*block).slot_addr(index),
                size: (*block).slot(),
                layout: &*(*block).layout,
                block: block as u64,
                index,
                slots: (*block).slots,
            })
        }
    }

    /// Gives all memory back, in one piece: the island has ended. Caches of workers that have left the island become empty.
    ///
    /// # Safety
    /// No worker is inside the island, and none will be.
    pub unsafe fn release(&self) {
        // SAFETY: nobody is inside; nothing is looked for.
        let _ = unsafe { self.finish(&mut Vec::<Word>::new(), Duration::ZERO, true) };
        let mut central = self.lock();
        central.flush_caches(false);
        central.release_all();
        self.released.store(true, Relaxed);
    }

    /// Whether the heap's memory has been given back.
    pub fn is_released(&self) -> bool {
        self.released.load(Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Central> {
        self.central.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        let central = self.central.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
        central.release_all();
    }
}

impl Central {
    /// All blocks.
    fn blocks(&self) -> impl Iterator<Item = *mut Block> + '_ {
        let small = self.bins.iter().flat_map(|bin| bin.blocks.iter().chain(&bin.unswept));
        small.chain(&self.large).chain(&self.unswept_large).copied()
    }

    /// Bytes of the blocks' own data.
    fn meta_bytes(&self) -> u64 {
        // SAFETY: blocks of this heap, under its lock.
        let bits = |block: *mut Block| unsafe { (*block).slots as u64 };
        self.blocks().map(|block| size_of::<Block>() as u64 + 2 * bits(block).div_ceil(64) * 8).sum()
    }

    /// Objects by size class. Those that the last collection has found dead have been freed, swept or not.
    fn by_size(&self) -> Vec<SizeStats> {
        let size =
            |class: usize| SizeStats { size: sizeclass::size(class as u8) as u32, ..SizeStats::default() };
        let mut stats: Vec<SizeStats> = (0..sizeclass::NUM_CLASSES).map(size).collect();
        let mut unused = vec![0; self.bins.len()];
        self.for_each_unused(|bin, objects, _| {
            if let Some(count) = unused.get_mut(bin) {
                *count += objects;
            }
        });
        for (bin, unused) in self.bins.iter().zip(unused) {
            // SAFETY: blocks of this heap, under its lock.
            let swept = bin.blocks.iter().map(|&block| unsafe { (*block).count_alloc() });
            // SAFETY: as above.
            let unswept = bin.unswept.iter().map(|&block| unsafe { (*block).count_marks() });
            let there = swept.chain(unswept).map(u64::from).sum::<u64>().saturating_sub(unused);
            let mallocs = bin.handed.saturating_sub(unused);
            let of_class = &mut stats[bin.info.class as usize];
            of_class.mallocs += mallocs;
            of_class.frees += mallocs.saturating_sub(there);
        }
        stats
    }

    /// Follows everything that has been marked.
    fn trace(&mut self, roots: &mut dyn Roots, marker: &mut Marker<'_>) {
        loop {
            marker.drain();
            while marker.take_overflow() {
                for block in self.blocks() {
                    marker.rescan(block);
                }
            }
            if !roots.mark_more(marker) {
                return;
            }
        }
    }

    /// Gives all memory back: some of it to the heaps of other islands.
    fn release_all(&mut self) {
        let blocks: Vec<*mut Block> = self.blocks().collect();
        self.bins.clear();
        self.large.clear();
        self.unswept_large.clear();
        (self.unswept, self.sweeping) = (0, 0);
        for block in blocks {
            // SAFETY: the heap ends; nobody uses its objects.
            unsafe { self.free_block(block) };
        }
        while let Some((base, pages)) = self.spare.take_longest() {
            window().recycle(base, pages);
        }
        self.pacer.spare_bytes = 0;
    }
}
