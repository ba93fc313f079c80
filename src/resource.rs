//! What a process can use up. The fault is then not Vault's or a setting's, and messages say so.

use std::io;

use memmap2::MmapMut;

/// What this process has none left of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resource {
    /// File descriptors: open files and connections.
    Descriptors,
    /// Threads.
    Threads,
    /// Memory, or address space.
    Memory,
}

/// Whether so many bytes of memory can be had at the moment. Asked before work that takes many small pieces of it: one that cannot be
/// had ends the process. They are mapped and not touched: the allocator, which may still have some where the system gives none, would
/// erase them afterwards, page by page.
pub(crate) fn has_memory(bytes: usize) -> bool {
    MmapMut::map_anon(bytes).is_ok() || {
        let mut probe = Vec::<u8>::new();
        let has = probe.try_reserve_exact(bytes).is_ok();
        // Or the compiler leaves out what is not used.
        std::hint::black_box(&probe);
        has
    }
}

impl Resource {
    /// What the system's error says is used up. Not for a thread that cannot be started: that error has other meanings elsewhere.
    pub(crate) fn from_error(error: &io::Error) -> Option<Self> {
        if error.kind() == io::ErrorKind::OutOfMemory {
            return Some(Self::Memory);
        }
        #[cfg(unix)]
        match error.raw_os_error() {
            Some(libc::EMFILE | libc::ENFILE) => return Some(Self::Descriptors),
            Some(libc::ENOBUFS) => return Some(Self::Memory),
            _ => {}
        }
        None
    }

    /// What is wrong.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Descriptors => "this process has no file descriptors left",
            Self::Threads => "this process has no threads left",
            Self::Memory => "this process has no memory left",
        }
    }

    /// What the administrator can do about it.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Descriptors => {
                "see what this process keeps open (ls -l /proc/PID/fd), or raise its limit (LimitNOFILE in the systemd unit, ulimit -n)"
            }
            Self::Threads => {
                "see how many threads its user has (ps -eLf), or raise the limit (TasksMax and LimitNPROC in the systemd unit, \
                 ulimit -u; in a container the limit of PIDs)"
            }
            Self::Memory => {
                "see what takes the memory of this machine or container, or raise the limit (MemoryMax and LimitAS in the systemd unit, \
                 ulimit -v)"
            }
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_cannot_be_had_is_not_there() {
        assert!(has_memory(1 << 20));
        assert!(!has_memory(isize::MAX as usize / 2));
    }

    #[test]
    fn the_systems_errors_name_what_is_used_up() {
        for (number, resource) in [
            (libc::EMFILE, Some(Resource::Descriptors)),
            (libc::ENFILE, Some(Resource::Descriptors)),
            (libc::ENOMEM, Some(Resource::Memory)),
            (libc::ENOBUFS, Some(Resource::Memory)),
            (libc::EAGAIN, None),
            (libc::ENOENT, None),
            (libc::ECONNREFUSED, None),
        ] {
            assert_eq!(Resource::from_error(&io::Error::from_raw_os_error(number)), resource, "{number}");
        }
    }
}
