//! Instantiation: type arguments, and whether they satisfy their constraints; and why a type
//! does not implement an interface.

use vo_syntax::ast::{Expr, IndexExpr, Node};
use vo_syntax::diag::Code;
use vo_syntax::source::Pos;

use super::{Action, Checker};
use crate::package::Instantiation;
use crate::types::{IMethod, MissingMethod, MissingReason, Qualifier, Subst, Term, Type, TypeId};

impl<'w> Checker<'w> {
    /// `G[A, B]` as a type.
    pub fn instantiated_type(&mut self, index: &'w IndexExpr, e: &'w Expr) -> TypeId {
        let generic = match self.generic_type(&index.x) {
            Ok(generic) => generic,
            Err(why) => {
                let list: Vec<String> = index.indices.iter().map(|e| self.es(e)).collect();
                let (x, list) = (self.es(&index.x), list.join(", "));
                let message = format!("invalid operation: {x}[{list}] ({why})");
                self.error(Code::NotAGenericType, &index.x, message);
                return TypeId::INVALID;
            }
        };
        let targs = self.type_list(&index.indices);
        let (Some(targs), false) = (targs, self.w.is_invalid(generic)) else { return TypeId::INVALID };
        let (obj, tparams) = match self.w.types.raw(generic) {
            Type::Named(n) => (n.obj, n.tparams()),
            Type::Alias(a) => (a.obj, a.tparams()),
            _ => return TypeId::INVALID,
        };
        if targs.len() != tparams.len() {
            let quality = if targs.len() < tparams.len() { "not enough" } else { "too many" };
            let message = format!(
                "{quality} type arguments for type {}: have {}, want {}",
                self.w.object(obj).name,
                targs.len(),
                tparams.len()
            );
            self.error(Code::WrongTypeArgumentCount, e, message);
            // The type is still the generic one in what follows, where its structure is not asked for.
            return match self.w.types.raw(generic) {
                Type::Named(_) if targs.len() < tparams.len() => self.w.instantiate_named(generic, &targs),
                _ => TypeId::INVALID,
            };
        }
        let places = index.indices.iter().map(|e| e.span()).collect();
        self.later(Action::Verify(places, tparams.into(), targs.clone().into()));
        self.note_instance(index.lbrack, tparams, &targs);
        let ty = match self.w.types.raw(generic) {
            Type::Alias(a) => self.w.instantiate_alias(generic, a, &targs),
            _ => self.w.instantiate_named(generic, &targs),
        };
        if let Some(name) = super::structs::embedded_name(&index.x) {
            self.w.info.set_instance(name.id, &targs, ty);
        }
        ty
    }

    /// Remembers an instantiation for the check for endless growth.
    pub fn note_instance(&self, pos: Pos, tparams: &[TypeId], targs: &[TypeId]) {
        let (tparams, targs) = (tparams.into(), targs.into());
        let state = &self.w.package(self.pkg).state;
        state.instances.borrow_mut().push(Instantiation { pos, tparams, targs });
    }

    /// Whether type arguments satisfy the constraints; the index of the first that does not, and
    /// why.
    pub fn verify(&self, tparams: &[TypeId], targs: &[TypeId]) -> Result<(), (usize, String)> {
        let subst = Subst::new(tparams, targs);
        for (i, &tparam) in tparams.iter().enumerate() {
            let bound = self.w.subst(self.w.constraint(tparam), &subst);
            let bound = self.as_constraint(bound);
            self.implements(targs[i], bound, true).map_err(|why| (i, why))?;
        }
        Ok(())
    }

    /// A constraint that is no interface as the interface it stands for.
    fn as_constraint(&self, bound: TypeId) -> TypeId {
        if self.w.is_invalid(bound) || bound == TypeId::NONE {
            return TypeId::EMPTY_INTERFACE;
        }
        match self.w.under(bound) {
            Type::Interface(_) => bound,
            _ => self.w.types.new_interface(Vec::new(), vec![(bound, Pos::NONE)], true),
        }
    }

