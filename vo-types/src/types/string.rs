//! How types are spelled: in messages, and at run time (`%T`, panics).

use std::fmt::Write;

use super::{Dir, Field, Param, Signature, Type, TypeId};
use crate::World;
use crate::object::ObjId;
use crate::package::PkgId;

/// How names of packages appear before names of types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Qualifier {
    /// Not at all.
    None,
    /// The package's name.
    Name,
    /// The package's import path.
    Path,
    /// As messages about this package do: its own names bare, others by package name, or by
    /// quoted path where two packages share the name.
    RelativeTo(PkgId),
}

/// Whose spelling.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// The compiler's: aliases and parameter names appear.
    Message,
    /// The running program's (reflection): aliases resolved, no parameter names, blanks inside
    /// `struct { … }` and `interface { … }`.
    Runtime,
}

impl World {
    /// The type's spelling in messages.
    pub fn type_string(&self, id: TypeId, qualifier: Qualifier) -> String {
        self.type_string_styled(id, qualifier, Style::Message)
    }

    /// The type's spelling at run time: what `%T` prints.
    pub fn runtime_type_string(&self, id: TypeId) -> String {
        self.type_string_styled(id, Qualifier::Name, Style::Runtime)
    }

    /// The type's spelling in a given style.
    pub fn type_string_styled(&self, id: TypeId, qualifier: Qualifier, style: Style) -> String {
        let mut writer =
            Writer { world: self, qualifier, style, bare: false, out: String::new(), open: Vec::new() };
        writer.ty(id);
        writer.out
    }

    /// The parameters and results of a function type, without `func` and without names.
    pub(crate) fn bare_signature_string(&self, sig: &Signature, qualifier: Qualifier) -> String {
        let style = Style::Message;
        let mut writer =
            Writer { world: self, qualifier, style, bare: true, out: String::new(), open: Vec::new() };
        writer.signature(sig);
        writer.out
    }

    /// `pkg.` before a name, as the qualifier wants it.
    pub(crate) fn qualify(&self, pkg: Option<PkgId>, qualifier: Qualifier) -> String {
        let Some(pkg) = pkg else { return String::new() };
        let package = self.package(pkg);
        match qualifier {
            Qualifier::None => String::new(),
            Qualifier::Name => format!("{}.", package.name),
            Qualifier::Path => format!("{}.", package.path),
            Qualifier::RelativeTo(own) if own == pkg => String::new(),
            Qualifier::RelativeTo(_) => {
                let ambiguous = self.packages().any(|p| p != pkg && self.package(p).name == package.name);
                if ambiguous {
                    format!("{}.", crate::constant::quote(package.path.as_bytes()))
                } else {
                    format!("{}.", package.name)
                }
            }
        }
    }
}

/// How many bytes of a type a message shows, about.
const MAX_LENGTH: usize = 4 << 10;

struct Writer<'w> {
    world: &'w World,
    qualifier: Qualifier,
    style: Style,
    /// Leave parameter names out.
    bare: bool,
    out: String,
    /// Types being written, to stop at cycles through anonymous interfaces.
    open: Vec<TypeId>,
}

