//! How a frame leaves: suspensions, panics, polls.
//!
//! After whatever may answer another status than `Ok` stands a test that leads to a cold block. There
//! the live registers are stored as a word list and the machine makes a record of them
//! (`leave_frame`), or, for a panic, goes to the landing pad or notes the frame in the panic's trace;
//! then the status is returned.
//!
//! An inlined body leaves in the same way, one frame after the other: it writes its own record, or its own line
//! of the trace, and goes to where its caller would be if the call had answered that status. So
//! records and traces are those of code in which nothing is inlined.
//!
//! A function calls nothing only if it has no instruction that may suspend but loop headers. Such a leaf
//! polls neither stack nor interrupt word at its entry.

use crate::abi::{self, STATUS, fixed, plain};
use crate::callbacks::Callback;
use crate::translate::{Entry, Translator};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Value, types};
use vo_bytecode::{Inst, PointKind, Status, SuspendPoint};
use vo_runtime::context::offsets;

/// Live registers up to which a frame that waits writes its record by itself.
const OWN_RECORD: usize = 24;

/// Slot words up to which a leaf needs no look at the stack's limit.
const SMALL_FRAME: usize = 512;

/// Registers up to which a function is small.
const FEW_REGS: usize = 16;

impl Translator<'_, '_> {
    /// At the entry: is there stack, does somebody want the worker?
    pub(crate) fn poll_entry(&mut self) {
        let calls = |inst: &Inst<'_>| {
            let flags = inst.op().flags();
            flags.has(vo_bytecode::ops::Flags::CALL)
        };
        let func = self.body.func;
        let leaf = !self.body.graph.insts.iter().any(|(_, inst)| calls(inst));
        if func.slot_words() <= SMALL_FRAME && leaf {
            return;
        }
        let sp = self.b.ins().get_stack_pointer(types::I64);
        let ctx = self.ctx();
        let limit = self.b.ins().load(types::I64, plain(), ctx, offsets::STACK_LIMIT);
        let exhausted = self.b.ins().icmp(IntCC::UnsignedLessThan, sp, limit);
        let interrupt = self.interrupt_word();
        let (cold, look, on) = (self.cold_block(), self.b.create_block(), self.b.create_block());
        self.b.ins().brif(exhausted, cold, &[], look, &[]);
        self.go_to(look);
        self.b.ins().brif(interrupt, cold, &[], on, &[]);

