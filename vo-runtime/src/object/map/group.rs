//! A group: twelve control bytes that are compared at once, and the positions they stand for.
//!
//! ```text
//! 0           12         13        16
//! | 12 control | overflow | unused  | 12 positions, 4 bytes each |   64 bytes
//! ```

use crate::value::Word;

/// Places in a group.
pub(super) const WIDTH: u32 = 12;
/// Bytes of a group.
pub(super) const BYTES: u64 = 64;
/// An overflow count that stays.
const STUCK: u8 = 255;

const OVERFLOW: u64 = 12;
const POSITIONS: u64 = 16;
/// The bits of a match that stand for places.
const PLACES: u32 = (1 << WIDTH) - 1;

/// A group, by address.
#[derive(Clone, Copy)]
pub(super) struct Group(pub(super) Word);

impl Group {
    /// Places whose control byte is `tag`, as bits. May name a place too many, never one too few.
    #[inline(always)]
    pub(super) fn matches(self, tag: u8) -> u32 {
        leaf::equal(self.0, tag) & PLACES
    }

    /// A place that is empty.
    #[inline(always)]
    pub(super) fn empty_place(self) -> Option<u32> {
        let empty = !leaf::high_bits(self.0) & PLACES;
        (empty != 0).then(|| empty.trailing_zeros())
    }

    /// The position at a place.
    #[inline(always)]
    pub(super) fn position(self, place: u32) -> u32 {
        // SAFETY: inside the group.
        unsafe { ((self.0 + POSITIONS) as *const u32).add(place as usize).read_volatile() }
    }

    /// Fills a place.
    #[inline(always)]
    pub(super) fn fill(self, place: u32, tag: u8, position: u32) {
        // SAFETY: inside the group. The position comes first, for racing readers.
        unsafe {
            ((self.0 + POSITIONS) as *mut u32).add(place as usize).write_volatile(position);
            (self.0 as *mut u8).add(place as usize).write_volatile(tag);
        }
    }

    /// Empties a place.
    pub(super) fn erase(self, place: u32) {
        // SAFETY: inside the group.
        unsafe { (self.0 as *mut u8).add(place as usize).write_volatile(0) }
    }

    /// Whether keys went past this group because it was full.
    #[inline(always)]
    pub(super) fn overflowed(self) -> bool {
        // SAFETY: inside the group.
        unsafe { ((self.0 + OVERFLOW) as *const u8).read_volatile() != 0 }
    }

    /// One key more, or less, goes past this group.
    pub(super) fn count_overflow(self, more: bool) {
        let at = (self.0 + OVERFLOW) as *mut u8;
        // SAFETY: inside the group.
        unsafe {
            let count = at.read_volatile();
            if count != STUCK {
                at.write_volatile(if more { count + 1 } else { count.saturating_sub(1) });
            }
        }
    }
}

/// A bit for each of eight hash words that is `hash`.
///
/// # Safety
/// Eight words at `addr` are readable.
#[inline(always)]
pub(super) unsafe fn equal_words(addr: Word, hash: u32) -> u32 {
    leaf::equal_words(addr, hash)
}

/// Comparing sixteen bytes at once.
#[cfg(target_arch = "x86_64")]
mod leaf {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_cmpeq_epi32, _mm_loadu_si128, _mm_movemask_epi8, _mm_packs_epi16,
        _mm_packs_epi32, _mm_set1_epi8, _mm_set1_epi32, _mm_setzero_si128,
    };

    /// A bit for each of eight words that is `hash`.
    #[inline(always)]
    pub(super) fn equal_words(addr: u64, hash: u32) -> u32 {
        // SAFETY: SSE2 belongs to x86-64; the caller's eight words are readable.
        unsafe {
            let wanted = _mm_set1_epi32(hash as i32);
            let low = _mm_cmpeq_epi32(_mm_loadu_si128(addr as *const __m128i), wanted);
            let high = _mm_cmpeq_epi32(_mm_loadu_si128((addr + 16) as *const __m128i), wanted);
            let bytes = _mm_packs_epi16(_mm_packs_epi32(low, high), _mm_setzero_si128());
            _mm_movemask_epi8(bytes) as u32
        }
    }

    /// A bit for each byte that is `tag`.
    #[inline(always)]
    pub(super) fn equal(addr: u64, tag: u8) -> u32 {
        // SAFETY: SSE2 belongs to x86-64; a group has sixteen bytes.
        unsafe {
            let bytes = _mm_loadu_si128(addr as *const __m128i);
            _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(tag as i8))) as u32
        }
    }

    /// The high bits of the bytes.
    #[inline(always)]
    pub(super) fn high_bits(addr: u64) -> u32 {
        // SAFETY: as above.
        unsafe { _mm_movemask_epi8(_mm_loadu_si128(addr as *const __m128i)) as u32 }
    }
}

