//! Programs assembled by hand, each under every engine configuration.

mod support;

use support::*;
use vo_bytecode::Inst;

/// `fib(n)`: parameter and result in register 0.
fn fib() -> vo_bytecode::Function {
    func(Shape { name: "main.fib", params: 1, regs: &[I, I, I], results: &[I], ..Shape::default() }, |a| {
        let end = a.to(0);
        a.op(Inst::JumpLtImm { a: r(0), imm: 2, target: end });
        a.op(Inst::AddImm { dst: r(1), a: r(0), imm: -1 });
        a.call(1, &[1], &[1]);
        a.op(Inst::AddImm { dst: r(2), a: r(0), imm: -2 });
        a.call(1, &[2], &[2]);
        a.op(Inst::AddI64 { dst: r(0), a: r(1), b: r(2) });
        a.bind(0).ret(&[0]);
    })
}

#[test]
fn recursion() {
    let main = func(Shape { name: "main.main", regs: &[I], ..Shape::default() }, |a| {
        a.int(0, 15).call(1, &[0], &[0]).native(PRINT, &[0], &[]).ret(&[]);
    });
    expect(&module(vec![main, fib()]), "610\n", 0, "");
}

#[test]
fn loops_and_arithmetic() {
    // The sum of i * i % 7 for i below 1000.
    let main = func(Shape { name: "main.main", regs: &[I, I, I, I], ..Shape::default() }, |a| {
        let (top, end) = (a.to(0), a.to(1));
        a.int(0, 0).int(1, 0).int(3, 7);
        a.bind(0).op(Inst::LoopHeader {});
        a.op(Inst::JumpGeImm { a: r(0), imm: 1000, target: end });
        a.op(Inst::MulI64 { dst: r(2), a: r(0), b: r(0) });
        a.op(Inst::RemS64 { dst: r(2), a: r(2), b: r(3) });
        a.op(Inst::AddI64 { dst: r(1), a: r(1), b: r(2) });
        a.op(Inst::AddImm { dst: r(0), a: r(0), imm: 1 });
        a.op(Inst::Jump { target: top });
        a.bind(1).native(PRINT, &[1], &[]).ret(&[]);
    });
    let sum: i64 = (0..1000).map(|i| i * i % 7).sum();
    expect(&module(vec![main]), &format!("{sum}\n"), 0, "");
}

/// `down(n)`: n + down(n - 1).
fn down() -> vo_bytecode::Function {
    func(Shape { name: "main.down", params: 1, regs: &[I, I], results: &[I], ..Shape::default() }, |a| {
        let end = a.to(0);
        a.op(Inst::JumpEqImm { a: r(0), imm: 0, target: end });
        a.op(Inst::AddImm { dst: r(1), a: r(0), imm: -1 });
        a.call(1, &[1], &[1]);
        a.op(Inst::AddI64 { dst: r(0), a: r(0), b: r(1) });
        a.bind(0).ret(&[0]);
    })
}

#[test]
fn a_million_deep() {
    let main = func(Shape { name: "main.main", regs: &[I], ..Shape::default() }, |a| {
        a.int(0, 1_000_000).call(1, &[0], &[0]).native(PRINT, &[0], &[]).ret(&[]);
    });
    let module = module(vec![main, down()]);
    let (_, config) = configs().swap_remove(0);
    let ran = run_with(&module, &config);
    assert_eq!(ran.out, "500000500000\n");
    let config = vo_vm::Config { limits: vo_vm::Limits { stack_bytes: 64 << 10, ..config.limits }, ..config };
    let ran = run_with(&module, &config);
    assert_eq!(ran.out, "500000500000\n");
    assert!(ran.end.stats.machine.stack_spills > 100);
}

