//! Reads lines such as `workers = 4`, as far as nothing is wrong.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Default)]
struct Settings {
    listen: Option<SocketAddr>,
    workers: Option<u16>,
    root: Option<PathBuf>,
}

fn parse(text: &str) -> Result<Settings, String> {
    let mut settings = Settings::default();
    for line in text.lines() {
        let (name, value) = line.split_once(" = ").ok_or("no value")?;
        match name {
            "listen" => {
                let address = value.parse::<SocketAddr>();
                settings.listen = Some(address.map_err(|it| it.to_string())?);
            }
            "workers" => {
                let count = value.parse::<u16>();
                settings.workers = Some(count.map_err(|it| it.to_string())?);
            }
            "root" => settings.root = Some(value.into()),
            _ => return Err("unknown setting".into()),
        }
    }
    Ok(settings)
}

fn main() -> ExitCode {
    let text = fs::read_to_string("site.conf").unwrap_or_default();
    match parse(&text) {
        Ok(it) => {
            println!("fine: {:?} {:?} {:?}", it.listen, it.workers, it.root);
        }
        Err(what) => {
            println!("error: {what}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
