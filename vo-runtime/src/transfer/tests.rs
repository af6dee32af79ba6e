//! Tests of what crosses between heaps.

use super::*;
use crate::testing::{Types, heap, ty};
use crate::value::{Str, bytes_of, load_word, store_word};
use vo_bytecode::typedesc::{Mem, TypeKind};

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
        let message = Message::copy(&from, &Plain, ty(&types, to_pair), &[p], 1 << 20).unwrap();
        let mut out = [0];
        message.build(&mut target, &mut no_ports, &mut out).unwrap();
        let (one, two) = (load_word(out[0]), load_word(out[0] + 8));
        assert!(out[0] != p && one == two && one != n);
        assert_eq!((load_word(one), load_word(one + 8)), (1, 2));
        let small = Message::copy(&from, &Plain, ty(&types, to_pair), &[p], 8);
        assert_eq!(small.err(), Some(CrossError::TooLarge(8)));
    }
}
