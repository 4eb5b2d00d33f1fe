//! Stops of real programs, setuid ones among them. Each test is a process of its
//! own with one thread, in a private mount namespace with a tmpfs: this program,
//! called with the test's name.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use sekisho_sys::arena::SingleThread;
use sekisho_sys::process::Ended as How;
use sekisho_sys::{Errno, notify as filter};
use sekisho_trace::cpu::on_one_cpu;
use sekisho_trace::notify::{Answer, Calls, Keys, Role, Server, Start};

/// What the started programs are: this program with such a word.
const TELL: &str = "--tell-ids";
const READ: &str = "--read";
const FORK: &str = "--fork";
const SLEEP: &str = "--sleep";
/// Where everything lies.
const PLACE: &str = "/mnt";
/// A copy of this program, setuid root.
const SETUID: &str = "/mnt/setuid";
/// Who asks.
const CALLER: u32 = 12345;

type Test = fn() -> Result<()>;
const TESTS: [(&str, Test); 8] = [
    ("setuid is honoured and nothing is traced", setuid),
    ("stops come in order, one per call", order),
    ("what is done at a stop is seen", closure),
    ("errors reach the program", errors),
    ("children stop, with a role", children),
    ("a start ends in time and leaves nothing", time),
    ("the controller's end ends everything", controller),
    ("listeners do not nest", nested),
];

fn main() -> Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        [TELL] => return tell(),
        [READ, path] => return Ok(read(path)),
        [FORK] => return fork(),
        [SLEEP] => loop {
            std::thread::sleep(Duration::from_secs(1));
        },
        ["--controller-stays"] => return control(true).map(|()| ExitCode::SUCCESS),
        ["--controller-goes-on"] => return control(false).map(|()| ExitCode::SUCCESS),
        ["--speed"] => return prepared(speed).map(|()| ExitCode::SUCCESS),
        _ => {}
    }
    if let [name] = words[..]
        && let Some((_, test)) = TESTS.iter().find(|(known, _)| *known == name)
    {
        return prepared(*test).map(|()| ExitCode::SUCCESS);
    }
    if !sekisho_skips::as_root() {
        return Ok(ExitCode::SUCCESS);
    }
    for (name, _) in TESTS {
        let status = Command::new(std::env::current_exe()?).arg(name).status()?;
        ensure!(status.success(), "{name}: {status}");
        println!("{name} ... ok");
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs it beside a setuid copy of this program that nobody else sees.
fn prepared(test: Test) -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNS).context("unshare")?;
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    mount(
        Some("tmpfs"),
        PLACE,
        Some("tmpfs"),
        MsFlags::empty(),
        Some("mode=755"),
    )?;
    fs::copy(std::env::current_exe()?, SETUID)?;
    fs::set_permissions(SETUID, fs::Permissions::from_mode(0o4755))?;
    test()
}

/// Exits with 0 if this is a setuid start that nobody traces.
fn tell() -> Result<ExitCode> {
    let status = fs::read_to_string("/proc/self/status")?;
    let has = |line: &str| status.lines().any(|found| found == line);
    let honoured =
        has(&format!("Uid:\t{CALLER}\t0\t0\t0")) && has("TracerPid:\t0") && has("NoNewPrivs:\t0");
    Ok(ExitCode::from(if honoured { 0 } else { 1 }))
}

/// Exits with the first byte of the file, or 100 and more with the errno.
fn read(path: &str) -> ExitCode {
    let found = fs::File::open(path).and_then(|mut file| {
        let mut byte = [0];
        file.read_exact(&mut byte).map(|()| byte[0])
    });
    ExitCode::from(found.unwrap_or_else(|error| {
        100 + u8::try_from(error.raw_os_error().unwrap_or(0)).unwrap_or(100)
    }))
}

fn fork() -> Result<ExitCode> {
    let status = Command::new("/proc/self/exe")
        .args([READ, "/mnt/file"])
        .status()?;
    Ok(ExitCode::from(u8::try_from(status.code().unwrap_or(99))?))
}

fn server(calls: &Calls) -> Result<Server> {
    Server::start(&SingleThread::check()?, calls, || Ok(()))
}

fn setuid() -> Result<()> {
    for calls in [Calls::all(), Calls::of_paths()?] {
        let mut server = server(&calls)?;
        let mut stops = 0;
        for _ in 0..2 {
            let ended = server.run(&Start::new(&[SETUID, TELL], CALLER), |_| {
                stops += 1;
                Ok(Answer::Continue)
            })?;
            ensure!(ended.how == How::Status(0), "{ended:?}");
        }
        ensure!(stops > 0, "no stops");
        let missing = server.run(&Start::new(&["/mnt/none"], CALLER), |_| {
            Ok(Answer::Continue)
        });
        let why = format!("{:#}", missing.expect_err("there is no such program"));
        ensure!(why.contains("execve(\"/mnt/none\"): ENOENT"), "{why}");
        // A program that is not there is no reason to stop serving.
        let ended = server.run(&Start::new(&[SETUID, TELL], CALLER), |_| {
            Ok(Answer::Continue)
        })?;
        ensure!(ended.how == How::Status(0), "{ended:?}");
    }
    Ok(())
}

