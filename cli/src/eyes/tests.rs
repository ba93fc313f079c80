use super::*;

fn file(name: &str, content: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("vault-cipher-eyes-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path
}

fn variable(eyes: &Eyes, name: &str) -> Option<String> {
    eyes.variables.get(name).map(|value| value.to_string())
}

fn property(eyes: &Eyes, name: &str) -> Option<String> {
    eyes.properties.get(name).map(|value| value.to_string())
}

#[test]
fn a_script_sets_variables_and_properties() {
    let script = "#!/bin/sh\nexport VAULT_ADDR=https://v:8200 # ours\nJAVA_OPTS=\"-Da=b\"\nJAVA_OPTS=\"-Dc=d ${JAVA_OPTS}\"\nexport \
                  JAVA_OPTS\nif [ -z \"$x\" ]; then\n  VAULT_NAMESPACE='team a'\nfi\n";
    let eyes = Eyes::of_setenv(&file("setenv.sh", script)).unwrap();
    assert_eq!(variable(&eyes, "VAULT_ADDR").as_deref(), Some("https://v:8200"));
    assert_eq!(variable(&eyes, "VAULT_NAMESPACE").as_deref(), Some("team a"));
    assert_eq!((property(&eyes, "a").as_deref(), property(&eyes, "c").as_deref()), (Some("b"), Some("d")));
    assert_eq!(eyes.java_home, None);
    let eyes = Eyes::of_setenv(&file("java.sh", "JAVA_HOME=/etc\nJRE_HOME=\"/usr\"\n")).unwrap();
    assert_eq!(eyes.java_home, Some(PathBuf::from("/usr")));
    let eyes = Eyes::of_setenv(&file("none.sh", "JAVA_HOME=/no/such/java\n")).unwrap();
    assert_eq!(eyes.java_home, None);
}

#[test]
fn an_env_file_is_taken_as_docker_takes_it_quotes_and_all() {
    let eyes = Eyes::of_env_file(&file("env", "# x\nVAULT_ADDR=\"https://v\"\nEMPTY=\n")).unwrap();
    assert_eq!(variable(&eyes, "VAULT_ADDR").as_deref(), Some("\"https://v\""));
    assert_eq!(variable(&eyes, "EMPTY").as_deref(), Some(""));
}

#[test]
fn a_unit_has_drop_ins_and_environment_files() {
    let extra = file("extra.env", "# x\nSECRET_STORE_VAULT_ROLE=\"app\"\n");
    let unit = file(
        "bitbucket.service",
        &format!(
            "[Service]\nUser=atlbitbucket\nEnvironment=VAULT_ADDR=https://old \"VAULT_NAMESPACE=team a\"\nEnvironmentFile=-/none\n\
             EnvironmentFile={}\nExecStart=/usr/bin/java -Dx=y \\\n  -Dz=1 --enable-native-access=ALL-UNNAMED -jar b.jar\n",
            extra.display()
        ),
    );
    fs::create_dir_all(format!("{}.d", unit.display())).unwrap();
    fs::write(format!("{}.d/10.conf", unit.display()), "[Service]\nEnvironment=VAULT_ADDR=https://new\n").unwrap();
    let eyes = Eyes::of_unit(unit.to_str().unwrap()).unwrap();
    assert_eq!(variable(&eyes, "VAULT_ADDR").as_deref(), Some("https://new"));
    assert_eq!(variable(&eyes, "VAULT_NAMESPACE").as_deref(), Some("team a"));
    assert_eq!(variable(&eyes, "SECRET_STORE_VAULT_ROLE").as_deref(), Some("app"));
    assert_eq!((property(&eyes, "x").as_deref(), property(&eyes, "z").as_deref()), (Some("y"), Some("1")));
    assert_eq!(eyes.user.as_ref().map(|user| user.name.as_str()), Some("atlbitbucket"));
    assert_eq!(eyes.java_home, Some(PathBuf::from("/usr")));
    assert_eq!(eyes.loading, ["--enable-native-access=ALL-UNNAMED"]);
    assert!(Eyes::of_unit("no-such-unit-here").is_err());
}

#[test]
fn container_specs_name_their_variables() {
    let docker = file("docker.json", r#"[{"Config":{"Env":["VAULT_ADDR=https://d","JAVA_OPTS=-Da=b"]}}]"#);
    let eyes = Eyes::of_spec(&docker).unwrap();
    assert_eq!((variable(&eyes, "VAULT_ADDR").as_deref(), property(&eyes, "a").as_deref()), (Some("https://d"), Some("b")));
    let pod = file(
        "pod.json",
        r#"{"spec":{"containers":[{"env":[{"name":"VAULT_ADDR","value":"https://p"},{"name":"S","valueFrom":{}}]}]}}"#,
    );
    assert_eq!(variable(&Eyes::of_spec(&pod).unwrap(), "VAULT_ADDR").as_deref(), Some("https://p"));
    let error = Eyes::of_spec(&file("x.json", "canary")).err().unwrap();
    assert!(error.contains("is not JSON") && !error.contains("canary"), "{error}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_running_process_shows_its_environment_and_arguments() {
    let mut child = std::process::Command::new("sleep").arg("30").env("VAULT_ADDR", "https://r").spawn().unwrap();
    // Until then it is still this program.
    while !fs::read(format!("/proc/{}/cmdline", child.id())).unwrap().starts_with(b"sleep") {
        std::thread::yield_now();
    }
    let eyes = Eyes::of_process(child.id());
    child.kill().unwrap();
    child.wait().unwrap();
    let eyes = eyes.unwrap();
    assert_eq!(variable(&eyes, "VAULT_ADDR").as_deref(), Some("https://r"));
    assert!(eyes.user.is_some_and(|user| user.ids.is_some()));
    assert!(Eyes::of_process(u32::MAX - 1).err().unwrap().contains("there is no process"));
}
