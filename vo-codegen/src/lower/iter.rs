//! Range over functions.

use vo_syntax::ast::{self, BranchKind, NodeId};

use super::Lower;

impl<'w> Lower<'_, 'w> {
    /// `for x := range f`
    pub(super) fn range_func(&mut self, s: &'w ast::RangeStmt) {
        self.p.unsupported(s.span, "range over a function");
    }

    /// A branch that leaves the body of a range over a function.
    pub(super) fn branch_out(&mut self, _: BranchKind, _: NodeId) -> bool {
        false
    }

    /// A `return` inside of the body of a range over a function.
    pub(super) fn return_from_range(&mut self, _: &'w ast::ReturnStmt) -> bool {
        false
    }
}
