//! The function builder: instructions are encoded as they are lowered, with label numbers in the place of
//! code offsets; [`FuncBuilder::finish`] drops what cannot be reached, threads jumps, fixes offsets and
//! computes suspend points.
//!
//! What must stay true: every label that an instruction names is bound before `finish`; code after an
//! unconditional transfer is not even encoded until a label that somebody may jump to is bound.

use std::sync::LazyLock;

use vo_bytecode::module::{FuncFlags, Function, LineEntry, Slot};
use vo_bytecode::operand::{Access, Role, Table};
use vo_bytecode::ops::{Flags, Op};
use vo_bytecode::typedesc::TypeId;
use vo_bytecode::{Class, Inst, Reg};

use crate::regs::Registers;
use crate::suspend;

/// A place in the code that jumps name before its offset is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Label(pub u32);

const UNBOUND: u32 = u32::MAX;

/// A frame slot with the position in the list of slots that were given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotMark(usize);

/// Why a function cannot be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooLarge {
    /// More than 65,535 registers.
    Registers,
    /// More than 65,535 slots.
    Slots,
    /// More than 65,535 operands in a list.
    List,
}

/// A function under construction.
pub struct FuncBuilder {
    code: Vec<u16>,
    /// Offset of each instruction.
    starts: Vec<u32>,
    /// Label number to instruction index.
    labels: Vec<u32>,
    label_used: Vec<bool>,
    pub regs: Registers,
    slots: Vec<Slot>,
    free_slots: Vec<u16>,
    open_slots: Vec<u16>,
    scratch_slots: Vec<u16>,
    too_large: Option<TooLarge>,
    /// (instruction index, file, line), ascending.
    lines: Vec<(u32, u32, u32)>,
    line: (u32, u32),
    landing: Option<Label>,
    live: bool,
    /// Instructions to put in at `start_at`, one after another, with their offsets.
    start_code: Vec<u16>,
    start_starts: Vec<u32>,
    start_at: u32,
}

impl Default for FuncBuilder {
    fn default() -> Self {
        FuncBuilder::new()
    }
}

impl FuncBuilder {
    /// A function without code.
    pub fn new() -> FuncBuilder {
        FuncBuilder {
            code: Vec::new(),
            starts: Vec::new(),
            labels: Vec::new(),
            label_used: Vec::new(),
            regs: Registers::default(),
            slots: Vec::new(),
            free_slots: Vec::new(),
            open_slots: Vec::new(),
            scratch_slots: Vec::new(),
            too_large: None,
            lines: Vec::new(),
            line: (0, 0),
            landing: None,
            live: true,
            start_code: Vec::new(),
            start_starts: Vec::new(),
            start_at: 0,
        }
    }

    /// What is emitted at the start from now on goes behind the instructions so far.
    pub fn start_here(&mut self) {
        self.start_at = self.starts.len() as u32;
    }

    /// Appends an instruction without labels to those that run once, at the start of the function.
    pub fn emit_at_start(&mut self, inst: Inst<'_>) {
        self.start_starts.push(self.start_code.len() as u32);
        inst.encode(&mut self.start_code);
    }

    fn insert_start(&mut self) {
        let n = self.start_starts.len() as u32;
        if n == 0 {
            return;
        }
        let at = self.start_at as usize;
        let unit = self.starts.get(at).copied().unwrap_or(self.code.len() as u32);
        let units = self.start_code.len() as u32;
        self.code.splice(unit as usize..unit as usize, self.start_code.drain(..));
        self.starts[at..].iter_mut().for_each(|s| *s += units);
        self.starts.splice(at..at, self.start_starts.drain(..).map(|s| s + unit));
        let moved = |index: &mut u32| {
            if *index != UNBOUND && *index >= at as u32 {
                *index += n;
            }
        };
        self.labels.iter_mut().for_each(moved);
        self.lines.iter_mut().filter(|l| l.0 > 0).for_each(|l| moved(&mut l.0));
    }

    /// Whether the next instruction can be reached.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// How many instructions there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is no instruction yet.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// From here on, instructions belong to this line.
    pub fn set_line(&mut self, file: u32, line: u32) {
        self.line = (file, line);
    }

