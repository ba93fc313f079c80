//! What was checked: a line each for people, JSON for programs.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::json;

/// The version of the JSON that `--json` prints: it grows when a field goes or changes its meaning.
const SCHEMA: u32 = 1;

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Ok,
    Warn,
    Fail,
    /// It depends on something that failed, or does not apply.
    Skip,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }

    /// ANSI colours: green, yellow, red, grey.
    fn colour(self) -> &'static str {
        match self {
            Self::Ok => "32",
            Self::Warn => "33",
            Self::Fail => "31",
            Self::Skip => "90",
        }
    }
}

/// One check. No text of it ever holds a secret.
pub(crate) struct Check {
    /// A short name, for `--only` and `--skip`.
    pub(crate) name: &'static str,
    pub(crate) status: Status,
    /// What was found.
    pub(crate) text: String,
    /// What to do; empty where nothing is to be done.
    pub(crate) advice: String,
    /// The code of the message, such as `VC3104`.
    pub(crate) code: Option<String>,
    pub(crate) took: Duration,
}

/// What the checks amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Good,
    /// The server starts, and something should be looked at.
    Warnings,
    /// The server would not start.
    Fails,
    /// It could not be found out.
    Unknown,
}

impl Verdict {
    /// The process's exit status.
    pub(crate) fn exit(self, strict: bool) -> u8 {
        match self {
            Self::Good => 0,
            Self::Warnings => u8::from(strict),
            Self::Fails => 2,
            Self::Unknown => 3,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Good => "the server gets its secrets",
            Self::Warnings => "the server gets its secrets; see the warnings",
            Self::Fails => "the server would not start",
            Self::Unknown => "it could not be found out whether the server would start",
        }
    }
}

/// How a report is printed.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    pub(crate) json: bool,
    pub(crate) colour: bool,
}

/// The checks so far. In text each is printed as soon as it is there.
pub(crate) struct Report<'a> {
    out: &'a mut dyn Write,
    style: Style,
    checks: Vec<Check>,
    /// Whether the essential question could be asked.
    pub(crate) conclusive: bool,
}

impl<'a> Report<'a> {
    pub(crate) fn new(out: &'a mut dyn Write, style: Style) -> Self {
        Self { out, style, checks: Vec::new(), conclusive: false }
    }

    /// Adds a check.
    pub(crate) fn add(&mut self, check: Check) -> io::Result<()> {
        if !self.style.json {
            let Check { name, status, text, advice, code, took } = &check;
            let mark = if self.style.colour {
                format!("\u{1b}[{}m{:<4}\u{1b}[0m", status.colour(), status.name())
            } else {
                format!("{:<4}", status.name())
            };
            let code = code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
            writeln!(self.out, "{mark} {name:<9} {:>6} ms  {text}{code}", took.as_millis())?;
            if !advice.is_empty() {
                writeln!(self.out, "{:26}What to do: {advice}", "")?;
            }
        }
        self.checks.push(check);
        Ok(())
    }

    /// A line that is no check; for people only.
    pub(crate) fn note(&mut self, text: &str) -> io::Result<()> {
        if self.style.json { Ok(()) } else { writeln!(self.out, "{text}") }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let any = |status| self.checks.iter().any(|check| check.status == status);
        match (any(Status::Fail), any(Status::Warn)) {
            (true, _) => Verdict::Fails,
            _ if !self.conclusive => Verdict::Unknown,
            (_, true) => Verdict::Warnings,
            _ => Verdict::Good,
        }
    }

    /// Prints the closing line, or the JSON; the exit status.
    pub(crate) fn end(self, strict: bool) -> io::Result<u8> {
        let verdict = self.verdict();
        let exit = verdict.exit(strict);
        let first = self
            .checks
            .iter()
            .find(|check| check.status == Status::Fail)
            .or_else(|| self.checks.iter().find(|check| check.status == Status::Warn));
        if self.style.json {
            let checks: Vec<_> = self
                .checks
                .iter()
                .map(|check| {
                    json!({
                        "name": check.name,
                        "status": check.status.name(),
                        "text": check.text,
                        "advice": check.advice,
                        "code": check.code,
                        "millis": u64::try_from(check.took.as_millis()).unwrap_or(u64::MAX),
                    })
                })
                .collect();
            let report = json!({
                "schema": SCHEMA,
                "verdict": verdict.words(),
                "exit": exit,
                "first": first.map(|check| check.name),
                "checks": checks,
            });
            writeln!(self.out, "{report:#}")?;
            return Ok(exit);
        }
        let next = first.filter(|check| !check.advice.is_empty()).map(|check| format!(". First: {}", check.advice));
        writeln!(self.out, "\n{}{}", verdict.words(), next.unwrap_or_default())?;
        Ok(exit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &'static str, status: Status) -> Check {
        let advice = if status == Status::Fail { "mount it".to_owned() } else { String::new() };
        Check { name, status, text: "found".to_owned(), advice, code: Some("VC1".to_owned()), took: Duration::from_millis(7) }
    }

    fn printed(style: Style, checks: &[Status], conclusive: bool) -> (String, u8) {
        let mut out = Vec::new();
        let mut report = Report::new(&mut out, style);
        for status in checks {
            report.add(check("text", *status)).unwrap();
        }
        report.conclusive = conclusive;
        let exit = report.end(true).unwrap();
        (String::from_utf8(out).unwrap(), exit)
    }

    const TEXT: Style = Style { json: false, colour: false };

    #[test]
    fn a_check_is_a_line_and_the_verdict_closes() {
        let (text, exit) = printed(TEXT, &[Status::Ok, Status::Fail], true);
        assert_eq!(
            text,
            "ok   text           7 ms  found (VC1)\nfail text           7 ms  found (VC1)\n                          What to do: \
             mount it\n\nthe server would not start. First: mount it\n"
        );
        assert_eq!(exit, 2);
        assert!(printed(Style { json: false, colour: true }, &[Status::Ok], true).0.starts_with("\u{1b}[32mok  \u{1b}[0m "));
    }

    #[test]
    fn the_exit_status_says_what_it_amounts_to() {
        for (checks, conclusive, exit) in [
            (vec![Status::Ok, Status::Skip], true, 0),
            (vec![Status::Ok, Status::Warn], true, 1),
            (vec![Status::Fail, Status::Warn], true, 2),
            (vec![Status::Ok], false, 3),
            (vec![Status::Fail], false, 2),
        ] {
            assert_eq!(printed(TEXT, &checks, conclusive).1, exit, "{checks:?}");
        }
        assert_eq!(Verdict::Warnings.exit(false), 0);
    }

    #[test]
    fn json_has_a_schema_and_the_same_exit_status() {
        let (text, exit) = printed(Style { json: true, colour: false }, &[Status::Warn], true);
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&read["schema"], &read["exit"], exit), (&json!(1), &json!(1), 1));
        assert_eq!(
            read["checks"][0],
            json!({"name": "text", "status": "warn", "text": "found", "advice": "", "code": "VC1", "millis": 7})
        );
    }
}
