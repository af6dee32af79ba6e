//! One function's bytecode to Cranelift's IR.
//!
//! A register is a variable of the frontend's SSA construction; the function's slots are one stack slot.
//! Blocks are translated in the order of [`crate::graph`], and sealed as soon as all that leads to them is there,
//! so that a register's value is seen across blocks. What is rare (suspensions, panics) leaves
//! into cold blocks, see [`crate::suspend`].
//!
//! A unit has one or more bodies: its function's, and those of callees that are inlined, each with registers,
//! slots and blocks of its own (see [`body`] and [`crate::inline`]).
//!
//! The same translation makes the function's start and its continuations: only the entry block
//! differs. Each opcode is a method in the file of its group; [`Visitor`] has no default, so a new
//! row of the opcode table does not compile until it is translated.

mod arith;
mod atomic;
pub(crate) mod body;
mod call;
mod chan;
mod control;
mod data;
mod defer;
mod iface;
mod latch;
mod leaf;
mod map;
mod memory;
mod port;
mod promote;
mod select;
mod slice;
mod string;
mod strip;

use crate::abi::{self, Place, STATUS, Shape, plain};
use crate::bias;
use crate::callbacks::Callback;
use crate::compile::Unit;
use crate::escape::{self, Objects};
use crate::facts::{self, Facts};
use crate::hoist::{self, Memory};
use crate::inline::Inliner;
use body::Body;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    self, Block, InstBuilder, SigRef, SourceLoc, StackSlot, StackSlotData, StackSlotKind, Type, Value, types,
};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use std::collections::{HashMap, HashSet};
use vo_bytecode::inst::Visitor;
use vo_bytecode::operand::{self, Operand, RegList};
use vo_bytecode::{Class, Reg};
use vo_runtime::code::Linkage;
use vo_runtime::context::offsets;
use vo_runtime::panic::RuntimePanic;

/// Callbacks that write nothing of the program's memory but what is new.
const HARMLESS: &[Callback] = &[
    Callback::interrupt,
    Callback::panic_runtime,
    Callback::guard_missed,
    Callback::write_barrier,
    Callback::alloc,
    Callback::str_copy,
    Callback::bytes_copy,
    Callback::slice_grow,
    Callback::resolve_method,
    Callback::iface_impl,
    Callback::map_find64,
    Callback::map_find32,
    Callback::map_find_str,
];

/// Where a unit begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Entry {
    /// At the function's start.
    Start,
    /// Behind the suspend point with this index.
    Point(u32),
}

/// The translation of one unit.
pub(crate) struct Translator<'a, 'f> {
    pub(crate) b: FunctionBuilder<'f>,
    pub(crate) link: Linkage<'a>,
    pub(crate) unit: &'a Unit<'a>,
    isa: &'a dyn TargetIsa,
    /// The body that is translated, and those that it is inlined into, the unit's own first.
    pub(crate) body: Body<'a>,
    pub(crate) callers: Vec<Body<'a>>,
    pub(crate) inliner: Inliner<'a>,
    pub(crate) facts: Facts,
    /// What memory the code uses, for what moves loads.
    pub(crate) memory: Memory,
    /// The objects that the code makes.
    pub(crate) objects: Objects,
    /// Where results go that do not fit registers.
    rest: Option<Value>,
    /// The unit function's shape.
    pub(crate) shape: Shape,
    /// Room for word lists that are handed to callbacks, and for what they answer.
    args: Area,
    outs: Area,
    /// Room for results of calls that do not fit registers.
    call_rest: Area,
    callback_sigs: HashMap<Callback, SigRef>,
    quiet_sig: Option<SigRef>,
    pub(crate) call_sigs: HashMap<Shape, SigRef>,
    /// The start of the unit, for calls of itself.
    pub(crate) own_start: Option<ir::FuncRef>,
    /// The functions of closures that the unit makes.
    pub(crate) closures: HashMap<Value, u32>,
    /// Addresses of objects that lie in the native frame.
    pub(crate) in_frame: HashSet<Value>,
    pub(crate) counts: Counts,
    /// The branches that always go one way, as far as was seen.
    biased: HashSet<ir::Inst>,
    /// The select whose cases are being laid.
    select: Option<select::Gathered>,
}