#[test]
fn stack_overflow() {
    let forever = func(Shape { name: "main.f", ..Shape::default() }, |a| {
        a.call(1, &[], &[]).ret(&[]);
    });
    let main = func(Shape { name: "main.main", ..Shape::default() }, |a| {
        a.call(1, &[], &[]).ret(&[]);
    });
    let (_, config) = configs().swap_remove(0);
    let limits = vo_vm::Limits { fiber_bytes: 8 << 20, stack_bytes: 1 << 20, ..config.limits };
    let ran = run_with(&module(vec![main, forever]), &vo_vm::Config { limits, ..config });
    assert_eq!(ran.end.exit_code, 2, "{:?}", ran.end);
    let report = ran.end.report;
    assert!(
        report.starts_with(
            "runtime: goroutine stack exceeds 8388608-byte limit\nfatal error: stack overflow\n"
        ),
        "{report}"
    );
    assert!(report.contains("goroutine 1 [running]:\nmain.f()\n\t/src/main.vo:"), "{report}");
    assert!(report.contains("frames elided...\n"), "{report}");
    assert!(report.ends_with("main.main()\n\t/src/main.vo:10 +0x0\n"), "{report}");
}

#[test]
fn natives_that_wait() {
    let main = func(Shape { name: "main.main", regs: &[I, I], ..Shape::default() }, |a| {
        a.int(0, 1000).native(SLEEP, &[0], &[]).native(YIELD, &[], &[]);
        a.int(1, 42).native(ADD_LATER, &[0, 1], &[0]).native(PRINT, &[0], &[]).ret(&[]);
    });
    expect(&module(vec![main]), "1042\n", 0, "");
}

#[test]
fn channels_between_fibers() {
    // The sender sends 0..100 and closes; main adds up what it receives.
    let sender = func(Shape { name: "main.send", params: 1, regs: &[P, I], ..Shape::default() }, |a| {
        let (top, end) = (a.to(0), a.to(1));
        a.int(1, 0);
        a.bind(0).op(Inst::LoopHeader {});
        a.op(Inst::JumpGeImm { a: r(1), imm: 100, target: end });
        a.op(Inst::ChanSend { chan: r(0), words: regs(&[1]) });
        a.op(Inst::AddImm { dst: r(1), a: r(1), imm: 1 });
        a.op(Inst::Jump { target: top });
        a.bind(1).op(Inst::ChanClose { chan: r(0) });
        a.ret(&[]);
    });
    for cap in [0, 1, 7] {
        let main = func(Shape { name: "main.main", regs: &[P, I, I, I], ..Shape::default() }, |a| {
            let (top, end) = (a.to(0), a.to(1));
            a.int(1, cap).op(Inst::ChanNew { dst: r(0), ty: 1, n: r(1) });
            a.op(Inst::GoStart { func: 1, args: regs(&[0]) });
            a.int(3, 0);
            a.bind(0).op(Inst::LoopHeader {});
            a.op(Inst::ChanRecv { ok: r(2), words: regs(&[1]), chan: r(0) });
            a.op(Inst::JumpIfNot { a: r(2), target: end });
            a.op(Inst::AddI64 { dst: r(3), a: r(3), b: r(1) });
            a.op(Inst::Jump { target: top });
            a.bind(1).native(PRINT, &[3], &[]).ret(&[]);
        });
        expect(&with_channel_type(module(vec![main, sender.clone()])), "4950\n", 0, "");
    }
}

