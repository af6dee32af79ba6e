//! The receiver's half: the objects of a message in the receiver's heap.

use super::{Message, Object, Piece, ROOT, What};
use crate::heap::AllocCache;
use crate::object::{iface, map, mem};
use crate::panic::Result;
use crate::port::PortRef;
use crate::rtype::{KeyForm, Ty};
use crate::value::{Word, load_str, store_word};
use std::ptr::copy_nonoverlapping;

impl Message {
    /// Builds the value in the heap of `cache` and writes its registers to `out`. `handle` gives the island's handle of a port.
    ///
    /// # Errors
    /// No memory: what was built so far is garbage, and the message is as it was.
    ///
    /// # Safety
    /// The caller runs in the island of `cache`, and lets no collection happen before the words are where the collector sees them.
    pub unsafe fn build(
        &self,
        cache: &mut AllocCache,
        handle: &mut dyn FnMut(&mut AllocCache, &PortRef) -> Result<Word>,
        out: &mut [u64],
    ) -> Result<()> {
        let mut addresses = Vec::with_capacity(self.objects.len());
        for object in &self.objects {
            addresses.push(object.make(cache, handle)?);
        }
        // SAFETY: the objects are new and have room for their pieces; fixes lie inside of pieces or words.
        unsafe {
            for Piece { object, offset, at, bytes } in &self.pieces {
                let to = addresses[*object as usize] + offset;
                copy_nonoverlapping(self.data.as_ptr().add(*at).cast::<u8>(), to as *mut u8, *bytes as usize);
            }
            out.copy_from_slice(&self.words);
            for fix in &self.fixes {
                let value = addresses[fix.target as usize] + fix.add;
                match fix.object {
                    ROOT => out[(fix.offset / 8) as usize] = value,
                    object => store_word(addresses[object as usize] + fix.offset, value),
                }
            }
            for &(object, offset, word) in &self.sets {
                store_word(addresses[object as usize] + offset, word);
            }
            for copy in self.maps.iter().rev() {
                let (entries, map) = (addresses[copy.entries as usize], addresses[copy.map as usize]);
                let What::Map(ty, _) = self.objects[copy.map as usize].what else { continue };
                fill(cache, map, ty, entries, self.objects[copy.entries as usize].hi)?;
            }
        }
        Ok(())
    }
}

impl Object {
    /// Makes the object. Answers what, plus an offset in the source object, is an address in it.
    fn make(
        &self,
        cache: &mut AllocCache,
        handle: &mut dyn FnMut(&mut AllocCache, &PortRef) -> Result<Word>,
    ) -> Result<Word> {
        match &self.what {
            What::Port(port) => handle(cache, port),
            What::Map(ty, count) => map::new(cache, *ty, *count as i64),
            What::Plain(layout) => {
                // The layout repeats from the beginning of the source object.
                let unit = 8 * layout.period().max(1) as u64;
                let first = self.lo / unit * unit;
                let base = cache.alloc_layout(self.hi - first, layout)?;
                Ok(base.wrapping_sub(first))
            }
        }
    }
}

/// Puts entries that lie in a row into a new map.
///
/// # Safety
/// The entries are of the map's type, `bytes` of them.
unsafe fn fill(cache: &mut AllocCache, map: Word, ty: Ty, entries: Word, bytes: u64) -> Result<()> {
    let shape = ty.map_shape();
    let mut key = entries;
    while key < entries + bytes {
        // SAFETY: an entry: the key at its start, the element behind.
        unsafe {
            let elem = match shape.form {
                KeyForm::Int(_) => map::set_int(cache, map, iface::load_inline(&shape.key, key), ty)?,
                KeyForm::Str => map::set_str(cache, map, load_str(key), ty)?,
                KeyForm::Mem => map::set_mem(cache, map, key, ty)?,
            };
            mem::copy(&shape.elem, elem, key + shape.elem_offset);
        }
        key += shape.entry_size;
    }
    Ok(())
}
