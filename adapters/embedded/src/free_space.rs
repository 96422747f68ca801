//! Whether the disk below the folder has space left, asked of the file system without writing anything.

use std::path::Path;

use rustix::fs::{StatVfs, StatVfsMountFlags, statvfs};
use rustix::process::geteuid;

/// With less than this a commit of usual size is likely to fail half-way: a few pages of the log and of its index.
const LEAST: u64 = 256 << 10;

/// Why nothing can be written below `path`; `None` if nothing speaks against it.
///
/// # Errors
/// If the file system does not tell.
pub(crate) fn shortage(path: &Path) -> std::io::Result<Option<String>> {
    Ok(judge(&statvfs(path)?, geteuid().is_root()).map(|why| format!("{}: {why}", path.display())))
}

fn judge(told: &StatVfs, privileged: bool) -> Option<String> {
    if told.f_flag.contains(StatVfsMountFlags::RDONLY) {
        return Some("its file system is mounted read-only".to_owned());
    }
    // Some blocks are reserved for the administrator, whose processes are not stopped by that.
    let blocks = if privileged { told.f_bfree } else { told.f_bavail };
    let free = blocks.saturating_mul(told.f_frsize);
    // File systems without a size of their own say zero of everything.
    if told.f_blocks == 0 || free >= LEAST {
        return None;
    }
    Some(format!(
        "{free} bytes are left on its disk, which is full; free some space"
    ))
}

#[cfg(test)]
mod tests {
    use super::{LEAST, StatVfs, StatVfsMountFlags, judge, statvfs};

    fn told(change: impl FnOnce(&mut StatVfs)) -> StatVfs {
        let mut told = statvfs("/").unwrap();
        told.f_flag = StatVfsMountFlags::empty();
        told.f_frsize = 4096;
        told.f_blocks = 1000;
        told.f_bfree = 500;
        told.f_bavail = 500;
        change(&mut told);
        told
    }

    #[test]
    fn a_disk_with_space_is_fine() {
        assert_eq!(judge(&told(|_| {}), false), None);
    }

    #[test]
    fn a_full_disk_is_told_with_what_is_left() {
        let full = told(|told| told.f_bavail = LEAST / 4096 - 1);
        let why = judge(&full, false).unwrap();
        assert!(
            why.contains("258048 bytes") && why.contains("free some space"),
            "{why}"
        );
    }

    #[test]
    fn the_reserve_of_the_administrator_counts_for_nobody_else() {
        let reserved = told(|told| told.f_bavail = 0);
        assert!(judge(&reserved, false).is_some());
        assert_eq!(judge(&reserved, true), None);
    }

    #[test]
    fn a_read_only_mount_is_named() {
        let locked = told(|told| told.f_flag = StatVfsMountFlags::RDONLY);
        assert!(judge(&locked, true).unwrap().contains("read-only"));
    }

    #[test]
    fn a_file_system_without_a_size_says_nothing() {
        let endless = told(|told| (told.f_blocks, told.f_bfree, told.f_bavail) = (0, 0, 0));
        assert_eq!(judge(&endless, false), None);
    }
}
