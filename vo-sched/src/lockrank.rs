//! The order of locks, as data, checked in debug builds.
//!
//! A thread may take a lock only if its rank is above all ranks that it holds. Channel locks have
//! an order of their own (addresses, within a select) and are leaves: under one, nothing is taken.

/// The ranks, lowest first: a lock is taken before those below it in this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Rank {
    /// Starting and retiring workers.
    Workers,
    /// A bucket of the semaphore table, or a notify list's.
    Semaphores,
    /// The queue of blocking jobs.
    Blocking,
    /// A shard of the timers.
    Timers,
    /// The list of idle workers.
    Sleepers,
    /// A worker's inbox.
    Inbox,
    /// A shard of a world's list of fibers.
    WorldFibers,
}

#[cfg(all(debug_assertions, not(loom)))]
mod imp {
    use super::Rank;
    use std::cell::RefCell;

    thread_local! {
        static HELD: RefCell<Vec<Rank>> = const { RefCell::new(Vec::new()) };
    }

    /// Held for as long as the lock is.
    pub struct Held(Rank);

    /// Says that the caller takes a lock of this rank now.
    pub fn hold(rank: Rank) -> Held {
        HELD.with_borrow_mut(|held| {
            if let Some(&highest) = held.iter().max() {
                assert!(highest < rank, "internal error: lock {rank:?} taken under {highest:?}");
            }
            held.push(rank);
        });
        Held(rank)
    }

    impl Drop for Held {
        fn drop(&mut self) {
            HELD.with_borrow_mut(|held| {
                let at = held.iter().rposition(|&rank| rank == self.0);
                held.remove(at.expect("internal error: a lock rank was released twice"));
            });
        }
    }
}

#[cfg(any(not(debug_assertions), loom))]
mod imp {
    use super::Rank;

    /// Held for as long as the lock is; nothing in release builds.
    pub struct Held;

    /// Says that the caller takes a lock of this rank now.
    #[inline(always)]
    pub fn hold(_rank: Rank) -> Held {
        Held
    }
}

pub use imp::{Held, hold};

#[cfg(all(test, debug_assertions, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn ascending_ranks_are_fine() {
        let _low = hold(Rank::Workers);
        let _high = hold(Rank::Inbox);
    }

    #[test]
    #[should_panic(expected = "lock Workers taken under Inbox")]
    fn descending_ranks_are_not() {
        let _high = hold(Rank::Inbox);
        let _low = hold(Rank::Workers);
    }
}
