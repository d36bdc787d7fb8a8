//! Ports that do not serve pages.

/// The ports that browsers refuse (WHATWG Fetch, section 2.9, "bad port"), ascending.
pub(crate) const BAD: &[u16] = &[
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103,
    104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514,
    515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723,
    2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/// Ports of services that may answer to, or act on, an HTTP request, the default of the setting `ports_deny`: SQL Server,
/// Oracle, Docker (2), etcd (2), `MySQL`, Smokescreen, `PostgreSQL`, AMQP, Redis, Kubernetes, `StatsD`, Vault, Consul,
/// Kafka, Elasticsearch (2), kubelet (2), memcached, Redis Sentinel and `MongoDB`, in this order.
pub(crate) const SERVICES: &[u16] = &[
    1433, 1521, 2375, 2376, 2379, 2380, 3306, 4750, 5432, 5672, 6379, 6443, 8125, 8200, 8500, 9092, 9200,
    9300, 10250, 10255, 11211, 26379, 27017,
];

/// Whether browsers refuse `port`.
pub(crate) fn is_bad(port: u16) -> bool {
    BAD.binary_search(&port).is_ok()
}
