//! What is looked at with the target's eyes, all of it at once: taking on its
//! ids and groups costs more than looking.

use sekisho_rules::evidence::Evidence;
use sekisho_rules::{Fact, Needs};
use sekisho_sys::fd::RawFd;
use sekisho_sys::{Errno, Result, file, open};

use super::files::links_in_proc;
use super::{Subject, seen};
use crate::access;
use crate::resolve::Located;

/// Whether the target may; `None` where nobody asks.
#[derive(Default)]
pub(super) struct Eyes {
    /// Enter the bundle directory.
    pub bundle: Option<Result<bool>>,
    /// Enter the working directory.
    pub cwd: Option<Result<bool>>,
    /// Execute the init.
    pub init: Option<Result<bool>>,
}

impl Subject<'_> {
    /// Looks, and settles the fact of the working directory on the way.
    pub(super) fn look_as_target(&mut self, needs: Needs, e: &mut Evidence) -> Eyes {
        let mut cwd = None;
        if needs.has(Fact::WorkingDirectory) {
            let text = self.bundle.config.cwd().as_bytes();
            if let Some(links) = links_in_proc(text) {
                e.working_directory = seen(self.working_directory(Some(&links), Some(Ok(true))));
            } else {
                match self.find_working_directory() {
                    Ok(Some(found)) => cwd = Some(found),
                    Ok(None) => e.working_directory = seen(self.working_directory(None, None)),
                    Err(error) => e.working_directory = seen(Err(error)),
                }
            }
        }
        let init = self.init.filter(|_| needs.has(Fact::InitAccess));
        let bundle = needs.has(Fact::BundleEntry).then_some(&self.bundle.place);
        if cwd.is_none() && init.is_none() && bundle.is_none() {
            return Eyes::default();
        }
        let (config, top) = (&self.bundle.config, self.rootfs.top());
        let cwd_text = config.cwd().as_bytes();
        // What a mount covers is not reached through the rootfs.
        let way = |path: &[u8]| top.filter(|_| config.covering(path).is_none());
        let cwd_way = cwd.as_ref().and_then(|_| way(cwd_text));
        let init_way = init.and_then(|init| way(&init.path));
        let looked = access::with(&self.target(), || Eyes {
            bundle: bundle.map(may_enter),
            cwd: cwd.as_ref().map(|(place, _)| {
                let flags = open::O_PATH | open::O_DIRECTORY;
                may_reach(cwd_way, cwd_text, flags, place)
            }),
            init: init.map(|init| may_reach(init_way, &init.path, open::O_PATH, init)),
        });
        let mut eyes = looked.unwrap_or_else(|error| Eyes {
            bundle: bundle.map(|_| Err(error.clone())),
            cwd: cwd.as_ref().map(|_| Err(error.clone())),
            init: init.map(|_| Err(error)),
        });
        if let Some((place, links)) = cwd {
            let enterable = eyes.cwd.take();
            e.working_directory = seen(self.working_directory(Some(&links), enterable));
            self.cwd = Some(Ok(Some((place, links))));
        }
        eyes
    }
}

/// The way to the bundle by its path, and the directory that is held.
fn may_enter(bundle: &Located) -> Result<bool> {
    let flags = open::O_PATH | open::O_DIRECTORY;
    match open::openat2(open::AT_FDCWD, &bundle.path, flags, 0) {
        Ok(_) => bundle.may_access(file::X_OK),
        Err(error) if error.errno == Errno::EACCES => Ok(false),
        Err(error) => Err(error),
    }
}

/// The way inside the rootfs as well as the file itself must be open.
fn may_reach(top: Option<RawFd>, path: &[u8], flags: i32, place: &Located) -> Result<bool> {
    if let Some(top) = top {
        match open::openat2(top, path, flags, open::RESOLVE_IN_ROOT) {
            Err(error) if error.errno == Errno::EACCES => return Ok(false),
            Err(error) => return Err(error),
            Ok(_) => {}
        }
    }
    place.may_access(file::X_OK)
}
