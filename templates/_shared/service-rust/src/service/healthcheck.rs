//! Owns the question for the health of a running service, for containers without curl.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::error::Error;
use super::settings::Settings;

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// The bytes of an answer within which its first line has ended.
const ENOUGH: u64 = 256;

/// Asks the service with these settings whether it lives.
///
/// # Errors
///
/// There is no answer in three seconds, or another one than 200.
pub fn healthcheck(settings: &Settings) -> Result<(), Error> {
    let mut address = settings.address;
    match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    let line = first_line(address).map_err(|source| Error::NoAnswer { address, source })?;
    match line.strip_prefix("HTTP/1.1 ") {
        Some(status) if status.starts_with("200 ") => Ok(()),
        Some(status) => Err(Error::Unhealthy { address, status: status.to_owned() }),
        None => {
            let source = io::Error::new(io::ErrorKind::InvalidData, "this is not HTTP");
            Err(Error::NoAnswer { address, source })
        }
    }
}

fn first_line(address: SocketAddr) -> io::Result<String> {
    let deadline = Instant::now() + PATIENCE;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    while !answer.contains(&b'\n') && (answer.len() as u64) < ENOUGH {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "it takes too long"));
        }
        stream.set_read_timeout(Some(left))?;
        let mut part = [0; 64];
        match stream.read(&mut part) {
            Ok(0) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it hung up")),
            Ok(read) => answer.extend_from_slice(&part[..read]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    let text = String::from_utf8_lossy(&answer);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
