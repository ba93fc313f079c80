//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::{Long, Short, Value};

use crate::product::Product;

/// What is to be done.
pub(crate) enum Command {
    Help(Option<String>),
    Version,
    Doctor(Doctor),
    Explain(Subject, Option<String>),
    Protect(Protect),
    Unprotect { file: PathBuf, property: Option<String>, yes: bool, dry_run: bool },
    Install { product: Product, folder: PathBuf },
    Uninstall { product: Product, folder: PathBuf },
    Completions(String),
}

/// What a command is about.
pub(crate) enum Subject {
    Home(PathBuf),
    File(PathBuf),
    Text(String),
    /// The code of a message.
    Code(String),
}

/// Where the server's environment is found.
pub(crate) enum EnvironmentSource {
    Pid(u32),
    Unit(String),
    EnvFile(PathBuf),
    Setenv(PathBuf),
    Spec(PathBuf),
}

pub(crate) struct Doctor {
    pub(crate) subject: Subject,
    pub(crate) environment: Option<EnvironmentSource>,
    /// The installation directory, to look for the jar and the database's driver.
    pub(crate) install: Option<PathBuf>,
    /// The server's Java: its home directory or its program.
    pub(crate) java: Option<PathBuf>,
    pub(crate) database: bool,
    pub(crate) json: bool,
    pub(crate) strict: bool,
    pub(crate) only: Vec<String>,
    pub(crate) skip: Vec<String>,
    /// For everything.
    pub(crate) timeout: Duration,
}

pub(crate) struct Protect {
    pub(crate) file: PathBuf,
    pub(crate) property: Option<String>,
    pub(crate) text: String,
    /// For hosts that know the older contract only.
    pub(crate) cipher: bool,
    pub(crate) dry_run: bool,
}

/// Why the command line cannot be used.
pub(crate) struct Usage(pub(crate) String);

impl From<lexopt::Error> for Usage {
    fn from(error: lexopt::Error) -> Self {
        // A value may be a text with a name in it that is nobody's business; its option is enough.
        Self(match error {
            lexopt::Error::MissingValue { option } => format!("{} needs a value", option.unwrap_or_default()),
            lexopt::Error::UnexpectedOption(option) => format!("there is no option {option}"),
            lexopt::Error::UnexpectedValue { option, .. } => format!("{option} takes no value"),
            lexopt::Error::NonUnicodeValue(_) => "a value is not valid Unicode".to_owned(),
            _ => "a value or argument cannot be used".to_owned(),
        })
    }
}

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20);

/// The commands, each with a line of what it does.
pub(crate) const COMMANDS: [(&str, &str); 7] = [
    ("doctor", "walk the way that the server walks, and say what is wrong"),
    ("explain", "what a text, a file or a message's code means, and what it needs"),
    ("protect", "take a plain password out of a product's file into Vault"),
    ("unprotect", "put the password back into the file"),
    ("install", "put the jar where the product loads it"),
    ("uninstall", "take it away again"),
    ("completions", "print completions for bash, zsh or fish"),
];

/// The options of each command that take a value, and those that do not.
pub(crate) const OPTIONS: [(&str, &[&str], &[&str]); 7] = [
    (
        "doctor",
        &[
            "--home",
            "--file",
            "--pid",
            "--unit",
            "--env-file",
            "--setenv",
            "--spec",
            "--install",
            "--java",
            "--only",
            "--skip",
            "--timeout",
        ],
        &["--database", "--json", "--strict"],
    ),
    ("explain", &["--home", "--file", "--product"], &[]),
    ("protect", &["--file", "--property", "--text"], &["--cipher", "--dry-run"]),
    ("unprotect", &["--file", "--property"], &["--yes", "--dry-run"]),
    ("install", &["--product", "--install"], &[]),
    ("uninstall", &["--product", "--install"], &[]),
    ("completions", &[], &[]),
];

/// Every option's value that was given, by its name.
struct Given {
    command: String,
    options: Vec<(String, Option<OsString>)>,
    free: Vec<OsString>,
}

impl Given {
    fn flag(&self, name: &str) -> bool {
        self.options.iter().any(|(given, _)| given == name)
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.options.iter().rev().find(|(given, _)| given == name)?.1.clone().map(PathBuf::from)
    }

    fn text(&self, name: &str) -> Result<Option<String>, Usage> {
        self.path(name).map(|path| unicode(path.into_os_string(), name)).transpose()
    }

