//! Every function of the library can be linked into a program that imports nothing but its package.

use crate::driver::{Text, check_text, compile};
use std::fmt::Write;
use std::sync::Arc;
use vo_types::World;
use vo_types::object::ObjId;

/// How a program that imports the object's package as `p` names it; nothing for what it cannot name or would have to
/// instantiate.
fn named(world: &World, obj: ObjId) -> Option<String> {
    let object = world.object(obj);
    let func = object.func().filter(|_| object.is_exported())?;
    let name = object.name;
    let signature = world.types.as_signature(world.type_of(obj))?;
    if !signature.tparams.is_empty() {
        return None;
    }
    if !func.is_method {
        return Some(format!("p.{name}"));
    }
    let base = world.object(func.recv_base.get()?);
    let plain = func.recv_tparams.get().is_none_or(|tparams| tparams.is_empty());
    (base.is_exported() && plain).then(|| format!("(*p.{}).{name}", base.name))
}

/// A program that refers to all that a package exports.
fn user_of(path: &str) -> String {
    let import = format!("package main\n\nimport p {path:?}\n\n");
    let text = format!("package main\n\nimport _ {path:?}\n\nfunc main() {{}}\n");
    let checked = check_text(&Text { name: "main.vo", text: text.as_bytes() }, &Arc::default());
    let world = checked.unwrap_or_else(|error| panic!("{error}")).world;
    let pkg = world.package_by_path(path).expect("it was imported");
    let names: Vec<String> =
        world.package(pkg).objects().into_iter().filter_map(|obj| named(&world, obj)).collect();
    if names.is_empty() {
        return text;
    }
    let mut user = import + "func use(any) {}\n\nfunc main() {\n";
    for name in names {
        writeln!(user, "\tuse({name})").expect("a string takes text");
    }
    user + "}\n"
}

#[test]
fn each_package_links_alone() {
    for path in vo_std::packages().iter().filter(|path| !path.starts_with("internal/")) {
        let text = user_of(path);
        let checked = check_text(&Text { name: "main.vo", text: text.as_bytes() }, &Arc::default());
        let checked = checked.unwrap_or_else(|error| panic!("{path}: {error}"));
        compile(checked, false).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
}
