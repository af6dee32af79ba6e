//! Native fibers, their channels and clocks, on real threads, under every worker count and mode.

#![cfg(not(loom))]

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};
use vo_sched::channel::{Channel, Select, SendError, TryRecvError, TrySendError};
use vo_sched::{Config, Host, NoHost, Scheduler, Shared, native};

fn sched(workers: usize, stress_steal: bool) -> Scheduler {
    Scheduler::new(Config { workers, stress_steal, seed: 1, ..Config::default() }, Arc::new(NoHost))
}

/// Runs `test` with 1, 2 and 4 workers, plainly and with every fiber sent away.
fn in_every_mode(test: impl Fn() + Clone + Send + 'static) {
    for workers in [1, 2, 4] {
        for stress in [false, true] {
            sched(workers, stress).run(test.clone());
        }
    }
}

#[test]
fn ping_pong() {
    in_every_mode(|| {
        let (ping, pong) = (Channel::<u64>::new(0), Channel::<u64>::new(0));
        let (their_ping, their_pong) = (ping.clone(), pong.clone());
        native::spawn(move || {
            while let Some(n) = their_ping.recv() {
                their_pong.send(n + 1).unwrap();
            }
            their_pong.close().unwrap();
        });
        for n in 0..2_000 {
            ping.send(n).unwrap();
            assert_eq!(pong.recv(), Some(n + 1));
        }
        ping.close().unwrap();
        assert_eq!(pong.recv(), None);
    });
}

#[test]
fn events_are_recorded_if_that_is_wanted() {
    let sched = sched(1, false);
    sched.run(|| native::sleep(Duration::from_millis(1)));
    let text = sched.trace_text();
    if cfg!(feature = "trace") {
        assert!(text.contains("worker 0: fiber 1 parks"), "{text}");
    } else {
        assert_eq!(text, "");
    }
}

#[test]
fn many_to_many() {
    in_every_mode(|| {
        for cap in [0, 1, 7] {
            let values = Channel::<u64>::new(cap);
            let sums = Channel::<u64>::new(0);
            let left = Arc::new(AtomicUsize::new(4));
            for p in 0..4 {
                let (values, left) = (values.clone(), left.clone());
                native::spawn(move || {
                    (0..500).for_each(|i| values.send(p * 500 + i).unwrap());
                    if left.fetch_sub(1, Ordering::AcqRel) == 1 {
                        values.close().unwrap();
                    }
                });
            }
            for _ in 0..3 {
                let (values, sums) = (values.clone(), sums.clone());
                native::spawn(move || {
                    let mut sum = 0;
                    while let Some(v) = values.recv() {
                        sum += v;
                    }
                    sums.send(sum).unwrap();
                });
            }
            let total: u64 = (0..3).map(|_| sums.recv().unwrap()).sum();
            assert_eq!(total, (0..2000).sum());
        }
    });
}

#[test]
fn values_of_all_sizes() {
    in_every_mode(|| {
        let wide = Channel::<[u64; 9]>::new(0);
        let (empty, text) = (Channel::<()>::new(0), Channel::<String>::new(2));
        let (w, e, t) = (wide.clone(), empty.clone(), text.clone());
        native::spawn(move || {
            for i in 0..50u64 {
                w.send([i; 9]).unwrap();
                e.send(()).unwrap();
                t.send(i.to_string()).unwrap();
            }
        });
        for i in 0..50u64 {
            assert_eq!(wide.recv(), Some([i; 9]));
            assert_eq!(empty.recv(), Some(()));
            assert_eq!(text.recv(), Some(i.to_string()));
        }
    });
}

