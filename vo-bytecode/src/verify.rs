//! The verifier: what the engines may assume of a module.
//!
//! After `verify` has accepted a module, of every function it holds that
//! - the code decodes, control stays inside it, and every index refers to an entry;
//! - each operand's register exists and has a class that the opcode takes;
//! - no register is read before it is written, on any path, the one over the
//!   landing pad included;
//! - every instruction that may suspend has one suspend point of the right kind,
//!   whose live set covers everything that is read afterwards, and holds no slot
//!   address;
//! - calls of functions, methods and natives pass and take words of the right
//!   classes, and returns deliver the function's results;
//! - types are well-founded: sizes, offsets and leaves fit.
//!
//! What it does not say: which function a closure holds. The machine compares
//! the number of arguments at a closure call.

use crate::flow::{Flow, RegSet, ShapeError};
use crate::inst::{DecodeError, Inst};
use crate::module::{Function, Module};
use crate::operand::{Accept, Access, Class, Reg, RegList, Role, Table};
use crate::ops::{Flags, Op};
use crate::suspend::PointKind;
use crate::typedesc::{NO_FUNC, TypeDesc, TypeId, TypeKind};
use std::fmt;

/// Why a module is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// The function's name; empty for errors of the module itself.
    pub function: String,
    /// Code offset.
    pub pc: u32,
    pub message: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.function.as_str() {
            "" => write!(f, "{}", self.message),
            function => write!(f, "{function} at {}: {}", self.pc, self.message),
        }
    }
}

impl std::error::Error for VerifyError {}

/// Checks a whole module.
pub fn verify(module: &Module) -> Result<(), VerifyError> {
    check_tables(module).map_err(|message| VerifyError { function: String::new(), pc: 0, message })?;
    module.functions.iter().try_for_each(|func| verify_function(module, func))
}

/// Checks one function against the module's tables.
pub fn verify_function(module: &Module, func: &Function) -> Result<(), VerifyError> {
    let fail = |pc, message| VerifyError { function: func.name.clone(), pc, message };
    check_frame(module, func).map_err(|m| fail(0, m))?;
    let flow = Flow::new(func).map_err(|e| shape_error(func, e))?;
    for (pc, inst) in &flow.insts {
        check_operands(module, func, *pc, inst)
            .map_err(|m| fail(*pc, format!("{}: {m}", inst.op().name())))?;
        check_rules(module, func, inst).map_err(|m| fail(*pc, format!("{}: {m}", inst.op().name())))?;
    }
    check_assigned(&flow).map_err(|(pc, m)| fail(pc, m))?;
    check_points(&flow).map_err(|(pc, m)| fail(pc, m))
}

fn shape_error(func: &Function, error: ShapeError) -> VerifyError {
    let (pc, message) = match error {
        ShapeError::Decode(DecodeError::BadOpcode { offset, number }) => {
            (offset, format!("no opcode {number}"))
        }
        ShapeError::Decode(DecodeError::Truncated { offset }) => {
            (offset, "truncated instruction".to_string())
        }
        ShapeError::Target { pc, target } => (pc, format!("offset {target} is no instruction")),
        ShapeError::FallsOff => (func.code.len() as u32, "control runs off the end".to_string()),
    };
    VerifyError { function: func.name.clone(), pc, message }
}

// ---- tables ---------------------------------------------------------------------------------

fn check_tables(module: &Module) -> Result<(), String> {
    for (i, ty) in module.types.iter().enumerate() {
        check_type(module, i, ty).map_err(|m| format!("type {i} ({}): {m}", ty.name))?;
    }
    check_well_founded(module)?;
    for selector in &module.selectors {
        check_index(selector.ty.0, module.types.len(), "type")?;
    }
    for var in &module.globals.vars {
        check_index(var.ty.0, module.types.len(), "type")?;
        let size = module.type_desc(var.ty).size;
        if var.offset.checked_add(size).is_none_or(|end| end > module.globals.size) {
            return Err(format!("variable {} lies outside of the globals", var.name));
        }
    }
    for (what, index) in [("init", module.init), ("main", module.main)] {
        let Some(func) = module.functions.get(index as usize) else {
            return Err(format!("no function {index} for {what}"));
        };
        if func.params != 0 || !func.results.is_empty() {
            return Err(format!("{what} has parameters or results"));
        }
    }
    Ok(())
}

