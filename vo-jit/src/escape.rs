//! Objects whose address goes nowhere are not made: their fields are values.
//!
//! Done on Cranelift's IR when a unit has been translated, so that what inlined bodies do with an object is seen:
//! a closure that is called where it was made, with the variables that it captures; an iterator and the body of
//! its loop; a method's receiver; a result that is looked at and dropped.
//!
//! ```text
//!     p = new T                            x1 = 0
//!     store p+8 = a        becomes
//!     b = load p+8                         (b is a)
//! ```
//!
//! An object is kept so where its address is used for nothing but loads and stores at fixed distances inside of it,
//! comparisons (it is no other address), and the records of frames that leave. A frame that leaves never comes back
//! to the unit's code: what goes on is a continuation, or the interpreter, and they find
//! the object in the record. So it is made there, in the cold block that writes the record, with what its fields hold at that
//! moment ([`Callback::remake`]). Frames of one unit that leave one after the other have one object: whether it has been made is a
//! value like its fields.
//!
//! An object that is stored into another one that is not made is looked at again when that has become values.
//!
//! A value of the IR is always the object that was made last at its place; an older one can only be reached through a
//! parameter of a block or through memory. Objects that come to either are made.
//!
//! Must stay true: the address of an object that is not made is in no register, record or memory; a field is read and written
//! with one size at one distance, and fields do not overlap.

mod values;

use crate::callbacks::Callback;
use crate::phis;
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    Block, BlockArg, Function, Inst, InstBuilder, InstructionData, Opcode, Type, Value, ValueDef, types,
};
use cranelift_codegen::isa::CallConv;
use std::collections::{HashMap, HashSet};

/// How often objects are looked for: each time those are found that the ones before have held.
const ROUNDS: usize = 6;

/// Bytes of the largest object that becomes values.
const LARGEST: u32 = 256;

/// Fields of an object that becomes values.
const MOST_FIELDS: usize = 16;

/// An object that a unit makes, in place.
#[derive(Clone, Copy)]
pub(crate) struct Made {
    /// Its address, a parameter of the block behind.
    pub(crate) object: Value,
    pub(crate) size: u32,
    /// Its type's word.
    pub(crate) ty: i64,
    /// The branch that asks whether there is room, and where that leads.
    pub(crate) ask: Inst,
    pub(crate) ways: [Block; 2],
}

/// A block in which the collector is told of a place before it is written to.
#[derive(Clone, Copy)]
struct Told {
    /// What leads there, or past it.
    branch: Inst,
    /// The place's address is computed from this.
    base: Value,
}

/// What a translation knows of the objects that its unit makes.
#[derive(Default)]
pub(crate) struct Objects {
    made: Vec<Made>,
    /// Stores of words of records of frames that leave; the sites of the frames.
    records: HashMap<Inst, i64>,
    told: HashMap<Block, Told>,
}

impl Objects {
    /// Whether none has been made so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.made.is_empty()
    }

    /// An object is made.
    pub(crate) fn make(&mut self, made: Made) {
        if made.size > 0 && made.size <= LARGEST {
            self.made.push(made);
        }
    }

    /// A store writes a word of the record of a frame that leaves at a site.
    pub(crate) fn record(&mut self, store: Inst, site: i64) {
        self.records.insert(store, site);
    }

    /// In a block, to which a branch may lead, the collector is told of a place in the object at `base`.
    pub(crate) fn tell(&mut self, block: Block, branch: Inst, base: Value) {
        self.told.insert(block, Told { branch, base });
    }
}

/// Makes values of the objects of a function that need no memory; answers how many.
pub(crate) fn keep_in_registers(func: &mut Function, objects: &mut Objects, conv: CallConv) -> usize {
    let mut kept = 0;
    let mut remake = None;
    for _ in 0..ROUNDS {
        if objects.made.is_empty() {
            break;
        }
        phis::remove_redundant(func);
        let found = Scan::new(func, objects).run();
        if found.is_empty() {
            break;
        }
        kept += found.len();
        let gone: HashSet<Value> = found.iter().map(|kept| kept.made.object).collect();
        objects.made.retain(|made| !gone.contains(&made.object));
        found.iter().for_each(|kept| unlink(func, objects, kept));
        let sig = *remake.get_or_insert_with(|| func.import_signature(Callback::remake.signature(conv)));
        values::replace(func, objects, &found, sig);
    }
    if kept > 0 {
        phis::remove_redundant(func);
    }
    kept
}

/// A part of an object that is read and written as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Field {
    at: i64,
    ty: Type,
}

/// What an instruction does with an object, or a place in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Load {
        at: i64,
    },
    Store {
        at: i64,
    },
    /// Writes the address of a place into a record.
    Record {
        at: i64,
    },
    /// Compares it with another address.
    Compare,
}

