//! Packages that an embedding program makes of Rust functions.
//!
//! ```
//! use vo::{Engine, HostPackage, RunOptions, Text};
//!
//! let mut stock = HostPackage::new("shop/stock");
//! stock.function("Price", |article: String| match article.as_str() {
//!     "tea" => Ok(350_isize),
//!     _ => Err(format!("no article {article}")),
//! });
//! let mut engine = Engine::new();
//! engine.add_package(stock)?;
//! let source = r#"
//! package main
//!
//! import "shop/stock"
//!
//! func main() {
//!     cents, err := stock.Price("tea")
//!     println(cents, err == nil)
//!     _, err = stock.Price("tar")
//!     println(err.Error())
//! }
//! "#;
//! let program = engine.compile_text(&Text { name: "shop.vo", text: source.as_bytes() })?;
//! let run = program.run_captured(RunOptions::default());
//! assert_eq!(run.stdout, b"350 true\nno article tar\n");
//! # Ok::<(), vo::CompileError>(())
//! ```
//!
//! The package's source is written from the Rust types, so a program is checked against what the functions take and
//! answer. It declares a *native* for each function; where the answer may be an error, the exported function is a wrapper
//! that makes one of the native's text, for a native cannot make values of package errors.

mod function;
mod reply;
mod value;

pub use function::{HostArguments, HostFunction, HostRequest};
pub use reply::Reply;
pub use value::{HostAnswer, HostNumber, HostValue};

use crate::driver::CompileError;
use reply::Slot;
use std::any::Any;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use vo_bytecode::{Class, Status};
use vo_std::abi::{Str, Word};
use vo_syntax::source::Dialect;
use vo_syntax::token::Token;
use vo_vm::{Classes, HostFn, HostNative, NativeCx};

/// A Vo package whose functions are Rust closures.
pub struct HostPackage {
    path: String,
    functions: Vec<Function>,
}

/// A function as it is declared and called.
struct Function {
    name: String,
    params: Vec<String>,
    results: Vec<String>,
    fails: bool,
    native: HostNative,
}

/// A package in the engine's terms.
pub(crate) struct Built {
    pub path: String,
    pub source: String,
    /// By the names that the module calls them by.
    pub natives: Vec<(String, HostNative)>,
}

impl HostPackage {
    /// An empty package with this import path, whose last element is its name.
    pub fn new(path: impl Into<String>) -> HostPackage {
        HostPackage { path: path.into(), functions: Vec::new() }
    }

    /// Adds a function that answers at once. It runs on a worker of the scheduler: one that waits holds up the worker, and
    /// others' goroutines with it.
    ///
    /// A panic of the closure is a panic of the goroutine that called.
    pub fn function<A: HostArguments, F: HostFunction<A>>(&mut self, name: &str, function: F) -> &mut Self {
        let shown = self.shown(name);
        let run = move |cx: &mut NativeCx<'_>, args: &[u64], results: &mut [u64]| {
            let arguments = A::get(args);
            let answer = catch_unwind(AssertUnwindSafe(|| function.call(arguments)));
            deliver(cx, &shown, answer, results)
        };
        self.add::<A, F::Answer>(name, Arc::new(run))
    }

    /// Adds a function that may take its time: it runs on a thread of the blocking pool, while the goroutine that
    /// called waits.
    ///
    /// A panic of the closure is a panic of the goroutine that called.
    pub fn blocking<A: HostArguments, F: HostFunction<A>>(&mut self, name: &str, function: F) -> &mut Self {
        let shown: Arc<str> = self.shown(name).into();
        let function = Arc::new(function);
        let run = move |cx: &mut NativeCx<'_>, args: &[u64], _: &mut [u64]| {
            let arguments = A::get(args);
            let (function, shown) = (function.clone(), shown.clone());
            cx.block(
                move || catch_unwind(AssertUnwindSafe(|| function.call(arguments))),
                move |cx, answer, results| deliver(cx, &shown, answer, results),
            )
        };
        self.add::<A, F::Answer>(name, Arc::new(run))
    }

    /// Adds a function whose answer comes later: the closure is given a [`Reply`] behind its arguments, hands it to
    /// whoever will know, a task of an asynchronous executor perhaps, and returns. The goroutine that called waits,
    /// and no thread does.
    ///
    /// A panic of the closure, and a reply that is dropped, is a panic of the goroutine that called.
    pub fn request<A: HostArguments, R: HostAnswer, F: HostRequest<A, R>>(
        &mut self,
        name: &str,
        function: F,
    ) -> &mut Self {
        let shown: Arc<str> = self.shown(name).into();
        let run = move |cx: &mut NativeCx<'_>, args: &[u64], _: &mut [u64]| {
            let arguments = A::get(args);
            let slot = Slot::new();
            let (asked, shown) = (slot.clone(), shown.clone());
            cx.wait_outside(
                |caller| {
                    // A closure that panics drops its reply, and with it wakes the goroutine.
                    let call = || function.call(arguments, Reply::new(asked, caller));
                    let _ = catch_unwind(AssertUnwindSafe(call));
                },
                move |cx, results| match slot.take() {
                    Some(answer) => deliver(cx, &shown, Ok(answer), results),
                    None => cx.panic_string(&format!("host function {shown} gave no answer")),
                },
            )
        };
        self.add::<A, R>(name, Arc::new(run))
    }

    fn shown(&self, name: &str) -> String {
        format!("{}.{name}", self.name())
    }

    fn add<A: HostArguments, R: HostAnswer>(&mut self, name: &str, run: Arc<HostFn>) -> &mut Self {
        let mut results = R::classes();
        if R::fails() {
            results.extend(failure_classes());
        }
        self.functions.push(Function {
            name: name.to_owned(),
            params: A::vo_types(),
            results: R::vo_types(),
            fails: R::fails(),
            native: HostNative { run, params: A::classes(), results },
        });
        self
    }

    /// Its name: the last element of the path.
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Its source, as the compiler gets it: what a program may call.
    pub fn source(&self) -> String {
        let mut text = format!("package {}\n", self.name());
        if self.functions.iter().any(|f| f.fails) {
            text.push_str("\nimport \"errors\"\n");
        }
        self.functions.iter().for_each(|f| f.declare(&mut text));
        text
    }

    /// What the engine needs of it, if it is in order.
    pub(crate) fn build(self) -> Result<Built, CompileError> {
        let wrong = |what: String| Err(CompileError::Input(format!("host package {:?}: {what}", self.path)));
        if vo_std::has_package(&self.path) {
            return wrong("the library has a package of this path".into());
        }
        let parts: Vec<&str> = self.path.split('/').collect();
        if !parts.iter().all(|part| is_path_element(part)) || !is_identifier(self.name()) {
            return wrong("not an import path that ends in a package name".into());
        }
        for (i, f) in self.functions.iter().enumerate() {
            if !is_identifier(&f.name) || !f.name.starts_with(|c: char| c.is_ascii_uppercase()) {
                return wrong(format!("{:?} is not the name of an exported function", f.name));
            }
            if self.functions[..i].iter().any(|other| other.name == f.name) {
                return wrong(format!("function {} is there twice", f.name));
            }
            if f.native.results.len() > Classes::MOST || f.native.params.len() > Classes::MOST {
                return wrong(format!("function {} takes or answers too much", f.name));
            }
        }
        let source = self.source();
        let named = |f: Function| (format!("{}.{}", self.path, f.native_name()), f.native);
        let natives = self.functions.into_iter().map(named).collect();
        Ok(Built { path: self.path.clone(), source, natives })
    }
}

