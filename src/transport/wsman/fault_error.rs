//! Faults and failures as errors of the carrier.

use crate::outcome::Reason;
use crate::transport::Error;
use crate::transport::http::Failure;
use crate::wsman::{Fault, ParseError};

/// A fault of the server in words: what it means, then what the server says.
pub(super) fn from_fault(fault: &Fault, configuration_name: &str) -> Error {
    let meaning = fault.meaning();
    let (mut message, hint) = match fault.quota() {
        Some((quota, value)) => (quota.used_up(value), Some(quota.hint(value, configuration_name))),
        None => (meaning.message.to_owned(), meaning.hint.map(str::to_owned)),
    };
    if meaning.reason == Reason::NoEndpoint {
        message.push_str(&format!(" ('{configuration_name}')"));
    }
    if fault.code != 0 {
        message.push_str(&format!(" (fault {})", fault.code));
    }
    if !fault.message.is_empty() {
        message.push_str(": ");
        message.push_str(&fault.message);
    }
    Error {
        reason: meaning.reason,
        message,
        hint,
        fault: (fault.code != 0).then_some(fault.code),
        retryable: meaning.retryable,
        nothing_ran: false,
        proof_unanswered: false,
    }
}

/// A fault in answer to a Command or Send. Where it is a refusal, nothing ran, and another attempt opens another shell.
pub(super) fn refused(fault: &Fault, configuration_name: &str) -> Error {
    let error = from_fault(fault, configuration_name);
    match fault.leaves_open() {
        true => Error { retryable: false, ..error },
        false => Error { retryable: error.retryable || fault.wants_another_shell(), ..error }.before_anything_ran(),
    }
}

/// A Command or Send without an answer from the shell.
pub(super) fn without_answer(failure: Failure) -> Error {
    match failure {
        Failure::Broken(error) => Error { retryable: false, ..gone(error) },
        other => {
            let error = other.into_error();
            Error { retryable: error.retryable, ..gone(error) }.before_anything_ran()
        }
    }
}

/// An answer that is not a WSMan response. What is not even SOAP processes no request; else it is open.
pub(super) fn from_parse(error: &ParseError) -> Failure {
    match error {
        ParseError::NotSoap => Failure::Final(Error::new(Reason::NotWinrm, error.to_string())),
        _ => Failure::Broken(Error::new(Reason::Protocol, error.to_string())),
    }
}

/// A failed exchange on a shell that was open.
pub(super) fn broken(failure: Failure) -> Error {
    gone(failure.into_error())
}

/// An error on a shell that was open: what would have been a host out of reach before is a broken link now.
pub(super) fn gone(error: Error) -> Error {
    match error.reason {
        Reason::Network | Reason::Refused | Reason::ConnectTimeout | Reason::Dns | Reason::Tls => Error {
            reason: Reason::LinkBroken,
            message: format!("the link to the host broke: {}", error.message),
            hint: None,
            fault: None,
            retryable: false,
            nothing_ran: false,
            proof_unanswered: error.proof_unanswered,
        },
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::{from_fault, gone};
    use crate::outcome::Reason;
    use crate::transport::Error;
    use crate::wsman::Fault;

    #[test]
    fn says_meaning_code_and_the_servers_words() {
        let fault = Fault { code: 2_150_858_811, subcode: String::new(), message: "not found".into() };
        let error = from_fault(&fault, "PowerShell.7");
        assert_eq!((error.reason, error.fault), (Reason::NoEndpoint, Some(2_150_858_811)));
        let text = "there is no session configuration of that name ('PowerShell.7') (fault 2150858811): not found";
        assert_eq!(error.message, text);
        assert!(from_fault(&Fault::default(), "x").fault.is_none());
    }

    #[test]
    fn network_faults_of_an_open_shell_are_broken_links() {
        let refused = gone(Error::new(Reason::Refused, "nobody listens").retryable());
        assert!(refused.is_link_broken() && !refused.retryable);
        assert_eq!(gone(Error::new(Reason::LogonDenied, "no")).reason, Reason::LogonDenied);
    }
}
