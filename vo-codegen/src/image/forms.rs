//! What the tables of the image hold: types, functions and methods by structure and by name.
//!
//! A form names its parts by their places in the image's tables. Equal forms have equal bytes, so that a table has
//! each of them once.

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
#[derive(PartialEq, Eq, Debug)]
pub(super) struct FieldForm {
    pub name: u32,
    pub pkg: Option<u32>,
    pub ty: u32,
    pub embedded: bool,
    pub tag: u32,
}

/// A method of an interface type, or a selector.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct MethodForm {
    pub name: u32,
    pub pkg: Option<u32>,
    pub sig: u32,
}

/// A type.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum TypeForm {
    /// One of those that every program has, by its number.
    Predeclared(u32),
    Pointer(u32),
    Slice(u32),
    Array(u64, u32),
    Map(u32, u32),
    Chan(Dir, u32),
    Port(Dir, u32),
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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct CaptureForm {
    pub ty: u32,
    pub boxed: bool,
}

/// Where a method's code is.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum TargetForm {
    Declared { obj: u32, targs: Vec<u32>, by_pointer: bool },
    Interface(u32),
}

/// What a closure calls on another island.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum SpawnedForm {
    Func(u32),
    Closure,
    Iface(u32),
}

/// A function that code refers to.
#[derive(PartialEq, Eq, Debug)]
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

const CLASSES: [Class; 6] = [Class::Int, Class::F64, Class::F32, Class::Ptr, Class::Any, Class::Raw];

fn class_number(class: Class) -> u8 {
    match class {
        Class::Int => 0,
        Class::F64 => 1,
        Class::F32 => 2,
        Class::Ptr => 3,
        Class::Any => 4,
        Class::Raw => 5,
    }
}

pub(super) fn write_classes(w: &mut Writer, classes: &[Class]) {
    w.number(classes.len() as u64);
    w.0.extend(classes.iter().map(|&class| class_number(class)));
}

pub(super) fn read_classes(r: &mut Reader<'_>) -> Vec<Class> {
    r.text().iter().map(|&number| CLASSES[number as usize]).collect()
}

pub(super) fn write_captures(w: &mut Writer, captures: &[CaptureForm]) {
    w.number(captures.len() as u64);
    for capture in captures {
        w.index(capture.ty);
        w.flag(capture.boxed);
    }
}

pub(super) fn read_captures(r: &mut Reader<'_>) -> Vec<CaptureForm> {
    (0..r.count()).map(|_| CaptureForm { ty: r.index(), boxed: r.flag() }).collect()
}

impl MethodForm {
    pub fn write(&self, w: &mut Writer) {
        w.index(self.name);
        w.maybe(self.pkg);
        w.index(self.sig);
    }

    pub fn read(r: &mut Reader<'_>) -> MethodForm {
        MethodForm { name: r.index(), pkg: r.maybe(), sig: r.index() }
    }
}

impl FieldForm {
    fn write(&self, w: &mut Writer) {
        w.index(self.name);
        w.maybe(self.pkg);
        w.index(self.ty);
        w.flag(self.embedded);
        w.index(self.tag);
    }

    fn read(r: &mut Reader<'_>) -> FieldForm {
        FieldForm { name: r.index(), pkg: r.maybe(), ty: r.index(), embedded: r.flag(), tag: r.index() }
    }
}

fn write_dir(w: &mut Writer, dir: Dir) {
    w.0.push(match dir {
        Dir::Both => 0,
        Dir::Send => 1,
        Dir::Recv => 2,
    });
}

fn read_dir(r: &mut Reader<'_>) -> Dir {
    match r.byte() {
        0 => Dir::Both,
        1 => Dir::Send,
        _ => Dir::Recv,
    }
}

fn unknown(what: &str, tag: u8) -> ! {
    panic!("internal error: the image has no {what} of kind {tag}")
}

impl TypeForm {
    pub fn write(&self, w: &mut Writer) {
        let tag = |w: &mut Writer, tag: u8| w.0.push(tag);
        match self {
            TypeForm::Predeclared(id) => {
                tag(w, 0);
                w.index(*id);
            }
            TypeForm::Pointer(elem) => {
                tag(w, 1);
                w.index(*elem);
            }
            TypeForm::Slice(elem) => {
                tag(w, 2);
                w.index(*elem);
            }
            TypeForm::Array(len, elem) => {
                tag(w, 3);
                w.number(*len);
                w.index(*elem);
            }
            TypeForm::Map(key, elem) => {
                tag(w, 4);
                w.index(*key);
                w.index(*elem);
            }
            TypeForm::Chan(dir, elem) => {
                tag(w, 5);
                write_dir(w, *dir);
                w.index(*elem);
            }
            TypeForm::Port(dir, elem) => {
                tag(w, 6);
                write_dir(w, *dir);
                w.index(*elem);
            }
            TypeForm::Struct(fields) => {
                tag(w, 7);
                w.number(fields.len() as u64);
                fields.iter().for_each(|f| f.write(w));
            }
            TypeForm::Func { params, results, variadic } => {
                tag(w, 8);
                w.indices(params);
                w.indices(results);
                w.flag(*variadic);
            }
            TypeForm::Interface(methods) => {
                tag(w, 9);
                w.number(methods.len() as u64);
                methods.iter().for_each(|m| m.write(w));
            }
            TypeForm::Named(obj, targs) => {
                tag(w, 10);
                w.index(*obj);
                w.indices(targs);
            }
            TypeForm::Closure(traced) => {
                tag(w, 11);
                w.number(traced.len() as u64);
                traced.iter().for_each(|&t| w.flag(t));
            }
        }
    }

