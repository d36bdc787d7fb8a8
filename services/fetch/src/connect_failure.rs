//! Why there is no connection: the error for the client, and the cause for operators.

use crate::{Cause, CauseKind, FetchError, JobRecord, Phase};
use std::{
    error::Error,
    io,
    net::{IpAddr, Ipv4Addr, UdpSocket},
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

/// Tells a network that cannot be reached from a route that this machine lacks.
pub(crate) fn name_missing_route(record: &mut JobRecord, addresses: &[IpAddr]) {
    let is_unreachable = record.cause.as_ref().is_some_and(|cause| cause.kind == CauseKind::Unreachable);
    // To have no IPv6 is an operator's choice.
    if is_unreachable && addresses.iter().any(|ip| ip.is_ipv4() && !has_route(*ip)) {
        record.cause = Some(Cause::new(CauseKind::NoRoute, "this machine has no route to the address"));
    }
}

/// Whether this machine has a route to `ip`, an IPv4 address. No packet is sent.
fn has_route(ip: IpAddr) -> bool {
    // The number of the port is of no account.
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0));
    socket.and_then(|socket| socket.connect((ip, 9))).is_ok()
}
