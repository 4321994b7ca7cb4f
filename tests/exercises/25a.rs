//! Exercise 25a, A promise kept: what is stored is there after a power cut.
//!
//! Try it: `cargo run --example 25a -- 127.0.0.1:8080 --file /tmp/lines`

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::FileExt; //-solution
use std::path::Path;
use std::process::ExitCode;

use shared::cli::{self, Failure};
use shared::net::listener::Listener;

//-main

fn run() -> Result<(), Failure> {
    let usage = "usage: 25a [ADDRESS] --file FILE";
    let (address, [path]) = cli::server_arguments(usage, ["file"])?;
    let path = path.ok_or_else(|| Failure::usage("no --file"))?;
    let mut store = Store::open(Path::new(&path))?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    cli::print(format_args!("listening on {}", listener.address()));
    loop {
        let accepted = listener.accept();
        let (socket, _) =
            accepted.map_err(|errno| Failure::new("cannot accept", errno))?;
        talk(&socket.into(), &mut store)?;
    }
}

/// Responds to each line: `get N`, or a line that is to be stored.
fn talk(stream: &TcpStream, store: &mut Store) -> Result<(), Failure> {
    let mut input = BufReader::new(stream);
    let mut stream = stream;
    while let Ok(Some(line)) = next_line(&mut input) {
        let response = match line.strip_prefix(b"get ") {
            Some(number) => store.get(number),
            None if line.len() > MAX => b"too long".to_vec(),
            None => store.append(line)?,
        };
        // Who is gone wants nothing more.
        if stream.write_all(&[&response[..], b"\n"].concat()).is_err() {
            break;
        }
    }
    Ok(())
}

//-line

/// A record: its sum, the length of the line, the line, and zeros.
const RECORD: usize = 128;

/// The longest line.
const MAX: usize = RECORD - 9;

/// Lines, each in a record of its own.
struct Store {
    file: File,
    lines: Vec<Vec<u8>>,
}

impl Store {
    /// Reads what there is.
    fn open(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let cannot = |error: io::Error| {
            Failure::new(format_args!("cannot use {shown}"), error)
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        //-solution
        let mut file = options.open(path).map_err(cannot)?;
        let directory = path.parent().filter(|it| *it != Path::new(""));
        let directory = directory.unwrap_or(Path::new("."));
        let directory = File::open(directory).map_err(cannot)?;
        directory.sync_all().map_err(cannot)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(cannot)?;
        let records = bytes.chunks(RECORD).enumerate();
        let found: Vec<_> = records.map(|(at, it)| line_of(at, it)).collect();
        let whole = found.iter().take_while(|it| it.is_some()).count();
        if found[whole..].iter().any(Option::is_some) {
            let number = whole + 1;
            return Err(Failure::wrong(format_args!(
                "{shown}: line {number} is damaged"
            )));
        }
        file.set_len((whole * RECORD) as u64).map_err(cannot)?;
        let lines = found.into_iter().flatten().collect();
        //-starter
        // // TODO: is it there after a power cut, and is all of it good?
        // let mut file = options.append(true).open(path).map_err(cannot)?;
        // let mut bytes = Vec::new();
        // file.read_to_end(&mut bytes).map_err(cannot)?;
        // let records = bytes.chunks_exact(RECORD);
        // let line = |it: &[u8]| it[9..][..it[8].into()].to_vec();
        // let lines = records.map(line).collect();
        //-end
        Ok(Store { file, lines })
    }

    /// Stores a line: the response says so as soon as it is true.
    fn append(&mut self, line: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let record = record(self.lines.len(), &line);
        //-solution
        let at = (self.lines.len() * RECORD) as u64;
        self.file
            .write_all_at(&record, at)
            .and_then(|()| self.file.sync_data())
            .map_err(|error| Failure::new("cannot store a line", error))?;
        //-starter
        // self.file
        //     .write_all(&record)
        //     .map_err(|error| Failure::new("cannot store a line", error))?;
        //-end
        self.lines.push(line);
        Ok(format!("stored {}", self.lines.len()).into_bytes())
    }

    /// The line with this number, from 1.
    fn get(&self, number: &[u8]) -> Vec<u8> {
        let number = str::from_utf8(number).ok().and_then(|it| it.parse().ok());
        let line =
            number.and_then(|it: usize| self.lines.get(it.wrapping_sub(1)));
        line.cloned().unwrap_or(b"none".to_vec())
    }
}

/// The record of a line that has so many before it.
fn record(before: usize, line: &[u8]) -> [u8; RECORD] {
    let mut record = [0; RECORD];
    record[8] = line.len() as u8;
    record[9..][..line.len()].copy_from_slice(line);
    let sum = sum(before, &record[8..]).to_be_bytes();
    record[..8].copy_from_slice(&sum);
    record
}

/// The sum of what is behind it in a record, and of where that is: FNV-1a.
fn sum(before: usize, rest: &[u8]) -> u64 {
    let place = (before as u64).to_be_bytes();
    place.iter().chain(rest).fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
//-solution

/// The line in a record that has so many before it, if it is good.
fn line_of(before: usize, record: &[u8]) -> Option<Vec<u8>> {
    let (sum_there, rest) = record.split_first_chunk()?;
    let is_good = sum(before, rest).to_be_bytes() == *sum_there;
    (is_good && record.len() == RECORD).then_some(())?;
    let line = rest.get(1..)?.get(..rest[0].into())?;
    Some(line.to_vec())
}
//-end
