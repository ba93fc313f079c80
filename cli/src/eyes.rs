//! The environment as the server sees it: of a running process, or as it is written where the server is started from.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use vault_cipher::Environment;
use zeroize::Zeroizing;

use crate::java;

/// What a server is started with, and where that was found.
#[derive(Default)]
pub(crate) struct Eyes {
    /// In words, for the report.
    pub(crate) origin: String,
    pub(crate) variables: BTreeMap<String, Zeroizing<String>>,
    /// The `-D` arguments of the JVM.
    pub(crate) properties: BTreeMap<String, Zeroizing<String>>,
    /// Those arguments of the JVM that decide how a native library is loaded.
    pub(crate) loading: Vec<String>,
    /// The user that the server runs as.
    pub(crate) user: Option<User>,
    /// The home directory of the server's Java: of the one that runs it, else as the products' scripts find it.
    pub(crate) java_home: Option<PathBuf>,
    /// The server has a file system of its own, as in a container: its paths mean nothing here.
    pub(crate) contained: bool,
}

/// A user of the system.
pub(crate) struct User {
    pub(crate) name: String,
    /// The numbers of user and group, where they are known.
    pub(crate) ids: Option<(u32, u32)>,
}

impl User {
    fn named(name: &str) -> Self {
        let ids = users().into_iter().find(|(known, _)| known == name).map(|(_, ids)| ids);
        Self { name: name.to_owned(), ids }
    }

    fn numbered(ids: (u32, u32)) -> Self {
        let name = users().into_iter().find(|(_, (user, _))| *user == ids.0).map(|(name, _)| name);
        Self { name: name.unwrap_or_else(|| ids.0.to_string()), ids: Some(ids) }
    }
}

