//! Bodies: the unit's own function, and callees that are translated in place of their calls.
//!
//! A body has its own registers, slots, blocks and cold exits. To inline a call is to put the translation's
//! state for the caller aside, to translate the callee's body with its own, and to go on in a block where its
//! returns meet. A frame that is inlined has no native frame, but it is a frame to everybody else:
//! it writes records and trace lines under its own function, and its sites name their callers ([`Sites`]).
//!
//! Must stay true: a body's blocks lead to its own blocks, to its caller's `back` block, and, by way
//! of the exit block, to where the caller leaves; nowhere else.

use super::strip::{Step, Strip, stepped};
use super::{Entry, Translator};
use crate::abi::{self, STATUS};
use crate::bias::{self, Rare};
use crate::compile::Unit;
use crate::facts::{Node, Range};
use crate::graph::Graph;
use crate::suspend::Shared;
use cranelift_codegen::ir::{Block, InstBuilder, SourceLoc, StackSlot, StackSlotData, StackSlotKind, Value};
use cranelift_frontend::{FunctionBuilder, Variable};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Mutex;
use vo_bytecode::flow::always_ends;
use vo_bytecode::operand::RegList;
use vo_bytecode::ops::Flags;
use vo_bytecode::{Function, Inst, PointKind, Reg, Status};
use vo_runtime::code::{INLINED, InlinedSite};

/// The translation of one body.
pub(crate) struct Body<'a> {
    pub(crate) func: &'a Function,
    pub(crate) index: u32,
    pub(crate) graph: Rc<Graph<'a>>,
    pub(crate) vars: Vec<Variable>,
    pub(super) blocks: Vec<Block>,
    /// Which of them are hardly ever come to.
    pub(crate) rare: Vec<Rare>,
    /// Each translated block's node.
    pub(crate) nodes: Vec<Option<Node>>,
    /// The node of what the body's entry is dominated by.
    root: Node,
    /// Of loop headers: what registers hold before the loop.
    before: Vec<Option<Vec<(Reg, Value)>>>,
    /// Of the headers of loops that run in strips.
    pub(super) strips: Vec<Option<Strip>>,
    /// Of loop headers: over which block turns follow each other.
    pub(super) latches: Vec<Option<Block>>,
    /// Of places before loops: what ranges the registers that it counts with have on all ways there.
    ranges: HashMap<(usize, Reg), Range>,
    /// The graph's block that is translated.
    pub(crate) block: usize,
    /// The running instruction and the one behind it.
    pub(crate) pc: u32,
    pub(crate) next: u32,
    pub(crate) slots: Option<StackSlot>,
    /// The register that holds the closure that the function was called by, and nothing else.
    pub(crate) closure: Option<Reg>,
    pub(crate) slot_offsets: Vec<u32>,
    pub(crate) shared: Shared,
    /// Of a continuation that begins at a loop's header: whether that looks at the interrupt word by now, as a mask.
    pub(super) looks: Option<Variable>,
    /// Of an inlined body: where it comes back to.
    pub(crate) back: Option<Back>,
}

/// Where an inlined body comes back to.
pub(crate) struct Back {
    join: Block,
    /// The caller's registers that take the results.
    results: Vec<Reg>,
    /// How many returns there are, and the node of the last.
    returns: usize,
    node: Node,
}

/// The inlined calls of a program's code, by number: see `vo_runtime::code::INLINED`.
#[derive(Default)]
pub(crate) struct Sites(Mutex<Vec<InlinedSite>>);

impl Sites {
    fn add(&self, site: InlinedSite) -> u32 {
        let mut sites = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        sites.push(site);
        sites.len() as u32 - 1
    }

    /// The site with a number.
    pub(crate) fn get(&self, number: u32) -> Option<InlinedSite> {
        let sites = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        sites.get(number as usize).copied()
    }
}

