//! The scheduler: what the workers share, and its life from `new` to `shutdown`.
//!
//! [`Shared`] is reached from every worker ([`crate::WorkerCx::shared`]) and from foreign threads;
//! [`Scheduler`] owns the threads. Must stay true:
//!
//! - `workers` (the current limit) is at most `created`, and `created` only grows;
//! - a fiber in a run queue that is not a hand-off slot either is seen by a worker that has yet to
//!   look, or has woken one ([`crate::idle`]);
//! - after `shutdown` no worker runs, and every fiber that had not finished has been dropped.

mod end;

use self::end::Done;
use crate::deque::{Inject, LocalQueue};
use crate::fiber::{FiberRef, NO_WORKER, Wake};
use crate::idle::Idle;
use crate::lockrank::{self, Rank};
use crate::park::Parker;
use crate::semaphore::SemTable;
use crate::stats::Stats;
use crate::sync::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Condvar, Mutex, Ordering, fence};
use crate::timer::{NEVER, TimerAction, TimerId, Timers};
use crate::worker::{WorkerCx, WorkerShared};
use crate::world::{Seat, World};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// The most workers that a scheduler can have.
pub const MAX_WORKERS: usize = 256;

/// Worlds that the list has room for before it is looked through.
const MIN_WORLDS: usize = 16;

/// Bytes of a worker's native stack, committed as it is used: compiled code recurses on it.
#[cfg(not(loom))]
const WORKER_STACK: usize = 64 << 20;

/// How a scheduler is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Number of workers; 0 means one per processor that the process may use.
    pub workers: usize,
    /// The seed of every random choice.
    pub seed: u64,
    /// Hostile mode: every spawned, woken or yielding fiber goes to another worker.
    pub stress_steal: bool,
    /// Hostile mode: worlds are opened and closed all the time.
    pub stress_modes: bool,
    /// How long a fiber may run before the monitor asks it to give way.
    pub time_slice: Duration,
    /// Most threads of the blocking pool.
    pub blocking_threads: usize,
    /// Name of the threads, for debuggers.
    pub name: String,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            workers: 0,
            seed: 0,
            stress_steal: false,
            stress_modes: false,
            time_slice: Duration::from_millis(10),
            blocking_threads: 512,
            name: String::from("vo"),
        }
    }
}

/// What the scheduler tells its host. All methods have empty defaults but `on_deadlock`, which panics.
pub trait Host: Send + Sync + 'static {
    /// A worker has started; the host may set [`WorkerCx::set_host_data`]. On the worker's thread.
    fn on_worker_start(&self, _cx: &mut WorkerCx) {}

    /// A worker is about to end; the host frees what it set. On the worker's thread.
    fn on_worker_stop(&self, _cx: &mut WorkerCx) {}

    /// The monitor looks, a thousand times a second unless all workers rest for long; `resting`: they do, and none has run anything
    /// since the last look. The answer says that the monitor is to go on looking all the same.
    fn on_look(&self, _resting: bool) -> bool {
        false
    }

    /// No fiber can run, and no worker is inside of a world. True: the host has begun something ([`Shared::spawn_blocking`]) after which one perhaps can; when that is
    /// over it is asked again.
    fn before_deadlock(&self, _shared: &Shared) -> bool {
        false
    }

    /// No fiber can ever run again, while somebody waits in [`Shared::wait_done`]. Called once, on
    /// the thread that found out, with no worker inside any world. `live` fibers are parked
    /// (0: all have finished, without [`Shared::signal_done`]).
    fn on_deadlock(&self, _shared: &Shared, live: usize) {
        panic!("all fibers are asleep: deadlock ({live} fibers)");
    }
}

/// A host that wants to know nothing.
pub struct NoHost;

impl Host for NoHost {}

