//! How many instructions a call costs, counted by valgrind: times on a shared machine are noise, these counts are the same each
//! time. The stage `instructions` of tests/run.sh fails when one grows beyond its threshold in benches/instructions.txt. It
//! counts unoptimised code, whose build is that of the tests: what is done twice costs twice there as well. `cargo bench --bench
//! instructions` counts the code of a release.
//!
//! `instructions WORK TIMES PORT` is the process that is counted; this program starts it twice for each kind of work, with
//! different numbers of times, so that what happens once in a process does not count. `UPDATE=1` writes the thresholds again.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;

use vault_cipher::{Environment, Host, Service};

/// With the same compiler two runs differ by a hundredth of a percent; one more setting is not to fail. A read differs more: how often
/// its sockets are polled depends on when the answer comes, so its threshold has room.
const TOLERANCE: f64 = 0.05;
/// Another compiler makes other code.
const TOLERANCE_OF_ANOTHER_COMPILER: f64 = 0.25;

/// What is counted.
struct Work {
    name: &'static str,
    what: &'static str,
    /// How often it is done in the shorter run.
    times: u32,
    token: Option<&'static str>,
    cache_time: &'static str,
    succeeds: bool,
}

const TEXT: &str = r#"{"mount":"secret","path":"bitbucket/database","key":"password","endpoint":"http://127.0.0.1:PORT"}"#;

const ALL: [Work; 3] = [
    Work {
        name: "parse",
        what: "a text and all settings, up to the token that is missing",
        times: 100,
        token: None,
        cache_time: "0",
        succeeds: false,
    },
    Work {
        name: "answer",
        what: "a read on an open connection, without cache",
        times: 100,
        token: Some("s.instructions"),
        cache_time: "0",
        succeeds: true,
    },
    Work {
        name: "cached",
        what: "the same text again",
        times: 10_000,
        token: Some("s.instructions"),
        cache_time: "1h",
        succeeds: true,
    },
];

/// A secret of KV version 2 with three keys, as OpenBao writes it.
const ANSWER: &str = concat!(
    r#"{"request_id":"5a2c9f1e-9b5b-3b7e-9d55-2f0f4f5c7c11","lease_id":"","renewable":false,"lease_duration":0,"data":{"data":"#,
    r#"{"password":"correct horse battery staple","url":"jdbc:postgresql://db.example.com:5432/bitbucket","username":"bitbucket"},"#,
    r#""metadata":{"created_time":"2026-11-23T08:23:44.123456789Z","custom_metadata":null,"deletion_time":"","destroyed":false,"#,
    r#""version":3}},"wrap_info":null,"warnings":null,"auth":null}"#,
    "\n"
);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match &arguments[..] {
        [] => measure_all(),
        [name, times, port] => {
            let work = ALL.iter().find(|work| work.name == name).ok_or("no such work")?;
            work.repeat(times.parse()?, port)
        }
        _ => Err("the only arguments are WORK TIMES PORT".into()),
    }
}

/// Prints a line for each kind of work and, last, how many passed and failed.
fn measure_all() -> Result<(), Box<dyn Error>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.txt");
    let mut thresholds = Thresholds(std::fs::read_to_string(&page)?);
    let build = if cfg!(debug_assertions) { "unoptimised" } else { "release" };
    let compiler = compiler()?;
    let same = thresholds.get(build, "compiler") == Some(&*compiler);
    let tolerance = if same { TOLERANCE } else { TOLERANCE_OF_ANOTHER_COMPILER };
    let update = std::env::var_os("UPDATE").is_some();
    let port = answering()?;

    println!("Instructions of a call, {build} code of {compiler}:");
    let mut failed = 0;
    for Work { name, what, times, .. } in &ALL {
        let more = count(name, times * 2, port)?.checked_sub(count(name, *times, port)?).ok_or("more work costs less")?;
        let count = more / u64::from(*times);
        let most = thresholds.get(build, name).and_then(|most| most.parse().ok()).unwrap_or(0.0);
        let growth = (count as f64 / most - 1.0) * 100.0;
        println!("{name:<8} {count:>8}  {growth:+6.1} % against the threshold  ({what})");
        failed += usize::from(!update && growth > tolerance * 100.0);
        thresholds.set(build, name, &count.to_string());
    }
    if update {
        thresholds.set(build, "compiler", &compiler);
        std::fs::write(&page, thresholds.0)?;
    } else if !same {
        println!("The thresholds are those of another compiler, so that {:.0} % more are allowed.", tolerance * 100.0);
    }
    println!("{} passed, {failed} failed, counted by valgrind", ALL.len() - failed);
    if failed > 0 {
        return Err(format!(
            "a call costs over {:.0} % more than its threshold. What to do: find out why; if it is worth it, write the new counts \
             into benches/instructions.txt: UPDATE=1 tests/run.sh instructions",
            tolerance * 100.0
        )
        .into());
    }
    Ok(())
}