impl<'a> Body<'a> {
    /// The unit's own body.
    pub(crate) fn of_unit(unit: &Unit<'a>, b: &mut FunctionBuilder<'_>) -> Body<'a> {
        let func = unit.function();
        let entry = entry_pc(func, unit.entry);
        let graph = if unit.only_loop { Graph::of_loop(func, entry) } else { Graph::new(func, entry) };
        Body::new(unit, unit.func, Rc::new(graph), 0, None, b)
    }

    fn new(
        unit: &Unit<'a>,
        index: u32,
        graph: Rc<Graph<'a>>,
        root: Node,
        back: Option<Back>,
        b: &mut FunctionBuilder<'_>,
    ) -> Body<'a> {
        let func = &unit.link.module.functions[index as usize];
        let n = graph.blocks.len();
        let landing = func.landing.map(|pc| graph.block_at(pc));
        let rare = bias::rare_blocks(&graph, landing, |pc| unit.seen.bias(index, pc));
        let blocks: Vec<Block> = graph.blocks.iter().map(|_| b.create_block()).collect();
        for (&block, _) in blocks.iter().zip(&rare).filter(|(_, rare)| **rare != Rare::No) {
            b.set_cold_block(block);
        }
        let mut at = 0;
        let mut slot_offsets = Vec::with_capacity(func.slots.len());
        for slot in &func.slots {
            slot_offsets.push(at);
            at += slot.size.next_multiple_of(8);
        }
        let mut written = false;
        graph.insts.iter().for_each(|(_, inst)| inst.for_each_set(|reg| written |= reg == Reg(0)));
        let slots = (at > 0)
            .then(|| b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, at, 4)));
        Body {
            func,
            index,
            vars: func.regs.iter().map(|&class| b.declare_var(abi::ty(class))).collect(),
            blocks,
            rare,
            nodes: vec![None; n],
            root,
            before: (0..n).map(|_| None).collect(),
            strips: vec![None; n],
            latches: vec![None; n],
            ranges: HashMap::new(),
            block: graph.entry,
            graph,
            pc: 0,
            next: 0,
            slots,
            closure: (func.flags.closure && !written).then_some(Reg(0)),
            slot_offsets,
            shared: Shared::default(),
            looks: None,
            back,
        }
    }
}

/// The offset at which an entry's code begins.
fn entry_pc(func: &Function, entry: Entry) -> u32 {
    let Entry::Point(point) = entry else { return 0 };
    let point = &func.points[point as usize];
    match point.kind {
        PointKind::Entry | PointKind::Retry => point.pc,
        // The header is entered as such, where it need not be a landing pad's as well.
        PointKind::Loop if func.landing.is_none() => point.pc,
        PointKind::Loop | PointKind::Call | PointKind::Blocking => {
            let decoded = Inst::decode(&func.code, point.pc);
            decoded.expect("internal error: verified code does not decode").1
        }
    }
}

