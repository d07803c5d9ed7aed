//! Types whose members are not looked into for cuts.

use crate::clixml::TypeNames;
use crate::clixml::type_name::is_deserialized;

/// Types that PowerShell serializes down to a depth of their own, whatever is asked for: more would not come.
///
/// # Source
/// `SerializationDepth` in the type files of PowerShell 7, and `GetDepthOfSerialization` of its serializer.
const FIXED: [&str; 45] = [
    "HelpInfo",
    "Microsoft.Management.Infrastructure.CimCmdlets.CimIndicationEventInstanceEventArgs",
    "Microsoft.Management.Infrastructure.CimInstance",
    "Microsoft.PowerShell.Commands.Internal.Format.FormatInfoData",
    "Microsoft.PowerShell.Commands.ModuleSpecification",
    "System.Exception",
    "System.Globalization.CultureInfo",
    "System.Management.Automation.Breakpoint",
    "System.Management.Automation.BreakpointUpdatedEventArgs",
    "System.Management.Automation.CommandCompletion",
    "System.Management.Automation.CompletionResult",
    "System.Management.Automation.CustomControlEntry",
    "System.Management.Automation.CustomItemBase",
    "System.Management.Automation.DebuggerCommand",
    "System.Management.Automation.DebuggerCommandResults",
    "System.Management.Automation.DebuggerStopEventArgs",
    "System.Management.Automation.DisplayEntry",
    "System.Management.Automation.EntrySelectedBy",
    "System.Management.Automation.ErrorRecord",
    "System.Management.Automation.ExtendedTypeDefinition",
    "System.Management.Automation.FormatViewDefinition",
    "System.Management.Automation.InformationalRecord",
    "System.Management.Automation.Job",
    "System.Management.Automation.JobStateEventArgs",
    "System.Management.Automation.JobStateInfo",
    "System.Management.Automation.ListControlEntry",
    "System.Management.Automation.ListControlEntryItem",
    "System.Management.Automation.PSControl",
    "System.Management.Automation.PSControlGroupBy",
    "System.Management.Automation.PSCredential",
    "System.Management.Automation.PSListModifier",
    "System.Management.Automation.PSPrimitiveDictionary",
    "System.Management.Automation.Remoting.PSSenderInfo",
    "System.Management.Automation.Remoting.PSSessionOption",
    "System.Management.Automation.Signature",
    "System.Management.Automation.SwitchParameter",
    "System.Management.Automation.TableControlColumn",
    "System.Management.Automation.TableControlColumnHeader",
    "System.Management.Automation.TableControlRow",
    "System.Management.Automation.WideControlEntryItem",
    "System.Management.ManagementEventArgs",
    "System.Security.AccessControl.FileSystemSecurity",
    "System.Security.AccessControl.RegistrySecurity",
    "System.Security.Cryptography.X509Certificates.X500DistinguishedName",
    "System.Security.Cryptography.X509Certificates.X509Certificate2",
];

/// Whether members of an object of these types are not looked into: they would not come deeper, they were cut on a hop
/// before ours, or they name types as their very data.
pub(super) fn is_exempt(types: &TypeNames) -> bool {
    types.iter().any(|name| {
        is_deserialized(name)
            || name.starts_with("System.Reflection.")
            || name == "System.Type"
            // `CimInstance#root/cimv2/Win32_Service`
            || FIXED.binary_search(&name.split('#').next().unwrap_or(name)).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::{FIXED, is_exempt};
    use crate::clixml::TypeNames;

    #[test]
    fn by_any_name_of_the_chain() {
        assert!(FIXED.is_sorted());
        for (names, expected) in [
            (["System.IO.IOException", "System.Exception"], true),
            (["Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_Service", "System.Object"], true),
            (["Deserialized.System.Diagnostics.Process", "Deserialized.System.Object"], true),
            (["System.RuntimeType", "System.Reflection.TypeInfo"], true),
            (["System.Diagnostics.Process", "System.Object"], false),
        ] {
            assert_eq!(is_exempt(&TypeNames::new(names)), expected, "{names:?}");
        }
    }
}
