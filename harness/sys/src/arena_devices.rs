//! Which device nodes the processes of a cgroup may open.
//!
//! Root in an arena can make any device node, also that of the host's disk.
//! A cgroup's device program (`BPF_PROG_TYPE_CGROUP_DEVICE`) is asked at each
//! open and cannot be taken off from inside.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use crate::error::{Result, check_libc as check};

/// `BPF_PROG_LOAD`, `BPF_PROG_ATTACH`.
const LOAD: libc::c_int = 5;
const ATTACH: libc::c_int = 8;
/// `BPF_PROG_TYPE_CGROUP_DEVICE`, `BPF_CGROUP_DEVICE`.
const PROGRAM_TYPE: u32 = 15;
const ATTACH_TYPE: u32 = 6;
/// `BPF_F_ALLOW_MULTI`: beside the programs of the groups above.
const ALLOW_MULTI: u32 = 2;

/// One instruction as in `linux/bpf.h`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Instruction {
    code: u8,
    registers: u8,
    offset: i16,
    immediate: i32,
}

const fn instruction(code: u8, to: u8, from: u8, offset: i16, immediate: i32) -> Instruction {
    Instruction {
        code,
        registers: from << 4 | to,
        offset,
        immediate,
    }
}

/// Character devices that may be opened, as ranges of major and minor
/// numbers: null, zero; full, random, urandom; tty, console, ptmx;
/// pseudo-terminals; tun and fuse, which container runtimes use.
const OPEN: [[i32; 4]; 7] = [
    [1, 1, 3, 3],
    [1, 1, 5, 5],
    [1, 1, 7, 9],
    [5, 5, 0, 2],
    [136, 143, 0, i32::MAX],
    [10, 10, 200, 200],
    [10, 10, 229, 229],
];

/// The program. Its context holds `access << 16 | type`, major, minor; it
/// answers 1 to allow.
fn program() -> Vec<Instruction> {
    const ANSWER_NO: Instruction = instruction(0xb7, 0, 0, 0, 0);
    const ANSWER_YES: Instruction = instruction(0xb7, 0, 0, 0, 1);
    const EXIT: Instruction = instruction(0x95, 0, 0, 0, 0);
    let mut program = vec![
        instruction(0x61, 2, 1, 0, 0),       // r2 = access and type
        instruction(0x61, 3, 1, 4, 0),       // r3 = major
        instruction(0x61, 4, 1, 8, 0),       // r4 = minor
        instruction(0xbf, 5, 2, 0, 0),       // r5 = r2
        instruction(0x57, 5, 0, 0, 6 << 16), // r5 &= read or write
        instruction(0x55, 5, 0, 2, 0),       // neither: making is allowed
        ANSWER_YES,
        EXIT,
        instruction(0x57, 2, 0, 0, 0xffff), // r2 = type
        instruction(0x15, 2, 0, 2, 2),      // no character device: denied
        ANSWER_NO,
        EXIT,
    ];
    for [first_major, last_major, first_minor, last_minor] in OPEN {
        program.extend([
            instruction(0xa5, 3, 0, 5, first_major), // below: next range
            instruction(0x25, 3, 0, 4, last_major),  // above: next range
            instruction(0xa5, 4, 0, 3, first_minor),
            instruction(0x25, 4, 0, 2, last_minor),
            ANSWER_YES,
            EXIT,
        ]);
    }
    program.extend([ANSWER_NO, EXIT]);
    program
}

/// `union bpf_attr` for `BPF_PROG_LOAD`, as far as it is used.
#[repr(C)]
#[derive(Default)]
struct LoadAttributes {
    kind: u32,
    count: u32,
    instructions: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kernel: u32,
    flags: u32,
}

/// `union bpf_attr` for `BPF_PROG_ATTACH`.
#[repr(C)]
struct AttachAttributes {
    target: u32,
    program: u32,
    kind: u32,
    flags: u32,
}

/// Lets the processes of the cgroup open only device nodes that hold nothing
/// of the host. Making nodes stays allowed.
///
/// # Errors
/// As bpf(2).
pub fn restrict(group: BorrowedFd<'_>) -> Result<()> {
    let program = program();
    let load = LoadAttributes {
        kind: PROGRAM_TYPE,
        count: program.len() as u32,
        instructions: program.as_ptr() as u64,
        license: c"MIT".as_ptr() as u64,
        ..LoadAttributes::default()
    };
    // SAFETY: the attributes and what they point to live over the call, which
    // only reads them (there is no log); the size is that of the attributes.
    let fd = unsafe { libc::syscall(libc::SYS_bpf, LOAD, &raw const load, size_of_val(&load)) };
    let fd = check(fd, || "bpf(BPF_PROG_LOAD, CGROUP_DEVICE)".to_owned())?;
    // SAFETY: the kernel just returned this descriptor; nobody else owns it.
    let loaded = unsafe { OwnedFd::from_raw_fd(fd as RawFd) };
    let attach = AttachAttributes {
        target: group.as_raw_fd().cast_unsigned(),
        program: loaded.as_raw_fd().cast_unsigned(),
        kind: ATTACH_TYPE,
        flags: ALLOW_MULTI,
    };
    // SAFETY: as above.
    let done = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            ATTACH,
            &raw const attach,
            size_of_val(&attach),
        )
    };
    check(done, || "bpf(BPF_PROG_ATTACH, CGROUP_DEVICE)".to_owned()).map(drop)
}