    /// The line that instructions belong to now.
    pub fn line(&self) -> (u32, u32) {
        self.line
    }

    /// Appends an instruction; labels are label numbers. Nothing is appended where control cannot come.
    pub fn emit(&mut self, inst: Inst<'_>) {
        if !self.live {
            return;
        }
        let at = self.starts.len() as u32;
        if self.lines.last().is_none_or(|&(_, file, line)| (file, line) != self.line) {
            self.lines.push((at, self.line.0, self.line.1));
        }
        self.starts.push(self.code.len() as u32);
        let used = &mut self.label_used;
        inst.for_each_label(|label| used[label as usize] = true);
        if list_len(&inst) > u16::MAX as usize {
            self.too_large = Some(TooLarge::List);
            return;
        }
        inst.encode(&mut self.code);
        self.live = !never_falls_through(inst.op());
    }

    /// A label that is bound later.
    pub fn label(&mut self) -> Label {
        self.labels.push(UNBOUND);
        self.label_used.push(false);
        Label(self.labels.len() as u32 - 1)
    }

    /// Says that a jump to the label may be made later, backwards.
    pub fn expect_jump(&mut self, label: Label) {
        self.label_used[label.0 as usize] = true;
    }

    /// Binds a label to the next instruction.
    pub fn bind(&mut self, label: Label) {
        debug_assert!(self.labels[label.0 as usize] == UNBOUND, "internal error: label bound twice");
        self.labels[label.0 as usize] = self.starts.len() as u32;
        self.live |= self.label_used[label.0 as usize];
    }

    /// Goes to a label.
    pub fn jump(&mut self, label: Label) {
        self.emit(Inst::Jump { target: label.0 });
    }

    /// Makes the label the landing pad: control comes to it from every instruction that may panic.
    pub fn set_landing(&mut self, label: Label) {
        self.expect_jump(label);
        self.landing = Some(label);
    }

    /// A frame slot for a value of a type; reused after [`FuncBuilder::release_slots`].
    pub fn slot(&mut self, ty: TypeId, size: u32) -> u16 {
        let slot = self.any_slot(ty, size);
        self.open_slots.push(slot);
        slot
    }

    /// A frame slot for a moment; reused after [`FuncBuilder::release_scratch`].
    pub fn scratch(&mut self, ty: TypeId, size: u32) -> u16 {
        let slot = self.any_slot(ty, size);
        self.scratch_slots.push(slot);
        slot
    }

    fn any_slot(&mut self, ty: TypeId, size: u32) -> u16 {
        let reusable = self.free_slots.iter().position(|&s| self.slots[s as usize].ty == ty);
        match reusable {
            Some(at) => self.free_slots.swap_remove(at),
            None if self.slots.len() >= u16::MAX as usize => {
                self.too_large = Some(TooLarge::Slots);
                0
            }
            None => {
                self.slots.push(Slot { ty, size });
                (self.slots.len() - 1) as u16
            }
        }
    }

    /// Bytes of all slots so far.
    pub fn slot_bytes(&self) -> u64 {
        self.slots.iter().map(|s| s.size as u64).sum()
    }

    /// Where the slots stand.
    pub fn slot_mark(&self) -> SlotMark {
        SlotMark(self.open_slots.len())
    }

    /// Where the momentary slots stand.
    pub fn scratch_mark(&self) -> SlotMark {
        SlotMark(self.scratch_slots.len())
    }

    /// Gives back the momentary slots made since.
    pub fn release_scratch(&mut self, mark: SlotMark) {
        self.free_slots.extend(self.scratch_slots.drain(mark.0..));
    }

    /// Gives back the slots made since.
    pub fn release_slots(&mut self, mark: SlotMark) {
        self.free_slots.extend(self.open_slots.drain(mark.0..));
    }

