//! The machine of one worker: its VM stack, what it runs just now, and the operations that the
//! interpreter, native functions and (through the callbacks) compiled code ask for.
//!
//! A machine belongs to its worker's thread. Between turns it holds nothing of any fiber.

use crate::builtins::Printer;
use crate::compiled::Crossing;
use crate::end::IslandEnd;
use crate::fiber::{Pool, VoFiber};
use crate::host::Host;
use crate::island::{Island, State};
use crate::memory::{Floor, Frames};
use crate::native::{Completion, PendingCall};
use crate::ops::select::SelectState;
use crate::program::{Code, Program};
use crate::record;
use crate::resume::VO_FIBER;
use crate::roots;
use crate::spilled::Spilled;
use crate::stack::VmStack;
use crate::stats::MachineStats;
use crate::value;
use crate::vm::Shared;
use crate::window::{Bottom, Window};
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;
use vo_bytecode::Op;
use vo_runtime::context::JitContext;
use vo_runtime::panic::{RuntimePanic, Trap};
use vo_sched::{FiberHeader, FiberRef, WorkerCx};

/// A word that is always set: what a machine polls where every suspend point is to be taken.
static ALWAYS: AtomicU32 = AtomicU32::new(vo_sched::PREEMPT);

/// A byte that is never set: see [`JitContext::alone`].
static NEVER: AtomicBool = AtomicBool::new(false);

/// Bytes of VM stack that stay committed after a deep recursion.
const KEPT_STACK: usize = 1 << 20;

/// The state of one worker.
pub(crate) struct Machine {
    /// What is polled at calls and loop headers.
    poll: *const AtomicU32,
    /// Frames may begin up to here; there is room for the largest frame behind it.
    pub(crate) limit: *mut u64,
    program: *const Program,
    globals: u64,
    pub(crate) fiber: *mut VoFiber,
    pub(crate) island: *const Island,
    /// Keeps it, so that another island at its address is not taken for it.
    held: Option<Arc<Island>>,
    /// Where the turn's time counts: since when it has not been entered.
    turn_began: Option<Instant>,
    pub(crate) worker: *mut WorkerCx,
    /// Where the bottom frame of an activation is laid.
    pub(crate) floor: *mut u64,
    pub(crate) stack: VmStack,
    /// The next turn begins with a collection, if the heap wants one: memory was taken where it could not be asked.
    pub(crate) collect_first: bool,
    /// The stack has been full: its memory is given back after the turn.
    pub(crate) trim: bool,
    /// Records of frames with native ones below them, backwards; see [`crate::spilled`].
    pub(crate) spill: Spilled,
    /// Not 0: frames are leaving because a stack is full, so many bytes of it; the turn goes on when all
    /// are records.
    pub(crate) exhausted: usize,
    /// The function about to be entered has had its poll.
    pub(crate) skip_poll: bool,
    /// How many calls make a function hot, and which of them are looked at: those whose number has none of these bits.
    pub(crate) hot_calls: u32,
    pub(crate) few_calls: u32,
    /// So many of the next conditional jumps are looked at.
    pub(crate) watching: u32,
    /// Turns of loops until one is looked at, and what that starts from.
    pub(crate) turns: u32,
    pub(crate) sample: u32,
    /// Whether call sites note what they call.
    pub(crate) counts: bool,
    /// Changes between the machine and compiled code.
    pub(crate) crossings: Vec<Crossing>,
    /// What a continuation that is entered from a frame reads first.
    pub(crate) packed: Vec<u64>,
    /// Results of a frame that returned where no caller's frame is on the stack.
    pub(crate) ret: Vec<u64>,
    /// A native has ended the program, or its fiber: the turn ends.
    pub(crate) leaving: bool,
    /// A completion, and a call, that the running native has asked for.
    pub(crate) staged: Option<Box<Completion>>,
    pub(crate) pending_call: Option<PendingCall>,
    /// The function that a native called for compiled code has called waits, not the native.
    pub(crate) callee_waits: bool,
    /// Words that the running native wants kept with its completion.
    pub(crate) keep: Vec<u64>,
    pub(crate) printer: Printer,
    /// Fibers to be used again.
    pub(crate) pool: Pool,
    pub(crate) select: SelectState,
    pub(crate) stats: MachineStats,
    /// What compiled code sees of the machine.
    pub(crate) context: Box<JitContext>,
    /// What this worker's allocations come from.
    pub(crate) memory: crate::memory::Memory,
    pub(crate) vm: Arc<Shared>,
}

