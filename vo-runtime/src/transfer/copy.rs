//! The sender's half: the walk over a value, and what may stop it.

use super::plan::{self, Part, Step};
use super::{Fix, MapCopy, Message, Object, Piece, ROOT, What};
use crate::heap::Heap;
use crate::layout::Layout;
use crate::object::map;
use crate::port::PortRef;
use crate::rtype::{Handle, Kind, RtType, Ty, zero_base};
use crate::value::{Word, load_word};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use vo_bytecode::typedesc::ChanDir;

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
            CrossError::Changing => f.write_str("a map that crosses islands is written meanwhile"),
        }
    }
}

type Copied<T> = Result<T, CrossError>;

/// Hashes addresses.
#[derive(Default)]
pub(super) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        panic!("internal error: only addresses are hashed here");
    }
    fn write_u64(&mut self, n: u64) {
        // The table takes the high bits.
        self.0 = (n >> 3).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// A region that was reached, and how.
struct Work {
    kind: WorkKind,
    /// Its first address.
    src: Word,
    /// Where it goes.
    object: u32,
    offset: u64,
    /// The entry it was reached from, and the offset of the address there.
    parent: u32,
    via: u64,
    /// It is the dynamic value of an interface: its path begins with its type.
    dynamic: bool,
}

#[derive(Clone, Copy)]
enum WorkKind {
    /// The registers of a value.
    Words(Ty),
    /// So many values in a row.
    Values(Ty, u64),
    /// A closure object.
    Closure(u32),
    /// So many entries of a map.
    Entries(Ty, u64),
}

/// Regions of one object that have been reached: (element type, lo, hi) each; most objects have one.
#[derive(Default)]
struct Covered {
    first: Option<(u64, u64, u64)>,
    more: Vec<(u64, u64, u64)>,
}

/// Where an address leads.
enum Found {
    Object { start: Word, layout: &'static Layout, size: u64 },
    Immortal,
}

pub(super) struct Copier<'a> {
    message: Message,
    heap: &'a Heap,
    origin: &'a dyn Origin,
    limit: u64,
    bytes: u64,
    /// Number of each object that was reached, by its first address.
    seen: HashMap<u64, u32, BuildHasherDefault<AddressHasher>>,
    /// What of each object has been reached, by its number.
    covered: Vec<Covered>,
    /// Start of each object in the heap; for objects without addresses, which are copied at the end.
    starts: Vec<Word>,
    work: Vec<Work>,
    /// The address that is looked at is an interface's data word.
    dynamic: bool,
}

const NO_PARENT: u32 = u32::MAX;

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
        unsafe { Copier::new(heap, origin, limit).run(Root::Value(ty), words) }
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
        unsafe { Copier::new(heap, origin, limit).run(Root::Closure, &[closure]) }
    }
}

enum Root {
    Value(Ty),
    Closure,
}

