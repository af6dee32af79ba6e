//! What the checker found out about the nodes of the syntax tree.
//!
//! Node ids are program-wide and dense, so the tables are plain vectors and one [`Info`] serves
//! the whole program. Tables grow when bodies are checked; reading needs `&self` only.

use std::cell::RefCell;

use elsa::FrozenVec;
use rustc_hash::FxHashMap;
use vo_syntax::ast::NodeId;

use crate::constant::Constant;
use crate::object::ObjId;
use crate::types::TypeId;
use crate::universe::Builtin;

/// What an expression denotes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Not an expression, not reached, or in error.
    Invalid,
    /// A call without results.
    NoValue,
    /// A predeclared function (it can only be called).
    Builtin(Builtin),
    /// A type.
    TypeExpr,
    /// A constant; [`Info::constant`] has the value.
    Constant,
    /// An addressable variable.
    Variable,
    /// A map index expression: assignable, not addressable, has a comma-ok form.
    MapIndex,
    /// A value.
    Value,
    /// `nil`; the type is the one it was converted to.
    NilValue,
    /// A value that has a comma-ok form (type assertion, receive). When the form is used the
    /// node's type is the tuple (T, bool).
    CommaOk,
}

/// Mode and type of an expression. Untyped constants have the type that their context gave them.
#[derive(Clone, Copy, Debug)]
pub struct TypeAndValue {
    /// What the expression denotes.
    pub mode: Mode,
    /// Its type; for a call with several results, or a comma-ok form, a tuple.
    pub ty: TypeId,
    value: u32,
}

impl TypeAndValue {
    /// Whether the expression is a type.
    pub fn is_type(self) -> bool {
        self.mode == Mode::TypeExpr
    }

    /// Whether the expression is a constant.
    pub fn is_constant(self) -> bool {
        self.mode == Mode::Constant
    }

    /// Whether `&x` is allowed, composite literals apart.
    pub fn is_addressable(self) -> bool {
        self.mode == Mode::Variable
    }
}

/// What a selector expression `x.f` selects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SelectionKind {
    /// A field of a value.
    FieldVal,
    /// A method of a value (called or bound).
    MethodVal,
    /// `T.method`: a function whose first parameter is the receiver.
    MethodExpr,
}

/// The thing selected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// A field: the last step of the path.
    Field,
    /// A declared method (of the generic origin, if its receiver type is an instance).
    Method(ObjId),
    /// A method of an interface (or of a type parameter's constraint): its index in the sorted
    /// type set of the interface at the end of the path.
    Interface(u32),
}

/// A resolved selector.
#[derive(Clone, Debug)]
pub struct Selection {
    /// What is selected.
    pub kind: SelectionKind,
    /// The type of `x` in `x.f`.
    pub recv: TypeId,
    /// The field or method.
    pub target: Target,
    /// Field indices from `recv` on: through embedded fields, and for `FieldVal` the field itself
    /// last. Pointers are followed on the way.
    pub path: Box<[u32]>,
    /// Whether a pointer is followed on the way to the target.
    pub indirect: bool,
    /// The type of the whole selector expression.
    pub ty: TypeId,
}

/// The instantiation of a generic function or type at an identifier.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The type arguments, inferred ones included.
    pub targs: Box<[TypeId]>,
    /// The instantiated type (a signature for functions).
    pub ty: TypeId,
}

const NO_OBJ: ObjId = ObjId(u32::MAX);
const NO_VALUE: u32 = u32::MAX;
const BLANK: TypeAndValue = TypeAndValue { mode: Mode::Invalid, ty: TypeId::INVALID, value: NO_VALUE };

/// See the module's description.
#[derive(Default)]
pub struct Info {
    types: RefCell<Vec<TypeAndValue>>,
    constants: FrozenVec<Box<Constant>>,
    defs: RefCell<Vec<ObjId>>,
    uses: RefCell<Vec<ObjId>>,
    implicits: RefCell<FxHashMap<NodeId, ObjId>>,
    selection_ids: RefCell<FxHashMap<NodeId, u32>>,
    selections: FrozenVec<Box<Selection>>,
    instance_ids: RefCell<FxHashMap<NodeId, u32>>,
    instances: FrozenVec<Box<Instance>>,
    jumps: RefCell<FxHashMap<NodeId, NodeId>>,
}

fn put<T: Copy>(table: &RefCell<Vec<T>>, node: NodeId, value: T, blank: T) {
    let mut table = table.borrow_mut();
    let index = node.index();
    if index >= table.len() {
        let len = (index + 1).next_multiple_of(1024);
        table.resize(len, blank);
    }
    table[index] = value;
}

