//! The order in which package-level variables are initialised, and cycles in it.
//!
//! A variable is initialised after all variables that its initial value mentions, directly or
//! through functions and methods; otherwise in source order. What a declaration mentions was
//! recorded while it was checked, so that the bodies of the functions involved must have been
//! checked before.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use rustc_hash::{FxHashMap, FxHashSet};
use vo_syntax::ast::{Decl, VarSpec};
use vo_syntax::diag::{Code, Diagnostic};

use super::Checker;
use crate::World;
use crate::object::{Color, ObjId, ObjectKind};
use crate::package::{Initializer, PackageMode, PkgId};

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
        let first = *lhs.first()?;
        let at = self.object(first).decl.as_ref()?.at;
        let spec = self.var_spec(first)?;
        let index = if lhs.len() > 1 { 0 } else { at.name as usize };
        let rhs = spec.values.get(index).or(if spec.values.len() == 1 { spec.values.first() } else { None });
        let plain = self.object(first).color.get() == Color::White;
        rhs.map(|rhs| Initializer { lhs, rhs, plain })
    }

    /// The declaration of a package variable.
    pub(crate) fn var_spec(&self, var: ObjId) -> Option<&VarSpec> {
        let at = self.object(var).decl.as_ref()?.at;
        match self.decl_at(at)? {
            Decl::Var(d) => d.specs.get(at.spec as usize),
            _ => None,
        }
    }
}

impl<'w> Checker<'w> {
    /// Works out the order and keeps it; reports cycles.
    pub fn init_order(&mut self) {
        let package = self.w.package(self.pkg);
        // In a package that is checked lazily, constants are in order, and plain variables come first.
        let lazy = package.mode == PackageMode::Lazy && !package.state.checked.get();
        let (mut vars, mut plain) = (Vec::new(), Vec::new());
        for obj in package.objects() {
            match self.w.object(obj).kind {
                ObjectKind::Var { .. } if lazy && self.w.is_plain(obj) => plain.push(obj),
                ObjectKind::Const { .. } if lazy => {}
                ObjectKind::Var { .. } | ObjectKind::Const { .. } => vars.push(obj),
                _ => {}
            }
        }
        for &v in &vars {
            self.obj_decl(v);
        }
        self.finish();
        self.check_reachable_bodies(&vars);
        let graph = Graph::new(self, &vars);
        self.report_init_cycles(&vars, &graph);
        let early: FxHashSet<ObjId> = plain.iter().copied().collect();
        let ordered = graph.order().into_iter().filter(|v| !early.contains(v));
        let steps = plain.into_iter().chain(ordered).filter(|&v| self.has_initial_value(v));
        let steps = steps.map(|v| self.group(v)).collect();
        *package.state.init_order.borrow_mut() = Some(steps);
    }