/// A stack slot that grows with what is wanted of it.
struct Area {
    slot: StackSlot,
    words: usize,
}

impl Area {
    fn new(b: &mut FunctionBuilder<'_>) -> Area {
        let slot = b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, 8, 3));
        Area { slot, words: 1 }
    }
}

/// What a translation has done, for the statistics.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    /// Calls that were replaced by what the callee does.
    pub(crate) inlined: usize,
    /// Calls that a guard made direct.
    pub(crate) guarded: usize,
    /// Objects that are not made: their fields are in registers.
    pub(crate) kept: usize,
    /// Branches that are laid out as they were seen to go.
    pub(crate) laid: usize,
}

/// Fills `into` with the translation of a unit. Answers also the branches that always go one way, as far as was
/// seen.
pub(crate) fn translate(
    unit: &Unit<'_>,
    isa: &dyn TargetIsa,
    into: &mut ir::Function,
    fcx: &mut FunctionBuilderContext,
) -> (Counts, HashSet<ir::Inst>) {
    let func = unit.function();
    let shape = Shape::of(func);
    into.signature = match unit.entry {
        Entry::Start => shape.signature(),
        Entry::Point(_) => shape.continuation().signature(),
    };
    let mut b = FunctionBuilder::new(into, fcx);
    let (args, outs, call_rest) = (Area::new(&mut b), Area::new(&mut b), Area::new(&mut b));
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    b.seal_block(entry);
    let body = Body::of_unit(unit, &mut b);
    let mut t = Translator {
        link: unit.link,
        unit,
        isa,
        body,
        callers: Vec::new(),
        inliner: Inliner::new(unit),
        facts: Facts::default(),
        memory: Memory::default(),
        objects: Objects::default(),
        rest: None,
        shape,
        args,
        outs,
        call_rest,
        callback_sigs: HashMap::new(),
        quiet_sig: None,
        call_sigs: HashMap::new(),
        own_start: None,
        closures: HashMap::new(),
        in_frame: HashSet::new(),
        counts: Counts::default(),
        biased: HashSet::new(),
        select: None,
        b,
    };
    t.enter(entry);
    t.translate_body();
    let (mut counts, memory) = (t.counts, std::mem::take(&mut t.memory));
    let mut objects = std::mem::take(&mut t.objects);
    let biased = std::mem::take(&mut t.biased);
    t.finish();
    if counts.laid > 0 {
        bias::spread(into);
    }
    counts.kept = escape::keep_in_registers(into, &mut objects, isa.default_call_conv());
    if !unit.retypes {
        hoist::hoist(into, &memory);
    }
    (counts, biased)
}

/// The frame.
impl Translator<'_, '_> {
    fn enter(&mut self, entry: Block) {
        let params = self.b.block_params(entry).to_vec();
        let first = 1 + usize::from(self.shape.rest_words() > 0);
        self.rest = (first == 2).then(|| params[1]);
        self.b.set_srcloc(SourceLoc::new(0));
        let node = self.facts.node(None);
        self.facts.go(node);
        match self.unit.entry {
            Entry::Start => {
                for (i, &param) in params[first..].iter().enumerate() {
                    self.b.def_var(self.body.vars[i], param);
                }
                self.poll_entry();
                self.clear_slots();
            }
            Entry::Point(point) => self.load_record(params[first], params[first + 1], point),
        }
        let live = |reg: &Reg| match self.unit.entry {
            Entry::Start => true,
            Entry::Point(point) => self.body.func.points[point as usize].live.contains(reg),
        };
        if let Some(closure) = self.body.closure.filter(live) {
            self.set_checked(closure);
        }
    }

    /// A continuation reads the frame's record, then what its point's instruction has come to.
    fn load_record(&mut self, record: Value, outcome: Value, point: u32) {
        let func = self.body.func;
        let point = &func.points[point as usize];
        let at = self.body.graph.inst_at(point.pc);
        let mut sets = Vec::new();
        self.body.graph.insts[at].1.for_each_set(|reg| sets.push(reg));
        for (from, regs) in [(record, &point.live), (outcome, &sets)] {
            for (i, &reg) in regs.iter().enumerate().filter(|&(_, &reg)| func.class(reg) != Class::Raw) {
                let value = abi::load_word(&mut self.b, abi::ty(func.class(reg)), from, i);
                self.b.def_var(self.body.vars[usize::from(reg.0)], value);
            }
        }
        if func.slot_words() > 0 {
            let from = self.b.ins().iadd_imm_s(record, 8 * point.live.len() as i64);
            let to = self.slots_addr();
            self.copy_words(to, from, func.slot_words());
        }
    }