impl Eyes {
    /// A running process. Needs its user or root.
    pub(crate) fn of_process(pid: u32) -> Result<Self, String> {
        let file = |name: &str| PathBuf::from(format!("/proc/{pid}/{name}"));
        let read = |name: &str| {
            fs::read(file(name)).map(Zeroizing::new).map_err(|e| match e.kind() {
                std::io::ErrorKind::NotFound => format!("there is no process {pid}"),
                std::io::ErrorKind::PermissionDenied => {
                    format!("the environment of process {pid} may be read by its user and by root only: run this as one of them")
                }
                _ => format!("/proc/{pid}/{name} cannot be read: {e}"),
            })
        };
        let mut eyes = Self { origin: format!("process {pid}"), ..Self::default() };
        for entry in read("environ")?.split(|byte| *byte == 0) {
            eyes.set_variable(&Zeroizing::new(String::from_utf8_lossy(entry).into_owned()));
        }
        for argument in read("cmdline")?.split(|byte| *byte == 0) {
            eyes.take_argument(&Zeroizing::new(String::from_utf8_lossy(argument).into_owned()));
        }
        let status = String::from_utf8_lossy(&read("status")?).into_owned();
        let id = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok());
        eyes.user = id("Uid:").zip(id("Gid:")).map(User::numbered);
        let java = fs::read_link(file("exe")).ok();
        eyes.contained = java.as_ref().is_some_and(|java| !is_same_file(java, &file("exe")));
        eyes.java_home = java.filter(|_| !eyes.contained).as_deref().and_then(home_of);
        Ok(eyes)
    }

    /// The running server with this home directory: a `java` whose arguments or environment name it.
    ///
    /// # Errors
    ///
    /// Why the environment of a server whose arguments name the directory cannot be read.
    pub(crate) fn of_home(home: &Path) -> Option<Result<Self, String>> {
        let home = home.canonicalize().ok()?;
        let home = home.to_str()?;
        let pids = fs::read_dir("/proc").ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
        pids.filter(|pid| *pid != std::process::id()).find_map(|pid| {
            let command = Zeroizing::new(fs::read(format!("/proc/{pid}/cmdline")).ok()?);
            let arguments: Vec<_> = command.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
            if !arguments.first()?.rsplit('/').next()?.starts_with("java") {
                return None;
            }
            let named = arguments.iter().any(|argument| argument.split_once('=').is_some_and(|(_, value)| value == home));
            let eyes = Self::of_process(pid);
            let in_environment =
                |eyes: &Self| eyes.variables.iter().any(|(name, value)| name.ends_with("_HOME") && value.as_str() == home);
            (named || eyes.as_ref().is_ok_and(in_environment)).then_some(eyes)
        })
    }

    /// A file of `docker run --env-file`: a name and a value a line, nothing unquoted.
    pub(crate) fn of_env_file(path: &Path) -> Result<Self, String> {
        let mut eyes = Self { origin: path.display().to_string(), ..Self::default() };
        for line in text(path)?.lines().filter(|line| !line.trim_start().starts_with('#')) {
            eyes.set_variable(line.trim_start());
        }
        eyes.take_from_variables();
        Ok(eyes)
    }

    /// A shell script that sets variables, such as the products' `setenv.sh`: `NAME=value` and `export NAME="value"`.
    pub(crate) fn of_setenv(path: &Path) -> Result<Self, String> {
        let mut eyes = Self { origin: path.display().to_string(), ..Self::default() };
        for line in text(path)?.lines() {
            let line = line.trim().trim_start_matches("export ").trim_start();
            let Some((name, value)) = line.split_once('=') else { continue };
            if !is_name(name) {
                continue;
            }
            let value = unquoted(value);
            // A variable that goes on with its own value, as in JAVA_OPTS="-Da=b ${JAVA_OPTS}".
            let before = eyes.variables.get(name).map(|value| value.to_string()).unwrap_or_default();
            let value = value.replace(&format!("${{{name}}}"), &before).replace(&format!("${name}"), &before);
            eyes.variables.insert(name.to_owned(), Zeroizing::new(value));
        }
        eyes.take_from_variables();
        Ok(eyes)
    }

    /// A systemd unit by its name or path, with its drop-ins and `EnvironmentFile`s.
    pub(crate) fn of_unit(name: &str) -> Result<Self, String> {
        let file_name = if name.ends_with(".service") { name.to_owned() } else { format!("{name}.service") };
        let unit = if name.contains('/') {
            PathBuf::from(name)
        } else {
            let folders = [
                "/etc/systemd/system",
                "/run/systemd/system",
                "/usr/local/lib/systemd/system",
                "/usr/lib/systemd/system",
                "/lib/systemd/system",
            ];
            let found = folders.iter().map(|folder| Path::new(folder).join(&file_name)).find(|path| path.is_file());
            found.ok_or_else(|| format!("there is no unit {file_name} in {}", folders.join(", ")))?
        };
        let mut files = vec![unit.clone()];
        let mut drop_ins: Vec<PathBuf> = fs::read_dir(format!("{}.d", unit.display()))
            .map(|entries| entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect())
            .unwrap_or_default();
        drop_ins.retain(|path| path.extension().is_some_and(|extension| extension == "conf"));
        drop_ins.sort();
        files.extend(drop_ins);
        let mut eyes = Self { origin: unit.display().to_string(), ..Self::default() };
        for file in files {
            eyes.read_unit(&text(&file)?)?;
        }
        eyes.take_from_variables();
        Ok(eyes)
    }

    /// What `docker inspect` or `kubectl get pod -o json` prints, of one container.
    pub(crate) fn of_spec(path: &Path) -> Result<Self, String> {
        let mut eyes = Self { origin: path.display().to_string(), ..Self::default() };
        // The parser's own words may quote the file.
        let spec: serde_json::Value = serde_json::from_str(&text(path)?).map_err(|e| {
            format!("{} is not JSON (line {}): use docker inspect or kubectl get pod -o json", path.display(), e.line())
        })?;
        let docker = spec.pointer("/0/Config/Env").and_then(serde_json::Value::as_array);
        for entry in docker.into_iter().flatten().filter_map(serde_json::Value::as_str) {
            eyes.set_variable(entry);
        }
        let containers = ["/spec/containers/0/env", "/spec/template/spec/containers/0/env"];
        let pod = containers.iter().find_map(|pointer| spec.pointer(pointer)?.as_array());
        for entry in pod.into_iter().flatten() {
            let name = entry.get("name").and_then(serde_json::Value::as_str);
            if let (Some(name), Some(value)) = (name, entry.get("value").and_then(serde_json::Value::as_str)) {
                eyes.variables.insert(name.to_owned(), Zeroizing::new(value.to_owned()));
            }
        }
        if eyes.variables.is_empty() {
            return Err(format!("{} names no environment variable of a container", path.display()));
        }
        eyes.take_from_variables();
        Ok(eyes)
    }

    /// For the library.
    pub(crate) fn environment(&self) -> Environment {
        let environment = self
            .variables
            .iter()
            .fold(Environment::default(), |environment, (name, value)| environment.with_variable(name, value.as_str()));
        self.properties.iter().fold(environment, |environment, (name, value)| environment.with_property(name, value))
    }

    fn read_unit(&mut self, unit: &str) -> Result<(), String> {
        let unit = Zeroizing::new(unit.replace("\\\n", " "));
        for line in unit.lines().map(str::trim) {
            if let Some(assignments) = line.strip_prefix("Environment=") {
                for assignment in words(assignments) {
                    self.set_variable(&assignment);
                }
            } else if let Some(path) = line.strip_prefix("EnvironmentFile=") {
                // A file with a dash in front may be missing.
                let (path, optional) = path.strip_prefix('-').map_or((path, false), |path| (path, true));
                match text(Path::new(path.trim())) {
                    Ok(file) => {
                        for line in file.lines().filter(|line| !line.trim_start().starts_with(['#', ';'])) {
                            if let Some((name, value)) = line.split_once('=') {
                                self.variables.insert(name.trim().to_owned(), Zeroizing::new(unquoted(value)));
                            }
                        }
                    }
                    Err(_) if optional => {}
                    Err(problem) => return Err(problem),
                }
            } else if let Some(user) = line.strip_prefix("User=") {
                self.user = Some(User::named(user.trim()));
            } else if let Some(command) = line.strip_prefix("ExecStart=") {
                let arguments = words(command);
                // Signs before the program say how it is started.
                let program = arguments.first().map(|program| Path::new(program.trim_start_matches(['-', '@', ':', '+', '!'])));
                self.java_home = program.filter(|program| program.ends_with("bin/java")).and_then(home_of);
                for argument in arguments {
                    self.take_argument(&argument);
                }
            }
        }
        Ok(())
    }

    fn set_variable(&mut self, assignment: &str) {
        if let Some((name, value)) = assignment.split_once('=') {
            self.variables.insert(name.to_owned(), Zeroizing::new(value.to_owned()));
        }
    }

    /// Takes an argument of the JVM, if it counts.
    fn take_argument(&mut self, argument: &str) {
        if java::decides_loading(argument) {
            self.loading.push(argument.to_owned());
        }
        if let Some((name, value)) = argument.strip_prefix("-D").and_then(|property| property.split_once('=')) {
            self.properties.insert(name.to_owned(), Zeroizing::new(value.to_owned()));
        }
    }

    /// What the products' scripts and the JVM read of the variables.
    fn take_from_variables(&mut self) {
        self.take_arguments();
        self.take_java_home();
    }

    /// The JVM's arguments in the variables.
    fn take_arguments(&mut self) {
        const OPTIONS: [&str; 5] =
            ["JAVA_OPTS", "CATALINA_OPTS", "JVM_SUPPORT_RECOMMENDED_ARGS", "JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"];
        let options: Vec<Zeroizing<String>> = OPTIONS.iter().filter_map(|name| self.variables.get(*name).cloned()).collect();
        for argument in options.iter().flat_map(|options| words(options)) {
            self.take_argument(&argument);
        }
    }

    /// The Java that the variables name. On another machine, as of a container's specification, there is no such directory.
    fn take_java_home(&mut self) {
        let named = ["JRE_HOME", "JAVA_HOME"].iter().filter_map(|name| Some(PathBuf::from(self.variables.get(*name)?.as_str())));
        let found = self.java_home.take().into_iter().chain(named).find(|home| home.is_dir());
        self.java_home = found;
    }
}

