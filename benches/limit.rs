//! The limit: what the network and the server cost. A socket that writes a request prepared beforehand and reads the reply,
//! nothing else; with TLS the same library as vault-cipher's, its trust prepared beforehand.
//!
//! `limit first ADDRESS PATH [CA.pem]` connects, asks once and prints the nanoseconds from before the connection to the end of
//! the reply. `limit stay ADDRESS PATH [CA.pem]` takes the orders `reads N` and `load THREADS MILLIS` that benches/java's
//! `Worker` takes, on connections that are kept. `limit library …` takes the same orders and obeys them with the HTTP library that
//! vault-cipher is built on and nothing else around it, optimised for speed: what is between the two is the library's. ADDRESS is `127.0.0.1:8200`; the token is in `SECRET_STORE_VAULT_TOKEN`.

use std::error::Error;
use std::io::{self, BufRead, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["first", way @ ..] => {
            let way = Way::new(way)?;
            let start = Instant::now();
            way.connect()?.ask(&way)?;
            println!("{}", start.elapsed().as_nanos());
        }
        ["stay" | "library", way @ ..] => {
            let way = Way { library: arguments.first() == Some(&"library"), ..Way::new(way)? };
            // Connected when first needed: Vault closes a connection on which no request comes within ten seconds.
            let mut kept = None;
            for order in io::stdin().lock().lines() {
                let order = order?;
                match order.split(' ').collect::<Vec<_>>().as_slice() {
                    ["reads", count] => {
                        let kept = match &mut kept {
                            Some(connected) => connected,
                            none => none.insert(way.connect()?),
                        };
                        println!("{}", reads(kept, &way, count.parse()?)?);
                    }
                    ["load", threads, millis] => {
                        println!("{}", load(&way, threads.parse()?, Duration::from_millis(millis.parse()?))?);
                    }
                    _ => return Err(format!("no such order: {order}").into()),
                }
            }
        }
        // What `cargo bench` without arguments gets.
        _ => println!("usage: limit first|stay|library ADDRESS PATH [CA.pem]; `make bench` calls it"),
    }
    Ok(())
}

/// The median of the nanoseconds of so many requests, one after the other.
fn reads(kept: &mut Box<dyn Connection>, way: &Way, count: usize) -> Outcome<u128> {
    let mut nanos = Vec::with_capacity(count);
    for _ in 0..count {
        let start = Instant::now();
        kept.ask(way)?;
        nanos.push(start.elapsed().as_nanos());
    }
    nanos.sort_unstable();
    Ok(nanos.get(count / 2).copied().unwrap_or_default())
}

/// Requests a second with so many threads, each on a connection of its own.
fn load(way: &Way, threads: usize, time: Duration) -> Outcome<f64> {
    let start = Instant::now();
    let counts = std::thread::scope(|scope| {
        let started: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| -> Outcome<u32> {
                    let mut connection = way.connect()?;
                    let mut done = 0;
                    while start.elapsed() < time {
                        connection.ask(way)?;
                        done += 1;
                    }
                    Ok(done)
                })
            })
            .collect();
        started.into_iter().map(|thread| thread.join().map_err(|_| "a thread panicked")?).collect::<Outcome<Vec<u32>>>()
    })?;
    Ok(f64::from(counts.iter().sum::<u32>()) / start.elapsed().as_secs_f64())
}

/// Where to, what to write, and whom to trust.
struct Way {
    address: String,
    path: String,
    token: String,
    request: Vec<u8>,
    tls: Option<Arc<ClientConfig>>,
    /// Whether the HTTP library does it.
    library: bool,
}

impl Way {
    fn new(arguments: &[&str]) -> Outcome<Self> {
        let [address, path, ca @ ..] = arguments else { return Err("ADDRESS and PATH are missing".into()) };
        let token = std::env::var("SECRET_STORE_VAULT_TOKEN")?;
        let tls = match ca {
            [pem] => {
                let mut roots = RootCertStore::empty();
                roots.add(CertificateDer::from_pem_file(pem)?)?;
                Some(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
            }
            _ => None,
        };
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nx-vault-request: true\r\nx-vault-token: {token}\r\naccept: */*\r\n\r\n"
        );
        let (address, path) = ((*address).to_owned(), (*path).to_owned());
        Ok(Self { address, path, token, request: request.into_bytes(), tls, library: false })
    }

    fn connect(&self) -> Outcome<Box<dyn Connection>> {
        if self.library {
            return Ok(Box::new(self.with_library()?));
        }
        let socket = TcpStream::connect(&self.address)?;
        socket.set_nodelay(true)?;
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(socket),
            Some(config) => {
                let host = self.address.split(':').next().unwrap_or_default().to_owned();
                let session = ClientConnection::new(Arc::clone(config), ServerName::try_from(host)?)?;
                Box::new(StreamOwned::new(session, socket))
            }
        };
        Ok(Box::new(Bare { stream, buffer: vec![0; 16 * 1024] }))
    }

    fn with_library(&self) -> Outcome<Library> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .http1_only();
        // It wants a configuration for plain HTTP as well.
        let nobody = || Arc::new(ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth());
        let tls = self.tls.clone().unwrap_or_else(nobody);
        let client = builder.tls_backend_preconfigured(ClientConfig::clone(&tls)).build()?;
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let request = client
            .get(format!("{scheme}://{}{}", self.address, self.path))
            .header("x-vault-request", "true")
            .header("x-vault-token", &self.token)
            .build()?;
        Ok(Library { runtime, client, request })
    }
}

trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

trait Connection: Send {
    /// Writes the request and reads the reply, which must be a 200 with a length.
    fn ask(&mut self, way: &Way) -> Outcome<()>;
}

/// The HTTP library, with a request prepared beforehand.
struct Library {
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
    request: reqwest::Request,
}

impl Connection for Library {
    fn ask(&mut self, _: &Way) -> Outcome<()> {
        let request = self.request.try_clone().ok_or("a request without a body")?;
        self.runtime.block_on(async {
            let response = self.client.execute(request).await?.error_for_status()?;
            std::hint::black_box(response.bytes().await?);
            Ok(())
        })
    }
}

/// A socket, or TLS on one.
struct Bare {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
}

impl Connection for Bare {
    fn ask(&mut self, way: &Way) -> Outcome<()> {
        self.stream.write_all(&way.request)?;
        self.stream.flush()?;
        let mut filled = 0;
        loop {
            let read = self.stream.read(self.buffer.get_mut(filled..).unwrap_or_default())?;
            if read == 0 {
                return Err("the reply ends early, or is larger than expected".into());
            }
            filled += read;
            if is_whole(self.buffer.get(..filled).unwrap_or_default())? {
                return Ok(());
            }
        }
    }
}

fn is_whole(reply: &[u8]) -> Outcome<bool> {
    const LENGTH: &[u8] = b"\r\ncontent-length: ";
    let Some(head) = reply.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(false) };
    if !reply.starts_with(b"HTTP/1.1 200 ") {
        return Err(format!("not 200 but {}", String::from_utf8_lossy(reply.get(..12).unwrap_or(reply))).into());
    }
    let length: usize = reply
        .windows(LENGTH.len())
        .position(|window| window.eq_ignore_ascii_case(LENGTH))
        .and_then(|at| reply.get(at + LENGTH.len()..)?.split(|byte| *byte == b'\r').next())
        .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
        .ok_or("the reply has no length")?;
    Ok(reply.len() >= head + 4 + length)
}
