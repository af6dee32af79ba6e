//! A socket's readiness: of several signals none is lost, whoever takes the fiber out of the word.

use super::{ModelCx, explore};
use crate::fiber::{Cx, FiberHeader, FiberRef};
use crate::readiness::Readiness;
use crate::sync::{AtomicBool, Ordering};
use crate::wait::WaitReason;
use loom::thread;
use std::sync::Arc;

#[derive(Default)]
struct Socket {
    readiness: Readiness,
    arrived: AtomicBool,
    closed: AtomicBool,
}

/// Does `change`, and wakes who waits.
fn signal(socket: &Socket, change: &AtomicBool) {
    change.store(true, Ordering::Relaxed);
    if let Some(fiber) = socket.readiness.signal() {
        // SAFETY: the word held a waiting fiber, which was taken out of it.
        let fiber = unsafe { FiberRef::from_raw(fiber as *mut FiberHeader) };
        ModelCx::new().ready(fiber);
    }
}

#[test]
fn loom_a_fiber_sees_what_every_signal_reports() {
    explore(|| {
        let socket = Arc::new(Socket::default());
        let poller = socket.clone();
        let poller = thread::spawn(move || signal(&poller, &poller.arrived));
        let closer = socket.clone();
        let closer = thread::spawn(move || signal(&closer, &closer.closed));
        let cx = ModelCx::new();
        while !socket.closed.load(Ordering::Relaxed) || !socket.arrived.load(Ordering::Relaxed) {
            let fiber = cx.current();
            fiber.begin_park(WaitReason::IoWait);
            if socket.readiness.wait(fiber.as_ptr() as usize) {
                cx.park();
            } else {
                fiber.cancel_park();
            }
        }
        poller.join().unwrap();
        closer.join().unwrap();
    });
}
