//! What the tables of the image hold: types, functions and methods by structure and by name.
//!
//! A form names its parts by their places in the image's tables. Equal forms have equal bytes, so that a table has
//! each of them once. They are written as postcard writes them, whose numbers are those of [`Writer`].

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vo_bytecode::Class;
use vo_types::types::Dir;

use vo_syntax::bytes::{Reader, Writer};

/// A package-level object or a method: its package's path, the name of a method's receiver base type (else empty), its
/// name, and the place among the `init` functions from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ObjectForm<'a> {
    pub path: &'a str,
    pub base: &'a str,
    pub name: &'a str,
    pub init: u32,
}

/// A struct's field: the package is the index of its path.
#[derive(PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct FieldForm {
    pub name: u32,
    pub pkg: Option<u32>,
    pub ty: u32,
    pub embedded: bool,
    pub tag: u32,
}

/// A method of an interface type, or a selector.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct MethodForm {
    pub name: u32,
    pub pkg: Option<u32>,
    pub sig: u32,
}

/// A type.
#[derive(PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum TypeForm {
    /// One of those that every program has, by its number.
    Predeclared(u32),
    Pointer(u32),
    Slice(u32),
    Array(u64, u32),
    Map(u32, u32),
    Chan(#[serde(with = "DirForm")] Dir, u32),
    Port(#[serde(with = "DirForm")] Dir, u32),
    Struct(Vec<FieldForm>),
    Func {
        params: Vec<u32>,
        results: Vec<u32>,
        variadic: bool,
    },
    Interface(Vec<MethodForm>),
    /// A declared type, with the type arguments of an instance.
    Named(u32, Vec<u32>),
    /// A closure's object: how many words are captured, and whether each is traced.
    Closure(Vec<bool>),
}

/// A captured variable: its type, and whether it is in a box.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct CaptureForm {
    pub ty: u32,
    pub boxed: bool,
}

/// Where a method's code is.
#[derive(PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum TargetForm {
    Declared { obj: u32, targs: Vec<u32>, by_pointer: bool },
    Interface(u32),
}

/// What a closure calls on another island.
#[derive(PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum SpawnedForm {
    Func(u32),
    Closure,
    Iface(u32),
}

/// A function that code refers to.
#[derive(PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum FuncForm {
    Declared { obj: u32, targs: Vec<u32> },
    Native { obj: u32 },
    Value { obj: u32, targs: Vec<u32> },
    Bound { obj: u32, targs: Vec<u32>, sig: u32, captures: Vec<CaptureForm> },
    BoundIface { selector: u32, sig: u32, captures: Vec<CaptureForm> },
    Expr { recv: u32, path: Vec<u32>, target: TargetForm, sig: u32 },
    Builtin { builtin: u32, types: Vec<u32>, out: bool },
    Spawn { callee: SpawnedForm, types: Vec<u32>, results: Vec<Class>, captures: Vec<CaptureForm> },
}

/// The directions of channels, as the checker has them.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Dir")]
enum DirForm {
    Both,
    Send,
    Recv,
}

/// Appends a form to an entry.
pub(super) fn write<T: Serialize + ?Sized>(w: &mut Writer, form: &T) {
    let bytes = postcard::to_extend(form, std::mem::take(&mut w.0));
    w.0 = bytes.expect("internal error: a form of the image cannot be written");
}

/// The form that stands next in an entry.
pub(super) fn read<T: DeserializeOwned>(r: &mut Reader<'_>) -> T {
    r.take_with(|rest| {
        postcard::take_from_bytes(rest).unwrap_or_else(|e| panic!("internal error: the image's bytes: {e}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_as_they_were_written() {
        let method = MethodForm { name: 3, pkg: Some(0), sig: 300 };
        let field = FieldForm { name: 1, pkg: None, ty: 2, embedded: true, tag: 4 };
        let types = [
            TypeForm::Predeclared(30),
            TypeForm::Array(1 << 40, 7),
            TypeForm::Chan(Dir::Recv, 1),
            TypeForm::Struct(vec![field]),
            TypeForm::Func { params: vec![1, 2], results: vec![], variadic: true },
            TypeForm::Interface(vec![method]),
            TypeForm::Named(5, vec![6]),
            TypeForm::Closure(vec![true, false]),
        ];
        for form in types {
            let mut w = Writer::default();
            write(&mut w, &form);
            assert_eq!(read::<TypeForm>(&mut Reader::new(&w.0)), form);
        }
        let captures = vec![CaptureForm { ty: 9, boxed: true }];
        let declared = TargetForm::Declared { obj: 1, targs: vec![2], by_pointer: true };
        let funcs = [
            FuncForm::Declared { obj: 200, targs: vec![1] },
            FuncForm::Bound { obj: 1, targs: vec![], sig: 2, captures: captures.clone() },
            FuncForm::Expr { recv: 1, path: vec![0, 1], target: declared, sig: 3 },
            FuncForm::Expr { recv: 1, path: vec![], target: TargetForm::Interface(8), sig: 3 },
            FuncForm::Spawn {
                callee: SpawnedForm::Iface(4),
                types: vec![1],
                results: vec![Class::F32, Class::Any],
                captures,
            },
        ];
        for form in funcs {
            let mut w = Writer::default();
            write(&mut w, &form);
            assert_eq!(read::<FuncForm>(&mut Reader::new(&w.0)), form);
        }
    }
}
