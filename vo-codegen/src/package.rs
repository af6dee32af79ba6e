//! From packages to a module: initialisation order, what must be initialised, the known types.

use rustc_hash::{FxHashMap, FxHashSet};
use vo_bytecode::Module;
use vo_bytecode::module::{KnownTypes, NativeImport};
use vo_syntax::ast::{BinaryOp, Expr, FuncDecl, Node, UnaryOp};
use vo_syntax::diag::{Code, Diagnostic};
use vo_syntax::source::Span;
use vo_types::info::Mode;
use vo_types::object::{ObjId, ObjectKind};
use vo_types::package::PkgId;
use vo_types::types::TypeId;
use vo_types::universe::Builtin;
use vo_types::{PURE_FUNCTIONS, World};

use crate::image::{AheadStep, Image};
use crate::lower;
use crate::optimise;
use crate::program::Program;

/// What a step of a package's initialisation sets variables to.
#[derive(Clone, Copy)]
enum Value<'w> {
    Expr(&'w Expr),
    /// The files of `//go:embed`.
    Files,
    /// A unit of the image.
    Unit(u32),
}

/// A step of a package's initialisation.
struct Step<'w> {
    lhs: Vec<ObjId>,
    value: Value<'w>,
    /// Whether it has no effect but the value of its variables.
    pure: bool,
    func: Option<u32>,
}

struct PackageInit<'w> {
    prefix: String,
    steps: Vec<Step<'w>>,
    inits: Vec<u32>,
    literals: u32,
}

/// Compiles a program: its main package, and everything that package reaches.
///
/// # Errors
/// What the checker finds in bodies that it had not checked before, and constructs that do not compile.
pub fn compile(world: &World, main: PkgId) -> Result<Module, Vec<Diagnostic>> {
    compile_with(world, main, None)
}

/// As [`compile`], with an image of the library that the program is compiled against.
///
/// # Errors
/// As for [`compile`].
pub fn compile_with<'w>(
    world: &'w World,
    main: PkgId,
    image: Option<Image<'w>>,
) -> Result<Module, Vec<Diagnostic>> {
    let mut p = Program::new(world);
    p.image = image;
    let Some(main_func) = main_function(world, main) else {
        let message = "function main is undeclared in the main package";
        return Err(vec![Diagnostic::error(Code::MissingMain, Span::NONE, message)]);
    };
    let known = known_types(&mut p);
    let main_id = p.func_of(main_func, &[]);
    let main_id = if has_result(world, main_func) {
        let function = lower::main_with_error(&mut p, main_id);
        p.add_function(function.expect("internal error: a short function is too large"))
    } else {
        main_id
    };
    let mut packages: Vec<PackageInit<'_>> =
        in_order(world, main).into_iter().map(|pkg| package_init(&mut p, pkg)).collect();
    reach_everything(&mut p, &mut packages);
    let calls: Vec<u32> = packages.iter().flat_map(PackageInit::calls).collect();
    let init = match lower::sequence(&mut p, "runtime.init".to_owned(), &calls) {
        Ok(function) => p.add_function(function),
        Err(_) => panic!("internal error: a list of calls is too large"),
    };
    finish(p, known, init, main_id)
}

/// The native functions that the packages of a world declare: every function without a body.
pub fn native_imports(world: &World) -> Vec<NativeImport> {
    let mut p = Program::new(world);
    for obj in (0..world.object_count() as u32).map(ObjId) {
        let bodyless = |decl: &FuncDecl| decl.body.is_none();
        let is_method = world.object(obj).func().is_none_or(|func| func.is_method);
        if !is_method && world.func_decl(obj).is_some_and(bodyless) {
            p.native_of(obj);
        }
    }
    p.natives
}

fn main_function(world: &World, main: PkgId) -> Option<ObjId> {
    let obj = world.lookup_in_package(main, "main")?;
    matches!(world.object(obj).kind, ObjectKind::Func(_)).then_some(obj)
}

