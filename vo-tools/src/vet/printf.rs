//! Formats and their arguments.
//!
//! The functions of `fmt` and `log` that take a format are known; functions of the package that pass their own
//! format and arguments on to one of those are found ([`Wrappers`]). For each call with a constant format, verbs
//! and arguments are matched.

use super::{Pass, for_each_call};
use rustc_hash::FxHashMap;
use vo_syntax::ast::*;
use vo_syntax::diag::Code;
use vo_syntax::source::Span;
use vo_syntax::symbol::Symbol;
use vo_types::constant::Constant;
use vo_types::types::{Lookup, Type};
use vo_types::{Basic, ObjId, TypeId};

/// How a function prints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Style {
    /// With a format at this index of its arguments.
    Format(usize),
    /// Its arguments one after the other; the first to print has this index.
    Print(usize),
    /// As `Print`, and a newline.
    Println(usize),
}

/// The printing functions of the package itself.
#[derive(Default)]
pub(super) struct Wrappers {
    styles: FxHashMap<ObjId, Style>,
}

impl Wrappers {
    /// Finds functions that pass `format, args...` on.
    pub(super) fn find(pass: &Pass<'_>, files: &[&File]) -> Wrappers {
        let mut wrappers = Wrappers::default();
        // A wrapper may wrap another; each round finds those around the ones known so far.
        loop {
            let before = wrappers.styles.len();
            for decl in files.iter().flat_map(|f| &f.decls) {
                if let Decl::Func(d) = decl {
                    wrappers.add(pass, d);
                }
            }
            if wrappers.styles.len() == before {
                return wrappers;
            }
        }
    }

    fn add(&mut self, pass: &Pass<'_>, d: &FuncDecl) {
        let (Some(obj), Some(body)) = (pass.world.info.def(d.name.id), &d.body) else { return };
        let params: Vec<&Ident> = d.ty.params.fields.iter().flat_map(|f| &f.names).collect();
        let variadic = d.ty.params.fields.last().is_some_and(|f| f.ellipsis.is_valid());
        let [.., format, args] = &params[..] else { return };
        if !variadic || self.styles.contains_key(&obj) {
            return;
        }
        let [format_var, args_var] = [format, args].map(|n| pass.world.info.def(n.id));
        let is_string = |v: Option<ObjId>| v.is_some_and(|v| pass.world.object(v).ty() == TypeId::STRING);
        let index = params.len() - 2;
        let mut found = false;
        struct Calls<'f>(&'f mut dyn FnMut(&CallExpr));
        impl Visitor for Calls<'_> {
            fn visit_expr(&mut self, x: &Expr) {
                if let Expr::Call(call) = x {
                    (self.0)(call);
                }
                walk_expr(self, x);
            }
        }
        let mut look = |call: &CallExpr| {
            let [.., f, a] = &call.args[..] else { return };
            found |= call.ellipsis.is_valid()
                && is_string(format_var)
                && pass.variable(f) == format_var
                && pass.variable(a) == args_var
                && self.style(pass, call) == Some(Style::Format(call.args.len() - 2));
        };
        Calls(&mut look).visit_block(body);
        if found {
            self.styles.insert(obj, Style::Format(index));
        }
    }

    fn style(&self, pass: &Pass<'_>, call: &CallExpr) -> Option<Style> {
        if let Some(&style) = pass.object(&call.fun).and_then(|obj| self.styles.get(&obj)) {
            return Some(style);
        }
        let f = pass.callee(call)?;
        let logger = f.is_method("log", "Logger", &[f.name.as_str()]);
        let plain = f.recv.is_empty();
        let style = match (f.pkg.as_str(), f.name.as_str()) {
            ("fmt", "Printf" | "Sprintf" | "Errorf") if plain => Style::Format(0),
            ("fmt", "Fprintf" | "Appendf") if plain => Style::Format(1),
            ("fmt", "Print" | "Sprint") if plain => Style::Print(0),
            ("fmt", "Fprint" | "Append") if plain => Style::Print(1),
            ("fmt", "Println" | "Sprintln") if plain => Style::Println(0),
            ("fmt", "Fprintln" | "Appendln") if plain => Style::Println(1),
            ("log", "Printf" | "Fatalf" | "Panicf") if plain || logger => Style::Format(0),
            ("log", "Print" | "Fatal" | "Panic") if plain || logger => Style::Print(0),
            ("log", "Println" | "Fatalln" | "Panicln") if plain || logger => Style::Println(0),
            _ => return None,
        };
        Some(style)
    }
}

