//! What the test's own process may have.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::Ipv4Addr;

/// A loopback address that no other process binds to, one for each `number`: its ports are free, and stay so.
pub fn own_address(number: u8) -> Ipv4Addr {
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 128 + number, high, low)
}

/// Raises the soft limit of open files to the hard one; gives that.
pub fn raise_open_files() -> u64 {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("a soft limit may be raised");
    maximum.unwrap_or(u64::MAX)
}
