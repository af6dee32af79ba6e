//! Inference of type arguments, from function arguments, constraints and untyped constants.

use rustc_hash::{FxHashMap, FxHashSet};
use vo_syntax::ast::Node;
use vo_syntax::diag::{Code, Diagnostic};
use vo_syntax::source::{Pos, Span};

use super::unify::{Strict, Unifier};
use super::{Checker, Operand};
use crate::object::ObjId;
use crate::scope::ScopeId;
use crate::types::{Param, Subst, Type, TypeId};

/// Why inference failed: where, and what to say; `None` if an error was reported already.
pub(crate) type InferError = Option<(Span, String)>;

impl<'w> Checker<'w> {
    /// Infers the type arguments that `given` leaves open. `params` are matched against `args`;
    /// with `reverse` the argument is the type that a function value is wanted for, by what it
    /// names.
    pub fn infer(
        &mut self,
        tparams: &[TypeId],
        given: Vec<Option<TypeId>>,
        params: &[TypeId],
        args: &[Operand<'w>],
        pos: Pos,
        reverse: Option<&str>,
    ) -> Result<Vec<TypeId>, InferError> {
        if given.iter().all(Option::is_some) {
            return Ok(given.into_iter().flatten().collect());
        }
        if args.iter().any(|a| !a.is_valid()) || tparams.iter().any(|&t| self.w.is_invalid(t)) {
            return Err(None);
        }
        let mut known = Subst::default();
        for (&t, g) in tparams.iter().zip(&given) {
            if let Some(g) = g {
                known.push(t, *g);
            }
        }
        let params: Vec<TypeId> = params.iter().map(|&p| self.w.subst(p, &known)).collect();
        let this = &*self;
        let mut u = Unifier::new(this, tparams, &given);
        let mut untyped: Vec<(usize, usize)> = Vec::new();
        for (i, (&p, a)) in params.iter().zip(args).enumerate() {
            if !this.mentions_any(p, tparams) && !this.mentions_any(a.ty, tparams) {
                continue;
            }
            if !this.w.is_untyped(a.ty) {
                if !u.unify(p, a.ty, Strict::ASSIGN) {
                    return Err(Some(this.mismatch_error(tparams, &u, p, a, reverse)));
                }
            } else if let Some(t) = tparams.iter().position(|&t| t == this.w.types.unalias(p))
                && !a.is_nil()
            {
                untyped.push((i, t));
            }
        }
        this.constraints(tparams, &mut u, pos)?;
        this.untyped_arguments(tparams, args, &untyped, &mut u)?;
        // Types from constants may in turn decide others through constraints.
        if !untyped.is_empty() {
            this.constraints(tparams, &mut u, pos)?;
        }
        this.simplify(tparams, &u, pos)
    }

    fn mismatch_error(
        &self,
        tparams: &[TypeId],
        u: &Unifier<'_, 'w>,
        param: TypeId,
        arg: &Operand<'w>,
        reverse: Option<&str>,
    ) -> (Span, String) {
        let at = arg.expr.map_or(Span::NONE, |e| e.span());
        let expr = match reverse {
            Some(what) => what.to_owned(),
            None => arg.expr.map_or(String::new(), |e| self.es(e)),
        };
        let (arg_ty, par) = (self.ts(arg.ty), self.ts(param));
        let partly = self.w.subst(param, &self.inferred_so_far(tparams, u));
        if partly == param {
            let names: Vec<&str> = tparams.iter().map(|&t| self.tparam_name(t)).collect();
            let list = names_list(&names);
            return (at, format!("type {arg_ty} of {expr} does not match {par} (cannot infer {list})"));
        }
        let partly = self.ts(partly);
        let message = if reverse.is_some() {
            format!("inferred type {partly} for {par} does not match type {arg_ty} of {expr}")
        } else {
            format!("type {arg_ty} of {expr} does not match inferred type {partly} for {par}")
        };
        (at, message)
    }

    fn inferred_so_far(&self, tparams: &[TypeId], u: &Unifier<'_, 'w>) -> Subst {
        let mut inferred = Subst::default();
        for (i, &t) in tparams.iter().enumerate() {
            if let Some(found) = u.at(i) {
                inferred.push(t, found);
            }
        }
        inferred
    }

    pub fn tparam_name(&self, tparam: TypeId) -> &'static str {
        match self.w.types.as_type_param(tparam) {
            Some(p) => self.w.object(p.obj).name.as_str(),
            None => "",
        }
    }

