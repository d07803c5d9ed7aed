//! From settled settings to an endpoint, with the rules that must hold before the first connection.

use std::path::{Path, PathBuf};

use crate::config::{Connection, Given, Ntlm, Problem, Source, Transport, Untrusted};
use crate::target::{
    AuthMethod, Endpoint, HostKeyPolicy, KerberosSettings, LocalEndpoint, SshAgent, SshEndpoint, SshHop, SshServer,
    Timeouts, Tls, TlsMin, WinrmEndpoint, Workstation, defaults,
};

use super::effective::Effective;
use super::home::under_home;
use super::ssh_config::{Access, usual_known_hosts};
use crate::pattern::matches;

/// Builds a host's endpoint. `home` is what `~` stands for.
///
/// # Errors
/// The rules that the settings break, with the places of the settings.
pub(super) fn endpoint(name: &str, effective: &Effective, home: Option<&Path>) -> Result<Endpoint, Vec<Problem>> {
    if !effective.refused.is_empty() {
        return Err(effective.refused.iter().map(|(_, problem)| problem.clone()).collect());
    }
    let settings = Settings { connection: &effective.connection, home };
    let built = match effective.connection.transport.as_ref().map(|given| given.value) {
        Some(Transport::Ssh) if cfg!(not(feature = "ssh")) => Err(without_ssh()),
        Some(Transport::Ssh) if !effective.ssh.refusals.is_empty() => return Err(effective.ssh.refusals.clone()),
        Some(Transport::Ssh) => ssh(name, &effective.ssh, &settings).map(Endpoint::Ssh),
        Some(Transport::Local) => local(name, &settings).map(Endpoint::Local),
        Some(Transport::Auto | Transport::Winrm) | None => {
            let access = &effective.ssh;
            if !access.refusals.is_empty() {
                return Err(access.refusals.clone());
            }
            match access.hops.is_empty() || cfg!(feature = "ssh") {
                true => winrm(name, access, &settings).map(Endpoint::Winrm),
                false => Err(without_ssh()),
            }
        }
    };
    built.map_err(|problem| vec![problem])
}

/// The deadlines of a host.
pub(super) fn timeouts(connection: &Connection) -> Timeouts {
    let default = Timeouts::default();
    Timeouts {
        connect: or(&connection.connect_timeout, default.connect),
        open: or(&connection.open_timeout, default.open),
        run: or(&connection.timeout, default.run),
    }
}

/// Whether a WinRM endpoint sends sealed NTLM over a network to a name that nobody vouches for.
pub(super) fn is_untrusted(endpoint: &Endpoint) -> bool {
    matches!(endpoint, Endpoint::Winrm(winrm) if
        winrm.tls == Tls::Off && !winrm.trusted && !proves_itself(winrm) && !is_loopback(&winrm.address))
}

/// Whether a host must prove that it is who we mean: nobody else can read a ticket for it.
fn proves_itself(endpoint: &WinrmEndpoint) -> bool {
    endpoint.auth == AuthMethod::Kerberos || endpoint.kerberos.leaves_no_ntlm()
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
        under_home(path, self.home)
    }

    fn paths(&self, given: &Option<Given<Vec<PathBuf>>>) -> Vec<PathBuf> {
        given.iter().flat_map(|given| &given.value).map(|path| self.path(path)).collect()
    }

    fn bastions(&self, access: &Access) -> Vec<SshHop> {
        let hop = |hop: &SshHop| {
            let mut hop = hop.clone();
            hop.server.identities.iter_mut().flatten().for_each(|path| *path = self.path(path));
            hop.server.certificates.iter_mut().for_each(|path| *path = self.path(path));
            hop.server.known_hosts.iter_mut().for_each(|path| *path = self.path(path));
            hop
        };
        access.hops.iter().map(hop).collect()
    }
}

fn or<T: Clone>(given: &Option<Given<T>>, default: T) -> T {
    given.as_ref().map_or(default, |given| given.value.clone())
}

