//! Channels of Rust values, for native fibers: [`crate::chan`] over a storage of its own.
//!
//! A value travels as the 64-bit words that it occupies. Must stay true: of the words of one value
//! exactly one place is the owner at any time: the sender, the buffer, a wait node, the receiver. Fibers of any
//! world may use a channel, so it is always locked.
//!
//! ```
//! use std::sync::Arc;
//! use vo_sched::channel::Channel;
//! use vo_sched::{Config, NoHost, Scheduler, native};
//!
//! let sched = Scheduler::new(Config::default(), Arc::new(NoHost));
//! let sum = sched.run(|| {
//!     let numbers = Channel::<u64>::new(0);
//!     let producer = numbers.clone();
//!     native::spawn(move || {
//!         (1..=10).for_each(|n| producer.send(n).unwrap());
//!         producer.close().unwrap();
//!     });
//!     std::iter::from_fn(|| numbers.recv()).sum::<u64>()
//! });
//! assert_eq!(sum, 55);
//! ```

use crate::chan::{self, AlreadyClosed, ChanCore, RecvResult, RingStorage, SendResult};
use crate::fiber::{Across, Cx, Outcome};
use crate::native::{suspend, with_cx};
use crate::select::{self, SelectCase, Selected};
use crate::waiter::Dir;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr;
use smallvec::SmallVec;
use std::sync::Arc;

/// A channel of values of type `T`; clones are the same channel.
pub struct Channel<T: Send>(Arc<Inner<T>>);

struct Inner<T> {
    core: ChanCore,
    slots: *mut u64,
    cap: usize,
    marker: PhantomData<T>,
}

// SAFETY: values are handed from thread to thread, under the core's lock.
unsafe impl<T: Send> Send for Inner<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Inner<T> {}

/// The channel is closed; the value comes back.
#[derive(Debug, PartialEq, Eq)]
pub struct SendError<T>(pub T);

/// Why a value was not sent at once; it comes back.
#[derive(Debug, PartialEq, Eq)]
pub enum TrySendError<T> {
    /// Neither room nor a receiver.
    Full(T),
    /// The channel is closed.
    Closed(T),
}

/// Why nothing was received at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// Neither a value nor a sender.
    Empty,
    /// The channel is closed and empty.
    Closed,
}

/// The words of one value on its way.
struct Words<T> {
    words: SmallVec<[MaybeUninit<u64>; 4]>,
    marker: PhantomData<T>,
}

const fn words_of<T>() -> usize {
    size_of::<T>().div_ceil(8)
}

impl<T> Words<T> {
    fn empty() -> Words<T> {
        let mut words = SmallVec::new();
        words.resize(words_of::<T>(), MaybeUninit::new(0));
        Words { words, marker: PhantomData }
    }

    fn of(value: T) -> Words<T> {
        let mut words = Words::empty();
        // SAFETY: there is room for a `T`.
        unsafe { ptr::write_unaligned(words.as_mut_ptr().cast::<T>(), value) };
        words
    }

    fn as_mut_ptr(&mut self) -> *mut u64 {
        self.words.as_mut_ptr().cast()
    }

    /// # Safety
    /// The words hold a `T`, whose owner the caller becomes.
    unsafe fn take(mut self) -> T {
        // SAFETY: the caller says so.
        unsafe { ptr::read_unaligned(self.as_mut_ptr().cast::<T>()) }
    }
}

impl<T: Send> Clone for Channel<T> {
    fn clone(&self) -> Self {
        Channel(self.0.clone())
    }
}

impl<T: Send> Channel<T> {
    /// An open channel with a buffer for `cap` values (0: sender and receiver meet).
    pub fn new(cap: usize) -> Channel<T> {
        let slots: Box<[u64]> = vec![0; cap * words_of::<T>()].into_boxed_slice();
        let slots = Box::into_raw(slots) as *mut u64;
        Channel(Arc::new(Inner { core: ChanCore::new(), slots, cap, marker: PhantomData }))
    }

    /// Number of values in the buffer.
    pub fn len(&self) -> usize {
        self.0.core.len()
    }

    /// Whether the buffer is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of values that the buffer can hold.
    pub fn capacity(&self) -> usize {
        self.0.cap
    }

