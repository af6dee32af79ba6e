//! The work-stealing fiber scheduler under Vo; knows nothing of Vo programs.
//!
//! *Fibers* are resumable things without a thread of their own ([`fiber`]); *workers* are threads
//! that run them ([`worker`]); a *world* is a set of fibers that is stopped as one ([`world`]). A
//! fiber that must wait registers itself with what it waits for and returns; whoever completes the
//! wait makes it ready again. On that one protocol stand channels ([`chan`]), [`select`],
//! semaphores ([`semaphore`]), timers ([`timer`]) and blocking calls.
//!
//! A host embeds [`FiberHeader`] in its own fibers and gives a [`FiberVTable`]; a Rust program
//! without a virtual machine uses native fibers ([`native`]) and their channels ([`channel`]).
//!
//! # The protocol of an operation that may wait
//!
//! 1. The operation finds, under its object's lock, that it must wait. It arms the fiber's wait
//!    node, moves the fiber to Parking, queues the node, and releases the lock.
//! 2. It answers `Block`; the fiber saves its state and returns [`Outcome::Parked`]; the worker
//!    moves it to Parked, unless a waker was quicker: then the fiber runs on at once.
//! 3. A waker dequeues the node under the lock, completes the operation in the node, releases the
//!    lock, and calls `ready`.
//! 4. The fiber runs again and takes the outcome from its node (`finish_…`). It does not try again.
//!
//! Every module that shares memory between threads takes its atomics and locks from [`sync`], so
//! that loom's models (in `models`, under `--cfg loom`) run the very code that ships.

#![cfg_attr(loom, allow(dead_code))]

mod deque;
mod idle;
mod limit;
mod mode;
mod park;
#[cfg_attr(loom, allow(dead_code))]
mod readiness;
mod stats;
#[cfg_attr(not(feature = "trace"), path = "trace_off.rs")]
mod trace;
mod turn;

pub mod cancel;
pub mod chan;
pub mod fiber;
pub mod lock;
pub mod lockrank;
pub mod sched;
pub mod seed;
pub mod select;
pub mod semaphore;
pub mod step;
pub mod sync;
#[cfg(not(loom))]
pub mod thread;
pub mod timer;
pub mod wait;
pub mod waiter;
pub mod worker;
pub mod world;

#[cfg(not(loom))]
mod blocking;
#[cfg(not(loom))]
pub mod channel;
#[cfg(not(loom))]
mod cputime;
#[cfg(not(loom))]
pub mod mutex;
#[cfg(not(loom))]
pub mod native;
#[cfg(not(loom))]
pub mod net;
#[cfg(not(loom))]
pub mod poller;
#[cfg(not(loom))]
mod preempt;

#[cfg(all(test, loom))]
mod models;

#[cfg(not(loom))]
pub use blocking::Outside;
pub use fiber::{Cx, FiberHeader, FiberRef, FiberState, FiberVTable, Outcome};
#[cfg(not(loom))]
pub mod waitgroup;

#[cfg(not(loom))]
pub use sched::Scheduler;
pub use sched::{Config, Host, NoHost, Shared};
pub use seed::Rng;
pub use stats::Stats;
pub use timer::{TimerAction, TimerId};
pub use wait::WaitReason;
pub use worker::WorkerCx;
pub use world::{PREEMPT, STOP, World};
