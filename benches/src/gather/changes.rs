//! States that rules refuse, each as one change of the ordinary request, made on
//! a real file system by a real process. A rule finds its refusing request here
//! by itself, or a test says that a change is missing.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};

use anyhow::{Context, Result};
use rustix::fs::{XattrFlags, setxattr};
use sekisho_rules::Fact;
use sekisho_sys::fd::AsRawFd;
use sekisho_sys::{signals, terminal};
use serde_json::json;

use super::Case;
use super::case::{config_path, init_path, inside, outside};
use crate::world::{self, BASE, GATHERED, INIT, TARGET};

/// One change.
pub struct Change {
    /// What is so after it.
    pub what: &'static str,
    /// Makes it so, in the request or in its bundle.
    pub apply: fn(&mut Case) -> Result<()>,
}

/// Shorthand for a list that is mostly code.
const fn change(what: &'static str, apply: fn(&mut Case) -> Result<()>) -> Change {
    Change { what, apply }
}

/// Somebody without an entry, who owns nothing else.
const OTHER: u32 = 40_001;

/// All changes; what changes one thing alone comes before what changes others on
/// the way. The terminal comes last: it is not given back.
pub const CHANGES: &[Change] = &[
    change("a bundle of somebody else", |_| {
        own(&GATHERED.bundle(), OTHER)
    }),
    change("an init of somebody else", |_| own(&init_path(), OTHER)),
    change("a caller without an entry", |case| {
        case.caller = OTHER;
        Ok(())
    }),
    change("no arguments", |case| {
        case.words.truncate(1);
        case.directory = GATHERED.bundle();
        Ok(())
    }),
    change("an empty argument", |case| {
        case.init(&[INIT.as_bytes(), b""]);
        Ok(())
    }),
    change("control bytes in an argument", |case| {
        case.init(&[INIT.as_bytes(), b"a\nb"]);
        Ok(())
    }),
    change("a long argument", |case| {
        case.init(&[INIT.as_bytes(), &[b'a'; 1 << 16]]);
        Ok(())
    }),
    change("a user without an entry", |case| {
        case.word(0, "40001");
        Ok(())
    }),
    change("an inexact user", |case| {
        case.word(0, "10001x");
        Ok(())
    }),
    change("a foreign target group", |case| {
        case.word(1, "user1");
        Ok(())
    }),
    change("user root", |case| {
        case.word(0, "root");
        Ok(())
    }),
    change("a foreign group held", |case| {
        case.groups.push(0);
        Ok(())
    }),
    change("a group without an entry", |case| {
        case.word(1, "40001");
        Ok(())
    }),
    change("an inexact group", |case| {
        case.word(1, "10001x");
        Ok(())
    }),
    change("group root", |case| {
        case.word(1, "root");
        Ok(())
    }),
    change("an argument like an option", |case| {
        case.word(0, "-u");
        Ok(())
    }),
    change("a bundle by absolute path", |case| {
        case.word(2, &GATHERED.bundle());
        Ok(())
    }),
    change("a bundle with ..", |case| {
        case.word(2, &format!("alice/../alice/{}", GATHERED.bundle));
        Ok(())
    }),
    change("a rootfs outside the base", |case| {
        let rootfs = format!("{}/rootfs", outside()?);
        case.configure(|config| config["root"]["path"] = json!(rootfs))
    }),
    change("a bundle outside the base", |case| {
        case.word(2, outside()?);
        Ok(())
    }),
    change("a writable bundle", |_| mode(&GATHERED.bundle(), 0o777)),
    change("a closed bundle", |_| {
        own(&GATHERED.bundle(), 0)?;
        mode(&GATHERED.bundle(), 0o700)
    }),
    change("a link to the bundle", |case| {
        world::link(GATHERED.bundle, &format!("{BASE}/alice/link"))?;
        case.word(2, "alice/link");
        Ok(())
    }),
    change("a writable directory above", |_| {
        mode(&format!("{BASE}/alice"), 0o777)
    }),
    change("a configuration of a tenant", |_| {
        own(&config_path(), TARGET)
    }),
    change("a writable configuration", |_| mode(&config_path(), 0o666)),
    change("a link to the configuration", |_| {
        let real = format!("{}.real", config_path());
        fs::rename(config_path(), &real).context("rename the configuration")?;
        world::link("config.json.real", &config_path())
    }),
    change("new privileges", |case| {
        case.configure(|config| config["process"]["noNewPrivileges"] = json!(false))
    }),
    change("a capability", |case| {
        let asked = json!({ "bounding": ["CAP_SYS_ADMIN"] });
        case.configure(|config| config["process"]["capabilities"] = asked)
    }),
    change("a bind of the host's /etc", |case| {
        let bind = json!({ "destination": "/mnt", "type": "none", "source": "/etc",
            "options": ["bind"] });
        case.configure(|config| config["mounts"] = json!([bind]))
    }),
    change("a hook", |case| {
        let hooks = json!({ "prestart": [{ "path": "/tmp/hook" }] });
        case.configure(|config| config["hooks"] = hooks)
    }),
    change("a device", |case| {
        let device = json!({ "path": "/dev/x", "type": "b", "major": 8, "minor": 0 });
        case.configure(|config| config["linux"]["devices"] = json!([device]))
    }),
    change("the host's namespaces", |case| {
        case.configure(|config| config["linux"]["namespaces"] = json!([{ "type": "mount" }]))
    }),
    change("a mapping of root", |case| {
        case.configure(|config| {
            let linux = &mut config["linux"];
            linux["namespaces"] = json!([{ "type": "user" }, { "type": "mount" }]);
            linux["uidMappings"] = json!([{ "containerID": 0, "hostID": 0, "size": 1 }]);
        })
    }),
    change("a foreign additional group", |case| {
        case.configure(|config| config["process"]["user"]["additionalGids"] = json!([OTHER]))
    }),
    change("a loading variable of the configuration", |case| {
        case.configure(|config| config["process"]["env"] = json!(["BASH_ENV=/x"]))
    }),
    change("a writable rootfs", |_| mode(&GATHERED.rootfs(), 0o777)),
    change("a link to the rootfs", |case| {
        world::link("rootfs", &format!("{}/link", GATHERED.bundle()))?;
        case.configure(|config| config["root"]["path"] = json!("link"))
    }),
    change("an init with ..", |case| {
        case.init(&[b"/app/../app/init"]);
        Ok(())
    }),
    change("no init", |case| {
        case.init(&[b"/app/none"]);
        Ok(())
    }),
    change("an init with two names", |_| {
        fs::hard_link(init_path(), inside("/app/again")).context("link the init")
    }),
    change("a directory as init", |case| {
        case.init(&[b"/app"]);
        Ok(())
    }),
    change("an init that must not be executed", |_| {
        mode(&init_path(), 0o644)
    }),
    change("a setuid and setgid init", |_| mode(&init_path(), 0o6755)),
    change("a writable init", |_| mode(&init_path(), 0o777)),
    change("an init with file capabilities", |_| {
        attribute("security.capability", &capability())
    }),
    change("an access list on the init", |_| {
        attribute("system.posix_acl_access", &access_list())
    }),
    change("an init of no known format", |_| {
        world::put(&init_path(), b"echo\n", 0o755, TARGET)
    }),
    change("a writable interpreter", |_| {
        world::put(&inside("/app/sh"), b"", 0o777, TARGET)?;
        world::put(&init_path(), b"#!/app/sh\n", 0o755, TARGET)
    }),
    change("a closed working directory", |case| {
        world::make_for_target(&inside("/closed"))?;
        own(&inside("/closed"), 0)?;
        mode(&inside("/closed"), 0o700)?;
        case.configure(|config| config["process"]["cwd"] = json!("/closed"))
    }),
    change("a link to the working directory", |case| {
        world::link("/app", &inside("/link"))?;
        case.configure(|config| config["process"]["cwd"] = json!("/link"))
    }),
    change("a variable that is not listed", |case| {
        case.variable(b"OTHER=1");
        Ok(())
    }),
    change("a variable given twice", |case| {
        case.variable(b"HTTP_X=1");
        case.variable(b"HTTP_X=2");
        Ok(())
    }),
    change("another PATH", |case| {
        case.variable(b"PATH=/tmp");
        Ok(())
    }),
    change("a loading variable", |case| {
        case.variable(b"BASH_ENV=/x");
        Ok(())
    }),
    change("an entry without =", |case| {
        case.variable(b"HTTP_X");
        Ok(())
    }),
    change("control bytes in a value", |case| {
        case.variable(b"HTTP_X=a\nb");
        Ok(())
    }),
    change("a function as value", |case| {
        case.variable(b"HTTP_X=() { :; }");
        Ok(())
    }),
    change("many variables", |case| {
        for n in 0..case.policy.most_environment {
            case.variable(format!("HTTP_{n}=x").as_bytes());
        }
        Ok(())
    }),
    change("a long variable", |case| {
        case.variable(&[&b"HTTP_X="[..], &[b'a'; 1 << 16]].concat());
        Ok(())
    }),
    change("a umask of 0", |case| {
        case.umask = 0;
        Ok(())
    }),
    change("an ignored signal", |case| {
        case.ignored = Some(signals::SIGPIPE);
        Ok(())
    }),
    change("other limits", |case| {
        case.files = 512;
        Ok(())
    }),
    change("a descriptor", |case| {
        case.descriptor = true;
        Ok(())
    }),
    change("a uid that means none", |case| {
        case.word(0, "4294967295");
        Ok(())
    }),
    change("a terminal", |_| {
        let taken = terminal::open_pair().and_then(|(ours, theirs)| {
            terminal::take_as_controlling(theirs.as_raw_fd())?;
            // It would hang up if nobody held it.
            std::mem::forget(ours);
            Ok(())
        });
        taken.map_err(|error| anyhow::anyhow!("{error}"))
    }),
];

