//! Natives of package runtime/pprof.

use crate::abi::Str;
use crate::natives;

natives! {
    "runtime/pprof.leaks" => fn leaks(cx) -> (i64, Str) {
        let (count, text) = cx.find_leaks();
        (count as i64, cx.string(text.as_bytes()))
    }
}
