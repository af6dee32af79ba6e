//! When to collect, and the counters that programs see.
//!
//! The goal is the live bytes of the last collection plus `gogc` percent of them, at
//! least `min_heap` scaled alike, and below the limit where there is one. What caches hold counts as
//! allocated until a collection takes it back.

use super::HeapConfig;
use std::time::{Duration, SystemTime};

/// Pauses that are remembered.
const PAUSES: usize = 256;

/// Counters of a heap (`runtime.MemStats`, `--stats`).
#[derive(Clone, Debug, Default)]
pub struct HeapStats {
    /// Bytes of objects, unreachable ones not yet collected included.
    pub heap_alloc: u64,
    /// Bytes of all objects ever allocated.
    pub total_alloc: u64,
    /// Number of all objects ever allocated, and of those freed.
    pub mallocs: u64,
    pub frees: u64,
    /// Bytes of blocks, and of blocks and free pages kept.
    pub heap_in_use: u64,
    pub heap_sys: u64,
    /// Bytes that the last collection left alive.
    pub live: u64,
    /// Bytes of objects at which the next collection is due.
    pub next_gc: u64,
    pub collections: u32,
    pub pause_total: Duration,
    /// Durations and ends of the last collections, the latest last.
    pub pauses: Vec<(Duration, SystemTime)>,
}

pub(super) struct Pacer {
    gogc: Option<u32>,
    min_heap: u64,
    limit: Option<u64>,
    /// Live objects and bytes after the last collection.
    pub(super) live_objects: u64,
    pub(super) live_bytes: u64,
    /// Handed out since.
    objects: u64,
    bytes: u64,
    goal: u64,
    /// Before the last collection.
    mallocs_before: u64,
    bytes_before: u64,
    pub(super) in_use_bytes: u64,
    pub(super) spare_bytes: u64,
    collections: u32,
    pause_total: Duration,
    pauses: Vec<(Duration, SystemTime)>,
}

impl Pacer {
    pub(super) fn new(config: &HeapConfig) -> Pacer {
        let mut pacer = Pacer {
            gogc: config.gogc,
            min_heap: config.min_heap,
            limit: config.limit,
            live_objects: 0,
            live_bytes: 0,
            objects: 0,
            bytes: 0,
            goal: 0,
            mallocs_before: 0,
            bytes_before: 0,
            in_use_bytes: 0,
            spare_bytes: 0,
            collections: 0,
            pause_total: Duration::ZERO,
            pauses: Vec::new(),
        };
        pacer.set_goal();
        pacer
    }

    /// Slots went to a cache, or a large object was made.
    pub(super) fn handed(&mut self, objects: u64, bytes: u64) {
        self.objects += objects;
        self.bytes += bytes;
    }

    /// Slots came back unused.
    pub(super) fn handed_back(&mut self, objects: u64, bytes: u64) {
        self.objects -= objects;
        self.bytes -= bytes;
    }

    pub(super) fn goal_reached(&self) -> bool {
        self.live_bytes + self.bytes >= self.goal
    }

    /// Whether so many bytes of pages more are out of the question. What is collectable may stand above the
    /// limit for a moment, hence the factor; `over_limit` is the rule.
    pub(super) fn forbids(&self, bytes: u64) -> bool {
        self.limit.is_some_and(|limit| self.in_use_bytes + bytes > limit.saturating_mul(2).max(1 << 20))
    }

    /// Whether the objects that survived are more than allowed.
    pub(super) fn over_limit(&self) -> bool {
        self.limit.is_some_and(|limit| self.live_bytes > limit)
    }

    /// Pages that are worth keeping until the next collection.
    pub(super) fn spare_goal(&self) -> u64 {
        self.goal.min(self.live_bytes * 2 + self.min_heap) - self.live_bytes.min(self.goal)
    }

    /// A collection has found so much alive.
    pub(super) fn survived(&mut self, objects: u64, bytes: u64) {
        self.mallocs_before += self.objects;
        self.bytes_before += self.bytes;
        (self.objects, self.bytes) = (0, 0);
        (self.live_objects, self.live_bytes) = (objects, bytes);
        self.set_goal();
    }

    pub(super) fn finish_cycle(&mut self, pause: Duration) {
        self.collections += 1;
        self.pause_total += pause;
        if self.pauses.len() == PAUSES {
            self.pauses.remove(0);
        }
        self.pauses.push((pause, SystemTime::now()));
    }

    pub(super) fn set_gogc(&mut self, gogc: Option<u32>) -> Option<u32> {
        let before = std::mem::replace(&mut self.gogc, gogc);
        self.set_goal();
        before
    }

    pub(super) fn set_limit(&mut self, limit: Option<u64>) -> Option<u64> {
        let before = std::mem::replace(&mut self.limit, limit);
        self.set_goal();
        before
    }

    fn set_goal(&mut self) {
        let percent = |n: u64, p: u32| (n as u128 * p as u128 / 100).min(u64::MAX as u128 / 4) as u64;
        let mut goal = match self.gogc {
            Some(gogc) => percent(self.min_heap, gogc)
                .max(self.live_bytes.saturating_add(percent(self.live_bytes, gogc))),
            None => u64::MAX / 2,
        };
        if let Some(limit) = self.limit {
            // Near the limit collections come closer, but not at every allocation.
            goal = goal.min(limit.max(self.live_bytes + (limit / 16).max(64 << 10)));
        }
        self.goal = goal;
    }

    /// The counters, where so much of what was handed out is unused.
    pub(super) fn stats(&self, unused_objects: u64, unused_bytes: u64) -> HeapStats {
        let objects = self.objects.saturating_sub(unused_objects);
        let bytes = self.bytes.saturating_sub(unused_bytes);
        HeapStats {
            heap_alloc: self.live_bytes + bytes,
            total_alloc: self.bytes_before + bytes,
            mallocs: self.mallocs_before + objects,
            frees: self.mallocs_before - self.live_objects,
            heap_in_use: self.in_use_bytes,
            heap_sys: self.in_use_bytes + self.spare_bytes,
            live: self.live_bytes,
            next_gc: self.goal,
            collections: self.collections,
            pause_total: self.pause_total,
            pauses: self.pauses.clone(),
        }
    }
}