    fn required<T>(&self, name: &str, value: Option<T>) -> Result<T, Usage> {
        value.ok_or_else(|| Usage(format!("{} needs {name}", self.command)))
    }

    fn list(&self, name: &str) -> Result<Vec<String>, Usage> {
        let given = self.options.iter().filter(|(given, _)| given == name).filter_map(|(_, value)| value.clone());
        let lists: Vec<String> = given.map(|value| unicode(value, name)).collect::<Result<_, _>>()?;
        Ok(lists.iter().flat_map(|list| list.split(',')).map(|item| item.trim().to_owned()).collect())
    }
}

fn unicode(value: OsString, name: &str) -> Result<String, Usage> {
    value.into_string().map_err(|_| Usage(format!("the value of {name} is not valid Unicode")))
}

/// Reads the arguments, without the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Usage> {
    let given = match given(arguments)? {
        Ok(given) => given,
        Err(command) => return Ok(command),
    };
    let free = given.free.first().cloned().map(|free| unicode(free, "the argument")).transpose()?;
    if given.free.len() > 1 {
        return Err(Usage(format!("{} takes one argument; put a text with blanks into quotes", given.command)));
    }
    Ok(match given.command.as_str() {
        "doctor" => Command::Doctor(doctor(&given, free)?),
        "explain" => {
            let product = given.text("--product")?;
            Command::Explain(subject(&given, free)?, product)
        }
        "protect" => Command::Protect(Protect {
            file: given.required("--file", given.path("--file"))?,
            property: given.text("--property")?,
            text: given.required("--text", given.text("--text")?)?,
            cipher: given.flag("--cipher"),
            dry_run: given.flag("--dry-run"),
        }),
        "unprotect" => Command::Unprotect {
            file: given.required("--file", given.path("--file"))?,
            property: given.text("--property")?,
            yes: given.flag("--yes"),
            dry_run: given.flag("--dry-run"),
        },
        command @ ("install" | "uninstall") => {
            let name = given.required("--product", given.text("--product")?)?;
            let product = product(&name)?;
            let folder = given.required("--install", given.path("--install"))?;
            if command == "install" { Command::Install { product, folder } } else { Command::Uninstall { product, folder } }
        }
        _ => Command::Completions(given.required("bash, zsh or fish", free)?),
    })
}

fn doctor(given: &Given, free: Option<String>) -> Result<Doctor, Usage> {
    let pid = given.text("--pid")?.map(|pid| pid.parse().map_err(|_| Usage("--pid needs a process's number".to_owned())));
    let sources = [
        pid.transpose()?.map(EnvironmentSource::Pid),
        given.text("--unit")?.map(EnvironmentSource::Unit),
        given.path("--env-file").map(EnvironmentSource::EnvFile),
        given.path("--setenv").map(EnvironmentSource::Setenv),
        given.path("--spec").map(EnvironmentSource::Spec),
    ];
    let mut sources = sources.into_iter().flatten();
    let environment = sources.next();
    if sources.next().is_some() {
        return Err(Usage("of --pid, --unit, --env-file, --setenv and --spec only one can be there".to_owned()));
    }
    let timeout = given.text("--timeout")?.map(|seconds| {
        let seconds = seconds.trim_end_matches('s').parse::<u64>().ok().filter(|seconds| (1..=3600).contains(seconds));
        seconds.map(Duration::from_secs).ok_or_else(|| Usage("--timeout needs seconds, from 1 to 3600".to_owned()))
    });
    Ok(Doctor {
        subject: subject(given, free)?,
        environment,
        install: given.path("--install"),
        java: given.path("--java"),
        database: given.flag("--database"),
        json: given.flag("--json"),
        strict: given.flag("--strict"),
        only: given.list("--only")?,
        skip: given.list("--skip")?,
        timeout: timeout.transpose()?.unwrap_or(DEFAULT_TIMEOUT),
    })
}

fn subject(given: &Given, free: Option<String>) -> Result<Subject, Usage> {
    let is_code = |text: &String| text.strip_prefix("VC").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    match (given.path("--home"), given.path("--file"), free) {
        (Some(home), None, None) => Ok(Subject::Home(home)),
        (None, Some(file), None) => Ok(Subject::File(file)),
        (None, None, Some(code)) if is_code(&code) => Ok(Subject::Code(code)),
        (None, None, Some(text)) => Ok(Subject::Text(text)),
        (None, None, None) => Err(Usage(format!("{} needs --home DIR, --file FILE or a TEXT", given.command))),
        _ => Err(Usage("of --home, --file and a text only one can be there".to_owned())),
    }
}

