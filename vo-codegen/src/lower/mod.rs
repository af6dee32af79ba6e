//! Lowering: statements and expressions of one function to instructions.
//!
//! The idea: destination-driven, one pass. An expression is told where its value is wanted (a [`Hint`]) and
//! answers where the value is ([`Value`]): often the hinted registers, often a variable's own registers,
//! without any move. Places in memory ([`Place`]) stay symbolic until they are read or written, so that
//! bounds and nil checks happen when Go says and slot addresses never live across a suspend point.
//!
//! What must stay true: registers answered for a variable are only read; a hint that is not `fresh` is
//! written by the last instruction of an expression only, after all operands have been read.

mod assign;
mod builtin;
mod call;
mod closure;
mod compare;
mod composite;
mod convert;
mod embed;
mod expr;
mod extras;
mod func;
mod go_defer;
mod in_turn;
mod init;
mod interface;
mod iter;
mod keep;
mod open_defer;
mod operator;
mod order;
mod place;
mod port;
mod range;
mod select;
mod stmt;
mod switch;
mod vars;
mod wrapper;

use std::rc::Rc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use vo_bytecode::typedesc::Leaf;
use vo_bytecode::{Class, Inst, Reg};
use vo_syntax::ast::{Expr, Node, NodeId};
use vo_syntax::source::Pos;
use vo_types::World;
use vo_types::object::ObjId;
use vo_types::types::{Basic, Subst, Type, TypeId};

use crate::escape::Facts;
use crate::func::{FuncBuilder, Label};
use crate::program::Program;

pub use call::Resolved;
pub use closure::{LiteralJob, literal};
pub use embed::embedded;
pub use init::{declared, initializer, main_with_error, sequence};
pub(crate) use place::{Base, Len, Place};
pub use vars::Storage;
pub use wrapper::{Method, MethodKey, Spawned, WrapperKind, wrapper};

/// The registers of one value, leaf by leaf.
pub type Regs = SmallVec<[Reg; 4]>;

/// Where a value is.
#[derive(Clone, Debug)]
pub enum Value {
    /// A value of leaves, in these registers.
    Regs(Regs),
    /// A value of a memory type at a place. `owned`: nobody else has it, so the receiver may keep it.
    Mem { place: Place, owned: bool },
}

impl Value {
    fn one(reg: Reg) -> Value {
        Value::Regs(Regs::from_slice(&[reg]))
    }

    fn owned(ptr: Reg) -> Value {
        Value::Mem { place: Place::owned(ptr), owned: true }
    }

    /// The registers of a value of leaves.
    fn regs(self) -> Regs {
        match self {
            Value::Regs(regs) => regs,
            Value::Mem { .. } => panic!("internal error: a value in memory where leaves are expected"),
        }
    }
}

/// Where a value is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Hint<'a> {
    regs: &'a [Reg],
    /// Nothing that the expression may read is in these registers, and nobody sees them half-written.
    fresh: bool,
}

/// A wish, or none.
pub type Wish<'a> = Option<Hint<'a>>;

/// What a `break` or `continue` needs to know of a statement.
#[derive(Clone, Copy, Debug)]
struct Targets {
    break_: Label,
    continue_: Option<Label>,
}

/// How a function gives its results.
#[derive(Default)]
struct Results {
    types: Vec<TypeId>,
    /// The result variables, or the registers that hold the results until deferred calls have run. Empty
    /// for functions that neither name their results nor defer.
    vars: Vec<Storage>,
    /// For each of `vars`: whether the program names it, so that it keeps its value where an error ends the function.
    named: Vec<bool>,
}

/// One function being lowered.
pub struct Lower<'p, 'w> {
    p: &'p mut Program<'w>,
    world: &'w World,
    f: FuncBuilder,
    /// Types of the type parameters of the instance that is being lowered.
    env: Rc<Subst>,
    facts: Rc<Facts>,
    vars: FxHashMap<ObjId, Storage>,
    results: Results,
    targets: FxHashMap<NodeId, Targets>,
    gotos: FxHashMap<NodeId, Label>,
    /// Labels of the clauses of the innermost expression switch, for `fallthrough`.
    fallthrough: Option<Label>,
    /// The list of deferred calls, in functions that defer.
    defers: Option<Reg>,
    /// The box of that list, where bodies of ranges over functions defer too.
    defer_box: Option<Reg>,
    /// Whether some of them are of `errdefer`.
    err_defers: bool,
    /// The deferred calls so far, in functions that make them themselves.
    open: Option<open_defer::OpenDefers>,
    landing: Option<Label>,
    token: Option<Reg>,
    loop_depth: u32,
    /// Constants that loops need, loaded once at the start.
    hoisted: FxHashMap<(Class, u64), Reg>,
    name: String,
    literal: bool,
    literals: u32,
    /// In the body of a range over a function: its loop.
    range: Option<iter::RangeBody>,
    kept: keep::Kept,
}