    /// Uses constraints with a single structure, and methods, until nothing new follows.
    fn constraints(&self, tparams: &[TypeId], u: &mut Unifier<'_, 'w>, pos: Pos) -> Result<(), InferError> {
        let w = self.w;
        loop {
            let before = u.unknowns();
            for (i, &tparam) in tparams.iter().enumerate() {
                let found = u.at(i);
                let does_not = |detail: &str| {
                    let (name, tx) = (self.tparam_name(tparam), found.map_or(String::new(), |t| self.ts(t)));
                    let bound = self.ts(w.constraint(tparam));
                    let detail = if detail.is_empty() { String::new() } else { format!(" {detail}") };
                    Some((pos.span(), format!("{name} (type {tx}) does not satisfy {bound}{detail}")))
                };
                match (self.core_term(tparam), found) {
                    (Some((core, tilde, _)), Some(tx)) => {
                        let tx = if tilde && !w.is_type_param(tx) { w.underlying(tx) } else { tx };
                        if !u.unify(tx, core, Strict::INEXACT) {
                            return Err(does_not(""));
                        }
                    }
                    (Some((core, false, true)), None) => u.set(i, core),
                    _ => {}
                }
                let Some(tx) = u.at(i) else { continue };
                let tx = w.subst(tx, &self.inferred_so_far(tparams, u));
                if self.mentions_any(tx, tparams) {
                    continue;
                }
                let methods = w.type_set(tparam).map_or(&[][..], |s| &s.methods);
                if !methods.is_empty()
                    && !w.is_invalid(tx)
                    && !u.has_methods(tx, methods)
                    && let Some(m) = w.missing_method(tx, w.underlying(tparam), true)
                {
                    let why = self.missing_method_cause(tx, w.constraint(tparam), &m);
                    return Err(does_not(&why));
                }
            }
            if u.unknowns() == before || u.unknowns() == 0 {
                return Ok(());
            }
        }
    }

    /// The type whose structure all types of a constraint have: the type, whether it comes with a
    /// tilde, and whether it is the only one.
    fn core_term(&self, tparam: TypeId) -> Option<(TypeId, bool, bool)> {
        let terms = self.w.type_set(tparam)?.terms.clone()?;
        match &terms[..] {
            [] => None,
            [only] => Some((only.ty, only.tilde, true)),
            _ => self.core_type(tparam).map(|core| (core, true, false)),
        }
    }

    /// The common underlying type of a type parameter's types.
    pub fn core_type(&self, ty: TypeId) -> Option<TypeId> {
        self.common_underlying(ty).ok()
    }

