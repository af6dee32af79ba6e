//! Panics, defers and recovery, assembled by hand.

mod support;

use support::*;
use vo_bytecode::Inst;
use vo_bytecode::module::FuncFlags;

/// A function that defers: `body` runs with the list in register 0; at the end the deferred calls
/// run and the function returns. Register 1 is the landing pad's state.
fn deferring(name: &str, extra: &[vo_bytecode::Class], body: impl Fn(&mut Asm)) -> vo_bytecode::Function {
    let mut classes = vec![P, I];
    classes.extend_from_slice(extra);
    let shape = Shape { name, regs: &classes, landing: Some(90), ..Shape::default() };
    func(shape, |a| {
        a.op(Inst::Zero { dst: r(0) }).int(1, 0);
        body(a);
        a.op(Inst::RunDefers { list: r(0) }).ret(&[]);
        a.bind(90).op(Inst::DeferUnwind { list: r(0), state: r(1) });
        a.op(Inst::RunDefers { list: r(0) }).ret(&[]);
    })
}

/// `print(n)`.
fn print() -> vo_bytecode::Function {
    func(Shape { name: "main.print", params: 1, regs: &[I], ..Shape::default() }, |a| {
        a.native(PRINT, &[0], &[]).ret(&[]);
    })
}

/// Panics with its parameter, an int.
fn throw() -> vo_bytecode::Function {
    func(Shape { name: "main.throw", params: 1, regs: &[I, I, A], ..Shape::default() }, |a| {
        a.op(Inst::TypeWord { dst: r(1), ty: 0 });
        a.op(Inst::Mov { dst: r(2), src: r(0) });
        a.op(Inst::Panic { ty: r(1), data: r(2) });
    })
}

/// Recovers and prints the int that it gets, or -1.
fn recoverer() -> vo_bytecode::Function {
    let flags = FuncFlags { takes_token: true, ..FuncFlags::default() };
    func(Shape { name: "main.recoverer", regs: &[I, I, A], flags, ..Shape::default() }, |a| {
        let (nil, end) = (a.to(0), a.to(1));
        a.op(Inst::RecoverToken { dst: r(0) });
        a.op(Inst::Recover { ty: r(1), data: r(2), token: r(0) });
        a.op(Inst::JumpEqImm { a: r(1), imm: 0, target: nil });
        a.op(Inst::Mov { dst: r(0), src: r(2) });
        a.op(Inst::Jump { target: end });
        a.bind(0).int(0, -1);
        a.bind(1).native(PRINT, &[0], &[]).ret(&[]);
    })
}

const PRINT_FN: u32 = 1;
const THROW: u32 = 2;
const RECOVERER: u32 = 3;
const FIRST: u32 = 4;

/// `main` and further functions, behind the three helpers.
fn program(main: vo_bytecode::Function, others: Vec<vo_bytecode::Function>) -> vo_bytecode::Module {
    let mut functions = vec![main, print(), throw(), recoverer()];
    functions.extend(others);
    with_channel_type(module(functions))
}

fn defer(a: &mut Asm, func: u32, args: &[u16]) {
    a.op(Inst::DeferPush { list: r(0), func, args: regs(args) });
}

#[test]
fn deferred_calls_run_last_first() {
    let main = deferring("main.main", &[I], |a| {
        for n in 1..=3 {
            a.int(2, n);
            defer(a, PRINT_FN, &[2]);
        }
        a.int(2, 0).native(PRINT, &[2], &[]);
    });
    expect(&program(main, vec![]), "0\n3\n2\n1\n", 0, "");
}

#[test]
fn an_uncaught_panic_runs_the_defers_and_ends_the_program() {
    let main = deferring("main.main", &[I], |a| {
        a.int(2, 7);
        defer(a, PRINT_FN, &[2]);
        a.call(FIRST, &[], &[]);
    });
    let f = func(Shape { name: "main.f", regs: &[I], ..Shape::default() }, |a| {
        a.int(0, 5).call(THROW, &[0], &[]).ret(&[]);
    });
    let report = "panic: 5\n\ngoroutine 1 [running]:\n\
        main.throw(...)\n\t/src/main.vo:12 +0xe\n\
        main.f()\n\t/src/main.vo:11 +0x8\n\
        main.main()\n\t/src/main.vo:14 +0x20\n";
    expect(&program(main, vec![f]), "7\n", 2, report);
}

#[test]
fn recovery_goes_on_behind_the_landing_pad() {
    let f = deferring("main.f", &[I], |a| {
        a.int(2, 1);
        defer(a, PRINT_FN, &[2]);
        defer(a, RECOVERER, &[]);
        a.int(2, 2);
        defer(a, PRINT_FN, &[2]);
        a.int(2, 42).call(THROW, &[2], &[]);
    });
    let main = func(Shape { name: "main.main", regs: &[I], ..Shape::default() }, |a| {
        a.call(FIRST, &[], &[]).int(0, 9).native(PRINT, &[0], &[]).ret(&[]);
    });
    expect(&program(main, vec![f]), "2\n42\n1\n9\n", 0, "");
}

