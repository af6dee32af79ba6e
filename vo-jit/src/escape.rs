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
//! parameter of a block or through memory. A parameter that is one of several objects, or none, stands for an object too: what it
//! holds is handed on with it, field by field, and whether there is one. That is right where the object that was passed is
//! used no more but through the parameter. Objects that come to memory, or live on beside a parameter, are made.
//!
//! Must stay true: the address of an object that is not made is in no register, record or memory; a field is read and written
//! with one size at one distance, and fields do not overlap; two names for one object never hold different things.

mod scan;
mod values;

use crate::callbacks::Callback;
use crate::phis;
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::{Block, BlockArg, Function, Inst, InstBuilder, Type, Value, ValueDef, types};
use cranelift_codegen::isa::CallConv;
use std::collections::HashMap;

/// How often objects are looked for: each time those are found that the ones before have held.
const ROUNDS: usize = 6;

/// Bytes of the largest object that becomes values.
const LARGEST: u32 = 256;

/// Values that stand for objects that come together.
const MOST_NAMES: usize = 32;

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
        let mut found = scan::find(func, objects);
        if found.is_empty() {
            break;
        }
        let made: Vec<Made> = found.iter().flat_map(Kept::made).collect();
        kept += made.len();
        objects.made.retain(|one| !made.iter().any(|gone| gone.object == one.object));
        made.iter().for_each(|made| unlink(func, made));
        found.iter().flat_map(|kept| &kept.told).for_each(|&block| stop_telling(func, objects, block));
        remove_unreachable(func);
        found.iter_mut().for_each(|kept| {
            kept.uses.retain(|(inst, ..)| func.layout.inst_block(*inst).is_some());
        });
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
    /// Compares it with nil, or with what is another address.
    Compare {
        nil: bool,
    },
}

/// A value that is the address of an object: where that is made, or of one of several, or none.
#[derive(Clone, Copy)]
struct Name {
    value: Value,
    /// The block whose parameter the value is.
    from: Block,
    made: Option<Made>,
}

/// Objects that become values: one, or several that come together in parameters.
struct Kept {
    names: Vec<Name>,
    fields: Vec<Field>,
    size: u32,
    ty: i64,
    /// Whether a name may be that of no object.
    maybe_nil: bool,
    /// Which name, and how, in the order of the blocks, and in that of each block's instructions.
    uses: Vec<(Inst, usize, Use)>,
    /// Blocks in which the collector is told of places in them.
    told: Vec<Block>,
}

impl Kept {
    fn made(&self) -> impl Iterator<Item = Made> {
        self.names.iter().filter_map(|name| name.made)
    }
}

/// The block that begins where an object is made.
fn block_behind(func: &Function, object: Value) -> Block {
    match func.dfg.value_def(object) {
        ValueDef::Param(from, _) => from,
        _ => panic!("internal error: a new object that is no parameter"),
    }
}

/// Takes out what asks for memory for an object.
fn unlink(func: &mut Function, made: &Made) {
    let Made { object, ask, ways, .. } = *made;
    let from = block_behind(func, object);
    let mut args = args_past(func, func.layout.last_inst(ways[0]), from);
    let param = func.dfg.block_params(from).iter().position(|&param| param == object);
    let mut pos = FuncCursor::new(func).at_inst(ask);
    args[param.expect("internal error: a new object that is no parameter")] =
        pos.ins().iconst(types::I64, 0).into();
    pos.ins().jump(from, &args);
    func.layout.remove_inst(ask);
    ways.into_iter().for_each(|way| remove_block(func, way));
}

/// Takes out the block in which the collector is told of a store that is none any more.
fn stop_telling(func: &mut Function, objects: &mut Objects, block: Block) {
    let Some(Told { branch, .. }) = objects.told.remove(&block) else { return };
    let dfg = &func.dfg;
    let ways = dfg.insts[branch].branch_destination(&dfg.jump_tables, &dfg.exception_tables);
    let past = ways.iter().map(|way| way.block(&dfg.value_lists)).find(|&to| to != block);
    let to = past.expect("internal error: nothing leads past what tells");
    let args = args_past(func, Some(branch), to);
    FuncCursor::new(func).at_inst(branch).ins().jump(to, &args);
    func.layout.remove_inst(branch);
    remove_block(func, block);
}

/// What a branch passes to a block.
fn args_past(func: &Function, branch: Option<Inst>, to: Block) -> Vec<BlockArg> {
    let (dfg, branch) = (&func.dfg, branch.expect("internal error: an empty block"));
    let ways = dfg.insts[branch].branch_destination(&dfg.jump_tables, &dfg.exception_tables);
    let way = ways.iter().find(|way| way.block(&dfg.value_lists) == to);
    way.expect("internal error: a branch to elsewhere").args(&dfg.value_lists).collect()
}

/// Takes out the blocks that nothing leads to any more: they use what the others do not make.
fn remove_unreachable(func: &mut Function) {
    let cfg = ControlFlowGraph::with_function(func);
    let domtree = DominatorTree::with_function(func, &cfg);
    let blocks: Vec<Block> = func.layout.blocks().filter(|&block| !domtree.is_reachable(block)).collect();
    blocks.into_iter().for_each(|block| remove_block(func, block));
}

fn remove_block(func: &mut Function, block: Block) {
    while let Some(inst) = func.layout.last_inst(block) {
        func.layout.remove_inst(inst);
    }
    func.layout.remove_block(block);
}
