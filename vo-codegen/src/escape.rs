//! What happens to the variables of a function: whose address is taken, which are assigned after their
//! declaration, which are captured by function literals.
//!
//! One walk over a declaration with all literals inside it. From the facts follows where a variable lives:
//! in registers, in a frame slot, or in a box on the heap (`lower/vars.rs`).
//!
//! What must stay true: the facts err on the side of the box. A variable whose address can be held by
//! anything but its function's own loads, stores and copies has `address_taken`; a captured variable that
//! anything may assign after the capture has `assigned`.

use rustc_hash::{FxHashMap, FxHashSet};
use vo_syntax::ast::{self, AssignOp, BranchKind, Expr, Node, NodeId, Stmt, UnaryOp, Visitor};
use vo_types::World;
use vo_types::info::{SelectionKind, Target};
use vo_types::object::{ObjId, Owner, VarKind};
use vo_types::types::{Type, TypeId};
use vo_types::universe::Builtin;
use vo_types::version::LOOP_VARIABLES;

/// What is known about one variable.
#[derive(Clone, Copy, Debug, Default)]
pub struct VarFacts {
    pub address_taken: bool,
    /// Assigned outside of its declaration and of the post statement of its own loop.
    pub assigned: bool,
    pub captured: bool,
}

impl VarFacts {
    /// Whether the function and its literals must share one place in memory.
    pub fn needs_box(self) -> bool {
        self.address_taken || (self.captured && self.assigned)
    }
}

/// What is known about one function body (a declaration's or a literal's, literals inside apart).
#[derive(Clone, Debug, Default)]
pub struct BodyFacts {
    pub defers: bool,
    /// Whether some of its deferred calls are of `errdefer`.
    pub err_defers: bool,
    /// Whether the body of a range over a function defers: its calls belong to the function around it.
    pub shared_defers: bool,
    /// Statements `defer` and `errdefer`.
    pub defer_stmts: u32,
    /// Whether one of them is in a loop, or may be in one that `goto` makes.
    pub repeated_defers: bool,
    /// Places from which the body returns, besides its end.
    pub exits: u32,
    pub recovers: bool,
    /// Outer variables in order of first mention, those of literals inside included.
    pub captures: Vec<ObjId>,
}

/// Deferred calls that a function may make by itself, and exits times calls: each exit has them all.
const OPEN_DEFERS: u32 = 8;
const OPEN_EXITS: u32 = 15;

impl BodyFacts {
    /// Whether the function can make its deferred calls itself where it returns: each is deferred at most once,
    /// in the order of the text, and there are few.
    pub fn opens_defers(&self) -> bool {
        self.defers
            && !self.shared_defers
            && !self.repeated_defers
            && self.defer_stmts <= OPEN_DEFERS
            && self.defer_stmts * (self.exits + 1) <= OPEN_EXITS
    }
}

/// What is known about a declaration.
#[derive(Debug, Default)]
pub struct Facts {
    vars: FxHashMap<ObjId, VarFacts>,
    pub root: BodyFacts,
    literals: FxHashMap<NodeId, BodyFacts>,
    /// Labelled statements that a `goto` goes back to.
    pub goto_back: FxHashSet<NodeId>,
}

impl Facts {
    /// What is known about a variable.
    pub fn var(&self, obj: ObjId) -> VarFacts {
        self.vars.get(&obj).copied().unwrap_or_default()
    }

    /// What is known about a literal's body.
    pub fn literal(&self, lit: NodeId) -> BodyFacts {
        self.literals.get(&lit).cloned().unwrap_or_default()
    }
}

/// Analyses a declared function.
pub fn of_function(world: &World, obj: ObjId, decl: &ast::FuncDecl) -> Facts {
    let mut scan = Scan::new(world, Owner::Func(obj));
    if let Some(body) = &decl.body {
        scan.visit_block(body);
    }
    scan.facts
}

/// Analyses the expression that initialises package variables.
pub fn of_initializer(world: &World, expr: &Expr) -> Facts {
    let mut scan = Scan::new(world, Owner::Package);
    scan.visit_expr(expr);
    scan.facts
}

