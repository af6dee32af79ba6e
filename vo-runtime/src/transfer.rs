//! Deep copies between islands: a value becomes a message in the sender's island, and a value again in the receiver's.
//!
//! [`Message::copy`] walks the value by its type and copies each *region* it reaches (what a pointer, slice or string
//! shows of an object) into the message, once. [`Message::build`] allocates one object for each object that was reached,
//! of the same layout, copies the regions into them and sets the addresses. So what was shared is shared, cycles are cycles,
//! slices of one array share it, and an address inside an object becomes one inside its copy. What lies outside of the heap is
//! immortal (string constants, functions, types) and crosses as it is, or a package variable, of which the receiver gets a
//! copy of its own.
//!
//! ```text
//!   Message   words:   the value's registers
//!             objects: layout, lo..hi   (the part that was reached; only that is allocated)
//!             pieces:  object, offset, bytes in `data`
//!             fixes:   object, offset   <- address of another object + offset
//! ```
//!
//! The walk is a list that grows while it is read, so depth costs memory and no stack; an entry knows the one that it was
//! reached from, which gives the path in the message of a panic.
//!
//! Reading order: [`plan`] (where a type's values hold addresses), [`copy`] (the sender's half), [`build`] (the receiver's).

mod build;
mod copy;
mod plan;
#[cfg(test)]
mod tests;

pub use copy::{Captured, CrossError, Origin};
pub(crate) use plan::Plan;

use crate::layout::Layout;
use crate::port::PortRef;
use crate::rtype::Ty;
use crate::value::Word;

/// A value on its way between islands.
#[derive(Default)]
pub struct Message {
    /// The value's registers; those that are addresses are set by fixes.
    words: Vec<u64>,
    objects: Vec<Object>,
    pieces: Vec<Piece>,
    data: Vec<u64>,
    fixes: Vec<Fix>,
    /// Words that differ from the source's: object, offset, word.
    sets: Vec<(u32, u64, Word)>,
    maps: Vec<MapCopy>,
}

/// An object to be made.
struct Object {
    what: What,
    /// The part of the source object that was reached, in bytes.
    lo: u64,
    hi: u64,
}

enum What {
    Plain(&'static Layout),
    /// A map with so many entries; filled last.
    Map(Ty, u64),
    /// The handle of a port.
    Port(PortRef),
}

/// Bytes of an object.
struct Piece {
    object: u32,
    /// Offset in the source object.
    offset: u64,
    /// First word in `data`.
    at: usize,
    bytes: u64,
}

/// In `object`, at `offset` of the source object, stands an address: of `target`, plus `add` from the source object's start.
struct Fix {
    object: u32,
    offset: u64,
    target: u32,
    add: u64,
}

/// In [`Fix::object`]: the message's words.
const ROOT: u32 = u32::MAX;

/// The entries of a map lie in an object that is made for it.
struct MapCopy {
    map: u32,
    entries: u32,
}

impl Message {
    /// The bytes of a message, about: for limits and counters.
    pub fn bytes(&self) -> u64 {
        (8 * (self.words.len() + self.data.len()) + 24 * self.objects.len() + 24 * self.fixes.len()) as u64
    }

    /// A message of words that are no addresses: for what the machine itself has to say.
    pub fn of_words(words: Vec<u64>) -> Message {
        Message { words, ..Message::default() }
    }

    /// Makes the words at `at` a string.
    pub fn set_string(&mut self, at: usize, text: &str, noscan: &'static Layout) {
        self.words[at + 1] = text.len() as u64;
        if !text.is_empty() {
            let target = self.add_text(text, noscan);
            self.fixes.push(Fix { object: ROOT, offset: 8 * at as u64, target, add: 0 });
        }
    }

    /// Makes the words at `at` an interface value of a string type.
    pub fn set_boxed_string(&mut self, at: usize, ty: Ty, text: &str, noscan: &'static Layout) {
        let target = self.add_text(text, noscan);
        let object = self.objects.len() as u32;
        self.objects.push(Object { what: What::Plain(ty.layout), lo: 0, hi: 16 });
        let (none, len) = ([0u8; 8], (text.len() as u64).to_ne_bytes());
        self.add_piece(object, 0, &[none, len].concat());
        self.fixes.push(Fix { object, offset: 0, target, add: 0 });
        self.words[at] = ty.word();
        self.fixes.push(Fix { object: ROOT, offset: 8 * (at as u64 + 1), target: object, add: 0 });
    }

    fn add_text(&mut self, text: &str, noscan: &'static Layout) -> u32 {
        let object = self.objects.len() as u32;
        self.objects.push(Object { what: What::Plain(noscan), lo: 0, hi: text.len() as u64 });
        self.add_piece(object, 0, text.as_bytes());
        object
    }

    fn add_piece(&mut self, object: u32, offset: u64, bytes: &[u8]) {
        let at = self.data.len();
        self.data.resize(at + bytes.len().div_ceil(8), 0);
        // SAFETY: room for the bytes has just been made.
        unsafe {
            std::ptr::copy_nonoverlapping(
                bytes.as_ptr(),
                self.data.as_mut_ptr().add(at).cast::<u8>(),
                bytes.len(),
            );
        }
        self.pieces.push(Piece { object, offset, at, bytes: bytes.len() as u64 });
    }

    /// The word that a mailbox keeps; it owns the message.
    pub fn into_word(self: Box<Message>) -> Word {
        Box::into_raw(self) as Word
    }

    /// The message of a word of [`Message::into_word`]; `None` for 0.
    ///
    /// # Safety
    /// Called once for such a word.
    pub unsafe fn from_word(word: Word) -> Option<Box<Message>> {
        // SAFETY: the word owned the message.
        (word != 0).then(|| unsafe { Box::from_raw(word as *mut Message) })
    }
}
