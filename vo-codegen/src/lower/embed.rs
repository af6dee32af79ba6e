//! Variables with `//go:embed`: their files are constants of the module.
//!
//! A file system goes to package embed's `makeFS` as one string: for each file its name, a zero byte, its length in
//! decimal (`-` for a directory), a zero byte, its text.

use std::rc::Rc;

use vo_bytecode::module::FuncFlags;
use vo_bytecode::operand::RegList;
use vo_bytecode::{Class, Function, Inst};
use vo_types::embed::EmbeddedFile;
use vo_types::object::ObjId;
use vo_types::types::{Type, TypeId};

use super::{Base, Lower, Place, Regs, Value};
use crate::escape::Facts;
use crate::func::TooLarge;
use crate::program::Program;

/// Lowers the initialisation of a variable with embedded files: a function without parameters.
pub fn embedded<'w>(p: &mut Program<'w>, var: ObjId, pkg: &str) -> Result<Function, TooLarge> {
    let files = p.world.embedded_files(var).unwrap_or_default();
    let mut l = Lower::new(p, format!("{pkg}.init"), Rc::default(), Rc::new(Facts::default()));
    l.at(l.world.object(var).pos);
    let ty = l.var_ty(var);
    let value = l.embedded_value(&files, ty);
    let place = Place::of(Base::Global(l.p.global(var)));
    l.store_value(&place, ty, &value);
    l.emit(Inst::Return { results: RegList(&[]) });
    l.f.finish(l.name, 0, Vec::new(), FuncFlags::default())
}

impl Lower<'_, '_> {
    fn embedded_value(&mut self, files: &[EmbeddedFile], ty: TypeId) -> Value {
        let text = files.iter().find_map(|f| f.text.as_deref()).unwrap_or_default();
        match self.under(ty) {
            Type::Basic(_) => self.const_str(text, None),
            Type::Slice(_) => {
                let s = self.const_str(text, None).regs();
                let dst = self.tmps(&[Class::Ptr, Class::Int, Class::Int]);
                self.emit(Inst::BytesFromStr { ptr: dst[0], len: dst[1], cap: dst[2], ap: s[0], al: s[1] });
                Value::Regs(dst)
            }
            _ => {
                let all = self.const_str(&packed(files), None).regs();
                let args: Vec<u16> = all.iter().map(|r| r.0).collect();
                let callee = self.library("embed", "makeFS", &[]);
                self.call_words(&callee, &args, &[ty]).pop().unwrap_or(Value::Regs(Regs::new()))
            }
        }
    }
}

fn packed(files: &[EmbeddedFile]) -> Vec<u8> {
    let mut all = Vec::new();
    for file in files {
        all.extend_from_slice(file.name.as_bytes());
        all.push(0);
        match &file.text {
            Some(text) => {
                all.extend_from_slice(text.len().to_string().as_bytes());
                all.push(0);
                all.extend_from_slice(text);
            }
            None => all.extend_from_slice(b"-\0"),
        }
    }
    all
}
