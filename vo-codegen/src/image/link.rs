//! Linking units of the image into the program that is compiled.
//!
//! What must stay true: an entry of the image's tables is resolved through the program's own tables, so that what the
//! program's sources mean by the same thing gets the same number.

use rustc_hash::FxHashMap;
use vo_bytecode::Class;
use vo_bytecode::module::{Capture, FuncFlags, Function, LineEntry, NativeImport, Slot};
use vo_bytecode::typedesc::TypeId as DescId;
use vo_syntax::source::Pos;
use vo_syntax::symbol::Symbol;
use vo_types::object::ObjId;
use vo_types::package::{PackageMode, PkgId};
use vo_types::types::{Field, IMethod, TypeId};
use vo_types::universe::Builtin;

use super::build::object_form;
use super::forms::{CaptureForm, FuncForm, MethodForm, ObjectForm, SpawnedForm, TargetForm, TypeForm, read};
use super::{Image, Known, Part, Target};
use crate::lower::{Method, MethodKey, Spawned};
use crate::program::Program;
use vo_syntax::bytes::Reader;

/// What the entries of the image's tables are in this program, as far as they have been mentioned.
#[derive(Default)]
pub(crate) struct Links {
    /// Places of the world's functions in the image.
    imaged: FxHashMap<ObjId, Option<u32>>,
    objects: FxHashMap<u32, ObjId>,
    types: FxHashMap<u32, TypeId>,
    descs: FxHashMap<u32, u32>,
    selectors: FxHashMap<u32, u32>,
    funcs: FxHashMap<u32, u32>,
    strings: FxHashMap<u32, u32>,
    natives: FxHashMap<u32, u32>,
    files: FxHashMap<u32, u32>,
    /// The units of instances.
    units: FxHashMap<u32, u32>,
}

/// A step of a package's initialisation, as the image has it.
pub(crate) struct AheadStep {
    pub lhs: Vec<ObjId>,
    pub pure: bool,
    pub unit: u32,
}

impl<'w> Program<'w> {
    /// What the image knows of a declared function.
    pub(crate) fn known_ahead(&mut self, obj: ObjId) -> Option<Known> {
        let image = self.image?;
        let world = self.world;
        let at = *self.links.imaged.entry(obj).or_insert_with(|| {
            let pkg = world.object(obj).pkg?;
            // Only the library is checked lazily.
            let lazy = world.package(pkg).mode == PackageMode::Lazy;
            lazy.then(|| image.find(object_form(world, obj, pkg))).flatten()
        });
        image.known(at?)
    }

    /// The unit of a declared function's code.
    pub(crate) fn unit_of(&mut self, func: u32, obj: ObjId, targs: &[TypeId]) -> Option<u32> {
        match targs.is_empty() {
            true => self.known_ahead(obj)?.unit,
            false => self.links.units.get(&func).copied(),
        }
    }

    /// How a package is initialised, if the image knows it.
    pub(crate) fn steps_ahead(&mut self, pkg: PkgId) -> Option<Vec<AheadStep>> {
        let image = self.image?;
        let package = self.world.package(pkg);
        if package.mode != PackageMode::Lazy {
            return None;
        }
        let mut r = image.package(&package.path)?;
        let steps = (0..r.count()).map(|_| {
            let lhs = (0..r.count()).map(|_| r.index()).collect::<Vec<u32>>();
            let lhs = lhs.into_iter().map(|var| self.link_object(image, var)).collect();
            AheadStep { lhs, pure: r.flag(), unit: r.index() }
        });
        Some(steps.collect())
    }

    // ---- tables -----------------------------------------------------------------------------------------

    fn link_object(&mut self, image: Image<'w>, index: u32) -> ObjId {
        if let Some(&obj) = self.links.objects.get(&index) {
            return obj;
        }
        let form = image.object(index);
        let Some(obj) = self.look_up(form) else {
            panic!("internal error: the library has no {} {} {}", form.path, form.base, form.name)
        };
        self.links.objects.insert(index, obj);
        obj
    }

