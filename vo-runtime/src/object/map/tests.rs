//! Maps against `HashMap`, and the guarantees of iteration.

use super::*;
use crate::Trap;
use crate::heap::Heap;
use crate::rtype::LoadedTypes;
use crate::testing::{Rng, Types, heap, plain_heap, ty};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

struct Fixture {
    heap: Arc<Heap>,
    cache: Box<AllocCache>,
    types: Arc<LoadedTypes>,
    ints: Ty,
    bytes: Ty,
    strs: Ty,
    floats: Ty,
    anys: Ty,
    pairs: Ty,
}

fn fixture(stress: bool) -> Fixture {
    let mut t = Types::default();
    let (int, int8, string, f64, any) = (t.int(), t.int8(), t.string(), t.float64(), t.any());
    let ints = t.map(int, int);
    let bytes = t.map(int8, int8);
    let strs = t.map(string, string);
    let floats = t.map(f64, int);
    let anys = t.map(any, int);
    let pair = t.structure("pair", &[("a", int8), ("s", string)]);
    let pairs = t.map(pair, int);
    t.slice(int);
    let types = t.load();
    let (heap, cache) = if stress { heap(&types) } else { plain_heap(&types) };
    let get = |id| ty(&types, id);
    Fixture {
        heap,
        cache,
        ints: get(ints),
        bytes: get(bytes),
        strs: get(strs),
        floats: get(floats),
        anys: get(anys),
        pairs: get(pairs),
        types: types.clone(),
    }
}

/// A new string in the heap.
fn string(cache: &mut AllocCache, text: &str) -> Str {
    crate::object::string::from_bytes(cache, text.as_bytes()).unwrap()
}

fn read(s: Str) -> String {
    // SAFETY: tests keep their strings alive.
    String::from_utf8(unsafe { crate::value::bytes_of(s) }.to_vec()).unwrap()
}

/// All entries that an iterator yields, as (key, element) words.
unsafe fn drain(cache: &mut AllocCache, map: Word, ty: Ty) -> Vec<(u64, u64)> {
    let mut out = vec![];
    // SAFETY: a map of ints.
    unsafe {
        let it = iter(cache, map, ty).unwrap();
        while let Some((key, elem)) = next(it).unwrap() {
            out.push((load_word(key), load_word(elem)));
        }
    }
    out
}

#[test]
fn int_maps_agree_with_a_model() {
    let mut f = fixture(false);
    let mut rng = Rng(1);
    for (range, hint) in [(4, 0), (12, 9), (100, 0), (5000, 0), (5000, 6000), (20_000, 0)] {
        let map = new(&mut f.cache, f.ints, hint).unwrap();
        let mut model = HashMap::new();
        // SAFETY: a map of ints.
        unsafe {
            for step in 0..40_000u64 {
                let key = rng.below(range);
                match rng.below(100) {
                    0..55 => {
                        let at = set_int(&mut f.cache, map, key, f.ints).unwrap();
                        assert_eq!(load_word(at), model.get(&key).copied().unwrap_or(0));
                        store_word(at, step);
                        model.insert(key, step);
                    }
                    55..85 => {
                        delete_int(map, key, f.ints).unwrap();
                        model.remove(&key);
                    }
                    _ => {
                        let (at, ok) = get_int(map, key, f.ints).unwrap();
                        assert_eq!(
                            (load_word(at), ok),
                            (model.get(&key).copied().unwrap_or(0), model.contains_key(&key))
                        );
                    }
                }
                assert_eq!(len(map), model.len() as u64);
                if step % 997 == 0 {
                    let all = drain(&mut f.cache, map, f.ints);
                    assert_eq!(all.len(), model.len());
                    assert_eq!(all.into_iter().collect::<HashMap<_, _>>(), model);
                }
            }
            clear(map, f.ints).unwrap();
            assert_eq!(len(map), 0);
            assert!(drain(&mut f.cache, map, f.ints).is_empty());
            assert!(!get_int(map, 1, f.ints).unwrap().1);
        }
    }
}

#[test]
fn string_maps_survive_collections() {
    let mut f = fixture(true);
    let mut rng = Rng(3);
    let map = new(&mut f.cache, f.strs, 0).unwrap();
    let mut model = HashMap::new();
    for step in 0..3000 {
        let text = format!("key-{}", rng.below(300));
        // SAFETY: a map of strings.
        unsafe {
            let key = string(&mut f.cache, &text);
            if rng.below(3) == 0 {
                delete_str(map, key, f.strs).unwrap();
                model.remove(&text);
            } else {
                let value = string(&mut f.cache, &format!("value-{step}"));
                let at = set_str(&mut f.cache, map, key, f.strs).unwrap();
                store_word(at, value.ptr);
                store_word(at + 8, value.len);
                model.insert(text, format!("value-{step}"));
            }
            if step % 50 == 0 {
                f.heap.collect(&mut vec![map]);
                for (key, value) in &model {
                    let key = string(&mut f.cache, key);
                    let (at, ok) = get_str(map, key, f.strs).unwrap();
                    assert!(ok);
                    assert_eq!(&read(load_str(at)), value);
                }
            }
        }
    }
}

