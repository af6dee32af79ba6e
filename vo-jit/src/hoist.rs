//! Loads that give the same in every turn of a loop are done once, before it.
//!
//! Cranelift forwards what was loaded and stored within a turn, but takes no load out of a loop. Here that is done on its
//! IR, when a unit has been translated, so that what inlined bodies load is seen too:
//!
//! ```text
//!     H: a = load p+8                       P: q = p == nil ? zeroes : p
//!        b = load p+16                         a = load q+8
//!        store [a + 8 * i] = x    becomes      b = load q+16
//!        if .. goto H                       H: store [a + 8 * i] = x
//!                                              if .. goto H
//! ```
//!
//! A load is taken out where its address does not change in the loop and nothing there may write what it reads: no call
//! but those of the runtime that change nothing of the program's ([`Memory::leave_alone`]), nothing that synchronises, no store to
//! the same place. (Another goroutine may write there: without synchronisation, Go promises nothing about when that is
//! seen. A loop that is left at a poll, and entered again, loads again.) What stores are to other places is said by
//! addresses (slots of the frame; different fields of one object, or of elements of one array) and by the kinds of values: memory
//! of one type is not written as another, except by programs that change the types of pointers; in those nothing is
//! taken out.
//!
//! Before the loop it is not known that the loop comes to the load, nor that its checks succeed: the pointer may be nil, the
//! index outside. Where it may, the load reads zeroes that nobody will look at. The checks stay where they are.
//!
//! Must stay true: whatever is a pointer, and not nil, may be read through, wherever it is known. Words of which that is not known (data
//! words of interfaces, pointers whose types were changed) are told by [`Memory::doubt`], and never read through early.
//! A store or a call that was not told to be harmless writes everything.

use crate::phis;
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    Block, BlockArg, Function, Inst, InstBuilder, InstructionData, Opcode, StackSlot, Value, ValueDef, types,
};
use cranelift_codegen::loop_analysis::{Loop, LoopAnalysis};
use std::collections::{HashMap, HashSet};
use vo_runtime::context::offsets;

/// Loads that are taken out of a loop at most: what they give wants registers.
const MOST: usize = 12;

/// Stores of a loop that are told apart at most.
const MOST_STORES: usize = 100;

/// How far the computation of an address is followed.
const DEPTH: usize = 12;

/// What is read where a check will fail.
static ZEROES: [u64; 128] = [0; 128];

/// What lies at a place in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An integer or boolean of so many bytes.
    Int(u8),
    Float(u8),
    /// A pointer, or the data word of an interface.
    Ref,
    /// A word that belongs to a pointer: a length, a capacity, a dynamic type.
    Len,
    /// A captured variable: it never changes.
    Captured,
    /// A value of several parts.
    Parts,
}

impl Kind {
    /// Whether a store of the one kind may write what a load of the other reads.
    fn meets(self, load: Kind) -> bool {
        load != Kind::Captured && (self == load || self == Kind::Parts || load == Kind::Parts)
    }
}

/// An element whose address has been computed, valid where the index is inside.
#[derive(Clone, Copy)]
struct Element {
    base: Value,
    index: Value,
    len: Value,
    size: i64,
}

/// What a translation knows about the memory that its code uses.
#[derive(Default)]
pub(crate) struct Memory {
    /// Loads and stores of the program's memory.
    accesses: HashMap<Inst, Kind>,
    /// Stores and calls that write nothing of it.
    harmless: HashSet<Inst>,
    elements: HashMap<Value, Element>,
    fresh: HashSet<Value>,
    doubted: HashSet<Value>,
    local: HashSet<Value>,
    not_nil: Vec<(Value, Block)>,
    inside: Vec<(Value, Value, Block)>,
    loops: bool,
}

impl Memory {
    /// There is a loop.
    pub(crate) fn loops(&mut self) {
        self.loops = true;
    }

    /// An instruction loads or stores a part of the program's memory.
    pub(crate) fn access(&mut self, inst: Inst, kind: Kind) {
        self.accesses.insert(inst, kind);
    }