/// Comparing sixteen bytes, eight in a word.
#[cfg(any(test, not(target_arch = "x86_64")))]
#[cfg_attr(target_arch = "x86_64", allow(dead_code))]
mod swar {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;

    /// A bit for each of eight words that is `hash`.
    #[inline(always)]
    pub(super) fn equal_words(addr: u64, hash: u32) -> u32 {
        // SAFETY: the caller's eight words are readable.
        let is = |i: usize| unsafe { (addr as *const u32).add(i).read_volatile() } == hash;
        (0..8).fold(0, |bits, i| bits | (is(i) as u32) << i)
    }

    fn halves(addr: u64) -> [u64; 2] {
        // SAFETY: a group has sixteen bytes, aligned to words.
        unsafe { [(addr as *const u64).read_volatile(), (addr as *const u64).add(1).read_volatile()] }
    }

    /// Gathers the high bits of eight bytes.
    fn gather(high: u64) -> u32 {
        ((high >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
    }

    /// A bit for each byte that is `tag`; a byte above one that is may be named wrongly.
    #[inline(always)]
    pub(super) fn equal(addr: u64, tag: u8) -> u32 {
        let [low, high] = halves(addr).map(|half| {
            let diff = half ^ (LOW * tag as u64);
            gather(diff.wrapping_sub(LOW) & !diff & HIGH)
        });
        low | high << 8
    }

    /// The high bits of the bytes.
    #[inline(always)]
    pub(super) fn high_bits(addr: u64) -> u32 {
        let [low, high] = halves(addr).map(|half| gather(half & HIGH));
        low | high << 8
    }
}

#[cfg(not(target_arch = "x86_64"))]
use swar as leaf;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_leaves_agree() {
        let mut rng = crate::testing::Rng(7);
        for _ in 0..10_000 {
            let mut bytes = [0u64; 8];
            bytes[0] = rng.next() & 0x83_83_83_83_83_83_83_83;
            bytes[1] = rng.next() & 0x83_83_83_83_83_83_83_83;
            let addr = bytes.as_ptr() as u64;
            assert_eq!(leaf::high_bits(addr), swar::high_bits(addr));
            let words = [0; 8].map(|_: u32| rng.below(3) as u32 | 1 << 31);
            let at = words.as_ptr() as u64;
            assert_eq!(leaf::equal_words(at, 1 << 31), swar::equal_words(at, 1 << 31));
            for tag in [0x80, 0x81, 0x83] {
                let exact = leaf::equal(addr, tag);
                assert_eq!(swar::equal(addr, tag) & exact, exact, "none is missed");
            }
        }
    }

    #[test]
    fn places_fill_and_empty() {
        let mut memory = [0u64; 8];
        let group = Group(memory.as_mut_ptr() as u64);
        for i in 0..WIDTH {
            assert_eq!(group.empty_place(), Some(i));
            group.fill(i, 0x80 | i as u8, 100 + i);
        }
        assert_eq!(group.empty_place(), None);
        assert_eq!((group.matches(0x85), group.position(5)), (1 << 5, 105));
        group.erase(7);
        assert_eq!(group.empty_place(), Some(7));
        assert!(!group.overflowed());
        group.count_overflow(true);
        assert!(group.overflowed());
        group.count_overflow(false);
        assert!(!group.overflowed());
    }
}