#[test]
fn close_wakes_everybody() {
    in_every_mode(|| {
        let (full, empty, done) = (Channel::<u8>::new(1), Channel::<u8>::new(0), Channel::<bool>::new(0));
        full.send(1).unwrap();
        for _ in 0..5 {
            let (full, empty) = (full.clone(), empty.clone());
            let (done_a, done_b) = (done.clone(), done.clone());
            native::spawn(move || done_a.send(full.send(2) == Err(SendError(2))).unwrap());
            native::spawn(move || done_b.send(empty.recv().is_none()).unwrap());
        }
        (0..20).for_each(|_| native::yield_now());
        full.close().unwrap();
        empty.close().unwrap();
        assert!(empty.close().is_err());
        // One of the senders may have run only now; it gets the same error.
        (0..10).for_each(|_| assert_eq!(done.recv(), Some(true)));
        assert_eq!((full.recv(), full.recv()), (Some(1), None));
    });
}

#[test]
fn try_operations() {
    in_every_mode(|| {
        let c = Channel::<u32>::new(1);
        native::with_cx(|cx| {
            assert_eq!(c.try_recv(cx), Err(TryRecvError::Empty));
            assert_eq!(c.try_send(cx, 1), Ok(()));
            assert_eq!(c.try_send(cx, 2), Err(TrySendError::Full(2)));
            assert_eq!(c.try_recv(cx), Ok(1));
        });
        c.close().unwrap();
        native::with_cx(|cx| {
            assert_eq!(c.try_recv(cx), Err(TryRecvError::Closed));
            assert_eq!(c.try_send(cx, 2), Err(TrySendError::Closed(2)));
        });
    });
}

#[test]
fn selects_against_selects() {
    in_every_mode(|| {
        let (a, b) = (Channel::<u64>::new(0), Channel::<u64>::new(0));
        let sums = Channel::<u64>::new(0);
        for p in 0..3u64 {
            let (a, b, sums) = (a.clone(), b.clone(), sums.clone());
            native::spawn(move || {
                let mut sum = 0;
                for i in 0..300 {
                    let (mut to_a, mut to_b) = (Some(p * 1000 + i), Some(p * 1000 + i));
                    Select::new().send(&a, &mut to_a).send(&b, &mut to_b).wait();
                    assert!(to_a.is_none() != to_b.is_none());
                    sum += p * 1000 + i;
                }
                sums.send(sum).unwrap();
            });
        }
        let received = Channel::<u64>::new(0);
        for _ in 0..3 {
            let (a, b, received) = (a.clone(), b.clone(), received.clone());
            native::spawn(move || {
                let mut sum = 0;
                for _ in 0..300 {
                    let (mut from_a, mut from_b) = (None, None);
                    let chosen = Select::new().recv(&a, &mut from_a).recv(&b, &mut from_b).wait();
                    sum += if chosen == 0 { from_a.unwrap() } else { from_b.unwrap() };
                }
                received.send(sum).unwrap();
            });
        }
        let sent: u64 = (0..3).map(|_| sums.recv().unwrap()).sum();
        let got: u64 = (0..3).map(|_| received.recv().unwrap()).sum();
        assert_eq!(sent, got);
    });
}

#[test]
fn a_select_chooses_evenly_and_sees_closed_channels() {
    in_every_mode(|| {
        let channels: Vec<_> = (0..4).map(|_| Channel::<u8>::new(1)).collect();
        let mut chosen = [0; 4];
        for _ in 0..2_000 {
            channels.iter().for_each(|c| {
                native::with_cx(|cx| {
                    let _ = c.try_send(cx, 1);
                });
            });
            let mut got = [const { None }; 4];
            let mut select = Select::new();
            for (c, into) in channels.iter().zip(&mut got) {
                select = select.recv(c, into);
            }
            chosen[select.wait()] += 1;
        }
        assert!(chosen.iter().all(|&n| (350..650).contains(&n)), "{chosen:?}");
        let (closed, mut got) = (Channel::<u8>::new(0), Some(9));
        closed.close().unwrap();
        assert_eq!(Select::new().recv(&closed, &mut got).wait(), 0);
        assert_eq!(got, None);
        let (never, mut got) = (Channel::<u8>::new(0), None);
        assert_eq!(Select::new().recv(&never, &mut got).poll(), None);
    });
}

