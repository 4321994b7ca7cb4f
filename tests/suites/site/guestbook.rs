//! The guest book; and what a site cannot be started with.

use std::{fs, thread};

use super::{FORM, on, send};
use crate::files::client::{at, get};
use crate::files::tree::Tree;
use crate::lab::Outcome;
use crate::steps::on_every;

/// Whatever becomes of the server; and of more than a thousand the newest.
#[test]
fn the_guest_book_keeps_what_it_has_confirmed() -> Outcome {
    on_every("sites", |step| {
        let tree = Tree::new();
        let line = |it| format!("number={it}&time=0&name=n&text=t\n");
        let book = tree.outside().join("book");
        fs::write(&book, (1..=990).map(line).collect::<String>()).unwrap();
        for _ in 0..4 {
            let server = on(step, &tree)?.with(&["--threads", "4"]).start()?;
            let write = || {
                let (client, form) = (&mut server.connect()?, b"name=a&text=b");
                let post = send(client, "POST", "/guestbook", FORM, form)?;
                assert_eq!(post.status, 303);
                Ok(())
            };
            thread::scope(|scope| {
                let all = [0; 4].map(|_| scope.spawn(write));
                all.into_iter().try_for_each(|it| it.join().unwrap())
            })?;
            write()?;
            server.signal(libc::SIGKILL);
            server.wait(server.patience())?;
        }
        let server = on(step, &tree)?.start()?;
        let page = get(&mut server.connect()?, "/guestbook")?.body;
        let page = String::from_utf8(page).unwrap();
        assert_eq!(page.matches("<h2>a</h2>").count(), 20);
        let links = page.split("href=\"/guestbook/").skip(1);
        let numbers = links.map(|it| it.split('"').next().unwrap());
        let numbers = numbers.map(|it| it.parse::<u32>().unwrap());
        assert!(numbers.eq((11..=1010).rev()), "{page}");
        let beside = fs::read_dir(tree.outside()).unwrap();
        assert_eq!(beside.count(), 3, "something is left");
        server.interrupt()
    })
}

/// What is wrong with what a flag leads to is said before there is a request,
/// and files are left alone.
#[test]
fn what_cannot_be_started() -> Outcome {
    const BAD: [(&str, &str); 2] = [
        ("a", "{{ path }}\n{{titel}}"),
        ("b", "{{rows}}{{more}}\n\n{{path}\n{{rows"),
    ];
    let cases = [
        ("--write", "/none", 1, ": no such file or directory"),
        ("--write", "/out-directory", 1, ": cross-device link"),
        ("--write", "up", 2, " takes a path such as /up, not 'up'; try --help"),
        ("--fallback", "/sub", 1, ": there is no such file"),
        ("--guestbook", "DIR", 1, ": is a directory"),
        ("--guestbook", "DIR/b/listing.html", 1, "no line of a guest book"),
        ("--templates", "DIR", 1, "/listing.html: no such file or directory"),
        ("--templates", "DIR/a", 1, "\"titel\" (there are: path, rows, more)"),
        ("--templates", "DIR/b", 1, "/listing.html:3: {{ without its }}"),
    ];
    on_every("sites", |step| {
        let tree = Tree::new();
        let place = tree.outside();
        for (name, text) in BAD {
            fs::create_dir(place.join(name)).unwrap();
            fs::write(place.join(name).join("listing.html"), text).unwrap();
        }
        for (flag, value, code, why) in cases {
            let value = value.replace("DIR", place.to_str().unwrap());
            let launch = at(step, &tree.root())?.with(&[flag, &value]);
            let line = launch.spawn()?.expect_complaint(code)?;
            assert!(line.contains(&*value) && line.ends_with(why), "{line}");
        }
        let kept = fs::read_to_string(place.join("b/listing.html"));
        assert_eq!(kept.unwrap(), BAD[1].1);
        Ok(())
    })
}
