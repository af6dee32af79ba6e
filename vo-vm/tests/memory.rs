//! Objects, globals, slots and closures while the collector runs.

mod support;

use support::*;
use vo_bytecode::module::{FuncFlags, GlobalVar, Globals, Module, Slot};
use vo_bytecode::typedesc::{FieldDesc, Leaf, Mem, TypeDesc, TypeId, TypeKind};
use vo_bytecode::{Class, Inst};

const NODE: u32 = 2;
const NODE_PTR: u32 = 3;
const PAIR: u32 = 4;
const CAPTURE: u32 = 5;

fn desc(name: &str, kind: TypeKind, leaves: &[(u32, Mem)], inline: bool) -> TypeDesc {
    let leaves: Vec<Leaf> = leaves.iter().map(|&(offset, mem)| Leaf { offset, mem }).collect();
    TypeDesc {
        name: name.into(),
        pkg: String::new(),
        defined: String::new(),
        kind,
        size: leaves.iter().map(|l| u64::from(l.offset + l.mem.size())).max().unwrap_or(0),
        align: 8,
        comparable: true,
        leaves: Some(leaves),
        inline,
        methods: Vec::new(),
        pointer_to: None,
    }
}

fn field(name: &str, ty: u32, offset: u64) -> FieldDesc {
    FieldDesc {
        name: name.into(),
        pkg: String::new(),
        ty: TypeId(ty),
        offset,
        embedded: false,
        tag: String::new(),
    }
}

/// int, chan int, `node { next *node; v int }`, *node, `pair { a, b *node }`, a closure of one pointer.
fn with_types(module: Module) -> Module {
    let mut module = with_channel_type(module);
    let node = TypeKind::Struct { fields: vec![field("next", NODE_PTR, 0), field("v", 0, 8)] };
    let pair = TypeKind::Struct { fields: vec![field("a", NODE_PTR, 0), field("b", NODE_PTR, 8)] };
    let closure = TypeKind::Internal { pointer_words: vec![1] };
    module.types.extend([
        desc("node", node, &[(0, Mem::Ptr), (8, Mem::I64)], false),
        desc("*node", TypeKind::Pointer { elem: TypeId(NODE) }, &[(0, Mem::Ptr)], true),
        desc("pair", pair, &[(0, Mem::Ptr), (8, Mem::Ptr)], false),
        TypeDesc { size: 16, leaves: None, ..desc("closure", closure, &[], false) },
    ]);
    let var = GlobalVar { name: "main.head".into(), ty: TypeId(NODE_PTR), offset: 8 };
    module.globals = Globals { size: 16, vars: vec![var] };
    module
}

/// `push(list, v)`: a new node before the list.
fn push() -> vo_bytecode::Function {
    let shape = Shape { name: "main.push", params: 2, regs: &[P, I, P], results: &[P], ..Shape::default() };
    func(shape, |a| {
        a.op(Inst::New { dst: r(2), ty: NODE });
        a.op(Inst::StorePtr { base: r(2), offset: 0, src: r(0) });
        a.op(Inst::Store64 { base: r(2), offset: 8, src: r(1) });
        a.ret(&[2]);
    })
}

/// `sum(list)`.
fn sum() -> vo_bytecode::Function {
    let shape = Shape { name: "main.sum", params: 1, regs: &[P, I, I], results: &[I], ..Shape::default() };
    func(shape, |a| {
        let (top, end) = (a.to(0), a.to(1));
        a.int(1, 0);
        a.bind(0).op(Inst::LoopHeader {});
        a.op(Inst::JumpEqImm { a: r(0), imm: 0, target: end });
        a.op(Inst::LoadI64 { dst: r(2), base: r(0), offset: 8 });
        a.op(Inst::AddI64 { dst: r(1), a: r(1), b: r(2) });
        a.op(Inst::LoadPtr { dst: r(0), base: r(0), offset: 0 });
        a.op(Inst::Jump { target: top });
        a.bind(1).ret(&[1]);
    })
}

const PUSH: u32 = 1;
const SUM: u32 = 2;

/// Pushes 0..n to the list in register `list`, with `i` and `n` in the registers after it.
fn fill(a: &mut Asm, list: u16, n: i32) {
    let (top, end) = (a.to(50), a.to(51));
    a.int(list + 1, 0);
    a.bind(50).op(Inst::LoopHeader {});
    a.op(Inst::JumpGeImm { a: r(list + 1), imm: n, target: end });
    a.call(PUSH, &[list, list + 1], &[list]);
    a.op(Inst::AddImm { dst: r(list + 1), a: r(list + 1), imm: 1 });
    a.op(Inst::Jump { target: top });
    a.bind(51);
}

