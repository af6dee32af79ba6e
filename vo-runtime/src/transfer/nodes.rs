//! Nodes: the objects that most large values are made of, in short.
//!
//! A type is *closed* where all that its values lead to crosses whatever it is: pointers to closed types, strings, slices of numbers.
//! An object of one value of such a type that a pointer to its start leads to is a node. It crosses whole, nothing about it can go
//! wrong, and where its addresses are is the same for all of its type. So it needs neither pieces nor regions, nor a list of
//! its addresses: a node is its words in the message's data, and its shape.
//!
//! Many nodes of one type are made ready: in memory that will be the receiver's ([`crate::heap::ready`]). The address of such a one is
//! known as soon as it has been reached, and stands where it is referred to; only what else its words refer to is on a list.
//!
//! In the words of other nodes a reference is told from an address (of what is immortal) by its upper two bits, of which addresses have none.
//! Elsewhere a node is referred to as any object is, by a number with [`NODE`].

use super::copy::{Copied, Copier, IN_DATA, IN_NODE, IN_READY, NO_PARENT, Place};
use super::plan::{self, Part, Plan};
use super::{Parts, Reference};
use crate::heap::ready;
use crate::heap::sizeclass::{class_of, size};
use crate::heap::{AllocCache, Located, prefetch};
use crate::layout::Layout;
use crate::panic::Result;
use crate::rtype::Ty;
use crate::value::{Word, load_word, store_word};
use std::collections::HashSet;

/// In the number of an object: it is a node.
pub(super) const NODE: u32 = 1 << 31;

/// In the number of an object that a word of a node refers to: it is none.
pub(super) const NO_NODE: u32 = 1 << 30;

/// In the number of a node: it is a ready one.
pub(super) const READY: u32 = 1 << 29;

const _: () = assert!(ready::NUMBERS <= READY);

/// Larger objects are copied as others are.
const LARGEST: u64 = 256;

/// What is known of the nodes of a type.
#[derive(Debug)]
pub(crate) struct Shape {
    layout: &'static Layout,
    bytes: u64,
    /// Where its objects are allocated: bin, size class, bytes of a slot.
    bin: u32,
    class: u8,
    slot: u64,
    /// Places of the words that may refer to something.
    links: Box<[u32]>,
    steps: Box<[Step]>,
}

/// A part of a node that may refer to something.
#[derive(Debug)]
struct Step {
    /// Its first word.
    word: u32,
    part: Part,
    /// Of a pointer, the plan of what it points to.
    to: Option<&'static Plan>,
}

/// The block in which the last node was found that others lie in: what tells a node by its address.
#[derive(Clone, Copy)]
pub(super) struct Near {
    base: u64,
    /// Bytes of its slots; 0 for no block.
    bytes: u64,
    /// See [`crate::heap::Located::block_range`].
    magic: u64,
    slot: u64,
    /// Where the numbers of its slots begin: see [`super::seen`].
    row: u32,
    /// Whose nodes its objects are.
    shape: *const Shape,
}

impl Default for Near {
    fn default() -> Near {
        Near { base: 0, bytes: 0, magic: 0, slot: 0, row: 0, shape: std::ptr::null() }
    }
}

/// A node that has been reached.
pub(super) enum Reached {
    /// The number of one that the receiver makes.
    Number(u32),
    /// The address of a ready one.
    Ready(Word),
}

/// The nodes of a message.
#[derive(Default)]
pub(super) struct Nodes {
    list: Vec<Node>,
}

/// First word in the data, and what it is.
struct Node {
    at: u32,
    shape: &'static Shape,
}

