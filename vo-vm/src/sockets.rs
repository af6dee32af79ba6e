//! The sockets of a run: descriptors whose goroutines wait in the scheduler's poller.
//!
//! A library package that owns a descriptor registers it, tries an operation, waits where it would block, and tries
//! again. Closing, and a deadline that passes, interrupt those who wait; so does the end of their island. Numbers of
//! sockets are never used twice: one that is closed is just not there any more.
//!
//! What must stay true: at most one goroutine waits per direction; nobody waits for a socket that is closed.

use crate::native::NativeCx;
use std::collections::HashMap;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard};
use vo_bytecode::Status;
use vo_sched::poller::IoState;
use vo_sched::semaphore::Acquire;
use vo_sched::waiter::Dir;

/// A registered descriptor.
struct Socket {
    fd: RawFd,
    state: Arc<IoState>,
    /// The number of the island that it belongs to.
    island: u64,
}

/// The registered descriptors by number.
#[derive(Default)]
pub(crate) struct Sockets(Mutex<Table>);

#[derive(Default)]
struct Table {
    last: u64,
    open: HashMap<u64, Socket>,
}

impl Sockets {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn state(&self, number: u64) -> Option<Arc<IoState>> {
        self.table().open.get(&number).map(|socket| socket.state.clone())
    }

    /// Interrupts the goroutines of an island, which is about to end.
    pub(crate) fn interrupt_island(&self, island: u64, scheduler: &vo_sched::Shared) {
        let of_it = |socket: &&Socket| socket.island == island;
        let states: Vec<_> = self.table().open.values().filter(of_it).map(|s| s.state.clone()).collect();
        states.iter().for_each(|state| state.interrupt(scheduler));
    }

    /// Closes what an island, which has no goroutines any more, has left open.
    pub(crate) fn close_island(&self, island: u64, scheduler: &vo_sched::Shared) {
        let closed: Vec<_> = {
            let mut table = self.table();
            table.open.extract_if(|_, socket| socket.island == island).map(|(_, socket)| socket).collect()
        };
        for Socket { fd, state, .. } in closed {
            let _ = scheduler.deregister_descriptor(fd, &state);
            close(fd);
        }
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        // The run is over, and with it the poller.
        self.table().open.drain().for_each(|(_, socket)| close(socket.fd));
    }
}

/// Closes a descriptor that its island owned.
fn close(fd: RawFd) {
    // SAFETY: registered sockets are open, and their owner is gone.
    drop(unsafe { OwnedFd::from_raw_fd(fd) });
}

/// Sockets, for packages that own descriptors.
impl NativeCx<'_> {
    /// Registers a descriptor that does not block: the number to wait with.
    ///
    /// # Errors
    /// What the system says.
    pub fn open_socket(&mut self, fd: RawFd) -> io::Result<u64> {
        let state = self.worker().shared().register_descriptor(fd)?;
        let island = self.m.island().number();
        let mut table = self.m.vm.sockets.table();
        table.last += 1;
        let number = table.last;
        table.open.insert(number, Socket { fd, state, island });
        Ok(number)
    }

    /// Waits until the socket may be ready for reading, or for writing, or was interrupted. The native has no results.
    pub fn wait_for_socket(&mut self, number: u64, dir: Dir) -> Status {
        let Some(state) = self.m.vm.sockets.state(number) else { return Status::Ok };
        let shared = self.worker().shared().clone();
        match state.wait(self.worker(), &shared, dir) {
            Acquire::Done => Status::Ok,
            Acquire::Block => Status::WaitIo,
        }
    }

    /// Lets those who wait for the socket try again.
    pub fn interrupt_socket(&mut self, number: u64) {
        if let Some(state) = self.m.vm.sockets.state(number) {
            state.interrupt(&self.worker().shared().clone());
        }
    }

    /// Forgets the socket, for which nobody waits any more. Its descriptor is the caller's to close.
    pub fn close_socket(&mut self, number: u64) {
        let socket = self.m.vm.sockets.table().open.remove(&number);
        if let Some(Socket { fd, state, .. }) = socket {
            // Closing the descriptor takes it out of the poller in any case.
            let _ = self.worker().shared().deregister_descriptor(fd, &state);
        }
    }
}