impl<'p, 'w> Lower<'p, 'w> {
    /// Begins a function.
    pub fn new(p: &'p mut Program<'w>, name: String, env: Rc<Subst>, facts: Rc<Facts>) -> Lower<'p, 'w> {
        let world = p.world;
        Lower {
            p,
            world,
            f: FuncBuilder::new(),
            env,
            facts,
            vars: FxHashMap::default(),
            results: Results::default(),
            targets: FxHashMap::default(),
            gotos: FxHashMap::default(),
            fallthrough: None,
            defers: None,
            defer_box: None,
            err_defers: false,
            open: None,
            landing: None,
            token: None,
            loop_depth: 0,
            hoisted: FxHashMap::default(),
            name,
            literal: false,
            literals: 0,
            range: None,
            kept: keep::Kept::default(),
        }
    }

    // ---- types ------------------------------------------------------------------------------

    /// A type with the instance's type arguments put in.
    fn subst(&self, ty: TypeId) -> TypeId {
        self.world.subst(ty, &self.env)
    }

    /// The type of an expression.
    fn ty(&self, e: &'w Expr) -> TypeId {
        self.subst(self.world.info.type_of(e.id()))
    }

    fn under(&self, ty: TypeId) -> &'w Type {
        self.world.under(ty)
    }

    fn basic(&self, ty: TypeId) -> Option<Basic> {
        self.world.basic(ty)
    }

    fn is_interface(&self, ty: TypeId) -> bool {
        matches!(self.under(ty), Type::Interface(_))
    }

    fn leaves(&mut self, ty: TypeId) -> Option<Rc<[Leaf]>> {
        self.p.types.leaves(ty)
    }

    fn classes(&mut self, ty: TypeId) -> Vec<Class> {
        self.p.types.classes(ty)
    }

    /// The descriptor's number, as instructions name types.
    fn desc(&mut self, ty: TypeId) -> u32 {
        self.p.types.desc(ty).0
    }

    fn size(&self, ty: TypeId) -> u32 {
        u32::try_from(self.p.types.size(ty)).unwrap_or(u32::MAX)
    }

    /// The type of the elements of a tuple; of the single value of any other type.
    fn tuple(&self, ty: TypeId) -> Vec<TypeId> {
        self.world.types.tuple_elems(ty)
    }

    // ---- instructions -----------------------------------------------------------------------

    fn emit(&mut self, inst: Inst<'_>) {
        self.f.emit(inst);
    }

    fn tmp(&mut self, class: Class) -> Reg {
        self.f.regs.temp(class)
    }

    fn tmp_int(&mut self) -> Reg {
        self.tmp(Class::Int)
    }

    fn tmps(&mut self, classes: &[Class]) -> Regs {
        classes.iter().map(|&c| self.tmp(c)).collect()
    }

    /// The wished-for register, or a temporary.
    fn dst(&mut self, wish: Wish<'_>, class: Class) -> Reg {
        match wish {
            Some(hint) if hint.regs.len() == 1 && self.f.regs.class(hint.regs[0]) == class => hint.regs[0],
            _ => self.tmp(class),
        }
    }

    /// The wished-for registers if they may be written early, or temporaries.
    fn dsts(&mut self, wish: Wish<'_>, classes: &[Class]) -> Regs {
        match wish {
            Some(hint) if self.fits(hint.regs, classes) => Regs::from_slice(hint.regs),
            _ => self.tmps(classes),
        }
    }

    fn fresh_dsts(&mut self, wish: Wish<'_>, classes: &[Class]) -> Regs {
        self.dsts(wish.filter(|h| h.fresh), classes)
    }

    fn fits(&self, regs: &[Reg], classes: &[Class]) -> bool {
        regs.len() == classes.len() && regs.iter().zip(classes).all(|(&r, &c)| self.f.regs.class(r) == c)
    }

    fn mov(&mut self, dst: Reg, src: Reg) {
        if dst != src {
            self.emit(Inst::Mov { dst, src });
        }
    }

    /// A copy of a register in a temporary of its class.
    fn copied(&mut self, reg: Reg) -> Reg {
        let dst = self.tmp(self.f.regs.class(reg));
        self.mov(dst, reg);
        dst
    }

    /// Moves values at once: no source is overwritten before it has been read.
    fn moves(&mut self, dst: &[Reg], src: &[Reg]) {
        debug_assert_eq!(dst.len(), src.len(), "internal error: move between values of different shape");
        let mut pending: SmallVec<[(Reg, Reg); 8]> =
            dst.iter().copied().zip(src.iter().copied()).filter(|(d, s)| d != s).collect();
        while !pending.is_empty() {
            let ready = pending.iter().position(|&(d, _)| !pending.iter().any(|&(_, s)| s == d));
            match ready {
                Some(at) => {
                    let (d, s) = pending.remove(at);
                    self.mov(d, s);
                }
                None => {
                    let (_, s) = pending[0];
                    let saved = self.copied(s);
                    pending.iter_mut().filter(|(_, from)| *from == s).for_each(|(_, from)| *from = saved);
                }
            }
        }
    }

    fn int(&mut self, dst: Reg, value: i64) {
        match i32::try_from(value) {
            Ok(value) => self.emit(Inst::ConstI32 { dst, value }),
            Err(_) => self.emit(Inst::ConstI64 { dst, value }),
        }
    }

    /// A register that holds an integer: inside loops one that is loaded once, at the start.
    fn const_int(&mut self, value: i64) -> Reg {
        self.constant_reg(Class::Int, value as u64)
    }

    fn constant_reg(&mut self, class: Class, bits: u64) -> Reg {
        if let Some(&reg) = self.hoisted.get(&(class, bits)) {
            return reg;
        }
        if self.loop_depth > 0 && self.hoisted.len() < MAX_HOISTED {
            let reg = self.f.regs.pinned(class);
            self.f.emit_at_start(const_inst(class, bits, reg));
            self.hoisted.insert((class, bits), reg);
            return reg;
        }
        let reg = self.tmp(class);
        self.emit(const_inst(class, bits, reg));
        reg
    }

    fn zero_regs(&mut self, regs: &[Reg]) {
        for &dst in regs {
            self.emit(Inst::Zero { dst });
        }
    }

    /// The zero value of a type.
    fn zero(&mut self, ty: TypeId, wish: Wish<'_>) -> Value {
        if self.leaves(ty).is_none() {
            let dst = self.tmp(Class::Ptr);
            let ty = self.desc(ty);
            self.emit(Inst::New { dst, ty });
            return Value::owned(dst);
        }
        let classes = self.classes(ty);
        let regs = self.dsts(wish, &classes);
        self.zero_regs(&regs);
        Value::Regs(regs)
    }

    fn label(&mut self) -> Label {
        self.f.label()
    }

    fn bind(&mut self, label: Label) {
        self.f.bind(label);
    }

    fn jump(&mut self, label: Label) {
        self.f.jump(label);
    }

    /// Binds the head of a loop. Everything that is jumped back to begins with its header.
    fn loop_head(&mut self, label: Label) {
        self.bind(label);
        self.emit(Inst::LoopHeader {});
    }

    /// Runs `body` and gives its temporaries back.
    fn scoped<R>(&mut self, body: impl FnOnce(&mut Self) -> R) -> R {
        let mark = self.f.regs.temps();
        let result = body(self);
        self.f.regs.release_temps(mark);
        result
    }

    /// From here on, instructions belong to the line of this position.
    fn at(&mut self, pos: Pos) {
        if let Some((file, line)) = self.p.lines.find(self.world, pos) {
            self.f.set_line(file, line);
        }
    }
}

/// More constants than this are loaded where they are used.
const MAX_HOISTED: usize = 48;

fn const_inst(class: Class, bits: u64, dst: Reg) -> Inst<'static> {
    match class {
        Class::F64 => Inst::ConstF64 { dst, bits },
        Class::F32 => Inst::ConstF32 { dst, bits: bits as u32 },
        _ => match i32::try_from(bits as i64) {
            Ok(value) => Inst::ConstI32 { dst, value },
            Err(_) => Inst::ConstI64 { dst, value: bits as i64 },
        },
    }
}
