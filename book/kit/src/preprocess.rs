//! The kit as mdBook's preprocessor: in the library's own build, and for
//! `mdbook serve book` over standard input and output.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use mdbook_preprocessor::book::{Book, BookItem, Chapter};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext, parse_input};

use crate::expand::expand;
use crate::fault::Faults;
use crate::links::Links;
use crate::page::Page;
use crate::{Exercise, Fault, Project, Result, exercise};

/// Fills the chapters with code, diffs and recordings.
#[derive(Debug)]
pub struct Kit(pub Project);

impl Preprocessor for Kit {
    fn name(&self) -> &str {
        "kit"
    }

    fn run(&self, _: &PreprocessorContext, book: Book) -> Result<Book> {
        fill(&self.0, book).map_err(|faults| Faults(faults).into())
    }

    fn supports_renderer(&self, renderer: &str) -> Result<bool> {
        Ok(renderer == "html")
    }
}

/// Answers mdBook over standard input and output: `preprocess supports html`
/// says whether we serve a renderer, `preprocess` fills the book.
pub fn protocol(words: &[String]) -> Result<bool> {
    if let [supports, renderer] = words
        && supports == "supports"
    {
        return Ok(renderer == "html");
    }
    let (context, book) = parse_input(io::stdin())?;
    let root = context.root.join("..");
    let book = Kit(Project::open(&root)?).run(&context, book)?;
    serde_json::to_writer(io::stdout(), &book)?;
    Ok(true)
}

/// The book with every directive filled and every exercise a page.
pub fn fill(project: &Project, mut book: Book) -> Result<Book, Vec<Fault>> {
    let (mut pages, mut faults) = (Vec::new(), BTreeSet::new());
    let mut keep = |page| match page {
        Ok(page) => pages.push(page),
        Err(found) => faults.extend(found),
    };
    book.for_each_chapter_mut(|chapter| {
        let Some(source) = &chapter.source_path else { return };
        let file = Path::new("book/src").join(source);
        keep(page(project, chapter, &file));
        let mut steps = project.steps.iter();
        let Some(step) = steps.find(|step| step.chapter() == file) else {
            return;
        };
        for (at, exercise) in (1..).zip(exercise::written(project, step)) {
            let file = exercise::text_file(step, exercise);
            let text = exercise::page(project, step, exercise);
            let text = text.map_err(|error| fault(&file, &error));
            keep(text.and_then(|text| {
                let mut below = below(chapter, exercise, at, text);
                let page = page(project, &mut below, &file)?;
                chapter.sub_items.push(BookItem::Chapter(below));
                Ok(page)
            }));
        }
    });
    if !faults.is_empty() {
        return Err(faults.into_iter().collect());
    }
    let links = Links::new(project);
    let mut links = links.map_err(|error| fault("book/src", &error))?;
    for page in &pages {
        links.learn(page);
    }
    book.for_each_chapter_mut(|chapter| {
        let address = address(chapter);
        let page = pages.iter().find(|page| page.address == address);
        if let Some(page) = page {
            chapter.content = links.resolve(page, &chapter.content);
        }
    });
    Ok(book)
}

/// The chapter's address in the built book.
fn address(chapter: &Chapter) -> String {
    let path = chapter.path.as_deref().unwrap_or(Path::new(""));
    path.with_extension("html").to_string_lossy().into_owned()
}

fn fault(file: impl Into<PathBuf>, error: &anyhow::Error) -> Vec<Fault> {
    vec![Fault::new(file, 0, format_args!("{error:#}"))]
}

/// Fills a chapter, whose text is from that file.
fn page<'a>(
    project: &'a Project,
    chapter: &mut Chapter,
    file: &Path,
) -> Result<Page<'a>, Vec<Fault>> {
    let mut page = Page::new(project, address(chapter));
    let text = chapter.content.replace("\r\n", "\n");
    chapter.content = expand(&mut page, &text, file)?;
    Ok(page)
}

/// The page of an exercise, below its chapter.
fn below(
    parent: &Chapter,
    exercise: &Exercise,
    at: u32,
    content: String,
) -> Chapter {
    let mut parents = parent.parent_names.clone();
    parents.push(parent.name.clone());
    let name = format!("{} {}", exercise.id, exercise.title);
    let path = PathBuf::from(exercise::address(exercise)).with_extension("md");
    let mut chapter = Chapter::new(&name, content, path, parents);
    // It has no file in the book's folder that an edit link could name.
    chapter.source_path = None;
    chapter.number = parent.number.clone().map(|mut number| {
        number.push(at);
        number
    });
    chapter
}
