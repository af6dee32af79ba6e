//! Where objects hold pointers: layouts, and the bins that objects of one layout and size share.
//!
//! A [`Layout`] is a bitmap of words that repeats along the object: `[]string` elements and the
//! struct `{*T; int}` are both "pointer, no pointer". So an array has the layout of its
//! element, and few layouts serve many types. A set bit is a word that *may* be an
//! address (`Ptr` and `Any` of the bytecode alike): the collector looks it up before it believes.
//!
//! A *bin* is (layout, size class). All objects of a block are of one bin, so that no
//! object needs a header and an allocation writes nothing but the object. Bins are
//! numbered per program; workers keep one allocation cache per bin.
//!
//! Rejected: a type word per object (eight bytes, and `cap` would differ from Go's), a side
//! table of types per slot (a store and address arithmetic on every allocation).
//!
//! Must stay true: layouts and bin numbers are never freed or reused while their program lives.

use crate::heap::Marker;
use crate::heap::sizeclass::{self, NUM_CLASSES};
use crate::object::{chan, map};
use crate::port;
use crate::value::Word;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Acquire, Ordering::Release};

/// Bytes without pointers of up to this size have bins in every program, so that compiled code may count on them.
pub const MOST_COMMON: u64 = 64;

/// Bitmaps beyond so many words are replaced by "every word may be an address".
const MAX_PERIOD: usize = 4096;

/// Where objects hold pointers.
#[derive(Debug)]
pub struct Layout {
    /// Words after which the bitmap repeats; 0 for objects without pointers.
    period: u32,
    /// Bit `i % 64` of word `i / 64`: word `i` may be an address.
    bits: Box<[u64]>,
    /// Bin number for each size class plus one; 0 where there is none yet.
    bins: [AtomicU32; NUM_CLASSES],
    /// Marks what an object leads to, where a bitmap cannot say it.
    trace: Option<TraceFn>,
}

