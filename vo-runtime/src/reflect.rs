//! Reflection: questions about boxed values, and stores through boxed pointers.
//!
//! A reflected value is an interface value: its type word names its type. Parts come out boxed again: a
//! part of interface type as what it holds, others with their static type. Parts of what is
//! in a box may share the box, which nobody writes; parts of slices, maps and variables are copied.
//!
//! What does not fit the value's kind answers `None`: whose bug that is, the caller knows. Facts about types
//! (fields, tags, parameters) are read from [`RtType`](crate::RtType) directly.
//!
//! All functions take interface values that are alive; that is the contract of every `unsafe fn`
//! here.

use crate::heap::AllocCache;
use crate::object::{chan, iface, map, mem};
use crate::panic::{Result, RuntimePanic};
use crate::rtype::{Kind, LoadedTypes, RtMethod, Ty};
use crate::value::{
    Iface, Slice, Str, Word, load_iface, load_slice, load_str, load_uint, load_word, store_uint, store_word,
};

/// The dynamic type; `None` for nil.
///
/// # Safety
/// The value is an interface value that is alive.
#[inline]
pub unsafe fn type_of(v: Iface) -> Option<Ty> {
    // SAFETY: a type word.
    unsafe { Ty::from_word(v.ty) }
}

/// Go's number of the dynamic type's kind; 0 for nil.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn kind_of(v: Iface) -> u8 {
    // SAFETY: handed on.
    unsafe { type_of(v) }.map_or(0, |ty| ty.kind as u8)
}

/// The dynamic type as `%T` writes it.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn type_name(v: Iface) -> &'static str {
    // SAFETY: handed on.
    unsafe { type_of(v) }.map_or("<nil>", |ty| ty.descriptor().name.as_str())
}

/// Whether `==` is defined on the dynamic type; true for nil.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn comparable(v: Iface) -> bool {
    // SAFETY: handed on.
    unsafe { type_of(v) }.is_none_or(|ty| ty.comparable)
}

// ---- values by kind ----

/// The bits of an integer kind, extended; of a float kind, as float64; of a pointer-like kind, the address.
unsafe fn scalar(v: Iface, fits: fn(Kind) -> bool) -> Option<(Ty, Word)> {
    // SAFETY: an inline value's word is the value.
    let ty = unsafe { type_of(v) }.filter(|ty| fits(ty.kind))?;
    Some((ty, v.data))
}

fn is_signed(kind: Kind) -> bool {
    matches!(kind, Kind::Int | Kind::Int8 | Kind::Int16 | Kind::Int32 | Kind::Int64)
}

fn is_unsigned(kind: Kind) -> bool {
    matches!(kind, Kind::Uint | Kind::Uint8 | Kind::Uint16 | Kind::Uint32 | Kind::Uint64 | Kind::Uintptr)
}

fn is_float(kind: Kind) -> bool {
    matches!(kind, Kind::Float32 | Kind::Float64)
}

fn is_complex(kind: Kind) -> bool {
    matches!(kind, Kind::Complex64 | Kind::Complex128)
}

/// The value of kind Bool.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn bool_of(v: Iface) -> Option<bool> {
    // SAFETY: handed on.
    unsafe { scalar(v, |k| k == Kind::Bool) }.map(|(_, word)| word as u8 != 0)
}

/// The value of a signed integer kind.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn int_of(v: Iface) -> Option<i64> {
    // SAFETY: handed on.
    unsafe { scalar(v, is_signed) }.map(|(_, word)| word as i64)
}

/// The value of an unsigned integer kind or Uintptr.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn uint_of(v: Iface) -> Option<u64> {
    // SAFETY: handed on.
    unsafe { scalar(v, is_unsigned) }.map(|(_, word)| word)
}

/// The value of a float kind.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn float_of(v: Iface) -> Option<f64> {
    // SAFETY: handed on.
    unsafe { scalar(v, is_float) }.map(|(ty, word)| match ty.kind {
        Kind::Float32 => f32::from_bits(word as u32) as f64,
        _ => f64::from_bits(word),
    })
}

/// The real and imaginary part of a value of complex kind.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn complex_of(v: Iface) -> Option<(f64, f64)> {
    let part = |bits: u64| f32::from_bits(bits as u32) as f64;
    // SAFETY: a complex value is boxed by address.
    unsafe {
        let ty = type_of(v).filter(|ty| is_complex(ty.kind))?;
        Some(match ty.kind {
            Kind::Complex64 => (part(load_uint(v.data, 4)), part(load_uint(v.data + 4, 4))),
            _ => (f64::from_bits(load_word(v.data)), f64::from_bits(load_word(v.data + 8))),
        })
    }
}

