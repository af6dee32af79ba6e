//! Which objects of a function need no memory.

use super::{Field, Kept, MOST_FIELDS, MOST_NAMES, Name, Objects, Told, Use, block_behind};
use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, Function, Inst, InstructionData, Opcode, Value, ValueDef, types};
use std::collections::{HashMap, HashSet};

/// The objects whose addresses go nowhere. None of them holds another one.
pub(super) fn find(func: &Function, objects: &Objects) -> Vec<Kept> {
    let cfg = ControlFlowGraph::with_function(func);
    let domtree = DominatorTree::with_function(func, &cfg);
    let made = |one: &super::Made| {
        let from = block_behind(func, one.object);
        domtree.is_reachable(from).then_some(Name { value: one.object, from, made: Some(*one) })
    };
    let names: Vec<Name> = objects.made.iter().filter_map(made).collect();
    let places = names.iter().enumerate().map(|(at, name)| (name.value, (at, 0))).collect();
    let mut scan = Scan {
        func,
        objects,
        cfg: &cfg,
        domtree: &domtree,
        known: names.iter().map(|_| Known::default()).collect(),
        group: (0..names.len()).collect(),
        names,
        places,
        merges: Vec::new(),
    };
    scan.find_merges();
    scan.look();
    scan.check_merges();
    scan.groups()
}

/// What has been found out about a name.
#[derive(Default)]
struct Known {
    escapes: bool,
    maybe_nil: bool,
    uses: Vec<(Inst, Use)>,
    fields: Vec<Field>,
    told: Vec<Block>,
}

/// A way on which an object is passed to a parameter.
struct Merge {
    from: Block,
    to: Block,
    passed: usize,
}

struct Scan<'a> {
    func: &'a Function,
    objects: &'a Objects,
    cfg: &'a ControlFlowGraph,
    domtree: &'a DominatorTree,
    names: Vec<Name>,
    known: Vec<Known>,
    /// For each name another one that it comes together with, nearer to the group's first.
    group: Vec<usize>,
    /// Addresses in objects: by which name, and the distance from the start.
    places: HashMap<Value, (usize, i64)>,
    merges: Vec<Merge>,
}

/// What blocks get for their parameters, by the parameter.
type Incoming = HashMap<Value, Vec<(Block, Option<Value>)>>;

/// Names.
impl Scan<'_> {
    fn resolve(&self, value: Value) -> Value {
        self.func.dfg.resolve_aliases(value)
    }

    fn place(&self, value: Value) -> Option<(usize, i64)> {
        self.places.get(&self.resolve(value)).copied()
    }

    fn constant(&self, value: Value) -> Option<i64> {
        let dfg = &self.func.dfg;
        match dfg.value_def(self.resolve(value)) {
            ValueDef::Result(inst, _) => match dfg.insts[inst] {
                InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } => Some(imm.bits()),
                _ => None,
            },
            _ => None,
        }
    }

    fn first_of_group(&self, mut name: usize) -> usize {
        while self.group[name] != name {
            name = self.group[name];
        }
        name
    }

    fn incoming(&self) -> Incoming {
        let mut incoming: Incoming = HashMap::new();
        let dfg = &self.func.dfg;
        for &block in self.domtree.cfg_rpo() {
            let Some(last) = self.func.layout.last_inst(block) else { continue };
            for way in dfg.insts[last].branch_destination(&dfg.jump_tables, &dfg.exception_tables) {
                let params = dfg.block_params(way.block(&dfg.value_lists));
                for (&param, arg) in params.iter().zip(way.args(&dfg.value_lists)) {
                    if dfg.value_type(param) == types::I64 {
                        let arg = arg.as_value().map(|arg| dfg.resolve_aliases(arg));
                        incoming.entry(param).or_default().push((block, arg));
                    }
                }
            }
        }
        incoming
    }

    /// Names the parameters that objects are passed to.
    fn find_merges(&mut self) {
        let incoming = self.incoming();
        let mut params: HashMap<Value, Vec<Value>> = HashMap::new();
        for (&param, args) in &incoming {
            for arg in args.iter().filter_map(|(_, arg)| *arg) {
                params.entry(arg).or_default().push(param);
            }
        }
        let mut at = 0;
        while at < self.names.len() {
            let mut found = params.remove(&self.names[at].value).unwrap_or_default();
            found.sort_unstable();
            for value in found {
                if !self.places.contains_key(&value) {
                    let ValueDef::Param(from, _) = self.func.dfg.value_def(value) else { continue };
                    self.places.insert(value, (self.names.len(), 0));
                    self.group.push(self.names.len());
                    self.names.push(Name { value, from, made: None });
                    self.known.push(Known::default());
                }
            }
            at += 1;
        }
        for param in 0..self.names.len() {
            if self.names[param].made.is_some() {
                continue;
            }
            for &(from, arg) in &incoming[&self.names[param].value] {
                self.merge(from, arg, param);
            }
        }
    }

    fn merge(&mut self, from: Block, arg: Option<Value>, param: usize) {
        let Some(arg) = arg else { return self.known[param].escapes = true };
        match self.places.get(&arg) {
            Some(&(passed, _)) => {
                let (a, b) = (self.first_of_group(passed), self.first_of_group(param));
                self.group[a.max(b)] = a.min(b);
                self.merges.push(Merge { from, to: self.names[param].from, passed });
            }
            None if self.constant(arg) == Some(0) => self.known[param].maybe_nil = true,
            None => self.known[param].escapes = true,
        }
    }
}

