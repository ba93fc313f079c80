//! The bags of a PKCS #12 file, and the entries that Java (`PKCS12KeyStore`) makes of them: names, and which certificate is whose.

use std::collections::HashMap;

use zeroize::Zeroizing;

use crate::tls::key_store::pbe::{self, Effort, Problem};
use crate::tls::x509::Certificate as X509;

/// The identifier that Java gives to the only key and to its certificate where they have none.
const ID_OF_ONLY_KEY: &[u8] = b"01";

/// A bag with its attributes.
pub(in crate::tls) struct Bag {
    pub(in crate::tls) content: Content,
    /// Whether it is the first of its part of the file.
    pub(in crate::tls) is_first: bool,
    /// The friendlyName.
    pub(in crate::tls) name: Option<String>,
    /// The localKeyID: what a key and its certificate have in common.
    pub(in crate::tls) id: Option<Vec<u8>>,
    /// Whether it has Java's mark of a certificate to trust.
    pub(in crate::tls) is_trusted: bool,
}

/// What a bag holds.
pub(in crate::tls) enum Content {
    /// DER.
    Certificate(Vec<u8>),
    /// An encrypted private key: an `EncryptedPrivateKeyInfo`.
    Key(Vec<u8>),
    /// A private key in PKCS #8. Java passes it over.
    PlainKey(Zeroizing<Vec<u8>>),
    /// A secret key or a password.
    Secret,
    /// What Java passes over.
    Other,
}

/// What stands under a name: the last that has it.
#[derive(Clone, Copy)]
enum Entry<'a> {
    Trusted(&'a [u8]),
    Key(usize),
    Secret,
}

struct Key<'a> {
    content: &'a Content,
    name: String,
    id: &'a [u8],
}

/// By what a certificate without Java's mark is found: identifier, name in small letters, or both.
type Relation<'a> = (Option<&'a [u8]>, Option<String>);

/// A private key (PKCS #8), and its certificates.
pub(in crate::tls) type KeyAndChain<'a> = (Zeroizing<Vec<u8>>, Vec<&'a [u8]>);

/// What is in a store.
pub(in crate::tls) struct Entries<'a> {
    by_name: HashMap<String, Entry<'a>>,
    keys: Vec<Key<'a>>,
    /// The certificates without Java's mark, each of a key or of an issuer: with an identifier and a name the first, with one of the two
    /// the last.
    unmarked: HashMap<Relation<'a>, &'a [u8]>,
    first_unmarked: Option<&'a [u8]>,
    /// All certificates.
    certificates: Vec<&'a [u8]>,
}

impl<'a> Entries<'a> {
    /// Takes the bags in their order, on which Java's rules depend.
    pub(in crate::tls) fn new(bags: &'a [Bag]) -> Self {
        let mut entries = Self {
            by_name: HashMap::new(),
            keys: Vec::new(),
            unmarked: HashMap::new(),
            first_unmarked: None,
            certificates: Vec::new(),
        };
        let mut encrypted_keys = 0;
        let mut unnamed = 0;
        let mut name_of = |bag: &Bag| {
            bag.name.clone().unwrap_or_else(|| {
                unnamed += 1;
                unnamed.to_string()
            })
        };
        for bag in bags {
            let id = bag.id.as_deref();
            match &bag.content {
                Content::Key(_) => {
                    encrypted_keys += 1;
                    let Some(id) = id.or((encrypted_keys == 1).then_some(ID_OF_ONLY_KEY)) else { continue };
                    let name = name_of(bag);
                    entries.by_name.insert(name.to_lowercase(), Entry::Key(entries.keys.len()));
                    entries.keys.push(Key { content: &bag.content, name, id });
                }
                Content::PlainKey(_) => {
                    let name = bag.name.clone().unwrap_or_default();
                    entries.keys.push(Key { content: &bag.content, name, id: id.unwrap_or(ID_OF_ONLY_KEY) });
                }
                Content::Secret => {
                    entries.by_name.insert(name_of(bag).to_lowercase(), Entry::Secret);
                }
                Content::Certificate(der) => {
                    entries.certificates.push(der);
                    if bag.is_trusted {
                        entries.by_name.insert(name_of(bag).to_lowercase(), Entry::Trusted(der));
                    } else {
                        let id = id.or((encrypted_keys == 1 && bag.is_first).then_some(ID_OF_ONLY_KEY));
                        let name = bag.name.as_ref().map(|name| name.to_lowercase());
                        if id.is_some() && name.is_some() {
                            entries.unmarked.entry((id, name.clone())).or_insert(der);
                        }
                        entries.unmarked.extend(
                            [((id, None), der.as_slice()), ((None, name), der)].into_iter().filter(|(by, _)| *by != (None, None)),
                        );
                        entries.first_unmarked.get_or_insert(der);
                    }
                }
                Content::Other => {}
            }
        }
        entries
    }

    /// All certificates, whether Java trusts them or not.
    pub(in crate::tls) fn certificates(&self) -> &[&'a [u8]] {
        &self.certificates
    }

    /// The certificates that Java takes as trust anchors: those marked as trusted, and the own certificate of each encrypted key.
    ///
    /// A certificate without the mark and without a key is nothing to Java: openssl writes such ones unless called with
    /// `-jdktrust anyExtendedKeyUsage`.
    pub(in crate::tls) fn anchors(&self) -> Vec<&'a [u8]> {
        let anchor = |entry: &Entry<'a>| match entry {
            Entry::Trusted(der) => Some(*der),
            Entry::Key(at) => self.keys.get(*at).and_then(|key| self.own_certificate(key)),
            Entry::Secret => None,
        };
        self.by_name.values().filter_map(anchor).collect()
    }

    /// The keys that have a certificate here, decrypted, each with its chain, its own certificate first.
    pub(in crate::tls) fn keys(&self, password: &str, mut effort: Effort) -> Result<Vec<KeyAndChain<'a>>, Problem> {
        let mut found = Vec::new();
        for key in &self.keys {
            // Of a store with one key most tools write its certificate first, whatever Java thinks of it.
            let first = || self.first_unmarked.filter(|_| self.keys.len() == 1);
            let Some(own) = self.own_certificate(key).or_else(first) else { continue };
            let der = match key.content {
                Content::Key(encrypted) => pbe::decrypt_key(encrypted, password, &mut effort)?,
                Content::PlainKey(der) => der.clone(),
                _ => continue,
            };
            found.push((der, self.chain(own)));
        }
        Ok(found)
    }

    /// Of the certificates with the key's identifier the one that has its name, too, otherwise the last; without any the last one with
    /// its name.
    fn own_certificate(&self, key: &Key<'_>) -> Option<&'a [u8]> {
        let (id, name) = (Some(key.id), Some(key.name.to_lowercase()));
        [(id, name.clone()), (id, None), (None, name)].iter().find_map(|by| self.unmarked.get(by)).copied()
    }

    /// From `own` up to the last issuer that is here.
    fn chain(&self, own: &'a [u8]) -> Vec<&'a [u8]> {
        let mut chain = vec![own];
        let mut last = X509::from_der(own);
        while let Some(fields) = last.filter(|fields| fields.issuer != fields.subject) {
            let issuer = self
                .certificates
                .iter()
                .find_map(|der| X509::from_der(der).filter(|of| of.subject == fields.issuer).map(|of| (*der, of)));
            // A circle ends where it began.
            let Some((der, fields)) = issuer.filter(|(der, _)| !chain.contains(der)) else { break };
            chain.push(der);
            last = Some(fields);
        }
        chain
    }
}