/// Whether main answers an error, as it may in Vo's files.
fn has_result(world: &World, main: ObjId) -> bool {
    world.types.as_signature(world.type_of(main)).is_some_and(|s| !s.results.is_empty())
}

fn finish(mut p: Program<'_>, known: KnownTypes, init: u32, main: u32) -> Result<Module, Vec<Diagnostic>> {
    p.fill_method_tables();
    p.types.link_pointers();
    let functions = p.take_functions();
    if p.diagnostics.iter().any(Diagnostic::is_error) {
        return Err(p.diagnostics);
    }
    if p.lines.files.is_empty() {
        p.lines.file("");
    }
    let mut functions = functions.expect("internal error: a function was not lowered");
    optimise::inline_leaves(&mut functions);
    Ok(Module {
        functions,
        types: p.types.descs,
        strings: p.string_pool,
        natives: p.natives,
        selectors: p.types.selectors,
        globals: p.globals,
        init,
        main,
        files: p.lines.files,
        known,
        retypes: retypes(p.world),
    })
}

/// Whether a package imports `unsafe`. The library, which alone is checked lazily, uses it as it should be.
fn retypes(world: &World) -> bool {
    let imports_it = |file: &u32| world.file(*file).imports().any(|spec| spec.path.raw.contains("unsafe"));
    let own = world
        .packages()
        .map(|pkg| world.package(pkg))
        .filter(|pkg| pkg.mode != vo_types::package::PackageMode::Lazy);
    own.flat_map(|pkg| &pkg.files).any(imports_it)
}

fn known_types(p: &mut Program<'_>) -> KnownTypes {
    // The report of a panic calls these methods of its value.
    let text = p.world.types.func(&[], &[TypeId::STRING], false);
    for name in ["Error", "String"] {
        let selector = p.types.selector(name.into(), None, text);
        p.mark_called(selector);
    }
    let any = p.world.types.slice(TypeId::EMPTY_INTERFACE);
    let mut runtime = |name: &str, pointer: bool| {
        let ty = p.package_type("runtime", name)?;
        let ty = if pointer { p.world.types.pointer(ty) } else { ty };
        p.known(ty)
    };
    let runtime_error = runtime("errorString", false);
    // The machine finds these by name.
    runtime("boundsError", false);
    runtime("plainError", false);
    let type_assertion_error = runtime("TypeAssertionError", false);
    let type_assertion_error_ptr = runtime("TypeAssertionError", true);
    let panic_nil_error = runtime("PanicNilError", false);
    let panic_nil_error_ptr = runtime("PanicNilError", true);
    KnownTypes {
        bool_: p.known(TypeId::BOOL),
        int: p.known(TypeId::INT),
        uint8: p.known(TypeId::UINT8),
        int32: p.known(TypeId::INT32),
        string: p.known(TypeId::STRING),
        any: Some(p.types.desc(TypeId::EMPTY_INTERFACE)),
        error: Some(p.types.desc(TypeId::ERROR)),
        slice_any: Some(p.types.desc(any)),
        runtime_error,
        type_assertion_error,
        type_assertion_error_ptr,
        panic_nil_error,
        panic_nil_error_ptr,
    }
}

/// All packages of the program in the order in which they are initialised: those that others import
/// first, and of those that are ready the one whose path comes first. What `runtime` stands on comes
/// before all.
fn in_order(world: &World, main: PkgId) -> Vec<PkgId> {
    let mut order = Vec::new();
    let mut done = FxHashSet::default();
    for root in world.package_by_path("runtime").into_iter().chain([main]) {
        let mut waiting = reachable(world, root);
        waiting.retain(|pkg| !done.contains(pkg));
        // Sorted downwards by path, so that the next one is found from the end.
        waiting.sort_by(|&a, &b| world.package(b).path.cmp(&world.package(a).path));
        while !waiting.is_empty() {
            let ready =
                |&pkg: &PkgId| world.package(pkg).imports().iter().all(|import| done.contains(import));
            let next = waiting.iter().rposition(ready).expect("internal error: packages import in a circle");
            let pkg = waiting.remove(next);
            done.insert(pkg);
            order.push(pkg);
        }
    }
    order
}

