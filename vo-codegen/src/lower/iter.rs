//! Range over functions.
//!
//! The body becomes a function that the iterator calls with each turn's values; it answers whether to go on.
//! Leaving the loop in any other way than by its end is recorded in a state word before the body answers
//! false; when the iterator has returned, the function around the loop goes where the state says.
//!
//! ```text
//! state   0 ready   -1 a turn is running   -2 the iterator has returned
//!         -3 the body has answered false   n > 0 it has, and control goes on at outcome n
//! ```
//!
//! What must stay true: a turn begins only in state 0; an iterator that calls the body in another state, or
//! after the loop, panics.

use vo_bytecode::module::FuncFlags;
use vo_bytecode::operand::RegList;
use vo_bytecode::{Class, Inst, Reg};
use vo_syntax::ast::{self, BranchKind, NodeId, Stmt, Visitor};
use vo_types::types::TypeId;

use rustc_hash::FxHashSet;

use super::call::Callee;
use super::{Lower, Place, Regs, Storage, Value};

const READY: i64 = 0;
const RUNNING: i64 = -1;
const LEFT: i64 = -2;
const BROKEN: i64 = -3;

/// Where control goes when the body has left the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// `return` with values, which are in the result boxes.
    Return,
    /// `return` of named results, as they are.
    BareReturn,
    /// `?` or `fail`: the error is in the last result's box.
    Fail,
    Branch(BranchKind, NodeId),
}

/// What the body of a range over a function knows of its loop.
pub(super) struct RangeBody {
    stmt: NodeId,
    state: Place,
    results: Vec<Place>,
    outcomes: Vec<Outcome>,
    /// Labelled statements inside of the body.
    labels: FxHashSet<NodeId>,
}