fn check_index(index: u32, len: usize, what: &str) -> Result<(), String> {
    if (index as usize) < len { Ok(()) } else { Err(format!("no {what} {index}")) }
}

fn check_type(module: &Module, index: usize, ty: &TypeDesc) -> Result<(), String> {
    let types = module.types.len();
    let mut parts: Vec<TypeId> = Vec::new();
    match &ty.kind {
        TypeKind::Array { elem, .. } | TypeKind::Slice { elem } | TypeKind::Pointer { elem } => {
            parts.push(*elem)
        }
        TypeKind::Chan { elem, .. } | TypeKind::Port { elem, .. } => parts.push(*elem),
        TypeKind::Map { key, elem } => parts.extend([*key, *elem]),
        TypeKind::Struct { fields } => parts.extend(fields.iter().map(|f| f.ty)),
        TypeKind::Func { params, results, .. } => parts.extend(params.iter().chain(results)),
        TypeKind::Interface { methods } => {
            methods.iter().try_for_each(|&m| check_index(m, module.selectors.len(), "selector"))?
        }
        TypeKind::Internal { pointer_words }
            if pointer_words.iter().any(|&w| (w as u64 + 1) * 8 > ty.size) =>
        {
            return Err("a pointer word lies outside".into());
        }
        _ => {}
    }
    parts.extend(ty.pointer_to);
    parts.iter().try_for_each(|t| check_index(t.0, types, "type"))?;
    for method in &ty.methods {
        check_method(module, method.selector, method.func, method.ty)?;
    }
    if !ty.align.is_power_of_two() || ty.align > 16 {
        return Err(format!("alignment {}", ty.align));
    }
    if ty.size > 1 << 47 {
        return Err("too large".into());
    }
    for leaf in ty.leaves.iter().flatten() {
        if leaf.offset as u64 + leaf.mem.size() as u64 > ty.size || leaf.offset % leaf.mem.size() != 0 {
            return Err("a leaf lies outside or across".into());
        }
    }
    if ty.inline && ty.leaves.as_ref().is_none_or(|l| l.len() > 1) {
        return Err(format!("type {index} is inline with more than one leaf"));
    }
    Ok(())
}

/// A method's function takes the data word and what its selector takes.
fn check_method(module: &Module, selector: u32, func: u32, ty: TypeId) -> Result<(), String> {
    check_index(selector, module.selectors.len(), "selector")?;
    check_index(ty.0, module.types.len(), "type")?;
    if func == NO_FUNC {
        return Ok(());
    }
    check_index(func, module.functions.len(), "function")?;
    let (func, selector) = (&module.functions[func as usize], &module.selectors[selector as usize]);
    let params = func.regs.get(..func.params as usize).ok_or("parameters without registers")?;
    let fits = params.first().is_some_and(|&c| matches!(c, Class::Any | Class::Ptr))
        && params[1..] == selector.params
        && func.results == selector.results;
    if fits { Ok(()) } else { Err(format!("{} is no method {}", func.name, selector.name)) }
}

/// No type holds itself by value, and sizes are those of the parts.
fn check_well_founded(module: &Module) -> Result<(), String> {
    const NEW: u8 = 0;
    const OPEN: u8 = 1;
    const DONE: u8 = 2;
    let parts = |i: usize| -> Vec<usize> {
        match &module.types[i].kind {
            TypeKind::Array { elem, .. } => vec![elem.0 as usize],
            TypeKind::Struct { fields } => fields.iter().map(|f| f.ty.0 as usize).collect(),
            _ => Vec::new(),
        }
    };
    let mut state = vec![NEW; module.types.len()];
    for root in 0..module.types.len() {
        let mut stack = vec![(root, 0)];
        while let Some((i, step)) = stack.pop() {
            if step == 0 {
                if state[i] == DONE {
                    continue;
                }
                if state[i] == OPEN {
                    return Err(format!("type {} holds itself", module.types[i].name));
                }
                state[i] = OPEN;
            }
            match parts(i).get(step) {
                Some(&part) => stack.extend([(i, step + 1), (part, 0)]),
                None => {
                    state[i] = DONE;
                    check_size(module, i)?;
                }
            }
        }
    }
    Ok(())
}

