//! The server's own Java: it is started with the jar, as the server's user, and loads the native library as in the server.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The oldest Java that the classes in the jar are made for.
const OLDEST_RELEASE: u32 = 8;

/// From this release on Java warns of native libraries, unless the option [`NATIVE_ACCESS`] allows them (JEP 472).
const WARNS_FROM: u32 = 24;

const NATIVE_ACCESS: &str = "--enable-native-access";

/// The variables of this process that Java gets. Its options are given as arguments instead, and it needs no token.
const INHERITED: [&str; 7] = ["PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "SystemRoot", "TEMP", "TMP"];

/// What Java may print, in bytes.
const MAX_OUTPUT: u64 = 256 * 1024;

/// How often a process is asked whether it has ended.
const POLL: Duration = Duration::from_millis(10);

/// How the server's Java is started.
pub(crate) struct Launch<'a> {
    /// The `java` program.
    pub(crate) program: PathBuf,
    /// Our jar, as the product loads it.
    pub(crate) jar: Option<&'a Path>,
    /// Those of the server's arguments that decide how a library is loaded.
    pub(crate) arguments: &'a [String],
    /// The server's user and group, where this process can become them.
    pub(crate) user: Option<(u32, u32)>,
    /// How long Java may take.
    pub(crate) limit: Duration,
}

/// What became of it.
pub(crate) enum Outcome {
    /// The library is loaded.
    Loads(Facts),
    /// As [`Outcome::Loads`], and a server with these arguments prints a warning when it starts.
    Warns(Facts),
    /// There is no jar to try it with.
    NoJar(Facts),
    /// What the server would print, and its code.
    Refused(String, Option<String>),
    /// Java does not run: why, and what to do.
    DoesNotRun(String, String),
}

/// What Java says of itself, in words for the report.
pub(crate) struct Facts(pub(crate) String);

/// The program of a Java that is named by its home directory or by the program.
pub(crate) fn program(named: &Path) -> PathBuf {
    let name = if cfg!(windows) { "java.exe" } else { "java" };
    let program = if named.is_dir() { named.join("bin").join(name) } else { named.to_owned() };
    std::path::absolute(&program).unwrap_or(program)
}

/// Whether an argument of a JVM decides how a native library is loaded. None of these ever holds a secret.
pub(crate) fn decides_loading(argument: &str) -> bool {
    const PROPERTIES: [&str; 5] =
        ["java.io.tmpdir", "java.library.path", "dev.vaultcipher.library", "dev.vaultcipher.tmpdir", "java.security.manager"];
    let property = argument.strip_prefix("-D").map(|property| property.split('=').next().unwrap_or_default());
    property.is_some_and(|name| PROPERTIES.contains(&name))
        || [NATIVE_ACCESS, "--illegal-native-access"]
            .iter()
            .any(|option| argument.strip_prefix(option).is_some_and(|rest| rest.starts_with('=')))
}

/// Starts Java, and lets it load the library.
pub(crate) fn launch(launch: &Launch<'_>) -> Outcome {
    let program = launch.program.display();
    let mut command = Command::new(&launch.program);
    // The server's user need not see the folder that this process is in.
    command.current_dir("/");
    command.env_clear().envs(INHERITED.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    // A small JVM that leaves no files: the machine may be full of the server.
    command.args(["-Xmx64m", "-XX:-UsePerfData", "-XshowSettings:properties"]).args(launch.arguments);
    match launch.jar {
        // Not with -jar: the jar's manifest allows native access to it alone, a server's class path does not.
        Some(jar) => command.arg("-cp").arg(jar).args(["dev.vaultcipher.Tool", "--version"]),
        None => command.arg("-version"),
    };
    become_user(&mut command, launch.user);
    let output = match run(&mut command, launch.limit) {
        Ok(output) => output,
        Err(error) => return does_not_start(&launch.program, &error),
    };
    let Some(status) = output.status else {
        return Outcome::DoesNotRun(
            format!("{program} did not end within {} s", launch.limit.as_secs()),
            "start it by hand with -version; give more time with --timeout".to_owned(),
        );
    };
    let settings = Settings::parse(&output.stderr);
    if let Some(release) = settings.release
        && release < OLDEST_RELEASE
    {
        return Outcome::DoesNotRun(
            format!("Java {} of {program} is too old", settings.version),
            format!("run the product with Java {OLDEST_RELEASE} or later"),
        );
    }
    if let Some(message) = our_message(&output.stderr) {
        return Outcome::Refused(message.clone(), code_of(&message));
    }
    if !status {
        return Outcome::DoesNotRun(
            format!("{program} does not run: {}", first_line(&output.stderr)),
            "correct the JVM's arguments; see that the server's user can read the Java and the jar".to_owned(),
        );
    }
    let facts = Facts(settings.in_words());
    let allowed = launch.arguments.iter().any(|argument| argument.starts_with(NATIVE_ACCESS));
    match launch.jar {
        None => Outcome::NoJar(facts),
        Some(_) if settings.release >= Some(WARNS_FROM) && !allowed => Outcome::Warns(facts),
        Some(_) => Outcome::Loads(facts),
    }
}

/// Lines of `-XshowSettings:properties`.
struct Settings {
    version: String,
    /// 8, 11, 25.
    release: Option<u32>,
    architecture: String,
    home: String,
}

impl Settings {
    fn parse(printed: &str) -> Self {
        let value = |name: &str| {
            let mut settings = printed.lines().filter_map(|line| line.trim().split_once(" = "));
            settings.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned()).unwrap_or_default()
        };
        let specification = value("java.specification.version");
        let release = specification.strip_prefix("1.").unwrap_or(&specification).parse().ok();
        Self { version: value("java.version"), release, architecture: value("os.arch"), home: value("java.home") }
    }

    fn in_words(&self) -> String {
        format!("Java {} ({}) of {}", self.version, self.architecture, self.home)
    }
}

