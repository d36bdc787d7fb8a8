//! Why there is no connection: the error for the client, and the cause for operators.

use crate::{Cause, CauseKind, FetchError, JobRecord, Phase};
use std::{
    error::Error,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
};

/// Notes the cause of the error, which does not leave the process.
pub(crate) fn failed(record: &mut JobRecord, error: &(dyn Error + 'static)) -> FetchError {
    tracing::debug!(error, "cannot connect");
    record.caused_by(error);
    let mut causes = std::iter::successors(Some(error), |error: &&(dyn Error + 'static)| (*error).source());
    let timed_out = |cause: &(dyn Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|cause| cause.kind() == io::ErrorKind::TimedOut)
    };
    if causes.any(timed_out) { FetchError::Timeout(Phase::Connect) } else { FetchError::Connect }
}

/// Tells a network that cannot be reached from what this machine lacks.
pub(crate) fn name_missing_route(record: &mut JobRecord, addresses: &[IpAddr]) {
    let Some(cause) = &mut record.cause else { return };
    // To have no IPv6 is an operator's choice. Where it is switched off, the error is that of a machine without free ports.
    let is_off = |ip: &IpAddr| ip.is_ipv6() && obstacle(*ip) == Some(io::ErrorKind::AddrNotAvailable);
    if cause.kind == CauseKind::System && addresses.iter().any(is_off) {
        *cause = Cause::new(CauseKind::Unreachable, "this machine has no IPv6");
    }
    // A broadcast address has a route, to which the system does not let a socket send by default.
    let is_routeless =
        |kind| matches!(kind, io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable);
    let has_no_route = |ip: &IpAddr| ip.is_ipv4() && obstacle(*ip).is_some_and(is_routeless);
    if cause.kind == CauseKind::Unreachable && addresses.iter().any(has_no_route) {
        *cause = Cause::new(CauseKind::NoRoute, "this machine has no route to the address");
    }
}

/// Why this machine cannot send to `ip`. No packet is sent.
fn obstacle(ip: IpAddr) -> Option<io::ErrorKind> {
    let any = match ip {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    // The number of the port is of no account.
    let connected = UdpSocket::bind((any, 0)).and_then(|socket| socket.connect((ip, 9)));
    connected.err().map(|error| error.kind())
}
