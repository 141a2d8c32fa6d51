//! Which addresses are of the public Internet (IANA special-purpose registries, RFC 6890).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Everything but what is certainly public counts as ours.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(four) => four_is_public(four),
        IpAddr::V6(six) => six_is_public(six),
    }
}

fn four_is_public(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_unspecified()
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_broadcast()
        || address.is_multicast();
    let shared = a == 100 && (64..128).contains(&b);
    let protocols = (a, b, c) == (192, 0, 0) || (a, b, c) == (192, 88, 99);
    let benchmarks = a == 198 && (b == 18 || b == 19);
    !(special || a == 0 || a >= 240 || shared || protocols || benchmarks)
}

fn six_is_public(address: Ipv6Addr) -> bool {
    let [a, b, c, d, _, _, g, h] = address.segments();
    // 64:ff9b::/96 and 2002::/16 carry an IPv4 address.
    if (a, b) == (0x64, 0xff9b) {
        return (c, d) == (0, 0) && four_is_public(embedded(g, h));
    }
    if a == 0x2002 {
        return four_is_public(embedded(b, c));
    }
    let global_unicast = a & 0xe000 == 0x2000;
    // Teredo and the other special assignments of 2001::/23; documentation.
    let special = (a == 0x2001 && b < 0x200) || (a, b) == (0x2001, 0xdb8) || (a == 0x3fff && b < 0x1000);
    global_unicast && !special
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn private_special_and_disguised_addresses_are_not_public() {
        for ours in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.168.1.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.51.100.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "fec0::1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2001::1",
            "2001:db8::1",
            "2002:a00:1::1",
            "3fff::1",
            "::127.0.0.1",
        ] {
            assert!(!is_public(ours.parse().unwrap()), "{ours}");
        }
        for public in [
            "1.1.1.1",
            "192.0.1.1",
            "100.128.0.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "64:ff9b::101:101",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
