//! A real browser and the video of step 16: it can be moved where the server
//! has ranges, and nowhere else.

use crate::commands::browse;
use crate::lab::Outcome;
use crate::steps::{new_shells, step};

#[test]
fn a_video_is_moved_where_there_are_ranges() -> Outcome {
    const SITE: &str =
        concat!(env!("CARGO_MANIFEST_DIR"), "/steps/16-ranges/site");
    for step in [new_shells("ranges"), vec![step("step15")]].concat() {
        let arguments = ["127.0.0.1:0", "--root", SITE];
        let server = step.launch(&arguments)?.start()?;
        let page = browse(&server)?;
        let Some(page) = page else { break };
        let second = if step.does("ranges") { 30 } else { 0 };
        let expected = format!("at second {second}\n");
        assert!(page.contains(&expected), "{}: {page}", step.name);
    }
    Ok(())
}