    pub fn read(r: &mut Reader<'_>) -> TypeForm {
        match r.byte() {
            0 => TypeForm::Predeclared(r.index()),
            1 => TypeForm::Pointer(r.index()),
            2 => TypeForm::Slice(r.index()),
            3 => TypeForm::Array(r.number(), r.index()),
            4 => TypeForm::Map(r.index(), r.index()),
            5 => TypeForm::Chan(read_dir(r), r.index()),
            6 => TypeForm::Port(read_dir(r), r.index()),
            7 => TypeForm::Struct((0..r.count()).map(|_| FieldForm::read(r)).collect()),
            8 => TypeForm::Func { params: r.indices(), results: r.indices(), variadic: r.flag() },
            9 => TypeForm::Interface((0..r.count()).map(|_| MethodForm::read(r)).collect()),
            10 => TypeForm::Named(r.index(), r.indices()),
            11 => TypeForm::Closure((0..r.count()).map(|_| r.flag()).collect()),
            tag => unknown("type", tag),
        }
    }
}

impl TargetForm {
    fn write(&self, w: &mut Writer) {
        match self {
            TargetForm::Declared { obj, targs, by_pointer } => {
                w.0.push(u8::from(*by_pointer));
                w.index(*obj);
                w.indices(targs);
            }
            TargetForm::Interface(selector) => {
                w.0.push(2);
                w.index(*selector);
            }
        }
    }

    fn read(r: &mut Reader<'_>) -> TargetForm {
        match r.byte() {
            2 => TargetForm::Interface(r.index()),
            tag => TargetForm::Declared { obj: r.index(), targs: r.indices(), by_pointer: tag == 1 },
        }
    }
}

impl SpawnedForm {
    fn write(&self, w: &mut Writer) {
        let (tag, index) = match self {
            SpawnedForm::Func(func) => (0, *func),
            SpawnedForm::Closure => (1, 0),
            SpawnedForm::Iface(selector) => (2, *selector),
        };
        w.0.push(tag);
        w.index(index);
    }

    fn read(r: &mut Reader<'_>) -> SpawnedForm {
        match (r.byte(), r.index()) {
            (0, func) => SpawnedForm::Func(func),
            (1, _) => SpawnedForm::Closure,
            (_, selector) => SpawnedForm::Iface(selector),
        }
    }
}

impl FuncForm {
    pub fn write(&self, w: &mut Writer) {
        let tag = |w: &mut Writer, tag: u8| w.0.push(tag);
        match self {
            FuncForm::Declared { obj, targs } => {
                tag(w, 0);
                w.index(*obj);
                w.indices(targs);
            }
            FuncForm::Native { obj } => {
                tag(w, 1);
                w.index(*obj);
            }
            FuncForm::Value { obj, targs } => {
                tag(w, 2);
                w.index(*obj);
                w.indices(targs);
            }
            FuncForm::Bound { obj, targs, sig, captures } => {
                tag(w, 3);
                w.index(*obj);
                w.indices(targs);
                w.index(*sig);
                write_captures(w, captures);
            }
            FuncForm::BoundIface { selector, sig, captures } => {
                tag(w, 4);
                w.index(*selector);
                w.index(*sig);
                write_captures(w, captures);
            }
            FuncForm::Expr { recv, path, target, sig } => {
                tag(w, 5);
                w.index(*recv);
                w.indices(path);
                target.write(w);
                w.index(*sig);
            }
            FuncForm::Builtin { builtin, types, out } => {
                tag(w, 6);
                w.index(*builtin);
                w.indices(types);
                w.flag(*out);
            }
            FuncForm::Spawn { callee, types, results, captures } => {
                tag(w, 7);
                callee.write(w);
                w.indices(types);
                write_classes(w, results);
                write_captures(w, captures);
            }
        }
    }

    pub fn read(r: &mut Reader<'_>) -> FuncForm {
        match r.byte() {
            0 => FuncForm::Declared { obj: r.index(), targs: r.indices() },
            1 => FuncForm::Native { obj: r.index() },
            2 => FuncForm::Value { obj: r.index(), targs: r.indices() },
            3 => FuncForm::Bound {
                obj: r.index(),
                targs: r.indices(),
                sig: r.index(),
                captures: read_captures(r),
            },
            4 => FuncForm::BoundIface { selector: r.index(), sig: r.index(), captures: read_captures(r) },
            5 => FuncForm::Expr {
                recv: r.index(),
                path: r.indices(),
                target: TargetForm::read(r),
                sig: r.index(),
            },
            6 => FuncForm::Builtin { builtin: r.index(), types: r.indices(), out: r.flag() },
            7 => FuncForm::Spawn {
                callee: SpawnedForm::read(r),
                types: r.indices(),
                results: read_classes(r),
                captures: read_captures(r),
            },
            tag => unknown("function", tag),
        }
    }
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
            form.write(&mut w);
            assert_eq!(TypeForm::read(&mut Reader::new(&w.0)), form);
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
            form.write(&mut w);
            assert_eq!(FuncForm::read(&mut Reader::new(&w.0)), form);
        }
    }
}
