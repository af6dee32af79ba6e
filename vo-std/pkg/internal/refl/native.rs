//! Natives of package internal/refl: the doors to the runtime's reflection.
//!
//! The caller keeps kinds and indices right; a wrong one is a bug of the library
//! and is reported as ours. What a native gets are interface values of verified
//! code, which is what the runtime's functions ask for.

use crate::abi::{Any, Complex, Slice, Str};
use crate::natives;
use vo_bytecode::Status;
use vo_runtime::panic::Trap;
use vo_runtime::reflect;
use vo_runtime::rtype::{Kind, RtField, Ty};
use vo_vm::native::NativeCx;

/// What `AsTarget` answers.
const TARGET_FITS: i64 = 0;
const TARGET_NO_POINTER: i64 = 1;
const TARGET_NO_ERROR: i64 = 2;

/// The dynamic type; `None` for nil.
fn type_of(v: Any) -> Option<Ty> {
    // SAFETY: an interface value of verified code.
    unsafe { reflect::type_of(v) }
}

/// The dynamic type of a value that is not nil.
fn typed(v: Any) -> Ty {
    type_of(v).unwrap_or_else(|| panic!("internal error: reflection on nil"))
}

/// What a function of the runtime answered; `None` means that the kind is wrong.
fn right<T>(v: Any, what: &str, answer: Option<T>) -> T {
    match answer {
        Some(value) => value,
        None => panic!("internal error: refl.{what} of {}", type_of(v).map_or("nil", |ty| name_of(ty))),
    }
}

/// As [`right`], for an operation that allocates.
fn made<T>(cx: &mut NativeCx<'_>, v: Any, what: &str, answer: Result<Option<T>, Trap>) -> Result<T, Status> {
    match answer {
        Ok(value) => Ok(right(v, what, value)),
        Err(trap) => Err(cx.trap(trap)),
    }
}

fn name_of(ty: Ty) -> &'static str {
    // SAFETY: descriptors are immortal and immutable.
    unsafe { &*std::ptr::from_ref(ty.name.as_str()) }
}

/// A Vo string that is text of a descriptor, which is immortal.
fn immortal(text: &'static str) -> Str {
    Str { ptr: text.as_ptr() as u64, len: text.len() as u64 }
}

fn type_string(ty: Option<Ty>) -> Str {
    ty.map_or(Str::default(), |ty| immortal(name_of(ty)))
}

fn field_of(v: Any, i: i64) -> &'static RtField {
    let ty = typed(v);
    let field = usize::try_from(i).ok().and_then(|i| ty.fields.get(i));
    // SAFETY: descriptors are immortal and immutable.
    unsafe { &*std::ptr::from_ref(right(v, "Field", field)) }
}

fn is_exported(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_uppercase)
}

fn as_target(cx: &mut NativeCx<'_>, target: Any) -> i64 {
    let ty = typed(target);
    if ty.kind != Kind::Pointer || target.data == 0 {
        return TARGET_NO_POINTER;
    }
    let elem = ty.elem_type();
    let error = cx.types().known.error.expect("internal error: a program without type error");
    let fits = elem.kind == Kind::Interface || elem.implements(error);
    if fits { TARGET_FITS } else { TARGET_NO_ERROR }
}

/// Runs an allocating operation of the runtime.
fn with_allocator<T>(
    cx: &mut NativeCx<'_>,
    v: Any,
    what: &str,
    f: impl FnOnce(&mut vo_runtime::heap::AllocCache) -> Result<Option<T>, Trap>,
) -> Result<T, Status> {
    let answer = match cx.allocator() {
        Ok(cache) => f(cache),
        Err(trap) => Err(trap),
    };
    made(cx, v, what, answer)
}

