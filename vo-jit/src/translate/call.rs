//! Calls, native calls, new fibers.
//!
//! A function's call of itself goes straight to its start; other calls take the address from the function table, where the newest
//! code stands. An interface call looks the function up in a table of its method by
//! the type's index; what is not there yet is asked for once.
//!
//! Where few targets of a closure or interface call have been seen, what is called is compared with them, and
//! each of them called as a known function, or translated in place.

use super::{Entry, Translator};
use crate::abi::{self, Place, Shape, fixed, plain};
use crate::callbacks::Callback;
use crate::compile::{ByType, TypeTables};
use crate::dispatch::CELL_SHIFT;
use crate::facts::Node;
use crate::feedback::MISSES;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    Block, ExtFuncData, ExternalName, Inst, InstBuilder, UserExternalName, Value, types,
};
use vo_bytecode::operand::RegList;
use vo_bytecode::{Class, Reg};
use vo_runtime::context::offsets;
use vo_runtime::panic::RuntimePanic;

/// A target that a call is guarded for.
#[derive(Clone, Copy)]
struct Likely {
    /// The function's index in a closure, or the type word of an interface value.
    key: i64,
    func: u32,
}

impl Translator<'_, '_> {
    /// The shape of a call as its site sees it, with `first` before the arguments.
    fn site_shape(&self, first: Option<Class>, args: RegList<'_>, results: RegList<'_>) -> Shape {
        let class = |reg: Reg| self.class(reg);
        Shape::new(first.into_iter().chain(args.iter().map(class)), results.iter().map(class))
    }

    /// The arguments of a call: context, room for results, `first`, the registers.
    fn call_values(&mut self, shape: &Shape, first: Option<Value>, args: RegList<'_>) -> Vec<Value> {
        let mut values = vec![self.ctx()];
        let rest = shape.rest_words();
        if rest > 0 {
            values.push(self.call_rest_area(rest));
        }
        values.extend(first);
        for reg in args.iter() {
            let value = self.get(reg);
            assert!(!self.in_frame.contains(&value), "internal error: an object in the frame is passed on");
            values.push(value);
        }
        values
    }

    /// A call has come back: leaves, or goes on with the results.
    fn returned(&mut self, shape: &Shape, call: Inst, results: RegList<'_>) {
        let answers = self.b.inst_results(call).to_vec();
        self.suspend_unless_ok(answers[0]);
        for ((reg, place), &ty) in results.iter().zip(shape.places()).zip(&shape.results) {
            let value = match place {
                Place::Value(at) => answers[at],
                Place::Rest(word) => {
                    let base = self.call_rest_area(word + 1);
                    abi::load_word(&mut self.b, ty, base, word)
                }
            };
            self.set(reg, value);
        }
    }

    /// Calls the function with this index in the function table.
    fn call_index(&mut self, shape: &Shape, index: Value, values: &[Value], results: RegList<'_>) {
        let code = self.code_of(index);
        self.call_address(shape, code, values, results);
    }

    /// The code of the function with this index in the function table.
    fn code_of(&mut self, index: Value) -> Value {
        let ctx = self.ctx();
        let table = self.b.ins().load(types::I64, fixed(), ctx, offsets::FUNCTIONS);
        let offset = self.b.ins().ishl_imm_s(index, 3);
        let at = self.b.ins().iadd(table, offset);
        self.b.ins().load(types::I64, plain(), at, 0)
    }

    fn call_address(&mut self, shape: &Shape, code: Value, values: &[Value], results: RegList<'_>) {
        let sig = match self.call_sigs.get(shape) {
            Some(&sig) => sig,
            None => {
                let sig = self.b.import_signature(shape.signature());
                self.call_sigs.insert(shape.clone(), sig);
                sig
            }
        };
        let call = self.b.ins().call_indirect(sig, code, values);
        self.returned(shape, call, results);
    }

    pub(crate) fn call(&mut self, func: u32, args: RegList<'_>, results: RegList<'_>) {
        self.call_known(func, None, args, results);
    }

