//! What Vo has beyond Go: `?`, `fail`, `errdefer`, `assert`, dynamic access with `~>`.
//!
//! A dynamic operation is a call of package dyn, which looks into the value by reflection; each step of a
//! chain is one call, skipped where the step before has failed. The package's functions that are called from
//! here take the text of the whole path, for their errors.
//!
//! ```text
//! x~>name     step(x any, name string, path string) (any, error)
//! x~>[key]    index(x any, key any, path string) (any, error)
//! x~>(args)   callOne(f any, args []any, spread bool, path string) (any, error)
//!             callSeveral(f any, args []any, spread bool, want int, path string) ([]any, error)
//! to type T   convert[T any](x any, path string) (T, error)
//! ```

use vo_bytecode::{Class, Inst, Reg};
use vo_syntax::ast::{self, DynOp, Expr};
use vo_types::types::{Type, TypeId};

use super::call::Callee;
use super::{Lower, Place, Regs, Storage, Value};
use crate::program::Code;

const ANY: TypeId = TypeId::EMPTY_INTERFACE;
/// Bytes of an interface value.
const ANY_SIZE: u32 = 16;

impl<'w> Lower<'_, 'w> {
    // ---- errors that end the function -------------------------------------------------------------

    /// The values of `x?`, of these types.
    pub(super) fn try_values(&mut self, t: &'w ast::TryExpr, types: &[TypeId]) -> Vec<Value> {
        if let Expr::Dyn(d) = t.x.unparen() {
            let mut types = types.to_vec();
            types.push(TypeId::ERROR);
            let (values, err) = self.dyn_results(d, &types);
            self.propagate_unless_nil(&err);
            return self.converted(d, values, &types, None);
        }
        let mut values = match self.world.types.get(self.ty(&t.x)) {
            Type::Tuple(_) => self.tuple_values(&t.x).0,
            _ => vec![self.expr(&t.x, None)],
        };
        let err = values.pop().expect("internal error: ? without error").regs();
        self.at(t.question);
        self.propagate_unless_nil(&err);
        values
    }

    /// `fail x`
    pub(super) fn fail_stmt(&mut self, s: &'w ast::FailStmt) {
        let err = self.expr_as(&s.x, TypeId::ERROR, None).regs();
        self.at(s.span.start);
        let ok = self.label();
        self.emit(Inst::JumpNeImm { a: err[0], imm: 0, target: ok.0 });
        let text = self.const_str(b"fail with nil error", None);
        self.panic_as("plainError", text);
        self.bind(ok);
        self.propagate(&err);
    }

    /// Panics with a text as a value of a string type of package runtime.
    pub(super) fn panic_as(&mut self, ty: &str, text: Value) {
        let ty = self.p.package_type("runtime", ty).unwrap_or(TypeId::STRING);
        let v = self.box_value(text, ty, None).regs();
        self.emit(Inst::Panic { ty: v[0], data: v[1] });
    }

    fn propagate_unless_nil(&mut self, err: &Regs) {
        let ok = self.label();
        self.emit(Inst::JumpEqImm { a: err[0], imm: 0, target: ok.0 });
        self.propagate(err);
        self.bind(ok);
    }

    /// Returns an error: named results keep their values, the others are zero.
    pub(super) fn propagate(&mut self, err: &Regs) {
        if self.propagate_from_range(err) {
            return;
        }
        let types = self.results.types.clone();
        let others = types.len() - 1;
        if self.results.vars.is_empty() {
            let mut values: Vec<Value> = types[..others].iter().map(|&ty| self.zero(ty, None)).collect();
            values.push(Value::Regs(err.clone()));
            return self.return_values(values);
        }
        let (vars, named) = (self.results.vars.clone(), self.results.named.clone());
        for i in (0..others).filter(|&i| !named[i]) {
            let zero = self.zero(types[i], None);
            self.write_storage(&vars[i], types[i], &zero);
        }
        self.write_storage(&vars[others], TypeId::ERROR, &Value::Regs(err.clone()));
        self.leave();
    }

    // ---- errdefer -----------------------------------------------------------------------------------

    /// Takes the calls of `errdefer` off the list. `unless_error` says that they stay if the error that is
    /// about to be returned is not nil.
    pub(super) fn drop_err_defers(&mut self, list: Reg, unless_error: bool) {
        let keep = self.label();
        if unless_error {
            let last = self.results.vars.last().expect("internal error: errdefer without results").clone();
            let err = match last {
                Storage::Regs(regs) => regs[0],
                Storage::Place(place) => self.load_head(&place, TypeId::ERROR, 1)[0],
            };
            self.emit(Inst::JumpNeImm { a: err, imm: 0, target: keep.0 });
        }
        match unless_error && self.open.is_some() {
            true => self.drop_open_err_defers(),
            false => self.emit(Inst::ErrDeferDrop { list }),
        }
        self.bind(keep);
    }

    // ---- assert -------------------------------------------------------------------------------------

    /// `assert(cond, args…)`: the arguments are evaluated only where the condition is false.
    pub(super) fn assert(&mut self, call: &'w ast::CallExpr) {
        if let [only] = &call.args[..]
            && matches!(self.world.types.get(self.ty(only)), Type::Tuple(_))
        {
            let (values, types) = self.tuple_values(only);
            return self.assert_values(&types, values);
        }
        let (holds, fails) = (self.label(), self.label());
        self.scoped(|l| l.cond(&call.args[0], holds, fails, false));
        self.bind(fails);
        let rest = &call.args[1..];
        let values = self.operands(rest, &vec![ANY; rest.len()]);
        self.at(call.span.start);
        self.assertion_failed(values);
        self.bind(holds);
    }

    /// The same on evaluated operands.
    pub(super) fn assert_values(&mut self, types: &[TypeId], values: Vec<Value>) {
        let holds = self.label();
        let cond = values[0].clone().regs()[0];
        self.emit(Inst::JumpIf { a: cond, target: holds.0 });
        let rest = values.into_iter().zip(types).skip(1);
        let rest = rest.map(|(value, &ty)| self.value_as(value, ty, ANY)).collect();
        self.assertion_failed(rest);
        self.bind(holds);
    }

    fn assertion_failed(&mut self, args: Vec<Value>) {
        let text = if args.is_empty() {
            self.const_str(b"assertion failed", None)
        } else {
            let n = args.len();
            let list = self.variadic_slice(n, ANY, |_, i| args[i].clone());
            let words: Vec<u16> = list.iter().map(|r| r.0).collect();
            let callee = self.library("internal/assertion", "text", &[]);
            self.call_words(&callee, &words, &[TypeId::STRING]).remove(0)
        };
        let v = self.box_value(text, TypeId::STRING, None).regs();
        self.emit(Inst::Panic { ty: v[0], data: v[1] });
    }

    /// A function of a library package that the file stands on.
    pub(super) fn library(&mut self, pkg: &str, name: &str, targs: &[TypeId]) -> Callee {
        let found = self.world.package_by_path(pkg).and_then(|p| self.world.lookup_in_package(p, name));
        let obj = found.unwrap_or_else(|| panic!("internal error: package {pkg} has no {name}"));
        Callee::Code(Code::Func(self.p.func_of(obj, targs)))
    }

    // ---- dynamic access -----------------------------------------------------------------------------

    /// The values of a dynamic operation, of these types, the error last.
    pub(super) fn dyn_values(&mut self, d: &'w ast::DynExpr, types: &[TypeId]) -> Vec<Value> {
        let (values, err) = self.dyn_results(d, types);
        let mut values = self.converted(d, values, types, Some(&err));
        values.push(Value::Regs(err));
        values
    }

    fn any_regs(&mut self) -> Regs {
        self.tmps(&[Class::Int, Class::Any])
    }

    /// Makes the operation; the values are interface values, as many as `types` says besides the error.
    fn dyn_results(&mut self, d: &'w ast::DynExpr, types: &[TypeId]) -> (Vec<Regs>, Regs) {
        let values: Vec<Regs> = (1..types.len()).map(|_| self.any_regs()).collect();
        let err = self.any_regs();
        self.dyn_into(d, &values, &err);
        (values, err)
    }

    fn dyn_into(&mut self, d: &'w ast::DynExpr, values: &[Regs], err: &Regs) {
        let end = self.label();
        values.iter().for_each(|v| self.zero_regs(v));
        self.zero_regs(err);
        let base = match self.world.types.get(self.ty(&d.x)) {
            Type::Tuple(_) => {
                let (mut pair, _) = self.tuple_values(&d.x);
                let failed = pair.pop().expect("internal error: no error").regs();
                self.moves(err, &failed);
                self.emit(Inst::JumpNeImm { a: err[0], imm: 0, target: end.0 });
                pair.pop().expect("internal error: no value")
            }
            _ => self.expr_as(&d.x, ANY, None),
        };
        let base = base.regs();
        match &d.op {
            DynOp::Field(name) => self.dyn_step(d, &base, name, values, err),
            DynOp::Index(key) => {
                let key = self.expr_as(key, ANY, None).regs();
                let words = [&base[..], &key[..]].concat();
                self.dyn_call(d, "index", words, &values[0], err);
            }
            DynOp::Call { args, ellipsis } => {
                self.dyn_invoke(d, &base, args, ellipsis.is_valid(), values, err);
            }
            DynOp::Method { name, args, ellipsis } => {
                let method = self.any_regs();
                self.dyn_step(d, &base, name, std::slice::from_ref(&method), err);
                self.emit(Inst::JumpNeImm { a: err[0], imm: 0, target: end.0 });
                self.dyn_invoke(d, &method, args, ellipsis.is_valid(), values, err);
            }
        }
        self.bind(end);
    }

    fn dyn_step(&mut self, d: &'w ast::DynExpr, base: &Regs, name: &ast::Ident, values: &[Regs], err: &Regs) {
        let name = self.const_str(name.name.as_str().as_bytes(), None).regs();
        let words = [&base[..], &name[..]].concat();
        self.dyn_call(d, "step", words, &values[0], err);
    }

    fn dyn_invoke(
        &mut self,
        d: &'w ast::DynExpr,
        base: &Regs,
        args: &'w [Expr],
        spread: bool,
        values: &[Regs],
        err: &Regs,
    ) {
        let list = match args {
            [only] if matches!(self.world.types.get(self.ty(only)), Type::Tuple(_)) => {
                let (parts, types) = self.tuple_values(only);
                self.variadic_slice(parts.len(), ANY, |l, i| l.value_as(parts[i].clone(), types[i], ANY))
            }
            _ => {
                let parts = self.operands(args, &vec![ANY; args.len()]);
                self.variadic_slice(parts.len(), ANY, |_, i| parts[i].clone())
            }
        };
        let spread = self.const_int(i64::from(spread));
        let mut words = [&base[..], &list[..], &[spread]].concat();
        if let [value] = values {
            return self.dyn_call(d, "callOne", words, value, err);
        }
        words.push(self.const_int(values.len() as i64));
        let all = self.tmps(&[Class::Ptr, Class::Int, Class::Int]);
        self.dyn_call(d, "callSeveral", words, &all, err);
        let failed = self.label();
        self.emit(Inst::JumpNeImm { a: err[0], imm: 0, target: failed.0 });
        for (i, value) in values.iter().enumerate() {
            self.load(&Place::at(all[0]).plus(i as u32 * ANY_SIZE), ANY, value);
        }
        self.bind(failed);
    }

    /// Calls a function of package dyn with these words and the path; the results arrive in `value` and `err`.
    fn dyn_call(&mut self, d: &'w ast::DynExpr, name: &str, mut words: Vec<Reg>, value: &Regs, err: &Regs) {
        self.at(d.arrow);
        let path = self.const_str(dyn_path(d).as_bytes(), None).regs();
        words.extend(path);
        let args: Vec<u16> = words.iter().map(|r| r.0).collect();
        let results = [&value[..], &err[..]].concat();
        let callee = self.library("dyn", name, &[]);
        self.emit_call(&callee, &args, &results);
    }

    /// Interface values converted to what they go to. With `err` the conversion's error is put there, and
    /// what follows an error is left zero; without, the error is returned.
    fn converted(
        &mut self,
        d: &'w ast::DynExpr,
        values: Vec<Regs>,
        types: &[TypeId],
        err: Option<&Regs>,
    ) -> Vec<Value> {
        let end = self.label();
        let mut results = Vec::new();
        let typed: Vec<bool> = types.iter().take(values.len()).map(|&ty| !self.is_any(ty)).collect();
        for ((value, &ty), &typed) in values.into_iter().zip(types).zip(&typed) {
            // What the conversion writes must hold something where it is skipped.
            results.push(match typed {
                true => (value, Some(self.zero_words(ty))),
                false => (value, None),
            });
        }
        for ((value, target), &ty) in results.iter().zip(types) {
            let Some(target) = target else { continue };
            let failed = err.cloned().unwrap_or_else(|| self.any_regs());
            if err.is_some() {
                self.emit(Inst::JumpNeImm { a: failed[0], imm: 0, target: end.0 });
            }
            let path = self.const_str(dyn_path(d).as_bytes(), None).regs();
            let args: Vec<u16> = value.iter().chain(&path).map(|r| r.0).collect();
            let callee = self.library("dyn", "convert", &[ty]);
            self.emit_call(&callee, &args, &[&target[..], &failed[..]].concat());
            if err.is_none() {
                self.propagate_unless_nil(&failed);
            }
        }
        self.bind(end);
        let all = results.into_iter().zip(types);
        all.map(|((value, target), &ty)| match target {
            Some(target) => self.arrived(&target, ty),
            None => Value::Regs(value),
        })
        .collect()
    }

    fn is_any(&self, ty: TypeId) -> bool {
        self.world.identical(ty, ANY)
    }

    /// Registers that hold a type's zero value in the form in which calls hand it over.
    fn zero_words(&mut self, ty: TypeId) -> Regs {
        let zero = self.zero(ty, None);
        let words = self.words(zero, ty);
        words.iter().map(|&r| self.copied(r)).collect()
    }
}

/// The text of a dynamic operation with the steps before it.
fn dyn_path(d: &ast::DynExpr) -> String {
    fn base(e: &Expr) -> String {
        match e.unparen() {
            Expr::Dyn(d) => dyn_path(d),
            Expr::Try(t) if matches!(t.x.unparen(), Expr::Dyn(_)) => base(&t.x),
            e => e.to_string(),
        }
    }
    let step = match &d.op {
        DynOp::Field(name) => name.name.to_string(),
        DynOp::Index(key) => format!("[{key}]"),
        DynOp::Call { .. } => "()".to_owned(),
        DynOp::Method { name, .. } => format!("{}()", name.name),
    };
    format!("{}~>{step}", base(&d.x))
}