pub(super) fn check(pass: &mut Pass<'_>, file: &File, wrappers: &Wrappers) {
    for_each_call(file, |call| match wrappers.style(pass, call) {
        Some(Style::Format(index)) => format_call(pass, call, index),
        Some(Style::Print(first)) => print_call(pass, call, first, false),
        Some(Style::Println(first)) => print_call(pass, call, first, true),
        None => {}
    });
}

/// The function as messages name it: `fmt.Printf`, `(*log.Logger).Printf`, `wrapper`.
fn shown_name(pass: &Pass<'_>, call: &CallExpr) -> String {
    match pass.callee(call) {
        Some(f) if !f.recv.is_empty() => {
            format!("(*{}.{}).{}", f.pkg.rsplit('/').next().unwrap_or(&f.pkg), f.recv, f.name)
        }
        Some(f) if f.pkg == "fmt" || f.pkg == "log" => format!("{}.{}", f.pkg, f.name),
        Some(f) => f.name,
        None => call.fun.to_string(),
    }
}

fn constant_text(pass: &Pass<'_>, x: &Expr) -> Option<String> {
    match pass.world.info.constant(x.id())? {
        Constant::Str(s) => String::from_utf8(s.to_vec()).ok(),
        _ => None,
    }
}

// -----------------------------------------------------------------------------------------------------------
// Print and Println

fn print_call(pass: &mut Pass<'_>, call: &CallExpr, first: usize, line: bool) {
    let Some(args) = call.args.get(first..) else { return };
    let name = shown_name(pass, call);
    if let Some(arg) = args.first()
        && let Some(text) = constant_text(pass, arg)
        && let Some(directive) = possible_directive(&text)
    {
        let message = format!("{name} call has possible Printf formatting directive {directive}");
        pass.report(Code::PrintArguments, call.span, message);
    }
    if line
        && let Some(arg) = args.last()
        && matches!(arg, Expr::BasicLit(_))
        && constant_text(pass, arg).is_some_and(|text| text.ends_with('\n'))
    {
        pass.report(Code::PrintArguments, call.span, format!("{name} arg list ends with redundant newline"));
    }
    for arg in args {
        function_value(pass, call, &name, arg);
    }
}

/// Something in a text that looks like a verb: not `%%`, nor a per cent sign behind a number or before a blank.
fn possible_directive(text: &str) -> Option<String> {
    let trimmed = text.strip_suffix('%').unwrap_or(text);
    let at = trimmed.find('%')?;
    let rest = &trimmed[at + 1..];
    let length = rest.find(|c: char| !"+-#0123456789.*[]".contains(c))?;
    let verb = rest[length..].chars().next()?;
    let before_word = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphabetic());
    (VERBS.iter().any(|v| v.name == verb && verb != '%') && before_word(rest[length + 1..].chars().next()))
        .then(|| format!("%{}", &rest[..length + verb.len_utf8()]))
}

fn function_value(pass: &mut Pass<'_>, call: &CallExpr, name: &str, arg: &Expr) -> bool {
    let is_function = matches!(pass.under(pass.type_of(arg)), Type::Signature(_)) && !pass.is_type(arg);
    if is_function && !is_formatter(pass, pass.type_of(arg)) {
        let message = format!("{name} arg {arg} is a func value, not called");
        pass.report(Code::PrintArguments, call.span, message);
    }
    is_function
}

// -----------------------------------------------------------------------------------------------------------
// Formats