/// What the workers of one scheduler share.
pub struct Shared {
    config: Config,
    host: Arc<dyn Host>,
    epoch: Instant,
    table: Box<[OnceLock<Arc<WorkerShared>>]>,
    created: AtomicUsize,
    limit: AtomicUsize,
    /// Queues of workers that were created and whose threads have not started.
    fresh: Mutex<Vec<(Arc<WorkerShared>, LocalQueue)>>,
    injector: Inject,
    idle: Idle,
    timers: Timers,
    /// Set by the monitor when a timer is due and no worker has looked.
    timers_due: AtomicBool,
    /// Whether one of the sleeping workers waits for the earliest timer.
    has_keeper: AtomicBool,
    /// What it sleeps until ([`NEVER`] included), or 0 when there is none.
    keeper_until: AtomicU64,
    keeper: AtomicU32,
    semaphores: SemTable,
    root: Arc<World>,
    worlds: Mutex<Vec<Arc<World>>>,
    next_id: AtomicU64,
    /// Blocking jobs, I/O waits and host holds from which a wake-up may still come.
    pending: AtomicUsize,
    waiters: AtomicUsize,
    /// Held while the host is asked whether a deadlock is one.
    asking: Mutex<()>,
    deadlocked: AtomicBool,
    shut_down: AtomicBool,
    /// Workers that have left their loops.
    ended: Mutex<usize>,
    all_ended: Condvar,
    done: Mutex<Done>,
    done_changed: Condvar,
    #[cfg(not(loom))]
    pub(crate) blocking: crate::blocking::Pool,
    #[cfg(not(loom))]
    poller: OnceLock<crate::poller::Poller>,
    #[cfg(not(loom))]
    pub(crate) monitor: crate::preempt::Monitor,
}

/// Starting, waking, waiting: for fibers, hosts and foreign threads.
impl Shared {
    /// How the scheduler was set up.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Nanoseconds since the scheduler was made, on the clock of its timers.
    #[cfg(not(loom))]
    #[inline]
    pub fn now(&self) -> u64 {
        self.epoch.elapsed().as_nanos() as u64
    }

    /// Time stands still under loom.
    #[cfg(loom)]
    pub fn now(&self) -> u64 {
        1
    }

    /// The moment of the monotonic clock that [`Shared::now`] calls `nanos`.
    pub fn instant_at(&self, nanos: u64) -> Option<Instant> {
        self.epoch.checked_add(Duration::from_nanos(nanos))
    }

    /// The world of fibers that belong to no island.
    pub fn root_world(&self) -> &Arc<World> {
        &self.root
    }

    /// A new world, which belongs to one worker until others can help. The scheduler keeps it at least as
    /// long as it has fibers.
    pub fn new_world(&self) -> Arc<World> {
        let world = Arc::new(if self.config.stress_steal { World::always_open() } else { World::new() });
        let mut worlds = self.worlds.lock();
        if worlds.len() == worlds.capacity() {
            // Before the list grows: so that many worlds cost each of them little.
            worlds.retain(|world| self.is_in_use(world));
            let room = worlds.len().max(MIN_WORLDS);
            worlds.reserve(room);
        }
        worlds.push(world.clone());
        world
    }

    /// Whether anybody but the list knows a world: its owner, a fiber, or a worker that is still inside.
    fn is_in_use(&self, world: &Arc<World>) -> bool {
        let address = Arc::as_ptr(world) as usize;
        Arc::strong_count(world) > 1
            || world.live_fibers() > 0
            || (0..self.created()).any(|i| self.worker(i).seat.place() == address)
    }

    /// Calls `f` with every world.
    pub fn for_each_world(&self, mut f: impl FnMut(&Arc<World>)) {
        let worlds = self.worlds.lock().clone();
        worlds.iter().for_each(&mut f);
    }

    /// Gives a new fiber to the scheduler, from any thread, and numbers it.
    pub fn spawn(&self, fiber: FiberRef) {
        fiber.set_id(self.take_ids(1));
        // SAFETY: a fiber's world outlives it.
        unsafe { (*fiber.world()).add(fiber, None, false) };
        fiber.spawned();
        self.enqueue(fiber);
    }

