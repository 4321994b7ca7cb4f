//! Enters in step 18: what a path leads to: a file, and those beside it that
//! are the same in another coding.

use std::rc::Rc;
use std::sync::Arc;

use crate::files::root::File;
use crate::http::coding::{CODINGS, Coding, Preference};

use super::compressor::Compressor;
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
        max_age: Option<u64>,
    ) -> Self {
        let of_original = before.map(|it| &it.original);
        let mut neighbours = neighbours.into_iter();
        Document {
            original: Variant::find(None, original, name, of_original, max_age),
            coded: CODINGS.map(|coding| {
                let file = neighbours.next().flatten()?;
                let before = before.and_then(|it| it.variant(coding));
                let coding = Some(coding);
                Some(Variant::find(coding, file, name, before, max_age))
            }),
        }
    }

    /// Has a variant more, compressed by us, unless one lies beside the file
    /// or it is not worth it. Enters in step 21.
    pub fn compress(&mut self, compressor: &Arc<Compressor>, max_size: u64) {
        // What is not kept would be compressed anew for every request.
        if self.variant(Coding::Gzip).is_none() && self.may_be_kept() {
            self.coded[Coding::Gzip as usize] =
                self.original.compress(compressor, max_size);
        }
    }

    /// The document with what has been made since, if anything has. Enters in
    /// step 21.
    pub fn renewed(&self) -> Option<Document> {
        let made = self.variant(Coding::Gzip)?.made()?;
        let original = self.original.clone();
        let mut coded = self.coded.clone();
        // If that failed, it is the original.
        let made = Some(made).filter(|it| !Rc::ptr_eq(it, &original));
        coded[Coding::Gzip as usize] = made;
        Some(Document { original, coded })
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
