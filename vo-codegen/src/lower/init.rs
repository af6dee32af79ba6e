//! Declared functions, and the initialisation of package variables.

use std::rc::Rc;

use vo_bytecode::module::FuncFlags;
use vo_bytecode::operand::RegList;
use vo_bytecode::{Class, Function, Inst};
use vo_syntax::ast::{Expr, FuncDecl, Node};
use vo_types::object::ObjId;
use vo_types::types::{Subst, Type, TypeId};
use vo_types::universe::Builtin;

use super::call::Callee;
use super::{Base, Lower, Place, Value};
use crate::escape::Facts;
use crate::func::TooLarge;
use crate::program::Program;

/// Lowers a declared function or method of which this is the body.
pub fn declared<'w>(
    p: &mut Program<'w>,
    obj: ObjId,
    targs: &[TypeId],
    decl: &'w FuncDecl,
    name: String,
) -> Result<Function, TooLarge> {
    let facts = p.facts(obj);
    let env = p.environment(obj, targs);
    let body = decl.body.as_ref().expect("internal error: function without body");
    let mut l = Lower::new(p, name, env, facts.clone());
    l.at(decl.name.pos());
    let sig_ty = l.world.type_of(obj);
    let Type::Signature(sig) = l.under(sig_ty) else { panic!("internal error: a function that is none") };
    let mut params = Vec::new();
    if let (Some(recv), Some(info)) = (&decl.recv, l.world.object(obj).func()) {
        let ty = info.recv_type.get().expect("internal error: method without receiver type");
        params.extend(l.params_of(recv, std::iter::once(ty)));
    }
    params.extend(l.params_of(&decl.ty.params, sig.params.iter().map(|p| p.ty)));
    let types: Vec<TypeId> = params.iter().map(|p| p.1).collect();
    let regs = l.param_regs(&types);
    let count = regs.iter().map(|r| r.len()).sum();
    l.prologue(&facts.root, &decl.ty, sig);
    l.body(&params, regs, body);
    let result_types: Vec<TypeId> = sig.results.iter().map(|r| l.subst(r.ty)).collect();
    let results = result_types.into_iter().flat_map(|ty| l.classes(ty)).collect();
    let flags = FuncFlags { takes_token: facts.root.recovers, ..FuncFlags::default() };
    l.finish_at(decl.name.pos(), count, results, flags)
}

/// Lowers `lhs… = rhs` at package level: a function without parameters. Answers it and how many function
/// literals it has named.
pub fn initializer<'w>(
    p: &mut Program<'w>,
    lhs: &[ObjId],
    rhs: &'w Expr,
    pkg: &str,
    literals: u32,
) -> (Result<Function, TooLarge>, u32) {
    let facts = Rc::new(crate::escape::of_initializer(p.world, rhs));
    let mut l = Lower::new(p, format!("{pkg}.glob."), Rc::new(Subst::default()), facts);
    l.literals = literals;
    l.at(rhs.pos());
    l.init_vars(lhs, rhs);
    l.emit(Inst::Return { results: RegList(&[]) });
    let literals = l.literals;
    l.name = format!("{pkg}.init");
    (l.finish_at(rhs.pos(), 0, Vec::new(), FuncFlags::default()), literals)
}

/// A function that calls others, which have neither parameters nor results, one after another.
pub fn sequence<'w>(p: &mut Program<'w>, name: String, calls: &[u32]) -> Result<Function, TooLarge> {
    let mut l = Lower::new(p, name, Rc::default(), Rc::new(Facts::default()));
    for &func in calls {
        l.emit(Inst::Call { func, args: RegList(&[]), results: RegList(&[]) });
    }
    l.emit(Inst::Return { results: RegList(&[]) });
    l.f.finish(l.name, 0, Vec::new(), FuncFlags { wrapper: true, ..FuncFlags::default() })
}

/// `func main() error`: reports an error that main answers, and ends the program with status 1.
pub fn main_with_error<'w>(p: &mut Program<'w>, main: u32) -> Result<Function, TooLarge> {
    let mut l = Lower::new(p, "main.main".to_owned(), Rc::default(), Rc::new(Facts::default()));
    let err = l.tmps(&[Class::Int, Class::Any]);
    let results: Vec<u16> = err.iter().map(|r| r.0).collect();
    l.emit(Inst::Call { func: main, args: RegList(&[]), results: RegList(&results) });
    let failed = l.label();
    l.emit(Inst::JumpNeImm { a: err[0], imm: 0, target: failed.0 });
    l.emit(Inst::Return { results: RegList(&[]) });
    l.bind(failed);
    let text = l.tmps(&[Class::Ptr, Class::Int]);
    let sig = l.world.types.func(&[], &[TypeId::STRING], false);
    let method = l.p.types.selector("Error".into(), None, sig);
    l.p.mark_called(method);
    l.emit_call(&Callee::Iface { ty: err[0], data: err[1], method }, &[], &text);
    let head = l.const_str(b"error: ", None);
    l.effect_of(Builtin::Print, &[TypeId::STRING, TypeId::STRING], vec![head, Value::Regs(text)], false);
    l.effect_of(Builtin::Println, &[], Vec::new(), false);
    let code = l.const_int(1);
    let native = l.p.native("syscall.sysExit", &[Class::Int], &[]);
    l.emit(Inst::CallNative { native, args: RegList(&[code.0]), results: RegList(&[]) });
    l.emit(Inst::Return { results: RegList(&[]) });
    l.f.finish(l.name, 0, Vec::new(), FuncFlags { wrapper: true, ..FuncFlags::default() })
}

impl<'w> Lower<'_, 'w> {
    fn init_vars(&mut self, lhs: &[ObjId], rhs: &'w Expr) {
        if let [obj] = *lhs {
            return self.init_var(obj, rhs);
        }
        let (values, types) = self.tuple_values(rhs);
        for ((&obj, value), from) in lhs.iter().zip(values).zip(types) {
            if self.world.object(obj).name.is_blank() {
                continue;
            }
            let ty = self.var_ty(obj);
            let value = self.value_as(value, from, ty);
            let place = Place::of(Base::Global(self.p.global(obj)));
            self.store_value(&place, ty, &value);
        }
    }

    fn init_var(&mut self, obj: ObjId, rhs: &'w Expr) {
        let ty = self.var_ty(obj);
        if self.world.object(obj).name.is_blank() {
            if !self.is_nil(rhs) {
                self.expr_as(rhs, ty, None);
            }
            return;
        }
        let place = Place::of(Base::Global(self.p.global(obj)));
        let plain = !self.is_interface(ty);
        if plain && self.leaves(ty).is_none() && self.is_built_in_place(rhs) {
            // Elements may read the variable only through functions, and then see zeros, as in Go.
            return self.composite_to_place(rhs, ty, &place, true);
        }
        let value = self.expr_as(rhs, ty, None);
        self.store_value(&place, ty, &value);
    }
}