/// Uses.
impl Scan<'_> {
    fn look(&mut self) {
        let domtree = self.domtree;
        for &block in domtree.cfg_rpo() {
            for inst in self.func.layout.block_insts(block) {
                match self.objects.told.get(&block) {
                    Some(told) => self.tells(inst, block, *told),
                    None => self.look_at(inst),
                }
            }
        }
    }

    fn result(&self, inst: Inst) -> Value {
        self.func.dfg.first_result(inst)
    }

    fn escape(&mut self, value: Value) {
        if let Some((name, _)) = self.place(value) {
            self.known[name].escapes = true;
        }
    }

    /// Everything that an instruction uses escapes.
    fn let_go(&mut self, inst: Inst) {
        let func = self.func;
        func.dfg.inst_values(inst).for_each(|value| self.escape(value));
    }

    fn look_at(&mut self, inst: Inst) {
        match self.func.dfg.insts[inst] {
            InstructionData::Load { opcode: Opcode::Load, arg, offset, .. } => {
                let Some((name, at)) = self.place(arg) else { return };
                let at = at + i64::from(i32::from(offset));
                let ty = self.func.dfg.value_type(self.result(inst));
                self.access(name, inst, Use::Load { at }, Field { at, ty });
            }
            InstructionData::Store { opcode: Opcode::Store, args: [value, address], offset, .. } => {
                self.store(inst, value, address, i64::from(i32::from(offset)));
            }
            InstructionData::Binary { opcode: Opcode::Iadd, args } => self.add(inst, args),
            InstructionData::IntCompare {
                opcode: Opcode::Icmp,
                cond: IntCC::Equal | IntCC::NotEqual,
                args: [a, b],
            } => match (self.place(a), self.place(b)) {
                (Some((name, _)), None) => self.compare(inst, name, b),
                (None, Some((name, _))) => self.compare(inst, name, a),
                _ => self.let_go(inst),
            },
            InstructionData::Jump { .. }
            | InstructionData::Brif { .. }
            | InstructionData::BranchTable { .. } => self.branch(inst),
            _ => self.let_go(inst),
        }
    }

    fn compare(&mut self, inst: Inst, name: usize, with: Value) {
        let nil = self.constant(with) == Some(0);
        self.known[name].uses.push((inst, Use::Compare { nil }));
    }

    /// What is passed to a parameter that is no name, or is not the address of the whole, escapes.
    fn branch(&mut self, inst: Inst) {
        let dfg = &self.func.dfg;
        let operands = dfg.inst_args(inst).to_vec();
        operands.into_iter().for_each(|value| self.escape(value));
        let ways = dfg.insts[inst].branch_destination(&dfg.jump_tables, &dfg.exception_tables);
        for way in ways {
            let params = dfg.block_params(way.block(&dfg.value_lists));
            for (&param, arg) in params.iter().zip(way.args(&dfg.value_lists)) {
                let Some(arg) = arg.as_value() else { continue };
                let whole = self.place(arg).is_none_or(|(_, at)| at == 0);
                if !whole || !self.places.contains_key(&param) {
                    self.escape(arg);
                }
            }
        }
    }

    fn access(&mut self, name: usize, inst: Inst, what: Use, field: Field) {
        self.known[name].uses.push((inst, what));
        let group = self.first_of_group(name);
        let known = &mut self.known[group];
        match known.fields.iter().find(|known| known.at == field.at) {
            Some(other) => known.escapes |= other.ty.bytes() != field.ty.bytes(),
            None => known.fields.push(field),
        }
        known.escapes |= known.fields.len() > MOST_FIELDS;
    }

    fn add(&mut self, inst: Inst, [a, b]: [Value; 2]) {
        let sum = match (self.place(a), self.place(b)) {
            (Some(place), None) => self.constant(b).map(|by| (place, by)),
            (None, Some(place)) => self.constant(a).map(|by| (place, by)),
            (None, None) => return,
            _ => None,
        };
        match sum {
            Some(((name, at), by)) => {
                let result = self.result(inst);
                self.places.insert(result, (name, at.wrapping_add(by)));
            }
            None => self.let_go(inst),
        }
    }

    fn store(&mut self, inst: Inst, value: Value, address: Value, offset: i64) {
        let (stored, to) = (self.place(value), self.place(address));
        if let Some((name, at)) = to {
            let at = at + offset;
            let ty = self.func.dfg.value_type(value);
            self.access(name, inst, Use::Store { at }, Field { at, ty });
        }
        match stored {
            Some((name, at)) if to.is_none() && self.objects.records.contains_key(&inst) => {
                self.known[name].uses.push((inst, Use::Record { at }));
            }
            // It has come to be in another one, or in what lives on.
            Some((name, _)) => self.known[name].escapes = true,
            None => {}
        }
    }

    /// An instruction of a block in which the collector is told of a place.
    fn tells(&mut self, inst: Inst, block: Block, told: Told) {
        let base = self.place(told.base).map(|(name, _)| name);
        if let InstructionData::Binary { opcode: Opcode::Iadd, args } = self.func.dfg.insts[inst] {
            return self.add(inst, args);
        }
        let func = self.func;
        for value in func.dfg.inst_values(inst) {
            let Some((name, _)) = self.place(value) else { continue };
            let known = &mut self.known[name];
            match base == Some(name) {
                true if !known.told.contains(&block) => known.told.push(block),
                true => {}
                false => known.escapes = true,
            }
        }
    }
}