    /// Calls a function, with `first` before the arguments, or translates it in place.
    fn call_known(&mut self, func: u32, first: Option<Value>, args: RegList<'_>, results: RegList<'_>) {
        let values = args.iter().map(|reg| self.get(reg));
        let values: Vec<Value> = first.into_iter().chain(values).collect();
        let passed = &values[usize::from(first.is_some())..];
        let gets_closure = passed.iter().any(|&value| self.closure_function(value).is_some());
        if let Some(graph) = self.inlined(func, gets_closure) {
            let args = values;
            return self.inline(func, graph, &args, results);
        }
        let shape = Shape::of(&self.link.module.functions[func as usize]);
        let values = self.call_values(&shape, first, args);
        if !self.unit.is_start_of(func) {
            let index = self.int(i64::from(func));
            return self.call_index(&shape, index, &values, results);
        }
        let callee = match self.own_start {
            Some(callee) => callee,
            None => {
                let signature = self.b.import_signature(shape.signature());
                let name = UserExternalName::new(0, func);
                let name = ExternalName::user(self.b.func.declare_imported_user_function(name));
                let data = ExtFuncData { name, signature, colocated: true, patchable: false };
                *self.own_start.insert(self.b.import_function(data))
            }
        };
        let call = self.b.ins().call(callee, &values);
        self.returned(&shape, call, results);
    }

    pub(crate) fn call_closure(&mut self, closure: Reg, args: RegList<'_>, results: RegList<'_>) {
        self.nil_trap(closure);
        let closure = self.get(closure);
        if let Some(func) = self.closure_function(closure) {
            return self.call_known(func, Some(closure), args, results);
        }
        let shape = self.site_shape(Some(Class::Ptr), args, results);
        let index = self.b.ins().load(types::I64, plain(), closure, 0);
        let likely = self.unit.seen.likely_functions(self.body.index, self.body.pc);
        let likely = likely.into_iter().filter(|&func| self.has_shape(func, &shape));
        let likely = likely.map(|func| Likely { key: func.into(), func }).collect();
        self.guarded_call(likely, (index, closure), (args, results), |t| {
            let values = t.call_values(&shape, Some(closure), args);
            t.call_index(&shape, index, &values, results);
        });
    }

    /// The function of a closure that the unit has made, or that stands in the program.
    fn closure_function(&self, closure: Value) -> Option<u32> {
        let closure = self.b.func.dfg.resolve_aliases(closure);
        if let Some(&func) = self.closures.get(&closure) {
            return Some(func);
        }
        let first = self.link.closures.as_ptr() as u64;
        let offset = (self.constant(closure)? as u64).wrapping_sub(first);
        (offset < 8 * self.link.closures.len() as u64).then_some(offset as u32 / 8)
    }

    /// A dynamic type, which is not nil behind this.
    fn dynamic_type(&mut self, ty: Reg) -> Value {
        let ty = self.get(ty);
        if !self.facts.is_not_nil(&self.b.func.dfg, ty) {
            let nil = self.b.ins().icmp_imm_s(IntCC::Equal, ty, 0);
            self.trap_if(nil, RuntimePanic::NilDereference {}, None, None);
            self.know_not_nil(ty);
        }
        ty
    }

    /// The code of a method of a dynamic type; a nil type panics.
    fn method_code(&mut self, ty: Reg, method: u32) -> Value {
        let Some(table) = self.unit.dispatches.of(method, self.link) else {
            let func = self.method(ty, method);
            return self.code_of(func);
        };
        let word = self.dynamic_type(ty);
        let place = match table.shift - CELL_SHIFT {
            0 => word,
            shift => self.b.ins().ushr_imm_s(word, i64::from(shift)),
        };
        let place = self.b.ins().band_imm_s(place, (table.mask << CELL_SHIFT) as i64);
        let cells = self.int(table.address as i64);
        let cell = self.b.ins().iadd(cells, place);
        let of = self.b.ins().load(types::I64, plain(), cell, 0);
        let code = self.b.ins().load(types::I64, plain(), cell, 8);
        let other = self.b.ins().icmp(IntCC::NotEqual, of, word);
        let (look, found) = (self.cold_block(), self.b.create_block());
        let result = self.b.append_block_param(found, types::I64);
        self.b.ins().brif(other, look, &[], found, &[code.into()]);
        self.go_to(look);
        let func = self.method(ty, method);
        let code = self.code_of(func);
        self.b.ins().jump(found, &[code.into()]);
        self.go_to(found);
        result
    }

    /// The function of a method of a dynamic type; a nil type panics.
    pub(crate) fn method(&mut self, ty: Reg, method: u32) -> Value {
        let ty = self.dynamic_type(ty);
        self.by_type(ByType::Method(method), ty, |t| {
            let selector = t.int(i64::from(method));
            let func = t.ask_quietly(Callback::resolve_method, &[ty, selector]);
            let none = t.b.ins().icmp_imm_s(IntCC::Equal, func, -1);
            t.trap_if(none, RuntimePanic::UnreachableMethod {}, None, None);
            func
        })
    }

