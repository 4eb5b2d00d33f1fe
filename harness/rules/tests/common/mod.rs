//! Strategies for whole pieces of evidence and whole policies: mostly odd
//! bytes, mixed with values on both sides of what rules compare with.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use sekisho_rules::evidence::*;
use sekisho_rules::policy::LIMIT_NAMES;
use sekisho_rules::{Cause, Fact, Policy};

fn id() -> impl Strategy<Value = u32> {
    let edges = select(vec![0, 33, 999, 1000, 10001, u32::MAX - 1, u32::MAX]);
    prop_oneof![3 => edges, 1 => any::<u32>()]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&[u8]> = vec![
        b"",
        b"-x",
        b"..",
        b"a/../b",
        b"/etc",
        b"0day",
        b"=",
        b"PATH=/usr/local/bin:/usr/bin:/bin",
        b"PATH=",
        b"LD_PRELOAD=/x",
        b"HTTP_HOST=a\nb",
        b"HTTP_COOKIE=() { :; }",
        b"HTTP_PROXY",
    ];
    prop_oneof![
        2 => select(known).prop_map(<[u8]>::to_vec),
        2 => vec(any::<u8>(), 0..40),
        1 => vec(any::<u8>(), 4000..5000),
    ]
}

fn text() -> impl Strategy<Value = String> {
    let known = select(vec![
        "bind",
        "proc",
        "/usr/share",
        "/usr/..",
        "/usr",
        "network",
        "\n",
    ]);
    prop_oneof![1 => known.prop_map(str::to_owned), 1 => "(?s).{0,200}"]
}

/// Boxed, since the unboxed type of a whole piece of evidence would not fit on
/// a test's stack.
fn gathered<T: std::fmt::Debug + Clone + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Gathered<T>> {
    prop_oneof![
        1 => Just(Gathered::NotGathered),
        1 => text().prop_map(|text| Gathered::Unobservable(Cause::SystemCall(text))),
        8 => value.prop_map(Gathered::Seen),
    ]
    .boxed()
}

fn file() -> impl Strategy<Value = File> {
    let kind = select(vec![
        FileKind::Regular,
        FileKind::Directory,
        FileKind::Symlink,
        FileKind::Special,
    ]);
    (text(), id(), id(), 0..0o10000_u32, kind, 0..4_u64).prop_map(
        |(name, uid, gid, mode, kind, links)| File {
            name,
            uid,
            gid,
            mode,
            kind,
            links,
        },
    )
}

fn place() -> impl Strategy<Value = Place> {
    (bytes(), file(), any::<bool>()).prop_map(|(text, file, beneath_base)| Place {
        text,
        file,
        beneath_base,
    })
}

fn links() -> impl Strategy<Value = Links> {
    any::<(bool, bool)>().prop_map(|(symbolic, magic)| Links { symbolic, magic })
}

fn identity() -> impl Strategy<Value = Identity> {
    use IdentityForm::{Absent, Exact, Inexact, Name};
    let form = select(vec![Name, Exact, Inexact, Absent]);
    (bytes(), form, id(), option::of(text())).prop_map(|(text, form, id, name)| Identity {
        text,
        form,
        id,
        name,
    })
}

fn membership() -> impl Strategy<Value = Membership> {
    (option::of(id()), vec(id(), 0..4), id(), vec(id(), 0..4)).prop_map(
        |(primary, member_of, target_group, additional)| Membership {
            primary,
            member_of,
            target_group,
            additional,
        },
    )
}

fn limit() -> impl Strategy<Value = Limit> {
    let value = || prop_oneof![Just(0), Just(1024), Just(u64::MAX), any::<u64>()];
    (select(LIMIT_NAMES.to_vec()), value(), value()).prop_map(|(name, soft, hard)| Limit {
        name,
        soft,
        hard,
    })
}

fn state() -> impl Strategy<Value = State> {
    let umask = select(vec![0, 0o022, 0o077]);
    let signals = || select(vec![0, 1 << 12, u64::MAX]);
    (umask, signals(), signals(), vec(limit(), 0..20)).prop_map(
        |(umask, blocked, ignored, limits)| State {
            umask,
            blocked,
            ignored,
            limits,
        },
    )
}

fn requested() -> impl Strategy<Value = Requested> {
    let mount = (text(), text(), text(), any::<bool>()).prop_map(
        |(destination, kind, source, read_only)| MountRequest {
            destination,
            kind,
            source,
            read_only,
        },
    );
    let mapping = (id(), id(), id()).prop_map(|(container, host, size)| Mapping {
        container,
        host,
        size,
    });
    (
        prop_oneof![Just(0), Just(1 << 10), any::<u64>()],
        vec(mount, 0..3),
        vec(text(), 0..3),
        vec(select(vec!["network", "pid", "mount"]), 0..3),
        vec(text(), 0..2),
        vec(mapping, 0..3),
        any::<bool>(),
    )
        .prop_map(
            |(capabilities, mounts, hooks, namespaces_shared, devices, mappings, flag)| Requested {
                capabilities,
                mounts,
                hooks,
                namespaces_shared,
                devices,
                mappings,
                no_new_privileges: flag,
            },
        )
}

fn environment() -> impl Strategy<Value = Environment> {
    let many = (0..400_usize).prop_map(|count| {
        (0..count)
            .map(|n| format!("HTTP_{n}=x").into_bytes())
            .collect()
    });
    let caller = prop_oneof![4 => vec(bytes(), 0..8), 1 => many];
    (caller, vec(bytes(), 0..4)).prop_map(|(caller, config)| Environment { caller, config })
}

