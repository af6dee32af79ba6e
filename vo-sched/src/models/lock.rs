//! The channel lock's word: it excludes, and the next holder sees what the last one wrote.

use super::explore;
use crate::lock::SpinWord;
use crate::sync::RaceCell;
use loom::thread;
use std::sync::Arc;

#[test]
fn loom_the_word_excludes() {
    explore(|| {
        let shared = Arc::new((SpinWord::new(), RaceCell::new(0)));
        let enter = |shared: &(SpinWord, RaceCell<u32>)| {
            shared.0.lock();
            // SAFETY: the lock excludes the other; loom checks.
            unsafe { shared.1.with_mut(|inside| *inside += 1) };
            shared.0.unlock();
        };
        let other = shared.clone();
        let thread = thread::spawn(move || {
            (0..4).for_each(|_| enter(&other));
        });
        (0..4).for_each(|_| enter(&shared));
        thread.join().unwrap();
        // SAFETY: the other thread has ended.
        assert_eq!(unsafe { shared.1.with(|inside| *inside) }, 8);
    });
}
