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
use crate::{Fault, Project, Result, Step, exercise};

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
///
/// # Errors
/// When the book is not understood, or names what is not there.
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
///
/// # Errors
/// All faults of all pages.
pub fn fill(project: &Project, mut book: Book) -> Result<Book, Vec<Fault>> {
    let mut faults = BTreeSet::new();
    let mut pages = Vec::new();
    book.for_each_chapter_mut(|chapter| {
        let pieces = chapter_pages(project, chapter);
        pages.extend(pieces.into_iter().filter_map(|page| match page {
            Ok(page) => Some(page),
            Err(wrong) => {
                faults.extend(wrong);
                None
            }
        }));
    });
    if !faults.is_empty() {
        return Err(faults.into_iter().collect());
    }
    let mut links = Links::new(project).map_err(|error| {
        vec![Fault::new("book/src", 0, format_args!("{error:#}"))]
    })?;
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

/// Fills a chapter and makes the pages of its exercises.
fn chapter_pages<'a>(
    project: &'a Project,
    chapter: &mut Chapter,
) -> Vec<Result<Page<'a>, Vec<Fault>>> {
    let Some(source) = &chapter.source_path else { return Vec::new() };
    let file = Path::new("book/src").join(source);
    let mut pages = vec![page(project, chapter, &file)];
    let step = project.steps.iter().find(|step| step.chapter() == file);
    let below = step.map(|step| exercise_pages(project, step, chapter));
    pages.extend(below.into_iter().flatten());
    pages
}

fn exercise_pages<'a>(
    project: &'a Project,
    step: &Step,
    chapter: &mut Chapter,
) -> Vec<Result<Page<'a>, Vec<Fault>>> {
    let exercises = match exercise::written(project, step) {
        Ok(exercises) => exercises,
        Err(error) => {
            let list = Path::new("steps/steps.toml");
            return vec![Err(vec![Fault::new(list, 0, error)])];
        }
    };
    let mut pages = Vec::new();
    for (at, exercise) in (1..).zip(exercises) {
        match exercise_chapter(project, step, exercise, chapter, at) {
            Ok((mut below, file)) => {
                pages.push(page(project, &mut below, &file));
                chapter.sub_items.push(BookItem::Chapter(below));
            }
            Err(fault) => pages.push(Err(vec![fault])),
        }
    }
    pages
}

fn page<'a>(
    project: &'a Project,
    chapter: &mut Chapter,
    file: &Path,
) -> Result<Page<'a>, Vec<Fault>> {
    let mut page = Page::new(project, address(chapter));
    let content = chapter.content.replace("\r\n", "\n");
    chapter.content = expand(&mut page, &content, file)?;
    Ok(page)
}

/// The page of an exercise, below its chapter, and the file of its text.
fn exercise_chapter(
    project: &Project,
    step: &Step,
    exercise: &crate::Exercise,
    parent: &Chapter,
    at: u32,
) -> Result<(Chapter, PathBuf), Fault> {
    let list = Path::new("steps/steps.toml");
    let file = exercise::text_file(step, exercise)
        .map_err(|error| Fault::new(list, 0, error))?;
    let content = exercise::page(project, step, exercise)
        .map_err(|error| Fault::new(&file, 0, format_args!("{error:#}")))?;
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
    Ok((chapter, file))
}
