//! Channels: every element arrives once and in order, close reaches everybody, nobody sleeps on.

use super::{ModelCx, explore};
use crate::chan::{self, ChanCore, RecvResult, RingStorage, SendResult};
use crate::sync::RaceCell;
use loom::thread;
use std::sync::Arc;

/// A channel of elements of `N` words with a buffer for `CAP` of them, and blocking operations.
pub(super) struct Chan<const N: usize, const CAP: usize> {
    pub core: ChanCore,
    slots: RaceCell<[[u64; N]; CAP]>,
}

// SAFETY: the slots are used by the channel's operations only, under the core's lock.
unsafe impl<const N: usize, const CAP: usize> Sync for Chan<N, CAP> {}
// SAFETY: as above.
unsafe impl<const N: usize, const CAP: usize> Send for Chan<N, CAP> {}

impl<const N: usize, const CAP: usize> Chan<N, CAP> {
    pub fn new() -> Arc<Self> {
        Arc::new(Chan { core: ChanCore::new(), slots: RaceCell::new([[0; N]; CAP]) })
    }

    pub fn storage(&self) -> RingStorage {
        // Only the address is used here; loom does not see the accesses, the core's lock guards them.
        RingStorage { slots: unchecked(&self.slots).cast(), cap: CAP, elem_words: N }
    }

    pub fn send(&self, cx: &mut ModelCx, value: u64) -> SendResult {
        let words = [value; N];
        // SAFETY: core and storage belong together, and we park on Block.
        match unsafe { chan::send(&self.core, self.storage(), cx, words.as_ptr()) } {
            SendResult::Block => {
                cx.park();
                chan::finish_send(cx)
            }
            done => done,
        }
    }

    pub fn recv(&self, cx: &mut ModelCx) -> Option<u64> {
        let mut words = [99; N];
        // SAFETY: as in `send`.
        let ok = unsafe {
            match chan::recv(&self.core, self.storage(), cx, words.as_mut_ptr()) {
                RecvResult::Done { ok } => ok,
                RecvResult::Block => {
                    cx.park();
                    chan::finish_recv(cx, words.as_mut_ptr())
                }
            }
        };
        assert!(words.iter().all(|&word| word == words[0]));
        assert!(ok || words[0] == 0, "a closed channel gives zeros");
        ok.then_some(words[0])
    }

    pub fn try_recv(&self, cx: &mut ModelCx) -> Option<Option<u64>> {
        let mut words = [99; N];
        // SAFETY: as in `send`.
        let received = unsafe { chan::try_recv(&self.core, self.storage(), cx, words.as_mut_ptr()) };
        received.map(|ok| ok.then_some(words[0]))
    }

    pub fn try_send(&self, cx: &mut ModelCx, value: u64) -> Option<SendResult> {
        let words = [value; N];
        // SAFETY: as in `send`.
        unsafe { chan::try_send(&self.core, self.storage(), cx, words.as_ptr()) }
    }

    pub fn close(&self, cx: &mut ModelCx) {
        // SAFETY: core and storage belong together.
        unsafe { chan::close(&self.core, self.storage(), cx) }.unwrap();
    }
}

/// The address of a cell's contents without an access that loom would see.
fn unchecked<T>(cell: &RaceCell<T>) -> *mut T {
    // SAFETY: nobody writes the cell through its own methods.
    unsafe { cell.with(|contents| std::ptr::from_ref(contents).cast_mut()) }
}

fn one_sender_one_receiver<const N: usize, const CAP: usize>() {
    explore(|| {
        let c = Chan::<N, CAP>::new();
        let to = c.clone();
        let sender = thread::spawn(move || {
            let mut cx = ModelCx::new();
            assert_eq!(to.send(&mut cx, 1), SendResult::Done);
            assert_eq!(to.send(&mut cx, 2), SendResult::Done);
            // The fiber must not be freed under a waker.
            cx
        });
        let mut cx = ModelCx::new();
        assert_eq!(c.recv(&mut cx), Some(1));
        assert_eq!(c.recv(&mut cx), Some(2));
        drop(sender.join().unwrap());
    });
}

