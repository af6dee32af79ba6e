//! What the process holds beside heaps.
//!
//! A command that compiles and runs a program in one process has its front end in memory when the program begins, and its
//! compiler of machine code while the program becomes fast: what they allocated, and the pages of their code. All that can
//! go when its part is done: memory that is free inside of the C library's allocator goes to the system, and pages
//! of code come back from the file cache when they are run again ([`single_pages`] says how many at once).
//!
//! Must stay true: only pages are forgotten that are as they were in the file.

#[cfg(target_os = "linux")]
mod faults;
#[cfg(target_os = "linux")]
mod objects;

/// Gives the system what the process does not need: free memory of the allocator, pages of code and constants.
/// Takes a fraction of a millisecond; whatever runs on loads its pages again.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: gives free memory back; may be called at any time.
        unsafe { libc::malloc_trim(0) };
    }
    drop_code();
}

/// As [`give_back`], where the process, which is about to take so many KiB, would have more memory then than it ever had, or nearly so. Where
/// it has had much more, or has so much that code is little of it, it may as well keep its code at hand.
pub fn give_back_near_peak(kib: usize) {
    if is_near_peak(kib) {
        give_back();
    }
}

/// What the program may take meanwhile.
#[cfg(target_os = "linux")]
const NEAR_KIB: usize = 256;

/// In a process of this size nobody misses the memory that code takes.
#[cfg(target_os = "linux")]
const LARGE_KIB: usize = 24 << 10;

/// Whether the process has hardly less memory than it ever had and is small, or nobody knows.
#[cfg_attr(not(target_os = "linux"), allow(unused_variables))]
fn is_near_peak(kib: usize) -> bool {
    #[cfg(target_os = "linux")]
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let figure = |name| {
            let rest = status.lines().find_map(|line| line.strip_prefix(name));
            rest.and_then(|rest| rest.split_whitespace().next()?.parse::<usize>().ok())
        };
        if let (Some(peak), Some(now)) = (figure("VmHWM:"), figure("VmRSS:")) {
            return now < LARGE_KIB && now + kib + NEAR_KIB > peak;
        }
    }
    true
}

/// Forgets the pages of the code, the constants and the unchanging tables of the executable and its libraries: between two parts of the
/// process's life that run different code. Takes some 0.05 ms.
pub fn drop_code() {
    #[cfg(target_os = "linux")]
    objects::forget_unchanged();
}

/// From now on a page of the executable or its libraries comes into memory when it is used itself, not with the fifteen
/// around it; those that are there are forgotten. Once for a process, early. Where the system cannot do so pages still come in sixteens.
pub fn single_pages() {
    #[cfg(target_os = "linux")]
    {
        faults::one_by_one();
        objects::forget_unchanged();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code, constants and tables of functions are there again when they are used.
    #[test]
    fn what_was_forgotten_comes_back() {
        let text = |n: f64| -> Box<dyn std::fmt::Display> { Box::new(n) };
        single_pages();
        for n in 0..3 {
            give_back();
            assert_eq!(text(f64::from(n) + 0.5).to_string(), format!("{n}.5"));
        }
    }
}
