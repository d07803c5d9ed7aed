//! What is in drawn files: fixed texts, and logs whose lines are made when somebody reads them.

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use crate::sandbox::machine::Rng;

/// A log: the head of the file, the form of a line's time, and messages in which `#` is a digit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Log {
    head: &'static str,
    time: &'static str,
    lines: &'static [&'static str],
}

/// A log of a file: which, how many lines, from when to when.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogText {
    pub(super) log: &'static Log,
    pub(super) seed: u64,
    pub(super) lines: u64,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) offset_minutes: i32,
}

/// IIS writes W3C extended logs in UTC.
pub(super) static IIS: Log = Log {
    head: "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Fields: date time s-ip cs-method \
           cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus \
           sc-win32-status time-taken\r\n",
    time: "%Y-%m-%d %H:%M:%S ",
    lines: &[
        "10.20.0.11 GET / - 443 - 10.20.4.1## Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64) - 200 0 0 1#",
        "10.20.0.11 GET /orders/4#### - 443 - 10.20.4.1## Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64) - 200 0 0 4#",
        "10.20.0.11 GET /health - 443 - 10.20.0.5 HealthCheck/1.2 - 200 0 0 3",
        "10.20.0.11 POST /orders - 443 - 10.20.4.1## Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64) - 201 0 0 1##",
        "10.20.0.11 GET /css/site.css - 443 - 10.20.4.1## Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64) - 304 0 0 2",
        "10.20.0.11 GET /favicon.ico - 443 - 10.20.4.1## Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64) - 404 0 2 1",
        "10.20.0.11 GET /health - 443 - 10.20.0.5 HealthCheck/1.2 - 200 0 0 2",
        "10.20.0.11 GET /reports/20## - 443 - 10.20.4.1## Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64) - 500 0 0 3###",
        "10.20.0.11 GET /orders/4#### - 443 - 10.20.4.1## Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64) - 200 0 0 5#",
    ],
};

pub(super) static CBS: Log = Log {
    head: "",
    time: "%Y-%m-%d %H:%M:%S, ",
    lines: &[
        "Info                  CBS    TI: --- Initializing Trusted Installer ---",
        "Info                  CBS    Session: 31####_2#########_ initialized by client WindowsUpdateAgent.",
        "Info                  CBS    Exec: Package: Package_for_RollupFix is already in the correct state",
        "Info                  CSI    0000000#@ Performing 1 operations",
        "Info                  CBS    Failed to get next element [HRESULT = 0x80070490 - ERROR_NOT_FOUND]",
        "Info                  CBS    Session: 31####_2#########_ finalized. Reboot required: no",
        "Info                  CBS    Trusted Installer is shutting down because: SHUTDOWN_REASON_AUTOSTOP",
    ],
};

pub(super) static APP: Log = Log {
    head: "",
    time: "%Y-%m-%d %H:%M:%S.000 ",
    lines: &[
        "INFO  [Orders] Order 4#### accepted",
        "INFO  [Orders] Order 4#### sent to the warehouse in 1## ms",
        "INFO  [Sync] 1# changes read, 1# written",
        "WARN  [Sync] Queue depth is 2##",
        "INFO  [Orders] Order 4#### accepted",
        "ERROR [Orders] Timeout expired while waiting for the database (attempt 1), order 4####",
        "INFO  [Orders] Order 4#### sent to the warehouse in 1## ms",
        "INFO  [Health] OK",
    ],
};

pub(super) static SETUP: Log = Log {
    head: "",
    time: "%Y-%m-%d %H:%M:%S, ",
    lines: &[
        "Info                         Callback_UpdatePreOobe: beginning",
        "Info                  SYSPRP RunDlls:Executed platform-specific module",
        "Warning               SYSPRP Value 0x0000000# was not found, using the default",
        "Info                         Setup phase # complete",
    ],
};

pub(super) static NETLOGON: Log = Log {
    head: "",
    time: "%m/%d %H:%M:%S ",
    lines: &[
        "[LOGON] [12##] SANDBOX: SamLogon: Network logon of SANDBOX\\sandbox from ADMIN01 Entered",
        "[LOGON] [12##] SANDBOX: SamLogon: Network logon of SANDBOX\\sandbox from ADMIN01 Returns 0x0",
        "[MISC] [09##] DsGetDcName function called: client PID=8##, Dom:SANDBOX Acct:(null) Flags: DS",
        "[LOGON] [12##] SANDBOX: SamLogon: Network logon of SANDBOX\\svc-scan from SCAN02 Returns 0xC000006A",
    ],
};

pub(super) static SQL: Log = Log {
    head: "",
    time: "%Y-%m-%d %H:%M:%S.00 ",
    lines: &[
        "Backup      Database backed up. Database: Orders, creation date(time): 2021/03/01(10:00:00), pages dumped: 81####",
        "spid5#      This instance of SQL Server has been using a process ID of 2### since the last start.",
        "Logon       Login failed for user 'SANDBOX\\svc-report'. Reason: Could not find a login matching the name provided.",
        "Logon       Error: 18456, Severity: 14, State: 5.",
        "spid5#      I/O is frozen on database Orders. No user action is required.",
        "spid5#      I/O was resumed on database Orders. No user action is required.",
    ],
};

impl LogText {
    fn order(&self, line: u64) -> usize {
        // A step that has no divisor in common with any number of messages here.
        ((self.seed % 97 + line * 11) % self.log.lines.len() as u64) as usize
    }

    /// The size of the file in bytes, without its text.
    pub(super) fn size(&self) -> u64 {
        let time = self.time_text(self.from).len() as u64;
        let length = |line: u64| time + self.log.lines[self.order(line)].len() as u64 + 2;
        let period = self.log.lines.len() as u64;
        let round: u64 = (0..period).map(length).sum();
        let rest: u64 = (0..self.lines % period).map(length).sum();
        self.log.head.len() as u64 + self.lines / period * round + rest
    }