    fn deps(&self, obj: ObjId) -> Vec<ObjId> {
        let own = |d: &ObjId| self.w.object(*d).pkg == Some(self.pkg);
        match &self.w.object(obj).decl {
            Some(info) => info.deps.borrow().list().iter().copied().filter(own).collect(),
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

    fn group(&self, v: ObjId) -> Vec<ObjId> {
        let info = self.w.object(v).decl.as_ref();
        match info.and_then(|d| d.together.get()) {
            Some(all) => all.to_vec(),
            None => vec![v],
        }
    }

    fn has_initial_value(&self, v: ObjId) -> bool {
        self.w.var_spec(v).is_some_and(|spec| !spec.values.is_empty())
    }

    // ---- cycles -------------------------------------------------------------------------------

    /// Reports a cycle through the first variable or constant of each knot of declarations that need
    /// each other.
    fn report_init_cycles(&mut self, vars: &[ObjId], graph: &Graph) {
        let mut reported: FxHashSet<usize> = FxHashSet::default();
        for &v in vars {
            let Some(&node) = graph.nodes.get(&v) else { continue };
            let knot = graph.component[node];
            if reported.contains(&knot) {
                continue;
            }
            let within = |o: ObjId| graph.nodes.get(&o).is_some_and(|&n| graph.component[n] == knot);
            if let Some(cycle) = self.path_to(v, v, within) {
                reported.insert(knot);
                let known = cycle.iter().any(|o| self.w.in_cycle.borrow().contains(o));
                if !known {
                    self.report_init_cycle(&cycle);
                }
            }
        }
    }

    /// The shortest way from an object back to another through what declarations mention, as far as
    /// `within` holds.
    fn path_to(&self, from: ObjId, to: ObjId, within: impl Fn(ObjId) -> bool) -> Option<Vec<ObjId>> {
        let mut before: FxHashMap<ObjId, ObjId> = FxHashMap::default();
        let mut queue = VecDeque::from([from]);
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
                if d != from && !before.contains_key(&d) && within(d) {
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

/// What initial values need: variables, constants and functions as nodes, and *knots* of those that
/// need each other (a node that is in no cycle is a knot by itself). Variables that one call initialises
/// are one node.
struct Graph {
    nodes: FxHashMap<ObjId, usize>,
    /// What each node needs.
    needs: Vec<Vec<usize>>,
    /// The knot of each node; a knot has a higher number than those it needs.
    component: Vec<usize>,
    /// The variable that a node stands for (the first of its group).
    step: Vec<Option<ObjId>>,
}

impl Graph {
    fn new(c: &Checker<'_>, vars: &[ObjId]) -> Graph {
        let mut graph =
            Graph { nodes: FxHashMap::default(), needs: Vec::new(), component: Vec::new(), step: Vec::new() };
        // Variables come first, in source order, which is the order of their nodes.
        let mut objects: Vec<ObjId> = Vec::new();
        vars.iter().for_each(|&v| graph.node(c, v, &mut objects));
        let mut at = 0;
        while at < objects.len() {
            let obj = objects[at];
            let deps = c.deps(obj);
            deps.iter().for_each(|&d| graph.node(c, d, &mut objects));
            let from = graph.nodes[&obj];
            graph.needs[from].extend(deps.iter().map(|d| graph.nodes[d]));
            at += 1;
        }
        graph.component = components(&graph.needs);
        graph
    }

    /// Makes a node for an object that has none.
    fn node(&mut self, c: &Checker<'_>, obj: ObjId, objects: &mut Vec<ObjId>) {
        if self.nodes.contains_key(&obj) {
            return;
        }
        let is_var = matches!(c.w.object(obj).kind, ObjectKind::Var { .. });
        let step = is_var.then_some(obj);
        let group = if is_var { c.group(obj) } else { vec![obj] };
        let node = self.needs.len();
        for member in group {
            self.nodes.insert(member, node);
            objects.push(member);
        }
        self.needs.push(Vec::new());
        self.step.push(step);
    }

    /// The variables in the order of their initialisation: always the first in the source of those that
    /// need nothing any more; one without an initial value has its turn as well. What is no variable needs no step, and is done as soon as what it needs is.
    fn order(&self) -> Vec<ObjId> {
        let knots = self.component.iter().max().map_or(0, |&last| last + 1);
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); knots];
        let mut users: Vec<Vec<usize>> = vec![Vec::new(); knots];
        let mut missing = vec![0usize; knots];
        for (node, needs) in self.needs.iter().enumerate() {
            let knot = self.component[node];
            members[knot].push(node);
            for other in needs.iter().map(|&n| self.component[n]).filter(|&other| other != knot) {
                users[other].push(knot);
                missing[knot] += 1;
            }
        }
        let mut steps = Vec::new();
        let mut ready: BinaryHeap<Reverse<(usize, usize)>> = BinaryHeap::new();
        let mut done: Vec<usize> = Vec::new();
        let first_step = |knot: usize| members[knot].iter().copied().find(|&n| self.step[n].is_some());
        let settle = |knot: usize, ready: &mut BinaryHeap<_>, done: &mut Vec<usize>| match first_step(knot) {
            Some(node) => ready.push(Reverse((node, knot))),
            None => done.push(knot),
        };
        for knot in (0..knots).filter(|&k| missing[k] == 0) {
            settle(knot, &mut ready, &mut done);
        }
        loop {
            while let Some(knot) = done.pop() {
                for &user in &users[knot] {
                    missing[user] -= 1;
                    if missing[user] == 0 {
                        settle(user, &mut ready, &mut done);
                    }
                }
            }
            let Some(Reverse((_, knot))) = ready.pop() else { return steps };
            steps.extend(members[knot].iter().filter_map(|&n| self.step[n]));
            done.push(knot);
        }
    }
}

/// The knots of a graph, by Tarjan's algorithm, without recursion.
fn components(needs: &[Vec<usize>]) -> Vec<usize> {
    const NEW: usize = usize::MAX;
    let mut index = vec![NEW; needs.len()];
    let mut low = vec![0; needs.len()];
    let mut component = vec![NEW; needs.len()];
    let (mut next_index, mut next_component) = (0, 0);
    let mut stack: Vec<usize> = Vec::new();
    for root in 0..needs.len() {
        if index[root] != NEW {
            continue;
        }
        let mut calls: Vec<(usize, usize)> = vec![(root, 0)];
        while let Some(&mut (node, ref mut edge)) = calls.last_mut() {
            if *edge == 0 {
                index[node] = next_index;
                low[node] = next_index;
                next_index += 1;
                stack.push(node);
            }
            if let Some(&to) = needs[node].get(*edge) {
                *edge += 1;
                if index[to] == NEW {
                    calls.push((to, 0));
                } else if component[to] == NEW {
                    low[node] = low[node].min(index[to]);
                }
                continue;
            }
            if low[node] == index[node] {
                while let Some(member) = stack.pop() {
                    component[member] = next_component;
                    if member == node {
                        break;
                    }
                }
                next_component += 1;
            }
            calls.pop();
            if let Some(&(parent, _)) = calls.last() {
                low[parent] = low[parent].min(low[node]);
            }
        }
    }
    component
}