    /// Makes a fiber runnable whose wait the caller has completed, from any thread.
    pub fn ready(&self, fiber: FiberRef) {
        if fiber.wake(false) == Wake::Enqueue {
            self.enqueue(fiber);
        }
    }

    /// Starts a timer from any thread; see [`WorkerCx::timer_start`].
    pub fn timer_start(&self, when: u64, period: u64, action: TimerAction) -> TimerId {
        self.timer_start_on(0, when, period, action)
    }

    /// Stops a timer. True: it was waiting and will not fire (again).
    pub fn timer_stop(&self, id: TimerId) -> bool {
        self.timers.stop(id)
    }

    /// Moves a waiting timer. False: it was not waiting any more, and nothing is changed.
    pub fn timer_reset(&self, id: TimerId, when: u64, period: u64) -> bool {
        let moved = self.timers.reset(id, when, period);
        if moved {
            self.timer_added(when);
        }
        moved
    }

    /// Shows the collector of a stopped `world` the data words of its waiting timers.
    pub fn for_each_timer_word(&self, world: &World, f: impl FnMut(u64)) {
        self.timers.for_each_word(world, f);
    }

    /// Number of fibers of all worlds that have been spawned and have not finished.
    pub fn live_fibers(&self) -> usize {
        let worlds = self.worlds.lock();
        worlds.iter().map(|world| world.live_fibers()).sum()
    }

    /// The number of workers that run fibers: what `GOMAXPROCS` answers.
    #[inline]
    pub fn workers(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    /// The table of semaphores and notify lists.
    pub fn semaphores(&self) -> &SemTable {
        &self.semaphores
    }

    /// The sums of all workers' counters.
    pub fn stats(&self) -> Stats {
        let mut stats = Stats::default();
        (0..self.created()).for_each(|i| stats.add(&self.worker(i).counters));
        #[cfg(not(loom))]
        {
            stats.preempts = self.monitor.preempts();
        }
        stats
    }

    /// The last events of every worker, oldest first, one line each; empty without the feature `trace`.
    pub fn trace_text(&self) -> String {
        let mut text = String::new();
        (0..self.created()).for_each(|i| self.worker(i).log.print(i, &mut text));
        text
    }

    /// Whether a worker should be awake and is not yet: it was called, or what it slept for is due, and the system has perhaps no
    /// processor for it. A hint, for threads that work beside the workers and can offer theirs.
    #[cfg(not(loom))]
    pub fn has_late_riser(&self) -> bool {
        let due = self.keeper_until.load(Ordering::Relaxed);
        due != 0 && due <= self.now() || (0..self.created()).any(|i| self.worker(i).parker.is_called())
    }

    /// Stops `world` for a caller whose seat is `mine`; see [`World::stop`].
    pub(crate) fn stop_world(&self, world: &World, mine: &Seat) -> bool {
        world.stop(|| (0..self.created()).map(|i| &self.worker(i).seat), mine)
    }

    /// Stops `world` from a thread that is no worker; [`World::start`] lets it run again.
    pub fn stop_world_from_outside(&self, world: &World) {
        let mine = Seat::new();
        while !self.stop_world(world, &mine) {}
    }

    /// Whether a worker is inside of a world: as things stood at some moment of the call, or for good where the world is stopped.
    pub fn is_inside(&self, world: &World) -> bool {
        (0..self.created()).any(|i| world.has_inside(&self.worker(i).seat))
    }
}

/// What the workers need of each other.
impl Shared {
    pub(crate) fn injector(&self) -> &Inject {
        &self.injector
    }

    pub(crate) fn idle(&self) -> &Idle {
        &self.idle
    }

    pub(crate) fn timers(&self) -> &Timers {
        &self.timers
    }

    pub(crate) fn timers_are_due(&self) -> bool {
        self.timers_due.load(Ordering::Relaxed)
    }

