//! The products' files: where each keeps its database password, and which class reads it. Source: Atlassian's documentation of
//! each product, collected in docs/products.

#[cfg(any(test, fuzzing))]
pub mod parsers;
pub(crate) mod properties;
pub(crate) mod xml;

use std::ops::Range;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// The class for hosts with the `SecretStore` contract.
pub(crate) const STORE_CLASS: &str = "dev.vaultcipher.VaultSecretStore";
/// The class for hosts that know the older `Cipher` contract only.
pub(crate) const CIPHER_CLASS: &str = "dev.vaultcipher.VaultCipher";
/// The vendor's own Vault store, whose texts are ours as well.
pub(crate) const VENDOR_CLASS: &str = "com.atlassian.secrets.store.vault.VaultSecretStore";

/// What Jira 10.2 and later writes in place of a password that it keeps in its own storage.
pub(crate) const ATL_SECURED: &str = "{ATL_SECURED}";

/// A file is a few kilobytes.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// A server product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Product {
    Bitbucket,
    Jira,
    Confluence,
    Bamboo,
    /// Its documentation names no custom class: unproven.
    Crowd,
}

/// What differs between the products.
struct Facts {
    product: Product,
    name: &'static str,
    /// The file below the home directory.
    file: &'static str,
    /// Where the web application's libraries are, below the installation directory.
    libraries: &'static str,
    class: &'static str,
    password: &'static str,
    url: &'static str,
    user: &'static str,
    driver: &'static str,
}

const ALL: [Facts; 5] = [
    Facts {
        product: Product::Bitbucket,
        name: "bitbucket",
        file: "shared/bitbucket.properties",
        libraries: "app/WEB-INF/lib",
        class: "encrypted-property.cipher.classname",
        password: "jdbc.password",
        url: "jdbc.url",
        user: "jdbc.user",
        driver: "jdbc.driver",
    },
    Facts {
        product: Product::Jira,
        name: "jira",
        file: "dbconfig.xml",
        libraries: "atlassian-jira/WEB-INF/lib",
        class: "jira-database-config/jdbc-datasource/atlassian-password-cipher-provider",
        password: "jira-database-config/jdbc-datasource/password",
        url: "jira-database-config/jdbc-datasource/url",
        user: "jira-database-config/jdbc-datasource/username",
        driver: "jira-database-config/jdbc-datasource/driver-class",
    },
    Facts {
        product: Product::Confluence,
        name: "confluence",
        file: "confluence.cfg.xml",
        libraries: "confluence/WEB-INF/lib",
        class: "confluence-configuration/properties/property[jdbc.password.decrypter.classname]",
        password: "confluence-configuration/properties/property[hibernate.connection.password]",
        url: "confluence-configuration/properties/property[hibernate.connection.url]",
        user: "confluence-configuration/properties/property[hibernate.connection.username]",
        driver: "confluence-configuration/properties/property[hibernate.connection.driver_class]",
    },
    Facts {
        product: Product::Bamboo,
        name: "bamboo",
        file: "bamboo.cfg.xml",
        libraries: "atlassian-bamboo/WEB-INF/lib",
        class: "application-configuration/properties/property[jdbc.password.decrypter.classname]",
        password: "application-configuration/properties/property[hibernate.connection.password]",
        url: "application-configuration/properties/property[hibernate.connection.url]",
        user: "application-configuration/properties/property[hibernate.connection.username]",
        driver: "application-configuration/properties/property[hibernate.connection.driver_class]",
    },
    Facts {
        product: Product::Crowd,
        name: "crowd",
        file: "shared/crowd.cfg.xml",
        libraries: "crowd-webapp/WEB-INF/lib",
        class: "application-configuration/properties/property[jdbc.password.decrypter.classname]",
        password: "application-configuration/properties/property[hibernate.connection.password]",
        url: "application-configuration/properties/property[hibernate.connection.url]",
        user: "application-configuration/properties/property[hibernate.connection.username]",
        driver: "application-configuration/properties/property[hibernate.connection.driver_class]",
    },
];

impl Product {
    /// By its name on the command line.
    pub(crate) fn named(name: &str) -> Option<Self> {
        ALL.iter().find(|facts| facts.name.eq_ignore_ascii_case(name)).map(|facts| facts.product)
    }

    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        ALL.iter().map(|facts| facts.name)
    }

    pub(crate) fn name(self) -> &'static str {
        self.facts().name
    }

    /// Where the web application's libraries are, below the installation directory.
    pub(crate) fn libraries(self) -> &'static str {
        self.facts().libraries
    }

    /// The entry that holds the database's password.
    pub(crate) fn password(self) -> &'static str {
        self.facts().password
    }

    /// The product of a file by its name; Crowd's and Bamboo's files differ from Confluence's in their names.
    fn of_file(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        ALL.iter().find(|facts| facts.file.rsplit('/').next() == Some(name)).map(|facts| facts.product)
    }

    fn facts(self) -> &'static Facts {
        ALL.iter().find(|facts| facts.product == self).unwrap_or(&ALL[0])
    }
}

