//! `{{#picture NAME}}`: a drawing of `src/img`, inside the page, so that it
//! takes the colours of the reader's theme.

use anyhow::{Context, bail};

use crate::{Project, Result, pattern};

/// The drawing `book/src/img/NAME.svg` as a figure; its title is the caption.
pub fn render(project: &Project, name: &str) -> Result<String> {
    let file = format!("book/src/img/{name}.svg");
    let svg = project.read(&file).context("no such picture")?;
    let title = checked_title(name, &svg).context(file)?;
    let svg = svg.trim();
    Ok(format!(
        "<figure class=\"picture\">\n{svg}\n<figcaption>{title}</figcaption>\n\
         </figure>"
    ))
}

/// The drawing's title, which is HTML already, of a drawing that can be in
/// a page beside others: with a name and a description for those who do not
/// see it, and with no id or style that could be another's.
fn checked_title<'a>(name: &str, svg: &'a str) -> Result<&'a str> {
    if svg.contains("<style") {
        bail!("a <style> would reach the whole page: use pictures.css");
    }
    for found in pattern(r#" id="([^"]*)""#).captures_iter(svg) {
        let id = &found[1];
        if !id.starts_with(&format!("{name}-")) {
            bail!("the id `{id}` must begin with `{name}-`");
        }
    }
    let needed = ["role=\"img\"", "aria-labelledby=\"", "<desc "];
    if let Some(missing) = needed.iter().find(|part| !svg.contains(**part)) {
        bail!("`{missing}` is missing");
    }
    let title = pattern("(?s)<title [^>]*>(.*?)</title>").captures(svg);
    let title = title.context("`<title id=\"…\">` is missing")?;
    Ok(title.extract::<1>().1[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVG: &str = "<svg role=\"img\" aria-labelledby=\"a-t a-d\">\
        <title id=\"a-t\">Two &amp; two</title><desc id=\"a-d\">Four</desc>\
        </svg>";

    #[test]
    fn the_title_is_the_caption() {
        assert_eq!(checked_title("a", SVG).unwrap(), "Two &amp; two");
    }

    #[test]
    fn what_a_page_cannot_hold_is_refused() {
        for (from, to, words) in [
            ("a-t", "b-t", "must begin with `a-`"),
            ("<desc ", "<desk ", "`<desc ` is missing"),
            ("role=\"img\"", "", "role"),
            ("<title ", "<p ", "<title"),
            ("<title ", "<style></style><title ", "<style>"),
        ] {
            let svg = SVG.replace(from, to);
            let error = checked_title("a", &svg).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
