//! What compiled code may ask of the machine, declared once.
//!
//! From this table grow the `#[repr(C)]` struct `VmCallbacks` (vo-runtime,
//! `context.rs`), its filled instance and the `extern "C"` doors (vo-vm,
//! `callbacks.rs`), the JIT's imports with their signatures, and the
//! documentation. The interpreter calls the same operations.
//!
//! Every callback takes `ctx: *mut JitContext` first. Word lists are passed as
//! (address, count) of 64-bit words in the order of the registers; results come
//! back the same way. A callback that may wait answers `Status` and, where it
//! answers `WaitIo`, has registered the fiber; the waker completes the operation
//! and the results are fetched by the machine when the fiber's record is resumed.
//!
//! Types: `word` is any 64-bit value, `addr` a machine address, `status` a
//! [`crate::Status`], `none` nothing. A *site* is a function's index (low half) and a code offset (high
//! half), a *place* a function's index and the index of one of its suspend points.

/// Calls the macro `$consumer` with every row of the table.
#[macro_export]
macro_rules! for_each_callback {
    ($consumer:path) => {
        $consumer! {
            // ---- calls -------------------------------------------------------------------------
            call_interpreted "runs function `func` in the interpreter; args and results are word lists" (func: word, args: addr, results: addr) -> status;
            resolve_method "function index of method `selector` of type word `ty`, or -1" (ty: word, selector: word) -> word;
            guard_missed "the guard of the call at `site` (function, code offset), or what the conditional jump there was seen to do, in the code of `unit` (function, suspend point plus one or 0) of edition `made`, has missed often, just now for `target`" (site: word, unit: word, target: word, made: word) -> none;
            call_native "calls native `native` of the module; `site` is the caller's (function, code offset)" (native: word, args: addr, results: addr, site: word) -> status;
            // ---- frames ------------------------------------------------------------------------
            poll_entry "function `func` has not begun: answers a set interrupt word, or that the native stack is `exhausted`" (func: word, args: addr, exhausted: word) -> status;
            leave_frame "a frame leaves with `status` at `place` (function, suspend point): its record is written, or it is noted in the panic's trace; answers the status" (status: word, place: word, live: addr, slots: addr) -> status;
            leave "a panic has come to `site` (function, code offset)" (site: word) -> none;
            // ---- fibers ------------------------------------------------------------------------
            go_start "starts a fiber that runs function `func`" (func: word, args: addr, n: word, site: word) -> status;
            go_closure "starts a fiber that runs a closure" (closure: word, args: addr, n: word, site: word) -> status;
            yield_now "gives the worker up: `runtime.Gosched`" () -> status;
            interrupt "answers a set interrupt word: stops for the collector, or says Wake" () -> status;
            // ---- channels ----------------------------------------------------------------------
            chan_new "a channel of type `ty` with room for `cap` elements, into `*out`" (ty: word, cap: word, out: addr) -> status;
            chan_send "sends an element" (chan: word, words: addr) -> status;
            chan_recv "receives an element into `words`, whether it was sent into `*ok`" (chan: word, words: addr, ok: addr) -> status;
            chan_try_send "sends without waiting; `*done` says whether" (chan: word, words: addr, done: addr) -> status;
            chan_try_recv "receives without waiting; bit 0: done, bit 1: ok" (chan: word, words: addr) -> word;
            chan_close "closes" (chan: word) -> status;
            chan_len "number of buffered elements" (chan: word) -> word;
            chan_cap "capacity" (chan: word) -> word;
            // ---- islands and ports -------------------------------------------------------------
            create_island "a new island for at most `n` workers, into `*out`" (n: word, out: addr) -> status;
            go_island "starts a fiber on an island that runs a copy of a closure" (island: word, closure: word, site: word) -> status;
            port_new "a port of type `ty` with room for `cap` elements, made at a site, into `*out`" (ty: word, cap: word, site: word, out: addr) -> status;
            port_send "sends an element" (port: word, words: addr) -> status;
            port_recv "receives an element into `words`, whether it was sent into `*ok`" (port: word, words: addr, ok: addr) -> status;
            port_try_recv "receives without waiting; done and ok into `out[0..2]`" (port: word, words: addr, out: addr) -> status;
            port_close "closes" (port: word) -> status;
            port_len "number of elements that wait" (port: word) -> word;
            port_cap "capacity" (port: word) -> word;
            // ---- select ------------------------------------------------------------------------
            select_begin "starts a select of `n` cases" (n: word) -> none;
            select_add_send "adds a send case" (index: word, chan: word, words: addr, n: word) -> none;
            select_add_recv "adds a receive case of `n` words" (index: word, chan: word, n: word) -> none;
            select_add_port "adds a receive of `n` words from a port" (index: word, port: word, n: word) -> none;
            select_exec "chooses or waits; the chosen case lands in the context (`select_case`)" (default: word) -> status;
            select "as select_exec, of `n` cases that lie at `cases`" (cases: addr, n: word, default: word) -> status;
            select_value "what the chosen receive got; answers ok" (words: addr, n: word) -> word;
            // ---- defer and panic ---------------------------------------------------------------
            defer_push "a new head of the defer list: `kind` 0 function, 1 closure" (list: word, kind: word, target: word, args: addr, n: word) -> word;
            err_defer_push "see ErrDeferPush" (list: word) -> none;
            err_defer_drop "the list without its calls of errdefer" (list: word) -> word;
            run_defers "takes the first call off the list and runs it; see RunDefers" (list: addr) -> status;
            defer_unwind "see DeferUnwind; Ok where one recovered, Panic where none has" (list: addr, state: addr, site: word) -> status;
            recover_token "the right to recover, taken" () -> word;
            recover "the current panic's value into `out[0..2]`" (token: word, out: addr) -> none;
            panic "panics with an interface value" (ty: word, data: word) -> status;
            panic_runtime "panics with run-time error `code` and its operands" (code: word, a: word, b: word) -> status;
            assert_fail "panics with a *runtime.TypeAssertionError" (ty: word, from: word, to: word) -> status;
            // ---- heap --------------------------------------------------------------------------
            alloc "a new zeroed object of type `ty`" (ty: word) -> word;
            remake "the object of type `ty` that is to hold what lies at `image`, of a frame that leaves: `made` if it has been made, else a new one; 0 where the program ends, or `ty` is 0" (made: word, ty: word, image: addr) -> word;
            make_slice "zeroed elements, address into `*out`" (ty: word, len: word, cap: word, out: addr) -> status;
            write_barrier "tells the collector that `value` is stored at `slot`" (slot: word, value: word) -> none;
            copy_mem "copies a value of type `ty`" (dst: word, src: word, ty: word) -> none;
            zero_mem "zeroes a value of type `ty`" (dst: word, ty: word) -> none;
            eq_mem "compares two values of type `ty`, 0 or 1 into `*out`" (a: word, b: word, ty: word, out: addr) -> status;
            // ---- strings -----------------------------------------------------------------------
            str_concat "concatenates `n` (address, length) pairs into `out[0..2]`" (parts: addr, n: word, out: addr) -> status;
            str_concat2 "the bytes of the concatenation of two strings that are not empty, or 0" (ap: word, al: word, bp: word, bl: word) -> word;
            str_copy "`n` bytes at `p`, not none, as a new string's, or 0" (p: word, n: word) -> word;
            bytes_copy "`n` bytes at `p` as a new slice's, or 0; its capacity into the context (`ret[0]`)" (p: word, n: word) -> word;
            str_eq "compares two strings of equal length" (a: word, b: word, len: word) -> word;
            str_cmp "-1, 0 or 1" (ap: word, al: word, bp: word, bl: word) -> word;
            str_convert "conversion `what` (0 bytes, 1 runes to string, 2 rune, 3 string to bytes, 4 to runes) into `out[0..3]`" (what: word, p: word, l: word, out: addr) -> status;
            str_rune "code point at a byte offset: width in the high 32 bits" (p: word, l: word, i: word) -> word;
            // ---- slices ------------------------------------------------------------------------
            slice_grow "address and capacity into `out[0..2]`" (p: word, l: word, c: word, n: word, ty: word, out: addr) -> status;
            slice_append "the appended slice into `out[0..3]`" (a: addr, b: addr, ty: word, out: addr) -> status;
            move_bytes "copies `n` bytes without pointers, which may overlap" (dst: word, src: word, n: word) -> none;
            slice_copy "copies elements, answers the number" (a: addr, b: addr, ty: word) -> word;
            slice_clear "zeroes elements" (p: word, l: word, ty: word) -> none;
            // ---- maps --------------------------------------------------------------------------
            map_new "a new map" (ty: word, n: word) -> word;
            map_get "element address into `*out`, answers ok in bit 0 of the high word; form 0 int, 1 string, 2 memory" (form: word, map: word, key: word, key2: word, ty: word, out: addr) -> status;
            map_find64 "element address of an integer key of eight bytes; 0 where it is absent, 1 where the program ends" (map: word, key: word, ty: word) -> word;
            map_find32 "as map_find64, of four bytes" (map: word, key: word, ty: word) -> word;
            map_find_str "as map_find64, of a string" (map: word, kp: word, kl: word, ty: word) -> word;
            map_put64 "element address of an integer key of eight bytes, which is there then, in a map that is not nil, or 0" (map: word, key: word, ty: word) -> word;
            map_put32 "as map_put64, of four bytes" (map: word, key: word, ty: word) -> word;
            map_put_str "as map_put64, of a string" (map: word, kp: word, kl: word, ty: word) -> word;
            map_set "element address into `*out`" (form: word, map: word, key: word, key2: word, ty: word, out: addr) -> status;
            map_delete "deletes" (form: word, map: word, key: word, key2: word, ty: word) -> status;
            map_len "number of entries" (map: word) -> word;
            map_clear "deletes all" (map: word, ty: word) -> status;
            map_iter "a new iterator" (map: word, ty: word) -> word;
            map_next "key and element address into `out[0..2]`: answers 1; 0 at the end, 2 where the program ends" (iter: word, out: addr) -> word;
            // ---- interfaces --------------------------------------------------------------------
            iface_eq "compares two interface values, 0 or 1 into `*out`" (at: word, ad: word, bt: word, bd: word, out: addr) -> status;
            iface_impl "whether type word `ty` implements interface type `iface`" (ty: word, iface: word) -> word;
        }
    };
}
