//! The program under construction: tables of the module, and the work list of functions.
//!
//! A function is lowered when something that is reachable refers to it. Methods are lowered when a call or
//! a closure names them, or when their type is converted to an interface and an interface method of the same
//! name and signature is called. Package variables whose initialisation has no effect but the value are
//! initialised only if something reachable mentions them.
//!
//! What must stay true: an index handed out for a function, string, native or selector never changes; every
//! index handed out has its entry filled before the module is done.

use std::collections::VecDeque;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use vo_bytecode::module::{Capture, FuncFlags, GlobalVar, Globals, NativeImport};
use vo_bytecode::typedesc::{MethodDesc, NO_FUNC, TypeId as DescId};
use vo_bytecode::{Class, Function};
use vo_syntax::ast::FuncDecl;
use vo_syntax::diag::{Code as DiagCode, Diagnostic};
use vo_syntax::source::Span;
use vo_syntax::symbol::Symbol;
use vo_types::World;
use vo_types::object::ObjId;
use vo_types::package::PkgId;
use vo_types::types::{FoundKind, MethodSetEntry, Subst, Type, TypeId};
use vo_types::universe::Builtin;

use crate::debug::Lines;
use crate::escape::{self, Facts};
use crate::func::TooLarge;
use crate::image::{Image, Links, Record};
use crate::lower::{self, LiteralJob, Method, MethodKey, Resolved, Spawned, WrapperKind};
use crate::reflection::Reflection;
use crate::typedescs::TypeTable;

/// What a call of a declared function runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    Func(u32),
    Native(u32),
    Intrinsic(Intrinsic),
}

/// Functions of package `math` that are one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intrinsic {
    Sqrt,
    Floor,
    Ceil,
    Trunc,
    Abs,
    Fma,
    Float64bits,
    Float64frombits,
    Float32bits,
    Float32frombits,
}

impl Intrinsic {
    fn of_math(name: &str) -> Option<Intrinsic> {
        Some(match name {
            "Sqrt" | "sqrt" => Intrinsic::Sqrt,
            "Floor" => Intrinsic::Floor,
            "Ceil" => Intrinsic::Ceil,
            "Trunc" => Intrinsic::Trunc,
            "Abs" => Intrinsic::Abs,
            "FMA" => Intrinsic::Fma,
            "Float64bits" => Intrinsic::Float64bits,
            "Float64frombits" => Intrinsic::Float64frombits,
            "Float32bits" => Intrinsic::Float32bits,
            "Float32frombits" => Intrinsic::Float32frombits,
            _ => return None,
        })
    }
}

/// A function that waits to be lowered.
pub enum Job<'w> {
    Declared { obj: ObjId, targs: Vec<TypeId> },
    Literal(LiteralJob<'w>),
    Wrapper { kind: WrapperKind, name: String },
}

/// What stands for a function until it has a number.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum FuncKey {
    Declared(ObjId, Vec<TypeId>),
    Wrapper(WrapperKind),
}

/// A type's methods, as far as somebody wants them: to look at one means to look at its signature, and the types in
/// it, which most programs have no other use for.
struct MethodSet {
    /// Names that no interface had when they were looked at.
    waiting: Vec<(Symbol, Option<PkgId>)>,
    wanted: Rc<[MethodSetEntry]>,
    /// How many selectors there were then.
    seen: usize,
}