/// What a verb prints.
mod kind {
    pub(super) const BOOL: u32 = 1;
    pub(super) const INT: u32 = 2;
    pub(super) const RUNE: u32 = 4;
    pub(super) const STRING: u32 = 8;
    pub(super) const FLOAT: u32 = 16;
    pub(super) const COMPLEX: u32 = 32;
    pub(super) const POINTER: u32 = 64;
    pub(super) const ERROR: u32 = 128;
    pub(super) const ANY: u32 = u32::MAX;
}

struct Verb {
    name: char,
    flags: &'static str,
    kinds: u32,
}

const fn verb(name: char, flags: &'static str, kinds: u32) -> Verb {
    Verb { name, flags, kinds }
}

const NUMBER: &str = " -+.0";
const SHARP: &str = " -+.0#";

const VERBS: &[Verb] = &[
    verb('%', "", 0),
    verb('b', SHARP, kind::INT | kind::FLOAT | kind::COMPLEX | kind::POINTER),
    verb('c', "-", kind::RUNE | kind::INT),
    verb('d', NUMBER, kind::INT | kind::POINTER),
    verb('e', SHARP, kind::FLOAT | kind::COMPLEX),
    verb('E', SHARP, kind::FLOAT | kind::COMPLEX),
    verb('f', SHARP, kind::FLOAT | kind::COMPLEX),
    verb('F', SHARP, kind::FLOAT | kind::COMPLEX),
    verb('g', SHARP, kind::FLOAT | kind::COMPLEX),
    verb('G', SHARP, kind::FLOAT | kind::COMPLEX),
    verb('o', SHARP, kind::INT | kind::POINTER),
    verb('O', SHARP, kind::INT | kind::POINTER),
    verb('p', "-#", kind::POINTER),
    verb('q', SHARP, kind::RUNE | kind::INT | kind::STRING),
    verb('s', NUMBER, kind::STRING),
    verb('t', "-", kind::BOOL),
    verb('T', "-", kind::ANY),
    verb('U', "-#", kind::RUNE | kind::INT),
    verb('v', SHARP, kind::ANY),
    verb('w', SHARP, kind::ERROR),
    verb('x', SHARP, kind::RUNE | kind::INT | kind::STRING | kind::POINTER | kind::FLOAT | kind::COMPLEX),
    verb('X', SHARP, kind::RUNE | kind::INT | kind::STRING | kind::POINTER | kind::FLOAT | kind::COMPLEX),
];

/// A directive of a format.
struct Directive<'t> {
    text: &'t str,
    flags: String,
    /// Arguments that a `*` takes, by index.
    stars: Vec<usize>,
    /// The argument that the verb takes.
    arg: usize,
    verb: char,
}

/// Reads formats; `next` is the argument that the next verb takes.
struct Reader<'t> {
    rest: &'t str,
    next: usize,
    indexed: bool,
}

/// What is wrong with `[n]`.
enum BadIndex<'t> {
    Open,
    NoNumber(&'t str),
}