fn winrm(name: &str, access: &Access, settings: &Settings<'_>) -> Result<WinrmEndpoint, Problem> {
    let connection = settings.connection;
    let address = or(&connection.address, name.to_owned());
    let tls = or(&connection.tls, defaults::TLS);
    let patterns = or(&connection.trusted_hosts, Vec::new());
    let trusted = patterns.iter().any(|pattern| trusts(pattern, name) || trusts(pattern, &address));
    let endpoint = WinrmEndpoint {
        port: or(&connection.port, defaults::winrm_port(tls)),
        path: or(&connection.url_path, defaults::WSMAN_PATH.to_owned()),
        tls: match tls {
            true => Tls::On {
                ca: connection.ca.as_ref().map(|given| settings.path(&given.value)),
                insecure: or(&connection.insecure, false),
                pins: or(&connection.tls_pin, Vec::new()),
                min: or(&connection.tls_min, TlsMin::default()),
            },
            false => Tls::Off,
        },
        auth: or(&connection.auth, defaults::AUTH),
        configuration_name: or(&connection.configuration_name, defaults::CONFIGURATION_NAME.to_owned()),
        workstation: or(&connection.workstation, Workstation::default()),
        kerberos: KerberosSettings {
            spn: connection.spn.as_ref().map(|given| given.value.clone()),
            delegate: or(&connection.delegate, false),
            only: matches!(&connection.ntlm, Some(Given { value: Ntlm::Refuse, .. })),
        },
        allow_unencrypted: or(&connection.allow_unencrypted, defaults::ALLOW_UNENCRYPTED),
        trusted,
        address,
        jump: settings.bastions(access),
    };
    check_winrm(connection, &endpoint)?;
    Ok(endpoint)
}

fn check_winrm(connection: &Connection, endpoint: &WinrmEndpoint) -> Result<(), Problem> {
    if let Some(ntlm) = connection.ntlm.as_ref().filter(|_| endpoint.auth == AuthMethod::Ntlm && endpoint.kerberos.only)
    {
        let message = format!("NTLM is asked for, and refused by ntlm = \"refuse\" ({})", ntlm.source);
        return Err(Problem::new(message).with_hint("use --auth kerberos, or negotiate, which is Kerberos then"));
    }
    if let Some(delegate) = connection.delegate.as_ref().filter(|delegate| delegate.value)
        && !matches!(endpoint.auth, AuthMethod::Kerberos | AuthMethod::Negotiate)
    {
        let (from, auth) = (&delegate.source, endpoint.auth);
        let message = format!("delegation is asked for ({from}), and {auth} has no ticket to hand on");
        let hint = "use --auth kerberos, or leave delegation out (--auth credssp hands the password over by itself)";
        return Err(Problem::new(message).with_hint(hint));
    }
    if endpoint.auth == AuthMethod::Certificate {
        let from = connection.auth.as_ref().map_or(Source::BuiltIn, |given| given.source.clone());
        if endpoint.tls == Tls::Off {
            let message = format!("a certificate is shown in the TLS handshake, and TLS is off (auth: {from})");
            return Err(Problem::new(message).with_hint("use --tls"));
        }
        if connection.certificate.is_none() {
            let message = format!("no certificate is named to log on with (auth: {from})");
            return Err(Problem::new(message).with_hint("name it with --certificate, or certificate in the inventory"));
        }
    }
    if endpoint.tls != Tls::Off {
        return Ok(());
    }
    if endpoint.would_show_password() {
        let from = connection.auth.as_ref().map_or(Source::BuiltIn, |given| given.source.clone());
        let message = format!("Basic over plain HTTP would show the password to the network (auth: {from})");
        let allows = match (endpoint.trusted, endpoint.allow_unencrypted) {
            (true, _) => "its name is in trusted_hosts, and --allow-unencrypted would allow it",
            (false, true) => "allow_unencrypted is set, and its name in --trusted-hosts would allow it",
            (false, false) => "its name in --trusted-hosts and --allow-unencrypted would allow it",
        };
        let hint = format!("use --tls; {allows}, at the cost that everybody on the way can read the password");
        return Err(Problem::new(message).with_hint(hint));
    }
    if let Some(untrusted) = &connection.untrusted
        && untrusted.value == Untrusted::Refuse
        && !endpoint.trusted
        && !proves_itself(endpoint)
    {
        let message =
            format!("not in trusted_hosts, and without TLS nothing proves who answers ({})", untrusted.source);
        let hint = "use --tls or --auth kerberos; its name in --trusted-hosts would allow it, at the cost that whoever \
                    answers in its place can use or guess at the logon";
        return Err(Problem::new(message).with_hint(hint));
    }
    Ok(())
}

