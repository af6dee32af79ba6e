//! The Vo type checker.
//!
//! The way through: a driver makes a [`World`], gives it the parsed files of a package with
//! [`check_package`], and reads the outcome from the world: [`World::types`] has the types,
//! [`World::info`] what each expression is, [`World::object`] what each name means, and
//! [`World::init_order`] in which order package variables are initialised. Imported packages come
//! through an [`Importer`]; they join the same world, so all ids are program-wide.
//!
//! Packages loaded in [`PackageMode::Lazy`] are checked declaration by declaration when something
//! asks; [`World::check_body`] checks a function's body and must have been called before the
//! body's nodes are read from the side tables.
#![forbid(unsafe_code)]

mod check;
pub mod constant;
pub mod embed;
pub mod importer;
pub mod info;
pub mod object;
pub mod package;
pub mod scope;
pub mod types;
pub mod universe;
pub mod version;
mod world;

pub use check::{PURE_FUNCTIONS, check_package, closest};
pub use importer::{Importer, NoImports, PackageSource};
pub use info::{Info, Instance, Selection, SelectionKind, Target, TypeAndValue};
pub use object::{ObjId, Object, ObjectKind, Owner, VarKind};
pub use package::{Initializer, Package, PackageMode, PkgId};
pub use scope::ScopeId;
pub use types::{Basic, Dir, Qualifier, Type, TypeId, Types};
pub use universe::Builtin;
pub use world::World;