    fn untyped_arguments(
        &self,
        tparams: &[TypeId],
        args: &[Operand<'w>],
        untyped: &[(usize, usize)],
        u: &mut Unifier<'_, 'w>,
    ) -> Result<(), InferError> {
        let mut largest: Vec<Option<TypeId>> = vec![None; tparams.len()];
        for &(i, t) in untyped {
            if u.at(t).is_some() {
                continue;
            }
            let arg = &args[i];
            largest[t] = match largest[t] {
                None => Some(arg.ty),
                Some(max) if max == arg.ty => Some(max),
                Some(max) if self.w.is_untyped_numeric(max) && self.w.is_untyped_numeric(arg.ty) => {
                    Some(max.max(arg.ty))
                }
                Some(max) => {
                    let message = format!(
                        "mismatched types {} and {} (cannot infer {})",
                        self.ts(max),
                        self.ts(arg.ty),
                        self.tparam_name(tparams[t])
                    );
                    return Err(Some((arg.expr.map_or(Span::NONE, |e| e.span()), message)));
                }
            };
        }
        for (t, max) in largest.into_iter().enumerate() {
            if let Some(max) = max {
                u.set(t, self.default_type(max));
            }
        }
        Ok(())
    }

    /// Replaces type parameters inside of inferred types by what was inferred for them.
    fn simplify(&self, tparams: &[TypeId], u: &Unifier<'_, 'w>, pos: Pos) -> Result<Vec<TypeId>, InferError> {
        let mut types: Vec<Option<TypeId>> = (0..tparams.len()).map(|i| u.at(i)).collect();
        for _ in 0..=tparams.len() {
            let mut subst = Subst::default();
            for (&t, ty) in tparams.iter().zip(&types) {
                if let Some(ty) = ty
                    && *ty != t
                {
                    subst.push(t, *ty);
                }
            }
            for ty in types.iter_mut().flatten() {
                *ty = self.w.subst(*ty, &subst);
            }
        }
        let open = |ty: &Option<TypeId>| match ty {
            None => true,
            Some(ty) => self.mentions_any(*ty, tparams),
        };
        match types.iter().position(open) {
            None => Ok(types.into_iter().flatten().collect()),
            Some(i) => {
                let name = self.tparam_name(tparams[i]);
                let at = self.tparam_position(tparams[i]);
                Err(Some((pos.span(), format!("cannot infer {name} (declared at {at})"))))
            }
        }
    }

    /// Whether a type mentions one of the type parameters.
    pub fn mentions_any(&self, ty: TypeId, tparams: &[TypeId]) -> bool {
        let w = self.w;
        let any = |list: &[TypeId]| list.iter().any(|&t| self.mentions_any(t, tparams));
        let params = |list: &[Param]| list.iter().any(|p| self.mentions_any(p.ty, tparams));
        match w.types.get(ty) {
            Type::TypeParam(_) => tparams.contains(&w.types.unalias(ty)),
            Type::Basic(_) | Type::Island | Type::Alias(_) => false,
            Type::Named(n) => any(&n.targs),
            Type::Pointer(t) | Type::Slice(t) => self.mentions_any(*t, tparams),
            Type::Array { elem, .. } | Type::Chan { elem, .. } | Type::Port { elem, .. } => {
                self.mentions_any(*elem, tparams)
            }
            Type::Map { key, value } => any(&[*key, *value]),
            Type::Tuple(list) => any(list),
            Type::Struct(s) => s.fields.iter().any(|f| self.mentions_any(f.ty, tparams)),
            Type::Signature(s) => params(&s.params) || params(&s.results),
            Type::Interface(i) => {
                i.methods.iter().any(|m| self.mentions_any(m.sig, tparams))
                    || i.embeds.iter().any(|(t, _)| self.mentions_any(*t, tparams))
            }
            Type::Union(terms) => terms.iter().any(|t| self.mentions_any(t.ty, tparams)),
        }
    }
}

fn names_list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [a, b] => format!("{a} and {b}"),
        [head @ .., last] => format!("{}, and {last}", head.join(", ")),
    }
}

/// An instantiation that passes a type parameter on, possibly inside of a larger type.
struct Edge {
    from: TypeId,
    to: TypeId,
    grows: bool,
    pos: Pos,
    arg: TypeId,
}

/// Reports generic declarations whose instantiation would never end, because a type parameter
/// comes back to itself inside of a larger type.
pub(crate) fn report_growing_instances(c: &mut Checker<'_>) {
    let declared = declared_params(c);
    let canon = |t: TypeId| declared.get(&t).copied().unwrap_or(t);
    let mut edges: Vec<Edge> = Vec::new();
    for inst in c.w.package(c.pkg).state.instances.borrow().iter() {
        for (&to, &arg) in inst.tparams.iter().zip(&inst.targs) {
            let mut mentioned = Vec::new();
            collect_type_params(c, arg, &mut mentioned);
            for from in mentioned {
                let grows = c.w.types.unalias(arg) != from;
                edges.push(Edge { from: canon(from), to: canon(to), grows, pos: inst.pos, arg });
            }
        }
    }
    for (i, e) in edges.iter().enumerate() {
        if !e.grows {
            continue;
        }
        if let Some(mut path) = find_path(&edges, e.to, e.from) {
            path.insert(0, i);
            return report_cycle(c, &edges, &path);
        }
    }
}