/// The home directory of the Java with this program.
fn home_of(program: &Path) -> Option<PathBuf> {
    Some(program.parent()?.parent()?.to_owned())
}

#[cfg(unix)]
fn is_same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path: &Path| fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
    identity(one) == identity(other)
}

#[cfg(not(unix))]
fn is_same_file(_: &Path, _: &Path) -> bool {
    true
}

/// Words with blanks between; quotes keep blanks in a word.
fn words(text: &str) -> Vec<Zeroizing<String>> {
    let mut words = Vec::new();
    let mut word = Zeroizing::new(String::new());
    let (mut quote, mut begun) = (None, false);
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.push(c),
            (None, '"' | '\'') => (quote, begun) = (Some(c), true),
            (None, c) if c.is_whitespace() => {
                if begun || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            (None, c) => word.push(c),
        }
    }
    if begun || !word.is_empty() {
        words.push(word);
    }
    words
}

/// The value of an assignment in a shell script or an environment file, without its quotes and a comment behind it.
fn unquoted(value: &str) -> String {
    let value = value.trim();
    match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            value.get(1..).and_then(|rest| rest.split_once(quote)).map_or(value, |(inside, _)| inside).to_owned()
        }
        _ => value.split(" #").next().unwrap_or_default().trim_end().to_owned(),
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn text(path: &Path) -> Result<Zeroizing<String>, String> {
    let bytes = Zeroizing::new(fs::read(path).map_err(|e| format!("{} cannot be read: {e}", path.display()))?);
    Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The users of this machine, with the numbers of user and group.
fn users() -> Vec<(String, (u32, u32))> {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        Some(((*fields.first()?).to_owned(), (fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?)))
    };
    users.lines().filter_map(user).collect()
}

#[cfg(test)]
mod tests;