fn order() -> Result<()> {
    fs::write("/mnt/file", "x")?;
    let calls = ["openat", "read", "close", "exit_group"];
    let start = Start::new(&[SETUID, READ, "/mnt/file"], CALLER);
    let mut server = server(&Calls::named(calls)?)?;
    let mut runs = Vec::new();
    for _ in 0..3 {
        let (mut seen, mut keys) = (Vec::new(), Keys::default());
        let ended = server.run(&start, |stop| {
            seen.push(keys.next(stop)?);
            Ok(Answer::Continue)
        })?;
        ensure!(ended.how == How::Status(i32::from(b'x')), "{ended:?}");
        ensure!(ended.stops == seen.len() as u64, "{ended:?}");
        runs.push(seen);
    }
    ensure!(runs[0] == runs[1] && runs[1] == runs[2], "{runs:?}");
    let seen = &runs[0];
    ensure!(
        seen.iter().collect::<BTreeSet<_>>().len() == seen.len(),
        "{seen:?}"
    );
    ensure!(seen.iter().all(|key| key.role == Role::STARTED), "{seen:?}");
    let opened = seen.iter().position(|key| key.path == b"/mnt/file");
    let rest = &seen[opened.context("the file was opened")?..];
    let names: Vec<_> = rest.iter().map(|key| key.call.as_ref()).collect();
    ensure!(
        names == ["openat", "read", "close", "exit_group"],
        "{names:?}"
    );
    ensure!(
        rest[0].to_string() == "0.0 openat \"/mnt/file\" 1",
        "{}",
        rest[0]
    );
    Ok(())
}

fn closure() -> Result<()> {
    let start = Start::new(&[SETUID, READ, "/mnt/file"], CALLER);
    let mut server = server(&Calls::of_paths()?)?;
    for (exchange, expected) in [(false, b'a'), (true, b'b')] {
        fs::write("/mnt/file", "a")?;
        fs::write("/mnt/other", "b")?;
        let ended = server.run(&start, |stop| {
            if exchange && stop.paths()?.iter().any(|path| path == b"/mnt/file") {
                fs::rename("/mnt/other", "/mnt/file")?;
            }
            Ok(Answer::Continue)
        })?;
        ensure!(ended.how == How::Status(expected.into()), "{ended:?}");
    }
    Ok(())
}

fn errors() -> Result<()> {
    fs::write("/mnt/file", "a")?;
    let start = Start::new(&[SETUID, READ, "/mnt/file"], CALLER);
    let mut server = server(&Calls::named(["openat", "read"])?)?;
    let mut status = |answer: Answer, at: &str| {
        let ended = server.run(&start, |stop| {
            let here = stop.name() == at && (at == "read" || stop.text(1)? == b"/mnt/file");
            Ok(if here { answer } else { Answer::Continue })
        })?;
        Ok::<_, anyhow::Error>((ended.how, ended.stops))
    };
    let fails = |errno: Errno| How::Status(100 + errno.raw());
    let (how, _) = status(Answer::Fail(Errno::ENXIO), "openat")?;
    ensure!(how == fails(Errno::ENXIO), "{how:?}");
    // The dynamic loader reads as well: that fails at once.
    let (_, all) = status(Answer::Continue, "openat")?;
    let (how, stops) = status(Answer::FailFromNowOn(Errno::EIO), "read")?;
    ensure!(
        how != How::Status(i32::from(b'a')) && stops < all,
        "{how:?} {stops}"
    );
    // One start's failing calls are not the next one's.
    let (how, _) = status(Answer::Continue, "openat")?;
    ensure!(how == How::Status(i32::from(b'a')), "{how:?}");
    Ok(())
}

fn children() -> Result<()> {
    fs::write("/mnt/file", "c")?;
    let mut server = server(&Calls::all())?;
    let (mut roles, mut processes) = (BTreeSet::new(), BTreeSet::new());
    let mut reader = None;
    let ended = server.run(&Start::new(&[SETUID, FORK], CALLER), |stop| {
        roles.insert(stop.role);
        processes.insert(stop.process);
        if stop.paths()?.iter().any(|path| path == b"/mnt/file") {
            reader = Some(stop.role);
        }
        Ok(Answer::Continue)
    })?;
    ensure!(ended.how == How::Status(i32::from(b'c')), "{ended:?}");
    let role = |generation, execs| Role {
        generation: Some(generation),
        execs,
    };
    let expected = BTreeSet::from([Role::STARTED, role(1, 0), role(1, 1)]);
    ensure!(
        roles == expected && processes.len() == 2,
        "{roles:?} {processes:?}"
    );
    ensure!(reader == Some(role(1, 1)), "{reader:?}");
    Ok(())
}

