//! How natives see words: arguments and results as Rust values.
//!
//! A native is declared with [`natives!`] as a function of Rust types; the macro
//! makes the door that the machine calls, which takes the parameters' leaf words
//! apart and puts the results' together. What must stay true: a type's `WORDS` is
//! the number of leaf registers of the Vo type it stands for, and `CLASSES` are
//! theirs. The machine compares them with the declaration when it loads a program.

use vo_bytecode::{Class, Status};
pub use vo_runtime::value::{Iface as Any, Slice, Str};
use vo_vm::Classes;

/// An address of Vo memory, or nil.
#[derive(Clone, Copy, Debug)]
pub struct Ptr(pub u64);

/// A value that travels as leaf words.
pub trait Word: Sized {
    /// How many.
    const WORDS: usize = Self::CLASSES.count();
    /// Of which classes.
    const CLASSES: Classes;
    /// From exactly `WORDS` words.
    fn get(words: &[u64]) -> Self;
    /// Into exactly `WORDS` words.
    fn put(self, words: &mut [u64]);
}

macro_rules! word_types {
    ($($ty:ty: $class:ident, $get:expr, $put:expr;)*) => {
        $(#[allow(clippy::redundant_closure_call)]
        impl Word for $ty {
            const CLASSES: Classes = Classes::of(&[Class::$class]);
            #[inline]
            fn get(words: &[u64]) -> $ty {
                let get: fn(u64) -> $ty = $get;
                get(words[0])
            }
            #[inline]
            fn put(self, words: &mut [u64]) {
                let put: fn($ty) -> u64 = $put;
                words[0] = put(self);
            }
        })*
    };
}

word_types! {
    bool: Int, |w| w != 0, |v| v as u64;
    i8: Int, |w| w as i8, |v| v as i64 as u64;
    u8: Int, |w| w as u8, |v| v as u64;
    i16: Int, |w| w as i16, |v| v as i64 as u64;
    u16: Int, |w| w as u16, |v| v as u64;
    i32: Int, |w| w as i32, |v| v as i64 as u64;
    u32: Int, |w| w as u32, |v| v as u64;
    i64: Int, |w| w as i64, |v| v as u64;
    u64: Int, |w| w, |v| v;
    f32: F32, |w| f32::from_bits(w as u32), |v| v.to_bits() as u64;
    f64: F64, f64::from_bits, f64::to_bits;
}

impl Word for Ptr {
    const CLASSES: Classes = Classes::of(&[Class::Ptr]);
    fn get(words: &[u64]) -> Ptr {
        Ptr(words[0])
    }
    fn put(self, words: &mut [u64]) {
        words[0] = self.0;
    }
}

impl Word for Str {
    const CLASSES: Classes = Classes::of(&[Class::Ptr, Class::Int]);
    fn get(words: &[u64]) -> Str {
        Str { ptr: words[0], len: words[1] }
    }
    fn put(self, words: &mut [u64]) {
        words.copy_from_slice(&[self.ptr, self.len]);
    }
}

impl Word for Slice {
    const CLASSES: Classes = Classes::of(&[Class::Ptr, Class::Int, Class::Int]);
    fn get(words: &[u64]) -> Slice {
        Slice { ptr: words[0], len: words[1], cap: words[2] }
    }
    fn put(self, words: &mut [u64]) {
        words.copy_from_slice(&[self.ptr, self.len, self.cap]);
    }
}

impl Word for Any {
    const CLASSES: Classes = Classes::of(&[Class::Int, Class::Any]);
    fn get(words: &[u64]) -> Any {
        Any { ty: words[0], data: words[1] }
    }
    fn put(self, words: &mut [u64]) {
        words.copy_from_slice(&[self.ty, self.data]);
    }
}

/// The bytes of a string, which never change.
///
/// They are alive while the native's arguments are: until it returns, or its
/// completion has run.
pub fn str_bytes<'a>(s: Str) -> &'a [u8] {
    if s.len == 0 {
        return &[];
    }
    // SAFETY: the module's types say that a string stands here; its bytes do not move or change.
    unsafe { std::slice::from_raw_parts(s.ptr as *const u8, s.len as usize) }
}

/// The bytes of a `[]byte` to be read. A racing program may write them meanwhile, as in Go.
pub fn slice_bytes<'a>(s: Slice) -> &'a [u8] {
    str_bytes(Str { ptr: s.ptr, len: s.len })
}

