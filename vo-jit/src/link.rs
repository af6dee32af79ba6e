//! From blobs to code that runs: laid out one behind the other, with the addresses that they want filled in.

use crate::compile::{Blob, Target};
use crate::memory::{CodeRegion, NoRoom};
use cranelift_codegen::binemit::Reloc;

/// Where a piece of code begins, in bytes: what processors like.
const ALIGN: usize = 32;

/// Places blobs, and answers their addresses.
///
/// # Errors
/// There is no room.
pub(crate) fn place(region: &CodeRegion, blobs: &[&Blob]) -> Result<Vec<u64>, NoRoom> {
    let mut offsets = Vec::with_capacity(blobs.len());
    let mut size = 0;
    for blob in blobs {
        offsets.push(size as u64);
        size = (size + blob.bytes.len()).next_multiple_of(ALIGN);
    }
    let start = region.place(size, |start, bytes| {
        for (blob, &at) in blobs.iter().zip(&offsets) {
            let code = &mut bytes[at as usize..at as usize + blob.bytes.len()];
            code.copy_from_slice(&blob.bytes);
            for link in &blob.relocs {
                let target = match link.target {
                    Target::Inside(offset) => start + at + u64::from(offset),
                    Target::Library(address) => address,
                };
                let value = target.wrapping_add_signed(link.addend);
                patch(code, link.at as usize, link.kind, value, start + at + u64::from(link.at));
            }
        }
    })?;
    Ok(offsets.iter().map(|offset| start + offset).collect())
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
