//! 20a Mind the braces: templates, and what a value may be.

use super::expect::exchange;
use super::parts::rows;
use super::prelude::*;

const FILLS: &str = "puts values where their names are";
const BLOCKS: &str = "knows conditions and lists";

pub const CHECKS: &[Check] = checks![
    FILLS, 1, needs [], Passes, read "Templates",
        |lab| talk(&mut server(lab, TEMPLATE)?.connect()?);
    "takes a value for text, and nothing else", 3, needs [FILLS], Fails,
        read "Templates", |lab| pages(lab, TEXT);
    BLOCKS, 3, needs [FILLS], Fails, read "Templates", |lab| pages(lab, LISTS);
    "says which line of the template is wrong", 3, needs [BLOCKS], Waits,
        read "Templates", |lab| pages(lab, FAULTS);
    "takes time in proportion to the page", 2, needs [BLOCKS], Waits,
        read "A dictionary", linear;
    TIDY, 1, needs [FILLS], Passes, read "Templates",
        |lab| tidy::check(lab, &server(lab, TEMPLATE)?, talk);
];

const TEMPLATE: &str = "{{name}}, {{other}}, {{name}}\n";

fn server(lab: &Lab, template: &str) -> Outcome<Program> {
    Tree::new(lab).file("page.html", template)?;
    lab.server()
}

fn talk(client: &mut Client) -> Outcome {
    exchange(client, b"other=Bob\nname=Ada\n", b"Ada, Bob, Ada\n")
}

/// Rows of a page, or a line that is wrong, and of what becomes that: the
/// template and values, with ~ between them. ^ is the end of a line.
fn pages(lab: &Lab, table: &str) -> Outcome {
    for (rule, wanted, row) in rows(table) {
        let (template, values) = row.split_once('~').unwrap_or((row, ""));
        let program = server(lab, &template.replace('^', "\n"))?;
        let values = values.replace('~', "\n").into_bytes();
        let line = wanted.strip_prefix("line ");
        let page = line.map_or(wanted, |_| "error\n").as_bytes();
        // The second time: it goes on.
        exchange(&mut program.connect()?, &values, page)
            .and_then(|()| exchange(&mut program.connect()?, &values, page))
            .and_then(|()| match line {
                Some(n) => program.expect_note(&format!("page.html:{n}: ")),
                None => Ok(()),
            })
            .about(row)
            .likely(rule)?;
    }
    Ok(())
}

fn linear(lab: &Lab) -> Outcome {
    let program = server(lab, "")?;
    cost::expect_linear(&program, "a page four times as long", |size| {
        let lines = |line: fn(usize) -> String| -> String {
            (0..3000 * size).map(line).collect()
        };
        let template = lines(|it| format!("{{{{n{it}}}}}\n"));
        Tree::new(lab).file("page.html", template)?;
        let values = lines(|it| format!("n{it}=<\n"));
        let page = "&lt;\n".repeat(3000 * size);
        let mut client = program.connect()?;
        exchange(&mut client, values.as_bytes(), page.as_bytes())
    })
    .likely("go through the template once, and look for no name one by one")
}

const TEXT: &str = "\
# five characters have a name in HTML, which stands for them once
<p>&lt;b&gt; &amp; &lt;/b&gt;</p> | <p>{{a}}</p>~a=<b> & </b>
# either quote may end an attribute
<p title=\"&quot; b='\"> | <p title=\"{{a}}'\">~a=\" b=
<p title='&#39; b'> | <p title='{{a}}'>~a=' b
# what a client has sent is no template
{{b}} {{if b}} | {{a}} {{b}}~a={{b}}~b={{if b}}";
const LISTS: &str = "\
# without a value, or if the first one is empty, it is not shown
yes. | {{if a}}yes{{end}}{{if b}}b{{end}}.{{if c}}{{c}}{{end}}~a=1~b=~b=2
# a block for each value, in their order
[1][2][3] | {{each a}}[{{a}}]{{end}}{{each b}}{{b}}{{end}}~a=1~a=2~a=3
# before and behind its block a name has its first value
1 12 1 12 | {{a}} {{each a}}{{a}}{{end}} {{a}} {{each a}}{{each a}}{{a}}{{end}}{{end}}~a=1~a=2
# an end is that of the block which began last
1:xy2:xy | {{each a}}{{a}}:{{each b}}{{b}}{{end}}{{end}}~a=1~a=2~b=x~b=y
cab | {{if c}}{{if b}}c{{end}}{{if b}}a{{end}}{{end}}b~c=c~b=b
# there may be blanks between braces, and braces that are no tag
a {b} }} c | a {b} }} {{ if c }}{{ c }}{{ end }}~c=c";
const FAULTS: &str = "\
# a tag, or a block, that does not end is named by the line where it begins
line 2 | one^two {{a^}~a=1
line 2 | ^{{each a}}^{{if a}}{{end}}^~a=1
# there is no block that this could end
line 2 | ^{{end}}
# nothing else is between braces
line 1 | {{for^a}}^{{end}}
line 1 | {{}}^
# what is wrong is wrong also where nobody looks
line 2 | {{if a}}^{{for a}}{{end}}{{end}}
# no value is not an empty value
line 2 | {{each a}}^{{b}}{{end}}~a=1
# a tag may have line ends in it, and they count
line 4 | {{^a^}}^{{^b}}~a=1";
