//! What the program needs of the file system.

use std::path::{Path, PathBuf};

use service::sandbox::Places;
use service::settings::{Place, Settings, Site};
use service::source::Source;

use super::opening::Data;

/// What is to remain, for these settings, for reading them again, and for the
/// node.
pub fn of(settings: &Settings, source: &Source, data: &Data) -> Places {
    // It connects to others, at any port.
    let mut places = Places { dials: true, ..Places::default() };
    places.write.extend(data.directory.clone());
    places.read.extend(data.members_file.as_deref().map(directory));
    if let Source::File(path) = source {
        places.read.push(directory(path));
    }
    places.read.extend(settings.harden.read.iter().cloned());
    for site in &settings.sites {
        add(&mut places, site);
    }
    for (place, _) in &settings.listen {
        if let Place::Unix(path) = place {
            places.sockets.push(directory(path));
        }
    }
    if let Some((path, _)) = &settings.log
        && path != Path::new("-")
    {
        places.log.push(directory(path));
    }
    places
}

fn add(places: &mut Places, site: &Site) {
    let (root, _) = &site.root;
    places.read.push(root.clone());
    if let Some((path, _)) = &site.templates {
        places.read.push(path.clone());
    }
    if let Some((path, _)) = &site.token_file {
        places.read.push(directory(path));
    }
    if let Some((path, _)) = &site.guestbook {
        places.write.push(directory(path));
    }
    if let Some((path, _)) = &site.write {
        places.write.push(root.join(path.trim_matches('/')));
    }
}

/// The one that a file is in.
fn directory(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_path_buf(),
        _ => ".".into(),
    }
}