#[test]
fn loom_unbuffered() {
    one_sender_one_receiver::<1, 0>();
}

#[test]
fn loom_unbuffered_wide_elements() {
    one_sender_one_receiver::<5, 0>();
}

#[test]
fn loom_buffered() {
    one_sender_one_receiver::<2, 1>();
}

#[test]
fn loom_two_senders() {
    explore(|| {
        let c = Chan::<1, 1>::new();
        let senders: Vec<_> = [1, 2]
            .into_iter()
            .map(|value| {
                let to = c.clone();
                thread::spawn(move || {
                    let mut cx = ModelCx::new();
                    assert_eq!(to.send(&mut cx, value), SendResult::Done);
                    cx
                })
            })
            .collect();
        let mut cx = ModelCx::new();
        let got = [c.recv(&mut cx), c.recv(&mut cx)];
        assert!(got == [Some(1), Some(2)] || got == [Some(2), Some(1)], "{got:?}");
        senders.into_iter().for_each(|sender| drop(sender.join().unwrap()));
    });
}

#[test]
fn loom_close_against_receive() {
    explore(|| {
        let c = Chan::<1, 0>::new();
        let receivers: Vec<_> = (0..2)
            .map(|_| {
                let from = c.clone();
                thread::spawn(move || {
                    let mut cx = ModelCx::new();
                    assert_eq!(from.recv(&mut cx), None);
                    cx
                })
            })
            .collect();
        let mut cx = ModelCx::new();
        c.close(&mut cx);
        receivers.into_iter().for_each(|receiver| drop(receiver.join().unwrap()));
    });
}

#[test]
fn loom_close_against_send() {
    explore(|| {
        let c = Chan::<1, 1>::new();
        let to = c.clone();
        let sender = thread::spawn(move || {
            let mut cx = ModelCx::new();
            let sent = [to.send(&mut cx, 1), to.send(&mut cx, 2)];
            (cx, sent)
        });
        let mut cx = ModelCx::new();
        c.close(&mut cx);
        let (_sender, sent) = sender.join().unwrap();
        // The buffer holds one: the second send always meets the close.
        assert_eq!(sent[1], SendResult::Closed);
        let first = (sent[0] == SendResult::Done).then_some(1);
        assert_eq!(c.recv(&mut cx), first);
        assert_eq!(c.recv(&mut cx), None);
    });
}

/// What was sent before the close is received before the close is seen.
#[test]
fn loom_try_receive_against_send_and_close() {
    explore(|| {
        let c = Chan::<1, 1>::new();
        let to = c.clone();
        let sender = thread::spawn(move || {
            let mut cx = ModelCx::new();
            assert_eq!(to.try_send(&mut cx, 1), Some(SendResult::Done));
            to.close(&mut cx);
        });
        let mut cx = ModelCx::new();
        match c.try_recv(&mut cx) {
            None => {}
            Some(Some(value)) => assert_eq!(value, 1),
            Some(None) => panic!("the close overtook the value"),
        }
        sender.join().unwrap();
    });
}

/// A non-blocking send meets the receiver that waits, or answers that nobody does.
#[test]
fn loom_try_send_against_receive() {
    explore(|| {
        let c = Chan::<1, 0>::new();
        let from = c.clone();
        let receiver = thread::spawn(move || {
            let mut cx = ModelCx::new();
            let got = from.recv(&mut cx);
            (cx, got)
        });
        let mut cx = ModelCx::new();
        let sent = c.try_send(&mut cx, 1);
        if sent.is_none() {
            c.close(&mut cx);
        }
        let (_receiver, got) = receiver.join().unwrap();
        assert_eq!(got, sent.map(|_| 1));
    });
}