/// What comes together.
impl Scan<'_> {
    /// An object that is passed to a parameter must not be used by its old name behind that.
    fn check_merges(&mut self) {
        let merges = std::mem::take(&mut self.merges);
        let mut passed = HashSet::new();
        let twice: Vec<usize> = merges
            .iter()
            .filter(|merge| !passed.insert((merge.from, merge.to, merge.passed)))
            .map(|merge| merge.passed)
            .collect();
        twice.into_iter().for_each(|name| self.known[name].escapes = true);
        let concerned: HashSet<usize> = merges.iter().map(|merge| merge.passed).collect();
        for name in concerned {
            if self.is_hopeless(name) {
                continue;
            }
            let live = self.live_in(name, &merges);
            let lives_on = |merge: &Merge| merge.passed == name && live.contains(&merge.to);
            self.known[name].escapes |= merges.iter().any(lives_on);
        }
    }

    fn is_hopeless(&self, name: usize) -> bool {
        self.known[name].escapes || self.known[self.first_of_group(name)].escapes
    }

    /// The blocks at whose starts something is still to be done with a name.
    fn live_in(&self, name: usize, merges: &[Merge]) -> HashSet<Block> {
        let from = self.names[name].from;
        let passes = merges.iter().filter(|merge| merge.passed == name).map(|merge| merge.from);
        let uses = self.known[name].uses.iter().filter_map(|(inst, _)| self.func.layout.inst_block(*inst));
        let mut work: Vec<Block> = uses.chain(passes).filter(|&block| block != from).collect();
        let mut live = HashSet::new();
        while let Some(block) = work.pop() {
            if live.insert(block) {
                let preds = self.cfg.pred_iter(block).map(|pred| pred.block);
                work.extend(preds.filter(|&pred| pred != from && self.domtree.is_reachable(pred)));
            }
        }
        live
    }

    /// The groups of which nothing escapes.
    fn groups(mut self) -> Vec<Kept> {
        let mut members: Vec<Vec<usize>> = self.names.iter().map(|_| Vec::new()).collect();
        (0..self.names.len()).for_each(|name| members[self.first_of_group(name)].push(name));
        let members: Vec<Vec<usize>> = members.into_iter().filter(|names| !names.is_empty()).collect();
        members.into_iter().filter_map(|names| self.kept(&names)).collect()
    }

    fn kept(&mut self, members: &[usize]) -> Option<Kept> {
        if members.len() > MOST_NAMES || members.iter().any(|&name| self.known[name].escapes) {
            return None;
        }
        let names: Vec<Name> = members.iter().map(|&name| self.names[name]).collect();
        let mut made = names.iter().filter_map(|name| name.made);
        let super::Made { size, ty, .. } = made.next()?;
        if made.any(|other| other.ty != ty || other.size != size) {
            return None;
        }
        let mut fields = std::mem::take(&mut self.known[members[0]].fields);
        fields.sort_unstable_by_key(|field| field.at);
        let end = |field: &Field| field.at + i64::from(field.ty.bytes());
        let apart = fields.windows(2).all(|two| end(&two[0]) <= two[1].at);
        let inside = fields.iter().all(|f| f.at >= 0 && end(f) <= i64::from(size));
        let maybe_nil = members.iter().any(|&name| self.known[name].maybe_nil);
        let (mut uses, mut told) = (Vec::new(), Vec::new());
        for (i, &name) in members.iter().enumerate() {
            let known = std::mem::take(&mut self.known[name]);
            uses.extend(known.uses.into_iter().map(|(inst, what)| (inst, i, what)));
            told.extend(known.told);
        }
        let unclear = |what: &Use| maybe_nil && matches!(what, Use::Compare { nil: false });
        if !apart || !inside || uses.iter().any(|(_, _, what)| unclear(what)) {
            return None;
        }
        let layout = &self.func.layout;
        // Within a block only, instructions are in an order.
        uses.sort_by(|(a, ..), (b, ..)| {
            layout.inst_block(*a).cmp(&layout.inst_block(*b)).then_with(|| layout.pp_cmp(*a, *b))
        });
        Some(Kept { names, fields, size, ty, maybe_nil, uses, told })
    }
}