/// The value of kind String.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn string_of(v: Iface) -> Option<Str> {
    // SAFETY: a string is boxed by address.
    unsafe {
        type_of(v).filter(|ty| ty.kind == Kind::String)?;
        Some(load_str(v.data))
    }
}

/// The bytes of an array (copied) or slice (shared) with elements of kind Uint8.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn bytes_of(cache: &mut AllocCache, v: Iface) -> Result<Option<Slice>> {
    // SAFETY: a slice is boxed by address; an array's bytes are copied.
    unsafe {
        let Some(ty) = type_of(v).filter(|ty| ty.elem.is_some_and(|e| e.kind == Kind::Uint8)) else {
            return Ok(None);
        };
        match ty.kind {
            Kind::Slice => Ok(Some(load_slice(v.data))),
            Kind::Array => {
                let copy = cache.alloc(ty)?;
                iface::to_mem(v, copy);
                Ok(Some(Slice { ptr: copy, len: ty.len, cap: ty.len }))
            }
            _ => Ok(None),
        }
    }
}

/// Whether the value is nil: itself, or as a channel, function, map, pointer, slice or unsafe.Pointer.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn is_nil(v: Iface) -> bool {
    // SAFETY: a slice is boxed by address, the others inline.
    unsafe {
        let Some(ty) = type_of(v) else { return true };
        match ty.kind {
            Kind::Chan | Kind::Func | Kind::Map | Kind::Pointer | Kind::UnsafePointer => v.data == 0,
            Kind::Slice => load_slice(v.data).ptr == 0,
            _ => false,
        }
    }
}

/// The address in a channel, function, map, pointer, slice or unsafe.Pointer.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn pointer_of(v: Iface) -> Option<Word> {
    // SAFETY: as for `is_nil`.
    unsafe {
        match type_of(v)?.kind {
            Kind::Chan | Kind::Func | Kind::Map | Kind::Pointer | Kind::UnsafePointer => Some(v.data),
            Kind::Slice => Some(load_slice(v.data).ptr),
            _ => None,
        }
    }
}

/// The length of an array, slice, string, map or channel.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn len(v: Iface) -> Option<u64> {
    // SAFETY: slices and strings are boxed by address, maps and channels inline.
    unsafe {
        let ty = type_of(v)?;
        match ty.kind {
            Kind::Array => Some(ty.len),
            Kind::Slice => Some(load_slice(v.data).len),
            Kind::String => Some(load_str(v.data).len),
            Kind::Map => Some(map::len(v.data)),
            Kind::Chan => Some(chan::len(v.data)),
            _ => None,
        }
    }
}

/// The capacity of an array, slice or channel.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn cap(v: Iface) -> Option<u64> {
    // SAFETY: as for `len`.
    unsafe {
        let ty = type_of(v)?;
        match ty.kind {
            Kind::Array => Some(ty.len),
            Kind::Slice => Some(load_slice(v.data).cap),
            Kind::Chan => Some(chan::cap(v.data)),
            _ => None,
        }
    }
}

// ---- parts ----

/// Boxes a part that may share memory which nobody writes.
unsafe fn share(ty: Ty, addr: Word) -> Iface {
    // SAFETY: the caller's address holds a value of the type.
    unsafe {
        match ty.kind {
            Kind::Interface => load_iface(addr),
            _ if ty.inline => Iface { ty: ty.word(), data: iface::load_inline(&ty, addr) },
            _ => Iface { ty: ty.word(), data: addr },
        }
    }
}

/// Element `i` of an array, slice or (as a byte's value is not asked for here) nothing else.
/// Panics where the index is out of range.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn index(cache: &mut AllocCache, v: Iface, i: i64) -> Result<Option<Iface>> {
    // SAFETY: elements lie inside the array or slice.
    unsafe {
        let Some(ty) = type_of(v) else { return Ok(None) };
        let (Some(elem), Some(len)) = (ty.elem, len(v)) else { return Ok(None) };
        if !matches!(ty.kind, Kind::Array | Kind::Slice) {
            return Ok(None);
        }
        if i as u64 >= len {
            return Err(RuntimePanic::Index { index: i, len: len as i64 }.into());
        }
        let offset = i as u64 * elem.size;
        if ty.kind == Kind::Slice {
            return iface::from_mem(cache, elem, load_slice(v.data).ptr + offset).map(Some);
        }
        let mut room = 0;
        Ok(Some(share(elem, iface::address(v, &mut room) + offset)))
    }
}

