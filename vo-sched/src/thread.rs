//! What threads ask the operating system for: when they get a processor.
//!
//! A worker wakes up for moments (a message, a timer), and whoever waits for it notices how late. So workers ask for short
//! slices: on a busy processor they run as much as others do, in smaller pieces, and come sooner
//! when they have slept, before all threads with longer slices (Linux 6.12 and later; others take no notice). Threads that work beside
//! the workers, such as a collector's, have the usual slices.
//!
//! # Rejected
//!
//! - *A lower priority for the collector's threads*: they hold locks and work that somebody waits for sooner or later. While the
//!   processors are busy with other programs such a thread does not run for seconds, and nor do those that wait.

/// Nanoseconds that a worker runs on a busy processor until others have their turn.
#[cfg(target_os = "linux")]
const SLICE: u64 = 250_000;

/// The system's `struct sched_attr`, in its first form.
#[cfg(target_os = "linux")]
#[repr(C)]
#[derive(Default)]
struct Attributes {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
}

/// Changes the calling thread's attributes as `change` says, unless somebody has given it another policy than the usual one.
/// Nothing happens where the system does not know them.
#[cfg(target_os = "linux")]
fn change(change: impl FnOnce(&mut Attributes)) {
    let size = size_of::<Attributes>() as u32;
    let mut attributes = Attributes { size, ..Attributes::default() };
    // SAFETY: asks for the calling thread's own attributes, into a place of the size that it says.
    let known = unsafe { libc::syscall(libc::SYS_sched_getattr, 0, &raw mut attributes, size, 0) };
    if known == 0 && attributes.policy == libc::SCHED_OTHER as u32 {
        change(&mut attributes);
        // SAFETY: sets the calling thread's own attributes from a struct that says how large it is.
        unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw mut attributes, 0) };
    }
}

/// The calling thread asks for short slices.
#[cfg(target_os = "linux")]
pub fn ask_for_short_slices() {
    change(|attributes| attributes.runtime = SLICE);
}

/// Other systems have nothing of the kind.
#[cfg(not(target_os = "linux"))]
pub fn ask_for_short_slices() {}

/// The calling thread asks for the usual slices: those of the thread that has started it may be short.
#[cfg(target_os = "linux")]
pub fn ask_for_usual_slices() {
    change(|attributes| attributes.runtime = 0);
}

/// Other systems have nothing of the kind.
#[cfg(not(target_os = "linux"))]
pub fn ask_for_usual_slices() {}
