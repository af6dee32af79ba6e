//! The order in which package-level variables are initialised, and cycles in it.
//!
//! A variable is initialised after all variables that its initial value mentions, directly or
//! through functions and methods; otherwise in source order. What a declaration mentions was
//! recorded while it was checked, so that the bodies of the functions involved must have been
//! checked before.

use rustc_hash::{FxHashMap, FxHashSet};
use vo_syntax::ast::Decl;
use vo_syntax::diag::{Code, Diagnostic};

use super::Checker;
use crate::World;
use crate::object::{ObjId, ObjectKind};
use crate::package::{Initializer, PkgId};

impl World {
    /// The initialisation steps of a package, in order. Checks what they need in lazily checked
    /// packages.
    pub fn init_order(&self, pkg: PkgId) -> Vec<Initializer<'_>> {
        if self.package(pkg).state.init_order.borrow().is_none() {
            Checker::new(self, pkg).init_order();
        }
        let steps = self.package(pkg).state.init_order.borrow().clone().unwrap_or_default();
        steps.into_iter().filter_map(|lhs| self.initializer(lhs)).collect()
    }

    fn initializer(&self, lhs: Vec<ObjId>) -> Option<Initializer<'_>> {
        let at = self.object(*lhs.first()?).decl.as_ref()?.at;
        let Decl::Var(d) = &self.file(at.file).decls[at.decl as usize] else { return None };
        let spec = d.specs.get(at.spec as usize)?;
        let index = if lhs.len() > 1 { 0 } else { at.name as usize };
        let rhs = spec.values.get(index).or(if spec.values.len() == 1 { spec.values.first() } else { None });
        rhs.map(|rhs| Initializer { lhs, rhs })
    }
}

impl<'w> Checker<'w> {
    /// Works out the order and keeps it; reports cycles.
    pub fn init_order(&mut self) {
        let package = self.w.package(self.pkg);
        let vars: Vec<ObjId> = package
            .objects()
            .into_iter()
            .filter(|&o| matches!(self.w.object(o).kind, ObjectKind::Var { .. } | ObjectKind::Const { .. }))
            .collect();
        for &v in &vars {
            self.obj_decl(v);
        }
        self.finish();
        self.check_reachable_bodies(&vars);
        self.report_init_cycles(&vars);
        let steps = self.sorted_steps(&vars);
        *package.state.init_order.borrow_mut() = Some(steps);
    }

    fn deps(&self, obj: ObjId) -> Vec<ObjId> {
        let own = |d: &ObjId| self.w.object(*d).pkg == Some(self.pkg);
        match &self.w.object(obj).decl {
            Some(info) => info.deps.borrow().iter().copied().filter(own).collect(),
            None => Vec::new(),
        }
    }

    /// Function bodies that initial values can reach must have been checked.
    fn check_reachable_bodies(&mut self, vars: &[ObjId]) {
        let mut seen: FxHashSet<ObjId> = vars.iter().copied().collect();
        let mut work = vars.to_vec();
        while let Some(obj) = work.pop() {
            if self.w.object(obj).func().is_some() {
                self.w.resolve(obj);
                self.body(obj);
                self.finish();
            }
            for d in self.deps(obj) {
                if seen.insert(d) {
                    work.push(d);
                }
            }
        }
    }

    /// Variables in source order, each after what it needs.
    fn sorted_steps(&self, vars: &[ObjId]) -> Vec<Vec<ObjId>> {
        let needs = self.variable_needs(vars);
        let mut done: FxHashSet<ObjId> = FxHashSet::default();
        let mut steps = Vec::new();
        let mut left: Vec<ObjId> = vars
            .iter()
            .copied()
            .filter(|&v| matches!(self.w.object(v).kind, ObjectKind::Var { .. }))
            .collect();
        // The next variable is always the first one in source order that is ready.
        while !left.is_empty() {
            let ready = left.iter().position(|&v| {
                self.group(v).iter().all(|m| {
                    needs
                        .get(m)
                        .is_none_or(|n| n.iter().all(|d| done.contains(d) || self.group(v).contains(d)))
                })
            });
            // In a cycle, which has been reported, any order will do.
            let v = left[ready.unwrap_or(0)];
            let group = self.group(v);
            done.extend(group.iter().copied());
            left.retain(|o| !group.contains(o));
            if self.has_initial_value(v) {
                steps.push(group);
            }
        }
        steps
    }

