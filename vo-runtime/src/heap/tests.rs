//! The heap as a whole, without a machine: roots are lists of words.

use super::*;
use crate::testing::{Rng, Types, heap, plain_heap, ty};
use crate::value::{load_word, store_word};
use std::collections::HashMap;
use vo_bytecode::typedesc::TypeId;

/// `struct { a, b *node; n int; c any }`
fn node_types() -> (Arc<LoadedTypes>, TypeId) {
    let mut types = Types::default();
    let int = types.int();
    let pointer = types.ptr(int);
    let any = types.any();
    let node = types.structure("node", &[("a", pointer), ("b", pointer), ("n", int), ("c", any)]);
    (types.load(), node)
}

fn collect(heap: &Heap, roots: &[u64]) {
    // SAFETY: tests have one thread, and name their roots.
    unsafe { heap.collect(&mut roots.to_vec()) };
}

#[test]
fn what_is_kept_outside_counts_until_the_next_collection() {
    let types = Types::default().load();
    let (heap, _cache) = plain_heap(&types);
    let mut counted = 0;
    while !heap.must_collect() {
        heap.count_outside(1 << 16);
        counted += 1 << 16;
    }
    assert!(counted <= HeapConfig::default().min_heap, "{counted}");
    // SAFETY: there are no objects.
    unsafe { heap.collect(&mut Vec::new()) };
    heap.count_outside(1 << 16);
    assert!(!heap.must_collect());
}

#[test]
fn unreachable_objects_go_and_interior_addresses_keep() {
    let (types, node) = node_types();
    let (heap, mut cache) = heap(&types);
    let node = ty(&types, node);
    let kept = cache.alloc(node).unwrap();
    let child = cache.alloc(node).unwrap();
    let lost = cache.alloc(node).unwrap();
    // SAFETY: fields of nodes.
    unsafe {
        store_word(kept + 8, child + 16);
        store_word(kept + 16, lost);
    }
    collect(&heap, &[kept + 39]);
    assert_eq!(heap.object_at(kept), Some((kept, 48)));
    assert_eq!(heap.object_at(child), Some((child, 48)));
    assert_eq!(heap.object_at(lost), None, "an integer keeps nothing");
    assert_eq!(heap.stats().frees, 1);
    let again = cache.alloc(node).unwrap();
    // SAFETY: a new node.
    assert!((0..5).all(|i| unsafe { load_word(again + 8 * i) } == 0), "reused memory is zero");
}

#[test]
fn large_objects_live_and_die() {
    let (types, node) = node_types();
    let (heap, mut cache) = heap(&types);
    let node = ty(&types, node);
    let array = cache.alloc_array(node, 10_000).unwrap();
    let leaf = cache.alloc(node).unwrap();
    // SAFETY: the last element's field `a`.
    unsafe { store_word(array + 9_999 * 40, leaf) };
    collect(&heap, &[array + 200_001]);
    assert_eq!(heap.object_at(leaf), Some((leaf, 48)));
    assert_eq!(heap.object_at(array + 5), Some((array, 400_000)));
    let used = heap.stats().heap_in_use;
    collect(&heap, &[]);
    assert!(heap.stats().heap_in_use + 400_000 < used);
    assert_eq!(heap.object_at(array), None);
    assert_eq!(heap.stats().heap_alloc, 0);
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    let (types, node) = node_types();
    let (_heap, mut cache) = plain_heap(&types);
    let node = ty(&types, node);
    assert_eq!(cache.alloc_array(node, u64::MAX / 2).unwrap_err(), RuntimePanic::MakeSliceLen {}.into());
    assert!(matches!(
        cache.alloc_bytes(1 << 47).unwrap_err(),
        crate::Trap::Fatal(crate::Fatal::OutOfMemory(_))
    ));
    assert_eq!(cache.alloc_bytes(0).unwrap(), crate::rtype::zero_base());
}

use crate::RuntimePanic;