    pub(crate) fn set_timers_due(&self) {
        self.timers_due.store(true, Ordering::Relaxed);
    }

    pub(crate) fn clear_timers_due(&self) {
        self.timers_due.store(false, Ordering::Relaxed);
    }

    pub(crate) fn is_shut_down(&self) -> bool {
        self.shut_down.load(Ordering::Acquire)
    }

    /// Number of workers that have ever been started; their entries of the table are set.
    pub(crate) fn created(&self) -> usize {
        self.created.load(Ordering::Acquire)
    }

    pub(crate) fn worker(&self, index: usize) -> &Arc<WorkerShared> {
        self.table[index].get().expect("internal error: a worker that was not created")
    }

    pub(crate) fn take_ids(&self, count: u64) -> u64 {
        self.next_id.fetch_add(count, Ordering::Relaxed)
    }

    /// Puts a queued fiber where a foreign thread may: its worker's inbox, or the injector.
    pub(crate) fn enqueue(&self, fiber: FiberRef) {
        match fiber.pinned_to() {
            NO_WORKER => match self.owner_of(fiber) {
                Some(owner) => self.deliver(owner, fiber),
                None => self.inject(fiber),
            },
            worker => self.deliver(worker, fiber),
        }
    }

    /// The worker that has the fiber's world to itself, as things stand.
    pub(crate) fn owner_of(&self, fiber: FiberRef) -> Option<u16> {
        // SAFETY: a world outlives its fibers.
        unsafe { (*fiber.world()).owner() }
    }

    pub(crate) fn inject(&self, fiber: FiberRef) {
        self.injector.push(fiber);
        self.notify_one();
    }

    /// Leaves a fiber for one worker alone, and wakes it.
    pub(crate) fn deliver(&self, worker: u16, fiber: FiberRef) {
        self.worker(usize::from(worker)).deliver(fiber);
        // Pairs with the fence in `Idle::sleep`: it sees the inbox, or we see it in the list.
        fence(Ordering::SeqCst);
        if self.idle.take(worker) || usize::from(worker) >= self.workers() {
            self.unpark(worker);
        }
    }

    /// After work was added: wakes one worker if one should be woken.
    #[inline]
    pub(crate) fn notify_one(&self) -> bool {
        match self.idle.worker_to_notify() {
            Some(worker) => {
                self.unpark(worker);
                true
            }
            None => false,
        }
    }

    #[cold]
    fn unpark(&self, worker: u16) {
        let polling = self.worker(usize::from(worker)).parker.unpark();
        #[cfg(not(loom))]
        {
            if polling && let Some(poller) = self.poller() {
                poller.wake();
            }
            self.monitor.nudge();
        }
        #[cfg(loom)]
        debug_assert!(!polling);
    }

    pub(crate) fn timer_start_on(&self, hint: usize, when: u64, period: u64, action: TimerAction) -> TimerId {
        let id = self.timers.start(hint, when, period, action);
        self.timer_added(when);
        id
    }

    /// Wakes the timekeeper if it would sleep too long.
    fn timer_added(&self, when: u64) {
        // Pairs with the fence in `keep_time`: it sees the timer, or we see until when it sleeps.
        fence(Ordering::SeqCst);
        if when < self.keeper_until.load(Ordering::Relaxed) {
            self.unpark(self.keeper.load(Ordering::Relaxed) as u16);
        }
    }

    /// Whether a worker that has just entered itself as asleep must get up again.
    pub(crate) fn work_is_visible(&self, me: &WorkerShared) -> bool {
        self.is_shut_down()
            || usize::from(me.index) >= self.workers()
            || me.inbox_len.load(Ordering::Acquire) != 0
            || self.queues_hold_work()
    }

    /// Whether other workers than the caller are awake, as far as that is known without a lock.
    #[cfg(not(loom))]
    pub(crate) fn others_run(&self) -> bool {
        self.idle.sleeping() + 1 < self.workers()
    }