#[test]
fn narrow_keys_compare_by_their_bytes() {
    let mut f = fixture(false);
    let map = new(&mut f.cache, f.bytes, 300).unwrap();
    // SAFETY: a map of int8.
    unsafe {
        for i in -128i64..128 {
            let at = set_int(&mut f.cache, map, i as u64, f.bytes).unwrap();
            *(at as *mut i8) = i as i8;
        }
        assert_eq!(len(map), 256);
        for i in -128i64..128 {
            let (at, ok) = get_int(map, i as u64, f.bytes).unwrap();
            assert_eq!((*(at as *const i8), ok), (i as i8, true));
            let key = i as i8;
            assert!(get_mem(map, &raw const key as u64, f.bytes).unwrap().1);
        }
    }
}

#[test]
fn floats_follow_ieee() {
    let mut f = fixture(false);
    let map = new(&mut f.cache, f.floats, 0).unwrap();
    // SAFETY: a map of float64.
    unsafe {
        let mut put = |x: f64| {
            let at = set_mem(&mut f.cache, map, &raw const x as u64, f.floats).unwrap();
            store_word(at, 5);
        };
        put(0.0);
        put(-0.0);
        assert_eq!(len(map), 1);
        for _ in 0..100 {
            put(f64::NAN);
        }
        assert_eq!(len(map), 101);
        let nan = f64::NAN;
        assert!(!get_mem(map, &raw const nan as u64, f.floats).unwrap().1);
        delete_mem(map, &raw const nan as u64, f.floats).unwrap();
        let keys: Vec<u64> = drain(&mut f.cache, map, f.floats).into_iter().map(|e| e.0).collect();
        assert_eq!(keys.len(), 101);
        assert!(keys.contains(&(-0.0f64).to_bits()), "the key is the latest that was equal");
        clear(map, f.floats).unwrap();
        assert_eq!(len(map), 0);
    }
}

#[test]
fn structs_and_interfaces_are_keys() {
    let mut f = fixture(false);
    let map = new(&mut f.cache, f.pairs, 0).unwrap();
    let texts: Vec<String> = (0..500).map(|i| format!("{i}")).collect();
    let ints = f.types.get(0);
    let slice = f.types.iter().find(|t| t.name == "[]int").unwrap();
    // SAFETY: maps of pairs and of any.
    unsafe {
        for (i, text) in texts.iter().enumerate() {
            let key = [0xAAAA_AA00 + i as u64 % 7, text.as_ptr() as u64, text.len() as u64];
            store_word(set_mem(&mut f.cache, map, key.as_ptr() as u64, f.pairs).unwrap(), i as u64);
        }
        for (i, text) in texts.iter().enumerate() {
            let copy = text.clone();
            let key = [0x5500 + i as u64 % 7, copy.as_ptr() as u64, copy.len() as u64];
            let (at, ok) = get_mem(map, key.as_ptr() as u64, f.pairs).unwrap();
            assert_eq!((load_word(at), ok), (i as u64, true));
        }
        let any = new(&mut f.cache, f.anys, 0).unwrap();
        let key = [ints.word(), 42u64];
        set_mem(&mut f.cache, any, key.as_ptr() as u64, f.anys).unwrap();
        assert!(get_mem(any, key.as_ptr() as u64, f.anys).unwrap().1);
        let bad = [slice.word(), 0];
        let want = Trap::Panic(RuntimePanic::Unhashable { ty: slice });
        assert_eq!(get_mem(any, bad.as_ptr() as u64, f.anys).unwrap_err(), want);
        let absent = Trap::Panic(RuntimePanic::UnhashableAbsent { ty: slice });
        assert_eq!(get_mem(0, bad.as_ptr() as u64, f.anys).unwrap_err(), absent);
        assert_eq!(delete_mem(0, bad.as_ptr() as u64, f.anys).unwrap_err(), absent);
        assert_eq!(set_mem(&mut f.cache, any, bad.as_ptr() as u64, f.anys).unwrap_err(), want);
        assert_eq!(delete_mem(any, bad.as_ptr() as u64, f.anys).unwrap_err(), want);
        assert_eq!(want_text(want), "runtime error: hash of unhashable type []int");
        assert_eq!(want_text(absent), "hash of unhashable type: []int");
        set_mem(&mut f.cache, any, [0u64, 0].as_ptr() as u64, f.anys).expect("the map is not left locked");
    }
}

