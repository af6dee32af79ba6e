//! Interface values: between the two words and memory.
//!
//! Where `RtType::inline` holds, the data word is the value: an integer as its canonical register
//! (sign- or zero-extended), a float's bits, an address. Else it is the address of a copy that
//! nobody writes. A value without leaves has the data word 0.

use super::mem;
use crate::heap::AllocCache;
use crate::heap::barrier::overwriting_values;
use crate::panic::Result;
use crate::rtype::{RtType, Ty};
use crate::value::{Iface, Word, load_uint, store_uint};
use vo_bytecode::typedesc::Mem;

/// The interface value of a value in memory; copies what is not inline. A value of interface
/// type is answered as it is.
///
/// # Safety
/// `addr` holds a value of the type.
pub unsafe fn from_mem(cache: &mut AllocCache, ty: Ty, addr: Word) -> Result<Iface> {
    // SAFETY: handed on.
    unsafe {
        if ty.kind == crate::Kind::Interface {
            return Ok(crate::value::load_iface(addr));
        }
        if ty.inline {
            return Ok(Iface { ty: ty.word(), data: load_inline(&ty, addr) });
        }
        let copy = cache.alloc(ty)?;
        mem::copy(&ty, copy, addr);
        Ok(Iface { ty: ty.word(), data: copy })
    }
}

/// Stores the dynamic value at an address. Nothing happens for nil.
///
/// # Safety
/// The words are an interface value, `dst` has room for a value of its dynamic type.
pub unsafe fn to_mem(value: Iface, dst: Word) {
    // SAFETY: handed on.
    unsafe {
        let Some(ty) = Ty::from_word(value.ty) else { return };
        if ty.inline {
            overwriting_values(ty.layout, dst, ty.size);
            store_inline(&ty, value.data, dst);
        } else {
            mem::copy(&ty, dst, value.data);
        }
    }
}

/// The data word of an inline value in memory.
///
/// # Safety
/// `addr` holds a value of the type, which is inline.
pub unsafe fn load_inline(ty: &RtType, addr: Word) -> Word {
    let Some([leaf]) = ty.leaves.as_deref() else { return 0 };
    // SAFETY: the leaf lies inside the value.
    let bits = unsafe { load_uint(addr + leaf.offset as u64, leaf.mem.size() as u64) };
    match leaf.mem {
        Mem::I8 => bits as i8 as u64,
        Mem::I16 => bits as i16 as u64,
        Mem::I32 => bits as i32 as u64,
        _ => bits,
    }
}

/// Stores an inline value's data word in memory.
///
/// # Safety
/// `dst` has room for a value of the type, which is inline.
pub unsafe fn store_inline(ty: &RtType, data: Word, dst: Word) {
    let Some([leaf]) = ty.leaves.as_deref() else { return };
    // SAFETY: the leaf lies inside the value.
    unsafe { store_uint(dst + leaf.offset as u64, leaf.mem.size() as u64, data) };
}

/// The address of a dynamic value: of the copy, or of `room` after the inline value was stored there.
///
/// # Safety
/// The words are an interface value that is not nil; `room` outlives the use of the answer.
pub unsafe fn address(value: Iface, room: &mut u64) -> Word {
    // SAFETY: a type word; the room holds any inline value.
    unsafe {
        let ty = Ty::from_word(value.ty).expect("internal error: address of a nil interface's value");
        if !ty.inline {
            return value.data;
        }
        let place = &raw mut *room as Word;
        store_inline(&ty, value.data, place);
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RuntimePanic;
    use crate::rtype::{eq_iface, eq_mem, hash_iface, hash_mem};
    use crate::testing::{Types, plain_heap, ty};

    #[test]
    fn boxing_goes_there_and_back() {
        let mut types = Types::default();
        let (int8, f32, string) = (types.int8(), types.float32(), types.string());
        let types = types.load();
        let (_heap, mut cache) = plain_heap(&types);
        // SAFETY: values of the types on the stack.
        unsafe {
            let value = -5i8;
            let boxed = from_mem(&mut cache, ty(&types, int8), &raw const value as u64).unwrap();
            assert_eq!(boxed.data as i64, -5);
            let mut back = 0i8;
            to_mem(boxed, &raw mut back as u64);
            assert_eq!(back, -5);
            let value = 1.5f32;
            let boxed = from_mem(&mut cache, ty(&types, f32), &raw const value as u64).unwrap();
            assert_eq!(boxed.data, 1.5f32.to_bits() as u64);
            let text = ["hello".as_ptr() as u64, 5];
            let boxed = from_mem(&mut cache, ty(&types, string), text.as_ptr() as u64).unwrap();
            assert_ne!(boxed.data, text.as_ptr() as u64);
            let mut back = [0u64; 2];
            to_mem(boxed, back.as_mut_ptr() as u64);
            assert_eq!(back, text);
            let mut room = 0;
            assert_eq!(address(boxed, &mut room), boxed.data);
        }
    }

    #[test]
    fn equality_and_hashes_agree() {
        let mut types = Types::default();
        let (int, f64, any, string) = (types.int(), types.float64(), types.any(), types.string());
        let ints = types.slice(int);
        let pair = types.structure("pair", &[("s", string), ("_", int), ("x", any)]);
        let types = types.load();
        let (int, f64, ints, pair, string) =
            (ty(&types, int), ty(&types, f64), ty(&types, ints), ty(&types, pair), ty(&types, string));
        // SAFETY: words that match their types.
        unsafe {
            let float = |x: f64| x.to_bits();
            assert!(eq_iface(f64.word(), float(0.0), f64.word(), float(-0.0)).unwrap());
            assert_eq!(
                hash_iface(f64.word(), float(0.0), 1).unwrap(),
                hash_iface(f64.word(), float(-0.0), 1).unwrap()
            );
            assert!(!eq_iface(f64.word(), float(f64::NAN), f64.word(), float(f64::NAN)).unwrap());
            assert!(!eq_iface(int.word(), 1, f64.word(), 1).unwrap());
            assert!(eq_iface(0, 0, 0, 0).unwrap());
            let error = eq_iface(ints.word(), 0, ints.word(), 0).unwrap_err();
            assert_eq!(error, RuntimePanic::Uncomparable { ty: ints }.into());
            let (a, b) = ("xyz".to_string(), "xyz".to_string());
            let one = [a.as_ptr() as u64, 3, 111, int.word(), 7];
            let two = [b.as_ptr() as u64, 3, 222, int.word(), 7];
            let (p, q) = (one.as_ptr() as u64, two.as_ptr() as u64);
            assert!(eq_mem(&pair, p, q).unwrap());
            assert_eq!(hash_mem(&pair, p, 9).unwrap(), hash_mem(&pair, q, 9).unwrap());
            assert!(eq_iface(string.word(), p, string.word(), q).unwrap());
            let bad = [a.as_ptr() as u64, 3, 111, ints.word(), 0];
            let error = hash_mem(&pair, bad.as_ptr() as u64, 9).unwrap_err();
            assert_eq!(error, RuntimePanic::Unhashable { ty: ints }.into());
        }
    }
}