    fn time_text(&self, time: Timestamp) -> String {
        let offset = Offset::from_seconds(self.offset_minutes * 60).unwrap_or(Offset::UTC);
        offset.to_datetime(time).strftime(self.log.time).to_string()
    }

    /// The text of the file.
    pub(super) fn text(&self) -> String {
        let mut rng = Rng::new(self.seed, 0, "log");
        let mut text = String::from(self.log.head);
        let span = self.to.duration_since(self.from).as_secs();
        for line in 0..self.lines {
            let after = SignedDuration::from_secs(span * line as i64 / self.lines.max(1) as i64);
            text += &self.time_text(self.from.checked_add(after).unwrap_or(self.from));
            let message = self.log.lines[self.order(line)];
            text.extend(message.chars().map(|next| match next {
                '#' => char::from(b'0' + rng.between(0, 9) as u8),
                other => other,
            }));
            text += "\r\n";
        }
        text
    }
}

pub(super) const HOSTS: &str = concat!(
    "# Copyright (c) 1993-2009 Microsoft Corp.\r\n",
    "#\r\n",
    "# Names of hosts and their addresses for TCP/IP of Windows.\r\n",
    "#\r\n",
    "# Each entry stands on a line of its own: the address in the first column,\r\n",
    "# then at least one space, then the name of the host.\r\n",
    "#\r\n",
    "# What follows a '#' is a comment, on a line of its own or behind an entry.\r\n",
    "#\r\n",
    "# For example:\r\n",
    "#\r\n",
    "#      102.54.94.97     rhino.acme.com          # source server\r\n",
    "#       38.25.63.10     x.acme.com              # x client host\r\n",
    "\r\n",
    "# localhost name resolution is handled within DNS itself.\r\n",
    "#\t127.0.0.1       localhost\r\n",
    "#\t::1             localhost\r\n",
);

pub(super) const WIN_INI: &str =
    "; for 16-bit app support\r\n[fonts]\r\n[extensions]\r\n[mci extensions]\r\n[files]\r\n[Mail]\r\nMAPI=1\r\n";

pub(super) const SYSTEM_INI: &str = "; for 16-bit app support\r\n[386Enh]\r\nwoafont=dosapp.fon\r\n\r\n[drivers]\r\nwave=mmdrv.dll\r\ntimer=timer.drv\r\n\r\n[mci]\r\n";

pub(super) const NETWORKS: &str = "loopback                 127\r\n";

pub(super) const SERVICES: &str = "# <service name>  <port number>/<protocol>  [aliases...]   [#<comment>]\r\nssh                22/tcp                           #SSH Remote Login Protocol\r\ndomain             53/tcp                           #Domain Name Server\r\ndomain             53/udp                           #Domain Name Server\r\nhttp               80/tcp    www www-http           #World Wide Web\r\nkerberos           88/tcp    krb5 kerberos-sec      #Kerberos\r\nntp               123/udp                           #Network Time Protocol\r\nldap              389/tcp                           #Lightweight Directory Access Protocol\r\nhttps             443/tcp   MCom                    #HTTP over TLS/SSL\r\nmicrosoft-ds      445/tcp\r\nms-sql-s         1433/tcp                           #Microsoft-SQL-Server\r\nms-wbt-server    3389/tcp                           #MS WBT Server\r\n";

pub(super) const WEB_CONFIG: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<configuration>\r\n  <appSettings>\r\n    <add key=\"OrdersApi\" value=\"https://app001.sandbox.test/orders\" />\r\n    <add key=\"LogLevel\" value=\"Information\" />\r\n  </appSettings>\r\n  <system.webServer>\r\n    <httpErrors errorMode=\"Custom\" />\r\n    <directoryBrowse enabled=\"false\" />\r\n  </system.webServer>\r\n</configuration>\r\n";

pub(super) const IISSTART: &str = "<!DOCTYPE html>\r\n<html>\r\n<head><title>IIS Windows Server</title></head>\r\n<body><a href=\"https://go.microsoft.com/fwlink/?linkid=66138\"><img src=\"iisstart.png\" alt=\"IIS\" /></a></body>\r\n</html>\r\n";

pub(super) const APPSETTINGS: &str = "{\r\n  \"Logging\": { \"LogLevel\": { \"Default\": \"Information\" } },\r\n  \"ConnectionStrings\": { \"Orders\": \"Server=sql001;Database=Orders;Integrated Security=true\" },\r\n  \"Warehouse\": { \"BatchSize\": 50, \"TimeoutSeconds\": 30 }\r\n}\r\n";

pub(super) const CLEANUP_PS1: &str = "# Removes logs that are older than thirty days.\r\nparam([int]$Days = 30)\r\nGet-ChildItem C:\\Temp -Recurse -File |\r\n    Where-Object LastWriteTime -lt (Get-Date).AddDays(-$Days) |\r\n    Remove-Item -Force\r\n";

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{APP, CBS, IIS, LogText, NETLOGON, SETUP, SQL};

    #[test]
    fn sizes_are_those_of_the_texts() {
        let from = Timestamp::from_second(1_790_000_000).expect("a valid time");
        for log in [&IIS, &CBS, &APP, &SETUP, &NETLOGON, &SQL] {
            for lines in [0, 1, 5, 100, 1001] {
                let to = from + SignedDuration::from_hours(300);
                let text = LogText { log, seed: lines + 7, lines, from, to, offset_minutes: 330 };
                assert_eq!(text.size(), text.text().len() as u64);
            }
        }
    }
}