impl Shape {
    /// The shape of a type's nodes, if there are any.
    pub(super) fn of(ty: Ty, plan: &Plan) -> Option<Shape> {
        let fits = ty.size <= LARGEST && ty.size.is_multiple_of(8) && !plan.steps.is_empty();
        if !fits || !is_closed(ty) {
            return None;
        }
        let step = |step: &plan::Step| {
            let to = if let Part::Pointer(to) = step.part { Some(plan::of(to)) } else { None };
            Step { word: (step.offset / 8) as u32, part: step.part, to }
        };
        let steps: Box<[Step]> = plan.steps.iter().map(step).collect();
        let links = steps.iter().map(|step| step.word).collect();
        let class = class_of(ty.size);
        Some(Shape { layout: ty.layout, bytes: ty.size, bin: ty.bin, class, slot: size(class), links, steps })
    }
}

/// Whether whatever values of a type lead to can cross, and is of such types.
fn is_closed(ty: Ty) -> bool {
    let (mut known, mut list) = (HashSet::from([ty.word()]), vec![ty]);
    while let Some(ty) = list.pop() {
        for step in &plan::of(ty).steps {
            match step.part {
                Part::Str => {}
                Part::Slice(elem) if plan::of(elem).steps.is_empty() => {}
                Part::Pointer(to) => {
                    if known.insert(to.word()) {
                        list.push(to);
                    }
                }
                _ => return false,
            }
        }
    }
    true
}

impl Nodes {
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn clear(&mut self) {
        self.list.clear();
    }

    pub(super) fn capacity(&self) -> usize {
        size_of::<Node>() * self.list.capacity()
    }
}

