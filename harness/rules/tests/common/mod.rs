//! Strategies for whole pieces of evidence and whole policies: mostly odd
//! bytes, mixed with values on both sides of what rules compare with.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use sekisho_rules::evidence::*;
use sekisho_rules::policy::LIMIT_NAMES;
use sekisho_rules::{Cause, Policy};

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

fn who() -> impl Strategy<Value = Evidence> {
    let caller =
        (id(), id(), option::of(text())).prop_map(|(uid, gid, name)| Caller { uid, gid, name });
    (
        gathered(vec(bytes(), 0..6).prop_map(|words| Arguments { words })),
        gathered(caller),
        gathered(identity()),
        gathered(identity()),
        gathered(membership()),
        gathered(vec(id(), 0..4)),
        gathered(dropped()),
    )
        .prop_map(
            |(arguments, caller, target_user, target_group, membership, groups_held, dropped)| {
                Evidence {
                    arguments,
                    caller,
                    target_user,
                    target_group,
                    membership,
                    groups_held,
                    dropped,
                    ..Evidence::default()
                }
            },
        )
}

fn bundle() -> impl Strategy<Value = Evidence> {
    let entry = (file(), any::<bool>()).prop_map(|(file, allowed)| Entry { file, allowed });
    (
        gathered(place()),
        gathered(links()),
        gathered(vec(file(), 0..4)),
        gathered(entry),
        gathered(file()),
        gathered(links()),
        gathered(requested()),
        gathered(place()),
        gathered(links()),
    )
        .prop_map(|all| Evidence {
            bundle: all.0,
            bundle_links: all.1,
            bundle_ancestors: all.2,
            bundle_entry: all.3,
            config_file: all.4,
            config_links: all.5,
            requested: all.6,
            rootfs: all.7,
            rootfs_links: all.8,
            ..Evidence::default()
        })
}

fn init() -> impl Strategy<Value = Evidence> {
    let init = (bytes(), option::of(file())).prop_map(|(text, file)| Init { text, file });
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
    (
        gathered(init),
        gathered(any::<bool>()),
        gathered(any::<bool>()),
        gathered(select(vec![
            Format::Elf,
            Format::Script,
            Format::Unrecognised,
        ])),
        gathered(option::of(file())),
        gathered(lists),
        gathered(directory),
        gathered(environment()),
        gathered(vec(descriptor, 0..3)),
        gathered(state()),
        gathered(any::<bool>().prop_map(|controlling| Terminal { controlling })),
    )
        .prop_map(|all| Evidence {
            init: all.0,
            init_access: all.1,
            init_capabilities: all.2,
            init_format: all.3,
            interpreter: all.4,
            access_lists: all.5,
            working_directory: all.6,
            environment: all.7,
            descriptors: all.8,
            state: all.9,
            terminal: all.10,
            ..Evidence::default()
        })
}

/// Any evidence.
pub fn evidence() -> impl Strategy<Value = Evidence> {
    (who().boxed(), bundle().boxed(), init().boxed()).prop_map(|(who, bundle, init)| Evidence {
        arguments: who.arguments,
        caller: who.caller,
        target_user: who.target_user,
        target_group: who.target_group,
        membership: who.membership,
        groups_held: who.groups_held,
        dropped: who.dropped,
        init: init.init,
        init_access: init.init_access,
        init_capabilities: init.init_capabilities,
        init_format: init.init_format,
        interpreter: init.interpreter,
        access_lists: init.access_lists,
        working_directory: init.working_directory,
        environment: init.environment,
        descriptors: init.descriptors,
        state: init.state,
        terminal: init.terminal,
        ..bundle
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