    /// The finished function.
    pub fn finish(
        mut self,
        name: String,
        params: u16,
        results: Vec<Class>,
        flags: FuncFlags,
    ) -> Result<Function, TooLarge> {
        if let Some(why) = self.too_large {
            return Err(why);
        }
        if self.regs.overflowed() {
            return Err(TooLarge::Registers);
        }
        if self.starts.is_empty() || self.live || self.ends_in_label() {
            self.live = true;
            self.emit(Inst::Unreachable {});
        }
        self.insert_start();
        self.thread_jumps();
        let operands = Operands::of(&self.code, &self.starts);
        let kept = self.kept(&operands);
        let flow = suspend::Flow {
            operands: &operands,
            labels: &self.labels,
            kept: &kept,
            landing: self.landing.map(|l| self.labels[l.0 as usize]),
            params,
            regs: self.regs.classes().len(),
        };
        let points = suspend::points(&flow);
        let layout = self.layout(&kept);
        let code = self.relocated(&operands, &kept, &layout);
        let offset = |inst: u32| layout[inst as usize];
        let mut function = Function {
            name,
            params,
            regs: self.regs.classes().to_vec(),
            results,
            slots: std::mem::take(&mut self.slots),
            code,
            points: Vec::new(),
            landing: flow.landing.map(offset),
            flags,
            file: self.lines.first().map_or(0, |l| l.1),
            line: self.lines.first().map_or(0, |l| l.2),
            lines: Vec::new(),
            captures: Vec::new(),
        };
        function.points = points
            .into_iter()
            .map(|(inst, mut p)| {
                p.pc = offset(inst);
                p
            })
            .collect();
        function.lines = self.relocated_lines(&kept, &layout);
        Ok(function)
    }

    fn ends_in_label(&self) -> bool {
        let end = self.starts.len() as u32;
        self.labels.iter().zip(&self.label_used).any(|(&at, &used)| used && at == end)
    }

    fn op(&self, inst: u32) -> Op {
        op_at(&self.code, self.starts[inst as usize])
    }

    /// Makes jumps to unconditional jumps go where those go.
    fn thread_jumps(&mut self) {
        for label in 0..self.labels.len() {
            let mut at = self.labels[label];
            for _ in 0..8 {
                if at == UNBOUND || at as usize >= self.starts.len() || self.op(at) != Op::Jump {
                    break;
                }
                let next = self.labels[read_u32(&self.code, self.starts[at as usize] + 1) as usize];
                if next == at {
                    break;
                }
                at = next;
            }
            self.labels[label] = at;
        }
    }

    /// Which instructions stay: those that control can reach, without jumps to the next one.
    fn kept(&self, operands: &Operands) -> Vec<bool> {
        let mut kept = vec![false; self.starts.len()];
        let mut work = vec![0u32];
        work.extend(self.landing.map(|l| self.labels[l.0 as usize]));
        while let Some(mut at) = work.pop() {
            while (at as usize) < kept.len() && !kept[at as usize] {
                kept[at as usize] = true;
                work.extend(operands.labels(at).map(|label| self.labels[label as usize]));
                if never_falls_through(operands.op(at)) {
                    break;
                }
                at += 1;
            }
        }
        let mut next = kept.len() as u32;
        for at in (0..kept.len() as u32).rev() {
            if !kept[at as usize] {
                continue;
            }
            if operands.op(at) == Op::Jump && next < kept.len() as u32 {
                let target = self.labels[read_u32(&self.code, self.starts[at as usize] + 1) as usize];
                if target > at && target <= next && first_kept(&kept, target) == Some(next) {
                    kept[at as usize] = false;
                    continue;
                }
            }
            next = at;
        }
        kept
    }

    /// New offset of every instruction; that of a dropped one is the next kept one's.
    fn layout(&self, kept: &[bool]) -> Vec<u32> {
        let mut offsets = Vec::with_capacity(kept.len() + 1);
        let mut at = 0u32;
        for (i, &keep) in kept.iter().enumerate() {
            offsets.push(at);
            if keep {
                at += self.end_of(i) - self.starts[i];
            }
        }
        offsets.push(at);
        offsets
    }

    fn end_of(&self, inst: usize) -> u32 {
        self.starts.get(inst + 1).copied().unwrap_or(self.code.len() as u32)
    }

