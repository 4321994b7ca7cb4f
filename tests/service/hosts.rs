//! Which site a host belongs to.

use super::open;

#[test]
fn whose_site_it_is() {
    let sites = ["b", "a.example", "*.a.example", "*.c.a.example", "[::1]"];
    let site = |host| format!("[[site]]\nroot = 'steps'\nhosts = '{host}'\n");
    let text = sites.map(site).concat();
    let lenient = open(&text).unwrap();
    let strict = open(&format!("strict_hosts = true\n{text}")).unwrap();
    let long = |count| "x".repeat(count - ".a.example".len()) + ".a.example";
    for (hosts, site) in [
        ("A.eXample a.example.:8080 a.example. a.example:", Some(1)),
        ("x.A.example: x.y.a.example c.a.example .a.example", Some(2)),
        ("x.c.a.example.:1 x.y.c.a.example", Some(3)),
        ("[::1] [::1]:80", Some(4)),
        ("a.example.. xa.example example [::2] a.example.b ", None),
        (&long(255), Some(2)),
        (&long(256), None),
    ] {
        for host in hosts.split(' ') {
            assert_eq!(strict.find(host.as_bytes()), site, "{host}");
            let or_first = site.or(Some(0));
            assert_eq!(lenient.find(host.as_bytes()), or_first, "{host}");
        }
    }
}