/// An object that becomes values.
struct Kept {
    made: Made,
    /// The block that begins where it was made.
    from: Block,
    fields: Vec<Field>,
    /// In the order of the blocks, and in that of each block's instructions.
    uses: Vec<(Inst, Use)>,
    /// Blocks in which the collector is told of places in it.
    told: Vec<Block>,
}

/// An object that is looked at.
struct Candidate {
    made: Made,
    from: Block,
    escapes: bool,
    uses: Vec<(Inst, Use)>,
    /// What the uses read and write.
    fields: Vec<Field>,
    told: Vec<Block>,
}

struct Scan<'a> {
    func: &'a Function,
    objects: &'a Objects,
    candidates: Vec<Candidate>,
    /// Addresses in candidates: which one, and the distance from its start.
    places: HashMap<Value, (usize, i64)>,
}

/// Looking.
impl<'a> Scan<'a> {
    fn new(func: &'a Function, objects: &'a Objects) -> Scan<'a> {
        let candidate = |made: &Made| match func.dfg.value_def(made.object) {
            ValueDef::Param(from, _) => {
                let (uses, fields, told) = (Vec::new(), Vec::new(), Vec::new());
                Candidate { made: *made, from, escapes: false, uses, fields, told }
            }
            _ => panic!("internal error: a new object that is no parameter"),
        };
        let candidates: Vec<Candidate> = objects.made.iter().map(candidate).collect();
        let places = candidates.iter().enumerate().map(|(i, c)| (c.made.object, (i, 0))).collect();
        Scan { func, objects, candidates, places }
    }

    fn run(mut self) -> Vec<Kept> {
        let cfg = ControlFlowGraph::with_function(self.func);
        let domtree = DominatorTree::with_function(self.func, &cfg);
        for &block in domtree.cfg_rpo() {
            for inst in self.func.layout.block_insts(block) {
                match self.objects.told.get(&block) {
                    Some(told) => self.tells(inst, block, *told),
                    None => self.look_at(inst),
                }
            }
        }
        let reached = self.candidates.into_iter().filter(|c| domtree.is_reachable(c.from));
        reached.filter_map(Candidate::kept).collect()
    }

    fn place(&self, value: Value) -> Option<(usize, i64)> {
        self.places.get(&self.func.dfg.resolve_aliases(value)).copied()
    }

    fn constant(&self, value: Value) -> Option<i64> {
        let dfg = &self.func.dfg;
        match dfg.value_def(dfg.resolve_aliases(value)) {
            ValueDef::Result(inst, _) => match dfg.insts[inst] {
                InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } => Some(imm.bits()),
                _ => None,
            },
            _ => None,
        }
    }

    fn result(&self, inst: Inst) -> Value {
        self.func.dfg.first_result(inst)
    }

    /// Everything that an instruction uses escapes.
    fn let_go(&mut self, inst: Inst) {
        let values: Vec<Value> = self.func.dfg.inst_values(inst).collect();
        for value in values {
            if let Some((at, _)) = self.place(value) {
                self.candidates[at].escapes = true;
            }
        }
    }

    fn look_at(&mut self, inst: Inst) {
        match self.func.dfg.insts[inst] {
            InstructionData::Load { opcode: Opcode::Load, arg, offset, .. } => {
                let Some((of, at)) = self.place(arg) else { return };
                let at = at + i64::from(i32::from(offset));
                let ty = self.func.dfg.value_type(self.result(inst));
                self.access(of, inst, Use::Load { at }, Field { at, ty });
            }
            InstructionData::Store { opcode: Opcode::Store, args: [value, address], offset, .. } => {
                self.store(inst, value, address, i64::from(i32::from(offset)));
            }
            InstructionData::Binary { opcode: Opcode::Iadd, args } => self.add(inst, args),
            InstructionData::IntCompare {
                opcode: Opcode::Icmp,
                cond: IntCC::Equal | IntCC::NotEqual,
                args: [a, b],
            } => match (self.place(a), self.place(b)) {
                (Some((of, _)), None) | (None, Some((of, _))) => {
                    self.candidates[of].uses.push((inst, Use::Compare));
                }
                _ => self.let_go(inst),
            },
            _ => self.let_go(inst),
        }
    }

    fn access(&mut self, of: usize, inst: Inst, what: Use, field: Field) {
        let candidate = &mut self.candidates[of];
        candidate.uses.push((inst, what));
        match candidate.fields.iter().find(|known| known.at == field.at) {
            Some(known) => candidate.escapes |= known.ty.bytes() != field.ty.bytes(),
            None => candidate.fields.push(field),
        }
        candidate.escapes |= candidate.fields.len() > MOST_FIELDS;
    }

    fn add(&mut self, inst: Inst, [a, b]: [Value; 2]) {
        let sum = match (self.place(a), self.place(b)) {
            (Some(place), None) => self.constant(b).map(|by| (place, by)),
            (None, Some(place)) => self.constant(a).map(|by| (place, by)),
            (None, None) => return,
            _ => None,
        };
        match sum {
            Some(((of, at), by)) => {
                let result = self.result(inst);
                self.places.insert(result, (of, at.wrapping_add(by)));
            }
            None => self.let_go(inst),
        }
    }

    fn store(&mut self, inst: Inst, value: Value, address: Value, offset: i64) {
        let (stored, to) = (self.place(value), self.place(address));
        if let Some((of, at)) = to {
            let at = at + offset;
            let ty = self.func.dfg.value_type(value);
            self.access(of, inst, Use::Store { at }, Field { at, ty });
        }
        match stored {
            // It has come to be in another one, or in what lives on.
            Some((of, at)) if to.is_none() && self.objects.records.contains_key(&inst) => {
                self.candidates[of].uses.push((inst, Use::Record { at }));
            }
            Some((of, _)) => self.candidates[of].escapes = true,
            None => {}
        }
    }

    /// An instruction of a block in which the collector is told of a place.
    fn tells(&mut self, inst: Inst, block: Block, told: Told) {
        let base = self.place(told.base).map(|(of, _)| of);
        let values: Vec<Value> = self.func.dfg.inst_values(inst).collect();
        if let InstructionData::Binary { opcode: Opcode::Iadd, args } = self.func.dfg.insts[inst] {
            return self.add(inst, args);
        }
        for value in values {
            let Some((of, _)) = self.place(value) else { continue };
            let candidate = &mut self.candidates[of];
            match base == Some(of) {
                true if !candidate.told.contains(&block) => candidate.told.push(block),
                true => {}
                false => candidate.escapes = true,
            }
        }
    }
}

