//! Channel objects: vo-sched's core and the ring buffer in one object of the heap.
//!
//! ```text
//! 0          56     64           72       80
//! | ChanCore | cap  | elem words | type   | cap * elem words of buffer |
//! ```
//! An element is the words of its leaves; a value of a memory type is one word, the address of a copy.
//! The collector looks at every word of the buffer. What waiting fibers hold lies
//! in their wait nodes, outside of the heap, and is marked with the fibers.
//!
//! The algorithm is vo-sched's; [`parts`] is all that it needs.

use crate::heap::{AllocCache, Marker};
use crate::panic::{Result, RuntimePanic};
use crate::rtype::{RtType, Ty};
use crate::value::{MAX_ALLOC, Word};
use vo_sched::chan::{ChanCore, RingStorage};

/// A channel object without its buffer.
#[repr(C)]
struct Header {
    core: ChanCore,
    cap: u64,
    elem_words: u64,
    /// The element type's word.
    elem: Word,
}

const BUFFER: u64 = size_of::<Header>() as u64;

/// Where compiled code finds the parts of a channel, in bytes.
pub mod offsets {
    use super::Header;
    use std::mem::offset_of;
    use vo_sched::chan::offsets as core;

    pub const CLOSED: i32 = core::CLOSED as i32;
    pub const COUNT: i32 = core::COUNT as i32;
    pub const HEAD: i32 = core::HEAD as i32;
    pub const RECVQ: i32 = core::RECVQ as i32;
    pub const SENDQ: i32 = core::SENDQ as i32;
    pub const CAP: i32 = offset_of!(Header, cap) as i32;
    pub const BUFFER: i32 = super::BUFFER as i32;
}

/// Words in which a value of a type crosses a channel.
#[inline]
pub fn elem_words(elem: &RtType) -> usize {
    elem.leaves.as_ref().map_or(1, |leaves| leaves.len())
}

/// A new channel of type `ty` with room for `cap` elements.
pub fn new(cache: &mut AllocCache, ty: Ty, cap: i64) -> Result<Word> {
    let elem = ty.elem_type();
    let words = elem_words(&elem) as u64;
    // As in Go the limit is on the elements' own size.
    let size = elem.size.max(words * 8);
    let fits = u64::try_from(cap)
        .ok()
        .and_then(|cap| cap.checked_mul(size))
        .is_some_and(|n| n <= MAX_ALLOC - BUFFER);
    if !fits {
        return Err(RuntimePanic::MakeChan {}.into());
    }
    let layout = cache.heap().types().layouts.chan();
    let chan = cache.alloc_layout(BUFFER + cap as u64 * words * 8, layout)?;
    let header = chan as *mut Header;
    // SAFETY: a new object of this size; zeroed memory is an open channel.
    unsafe {
        (&raw mut (*header).cap).write(cap as u64);
        (&raw mut (*header).elem_words).write(words);
        (&raw mut (*header).elem).write(elem.word());
    }
    Ok(chan)
}

/// The core of a channel and its slots. The reference is good as long as the channel is reachable;
/// everything in the core is atomic or under its lock.
///
/// # Safety
/// `chan` is a channel, not 0.
#[inline(always)]
pub unsafe fn parts<'a>(chan: Word) -> (&'a ChanCore, RingStorage) {
    let header = chan as *const Header;
    // SAFETY: a channel by the contract; cap and words do not change.
    unsafe {
        let storage = RingStorage {
            slots: (chan + BUFFER) as *mut u64,
            cap: (*header).cap as usize,
            elem_words: (*header).elem_words as usize,
        };
        (&(*header).core, storage)
    }
}

/// The number of buffered elements; 0 for nil.
///
/// # Safety
/// `chan` is a channel or 0.
#[inline]
pub unsafe fn len(chan: Word) -> u64 {
    // SAFETY: a channel.
    if chan == 0 { 0 } else { unsafe { parts(chan).0.len() as u64 } }
}

