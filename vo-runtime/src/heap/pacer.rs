//! When to collect, and the counters that programs see.
//!
//! The goal is the live bytes of the last collection plus `gogc` percent of them and of the roots' bytes (many
//! goroutines are much to look at, however little they lead to), at
//! least `floor` scaled alike, and below the limits where there are any. What caches hold counts as
//! allocated until a collection takes it back.
//!
//! The floor begins low, since most heaps stay small and a collection of next to nothing costs next to nothing. Where
//! collections turn out to take more than a small share of the time it doubles, up to `min_heap`.
//!
//! There are two limits. The *soft* one (`GOMEMLIMIT`) makes collections come earlier, and is exceeded where
//! that does not help. The island's own, if it has one, is its end: see [`super::Heap::over_limit`].

use super::queue::Found;
use super::{Collected, HeapConfig};
use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

/// What [`Pacer::behind`] answers.
pub(super) struct Behind {
    /// Objects that should have been marked by now.
    pub(super) objects: u64,
    /// Whether the heap has outgrown its goal, so that allocating should wait for those who mark.
    pub(super) late: bool,
}

/// Marking that takes no longer may well be done in one stop.
const SHORT: Duration = Duration::from_micros(500);

/// What was allocated while the heap marked has survived, dead or not. It counts for the next goal up to one of so many parts of
/// what was found alive: where markers had no processor for a while it may be much, and is not likely to live.
const BORN_ALIVE: u64 = 4;

/// A collection may take one of so many parts of the time since the last one, before a small heap may become larger.
const SHARE: u32 = 32;
/// How many times smaller than `min_heap` the floor is at first.
const FIRST_FLOOR: u64 = 4;
/// What an idle island has allocated since the last collection is worth another one from so many bytes on, and from such
/// a part of what lives.
const IDLE_GARBAGE: (u64, u64) = (512 << 10, 8);

/// Pages of so many bytes beyond the goal are not worth giving back at once.
const SLACK: u64 = 512 << 10;

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
    /// Bytes of blocks; of all that was ever had from the system at once; of that, what was given back.
    pub heap_in_use: u64,
    pub heap_sys: u64,
    pub heap_released: u64,
    /// Bytes of the collector's own data.
    pub meta: u64,
    /// Bytes that the last collection left alive.
    pub live: u64,
    /// Bytes of objects at which the next collection is due.
    pub next_gc: u64,
    pub collections: u32,
    /// Of them, those that were asked for (`runtime.GC`).
    pub forced: u32,
    pub pause_total: Duration,
    /// Processor time of all collections, pauses included.
    pub gc_time: Duration,
    /// Time since the heap was made.
    pub age: Duration,
    /// Durations and ends of the last collections, the latest last.
    pub pauses: Vec<(Duration, SystemTime)>,
    /// By size class, the smallest first; class 0 stands for none.
    pub by_size: Vec<SizeStats>,
}

/// The line of `--stats`: bytes are plain, so that a script can read them.
impl fmt::Display for HeapStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} allocations of {} bytes, {} of them freed; ",
            self.mallocs, self.total_alloc, self.frees
        )?;
        write!(f, "{} bytes in objects, {} in blocks, ", self.heap_alloc, self.heap_in_use)?;
        write!(f, "{} from the system, {} given back, ", self.heap_sys, self.heap_released)?;
        write!(f, "{} of the collector's; {} collections ", self.meta, self.collections)?;
        let longest = self.pauses.iter().map(|pause| pause.0).max().unwrap_or_default();
        write!(f, "({} asked for) in {:.1?}, stopped {:.1?}, ", self.forced, self.gc_time, self.pause_total)?;
        write!(f, "{longest:.1?} at most lately; the next at {} bytes", self.next_gc)?;
        for size in self.by_size.iter().filter(|size| size.mallocs > 0) {
            write!(f, "; {}: {}", size.size, size.mallocs)?;
        }
        Ok(())
    }
}

/// Counters of the objects of a size class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SizeStats {
    /// Bytes of its largest objects.
    pub size: u32,
    pub mallocs: u64,
    pub frees: u64,
}