/// A method's own names for its receiver's type parameters, each with the parameter that the type
/// declares.
fn declared_params(c: &Checker<'_>) -> FxHashMap<TypeId, TypeId> {
    let mut declared = FxHashMap::default();
    for obj in c.w.package(c.pkg).objects() {
        let Some(info) = c.w.object(obj).func() else { continue };
        let (Some(own), Some(recv)) = (info.recv_tparams.get(), info.recv_type.get()) else { continue };
        let origin = c.w.origin(c.w.deref(recv).0);
        if let Some(named) = c.w.types.as_named(origin) {
            declared.extend(own.iter().copied().zip(named.tparams().iter().copied()));
        }
    }
    declared
}

fn find_path(edges: &[Edge], from: TypeId, to: TypeId) -> Option<Vec<usize>> {
    let mut queue = vec![(from, Vec::new())];
    let mut seen = vec![from];
    while let Some((at, path)) = queue.pop() {
        if at == to {
            return Some(path);
        }
        for (i, e) in edges.iter().enumerate() {
            if e.from == at && (!seen.contains(&e.to) || e.to == to) {
                seen.push(e.to);
                let mut longer = path.clone();
                longer.push(i);
                if longer.len() <= edges.len() {
                    queue.push((e.to, longer));
                }
            }
        }
    }
    None
}

fn report_cycle(c: &Checker<'_>, edges: &[Edge], path: &[usize]) {
    let position = |i: usize| c.w.types.as_type_param(edges[i].to).map(|p| c.w.object(p.obj).pos);
    let Some(first) = path.iter().filter_map(|&i| position(i)).min() else { return };
    let mut d = Diagnostic::error(Code::InvalidInstanceCycle, first.span(), "instantiation cycle:");
    for &i in path {
        let e = &edges[i];
        let text = format!("{} instantiated as {}", c.tparam_name(e.to), c.ts(e.arg));
        d = d.label(e.pos.span(), text);
    }
    c.report(d);
}

impl Checker<'_> {
    /// The type parameters of the function that the present scope lies in, in order.
    pub fn type_params_around(&self) -> Vec<TypeId> {
        type_params_from(self, Some(self.env.scope))
    }
}

/// The type parameters of the function that a local type is declared in.
fn enclosing_type_params(c: &Checker<'_>, obj: ObjId) -> Vec<TypeId> {
    type_params_from(c, c.w.object(obj).parent())
}

fn type_params_from(c: &Checker<'_>, mut scope: Option<ScopeId>) -> Vec<TypeId> {
    let w = c.w;
    let mut found = Vec::new();
    while let Some(id) = scope.filter(|&id| id != w.package(c.pkg).scope) {
        let types = w.scope(id).objects().into_iter().map(|o| w.object(o).ty());
        found.extend(types.filter(|&t| matches!(w.types.raw(t), Type::TypeParam(_))));
        scope = w.scope(id).parent;
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The type parameters that a type is made of. A type that is part of it in very many ways is walked once.
fn collect_type_params(c: &Checker<'_>, ty: TypeId, out: &mut Vec<TypeId>) {
    collect_unseen(c, ty, &mut FxHashSet::default(), out);
}

fn collect_unseen(c: &Checker<'_>, ty: TypeId, seen: &mut FxHashSet<TypeId>, out: &mut Vec<TypeId>) {
    if !seen.insert(ty) {
        return;
    }
    let w = c.w;
    let mut walk = |t: TypeId, out: &mut Vec<TypeId>| collect_unseen(c, t, seen, out);
    match w.types.get(ty) {
        Type::TypeParam(_) => out.push(w.types.unalias(ty)),
        // A type declared in a generic function is another one for each instance of the function.
        Type::Named(n) => {
            out.extend(enclosing_type_params(c, n.obj));
            n.targs.iter().for_each(|&t| walk(t, out));
        }
        Type::Pointer(t) | Type::Slice(t) => walk(*t, out),
        Type::Array { elem, .. } | Type::Chan { elem, .. } | Type::Port { elem, .. } => walk(*elem, out),
        Type::Map { key, value } => [*key, *value].into_iter().for_each(|t| walk(t, out)),
        Type::Tuple(list) => list.iter().for_each(|&t| walk(t, out)),
        Type::Struct(s) => s.fields.iter().for_each(|f| walk(f.ty, out)),
        Type::Signature(s) => s.params.iter().chain(&s.results).for_each(|p| walk(p.ty, out)),
        _ => {}
    }
}