// SAFETY of the table: every value is an interface value of verified code.
natives! {
    // SAFETY: see above the table.
    "internal/refl.KindOf" => fn kind_of(cx, v: Any) -> i64 { unsafe { reflect::kind_of(v) as i64 } }
    "internal/refl.TypeString" => fn native_type_string(cx, v: Any) -> Str {
        if v.ty == 0 { immortal("<nil>") } else { type_string(type_of(v)) }
    }
    "internal/refl.TypeID" => fn type_id(cx, v: Any) -> u64 { v.ty }
    // SAFETY: see above the table.
    "internal/refl.Comparable" => fn comparable(cx, v: Any) -> bool { unsafe { reflect::comparable(v) } }
    // SAFETY: see above the table.
    "internal/refl.BoolOf" => fn bool_of(cx, v: Any) -> bool { right(v, "BoolOf", unsafe { reflect::bool_of(v) }) }
    // SAFETY: see above the table.
    "internal/refl.IntOf" => fn int_of(cx, v: Any) -> i64 { right(v, "IntOf", unsafe { reflect::int_of(v) }) }
    // SAFETY: see above the table.
    "internal/refl.UintOf" => fn uint_of(cx, v: Any) -> u64 { right(v, "UintOf", unsafe { reflect::uint_of(v) }) }
    // SAFETY: see above the table.
    "internal/refl.FloatOf" => fn float_of(cx, v: Any) -> f64 { right(v, "FloatOf", unsafe { reflect::float_of(v) }) }
    "internal/refl.ComplexOf" => fn complex_of(cx, v: Any) -> Complex {
        // SAFETY: see above the table.
        let (re, im) = right(v, "ComplexOf", unsafe { reflect::complex_of(v) });
        Complex(re, im)
    }
    // SAFETY: see above the table.
    "internal/refl.StringOf" => fn string_of(cx, v: Any) -> Str { right(v, "StringOf", unsafe { reflect::string_of(v) }) }
    "internal/refl.BytesOf" => fn bytes_of(cx, v: Any) -> Result<Slice, Status> {
        // SAFETY: see above the table.
        with_allocator(cx, v, "BytesOf", |cache| unsafe { reflect::bytes_of(cache, v) })
    }
    // SAFETY: see above the table.
    "internal/refl.IsNil" => fn is_nil(cx, v: Any) -> bool { unsafe { reflect::is_nil(v) } }
    // SAFETY: see above the table.
    "internal/refl.PointerOf" => fn pointer_of(cx, v: Any) -> u64 { right(v, "PointerOf", unsafe { reflect::pointer_of(v) }) }
    // SAFETY: see above the table.
    "internal/refl.Len" => fn len(cx, v: Any) -> u64 { right(v, "Len", unsafe { reflect::len(v) }) }
    "internal/refl.Index" => fn index(cx, v: Any, i: i64) -> Result<Any, Status> {
        // SAFETY: see above the table.
        with_allocator(cx, v, "Index", |cache| unsafe { reflect::index(cache, v, i) })
    }
    "internal/refl.Elem" => fn elem(cx, v: Any) -> Result<Any, Status> {
        // SAFETY: see above the table.
        with_allocator(cx, v, "Elem", |cache| unsafe { reflect::elem(cache, v) })
    }
    // SAFETY: see above the table.
    "internal/refl.ElemKind" => fn elem_kind(cx, v: Any) -> i64 { right(v, "ElemKind", unsafe { reflect::elem_type(v) }).kind as i64 }
    // SAFETY: see above the table.
    "internal/refl.ElemTypeString" => fn elem_type_string(cx, v: Any) -> Str { type_string(unsafe { reflect::elem_type(v) }) }
    // SAFETY: see above the table.
    "internal/refl.KeyTypeString" => fn key_type_string(cx, v: Any) -> Str { type_string(unsafe { reflect::key_type(v) }) }
    "internal/refl.MapEntries" => fn map_entries(cx, v: Any) -> Result<(Slice, Slice), Status> {
        // SAFETY: see above the table.
        with_allocator(cx, v, "MapEntries", |cache| unsafe { reflect::map_entries(cache, v) })
    }
    "internal/refl.NumField" => fn num_field(cx, v: Any) -> i64 { typed(v).fields.len() as i64 }
    // SAFETY: see above the table.
    "internal/refl.Field" => fn field(cx, v: Any, i: i64) -> Any { right(v, "Field", unsafe { reflect::field(v, i as usize) }) }
    "internal/refl.FieldName" => fn field_name(cx, v: Any, i: i64) -> Str { immortal(&field_of(v, i).name) }
    "internal/refl.FieldExported" => fn field_exported(cx, v: Any, i: i64) -> bool { is_exported(&field_of(v, i).name) }
    "internal/refl.FieldTypeString" => fn field_type_string(cx, v: Any, i: i64) -> Str { type_string(Some(field_of(v, i).ty)) }
    // SAFETY: see above the table.
    "internal/refl.SetBool" => fn set_bool(cx, p: Any, x: bool) -> () { right(p, "SetBool", unsafe { reflect::set_bool(p, x) }) }
    // SAFETY: see above the table.
    "internal/refl.SetInt" => fn set_int(cx, p: Any, x: i64) -> () { right(p, "SetInt", unsafe { reflect::set_int(p, x) }) }
    // SAFETY: see above the table.
    "internal/refl.SetUint" => fn set_uint(cx, p: Any, x: u64) -> () { right(p, "SetUint", unsafe { reflect::set_uint(p, x) }) }
    // SAFETY: see above the table.
    "internal/refl.SetFloat" => fn set_float(cx, p: Any, x: f64) -> () { right(p, "SetFloat", unsafe { reflect::set_float(p, x) }) }
    // SAFETY: see above the table.
    "internal/refl.SetComplex" => fn set_complex(cx, p: Any, x: Complex) -> () { right(p, "SetComplex", unsafe { reflect::set_complex(p, x.0, x.1) }) }
    // SAFETY: see above the table.
    "internal/refl.SetString" => fn set_string(cx, p: Any, x: Str) -> () { right(p, "SetString", unsafe { reflect::set_string(p, x) }) }
    // SAFETY: see above the table.
    "internal/refl.SetBytes" => fn set_bytes(cx, p: Any, x: Slice) -> () { right(p, "SetBytes", unsafe { reflect::set_bytes(p, x) }) }
    "internal/refl.AsTarget" => fn native_as_target(cx, target: Any) -> i64 { as_target(cx, target) }
    // SAFETY: see above the table.
    "internal/refl.Assign" => fn assign(cx, target: Any, v: Any) -> bool { unsafe { reflect::assign(target, v) } }
    "internal/refl.Swap" => fn swap(cx, v: Any, i: i64, j: i64) -> Result<(), Status> {
        // SAFETY: see above the table.
        match right(v, "Swap", unsafe { reflect::swap(v, i, j) }) {
            Ok(()) => Ok(()),
            Err(trap) => Err(cx.trap(trap)),
        }
    }
}