    pub(crate) fn clear_slots(&mut self) {
        let words = self.body.func.slot_words();
        if words > 0 {
            let to = self.slots_addr();
            self.zero_words(to, words);
        }
    }

    /// The address of the slots; 0 in a function without.
    pub(crate) fn slots_addr(&mut self) -> Value {
        match self.body.slots {
            Some(slot) => self.b.ins().stack_addr(types::I64, slot, 0),
            None => self.int(0),
        }
    }

    fn finish(mut self) {
        for area in [&self.args, &self.outs, &self.call_rest] {
            self.b.func.sized_stack_slots[area.slot].size = 8 * area.words as u32;
        }
        self.b.seal_all_blocks();
        self.b.finalize(self.isa.frontend_config());
    }

    /// The worker's context. It has a machine register of its own, so that it costs no other.
    pub(crate) fn ctx(&mut self) -> Value {
        self.b.ins().get_pinned_reg(types::I64)
    }

    /// Goes on in a block to which nothing will lead but what does already.
    pub(crate) fn go_to(&mut self, block: Block) {
        self.b.switch_to_block(block);
        self.b.seal_block(block);
    }
}

/// Registers and constants.
impl Translator<'_, '_> {
    /// The value in a register.
    pub(crate) fn get(&mut self, reg: Reg) -> Value {
        let value = self.b.use_var(self.body.vars[usize::from(reg.0)]);
        match self.class(reg) {
            Class::Any => self.memory.doubt(value),
            Class::Raw => self.memory.local(value),
            _ => {}
        }
        value
    }

    /// Sets a register.
    pub(crate) fn set(&mut self, reg: Reg, value: Value) {
        if self.class(reg) == Class::Any {
            self.memory.doubt(value);
        }
        self.b.def_var(self.body.vars[usize::from(reg.0)], value);
    }

    pub(crate) fn class(&self, reg: Reg) -> Class {
        self.body.func.class(reg)
    }

    /// The condition that a boolean was made of, or the boolean.
    pub(crate) fn condition(&self, value: Value) -> Value {
        let dfg = &self.b.func.dfg;
        match dfg.value_def(dfg.resolve_aliases(value)) {
            ir::ValueDef::Result(inst, _) => match dfg.insts[inst] {
                ir::InstructionData::Unary { opcode: ir::Opcode::Uextend, arg } => arg,
                _ => value,
            },
            _ => value,
        }
    }

    /// The word in a register of any class.
    pub(crate) fn word(&mut self, reg: Reg) -> Value {
        let value = self.get(reg);
        abi::as_word(&mut self.b, value)
    }

    /// Sets a register of any class to the value with this word.
    pub(crate) fn set_word(&mut self, reg: Reg, word: Value) {
        let ty = self.ty(reg);
        let value = abi::from_word(&mut self.b, ty, word);
        self.set(reg, value);
    }

    pub(crate) fn ty(&self, reg: Reg) -> Type {
        abi::ty(self.class(reg))
    }

    pub(crate) fn int(&mut self, value: i64) -> Value {
        self.b.ins().iconst(types::I64, value)
    }

    /// The constant that a value is.
    pub(crate) fn constant(&self, value: Value) -> Option<i64> {
        facts::constant(&self.b.func.dfg, value)
    }

    /// A condition as 0 or 1.
    pub(crate) fn set_bool(&mut self, dst: Reg, cond: Value) {
        let value = self.b.ins().uextend(types::I64, cond);
        self.set(dst, value);
    }

    pub(crate) fn type_word_of(&mut self, ty: u32) -> Value {
        let word = self.link.types.get(ty).word();
        self.int(word as i64)
    }

    /// The running instruction as a site: function and code offset.
    pub(crate) fn site(&mut self) -> Value {
        self.int(i64::from(self.body.index) | i64::from(self.body.pc) << 32)
    }