/// The message that our classes end with when the library cannot be loaded.
fn our_message(printed: &str) -> Option<String> {
    let begin = "vault-cipher: ";
    let at = if printed.starts_with(begin) { 0 } else { printed.rfind(&format!("\n{begin}"))? + 1 };
    let message = printed.get(at + begin.len()..)?;
    Some(message.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// `VC911` of a message that ends with `(VC911)`.
fn code_of(message: &str) -> Option<String> {
    let (_, code) = message.strip_suffix(')')?.rsplit_once('(')?;
    code.starts_with("VC").then(|| code.to_owned())
}

/// The first line that is no setting.
fn first_line(printed: &str) -> String {
    let line = printed.lines().find(|line| !line.trim().is_empty() && !line.starts_with(' ') && !line.trim_end().ends_with(':'));
    line.unwrap_or("it says nothing").chars().take(200).collect()
}

fn does_not_start(program: &Path, error: &io::Error) -> Outcome {
    /// `ENOEXEC`.
    const NO_PROGRAM: i32 = 8;
    let name = program.display();
    let kind = program_kind(program);
    let advice = "install the product's Java for this machine".to_owned();
    let (problem, advice) = match (error.kind(), kind) {
        // The file is there: what is missing is the loader that it names.
        (io::ErrorKind::NotFound, Some(kind)) => (format!("{name} does not start here: it is a program for {kind}"), advice),
        (_, Some(kind)) if error.raw_os_error() == Some(NO_PROGRAM) => {
            (format!("{name} does not start here: it is a program for {kind}"), advice)
        }
        (io::ErrorKind::NotFound, None) => (format!("there is no {name}"), "name the server's Java with --java".to_owned()),
        (io::ErrorKind::PermissionDenied, _) => {
            (format!("{name} may not be started"), "let this user read and run it (namei -l shows each folder)".to_owned())
        }
        _ => (format!("{name} does not start: {error}"), advice),
    };
    Outcome::DoesNotRun(problem, advice)
}

/// What kind of machine a program is for, from the ELF header. Source: <https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html>.
fn program_kind(program: &Path) -> Option<String> {
    let mut header = [0_u8; 20];
    std::fs::File::open(program).and_then(|mut file| file.read_exact(&mut header)).ok()?;
    if !header.starts_with(b"\x7fELF") {
        return Some("another system".to_owned());
    }
    let bits = if header[4] == 1 { 32 } else { 64 };
    let machine =
        if header[5] == 2 { u16::from_be_bytes([header[18], header[19]]) } else { u16::from_le_bytes([header[18], header[19]]) };
    let machine = match machine {
        3 | 62 => "x86".to_owned(),
        40 | 183 => "ARM".to_owned(),
        other => format!("machine {other} of ELF"),
    };
    Some(format!("{machine}, {bits} bits"))
}

/// What a process has printed, and whether it succeeded; no status when it was ended at its limit.
struct Output {
    status: Option<bool>,
    stderr: String,
}

fn run(command: &mut Command, limit: Duration) -> io::Result<Output> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let stderr = child.stderr.take().map(collect);
    let status = wait(&mut child, limit);
    // A process that Java may have started keeps the pipe open: what was printed at the limit is not waited for.
    let stderr = stderr.filter(|_| matches!(status, Ok(Some(_)))).and_then(|reader| reader.join().ok());
    Ok(Output { status: status?, stderr: stderr.unwrap_or_default() })
}

fn collect(stream: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.take(MAX_OUTPUT).read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<bool>> {
    let end = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if Instant::now() >= end {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

#[cfg(unix)]
fn become_user(command: &mut Command, user: Option<(u32, u32)>) {
    use std::os::unix::process::CommandExt;
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
}

#[cfg(not(unix))]
fn become_user(_: &mut Command, _: Option<(u32, u32)>) {}
