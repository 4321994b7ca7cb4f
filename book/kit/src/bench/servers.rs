//! The servers, each as somebody would set it up who knows it: one worker, a
//! log that is written in large pieces, what is open stays open.

use std::env;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use super::Work;
use crate::record::cargo::{self, Built};
use crate::record::process::{self, Running};
use crate::{Project, Result, Step};

/// How long a server may take to listen.
const START: Duration = Duration::from_secs(10);

/// A server that runs, on the first processor.
pub struct Server {
    pub name: String,
    pub site: PathBuf,
    pub running: crate::serve::Server,
}

impl Server {
    /// Starts it with these words, in which PORT, ROOT and FILE are replaced:
    /// FILE is one that holds its settings, in which they are too.
    fn start(
        name: &str,
        program: &Path,
        (words, settings): (&str, &str),
        site: &Path,
    ) -> Result<Self> {
        let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let file = tempfile::NamedTempFile::new()?;
        let root = site.to_str().context("a path that is text")?;
        let port = address.port().to_string();
        let sendfile = if name == "nginx" { "on" } else { "off" };
        let fill = |it: &str| {
            let it = it.replace("PORT", &port).replace("ROOT", root);
            it.replace("SENDFILE", sendfile)
        };
        fs::write(file.path(), fill(settings))?;
        let words = words.split_whitespace().map(|word| match word {
            "FILE" => file.path().display().to_string(),
            word => fill(word),
        });
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(program).args(words);
        command.env("PATH", env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = Running::start(&mut command)?;
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            let is_alive = process.ended()?.is_none();
            let may_come = is_alive && start.elapsed() < START;
            ensure!(may_come, "{name} does not listen");
            thread::sleep(Duration::from_millis(10));
        }
        let (name, site) = (name.to_string(), site.to_path_buf());
        let running = crate::serve::Server { address, process };
        Ok(Server { name, site, running })
    }
}

/// The newest step that takes a settings file, the step before it had one,
/// and the floor, built to be fast.
pub fn build(project: &Project) -> Result<(String, Built)> {
    let has_settings = |step: &&Step| {
        let main = project.read(step.folder().join("main.rs"));
        main.is_ok_and(|text| text.contains("--settings FILE"))
    };
    let step = project.steps.iter().rev().find(has_settings);
    let name = step.context("no step takes a settings file")?.program();
    let names = [name.clone(), BARE.to_string(), "floor".to_string()];
    Ok((name, cargo::build_optimised(project, &names)?))
}

/// The last step that has no sites, log, or limits: what those cost.
const BARE: &str = "step19";

/// The newest step, with everything on: the limits and the sandbox are so
/// without a word.
const OURS: &str = "workers = 1
    listen = \"127.0.0.1:PORT\"
    log = \"ROOT.ours.log\"
    [[site]]
    root = \"ROOT\"
    [[site]]
    hosts = [\"b.example\"]
    root = \"ROOT\"";

/// The others: their programs, the words behind, and the settings.
const PEERS: [(&str, &str, &str); 6] = [
    ("nginx", "-c FILE", NGINX),
    ("nginx, no sendfile", "-c FILE", NGINX),
    ("lighttpd", "-D -f FILE", LIGHTTPD),
    ("h2o", "-c FILE", H2O),
    ("webfsd", "-F -p PORT -i 127.0.0.1 -r ROOT -c 12000", ""),
    ("static-web-server", "-p PORT -d ROOT -a 127.0.0.1", ""),
];

const NGINX: &str = "daemon off; master_process off; user root; pid ROOT.pid;
    error_log /dev/null;
    events { worker_connections 12000; multi_accept on; }
    http {
        access_log ROOT.nginx.log combined buffer=64k flush=1s;
        keepalive_requests 100000000;
        sendfile SENDFILE; tcp_nopush SENDFILE;
        open_file_cache max=1000 inactive=60s;
        open_file_cache_valid 60s;
        types { text/plain txt; }
        server { listen 127.0.0.1:PORT backlog=4096; root ROOT; }
    }";

const LIGHTTPD: &str = "server.document-root = \"ROOT\"
    server.bind = \"127.0.0.1\"
    server.port = PORT
    server.max-keep-alive-requests = 100000000
    server.max-connections = 12000
    server.max-fds = 20000
    server.modules = (\"mod_accesslog\")
    accesslog.filename = \"ROOT.lighttpd.log\"
    mimetype.assign = (\".txt\" => \"text/plain\")";

const H2O: &str = "{num-threads: 1, max-connections: 12000, user: root,
    listen: {host: 127.0.0.1, port: PORT}, access-log: ROOT.h2o.log,
    hosts: {\"default\": {paths: {\"/\": {file.dir: \"ROOT\"}}}}}";

/// Ours, a floor, and those of the others that are installed.
pub fn start(
    (name, built): &(String, Built),
    site: &Path,
    work: &Work,
) -> Result<Vec<Server>> {
    let ours = |name: &str, words, settings| {
        let program = cargo::built(built, name)?;
        Server::start(name, program, (words, settings), site)
    };
    let bare = "PORT --workers 1 --root ROOT";
    let mut all =
        vec![ours(name, "--settings FILE", OURS)?, ours(BARE, bare, "")?];
    if work.letter != "f" {
        let words = format!("{} PORT ROOT/{}", work.floor, work.file);
        all.push(ours("floor", &words, "")?);
    }
    for (name, words, settings) in PEERS {
        let program = name.split(',').next().unwrap_or(name);
        if let Some(program) = process::tool(program) {
            let words = (words, settings);
            all.push(Server::start(name, &program, words, site)?);
        }
    }
    Ok(all)
}