        self.go_to(cold);
        let n = usize::from(func.params);
        let args = self.args_area(n);
        for i in 0..n {
            let value = self.get(vo_bytecode::Reg(i as u16));
            abi::store_word(&mut self.b, value, args, i);
        }
        let func = self.int(i64::from(self.body.index));
        // Not the comparison above, which would be made a value there.
        let below = self.b.ins().isub(sp, limit);
        let exhausted = self.b.ins().ushr_imm_s(below, 63);
        let status = self.ask_quietly(Callback::poll_entry, &[func, args, exhausted]);
        let exit = self.exit_block();
        self.b.ins().brif(status, exit, &[status.into()], on, &[]);
        self.go_to(on);
    }

    pub(crate) fn interrupt_word(&mut self) -> Value {
        // In a large unit it is not kept in a register, which would be one less for everything else.
        let unit = self.callers.first().unwrap_or(&self.body);
        let flags = if unit.func.regs.len() <= FEW_REGS { fixed() } else { plain() };
        let ctx = self.ctx();
        let word = self.b.ins().load(types::I64, flags, ctx, offsets::INTERRUPT);
        self.b.ins().load(types::I32, plain(), word, 0)
    }

    /// The suspend point of the running instruction.
    fn point(&self) -> usize {
        let is_it = |p: &vo_bytecode::SuspendPoint| p.pc == self.body.pc && p.kind != PointKind::Entry;
        let found = self.body.func.points.iter().position(is_it);
        found.unwrap_or_else(|| panic!("internal error: no suspend point at {}", self.body.pc))
    }

    /// Makes a record of the frame, or a line of the panic's trace, and returns the status.
    pub(crate) fn spill_and_exit(&mut self, status: Value) {
        let point = self.point();
        let SuspendPoint { kind, live, .. } = &self.body.func.points[point];
        // Frames that wait are mostly small, and come back to wait again.
        if *kind == PointKind::Blocking && live.len() <= OWN_RECORD && self.body.func.slot_words() == 0 {
            self.write_record(status, point);
        }
        let base = self.args_area(live.len());
        let shown = self.shown_site();
        for (i, &reg) in live.iter().enumerate() {
            self.record_word(reg, base, i, shown);
        }
        let place = self.int(i64::from(self.body.index) | (point as i64) << 32);
        let wide = self.b.ins().uextend(types::I64, status);
        let slots = self.slots_addr();
        let status = self.ask(Callback::leave_frame, &[wide, place, base, slots]);
        let exit = self.exit_block();
        self.b.ins().jump(exit, &[status.into()]);
    }

    /// The frame as traces show it, where an object may be made for its record.
    fn shown_site(&mut self) -> Option<i64> {
        (!self.objects.is_empty()).then(|| {
            let (func, pc) = self.site_parts();
            i64::from(func) | i64::from(pc) << 32
        })
    }

    /// Stores a register as a word of the frame's record.
    fn record_word(&mut self, reg: vo_bytecode::Reg, base: Value, word: usize, shown: Option<i64>) {
        let value = self.word(reg);
        let store = self.b.ins().store(plain(), value, base, 8 * word as i32);
        if let Some(site) = shown {
            self.objects.record(store, site);
        }
    }

    /// Writes the record of the frame where there is room, and leaves; goes on where there is none, or the status is
    /// `Panic`.
    fn write_record(&mut self, status: Value, point: usize) {
        let live = &self.body.func.points[point].live;
        let (look, room, slow) = (self.cold_block(), self.cold_block(), self.cold_block());
        let panic = self.is_panic(status);
        self.b.ins().brif(panic, slow, &[], look, &[]);

        // The frame of a continuation mostly has none but saved ones below it.
        let bottom = self.callers.is_empty() && matches!(self.unit.entry, Entry::Point(_));
        let (place, place_end) = match bottom {
            true => (offsets::RECORD, offsets::RECORD_END),
            false => (offsets::SPILL, offsets::SPILL_END),
        };
        self.go_to(look);
        let ctx = self.ctx();
        let at = self.b.ins().load(types::I64, plain(), ctx, place);
        let end = self.b.ins().load(types::I64, plain(), ctx, place_end);
        let top = self.b.ins().iadd_imm_s(at, 8 * (live.len() as i64 + 1));
        let full = self.b.ins().icmp(IntCC::UnsignedGreaterThan, top, end);
        self.b.ins().brif(full, slow, &[], room, &[]);

        self.go_to(room);
        let tail = self.int(i64::from(self.body.index) | (point as i64) << 32);
        // What is laid on the fiber's records is in their order, what is to be laid there lies backwards.
        let (first, tail_at) = if bottom { (0, live.len()) } else { (1, 0) };
        let shown = self.shown_site();
        for i in 0..live.len() {
            let reg = live[if bottom { i } else { live.len() - 1 - i }];
            self.record_word(reg, at, first + i, shown);
        }
        self.b.ins().store(plain(), tail, at, 8 * tail_at as i32);
        let ctx = self.ctx();
        self.b.ins().store(plain(), top, ctx, place);
        let exit = self.exit_block();
        self.b.ins().jump(exit, &[status.into()]);
        self.go_to(slow);
    }

    /// Goes on where a call or a blocking operation has answered `Ok`.
    pub(crate) fn suspend_unless_ok(&mut self, status: Value) {
        let on = self.unlikely(status);
        self.leave_with(status);
        self.go_to(on);
    }

    /// A call or a blocking operation has answered a status that is not `Ok`. Ends the block.
    fn leave_with(&mut self, status: Value) {
        if self.body.func.landing.is_some() {
            let (panicked, spill) = (self.cold_block(), self.cold_block());
            let panic = self.is_panic(status);
            self.b.ins().brif(panic, panicked, &[], spill, &[]);
            self.go_to(panicked);
            self.panicked();
            self.go_to(spill);
        }
        self.spill_and_exit(status);
    }

    /// As [`Translator::suspend_unless_ok`] for `DeferUnwind`: its panic has been noted, and leaves.
    pub(crate) fn suspend_or_leave_unless_ok(&mut self, status: Value) {
        let on = self.unlikely(status);
        let spill = self.cold_block();
        let panic = self.is_panic(status);
        let exit = self.exit_block();
        self.b.ins().brif(panic, exit, &[status.into()], spill, &[]);
        self.go_to(spill);
        self.spill_and_exit(status);
        self.go_to(on);
    }

    /// Goes on where an operation that cannot wait has answered `Ok`. It answers `Wake` only where the
    /// program is ending: nothing needs to be saved then.
    pub(crate) fn check_status(&mut self, status: Value) {
        if self.body.func.landing.is_none() {
            let (fail, on) = (self.fail_block(), self.b.create_block());
            let site = self.site();
            self.b.ins().brif(status, fail, &[status.into(), site.into()], on, &[]);
            self.go_to(on);
            return;
        }
        let on = self.unlikely(status);
        let panicked = self.cold_block();
        let (panic, exit) = (self.is_panic(status), self.exit_block());
        self.b.ins().brif(panic, panicked, &[], exit, &[status.into()]);
        self.go_to(panicked);
        self.panicked();
        self.go_to(on);
    }

    fn is_panic(&mut self, status: Value) -> Value {
        self.b.ins().icmp_imm_s(IntCC::Equal, status, Status::Panic as i64)
    }

    /// The fiber's panic has come to the running instruction: to the landing pad, or out. Ends the block.
    pub(crate) fn panicked(&mut self) {
        let site = self.site();
        match self.body.func.landing {
            Some(landing) => {
                self.tell(Callback::leave, &[site]);
                let block = self.block_at(landing);
                self.b.ins().jump(block, &[]);
            }
            None => {
                let block = self.panic_block();
                self.b.ins().jump(block, &[site.into()]);
            }
        }
    }

    /// Raises a run-time panic. Ends the block.
    pub(crate) fn raise(&mut self, code: u64, operands: [Value; 2]) {
        let code = self.int(code as i64);
        self.tell_quietly(Callback::panic_runtime, &[code, operands[0], operands[1]]);
        self.panicked();
    }
}

