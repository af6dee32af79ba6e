//! Maps.
//!
//! The contract of every door is that of [`super`].

use crate::callbacks::{ending, found, machine, type_of};
use vo_bytecode::Status;
use vo_runtime::context::JitContext;
use vo_runtime::object::map;
use vo_runtime::value::Str;

pub(in crate::callbacks) unsafe extern "C" fn map_new(ctx: *mut JitContext, ty: u64, n: u64) -> u64 {
    let m = machine(ctx);
    let (floor, ty) = (m.at_floor(), type_of(ty));
    let made = m.ensure(floor).and_then(|()| map::new(m.cache(), ty, n as i64));
    m.word(made)
}

pub(in crate::callbacks) unsafe extern "C" fn map_get(
    ctx: *mut JitContext,
    form: u64,
    map: u64,
    key: u64,
    key2: u64,
    ty: u64,
    out: *mut u64,
) -> Status {
    let m = machine(ctx);
    let ty = type_of(ty);
    let found = match form {
        0 => map::get_int(map, key, ty),
        1 => map::get_str(map, Str { ptr: key, len: key2 }, ty),
        _ => map::get_mem(map, key, ty),
    };
    m.deliver(out, found.map(|(addr, ok)| [addr, u64::from(ok)]))
}

pub(in crate::callbacks) unsafe extern "C" fn map_find64(
    ctx: *mut JitContext,
    map: u64,
    key: u64,
    ty: u64,
) -> u64 {
    found(ctx, map::find_int::<8>(map, key, type_of(ty)))
}

pub(in crate::callbacks) unsafe extern "C" fn map_find32(
    ctx: *mut JitContext,
    map: u64,
    key: u64,
    ty: u64,
) -> u64 {
    found(ctx, map::find_int::<4>(map, key, type_of(ty)))
}

pub(in crate::callbacks) unsafe extern "C" fn map_find_str(
    ctx: *mut JitContext,
    map: u64,
    kp: u64,
    kl: u64,
    ty: u64,
) -> u64 {
    found(ctx, map::find_str(map, Str { ptr: kp, len: kl }, type_of(ty)))
}

pub(in crate::callbacks) unsafe extern "C" fn map_put64(
    ctx: *mut JitContext,
    map: u64,
    key: u64,
    ty: u64,
) -> u64 {
    let m = machine(ctx);
    let floor = m.at_floor();
    let put = m.ensure(floor).and_then(|()| map::put_int::<8>(m.cache(), map, key, type_of(ty)));
    m.word(put)
}

pub(in crate::callbacks) unsafe extern "C" fn map_put32(
    ctx: *mut JitContext,
    map: u64,
    key: u64,
    ty: u64,
) -> u64 {
    let m = machine(ctx);
    let floor = m.at_floor();
    let put = m.ensure(floor).and_then(|()| map::put_int::<4>(m.cache(), map, key, type_of(ty)));
    m.word(put)
}

pub(in crate::callbacks) unsafe extern "C" fn map_put_str(
    ctx: *mut JitContext,
    map: u64,
    kp: u64,
    kl: u64,
    ty: u64,
) -> u64 {
    let m = machine(ctx);
    let (floor, key) = (m.at_floor(), Str { ptr: kp, len: kl });
    let put = m.ensure(floor).and_then(|()| map::set_str(m.cache(), map, key, type_of(ty)));
    m.word(put)
}

pub(in crate::callbacks) unsafe extern "C" fn map_set(
    ctx: *mut JitContext,
    form: u64,
    map: u64,
    key: u64,
    key2: u64,
    ty: u64,
    out: *mut u64,
) -> Status {
    let m = machine(ctx);
    let (floor, ty) = (m.at_floor(), type_of(ty));
    let set = m.ensure(floor).and_then(|()| match form {
        0 => map::set_int(m.cache(), map, key, ty),
        1 => map::set_str(m.cache(), map, Str { ptr: key, len: key2 }, ty),
        _ => map::set_mem(m.cache(), map, key, ty),
    });
    m.deliver(out, set.map(|addr| [addr]))
}

pub(in crate::callbacks) unsafe extern "C" fn map_delete(
    ctx: *mut JitContext,
    form: u64,
    map: u64,
    key: u64,
    key2: u64,
    ty: u64,
) -> Status {
    let m = machine(ctx);
    let ty = type_of(ty);
    let deleted = match form {
        0 => map::delete_int(map, key, ty),
        1 => map::delete_str(map, Str { ptr: key, len: key2 }, ty),
        _ => map::delete_mem(map, key, ty),
    };
    m.status(deleted)
}

pub(in crate::callbacks) unsafe extern "C" fn map_len(_: *mut JitContext, map: u64) -> u64 {
    map::len(map)
}

pub(in crate::callbacks) unsafe extern "C" fn map_clear(ctx: *mut JitContext, map: u64, ty: u64) -> Status {
    let m = machine(ctx);
    let cleared = map::clear(map, type_of(ty));
    m.status(cleared)
}

pub(in crate::callbacks) unsafe extern "C" fn map_iter(ctx: *mut JitContext, map: u64, ty: u64) -> u64 {
    let m = machine(ctx);
    let (floor, ty) = (m.at_floor(), type_of(ty));
    let made = m.ensure(floor).and_then(|()| map::iter(m.cache(), map, ty));
    m.word(made)
}

pub(in crate::callbacks) unsafe extern "C" fn map_next(
    ctx: *mut JitContext,
    iter: u64,
    out: *mut u64,
) -> u64 {
    match map::next(iter) {
        Ok(Some((key, elem))) => {
            out.cast::<[u64; 2]>().write([key, elem]);
            1
        }
        Ok(None) => 0,
        Err(trap) => ending(ctx, trap, 2),
    }
}