impl<'a> Copier<'a> {
    fn new(heap: &'a Heap, origin: &'a dyn Origin, limit: u64) -> Copier<'a> {
        Copier {
            message: Message::default(),
            heap,
            origin,
            limit,
            bytes: 0,
            seen: HashMap::default(),
            covered: Vec::new(),
            starts: Vec::new(),
            work: Vec::new(),
            dynamic: false,
        }
    }

    /// # Safety
    /// See [`Message::copy`].
    unsafe fn run(mut self, root: Root, words: &[u64]) -> Copied<Box<Message>> {
        self.message.words.extend_from_slice(words);
        let src = words.as_ptr() as Word;
        // SAFETY: the words are the root's; everything else is reached from live values.
        unsafe {
            match root {
                Root::Closure => self.func(NO_PARENT, 0, words[0], ROOT, 0)?,
                Root::Value(ty) => {
                    let kind =
                        if ty.leaves.is_some() { WorkKind::Words(ty) } else { WorkKind::Values(ty, 1) };
                    if ty.leaves.is_some() {
                        self.work.push(Work {
                            kind,
                            src,
                            object: ROOT,
                            offset: 0,
                            parent: NO_PARENT,
                            via: 0,
                            dynamic: false,
                        });
                    } else {
                        self.pointer(NO_PARENT, 0, words[0], ty, 1, ROOT, 0)?;
                    }
                }
            }
            let mut next = 0;
            while next < self.work.len() {
                self.region(next)?;
                next += 1;
            }
            self.copy_flat_objects();
        }
        Ok(Box::new(self.message))
    }

    // ---- regions ----------------------------------------------------------------------------------

    /// Walks over the region of work entry `index`.
    ///
    /// # Safety
    /// The entry is of live memory, here and below.
    unsafe fn region(&mut self, index: usize) -> Copied<()> {
        let Work { kind, src, object, offset, .. } = self.work[index];
        let at = index as u32;
        // SAFETY: the memory is that of values of the type.
        unsafe {
            match kind {
                WorkKind::Words(ty) => self.words(at, ty, src, object, offset, 0),
                WorkKind::Closure(func) => {
                    let mut word = 1;
                    let captures = self.origin.captures(func).unwrap_or_default();
                    for &Captured { ty, boxed } in captures {
                        let place = src + 8 * word;
                        if boxed {
                            self.pointer(at, 8 * word, load_word(place), ty, 1, object, offset + 8 * word)?;
                            word += 1;
                        } else {
                            self.words(at, ty, place, object, offset + 8 * word, 8 * word)?;
                            word += ty.leaves.as_ref().map_or(1, |leaves| leaves.len() as u64);
                        }
                    }
                    Ok(())
                }
                WorkKind::Values(ty, count) => {
                    let steps = &plan::of(ty).steps;
                    for i in 0..count {
                        for step in steps {
                            let o = i * ty.size + step.offset;
                            self.part(at, o, step.part, src + o, object, offset + o, false)?;
                        }
                    }
                    Ok(())
                }
                WorkKind::Entries(ty, count) => {
                    let shape = ty.map_shape();
                    let parts = [(shape.key, 0), (shape.elem, shape.elem_offset)];
                    for i in 0..count {
                        for (ty, first) in parts {
                            for step in &plan::of(ty).steps {
                                let o = i * shape.entry_size + first + step.offset;
                                self.part(at, o, step.part, src + o, object, offset + o, false)?;
                            }
                        }
                    }
                    Ok(())
                }
            }
        }
    }

    /// A value as registers that lie in a row from `src` on.
    unsafe fn words(&mut self, at: u32, ty: Ty, src: Word, object: u32, offset: u64, via: u64) -> Copied<()> {
        for step in &plan::of(ty).steps {
            let word = 8 * leaf_of(ty, step);
            // SAFETY: the caller's words.
            unsafe { self.part(at, via + step.offset, step.part, src + word, object, offset + word, true)? };
        }
        Ok(())
    }

    /// What stands at one place. `in_words` says that it stands there as registers.
    #[allow(clippy::too_many_arguments)]
    unsafe fn part(
        &mut self,
        at: u32,
        via: u64,
        part: Part,
        src: Word,
        object: u32,
        offset: u64,
        in_words: bool,
    ) -> Copied<()> {
        // SAFETY: live memory of what the part says.
        unsafe {
            match part {
                Part::Pointer(ty) => self.pointer(at, via, load_word(src), ty, 1, object, offset),
                Part::Str => {
                    let len = load_word(src + 8);
                    self.bytes_at(load_word(src), len, object, offset)
                }
                Part::Slice(ty) => {
                    let cap = load_word(src + 16);
                    self.pointer(at, via, load_word(src), ty, cap, object, offset)
                }
                Part::Iface => match Ty::from_word(load_word(src)) {
                    None => Ok(()),
                    Some(ty) => self.iface(at, via, ty, src + 8, object, offset + 8),
                },
                Part::Map(ty) => self.map(at, via, load_word(src), ty, object, offset),
                Part::Func => self.func(at, via, load_word(src), object, offset),
                Part::Port => {
                    self.port(load_word(src), object, offset);
                    Ok(())
                }
                Part::Array(elem, len) => {
                    for i in 0..len {
                        for step in &plan::of(elem).steps {
                            let o = i * elem.size + step.offset;
                            self.part(at, via + o, step.part, src + o, object, offset + o, false)?;
                        }
                    }
                    Ok(())
                }
                Part::Lock(ty) => {
                    let bytes = if in_words { 8 * leaves_in(ty) } else { ty.size };
                    let busy =
                        std::slice::from_raw_parts(src as *const u8, bytes as usize).iter().any(|&b| b != 0);
                    if busy {
                        Err(self.blocked(at, via, format!("{} is in use and cannot cross islands", ty.name)))
                    } else {
                        Ok(())
                    }
                }
                Part::Never(ty) => Err(self.blocked(at, via, why_never(ty))),
            }
        }
    }

    /// The dynamic value of an interface, whose data word is at `src`.
    unsafe fn iface(&mut self, at: u32, via: u64, ty: Ty, src: Word, object: u32, offset: u64) -> Copied<()> {
        // SAFETY: an interface value: an inline one is a single leaf, else the word is an address.
        unsafe {
            if !ty.inline {
                self.dynamic = true;
                let reached = self.pointer(at, via, load_word(src), ty, 1, object, offset);
                self.dynamic = false;
                return reached;
            }
            // An inline value is a region of its own, for the path's sake.
            if plan::of(ty).steps.is_empty() {
                return Ok(());
            }
            self.work.push(Work {
                kind: WorkKind::Words(ty),
                src,
                object,
                offset,
                parent: at,
                via,
                dynamic: true,
            });
            Ok(())
        }
    }

    // ---- addresses --------------------------------------------------------------------------------

    /// An address of `count` values of a type.
    #[allow(clippy::too_many_arguments)]
    unsafe fn pointer(
        &mut self,
        at: u32,
        via: u64,
        addr: Word,
        ty: Ty,
        count: u64,
        object: u32,
        offset: u64,
    ) -> Copied<()> {
        let bytes = ty.size * count;
        if addr == 0 {
            return self.check_type(at, via, ty);
        }
        if bytes == 0 {
            // Not nil, and nothing there; the address may be just behind another object.
            self.set(object, offset, zero_base());
            return self.check_type(at, via, ty);
        }
        // SAFETY: the address of live values.
        unsafe {
            let Found::Object { start, layout, size } = self.find(addr) else { return Ok(()) };
            let id = self.object(start, layout, size)?;
            self.message.fixes.push(Fix { object, offset, target: id, add: addr - start });
            self.reach(
                id,
                start,
                layout,
                addr - start,
                bytes,
                |from, to| (WorkKind::Values(ty, (to - from) / ty.size), ty.word(), ty.size),
                (at, via),
            )
        }
    }

    /// The bytes of a string.
    unsafe fn bytes_at(&mut self, addr: Word, len: u64, object: u32, offset: u64) -> Copied<()> {
        if len == 0 {
            if addr != 0 {
                self.set(object, offset, 0);
            }
            return Ok(());
        }
        // SAFETY: the address of a live string.
        unsafe {
            let Found::Object { start, layout, size } = self.find(addr) else { return Ok(()) };
            let id = self.object(start, layout, size)?;
            self.message.fixes.push(Fix { object, offset, target: id, add: addr - start });
            self.reach(
                id,
                start,
                layout,
                addr - start,
                len,
                |_, _| (WorkKind::Closure(u32::MAX), 0, 1),
                (NO_PARENT, 0),
            )
        }
    }

    unsafe fn func(&mut self, at: u32, via: u64, closure: Word, object: u32, offset: u64) -> Copied<()> {
        if closure == 0 {
            return Ok(());
        }
        // SAFETY: the address of a closure; its first word is the function.
        unsafe {
            let Some((start, size, layout)) = self.heap.locate(closure) else { return Ok(()) };
            let func = load_word(closure) as u32;
            let Some(captures) = self.origin.captures(func) else {
                let text = format!("the function value {} cannot cross islands", self.origin.func_name(func));
                return Err(self.blocked(at, via, text));
            };
            let words: u64 = captures.iter().map(|c| if c.boxed { 1 } else { leaves_in(c.ty) }).sum();
            let (id, new) = self.object_or_new(start, layout, size)?;
            self.message.fixes.push(Fix { object, offset, target: id, add: 0 });
            if new {
                let bytes = 8 * (words + 1);
                self.piece(id, closure, 0, bytes)?;
                let kind = WorkKind::Closure(func);
                self.work.push(Work {
                    kind,
                    src: closure,
                    object: id,
                    offset: 0,
                    parent: at,
                    via,
                    dynamic: false,
                });
            }
        }
        Ok(())
    }

    unsafe fn map(&mut self, at: u32, via: u64, addr: Word, ty: Ty, object: u32, offset: u64) -> Copied<()> {
        if addr == 0 {
            return self.check_type(at, via, ty);
        }
        // SAFETY: a live map of the type.
        unsafe {
            let count = map::len(addr);
            let known = self.seen.get(&addr).copied();
            let id = match known {
                Some(id) => id,
                None => {
                    let id = self.new_object(addr, What::Map(ty, count))?;
                    self.entries(at, via, id, addr, ty)?;
                    id
                }
            };
            self.message.fixes.push(Fix { object, offset, target: id, add: 0 });
        }
        Ok(())
    }

    /// Copies a map's entries into an object of their own, and has them walked over there.
    unsafe fn entries(&mut self, at: u32, via: u64, map_id: u32, addr: Word, ty: Ty) -> Copied<()> {
        let shape = ty.map_shape();
        // SAFETY: a live map of the type.
        unsafe {
            let (count, runs) = map::live_entries(addr, ty).map_err(|_| CrossError::Changing)?;
            if count == 0 {
                return Ok(());
            }
            let id = self.message.objects.len() as u32;
            let (lo, hi) = (0, count * shape.entry_size);
            self.message.objects.push(Object { what: What::Plain(shape.entry_layout), lo, hi });
            self.starts.push(0);
            self.covered.push(Covered::default());
            self.message.maps.push(MapCopy { map: map_id, entries: id });
            let mut done = 0;
            for (first, n) in runs {
                self.piece(id, first, done * shape.entry_size, n * shape.entry_size)?;
                let offset = done * shape.entry_size;
                let kind = WorkKind::Entries(ty, n);
                self.work.push(Work {
                    kind,
                    src: first,
                    object: id,
                    offset,
                    parent: at,
                    via,
                    dynamic: false,
                });
                done += n;
            }
        }
        Ok(())
    }

    fn port(&mut self, handle: Word, object: u32, offset: u64) {
        if handle == 0 {
            return;
        }
        let id = match self.seen.get(&handle) {
            Some(&id) => id,
            None => {
                // SAFETY: a live handle of a port.
                let port = PortRef::new(unsafe { crate::port::port_arc(handle) });
                let id = self.message.objects.len() as u32;
                self.message.objects.push(Object { what: What::Port(port), lo: 0, hi: 0 });
                self.starts.push(0);
                self.covered.push(Covered::default());
                self.seen.insert(handle, id);
                id
            }
        };
        self.message.fixes.push(Fix { object, offset, target: id, add: 0 });
    }

    // ---- objects ----------------------------------------------------------------------------------

    unsafe fn find(&self, addr: Word) -> Found {
        // SAFETY: the address lies in a live object, or outside of the heap.
        if let Some((start, size, layout)) = unsafe { self.heap.locate(addr) } {
            return Found::Object { start, layout, size };
        }
        match self.origin.global(addr) {
            Some((start, ty)) => Found::Object { start, layout: ty.layout, size: ty.size },
            None => Found::Immortal,
        }
    }

    fn object(&mut self, start: Word, layout: &'static Layout, size: u64) -> Copied<u32> {
        Ok(self.object_or_new(start, layout, size)?.0)
    }

    fn object_or_new(&mut self, start: Word, layout: &'static Layout, _size: u64) -> Copied<(u32, bool)> {
        if let Some(&id) = self.seen.get(&start) {
            return Ok((id, false));
        }
        Ok((self.new_object(start, What::Plain(layout))?, true))
    }

    fn new_object(&mut self, start: Word, what: What) -> Copied<u32> {
        let id = self.message.objects.len() as u32;
        self.count(16)?;
        self.message.objects.push(Object { what, lo: u64::MAX, hi: 0 });
        self.starts.push(start);
        self.covered.push(Covered::default());
        self.seen.insert(start, id);
        Ok(id)
    }

    /// A region of an object has been reached: what of it is new becomes a piece, and work where it holds addresses. `work` says what
    /// the bytes in a range are: the work, and the type and size of an element.
    #[allow(clippy::too_many_arguments)]
    unsafe fn reach(
        &mut self,
        id: u32,
        start: Word,
        layout: &'static Layout,
        lo: u64,
        bytes: u64,
        work: impl Fn(u64, u64) -> (WorkKind, u64, u64),
        (parent, via): (u32, u64),
    ) -> Copied<()> {
        let hi = lo + bytes;
        let (kind, key, size) = work(lo, hi);
        let dynamic = self.dynamic;
        let may_have_locks = matches!(kind, WorkKind::Values(ty, _) if !plan::of(ty).steps.is_empty());
        let object = &mut self.message.objects[id as usize];
        let before = object.hi.saturating_sub(object.lo.min(object.hi));
        object.lo = object.lo.min(lo);
        object.hi = object.hi.max(hi);
        if layout.is_noscan() {
            // Copied at the end, in one piece. Locks are looked at all the same.
            let more = object.hi - object.lo - before;
            self.count(more)?;
            if !may_have_locks {
                return Ok(());
            }
        }
        let parts = self.covered[id as usize].add(key, lo, hi, size);
        for (from, to) in parts.into_iter().filter(|(from, to)| from < to) {
            let (kind, ..) = work(from, to);
            let src = start + from;
            if !layout.is_noscan() {
                // SAFETY: live memory.
                unsafe { self.piece(id, src, from, to - from)? };
            }
            if let WorkKind::Values(ty, _) = kind
                && !plan::of(ty).steps.is_empty()
            {
                self.work.push(Work { kind, src, object: id, offset: from, parent, via, dynamic });
            }
        }
        Ok(())
    }

    unsafe fn piece(&mut self, object: u32, src: Word, offset: u64, bytes: u64) -> Copied<()> {
        self.count(bytes)?;
        let entry = &mut self.message.objects[object as usize];
        entry.lo = entry.lo.min(offset);
        entry.hi = entry.hi.max(offset + bytes);
        let at = self.message.data.len();
        let words = bytes.div_ceil(8) as usize;
        self.message.data.reserve(words);
        // SAFETY: live memory of so many bytes; room has just been made, and the last word is zeroed first.
        unsafe {
            let to = self.message.data.as_mut_ptr().add(at);
            to.add(words - 1).write(0);
            std::ptr::copy_nonoverlapping(src as *const u8, to.cast::<u8>(), bytes as usize);
            self.message.data.set_len(at + words);
        }
        self.message.pieces.push(Piece { object, offset, at, bytes });
        Ok(())
    }

    /// Objects without addresses are copied in one piece, from the first byte that was reached to the last.
    unsafe fn copy_flat_objects(&mut self) {
        for id in 0..self.message.objects.len() {
            let object = &self.message.objects[id];
            let (lo, hi, start) = (object.lo, object.hi, self.starts[id]);
            if let What::Plain(layout) = object.what
                && layout.is_noscan()
                && start != 0
                && hi > lo
            {
                // The bytes have been counted.
                self.limit = u64::MAX;
                // SAFETY: a part of a live object.
                let _ = unsafe { self.piece(id as u32, start + lo, lo, hi - lo) };
            }
        }
    }

    /// Another word stands in the copy than in the source.
    fn set(&mut self, object: u32, offset: u64, word: Word) {
        match object {
            ROOT => self.message.words[(offset / 8) as usize] = word,
            _ => self.message.sets.push((object, offset, word)),
        }
    }

    fn count(&mut self, bytes: u64) -> Copied<()> {
        self.bytes += bytes;
        if self.bytes > self.limit { Err(CrossError::TooLarge(self.limit)) } else { Ok(()) }
    }

    // ---- what does not cross ------------------------------------------------------------------------

    /// There is no value, but the type alone may say that none could cross.
    fn check_type(&self, at: u32, via: u64, ty: Ty) -> Copied<()> {
        match plan::of(ty).never {
            None => Ok(()),
            Some((offset, never)) => {
                let mut path = self.path(at, via);
                field_path(ty, offset, &mut path);
                Err(CrossError::Type(with_path(path, why_never(never))))
            }
        }
    }

    fn blocked(&self, at: u32, via: u64, why: String) -> CrossError {
        CrossError::Type(with_path(self.path(at, via), why))
    }

    /// The way from the value that was sent to an offset of a region.
    fn path(&self, at: u32, via: u64) -> String {
        if at == NO_PARENT {
            return String::new();
        }
        let work = &self.work[at as usize];
        let mut path = if work.dynamic { String::new() } else { self.path(work.parent, work.via) };
        match work.kind {
            WorkKind::Words(ty) | WorkKind::Values(ty, _) => {
                if path.is_empty() {
                    path = shown(ty).trim_start_matches('*').to_owned();
                }
                field_path(ty, via % ty.size.max(1), &mut path);
            }
            WorkKind::Entries(ty, _) => {
                if path.is_empty() {
                    path = shown(ty);
                }
                path.push_str("[...]");
                let shape = ty.map_shape();
                let in_entry = via % shape.entry_size;
                match in_entry.checked_sub(shape.elem_offset) {
                    Some(offset) => field_path(shape.elem, offset, &mut path),
                    None => field_path(shape.key, in_entry, &mut path),
                }
            }
            WorkKind::Closure(func) => path = format!("captured by {}", self.origin.func_name(func)),
        }
        path
    }
}

