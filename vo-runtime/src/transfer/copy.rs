//! The sender's half: the walk over a value.

use super::nodes::{NO_NODE, NODE, Near, READY, Reached as Node, Shape};
use super::path::why_never;
use super::plan::{self, Part, Plan, Step};
use super::seen::Seen;
use super::{Link, MapCopy, Message, Object, Parts, Piece, ROOT, Reference, What};
use crate::heap::ready::Cursors;
use crate::heap::{Heap, Located};
use crate::layout::Layout;
use crate::object::map;
use crate::port::PortRef;
use crate::rtype::{Ty, zero_base};
use crate::value::{Word, load_word, store_word};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ptr::copy_nonoverlapping;

/// What only the machine knows about the sender's island.
pub trait Origin {
    /// What the closures of a function capture; `None` where they cannot be copied.
    fn captures(&self, func: u32) -> Option<&[Captured]>;
    /// The name of a function.
    fn func_name(&self, func: u32) -> String;
    /// The package variable that an address lies in: its first address and type.
    fn global(&self, addr: Word) -> Option<(Word, Ty)>;
}

/// A captured variable: one word that is its address, or a word for each leaf of its value.
#[derive(Clone, Copy, Debug)]
pub struct Captured {
    pub ty: Ty,
    pub boxed: bool,
}

/// Why a value does not cross.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CrossError {
    /// What cannot cross, and the way to it.
    Type(String),
    /// More bytes than a message may have.
    TooLarge(u64),
    /// The value is being changed by another goroutine.
    Changing,
}

impl std::fmt::Display for CrossError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CrossError::Type(text) => f.write_str(text),
            CrossError::TooLarge(limit) => {
                write!(f, "message of more than {limit} bytes cannot cross islands")
            }
            CrossError::Changing => f.write_str("a value that crosses islands is written meanwhile"),
        }
    }
}

/// The error is boxed: that there is none is said in a register, millions of times.
pub(super) type Copied<T> = Result<T, Box<CrossError>>;

/// What the words of a piece are.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// The registers of a value.
    Words(Ty),
    /// Values in a row.
    Values(Ty),
    /// A closure object.
    Closure(u32),
    /// Entries of a map.
    Entries(Ty),
    /// Nothing that is an address.
    Flat,
}

/// A piece as the walk sees it.
#[derive(Clone, Copy)]
pub(super) struct Work {
    pub(super) kind: Kind,
    /// The piece it was reached from, and [`DYNAMIC`].
    pub(super) parent: u32,
}

/// A region that has been reached and not yet been copied.
#[derive(Clone, Copy)]
struct Reached {
    work: Work,
    src: Word,
    object: u32,
    offset: u64,
    bytes: u64,
}

/// Beside a piece's number: it is an interface's dynamic value that was reached, or that something was reached from.
pub(super) const DYNAMIC: u32 = 1 << 31;

/// For a piece's number: a node, of which nobody asks how it was reached.
pub(super) const IN_NODE: u32 = u32::MAX - 1;

/// The same for a ready one: the place's byte is an address.
pub(super) const IN_READY: u32 = u32::MAX - 2;

/// With where a node is that is still to be looked through: it is not its address, but its first word in the data.
pub(super) const IN_DATA: u64 = 1 << 63;

/// The value itself was not reached from anything.
pub(super) const NO_PARENT: u32 = u32::MAX;

/// Which part of an object has been reached: (key, lo, hi), one for each run of elements of one type.
type Region = (u64, u64, u64);

/// What a region's elements are: how they are looked through, their key and size in bytes.
#[derive(Clone, Copy)]
struct Element {
    kind: Kind,
    key: u64,
    size: u64,
}

/// Keys of regions that are no type words.
const NOTHING: u64 = 0;
const BYTES: u64 = 1;
const SEVERAL: u64 = 2;

