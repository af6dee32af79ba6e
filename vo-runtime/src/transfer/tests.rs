//! Tests of what crosses between heaps.

use super::*;
use crate::testing::{Types, heap, ty};
use crate::value::{Str, bytes_of, load_word, store_word};
use vo_bytecode::typedesc::{Mem, TypeId, TypeKind};

/// An island without functions and package variables.
struct Plain;

impl Origin for Plain {
    fn captures(&self, _func: u32) -> Option<&[Captured]> {
        None
    }
    fn func_name(&self, func: u32) -> String {
        format!("function {func}")
    }
    fn global(&self, _addr: Word) -> Option<(Word, Ty)> {
        None
    }
}

fn no_ports(_: &mut crate::AllocCache, _: &PortRef) -> crate::Result<Word> {
    panic!("no ports here")
}

#[test]
fn strings_and_words() {
    let mut types = Types::default();
    types.int();
    let types = types.load();
    let (_heap, mut cache) = heap(&types);
    let mut message = Message::of_words(vec![7, 0, 0]);
    message.set_string(1, "hello", types.layouts.noscan());
    let mut out = [0; 3];
    // SAFETY: a message of three words; nothing collects.
    unsafe {
        message.build(&mut cache, &mut no_ports, &mut out).unwrap();
        assert_eq!(out[0], 7);
        assert_eq!(bytes_of(Str { ptr: out[1], len: out[2] }), b"hello");
    }
}

#[test]
fn cycles_and_sharing_are_kept() {
    let mut types = Types::default();
    let int = types.int();
    let node = types.structure("node", &[("a", int), ("b", int)]);
    let pointer = types.add("*node", TypeKind::Pointer { elem: node }, 8, &[Mem::Ptr]);
    let pair = types.structure("pair", &[("one", pointer), ("two", pointer)]);
    let to_pair = types.add("*pair", TypeKind::Pointer { elem: pair }, 8, &[Mem::Ptr]);
    let types = types.load();
    let (from, mut source) = heap(&types);
    let (_to, mut target) = heap(&types);
    // SAFETY: objects of these types; nothing collects.
    unsafe {
        let n = source.alloc(ty(&types, node)).unwrap();
        store_word(n, 1);
        store_word(n + 8, 2);
        let p = source.alloc(ty(&types, pair)).unwrap();
        store_word(p, n);
        store_word(p + 8, n);
        let mut message = Message::copy(&from, &Plain, ty(&types, to_pair), &[p], 1 << 20).unwrap();
        let mut out = [0];
        message.build(&mut target, &mut no_ports, &mut out).unwrap();
        let (one, two) = (load_word(out[0]), load_word(out[0] + 8));
        assert!(out[0] != p && one == two && one != n);
        assert_eq!((load_word(one), load_word(one + 8)), (1, 2));
        let small = Message::copy(&from, &Plain, ty(&types, to_pair), &[p], 8);
        assert_eq!(small.err(), Some(CrossError::TooLarge(8)));
    }
}

#[test]
fn more_objects_than_fit_a_list() {
    let mut types = Types::default();
    let int = types.int();
    let node = types.structure("node", &[("next", int), ("n", int)]);
    let pointer = types.ptr(node);
    // A list through its own pointers: the type is made to lead back to itself.
    types.retype_field(node, 0, pointer);
    let types = types.load();
    let (from, mut source) = heap(&types);
    let (_to, mut target) = heap(&types);
    // SAFETY: objects of these types; nothing collects.
    unsafe {
        let nodes: Vec<u64> = (0..5000).map(|_| source.alloc(ty(&types, node)).unwrap()).collect();
        for (i, &at) in nodes.iter().enumerate() {
            store_word(at, nodes[(i + 7) % nodes.len()]);
            store_word(at + 8, i as u64);
        }
        let mut message = Message::copy(&from, &Plain, ty(&types, pointer), &[nodes[0]], 1 << 20).unwrap();
        let mut out = [0];
        message.build(&mut target, &mut no_ports, &mut out).unwrap();
        let mut at = out[0];
        for step in 0..nodes.len() as u64 {
            assert_eq!(load_word(at + 8), 7 * step % nodes.len() as u64);
            at = load_word(at);
        }
        assert_eq!(at, out[0]);
    }
}

/// Nodes with a link, a string and a number, in a ring; every other string is a part of the one before.
struct Ring {
    nodes: Vec<u64>,
}

impl Ring {
    const NODES: u64 = 20_000;
    const SKIP: u64 = 7;

    fn types() -> (Types, TypeId, TypeId) {
        let mut types = Types::default();
        let (int, string) = (types.int(), types.string());
        let node = types.structure("node", &[("next", int), ("text", string), ("n", int)]);
        let pointer = types.ptr(node);
        types.retype_field(node, 0, pointer);
        (types, node, pointer)
    }