    pub(crate) fn slot_address(&mut self, slot: u16, offset: u32) -> Value {
        let offset = self.body.slot_offsets[usize::from(slot)] + offset;
        match self.body.slots {
            Some(slot) => self.b.ins().stack_addr(types::I64, slot, offset as i32),
            None => self.int(0),
        }
    }

    /// From here on a register is known not to be nil.
    pub(crate) fn set_checked(&mut self, reg: Reg) {
        let value = self.get(reg);
        self.know_not_nil(value);
    }

    /// From here on a value is known not to be nil.
    pub(crate) fn know_not_nil(&mut self, value: Value) {
        self.facts.set_not_nil(&self.b.func.dfg, value);
        if let Some(block) = self.b.current_block() {
            self.memory.not_nil(value, block);
        }
    }
}

/// Control that leaves the straight path.
impl Translator<'_, '_> {
    pub(crate) fn cold_block(&mut self) -> Block {
        let block = self.b.create_block();
        self.b.set_cold_block(block);
        block
    }

    /// Goes on where `cond` is zero; else to a cold block, which it goes into and answers the block to
    /// come back to.
    pub(crate) fn unlikely(&mut self, cond: Value) -> Block {
        let (cold, on) = (self.cold_block(), self.b.create_block());
        self.b.ins().brif(cond, cold, &[], on, &[]);
        self.go_to(cold);
        on
    }

    /// Raises a panic where `cond` is not zero.
    pub(crate) fn trap_if(&mut self, cond: Value, panic: RuntimePanic, a: Option<Value>, b: Option<Value>) {
        let on = self.b.create_block();
        let site = self.site();
        let zero = a.or(b).unwrap_or(site);
        let operands = [a.unwrap_or(zero), b.unwrap_or(zero)];
        let cold = self.cold_block();
        self.b.ins().brif(cond, cold, &[], on, &[]);
        self.go_to(cold);
        self.raise(panic.code(), operands);
        self.go_to(on);
    }

    /// Raises a panic where a register is nil, unless it is known not to be.
    pub(crate) fn nil_trap(&mut self, reg: Reg) {
        if self.class(reg) == Class::Raw {
            return;
        }
        let ptr = self.get(reg);
        if self.facts.is_not_nil(&self.b.func.dfg, ptr) {
            return;
        }
        let nil = self.b.ins().icmp_imm_s(IntCC::Equal, ptr, 0);
        self.trap_if(nil, RuntimePanic::NilDereference {}, None, None);
        self.know_not_nil(ptr);
    }

    /// Raises the index error where `index` is not below `len`.
    pub(crate) fn bounds_trap(&mut self, index: Value, len: Value) {
        if self.facts.is_inside(&self.b.func.dfg, index, len) {
            return;
        }
        let out = self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, index, len);
        self.trap_if(out, RuntimePanic::Index { index: 0, len: 0 }, Some(index), Some(len));
        self.facts.set_inside(&self.b.func.dfg, index, len);
        if let Some(block) = self.b.current_block() {
            self.memory.inside(index, len, block);
        }
    }
}

/// Callbacks.
impl Translator<'_, '_> {
    fn call_door(&mut self, callback: Callback, args: &[Value]) -> ir::Inst {
        if callback.may_end() {
            self.note_frame();
        }
        let sig = match self.callback_sigs.get(&callback) {
            Some(&sig) => sig,
            None => {
                let sig = self.b.import_signature(callback.signature(self.isa.default_call_conv()));
                self.callback_sigs.insert(callback, sig);
                sig
            }
        };
        let ctx = self.ctx();
        // Not hoisted: most calls of callbacks are rare.
        let table = self.b.ins().load(types::I64, plain().with_readonly(), ctx, offsets::CALLBACKS);
        let door = self.b.ins().load(types::I64, plain().with_readonly(), table, callback.offset());
        let values: Vec<Value> = [ctx].into_iter().chain(args.iter().copied()).collect();
        let call = self.b.ins().call_indirect(sig, door, &values);
        self.note_harmless(callback, call);
        call
    }

    /// Tells what moves loads of a call that writes nothing of the program's memory but what is new.
    fn note_harmless(&mut self, callback: Callback, call: ir::Inst) {
        if HARMLESS.contains(&callback) {
            self.memory.leave_alone(call);
        }
    }

    /// Calls a callback that answers a word or a status.
    pub(crate) fn ask(&mut self, callback: Callback, args: &[Value]) -> Value {
        let call = self.call_door(callback, args);
        self.b.inst_results(call)[0]
    }