/// A function body on the path to the walk's place: of the declaration, of a literal, or of a range over a
/// function, whose body is a function too.
struct Frame {
    id: FrameId,
    body: BodyFacts,
    seen: FxHashSet<ObjId>,
    /// Loops around the walk's place.
    loops: u32,
}

impl Frame {
    fn new(id: FrameId) -> Frame {
        Frame { id, body: BodyFacts::default(), seen: FxHashSet::default(), loops: 0 }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FrameId {
    Function(Owner),
    RangeBody(NodeId),
}

/// The variable that a call of `island.Move` makes nil: its argument, where that is a variable.
pub(crate) fn given_away<'e>(world: &World, call: &'e ast::CallExpr) -> Option<&'e Expr> {
    let [arg] = &call.args[..] else { return None };
    let name = match call.fun.unparen() {
        Expr::Ident(name) => name,
        Expr::Selector(sel) => &sel.sel,
        _ => return None,
    };
    if name.name.as_str() != "Move" {
        return None;
    }
    let object = world.object(world.info.use_of(name.id)?);
    let is_move = object.func().is_some_and(|f| !f.is_method)
        && object.pkg.is_some_and(|pkg| world.package(pkg).path == "island");
    let mode = world.info.type_and_value(arg.id())?.mode;
    (is_move && mode == vo_types::info::Mode::Variable).then_some(arg)
}

struct Scan<'w> {
    world: &'w World,
    facts: Facts,
    frames: Vec<Frame>,
    /// Variables of the loop whose post statement is being walked.
    post_of: Vec<ObjId>,
    /// Labelled statements met so far.
    labels: FxHashSet<NodeId>,
    /// Variables declared in bodies of ranges over functions.
    homes: FxHashMap<ObjId, FrameId>,
}

impl<'w> Scan<'w> {
    fn new(world: &'w World, owner: Owner) -> Scan<'w> {
        Scan {
            world,
            facts: Facts::default(),
            frames: vec![Frame::new(FrameId::Function(owner))],
            post_of: Vec::new(),
            labels: FxHashSet::default(),
            homes: FxHashMap::default(),
        }
    }

    fn leave_root(&mut self) {
        if let [root] = &self.frames[..] {
            self.facts.root = root.body.clone();
        }
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("internal error: no function")
    }

    fn body(&mut self) -> &mut BodyFacts {
        &mut self.frame().body
    }

    /// Notes where a variable is declared, if the checker does not say it.
    fn declare(&mut self, obj: Option<ObjId>) {
        let id = self.frames.last().expect("internal error: no function").id;
        if let (Some(obj), FrameId::RangeBody(_)) = (obj, id) {
            self.homes.insert(obj, id);
        }
    }

    fn mention(&mut self, ident: NodeId) {
        if let Some(obj) = self.world.info.def(ident) {
            return self.declare(Some(obj));
        }
        let Some(obj) = self.world.info.use_of(ident) else { return };
        let object = self.world.object(obj);
        let local = object.var_kind().is_some_and(|k| k != VarKind::Package);
        if !local {
            return;
        }
        let home = self.homes.get(&obj).copied().unwrap_or(FrameId::Function(object.owner()));
        for at in (1..self.frames.len()).rev() {
            let frame = &mut self.frames[at];
            if frame.id == home {
                break;
            }
            if frame.seen.insert(obj) {
                frame.body.captures.push(obj);
                let facts = self.facts.vars.entry(obj).or_default();
                facts.captured = true;
                // Every return assigns the results.
                facts.assigned |= object.var_kind() == Some(VarKind::Result);
            }
        }
    }

    /// The local variable inside of which the place `expr` lies, if it lies in one.
    fn root_variable(&self, expr: &Expr) -> Option<ObjId> {
        let mut at = expr;
        loop {
            match at {
                Expr::Paren(e) => at = &e.x,
                Expr::Ident(name) => {
                    let obj = self.world.info.object_of(name.id)?;
                    return self.world.object(obj).var_kind().map(|_| obj);
                }
                Expr::Selector(e) => {
                    let selection = self.world.info.selection(e.id)?;
                    if selection.kind != SelectionKind::FieldVal
                        || self.crosses_pointer(selection.recv, &selection.path)
                    {
                        return None;
                    }
                    at = &e.x;
                }
                Expr::Index(e) => {
                    let ty = self.world.info.type_of(e.x.id());
                    match self.under(ty) {
                        Type::Array { .. } => at = &e.x,
                        _ => return None,
                    }
                }
                _ => return None,
            }
        }
    }

    fn under(&self, ty: TypeId) -> &'w Type {
        self.world.under(ty)
    }