/// The results that stand for an error: whether there is one, and its text.
fn failure_classes() -> impl Iterator<Item = Class> {
    <(bool, Str)>::CLASSES.to_vec().into_iter()
}

/// Writes what a host function has answered.
fn deliver<R: HostAnswer>(
    cx: &mut NativeCx<'_>,
    name: &str,
    answer: Result<R, Box<dyn Any + Send>>,
    results: &mut [u64],
) -> Status {
    let answer = match answer {
        Ok(answer) => answer,
        Err(payload) => {
            let text = panic_text(payload.as_ref());
            return cx.panic_string(&format!("host function {name} panicked: {text}"));
        }
    };
    results.fill(0);
    let own = results.len() - if R::fails() { failure_classes().count() } else { 0 };
    if let Some(text) = answer.put(cx, &mut results[..own]) {
        let text = cx.string(text.as_bytes());
        (true, text).put(&mut results[own..]);
    }
    Status::Ok
}

fn panic_text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no text)")
}

impl Function {
    /// The native's name: the function's own, where no wrapper stands before it.
    fn native_name(&self) -> String {
        if self.fails { format!("host{}", self.name) } else { self.name.clone() }
    }

    /// Declares it.
    fn declare(&self, text: &mut String) {
        let letters = || ('a'..='z').map(String::from);
        let params: Vec<String> =
            letters().zip(&self.params).map(|(name, ty)| format!("{name} {ty}")).collect();
        let params = params.join(", ");
        let results = match (&self.results[..], self.fails) {
            ([], true) => " error".to_owned(),
            (results, true) => format!(" ({}, error)", results.join(", ")),
            ([], false) => String::new(),
            ([result], false) => format!(" {result}"),
            (results, false) => format!(" ({})", results.join(", ")),
        };
        let name = &self.name;
        if !self.fails {
            let _ = write!(text, "\nfunc {name}({params}){results}\n");
            return;
        }
        let native = self.native_name();
        let values: Vec<String> = (0..self.results.len()).map(|i| format!("r{i}, ")).collect();
        let values = values.concat();
        let arguments: Vec<String> = letters().take(self.params.len()).collect();
        let arguments = arguments.join(", ");
        let types: String = self.results.iter().map(|ty| format!("{ty}, ")).collect();
        let _ = write!(
            text,
            "\nfunc {name}({params}){results} {{\n\
             \t{values}failed, text := {native}({arguments})\n\
             \tif failed {{\n\t\treturn {values}errors.New(text)\n\t}}\n\
             \treturn {values}nil\n}}\n\
             \nfunc {native}({params}) ({types}bool, string)\n"
        );
    }
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && Token::keyword(name.as_bytes(), Dialect::Vo).is_none()
}

fn is_path_element(part: &str) -> bool {
    !part.is_empty()
        && !part.starts_with('.')
        && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~".contains(c))
}
