//! From a scenario to what the arena has to make and start: every name is
//! resolved.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sekisho_trial::{Content, Deed, Layout};
use sekisho_witness::{Canary, SHEET_PATH, Try};

use crate::accounts::Accounts;
use crate::acts::{Simulation, follow_all};
use crate::attributes::mode;
use crate::bundle::{self, STANDARD_BUNDLE};
use crate::fault::{Fault, Within};
use crate::model::{Attacker, Bundle, File, Scenario, When};
use crate::nearest::did_you_mean;
use crate::request::{self, ResolvedRequest};
use crate::tree::{Tree, absolute};
use crate::world::World;

/// A case with every name resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What the arena makes.
    pub layout: Layout,
    /// What the target is asked for.
    pub request: ResolvedRequest,
    /// Paths of the witness's files, in order.
    pub observe: Vec<String>,
    /// What was done wrong, before the acts.
    pub mistake: Vec<Deed>,
    /// What the attacker does before the request.
    pub acts: Vec<Deed>,
    /// What lies there once both are done.
    pub prepared: Layout,
    /// uid, gid and supplementary groups of the attacker; those of the caller for
    /// a legitimate case.
    pub attacker: (u32, u32, Vec<u32>),
}

/// Resolves a case against the world.
///
/// # Errors
/// The field that names nothing or that cannot be made.
pub fn plan(world: &World, scenario: &Scenario) -> Result<Planned, Fault> {
    let fixture = &scenario.fixture;
    let accounts = Accounts::of(world, fixture).within("fixture")?;
    let place = placeholders(world);
    let mut tree = Tree::default();
    add_world(&mut tree, world, &accounts)?;
    add_bundles(&mut tree, world, &fixture.bundles, &accounts)
        .within("bundles")
        .within("fixture")?;
    apply_files(&mut tree, &fixture.files, &accounts, &place)
        .and_then(|()| tree.check())
        .within("files")
        .within("fixture")?;
    let mut simulation = Simulation {
        base: &world.base,
        accounts: &accounts,
        place: &place,
        tree: tree.clone(),
        bundles: bundles_by_path(world, &fixture.bundles)?
            .into_iter()
            .map(|(path, (_, bundle))| (path, bundle.clone()))
            .collect(),
    };
    let mistake = follow_all(&mut simulation, &scenario.mistake, When::Before).within("mistake")?;
    let acts = follow_all(&mut simulation, &scenario.acts, When::Before).within("acts")?;
    let prepared = simulation.tree.clone().into_files();
    let between = follow_all(&mut simulation, &scenario.acts, When::Between).within("acts")?;
    let layout = Layout {
        files: tree.into_files(),
        canaries: canaries(world, &fixture.look)
            .within("look")
            .within("fixture")?,
    };
    let mut request =
        request::resolve(&world.base, &scenario.request, &accounts, &place).within("request")?;
    request.between.extend(between);
    let files = scenario.witness.files.iter();
    let observe = files.map(|file| place(&file.path)).collect();
    let attacker = attacker(world, scenario, &accounts, &request)?;
    let prepared = Layout {
        files: prepared,
        canaries: layout.canaries.clone(),
    };
    Ok(Planned {
        layout,
        request,
        observe,
        mistake,
        acts,
        prepared,
        attacker,
    })
}

/// Who attacks: who does the acts that root does not do, else the principal of
/// the attacker's kind. A client has no account here.
fn attacker(
    world: &World,
    scenario: &Scenario,
    accounts: &Accounts,
    request: &ResolvedRequest,
) -> Result<(u32, u32, Vec<u32>), Fault> {
    let mut acting = scenario.acts.iter().map(|act| act.by.as_str());
    let principals = &world.principals;
    let of_kind = match scenario.attacker {
        Some(Attacker::Client) => &principals.client,
        Some(Attacker::Tenant) => &principals.tenant,
        Some(Attacker::Neighbour) => &principals.neighbour,
        Some(Attacker::Front) | None => {
            return Ok((request.uid, request.gid, request.groups.clone()));
        }
    };
    let who = acting.find(|by| *by != "root").unwrap_or(of_kind);
    let uid = accounts.uid(who).within("acts")?;
    let gid = accounts.acting(who).within("acts")?;
    Ok((uid, gid, accounts.memberships(who)))
}