impl Covered {
    /// The parts of a range (which may be empty) that no region with elements of the same type covers yet; they are covered from
    /// now on.
    fn add(&mut self, key: u64, lo: u64, hi: u64, size: u64) -> [(u64, u64); 2] {
        let Some(first) = &mut self.first else {
            self.first = Some((key, lo, hi));
            return [(lo, hi), (0, 0)];
        };
        let touching = |r: &&mut (u64, u64, u64)| {
            r.0 == key && r.1 <= hi && r.2 >= lo && r.1.abs_diff(lo).is_multiple_of(size.max(1))
        };
        match std::iter::once(first).chain(&mut self.more).find(touching) {
            Some(region) => {
                let parts = [(lo, region.1.max(lo)), (region.2.min(hi), hi)];
                (region.1, region.2) = (region.1.min(lo), region.2.max(hi));
                parts
            }
            None => {
                self.more.push((key, lo, hi));
                [(lo, hi), (0, 0)]
            }
        }
    }
}

/// Number of registers of a value.
fn leaves_in(ty: Ty) -> u64 {
    ty.leaves.as_ref().map_or(1, |leaves| leaves.len() as u64)
}

/// The register in which a step's first word is.
fn leaf_of(ty: Ty, step: &Step) -> u64 {
    let leaves = ty.leaves.as_deref().unwrap_or_default();
    leaves.iter().position(|leaf| u64::from(leaf.offset) >= step.offset).unwrap_or(0) as u64
}