#[test]
fn recover_answers_nil_where_nothing_panics() {
    let main = deferring("main.main", &[], |a| defer(a, RECOVERER, &[]));
    expect(&program(main, vec![]), "-1\n", 0, "");
}

#[test]
fn only_the_function_that_is_deferred_may_recover() {
    // The deferred function calls the recoverer, which has no token.
    let calls = func(Shape { name: "main.g", ..Shape::default() }, |a| {
        a.call(RECOVERER, &[], &[]).ret(&[]);
    });
    let main = deferring("main.main", &[I], |a| {
        defer(a, FIRST, &[]);
        a.int(2, 3).call(THROW, &[2], &[]);
    });
    let module = program(main, vec![calls]);
    for (name, config) in configs() {
        let ran = run_with(&module, &config);
        assert_eq!(ran.out, "-1\n", "{name}");
        assert!(ran.end.report.starts_with("panic: 3\n\ngoroutine 1 [running]:\n"), "{name}");
    }
}

#[test]
fn a_panic_in_a_deferred_call_takes_the_first_ones_place() {
    let main = deferring("main.main", &[I], |a| {
        a.int(2, 2);
        defer(a, THROW, &[2]);
        a.int(2, 1).call(THROW, &[2], &[]);
    });
    let report = "panic: 1\n\tpanic: 2\n\ngoroutine 1 [running]:\n\
        main.throw(...)\n\t/src/main.vo:12 +0xe\n\
        panic({...})\n\
        main.throw(...)\n\t/src/main.vo:12 +0xe\n\
        main.main()\n\t/src/main.vo:15 +0x28\n";
    expect(&program(main, vec![]), "", 2, report);
}

#[test]
fn a_recovered_panic_that_panics_again_is_named() {
    // Recovers 1, then panics with 2.
    let again = {
        let flags = FuncFlags { takes_token: true, ..FuncFlags::default() };
        func(Shape { name: "main.again", regs: &[I, I, A, I], flags, ..Shape::default() }, |a| {
            a.op(Inst::RecoverToken { dst: r(0) });
            a.op(Inst::Recover { ty: r(1), data: r(2), token: r(0) });
            a.int(3, 2).call(THROW, &[3], &[]).ret(&[]);
        })
    };
    let main = deferring("main.main", &[I], |a| {
        defer(a, FIRST, &[]);
        a.int(2, 1).call(THROW, &[2], &[]);
    });
    let module = program(main, vec![again]);
    let (_, config) = configs().swap_remove(0);
    let report = run_with(&module, &config).end.report;
    assert!(report.starts_with("panic: 1 [recovered]\n\tpanic: 2\n\ngoroutine 1 [running]:\n"), "{report}");
}

#[test]
fn recovering_the_second_panic_ends_the_first_too() {
    // f: panics 1; its deferred call panics 2; main recovers 2, and a second recover gets nil.
    let f = deferring("main.f", &[I], |a| {
        a.int(2, 2);
        defer(a, THROW, &[2]);
        a.int(2, 1).call(THROW, &[2], &[]);
    });
    let main = deferring("main.main", &[], |a| {
        defer(a, RECOVERER, &[]);
        defer(a, RECOVERER, &[]);
        a.call(FIRST, &[], &[]);
    });
    expect(&program(main, vec![f]), "2\n-1\n", 0, "");
}

#[test]
fn goexit_runs_the_defers_and_cannot_be_recovered() {
    let other = deferring("main.other", &[I], |a| {
        a.int(2, 8);
        defer(a, PRINT_FN, &[2]);
        defer(a, RECOVERER, &[]);
        a.native(GOEXIT, &[], &[]);
    });
    let main = func(Shape { name: "main.main", regs: &[I], ..Shape::default() }, |a| {
        a.op(Inst::GoStart { func: FIRST, args: regs(&[]) });
        a.int(0, 20_000_000).native(SLEEP, &[0], &[]).ret(&[]);
    });
    expect(&program(main, vec![other]), "-1\n8\n", 0, "");
}

#[test]
fn main_that_exits_leaves_a_deadlock() {
    let main = func(Shape { name: "main.main", ..Shape::default() }, |a| {
        a.native(GOEXIT, &[], &[]).ret(&[]);
    });
    let report = "fatal error: no goroutines (main called runtime.Goexit) - deadlock!\n";
    expect(&program(main, vec![]), "", 2, report);
}

#[test]
fn run_time_panics_have_their_texts() {
    let main = func(Shape { name: "main.main", regs: &[I, I], ..Shape::default() }, |a| {
        a.int(0, 1).int(1, 0).op(Inst::DivS64 { dst: r(0), a: r(0), b: r(1) }).ret(&[]);
    });
    let report = "panic: runtime error: integer divide by zero\n\ngoroutine 1 [running]:\n\
        main.main()\n\t/src/main.vo:12 +0x10\n";
    expect(&program(main, vec![]), "", 2, report);
}