impl Copier<'_> {
    /// Reaches a node; `None` where the address is that of another object.
    ///
    /// # Safety
    /// The address is that of a live value of the shape's type.
    #[inline(always)]
    pub(super) unsafe fn node(&mut self, addr: Word, shape: &'static Shape) -> Copied<Option<Reached>> {
        let near = self.scratch.near;
        let offset = addr.wrapping_sub(near.base);
        if offset >= near.bytes || !std::ptr::eq(near.shape, shape) {
            // SAFETY: handed on.
            return unsafe { self.node_elsewhere(addr, shape) };
        }
        let index = (offset * near.magic) >> 32;
        if index * near.slot != offset {
            return Ok(None);
        }
        // SAFETY: the address is that of a live node, whose place in the rows that is.
        unsafe { self.node_in_row(addr, shape, near.row + index as u32) }
    }

    /// The same, away from where the last one was.
    ///
    /// # Safety
    /// As for [`Copier::node`].
    #[inline(never)]
    unsafe fn node_elsewhere(&mut self, addr: Word, shape: &'static Shape) -> Copied<Option<Reached>> {
        // SAFETY: the address of a live value.
        let Some(object) = (unsafe { self.heap.find(addr) }) else { return Ok(None) };
        let is_one = object.start == addr
            && object.size < 2 * shape.bytes
            && std::ptr::eq(object.layout, shape.layout);
        if !is_one {
            return Ok(None);
        }
        let Some(row) = self.scratch.seen.row_of(&object) else {
            // SAFETY: as above.
            return unsafe { self.node_to_make(addr, &object, shape) };
        };
        let (base, bytes, magic) = object.block_range();
        self.scratch.near = Near { base, bytes, magic, slot: object.size, row, shape };
        // SAFETY: as above.
        unsafe { self.node_in_row(addr, shape, row + object.index) }
    }

    /// Reaches a node whose number, if it has one, is at a place of the rows.
    ///
    /// # Safety
    /// As for [`Copier::node`], and it is a node.
    #[inline(always)]
    unsafe fn node_in_row(&mut self, addr: Word, shape: &'static Shape, row: u32) -> Copied<Option<Reached>> {
        let Some(cursor) = self.scratch.cursors.of(shape.bin, shape.class, &mut self.parts.ready) else {
            // SAFETY: as above.
            return unsafe {
                match self.heap.find(addr) {
                    Some(object) => self.node_to_make(addr, &object, shape),
                    None => Ok(None),
                }
            };
        };
        let next = NODE | READY | cursor.number;
        let id = self.scratch.seen.number_in_row(row, next);
        if id != next {
            return Ok(self.known_node(id));
        }
        let to = cursor.next;
        cursor.advance();
        self.count(16 + shape.bytes)?;
        // SAFETY: a live value of so many bytes; a slot that is ours.
        unsafe {
            copy_words(addr, to, shape.bytes);
            for word in (shape.bytes..shape.slot).step_by(8) {
                store_word(to + word, 0);
            }
            // They are looked at soon. (To look for what is at nil is slow.)
            for &link in &shape.links {
                let word = load_word(to + 8 * u64::from(link));
                prefetch(if word == 0 { to } else { word });
            }
        }
        self.scratch.nodes.push((to, shape));
        Ok(Some(Reached::Ready(to)))
    }

    /// The node with a number, if it is one's.
    #[inline]
    pub(super) fn known_node(&self, id: u32) -> Option<Reached> {
        match (id & NODE, id & READY) {
            (0, _) => None,
            (_, 0) => Some(Reached::Number(id)),
            _ => Some(Reached::Ready(self.ready_address(id))),
        }
    }

    /// The address of the ready node with a number.
    pub(super) fn ready_address(&self, id: u32) -> Word {
        self.parts.ready.address(id & !(NODE | READY))
    }

    /// Reaches a node that the receiver makes.
    ///
    /// # Safety
    /// As for [`Copier::node`].
    unsafe fn node_to_make(
        &mut self,
        addr: Word,
        object: &Located,
        shape: &'static Shape,
    ) -> Copied<Option<Reached>> {
        let next = NODE | self.parts.nodes.len() as u32;
        let id = self.scratch.seen.number(object, next);
        if id != next {
            return Ok(self.known_node(id));
        }
        self.count(16 + shape.bytes)?;
        let words = (shape.bytes / 8) as usize;
        let data = &mut self.parts.data;
        let at = data.len();
        data.reserve(words);
        // SAFETY: a live value of so many words; room has just been made.
        unsafe {
            let to = data.as_mut_ptr().add(at);
            copy_words(addr, to as Word, shape.bytes);
            data.set_len(at + words);
            for &link in &shape.links {
                let word = *to.add(link as usize);
                prefetch(if word == 0 { to as Word } else { word });
            }
        }
        self.parts.nodes.list.push(Node { at: at as u32, shape });
        self.scratch.nodes.push((IN_DATA | at as u64, shape));
        Ok(Some(Reached::Number(id)))
    }

    /// Looks through the nodes that have been reached, and those that they lead to.
    ///
    /// # Safety
    /// They are copies of live values.
    pub(super) unsafe fn look_through_nodes(&mut self) -> Copied<()> {
        while let Some((at, shape)) = self.scratch.nodes.pop() {
            // SAFETY: handed on.
            unsafe {
                match at & IN_DATA {
                    0 => self.look_through_ready(at, shape)?,
                    _ => self.look_through_one(at & !IN_DATA, shape)?,
                }
            }
        }
        Ok(())
    }

    /// Looks through the node whose words begin at `first` in the data.
    unsafe fn look_through_one(&mut self, first: u64, shape: &'static Shape) -> Copied<()> {
        for step in &shape.steps {
            let word = first + u64::from(step.word);
            let place = Place { piece: IN_NODE, via: 0, byte: 8 * word };
            // SAFETY: the part is there.
            unsafe {
                match step.part {
                    // Nothing of a closed type never crosses.
                    Part::Pointer(_) if self.parts.data[word as usize] == 0 => {}
                    Part::Pointer(to) => self.pointer(place, to, 1)?,
                    part => self.part(place, part, false)?,
                }
            }
        }
        Ok(())
    }

    /// Looks through the ready node at an address.
    #[inline(always)]
    unsafe fn look_through_ready(&mut self, first: Word, shape: &'static Shape) -> Copied<()> {
        for step in &shape.steps {
            let at = first + 8 * u64::from(step.word);
            // SAFETY: the part is there.
            unsafe {
                if let Some(plan) = step.to {
                    let addr = load_word(at);
                    if addr == 0 {
                        continue;
                    }
                    if let Some(shape) = plan.known_shape()
                        && let Some(Reached::Ready(node)) = self.node(addr, shape)?
                    {
                        store_word(at, node);
                        continue;
                    }
                }
                self.part(Place { piece: IN_READY, via: 0, byte: at }, step.part, false)?;
            }
        }
        Ok(())
    }
}

