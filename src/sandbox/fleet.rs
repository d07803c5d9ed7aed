//! The fleet: listeners, shells and everything else, from start to end.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::{TcpListener, TcpSocket};
use uuid::Uuid;

use super::certificate::Authority;
use super::fault::{self, FaultKind};
use super::host::{Host, Shared};
use super::listener::listen;
use super::machine::Machine;
use super::power::Power;
use super::{Error, Options, Stats, acceptor, inventory};
use crate::secret::Secret;
use crate::target::AuthMethod;

/// The one user of a fleet.
const USER: &str = "psfleet";
/// The file with the certificate and the key that the user may log on by.
const CLIENT: &str = "client.pem";
/// Connections that listen and wait to be accepted, per host.
const BACKLOG: u32 = 256;
/// Files that the process needs besides the fleet's.
const OTHER_FILES: u64 = 256;

/// A running fleet. [`Fleet::shutdown`] ends it in order; dropping it closes its listeners at once and kills what
/// still runs.
pub struct Fleet {
    shared: Arc<Shared>,
    members: Vec<Member>,
    password: Secret<String>,
    authority: Option<PathBuf>,
    folder: Folder,
}

struct Member {
    host: Arc<Host>,
    address: SocketAddr,
    /// Keeps the port of a host that refuses connections, so that nobody else gets it.
    _reserved: Option<TcpSocket>,
}

impl Fleet {
    /// Starts a fleet on 127.0.0.1, a port for each host. Must be called within a runtime.
    ///
    /// # Errors
    /// Wrong options, too few files, no ports, no place for its files.
    pub async fn start(options: Options) -> Result<Self, Error> {
        options.check()?;
        raise_file_limit(options.hosts)?;
        let faults = fault::deal(&options.faults, options.hosts, options.tls, options.seed)?;
        let folder = Folder::new()?;
        let authority = if options.tls { Some(Authority::new()?) } else { None };
        let authority_file =
            authority.as_ref().map(|authority| folder.write("ca.pem", &authority.pem())).transpose()?;
        if let (Some(authority), true) = (&authority, options.asks_for_certificates()) {
            folder.write(CLIENT, &authority.client(USER)?)?;
        }
        let password = Secret::new(Uuid::new_v4().simple().to_string());
        let server = options.keytab.as_deref().map(acceptor::server).transpose()?;
        let mut shared = Shared::new(options, USER.to_owned(), folder.path().to_owned());
        shared.server = server;
        let shared = Arc::new(shared);
        let mut members = Vec::with_capacity(faults.len());
        for (index, fault) in (0..).zip(faults) {
            members.push(Member::start(index, fault, &shared, &password, authority.as_ref()).await?);
        }
        Ok(Self { shared, members, password, authority: authority_file, folder })
    }

    /// What the fleet was made from.
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// The user that may log on to every host.
    pub fn user(&self) -> &str {
        &self.shared.user
    }

    /// That user's password.
    pub fn password(&self) -> &Secret<String> {
        &self.password
    }

    /// The file with the certificate authority, if there is TLS.
    pub fn authority(&self) -> Option<&Path> {
        self.authority.as_deref()
    }

    /// The fleet's own folder, gone when the fleet is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The hosts' names, where each listens, and what is wrong with it.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = (&str, SocketAddr, Option<FaultKind>)> {
        self.members.iter().map(|member| (&*member.host.name, member.address, member.host.fault))
    }

    /// An inventory with everything needed to reach the fleet, the password included.
    pub fn inventory_toml(&self) -> String {
        let hosts: Vec<_> = self.members.iter().map(|member| (&*member.host, member.address.port())).collect();
        let mut text = inventory::toml(self.options(), self.user(), self.password.expose(), self.authority(), &hosts);
        if self.options().auth.first() == Some(&AuthMethod::Certificate) {
            let file = toml::Value::String(self.folder.path().join(CLIENT).to_string_lossy().into_owned());
            text = text.replacen("[defaults]\n", &format!("[defaults]\ncertificate = {file}\n"), 1);
        }
        text
    }

    /// The counters now.
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }

    /// Ends the fleet: no new connections, all shells closed. Returns when no child and no task remains, and gives
    /// the counters as they were before.
    pub async fn shutdown(self) -> Stats {
        let stats = self.stats();
        self.shared.closing.cancel();
        self.shared.places.close();
        let shells = self.shared.take_shells();
        futures::future::join_all(shells.iter().map(|shell| shell.close())).await;
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
        stats
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.shared.closing.cancel();
        drop(self.shared.take_shells());
    }
}

impl Member {
    async fn start(
        index: u32,
        fault: Option<FaultKind>,
        shared: &Arc<Shared>,
        password: &Secret<String>,
        authority: Option<&Authority>,
    ) -> Result<Self, Error> {
        let machine = Machine::draw(shared.options.seed, index, shared.started).among(shared.options.hosts);
        let machine = Arc::new(machine);
        let password = match fault {
            Some(FaultKind::WrongPassword | FaultKind::RejectToken) => Secret::new(Uuid::new_v4().simple().to_string()),
            _ => password.clone(),
        };
        let name = machine.host().name().to_owned();
        let host = Arc::new(Host {
            name,
            index,
            machine,
            power: Arc::new(Power::on()),
            fault,
            password,
            shared: Arc::clone(shared),
        });
        let tls = authority
            .map(|authority| authority.host(&host.name, fault, shared.options.asks_for_certificates()))
            .transpose()?
            .map(Arc::new);
        let socket = TcpSocket::new_v4().map_err(Error::Listen)?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).map_err(Error::Listen)?;
        let address = socket.local_addr().map_err(Error::Listen)?;
        if fault == Some(FaultKind::Refused) {
            return Ok(Self { host, address, _reserved: Some(socket) });
        }
        let listener: TcpListener = socket.listen(BACKLOG).map_err(Error::Listen)?;
        shared.tasks.spawn(listen(listener, Arc::clone(&host), tls));
        Ok(Self { host, address, _reserved: None })
    }
}

/// Makes room for the listeners and for two connections of each host with both ends in this process.
fn raise_file_limit(hosts: u32) -> Result<(), Error> {
    let wanted = u64::from(hosts) * 5 + OTHER_FILES;
    let needed = u64::from(hosts) * 2 + OTHER_FILES;
    let limit = rlimit::increase_nofile_limit(wanted).map_err(Error::Listen)?;
    if limit >= needed {
        return Ok(());
    }
    Err(Error::Files { hosts, needed, limit, fit: limit.saturating_sub(OTHER_FILES) / 2 })
}

/// A folder of our own in the system's place for temporary files, removed when the fleet is gone.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Error> {
        let path = std::env::temp_dir().join(format!("psfleet-sandbox-{}", Uuid::new_v4().simple()));
        let builder = fs::DirBuilder::new();
        #[cfg(unix)]
        let builder = {
            let mut private = builder;
            std::os::unix::fs::DirBuilderExt::mode(&mut private, 0o700);
            private
        };
        builder.create(&path).map_err(|cause| Error::File { path: path.clone(), cause })?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf, Error> {
        let path = self.0.join(name);
        fs::write(&path, text).map_err(|cause| Error::File { path: path.clone(), cause })?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(folder = %self.0.display(), %error, "cannot remove the sandbox's folder");
        }
    }
}
