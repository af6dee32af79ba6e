//! Natives that wait, call, or start something that runs later.

use super::{Completion, NativeCx, PendingCall};
use crate::ops::chan::{self as ops, Waited};
use std::sync::Arc;
use vo_bytecode::Status;
use vo_runtime::panic::{RuntimePanic, Trap};
use vo_sched::chan::{SendResult, finish_recv, finish_send};
use vo_sched::fiber::Cx;
use vo_sched::{FiberRef, Outside, WaitReason, WorkerCx};

/// Waiting. Each answers what the native then answers; a native that waits answers its results from
/// its completion.
impl NativeCx<'_> {
    /// Keeps words alive that a completion, which is about to be registered, will use.
    pub fn keep(&mut self, words: &[u64]) {
        self.m.keep.extend_from_slice(words);
    }

    fn completion(
        &mut self,
        run: impl FnOnce(&mut NativeCx<'_>, &[u64], &mut [u64]) -> Status + Send + 'static,
    ) {
        let mut roots = std::mem::take(&mut self.m.keep);
        roots.extend_from_slice(self.args);
        self.m.staged = Some(Box::new(Completion { run: Box::new(run), roots }));
    }

    /// `runtime.Gosched`: the other goroutines' turn. The native has no results.
    pub fn yield_now(&mut self) -> Status {
        Status::Wake
    }

    /// Waits so many nanoseconds; less than one yields. The native has no results.
    pub fn sleep(&mut self, nanos: i64) -> Status {
        if nanos <= 0 {
            return Status::Wake;
        }
        self.m.worker().sleep(nanos as u64);
        Status::WaitIo
    }

    /// Waits for ever.
    pub fn wait_forever(&mut self, reason: WaitReason) -> Status {
        vo_sched::chan::block_forever(self.m.worker(), reason);
        Status::WaitIo
    }

    /// Whether it is worth while to wait, for a moment, for a lock to be given back: only another worker could.
    pub fn may_spin(&mut self) -> bool {
        let worker = self.m.worker();
        !worker.exclusive() && worker.shared().workers() > 1
    }

    /// The caller has found a lock held by another goroutine.
    pub fn lock_was_held(&mut self) {
        self.m.worker().contended(4);
    }

    /// Takes one from the semaphore `count` (an aligned `uint32` in Vo memory), waiting for it if need
    /// be; `lifo` puts the caller before the others. The native has no results.
    pub fn semacquire(&mut self, count: u64, lifo: bool, reason: WaitReason) -> Status {
        let shared = self.m.worker().shared().clone();
        // SAFETY: the address of a `uint32` that the caller's arguments keep alive.
        let count = unsafe { std::sync::atomic::AtomicU32::from_ptr(count as *mut u32) };
        match shared.semaphores().acquire(self.m.worker(), count, lifo, reason) {
            vo_sched::semaphore::Acquire::Done => Status::Ok,
            vo_sched::semaphore::Acquire::Block => {
                if matches!(
                    reason,
                    WaitReason::MutexLock | WaitReason::RWMutexLock | WaitReason::RWMutexRLock
                ) {
                    self.lock_was_held();
                }
                Status::WaitIo
            }
        }
    }

    /// Gives one to the semaphore `count`: to the goroutine that has waited longest, if one waits. With
    /// `handoff` the caller yields to it. The native has no results.
    pub fn semrelease(&mut self, count: u64, handoff: bool) -> Status {
        let shared = self.m.worker().shared().clone();
        // SAFETY: as for `semacquire`.
        let count = unsafe { std::sync::atomic::AtomicU32::from_ptr(count as *mut u32) };
        shared.semaphores().release(self.m.worker(), count);
        if handoff { Status::Wake } else { Status::Ok }
    }

    /// Runs `job` on a thread of the blocking pool while the fiber waits, then `done` with its answer.
    pub fn block<T: Send + 'static>(
        &mut self,
        job: impl FnOnce() -> T + Send + 'static,
        done: impl FnOnce(&mut NativeCx<'_>, T, &mut [u64]) -> Status + Send + 'static,
    ) -> Status {
        let answer = Arc::new(std::sync::Mutex::new(None));
        let place = answer.clone();
        self.completion(move |cx, _, results| {
            let mut slot = answer.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            match slot.take() {
                Some(value) => done(cx, value, results),
                None => cx.fatal("a blocking call of the library failed"),
            }
        });
        self.m.worker().block_on(Box::new(move || {
            let value = job();
            *place.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(value);
        }));
        Status::WaitIo
    }

    /// Parks the fiber until somebody calls `ready` for it exactly once. `register` gets the fiber, which
    /// may be made ready from then on, from any thread; `done` runs when it is.
    pub fn park(
        &mut self,
        reason: WaitReason,
        register: impl FnOnce(&mut WorkerCx, FiberRef),
        done: impl FnOnce(&mut NativeCx<'_>, &mut [u64]) -> Status + Send + 'static,
    ) -> Status {
        self.completion(move |cx, _, results| done(cx, results));
        let fiber = self.m.fiber_ref();
        fiber.begin_park(reason);
        register(self.m.worker(), fiber);
        Status::WaitIo
    }

    /// Waits until the [`Outside`] that `start` gets has been dropped, on whatever thread, then runs `done`.
    pub fn wait_outside(
        &mut self,
        start: impl FnOnce(Outside),
        done: impl FnOnce(&mut NativeCx<'_>, &mut [u64]) -> Status + Send + 'static,
    ) -> Status {
        self.park(
            WaitReason::HostCall,
            |worker, fiber| start(worker.shared().clone().wait_outside(fiber)),
            done,
        )
    }

    /// Calls a Vo closure with these argument words, then `done` with its result words. A panic of the
    /// closure passes through the native, whose `done` then does not run.
    pub fn call(
        &mut self,
        closure: u64,
        args: &[u64],
        done: impl FnOnce(&mut NativeCx<'_>, &[u64], &mut [u64]) -> Status + Send + 'static,
    ) -> Status {
        self.completion(done);
        self.m.pending_call = Some(PendingCall { closure, args: args.to_vec() });
        Status::Ok
    }
}

/// Channels, for reflection. A channel is given by its address (0 is nil) and an element by as many words
/// as its type has leaf registers.
impl NativeCx<'_> {
    /// Sends, waiting if need be. The native has no results.
    pub fn chan_send(&mut self, chan: u64, words: &[u64]) -> Status {
        match ops::send(self.m, chan, words) {
            Ok(Waited::Done(())) => Status::Ok,
            Ok(Waited::Parked) => {
                self.completion(|cx, _, _| match finish_send(cx.m.worker()) {
                    SendResult::Closed => cx.panic_runtime(RuntimePanic::SendOnClosed {}),
                    _ => Status::Ok,
                });
                Status::WaitIo
            }
            Err(trap) => self.trap(trap),
        }
    }

    /// Receives `count` words, waiting if need be, then runs `done` with them and whether they were sent.
    pub fn chan_recv(
        &mut self,
        chan: u64,
        count: usize,
        results: &mut [u64],
        done: impl FnOnce(&[u64], bool, &mut [u64]) + Send + 'static,
    ) -> Status {
        let mut words = vec![0; count];
        match ops::recv(self.m, chan, &mut words) {
            Waited::Done(sent) => {
                done(&words, sent, results);
                Status::Ok
            }
            Waited::Parked => {
                self.completion(move |cx, _, results| {
                    let mut words = vec![0; count];
                    // SAFETY: `count` is the number of words that were asked for when the fiber parked.
                    let sent = unsafe { finish_recv(cx.m.worker(), words.as_mut_ptr()) };
                    done(&words, sent, results);
                    Status::Ok
                });
                Status::WaitIo
            }
        }
    }

    /// Sends if nobody has to wait for it; answers whether it did.
    ///
    /// # Errors
    /// The channel is closed.
    pub fn chan_try_send(&mut self, chan: u64, words: &[u64]) -> Result<bool, Trap> {
        ops::try_send(self.m, chan, words)
    }

    /// Receives if nobody has to wait for it: `Some` of whether the element was sent.
    pub fn chan_try_recv(&mut self, chan: u64, words: &mut [u64]) -> Option<bool> {
        ops::try_recv(self.m, chan, words)
    }

    /// Closes a channel.
    ///
    /// # Errors
    /// It is nil or closed.
    pub fn chan_close(&mut self, chan: u64) -> Result<(), Trap> {
        ops::close(self.m, chan)
    }
}

/// Starting goroutines, timers.
impl NativeCx<'_> {
    /// Starts a goroutine that runs a Vo closure with these argument words.
    pub fn go(&mut self, closure: u64, args: &[u64]) -> Status {
        match self.m.go_closure(self.site, closure, args) {
            Ok(()) => Status::Ok,
            Err(trap) => self.trap(trap),
        }
    }

    /// Starts a timer: from the moment `when` of [`NativeCx::now`]'s clock on, and then every `period`
    /// nanoseconds where that is not 0, it does `task`. Answers the number that names it.
    ///
    /// # Errors
    /// No memory is left.
    pub fn timer_start(&mut self, when: u64, period: u64, task: &TimerTask) -> Result<u64, Trap> {
        crate::timer::start(self, when, period, task)
    }

    /// Stops a timer; true if it had not fired (or was periodic).
    pub fn timer_stop(&mut self, timer: u64) -> bool {
        crate::timer::stop(self.m, timer)
    }

    /// Sets a waiting timer to another time; false where it had fired, which it then does not again.
    pub fn timer_reset(&mut self, timer: u64, when: u64, period: u64) -> bool {
        crate::timer::reset(self.m, timer, when, period)
    }
}

/// What a timer does when it fires.
#[derive(Clone, Debug)]
pub enum TimerTask {
    /// Starts a goroutine that runs a closure without parameters.
    Go { closure: u64 },
    /// Sends these words to a channel if it has room, else nothing. A `time.Time` is made from the
    /// moment of firing by `stamp`: it gets the words and the monotonic moment.
    Send { chan: u64, words: Vec<u64>, stamp: Option<fn(&mut [u64], u64)> },
}