/// What a walk needs beside the message. Kept by its thread for the next one.
#[derive(Default)]
pub(super) struct Scratch {
    /// One for each piece.
    pub(super) work: Vec<Work>,
    /// Taken from the end, so that the walk goes through the heap, and the message, in the order of the value's parts.
    reached: Vec<Reached>,
    pub(super) seen: Seen,
    /// Nodes that have not been looked through: the addresses of ready ones, and of others [`IN_DATA`].
    pub(super) nodes: Vec<(u64, &'static Shape)>,
    pub(super) near: Near,
    pub(super) cursors: Cursors,
    /// For each object the key of its region, which is what its `lo` and `hi` say; or [`SEVERAL`].
    keys: Vec<u64>,
    /// The regions of objects with several.
    several: HashMap<u32, Vec<Region>>,
    /// Objects without addresses, and where they lie: copied at the end.
    pub(super) flat: Vec<(u32, Word)>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

pub(super) struct Copier<'a> {
    pub(super) parts: Parts,
    pub(super) scratch: Scratch,
    pub(super) heap: &'a Heap,
    pub(super) origin: &'a dyn Origin,
    limit: u64,
    pub(super) bytes: u64,
}

/// Where something stands: the piece (with [`DYNAMIC`]), the offset of it there for messages, and its byte in the data.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) piece: u32,
    pub(super) via: u64,
    pub(super) byte: u64,
}

impl Place {
    /// The word in the data.
    fn word(self) -> usize {
        (self.byte / 8) as usize
    }

    /// So many bytes behind.
    fn plus(self, bytes: u64) -> Place {
        Place { piece: self.piece, via: self.via + bytes, byte: self.byte + bytes }
    }
}

/// What the walk begins with.
enum Root {
    Value(Ty),
    Closure,
}

impl Message {
    /// Copies a value of type `ty`, given by its registers.
    ///
    /// # Errors
    /// What cannot cross; nothing has been delivered then.
    ///
    /// # Safety
    /// `words` are a value of the type in the island of `heap`, whose worker calls.
    pub unsafe fn copy(
        heap: &Heap,
        origin: &dyn Origin,
        ty: Ty,
        words: &[u64],
        limit: u64,
    ) -> Result<Box<Message>, CrossError> {
        // SAFETY: handed on to the caller.
        unsafe { walk(heap, origin, limit, Root::Value(ty), words) }
    }

    /// Copies a closure: a message of one word.
    ///
    /// # Errors
    /// As [`Message::copy`].
    ///
    /// # Safety
    /// `closure` is a closure of the island, whose worker calls, or 0.
    pub unsafe fn copy_closure(
        heap: &Heap,
        origin: &dyn Origin,
        closure: Word,
        limit: u64,
    ) -> Result<Box<Message>, CrossError> {
        // SAFETY: handed on to the caller.
        unsafe { walk(heap, origin, limit, Root::Closure, &[closure]) }
    }
}

/// # Safety
/// See [`Message::copy`].
unsafe fn walk(
    heap: &Heap,
    origin: &dyn Origin,
    limit: u64,
    root: Root,
    words: &[u64],
) -> Result<Box<Message>, CrossError> {
    let parts = super::unused().pop().unwrap_or_default();
    let scratch = SCRATCH.take();
    // The numbers of words are of 32 bits.
    let limit = limit.min(u64::from(u32::MAX));
    let mut copier = Copier { parts, scratch, heap, origin, limit, bytes: 0 };
    // SAFETY: handed on.
    let result = unsafe { copier.run(root, words) };
    let Copier { mut parts, mut scratch, .. } = copier;
    scratch.cursors.finish(&mut parts.ready);
    scratch.clear();
    SCRATCH.set(scratch);
    // A message that is not to be sent still owns the vectors.
    let message = Box::new(Message { parts, registers: words.len() });
    result.map(|()| message).map_err(|error| *error)
}

impl Scratch {
    fn clear(&mut self) {
        self.work.clear();
        self.work.shrink_to(1 << 16);
        self.reached.clear();
        self.reached.shrink_to(1 << 12);
        self.nodes.clear();
        self.nodes.shrink_to(1 << 12);
        self.near = Near::default();
        self.seen.clear();
        self.keys.clear();
        self.keys.shrink_to(1 << 16);
        self.several.clear();
        self.flat.clear();
    }
}

