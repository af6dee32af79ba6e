//! Functions: parameters, results, returning, deferred calls at the end, the landing pad.
//!
//! ```text
//! entry     token = RecoverToken          where the body calls recover
//!           list = nil, results = zero    where the body defers, or names its results
//!           boxes of parameters
//!           … body …
//! return    results stored; ErrDeferDrop list where no error is returned; RunDefers list; results read; Return
//! landing   state = 0; DeferUnwind list, state; ErrDeferDrop list; RunDefers list; results read; Return
//! ```
//!
//! Most functions make their deferred calls themselves where they return: see [`super::open_defer`].

use vo_bytecode::module::FuncFlags;
use vo_bytecode::operand::RegList;
use vo_bytecode::{Class, Function, Inst, Reg};
use vo_syntax::ast::{Block, FieldList, FuncType, Node};
use vo_syntax::source::Pos;
use vo_types::object::ObjId;
use vo_types::types::{Signature, Type, TypeId};

use super::open_defer::OpenDefers;
use super::{Lower, Place, Regs, Results, Storage, Value};
use crate::escape::BodyFacts;
use crate::func::TooLarge;

/// A parameter or result: its variable, if it has a name, and its type.
pub(super) type Param = (Option<ObjId>, TypeId);

impl<'w> Lower<'_, 'w> {
    /// Variables and types of a parameter list. The signature has the types as they are passed.
    pub(super) fn params_of(&self, list: &FieldList, types: impl Iterator<Item = TypeId>) -> Vec<Param> {
        let mut objs = Vec::new();
        for field in &list.fields {
            match field.names.is_empty() {
                true => objs.push(None),
                false => objs.extend(field.names.iter().map(|n| self.world.info.def(n.id()))),
            }
        }
        let types = types.map(|ty| self.subst(ty));
        objs.into_iter().zip(types).collect()
    }

    /// The signature behind a function type.
    pub(super) fn signature(&self, ty: TypeId) -> &'w Signature {
        match self.under(ty) {
            Type::Signature(s) => s,
            _ => panic!("internal error: no signature: {}", self.world.runtime_type_string(ty)),
        }
    }

    /// Registers of the parameters, in order; they are the function's first.
    pub(super) fn param_regs(&mut self, types: &[TypeId]) -> Vec<Regs> {
        let mut regs = Vec::new();
        for &ty in types {
            let classes = self.classes(ty);
            regs.push(classes.into_iter().map(|c| self.f.regs.pinned(c)).collect());
        }
        regs
    }

    /// Makes variables of parameters that arrived in registers.
    fn bind_params(&mut self, params: &[Param], regs: Vec<Regs>) {
        for (&(obj, ty), regs) in params.iter().zip(regs) {
            let Some(obj) = obj else { continue };
            let storage = match self.leaves(ty) {
                Some(_) if self.needs_box(obj) => {
                    let place = Place::owned(self.new_box(ty));
                    self.store(&place, ty, &regs);
                    Storage::Place(place)
                }
                Some(_) => Storage::Regs(regs),
                None => Storage::Place(Place::owned(regs[0])),
            };
            self.vars.insert(obj, storage);
        }
    }

    fn bind_results(&mut self, results: &[Param], keep: bool) {
        self.results.types = results.iter().map(|r| r.1).collect();
        let named = results.iter().any(|r| r.0.is_some());
        if !named && !keep {
            return;
        }
        for &(obj, ty) in results {
            let storage = match obj {
                Some(obj) if self.needs_box(obj) => Storage::Place(Place::owned(self.new_box(ty))),
                _ if self.leaves(ty).is_none() => Storage::Place(Place::owned(self.new_box(ty))),
                _ => {
                    let regs: Regs = self.classes(ty).into_iter().map(|c| self.f.regs.pinned(c)).collect();
                    self.zero_regs(&regs);
                    Storage::Regs(regs)
                }
            };
            if let Some(obj) = obj {
                self.vars.insert(obj, storage.clone());
            }
            self.results.named.push(obj.is_some());
            self.results.vars.push(storage);
        }
    }

    /// What comes before everything else: the right to recover, the list of deferred calls, the results.
    /// Whatever panics later finds them there.
    pub(super) fn prologue(&mut self, facts: &BodyFacts, ty: &'w FuncType, sig: &Signature) {
        if facts.recovers {
            let dst = self.f.regs.pinned(Class::Int);
            self.emit(Inst::RecoverToken { dst });
            self.token = Some(dst);
        }
        if facts.defers {
            let list = self.f.regs.pinned(Class::Ptr);
            self.emit(Inst::Zero { dst: list });
            self.defers = Some(list);
            let landing = self.label();
            self.f.set_landing(landing);
            self.landing = Some(landing);
        }
        self.err_defers = facts.err_defers;
        self.open = facts.opens_defers().then(OpenDefers::default);
        if facts.shared_defers {
            let dst = self.f.regs.pinned(Class::Ptr);
            let ty = self.desc(TypeId::UNSAFE_POINTER);
            self.emit(Inst::New { dst, ty });
            self.defer_box = Some(dst);
        }
        let results = self.params_of(&ty.results, sig.results.iter().map(|r| r.ty));
        self.bind_results(&results, facts.defers);
        self.f.start_here();
    }

    /// Lowers a body behind its prologue; the parameters have arrived in `regs`.
    pub(super) fn body(&mut self, params: &[Param], regs: Vec<Regs>, block: &'w Block) {
        if self.open.is_some() {
            self.open = Some(OpenDefers::of(block));
        }
        self.bind_params(params, regs);
        self.block(block);
        self.at(block.rbrace);
        if self.f.is_live() {
            self.end_of_body();
        }
        self.land();
    }

    fn end_of_body(&mut self) {
        if self.results.types.is_empty() {
            self.leave();
        } else {
            self.emit(Inst::Unreachable {});
        }
    }

    /// The landing pad of a function that defers.
    fn land(&mut self) {
        let (Some(landing), Some(list)) = (self.landing, self.defers) else { return };
        self.bind(landing);
        if let Some(base) = self.defer_box {
            // Empty where the function was already leaving: then the register has the rest.
            let rest = self.label();
            let shared = self.tmp(Class::Ptr);
            self.emit(Inst::LoadPtr { dst: shared, base, offset: 0 });
            self.emit(Inst::JumpEqImm { a: shared, imm: 0, target: rest.0 });
            self.take_shared_defers(list, base);
            self.bind(rest);
        }
        self.list_open_defers(list);
        let state = self.f.regs.pinned(Class::Int);
        self.emit(Inst::Zero { dst: state });
        self.emit(Inst::DeferUnwind { list, state });
        self.leave_with(false);
    }

    /// Moves the list of deferred calls from its box to its register.
    fn take_shared_defers(&mut self, list: Reg, base: Reg) {
        self.emit(Inst::LoadPtr { dst: list, base, offset: 0 });
        let none = self.tmp(Class::Ptr);
        self.emit(Inst::Zero { dst: none });
        self.emit(Inst::StorePtr { base, offset: 0, src: none });
    }

    /// Runs the deferred calls and returns what is in the result variables.
    pub(super) fn leave(&mut self) {
        self.leave_with(true);
    }

    /// `runs` is false at the landing pad, where the list is already in its register.
    fn leave_with(&mut self, runs: bool) {
        if let (Some(list), Some(base), true) = (self.defers, self.defer_box, runs) {
            self.take_shared_defers(list, base);
        }
        if let Some(list) = self.defers {
            if self.err_defers {
                self.drop_err_defers(list, runs);
            }
            match runs && self.open.is_some() {
                true => self.run_open_defers(),
                false => self.emit(Inst::RunDefers { list }),
            }
        }
        let vars = std::mem::take(&mut self.results.vars);
        let types = std::mem::take(&mut self.results.types);
        let named = std::mem::take(&mut self.results.named);
        let mut words = Vec::new();
        for (storage, &ty) in vars.iter().zip(&types) {
            match storage {
                Storage::Regs(regs) => words.extend(regs.iter().map(|r| r.0)),
                Storage::Place(place) => {
                    // A box that only this call knows is given away as it is.
                    let owned = self.leaves(ty).is_none() && !self.result_escapes(place);
                    let value = match owned {
                        true => Value::Mem { place: place.clone(), owned },
                        false => self.load_value(place.clone(), ty, None),
                    };
                    words.extend(self.words(value, ty).iter().map(|r| r.0));
                }
            }
        }
        self.emit(Inst::Return { results: RegList(&words) });
        self.results = Results { types, vars, named };
    }

    fn result_escapes(&self, place: &Place) -> bool {
        let same = |storage: &Storage| match storage {
            Storage::Place(other) => other.as_ptr().is_some() && other.as_ptr() == place.as_ptr(),
            Storage::Regs(_) => false,
        };
        self.vars.iter().filter(|(_, s)| same(s)).any(|(&obj, _)| {
            let facts = self.facts.var(obj);
            facts.captured || facts.address_taken
        })
    }

    /// Whether a `return` must store the results before anything else sees them.
    pub(super) fn stores_results(&self) -> bool {
        let boxed = |s: &Storage| match s {
            Storage::Place(place) => self.result_escapes(place),
            Storage::Regs(_) => false,
        };
        !self.results.vars.is_empty() && (self.defers.is_some() || self.results.vars.iter().any(boxed))
    }

    /// Returns values that have been computed.
    pub(super) fn return_values(&mut self, values: Vec<Value>) {
        let types = self.results.types.clone();
        if !self.stores_results() {
            let mut words = Vec::new();
            for (value, &ty) in values.into_iter().zip(&types) {
                words.extend(self.words(value, ty).iter().map(|r| r.0));
            }
            return self.emit(Inst::Return { results: RegList(&words) });
        }
        let vars = self.results.vars.clone();
        self.assign_values(&vars, &types, values);
        self.leave();
    }

    /// Assigns several values at once.
    pub(super) fn assign_values(&mut self, vars: &[Storage], types: &[TypeId], values: Vec<Value>) {
        let (mut dst, mut src) = (Regs::new(), Regs::new());
        let mut values: Vec<Option<Value>> = values.into_iter().map(Some).collect();
        if values.len() > 1 {
            for (value, &ty) in values.iter_mut().zip(types) {
                if matches!(value, Some(Value::Mem { owned: false, .. })) {
                    let ptr = value.take().map(|v| self.own(v, ty)).expect("internal error: no value");
                    *value = Some(Value::owned(ptr));
                }
            }
        }
        for ((storage, &ty), value) in vars.iter().zip(types).zip(values.iter().flatten()) {
            match (storage, value) {
                (Storage::Regs(to), Value::Regs(from)) => {
                    dst.extend_from_slice(to);
                    src.extend_from_slice(from);
                }
                _ => self.write_storage(storage, ty, value),
            }
        }
        self.moves(&dst, &src);
    }

    /// Ends the function, which is declared at `pos`.
    pub(super) fn finish_at(
        self,
        pos: Pos,
        params: usize,
        results: Vec<Class>,
        flags: FuncFlags,
    ) -> Result<Function, TooLarge> {
        let declared = self.p.lines.find(self.world, pos);
        let mut function = self.f.finish(self.name, params as u16, results, flags)?;
        if let Some((file, line)) = declared {
            (function.file, function.line) = (file, line);
        }
        Ok(function)
    }
}
