//! Time, for measuring.

use linux_raw_sys::general::{__NR_clock_gettime, CLOCK_MONOTONIC};

use crate::call::call;

/// `CLOCK_MONOTONIC` in nanoseconds.
#[must_use]
pub fn monotonic() -> u64 {
    // Seconds and nanoseconds, 64 bits each.
    let mut time = [0_i64; 2];
    // SAFETY: the call writes two words to `time`, which lives over it; this
    // clock always exists.
    unsafe { call(__NR_clock_gettime, (CLOCK_MONOTONIC, time.as_mut_ptr())) };
    let [seconds, nanoseconds] = time.map(i64::cast_unsigned);
    seconds
        .wrapping_mul(1_000_000_000)
        .wrapping_add(nanoseconds)
}

#[cfg(test)]
mod tests {
    #[test]
    fn time_goes_on_in_nanoseconds() {
        let before = super::monotonic();
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert!(super::monotonic() - before >= 2_000_000);
    }
}