/// See the module's description.
pub struct Program<'w> {
    pub world: &'w World,
    pub types: TypeTable<'w>,
    pub lines: Lines,
    functions: Vec<Option<Function>>,
    flags: Vec<FuncFlags>,
    keys: FxHashMap<FuncKey, u32>,
    jobs: VecDeque<(u32, Job<'w>)>,
    /// What the closures of a function capture.
    captures: FxHashMap<u32, Vec<Capture>>,
    strings: FxHashMap<Vec<u8>, u32>,
    pub string_pool: Vec<Vec<u8>>,
    native_ids: FxHashMap<String, u32>,
    pub natives: Vec<NativeImport>,
    global_offsets: FxHashMap<ObjId, u32>,
    pub globals: Globals,
    /// Variables mentioned for the first time, whose initialisers may have waited for that.
    pub new_globals: Vec<ObjId>,
    facts: FxHashMap<ObjId, Rc<Facts>>,
    /// Functions in whose bodies the checker found errors: they are not lowered.
    failed: FxHashSet<ObjId>,
    offsets: FxHashMap<TypeId, Rc<[i64]>>,
    decls: FxHashMap<ObjId, Option<&'w FuncDecl>>,
    boxed: FxHashSet<TypeId>,
    pub(crate) boxed_list: Vec<TypeId>,
    pub(crate) reflection: Reflection,
    method_sets: FxHashMap<TypeId, MethodSet>,
    called: FxHashSet<u32>,
    pub diagnostics: Vec<Diagnostic>,
    /// The library compiled ahead, and what of it has been linked.
    pub(crate) image: Option<Image<'w>>,
    pub(crate) links: Links,
    /// What an image is made from.
    pub(crate) record: Option<Record>,
}

