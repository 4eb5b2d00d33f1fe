//! What a fixture and a request become.

use sekisho_scenario::fault::Fault;
use sekisho_scenario::model::Scenario;
use sekisho_scenario::plan::{Planned, plan};
use sekisho_scenario::world::{STANDARD, World};
use sekisho_trial::{Content, PlannedFile};

fn planned(more: &str) -> Result<Planned, Fault> {
    let text = "id = 'x'\ntitle = 'x'\nkind = 'legitimate'\nfamily = 'x'\nwhy = 'x'\n\
                related = ['x']\nwitness.via = 'init'\n";
    let scenario: Scenario = toml::from_str(&format!("{text}{more}")).unwrap();
    plan(&World::parse(STANDARD).unwrap(), &scenario)
}

fn files(more: &str) -> Vec<PlannedFile> {
    planned(more)
        .unwrap_or_else(|fault| panic!("{fault}"))
        .layout
        .files
}

fn file<'a>(files: &'a [PlannedFile], path: &str) -> &'a PlannedFile {
    let found: Vec<_> = files.iter().filter(|file| file.path == path).collect();
    assert_eq!(found.len(), 1, "{path} is planned {} times", found.len());
    found[0]
}

fn position(files: &[PlannedFile], path: &str) -> usize {
    files.iter().position(|file| file.path == path).expect(path)
}

const ROOTFS: &str = "/srv/containers/alice/web/rootfs";

#[test]
fn the_world_has_accounts_canaries_and_the_probe() {
    let files = files("");
    let shadow = file(&files, "/etc/shadow");
    assert_eq!((shadow.uid, shadow.gid, shadow.mode), (0, 42, 0o640));
    let Content::Template(text) = &shadow.content else {
        panic!("{shadow:?}");
    };
    let text = String::from_utf8_lossy(text);
    assert!(
        text.contains("\nalice:*:") && text.ends_with("\ncanary:shadow:{nonce}\n"),
        "{text}"
    );
    let canary = file(&files, "/srv/containers/bob/secret");
    assert_eq!((canary.uid, canary.mode), (10002, 0o600));
    assert_eq!(file(&files, "/probe").content, Content::Probe);
    assert_eq!(file(&files, "/preload.so").content, Content::Preload);
    let place = "host".to_owned();
    assert_eq!(
        file(&files, "/.sekisho-sheet").content,
        Content::Sheet { place }
    );
    assert_eq!(file(&files, "/tmp").mode, 0o1777);
}

#[test]
fn the_standard_bundle_belongs_to_alice_and_its_configuration_to_root() {
    let files = files("");
    for (path, uid, mode) in [
        ("/srv/containers/alice/web", 10001, 0o755),
        ("/srv/containers/alice/web/config.json", 0, 0o644),
        (ROOTFS, 10001, 0o755),
        (&format!("{ROOTFS}/app"), 10001, 0o755),
        (&format!("{ROOTFS}/app/server"), 10001, 0o755),
        (&format!("{ROOTFS}/probe"), 0, 0o755),
        (&format!("{ROOTFS}/tmp"), 10001, 0o1777),
        (&format!("{ROOTFS}/.sekisho-sheet"), 0, 0o444),
    ] {
        let file = file(&files, path);
        assert_eq!((file.uid, file.mode), (uid, mode), "{path}");
    }
    assert_eq!(
        file(&files, &format!("{ROOTFS}/app/server")).content,
        Content::Probe
    );
    let place = ROOTFS.to_owned();
    let sheet = file(&files, &format!("{ROOTFS}/.sekisho-sheet"));
    assert_eq!(sheet.content, Content::Sheet { place });
}

#[test]
fn a_bundle_takes_what_it_names() {
    let files = files(
        "[fixture.bundles.'/opt/b']\nowner = 'bob:web'\nmode = '0777'\ninit = '/usr/bin/run'\n\
         init-owner = 'root:root'\ninit-mode = '4755'\nconfig-owner = 'bob:bob'\n\
         [fixture.bundles.'bob/none']\nempty = true\n",
    );
    let directory = file(&files, "/opt/b");
    assert_eq!(
        (directory.uid, directory.gid, directory.mode),
        (10002, 20001, 0o777)
    );
    let init = file(&files, "/opt/b/rootfs/usr/bin/run");
    assert_eq!((init.uid, init.mode), (0, 0o4755));
    assert_eq!(file(&files, "/opt/b/config.json").uid, 10002);
    let Content::Bytes(config) = &file(&files, "/opt/b/config.json").content else {
        panic!("no configuration");
    };
    assert!(String::from_utf8_lossy(config).contains("\"/usr/bin/run\""));
    file(&files, "/srv/containers/bob/none/rootfs/.sekisho-sheet");
    let empty = "/srv/containers/bob/none/rootfs/probe";
    assert!(!files.iter().any(|file| file.path == empty));
}

#[test]
fn files_change_only_what_they_name() {
    let files = files(
        "[fixture.files]\n'{rootfs}/app/server' = {text = '#!/bin/sh'}\n\
         '{bundle}/config.json' = {mode = '0666'}\n'{rootfs}/etc' = {kind = 'absent'}\n\
         '/srv/new/x' = {text = 'a', owner = 'bob:bob'}\n",
    );
    let init = file(&files, &format!("{ROOTFS}/app/server"));
    assert_eq!((init.uid, init.mode), (10001, 0o755));
    assert_eq!(init.content, Content::Bytes(b"#!/bin/sh".to_vec()));
    let config = file(&files, "/srv/containers/alice/web/config.json");
    assert_eq!((config.uid, config.mode), (0, 0o666));
    assert!(
        !files
            .iter()
            .any(|file| file.path == format!("{ROOTFS}/etc"))
    );
    let new = file(&files, "/srv/new/x");
    assert_eq!((new.uid, new.mode), (10002, 0o644));
}

