//! Natives of package runtime: what a program may ask of the machine it runs on.

use crate::abi::{Any, Slice, Str};
use crate::natives;
use std::time::UNIX_EPOCH;
use vo_bytecode::Status;
use vo_runtime::heap::HeapStats;
use vo_runtime::value::store_word;
use vo_vm::native::NativeCx;

/// The numbers of `readMemStats` in its order.
fn mem_stats(stats: &HeapStats) -> [u64; 19] {
    let (last_pause, last_end) = match stats.pauses.last() {
        Some((pause, end)) => {
            let end = end.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos() as u64);
            (pause.as_nanos() as u64, end)
        }
        None => (0, 0),
    };
    let idle = stats.heap_sys.saturating_sub(stats.heap_in_use);
    [
        stats.heap_alloc,
        stats.total_alloc,
        stats.heap_sys,
        stats.mallocs,
        stats.frees,
        stats.heap_sys,
        idle,
        stats.heap_in_use,
        0,
        stats.mallocs - stats.frees,
        0,
        0,
        0,
        stats.next_gc,
        last_end,
        stats.pause_total.as_nanos() as u64,
        last_pause,
        stats.collections as u64,
        0,
    ]
}

/// Stores words into a Vo slice of 64-bit elements; answers how many fitted.
fn fill(out: Slice, words: &[u64]) -> i64 {
    let n = words.len().min(out.len as usize);
    for (i, &word) in words[..n].iter().enumerate() {
        // SAFETY: element `i` of the caller's slice of 64-bit integers.
        unsafe { store_word(out.ptr + 8 * i as u64, word) };
    }
    n as i64
}

fn callers(cx: &mut NativeCx<'_>, skip: i64, pcs: Slice) -> i64 {
    let frames = cx.callers(skip.max(0) as usize, pcs.len as usize);
    fill(pcs, &frames.iter().map(|f| f.pc).collect::<Vec<_>>())
}

/// What a number from `callers`, or the code word of a function value, stands for.
fn pc_info(cx: &mut NativeCx<'_>, pc: u64) -> (Str, Str, i64, u64) {
    match cx.program().place(pc) {
        None => (Str::default(), Str::default(), 0, 0),
        Some(place) => {
            let name = cx.string(place.function.as_bytes());
            let file = cx.string(place.file.as_bytes());
            // The entry of a function is its place at offset 0.
            (name, file, place.line as i64, pc & !0xff_ffff)
        }
    }
}

natives! {
    "runtime.GOMAXPROCS" => fn gomaxprocs(cx, n: i64) -> i64 { cx.max_procs(n) as i64 }
    "runtime.NumCPU" => fn num_cpu(cx) -> i64 { std::thread::available_parallelism().map_or(1, |n| n.get() as i64) }
    "runtime.NumGoroutine" => fn num_goroutine(cx) -> i64 { cx.num_goroutine() as i64 }
    "runtime.Gosched" => fn gosched(cx) -> Status { cx.yield_now() }
    "runtime.Goexit" => fn goexit(cx) -> Status { cx.goexit() }
    "runtime.GC" => fn gc(cx) -> () { cx.collect() }
    "runtime.KeepAlive" => fn keep_alive(cx, x: Any) -> () { std::hint::black_box(x.data); }
    "runtime.callers" => fn native_callers(cx, skip: i64, pcs: Slice) -> i64 { callers(cx, skip, pcs) }
    "runtime.pcInfo" => fn native_pc_info(cx, pc: u64) -> (Str, Str, i64, u64) { pc_info(cx, pc) }
    "runtime.stack" => fn stack(cx, all: bool) -> Str {
        let text = cx.stack_trace(1, all);
        cx.string(text.as_bytes())
    }
    "runtime.readMemStats" => fn read_mem_stats(cx, out: Slice) -> () { fill(out, &mem_stats(&cx.heap_stats())); }
}