impl Candidate {
    /// What becomes of it, if its address goes nowhere.
    fn kept(mut self) -> Option<Kept> {
        if self.escapes {
            return None;
        }
        self.fields.sort_unstable_by_key(|field| field.at);
        let end = |field: &Field| field.at + i64::from(field.ty.bytes());
        let apart = self.fields.windows(2).all(|two| end(&two[0]) <= two[1].at);
        let inside = self.fields.iter().all(|f| f.at >= 0 && end(f) <= i64::from(self.made.size));
        let Candidate { made, from, fields, uses, told, .. } = self;
        (apart && inside).then_some(Kept { made, from, fields, uses, told })
    }
}

/// Takes out what asks for memory for an object, and what tells of stores into it.
fn unlink(func: &mut Function, objects: &mut Objects, kept: &Kept) {
    let Made { object, ask, ways, .. } = kept.made;
    let mut args = args_past(func, func.layout.last_inst(ways[0]), kept.from);
    let param = func.dfg.block_params(kept.from).iter().position(|&param| param == object);
    let mut pos = FuncCursor::new(func).at_inst(ask);
    args[param.expect("internal error: a new object that is no parameter")] =
        pos.ins().iconst(types::I64, 0).into();
    pos.ins().jump(kept.from, &args);
    func.layout.remove_inst(ask);
    for way in ways {
        remove_block(func, way);
    }
    for &block in &kept.told {
        let Some(Told { branch, .. }) = objects.told.remove(&block) else { continue };
        let dfg = &func.dfg;
        let ways = dfg.insts[branch].branch_destination(&dfg.jump_tables, &dfg.exception_tables);
        let past = ways.iter().map(|way| way.block(&dfg.value_lists)).find(|&to| to != block);
        let to = past.expect("internal error: nothing leads past what tells");
        let args = args_past(func, Some(branch), to);
        FuncCursor::new(func).at_inst(branch).ins().jump(to, &args);
        func.layout.remove_inst(branch);
        remove_block(func, block);
    }
}

/// What a branch passes to a block.
fn args_past(func: &Function, branch: Option<Inst>, to: Block) -> Vec<BlockArg> {
    let (dfg, branch) = (&func.dfg, branch.expect("internal error: an empty block"));
    let ways = dfg.insts[branch].branch_destination(&dfg.jump_tables, &dfg.exception_tables);
    let way = ways.iter().find(|way| way.block(&dfg.value_lists) == to);
    way.expect("internal error: a branch to elsewhere").args(&dfg.value_lists).collect()
}

fn remove_block(func: &mut Function, block: Block) {
    while let Some(inst) = func.layout.last_inst(block) {
        func.layout.remove_inst(inst);
    }
    func.layout.remove_block(block);
}