impl Copier<'_> {
    /// # Safety
    /// See [`Message::copy`].
    unsafe fn run(&mut self, root: Root, words: &[u64]) -> Copied<()> {
        self.parts.data.extend_from_slice(words);
        let place = Place { piece: NO_PARENT, via: 0, byte: 0 };
        // SAFETY: the words are the root's; everything else is reached from live values.
        unsafe {
            match root {
                Root::Closure => self.func(place)?,
                Root::Value(ty) if ty.leaves.is_some() => {
                    let bytes = 8 * words.len() as u32;
                    self.parts.pieces.push(Piece { offset: 0, object: ROOT, at: 0, bytes });
                    self.scratch.work.push(Work { kind: Kind::Words(ty), parent: NO_PARENT });
                    self.piece(0)?;
                }
                Root::Value(ty) => self.pointer(place, ty, 1)?,
            }
            self.look_through_nodes()?;
            while let Some(Reached { work, src, object, offset, bytes }) = self.scratch.reached.pop() {
                let number = self.parts.pieces.len() as u32;
                self.count(bytes)?;
                self.push_piece(object, src, offset, bytes);
                self.scratch.work.push(work);
                self.piece(number)?;
                self.look_through_nodes()?;
            }
            self.flat_objects()
        }
    }

    // ---- pieces ------------------------------------------------------------------------------------

    /// Looks through a piece.
    ///
    /// # Safety
    /// The piece is a copy of live memory of what its kind says, here and below.
    unsafe fn piece(&mut self, number: u32) -> Copied<()> {
        let Piece { at, bytes, .. } = self.parts.pieces[number as usize];
        let (first, bytes) = (Place { piece: number, via: 0, byte: 8 * u64::from(at) }, u64::from(bytes));
        // SAFETY: the memory was that of values of the type.
        unsafe {
            match self.scratch.work[number as usize].kind {
                Kind::Flat => {}
                Kind::Words(ty) => self.words(first, ty)?,
                Kind::Closure(func) => self.captured(first, func)?,
                Kind::Values(ty) => {
                    let plan = plan::of(ty);
                    let mut offset = 0;
                    while offset < bytes {
                        self.value(plan, first.plus(offset))?;
                        offset += ty.size;
                    }
                }
                Kind::Entries(ty) => {
                    let shape = ty.map_shape();
                    let (key, elem) = (plan::of(shape.key), plan::of(shape.elem));
                    let mut offset = 0;
                    while offset < bytes {
                        self.value(key, first.plus(offset))?;
                        self.value(elem, first.plus(offset + shape.elem_offset))?;
                        offset += shape.entry_size;
                    }
                }
            }
        }
        Ok(())
    }

    /// A value as it lies in memory, at a place.
    #[inline(always)]
    unsafe fn value(&mut self, plan: &Plan, at: Place) -> Copied<()> {
        for step in &plan.steps {
            // SAFETY: the part is there.
            unsafe { self.part(at.plus(step.offset), step.part, false)? };
        }
        Ok(())
    }

    /// A value as registers that lie in a row.
    unsafe fn words(&mut self, at: Place, ty: Ty) -> Copied<()> {
        for step in &plan::of(ty).steps {
            let (via, byte) = (at.via + step.offset, at.byte + 8 * leaf_of(ty, step) as u64);
            // SAFETY: the caller's words.
            unsafe { self.part(Place { piece: at.piece, via, byte }, step.part, true)? };
        }
        Ok(())
    }

    /// The variables of a closure.
    unsafe fn captured(&mut self, closure: Place, func: u32) -> Copied<()> {
        let origin = self.origin;
        let mut at = closure.plus(8);
        for &Captured { ty, boxed } in origin.captures(func).unwrap_or_default() {
            // SAFETY: the closure captures what is said.
            unsafe {
                if boxed {
                    self.pointer(at, ty, 1)?;
                    at = at.plus(8);
                } else {
                    self.words(at, ty)?;
                    at = at.plus(8 * leaves_in(ty) as u64);
                }
            }
        }
        Ok(())
    }

    /// What stands at one place. `in_words` says that it stands there as registers.
    #[inline]
    pub(super) unsafe fn part(&mut self, at: Place, part: Part, in_words: bool) -> Copied<()> {
        // SAFETY: what the part says.
        unsafe {
            match part {
                Part::Pointer(ty) => self.pointer(at, ty, 1),
                Part::Str => self.text(at),
                Part::Slice(ty) => {
                    let cap = self.load(at, 2);
                    self.pointer(at, ty, cap)
                }
                Part::Iface => match Ty::from_word(self.parts.data[at.word()]) {
                    None => Ok(()),
                    Some(ty) => self.dynamic(at.plus(8), ty),
                },
                Part::Map(ty) => self.map(at, ty),
                Part::Func => self.func(at),
                Part::Port => {
                    self.port(at);
                    Ok(())
                }
                Part::Array(elem, len) => {
                    let plan = plan::of(elem);
                    for i in 0..len {
                        self.value(plan, at.plus(i * elem.size))?;
                    }
                    Ok(())
                }
                Part::Lock(ty) => {
                    let bytes = if in_words { 8 * leaves_in(ty) as u64 } else { ty.size };
                    if self.is_zero(at.byte, bytes) {
                        return Ok(());
                    }
                    Err(self.blocked(
                        at.piece,
                        at.via,
                        format!("{} is in use and cannot cross islands", ty.name),
                    ))
                }
                Part::Never(ty) => Err(self.blocked(at.piece, at.via, why_never(ty))),
            }
        }
    }

    /// The data word of an interface.
    unsafe fn dynamic(&mut self, at: Place, ty: Ty) -> Copied<()> {
        let at = Place { piece: at.piece | DYNAMIC, ..at };
        if let Some((offset, never)) = plan::of(ty).never {
            return Err(self.never(None, ty, offset, never));
        }
        // SAFETY: an inline value is a single leaf, else the word is an address.
        unsafe { if ty.inline { self.words(at, ty) } else { self.pointer(at, ty, 1) } }
    }

    fn is_zero(&self, byte: u64, bytes: u64) -> bool {
        let at = |byte: u64| self.parts.data[(byte / 8) as usize].to_ne_bytes()[(byte % 8) as usize];
        (byte..byte + bytes).all(|byte| at(byte) == 0)
    }

    // ---- addresses --------------------------------------------------------------------------------

    /// The address of `count` values of a type.
    #[inline(always)]
    pub(super) unsafe fn pointer(&mut self, at: Place, ty: Ty, count: u64) -> Copied<()> {
        let addr = self.load(at, 0);
        if addr == 0 {
            return self.check_type(at, ty);
        }
        let bytes = ty.size.saturating_mul(count);
        if bytes == 0 {
            // Not nil, and nothing there; the address may be just behind another object.
            self.set(at, zero_base());
            return self.check_type(at, ty);
        }
        let plan = plan::of(ty);
        if count == 1
            && let Some(shape) = plan.shape(ty)
            // SAFETY: the address of a live value.
            && let Some(node) = unsafe { self.node(addr, shape)? }
        {
            match node {
                Node::Number(id) => self.refer(at, id, 0),
                Node::Ready(node) => self.set(at, node),
            }
            return Ok(());
        }
        let flat = plan.steps.is_empty();
        let kind = if flat { Kind::Flat } else { Kind::Values(ty) };
        let key = if flat { BYTES } else { ty.word() };
        // SAFETY: the address of live values.
        unsafe { self.reach(at, addr, bytes, Element { kind, key, size: ty.size }) }
    }

    /// The bytes of a string.
    unsafe fn text(&mut self, at: Place) -> Copied<()> {
        let (addr, len) = (self.load(at, 0), self.load(at, 1));
        if len == 0 || addr == 0 {
            self.set(at, 0);
            return Ok(());
        }
        // SAFETY: the address of a live string.
        unsafe { self.reach(at, addr, len, Element { kind: Kind::Flat, key: BYTES, size: 1 }) }
    }

    unsafe fn func(&mut self, at: Place) -> Copied<()> {
        let closure = self.parts.data[at.word()];
        // SAFETY: the address of a closure, or 0; its first word is the function.
        unsafe {
            let Some(object) = self.heap.find(closure) else { return Ok(()) };
            let func = load_word(closure) as u32;
            let origin = self.origin;
            let Some(captures) = origin.captures(func) else {
                let text = format!("the function value {} cannot cross islands", origin.func_name(func));
                return Err(self.blocked(at.piece, at.via, text));
            };
            let words: usize = captures.iter().map(|c| if c.boxed { 1 } else { leaves_in(c.ty) }).sum();
            let (id, new) = self.object(&object, What::Plain(object.layout))?;
            self.refer(at, id, 0);
            if new {
                let bytes = 8 * (words as u64 + 1);
                self.note_region(id, 0, bytes);
                let work = Work { kind: Kind::Closure(func), parent: at.piece };
                self.scratch.reached.push(Reached { work, src: closure, object: id, offset: 0, bytes });
            }
        }
        Ok(())
    }

    unsafe fn map(&mut self, at: Place, ty: Ty) -> Copied<()> {
        let addr = self.parts.data[at.word()];
        if addr == 0 {
            return self.check_type(at, ty);
        }
        // SAFETY: a live map of the type.
        unsafe {
            let next = self.parts.objects.len() as u32;
            let id = match self.heap.find(addr) {
                Some(object) => self.scratch.seen.number(&object, next),
                None => self.scratch.seen.number_outside(addr, next),
            };
            if id == next {
                let count = map::len(addr).min(u64::from(u32::MAX)) as u32;
                self.push_object(What::Map(ty, count))?;
            }
            self.refer(at, id, 0);
            if id == next { self.entries(at, id, addr, ty) } else { Ok(()) }
        }
    }

    /// Copies a map's entries into an object of their own, to be looked through there.
    unsafe fn entries(&mut self, at: Place, map: u32, addr: Word, ty: Ty) -> Copied<()> {
        let shape = ty.map_shape();
        // SAFETY: a live map of the type.
        unsafe {
            let (count, runs) =
                map::live_entries(addr, ty).map_err(|_| CrossError::Changing).map_err(Box::new)?;
            if count == 0 {
                return Ok(());
            }
            let entries = self.parts.objects.len() as u32;
            self.push_object(What::Plain(shape.entry_layout))?;
            self.note_region(entries, 0, count * shape.entry_size);
            self.parts.maps.push(MapCopy { map, entries });
            let mut done = 0;
            for (first, n) in runs {
                let work = Work { kind: Kind::Entries(ty), parent: at.piece };
                let (offset, bytes) = (done * shape.entry_size, n * shape.entry_size);
                self.scratch.reached.push(Reached { work, src: first, object: entries, offset, bytes });
                done += n;
            }
        }
        Ok(())
    }

    fn port(&mut self, at: Place) {
        let handle = self.parts.data[at.word()];
        if handle == 0 {
            return;
        }
        let next = self.parts.objects.len() as u32;
        let id = self.scratch.seen.number_outside(handle, next);
        if id == next {
            // SAFETY: a live handle of a port.
            let port = PortRef::new(unsafe { crate::port::port_arc(handle) });
            self.parts.objects.push(Object { what: What::Port(port), lo: 0, hi: 0 });
            self.parts.ports += 1;
            self.scratch.keys.push(NOTHING);
        }
        self.refer(at, id, 0);
    }

    // ---- objects ----------------------------------------------------------------------------------

    /// A word of what has been copied.
    #[inline(always)]
    fn load(&self, at: Place, word: usize) -> u64 {
        match at.piece {
            // SAFETY: the words of the place's part.
            IN_READY => unsafe { load_word(at.byte + 8 * word as u64) },
            _ => self.parts.data[at.word() + word],
        }
    }

    /// Sets the first word of a place to what it will be.
    #[inline(always)]
    pub(super) fn set(&mut self, at: Place, word: u64) {
        match at.piece {
            // SAFETY: a word of a ready object, which nobody else knows.
            IN_READY => unsafe { store_word(at.byte, word) },
            _ => self.parts.data[at.word()] = word,
        }
    }

    /// The first word of a place is the address of an object, plus so many bytes.
    #[inline]
    fn refer(&mut self, at: Place, object: u32, add: u64) {
        if object & (NODE | READY) == NODE | READY {
            return self.set(at, self.ready_address(object) + add);
        }
        if at.piece == IN_READY {
            return self.parts.links.push(Link { at: at.byte, object, add });
        }
        let word = at.word();
        if add >= Reference::FAR {
            self.parts.far.push((word as u32, add));
        }
        if at.piece == IN_NODE {
            let tag = if object & NODE != 0 { 0 } else { NO_NODE };
            self.parts.data[word] = Reference::pack(object | tag, add);
            return;
        }
        self.parts.data[word] = Reference::pack(object, add);
        self.parts.fixes.push(word as u32);
    }

    #[inline(always)]
    fn object(&mut self, object: &Located, what: What) -> Copied<(u32, bool)> {
        let next = self.parts.objects.len() as u32;
        let id = self.scratch.seen.number(object, next);
        if id == next {
            self.push_object(what)?;
        }
        Ok((id, id == next))
    }

    #[inline]
    fn push_object(&mut self, what: What) -> Copied<()> {
        self.parts.objects.push(Object { what, lo: u64::MAX, hi: 0 });
        self.scratch.keys.push(NOTHING);
        self.count(16)
    }

    /// A region of an object has been reached, of elements of a kind, key and size: what of it is new becomes a piece.
    #[inline(always)]
    unsafe fn reach(&mut self, at: Place, addr: Word, bytes: u64, element: Element) -> Copied<()> {
        // SAFETY: the address lies in a live object, or outside of the heap.
        let (id, start, size, layout) = match unsafe { self.heap.find(addr) } {
            Some(object) => {
                if matches!(element.kind, Kind::Flat)
                    // SAFETY: the address lies in it.
                    && unsafe { self.reach_leaf(at, &object, addr, bytes)? }
                {
                    return Ok(());
                }
                let (id, _) = self.object(&object, What::Plain(object.layout))?;
                (id, object.start, object.size, object.layout)
            }
            None => {
                let Some((start, ty)) = self.origin.global(addr) else { return Ok(()) };
                let next = self.parts.objects.len() as u32;
                let id = self.scratch.seen.number_outside(start, next);
                if id == next {
                    self.push_object(What::Plain(ty.layout))?;
                }
                (id, start, ty.size, ty.layout)
            }
        };
        let lo = addr - start;
        if bytes > size - lo {
            // Pointer and length are of two values.
            return Err(Box::new(CrossError::Changing));
        }
        self.refer(at, id, lo);
        let work = Work { kind: element.kind, parent: at.parent() };
        if id & NODE != 0 {
            // All of it crosses. What had no addresses may have locks.
            if layout.is_noscan() && !matches!(element.kind, Kind::Flat) {
                self.scratch.reached.push(Reached { work, src: addr, object: ROOT, offset: lo, bytes });
            }
            return Ok(());
        }
        if self.scratch.keys[id as usize] == NOTHING && !layout.is_noscan() {
            // Most objects are reached once.
            self.scratch.keys[id as usize] = element.key;
            let object = &mut self.parts.objects[id as usize];
            (object.lo, object.hi) = (lo, lo + bytes);
            self.scratch.reached.push(Reached { work, src: addr, object: id, offset: lo, bytes });
            return Ok(());
        }
        let object = &self.parts.objects[id as usize];
        let known = self.scratch.keys[id as usize] == element.key && !layout.is_noscan();
        if !known || !covers((object.lo, object.hi), lo, lo + bytes, element.size) {
            self.region(id, start, layout, (lo, lo + bytes), element, work);
        }
        Ok(())
    }

    /// A region of an object that has been reached before, or that has no addresses.
    fn region(
        &mut self,
        id: u32,
        start: Word,
        layout: &'static Layout,
        (lo, hi): (u64, u64),
        element: Element,
        work: Work,
    ) {
        let Element { key, size, .. } = element;
        let object = &self.parts.objects[id as usize];
        let known = (object.lo, object.hi);
        if layout.is_noscan() {
            if object.hi == 0 {
                self.scratch.flat.push((id, start));
                self.scratch.keys[id as usize] = SEVERAL;
            }
            if matches!(work.kind, Kind::Flat) {
                return self.note_region(id, lo, hi);
            }
            // There may be locks to be looked at.
        }
        let parts = match self.scratch.keys[id as usize] {
            NOTHING => {
                self.scratch.keys[id as usize] = key;
                [(lo, hi), (0, 0)]
            }
            same if same == key && covers(known, lo, hi, size) => return,
            SEVERAL => self.add_region(id, (key, lo, hi), size),
            other => {
                self.scratch.keys[id as usize] = SEVERAL;
                self.scratch.several.insert(id, vec![(other, known.0, known.1)]);
                self.add_region(id, (key, lo, hi), size)
            }
        };
        self.note_region(id, lo, hi);
        for (from, to) in parts.into_iter().filter(|(from, to)| from < to) {
            let (src, bytes) = (start + from, to - from);
            self.scratch.reached.push(Reached { work, src, object: id, offset: from, bytes });
        }
    }

    /// The parts of a range that no region of the same type covers yet; they are covered from now on.
    fn add_region(&mut self, id: u32, (key, lo, hi): Region, size: u64) -> [(u64, u64); 2] {
        let regions = self.scratch.several.entry(id).or_default();
        let touching = |r: &&mut Region| {
            r.0 == key && r.1 <= hi && r.2 >= lo && r.1.abs_diff(lo).is_multiple_of(size.max(1))
        };
        match regions.iter_mut().find(touching) {
            Some(region) => {
                let parts = [(lo, region.1.max(lo)), (region.2.min(hi), hi)];
                (region.1, region.2) = (region.1.min(lo), region.2.max(hi));
                parts
            }
            None => {
                regions.push((key, lo, hi));
                [(lo, hi), (0, 0)]
            }
        }
    }

    #[inline]
    fn note_region(&mut self, id: u32, lo: u64, hi: u64) {
        let object = &mut self.parts.objects[id as usize];
        (object.lo, object.hi) = (object.lo.min(lo), object.hi.max(hi));
    }

    #[inline]
    pub(super) unsafe fn push_piece(&mut self, object: u32, src: Word, offset: u64, bytes: u64) {
        let data = &mut self.parts.data;
        let (at, words) = (data.len(), bytes.div_ceil(8) as usize);
        data.reserve(words);
        // SAFETY: live memory of so many bytes; room has just been made, and the last word is zeroed first.
        unsafe {
            let to = data.as_mut_ptr().add(at);
            to.add(words - 1).write(0);
            if bytes <= 64 && bytes.is_multiple_of(8) {
                for i in 0..words {
                    to.add(i).write((src as *const u64).add(i).read());
                }
            } else {
                copy_nonoverlapping(src as *const u8, to.cast::<u8>(), bytes as usize);
            }
            data.set_len(at + words);
        }
        self.parts.pieces.push(Piece { offset, object, at: at as u32, bytes: bytes as u32 });
    }

    #[inline]
    pub(super) fn count(&mut self, bytes: u64) -> Copied<()> {
        self.bytes += bytes;
        if self.bytes > self.limit { Err(self.too_large()) } else { Ok(()) }
    }

    #[cold]
    fn too_large(&self) -> Box<CrossError> {
        Box::new(CrossError::TooLarge(self.limit))
    }

    /// There is no value, but the type alone may say that none could cross.
    #[inline]
    fn check_type(&self, at: Place, ty: Ty) -> Copied<()> {
        match plan::of(ty).never {
            None => Ok(()),
            Some((offset, never)) => Err(self.never(Some((at.piece, at.via)), ty, offset, never)),
        }
    }
}

/// Whether a region has all elements from `lo` to `hi`.
#[inline]
fn covers((from, to): (u64, u64), lo: u64, hi: u64, size: u64) -> bool {
    from == lo && hi <= to || from < lo && hi <= to && (lo - from).is_multiple_of(size.max(1))
}

/// Number of registers of a value.
fn leaves_in(ty: Ty) -> usize {
    ty.leaves.as_ref().map_or(1, Vec::len)
}

/// The register in which a step's first word is.
fn leaf_of(ty: Ty, step: &Step) -> usize {
    let leaves = ty.leaves.as_deref().unwrap_or_default();
    leaves.iter().position(|leaf| u64::from(leaf.offset) >= step.offset).unwrap_or(0)
}
