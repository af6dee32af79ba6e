//! Which Rust types stand for which Vo types in host functions.
//!
//! | Rust | Vo |
//! | --- | --- |
//! | `bool`, `i8` … `i64`, `u8` … `u64`, `f32`, `f64` | `bool`, `int8` … `int64`, `uint8` … `uint64`, `float32`, `float64` |
//! | `isize`, `usize` | `int`, `uint` |
//! | `String` | `string`; bytes that are no UTF-8 become U+FFFD on the way to Rust |
//! | `Vec<T>` of these | `[]T`, copied |
//! | `()`, `(A, B)` … as an answer | no results, several results |
//! | `Option<T>` as an answer | `(T, bool)` |
//! | `Result<T, E>` as an answer | the results of `T`, then `error` with `E`'s text |
//!
//! What must stay true: a type's classes are those of the Vo type that it names, and `get` is only given words that stand
//! for that Vo type. Both are seen to in one place: functions are declared from these types alone.

use std::fmt::Display;
use vo_bytecode::Class;
use vo_std::abi::{Slice, Str, Word, str_bytes};
use vo_vm::NativeCx;

/// A Rust type that stands for a Vo type.
pub trait HostValue: Sized + Send + 'static {
    /// The Vo type as a program writes it.
    fn vo_type() -> String;
    /// The classes of its leaf words.
    fn classes() -> Vec<Class>;
    /// From its words.
    #[doc(hidden)]
    fn get(words: &[u64]) -> Self;
    /// Into its words.
    #[doc(hidden)]
    fn put(self, cx: &mut NativeCx<'_>, words: &mut [u64]);
}

/// A plain number, as an element of a slice.
pub trait HostNumber: HostValue {
    /// Bytes of an element.
    #[doc(hidden)]
    const SIZE: usize;
    #[doc(hidden)]
    fn read(bytes: &[u8]) -> Self;
    #[doc(hidden)]
    fn write(self, bytes: &mut Vec<u8>);
}

/// Numbers: the Rust type, the Vo type, and the type whose words and bytes they have.
macro_rules! numbers {
    ($($ty:ty = $vo:literal as $raw:ty;)*) => {
        $(
            impl HostValue for $ty {
                fn vo_type() -> String {
                    $vo.into()
                }
                fn classes() -> Vec<Class> {
                    <$raw as Word>::CLASSES.to_vec()
                }
                fn get(words: &[u64]) -> $ty {
                    <$raw as Word>::get(words) as $ty
                }
                fn put(self, _: &mut NativeCx<'_>, words: &mut [u64]) {
                    Word::put(self as $raw, words);
                }
            }

            impl HostNumber for $ty {
                const SIZE: usize = size_of::<$raw>();
                fn read(bytes: &[u8]) -> $ty {
                    <$raw>::from_ne_bytes(bytes.try_into().expect("one element's bytes")) as $ty
                }
                fn write(self, bytes: &mut Vec<u8>) {
                    bytes.extend((self as $raw).to_ne_bytes());
                }
            }
        )*
    };
}

numbers! {
    i8 = "int8" as i8;
    i16 = "int16" as i16;
    i32 = "int32" as i32;
    i64 = "int64" as i64;
    isize = "int" as i64;
    u8 = "uint8" as u8;
    u16 = "uint16" as u16;
    u32 = "uint32" as u32;
    u64 = "uint64" as u64;
    usize = "uint" as u64;
    f32 = "float32" as f32;
    f64 = "float64" as f64;
}

impl HostValue for bool {
    fn vo_type() -> String {
        "bool".into()
    }
    fn classes() -> Vec<Class> {
        <bool as Word>::CLASSES.to_vec()
    }
    fn get(words: &[u64]) -> bool {
        Word::get(words)
    }
    fn put(self, _: &mut NativeCx<'_>, words: &mut [u64]) {
        Word::put(self, words);
    }
}

impl HostValue for String {
    fn vo_type() -> String {
        "string".into()
    }
    fn classes() -> Vec<Class> {
        Str::CLASSES.to_vec()
    }
    fn get(words: &[u64]) -> String {
        String::from_utf8_lossy(str_bytes(Word::get(words))).into_owned()
    }
    fn put(self, cx: &mut NativeCx<'_>, words: &mut [u64]) {
        cx.string(self.as_bytes()).put(words);
    }
}

