//! A small assembler, and running what it makes: for the machine's own tests.
//!
//! A function's body is a closure that is run twice: labels get their offsets in the first pass and
//! are used in the second. Suspend points are made for every instruction that needs one, with
//! every register that has been written by then as live.
#![allow(dead_code)]

use std::sync::Arc;
use vo_bytecode::module::{FuncFlags, Function, LineEntry, Module, NativeImport, Slot};
use vo_bytecode::operand::{Access, Class, Reg, RegList};
use vo_bytecode::ops::Flags;
use vo_bytecode::typedesc::{ChanDir, Leaf, Mem, TypeDesc, TypeId, TypeKind};
use vo_bytecode::{Inst, PointKind, Status, SuspendPoint};
use vo_vm::{BufferHost, Classes, Config, End, Native, NativeFn, Program, Registry, Stress};

pub const I: Class = Class::Int;
pub const P: Class = Class::Ptr;
pub const A: Class = Class::Any;

/// The registers of a list, by number.
pub fn regs(list: &[u16]) -> RegList<'_> {
    RegList(list)
}

pub fn r(n: u16) -> Reg {
    Reg(n)
}

/// A function being assembled.
pub struct Asm {
    code: Vec<u16>,
    offsets: Vec<u32>,
    old: Vec<u32>,
    /// Code offset and source line.
    lines: Vec<LineEntry>,
}

impl Asm {
    /// Appends an instruction.
    pub fn op(&mut self, inst: Inst<'_>) -> &mut Asm {
        self.code_line();
        inst.encode(&mut self.code);
        self
    }

    /// Names the next instruction.
    pub fn bind(&mut self, label: usize) -> &mut Asm {
        if self.offsets.len() <= label {
            self.offsets.resize(label + 1, 0);
        }
        self.offsets[label] = self.code.len() as u32;
        self
    }

    /// Where a label is.
    pub fn to(&self, label: usize) -> u32 {
        self.old.get(label).copied().unwrap_or(0)
    }

    /// Each instruction is on a line of its own.
    fn code_line(&mut self) {
        let line = self.lines.len() as u32 + 10;
        self.lines.push(LineEntry { pc: self.code.len() as u32, file: 0, line });
    }

    pub fn int(&mut self, dst: u16, value: i32) -> &mut Asm {
        self.op(Inst::ConstI32 { dst: r(dst), value })
    }

    pub fn ret(&mut self, results: &[u16]) -> &mut Asm {
        self.op(Inst::Return { results: regs(results) })
    }

    pub fn native(&mut self, native: u32, args: &[u16], results: &[u16]) -> &mut Asm {
        self.op(Inst::CallNative { native, args: regs(args), results: regs(results) })
    }

    pub fn call(&mut self, func: u32, args: &[u16], results: &[u16]) -> &mut Asm {
        self.op(Inst::Call { func, args: regs(args), results: regs(results) })
    }
}

/// What a function is, apart from its code.
#[derive(Default)]
pub struct Shape<'a> {
    pub name: &'a str,
    pub params: u16,
    pub regs: &'a [Class],
    pub results: &'a [Class],
    pub slots: Vec<Slot>,
    /// Label of the landing pad.
    pub landing: Option<usize>,
    pub flags: FuncFlags,
}

/// Assembles a function.
pub fn func(shape: Shape<'_>, body: impl Fn(&mut Asm)) -> Function {
    let mut asm = Asm { code: Vec::new(), offsets: Vec::new(), old: Vec::new(), lines: Vec::new() };
    body(&mut asm);
    let old = std::mem::take(&mut asm.offsets);
    asm = Asm { code: Vec::new(), offsets: Vec::new(), old, lines: Vec::new() };
    body(&mut asm);
    let points = points(&shape, &asm.code);
    Function {
        name: shape.name.to_owned(),
        params: shape.params,
        regs: shape.regs.to_vec(),
        results: shape.results.to_vec(),
        slots: shape.slots,
        landing: shape.landing.map(|label| asm.old[label]),
        flags: shape.flags,
        code: asm.code,
        points,
        file: 0,
        line: 9,
        lines: asm.lines,
        captures: Vec::new(),
    }
}

fn points(shape: &Shape<'_>, code: &[u16]) -> Vec<SuspendPoint> {
    let live = |n: &[bool]| {
        (0..n.len())
            .filter(|&i| n[i] && shape.regs[i] != Class::Raw)
            .map(|i| Reg(i as u16))
            .collect::<Vec<_>>()
    };
    let mut written = vec![false; shape.regs.len()];
    written[..usize::from(shape.params)].fill(true);
    let mut points = vec![SuspendPoint { pc: 0, kind: PointKind::Entry, live: live(&written) }];
    for item in vo_bytecode::inst::instructions(code) {
        let (pc, inst) = item.unwrap();
        let kind = match inst {
            Inst::LoopHeader {} => PointKind::Loop,
            Inst::RunDefers { .. } | Inst::DeferUnwind { .. } => PointKind::Retry,
            Inst::CallNative { .. } => PointKind::Blocking,
            _ if inst.op().flags().has(Flags::CALL) => PointKind::Call,
            _ => PointKind::Blocking,
        };
        if inst.op().flags().has(Flags::SUSPEND) {
            points.push(SuspendPoint { pc, kind, live: live(&written) });
        }
        inst.for_each_reg(|u| {
            if u.access != Access::Use {
                written[usize::from(u.reg.0)] = true;
            }
        });
    }
    points
}