enum Step<'t> {
    Directive(Directive<'t>),
    /// The format ends within a directive.
    Incomplete(&'t str),
    /// What stands for an argument's index is no such number.
    BadIndex(&'t str),
    /// `[` without `]`.
    OpenIndex(&'t str),
    End,
}

impl<'t> Reader<'t> {
    fn step(&mut self) -> Step<'t> {
        let Some(at) = self.rest.find('%') else { return Step::End };
        let text = &self.rest[at..];
        let mut p = &text[1..];
        let flag_end = p.find(|c: char| !"#0+- ".contains(c)).unwrap_or(p.len());
        let mut flags = p[..flag_end].to_owned();
        p = &p[flag_end..];
        let mut stars = Vec::new();
        let mut bad = self.index(&mut p);
        self.number(&mut p, &mut stars);
        if let Some(rest) = p.strip_prefix('.') {
            flags.push('.');
            p = rest;
            bad = bad.or(self.index(&mut p));
            self.number(&mut p, &mut stars);
        }
        bad = bad.or(self.index(&mut p));
        match bad {
            None => {}
            Some(BadIndex::Open) => return Step::OpenIndex(text),
            Some(BadIndex::NoNumber(index)) => return Step::BadIndex(index),
        }
        let Some(verb) = p.chars().next() else {
            self.rest = "";
            return Step::Incomplete(text);
        };
        let end = text.len() - p.len() + verb.len_utf8();
        self.rest = &text[end..];
        let arg = self.next;
        if verb != '%' {
            self.next += 1;
        }
        Step::Directive(Directive { text: &text[..end], flags, stars, arg, verb })
    }

    /// `[n]`: what is wrong with it, if anything.
    fn index(&mut self, p: &mut &'t str) -> Option<BadIndex<'t>> {
        let text = *p;
        let rest = p.strip_prefix('[')?;
        let Some((digits, rest)) = rest.split_once(']') else { return Some(BadIndex::Open) };
        *p = rest;
        self.indexed = true;
        match digits.parse::<usize>() {
            Ok(n) if (1..=1_000_000).contains(&n) => {
                self.next = n - 1;
                None
            }
            _ => Some(BadIndex::NoNumber(&text[..digits.len() + 2])),
        }
    }

    /// A width or precision.
    fn number(&mut self, p: &mut &'t str, stars: &mut Vec<usize>) {
        if let Some(rest) = p.strip_prefix('*') {
            *p = rest;
            stars.push(self.next);
            self.next += 1;
            return;
        }
        *p = p.trim_start_matches(|c: char| c.is_ascii_digit());
    }
}

fn format_call(pass: &mut Pass<'_>, call: &CallExpr, index: usize) {
    let Some(format) = call.args.get(index) else { return };
    let name = shown_name(pass, call);
    let args = &call.args[index + 1..];
    let Some(text) = constant_text(pass, format) else {
        let is_text = pass.world.is_basic(pass.type_of(format), |b| b.is_string());
        if args.is_empty() && is_text && !call.ellipsis.is_valid() {
            let message = format!("non-constant format string in call to {name}");
            pass.report(Code::PrintArguments, format.span(), message);
        }
        return;
    };
    if !text.contains('%') {
        if !args.is_empty() && !text.is_empty() {
            let message = format!("{name} call has arguments but no formatting directives");
            pass.report(Code::PrintArguments, call.span, message);
        }
        return;
    }
    // With args... their number is not known.
    let known = if call.ellipsis.is_valid() { args.len().saturating_sub(1) } else { args.len() };
    // A call with several results gives several arguments.
    let spread = args.len() == 1 && matches!(pass.world.types.get(pass.type_of(&args[0])), Type::Tuple(_));
    if spread {
        return;
    }
    let mut reader = Reader { rest: &text, next: 0, indexed: false };
    let mut used = 0;
    loop {
        let directive = match reader.step() {
            Step::End => break,
            Step::Incomplete(text) => {
                let message = format!("{name} format {text} is missing verb at end of string");
                pass.report(Code::PrintArguments, call.span, message);
                return;
            }
            Step::BadIndex(index) => {
                let message = format!("{name} format has invalid argument index {index}");
                pass.report(Code::PrintArguments, call.span, message);
                return;
            }
            Step::OpenIndex(text) => {
                let message = format!("{name} format {text} is missing closing ]");
                pass.report(Code::PrintArguments, call.span, message);
                return;
            }
            Step::Directive(d) => d,
        };
        if !directive_fits(pass, call, &name, &directive, args, known) {
            return;
        }
        used = used.max(reader.next);
    }
    if !reader.indexed && !call.ellipsis.is_valid() && used < args.len() {
        let needs = if used == 1 { "1 arg".to_owned() } else { format!("{used} args") };
        let has = if args.len() == 1 { "1 arg".to_owned() } else { format!("{} args", args.len()) };
        pass.report(Code::PrintArguments, call.span, format!("{name} call needs {needs} but has {has}"));
    }
}

/// Checks a directive; false if the rest is not worth looking at.
fn directive_fits(
    pass: &mut Pass<'_>,
    call: &CallExpr,
    name: &str,
    d: &Directive<'_>,
    args: &[Expr],
    known: usize,
) -> bool {
    let text = d.text;
    let Some(verb) = VERBS.iter().find(|v| v.name == d.verb) else {
        // A type with a Format method has verbs of its own.
        if args.get(d.arg).is_some_and(|x| may_format(pass, pass.type_of(x))) {
            return true;
        }
        let message = format!("{name} format {text} has unknown verb {}", d.verb);
        pass.report(Code::PrintArguments, call.span, message);
        return false;
    };
    let formats_itself = args.get(d.arg).is_some_and(|x| may_format(pass, pass.type_of(x)));
    if let Some(flag) = d.flags.chars().find(|&f| f != '0' && !verb.flags.contains(f))
        && !formats_itself
    {
        let message = format!("{name} format {text} has unrecognized flag {flag}");
        pass.report(Code::PrintArguments, call.span, message);
        return false;
    }
    if d.verb == '%' {
        return true;
    }
    if d.verb == 'w' && !name.ends_with("Errorf") {
        let message = format!("{name} does not support error-wrapping directive %w");
        pass.report(Code::PrintArguments, call.span, message);
        return false;
    }
    for &star in &d.stars {
        if !in_range(pass, call, name, text, star, known) {
            return false;
        }
        let Some(arg) = args.get(star).filter(|_| star < known) else { continue };
        let ty = pass.type_of(arg);
        if !pass.world.is_basic(ty, |b| b.is_integer())
            && !pass.world.is_invalid(ty)
            && !pass.world.is_type_param(ty)
        {
            let message = format!("{name} format {text} uses non-int {arg} as argument of *");
            pass.report(Code::PrintArguments, call.span, message);
            return false;
        }
    }
    if !in_range(pass, call, name, text, d.arg, known) {
        return false;
    }
    let Some(arg) = args.get(d.arg).filter(|_| d.arg < known) else { return true };
    argument_fits(pass, call, name, d, verb, arg);
    true
}

fn in_range(pass: &mut Pass<'_>, call: &CallExpr, name: &str, text: &str, arg: usize, known: usize) -> bool {
    if arg < known || call.ellipsis.is_valid() {
        return true;
    }
    let has = if known == 1 { "1 arg".to_owned() } else { format!("{known} args") };
    let message = format!("{name} format {text} reads arg #{}, but call has {has}", arg + 1);
    pass.report(Code::PrintArguments, call.span, message);
    false
}

fn argument_fits(
    pass: &mut Pass<'_>,
    call: &CallExpr,
    name: &str,
    d: &Directive<'_>,
    verb: &Verb,
    arg: &Expr,
) {
    let ty = pass.type_of(arg);
    if d.verb == 'p' || d.verb == 'T' {
        // A function's address and type can be printed.
    } else if function_value(pass, call, &format!("{name} format {}", d.text), arg) {
        return;
    }
    let mut seen = Vec::new();
    if !fits(pass, verb.kinds, ty, true, &mut seen) {
        let span: Span = call.span;
        let ty = pass.type_text(ty);
        let message = format!("{name} format {} has arg {arg} of wrong type {ty}", d.text);
        pass.report(Code::PrintArguments, span, message);
    }
}

fn has_method(pass: &Pass<'_>, ty: TypeId, name: &str, params: usize, result: Option<TypeId>) -> bool {
    // Unexported methods do not count, so any package may look.
    let (Lookup::Found(found) | Lookup::NeedsPointer(found)) =
        pass.world.lookup(ty, false, Some(pass.pkg), Symbol::intern(name))
    else {
        return false;
    };
    if matches!(pass.world.lookup(ty, false, Some(pass.pkg), Symbol::intern(name)), Lookup::NeedsPointer(_)) {
        return false;
    }
    let sig = pass.world.found_type(&found);
    pass.world.types.as_signature(sig).is_some_and(|s| {
        s.params.len() == params
            && match result {
                Some(ty) => s.results.len() == 1 && s.results[0].ty == ty,
                None => s.results.is_empty(),
            }
    })
}

fn is_formatter(pass: &Pass<'_>, ty: TypeId) -> bool {
    has_method(pass, ty, "Format", 2, None)
}

/// Whether a value may format itself: it has the method, or may hold one that has.
fn may_format(pass: &Pass<'_>, ty: TypeId) -> bool {
    is_formatter(pass, ty)
        || pass.world.is_invalid(ty)
        || matches!(pass.under(ty), Type::Interface(_))
        || pass.world.is_type_param(ty)
}

fn is_text(pass: &Pass<'_>, ty: TypeId) -> bool {
    has_method(pass, ty, "Error", 0, Some(TypeId::STRING))
        || has_method(pass, ty, "String", 0, Some(TypeId::STRING))
}

/// Whether a verb that prints `kinds` prints values of a type; of composite types all parts.
fn fits(pass: &Pass<'_>, kinds: u32, ty: TypeId, top: bool, seen: &mut Vec<TypeId>) -> bool {
    if kinds == kind::ANY || may_format(pass, ty) && kinds != kind::ERROR {
        return true;
    }
    if kinds == kind::ERROR {
        return pass.world.is_invalid(ty)
            || pass.world.is_type_param(ty)
            || has_method(pass, ty, "Error", 0, Some(TypeId::STRING));
    }
    if kinds & kind::STRING != 0 && is_text(pass, ty) {
        return true;
    }
    let ty = pass.world.underlying(ty);
    if seen.contains(&ty) {
        return true;
    }
    seen.push(ty);
    let mut part = |ty: TypeId| fits(pass, kinds, ty, false, seen);
    let pointer = kinds & kind::POINTER != 0;
    match pass.world.types.get(ty) {
        Type::Basic(b) => basic_fits(kinds, *b),
        Type::Slice(elem) | Type::Array { elem, .. } => {
            let bytes = pass.world.is_basic(*elem, |b| b == Basic::Uint8) && kinds & kind::STRING != 0;
            let address = kinds == kind::POINTER && matches!(pass.world.types.get(ty), Type::Slice(_));
            bytes || address || part(*elem)
        }
        Type::Map { key, value } => kinds == kind::POINTER || part(*key) && part(*value),
        Type::Chan { .. } | Type::Signature(_) | Type::Port { .. } | Type::Island => pointer,
        Type::Pointer(elem) => {
            if kinds == kind::POINTER {
                return true;
            }
            let inner = matches!(
                pass.under(*elem),
                Type::Struct(_) | Type::Array { .. } | Type::Slice(_) | Type::Map { .. }
            );
            if inner && top { part(*elem) } else { pointer }
        }
        Type::Struct(s) => s.fields.iter().all(|f| {
            // An unexported field's methods cannot be called.
            part(f.ty)
        }),
        _ => true,
    }
}

fn basic_fits(kinds: u32, b: Basic) -> bool {
    let of = match b {
        Basic::Invalid | Basic::UntypedNil => return b == Basic::Invalid,
        Basic::UnsafePointer => kind::POINTER | kind::INT,
        b if b.is_boolean() => kind::BOOL,
        b if b.is_string() => kind::STRING,
        b if b.is_float() => kind::FLOAT,
        b if b.is_complex() => kind::COMPLEX,
        Basic::Int32 | Basic::UntypedRune => kind::INT | kind::RUNE,
        _ => kind::INT,
    };
    kinds & of != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read() {
        let mut reader = Reader { rest: "a %d %*.*f %[1]s %%", next: 0, indexed: false };
        let mut found = Vec::new();
        while let Step::Directive(d) = reader.step() {
            found.push((d.verb, d.arg, d.stars.clone()));
        }
        let want = vec![('d', 0, vec![]), ('f', 3, vec![1, 2]), ('s', 0, vec![]), ('%', 1, vec![])];
        assert_eq!(found, want);
    }

    #[test]
    fn directives_in_plain_text() {
        assert_eq!(possible_directive("x %d"), Some("%d".into()));
        assert_eq!(possible_directive("100%"), None);
        assert_eq!(possible_directive("50% done"), None);
        assert_eq!(possible_directive("100%off"), None);
    }
}
