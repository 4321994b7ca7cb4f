//! What several masters have, each piece behind its mark. A line that ends in
//! front of it is not part of it.

/// `main`, of those who have no `shared::cli` yet, and of all others.
const CLIENT: &str = r#"fn main() {
    if let Err(message) = run() {
        eprintln!("{message}");
        process::exit(1);
    }
}
"#;
const MAIN: &str = r#"fn main() -> ExitCode {
    cli::main(run)
}
"#;

/// `run`, with a loop around `serve`, which gets a connection, and the root
/// if there is one.
const SERVER: &str = r#"fn run() -> Result<(), Failure> {
    ARGUMENTS
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    println!("listening on {}", listener.address());
    loop {
        let (connection, _) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        if let Err(errno) = serve(&connectionROOT) {
            eprintln!("client lost: {errno}");
        }
    }
}
"#;
const ADDRESS: &str =
    r#"let address = cli::server_address("usage: ID [ADDRESS]")?;"#;
const INPUT: &str = r#"
    start_input()
        .map_err(|error| Failure::new("cannot start a thread", error))?;"#;
const WITH_ROOT: &str = r#"let usage = "usage: ID [ADDRESS] [--root DIRECTORY]";
    let (address, [root]) = cli::server_arguments(usage, ["root"])?;
    let path = root.map_or(".".into(), PathBuf::from);
    let root = Root::open(&path).map_err(|errno| {
        Failure::new(format_args!("cannot open {}", path.display()), errno)
    })?;"#;

/// Which events are the listener's.
const LISTENER: &str = r#"
/// What an event of the listener says; a client's says its key.
const LISTENER: u64 = u64::MAX;
"#;

/// `run`; `serve` gets a listener that does not wait, or is to change that.
const NONBLOCKING: &str = r#"fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: ID [ADDRESS]")?;
    let listener = Listener::open_nonblocking(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    serve(listener).map_err(|errno| Failure::new("cannot serve", errno))
}
"#;

/// `serve`, which has `respond` respond to each request.
const REQUESTS: &str = r#"/// Responds to requests until there are no more.
fn serve(connection: &OwnedFd) -> io::Result<()> {
    let mut input = Buffer::new(16 * 1024);
    loop {
        let mut fields = [httparse::EMPTY_HEADER; 100];
        let mut request = Request::new(&mut fields);
        match request.parse(input.bytes()).map_err(io::Error::other)? {
            httparse::Status::Complete(length) => {
                respond(connection, &request)?;
                input.consume(length);
            }
            httparse::Status::Partial => {
                match stream::read(connection, input.space())? {
                    // The end of the stream; or the buffer is full.
                    0 => return Ok(()),
                    count => input.filled(count),
                }
            }
        }
    }
}
"#;

/// What step 01 calls the kernel with.
const SOCKADDR: &str = r#"const LENGTH: libc::socklen_t =
    mem::size_of::<sockaddr_in>() as libc::socklen_t;

fn cvt(result: c_int) -> io::Result<c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Rust's address as the kernel's struct: the port with its high byte first.
fn to_sockaddr(address: SocketAddrV4) -> sockaddr_in {
    // SAFETY: every field of a sockaddr_in may be zero.
    let mut raw: sockaddr_in = unsafe { mem::zeroed() };
    raw.sin_family = libc::AF_INET as libc::sa_family_t;
    raw.sin_port = address.port().to_be();
    raw.sin_addr.s_addr = u32::from_ne_bytes(address.ip().octets());
    raw
}

/// Waits for a connection: its descriptor.
fn accept(listener: c_int) -> io::Result<c_int> {
    // SAFETY: accept4(2) writes no address when both pointers are null.
    cvt(unsafe {
        libc::accept4(
            listener,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            libc::SOCK_CLOEXEC,
        )
    })
}
"#;
const LOCAL_ADDRESS: &str = r#"/// The address that `socket` really has.
fn local_address(socket: c_int) -> io::Result<SocketAddrV4> {
    // SAFETY: every field of a sockaddr_in may be zero.
    let mut raw: sockaddr_in = unsafe { mem::zeroed() };
    let mut length = LENGTH;
    // SAFETY: both pointers are to live variables, and `length` says how
    // many bytes the kernel may write.
    cvt(unsafe {
        libc::getsockname(
            socket,
            (&raw mut raw).cast::<sockaddr>(),
            &raw mut length,
        )
    })?;
    let ip = raw.sin_addr.s_addr.to_ne_bytes();
    Ok(SocketAddrV4::new(ip.into(), u16::from_be(raw.sin_port)))
}
"#;