/// Lines such as `release answer: 60000`.
struct Thresholds(String);

impl Thresholds {
    fn get(&self, build: &str, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.strip_prefix(&format!("{build} {name}: ")))
    }

    fn set(&mut self, build: &str, name: &str, value: &str) {
        let start = format!("{build} {name}: ");
        let mut lines: Vec<String> = self.0.lines().map(str::to_owned).filter(|line| !line.starts_with(&start)).collect();
        lines.push(format!("{start}{value}"));
        lines.sort();
        self.0 = lines.join("\n") + "\n";
    }
}

/// The instructions of a whole process that does the work so often.
fn count(name: &str, times: u32, port: u16) -> Result<u64, Box<dyn Error>> {
    let counted = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args([name, &times.to_string(), &port.to_string()])
        .output()
        .map_err(|e| format!("valgrind cannot be started: {e}. What to do: tests/tools/install.sh test"))?;
    let said = String::from_utf8_lossy(&counted.stderr);
    if !counted.status.success() {
        return Err(format!("{name}, {times} times: {said}").into());
    }
    let collected = said.lines().find_map(|line| line.split("Collected : ").nth(1)).ok_or("valgrind counted nothing")?;
    Ok(collected.trim().parse()?)
}

fn compiler() -> Result<String, Box<dyn Error>> {
    let version = Command::new("rustc").arg("--version").output()?.stdout;
    Ok(format!("{} on {}", String::from_utf8(version)?.trim(), std::env::consts::ARCH))
}

/// A peer that gives every request the same answer, in this process, which is not counted.
fn answering() -> Result<u16, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || answer(connection));
        }
    });
    Ok(port)
}

fn answer(connection: TcpStream) -> std::io::Result<()> {
    connection.set_nodelay(true)?;
    let mut lines = BufReader::new(connection.try_clone()?);
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{ANSWER}", ANSWER.len());
    let mut line = String::new();
    while lines.read_line(&mut line)? > 0 {
        if line == "\r\n" {
            (&connection).write_all(answer.as_bytes())?;
        }
        line.clear();
    }
    Ok(())
}

impl Work {
    fn repeat(&self, times: u32, port: &str) -> Result<(), Box<dyn Error>> {
        let text = TEXT.replace("PORT", port);
        let environment = Environment::default().with_variable("SECRET_STORE_VAULT_CACHE_TIME", self.cache_time);
        let environment = match self.token {
            Some(token) => environment.with_variable("SECRET_STORE_VAULT_TOKEN", token),
            None => environment,
        };
        let (service, process) = (Service::new(), Process { environment });
        for _ in 0..times {
            match service.resolve(&text, &process) {
                Ok(_) if self.succeeds => {}
                Err(error) if !self.succeeds && matches!(error.kind(), vault_cipher::ErrorKind::NotConfigured { .. }) => {}
                Ok(_) => return Err("it succeeded".into()),
                Err(error) => return Err(error.to_string().into()),
            }
        }
        Ok(())
    }
}

/// The process around a work: as in a JVM, it stays the same.
struct Process {
    environment: Environment,
}

impl Host for Process {
    fn environment(&self) -> &Environment {
        &self.environment
    }

    fn warn(&self, message: &str) {
        eprintln!("{message}");
    }

    fn interrupted(&self) -> bool {
        false
    }

    /// The process is over before anything would have to be done.
    fn start_keeper(&self) -> bool {
        true
    }
}
