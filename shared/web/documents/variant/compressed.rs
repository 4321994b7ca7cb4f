//! Enters in step 21: a variant that we make ourselves, when somebody asks for
//! it.

use std::ops::RangeInclusive;
use std::rc::Rc;
use std::sync::Arc;

use super::Variant;
use crate::http::coding::Coding;
use crate::http::media;
use crate::http::method::Method;
use crate::http::status::Status;
use crate::http::validators::Validators;
use crate::web::documents::compressor::{Compressed, Compressor};
use crate::web::documents::content::Content;
use crate::web::site::{Awaited, Body, Responder};

/// What is smaller is sent in one packet in any case; what is larger takes
/// long, and is better compressed beforehand.
const SIZES: RangeInclusive<u64> = 1024..=1024 * 1024;

/// What a variant is made of.
pub struct Origin {
    original: Rc<Variant>,
    compressed: Arc<Compressed>,
    /// Its content is there.
    is_made: bool,
}

impl Variant {
    /// The same compressed, if that is worth it and it has at most this many
    /// bytes. It need not have been made yet.
    pub fn compress(
        self: &Rc<Self>,
        compressor: &Arc<Compressor>,
        max_size: u64,
    ) -> Option<Rc<Self>> {
        let Variant { device, state, .. } = **self;
        let is_worth_it = SIZES.contains(&state.size)
            && state.size <= max_size
            && media::is_compressible(&self.name);
        if !is_worth_it {
            return None;
        }
        let compressed = compressor.compressed(device, state);
        let (original, is_made) = (Rc::clone(self), false);
        let origin = Origin { original, compressed, is_made };
        let variant = self.coded(origin, Content::Small([].into()), 0);
        Some(variant.made().unwrap_or_else(|| Rc::new(variant)))
    }

    /// What this one has become: what it was to be, or, if that failed, the
    /// original. `None` if nothing has changed.
    pub fn made(&self) -> Option<Rc<Self>> {
        let Origin { original, compressed, .. } = self.awaited()?;
        let Some(made) = compressed.result()? else {
            return Some(original.clone());
        };
        let origin = Origin {
            original: original.clone(),
            compressed: compressed.clone(),
            is_made: true,
        };
        let content = made.content.clone();
        Some(Rc::new(original.coded(origin, content, made.size)))
    }

    /// What it is to be made of, if that has not been done.
    pub(super) fn awaited(&self) -> Option<&Origin> {
        self.origin.as_ref().filter(|it| !it.is_made)
    }

    /// Writes the response with all of it: now, or when it has been made.
    pub(super) fn respond_made(
        self: &Rc<Self>,
        Origin { original, compressed, .. }: &Origin,
        method: Method,
        out: Responder,
    ) -> Body {
        compressed.begin(&original.content);
        if let Some(made) = self.made() {
            return made.respond(method, Status::Ok, 0..made.state.size, out);
        }
        let (variant, original) = (Rc::clone(self), Rc::clone(original));
        let compressed = Arc::clone(compressed);
        Body::Awaits(Awaited {
            register: Box::new(move |tell| compressed.register(tell)),
            respond: Box::new(move |out| {
                let it = variant.made().unwrap_or(original);
                it.respond(method, Status::Ok, 0..it.state.size, out)
            }),
        })
    }

    /// This one, compressed: the same in another coding.
    fn coded(&self, origin: Origin, content: Content, size: u64) -> Self {
        let variant = Variant {
            coding: Some(Coding::Gzip),
            name: self.name.clone(),
            state: Validators { size, ..self.state },
            tag: self.state.gzip_etag(),
            fields: Vec::new(),
            content,
            origin: Some(origin),
            ..*self
        };
        variant.with_fields()
    }
}
