//! Rust closures as host functions: their parameters, and how they are called.

use super::reply::Reply;
use super::value::{HostAnswer, HostValue};
use vo_bytecode::Class;

/// The parameters of a host function.
pub trait HostArguments: Send + 'static {
    /// Their Vo types.
    fn vo_types() -> Vec<String>;
    /// The classes of their words.
    fn classes() -> Vec<Class>;
    /// From their words.
    #[doc(hidden)]
    fn get(words: &[u64]) -> Self;
}

/// A closure that is given all its arguments and answers.
pub trait HostFunction<Arguments: HostArguments>: Send + Sync + 'static {
    /// What it answers.
    type Answer: HostAnswer;
    #[doc(hidden)]
    fn call(&self, arguments: Arguments) -> Self::Answer;
}

/// A closure that is given a [`Reply`] behind its arguments, for an answer that comes later.
pub trait HostRequest<Arguments: HostArguments, Answer: HostAnswer>: Send + Sync + 'static {
    #[doc(hidden)]
    fn call(&self, arguments: Arguments, reply: Reply<Answer>);
}

macro_rules! arguments {
    ($(($($name:ident),*);)*) => {
        $(
            impl<$($name: HostValue),*> HostArguments for ($($name,)*) {
                fn vo_types() -> Vec<String> {
                    vec![$($name::vo_type()),*]
                }
                fn classes() -> Vec<Class> {
                    let each: &[Vec<Class>] = &[$($name::classes()),*];
                    each.concat()
                }
                #[allow(unused_variables, unused_mut, unused_assignments, clippy::unused_unit)]
                fn get(words: &[u64]) -> Self {
                    let mut rest = words;
                    ($({
                        let (now, later) = rest.split_at($name::classes().len());
                        rest = later;
                        $name::get(now)
                    },)*)
                }
            }

            impl<Function, Answer, $($name: HostValue),*> HostFunction<($($name,)*)> for Function
            where
                Function: Fn($($name),*) -> Answer + Send + Sync + 'static,
                Answer: HostAnswer,
            {
                type Answer = Answer;
                #[allow(non_snake_case)]
                fn call(&self, ($($name,)*): ($($name,)*)) -> Answer {
                    self($($name),*)
                }
            }

            impl<Function, Answer, $($name: HostValue),*> HostRequest<($($name,)*), Answer> for Function
            where
                Function: Fn($($name,)* Reply<Answer>) + Send + Sync + 'static,
                Answer: HostAnswer,
            {
                #[allow(non_snake_case)]
                fn call(&self, ($($name,)*): ($($name,)*), reply: Reply<Answer>) {
                    self($($name,)* reply)
                }
            }
        )*
    };
}

arguments! { (); (A); (A, B); (A, B, C); (A, B, C, D); (A, B, C, D, E); (A, B, C, D, E, F); }
