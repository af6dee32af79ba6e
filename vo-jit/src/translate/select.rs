//! Select.
//!
//! Compiled code finds a case that is ready by looking, where the island is this worker's alone, nobody waits at one of the
//! channels, and all of them are open: what is ready then is an element in a buffer, or room in one. Of two that are
//! ready, one is drawn. Everything else is one call, for which the cases are laid on the stack.
//!
//! Must stay true: looking changes nothing, so that the call may begin anew.

use super::Translator;
use crate::abi::{self, plain};
use crate::callbacks::Callback;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Value, types};
use vo_bytecode::operand::RegList;
use vo_bytecode::{Inst, Reg};
use vo_runtime::context::{SelectCase, offsets};
use vo_runtime::object::chan::offsets as chan;

/// Words of a laid case.
const CASE_WORDS: usize = size_of::<SelectCase>() / 8;

/// Cases up to which a select looks by itself.
const FEW_CASES: usize = 4;

/// What a case does; the numbers are those of a laid case's `sends`.
enum What {
    /// Receives so many words.
    Recv(u16),
    Send(Vec<Reg>),
    RecvPort,
}

struct Case {
    index: u16,
    chan: Reg,
    what: What,
}

/// A select whose cases stand just behind its beginning.
pub(super) struct Gathered {
    n: u16,
    cases: Vec<Case>,
}

impl Translator<'_, '_> {
    pub(crate) fn select_begin(&mut self, n: u16) {
        if self.cases_follow() {
            self.select = Some(Gathered { n, cases: Vec::new() });
            return;
        }
        let n = self.int(i64::from(n));
        self.tell(Callback::select_begin, &[n]);
    }

    /// Whether the running `SelectBegin` has its cases and its `SelectExec` just behind it, with no way in
    /// between. (What the compiler makes has.)
    fn cases_follow(&self) -> bool {
        let graph = &self.body.graph;
        let begin = graph.inst_at(self.body.pc);
        for i in graph.blocks[self.body.block].insts().skip_while(|&i| i != begin).skip(1) {
            match &graph.insts[i].1 {
                Inst::SelectSend { .. } | Inst::SelectRecv { .. } | Inst::SelectPort { .. } => {}
                Inst::SelectExec { .. } => return true,
                _ => return false,
            }
        }
        false
    }

    pub(crate) fn select_send(&mut self, index: u16, chan: Reg, words: RegList<'_>) {
        if let Some(select) = &mut self.select {
            return select.cases.push(Case { index, chan, what: What::Send(words.iter().collect()) });
        }
        let list = self.words(&[], words);
        let (index, chan) = (self.int(i64::from(index)), self.get(chan));
        let n = self.int(words.len() as i64);
        self.tell(Callback::select_add_send, &[index, chan, list, n]);
    }

    pub(crate) fn select_recv(&mut self, index: u16, chan: Reg, n: u16) {
        if let Some(select) = &mut self.select {
            return select.cases.push(Case { index, chan, what: What::Recv(n) });
        }
        let (index, chan, n) = (self.int(i64::from(index)), self.get(chan), self.int(i64::from(n)));
        self.tell(Callback::select_add_recv, &[index, chan, n]);
    }

    pub(crate) fn select_port(&mut self, index: u16, port: Reg, n: u16) {
        if let Some(select) = &mut self.select {
            return select.cases.push(Case { index, chan: port, what: What::RecvPort });
        }
        let (index, port, n) = (self.int(i64::from(index)), self.get(port), self.int(i64::from(n)));
        self.tell(Callback::select_add_port, &[index, port, n]);
    }

