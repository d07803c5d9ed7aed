//! Roles and features of Windows Server, and which of them are installed.

use std::sync::Arc;

use super::{Host, Machine, Role};

/// A role, role service or feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feature {
    /// Its name.
    pub name: &'static str,
    /// Its name for people.
    pub display_name: &'static str,
    /// What it is.
    pub kind: FeatureKind,
    /// The feature above it; empty at the top.
    pub parent: &'static str,
}

/// What a feature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureKind {
    /// A role of the server.
    Role,
    /// A part of a role.
    RoleService,
    /// Anything else.
    Feature,
}

use FeatureKind::{Feature as Plain, Role as Top, RoleService as Part};

const fn row(name: &'static str, display_name: &'static str, kind: FeatureKind, parent: &'static str) -> Feature {
    Feature { name, display_name, kind, parent }
}

/// In the order of Get-WindowsFeature: roles, then features, each with its parts behind it.
///
/// Source: learn.microsoft.com, Server roles, role services and features of Windows Server.
#[rustfmt::skip]
pub static FEATURES: [Feature; 82] = [
    row("AD-Certificate", "Active Directory Certificate Services", Top, ""),
    row("ADCS-Cert-Authority", "Certification Authority", Part, "AD-Certificate"),
    row("AD-Domain-Services", "Active Directory Domain Services", Top, ""),
    row("ADFS-Federation", "Active Directory Federation Services", Top, ""),
    row("ADLDS", "Active Directory Lightweight Directory Services", Top, ""),
    row("ADRMS", "Active Directory Rights Management Services", Top, ""),
    row("DeviceHealthAttestationService", "Device Health Attestation", Top, ""),
    row("DHCP", "DHCP Server", Top, ""),
    row("DNS", "DNS Server", Top, ""),
    row("Fax", "Fax Server", Top, ""),
    row("FileAndStorage-Services", "File and Storage Services", Top, ""),
    row("File-Services", "File and iSCSI Services", Part, "FileAndStorage-Services"),
    row("FS-FileServer", "File Server", Part, "File-Services"),
    row("FS-BranchCache", "BranchCache for Network Files", Part, "File-Services"),
    row("FS-Data-Deduplication", "Data Deduplication", Part, "File-Services"),
    row("FS-DFS-Namespace", "DFS Namespaces", Part, "File-Services"),
    row("FS-DFS-Replication", "DFS Replication", Part, "File-Services"),
    row("FS-Resource-Manager", "File Server Resource Manager", Part, "File-Services"),
    row("FS-NFS-Service", "Server for NFS", Part, "File-Services"),
    row("Storage-Services", "Storage Services", Part, "FileAndStorage-Services"),
    row("HostGuardianServiceRole", "Host Guardian Service", Top, ""),
    row("Hyper-V", "Hyper-V", Top, ""),
    row("NPAS", "Network Policy and Access Services", Top, ""),
    row("Print-Services", "Print and Document Services", Top, ""),
    row("Print-Server", "Print Server", Part, "Print-Services"),
    row("RemoteAccess", "Remote Access", Top, ""),
    row("Remote-Desktop-Services", "Remote Desktop Services", Top, ""),
    row("RDS-RD-Server", "Remote Desktop Session Host", Part, "Remote-Desktop-Services"),
    row("VolumeActivation", "Volume Activation Services", Top, ""),
    row("Web-Server", "Web Server (IIS)", Top, ""),
    row("Web-WebServer", "Web Server", Part, "Web-Server"),
    row("Web-Common-Http", "Common HTTP Features", Part, "Web-WebServer"),
    row("Web-Default-Doc", "Default Document", Part, "Web-Common-Http"),
    row("Web-Dir-Browsing", "Directory Browsing", Part, "Web-Common-Http"),
    row("Web-Http-Errors", "HTTP Errors", Part, "Web-Common-Http"),
    row("Web-Static-Content", "Static Content", Part, "Web-Common-Http"),
    row("Web-Http-Redirect", "HTTP Redirection", Part, "Web-Common-Http"),
    row("Web-Health", "Health and Diagnostics", Part, "Web-WebServer"),
    row("Web-Http-Logging", "HTTP Logging", Part, "Web-Health"),
    row("Web-Performance", "Performance", Part, "Web-WebServer"),
    row("Web-Stat-Compression", "Static Content Compression", Part, "Web-Performance"),
    row("Web-Security", "Security", Part, "Web-WebServer"),
    row("Web-Filtering", "Request Filtering", Part, "Web-Security"),
    row("Web-Windows-Auth", "Windows Authentication", Part, "Web-Security"),
    row("Web-App-Dev", "Application Development", Part, "Web-WebServer"),
    row("Web-Asp-Net45", "ASP.NET 4.8", Part, "Web-App-Dev"),
    row("Web-Ftp-Server", "FTP Server", Part, "Web-Server"),
    row("Web-Mgmt-Tools", "Management Tools", Part, "Web-Server"),
    row("Web-Mgmt-Console", "IIS Management Console", Part, "Web-Mgmt-Tools"),
    row("WDS", "Windows Deployment Services", Top, ""),
    row("UpdateServices", "Windows Server Update Services", Top, ""),
    row("NET-Framework-Features", ".NET Framework 3.5 Features", Plain, ""),
    row("NET-Framework-Core", ".NET Framework 3.5 (includes .NET 2.0 and 3.0)", Plain, "NET-Framework-Features"),
    row("NET-Framework-45-Features", ".NET Framework 4.8 Features", Plain, ""),
    row("NET-Framework-45-Core", ".NET Framework 4.8", Plain, "NET-Framework-45-Features"),
    row("NET-Framework-45-ASPNET", "ASP.NET 4.8", Plain, "NET-Framework-45-Features"),
    row("NET-WCF-Services45", "WCF Services", Plain, "NET-Framework-45-Features"),
    row("NET-WCF-TCP-PortSharing45", "TCP Port Sharing", Plain, "NET-WCF-Services45"),
    row("BITS", "Background Intelligent Transfer Service (BITS)", Plain, ""),
    row("BitLocker", "BitLocker Drive Encryption", Plain, ""),
    row("Failover-Clustering", "Failover Clustering", Plain, ""),
    row("GPMC", "Group Policy Management", Plain, ""),
    row("Multipath-IO", "Multipath I/O", Plain, ""),
    row("NLB", "Network Load Balancing", Plain, ""),
    row("RSAT", "Remote Server Administration Tools", Plain, ""),
    row("RSAT-Role-Tools", "Role Administration Tools", Plain, "RSAT"),
    row("RSAT-AD-Tools", "AD DS and AD LDS Tools", Plain, "RSAT-Role-Tools"),
    row("RSAT-AD-PowerShell", "Active Directory module for Windows PowerShell", Plain, "RSAT-AD-Tools"),
    row("RSAT-DNS-Server", "DNS Server Tools", Plain, "RSAT-Role-Tools"),
    row("FS-SMB1", "SMB 1.0/CIFS File Sharing Support", Plain, ""),
    row("SNMP-Service", "SNMP Service", Plain, ""),
    row("System-DataArchiver", "System Data Archiver", Plain, ""),
    row("Telnet-Client", "Telnet Client", Plain, ""),
    row("TFTP-Client", "TFTP Client", Plain, ""),
    row("Windows-Defender", "Microsoft Defender Antivirus", Plain, ""),
    row("PowerShellRoot", "Windows PowerShell", Plain, ""),
    row("PowerShell", "Windows PowerShell 5.1", Plain, "PowerShellRoot"),
    row("PowerShell-V2", "Windows PowerShell 2.0 Engine", Plain, "PowerShellRoot"),
    row("PowerShell-ISE", "Windows PowerShell ISE", Plain, "PowerShellRoot"),
    row("Windows-Server-Backup", "Windows Server Backup", Plain, ""),
    row("WoW64-Support", "WoW64 Support", Plain, ""),
    row("XPS-Viewer", "XPS Viewer", Plain, ""),
];