    /// A store or a call writes nothing of the program's memory that could be read before it.
    pub(crate) fn leave_alone(&mut self, inst: Inst) {
        self.harmless.insert(inst);
    }

    /// A value is the address of an element, which is there where the index is below the length.
    pub(crate) fn element(&mut self, at: Value, base: Value, index: Value, len: Value, size: i64) {
        self.elements.insert(at, Element { base, index, len, size });
    }

    /// A value is the address of an object that was just made.
    pub(crate) fn fresh(&mut self, object: Value) {
        self.fresh.insert(object);
    }

    /// Whether a value was told to be that.
    pub(crate) fn is_fresh(&self, object: Value) -> bool {
        self.fresh.contains(&object)
    }

    /// A value may be used as an address where something says that it is one, and only there.
    pub(crate) fn doubt(&mut self, word: Value) {
        self.doubted.insert(word);
    }

    /// A value is an address in the frame.
    pub(crate) fn local(&mut self, address: Value) {
        self.local.insert(address);
    }

    /// Behind this block a value is not nil.
    pub(crate) fn not_nil(&mut self, value: Value, block: Block) {
        self.not_nil.push((value, block));
    }

    /// Behind this block an index is below a length.
    pub(crate) fn inside(&mut self, index: Value, len: Value, block: Block) {
        self.inside.push((index, len, block));
    }
}

/// Takes loads out of the loops of a function.
pub(crate) fn hoist(func: &mut Function, memory: &Memory) {
    if memory.accesses.is_empty() || !memory.loops {
        return;
    }
    // What is the same in every turn is seen to be.
    phis::remove_redundant(func);
    let cfg = ControlFlowGraph::with_function(func);
    let domtree = DominatorTree::with_function(func, &cfg);
    let mut loops = LoopAnalysis::new();
    loops.compute(func, &cfg, &domtree);
    let known = Known::new(memory, func);
    let mut pass = Pass { func, memory, known, domtree, loops };
    let effects = pass.effects();
    let mut order: Vec<Loop> = effects.keys().copied().collect();
    // The outer first: what leaves them need not leave the inner ones.
    order.sort_by_key(|&l| (pass.loops.loop_level(pass.loops.loop_header(l)).level(), l.as_u32()));
    for natural in order {
        pass.clear_loop(natural, &effects[&natural], &cfg);
    }
}

/// What a loop does to memory.
#[derive(Default)]
struct Effects {
    /// Writes what cannot be told.
    anything: bool,
    stores: Vec<(Place, Kind)>,
    /// What it loads, on paths that are not rare.
    loads: Vec<Inst>,
}

/// What an address is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Root {
    Slot(StackSlot),
    Globals,
    /// The worker's context, or an address that stands in the code.
    Machine,
    /// The address of an element, see [`Memory::element`].
    Element(Value),
    Pointer(Value),
}

/// Bytes at a constant distance from something.
#[derive(Clone, Copy)]
struct Place {
    root: Root,
    offset: i64,
    bytes: i64,
}

impl Place {
    fn overlaps(&self, other: &Place) -> bool {
        self.offset < other.offset + other.bytes && other.offset < self.offset + self.bytes
    }

    fn is_within(&self, size: i64) -> bool {
        self.offset >= 0 && self.offset + self.bytes <= size
    }
}

/// What was told of values, by what they have turned out to be.
struct Known {
    doubted: HashSet<Value>,
    local: HashSet<Value>,
    fresh: HashSet<Value>,
    elements: HashMap<Value, Element>,
    not_nil: HashMap<Value, Vec<Block>>,
    inside: HashMap<(Value, Value), Vec<Block>>,
}