/// Walking through a body.
impl<'a> Translator<'a, '_> {
    /// Where the running block goes that goes on at a code offset.
    pub(crate) fn block_at(&self, pc: u32) -> Block {
        self.way_to(self.body.graph.next_at(self.body.block, pc))
    }

    /// Translates the running body; the block from which it is entered is open.
    pub(crate) fn translate_body(&mut self) {
        let graph = self.body.graph.clone();
        let entry = graph.entry;
        self.note_loop_entry(&graph, entry, None);
        self.enter_at_header(&graph);
        self.b.ins().jump(self.body.blocks[entry], &[]);
        let landing = self.body.func.landing.map(|pc| graph.block_at(pc));
        for &block in &graph.order {
            self.begin_block(&graph, block, landing);
            if graph.is_end(block) {
                self.leave_at_loop(&graph, block);
            } else {
                self.block_insts(&graph, block);
            }
            self.seal_behind(&graph, block, landing);
        }
        self.make_shared();
    }

    /// The fiber gives its worker up, and is interpreted from this loop on until that is hot.
    fn leave_at_loop(&mut self, graph: &Graph<'a>, block: usize) {
        self.body.pc = graph.blocks[block].pc;
        self.set_location(&Inst::LoopHeader {});
        let status = self.b.ins().iconst(STATUS, Status::Wake as i64);
        self.spill_and_exit(status);
    }

    fn begin_block(&mut self, graph: &Graph<'a>, block: usize, landing: Option<usize>) {
        self.body.block = block;
        let to = self.body.blocks[block];
        self.b.switch_to_block(to);
        if graph.is_forward(block) && Some(block) != landing {
            self.b.seal_block(to);
        }
        let entered = block == graph.entry;
        let parent = match graph.blocks[block].idom {
            Some(idom) => self.body.nodes[idom],
            None => entered.then_some(self.body.root),
        };
        if graph.blocks[block].header_of.is_some() {
            self.memory.loops();
        }
        let node = self.facts.node(parent);
        self.body.nodes[block] = Some(node);
        self.facts.go(node);
        self.join_ranges(graph, block);
        if let Some(before) = self.body.before[block].take() {
            self.enter_loop(graph, block, &before);
            if let Some(plan) = self.plan_strips(graph, block, &before) {
                self.learn_from_edges(graph, block);
                self.begin_strip(block, &plan);
                self.enter_loop(graph, block, &before);
            }
        }
        if self.body.strips[block].is_none() && Some(block) != landing {
            self.plan_latch(graph, block);
        }
        self.learn_from_edges(graph, block);
    }

    fn block_insts(&mut self, graph: &Graph<'a>, block: usize) {
        let last = graph.blocks[block].insts().next_back();
        let mut open = true;
        self.count_if_rare(graph, block);
        for i in graph.blocks[block].insts() {
            let (pc, inst) = &graph.insts[i];
            self.body.pc = *pc;
            self.body.next = graph.pc_behind(i);
            self.set_location(inst);
            if Some(i) == last && inst.op().flags().has(Flags::END) {
                self.note_loops(graph, block);
                open = false;
            }
            inst.accept(&mut super::Rows(self));
            debug_assert!(!always_ends(inst) || Some(i) == last, "internal error: a block goes on");
        }
        if open {
            self.note_loops(graph, block);
            let next = graph.blocks[block].next[0];
            let to = self.way_to(next);
            self.b.ins().jump(to, &[]);
        }
    }

    /// Where rare blocks begin: counts how often they do. What panics, or is a loop, is not counted.
    fn count_if_rare(&mut self, graph: &Graph<'a>, block: usize) {
        if let Rare::Behind(jump) = self.body.rare[block]
            && !graph.ends_in_panic(block)
            && graph.blocks[block].header_of.is_none()
        {
            self.body.pc = jump;
            let nothing = self.int(0);
            self.count_miss(nothing);
        }
    }

    /// Seals the blocks that the one just translated was the last to lead to.
    fn seal_behind(&mut self, graph: &Graph<'a>, block: usize, landing: Option<usize>) {
        let rank = graph.blocks[block].rank;
        for &next in &graph.blocks[block].next {
            let is_last = graph.blocks[next].preds.iter().all(|&p| graph.blocks[p].rank <= rank);
            if is_last && graph.blocks[next].rank <= rank && Some(next) != landing {
                // The inner first: a register that neither changes is seen to be the same in the outer one.
                self.seal_strip(next);
                self.fill_latch(graph, next);
                self.b.seal_block(self.body.blocks[next]);
            }
        }
    }

    /// The source location of calls, from which traces are made.
    pub(super) fn set_location(&mut self, inst: &Inst<'_>) {
        let bits = if self.callers.is_empty() {
            self.body.pc + 1
        } else if inst.op().flags().has(Flags::CALL) {
            self.site_parts().0
        } else {
            0
        };
        self.b.set_srcloc(SourceLoc::new(bits));
    }

    /// The running instruction as traces know it: function and code offset, or the number of an inlined site.
    pub(crate) fn site_parts(&self) -> (u32, u32) {
        let bodies = self.callers.iter().chain([&self.body]);
        let mut bodies = bodies.map(|body| (body.index, body.pc));
        let own = bodies.next().unwrap_or((self.body.index, self.body.pc));
        bodies.fold(own, |caller, site| {
            let number = self.unit.sites.add(InlinedSite { site, caller });
            assert!(number < INLINED, "internal error: too many inlined calls");
            (INLINED | number, 0)
        })
    }
}

