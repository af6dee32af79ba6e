//! Worlds that one worker runs at a time, and fibers that come to a world from another one: what a host's `go @` does.
//!
//! The cells of these models have no lock: that nobody else is inside is all that guards them.

use super::explore_within;
use super::workers::{Common, run, shared};
use crate::fiber::{FiberRef, Outcome};
use crate::mode::Wish;
use crate::step;
use crate::world::World;
use std::sync::Arc;

/// A fiber that touches the cell, gives its worker up, touches it again and ends.
fn visitor(world: &World, common: &Arc<Common>, turns: u32) -> FiberRef {
    let (common, mut done) = (common.clone(), 0);
    step::fiber(world, move |cx| {
        common.touch();
        done += 1;
        if done < turns {
            return Outcome::Yielded;
        }
        common.one_less(cx);
        Outcome::Finished
    })
}

/// Two fibers that were made outside: never both at once, and both run, whoever is put aside.
#[test]
fn loom_limit_one_at_a_time() {
    explore_within(2, || {
        let shared = shared(2);
        let world = shared.new_world();
        world.set_limit(1);
        let common = Common::new(2);
        shared.spawn(visitor(&world, &common, 1));
        shared.spawn(visitor(&world, &common, 2));
        run(&shared, || {});
    });
}

/// A fiber elsewhere starts two there, which the other worker may steal.
#[test]
fn loom_limit_against_go_from_another_world() {
    explore_within(2, || {
        let shared = shared(2);
        let world = shared.new_world();
        world.set_limit(1);
        let common = Common::new(2);
        let mut new = Some([visitor(&world, &common, 1), visitor(&world, &common, 1)]);
        shared.spawn(step::fiber(shared.root_world(), move |cx| {
            new.take().expect("it runs once").into_iter().for_each(|fiber| cx.spawn(fiber));
            Outcome::Finished
        }));
        run(&shared, || {});
    });
}

/// A world is opened, because its owner is asked to share it, while a fiber comes to it from another world and is stolen.
#[test]
fn loom_opening_against_go_from_another_world() {
    explore_within(2, || {
        let shared = shared(2);
        let world = shared.new_world();
        let common = Common::new(2);
        let arrives = {
            let common = common.clone();
            step::fiber(&world, move |cx| {
                common.touch_locked(cx);
                common.one_less(cx);
                Outcome::Finished
            })
        };
        let mut arrives = Some(arrives);
        let owner = common.clone();
        shared.spawn(step::fiber(&world, move |cx| {
            owner.touch_locked(cx);
            cx.shared().worker(cx.index()).ask(Wish::Share);
            let _ = cx.safepoint();
            owner.touch_locked(cx);
            owner.one_less(cx);
            Outcome::Finished
        }));
        shared.spawn(step::fiber(shared.root_world(), move |cx| {
            cx.spawn(arrives.take().expect("it runs once"));
            Outcome::Finished
        }));
        run(&shared, || {});
    });
}

/// A thread that is no worker stops a world, as a host does to look at an island, while a fiber comes to it from another world.
#[test]
fn loom_stop_against_go_from_another_world() {
    explore_within(2, || {
        let shared = shared(2);
        let world = shared.new_world();
        let common = Common::new(1);
        let mut new = Some(visitor(&world, &common, 1));
        shared.spawn(step::fiber(shared.root_world(), move |cx| {
            cx.spawn(new.take().expect("it runs once"));
            Outcome::Finished
        }));
        run(&shared, || {
            shared.stop_world_from_outside(&world);
            common.touch();
            // Whatever it sees, the list stands still.
            let (mut seen, live) = (0, world.live_fibers());
            world.for_each_fiber(|_| seen += 1);
            assert!(seen >= live);
            world.start();
        });
    });
}
