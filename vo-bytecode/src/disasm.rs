//! The disassembler: a module as text.
//!
//! ```text
//! func 3 main.fib(r0:i) (i)  fib.go:5
//!   regs r1:i r2:i
//!      0  JumpGeImm a=r0 imm=2 target=L9    ; fib.go:6
//! ```
//!
//! Labels are code offsets; references are resolved to names behind `;`.

use crate::inst::{DecodeError, Inst, instructions};
use crate::module::{Function, Module};
use crate::operand::{Access, Reg, Role, Table};
use crate::ops::Op;
use std::fmt::Write;

/// The whole module: strings, types, natives, functions.
pub fn module(module: &Module) -> String {
    let mut out = String::new();
    for (i, ty) in module.types.iter().enumerate() {
        let leaves = ty.leaves.as_ref().map_or("memory".to_string(), |l| {
            l.iter().map(|l| format!("{:?}@{}", l.mem, l.offset)).collect::<Vec<_>>().join(" ")
        });
        let _ = writeln!(out, "type {i} {}  size {} align {} {leaves}", ty.name, ty.size, ty.align);
    }
    for var in &module.globals.vars {
        let _ = writeln!(out, "global {} {}  {}", var.offset, var.name, module.type_desc(var.ty).name);
    }
    for (i, native) in module.natives.iter().enumerate() {
        let _ = writeln!(out, "native {i} {}", native.name);
    }
    for index in 0..module.functions.len() {
        out.push('\n');
        out.push_str(&function(module, index as u32));
    }
    out
}

/// One function.
pub fn function(module: &Module, index: u32) -> String {
    let func = &module.functions[index as usize];
    let mut out = String::new();
    header(module, func, index, &mut out);
    let mut line = None;
    for item in instructions(&func.code) {
        match item {
            Ok((pc, inst)) => {
                let _ = write!(out, "{pc:>6}  ");
                instruction(module, func, pc, &inst, &mut out);
                let at = func.line_at(pc);
                if line != Some(at) {
                    line = Some(at);
                    let _ =
                        write!(out, "    ; {}:{}", module.files.get(at.0 as usize).map_or("?", |f| f), at.1);
                }
                out.push('\n');
                point(func, pc, &mut out);
            }
            Err(error) => {
                let _ = writeln!(out, "        <{}>", decode_error(error));
            }
        }
    }
    out
}

fn decode_error(error: DecodeError) -> String {
    error.to_string()
}

fn header(module: &Module, func: &Function, index: u32, out: &mut String) {
    let reg = |(i, c): (usize, &crate::operand::Class)| format!("r{i}:{}", c.letter());
    let params =
        func.regs.iter().enumerate().take(func.params as usize).map(reg).collect::<Vec<_>>().join(" ");
    let rest = func.regs.iter().enumerate().skip(func.params as usize).map(reg).collect::<Vec<_>>().join(" ");
    let results: String = func.results.iter().map(|c| c.letter()).collect();
    let file = module.files.get(func.file as usize).map_or("?", |f| f);
    let _ = writeln!(out, "func {index} {}({params}) ({results})  ; {file}:{}", func.name, func.line);
    if !rest.is_empty() {
        let _ = writeln!(out, "        regs {rest}");
    }
    for (i, slot) in func.slots.iter().enumerate() {
        let _ = writeln!(out, "        slot s{i} {} bytes {}", slot.size, module.type_desc(slot.ty).name);
    }
    if let Some(pc) = func.landing {
        let _ = writeln!(out, "        landing {pc}");
    }
}

fn point(func: &Function, pc: u32, out: &mut String) {
    for point in func.points.iter().filter(|p| p.pc == pc) {
        let live: Vec<String> = point.live.iter().map(|r| format!("r{}", r.0)).collect();
        let _ = writeln!(out, "          ^ {:?} live [{}]", point.kind, live.join(" "));
    }
}

/// One instruction, without offset and line.
pub fn instruction(module: &Module, func: &Function, pc: u32, inst: &Inst, out: &mut String) {
    let op: Op = inst.op();
    out.push_str(op.name());
    let mut note = String::new();
    let mut at = pc as usize + 1;
    for (name, role) in op.operands() {
        let _ = write!(out, " {name}=");
        at += operand(module, &func.code[at..], *role, out, &mut note);
    }
    if !note.is_empty() {
        let _ = write!(out, "  ; {}", note.trim_end());
    }
}

/// Writes one operand; answers the units it takes.
fn operand(module: &Module, code: &[u16], role: Role, out: &mut String, note: &mut String) -> usize {
    let word = |i: usize| code[i] as u32 | (code[i + 1] as u32) << 16;
    let wide = || word(0) as u64 | (word(2) as u64) << 32;
    match role {
        Role::Reg(access, _) => {
            let mark = if access == Access::Mod { "*" } else { "" };
            let _ = write!(out, "{mark}r{}", Reg(code[0]).0);
            1
        }
        Role::Regs(_) => {
            let n = code[0] as usize;
            let regs: Vec<String> = code[1..1 + n].iter().map(|r| format!("r{r}")).collect();
            let _ = write!(out, "[{}]", regs.join(" "));
            1 + n
        }
        Role::Imm(16) => {
            let _ = write!(out, "{}", code[0]);
            1
        }
        Role::Imm(32) => {
            let _ = write!(out, "{}", word(0) as i32);
            2
        }
        Role::Imm(_) => {
            let _ = write!(out, "{}", wide() as i64);
            4
        }
        Role::Slot => {
            let _ = write!(out, "s{}", code[0]);
            1
        }
        Role::Label => {
            let _ = write!(out, "L{}", word(0));
            2
        }
        Role::Labels => {
            let n = code[0] as usize;
            let labels: Vec<String> = (0..n).map(|i| format!("L{}", word(1 + 2 * i))).collect();
            let _ = write!(out, "[{}]", labels.join(" "));
            1 + 2 * n
        }
        Role::Ref(table) => {
            let _ = write!(out, "{}", word(0));
            let _ = write!(note, "{} ", reference(module, table, word(0)));
            2
        }
    }
}

fn reference(module: &Module, table: Table, index: u32) -> String {
    let i = index as usize;
    let found = match table {
        Table::Func => module.functions.get(i).map(|f| f.name.clone()),
        Table::Type => module.types.get(i).map(|t| t.name.clone()),
        Table::Native => module.natives.get(i).map(|n| n.name.clone()),
        Table::Str => module.strings.get(i).map(|s| format!("{:?}", String::from_utf8_lossy(s))),
        Table::Selector => module.selectors.get(i).map(|s| s.name.clone()),
    };
    found.unwrap_or_else(|| "?".to_string())
}
