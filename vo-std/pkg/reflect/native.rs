//! Natives of package reflect: facts of types, and values in memory.
//!
//! The idea: a `*rtype` of the package *is* the address of the machine's descriptor, and a value is the address
//! of memory that holds one of its type. So the package's Vo half reads and writes plain kinds itself;
//! what stands here asks descriptors, allocates, copies with the collector's care, goes through maps and
//! channels, and makes the words of calls from values in memory.
//!
//! What must stay true: the Vo half hands over descriptors it got from here, and addresses of values of
//! that very type; it has checked kinds and indices. Every SAFETY note below stands on that.

use crate::abi::{Any, Ptr, Slice, Str, str_bytes};
use crate::{native, natives};
use vo_bytecode::Status;
use vo_bytecode::typedesc::{ChanDir, Leaf, Mem, NO_FUNC};
use vo_runtime::heap::AllocCache;
use vo_runtime::heap::barrier::{overwriting, overwriting_values};
use vo_runtime::object::{chan, iface, map, mem, slice};
use vo_runtime::panic::Trap;
use vo_runtime::rtype::{Kind, LoadedTypes, RtMethod, RtSelector, RtType, Ty};
use vo_runtime::value::{load_slice, load_uint, load_word, store_uint, store_word};
use vo_vm::native::NativeCx;

/// Package paths of the selectors under which the compiler keeps what reflection needs of a method: the
/// closure function that is bound to an interface value, and that of the method expression.
const BOUND: &str = "reflect.bound";
const EXPR: &str = "reflect.expr";
/// The path under which the code of made functions lies.
const MADE: &str = "reflect.made";

fn ty(t: Ptr) -> Ty {
    // SAFETY: the package's *rtype values are type words.
    unsafe { Ty::from_word(t.0) }.unwrap_or_else(|| panic!("internal error: reflect: nil type"))
}

fn desc(t: Ptr) -> &'static RtType {
    ty(t).descriptor()
}

fn word_of(t: Option<Ty>) -> Ptr {
    Ptr(t.map_or(0, Ty::word))
}

/// A Vo string that is text of a descriptor or selector, which outlive the program's run.
fn immortal(text: &str) -> Str {
    Str { ptr: text.as_ptr() as u64, len: text.len() as u64 }
}

// ---- facts ----

/// Numbers about a type; `what` is one of the package's `info…` constants.
fn info(types: &LoadedTypes, t: &'static RtType, what: i64, i: i64) -> i64 {
    match what {
        0 => t.kind as i64,
        1 => t.size as i64,
        2 => t.align as i64,
        3 => t.len as i64,
        4 => t.fields.len() as i64,
        5 => t.params.len() as i64,
        6 => t.results.len() as i64,
        7 => t.variadic as i64,
        // Go's numbers of directions.
        8 => match t.chan_dir {
            ChanDir::Recv => 1,
            ChanDir::Send => 2,
            ChanDir::Both => 3,
        },
        9 => t.comparable as i64,
        10 => count_methods(types, t) as i64,
        11 => t.fields[i as usize].offset as i64,
        12 => t.fields[i as usize].embedded as i64,
        13 => kept(types, t, "", MADE).map_or(-1, |m| m.func as i64),
        _ => panic!("internal error: reflect.info {what}"),
    }
}

/// Types that a type leads to; `what` is one of the package's `link…` constants.
fn link(types: &LoadedTypes, t: &'static RtType, what: i64, i: i64) -> Option<Ty> {
    match what {
        0 => t.elem,
        1 => t.key,
        2 => Some(t.params[i as usize]),
        3 => Some(t.results[i as usize]),
        4 => Some(t.fields[i as usize].ty),
        5 => t.pointer_to,
        6 => t.slice_of,
        7 => method(types, t, i).ty,
        8 => expr_method(types, t, i).map(|m| m.ty),
        _ => panic!("internal error: reflect.link {what}"),
    }
}

/// Texts about a type; `what` is one of the package's `text…` constants.
fn text(types: &LoadedTypes, t: &'static RtType, what: i64, i: i64) -> Str {
    immortal(match what {
        0 => &t.name,
        1 => &t.defined,
        2 => &t.pkg,
        3 => &t.fields[i as usize].name,
        4 => &t.fields[i as usize].pkg,
        5 => &t.fields[i as usize].tag,
        6 => return immortal(&selector(types, method(types, t, i)).name),
        7 => return immortal(&selector(types, method(types, t, i)).pkg),
        _ => panic!("internal error: reflect.text {what}"),
    })
}

// ---- methods ----

