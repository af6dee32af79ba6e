//! Making the image: all functions of the library are lowered as those of a program are, then written as units.

use rustc_hash::FxHashMap;
use vo_bytecode::Inst;
use vo_bytecode::inst::instructions;
use vo_bytecode::module::{Capture, Function};
use vo_bytecode::operand::Table;
use vo_bytecode::typedesc::{TypeId as DescId, TypeKind};
use vo_syntax::diag::Diagnostic;
use vo_syntax::symbol::Symbol;
use vo_types::World;
use vo_types::object::{ObjId, ObjectKind};
use vo_types::package::PkgId;
use vo_types::types::{Type, TypeId};

use super::forms::{
    CaptureForm, FieldForm, FuncForm, MethodForm, ObjectForm, SpawnedForm, TargetForm, TypeForm, write,
};
use super::{HAS_BODY, IS_FUNCTION, MAGIC, NO_UNIT, PARTS, Part, TAKES_TOKEN, Target};
use crate::func::{for_each_ref_place, read_u32};
use crate::lower::{Method, MethodKey, Spawned, WrapperKind};
use crate::package::{self, InitStep};
use crate::program::{FuncKey, Program};
use vo_syntax::bytes::Writer;

/// What lowering functions asks of the program besides what stands in their code.
#[derive(Default)]
pub(crate) struct Record {
    /// The function that is being lowered.
    current: u32,
    /// The function that a function literal stands in.
    owners: FxHashMap<u32, u32>,
    effects: FxHashMap<u32, Effects>,
}

#[derive(Default)]
struct Effects {
    boxed: Vec<TypeId>,
    called: Vec<u32>,
}

impl Record {
    /// What is noted from here on is this function's.
    pub fn begin(&mut self, func: u32) {
        self.current = func;
    }

    /// Notes a function that stands in the one being lowered.
    pub fn own(&mut self, func: u32) {
        self.owners.insert(func, self.current);
    }

    /// Notes a type whose values become interface values.
    pub fn boxed(&mut self, ty: TypeId) {
        let list = &mut self.effects.entry(self.current).or_default().boxed;
        if !list.contains(&ty) {
            list.push(ty);
        }
    }

    /// Notes a method that is called through interfaces.
    pub fn called(&mut self, selector: u32) {
        let list = &mut self.effects.entry(self.current).or_default().called;
        if !list.contains(&selector) {
            list.push(selector);
        }
    }

    fn root(&self, mut func: u32) -> u32 {
        while let Some(&owner) = self.owners.get(&func) {
            func = owner;
        }
        func
    }
}

/// Compiles packages, which have been added to the world with all that they import, to an image.
///
/// # Errors
/// What the checker finds in them.
pub fn build(world: &World, packages: &[PkgId]) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let mut p = Program::new(world);
    p.record = Some(Record::default());
    let mut sorted = packages.to_vec();
    sorted.sort_by(|&a, &b| world.package(a).path.cmp(&world.package(b).path));
    let functions: Vec<ObjId> = sorted.iter().flat_map(|&pkg| functions_of(world, pkg)).collect();
    for (path, base, name) in FIRST {
        if let Some(obj) = find(world, path, base, name) {
            p.func_of(obj, &[]);
        }
    }
    p.run();
    for &obj in &functions {
        let with_code = p.decl(obj).is_some_and(|d| d.body.is_some());
        if with_code && !is_generic(world, obj) {
            p.func_of(obj, &[]);
        }
    }
    let plans: Vec<(PkgId, Vec<InitStep>)> =
        sorted.iter().map(|&pkg| (pkg, package::initialisers(&mut p, pkg))).collect();
    p.run();
    if p.diagnostics.iter().any(Diagnostic::is_error) {
        return Err(p.diagnostics);
    }
    Ok(Builder::new(p).image(&functions, &plans))
}