fn time() -> Result<()> {
    let mut server = server(&Calls::all())?;
    let mut start = Start::new(&[SETUID, SLEEP], CALLER);
    start.limit = Duration::from_secs(2);
    let ended = server.run(&start, |_| Ok(Answer::Continue))?;
    ensure!(ended.timed_out && ended.how == How::Signal(9), "{ended:?}");
    // What a start leaves behind is gone when it has ended.
    let start = Start::new(
        &["/bin/sh", "-c", "/mnt/setuid --sleep & sleep 1; exit 3"],
        CALLER,
    );
    let mut seen = BTreeSet::new();
    let ended = server.run(&start, |stop| {
        seen.insert(stop.process);
        Ok(Answer::Continue)
    })?;
    ensure!(ended.how == How::Status(3) && !ended.timed_out, "{ended:?}");
    ensure!(seen.len() > 1, "{seen:?}");
    for process in seen {
        ensure!(
            !Path::new(&format!("/proc/{process}")).exists(),
            "{process} was left"
        );
    }
    Ok(())
}

/// A controller that tells process and fork server at the first stop. Then it
/// stays there, or lets a program go on that sleeps and makes no more stops.
fn control(stays: bool) -> Result<()> {
    let mut server = server(&Calls::named(["openat", "read"])?)?;
    let mut told = false;
    server.run(&Start::new(&[SETUID, SLEEP], CALLER), |stop| {
        if !told {
            told = true;
            let status = fs::read_to_string(format!("/proc/{}/status", stop.process))?;
            let parent = status.lines().find_map(|line| line.strip_prefix("PPid:\t"));
            println!("{} {}", stop.process, parent.context("a parent")?);
        }
        if stays {
            loop {
                std::thread::sleep(Duration::from_secs(1));
            }
        }
        Ok(Answer::Continue)
    })?;
    bail!("it went on")
}

fn controller() -> Result<()> {
    for word in ["--controller-stays", "--controller-goes-on"] {
        let mut child = Command::new(SETUID)
            .arg(word)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let mut output = std::io::BufReader::new(child.stdout.take().context("its output")?);
        std::io::BufRead::read_line(&mut output, &mut line)?;
        let processes: Vec<&str> = line.split_whitespace().collect();
        ensure!(processes.len() == 2, "{line:?}");
        let there = |process: &&&str| Path::new(&format!("/proc/{process}")).exists();
        ensure!(processes.iter().filter(there).count() == 2, "{line}");
        // Long enough for a program that goes on to sleep.
        std::thread::sleep(Duration::from_millis(200));
        child.kill()?;
        child.wait()?;
        // The kernel ends them, soon.
        let begin = Instant::now();
        while processes.iter().filter(there).count() > 0 {
            ensure!(
                begin.elapsed() < Duration::from_secs(20),
                "{word}: {line} still there"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        // Nobody holds what it wrote to any more either.
        ensure!(output.read_to_string(&mut line)? == 0, "{line}");
    }
    Ok(())
}

fn nested() -> Result<()> {
    let single = SingleThread::check()?;
    let nothing = [u32::MAX >> 2];
    let refused = Server::start(&single, &Calls::of_paths()?, || {
        std::mem::forget(filter::install(Some(&nothing))?);
        Ok(())
    });
    let why = format!("{:#}", refused.expect_err("a second listener"));
    ensure!(why.contains("EBUSY"), "{why}");
    Ok(())
}

/// Not a test: how fast stops and starts are (docs/performance.md).
fn speed() -> Result<()> {
    fs::write("/mnt/file", "s")?;
    let start = Start::new(&[SETUID, READ, "/mnt/file"], CALLER);
    let measure = |calls: &Calls| -> Result<(f64, f64)> {
        let mut server = server(calls)?;
        let (mut times, mut stops) = (Vec::new(), 0);
        for _ in 0..500 {
            let begin = Instant::now();
            stops = server.run(&start, |_| Ok(Answer::Continue))?.stops;
            times.push(begin.elapsed().as_secs_f64());
        }
        times.sort_by(f64::total_cmp);
        Ok((times[times.len() / 2], stops as f64))
    };
    for one in [true, false] {
        let both = || Ok((measure(&Calls::named(["acct"])?)?, measure(&Calls::all())?));
        let ((none, _), (all, stops)) = if one { on_one_cpu(both)? } else { both()? };
        println!(
            "one CPU: {one}; {:.0} starts/s without stops, {:.0} with {stops} each; {:.1} us per stop",
            1.0 / none,
            1.0 / all,
            (all - none) * 1e6 / stops
        );
    }
    Ok(())
}