#[test]
fn select_takes_what_is_ready() {
    // Two senders on two channels; main selects 20 times.
    let sender = func(Shape { name: "main.send", params: 2, regs: &[P, I, I], ..Shape::default() }, |a| {
        let (top, end) = (a.to(0), a.to(1));
        a.int(2, 0);
        a.bind(0).op(Inst::LoopHeader {});
        a.op(Inst::JumpGeImm { a: r(2), imm: 10, target: end });
        a.op(Inst::ChanSend { chan: r(0), words: regs(&[1]) });
        a.op(Inst::AddImm { dst: r(2), a: r(2), imm: 1 });
        a.op(Inst::Jump { target: top });
        a.bind(1).ret(&[]);
    });
    let main = func(Shape { name: "main.main", regs: &[P, P, I, I, I, I, I], ..Shape::default() }, |a| {
        let (top, end, second, join) = (a.to(0), a.to(1), a.to(2), a.to(3));
        a.int(2, 0).op(Inst::ChanNew { dst: r(0), ty: 1, n: r(2) });
        a.op(Inst::ChanNew { dst: r(1), ty: 1, n: r(2) });
        a.int(3, 1).op(Inst::GoStart { func: 1, args: regs(&[0, 3]) });
        a.int(3, 100).op(Inst::GoStart { func: 1, args: regs(&[1, 3]) });
        a.int(4, 0).int(5, 0);
        a.bind(0).op(Inst::LoopHeader {});
        a.op(Inst::JumpGeImm { a: r(4), imm: 20, target: end });
        a.op(Inst::SelectBegin { n: 2 });
        a.op(Inst::SelectRecv { index: 0, chan: r(0), n: 1 });
        a.op(Inst::SelectRecv { index: 1, chan: r(1), n: 1 });
        a.op(Inst::SelectExec { dst: r(2), default: 0 });
        a.op(Inst::JumpNeImm { a: r(2), imm: 0, target: second });
        a.op(Inst::SelectValue { ok: r(6), words: regs(&[3]) });
        a.op(Inst::Jump { target: join });
        a.bind(2).op(Inst::SelectValue { ok: r(6), words: regs(&[3]) });
        a.bind(3).op(Inst::AddI64 { dst: r(5), a: r(5), b: r(3) });
        a.op(Inst::AddImm { dst: r(4), a: r(4), imm: 1 });
        a.op(Inst::Jump { target: top });
        a.bind(1).native(PRINT, &[5], &[]).ret(&[]);
    });
    expect(&with_channel_type(module(vec![main, sender])), "1010\n", 0, "");
}

#[test]
fn deadlock_names_what_everybody_waits_for() {
    let waiter = func(Shape { name: "main.wait", params: 1, regs: &[P, I, I], ..Shape::default() }, |a| {
        a.op(Inst::ChanRecv { ok: r(1), words: regs(&[2]), chan: r(0) }).ret(&[]);
    });
    let main = func(Shape { name: "main.main", regs: &[P, I], ..Shape::default() }, |a| {
        a.int(1, 0).op(Inst::ChanNew { dst: r(0), ty: 1, n: r(1) });
        a.op(Inst::GoStart { func: 1, args: regs(&[0]) });
        a.op(Inst::SelectBegin { n: 0 }).op(Inst::SelectExec { dst: r(1), default: 0 }).ret(&[]);
    });
    let module = with_channel_type(module(vec![main, waiter]));
    let (_, config) = configs().swap_remove(0);
    let ran = run_with(&module, &config);
    let expected = "fatal error: all goroutines are asleep - deadlock!\n\n\
        goroutine 1 [select (no cases)]:\nmain.main()\n\t/src/main.vo:14 +0x20\n\n\
        goroutine 2 [chan receive]:\nmain.wait(...)\n\t/src/main.vo:10 +0x0\n\
        created by main.main in goroutine 1\n\t/src/main.vo:12 +0x12\n";
    assert_eq!(ran.end.report, expected);
    assert_eq!(ran.end.exit_code, 2);
}

#[test]
#[should_panic(expected = "internal error: main.main reached code that cannot be reached")]
fn our_own_bugs_are_ours() {
    let main = func(Shape { name: "main.main", ..Shape::default() }, |a| {
        a.op(Inst::Unreachable {});
    });
    let (_, config) = configs().swap_remove(0);
    run_with(&module(vec![main]), &config);
}

