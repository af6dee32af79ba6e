//! Fields as values: what [`super::scan`] has found becomes SSA.
//!
//! What a field holds at the start of a block is what it holds at the end of the block before; where there are several, the block
//! gets a parameter, only where somebody asks. An object begins with zeroes, and with no address: that is a value too, and
//! becomes one when the object is made after all. A parameter that stands for one of several objects gets what each of them holds
//! where it comes from.

use super::{Field, Kept, Objects, Use};
use crate::abi::plain;
use crate::callbacks::Callback;
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    Block, Function, Inst, InstBuilder, InstructionData, MemFlagsData, SigRef, StackSlot, StackSlotData,
    StackSlotKind, Type, Value, types,
};
use std::collections::{HashMap, VecDeque};
use vo_runtime::context::offsets;

/// Replaces objects that hold none of each other.
pub(super) fn replace(func: &mut Function, objects: &mut Objects, found: &[Kept], remake: SigRef) {
    let cfg = ControlFlowGraph::with_function(func);
    let domtree = DominatorTree::with_function(func, &cfg);
    let mut constants = HashMap::new();
    for kept in found {
        let replacing = Replacing {
            func,
            objects,
            cfg: &cfg,
            domtree: &domtree,
            constants: &mut constants,
            kept,
            remake,
            starts: HashMap::new(),
            ends: HashMap::new(),
            stored: HashMap::new(),
            made: HashMap::new(),
            image: None,
            open: VecDeque::new(),
        };
        replacing.run();
    }
}

/// What is kept of an object: its fields, by their numbers; behind them its address, and whether it is one.
type Slot = usize;

/// A slot of what a name stands for.
type Part = (usize, Slot);

struct Replacing<'a> {
    func: &'a mut Function,
    objects: &'a mut Objects,
    cfg: &'a ControlFlowGraph,
    domtree: &'a DominatorTree,
    /// Constants at the function's start.
    constants: &'a mut HashMap<(Type, i64), Value>,
    kept: &'a Kept,
    remake: SigRef,
    /// What parts hold at the starts and ends of blocks.
    starts: HashMap<(Block, Part), Value>,
    ends: HashMap<(Block, Part), Value>,
    /// What stores write, as of their fields' types.
    stored: HashMap<Inst, Value>,
    /// The calls that make an object, by their blocks and names, and the sites that they are for.
    made: HashMap<(Block, usize), (Inst, i64)>,
    /// Room for what an object holds when it is made.
    image: Option<StackSlot>,
    /// Parameters whose arguments are missing, in the order in which they were added.
    open: VecDeque<(Block, Part)>,
}