#[test]
fn sleeping_takes_its_time_and_not_much_more() {
    sched(2, false).run(|| {
        let mut late: Vec<Duration> = (0..40)
            .map(|_| {
                let begin = Instant::now();
                native::sleep(Duration::from_micros(500));
                begin.elapsed().checked_sub(Duration::from_micros(500)).expect("woken early")
            })
            .collect();
        late.sort();
        // Beside what the machine, with whatever else runs on it, makes of a thread's sleep.
        let mut threads: Vec<Duration> = (0..40)
            .map(|_| {
                let begin = Instant::now();
                std::thread::sleep(Duration::from_micros(500));
                begin.elapsed()
            })
            .collect();
        threads.sort();
        let bound = Duration::from_millis(2) + 3 * threads[20];
        assert!(late[20] < bound, "median lateness {:?} beside a thread's {:?}", late[20], threads[20]);
    });
}

#[test]
fn many_sleepers_wake_in_order() {
    in_every_mode(|| {
        let woken = Channel::<u64>::new(0);
        for i in 0..100u64 {
            let woken = woken.clone();
            native::spawn(move || {
                let ms = i * 7 % 10;
                let begin = Instant::now();
                native::sleep(Duration::from_millis(ms));
                assert!(begin.elapsed() >= Duration::from_millis(ms));
                woken.send(i).unwrap();
            });
        }
        let sum: u64 = (0..100).map(|_| woken.recv().unwrap()).sum();
        assert_eq!(sum, 4950);
    });
}

#[test]
fn blocking_jobs_do_not_hold_up_the_worker() {
    in_every_mode(|| {
        // The jobs end when all twenty are at it, and when a fiber has run beside them.
        let all = Arc::new(Barrier::new(21));
        let done = Channel::<u64>::new(0);
        for i in 0..20 {
            let (done, all) = (done.clone(), all.clone());
            native::spawn(move || {
                let i = native::blocking(move || {
                    all.wait();
                    i
                });
                done.send(i).unwrap();
            });
        }
        let beside = done.clone();
        native::spawn(move || {
            beside.send(1000).unwrap();
            native::blocking(move || all.wait());
        });
        let sum: u64 = (0..21).map(|_| done.recv().unwrap()).sum();
        assert_eq!(sum, 1190);
    });
}

struct Counting(AtomicUsize);

impl Host for Counting {
    fn on_deadlock(&self, shared: &Shared, live: usize) {
        self.0.fetch_add(live, Ordering::SeqCst);
        shared.signal_done();
    }
}

#[test]
fn a_deadlock_is_reported_once() {
    for workers in [1, 2, 4] {
        for _ in 0..20 {
            let host = Arc::new(Counting(AtomicUsize::new(0)));
            let sched = Scheduler::new(Config { workers, ..Config::default() }, host.clone());
            sched.spawn_native(|| {
                let c = Channel::<u8>::new(0);
                let same = c.clone();
                native::spawn(move || {
                    native::sleep(Duration::from_micros(300));
                    native::blocking(|| std::thread::sleep(Duration::from_micros(300)));
                    same.recv();
                });
                c.recv();
            });
            sched.wait_done();
            assert_eq!(host.0.load(Ordering::SeqCst), 2);
            sched.shutdown();
            assert_eq!(host.0.load(Ordering::SeqCst), 2);
        }
    }
}

