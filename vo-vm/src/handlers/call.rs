//! Calls, native calls, new fibers.

use crate::interp::{Flow, Interp, Site, Transfer};
use crate::machine::Machine;
use crate::native::{Classes, NativeCx};
use crate::program::shape;
use crate::resume;
use crate::unwind;
use crate::value;
use smallvec::{SmallVec, smallvec};
use vo_bytecode::operand::RegList;
use vo_bytecode::{Reg, Status};
use vo_runtime::panic::RuntimePanic;
use vo_runtime::rtype::Ty;

impl Interp<'_> {
    #[inline(always)]
    pub(crate) fn call(&mut self, func: u32, args: RegList<'_>, results: RegList<'_>) -> Flow {
        let code = self.m.program_ref().code(func);
        self.enter(code, None, args, results)
    }

    #[inline(always)]
    pub(crate) fn call_closure(&mut self, closure: Reg, args: RegList<'_>, results: RegList<'_>) -> Flow {
        let closure = self.w.get(closure);
        if closure == 0 {
            return self.trap(RuntimePanic::NilDereference {});
        }
        // SAFETY: a function value is nil or the address of a closure.
        let func = unsafe { value::func_of(closure) };
        let code = self.m.program_ref().code(func);
        if code.shape != shape(args.len() + 1, results.len()) {
            wrong_closure(code.name());
        }
        self.m.note_target(self.w.code(), self.offset(), u64::from(func));
        self.enter(code, Some(closure), args, results)
    }

    #[inline(always)]
    pub(crate) fn call_iface(
        &mut self,
        ty: Reg,
        data: Reg,
        method: u32,
        args: RegList<'_>,
        results: RegList<'_>,
    ) -> Flow {
        let word = self.w.get(ty);
        if word == 0 {
            return self.trap(RuntimePanic::NilDereference {});
        }
        let Some(func) = method_of(word, method) else {
            return self.trap(RuntimePanic::UnreachableMethod {});
        };
        let code = self.m.program_ref().code(func);
        self.m.note_target(self.w.code(), self.offset(), word);
        self.enter(code, Some(self.w.get(data)), args, results)
    }

    #[inline(always)]
    pub(crate) fn call_native(&mut self, native: u32, args: RegList<'_>, results: RegList<'_>) -> Flow {
        let site = self.site();
        let outer = self.m.memory.native_begins();
        let transfer = call_native(self.m, site, native, args, results);
        self.m.memory.native_from = outer;
        self.transfer(transfer)
    }

    #[inline(always)]
    pub(crate) fn go_start(&mut self, func: u32, args: RegList<'_>) -> Flow {
        self.aside(move |m, site| {
            m.go_func(site, func, &site.words(args));
            None
        })
    }

    #[inline(always)]
    pub(crate) fn go_closure(&mut self, closure: Reg, args: RegList<'_>) -> Flow {
        self.aside(move |m, site| match m.go_closure(site, site.w.get(closure), &site.words(args)) {
            Ok(()) => None,
            Err(trap) => Some(unwind::trap(m, site, trap)),
        })
    }

    #[inline(always)]
    pub(crate) fn go_iface(&mut self, ty: Reg, data: Reg, method: u32, args: RegList<'_>) -> Flow {
        self.aside(move |m, site| {
            let (func, words) = match method_call(site, (ty, data), method, args) {
                Ok(call) => call,
                Err(panic) => return Some(unwind::trap(m, site, panic.into())),
            };
            m.go_func(site, func, &words);
            None
        })
    }
}

/// The function behind a method of an interface value, and the words it is called with.
pub(super) fn method_call(
    site: Site,
    (ty, data): (Reg, Reg),
    method: u32,
    args: RegList<'_>,
) -> Result<(u32, SmallVec<[u64; 8]>), RuntimePanic> {
    let word = site.w.get(ty);
    if word == 0 {
        return Err(RuntimePanic::NilDereference {});
    }
    let func = method_of(word, method).ok_or(RuntimePanic::UnreachableMethod {})?;
    let mut words: SmallVec<[u64; 8]> = smallvec![site.w.get(data)];
    words.extend(args.iter().map(|r| site.w.get(r)));
    Ok((func, words))
}

/// The function of a method of a dynamic type.
#[inline(always)]
pub(crate) fn method_of(ty: u64, method: u32) -> Option<u32> {
    // SAFETY: the first word of an interface value is a type word.
    let ty = unsafe { Ty::from_word(ty) }?;
    ty.method(method)
}

#[cold]
fn wrong_closure(name: &str) -> ! {
    panic!("internal error: {name} is called through a function value of another type")
}

/// Calls a native function.
#[inline(never)]
fn call_native(
    m: &mut Machine,
    site: Site,
    native: u32,
    args: RegList<'_>,
    results: RegList<'_>,
) -> Transfer {
    m.stats.native_calls += 1;
    let words: SmallVec<[u64; 12]> = args.iter().map(|r| site.w.get(r)).collect();
    // Inline, where the collector sees what a native that allocates twice has left in it.
    let mut out: SmallVec<[u64; Classes::MOST]> = smallvec![0; results.len()];
    let function = m.program_ref().native(native);
    if !function.prints {
        m.flush_print();
    }
    let status = function.call(&mut NativeCx { m, site, args: &words }, &words, &mut out);
    // SAFETY: the list stands in the running function's code; the next instruction is behind it.
    let next = unsafe { results.0.as_ptr().add(results.len()) };
    let plain = status == Status::Ok && m.pending_call.is_none() && !m.leaving;
    if plain && !m.takes_every_point() {
        for (reg, &word) in results.iter().zip(&out) {
            site.w.set(reg, word);
        }
        return Transfer::Go(site.w, next);
    }
    let start = site.w.code().start;
    let next = ((next as usize - start as usize) / 2) as u32;
    // Where every point is taken, a native that is done gives the worker up with its results kept.
    let status = if plain { Status::Wake } else { status };
    resume::native_answered(m, site, status, results, next, &out)
}