/// The listening socket of step 02.
const LISTEN: &str = r#"
/// A socket that waits at `address`; announces the address it really has.
fn listen(address: SocketAddr) -> nix::Result<OwnedFd> {
    let SocketAddr::V4(address) = address else {
        return Err(Errno::EAFNOSUPPORT);
    };
    let flags = SockFlag::SOCK_CLOEXEC;
    let listener =
        socket::socket(AddressFamily::Inet, SockType::Stream, flags, None)?;
    socket::setsockopt(&listener, sockopt::ReuseAddr, &true)?;
    socket::bind(listener.as_raw_fd(), &SockaddrIn::from(address))?;
    socket::listen(&listener, Backlog::new(1024)?)?;
    let address: SockaddrIn = socket::getsockname(listener.as_raw_fd())?;
    println!("listening on {address}");
    Ok(listener)
}
"#;

/// What the children of step 09 do.
const LINES: &str = r#"
/// Responds to each line with the number of this process, and the line.
fn respond(socket: OwnedFd) -> io::Result<()> {
    let mut stream = TcpStream::from(socket);
    for line in BufReader::new(stream.try_clone()?).split(b'\n') {
        let mut response = format!("{}: ", process::id()).into_bytes();
        response.extend(line?);
        response.push(b'\n');
        stream.write_all(&response)?;
    }
    Ok(())
}
"#;

/// How the servers of step 14 accept clients, which have `flags`.
const CLIENTS: &str = r#"/// Accepts one client. Says whether there was one.
fn accept(
    listener: &Listener,
    epoll: &Epoll,
    clients: &mut Slab<Client>,
) -> nix::Result<bool> {
    let (socket, _) = match listener.try_accept() {
        Err(Errno::EAGAIN) => return Ok(false),
        Err(Errno::ECONNABORTED) => return Ok(true),
        result => result?,
    };
    let key = clients.insert(Client { socket, rest: Vec::new() });
    if let Some(client) = clients.get_mut(key) {
        let event = EpollEvent::new(client.flags(), key.to_bits());
        epoll.add(&client.socket, event)?;
    }
    Ok(true)
}

struct Client {
    /// It does not wait.
    socket: OwnedFd,
    /// What the kernel has not taken yet.
    rest: Vec<u8>,
}
"#;

/// For values that no panic leaves in halves.
const LOCK: &str = r#"
/// A lock, whatever has become of the thread that had it before.
fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
"#;

/// All of a node but what it does: `open` gets WORD, `join` each connection,
/// and `hear` each line.
const NODE: &str = r#"use nix::sys::socket::{MsgFlags, send};
use shared::cli::{self, Failure};
use shared::net::listener::Listener;

fn main() -> ExitCode {
    cli::main(|| {
        let words = std::env::args().skip(1).collect::<Vec<String>>().leak();
        let [address, word, peers @ ..] = &*words else {
            return Err(Failure::wrong("usage: ID ADDRESS WORD [PEER]..."));
        };
        let node = Node::open(word)?;
        let address = address.parse().map_err(Failure::usage)?;
        let listener = Listener::open(address)
            .map_err(|errno| Failure::listening(address, errno))?;
        cli::print(format_args!("listening on {}", listener.address()));
        for peer in peers {
            start(move || serve(node, TcpStream::connect(peer)?));
        }
        loop {
            let accepted = listener.accept();
            let (socket, _) =
                accepted.map_err(|it| Failure::new("cannot accept", it))?;
            start(move || serve(node, socket.into()));
        }
    })
}

/// Works in a thread of its own; a failure is the end of that thread alone.
fn start(work: impl FnOnce() -> io::Result<()> + Send + 'static) {
    let lost = |error| cli::log(format_args!("connection lost: {error}"));
    let work = move || work().unwrap_or_else(lost);
    thread::Builder::new().spawn(work).map(drop).unwrap_or_else(lost);
}

/// Serves one connection, whoever has dialled.
fn serve(node: &Mutex<Node>, peer: TcpStream) -> io::Result<()> {
    let peer = Arc::new(peer);
    let mut input = BufReader::new(&*peer);
    lock(node).join(&peer);
    // However a connection ends, it is no link any more.
    while let Ok(Some(line)) = next_line(&mut input) {
        lock(node).hear(&String::from_utf8_lossy(&line), &peer);
    }
    lock(node).links.retain(|it| !Arc::ptr_eq(it, &peer));
    Ok(())
}

/// Sends a line, if the kernel has room for it. Nobody waits for a slow peer.
fn tell(peer: &TcpStream, line: &str) {
    let line = format!("{line}\n");
    let sent = send(peer.as_raw_fd(), line.as_bytes(), MsgFlags::MSG_DONTWAIT);
    if sent != Ok(line.len()) {
        // What is half there is of no use. If it has gone, so be it.
        let _ = peer.shutdown(Shutdown::Both);
    }
}