impl<'w> Lower<'_, 'w> {
    /// `for x := range f`
    pub(super) fn range_func(&mut self, s: &'w ast::RangeStmt) {
        let facts = self.facts.literal(s.id);
        let iterator = self.reg(&s.x);
        let iterator = self.copied(iterator);
        let state = Place::owned(self.new_box(TypeId::INT));
        let types = self.results.types.clone();
        let results: Vec<Place> = types.iter().map(|&ty| Place::owned(self.new_box(ty))).collect();

        let (captures, mut words) = self.captured(&facts.captures);
        words.extend(state.as_ptr());
        words.extend(results.iter().filter_map(Place::as_ptr));
        words.extend(self.token);
        words.extend(self.defer_box);
        let (func, outcomes) = self.range_body(s, &captures);
        let body = self.closure(func, &words, None).regs()[0];

        self.at(s.range_pos);
        self.call_words(&Callee::Closure(iterator), &[body.0], &[]);
        self.after_range(&state, &results, &types, &outcomes);
    }

    /// Goes where the state says.
    fn after_range(&mut self, state: &Place, results: &[Place], types: &[TypeId], outcomes: &[Outcome]) {
        let code = self.load_value(state.clone(), TypeId::INT, None).regs()[0];
        let ok = self.label();
        self.emit(Inst::JumpNeImm { a: code, imm: RUNNING as i32, target: ok.0 });
        self.range_panic("range function recovered a loop body panic and did not resume panicking");
        self.bind(ok);
        self.set_state(state, LEFT);
        for (i, &outcome) in outcomes.iter().enumerate() {
            let next = self.label();
            self.emit(Inst::JumpNeImm { a: code, imm: i as i32 + 1, target: next.0 });
            match outcome {
                Outcome::Return => {
                    let mut values = Vec::new();
                    for (place, &ty) in results.iter().zip(types) {
                        let value = self.load_value(place.clone(), ty, None);
                        values.push(value);
                    }
                    self.return_computed(values);
                }
                Outcome::BareReturn => self.return_bare(),
                Outcome::Fail => {
                    let last = results.last().expect("internal error: an error without result").clone();
                    let err = self.load_value(last, TypeId::ERROR, None).regs();
                    self.propagate(&err);
                }
                Outcome::Branch(kind, target) => self.branch_to(kind, target),
            }
            self.bind(next);
        }
    }

    fn set_state(&mut self, state: &Place, value: i64) {
        let value = self.const_int(value);
        self.store(state, TypeId::INT, &[value]);
    }

    /// In the body of a range over a function: leaves it and the function around it with an error.
    pub(super) fn propagate_from_range(&mut self, err: &Regs) -> bool {
        let Some(range) = &self.range else { return false };
        let last = range.results.last().expect("internal error: an error without result").clone();
        self.store(&last, TypeId::ERROR, err);
        self.leave_turn(Outcome::Fail);
        true
    }

    fn range_panic(&mut self, text: &str) {
        let text = self.const_str(text.as_bytes(), None);
        let ty = self.p.package_type("runtime", "errorString").unwrap_or(TypeId::STRING);
        let v = self.box_value(text, ty, None).regs();
        self.emit(Inst::Panic { ty: v[0], data: v[1] });
    }

    /// Lowers the body, now: what comes after the loop depends on how the body leaves it.
    fn range_body(
        &mut self,
        s: &'w ast::RangeStmt,
        captures: &super::closure::Captures,
    ) -> (u32, Vec<Outcome>) {
        self.literals += 1;
        let name = format!("{}-range{}", self.name, self.literals);
        let sig = self.signature(self.ty(&s.x));
        let yield_ty = self.subst(sig.params[0].ty);
        let yield_sig = self.signature(yield_ty);
        let params: Vec<TypeId> = yield_sig.params.iter().map(|p| self.subst(p.ty)).collect();
        let types = self.results.types.clone();
        let (has_token, has_defers) = (self.token.is_some(), self.defer_box.is_some());

        let mut l = Lower::new(&mut *self.p, name, self.env.clone(), self.facts.clone());
        l.literal = true;
        l.at(s.range_pos);
        let closure = l.f.regs.pinned(Class::Ptr);
        let regs = l.param_regs(&params);
        l.f.start_here();
        let mut offset = l.read_captures(closure, captures);
        let state = Place::owned(l.captured_word(closure, Class::Ptr, &mut offset));
        let results =
            types.iter().map(|_| Place::owned(l.captured_word(closure, Class::Ptr, &mut offset))).collect();
        if has_token {
            l.token = Some(l.captured_word(closure, Class::Int, &mut offset));
        }
        if has_defers {
            l.defer_box = Some(l.captured_word(closure, Class::Ptr, &mut offset));
        }
        l.results.types = types;
        let labels = labels_of(&s.body);
        l.range = Some(RangeBody { stmt: s.id, state, results, outcomes: Vec::new(), labels });
        l.range_turn(s, &params, &regs);

        let outcomes = l.range.take().map_or(Vec::new(), |r| r.outcomes);
        let count = 1 + regs.iter().map(|r| r.len()).sum::<usize>();
        let flags = FuncFlags { closure: true, ..FuncFlags::default() };
        match l.finish_at(s.range_pos, count, vec![Class::Int], flags) {
            Ok(function) => (self.p.add_function(function), outcomes),
            Err(why) => {
                self.p.too_large(why, s.span);
                (0, outcomes)
            }
        }
    }

    fn captured_word(&mut self, closure: Reg, class: Class, offset: &mut i32) -> Reg {
        let dst = self.f.regs.pinned(class);
        self.read_words(closure, &[dst], offset);
        dst
    }

    fn range_turn(&mut self, s: &'w ast::RangeStmt, params: &[TypeId], regs: &[Regs]) {
        self.begin_turn();
        let vars: Vec<_> = s.key.iter().chain(&s.value).collect();
        for ((e, &ty), words) in vars.into_iter().zip(params).zip(regs) {
            self.scoped(|l| {
                let value = l.arrived(words, ty);
                l.set_range_var(s, Some(e), value, ty);
            });
        }
        self.block(&s.body);
        if self.f.is_live() {
            self.end_turn(READY, true);
        }
    }

    fn begin_turn(&mut self) {
        let state = self.range.as_ref().expect("internal error: no range").state.clone();
        let code = self.load_value(state.clone(), TypeId::INT, None).regs()[0];
        let (ready, left) = (self.label(), self.label());
        self.emit(Inst::JumpEqImm { a: code, imm: READY as i32, target: ready.0 });
        self.emit(Inst::JumpEqImm { a: code, imm: LEFT as i32, target: left.0 });
        self.range_panic("range function continued iteration after function for loop body returned false");
        self.bind(left);
        self.range_panic("range function continued iteration after whole loop exit");
        self.bind(ready);
        self.set_state(&state, RUNNING);
    }

    /// Answers the iterator.
    fn end_turn(&mut self, code: i64, go_on: bool) {
        let state = self.range.as_ref().expect("internal error: no range").state.clone();
        self.set_state(&state, code);
        let answer = self.const_int(go_on as i64);
        self.emit(Inst::Return { results: RegList(&[answer.0]) });
    }

    fn leave_turn(&mut self, outcome: Outcome) {
        let range = self.range.as_mut().expect("internal error: no range");
        let at = range.outcomes.iter().position(|&o| o == outcome).unwrap_or_else(|| {
            range.outcomes.push(outcome);
            range.outcomes.len() - 1
        });
        self.end_turn(at as i64 + 1, false);
    }

    /// A branch that leaves the body of a range over a function.
    pub(super) fn branch_out(&mut self, kind: BranchKind, target: NodeId) -> bool {
        let Some(range) = &self.range else { return false };
        let inside = match kind {
            BranchKind::Goto => range.labels.contains(&target),
            _ => self.targets.contains_key(&target),
        };
        if inside {
            return false;
        }
        match (kind, target == range.stmt) {
            (BranchKind::Continue, true) => self.end_turn(READY, true),
            (BranchKind::Break, true) => self.end_turn(BROKEN, false),
            _ => self.leave_turn(Outcome::Branch(kind, target)),
        }
        true
    }

    /// A `return` inside of the body of a range over a function: its values wait in boxes.
    pub(super) fn return_from_range(&mut self, s: &'w ast::ReturnStmt) -> bool {
        if self.range.is_none() {
            return false;
        }
        if s.results.is_empty() {
            self.return_bare();
            return true;
        }
        let values = self.returned_values(s);
        self.return_computed(values);
        true
    }

    /// Returns values, from wherever this is.
    fn return_computed(&mut self, values: Vec<Value>) {
        let Some(range) = &self.range else { return self.return_values(values) };
        let (places, types) = (range.results.clone(), self.results.types.clone());
        let places: Vec<Storage> = places.into_iter().map(Storage::Place).collect();
        self.assign_values(&places, &types, values);
        self.leave_turn(Outcome::Return);
    }

    fn return_bare(&mut self) {
        match self.range {
            Some(_) => self.leave_turn(Outcome::BareReturn),
            None => self.leave(),
        }
    }
}

/// Labelled statements of a block, those of function literals apart.
fn labels_of(block: &ast::Block) -> FxHashSet<NodeId> {
    struct Find(FxHashSet<NodeId>);
    impl Visitor for Find {
        fn visit_stmt(&mut self, stmt: &Stmt) {
            if let Stmt::Labeled(s) = stmt {
                self.0.insert(s.id);
            }
            ast::walk_stmt(self, stmt);
        }
        fn visit_expr(&mut self, _: &ast::Expr) {}
    }
    let mut find = Find(FxHashSet::default());
    find.visit_block(block);
    find.0
}
