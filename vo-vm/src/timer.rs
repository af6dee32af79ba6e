//! Timers of Vo programs: what happens when one fires.
//!
//! What a timer does is an object in the heap, kept alive by the scheduler's list of timers:
//!
//! ```text
//!   [ GO   | closure | island ]
//!   [ SEND | channel | stamp function or 0 | n | n words ]
//! ```

use crate::island::Island;
use crate::machine::{Machine, new_fiber};
use crate::native::{NativeCx, TimerTask};
use crate::record;
use crate::value;
use smallvec::SmallVec;
use vo_runtime::object::chan;
use vo_runtime::panic::Trap;
use vo_runtime::value::{load_word, store_word};
use vo_sched::{TimerAction, TimerId, WorkerCx};

const GO: u64 = 0;
const SEND: u64 = 1;

/// Starts a timer; see [`NativeCx::timer_start`].
pub(crate) fn start(cx: &mut NativeCx<'_>, when: u64, period: u64, task: &TimerTask) -> Result<u64, Trap> {
    let words: SmallVec<[u64; 12]> = match task {
        TimerTask::Go { closure } => {
            [GO, *closure, std::ptr::from_ref(cx.m.island()) as u64].into_iter().collect()
        }
        TimerTask::Send { chan, words, stamp } => {
            let head = [SEND, *chan, stamp.map_or(0, |f| f as usize as u64), words.len() as u64];
            head.into_iter().chain(words.iter().copied()).collect()
        }
    };
    let object = cx.m.alloc_words(cx.site, words.len())?;
    for (i, &word) in words.iter().enumerate() {
        // SAFETY: the new object has as many words.
        unsafe { store_word(object + 8 * i as u64, word) };
    }
    let world = std::ptr::from_ref(cx.m.island().world());
    let action = TimerAction::Call { call: fire, data: object as *mut (), generation: 0, world };
    Ok(cx.m.worker().timer_start(when, period, action).to_bits())
}

/// Stops a timer.
pub(crate) fn stop(m: &mut Machine, timer: u64) -> bool {
    m.worker().shared().timer_stop(TimerId::from_bits(timer))
}

/// Moves a waiting timer.
pub(crate) fn reset(m: &mut Machine, timer: u64, when: u64, period: u64) -> bool {
    m.worker().shared().timer_reset(TimerId::from_bits(timer), when, period)
}

/// A timer fires.
///
/// # Safety
/// `data` is an object that `start` made, and the worker is inside its world.
unsafe fn fire(cx: &mut WorkerCx, data: *mut (), _generation: u64) {
    let object = data as u64;
    // SAFETY: the words that `start` wrote.
    unsafe {
        match load_word(object) {
            GO => fire_go(cx, load_word(object + 8), &*(load_word(object + 16) as *const Island)),
            _ => fire_send(cx, object),
        }
    }
}

/// # Safety
/// `closure` is a function value of the island's program.
unsafe fn fire_go(cx: &mut WorkerCx, closure: u64, island: &Island) {
    // SAFETY: by the contract.
    let Some(func) = (unsafe { value::closure_func(closure) }) else { return };
    let code = island.program_ref().code(func);
    // SAFETY: set when the worker started; no turn has the machine now.
    let pool = unsafe { &mut Machine::of(cx).pool };
    let fiber =
        new_fiber(pool, island, (0, (0, 0)), |saved| record::push_entry(saved, code, Some(closure), &[]));
    cx.spawn(fiber);
}

/// # Safety
/// `object` is a send's.
unsafe fn fire_send(cx: &mut WorkerCx, object: u64) {
    // SAFETY: the words that `start` wrote; the channel is alive since the object is.
    unsafe {
        let (ch, stamp, n) = (load_word(object + 8), load_word(object + 16), load_word(object + 24));
        let mut words: SmallVec<[u64; 8]> = (0..n).map(|i| load_word(object + 32 + 8 * i)).collect();
        if stamp != 0 {
            let stamp: fn(&mut [u64], u64) =
                std::mem::transmute::<usize, fn(&mut [u64], u64)>(stamp as usize);
            let now = cx.shared().now();
            stamp(&mut words, now);
        }
        let (core, storage) = chan::parts(ch);
        // Full or closed: nobody waits for it.
        let _ = vo_sched::chan::try_send(core, storage, cx, words.as_ptr());
    }
}
