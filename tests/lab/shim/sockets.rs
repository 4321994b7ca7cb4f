//! Reading, writing and accepting: in small parts, and interrupted.

use std::ffi::{c_int, c_void};

use libc::{iovec, off_t, sockaddr, socklen_t};

use crate::disk::write_error;
use crate::fail;
use crate::real::interpose;
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

/// How many bytes a read or a write of `fd` may move, at most `most` if it is a
/// stream, or the error that it has instead.
fn before(fd: c_int, most: Option<usize>) -> Result<usize, c_int> {
    if !is_stream(fd) {
        return Ok(usize::MAX);
    }
    if Settings::get().interrupt.strikes() {
        return Err(libc::EINTR);
    }
    Ok(most.unwrap_or(usize::MAX))
}

fn before_read(fd: c_int) -> Result<usize, c_int> {
    before(fd, Settings::get().read_at_most)
}

fn before_write(fd: c_int) -> Result<usize, c_int> {
    let settings = Settings::get();
    let most = before(fd, settings.write_at_most)?;
    // SAFETY: F_GETFL takes no further argument.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    let is_nonblocking = flags & libc::O_NONBLOCK != 0;
    if is_nonblocking && is_stream(fd) && settings.again.strikes() {
        return Err(libc::EAGAIN);
    }
    Ok(most)
}

/// What this call of accept(2) returns, if it must fail.
fn before_accept() -> Option<c_int> {
    let settings = Settings::get();
    let interrupted = || settings.interrupt.strikes().then_some(libc::EINTR);
    let error = settings.accept.next().or_else(interrupted)?;
    Some(fail(error) as c_int)
}

/// Fails as `limit` says, or moves as many bytes as it allows.
fn within(
    limit: Result<usize, c_int>,
    call: impl FnOnce(usize) -> isize,
) -> isize {
    match limit {
        Err(error) => fail(error),
        Ok(most) => call(most),
    }
}

/// The same for a call with several buffers: all of them, or a part of one.
///
/// # Safety
/// `list` points to `count` buffers, as readv(2) demands.
unsafe fn within_first(
    limit: Result<usize, c_int>,
    list: *const iovec,
    count: usize,
    call: impl FnOnce(*const iovec, usize) -> isize,
) -> isize {
    within(limit, |most| match most {
        usize::MAX => call(list, count),
        most => {
            // SAFETY: as promised by our caller.
            let part = unsafe { first_part(list, count, most) };
            call(&raw const part, 1)
        }
    })
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

/// The same for what may be a file.
fn before_file(fd: c_int) -> Result<usize, c_int> {
    write_error(fd).map_or_else(|| before_write(fd), Err)
}

interpose! {
    real;

    fn read(fd: c_int, to: *mut c_void, size: usize) -> isize {
        within(before_read(fd), |most| real(fd, to, size.min(most)))
    }

    fn readv(fd: c_int, list: *const iovec, count: c_int) -> isize {
        let size = count.max(0) as usize;
        within_first(before_read(fd), list, size, |list, count| {
            real(fd, list, count as c_int)
        })
    }

    fn recv(fd: c_int, to: *mut c_void, size: usize, flags: c_int) -> isize {
        within(before_read(fd), |most| real(fd, to, size.min(most), flags))
    }

    fn write(fd: c_int, from: *const c_void, size: usize) -> isize {
        within(before_file(fd), |most| real(fd, from, size.min(most)))
    }

    fn pwrite(
        fd: c_int,
        from: *const c_void,
        size: usize,
        at: off_t,
    ) -> isize {
        within(before_file(fd), |most| real(fd, from, size.min(most), at))
    }

    fn pwrite64(
        fd: c_int,
        from: *const c_void,
        size: usize,
        at: off_t,
    ) -> isize {
        within(before_file(fd), |most| real(fd, from, size.min(most), at))
    }

    fn writev(fd: c_int, list: *const iovec, count: c_int) -> isize {
        let size = count.max(0) as usize;
        within_first(before_write(fd), list, size, |list, count| {
            real(fd, list, count as c_int)
        })
    }

    fn send(
        fd: c_int,
        from: *const c_void,
        size: usize,
        flags: c_int,
    ) -> isize {
        within(before_write(fd), |most| real(fd, from, size.min(most), flags))
    }

    fn sendfile(
        to: c_int,
        from: c_int,
        offset: *mut off_t,
        size: usize,
    ) -> isize {
        let limit = match Settings::get().sendfile.next() {
            Some(error) => Err(error),
            None => before_write(to),
        };
        within(limit, |most| real(to, from, offset, size.min(most)))
    }

    fn accept(fd: c_int, from: *mut sockaddr, length: *mut socklen_t) -> c_int {
        before_accept().unwrap_or_else(|| real(fd, from, length))
    }

    fn accept4(
        fd: c_int,
        from: *mut sockaddr,
        length: *mut socklen_t,
        flags: c_int,
    ) -> c_int {
        before_accept().unwrap_or_else(|| real(fd, from, length, flags))
    }

    fn bind(fd: c_int, to: *const sockaddr, length: socklen_t) -> c_int {
        match Settings::get().bind.next() {
            Some(error) => fail(error) as c_int,
            None => real(fd, to, length),
        }
    }

    fn connect(fd: c_int, to: *const sockaddr, length: socklen_t) -> c_int {
        if Settings::get().own_port {
            // The kernel chooses a port for us, one in 28,000: let it be this.
            libc::bind(fd, to, length);
        }
        real(fd, to, length)
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