fn check_size(module: &Module, index: usize) -> Result<(), String> {
    let ty = &module.types[index];
    let size = |t: TypeId| module.type_desc(t).size;
    let fits = match &ty.kind {
        TypeKind::Array { elem, len } => size(*elem).checked_mul(*len) == Some(ty.size),
        TypeKind::Struct { fields } => {
            fields.iter().all(|f| f.offset.checked_add(size(f.ty)).is_some_and(|end| end <= ty.size))
        }
        TypeKind::Bool | TypeKind::Int8 | TypeKind::Uint8 => ty.size == 1,
        TypeKind::Int16 | TypeKind::Uint16 => ty.size == 2,
        TypeKind::Int32 | TypeKind::Uint32 | TypeKind::Float32 => ty.size == 4,
        TypeKind::String | TypeKind::Interface { .. } | TypeKind::Complex128 => ty.size == 16,
        TypeKind::Slice { .. } => ty.size == 24,
        TypeKind::Internal { .. } => true,
        _ => ty.size == 8,
    };
    if fits { Ok(()) } else { Err(format!("type {} has size {}", ty.name, ty.size)) }
}

// ---- one function ---------------------------------------------------------------------------

fn check_frame(module: &Module, func: &Function) -> Result<(), String> {
    if func.params as usize > func.regs.len() || func.regs.len() > u16::MAX as usize {
        return Err("more parameters than registers, or too many registers".into());
    }
    let params = &func.regs[..func.params as usize];
    if params.iter().chain(&func.results).any(|&c| c == Class::Raw) {
        return Err("a slot address as parameter or result".into());
    }
    if func.flags.closure && params.first() != Some(&Class::Ptr) {
        return Err("a closure whose first parameter is no pointer".into());
    }
    for slot in &func.slots {
        check_index(slot.ty.0, module.types.len(), "type")?;
        if module.type_desc(slot.ty).size != slot.size as u64 {
            return Err("a slot whose size is not its type's".into());
        }
    }
    if !func.lines.is_sorted_by_key(|l| l.pc) {
        return Err("line table out of order".into());
    }
    let files = func.lines.iter().map(|l| l.file).chain([func.file]);
    files.into_iter().try_for_each(|file| check_index(file, module.files.len(), "file"))
}

fn check_operands(module: &Module, func: &Function, pc: u32, inst: &Inst) -> Result<(), String> {
    let mut error = None;
    inst.for_each_reg(|u| {
        if u.reg.0 as usize >= func.regs.len() {
            error.get_or_insert(format!("no register r{}", u.reg.0));
        }
    });
    if let Some(error) = error {
        return Err(error);
    }
    let mut at = pc as usize + 1;
    for (name, role) in inst.op().operands() {
        let unit = |i: usize| func.code[at + i];
        let word = |i: usize| unit(i) as u32 | (unit(i + 1) as u32) << 16;
        let wrong = |m: String| format!("operand {name}: {m}");
        at += match role {
            Role::Reg(_, accept) => {
                let class = func.class(Reg(unit(0)));
                if !accepts(*accept, class) {
                    return Err(wrong(format!("r{} is {class:?}", unit(0))));
                }
                1
            }
            Role::Regs(_) => {
                for i in 0..unit(0) as usize {
                    if func.class(Reg(unit(1 + i))) == Class::Raw {
                        return Err(wrong("a slot address in a list".into()));
                    }
                }
                1 + unit(0) as usize
            }
            Role::Imm(bits) => *bits as usize / 16,
            Role::Slot => {
                check_index(unit(0) as u32, func.slots.len(), "slot").map_err(wrong)?;
                1
            }
            Role::Label => 2,
            Role::Labels => 1 + 2 * unit(0) as usize,
            Role::Ref(table) => {
                let (len, what) = match table {
                    Table::Func => (module.functions.len(), "function"),
                    Table::Type => (module.types.len(), "type"),
                    Table::Native => (module.natives.len(), "native"),
                    Table::Str => (module.strings.len(), "string"),
                    Table::Selector => (module.selectors.len(), "selector"),
                };
                check_index(word(0), len, what).map_err(wrong)?;
                2
            }
        };
    }
    Ok(())
}

