//! A program's native code: compiled in one batch ahead, continuations one by one when they are wanted.

use crate::abi::Shape;
use crate::compile::{Blob, Cells, Compiler, Target, Unit, new_isa};
use crate::memory::{CodeMemory, thunk_at};
use crate::translate::Entry;
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::isa::TargetIsa;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
use std::time::Instant;
use vo_runtime::code::{CompiledCode, Linkage, NativeEntry, Thunk};

/// How often a continuation is asked for before it is compiled.
const CONTINUATION_THRESHOLD: u32 = 32;

/// A unit that the compiler could not compile: a bug of the compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub function: String,
    pub error: String,
}

/// The native code of one program.
pub struct Compiled {
    isa: Arc<dyn TargetIsa>,
    /// Addresses, one for each function.
    table: Box<[u64]>,
    entries: Vec<Option<NativeEntry>>,
    thunks: HashMap<Shape, Thunk>,
    continuations: RwLock<HashMap<(u32, u32), Continuation>>,
    compiler: Mutex<Compiler>,
    cells: Cells,
    places: RwLock<Vec<Place>>,
    failures: Mutex<Vec<Failure>>,
    compiled: AtomicUsize,
    compiled_continuations: AtomicUsize,
    bytes: AtomicUsize,
    nanos: AtomicU64,
    memory: Mutex<Vec<CodeMemory>>,
}

enum Continuation {
    Asked(u32),
    There(NativeEntry),
    Failed,
}

/// A unit's range of addresses and what its calls return to.
struct Place {
    start: u64,
    end: u64,
    func: u32,
    calls: Vec<(u32, u32)>,
}

/// Compiles every function of a program.
///
/// # Errors
/// This machine has no backend, or no memory for code.
pub fn compile(link: Linkage<'_>) -> Result<Compiled, String> {
    let begun = Instant::now();
    let isa = new_isa()?;
    let cells = Cells::default();
    let (blobs, failures) = compile_all(link, &isa, &cells)?;
    let n = blobs.len();
    let mut compiler = Compiler::new(isa.clone());
    let (shapes, thunk_blobs) = compile_thunks(link, &mut compiler)?;
    let mut all: Vec<&Blob> = blobs.iter().collect();
    all.extend(&thunk_blobs);
    let (memory, addresses) = link_blobs(&all, |func, addresses| addresses[func as usize])?;
    let thunks: HashMap<Shape, Thunk> =
        shapes.into_iter().zip(&addresses[n..]).map(|(shape, &at)| (shape, thunk_at(at))).collect();
    let failed = |func: usize| failures.iter().any(|(f, _)| *f == func);
    let entry = |func: usize| {
        let thunk = *thunks.get(&Shape::of(&link.module.functions[func]))?;
        (!failed(func)).then_some(NativeEntry { thunk, code: addresses[func] as *const u8 })
    };
    let entries: Vec<Option<NativeEntry>> = (0..n).map(entry).collect();
    let place = |(func, blob): (usize, Blob)| Place {
        start: addresses[func],
        end: addresses[func] + blob.bytes.len() as u64,
        func: func as u32,
        calls: blob.calls,
    };
    let compiled = Compiled {
        isa,
        table: addresses[..n].into(),
        thunks,
        continuations: RwLock::default(),
        compiler: Mutex::new(compiler),
        cells,
        compiled: AtomicUsize::new(n - failures.len()),
        compiled_continuations: AtomicUsize::new(0),
        bytes: AtomicUsize::new(all.iter().map(|b| b.bytes.len()).sum()),
        nanos: AtomicU64::new(0),
        memory: Mutex::new(vec![memory]),
        entries,
        failures: Mutex::new(failures.into_iter().map(|(_, failure)| failure).collect()),
        places: RwLock::new(blobs.into_iter().enumerate().map(place).collect()),
    };
    compiled.nanos.store(begun.elapsed().as_nanos() as u64, Relaxed);
    Ok(compiled)
}

type Failures = Vec<(usize, Failure)>;

