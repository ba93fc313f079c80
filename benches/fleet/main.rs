//! A thousand servers start at the same moment, with one real Vault and a rate limit quota: `make fleet`. Some are JVMs with
//! the real Java class, the others threads of a few processes that call the same Rust code. Prints what it was for Vault and
//! for the servers, and writes it into docs/fleet.md and its plot.
//!
//! `fleet nodes` is one of the processes: it is told on standard input which nodes it is, says `ready`, is told when to start
//! and prints a line for each answer of Vault. A JVM (`FleetNode` of the tests) does the same.

mod load;
mod nodes;
mod plot;
#[path = "../../tests/rust/support/mod.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod support;

use std::error::Error;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use load::{Load, WINDOW};
use nodes::{Event, Nodes};
use support::VaultServer;

const FLEET: usize = 1000;
const JVMS: usize = 20;
const PROCESSES: usize = 7;

/// The budget that is the default.
const BUDGET: Duration = Duration::from_secs(60);

/// A rate limit quota of Vault's: so many requests in each interval, and whether a refusal says when the next one begins.
struct Quota {
    rate: usize,
    seconds: usize,
    headers: bool,
}

/// Vault's default interval, and one that is so long that all who are refused are told about the same second.
const QUOTAS: [Quota; 2] = [Quota { rate: 100, seconds: 1, headers: false }, Quota { rate: 400, seconds: 10, headers: true }];

impl Quota {
    fn title(&self) -> String {
        let Self { rate, seconds, headers } = self;
        let interval = if *seconds == 1 { "second".to_owned() } else { format!("{seconds} s") };
        format!("{rate} requests per {interval}, {} Retry-After", if *headers { "with" } else { "without" })
    }

    /// The time that a fleet takes that never wastes a request.
    fn least(&self) -> Duration {
        Duration::from_secs(((FLEET.div_ceil(self.rate) - 1) * self.seconds) as u64)
    }

    /// What it grants per window, on average.
    fn per_window(&self) -> f64 {
        self.rate as f64 / self.seconds as f64 * WINDOW.as_secs_f64()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().nth(1).as_deref() == Some("nodes") {
        return be_nodes();
    }
    let mut loads = Vec::new();
    for quota in &QUOTAS {
        eprintln!("{FLEET} nodes, {} …", quota.title());
        loads.push((quota, simulate(quota)?));
    }
    let table = table(&loads);
    print!("{table}");
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let panels: Vec<_> =
        loads.iter().map(|(quota, load)| plot::Panel { title: quota.title(), granted: quota.per_window(), load }).collect();
    std::fs::write(docs.join("fleet.svg"), plot::svg(&panels))?;
    put_between_marks(&docs.join("fleet.md"), &table)?;
    if loads.iter().any(|(_, load)| load.served < FLEET) {
        return Err("not every node got its secret".into());
    }
    Ok(())
}

/// Starts the fleet under this quota.
fn simulate(quota: &Quota) -> Result<Load, Box<dyn Error>> {
    let vault = VaultServer::start();
    let nodes = Nodes {
        endpoint: vault.endpoint(),
        token: vault.root_token().to_owned(),
        seed: support::random(),
        first: 0,
        count: FLEET,
        start: SystemTime::now(),
    };
    for node in 0..FLEET {
        let (path, value) = nodes.secret(node);
        vault.write(&format!("secret/data/{path}"), &format!("{{\"data\":{{\"password\":\"{value}\"}}}}"));
    }
    let Quota { rate, seconds, headers } = quota;
    vault.write("sys/quotas/config", &format!("{{\"enable_rate_limit_response_headers\":{headers}}}"));
    vault.write("sys/quotas/rate-limit/fleet", &format!("{{\"path\":\"secret\",\"rate\":{rate},\"interval\":\"{seconds}s\"}}"));

    let mut processes = Vec::new();
    for first in 0..JVMS {
        processes.push(Process::start(jvm()?, &Nodes { first, count: 1, ..nodes.clone() })?);
    }
    let bounds: Vec<usize> = (0..=PROCESSES).map(|i| JVMS + (FLEET - JVMS) * i / PROCESSES).collect();
    for (first, end) in bounds.iter().zip(bounds.iter().skip(1)) {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("nodes");
        processes.push(Process::start(command, &Nodes { first: *first, count: end - first, ..nodes.clone() })?);
    }
    for process in &mut processes {
        process.expect_ready()?;
    }
    let start = (SystemTime::now() + Duration::from_secs(1)).duration_since(UNIX_EPOCH)?.as_millis();
    for process in &mut processes {
        writeln!(process.input, "{start}")?;
    }
    let mut events = Vec::new();
    for process in processes {
        events.extend(process.events()?);
    }
    Ok(Load::new(FLEET, events))
}

/// A JVM that is one node.
fn jvm() -> Result<Command, Box<dyn Error>> {
    let jar = std::env::var_os("VAULT_CIPHER_JAR").ok_or("VAULT_CIPHER_JAR must name the jar: make fleet")?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let paths = [root.join("build/classes/java/test"), root.join("build/host-libs/host-api-stubs.jar"), PathBuf::from(jar)];
    let java =
        std::env::var_os("JAVA_HOME").map_or_else(|| OsString::from("java"), |home| Path::new(&home).join("bin/java").into());
    let mut command = Command::new(java);
    command
        .args(["-Xmx32m", "-XX:TieredStopAtLevel=1", "-cp"])
        .arg(std::env::join_paths(paths)?)
        .arg("dev.vaultcipher.harness.FleetNode");
    Ok(command)
}

/// A process of the fleet, stopped when dropped.
struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// Tells it which nodes it is. The token goes through its environment and its standard input, which nobody else can read.
    fn start(mut command: Command, nodes: &Nodes) -> Result<Self, Box<dyn Error>> {
        command.env("SECRET_STORE_VAULT_TOKEN", &nodes.token);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut input = child.stdin.take().ok_or("no standard input")?;
        let output = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        writeln!(input, "{} {} {} {}", nodes.endpoint, nodes.seed, nodes.first, nodes.count)?;
        Ok(Self { child, input, output })
    }

