//! What doctor looks at on this machine: the jar, the server's environment, its Java.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use vault_cipher::Environment;

use super::{Checks, Written};
use crate::args::EnvironmentSource;
use crate::eyes::Eyes;
use crate::java::{self, Facts, Launch, Outcome};
use crate::machine::Machine;
use crate::product::ProductFile;
use crate::report::Status;

impl Checks<'_> {
    /// Our jar among the product's libraries: there, and only once. Where it is.
    pub(super) fn jar(&mut self, file: Option<&ProductFile>) -> Written<Option<PathBuf>> {
        let (Some(file), Some(install)) = (file, &self.command.install) else {
            self.add("jar", Status::Skip, "no --install DIR was given".to_owned())?;
            return Ok(None);
        };
        let folder = install.join(file.product.libraries());
        let mut jars = match jars_in(&folder) {
            Ok(jars) => jars,
            Err(e) => {
                let advice = "name the product's installation directory".to_owned();
                self.add_with("jar", Status::Fail, format!("{} cannot be read: {e}", folder.display()), advice, None)?;
                return Ok(None);
            }
        };
        let names: Vec<String> = jars.iter().map(|jar| jar.display().to_string()).collect();
        match jars.len() {
            1 => self.add("jar", Status::Ok, names.concat())?,
            0 => {
                let elsewhere = find_elsewhere(install);
                let found = elsewhere.map_or_else(String::new, |jar| format!("; there is one in {}", jar.display()));
                let advice =
                    format!("put it there (or run: install --product {} --install {})", file.product.name(), install.display());
                let problem = format!("no vault-cipher jar is in {}{found}", folder.display());
                self.add_with("jar", Status::Fail, problem, advice, None)?;
            }
            _ => {
                let advice = "leave the newest and remove the others".to_owned();
                self.add_with("jar", Status::Fail, format!("there are several: {}", names.join(", ")), advice, None)?;
            }
        }
        Ok(jars.pop())
    }

    /// Whether the server's own Java loads the library. Without one that is known, which Java runs this.
    pub(super) fn java(
        &mut self,
        eyes: Option<&Eyes>,
        jar: Option<&Path>,
        limit: Duration,
        machine: &dyn Machine,
    ) -> Written<()> {
        let bundled = || self.command.install.as_ref().map(|install| install.join("jre")).filter(|jre| jre.is_dir());
        let named = self.command.java.clone().or_else(|| eyes.and_then(|eyes| eyes.java_home.clone())).or_else(bundled);
        let Some(named) = named else {
            let own = machine.java();
            let own = if own.is_empty() { "no JVM runs this".to_owned() } else { format!("this runs with {}", own.join("; ")) };
            return self.add("java", Status::Skip, format!("the server's Java was not found or named (--java); {own}"));
        };
        if !self.wants("java") {
            return Ok(());
        }
        let user = eyes.and_then(|eyes| eyes.user.as_ref());
        // Root can become the server's user.
        let becomes = user.filter(|user| own_user() == Some(0) && user.ids.is_some_and(|(id, _)| id != 0));
        let jar = jar.and_then(|jar| std::path::absolute(jar).ok());
        let outcome = java::launch(&Launch {
            program: java::program(&named),
            jar: jar.as_deref(),
            arguments: eyes.map(|eyes| eyes.loading.as_slice()).unwrap_or_default(),
            user: becomes.and_then(|user| user.ids),
            limit,
        });
        let jar = jar.unwrap_or_default();
        let whose = match (becomes, user) {
            (Some(user), _) => format!(" as user {}", user.name),
            (None, Some(user)) if user.ids.is_none_or(|(id, _)| own_user() != Some(id)) => {
                format!(" as this user; the server's is {}: run this as root to try it as that user", user.name)
            }
            _ => String::new(),
        };
        match outcome {
            Outcome::Loads(Facts(java)) => {
                let words = format!("{java} loads the library of {}{whose}", jar.display());
                self.add("java", Status::Ok, words)
            }
            Outcome::Warns(Facts(java)) => {
                let words = format!("{java} loads the library of {}{whose}, and warns of it", jar.display());
                let advice =
                    "add --enable-native-access=ALL-UNNAMED to the server's JVM arguments, if it is not there".to_owned();
                // Without the server's arguments it is not known what they are.
                let status = if eyes.is_some() { Status::Warn } else { Status::Ok };
                self.add_with("java", status, words, advice, None)
            }
            Outcome::NoJar(Facts(java)) => {
                let words = format!("{java}; there is no jar to try it with (--install DIR, or java -jar vault-cipher.jar)");
                self.add("java", Status::Skip, words)
            }
            Outcome::Refused(problem, code) => {
                let advice = format!("this is what {} says with {}{whose}", named.display(), jar.display());
                self.add_with("java", Status::Fail, problem, advice, code)
            }
            Outcome::DoesNotRun(problem, advice) => {
                self.add_with("java", Status::Fail, format!("{problem}{whose}"), advice, None)
            }
        }
    }

    /// The server as it runs, or as it is written where it is started from.
    pub(super) fn server_eyes(&self, file: Option<&ProductFile>) -> Option<Result<Eyes, String>> {
        match &self.command.environment {
            Some(EnvironmentSource::Pid(pid)) => Some(Eyes::of_process(*pid)),
            Some(EnvironmentSource::Unit(unit)) => Some(Eyes::of_unit(unit)),
            Some(EnvironmentSource::EnvFile(path)) => Some(Eyes::of_env_file(path)),
            Some(EnvironmentSource::Setenv(path)) => Some(Eyes::of_setenv(path)),
            Some(EnvironmentSource::Spec(path)) => Some(Eyes::of_spec(path)),
            None => self.running(file).or_else(|| self.setenv(file).map(|path| Eyes::of_setenv(&path))),
        }
    }

    /// The environment of the server, or of this process where that is not found.
    pub(super) fn environment(&mut self, eyes: Option<&Result<Eyes, String>>, machine: &dyn Machine) -> Written<Environment> {
        let own = machine.environment();
        let eyes = match eyes {
            Some(Ok(eyes)) => eyes,
            Some(Err(problem)) => {
                let advice = "run this as the server's user or as root, or name where its environment is written".to_owned();
                self.add_with("environ", Status::Warn, format!("{problem}; that of this process is used"), advice, None)?;
                return Ok(own);
            }
            None => {
                let text = "that of this process: no running server, unit or script was found or named".to_owned();
                self.add("environ", Status::Ok, text)?;
                return Ok(own);
            }
        };
        let environment = with_java(eyes.environment(), eyes, &own);
        let names = |environment: &Environment| -> BTreeSet<String> { environment.names().map(str::to_owned).collect() };
        let (theirs, ours) = (names(&environment), names(&own));
        let list = |names: Vec<&String>| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        let (lacks, more) = (list(ours.difference(&theirs).collect()), list(theirs.difference(&ours).collect()));
        let user = eyes.user.as_ref().map(|user| format!(", user {}", user.name)).unwrap_or_default();
        let mut text = format!("that of {}{user}", eyes.origin);
        if !more.is_empty() {
            text.push_str(&format!("; this shell lacks {more}"));
        }
        if eyes.contained {
            let advice =
                "run this in the container (docker exec, kubectl exec): its files and name servers are others".to_owned();
            self.add_with("environ", Status::Warn, format!("{text}, which has a file system of its own"), advice, None)?;
        } else if lacks.is_empty() {
            self.add("environ", Status::Ok, text)?;
        } else {
            let advice = "set it for the server too, if the text needs it".to_owned();
            self.add_with(
                "environ",
                Status::Warn,
                format!("{text}; this shell has, and the server lacks, {lacks}"),
                advice,
                None,
            )?;
        }
        Ok(environment)
    }

    fn running(&self, file: Option<&ProductFile>) -> Option<Result<Eyes, String>> {
        let file = file?.path.canonicalize().ok()?;
        let folder = file.parent()?;
        // Bitbucket's and Crowd's file is in a folder of the home directory.
        Eyes::of_home(folder).or_else(|| Eyes::of_home(folder.parent()?))
    }

    fn setenv(&self, file: Option<&ProductFile>) -> Option<PathBuf> {
        file?;
        let install = self.command.install.as_ref()?;
        ["bin/_start-webapp.sh", "bin/setenv.sh", "bin/set-bitbucket-env.sh"]
            .iter()
            .map(|name| install.join(name))
            .find(|path| path.is_file())
    }
}

/// The library needs to know the JVM whose trust store counts.
fn with_java(environment: Environment, eyes: &Eyes, own: &Environment) -> Environment {
    let home = eyes.java_home.as_ref().and_then(|home| home.to_str()).or_else(|| own.property("java.home"));
    match (environment.property("java.home"), home) {
        (None, Some(home)) => environment.with_property("java.home", home),
        _ => environment,
    }
}

/// The number of the user that runs this.
#[cfg(unix)]
fn own_user() -> Option<u32> {
    Some(rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn own_user() -> Option<u32> {
    None
}

/// Our jars in a folder.
fn jars_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut jars: Vec<PathBuf> = std::fs::read_dir(folder)?.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    jars.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with("vault-cipher") && name.ends_with(".jar")
    });
    jars.sort();
    Ok(jars)
}

/// Where people put it by mistake.
fn find_elsewhere(install: &Path) -> Option<PathBuf> {
    ["lib", "tools/atlassian-password", "", "app/lib"]
        .iter()
        .find_map(|folder| jars_in(&install.join(folder)).ok()?.into_iter().next())
}