#[test]
fn the_goal_asks_for_collections() {
    let (types, node) = node_types();
    let (heap, mut cache) = plain_heap(&types);
    let node = ty(&types, node);
    let mut n = 0;
    while !heap.must_collect() {
        cache.alloc(node).unwrap();
        n += 1;
    }
    assert!((15_000..=22_500).contains(&n), "{n} nodes of 48 bytes make 1 MiB");
    let stats = heap.stats();
    assert_eq!((stats.mallocs, stats.frees, stats.total_alloc), (n, 0, n * 48));
    collect(&heap, &[]);
    assert!(!heap.must_collect());
    let stats = heap.stats();
    assert_eq!((stats.mallocs, stats.frees, stats.heap_alloc), (n, n, 0));
    assert_eq!(stats.pauses.len(), 1);
}

#[test]
fn a_limit_ends_allocation() {
    let (types, node) = node_types();
    let config = HeapConfig { limit: Some(1 << 20), ..HeapConfig::default() };
    let heap = Heap::new(types.clone(), config);
    let mut cache = AllocCache::new(&heap);
    let node = ty(&types, node);
    let mut roots = Vec::new();
    while !heap.must_collect() {
        roots.push(cache.alloc(node).unwrap());
    }
    assert!(roots.len() * 48 < 2 << 20);
    collect(&heap, &[]);
    assert_eq!(heap.over_limit(), None);
    let mut roots = Vec::new();
    for _ in 0..30_000 {
        roots.push(cache.alloc(node).unwrap());
    }
    collect(&heap, &roots);
    assert!(matches!(heap.over_limit(), Some(Fatal::OverLimit { .. })));
    assert!(cache.alloc_bytes(2 << 20).is_err());
}

#[test]
fn a_full_mark_stack_loses_nothing() {
    let (types, node) = node_types();
    let config = HeapConfig { mark_stack: 2, verify: true, ..HeapConfig::default() };
    let heap = Heap::new(types.clone(), config);
    let mut cache = AllocCache::new(&heap);
    let node = ty(&types, node);
    let pointer = ty(&types, TypeId(1));
    let hub = cache.alloc_array(pointer, 1000).unwrap();
    let mut all = vec![];
    for i in 0..1000 {
        let (first, second) = (cache.alloc(node).unwrap(), cache.alloc(node).unwrap());
        // SAFETY: an element of the hub, a field of a node.
        unsafe {
            store_word(hub + 8 * i, first);
            store_word(first + 8, second);
        }
        all.extend([first, second]);
    }
    collect(&heap, &[hub]);
    assert!(all.iter().all(|&a| heap.object_at(a).is_some()));
}

#[test]
fn stacks_are_scanned_conservatively() {
    let (types, node) = node_types();
    let (heap, mut cache) = heap(&types);
    let node = ty(&types, node);
    let object = cache.alloc(node).unwrap();
    let stack = [1u64, object + 47, u64::MAX, 0x1234_5678_9abc, crate::rtype::zero_base()];
    struct Stack<'a>(&'a [u64]);
    impl Roots for Stack<'_> {
        fn mark_roots(&mut self, marker: &mut Marker<'_>) {
            let range = self.0.as_ptr_range();
            // SAFETY: a readable range.
            unsafe { marker.range(range.start as u64, range.end as u64) };
        }
    }
    // SAFETY: one thread; the roots are named.
    unsafe { heap.collect(&mut Stack(&stack)) };
    assert!(heap.object_at(object).is_some());
    // SAFETY: as above.
    unsafe { heap.collect(&mut Stack(&stack[2..])) };
    assert!(heap.object_at(object).is_none());
}

/// Objects, functions and arguments of what is due, in its order.
fn due(heap: &Heap) -> Vec<(WatchKind, u64, u64)> {
    std::iter::from_fn(|| heap.next_due()).map(|due| (due.kind, due.object, due.words[0])).collect()
}