/// Of each fact, one of the [`CHANGES`] that shows in it. A new fact has to be
/// named here: without a wildcard, the compiler asks for it.
#[must_use]
pub const fn shows_in(fact: Fact) -> &'static str {
    match fact {
        Fact::Arguments => "an empty argument",
        Fact::Caller => "a caller without an entry",
        Fact::TargetUser => "user root",
        Fact::TargetGroup => "group root",
        Fact::Membership => "a foreign additional group",
        Fact::Bundle => "a writable bundle",
        Fact::BundleLinks => "a link to the bundle",
        Fact::BundleAncestors => "a writable directory above",
        Fact::BundleEntry => "a closed bundle",
        Fact::ConfigFile => "a writable configuration",
        Fact::ConfigLinks => "a link to the configuration",
        Fact::Requested => "new privileges",
        Fact::Rootfs => "a writable rootfs",
        Fact::RootfsLinks => "a link to the rootfs",
        Fact::Init => "a writable init",
        Fact::InitAccess => "an init that must not be executed",
        Fact::InitCapabilities => "an init with file capabilities",
        Fact::InitFormat => "an init of no known format",
        Fact::Interpreter => "a writable interpreter",
        Fact::AccessLists => "an access list on the init",
        Fact::WorkingDirectory => "a link to the working directory",
        Fact::Environment => "another PATH",
        Fact::Descriptors => "a descriptor",
        Fact::GroupsHeld => "a foreign group held",
        Fact::State => "a umask of 0",
        Fact::Terminal => "a terminal",
        Fact::Dropped => "a uid that means none",
    }
}