    pub(crate) fn queues_hold_work(&self) -> bool {
        !self.injector.is_empty() || (0..self.created()).any(|i| !self.worker(i).thief.is_empty())
    }

    /// Whether somebody should look for work now that the last who did has found a fiber to run: because there is more, or (`stays_away`)
    /// because nobody would keep time and poll until the caller comes back, which is expected to take long.
    ///
    /// A worker that wakes up for one fiber and soon sleeps again would otherwise wake another each time, which finds nothing, becomes
    /// the timekeeper, and must be woken again for the fiber's next timer. Whoever stays away against expectations is
    /// noticed by the monitor, a millisecond later.
    pub(crate) fn has_more_to_do(&self, stays_away: bool) -> bool {
        // Pairs with the fence in `Idle::worker_to_notify`: it sees that nobody searches, or we see the work.
        fence(Ordering::SeqCst);
        self.queues_hold_work() || stays_away && self.has_something_to_keep()
    }

    /// Whether there are timers, or sockets that somebody waits for.
    fn has_something_to_keep(&self) -> bool {
        #[cfg(not(loom))]
        if self.poller().is_some_and(|poller| poller.has_sources()) {
            return true;
        }
        self.timers.earliest() != NEVER
    }

    /// Sleeps: one of the sleepers until the earliest timer, the others until they are woken.
    /// `may_keep`: the caller can do what is due. The answer: whom sockets have woken; each is made ready, and
    /// then [`Shared::end_pending`] called.
    #[must_use]
    pub(crate) fn wait_for_work(&self, me: &WorkerShared, may_keep: bool) -> Vec<FiberRef> {
        // The role orders nothing: what the next keeper must see, it learns from the fences.
        if !may_keep || self.has_keeper.swap(true, Ordering::AcqRel) {
            me.parker.park(None);
            return Vec::new();
        }
        let woken = self.keep_time(me);
        self.has_keeper.store(false, Ordering::Release);
        woken
    }

    #[cfg(not(loom))]
    pub(crate) fn poller(&self) -> Option<&crate::poller::Poller> {
        self.poller.get()
    }

    #[cfg(not(loom))]
    pub(crate) fn poller_or_new(&self) -> std::io::Result<&crate::poller::Poller> {
        if self.poller.get().is_none() {
            // If two are made at once, one is thrown away.
            let _ = self.poller.set(crate::poller::Poller::new()?);
        }
        Ok(self.poller.get().expect("it was just set"))
    }

    /// A source was registered: a timekeeper that waits elsewhere moves into the poller.
    #[cfg(not(loom))]
    pub(crate) fn poller_has_work(&self) {
        // Pairs with the fence in `keep_time`.
        fence(Ordering::SeqCst);
        if self.keeper_until.load(Ordering::Relaxed) != 0 {
            self.unpark(self.keeper.load(Ordering::Relaxed) as u16);
        }
    }

    fn keep_time(&self, me: &WorkerShared) -> Vec<FiberRef> {
        self.keeper.store(u32::from(me.index), Ordering::Relaxed);
        let mut until = self.timers.earliest();
        loop {
            self.keeper_until.store(until, Ordering::Relaxed);
            // Pairs with the fence in `timer_added`.
            fence(Ordering::SeqCst);
            match self.timers.earliest() {
                earliest if earliest < until => until = earliest,
                _ => break,
            }
        }
        let woken = if until > self.now() { self.sleep_until(&me.parker, until) } else { Vec::new() };
        self.keeper_until.store(0, Ordering::Relaxed);
        woken
    }

