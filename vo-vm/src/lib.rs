//! The Vo machine: islands, fibers, the interpreter, panics and defers, native functions.
//!
//! Reading order: [`program`] (loaded code), [`vm`] (running it), `machine` (a worker's state),
//! `fiber`, `window` and `stack` (frames), `interp` with `handlers/` (execution), `record` (frames
//! of fibers that are on no worker), `resume` (turns, completing what blocked), `unwind` and `dying`
//! (panics), [`native`] (what the library's Rust half is written against), `memory` and `roots`
//! (allocation and the collector's view), `trace`, `report`, `fatal` (what users are told).
//!
//! Nothing here prints, exits, or reads the environment: a run ends with an [`End`], and what a
//! program writes goes through a [`Host`].

pub mod config;
pub mod end;
pub mod host;
pub mod native;
pub mod program;
pub mod stats;
pub mod vm;

mod branches;
mod builtins;
mod callbacks;
mod compiled;
mod cross;
mod dying;
mod ending;
mod fatal;
mod fiber;
mod guesses;
mod handlers;
mod interp;
mod island;
mod leaks;
mod liveness;
mod lost;
mod machine;
mod memory;
mod native_island;
mod ops;
mod point;
mod quick;
mod record;
mod report;
mod resume;
mod roots;
mod sockets;
mod spilled;
mod stack;
mod targets;
mod tier;
mod timer;
mod trace;
mod unwind;
mod value;
mod wakeup;
mod window;

pub use config::{Config, Limits, Stress};
pub use end::End;
pub use host::{BufferHost, Host};
pub use native::{Classes, HostFn, HostNative, Native, NativeCx, NativeFn, Registry};
pub use native_island::{IslandBounds, TrySent};
pub use program::{LoadError, Program, Verified};
pub use vm::{Running, Stopper, run, start};
pub use vo_sched::Outside;
