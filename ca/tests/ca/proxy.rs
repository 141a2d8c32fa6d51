//! OCSP behind a caching proxy that nobody here wrote: Apache's mod_cache, as an operator would put it before the CA.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use der::Decode;
use openssl::hash::MessageDigest;
use signum_ca::Config;
use signum_core::contract::{CertificateAuthority, LeafProfile};
use signum_pki::ocsp::response::{OcspResponse, ResponseStatus, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::house::{self, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;
use crate::ocsp::read;
use crate::presigned::plain;

const APACHE: &str = "/usr/sbin/apache2";
const MODULES: &str = "/usr/lib/apache2/modules";
/// Seconds that the proxy may keep an answer in this test: its clock is the real one.
const MAX_AGE: u32 = 2;

/// The proxy's process; it ends with the test.
struct Proxy {
    process: Child,
    address: SocketAddr,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Proxy {
    async fn before(origin: SocketAddr, dir: &Path) -> Self {
        assert!(Path::new(APACHE).exists(), "install the Debian package apache2-bin");
        let (address, cache) = (free_address().await, dir.join("cache"));
        std::fs::create_dir(&cache).unwrap();
        // Started as root it gives that up.
        for (folder, mode) in [(dir, 0o755), (cache.as_path(), 0o777)] {
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let modules = ["mpm_event", "authz_core", "proxy", "proxy_http", "cache", "cache_disk"];
        let load: String = modules
            .iter()
            .map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n"))
            .collect();
        let (root, cache) = (dir.display(), cache.display());
        let text = format!(
            "{load}ServerRoot {root}\nServerName localhost\nListen {address}\nPidFile {root}/apache.pid\n\
             ErrorLog {root}/apache.log\nUser www-data\nGroup www-data\nMergeSlashes Off\nAllowEncodedSlashes NoDecode\n\
             CacheRoot {cache}\nCacheEnable disk /\nCacheHeader on\n\
             ProxyPass / http://{origin}/ nocanon\n"
        );
        let file = dir.join("apache.conf");
        std::fs::write(&file, text).unwrap();
        let process = Command::new(APACHE)
            .args(["-X", "-f"])
            .arg(&file)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let proxy = Self { process, address };
        let mut turn = tokio::time::interval(Duration::from_millis(20));
        for _ in 0..500 {
            if TcpStream::connect(proxy.address).await.is_ok() {
                return proxy;
            }
            turn.tick().await;
        }
        panic!(
            "{}",
            std::fs::read_to_string(dir.join("apache.log")).unwrap_or_default()
        );
    }
}

async fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

/// What the proxy answered.
struct Answered {
    head: String,
    is_good: bool,
}

impl Answered {
    fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &&str| line.split(':').next().is_some_and(|n| n.eq_ignore_ascii_case(name));
        let line = self.head.lines().find(named)?;
        line.split_once(':').map(|(_, value)| value.trim())
    }

    fn is_cached(&self) -> bool {
        self.header("X-Cache").unwrap().starts_with("HIT")
    }
}

async fn ask(address: SocketAddr, path: &str) -> Answered {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: pki.example.org\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut octets = Vec::new();
    stream.read_to_end(&mut octets).await.unwrap();
    let end = octets.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&octets[..end]).into_owned();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let body = &octets[end + 4..];
    assert_eq!(OcspResponse::from_der(body).unwrap().status, ResponseStatus::Successful);
    let is_good = matches!(read(body).responses[0].status, Status::Good(_));
    Answered { head, is_good }
}

#[test]
fn a_caching_proxy_tells_a_suspension_once_the_answer_it_has_is_as_old_as_it_may_be() {
    in_own_process(|dir| async move {
        let short = Config {
            ocsp_max_age_seconds: MAX_AGE,
            ..config()
        };
        let house = house::open(&dir, short).await;
        let asked = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        let issued = house.service.issue(asked).await.unwrap();
        house.service.presign_due().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = listener.local_addr().unwrap();
        let served = tokio::spawn(axum::serve(listener, house.service.router()).into_future());
        let proxy = Proxy::before(origin, &dir).await;
        let question = STANDARD.encode(plain(&issued, MessageDigest::sha1()));
        let path = format!("/ocsp/qsig/{}", question.replace('+', "%2B").replace('/', "%2F"));

        let first = ask(proxy.address, &path).await;
        assert!(first.is_good && !first.is_cached(), "{}", first.head);
        let control = first.header("Cache-Control").unwrap();
        assert_eq!(
            control,
            format!("max-age={MAX_AGE}, public, no-transform, must-revalidate")
        );
        let second = ask(proxy.address, &path).await;
        assert!(second.is_good && second.is_cached(), "it is a cache: {}", second.head);

        house.service.suspend(&serial(&issued.certificate)).await.unwrap();
        // The proxy's clock cannot be moved: it is asked until its answer is too old.
        let mut turn = tokio::time::interval(Duration::from_millis(50));
        for _ in 0..400 {
            let answer = ask(proxy.address, &path).await;
            if !answer.is_good {
                assert!(!answer.is_cached(), "{}", answer.head);
                served.abort();
                return;
            }
            let age: u32 = answer.header("Age").unwrap().parse().unwrap();
            assert!(answer.is_cached() && age <= MAX_AGE, "{}", answer.head);
            turn.tick().await;
        }
        panic!("the proxy never asked again");
    });
}
