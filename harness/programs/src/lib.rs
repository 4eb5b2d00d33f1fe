//! What runs need, made by `build.rs`, so that one file is all that a machine
//! must have.
#![forbid(unsafe_code)]

/// The reference launcher, research build, static.
pub const LAUNCHER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/launcher"));

/// The start of suEXEC's shape, static.
pub const SUEXEC: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/suexec"));

/// The probe, static and without start-up code.
pub const PROBE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/probe"));

/// The preload object.
pub const PRELOAD: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/preload.so"));

/// The commit that this was built from, or `unknown`.
pub const COMMIT: &str = env!("SEKISHO_COMMIT");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_are_elf_and_those_of_trials_are_static() {
        for program in [LAUNCHER, SUEXEC, PROBE, PRELOAD] {
            assert_eq!(program.get(..4), Some(&b"\x7fELF"[..]));
        }
        for program in [LAUNCHER, SUEXEC, PROBE] {
            let interpreter = b"/lib64/ld-linux";
            assert!(
                !program
                    .windows(interpreter.len())
                    .any(|window| window == interpreter)
            );
        }
    }
}