    /// Whether `v` implements interface `t`, or satisfies it as a constraint; the reason if not.
    pub fn implements(&self, v: TypeId, t: TypeId, constraint: bool) -> Result<(), String> {
        let w = self.w;
        let verb = if constraint { "satisfy" } else { "implement" };
        if w.is_invalid(w.underlying(v)) || w.is_invalid(w.underlying(t)) {
            return Ok(());
        }
        let Some(set) = w.type_set(t) else {
            if matches!(w.under(t), Type::Interface(_)) {
                return Ok(());
            }
            let detail = if self.is_interface_pointer(t) {
                self.interface_pointer_error(t)
            } else {
                format!("{} is not an interface", self.ts(t))
            };
            return Err(format!("{} does not {verb} {} ({detail})", self.ts(v), self.ts(t)));
        };
        if set.is_all() {
            return Ok(());
        }
        let v_set = w.type_set(v);
        if v_set.is_some_and(|s| s.is_empty()) {
            return Ok(());
        }
        if set.is_empty() {
            return Err(format!("cannot {verb} {} (empty type set)", self.ts(t)));
        }
        if let Some(missing) = w.missing_method(v, t, true) {
            // What is embedded in error might have had the method.
            if self.has_invalid_parts(v) {
                return Ok(());
            }
            let why = self.missing_method_cause(v, t, &missing);
            return Err(format!("{} does not {verb} {} {why}", self.ts(v), self.ts(t)));
        }
        let comparable = || {
            if !set.comparable || w.comparable_type(v, false) || (constraint && w.comparable_type(v, true)) {
                return Ok(());
            }
            Err(format!("{} does not {verb} comparable", self.ts(v)))
        };
        let Some(terms) = &set.terms else { return comparable() };
        if let Some(v_set) = v_set {
            if !w.terms_subset(&v_set.terms, &set.terms) {
                return Err(format!("{} does not {verb} {}", self.ts(v), self.ts(t)));
            }
            return comparable();
        }
        let v_term = Term { tilde: false, ty: v };
        if terms.iter().any(|&term| w.term_includes(term, v_term)) {
            return comparable();
        }
        let detail = self.missing_term_detail(v, t, terms);
        Err(format!("{} does not {verb} {} ({detail})", self.ts(v), self.ts(t)))
    }

    /// Whether a type, what it points to, or something it embeds is in error.
    fn has_invalid_parts(&self, ty: TypeId) -> bool {
        let (base, _) = self.w.deref(ty);
        match self.w.under(base) {
            Type::Struct(s) => s
                .fields
                .iter()
                .any(|f| f.embedded && (self.w.is_invalid(f.ty) || self.w.is_invalid(self.w.deref(f.ty).0))),
            Type::Basic(b) => *b == crate::types::Basic::Invalid,
            _ => false,
        }
    }

    fn missing_term_detail(&self, v: TypeId, t: TypeId, terms: &[Term]) -> String {
        let w = self.w;
        let v_term = Term { tilde: false, ty: v };
        let alternative = terms.iter().find(|term| {
            let with_tilde = Term { tilde: true, ..**term };
            !term.tilde && w.identical(term.ty, w.underlying(term.ty)) && w.term_includes(with_tilde, v_term)
        });
        if let Some(term) = alternative {
            return format!("possibly missing ~ for {} in {}", self.ts(term.ty), self.ts(t));
        }
        if self.mentions(w.underlying(t), v) {
            let (v, t) = (self.ts(v), self.ts(t));
            return format!("{t} mentions {v}, but {v} is not in the type set of {t}");
        }
        let list: Vec<String> = terms.iter().map(|t| self.term_string(t)).collect();
        format!("{} missing in {}", self.ts(v), list.join(" | "))
    }

    fn mentions(&self, t: TypeId, v: TypeId) -> bool {
        if self.w.identical(t, v) {
            return true;
        }
        match self.w.types.get(t) {
            Type::Interface(i) => i.embeds.iter().any(|&(e, _)| self.mentions(e, v)),
            Type::Union(terms) => terms.iter().any(|t| self.mentions(t.ty, v)),
            _ => false,
        }
    }

    // ---- missing methods ----------------------------------------------------------------------

    pub fn is_interface_pointer(&self, ty: TypeId) -> bool {
        match self.w.under(ty) {
            Type::Pointer(base) => matches!(self.w.under(*base), Type::Interface(_)),
            _ => false,
        }
    }

    pub fn interface_pointer_error(&self, ty: TypeId) -> String {
        if let Type::Pointer(base) = self.w.under(ty)
            && self.w.is_type_param(*base)
        {
            return format!("type {} is pointer to type parameter, not type parameter", self.ts(ty));
        }
        format!("type {} is pointer to interface, not interface", self.ts(ty))
    }

    /// The part of a message, in parentheses, that says which method is missing.
    pub fn missing_method_cause(&self, v: TypeId, t: TypeId, missing: &MissingMethod) -> String {
        let why = self.missing_method_text(v, t, missing);
        self.note_cause(&why, v, missing);
        why
    }