/// The capacity; 0 for nil.
///
/// # Safety
/// `chan` is a channel or 0.
#[inline]
pub unsafe fn cap(chan: Word) -> u64 {
    // SAFETY: a channel.
    if chan == 0 { 0 } else { unsafe { parts(chan).1.cap as u64 } }
}

/// Marks what the slots of a channel's buffer may hold. Which of them are in use may change meanwhile; those that are
/// not are zero.
///
/// # Safety
/// `addr` is a channel object or zeroes.
pub(crate) unsafe fn trace(addr: Word, _bytes: u64, marker: &mut Marker<'_>) {
    // SAFETY: by the contract. An object that is still zero has no elements; cap and words do not change.
    unsafe {
        let Some(elem) = Ty::from_word((&raw const (*(addr as *const Header)).elem).read()) else { return };
        if elem.is_noscan() && elem.leaves.is_some() {
            return;
        }
        let (_, storage) = parts(addr);
        let slots = storage.slots as Word;
        marker.range(slots, slots + 8 * (storage.cap * storage.elem_words) as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Types, heap, ty};
    use vo_bytecode::typedesc::{ChanDir, Mem, TypeKind};
    use vo_sched::chan::{SendResult, try_recv, try_send};
    use vo_sched::{Cx, FiberRef, Rng};

    /// No fiber runs: only operations that need not wait.
    struct Alone(Rng);
    impl Cx for Alone {
        fn current(&self) -> FiberRef {
            panic!("nobody runs")
        }
        fn ready(&mut self, _fiber: FiberRef) {
            panic!("nobody waits")
        }
        fn rng(&mut self) -> &mut Rng {
            &mut self.0
        }
    }

    #[test]
    fn buffered_elements_are_kept() {
        let mut types = Types::default();
        let (int, string) = (types.int(), types.string());
        let big = types.structure("big", &[("a", string), ("b", int)]);
        let mut chan = |elem| types.add("chan", TypeKind::Chan { dir: ChanDir::Both, elem }, 8, &[Mem::Ptr]);
        let (strings, bigs) = (chan(string), chan(big));
        let types = types.load();
        let (heap, mut cache) = heap(&types);
        let mut cx = Alone(Rng::new(1, 1));
        // SAFETY: channels of strings, and of addresses.
        unsafe {
            let c = new(&mut cache, ty(&types, strings), 3).unwrap();
            let d = new(&mut cache, ty(&types, bigs), 1).unwrap();
            let texts: Vec<u64> = (0..4).map(|_| cache.alloc_bytes(20).unwrap()).collect();
            let copy = cache.alloc(ty(&types, big)).unwrap();
            crate::value::store_word(copy, texts[3]);
            let (core, storage) = parts(c);
            for &text in &texts[..3] {
                assert_eq!(try_send(core, storage, &mut cx, [text, 20].as_ptr()), Some(SendResult::Done));
            }
            let (big_core, big_storage) = parts(d);
            assert_eq!(try_send(big_core, big_storage, &mut cx, &copy), Some(SendResult::Done));
            assert_eq!((len(c), cap(c), len(d), len(0), cap(0)), (3, 3, 1, 0, 0));
            heap.collect(&mut vec![c, d]);
            assert!(texts.iter().all(|&t| heap.object_at(t).is_some()));
            let mut out = [0; 2];
            assert_eq!(try_recv(core, storage, &mut cx, out.as_mut_ptr()), Some(true));
            assert_eq!(out, [texts[0], 20]);
            heap.collect(&mut vec![c]);
            let alive: Vec<bool> = texts.iter().map(|&t| heap.object_at(t).is_some()).collect();
            assert_eq!(alive, [false, true, true, false]);
        }
    }

    #[test]
    fn bad_sizes_panic() {
        let mut types = Types::default();
        let int = types.int();
        let chan = types.add("chan int", TypeKind::Chan { dir: ChanDir::Both, elem: int }, 8, &[Mem::Ptr]);
        let types = types.load();
        let (_heap, mut cache) = heap(&types);
        for n in [-1, i64::MAX, 1 << 46] {
            assert_eq!(new(&mut cache, ty(&types, chan), n).unwrap_err(), RuntimePanic::MakeChan {}.into());
        }
    }
}