/// A method as the package numbers it.
#[derive(Clone, Copy)]
struct Method {
    selector: u32,
    ty: Option<Ty>,
}

fn selector(types: &LoadedTypes, m: Method) -> &RtSelector {
    &types.selectors[m.selector as usize]
}

/// The methods in the order of their names: of an interface all, else the exported ones.
fn methods(types: &LoadedTypes, t: &RtType) -> Vec<Method> {
    if t.kind == Kind::Interface {
        let of = |&s: &u32| Method { selector: s, ty: types.selectors[s as usize].ty };
        return t.selectors.iter().map(of).collect();
    }
    let of = |m: &RtMethod| Method { selector: m.selector, ty: Some(m.ty) };
    let mut found: Vec<Method> = t.methods.iter().filter(|m| is_exported(types, m)).map(of).collect();
    found.sort_by(|a, b| selector(types, *a).name.cmp(&selector(types, *b).name));
    found
}

fn is_exported(types: &LoadedTypes, m: &RtMethod) -> bool {
    types.selectors[m.selector as usize].pkg.is_empty()
}

fn count_methods(types: &LoadedTypes, t: &RtType) -> usize {
    match t.kind {
        Kind::Interface => t.selectors.len(),
        _ => t.methods.iter().filter(|m| is_exported(types, m)).count(),
    }
}

fn method(types: &LoadedTypes, t: &RtType, i: i64) -> Method {
    methods(types, t)[i as usize]
}

/// What the compiler has put down beside a method, found by the method's name.
fn kept(types: &LoadedTypes, of: &RtType, name: &str, what: &str) -> Option<RtMethod> {
    let fits = |m: &&RtMethod| {
        let selector = &types.selectors[m.selector as usize];
        selector.pkg == what && selector.name == name && m.func != NO_FUNC
    };
    of.methods.iter().find(fits).copied()
}

fn expr_method(types: &LoadedTypes, t: &RtType, i: i64) -> Option<RtMethod> {
    kept(types, t, &selector(types, method(types, t, i)).name, EXPR)
}

/// A closure `[function, captured words]`; `pointers` are the words that hold addresses.
fn closure(cx: &mut NativeCx<'_>, words: &[u64], pointers: &[u32]) -> Result<Ptr, Trap> {
    let layout = cx.types().layouts.intern(words.len(), pointers);
    let made = cx.allocator()?.alloc_layout(8 * words.len() as u64, layout)?;
    for (i, &word) in words.iter().enumerate() {
        // SAFETY: a new object of so many words.
        unsafe { store_word(made + 8 * i as u64, word) };
    }
    Ok(Ptr(made))
}

/// The function value `v.Method(i)`; nil where the program has no code for it.
fn bound_method(cx: &mut NativeCx<'_>, t: Ptr, i: i64, v: Any) -> Result<Ptr, Trap> {
    let types = cx.types().clone();
    let found = method(&types, desc(t), i);
    let Some(of) = found.ty else { return Ok(Ptr(0)) };
    match kept(&types, of.descriptor(), &selector(&types, found).name, BOUND) {
        Some(bound) => closure(cx, &[bound.func as u64, v.ty, v.data], &[2]),
        None => Ok(Ptr(0)),
    }
}

/// The function value of the method expression; nil where the program has no code for it.
fn method_expr(cx: &mut NativeCx<'_>, t: Ptr, i: i64) -> Result<Ptr, Trap> {
    let types = cx.types().clone();
    match expr_method(&types, desc(t), i) {
        Some(found) => closure(cx, &[found.func as u64], &[]),
        None => Ok(Ptr(0)),
    }
}

// ---- words and memory ----

fn load_leaf(leaf: &Leaf, addr: u64) -> u64 {
    // SAFETY: the leaf lies inside the value.
    let bits = unsafe { load_uint(addr + leaf.offset as u64, leaf.mem.size() as u64) };
    match leaf.mem {
        Mem::I8 => bits as i8 as u64,
        Mem::I16 => bits as i16 as u64,
        Mem::I32 => bits as i32 as u64,
        _ => bits,
    }
}

/// The words in which the value at `addr` travels. A memory type's is the address of a copy.
fn push_words(cx: &mut NativeCx<'_>, t: Ty, addr: u64, words: &mut Vec<u64>) -> Result<(), Trap> {
    match &t.leaves {
        Some(leaves) => words.extend(leaves.iter().map(|leaf| load_leaf(leaf, addr))),
        None => {
            let copy = cx.allocator()?.alloc(t)?;
            // SAFETY: a new object of the type.
            unsafe { mem::copy(&t, copy, addr) };
            cx.keep(&[copy]);
            words.push(copy);
        }
    }
    Ok(())
}

