//! The memory limit of the process's control group, version 1 or 2 (cgroups(7)): that of its container or unit.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

/// The lowest memory limit in bytes of the process's control group and of those above it, as far as they are mounted.
pub(crate) fn memory_limit() -> Option<u64> {
    limit_under(Path::new("/"))
}

/// The same, with `/proc` and the mounted hierarchies under `root`.
fn limit_under(root: &Path) -> Option<u64> {
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let mounts = fs::read_to_string(root.join("proc/self/mountinfo")).ok()?;
    mounts.lines().filter_map(|mount| Hierarchy::parse(mount, &groups)).filter_map(|it| it.limit(root)).min()
}

/// A mounted hierarchy that controls memory, and the process's group in it.
struct Hierarchy {
    mount_point: PathBuf,
    /// The path of the group below the mount point.
    group: PathBuf,
    file: &'static str,
}

impl Hierarchy {
    /// Reads a line of `/proc/self/mountinfo`; `groups` is `/proc/self/cgroup`.
    fn parse(mount: &str, groups: &str) -> Option<Self> {
        let (mount, filesystem) = mount.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(3);
        let (root, mount_point) = (fields.next()?, fields.next()?);
        let mut filesystem = filesystem.split(' ');
        let (kind, options) = (filesystem.next()?, filesystem.nth(1).unwrap_or_default());
        let has_memory = |list: &str| list.split(',').any(|word| word == "memory");
        let (file, is_own): (_, fn(&str) -> bool) = match kind {
            "cgroup2" => ("memory.max", str::is_empty),
            "cgroup" if has_memory(options) => {
                ("memory.limit_in_bytes", |controllers| controllers.split(',').any(|word| word == "memory"))
            }
            _ => return None,
        };
        // `0::/path` for version 2, `4:memory,cpu:/path` for version 1.
        let group = groups.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            is_own(parts.next()?).then(|| parts.next())?
        })?;
        // A mount may show a part of the hierarchy; a group outside of it (`/..`) is not to be seen.
        let group = Path::new(group).strip_prefix(root).unwrap_or(Path::new(""));
        let inside = group.components().all(|part| matches!(part, Component::Normal(_)));
        let group = if inside { group.to_owned() } else { PathBuf::new() };
        Some(Self { mount_point: mount_point.into(), group, file })
    }

    fn limit(&self, root: &Path) -> Option<u64> {
        let mount_point = root.join(self.mount_point.strip_prefix("/").ok()?);
        let limit = |group: &Path| {
            let text = fs::read_to_string(mount_point.join(group).join(self.file)).ok()?;
            text.trim().parse().ok() // `max` is none
        };
        self.group.ancestors().filter_map(limit).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V2: &str = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
    const V1: &str = "\
        34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n\
        35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n\
        41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

    /// The limit with these texts of `/proc/self/cgroup` and `/proc/self/mountinfo`, and these files in `/sys/fs/cgroup`.
    fn limit(groups: &str, mounts: &str, files: &[(&str, &str)]) -> Option<u64> {
        let root = tempfile::tempdir().unwrap();
        let write = |path: PathBuf, text: &str| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(root.path().join("proc/self/cgroup"), groups);
        write(root.path().join("proc/self/mountinfo"), mounts);
        for (path, text) in files {
            write(root.path().join("sys/fs/cgroup").join(path), text);
        }
        limit_under(root.path())
    }

    #[test]
    fn the_lowest_limit_of_the_group_and_those_above_it_applies() {
        let files = |own, above| [("a/b/memory.max", own), ("a/memory.max", above)];
        assert_eq!(limit("0::/a/b\n", V2, &files("max\n", "max\n")), None);
        assert_eq!(limit("0::/a/b\n", V2, &files("1000\n", "max\n")), Some(1000));
        assert_eq!(limit("0::/a/b\n", V2, &files("max\n", "2000\n")), Some(2000));
        assert_eq!(limit("0::/a/b\n", V2, &files("3000\n", "2000\n")), Some(2000));
        assert_eq!(limit("0::/a\n", V2, &files("1000\n", "2000\n")), Some(2000), "one below is another's");
        assert_eq!(limit("0::/\n", V2, &[("memory.max", "5")]), Some(5), "in a namespace of its own");
        assert_eq!(limit("", "", &[]), None);
    }

    #[test]
    fn version_1_has_a_hierarchy_for_memory() {
        let groups = "9:name=systemd:/s\n4:cpu,memory:/a\n0::/u\n";
        let files = [
            ("memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("memory/a/memory.limit_in_bytes", "4000\n"),
            ("unified/u/memory.max", "max\n"),
        ];
        assert_eq!(limit(groups, V1, &files), Some(4000));
        assert_eq!(limit(groups, V1, &files[..1]), Some(9_223_372_036_854_771_712));
    }

    #[test]
    fn a_mount_may_show_the_part_of_the_hierarchy_that_a_container_has() {
        let part = V1.replace("0:32 / ", "0:32 /docker/1 ");
        let files = [("memory/memory.limit_in_bytes", "4000"), ("memory/x/memory.limit_in_bytes", "3000")];
        assert_eq!(limit("4:memory:/docker/1\n", &part, &files), Some(4000));
        assert_eq!(limit("4:memory:/docker/1/x\n", &part, &files), Some(3000));
        assert_eq!(limit("4:memory:/docker/2\n", &part, &files), Some(4000));
        assert_eq!(limit("0::/../x\n", V2, &[("memory.max", "1"), ("x/memory.max", "0")]), Some(1));
    }
}
