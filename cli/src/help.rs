//! What `--help` and `completions` print.

use crate::args::{COMMANDS, OPTIONS};

/// Of one command, or of all.
pub(crate) fn help(command: Option<&str>) -> String {
    match command {
        Some("doctor") => DOCTOR.to_owned(),
        Some("explain") => EXPLAIN.to_owned(),
        Some("protect") => PROTECT.to_owned(),
        Some("unprotect") => UNPROTECT.to_owned(),
        Some("install" | "uninstall") => INSTALL.to_owned(),
        Some("completions") => COMPLETIONS.to_owned(),
        _ => {
            let commands: Vec<String> = COMMANDS.iter().map(|(name, what)| format!("  {name:<12}{what}")).collect();
            format!(
                "vault-cipher {}: a Java server's secrets out of HashiCorp Vault or OpenBao\n\n\
                 java -jar vault-cipher.jar COMMAND [OPTION…]   (--help after a command: its options and examples)\n\n{}\n\n\
                 Exit status: 0 good, 1 warnings with --strict, 2 the server would not start or the command failed,\n\
                 3 doctor could not tell, 64 the command line cannot be used.\n",
                env!("CARGO_PKG_VERSION"),
                commands.join("\n")
            )
        }
    }
}

const DOCTOR: &str = "\
doctor --home DIR | --file FILE | TEXT

Walks the way that the server walks: file, text, settings, name, connection, TLS, health, login, rights, read. Logs in
once and revokes the token. Writes nothing. Never prints a secret: the output can go into a ticket.

  --home DIR       the product's home directory
  --file FILE      the product's file (bitbucket.properties, dbconfig.xml, confluence.cfg.xml, bamboo.cfg.xml)
  --install DIR    the product's installation directory: looks for the jar and the database's driver
  --java PATH      the server's Java (its home directory or program): lets it load the library; that of a running server,
                   of JRE_HOME or JAVA_HOME in its environment, or of DIR/jre is found by itself
The server's environment; a running server is found by itself:
  --pid PID        of this process
  --unit NAME      of this systemd unit
  --setenv FILE    that this script sets
  --env-file FILE  of docker run --env-file
  --spec FILE      of what docker inspect or kubectl get pod -o json has printed
What is checked and how it is printed:
  --database       logs in to the product's database with the password
  --only NAME,…    these checks only       --skip NAME,…  all but these
  --timeout N      seconds for everything (20)
  --json           for programs (docs/doctor.md)
  --strict         exit status 1 for warnings

  java -jar vault-cipher.jar doctor --home /var/atlassian/application-data/bitbucket --install /opt/atlassian/bitbucket
  java -jar vault-cipher.jar doctor --file dbconfig.xml --unit jira --database
";

const EXPLAIN: &str = "\
explain TEXT | --file FILE | --home DIR | CODE   [--product NAME]

What a text means, the requests that it makes, the least policy and role as commands to copy, and the lines for the
product's file. With the code of a message (VC…): what it means.

  java -jar vault-cipher.jar explain '{\"mount\":\"secret\",\"path\":\"app\",\"key\":\"password\",\"endpoint\":\"https://vault:8200\"}'
  java -jar vault-cipher.jar explain VC1801
";

const PROTECT: &str = "\
protect --file FILE --text TEXT [--property NAME] [--cipher] [--dry-run]

