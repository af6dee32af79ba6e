//! Labels and jumps of one function body: where each `break`, `continue` and `goto` goes.
//!
//! One walk over the body. A `goto` to a label further on waits in a list; when the label comes,
//! the jump is legal if it leaves blocks only and no variable was declared in between.

use rustc_hash::FxHashMap;
use vo_syntax::ast::*;
use vo_syntax::diag::{Code, Diagnostic};
use vo_syntax::source::Pos;

use super::{Checker, at};

/// A statement that a `break` or `continue` can name.
#[derive(Clone, Copy)]
struct Enclosing {
    label: Option<Symbol>,
    stmt: NodeId,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Loop,
    Switch,
    TypeSwitch,
    Select,
    /// Any other labeled statement.
    Other,
}

struct Label {
    stmt: NodeId,
    ident: Ident,
    block: usize,
    used: bool,
}

/// A `goto` whose label has not come yet.
#[derive(Clone, Copy)]
struct Forward {
    goto: NodeId,
    label: Ident,
}

struct Block {
    parent: Option<usize>,
    start: Pos,
    /// The latest variable declaration, and the waiting gotos that stand before it.
    var: Option<(String, Pos)>,
    before_var: Vec<NodeId>,
}

/// What a list of statements stands in.
#[derive(Clone, Copy)]
struct Clause {
    /// Whether the list is the body of an expression switch's clause, and is it the last one.
    switch_clause: bool,
    is_last: bool,
}

const NO_CLAUSE: Clause = Clause { switch_clause: false, is_last: false };

struct Walk<'c, 'w> {
    c: &'c Checker<'w>,
    labels: FxHashMap<Symbol, Label>,
    order: Vec<Symbol>,
    blocks: Vec<Block>,
    enclosing: Vec<Enclosing>,
}

impl<'w> Checker<'w> {
    /// Checks all labels and jumps of a function body. Function literals inside are bodies of
    /// their own.
    pub fn labels(&self, body: &'w vo_syntax::ast::Block) {
        let (labels, order, blocks, enclosing) = Default::default();
        let mut walk = Walk { c: self, labels, order, blocks, enclosing };
        let left = walk.list(None, body.span.start, &body.stmts, NO_CLAUSE);
        for f in left {
            let name = f.label.name;
            match walk.labels.get_mut(&name) {
                Some(l) => {
                    l.used = true;
                    let start = self.ps(walk.blocks[l.block].start);
                    let message = format!("goto {name} jumps into block starting at {start}");
                    self.error(Code::JumpIntoBlock, &f.label, message);
                }
                None => {
                    let message = format!("label {name} not defined");
                    self.error(Code::UndeclaredLabel, &f.label, message);
                }
            }
        }
        for name in &walk.order {
            let l = &walk.labels[name];
            if !l.used {
                let message = format!("label {name} defined and not used");
                self.error(Code::UnusedLabel, &l.ident, message);
            }
        }
    }
}

