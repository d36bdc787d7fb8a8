//! Resolves names by the system's resolv.conf and hosts file. Answers are not cached: the addresses of one look-up are
//! the ones that are checked and connected to.

use crate::{Cause, CauseKind, FetchError, FetchSettings, JobRecord, Phase};
use hickory_resolver::{
    Hosts, Resolver, TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts},
    lookup::Lookup,
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::{op::Query, rr::Name, rr::RecordType},
    system_conf,
};
use kit::Deadline;
use std::{
    convert::Infallible,
    fs,
    future::pending,
    io::{self, Read},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

const RESOLV_CONF: &str = "/etc/resolv.conf";
const HOSTS: &str = "/etc/hosts";
/// The most bytes read of a hosts file.
const HOSTS_MAX: u64 = 16 * 1024 * 1024;
/// The most addresses of a name. Those beyond are neither checked nor connected to.
const MAX_ADDRESSES: usize = 64;
/// How long addresses of IPv6 are waited for when those of IPv4 are there (RFC 8305, section 3).
const RESOLUTION_DELAY: Duration = Duration::from_millis(50);
/// How long the system's files are not checked again for changes.
const CHECK_EVERY: Duration = Duration::from_secs(1);

pub(crate) struct Dns {
    settings: Arc<FetchSettings>,
    /// When the system's files were last checked for changes, and their contents.
    system: Mutex<(Instant, Arc<System>)>,
    /// When a name server last answered.
    answered: Mutex<Option<Instant>>,
}

/// The contents of the system's files, and when they were modified.
struct System {
    written: [Option<SystemTime>; 2],
    resolver: TokioResolver,
    hosts: Hosts,
}

impl Dns {
    /// A resolver with the time limits and name servers of `settings`.
    pub(crate) fn new(settings: &FetchSettings) -> Result<Self, String> {
        let settings = Arc::new(settings.clone());
        let system = System::read(&settings).map_err(|error| format!("name servers: {error}"))?;
        Ok(Self {
            settings,
            system: Mutex::new((Instant::now(), Arc::new(system))),
            answered: Mutex::default(),
        })
    }

    /// The addresses of `host`, at least one, if they are there by `deadline`. If `relative`, search domains may complete
    /// the name. The cause of a failure goes to `record`.
    pub(crate) async fn resolve(
        &self,
        host: &str,
        relative: bool,
        deadline: Deadline,
        record: &mut JobRecord,
    ) -> Result<Vec<IpAddr>, FetchError> {
        // `Name::from_ascii` refuses labels that begin with a hyphen, which browsers look up.
        let mut name = Name::from_labels(host.split('.').map(str::as_bytes)).map_err(|_| FetchError::Dns)?;
        name.set_fqdn(!relative);
        let FetchSettings { timeout, dns_timeout, .. } = *self.settings;
        // At the end of a job's time, silence says nothing about a name server or a name.
        let is_long_enough = deadline.remaining() >= dns_timeout.min(timeout / 2);
        let (start, deadline) = (Instant::now(), deadline.within(dns_timeout));
        let system = self.system().await;
        let hosts = system.in_hosts(&name);
        if !hosts.is_empty() {
            return Ok(hosts);
        }
        let look_up = async {
            tokio::select! {
                found = self.lookup(&system.resolver, name, start) => found,
                never = self.probe(&system.resolver, start, deadline) => match never {},
            }
        };
        let found = deadline.run(look_up).await;
        if found.as_ref().is_ok_and(is_answer) {
            self.note_answer();
        }
        match found {
            Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
            Ok(Ok(_)) => {
                record.cause = Some(Cause::no_address());
                Err(FetchError::Dns)
            }
            Err(_) | Ok(Err(NetError::Timeout)) => {
                let of_name = || Cause::new(CauseKind::DnsTimeout, "no answer for this name");
                let is_answered = self.is_answered_since(start);
                let cause = || if is_answered { of_name() } else { Cause::no_name_server() };
                record.cause = is_long_enough.then(cause);
                Err(FetchError::Timeout(Phase::Dns))
            }
            Ok(Err(error)) => {
                tracing::debug!(host, %error, "name not resolved");
                record.caused_by(&error);
                Err(FetchError::Dns)
            }
        }
    }

    /// The addresses of `name`. Tries that end before a name server has answered anything leave the time to the probe.
    async fn lookup(
        &self,
        resolver: &TokioResolver,
        name: Name,
        start: Instant,
    ) -> Result<Vec<IpAddr>, NetError> {
        match lookup(resolver, name).await {
            Err(NetError::Timeout) if !self.is_answered_since(start) => pending().await,
            found => found,
        }
    }

    /// If no name server has answered after half of the time, asks for what each of them knows at once: so a name whose
    /// own servers are silent is told from a name server that is. Never ends.
    async fn probe(&self, resolver: &TokioResolver, start: Instant, deadline: Deadline) -> Infallible {
        sleep(deadline.remaining() / 2).await;
        if !self.is_answered_since(start) && is_answer(&resolver.lookup(Name::root(), RecordType::NS).await) {
            self.note_answer();
        }
        pending().await
    }

    fn note_answer(&self) {
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn is_answered_since(&self, start: Instant) -> bool {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|time| time >= start)
    }

    /// The system's files as they are now, or as they were if they cannot be read again.
    async fn system(&self) -> Arc<System> {
        let known = {
            let mut state = self.system.lock().unwrap_or_else(PoisonError::into_inner);
            if state.0.elapsed() < CHECK_EVERY {
                return Arc::clone(&state.1);
            }
            state.0 = Instant::now();
            Arc::clone(&state.1)
        };
        let (settings, written) = (Arc::clone(&self.settings), known.written);
        let read = move || (written != written_now()).then(|| System::read(&settings));
        match tokio::task::spawn_blocking(read).await {
            Ok(Some(Ok(system))) => {
                let system = Arc::new(system);
                self.system.lock().unwrap_or_else(PoisonError::into_inner).1 = Arc::clone(&system);
                system
            }
            Ok(Some(Err(error))) => {
                tracing::warn!(%error, "the name servers cannot be read again");
                known
            }
            Ok(None) | Err(_) => known,
        }
    }
}

/// Whether a name server has answered, if only that there is nothing.
fn is_answer<T>(result: &Result<T, NetError>) -> bool {
    let is_negative = |error: &NetError| {
        matches!(error, NetError::Dns(DnsError::NoRecordsFound(_) | DnsError::ResponseCode(_)))
    };
    result.as_ref().err().is_none_or(is_negative)
}

/// The addresses of both families, those of IPv6 first and only if they do not come much later than the others.
async fn lookup(resolver: &TokioResolver, name: Name) -> Result<Vec<IpAddr>, NetError> {
    // A set, which ends its task when it is dropped.
    let mut v6 = JoinSet::new();
    let (its_resolver, its_name) = (resolver.clone(), name.clone());
    v6.spawn(async move { its_resolver.ipv6_lookup(its_name).await });
    let v4 = resolver.ipv4_lookup(name).await;
    let v6 = match &v4 {
        Ok(found) if found.answers().iter().any(|record| record.data.ip_addr().is_some()) => {
            Deadline::after(RESOLUTION_DELAY).run(v6.join_next()).await.ok().flatten()
        }
        _ => v6.join_next().await,
    };
    let v6 = v6.and_then(Result::ok);
    let found = [v6.as_ref().and_then(|found| found.as_ref().ok()), v4.as_ref().ok()].into_iter().flatten();
    let addresses = found.flat_map(Lookup::answers).filter_map(|record| record.data.ip_addr());
    let addresses: Vec<IpAddr> = addresses.take(MAX_ADDRESSES).collect();
    match v4.err().or_else(|| v6?.err()) {
        Some(error) if addresses.is_empty() => Err(error),
        _ => Ok(addresses),
    }
}

impl System {
    fn read(settings: &FetchSettings) -> Result<Self, NetError> {
        let written = written_now();
        let (config, mut options, hosts) = if settings.name_servers.is_empty() {
            let (config, options) = system_config();
            (config, options, system_hosts())
        } else {
            let servers = settings.name_servers.iter().copied().map(name_server).collect();
            (ResolverConfig::from_name_servers(servers), ResolverOpts::default(), Hosts::default())
        };
        options.timeout = options.timeout.min(settings.dns_try_timeout);
        // As many tries as fit into a look-up: with more, a server that answers for one address family only would use up
        // all the time on the other. The resolver does not count the first one.
        let tries = settings.dns_timeout.as_nanos() / settings.dns_try_timeout.as_nanos().max(1);
        options.attempts =
            options.attempts.min(usize::try_from(tries).unwrap_or(usize::MAX).saturating_sub(1));
        options.cache_size = 0;
        options.use_hosts_file = ResolveHosts::Never;
        let mut builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
        *builder.options_mut() = options;
        Ok(Self { written, resolver: builder.build()?, hosts })
    }

    /// The addresses of both families in the hosts file. A name that is there is not looked up in the DNS.
    fn in_hosts(&self, name: &Name) -> Vec<IpAddr> {
        let family = |family| self.hosts.lookup_static_host(&Query::query(name.clone(), family));
        let answers = [RecordType::AAAA, RecordType::A].into_iter().filter_map(family);
        answers
            .flat_map(|lookup| lookup.answers().iter().filter_map(|r| r.data.ip_addr()).collect::<Vec<_>>())
            .collect()
    }
}

fn written_now() -> [Option<SystemTime>; 2] {
    [RESOLV_CONF, HOSTS].map(|path| fs::metadata(path).and_then(|file| file.modified()).ok())
}

/// The system's name servers, or the local one if there are none (resolv.conf(5)).
fn system_config() -> (ResolverConfig, ResolverOpts) {
    system_conf::read_system_conf().unwrap_or_else(|error| {
        tracing::warn!(%error, "no usable {RESOLV_CONF}: using the name server on this machine");
        let local = name_server((Ipv4Addr::LOCALHOST, 53).into());
        (ResolverConfig::from_name_servers(vec![local]), ResolverOpts::default())
    })
}

/// The hosts file without its malformed lines.
fn system_hosts() -> Hosts {
    let read = || -> io::Result<Hosts> {
        let mut bytes = Vec::new();
        fs::File::open(HOSTS)?.take(HOSTS_MAX).read_to_end(&mut bytes)?;
        let mut hosts = Hosts::default();
        hosts.read_hosts_conf(String::from_utf8_lossy(&bytes).as_bytes())?;
        Ok(hosts)
    };
    read().unwrap_or_else(|error| {
        tracing::debug!(%error, "no usable {HOSTS}");
        Hosts::default()
    })
}

fn name_server(address: SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    NameServerConfig::new(address.ip(), true, connections.into())
}

#[cfg(test)]
mod tests;
