//! Fields as values: what [`super`] has found becomes SSA.
//!
//! What a field holds at the start of a block is what it holds at the end of the block before; where there are several, the block
//! gets a parameter, only where somebody asks. An object begins with zeroes, and with no address: that is a value too, and
//! becomes one when the object is made after all.

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
    let mut zeroes = HashMap::new();
    for kept in found {
        let replacing = Replacing {
            func,
            objects,
            cfg: &cfg,
            domtree: &domtree,
            zeroes: &mut zeroes,
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

/// A field's number; the number behind the last is the object's address.
type Slot = usize;

struct Replacing<'a> {
    func: &'a mut Function,
    objects: &'a mut Objects,
    cfg: &'a ControlFlowGraph,
    domtree: &'a DominatorTree,
    /// Zeroes at the function's start.
    zeroes: &'a mut HashMap<Type, Value>,
    kept: &'a Kept,
    remake: SigRef,
    /// What slots hold at the starts and ends of blocks.
    starts: HashMap<(Block, Slot), Value>,
    ends: HashMap<(Block, Slot), Value>,
    /// What stores write, as of their fields' types.
    stored: HashMap<Inst, Value>,
    /// The calls that make the object, by their blocks, and the sites that they are for.
    made: HashMap<Block, (Inst, i64)>,
    /// Room for what the object holds when it is made.
    image: Option<StackSlot>,
    /// Parameters whose arguments are missing, in the order in which they were added.
    open: VecDeque<(Block, Slot)>,
}

impl Replacing<'_> {
    fn run(mut self) {
        self.note_ends();
        self.rewrite();
        while let Some((block, slot)) = self.open.pop_front() {
            self.pass_on(block, slot);
        }
    }

    fn address(&self) -> Slot {
        self.kept.fields.len()
    }

    fn ty(&self, slot: Slot) -> Type {
        self.kept.fields.get(slot).map_or(types::I64, |field| field.ty)
    }

    fn slot_at(&self, at: i64) -> Slot {
        let found = self.kept.fields.binary_search_by_key(&at, |field| field.at);
        found.unwrap_or_else(|_| panic!("internal error: no field at {at}"))
    }

    fn block_of(&self, inst: Inst) -> Block {
        self.func.layout.inst_block(inst).expect("internal error: an instruction that is nowhere")
    }

    /// What blocks that store leave behind, and what those do that make the object.
    fn note_ends(&mut self) {
        for &(inst, what) in &self.kept.uses {
            let block = self.block_of(inst);
            match what {
                Use::Store { at } => {
                    let slot = self.slot_at(at);
                    let value = self.func.dfg.inst_args(inst)[0];
                    let value = self.converted(value, self.ty(slot), inst);
                    self.stored.insert(inst, value);
                    self.ends.insert((block, slot), value);
                }
                Use::Record { .. } if !self.made.contains_key(&block) => {
                    let site = self.objects.records[&inst];
                    let call = self.call_remake(inst, site);
                    self.made.insert(block, (call, site));
                    let object = self.func.dfg.first_result(call);
                    let slot = self.address();
                    self.ends.insert((block, slot), object);
                }
                _ => {}
            }
        }
    }

    fn rewrite(&mut self) {
        let mut now: HashMap<Slot, Value> = HashMap::new();
        let mut last = None;
        for &(inst, what) in &self.kept.uses {
            let block = self.block_of(inst);
            if last.replace(block) != Some(block) {
                now.clear();
            }
            match what {
                Use::Load { at } => {
                    let slot = self.slot_at(at);
                    let held = *now.entry(slot).or_insert_with(|| self.at_start(block, slot));
                    let result = self.func.dfg.first_result(inst);
                    let value = self.converted(held, self.func.dfg.value_type(result), inst);
                    self.stands_for(inst, result, value);
                }
                Use::Store { at } => {
                    now.insert(self.slot_at(at), self.stored[&inst]);
                    self.func.layout.remove_inst(inst);
                }
                Use::Record { at } => {
                    let ((call, site), address) = (self.made[&block], self.address());
                    if !now.contains_key(&address) {
                        self.fill_image(block, (call, site), &now);
                        now.insert(address, self.func.dfg.first_result(call));
                    }
                    let mut pos = FuncCursor::new(self.func).at_inst(inst);
                    let place = match at {
                        0 => now[&address],
                        _ => pos.ins().iadd_imm_s(now[&address], at),
                    };
                    self.func.dfg.inst_args_mut(inst)[0] = place;
                }
                Use::Compare => {
                    let InstructionData::IntCompare { cond, .. } = self.func.dfg.insts[inst] else {
                        panic!("internal error: no comparison")
                    };
                    let differs = i64::from(cond == IntCC::NotEqual);
                    let result = self.func.dfg.first_result(inst);
                    let value = FuncCursor::new(self.func).at_inst(inst).ins().iconst(types::I8, differs);
                    self.stands_for(inst, result, value);
                }
            }
        }
    }

    /// A value stands for the result of an instruction, which goes.
    fn stands_for(&mut self, inst: Inst, result: Value, value: Value) {
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

    fn zero(&mut self, ty: Type) -> Value {
        if let Some(&zero) = self.zeroes.get(&ty) {
            return zero;
        }
        let entry = self.func.layout.entry_block().expect("internal error: a function without blocks");
        let mut pos = FuncCursor::new(self.func).at_first_insertion_point(entry);
        let zero = match ty {
            types::F64 => pos.ins().f64const(0.0),
            types::F32 => pos.ins().f32const(0.0),
            ty if ty.is_vector() => {
                let lane = pos.ins().iconst(ty.lane_type(), 0);
                pos.ins().splat(ty, lane)
            }
            ty => pos.ins().iconst(ty, 0),
        };
        self.zeroes.insert(ty, zero);
        zero
    }
}

/// Across blocks.
impl Replacing<'_> {
    fn at_end(&mut self, block: Block, slot: Slot) -> Value {
        match self.ends.get(&(block, slot)) {
            Some(&value) => value,
            None => self.at_start(block, slot),
        }
    }

    fn at_start(&mut self, block: Block, slot: Slot) -> Value {
        let (mut at, mut passed) = (block, Vec::new());
        let value = loop {
            if let Some(&known) = self.starts.get(&(at, slot)) {
                break known;
            }
            passed.push(at);
            if at == self.kept.from || !self.domtree.is_reachable(at) {
                break self.zero(self.ty(slot));
            }
            let preds = self.preds(at);
            let [one] = preds[..] else {
                let ty = self.ty(slot);
                let param = self.func.dfg.append_block_param(at, ty);
                self.open.push_back((at, slot));
                break param;
            };
            if let Some(&value) = self.ends.get(&(one, slot)) {
                break value;
            }
            at = one;
        };
        for block in passed {
            self.starts.insert((block, slot), value);
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

    /// What the blocks before a block hold at their ends becomes the arguments of its last new parameter.
    fn pass_on(&mut self, block: Block, slot: Slot) {
        for pred in self.preds(block) {
            let value = self.at_end(pred, slot);
            let last = self.func.layout.last_inst(pred).expect("internal error: an empty block");
            let dfg = &mut self.func.stencil.dfg;
            let (jumps, exceptions) = (&mut dfg.jump_tables, &mut dfg.exception_tables);
            for way in dfg.insts[last].branch_destination_mut(jumps, exceptions) {
                if way.block(&dfg.value_lists) == block {
                    way.append_argument(value, &mut dfg.value_lists);
                }
            }
        }
    }
}

/// Making the object after all.
impl Replacing<'_> {
    /// The call that makes the object before the record's word is written; what it needs is filled in later.
    fn call_remake(&mut self, before: Inst, site: i64) -> Inst {
        let size = self.kept.made.size.next_multiple_of(8);
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
        let ty = pos.ins().iconst(types::I64, self.kept.made.ty);
        let words = pos.ins().stack_addr(types::I64, image, 0);
        pos.ins().call_indirect(self.remake, door, &[ctx, none, ty, words])
    }

    /// Gives the call that makes the object what it is to hold, and its address if it has been made before.
    fn fill_image(&mut self, block: Block, (call, site): (Inst, i64), now: &HashMap<Slot, Value>) {
        let image = self.image.expect("internal error: an object is made without image");
        let slots = 0..self.kept.fields.len();
        let held: Vec<Value> =
            slots.map(|slot| now.get(&slot).copied().unwrap_or_else(|| self.at_start(block, slot))).collect();
        let address = self.at_start(block, self.address());
        let mut pos = FuncCursor::new(self.func).at_inst(call);
        let words = pos.ins().stack_addr(types::I64, image, 0);
        let none = pos.ins().iconst(types::I64, 0);
        for word in (0..i64::from(self.kept.made.size)).step_by(8) {
            if !self.kept.fields.iter().any(|field| is_whole_word(field, word)) {
                pos.ins().store(plain(), none, words, word as i32);
            }
        }
        let mut stores = Vec::new();
        for (field, value) in self.kept.fields.iter().zip(held) {
            stores.push(pos.ins().store(plain(), value, words, field.at as i32));
        }
        // What it holds may be an object that is not made yet either.
        stores.into_iter().for_each(|store| self.objects.record(store, site));
        // The operands of a call through an address: the address, then the arguments.
        self.func.dfg.inst_args_mut(call)[2] = address;
    }
}

/// Whether a field fills the word at a distance.
fn is_whole_word(field: &Field, word: i64) -> bool {
    field.at <= word && word + 8 <= field.at + i64::from(field.ty.bytes())
}