/// Stores a value that came in words.
fn store_words(t: Ty, words: &[u64], addr: u64) {
    // SAFETY: the address has room for a value of the type; a memory type's word is the address of one.
    unsafe {
        match &t.leaves {
            Some(leaves) => {
                overwriting_values(t.layout, addr, t.size);
                for (leaf, &word) in leaves.iter().zip(words) {
                    store_uint(addr + leaf.offset as u64, leaf.mem.size() as u64, word);
                }
            }
            None => mem::copy(&t, addr, words[0]),
        }
    }
}

/// Element `i` of a slice of addresses.
fn address(of: Slice, i: usize) -> u64 {
    // SAFETY: the package's slices of addresses.
    unsafe { load_word(of.ptr + 8 * i as u64) }
}

/// Calls `closure` of function type `t` on the values at `args`; leaves the results at `results`.
fn call(cx: &mut NativeCx<'_>, t: Ty, closure: Ptr, args: Slice, results: Slice) -> Status {
    let mut words = Vec::new();
    for (i, &param) in t.params.iter().enumerate() {
        if let Err(trap) = push_words(cx, param, address(args, i), &mut words) {
            return cx.trap(trap);
        }
    }
    cx.keep(&words);
    cx.call(closure.0, &words, move |_, answer, _| {
        let mut at = 0;
        for (i, &result) in t.descriptor().results.iter().enumerate() {
            let n = chan::elem_words(&result);
            store_words(result, &answer[at..at + n], address(results, i));
            at += n;
        }
        Status::Ok
    })
}

fn chan_send(cx: &mut NativeCx<'_>, t: Ty, c: Ptr, value: Ptr) -> Status {
    let mut words = Vec::new();
    match push_words(cx, t.elem_type(), value.0, &mut words) {
        Ok(()) => cx.chan_send(c.0, &words),
        Err(trap) => cx.trap(trap),
    }
}

fn chan_try_send(cx: &mut NativeCx<'_>, t: Ty, c: Ptr, value: Ptr) -> Result<bool, Trap> {
    let mut words = Vec::new();
    push_words(cx, t.elem_type(), value.0, &mut words)?;
    cx.chan_try_send(c.0, &words)
}

/// What a try to receive has come to: nothing to be had, closed, received.
const NOTHING: i64 = 0;
const CLOSED: i64 = 1;
const RECEIVED: i64 = 2;

/// Stores what was received; a closed channel's memory-typed element is 0 and leaves the zero value.
fn received(elem: Ty, words: &[u64], sent: bool, value: u64) {
    if sent {
        store_words(elem, words, value);
    }
}

fn chan_try_recv(cx: &mut NativeCx<'_>, t: Ty, c: Ptr, value: Ptr) -> i64 {
    let elem = t.elem_type();
    let mut words = vec![0; chan::elem_words(&elem)];
    match cx.chan_try_recv(c.0, &mut words) {
        None => NOTHING,
        Some(sent) => {
            received(elem, &words, sent, value.0);
            if sent { RECEIVED } else { CLOSED }
        }
    }
}

/// Runs an allocating operation of the runtime.
fn with_allocator<T>(
    cx: &mut NativeCx<'_>,
    f: impl FnOnce(&mut AllocCache) -> Result<T, Trap>,
) -> Result<T, Status> {
    let answer = match cx.allocator() {
        Ok(cache) => f(cache),
        Err(trap) => Err(trap),
    };
    answer.map_err(|trap| cx.trap(trap))
}

/// Hands a trap to the machine.
fn trapped<T>(cx: &mut NativeCx<'_>, answer: Result<T, Trap>) -> Result<T, Status> {
    answer.map_err(|trap| cx.trap(trap))
}

fn unpack(cx: &mut NativeCx<'_>, v: Any) -> Result<Ptr, Status> {
    let t = ty(Ptr(v.ty));
    if !t.inline {
        return Ok(Ptr(v.data));
    }
    with_allocator(cx, |cache| {
        let room = cache.alloc(t)?;
        // SAFETY: a new object of the type.
        unsafe { iface::store_inline(&t, v.data, room) };
        Ok(Ptr(room))
    })
}

/// The type of the program with this name and shape: what composes types.
fn find_type(cx: &NativeCx<'_>, name: &[u8], kind: i64, elem: Ptr, key: Ptr) -> Ptr {
    let fits = |t: &Ty| {
        t.kind as i64 == kind
            && t.defined.is_empty()
            && word_of(t.elem).0 == elem.0
            && word_of(t.key).0 == key.0
            && t.name.as_bytes() == name
    };
    word_of(cx.types().iter().find(fits))
}

