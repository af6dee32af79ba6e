//! How long allocation, maps and marking take: `cargo bench -p vo-runtime --bench runtime [-- alloc|mark|map]`.
//!
//! Each line is the best of several rounds. No statistics: the numbers are for choosing between
//! designs and for noticing a factor, not a percent.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;
use vo_bytecode::Module;
use vo_bytecode::typedesc::{FieldDesc, Leaf, Mem, TypeDesc, TypeId, TypeKind};
use vo_runtime::object::{map, string};
use vo_runtime::value::{Str, store_word};
use vo_runtime::{AllocCache, Heap, LoadedTypes, heap::HeapConfig};

const INT: u32 = 0;
const STRING: u32 = 1;
const NODE: u32 = 2;
const MAP_INT: u32 = 4;
const MAP_STR: u32 = 5;

/// int, string, `struct { left, right *node }`, *node, map[int]int, map[string]int.
fn types() -> Arc<LoadedTypes> {
    let mut module = Module::default();
    let mut add = |name: &str, kind: TypeKind, size: u64, mems: &[Mem]| {
        let leaves = mems.iter().enumerate().map(|(i, &mem)| Leaf { offset: 8 * i as u32, mem }).collect();
        module.types.push(TypeDesc {
            name: name.into(),
            pkg: String::new(),
            defined: String::new(),
            kind,
            size,
            align: 8,
            comparable: true,
            leaves: Some(leaves),
            inline: mems.len() == 1,
            methods: vec![],
            pointer_to: None,
        });
    };
    let field = |name: &str, offset| FieldDesc {
        name: name.into(),
        pkg: String::new(),
        ty: TypeId(3),
        offset,
        embedded: false,
        tag: String::new(),
    };
    add("int", TypeKind::Int, 8, &[Mem::I64]);
    add("string", TypeKind::String, 16, &[Mem::Ptr, Mem::I64]);
    let fields = vec![field("left", 0), field("right", 8)];
    add("node", TypeKind::Struct { fields }, 16, &[Mem::Ptr, Mem::Ptr]);
    add("*node", TypeKind::Pointer { elem: TypeId(NODE) }, 8, &[Mem::Ptr]);
    add("map[int]int", TypeKind::Map { key: TypeId(INT), elem: TypeId(INT) }, 8, &[Mem::Ptr]);
    add("map[string]int", TypeKind::Map { key: TypeId(STRING), elem: TypeId(INT) }, 8, &[Mem::Ptr]);
    Arc::new(LoadedTypes::load(&module))
}

/// Prints the best time of `rounds` calls, per one of `n` steps.
fn measure(name: &str, n: u64, rounds: u32, mut f: impl FnMut()) {
    let mut best = f64::MAX;
    for _ in 0..rounds {
        let start = Instant::now();
        f();
        best = best.min(start.elapsed().as_nanos() as f64);
    }
    println!("{name:<44} {:>9.2} ns   {:>9.2} ms in all", best / n as f64, best / 1e6);
}

fn fresh(types: &Arc<LoadedTypes>) -> (Arc<Heap>, Box<AllocCache>) {
    let heap = Heap::new(types.clone(), HeapConfig::default());
    let cache = AllocCache::new(&heap);
    (heap, cache)
}

fn collect(heap: &Heap, roots: &[u64]) {
    // SAFETY: one thread, all roots named.
    unsafe { heap.collect(&mut roots.to_vec()) };
}

/// A complete tree of so many levels.
fn tree(cache: &mut AllocCache, types: &LoadedTypes, depth: u32) -> u64 {
    let node = cache.alloc(types.get(NODE)).expect("memory");
    if depth > 1 {
        let (left, right) = (tree(cache, types, depth - 1), tree(cache, types, depth - 1));
        // SAFETY: the fields of a node.
        unsafe {
            store_word(node, left);
            store_word(node + 8, right);
        }
    }
    node
}

fn allocation(types: &Arc<LoadedTypes>) {
    const N: u64 = 10_000_000;
    let (heap, mut cache) = fresh(types);
    let node = types.get(NODE);
    measure("alloc 16 bytes, garbage", N, 5, || {
        for _ in 0..N {
            if heap.must_collect() {
                collect(&heap, &[]);
            }
            black_box(cache.alloc(node)).expect("memory");
        }
    });
    measure("alloc 100 bytes without pointers, garbage", N / 4, 5, || {
        for _ in 0..N / 4 {
            if heap.must_collect() {
                collect(&heap, &[]);
            }
            black_box(cache.alloc_bytes(100)).expect("memory");
        }
    });
    measure("alloc 64 KiB, garbage", 10_000, 5, || {
        for _ in 0..10_000 {
            if heap.must_collect() {
                collect(&heap, &[]);
            }
            black_box(cache.alloc_bytes(65536)).expect("memory");
        }
    });
    measure("build a tree of 2^20 nodes, no collection", 1 << 20, 5, || {
        let (_heap, mut cache) = fresh(types);
        black_box(tree(&mut cache, types, 20));
    });
}

