//! The stable code of each kind of error: what a message ends with, and what `docs/messages.md` is indexed by.

use std::fmt;

use crate::resource::Resource;

/// The code of a kind of error, shown as `VC1702`. A code keeps its meaning for good: one that is no longer used is not given to
/// another error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

impl From<Resource> for Code {
    fn from(used_up: Resource) -> Self {
        match used_up {
            Resource::Descriptors => Self::NO_DESCRIPTORS,
            Resource::Threads => Self::NO_THREADS,
            Resource::Memory => Self::NO_MEMORY,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VC{}", self.0)
    }
}

/// A row of [`CODES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeInfo {
    /// The code.
    pub code: Code,
    /// What the error is called, in a few words.
    pub name: &'static str,
}

/// A group of codes: a hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeGroup {
    /// The hundred: 17 for VC1700 to VC1799.
    pub hundred: u16,
    /// What the errors are about.
    pub name: &'static str,
}

impl CodeInfo {
    /// The group that the code is in.
    pub fn group(&self) -> u16 {
        self.code.0 / 100
    }
}

macro_rules! codes {
    ($($hundred:literal $group:literal: { $($number:literal $constant:ident $name:literal;)+ })+) => {
        impl Code {
            $($(
                #[doc = $name]
                pub const $constant: Self = Self($number);
            )+)+
        }

        /// All groups, in the order of their codes.
        pub const CODE_GROUPS: &[CodeGroup] = &[$(CodeGroup { hundred: $hundred, name: $group }),+];

        /// All codes, in their order. Those of the group 9 belong to messages of the Java class (`Failure.java`).
        pub const CODES: &[CodeInfo] = &[$($(CodeInfo { code: Code($number), name: $name }),+),+];
    };
}