    /// # Safety
    /// `node` is the type of nodes; nothing collects.
    unsafe fn make(source: &mut crate::AllocCache, node: Ty) -> Ring {
        let nodes: Vec<u64> = (0..Ring::NODES).map(|_| source.alloc(node).unwrap()).collect();
        let mut last = 0;
        for i in 0..Ring::NODES {
            // SAFETY: new objects.
            unsafe {
                let at = nodes[i as usize];
                store_word(at, nodes[((i + Ring::SKIP) % Ring::NODES) as usize]);
                store_word(at + 24, i);
                let (text, len) = match i % 2 {
                    0 => {
                        last = source.alloc_bytes(24).unwrap();
                        (0..24).for_each(|byte| *((last + byte) as *mut u8) = (i + byte) as u8);
                        (last, 24)
                    }
                    _ => (last + 3, 5),
                };
                store_word(at + 8, text);
                store_word(at + 16, len);
            }
        }
        Ring { nodes }
    }

    /// # Safety
    /// `first` is the first node of a copy.
    unsafe fn check(first: u64) {
        let mut at = first;
        for step in 0..Ring::NODES {
            // SAFETY: a copy of the ring.
            unsafe {
                let i = load_word(at + 24);
                assert_eq!(i, Ring::SKIP * step % Ring::NODES);
                let text = bytes_of(Str { ptr: load_word(at + 8), len: load_word(at + 16) });
                let (first, skip, len) = if i.is_multiple_of(2) { (i, 0, 24) } else { (i - 1, 3, 5) };
                assert!(text.iter().copied().eq((skip..skip + len).map(|byte| (first + byte) as u8)));
                at = load_word(at);
            }
        }
        assert_eq!(at, first);
    }
}

#[test]
fn many_nodes_come_as_they_are_and_are_objects_of_the_receiver() {
    let (types, node, pointer) = Ring::types();
    let types = types.load();
    let (from, mut source) = heap(&types);
    let (to, mut target) = heap(&types);
    // SAFETY: objects of these types; what is collected leads to the copy.
    unsafe {
        let ring = Ring::make(&mut source, ty(&types, node));
        let copy = || Message::copy(&from, &Plain, ty(&types, pointer), &[ring.nodes[0]], 1 << 22).unwrap();
        // Of a message that nobody takes the memory is used again.
        drop(copy());
        let mut message = copy();
        assert!(message.bytes() > 32 * Ring::NODES);
        let mut out = [0];
        message.build(&mut target, &mut no_ports, &mut out).unwrap();
        drop(message);
        Ring::check(out[0]);
        assert_eq!(to.object_at(out[0] + 5), Some((out[0], 32)));
        let live = to.stats().heap_alloc;
        assert!(live >= 32 * Ring::NODES, "{live}");
        // All of it lives as long as the ring is reached, and no longer.
        let mut roots = vec![out[0]];
        to.collect(&mut roots);
        Ring::check(out[0]);
        assert!(to.stats().heap_alloc.abs_diff(live) < 1 << 18);
        roots.clear();
        to.collect(&mut roots);
        assert!(to.stats().heap_alloc < 1 << 18);
        Ring::check(ring.nodes[0]);
    }
}

#[test]
fn messages_that_do_not_fit_are_as_they_were() {
    let (types, node, pointer) = Ring::types();
    let types = types.load();
    let (from, mut source) = heap(&types);
    let (to, mut target) = heap(&types);
    // SAFETY: objects of these types; nothing collects.
    unsafe {
        let ring = Ring::make(&mut source, ty(&types, node));
        let mut message =
            Message::copy(&from, &Plain, ty(&types, pointer), &[ring.nodes[0]], 1 << 22).unwrap();
        to.set_limit(Some(1 << 16));
        let mut out = [0];
        assert!(message.build(&mut target, &mut no_ports, &mut out).is_err());
        to.set_limit(None);
        message.build(&mut target, &mut no_ports, &mut out).unwrap();
        Ring::check(out[0]);
    }
}

#[test]
fn an_array_that_is_given_away_goes_with_its_memory() {
    let mut types = Types::default();
    let byte = types.uint8();
    let bytes = types.slice(byte);
    let types = types.load();
    let (from, mut source) = heap(&types);
    let (to, mut target) = heap(&types);
    const LEN: u64 = 300_000;
    // SAFETY: objects of these types; nothing collects.
    unsafe {
        let array = source.alloc_bytes(LEN).unwrap();
        store_word(array + 128, 77);
        assert!(!from.give(array + 8, LEN - 8), "a part is copied");
        assert!(from.give(array, LEN));
        // It was not sent: the sender has it again.
        let copy = || Message::copy(&from, &Plain, ty(&types, bytes), &[array, LEN, LEN], 1 << 10).unwrap();
        let mut message = copy();
        assert_eq!(load_word(array + 128), 0);
        message.give_back(&from);
        assert_eq!(load_word(array + 128), 77);
        // It was.
        let mut message = copy();
        let mut out = [0; 3];
        message.build(&mut target, &mut no_ports, &mut out).unwrap();
        assert_eq!((load_word(out[0] + 128), out[1], load_word(array + 128)), (77, LEN, 0));
        assert_eq!(to.object_at(out[0] + 5), Some((out[0], LEN)));
        // It is an ordinary array there, and here.
        let again = Message::copy(&from, &Plain, ty(&types, bytes), &[array, LEN, LEN], 1 << 10);
        assert_eq!(again.err(), Some(CrossError::TooLarge(1 << 10)));
        let full = Message::copy(&to, &Plain, ty(&types, bytes), &out, 1 << 20).unwrap();
        assert_eq!(load_word(out[0] + 128), 77);
        drop(full);
    }
}
