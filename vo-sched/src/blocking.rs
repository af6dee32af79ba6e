//! The blocking pool: threads for work that would hold up a worker. And waits that somebody outside ends, with no thread of
//! the pool.
//!
//! A thread is started when a job finds none waiting, up to a limit; a thread that has waited for
//! a while without a job ends. Must stay true: a job counts as pending from before it is queued
//! until after its fiber has been made ready, so that a deadlock is never seen in between; after
//! `close` no fiber is made ready any more.

use crate::fiber::FiberRef;
use crate::lockrank::{self, Rank};
use crate::sched::Shared;
use crate::sync::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a thread waits for a job before it ends.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

struct Job {
    work: Box<dyn FnOnce() + Send>,
    then: Option<FiberRef>,
}

pub(crate) struct Pool {
    limit: usize,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    threads: usize,
    waiting: usize,
    closed: bool,
}

impl Pool {
    pub fn new(limit: usize) -> Pool {
        Pool { limit: limit.max(1), state: Mutex::new(State::default()), wake: Condvar::new() }
    }

    /// Forgets what is queued; running jobs end unnoticed.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        state.queue.clear();
        self.wake.notify_all();
    }

    /// What somebody waited for has happened: makes the fiber ready, unless the scheduler has ended.
    fn end_wait(&self, shared: &Shared, then: Option<FiberRef>) {
        let state = self.state.lock();
        if let Some(fiber) = then
            && !state.closed
        {
            shared.ready(fiber);
        }
        drop(state);
        shared.end_pending();
    }

    fn run(&self, shared: &Shared) {
        while let Some(job) = self.next() {
            // A panic of the host's job must not take the pool's thread count with it.
            let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job.work));
            self.end_wait(shared, job.then);
            if let Err(payload) = ran {
                shared.worker_panicked(payload);
            }
        }
    }

    /// The next job; `None` when the thread is to end, which is then no longer counted.
    fn next(&self) -> Option<Job> {
        let mut state = self.state.lock();
        let deadline = Instant::now() + KEEP_ALIVE;
        loop {
            if let Some(job) = state.queue.pop_front() {
                return Some(job);
            }
            state.waiting += 1;
            let timed_out = !state.closed && self.wake.wait_until(&mut state, deadline).timed_out();
            state.waiting -= 1;
            if state.closed || (timed_out && state.queue.is_empty()) {
                state.threads -= 1;
                return None;
            }
        }
    }
}

/// What a fiber waits for that comes from outside of the scheduler: the fiber runs again when this is dropped, on any
/// thread. Until then there is no deadlock.
pub struct Outside {
    shared: Arc<Shared>,
    fiber: FiberRef,
}

impl Drop for Outside {
    fn drop(&mut self) {
        self.shared.blocking.end_wait(&self.shared, Some(self.fiber));
    }
}

impl Shared {
    /// A wait of `fiber`, which has called `begin_park`, until the answer is dropped.
    pub fn wait_outside(self: &Arc<Self>, fiber: FiberRef) -> Outside {
        self.begin_pending();
        Outside { shared: self.clone(), fiber }
    }

    /// Runs `work` on a thread of the blocking pool; then makes `then` ready, a fiber that has
    /// called `begin_park`. Callable from any thread.
    pub fn spawn_blocking(self: &Arc<Self>, work: Box<dyn FnOnce() + Send>, then: Option<FiberRef>) {
        self.begin_pending();
        let _rank = lockrank::hold(Rank::Blocking);
        let mut state = self.blocking.state.lock();
        if state.closed {
            drop(state);
            return self.end_pending();
        }
        state.queue.push_back(Job { work, then });
        if state.waiting >= state.queue.len() || state.threads >= self.blocking.limit {
            self.blocking.wake.notify_one();
            return;
        }
        state.threads += 1;
        drop(state);
        let shared = self.clone();
        let name = format!("{}-blocking", self.config().name);
        let started = std::thread::Builder::new().name(name).spawn(move || shared.blocking.run(&shared));
        if started.is_err() {
            // The job stays in the queue for the threads there are.
            let mut state = self.blocking.state.lock();
            state.threads -= 1;
            assert!(state.threads > 0, "cannot start a thread for blocking work");
        }
    }
}