fn want_text(trap: Trap) -> String {
    match trap {
        Trap::Panic(p) => p.error_text(),
        Trap::Fatal(f) => f.to_string(),
    }
}

#[test]
fn nil_maps_read_as_empty() {
    let mut f = fixture(false);
    // SAFETY: nil maps.
    unsafe {
        assert_eq!(len(0), 0);
        let (at, ok) = get_int(0, 3, f.ints).unwrap();
        assert_eq!((load_word(at), ok), (0, false));
        delete_int(0, 3, f.ints).unwrap();
        clear(0, f.ints).unwrap();
        assert!(drain(&mut f.cache, 0, f.ints).is_empty());
        let trap = set_int(&mut f.cache, 0, 3, f.ints).unwrap_err();
        assert_eq!(want_text(trap), "assignment to entry in nil map");
    }
}

/// While ranging, entries are deleted and inserted at random: each entry that is there all the time
/// comes exactly once, a deleted one not after its deletion, nothing twice.
#[test]
fn ranging_keeps_gos_promises() {
    let mut f = fixture(false);
    let mut rng = Rng(11);
    for round in 0..300u64 {
        let size = [3, 8, 9, 50, 400, 3000][round as usize % 6];
        let map = new(&mut f.cache, f.ints, 0).unwrap();
        // SAFETY: a map of ints.
        unsafe {
            for key in 0..size {
                store_word(set_int(&mut f.cache, map, key, f.ints).unwrap(), key);
            }
            let mut always: HashSet<u64> = (0..size).collect();
            let (mut seen, mut fresh) = (HashSet::new(), size);
            let it = iter(&mut f.cache, map, f.ints).unwrap();
            while let Some((key, elem)) = next(it).unwrap() {
                let (key, elem) = (load_word(key), load_word(elem));
                assert_eq!(key, elem);
                assert!(seen.insert(key), "{key} came twice");
                assert!(key >= size || always.contains(&key), "{key} came after its deletion");
                for _ in 0..rng.below(4) {
                    let victim = rng.below(size);
                    if rng.below(2) == 0 {
                        delete_int(map, victim, f.ints).unwrap();
                        if !seen.contains(&victim) {
                            always.remove(&victim);
                        }
                    } else {
                        store_word(set_int(&mut f.cache, map, fresh, f.ints).unwrap(), fresh);
                        fresh += 1;
                    }
                }
            }
            assert!(always.iter().all(|k| seen.contains(k)), "an entry was left out");
        }
    }
}

/// Keys come and go and come again while a map with NaN keys is ranged over: between two tables, between many, and
/// from one to many. What lasts comes exactly once, in whatever table it is by then.
#[test]
fn ranging_goes_on_in_tables_that_were_replaced() {
    let mut f = fixture(true);
    let mut rng = Rng(5);
    for round in 0..60u64 {
        let (size, nans) = ([6, 30, 700, 1500][round as usize % 4], 3);
        let map = new(&mut f.cache, f.floats, 0).unwrap();
        // SAFETY: a map of float64 to int.
        unsafe {
            let mut put = |x: f64, elem: u64| {
                store_word(set_mem(&mut f.cache, map, &raw const x as u64, f.floats).unwrap(), elem);
            };
            (0..size).for_each(|key| put(key as f64, key));
            (0..nans).for_each(|_| put(f64::NAN, 1));
            let mut lasting: HashSet<u64> = (0..size).collect();
            let (mut seen, mut seen_nans, mut version) = (HashMap::new(), 0, size);
            let it = iter(&mut f.cache, map, f.floats).unwrap();
            while let Some((key, elem)) = next(it).unwrap() {
                let (key, elem) = (f64::from_bits(load_word(key)), load_word(elem));
                if key.is_nan() {
                    seen_nans += 1;
                    continue;
                }
                let old = seen.insert(key as u64, elem);
                assert!(old.is_none() || !lasting.contains(&(key as u64)), "{key} came twice");
                if lasting.contains(&(key as u64)) {
                    assert_eq!(key as u64, elem);
                }
                for _ in 0..rng.below(6) {
                    let (other, grows) = (rng.below(2 * size), seen.len() as u64 * 3 < size * 2);
                    let x = other as f64;
                    if rng.below(8) == 0 {
                        delete_mem(map, &raw const x as u64, f.floats).unwrap();
                        lasting.remove(&other);
                    } else if grows && !lasting.contains(&other) {
                        let at = set_mem(&mut f.cache, map, &raw const x as u64, f.floats).unwrap();
                        store_word(at, version);
                        version += 1;
                    }
                }
                if rng.below(200) == 0 {
                    f.heap.collect(&mut vec![map, it]);
                }
            }
            assert!(lasting.iter().all(|key| seen.contains_key(key)), "an entry was left out");
            assert_eq!(seen_nans, nans);
        }
    }
}

