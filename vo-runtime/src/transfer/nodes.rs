//! Nodes: the objects that most large values are made of, in short.
//!
//! A type is *closed* where all that its values lead to crosses whatever it is: pointers to closed types, strings, slices of numbers.
//! An object of one value of such a type that a pointer to its start leads to is a node. It crosses whole, nothing about it can go
//! wrong, and where its addresses are is the same for all of its type. So it needs neither pieces nor regions, nor a list of
//! its addresses: a node is its words in the message's data, and its shape.
//!
//! In the words of a node a reference is told from an address (of what is immortal) by its upper two bits, of which addresses have none.
//! Elsewhere a node is referred to as any object is, by a number with [`NODE`].

use super::copy::{Copied, Copier, IN_NODE, NO_PARENT, Place};
use super::plan::{self, Part, Plan};
use super::{Parts, Reference};
use crate::heap::{AllocCache, prefetch};
use crate::layout::Layout;
use crate::panic::Result;
use crate::rtype::Ty;
use crate::value::Word;
use std::collections::HashSet;

/// In the number of an object: it is a node.
pub(super) const NODE: u32 = 1 << 31;

/// In the number of an object that a word of a node refers to: it is none.
pub(super) const NO_NODE: u32 = 1 << 30;

/// Larger objects are copied as others are.
const LARGEST: u64 = 256;

/// What is known of the nodes of a type.
#[derive(Debug)]
pub(crate) struct Shape {
    layout: &'static Layout,
    bytes: u64,
    /// Places of the words that may refer to something.
    links: Box<[u32]>,
    steps: Box<[(u32, Part)]>,
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
        let steps: Box<[(u32, Part)]> = plan.steps.iter().map(|s| ((s.offset / 8) as u32, s.part)).collect();
        let links = steps.iter().map(|step| step.0).collect();
        Some(Shape { layout: ty.layout, bytes: ty.size, links, steps })
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
    pub(super) unsafe fn node(&mut self, addr: Word, shape: &'static Shape) -> Copied<Option<u32>> {
        // SAFETY: the address of a live value.
        let Some(object) = (unsafe { self.heap.find(addr) }) else { return Ok(None) };
        let is_one = object.start == addr
            && object.size < 2 * shape.bytes
            && std::ptr::eq(object.layout, shape.layout);
        if !is_one {
            return Ok(None);
        }
        let next = NODE | self.parts.nodes.len() as u32;
        let id = self.scratch.seen.number(&object, next);
        if id == next {
            self.count(16 + shape.bytes)?;
            let words = (shape.bytes / 8) as usize;
            let data = &mut self.parts.data;
            let at = data.len();
            data.reserve(words);
            // SAFETY: a live value of so many words; room has just been made.
            unsafe {
                let to = data.as_mut_ptr().add(at);
                for i in 0..words {
                    to.add(i).write((addr as *const u64).add(i).read());
                }
                data.set_len(at + words);
                // They are looked at soon.
                for &link in &shape.links {
                    prefetch(*to.add(link as usize));
                }
            }
            self.parts.nodes.list.push(Node { at: at as u32, shape });
            self.scratch.nodes.push((at as u32, shape));
        }
        Ok((id & NODE != 0).then_some(id))
    }

    /// Looks through the nodes that have been reached, and those that they lead to.
    ///
    /// # Safety
    /// They are copies of live values.
    pub(super) unsafe fn look_through_nodes(&mut self) -> Copied<()> {
        while let Some((at, shape)) = self.scratch.nodes.pop() {
            for &(word, part) in &shape.steps {
                let place = Place { piece: IN_NODE, via: 0, byte: 8 * u64::from(at + word) };
                // SAFETY: the part is there.
                unsafe {
                    match part {
                        // Nothing of a closed type never crosses.
                        Part::Pointer(_) if self.parts.data[(at + word) as usize] == 0 => {}
                        Part::Pointer(to) => self.pointer(place, to, 1)?,
                        part => self.part(place, part, false)?,
                    }
                }
            }
        }
        Ok(())
    }
}

impl Place {
    /// What errors on the way from here say it was reached from. (There are none on the way from nodes.)
    #[inline(always)]
    pub(super) fn parent(self) -> u32 {
        if self.piece == IN_NODE { NO_PARENT } else { self.piece }
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
        let base = match object & NODE {
            0 => addresses[object as usize],
            _ => nodes[(object & !NODE) as usize],
        };
        base.wrapping_add(add)
    }
}