#[test]
fn finalizers_run_in_the_order_of_pointers() {
    use WatchKind::{Cleanup, Finalizer};
    let (types, node) = node_types();
    let (heap, mut cache) = heap(&types);
    let node = ty(&types, node);
    let [a, b, alive, plain] = [(); 4].map(|()| cache.alloc(node).unwrap());
    let function = cache.alloc_bytes(8).unwrap();
    // SAFETY: field `a` of nodes.
    unsafe { store_word(a, b) };
    assert_ne!(heap.watch(a, Finalizer, [function, 0, 0]), 0);
    heap.watch(b, Finalizer, [2, 0, 0]);
    heap.watch(alive, Finalizer, [3, 0, 0]);
    let cleanup = heap.watch(a + 8, Cleanup, [4, 0, 0]);
    heap.watch(plain, Cleanup, [5, 0, 0]);
    assert_ne!(cleanup, 0);
    assert_eq!(heap.watch(1, Finalizer, [0; 3]), 0, "not in the heap");
    assert!(heap.has_finalizer(a) && !heap.has_finalizer(plain));
    collect(&heap, &[alive]);
    assert!(heap.object_at(function).is_some(), "what is to be called lives");
    assert_eq!(due(&heap), [(Finalizer, a, function), (Cleanup, 0, 5)]);
    collect(&heap, &[alive]);
    assert_eq!(due(&heap), [(Finalizer, b, 2), (Cleanup, 0, 4)]);
    assert_eq!((heap.object_at(a), heap.object_at(function)), (None, None));
    heap.clear_finalizer(alive);
    collect(&heap, &[]);
    assert_eq!((due(&heap), heap.object_at(b)), (vec![], None));
}

#[test]
fn cycles_with_finalizers_stay() {
    let (types, node) = node_types();
    let (heap, mut cache) = heap(&types);
    let a = cache.alloc(ty(&types, node)).unwrap();
    // SAFETY: field `a` of a node.
    unsafe { store_word(a, a) };
    heap.watch(a, WatchKind::Finalizer, [1, 0, 0]);
    collect(&heap, &[]);
    assert_eq!((due(&heap), heap.object_at(a).is_some()), (vec![], true));
}

#[test]
fn weak_handles_forget() {
    let (types, node) = node_types();
    let (heap, mut cache) = heap(&types);
    let a = cache.alloc(ty(&types, node)).unwrap();
    let handle = cache.alloc_bytes(8).unwrap();
    assert_eq!(heap.weak_handle(a), None);
    assert_eq!(heap.add_weak_handle(a, handle), handle);
    let second = cache.alloc_bytes(8).unwrap();
    assert_eq!((heap.add_weak_handle(a, second), heap.weak_handle(a)), (handle, Some(handle)));
    heap.watch(a, WatchKind::Finalizer, [1, 0, 0]);
    collect(&heap, &[a, handle]);
    // SAFETY: a handle.
    assert_eq!(unsafe { heap.weak_value(handle) }, a);
    collect(&heap, &[handle]);
    // SAFETY: a handle. The object still lives for its finalizer.
    assert_eq!((unsafe { heap.weak_value(handle) }, heap.object_at(a).is_some()), (0, true));
    assert_eq!(heap.weak_handle(a), None);
}

#[test]
fn waiting_fibers_are_marked_through_what_they_wait_for() {
    /// Pairs of what a fiber waits for and what it holds.
    struct Fibers(u64, Vec<(u64, u64)>);
    impl Roots for Fibers {
        fn mark_roots(&mut self, marker: &mut Marker<'_>) {
            marker.word(self.0);
        }
        fn mark_more(&mut self, marker: &mut Marker<'_>) -> bool {
            let found = self.1.iter().position(|&(object, _)| marker.is_marked(object));
            found.inspect(|&i| marker.word(self.1.swap_remove(i).1)).is_some()
        }
    }
    let (types, node) = node_types();
    let (heap, mut cache) = heap(&types);
    let [a, b, c, lost] = [(); 4].map(|()| cache.alloc(ty(&types, node)).unwrap());
    let mut fibers = Fibers(a, vec![(lost, lost), (b, c), (a, b)]);
    // SAFETY: one thread; the roots are named.
    unsafe { heap.collect(&mut fibers) };
    assert_eq!([a, b, c, lost].map(|object| heap.object_at(object).is_some()), [true, true, true, false]);
    assert_eq!(fibers.1, [(lost, lost)]);
}