/// What a pointer points to; `None` where it is nil or no pointer.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn elem(cache: &mut AllocCache, v: Iface) -> Result<Option<Iface>> {
    // SAFETY: a pointer that is not nil leads to a value of its element type.
    unsafe {
        match variable(v) {
            Some((ty, addr)) => iface::from_mem(cache, ty, addr).map(Some),
            None => Ok(None),
        }
    }
}

/// The static element type of an array, channel, map, pointer or slice.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn elem_type(v: Iface) -> Option<Ty> {
    // SAFETY: handed on.
    unsafe { type_of(v)?.elem }
}

/// The static key type of a map.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn key_type(v: Iface) -> Option<Ty> {
    // SAFETY: handed on.
    unsafe { type_of(v)?.key }
}

/// Keys and elements of a map as two `[]any`, pair by pair; both nil for a nil map.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn map_entries(cache: &mut AllocCache, v: Iface) -> Result<Option<(Slice, Slice)>> {
    // SAFETY: a map is boxed inline; entries are read while nobody else changes the map.
    unsafe {
        let Some(ty) = type_of(v).filter(|ty| ty.kind == Kind::Map) else { return Ok(None) };
        if v.data == 0 {
            return Ok(Some((Slice::default(), Slice::default())));
        }
        let shape = ty.map_shape();
        let n = map::len(v.data);
        let layout = cache.heap().types().layouts.intern(2, &[1]);
        let keys = cache.alloc_layout(n * 16, layout)?;
        let elems = cache.alloc_layout(n * 16, layout)?;
        let iter = map::iter(cache, v.data, ty)?;
        let mut i = 0;
        while i < n
            && let Some((key, elem)) = map::next(iter)?
        {
            store_iface(keys + 16 * i, iface::from_mem(cache, shape.key, key)?);
            store_iface(elems + 16 * i, iface::from_mem(cache, shape.elem, elem)?);
            i += 1;
        }
        let slice = |ptr| Slice { ptr, len: i, cap: i };
        Ok(Some((slice(keys), slice(elems))))
    }
}

unsafe fn store_iface(addr: Word, value: Iface) {
    // SAFETY: the caller's address has room.
    unsafe {
        store_word(addr, value.ty);
        store_word(addr + 8, value.data);
    }
}

/// Field `i` of a struct.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn field(v: Iface, i: usize) -> Option<Iface> {
    // SAFETY: fields lie inside the struct, whose box nobody writes.
    unsafe {
        let ty = type_of(v)?;
        let field = ty.descriptor().fields.get(i)?;
        let mut room = 0;
        Some(share(field.ty, iface::address(v, &mut room) + field.offset))
    }
}

/// The method of a type with this name, exported.
pub fn method_named(types: &LoadedTypes, ty: Ty, name: &str) -> Option<RtMethod> {
    let named = |m: &&RtMethod| {
        let selector = &types.selectors[m.selector as usize];
        selector.name == name && selector.pkg.is_empty()
    };
    ty.methods.iter().find(named).copied()
}

// ---- stores ----

/// The type and address of the variable that a pointer leads to; `None` where it is nil or no pointer.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn variable(p: Iface) -> Option<(Ty, Word)> {
    // SAFETY: handed on.
    unsafe {
        let ty = type_of(p).filter(|ty| ty.kind == Kind::Pointer && p.data != 0)?;
        Some((ty.elem_type(), p.data))
    }
}

unsafe fn variable_of(p: Iface, fits: fn(Kind) -> bool) -> Option<(Ty, Word)> {
    // SAFETY: handed on.
    unsafe { variable(p) }.filter(|(ty, _)| fits(ty.kind))
}

/// Stores in the variable of kind Bool that `p` points to; `None` where it points to no such.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn set_bool(p: Iface, x: bool) -> Option<()> {
    // SAFETY: a variable of one byte.
    unsafe { store_uint(variable_of(p, |k| k == Kind::Bool)?.1, 1, x as u64) };
    Some(())
}