fn marking(types: &Arc<LoadedTypes>) {
    let (heap, mut cache) = fresh(types);
    let root = tree(&mut cache, types, 22);
    measure("collect: mark a tree in order, per node", 1 << 22, 5, || collect(&heap, &[root]));
    let (heap, mut cache) = fresh(types);
    let mut nodes: Vec<u64> = (0..1 << 21).map(|_| cache.alloc(types.get(NODE)).expect("memory")).collect();
    let mut state = 1u64;
    for i in (1..nodes.len()).rev() {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        nodes.swap(i, (state >> 33) as usize % (i + 1));
    }
    for (i, &node) in nodes.iter().enumerate() {
        for (j, child) in [2 * i + 1, 2 * i + 2].into_iter().enumerate() {
            // SAFETY: the fields of a node.
            unsafe { store_word(node + 8 * j as u64, nodes.get(child).copied().unwrap_or(0)) };
        }
    }
    measure("collect: mark a shuffled tree, per node", 1 << 21, 5, || collect(&heap, &[nodes[0]]));
    measure("collect: sweep all garbage, per node", 1 << 21, 1, || collect(&heap, &[]));
}

/// What each allocation costs under `VO_STRESS=gc`.
fn stress(types: &Arc<LoadedTypes>) {
    let config = HeapConfig { stress: true, ..HeapConfig::default() };
    let heap = Heap::new(types.clone(), config);
    let mut cache = AllocCache::new(&heap);
    let layouts = &types.layouts;
    let mut roots = vec![];
    for words in 1..64 {
        let layout = layouts.intern(words, &[words as u32 - 1]);
        roots.push(cache.alloc_layout(8 * words as u64, layout).expect("memory"));
    }
    measure("collect and allocate under stress", 10_000, 5, || {
        for _ in 0..10_000 {
            collect(&heap, &roots);
            black_box(cache.alloc(types.get(NODE))).expect("memory");
        }
    });
}

fn maps(types: &Arc<LoadedTypes>) {
    let ty = types.get(MAP_INT);
    for n in [8u64, 1000, 100_000, 4_000_000] {
        let (heap, mut cache) = fresh(types);
        let scale = (4_000_000 / n).max(1);
        measure(&format!("map[int]int: insert {n}"), n * scale, 3, || {
            for _ in 0..scale {
                if heap.must_collect() {
                    collect(&heap, &[]);
                }
                let m = map::new(&mut cache, ty, 0).expect("memory");
                for i in 0..n {
                    // SAFETY: a map of this type.
                    unsafe { store_word(map::set_int(&mut cache, m, i * 7, ty).expect("memory"), i) };
                }
            }
        });
        let m = map::new(&mut cache, ty, 0).expect("memory");
        for i in 0..n {
            // SAFETY: a map of this type, here and below.
            unsafe { store_word(map::set_int(&mut cache, m, i * 7, ty).expect("memory"), i) };
        }
        let steps = 4_000_000u64;
        measure(&format!("map[int]int: look up, {n} entries"), steps, 3, || {
            let mut i = 0u64;
            for _ in 0..steps {
                i = (i + 1_000_003) % n;
                // SAFETY: as above.
                black_box(unsafe { map::get_int(m, i * 7, ty) }).expect("no race");
            }
        });
        measure(&format!("map[int]int: range, {n} entries"), n * scale, 3, || {
            for _ in 0..scale {
                // SAFETY: as above.
                unsafe {
                    let it = map::iter(&mut cache, m, ty).expect("memory");
                    while let Some(entry) = map::next(it).expect("no race") {
                        black_box(entry);
                    }
                }
            }
            collect(&heap, &[m]);
        });
    }
    let ty = types.get(MAP_STR);
    let (_heap, mut cache) = fresh(types);
    let keys: Vec<Str> = (0..100_000)
        .map(|i| string::from_bytes(&mut cache, format!("some-key-{i}").as_bytes()).expect("memory"))
        .collect();
    let m = map::new(&mut cache, ty, 0).expect("memory");
    // SAFETY: a map of this type, keys that are alive.
    unsafe {
        measure("map[string]int: set again, 100000 entries", 100_000, 5, || {
            for &key in &keys {
                store_word(map::set_str(&mut cache, m, key, ty).expect("memory"), 1);
            }
        });
        measure("map[string]int: look up, 100000 entries", 100_000, 5, || {
            for &key in &keys {
                black_box(map::get_str(m, key, ty)).expect("no race");
            }
        });
    }
}

fn main() {
    let types = types();
    let wanted = |part: &str| std::env::args().skip(1).all(|a| a.starts_with("--") || a == part);
    if wanted("alloc") {
        allocation(&types);
    }
    if wanted("mark") {
        marking(&types);
        stress(&types);
    }
    if wanted("map") {
        maps(&types);
    }
}
