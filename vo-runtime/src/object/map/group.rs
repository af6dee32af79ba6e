//! A group: a word of eight control bytes, and the eight entries they stand for.
//!
//! ```text
//! | control | key elem | key elem | ... eight entries, in Go's memory layout |
//! ```
//!
//! A control byte is 7 bits of the hash with the high bit set, 0 where the place is empty, 1 where an entry was
//! deleted that others may have gone past. All eight are looked at together, in one register. The byte of place `i` is
//! the one of significance `i`; a change writes the whole word, so that the next look does not wait for it.

use crate::rtype::MapShape;
use crate::value::{Word, load_word, store_word};

/// Places in a group.
pub(super) const WIDTH: u32 = 8;
/// Bytes from a group to its entries.
const ENTRIES: u64 = 8;

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// A control byte of a place that never held an entry since the group was last full.
const EMPTY: u64 = 0;
/// A control byte of a place whose entry was deleted from a full group.
const DELETED: u64 = 1;

/// Bytes of a group whose entries have so many.
pub(super) const fn bytes(entry_size: u64) -> u64 {
    ENTRIES + WIDTH as u64 * entry_size
}

/// The control byte of a hash, in every byte of a word.
#[inline(always)]
pub(super) fn tags(hash: u64) -> u64 {
    LOW * (hash & 0x7f | 0x80)
}

/// The place that an entry of a hash has if it is free, where a lookup may look before it knows.
#[inline(always)]
pub(super) fn favourite(hash: u64) -> u32 {
    (hash >> 14) as u32 % WIDTH
}

/// Some places of a group: the high bits of their bytes.
#[derive(Clone, Copy)]
pub(super) struct Places(u64);

impl Places {
    #[inline(always)]
    pub(super) fn any(self) -> bool {
        self.0 != 0
    }

