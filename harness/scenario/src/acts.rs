//! From what a scenario says of principals to deeds of the arena: a simulated
//! tree follows every act, and what differs afterwards is what the principal
//! has to do.

use std::collections::BTreeMap;

use sekisho_trial::{Action, Content, Deed, Made, PlannedFile, Step};

use crate::accounts::Accounts;
use crate::bundle;
use crate::fault::{Fault, Within};
use crate::model::{Act, Bundle, When};
use crate::plan::apply_files;
use crate::request::steps;
use crate::tree::Tree;

/// The files as they are once the acts so far are done.
pub(crate) struct Simulation<'a> {
    /// Directory of the bundles.
    pub(crate) base: &'a str,
    /// Users and groups.
    pub(crate) accounts: &'a Accounts,
    /// Fills in placeholders.
    pub(crate) place: &'a dyn Fn(&str) -> String,
    /// What lies there.
    pub(crate) tree: Tree,
    /// What the bundles say, by path.
    pub(crate) bundles: BTreeMap<String, Bundle>,
}

impl Simulation<'_> {
    /// Follows an act; gives what its principal does.
    pub(crate) fn act(&mut self, act: &Act) -> Result<Vec<Deed>, Fault> {
        let uid = self.accounts.uid(&act.by).within("by")?;
        let gid = self.accounts.acting(&act.by).within("by")?;
        let groups = self.accounts.memberships(&act.by);
        let before = self.tree.clone();
        self.change_bundles(act, (uid, gid))?;
        self.tree.default_owner = (uid, gid);
        apply_files(&mut self.tree, &act.files, self.accounts, self.place).within("files")?;
        let mut actions = difference(&before, &self.tree, (uid, gid));
        let steps = steps(&act.steps, self.place).within("steps")?;
        for step in &steps {
            self.follow(step);
        }
        actions.extend(steps.into_iter().map(Action::Step));
        if actions.is_empty() && act.mapping.is_none() {
            let message = "changes nothing: give `files`, `bundles` or `steps` that do";
            return Err(Fault::new(message));
        }
        let deed = |action| Deed {
            uid,
            gid,
            groups: groups.clone(),
            action,
        };
        Ok(actions.into_iter().map(deed).collect())
    }

    /// Bundles of the act: new ones belong to the principal, others change.
    fn change_bundles(&mut self, act: &Act, (uid, gid): (u32, u32)) -> Result<(), Fault> {
        for (key, change) in &act.bundles {
            let mut own = || -> Result<(), Fault> {
                let path = bundle::path_of(self.base, key)?;
                let known = self.bundles.get(&path);
                let mut table = match known {
                    Some(bundle) => {
                        toml::Table::try_from(bundle).map_err(|error| error.to_string())?
                    }
                    None => toml::Table::from_iter(["owner", "config-owner"].map(|field| {
                        let owner = toml::Value::String(format!("{uid}:{gid}"));
                        (field.to_owned(), owner)
                    })),
                };
                crate::merge::merge(&mut table, change);
                let read = serde_path_to_error::deserialize::<_, Bundle>(table);
                let bundle = read.map_err(|error| {
                    let message = error.inner().message().replace('\n', " ");
                    Fault::new(message).within(error.path().to_string())
                })?;
                let mut planned = Tree::default();
                bundle::add(&mut planned, &path, &bundle, self.accounts)?;
                let mut before = Tree::default();
                if let Some(known) = known {
                    bundle::add(&mut before, &path, known, self.accounts)?;
                }
                for file in planned.into_files() {
                    let was = before.file(&file.path);
                    if was != Some(&file) {
                        let now = self.tree.file(&file.path);
                        self.tree.put(match (was, now) {
                            (Some(was), Some(now)) => changed(was, file, now),
                            _ => made_by(file, (uid, gid)),
                        });
                    }
                }
                self.bundles.insert(path, bundle);
                Ok(())
            };
            own().within(key).within("bundles")?;
        }
        Ok(())
    }

    /// Renamed and removed files, as far as later acts must know.
    fn follow(&mut self, step: &Step) {
        match step {
            Step::Exchange([one, other]) => {
                self.tree.rename(one, "\0");
                self.tree.rename(other, one);
                self.tree.rename("\0", other);
            }
            Step::Rename([from, to]) => self.tree.rename(from, to),
            Step::Remove(path) => self.tree.remove(path),
            Step::Symlink([to, at]) => {
                self.tree
                    .add(at, (0, 0), 0o777, Content::Symlink(to.clone()))
            }
            Step::Write(_) => {}
        }
    }
}