    pub(crate) fn select_exec(&mut self, dst: Reg, default: u16) {
        let Some(gathered) = self.select.take() else {
            let default = self.int(i64::from(default));
            let status = self.ask(Callback::select_exec, &[default]);
            return self.select_done(status, dst);
        };
        let (slow, on) = (self.cold_block(), self.b.create_block());
        let looks = gathered.cases.len() == usize::from(gathered.n)
            && (1..=FEW_CASES).contains(&gathered.cases.len())
            && !gathered.cases.iter().any(|case| matches!(case.what, What::RecvPort));
        if looks {
            self.select_inline(&gathered.cases, dst, default != 0, (slow, on));
        } else {
            self.b.ins().jump(slow, &[]);
        }
        self.go_to(slow);
        self.lay_cases(&gathered);
        let (cases, n) = (self.args_area(0), self.int(i64::from(gathered.n)));
        let default = self.int(i64::from(default));
        let status = self.ask(Callback::select, &[cases, n, default]);
        self.select_done(status, dst);
        self.b.ins().jump(on, &[]);
        self.go_to(on);
    }

    fn select_done(&mut self, status: Value, dst: Reg) {
        self.suspend_unless_ok(status);
        let ctx = self.ctx();
        let case = self.b.ins().load(types::I64, plain(), ctx, offsets::SELECT_CASE);
        self.set(dst, case);
    }

    /// Lays the cases on the stack, and behind them what they send.
    fn lay_cases(&mut self, gathered: &Gathered) {
        let mut first = CASE_WORDS * usize::from(gathered.n);
        self.args_area(first);
        for case in &gathered.cases {
            let (what, sent): (_, &[Reg]) = match &case.what {
                What::Recv(_) => (0, &[]),
                What::Send(words) => (1, words),
                What::RecvPort => (2, &[]),
            };
            let count = sent.len();
            let base = self.args_area(first + count);
            for (i, &reg) in sent.iter().enumerate() {
                let value = self.get(reg);
                abi::store_word(&mut self.b, value, base, first + i);
            }
            let (chan, what) = (self.get(case.chan), self.int(what));
            let words = self.b.ins().iadd_imm_s(base, 8 * first as i64);
            for (i, value) in [chan, what, words].into_iter().enumerate() {
                abi::store_word(&mut self.b, value, base, CASE_WORDS * usize::from(case.index) + i);
            }
            first += count;
        }
    }

    pub(crate) fn select_value(&mut self, ok: Reg, words: RegList<'_>) {
        let ctx = self.ctx();
        let values = self.b.ins().load(types::I64, plain(), ctx, offsets::SELECT_VALUES);
        for (i, reg) in words.iter().enumerate() {
            let word = self.b.ins().load(types::I64, plain(), values, 8 * i as i32);
            self.set_word(reg, word);
        }
        let ctx = self.ctx();
        let sent = self.b.ins().load(types::I64, plain(), ctx, offsets::SELECT_OK);
        self.set(ok, sent);
    }
}

/// What needs nobody else.
impl Translator<'_, '_> {
    /// Does a case that is ready, or finds that none is, and goes on at `on`; or leads to `slow`, having changed nothing.
    fn select_inline(&mut self, cases: &[Case], dst: Reg, default: bool, (slow, on): (Block, Block)) {
        let alone = self.alone();
        self.go_on_if(alone, slow);
        let ctx = self.ctx();
        let marking = self.b.ins().load(types::I64, plain(), ctx, offsets::BARRIER);
        self.go_on_unless(marking, slow);
        let ready: Vec<Value> = cases.iter().map(|case| self.case_is_ready(case, slow)).collect();
        let mut any = ready[0];
        for &one in &ready[1..] {
            any = self.b.ins().bor(any, one);
        }
        let none = if default { self.b.create_block() } else { slow };
        self.go_on_if(any, none);
        let picked = self.pick(&ready, slow);
        for (i, case) in cases.iter().enumerate() {
            let next = self.b.create_block();
            if let Some(&picked) = picked.get(i) {
                let this = self.b.create_block();
                self.b.ins().brif(picked, this, &[], next, &[]);
                self.go_to(this);
            }
            self.do_case(case, dst);
            self.b.ins().jump(on, &[]);
            if i < picked.len() {
                self.go_to(next);
            }
        }
        if default {
            self.go_to(none);
            let none = self.int(-1);
            self.set(dst, none);
            self.b.ins().jump(on, &[]);
        }
    }