/// Optional features by the names of DISM: name, name for people, and the feature that says whether they are there.
pub const OPTIONAL_FEATURES: [(&str, &str, &str); 9] = [
    ("IIS-WebServerRole", "Internet Information Services", "Web-Server"),
    ("IIS-WebServer", "World Wide Web Services", "Web-WebServer"),
    ("MicrosoftWindowsPowerShellV2", "Windows PowerShell 2.0 Engine", "PowerShell-V2"),
    ("MicrosoftWindowsPowerShellRoot", "Windows PowerShell", "PowerShellRoot"),
    ("NetFx3", ".NET Framework 3.5 (includes .NET 2.0 and 3.0)", "NET-Framework-Core"),
    ("NetFx4", ".NET Framework 4.8", "NET-Framework-45-Core"),
    ("SMB1Protocol", "SMB 1.0/CIFS File Sharing Support", "FS-SMB1"),
    ("TelnetClient", "Telnet Client", "Telnet-Client"),
    ("Windows-Defender", "Microsoft Defender Antivirus", "Windows-Defender"),
];

/// What every host has.
const COMMON: [&str; 14] = [
    "FileAndStorage-Services",
    "Storage-Services",
    "NET-Framework-45-Features",
    "NET-Framework-45-Core",
    "NET-WCF-Services45",
    "NET-WCF-TCP-PortSharing45",
    "System-DataArchiver",
    "Windows-Defender",
    "PowerShellRoot",
    "PowerShell",
    "Windows-Server-Backup",
    "WoW64-Support",
    "XPS-Viewer",
    "PowerShell-ISE",
];