/// Run with `cargo test --release -p vo-vm --test machine -- --ignored --nocapture speed`.
#[test]
#[ignore = "prints times"]
fn speed() {
    let time = |name: &str, module| {
        let (_, config) = configs().swap_remove(0);
        let start = std::time::Instant::now();
        let ran = run_with(&module, &config);
        println!("{name}: {:?} {}", start.elapsed(), ran.out.trim());
    };
    let main = func(Shape { name: "main.main", regs: &[I], ..Shape::default() }, |a| {
        a.int(0, 35).call(1, &[0], &[0]).native(PRINT, &[0], &[]).ret(&[]);
    });
    time("fib(35)", module(vec![main, fib()]));
    let main = func(Shape { name: "main.main", regs: &[I, I, I, I], ..Shape::default() }, |a| {
        let (top, end) = (a.to(0), a.to(1));
        a.int(0, 0).int(1, 0).int(3, 7);
        a.bind(0).op(Inst::LoopHeader {});
        a.op(Inst::JumpGeImm { a: r(0), imm: 100_000_000, target: end });
        a.op(Inst::MulI64 { dst: r(2), a: r(0), b: r(0) });
        a.op(Inst::Xor64 { dst: r(2), a: r(2), b: r(3) });
        a.op(Inst::AddI64 { dst: r(1), a: r(1), b: r(2) });
        a.op(Inst::AddImm { dst: r(0), a: r(0), imm: 1 });
        a.op(Inst::Jump { target: top });
        a.bind(1).native(PRINT, &[1], &[]).ret(&[]);
    });
    time("100 million turns of 7 instructions", module(vec![main]));
    let main = func(Shape { name: "main.main", regs: &[I], ..Shape::default() }, |a| {
        a.int(0, 1_000_000).call(1, &[0], &[0]).native(PRINT, &[0], &[]).ret(&[]);
    });
    time("a million deep", module(vec![main, down()]));
    let sender = func(Shape { name: "main.send", params: 1, regs: &[P, I], ..Shape::default() }, |a| {
        let (top, end) = (a.to(0), a.to(1));
        a.int(1, 0);
        a.bind(0).op(Inst::LoopHeader {});
        a.op(Inst::JumpGeImm { a: r(1), imm: 5_000_000, target: end });
        a.op(Inst::ChanSend { chan: r(0), words: regs(&[1]) });
        a.op(Inst::AddImm { dst: r(1), a: r(1), imm: 1 });
        a.op(Inst::Jump { target: top });
        a.bind(1).op(Inst::ChanClose { chan: r(0) });
        a.ret(&[]);
    });
    let main = func(Shape { name: "main.main", regs: &[P, I, I, I], ..Shape::default() }, |a| {
        let (top, end) = (a.to(0), a.to(1));
        a.int(1, 0).op(Inst::ChanNew { dst: r(0), ty: 1, n: r(1) });
        a.op(Inst::GoStart { func: 1, args: regs(&[0]) });
        a.int(3, 0);
        a.bind(0).op(Inst::LoopHeader {});
        a.op(Inst::ChanRecv { ok: r(2), words: regs(&[1]), chan: r(0) });
        a.op(Inst::JumpIfNot { a: r(2), target: end });
        a.op(Inst::AddI64 { dst: r(3), a: r(3), b: r(1) });
        a.op(Inst::Jump { target: top });
        a.bind(1).native(PRINT, &[3], &[]).ret(&[]);
    });
    time("5 million messages", with_channel_type(module(vec![main, sender])));
    let waiter = func(Shape { name: "main.wait", params: 1, regs: &[P, I, I], ..Shape::default() }, |a| {
        a.op(Inst::ChanRecv { ok: r(1), words: regs(&[2]), chan: r(0) }).ret(&[]);
    });
    let main = func(Shape { name: "main.main", regs: &[P, I, I], ..Shape::default() }, |a| {
        let (top, end) = (a.to(0), a.to(1));
        a.int(1, 0).op(Inst::ChanNew { dst: r(0), ty: 1, n: r(1) });
        a.bind(0).op(Inst::LoopHeader {});
        a.op(Inst::JumpGeImm { a: r(1), imm: 1_000_000, target: end });
        a.op(Inst::GoStart { func: 1, args: regs(&[0]) });
        a.op(Inst::AddImm { dst: r(1), a: r(1), imm: 1 });
        a.op(Inst::Jump { target: top });
        a.bind(1).int(1, 1_000_000).native(SLEEP, &[1], &[]);
        a.native(RSS, &[], &[1]).native(PRINT, &[1], &[]).ret(&[]);
    });
    time("a million parked fibers, resident kilobytes", with_channel_type(module(vec![main, waiter])));
}
