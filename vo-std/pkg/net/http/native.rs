//! Natives of package net/http: the heads of messages, taken apart by httparse.
//!
//! What is answered are offsets into the caller's bytes, so that nothing is copied; the package makes strings of them.
//!
//! What must stay true: the table's first words say what a head is, the fields come in fours after them, and
//! `natives.vo` has the same numbers.

use crate::abi::{Slice, slice_bytes};
use crate::natives;
use httparse::{EMPTY_HEADER, Error, Header, ParserConfig, Request, Response, Status};

/// Kinds of heads.
const REQUEST: i64 = 0;
const RESPONSE: i64 = 1;

/// Words of the table before the fields.
const PREFIX: usize = 5;
/// Words of a field: where its name begins and ends, where its value begins and ends.
const FIELD: usize = 4;
/// So many fields are parsed without a heap allocation.
const FEW: usize = 32;

/// Why there is no head.
const INCOMPLETE: i64 = 1;
const TOO_MANY: i64 = 2;
const BAD_NAME: i64 = 3;
const BAD_VALUE: i64 = 4;
const BAD_VERSION: i64 = 5;
const MALFORMED: i64 = 6;

/// Where a part of `all` begins and ends. An empty one may be a constant, and is anywhere.
fn span(all: &[u8], part: &[u8]) -> [i32; 2] {
    if part.is_empty() {
        return [0, 0];
    }
    let start = part.as_ptr() as usize - all.as_ptr() as usize;
    [start as i32, (start + part.len()) as i32]
}

/// The table's first words, what the head is long and how many fields it has.
fn parse<'a>(
    bytes: &'a [u8],
    kind: i64,
    fields: &mut [Header<'a>],
) -> Result<([i32; PREFIX], usize, usize), Error> {
    let part = Error::Status;
    let text = |s: Option<&'a str>| s.map_or([0, 0], |s| span(bytes, s.as_bytes()));
    match kind {
        REQUEST => {
            let mut head = Request::new(fields);
            let Status::Complete(size) = head.parse(bytes)? else { return Err(part) };
            let ([a, b], [c, d]) = (text(head.method), text(head.path));
            Ok(([a, b, c, d, i32::from(head.version.unwrap_or(0))], size, head.headers.len()))
        }
        RESPONSE => {
            let mut head = Response::new(fields);
            let mut config = ParserConfig::default();
            config.allow_obsolete_multiline_headers_in_responses(true);
            let Status::Complete(size) = config.parse_response(&mut head, bytes)? else { return Err(part) };
            let [a, b] = text(head.reason);
            let prefix = [i32::from(head.code.unwrap_or(0)), a, b, 0, i32::from(head.version.unwrap_or(0))];
            Ok((prefix, size, head.headers.len()))
        }
        _ => {
            let Status::Complete((size, found)) = httparse::parse_headers(bytes, fields)? else {
                return Err(part);
            };
            Ok(([0; PREFIX], size, found.len()))
        }
    }
}

/// Parses into `fields` and fills in the table: the head's size and how many fields it has.
fn fill<'a>(
    bytes: &'a [u8],
    kind: i64,
    fields: &mut [Header<'a>],
    table: &mut [i32],
) -> Result<(i64, i64), i64> {
    // `Error::Status` stands for a head that is not complete only if there is none of its kind.
    let (prefix, size, count) = match parse(bytes, kind, fields) {
        Ok(found) => found,
        Err(Error::Status) if kind != RESPONSE || !has_bad_status(bytes) => return Err(INCOMPLETE),
        Err(Error::TooManyHeaders) => return Err(TOO_MANY),
        Err(Error::HeaderName) => return Err(BAD_NAME),
        Err(Error::HeaderValue) => return Err(BAD_VALUE),
        Err(Error::Version) => return Err(BAD_VERSION),
        Err(_) => return Err(MALFORMED),
    };
    table[..PREFIX].copy_from_slice(&prefix);
    for (field, words) in fields[..count].iter().zip(table[PREFIX..].chunks_exact_mut(FIELD)) {
        words[..2].copy_from_slice(&span(bytes, field.name.as_bytes()));
        words[2..].copy_from_slice(&span(bytes, field.value));
    }
    Ok((size as i64, count as i64))
}

/// Whether a response's status is no number of three digits.
fn has_bad_status(bytes: &[u8]) -> bool {
    let status = bytes.get(9..12);
    status.is_some_and(|digits| !digits.iter().all(u8::is_ascii_digit))
}

fn parse_head(p: Slice, kind: i64, out: Slice) -> Result<(i64, i64), i64> {
    let len = out.len as usize;
    assert!(len >= PREFIX, "internal error: no room for a head");
    // SAFETY: the caller's []int32, which nobody else has; it lives through the call and does not move.
    let table = unsafe { std::slice::from_raw_parts_mut(out.ptr as *mut i32, len) };
    let bytes = slice_bytes(p);
    if i32::try_from(bytes.len()).is_err() {
        return Err(MALFORMED);
    }
    let room = (len - PREFIX) / FIELD;
    if room <= FEW {
        return fill(bytes, kind, &mut [EMPTY_HEADER; FEW][..room], table);
    }
    fill(bytes, kind, &mut vec![EMPTY_HEADER; room], table)
}

natives! {
    "net/http.parseHead" => fn head(cx, p: Slice, kind: i64, out: Slice) -> (i64, i64, i64) {
        match parse_head(p, kind, out) {
            Ok((size, fields)) => (size, fields, 0),
            Err(code) => (0, 0, code),
        }
    }
}