    /// Each place as a bit.
    #[inline(always)]
    pub(super) fn bits(self) -> u32 {
        ((self.0 >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
    }
}

impl Iterator for Places {
    type Item = u32;

    #[inline(always)]
    fn next(&mut self) -> Option<u32> {
        let place = self.0.trailing_zeros() / 8;
        (self.0 != 0).then(|| {
            self.0 &= self.0 - 1;
            place
        })
    }
}

/// The control word of a group, as it was read.
#[derive(Clone, Copy)]
pub(super) struct Control(u64);

impl Control {
    /// Places whose byte is that of `tags`. May name a place too many, never one too few.
    #[inline(always)]
    pub(super) fn matches(self, tags: u64) -> Places {
        let diff = self.0 ^ tags;
        Places(diff.wrapping_sub(LOW) & !diff & HIGH)
    }

    /// Places that hold entries.
    #[inline(always)]
    pub(super) fn full(self) -> Places {
        Places(self.0 & HIGH)
    }

    /// Places that hold none.
    #[inline(always)]
    pub(super) fn vacant(self) -> Places {
        Places(!self.0 & HIGH)
    }

    /// Places that are empty: nobody went past this group.
    #[inline(always)]
    pub(super) fn empty(self) -> Places {
        Places(!self.0 & !(self.0 << 7) & HIGH)
    }

    /// A place that holds none, if there is one: the favourite where it can be.
    #[inline(always)]
    pub(super) fn vacancy(self, hash: u64) -> Option<u32> {
        let favourite = favourite(hash);
        match self.vacant() {
            places if places.0 >> (8 * favourite) & 0x80 != 0 => Some(favourite),
            mut places => places.next(),
        }
    }

    #[inline(always)]
    fn byte(self, place: u32) -> u64 {
        self.0 >> (8 * place) & 0xff
    }

    /// Whether a place held an entry that was deleted.
    #[inline(always)]
    pub(super) fn is_deleted(self, place: u32) -> bool {
        self.byte(place) == DELETED
    }

    #[inline(always)]
    fn with(self, place: u32, byte: u64) -> Control {
        Control(self.0 & !(0xff << (8 * place)) | byte << (8 * place))
    }
}

/// A group, by address.
#[derive(Clone, Copy)]
pub(super) struct Group(pub(super) Word);

impl Group {
    #[inline(always)]
    pub(super) fn control(self) -> Control {
        // SAFETY: the first word of a group.
        Control(unsafe { load_word(self.0) })
    }

    #[inline(always)]
    fn set_control(self, control: Control) {
        // SAFETY: the first word of a group.
        unsafe { store_word(self.0, control.0) }
    }

    /// The address of the entry at a place.
    #[inline(always)]
    pub(super) fn entry(self, place: u32, shape: &MapShape) -> Word {
        self.0 + ENTRIES + place as u64 * shape.entry_size
    }

    /// Tells the processor that the entry of a hash will be read, which is more often than not at its favourite place:
    /// so it comes together with the control word.
    #[inline(always)]
    pub(super) fn expect(self, hash: u64, shape: &MapShape) {
        vo_sched::sync::prefetch(self.entry(favourite(hash), shape) as *const u8);
    }

    /// A place holds an entry from now on.
    #[inline(always)]
    pub(super) fn fill(self, place: u32, hash: u64) {
        self.set_control(self.control().with(place, tags(hash) & 0xff));
    }

    /// A place holds no entry any more; lookups go on beyond the group as before if `passed`.
    #[inline(always)]
    pub(super) fn vacate(self, place: u32, passed: bool) {
        self.set_control(self.control().with(place, if passed { DELETED } else { EMPTY }));
    }

    /// No place holds an entry, and nobody went past.
    pub(super) fn reset(self) {
        self.set_control(Control(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(places: Places) -> u32 {
        let bits = places.bits();
        assert_eq!(places.fold(0, |bits, place| bits | 1 << place), bits);
        bits
    }

    #[test]
    fn places_are_named_by_their_bytes() {
        let mut rng = crate::testing::Rng(7);
        for _ in 0..10_000 {
            let mut bytes = [0u8; 8];
            for byte in &mut bytes {
                *byte = [0, 1, 0x80, 0x81, 0xff, 0x80 | rng.below(128) as u8][rng.below(6) as usize];
            }
            let control = Control(u64::from_le_bytes(bytes));
            let which = |f: &dyn Fn(u8) -> bool| {
                bytes.iter().enumerate().fold(0, |bits, (i, &byte)| bits | (f(byte) as u32) << i)
            };
            assert_eq!(bits(control.full()), which(&|b| b >= 0x80));
            assert_eq!(bits(control.vacant()), which(&|b| b < 0x80));
            assert_eq!(bits(control.empty()), which(&|b| b == 0));
            let (hash, vacant) = (rng.next(), which(&|b| b < 0x80));
            match control.vacancy(hash) {
                Some(place) => assert!(vacant >> place & 1 != 0),
                None => assert_eq!(vacant, 0),
            }
            if vacant >> favourite(hash) & 1 != 0 {
                assert_eq!(control.vacancy(hash), Some(favourite(hash)));
            }
            for hash in [0, 1, 0x7f] {
                let exact = which(&|b| b == 0x80 | hash);
                assert_eq!(bits(control.matches(tags(hash as u64))) & exact, exact, "none is missed");
            }
        }
    }

    #[test]
    fn places_fill_and_empty() {
        let mut memory = [0u64; 9];
        let group = Group(memory.as_mut_ptr() as u64);
        for i in 0..WIDTH {
            assert_eq!(group.control().empty().next(), Some(i));
            group.fill(i, i as u64);
        }
        assert!(!group.control().vacant().any());
        assert_eq!(group.control().matches(tags(5)).next(), Some(5));
        group.vacate(7, true);
        assert!(group.control().is_deleted(7) && !group.control().is_deleted(6));
        assert_eq!((bits(group.control().vacant()), bits(group.control().empty())), (1 << 7, 0));
        group.vacate(2, false);
        assert_eq!(
            (bits(group.control().vacant()), bits(group.control().empty())),
            (1 << 7 | 1 << 2, 1 << 2)
        );
        group.reset();
        assert_eq!(bits(group.control().empty()), 0xff);
        assert_eq!(bytes(16), 136);
    }
}