    /// As [`Translator::ask`] on a rare path that comes back, without loss of registers on the path beside it.
    pub(crate) fn ask_quietly(&mut self, callback: Callback, args: &[Value]) -> Value {
        self.tell_quietly(callback, args);
        let answers = callback.signature(self.isa.default_call_conv()).returns;
        let ty = answers.first().map_or(types::I64, |answer| answer.value_type);
        let ctx = self.ctx();
        self.b.ins().load(ty, plain(), ctx, offsets::RET)
    }

    /// As [`Translator::ask_quietly`] for a callback that answers nothing.
    pub(crate) fn tell_quietly(&mut self, callback: Callback, args: &[Value]) {
        if callback.may_end() {
            self.note_frame();
        }
        let sig = match self.quiet_sig {
            Some(sig) => sig,
            None => self.b.import_signature(abi::quiet_signature()),
        };
        self.quiet_sig = Some(sig);
        let door = self.unit.doors.get(&callback);
        let door = *door.unwrap_or_else(|| panic!("internal error: {callback:?} has no quiet door"));
        let ctx = self.ctx();
        for (i, &arg) in args.iter().enumerate() {
            self.b.ins().store(plain(), arg, ctx, offsets::RET + 8 * i as i32);
        }
        let door = self.int(door as i64);
        let call = self.b.ins().call_indirect(sig, door, &[]);
        self.note_harmless(callback, call);
    }

    /// Calls a callback that answers nothing.
    pub(crate) fn tell(&mut self, callback: Callback, args: &[Value]) {
        self.call_door(callback, args);
    }

    /// Calls a callback that answers a status and cannot wait; goes on where it is `Ok`.
    pub(crate) fn check(&mut self, callback: Callback, args: &[Value]) {
        let status = self.ask(callback, args);
        self.check_status(status);
    }

    /// Calls a callback that answers an address, or 0 where the program is ending.
    pub(crate) fn made(&mut self, callback: Callback, args: &[Value]) -> Value {
        let word = self.ask(callback, args);
        let none = self.b.ins().icmp_imm_s(IntCC::Equal, word, 0);
        let exit = self.exit_block();
        let on = self.b.create_block();
        let wake = self.b.ins().iconst(STATUS, vo_bytecode::Status::Wake as i64);
        self.b.ins().brif(none, exit, &[wake.into()], on, &[]);
        self.go_to(on);
        self.know_not_nil(word);
        word
    }

    /// The address of room for `n` words to hand to a callback.
    pub(crate) fn args_area(&mut self, n: usize) -> Value {
        self.args.words = self.args.words.max(n);
        self.b.ins().stack_addr(types::I64, self.args.slot, 0)
    }

    /// The address of room for `n` words that a callback answers.
    pub(crate) fn outs_area(&mut self, n: usize) -> Value {
        self.outs.words = self.outs.words.max(n);
        self.b.ins().stack_addr(types::I64, self.outs.slot, 0)
    }

    fn call_rest_area(&mut self, n: usize) -> Value {
        self.call_rest.words = self.call_rest.words.max(n);
        self.b.ins().stack_addr(types::I64, self.call_rest.slot, 0)
    }

    /// Word `i` of what a callback has answered.
    pub(crate) fn out(&mut self, i: usize) -> Value {
        let base = self.outs_area(i + 1);
        self.b.ins().load(types::I64, plain(), base, 8 * i as i32)
    }

    /// Stores registers as a word list; answers its address.
    pub(crate) fn words(&mut self, first: &[Value], regs: RegList<'_>) -> Value {
        let base = self.args_area(first.len() + regs.len());
        for (i, &value) in first.iter().enumerate() {
            abi::store_word(&mut self.b, value, base, i);
        }
        for (i, reg) in regs.iter().enumerate() {
            let value = self.get(reg);
            abi::store_word(&mut self.b, value, base, first.len() + i);
        }
        base
    }

    /// Sets registers to the words of an answer, from word `first` on.
    pub(crate) fn set_outs(&mut self, first: usize, regs: RegList<'_>) {
        for (i, reg) in regs.iter().enumerate() {
            let word = self.out(first + i);
            self.set_word(reg, word);
        }
    }
}

