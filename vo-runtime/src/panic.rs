//! Run-time panics and fatal errors: what they are, and the texts that users see (those of Go 1.27).
//!
//! A *panic* is a Vo value and may be recovered; a *fatal error* ends the island. Operations of
//! this crate answer `Result<T>` with a [`Trap`].
//!
//! Two families of panics exist in Go: errors whose text begins with "runtime error: " and plain
//! ones without it ([`RuntimePanic::is_plain`]); both implement `runtime.Error`. Failed
//! type assertions are a type of their own ([`AssertionError`]).
//!
//! Compiled code names a panic by number and two operands: [`RuntimePanic::from_code`].

use crate::rtype::{Kind, LoadedTypes, Ty};
use std::fmt::{self, Write};

/// The result of an operation that may panic.
pub type Result<T> = std::result::Result<T, Trap>;

/// Why an operation did not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    /// A panic of the fiber.
    Panic(RuntimePanic),
    /// The end of the island.
    Fatal(Fatal),
}

impl From<RuntimePanic> for Trap {
    fn from(panic: RuntimePanic) -> Trap {
        Trap::Panic(panic)
    }
}

impl From<Fatal> for Trap {
    fn from(fatal: Fatal) -> Trap {
        Trap::Fatal(fatal)
    }
}

/// Errors that cannot be recovered; printed as "fatal error: " and the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fatal {
    ConcurrentMapWrites,
    ConcurrentMapReadWrite,
    ConcurrentMapIterWrite,
    /// The operating system, or the island's limit, refuses so many bytes.
    OutOfMemory(u64),
    /// What lives after a collection is more than the island may have, in bytes.
    OverLimit {
        live: u64,
        limit: u64,
    },
    StringTooLong,
}

impl fmt::Display for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fatal::ConcurrentMapWrites => f.write_str("concurrent map writes"),
            Fatal::ConcurrentMapReadWrite => f.write_str("concurrent map read and map write"),
            Fatal::ConcurrentMapIterWrite => f.write_str("concurrent map iteration and map write"),
            Fatal::OutOfMemory(bytes) => {
                write!(f, "out of memory: cannot allocate {bytes}-byte block")
            }
            Fatal::OverLimit { live, limit } => {
                write!(f, "out of memory: {live} bytes are in use, the island may have {limit}")
            }
            Fatal::StringTooLong => f.write_str("string concatenation too long"),
        }
    }
}

macro_rules! runtime_panics {
    ($($name:ident = $code:literal ( $($field:ident : $ty:ident),* ) $doc:literal;)*) => {
        /// A panic that the machine raises. The numbers of [`RuntimePanic::code`] are fixed:
        /// compiled code and the callback `panic_runtime` use them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum RuntimePanic {
            $(#[doc = $doc] $name { $($field: $ty),* },)*
        }

        impl RuntimePanic {
            /// The number of this kind of panic.
            pub fn code(self) -> u64 {
                match self { $(RuntimePanic::$name { .. } => $code,)* }
            }

            /// The panic with this number and operands, in the order of the fields; `None` for
            /// a number that no panic has.
            ///
            /// # Safety
            /// Where a field is a type, the operand is a type word.
            pub unsafe fn from_code(code: u64, a: u64, b: u64) -> Option<RuntimePanic> {
                let mut operands = [a, b].into_iter();
                let mut next = move || operands.next().unwrap_or(0);
                let _ = &mut next;
                Some(match code {
                    // SAFETY: a type's operand is a type word by the contract.
                    $($code => RuntimePanic::$name { $($field: unsafe { <$ty as Operand>::take(next()) }),* },)*
                    _ => return None,
                })
            }
        }
    };
}

/// How an operand word of [`RuntimePanic::from_code`] becomes a field.
trait Operand {
    /// # Safety
    /// For a type: the word is a type word.
    unsafe fn take(word: u64) -> Self;
}

impl Operand for i64 {
    unsafe fn take(word: u64) -> i64 {
        word as i64
    }
}

impl Operand for Ty {
    unsafe fn take(word: u64) -> Ty {
        // SAFETY: a type word by the contract; nil cannot be, since no such panic has a nil type.
        unsafe { Ty::from_word(word).expect("internal error: panic about a nil type") }
    }
}

