//! Selects: exactly one case wins, what it moved arrives once, and the losers' nodes are gone.

use super::chan::Chan;
use super::{ModelCx, explore};
use crate::chan::{RingStorage, SendResult};
use crate::select::{SelectCase, Selected, finish_select, select};
use crate::waiter::Dir;
use loom::thread;
use std::sync::Arc;

type C = Arc<Chan<1, 0>>;

fn case(c: &C, dir: Dir, word: &mut u64) -> SelectCase<RingStorage> {
    SelectCase { core: &c.core, storage: c.storage(), dir, words: word }
}

/// Performs a blocking select over cases of one word each.
fn blocking(cx: &mut ModelCx, cases: &[SelectCase<RingStorage>]) -> Selected {
    // SAFETY: the cases' parts belong together, we park on Block, and each has room for its word.
    unsafe {
        match select(cx, cases, true) {
            Selected::Block => {
                cx.park();
                finish_select(cx, |index, _| cases[index].words)
            }
            done => done,
        }
    }
}

#[test]
fn loom_select_against_two_senders() {
    explore(|| {
        let (a, b): (C, C) = (Chan::new(), Chan::new());
        let senders: Vec<_> = [(a.clone(), 1), (b.clone(), 2)]
            .into_iter()
            .map(|(to, value)| {
                thread::spawn(move || {
                    let mut cx = ModelCx::new();
                    assert_eq!(to.send(&mut cx, value), SendResult::Done);
                    cx
                })
            })
            .collect();
        let mut cx = ModelCx::new();
        let mut sum = 0;
        for _ in 0..2 {
            let (mut from_a, mut from_b) = (0, 0);
            let cases = [case(&a, Dir::Recv, &mut from_a), case(&b, Dir::Recv, &mut from_b)];
            let Selected::Ready { index, ok: true } = blocking(&mut cx, &cases) else { panic!() };
            sum += if index == 0 { from_a } else { from_b };
        }
        assert_eq!(sum, 3);
        senders.into_iter().for_each(|sender| drop(sender.join().unwrap()));
    });
}

/// Both wait on both channels, in opposite orders: the locks are taken in one order, the two meet
/// on one channel, and on one only.
#[test]
fn loom_select_against_select() {
    explore(|| {
        let (a, b): (C, C) = (Chan::new(), Chan::new());
        let (to_a, to_b) = (a.clone(), b.clone());
        let sender = thread::spawn(move || {
            let mut cx = ModelCx::new();
            let (mut one, mut two) = (1, 2);
            let cases = [case(&to_a, Dir::Send, &mut one), case(&to_b, Dir::Send, &mut two)];
            let Selected::Ready { index, ok: true } = blocking(&mut cx, &cases) else { panic!() };
            (cx, index)
        });
        let mut cx = ModelCx::new();
        let (mut from_a, mut from_b) = (0, 0);
        let cases = [case(&b, Dir::Recv, &mut from_b), case(&a, Dir::Recv, &mut from_a)];
        let Selected::Ready { index, ok: true } = blocking(&mut cx, &cases) else { panic!() };
        let (_sender, sent) = sender.join().unwrap();
        assert_eq!((sent, from_a, from_b), if index == 1 { (0, 1, 0) } else { (1, 0, 2) });
        // No node of either select is left behind.
        assert_eq!((a.try_send(&mut cx, 9), b.try_send(&mut cx, 9)), (None, None));
        assert_eq!((a.try_recv(&mut cx), b.try_recv(&mut cx)), (None, None));
    });
}

/// Two selects that could each do either half with the other: a fiber never meets itself.
#[test]
fn loom_selects_that_send_and_receive_on_one_channel() {
    explore(|| {
        let c: C = Chan::new();
        let run = |c: C| {
            let mut cx = ModelCx::new();
            let (mut out, mut into) = (7, 0);
            let cases = [case(&c, Dir::Send, &mut out), case(&c, Dir::Recv, &mut into)];
            let Selected::Ready { index, ok: true } = blocking(&mut cx, &cases) else { panic!() };
            assert_eq!(into, if index == 1 { 7 } else { 0 });
            (cx, index)
        };
        let other = c.clone();
        let thread = thread::spawn(move || run(other));
        let (_cx, mine) = run(c);
        let (_other, theirs) = thread.join().unwrap();
        assert_eq!(mine + theirs, 1);
    });
}

#[test]
fn loom_select_against_close_and_send() {
    explore(|| {
        let (a, b): (C, C) = (Chan::new(), Chan::new());
        let closing = a.clone();
        let closer = thread::spawn(move || {
            let mut cx = ModelCx::new();
            closing.close(&mut cx);
        });
        let to = b.clone();
        let sender = thread::spawn(move || {
            let mut cx = ModelCx::new();
            to.try_send(&mut cx, 5)
        });
        let mut cx = ModelCx::new();
        let (mut from_a, mut from_b) = (1, 1);
        let cases = [case(&a, Dir::Recv, &mut from_a), case(&b, Dir::Recv, &mut from_b)];
        let selected = blocking(&mut cx, &cases);
        closer.join().unwrap();
        let sent = sender.join().unwrap().is_some();
        match selected {
            Selected::Ready { index: 0, ok: false } => assert!(!sent && from_a == 0),
            Selected::Ready { index: 1, ok: true } => assert!(sent && from_b == 5),
            other => panic!("{other:?}"),
        }
    });
}