    fn expect_ready(&mut self) -> Result<(), Box<dyn Error>> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        if line == "ready\n" { Ok(()) } else { Err(format!("a process of the fleet says {line:?}").into()) }
    }

    fn events(mut self) -> Result<Vec<Event>, Box<dyn Error>> {
        let mut text = String::new();
        self.output.read_to_string(&mut text)?;
        self.child.wait()?;
        Ok(text.lines().map(str::parse).collect::<Result<_, _>>()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the child process does.
fn be_nodes() -> Result<(), Box<dyn Error>> {
    let mut lines = std::io::stdin().lines();
    let mut line = || lines.next().ok_or("standard input has ended");
    let told = line()??;
    let [endpoint, seed, first, count] = told.split(' ').collect::<Vec<_>>()[..] else {
        return Err("four words are wanted".into());
    };
    println!("ready");
    let start = UNIX_EPOCH + Duration::from_millis(line()??.parse()?);
    let nodes = Nodes {
        endpoint: endpoint.to_owned(),
        token: std::env::var("SECRET_STORE_VAULT_TOKEN")?,
        seed: seed.to_owned(),
        first: first.parse()?,
        count: count.parse()?,
        start,
    };
    for event in nodes.run() {
        println!("{event}");
    }
    Ok(())
}

/// The figures, in Markdown.
fn table(loads: &[(&Quota, Load)]) -> String {
    let mut table = String::new();
    let mut row = |name: &str, cell: &dyn Fn(&Quota, &Load) -> String| {
        let cells: Vec<String> = loads.iter().map(|(quota, load)| cell(quota, load)).collect();
        table.push_str(&format!("| {name} | {} |\n", cells.join(" | ")));
    };
    row("quota", &|quota, _| quota.title());
    row("---", &|_, _| "---".to_owned());
    row("nodes that got their secret", &|_, load| format!("{} of {}", load.served, load.nodes));
    row("answers that were neither the secret nor 429", &|_, load| load.others.to_string());
    row("the last one after", &|quota, load| {
        format!(
            "{:.1} s (the quota's least: {} s; the budget: {} s)",
            load.last.as_secs_f32(),
            quota.least().as_secs(),
            BUDGET.as_secs()
        )
    });
    row("half of them after", &|_, load| format!("{:.1} s", load.median.as_secs_f32()));
    row("requests of a node", &|_, load| format!("{:.1} on average, {} at most", load.mean_requests(), load.most_requests));
    row("peak of the first requests", &|_, load| format!("{} in 0.1 s", load.peak()));
    row("peak of all later requests", &|quota, load| {
        format!("{} in 0.1 s (the quota grants {:.0})", load.peak_of_retries(), quota.per_window())
    });
    row("most later requests within 0.5 s", &|_, load| format!("{:.0} % of the fleet", load.herd() * 100.0));
    table
}

/// Replaces what is between the marks of this program in a page.
fn put_between_marks(page: &Path, table: &str) -> Result<(), Box<dyn Error>> {
    const MARKS: (&str, &str) = ("<!-- make fleet -->\n", "<!-- end of make fleet -->");
    let text = std::fs::read_to_string(page)?;
    let (before, rest) = text.split_once(MARKS.0).ok_or("the page has no mark")?;
    let (_, after) = rest.split_once(MARKS.1).ok_or("the page has no second mark")?;
    std::fs::write(page, format!("{before}{}{table}{}{after}", MARKS.0, MARKS.1))?;
    Ok(())
}