runtime_panics! {
    NilDereference = 0 () "A nil pointer was followed.";
    DivideByZero = 1 () "An integer was divided by zero.";
    NegativeShift = 2 () "A shift count was negative.";
    Index = 3 (index: i64, len: i64) "An index was out of range.";
    SliceAlen = 4 (hi: i64, len: i64) "`s[:hi]` of a string or an array beyond its length.";
    SliceAcap = 5 (hi: i64, cap: i64) "`s[:hi]` of a slice beyond its capacity.";
    SliceB = 6 (lo: i64, hi: i64) "`s[lo:hi]` with lo above hi.";
    Slice3Alen = 7 (max: i64, len: i64) "`s[::max]` of an array beyond its length.";
    Slice3Acap = 8 (max: i64, cap: i64) "`s[::max]` of a slice beyond its capacity.";
    Slice3B = 9 (hi: i64, max: i64) "`s[:hi:max]` with hi above max.";
    Slice3C = 10 (lo: i64, hi: i64) "`s[lo:hi:]` with lo above hi.";
    SliceToArray = 11 (want: i64, len: i64) "A slice was too short for the array.";
    MakeSliceLen = 12 () "make([]T, n) with a bad n.";
    MakeSliceCap = 13 () "make([]T, n, m) with a bad m.";
    GrowSlice = 14 () "A slice would grow beyond the address space.";
    MakeChan = 15 () "make(chan T, n) with a bad n.";
    SendOnClosed = 16 () "A send on a closed channel.";
    CloseNil = 17 () "close(nil).";
    CloseClosed = 18 () "close of a closed channel.";
    NilMapAssign = 19 () "An assignment to an entry of a nil map.";
    Unhashable = 20 (ty: Ty) "A map key whose dynamic type has no equality.";
    Uncomparable = 21 (ty: Ty) "Equal interface types without equality.";
    UnsafeSliceLen = 22 () "unsafe.Slice with a bad length.";
    UnsafeStringLen = 23 () "unsafe.String with a bad length.";
    UnsafeSliceNil = 24 () "unsafe.Slice of nil with a length.";
    UnsafeStringNil = 25 () "unsafe.String of nil with a length.";
    UnreachableMethod = 26 () "A method was called whose code was left out of the program.";
    UnhashableAbsent = 27 (ty: Ty) "As Unhashable, where the map has no entries: Go words this one otherwise.";
    MakePort = 28 () "make(port T, n) with n below 1, or beyond all memory.";
    MakeIsland = 29 () "make(island, n) with n below 1.";
    GoNilIsland = 30 () "go @(nil).";
    GoEndedIsland = 31 () "go @ of an island that has ended.";
    SendOnClosedPort = 32 () "A send on a closed port.";
    CloseNilPort = 33 () "close of a nil port.";
    CloseClosedPort = 34 () "close of a closed port.";
}

impl RuntimePanic {
    /// Whether the error's text is the message alone, without "runtime error: " before it.
    pub fn is_plain(self) -> bool {
        use RuntimePanic::*;
        matches!(
            self,
            MakeChan {}
                | SendOnClosed {}
                | CloseNil {}
                | CloseClosed {}
                | NilMapAssign {}
                | UnreachableMethod {}
                | UnhashableAbsent { .. }
                | MakePort {}
                | MakeIsland {}
                | GoNilIsland {}
                | GoEndedIsland {}
                | SendOnClosedPort {}
                | CloseNilPort {}
                | CloseClosedPort {}
        )
    }

    /// The text of the error value: what its `Error` method answers.
    pub fn error_text(self) -> String {
        if self.is_plain() { self.to_string() } else { format!("runtime error: {self}") }
    }
}

/// Bounds errors name a negative index without the length.
fn bounds(f: &mut fmt::Formatter<'_>, x: i64, negative: &[&str; 2], full: fmt::Arguments<'_>) -> fmt::Result {
    if x < 0 {
        return write!(f, "{}{x}{}", negative[0], negative[1]);
    }
    f.write_fmt(full)
}