pub(crate) fn product(name: &str) -> Result<Product, Usage> {
    let known = || Product::names().collect::<Vec<_>>().join(", ");
    Product::named(name).ok_or_else(|| Usage(format!("--product is one of {}", known())))
}

/// The parts of the command line; the other kind is a command that needs no more.
fn given(arguments: impl IntoIterator<Item = OsString>) -> Result<Result<Given, Command>, Usage> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut command: Option<String> = None;
    let mut given = Given { command: String::new(), options: Vec::new(), free: Vec::new() };
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Err(Command::Help(command))),
            Short('V') | Long("version") => return Ok(Err(Command::Version)),
            Long(name) => {
                let name = format!("--{name}");
                let command = command.as_deref().ok_or_else(|| Usage("name the command first".to_owned()))?;
                let options = OPTIONS.iter().find(|(known, ..)| *known == command);
                match options {
                    Some((_, with_value, _)) if with_value.contains(&name.as_str()) => {
                        let value = parser.value()?;
                        given.options.push((name, Some(value)));
                    }
                    Some((.., flags)) if flags.contains(&name.as_str()) => given.options.push((name, None)),
                    _ => return Err(Usage(format!("{command} has no option {name}"))),
                }
            }
            Value(value) if command.is_none() => {
                let name = value.to_string_lossy().into_owned();
                if name == "help" {
                    return Ok(Err(Command::Help(None)));
                }
                if !COMMANDS.iter().any(|(known, _)| *known == name) {
                    let known: Vec<&str> = COMMANDS.iter().map(|(known, _)| *known).collect();
                    return Err(Usage(format!("the command is one of {}", known.join(", "))));
                }
                command = Some(name);
            }
            Value(value) => given.free.push(value),
            Short(_) => return Err(argument.unexpected().into()),
        }
    }
    match command {
        Some(command) => Ok(Ok(Given { command, ..given })),
        None => Ok(Err(Command::Help(None))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(OsString::from)).map_err(|usage| usage.0)
    }

    #[test]
    fn a_command_line_is_read() {
        let Ok(Command::Doctor(doctor)) = read("doctor --home /h --pid 7 --only text,tls --skip dns --json --strict --timeout 5")
        else {
            panic!("it was refused")
        };
        assert!(matches!(doctor.subject, Subject::Home(home) if home.as_os_str() == "/h"));
        assert!(matches!(doctor.environment, Some(EnvironmentSource::Pid(7))));
        assert_eq!((doctor.only, doctor.skip), (vec!["text".to_owned(), "tls".to_owned()], vec!["dns".to_owned()]));
        assert!(doctor.json && doctor.strict && !doctor.database && doctor.timeout == Duration::from_secs(5));
        assert!(matches!(read("explain VC3104"), Ok(Command::Explain(Subject::Code(_), None))));
        assert!(matches!(read("explain {\"a\":1}"), Ok(Command::Explain(Subject::Text(_), None))));
        assert!(matches!(
            read("install --product jira --install /opt/jira"),
            Ok(Command::Install { product: Product::Jira, .. })
        ));
        assert!(matches!(read(""), Ok(Command::Help(None))) && matches!(read("-V"), Ok(Command::Version)));
        assert!(matches!(read("protect --help"), Ok(Command::Help(Some(name))) if name == "protect"));
    }

    #[test]
    fn what_cannot_be_used_is_named_without_its_value() {
        for (line, problem) in [
            ("doctr", "the command is one of doctor"),
            ("doctor", "doctor needs --home"),
            ("doctor --home", "needs a value"),
            ("doctor --home /h --file /f", "only one can be there"),
            ("doctor --home /h --pid canary", "--pid needs"),
            ("doctor --home /h --pid 1 --unit x", "only one can be there"),
            ("doctor --home /h --timeout 0", "--timeout needs seconds"),
            ("doctor --home /h --json=canary", "takes no value"),
            ("doctor --colour", "has no option --colour"),
            ("doctor a b", "takes one argument"),
            ("protect --file /f", "protect needs --text"),
            ("install --product x --install /i", "--product is one of bitbucket"),
        ] {
            let error = read(line).err().unwrap();
            assert!(error.contains(problem) && !error.contains("canary"), "{line}: {error}");
        }
    }
}
