//! From settled settings to an endpoint, with the rules that must hold before the first connection.

use std::path::{Path, PathBuf};

use crate::config::{Connection, Given, Problem, Source, Transport, Untrusted};
use crate::target::{AuthMethod, Endpoint, LocalEndpoint, SshEndpoint, Timeouts, Tls, WinrmEndpoint, Workstation};

use super::effective::Effective;
use super::pattern::matches;

/// Builds a host's endpoint. `home` is what `~` stands for.
///
/// # Errors
/// A rule that the settings break, with the place of the setting.
pub fn endpoint(name: &str, effective: &Effective, home: Option<&Path>) -> Result<Endpoint, Problem> {
    let settings = Settings { connection: &effective.connection, home };
    match effective.connection.transport.as_ref().map(|given| given.value) {
        Some(Transport::Ssh) => Ok(Endpoint::Ssh(ssh(name, &settings))),
        Some(Transport::Local) => local(name, &settings).map(Endpoint::Local),
        _ => winrm(name, &settings).map(Endpoint::Winrm),
    }
}

/// The deadlines of a host.
pub fn timeouts(connection: &Connection) -> Timeouts {
    let default = Timeouts::default();
    Timeouts {
        connect: or(&connection.connect_timeout, default.connect),
        open: or(&connection.open_timeout, default.open),
        run: or(&connection.timeout, default.run),
    }
}

/// Whether a WinRM endpoint sends sealed NTLM over a network to a name that nobody vouches for.
pub fn is_untrusted(endpoint: &Endpoint) -> bool {
    matches!(endpoint, Endpoint::Winrm(winrm) if winrm.tls == Tls::Off && !winrm.trusted && !is_loopback(&winrm.address))
}

fn is_loopback(address: &str) -> bool {
    let ip = address.parse::<std::net::IpAddr>();
    address.eq_ignore_ascii_case("localhost") || ip.is_ok_and(|ip| ip.is_loopback())
}

struct Settings<'a> {
    connection: &'a Connection,
    home: Option<&'a Path>,
}

impl Settings<'_> {
    fn path(&self, path: &Path) -> PathBuf {
        match (path.strip_prefix("~"), self.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path.to_owned(),
        }
    }

    fn paths(&self, given: &Option<Given<Vec<PathBuf>>>) -> Vec<PathBuf> {
        given.iter().flat_map(|given| &given.value).map(|path| self.path(path)).collect()
    }
}

fn or<T: Clone>(given: &Option<Given<T>>, default: T) -> T {
    given.as_ref().map_or(default, |given| given.value.clone())
}

fn winrm(name: &str, settings: &Settings<'_>) -> Result<WinrmEndpoint, Problem> {
    let connection = settings.connection;
    let address = or(&connection.address, name.to_owned());
    let tls = or(&connection.tls, false);
    let patterns = or(&connection.trusted_hosts, Vec::new());
    let trusted = patterns.iter().any(|pattern| trusts(pattern, name) || trusts(pattern, &address));
    let endpoint = WinrmEndpoint {
        port: or(&connection.port, if tls { 5986 } else { 5985 }),
        path: or(&connection.url_path, "/wsman".to_owned()),
        tls: match tls {
            true => Tls::On {
                ca: connection.ca.as_ref().map(|given| settings.path(&given.value)),
                insecure: or(&connection.insecure, false),
            },
            false => Tls::Off,
        },
        auth: or(&connection.auth, AuthMethod::Negotiate),
        configuration_name: or(&connection.configuration_name, "Microsoft.PowerShell".to_owned()),
        workstation: or(&connection.workstation, Workstation::default()),
        allow_unencrypted: or(&connection.allow_unencrypted, false),
        trusted,
        address,
    };
    check_winrm(connection, &endpoint)?;
    Ok(endpoint)
}

fn check_winrm(connection: &Connection, endpoint: &WinrmEndpoint) -> Result<(), Problem> {
    if endpoint.tls != Tls::Off {
        return Ok(());
    }
    if endpoint.auth == AuthMethod::Basic && !(endpoint.trusted && endpoint.allow_unencrypted) {
        let from = connection.auth.as_ref().map_or(Source::BuiltIn, |given| given.source.clone());
        let message = format!("Basic over plain HTTP would show the password to the network (auth: {from})");
        let hint = "use --tls; or, if you accept that, name the host in --trusted-hosts and give --allow-unencrypted";
        return Err(Problem::new(message).with_hint(hint));
    }
    if let Some(untrusted) = &connection.untrusted
        && untrusted.value == Untrusted::Refuse
        && !endpoint.trusted
    {
        let message =
            format!("not in trusted_hosts, and without TLS nothing proves who answers ({})", untrusted.source);
        return Err(Problem::new(message).with_hint("use --tls, or name the host in trusted_hosts"));
    }
    Ok(())
}

/// A pattern of WSMan's TrustedHosts: `*` and `?`; `<local>` is every name without a dot.
fn trusts(pattern: &str, name: &str) -> bool {
    match pattern {
        "<local>" => !name.contains(['.', ':']),
        _ => matches(pattern, name),
    }
}

fn ssh(name: &str, settings: &Settings<'_>) -> SshEndpoint {
    let connection = settings.connection;
    SshEndpoint {
        address: or(&connection.address, name.to_owned()),
        port: or(&connection.port, 22),
        identities: settings.paths(&connection.identity),
        jump: or(&connection.jump, Vec::new()),
        host_keys: or(&connection.host_keys, crate::target::HostKeyPolicy::Strict),
        known_hosts: match &connection.known_hosts {
            Some(_) => settings.paths(&connection.known_hosts),
            None => usual_known_hosts(settings.home),
        },
        subsystem: or(&connection.subsystem, "powershell".to_owned()),
        exec: or(&connection.exec, "pwsh -sshs -NoLogo -NoProfile".to_owned()),
    }
}

fn usual_known_hosts(home: Option<&Path>) -> Vec<PathBuf> {
    let own = home.map(|home| home.join(".ssh/known_hosts"));
    own.into_iter().chain([PathBuf::from("/etc/ssh/ssh_known_hosts")]).collect()
}

/// `--transport local` for a fleet would run the script once per name on this machine: only the name localhost or an
/// inventory may ask for that.
fn local(name: &str, settings: &Settings<'_>) -> Result<LocalEndpoint, Problem> {
    let from = settings.connection.transport.as_ref().map(|given| &given.source);
    let named = matches!(from, Some(Source::Host(_) | Source::Group(_) | Source::Defaults(_)));
    if !named && !name.eq_ignore_ascii_case("localhost") {
        let message = "transport local runs on this machine, and this is not its name";
        let hint = "use -t localhost, or transport = \"local\" in the inventory";
        return Err(Problem::new(message).with_hint(hint));
    }
    let pwsh = or(&settings.connection.pwsh, PathBuf::from("pwsh"));
    Ok(LocalEndpoint { pwsh: settings.path(&pwsh) })
}