/// The message without "runtime error: ".
impl fmt::Display for RuntimePanic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use RuntimePanic::*;
        const RANGE: &str = "slice bounds out of range ";
        match *self {
            NilDereference {} => f.write_str("invalid memory address or nil pointer dereference"),
            DivideByZero {} => f.write_str("integer divide by zero"),
            NegativeShift {} => f.write_str("negative shift amount"),
            Index { index: i, len } => bounds(
                f,
                i,
                &["index out of range [", "]"],
                format_args!("index out of range [{i}] with length {len}"),
            ),
            SliceAlen { hi, len } => bounds(
                f,
                hi,
                &["slice bounds out of range [:", "]"],
                format_args!("{RANGE}[:{hi}] with length {len}"),
            ),
            SliceAcap { hi, cap } => bounds(
                f,
                hi,
                &["slice bounds out of range [:", "]"],
                format_args!("{RANGE}[:{hi}] with capacity {cap}"),
            ),
            SliceB { lo, hi } => {
                bounds(f, lo, &["slice bounds out of range [", ":]"], format_args!("{RANGE}[{lo}:{hi}]"))
            }
            Slice3Alen { max, len } => bounds(
                f,
                max,
                &["slice bounds out of range [::", "]"],
                format_args!("{RANGE}[::{max}] with length {len}"),
            ),
            Slice3Acap { max, cap } => bounds(
                f,
                max,
                &["slice bounds out of range [::", "]"],
                format_args!("{RANGE}[::{max}] with capacity {cap}"),
            ),
            Slice3B { hi, max } => {
                bounds(f, hi, &["slice bounds out of range [:", ":]"], format_args!("{RANGE}[:{hi}:{max}]"))
            }
            Slice3C { lo, hi } => {
                bounds(f, lo, &["slice bounds out of range [", "::]"], format_args!("{RANGE}[{lo}:{hi}:]"))
            }
            SliceToArray { want, len } => write!(
                f,
                "cannot convert slice with length {len} to array or pointer to array with length {want}"
            ),
            MakeSliceLen {} => f.write_str("makeslice: len out of range"),
            MakeSliceCap {} => f.write_str("makeslice: cap out of range"),
            GrowSlice {} => f.write_str("growslice: len out of range"),
            MakeChan {} => f.write_str("makechan: size out of range"),
            SendOnClosed {} => f.write_str("send on closed channel"),
            CloseNil {} => f.write_str("close of nil channel"),
            CloseClosed {} => f.write_str("close of closed channel"),
            NilMapAssign {} => f.write_str("assignment to entry in nil map"),
            Unhashable { ty } => write!(f, "hash of unhashable type {}", ty.name),
            UnhashableAbsent { ty } => write!(f, "hash of unhashable type: {}", ty.name),
            Uncomparable { ty } => write!(f, "comparing uncomparable type {}", ty.name),
            UnsafeSliceLen {} => f.write_str("unsafe.Slice: len out of range"),
            UnsafeStringLen {} => f.write_str("unsafe.String: len out of range"),
            UnsafeSliceNil {} => f.write_str("unsafe.Slice: ptr is nil and len is not zero"),
            UnsafeStringNil {} => f.write_str("unsafe.String: ptr is nil and len is not zero"),
            MakePort {} => f.write_str("makeport: capacity out of range"),
            MakeIsland {} => f.write_str("makeisland: number of workers out of range"),
            GoNilIsland {} => f.write_str("go on nil island"),
            GoEndedIsland {} => f.write_str("go on ended island"),
            SendOnClosedPort {} => f.write_str("send on closed port"),
            CloseNilPort {} => f.write_str("close of nil port"),
            CloseClosedPort {} => f.write_str("close of closed port"),
            UnreachableMethod {} => {
                f.write_str("internal error: a method was called that the program left out")
            }
        }
    }
}

/// The contents of a `*runtime.TypeAssertionError`: names of types, and the method that lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssertionError {
    /// The static interface type; empty where an interface was asked for.
    pub interface: String,
    /// The dynamic type; empty for nil.
    pub concrete: String,
    /// The type that was asked for.
    pub asserted: String,
    /// A method that the dynamic type lacks; empty where a concrete type was asked for.
    pub missing: String,
    /// Two different types of the same name: " (types from different packages)", or scopes.
    pub note: String,
}

impl AssertionError {
    /// What happened when a value of dynamic type `ty` (`None`: nil), held in an interface of type
    /// `from`, was asserted to be `to`.
    pub fn new(types: &LoadedTypes, ty: Option<Ty>, from: Ty, to: Ty) -> AssertionError {
        // Asked for an interface, nil is not said to be nil of some type.
        let interface = if to.kind == Kind::Interface { String::new() } else { from.name.to_string() };
        let mut error =
            AssertionError { interface, asserted: to.name.to_string(), ..AssertionError::default() };
        let Some(ty) = ty else { return error };
        error.concrete = ty.name.to_string();
        if to.kind == Kind::Interface {
            if let Some(selector) = types.missing_method(ty, to) {
                error.missing = types.selectors[selector as usize].name.clone();
            }
        } else if ty.name == to.name {
            let what = if ty.pkg != to.pkg { "packages" } else { "scopes" };
            error.note = format!(" (types from different {what})");
        }
        error
    }

    /// The text of the error.
    pub fn text(&self) -> String {
        let mut text = String::from("interface conversion: ");
        let interface = if self.interface.is_empty() { "interface" } else { &self.interface };
        // Writing to a string does not fail.
        let _ = if self.concrete.is_empty() {
            write!(text, "{interface} is nil, not {}", self.asserted)
        } else if self.missing.is_empty() {
            write!(text, "{interface} is {}, not {}{}", self.concrete, self.asserted, self.note)
        } else {
            write!(text, "{} is not {}: missing method {}", self.concrete, self.asserted, self.missing)
        };
        text
    }
}