pub(super) struct Pacer {
    gogc: Option<u32>,
    min_heap: u64,
    /// Bytes that the heap may have before it is collected, at `gogc` 100: at most `min_heap`.
    floor: u64,
    soft_limit: Option<u64>,
    limit: Option<u64>,
    /// Live objects and bytes after the last collection.
    live_objects: u64,
    live_bytes: u64,
    /// Of those bytes, what the heap does not grow for.
    doubtful_bytes: u64,
    /// Bytes of the roots that it looked at, and those that the running one has looked at so far.
    root_bytes: u64,
    roots_so_far: u64,
    /// Handed out since.
    objects: u64,
    bytes: u64,
    /// Bytes outside of the heap that objects made since keep: see [`super::Heap::count_outside`].
    outside: u64,
    goal: u64,
    /// Where a collection begins: at the goal, or before it where marking takes its time.
    trigger: u64,
    /// Where a collection that marks must end.
    overdue: u64,
    /// Of the collection that marks: bytes when it began, objects and bytes handed out before, stops so far.
    cycle_start: u64,
    objects_at_start: u64,
    bytes_at_start: u64,
    /// Time, and processor time of the worker that led it.
    stops: Vec<(Duration, Duration)>,
    /// Bytes that were allocated while it marked.
    during: u64,
    /// Whether the last collection was over in one stop.
    at_once: bool,
    /// Before the last collection.
    mallocs_before: u64,
    bytes_before: u64,
    pub(super) in_use_bytes: u64,
    pub(super) spare_bytes: u64,
    /// The most that in use and spare ever were together.
    peak: u64,
    collections: u32,
    pub(super) forced: u32,
    pause_total: Duration,
    gc_time: Duration,
    pauses: Vec<(Duration, SystemTime)>,
    born: Instant,
    /// When the last collection was over.
    ended: Instant,
}

