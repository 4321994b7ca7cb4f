fn main() {
    let mut clients = vec!["A", "B", "C", "D"];
    // What poll has said: A and D are ready.
    let ready = [true, false, false, true];
    for (place, is_ready) in ready.into_iter().enumerate() {
        if !is_ready {
            continue;
        }
        println!("{} is ready", clients[place]);
        if clients[place] == "A" {
            println!("A leaves");
            clients.swap_remove(place);
        }
    }
}
