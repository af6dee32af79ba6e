//! An island: a heap, the package variables, and the world of the fibers that live there.

use crate::program::Program;
use crate::vm::Shared;
use std::sync::Arc;
use std::time::Duration;
use vo_runtime::heap::{Heap, HeapConfig};
use vo_sched::World;

/// An island.
pub(crate) struct Island {
    program: Arc<Program>,
    heap: Arc<Heap>,
    world: Arc<World>,
    globals: Box<[u64]>,
}

impl Island {
    /// A new island, with nothing initialised.
    pub(crate) fn new(vm: &Shared, scheduler: &Arc<vo_sched::Shared>) -> Box<Island> {
        let program = vm.program.clone();
        let normal = HeapConfig::default();
        let slow = vm.config.stress.verify;
        let config = HeapConfig {
            gogc: vm.config.gc_percent,
            soft_limit: vm.config.soft_memory_limit,
            limit: vm.config.limits.heap_bytes,
            stress: vm.config.stress.gc,
            // Both at once would look at everything for every allocation, twice.
            verify: vm.config.stress.verify || cfg!(debug_assertions) && !vm.config.stress.gc,
            seed: vm.config.seed.unwrap_or_default(),
            min_heap: if slow { 64 << 10 } else { normal.min_heap },
            patience: if slow { Duration::ZERO } else { normal.patience },
            ..normal
        };
        let heap = Heap::new(program.types().clone(), config);
        let words = program.module().globals.size.div_ceil(8) as usize;
        let globals = vec![0; words].into_boxed_slice();
        let island = Box::new(Island { program, heap, world: scheduler.new_world(), globals });
        island.world.set_host_data(std::ptr::from_ref(&*island).cast_mut().cast());
        island
    }

    pub(crate) fn program(&self) -> *const Program {
        &*self.program
    }

    pub(crate) fn program_ref(&self) -> &Program {
        &self.program
    }

    pub(crate) fn heap(&self) -> &Arc<Heap> {
        &self.heap
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// Address of the package variables.
    pub(crate) fn globals(&self) -> u64 {
        self.globals.as_ptr() as u64
    }
}

impl Drop for Island {
    fn drop(&mut self) {
        self.heap.abandon();
    }
}
