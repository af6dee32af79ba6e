//! Killing against parking, waking and sending: a fiber that waits is won once, by its partner or by the canceller, and what was sent
//! is somebody's.

use super::chan::Chan;
use super::{ModelCx, explore};
use crate::cancel::{cancel_select, dequeue};
use crate::chan::{self, RecvResult, SendResult};
use crate::fiber::{Across, Cx, FiberState, ParkEnd, Wake};
use crate::select::{SelectCase, Selected, finish_select, select};
use crate::waiter::{Completion, Dir};
use loom::thread;

/// Parks the fiber of a context as its worker does; false where a partner was quicker.
fn parks(cx: &ModelCx) -> bool {
    cx.current().finish_park(false) == ParkEnd::Parked
}

#[test]
fn loom_kill_against_a_sender() {
    explore(|| {
        let port = Chan::<2, 0>::new();
        let to = port.clone();
        let mut cx = ModelCx::new();
        let mut words = [0; 2];
        // SAFETY: core and storage belong together; the fiber parks on Block.
        let waits =
            unsafe { chan::recv(&port.core, port.storage(), &mut Across(&mut cx), words.as_mut_ptr()) };
        assert_eq!(waits, RecvResult::Block);
        let sender = thread::spawn(move || {
            let mut cx = ModelCx::new();
            let sent = to.try_send(&mut cx, 7) == Some(SendResult::Done);
            (sent, cx)
        });
        let fiber = cx.current();
        // The island is stopped when its fibers have parked.
        let won = parks(&cx) && {
            // SAFETY: the fiber is parked, and this thread stands for the stopped world.
            unsafe { dequeue(fiber) }
        };
        if won {
            assert_eq!(fiber.wake(false), Wake::Enqueue);
        }
        let (sent, other) = sender.join().unwrap();
        assert_ne!(won, sent, "one of the two has the fiber");
        let mut left = Vec::new();
        // SAFETY: the fiber has been won, and nobody else has it any more.
        let (dir, completion) = unsafe { fiber.take_wait(&mut left) };
        assert_eq!(dir, Dir::Recv);
        assert_eq!(completion == Completion::Done, sent);
        if sent {
            assert_eq!(left, [7, 7], "what was sent is there to be freed");
        }
        drop(other);
    });
}

#[test]
fn loom_kill_against_two_senders_of_a_select() {
    explore(|| {
        let (a, b) = (Chan::<1, 0>::new(), Chan::<1, 0>::new());
        let mut cx = ModelCx::new();
        let mut words = [0; 2];
        let [one, two] = &mut words;
        let case = |c: &Chan<1, 0>, words: &mut u64| SelectCase {
            core: &raw const c.core,
            storage: c.storage(),
            dir: Dir::Recv,
            words,
        };
        let cases = [case(&a, one), case(&b, two)];
        // SAFETY: the cases' parts belong together; the fiber parks on Block.
        assert_eq!(unsafe { select(&mut Across(&mut cx), &cases, true) }, Selected::Block);
        let senders: Vec<_> = [(a.clone(), 1), (b.clone(), 2)]
            .into_iter()
            .map(|(to, value)| {
                thread::spawn(move || {
                    let mut cx = ModelCx::new();
                    (to.try_send(&mut cx, value) == Some(SendResult::Done), cx)
                })
            })
            .collect();
        let fiber = cx.current();
        let won = parks(&cx) && {
            // SAFETY: as above.
            unsafe { cancel_select(fiber) }
        };
        let ended: Vec<_> = senders.into_iter().map(|sender| sender.join().unwrap()).collect();
        let sent = ended.iter().filter(|(sent, _)| *sent).count();
        assert_eq!(sent + usize::from(won), 1, "one of the three has the fiber");
        if won {
            assert!(fiber.select_was_cancelled());
            assert_eq!(fiber.wake(false), Wake::Enqueue);
        } else {
            assert!(matches!(fiber.state(), FiberState::Queued | FiberState::Running));
            // SAFETY: the fiber was woken; each case has room for its word.
            let done = unsafe { finish_select(&cx, |index, _| cases[index].words) };
            assert!(matches!(done, Selected::Ready { ok: true, .. }));
        }
    });
}

/// The end of a port's home: it is closed, and emptied. Whoever sends is told, or has sent what is then thrown away.
#[test]
fn loom_the_end_of_an_island_against_a_sender() {
    explore(|| {
        let port = Chan::<1, 1>::new();
        let to = port.clone();
        let sender = thread::spawn(move || {
            let mut cx = ModelCx::new();
            let sent = [to.send(&mut cx, 1), to.send(&mut cx, 2)];
            (sent, cx)
        });
        let mut cx = ModelCx::new();
        port.close(&mut cx);
        let mut thrown = 0;
        while port.try_recv(&mut cx).flatten().is_some() {
            thrown += 1;
        }
        let (sent, other) = sender.join().unwrap();
        let done = sent.iter().filter(|&&sent| sent == SendResult::Done).count();
        assert_eq!(done, thrown, "what was sent is thrown away, and nothing else");
        assert!(sent.contains(&SendResult::Closed));
        drop(other);
    });
}