impl<T: HostNumber> HostValue for Vec<T> {
    fn vo_type() -> String {
        format!("[]{}", T::vo_type())
    }
    fn classes() -> Vec<Class> {
        Slice::CLASSES.to_vec()
    }
    fn get(words: &[u64]) -> Vec<T> {
        slice_memory(words, T::SIZE).chunks_exact(T::SIZE).map(T::read).collect()
    }
    fn put(self, cx: &mut NativeCx<'_>, words: &mut [u64]) {
        let len = self.len() as u64;
        let mut bytes = Vec::with_capacity(self.len() * T::SIZE);
        self.into_iter().for_each(|number| number.write(&mut bytes));
        // Objects without pointers are alike, and are aligned for every number.
        Slice { len, cap: len, ..cx.byte_slice(&bytes) }.put(words);
    }
}

/// Bytes of a string in memory: its address and its length.
const STRING_SIZE: usize = 16;

impl HostValue for Vec<String> {
    fn vo_type() -> String {
        "[]string".into()
    }
    fn classes() -> Vec<Class> {
        Slice::CLASSES.to_vec()
    }
    fn get(words: &[u64]) -> Vec<String> {
        let word = |bytes: &[u8]| u64::read(bytes);
        let string = |s: &[u8]| String::get(&[word(&s[..8]), word(&s[8..])]);
        slice_memory(words, STRING_SIZE).chunks_exact(STRING_SIZE).map(string).collect()
    }
    fn put(self, cx: &mut NativeCx<'_>, words: &mut [u64]) {
        cx.string_slice(&self).put(words);
    }
}

/// The memory of a slice's elements.
fn slice_memory<'a>(words: &[u64], size: usize) -> &'a [u8] {
    let Slice { ptr, len, .. } = Word::get(words);
    str_bytes(Str { ptr, len: len * size as u64 })
}

/// What a host function answers.
pub trait HostAnswer: Send + 'static {
    /// The Vo types of the results, without the error.
    fn vo_types() -> Vec<String>;
    /// The classes of their words.
    fn classes() -> Vec<Class>;
    /// Whether an error comes last.
    fn fails() -> bool {
        false
    }
    /// Writes the words; answers the error's text where there is one, with the words as they were.
    #[doc(hidden)]
    fn put(self, cx: &mut NativeCx<'_>, words: &mut [u64]) -> Option<String>;
}

impl<T: HostValue> HostAnswer for T {
    fn vo_types() -> Vec<String> {
        vec![T::vo_type()]
    }
    fn classes() -> Vec<Class> {
        T::classes()
    }
    fn put(self, cx: &mut NativeCx<'_>, words: &mut [u64]) -> Option<String> {
        HostValue::put(self, cx, words);
        None
    }
}

impl<T: HostValue> HostAnswer for Option<T> {
    fn vo_types() -> Vec<String> {
        vec![T::vo_type(), bool::vo_type()]
    }
    fn classes() -> Vec<Class> {
        [T::classes(), <bool as HostValue>::classes()].concat()
    }
    fn put(self, cx: &mut NativeCx<'_>, words: &mut [u64]) -> Option<String> {
        if let Some(value) = self {
            let there = words.len() - 1;
            HostValue::put(value, cx, &mut words[..there]);
            words[there] = 1;
        }
        None
    }
}

impl<T: HostAnswer, E: Display + Send + 'static> HostAnswer for Result<T, E> {
    fn vo_types() -> Vec<String> {
        T::vo_types()
    }
    fn classes() -> Vec<Class> {
        T::classes()
    }
    fn fails() -> bool {
        true
    }
    fn put(self, cx: &mut NativeCx<'_>, words: &mut [u64]) -> Option<String> {
        match self {
            Ok(value) => value.put(cx, words),
            Err(error) => Some(error.to_string()),
        }
    }
}

macro_rules! answers {
    ($(($($name:ident $index:tt),*);)*) => {
        $(impl<$($name: HostValue),*> HostAnswer for ($($name,)*) {
            fn vo_types() -> Vec<String> {
                vec![$($name::vo_type()),*]
            }
            fn classes() -> Vec<Class> {
                let each: &[Vec<Class>] = &[$($name::classes()),*];
                each.concat()
            }
            #[allow(unused_variables, unused_mut, unused_assignments)]
            fn put(self, cx: &mut NativeCx<'_>, words: &mut [u64]) -> Option<String> {
                let mut rest = words;
                $(
                    let (now, later) = rest.split_at_mut(<$name as HostValue>::classes().len());
                    HostValue::put(self.$index, cx, now);
                    rest = later;
                )*
                None
            }
        })*
    };
}

answers! { (); (A 0, B 1); (A 0, B 1, C 2); (A 0, B 1, C 2, D 3); }
