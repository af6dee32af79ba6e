//! What crosses between islands, as the machine sees it: copies of values and closures, and the panics about those that cannot.

use crate::end::IslandEnd;
use crate::island::{Island, home_of};
use crate::machine::Machine;
use crate::memory::Frames;
use crate::program::Program;
use crate::value;
use vo_runtime::panic::{Result, Trap};
use vo_runtime::port::{Held, Port};
use vo_runtime::rtype::Ty;
use vo_runtime::transfer::{Captured, CrossError, Message, Origin};
use vo_runtime::value::{Iface, Word, store_word};
use vo_sched::WorkerCx;

/// Bytes that a message may have, unless the sender's island has another limit.
const MESSAGE_LIMIT: u64 = 64 << 20;

/// Why an operation with another island did not complete.
#[derive(Debug)]
pub(crate) enum Refused {
    Trap(Trap),
    Cross(CrossError),
    /// The port's home has ended.
    Gone,
}

impl From<Trap> for Refused {
    fn from(trap: Trap) -> Refused {
        Refused::Trap(trap)
    }
}

impl From<vo_runtime::panic::RuntimePanic> for Refused {
    fn from(panic: vo_runtime::panic::RuntimePanic) -> Refused {
        Refused::Trap(panic.into())
    }
}

impl From<CrossError> for Refused {
    fn from(error: CrossError) -> Refused {
        Refused::Cross(error)
    }
}

/// The sender's island, for the walk over a value.
struct Sender<'m> {
    island: &'m Island,
    program: &'m Program,
}

impl Sender<'_> {
    /// Bytes that a message may have.
    fn limit(&self) -> u64 {
        match self.island.limits.message.load(std::sync::atomic::Ordering::Relaxed) {
            0 => MESSAGE_LIMIT,
            limit => limit,
        }
    }
}

impl Origin for Sender<'_> {
    fn captures(&self, func: u32) -> Option<&[Captured]> {
        let captures = self.program.captures(func);
        (!captures.is_empty()).then_some(captures)
    }

    fn func_name(&self, func: u32) -> String {
        self.program.code(func).name().to_owned()
    }

    fn global(&self, addr: Word) -> Option<(Word, Ty)> {
        let base = self.island.globals();
        if addr.wrapping_sub(base) >= self.island.globals_bytes() {
            return None;
        }
        let vars = &self.program.module().globals.vars;
        let at = vars.partition_point(|var| var.offset <= addr - base).checked_sub(1)?;
        let ty = self.program.ty(vars[at].ty.0);
        let start = base + vars[at].offset;
        (addr < start + ty.size).then_some((start, ty))
    }
}