    fn go_on_if(&mut self, cond: Value, otherwise: Block) {
        let on = self.b.create_block();
        self.b.ins().brif(cond, on, &[], otherwise, &[]);
        self.go_to(on);
    }

    fn go_on_unless(&mut self, cond: Value, otherwise: Block) {
        let on = self.b.create_block();
        self.b.ins().brif(cond, otherwise, &[], on, &[]);
        self.go_to(on);
    }

    /// Whether a case's buffer has what it needs. Leads to `slow` where that is not all that there is to ask.
    fn case_is_ready(&mut self, case: &Case, slow: Block) -> Value {
        let ch = self.get(case.chan);
        self.go_on_if(ch, slow);
        let sends = matches!(case.what, What::Send(_));
        let waiting = if sends { chan::RECVQ } else { chan::SENDQ };
        let closed = self.b.ins().load(types::I32, plain(), ch, chan::CLOSED);
        let waits = self.b.ins().load(types::I64, plain(), ch, waiting);
        let closed = self.b.ins().uextend(types::I64, closed);
        let either = self.b.ins().bor(closed, waits);
        self.go_on_unless(either, slow);
        let count = self.b.ins().load(types::I64, plain(), ch, chan::COUNT);
        if sends {
            let cap = self.b.ins().load(types::I64, plain(), ch, chan::CAP);
            return self.b.ins().icmp(IntCC::UnsignedLessThan, count, cap);
        }
        self.b.ins().icmp_imm_s(IntCC::NotEqual, count, 0)
    }

    /// Of cases of which one is ready at least: for each but the last whether it is the one to be done, the ones before
    /// it not being it. Leads to `slow` where one of many is to be drawn.
    fn pick(&mut self, ready: &[Value], slow: Block) -> Vec<Value> {
        let &[first, ref rest @ ..] = ready else { return Vec::new() };
        if let &[second] = rest {
            let (draw, on) = (self.b.create_block(), self.b.create_block());
            let picked = self.b.append_block_param(on, types::I8);
            let both = self.b.ins().band(first, second);
            self.b.ins().brif(both, draw, &[], on, &[first.into()]);
            self.go_to(draw);
            let drawn = self.draw();
            self.b.ins().jump(on, &[drawn.into()]);
            self.go_to(on);
            return vec![picked];
        }
        let mut any = first;
        for &one in rest {
            let both = self.b.ins().band(any, one);
            self.go_on_unless(both, slow);
            any = self.b.ins().bor(any, one);
        }
        ready[..rest.len()].to_vec()
    }

    /// A random bit: the highest of a linear congruential generator's word, with Knuth's multiplier.
    fn draw(&mut self) -> Value {
        let ctx = self.ctx();
        let word = self.b.ins().load(types::I64, plain(), ctx, offsets::SELECT_DRAW);
        let (factor, more) = (self.int(6_364_136_223_846_793_005), self.int(1_442_695_040_888_963_407));
        let word = self.b.ins().imul(word, factor);
        let word = self.b.ins().iadd(word, more);
        self.b.ins().store(plain(), word, ctx, offsets::SELECT_DRAW);
        self.b.ins().icmp_imm_s(IntCC::SignedLessThan, word, 0)
    }

    /// Does a case that is ready. What it receives goes to where `SelectValue` finds it.
    fn do_case(&mut self, case: &Case, dst: Reg) {
        let ch = self.get(case.chan);
        match &case.what {
            What::Send(words) => self.put_element(ch, words),
            What::Recv(n) => {
                let taken = self.take_element(ch, usize::from(*n));
                let ctx = self.ctx();
                let values = self.b.ins().load(types::I64, plain(), ctx, offsets::SELECT_VALUES);
                for (i, word) in taken.into_iter().enumerate() {
                    self.b.ins().store(plain(), word, values, 8 * i as i32);
                }
                let (ctx, sent) = (self.ctx(), self.int(1));
                self.b.ins().store(plain(), sent, ctx, offsets::SELECT_OK);
            }
            What::RecvPort => panic!("internal error: a port's case is not done in place"),
        }
        let index = self.int(i64::from(case.index));
        self.set(dst, index);
    }
}
