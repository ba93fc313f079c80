//! `explain`: what a text means, the requests that it makes, the least policy and role, and the lines to write; and what the code
//! of a message means.

use std::io::Write;

use vault_cipher::{CODE_GROUPS, CODES, Description, Service};

use crate::args::{Subject, product};
use crate::machine::{Machine, ToolHost};
use crate::product::{CIPHER_CLASS, Product, ProductFile, STORE_CLASS};

/// The pages of the messages, one section a code.
const MESSAGES: &str = include_str!("../../docs/messages.md");

/// Prints it.
pub(crate) fn explain(subject: &Subject, only: Option<&str>, machine: &dyn Machine, out: &mut dyn Write) -> Result<(), String> {
    let only = only.map(product).transpose().map_err(|usage| usage.0)?;
    let texts: Vec<(String, String)> = match subject {
        Subject::Code(code) => return explain_code(code, out),
        Subject::Text(text) => vec![("the text".to_owned(), text.clone())],
        Subject::File(file) => of_file(&ProductFile::read(file)?),
        Subject::Home(home) => of_file(&ProductFile::find(home)?),
    };
    if texts.is_empty() {
        return Err("the file has no encrypted value".to_owned());
    }
    let host = ToolHost::new(machine, machine.environment());
    for (name, text) in &texts {
        let described = Service::new().describe(text, &host).map_err(|error| error.to_string())?;
        describe(name, text, &described, only, out).map_err(|e| format!("the output cannot be written: {e}"))?;
    }
    Ok(())
}

fn of_file(file: &ProductFile) -> Vec<(String, String)> {
    file.encrypted().into_iter().map(|found| (found.name, found.text.to_string())).collect()
}

fn explain_code(code: &str, out: &mut dyn Write) -> Result<(), String> {
    let info = CODES
        .iter()
        .find(|info| info.code.to_string() == code)
        .ok_or_else(|| format!("there is no message with the code {code}"))?;
    let group = CODE_GROUPS.iter().find(|group| group.hundred == info.group()).map_or("", |group| group.name);
    let page = section(code).unwrap_or_default();
    writeln!(out, "{code}: {} ({group})\n\n{}", info.name, page.trim()).map_err(|e| format!("the output cannot be written: {e}"))
}

/// The part of the page that is about this code: from the line that names it first to the next heading or row.
fn section(code: &str) -> Option<String> {
    let begins = |line: &&str| (line.starts_with('#') || line.starts_with('|')) && line.contains(code);
    let mut lines = MESSAGES.lines().skip_while(|line| !begins(line));
    let first = lines.next()?;
    if first.starts_with('|') {
        return Some(first.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>().join("\n"));
    }
    Some(lines.take_while(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n"))
}

fn describe(name: &str, text: &str, described: &Description, only: Option<Product>, out: &mut dyn Write) -> std::io::Result<()> {
    let Description {
        mount,
        path,
        target,
        engine,
        version,
        endpoints,
        method,
        login,
        commands,
        settings,
        variables,
        policy_paths,
        ..
    } = described;
    writeln!(out, "{name}: {target} of the secret {path:?} at mount {mount:?}")?;
    writeln!(out, "  Vault:  {}", endpoints.join(", "))?;
    writeln!(out, "  engine: {}", engine.unwrap_or("KV version 2, or what the mount has"))?;
    if let Some(version) = version {
        writeln!(out, "  version: {version}")?;
    }
    writeln!(out, "  login:  {method}")?;
    for (name, origin, value) in settings {
        writeln!(out, "  {name}: {} ({origin})", value.as_deref().unwrap_or("set"))?;
    }

    writeln!(out, "\nRequests, in order:")?;
    let mut requests = Vec::new();
    requests.extend(login.iter().map(|path| format!("POST /v1/{path}")));
    requests.extend(policy_paths.iter().take(1).map(|path| format!("GET  /v1/{path}")));
    if login.is_some() {
        requests.push("POST /v1/auth/token/revoke-self   after the start".to_owned());
    }
    for (number, request) in requests.iter().enumerate() {
        writeln!(out, "  {}. {request}", number + 1)?;
    }

    writeln!(out, "\nThe least policy (save as vault-cipher.hcl):")?;
    for path in policy_paths.iter().take(1) {
        writeln!(out, "  path \"{path}\" {{ capabilities = [\"read\"] }}")?;
    }
    if let (None, Some(other)) = (engine, policy_paths.get(1)) {
        writeln!(out, "  # for KV version 1 and other engines: path \"{other}\" {{ capabilities = [\"read\"] }}")?;
    }
    writeln!(out, "  vault policy write vault-cipher vault-cipher.hcl")?;
    for line in commands {
        writeln!(out, "  {line}")?;
    }

    writeln!(out, "\nIn the product's file:")?;
    for product in [Product::Bitbucket, Product::Jira, Product::Confluence, Product::Bamboo, Product::Crowd] {
        if only.is_none_or(|only| only == product) {
            write_lines(product, text, out)?;
        }
    }
    writeln!(out, "\nThe environment, where the text leaves something to it:")?;
    writeln!(
        out,
        "  systemd     [Service] Environment={}",
        variables.iter().map(|name| format!("\"{name}=…\"")).collect::<Vec<_>>().join(" ")
    )?;
    writeln!(out, "  setenv.sh   {}", variables.iter().map(|name| format!("export {name}=…")).collect::<Vec<_>>().join("; "))?;
    writeln!(out, "  Docker      {}", variables.iter().map(|name| format!("-e {name}=…")).collect::<Vec<_>>().join(" "))?;
    writeln!(
        out,
        "  Helm        <product>.additionalEnvironmentVariables: {}\n",
        variables.iter().map(|name| format!("[{{name: {name}, value: …}}]")).collect::<Vec<_>>().join(" ")
    )
}

fn write_lines(product: Product, text: &str, out: &mut dyn Write) -> std::io::Result<()> {
    let text = text.trim().trim_start_matches("{ENC}");
    match product {
        Product::Bitbucket => {
            writeln!(out, "  bitbucket   encrypted-property.cipher.classname={STORE_CLASS}")?;
            writeln!(out, "              jdbc.password={}", *crate::product::properties::escaped(&format!("{{ENC}}{text}")))
        }
        Product::Jira => {
            let text = crate::product::xml::escaped(text);
            writeln!(
                out,
                "  jira        <atlassian-password-cipher-provider>{STORE_CLASS}</atlassian-password-cipher-provider>"
            )?;
            writeln!(out, "              <password>{}</password>", *text)
        }
        Product::Confluence | Product::Bamboo | Product::Crowd => {
            let class = if product == Product::Confluence { STORE_CLASS } else { CIPHER_CLASS };
            let unproven = if product == Product::Crowd { "   (unproven)" } else { "" };
            let text = crate::product::xml::escaped(text);
            writeln!(
                out,
                "  {:<11} <property name=\"jdbc.password.decrypter.classname\">{class}</property>{unproven}",
                product.name()
            )?;
            writeln!(out, "              <property name=\"hibernate.connection.password\">{}</property>", *text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_page() {
        for info in CODES {
            let code = info.code.to_string();
            assert!(section(&code).is_some_and(|page| page.len() > 20), "{code} has no section in docs/messages.md");
        }
        assert!(CODES.len() > 40);
    }
}