impl Machine {
    fn sender(&self) -> Sender<'_> {
        Sender { island: self.island(), program: self.program() }
    }

    /// A copy of a value, given by its registers.
    pub(crate) fn copy_out(
        &mut self,
        ty: Ty,
        words: &[u64],
    ) -> std::result::Result<Box<Message>, CrossError> {
        let sender = self.sender();
        // SAFETY: the running fiber's value, in its island.
        unsafe { Message::copy(self.island().heap(), &sender, ty, words, sender.limit()) }
    }

    /// A copy of a closure.
    pub(crate) fn copy_closure(&mut self, closure: u64) -> std::result::Result<Box<Message>, CrossError> {
        let sender = self.sender();
        // SAFETY: as above.
        unsafe { Message::copy_closure(self.island().heap(), &sender, closure, sender.limit()) }
    }

    /// Builds the value of a message in the running fiber's island. Collects garbage first where the heap wants it.
    pub(crate) fn build(&mut self, w: impl Frames, message: &mut Message, out: &mut [u64]) -> Result<()> {
        self.ensure(w)?;
        let island: *const Island = self.island();
        // SAFETY: the island outlives the turn.
        let island = unsafe { &*island };
        let mut try_once = |m: &mut Machine| {
            let mut handle = |cache: &mut _, port: &vo_runtime::port::PortRef| {
                let own = std::ptr::eq(home_of(port.port()), island);
                let held = if own { Held::Own(port.port().clone()) } else { Held::Away(port.clone()) };
                island.handles.intern(cache, held)
            };
            // SAFETY: the fiber runs in the island of the cache, and nothing collects before the words are delivered.
            unsafe { message.build(m.cache(), &mut handle, out) }
        };
        if try_once(self).is_ok() {
            island.counts.received.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            return Ok(());
        }
        // There may be garbage.
        self.collect_now(w);
        try_once(self)
    }

    /// The words of an element that came out of a mailbox: those that were sent at home, or what the message behind them says.
    pub(crate) fn open_element(&mut self, w: impl Frames, words: &mut [u64]) -> Result<()> {
        let Some((message, words)) = words.split_last_mut() else { return Ok(()) };
        // SAFETY: the word behind an element owns a message, or is 0.
        let Some(mut message) = (unsafe { Message::from_word(std::mem::take(message)) }) else {
            return Ok(());
        };
        self.build(w, &mut message, words)
    }

    /// Puts what an operation refused on top of the fiber's panics; a trap is the caller's.
    pub(crate) fn refuse(&mut self, w: impl Frames, refused: Refused, port: Option<&Port>) -> Option<Trap> {
        match refused {
            Refused::Trap(trap) => return Some(trap),
            Refused::Cross(error) => self.set_plain_panic(w, &error.to_string()),
            Refused::Gone => {
                let end = port.and_then(|port| home_of(port).end());
                match end.as_deref().and_then(|end| self.gone_value(w, end)) {
                    Some(value) => self.set_panic(w, value.ty, value.data),
                    None => self.set_plain_panic(w, "send on port of an ended island"),
                }
            }
        }
        None
    }

    /// A `*island.Gone`, where the program knows that type.
    pub(crate) fn gone_value(&mut self, w: impl Frames, end: &IslandEnd) -> Option<Iface> {
        let (gone, pointer, failure) = self.program().gone_types()?;
        self.ensure(w).ok()?;
        let object = self.cache().alloc(gone).ok()?;
        let text =
            if end.text.is_empty() { format!("island {}", end.reason.name()) } else { end.text.clone() };
        // Nothing collects from here on.
        let trace = self.new_string_now(end.trace.as_bytes()).ok()?;
        let text = self.new_string_now(text.as_bytes()).ok()?;
        let error = self.cache().alloc(failure).ok()?;
        // SAFETY: `Gone` is an `End`: reason, error, trace. A string type's object is its two words.
        unsafe {
            store_word(error, text.ptr);
            store_word(error + 8, text.len);
            store_word(object, end.reason as u64);
            store_word(object + 8, failure.word());
            store_word(object + 16, error);
            store_word(object + 24, trace.ptr);
            store_word(object + 32, trace.len);
        }
        Some(Iface { ty: pointer.word(), data: object })
    }

    /// Panics with an error of the runtime that has this text.
    pub(crate) fn set_plain_panic(&mut self, w: impl Frames, text: &str) {
        match value::plain_error(self, w, text) {
            Some(value) => self.set_panic(w, value.ty, value.data),
            None => self.set_text_panic(text),
        }
    }
}

/// A fiber of a cancelled island runs again: frees what its wait on a port has left.
pub(crate) fn abandon_wait(fiber: &mut crate::fiber::VoFiber, worker: &mut WorkerCx) {
    use vo_sched::WaitReason as R;
    use vo_sched::waiter::{Completion, Dir};
    let header = &fiber.header;
    let ports = fiber.extra.as_ref().map_or(&[][..], |extra| &extra.ports);
    let free = |word: u64| {
        // SAFETY: the word behind a port's element owns a message, or is 0.
        drop(unsafe { Message::from_word(word) });
    };
    match header.last_reason() {
        R::ChanReceive | R::ChanSend | R::PortReceive | R::PortSend => {
            let mut words = Vec::new();
            // SAFETY: the fiber runs.
            let (dir, completion) = unsafe { header.take_wait(&mut words) };
            let mine = match dir {
                Dir::Recv => completion == Completion::Done,
                Dir::Send => completion != Completion::Done,
            };
            if mine && ports.first().is_some_and(|&port| port != 0) {
                free(words.last().copied().unwrap_or(0));
            }
        }
        R::Select if !header.select_was_cancelled() => {
            let m = worker.host_data().cast::<Machine>();
            // SAFETY: the worker's machine, which is between turns; `values` has room for any element.
            let values = unsafe { &mut (*m).select.values };
            let at = values.as_mut_ptr();
            // SAFETY: the fiber runs, and its select was won.
            let selected = unsafe {
                let copy = |_: usize, dir: Dir| if dir == Dir::Recv { at } else { std::ptr::null_mut() };
                vo_sched::select::finish_select(&vo_sched::fiber::Across(worker), copy)
            };
            if let vo_sched::select::Selected::Ready { index, ok: true } = selected
                && let Some(&handle) = ports.get(index).filter(|&&handle| handle != 0)
            {
                // SAFETY: the handle is alive: the fiber has kept it.
                free(values[unsafe { vo_runtime::port::port_of(handle) }.words()]);
            }
        }
        _ => {}
    }
    if let Some(extra) = &mut fiber.extra {
        extra.ports.clear();
    }
}
