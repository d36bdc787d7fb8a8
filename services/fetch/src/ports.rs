//! Ports that do not serve pages.

/// The ports that browsers refuse (WHATWG Fetch, section 2.9, "bad port"), ascending.
pub(crate) const BAD: &[u16] = &[
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103,
    104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514,
    515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723,
    2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/// Ports of services that may answer to, or act on, an HTTP request, each with its best-known service.
const SERVICES: &[(u16, &str)] = &[
    (1433, "SQL Server"),
    (1521, "Oracle"),
    (2375, "Docker"),
    (2376, "Docker with TLS"),
    (2379, "etcd"),
    (2380, "etcd peers"),
    (3306, "MySQL"),
    (4750, "Smokescreen"),
    (5432, "PostgreSQL"),
    (5672, "AMQP"),
    (6379, "Redis"),
    (6443, "Kubernetes"),
    (8125, "StatsD"),
    (8200, "Vault"),
    (8500, "Consul"),
    (9092, "Kafka"),
    (9200, "Elasticsearch"),
    (9300, "Elasticsearch nodes"),
    (10250, "kubelet"),
    (10255, "kubelet, read-only"),
    (11211, "memcached"),
    (26379, "Redis Sentinel"),
    (27017, "MongoDB"),
];

/// The default of the setting `ports_deny`.
pub(crate) fn services() -> Vec<u16> {
    SERVICES.iter().map(|(port, _)| *port).collect()
}

/// Whether browsers refuse `port`.
pub(crate) fn is_bad(port: u16) -> bool {
    BAD.binary_search(&port).is_ok()
}