    fn look_up(&self, form: ObjectForm<'_>) -> Option<ObjId> {
        let pkg = self.world.package_by_path(form.path)?;
        if form.init > 0 {
            return self.world.package(pkg).init_funcs().get(form.init as usize - 1).copied();
        }
        if form.base.is_empty() {
            return self.world.lookup_in_package(pkg, form.name);
        }
        self.world.method_named(self.world.lookup_in_package(pkg, form.base)?, Symbol::intern(form.name))
    }

    fn link_package(&self, image: Image<'w>, path: Option<u32>) -> Option<PkgId> {
        path.map(|path| {
            let path = image.name(path);
            let pkg = self.world.package_by_path(path);
            pkg.unwrap_or_else(|| panic!("internal error: package {path} is not there"))
        })
    }

    fn link_types(&mut self, image: Image<'w>, list: &[u32]) -> Vec<TypeId> {
        list.iter().map(|&ty| self.link_type(image, ty)).collect()
    }

    fn link_type(&mut self, image: Image<'w>, index: u32) -> TypeId {
        if let Some(&ty) = self.links.types.get(&index) {
            return ty;
        }
        let form = read::<TypeForm>(&mut image.entry(Part::Types, index));
        let ty = self.make_type(image, form);
        let ty = self.world.canonical(ty);
        self.links.types.insert(index, ty);
        ty
    }

    fn make_type(&mut self, image: Image<'w>, form: TypeForm) -> TypeId {
        let world = self.world;
        match form {
            TypeForm::Predeclared(id) => TypeId(id),
            TypeForm::Pointer(elem) => world.types.pointer(self.link_type(image, elem)),
            TypeForm::Slice(elem) => world.types.slice(self.link_type(image, elem)),
            TypeForm::Array(len, elem) => world.types.array(len as i64, self.link_type(image, elem)),
            TypeForm::Map(key, elem) => {
                let key = self.link_type(image, key);
                world.types.map(key, self.link_type(image, elem))
            }
            TypeForm::Chan(dir, elem) => world.types.chan(dir, self.link_type(image, elem)),
            TypeForm::Port(dir, elem) => world.types.port(dir, self.link_type(image, elem)),
            TypeForm::Struct(fields) => {
                let fields = fields.into_iter().map(|f| Field {
                    name: Symbol::intern(image.name(f.name)),
                    ty: self.link_type(image, f.ty),
                    embedded: f.embedded,
                    tag: Symbol::intern(image.name(f.tag)),
                    pkg: self.link_package(image, f.pkg),
                    pos: Pos::NONE,
                });
                let fields = fields.collect();
                world.types.new_struct(fields)
            }
            TypeForm::Func { params, results, variadic } => {
                let params = self.link_types(image, &params);
                let results = self.link_types(image, &results);
                world.types.func(&params, &results, variadic)
            }
            TypeForm::Interface(methods) => {
                let methods = methods.into_iter().map(|m| IMethod {
                    name: Symbol::intern(image.name(m.name)),
                    pkg: self.link_package(image, m.pkg),
                    sig: self.link_type(image, m.sig),
                    pos: Pos::NONE,
                });
                let methods = methods.collect();
                world.types.new_interface(methods, Vec::new(), false)
            }
            TypeForm::Named(obj, targs) => {
                let obj = self.link_object(image, obj);
                let ty = world.type_of(obj);
                match &targs[..] {
                    [] => ty,
                    targs => world.instantiate_named(ty, &self.link_types(image, targs)),
                }
            }
            TypeForm::Closure(_) => panic!("internal error: a closure's object is no type"),
        }
    }

    fn link_desc(&mut self, image: Image<'w>, index: u32) -> u32 {
        if let Some(&desc) = self.links.descs.get(&index) {
            return desc;
        }
        let desc = match read::<TypeForm>(&mut image.entry(Part::Types, index)) {
            TypeForm::Closure(traced) => {
                let class = |traced| if traced { Class::Ptr } else { Class::Int };
                let classes: Vec<Class> = traced.into_iter().map(class).collect();
                self.types.closure(&classes)
            }
            _ => {
                let ty = self.link_type(image, index);
                self.types.desc(ty)
            }
        };
        self.links.descs.insert(index, desc.0);
        desc.0
    }