    fn sleep_until(&self, parker: &Parker, until: u64) -> Vec<FiberRef> {
        #[cfg(not(loom))]
        if self.poller().is_some() {
            if !parker.begin_poll() {
                return Vec::new();
            }
            let timeout = (until != NEVER).then(|| Duration::from_nanos(until.saturating_sub(self.now())));
            let woken = self.wait_for_io(timeout);
            // Whoever registered the first source meanwhile has woken us to wait in the poller.
            if parker.end_poll() || woken.is_some() {
                return woken.unwrap_or_default();
            }
        }
        parker.park(if until == NEVER { None } else { self.instant_at(until) });
        Vec::new()
    }
}

/// Making, and the life of workers.
impl Shared {
    /// The shared part with `config.workers` workers, whose threads the caller starts.
    pub(crate) fn with_workers(mut config: Config, host: Arc<dyn Host>) -> Arc<Shared> {
        if config.workers == 0 {
            config.workers = std::thread::available_parallelism().map_or(1, |n| n.get());
        }
        let workers = config.workers.clamp(1, MAX_WORKERS);
        let root = Arc::new(World::always_open());
        let shared = Shared {
            host,
            epoch: Instant::now(),
            table: (0..if cfg!(loom) { workers } else { MAX_WORKERS }).map(|_| OnceLock::new()).collect(),
            created: AtomicUsize::new(0),
            limit: AtomicUsize::new(workers),
            fresh: Mutex::new(Vec::new()),
            injector: Inject::default(),
            idle: Idle::new(),
            timers: Timers::new(),
            timers_due: AtomicBool::new(false),
            has_keeper: AtomicBool::new(false),
            keeper_until: AtomicU64::new(0),
            keeper: AtomicU32::new(0),
            semaphores: SemTable::new(),
            worlds: Mutex::new(vec![root.clone()]),
            root,
            next_id: AtomicU64::new(1),
            pending: AtomicUsize::new(0),
            waiters: AtomicUsize::new(0),
            asking: Mutex::new(()),
            deadlocked: AtomicBool::new(false),
            shut_down: AtomicBool::new(false),
            ended: Mutex::new(0),
            all_ended: Condvar::new(),
            done: Mutex::new(Done::default()),
            done_changed: Condvar::new(),
            #[cfg(not(loom))]
            blocking: crate::blocking::Pool::new(config.blocking_threads),
            #[cfg(not(loom))]
            poller: OnceLock::new(),
            #[cfg(not(loom))]
            monitor: crate::preempt::Monitor::new(),
            config,
        };
        let shared = Arc::new(shared);
        shared.create_workers(workers);
        shared
    }

    /// Creates workers until there are `count`.
    fn create_workers(&self, count: usize) {
        let _rank = lockrank::hold(Rank::Workers);
        let mut fresh = self.fresh.lock();
        for index in self.created()..count {
            let (worker, queue) = WorkerShared::new(index as u16);
            let worker = Arc::new(worker);
            assert!(self.table[index].set(worker.clone()).is_ok(), "internal error: worker {index} exists");
            fresh.push((worker, queue));
            // Release pairs with the Acquire in `created`.
            self.created.store(index + 1, Ordering::Release);
        }
    }

    /// The workers that were created and have no thread yet.
    pub(crate) fn take_fresh(&self) -> Vec<(Arc<WorkerShared>, LocalQueue)> {
        core::mem::take(&mut *self.fresh.lock())
    }

    /// Sets the number of workers that run fibers, at least 1 and at most [`MAX_WORKERS`]; answers
    /// the old one. Surplus workers give their fibers away and sleep.
    #[cfg(not(loom))]
    pub fn set_workers(self: &Arc<Self>, count: usize) -> usize {
        let count = count.clamp(1, MAX_WORKERS);
        let old = self.limit.swap(count, Ordering::AcqRel);
        self.create_workers(count);
        self.start_threads();
        for index in 0..self.created() {
            let worker = self.worker(index);
            if index >= count {
                worker.seat.interrupt().fetch_or(crate::world::PREEMPT, Ordering::Relaxed);
            }
            self.unpark(index as u16);
        }
        old
    }