    /// Sends `value`; waits for room or a receiver. In a native fiber.
    ///
    /// # Errors
    /// If the channel is, or is meanwhile, closed.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        let mut words = Words::of(value);
        // SAFETY: core and storage belong together; the words are a `T`'s; `suspend` follows Block.
        let mut sent = with_cx(|cx| unsafe {
            chan::send(&self.0.core, self.0.storage(), &mut Across(cx), words.as_mut_ptr())
        });
        if sent == SendResult::Block {
            suspend(Outcome::Parked);
            sent = with_cx(|cx| chan::finish_send(cx));
        }
        match sent {
            SendResult::Done => Ok(()),
            // SAFETY: nobody has taken the value (the wait node's copy is forgotten).
            _ => Err(SendError(unsafe { words.take() })),
        }
    }

    /// Receives a value; waits for one. `None`: the channel is closed and empty. In a native fiber.
    pub fn recv(&self) -> Option<T> {
        let mut words = Words::<T>::empty();
        let out = words.as_mut_ptr();
        // SAFETY: core and storage belong together; there is room for a `T`; `suspend` follows Block.
        let received =
            with_cx(|cx| unsafe { chan::recv(&self.0.core, self.0.storage(), &mut Across(cx), out) });
        let ok = match received {
            RecvResult::Done { ok } => ok,
            RecvResult::Block => {
                suspend(Outcome::Parked);
                // SAFETY: our receive blocked and was completed; there is room for a `T`.
                with_cx(|cx| unsafe { chan::finish_recv(cx, out) })
            }
        };
        // SAFETY: `ok` says that the words are a value that was sent.
        ok.then(|| unsafe { words.take() })
    }

    /// Sends `value` if that is possible at once, in whatever context `cx`.
    ///
    /// # Errors
    /// If there is no room, or the channel is closed.
    pub fn try_send(&self, cx: &mut impl Cx, value: T) -> Result<(), TrySendError<T>> {
        let mut words = Words::of(value);
        // SAFETY: core and storage belong together; the words are a `T`'s, untaken unless Done.
        unsafe {
            match chan::try_send(&self.0.core, self.0.storage(), &mut Across(cx), words.as_mut_ptr()) {
                Some(SendResult::Done) => Ok(()),
                Some(_) => Err(TrySendError::Closed(words.take())),
                None => Err(TrySendError::Full(words.take())),
            }
        }
    }

    /// Receives a value if that is possible at once, in whatever context `cx`.
    ///
    /// # Errors
    /// If there is no value.
    pub fn try_recv(&self, cx: &mut impl Cx) -> Result<T, TryRecvError> {
        let mut words = Words::<T>::empty();
        // SAFETY: core and storage belong together; there is room for a `T`; `true` says it is one.
        unsafe {
            match chan::try_recv(&self.0.core, self.0.storage(), &mut Across(cx), words.as_mut_ptr()) {
                Some(true) => Ok(words.take()),
                Some(false) => Err(TryRecvError::Closed),
                None => Err(TryRecvError::Empty),
            }
        }
    }

    /// Closes the channel: receivers get what is left, then `None`; senders get an error. In a native fiber.
    ///
    /// # Errors
    /// If it is closed already.
    pub fn close(&self) -> Result<(), AlreadyClosed> {
        // SAFETY: core and storage belong together.
        with_cx(|cx| unsafe { chan::close(&self.0.core, self.0.storage(), &mut Across(cx)) })
    }
}

impl<T> Inner<T> {
    fn storage(&self) -> RingStorage {
        RingStorage { slots: self.slots, cap: self.cap, elem_words: words_of::<T>() }
    }
}

impl<T> Drop for Inner<T> {
    fn drop(&mut self) {
        let storage = self.storage();
        // SAFETY: nobody uses the channel any more; the buffered words are values; the box was
        // made in `new` with this length.
        unsafe {
            self.core.for_each_buffered(storage, |slot| drop(ptr::read_unaligned(slot.cast::<T>())));
            let len = self.cap * words_of::<T>();
            drop(Box::from_raw(ptr::slice_from_raw_parts_mut(self.slots, len)));
        }
    }
}

/// A select over channels of Rust values.
///
/// ```
/// # use std::sync::Arc;
/// # use vo_sched::{Config, NoHost, Scheduler, native};
/// use vo_sched::channel::{Channel, Select};
/// # Scheduler::new(Config::default(), Arc::new(NoHost)).run(|| {
/// let (a, b) = (Channel::<u8>::new(1), Channel::<String>::new(1));
/// b.send("hello".to_string()).unwrap();
/// let (mut from_a, mut from_b) = (None, None);
/// let chosen = Select::new().recv(&a, &mut from_a).recv(&b, &mut from_b).wait();
/// assert_eq!((chosen, from_b.as_deref()), (1, Some("hello")));
/// # });
/// ```
#[derive(Default)]
pub struct Select<'a> {
    cases: Vec<Case<'a>>,
}

