//! Natives of package sync: the semaphores that everything in it waits on.

use crate::abi::{Ptr, Str, str_bytes};
use crate::natives;
use vo_bytecode::Status;
use vo_sched::WaitReason;

/// The wait reasons in the order of the package's wait constants.
const REASONS: &[WaitReason] = &[
    WaitReason::MutexLock,
    WaitReason::RWMutexRLock,
    WaitReason::RWMutexLock,
    WaitReason::WaitGroupWait,
    WaitReason::CondWait,
];

/// How many moments of waiting actively are worth it.
const SPIN_TURNS: i64 = 4;

natives! {
    "sync.runtime_Semacquire" => fn semacquire(cx, addr: Ptr, lifo: bool, reason: i64) -> Status {
        let reason = REASONS.get(reason as usize).copied().unwrap_or(WaitReason::Semacquire);
        cx.semacquire(addr.0, lifo, reason)
    }
    "sync.runtime_Semrelease" => fn semrelease(cx, addr: Ptr, handoff: bool) -> Status {
        cx.semrelease(addr.0, handoff)
    }
    "sync.runtime_spin" => fn spin(cx, turn: i64) -> bool {
        // Only another worker can give up what is waited for.
        let may_help = turn < SPIN_TURNS && cx.may_spin();
        if may_help {
            cx.lock_was_held();
            (0..30).for_each(|_| std::hint::spin_loop());
        }
        may_help
    }
    "sync.runtime_gcCycle" => fn gc_cycle(cx) -> u32 { cx.collections() }
    "sync.fatal" => fn fatal(cx, text: Str) -> Status { cx.fatal(&String::from_utf8_lossy(str_bytes(text))) }
}
