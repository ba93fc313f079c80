//! Walks the way to a secret step by step and says what is there: for `doctor` and `explain`.

use std::time::{Duration, Instant};

use crate::auth::PresentedJwt;
use crate::client::{Client, Probe, Probed};
use crate::diagnosis::{self, Health, TokenFacts};
use crate::error::Error;
use crate::host::Host;
use crate::reference::SecretReference;
use crate::secret::Secret;
use crate::service::Service;
use crate::service::read::Session;
use crate::service::resolved::Resolved;
use crate::settings;
use crate::text::one_line;
use crate::value::Target;
use crate::vault::Engine;

/// A step of the way.
pub struct Step {
    /// `text`, `settings`, `trust`, `name`, `connect`, `tls`, `health`, `login`, `claims`, `token`, `rights` or `read`.
    pub name: &'static str,
    /// What became of it.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
}

/// What became of a step. Never holds a secret.
pub enum Outcome {
    /// What was found.
    Ok(String),
    /// What was found, and what to do about it.
    Warn(String, String),
    /// Why it failed.
    Fail(Error),
    /// Why it was left out.
    Skip(String),
}

/// What a text means.
pub struct Description {
    /// The mount path.
    pub mount: String,
    /// The path below the mount.
    pub path: String,
    /// What is taken out of the secret: `key "password"` or `pointer "/a/0"`.
    pub target: String,
    /// `None`: found out at the first read.
    pub engine: Option<&'static str>,
    /// The pinned version.
    pub version: Option<u64>,
    /// The addresses, in their order.
    pub endpoints: Vec<String>,
    /// The authentication type.
    pub method: &'static str,
    /// Each setting that is set: its name, where it stands, and its value unless that is a credential.
    pub settings: Vec<(String, String, Option<String>)>,
    /// The API path of the login; `USER` stands for the user's name. `None`: Vault is not asked for the token.
    pub login: Option<String>,
    /// The commands that make what the login needs.
    pub commands: Vec<String>,
    /// The environment variables of what a text leaves to the environment.
    pub variables: &'static [&'static str],
    /// The API paths that a policy must allow to read.
    pub policy_paths: Vec<String>,
}

/// Settings that are no credentials as a whole, and may hold one.
const MAY_HOLD_CREDENTIALS: [&settings::Setting; 3] = [&settings::HEADERS, &settings::PROXY, &settings::CA_CERT_BYTES];

/// Tells of the steps, one after the other, with the time that each took.
struct Reporter<'a> {
    report: &'a mut dyn FnMut(Step),
    since: Instant,
}

impl Reporter<'_> {
    fn step(&mut self, name: &'static str, outcome: Outcome) {
        let took = self.since.elapsed();
        (self.report)(Step { name, outcome, took });
        self.since = Instant::now();
    }

    fn timed(&mut self, name: &'static str, (outcome, took): (Probed, Duration)) {
        let outcome = match outcome {
            Probed::Ok(found) => Outcome::Ok(found),
            Probed::Warn(found, advice) => Outcome::Warn(found, advice),
            Probed::Fail(error) => Outcome::Fail(error),
            Probed::Skip(why) => Outcome::Skip(why),
        };
        (self.report)(Step { name, outcome, took });
        self.since = Instant::now();
    }

    fn skip(&mut self, names: &[&'static str], why: &str) {
        for name in names {
            self.step(name, Outcome::Skip(why.to_owned()));
        }
    }
}

impl Service {
    /// What `text` means with what is set. Nothing is sent.
    ///
    /// # Errors
    ///
    /// What is wrong with the text or a setting.
    pub fn describe(&self, text: &str, host: &dyn Host) -> Result<Description, Error> {
        let reference = SecretReference::parse(text, host)?;
        let sources = reference.sources(host);
        let mut set = Vec::new();
        for setting in settings::ALL {
            if let Some(value) = setting.find(sources)? {
                let hidden = setting.credential || MAY_HOLD_CREDENTIALS.contains(&setting);
                let shown = (!hidden).then(|| one_line(&value.text, 200));
                set.push((setting.name().to_owned(), value.origin.to_string(), shown));
            }
        }
        let (login, commands) = reference.method.set_up(sources)?;
        let target = match &reference.selector.target {
            Target::Key(key) => format!("key {key:?}"),
            Target::Pointer(pointer) => format!("pointer {pointer:?}"),
        };
        Ok(Description {
            mount: reference.mount.plain.clone(),
            path: reference.path.plain.clone(),
            target,
            engine: reference
                .engine
                .and_then(|engine| Engine::ALL.iter().find(|(_, known)| *known == engine))
                .map(|(name, _)| *name),
            version: reference.version,
            endpoints: reference.endpoints.iter().map(crate::client::Endpoint::name).collect(),
            method: reference.method.name,
            login,
            commands,
            variables: reference.method.setup.variables,
            settings: set,
            policy_paths: policy_paths(&reference),
        })
    }

