//! What becomes of a program's output.

use super::{ask, get, running};
use crate::lab::{Outcome, proc};
use crate::steps::on_every;

/// Outputs, each with the status and the Content-Length of its response.
const OUTPUTS: [(&str, u16, &str); 23] = [
    ("printf 'Content-Type: a/b\\r\\n\\r\\nhi'", 200, "2"),
    ("printf 'Status: 404 No\\ncontent-type: a/b\\n\\nhi'", 404, "2"),
    ("printf 'Status: 299\\nContent-Type: a/b\\n\\n'", 299, "0"),
    ("printf 'Location: /notes.txt\\n\\n'", 302, "0"),
    (
        "printf 'Location: /\\nStatus: 303 A\\nContent-Type: a/b\\n\\nhi'",
        303,
        "2",
    ),
    ("printf 'Status: 204 None\\n\\nhi'", 502, "-"),
    ("printf 'Status: 204 None\\nContent-Type: a/b\\n\\nhi'", 204, ""),
    // Framing and connection are ours.
    (
        "printf 'Content-Length: 99\\nTransfer-Encoding: chunked\\n'; \
         printf 'Connection: close\\nContent-Type: a/b\\n\\nhi'",
        200,
        "2",
    ),
    // These are no outputs.
    ("", 502, "-"),
    ("echo hello", 502, "-"),
    ("printf 'Content-Type: a/b\\nno end'", 502, "-"),
    ("yes 'A: b' | head -c 20000; printf 'Content-Type: a/b\\n\\n'", 502, "-"),
    ("printf '\\nhi'", 502, "-"),
    ("printf 'X-A: b\\n\\nhi'", 502, "-"),
    ("printf 'Status: 200\\nStatus: 200\\nContent-Type: a/b\\n\\n'", 502, "-"),
    ("printf 'Status: 101 Up\\nContent-Type: a/b\\n\\n'", 502, "-"),
    ("printf 'Status: 2000\\nContent-Type: a/b\\n\\n'", 502, "-"),
    ("printf 'Location: /a b\\n\\n'", 502, "-"),
    ("printf 'A b: c\\nContent-Type: a/b\\n\\n'", 502, "-"),
    ("printf 'A: b\\001\\nContent-Type: a/b\\n\\n'", 502, "-"),
    // They look well, but their programs say, or show, that they are not.
    ("printf 'Content-Type: a/b\\n\\nhi'\nexit 3", 502, "-"),
    ("printf 'Content-Type: a/b\\n\\nhi'\nkill -KILL $$", 502, "-"),
    // So much is too much.
    (
        "printf 'Content-Type: a/b\\n\\n'\nexec head -c 17000000 /dev/zero",
        502,
        "-",
    ),
];

#[test]
fn an_output_becomes_a_response() -> Outcome {
    on_every("cgi", |step| {
        let names: Vec<String> =
            (0..OUTPUTS.len()).map(|number| format!("p{number}")).collect();
        let rows = names.iter().zip(OUTPUTS);
        let list: Vec<_> = rows.map(|(name, row)| (&**name, row.0)).collect();
        let (_programs, server, mut client) = running(step, &list, "30")?;
        for (name, (output, status, length)) in names.iter().zip(OUTPUTS) {
            let response = get(&mut client, name)?;
            assert_eq!(response.status, status, "{output}");
            let sent = response.field("content-length").unwrap_or("");
            assert!(length == "-" || length == sent, "{output}: {sent}");
            assert!(!response.says("close"), "{output}");
            assert!(response.field("transfer-encoding").is_none());
            // The head is the same, and the connection goes on.
            ask(&mut client, "HEAD", name, b"")?;
            let head = client.response_head()?;
            assert_eq!(head.status, status, "{output}");
            assert!(
                head.length().is_none_or(|length| length.to_string() == sent)
            );
        }
        server.eventually("has one child", || {
            let tree = proc::tree(server.pid());
            (tree.len() == 2).then_some(())
        })
    })
}