#[test]
fn shutdown_drops_what_has_not_finished() {
    struct Token(Arc<AtomicUsize>);
    impl Drop for Token {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    for workers in [1, 2, 4] {
        let dropped = Arc::new(AtomicUsize::new(0));
        let sched = sched(workers, false);
        let tokens: Vec<_> = (0..50).map(|_| Token(dropped.clone())).collect();
        sched.run(move || {
            let c = Channel::<u8>::new(0);
            for token in tokens {
                let c = c.clone();
                native::spawn(move || {
                    let _token = token;
                    c.recv();
                });
            }
            (0..10).for_each(|_| native::yield_now());
        });
        sched.shutdown();
        assert_eq!(dropped.load(Ordering::SeqCst), 50);
    }
}

#[test]
#[should_panic(expected = "from inside")]
fn a_panic_comes_out_of_run() {
    sched(2, false).run(|| {
        native::spawn(|| panic!("from inside"));
        native::block_forever();
    });
}

#[test]
fn foreign_threads_may_spawn() {
    let sched = sched(2, false);
    let sum = Arc::new(AtomicU64::new(0));
    let shared = sched.shared().clone();
    shared.begin_pending();
    let from = sum.clone();
    let thread = std::thread::spawn(move || {
        for i in 0..500u64 {
            let (sum, all) = (from.clone(), shared.clone());
            shared.spawn_native(move || {
                if sum.fetch_add(i, Ordering::AcqRel) + i == 499 * 500 / 2 {
                    all.signal_done();
                }
            });
        }
        shared.end_pending();
    });
    sched.wait_done();
    thread.join().unwrap();
    assert_eq!(sum.load(Ordering::Acquire), 499 * 500 / 2);
}

#[test]
fn sockets_block_the_fiber_and_not_the_worker() {
    use std::io::{Read, Write};
    use vo_sched::net::Io;
    in_every_mode(|| {
        let any = "127.0.0.1:0".parse().unwrap();
        let listener = Io::new(mio::net::TcpListener::bind(any).unwrap()).unwrap();
        let address = listener.get().local_addr().unwrap();
        let done = Channel::<usize>::new(0);
        for i in 0..5u8 {
            let done = done.clone();
            native::spawn(move || {
                let stream = Io::new(mio::net::TcpStream::connect(address).unwrap()).unwrap();
                let mut echoed = 0;
                for _ in 0..20 {
                    stream.writing(|mut s| s.write_all(&[i])).unwrap();
                    let mut byte = [0];
                    stream.reading(|mut s| s.read_exact(&mut byte)).unwrap();
                    assert_eq!(byte[0], i);
                    echoed += 1;
                }
                done.send(echoed).unwrap();
            });
        }
        for _ in 0..5 {
            let (stream, _) = listener.reading(|listener| listener.accept()).unwrap();
            native::spawn(move || {
                let stream = Io::new(stream).unwrap();
                let mut byte = [0];
                while stream.reading(|mut s| s.read(&mut byte)).unwrap() == 1 {
                    stream.writing(|mut s| s.write_all(&byte)).unwrap();
                }
            });
        }
        let echoed: usize = (0..5).map(|_| done.recv().unwrap()).sum();
        assert_eq!(echoed, 100);
        // A timer goes on working beside the sockets.
        let begin = Instant::now();
        native::sleep(Duration::from_millis(3));
        assert!(begin.elapsed() >= Duration::from_millis(3));
    });
}

#[test]
fn a_mutex_excludes_and_a_wait_group_waits() {
    use vo_sched::mutex::Mutex;
    use vo_sched::waitgroup::WaitGroup;
    in_every_mode(|| {
        let (value, group) = (Arc::new(Mutex::new((0, 0))), Arc::new(WaitGroup::new()));
        for _ in 0..2 {
            group.add(8);
            for _ in 0..8 {
                let (value, group) = (value.clone(), group.clone());
                native::spawn(move || {
                    for _ in 0..100 {
                        let mut pair = value.lock();
                        pair.0 += 1;
                        if pair.0 % 10 == 0 {
                            native::yield_now();
                        }
                        pair.1 += 1;
                        assert_eq!(pair.0, pair.1);
                    }
                    group.done();
                });
            }
            group.wait();
        }
        assert_eq!(*value.try_lock().expect("everybody is done"), (1600, 1600));
    });
}
