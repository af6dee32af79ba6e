//! Ports: mailboxes between islands, and the handles through which programs hold them.
//!
//! A [`Port`] lies outside of every heap, since islands share it; its home is the island that made it. What a program
//! holds is a *handle*, a small object of its island's heap that leads to the port. An island has one handle for each
//! port that it knows, so that equal addresses are equal ports ([`Handles`], a weak table).
//!
//! ```text
//!   home's heap          outside of the heaps                 another island's heap
//!   handle ──Arc──────▶ Port { core, slots } ◀──PortRef────── handle (may only send)
//!     [kind | port]      slot: the element's words | message    [kind | port]
//! ```
//!
//! An element in the mailbox is words of the home's heap, sent at home, or a [`Message`] from elsewhere, which the receiver
//! builds. So a slot has one word more than the element: the message's address, or 0. Elements without addresses
//! cross as words. The algorithm is that of channels, [`vo_sched::chan`].
//!
//! Must stay true: the words of an element sent at home are marked through the home's handle, or not at all when that
//! has died, since then nobody can receive; a message has one owner, which drops it if it is not built.

use crate::heap::{AllocCache, Marker, barrier};
use crate::object::chan::elem_words;
use crate::panic::{Result, RuntimePanic};
use crate::rtype::Ty;
use crate::transfer::Message;
use crate::value::{MAX_ALLOC, Word, load_word, store_word};
use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use vo_sched::chan::{ChanCore, RingStorage};

/// An island as its ports see it.
pub trait Home: Send + Sync + 'static {
    /// A capability to reach the island from outside has come into being.
    fn gained(&self);
    /// One is gone.
    fn lost(&self);
    /// The machine's island.
    fn as_any(&self) -> &(dyn Any + Send + Sync);
}

/// A port.
#[repr(C)]
pub struct Port {
    core: ChanCore,
    slots: Box<[u64]>,
    cap: usize,
    elem: Ty,
    home: Arc<dyn Home>,
    made_at: (u32, u32),
}

impl Port {
    /// A port of type `ty` with room for `cap` elements; `made_at` is for reports.
    ///
    /// # Errors
    /// A capacity below 1, or beyond all memory, panics.
    pub fn new(ty: Ty, cap: i64, home: Arc<dyn Home>, made_at: (u32, u32)) -> Result<Arc<Port>> {
        let elem = ty.elem_type();
        let words = elem_words(&elem) as u64 + 1;
        let fits = u64::try_from(cap).ok().filter(|&n| n >= 1).and_then(|n| n.checked_mul(8 * words));
        let Some(bytes) = fits.filter(|&n| n <= MAX_ALLOC) else {
            return Err(RuntimePanic::MakePort {}.into());
        };
        let slots = vec![0u64; (bytes / 8) as usize].into_boxed_slice();
        Ok(Arc::new(Port { core: ChanCore::new(), slots, cap: cap as usize, elem, home, made_at }))
    }

    /// The element type.
    pub fn elem(&self) -> Ty {
        self.elem
    }

    /// Function and code offset where it was made.
    pub fn made_at(&self) -> (u32, u32) {
        self.made_at
    }

    /// The island that made it.
    pub fn home(&self) -> &Arc<dyn Home> {
        &self.home
    }

    /// Core and slots, for the algorithm of channels; an element has [`Port::words`] words and the message's.
    pub fn parts(&self) -> (&ChanCore, RingStorage) {
        let slots = self.slots.as_ptr().cast_mut();
        (&self.core, RingStorage { slots, cap: self.cap, elem_words: self.words() + 1 })
    }

    /// Words of an element.
    pub fn words(&self) -> usize {
        elem_words(&self.elem)
    }

    /// Whether the words of an element are all there is to it: they cross as they are.
    pub fn is_flat(&self) -> bool {
        self.elem.leaves.is_some() && self.elem.is_noscan()
    }

    /// Number of elements that wait, and room for them.
    pub fn len_and_cap(&self) -> (u64, u64) {
        (self.core.len() as u64, self.cap as u64)
    }

    /// Calls `f` for each right to send that messages in the mailbox carry.
    pub fn for_each_right(&self, mut f: impl FnMut(&PortRef)) {
        let ((core, storage), words) = (self.parts(), self.words());
        // SAFETY: under the lock the slots are stable; the word behind an element is 0 or the address of a message.
        unsafe {
            core.with_lock(|| {
                core.for_each_buffered(storage, |slot| Message::peek(*slot.add(words), &mut f));
            });
        }
    }

    /// Forgets what was sent at home and lies in the mailbox: nobody can receive any more.
    ///
    /// # Safety
    /// The home is stopped or has ended, and its handle is dead.
    unsafe fn forget_words(&self) {
        let (core, storage) = self.parts();
        // SAFETY: no fiber of the home runs; a sender elsewhere only adds messages, behind the lock.
        unsafe {
            core.with_lock(|| {
                core.for_each_buffered(storage, |slot| std::ptr::write_bytes(slot, 0, self.words()));
            });
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        let (core, storage) = self.parts();
        let words = self.words();
        // SAFETY: nobody uses the port any more; the word behind an element is 0 or a message that the slot owns.
        unsafe { core.for_each_buffered(storage, |slot| drop(Message::from_word(*slot.add(words)))) };
    }
}

/// The right to send to a port from outside of its home, or on the way there.
pub struct PortRef(Arc<Port>);

impl PortRef {
    /// A capability for a port.
    pub fn new(port: Arc<Port>) -> PortRef {
        port.home.gained();
        PortRef(port)
    }