    /// Walks the way that [`Service::resolve`] walks, within `limit`, and tells of each step. What a failure keeps from being
    /// done is skipped. Logs in once, and revokes the token. Where the login presents a JWT and the server's own token may not read
    /// its role, that is read with the token of the `administrator`.
    pub fn inspect(
        &self,
        text: &str,
        host: &dyn Host,
        administrator: Option<&Secret>,
        limit: Duration,
        report: &mut dyn FnMut(Step),
    ) -> Option<Secret> {
        const AFTER_TEXT: [&str; 10] =
            ["settings", "trust", "name", "connect", "tls", "health", "login", "token", "rights", "read"];
        let mut reporter = Reporter { report, since: Instant::now() };
        let described = match self.describe(text, host) {
            Ok(described) => described,
            Err(error) => {
                reporter.step("text", Outcome::Fail(error));
                reporter.skip(&AFTER_TEXT, "the text or a setting cannot be used");
                return None;
            }
        };
        let Description { mount, path, target, method, endpoints, .. } = &described;
        let words = format!("{target} of {path:?} at mount {mount:?}, {method}, at {}", endpoints.join(", "));
        reporter.step("text", Outcome::Ok(words));
        reporter.step("settings", Outcome::Ok(settings_in_words(&described)));
        let resolved = SecretReference::parse(text, host).and_then(|reference| Resolved::new(reference, &self.connections, host));
        let resolved = match resolved {
            Ok(resolved) => resolved,
            Err(error) => {
                reporter.step("trust", Outcome::Fail(error));
                reporter.skip(AFTER_TEXT.get(2..).unwrap_or_default(), "certificates, keys or settings cannot be used");
                return None;
            }
        };
        let work = || Ok(self.walk(&resolved, host, administrator, limit, &mut reporter));
        self.call(host, work).ok().flatten()
    }

    fn walk(
        &self,
        resolved: &Resolved,
        host: &dyn Host,
        administrator: Option<&Secret>,
        limit: Duration,
        reporter: &mut Reporter<'_>,
    ) -> Option<Secret> {
        let session = Session::new(self, resolved, host).limited(limit);
        let trust = session.client().trust().map_or_else(|| "nothing to trust: no endpoint is https".to_owned(), str::to_owned);
        reporter.step("trust", Outcome::Ok(trust));
        let mut reached = false;
        for Probe { endpoint, name, connection, tls } in session.client().probe() {
            let failed = [&name.0, &connection.0, &tls.0].iter().any(|probed| matches!(probed, Probed::Fail(_)));
            reached |= !failed;
            let several = resolved.reference.endpoints.len() > 1;
            let with_endpoint = |(probed, took): (Probed, Duration)| match probed {
                Probed::Ok(found) if several => (Probed::Ok(format!("{endpoint}: {found}")), took),
                other => (other, took),
            };
            reporter.timed("name", with_endpoint(name));
            reporter.timed("connect", with_endpoint(connection));
            reporter.timed("tls", with_endpoint(tls));
        }
        if !reached {
            reporter.skip(&["health", "login", "token", "rights", "read"], "no endpoint can be reached");
            return None;
        }
        let health = diagnosis::health(session.client());
        let usable = health.as_ref().is_none_or(|health| health.initialized && !health.sealed);
        reporter.step("health", health.map_or_else(|| Outcome::Skip("the endpoint does not tell".to_owned()), in_words));
        if !usable {
            reporter.skip(&["login", "token", "rights"], "Vault is sealed or not initialised");
            // The message is that of the server.
            return self.read(&session, resolved, host, reporter);
        }
        // Read before the login, so that it is the token which that presents.
        let presented = session.presented_jwt();
        let token = match session.token() {
            Ok((token, _)) => token,
            Err(error) => {
                reporter.step("login", Outcome::Fail(error));
                if let Some(presented) = presented {
                    reporter.step("claims", claims(&presented, administrator, session.client()));
                }
                reporter.skip(&["token", "rights", "read"], "there is no token");
                return None;
            }
        };
        reporter.step("login", Outcome::Ok(format!("the token is that of {}", one_line(&token.login.origin, 300))));
        let few_uses = token.login.info.as_ref().is_some_and(|info| info.uses.is_some());
        let token = token.login.token.as_ref();
        if let Some(presented) = presented {
            let own = token.filter(|_| !few_uses);
            reporter.step("claims", claims(&presented, own.into_iter().chain(administrator), session.client()));
        }
        match (token, few_uses) {
            (None, _) => reporter.skip(&["token", "rights"], "an agent adds the token"),
            (_, true) => reporter.skip(&["token", "rights"], "each question would spend one of the token's uses"),
            (Some(_), false) => {
                let facts = diagnosis::token_facts(token, session.client());
                let outcome =
                    facts.map_or_else(|| Outcome::Skip("the token may not ask about itself".to_owned()), token_in_words);
                reporter.step("token", outcome);
                reporter.step("rights", rights(&resolved.reference, token, session.client()));
            }
        }
        self.read(&session, resolved, host, reporter)
    }