impl Writer<'_> {
    fn runtime(&self) -> bool {
        self.style == Style::Runtime
    }

    fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn ty(&mut self, id: TypeId) {
        // Nobody reads on, and a type may be longer than memory when it is written out.
        if self.out.len() > MAX_LENGTH && !self.runtime() {
            if !self.out.ends_with('…') {
                self.text("…");
            }
            return;
        }
        let id = if self.runtime() { self.world.types.unalias(id) } else { id };
        if self.open.contains(&id) && matches!(self.world.types.raw(id), Type::Interface(_)) {
            return self.text("...");
        }
        self.open.push(id);
        self.write(id);
        self.open.pop();
    }

    fn write(&mut self, id: TypeId) {
        let world = self.world;
        match world.types.raw(id) {
            Type::Basic(b) => match id {
                TypeId::BYTE if !self.runtime() => self.text("byte"),
                TypeId::RUNE if !self.runtime() => self.text("rune"),
                _ => self.text(b.name()),
            },
            Type::Named(n) => {
                let own = n.origin.and_then(|o| world.types.as_named(o)).map_or(0, |o| o.tparams().len());
                let (outer, targs) = n.targs.split_at(n.targs.len().saturating_sub(own));
                self.name(n.obj, outer, targs, n.tparams());
            }
            Type::Alias(a) => self.name(a.obj, &[], &a.targs, a.tparams()),
            Type::Pointer(elem) => self.prefixed("*", *elem),
            Type::Slice(elem) => self.prefixed("[]", *elem),
            Type::Array { len, elem } => {
                let _ = write!(self.out, "[{len}]");
                self.ty(*elem);
            }
            Type::Map { key, value } => {
                self.prefixed("map[", *key);
                self.prefixed("]", *value);
            }
            Type::Chan { dir, elem } => self.chan("chan", *dir, *elem),
            Type::Port { dir, elem } => self.chan("port", *dir, *elem),
            Type::Struct(s) => self.structure(&s.fields),
            Type::Signature(s) => {
                self.text("func");
                self.signature(s);
            }
            Type::Interface(_) => self.interface(id),
            Type::Tuple(elems) => {
                let names = world.types.tuple_names.borrow().get(&id).cloned().unwrap_or_default();
                self.text("(");
                for (i, &elem) in elems.iter().enumerate() {
                    self.text(if i > 0 { ", " } else { "" });
                    if let Some(name) = names.get(i).filter(|_| !self.runtime()) {
                        self.text(name);
                        self.text(" ");
                    }
                    self.ty(elem);
                }
                self.text(")");
            }
            Type::TypeParam(p) => self.text(&world.object(p.obj).name),
            Type::Union(terms) => {
                for (i, term) in terms.iter().enumerate() {
                    self.text(if i > 0 { " | " } else { "" });
                    self.text(if term.tilde { "~" } else { "" });
                    self.ty(term.ty);
                }
            }
            Type::Island => self.text("island"),
        }
    }

    fn prefixed(&mut self, prefix: &str, elem: TypeId) {
        self.text(prefix);
        self.ty(elem);
    }

    fn list(&mut self, types: &[TypeId], separator: &str) {
        for (i, &ty) in types.iter().enumerate() {
            self.text(if i > 0 { separator } else { "" });
            self.ty(ty);
        }
    }

    /// `outer` are type arguments of the function around the declaration.
    fn name(&mut self, obj: ObjId, outer: &[TypeId], targs: &[TypeId], tparams: &[TypeId]) {
        let object = self.world.object(obj);
        let prefix = self.world.qualify(object.pkg, self.qualifier);
        self.text(&prefix);
        self.text(&object.name);
        if !targs.is_empty() || !outer.is_empty() && self.runtime() {
            self.text("[");
            let qualifier = self.qualifier;
            if self.runtime() {
                self.qualifier = Qualifier::Path;
                self.list(outer, ",");
                self.text(if outer.is_empty() || targs.is_empty() { "" } else { ";" });
            }
            self.list(targs, ",");
            self.qualifier = qualifier;
            self.text("]");
        } else if !self.runtime() && !tparams.is_empty() {
            self.type_params(tparams);
        }
    }

    fn type_params(&mut self, tparams: &[TypeId]) {
        self.text("[");
        let mut previous = TypeId::NONE;
        for (i, &tparam) in tparams.iter().enumerate() {
            let Some(p) = self.world.types.as_type_param(tparam) else { continue };
            let bound = p.bound.get();
            if i > 0 {
                if bound != previous {
                    self.text(" ");
                    self.bound(previous);
                }
                self.text(", ");
            }
            previous = bound;
            self.ty(tparam);
        }
        self.text(" ");
        self.bound(previous);
        self.text("]");
    }

    fn bound(&mut self, bound: TypeId) {
        if bound != TypeId::NONE {
            self.ty(bound);
        }
    }

    fn chan(&mut self, word: &str, dir: Dir, elem: TypeId) {
        self.text(if dir == Dir::Recv { "<-" } else { "" });
        self.text(word);
        self.text(if dir == Dir::Send { "<- " } else { " " });
        let receives = matches!(
            self.world.types.raw(elem),
            Type::Chan { dir: Dir::Recv, .. } | Type::Port { dir: Dir::Recv, .. }
        );
        // Without parentheses the arrow would belong to the outer type.
        if dir == Dir::Both && receives {
            self.text("(");
            self.ty(elem);
            self.text(")");
        } else {
            self.ty(elem);
        }
    }

    fn structure(&mut self, fields: &[Field]) {
        let blanks = self.runtime();
        self.text(match (blanks, fields.is_empty()) {
            (true, true) => "struct {}",
            (true, false) => "struct { ",
            (false, _) => "struct{",
        });
        for (i, f) in fields.iter().enumerate() {
            self.text(if i > 0 { "; " } else { "" });
            if !f.embedded {
                self.text(&f.name);
                self.text(" ");
            }
            self.ty(f.ty);
            if !f.tag.is_empty() {
                let quoted = crate::constant::quote(f.tag.as_str().as_bytes());
                let _ = write!(self.out, " {quoted}");
            }
        }
        self.text(match (blanks, fields.is_empty()) {
            (true, true) => "",
            (true, false) => " }",
            (false, _) => "}",
        });
    }

    fn interface(&mut self, id: TypeId) {
        let Type::Interface(iface) = self.world.types.raw(id) else { return };
        if self.runtime() {
            return self.runtime_interface(id);
        }
        if iface.implicit && iface.methods.is_empty() && iface.embeds.len() == 1 {
            let embedded = iface.embeds[0].0;
            return self.ty(embedded);
        }
        self.text("interface{");
        let mut first = true;
        for m in &iface.methods {
            self.text(if first { "" } else { "; " });
            first = false;
            self.text(&m.name);
            if let Some(sig) = self.world.types.as_signature(m.sig) {
                self.signature(sig);
            }
        }
        for (embedded, _) in &iface.embeds {
            self.text(if first { "" } else { "; " });
            first = false;
            self.ty(*embedded);
        }
        self.text("}");
    }

    fn runtime_interface(&mut self, id: TypeId) {
        let Some(set) = self.world.type_set(id) else { return };
        if set.methods.is_empty() {
            return self.text("interface {}");
        }
        self.text("interface { ");
        for (i, m) in set.methods.iter().enumerate() {
            self.text(if i > 0 { "; " } else { "" });
            if !m.name.is_exported() {
                let prefix = self.world.qualify(m.pkg, self.qualifier);
                self.text(&prefix);
            }
            self.text(&m.name);
            if let Some(sig) = self.world.types.as_signature(m.sig) {
                self.signature(sig);
            }
        }
        self.text(" }");
    }

    fn signature(&mut self, sig: &Signature) {
        if !sig.tparams.is_empty() && !self.runtime() {
            self.type_params(&sig.tparams);
        }
        self.params(&sig.params, sig.variadic);
        match &*sig.results {
            [] => {}
            [only] if only.name.is_empty() || self.runtime() || self.bare => {
                self.text(" ");
                self.ty(only.ty);
            }
            several => {
                self.text(" ");
                self.params(several, false);
            }
        }
    }

    fn params(&mut self, params: &[Param], variadic: bool) {
        self.text("(");
        for (i, p) in params.iter().enumerate() {
            self.text(if i > 0 { ", " } else { "" });
            if !p.name.is_empty() && !self.runtime() && !self.bare {
                self.text(&p.name);
                self.text(" ");
            }
            match self.world.types.get(p.ty) {
                Type::Slice(elem) if variadic && i + 1 == params.len() => self.prefixed("...", *elem),
                _ => self.ty(p.ty),
            }
        }
        self.text(")");
    }
}
