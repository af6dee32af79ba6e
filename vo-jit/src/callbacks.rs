//! The machine's callbacks as compiled code calls them: grown from `vo_bytecode::callbacks`.

use cranelift_codegen::ir::{AbiParam, Signature, types};
use cranelift_codegen::isa::CallConv;

macro_rules! count_params {
    ($($param:ident)*) => { { let names: &[&str] = &[$(stringify!($param)),*]; names.len() } };
}

macro_rules! result_type {
    (word) => {
        Some(types::I64)
    };
    (addr) => {
        Some(types::I64)
    };
    (status) => {
        Some(crate::abi::STATUS)
    };
    (none) => {
        None
    };
}

macro_rules! define {
    ($($name:ident $doc:literal ($($param:ident : $ty:ident),*) -> $ret:ident;)*) => {
        /// A callback; the number is its place in the table.
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(usize)]
        pub(crate) enum Callback { $(#[doc = $doc] #[allow(dead_code)] $name,)* }

        impl Callback {
            /// How many there are.
            #[cfg(test)]
            pub(crate) const COUNT: usize = [$(stringify!($name)),*].len();

            /// The signature in the platform's convention, the context first.
            pub(crate) fn signature(self, conv: CallConv) -> Signature {
                let (params, result) = match self {
                    $(Callback::$name => (count_params!($($param)*), result_type!($ret)),)*
                };
                let mut sig = Signature::new(conv);
                sig.params = vec![AbiParam::new(types::I64); params + 1];
                sig.returns.extend(result.map(AbiParam::new));
                sig
            }
        }
    };
}

vo_bytecode::for_each_callback!(define);

impl Callback {
    /// Whether it may end the program with a fatal error (no memory, a map that two goroutines use): the
    /// frame that calls is noted before, for the trace.
    pub(crate) fn may_end(self) -> bool {
        use Callback as C;
        matches!(
            self,
            C::alloc
                | C::remake
                | C::make_slice
                | C::str_concat
                | C::str_convert
                | C::slice_grow
                | C::slice_append
        ) || matches!(self, C::map_new | C::map_get | C::map_set | C::map_delete | C::map_clear)
            || matches!(self, C::str_concat2 | C::str_copy | C::bytes_copy | C::map_find64 | C::map_find32)
            || matches!(self, C::map_find_str | C::map_put64 | C::map_put32 | C::map_put_str)
            || matches!(self, C::map_iter | C::map_next | C::chan_new | C::defer_push)
    }

    /// Offset of its address in the table, in bytes.
    pub(crate) fn offset(self) -> i32 {
        8 * self as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vo_runtime::context::VmCallbacks;

    #[test]
    fn numbers_are_places_in_the_table() {
        assert_eq!(Callback::COUNT, VmCallbacks::NAMES.len());
        let alloc = VmCallbacks::NAMES.iter().position(|&n| n == "alloc").unwrap();
        assert_eq!(Callback::alloc.offset(), 8 * alloc as i32);
    }
}