/// A module of functions; the first is `main.main`.
pub fn module(mut functions: Vec<Function>) -> Module {
    let init = functions.len() as u32;
    functions.push(func(Shape { name: "main.init", ..Shape::default() }, |a| {
        a.ret(&[]);
    }));
    let natives = [
        ("test.print", 1, 0),
        ("test.sleep", 1, 0),
        ("test.yield", 0, 0),
        ("test.add", 2, 1),
        ("test.goexit", 0, 0),
        ("test.rss", 0, 1),
    ];
    let natives = natives.iter().map(|&(name, params, results)| NativeImport {
        name: name.to_owned(),
        params: vec![I; params],
        results: vec![I; results],
    });
    Module {
        functions,
        init,
        main: 0,
        files: vec![String::from("/src/main.vo")],
        natives: natives.collect(),
        ..Module::default()
    }
}

pub const PRINT: u32 = 0;
pub const SLEEP: u32 = 1;
pub const YIELD: u32 = 2;
pub const ADD_LATER: u32 = 3;
pub const GOEXIT: u32 = 4;
/// Resident kilobytes of the process.
pub const RSS: u32 = 5;

/// An int type, and a channel of it: types 0 and 1.
pub fn with_channel_type(mut module: Module) -> Module {
    let int = TypeDesc {
        name: "int".into(),
        pkg: String::new(),
        defined: String::new(),
        kind: TypeKind::Int,
        size: 8,
        align: 8,
        comparable: true,
        leaves: Some(vec![Leaf { offset: 0, mem: Mem::I64 }]),
        inline: true,
        methods: Vec::new(),
        pointer_to: None,
    };
    let chan = TypeDesc {
        name: "chan int".into(),
        kind: TypeKind::Chan { dir: ChanDir::Both, elem: TypeId(0) },
        leaves: Some(vec![Leaf { offset: 0, mem: Mem::Ptr }]),
        ..int.clone()
    };
    module.known.int = Some(TypeId(0));
    module.types = vec![int, chan];
    module
}

/// The natives of the tests: all numbers.
pub fn natives() -> Registry {
    let mut registry = Registry::new();
    let mut add = |name: &str, params: usize, results: usize, run: NativeFn| {
        let numbers = |n: usize| Classes::of(&[Class::Int; 2][..n]);
        registry.add(name, Native { run, params: numbers(params), results: numbers(results) });
    };
    add("test.print", 1, 0, |cx, args, _| {
        let text = format!("{}\n", args[0] as i64);
        let _ = cx.host().write(1, text.as_bytes());
        Status::Ok
    });
    add("test.sleep", 1, 0, |cx, args, _| cx.sleep(args[0] as i64));
    add("test.yield", 0, 0, |cx, _, _| cx.yield_now());
    add("test.add", 2, 1, |cx, args, _| {
        let (a, b) = (args[0], args[1]);
        cx.block(
            move || a.wrapping_add(b),
            |_, sum, results| {
                results[0] = sum;
                Status::Ok
            },
        )
    });
    add("test.goexit", 0, 0, |cx, _, _| cx.goexit());
    add("test.rss", 0, 1, |_, _, results| {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let pages = statm.split(' ').nth(1).and_then(|n| n.parse::<u64>().ok());
        results[0] = pages.unwrap_or(0) * 4;
        Status::Ok
    });
    registry
}

/// How a program ended, and what it wrote.
pub struct Ran {
    pub end: End,
    pub out: String,
}

/// Runs a module under one configuration.
pub fn run_with(module: &Module, config: &Config) -> Ran {
    let program = Program::load(module.clone(), &natives()).unwrap_or_else(|e| panic!("{e}"));
    let host = Arc::new(BufferHost::default());
    let end = vo_vm::run(Arc::new(program), config, host.clone());
    Ran { end, out: String::from_utf8(host.written(1)).unwrap() }
}

/// The configurations under which a program must behave the same.
pub fn configs() -> Vec<(&'static str, Config)> {
    let base = Config { workers: 1, seed: Some(1), ..Config::default() };
    let stress = |s: Stress, workers| Config { workers, stress: s, ..base.clone() };
    let none = Stress::default();
    vec![
        ("one worker", base.clone()),
        ("four workers", stress(none, 4)),
        ("suspend", stress(Stress { suspend: true, ..none }, 1)),
        ("suspend, four workers", stress(Stress { suspend: true, ..none }, 4)),
        ("gc", stress(Stress { gc: true, ..none }, 1)),
        ("all", stress(Stress { gc: true, verify: true, suspend: true, steal: true, mode: false }, 4)),
    ]
}

/// Runs a module under every configuration and expects the same end everywhere.
pub fn expect(module: &Module, out: &str, exit_code: i32, report: &str) {
    for (name, config) in configs() {
        let ran = run_with(module, &config);
        assert_eq!(ran.out, out, "output, {name}; report: {}", ran.end.report);
        assert_eq!(ran.end.report, report, "report, {name}");
        assert_eq!(ran.end.exit_code, exit_code, "exit code, {name}");
    }
}
