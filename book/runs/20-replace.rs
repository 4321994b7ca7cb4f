//! A page whose gaps are filled one after the other.

fn fill(page: &str, name: &str, text: &str) -> String {
    page.replace("{{name}}", name).replace("{{text}}", text)
}

fn main() {
    let page = "<h2>{{name}}</h2><p>{{text}}</p>";
    println!("{}", fill(page, "Ada", "1 < 2"));
    println!("{}", fill(page, "{{text}}", "hello"));
    println!("{}", fill(page, "Eve", "<script>alert(1)</script>"));
}