/// Compiles all functions on all processors.
fn compile_all(
    link: Linkage<'_>,
    isa: &Arc<dyn TargetIsa>,
    cells: &Cells,
) -> Result<(Vec<Blob>, Failures), String> {
    let n = link.module.functions.len();
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Result<Blob, String>)>> = Mutex::default();
    let failures: Mutex<Failures> = Mutex::default();
    let work = || {
        let mut compiler = Compiler::new(isa.clone());
        loop {
            let func = next.fetch_add(1, Relaxed);
            if func >= n {
                return;
            }
            let unit = Unit { link, func: func as u32, entry: Entry::Start, in_batch: true, cells };
            let blob = compiler.unit(&unit).or_else(|error| {
                let function = unit.function().name.clone();
                lock(&failures).push((func, Failure { function, error }));
                compiler.stub(&unit)
            });
            lock(&done).push((func, blob));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(n / 16 + 1);
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    done.sort_by_key(|(func, _)| *func);
    let blobs = done.into_iter().map(|(_, blob)| blob).collect::<Result<Vec<_>, _>>()?;
    Ok((blobs, failures.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())))
}

/// Compiles a thunk for each shape of the program's functions and of their continuations.
fn compile_thunks(link: Linkage<'_>, compiler: &mut Compiler) -> Result<(Vec<Shape>, Vec<Blob>), String> {
    let mut shapes: Vec<Shape> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for func in &link.module.functions {
        let shape = Shape::of(func);
        for shape in [shape.continuation(), shape] {
            if seen.insert(shape.clone()) {
                shapes.push(shape);
            }
        }
    }
    let blobs = shapes.iter().map(|shape| compiler.thunk(shape)).collect::<Result<Vec<_>, _>>()?;
    Ok((shapes, blobs))
}

/// Lays blobs into one piece of memory; `function` finds the address of a function.
fn link_blobs(
    blobs: &[&Blob],
    function: impl Fn(u32, &[u64]) -> u64,
) -> Result<(CodeMemory, Vec<u64>), String> {
    let mut offsets = Vec::with_capacity(blobs.len());
    let mut size = 0;
    for blob in blobs {
        offsets.push(size as u64);
        size = (size + blob.bytes.len()).next_multiple_of(32);
    }
    let memory = CodeMemory::new(size, |start, bytes| {
        let addresses: Vec<u64> = offsets.iter().map(|offset| start + offset).collect();
        for (blob, &at) in blobs.iter().zip(&offsets) {
            let code = &mut bytes[at as usize..at as usize + blob.bytes.len()];
            code.copy_from_slice(&blob.bytes);
            for link in &blob.relocs {
                let target = match link.target {
                    Target::Function(func) => function(func, &addresses),
                    Target::Inside(offset) => start + at + u64::from(offset),
                    Target::Library(address) => address,
                };
                let value = target.wrapping_add_signed(link.addend);
                patch(code, link.at as usize, link.kind, value, start + at + u64::from(link.at));
            }
        }
    });
    let memory = memory.map_err(|error| format!("no memory for code: {error}"))?;
    let addresses = offsets.iter().map(|offset| memory.start() + offset).collect();
    Ok((memory, addresses))
}