/// Marks what the object of so many bytes at an address leads to. It is called while the island is
/// stopped, for objects that may be still zero.
pub type TraceFn = unsafe fn(addr: Word, bytes: u64, marker: &mut Marker<'_>);

impl Layout {
    fn new(period: u32, bits: Box<[u64]>) -> Layout {
        Layout { period, bits, bins: [const { AtomicU32::new(0) }; NUM_CLASSES], trace: None }
    }

    /// Whether no word may be an address.
    #[inline(always)]
    pub fn is_noscan(&self) -> bool {
        self.period == 0
    }

    /// Words after which the bitmap repeats; 0 for objects without pointers.
    #[inline(always)]
    pub fn period(&self) -> usize {
        self.period as usize
    }

    /// Whether every word may be an address.
    #[inline(always)]
    pub fn is_all(&self) -> bool {
        self.period == 1
    }

    /// Marks what an object leads to, where a bitmap cannot say it.
    #[inline(always)]
    pub fn trace(&self) -> Option<TraceFn> {
        self.trace
    }

    /// The bitmap of one period.
    #[inline(always)]
    pub fn bits(&self) -> &[u64] {
        &self.bits
    }

    /// Whether word `i` of an object may be an address.
    pub fn is_pointer(&self, i: usize) -> bool {
        if self.period == 0 {
            return false;
        }
        let i = i % self.period as usize;
        self.bits[i / 64] >> (i % 64) & 1 != 0
    }

    /// The bitmap of the first 64 words of an object.
    pub fn first_64(&self) -> u64 {
        (0..64).filter(|&i| self.is_pointer(i)).fold(0, |bits, i| bits | 1 << i)
    }
}

/// What a bin's objects are.
#[derive(Clone, Copy, Debug)]
pub struct BinInfo {
    pub layout: &'static Layout,
    pub class: u8,
}

/// The layouts and bins of one program.
pub struct Layouts {
    noscan: &'static Layout,
    all: &'static Layout,
    map: &'static Layout,
    map_iter: &'static Layout,
    chan: &'static Layout,
    handle: &'static Layout,
    inner: Mutex<Inner>,
}

struct Inner {
    by_bits: HashMap<(u32, Box<[u64]>), &'static Layout>,
    bins: Vec<BinInfo>,
}

impl Default for Layouts {
    fn default() -> Layouts {
        Layouts::new()
    }
}

impl Layouts {
    /// The layouts that every program has.
    pub fn new() -> Layouts {
        let noscan: &'static Layout = Box::leak(Box::new(Layout::new(0, Box::new([]))));
        let all: &'static Layout = Box::leak(Box::new(Layout::new(1, Box::new([1]))));
        let by_bits = HashMap::from([((1, all.bits.clone()), all)]);
        let inner = Mutex::new(Inner { by_bits, bins: Vec::new() });
        let mut layouts = Layouts { noscan, all, map: all, map_iter: all, chan: all, handle: all, inner };
        layouts.map = layouts.intern(map::HEADER_POINTERS.0, map::HEADER_POINTERS.1);
        layouts.map_iter = layouts.intern(map::ITER_POINTERS.0, map::ITER_POINTERS.1);
        layouts.chan = layouts.traced(chan::trace);
        layouts.handle = layouts.traced(port::trace);
        for class in 1..=sizeclass::class_of(MOST_COMMON) {
            layouts.bin(layouts.noscan, class);
        }
        layouts
    }

    /// Objects without pointers.
    #[inline(always)]
    pub fn noscan(&self) -> &'static Layout {
        self.noscan
    }

    /// Objects of which every word may be an address.
    #[inline(always)]
    pub fn all(&self) -> &'static Layout {
        self.all
    }

    /// Map objects.
    #[inline(always)]
    pub(crate) fn map(&self) -> &'static Layout {
        self.map
    }

    /// Channel objects.
    #[inline(always)]
    pub(crate) fn chan(&self) -> &'static Layout {
        self.chan
    }

    /// Handles of ports and islands.
    pub(crate) fn handle(&self) -> &'static Layout {
        self.handle
    }

    /// Iterators over maps.
    pub(crate) fn map_iter(&self) -> &'static Layout {
        self.map_iter
    }

    /// The layout in which these words (numbers below `words`, ascending) may be addresses, repeated
    /// every `words` words.
    pub fn intern(&self, words: usize, pointers: &[u32]) -> &'static Layout {
        if pointers.is_empty() {
            return self.noscan;
        }
        if pointers.len() == words || words > MAX_PERIOD {
            return self.all;
        }
        let period = minimal_period(words, pointers);
        let mut bits = vec![0u64; period.div_ceil(64)].into_boxed_slice();
        for &p in pointers.iter().filter(|&&p| (p as usize) < period) {
            bits[p as usize / 64] |= 1 << (p % 64);
        }
        let mut inner = self.lock();
        let key = (period as u32, bits);
        if let Some(&layout) = inner.by_bits.get(&key) {
            return layout;
        }
        let layout: &'static Layout = Box::leak(Box::new(Layout::new(key.0, key.1.clone())));
        inner.by_bits.insert(key, layout);
        layout
    }

    /// A layout of objects that `trace` marks. Every call makes a new one.
    pub fn traced(&self, trace: TraceFn) -> &'static Layout {
        let layout = Layout { trace: Some(trace), ..Layout::new(1, Box::new([1])) };
        Box::leak(Box::new(layout))
    }

    /// The number of the bin for objects of this layout and size class.
    #[inline]
    pub fn bin(&self, layout: &'static Layout, class: u8) -> u32 {
        // Pairs with the store below: who sees the number may ask for the bin.
        match layout.bins[class as usize].load(Acquire) {
            0 => self.new_bin(layout, class),
            n => n - 1,
        }
    }

    #[cold]
    fn new_bin(&self, layout: &'static Layout, class: u8) -> u32 {
        debug_assert!(class != 0 && sizeclass::size(class) > 0);
        let mut inner = self.lock();
        let known = layout.bins[class as usize].load(Acquire);
        if known != 0 {
            return known - 1;
        }
        let number = inner.bins.len() as u32;
        inner.bins.push(BinInfo { layout, class });
        layout.bins[class as usize].store(number + 1, Release);
        number
    }

    /// The number of the bin for bytes without pointers, `n` of them, which are at most [`MOST_COMMON`]. It always has an
    /// allocation cache.
    pub fn common_bin(&self, n: u64) -> u32 {
        assert!((1..=MOST_COMMON).contains(&n), "internal error: {n} bytes have no common bin");
        self.bin(self.noscan, sizeclass::class_of(n))
    }

    /// What a bin's objects are.
    pub fn bin_info(&self, bin: u32) -> BinInfo {
        self.lock().bins[bin as usize]
    }

    /// Calls `f` with all bins that there are.
    pub(crate) fn with_bins(&self, f: impl FnOnce(&[BinInfo])) {
        f(&self.lock().bins);
    }

    /// Calls `f` with the size class of each of these bins.
    pub(crate) fn for_each_class(&self, bins: std::ops::Range<usize>, mut f: impl FnMut(u8)) {
        self.lock().bins[bins].iter().for_each(|bin| f(bin.class));
    }

    /// How many bins there are; they only become more.
    pub fn bin_count(&self) -> usize {
        self.lock().bins.len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The least divisor of `words` after which the set repeats.
fn minimal_period(words: usize, pointers: &[u32]) -> usize {
    let mut set = vec![false; words];
    for &p in pointers {
        set[p as usize] = true;
    }
    (1..words).find(|&p| words.is_multiple_of(p) && (p..words).all(|i| set[i] == set[i - p])).unwrap_or(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_patterns_are_one_layout() {
        let layouts = Layouts::new();
        let string = layouts.intern(2, &[0]);
        assert!(std::ptr::eq(string, layouts.intern(6, &[0, 2, 4])));
        assert!(!std::ptr::eq(string, layouts.intern(3, &[0])));
        assert!(std::ptr::eq(layouts.intern(4, &[0, 1, 2, 3]), layouts.all()));
        assert!(layouts.intern(9, &[]).is_noscan());
        assert_eq!(string.first_64(), 0x5555_5555_5555_5555);
        let long = layouts.intern(130, &[0, 65, 129]);
        assert_eq!((long.period(), long.is_pointer(65), long.is_pointer(66)), (130, true, false));
        assert!(long.is_pointer(130 + 129));
    }

    #[test]
    fn bins_are_numbered_once() {
        let layouts = Layouts::new();
        let string = layouts.intern(2, &[0]);
        let bin = layouts.bin(string, 2);
        assert_eq!(bin, layouts.bin(string, 2));
        assert_ne!(bin, layouts.bin(string, 3));
        assert_eq!(layouts.bin_info(bin).class, 2);
    }

    #[test]
    fn racing_workers_agree_about_bins() {
        for round in 1..50u32 {
            let layouts = Layouts::new();
            let layout = layouts.intern(round as usize + 1, &[0]);
            let numbers: Vec<Vec<u32>> = std::thread::scope(|scope| {
                let ask = || (1..40).map(|class| layouts.bin(layout, class)).collect();
                let workers: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
                workers.into_iter().map(|w| w.join().unwrap()).collect()
            });
            assert!(numbers.iter().all(|n| *n == numbers[0]));
            for (class, &bin) in (1..40).zip(&numbers[0]) {
                assert_eq!(layouts.bin_info(bin).class, class);
            }
        }
    }
}
