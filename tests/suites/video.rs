//! A real browser and the video of step 16: it can be moved where the server
//! has ranges, and nowhere else.

use crate::commands::browse;
use crate::lab::Outcome;
use crate::steps::{new_shells, ours, root};

#[test]
fn a_video_is_moved_where_there_are_ranges() -> Outcome {
    let site = root().join("steps/16-ranges/site");
    let without = ours("step15").into_iter().collect();
    for step in [new_shells("ranges"), without].concat() {
        let site = site.to_str().expect("UTF-8");
        let arguments = ["127.0.0.1:0", "--root", site];
        let server = step.launch(&arguments)?.start()?;
        let page = browse(&server)?;
        let Some(page) = page else { break };
        let second = if step.does("ranges") { 30 } else { 0 };
        let expected = format!("at second {second}\n");
        assert!(page.contains(&expected), "{}: {page}", step.name);
    }
    Ok(())
}