/// A type as messages show it: without the package that everything is in.
fn shown(ty: Ty) -> String {
    ty.name.replace("main.", "")
}

fn why_never(ty: Ty) -> String {
    let name = shown(ty);
    match ty.elem {
        Some(elem) if ty.kind == Kind::Chan || ty.handle == Some(Handle::Port) => {
            debug_assert!(ty.handle.is_none() || ty.chan_dir != ChanDir::Send);
            format!("{name} cannot cross islands; use port<- {}", shown(elem))
        }
        _ => format!("{name} cannot cross islands"),
    }
}

fn with_path(path: String, why: String) -> String {
    // A path that is but the type itself says nothing.
    if path.is_empty() || why.starts_with(&format!("{path} ")) { why } else { format!("{path}: {why}") }
}

/// Adds the fields and elements that lead to an offset of a value of a type.
fn field_path(ty: Ty, mut offset: u64, path: &mut String) {
    let mut ty: &'static RtType = ty.descriptor();
    loop {
        match ty.kind {
            Kind::Struct if plan::is_lock(ty) => return,
            Kind::Struct => {
                let Some(field) = ty.fields.iter().rev().find(|f| f.offset <= offset && f.ty.size > 0) else {
                    return;
                };
                path.push('.');
                path.push_str(&field.name);
                offset -= field.offset;
                ty = field.ty.descriptor();
            }
            Kind::Array => {
                let elem = ty.elem_type();
                path.push_str("[...]");
                offset %= elem.size.max(1);
                ty = elem.descriptor();
            }
            Kind::Slice => return path.push_str("[...]"),
            _ => return,
        }
    }
}
