//! libc's own functions, behind the ones that we put before them.

/// The function that would have been called without us, found once:
/// `real!(read: fn(c_int, *mut c_void, usize) -> isize)`.
macro_rules! real {
    ($name:ident: fn($($kind:ty),*) -> $result:ty) => {{
        use std::ffi::c_void;
        use std::sync::atomic::{AtomicPtr, Ordering};
        static FOUND: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
        let mut found = FOUND.load(Ordering::Relaxed);
        if found.is_null() {
            let name = concat!(stringify!($name), "\0");
            // SAFETY: the name ends with a zero byte.
            found = unsafe {
                libc::dlsym(libc::RTLD_NEXT, name.as_ptr().cast())
            };
            FOUND.store(found, Ordering::Relaxed);
        }
        // SAFETY: libc has this function, and its man page this signature.
        unsafe {
            std::mem::transmute::<
                *mut c_void,
                unsafe extern "C" fn($($kind),*) -> $result,
            >(found)
        }
    }};
}

/// Puts functions before those of libc that have the same name and signature.
/// Each body finds libc's own under the name that is given first.
macro_rules! interpose {
    ($real:ident; $(
        fn $name:ident($($arg:ident: $kind:ty),* $(,)?) -> $result:ty {
            $($body:tt)*
        }
    )*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name($($arg: $kind),*) -> $result {
            let $real = $crate::real::real!($name: fn($($kind),*) -> $result);
            // SAFETY: libc's function gets what our caller promised for it,
            // or less of it.
            unsafe { $($body)* }
        }
    )*};
}

pub(crate) use {interpose, real};