impl<'w> Walk<'_, 'w> {
    fn list(&mut self, parent: Option<usize>, start: Pos, list: &'w [Stmt], clause: Clause) -> Vec<Forward> {
        let block = self.blocks.len();
        self.blocks.push(Block { parent, start, var: None, before_var: Vec::new() });
        let mut waiting = Vec::new();
        let end = list.iter().rposition(|s| !matches!(s, Stmt::Empty(_))).map_or(0, |i| i + 1);
        for (i, stmt) in list[..end].iter().enumerate() {
            self.stmt(block, stmt, None, clause, i + 1 == end, &mut waiting);
        }
        waiting
    }

    fn stmt(
        &mut self,
        block: usize,
        stmt: &'w Stmt,
        label: Option<Symbol>,
        clause: Clause,
        last: bool,
        waiting: &mut Vec<Forward>,
    ) {
        match stmt {
            Stmt::Decl(d) => {
                if let Decl::Var(v) = &d.decl
                    && let Some(name) = v.specs.first().and_then(|s| s.names.first())
                {
                    self.var_decl(block, name.name.to_string(), name.span.start, waiting);
                }
            }
            Stmt::Assign(a) if a.op == AssignOp::Define => {
                let names: Vec<String> = a.lhs.iter().map(super::show::expr_string).collect();
                self.var_decl(block, names.join(", "), a.op_pos, waiting);
            }
            Stmt::Labeled(l) => {
                if !l.label.name.is_blank() {
                    self.define(block, l, waiting);
                }
                let label = Some(l.label.name);
                if !matches!(
                    l.stmt,
                    Stmt::For(_) | Stmt::Range(_) | Stmt::Switch(_) | Stmt::TypeSwitch(_) | Stmt::Select(_)
                ) {
                    self.enclosing.push(Enclosing { label, stmt: l.stmt.id(), kind: Kind::Other });
                    self.stmt(block, &l.stmt, label, clause, last, waiting);
                    self.enclosing.pop();
                } else {
                    self.stmt(block, &l.stmt, label, clause, last, waiting);
                }
            }
            Stmt::Branch(b) => self.branch(block, b, clause, last, waiting),
            Stmt::Block(b) => self.inner(block, b.span.start, &b.stmts, NO_CLAUSE, waiting),
            Stmt::If(s) => {
                self.inner(block, s.then.span.start, &s.then.stmts, NO_CLAUSE, waiting);
                if let Some(els) = &s.els {
                    let start = els.pos();
                    self.inner(block, start, std::slice::from_ref(els), NO_CLAUSE, waiting);
                }
            }
            Stmt::For(s) => self.target(label, s.id, Kind::Loop, |w| {
                w.inner(block, s.body.span.start, &s.body.stmts, NO_CLAUSE, waiting);
            }),
            Stmt::Range(s) => self.target(label, s.id, Kind::Loop, |w| {
                w.inner(block, s.body.span.start, &s.body.stmts, NO_CLAUSE, waiting);
            }),
            Stmt::Switch(s) => self.target(label, s.id, Kind::Switch, |w| {
                for (i, cc) in s.cases.iter().enumerate() {
                    let clause = Clause { switch_clause: true, is_last: i + 1 == s.cases.len() };
                    w.inner(block, cc.span.start, &cc.body, clause, waiting);
                }
            }),
            Stmt::TypeSwitch(s) => self.target(label, s.id, Kind::TypeSwitch, |w| {
                for cc in &s.cases {
                    w.inner(block, cc.span.start, &cc.body, NO_CLAUSE, waiting);
                }
            }),
            Stmt::Select(s) => self.target(label, s.id, Kind::Select, |w| {
                for cc in &s.cases {
                    w.inner(block, cc.span.start, &cc.body, NO_CLAUSE, waiting);
                }
            }),
            _ => {}
        }
    }

    fn target(&mut self, label: Option<Symbol>, stmt: NodeId, kind: Kind, f: impl FnOnce(&mut Self)) {
        self.enclosing.push(Enclosing { label, stmt, kind });
        f(self);
        self.enclosing.pop();
    }

    fn inner(
        &mut self,
        block: usize,
        start: Pos,
        list: &'w [Stmt],
        clause: Clause,
        waiting: &mut Vec<Forward>,
    ) {
        let left = self.list(Some(block), start, list, clause);
        waiting.extend(left);
    }

    fn var_decl(&mut self, block: usize, name: String, pos: Pos, waiting: &[Forward]) {
        let b = &mut self.blocks[block];
        b.var = Some((name, pos));
        b.before_var = waiting.iter().map(|f| f.goto).collect();
    }

    fn define(&mut self, block: usize, l: &'w LabeledStmt, waiting: &mut Vec<Forward>) {
        let name = l.label.name;
        if let Some(other) = self.labels.get(&name) {
            let place = self.c.ps(other.ident.span.start);
            let message = format!("label {name} already defined at {place}");
            let d = Diagnostic::error(Code::DuplicateLabel, l.label.span, message);
            return self.c.report(d.label(other.ident.span, format!("other declaration of {name}")));
        }
        let mut label = Label { stmt: l.id, ident: l.label, block, used: false };
        let (here, others): (Vec<_>, Vec<_>) = waiting.iter().partition(|f| f.label.name == name);
        *waiting = others;
        for f in here {
            label.used = true;
            self.c.w.info.set_jump(f.goto, l.id);
            let b = &self.blocks[block];
            if let (Some((var, pos)), true) = (&b.var, b.before_var.contains(&f.goto)) {
                let place = self.c.ps(*pos);
                let message = format!("goto {name} jumps over declaration of {var} at {place}");
                let d = Diagnostic::error(Code::JumpOverDeclaration, f.label.span, message);
                self.c.report(d.label(pos.span(), format!("{var} is declared here")));
            }
        }
        self.labels.insert(name, label);
        self.order.push(name);
    }

    // ---- jumps --------------------------------------------------------------------------------

    fn branch(
        &mut self,
        block: usize,
        b: &'w BranchStmt,
        clause: Clause,
        last: bool,
        waiting: &mut Vec<Forward>,
    ) {
        match (b.kind, b.label) {
            (BranchKind::Goto, Some(label)) => self.goto(block, b, label, waiting),
            (BranchKind::Fallthrough, _) => self.fallthrough(b, clause, last),
            (BranchKind::Break, None) => {
                self.unlabeled(b, |k| k != Kind::Other, "break is not in a loop, switch, or select");
            }
            (BranchKind::Continue, None) => {
                self.unlabeled(b, |k| k == Kind::Loop, "continue is not in a loop");
            }
            (_, Some(label)) => self.labeled(b, label),
            (BranchKind::Goto, None) => {}
        }
    }

    fn unlabeled(&mut self, b: &BranchStmt, fits: impl Fn(Kind) -> bool, message: &str) {
        match self.enclosing.iter().rev().find(|e| fits(e.kind)) {
            Some(e) => self.c.w.info.set_jump(b.id, e.stmt),
            None => {
                let is_break = b.kind == BranchKind::Break;
                let code = if is_break { Code::MisplacedBreak } else { Code::MisplacedContinue };
                self.c.error(code, &at(b.span.start), message);
            }
        }
    }

    fn labeled(&mut self, b: &BranchStmt, label: Ident) {
        let name = label.name;
        let word = b.kind.text();
        let Some(l) = self.labels.get_mut(&name) else {
            let message = format!("{word} label not defined: {name}");
            return self.c.error(Code::UndeclaredLabel, &label, message);
        };
        l.used = true;
        let fits = |e: &&Enclosing| {
            e.label == Some(name)
                && match b.kind {
                    BranchKind::Continue => e.kind == Kind::Loop,
                    _ => e.kind != Kind::Other,
                }
        };
        match self.enclosing.iter().rev().find(fits) {
            Some(target) => self.c.w.info.set_jump(b.id, target.stmt),
            None => self.c.error(Code::MisplacedLabel, &label, format!("invalid {word} label {name}")),
        }
    }

    fn goto(&mut self, block: usize, b: &BranchStmt, label: Ident, waiting: &mut Vec<Forward>) {
        if let Some(l) = self.labels.get_mut(&label.name) {
            let mut up = Some(block);
            while let Some(i) = up {
                if i == l.block {
                    l.used = true;
                    return self.c.w.info.set_jump(b.id, l.stmt);
                }
                up = self.blocks[i].parent;
            }
        }
        waiting.push(Forward { goto: b.id, label });
    }

    fn fallthrough(&self, b: &BranchStmt, clause: Clause, last: bool) {
        let innermost = self.enclosing.iter().rev().find(|e| e.kind != Kind::Other).map(|e| e.kind);
        let message = if innermost == Some(Kind::TypeSwitch) {
            "cannot fallthrough in type switch"
        } else if !clause.switch_clause || !last {
            "fallthrough statement out of place"
        } else if clause.is_last {
            "cannot fallthrough final case in switch"
        } else {
            return;
        };
        self.c.error(Code::MisplacedFallthrough, &at(b.span.start), message);
    }
}
