//! How the kernel will take a program: natively, through an interpreter, or not
//! at all.

use super::{Program, says};
use crate::asked::Asked;
use crate::files::Files;
use crate::part::Part;

/// Whether the launcher would leave the init to the host's shell, as
/// execvp(3) does with a file that the kernel does not recognise: then the
/// request cannot be said, since it means the image's shell.
///
/// # Errors
/// Says so.
pub(crate) fn no_shell(asked: &Asked<'_>, program: &Program) -> Result<(), String> {
    let files = asked.files();
    let path = String::from_utf8_lossy(&program.path()).into_owned();
    let path = files.resolve("", &path, &|_| None).unwrap_or_default();
    match files.bytes(&path) {
        Some(bytes) if !bytes.starts_with(b"#!") && !is_native(bytes) => Err(says(
            Part::Init,
            "no program: the host's shell would read it, not the image's",
        )),
        _ => Ok(()),
    }
}

/// Whether the kernel recognises a program of this machine (elf(5)).
pub(super) fn is_native(bytes: &[u8]) -> bool {
    // `e_machine`, the 19th and 20th byte.
    let machine: &[u8] = match std::env::consts::ARCH {
        "x86_64" => &[62, 0],
        "aarch64" => &[183, 0],
        _ => return bytes.starts_with(b"\x7fELF"),
    };
    bytes.starts_with(b"\x7fELF") && bytes.get(18..20) == Some(machine)
}

/// A script names its interpreter by a path, which means another file where
/// the rootfs is not the root.
pub(super) fn interpreter(files: &Files, program: &Program) -> Result<(), String> {
    let Ok(mut path) = std::str::from_utf8(&program.path())
        .map(str::to_owned)
        .map_err(|error| error.to_string())
        .and_then(|path| files.resolve("", &path, &|_| None))
    else {
        // The launcher will see for itself.
        return Ok(());
    };
    for _ in 0..5 {
        let Some(line) = files
            .bytes(&path)
            .and_then(|bytes| bytes.strip_prefix(b"#!"))
        else {
            return Ok(());
        };
        let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        let Some(interpreter) = line.split_whitespace().next() else {
            return Ok(());
        };
        // The probe lies at the same path in the rootfs and on the host.
        let Ok(inside) = files.resolve(&program.rootfs, interpreter, &|_| None) else {
            return Ok(());
        };
        let same = files
            .resolve("", interpreter, &|_| None)
            .ok()
            .and_then(|host| Some((files.at(&host)?, files.at(&inside)?)))
            .is_some_and(|(host, inside)| host.content == inside.content);
        if !same {
            return Err(says(
                Part::Init,
                &format!("its interpreter {interpreter} is a path in the rootfs"),
            ));
        }
        path = inside;
    }
    Ok(())
}
