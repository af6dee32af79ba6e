//! Numbers, texts and lists as bytes: how what is made when Vo is built is written, and read when a program is compiled.
//!
//! What must stay true: what [`Writer`] has written, [`Reader`] reads back in the same order. Both ends are the same
//! build of Vo, so that bytes which do not fit are an internal error and no user's.

/// Appends to the bytes of one entry.
#[derive(Default)]
pub struct Writer(pub Vec<u8>);

impl Writer {
    /// A number, seven bits to a byte, low ones first.
    pub fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// An index into a table.
    pub fn index(&mut self, index: u32) {
        self.number(u64::from(index));
    }

    /// An index, or none.
    pub fn maybe(&mut self, index: Option<u32>) {
        self.number(index.map_or(0, |i| u64::from(i) + 1));
    }

    /// A truth value.
    pub fn flag(&mut self, flag: bool) {
        self.0.push(u8::from(flag));
    }

    /// Bytes behind their number.
    pub fn text(&mut self, text: &[u8]) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text);
    }

    /// A list of indices.
    pub fn indices(&mut self, list: &[u32]) {
        self.number(list.len() as u64);
        list.iter().for_each(|&i| self.index(i));
    }
}

/// Reads an entry from its start.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads these bytes.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let (&byte, rest) = self.rest.split_first().expect("internal error: bytes of the build end early");
        self.rest = rest;
        byte
    }

    /// The next bytes, so many.
    pub fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (bytes, rest) =
            self.rest.split_at_checked(count).expect("internal error: bytes of the build end early");
        self.rest = rest;
        bytes
    }

    /// What `read` makes of the bytes from here; it answers what it leaves.
    pub fn take_with<T>(&mut self, read: impl FnOnce(&'a [u8]) -> (T, &'a [u8])) -> T {
        let (value, rest) = read(self.rest);
        self.rest = rest;
        value
    }

    /// A number.
    pub fn number(&mut self) -> u64 {
        let mut value = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte();
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return value;
            }
            shift += 7;
        }
    }

    /// An index.
    pub fn index(&mut self) -> u32 {
        self.number() as u32
    }

    /// How many of something follow.
    pub fn count(&mut self) -> usize {
        self.number() as usize
    }

    /// An index, or none.
    pub fn maybe(&mut self) -> Option<u32> {
        (self.number() as u32).checked_sub(1)
    }

    /// A truth value.
    pub fn flag(&mut self) -> bool {
        self.byte() != 0
    }

    /// Bytes behind their number.
    pub fn text(&mut self) -> &'a [u8] {
        let count = self.count();
        self.bytes(count)
    }

    /// The same as text.
    pub fn string(&mut self) -> String {
        String::from_utf8_lossy(self.text()).into_owned()
    }

    /// A list of indices.
    pub fn indices(&mut self) -> Vec<u32> {
        (0..self.count()).map(|_| self.index()).collect()
    }
}
