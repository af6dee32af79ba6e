//! A small module by hand: it verifies, survives the container, and each way of
//! breaking it is noticed.

use vo_bytecode::inst::{Inst, instructions};
use vo_bytecode::module::{Function, Module};
use vo_bytecode::operand::{Class, Reg, RegList};
use vo_bytecode::ops::Op;
use vo_bytecode::suspend::{PointKind, SuspendPoint};
use vo_bytecode::{disasm, serialize, verify};

fn point(pc: usize, kind: PointKind, live: &[u16]) -> SuspendPoint {
    SuspendPoint { pc: pc as u32, kind, live: live.iter().map(|&r| Reg(r)).collect() }
}

/// func fib(n int) int { if n < 2 { return n }; return fib(n-1) + fib(n-2) }
fn fib() -> Function {
    let r = Reg;
    let mut code = Vec::new();
    let mut points = vec![point(0, PointKind::Entry, &[0])];
    Inst::JumpGeImm { a: r(0), imm: 2, target: 9 }.encode(&mut code);
    Inst::Return { results: RegList(&[0]) }.encode(&mut code);
    assert_eq!(code.len(), 9);
    Inst::AddImm { dst: r(1), a: r(0), imm: -1 }.encode(&mut code);
    points.push(point(code.len(), PointKind::Call, &[0]));
    Inst::Call { func: 0, args: RegList(&[1]), results: RegList(&[2]) }.encode(&mut code);
    Inst::AddImm { dst: r(1), a: r(0), imm: -2 }.encode(&mut code);
    points.push(point(code.len(), PointKind::Call, &[2]));
    Inst::Call { func: 0, args: RegList(&[1]), results: RegList(&[1]) }.encode(&mut code);
    Inst::AddI64 { dst: r(1), a: r(2), b: r(1) }.encode(&mut code);
    Inst::Return { results: RegList(&[1]) }.encode(&mut code);
    Function {
        name: "main.fib".into(),
        params: 1,
        regs: vec![Class::Int; 3],
        results: vec![Class::Int],
        code,
        points,
        ..Function::default()
    }
}

fn module() -> Module {
    let mut code = Vec::new();
    Inst::Return { results: RegList(&[]) }.encode(&mut code);
    let points = vec![point(0, PointKind::Entry, &[])];
    let main = Function { name: "main.main".into(), code, points, ..Function::default() };
    Module {
        functions: vec![fib(), main],
        init: 1,
        main: 1,
        files: vec!["fib.go".into()],
        ..Module::default()
    }
}

fn rejected(change: impl FnOnce(&mut Module)) -> String {
    let mut module = module();
    change(&mut module);
    verify::verify(&module).expect_err("must be rejected").to_string()
}

#[test]
fn a_good_module_verifies_and_survives_the_container() {
    let module = module();
    verify::verify(&module).unwrap();
    let bytes = serialize::write(&module);
    assert_eq!(serialize::read(&bytes).unwrap(), module);
    assert!(disasm::module(&module).contains("JumpGeImm a=r0 imm=2 target=L9"));
}

#[test]
fn encoding_is_the_inverse_of_decoding() {
    for func in &module().functions {
        let mut again = Vec::new();
        instructions(&func.code).for_each(|i| i.unwrap().1.encode(&mut again));
        assert_eq!(again, func.code);
    }
}

#[test]
fn every_altered_or_truncated_file_is_an_error() {
    let bytes = serialize::write(&module());
    for n in 0..bytes.len() {
        serialize::read(&bytes[..n]).expect_err("truncated");
        let mut altered = bytes.clone();
        altered[n] ^= 0x11;
        serialize::read(&altered).expect_err("altered");
    }
}

#[test]
fn arbitrary_code_never_makes_the_verifier_fault() {
    let mut seed = 1u64;
    for _ in 0..20_000 {
        let mut module = module();
        for _ in 0..3 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let code = &mut module.functions[0].code;
            let at = (seed >> 33) as usize % code.len();
            code[at] = (seed >> 20) as u16 % 300;
        }
        let _ = verify::verify(&module);
    }
}

#[test]
fn what_the_engines_may_not_assume_is_rejected() {
    let last = module().functions[0].code.len() - 1;
    assert!(rejected(|m| m.functions[0].code[0] = 9999).contains("no opcode 9999"));
    assert!(rejected(|m| m.functions[0].code[1] = 7).contains("no register r7"));
    assert!(rejected(|m| m.functions[0].code[4] = 8).contains("no instruction"));
    assert!(rejected(|m| m.functions[0].regs[0] = Class::F64).contains("F64"));
    assert!(rejected(|m| m.functions[0].results.clear()).contains("results"));
    assert!(rejected(|m| m.functions[0].points[1].live.clear()).contains("r0 is needed"));
    assert!(rejected(|m| drop(m.functions[0].points.pop())).contains("suspend point"));
    assert!(rejected(|m| m.functions[0].points[1].kind = PointKind::Blocking).contains("kind"));
    assert!(rejected(|m| m.functions[0].code.truncate(last)).contains("truncated"));
    assert!(rejected(|m| m.main = 0).contains("main"));
}

#[test]
fn every_opcode_has_a_number_and_a_sentence() {
    for (i, op) in Op::ALL.iter().enumerate() {
        assert_eq!(Op::from_u16(i as u16), Some(*op));
        assert!(!op.doc().is_empty());
    }
}