impl Known {
    fn new(memory: &Memory, func: &Function) -> Known {
        let resolve = |value: &Value| func.dfg.resolve_aliases(*value);
        let mut known = Known {
            doubted: memory.doubted.iter().map(resolve).collect(),
            local: memory.local.iter().map(resolve).collect(),
            fresh: memory.fresh.iter().map(resolve).collect(),
            elements: memory.elements.iter().map(|(at, &element)| (resolve(at), element)).collect(),
            not_nil: HashMap::new(),
            inside: HashMap::new(),
        };
        for (value, block) in &memory.not_nil {
            known.not_nil.entry(resolve(value)).or_default().push(*block);
        }
        for (index, len, block) in &memory.inside {
            known.inside.entry((resolve(index), resolve(len))).or_default().push(*block);
        }
        known
    }
}

struct Pass<'a> {
    func: &'a mut Function,
    memory: &'a Memory,
    known: Known,
    domtree: DominatorTree,
    loops: LoopAnalysis,
}

/// A condition on which an address may be read through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guard {
    NotNil(Value),
    Inside(Value, Value),
}

/// Looking.
impl Pass<'_> {
    fn resolve(&self, value: Value) -> Value {
        self.func.dfg.resolve_aliases(value)
    }

    fn definition(&self, value: Value) -> Option<(Inst, InstructionData)> {
        match self.func.dfg.value_def(self.resolve(value)) {
            ValueDef::Result(inst, _) => Some((inst, self.func.dfg.insts[inst])),
            _ => None,
        }
    }

    fn constant(&self, value: Value) -> Option<i64> {
        match self.definition(value)?.1 {
            InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } => Some(imm.bits()),
            _ => None,
        }
    }

    /// What all loops do, those in which something is loaded.
    fn effects(&self) -> HashMap<Loop, Effects> {
        let mut all: HashMap<Loop, Effects> = HashMap::new();
        for &block in self.domtree.cfg_rpo() {
            let Some(innermost) = self.loops.innermost_loop(block) else { continue };
            let rare = self.func.layout.is_cold(block);
            let around = || std::iter::successors(Some(innermost), |&l| self.loops.loop_parent(l));
            for inst in self.func.layout.block_insts(block) {
                let opcode = self.func.dfg.insts[inst].opcode();
                if opcode.can_load() && self.memory.accesses.contains_key(&inst) {
                    let loads = around().filter(|_| !rare);
                    loads.for_each(|l| all.entry(l).or_default().loads.push(inst));
                } else if let Some(write) = self.write(inst, opcode) {
                    around().for_each(|l| {
                        let effects = all.entry(l).or_default();
                        match write {
                            Some(store) if effects.stores.len() < MOST_STORES => effects.stores.push(store),
                            _ => effects.anything = true,
                        }
                    });
                }
            }
        }
        all.retain(|_, effects| !effects.loads.is_empty());
        all
    }

    /// What an instruction writes, if it does: a place, or anything.
    #[allow(clippy::option_option)]
    fn write(&self, inst: Inst, opcode: Opcode) -> Option<Option<(Place, Kind)>> {
        let writes = opcode.can_store() || opcode.is_call() || opcode == Opcode::Fence;
        let synchronises = opcode.can_load() && opcode != Opcode::Load && self.is_atomic(opcode);
        if !(writes || synchronises) || self.memory.harmless.contains(&inst) {
            return None;
        }
        if opcode != Opcode::Store {
            return Some(None);
        }
        let place = self.place_of(inst)?;
        match (self.memory.accesses.get(&inst), place.root) {
            (Some(&kind), _) => Some(Some((place, kind))),
            (None, Root::Machine) => None,
            (None, Root::Slot(_)) => Some(Some((place, Kind::Parts))),
            (None, _) => Some(None),
        }
    }

    fn is_atomic(&self, opcode: Opcode) -> bool {
        matches!(
            opcode,
            Opcode::AtomicLoad | Opcode::AtomicStore | Opcode::AtomicRmw | Opcode::AtomicCas | Opcode::Fence
        )
    }

    /// Where a load or a store goes.
    fn place_of(&self, inst: Inst) -> Option<Place> {
        let (address, offset, ty) = match self.func.dfg.insts[inst] {
            InstructionData::Load { arg, offset, .. } => {
                (arg, offset, self.func.dfg.value_type(self.func.dfg.first_result(inst)))
            }
            InstructionData::Store { args, offset, .. } => {
                (args[1], offset, self.func.dfg.value_type(args[0]))
            }
            _ => return None,
        };
        let (root, distance) = self.root(address);
        Some(Place { root, offset: distance + i64::from(offset), bytes: i64::from(ty.bytes()) })
    }

    /// What an address is computed from, and its distance from that.
    fn root(&self, address: Value) -> (Root, i64) {
        let (mut at, mut offset) = (self.resolve(address), 0i64);
        loop {
            if self.known.elements.contains_key(&at) {
                return (Root::Element(at), offset);
            }
            let Some((_, data)) = self.definition(at) else { return (Root::Pointer(at), offset) };
            match data {
                InstructionData::Binary { opcode: Opcode::Iadd, args: [base, by] } => {
                    let Some(by) = self.constant(by) else { return (Root::Pointer(at), offset) };
                    (at, offset) = (self.resolve(base), offset.wrapping_add(by));
                }
                InstructionData::StackAddr { stack_slot, offset: within, .. } => {
                    return (Root::Slot(stack_slot), offset + i64::from(within));
                }
                InstructionData::NullAry { opcode: Opcode::GetPinnedReg } => return (Root::Machine, offset),
                InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } if imm.bits() != 0 => {
                    return (Root::Machine, offset);
                }
                InstructionData::Load { arg, offset: from, .. } => {
                    return (self.root_of_loaded(at, arg, i32::from(from)), offset);
                }
                _ => return (Root::Pointer(at), offset),
            }
        }
    }

    /// What a loaded address is: some words of the context are known.
    fn root_of_loaded(&self, address: Value, from: Value, offset: i32) -> Root {
        let of_context = matches!(
            self.definition(from),
            Some((_, InstructionData::NullAry { opcode: Opcode::GetPinnedReg }))
        );
        match offset {
            offsets::GLOBALS if of_context => Root::Globals,
            offsets::ENTRIES if of_context => Root::Machine,
            _ => Root::Pointer(address),
        }
    }

    /// What an element's array is a part of, if it is a slot.
    fn slot_of(&self, root: Root) -> Option<StackSlot> {
        match root {
            Root::Slot(slot) => Some(slot),
            Root::Element(at) => self.slot_of(self.root(self.known.elements[&at].base).0),
            _ => None,
        }
    }

    /// Whether a place is in an object that was made in the loop.
    fn is_new_in(&self, natural: Loop, root: Root) -> bool {
        match root {
            Root::Pointer(value) => self.known.fresh.contains(&value) && !self.is_outside(natural, value),
            Root::Element(at) => self.is_new_in(natural, self.root(self.known.elements[&at].base).0),
            _ => false,
        }
    }

    /// Whether two accesses never touch the same bytes.
    fn are_apart(&self, a: &Place, b: &Place) -> bool {
        if a.root == b.root {
            return !a.overlaps(b);
        }
        if let (Root::Element(x), Root::Element(y)) = (a.root, b.root) {
            let (x, y) = (self.known.elements[&x], self.known.elements[&y]);
            let same = self.resolve(x.base) == self.resolve(y.base) && x.size == y.size;
            if same && a.is_within(x.size) && b.is_within(x.size) && !a.overlaps(b) {
                return true;
            }
        }
        let unsure =
            |place: &Place| matches!(place.root, Root::Pointer(value) if self.known.local.contains(&value));
        self.slot_of(a.root) != self.slot_of(b.root) && !unsure(a) && !unsure(b)
    }

    /// Whether a value is computed outside a loop.
    fn is_outside(&self, natural: Loop, value: Value) -> bool {
        let block = match self.func.dfg.value_def(self.resolve(value)) {
            ValueDef::Result(inst, _) => self.func.layout.inst_block(inst),
            ValueDef::Param(block, _) => Some(block),
            ValueDef::Union(..) => None,
        };
        block.is_some_and(|block| !self.loops.is_in_loop(block, natural))
    }

    /// Whether a value is the same in every turn; then `first` gets what must leave the loop before what uses it.
    fn is_fixed(&self, natural: Loop, value: Value, depth: usize, first: &mut Vec<Inst>) -> bool {
        if self.is_outside(natural, value) {
            return true;
        }
        let Some((inst, _)) = self.definition(value) else { return false };
        if first.contains(&inst) {
            return true;
        }
        if depth == 0 || !self.is_pure(inst) {
            return false;
        }
        let args = self.func.dfg.inst_args(inst).to_vec();
        let fixed = args.into_iter().all(|arg| self.is_fixed(natural, arg, depth - 1, first));
        if fixed {
            first.push(inst);
        }
        fixed
    }

    /// Whether an instruction may be executed anywhere.
    fn is_pure(&self, inst: Inst) -> bool {
        match self.func.dfg.insts[inst] {
            InstructionData::Load { opcode: Opcode::Load, flags, .. } => {
                let flags = self.func.dfg.mem_flags[flags];
                flags.readonly() && flags.notrap() && flags.can_move()
            }
            data => matches!(
                data.opcode(),
                Opcode::Iconst
                    | Opcode::Iadd
                    | Opcode::Isub
                    | Opcode::Imul
                    | Opcode::Ishl
                    | Opcode::Ushr
                    | Opcode::Sshr
                    | Opcode::Band
                    | Opcode::Bor
                    | Opcode::Bxor
                    | Opcode::Uextend
                    | Opcode::Sextend
                    | Opcode::Ireduce
                    | Opcode::Icmp
                    | Opcode::Select
                    | Opcode::StackAddr
                    | Opcode::GetPinnedReg
            ),
        }
    }

    /// The conditions on which an address may be read through before a loop; `None` where none is enough.
    fn guards(&self, natural: Loop, root: Root, guards: &mut Vec<Guard>) -> Option<()> {
        match root {
            Root::Slot(_) | Root::Globals | Root::Machine => {}
            Root::Element(at) => {
                let Element { base, index, len, .. } = self.known.elements[&at];
                self.guards(natural, self.root(base).0, guards)?;
                let told = self.known.inside.get(&(self.resolve(index), self.resolve(len)));
                if !told.is_some_and(|blocks| self.is_before(blocks, natural)) {
                    guards.push(Guard::Inside(index, len));
                }
            }
            Root::Pointer(value) => {
                if self.known.doubted.contains(&value) {
                    return None;
                }
                let told = self.known.not_nil.get(&value);
                if !told.is_some_and(|blocks| self.is_before(blocks, natural)) {
                    guards.push(Guard::NotNil(value));
                }
            }
        }
        Some(())
    }

    /// Whether one of some blocks is passed on every way to a loop.
    fn is_before(&self, blocks: &[Block], natural: Loop) -> bool {
        let header = self.loops.loop_header(natural);
        blocks.iter().any(|&block| {
            self.domtree.is_reachable(block)
                && !self.loops.is_in_loop(block, natural)
                && self.domtree.block_dominates(block, header)
        })
    }
}

