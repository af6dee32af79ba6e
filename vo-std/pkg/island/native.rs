//! Natives of package island.

use crate::abi::{Any, Ptr, Slice, Str, str_bytes};
use crate::natives;
use vo_runtime::value::store_word;
use vo_vm::IslandBounds;

natives! {
    "island.Self" => fn this(cx) -> Result<Ptr, vo_bytecode::Status> {
        match cx.island_self() {
            Ok(handle) => Ok(Ptr(handle)),
            Err(trap) => Err(cx.trap(trap)),
        }
    }
    "island.Name" => fn name(cx, isl: Ptr) -> Str {
        let name = cx.island_name(isl.0);
        cx.string(name.as_bytes())
    }
    "island.kill" => fn kill(cx, isl: Ptr, reason: Str) -> bool {
        let reason = String::from_utf8_lossy(str_bytes(reason)).into_owned();
        cx.island_kill(isl.0, &reason)
    }
    "island.limit" => fn limit(
        cx, isl: Ptr, bytes: i64, cpu: i64, goroutines: i64, ending: i64, message: i64
    ) {
        let all = [bytes, cpu, goroutines, ending, message];
        let [bytes, cpu, goroutines, ending, message] = all.map(|n| n.max(0) as u64);
        cx.island_limit(isl.0, IslandBounds { bytes, cpu, goroutines, ending, message });
    }
    "island.watch" => fn watch(cx, isl: Ptr, done: Ptr, sample: Any) {
        cx.island_watch(isl.0, done.0, sample);
    }
    "island.stats" => fn stats(cx, isl: Ptr, into: Slice) {
        let numbers = cx.island_stats(isl.0);
        for (i, &n) in numbers.iter().take(into.len as usize).enumerate() {
            // SAFETY: element `i` of a slice of int64.
            unsafe { store_word(into.ptr + 8 * i as u64, n) };
        }
    }
    "island.give" => fn give(cx, b: Slice) {
        cx.give_away(b.ptr, b.len, b.cap);
    }
    "island.Finish" => fn finish(cx) {
        cx.island_finish();
    }
    "island.leaving" => fn leaving(cx) -> bool {
        cx.is_leaving()
    }
}