fn dropped() -> impl Strategy<Value = Dropped> {
    let three = || prop_oneof![id().prop_map(|id| [id; 3]), [id(), id(), id()]];
    (three(), three(), id(), id(), any::<bool>()).prop_map(
        |(uids, gids, wanted_uid, wanted_gid, irrevocable)| Dropped {
            uids,
            gids,
            wanted_uid,
            wanted_gid,
            irrevocable,
        },
    )
}

/// Fills one field of the evidence.
#[derive(Clone)]
pub struct Fill(Arc<dyn Fn(&mut Evidence)>);

impl Fill {
    /// Does it.
    pub fn apply(&self, evidence: &mut Evidence) {
        (self.0)(evidence);
    }
}

impl std::fmt::Debug for Fill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut evidence = Evidence::default();
        self.apply(&mut evidence);
        evidence.fmt(f)
    }
}

macro_rules! fill {
    ($field:ident, $value:expr) => {
        gathered($value)
            .prop_map(|value| {
                Fill(Arc::new(move |evidence: &mut Evidence| {
                    evidence.$field = value.clone();
                }))
            })
            .boxed()
    };
}

/// Any state of one fact. A new fact has to be named here: without a wildcard,
/// the compiler asks for it.
pub fn fact(fact: Fact) -> BoxedStrategy<Fill> {
    let caller =
        (id(), id(), option::of(text())).prop_map(|(uid, gid, name)| Caller { uid, gid, name });
    let entry = (file(), any::<bool>()).prop_map(|(file, allowed)| Entry { file, allowed });
    let init = (bytes(), option::of(file())).prop_map(|(text, file)| Init { text, file });
    let format = select(vec![Format::Elf, Format::Script, Format::Unrecognised]);
    let lists =
        any::<(bool, bool, bool, bool)>().prop_map(|(bundle, rootfs, config, init)| AccessLists {
            bundle,
            rootfs,
            config,
            init,
        });
    let directory =
        (bytes(), links(), any::<Option<bool>>()).prop_map(|(text, links, enterable)| {
            WorkingDirectory {
                text,
                links,
                enterable,
            }
        });
    let descriptor = (3..100, text()).prop_map(|(number, target)| Descriptor { number, target });
    match fact {
        Fact::Arguments => fill!(
            arguments,
            vec(bytes(), 0..6).prop_map(|words| Arguments { words })
        ),
        Fact::Caller => fill!(caller, caller),
        Fact::TargetUser => fill!(target_user, identity()),
        Fact::TargetGroup => fill!(target_group, identity()),
        Fact::Membership => fill!(membership, membership()),
        Fact::Bundle => fill!(bundle, place()),
        Fact::BundleLinks => fill!(bundle_links, links()),
        Fact::BundleAncestors => fill!(bundle_ancestors, vec(file(), 0..4)),
        Fact::BundleEntry => fill!(bundle_entry, entry),
        Fact::ConfigFile => fill!(config_file, file()),
        Fact::ConfigLinks => fill!(config_links, links()),
        Fact::Requested => fill!(requested, requested()),
        Fact::Rootfs => fill!(rootfs, place()),
        Fact::RootfsLinks => fill!(rootfs_links, links()),
        Fact::Init => fill!(init, init),
        Fact::InitAccess => fill!(init_access, any::<bool>()),
        Fact::InitCapabilities => fill!(init_capabilities, any::<bool>()),
        Fact::InitFormat => fill!(init_format, format),
        Fact::Interpreter => fill!(interpreter, option::of(file())),
        Fact::AccessLists => fill!(access_lists, lists),
        Fact::WorkingDirectory => fill!(working_directory, directory),
        Fact::Environment => fill!(environment, environment()),
        Fact::Descriptors => fill!(descriptors, vec(descriptor, 0..3)),
        Fact::GroupsHeld => fill!(groups_held, vec(id(), 0..4)),
        Fact::State => fill!(state, state()),
        Fact::Terminal => fill!(
            terminal,
            any::<bool>().prop_map(|controlling| Terminal { controlling })
        ),
        Fact::Dropped => fill!(dropped, dropped()),
    }
}

/// Any evidence.
pub fn evidence() -> impl Strategy<Value = Evidence> {
    let facts: Vec<_> = Fact::ALL.iter().copied().map(fact).collect();
    facts.prop_map(|fills| {
        let mut evidence = Evidence::default();
        fills.iter().for_each(|fill| fill.apply(&mut evidence));
        evidence
    })
}

/// Any policy.
pub fn policy() -> impl Strategy<Value = Policy> {
    let lists = (
        vec(text(), 0..3),
        vec(text(), 0..3),
        vec(text(), 0..3),
        vec(text(), 0..3),
        vec(limit(), 0..4),
    );
    let numbers = (id(), id(), id(), id(), 0..5000_usize, 0..300_usize);
    let other = (lists, numbers, text(), text(), any::<u64>()).prop_map(
        |(lists, numbers, base, path, capabilities)| Policy {
            mount_types: lists.0,
            mount_sources: lists.1,
            hooks: lists.2,
            shared_namespaces: lists.3,
            limits: lists.4,
            caller: numbers.0,
            minimum_uid: numbers.1,
            minimum_gid: numbers.2,
            highest_system_id: numbers.3,
            longest_argument: numbers.4,
            most_environment: numbers.5,
            longest_environment: numbers.4,
            base,
            path,
            capabilities,
            ..Policy::default()
        },
    );
    prop_oneof![Just(Policy::default()), other]
}