/// Random graphs under poison and verification: what a model reaches stays intact.
#[test]
fn random_graphs_survive() {
    let (types, node) = node_types();
    let node = ty(&types, node);
    let (heap, mut cache) = heap(&types);
    let mut rng = Rng(42);
    let mut roots = vec![0u64; 16];
    // Address to (a, b, n).
    let mut model: HashMap<u64, [u64; 3]> = HashMap::new();
    for step in 0..6000 {
        let object = cache.alloc(node).unwrap();
        let pick = |rng: &mut Rng| roots[rng.below(16) as usize];
        let (a, b) = (pick(&mut rng), pick(&mut rng));
        let offset = rng.below(40);
        // SAFETY: fields of a node.
        unsafe {
            store_word(object, if a == 0 { 0 } else { a + offset });
            store_word(object + 32, b);
            store_word(object + 16, step);
        }
        model.insert(object, [a, b, step]);
        roots[rng.below(16) as usize] = object;
        if rng.below(8) == 0 {
            roots[rng.below(16) as usize] = 0;
        }
        if step % 100 == 0 {
            collect(&heap, &roots);
            let mut live = HashMap::new();
            let mut todo: Vec<u64> = roots.iter().copied().filter(|&r| r != 0).collect();
            while let Some(object) = todo.pop() {
                let [a, b, n] = model[&object];
                if live.insert(object, [a, b, n]).is_some() {
                    continue;
                }
                // SAFETY: a live node.
                assert_eq!(unsafe { load_word(object + 16) }, n);
                todo.extend([a, b].iter().filter(|&&p| p != 0));
            }
            assert_eq!(heap.stats().heap_alloc, live.len() as u64 * 48);
            model = live;
        }
    }
}

/// Workers allocate side by side; the memory they get is zero and nobody else's.
#[test]
fn workers_allocate_in_parallel() {
    let (types, node) = node_types();
    let node = ty(&types, node);
    let heap = Heap::new(types.clone(), HeapConfig { verify: true, ..HeapConfig::default() });
    for round in 0..5 {
        let kept: Vec<Vec<u64>> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..4u64)
                .map(|worker| {
                    let heap = &heap;
                    scope.spawn(move || {
                        let mut cache = AllocCache::new(heap);
                        let mut mine = vec![];
                        for i in 0..20_000u64 {
                            let object = cache.alloc(node).unwrap();
                            let bytes = cache.alloc_bytes(1 + i % 700).unwrap();
                            // SAFETY: new objects.
                            unsafe {
                                assert_eq!(load_word(object + 16), 0);
                                assert_eq!(*(bytes as *const u8), 0);
                                *(bytes as *mut u8) = 1;
                                store_word(object + 8, bytes);
                                store_word(object + 16, worker << 32 | i);
                            }
                            mine.push(object);
                        }
                        for (i, &object) in mine.iter().enumerate() {
                            // SAFETY: our objects.
                            assert_eq!(unsafe { load_word(object + 16) }, worker << 32 | i as u64);
                        }
                        mine.into_iter().step_by(7).collect()
                    })
                })
                .collect();
            workers.into_iter().map(|w| w.join().unwrap()).collect()
        });
        let roots: Vec<u64> = if round % 2 == 0 { kept.concat() } else { vec![] };
        collect(&heap, &roots);
        assert!(roots.iter().all(|&r| heap.object_at(r).is_some()));
    }
}

#[test]
fn an_ended_heap_gives_its_pages_back() {
    let (types, node) = node_types();
    let (heap, mut cache) = plain_heap(&types);
    let object = cache.alloc(ty(&types, node)).unwrap();
    let id = heap.id;
    drop(cache);
    drop(heap);
    let block = window().block_of(object);
    // SAFETY: blocks are never freed.
    assert!(block.is_null() || unsafe { (*block).owner() } != id);
}

/// An island that does nothing any more gives its free pages to the system, while it has some alive.
#[test]
fn an_idle_heap_gives_its_free_pages_back() {
    let (types, node) = node_types();
    let node = ty(&types, node);
    let idle = std::time::Duration::from_millis(1);
    let heap = Heap::new(types.clone(), HeapConfig { idle, ..HeapConfig::default() });
    let mut cache = AllocCache::new(&heap);
    let kept = cache.alloc(node).unwrap();
    let dead: Vec<u64> = (0..2 << 10).map(|_| cache.alloc_bytes(8 << 10).unwrap()).collect();
    // SAFETY: a new object, and garbage that fills pages.
    unsafe { dead.iter().for_each(|&bytes| *(bytes as *mut u8) = 1) };
    collect(&heap, &[kept]);
    let before = heap.stats();
    assert!(before.heap_sys >= 16 << 20);
    // What the next cycle would need is kept for a moment only.
    heap.tidy();
    while heap.stats().heap_sys - heap.stats().heap_released > 1 << 20 {
        std::thread::yield_now();
    }
    assert!(heap.object_at(kept).is_some());
    assert!(cache.alloc_bytes(100).is_ok());
    drop(cache);
    heap.abandon();
}

