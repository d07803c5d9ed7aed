//! The PowerShell Remoting Protocol without I/O: fragments, messages, runspace pool and pipeline (MS-PSRP).