    fn link_selector(&mut self, image: Image<'w>, index: u32) -> u32 {
        if let Some(&selector) = self.links.selectors.get(&index) {
            return selector;
        }
        let MethodForm { name, pkg, sig } = read::<MethodForm>(&mut image.entry(Part::Selectors, index));
        let (pkg, sig) = (self.link_package(image, pkg), self.link_type(image, sig));
        let selector = self.types.selector(Symbol::intern(image.name(name)), pkg, sig);
        self.links.selectors.insert(index, selector);
        selector
    }

    fn link_string(&mut self, image: Image<'w>, index: u32) -> u32 {
        if let Some(&string) = self.links.strings.get(&index) {
            return string;
        }
        let string = self.string(image.bytes(Part::Strings, index));
        self.links.strings.insert(index, string);
        string
    }

    fn link_native(&mut self, image: Image<'w>, index: u32) -> u32 {
        if let Some(&native) = self.links.natives.get(&index) {
            return native;
        }
        let import: NativeImport = read(&mut image.entry(Part::Natives, index));
        let native = self.native(&import.name, &import.params, &import.results);
        self.links.natives.insert(index, native);
        native
    }

    fn link_file(&mut self, image: Image<'w>, index: u32) -> u32 {
        if let Some(&file) = self.links.files.get(&index) {
            return file;
        }
        // What the compiler makes has no file.
        let file = match image.name(index) {
            "" => 0,
            name => self.lines.file(name),
        };
        self.links.files.insert(index, file);
        file
    }

    fn link_captures(&mut self, image: Image<'w>, captures: Vec<CaptureForm>) -> Vec<Capture> {
        let link = |c: CaptureForm| Capture { ty: DescId(self.link_desc(image, c.ty)), boxed: c.boxed };
        captures.into_iter().map(link).collect()
    }

    fn link_func(&mut self, image: Image<'w>, index: u32) -> u32 {
        if let Some(&func) = self.links.funcs.get(&index) {
            return func;
        }
        let form = read::<FuncForm>(&mut image.entry(Part::Funcs, index));
        let func = self.request(image, index, form);
        self.links.funcs.insert(index, func);
        func
    }

    fn request(&mut self, image: Image<'w>, index: u32, form: FuncForm) -> u32 {
        match form {
            FuncForm::Declared { obj, targs } => {
                let (obj, targs) = (self.link_object(image, obj), self.link_types(image, &targs));
                let func = self.func_of(obj, &targs);
                if let (false, Some(unit)) = (targs.is_empty(), image.body(index)) {
                    self.links.units.insert(func, unit);
                }
                func
            }
            FuncForm::Native { obj } => {
                let obj = self.link_object(image, obj);
                self.func_of(obj, &[])
            }
            FuncForm::Value { obj, targs } => {
                let (obj, targs) = (self.link_object(image, obj), self.link_types(image, &targs));
                self.value_func(obj, &targs)
            }
            FuncForm::Bound { obj, targs, sig, captures } => {
                let (obj, targs) = (self.link_object(image, obj), self.link_types(image, &targs));
                let sig = self.link_type(image, sig);
                let func = self.bound_method(obj, &targs, sig);
                self.capture(image, func, captures)
            }
            FuncForm::BoundIface { selector, sig, captures } => {
                let (selector, sig) = (self.link_selector(image, selector), self.link_type(image, sig));
                let func = self.bound_iface(selector, sig);
                self.capture(image, func, captures)
            }
            FuncForm::Expr { recv, path, target, sig } => {
                let target = match target {
                    TargetForm::Declared { obj, targs, by_pointer } => {
                        let (obj, targs) = (self.link_object(image, obj), self.link_types(image, &targs));
                        MethodKey::Declared { obj, targs, by_pointer }
                    }
                    TargetForm::Interface(selector) => {
                        MethodKey::Interface { selector: self.link_selector(image, selector) }
                    }
                };
                let (recv, sig) = (self.link_type(image, recv), self.link_type(image, sig));
                self.expr_wrapper_of(Method { recv, path, target, sig })
            }
            FuncForm::Builtin { builtin, types, out } => {
                let types = self.link_types(image, &types);
                self.builtin_thunk(Builtin::ALL[builtin as usize], types, out)
            }
            FuncForm::Spawn { callee, types, results, captures } => {
                let callee = match callee {
                    SpawnedForm::Func(func) => Spawned::Func(self.link_func(image, func)),
                    SpawnedForm::Closure => Spawned::Closure,
                    SpawnedForm::Iface(selector) => Spawned::Iface(self.link_selector(image, selector)),
                };
                let types = self.link_types(image, &types);
                let func = self.spawn_thunk(callee, &types, results);
                self.capture(image, func, captures)
            }
        }
    }