impl Pacer {
    pub(super) fn new(config: &HeapConfig) -> Pacer {
        let mut pacer = Pacer {
            gogc: config.gogc,
            min_heap: config.min_heap,
            floor: config.min_heap / FIRST_FLOOR,
            soft_limit: config.soft_limit,
            limit: config.limit,
            live_objects: 0,
            live_bytes: 0,
            doubtful_bytes: 0,
            root_bytes: 0,
            roots_so_far: 0,
            objects: 0,
            bytes: 0,
            outside: 0,
            goal: 0,
            trigger: 0,
            overdue: 0,
            cycle_start: 0,
            objects_at_start: 0,
            bytes_at_start: 0,
            stops: Vec::new(),
            during: 0,
            at_once: true,
            mallocs_before: 0,
            bytes_before: 0,
            in_use_bytes: 0,
            spare_bytes: 0,
            peak: 0,
            collections: 0,
            forced: 0,
            pause_total: Duration::ZERO,
            gc_time: Duration::ZERO,
            pauses: Vec::new(),
            born: Instant::now(),
            ended: Instant::now(),
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

    /// Whether a collection should begin, or the one that marks should end whatever it takes.
    pub(super) fn wants_collection(&self, marking: bool) -> bool {
        if marking { self.is_overdue() } else { self.allocated() + self.outside >= self.trigger }
    }

    /// So many bytes more are kept outside of the heap.
    pub(super) fn kept_outside(&mut self, bytes: u64) {
        self.outside += bytes;
    }

    /// Whether the heap has grown so far while it marked that the island must wait for the end.
    pub(super) fn is_overdue(&self) -> bool {
        self.allocated() >= self.overdue
    }

    /// How far marking is behind, where so many objects have been marked: it should come to its end when the heap comes to its
    /// goal, and on the way be as far as the heap is.
    pub(super) fn behind(&self, marked: u64) -> Behind {
        let (now, start) = (self.allocated(), self.cycle_start);
        let runway = self.goal.saturating_sub(start).max(1);
        let grown = now.saturating_sub(start);
        if grown >= runway {
            return Behind { objects: u64::MAX, late: true };
        }
        // How much lives nobody knows: as much as last time, or half of what is there.
        let expected = self.live_objects.max((self.live_objects + self.objects_at_start) / 2);
        let due = (expected as u128 * grown as u128 / runway as u128) as u64;
        Behind { objects: due.saturating_sub(marked), late: false }
    }

    /// Marking begins; nothing is in caches.
    pub(super) fn begin_cycle(&mut self) {
        self.cycle_start = self.allocated();
        self.outside = 0;
        (self.objects_at_start, self.bytes_at_start) = (self.objects, self.bytes);
        self.stops.clear();
        self.roots_so_far = 0;
        let room = self.goal.saturating_add(2 * self.live_bytes.max(self.min_heap));
        let most = self.limit.map_or(u64::MAX, |limit| limit.saturating_add(limit / 2));
        self.overdue = room.min(most);
    }

    /// Roots have been marked.
    pub(super) fn add_roots(&mut self, bytes: u64) {
        self.roots_so_far += bytes;
    }

    /// Whether the last collection was over in one stop, so that this one may be as well.
    pub(super) fn was_at_once(&self) -> bool {
        self.at_once
    }

    /// The island runs on, and the collection is not over.
    pub(super) fn note_stop(&mut self, stop: &StopClock) {
        self.stops.push((stop.elapsed(), stop.cpu()));
    }

    /// A collection is over, after a last stop; nothing is in caches. What was allocated while the heap
    /// marked has survived.
    pub(super) fn end_cycle(&mut self, stop: &StopClock, found: &Found, at_once: bool) -> Collected {
        let (before, goal) = (self.cycle_start, self.goal);
        self.at_once = at_once || found.time < SHORT;
        let objects = found.objects + (self.objects - self.objects_at_start);
        let born = self.bytes - self.bytes_at_start;
        let bytes = found.bytes + born;
        let doubtful = born.saturating_sub(found.bytes / BORN_ALIVE) + found.outgrown;
        self.doubtful_bytes = doubtful.min(bytes / 2);
        self.note_stop(stop);
        self.note_cost(found.time + self.stops.iter().map(|stop| stop.1).sum::<Duration>());
        self.survived(objects, bytes);
        self.gc_time += found.time;
        self.finish_cycle(self.stops.iter().map(|stop| stop.0).sum());
        Collected { before, goal, marking: found.time, helped: found.helped }
    }

    /// A collection has taken so much time of processors.
    fn note_cost(&mut self, cost: Duration) {
        let now = Instant::now();
        if cost * SHARE > now - self.ended {
            self.floor = (self.floor * 2).min(self.min_heap);
        }
        self.ended = now;
    }

    /// Whether so much has been allocated since the last collection that an idle island should be collected.
    pub(super) fn is_worth_collecting(&self) -> bool {
        self.gogc.is_some()
            && self.bytes + self.outside >= IDLE_GARBAGE.0.max(self.live_bytes / IDLE_GARBAGE.1)
    }

    /// Pages went into use.
    pub(super) fn took(&mut self, bytes: u64) {
        self.in_use_bytes += bytes;
        self.peak = self.peak.max(self.in_use_bytes + self.spare_bytes);
    }

    /// Whether so many bytes of pages more are out of the question. What is collectable may stand above the
    /// limit for a moment, hence the factor; `over_limit` is the rule.
    pub(super) fn forbids(&self, bytes: u64) -> bool {
        let after = self.in_use_bytes + bytes;
        after > machine_memory()
            || self.limit.is_some_and(|limit| bytes > limit || after > limit.saturating_mul(2).max(1 << 20))
    }

    /// The live bytes and the limit, where the objects that survived are more than allowed.
    pub(super) fn over_limit(&self) -> Option<(u64, u64)> {
        self.limit.filter(|&limit| self.live_bytes > limit).map(|limit| (self.live_bytes, limit))
    }

    /// Pages that are worth keeping until the next collection.
    pub(super) fn spare_goal(&self) -> u64 {
        self.goal.min(self.live_bytes * 2 + self.floor) - self.live_bytes.min(self.goal)
    }

    /// Whether the last collection was over at once, and has left the heap with clearly more pages than the next one will come with.
    pub(super) fn has_too_much(&self) -> bool {
        self.at_once && self.in_use_bytes + self.spare_bytes > self.goal + self.goal / 8 + SLACK
    }

    /// A collection has found so much alive.
    fn survived(&mut self, objects: u64, bytes: u64) {
        self.mallocs_before += self.objects;
        self.bytes_before += self.bytes;
        (self.objects, self.bytes) = (0, 0);
        (self.live_objects, self.live_bytes) = (objects, bytes);
        self.set_goal();
    }

    /// A collection is over.
    fn finish_cycle(&mut self, pause: Duration) {
        self.collections += 1;
        self.pause_total += pause;
        self.gc_time += pause;
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

    /// Sets the island's own limit.
    pub(super) fn set_limit(&mut self, limit: Option<u64>) {
        self.limit = limit;
    }

    /// The soft limit before; sets it where one is given.
    pub(super) fn soft_limit(&mut self, limit: Option<u64>) -> Option<u64> {
        let before = self.soft_limit;
        if limit.is_some() {
            self.soft_limit = limit;
            self.set_goal();
        }
        before
    }

    /// A line about the last collection, in the form of Go's `gctrace=1`.
    pub(super) fn trace_line(&self, last: &Collected, workers: usize) -> String {
        let sum = |times: &mut dyn Iterator<Item = Duration>| {
            let texts: Vec<String> = times.map(|time| format!("{:.3}", time.as_secs_f64() * 1e3)).collect();
            texts.join("+")
        };
        let with_marking = |of: fn(&(Duration, Duration)) -> Duration| {
            let mut times: Vec<Duration> = self.stops.iter().map(of).collect();
            times.insert(times.len().min(1), last.marking);
            sum(&mut times.into_iter())
        };
        let (clock, cpu) = (with_marking(|stop| stop.0), with_marking(|stop| stop.1));
        let age = self.born.elapsed();
        let percent = 100.0 * self.gc_time.as_secs_f64() / (age.as_secs_f64() * workers as f64).max(1e-9);
        let mib = |bytes: u64| bytes >> 20;
        let helped = match last.helped {
            0 => String::new(),
            packets => format!(", {packets} packets by stopped workers"),
        };
        format!(
            "gc {} @{:.3}s {:.0}%: {clock} ms clock, {cpu} ms cpu, {}->{} MB, {} MB goal, {} P{helped}\n",
            self.collections,
            age.as_secs_f64(),
            percent,
            mib(last.before),
            mib(self.live_bytes),
            mib(last.goal),
            workers,
        )
    }

    /// Bytes that were ever handed out.
    pub(super) fn ever_handed(&self) -> u64 {
        self.bytes_before + self.bytes
    }

    /// Bytes of objects, dead ones included.
    fn allocated(&self) -> u64 {
        self.live_bytes + self.bytes
    }

    fn set_goal(&mut self) {
        let percent = |n: u64, p: u32| (n as u128 * p as u128 / 100).min(u64::MAX as u128 / 4) as u64;
        let mut goal = match self.gogc {
            Some(gogc) => {
                let grows = self.live_bytes - self.doubtful_bytes;
                let growth = percent(grows.saturating_add(self.root_bytes), gogc);
                percent(self.floor, gogc).max(self.live_bytes.saturating_add(growth))
            }
            None => u64::MAX / 2,
        };
        for limit in [self.soft_limit, self.limit].into_iter().flatten() {
            // Near the limit collections come closer, but not at every allocation.
            goal = goal.min(limit.max(self.live_bytes + (limit / 16).max(64 << 10)));
        }
        self.goal = goal;
        let runway = goal.saturating_sub(self.live_bytes);
        // Marking takes about as long as the last time.
        let eighth = runway / 8;
        let early = (self.during + self.during / 4).clamp(2 * eighth, 3 * eighth);
        self.trigger = if self.at_once { goal } else { goal - early };
    }

    /// Bytes in objects, where so many of those handed out are unused, and collections.
    pub(super) fn totals(&self, unused_bytes: u64) -> (u64, u32) {
        (self.live_bytes + self.bytes.saturating_sub(unused_bytes), self.collections)
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
            heap_sys: self.peak,
            heap_released: self.peak - (self.in_use_bytes + self.spare_bytes).min(self.peak),
            meta: 0,
            live: self.live_bytes,
            next_gc: self.goal,
            collections: self.collections,
            forced: self.forced,
            pause_total: self.pause_total,
            gc_time: self.gc_time,
            age: self.born.elapsed(),
            pauses: self.pauses.clone(),
            by_size: Vec::new(),
        }
    }
}

/// The clocks of a stop.
pub(super) struct StopClock {
    stopping: Duration,
    began: Instant,
    cpu: Duration,
}

impl StopClock {
    /// The island has been stopped, which took so long, and the calling thread begins to work.
    pub(super) fn start(stopping: Duration) -> StopClock {
        StopClock { stopping, began: Instant::now(), cpu: thread_time() }
    }

    /// How long the thread has worked.
    pub(super) fn working(&self) -> Duration {
        self.began.elapsed()
    }

    /// How long the island has stood still.
    fn elapsed(&self) -> Duration {
        self.stopping + self.working()
    }

    /// For how long of it the thread had a processor.
    fn cpu(&self) -> Duration {
        thread_time().saturating_sub(self.cpu)
    }
}

/// How long the calling thread has run.
fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a place for the answer.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Bytes of memory that the machine, or the container, has.
fn machine_memory() -> u64 {
    static BYTES: OnceLock<u64> = OnceLock::new();
    *BYTES.get_or_init(|| {
        // SAFETY: asks for two numbers.
        let (pages, page) =
            unsafe { (libc::sysconf(libc::_SC_PHYS_PAGES), libc::sysconf(libc::_SC_PAGESIZE)) };
        let physical = match (u64::try_from(pages), u64::try_from(page)) {
            (Ok(pages), Ok(page)) if pages > 0 => pages.saturating_mul(page),
            _ => u64::MAX,
        };
        let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
        let group = group.and_then(|text| text.trim().parse().ok()).unwrap_or(u64::MAX);
        physical.min(group).saturating_add(swap_bytes())
    })
}

/// Bytes of swap space.
fn swap_bytes() -> u64 {
    let info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = info.lines().find_map(|line| line.strip_prefix("SwapTotal:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