/// Stores in a variable of a signed integer kind, cut to its size.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn set_int(p: Iface, x: i64) -> Option<()> {
    // SAFETY: a variable of the type's size.
    unsafe {
        let (ty, addr) = variable_of(p, is_signed)?;
        store_uint(addr, ty.size, x as u64);
    }
    Some(())
}

/// Stores in a variable of an unsigned integer kind or Uintptr, cut to its size.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn set_uint(p: Iface, x: u64) -> Option<()> {
    // SAFETY: a variable of the type's size.
    unsafe {
        let (ty, addr) = variable_of(p, is_unsigned)?;
        store_uint(addr, ty.size, x);
    }
    Some(())
}

/// Stores in a variable of a float kind, rounded to it.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn set_float(p: Iface, x: f64) -> Option<()> {
    // SAFETY: a variable of the type's size.
    unsafe {
        let (ty, addr) = variable_of(p, is_float)?;
        store_float(addr, ty.size, x);
    }
    Some(())
}

/// Stores in a variable of a complex kind, rounded to it.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn set_complex(p: Iface, re: f64, im: f64) -> Option<()> {
    // SAFETY: a variable of two floats.
    unsafe {
        let (ty, addr) = variable_of(p, is_complex)?;
        store_float(addr, ty.size / 2, re);
        store_float(addr + ty.size / 2, ty.size / 2, im);
    }
    Some(())
}

unsafe fn store_float(addr: Word, size: u64, x: f64) {
    let bits = if size == 4 { (x as f32).to_bits() as u64 } else { x.to_bits() };
    // SAFETY: the caller's address has room for a float of this size.
    unsafe { store_uint(addr, size, bits) }
}

/// Stores in a variable of kind String.
///
/// # Safety
/// As for [`type_of`]; the string is alive.
pub unsafe fn set_string(p: Iface, x: Str) -> Option<()> {
    // SAFETY: a variable of two words.
    unsafe {
        let (_, addr) = variable_of(p, |k| k == Kind::String)?;
        store_word(addr, x.ptr);
        store_word(addr + 8, x.len);
    }
    Some(())
}

/// Stores in a variable of a slice type with elements of kind Uint8.
///
/// # Safety
/// As for [`type_of`]; the slice is alive.
pub unsafe fn set_bytes(p: Iface, x: Slice) -> Option<()> {
    // SAFETY: a variable of three words.
    unsafe {
        let (ty, addr) = variable_of(p, |k| k == Kind::Slice)?;
        if ty.elem_type().kind != Kind::Uint8 {
            return None;
        }
        store_word(addr, x.ptr);
        store_word(addr + 8, x.len);
        store_word(addr + 16, x.cap);
    }
    Some(())
}

/// Stores `v` in the variable that `target` points to, where its type allows; whether it did.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn assign(target: Iface, v: Iface) -> bool {
    // SAFETY: the variable has room for a value of its type.
    unsafe {
        let (Some((ty, addr)), Some(dynamic)) = (variable(target), type_of(v)) else { return false };
        if ty == dynamic {
            iface::to_mem(v, addr);
        } else if ty.kind == Kind::Interface && dynamic.implements(ty) {
            store_iface(addr, v);
        } else {
            return false;
        }
        true
    }
}