impl Machine {
    /// The machine of a worker that has just started.
    pub(crate) fn new(vm: Arc<Shared>, worker: &mut WorkerCx) -> Box<Machine> {
        let limits = vm.config.limits;
        let stack = VmStack::new(limits.stack_bytes);
        let stack = stack.expect("cannot reserve address space for a worker's VM stack");
        let room = 2 * vm.program.max_frame_words();
        assert!(room * 8 < limits.stack_bytes, "the VM stack is smaller than two of the program's frames");
        let poll = if vm.config.stress.suspend { &raw const ALWAYS } else { worker.interrupt_ptr() };
        let mut context = crate::callbacks::new_context();
        let mut machine = Box::new(Machine {
            poll,
            limit: stack.end().wrapping_sub(room),
            program: std::ptr::null(),
            globals: 0,
            fiber: std::ptr::null_mut(),
            island: std::ptr::null(),
            held: None,
            turn_began: None,
            worker,
            floor: stack.start(),
            stack,
            collect_first: false,
            trim: false,
            spill: Spilled::new(&mut context),
            exhausted: 0,
            skip_poll: false,
            hot_calls: u32::MAX,
            few_calls: 0,
            watching: 0,
            turns: u32::MAX,
            sample: u32::MAX,
            counts: false,
            crossings: Vec::new(),
            packed: Vec::new(),
            ret: Vec::new(),
            leaving: false,
            staged: None,
            pending_call: None,
            callee_waits: false,
            keep: Vec::new(),
            printer: Printer::default(),
            pool: Pool::default(),
            select: SelectState::new(vm.max_elem_words()),
            stats: MachineStats::default(),
            context,
            memory: crate::memory::Memory::default(),
            vm,
        });
        let address = std::ptr::from_mut(&mut *machine);
        machine.context.machine = address.cast();
        machine.context.interrupt = poll;
        machine.context.select_values = machine.select.values.as_ptr();
        machine.context.select_draw = worker.rng().next_u64();
        // Where every point is to be taken, nothing is done without asking.
        machine.context.alone = if poll == &raw const ALWAYS { &raw const NEVER } else { worker.alone_ptr() };
        machine.context.stack_limit = crate::stack::native_limit();
        machine
    }

    /// The machine of a worker.
    ///
    /// # Safety
    /// The worker's host data is its machine, and no other reference to that is used meanwhile.
    pub(crate) unsafe fn of<'a>(worker: &mut WorkerCx) -> &'a mut Machine {
        // SAFETY: set when the worker started; the caller has the only reference.
        unsafe { &mut *worker.host_data().cast::<Machine>() }
    }

    /// A fiber's turn begins.
    #[inline]
    pub(crate) fn begin_turn(&mut self, fiber: &mut VoFiber, worker: &mut WorkerCx) {
        self.fiber = fiber;
        self.worker = worker;
        self.context.fiber = self.fiber.cast();
        if self.island != fiber.island {
            self.enter_island(fiber.island);
        }
        self.memory.turn_begins();
        let marking = self.memory.is_marking();
        self.context.barrier.store(u64::from(marking), Ordering::Relaxed);
        if marking && fiber.looked_at != self.island().heap().epoch() {
            roots::look_at(self);
        }
        if self.island().limits.cpu.load(Ordering::Relaxed) != 0 {
            self.begin_metering();
        }
        if self.collect_first {
            self.collect_before_turn();
        }
    }

    #[cold]
    fn collect_before_turn(&mut self) {
        self.collect_first = false;
        // Where there is too much even so, the next allocation says so.
        let _ = self.ensure(Floor);
    }

    /// The island that the machine is in, or null.
    #[inline(always)]
    pub(crate) fn fiber_island(&self) -> *const Island {
        self.island
    }

    fn enter_island(&mut self, island: *const Island) {
        // SAFETY: an island outlives its fibers, and while this one runs the island is not freed.
        let entered = unsafe { &*island };
        self.memory.leave_island();
        self.island = island;
        self.held = (!entered.is_main()).then(|| self.island_arc());
        self.program = entered.program();
        self.globals = entered.globals();
        self.memory.enter_island(entered, &mut self.context.entries);
        self.context.alloc = self.memory.cache_address();
        self.context.island = island.cast_mut().cast();
        self.context.globals = self.globals;
        self.context.functions = self.program().functions();
        self.read_thresholds();
    }

    /// A turn begins whose time counts.
    #[cold]
    fn begin_metering(&mut self) {
        self.turn_began = Some(Instant::now());
        let island = self.island_arc();
        island.counts.turns.fetch_add(1, Ordering::Relaxed);
        island.counts.active.fetch_add(1, Ordering::Relaxed);
        crate::ending::meter(&island);
    }

    /// Enters the time that the turn has had since it was last entered.
    fn meter(&mut self) {
        if let Some(began) = &mut self.turn_began {
            let now = Instant::now();
            let time = now.duration_since(std::mem::replace(began, now));
            self.island().counts.cpu.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
        }
    }