impl Replacing<'_> {
    fn run(mut self) {
        self.note_ends();
        self.rewrite();
        while let Some((block, part)) = self.open.pop_front() {
            self.pass_on(block, part);
        }
        self.drop_names();
    }

    fn address(&self) -> Slot {
        self.kept.fields.len()
    }

    /// Whether there is an object.
    fn there(&self) -> Slot {
        self.kept.fields.len() + 1
    }

    fn ty(&self, slot: Slot) -> Type {
        match self.kept.fields.get(slot) {
            Some(field) => field.ty,
            None if slot == self.address() => types::I64,
            None => types::I8,
        }
    }

    fn slot_at(&self, at: i64) -> Slot {
        let found = self.kept.fields.binary_search_by_key(&at, |field| field.at);
        found.unwrap_or_else(|_| panic!("internal error: no field at {at}"))
    }

    fn block_of(&self, inst: Inst) -> Block {
        self.func.layout.inst_block(inst).expect("internal error: an instruction that is nowhere")
    }

    /// What blocks that store leave behind, and what those do that make an object.
    fn note_ends(&mut self) {
        for &(inst, name, what) in &self.kept.uses {
            let block = self.block_of(inst);
            match what {
                Use::Store { at } => {
                    let slot = self.slot_at(at);
                    let value = self.func.dfg.inst_args(inst)[0];
                    let value = self.converted(value, self.ty(slot), inst);
                    self.stored.insert(inst, value);
                    self.ends.insert((block, (name, slot)), value);
                }
                Use::Record { .. } if !self.made.contains_key(&(block, name)) => {
                    let site = self.objects.records[&inst];
                    let call = self.call_remake(inst, site);
                    self.made.insert((block, name), (call, site));
                    let object = self.func.dfg.first_result(call);
                    let slot = self.address();
                    self.ends.insert((block, (name, slot)), object);
                }
                _ => {}
            }
        }
    }

    fn rewrite(&mut self) {
        let mut now: HashMap<Part, Value> = HashMap::new();
        let mut last = None;
        for &(inst, name, what) in &self.kept.uses {
            let block = self.block_of(inst);
            if last.replace(block) != Some(block) {
                now.clear();
            }
            match what {
                Use::Load { at } => {
                    let part = (name, self.slot_at(at));
                    let held = *now.entry(part).or_insert_with(|| self.at_start(block, part));
                    let ty = self.func.dfg.value_type(self.func.dfg.first_result(inst));
                    let value = self.converted(held, ty, inst);
                    self.stands_for(inst, value);
                }
                Use::Store { at } => {
                    now.insert((name, self.slot_at(at)), self.stored[&inst]);
                    self.func.layout.remove_inst(inst);
                }
                Use::Record { at } => self.write_record(inst, (block, name), at, &mut now),
                Use::Compare { .. } => {
                    let value = self.compared(inst, block, name);
                    self.stands_for(inst, value);
                }
            }
        }
    }

    /// What a comparison of an object with nil, or with another address, gives.
    fn compared(&mut self, inst: Inst, block: Block, name: usize) -> Value {
        let InstructionData::IntCompare { cond, .. } = self.func.dfg.insts[inst] else {
            panic!("internal error: no comparison")
        };
        let differs = cond == IntCC::NotEqual;
        if !self.kept.maybe_nil {
            return FuncCursor::new(self.func).at_inst(inst).ins().iconst(types::I8, i64::from(differs));
        }
        let there = self.at_start(block, (name, self.there()));
        match differs {
            true => there,
            false => FuncCursor::new(self.func).at_inst(inst).ins().icmp_imm_s(IntCC::Equal, there, 0),
        }
    }

    /// A value stands for the result of an instruction, which goes.
    fn stands_for(&mut self, inst: Inst, value: Value) {
        let result = self.func.dfg.first_result(inst);
        self.func.dfg.clear_results(inst);
        self.func.dfg.change_to_alias(result, value);
        self.func.layout.remove_inst(inst);
    }

    /// A value as one of another type of the same size.
    fn converted(&mut self, value: Value, ty: Type, before: Inst) -> Value {
        if self.func.dfg.value_type(value) == ty {
            return value;
        }
        FuncCursor::new(self.func).at_inst(before).ins().bitcast(ty, MemFlagsData::new(), value)
    }

    fn constant(&mut self, ty: Type, value: i64) -> Value {
        if let Some(&known) = self.constants.get(&(ty, value)) {
            return known;
        }
        let entry = self.func.layout.entry_block().expect("internal error: a function without blocks");
        let mut pos = FuncCursor::new(self.func).at_first_insertion_point(entry);
        let constant = match ty {
            types::F64 => pos.ins().f64const(0.0),
            types::F32 => pos.ins().f32const(0.0),
            ty if ty.is_vector() => {
                let lane = pos.ins().iconst(ty.lane_type(), 0);
                pos.ins().splat(ty, lane)
            }
            ty => pos.ins().iconst(ty, value),
        };
        self.constants.insert((ty, value), constant);
        constant
    }

    fn zero(&mut self, slot: Slot) -> Value {
        self.constant(self.ty(slot), 0)
    }

    /// The parameters that were addresses are none any more.
    fn drop_names(&mut self) {
        let zero = self.constant(types::I64, 0);
        for name in self.kept.names.iter().filter(|name| name.made.is_none()) {
            let at = self.place_of_param(name.from, name.value);
            for pred in self.preds(name.from) {
                let dfg = &mut self.func.stencil.dfg;
                let Some(last) = self.func.stencil.layout.last_inst(pred) else { continue };
                let (jumps, exceptions) = (&mut dfg.jump_tables, &mut dfg.exception_tables);
                for way in dfg.insts[last].branch_destination_mut(jumps, exceptions) {
                    if way.block(&dfg.value_lists) == name.from {
                        way.remove(at, &mut dfg.value_lists);
                    }
                }
            }
            self.func.dfg.remove_block_param(name.value);
            self.func.dfg.change_to_alias(name.value, zero);
        }
    }

    fn place_of_param(&self, block: Block, value: Value) -> usize {
        let at = self.func.dfg.block_params(block).iter().position(|&param| param == value);
        at.expect("internal error: a name that is no parameter")
    }
}