    /// Whether going along the path from a value of type `recv` follows a pointer before the last step.
    fn crosses_pointer(&self, recv: TypeId, path: &[u32]) -> bool {
        let mut ty = recv;
        for &step in path {
            match self.under(ty) {
                Type::Struct(s) => ty = s.fields[step as usize].ty,
                _ => return true,
            }
        }
        false
    }

    fn take_address(&mut self, expr: &Expr) {
        if let Some(obj) = self.root_variable(expr) {
            self.facts.vars.entry(obj).or_default().address_taken = true;
        }
    }

    fn assign(&mut self, expr: &Expr) {
        let Some(obj) = self.root_variable(expr) else { return };
        if self.post_of.contains(&obj) {
            return;
        }
        self.facts.vars.entry(obj).or_default().assigned = true;
    }

    fn method_receiver(&mut self, e: &ast::SelectorExpr) {
        let Some(selection) = self.world.info.selection(e.id) else { return };
        let (SelectionKind::MethodVal, Target::Method(method)) = (selection.kind, selection.target) else {
            return;
        };
        let Some(func) = self.world.object(method).func() else { return };
        let mut ty = selection.recv;
        let crosses = self.crosses_pointer(ty, &selection.path);
        if !crosses {
            for &step in &selection.path {
                if let Type::Struct(s) = self.under(ty) {
                    ty = s.fields[step as usize].ty;
                }
            }
        }
        let by_pointer = func.ptr_recv.get() && !crosses && self.world.types.as_pointer(ty).is_none();
        if by_pointer {
            self.take_address(&e.x);
        }
    }

    fn call(&mut self, e: &ast::CallExpr) {
        if let Some(arg) = given_away(self.world, e) {
            self.assign(arg);
        }
        let Some(tv) = self.world.info.type_and_value(e.fun.id()) else { return };
        if tv.mode == vo_types::info::Mode::Builtin(Builtin::Recover) {
            self.body().recovers = true;
        }
    }

    /// The body of a range over a function is a function of its own.
    fn range_func(&mut self, s: &ast::RangeStmt) {
        self.visit_expr(&s.x);
        let outer = std::mem::take(&mut self.post_of);
        self.frames.push(Frame::new(FrameId::RangeBody(s.id)));
        s.key.iter().chain(&s.value).for_each(|e| self.visit_expr(e));
        ast::walk_block(self, &s.body);
        let frame = self.frames.pop().expect("internal error: no function");
        // What a deferred call may recover is decided by the function around the loop.
        self.body().recovers |= frame.body.recovers;
        self.body().defers |= frame.body.defers;
        self.body().err_defers |= frame.body.err_defers;
        self.body().shared_defers |= frame.body.defers;
        self.body().exits += frame.body.exits;
        self.facts.literals.insert(s.id, frame.body);
        self.post_of = outer;
    }

    fn for_stmt(&mut self, s: &ast::ForStmt) {
        s.init.iter().for_each(|init| self.visit_stmt(init));
        s.cond.iter().for_each(|cond| self.visit_expr(cond));
        if let Some(post) = &s.post {
            let vars = self.loop_vars(s);
            let own = self.world.language_version(s.span.start) >= LOOP_VARIABLES;
            let plain = own && !has_literal(post);
            let outer = std::mem::replace(&mut self.post_of, if plain { vars } else { Vec::new() });
            self.visit_stmt(post);
            self.post_of = outer;
        }
        self.in_loop(|scan| scan.visit_block(&s.body));
    }

    fn in_loop(&mut self, walk: impl FnOnce(&mut Self)) {
        self.frame().loops += 1;
        walk(self);
        self.frame().loops -= 1;
    }

