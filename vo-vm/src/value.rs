//! Values that the machine itself makes: closures, deferred calls, the errors of run-time panics.
//!
//! ```text
//!   closure    [ function | captured word ... ]
//!   deferred   [ next | function, or CLOSURE | closure | n, ERRDEFER | n argument words ]
//! ```
//!
//! Every word of a deferred call may be an address for the collector.

use crate::machine::Machine;
use crate::memory::Frames;
use vo_runtime::panic::{AssertionError, RuntimePanic, Trap};
use vo_runtime::rtype::Ty;
use vo_runtime::value::{Iface, Str, load_word, store_uint, store_word};

/// The function of a closure.
///
/// # Safety
/// `closure` is a function value that is not nil.
#[inline(always)]
pub(crate) unsafe fn func_of(closure: u64) -> u32 {
    // SAFETY: the first word of a closure is its function's index.
    unsafe { *(closure as *const u64) as u32 }
}

/// The function of a function value; `None` for nil.
///
/// # Safety
/// `closure` is a function value.
pub(crate) unsafe fn closure_func(closure: u64) -> Option<u32> {
    // SAFETY: not nil.
    (closure != 0).then(|| unsafe { func_of(closure) })
}

/// In place of a function's index: the call goes through a closure.
const CLOSURE: u64 = u64::MAX;

/// Beside the number of arguments: the call is one of `errdefer`.
const ERRDEFER: u64 = 1 << 63;

/// A deferred call in a frame's list.
#[derive(Clone, Copy)]
pub(crate) struct Deferred(u64);

impl Deferred {
    /// The first call of a list; `None` for the empty one.
    pub(crate) fn at(list: u64) -> Option<Deferred> {
        (list != 0).then_some(Deferred(list))
    }

    fn word(self, i: usize) -> u64 {
        // SAFETY: a list holds calls that `push` made; they have at least four words, and `arg`
        // stays below the number of arguments.
        unsafe { load_word(self.0 + 8 * i as u64) }
    }

    /// The rest of the list.
    pub(crate) fn next(self) -> u64 {
        self.word(0)
    }

    /// The function to call, and the word that goes before the arguments; `None` where the closure
    /// is nil.
    pub(crate) fn target(self) -> Option<(u32, Option<u64>)> {
        match self.word(1) {
            CLOSURE => {
                let closure = self.word(2);
                // SAFETY: a function value.
                unsafe { closure_func(closure) }.map(|func| (func, Some(closure)))
            }
            func => Some((func as u32, None)),
        }
    }

    /// Number of arguments.
    pub(crate) fn len(self) -> usize {
        (self.word(3) & !ERRDEFER) as usize
    }

    /// Makes the call one of `errdefer`.
    pub(crate) fn mark_errdefer(self) {
        // SAFETY: the word with the number of arguments; no address.
        unsafe { store_word(self.0 + 24, self.word(3) | ERRDEFER) };
    }

    fn is_errdefer(self) -> bool {
        self.word(3) & ERRDEFER != 0
    }

    /// A list without its calls of `errdefer`.
    pub(crate) fn without_errdefers(m: &mut Machine, list: u64) -> u64 {
        let kept = |mut at: u64| {
            while let Some(call) = Deferred::at(at).filter(|call| call.is_errdefer()) {
                at = call.next();
            }
            at
        };
        let first = kept(list);
        let mut last = Deferred::at(first);
        while let Some(call) = last {
            let next = kept(call.next());
            m.store_ptr(call.0, next);
            last = Deferred::at(next);
        }
        first
    }

    /// An argument.
    pub(crate) fn arg(self, i: usize) -> u64 {
        debug_assert!(i < self.len());
        self.word(4 + i)
    }

    /// Puts a call of a function before a list.
    pub(crate) fn push_func(
        m: &mut Machine,
        w: impl Frames,
        list: u64,
        func: u32,
        args: &[u64],
    ) -> Result<u64, Trap> {
        Self::push(m, w, [list, u64::from(func), 0], args)
    }

    /// Puts a call of a closure before a list.
    pub(crate) fn push_closure(
        m: &mut Machine,
        w: impl Frames,
        list: u64,
        closure: u64,
        args: &[u64],
    ) -> Result<u64, Trap> {
        Self::push(m, w, [list, CLOSURE, closure], args)
    }

    fn push(m: &mut Machine, w: impl Frames, head: [u64; 3], args: &[u64]) -> Result<u64, Trap> {
        let at = m.alloc_words(w, 4 + args.len())?;
        let head = [head[0], head[1], head[2], args.len() as u64];
        for (i, word) in head.iter().chain(args).copied().enumerate() {
            // SAFETY: the new object has as many words.
            unsafe { store_word(at + 8 * i as u64, word) };
        }
        Ok(at)
    }
}

/// A new closure of `func` over captured words; `ty` describes its object.
pub(crate) fn new_closure(
    m: &mut Machine,
    w: impl Frames,
    func: u32,
    ty: Ty,
    captures: &[u64],
) -> Result<u64, Trap> {
    let at = m.alloc(w, ty)?;
    // SAFETY: the object's type has a word for the function and one for each capture.
    unsafe {
        store_word(at, u64::from(func));
        for (i, &word) in captures.iter().enumerate() {
            store_word(at + 8 * (i as u64 + 1), word);
        }
    }
    Ok(at)
}

/// The value of a run-time panic: a `runtime.Error`. `None` where the program has no type for it (or
/// no memory is left): the text alone then stands for it.
pub(crate) fn runtime_error(m: &mut Machine, w: impl Frames, panic: RuntimePanic) -> Option<Iface> {
    let ty = m.program().error_type(panic)?;
    m.box_string(w, ty, panic.to_string().as_bytes()).ok()
}

/// An error of the library, whose text is all of its message.
pub(crate) fn plain_error(m: &mut Machine, w: impl Frames, text: &str) -> Option<Iface> {
    let ty = m.program().plain_error?;
    m.box_string(w, ty, text.as_bytes()).ok()
}

/// The value of `panic(nil)`.
pub(crate) fn panic_nil_error(m: &mut Machine, w: impl Frames) -> Option<Iface> {
    let known = m.program().types().known;
    let (ty, object) = (known.panic_nil_error_ptr?, known.panic_nil_error?);
    let data = m.alloc(w, object).ok()?;
    Some(Iface { ty: ty.word(), data })
}

/// The value of a failed type assertion.
pub(crate) fn assertion_error(m: &mut Machine, w: impl Frames, error: &AssertionError) -> Option<Iface> {
    let known = m.program().types().known;
    let (ty, object) = (known.type_assertion_error_ptr?, known.type_assertion_error?);
    let data = m.alloc(w, object).ok()?;
    let texts = [&error.interface, &error.concrete, &error.asserted, &error.missing];
    for (i, text) in texts.into_iter().enumerate() {
        // Not collected in between: the object is reachable from here alone.
        let Str { ptr, len } = m.new_string_now(text.as_bytes()).ok()?;
        m.store_ptr(data + 16 * i as u64, ptr);
        // SAFETY: string `i` of the struct of four strings.
        unsafe { store_word(data + 16 * i as u64 + 8, len) };
    }
    if object.size > 64 {
        // SAFETY: the byte behind the strings: why the types look alike.
        unsafe { store_uint(data + 64, 1, twins(error)) };
    }
    Some(Iface { ty: ty.word(), data })
}

/// Why the types of a failed assertion look alike: 0 they do not, 1 other packages, 2 other scopes.
fn twins(error: &AssertionError) -> u64 {
    match error.note.as_str() {
        "" => 0,
        note if note.contains("packages") => 1,
        _ => 2,
    }
}