/// Writes an address into code that lies at `place`.
fn patch(code: &mut [u8], at: usize, kind: Reloc, value: u64, place: u64) {
    match kind {
        Reloc::Abs8 => code[at..at + 8].copy_from_slice(&value.to_le_bytes()),
        Reloc::X86PCRel4 | Reloc::X86CallPCRel4 | Reloc::X86CallPLTRel4 => {
            let distance = value.wrapping_sub(place) as i64;
            let distance = i32::try_from(distance).expect("internal error: code is too far away");
            code[at..at + 4].copy_from_slice(&distance.to_le_bytes());
        }
        Reloc::Arm64Call => {
            let distance = (value.wrapping_sub(place) as i64) >> 2;
            assert!(distance.abs() < 1 << 25, "internal error: code is too far away");
            let old = u32::from_le_bytes([code[at], code[at + 1], code[at + 2], code[at + 3]]);
            let new = (old & 0xfc00_0000) | (distance as u32 & 0x03ff_ffff);
            code[at..at + 4].copy_from_slice(&new.to_le_bytes());
        }
        other => panic!("internal error: a relocation of kind {other:?}"),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Compiled {
    /// What could not be compiled.
    pub fn failures(&self) -> Vec<Failure> {
        lock(&self.failures).clone()
    }

    /// Compiles a continuation that has been asked for often enough.
    fn compile_continuation(&self, link: Linkage<'_>, func: u32, point: u32) -> Result<NativeEntry, String> {
        let begun = Instant::now();
        let entry = Entry::Point(point);
        let unit = Unit { link, func, entry, in_batch: false, cells: &self.cells };
        let shape = Shape::of(unit.function()).continuation();
        let thunk = *self.thunks.get(&shape).ok_or("no thunk")?;
        let blob = lock(&self.compiler).unit(&unit)?;
        let (memory, addresses) = link_blobs(&[&blob], |func, _| self.table[func as usize])?;
        let start = addresses[0];
        self.compiled_continuations.fetch_add(1, Relaxed);
        self.bytes.fetch_add(blob.bytes.len(), Relaxed);
        self.nanos.fetch_add(begun.elapsed().as_nanos() as u64, Relaxed);
        let place = Place { start, end: start + blob.bytes.len() as u64, func, calls: blob.calls };
        let mut places = self.places.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        let at = places.partition_point(|p| p.start < start);
        places.insert(at, place);
        lock(&self.memory).push(memory);
        Ok(NativeEntry { thunk, code: start as *const u8 })
    }

    /// Counts a request; true where the continuation is to be compiled now.
    fn count(&self, key: (u32, u32)) -> bool {
        let mut map = self.continuations.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        match map.entry(key).or_insert(Continuation::Asked(0)) {
            Continuation::Asked(n) => {
                *n += 1;
                *n == CONTINUATION_THRESHOLD
            }
            _ => false,
        }
    }
}

impl CompiledCode for Compiled {
    fn functions(&self) -> *const u64 {
        self.table.as_ptr()
    }

    fn entry(&self, func: u32) -> Option<NativeEntry> {
        self.entries[func as usize]
    }

    fn continuation(&self, link: Linkage<'_>, func: u32, point: u32) -> Option<NativeEntry> {
        let key = (func, point);
        {
            let map = self.continuations.read().unwrap_or_else(|poisoned| poisoned.into_inner());
            match map.get(&key) {
                Some(Continuation::There(entry)) => return Some(*entry),
                Some(Continuation::Failed) => return None,
                _ => {}
            }
        }
        if !self.count(key) {
            return None;
        }
        let compiled = self.compile_continuation(link, func, point);
        let (made, entry) = match compiled {
            Ok(entry) => (Continuation::There(entry), Some(entry)),
            Err(error) => {
                let function = link.module.functions[func as usize].name.clone();
                lock(&self.failures).push(Failure { function, error });
                (Continuation::Failed, None)
            }
        };
        self.continuations.write().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(key, made);
        entry
    }

    fn place(&self, return_address: u64) -> Option<(u32, u32)> {
        let places = self.places.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        let at = places.partition_point(|p| p.start <= return_address).checked_sub(1)?;
        let place = &places[at];
        if return_address > place.end {
            return None;
        }
        let offset = (return_address - place.start) as u32;
        let call = place.calls.binary_search_by_key(&offset, |(at, _)| *at).ok()?;
        Some((place.func, place.calls[call].1))
    }

    fn stats(&self) -> Vec<String> {
        let failures = self.failures();
        let mut lines = vec![format!(
            "jit: {} functions and {} continuations compiled for {}, {} bytes of code, {:.1} ms, {} failures",
            self.compiled.load(Relaxed),
            self.compiled_continuations.load(Relaxed),
            self.isa.name(),
            self.bytes.load(Relaxed),
            self.nanos.load(Relaxed) as f64 / 1e6,
            failures.len()
        )];
        lines.extend(failures.iter().map(|f| format!("jit: failed to compile {}: {}", f.function, f.error)));
        lines
    }
}