/// A package and all that it imports, directly or not.
fn reachable(world: &World, root: PkgId) -> Vec<PkgId> {
    let mut seen = FxHashSet::default();
    let mut found = Vec::new();
    let mut stack = vec![root];
    while let Some(pkg) = stack.pop() {
        if seen.insert(pkg) {
            found.push(pkg);
            stack.extend(world.package(pkg).imports().iter().copied());
        }
    }
    found
}

fn package_init<'w>(p: &mut Program<'w>, pkg: PkgId) -> PackageInit<'w> {
    let world = p.world;
    let steps = match p.steps_ahead(pkg) {
        Some(steps) => steps.into_iter().map(Step::ahead).collect(),
        None => steps_of(world, pkg),
    };
    let inits = world.package(pkg).init_funcs();
    let inits = inits.into_iter().filter(|&f| world.object(f).name.as_str() == "init");
    let inits = inits.map(|f| p.func_of(f, &[])).collect();
    PackageInit { prefix: p.pkg_prefix(pkg), steps, inits, literals: 0 }
}

fn steps_of(world: &World, pkg: PkgId) -> Vec<Step<'_>> {
    let steps = world.init_order(pkg).into_iter().map(|step| {
        let pure = step.plain || is_pure(world, step.rhs);
        Step { lhs: step.lhs, value: Value::Expr(step.rhs), pure, func: None }
    });
    let objects = world.package(pkg).objects();
    let embedded = objects.into_iter().filter(|&obj| world.embedded_files(obj).is_some());
    let embedded = embedded.map(|obj| Step { lhs: vec![obj], value: Value::Files, pure: true, func: None });
    embedded.chain(steps).collect()
}

impl Step<'_> {
    fn ahead(step: AheadStep) -> Self {
        Step { lhs: step.lhs, value: Value::Unit(step.unit), pure: step.pure, func: None }
    }
}

/// An initialiser that has been lowered for an image.
pub(crate) struct InitStep {
    pub lhs: Vec<ObjId>,
    pub pure: bool,
    pub func: u32,
}

/// Lowers all initialisers of a package, in their order.
pub(crate) fn initialisers(p: &mut Program<'_>, pkg: PkgId) -> Vec<InitStep> {
    let (world, prefix) = (p.world, p.pkg_prefix(pkg));
    let mut literals = 0;
    let mut lowered = Vec::new();
    for step in world.init_order(pkg) {
        step.lhs.iter().for_each(|&var| {
            world.type_of(var);
        });
        let pure = step.plain || is_pure(world, step.rhs);
        let func = p.reserve();
        if let Some(record) = &mut p.record {
            record.begin(func);
        }
        let (function, count) = lower::initializer(p, &step.lhs, step.rhs, &prefix, literals);
        literals = count;
        p.fill(func, function, step.rhs.span());
        lowered.push(InitStep { lhs: step.lhs, pure, func });
    }
    lowered
}

impl PackageInit<'_> {
    fn calls(&self) -> Vec<u32> {
        let steps = self.steps.iter().filter_map(|s| s.func);
        steps.chain(self.inits.iter().copied()).collect()
    }
}

/// Lowers functions, initialisers and methods until nothing new is reached.
fn reach_everything<'w>(p: &mut Program<'w>, packages: &mut [PackageInit<'w>]) {
    let mut waiting: FxHashMap<ObjId, (usize, usize)> = FxHashMap::default();
    for (at, package) in packages.iter_mut().enumerate() {
        for step in 0..package.steps.len() {
            if package.steps[step].pure {
                waiting.extend(package.steps[step].lhs.iter().map(|&obj| (obj, (at, step))));
            } else {
                initialise(p, package, step);
            }
        }
    }
    loop {
        p.run();
        for obj in std::mem::take(&mut p.new_globals) {
            if let Some(&(at, step)) = waiting.get(&obj) {
                initialise(p, &mut packages[at], step);
            }
        }
        let more = p.request_methods();
        if !more && p.is_idle() && p.new_globals.is_empty() {
            return;
        }
    }
}