    /// What a question's table says about a type that is not nil; where it says nothing, `ask` knows.
    pub(crate) fn by_type(&mut self, what: ByType, ty: Value, ask: impl FnOnce(&mut Self) -> Value) -> Value {
        let types = self.link.types.len();
        let table = self.unit.tables.address(what, types);
        let id = self.b.ins().uload32(plain().with_readonly(), ty, offsets::TYPE_ID);
        let id = match types <= TypeTables::words(types) {
            true => id,
            false => self.b.ins().band_imm_s(id, TypeTables::words(types) as i64 - 1),
        };
        let (table, offset) = (self.int(table as i64), self.b.ins().ishl_imm_s(id, 3));
        let cell = self.b.ins().iadd(table, offset);
        let seen = self.b.ins().load(types::I64, plain(), cell, 0);
        // The answer alone is left where the word's type is this one.
        let key = self.b.ins().ishl_imm_s(ty, TypeTables::ANSWER_BITS - 3);
        let answer = self.b.ins().bxor(seen, key);
        let limit = 1 << TypeTables::ANSWER_BITS;
        let other = self.b.ins().icmp_imm_s(IntCC::UnsignedGreaterThanOrEqual, answer, limit);
        let (look, found) = (self.cold_block(), self.b.create_block());
        let result = self.b.append_block_param(found, types::I64);
        self.b.ins().brif(other, look, &[], found, &[answer.into()]);

        self.go_to(look);
        let answer = ask(self);
        if self.link.module.functions.len() < 1 << TypeTables::ANSWER_BITS {
            let seen = self.b.ins().bor(key, answer);
            self.b.ins().store(plain(), seen, cell, 0);
        }
        self.b.ins().jump(found, &[answer.into()]);
        self.go_to(found);
        result
    }

    pub(crate) fn call_iface(
        &mut self,
        ty: Reg,
        data: Reg,
        method: u32,
        args: RegList<'_>,
        results: RegList<'_>,
    ) {
        let shape = self.site_shape(Some(Class::Any), args, results);
        let data = self.get(data);
        let ordinary = |t: &mut Self| {
            let code = t.method_code(ty, method);
            let values = t.call_values(&shape, Some(data), args);
            t.call_address(&shape, code, &values, results);
        };
        let word = self.get(ty);
        if let Some(func) = self.known_method(word, method).filter(|&func| self.has_shape(func, &shape)) {
            return self.call_known(func, Some(data), args, results);
        }
        let mut likely = self.likely_methods(method);
        likely.retain(|likely| self.has_shape(likely.func, &shape));
        let ty = word;
        self.guarded_call(likely, (ty, data), (args, results), ordinary);
    }

    /// The function of a method of a dynamic type that is known.
    fn known_method(&self, word: Value, method: u32) -> Option<u32> {
        let word = self.constant(word)? as u64;
        self.link.types.iter().find(|ty| ty.word() == word)?.method(method)
    }

    /// The type words that the running call of a method most likely finds, and those types' functions.
    fn likely_methods(&self, method: u32) -> Vec<Likely> {
        let words = self.unit.seen.likely_types(self.body.index, self.body.pc).into_iter();
        let found = words.filter_map(|word| {
            let ty = self.link.types.iter().find(|ty| ty.word() == word)?;
            Some(Likely { key: word as i64, func: ty.method(method)? })
        });
        found.collect()
    }

    /// Whether a function is called in this way.
    fn has_shape(&self, func: u32, shape: &Shape) -> bool {
        let function = self.link.module.functions.get(func as usize);
        function.is_some_and(|function| Shape::of(function) == *shape)
    }

    /// Compares what is called with likely targets, one after another: calls the one that it is, `first` before the
    /// arguments, or translates it in place. For what is none of them does what `ordinary` says.
    fn guarded_call(
        &mut self,
        likely: Vec<Likely>,
        (target, first): (Value, Value),
        (args, results): (RegList<'_>, RegList<'_>),
        ordinary: impl FnOnce(&mut Self),
    ) {
        if likely.is_empty() {
            if self.unit.seen.is_unseen(self.body.index, self.body.pc) {
                self.count_miss(target);
            }
            return ordinary(self);
        }
        self.counts.guarded += 1;
        // Behind a guard it is known what it is, but not before.
        self.memory.doubt(first);
        let before = self.facts.here();
        let after = self.b.create_block();
        let among = std::mem::replace(&mut self.inliner.one_of_several, likely.len() > 1);
        for (i, &Likely { key, func }) in likely.iter().enumerate() {
            let last = i + 1 == likely.len();
            let (same, other) =
                (self.b.create_block(), if last { self.cold_block() } else { self.b.create_block() });
            let is_this = self.b.ins().icmp_imm_s(IntCC::Equal, target, key);
            self.b.ins().brif(is_this, same, &[], other, &[]);
            self.enter_side(same, before);
            self.call_known(func, Some(first), args, results);
            self.b.ins().jump(after, &[]);
            self.enter_side(other, before);
        }
        self.inliner.one_of_several = among;
        self.count_miss(target);
        ordinary(self);
        self.b.ins().jump(after, &[]);
        self.enter_side(after, before);
    }

