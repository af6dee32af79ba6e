//! Loaded types: links, methods, layouts, and the texts of failed assertions.

use super::*;
use crate::panic::{AssertionError, RuntimePanic};
use crate::testing::{Types, ty};
use vo_bytecode::module::Selector;
use vo_bytecode::typedesc::{TypeId, TypeKind};

fn selectors(types: &mut Types, names: &[&str]) {
    for name in names {
        types.module.selectors.push(Selector {
            name: name.to_string(),
            pkg: String::new(),
            ty: TypeId(0),
            params: vec![],
            results: vec![],
        });
    }
}

#[test]
fn methods_are_found_by_selector() {
    let mut t = Types::default();
    selectors(&mut t, &["Close", "Read", "Write"]);
    let int = t.int();
    let file = t.structure("main.File", &[("fd", int)]);
    t.method(file, 0, 10);
    t.method(file, 1, 11);
    t.method(file, 2, NO_FUNC);
    let half = t.structure("main.Half", &[("fd", int)]);
    t.method(half, 1, 20);
    let iface = |t: &mut Types, name: &str, methods: Vec<u32>| {
        t.add(name, TypeKind::Interface { methods }, 16, &[vo_bytecode::typedesc::Mem::I64])
    };
    let reader = iface(&mut t, "io.Reader", vec![1]);
    let closer = iface(&mut t, "main.RC", vec![0, 1]);
    let any = t.any();
    let types = t.load();
    let get = |id| ty(&types, id);
    assert_eq!((get(file).method(0), get(file).method(1), get(file).method(2)), (Some(10), Some(11), None));
    assert!(get(file).has_method(2) && !get(half).has_method(0) && get(int).method(0).is_none());
    for _ in 0..2 {
        assert!(get(file).implements(get(reader)) && get(file).implements(get(closer)));
        assert!(get(half).implements(get(reader)) && !get(half).implements(get(closer)));
        assert!(get(int).implements(get(any)) && !get(int).implements(get(reader)));
    }
    let text = |dynamic, from, to| AssertionError::new(&types, dynamic, get(from), get(to)).text();
    assert_eq!(
        text(Some(get(half)), any, closer),
        "interface conversion: main.Half is not main.RC: missing method Close"
    );
    assert_eq!(text(Some(get(int)), any, half), "interface conversion: interface {} is int, not main.Half");
    assert_eq!(text(None, reader, closer), "interface conversion: interface is nil, not main.RC");
    assert_eq!(text(None, any, int), "interface conversion: interface {} is nil, not int");
}

#[test]
fn types_are_linked() {
    let mut t = Types::default();
    let int = t.int();
    let pointer = TypeId(2);
    let node = t.structure("main.node", &[("n", int)]);
    assert_eq!(t.ptr(node), pointer);
    let slice = t.slice(pointer);
    let map = t.map(int, slice);
    t.module.types[node.0 as usize].pointer_to = Some(pointer);
    let types = t.load();
    let get = |id| ty(&types, id);
    assert_eq!(get(pointer).elem, Some(get(node)));
    assert_eq!(get(node).pointer_to, Some(get(pointer)));
    assert_eq!(get(pointer).slice_of, Some(get(slice)));
    assert_eq!((get(map).key, get(map).elem), (Some(get(int)), Some(get(slice))));
    let shape = get(map).descriptor().map_shape();
    assert_eq!((shape.elem_offset, shape.entry_size, shape.form), (8, 32, KeyForm::Int(8)));
    assert!((0..4).all(|w| shape.entry_layout.is_pointer(w) == (w == 1)));
    // SAFETY: a type word.
    assert_eq!(unsafe { Ty::from_word(get(map).word()) }, Some(get(map)));
}

#[test]
fn layouts_follow_the_fields() {
    let mut t = Types::default();
    let (int, string, any) = (t.int(), t.string(), t.any());
    let s = t.structure("s", &[("i", int), ("t", string), ("a", any)]);
    let a = t.array(s, 3);
    let huge = t.array(string, 100_000);
    let mixed = t.structure("m", &[("i", int), ("h", huge)]);
    let pair = t.structure("p", &[("i", int), ("x", a)]);
    let types = t.load();
    let pointers = |id, n: usize| (0..n).filter(|&w| ty(&types, id).layout.is_pointer(w)).collect::<Vec<_>>();
    assert_eq!(pointers(s, 5), [1, 4]);
    assert_eq!(pointers(a, 15), [1, 4, 6, 9, 11, 14]);
    assert_eq!(pointers(pair, 16), [2, 5, 7, 10, 12, 15]);
    assert!(std::ptr::eq(ty(&types, huge).layout, ty(&types, string).layout));
    assert!(ty(&types, mixed).layout.is_all(), "too long to be listed");
    assert!(ty(&types, int).is_noscan());
    assert_eq!(ty(&types, huge).bin, NO_BIN);
}

#[test]
fn panics_have_numbers() {
    // SAFETY: no types among these.
    let panic = |code, a, b| unsafe { RuntimePanic::from_code(code, a, b) };
    for code in (0..=26).filter(|&c| c != 20 && c != 21) {
        assert_eq!(panic(code, 1, 2).expect("a number in use").code(), code);
    }
    assert_eq!(panic(99, 0, 0), None);
    let text = |code, a: i64, b: i64| panic(code, a as u64, b as u64).unwrap().error_text();
    assert_eq!(text(0, 0, 0), "runtime error: invalid memory address or nil pointer dereference");
    assert_eq!(text(1, 0, 0), "runtime error: integer divide by zero");
    assert_eq!(text(3, 5, 3), "runtime error: index out of range [5] with length 3");
    assert_eq!(text(3, -1, 3), "runtime error: index out of range [-1]");
    assert_eq!(text(9, -1, 3), "runtime error: slice bounds out of range [:-1:]");
    assert_eq!(text(16, 0, 0), "send on closed channel");
}
