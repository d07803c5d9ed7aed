//! Asks a directory for the passwords of local administrators.

use super::{ANSWERS, Error, bound, entries, late, naming_context};
use crate::directory::{Encryption, Kept, LAPS_ATTRIBUTES, Laps, Query, Sought};

/// Hosts that are asked for at once: a filter of some kilobytes.
const BATCH: usize = 100;

/// What a directory has of each of these hosts (LAPS); nothing where it knows no such computer.
///
/// # Errors
/// Those of [`search`](super::search).
pub async fn laps(query: &Query, hosts: &[Sought]) -> Result<Vec<Option<Laps>>, Error> {
    if query.encryption == Encryption::None {
        let text = format!("{} is not encrypted, and no passwords are asked for there", query.url());
        return Err(Error::new(text).with_hint("use an ldaps:// URL, or start_tls = true"));
    }
    let limit = query.timeout * ANSWERS;
    let whole = async {
        let mut ldap = bound(query).await?;
        let base = naming_context(&mut ldap, query).await?;
        Ok((ldap, base))
    };
    let (mut ldap, base) = tokio::time::timeout(limit, whole).await.unwrap_or_else(|_| Err(late(query, limit)))?;
    let mut found = Vec::with_capacity(hosts.len());
    for batch in hosts.chunks(BATCH) {
        let filter = Sought::filter(batch);
        let mut computers = Vec::new();
        let asking = entries(&mut ldap, query, &base, &filter, &LAPS_ATTRIBUTES, |mut entry| {
            // What is no text (an encrypted password) only has to be there.
            for name in entry.bin_attrs.into_keys() {
                entry.attrs.entry(name).or_default();
            }
            computers.extend(Kept::of_entry(entry.attrs));
            Ok(())
        });
        tokio::time::timeout(limit, asking).await.unwrap_or_else(|_| Err(late(query, limit)))?;
        found.extend(batch.iter().map(|host| host.among(&computers)));
    }
    // Nothing more is asked; whether the directory hears it changes nothing.
    let _ = ldap.unbind().await;
    Ok(found)
}
