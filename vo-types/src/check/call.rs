//! Calls, instantiation of functions, and arguments.

use vo_syntax::ast::*;
use vo_syntax::diag::{Code, Diagnostic};
use vo_syntax::source::{Pos, Span};

use super::errors::Place;
use super::expr::Want;
use super::{Action, Checker, Mode, Operand};
use crate::types::{Param, Subst, Type, TypeId};
use crate::universe::UseKind;

/// Type arguments written out at a call, with their places.
#[derive(Clone, Debug, Default)]
struct Explicit {
    targs: Vec<TypeId>,
    places: Vec<Span>,
}

impl<'w> Checker<'w> {
    pub fn call_expr(&mut self, call: &'w CallExpr, e: &'w Expr) -> (Operand<'w>, UseKind) {
        self.call_parts(call, Some(e))
    }

    fn call_parts(&mut self, call: &'w CallExpr, e: Option<&'w Expr>) -> (Operand<'w>, UseKind) {
        let (mut x, explicit) = self.callee(call);
        match x.mode {
            Mode::Invalid => {
                self.use_exprs(&call.args);
                (Operand::invalid(e), UseKind::Statement)
            }
            Mode::TypeExpr => (self.conversion_call(x, call, e), UseKind::Conversion),
            Mode::Builtin(b) => {
                let mut result = self.builtin(call, e, b);
                result.expr = e;
                if result.is_valid() && !result.is_constant() {
                    self.env.has_call = true;
                }
                (result, b.use_kind())
            }
            _ => {
                self.single_value(&mut x);
                if !x.is_valid() {
                    self.use_exprs(&call.args);
                    return (Operand::invalid(e), UseKind::Statement);
                }
                (self.function_call(x, explicit, call, e), UseKind::Statement)
            }
        }
    }

    /// A call that is no expression of its own: of a go or defer statement.
    pub fn checked_call(&mut self, call: &'w CallExpr) -> (Operand<'w>, UseKind) {
        let (x, kind) = self.call_parts(call, None);
        match x.mode {
            Mode::Invalid => {}
            Mode::NoValue => {
                self.w.info.set_type(call.id, x.mode, TypeId::EMPTY_TUPLE, None);
            }
            _ => {
                // An untyped result is discarded with the type it has by default.
                let ty = self.default_type(x.ty);
                self.w.info.set_type(call.id, x.mode, ty, Some(&x.val));
            }
        }
        (x, kind)
    }

    /// An operand that is the result of a call, in a message.
    pub fn os_call(&self, x: &Operand<'w>, call: &CallExpr) -> String {
        let text = super::show::call_string(call);
        let bare = Operand { expr: None, ..x.clone() };
        match x.mode {
            Mode::Constant => {
                if self.w.is_untyped(x.ty) {
                    return format!("{text} ({} constant {})", self.ts(x.ty), x.val);
                }
                format!("{text} (constant {} of type {})", x.val, self.ts(x.ty))
            }
            _ => format!("{text} ({})", self.os(&bare)),
        }
    }

    /// What is called, with explicit type arguments that do not complete it.
    fn callee(&mut self, call: &'w CallExpr) -> (Operand<'w>, Explicit) {
        let Expr::Index(index) = &call.fun else {
            return (self.expr_or_type(&call.fun, true), Explicit::default());
        };
        // `f[A](x)`: the remaining type arguments may follow from the arguments.
        let x = self.expr_or_type(&index.x, true);
        if x.mode != Mode::Value || !self.is_generic(x.ty) {
            return (self.expr_or_type(&call.fun, true), Explicit::default());
        }
        let Some(targs) = self.type_list(&index.indices) else {
            return (Operand::invalid(Some(&call.fun)), Explicit::default());
        };
        let places: Vec<Span> = index.indices.iter().map(|e| e.span()).collect();
        let want = self.w.types.as_signature(x.ty).map_or(0, |s| s.tparams.len());
        if targs.len() > want {
            let message = format!("got {} type arguments but want {want}", targs.len());
            self.error(Code::WrongTypeArgumentCount, &places[want], message);
            return (Operand::invalid(Some(&call.fun)), Explicit::default());
        }
        let mut x = x;
        self.record(&mut x, &call.fun);
        (x, Explicit { targs, places })
    }