#[test]
fn a_list_in_a_register() {
    let main = func(Shape { name: "main.main", regs: &[P, I, I], ..Shape::default() }, |a| {
        a.op(Inst::Zero { dst: r(0) });
        fill(a, 0, 300);
        a.call(SUM, &[0], &[2]).native(PRINT, &[2], &[]).ret(&[]);
    });
    expect(&with_types(module(vec![main, push(), sum()])), "44850\n", 0, "");
}

#[test]
fn a_list_in_a_global_and_one_in_a_slot() {
    let slots = vec![Slot { ty: TypeId(PAIR), size: 16 }];
    let shape = Shape { name: "main.main", regs: &[P, I, I, P, Class::Raw], slots, ..Shape::default() };
    let main = func(shape, |a| {
        a.op(Inst::Zero { dst: r(0) });
        fill(a, 0, 100);
        // The list goes to the slot's second field, and a longer one to the global.
        a.op(Inst::SlotAddr { dst: r(4), slot: 0, offset: 0 });
        a.op(Inst::StorePtr { base: r(4), offset: 8, src: r(0) });
        a.int(1, 1000).call(PUSH, &[0, 1], &[0]);
        a.op(Inst::GlobalAddr { dst: r(3), offset: 8 });
        a.op(Inst::StorePtr { base: r(3), offset: 0, src: r(0) });
        a.op(Inst::Zero { dst: r(0) });
        a.int(1, 1).call(PUSH, &[0, 1], &[0]).native(YIELD, &[], &[]);
        a.op(Inst::SlotAddr { dst: r(4), slot: 0, offset: 0 });
        a.op(Inst::LoadPtr { dst: r(0), base: r(4), offset: 8 });
        a.call(SUM, &[0], &[2]).native(PRINT, &[2], &[]);
        a.op(Inst::GlobalAddr { dst: r(3), offset: 8 });
        a.op(Inst::LoadPtr { dst: r(0), base: r(3), offset: 0 });
        a.call(SUM, &[0], &[2]).native(PRINT, &[2], &[]).ret(&[]);
    });
    expect(&with_types(module(vec![main, push(), sum()])), "4950\n5950\n", 0, "");
}

#[test]
fn closures_keep_what_they_capture() {
    // The closure sums the list that it captured.
    let flags = FuncFlags { closure: true, ..FuncFlags::default() };
    let shape =
        Shape { name: "main.main.func1", params: 1, regs: &[P, I], results: &[I], flags, ..Shape::default() };
    let body = func(shape, |a| {
        a.op(Inst::LoadPtr { dst: r(0), base: r(0), offset: 8 });
        a.call(SUM, &[0], &[1]).ret(&[1]);
    });
    let main = func(Shape { name: "main.main", regs: &[P, I, I, P], ..Shape::default() }, |a| {
        a.op(Inst::Zero { dst: r(0) });
        fill(a, 0, 50);
        a.op(Inst::NewClosure { dst: r(3), func: 3, ty: CAPTURE, captures: regs(&[0]) });
        a.op(Inst::Zero { dst: r(0) });
        fill_again(a);
        a.op(Inst::CallClosure { closure: r(3), args: regs(&[]), results: regs(&[2]) });
        a.native(PRINT, &[2], &[]).ret(&[]);
    });
    expect(&with_types(module(vec![main, push(), sum(), body])), "1225\n", 0, "");
}

/// Makes some garbage.
fn fill_again(a: &mut Asm) {
    for i in 0..5 {
        a.int(1, i).call(PUSH, &[0, 1], &[0]);
    }
}

#[test]
fn a_nil_dereference_is_a_signal_in_the_report() {
    let main = func(Shape { name: "main.main", regs: &[P, I], ..Shape::default() }, |a| {
        a.op(Inst::Zero { dst: r(0) }).op(Inst::LoadI64 { dst: r(1), base: r(0), offset: 8 }).ret(&[]);
    });
    let report = "panic: runtime error: invalid memory address or nil pointer dereference\n\
        [signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x1000005]\n\n\
        goroutine 1 [running]:\nmain.main()\n\t/src/main.vo:11 +0x4\n";
    expect(&with_types(module(vec![main])), "", 2, report);
}

#[test]
fn a_heap_limit_ends_the_program() {
    let main = func(Shape { name: "main.main", regs: &[P, I, I], ..Shape::default() }, |a| {
        a.op(Inst::Zero { dst: r(0) });
        fill(a, 0, i32::MAX);
        a.ret(&[]);
    });
    let (_, config) = configs().swap_remove(0);
    let limits = vo_vm::Limits { heap_bytes: Some(16 << 20), ..config.limits };
    let ran = run_with(&with_types(module(vec![main, push(), sum()])), &vo_vm::Config { limits, ..config });
    assert_eq!(ran.end.exit_code, 2);
    assert!(ran.end.report.starts_with("fatal error: out of memory"), "{}", ran.end.report);
}