/// Exchanges two elements of a slice; `None` for what is no slice. Panics where an index is out of range.
///
/// # Safety
/// As for [`type_of`].
pub unsafe fn swap(v: Iface, i: i64, j: i64) -> Option<Result<()>> {
    // SAFETY: a slice is boxed by address; both elements lie inside.
    unsafe {
        let ty = type_of(v).filter(|ty| ty.kind == Kind::Slice)?;
        let (slice, elem) = (load_slice(v.data), ty.elem_type());
        for at in [i, j] {
            if at as u64 >= slice.len {
                return Some(Err(RuntimePanic::Index { index: at, len: slice.len as i64 }.into()));
            }
        }
        let place = |at: i64| slice.ptr + at as u64 * elem.size;
        mem::swap(&elem, place(i), place(j));
        Some(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Types, heap, ty};

    #[test]
    fn values_are_taken_apart() {
        let mut t = Types::default();
        let (int, int8, f32, string, any) = (t.int(), t.int8(), t.float32(), t.string(), t.any());
        let point = t.structure("main.P", &[("X", int8), ("s", string), ("any", any), ("f", f32)]);
        let array = t.array(int8, 3);
        let (slice, pointer, ints) = (t.slice(string), t.ptr(point), t.map(int, string));
        let types = t.load();
        let (_heap, mut cache) = heap(&types);
        let get = |id| ty(&types, id);
        // SAFETY: values of the types.
        unsafe {
            let value = [0xFEu64, "hi".as_ptr() as u64, 2, get(int).word(), 77, 1.5f32.to_bits() as u64];
            let p = iface::from_mem(&mut cache, get(point), value.as_ptr() as u64).unwrap();
            assert_eq!((kind_of(p), type_name(p)), (25, "main.P"));
            assert_eq!(int_of(field(p, 0).unwrap()), Some(-2));
            let s = string_of(field(p, 1).unwrap()).unwrap();
            assert_eq!((s.len, s.ptr), (2, "hi".as_ptr() as u64));
            assert_eq!(int_of(field(p, 2).unwrap()), Some(77), "an interface comes out as what it holds");
            assert_eq!(float_of(field(p, 3).unwrap()), Some(1.5));
            assert_eq!(field(p, 4), None);
            assert_eq!((int_of(p), len(p)), (None, None));
            let a = iface::from_mem(&mut cache, get(array), [1i8, 2, -3].as_ptr() as u64).unwrap();
            assert_eq!(int_of(index(&mut cache, a, 2).unwrap().unwrap()), Some(-3));
            assert!(index(&mut cache, a, 3).is_err());
            let texts = ["b".as_ptr() as u64, 1, "a".as_ptr() as u64, 1];
            let words = [texts.as_ptr() as u64, 2, 2];
            let sl = iface::from_mem(&mut cache, get(slice), words.as_ptr() as u64).unwrap();
            swap(sl, 0, 1).unwrap().unwrap();
            assert_eq!(
                string_of(index(&mut cache, sl, 0).unwrap().unwrap()).unwrap().ptr,
                "a".as_ptr() as u64
            );
            assert!(swap(sl, 0, 2).unwrap().is_err());
            let m = map::new(&mut cache, get(ints), 0).unwrap();
            map::set_int(&mut cache, m, 5, get(ints)).unwrap();
            let boxed = Iface { ty: get(ints).word(), data: m };
            let (keys, values) = map_entries(&mut cache, boxed).unwrap().unwrap();
            assert_eq!(
                (keys.len, int_of(load_iface(keys.ptr)), string_of(load_iface(values.ptr)).unwrap().len),
                (1, Some(5), 0)
            );
            let to = Iface { ty: get(pointer).word(), data: value.as_ptr() as u64 };
            assert_eq!(elem_type(to), Some(get(point)));
            let copy = elem(&mut cache, to).unwrap().unwrap();
            assert_eq!(int_of(field(copy, 0).unwrap()), Some(-2));
            assert!(
                is_nil(Iface::default()) && is_nil(Iface { ty: get(pointer).word(), data: 0 }) && !is_nil(to)
            );
            assert_eq!(type_name(Iface::default()), "<nil>");
        }
    }

    #[test]
    fn variables_are_set_through_pointers() {
        let mut t = Types::default();
        let (int8, f32, any, uint8) = (t.int8(), t.float32(), t.any(), t.uint8());
        let bytes = t.slice(uint8);
        let (pi, pf, pa, pb) = (t.ptr(int8), t.ptr(f32), t.ptr(any), t.ptr(bytes));
        let types = t.load();
        let get = |id| ty(&types, id);
        let pointer = |id, room: &mut [u64; 3]| Iface { ty: get(id).word(), data: room.as_mut_ptr() as u64 };
        // SAFETY: pointers to room enough.
        unsafe {
            let mut room = [0u64; 3];
            set_int(pointer(pi, &mut room), -1).unwrap();
            assert_eq!(room[0], 0xFF);
            assert_eq!(set_uint(pointer(pi, &mut room), 1), None);
            set_float(pointer(pf, &mut room), 0.1).unwrap();
            assert_eq!(room[0] as u32, 0.1f32.to_bits());
            set_bytes(pointer(pb, &mut room), Slice { ptr: 1, len: 2, cap: 3 }).unwrap();
            assert_eq!(room, [1, 2, 3]);
            let value = Iface { ty: get(int8).word(), data: 5 };
            assert!(assign(pointer(pa, &mut room), value));
            assert_eq!(room[..2], [value.ty, 5]);
            assert!(assign(pointer(pi, &mut room), value));
            assert!(!assign(pointer(pf, &mut room), value));
            assert!(!assign(Iface { ty: get(pi).word(), data: 0 }, value));
        }
    }
}
