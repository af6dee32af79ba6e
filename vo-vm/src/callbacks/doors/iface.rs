//! Interface values.
//!
//! The contract of every door is that of [`super`].

use crate::callbacks::{machine, type_of};
use vo_bytecode::Status;
use vo_runtime::context::JitContext;
use vo_runtime::rtype::{self, Ty};

pub(in crate::callbacks) unsafe extern "C" fn iface_eq(
    ctx: *mut JitContext,
    at: u64,
    ad: u64,
    bt: u64,
    bd: u64,
    out: *mut u64,
) -> Status {
    let m = machine(ctx);
    let equal = rtype::eq_iface(at, ad, bt, bd);
    m.deliver(out, equal.map(|equal| [u64::from(equal)]))
}

pub(in crate::callbacks) unsafe extern "C" fn iface_impl(_: *mut JitContext, ty: u64, iface: u64) -> u64 {
    let (ty, iface) = (Ty::from_word(ty), type_of(iface));
    u64::from(ty.is_some_and(|ty| ty.implements(iface)))
}
