//! Where values of a type hold addresses, and what stands there: computed once for each type that crosses.

use super::nodes::Shape;
use crate::rtype::{Handle, Kind, RtType, Ty};
use std::sync::OnceLock;
use vo_bytecode::typedesc::ChanDir;

/// The steps that a walk over a value of one type takes, in the order of its layout.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(super) steps: Vec<Step>,
    /// The first part that never crosses: its offset and type.
    pub(super) never: Option<(u64, Ty)>,
    shape: OnceLock<Option<Shape>>,
}

impl Plan {
    /// The shape of the type's nodes, if there are any.
    #[inline(always)]
    pub(super) fn shape(&'static self, ty: Ty) -> Option<&'static Shape> {
        match self.shape.get() {
            Some(shape) => shape.as_ref(),
            None => self.find_shape(ty),
        }
    }

    /// The shape of the type's nodes, if anybody has asked whether there are any.
    #[inline(always)]
    pub(super) fn known_shape(&'static self) -> Option<&'static Shape> {
        self.shape.get()?.as_ref()
    }

    #[cold]
    fn find_shape(&'static self, ty: Ty) -> Option<&'static Shape> {
        self.shape.get_or_init(|| Shape::of(ty, self)).as_ref()
    }
}

/// Something at an offset of a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) offset: u64,
    pub(super) part: Part,
}

/// What an address, or a group of words with one, leads to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Pointer(Ty),
    Str,
    Slice(Ty),
    Map(Ty),
    Iface,
    Func,
    /// `port<- T`
    Port,
    /// So many elements in a row, whose type has steps.
    Array(Ty, u64),
    /// A value of package sync that crosses at rest only: all its bytes are zero then.
    Lock(Ty),
    /// A value that never crosses.
    Never(Ty),
}

/// The plan of a type.
#[inline(always)]
pub(super) fn of(ty: Ty) -> &'static Plan {
    let ty: &'static RtType = ty.descriptor();
    match ty.plan.get() {
        Some(plan) => plan,
        None => make(ty),
    }
}

#[cold]
fn make(ty: &'static RtType) -> &'static Plan {
    let mut steps = Vec::new();
    collect(ty, 0, &mut steps);
    let never = steps.iter().find_map(|step| match step.part {
        Part::Never(never) => Some((step.offset, never)),
        _ => None,
    });
    ty.plan.get_or_init(|| Plan { steps, never, shape: OnceLock::new() })
}

fn collect(ty: &'static RtType, at: u64, steps: &mut Vec<Step>) {
    let mut add = |part| steps.push(Step { offset: at, part });
    // SAFETY: the address of a descriptor is its type word.
    let this =
        unsafe { Ty::from_word(std::ptr::from_ref(ty) as u64) }.expect("internal error: a type at address 0");
    match (ty.handle, ty.kind) {
        (Some(Handle::Port), _) if ty.chan_dir == ChanDir::Send => add(Part::Port),
        (Some(_), _) | (_, Kind::Chan | Kind::UnsafePointer | Kind::Internal) => add(Part::Never(this)),
        (_, Kind::Pointer) => add(Part::Pointer(ty.elem_type())),
        (_, Kind::String) => add(Part::Str),
        (_, Kind::Slice) => add(Part::Slice(ty.elem_type())),
        (_, Kind::Map) => add(Part::Map(this)),
        (_, Kind::Interface) => add(Part::Iface),
        (_, Kind::Func) => add(Part::Func),
        (_, Kind::Array) => {
            let elem = ty.elem_type();
            if ty.len > 0 && !of(elem).steps.is_empty() {
                add(Part::Array(elem, ty.len));
            }
        }
        (_, Kind::Struct) if is_lock(ty) => add(Part::Lock(this)),
        (_, Kind::Struct) => {
            for field in &ty.fields {
                let inner = of(field.ty).steps.iter();
                steps.extend(inner.map(|step| Step { offset: at + field.offset + step.offset, ..*step }));
            }
        }
        _ => {}
    }
}

/// Whether somebody may be waiting in a value of the type.
pub(super) fn is_lock(ty: &RtType) -> bool {
    ty.pkg == "sync" && matches!(ty.defined.as_str(), "Mutex" | "RWMutex" | "WaitGroup")
}
