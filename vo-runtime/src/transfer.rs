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
//!   data:    | the value's registers | piece 0 | piece 1 | ...       bytes as they were, but for the addresses:
//!   fixes:     ^    ^                  ^  ^                          words that are (object, offset) until they are set
//!   pieces:  object, offset there, first word and bytes in `data`
//!   objects: layout, lo..hi   (the part that was reached; only that is allocated)
//! ```
//!
//! The walk has a list of what it has reached and takes the last: it copies that, and looks for addresses in the copy. So depth costs no
//! stack, the fixes are in order, objects are met in about the order that they were made in, and a value that is written meanwhile
//! is read once. Where there are many objects of one kind without addresses, or whose addresses are easily found ([`nodes`]), they are laid out
//! as the receiver's heap will have them, in memory that becomes a part of it ([`crate::heap::ready`]): those are
//! copied once, and have their addresses from the beginning. Large arrays without addresses cross as pages ([`Pages`]): copied into them,
//! or handed over where the program has given them away (`island.Move`).
//!
//! Reading order: [`plan`] (where a type's values hold addresses), [`copy`] (the sender's half: the walk), [`seen`] (which objects
//! have been reached), [`nodes`] (what most objects are: copied with less ado), [`flat`] (what has no addresses), [`path`] (what does not
//! cross, and the way to it), [`build`] (the receiver's half).

mod build;
mod copy;
mod flat;
mod nodes;
mod path;
mod plan;
mod seen;
#[cfg(test)]
mod tests;

pub use copy::{Captured, CrossError, Origin};
pub(crate) use plan::Plan;

use crate::heap::ready::Ready;
use crate::heap::{Heap, Pages};
use crate::layout::Layout;
use crate::port::PortRef;
use crate::rtype::Ty;
use crate::value::Word;
use std::sync::{Mutex, MutexGuard};

/// A value on its way between islands.
#[derive(Default)]
pub struct Message {
    parts: Parts,
    /// Words of the value's registers, at the beginning of the data.
    registers: usize,
}

#[derive(Default)]
struct Parts {
    data: Vec<u64>,
    /// Words of `data` that are addresses, in order: see [`Reference`].
    fixes: Vec<u32>,
    /// References whose offset does not fit: word of `data`, offset.
    far: Vec<(u32, u64)>,
    pieces: Vec<Piece>,
    objects: Vec<Object>,
    maps: Vec<MapCopy>,
    /// Objects of their own kind: see [`nodes`].
    nodes: nodes::Nodes,
    /// Objects that lie as they will in the receiver's heap already.
    ready: Ready,
    /// Words of ready objects that are addresses of others.
    links: Vec<Link>,
    /// Number of objects that are ports.
    ports: u32,
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
    /// A map of about so many entries, to be filled last.
    Map(Ty, u32),
    /// The handle of a port.
    Port(PortRef),
    /// An array without addresses that comes with its memory.
    Pages(Box<Option<Pages>>),
    /// Lies among the ready objects: the address that offset 0 of the source object would have there.
    Ready(Word),
}

/// The word at an address is to be that of an object, plus so many bytes from the source object's start.
struct Link {
    at: Word,
    object: u32,
    add: u64,
}

/// Bytes of an object.
#[derive(Clone, Copy)]
struct Piece {
    /// Offset in the source object.
    offset: u64,
    object: u32,
    /// First word in `data`.
    at: u32,
    bytes: u32,
}

impl Piece {
    /// The first word in `data` behind it.
    fn end(&self) -> u32 {
        self.at + self.bytes.div_ceil(8)
    }
}

/// What stands in `data` for an address: of an object, plus so many bytes from the source object's start.
struct Reference;

impl Reference {
    /// The offset stands in [`Parts::far`].
    const FAR: u64 = u32::MAX as u64;

    fn pack(object: u32, add: u64) -> u64 {
        u64::from(object) << 32 | add.min(Reference::FAR)
    }

    fn unpack(word: u64) -> (u32, u64) {
        ((word >> 32) as u32, word & Reference::FAR)
    }
}

/// In [`Piece::object`]: the value's registers.
const ROOT: u32 = u32::MAX;

/// The entries of a map lie in an object that is made for it.
struct MapCopy {
    map: u32,
    entries: u32,
}

impl Message {
    /// The bytes of a message, about: for limits and counters.
    pub fn bytes(&self) -> u64 {
        let parts = &self.parts;
        (8 * parts.data.len()
            + 16 * parts.nodes.len()
            + size_of::<Object>() * parts.objects.len()
            + 4 * parts.fixes.len()) as u64
            + parts.ready.bytes()
    }