fn initialise<'w>(p: &mut Program<'w>, package: &mut PackageInit<'w>, step: usize) {
    let PackageInit { prefix, steps, literals, .. } = package;
    let step = &mut steps[step];
    if step.func.is_some() {
        return;
    }
    let (function, span) = match step.value {
        Value::Unit(unit) => {
            let func = p.reserve();
            p.link_unit(func, unit);
            step.func = Some(func);
            return;
        }
        Value::Expr(rhs) => {
            // One that is plain may not have been checked.
            step.lhs.iter().for_each(|&var| {
                p.world.type_of(var);
            });
            let (function, count) = lower::initializer(p, &step.lhs, rhs, prefix, *literals);
            *literals = count;
            (function, rhs.span())
        }
        Value::Files => (lower::embedded(p, step.lhs[0], prefix), Span::NONE),
    };
    match function {
        Ok(function) => step.func = Some(p.add_function(function)),
        Err(why) => {
            step.func = Some(0);
            p.too_large(why, span);
        }
    }
}

/// Whether evaluating an expression at package level has no effect, does not fail, and so may be left out.
fn is_pure(world: &World, e: &Expr) -> bool {
    let Some(tv) = world.info.type_and_value(e.id()) else { return false };
    if tv.is_constant() || tv.is_type() || tv.mode == Mode::NilValue {
        return true;
    }
    match e {
        Expr::Paren(x) => is_pure(world, &x.x),
        Expr::Ident(_) | Expr::FuncLit(_) => true,
        Expr::CompositeLit(lit) => lit.elts.iter().all(|e| match e {
            Expr::KeyValue(kv) => {
                let field = kv.key.as_ident().is_some() && world.info.type_and_value(kv.key.id()).is_none();
                (field || is_pure(world, &kv.key)) && is_pure(world, &kv.value)
            }
            e => is_pure(world, e),
        }),
        Expr::Unary(x) if x.op == UnaryOp::Addr => {
            matches!(x.x.unparen(), Expr::CompositeLit(_) | Expr::Ident(_)) && is_pure(world, &x.x)
        }
        Expr::Unary(x) => x.op != UnaryOp::Recv && is_pure(world, &x.x),
        Expr::Binary(x) => {
            let partial = matches!(x.op, BinaryOp::Quo | BinaryOp::Rem | BinaryOp::Shl | BinaryOp::Shr);
            !partial && !x.op.is_comparison() && is_pure(world, &x.x) && is_pure(world, &x.y)
        }
        Expr::Selector(x) => world.info.selection(x.id).is_none(),
        Expr::Call(call) => is_pure_call(world, &call.fun) && call.args.iter().all(|a| is_pure(world, a)),
        _ => false,
    }
}

/// Conversions, `new`, and the functions of [`PURE_FUNCTIONS`].
fn is_pure_call(world: &World, fun: &Expr) -> bool {
    let Some(tv) = world.info.type_and_value(fun.id()) else { return false };
    match tv.mode {
        Mode::TypeExpr => true,
        Mode::Builtin(b) => matches!(b, Builtin::New),
        _ => {
            let name = match fun.unparen() {
                Expr::Selector(sel) => sel.sel.id,
                Expr::Ident(name) => name.id,
                _ => return false,
            };
            let Some(obj) = world.info.use_of(name) else { return false };
            let object = world.object(obj);
            let path = object.pkg.map(|p| world.package(p).path.as_str());
            PURE_FUNCTIONS.iter().any(|&(pkg, name)| path == Some(pkg) && object.name.as_str() == name)
        }
    }
}