    fn relocated(&self, operands: &Operands, kept: &[bool], layout: &[u32]) -> Vec<u16> {
        let mut code = Vec::with_capacity(self.code.len());
        for (i, _) in kept.iter().enumerate().filter(|(_, keep)| **keep) {
            let (from, base) = (self.starts[i], code.len());
            code.extend_from_slice(&self.code[from as usize..self.end_of(i) as usize]);
            for &(place, label) in operands.label_places(i as u32) {
                let target = layout[self.labels[label as usize] as usize];
                let to = base + (place - from) as usize;
                code[to] = target as u16;
                code[to + 1] = (target >> 16) as u16;
            }
        }
        code
    }

    fn relocated_lines(&self, kept: &[bool], layout: &[u32]) -> Vec<LineEntry> {
        let mut lines: Vec<LineEntry> = Vec::with_capacity(self.lines.len());
        for (i, &(from, file, line)) in self.lines.iter().enumerate() {
            let to = self.lines.get(i + 1).map_or(kept.len() as u32, |next| next.0);
            if !kept[from as usize..to as usize].contains(&true) {
                continue;
            }
            let pc = layout[from as usize];
            if lines.last().is_none_or(|l| (l.file, l.line) != (file, line)) {
                lines.push(LineEntry { pc, file, line });
            }
        }
        lines
    }
}

fn first_kept(kept: &[bool], from: u32) -> Option<u32> {
    (from..kept.len() as u32).find(|&i| kept[i as usize])
}

fn list_len(inst: &Inst<'_>) -> usize {
    let mut n = 0;
    inst.for_each_reg(|_| n += 1);
    n
}

/// Whether control never goes on with the next instruction.
pub fn never_falls_through(op: Op) -> bool {
    matches!(op, Op::Jump | Op::JumpTable | Op::Return | Op::Unreachable | Op::Panic | Op::AssertFail)
}

/// The opcode at a code offset.
pub fn op_at(code: &[u16], at: u32) -> Op {
    Op::from_u16(code[at as usize]).expect("internal error: no such opcode")
}

/// Whether an instruction may go to the landing pad.
pub fn may_land(op: Op) -> bool {
    op.flags().has(Flags::PANIC) || op.flags().has(Flags::CALL)
}

pub(crate) fn read_u32(code: &[u16], at: u32) -> u32 {
    code[at as usize] as u32 | (code[at as usize + 1] as u32) << 16
}

/// Units of an operand at `at`.
fn width(code: &[u16], role: Role, at: u32) -> u32 {
    match role {
        Role::Reg(..) | Role::Slot => 1,
        Role::Regs(_) => 1 + code[at as usize] as u32,
        Role::Imm(bits) => bits as u32 / 16,
        Role::Label | Role::Ref(_) => 2,
        Role::Labels => 1 + 2 * code[at as usize] as u32,
    }
}

/// Units of each opcode's instructions, 0 where that depends on the length of a list.
static FIXED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let units = |op: &Op| {
        let fixed = |role: Role| match role {
            Role::Regs(_) | Role::Labels => None,
            role => Some(width(&[], role, 0) as u8),
        };
        op.operands().iter().try_fold(1, |sum, &(_, role)| Some(sum + fixed(role)?)).unwrap_or(0)
    };
    Op::ALL.iter().map(units).collect()
});

/// Calls `f` with the offset and opcode of each instruction, whose operands are not looked at, as long as it answers
/// true.
pub(crate) fn scan(code: &[u16], mut f: impl FnMut(u32, Op) -> bool) {
    let fixed = &FIXED[..];
    let mut at = 0;
    while (at as usize) < code.len() {
        let op = op_at(code, at);
        if !f(at, op) {
            return;
        }
        at += match fixed[op as usize] {
            0 => op.operands().iter().fold(1, |sum, &(_, role)| sum + width(code, role, at + sum)),
            units => u32::from(units),
        };
    }
}

/// What all instructions of a function name, decoded once for the passes that look at it again and again.
pub struct Operands {
    ops: Vec<Op>,
    regs: Vec<(Reg, Access)>,
    /// Offset and number of each label.
    labels: Vec<(u32, u32)>,
    /// Where the registers and labels of each instruction begin, and where the last one's end.
    bounds: Vec<(u32, u32)>,
}

