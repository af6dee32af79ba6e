//! Natives of package runtime: what a program may ask of the machine it runs on.

use crate::abi::{Any, Ptr, Slice, Str};
use crate::natives;
use std::time::{SystemTime, UNIX_EPOCH};
use vo_bytecode::Status;
use vo_runtime::heap::{HeapStats, WatchKind};
use vo_runtime::rtype::{Kind, Ty};
use vo_runtime::value::store_word;
use vo_vm::native::NativeCx;

/// The numbers of `readMemStats` in its order; `fibers` is what the goroutines take, in bytes.
fn mem_stats(stats: &HeapStats, fibers: u64, workers: usize) -> [u64; 20] {
    let last_end = stats.pauses.last().map_or(0, |&(_, end)| unix_nanos(end));
    let last_pause = stats.pauses.last().map_or(0, |(pause, _)| pause.as_nanos() as u64);
    let available = stats.age.as_secs_f64() * workers as f64;
    let share = stats.gc_time.as_secs_f64() / available.max(1e-9);
    [
        stats.heap_alloc,
        stats.total_alloc,
        stats.heap_sys + stats.meta + fibers,
        stats.mallocs,
        stats.frees,
        stats.heap_sys,
        stats.heap_sys.saturating_sub(stats.heap_in_use),
        stats.heap_in_use,
        stats.heap_released,
        stats.mallocs - stats.frees,
        fibers,
        fibers,
        stats.meta,
        stats.next_gc,
        last_end,
        stats.pause_total.as_nanos() as u64,
        last_pause,
        u64::from(stats.collections),
        u64::from(stats.forced),
        (share * 1e6) as u64,
    ]
}

fn unix_nanos(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos() as u64)
}

fn read_mem_stats(cx: &mut NativeCx<'_>, out: Slice, pauses: Slice, ends: Slice) -> i64 {
    let (fibers, workers) = (cx.fiber_bytes(), cx.max_procs(0));
    let stats = cx.heap_stats();
    let by_size = stats.by_size.iter().flat_map(|s| [u64::from(s.size), s.mallocs, s.frees]);
    fill(out, &mem_stats(&stats, fibers, workers).into_iter().chain(by_size).collect::<Vec<_>>());
    fill(pauses, &stats.pauses.iter().map(|(pause, _)| pause.as_nanos() as u64).collect::<Vec<_>>());
    fill(ends, &stats.pauses.iter().map(|&(_, end)| unix_nanos(end)).collect::<Vec<_>>())
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

/// The type that a type word stands for.
fn type_of(word: u64) -> Option<Ty> {
    // SAFETY: the type word of an interface value.
    unsafe { Ty::from_word(word) }
}

/// Watches an object, or says what is wrong with the arguments of `SetFinalizer`.
fn set_finalizer(cx: &mut NativeCx<'_>, obj: Any, finalizer: Any, runner: Ptr) -> Status {
    let Some(ty) = type_of(obj.ty) else { return cx.fatal("runtime.SetFinalizer: first argument is nil") };
    if ty.kind != Kind::Pointer {
        return cx.fatal(&format!("runtime.SetFinalizer: first argument is {}, not pointer", ty.name));
    }
    if obj.data == 0 {
        return cx.fatal("nil elem type!");
    }
    if let Some((start, _)) = cx.heap().object_at(obj.data)
        && start != obj.data
    {
        return cx.fatal("runtime.SetFinalizer: pointer not at beginning of allocated block");
    }
    let Some(func) = type_of(finalizer.ty) else {
        cx.heap().clear_finalizer(obj.data);
        return Status::Ok;
    };
    if let Some(wrong) = wrong_finalizer(ty, func) {
        return cx.fatal(&wrong);
    }
    if cx.heap().has_finalizer(obj.data) {
        return cx.fatal("runtime.SetFinalizer: finalizer already set");
    }
    cx.heap().set_due_runner(runner.0);
    cx.heap().watch(obj.data, WatchKind::Finalizer, [finalizer.ty, finalizer.data, obj.ty]);
    Status::Ok
}

/// Why a function of type `func` cannot finalise what a pointer of type `ty` points to.
fn wrong_finalizer(ty: Ty, func: Ty) -> Option<String> {
    if func.kind != Kind::Func {
        return Some(format!("runtime.SetFinalizer: second argument is {}, not a function", func.name));
    }
    let cannot = format!("runtime.SetFinalizer: cannot pass {} to finalizer {}", ty.name, func.name);
    if func.variadic {
        return Some(format!("{cannot} because dotdotdot"));
    }
    let fits = |param: Ty| match param.kind {
        Kind::Interface => ty.implements(param),
        // Assignable: the same type, or one of the two without a name and the same below.
        Kind::Pointer => {
            let unnamed = ty.defined.is_empty() || param.defined.is_empty();
            param.word() == ty.word() || unnamed && param.elem.map(Ty::word) == ty.elem.map(Ty::word)
        }
        _ => false,
    };
    match func.params[..] {
        [param] if fits(param) => None,
        _ => Some(cannot),
    }
}

/// Calls a finalizer that `set_finalizer` has checked; what it returns is dropped.
fn call_finalizer(cx: &mut NativeCx<'_>, finalizer: Any, obj: Any) -> Status {
    let wants_interface = type_of(finalizer.ty)
        .and_then(|func| func.params.first().copied())
        .is_some_and(|param| param.kind == Kind::Interface);
    let words = [obj.ty, obj.data];
    let args = if wants_interface { &words[..] } else { &words[1..] };
    cx.call(finalizer.data, args, |_, _, _| Status::Ok)
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
    "runtime.readMemStats" => fn native_mem_stats(cx, out: Slice, pauses: Slice, ends: Slice) -> i64 {
        read_mem_stats(cx, out, pauses, ends)
    }
    "runtime.setFinalizer" => fn native_set_finalizer(cx, obj: Any, finalizer: Any, runner: Ptr) -> Status {
        set_finalizer(cx, obj, finalizer, runner)
    }
    "runtime.addCleanup" => fn add_cleanup(cx, ptr: Ptr, cleanup: Ptr, runner: Ptr) -> u64 {
        cx.heap().set_due_runner(runner.0);
        cx.heap().watch(ptr.0, WatchKind::Cleanup, [cleanup.0, 0, 0])
    }
    "runtime.stopCleanup" => fn stop_cleanup(cx, ptr: u64, id: u64) -> () { cx.heap().unwatch(ptr, id) }
    "runtime.sameObject" => fn same_object(cx, a: Ptr, b: Ptr) -> bool {
        let found = cx.heap().object_at(a.0);
        found.is_some() && found == cx.heap().object_at(b.0)
    }
    "runtime.nextDue" => fn next_due(cx) -> (i64, Any, Any, Ptr) {
        let none = Any::default();
        match cx.heap().next_due() {
            None => (0, none, none, Ptr(0)),
            Some(due) => {
                let [a, b, c] = due.words;
                match due.kind {
                    WatchKind::Finalizer => (1, Any { ty: a, data: b }, Any { ty: c, data: due.object }, Ptr(0)),
                    WatchKind::Cleanup => (2, none, none, Ptr(a)),
                }
            }
        }
    }
    "runtime.callFinalizer" => fn native_call_finalizer(cx, finalizer: Any, obj: Any) -> Status {
        call_finalizer(cx, finalizer, obj)
    }
}