    /// Whether there is more to be done at the end of a turn than to forget the fiber.
    #[inline(always)]
    pub(crate) fn wants_end_of_turn(&self) -> bool {
        self.turn_began.is_some() || self.trim || self.has_printed()
    }

    /// The turn is over: nothing of the fiber is on the stack any more.
    #[inline]
    pub(crate) fn end_turn(&mut self) {
        if self.turn_began.is_some() || self.trim {
            self.end_special_turn();
        }
        self.flush_print();
        self.fiber = std::ptr::null_mut();
        self.memory.turn_ends();
    }

    /// A turn ends whose time counts, or in which the stack was full.
    #[cold]
    fn end_special_turn(&mut self) {
        if self.turn_began.is_some() {
            self.meter();
            self.turn_began = None;
            self.island().counts.active.fetch_sub(1, Ordering::Relaxed);
        }
        if self.trim && self.fiber().saved.len() < KEPT_STACK / 8 {
            self.trim = false;
            self.fiber_mut().deep = SmallVec::new();
            self.stack.trim(KEPT_STACK);
        }
    }

    /// The running program.
    #[inline(always)]
    pub(crate) fn program(&self) -> &Program {
        // SAFETY: set when the turn began; the island keeps its program.
        unsafe { &*self.program }
    }

    /// The running program, for longer than the machine is borrowed.
    #[inline(always)]
    pub(crate) fn program_ref<'p>(&self) -> &'p Program {
        // SAFETY: as above; a program outlives every turn in it.
        unsafe { &*self.program }
    }

    /// Address of the island's package variables.
    #[inline(always)]
    pub(crate) fn globals(&self) -> u64 {
        self.globals
    }

    /// The running fiber.
    #[inline(always)]
    pub(crate) fn fiber_mut(&mut self) -> &mut VoFiber {
        // SAFETY: the running fiber belongs to this worker.
        unsafe { &mut *self.fiber }
    }

    /// The running fiber.
    #[inline(always)]
    pub(crate) fn fiber(&self) -> &VoFiber {
        // SAFETY: as above.
        unsafe { &*self.fiber }
    }

    /// The running fiber as the scheduler knows it.
    pub(crate) fn fiber_ref(&self) -> FiberRef {
        // SAFETY: the running fiber is alive; its header is its first field.
        unsafe { FiberRef::from_raw(self.fiber.cast::<FiberHeader>()) }
    }

    /// The worker.
    #[inline(always)]
    pub(crate) fn worker(&mut self) -> &mut WorkerCx {
        // SAFETY: the worker that runs this turn; its reference was handed to the turn for that.
        unsafe { &mut *self.worker }
    }

    /// The running fiber's island.
    #[inline]
    pub(crate) fn island(&self) -> &Island {
        // SAFETY: set when the turn began.
        unsafe { &*self.island }
    }

    pub(crate) fn host(&self) -> Arc<dyn Host> {
        self.vm.host.clone()
    }

    /// Whether every suspend point is to be taken.
    #[inline(always)]
    pub(crate) fn takes_every_point(&self) -> bool {
        std::ptr::eq(self.poll, &raw const ALWAYS)
    }

    /// Whether a safepoint should look at the interrupt word.
    #[inline(always)]
    pub(crate) fn interrupted(&self) -> bool {
        // SAFETY: the word lives as long as the worker, or for ever. Relaxed: what is behind it is
        // looked at with the right order in `answer_interrupt`.
        unsafe { (*self.poll).load(Ordering::Relaxed) != 0 }
    }

    /// Answers the interrupt word at a safepoint in frame `w`: halts for the collector. True where
    /// the fiber is to give the worker up.
    #[cold]
    #[inline(never)]
    pub(crate) fn answer_interrupt(&mut self, w: impl Frames) -> bool {
        // As in a collection that this worker leads.
        vo_runtime::heap::wipe_stack();
        self.answer_interrupt_now(w)
    }

    #[inline(never)]
    fn answer_interrupt_now(&mut self, w: impl Frames) -> bool {
        self.meter();
        self.memory.publish(w.innermost());
        let halt = crate::roots::with_registers(self, |m| m.worker().safepoint());
        self.memory.unpublish();
        halt || self.takes_every_point() || self.must_unwind()
    }

    /// Whether the fiber's island ends, and the fiber has not heard of it.
    fn must_unwind(&self) -> bool {
        match self.island().state() {
            State::Running => false,
            State::Ending => !self.fiber().is_cancelled(),
            State::Dead | State::Ended => true,
        }
    }

    /// The running fiber's island, to be kept.
    pub(crate) fn island_arc(&self) -> Arc<Island> {
        // SAFETY: the island is alive while its fiber runs, and lies in an `Arc`.
        unsafe {
            Arc::increment_strong_count(self.island);
            Arc::from_raw(self.island)
        }
    }