    /// A message of words that are no addresses: for what the machine itself has to say.
    pub fn of_words(words: Vec<u64>) -> Message {
        let registers = words.len();
        Message { parts: Parts { data: words, ..Parts::default() }, registers }
    }

    /// Makes the words at `at` a string.
    pub fn set_string(&mut self, at: usize, text: &str, noscan: &'static Layout) {
        self.parts.data[at + 1] = text.len() as u64;
        if !text.is_empty() {
            let target = self.parts.add_text(text, noscan);
            self.parts.refer(at as u32, target);
        }
    }

    /// Makes the words at `at` an interface value of a string type.
    pub fn set_boxed_string(&mut self, at: usize, ty: Ty, text: &str, noscan: &'static Layout) {
        let parts = &mut self.parts;
        let target = parts.add_text(text, noscan);
        let (none, len) = ([0u8; 8], (text.len() as u64).to_ne_bytes());
        let first = parts.data.len() as u32;
        let object = parts.add_object(What::Plain(ty.layout), &[none, len].concat());
        parts.refer(first, target);
        parts.data[at] = ty.word();
        parts.refer(at as u32 + 1, object);
    }

    /// What the value took with it goes back: it was not sent, and the sender still has it.
    ///
    /// # Safety
    /// The caller runs in the island of `heap`, which the message was made in, and the value is alive.
    pub unsafe fn give_back(&mut self, heap: &Heap) {
        for object in &mut self.parts.objects {
            if let What::Pages(pages) = &mut object.what
                && let Some(pages) = pages.take_if(|pages| pages.is_moved())
            {
                // SAFETY: the object that the pages were taken from is alive.
                unsafe { heap.take_back(pages) };
            }
        }
    }

    /// Calls `f` for each right to send that a message carries, which is given by the word of [`Message::into_word`].
    ///
    /// # Safety
    /// Nobody takes the message meanwhile.
    pub unsafe fn peek(word: Word, f: &mut impl FnMut(&PortRef)) {
        // SAFETY: the word owns the message.
        let Some(message) = (unsafe { (word as *const Message).as_ref() }) else { return };
        if message.parts.ports > 0 {
            for object in &message.parts.objects {
                if let What::Port(port) = &object.what {
                    f(port);
                }
            }
        }
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

impl Parts {
    fn add_text(&mut self, text: &str, noscan: &'static Layout) -> u32 {
        self.add_object(What::Plain(noscan), text.as_bytes())
    }

    /// An object of so many bytes, and the piece that is all of it.
    fn add_object(&mut self, what: What, bytes: &[u8]) -> u32 {
        let object = self.objects.len() as u32;
        self.objects.push(Object { what, lo: 0, hi: bytes.len() as u64 });
        let at = self.data.len() as u32;
        self.data.extend(bytes.chunks(8).map(|chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            u64::from_ne_bytes(word)
        }));
        self.pieces.push(Piece { object, offset: 0, at, bytes: bytes.len() as u32 });
        object
    }

    /// Makes a word of the data the address of an object.
    fn refer(&mut self, at: u32, object: u32) {
        self.data[at as usize] = Reference::pack(object, 0);
        let place = self.fixes.partition_point(|&fix| fix < at);
        self.fixes.insert(place, at);
    }

    /// Bytes that the vectors hold, used or not.
    fn capacity(&self) -> usize {
        8 * self.data.capacity()
            + 4 * self.fixes.capacity()
            + size_of::<Piece>() * self.pieces.capacity()
            + size_of::<Object>() * self.objects.capacity()
            + size_of::<Link>() * self.links.capacity()
            + self.nodes.capacity()
            + self.ready.capacity()
    }
}

/// Vectors of messages that are gone, for the next ones: a message of a megabyte would have its memory from the system each time.
static UNUSED: Mutex<Vec<Parts>> = Mutex::new(Vec::new());

/// Vectors with less are as quickly made anew; with more, they are not kept; and how many are.
const KEPT_BYTES: std::ops::RangeInclusive<usize> = 1 << 12..=1 << 23;
const KEPT: usize = 4;

fn unused() -> MutexGuard<'static, Vec<Parts>> {
    UNUSED.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Drop for Message {
    fn drop(&mut self) {
        if !KEPT_BYTES.contains(&self.parts.capacity()) {
            return;
        }
        let mut parts = std::mem::take(&mut self.parts);
        parts.data.clear();
        parts.fixes.clear();
        parts.far.clear();
        parts.pieces.clear();
        // Dropping a port may end an island: before the lock is taken.
        parts.objects.clear();
        parts.maps.clear();
        parts.nodes.clear();
        parts.ready.clear();
        parts.links.clear();
        parts.ports = 0;
        let mut unused = unused();
        if unused.len() < KEPT {
            unused.push(parts);
        }
    }
}