    /// The port.
    pub fn port(&self) -> &Arc<Port> {
        &self.0
    }
}

impl Clone for PortRef {
    fn clone(&self) -> PortRef {
        PortRef::new(self.0.clone())
    }
}

impl Drop for PortRef {
    fn drop(&mut self) {
        self.0.home.lost();
    }
}

/// What a handle leads to.
pub enum Held {
    /// A port whose home the handle's island is.
    Own(Arc<Port>),
    /// A port of another island.
    Away(PortRef),
    /// An island, at an address that only the machine understands, and what keeps it.
    Island { target: u64, keep: Box<dyn Any + Send> },
}

const KIND_OWN: u64 = 1;
const KIND_AWAY: u64 = 2;
const KIND_ISLAND: u64 = 3;

impl Held {
    fn parts(&self) -> (u64, u64) {
        match self {
            Held::Own(port) => (KIND_OWN, Arc::as_ptr(port) as u64),
            Held::Away(port) => (KIND_AWAY, Arc::as_ptr(&port.0) as u64),
            Held::Island { target, .. } => (KIND_ISLAND, *target),
        }
    }
}

/// The handles of one island. Weak: a handle that nothing reaches leaves the table when garbage is collected.
#[derive(Default)]
pub struct Handles(Mutex<Table>);

#[derive(Default)]
struct Table {
    by_target: HashMap<u64, (Word, Held)>,
    /// What dead handles held, until somebody drops it who is in no collection.
    dead: Vec<Held>,
}

impl Handles {
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The handle for something, made if there is none.
    ///
    /// # Errors
    /// No memory.
    pub fn intern(&self, cache: &mut AllocCache, held: Held) -> Result<Word> {
        let (kind, target) = held.parts();
        let mut table = self.lock();
        if let Some((handle, _)) = table.by_target.get(&target) {
            // The table is weak: whoever takes an address out of it says so.
            barrier::taken(&[*handle]);
            return Ok(*handle);
        }
        let layout = cache.heap().types().layouts.handle();
        let handle = cache.alloc_layout(16, layout)?;
        // SAFETY: a new object of two words.
        unsafe {
            store_word(handle + 8, target);
            store_word(handle, kind);
        }
        table.by_target.insert(target, (handle, held));
        Ok(handle)
    }

    /// After marking: takes out what dead handles held. [`Handles::take_dead`] gives it to whoever may drop it.
    ///
    /// # Safety
    /// The island is stopped.
    pub unsafe fn settle(&self, alive: &dyn Fn(Word) -> bool) {
        let mut table = self.lock();
        let gone: Vec<u64> =
            table.by_target.iter().filter(|(_, (handle, _))| !alive(*handle)).map(|(&t, _)| t).collect();
        for target in gone {
            let Some((_, held)) = table.by_target.remove(&target) else { continue };
            if let Held::Own(port) = &held {
                // SAFETY: the island is stopped and its handle is dead.
                unsafe { port.forget_words() };
            }
            table.dead.push(held);
        }
    }

    /// How many there are, those that have died included.
    pub fn count(&self) -> usize {
        let table = self.lock();
        table.by_target.len() + table.dead.len()
    }

    /// What handles held that have died; its drop may end islands.
    pub fn take_dead(&self) -> Vec<Held> {
        std::mem::take(&mut self.lock().dead)
    }

    /// Calls `f` with what each handle holds, those that have died included.
    pub fn for_each(&self, mut f: impl FnMut(&Held)) {
        let table = self.lock();
        table.by_target.values().map(|(_, held)| held).chain(&table.dead).for_each(&mut f);
    }

    /// Everything, when the island has ended.
    pub fn take_all(&self) -> Vec<Held> {
        let mut table = self.lock();
        let mut all: Vec<Held> =
            std::mem::take(&mut table.by_target).into_values().map(|(_, held)| held).collect();
        all.append(&mut table.dead);
        all
    }
}

/// The port that a handle leads to. The reference is good as long as the handle is reachable.
///
/// # Safety
/// `handle` is a port's handle, not 0.
#[inline]
pub unsafe fn port_of<'a>(handle: Word) -> &'a Port {
    // SAFETY: the second word of a port's handle; the table of handles keeps the port while the handle is alive.
    unsafe { &*(load_word(handle + 8) as *const Port) }
}

/// The same, to be kept.
///
/// # Safety
/// As for [`port_of`].
pub unsafe fn port_arc(handle: Word) -> Arc<Port> {
    // SAFETY: as above; the pointer came from an `Arc`, of which the table has one.
    unsafe {
        let port = load_word(handle + 8) as *const Port;
        Arc::increment_strong_count(port);
        Arc::from_raw(port)
    }
}

/// Whether a handle is that of a port whose home its island is.
///
/// # Safety
/// As for [`port_of`].
#[inline]
pub unsafe fn is_own(handle: Word) -> bool {
    // SAFETY: the first word of a handle.
    unsafe { load_word(handle) == KIND_OWN }
}

/// The word of an island's handle: the address of what [`Held::Island`] holds.
///
/// # Safety
/// `handle` is an island's handle, not 0.
pub unsafe fn island_target(handle: Word) -> u64 {
    // SAFETY: the second word of the handle.
    unsafe { load_word(handle + 8) }
}

/// Marks what was sent at home and lies in the mailbox.
///
/// # Safety
/// `addr` is a handle or zeroes, and its island is stopped.
pub(crate) unsafe fn trace(addr: Word, _bytes: u64, marker: &mut Marker<'_>) {
    // SAFETY: by the contract. The slots of messages have words of 0.
    unsafe {
        if load_word(addr) != KIND_OWN {
            return;
        }
        let port = port_of(addr);
        if port.is_flat() {
            return;
        }
        let (core, storage) = port.parts();
        core.with_lock(|| {
            core.for_each_buffered(storage, |slot| {
                (0..port.words()).for_each(|i| marker.word(slot.add(i).read()));
            });
        });
    }
}
