//! The guest book.

use std::{fs, thread};

use super::{FORM, on, send};
use crate::files::client::get;
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