    #[cfg(not(loom))]
    fn start_threads(self: &Arc<Self>) {
        for (me, queue) in self.take_fresh() {
            let name = format!("{}-worker-{}", self.config.name, me.index);
            let shared = self.clone();
            let run = move || run_worker(WorkerCx::new(shared, me, queue));
            let started = std::thread::Builder::new().name(name).stack_size(WORKER_STACK).spawn(run);
            let thread = started.expect("cannot start a worker thread");
            self.monitor.keep_thread(thread);
        }
    }

    pub(crate) fn begin_shutdown(&self) {
        self.shut_down.store(true, Ordering::SeqCst);
        for index in 0..self.created() {
            self.unpark(index as u16);
        }
    }

    /// Drops the fibers that are tied to `worker` ([`NO_WORKER`]: to none), once all have ended.
    pub(crate) fn drop_fibers_of(&self, worker: u16) {
        self.for_each_world(|world| {
            for fiber in world.take_all(|fiber| fiber.pinned_to() == worker) {
                // SAFETY: no worker runs fibers any more, and this one is in no list any more.
                unsafe { (fiber.vtable().drop)(fiber) };
            }
        });
    }

    /// Waits until no worker runs fibers, so that a fiber may be dropped though others wait beside
    /// it in the queues of channels.
    #[cfg(not(loom))]
    fn wait_until_all_ended(&self) {
        let mut ended = self.ended.lock();
        *ended += 1;
        self.all_ended.notify_all();
        while *ended < self.created() {
            self.all_ended.wait(&mut ended);
        }
    }

    /// Asks the running fibers to give way, again and again: a worker that had looked just before
    /// the shutdown clears the first request when it begins its next fiber's turn.
    #[cfg(not(loom))]
    fn preempt_until_all_ended(&self) {
        let mut ended = self.ended.lock();
        while *ended < self.created() {
            for index in 0..self.created() {
                let seat = &self.worker(index).seat;
                seat.interrupt().fetch_or(crate::world::PREEMPT, Ordering::Relaxed);
            }
            self.all_ended.wait_for(&mut ended, Duration::from_millis(1));
        }
    }
}

/// The life of one worker thread.
#[cfg(not(loom))]
fn run_worker(mut cx: WorkerCx) {
    let shared = cx.shared().clone();
    let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        shared.host.on_worker_start(&mut cx);
        cx.run();
    }));
    if let Err(payload) = ran {
        shared.worker_panicked(payload);
        while !shared.is_shut_down() {
            cx.wait_for_shutdown();
        }
    }
    shared.wait_until_all_ended();
    shared.drop_fibers_of(cx.index() as u16);
    shared.host.on_worker_stop(&mut cx);
}

/// A running scheduler: the owner of its threads. Dropping it shuts it down.
#[cfg(not(loom))]
pub struct Scheduler {
    shared: Arc<Shared>,
}

#[cfg(not(loom))]
impl Scheduler {
    /// Starts the workers.
    pub fn new(config: Config, host: Arc<dyn Host>) -> Scheduler {
        let shared = Shared::with_workers(config, host);
        shared.start_threads();
        shared.monitor.start(&shared);
        Scheduler { shared }
    }

    /// What fibers, hosts and foreign threads use.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Spawns `main` and waits until somebody calls [`Shared::signal_done`].
    pub fn run_until_done(&self, main: FiberRef) {
        self.shared.spawn(main);
        self.shared.wait_done();
    }

    /// Stops the workers, each at the end of its current fiber's turn, and drops the fibers that have not finished.
    /// Jobs of the blocking pool that run on are left alone; what they complete is ignored.
    pub fn shutdown(self) {
        drop(self);
    }
}

#[cfg(not(loom))]
impl core::ops::Deref for Scheduler {
    type Target = Arc<Shared>;

    fn deref(&self) -> &Arc<Shared> {
        &self.shared
    }
}

#[cfg(not(loom))]
impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shared.begin_shutdown();
        self.shared.blocking.close();
        self.shared.preempt_until_all_ended();
        self.shared.monitor.stop_and_join();
        self.shared.drop_fibers_of(NO_WORKER);
    }
}