impl Operands {
    /// Decodes the instructions that start at the given offsets.
    pub fn of(code: &[u16], starts: &[u32]) -> Operands {
        let n = starts.len();
        let mut operands = Operands {
            ops: Vec::with_capacity(n),
            regs: Vec::with_capacity(3 * n),
            labels: Vec::new(),
            bounds: Vec::with_capacity(n + 1),
        };
        for &start in starts {
            operands.bounds.push((operands.regs.len() as u32, operands.labels.len() as u32));
            operands.decode(code, start);
        }
        operands.bounds.push((operands.regs.len() as u32, operands.labels.len() as u32));
        operands
    }

    fn decode(&mut self, code: &[u16], start: u32) {
        let op = op_at(code, start);
        self.ops.push(op);
        let mut place = start + 1;
        for &(_, role) in op.operands() {
            match role {
                Role::Reg(access, _) => self.regs.push((Reg(code[place as usize]), access)),
                Role::Regs(access) => {
                    let list = &code[place as usize + 1..][..code[place as usize] as usize];
                    self.regs.extend(list.iter().map(|&reg| (Reg(reg), access)));
                }
                Role::Label => self.labels.push((place, read_u32(code, place))),
                Role::Labels => {
                    let places = (0..code[place as usize] as u32).map(|i| place + 1 + 2 * i);
                    self.labels.extend(places.map(|at| (at, read_u32(code, at))));
                }
                _ => {}
            }
            place += width(code, role, place);
        }
    }

    /// How many instructions there are.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// The opcode of an instruction.
    pub fn op(&self, inst: u32) -> Op {
        self.ops[inst as usize]
    }

    /// The registers of an instruction, in the order of its operands.
    pub fn regs(&self, inst: u32) -> &[(Reg, Access)] {
        let i = inst as usize;
        &self.regs[self.bounds[i].0 as usize..self.bounds[i + 1].0 as usize]
    }

    /// The numbers of an instruction's labels.
    pub fn labels(&self, inst: u32) -> impl Iterator<Item = u32> + '_ {
        self.label_places(inst).iter().map(|&(_, label)| label)
    }

    fn label_places(&self, inst: u32) -> &[(u32, u32)] {
        let i = inst as usize;
        &self.labels[self.bounds[i].1 as usize..self.bounds[i + 1].1 as usize]
    }
}

/// Calls `f` with the offset of each label of the instruction at `at`.
pub(crate) fn for_each_label_place(code: &[u16], at: u32, mut f: impl FnMut(u32)) {
    let mut place = at + 1;
    for &(_, role) in op_at(code, at).operands() {
        match role {
            Role::Label => f(place),
            Role::Labels => (0..code[place as usize] as u32).for_each(|i| f(place + 1 + 2 * i)),
            _ => {}
        }
        place += width(code, role, place);
    }
}

/// Calls `f` with each register operand of the instruction at `at`.
pub fn for_each_reg(code: &[u16], at: u32, mut f: impl FnMut(Reg, Access)) {
    for_each_reg_place(code, at, |_, reg, access| f(reg, access));
}

/// As [`for_each_reg`], with the offset of each operand.
pub(crate) fn for_each_reg_place(code: &[u16], at: u32, mut f: impl FnMut(u32, Reg, Access)) {
    let mut place = at + 1;
    let reg = |place: u32| Reg(code[place as usize]);
    for &(_, role) in op_at(code, at).operands() {
        match role {
            Role::Reg(access, _) => f(place, reg(place), access),
            Role::Regs(access) => {
                let n = code[place as usize] as u32;
                (place + 1..=place + n).for_each(|i| f(i, reg(i), access));
            }
            _ => {}
        }
        place += width(code, role, place);
    }
}

