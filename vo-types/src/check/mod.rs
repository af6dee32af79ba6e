//! The checker: the passes over a package, in order.

use vo_syntax::diag::Diagnostic;

use crate::World;
use crate::importer::{Importer, PackageSource};
use crate::object::ObjId;
use crate::package::{Initializer, PkgId};

/// Adds a package to the world and checks it. The diagnostics are all errors of the package, in
/// order of position, syntax errors that came with the source included; those of imported
/// packages are not among them.
pub fn check_package(
    world: &World,
    source: PackageSource,
    importer: &mut dyn Importer,
) -> (PkgId, Vec<Diagnostic>) {
    let _ = importer;
    let name = source.files.first().map_or_else(|| "main".into(), |f| f.name.name);
    let scope = world.new_scope(Some(world.universe()), false);
    let files = source.files.into_iter().map(|f| world.add_file(f)).collect();
    let pkg = world.add_package(&source.path, name, &source.dir, scope, source.mode, files);
    (pkg, source.diagnostics)
}

impl World {
    /// Checks the declaration of an object, if that has not happened yet.
    pub(crate) fn resolve(&self, _obj: ObjId) {}

    /// Attaches the methods declared for a type to it, if that has not happened yet.
    pub(crate) fn collect_methods(&self, _type_name: ObjId) {}

    /// Checks the body of a declared function or method, if that has not happened yet; the errors
    /// in it, which do not occur in trusted packages.
    pub fn check_body(&self, _func: ObjId) -> Vec<Diagnostic> {
        Vec::new()
    }

    /// The initialisation steps of a package, in order. Checks what they need in lazily checked
    /// packages.
    pub fn init_order(&self, _pkg: PkgId) -> Vec<Initializer<'_>> {
        Vec::new()
    }
}