/// Across blocks.
impl Replacing<'_> {
    fn at_end(&mut self, block: Block, part: Part) -> Value {
        match self.ends.get(&(block, part)) {
            Some(&value) => value,
            None => self.at_start(block, part),
        }
    }

    fn at_start(&mut self, block: Block, part: Part) -> Value {
        let (mut at, mut passed) = (block, Vec::new());
        let name = self.kept.names[part.0];
        let value = loop {
            if let Some(&known) = self.starts.get(&(at, part)) {
                break known;
            }
            passed.push(at);
            if !self.domtree.is_reachable(at) {
                break self.zero(part.1);
            }
            if at == name.from && name.made.is_some() {
                let is_there = part.1 == self.there();
                break self.constant(self.ty(part.1), i64::from(is_there));
            }
            let preds = self.preds(at);
            match preds[..] {
                [one] if at != name.from => {
                    if let Some(&value) = self.ends.get(&(one, part)) {
                        break value;
                    }
                    at = one;
                }
                _ => {
                    let ty = self.ty(part.1);
                    let param = self.func.dfg.append_block_param(at, ty);
                    self.open.push_back((at, part));
                    break param;
                }
            }
        };
        for block in passed {
            self.starts.insert((block, part), value);
        }
        value
    }

    /// The blocks before a block, each once.
    fn preds(&self, block: Block) -> Vec<Block> {
        let mut preds: Vec<Block> = self.cfg.pred_iter(block).map(|pred| pred.block).collect();
        preds.sort_unstable();
        preds.dedup();
        preds
    }

    /// What the blocks before a block hold at their ends becomes the arguments of a new parameter of it.
    fn pass_on(&mut self, block: Block, (name, slot): Part) {
        let is_name = self.kept.names[name].from == block;
        let at = is_name.then(|| self.place_of_param(block, self.kept.names[name].value));
        for pred in self.preds(block) {
            let last = self.func.layout.last_inst(pred).expect("internal error: an empty block");
            let dfg = &self.func.dfg;
            let ways = dfg.insts[last].branch_destination(&dfg.jump_tables, &dfg.exception_tables);
            let ways = ways.iter().filter(|way| way.block(&dfg.value_lists) == block);
            let from: Vec<Option<usize>> = ways
                .map(|way| match at {
                    Some(at) => {
                        let arg = way.args(&dfg.value_lists).nth(at).and_then(|arg| arg.as_value());
                        let arg = arg.map(|arg| dfg.resolve_aliases(arg));
                        self.kept.names.iter().position(|name| Some(name.value) == arg)
                    }
                    None => Some(name),
                })
                .collect();
            let held = |from: Option<usize>| match from {
                Some(from) => self.at_end(pred, (from, slot)),
                None => self.zero(slot),
            };
            let held: Vec<Value> = from.into_iter().map(held).collect();
            let mut held = held.into_iter();
            let dfg = &mut self.func.stencil.dfg;
            let (jumps, exceptions) = (&mut dfg.jump_tables, &mut dfg.exception_tables);
            for way in dfg.insts[last].branch_destination_mut(jumps, exceptions) {
                if way.block(&dfg.value_lists) == block {
                    let value = held.next().expect("internal error: a way that was not there");
                    way.append_argument(value, &mut dfg.value_lists);
                }
            }
        }
    }
}

