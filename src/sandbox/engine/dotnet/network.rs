//! `[ipaddress]`

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::super::convert::text;
use super::super::eval::Evaluator;
use super::super::value::{Obj, Schema, Val};
use super::numbers::{byte_array, bytes, try_parse};
use super::{Fault, Outcome, arg_int, arg_text, thrown};

/// A `System.Net.IPAddress`.
pub(in super::super) fn ip_address(address: impl Into<IpAddr>) -> Val {
    let address = address.into();
    let schema = Schema::new(
        &["System.Net.IPAddress", "System.Object"],
        &[
            "AddressFamily",
            "ScopeId",
            "IsIPv6Multicast",
            "IsIPv6LinkLocal",
            "IsIPv6SiteLocal",
            "IsIPv6Teredo",
            "IsIPv4MappedToIPv6",
            "Address",
            "IPAddressToString",
        ],
    );
    let family = |name, number| Val::of_enum("System.Net.Sockets.AddressFamily", name, number);
    let six = if let IpAddr::V6(six) = address { Some(six) } else { None };
    let is = |test: fn(&Ipv6Addr) -> bool| Val::Bool(six.as_ref().is_some_and(test));
    let values = vec![
        if six.is_some() { family("InterNetworkV6", 23) } else { family("InterNetwork", 2) },
        if six.is_some() { Val::I64(0) } else { Val::Null },
        is(Ipv6Addr::is_multicast),
        is(|six| six.segments()[0] & 0xFFC0 == 0xFE80),
        is(|six| six.segments()[0] & 0xFFC0 == 0xFEC0),
        is(|six| six.segments()[..2] == [0x2001, 0]),
        is(|six| six.to_ipv4_mapped().is_some()),
        match address {
            IpAddr::V4(four) => Val::I64(u32::from_le_bytes(four.octets()).into()),
            IpAddr::V6(_) => Val::Null,
        },
        Val::str(address.to_string()),
    ];
    Obj::typed(&schema, address.to_string(), values)
}

/// .NET takes short forms of IPv4 too: a number, or fewer parts than four.
fn read(given: &str) -> Result<IpAddr, Fault> {
    let given = given.trim();
    let wrong = || Fault::Thrown("FormatException", "An invalid IP address was specified.".into());
    if let Ok(address) = given.trim_matches(['[', ']']).split('%').next().unwrap_or("").parse() {
        return Ok(address);
    }
    let parts = given.split('.').map(|part| part.parse::<u32>().ok()).collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
    let Some((last, front)) = parts.split_last() else { return Err(wrong()) };
    if front.len() > 3 || front.iter().any(|part| *part > 255) {
        return Err(wrong());
    }
    let high = front.iter().enumerate().fold(0_u32, |sum, (place, part)| sum | part << (24 - 8 * place));
    if !front.is_empty() && *last >= 1 << (32 - 8 * front.len()) {
        return Err(wrong());
    }
    Ok(IpAddr::V4(Ipv4Addr::from(high | last)))
}

pub(super) fn property(name: &str) -> Option<Val> {
    Some(match name {
        "loopback" => ip_address(Ipv4Addr::LOCALHOST),
        "any" => ip_address(Ipv4Addr::UNSPECIFIED),
        "broadcast" | "none" => ip_address(Ipv4Addr::BROADCAST),
        "ipv6loopback" => ip_address(Ipv6Addr::LOCALHOST),
        "ipv6any" | "ipv6none" => ip_address(Ipv6Addr::UNSPECIFIED),
        _ => return None,
    })
}

/// `[ipaddress]::new(...)` and casts: bytes, a number, a text.
pub(super) fn make(args: &[Val]) -> Outcome {
    let address = match args.first() {
        Some(list @ Val::List(_)) => {
            let bytes = bytes(list);
            match (<[u8; 4]>::try_from(bytes.as_slice()), <[u8; 16]>::try_from(bytes.as_slice())) {
                (Ok(four), _) => IpAddr::from(four),
                (_, Ok(six)) => IpAddr::from(six),
                _ => return thrown("ArgumentException", "An invalid IP address was specified. (Parameter 'address')"),
            }
        }
        Some(Val::Object(object)) if object.type_name() == "System.Net.IPAddress" => {
            return Ok(args.first().cloned());
        }
        Some(number) if number.as_int().is_some() => {
            let number = arg_int(args, 0)?;
            match u32::try_from(number) {
                Ok(number) => IpAddr::from(number.to_le_bytes()),
                Err(_) => {
                    return thrown(
                        "ArgumentOutOfRangeException",
                        "Specified argument was out of the range of valid values. (Parameter 'newAddress')",
                    );
                }
            }
        }
        Some(other) => read(&text(other))?,
        None => return Ok(None),
    };
    Ok(Some(ip_address(address)))
}

pub(super) fn statics(evaluator: &mut Evaluator<'_>, name: &str, args: &[Val]) -> Outcome {
    let given = arg_text(args, 0);
    Ok(Some(match name {
        "parse" => ip_address(read(&given)?),
        "tryparse" => try_parse(evaluator, read(&given).map(ip_address), args, Val::Null)?,
        "isloopback" => Val::Bool(read(&given)?.is_loopback()),
        "hosttonetworkorder" | "networktohostorder" => match args.first() {
            Some(Val::I64(number)) => Val::I64(number.swap_bytes()),
            Some(Val::I16(number)) => Val::I16(number.swap_bytes()),
            _ => Val::I32((arg_int(args, 0)? as i32).swap_bytes()),
        },
        _ => return Ok(None),
    }))
}

pub(super) fn method(object: &Arc<Obj>, name: &str) -> Outcome {
    let address = read(object.text.as_deref().unwrap_or(""))?;
    Ok(match (name, address) {
        ("getaddressbytes", IpAddr::V4(four)) => Some(byte_array(&four.octets())),
        ("getaddressbytes", IpAddr::V6(six)) => Some(byte_array(&six.octets())),
        ("maptoipv4", IpAddr::V6(six)) => Some(ip_address(six.to_ipv4_mapped().unwrap_or(Ipv4Addr::UNSPECIFIED))),
        ("maptoipv6", IpAddr::V4(four)) => Some(ip_address(four.to_ipv6_mapped())),
        _ => None,
    })
}