/// Runs of words.
impl Translator<'_, '_> {
    /// Words that are copied or zeroed one by one; more take a loop.
    const UNROLLED: usize = 16;

    /// Words that a turn of the loop zeroes.
    const ROW: usize = 8;

    fn zero_words(&mut self, to: Value, n: usize) {
        let zero = self.int(0);
        if n <= Self::UNROLLED {
            for i in 0..n {
                self.b.ins().store(plain(), zero, to, 8 * i as i32);
            }
            return;
        }
        // A row of words in each turn, the odd ones before.
        let odd = n % Self::ROW;
        for i in 0..odd {
            self.b.ins().store(plain(), zero, to, 8 * i as i32);
        }
        let to = self.b.ins().iadd_imm_s(to, 8 * odd as i64);
        let zeroes = self.b.func.dfg.constants.insert(ir::ConstantData::from(&[0u8; 16][..]));
        let zeroes = self.b.ins().vconst(types::I8X16, zeroes);
        self.word_loop(n - odd, Self::ROW, |t, offset| {
            let at = t.b.ins().iadd(to, offset);
            for i in (0..Self::ROW).step_by(2) {
                t.b.ins().store(plain(), zeroes, at, 8 * i as i32);
            }
        });
    }

    fn copy_words(&mut self, to: Value, from: Value, n: usize) {
        self.word_loop(n, 1, |t, offset| {
            let (from, to) = (t.b.ins().iadd(from, offset), t.b.ins().iadd(to, offset));
            let word = t.b.ins().load(types::I64, plain(), from, 0);
            t.b.ins().store(plain(), word, to, 0);
        });
    }

    /// Does something with each row of so many of `n` words; `n` is a multiple of that.
    fn word_loop(&mut self, n: usize, row: usize, body: impl FnOnce(&mut Self, Value)) {
        let (turn, done) = (self.b.create_block(), self.b.create_block());
        let offset = self.b.append_block_param(turn, types::I64);
        let zero = self.int(0);
        self.b.ins().jump(turn, &[zero.into()]);
        self.b.switch_to_block(turn); // is led to from its own end
        body(self, offset);
        let next = self.b.ins().iadd_imm_s(offset, 8 * row as i64);
        let more = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThan, next, 8 * n as i64);
        self.b.ins().brif(more, turn, &[next.into()], done, &[]);
        self.go_to(done);
    }
}

/// Returns.
impl Translator<'_, '_> {
    /// Returns `Ok` with the results, or goes on in the caller that the body is inlined into.
    pub(crate) fn return_results(&mut self, results: RegList<'_>) {
        if self.body.back.is_some() {
            return self.return_inlined(results);
        }
        let mut values = vec![self.b.ins().iconst(STATUS, 0)];
        for (reg, place) in results.iter().zip(self.shape.places()) {
            let value = self.get(reg);
            match (place, self.rest) {
                (Place::Value(_), _) => values.push(value),
                (Place::Rest(word), Some(rest)) => abi::store_word(&mut self.b, value, rest, word),
                (Place::Rest(_), None) => panic!("internal error: results without room"),
            }
        }
        self.b.ins().return_(&values);
    }

    /// Returns a status without results.
    pub(crate) fn return_status(&mut self, status: Value) {
        let mut values = vec![status];
        let types: Vec<Type> = self.b.func.signature.returns[1..].iter().map(|p| p.value_type).collect();
        for ty in types {
            values.push(match ty {
                types::F64 => self.b.ins().f64const(0.0),
                types::F32 => self.b.ins().f32const(0.0),
                _ => self.int(0),
            });
        }
        self.b.ins().return_(&values);
    }
}

/// Connects the opcode table with the translations, which are methods of [`Translator`].
struct Rows<'t, 'a, 'f>(&'t mut Translator<'a, 'f>);

macro_rules! connect {
    ($($name:ident = $method:ident $doc:literal { $($field:ident : $role:ident),* } [$($flag:ident),*];)*) => {
        impl<'c> Visitor<'c> for Rows<'_, '_, '_> {
            type Out = ();
            $(fn $method(&mut self, $($field: <operand::$role as Operand>::Value<'c>),*) {
                self.0.$method($($field),*)
            })*
        }
    };
}

vo_bytecode::for_each_op!(connect);