/// Making objects after all.
impl Replacing<'_> {
    /// The call that makes an object before a record's word is written; what it needs is filled in later.
    fn call_remake(&mut self, before: Inst, site: i64) -> Inst {
        let size = self.kept.size.next_multiple_of(8);
        let image = *self.image.get_or_insert_with(|| {
            let data = StackSlotData::new(StackSlotKind::ExplicitSlot, size, 3);
            self.func.create_sized_stack_slot(data)
        });
        let location = self.func.srcloc(before);
        let mut pos = FuncCursor::new(self.func).at_inst(before).with_srcloc(location);
        let ctx = pos.ins().get_pinned_reg(types::I64);
        // As before every callback that may end the program.
        let (frame, site) = (pos.ins().get_frame_pointer(types::I64), pos.ins().iconst(types::I64, site));
        pos.ins().store(plain(), frame, ctx, offsets::LAST_FRAME);
        pos.ins().store(plain(), site, ctx, offsets::LAST_SITE);
        let table = pos.ins().load(types::I64, plain().with_readonly(), ctx, offsets::CALLBACKS);
        let door = pos.ins().load(types::I64, plain().with_readonly(), table, Callback::remake.offset());
        let none = pos.ins().iconst(types::I64, 0);
        let ty = pos.ins().iconst(types::I64, self.kept.ty);
        let words = pos.ins().stack_addr(types::I64, image, 0);
        pos.ins().call_indirect(self.remake, door, &[ctx, none, ty, words])
    }

    /// Writes the address of a place in an object into a record.
    fn write_record(
        &mut self,
        store: Inst,
        (block, name): (Block, usize),
        at: i64,
        now: &mut HashMap<Part, Value>,
    ) {
        let ((call, site), part) = (self.made[&(block, name)], (name, self.address()));
        if !now.contains_key(&part) {
            self.fill_image((block, name), (call, site), now);
            now.insert(part, self.func.dfg.first_result(call));
        }
        let place = match at {
            0 => now[&part],
            _ => FuncCursor::new(self.func).at_inst(store).ins().iadd_imm_s(now[&part], at),
        };
        self.func.dfg.inst_args_mut(store)[0] = place;
    }

    /// Gives the call that makes an object what it is to hold, and its address if it has been made before.
    fn fill_image(
        &mut self,
        (block, name): (Block, usize),
        (call, site): (Inst, i64),
        now: &HashMap<Part, Value>,
    ) {
        let image = self.image.expect("internal error: an object is made without image");
        let fields = self.kept.fields.len();
        let held = |slot: Slot| {
            let part = (name, slot);
            now.get(&part).copied().unwrap_or_else(|| self.at_start(block, part))
        };
        let held: Vec<Value> = (0..fields).map(held).collect();
        let address = self.at_start(block, (name, self.address()));
        let there = self.kept.maybe_nil.then(|| self.at_start(block, (name, self.there())));
        let mut pos = FuncCursor::new(self.func).at_inst(call);
        let words = pos.ins().stack_addr(types::I64, image, 0);
        let none = pos.ins().iconst(types::I64, 0);
        for word in (0..i64::from(self.kept.size)).step_by(8) {
            if !self.kept.fields.iter().any(|field| is_whole_word(field, word)) {
                pos.ins().store(plain(), none, words, word as i32);
            }
        }
        let mut stores = Vec::new();
        for (field, value) in self.kept.fields.iter().zip(held) {
            stores.push(pos.ins().store(plain(), value, words, field.at as i32));
        }
        // Without a type nothing is made.
        let ty = there.map(|there| {
            let ty = pos.ins().iconst(types::I64, self.kept.ty);
            pos.ins().select(there, ty, none)
        });
        // What it holds may be an object that is not made yet either.
        stores.into_iter().for_each(|store| self.objects.record(store, site));
        // The operands of a call through an address: the address, then the arguments.
        let args = self.func.dfg.inst_args_mut(call);
        args[2] = address;
        args[3] = ty.unwrap_or(args[3]);
    }
}

/// Whether a field fills the word at a distance.
fn is_whole_word(field: &Field, word: i64) -> bool {
    field.at <= word && word + 8 <= field.at + i64::from(field.ty.bytes())
}
