//! A worker's run queue, from which others steal.
//!
//! `crossbeam-deque`'s Chase-Lev queue in first-in-first-out order: the owner pushes at one end
//! without read-modify-writes, owner and thieves take from the other. Under loom, which cannot
//! see into that crate, the same interface stands on a locked list, so that the models check the
//! protocol above the queue.

use crate::fiber::FiberRef;

#[cfg(not(loom))]
mod imp {
    use super::FiberRef;
    use crossbeam_deque::{Injector, Steal, Stealer, Worker};

    /// The owner's end.
    pub struct LocalQueue(Worker<FiberRef>);

    /// The thieves' end.
    pub struct Thief(Stealer<FiberRef>);

    /// The queue that every worker takes from.
    #[derive(Default)]
    pub struct Inject(Injector<FiberRef>);

    impl LocalQueue {
        /// An empty queue and its thieves' end.
        pub fn new() -> (LocalQueue, Thief) {
            let worker = Worker::new_fifo();
            let stealer = worker.stealer();
            (LocalQueue(worker), Thief(stealer))
        }

        /// Puts a fiber behind the others.
        #[inline]
        pub fn push(&self, fiber: FiberRef) {
            self.0.push(fiber);
        }

        /// Takes the fiber that has been in the queue the longest.
        #[inline]
        pub fn pop(&self) -> Option<FiberRef> {
            self.0.pop()
        }

        /// Whether there is nothing to take: what others have taken meanwhile may still count. Unlike [`Thief::is_empty`]
        /// this needs no fence.
        #[inline]
        pub fn is_empty(&self) -> bool {
            self.0.is_empty()
        }
    }

    /// Repeats a steal that lost a race until it has an answer.
    fn settle(mut steal: impl FnMut() -> Steal<FiberRef>) -> Option<FiberRef> {
        loop {
            match steal() {
                Steal::Success(fiber) => return Some(fiber),
                Steal::Empty => return None,
                Steal::Retry => core::hint::spin_loop(),
            }
        }
    }

    impl Thief {
        /// Moves about half of the queue into `into` and answers one more of its fibers.
        pub fn steal_half(&self, into: &LocalQueue) -> Option<FiberRef> {
            settle(|| self.0.steal_batch_and_pop(&into.0))
        }

        /// Whether the queue was empty at some moment of the call.
        #[inline]
        pub fn is_empty(&self) -> bool {
            self.0.is_empty()
        }
    }

    impl Inject {
        /// Puts a fiber behind the others.
        pub fn push(&self, fiber: FiberRef) {
            self.0.push(fiber);
        }

        /// Moves a batch into `into` and answers one more fiber.
        pub fn take_batch(&self, into: &LocalQueue) -> Option<FiberRef> {
            if self.0.is_empty() {
                return None;
            }
            settle(|| self.0.steal_batch_and_pop(&into.0))
        }

        /// Takes one fiber.
        pub fn take(&self) -> Option<FiberRef> {
            if self.0.is_empty() {
                return None;
            }
            settle(|| self.0.steal())
        }

        /// Whether the queue was empty at some moment of the call.
        #[inline]
        pub fn is_empty(&self) -> bool {
            self.0.is_empty()
        }
    }
}

#[cfg(loom)]
mod imp {
    use super::FiberRef;
    use crate::sync::Mutex;
    use std::collections::VecDeque;
    use std::sync::Arc;

    type List = Mutex<VecDeque<FiberRef>>;

    /// See the std version.
    pub struct LocalQueue(Arc<List>);

    /// See the std version.
    pub struct Thief(Arc<List>);

    /// See the std version.
    pub struct Inject(List);

    impl Default for Inject {
        fn default() -> Self {
            Inject(Mutex::new(VecDeque::new()))
        }
    }

    /// Takes the first half (rounded up) of `from`.
    fn take_half(from: &List) -> VecDeque<FiberRef> {
        let mut from = from.lock();
        let half = from.len().div_ceil(2);
        from.drain(..half).collect()
    }

    fn move_half(from: &List, into: &LocalQueue) -> Option<FiberRef> {
        let mut taken = take_half(from);
        let first = taken.pop_front();
        taken.into_iter().for_each(|fiber| into.push(fiber));
        first
    }

    impl LocalQueue {
        /// See the std version.
        pub fn new() -> (LocalQueue, Thief) {
            let list = Arc::new(Mutex::new(VecDeque::new()));
            (LocalQueue(list.clone()), Thief(list))
        }

        /// See the std version.
        pub fn push(&self, fiber: FiberRef) {
            self.0.lock().push_back(fiber);
        }

        /// See the std version.
        pub fn pop(&self) -> Option<FiberRef> {
            self.0.lock().pop_front()
        }

        /// See the std version.
        pub fn is_empty(&self) -> bool {
            self.0.lock().is_empty()
        }
    }

    impl Thief {
        /// See the std version.
        pub fn steal_half(&self, into: &LocalQueue) -> Option<FiberRef> {
            move_half(&self.0, into)
        }

        /// See the std version.
        pub fn is_empty(&self) -> bool {
            self.0.lock().is_empty()
        }
    }

    impl Inject {
        /// See the std version.
        pub fn push(&self, fiber: FiberRef) {
            self.0.lock().push_back(fiber);
        }

        /// See the std version.
        pub fn take_batch(&self, into: &LocalQueue) -> Option<FiberRef> {
            move_half(&self.0, into)
        }

        /// See the std version.
        pub fn take(&self) -> Option<FiberRef> {
            self.0.lock().pop_front()
        }

        /// See the std version.
        pub fn is_empty(&self) -> bool {
            self.0.lock().is_empty()
        }
    }
}

pub use imp::{Inject, LocalQueue, Thief};
