//! Function values: literals with their captures, declared functions, bound methods.
//!
//! A function value is the address of a closure object: the code word, then the captured words, eight bytes
//! each. A variable that nothing assigns after the capture is captured by value, any other by its box. The
//! code of a closure takes the closure as its first parameter and reads the captures at its start.

use std::rc::Rc;

use vo_bytecode::module::{self, FuncFlags};
use vo_bytecode::operand::RegList;
use vo_bytecode::typedesc::Mem;
use vo_bytecode::{Class, Function, Inst, Reg};
use vo_syntax::ast::{self, Node};
use vo_types::info::{Selection, SelectionKind};
use vo_types::object::ObjId;
use vo_types::types::{Subst, Type, TypeId};

use super::{Lower, Place, Regs, Storage, Value, Wish};
use crate::escape::Facts;
use crate::func::TooLarge;
use crate::lower::call::MethodTarget;
use crate::program::{Job, Program};

/// How a variable comes into a literal.
#[derive(Clone, Copy, Debug)]
pub(super) enum Capture {
    /// Its leaves.
    Value,
    /// The pointer to its box.
    Box,
}

/// Captured variables, in the order of the closure's words.
pub(super) type Captures = Vec<(ObjId, Capture)>;

/// A function literal that waits to be lowered.
pub struct LiteralJob<'w> {
    lit: &'w ast::FuncLit,
    name: String,
    env: Rc<Subst>,
    facts: Rc<Facts>,
    captures: Captures,
}

impl LiteralJob<'_> {
    /// Where the literal stands.
    pub fn span(&self) -> vo_syntax::source::Span {
        self.lit.span
    }
}