fn accepts(accept: Accept, class: Class) -> bool {
    match accept {
        Accept::One(one) => one == class,
        Accept::Word => true,
        Accept::Address => matches!(class, Class::Ptr | Class::Raw),
    }
}

/// Whether a word of class `from` may go where `to` is expected.
fn fits(from: Class, to: Class) -> bool {
    let any = |a: Class, b: Class| a == Class::Any && matches!(b, Class::Int | Class::Ptr);
    from == to || any(from, to) || any(to, from)
}

fn classes<'f>(func: &'f Function, list: RegList<'f>) -> impl ExactSizeIterator<Item = Class> + 'f {
    list.iter().map(|r| func.class(r))
}

fn check_list(func: &Function, list: RegList, want: &[Class], what: &str) -> Result<(), String> {
    let list = list.iter().collect::<Vec<_>>();
    if list.len() != want.len() {
        return Err(format!("{} {what} where {} are expected", list.len(), want.len()));
    }
    match list.iter().zip(want).find(|(r, w)| !fits(func.class(**r), **w)) {
        Some((r, w)) => Err(format!("{what}: r{} is {:?}, expected {w:?}", r.0, func.class(*r))),
        None => Ok(()),
    }
}

/// The rules that operand roles alone do not say.
fn check_rules(module: &Module, func: &Function, inst: &Inst) -> Result<(), String> {
    let class = |r: Reg| func.class(r);
    let same = |ok: bool| {
        if ok { Ok(()) } else { Err("the classes of the operands do not go together".to_string()) }
    };
    let bits = |c: Class| matches!(c, Class::Int | Class::Ptr | Class::Any);
    let is_map = |ty: u32| matches!(module.type_desc(TypeId(ty)).kind, TypeKind::Map { .. });
    let callee = |f: u32| &module.functions[f as usize];
    let params = |f: u32| &callee(f).regs[..callee(f).params as usize];
    match *inst {
        Inst::Mov { dst, src } => same(fits(class(src), class(dst))),
        Inst::Zero { dst } => same(class(dst) != Class::Raw),
        Inst::EqI64 { a, b, .. } | Inst::NeI64 { a, b, .. } => same(bits(class(a)) && bits(class(b))),
        Inst::JumpEq { a, b, .. } | Inst::JumpNe { a, b, .. } => same(bits(class(a)) && bits(class(b))),
        Inst::JumpEqImm { a, .. } | Inst::JumpNeImm { a, .. } => same(bits(class(a))),
        Inst::BitsFromF64 { dst, .. } | Inst::BitsFromF32 { dst, .. } => {
            same(matches!(class(dst), Class::Int | Class::Any))
        }
        Inst::F64FromBits { a, .. } | Inst::F32FromBits { a, .. } => {
            same(matches!(class(a), Class::Int | Class::Any))
        }
        Inst::MapGetInt { key, ty, .. }
        | Inst::MapSetInt { key, ty, .. }
        | Inst::MapDelInt { key, ty, .. } => same(bits(class(key)) && is_map(ty)),
        Inst::MapGetStr { ty, .. }
        | Inst::MapGetMem { ty, .. }
        | Inst::MapSetStr { ty, .. }
        | Inst::MapSetMem { ty, .. }
        | Inst::MapDelStr { ty, .. }
        | Inst::MapDelMem { ty, .. }
        | Inst::MapNew { ty, .. }
        | Inst::MapIter { ty, .. }
        | Inst::MapClear { ty, .. } => same(is_map(ty)),
        Inst::IndexAddr { dst, base, .. } | Inst::FieldAddr { dst, base, .. } => {
            same(class(dst) == class(base))
        }
        Inst::SlotAddr { slot, offset, .. } => same(offset <= func.slots[slot as usize].size),
        Inst::ShlImm { imm, .. } | Inst::ShrSImm { imm, .. } | Inst::ShrUImm { imm, .. } => same(imm < 64),
        Inst::FuncVal { func: f, .. } => same(callee(f).flags.closure),
        Inst::NewClosure { func: f, ty, captures, .. } => {
            same(callee(f).flags.closure)?;
            let size = module.type_desc(TypeId(ty)).size;
            same(size == 8 * (captures.len() as u64 + 1))?;
            check_captures(module, func, callee(f), captures)
        }
        Inst::Call { func: f, args, results } => {
            check_list(func, args, params(f), "arguments")?;
            check_list(func, results, &callee(f).results, "results")
        }
        Inst::GoStart { func: f, args } | Inst::DeferPush { func: f, args, .. } => {
            check_list(func, args, params(f), "arguments")
        }
        Inst::CallIface { method, args, results, .. } => {
            let selector = &module.selectors[method as usize];
            check_list(func, args, &selector.params, "arguments")?;
            check_list(func, results, &selector.results, "results")
        }
        Inst::GoIface { method, args, .. } | Inst::DeferIface { method, args, .. } => {
            check_list(func, args, &module.selectors[method as usize].params, "arguments")
        }
        Inst::CallNative { native, args, results } => {
            let native = &module.natives[native as usize];
            check_list(func, args, &native.params, "arguments")?;
            check_list(func, results, &native.results, "results")
        }
        Inst::Return { results } => check_list(func, results, &func.results, "results"),
        Inst::StrConcat { parts, .. } => {
            let pairs = classes(func, parts).enumerate();
            same(parts.len() % 2 == 0 && pairs.into_iter().all(|(i, c)| c == [Class::Ptr, Class::Int][i % 2]))
        }
        Inst::CopyMem { ty, .. } | Inst::ZeroMem { ty, .. } | Inst::EqMem { ty, .. } => {
            same(!matches!(module.type_desc(TypeId(ty)).kind, TypeKind::Internal { .. }))
        }
        Inst::ChanNew { ty, .. } => same(matches!(module.type_desc(TypeId(ty)).kind, TypeKind::Chan { .. })),
        Inst::PortNew { ty, .. } => same(matches!(module.type_desc(TypeId(ty)).kind, TypeKind::Port { .. })),
        Inst::IfaceImpl { ty, .. } | Inst::AssertFail { from: ty, .. } => {
            same(matches!(module.type_desc(TypeId(ty)).kind, TypeKind::Interface { .. }))
        }
        _ => Ok(()),
    }
}

