//! The resolver: every host name has the addresses that the test wants.

use std::ffi::{CStr, CString, c_char, c_int};
use std::net::IpAddr;
use std::ptr;

use libc::addrinfo;

use crate::real::interpose;
use crate::settings::{Names, Settings};

type Resolve = unsafe extern "C" fn(
    *const c_char,
    *const c_char,
    *const addrinfo,
    *mut *mut addrinfo,
) -> c_int;

interpose! {
    real;

    fn getaddrinfo(
        node: *const c_char,
        service: *const c_char,
        hints: *const addrinfo,
        result: *mut *mut addrinfo,
    ) -> c_int {
        match &Settings::get().names {
            Some(names) if is_name(node) => match names {
                Names::Failure(error) => *error,
                Names::Addresses(list) => {
                    resolve(real, list, service, hints, result)
                }
            },
            _ => real(node, service, hints, result),
        }
    }
}

/// Whether `node` is a host's name; numbers are never looked up.
///
/// # Safety
/// `node` is null or a C string.
unsafe fn is_name(node: *const c_char) -> bool {
    if node.is_null() {
        return false;
    }
    // SAFETY: as promised by our caller.
    let text = unsafe { CStr::from_ptr(node) }.to_str();
    !text.is_ok_and(|text| text.parse::<IpAddr>().is_ok())
}

/// Lets libc make an entry for each address, and joins them to one list,
/// which freeaddrinfo(3) of glibc frees entry by entry.
///
/// # Safety
/// As for getaddrinfo(3).
unsafe fn resolve(
    real: Resolve,
    list: &[IpAddr],
    service: *const c_char,
    hints: *const addrinfo,
    result: *mut *mut addrinfo,
) -> c_int {
    let mut first: *mut addrinfo = ptr::null_mut();
    let mut last: *mut addrinfo = ptr::null_mut();
    let mut code = libc::EAI_NONAME;
    for address in list {
        let Ok(text) = CString::new(address.to_string()) else { continue };
        let mut entries: *mut addrinfo = ptr::null_mut();
        // SAFETY: `text` is a C string; the rest as promised.
        let error =
            unsafe { real(text.as_ptr(), service, hints, &raw mut entries) };
        // An address of a family that was not asked for is no entry.
        if error != 0 {
            continue;
        }
        code = 0;
        if first.is_null() {
            first = entries;
        } else {
            // SAFETY: `last` is the last entry of a list that libc made.
            unsafe { (*last).ai_next = entries };
        }
        last = entries;
        // SAFETY: `last` walks along libc's list, which ends with null.
        while let Some(next) = unsafe { (*last).ai_next.as_mut() } {
            last = next;
        }
    }
    if code == 0 {
        // SAFETY: our caller's pointer to a place for the list.
        unsafe { *result = first };
    }
    code
}
