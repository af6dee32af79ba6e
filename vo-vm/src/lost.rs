//! Islands that nothing reaches: alone, or that reach only each other.
//!
//! An island counts the rights to reach it that lie outside of its own code: handles of it and of its ports in other islands, and in
//! messages on their way ([`Island::rights`]). When one of them goes away the island is *suspect*: it may have been the last one that
//! counts. A while later ([`Suspects`]) suspects are looked at, with all islands that they lead to:
//!
//! 1. Each is stopped for a moment. If a worker is inside, or something in it can run by itself, it is left alone. Else it *rests*, and
//!    what it holds is written down: the rights of its handles, of messages in its mailboxes, of what its fibers wait to send, of its
//!    watchers.
//! 2. Then the counts of rights are read.
//! 3. Islands whose rights are all held by islands of the same set (and whose fibers wait for no island outside of it) are lost
//!    ([`enclosed`]), if each of them still rests, without a break since it was first looked at.
//!
//! Why that is right, while others run: as long as all of the set rest, what they hold only grows, by messages from outside. So
//! what was written down of an island's rights was no more than what was held when its count was read; where both are equal nobody outside
//! had a right at that moment. None can come into being after that: a right is made from another one, and those are all at rest. A
//! message that was sent before, by who gave up his right later, has woken its receiver before the count was read, which
//! the last step sees, or lies in a mailbox for good. The model is `vo_sched`'s `models/lost.rs`.
//!
//! A suspect that leads to an island that does not rest (or waits for one outside) is looked at again; any other one is forgotten until it loses a right again: it is
//! reached, and who reaches it does not depend on it. Nothing is looked at while all sleep, but once: the monitor sees to it, and before a
//! deadlock is reported ([`Suspects::before_deadlock`]), when islands that hold rights also collect their garbage: a handle that is not used any
//! more is a right as well.
//!
//! Must stay true: a right is counted before anybody can find it, and until nobody can; what an island holds is found by
//! [`Island::look`], or the island is never lost.

use crate::end::{IslandEnd, Reason};
use crate::ending;
use crate::fiber::{Pool, VoFiber};
use crate::island::{Island, IslandRef, State, home_of};
use crate::machine::new_fiber;
use crate::resume::VO_FIBER;
use crate::vm::Shared;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use vo_runtime::port::{Held, PortRef, is_own, port_of};
use vo_runtime::transfer::Message;
use vo_sched::FiberRef;
use vo_sched::cancel::WaitsFor;

/// How soon suspects are looked at, and how soon again, at the earliest and latest.
const SOON: Duration = Duration::from_millis(1);
const LATE: Duration = Duration::from_millis(100);
/// Looking takes at most such a part of the time.
const SHARE: u32 = 50;

/// The islands that have lost a right.
#[derive(Default)]
pub(crate) struct Suspects {
    list: Mutex<Vec<Arc<Island>>>,
    /// There are some.
    any: AtomicBool,
    /// One of them has lost a further right since a deadlock was looked into.
    changed: AtomicBool,
    /// The reaper is to look at them.
    wanted: AtomicBool,
    pace: Mutex<Pace>,
}

#[derive(Default)]
struct Pace {
    /// When they are looked at again.
    next: Option<Instant>,
    interval: Duration,
    /// They have been looked at since all workers rest.
    at_rest: bool,
    stuck: Stuck,
}

/// What has been done since nothing could run any more.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stuck {
    #[default]
    No,
    /// Suspects have been looked at.
    Looked,
    /// Islands that hold rights have collected their garbage.
    Collected,
    /// The same again.
    LookedAgain,
}

/// What is to be done before a deadlock is reported.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    Look,
    /// Handles that nothing uses may be all that keeps islands alive.
    Collect,
    Nothing,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A right to reach the island is gone.
