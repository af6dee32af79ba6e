//! Natives of package time: the clocks and the timers.

use crate::abi::{Any, Ptr};
use crate::natives;
use std::time::{SystemTime, UNIX_EPOCH};
use vo_bytecode::Status;
use vo_vm::native::{NativeCx, TimerTask};

/// Seconds from 1885, where a Time with a monotonic reading counts from, to 1970.
const UNIX_TO_WALL: i64 = (1969 * 365 + 1969 / 4 - 1969 / 100 + 1969 / 400
    - (1884 * 365 + 1884 / 4 - 1884 / 100 + 1884 / 400))
    * 86400;
const HAS_MONOTONIC: u64 = 1 << 63;
const NSEC_SHIFT: u32 = 30;

/// The time of day: seconds and nanoseconds since 1970.
fn wall_clock() -> (i64, i32) {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => (since.as_secs() as i64, since.subsec_nanos() as i32),
        Err(before) => {
            let nanos = -(before.duration().as_nanos() as i128);
            (nanos.div_euclid(1_000_000_000) as i64, nanos.rem_euclid(1_000_000_000) as i32)
        }
    }
}

/// The monotonic clock, at least 1.
fn monotonic(cx: &mut NativeCx<'_>) -> i64 {
    cx.now() as i64 + 1
}

/// Fills in the Time that a timer sends: words wall, ext, loc.
fn stamp(words: &mut [u64], now: u64) {
    let (sec, nsec) = wall_clock();
    words[0] = HAS_MONOTONIC | ((sec + UNIX_TO_WALL) as u64) << NSEC_SHIFT | nsec as u64;
    words[1] = now + 1;
}

natives! {
    "time.now" => fn now(cx) -> (i64, i32, i64) {
        let (sec, nsec) = wall_clock();
        (sec, nsec, monotonic(cx))
    }
    "time.runtimeNano" => fn runtime_nano(cx) -> i64 { monotonic(cx) }
    "time.Sleep" => fn sleep(cx, duration: i64) -> Status {
        if duration <= 0 { Status::Ok } else { cx.sleep(duration) }
    }
    "time.startTimer" => fn start_timer(cx, when: i64, period: i64, kind: i64, target: Any, loc: Ptr) -> Result<u64, Status> {
        let task = match kind {
            1 => TimerTask::Send { chan: target.data, words: vec![0, 0, loc.0], stamp: Some(stamp) },
            _ => TimerTask::Go { closure: target.data },
        };
        cx.timer_start((when - 1).max(0) as u64, period.max(0) as u64, &task).map_err(|trap| cx.trap(trap))
    }
    "time.stopTimer" => fn stop_timer(cx, id: i64) -> bool { cx.timer_stop(id as u64) }
}
