//! Addresses and file descriptors for the test's own process.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::Ipv4Addr;

/// A loopback address for this process and `number`: no other process binds to it, so its ports stay free.
pub fn own_address(number: u8) -> Ipv4Addr {
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 128 + number, high, low)
}

/// Raises the soft limit of open files to the hard limit, and returns it.
pub fn raise_open_files() -> u64 {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("a soft limit may be raised");
    maximum.unwrap_or(u64::MAX)
}