pub(crate) fn suspect(island: &Island) {
    let vm = island.vm();
    if island.suspect.load(Ordering::Relaxed) {
        // It may have been looked at before it lost this one.
        vm.suspects.changed.store(true, Ordering::Release);
        return;
    }
    let found = vm.islands().get(&island.number()).cloned();
    if let Some(island) = found {
        vm.suspects.add(island);
    }
}

impl Suspects {
    fn add(&self, island: Arc<Island>) {
        if !island.suspect.swap(true, Ordering::AcqRel) {
            lock(&self.list).push(island);
            self.not_stuck();
            self.any.store(true, Ordering::Release);
        }
    }

    /// The monitor looks; whether the reaper should.
    pub(crate) fn are_due(&self, resting: bool) -> bool {
        if !self.any.load(Ordering::Acquire) {
            return false;
        }
        let mut pace = lock(&self.pace);
        let first = resting && !pace.at_rest;
        pace.at_rest = resting;
        let now = Instant::now();
        let next = *pace.next.get_or_insert(now + SOON);
        let due = first || !resting && now >= next;
        if due {
            self.wanted.store(true, Ordering::Release);
        }
        due
    }

    /// Nothing can run any more: what may change that. `others`: there are other islands than the main one.
    pub(crate) fn before_deadlock(&self, others: bool) -> Before {
        let mut pace = lock(&self.pace);
        if self.changed.swap(false, Ordering::AcqRel) {
            pace.stuck = Stuck::No;
        }
        let any = self.any.load(Ordering::Acquire);
        let (next, before) = match pace.stuck {
            Stuck::No if any => (Stuck::Looked, Before::Look),
            Stuck::No | Stuck::Looked if others => (Stuck::Collected, Before::Collect),
            Stuck::Collected if any => (Stuck::LookedAgain, Before::Look),
            stuck => (stuck, Before::Nothing),
        };
        pace.stuck = next;
        if before == Before::Look {
            self.wanted.store(true, Ordering::Release);
        }
        before
    }

    /// There is something new.
    pub(crate) fn not_stuck(&self) {
        lock(&self.pace).stuck = Stuck::No;
    }

    /// The run is over.
    pub(crate) fn forget(&self) {
        lock(&self.list).clear();
    }

    /// Whether the reaper should look.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Acquire)
    }

    /// Whether the reaper should look now; it does then.
    pub(crate) fn take_wanted(&self) -> bool {
        self.wanted.swap(false, Ordering::AcqRel)
    }

    /// Looks at the suspects, and ends those that are lost.
    pub(crate) fn look(&self, scheduler: &vo_sched::Shared) {
        let began = Instant::now();
        self.any.store(false, Ordering::Release);
        let suspects = std::mem::take(&mut *lock(&self.list));
        // Who loses a right from now on is entered again.
        suspects.iter().for_each(|island| island.suspect.store(false, Ordering::Release));
        let found = Findings::of(&suspects, scheduler);
        let lost = found.lost(scheduler);
        let ended = lost.as_ref().is_some_and(|lost| !lost.is_empty());
        for island in lost.iter().flatten() {
            ending::begin(island, IslandEnd::new(Reason::Finished, String::new()));
        }
        let again = found.undecided(&suspects, lost.is_none());
        again.into_iter().for_each(|island| self.add_again(island));
        let mut pace = lock(&self.pace);
        pace.interval = if ended { SOON } else { (2 * pace.interval).clamp(SOON, LATE) };
        pace.next = Some(Instant::now() + pace.interval.max(SHARE * began.elapsed()));
        if ended {
            pace.stuck = Stuck::No;
        }
    }

    fn add_again(&self, island: Arc<Island>) {
        if island.state() == State::Running && !island.suspect.swap(true, Ordering::AcqRel) {
            lock(&self.list).push(island);
            self.any.store(true, Ordering::Release);
        }
    }
}

/// An island that rests: what it holds, and whom its fibers wait for, as numbers of islands.
struct Rest {
    held: Vec<u64>,
    waits_for: Vec<u64>,
}

