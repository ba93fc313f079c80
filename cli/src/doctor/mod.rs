//! `doctor`: walks the way that the server walks, and says what is wrong. What it looks at on this machine, besides the
//! product's file, is in [`installation`].

mod installation;

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use vault_cipher::{Outcome, Secret, Service, Step};

use crate::args::{Doctor, Subject};
use crate::machine::{DatabaseLogin, DatabaseOutcome, Machine, ToolHost};
use crate::product::{ATL_SECURED, CIPHER_CLASS, Encrypted, Product, ProductFile, STORE_CLASS, VENDOR_CLASS};
use crate::report::{Check, Report, Status, Style};

/// Every check by its name, in the order in which they are made.
pub(crate) const CHECKS: [&str; 17] = [
    "file", "class", "jar", "environ", "java", "text", "settings", "trust", "name", "connect", "tls", "health", "login",
    "claims", "token", "rights", "read",
];

/// What ends the command: the output cannot be written.
type Written<T> = std::io::Result<T>;

/// Checks, and returns the exit status.
pub(crate) fn doctor(
    command: &Doctor,
    own_jar: Option<&Path>,
    machine: &dyn Machine,
    colour: bool,
    out: &mut dyn Write,
) -> Written<u8> {
    let start = Instant::now();
    let mut checks = Checks { report: Report::new(out, Style { json: command.json, colour }), command, since: Instant::now() };
    for name in command.only.iter().chain(&command.skip) {
        if !CHECKS.contains(&name.as_str()) && name != "value" && name != "database" {
            checks.report.note(&format!("there is no check {name:?}; there are: {}, value, database", CHECKS.join(", ")))?;
        }
    }
    checks.report.note("Logs in once and revokes the token; sends Vault about ten requests; writes nothing.\n")?;
    let file = checks.file()?;
    let texts: Vec<Encrypted> = match (&command.subject, &file) {
        (Subject::Text(text), _) => vec![Encrypted { name: "the text".to_owned(), text: zeroize::Zeroizing::new(text.clone()) }],
        (_, Some(file)) => file.encrypted(),
        _ => Vec::new(),
    };
    checks.class(file.as_ref(), &texts)?;
    let installed = checks.jar(file.as_ref())?;
    let eyes = checks.server_eyes(file.as_ref());
    let environment = checks.environment(eyes.as_ref(), machine)?;
    let eyes = eyes.and_then(Result::ok);
    checks.java(eyes.as_ref(), installed.as_deref().or(own_jar), command.timeout.saturating_sub(start.elapsed()), machine)?;
    let service = Service::new();
    let host = ToolHost::new(machine, environment);
    for text in &texts {
        if texts.len() > 1 {
            checks.report.note(&format!("\n{}:", text.name))?;
        }
        let left = command.timeout.saturating_sub(start.elapsed());
        let value = checks.walk(&service, text, &host, left)?;
        if let (Some(value), Some(file)) = (value, &file)
            && text.name == file.product.password()
        {
            checks.database(file, &value, machine)?;
        }
    }
    checks.report.end(command.strict)
}

struct Checks<'a> {
    report: Report<'a>,
    command: &'a Doctor,
    since: Instant,
}

