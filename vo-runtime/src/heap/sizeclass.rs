//! Size classes: the object sizes of small allocations, and how sizes are rounded.
//!
//! The sizes are Go 1.27's, since `cap` after `append` shows them to programs. Class 0 stands
//! for objects that get pages of their own.

/// Sizes in bytes by class.
pub const SIZES: [u16; NUM_CLASSES] = [
    0, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384,
    416, 448, 480, 512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072,
    3200, 3456, 4096, 4864, 5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728, 10240, 10880, 12288, 13568,
    14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768,
];

/// Number of classes, class 0 included.
pub const NUM_CLASSES: usize = 68;

/// The largest size that has a class.
pub const MAX_SMALL: u64 = 32768;

/// Pages of the heap, in bytes.
pub const PAGE: u64 = 1 << PAGE_SHIFT;
pub const PAGE_SHIFT: u32 = 13;

/// Go keeps a header of eight bytes before larger objects with pointers; we do not, but
/// capacities show it.
const GO_HEADER: u64 = 8;
const GO_HEADER_ABOVE: u64 = 512;

/// Class by (size + 7) / 8, for sizes up to 1024.
const FINE: [u8; 129] = table::<129>(8);
/// Class by (size - 1024 + 127) / 128, for the larger ones.
const COARSE: [u8; 249] = coarse();

const fn class_above(size: u64) -> u8 {
    let mut class = 1;
    while (SIZES[class] as u64) < size {
        class += 1;
    }
    class as u8
}

const fn table<const N: usize>(step: u64) -> [u8; N] {
    let mut out = [0; N];
    let mut i = 0;
    while i < N {
        out[i] = class_above(i as u64 * step);
        i += 1;
    }
    out
}

const fn coarse() -> [u8; 249] {
    let mut out = [0; 249];
    let mut i = 0;
    while i < 249 {
        out[i] = class_above(1024 + i as u64 * 128);
        i += 1;
    }
    out
}

/// The class of the smallest objects that hold `bytes` (1 to [`MAX_SMALL`]).
#[inline(always)]
pub const fn class_of(bytes: u64) -> u8 {
    if bytes <= 1024 {
        FINE[bytes.div_ceil(8) as usize]
    } else {
        COARSE[(bytes - 1024).div_ceil(128) as usize]
    }
}

/// Bytes of the objects of a class.
#[inline(always)]
pub const fn size(class: u8) -> u64 {
    SIZES[class as usize] as u64
}

/// The bytes that Go's allocator would give for a request: the rule behind capacities.
/// Saturates at the request where rounding would overflow.
#[inline]
pub fn round_up(bytes: u64, noscan: bool) -> u64 {
    let mut request = bytes;
    if request <= MAX_SMALL - GO_HEADER {
        if !noscan && request > GO_HEADER_ABOVE {
            request += GO_HEADER;
        }
        if request == 0 {
            return 0;
        }
        return size(class_of(request)) - (request - bytes);
    }
    match request.checked_add(PAGE - 1) {
        Some(n) => n & !(PAGE - 1),
        None => bytes,
    }
}

/// Pages of a block of a class: enough that little is lost at its end, few for what is rare.
pub const fn block_pages(class: u8) -> u64 {
    let size = size(class);
    if size <= 512 {
        return 2;
    }
    let mut pages = 1;
    loop {
        let bytes = pages * PAGE;
        if bytes >= size && (bytes % size) * 8 <= bytes && (bytes / size >= 4 || size > 8192) {
            return pages;
        }
        pages += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_gets_the_least_class() {
        for bytes in 1..=MAX_SMALL {
            let class = class_of(bytes);
            assert!(size(class) >= bytes);
            assert!(class == 1 || size(class - 1) < bytes, "{bytes}");
        }
    }

    #[test]
    fn blocks_waste_little() {
        for class in 1..NUM_CLASSES as u8 {
            let bytes = block_pages(class) * PAGE;
            assert!(bytes <= 16 * PAGE, "{class}");
            assert!((bytes % size(class)) * 8 <= bytes);
        }
    }

    #[test]
    fn rounding_is_gos() {
        assert_eq!(round_up(5, true), 8);
        assert_eq!(round_up(33, true), 48);
        assert_eq!(round_up(512, false), 512);
        assert_eq!(round_up(520, false), 568);
        assert_eq!(round_up(32761, true), 32768);
        assert_eq!(round_up(40000, true), 40960);
    }
}
