//! Reading, writing and accepting: in small parts, and interrupted.

use std::ffi::{c_int, c_void};
use std::sync::atomic::Ordering;

use libc::{iovec, msghdr, off_t, sockaddr, socklen_t};

use crate::fail;
use crate::files;
use crate::real::real;
use crate::settings::Settings;

/// Whether `fd` is a stream socket: the only kind whose reads and writes may
/// be cut. A datagram cut short would be a lie.
fn is_stream(fd: c_int) -> bool {
    let mut kind: c_int = 0;
    let mut length = size_of::<c_int>() as socklen_t;
    // SAFETY: both pointers are to live variables, and `length` is the size
    // of the first.
    let result = unsafe {
        libc::getsockopt(
            fd,
            libc::SOL_SOCKET,
            libc::SO_TYPE,
            (&raw mut kind).cast(),
            &raw mut length,
        )
    };
    if result == -1 {
        // Asking about a file is no failure of the program's.
        fail(0);
    }
    result == 0 && kind == libc::SOCK_STREAM
}

fn is_non_blocking(fd: c_int, flags: c_int) -> bool {
    // SAFETY: F_GETFL takes no further argument.
    let status = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    flags & libc::MSG_DONTWAIT != 0 || status & libc::O_NONBLOCK != 0
}

/// How many bytes a read of `fd` may move, or the error it has instead.
fn before_read(fd: c_int) -> Result<usize, c_int> {
    let settings = Settings::get();
    if !is_stream(fd) {
        return Ok(usize::MAX);
    }
    if settings.interrupt.strikes() {
        return Err(libc::EINTR);
    }
    Ok(settings.read_at_most.unwrap_or(usize::MAX))
}

/// How many bytes a write to `fd` may move, or the error it has instead.
fn before_write(fd: c_int, flags: c_int) -> Result<usize, c_int> {
    let settings = Settings::get();
    if !is_stream(fd) {
        return Ok(usize::MAX);
    }
    if settings.interrupt.strikes() {
        return Err(libc::EINTR);
    }
    if is_non_blocking(fd, flags) && settings.again.strikes() {
        return Err(libc::EAGAIN);
    }
    Ok(settings.write_at_most.unwrap_or(usize::MAX))
}

/// The error with which this call of accept(2) must fail, if any.
fn before_accept() -> Option<c_int> {
    let settings = Settings::get();
    let turn = settings.accepts.fetch_add(1, Ordering::Relaxed);
    let scripted = usize::try_from(turn).ok();
    let scripted = scripted.and_then(|turn| settings.accept_errors.get(turn));
    match scripted {
        Some(error) => Some(*error),
        None => settings.interrupt.strikes().then_some(libc::EINTR),
    }
}

