//! Natives that compiled code calls itself, see [`vo_runtime::leaf`].

use super::Translator;
use cranelift_codegen::ir::{AbiParam, Block, InstBuilder, Signature, Value, types};
use vo_runtime::leaf;

impl Translator<'_, '_> {
    /// Calls a native's leaf, where it has one, and goes on in a cold block where the native must be called; else in
    /// the block that is answered.
    pub(crate) fn call_leaf(&mut self, native: u32, words: Value, outs: Value) -> Option<Block> {
        let leaf = leaf::named(&self.link.module.natives[native as usize].name)?;
        let mut sig = Signature::new(self.isa.default_call_conv());
        sig.params.extend([AbiParam::new(types::I64); 2]);
        sig.returns.push(AbiParam::new(types::I64));
        let sig = self.b.import_signature(sig);
        let address = self.int(leaf as usize as i64);
        let call = self.b.ins().call_indirect(sig, address, &[words, outs]);
        let refused = self.b.inst_results(call)[0];
        let (done, refuse) = (self.b.create_block(), self.cold_block());
        self.b.ins().brif(refused, refuse, &[], done, &[]);
        self.go_to(refuse);
        Some(done)
    }
}
