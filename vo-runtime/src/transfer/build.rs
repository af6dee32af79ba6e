//! The receiver's half: the objects of a message in the receiver's heap.

use super::{Link, Message, Object, Parts, Piece, ROOT, What};
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
        &mut self,
        cache: &mut AllocCache,
        handle: &mut dyn FnMut(&mut AllocCache, &PortRef) -> Result<Word>,
        out: &mut [u64],
    ) -> Result<()> {
        let parts = &mut self.parts;
        cache.heap().check_pages(parts.pages() + parts.ready.page_bytes())?;
        let mut addresses = Vec::with_capacity(parts.objects.len());
        for object in &parts.objects {
            addresses.push(object.make(cache, handle)?);
        }
        let nodes = parts.make_nodes(cache)?;
        out.copy_from_slice(&parts.data[..self.registers]);
        // SAFETY: the objects are new and have room for their pieces; addresses lie inside of pieces or registers.
        unsafe {
            parts.place_nodes(&addresses, &nodes);
            parts.place(&addresses, &nodes, out);
            parts.link(&addresses, &nodes);
            for copy in parts.maps.iter().rev() {
                let (entries, map) = (addresses[copy.entries as usize], addresses[copy.map as usize]);
                let What::Map(ty, _) = parts.objects[copy.map as usize].what else { continue };
                fill(cache, map, ty, entries, parts.objects[copy.entries as usize].hi)?;
            }
        }
        // Nothing fails from here on.
        cache.heap().adopt_ready(&mut parts.ready);
        for object in &mut parts.objects {
            if let What::Pages(pages) = &mut object.what
                && let Some(pages) = pages.take()
            {
                cache.heap().adopt(pages);
            }
        }
        Ok(())
    }
}

impl Parts {
    /// Bytes of pages that the message brings.
    fn pages(&self) -> u64 {
        let of = |object: &Object| match &object.what {
            What::Pages(pages) => pages.as_ref().as_ref().map_or(0, |pages| pages.bytes()),
            _ => 0,
        };
        self.objects.iter().map(of).sum()
    }

    /// Sets the addresses in ready objects that were not known when these were made.
    ///
    /// # Safety
    /// See [`Message::build`].
    unsafe fn link(&self, addresses: &[Word], nodes: &[Word]) {
        for &Link { at, object, add } in &self.links {
            let to = self.base(object, addresses, nodes).wrapping_add(add);
            // SAFETY: a word of a ready object, which nobody knows yet.
            unsafe { store_word(at, to) };
        }
    }

    /// Copies all pieces into the new objects, and sets the addresses.
    ///
    /// # Safety
    /// See [`Message::build`].
    unsafe fn place(&self, addresses: &[Word], nodes: &[Word], out: &mut [u64]) {
        let address = |fix: u32| self.target(self.data[fix as usize], fix, addresses, nodes);
        let mut fixes = self.fixes.iter().copied().peekable();
        while let Some(fix) = fixes.next_if(|&fix| (fix as usize) < out.len()) {
            out[fix as usize] = address(fix);
        }
        for piece in self.pieces.iter().filter(|piece| piece.object != ROOT) {
            let Piece { offset, object, at, bytes } = *piece;
            let to = addresses[object as usize].wrapping_add(offset);
            // SAFETY: the object has room for the piece; a fix lies in it.
            unsafe {
                let from = self.data.as_ptr().add(at as usize);
                if bytes <= 64 && bytes.is_multiple_of(8) {
                    for i in 0..bytes as usize / 8 {
                        (to as *mut u64).add(i).write(from.add(i).read());
                    }
                } else {
                    copy_nonoverlapping(from.cast::<u8>(), to as *mut u8, bytes as usize);
                }
                while let Some(fix) = fixes.next_if(|&fix| fix < piece.end()) {
                    store_word(to + 8 * u64::from(fix - at), address(fix));
                }
            }
        }
    }
}

impl Object {
    /// Makes the object. Answers what, plus an offset in the source object, is an address in it.
    #[inline]
    fn make(
        &self,
        cache: &mut AllocCache,
        handle: &mut dyn FnMut(&mut AllocCache, &PortRef) -> Result<Word>,
    ) -> Result<Word> {
        match &self.what {
            What::Plain(layout) => {
                // The layout repeats from the beginning of the source object.
                let first = match self.lo {
                    0 => 0,
                    lo => {
                        let unit = 8 * layout.period().max(1) as u64;
                        lo / unit * unit
                    }
                };
                let base = cache.alloc_layout(self.hi - first, layout)?;
                Ok(base.wrapping_sub(first))
            }
            What::Port(port) => handle(cache, port),
            What::Map(ty, count) => map::new(cache, *ty, i64::from(*count)),
            What::Pages(pages) => {
                let pages = pages.as_ref().as_ref().expect("internal error: a message is built twice");
                Ok(pages.base().wrapping_sub(self.lo / 8 * 8))
            }
            What::Ready(base) => Ok(*base),
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