impl<'w> Program<'w> {
    /// An empty program.
    pub fn new(world: &'w World) -> Program<'w> {
        Program {
            world,
            types: TypeTable::new(world),
            lines: Lines::default(),
            functions: Vec::new(),
            flags: Vec::new(),
            keys: FxHashMap::default(),
            jobs: VecDeque::new(),
            captures: FxHashMap::default(),
            strings: FxHashMap::default(),
            string_pool: Vec::new(),
            native_ids: FxHashMap::default(),
            natives: Vec::new(),
            global_offsets: FxHashMap::default(),
            globals: Globals::default(),
            new_globals: Vec::new(),
            facts: FxHashMap::default(),
            failed: FxHashSet::default(),
            offsets: FxHashMap::default(),
            decls: FxHashMap::default(),
            boxed: FxHashSet::default(),
            boxed_list: Vec::new(),
            reflection: Reflection::default(),
            method_sets: FxHashMap::default(),
            called: FxHashSet::default(),
            diagnostics: Vec::new(),
            image: None,
            links: Links::default(),
            record: None,
        }
    }

    // ---- functions ------------------------------------------------------------------------------------

    /// An index for a function that is lowered later.
    pub fn add_job(&mut self, job: Job<'w>, flags: FuncFlags) -> u32 {
        let id = self.reserve();
        if let (Job::Literal(_), Some(record)) = (&job, &mut self.record) {
            record.own(id);
        }
        self.flags[id as usize] = flags;
        self.jobs.push_back((id, job));
        id
    }

    /// An index for a function that somebody puts there.
    pub(crate) fn reserve(&mut self) -> u32 {
        self.functions.push(None);
        self.flags.push(FuncFlags::default());
        self.functions.len() as u32 - 1
    }

    /// An index for a function that has been lowered.
    pub fn add_function(&mut self, function: Function) -> u32 {
        let id = self.reserve();
        if let Some(record) = &mut self.record {
            record.own(id);
        }
        self.put(id, function);
        id
    }

    fn keyed(&mut self, key: FuncKey, make: impl FnOnce(&mut Self) -> (Job<'w>, FuncFlags)) -> u32 {
        if let Some(&id) = self.keys.get(&key) {
            return id;
        }
        let (job, flags) = make(self);
        let id = self.add_job(job, flags);
        self.keys.insert(key, id);
        id
    }

    fn canonical(&self, types: &[TypeId]) -> Vec<TypeId> {
        types.iter().map(|&t| self.world.canonical(t)).collect()
    }

    /// The function of a declared function or method; one without body calls its native.
    pub fn func_of(&mut self, obj: ObjId, targs: &[TypeId]) -> u32 {
        let targs = self.canonical(targs);
        self.keyed(FuncKey::Declared(obj, targs.clone()), |p| {
            if !p.has_body(obj) {
                let name = p.func_name(obj);
                let flags = FuncFlags { wrapper: true, ..FuncFlags::default() };
                return (Job::Wrapper { kind: WrapperKind::Native { obj }, name }, flags);
            }
            let flags = FuncFlags { takes_token: p.takes_token(obj), ..FuncFlags::default() };
            (Job::Declared { obj, targs }, flags)
        })
    }

    /// What a call of a declared function runs.
    pub fn code_of(&mut self, obj: ObjId, targs: &[TypeId]) -> Code {
        let object = self.world.object(obj);
        let is_method = object.func().is_some_and(|f| f.is_method);
        if !is_method
            && let Some(pkg) = object.pkg
            && self.world.package(pkg).path == "math"
            && let Some(op) = Intrinsic::of_math(object.name.as_str())
        {
            return Code::Intrinsic(op);
        }
        if self.has_body(obj) {
            Code::Func(self.func_of(obj, targs))
        } else {
            Code::Native(self.native_of(obj))
        }
    }

    /// The closure function of a declared function.
    pub fn value_func(&mut self, obj: ObjId, targs: &[TypeId]) -> u32 {
        let token = self.takes_token(obj);
        let kind = WrapperKind::Value { obj, targs: self.canonical(targs) };
        let name = self.func_name(obj);
        self.wrapper(kind, name, true, token)
    }

    /// The closure function of a method bound to its receiver.
    pub fn bound_method(&mut self, obj: ObjId, targs: &[TypeId], sig: TypeId) -> u32 {
        let token = self.takes_token(obj);
        let (targs, sig) = (self.canonical(targs), self.world.canonical(sig));
        let name = format!("{}-fm", self.func_name(obj));
        self.wrapper(WrapperKind::Bound { obj, targs, sig }, name, true, token)
    }

    /// The closure function of an interface method bound to its interface value.
    pub fn bound_iface(&mut self, selector: u32, sig: TypeId) -> u32 {
        let name = format!("{}-fm", self.types.selectors[selector as usize].name);
        let sig = self.world.canonical(sig);
        self.wrapper(WrapperKind::BoundIface { selector, sig }, name, true, false)
    }

    /// The closure function of `T.method`.
    pub fn method_expr(&mut self, recv: TypeId, resolved: &Resolved) -> u32 {
        let method = Method {
            recv: self.world.canonical(recv),
            path: resolved.path.clone(),
            target: resolved.target.clone().into(),
            sig: self.world.canonical(resolved.sig),
        };
        let (name, token) = self.method_name(&method);
        self.wrapper(WrapperKind::Expr(method), name, true, token)
    }

    /// A function that runs a built-in function on evaluated operands.
    pub fn builtin_thunk(&mut self, builtin: Builtin, types: Vec<TypeId>, out: bool) -> u32 {
        let types = self.canonical(&types);
        self.wrapper(WrapperKind::Builtin { builtin, types, out }, builtin.name().to_owned(), false, false)
    }

    /// The closure function that makes a call on another island: of captured words of these types.
    pub fn spawn_thunk(&mut self, callee: Spawned, types: &[TypeId], results: Vec<Class>) -> u32 {
        let types = self.canonical(types);
        self.wrapper(WrapperKind::Spawn { callee, types, results }, "go".to_owned(), true, false)
    }

    /// The type of a method's receiver.
    pub fn receiver_type(&mut self, obj: ObjId, targs: &[TypeId]) -> Option<TypeId> {
        let env = self.environment(obj, targs);
        let recv = self.world.object(obj).func()?.recv_type.get()?;
        Some(self.world.subst(recv, &env))
    }

    pub(crate) fn wrapper(
        &mut self,
        kind: WrapperKind,
        name: String,
        closure: bool,
        takes_token: bool,
    ) -> u32 {
        let bound = match &kind {
            WrapperKind::BoundIface { selector, .. } => Some(*selector),
            _ => None,
        };
        let flags = FuncFlags { closure, takes_token, bound, wrapper: true };
        self.keyed(FuncKey::Wrapper(kind.clone()), |_| (Job::Wrapper { kind, name }, flags))
    }

    pub(crate) fn method_name(&mut self, method: &Method) -> (String, bool) {
        match &method.target {
            MethodKey::Declared { obj, .. } => (self.func_name(*obj), self.takes_token(*obj)),
            MethodKey::Interface { selector } => {
                (self.types.selectors[*selector as usize].name.clone(), false)
            }
        }
    }

    fn takes_token(&mut self, obj: ObjId) -> bool {
        match self.known_ahead(obj) {
            Some(known) => known.takes_token,
            None => self.has_body(obj) && self.facts(obj).root.recovers,
        }
    }

    /// Lowers everything that is waiting, and what that makes reachable; or links it, where the image has it.
    pub fn run(&mut self) {
        while let Some((id, job)) = self.jobs.pop_front() {
            if let Job::Declared { obj, targs } = &job
                && let Some(unit) = self.unit_of(id, *obj, targs)
            {
                self.link_unit(id, unit);
                continue;
            }
            if let Some(record) = &mut self.record {
                record.begin(id);
            }
            let flags = self.flags[id as usize];
            let (function, span) = match job {
                Job::Declared { obj, .. } if self.has_errors(obj) => continue,
                Job::Declared { obj, targs } => self.lower_declared(obj, &targs),
                Job::Literal(job) => {
                    let span = job.span();
                    (lower::literal(self, job), span)
                }
                Job::Wrapper { kind, name } => (lower::wrapper(self, name, &kind, flags), Span::NONE),
            };
            self.fill(id, function, span);
        }
    }

    /// Whether no function waits.
    pub fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Puts a function that has been lowered in the place that was reserved for it.
    pub(crate) fn fill(&mut self, id: u32, function: Result<Function, TooLarge>, span: Span) {
        match function {
            Ok(function) => self.put(id, function),
            Err(why) => self.too_large(why, span),
        }
    }

    pub(crate) fn put(&mut self, id: u32, function: Function) {
        self.functions[id as usize] = Some(function);
    }

    /// Reports a function that does not fit the encoding.
    pub fn too_large(&mut self, why: TooLarge, span: Span) {
        let what = match why {
            TooLarge::Registers => "more than 65535 variables and intermediate values",
            TooLarge::Slots => "more than 65535 values in its frame",
            TooLarge::List => "a call with more than 65535 operands",
        };
        let message = format!("function is too large: it has {what}");
        self.diagnostics.push(Diagnostic::error(DiagCode::UnsupportedFeature, span, message));
    }

    fn has_errors(&mut self, obj: ObjId) -> bool {
        self.facts(obj);
        self.failed.contains(&obj)
    }

    fn lower_declared(&mut self, obj: ObjId, targs: &[TypeId]) -> (Result<Function, TooLarge>, Span) {
        let decl = self.decl(obj).expect("internal error: function without declaration");
        let name = self.func_name(obj);
        (lower::declared(self, obj, targs, decl, name), decl.span)
    }

    /// All functions; each has been lowered unless errors were reported.
    pub fn take_functions(&mut self) -> Option<Vec<Function>> {
        let captures = std::mem::take(&mut self.captures);
        let mut functions: Vec<Function> =
            std::mem::take(&mut self.functions).into_iter().collect::<Option<_>>()?;
        for (func, captures) in captures {
            functions[func as usize].captures = captures;
        }
        Some(functions)
    }

    /// All functions so far; for those of an image.
    pub(crate) fn lowered(&mut self) -> Vec<Option<Function>> {
        std::mem::take(&mut self.functions)
    }

    /// What the functions with numbers are, closures' own aside.
    pub(crate) fn function_keys(&self) -> FxHashMap<u32, FuncKey> {
        self.keys.iter().map(|(key, &id)| (id, key.clone())).collect()
    }

    /// What the closures of a function capture.
    pub(crate) fn captures_of(&self, func: u32) -> &[Capture] {
        self.captures.get(&func).map_or(&[], |captures| captures)
    }

    /// Where the package variables lie: offset, size, variable.
    pub(crate) fn global_places(&self) -> Vec<(u64, u64, ObjId)> {
        let size = |obj| self.types.size(self.world.type_of(obj));
        self.global_offsets.iter().map(|(&obj, &at)| (u64::from(at), size(obj), obj)).collect()
    }

    /// Notes what the closures of a function capture.
    pub fn set_captures(&mut self, func: u32, captures: Vec<Capture>) {
        self.captures.insert(func, captures);
    }

    // ---- declarations -----------------------------------------------------------------------------------

    /// The declaration of a function.
    pub fn decl(&mut self, obj: ObjId) -> Option<&'w FuncDecl> {
        if let Some(&decl) = self.decls.get(&obj) {
            return decl;
        }
        let decl = self.world.func_decl(obj);
        self.decls.insert(obj, decl);
        decl
    }

    fn has_body(&mut self, obj: ObjId) -> bool {
        if let Some(known) = self.known_ahead(obj) {
            return known.has_body;
        }
        self.decl(obj).is_some_and(|d| d.body.is_some())
    }

    /// What is known about a declared function's variables; checks its body if that has not been done.
    pub fn facts(&mut self, obj: ObjId) -> Rc<Facts> {
        if let Some(facts) = self.facts.get(&obj) {
            return facts.clone();
        }
        let errors = self.world.check_body(obj);
        if errors.iter().any(Diagnostic::is_error) {
            self.failed.insert(obj);
        }
        self.diagnostics.extend(errors);
        let decl = self.decl(obj).expect("internal error: function without declaration");
        let facts = Rc::new(escape::of_function(self.world, obj, decl));
        self.facts.insert(obj, facts.clone());
        facts
    }

    /// Which types stand for the type parameters of an instance.
    pub fn environment(&self, obj: ObjId, targs: &[TypeId]) -> Rc<Subst> {
        if targs.is_empty() {
            return Rc::default();
        }
        let mut from: Vec<TypeId> = Vec::new();
        let ty = self.world.type_of(obj);
        if let Some(info) = self.world.object(obj).func() {
            from.extend(info.recv_tparams.get().iter().flat_map(|t| t.iter()));
        }
        if let Some(sig) = self.world.types.as_signature(ty) {
            from.extend(sig.tparams.iter());
        }
        Rc::new(Subst::new(&from, targs))
    }

    /// Leaf classes of parameters, the receiver first, and results.
    pub fn declared_classes(&mut self, obj: ObjId, targs: &[TypeId]) -> (Vec<Class>, Vec<Class>) {
        let env = self.environment(obj, targs);
        let world = self.world;
        let sig = world.subst(world.type_of(obj), &env);
        let mut params = Vec::new();
        if let Some(recv) = world.object(obj).func().and_then(|f| f.recv_type.get()) {
            params = self.types.classes(world.subst(recv, &env));
        }
        let Type::Signature(sig) = world.under(sig) else { panic!("internal error: no signature") };
        for p in &sig.params {
            params.extend(self.types.classes(world.subst(p.ty, &env)));
        }
        let results = sig.results.iter().flat_map(|r| self.types.classes(world.subst(r.ty, &env))).collect();
        (params, results)
    }

    /// The type of a receiver that travels as an address, although the method takes a value.
    pub fn memory_receiver(&mut self, obj: ObjId, targs: &[TypeId]) -> Option<TypeId> {
        let env = self.environment(obj, targs);
        let recv = self.world.object(obj).func()?.recv_type.get()?;
        let recv = self.world.subst(recv, &env);
        self.types.leaves(recv).is_none().then_some(recv)
    }

    /// The prefix of a package's names in traces.
    pub fn pkg_prefix(&self, pkg: PkgId) -> String {
        let package = self.world.package(pkg);
        if package.name.as_str() == "main" { "main".to_owned() } else { package.path.clone() }
    }

    /// The name of a function as traces show it.
    pub fn func_name(&mut self, obj: ObjId) -> String {
        let object = self.world.object(obj);
        let pkg = object.pkg.map_or(String::new(), |p| self.pkg_prefix(p));
        let generic = |ty: TypeId| match self.world.types.get(ty) {
            Type::Named(n) if !n.tparams().is_empty() || !n.targs.is_empty() => "[...]",
            _ => "",
        };
        let Some(base) = object.func().and_then(|f| f.recv_base.get()) else {
            if let Some(at) = self.init_number(obj) {
                return format!("{pkg}.init.{at}");
            }
            let ty = self.world.type_of(obj);
            let sig = self.world.types.as_signature(ty);
            let suffix = if sig.is_some_and(|s| !s.tparams.is_empty()) { "[...]" } else { "" };
            return format!("{pkg}.{}{suffix}", object.name);
        };
        let suffix = generic(self.world.type_of(base));
        let base = self.world.object(base).name;
        match object.func().is_some_and(|f| f.ptr_recv.get()) {
            true => format!("{pkg}.(*{base}{suffix}).{}", object.name),
            false => format!("{pkg}.{base}{suffix}.{}", object.name),
        }
    }

    /// The place of an `init` function among those of its package.
    fn init_number(&self, obj: ObjId) -> Option<usize> {
        let object = self.world.object(obj);
        if object.name.as_str() != "init" {
            return None;
        }
        let inits = self.world.package(object.pkg?).init_funcs();
        let mut named = inits.into_iter().filter(|&f| self.world.object(f).name.as_str() == "init");
        named.position(|f| f == obj)
    }

    // ---- tables -----------------------------------------------------------------------------------------

    /// A string constant.
    pub fn string(&mut self, bytes: &[u8]) -> u32 {
        if let Some(&id) = self.strings.get(bytes) {
            return id;
        }
        let id = self.string_pool.len() as u32;
        self.string_pool.push(bytes.to_vec());
        self.strings.insert(bytes.to_vec(), id);
        id
    }

    /// A native function.
    pub fn native(&mut self, name: &str, params: &[Class], results: &[Class]) -> u32 {
        if let Some(&id) = self.native_ids.get(name) {
            return id;
        }
        let id = self.natives.len() as u32;
        let (params, results) = (params.to_vec(), results.to_vec());
        self.natives.push(NativeImport { name: name.to_owned(), params, results });
        self.native_ids.insert(name.to_owned(), id);
        id
    }

    /// The native that a function without body stands for.
    pub fn native_of(&mut self, obj: ObjId) -> u32 {
        let (params, results) = self.declared_classes(obj, &[]);
        let object = self.world.object(obj);
        let pkg = object.pkg.map_or(String::new(), |p| self.world.package(p).path.clone());
        let base = object.func().and_then(|f| f.recv_base.get()).map(|b| self.world.object(b).name);
        let name = match (base, object.func().is_some_and(|f| f.ptr_recv.get())) {
            (None, _) => format!("{pkg}.{}", object.name),
            (Some(base), true) => format!("{pkg}.(*{base}).{}", object.name),
            (Some(base), false) => format!("{pkg}.{base}.{}", object.name),
        };
        self.native(&name, &params, &results)
    }

    /// Offset of a package variable in the block of globals.
    pub fn global(&mut self, obj: ObjId) -> u32 {
        if let Some(&offset) = self.global_offsets.get(&obj) {
            return offset;
        }
        let ty = self.world.type_of(obj);
        let layout = self.world.layout_of(ty);
        let align = layout.align.max(1) as u64;
        let offset = self.globals.size.next_multiple_of(align);
        self.globals.size = offset + self.types.size(ty);
        let object = self.world.object(obj);
        let pkg = object.pkg.map_or(String::new(), |p| self.pkg_prefix(p));
        let name = format!("{pkg}.{}", object.name);
        let desc = self.types.desc(ty);
        self.globals.vars.push(GlobalVar { name, ty: desc, offset });
        let offset = offset as u32;
        self.global_offsets.insert(obj, offset);
        self.new_globals.push(obj);
        offset
    }

    /// Offset of a struct's field, in bytes.
    pub fn field_offset(&mut self, ty: TypeId, field: usize) -> u32 {
        let world = self.world;
        let offsets = self.offsets.entry(ty).or_insert_with(|| world.field_offsets(ty).into());
        u32::try_from(offsets[field]).unwrap_or(u32::MAX)
    }

    // ---- methods of interface values ----------------------------------------------------------------------

    /// Notes that values of the type become interface values.
    pub fn mark_boxed(&mut self, ty: TypeId) {
        if let Some(record) = &mut self.record {
            record.boxed(ty);
        }
        let mut work = vec![ty];
        while let Some(ty) = work.pop() {
            let ty = self.world.canonical(ty);
            if !self.boxed.insert(ty) {
                continue;
            }
            self.boxed_list.push(ty);
            // What can be reached from a value can be made an interface value by reflection.
            match self.world.under(ty) {
                Type::Pointer(elem)
                | Type::Slice(elem)
                | Type::Array { elem, .. }
                | Type::Chan { elem, .. }
                | Type::Port { elem, .. } => work.push(*elem),
                Type::Map { key, value } => work.extend([*key, *value]),
                Type::Struct(s) => work.extend(s.fields.iter().map(|f| f.ty)),
                _ => {}
            }
        }
    }

    /// Notes that a method is called through an interface.
    pub fn mark_called(&mut self, selector: u32) {
        if let Some(record) = &mut self.record {
            record.called(selector);
        }
        self.called.insert(selector);
    }

    /// Those of a type's methods whose names some interface has.
    fn wanted_methods(&mut self, ty: TypeId) -> Rc<[MethodSetEntry]> {
        let (world, types) = (self.world, &self.types);
        let set = self.method_sets.entry(ty).or_insert_with(|| MethodSet {
            waiting: world.names_of_methods(ty),
            wanted: Rc::default(),
            seen: 0,
        });
        if std::mem::replace(&mut set.seen, types.selectors.len()) < types.selectors.len() {
            let new = set.waiting.extract_if(.., |(name, _)| types.names_selector(*name));
            let new: Vec<MethodSetEntry> =
                new.filter_map(|(name, pkg)| world.method_of(ty, name, pkg)).collect();
            if !new.is_empty() {
                set.wanted = set.wanted.iter().cloned().chain(new).collect();
            }
        }
        set.wanted.clone()
    }

    /// Requests the functions of methods that interface calls can reach; says whether there were new ones.
    pub fn request_methods(&mut self) -> bool {
        let (before, boxed) = (self.functions.len(), self.boxed_list.len());
        self.keep_methods();
        self.keep_signatures();
        self.keep_makers();
        self.keep_pointers();
        for at in 0..self.boxed_list.len() {
            let ty = self.boxed_list[at];
            if self.types.known_desc(ty).is_none() || matches!(self.world.under(ty), Type::Interface(_)) {
                continue;
            }
            for entry in self.wanted_methods(ty).iter() {
                let selector = self.types.known_selector(entry.name, entry.pkg, entry.sig);
                if selector.is_some_and(|s| self.called.contains(&s)) {
                    self.table_func(ty, entry);
                }
            }
        }
        self.functions.len() > before || self.boxed_list.len() > boxed
    }

    /// The function of a method as method tables hold it: the first parameter is the data word.
    fn table_func(&mut self, ty: TypeId, entry: &MethodSetEntry) -> u32 {
        let target = self.method_key(entry);
        if let MethodKey::Declared { obj, targs, by_pointer } = &target {
            let pointer = self.world.types.as_pointer(ty).is_some();
            let direct = entry.found.path.is_empty() && *by_pointer == pointer;
            if direct && (pointer || self.types.classes(ty) == [Class::Ptr] && self.types.is_inline(ty)) {
                return self.func_of(*obj, targs);
            }
        }
        let (path, sig) = (entry.found.path.clone(), self.world.canonical(entry.sig));
        let method = Method { recv: ty, path, target, sig };
        let (name, token) = self.method_name(&method);
        self.wrapper(WrapperKind::Data(method), name, false, token)
    }

    /// Where the code of a method in a method set is.
    pub(crate) fn method_key(&mut self, entry: &MethodSetEntry) -> MethodKey {
        let found = &entry.found;
        match found.kind {
            FoundKind::Method(obj) => {
                let by_pointer = self.world.object(obj).func().is_some_and(|f| f.ptr_recv.get());
                let targs = self.canonical(self.world.type_args(found.holder));
                MethodKey::Declared { obj, targs, by_pointer }
            }
            FoundKind::Interface(i) => {
                let set = self.world.type_set(found.holder).expect("internal error: no type set");
                let m = set.methods[i as usize];
                MethodKey::Interface { selector: self.types.selector(m.name, m.pkg, m.sig) }
            }
            FoundKind::Field => panic!("internal error: a field in a method set"),
        }
    }

    /// Fills the method tables of all types that become interface values.
    pub fn fill_method_tables(&mut self) {
        for at in 0..self.boxed_list.len() {
            let ty = self.boxed_list[at];
            let Some(desc) = self.types.known_desc(ty) else { continue };
            if matches!(self.world.under(ty), Type::Interface(_)) {
                continue;
            }
            let methods = self.method_table(ty);
            self.types.descs[desc.0 as usize].methods = methods;
        }
        self.fill_kept();
    }

    fn method_table(&mut self, ty: TypeId) -> Vec<MethodDesc> {
        let mut methods = Vec::new();
        for entry in self.wanted_methods(ty).iter() {
            let Some(selector) = self.types.known_selector(entry.name, entry.pkg, entry.sig) else {
                continue;
            };
            let func = match self.called.contains(&selector) {
                true => self.table_func(ty, entry),
                false => NO_FUNC,
            };
            methods.push(MethodDesc { selector, func, ty: self.types.selectors[selector as usize].ty });
        }
        methods.sort_by_key(|m| m.selector);
        methods
    }

    fn package_object(&self, pkg: &str, name: &str) -> Option<ObjId> {
        self.world.lookup_in_package(self.world.package_by_path(pkg)?, name)
    }

    /// Whether something reachable refers to a function of a package.
    pub(crate) fn is_reached(&self, pkg: &str, name: &str) -> bool {
        let obj = self.package_object(pkg, name);
        obj.is_some_and(|obj| self.keys.contains_key(&FuncKey::Declared(obj, Vec::new())))
    }

    /// A named type of a package, if the program has it.
    pub fn package_type(&mut self, pkg: &str, name: &str) -> Option<TypeId> {
        self.package_object(pkg, name).map(|obj| self.world.type_of(obj))
    }

    /// A function of a package, if the program has it.
    pub fn package_func(&mut self, pkg: &str, name: &str) -> Option<u32> {
        self.package_object(pkg, name).map(|obj| self.func_of(obj, &[]))
    }

    /// The descriptor of a type whose values the machine makes.
    pub fn known(&mut self, ty: TypeId) -> Option<DescId> {
        self.mark_boxed(ty);
        Some(self.types.desc(ty))
    }
}
