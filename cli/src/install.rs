//! `install` puts the jar where the product loads it, and `uninstall` takes it away.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::product::{CIPHER_CLASS, Product, STORE_CLASS};

/// Copies the jar into the product's libraries, and into the folder of its password tool where there is one.
pub(crate) fn install(product: Product, folder: &Path, jar: Option<&Path>, out: &mut dyn Write) -> Result<(), String> {
    let jar = jar.ok_or("run this with java -jar vault-cipher.jar: there is no jar to install")?;
    let name = jar.file_name().ok_or("the jar has no name")?;
    let content = fs::read(jar).map_err(|e| format!("{} cannot be read: {e}", jar.display()))?;
    for target in targets(product, folder)? {
        let older = ours(&target)?;
        let new = target.join(name);
        put(&new, &content).map_err(|e| {
            format!("{} cannot be written: {e}. What to do: run this as the owner of {}", new.display(), target.display())
        })?;
        say(out, &format!("Installed {}", new.display()))?;
        for old in older.into_iter().filter(|old| *old != new) {
            fs::remove_file(&old).map_err(|e| {
                format!("{} cannot be removed: {e}. What to do: remove it, two jars must not be there", old.display())
            })?;
            say(out, &format!("Removed {}", old.display()))?;
        }
    }
    let class = if product == Product::Bamboo || product == Product::Crowd { CIPHER_CLASS } else { STORE_CLASS };
    say(
        out,
        &format!(
            "Next: name the class {class} in the product's file (protect does it), give the server its credentials, and restart it."
        ),
    )?;
    say(out, "On JDK 24 and later add --enable-native-access=ALL-UNNAMED to the server's JVM arguments.")
}

/// Removes our jars from there.
pub(crate) fn uninstall(product: Product, folder: &Path, out: &mut dyn Write) -> Result<(), String> {
    let mut removed = 0;
    for target in targets(product, folder)? {
        for jar in ours(&target)? {
            fs::remove_file(&jar).map_err(|e| format!("{} cannot be removed: {e}", jar.display()))?;
            say(out, &format!("Removed {}", jar.display()))?;
            removed += 1;
        }
    }
    if removed == 0 {
        return Err(format!("no vault-cipher jar is below {}", folder.display()));
    }
    say(
        out,
        "The product's file is as it was: with our class named there the server does not start any more (unprotect changes it).",
    )
}

/// The folders that the jar belongs to.
fn targets(product: Product, folder: &Path) -> Result<Vec<PathBuf>, String> {
    let libraries = folder.join(product.libraries());
    if !libraries.is_dir() {
        return Err(format!(
            "{} is no directory: is {} the installation directory of {}?",
            libraries.display(),
            folder.display(),
            product.name()
        ));
    }
    let tool = folder.join("tools/atlassian-password");
    Ok([libraries].into_iter().chain(Some(tool).filter(|tool| tool.is_dir())).collect())
}

fn ours(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{} cannot be read: {e}", folder.display()))?;
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    Ok(paths
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.starts_with("vault-cipher") && name.ends_with(".jar")
        })
        .collect())
}

/// A whole file or none: a server that starts meanwhile never sees a part of the jar.
fn put(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension(format!("jar.new-{}", std::process::id()));
    let written = fs::write(&temporary, content).and_then(|()| readable(&temporary)).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// By everybody: the server has a user of its own. Owned by that of the folder, if that can be.
#[cfg(unix)]
fn readable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))?;
    if let Some(folder) = path.parent() {
        let owner = fs::metadata(folder)?;
        let _ = chown(path, Some(owner.uid()), Some(owner.gid()));
    }
    Ok(())
}

#[cfg(not(unix))]
fn readable(_: &Path) -> io::Result<()> {
    Ok(())
}

fn say(out: &mut dyn Write, line: &str) -> Result<(), String> {
    writeln!(out, "{line}").map_err(|e| format!("the output cannot be written: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_jar_takes_the_place_of_the_older_one_and_both_folders_get_it() {
        let root = std::env::temp_dir().join(format!("vault-cipher-install-{}", std::process::id()));
        let (lib, tool) = (root.join("app/WEB-INF/lib"), root.join("tools/atlassian-password"));
        fs::create_dir_all(&lib).unwrap();
        fs::create_dir_all(&tool).unwrap();
        fs::write(lib.join("vault-cipher-0.0.1.jar"), "old").unwrap();
        fs::write(lib.join("other.jar"), "other").unwrap();
        let jar = root.join("vault-cipher-0.1.0.jar");
        fs::write(&jar, "new").unwrap();
        let mut out = Vec::new();
        install(Product::Bitbucket, &root, Some(&jar), &mut out).unwrap();
        assert_eq!(ours(&lib).unwrap(), [lib.join("vault-cipher-0.1.0.jar")]);
        assert_eq!(fs::read(tool.join("vault-cipher-0.1.0.jar")).unwrap(), b"new");
        assert!(lib.join("other.jar").is_file() && String::from_utf8(out).unwrap().contains("Removed"));
        uninstall(Product::Bitbucket, &root, &mut Vec::new()).unwrap();
        assert!(ours(&lib).unwrap().is_empty() && ours(&tool).unwrap().is_empty());
        assert!(uninstall(Product::Bitbucket, &root, &mut Vec::new()).is_err());
        assert!(install(Product::Jira, &root, Some(&jar), &mut Vec::new()).err().unwrap().contains("is no directory"));
        assert!(install(Product::Bitbucket, &root, None, &mut Vec::new()).is_err());
        fs::remove_dir_all(root).unwrap();
    }
}