fn object(table: &RefCell<Vec<ObjId>>, node: NodeId) -> Option<ObjId> {
    table.borrow().get(node.index()).copied().filter(|&obj| obj != NO_OBJ)
}

impl Info {
    /// Mode and type of an expression; `None` for nodes that are not (checked) expressions.
    pub fn type_and_value(&self, node: NodeId) -> Option<TypeAndValue> {
        self.types.borrow().get(node.index()).copied().filter(|tv| tv.mode != Mode::Invalid)
    }

    /// The type of an expression, [`TypeId::INVALID`] if there is none.
    pub fn type_of(&self, node: NodeId) -> TypeId {
        self.type_and_value(node).map_or(TypeId::INVALID, |tv| tv.ty)
    }

    /// The value of a constant expression.
    pub fn constant(&self, node: NodeId) -> Option<&Constant> {
        let tv = self.type_and_value(node)?;
        self.constants.get(tv.value as usize)
    }

    /// The object that an identifier declares. The blank identifier and the symbolic variable of
    /// a type switch declare nothing.
    pub fn def(&self, ident: NodeId) -> Option<ObjId> {
        object(&self.defs, ident)
    }

    /// The object that an identifier refers to.
    pub fn use_of(&self, ident: NodeId) -> Option<ObjId> {
        object(&self.uses, ident)
    }

    /// The object that an identifier declares or refers to.
    pub fn object_of(&self, ident: NodeId) -> Option<ObjId> {
        self.def(ident).or_else(|| self.use_of(ident))
    }

    /// Objects declared without an identifier of their own: the variable of a type switch clause
    /// (by the clause's node), an unnamed parameter or result (by its field's node), an import
    /// without a name (by the import spec's node).
    pub fn implicit(&self, node: NodeId) -> Option<ObjId> {
        self.implicits.borrow().get(&node).copied()
    }

    /// What a selector expression (by the selector's node) selects; `None` for a qualified
    /// identifier `pkg.Name`, whose object is `use_of` its final identifier.
    pub fn selection(&self, node: NodeId) -> Option<&Selection> {
        let id = *self.selection_ids.borrow().get(&node)?;
        self.selections.get(id as usize)
    }

    /// The instantiation at an identifier that names a generic function or type.
    pub fn instance(&self, ident: NodeId) -> Option<&Instance> {
        let id = *self.instance_ids.borrow().get(&ident)?;
        self.instances.get(id as usize)
    }

    /// Where a branch statement goes: the statement it leaves or continues (`for`, `range`,
    /// `switch`, type switch, `select`, or for `break` the labeled block's inner statement), or
    /// the labeled statement of a `goto`.
    pub fn jump_target(&self, branch: NodeId) -> Option<NodeId> {
        self.jumps.borrow().get(&branch).copied()
    }

    pub(crate) fn set_type(&self, node: NodeId, mode: Mode, ty: TypeId, value: Option<&Constant>) {
        let value = match value {
            Some(c) if mode == Mode::Constant => {
                self.constants.push(Box::new(c.clone()));
                self.constants.len() as u32 - 1
            }
            _ => NO_VALUE,
        };
        put(&self.types, node, TypeAndValue { mode, ty, value }, BLANK);
    }

    pub(crate) fn set_def(&self, ident: NodeId, obj: ObjId) {
        put(&self.defs, ident, obj, NO_OBJ);
    }

    pub(crate) fn set_use(&self, ident: NodeId, obj: ObjId) {
        put(&self.uses, ident, obj, NO_OBJ);
    }

    pub(crate) fn set_implicit(&self, node: NodeId, obj: ObjId) {
        self.implicits.borrow_mut().insert(node, obj);
    }

    pub(crate) fn set_selection(&self, node: NodeId, selection: Selection) {
        let id = self.selections.len() as u32;
        self.selections.push(Box::new(selection));
        self.selection_ids.borrow_mut().insert(node, id);
    }

    pub(crate) fn set_instance(&self, ident: NodeId, targs: &[TypeId], ty: TypeId) {
        let id = self.instances.len() as u32;
        self.instances.push(Box::new(Instance { targs: targs.into(), ty }));
        self.instance_ids.borrow_mut().insert(ident, id);
    }

    pub(crate) fn set_jump(&self, branch: NodeId, target: NodeId) {
        self.jumps.borrow_mut().insert(branch, target);
    }
}