/// Said before the run: `--plan` must not pass where a connection cannot.
fn without_ssh() -> Problem {
    Problem::new("this psfleet was built without SSH")
        .with_hint("build it with the feature `ssh`, which is on by default, or reach the host over WinRM")
}

/// A pattern of WSMan's TrustedHosts: `*` and `?`; `<local>` is every name without a dot.
fn trusts(pattern: &str, name: &str) -> bool {
    match pattern {
        "<local>" => !name.contains(['.', ':']),
        _ => matches(pattern, name),
    }
}

fn ssh(name: &str, access: &Access, settings: &Settings<'_>) -> Result<SshEndpoint, Problem> {
    let connection = settings.connection;
    check_configuration(connection)?;
    Ok(SshEndpoint {
        server: SshServer {
            address: or(&connection.address, name.to_owned()),
            port: or(&connection.port, defaults::SSH_PORT),
            family: access.family,
            host_key_alias: connection.host_key_alias.as_ref().map(|given| given.value.clone()),
            host_keys: or(&connection.host_keys, HostKeyPolicy::Strict),
            known_hosts: match &connection.known_hosts {
                Some(_) => settings.paths(&connection.known_hosts),
                None => {
                    let (own, global) = usual_known_hosts(settings.home);
                    own.into_iter().chain(global).collect()
                }
            },
            identities: connection.identity.as_ref().map(|_| settings.paths(&connection.identity)),
            certificates: access.certificates.iter().map(|path| settings.path(path)).collect(),
            identities_only: or(&connection.identities_only, false),
            agent: match or(&connection.identity_agent, SshAgent::Environment) {
                SshAgent::At(path) => SshAgent::At(settings.path(&path)),
                agent => agent,
            },
            methods: access.methods,
            algorithms: access.algorithms.clone(),
        },
        jump: settings.bastions(access),
        subsystem: or(&connection.subsystem, defaults::SUBSYSTEM.to_owned()),
        exec: or(&connection.exec, defaults::EXEC.to_owned()),
    })
}

/// A session configuration has no way over SSH: `pwsh -sshs` takes `-ConfigurationName` and opens the default one all
/// the same (ConsoleHost.cs hands on null), and a subsystem takes no arguments. Going on would run without its limits.
fn check_configuration(connection: &Connection) -> Result<(), Problem> {
    match &connection.configuration_name {
        Some(given) if !given.value.eq_ignore_ascii_case("Microsoft.PowerShell") => {
            let message = format!(
                "SSH can't choose the session configuration {}: pwsh -sshs ignores -ConfigurationName ({})",
                given.value, given.source
            );
            let hint = "start pwsh with -ConfigurationFile FILE.pssc there: as a subsystem of its own in sshd_config, \
                        named by 'subsystem' in the inventory, or by 'exec'";
            Err(Problem::new(message).with_hint(hint))
        }
        _ => Ok(()),
    }
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
    let pwsh = or(&settings.connection.pwsh, PathBuf::from(defaults::PWSH));
    Ok(LocalEndpoint { pwsh: settings.path(&pwsh) })
}