    fn group(&self, v: ObjId) -> Vec<ObjId> {
        let info = self.w.object(v).decl.as_ref();
        match info.and_then(|d| d.together.get()) {
            Some(all) => all.to_vec(),
            None => vec![v],
        }
    }

    fn has_initial_value(&self, v: ObjId) -> bool {
        let Some(info) = &self.w.object(v).decl else { return false };
        match &self.w.file(info.at.file).decls[info.at.decl as usize] {
            Decl::Var(d) => d.specs.get(info.at.spec as usize).is_some_and(|s| !s.values.is_empty()),
            _ => false,
        }
    }

    /// For each variable, the variables that its initial value reaches, through functions.
    fn variable_needs(&self, vars: &[ObjId]) -> FxHashMap<ObjId, Vec<ObjId>> {
        let mut needs = FxHashMap::default();
        for &v in vars {
            let mut found = Vec::new();
            let mut seen: FxHashSet<ObjId> = FxHashSet::default();
            let mut work = self.deps(v);
            for m in self.group(v) {
                work.extend(self.deps(m));
            }
            while let Some(d) = work.pop() {
                if !seen.insert(d) {
                    continue;
                }
                match self.w.object(d).kind {
                    ObjectKind::Var { .. } if self.has_initial_value(d) => found.push(d),
                    ObjectKind::Func(_) => work.extend(self.deps(d)),
                    _ => {}
                }
            }
            found.retain(|&d| d != v || !vars.contains(&v));
            needs.insert(v, found);
        }
        needs
    }

    // ---- cycles -------------------------------------------------------------------------------

    fn report_init_cycles(&mut self, vars: &[ObjId]) {
        let mut reported: FxHashSet<ObjId> = FxHashSet::default();
        for &v in vars {
            if reported.contains(&v) || self.w.object(v).pkg != Some(self.pkg) {
                continue;
            }
            if let Some(cycle) = self.path_to(v, v) {
                let known = self.w.in_cycle.borrow();
                if cycle.iter().any(|o| reported.contains(o) || known.contains(o)) {
                    continue;
                }
                drop(known);
                reported.extend(cycle.iter().copied());
                self.report_init_cycle(&cycle);
            }
        }
    }

    /// The shortest way from an object back to another through what declarations mention.
    fn path_to(&self, from: ObjId, to: ObjId) -> Option<Vec<ObjId>> {
        let mut before: FxHashMap<ObjId, ObjId> = FxHashMap::default();
        let mut queue = std::collections::VecDeque::from([from]);
        while let Some(at) = queue.pop_front() {
            for d in self.deps(at) {
                if d == to {
                    let mut path = vec![at];
                    while let Some(&b) = before.get(path.last()?) {
                        path.push(b);
                    }
                    path.reverse();
                    return Some(path);
                }
                if d != from && !before.contains_key(&d) {
                    before.insert(d, at);
                    queue.push_back(d);
                }
            }
        }
        None
    }

    fn report_init_cycle(&self, cycle: &[ObjId]) {
        let name = |o: ObjId| self.w.object(o).name;
        let position = |o: ObjId| self.w.object(o).pos;
        let first = cycle[0];
        let code = Code::InvalidInitCycle;
        if cycle.len() == 1 {
            let message = format!("initialization cycle: {} refers to itself", name(first));
            return self.error(code, &position(first), message);
        }
        let message = format!("initialization cycle for {}", name(first));
        let mut d = Diagnostic::error(code, position(first).span(), message);
        for (i, &obj) in cycle.iter().enumerate() {
            let next = cycle[(i + 1) % cycle.len()];
            d = d.label(position(obj).span(), format!("{} refers to {}", name(obj), name(next)));
        }
        self.report(d);
    }
}