/// What most programs reach: these functions and what they call lie together at the image's beginning, so that few pages
/// of it are touched.
const FIRST: [(&str, &str, &str); 9] = [
    ("fmt", "", "Println"),
    ("os", "File", "Write"),
    ("os", "", "Exit"),
    ("fmt", "", "Printf"),
    ("fmt", "", "Sprintf"),
    ("fmt", "", "Errorf"),
    ("errors", "", "New"),
    ("sync", "WaitGroup", "Wait"),
    ("time", "", "Since"),
];

/// A function of a package, or the method of a type.
fn find(world: &World, path: &str, base: &str, name: &str) -> Option<ObjId> {
    let pkg = world.package_by_path(path)?;
    match base {
        "" => world.lookup_in_package(pkg, name),
        base => world.method_named(world.lookup_in_package(pkg, base)?, Symbol::intern(name)),
    }
}

/// All functions and methods of a package, those named `init` too.
fn functions_of(world: &World, pkg: PkgId) -> Vec<ObjId> {
    let mut objects = world.package(pkg).objects();
    objects.retain(|&obj| {
        let object = world.object(obj);
        matches!(object.kind, ObjectKind::Func(_)) && !object.name.is_blank()
    });
    objects
}

/// Whether a function, or the type that it is a method of, has type parameters.
fn is_generic(world: &World, obj: ObjId) -> bool {
    let ty = world.type_of(obj);
    let base = world.object(obj).func().and_then(|f| f.recv_base.get()).map(|b| world.type_of(b));
    let generic_base = base.and_then(|b| world.types.as_named(b)).is_some_and(|n| !n.tparams().is_empty());
    generic_base || world.types.as_signature(ty).is_some_and(|s| !s.tparams.is_empty())
}

/// Entries that are there once each.
#[derive(Default)]
struct Interned {
    ids: FxHashMap<Vec<u8>, u32>,
    entries: Vec<Vec<u8>>,
}

impl Interned {
    fn add(&mut self, entry: Vec<u8>) -> u32 {
        if let Some(&id) = self.ids.get(&entry) {
            return id;
        }
        let id = self.entries.len() as u32;
        self.entries.push(entry.clone());
        self.ids.insert(entry, id);
        id
    }
}

/// A table as the image holds it: how many entries, where each begins and the last ends, the entries.
fn table(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut out = (entries.len() as u32).to_le_bytes().to_vec();
    let mut at = 0u32;
    out.extend(at.to_le_bytes());
    for entry in entries {
        at += entry.len() as u32;
        out.extend(at.to_le_bytes());
    }
    entries.iter().for_each(|entry| out.extend_from_slice(entry));
    out
}

/// Whether a package's files have outlines, and these.
fn outlines(world: &World, pkg: PkgId) -> Vec<u8> {
    let sources = world.sources.borrow();
    let files = &world.package(pkg).files;
    let outlines: Option<Vec<Vec<u8>>> =
        files.iter().map(|&file| vo_syntax::outline::write(&sources, world.file(file))).collect();
    let mut w = Writer::default();
    w.flag(outlines.is_some());
    if let Some(outlines) = outlines {
        w.number(outlines.len() as u64);
        outlines.iter().for_each(|outline| w.text(outline));
    }
    w.0
}

struct Builder<'w> {
    world: &'w World,
    p: Program<'w>,
    functions: Vec<Option<Function>>,
    record: Record,
    keys: FxHashMap<u32, FuncKey>,
    /// Package variables by the offsets that they begin at: offset, size, variable.
    globals: Vec<(u64, u64, ObjId)>,
    /// The functions of each root, the root first.
    families: FxHashMap<u32, Vec<u32>>,
    known_types: FxHashMap<TypeId, Option<u32>>,
    names: Interned,
    objects: Interned,
    types: Interned,
    selectors: Interned,
    funcs: Interned,
    strings: Interned,
    natives: Interned,
    units: Vec<Vec<u8>>,
    /// The units of the functions of the table.
    bodies: FxHashMap<u32, u32>,
}