    fn conversion_call(&mut self, x: Operand<'w>, call: &'w CallExpr, e: Option<&'w Expr>) -> Operand<'w> {
        let ty = x.ty;
        if self.is_generic(ty) {
            let mut x = x;
            let message = format!("cannot use generic type {} without instantiation", self.es(&call.fun));
            self.error(Code::MissingTypeArguments, &x, message);
            x.invalidate();
            self.use_exprs(&call.args);
            return Operand::invalid(e);
        }
        let mut result = Operand::invalid(e);
        match &call.args[..] {
            [] => {
                let message = format!("missing argument in conversion to {}", self.ts(ty));
                self.error(Code::NotEnoughArguments, &call.fun, message);
            }
            [arg] => {
                let mut v = self.expr_with_target(arg, Some(ty), Some("conversion"));
                if v.is_valid() {
                    if self.constraint_in_conversion(ty) {
                        let message = format!(
                            "cannot use interface {} in conversion (contains specific type constraints or is comparable)",
                            self.ts(ty)
                        );
                        self.error(Code::MisplacedConstraint, call, message);
                    } else if call.ellipsis.is_valid() {
                        let message = format!("invalid use of ... in conversion to {}", self.ts(ty));
                        self.error(Code::InvalidDotDotDot, arg, message);
                    } else {
                        self.conversion(&mut v, ty);
                        result = v;
                    }
                }
            }
            [.., last] => {
                self.use_exprs(&call.args);
                let message = format!("too many arguments in conversion to {}", self.ts(ty));
                self.error(Code::TooManyArguments, last, message);
            }
        }
        result.expr = e;
        result
    }

    fn constraint_in_conversion(&self, ty: TypeId) -> bool {
        self.w.is_interface(ty) && self.w.type_set(ty).is_some_and(|s| s.is_constraint())
    }

    fn function_call(
        &mut self,
        x: Operand<'w>,
        explicit: Explicit,
        call: &'w CallExpr,
        e: Option<&'w Expr>,
    ) -> Operand<'w> {
        let invalid = Operand::invalid(e);
        let sig = match self.called_signature(&x) {
            Ok(sig) => sig,
            Err(why) => {
                self.error(Code::InvalidCall, &x, format!("invalid operation: cannot call {why}"));
                self.use_exprs(&call.args);
                return invalid;
            }
        };
        let mut args = self.arguments(&call.args);
        args.iter_mut().for_each(|a| a.nth = 0);
        self.env.has_call = true;
        let Some(sig) = self.check_arguments(call, sig, explicit, args) else {
            // Even without a valid call the result is known if nothing has to be inferred.
            return match self.w.types.as_signature(sig) {
                Some(s) if s.tparams.is_empty() => self.call_result(sig, e),
                _ => invalid,
            };
        };
        self.call_result(sig, e)
    }

    fn called_signature(&self, x: &Operand<'w>) -> Result<TypeId, String> {
        let not_function = |t: TypeId| format!("{} is not a function", self.ts(t));
        if self.w.is_type_param(x.ty)
            && let Some(terms) = self.w.specific_types(x.ty)
            && let Some(t) = terms.iter().find(|t| !matches!(self.w.under(t.ty), Type::Signature(_)))
        {
            return Err(format!("{}: {}", self.os(x), not_function(t.ty)));
        }
        let under = self.common_underlying(x.ty).map_err(|why| format!("{}: {why}", self.os(x)))?;
        if let Type::Signature(_) = self.w.types.raw(under) {
            return Ok(under);
        }
        Err(format!("{}: {}", self.os(x), not_function(x.ty)))
    }