/// The words of a new closure are what its function says that it captures, if it says anything.
fn check_captures(
    module: &Module,
    func: &Function,
    callee: &Function,
    regs: RegList<'_>,
) -> Result<(), String> {
    if callee.captures.is_empty() {
        return Ok(());
    }
    let mut want = Vec::new();
    for capture in &callee.captures {
        match &module.type_desc(capture.ty).leaves {
            Some(leaves) if !capture.boxed => want.extend(leaves.iter().map(|l| l.mem.class())),
            _ => want.push(Class::Ptr),
        }
    }
    check_list(func, regs, &want, "captured words")
}

// ---- flow -----------------------------------------------------------------------------------

fn check_assigned(flow: &Flow) -> Result<(), (u32, String)> {
    let assigned = flow.assigned_in();
    for (b, block) in flow.blocks.iter().enumerate() {
        let mut set = assigned[b].clone();
        for (pc, inst) in &flow.insts[block.first..block.end] {
            let mut unset = None;
            inst.for_each_reg(|u| {
                if u.access != Access::Def && !set.has(u.reg) {
                    unset.get_or_insert(u.reg);
                }
            });
            if let Some(reg) = unset {
                return Err((*pc, format!("{}: r{} is read before it is written", inst.op().name(), reg.0)));
            }
            inst.for_each_reg(|u| set.insert(u.reg));
        }
    }
    Ok(())
}

