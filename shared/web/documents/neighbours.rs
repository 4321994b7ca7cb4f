//! Enters in step 18: files that lie beside others, and are the same in
//! another coding.

use crate::files::root::File;
use crate::http::coding::{CODINGS, Coding};
use crate::http::media;
use crate::web::file_site::{Files, validators};

/// The same file in another coding, which lies beside it: unless it has been
/// forgotten when the file was changed.
pub fn neighbour(
    files: &Files,
    file: &File,
    name: &[u8],
    coding: Coding,
) -> Option<File> {
    if is_compressed(name) {
        return None;
    }
    let neighbour = files.file(&[name, coding.suffix()].concat())?;
    let changed = |it: &File| (it.stat.st_mtime, it.stat.st_mtime_nsec);
    (changed(&neighbour) >= changed(file)).then_some(neighbour)
}

/// The tags under which clients may have the file called `name`, in whatever
/// coding: its own first. Enters in step 21.
pub fn tags(files: &Files, file: &File, name: &[u8]) -> Vec<String> {
    let state = validators(file);
    let neighbours = CODINGS.map(|it| neighbour(files, file, name, it));
    let neighbours = neighbours.iter().flatten().map(validators);
    let own = [state.etag(), state.gzip_etag()];
    own.into_iter().chain(neighbours.map(|it| it.etag())).collect()
}

/// Whether a file is compressed, by its name: not once more, then.
pub fn is_compressed(name: &[u8]) -> bool {
    CODINGS.iter().any(|coding| name.ends_with(coding.suffix()))
        || media::content_encoding(name).is_some()
}