impl Island {
    /// What the island holds, if it rests.
    fn look(&self, scheduler: &vo_sched::Shared) -> Option<Rest> {
        let world = self.world();
        if self.state() != State::Running || scheduler.is_inside(world) {
            return None;
        }
        scheduler.stop_world_from_outside(world);
        // SAFETY: the world is stopped.
        let rest = unsafe { self.rest(scheduler) };
        if rest.is_some() {
            world.begin_rest();
        }
        world.start();
        rest
    }

    /// # Safety
    /// The island's world is stopped.
    unsafe fn rest(&self, scheduler: &vo_sched::Shared) -> Option<Rest> {
        let senders = self.waiting(scheduler)?;
        let mut rest = Rest { held: Vec::new(), waits_for: Vec::new() };
        self.handles.for_each(|held| match held {
            Held::Own(_) => {}
            Held::Away(port) => rest.holds(port),
            Held::Island { keep, .. } => {
                rest.held.extend(keep.downcast_ref::<IslandRef>().map(|r| r.0.number()))
            }
        });
        for port in self.ports() {
            port.for_each_right(|right| rest.holds(right));
        }
        self.life().watchers.iter().for_each(|(watcher, _)| rest.holds(watcher));
        for fiber in senders {
            // SAFETY: the fiber is parked, and of this crate; it keeps the handle of the port, which has room for an element and its message.
            unsafe {
                let handle = VoFiber::of(fiber).extra.as_ref()?.ports.last().copied()?;
                rest.waits_for.push(home_of(port_of(handle)).number());
                if !is_own(handle) {
                    scheduler.with_words_to_send(fiber, |words| {
                        Message::peek(words.last().copied().unwrap_or(0), &mut |right| rest.holds(right));
                    });
                }
            }
        }
        Some(rest)
    }

    /// Whether nothing in the stopped island can run by itself: then the fibers that wait to send to a port.
    fn waiting(&self, scheduler: &vo_sched::Shared) -> Option<Vec<FiberRef>> {
        let world = self.world();
        if scheduler.is_inside(world) || scheduler.has_timers(world) {
            return None;
        }
        let (mut senders, mut all) = (Vec::new(), true);
        world.for_each_fiber(|fiber| match scheduler.waits_for(fiber) {
            WaitsFor::Fibers => {}
            WaitsFor::Port if std::ptr::eq(fiber.vtable(), &VO_FIBER) => senders.push(fiber),
            WaitsFor::Port | WaitsFor::Nothing => all = false,
        });
        all.then_some(senders)
    }

    /// Whether the island has rested since [`Island::look`].
    fn has_rested(&self, scheduler: &vo_sched::Shared) -> bool {
        let world = self.world();
        scheduler.stop_world_from_outside(world);
        let rested = world.has_rested() && self.waiting(scheduler).is_some();
        world.start();
        rested && self.state() == State::Running
    }
}

/// Has each island that holds rights collect its garbage. Answers whether there is one.
pub(crate) fn collect_handles(vm: &Shared) -> bool {
    let Some(scheduler) = vm.scheduler() else { return false };
    let islands: Vec<Arc<Island>> = vm.islands().values().cloned().collect();
    let mut any = false;
    for island in islands.iter().filter(|island| island.state() == State::Running) {
        let mut holds = false;
        island.handles.for_each(|held| holds |= !matches!(held, Held::Own(_)));
        if holds {
            let fiber = new_fiber(&mut Pool::default(), island, (0, (0, 0)), |_| {});
            // SAFETY: a new fiber belongs to its creator.
            unsafe { VoFiber::of(fiber) }.extra().collects = true;
            scheduler.spawn(fiber);
            any = true;
        }
    }
    any
}

impl Rest {
    fn holds(&mut self, right: &PortRef) {
        self.held.push(home_of(right.port()).number());
    }
}