    fn capture(&mut self, image: Image<'w>, func: u32, captures: Vec<CaptureForm>) -> u32 {
        let captures = self.link_captures(image, captures);
        self.set_captures(func, captures);
        func
    }

    // ---- units ----------------------------------------------------------------------------------------------

    /// Links a unit: its first function gets the number `root`.
    pub(crate) fn link_unit(&mut self, root: u32, unit: u32) {
        let image = self.image.expect("internal error: a unit without image");
        let mut r = image.entry(Part::Units, unit);
        let mut family = vec![root];
        family.extend((1..r.count()).map(|_| self.reserve()));
        for ty in r.indices() {
            let ty = self.link_type(image, ty);
            self.mark_boxed(ty);
        }
        for selector in r.indices() {
            let selector = self.link_selector(image, selector);
            self.mark_called(selector);
        }
        for &func in &family {
            let function = self.link_function(image, &mut r, func, &family);
            self.put(func, function);
        }
    }

    fn link_function(&mut self, image: Image<'w>, r: &mut Reader<'w>, func: u32, family: &[u32]) -> Function {
        let (name, params) = (r.string(), r.index() as u16);
        let (regs, results) = (read(r), read(r));
        let slots = (0..r.count())
            .map(|_| Slot { ty: DescId(self.link_desc(image, r.index())), size: r.index() })
            .collect();
        let (closure, takes_token, wrapper) = (r.flag(), r.flag(), r.flag());
        let flags = FuncFlags { closure, takes_token, bound: None, wrapper };
        let landing = r.maybe();
        let (file, line) = (self.link_file(image, r.index()), r.index());
        let lines = self.link_lines(image, r);
        let points = read(r);
        let captures = self.link_captures(image, read(r));
        if !captures.is_empty() {
            self.set_captures(func, captures);
        }
        let code = self.link_code(image, r, family);
        let captures = Vec::new();
        Function {
            name,
            params,
            regs,
            results,
            slots,
            code,
            points,
            landing,
            flags,
            file,
            line,
            lines,
            captures,
        }
    }

    fn link_lines(&mut self, image: Image<'w>, r: &mut Reader<'w>) -> Vec<LineEntry> {
        let mut pc = 0;
        let mut entry = |r: &mut Reader<'w>| {
            pc += r.index();
            LineEntry { pc, file: self.link_file(image, r.index()), line: r.index() }
        };
        (0..r.count()).map(|_| entry(r)).collect()
    }

    fn link_code(&mut self, image: Image<'w>, r: &mut Reader<'w>, family: &[u32]) -> Vec<u16> {
        let units = r.count();
        let bytes = r.bytes(2 * units);
        let mut code: Vec<u16> = bytes.chunks_exact(2).map(|u| u16::from_le_bytes([u[0], u[1]])).collect();
        let mut place = 0;
        for _ in 0..r.count() {
            let target = Target::ALL[r.byte() as usize];
            place += r.count();
            let entry = r.index();
            let value = match target {
                Target::Local => family[entry as usize],
                Target::Func => self.link_func(image, entry),
                Target::Type => self.link_desc(image, entry),
                Target::Native => self.link_native(image, entry),
                Target::Str => self.link_string(image, entry),
                Target::Selector => self.link_selector(image, entry),
                Target::Global => {
                    let var = self.link_object(image, entry);
                    self.global(var) + r.index()
                }
            };
            code[place] = value as u16;
            code[place + 1] = (value >> 16) as u16;
        }
        code
    }
}
