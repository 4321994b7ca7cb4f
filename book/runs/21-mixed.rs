//! Two settings that belong together, and requests while they are replaced.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// What a lock keeps here is always complete.
fn get<T: Clone>(value: &Mutex<T>) -> T {
    value.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn set<T>(value: &Mutex<T>, new: T) {
    *value.lock().unwrap_or_else(PoisonError::into_inner) = new;
}

/// Tempting: a variable for each setting.
mod variables {
    use super::*;

    static ROOT: Mutex<u64> = Mutex::new(0);
    static FIELDS: Mutex<u64> = Mutex::new(0);

    pub fn reload(number: u64) {
        set(&ROOT, number);
        set(&FIELDS, number);
    }

    pub fn request() -> (u64, u64) {
        (get(&ROOT), get(&FIELDS))
    }
}

/// One variable for all of them.
mod whole {
    use super::*;

    struct Settings {
        root: u64,
        fields: u64,
    }

    static CURRENT: Mutex<Option<Arc<Settings>>> = Mutex::new(None);

    pub fn reload(number: u64) {
        let settings = Settings { root: number, fields: number };
        set(&CURRENT, Some(Arc::new(settings)));
    }

    pub fn request() -> (u64, u64) {
        let settings = get(&CURRENT);
        settings.map_or((0, 0), |it| (it.root, it.fields))
    }
}

/// How many of a million requests have the root of one reload and the fields
/// of another.
fn mixed(reload: fn(u64), request: fn() -> (u64, u64)) -> usize {
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            (1..).take_while(|_| !ends.load(Relaxed)).for_each(reload);
        });
        let requests = (0..1_000_000).map(|_| request());
        let mixed = requests.filter(|(root, fields)| root != fields).count();
        ends.store(true, Relaxed);
        mixed
    })
}

fn main() {
    println!("variables: {}", mixed(variables::reload, variables::request));
    println!("whole: {}", mixed(whole::reload, whole::request));
}