/// An island as it was found.
#[derive(Clone, Debug, Default, PartialEq)]
struct Node {
    rests: bool,
    /// Rights to reach it.
    rights: usize,
    /// Places of the islands that it holds rights to, one for each right; and that its fibers wait for.
    held: Vec<usize>,
    waits_for: Vec<usize>,
}

/// Suspects and all that they lead to.
struct Findings {
    islands: Vec<Arc<Island>>,
    places: HashMap<u64, usize>,
    nodes: Vec<Node>,
}

impl Findings {
    fn of(suspects: &[Arc<Island>], scheduler: &vo_sched::Shared) -> Findings {
        let mut found = Findings { islands: Vec::new(), places: HashMap::new(), nodes: Vec::new() };
        for island in suspects {
            found.place(island);
        }
        let mut at = 0;
        while let Some(island) = found.islands.get(at).cloned() {
            if island.is_main() {
                found.nodes[at].rests = true;
            } else if let Some(rest) = island.look(scheduler) {
                let vm = island.vm();
                let held = found.places(vm, &rest.held);
                let waits_for = found.places(vm, &rest.waits_for);
                found.nodes[at] = Node { rests: true, rights: 0, held, waits_for };
            }
            at += 1;
        }
        // After all that is held has been written down.
        for (island, node) in found.islands.iter().zip(&mut found.nodes) {
            // The program is never lost.
            node.rights = if island.is_main() { usize::MAX } else { island.rights() };
        }
        found
    }

    fn places(&mut self, vm: &Shared, numbers: &[u64]) -> Vec<usize> {
        let mut places = Vec::with_capacity(numbers.len());
        for number in numbers {
            if let Some(&place) = self.places.get(number) {
                places.push(place);
                continue;
            }
            // One that has ended needs nobody's right any more.
            let island = vm.islands().get(number).cloned();
            places.extend(island.map(|island| self.place(&island)));
        }
        places
    }

    fn place(&mut self, island: &Arc<Island>) -> usize {
        *self.places.entry(island.number()).or_insert_with(|| {
            self.islands.push(island.clone());
            self.nodes.push(Node::default());
            self.nodes.len() - 1
        })
    }

    /// The islands that are lost; `None` where one that seemed to be does not rest any more.
    fn lost(&self, scheduler: &vo_sched::Shared) -> Option<Vec<&Arc<Island>>> {
        let lost = enclosed(&self.nodes);
        let lost: Vec<_> = self.islands.iter().zip(lost).filter(|(_, lost)| *lost).map(|(i, _)| i).collect();
        lost.iter().all(|island| island.has_rested(scheduler)).then_some(lost)
    }

    /// The suspects of which it cannot be said yet: `all`, or those that lead to an island that does not rest.
    fn undecided(&self, suspects: &[Arc<Island>], all: bool) -> Vec<Arc<Island>> {
        let leads = lead_to_restless(&self.nodes);
        let undecided = |island: &&Arc<Island>| all || leads[self.places[&island.number()]];
        suspects.iter().filter(undecided).cloned().collect()
    }
}

/// Which nodes have all their rights, and all that they wait for, among themselves.
fn enclosed(nodes: &[Node]) -> Vec<bool> {
    let mut inside: Vec<bool> = nodes.iter().map(|node| node.rests).collect();
    let mut held = vec![0usize; nodes.len()];
    let mut waiters = vec![Vec::new(); nodes.len()];
    for (at, node) in nodes.iter().enumerate().filter(|(_, node)| node.rests) {
        node.held.iter().for_each(|&to| held[to] += 1);
        node.waits_for.iter().for_each(|&to| waiters[to].push(at));
    }
    let mut out: Vec<usize> =
        (0..nodes.len()).filter(|&at| !inside[at] || held[at] != nodes[at].rights).collect();
    out.iter().for_each(|&at| inside[at] = false);
    while let Some(at) = out.pop() {
        if nodes[at].rests {
            for &to in &nodes[at].held {
                held[to] -= 1;
                if std::mem::replace(&mut inside[to], false) {
                    out.push(to);
                }
            }
        }
        for &waiter in &waiters[at] {
            if std::mem::replace(&mut inside[waiter], false) {
                out.push(waiter);
            }
        }
    }
    inside
}