#[test]
fn what_replaces_a_directory_takes_all_beneath_with_it() {
    let files = files("fixture.files.'{rootfs}' = {kind = 'symlink', to = '/srv/shared'}");
    assert_eq!(
        file(&files, ROOTFS).content,
        Content::Symlink("/srv/shared".to_owned())
    );
    let beneath = format!("{ROOTFS}/");
    assert!(!files.iter().any(|file| file.path.starts_with(&beneath)));
    let fault = planned(
        "[fixture.files]\n'{rootfs}' = {kind = 'symlink', to = '/srv/shared'}\n\
         '{rootfs}/x' = {kind = 'fifo'}",
    );
    assert!(fault.unwrap_err().message.contains("which is no directory"));
}

#[test]
fn hard_links_come_after_their_file_and_share_its_owner() {
    let files =
        files("fixture.files.'{bundle}/a' = {kind = 'hardlink', to = '{rootfs}/app/server'}");
    let link = file(&files, "/srv/containers/alice/web/a");
    assert_eq!((link.uid, link.mode), (10001, 0o755));
    let target = format!("{ROOTFS}/app/server");
    assert_eq!(link.content, Content::Hardlink(target.clone()));
    assert!(position(&files, &link.path) > position(&files, &target));
}

#[test]
fn parents_come_before_what_they_hold() {
    let files =
        files("fixture.files.'/z' = {kind = 'directory'}\nfixture.files.'/z/a/b' = {text = ''}");
    for (index, file) in files.iter().enumerate() {
        let later = files[index..].iter();
        let above = |other: &&PlannedFile| file.path.starts_with(&format!("{}/", other.path));
        assert_eq!(later.filter(above).count(), 0, "{}", file.path);
    }
}

#[test]
fn files_that_cannot_be_made_are_refused_with_the_reason() {
    for (text, expected) in [
        (
            "'/x' = {mode = '0644'}",
            "fixture.files./x.kind: no bundle makes",
        ),
        ("'/x' = {kind = 'absent'}", "nothing would be there"),
        ("'/x' = {kind = 'symlink'}", "/x.to: a link needs"),
        ("'/x' = {kind = 'hardlink', to = '/y'}", "`/y` is no file"),
        (
            "'/x' = {kind = 'hardlink', to = '/probe', mode = '0'}",
            "give them there",
        ),
        ("'/x' = {kind = 'device', device = 'd 1:2'}", "`c 1:3`"),
        (
            "'/x' = {kind = 'directory', text = ''}",
            "only a file of kind text",
        ),
        (
            "'/x' = {kind = 'fifo', capabilities = ['CAP_X']}",
            "unknown capability",
        ),
        ("'/x' = {kind = 'fifo', acl = ['x']}", "no ACL entry"),
        ("'x' = {kind = 'fifo'}", "absolute"),
    ] {
        let fault = planned(&format!("[fixture.files]\n{text}"))
            .unwrap_err()
            .to_string();
        assert!(fault.contains(expected), "{text}: {fault}");
    }
}

#[test]
fn attributes_become_extended_attributes() {
    let files = files(
        "[fixture.files.'{rootfs}/app/server']\ncapabilities = ['CAP_NET_RAW']\n\
         acl = ['user:bob:rw']",
    );
    let names = file(&files, &format!("{ROOTFS}/app/server")).xattrs.iter();
    let names: Vec<_> = names.map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["security.capability", "system.posix_acl_access"]);
}

#[test]
fn canaries_are_tried_at_home_and_where_the_fixture_says() {
    let layout = planned("fixture.look.'../../root/canary' = 'root-file'")
        .unwrap()
        .layout;
    let names: Vec<_> = layout
        .canaries
        .iter()
        .map(|canary| canary.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "closed-file",
            "group-file",
            "root-file",
            "shadow",
            "shared-closed-file",
            "shared-group-file",
            "shared-root-file",
            "shared-tenant-file",
            "tenant-file",
            "world-file",
            "root-file@../../root/canary"
        ]
    );
}

#[test]
fn a_request_is_resolved_and_becomes_a_start() {
    let request = planned("").unwrap().request;
    assert_eq!(
        (request.uid, request.gid, request.groups.len()),
        (33, 33, 0)
    );
    assert_eq!(request.umask, 0o022);
    assert_eq!(request.bundle_on_host(), b"/srv/containers/alice/web");
    let request = planned(
        "[request]\ncaller = '10077'\ncaller-group = '5'\ncaller-groups = ['shadow', '7']\n\
         blocked-signals = ['SIGTERM']\nlimits.core = [0, 'unlimited']\nterminal = true\n\
         init = ['/bin/x', {each = 'a{}', count = 2}]\nworking-directory = '{rootfs}'\n\
         descriptors = [{number = 3, path = '{bundle}/config.json', access = 'path'}]\n",
    )
    .unwrap()
    .request;
    assert_eq!(
        request.init,
        [b"/bin/x".to_vec(), b"a0".to_vec(), b"a1".to_vec()]
    );
    let start = request.to_start("/l".to_owned(), vec![b"l".to_vec()]);
    assert_eq!(
        (start.uid, start.gid, start.groups),
        (10078, 5, vec![42, 7])
    );
    assert_eq!(start.blocked, [15]);
    assert_eq!(start.limits, [("core".to_owned(), 0, u64::MAX)]);
    assert_eq!(start.working_directory, ROOTFS);
    assert_eq!(
        start.descriptors[0].path,
        "/srv/containers/alice/web/config.json"
    );
    assert!(start.terminal && start.program == "/l" && start.arguments == [b"l"]);
}
