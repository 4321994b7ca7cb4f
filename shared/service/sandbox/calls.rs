//! Enters in step 22: seccomp: which system calls there still are.

use std::collections::BTreeMap;
use std::env::consts::ARCH;

use nix::libc;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp,
    SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

/// A system call: its name, and its number on this processor.
pub type Call = (&'static str, libc::c_long);

macro_rules! calls {
    ($($name:ident => $number:ident),* $(,)?) => {
        &[$((stringify!($name), libc::$number)),*]
    };
}

/// What the chapters of this book explain.
pub const EXPLAINED: &[Call] = calls![
    accept4 => SYS_accept4,
    clone => SYS_clone,
    close => SYS_close,
    epoll_create1 => SYS_epoll_create1,
    epoll_ctl => SYS_epoll_ctl,
    eventfd2 => SYS_eventfd2,
    exit_group => SYS_exit_group,
    fchmod => SYS_fchmod,
    fcntl => SYS_fcntl,
    fstat => SYS_fstat,
    fsync => SYS_fsync,
    getdents64 => SYS_getdents64,
    lseek => SYS_lseek,
    memfd_create => SYS_memfd_create,
    openat => SYS_openat,
    openat2 => SYS_openat2,
    pread64 => SYS_pread64,
    read => SYS_read,
    renameat2 => SYS_renameat2,
    rt_sigaction => SYS_rt_sigaction,
    rt_sigprocmask => SYS_rt_sigprocmask,
    rt_sigreturn => SYS_rt_sigreturn,
    rt_sigtimedwait => SYS_rt_sigtimedwait,
    sched_setaffinity => SYS_sched_setaffinity,
    sendfile => SYS_sendfile,
    sendto => SYS_sendto,
    setsockopt => SYS_setsockopt,
    shutdown => SYS_shutdown,
    statx => SYS_statx,
    unlinkat => SYS_unlinkat,
    write => SYS_write,
];

/// Of those, what only kernels for older kinds of processors have.
#[cfg(target_arch = "x86_64")]
pub const OLDER: &[Call] = calls![
    epoll_wait => SYS_epoll_wait,
    unlink => SYS_unlink,
];
#[cfg(not(target_arch = "x86_64"))]
pub const OLDER: &[Call] = &[];

/// What chapters 23 to 27 explain besides. Enters in step 27.
pub const PEER: &[Call] = calls![
    bind => SYS_bind,
    connect => SYS_connect,
    fallocate => SYS_fallocate,
    fdatasync => SYS_fdatasync,
    flock => SYS_flock,
    getpeername => SYS_getpeername,
    getsockname => SYS_getsockname,
    pwrite64 => SYS_pwrite64,
    recvfrom => SYS_recvfrom,
    recvmsg => SYS_recvmsg,
    socket => SYS_socket,
];

/// What the C library and Rust's call by themselves, and why.
pub const RUNTIME: &[(Call, &str)] = &[
    (("brk", libc::SYS_brk), "memory: a larger heap"),
    (("clock_gettime", libc::SYS_clock_gettime), "time, without a vDSO"),
    (("epoll_pwait", libc::SYS_epoll_pwait), "epoll_wait(2), elsewhere"),
    (("exit", libc::SYS_exit), "a thread ends"),
    (("futex", libc::SYS_futex), "locks, and who waits for them"),
    (("getpid", libc::SYS_getpid), "abort(3)"),
    (("getrandom", libc::SYS_getrandom), "the seeds of dictionaries"),
    (("getsockopt", libc::SYS_getsockopt), "why a socket has failed"),
    (("gettid", libc::SYS_gettid), "abort(3)"),
    (("madvise", libc::SYS_madvise), "memory: gives a stack back"),
    (("mmap", libc::SYS_mmap), "memory: large pieces, and stacks"),
    (("mprotect", libc::SYS_mprotect), "memory: the end of a stack"),
    (("mremap", libc::SYS_mremap), "memory: a large piece grows"),
    (("munmap", libc::SYS_munmap), "memory: gives it back"),
    (("newfstatat", libc::SYS_newfstatat), "fstat(3) in some C libraries"),
    (("renameat", libc::SYS_renameat), "renameat2(2) without a flag"),
    (("restart_syscall", libc::SYS_restart_syscall), "a wait goes on"),
    (("rseq", libc::SYS_rseq), "a thread begins"),
    (("sched_getaffinity", libc::SYS_sched_getaffinity), "stacks"),
    (("sched_yield", libc::SYS_sched_yield), "locks"),
    (("set_robust_list", libc::SYS_set_robust_list), "a thread begins"),
    (("sigaltstack", libc::SYS_sigaltstack), "a thread begins and ends"),
    (("tgkill", libc::SYS_tgkill), "abort(3)"),
];

/// What is never asked for but by somebody who has got hold of the process:
/// whoever tries is not told, but ended.
pub const ATTACKS: &[Call] = calls![
    bpf => SYS_bpf,
    execve => SYS_execve,
    execveat => SYS_execveat,
    mount => SYS_mount,
    process_vm_readv => SYS_process_vm_readv,
    process_vm_writev => SYS_process_vm_writev,
    ptrace => SYS_ptrace,
];

/// Gives up all calls but those above. Returns how many there still are, or
/// why nothing has been given up. What is `further` is not given up either.
pub fn restrict(further: &[Call]) -> Result<usize, String> {
    let runtime = RUNTIME.iter().map(|(call, _)| call);
    let mut rules = BTreeMap::new();
    // Enters in step 27.
    let runtime = runtime.chain(further);
    for &(name, number) in EXPLAINED.iter().chain(OLDER).chain(runtime) {
        rules.insert(number, conditions(name).map_err(|it| it.to_string())?);
    }
    let count = rules.len();
    let attacks = ATTACKS.iter().map(|(_, number)| (*number, Vec::new()));
    // This one first: the other leaves no way to add one.
    let attacks = attacks.collect();
    install(attacks, SeccompAction::Allow, SeccompAction::KillProcess)?;
    // "There is no such call": the C library has another way for most of
    // them, as on an old kernel. "It is not permitted" would be an error.
    let missing = SeccompAction::Errno(libc::ENOSYS as u32);
    install(rules, missing, SeccompAction::Allow)?;
    Ok(count)
}

/// With which arguments a call may be made: one of these; none for any.
fn conditions(name: &str) -> Result<Vec<SeccompRule>, BackendError> {
    let (argument, mask, value) = match name {
        // A thread, and no process.
        "clone" => (0, libc::CLONE_THREAD, libc::CLONE_THREAD),
        // No memory becomes a program.
        "mmap" | "mprotect" => (2, libc::PROT_EXEC, 0),
        _ => return Ok(Vec::new()),
    };
    let (mask, value) = (mask as u64, value as u64);
    let condition = SeccompCondition::new(
        argument,
        SeccompCmpArgLen::Qword,
        SeccompCmpOp::MaskedEq(mask),
        value,
    )?;
    Ok(vec![SeccompRule::new(vec![condition])?])
}

/// Has the kernel run a program before each call, from now on.
fn install(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    action: SeccompAction,
) -> Result<(), String> {
    let program = || -> Result<BpfProgram, BackendError> {
        let processor = TargetArch::try_from(ARCH)?;
        SeccompFilter::new(rules, otherwise, action, processor)?.try_into()
    };
    let program = program().map_err(|error| error.to_string())?;
    seccompiler::apply_filter(&program).map_err(|error| error.to_string())
}
