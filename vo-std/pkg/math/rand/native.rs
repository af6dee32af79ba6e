//! The source of randomness behind the functions of math/rand and math/rand/v2:
//! the run's own generator, which `--seed` fixes.

use crate::natives;

natives! {
    "math/rand.systemRandom" => fn system_random(cx) -> u64 { cx.random() }
    "math/rand/v2.systemRandom" => fn system_random_v2(cx) -> u64 { cx.random() }
}