/// Moving.
impl Pass<'_> {
    fn clear_loop(&mut self, natural: Loop, effects: &Effects, cfg: &ControlFlowGraph) {
        let (mut place, mut left) = (None, MOST);
        for &load in &effects.loads {
            if left == 0 {
                return;
            }
            let Some((first, guards)) = self.plan(natural, load, effects) else { continue };
            let before = match place {
                Some(before) => before,
                None => {
                    let Some(before) = self.place_before(natural, cfg) else { return };
                    *place.insert(before)
                }
            };
            self.take_out(load, &first, &guards, before);
            left -= 1;
        }
    }

    /// What must leave the loop before a load, and what is to be asked; `None` where the load stays.
    fn plan(&self, natural: Loop, load: Inst, effects: &Effects) -> Option<(Vec<Inst>, Vec<Guard>)> {
        let InstructionData::Load { arg, offset, .. } = self.func.dfg.insts[load] else { return None };
        let block = self.func.layout.inst_block(load)?;
        let kind = *self.memory.accesses.get(&load)?;
        if !self.loops.is_in_loop(block, natural) || (effects.anything && kind != Kind::Captured) {
            return None;
        }
        let place = self.place_of(load)?;
        let is_written = |(store, written): &(Place, Kind)| {
            written.meets(kind) && !self.are_apart(store, &place) && !self.is_new_in(natural, store.root)
        };
        if effects.stores.iter().any(is_written) {
            return None;
        }
        let mut guards = Vec::new();
        self.guards(natural, place.root, &mut guards)?;
        let end = i64::from(i32::from(offset)) + place.bytes;
        if !guards.is_empty() && (i32::from(offset) < 0 || end > size_of_val(&ZEROES) as i64) {
            return None;
        }
        let mut first = Vec::new();
        let asked = guards.iter().flat_map(|guard| match *guard {
            Guard::NotNil(value) => [value, value],
            Guard::Inside(index, len) => [index, len],
        });
        let wanted: Vec<Value> = asked.chain([arg]).collect();
        let fixed = wanted.into_iter().all(|value| self.is_fixed(natural, value, DEPTH, &mut first));
        fixed.then_some((first, guards))
    }

    /// Moves a load, and what it is computed from, to before an instruction.
    fn take_out(&mut self, load: Inst, first: &[Inst], guards: &[Guard], before: Inst) {
        for &inst in first {
            self.func.layout.remove_inst(inst);
            self.func.layout.insert_inst(inst, before);
        }
        if !guards.is_empty() {
            let address = self.func.dfg.inst_args(load)[0];
            let mut pos = FuncCursor::new(self.func).at_inst(before);
            let mut holds = None;
            for guard in guards {
                let one = match *guard {
                    Guard::NotNil(value) => {
                        let nil = pos.ins().iconst(types::I64, 0);
                        pos.ins().icmp(IntCC::NotEqual, value, nil)
                    }
                    Guard::Inside(index, len) => pos.ins().icmp(IntCC::UnsignedLessThan, index, len),
                };
                holds = Some(match holds {
                    Some(others) => pos.ins().band(others, one),
                    None => one,
                });
            }
            let Some(holds) = holds else { return };
            let zeroes = pos.ins().iconst(types::I64, ZEROES.as_ptr() as i64);
            let safe = pos.ins().select(holds, address, zeroes);
            self.func.dfg.inst_args_mut(load)[0] = safe;
        }
        self.func.layout.remove_inst(load);
        self.func.layout.insert_inst(load, before);
    }

    /// The jump of the block from which a loop is entered; there is one afterwards. `None` for a loop that is entered in
    /// ways that cannot be led through one.
    fn place_before(&mut self, natural: Loop, cfg: &ControlFlowGraph) -> Option<Inst> {
        let header = self.loops.loop_header(natural);
        let preds = cfg.pred_iter(header).filter(|pred| !self.loops.is_in_loop(pred.block, natural));
        let mut outside: Vec<Inst> = preds.map(|pred| pred.inst).collect();
        outside.dedup();
        if let [one] = outside[..]
            && self.func.dfg.insts[one].opcode() == Opcode::Jump
        {
            return Some(one);
        }
        if outside.is_empty() || self.func.layout.entry_block() == Some(header) {
            return None;
        }
        let before = self.func.dfg.make_block();
        self.func.layout.insert_block(before, header);
        let params = self.func.dfg.block_params(header).to_vec();
        let mut args: Vec<BlockArg> = Vec::new();
        for param in params {
            let ty = self.func.dfg.value_type(param);
            args.push(self.func.dfg.append_block_param(before, ty).into());
        }
        for branch in outside {
            let dfg = &mut self.func.dfg;
            let pool = &mut dfg.value_lists;
            let ways =
                dfg.insts[branch].branch_destination_mut(&mut dfg.jump_tables, &mut dfg.exception_tables);
            for way in ways.iter_mut() {
                if way.block(pool) == header {
                    way.set_block(before, pool);
                }
            }
        }
        let mut pos = FuncCursor::new(self.func).at_bottom(before);
        Some(pos.ins().jump(header, &args))
    }
}