impl<'w> Lower<'_, 'w> {
    /// A function literal as a value.
    pub(super) fn func_lit(&mut self, lit: &'w ast::FuncLit, wish: Wish<'_>) -> Value {
        let facts = self.facts.literal(lit.id);
        let (captures, words) = self.captured(&facts.captures);
        let what = captures.iter().map(|&(obj, how)| self.capture_of(obj, how)).collect();
        self.literals += 1;
        let name = match self.literal {
            true => format!("{}.{}", self.name, self.literals),
            false => format!("{}.func{}", self.name, self.literals),
        };
        let flags = FuncFlags { closure: true, takes_token: facts.recovers, ..FuncFlags::default() };
        let job = LiteralJob { lit, name, env: self.env.clone(), facts: self.facts.clone(), captures };
        let func = self.p.add_job(Job::Literal(job), flags);
        self.p.set_captures(func, what);
        self.closure(func, &words, wish)
    }

    /// How variables come into a function inside of this one, and their words.
    pub(super) fn captured(&mut self, objs: &[ObjId]) -> (Captures, Vec<Reg>) {
        let (mut captures, mut words) = (Vec::new(), Vec::new());
        for &obj in objs {
            match self.storage(obj) {
                Storage::Regs(regs) => {
                    captures.push((obj, Capture::Value));
                    words.extend(regs);
                }
                Storage::Place(place) => {
                    captures.push((obj, Capture::Box));
                    words.push(self.heap_address(&place));
                }
            }
        }
        (captures, words)
    }

    /// How a captured variable lies in the closure.
    fn capture_of(&mut self, obj: ObjId, how: Capture) -> module::Capture {
        let ty = self.var_ty(obj);
        let boxed = matches!(how, Capture::Box);
        module::Capture { boxed, ..self.held(ty) }
    }

    /// How a value lies in a closure; one of a memory type by its address.
    pub(super) fn held(&mut self, ty: TypeId) -> module::Capture {
        module::Capture { ty: self.p.types.desc(ty), boxed: self.leaves(ty).is_none() }
    }

    /// A closure of a function over captured words.
    pub(super) fn closure(&mut self, func: u32, words: &[Reg], wish: Wish<'_>) -> Value {
        let dst = self.dst(wish, Class::Ptr);
        if words.is_empty() {
            self.emit(Inst::FuncVal { dst, func });
            return Value::one(dst);
        }
        let classes: Vec<Class> = words.iter().map(|&r| self.f.regs.class(r)).collect();
        let ty = self.p.types.closure(&classes).0;
        let captures: Vec<u16> = words.iter().map(|r| r.0).collect();
        self.emit(Inst::NewClosure { dst, func, ty, captures: RegList(&captures) });
        Value::one(dst)
    }

    /// A declared function as a value.
    pub(super) fn func_value(&mut self, obj: ObjId, ident: ast::NodeId, wish: Wish<'_>) -> Value {
        let targs = self.instance_args(ident);
        let func = self.p.value_func(obj, &targs);
        self.closure(func, &[], wish)
    }

    /// `f[int]` as a value.
    pub(super) fn instance_value(&mut self, x: &'w ast::IndexExpr, wish: Wish<'_>) -> Option<Value> {
        if let Some(sel) = self.instantiated_method(x)
            && let Some(selection) = self.world.info.selection(sel.id)
        {
            return Some(match selection.kind {
                SelectionKind::MethodExpr => self.method_expr(sel, selection, wish),
                _ => self.method_value(sel, selection, wish),
            });
        }
        let (obj, targs) = self.static_function(&x.x)?;
        let func = self.p.value_func(obj, &targs);
        Some(self.closure(func, &[], wish))
    }

    /// The selector in `x.method[T]`, if the index expression is that.
    pub(super) fn instantiated_method(&self, x: &'w ast::IndexExpr) -> Option<&'w ast::SelectorExpr> {
        let ast::Expr::Selector(sel) = x.x.unparen() else { return None };
        let selected = self.world.info.selection(sel.id).is_some();
        (selected && self.world.info.instance(sel.sel.id).is_some()).then_some(&**sel)
    }

    /// `x.method` as a value: the receiver is evaluated and bound now.
    pub(super) fn method_value(
        &mut self,
        sel: &'w ast::SelectorExpr,
        selection: &Selection,
        wish: Wish<'_>,
    ) -> Value {
        let resolved = self.resolve(sel, selection);
        let base = self.location(&sel.x);
        let recv = self.ty(&sel.x);
        let (at, ty) = self.walk(base, recv, &resolved.path);
        match resolved.target {
            MethodTarget::Interface { selector } => {
                let iface = self.read_storage(&at, ty);
                self.check_iface(iface[0]);
                self.p.mark_called(selector);
                let func = self.p.bound_iface(selector, resolved.sig);
                let ty = self.p.types.desc(TypeId::EMPTY_INTERFACE);
                self.p.set_captures(func, vec![module::Capture { ty, boxed: false }]);
                self.closure(func, &iface, wish)
            }
            MethodTarget::Declared { obj, targs, by_pointer } => {
                let words = self.receiver(at, ty, by_pointer);
                let func = self.p.bound_method(obj, &targs, resolved.sig);
                if let Some(recv) = self.p.receiver_type(obj, &targs) {
                    let held = self.held(recv);
                    self.p.set_captures(func, vec![held]);
                }
                self.closure(func, &words, wish)
            }
        }
    }

    /// Panics like a nil dereference where an interface is nil.
    pub(super) fn check_iface(&mut self, word: Reg) {
        let ok = self.label();
        self.emit(Inst::JumpNeImm { a: word, imm: 0, target: ok.0 });
        let ptr = self.tmp(Class::Ptr);
        self.emit(Inst::Zero { dst: ptr });
        self.emit(Inst::NilCheck { ptr });
        self.bind(ok);
    }

    /// `T.method`: a function whose first parameter is the receiver.
    pub(super) fn method_expr(
        &mut self,
        sel: &'w ast::SelectorExpr,
        selection: &Selection,
        wish: Wish<'_>,
    ) -> Value {
        let recv = self.ty(&sel.x);
        let resolved = self.resolve(sel, selection);
        let func = self.p.method_expr(recv, &resolved);
        self.closure(func, &[], wish)
    }

    /// Reads captures into registers; answers the offset behind them.
    pub(super) fn read_captures(&mut self, closure: Reg, captures: &[(ObjId, Capture)]) -> i32 {
        let mut offset = 8;
        for &(obj, how) in captures {
            let ty = self.var_ty(obj);
            match how {
                Capture::Box => {
                    let dst = self.f.regs.pinned(Class::Ptr);
                    self.emit(Inst::LoadPtr { dst, base: closure, offset });
                    self.vars.insert(obj, Storage::Place(Place::owned(dst)));
                    offset += 8;
                }
                Capture::Value => {
                    let classes = self.classes(ty);
                    let regs: Regs = classes.into_iter().map(|c| self.f.regs.pinned(c)).collect();
                    self.read_words(closure, &regs, &mut offset);
                    self.vars.insert(obj, Storage::Regs(regs));
                }
            }
        }
        offset
    }

    /// Reads captured words from a closure object.
    pub(super) fn read_words(&mut self, closure: Reg, regs: &[Reg], offset: &mut i32) {
        for &dst in regs {
            let mem = match self.f.regs.class(dst) {
                Class::Int => Mem::I64,
                Class::F64 => Mem::F64,
                Class::F32 => Mem::F32,
                Class::Any => Mem::Any,
                _ => Mem::Ptr,
            };
            self.load_leaf(mem, dst, closure, *offset);
            *offset += 8;
        }
    }
}

/// Lowers a function literal.
pub fn literal<'w>(p: &mut Program<'w>, job: LiteralJob<'w>) -> Result<Function, TooLarge> {
    let LiteralJob { lit, name, env, facts, captures } = job;
    let body = facts.literal(lit.id);
    let mut l = Lower::new(p, name, env, facts);
    l.literal = true;
    l.at(lit.pos());
    let ty: TypeId = l.subst(l.world.info.type_of(lit.id));
    let Type::Signature(sig) = l.under(ty) else { panic!("internal error: a literal that is no function") };
    let closure = l.f.regs.pinned(Class::Ptr);
    let params = l.params_of(&lit.ty.params, sig.params.iter().map(|p| p.ty));
    let types: Vec<TypeId> = params.iter().map(|p| p.1).collect();
    let regs = l.param_regs(&types);
    let count = 1 + regs.iter().map(|r| r.len()).sum::<usize>();
    l.prologue(&body, &lit.ty, sig);
    l.read_captures(closure, &captures);
    l.body(&params, regs, &lit.body);
    let (_, results) = l.p.types.signature_classes(ty);
    let flags = FuncFlags { closure: true, takes_token: body.recovers, ..FuncFlags::default() };
    let pos = lit.pos();
    l.finish_at(pos, count, results, flags)
}
