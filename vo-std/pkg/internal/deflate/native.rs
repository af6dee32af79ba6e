//! Natives of package internal/deflate: streams that compress and decompress, by flate2.
//!
//! A stream is known to the program by a number. Its state is here, outside the heap; the package frees a stream when
//! its data is at the end or nothing can reach it any more.
//!
//! What must stay true: a number is never used again, and one that is not known is a bug of the package.

use crate::abi::{Slice, slice_bytes};
use crate::natives;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

enum Stream {
    Deflate(Compress),
    Inflate(Decompress),
}

type Streams = HashMap<u64, Arc<Mutex<Stream>>>;

static STREAMS: LazyLock<Mutex<Streams>> = LazyLock::new(Mutex::default);
static NEXT: AtomicU64 = AtomicU64::new(1);

/// How a step ends.
const GOES_ON: i64 = 0;
const AT_END: i64 = 1;
const CORRUPT: i64 = 2;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn add(stream: Stream) -> u64 {
    // Relaxed: the number alone matters.
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    lock(&STREAMS).insert(number, Arc::new(Mutex::new(stream)));
    number
}

fn find(number: u64) -> Arc<Mutex<Stream>> {
    lock(&STREAMS).get(&number).expect("internal error: no such stream of package internal/deflate").clone()
}

/// One step: from `src` to `dst`, as far as one of them goes; bytes taken, bytes made, and how it ends.
fn step(stream: &mut Stream, src: &[u8], dst: &mut [u8], flush: i64) -> (i64, i64, i64) {
    match stream {
        Stream::Deflate(z) => {
            let (taken, made) = (z.total_in(), z.total_out());
            let flush = [FlushCompress::None, FlushCompress::Sync, FlushCompress::Finish][flush as usize];
            let end = match z.compress(src, dst, flush) {
                Ok(Status::StreamEnd) => AT_END,
                Ok(_) => GOES_ON,
                Err(_) => CORRUPT,
            };
            ((z.total_in() - taken) as i64, (z.total_out() - made) as i64, end)
        }
        Stream::Inflate(z) => {
            let (taken, made) = (z.total_in(), z.total_out());
            let end = match z.decompress(src, dst, FlushDecompress::None) {
                Ok(Status::StreamEnd) => AT_END,
                Ok(_) => GOES_ON,
                Err(_) => CORRUPT,
            };
            ((z.total_in() - taken) as i64, (z.total_out() - made) as i64, end)
        }
    }
}

/// The bytes of a slice that is written to.
fn room<'a>(s: Slice) -> &'a mut [u8] {
    if s.len == 0 {
        return &mut [];
    }
    // SAFETY: the package's own buffer or the caller's slice, alive and in place through the call.
    unsafe { std::slice::from_raw_parts_mut(s.ptr as *mut u8, s.len as usize) }
}

natives! {
    "internal/deflate.compressor" => fn compressor(cx, level: i64) -> u64 {
        add(Stream::Deflate(Compress::new(Compression::new(level as u32), false)))
    }
    "internal/deflate.decompressor" => fn decompressor(cx) -> u64 { add(Stream::Inflate(Decompress::new(false))) }
    "internal/deflate.step" => fn run(cx, stream: u64, src: Slice, dst: Slice, flush: i64) -> (i64, i64, i64) {
        step(&mut lock(&find(stream)), slice_bytes(src), room(dst), flush)
    }
    "internal/deflate.restart" => fn restart(cx, stream: u64) {
        match &mut *lock(&find(stream)) {
            Stream::Deflate(z) => z.reset(),
            Stream::Inflate(z) => z.reset(false),
        }
    }
    "internal/deflate.free" => fn free(cx, stream: u64) {
        lock(&STREAMS).remove(&stream);
    }
}