    fn call_result(&self, sig: TypeId, e: Option<&'w Expr>) -> Operand<'w> {
        let Some(s) = self.w.types.as_signature(sig) else { return Operand::invalid(e) };
        match &*s.results {
            [] => Operand::new(Mode::NoValue, TypeId::EMPTY_TUPLE, e),
            [only] if self.w.is_invalid(only.ty) => Operand::invalid(e),
            [only] => Operand::new(Mode::Value, only.ty, e),
            several => Operand::new(Mode::Value, self.w.types.results_tuple(several), e),
        }
    }

    // ---- arguments ----------------------------------------------------------------------------

    /// The argument operands; one call with several results gives several.
    pub fn arguments(&mut self, list: &'w [Expr]) -> Vec<Operand<'w>> {
        if let [only] = list {
            let x = self.generic_or_multi(only);
            return self.unpack(x);
        }
        list.iter()
            .map(|e| {
                let mut x = self.generic_or_multi(e);
                self.single_value(&mut x);
                x
            })
            .collect()
    }

    /// The operands of a call with several results; any other operand alone.
    pub fn unpack(&self, x: Operand<'w>) -> Vec<Operand<'w>> {
        if x.mode == Mode::Value
            && let Type::Tuple(elems) = self.w.types.raw(x.ty)
        {
            let one = |(i, &ty)| Operand { nth: i as u32 + 1, ..Operand::new(Mode::Value, ty, x.expr) };
            return elems.iter().enumerate().map(one).collect();
        }
        vec![x]
    }

    /// Checks arguments against a signature, after inferring type arguments if it is generic; the
    /// instantiated signature.
    fn check_arguments(
        &mut self,
        call: &'w CallExpr,
        sig: TypeId,
        explicit: Explicit,
        mut args: Vec<Operand<'w>>,
    ) -> Option<TypeId> {
        let s = self.w.types.as_signature(sig)?;
        let spread = call.ellipsis.is_valid();
        let mut params: Vec<Param> = s.params.to_vec();
        if s.variadic && spread {
            if call.args.len() == 1 && args.len() > 1 {
                let message = format!("cannot use ... with {}-valued {}", args.len(), self.es(&call.args[0]));
                self.error(Code::InvalidDotDotDot, &call.fun, message);
                return None;
            }
        } else if s.variadic {
            self.expand_variadic(&mut params, args.len());
        } else if spread {
            let message = format!("cannot use ... in call to non-variadic {}", self.es(&call.fun));
            self.error(Code::NonVariadicDotDotDot, &call.fun, message);
            return None;
        }
        if args.len() != params.len() {
            self.argument_count(call, s.params.as_ref(), s.variadic, &args, params.len());
            return None;
        }
        let mut result = sig;
        if !s.tparams.is_empty() || args.iter().any(|a| a.is_valid() && self.is_generic(a.ty)) {
            result = self.infer_call(call, sig, &mut params, explicit, &mut args)?;
        }
        let context = format!("argument to {}", self.es(&call.fun));
        for (a, p) in args.iter_mut().zip(&params) {
            self.assignment(a, Some(p.ty), &context);
        }
        Some(result)
    }

    /// One parameter per argument.
    fn expand_variadic(&self, params: &mut Vec<Param>, count: usize) {
        let Some(last) = params.pop() else { return };
        let elem = match self.w.types.get(last.ty) {
            Type::Slice(elem) => *elem,
            _ => last.ty,
        };
        while params.len() < count {
            params.push(Param { ty: elem, ..last });
        }
    }

    fn argument_count(
        &self,
        call: &'w CallExpr,
        params: &[Param],
        variadic: bool,
        args: &[Operand<'w>],
        want: usize,
    ) {
        let (quality, at, code) = if args.len() > want {
            ("too many", args[want].place(), Code::TooManyArguments)
        } else {
            let at = args.last().map_or(call.fun.place(), |a| a.place());
            ("not enough", at, Code::NotEnoughArguments)
        };
        let have: Vec<TypeId> = args.iter().map(|a| a.ty).collect();
        let wanted: Vec<TypeId> = params.iter().map(|p| p.ty).collect();
        let message = format!(
            "{quality} arguments in call to {}\n\thave {}\n\twant {}",
            self.es(&call.fun),
            self.types_summary(&have, false, call.ellipsis.is_valid()),
            self.types_summary(&wanted, variadic, false)
        );
        self.report(self.with_callee(Diagnostic::error(code, at, message), &call.fun));
    }

    /// A list of types in parentheses, for "have" and "want".
    pub fn types_summary(&self, types: &[TypeId], variadic: bool, dots: bool) -> String {
        let mut list = Vec::new();
        for (i, &ty) in types.iter().enumerate() {
            let last = i + 1 == types.len();
            let mut text = if self.w.is_invalid(ty) {
                "unknown type".to_owned()
            } else if self.w.is_untyped_numeric(ty) {
                "number".to_owned()
            } else if self.w.is_untyped(ty) {
                self.ts(ty).replace("untyped ", "")
            } else {
                self.ts(ty)
            };
            if last && variadic {
                if let Type::Slice(elem) = self.w.types.raw(ty) {
                    text = self.ts(*elem);
                }
                text = format!("...{text}");
            } else if last && dots {
                text.push_str("...");
            }
            list.push(text);
        }
        format!("({})", list.join(", "))
    }

    // ---- instantiation of functions -----------------------------------------------------------

    /// Infers the type arguments of a call and of generic functions among the arguments.
    fn infer_call(
        &mut self,
        call: &'w CallExpr,
        sig: TypeId,
        params: &mut [Param],
        explicit: Explicit,
        args: &mut [Operand<'w>],
    ) -> Option<TypeId> {
        let own = self.w.types.as_signature(sig)?.tparams.clone();
        // The callee's type parameters may be those of the function that the call stands in.
        let (tparams, subst) = self.renamed(&own);
        for p in params.iter_mut() {
            p.ty = self.w.subst(p.ty, &subst);
        }
        let mut all = tparams.clone();
        let mut generic_args: Vec<(usize, usize, usize)> = Vec::new();
        let mut given: Vec<(usize, TypeId)> = Vec::new();
        for (i, a) in args.iter_mut().enumerate() {
            if !a.is_valid() || !self.is_generic(a.ty) {
                continue;
            }
            let Some(s) = self.w.types.as_signature(a.ty) else { continue };
            let (fresh, subst) = self.renamed(&s.tparams);
            let (ps, rs): (Vec<TypeId>, Vec<TypeId>) = (
                s.params.iter().map(|p| self.w.subst(p.ty, &subst)).collect(),
                s.results.iter().map(|p| self.w.subst(p.ty, &subst)).collect(),
            );
            a.ty = self.w.types.func(&ps, &rs, s.variadic);
            if let Some(partial) = a.expr.and_then(|e| self.partial.remove(&e.id())) {
                given.extend(partial.into_iter().enumerate().map(|(k, t)| (all.len() + k, t)));
            }
            generic_args.push((i, all.len(), all.len() + fresh.len()));
            all.extend(fresh);
        }
        if all.is_empty() {
            return Some(sig);
        }
        let mut targs: Vec<Option<TypeId>> = explicit.targs.iter().map(|&t| Some(t)).collect();
        targs.resize(all.len(), None);
        for (i, ty) in given {
            targs[i] = Some(ty);
        }
        let param_types: Vec<TypeId> = params.iter().map(|p| p.ty).collect();
        let inferred = match self.infer(&all, targs, &param_types, args, call.lparen, None) {
            Ok(inferred) => inferred,
            Err(Some((at, why))) => {
                let message = format!("in call to {}, {why}", self.es(&call.fun));
                self.error(Code::CannotInferTypeArguments, &at, message);
                return None;
            }
            Err(None) => return None,
        };
        let full = Subst::new(&all, &inferred);
        for p in params.iter_mut() {
            p.ty = self.w.subst(p.ty, &full);
        }
        for (i, from, to) in generic_args {
            args[i].ty = self.w.subst(args[i].ty, &full);
            if let Some(e) = args[i].expr {
                self.record_function_instance(e, &inferred[from..to], args[i].ty);
                let at = vec![e.span()];
                self.later(Action::Verify(at, all[from..to].into(), inferred[from..to].into()));
            }
        }
        if own.is_empty() {
            return Some(sig);
        }
        let targs = &inferred[..own.len()];
        let result = self.w.instantiate_signature(sig, targs);
        self.record_function_instance(&call.fun, targs, result);
        let mut places = explicit.places;
        places.resize(own.len(), super::at(call.lparen));
        self.later(Action::Verify(places, own.clone(), targs.into()));
        self.note_instance(call.lparen, &own, targs);
        Some(result)
    }

    /// Fresh type parameters for inference.
    fn renamed(&self, tparams: &[TypeId]) -> (Vec<TypeId>, Subst) {
        let fresh = self.w.clone_type_params(tparams);
        let subst = Subst::new(tparams, &fresh);
        for (&old, &new) in tparams.iter().zip(&fresh) {
            self.w.set_bound(new, self.w.subst(self.w.constraint(old), &subst));
        }
        (fresh, subst)
    }

    /// Records an instantiation at the name of the function, and the type of the expression.
    fn record_function_instance(&self, e: &Expr, targs: &[TypeId], ty: TypeId) {
        let mut at = e;
        loop {
            self.w.info.set_type(at.id(), crate::info::Mode::Value, ty, None);
            match at {
                Expr::Paren(p) => at = &p.x,
                Expr::Index(i) => at = &i.x,
                Expr::Ident(name) => return self.w.info.set_instance(name.id, targs, ty),
                Expr::Selector(s) => return self.w.info.set_instance(s.sel.id, targs, ty),
                _ => return,
            }
        }
    }

    /// `f[A, B]` as a value.
    pub fn explicit_instance(
        &mut self,
        x: &mut Operand<'w>,
        index: &'w IndexExpr,
        e: &'w Expr,
        want: Option<&Want>,
    ) {
        let Some(targs) = self.type_list(&index.indices) else {
            x.expr = Some(e);
            return x.invalidate();
        };
        let places: Vec<Span> = index.indices.iter().map(|e| e.span()).collect();
        let count = self.w.types.as_signature(x.ty).map_or(0, |s| s.tparams.len());
        if targs.len() > count {
            let message = format!("got {} type arguments but want {count}", targs.len());
            self.error(Code::WrongTypeArgumentCount, &places[count], message);
            x.expr = Some(e);
            return x.invalidate();
        }
        x.expr = Some(e);
        if want.is_none() && targs.len() < count && self.partial_ok == Some(e.id()) {
            self.partial.insert(e.id(), targs);
            return;
        }
        self.instantiate_value(x, Explicit { targs, places }, want, index.lbrack);
    }

    /// Instantiates a generic function named without type arguments, if what it is wanted for
    /// says how.
    pub fn instantiate_for(&mut self, x: &mut Operand<'w>, want: Option<&Want>, pos: Pos) {
        if want.is_some() && x.mode == Mode::Value && self.is_generic(x.ty) {
            self.instantiate_value(x, Explicit::default(), want, pos);
        }
    }

    fn instantiate_value(&mut self, x: &mut Operand<'w>, explicit: Explicit, want: Option<&Want>, pos: Pos) {
        let (Some(s), Some(e)) = (self.w.types.as_signature(x.ty), x.expr) else { return };
        let own = s.tparams.clone();
        let mut targs = explicit.targs.clone();
        if targs.len() < own.len() {
            if want.is_none() && explicit.targs.is_empty() {
                return;
            }
            let (fresh, _) = self.renamed(&own);
            let plain = self.w.instantiate_signature(x.ty, &fresh);
            let mut given: Vec<Option<TypeId>> = targs.iter().map(|&t| Some(t)).collect();
            given.resize(own.len(), None);
            let wanted = want.map(|want| Operand::new(Mode::Value, want.ty, Some(e)));
            let (params, args) = match wanted {
                Some(wanted) => (vec![plain], vec![wanted]),
                None => (Vec::new(), Vec::new()),
            };
            let what = want.map(|want| want.what.as_str());
            match self.infer(&fresh, given, &params, &args, pos, what) {
                Ok(inferred) => targs = inferred,
                Err(problem) => {
                    if let Some((_, why)) = problem {
                        self.error(Code::CannotInferTypeArguments, &pos, why);
                    }
                    return x.invalidate();
                }
            }
        }
        let ty = self.w.instantiate_signature(x.ty, &targs);
        self.record_function_instance(e, &targs, ty);
        let places = if explicit.places.is_empty() { vec![e.span()] } else { explicit.places };
        self.later(Action::Verify(places, own.clone(), targs.clone().into()));
        self.note_instance(pos, &own, &targs);
        x.ty = ty;
    }

    pub fn tparam_position(&self, tparam: TypeId) -> String {
        match self.w.types.as_type_param(tparam) {
            Some(p) => self.ps(self.w.object(p.obj).pos),
            None => String::new(),
        }
    }
}