    fn read(&self, session: &Session<'_>, resolved: &Resolved, host: &dyn Host, reporter: &mut Reporter<'_>) -> Option<Secret> {
        let found = session.read().and_then(|found| {
            let value = resolved.reference.selector.extract(found.data(), &found.location, host)?;
            Ok((value, found.version_in_words()))
        });
        match found {
            Ok((value, version)) => {
                let characters = value.expose().chars().count();
                reporter.step("read", Outcome::Ok(format!("the value has {characters} characters{version}")));
                Some(value)
            }
            Err(error) => {
                reporter.step("read", Outcome::Fail(error));
                None
            }
        }
    }
}

/// The API paths of the secret: of each engine that the mount may have.
fn policy_paths(reference: &SecretReference) -> Vec<String> {
    let (mount, path) = (&reference.mount.plain, &reference.path.plain);
    match reference.engine {
        Some(Engine::Kv2) => vec![format!("{mount}/data/{path}")],
        Some(Engine::Kv1 | Engine::Generic) => vec![format!("{mount}/{path}")],
        None => vec![format!("{mount}/data/{path}"), format!("{mount}/{path}")],
    }
}

fn settings_in_words(described: &Description) -> String {
    let words: Vec<String> = described
        .settings
        .iter()
        .map(|(name, origin, value)| match value {
            Some(value) => format!("{name} = {value} ({origin})"),
            None => format!("{name} is set ({origin})"),
        })
        .collect();
    if words.is_empty() { "none is set outside of the text's own fields".to_owned() } else { words.join("; ") }
}

fn in_words(health: Health) -> Outcome {
    const MAX_CLOCK_DIFFERENCE: i64 = 60;
    let state = match (health.initialized, health.sealed, health.standby) {
        (false, ..) => "not initialised",
        (_, true, _) => "sealed",
        (.., true) => "a standby, which forwards requests",
        _ => "active",
    };
    let difference = health.clock_difference();
    let found = format!("Vault {} is {state}", one_line(&health.version, 40));
    match difference {
        _ if !health.initialized || health.sealed => Outcome::Warn(found, "see the step read".to_owned()),
        Some(seconds) if seconds.abs() > MAX_CLOCK_DIFFERENCE => Outcome::Warn(
            format!(
                "{found}; its clock is {} s {} this machine's",
                seconds.abs(),
                if seconds > 0 { "ahead of" } else { "behind" }
            ),
            "set both clocks (NTP): tokens and certificates have times".to_owned(),
        ),
        Some(_) => Outcome::Ok(format!("{found}; the clocks agree")),
        None => Outcome::Ok(found),
    }
}

fn token_in_words(facts: TokenFacts) -> Outcome {
    const SHORT_TTL: u64 = 60;
    let ttl = if facts.ttl == 0 { "without an end".to_owned() } else { format!("for {} s more", facts.ttl) };
    let mut words = format!("valid {ttl}, policies {}", one_line(&facts.policies().join(", "), 300));
    if facts.num_uses > 0 {
        words.push_str(&format!(", {} uses left", facts.num_uses));
    }
    if !facts.bound_cidrs.is_empty() {
        words.push_str(&format!(", bound to {}", one_line(&facts.bound_cidrs.join(", "), 200)));
    }
    if facts.ttl > 0 && facts.ttl < SHORT_TTL {
        return Outcome::Warn(words, "give a token that lives longer, or a login that gets one at each start".to_owned());
    }
    Outcome::Ok(words)
}

/// What the token of a JWT login says, and where the role wants something else. The first of `tokens` that may read the role counts.
fn claims<'a>(presented: &PresentedJwt, tokens: impl IntoIterator<Item = &'a Secret>, client: &Client<'_>) -> Outcome {
    let says = format!("the token is of {}", presented.says());
    let Some(role) = presented.role_in_words() else {
        return Outcome::Ok(format!("{says}; no role is named: the login takes the method's default role"));
    };
    match tokens.into_iter().find_map(|token| presented.differences(token, client)) {
        None => {
            Outcome::Ok(format!("{says}; {role} cannot be read to compare (a token that may read it can be set in VAULT_TOKEN)"))
        }
        Some(differences) if differences.is_empty() => Outcome::Ok(format!("{says}; nothing in {role} contradicts it")),
        Some(differences) => Outcome::Warn(
            format!("{says}; {role} differs: {}", differences.join("; ")),
            format!("change the role (vault read {role}), or give the server a token that fits it"),
        ),
    }
}

fn rights(reference: &SecretReference, token: Option<&Secret>, client: &Client<'_>) -> Outcome {
    let paths = policy_paths(reference);
    let Some(found) = diagnosis::capabilities(&paths, token, client) else {
        return Outcome::Skip("the token may not ask for its rights".to_owned());
    };
    let may_read =
        |path: &String| found.get(path).is_some_and(|rights| rights.iter().any(|right| right == "read" || right == "root"));
    match paths.iter().find(|path| may_read(path)) {
        Some(path) => Outcome::Ok(format!("the token may read {path}")),
        None => Outcome::Warn(
            format!("no policy of the token allows to read {}", paths.join(" or ")),
            format!("add to a policy of the token: {}", policy_line(paths.first().map_or("", String::as_str))),
        ),
    }
}

/// The least that a policy must say.
pub(crate) fn policy_line(path: &str) -> String {
    format!("path \"{path}\" {{ capabilities = [\"read\"] }}")
}