"#;

/// `main` of pools.
const WORKERS: &str = r#"fn main() -> ExitCode {
    cli::main(|| {
        let usage = "usage: ID [ADDRESS] [--workers N]";
        let (address, [workers]) = cli::server_arguments(usage, ["workers"])?;
        serve(address, cli::count("workers", workers, 4)?)
            .map_err(|error| Failure::new("cannot serve", error))
    })
}
"#;
/// What those of step 19 do.
const JOB: &str = r#"
/// The name of a file, and who wants to know how long it is.
type Job = (String, Arc<Mutex<TcpStream>>);
"#;

/// `main` and `serve` of the services of step 21, which have a file: SIGNAL has
/// them `renew` it, and `talk` gets a client.
const SERVICE: &str = r#"fn main() -> ExitCode {
    cli::main(|| {
        let usage = "usage: ID [ADDRESS] --FLAG FILE";
        let (address, [path]) = cli::server_arguments(usage, ["FLAG"])?;
        let path = path.ok_or_else(|| Failure::usage("no --FLAG"))?;
        serve(address, path.into())
            .map_err(|error| Failure::new("cannot serve", error))
    })
}

/// Serves each client in a thread, and SIGNAL in one more.
fn serve(address: SocketAddr, path: PathBuf) -> io::Result<()> {
    let signals = SigSet::from_iter([Signal::SIGNAL]);
    // In all threads that are started from here on.
    signals.thread_block()?;
    let listener = Listener::open(address)?;
    let service = Service::start(path)?;
    let wait = move || {
        while signals.wait().is_ok() {
            service.renew();
        }
    };
    thread::Builder::new().spawn(wait)?;
    cli::print(format_args!("listening on {}", listener.address()));
    loop {
        let (socket, peer) = listener.accept()?;
        let lost = move |error| cli::log(format_args!("{peer} lost: {error}"));
        let talk = move || talk(socket.into(), service).unwrap_or_else(lost);
        thread::Builder::new().spawn(talk).map(drop).unwrap_or_else(lost);
    }
}
"#;

/// `talk`, for lines that are responded to one by one, and the lines.
const TALK: &str = r#"/// Responds to each line of a client.
fn talk(mut stream: TcpStream, service: &Service) -> io::Result<()> {
    let mut input = BufReader::new(stream.try_clone()?);
    while let Some(line) = next_line(&mut input)? {
        stream.write_all(service.respond(&line).as_bytes())?;
    }
    Ok(())
}
"#;
const LINE: &str = r#"/// The next line, without its end. Half a line, or half
/// of a long one, is the end of all.
fn next_line(input: impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    input.take(4096).read_until(b'\n', &mut line)?;
    Ok((line.pop() == Some(b'\n')).then_some(line))
}
"#;

/// Each piece with its mark.
pub fn all() -> [(&'static str, String); 22] {
    let waiting = format!("{MAIN}\n{NONBLOCKING}");
    let server = |arguments: &str, root| {
        let server = SERVER.replace("ARGUMENTS", arguments);
        format!("{MAIN}\n{}", server.replace("ROOT", root))
    };
    let with_root = REQUESTS
        .replace("OwnedFd)", "OwnedFd, root: &Root)")
        .replace("connection, &request", "connection, root, &request");
    let node = |word| format!("{}{LINE}{LOCK}", NODE.replace("WORD", word));
    let service = |flag, signal| {
        let service = SERVICE.replace("FLAG", flag).replace("SIGNAL", signal);
        service + LOCK
    };
    [
        ("server", server(ADDRESS, "")),
        ("server input", server(&format!("{ADDRESS}{INPUT}"), "")),
        ("server root", server(WITH_ROOT, ", &root")),
        ("server polled", waiting.replace("open_nonblocking", "open")),
        (
            "server nonblocking",
            format!(
                "{LISTENER}
{waiting}"
            ),
        ),
        ("requests", REQUESTS.to_string()),
        ("requests root", with_root),
        ("client", CLIENT.to_string()),
        ("main", MAIN.to_string()),
        ("sockaddr", SOCKADDR.to_string()),
        ("local address", LOCAL_ADDRESS.to_string()),
        ("listen", LISTEN.to_string()),
        ("clients", CLIENTS.to_string()),
        ("main workers", WORKERS.to_string()),
        ("main jobs", format!("{WORKERS}{JOB}{LOCK}")),
        ("lines", LINES.to_string()),
        ("service log", service("log", "SIGUSR1")),
        ("service settings", service("settings", "SIGHUP")),
        ("talk", format!("{TALK}\n{LINE}")),
        ("line", LINE.to_string()),
        ("node ms", node("MS")),
        ("node file", node("FILE")),
    ]
}
