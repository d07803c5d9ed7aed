//! Settings of WinRM, as its configuration drive shows them.

use super::Machine;

/// Settings by their path; containers are the parts before the last.
/// Source: learn.microsoft.com, Installation and configuration for Windows Remote Management (default settings).
const SETTINGS: &[(&str, &str)] = &[
    ("MaxEnvelopeSizekb", "500"),
    ("MaxTimeoutms", "60000"),
    ("MaxBatchItems", "32000"),
    ("MaxProviderRequests", "4294967295"),
    ("Client\\NetworkDelayms", "5000"),
    ("Client\\URLPrefix", "wsman"),
    ("Client\\AllowUnencrypted", "false"),
    ("Client\\Auth\\Basic", "true"),
    ("Client\\Auth\\Digest", "true"),
    ("Client\\Auth\\Kerberos", "true"),
    ("Client\\Auth\\Negotiate", "true"),
    ("Client\\Auth\\Certificate", "true"),
    ("Client\\Auth\\CredSSP", "false"),
    ("Client\\DefaultPorts\\HTTP", "5985"),
    ("Client\\DefaultPorts\\HTTPS", "5986"),
    ("Client\\TrustedHosts", ""),
    ("Service\\RootSDDL", "O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;IU)S:P(AU;FA;GA;;;WD)(AU;SA;GXGW;;;WD)"),
    ("Service\\MaxConcurrentOperations", "4294967295"),
    ("Service\\MaxConcurrentOperationsPerUser", "1500"),
    ("Service\\EnumerationTimeoutms", "240000"),
    ("Service\\MaxConnections", "300"),
    ("Service\\MaxPacketRetrievalTimeSeconds", "120"),
    ("Service\\AllowUnencrypted", "false"),
    ("Service\\Auth\\Basic", "false"),
    ("Service\\Auth\\Kerberos", "true"),
    ("Service\\Auth\\Negotiate", "true"),
    ("Service\\Auth\\Certificate", "false"),
    ("Service\\Auth\\CredSSP", "false"),
    ("Service\\Auth\\CbtHardeningLevel", "Relaxed"),
    ("Service\\DefaultPorts\\HTTP", "5985"),
    ("Service\\DefaultPorts\\HTTPS", "5986"),
    ("Service\\IPv4Filter", "*"),
    ("Service\\IPv6Filter", "*"),
    ("Service\\EnableCompatibilityHttpListener", "false"),
    ("Service\\EnableCompatibilityHttpsListener", "false"),
    ("Service\\CertificateThumbprint", ""),
    ("Service\\AllowRemoteAccess", "true"),
    ("Shell\\AllowRemoteShellAccess", "true"),
    ("Shell\\IdleTimeout", "7200000"),
    ("Shell\\MaxConcurrentUsers", "2147483647"),
    ("Shell\\MaxShellRunTime", "2147483647"),
    ("Shell\\MaxProcessesPerShell", "2147483647"),
    ("Shell\\MaxMemoryPerShellMB", "2147483647"),
    ("Shell\\MaxShellsPerUser", "2147483647"),
    ("Listener\\Listener_1084132640\\Address", "*"),
    ("Listener\\Listener_1084132640\\Transport", "HTTP"),
    ("Listener\\Listener_1084132640\\Port", "5985"),
    ("Listener\\Listener_1084132640\\Enabled", "true"),
    ("Listener\\Listener_1084132640\\URLPrefix", "wsman"),
    ("Plugin\\microsoft.powershell\\Quotas\\IdleTimeoutms", "7200000"),
    ("Plugin\\microsoft.powershell\\Quotas\\MaxConcurrentCommandsPerShell", "2147483647"),
    ("Plugin\\microsoft.powershell\\Quotas\\MaxConcurrentUsers", "2147483647"),
    ("Plugin\\microsoft.powershell\\Quotas\\MaxIdleTimeoutms", "2147483647"),
    ("Plugin\\microsoft.powershell\\Quotas\\MaxMemoryPerShellMB", "2147483647"),
    ("Plugin\\microsoft.powershell\\Quotas\\MaxProcessesPerShell", "2147483647"),
    ("Plugin\\microsoft.powershell\\Quotas\\MaxShells", "2147483647"),
    ("Plugin\\microsoft.powershell\\Quotas\\MaxShellsPerUser", "2147483647"),
];

/// The longest value that a setting may have.
const MAX_VALUE: usize = 16 << 10;

impl Machine {
    /// The settings by their path.
    pub fn winrm(&self) -> Vec<(&'static str, String)> {
        let changed = self.winrm.read(Vec::new);
        let value = |name: &str, drawn: &str| {
            let found = changed.iter().find(|(own, _)| *own == name);
            found.map_or_else(|| drawn.to_owned(), |(_, value)| value.clone())
        };
        SETTINGS.iter().map(|(name, drawn)| (*name, value(name, drawn))).collect()
    }

    /// Changes a setting; whether there is one of this path, and the value is not too long.
    pub fn set_winrm(&self, path: &str, value: &str) -> bool {
        let Some((name, _)) = SETTINGS.iter().find(|(name, _)| name.eq_ignore_ascii_case(path)) else { return false };
        if value.len() > MAX_VALUE {
            return false;
        }
        self.winrm.change(Vec::new, |changed| {
            changed.retain(|(own, _)| own != name);
            changed.push((*name, value.to_owned()));
        });
        true
    }
}