struct Case<'a> {
    core: &'a ChanCore,
    storage: RingStorage,
    dir: Dir,
    words: Vec<u64>,
    /// Called when this case was chosen, with `ok`.
    #[allow(clippy::type_complexity)]
    chosen: Box<dyn FnOnce(&mut [u64], bool) + 'a>,
    /// Called when a send was not done: drops or returns the value.
    #[allow(clippy::type_complexity)]
    unsent: Box<dyn FnOnce(&mut [u64]) + 'a>,
}

impl<'a> Select<'a> {
    /// No cases yet.
    pub fn new() -> Select<'a> {
        Select::default()
    }

    /// Adds a receive; `into` is `None` afterwards if the channel was closed.
    #[must_use]
    pub fn recv<T: Send>(mut self, channel: &'a Channel<T>, into: &'a mut Option<T>) -> Select<'a> {
        self.cases.push(Case {
            core: &channel.0.core,
            storage: channel.0.storage(),
            dir: Dir::Recv,
            words: vec![0; words_of::<T>()],
            chosen: Box::new(move |words, ok| {
                // SAFETY: `ok` says that the words are a value that was sent.
                *into = ok.then(|| unsafe { ptr::read_unaligned(words.as_ptr().cast::<T>()) });
            }),
            unsent: Box::new(|_| {}),
        });
        self
    }

    /// Adds a send of the value in `from`, which is `None` afterwards if it was sent.
    #[must_use]
    pub fn send<T: Send>(mut self, channel: &'a Channel<T>, from: &'a mut Option<T>) -> Select<'a> {
        let mut words = vec![0; words_of::<T>()];
        let value = ManuallyDrop::new(from.take().expect("a send case needs a value"));
        // SAFETY: there is room for a `T`, which the words own from here on.
        unsafe {
            ptr::copy_nonoverlapping(ptr::from_ref(&value).cast::<T>(), words.as_mut_ptr().cast::<T>(), 1)
        };
        self.cases.push(Case {
            core: &channel.0.core,
            storage: channel.0.storage(),
            dir: Dir::Send,
            words,
            chosen: Box::new(|_, _| {}),
            unsent: Box::new(move |words| {
                // SAFETY: the value was not sent, so the words still own it.
                *from = Some(unsafe { ptr::read_unaligned(words.as_ptr().cast::<T>()) });
            }),
        });
        self
    }

    /// Waits for a case and answers its place. In a native fiber.
    ///
    /// # Panics
    /// If the chosen case is a send to a closed channel.
    pub fn wait(self) -> usize {
        self.exec(true).expect("internal error: a blocking select chose nothing")
    }

    /// Does a case that is ready, if there is one.
    ///
    /// # Panics
    /// If the chosen case is a send to a closed channel.
    pub fn poll(self) -> Option<usize> {
        self.exec(false)
    }

    fn exec(mut self, block: bool) -> Option<usize> {
        let cases: Vec<SelectCase<RingStorage>> = self.cases.iter_mut().map(Case::raw).collect();
        // SAFETY: each case's parts belong together; `suspend` follows Block; the channels are
        // borrowed until the end.
        let mut selected = with_cx(|cx| unsafe { select::select(&mut Across(cx), &cases, block) });
        if selected == Selected::Block {
            suspend(Outcome::Parked);
            // SAFETY: our select blocked and was completed; each case has room for its element.
            selected =
                with_cx(|cx| unsafe { select::finish_select(&Across(cx), |index, _| cases[index].words) });
        }
        let (chosen, ok, closed) = match selected {
            Selected::Ready { index, ok } => (Some(index), ok, false),
            Selected::Closed { index } => (Some(index), false, true),
            Selected::NotReady | Selected::Block => (None, false, false),
        };
        for (index, mut case) in self.cases.into_iter().enumerate() {
            if Some(index) == chosen && !closed {
                (case.chosen)(&mut case.words, ok);
            } else {
                (case.unsent)(&mut case.words);
            }
        }
        assert!(!closed, "send on closed channel");
        chosen
    }
}

impl Case<'_> {
    fn raw(&mut self) -> SelectCase<RingStorage> {
        SelectCase { core: self.core, storage: self.storage, dir: self.dir, words: self.words.as_mut_ptr() }
    }
}