/// The first buffer of `list` that is not empty, cut to `most` bytes.
///
/// # Safety
/// `list` points to `count` buffers, as readv(2) demands.
unsafe fn first_part(list: *const iovec, count: usize, most: usize) -> iovec {
    for index in 0..count {
        // SAFETY: index is below count.
        let mut part = unsafe { *list.add(index) };
        if part.iov_len > 0 {
            part.iov_len = part.iov_len.min(most);
            return part;
        }
    }
    iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn read(fd: c_int, to: *mut c_void, size: usize) -> isize {
    let real = real!(read: fn(c_int, *mut c_void, usize) -> isize);
    match before_read(fd) {
        Err(error) => fail(error),
        // SAFETY: as promised by our caller; fewer bytes than it allows.
        Ok(most) => unsafe { real(fd, to, size.min(most)) },
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn readv(
    fd: c_int,
    list: *const iovec,
    count: c_int,
) -> isize {
    let real = real!(readv: fn(c_int, *const iovec, c_int) -> isize);
    match before_read(fd) {
        Err(error) => fail(error),
        // SAFETY: as promised by our caller.
        Ok(usize::MAX) => unsafe { real(fd, list, count) },
        // SAFETY: one of the caller's buffers, or a part of it.
        Ok(most) => unsafe {
            let part = first_part(list, count.max(0) as usize, most);
            real(fd, &raw const part, 1)
        },
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn recv(
    fd: c_int,
    to: *mut c_void,
    size: usize,
    flags: c_int,
) -> isize {
    let real = real!(recv: fn(c_int, *mut c_void, usize, c_int) -> isize);
    match before_read(fd) {
        Err(error) => fail(error),
        // SAFETY: as promised by our caller; fewer bytes than it allows.
        Ok(most) => unsafe { real(fd, to, size.min(most), flags) },
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn recvfrom(
    fd: c_int,
    to: *mut c_void,
    size: usize,
    flags: c_int,
    from: *mut sockaddr,
    length: *mut socklen_t,
) -> isize {
    let real = real!(recvfrom: fn(
        c_int,
        *mut c_void,
        usize,
        c_int,
        *mut sockaddr,
        *mut socklen_t
    ) -> isize);
    match before_read(fd) {
        Err(error) => fail(error),
        // SAFETY: as promised by our caller; fewer bytes than it allows.
        Ok(most) => unsafe {
            real(fd, to, size.min(most), flags, from, length)
        },
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn recvmsg(
    fd: c_int,
    message: *mut msghdr,
    flags: c_int,
) -> isize {
    let real = real!(recvmsg: fn(c_int, *mut msghdr, c_int) -> isize);
    match before_read(fd) {
        Err(error) => fail(error),
        // SAFETY: as promised by our caller.
        Ok(usize::MAX) => unsafe { real(fd, message, flags) },
        // SAFETY: the caller's message, for the call's duration with one of
        // its own buffers, or a part of it; then as it was.
        Ok(most) => unsafe {
            let (list, count) = ((*message).msg_iov, (*message).msg_iovlen);
            let mut part = first_part(list, count, most);
            (*message).msg_iov = &raw mut part;
            (*message).msg_iovlen = 1;
            let result = real(fd, message, flags);
            (*message).msg_iov = list;
            (*message).msg_iovlen = count;
            result
        },
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn write(
    fd: c_int,
    from: *const c_void,
    size: usize,
) -> isize {
    let real = real!(write: fn(c_int, *const c_void, usize) -> isize);
    // SAFETY: the caller's buffer, or its first half.
    let half = || unsafe { real(fd, from, size / 2) };
    match files::before_write(fd, half).and_then(|()| before_write(fd, 0)) {
        Err(error) => fail(error),
        // SAFETY: as promised by our caller; fewer bytes than it offers.
        Ok(most) => unsafe { real(fd, from, size.min(most)) },
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn writev(
    fd: c_int,
    list: *const iovec,
    count: c_int,
) -> isize {
    let real = real!(writev: fn(c_int, *const iovec, c_int) -> isize);
    // SAFETY: the first of the caller's buffers that is not empty.
    let half = || unsafe { real(fd, list, count.min(1)) };
    match files::before_write(fd, half).and_then(|()| before_write(fd, 0)) {
        Err(error) => fail(error),
        // SAFETY: as promised by our caller.
        Ok(usize::MAX) => unsafe { real(fd, list, count) },
        // SAFETY: one of the caller's buffers, or a part of it.
        Ok(most) => unsafe {
            let part = first_part(list, count.max(0) as usize, most);
            real(fd, &raw const part, 1)
        },
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn send(
    fd: c_int,
    from: *const c_void,
    size: usize,
    flags: c_int,
) -> isize {
    let real = real!(send: fn(c_int, *const c_void, usize, c_int) -> isize);
    match before_write(fd, flags) {
        Err(error) => fail(error),
        // SAFETY: as promised by our caller; fewer bytes than it offers.
        Ok(most) => unsafe { real(fd, from, size.min(most), flags) },
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sendto(
    fd: c_int,
    from: *const c_void,
    size: usize,
    flags: c_int,
    to: *const sockaddr,
    length: socklen_t,
) -> isize {
    let real = real!(sendto: fn(
        c_int,
        *const c_void,
        usize,
        c_int,
        *const sockaddr,
        socklen_t
    ) -> isize);
    match before_write(fd, flags) {
        Err(error) => fail(error),
        // SAFETY: as promised by our caller; fewer bytes than it offers.
        Ok(most) => unsafe {
            real(fd, from, size.min(most), flags, to, length)
        },
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sendmsg(
    fd: c_int,
    message: *const msghdr,
    flags: c_int,
) -> isize {
    let real = real!(sendmsg: fn(c_int, *const msghdr, c_int) -> isize);
    match before_write(fd, flags) {
        Err(error) => fail(error),
        // SAFETY: as promised by our caller.
        Ok(usize::MAX) => unsafe { real(fd, message, flags) },
        // SAFETY: a copy of the caller's message that has one of its own
        // buffers, or a part of it.
        Ok(most) => unsafe {
            let mut copy = *message;
            let count = copy.msg_iovlen;
            let mut part = first_part(copy.msg_iov, count, most);
            copy.msg_iov = &raw mut part;
            copy.msg_iovlen = 1;
            real(fd, &raw const copy, flags)
        },
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sendfile(
    to: c_int,
    from: c_int,
    offset: *mut off_t,
    size: usize,
) -> isize {
    let real = real!(sendfile: fn(c_int, c_int, *mut off_t, usize) -> isize);
    match before_write(to, 0) {
        Err(error) => fail(error),
        // SAFETY: as promised by our caller; fewer bytes than it allows.
        Ok(most) => unsafe { real(to, from, offset, size.min(most)) },
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sendfile64(
    to: c_int,
    from: c_int,
    offset: *mut off_t,
    size: usize,
) -> isize {
    // SAFETY: off_t has 64 bits on every machine this is built for.
    unsafe { sendfile(to, from, offset, size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn accept(
    fd: c_int,
    from: *mut sockaddr,
    length: *mut socklen_t,
) -> c_int {
    let real = real!(accept: fn(c_int, *mut sockaddr, *mut socklen_t) -> c_int);
    match before_accept() {
        Some(error) => fail(error) as c_int,
        // SAFETY: as promised by our caller.
        None => unsafe { real(fd, from, length) },
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn accept4(
    fd: c_int,
    from: *mut sockaddr,
    length: *mut socklen_t,
    flags: c_int,
) -> c_int {
    let real = real!(
        accept4: fn(c_int, *mut sockaddr, *mut socklen_t, c_int) -> c_int
    );
    match before_accept() {
        Some(error) => fail(error) as c_int,
        // SAFETY: as promised by our caller.
        None => unsafe { real(fd, from, length, flags) },
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn connect(
    fd: c_int,
    to: *const sockaddr,
    length: socklen_t,
) -> c_int {
    let real = real!(connect: fn(c_int, *const sockaddr, socklen_t) -> c_int);
    if Settings::get().own_port {
        // The kernel chooses a port for us, one in 28,000: let it be this.
        // SAFETY: as promised by our caller.
        unsafe { libc::bind(fd, to, length) };
    }
    // SAFETY: as promised by our caller.
    unsafe { real(fd, to, length) }
}