/// Copies words.
///
/// # Safety
/// There are so many bytes, a multiple of 8, at both addresses, not the same ones.
#[inline(always)]
pub(super) unsafe fn copy_words(from: Word, to: Word, bytes: u64) {
    // SAFETY: as the caller says.
    unsafe {
        match bytes {
            16 => copy_some::<2>(from, to),
            24 => copy_some::<3>(from, to),
            32 => copy_some::<4>(from, to),
            48 => copy_some::<6>(from, to),
            64 => copy_some::<8>(from, to),
            _ => {
                for word in (0..bytes).step_by(8) {
                    store_word(to + word, load_word(from + word));
                }
            }
        }
    }
}

/// Copies `N` words.
///
/// # Safety
/// There are so many at both addresses, not the same ones.
#[inline(always)]
unsafe fn copy_some<const N: usize>(from: Word, to: Word) {
    // SAFETY: as the caller says.
    unsafe { (to as *mut [u64; N]).write((from as *const [u64; N]).read()) };
}

impl Place {
    /// What errors on the way from here say it was reached from. (There are none on the way from nodes.)
    #[inline(always)]
    pub(super) fn parent(self) -> u32 {
        if self.piece == IN_NODE || self.piece == IN_READY { NO_PARENT } else { self.piece }
    }
}

impl Parts {
    /// New objects for the nodes.
    pub(super) fn make_nodes(&self, cache: &mut AllocCache) -> Result<Vec<Word>> {
        let mut made = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes.list {
            made.push(cache.alloc_layout(node.shape.bytes, node.shape.layout)?);
        }
        Ok(made)
    }

    /// Copies the nodes to where they are to be.
    ///
    /// # Safety
    /// See [`super::Message::build`].
    pub(super) unsafe fn place_nodes(&self, addresses: &[Word], nodes: &[Word]) {
        for (node, &to) in self.nodes.list.iter().zip(nodes) {
            let (shape, to) = (node.shape, to as *mut u64);
            let from = &self.data[node.at as usize..][..(shape.bytes / 8) as usize];
            // SAFETY: the new object has room for the words.
            unsafe {
                from.iter().enumerate().for_each(|(i, &word)| to.add(i).write(word));
                for &link in &shape.links {
                    let word = from[link as usize];
                    if word >> 62 != 0 {
                        let word = word & !(u64::from(NO_NODE) << 32);
                        to.add(link as usize).write(self.target(word, node.at + link, addresses, nodes));
                    }
                }
            }
        }
    }

    /// What a reference refers to that stands at `at` in the data.
    #[inline(always)]
    pub(super) fn target(&self, word: u64, at: u32, addresses: &[Word], nodes: &[Word]) -> Word {
        let (object, mut add) = Reference::unpack(word);
        if add == Reference::FAR {
            let far = self.far.iter().find(|far| far.0 == at);
            add = far.expect("internal error: a far reference without offset").1;
        }
        self.base(object, addresses, nodes).wrapping_add(add)
    }

    /// Where the object with a number is.
    #[inline(always)]
    pub(super) fn base(&self, object: u32, addresses: &[Word], nodes: &[Word]) -> Word {
        match object & NODE {
            0 => addresses[object as usize],
            _ => nodes[(object & !NODE) as usize],
        }
    }
}