/// A product's file.
pub(crate) struct ProductFile {
    pub(crate) product: Product,
    pub(crate) path: PathBuf,
    pub(crate) content: Zeroizing<Vec<u8>>,
    entries: Vec<FileEntry>,
}

/// An entry of the file: a property, or an XML element with text.
pub(crate) struct FileEntry {
    pub(crate) name: String,
    pub(crate) value: Zeroizing<String>,
    /// Where the value stands.
    range: Range<usize>,
    /// Where the entry stands.
    whole: Range<usize>,
    separated: bool,
}

/// A text that the product hands to a class.
pub(crate) struct Encrypted {
    /// The entry's name in the file.
    pub(crate) name: String,
    pub(crate) text: Zeroizing<String>,
}

impl ProductFile {
    /// The file below a home directory.
    pub(crate) fn find(home: &Path) -> Result<Self, String> {
        let found: Vec<PathBuf> = ALL.iter().map(|facts| home.join(facts.file)).filter(|path| path.is_file()).collect();
        match found.as_slice() {
            [path] => Self::read(path),
            [] => Err(format!(
                "no product's file is in {}: looked for {}",
                home.display(),
                ALL.iter().map(|facts| facts.file).collect::<Vec<_>>().join(", ")
            )),
            several => {
                let names: Vec<String> = several.iter().map(|path| path.display().to_string()).collect();
                Err(format!("several products' files are there: {}; name one with --file", names.join(", ")))
            }
        }
    }

