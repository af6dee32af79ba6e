//! The `.vob` container: a module on disk.
//!
//! ```text
//! offset  size  what
//!      0     4  magic "VOB\0"
//!      4     4  format version, little endian
//!      8     8  length of the payload in bytes
//!     16     4  CRC-32 of the payload
//!     20     n  payload: the module in postcard's encoding
//! ```
//!
//! Reading checks all of it and then runs the verifier, so that a truncated or
//! altered file is an error and never a fault of the machine. The version
//! changes whenever the instruction set or a module structure does: the
//! fingerprint of the opcode table is part of it.

use crate::module::Module;
use crate::operand::Role;
use crate::ops::Op;
use crate::verify::{VerifyError, verify};
use std::fmt;

const MAGIC: [u8; 4] = *b"VOB\0";
const HEADER: usize = 20;
/// Raised when a structure of `module.rs` or `typedesc.rs` changes.
const STRUCTURE_VERSION: u32 = 2;

/// Why bytes are not a module.
#[derive(Debug)]
pub enum ReadError {
    /// It does not begin like a `.vob` file.
    NotVob,
    /// Written by another version of Vo.
    Version { found: u32, expected: u32 },
    /// Fewer or more bytes than the header says.
    Length { found: u64, expected: u64 },
    /// The checksum does not match.
    Altered,
    /// The payload does not decode.
    Malformed,
    /// The verifier rejects the module.
    Rejected(VerifyError),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::NotVob => write!(f, "not a .vob file"),
            ReadError::Version { found, expected } => {
                write!(
                    f,
                    "made by another version of Vo (format {found:08x}, this one reads {expected:08x}); build it again"
                )
            }
            ReadError::Length { found, expected } if found < expected => {
                write!(f, "truncated: {found} bytes of {expected}")
            }
            ReadError::Length { found, expected } => {
                write!(f, "altered: {found} bytes where the header says {expected}")
            }
            ReadError::Altered => write!(f, "altered: the checksum does not match"),
            ReadError::Malformed => write!(f, "malformed: the content does not decode"),
            ReadError::Rejected(error) => write!(f, "rejected by the verifier: {error}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// The format version: the structures' version and the opcode table's fingerprint.
pub fn format_version() -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&STRUCTURE_VERSION.to_le_bytes());
    for op in Op::ALL {
        hasher.update(op.name().as_bytes());
        for (name, role) in op.operands() {
            hasher.update(name.as_bytes());
            hasher.update(&[role_number(*role)]);
        }
    }
    hasher.finalize()
}

fn role_number(role: Role) -> u8 {
    match role {
        Role::Reg(..) => 1,
        Role::Regs(_) => 2,
        Role::Imm(bits) => bits,
        Role::Slot => 3,
        Role::Label => 4,
        Role::Labels => 5,
        Role::Ref(_) => 6,
    }
}

/// The module as a `.vob` file.
pub fn write(module: &Module) -> Vec<u8> {
    let payload = postcard::to_stdvec(module).expect("internal error: a module always encodes");
    let mut out = Vec::with_capacity(HEADER + payload.len());
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&format_version().to_le_bytes());
    out.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    out.extend_from_slice(&crc32fast::hash(&payload).to_le_bytes());
    out.extend_from_slice(&payload);
    out
}

/// Whether bytes begin like a `.vob` file.
pub fn is_vob(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Reads and verifies a module.
pub fn read(bytes: &[u8]) -> Result<Module, ReadError> {
    if !is_vob(bytes) {
        return Err(ReadError::NotVob);
    }
    if bytes.len() < HEADER {
        return Err(ReadError::Length { found: bytes.len() as u64, expected: HEADER as u64 });
    }
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let (found, expected) = (word(4), format_version());
    if found != expected {
        return Err(ReadError::Version { found, expected });
    }
    let length = u64::from_le_bytes(bytes[8..16].try_into().expect("eight bytes"));
    let payload = &bytes[HEADER..];
    if payload.len() as u64 != length {
        return Err(ReadError::Length { found: payload.len() as u64, expected: length });
    }
    if crc32fast::hash(payload) != word(16) {
        return Err(ReadError::Altered);
    }
    let module: Module = match postcard::take_from_bytes(payload) {
        Ok((module, [])) => module,
        _ => return Err(ReadError::Malformed),
    };
    verify(&module).map_err(ReadError::Rejected)?;
    Ok(module)
}