fn mode(path: &str, mode: u32) -> Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode)).with_context(|| format!("chmod {path}"))
}

fn own(path: &str, id: u32) -> Result<()> {
    chown(path, Some(id), Some(id)).with_context(|| format!("chown {path}"))
}

/// Sets an extended attribute of the init.
fn attribute(name: &str, value: &[u8]) -> Result<()> {
    let set = setxattr(init_path(), name, value, XattrFlags::empty());
    set.with_context(|| format!("set {name}"))
}

/// `struct vfs_cap_data` (`linux/capability.h`), revision 2: CAP_NET_RAW.
fn capability() -> Vec<u8> {
    let words: [u32; 5] = [0x0200_0000, 1 << 13, 0, 0, 0];
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// `linux/posix_acl_xattr.h`: another user may write.
fn access_list() -> Vec<u8> {
    /// Tag, permissions and id.
    const ENTRIES: [(u16, u16, u32); 5] = [
        (0x01, 7, u32::MAX),
        (0x02, 6, OTHER),
        (0x04, 5, u32::MAX),
        (0x10, 7, u32::MAX),
        (0x20, 5, u32::MAX),
    ];
    let mut bytes = 2_u32.to_le_bytes().to_vec();
    for (tag, may, id) in ENTRIES {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(may.to_le_bytes());
        bytes.extend(id.to_le_bytes());
    }
    bytes
}
