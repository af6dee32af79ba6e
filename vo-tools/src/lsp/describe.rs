//! What a name means, in words: the text of hovers.

use super::names::{Meaning, package_of};
use vo_syntax::source::Pos;
use vo_types::types::Type;
use vo_types::{ObjId, ObjectKind, PkgId, Qualifier, TypeId, VarKind, World};

/// The declaration of what a name means, in a line or a few.
pub(super) fn declaration(world: &World, pkg: Option<PkgId>, name: &str, meaning: Meaning) -> String {
    let qualifier = pkg.map_or(Qualifier::Name, Qualifier::RelativeTo);
    let text = |ty: TypeId| world.type_string(ty, qualifier);
    match meaning {
        Meaning::Object(obj) => object(world, qualifier, obj),
        Meaning::Field(_, ty) => format!("field {name} {}", text(ty)),
        Meaning::Method(_, ty) => method(name, &text(ty)),
        Meaning::Bound(_) => format!("var {name}"),
    }
}

fn method(name: &str, signature: &str) -> String {
    format!("func {name}{}", signature.strip_prefix("func").unwrap_or(signature))
}

/// A type's structure is shown up to this many bytes.
const MAX_TYPE: usize = 600;

/// The declaration of an object.
pub(super) fn object(world: &World, qualifier: Qualifier, id: ObjId) -> String {
    let obj = world.object(id);
    let name = obj.name.as_str();
    let text = |ty: TypeId| world.type_string(ty, qualifier);
    let ty = || text(world.type_of(id));
    match &obj.kind {
        ObjectKind::PkgName { imported, .. } => {
            let package = world.package(*imported);
            format!("package {} // {:?}", package.name, package.path)
        }
        ObjectKind::Const { .. } => {
            let value = world.const_of(id).map(|value| format!(" = {value}")).unwrap_or_default();
            format!("const {name} {}{value}", ty())
        }
        ObjectKind::TypeName { alias } => {
            let ty = world.type_of(id);
            let under = text(if *alias { world.types.unalias(ty) } else { world.underlying(ty) });
            let equals = if *alias { "= " } else { "" };
            let under = if under.len() > MAX_TYPE { "…".to_owned() } else { under };
            format!("type {name} {equals}{under}")
        }
        ObjectKind::Var { kind, .. } => {
            let word = if *kind == VarKind::Package || *kind == VarKind::Local { "var" } else { "parameter" };
            format!("{word} {name} {}", ty())
        }
        ObjectKind::Func(info) => {
            let receiver = info.recv_type.get().map(|ty| format!("({}) ", text(ty))).unwrap_or_default();
            let signature = ty();
            format!("func {receiver}{name}{}", signature.strip_prefix("func").unwrap_or(&signature))
        }
        ObjectKind::Label(_) => format!("label {name}"),
        ObjectKind::Builtin(_) => format!("func {name} // predeclared"),
        ObjectKind::Nil => "nil".to_owned(),
    }
}

/// Where the documentation of something stands: at its declaration, of a package above its clause.
pub(super) fn documentation(world: &World, meaning: Meaning) -> Option<String> {
    if let Meaning::Object(obj) = meaning
        && let Some(pkg) = package_of(world, obj)
    {
        let files = &world.package(pkg).files;
        let clauses = files.iter().map(|&f| world.file(f).package_pos).filter(|pos| pos.is_valid());
        return clauses.filter_map(|pos| comment_at(world, pos)).max_by_key(String::len);
    }
    comment_at(world, meaning.declared(world)?)
}

/// The comment directly above the line of a position, or behind what stands on the line.
fn comment_at(world: &World, pos: Pos) -> Option<String> {
    let sources = world.sources.borrow();
    let file = sources.file_at(pos)?;
    let (line, _) = file.line_col(file.offset(pos));
    let text = |line: u32| String::from_utf8_lossy(file.line_bytes(line)).trim().to_owned();
    let mut lines = Vec::new();
    let mut above = line;
    while above > 1
        && let Some(comment) = text(above - 1).strip_prefix("//")
    {
        // Lines for programs are no documentation.
        let directive = comment.starts_with("go:") || comment.starts_with("line ");
        if !directive {
            lines.push(comment.strip_prefix(' ').unwrap_or(comment).to_owned());
        }
        above -= 1;
    }
    if lines.is_empty() && above > 1 && text(above - 1).ends_with("*/") {
        return block_comment(file.bytes(), file.offset(pos) as usize);
    }
    if lines.is_empty() {
        let behind = text(line);
        let (_, comment) = behind.split_once(" // ")?;
        lines.push(comment.trim().to_owned());
    }
    lines.reverse();
    Some(lines.join("\n"))
}

fn block_comment(bytes: &[u8], before: usize) -> Option<String> {
    let text = String::from_utf8_lossy(&bytes[..before]);
    let end = text.rfind("*/")?;
    let start = text[..end].rfind("/*")?;
    Some(text[start + 2..end].trim().to_owned())
}

/// How a completion shows the kind of an object, and its type.
pub(super) fn kind_and_type(
    world: &World,
    qualifier: Qualifier,
    id: ObjId,
) -> (lsp_types::CompletionItemKind, String) {
    use lsp_types::CompletionItemKind as Kind;
    let obj = world.object(id);
    let kind = match obj.kind {
        ObjectKind::PkgName { .. } => Kind::MODULE,
        ObjectKind::Const { .. } => Kind::CONSTANT,
        ObjectKind::TypeName { .. } => match world.types.get(world.underlying(world.type_of(id))) {
            Type::Interface(_) => Kind::INTERFACE,
            Type::Struct(_) => Kind::STRUCT,
            _ => Kind::CLASS,
        },
        ObjectKind::Var { .. } => Kind::VARIABLE,
        ObjectKind::Func(_) | ObjectKind::Builtin(_) => Kind::FUNCTION,
        ObjectKind::Label(_) => Kind::REFERENCE,
        ObjectKind::Nil => Kind::VALUE,
    };
    (kind, object(world, qualifier, id))
}