    /// Ends the running fiber's island; the main one is the program.
    pub(crate) fn end_island(&mut self, end: IslandEnd) {
        self.flush_print();
        if self.island().is_main() {
            return self.end_program(2, end.trace);
        }
        crate::ending::begin(&self.island_arc(), end);
    }

    /// Starts a fiber that runs function `func`.
    pub(crate) fn go_func(&mut self, site: crate::interp::Site, func: u32, args: &[u64]) {
        let creator = (site.w.code().index, site.pc);
        self.go_from(creator, func, None, args);
    }

    /// Starts a fiber that runs function `func`, for the `go` statement at a function's code offset. `first` comes before
    /// the arguments.
    pub(crate) fn go_from(&mut self, at: (u32, u32), func: u32, first: Option<u64>, args: &[u64]) {
        let code = self.program_ref().code(func);
        let creator = (self.fiber_ref().id(), at);
        // SAFETY: set when the turn began.
        let island = unsafe { &*self.island };
        let fill = |saved: &mut Vec<u64>| record::push_entry(saved, code, first, args);
        let fiber = new_fiber(&mut self.pool, island, creator, fill);
        self.worker().spawn(fiber);
        if self.island().limits.goroutines.load(Ordering::Relaxed) != 0 {
            crate::ops::port::over_goroutines(&self.island_arc());
        }
    }

    /// Starts a fiber that runs a closure; nil panics in the new fiber.
    ///
    /// # Errors
    /// As in Go, `go` of a nil function is a fatal error here.
    pub(crate) fn go_closure(
        &mut self,
        site: crate::interp::Site,
        closure: u64,
        args: &[u64],
    ) -> Result<(), Trap> {
        self.go_closure_from((site.w.code().index, site.pc), closure, args)
    }

    /// As [`Machine::go_closure`], for the `go` statement at a function's code offset.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn go_closure_from(&mut self, at: (u32, u32), closure: u64, args: &[u64]) -> Result<(), Trap> {
        if closure == 0 {
            return Err(RuntimePanic::NilDereference {}.into());
        }
        // SAFETY: a function value that is not nil is the address of a closure.
        let func = unsafe { value::func_of(closure) };
        self.go_from(at, func, Some(closure), args);
        Ok(())
    }

    /// Unwinding, or the end of the fiber, drops a frame at `pc`: if that was a native call that waits
    /// for a Vo function, its completion goes with it.
    pub(crate) fn drop_native_caller(&mut self, code: &Code, pc: u32) {
        if !self.fiber().pending.is_empty() && code.op_at(pc) == Some(Op::CallNative) {
            self.fiber_mut().pending.pop();
        }
    }

    /// A site for natives and doors that compiled code calls: a frame of the stub function, which
    /// stands at the floor and has no registers.
    pub(crate) fn native_site(&mut self) -> crate::interp::Site {
        // SAFETY: at the floor there is room for a header.
        let w = unsafe { Window::at(self.floor) };
        w.set_header(self.program_ref().stub(), std::ptr::null_mut(), std::ptr::null(), 0, Bottom::Native);
        crate::interp::Site { w, pc: 0 }
    }

    /// Ends the program.
    pub(crate) fn end_program(&mut self, code: i32, report: String) {
        self.flush_print();
        self.vm.end(code, report);
        self.worker().shared().signal_done();
    }

    /// The main fiber has ended by `runtime.Goexit`.
    pub(crate) fn main_left(&mut self) {
        self.vm.main_leaves();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.memory.leave_island();
        self.vm.add_stats(&self.stats);
    }
}

/// Makes a fiber that goes on with what `fill` saves for it.
pub(crate) fn new_fiber(
    pool: &mut Pool,
    island: &Island,
    (creator, created_at): (u64, (u32, u32)),
    fill: impl FnOnce(&mut Vec<u64>),
) -> FiberRef {
    let mut fiber = pool.take(island, island.world()).unwrap_or_else(|| {
        Box::new(VoFiber {
            header: FiberHeader::new(&VO_FIBER, island.world()),
            island,
            saved: Vec::new(),
            deep: SmallVec::new(),
            panics: None,
            recover_token: 0,
            pending: Vec::new(),
            completed: None,
            extra: None,
            looked_at: 0,
            is_main: false,
            creator,
            created_at,
        })
    });
    if !island.is_main() {
        // SAFETY: islands are made by `Island::new`, in an `Arc`; the end of the fiber gives this back.
        unsafe { Arc::increment_strong_count(island) };
    }
    (fiber.creator, fiber.created_at) = (creator, created_at);
    fiber.looked_at = island.heap().epoch();
    fill(&mut fiber.saved);
    // SAFETY: the box is taken back by `finish` or `drop` of the fiber's table.
    unsafe { FiberRef::from_raw(Box::into_raw(fiber).cast::<FiberHeader>()) }
}