fn find_func(cx: &NativeCx<'_>, params: Slice, results: Slice, variadic: bool) -> Ptr {
    let same = |of: &[Ty], slice: Slice| {
        of.len() as u64 == slice.len && of.iter().enumerate().all(|(i, t)| t.word() == address(slice, i))
    };
    let fits = |t: &Ty| {
        t.kind == Kind::Func
            && t.defined.is_empty()
            && t.variadic == variadic
            && same(&t.params, params)
            && same(&t.results, results)
    };
    word_of(cx.types().iter().find(fits))
}

// SAFETY of the table: see the head of this file.
natives! {
    "reflect.typeWord" => fn type_word(cx, v: Any) -> Ptr { Ptr(v.ty) }
    "reflect.info" => fn native_info(cx, t: Ptr, what: i64, i: i64) -> i64 { info(cx.types(), desc(t), what, i) }
    "reflect.link" => fn native_link(cx, t: Ptr, what: i64, i: i64) -> Ptr { word_of(link(cx.types(), desc(t), what, i)) }
    "reflect.text" => fn native_text(cx, t: Ptr, what: i64, i: i64) -> Str { text(cx.types(), desc(t), what, i) }
    "reflect.implements" => fn implements(cx, t: Ptr, of: Ptr) -> bool {
        let (t, of) = (ty(t), ty(of));
        match t.kind {
            Kind::Interface => of.selectors.iter().all(|s| t.selectors.contains(s)),
            _ => t.implements(of),
        }
    }
    "reflect.findType" => fn native_find_type(cx, name: Str, kind: i64, elem: Ptr, key: Ptr) -> Ptr {
        find_type(cx, str_bytes(name), kind, elem, key)
    }
    "reflect.findFunc" => fn native_find_func(cx, params: Slice, results: Slice, variadic: bool) -> Ptr {
        find_func(cx, params, results, variadic)
    }
    "reflect.unpack" => fn native_unpack(cx, v: Any) -> Result<Ptr, Status> { unpack(cx, v) }
    "reflect.pack" => fn pack(cx, t: Ptr, p: Ptr) -> Result<Any, Status> {
        // SAFETY: see above the table.
        with_allocator(cx, |cache| unsafe { iface::from_mem(cache, ty(t), p.0) })
    }
    "reflect.alloc" => fn alloc(cx, t: Ptr, n: i64) -> Result<Ptr, Status> {
        with_allocator(cx, |cache| match n {
            1 => cache.alloc(ty(t)).map(Ptr),
            _ => cache.alloc_array(ty(t), n as u64).map(Ptr),
        })
    }
    // SAFETY: see above the table.
    "reflect.move" => fn move_values(cx, t: Ptr, dst: Ptr, src: Ptr, n: i64) -> () { unsafe { slice::copy(desc(t), dst.0, n as u64, src.0, n as u64); } }
    // SAFETY: see above the table.
    "reflect.zero" => fn zero(cx, t: Ptr, dst: Ptr, n: i64) -> () { unsafe { slice::clear(desc(t), dst.0, n as u64) } }
    // SAFETY: see above the table.
    "reflect.swap" => fn swap(cx, t: Ptr, a: Ptr, b: Ptr) -> () { unsafe { mem::swap(desc(t), a.0, b.0) } }
    "reflect.grow" => fn grow(cx, t: Ptr, p: Ptr, n: i64) -> Result<(), Status> {
        // SAFETY: see above the table; the slice is stored where it was read.
        with_allocator(cx, |cache| unsafe {
            let grown = slice::grow(cache, ty(t), load_slice(p.0), n as u64)?;
            overwriting(p.0);
            store_word(p.0, grown.ptr);
            store_word(p.0 + 16, grown.cap);
            Ok(())
        })
    }
    "reflect.makeMap" => fn make_map(cx, t: Ptr, n: i64) -> Result<Ptr, Status> {
        with_allocator(cx, |cache| map::new(cache, ty(t), n).map(Ptr))
    }
    // SAFETY: see above the table.
    "reflect.mapLen" => fn map_len(cx, m: Ptr) -> u64 { unsafe { map::len(m.0) } }
    "reflect.mapGet" => fn map_get(cx, t: Ptr, m: Ptr, key: Ptr) -> Result<Ptr, Status> {
        // SAFETY: see above the table.
        let found = unsafe { map::get_mem(m.0, key.0, ty(t)) };
        trapped(cx, found).map(|(at, present)| Ptr(if present { at } else { 0 }))
    }
    "reflect.mapSet" => fn map_set(cx, t: Ptr, m: Ptr, key: Ptr, elem: Ptr) -> Result<(), Status> {
        // SAFETY: see above the table.
        with_allocator(cx, |cache| unsafe {
            let at = map::set_mem(cache, m.0, key.0, ty(t))?;
            mem::copy(&ty(t).elem_type(), at, elem.0);
            Ok(())
        })
    }
    "reflect.mapDelete" => fn map_delete(cx, t: Ptr, m: Ptr, key: Ptr) -> Result<(), Status> {
        // SAFETY: see above the table.
        let deleted = unsafe { map::delete_mem(m.0, key.0, ty(t)) };
        trapped(cx, deleted)
    }
    "reflect.mapClear" => fn map_clear(cx, t: Ptr, m: Ptr) -> Result<(), Status> {
        // SAFETY: see above the table.
        let cleared = unsafe { map::clear(m.0, ty(t)) };
        trapped(cx, cleared)
    }
    "reflect.mapIter" => fn map_iter(cx, t: Ptr, m: Ptr) -> Result<Ptr, Status> {
        // SAFETY: see above the table.
        with_allocator(cx, |cache| unsafe { map::iter(cache, m.0, ty(t)).map(Ptr) })
    }
    "reflect.mapNext" => fn map_next(cx, iter: Ptr) -> Result<(Ptr, Ptr), Status> {
        // SAFETY: see above the table.
        let next = unsafe { map::next(iter.0) };
        trapped(cx, next).map(|at| at.map_or((Ptr(0), Ptr(0)), |(key, elem)| (Ptr(key), Ptr(elem))))
    }
    "reflect.makeChan" => fn make_chan(cx, t: Ptr, n: i64) -> Result<Ptr, Status> {
        with_allocator(cx, |cache| chan::new(cache, ty(t), n).map(Ptr))
    }
    // SAFETY: see above the table.
    "reflect.chanLen" => fn chan_len(cx, c: Ptr) -> u64 { unsafe { chan::len(c.0) } }
    // SAFETY: see above the table.
    "reflect.chanCap" => fn chan_cap(cx, c: Ptr) -> u64 { unsafe { chan::cap(c.0) } }
    "reflect.chanSend" => fn native_chan_send(cx, t: Ptr, c: Ptr, value: Ptr) -> Status { chan_send(cx, ty(t), c, value) }
    "reflect.chanTrySend" => fn native_chan_try_send(cx, t: Ptr, c: Ptr, value: Ptr) -> Result<bool, Status> {
        let sent = chan_try_send(cx, ty(t), c, value);
        trapped(cx, sent)
    }
    "reflect.chanTryRecv" => fn native_chan_try_recv(cx, t: Ptr, c: Ptr, value: Ptr) -> i64 { chan_try_recv(cx, ty(t), c, value) }
    "reflect.chanClose" => fn chan_close(cx, c: Ptr) -> Result<(), Status> {
        let closed = cx.chan_close(c.0);
        trapped(cx, closed)
    }
    "reflect.call" => fn native_call(cx, t: Ptr, closure: Ptr, args: Slice, results: Slice) -> Status {
        call(cx, ty(t), closure, args, results)
    }
    "reflect.passRecover" => fn pass_recover(cx, closure: Ptr) { cx.pass_recover(closure.0) }
    "reflect.boundMethod" => fn native_bound_method(cx, t: Ptr, i: i64, v: Any) -> Result<Ptr, Status> {
        let made = bound_method(cx, t, i, v);
        trapped(cx, made)
    }
    "reflect.methodExpr" => fn native_method_expr(cx, t: Ptr, i: i64) -> Result<Ptr, Status> {
        let made = method_expr(cx, t, i);
        trapped(cx, made)
    }
}

/// Receives an element into `value`; answers whether it was sent. Stands outside of the table, as it
/// leaves its results itself.
fn chan_recv(cx: &mut NativeCx<'_>, args: &[u64], results: &mut [u64]) -> Status {
    let (elem, value) = (ty(Ptr(args[0])).elem_type(), args[2]);
    cx.chan_recv(args[1], chan::elem_words(&elem), results, move |words, sent, results| {
        received(elem, words, sent, value);
        results[0] = sent as u64;
    })
}

/// Natives that wait and then have results.
pub const WAITING: &[(&str, vo_vm::Native)] =
    &[("reflect.chanRecv", native!(chan_recv(Ptr, Ptr, Ptr) -> bool))];
