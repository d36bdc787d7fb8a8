//! The kinds of causes: a bounded set of words that metrics have as a label.

/// What kind of cause a failure has. Its name does not change when the text of the cause does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CauseKind {
    /// No name server answers.
    NameServer,
    /// This machine has no route to the address.
    NoRoute,
    /// The system lacks what a connection needs, or forbids it.
    System,
    /// The proxy cannot be reached or wants another user or password.
    Proxy,
    /// The queue is full.
    QueueFull,
    /// All jobs, the memory or the threads were in use until the deadline.
    Busy,
    /// The client has used up its share of the jobs or of the queue.
    ClientShare,
    /// All jobs that one host may have were in use until the deadline.
    HostShare,
    /// The fetch was another request's or another process's, and did not end in time.
    Shared,
    /// The name does not exist.
    NoSuchName,
    /// The name has no address.
    NoAddress,
    /// The name server answers with an error.
    DnsError,
    /// The name server answers, but not for this name.
    DnsTimeout,
    /// The connection was refused.
    Refused,
    /// The connection was reset.
    Reset,
    /// The connection was closed without an answer.
    Closed,
    /// The host or its network is unreachable.
    Unreachable,
    /// The proxy does not connect to this host.
    ProxyRefused,
    /// The certificate has expired.
    CertificateExpired,
    /// The certificate is not valid yet.
    CertificateNotYetValid,
    /// The certificate is for another name.
    CertificateName,
    /// The certificate's issuer is not trusted.
    CertificateIssuer,
    /// The certificate has another fault.
    CertificateInvalid,
    /// The origin ended the handshake with an alert.
    TlsAlert,
    /// The answer is not TLS.
    NotTls,
    /// The answer is not HTTP.
    NotHttp,
    /// The body ended early.
    Cut,
    /// The body is announced to be over the limit.
    Size,
    /// Decoding took too much processor time.
    DecodingTime,
    /// A rule of the guard.
    Guard,
}

impl CauseKind {
    /// All kinds.
    pub const ALL: [Self; 30] = [
        Self::NameServer,
        Self::NoRoute,
        Self::System,
        Self::Proxy,
        Self::QueueFull,
        Self::Busy,
        Self::ClientShare,
        Self::HostShare,
        Self::Shared,
        Self::NoSuchName,
        Self::NoAddress,
        Self::DnsError,
        Self::DnsTimeout,
        Self::Refused,
        Self::Reset,
        Self::Closed,
        Self::Unreachable,
        Self::ProxyRefused,
        Self::CertificateExpired,
        Self::CertificateNotYetValid,
        Self::CertificateName,
        Self::CertificateIssuer,
        Self::CertificateInvalid,
        Self::TlsAlert,
        Self::NotTls,
        Self::NotHttp,
        Self::Cut,
        Self::Size,
        Self::DecodingTime,
        Self::Guard,
    ];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::NameServer => "name-server",
            Self::NoRoute => "no-route",
            Self::System => "system",
            Self::Proxy => "proxy",
            Self::QueueFull => "queue-full",
            Self::Busy => "busy",
            Self::ClientShare => "client-share",
            Self::HostShare => "host-share",
            Self::Shared => "shared",
            Self::NoSuchName => "nxdomain",
            Self::NoAddress => "no-address",
            Self::DnsError => "dns-error",
            Self::DnsTimeout => "dns-timeout",
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::Unreachable => "unreachable",
            Self::ProxyRefused => "proxy-refused",
            Self::CertificateExpired => "certificate-expired",
            Self::CertificateNotYetValid => "certificate-not-yet-valid",
            Self::CertificateName => "certificate-name",
            Self::CertificateIssuer => "certificate-issuer",
            Self::CertificateInvalid => "certificate-invalid",
            Self::TlsAlert => "tls-alert",
            Self::NotTls => "not-tls",
            Self::NotHttp => "not-http",
            Self::Cut => "cut",
            Self::Size => "size",
            Self::DecodingTime => "decoding-time",
            Self::Guard => "guard",
        }
    }
}