    /// Reads and parses this file.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let product = Product::of_file(path).ok_or_else(|| {
            format!(
                "{} is not one of the files that are known: {}",
                path.display(),
                ALL.iter().map(|facts| facts.file).collect::<Vec<_>>().join(", ")
            )
        })?;
        let broken = |problem: String| format!("{} {problem}", path.display());
        let metadata = std::fs::metadata(path).map_err(|e| broken(format!("cannot be read: {e}")))?;
        if !metadata.is_file() {
            return Err(broken("is no regular file".to_owned()));
        }
        if metadata.len() > MAX_FILE {
            return Err(broken(format!("has {} bytes, more than any product's file", metadata.len())));
        }
        let content = Zeroizing::new(std::fs::read(path).map_err(|e| broken(format!("cannot be read: {e}")))?);
        Self::parse(product, path, content)
    }

    fn parse(product: Product, path: &Path, content: Zeroizing<Vec<u8>>) -> Result<Self, String> {
        let entries = if product == Product::Bitbucket {
            properties::entries(&content).into_iter().map(FileEntry::of_property).collect()
        } else {
            let elements = xml::elements(&content).map_err(|problem| format!("{}: {problem}", path.display()))?;
            elements.into_iter().map(FileEntry::of_element).collect()
        };
        Ok(Self { product, path: path.to_owned(), content, entries })
    }

    /// The value of an entry. Of a property that is there twice the last counts, as in Java.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.entry(name).map(|entry| entry.value.as_str())
    }

    /// The class that the product loads, if one is named, and whether older Bitbucket's property names it.
    pub(crate) fn class(&self) -> Option<&str> {
        let older = (self.product == Product::Bitbucket).then(|| self.value("jdbc.password.decrypter.classname")).flatten();
        self.value(self.product.facts().class).or(older).map(str::trim)
    }

    /// The database: URL, user, driver class.
    pub(crate) fn database(&self) -> [Option<&str>; 3] {
        let Facts { url, user, driver, .. } = self.product.facts();
        [url, user, driver].map(|name| self.value(name).map(str::trim))
    }

    /// Every text that the product hands to the class.
    pub(crate) fn encrypted(&self) -> Vec<Encrypted> {
        let password = self.product.facts().password;
        // Older Bitbucket passes the password's bare text.
        let bare = self.product != Product::Bitbucket || self.value("jdbc.password.decrypter.classname").is_some();
        let is_encrypted = |entry: &&FileEntry| match self.product {
            Product::Bitbucket => entry.value.starts_with("{ENC}") || (bare && entry.name == password),
            _ => entry.name == password,
        };
        let last = |entry: &&FileEntry| self.entry(&entry.name).is_some_and(|last| last.range == entry.range);
        let text = |entry: &FileEntry| Encrypted { name: entry.name.clone(), text: entry.value.clone() };
        self.entries.iter().filter(is_encrypted).filter(last).map(text).collect()
    }

    /// The content with this entry's value; the entry is added where it is missing.
    pub(crate) fn with(&self, name: &str, value: &str) -> Result<Self, String> {
        let content = match (self.entry(name), self.product) {
            (Some(entry), Product::Bitbucket) => {
                let separator = if entry.separated { "" } else { "=" };
                self.replaced(&entry.range, &format!("{separator}{}", *properties::escaped(value)))
            }
            (Some(entry), _) => self.replaced(&entry.range, &xml::escaped(value)),
            (None, Product::Bitbucket) => self.with_line(&format!("{name}={}", *properties::escaped(value))),
            (None, _) => self.with_element(name, value)?,
        };
        Self::parse(self.product, &self.path, content)
    }

    /// The same with our class.
    pub(crate) fn with_class(&self, class: &str) -> Result<Self, String> {
        self.with(self.product.facts().class, class)
    }

    /// The content without this entry.
    pub(crate) fn without(&self, name: &str) -> Result<Self, String> {
        let Some(entry) = self.entry(name) else { return Self::parse(self.product, &self.path, self.content.clone()) };
        let mut whole = entry.whole.clone();
        let newline = |at: usize| self.content.get(at) == Some(&b'\n');
        // With its line, if it has one of its own.
        while whole.start > 0 && matches!(self.content.get(whole.start - 1), Some(b' ' | b'\t')) {
            whole.start -= 1;
        }
        if self.content.get(whole.end) == Some(&b'\r') {
            whole.end += 1;
        }
        let begins_line = whole.start == 0 || newline(whole.start - 1);
        if begins_line && newline(whole.end) {
            whole.end += 1;
        } else if begins_line && whole.start > 0 && whole.end == self.content.len() {
            // The last line, which has no end: that of the line before goes.
            whole.start -= if self.content.get(..whole.start).is_some_and(|before| before.ends_with(b"\r\n")) { 2 } else { 1 };
        } else {
            whole = entry.whole.clone();
        }
        Self::parse(self.product, &self.path, self.replaced(&whole, ""))
    }

    /// The name of the entry that names the class.
    pub(crate) fn class_entry(&self) -> &'static str {
        self.product.facts().class
    }

    fn entry(&self, name: &str) -> Option<&FileEntry> {
        self.entries.iter().rev().find(|entry| entry.name == name)
    }

    fn replaced(&self, range: &Range<usize>, by: &str) -> Zeroizing<Vec<u8>> {
        let mut content = Zeroizing::new(Vec::with_capacity(self.content.len() + by.len()));
        content.extend_from_slice(self.content.get(..range.start).unwrap_or_default());
        content.extend_from_slice(by.as_bytes());
        content.extend_from_slice(self.content.get(range.end..).unwrap_or_default());
        content
    }

    fn line_end(&self) -> &'static str {
        if self.content.windows(2).any(|pair| pair == b"\r\n") { "\r\n" } else { "\n" }
    }

    fn with_line(&self, line: &str) -> Zeroizing<Vec<u8>> {
        let end = self.line_end();
        let ended = self.content.is_empty()
            || self.content.ends_with(
                b"
",
            );
        // A line that goes on would take in the new one.
        let goes_on = if properties::goes_on_at_its_end(&self.content) { end } else { "" };
        let line = if ended { format!("{goes_on}{line}{end}") } else { format!("{end}{goes_on}{line}") };
        self.replaced(&(self.content.len()..self.content.len()), &line)
    }

    /// The new element stands before the password's, with its indentation.
    fn with_element(&self, name: &str, value: &str) -> Result<Zeroizing<Vec<u8>>, String> {
        let password = self.product.facts().password;
        let at = self.entry(password).ok_or_else(|| format!("{} has no {password}", self.path.display()))?.whole.start;
        let line = self.content.get(..at).and_then(|before| before.rsplit(|byte| *byte == b'\n').next()).unwrap_or_default();
        // Among others on a line, the new one stands there, too.
        let (end, indentation) = match line.iter().all(u8::is_ascii_whitespace) {
            true => (self.line_end(), String::from_utf8_lossy(line)),
            false => ("", "".into()),
        };
        let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
        let (open, close) = match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            Some((tag, attribute)) => (format!("{tag} name=\"{attribute}\""), tag),
            None => (name.to_owned(), name),
        };
        let element = format!("<{open}>{}</{close}>{end}{indentation}", *xml::escaped(value));
        Ok(self.replaced(&(at..at), &element))
    }
}

impl FileEntry {
    fn of_property(entry: properties::Entry) -> Self {
        let properties::Entry { key, value, range, separated, start } = entry;
        Self { name: key, value, whole: start..range.end, range, separated }
    }

    fn of_element(element: xml::Element) -> Self {
        let xml::Element { path, value, range, element } = element;
        Self { name: path, value, range, whole: element, separated: true }
    }
}

#[cfg(test)]
mod tests;