    fn defers(&mut self, call: &ast::CallExpr) {
        let repeated = self.frame().loops > 0;
        let body = self.body();
        body.defers = true;
        body.defer_stmts += 1;
        body.repeated_defers |= repeated;
        self.call(call);
    }

    fn loop_vars(&self, s: &ast::ForStmt) -> Vec<ObjId> {
        match &s.init {
            Some(Stmt::Assign(a)) if a.op == AssignOp::Define => {
                a.lhs.iter().filter_map(|e| e.as_ident()).filter_map(|n| self.world.info.def(n.id)).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Visitor for Scan<'_> {
    fn visit_ident(&mut self, name: &ast::Ident) {
        self.mention(name.id);
    }

    fn visit_block(&mut self, block: &ast::Block) {
        ast::walk_block(self, block);
        self.leave_root();
    }

    fn visit_func_type(&mut self, _: &ast::FuncType) {}

    fn visit_expr(&mut self, expr: &Expr) {
        match expr {
            Expr::FuncLit(lit) => {
                let outer = std::mem::take(&mut self.post_of);
                self.frames.push(Frame::new(FrameId::Function(Owner::Literal(lit.id))));
                ast::walk_block(self, &lit.body);
                let frame = self.frames.pop().expect("internal error: no function");
                self.facts.literals.insert(lit.id, frame.body);
                self.post_of = outer;
                self.leave_root();
                return;
            }
            Expr::Unary(e) if e.op == UnaryOp::Addr => self.take_address(&e.x),
            Expr::Slice(e) => {
                let ty = self.world.info.type_of(e.x.id());
                if let Type::Array { .. } = self.under(ty) {
                    self.take_address(&e.x);
                }
            }
            Expr::Selector(e) => {
                self.method_receiver(e);
                self.visit_expr(&e.x);
                if self.world.info.selection(e.id).is_none() {
                    self.visit_ident(&e.sel);
                }
                return;
            }
            Expr::Call(e) => self.call(e),
            Expr::Try(_) => self.body().exits += 1,
            Expr::KeyValue(_) | Expr::CompositeLit(_) => {}
            _ => {}
        }
        ast::walk_expr(self, expr);
    }

    fn visit_stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::For(s) => return self.for_stmt(s),
            Stmt::Defer(s) => self.defers(&s.call),
            Stmt::ErrDefer(s) => {
                self.body().err_defers = true;
                self.defers(&s.call);
            }
            Stmt::Return(_) | Stmt::Fail(_) => self.body().exits += 1,
            Stmt::IncDec(s) => self.assign(&s.x),
            Stmt::Assign(s) => {
                for lhs in &s.lhs {
                    let declared = s.op == AssignOp::Define
                        && lhs.as_ident().is_some_and(|n| self.world.info.def(n.id).is_some());
                    if !declared {
                        self.assign(lhs);
                    }
                }
            }
            Stmt::Range(s) => {
                let shared = self.world.language_version(s.span.start) < LOOP_VARIABLES;
                if !s.define || shared {
                    s.key.iter().chain(&s.value).for_each(|e| self.assign(e));
                }
                if let Type::Signature(_) = self.under(self.world.info.type_of(s.x.id())) {
                    return self.range_func(s);
                }
                return self.in_loop(|scan| ast::walk_stmt(scan, stmt));
            }
            Stmt::TypeSwitch(s) => {
                s.cases.iter().for_each(|c| self.declare(self.world.info.implicit(c.id)));
            }
            Stmt::Branch(s) if s.kind == BranchKind::Goto => {
                let target = self.world.info.jump_target(s.id);
                self.facts.goto_back.extend(target.filter(|t| self.labels.contains(t)));
                self.body().repeated_defers = true;
            }
            Stmt::Labeled(s) => {
                self.labels.insert(s.id);
            }
            _ => {}
        }
        ast::walk_stmt(self, stmt);
    }
}

/// Whether a statement holds a function literal.
fn has_literal(stmt: &Stmt) -> bool {
    struct Find(bool);
    impl Visitor for Find {
        fn visit_expr(&mut self, expr: &Expr) {
            self.0 |= matches!(expr, Expr::FuncLit(_));
            ast::walk_expr(self, expr);
        }
    }
    let mut find = Find(false);
    find.visit_stmt(stmt);
    find.0
}