/// Loops, and what conditions tell.
impl<'a> Translator<'a, '_> {
    /// Before control leaves `block`: notes what loops that are entered from here find.
    fn note_loops(&mut self, graph: &Graph<'a>, block: usize) {
        for &next in &graph.blocks[block].next {
            if graph.blocks[next].insts().next().is_none() {
                self.note_ranges(graph, next);
            }
            self.note_loop_entry(graph, next, Some(block));
        }
    }

    fn note_loop_entry(&mut self, graph: &Graph<'a>, header: usize, from: Option<usize>) {
        let Some(natural) = graph.blocks[header].header_of.map(|l| &graph.loops[l]) else { return };
        let is_entry = header == graph.entry;
        let comes_here = match from {
            None => natural.before.is_none() && is_entry,
            Some(from) => natural.before == Some(from) && !is_entry,
        };
        if !comes_here || self.body.before[header].is_some() {
            return;
        }
        let counters = self.counters(graph, header);
        let regs: Vec<Reg> = natural.invariant.iter().chain(counters.iter().map(|c| c.reg)).collect();
        let values = regs.into_iter().map(|reg| (reg, self.get(reg))).collect();
        self.body.before[header] = Some(values);
    }

    /// At a loop header: registers that the loop does not write hold what they held before it.
    fn keep_invariant(&mut self, graph: &Graph<'a>, header: usize, before: &[(Reg, Value)]) {
        let Some(natural) = graph.blocks[header].header_of.map(|l| &graph.loops[l]) else { return };
        for &(reg, value) in before.iter().filter(|(reg, _)| natural.invariant.has(*reg)) {
            self.b.def_var(self.body.vars[usize::from(reg.0)], value);
        }
    }

    /// At a loop header: counters begin with what they held before it, and never wrap.
    fn enter_loop(&mut self, graph: &Graph<'a>, header: usize, before: &[(Reg, Value)]) {
        self.keep_invariant(graph, header, before);
        self.learn_lengths(graph, header);
        let counters = self.counters(graph, header);
        for &(reg, value) in before {
            let Some(counter) = counters.iter().find(|c| c.reg == reg) else { continue };
            let first = self.facts.range(&self.b.func.dfg, value);
            let bounds = if counter.up { Vec::new() } else { self.bounds_of(value) };
            let counted = self.get(reg);
            let dfg = &self.b.func.dfg;
            if counter.up {
                self.facts.set_range(dfg, counted, Range { lo: first.lo, hi: i64::MAX });
            } else {
                self.facts.set_range(dfg, counted, Range { lo: i64::MIN, hi: first.hi });
                bounds.into_iter().for_each(|bound| self.facts.set_less(dfg, counted, bound));
            }
        }
    }

    /// What an instruction of a loop takes for a length, and the loop does not change, is one.
    fn learn_lengths(&mut self, graph: &Graph<'a>, header: usize) {
        let Some(natural) = graph.blocks[header].header_of.map(|l| &graph.loops[l]) else { return };
        let blocks = (0..natural.blocks.len()).filter(|&b| natural.blocks[b]);
        for i in blocks.flat_map(|b| graph.blocks[b].insts()) {
            if let Some(len) = length_of(&graph.insts[i].1).filter(|&len| natural.invariant.has(len)) {
                let value = self.get(len);
                self.facts.set_range(&self.b.func.dfg, value, Range::LENGTH);
            }
        }
    }

    /// At a place before a loop: the registers that the loop counts with are in what they are in on some way there.
    fn join_ranges(&mut self, graph: &Graph<'a>, block: usize) {
        if graph.blocks[block].insts().next().is_some() {
            return;
        }
        let header = graph.blocks[block].next[0];
        for reg in stepped(graph, header).into_iter().map(|c| c.reg) {
            if let Some(range) = self.body.ranges.remove(&(block, reg)) {
                let value = self.get(reg);
                self.facts.set_range(&self.b.func.dfg, value, range);
            }
        }
    }

    /// On the way to a place before a loop.
    fn note_ranges(&mut self, graph: &Graph<'a>, place: usize) {
        let header = graph.blocks[place].next[0];
        for reg in stepped(graph, header).into_iter().map(|c| c.reg) {
            let value = self.get(reg);
            let here = self.facts.range(&self.b.func.dfg, value);
            let all = self.body.ranges.entry((place, reg)).or_insert(here);
            *all = Range { lo: all.lo.min(here.lo), hi: all.hi.max(here.hi) };
        }
    }

    /// What a value is less than: what it was compared with, and what it was made from by taking one away.
    fn bounds_of(&self, value: Value) -> Vec<Value> {
        let dfg = &self.b.func.dfg;
        let mut bounds = self.facts.upper_bounds(dfg, value);
        bounds.extend(self.facts.less_by_definition(dfg, value));
        bounds
    }

    /// The registers that a loop only counts up or down with, once a turn at most, and whose
    /// every turn begins with a comparison that keeps the next step from wrapping.
    fn counters(&self, graph: &Graph<'a>, header: usize) -> Vec<Counter> {
        let Some((condition, taken)) = condition_before(graph, header) else { return Vec::new() };
        let Some((a, b, holds)) = comparison(condition) else { return Vec::new() };
        let holds = if taken { holds } else { holds.negated() };
        let keeps = |c: super::strip::Stepped| {
            let step = match c.step {
                Step::Imm(step) => step,
                Step::Reg(_) => return None,
            };
            keeps_from_wrapping((a, b, holds), c.reg, step).then_some(Counter { reg: c.reg, up: step > 0 })
        };
        stepped(graph, header).into_iter().filter_map(keeps).collect()
    }

    /// At the start of a block: what the conditions say that lead to it.
    fn learn_from_edges(&mut self, graph: &Graph<'a>, block: usize) {
        let Some((inst, taken)) = condition_before(graph, block) else { return };
        let Some((a, b, mut holds)) = comparison(inst) else { return };
        holds = if taken { holds } else { holds.negated() };
        let class = self.class(a);
        if abi::ty(class).is_float() {
            return;
        }
        let a = self.get(a);
        let b = match b {
            Operand::Reg(reg) => {
                if abi::ty(self.class(reg)).is_float() {
                    return;
                }
                self.get(reg)
            }
            Operand::Imm(imm) => return self.learn_constant(a, holds, imm),
        };
        let dfg = &self.b.func.dfg;
        match holds {
            Holds::Less => self.facts.set_less(dfg, a, b),
            Holds::Greater => self.facts.set_less(dfg, b, a),
            Holds::AtMost => {
                let (ra, rb) = (self.facts.range(dfg, a), self.facts.range(dfg, b));
                self.facts.set_range(dfg, a, Range { lo: i64::MIN, hi: rb.hi });
                self.facts.set_range(dfg, b, Range { lo: ra.lo, hi: i64::MAX });
            }
            Holds::AtLeast => {
                let (ra, rb) = (self.facts.range(dfg, a), self.facts.range(dfg, b));
                self.facts.set_range(dfg, a, Range { lo: rb.lo, hi: i64::MAX });
                self.facts.set_range(dfg, b, Range { lo: i64::MIN, hi: ra.hi });
            }
            Holds::Equal | Holds::Differs => {}
        }
    }

    fn learn_constant(&mut self, a: Value, holds: Holds, c: i64) {
        let dfg = &self.b.func.dfg;
        let range = match holds {
            Holds::Less => Range { lo: i64::MIN, hi: c.saturating_sub(1) },
            Holds::AtMost => Range { lo: i64::MIN, hi: c },
            Holds::Greater => Range { lo: c.saturating_add(1), hi: i64::MAX },
            Holds::AtLeast => Range { lo: c, hi: i64::MAX },
            Holds::Equal => Range { lo: c, hi: c },
            Holds::Differs => {
                if c == 0 {
                    self.know_not_nil(a);
                }
                return;
            }
        };
        self.facts.set_range(dfg, a, range);
    }
}

