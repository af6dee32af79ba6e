//! Sockets for native fibers: any `mio` source whose operations block the fiber, not the worker.
//!
//! ```
//! # use std::sync::Arc;
//! use std::io::{Read, Write};
//! use vo_sched::net::Io;
//! use vo_sched::{Config, NoHost, Scheduler, native};
//!
//! # Scheduler::new(Config::default(), Arc::new(NoHost)).run(|| {
//! let listener = Io::new(mio::net::TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap()).unwrap();
//! let address = listener.get().local_addr().unwrap();
//! native::spawn(move || {
//!     let client = Io::new(mio::net::TcpStream::connect(address).unwrap()).unwrap();
//!     client.writing(|mut stream| stream.write(b"ping")).unwrap();
//! });
//! let (stream, _) = listener.reading(|listener| listener.accept()).unwrap();
//! let stream = Io::new(stream).unwrap();
//! let mut buffer = [0; 4];
//! assert_eq!(stream.reading(|mut stream| stream.read(&mut buffer)).unwrap(), 4);
//! assert_eq!(&buffer, b"ping");
//! # });
//! ```

use crate::fiber::Outcome;
use crate::native::{suspend, with_cx};
use crate::poller::IoState;
use crate::sched::Shared;
use crate::semaphore::Acquire;
use crate::waiter::Dir;
use mio::event::Source;
use std::io;
use std::sync::Arc;

/// A source that is registered with the scheduler's poller. At most one fiber reads and one writes.
pub struct Io<S: Source> {
    source: S,
    state: Arc<IoState>,
    shared: Arc<Shared>,
}

impl<S: Source> Io<S> {
    /// Registers `source`. In a native fiber.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn new(mut source: S) -> io::Result<Io<S>> {
        let shared = with_cx(|cx| cx.shared().clone());
        let state = shared.register_io(&mut source)?;
        Ok(Io { source, state, shared })
    }

    /// The source itself.
    pub fn get(&self) -> &S {
        &self.source
    }

    /// Does `operation` as soon as it no longer answers `WouldBlock`, waiting to be readable.
    ///
    /// # Errors
    /// What `operation` answers.
    pub fn reading<R>(&self, operation: impl FnMut(&S) -> io::Result<R>) -> io::Result<R> {
        self.retry(Dir::Recv, operation)
    }

    /// Does `operation` as soon as it answers neither `WouldBlock` nor `NotConnected`, waiting to
    /// be writable.
    ///
    /// # Errors
    /// What `operation` answers.
    pub fn writing<R>(&self, operation: impl FnMut(&S) -> io::Result<R>) -> io::Result<R> {
        self.retry(Dir::Send, operation)
    }

    fn retry<R>(&self, dir: Dir, mut operation: impl FnMut(&S) -> io::Result<R>) -> io::Result<R> {
        loop {
            match operation(&self.source) {
                Err(error) if must_wait(&error, dir) => {}
                done => return done,
            }
            if with_cx(|cx| self.state.wait(cx, &self.shared, dir)) == Acquire::Block {
                suspend(Outcome::Parked);
            }
        }
    }
}

/// A stream that is still connecting says so when it is written to.
fn must_wait(error: &io::Error, dir: Dir) -> bool {
    let kind = error.kind();
    kind == io::ErrorKind::WouldBlock || (kind == io::ErrorKind::NotConnected && dir == Dir::Send)
}

impl<S: Source> Drop for Io<S> {
    fn drop(&mut self) {
        // Closing the source takes it out of the poller in any case.
        let _ = self.shared.deregister_io(&mut self.source, &self.state);
    }
}