fn of_role(role: Role) -> &'static [&'static str] {
    match role {
        Role::Web => &[
            "Web-Server",
            "Web-WebServer",
            "Web-Common-Http",
            "Web-Default-Doc",
            "Web-Dir-Browsing",
            "Web-Http-Errors",
            "Web-Static-Content",
            "Web-Health",
            "Web-Http-Logging",
            "Web-Performance",
            "Web-Stat-Compression",
            "Web-Security",
            "Web-Filtering",
            "Web-Windows-Auth",
            "Web-App-Dev",
            "Web-Asp-Net45",
            "Web-Mgmt-Tools",
            "Web-Mgmt-Console",
            "NET-Framework-45-ASPNET",
        ],
        Role::App => &["NET-Framework-45-ASPNET", "Telnet-Client"],
        Role::Sql => &["NET-Framework-Features", "NET-Framework-Core"],
        Role::File => &[
            "File-Services",
            "FS-FileServer",
            "FS-Resource-Manager",
            "FS-Data-Deduplication",
            "Print-Services",
            "Print-Server",
        ],
        Role::DomainController => &[
            "AD-Domain-Services",
            "DNS",
            "File-Services",
            "FS-FileServer",
            "GPMC",
            "RSAT",
            "RSAT-Role-Tools",
            "RSAT-AD-Tools",
            "RSAT-AD-PowerShell",
            "RSAT-DNS-Server",
        ],
    }
}

fn draw(host: &Host) -> Vec<&'static str> {
    let mut rng = host.rng("features");
    let mut all = [&COMMON[..], of_role(host.role())].concat();
    if host.speaks_smb1() {
        all.push("FS-SMB1");
    }
    for (name, per_mille) in [("Telnet-Client", 150), ("PowerShell-V2", 200), ("SNMP-Service", 120)] {
        if rng.chance(per_mille) && !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

impl Machine {
    /// The names of the features that are installed.
    pub fn installed_features(&self) -> Arc<Vec<&'static str>> {
        self.features.read(|| draw(&self.host))
    }

    /// Installs a feature with those above it; gives what is new.
    pub fn install_feature(&self, feature: &Feature) -> Vec<&'static Feature> {
        self.forget_drawn_registry();
        self.features.change(
            || draw(&self.host),
            |installed| {
                let mut new = Vec::new();
                let mut next = FEATURES.iter().find(|own| own.name == feature.name);
                while let Some(own) = next {
                    if !installed.contains(&own.name) {
                        installed.push(own.name);
                        new.insert(0, own);
                    }
                    next = FEATURES.iter().find(|other| other.name == own.parent);
                }
                new
            },
        )
    }

    /// Removes a feature with all below it; gives what is gone.
    pub fn remove_feature(&self, feature: &Feature) -> Vec<&'static Feature> {
        self.forget_drawn_registry();
        self.features.change(
            || draw(&self.host),
            |installed| {
                let mut gone: Vec<&'static Feature> = Vec::new();
                for own in &FEATURES {
                    let falls = own.name == feature.name || gone.iter().any(|above| above.name == own.parent);
                    if falls && installed.contains(&own.name) {
                        installed.retain(|name| *name != own.name);
                        gone.push(own);
                    }
                }
                gone
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{COMMON, FEATURES, OPTIONAL_FEATURES, Role, of_role};

    #[test]
    fn names_are_in_the_table() {
        let is_known = |name: &str| FEATURES.iter().any(|feature| feature.name == name);
        let roles = [Role::Web, Role::App, Role::Sql, Role::File, Role::DomainController];
        for name in COMMON.iter().chain(roles.iter().flat_map(|role| of_role(*role))) {
            assert!(is_known(name), "{name}");
        }
        assert!(OPTIONAL_FEATURES.iter().all(|(.., name)| is_known(name)));
        for feature in &FEATURES {
            assert!(feature.parent.is_empty() || is_known(feature.parent), "{}", feature.name);
        }
    }
}
