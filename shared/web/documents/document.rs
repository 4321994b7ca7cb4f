//! Enters in step 18: what a path leads to: a file, and those beside it that
//! are the same in another coding.

use std::rc::Rc;

use crate::files::root::File;
use crate::http::coding::{CODINGS, Coding, Preference};

use super::variant::Variant;

/// A file, and the same in other codings, compressed beforehand: as many
/// variants as there are.
pub struct Document {
    original: Rc<Variant>,
    coded: [Option<Rc<Variant>>; CODINGS.len()],
}

impl Document {
    /// Makes the variants of this file and of its neighbours, but for those
    /// that are as they were `before`.
    pub fn new(
        original: File,
        neighbours: [Option<File>; CODINGS.len()],
        name: &[u8],
        before: Option<&Document>,
    ) -> Self {
        let of_original = before.map(|it| &it.original);
        let mut neighbours = neighbours.into_iter();
        Document {
            original: Variant::find(None, original, name, of_original),
            coded: CODINGS.map(|coding| {
                let file = neighbours.next().flatten()?;
                let before = before.and_then(|it| it.variant(coding));
                Some(Variant::find(Some(coding), file, name, before))
            }),
        }
    }

    /// The variant that a client likes best.
    pub fn select(&self, preference: Preference) -> &Rc<Variant> {
        let mut codings = preference.codings();
        let coded = codings.find_map(|coding| self.variant(coding));
        coded.unwrap_or(&self.original)
    }

    fn variant(&self, coding: Coding) -> Option<&Rc<Variant>> {
        self.coded[coding as usize].as_ref()
    }

    fn variants(&self) -> impl Iterator<Item = &Rc<Variant>> {
        self.coded.iter().flatten().chain([&self.original])
    }

    /// Whether it may be given out for a while without a look at the file.
    pub fn may_be_kept(&self) -> bool {
        self.variants().all(|variant| variant.may_be_kept())
    }

    /// How much memory it takes.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.variants().map(|it| it.bytes()).sum::<usize>()
    }

    /// How many files it keeps open.
    pub fn descriptors(&self) -> usize {
        self.variants().filter(|variant| variant.is_open()).count()
    }
}
