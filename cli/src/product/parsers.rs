//! The readers of the products' files as functions of any bytes, for the fuzz targets (`fuzz/`) and the fixed-seed run below. None may
//! panic, and what is written into a file is what is read from it.

use std::path::Path;

use zeroize::Zeroizing;

use crate::product::{Product, ProductFile, STORE_CLASS};

/// A parser: its name, which is that of its fuzz target and of the folder of its seeds, and the function.
pub type Parser = (&'static str, fn(&[u8]));

/// All parsers.
pub const ALL: [Parser; 2] = [("properties", properties), ("xml", xml)];

/// What is written in place of a password.
const TEXT: &str = "{ENC}{\"path\":\"a\\\\b <&>\u{e4}\"}";

/// Bitbucket's properties file.
pub fn properties(input: &[u8]) {
    product(Product::Bitbucket, input);
}

/// The XML files of the other products.
pub fn xml(input: &[u8]) {
    product(Product::Jira, input);
    product(Product::Confluence, input);
}

fn product(product: Product, input: &[u8]) {
    let Ok(file) = ProductFile::parse(product, Path::new("file"), Zeroizing::new(input.to_vec())) else { return };
    let _ = (file.encrypted().len(), file.class(), file.database());
    if let Ok(changed) = file.with(product.password(), TEXT) {
        assert_eq!(changed.value(product.password()), Some(TEXT), "what was written is read");
        if let Ok(changed) = changed.with_class(STORE_CLASS) {
            assert_eq!(changed.class(), Some(STORE_CLASS), "the class that was written is read");
        }
    }
    if let Ok(changed) = file.without(file.class_entry()) {
        assert!(changed.content.len() <= file.content.len(), "nothing is added");
    }
}

#[cfg(test)]
mod tests;