/// A complex128.
#[derive(Clone, Copy, Debug)]
pub struct Complex(pub f64, pub f64);

impl Word for Complex {
    const CLASSES: Classes = Classes::of(&[Class::F64, Class::F64]);
    fn get(words: &[u64]) -> Complex {
        Complex(f64::from_bits(words[0]), f64::from_bits(words[1]))
    }
    fn put(self, words: &mut [u64]) {
        words.copy_from_slice(&[self.0.to_bits(), self.1.to_bits()]);
    }
}

impl Word for () {
    const CLASSES: Classes = Classes::NONE;
    fn get(_: &[u64]) {}
    fn put(self, _: &mut [u64]) {}
}

macro_rules! word_tuples {
    ($(($($name:ident $index:tt),*))*) => {
        $(impl<$($name: Word),*> Word for ($($name,)*) {
            const CLASSES: Classes = Classes::NONE$(.and($name::CLASSES))*;
            fn get(words: &[u64]) -> Self {
                let mut at = 0;
                ($({ at += $name::WORDS; $name::get(&words[at - $name::WORDS..at]) },)*)
            }
            fn put(self, words: &mut [u64]) {
                let mut at = 0;
                $(self.$index.put(&mut words[at..at + $name::WORDS]); at += $name::WORDS;)*
                let _ = at;
            }
        })*
    };
}

word_tuples! { (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) }

/// What a native's body may be: a value, a status (where it has no results, or leaves
/// them to a completion), or a value or the status that it ended with.
pub trait Answer {
    /// Classes of the results.
    const RESULTS: Classes;
    /// Delivers the results.
    fn deliver(self, results: &mut [u64]) -> Status;
}

impl<T: Word> Answer for T {
    const RESULTS: Classes = T::CLASSES;

    #[inline]
    fn deliver(self, results: &mut [u64]) -> Status {
        self.put(results);
        Status::Ok
    }
}

impl Answer for Status {
    const RESULTS: Classes = Classes::NONE;

    #[inline]
    fn deliver(self, _: &mut [u64]) -> Status {
        self
    }
}

impl<T: Word> Answer for Result<T, Status> {
    const RESULTS: Classes = T::CLASSES;

    #[inline]
    fn deliver(self, results: &mut [u64]) -> Status {
        match self {
            Ok(value) => value.deliver(results),
            Err(status) => status,
        }
    }
}

/// Declares the natives of a package.
///
/// `"pkg.Name" => fn name(cx, a: i64, b: Str) -> i64 { body }`; `cx` is the
/// `&mut NativeCx`. The module gets a table `NATIVES` of names, doors and signatures.
#[macro_export]
macro_rules! natives {
    ($($(#[$attr:meta])* $vo:literal => fn $name:ident($cx:ident $(, $arg:ident: $ty:ty)* $(,)?) $(-> $ret:ty)? $body:block)*) => {
        $(
            $(#[$attr])*
            #[allow(unused_variables, unused_mut, unused_assignments, clippy::too_many_arguments)]
            fn $name(
                $cx: &mut vo_vm::native::NativeCx<'_>,
                args: &[u64],
                results: &mut [u64],
            ) -> vo_bytecode::Status {
                let mut at = 0;
                $(
                    let words = <$ty as $crate::abi::Word>::WORDS;
                    let $arg = <$ty as $crate::abi::Word>::get(&args[at..at + words]);
                    at += words;
                )*
                let answer $(: $ret)? = $body;
                $crate::abi::Answer::deliver(answer, results)
            }
        )*

        /// The package's natives.
        pub const NATIVES: &[(&str, vo_vm::Native)] = &[$(
            ($vo, $crate::native!($name($($ty),*) $(-> $ret)?)),
        )*];
    };
}

/// A native with its signature, written in Rust types: `native!(door(i64, Slice) -> (i64, i64))`.
#[macro_export]
macro_rules! native {
    ($door:ident($($ty:ty),*)) => { $crate::native!($door($($ty),*) -> ()) };
    ($door:ident($($ty:ty),*) -> $ret:ty) => {
        vo_vm::Native {
            run: $door,
            params: vo_vm::Classes::NONE$(.and(<$ty as $crate::abi::Word>::CLASSES))*,
            results: <$ret as $crate::abi::Answer>::RESULTS,
        }
    };
}