/// Blocks of a body that many of its places jump to, made when they are wanted.
#[derive(Default)]
pub(crate) struct Shared {
    /// Leaves with the status it is given.
    exit: Option<Block>,
    /// Notes the site it is given in the panic's trace and leaves with `Panic`.
    panic_exit: Option<Block>,
    /// As `exit` or `panic_exit`, as the status says that it is given with a site.
    fail_exit: Option<Block>,
}

/// Blocks that many places share.
impl Translator<'_, '_> {
    pub(crate) fn exit_block(&mut self) -> Block {
        if let Some(block) = self.body.shared.exit {
            return block;
        }
        let block = self.cold_block();
        self.b.append_block_param(block, STATUS);
        self.body.shared.exit = Some(block);
        block
    }

    fn panic_block(&mut self) -> Block {
        if let Some(block) = self.body.shared.panic_exit {
            return block;
        }
        let block = self.cold_block();
        self.b.append_block_param(block, types::I64);
        self.body.shared.panic_exit = Some(block);
        block
    }

    fn fail_block(&mut self) -> Block {
        if let Some(block) = self.body.shared.fail_exit {
            return block;
        }
        let block = self.cold_block();
        self.b.append_block_param(block, STATUS);
        self.b.append_block_param(block, types::I64);
        self.body.shared.fail_exit = Some(block);
        block
    }

    /// Fills the shared blocks that were asked for. Those that others lead to come last.
    pub(crate) fn make_shared(&mut self) {
        if let Some(block) = self.body.shared.fail_exit {
            self.go_to(block);
            let params = self.b.block_params(block).to_vec();
            let panic = self.is_panic(params[0]);
            let (panicked, exit) = (self.panic_block(), self.exit_block());
            self.b.ins().brif(panic, panicked, &[params[1].into()], exit, &[params[0].into()]);
        }
        if let Some(block) = self.body.shared.panic_exit {
            self.go_to(block);
            let site = self.b.block_params(block)[0];
            self.tell(Callback::leave, &[site]);
            let status = self.b.ins().iconst(STATUS, Status::Panic as i64);
            let exit = self.exit_block();
            self.b.ins().jump(exit, &[status.into()]);
        }
        if let Some(block) = self.body.shared.exit {
            self.go_to(block);
            let status = self.b.block_params(block)[0];
            match self.callers.pop() {
                None => self.return_status(status),
                Some(caller) => {
                    // An inlined body has left: its caller leaves at the call, as if it had been one.
                    let callee = std::mem::replace(&mut self.body, caller);
                    self.leave_with(status);
                    let caller = std::mem::replace(&mut self.body, callee);
                    self.callers.push(caller);
                }
            }
        }
    }
}