Takes the plain password out of a product's file: writes it to Vault (never over another value), reads it back with the
server's credentials, and only then replaces the file, as a whole, with mode, owner, comments and encoding kept. The
administrator's token for writing is that in VAULT_TOKEN. A file of the vendor's Vault store gets our class.

  --property NAME  the property (the database's password)
  --text TEXT      the JSON text, without the secret
  --cipher         the class for hosts that know the older contract only
  --dry-run        shows what would change

  java -jar vault-cipher.jar protect --file bitbucket.properties \\
      --text '{\"mount\":\"secret\",\"path\":\"bitbucket\",\"key\":\"password\",\"endpoint\":\"https://vault:8200\"}'
";

const UNPROTECT: &str = "\
unprotect --file FILE [--property NAME] [--dry-run] --yes

Reads the secret and puts it back into the file in plain text. Without --yes it shows what would change.

  java -jar vault-cipher.jar unprotect --file bitbucket.properties --yes
";

const INSTALL: &str = "\
install   --product NAME --install DIR
uninstall --product NAME --install DIR

Puts the jar where the product loads it, and into its password tool's folder; an older jar is replaced.

  java -jar vault-cipher.jar install --product bitbucket --install /opt/atlassian/bitbucket
";

const COMPLETIONS: &str = "completions bash|zsh|fish\n\n  vault-cipher completions bash >/etc/bash_completion.d/vault-cipher\n";

/// A script that completes commands and options; `None` for a shell that is not known.
pub(crate) fn completions(shell: &str) -> Option<String> {
    let commands: Vec<&str> = COMMANDS.iter().map(|(name, _)| *name).collect();
    let options = |name: &str| -> Vec<&str> {
        let found = OPTIONS.iter().find(|(known, ..)| *known == name);
        found.map(|(_, values, flags)| values.iter().chain(*flags).copied().collect()).unwrap_or_default()
    };
    let mut script = String::new();
    match shell {
        "bash" => {
            script.push_str("_vault_cipher() {\n  local word=${COMP_WORDS[COMP_CWORD]}\n  case ${COMP_WORDS[1]} in\n");
            for name in &commands {
                let options = options(name).join(" ");
                script.push_str(&format!("    {name}) COMPREPLY=($(compgen -W '{options}' -f -- \"$word\")) ;;\n"));
            }
            script.push_str(&format!(
                "    *) COMPREPLY=($(compgen -W '{}' -- \"$word\")) ;;\n  esac\n}}\ncomplete -F _vault_cipher vault-cipher\n",
                commands.join(" ")
            ));
        }
        "zsh" => {
            script.push_str("#compdef vault-cipher\nif (( CURRENT == 2 )); then\n");
            script.push_str(&format!("  compadd {}\nelse\n  case $words[2] in\n", commands.join(" ")));
            for name in &commands {
                script.push_str(&format!("    {name}) compadd -- {}; _files ;;\n", options(name).join(" ")));
            }
            script.push_str("  esac\nfi\n");
        }
        "fish" => {
            for (name, what) in COMMANDS {
                script.push_str(&format!("complete -c vault-cipher -n __fish_use_subcommand -a {name} -d '{what}'\n"));
                for option in options(name) {
                    let option = option.trim_start_matches('-');
                    script.push_str(&format!("complete -c vault-cipher -n '__fish_seen_subcommand_from {name}' -l {option}\n"));
                }
            }
        }
        _ => return None,
    }
    Some(script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_help_with_all_its_options_and_an_example() {
        for (name, with_value, flags) in OPTIONS {
            let help = help(Some(name));
            for option in with_value.iter().chain(flags) {
                assert!(help.contains(option), "{name} {option}");
            }
            assert!(help.contains("vault-cipher.jar") || name == "completions", "{name}");
        }
        for (name, what) in COMMANDS {
            assert!(super::help(None).contains(name) && super::help(None).contains(what));
        }
    }

    #[test]
    fn the_manual_page_names_every_command_and_option() {
        const PAGE: &str = include_str!("../../docs/man/vault-cipher.1");
        let page = PAGE.replace("\\-", "-");
        for (name, with_value, flags) in OPTIONS {
            assert!(page.contains(name), "{name}");
            for option in with_value.iter().chain(flags) {
                assert!(page.contains(option), "{name} {option}");
            }
        }
    }

    #[test]
    fn completions_know_every_command_and_option() {
        for shell in ["bash", "zsh", "fish"] {
            let script = completions(shell).unwrap();
            for (name, with_value, flags) in OPTIONS {
                assert!(script.contains(name));
                for option in with_value.iter().chain(flags) {
                    assert!(script.contains(option.trim_start_matches('-')), "{shell} {option}");
                }
            }
        }
        assert!(completions("csh").is_none());
    }
}
