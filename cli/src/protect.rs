//! `protect` takes a plain password out of a product's file, `unprotect` puts it back.
//!
//! The order makes that the secret is always in at least one place: it is in Vault, and was read back with the credentials of the
//! server, before the file changes; and the file is replaced as a whole.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use vault_cipher::Service;
use zeroize::Zeroizing;

use crate::args::Protect;
use crate::machine::{Machine, ToolHost};
use crate::product::{ATL_SECURED, CIPHER_CLASS, Product, ProductFile, STORE_CLASS, VENDOR_CLASS};
use crate::replace::{self, write_as};

/// Stands for a secret in what is shown.
const MASK: &str = "********";

/// What ends a command: a sentence for the user.
type Outcome<T> = Result<T, String>;

/// Puts the password into Vault and the text into the file.
pub(crate) fn protect(command: &Protect, machine: &dyn Machine, out: &mut dyn Write) -> Outcome<()> {
    let file = ProductFile::read(&command.file)?;
    let property = command.property.as_deref().unwrap_or_else(|| file.product.password());
    let class = if command.cipher { CIPHER_CLASS } else { STORE_CLASS };
    let host = ToolHost::new(machine, machine.environment());
    let service = Service::new();
    let value = file.value(property).ok_or_else(|| format!("{} has no {property}", file.path.display()))?;
    let taken = match plain(&file, property, value, machine)? {
        Taken::Plain(value) => value,
        Taken::Vendor(text) => return convert(&file, text, class, command.dry_run, &service, &host, out),
    };
    let order = order(&command.text, &taken)?;
    if command.dry_run {
        let text = configured(file.product, &command.text);
        let after = file.with(property, &text).and_then(|after| after.with_class(class))?;
        say(out, &format!("Nothing is written. The password of {property} would go into Vault, and the file would change so:"))?;
        return show_difference(&file.with(property, MASK)?, &after, out);
    }
    writable(&file)?;
    let text = service.store(&order, &host).map_err(|error| format!("{error} The file was not changed."))?;
    host.pass_on(out)?;
    let after = file.with(property, &configured(file.product, &text)).and_then(|after| after.with_class(class))?;
    change(&file, &file.with(property, &way_back(&file, property))?, &after, out)?;
    say(out, &format!("The password of {property} is in Vault, and was read back. Restart the server to use it."))
}

/// Puts the password back into the file. The secret in Vault stays.
pub(crate) fn unprotect(
    path: &Path,
    property: Option<&str>,
    (yes, dry_run): (bool, bool),
    machine: &dyn Machine,
    out: &mut dyn Write,
) -> Outcome<()> {
    let file = ProductFile::read(path)?;
    let property = property.unwrap_or_else(|| file.product.password());
    let encrypted = file.encrypted();
    let ours = file.class().is_some_and(|class| [STORE_CLASS, CIPHER_CLASS, VENDOR_CLASS].contains(&class));
    let text = encrypted.iter().find(|found| found.name == property).filter(|_| ours);
    let text = &text.ok_or_else(|| format!("{property} of {} is not protected by vault-cipher", path.display()))?.text;
    // With the last one the class goes.
    let without_class = |file: ProductFile| if encrypted.len() == 1 { file.without(file.class_entry()) } else { Ok(file) };
    if dry_run || !yes {
        let masked = file.with(property, MASK).and_then(without_class)?;
        say(out, "Nothing is written. With --yes the password would stand in the file in plain text again:")?;
        return show_difference(&file, &masked, out);
    }
    let host = ToolHost::new(machine, machine.environment());
    writable(&file)?;
    let value = Service::new().resolve(text, &host).map_err(|error| format!("{error} The file was not changed."))?;
    host.pass_on(out)?;
    let after = file.with(property, value.expose()).and_then(without_class)?;
    change(&file, &file, &after, out)?;
    say(out, &format!("{property} holds the password in plain text again. The secret is still in Vault."))
}

/// What stands in the file.
enum Taken<'a> {
    Plain(Zeroizing<String>),
    /// A text of the vendor's own Vault store, which ours reads as it is.
    Vendor(&'a str),
}

fn plain<'a>(file: &ProductFile, property: &str, value: &'a str, machine: &dyn Machine) -> Outcome<Taken<'a>> {
    if value.trim().is_empty() {
        return Err(format!("{property} of {} is empty", file.path.display()));
    }
    if value.trim() == ATL_SECURED {
        return Err(format!(
            "{property} of {} is {ATL_SECURED}: this product keeps the password in storage of its own. Put the plain password back \
             there first, as the product's documentation describes, then run this again",
            file.path.display()
        ));
    }
    let encrypted = file.product != Product::Bitbucket || value.starts_with("{ENC}");
    match file.class().filter(|_| encrypted) {
        None if value.starts_with("{ENC}") => Err(format!("{property} is encrypted, and no class is named that reads it")),
        None => Ok(Taken::Plain(Zeroizing::new(value.to_owned()))),
        Some(STORE_CLASS | CIPHER_CLASS) => Err(format!("{property} of {} is protected already", file.path.display())),
        Some(VENDOR_CLASS) => Ok(Taken::Vendor(value)),
        Some(class) => machine.decrypt(class, value.strip_prefix("{ENC}").unwrap_or(value)).map(Taken::Plain),
    }
}