/// Which nodes do not rest for good, or hold a right to such a node, and so on: who waits for an island outside runs again when
/// that receives.
fn lead_to_restless(nodes: &[Node]) -> Vec<bool> {
    let mut holders = vec![Vec::new(); nodes.len()];
    for (at, node) in nodes.iter().enumerate() {
        node.held.iter().for_each(|&to| holders[to].push(at));
    }
    let mut leads: Vec<bool> = nodes.iter().map(|node| !node.rests || !node.waits_for.is_empty()).collect();
    let mut list: Vec<usize> = (0..nodes.len()).filter(|&at| leads[at]).collect();
    while let Some(at) = list.pop() {
        for &holder in &holders[at] {
            if !std::mem::replace(&mut leads[holder], true) {
                list.push(holder);
            }
        }
    }
    leads
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(rights: usize, held: &[usize]) -> Node {
        Node { rests: true, rights, held: held.to_vec(), waits_for: Vec::new() }
    }

    #[test]
    fn a_ring_that_nobody_holds_is_enclosed() {
        let ring = [node(1, &[1]), node(1, &[2]), node(1, &[0])];
        assert_eq!(enclosed(&ring), [true; 3]);
        let mut held = ring.clone();
        held[1].rights = 2;
        assert_eq!(enclosed(&held), [false; 3]);
        let mut restless = ring.clone();
        restless[2].rests = false;
        assert_eq!(enclosed(&restless), [false; 3]);
        assert_eq!(lead_to_restless(&restless), [true; 3]);
        assert_eq!(lead_to_restless(&ring), [false; 3]);
    }

    #[test]
    fn who_waits_for_an_island_outside_is_not_enclosed() {
        let mut two = [node(0, &[]), node(1, &[])];
        two[0].waits_for = vec![1];
        assert_eq!(enclosed(&two), [false, false]);
        two[1].rights = 0;
        assert_eq!(enclosed(&two), [true, true]);
    }

    /// Random graphs: a node is enclosed unless something outside leads to it, or it leads to something by waiting.
    #[test]
    fn random_graphs_are_as_a_search_finds_them() {
        let mut seed = 0x2545_F491_4F6C_DD1Du64;
        let mut next = move |n: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed >> 33) as usize % n
        };
        for _ in 0..2000 {
            let count = 1 + next(12);
            let mut nodes = vec![Node::default(); count];
            for at in 0..count {
                nodes[at].rests = next(8) != 0;
                for _ in 0..next(4) {
                    let to = next(count);
                    nodes[to].rights += 1;
                    // What a restless island holds is not known.
                    if nodes[at].rests {
                        nodes[at].held.push(to);
                    }
                }
                if nodes[at].rests && next(6) == 0 {
                    let to = next(count);
                    nodes[at].waits_for.push(to);
                }
            }
            let mut outside: Vec<bool> = (0..count)
                .map(|at| {
                    let held = nodes.iter().flat_map(|node| &node.held).filter(|&&to| to == at).count();
                    !nodes[at].rests || held < nodes[at].rights
                })
                .collect();
            for _ in 0..count {
                for at in 0..count {
                    if outside[at] {
                        nodes[at].held.iter().for_each(|&to| outside[to] = true);
                    }
                    outside[at] |= nodes[at].waits_for.iter().any(|&to| outside[to]);
                }
            }
            let expected: Vec<bool> = outside.iter().map(|outside| !outside).collect();
            assert_eq!(enclosed(&nodes), expected, "{nodes:?}");
        }
    }
}
