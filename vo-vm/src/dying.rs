//! The end of a fiber whose panic nobody recovered: the texts of its panics, which may need the
//! program's own `Error` and `String` methods, then the report and the end of the program.
//!
//! The methods run as ordinary calls of the fiber, whose stack is empty by now. A panic in
//! one of them is fatal.

use crate::end::{Fatal, IslandEnd, Reason};
use crate::interp::{Exit, Transfer};
use crate::machine::Machine;
use crate::report;
use crate::unwind;
use crate::window::{Bottom, Window};
use vo_bytecode::Reg;
use vo_runtime::rtype::Ty;

/// Starts with the newest panic.
#[cold]
pub(crate) fn begin(m: &mut Machine) -> Transfer {
    let panics = m.fiber_mut().panics();
    for i in 1..panics.stack.len() {
        let (older, newer) = (&panics.stack[i - 1], &panics.stack[i]);
        let same = older.ty == newer.ty && older.data == newer.data && !older.goexit && !newer.goexit;
        panics.stack[i - 1].repanicked = same;
    }
    panics.dying = Some(panics.stack.len());
    next(m)
}

/// Calls the method that gives the next older panic its text; ends the program after the last.
fn next(m: &mut Machine) -> Transfer {
    loop {
        let panics = m.fiber_mut().panics();
        let at = panics.dying.unwrap_or(0);
        let Some(at) = at.checked_sub(1) else { return end(m) };
        panics.dying = Some(at);
        let panic = &panics.stack[at];
        let (ty, data) = (panic.ty, panic.data);
        if let Some(func) = text_method(m, ty) {
            return enter(m, func, data);
        }
    }
}

/// The function that turns a value into its text: `Error`, else `String`.
fn text_method(m: &Machine, ty: u64) -> Option<u32> {
    // SAFETY: the type word of a panic's value, or 0.
    let ty = unsafe { Ty::from_word(ty) }?;
    let program = m.program();
    [program.error_method, program.string_method].into_iter().flatten().find_map(|s| ty.method(s))
}

fn enter(m: &mut Machine, func: u32, data: u64) -> Transfer {
    let code = m.program_ref().code(func);
    // SAFETY: the fiber has no frames, so its activation starts at the floor.
    let new = unsafe { Window::at(m.floor) };
    new.set_header(code, std::ptr::null_mut(), std::ptr::null(), 0, Bottom::Fiber);
    new.set(Reg(0), data);
    new.clear_slots(code);
    Transfer::Go(new, code.start)
}

/// A method has returned: its string is in the return buffer.
pub(crate) fn text_is_there(m: &mut Machine) -> Transfer {
    let text = match m.ret[..] {
        [ptr, len, ..] if len != 0 => {
            // SAFETY: the method's result is a string, which is alive: it has just been returned.
            unsafe { std::slice::from_raw_parts(ptr as *const u8, len as usize) }.to_vec()
        }
        _ => Vec::new(),
    };
    let panics = m.fiber_mut().panics();
    let at = panics.dying.expect("internal error: a text for no panic");
    panics.stack[at].text = Some(text);
    next(m)
}

/// A method has panicked.
pub(crate) fn panicked_again(m: &mut Machine) -> Transfer {
    let panics = m.fiber_mut().panics();
    let top = panics.stack.last().expect("internal error: unwinding without a panic");
    let (ty, data) = (top.ty, top.data);
    let what = report::why_printing_failed(ty, data);
    unwind::fatal(m, None, Fatal::Text(format!("panic while printing panic value: {what}")))
}

fn end(m: &mut Machine) -> Transfer {
    let trace = report::uncaught_panic(m);
    let text = report::panic_text(m);
    m.end_island(IslandEnd { reason: Reason::Panicked, text, trace });
    Transfer::Exit(Exit::Finished)
}
