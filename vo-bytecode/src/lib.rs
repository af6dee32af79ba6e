//! The Vo instruction set, functions, modules, verifier and `.vob` container.
//!
//! Reading order: [`ops`] (the table), [`operand`] (its columns), [`inst`]
//! (what grows from it), [`suspend`] (where a fiber may leave), [`module`]
//! (what a linked program consists of), [`callbacks`] (what code may ask of the
//! machine), [`verify`], [`serialize`], [`disasm`].
//!
//! Code generator and engines meet in this crate and nowhere else.
#![forbid(unsafe_code)]

pub mod callbacks;
pub mod disasm;
pub mod flow;
pub mod inst;
pub mod module;
pub mod operand;
pub mod ops;
pub mod serialize;
pub mod status;
pub mod suspend;
pub mod typedesc;
pub mod verify;

pub use inst::{Inst, Visitor};
pub use module::{Function, Module};
pub use operand::{Class, Reg};
pub use ops::Op;
pub use status::Status;
pub use suspend::{PointKind, SuspendPoint};
pub use typedesc::{TypeDesc, TypeKind};
