//! `[System.Net.Dns]`: the names of the fleet.

use std::net::Ipv4Addr;

use super::super::cmdlets::method_failed;
use super::super::convert::text;
use super::super::dotnet::ip_address;
use super::super::errors::ErrorRecord;
use super::super::value::{Obj, Schema, Val};
use super::{Evaluator, Run};

pub(super) fn call(evaluator: &Evaluator<'_>, name: &str, args: &[Val]) -> Run<Option<Val>> {
    let wanted = args.first().map_or_else(String::new, text);
    Ok(Some(match name {
        "gethostname" => Val::str(evaluator.host.name().to_uppercase()),
        "gethostentry" | "gethostbyname" | "resolve" | "gethostbyaddress" => {
            let (name, address) = resolve(evaluator, &wanted, name)?;
            let schema =
                Schema::new(&["System.Net.IPHostEntry", "System.Object"], &["HostName", "Aliases", "AddressList"]);
            let values = vec![
                Val::str(name),
                Val::list("System.String[]", Vec::new()),
                Val::list("System.Net.IPAddress[]", vec![ip_address(address)]),
            ];
            Obj::typed(&schema, "System.Net.IPHostEntry", values)
        }
        "gethostaddresses" => {
            let (_, address) = resolve(evaluator, &wanted, name)?;
            Val::list("System.Net.IPAddress[]", vec![ip_address(address)])
        }
        _ => return Ok(None),
    }))
}

fn resolve(evaluator: &Evaluator<'_>, wanted: &str, method: &str) -> Result<(String, Ipv4Addr), ErrorRecord> {
    // No name is the host itself.
    let name = if wanted.is_empty() { evaluator.host.name() } else { wanted };
    if let Some(host) = evaluator.host.fellow(name) {
        return Ok((host.full_name(), host.address()));
    }
    let method = match method {
        "gethostentry" => "GetHostEntry",
        "gethostaddresses" => "GetHostAddresses",
        "gethostbyname" => "GetHostByName",
        "resolve" => "Resolve",
        _ => "GetHostByAddress",
    };
    Err(method_failed(method, &[Val::Null], "No such host is known.", "SocketException"))
}