/// Fills in `{bundle}` and `{rootfs}`.
pub(crate) fn placeholders(world: &World) -> impl Fn(&str) -> String + use<> {
    let bundle = format!("{}/{STANDARD_BUNDLE}", world.base);
    move |text| {
        text.replace("{rootfs}", &format!("{bundle}/rootfs"))
            .replace("{bundle}", &bundle)
    }
}

fn add_world(tree: &mut Tree, world: &World, accounts: &Accounts) -> Result<(), Fault> {
    apply_files(tree, &world.files, accounts, &str::to_owned).within("world.files")?;
    let root = (0, 0);
    for (path, mode, text) in [
        ("/etc/passwd", 0o644, accounts.passwd()),
        ("/etc/group", 0o644, accounts.group()),
        ("/etc/shadow", 0o640, accounts.shadow()),
    ] {
        tree.add(path, root, mode, Content::Bytes(text.into_bytes()));
    }
    for (name, canary) in &world.canary {
        let field = || format!("world.canary.{name}");
        absolute(&canary.path).within(field())?;
        let owner = accounts.owner(&canary.owner).within(field())?;
        let bits = mode(&canary.mode).within(field())?;
        tree.add_canary(name, &canary.path, owner, bits);
    }
    let sheet = Content::Sheet {
        place: "host".to_owned(),
    };
    tree.add(SHEET_PATH, root, 0o444, sheet);
    tree.add("/probe", root, 0o755, Content::Probe);
    tree.add("/preload.so", root, 0o644, Content::Preload);
    Ok(())
}

fn add_bundles(
    tree: &mut Tree,
    world: &World,
    bundles: &BTreeMap<String, Bundle>,
    accounts: &Accounts,
) -> Result<(), Fault> {
    for (path, (key, bundle)) in bundles_by_path(world, bundles)? {
        bundle::add(tree, &path, bundle, accounts).within(key)?;
    }
    Ok(())
}

/// Keys and bundles by path; the standard bundle is always there.
fn bundles_by_path<'a>(
    world: &World,
    bundles: &'a BTreeMap<String, Bundle>,
) -> Result<BTreeMap<String, (&'a str, &'a Bundle)>, Fault> {
    static STANDARD: LazyLock<Bundle> = LazyLock::new(Bundle::default);
    let standard: (&str, &Bundle) = (STANDARD_BUNDLE, &STANDARD);
    let mut by_path = BTreeMap::from([(bundle::path_of(&world.base, STANDARD_BUNDLE)?, standard)]);
    for (key, bundle) in bundles {
        let path = bundle::path_of(&world.base, key).within(key)?;
        by_path.insert(path, (key, bundle));
    }
    Ok(by_path)
}

/// Parents come before what they hold, and files before hard links to them.
pub(crate) fn apply_files(
    tree: &mut Tree,
    files: &BTreeMap<String, File>,
    accounts: &Accounts,
    place: &dyn Fn(&str) -> String,
) -> Result<(), Fault> {
    let mut sorted = Vec::new();
    for (key, file) in files {
        let path = place(key);
        absolute(&path).within(key)?;
        let hard_link = file.kind == Some(crate::model::FileKind::Hardlink);
        sorted.push((hard_link, path, key, file));
    }
    sorted.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    for (_, path, key, file) in sorted {
        tree.apply(&path, file, accounts, place).within(key)?;
    }
    Ok(())
}

/// Every canary file at its own path, then the other places.
fn canaries(world: &World, look: &BTreeMap<String, String>) -> Result<Vec<Canary>, Fault> {
    let file = |name: String, path: &str| Canary {
        name,
        try_: Try::File(path.to_owned()),
    };
    let own = world.canary.iter();
    let mut all: Vec<_> = own
        .map(|(name, canary)| file(name.clone(), &canary.path))
        .collect();
    for (place, name) in look {
        if !world.canary.contains_key(name) {
            let near = did_you_mean(name, world.canary.keys().map(String::as_str));
            let names: Vec<_> = world.canary.keys().map(String::as_str).collect();
            let names = names.join(", ");
            let message = format!("unknown canary file `{name}`{near}; there are {names}");
            return Err(Fault::new(message).within(place));
        }
        all.push(file(format!("{name}@{place}"), place));
    }
    Ok(all)
}