impl<'w> Builder<'w> {
    fn new(mut p: Program<'w>) -> Builder<'w> {
        let record = p.record.take().unwrap_or_default();
        let functions = p.lowered();
        let mut families: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for func in 0..functions.len() as u32 {
            families.entry(record.root(func)).or_default().push(func);
        }
        families.iter_mut().for_each(|(&root, all)| all.sort_by_key(|&func| (func != root, func)));
        let mut globals: Vec<(u64, u64, ObjId)> = p.global_places();
        globals.sort_by_key(|g| (g.0, g.1));
        Builder {
            world: p.world,
            keys: p.function_keys(),
            functions,
            record,
            globals,
            families,
            p,
            known_types: FxHashMap::default(),
            names: Interned::default(),
            objects: Interned::default(),
            types: Interned::default(),
            selectors: Interned::default(),
            funcs: Interned::default(),
            strings: Interned::default(),
            natives: Interned::default(),
            units: Vec::new(),
            bodies: FxHashMap::default(),
        }
    }

    fn image(mut self, functions: &[ObjId], plans: &[(PkgId, Vec<InitStep>)]) -> Vec<u8> {
        let mut declared: Vec<(u32, FuncForm)> = Vec::new();
        let mut ids: Vec<u32> = self.keys.keys().copied().collect();
        ids.sort_unstable();
        for id in ids {
            if let FuncKey::Declared(obj, targs) = self.keys[&id].clone()
                && let Some(form) = self.declared_form(obj, &targs)
            {
                declared.push((id, form));
            }
        }
        for (id, form) in declared {
            if let FuncForm::Declared { .. } = form
                && let Some(unit) = self.unit(id)
            {
                let func = self.func_form(&form);
                self.bodies.insert(func, unit);
            }
        }
        let packages: Vec<Vec<u8>> = plans.iter().map(|(pkg, steps)| self.package(*pkg, steps)).collect();
        let facts = self.facts(functions);
        let outlines: Vec<Vec<u8>> = plans.iter().map(|(pkg, _)| outlines(self.world, *pkg)).collect();
        self.bytes(packages, outlines, facts)
    }

    fn bytes(self, packages: Vec<Vec<u8>>, outlines: Vec<Vec<u8>>, facts: Vec<u8>) -> Vec<u8> {
        let bodies = (0..self.funcs.entries.len() as u32)
            .flat_map(|func| self.bodies.get(&func).copied().unwrap_or(NO_UNIT).to_le_bytes())
            .collect();
        let mut index: Vec<(u64, u32)> = Vec::new();
        for (at, entry) in self.objects.entries.iter().enumerate() {
            let mut r = vo_syntax::bytes::Reader::new(entry);
            let mut name = || {
                let index = r.index() as usize;
                std::str::from_utf8(&self.names.entries[index]).expect("internal error: a name is text")
            };
            let (path, base, name) = (name(), name(), name());
            let form = ObjectForm { path, base, name, init: r.index() };
            index.push((form.hash(), at as u32));
        }
        index.sort_unstable();
        let index = index
            .iter()
            .flat_map(|(hash, at)| [&hash.to_le_bytes()[..], &at.to_le_bytes()].concat())
            .collect();
        let mut parts: [Vec<u8>; PARTS] = Default::default();
        let mut put = |part: Part, bytes: Vec<u8>| parts[part as usize] = bytes;
        put(Part::Names, table(&self.names.entries));
        put(Part::Objects, table(&self.objects.entries));
        put(Part::Types, table(&self.types.entries));
        put(Part::Selectors, table(&self.selectors.entries));
        put(Part::Funcs, table(&self.funcs.entries));
        put(Part::Strings, table(&self.strings.entries));
        put(Part::Natives, table(&self.natives.entries));
        put(Part::Units, table(&self.units));
        put(Part::Packages, table(&packages));
        put(Part::Outlines, table(&outlines));
        put(Part::Facts, facts);
        put(Part::Bodies, bodies);
        put(Part::Index, index);
        let mut out = MAGIC.to_vec();
        let mut start = (MAGIC.len() + 8 * PARTS) as u32;
        for part in &parts {
            out.extend(start.to_le_bytes());
            out.extend((part.len() as u32).to_le_bytes());
            start += part.len() as u32;
        }
        parts.iter().for_each(|part| out.extend_from_slice(part));
        out
    }

    /// What is known of each object of the table. All functions are in it then.
    fn facts(&mut self, functions: &[ObjId]) -> Vec<u8> {
        let mut known: FxHashMap<u32, [u8; super::FACT]> = FxHashMap::default();
        for &obj in functions {
            let Some(at) = self.object(obj) else { continue };
            let has_body = self.p.decl(obj).is_some_and(|d| d.body.is_some());
            let takes_token = has_body && self.p.facts(obj).root.recovers;
            let when = |fact: bool, flag: u8| if fact { flag } else { 0 };
            let flags = IS_FUNCTION | when(has_body, HAS_BODY) | when(takes_token, TAKES_TOKEN);
            let mut w = Writer::default();
            write(&mut w, &FuncForm::Declared { obj: at, targs: Vec::new() });
            let func = self.funcs.ids.get(&w.0);
            let unit = func.and_then(|func| self.bodies.get(func)).copied().unwrap_or(NO_UNIT).to_le_bytes();
            known.insert(at, [flags, unit[0], unit[1], unit[2], unit[3]]);
        }
        let none = [0, 0xff, 0xff, 0xff, 0xff];
        let count = self.objects.entries.len() as u32;
        (0..count).flat_map(|at| known.get(&at).copied().unwrap_or(none)).collect()
    }

    /// The path, whether all steps are there, and the steps: variables, whether it is pure, the unit.
    fn package(&mut self, pkg: PkgId, steps: &[InitStep]) -> Vec<u8> {
        let mut w = Writer::default();
        let path = self.name(&self.world.package(pkg).path);
        w.index(path);
        let body = self.steps(steps);
        w.flag(body.is_some());
        w.0.extend(body.unwrap_or_default().0);
        w.0
    }

    fn steps(&mut self, steps: &[InitStep]) -> Option<Writer> {
        let mut w = Writer::default();
        w.number(steps.len() as u64);
        for step in steps {
            let vars = step.lhs.iter().filter(|&&obj| !self.world.object(obj).name.is_blank());
            let vars: Vec<u32> = vars
                .copied()
                .collect::<Vec<_>>()
                .into_iter()
                .map(|v| self.object(v))
                .collect::<Option<_>>()?;
            w.indices(&vars);
            w.flag(step.pure);
            let unit = self.unit(step.func)?;
            w.index(unit);
        }
        Some(w)
    }

    // ---- tables -----------------------------------------------------------------------------------------

    fn name(&mut self, name: &str) -> u32 {
        self.names.add(name.as_bytes().to_vec())
    }

    /// A package-level object or a method; `None` for what stands in a function.
    fn object(&mut self, obj: ObjId) -> Option<u32> {
        let world = self.world;
        let object = world.object(obj);
        let pkg = object.pkg?;
        let form = object_form(world, obj, pkg);
        let found = match form.base {
            "" if form.init > 0 => Some(obj),
            "" => world.lookup_in_package(pkg, form.name),
            _ => {
                object.func().and_then(|f| f.recv_base.get()).and_then(|b| world.method_named(b, object.name))
            }
        };
        if found != Some(obj) {
            return None;
        }
        let mut w = Writer::default();
        for part in [form.path, form.base, form.name] {
            let name = self.name(part);
            w.index(name);
        }
        w.index(form.init);
        Some(self.objects.add(w.0))
    }

    /// The package that is part of a field's or method's identity: that of a name which is not exported. Of an
    /// exported one it is just who wrote the type first, and no package that a program must have.
    fn home(&mut self, name: Symbol, pkg: Option<PkgId>) -> Option<u32> {
        let pkg = pkg.filter(|_| !name.is_exported())?;
        Some(self.name(&self.world.package(pkg).path))
    }

    fn ty(&mut self, ty: TypeId) -> Option<u32> {
        let ty = self.world.canonical(ty);
        if let Some(&known) = self.known_types.get(&ty) {
            return known;
        }
        let form = self.type_form(ty);
        let id = form.map(|form| self.type_entry(&form));
        self.known_types.insert(ty, id);
        id
    }

    fn type_entry(&mut self, form: &TypeForm) -> u32 {
        let mut w = Writer::default();
        write(&mut w, &form);
        self.types.add(w.0)
    }

    fn tys(&mut self, types: &[TypeId]) -> Option<Vec<u32>> {
        types.iter().map(|&ty| self.ty(ty)).collect()
    }

    fn type_form(&mut self, ty: TypeId) -> Option<TypeForm> {
        if ty.0 <= TypeId::ISLAND.0 {
            return Some(TypeForm::Predeclared(ty.0));
        }
        let world = self.world;
        Some(match world.types.get(ty) {
            Type::Pointer(elem) => TypeForm::Pointer(self.ty(*elem)?),
            Type::Slice(elem) => TypeForm::Slice(self.ty(*elem)?),
            Type::Array { len, elem } => TypeForm::Array(u64::try_from(*len).ok()?, self.ty(*elem)?),
            Type::Map { key, value } => TypeForm::Map(self.ty(*key)?, self.ty(*value)?),
            Type::Chan { dir, elem } => TypeForm::Chan(*dir, self.ty(*elem)?),
            Type::Port { dir, elem } => TypeForm::Port(*dir, self.ty(*elem)?),
            Type::Struct(s) => {
                let fields = s.fields.iter().map(|f| {
                    Some(FieldForm {
                        name: self.name(f.name.as_str()),
                        pkg: self.home(f.name, f.pkg),
                        ty: self.ty(f.ty)?,
                        embedded: f.embedded,
                        tag: self.name(f.tag.as_str()),
                    })
                });
                TypeForm::Struct(fields.collect::<Option<_>>()?)
            }
            Type::Signature(s) => {
                let params: Vec<TypeId> = s.params.iter().map(|p| p.ty).collect();
                let results: Vec<TypeId> = s.results.iter().map(|p| p.ty).collect();
                let (params, results) = (self.tys(&params)?, self.tys(&results)?);
                TypeForm::Func { params, results, variadic: s.variadic }
            }
            Type::Interface(_) => {
                let set = world.type_set(ty).filter(|set| !set.is_constraint())?;
                let methods = set.methods.iter().map(|m| {
                    Some(MethodForm {
                        name: self.name(m.name.as_str()),
                        pkg: self.home(m.name, m.pkg),
                        sig: self.ty(m.sig)?,
                    })
                });
                TypeForm::Interface(methods.collect::<Option<_>>()?)
            }
            Type::Named(n) => TypeForm::Named(self.object(n.obj)?, self.tys(&n.targs)?),
            _ => return None,
        })
    }

    /// A type that code names.
    fn desc(&mut self, desc: DescId) -> Option<u32> {
        if let Some(ty) = self.p.types.sources[desc.0 as usize] {
            return self.ty(ty);
        }
        let desc = &self.p.types.descs[desc.0 as usize];
        let TypeKind::Internal { pointer_words } = &desc.kind else { return None };
        let words = (desc.size / 8) as u32;
        let form = TypeForm::Closure((1..words).map(|word| pointer_words.contains(&word)).collect());
        Some(self.type_entry(&form))
    }

    fn selector(&mut self, selector: u32) -> Option<u32> {
        let (name, pkg, sig) = *self.p.types.selector_keys.get(selector as usize)?;
        let form =
            MethodForm { name: self.name(name.as_str()), pkg: self.home(name, pkg), sig: self.ty(sig)? };
        let mut w = Writer::default();
        write(&mut w, &form);
        Some(self.selectors.add(w.0))
    }

    fn native(&mut self, native: u32) -> u32 {
        let native = &self.p.natives[native as usize];
        let mut w = Writer::default();
        write(&mut w, native);
        self.natives.add(w.0)
    }

    // ---- functions ----------------------------------------------------------------------------------------

    fn func_form(&mut self, form: &FuncForm) -> u32 {
        let mut w = Writer::default();
        write(&mut w, form);
        self.funcs.add(w.0)
    }

    fn func(&mut self, func: u32) -> Option<u32> {
        let form = match self.keys.get(&func)?.clone() {
            FuncKey::Declared(obj, targs) => self.declared_form(obj, &targs)?,
            FuncKey::Wrapper(kind) => self.wrapper_form(func, &kind)?,
        };
        Some(self.func_form(&form))
    }

    fn declared_form(&mut self, obj: ObjId, targs: &[TypeId]) -> Option<FuncForm> {
        Some(FuncForm::Declared { obj: self.object(obj)?, targs: self.tys(targs)? })
    }

    fn wrapper_form(&mut self, func: u32, kind: &WrapperKind) -> Option<FuncForm> {
        let captures = self.captures(func)?;
        Some(match kind {
            WrapperKind::Native { obj } => FuncForm::Native { obj: self.object(*obj)? },
            WrapperKind::Value { obj, targs } => {
                FuncForm::Value { obj: self.object(*obj)?, targs: self.tys(targs)? }
            }
            WrapperKind::Bound { obj, targs, sig } => {
                let (obj, targs) = (self.object(*obj)?, self.tys(targs)?);
                FuncForm::Bound { obj, targs, sig: self.ty(*sig)?, captures }
            }
            WrapperKind::BoundIface { selector, sig } => {
                FuncForm::BoundIface { selector: self.selector(*selector)?, sig: self.ty(*sig)?, captures }
            }
            WrapperKind::Expr(Method { recv, path, target, sig }) => {
                let target = match target {
                    MethodKey::Declared { obj, targs, by_pointer } => TargetForm::Declared {
                        obj: self.object(*obj)?,
                        targs: self.tys(targs)?,
                        by_pointer: *by_pointer,
                    },
                    MethodKey::Interface { selector } => TargetForm::Interface(self.selector(*selector)?),
                };
                FuncForm::Expr { recv: self.ty(*recv)?, path: path.clone(), target, sig: self.ty(*sig)? }
            }
            WrapperKind::Builtin { builtin, types, out } => {
                FuncForm::Builtin { builtin: *builtin as u32, types: self.tys(types)?, out: *out }
            }
            WrapperKind::Spawn { callee, types, results } => {
                let callee = match callee {
                    Spawned::Func(func) => SpawnedForm::Func(self.func(*func)?),
                    Spawned::Closure => SpawnedForm::Closure,
                    Spawned::Iface(selector) => SpawnedForm::Iface(self.selector(*selector)?),
                };
                FuncForm::Spawn { callee, types: self.tys(types)?, results: results.clone(), captures }
            }
            WrapperKind::Data(_) | WrapperKind::Made { .. } => return None,
        })
    }

    fn captures(&mut self, func: u32) -> Option<Vec<CaptureForm>> {
        let captures: Vec<Capture> = self.p.captures_of(func).to_vec();
        captures.into_iter().map(|c| Some(CaptureForm { ty: self.desc(c.ty)?, boxed: c.boxed })).collect()
    }

    // ---- units ----------------------------------------------------------------------------------------------

    /// Writes the unit of a function; `None` where something in it cannot be named.
    fn unit(&mut self, root: u32) -> Option<u32> {
        let family = self.families.get(&root)?.clone();
        let mut w = Writer::default();
        w.number(family.len() as u64);
        let (mut boxed, mut called) = (Vec::new(), Vec::new());
        for func in &family {
            let Some(effects) = self.record.effects.remove(func) else { continue };
            for &ty in &effects.boxed {
                boxed.push(self.ty(ty)?);
            }
            for &selector in &effects.called {
                called.push(self.selector(selector)?);
            }
        }
        w.indices(&boxed);
        w.indices(&called);
        for &func in &family {
            self.function(&mut w, func, &family)?;
        }
        self.units.push(w.0);
        Some(self.units.len() as u32 - 1)
    }

    fn function(&mut self, w: &mut Writer, func: u32, family: &[u32]) -> Option<()> {
        let f = self.functions[func as usize].take()?;
        w.text(f.name.as_bytes());
        w.number(u64::from(f.params));
        write(w, &f.regs);
        write(w, &f.results);
        w.number(f.slots.len() as u64);
        for slot in &f.slots {
            w.index(self.desc(slot.ty)?);
            w.index(slot.size);
        }
        let flags = [f.flags.closure, f.flags.takes_token, f.flags.wrapper];
        flags.into_iter().for_each(|flag| w.flag(flag));
        w.maybe(f.landing);
        self.lines(w, &f);
        write(w, &f.points);
        let captures = self.captures(func)?;
        write(w, &captures);
        w.number(f.code.len() as u64);
        f.code.iter().for_each(|unit| w.0.extend(unit.to_le_bytes()));
        self.references(w, &f, family)
    }

    fn lines(&mut self, w: &mut Writer, f: &Function) {
        let file_of = |this: &mut Self, file: u32| match this.p.lines.files.get(file as usize).cloned() {
            Some(name) => this.name(&name),
            None => this.name(""),
        };
        let file = file_of(self, f.file);
        w.index(file);
        w.index(f.line);
        w.number(f.lines.len() as u64);
        let mut last = 0;
        for line in &f.lines {
            w.index(line.pc - last);
            last = line.pc;
            let file = file_of(self, line.file);
            w.index(file);
            w.index(line.line);
        }
    }

    /// For each reference of the code: what it is to, how far it lies behind the last one, and to which entry.
    fn references(&mut self, w: &mut Writer, f: &Function, family: &[u32]) -> Option<()> {
        let mut places: Vec<(u32, Option<Table>)> = Vec::new();
        for inst in instructions(&f.code) {
            let (at, inst) = inst.expect("internal error: code does not decode");
            if let Inst::GlobalAddr { .. } = inst {
                places.push((at + 2, None));
            }
            for_each_ref_place(&f.code, at, |place, table| places.push((place, Some(table))));
        }
        w.number(places.len() as u64);
        let mut last = 0;
        for (place, table) in places {
            let value = read_u32(&f.code, place);
            let (target, entry) = match table {
                None => (Target::Global, 0),
                Some(Table::Func) => match family.iter().position(|&member| member == value) {
                    Some(at) => (Target::Local, at as u32),
                    None => (Target::Func, self.func(value)?),
                },
                Some(Table::Type) => (Target::Type, self.desc(DescId(value))?),
                Some(Table::Native) => (Target::Native, self.native(value)),
                Some(Table::Str) => {
                    (Target::Str, self.strings.add(self.p.string_pool[value as usize].clone()))
                }
                Some(Table::Selector) => (Target::Selector, self.selector(value)?),
            };
            w.0.push(target as u8);
            w.index(place - last);
            last = place;
            match target {
                Target::Global => {
                    let (var, inner) = self.global(u64::from(value))?;
                    w.index(var);
                    w.index(inner);
                }
                _ => w.index(entry),
            }
        }
        Some(())
    }

    /// The variable that a place in the block of variables lies in, and where in it.
    fn global(&mut self, place: u64) -> Option<(u32, u32)> {
        let at = self.globals.partition_point(|&(start, ..)| start <= place).checked_sub(1)?;
        let (start, _, var) = self.globals[at];
        Some((self.object(var)?, (place - start) as u32))
    }
}

/// The names of a package-level object or method.
pub(super) fn object_form(world: &World, obj: ObjId, pkg: PkgId) -> ObjectForm<'_> {
    let object = world.object(obj);
    let path = world.package(pkg).path.as_str();
    let name = object.name.as_str();
    let func = object.func();
    let base = func.and_then(|f| f.recv_base.get()).map_or("", |base| world.object(base).name.as_str());
    let is_init = name == "init" && func.is_some_and(|f| !f.is_method);
    let inits = || world.package(pkg).init_funcs();
    let init = is_init.then(|| inits().into_iter().position(|f| f == obj)).flatten();
    ObjectForm { path, base, name, init: init.map_or(0, |at| at as u32 + 1) }
}
