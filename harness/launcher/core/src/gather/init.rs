//! Facts about the init.

use alloc::format;
use alloc::vec::Vec;

use sekisho_rules::evidence::{Evidence, File, Format, Gathered, Init};
use sekisho_rules::{Cause, Fact, Needs};
use sekisho_sys::fd::{AsRawFd, RawFd};
use sekisho_sys::{Errno, Result, file, open};

use super::eyes::Eyes;
use super::files::{describe, to_file};
use super::{Subject, seen, text};
use crate::resolve::Located;

impl Subject<'_> {
    /// The first bytes of the init, where they are needed. Asked before its
    /// attributes, which are cheaper to have of a descriptor that can be read.
    pub(super) fn read_init(&self, needs: Needs) -> Option<Result<Vec<u8>>> {
        let content = [Fact::InitFormat, Fact::Interpreter];
        let needed = content.iter().any(|fact| needs.has(*fact));
        let init = self.init.filter(|_| needed)?;
        // What a mount covers is not reached through the rootfs.
        let covered = self.bundle.config.covering(&init.path).is_some();
        Some(first_bytes(init, self.rootfs.top().filter(|_| !covered)))
    }

    pub(super) fn gather_init(
        &mut self,
        needs: Needs,
        eyes: &mut Eyes,
        bytes: Option<Result<Vec<u8>>>,
        e: &mut Evidence,
    ) {
        if needs.has(Fact::Init) {
            let file = self.init.map(|init| describe(init, &text(self.init_text)));
            let text = self.init_text.to_vec();
            e.init = seen(file.transpose().map(|file| Init { text, file }));
        }
        let asked = [
            Fact::InitAccess,
            Fact::InitCapabilities,
            Fact::InitFormat,
            Fact::Interpreter,
        ];
        if !asked.iter().any(|fact| needs.has(*fact)) {
            return;
        }
        let Some(init) = self.init else {
            let nothing = || Cause::Depends("the init");
            e.init_access = Gathered::Unobservable(nothing());
            e.init_capabilities = Gathered::Unobservable(nothing());
            e.init_format = Gathered::Unobservable(nothing());
            e.interpreter = Gathered::Unobservable(nothing());
            return;
        };
        if let Some(allowed) = eyes.init.take() {
            e.init_access = seen(allowed);
        }
        if needs.has(Fact::InitCapabilities) {
            let attribute = init.attribute("security.capability");
            e.init_capabilities = seen(attribute.map(|value| value.is_some()));
        }
        let Some(bytes) = bytes else {
            return;
        };
        if needs.has(Fact::InitFormat) {
            e.init_format = seen(bytes.as_deref().map(format).map_err(Clone::clone));
        }
        if needs.has(Fact::Interpreter) {
            e.interpreter = seen(bytes.and_then(|bytes| self.interpreter(&bytes)));
        }
    }

    fn interpreter(&mut self, bytes: &[u8]) -> Result<Option<File>> {
        let Some(path) = interpreter_path(bytes) else {
            return Ok(None);
        };
        let (config, bundle) = (&self.bundle.config, &self.bundle.place.path);
        match self.rootfs.find(path, config, bundle, true)? {
            Some((place, _)) => place.stat().map(|stat| Some(to_file(&stat, &text(path)))),
            None => {
                let call = format!("open(interpreter {:?})", text(path));
                Err(sekisho_sys::Error::new(call, Errno::ENOENT))
            }
        }
    }
}

/// As many bytes as the kernel looks at (`BINPRM_BUF_SIZE`). `top` is where the
/// init's path starts from.
fn first_bytes(init: &Located, top: Option<RawFd>) -> Result<Vec<u8>> {
    const LOOKED_AT: usize = 256;
    let mut bytes = Vec::new();
    let stat = init.stat()?;
    if stat.kind() != file::S_IFREG {
        let call = format!("read({:?})", text(&init.path));
        return Err(sekisho_sys::Error::new(call, Errno::EINVAL));
    }
    let fd = init.readable(top)?;
    open::read_up_to(fd.as_raw_fd(), &mut bytes, LOOKED_AT)?;
    Ok(bytes)
}

fn format(bytes: &[u8]) -> Format {
    if bytes.starts_with(b"\x7fELF") {
        Format::Elf
    } else if bytes.starts_with(b"#!") {
        Format::Script
    } else {
        Format::Unrecognised
    }
}

/// The word after `#!`, as `fs/binfmt_script.c` takes it.
fn interpreter_path(bytes: &[u8]) -> Option<&[u8]> {
    let line = bytes
        .strip_prefix(b"#!")?
        .split(|byte| *byte == b'\n')
        .next()?;
    let mut words = line.split(|byte| matches!(byte, b' ' | b'\t' | 0));
    words.find(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interpreter_is_the_first_word_after_the_mark() {
        assert_eq!(interpreter_path(b"#! /bin/sh -e\nx"), Some(&b"/bin/sh"[..]));
        assert_eq!(
            interpreter_path(b"#!/usr/bin/env\tpython"),
            Some(&b"/usr/bin/env"[..])
        );
        assert_eq!(interpreter_path(b"#!  \n/bin/sh"), None);
        assert_eq!(interpreter_path(b"\x7fELF"), None);
        assert_eq!(format(b"#!x"), Format::Script);
        assert_eq!(format(b"\x7fELF\x02"), Format::Elf);
        assert_eq!(format(b"echo"), Format::Unrecognised);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = (interpreter_path(&bytes), format(&bytes));
        }
    }
}