    fn missing_method_text(&self, v: TypeId, t: TypeId, missing: &MissingMethod) -> String {
        let m = &missing.method;
        let name = m.name;
        match missing.reason {
            MissingReason::NotFound if self.is_interface_pointer(v) => {
                format!("({})", self.interface_pointer_error(v))
            }
            MissingReason::NotFound if self.is_interface_pointer(t) => {
                format!("({})", self.interface_pointer_error(t))
            }
            MissingReason::NotFound => format!("(missing method {name})"),
            MissingReason::WrongName(obj, sig) => {
                let have = obj.map_or(name, |o| self.w.object(o).name);
                let have = self.method_string(have.as_str(), sig, self.qualifier());
                let want = self.imethod_string(m, self.qualifier());
                format!("(missing method {name})\n\t\thave {have}\n\t\twant {want}")
            }
            MissingReason::Unexported => format!("(unexported method {name})"),
            MissingReason::WrongSignature(sig) => {
                let mut have = self.method_string(name.as_str(), sig, self.qualifier());
                let mut want = self.imethod_string(m, self.qualifier());
                if have == want {
                    have = self.method_string(name.as_str(), sig, Qualifier::Path);
                    want = self.imethod_string(m, Qualifier::Path);
                }
                if have == want {
                    return format!("(wrong type for method {name})");
                }
                format!("(wrong type for method {name})\n\t\thave {have}\n\t\twant {want}")
            }
            MissingReason::Ambiguous => format!("(ambiguous selector {}.{name})", self.ts(v)),
            MissingReason::PointerReceiver => format!("(method {name} has pointer receiver)"),
            MissingReason::Field => format!("({}.{name} is a field, not a method)", self.ts(v)),
        }
    }

    fn imethod_string(&self, m: &IMethod, qualifier: Qualifier) -> String {
        self.method_string(m.name.as_str(), m.sig, qualifier)
    }

    fn method_string(&self, name: &str, sig: TypeId, qualifier: Qualifier) -> String {
        match self.w.types.as_signature(sig) {
            Some(sig) => format!("{name}{}", self.w.bare_signature_string(sig, qualifier)),
            None => name.to_owned(),
        }
    }

    // ---- common underlying types --------------------------------------------------------------

    /// The single underlying type that all types of a type parameter have (for other types: the
    /// underlying type). Channels may differ in direction: the restricted one wins. The error is
    /// the reason, without parentheses.
    pub fn common_underlying(&self, ty: TypeId) -> Result<TypeId, String> {
        let w = self.w;
        if !w.is_type_param(ty) {
            return Ok(w.underlying(ty));
        }
        let terms = match w.specific_types(ty) {
            Some(terms) if !terms.is_empty() => terms,
            _ => return Err("no specific type".to_owned()),
        };
        let mut common: Option<(TypeId, TypeId)> = None;
        for term in terms {
            let under = w.underlying(term.ty);
            let Some((first, so_far)) = common else {
                common = Some((term.ty, under));
                continue;
            };
            if w.identical(so_far, under) {
                continue;
            }
            match (w.types.raw(so_far), w.types.raw(under)) {
                (Type::Chan { dir: a, elem: x }, Type::Chan { dir: b, elem: y }) => {
                    if !w.identical(*x, *y) {
                        let (a, b) = (self.ts(first), self.ts(term.ty));
                        return Err(format!("channels {a} and {b} have different element types"));
                    }
                    if *a != crate::types::Dir::Both && *b != crate::types::Dir::Both && a != b {
                        let (a, b) = (self.ts(first), self.ts(term.ty));
                        return Err(format!("channels {a} and {b} have conflicting directions"));
                    }
                    if *a == crate::types::Dir::Both {
                        common = Some((term.ty, under));
                    }
                }
                _ => {
                    let (a, b) = (self.ts(first), self.ts(term.ty));
                    return Err(format!("{a} and {b} have different underlying types"));
                }
            }
        }
        common.map(|(_, under)| under).ok_or_else(|| "no specific type".to_owned())
    }

    /// As `common_underlying`, but string and byte slices mix: the string wins.
    pub fn common_bytes_or_string(&self, ty: TypeId) -> Result<TypeId, String> {
        let w = self.w;
        if let (true, Some(terms)) = (w.is_type_param(ty), w.specific_types(ty)) {
            let is_bytes = |t: &Term| self.is_byte_slice(t.ty);
            let is_string = |t: &Term| w.is_basic(t.ty, |b| b.is_string());
            if !terms.is_empty()
                && terms.iter().any(is_string)
                && terms.iter().all(|t| is_bytes(t) || is_string(t))
            {
                return Ok(TypeId::STRING);
            }
        }
        self.common_underlying(ty)
    }

    /// Whether the underlying type is a slice of bytes.
    pub fn is_byte_slice(&self, ty: TypeId) -> bool {
        match self.w.under(ty) {
            Type::Slice(elem) => self.w.identical(self.w.underlying(*elem), TypeId::UINT8),
            _ => false,
        }
    }

    /// Reports generic declarations that instantiate themselves without end.
    pub fn instance_cycles(&mut self) {
        super::infer::report_growing_instances(self);
    }
}