impl Checks<'_> {
    fn add(&mut self, name: &'static str, status: Status, text: String) -> Written<()> {
        self.add_with(name, status, text, String::new(), None)
    }

    fn add_with(
        &mut self,
        name: &'static str,
        status: Status,
        text: String,
        advice: String,
        code: Option<String>,
    ) -> Written<()> {
        let took = self.since.elapsed();
        self.since = Instant::now();
        self.push(Check { name, status, text, advice, code, took })
    }

    fn push(&mut self, check: Check) -> Written<()> {
        if self.wants(check.name) { self.report.add(check) } else { Ok(()) }
    }

    /// Whether a check is asked for.
    fn wants(&self, name: &str) -> bool {
        let Doctor { only, skip, .. } = self.command;
        let named = |names: &[String]| names.iter().any(|known| known == name);
        (only.is_empty() || named(only)) && !named(skip)
    }

    /// The product's file.
    fn file(&mut self) -> Written<Option<ProductFile>> {
        let found = match &self.command.subject {
            Subject::Text(_) | Subject::Code(_) => {
                self.add("file", Status::Skip, "a text was given".to_owned())?;
                return Ok(None);
            }
            Subject::Home(home) => ProductFile::find(home),
            Subject::File(file) => ProductFile::read(file),
        };
        match found {
            Ok(file) => {
                let unproven = if file.product == Product::Crowd { " (unproven: Crowd documents no custom class)" } else { "" };
                let words = format!("{} of {}{unproven}", file.path.display(), file.product.name());
                if file.content.starts_with(b"\xef\xbb\xbf") && file.product == Product::Bitbucket {
                    let advice =
                        "save the file without a byte order mark: it becomes a part of the first property's name".to_owned();
                    self.add_with("file", Status::Warn, format!("{words}, with a byte order mark"), advice, None)?;
                } else {
                    self.add("file", Status::Ok, words)?;
                }
                Ok(Some(file))
            }
            Err(problem) => {
                self.add_with("file", Status::Fail, problem, "name the product's home directory or its file".to_owned(), None)?;
                Ok(None)
            }
        }
    }

    /// The class that the file names, and whether anything is left to it.
    fn class(&mut self, file: Option<&ProductFile>, texts: &[Encrypted]) -> Written<()> {
        let Some(file) = file else { return self.add("class", Status::Skip, "there is no file".to_owned()) };
        let password = file.product.password();
        if file.value(password).is_some_and(|value| value.trim() == ATL_SECURED) {
            let advice =
                "put the text back there: the product keeps a copy of the password of its own and reads no text".to_owned();
            return self.add_with("class", Status::Fail, format!("{password} is {ATL_SECURED}"), advice, None);
        }
        match file.class() {
            Some(class @ (STORE_CLASS | CIPHER_CLASS)) if !texts.is_empty() => {
                let names: Vec<&str> = texts.iter().map(|text| text.name.as_str()).collect();
                self.add("class", Status::Ok, format!("{class} reads {}", names.join(", ")))
            }
            Some(STORE_CLASS | CIPHER_CLASS) => {
                let advice = format!("write {{ENC}} and the JSON text as the value of {password}");
                self.add_with("class", Status::Fail, "the class is named, and no value is encrypted".to_owned(), advice, None)
            }
            Some(VENDOR_CLASS) => {
                let advice = format!("to use vault-cipher, name {STORE_CLASS}; the texts stay as they are (or run: protect)");
                self.add_with("class", Status::Warn, "the vendor's own Vault store is named".to_owned(), advice, None)
            }
            Some(class) => {
                let advice = format!("name {STORE_CLASS} or {CIPHER_CLASS} in {}", file.class_entry());
                self.add_with("class", Status::Fail, format!("another class is named: {}", shown(class)), advice, None)
            }
            None => {
                let advice = format!("name {STORE_CLASS} in {}, or run: protect", file.class_entry());
                self.add_with(
                    "class",
                    Status::Fail,
                    "no class is named; the password stands in plain text".to_owned(),
                    advice,
                    None,
                )
            }
        }
    }

    /// The steps of a text; the value, where it was read.
    fn walk(&mut self, service: &Service, text: &Encrypted, host: &ToolHost<'_>, limit: Duration) -> Written<Option<Secret>> {
        if limit.is_zero() {
            self.add_with("read", Status::Skip, "the time is over".to_owned(), "give more time with --timeout".to_owned(), None)?;
            return Ok(None);
        }
        let mut written = Ok(());
        let value = service.inspect(&text.text, host, host.administrator().as_ref(), limit, &mut |step| {
            if written.is_ok() {
                written = self.step(step);
            }
        });
        written?;
        self.since = Instant::now();
        for warning in host.take_warnings() {
            self.add("warning", Status::Warn, warning)?;
        }
        self.report.conclusive |= value.is_some();
        if let Some(value) = &value {
            self.value(value)?;
        }
        Ok(value)
    }

    fn step(&mut self, step: Step) -> Written<()> {
        let (status, text, advice, code) = match step.outcome {
            Outcome::Ok(found) => (Status::Ok, found, String::new(), None),
            Outcome::Warn(found, advice) => (Status::Warn, found, advice, None),
            Outcome::Skip(why) => (Status::Skip, why, String::new(), None),
            Outcome::Fail(error) => (Status::Fail, error.statement(), error.advice(), Some(error.code().to_string())),
        };
        self.push(Check { name: step.name, status, text, advice, code, took: step.took })
    }

    /// What at a value's edge is most often a mistake.
    fn value(&mut self, value: &Secret) -> Written<()> {
        let value = value.expose();
        let quoted = value.len() > 1 && ['"', '\''].iter().any(|quote| value.starts_with(*quote) && value.ends_with(*quote));
        let problem = if value.ends_with('\n') {
            Some("it ends with a line break")
        } else if value.starts_with('\u{feff}') {
            Some("it begins with a byte order mark")
        } else if value.trim() != value {
            Some("it has white space at its edge")
        } else if quoted {
            Some("it is in quotes, which are a part of it")
        } else if value.chars().any(char::is_control) {
            Some("it holds a control character")
        } else {
            None
        };
        match problem {
            Some(problem) => {
                let advice = "store it again without that (printf instead of echo), unless it belongs to the password".to_owned();
                self.add_with("value", Status::Warn, problem.to_owned(), advice, None)
            }
            None => self.add("value", Status::Ok, "nothing suspicious at its edges".to_owned()),
        }
    }

    /// Whether the database accepts the password.
    fn database(&mut self, file: &ProductFile, value: &Secret, machine: &dyn Machine) -> Written<()> {
        if !self.command.database {
            return self.add("database", Status::Skip, "not asked for (--database)".to_owned());
        }
        let [Some(url), Some(user), Some(driver)] = file.database() else {
            return self.add("database", Status::Skip, "the file names no URL, user or driver".to_owned());
        };
        let libraries = self.command.install.as_ref().map(|install| install.join(file.product.libraries()).display().to_string());
        let login = DatabaseLogin { url, user, password: value.expose(), driver, libraries: libraries.as_deref() };
        match machine.log_in(&login) {
            DatabaseOutcome::Accepted => self.add("database", Status::Ok, format!("the database lets {} in", shown(user))),
            DatabaseOutcome::Refused(words, state) => {
                let advice = database_advice(&state);
                self.add_with("database", Status::Fail, format!("{words} (SQL state {state})"), advice.to_owned(), None)
            }
            DatabaseOutcome::Unknown(why) => self.add("database", Status::Skip, why),
        }
    }
}

/// By the classes of SQL states. Source: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn database_advice(state: &str) -> &'static str {
    match state {
        _ if state.starts_with("28") => {
            "the user or the password is wrong: compare with the database, and write the right password into Vault"
        }
        _ if state.starts_with("3D") => "correct the database's name in the URL",
        _ if state.starts_with("08") => {
            "correct host and port in the URL; see that the database runs and that TLS is set up as it wants"
        }
        _ => "see the database's log",
    }
}

/// A name of the file in a message.
fn shown(name: &str) -> String {
    format!("{:?}", name.chars().take(120).collect::<String>())
}