/// Calls `f` with the offset of each reference to a table of the module of the instruction at `at`.
pub(crate) fn for_each_ref_place(code: &[u16], at: u32, mut f: impl FnMut(u32, Table)) {
    let mut place = at + 1;
    for &(_, role) in op_at(code, at).operands() {
        if let Role::Ref(table) = role {
            f(place, table);
        }
        place += width(code, role, place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vo_bytecode::PointKind;
    use vo_bytecode::operand::RegList;

    fn ops(function: &Function) -> Vec<Op> {
        let insts = vo_bytecode::inst::instructions(&function.code);
        insts.map(|i| i.expect("decodes").1.op()).collect()
    }

    fn finished(f: FuncBuilder, params: u16) -> Function {
        f.finish("f".into(), params, Vec::new(), FuncFlags::default()).expect("fits")
    }

    #[test]
    fn code_that_is_never_reached_is_dropped() {
        let mut f = FuncBuilder::new();
        let (end, dead) = (f.label(), f.label());
        f.jump(end);
        f.emit(Inst::LoopHeader {});
        f.bind(dead);
        f.emit(Inst::LoopHeader {});
        f.bind(end);
        f.emit(Inst::Return { results: RegList(&[]) });
        assert_eq!(ops(&finished(f, 0)), [Op::Return]);
    }

    #[test]
    fn what_the_landing_pad_reads_is_live_at_calls() {
        let mut f = FuncBuilder::new();
        let list = f.regs.pinned(Class::Ptr);
        let (other, state) = (f.regs.pinned(Class::Int), f.regs.pinned(Class::Int));
        let landing = f.label();
        f.set_landing(landing);
        f.emit(Inst::Zero { dst: list });
        f.emit(Inst::Zero { dst: other });
        f.emit(Inst::Call { func: 0, args: RegList(&[other.0]), results: RegList(&[]) });
        f.emit(Inst::Return { results: RegList(&[]) });
        f.bind(landing);
        f.emit(Inst::Zero { dst: state });
        f.emit(Inst::DeferUnwind { list, state });
        f.emit(Inst::Return { results: RegList(&[]) });
        let function = finished(f, 0);
        let call = function.points.iter().find(|p| p.kind == PointKind::Call).expect("a point");
        assert_eq!(call.live, [list]);
        let retry = function.points.iter().find(|p| p.kind == PointKind::Retry).expect("a point");
        assert_eq!(retry.live, [list, state]);
        assert!(function.points[0].live.is_empty());
    }

    #[test]
    fn what_a_loop_reads_later_is_live_at_its_header() {
        let mut f = FuncBuilder::new();
        let (n, i) = (f.regs.pinned(Class::Int), f.regs.pinned(Class::Int));
        let (body, test) = (f.label(), f.label());
        f.emit(Inst::Zero { dst: i });
        f.expect_jump(body);
        f.jump(test);
        f.bind(body);
        f.emit(Inst::LoopHeader {});
        f.emit(Inst::AddImm { dst: i, a: i, imm: 1 });
        f.bind(test);
        f.emit(Inst::JumpLtS { a: i, b: n, target: body.0 });
        f.emit(Inst::Return { results: RegList(&[]) });
        let function = finished(f, 1);
        assert_eq!(function.points[0].live, [n]);
        assert_eq!(function.points[1].kind, PointKind::Loop);
        assert_eq!(function.points[1].live, [n, i]);
    }

    #[test]
    fn hoisted_constants_come_first_and_jumps_still_fit() {
        let mut f = FuncBuilder::new();
        let (i, c) = (f.regs.pinned(Class::Int), f.regs.pinned(Class::Int));
        let body = f.label();
        f.expect_jump(body);
        f.bind(body);
        f.emit(Inst::LoopHeader {});
        f.emit_at_start(Inst::ConstI32 { dst: c, value: 7 });
        f.emit(Inst::JumpLtS { a: i, b: c, target: body.0 });
        f.emit(Inst::Return { results: RegList(&[]) });
        let function = finished(f, 1);
        assert_eq!(ops(&function), [Op::ConstI32, Op::LoopHeader, Op::JumpLtS, Op::Return]);
        let (jump, _) = Inst::decode(&function.code, 5).expect("decodes");
        assert_eq!(jump, Inst::JumpLtS { a: i, b: c, target: 4 });
    }
}