/// A file of the vendor's Vault store needs our class and nothing else; before, the text is read as the server will read it.
fn convert(
    file: &ProductFile,
    text: &str,
    class: &str,
    dry_run: bool,
    service: &Service,
    host: &ToolHost<'_>,
    out: &mut dyn Write,
) -> Outcome<()> {
    let after = file.with_class(class)?;
    if dry_run {
        say(out, "Nothing is written. The text stays, and the class would change so:")?;
        return show_difference(file, &after, out);
    }
    service.resolve(text, host).map_err(|error| format!("{error} The file was not changed."))?;
    host.pass_on(out)?;
    change(file, file, &after, out)?;
    say(
        out,
        "The file names vault-cipher's class now; the text is as it was, and its secret was read. Restart the server to use it.",
    )
}

/// The text with the order to store the value; its own fields stay as they are written.
fn order(text: &str, value: &str) -> Outcome<Zeroizing<String>> {
    let text = text.trim();
    let text = text.strip_prefix("{ENC}").unwrap_or(text).trim();
    // The parser's own words may quote the text.
    let fields: Map<String, Value> = serde_json::from_str(text)
        .map_err(|e| format!("the text is not a JSON object (line {}, column {})", e.line(), e.column()))?;
    for name in ["store", "value", "overwrite"] {
        if fields.contains_key(name) {
            return Err(format!("the text has the field \"{name}\", which belongs to storing: leave it out"));
        }
    }
    let value = Zeroizing::new(serde_json::to_string(value).map_err(|_| "the password cannot be written as JSON".to_owned())?);
    let rest = text.strip_prefix('{').unwrap_or(text);
    let comma = if fields.is_empty() { "" } else { "," };
    let mut order = Zeroizing::new(String::with_capacity(text.len() + value.len() + 40));
    for part in ["{\"store\":true,\"value\":", &value, comma, rest] {
        order.push_str(part);
    }
    Ok(order)
}

/// As it stands in the product's file.
fn configured(product: Product, text: &str) -> String {
    let text = text.trim();
    match product {
        Product::Bitbucket if !text.starts_with("{ENC}") => format!("{{ENC}}{text}"),
        _ => text.to_owned(),
    }
}

/// What stands in the backup in place of the password.
fn way_back(file: &ProductFile, property: &str) -> String {
    format!("IN-VAULT (java -jar vault-cipher.jar unprotect --file {} --property {property} --yes)", file.path.display())
}

/// Writes the backup, then the file.
fn change(file: &ProductFile, backup: &ProductFile, after: &ProductFile, out: &mut dyn Write) -> Outcome<()> {
    // Of a link, what it names.
    let path = file.path.canonicalize().map_err(|e| unwritable(&file.path, &e))?;
    remove_leftovers(&path);
    let copy = backup_path(&path);
    let written = write_as(&path, &copy, &backup.content)
        .map_err(|e| unwritable(&copy, &e))
        .and_then(|()| write_as(&path, &path, &after.content).map_err(|e| unwritable(&path, &e)));
    if written.is_err() {
        let _ = fs::remove_file(&copy);
    }
    written?;
    say(out, &format!("Changed {}; what it was is in {}.", file.path.display(), copy.display()))
}

/// Whether the file can be replaced: asked before the secret goes anywhere.
fn writable(file: &ProductFile) -> Outcome<()> {
    replace::check(&file.path).map_err(|e| unwritable(&file.path, &e))
}

fn unwritable(path: &Path, error: &io::Error) -> String {
    format!("{} cannot be written: {error}. The file was not changed", path.display())
}

fn backup_path(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let free = (1..).map(|number| path.with_file_name(format!("{name}.before-vault-cipher.{number}")));
    free.into_iter().find(|path| !path.exists()).unwrap_or_else(|| path.to_owned())
}

/// What a run that was killed has left beside the file.
fn remove_leftovers(path: &Path) {
    let Some((folder, name)) = path.parent().zip(path.file_name()) else { return };
    let prefix = format!(".{}.", name.to_string_lossy());
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(&prefix) && name.contains(".vault-cipher-") {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The lines that differ.
fn show_difference(before: &ProductFile, after: &ProductFile, out: &mut dyn Write) -> Outcome<()> {
    let lines = |file: &ProductFile| -> Vec<String> {
        String::from_utf8_lossy(&file.content).lines().map(|line| line.trim_end_matches('\r').to_owned()).collect()
    };
    let (before, after) = (lines(before), lines(after));
    for line in before.iter().filter(|line| !after.contains(line)) {
        say(out, &format!("- {line}"))?;
    }
    for line in after.iter().filter(|line| !before.contains(line)) {
        say(out, &format!("+ {line}"))?;
    }
    Ok(())
}

fn say(out: &mut dyn Write, line: &str) -> Outcome<()> {
    writeln!(out, "{line}").map_err(|e| format!("the output cannot be written: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_the_text_with_the_value() {
        let order = |text: &str, value: &str| order(text, value).map(|order| order.to_string());
        let text = "{ENC}{\"mount\":\"secret\",\"version\":12345678901234567890}";
        assert_eq!(
            order(text, "p\"w").unwrap(),
            "{\"store\":true,\"value\":\"p\\\"w\",\"mount\":\"secret\",\"version\":12345678901234567890}"
        );
        assert_eq!(order("{}", "x").unwrap(), "{\"store\":true,\"value\":\"x\"}");
        assert!(order("{\"value\":\"canary\"}", "x").err().is_some_and(|error| !error.contains("canary")));
        assert!(order("canary", "x").err().is_some_and(|error| !error.contains("canary")));
    }

    #[test]
    fn a_text_stands_in_the_file_as_the_product_wants_it() {
        assert_eq!(configured(Product::Bitbucket, "{}"), "{ENC}{}");
        assert_eq!(configured(Product::Bitbucket, "{ENC}{}"), "{ENC}{}");
        assert_eq!(configured(Product::Jira, " {} "), "{}");
    }
}