codes! {
    9 "The library is not loaded": {
        901 JAVA_NO_TEXT "There is no text to resolve";
        902 JAVA_OTHER_RELEASE "The library does not belong to this jar";
        903 JAVA_SECURITY_MANAGER "The JVM's security manager does not allow it";
        904 JAVA_NOT_ABSOLUTE "The property that names the library holds no absolute path";
        905 JAVA_NO_FILE "The property that names the library names no file";
        906 JAVA_NO_LIBRARY "There is no library for this platform";
        907 JAVA_UNREADABLE "The library cannot be read";
        908 JAVA_NO_PLACE "The library cannot be unpacked";
        909 JAVA_NOT_LOADABLE "The library cannot be loaded";
        910 JAVA_NATIVE_ACCESS "The JVM does not allow native access";
        911 JAVA_NOT_EXECUTABLE "Programs may not be run from the directory of the library";
        912 JAVA_UNSAFE_PLACE "Another user could replace the library before it is loaded";
        913 JAVA_DAMAGED "The copy of the library is not what the jar holds";
        914 JAVA_NOT_PREPARED "The library does not start";
        915 JAVA_STACK "The calling thread has too little stack left";
        916 JAVA_NO_DESCRIPTORS "The process has no file descriptors left to load the library";
    }
    10 "The text of the configuration": {
        1001 TEXT "The text cannot be used";
    }
    11 "Settings": {
        1101 SETTING "A setting cannot be used";
        1102 NOT_CONFIGURED "A setting that the login needs is missing";
    }
    12 "Files": {
        1201 FILE "A file that a setting names cannot be used";
    }
    13 "TLS": {
        1301 TRUST_STORE "The certificates to trust cannot be read";
        1302 TLS "TLS to Vault failed";
    }
    14 "Network": {
        1401 UNKNOWN_HOST "The host name cannot be resolved";
        1402 CONNECTION_REFUSED "The connection was refused";
        1403 CONNECT_TIMEOUT "No connection in time";
        1404 TIMEOUT "No complete answer in time";
        1405 CLOSED "The connection was closed before the answer was complete";
        1406 PROXY_UNREACHABLE "The proxy cannot be reached";
        1407 PROXY_CREDENTIALS "The proxy requires a user name and a password";
        1408 PROXY_FORBIDS "The proxy forbids the connection";
        1409 PROXY "The proxy did not connect to Vault";
        1410 NETWORK "Another network failure";
        1411 SOCKET_MISSING "The unix socket does not exist";
        1412 SOCKET_REFUSED "Nothing listens on the unix socket";
        1413 CONNECT_FORBIDDEN "The system does not allow the process to connect";
        1414 HTTP2_ONLY "The server speaks HTTP/2 only";
    }
    15 "The answer is not from Vault": {
        1501 NOT_VAULT "Something other than Vault answered";
        1502 WANTS_TLS "The server speaks TLS, and the endpoint says http";
        1503 BAD_ANSWER "The answer cannot be understood";
        1504 REDIRECTED "A redirect is not followed";
    }
    16 "Login and token": {
        1601 LOGIN_REFUSED "The login was refused";
        1602 TOKEN_REFUSED "The token is not accepted";
        1603 NAMESPACE_UNKNOWN "There is no such namespace";
        1604 TOKEN_USED_UP "The token has no use left";
        1605 NO_IDENTITY "The cloud gives this machine no identity";
    }
    17 "Reading the secret": {
        1701 DENIED "The policies do not allow reading the secret";
        1702 SECRET_MISSING "There is no secret at this path";
        1703 VERSION_MISSING "The secret has no such version";
        1704 SECRET_DELETED "The version was deleted";
        1705 SECRET_DESTROYED "The version was destroyed";
        1706 MOUNT_UNKNOWN "There is no such mount";
        1707 OTHER_ENGINE "The mount has another engine";
    }
    18 "The value in the secret": {
        1801 KEY_MISSING "The secret has no such key";
        1802 VALUE_UNUSABLE "The value cannot be used as a password";
    }
    19 "Storing": {
        1901 STORE_DENIED "The policies do not allow storing the secret";
        1902 STORE_ENGINE_UNKNOWN "The engine of the mount is not known";
        1903 STORE_DATA_PATH "The path begins with data/";
        1904 STORE_OTHER_VALUE "The key has another value";
        1905 STORE_WRITTEN_MEANWHILE "Another client wrote the secret at the same time";
        1906 STORE_UNSURE "It is not known whether the secret was written";
        1907 STORE_NOT_READ_BACK "The secret is stored, but the server cannot read it";
        1908 STORE_NO_TEMPLATE "A plain secret, and nothing says where it is to be stored";
    }
    20 "The state of Vault": {
        2001 SEALED "Vault is sealed";
        2002 UNINITIALISED "Vault is not initialised";
        2003 NO_LEADER "The cluster has no active node";
        2004 RATE_LIMITED "A quota of Vault rejects the request";
        2005 REFUSED "Vault answered with another error";
        2006 STANDBY_READ_ONLY "A standby cannot do what was asked of it";
    }
    21 "The server that reads": {
        2101 INTERRUPTED "The server is stopping";
        2102 NO_DESCRIPTORS "The process has no file descriptors left";
        2103 NO_THREADS "The process has no threads left";
        2104 NO_MEMORY "The process has no memory left";
        2105 SYSTEM_REFUSES "The system refuses a call that the process needs";
    }
    22 "Internal": {
        2201 INTERNAL "Internal error";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_ascend_within_their_groups_and_no_name_is_there_twice() {
        assert!(CODES.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert!(CODE_GROUPS.windows(2).all(|pair| pair[0].hundred < pair[1].hundred));
        for info in CODES {
            assert!(CODE_GROUPS.iter().any(|group| group.hundred == info.group()), "{}", info.code);
            assert_eq!(CODES.iter().filter(|other| other.name == info.name).count(), 1, "{}", info.name);
        }
        assert_eq!(Code::SEALED.to_string(), "VC2001");
    }
}