/// An island that becomes idle with garbage is collected, once, by the heap's own thread; then all free pages go.
#[test]
fn an_idle_heap_is_collected() {
    let (types, node) = node_types();
    let node = ty(&types, node);
    let idle = std::time::Duration::from_millis(1);
    let heap = Heap::new(types.clone(), HeapConfig { idle, ..HeapConfig::default() });
    let mut cache = AllocCache::new(&heap);
    let kept = cache.alloc(node).unwrap();
    let weak = Arc::downgrade(&heap);
    heap.set_step_from_outside(Box::new(move || {
        let (Some(heap), mut roots) = (weak.upgrade(), vec![kept]) else { return false };
        // SAFETY: nobody uses the heap until the collection is over, and the one root is named.
        unsafe {
            if heap.is_marking() {
                heap.finish(&mut roots, Duration::ZERO, false);
            } else {
                heap.begin(&mut roots, Duration::ZERO);
            }
        }
        true
    }));
    let dead: Vec<u64> = (0..256).map(|_| cache.alloc_bytes(8 << 10).unwrap()).collect();
    // SAFETY: new objects.
    unsafe { dead.iter().for_each(|&bytes| *(bytes as *mut u8) = 1) };
    assert!(heap.lock().pacer.is_worth_collecting());
    heap.tidy();
    while heap.cycles() == 0 || heap.stats().heap_sys - heap.stats().heap_released > 1 << 20 {
        std::thread::yield_now();
    }
    assert!(heap.object_at(kept).is_some() && heap.object_at(dead[0]).is_none());
    assert!(!heap.lock().pacer.is_worth_collecting(), "not again before something has been allocated");
    drop(cache);
    heap.abandon();
}

/// What was born while the heap marked has survived; most of it does not count where the next goal is set.
#[test]
fn the_goal_hardly_grows_for_what_is_born_while_marking() {
    const MIB: u64 = 1 << 20;
    let next = |born: u64| {
        let mut pacer = pacer::Pacer::new(&HeapConfig::default());
        pacer.handed(8, 8 * MIB);
        pacer.begin_cycle();
        pacer.handed(born, born * MIB);
        let found = queue::Found { objects: 8, bytes: 8 * MIB, ..Default::default() };
        pacer.end_cycle(&pacer::StopClock::start(Duration::ZERO), &found, false);
        pacer.stats(0, 0).next_gc
    };
    assert_eq!(next(0), 16 * MIB);
    assert_eq!(next(2), 20 * MIB);
    assert_eq!(next(8), 26 * MIB, "8 found, 8 born, 8 and a quarter of 8 to grow by");
}

/// Who is called for help takes packets, and what it has marked counts.
#[test]
fn stopped_workers_help() {
    /// Roots whose stopped worker is the calling thread.
    struct Helped<'h>(&'h Heap, u64);
    impl Roots for Helped<'_> {
        fn mark_roots(&mut self, marker: &mut Marker<'_>) {
            marker.word(self.1);
        }
        fn call_for_help(&mut self) {
            self.0.help_in_stop(&|| false);
        }
    }
    let (types, node) = node_types();
    let node = ty(&types, node);
    let (heap, mut cache) = heap(&types);
    let nodes: Vec<u64> = (0..20_000).map(|_| cache.alloc(node).unwrap()).collect();
    for (i, &object) in nodes.iter().enumerate() {
        let child = |n: usize| nodes.get(n).copied().unwrap_or(0);
        // SAFETY: fields of nodes.
        unsafe {
            store_word(object, child(2 * i + 1));
            store_word(object + 8, child(2 * i + 2));
        }
    }
    cache.alloc(node).unwrap();
    // SAFETY: one thread; the root is named.
    let collected = unsafe { heap.collect(&mut Helped(&heap, nodes[0])) };
    assert!(collected.helped > 0);
    assert!(heap.trace_line(&collected, 2).contains("packets by stopped workers"));
    assert_eq!(heap.stats().heap_alloc, nodes.len() as u64 * 48);
}
