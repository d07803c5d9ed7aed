//! The shells of one host, without opening one: to list them and what runs in them, and to delete them.

use std::time::Duration;

use uuid::Uuid;

use super::fault_error::{from_fault, from_parse};
use super::label::is_ours;
use crate::local_user;
use crate::outcome::Reason;
use crate::target::{Endpoint, Target, WinrmEndpoint};
use crate::transport::http::{Failure, Lanes, TlsCache};
use crate::transport::{Admission, Error, offload};
use crate::wsman::names::{ns, resource};
use crate::wsman::{ListedShell, Requests, Response, ShellPage};

/// How long an answer may take: the server's 60 s and something for the way.
const PATIENCE: Duration = Duration::from_secs(70);
/// More pages than any host fills, each as large as an envelope.
const MAX_PAGES: usize = 64;

/// The way to a host's list of shells.
pub struct HostShells {
    lanes: Lanes,
    endpoint: WinrmEndpoint,
    session: Uuid,
}

/// Whose a shell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opener {
    /// Somebody else's, or of another program.
    Other,
    /// Of a psfleet of this user on this machine, which has ended.
    Ended,
    /// Of a psfleet of this user on this machine, which still runs.
    Running,
}

impl Opener {
    /// Who opened a shell.
    pub fn of(shell: &ListedShell) -> Self {
        match shell.label() {
            Some(label) if is_ours(&label) && local_user::is_running(label.process) => Self::Running,
            Some(label) if is_ours(&label) => Self::Ended,
            _ => Self::Other,
        }
    }
}

impl HostShells {
    /// Connects to a WinRM target, with leave to log on.
    ///
    /// # Errors
    /// The target is not a WinRM one, there is no way to the server, or what [`Admission::ask`] says.
    pub async fn connect(target: &Target, tls_cache: &TlsCache, admission: &Admission) -> Result<Self, Error> {
        let Endpoint::Winrm(endpoint) = &target.endpoint else {
            return Err(Error::new(Reason::Internal, "the target is not reached over WinRM"));
        };
        let lanes = Lanes::new(target, endpoint, tls_cache)?;
        lanes.approach(admission).await?;
        Ok(Self { lanes, endpoint: endpoint.clone(), session: Uuid::new_v4() })
    }

    /// All shells that the host shows to this user.
    ///
    /// # Errors
    /// The host refuses, or there is no end to what it sends.
    pub async fn list(&self, admission: &Admission) -> Result<Vec<ListedShell>, Error> {
        Ok(self.all(ns::SHELL, None, Some(admission)).await?.shells)
    }

    /// The ids of the commands in a shell.
    ///
    /// # Errors
    /// The host refuses, or there is no end to what it sends.
    pub async fn commands(&self, shell: &ListedShell) -> Result<Vec<String>, Error> {
        Ok(self.all(resource::COMMANDS, Some(&shell.shell_id), None).await?.commands)
    }

    /// A whole list as one page.
    async fn all(&self, of: &str, shell_id: Option<&str>, admission: Option<&Admission>) -> Result<ShellPage, Error> {
        let requests = Requests::of(&self.endpoint.url(), of, self.session);
        let mut all = self.page(requests.enumerate(Uuid::new_v4(), shell_id), admission).await?;
        let mut pages = 1;
        while let Some(context) = all.context.take() {
            if pages == MAX_PAGES {
                return Err(Error::new(Reason::Protocol, format!("the host's list has no end after {pages} pages")));
            }
            let page = self.page(requests.pull(Uuid::new_v4(), &context), None).await?;
            all.shells.extend(page.shells);
            all.commands.extend(page.commands);
            all.context = page.context;
            pages += 1;
        }
        Ok(all)
    }

    /// Deletes a shell with everything in it. One that is not there any more is deleted.
    ///
    /// # Errors
    /// The host refuses, or its answer is not known.
    pub async fn delete(&self, shell: &ListedShell) -> Result<(), Error> {
        let mut requests = Requests::of(&self.endpoint.url(), &shell.resource_uri, self.session);
        requests.select(&shell.shell_id);
        let text = self.exchange(&requests.delete(Uuid::new_v4())).await?;
        match Response::parse(&text, None).map_err(|error| from_parse(&error).into_error())? {
            Response::Fault(fault) if !fault.is_gone() => Err(from_fault(&fault, &self.endpoint.configuration_name)),
            _ => Ok(()),
        }
    }

    /// One page of the list; the first answer tells the run that the user was accepted.
    async fn page(&self, request: String, admission: Option<&Admission>) -> Result<ShellPage, Error> {
        let text = self.exchange(&request).await?;
        let parsed = offload(text.len(), move || ShellPage::parse(&text)).await;
        let page = parsed.map_err(|error| from_parse(&error).into_error())?;
        let page = page.map_err(|fault| from_fault(&fault, &self.endpoint.configuration_name));
        if let Some(admission) = admission
            && !matches!(&page, Err(error) if error.is_credential_refused())
        {
            admission.accepted(self.lanes.authenticated());
        }
        page
    }

    async fn exchange(&self, request: &str) -> Result<String, Error> {
        self.lanes.exchange(request, PATIENCE, || {}).await.map_err(Failure::into_error)
    }
}