/// Entries that come and go leave nothing behind that makes the map grow.
#[test]
fn turnover_does_not_grow_a_map() {
    let mut f = fixture(false);
    let map = new(&mut f.cache, f.ints, 0).unwrap();
    // SAFETY: a map of ints.
    unsafe {
        for key in 0..200_000u64 {
            set_int(&mut f.cache, map, key, f.ints).unwrap();
            if key >= 700 {
                delete_int(map, key - 700, f.ints).unwrap();
            }
        }
        let mut places = 0;
        MapRef::at(map).root().for_each_table(f.ints.map_shape(), |table| places += table.places());
        assert!(places <= 2048, "{places}");
        assert_eq!(len(map), 700);
        assert_eq!(drain(&mut f.cache, map, f.ints).len(), 700);
        let (count, rows) = live_entries(map, f.ints).unwrap();
        assert_eq!((count, rows.iter().map(|row| row.1).sum()), (700, 700));
    }
}

#[test]
fn inserting_for_ever_does_not_range_for_ever() {
    let mut f = fixture(false);
    let map = new(&mut f.cache, f.ints, 0).unwrap();
    // SAFETY: a map of ints.
    unsafe {
        for key in 0..10 {
            set_int(&mut f.cache, map, key, f.ints).unwrap();
        }
        let it = iter(&mut f.cache, map, f.ints).unwrap();
        let mut n = 100;
        while next(it).unwrap().is_some() {
            set_int(&mut f.cache, map, n, f.ints).unwrap();
            n += 1;
        }
        assert!(n < 1000, "it goes through all hashes once: some e times as many entries as there were");
        let it = iter(&mut f.cache, map, f.ints).unwrap();
        next(it).unwrap();
        clear(map, f.ints).unwrap();
        assert_eq!(next(it).unwrap(), None);
    }
}

#[test]
fn iterations_start_anywhere() {
    let mut f = fixture(false);
    let map = new(&mut f.cache, f.ints, 0).unwrap();
    // SAFETY: a map of ints.
    unsafe {
        for key in 0..8 {
            set_int(&mut f.cache, map, key, f.ints).unwrap();
        }
        let firsts: HashSet<u64> = (0..200).map(|_| drain(&mut f.cache, map, f.ints)[0].0).collect();
        assert_eq!(firsts.len(), 8);
    }
}

#[test]
fn concurrent_use_is_fatal() {
    let mut f = fixture(false);
    let map = new(&mut f.cache, f.ints, 0).unwrap();
    // SAFETY: a map of ints.
    unsafe {
        set_int(&mut f.cache, map, 1, f.ints).unwrap();
        let it = iter(&mut f.cache, map, f.ints).unwrap();
        MapRef::at(map).flags().store(WRITING, Relaxed);
        let text = |r: Result<()>| want_text(r.unwrap_err());
        assert_eq!(text(get_int(map, 1, f.ints).map(drop)), "concurrent map read and map write");
        assert_eq!(text(set_int(&mut f.cache, map, 1, f.ints).map(drop)), "concurrent map writes");
        assert_eq!(text(delete_int(map, 1, f.ints)), "concurrent map writes");
        assert_eq!(text(next(it).map(drop)), "concurrent map iteration and map write");
    }
}

/// Workers break the rules: they may get fatal errors or stray values, but the runtime stays sound.
#[test]
fn races_do_not_break_the_runtime() {
    let f = fixture(false);
    let (heap, ints) = (f.heap.clone(), f.ints);
    let mut cache = AllocCache::new(&heap);
    let map = new(&mut cache, ints, 0).unwrap();
    std::thread::scope(|scope| {
        for worker in 0..3u64 {
            let heap = &heap;
            scope.spawn(move || {
                let mut cache = AllocCache::new(heap);
                let mut rng = Rng(worker + 1);
                for _ in 0..30_000 {
                    // SAFETY: a map of ints; the race is what is tested.
                    unsafe {
                        let key = rng.below(500);
                        let _ = match rng.below(4) {
                            0 => delete_int(map, key, ints),
                            1 => get_int(map, key, ints).map(drop),
                            2 => iter(&mut cache, map, ints).and_then(next_all),
                            _ => set_int(&mut cache, map, key, ints).map(drop),
                        };
                    }
                }
            });
        }
    });
}

fn next_all(it: Word) -> Result<()> {
    // SAFETY: an iterator.
    while unsafe { next(it)? }.is_some() {}
    Ok(())
}
