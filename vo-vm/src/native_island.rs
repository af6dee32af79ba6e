//! What packages island and port ask of the machine.

use crate::cross::Refused;
use crate::end::{IslandEnd, Reason};
use crate::ending;
use crate::island::home_of;
use crate::native::NativeCx;
use crate::ops::port as ops;
use smallvec::SmallVec;
use std::sync::atomic::Ordering;
use vo_bytecode::Status;
use vo_bytecode::typedesc::Mem;
use vo_runtime::panic::{RuntimePanic, Trap};
use vo_runtime::port::{PortRef, port_arc, port_of};
use vo_runtime::rtype::{Kind, Ty};
use vo_runtime::value::{Iface, load_uint};

/// What an island may use; 0 means that it is not limited, or that its limit stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct IslandBounds {
    pub bytes: u64,
    /// Nanoseconds.
    pub cpu: u64,
    pub goroutines: u64,
    /// Nanoseconds for deferred calls at the end.
    pub ending: u64,
    /// Bytes of a message.
    pub message: u64,
}

/// What became of a send that does not wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrySent {
    Sent,
    Full,
    Closed,
    Gone,
}

impl NativeCx<'_> {
    /// The island that runs the caller: its handle.
    ///
    /// # Errors
    /// No memory.
    pub fn island_self(&mut self) -> Result<u64, Trap> {
        let island = self.m.island_arc();
        self.m.ensure(self.site)?;
        ops::island_handle(self.m, &island)
    }

    /// What reports call an island.
    pub fn island_name(&self, handle: u64) -> String {
        // SAFETY: natives are given values of type island.
        if handle == 0 { "nil".to_owned() } else { unsafe { ops::island_of(handle) }.name() }
    }

    /// Ends an island; false where it has ended, or ends. The main island is the program, which ends.
    pub fn island_kill(&mut self, handle: u64, why: &str) -> bool {
        if handle == 0 {
            return false;
        }
        // SAFETY: as above.
        let island = unsafe { ops::island_of(handle) };
        if island.is_main() {
            self.m.end_program(2, format!("main island killed: {why}\n"));
            return true;
        }
        let text = if why.is_empty() { "killed".to_owned() } else { format!("killed: {why}") };
        ending::begin(&island, IslandEnd::new(Reason::Killed, text))
    }

    /// The running island has done what it was made for.
    pub fn island_finish(&mut self) {
        let island = self.m.island_arc();
        ending::begin(&island, IslandEnd::new(Reason::Finished, String::new()));
    }

    /// Whether the caller's goroutine runs deferred calls because it has called `runtime.Goexit`, or its island ends.
    pub fn is_leaving(&mut self) -> bool {
        self.m
            .fiber_mut()
            .panics
            .as_ref()
            .is_some_and(|panics| panics.stack.last().is_some_and(|top| top.goexit))
    }

    /// The caller gives a byte slice away: see [`vo_runtime::heap::Heap::give`].
    pub fn give_away(&mut self, array: u64, len: u64, cap: u64) {
        if len == 0 {
            return;
        }
        // SAFETY: the running fiber's value.
        unsafe { self.m.island().heap().give(array, cap) };
    }

    /// Sets an island's limits.
    pub fn island_limit(&mut self, handle: u64, bounds: IslandBounds) {
        if handle == 0 {
            return;
        }
        // SAFETY: as above.
        let island = unsafe { ops::island_of(handle) };
        let limits = &island.limits;
        if bounds.bytes != 0 {
            limits.bytes.store(bounds.bytes, Ordering::Relaxed);
            island.heap().set_limit(Some(bounds.bytes));
        }
        limits.cpu.store(bounds.cpu, Ordering::Relaxed);
        limits.goroutines.store(bounds.goroutines as usize, Ordering::Relaxed);
        limits.message.store(bounds.message, Ordering::Relaxed);
        if bounds.ending != 0 {
            limits.ending.store(bounds.ending, Ordering::Relaxed);
        }
    }

    /// Has a port told how an island ends; `error` is an error of the type that the report is to have.
    ///
    /// # Panics
    /// On a nil error: a bug of the library.
    pub fn island_watch(&mut self, handle: u64, port: u64, error: Iface) {
        if handle == 0 || port == 0 {
            return;
        }
        // SAFETY: natives are given values of their types.
        let (island, port) = unsafe { (ops::island_of(handle), port_arc(port)) };
        // SAFETY: the type word of an error value.
        let ty = unsafe { Ty::from_word(error.ty) }.expect("internal error: a watcher without error type");
        ending::watch(&island, PortRef::new(port), ty);
    }

    /// Numbers of an island: number, state, bytes, limit of bytes, collections, goroutines, goroutines started, nanoseconds
    /// on processors, messages sent and received.
    pub fn island_stats(&self, handle: u64) -> [u64; 10] {
        if handle == 0 {
            return [0; 10];
        }
        // SAFETY: as above.
        let island = unsafe { ops::island_of(handle) };
        island.numbers()
    }

    /// Sends a value to a port without waiting; both as interface values.
    ///
    /// # Errors
    /// A status other than Ok: the value cannot cross.
    pub fn port_try_send(&mut self, port: Iface, value: Iface) -> Result<TrySent, Status> {
        let handle = port.data;
        if handle == 0 {
            return Ok(TrySent::Full);
        }
        // SAFETY: natives are given values of their types.
        let elem = unsafe { port_of(handle) }.elem();
        // SAFETY: the value is of the port's element type, or implements it.
        let words = unsafe { element_words(elem, value) };
        match ops::try_send(self.m, handle, &words) {
            Ok(true) => Ok(TrySent::Sent),
            Ok(false) => Ok(TrySent::Full),
            Err(Refused::Gone) => Ok(TrySent::Gone),
            Err(Refused::Trap(Trap::Panic(RuntimePanic::SendOnClosedPort {}))) => Ok(TrySent::Closed),
            Err(refused) => {
                let w = self.site.w;
                Err(match self.m.refuse(w, refused, ops::port_behind(handle)) {
                    Some(trap) => self.trap(trap),
                    None => Status::Panic,
                })
            }
        }
    }

    /// The `*island.Gone` of a port whose home has ended, as an interface value; nil where there is none.
    pub fn port_gone(&mut self, port: Iface) -> Iface {
        let Some(port) = ops::port_behind(port.data) else { return Iface::default() };
        let end = home_of(port).end();
        let w = self.site.w;
        end.as_deref().and_then(|end| self.m.gone_value(w, end)).unwrap_or_default()
    }
}

/// The registers of a value of type `elem`, given as an interface value.
///
/// # Safety
/// The value is of the type, or implements it where that is an interface.
unsafe fn element_words(elem: Ty, value: Iface) -> SmallVec<[u64; 8]> {
    if elem.kind == Kind::Interface {
        return SmallVec::from_slice(&[value.ty, value.data]);
    }
    match &elem.leaves {
        None => SmallVec::from_slice(&[value.data]),
        Some(leaves) if elem.inline => leaves.iter().map(|_| value.data).collect(),
        Some(leaves) => leaves
            .iter()
            .map(|leaf| {
                // SAFETY: the data word is the address of the value.
                let bits =
                    unsafe { load_uint(value.data + u64::from(leaf.offset), u64::from(leaf.mem.size())) };
                match leaf.mem {
                    Mem::I8 => bits as i8 as u64,
                    Mem::I16 => bits as i16 as u64,
                    Mem::I32 => bits as i32 as u64,
                    _ => bits,
                }
            })
            .collect(),
    }
}