/// A register that a loop counts with.
struct Counter {
    reg: Reg,
    up: bool,
}

/// How two operands of a comparison stand to each other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Less,
    AtMost,
    Greater,
    AtLeast,
    Equal,
    Differs,
}

impl Holds {
    fn negated(self) -> Holds {
        match self {
            Holds::Less => Holds::AtLeast,
            Holds::AtMost => Holds::Greater,
            Holds::Greater => Holds::AtMost,
            Holds::AtLeast => Holds::Less,
            Holds::Equal => Holds::Differs,
            Holds::Differs => Holds::Equal,
        }
    }

    /// With the operands swapped.
    pub(super) fn swapped(self) -> Holds {
        match self {
            Holds::Less => Holds::Greater,
            Holds::AtMost => Holds::AtLeast,
            Holds::Greater => Holds::Less,
            Holds::AtLeast => Holds::AtMost,
            Holds::Equal | Holds::Differs => self,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Operand {
    Reg(Reg),
    Imm(i64),
}

/// What a signed comparing jump says where it jumps.
pub(super) fn comparison(inst: &Inst<'_>) -> Option<(Reg, Operand, Holds)> {
    let imm = |a: Reg, imm: i32, holds| Some((a, Operand::Imm(i64::from(imm)), holds));
    match *inst {
        Inst::JumpLtS { a, b, .. } => Some((a, Operand::Reg(b), Holds::Less)),
        Inst::JumpLeS { a, b, .. } => Some((a, Operand::Reg(b), Holds::AtMost)),
        Inst::JumpLtImm { a, imm: c, .. } => imm(a, c, Holds::Less),
        Inst::JumpLeImm { a, imm: c, .. } => imm(a, c, Holds::AtMost),
        Inst::JumpGtImm { a, imm: c, .. } => imm(a, c, Holds::Greater),
        Inst::JumpGeImm { a, imm: c, .. } => imm(a, c, Holds::AtLeast),
        Inst::JumpEqImm { a, imm: c, .. } => imm(a, c, Holds::Equal),
        Inst::JumpNeImm { a, imm: c, .. } => imm(a, c, Holds::Differs),
        _ => None,
    }
}

/// The jump that leads to a block from all its predecessors, the same one each time, and whether it is
/// where it jumps to.
pub(super) fn condition_before<'g, 'a>(graph: &'g Graph<'a>, block: usize) -> Option<(&'g Inst<'a>, bool)> {
    let mut condition = None;
    let mut preds = graph.blocks[block].preds.clone();
    while let Some(pred) = preds.pop() {
        let Some(last) = graph.blocks[pred].insts().next_back() else {
            // A place before a loop.
            preds.extend(&graph.blocks[pred].preds);
            continue;
        };
        if condition.is_some_and(|c| c != last) {
            return None;
        }
        condition = Some(last);
        if let [a, b] = graph.blocks[pred].next[..]
            && a == b
        {
            return None;
        }
    }
    let inst = &graph.insts[condition?].1;
    comparison(inst)?;
    let mut taken = false;
    inst.for_each_label(|target| taken |= target == graph.blocks[block].pc);
    // The entry of a continuation is entered from elsewhere too.
    (block != graph.entry).then_some((inst, taken))
}

/// Whether a turn that begins behind this condition can take one more step without wrapping.
fn keeps_from_wrapping((a, b, holds): (Reg, Operand, Holds), counter: Reg, step: i64) -> bool {
    let up = step > 0;
    match (a == counter, b, holds) {
        (true, Operand::Reg(_), Holds::Less) => up && step == 1,
        (true, Operand::Reg(_), Holds::Greater) => !up && step == -1,
        (true, Operand::Imm(_), Holds::Less | Holds::AtMost) => up,
        (true, Operand::Imm(_), Holds::Greater | Holds::AtLeast) => !up,
        (false, Operand::Reg(b), Holds::Less) if b == counter => !up && step == -1,
        (false, Operand::Reg(b), Holds::Greater) if b == counter => up && step == 1,
        _ => false,
    }
}

/// The register that an instruction takes for a length of at least 0.
fn length_of(inst: &Inst<'_>) -> Option<Reg> {
    match *inst {
        Inst::LoadAtI8 { len, .. }
        | Inst::LoadAtU8 { len, .. }
        | Inst::LoadAtI16 { len, .. }
        | Inst::LoadAtU16 { len, .. }
        | Inst::LoadAtI32 { len, .. }
        | Inst::LoadAtU32 { len, .. }
        | Inst::LoadAtI64 { len, .. }
        | Inst::LoadAtF32 { len, .. }
        | Inst::LoadAtF64 { len, .. }
        | Inst::LoadAtPtr { len, .. }
        | Inst::StoreAt8 { len, .. }
        | Inst::StoreAt16 { len, .. }
        | Inst::StoreAt32 { len, .. }
        | Inst::StoreAt64 { len, .. }
        | Inst::StoreAtF32 { len, .. }
        | Inst::StoreAtF64 { len, .. }
        | Inst::StoreAtPtr { len, .. }
        | Inst::IndexAddr { len, .. }
        | Inst::BoundsCheck { len, .. } => Some(len),
        _ => None,
    }
}

/// Inlining.
impl<'a> Translator<'a, '_> {
    /// Translates a function in place of the call that is the running instruction.
    pub(crate) fn inline(&mut self, func: u32, graph: Rc<Graph<'a>>, args: &[Value], results: RegList<'_>) {
        let callee = &self.link.module.functions[func as usize];
        let join = self.b.create_block();
        let root = self.facts.here();
        let back = Back { join, results: results.iter().collect(), returns: 0, node: root };
        let body = Body::new(self.unit, func, graph, root, Some(back), &mut self.b);
        let caller = std::mem::replace(&mut self.body, body);
        self.callers.push(caller);
        for (i, &arg) in args.iter().enumerate() {
            let ty = abi::ty(callee.regs[i]);
            let word = abi::as_word(&mut self.b, arg);
            let value = if self.b.func.dfg.value_type(arg) == ty {
                arg
            } else {
                abi::from_word(&mut self.b, ty, word)
            };
            self.b.def_var(self.body.vars[i], value);
        }
        self.clear_slots();
        self.translate_body();
        let caller = self.callers.pop().expect("internal error: an inlined body without caller");
        let callee = std::mem::replace(&mut self.body, caller);
        self.go_to(join);
        // Behind the only return, what held there holds.
        let node = match callee.back {
            Some(back) if back.returns == 1 => back.node,
            _ => root,
        };
        let node = self.facts.node(Some(node));
        self.facts.go(node);
        self.body.nodes[self.body.block] = Some(node);
        self.b.set_srcloc(SourceLoc::default());
    }

    /// The inlined body returns.
    pub(crate) fn return_inlined(&mut self, results: RegList<'_>) {
        let values: Vec<Value> = results.iter().map(|reg| self.get(reg)).collect();
        let node = self.facts.here();
        let Some(back) = &mut self.body.back else {
            panic!("internal error: the unit's own body comes back")
        };
        back.returns += 1;
        back.node = node;
        let (join, regs) = (back.join, back.results.clone());
        let caller = self.callers.pop().expect("internal error: an inlined body without caller");
        let callee = std::mem::replace(&mut self.body, caller);
        for (&reg, &value) in regs.iter().zip(&values) {
            let word = abi::as_word(&mut self.b, value);
            if self.b.func.dfg.value_type(value) == self.ty(reg) {
                self.set(reg, value);
            } else {
                self.set_word(reg, word);
            }
        }
        let caller = std::mem::replace(&mut self.body, callee);
        self.callers.push(caller);
        self.b.ins().jump(join, &[]);
    }
}
