//! Regions, and the address of the STS of each.

/// The region in which the global address of STS is.
pub(super) const GLOBAL_REGION: &str = "us-east-1";

/// Whether it can be the name of a region.
pub(super) fn is_region(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The address of a region's STS. Source: <https://docs.aws.amazon.com/general/latest/gr/sts.html>.
pub(crate) fn sts_host(region: &str) -> String {
    let domain = match region {
        // The address that Vault asks unless it is told otherwise.
        GLOBAL_REGION => return "sts.amazonaws.com".to_owned(),
        _ if region.starts_with("cn-") => "amazonaws.com.cn",
        _ if region.starts_with("us-iso-") => "c2s.ic.gov",
        _ if region.starts_with("us-isob-") => "sc2s.sgov.gov",
        _ if region.starts_with("us-isof-") => "csp.hci.ic.gov",
        _ if region.starts_with("eu-isoe-") => "cloud.adc-e.uk",
        _ if region.starts_with("eusc-") => "amazonaws.eu",
        _ => "amazonaws.com",
    };
    format!("sts.{region}.{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regions_name_cannot_lead_elsewhere() {
        assert!(is_region("ap-southeast-2"));
        for region in ["", "eu central", "evil.example.com/", "EU-CENTRAL-1"] {
            assert!(!is_region(region), "{region}");
        }
    }

    #[test]
    fn each_partition_has_its_own_sts_and_the_default_region_is_the_global_address() {
        for (region, host) in [
            ("us-east-1", "sts.amazonaws.com"),
            ("eu-central-1", "sts.eu-central-1.amazonaws.com"),
            ("us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
            ("us-iso-east-1", "sts.us-iso-east-1.c2s.ic.gov"),
            ("us-isob-east-1", "sts.us-isob-east-1.sc2s.sgov.gov"),
            ("us-isof-south-1", "sts.us-isof-south-1.csp.hci.ic.gov"),
            ("eu-isoe-west-1", "sts.eu-isoe-west-1.cloud.adc-e.uk"),
        ] {
            assert_eq!(sts_host(region), host);
        }
    }
}
