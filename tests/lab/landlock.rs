//! The Landlock of this kernel: asked for here, whatever a program says of it.

use std::ptr;

/// How to have one, for those who skip what needs it.
pub const TO_ENABLE: &str = "a kernel with Landlock: `landlock` in lsm=";

/// Its version; `None` if this kernel has none, or it is switched off.
pub fn version() -> Option<u32> {
    let call = libc::SYS_landlock_create_ruleset;
    // SAFETY: with this flag it takes nothing, and returns the version.
    let version = unsafe { libc::syscall(call, ptr::null::<u8>(), 0, 1) };
    u32::try_from(version).ok()
}