    /// Counts a miss of a guard, a call without one, or that the running jump goes where it never went; tells the machine about many.
    pub(crate) fn count_miss(&mut self, target: Value) {
        let word = self.unit.misses.new_word();
        let word = self.int(word as i64);
        let misses = self.b.ins().load(types::I64, plain(), word, 0);
        let misses = self.b.ins().iadd_imm_s(misses, 1);
        let counted = self.b.ins().store(plain(), misses, word, 0);
        let many = self.b.ins().icmp_imm_s(IntCC::Equal, misses, MISSES);
        let on = self.unlikely(many);
        let zero = self.int(0);
        let begun = self.b.ins().store(plain(), zero, word, 0);
        [counted, begun].into_iter().for_each(|store| self.memory.leave_alone(store));
        let site = self.int(i64::from(self.body.index) | i64::from(self.body.pc) << 32);
        let entry = match self.unit.entry {
            Entry::Start => 0,
            Entry::Point(point) => i64::from(point) + 1,
        };
        let unit = self.int(i64::from(self.unit.func) | entry << 32);
        let made = self.int(self.unit.seen.edition().into());
        self.tell_quietly(Callback::guard_missed, &[site, unit, target, made]);
        self.b.ins().jump(on, &[]);
        self.go_to(on);
    }

    /// Goes on in a block where what held at a node holds, and nothing that was found out since.
    fn enter_side(&mut self, block: Block, held: Node) {
        self.go_to(block);
        let node = self.facts.node(Some(held));
        self.facts.go(node);
        self.body.nodes[self.body.block] = Some(node);
    }

    /// Notes frame and site in the context, for traces. Answers the site.
    pub(crate) fn note_frame(&mut self) -> Value {
        let frame = self.b.ins().get_frame_pointer(types::I64);
        let (func, pc) = self.site_parts();
        let shown = self.int(i64::from(func) | i64::from(pc) << 32);
        let ctx = self.ctx();
        self.b.ins().store(plain(), frame, ctx, offsets::LAST_FRAME);
        self.b.ins().store(plain(), shown, ctx, offsets::LAST_SITE);
        self.site()
    }

    pub(crate) fn call_native(&mut self, native: u32, args: RegList<'_>, results: RegList<'_>) {
        if self.atomic_native(native, args, results) {
            return;
        }
        if self.link.module.natives[native as usize].name == "runtime.Gosched" {
            let status = self.ask(Callback::yield_now, &[]);
            return self.suspend_unless_ok(status);
        }
        let words = self.words(&[], args);
        let outs = self.outs_area(results.len());
        let done = self.call_leaf(native, words, outs);
        let site = self.note_frame();
        let native = self.int(i64::from(native));
        // Results that a native leaves alone are zero.
        let zero = self.int(0);
        for i in 0..results.len() {
            self.b.ins().store(plain(), zero, outs, 8 * i as i32);
        }
        let status = self.ask(Callback::call_native, &[native, words, outs, site]);
        self.suspend_unless_ok(status);
        if let Some(done) = done {
            self.b.ins().jump(done, &[]);
            self.go_to(done);
        }
        self.set_outs(0, results);
    }

    pub(crate) fn go_start(&mut self, func: u32, args: RegList<'_>) {
        let words = self.words(&[], args);
        let (func, n, site) = (self.int(i64::from(func)), self.int(args.len() as i64), self.site());
        self.check(Callback::go_start, &[func, words, n, site]);
    }

    pub(crate) fn go_closure(&mut self, closure: Reg, args: RegList<'_>) {
        let words = self.words(&[], args);
        let (closure, n, site) = (self.get(closure), self.int(args.len() as i64), self.site());
        self.check(Callback::go_closure, &[closure, words, n, site]);
    }

    pub(crate) fn go_iface(&mut self, ty: Reg, data: Reg, method: u32, args: RegList<'_>) {
        let func = self.method(ty, method);
        let data = self.get(data);
        let words = self.words(&[data], args);
        let (n, site) = (self.int(args.len() as i64 + 1), self.site());
        self.check(Callback::go_start, &[func, words, n, site]);
    }
}