/// What is there now, with what the act changes in the bundle's file: the rest may
/// have been changed by the fixture or by acts before.
fn changed(was: &PlannedFile, file: PlannedFile, now: &PlannedFile) -> PlannedFile {
    let mut now = now.clone();
    if was.content != file.content {
        now.content = file.content;
    }
    if was.mode != file.mode {
        now.mode = file.mode;
    }
    if (was.uid, was.gid) != (file.uid, file.gid) {
        (now.uid, now.gid) = (file.uid, file.gid);
    }
    now
}

/// A new file of a bundle. What the arena would lay down as root's (the probe, the
/// sheet) belongs to who makes the bundle.
fn made_by(mut file: PlannedFile, (uid, gid): (u32, u32)) -> PlannedFile {
    if (file.uid, file.gid) == (0, 0) {
        (file.uid, file.gid) = (uid, gid);
    }
    file
}

/// What who has these ids must do so that one tree becomes the other.
fn difference(before: &Tree, after: &Tree, own: (u32, u32)) -> Vec<Action> {
    let mut actions = Vec::new();
    for file in before.files() {
        let above = |other: &PlannedFile| {
            after.file(&other.path).is_none() && crate::tree::is_beneath(&file.path, &other.path)
        };
        if after.file(&file.path).is_none() && !before.files().iter().any(above) {
            // What lies beneath a directory that became something else goes
            // with it, below.
            let replaced = |other: &PlannedFile| {
                crate::tree::is_beneath(&file.path, &other.path)
                    && other.content != Content::Directory
            };
            if !after.files().iter().any(replaced) {
                actions.push(Action::Remove(file.path.clone()));
            }
        }
    }
    for file in after.ordered() {
        let Some(was) = before.file(&file.path) else {
            actions.push(Action::Make(new(file, own)));
            continue;
        };
        if was == file {
            continue;
        }
        if was.content != file.content && !(is_regular(was) && is_regular(file)) {
            actions.push(Action::Remove(file.path.clone()));
            actions.push(Action::Make(new(file, own)));
            continue;
        }
        let owner = (file.uid, file.gid);
        actions.push(Action::Make(Made {
            path: file.path.clone(),
            content: (was.content != file.content).then(|| file.content.clone()),
            owner: (owner != (was.uid, was.gid)).then_some(owner),
            mode: (file.mode != was.mode).then_some(file.mode),
            xattrs: match file.xattrs == was.xattrs {
                true => Vec::new(),
                false => file.xattrs.clone(),
            },
        }));
    }
    actions
}

fn new(file: &PlannedFile, own: (u32, u32)) -> Made {
    let owner = (file.uid, file.gid);
    let is_link = matches!(file.content, Content::Symlink(_) | Content::Hardlink(_));
    Made {
        path: file.path.clone(),
        content: Some(file.content.clone()),
        owner: (owner != own && !is_link).then_some(owner),
        mode: (!is_link).then_some(file.mode),
        xattrs: file.xattrs.clone(),
    }
}

fn is_regular(file: &PlannedFile) -> bool {
    match file.content {
        Content::Probe
        | Content::Preload
        | Content::Sheet { .. }
        | Content::Bytes(_)
        | Content::Template(_) => true,
        Content::Directory
        | Content::Symlink(_)
        | Content::Hardlink(_)
        | Content::Fifo
        | Content::Device { .. } => false,
    }
}

/// The deeds of a list of acts, by when they come.
pub(crate) fn follow_all(
    simulation: &mut Simulation<'_>,
    acts: &[Act],
    when: When,
) -> Result<Vec<Deed>, Fault> {
    let mut deeds = Vec::new();
    for (number, act) in acts.iter().enumerate().filter(|(_, act)| act.when == when) {
        deeds.extend(simulation.act(act).within(number.to_string())?);
    }
    Ok(deeds)
}