/// The kind of point that an instruction must have.
fn point_kind(op: Op) -> Option<PointKind> {
    match op {
        Op::LoopHeader => Some(PointKind::Loop),
        Op::RunDefers | Op::DeferUnwind => Some(PointKind::Retry),
        Op::CallNative => Some(PointKind::Blocking),
        _ if op.flags().has(Flags::CALL) => Some(PointKind::Call),
        _ if op.flags().has(Flags::SUSPEND) => Some(PointKind::Blocking),
        _ => None,
    }
}

fn check_points(flow: &Flow) -> Result<(), (u32, String)> {
    let func = flow.func;
    if !func.points.is_sorted_by(|a, b| a.pc < b.pc || (a.kind == PointKind::Entry && a.pc == 0 && b.pc == 0))
    {
        return Err((0, "suspend points out of order".into()));
    }
    let entry = func.points.first().filter(|p| p.kind == PointKind::Entry && p.pc == 0);
    let Some(entry) = entry else { return Err((0, "no entry point".into())) };
    if entry.live.len() != func.params as usize
        || entry.live.iter().enumerate().any(|(i, r)| r.0 as usize != i)
    {
        return Err((0, "the entry point's live registers are not the parameters".into()));
    }
    let live_in = flow.live_in();
    let mut expected = 1;
    for (b, block) in flow.blocks.iter().enumerate() {
        let mut live = flow.live_out(b, &live_in);
        for (pc, inst) in flow.insts[block.first..block.end].iter().rev() {
            let after = live.clone();
            flow.step_back(inst, &mut live, &live_in);
            let Some(kind) = point_kind(inst.op()) else { continue };
            expected += 1;
            let needed = needed_at(flow, inst, kind, &after, &live, &live_in);
            check_point(func, *pc, kind, &needed).map_err(|m| (*pc, m))?;
        }
    }
    if expected != func.points.len() {
        return Err((0, format!("{} suspend points where {expected} are needed", func.points.len())));
    }
    Ok(())
}

/// What a record at this point must hold.
fn needed_at(
    flow: &Flow,
    inst: &Inst,
    kind: PointKind,
    after: &RegSet,
    before: &RegSet,
    live_in: &[RegSet],
) -> RegSet {
    match kind {
        PointKind::Retry | PointKind::Entry | PointKind::Loop => before.clone(),
        PointKind::Call | PointKind::Blocking => {
            let mut set = after.clone();
            inst.for_each_reg(|u| {
                if u.access == Access::Def {
                    set.remove(u.reg);
                }
            });
            if flow.may_land(inst)
                && let Some(landing) = flow.landing
            {
                set.union(&live_in[landing]);
            }
            set
        }
    }
}

fn check_point(func: &Function, pc: u32, kind: PointKind, needed: &RegSet) -> Result<(), String> {
    let point = func.points.iter().skip(1).find(|p| p.pc >= pc).filter(|p| p.pc == pc);
    let Some(point) = point else { return Err("no suspend point".into()) };
    if point.kind != kind {
        return Err(format!("suspend point of kind {:?}, expected {kind:?}", point.kind));
    }
    let mut saved = RegSet::empty(func.regs.len());
    for &reg in &point.live {
        if reg.0 as usize >= func.regs.len() || func.class(reg) == Class::Raw {
            return Err(format!("r{} cannot be saved", reg.0));
        }
        saved.insert(reg);
    }
    match needed.iter().find(|&r| !saved.has(r)) {
        Some(reg) => Err(format!("r{} is needed after the suspend point and not saved", reg.0)),
        None => Ok(()),
    }
}
