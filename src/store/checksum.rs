//! The checksum of a bundle: what was damaged on its way is not taken for what a run has said.
//!
//! It is SHA-256 over the rows of all tables in their order, each value with its type and its length. Whoever makes a
//! bundle up makes a checksum that fits; what a bundle says is looked at all the same.

use aws_lc_rs::digest::{Context, SHA256};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};

use super::error::Error;
use super::schema::{RUN, TABLES};

/// The first layout whose bundles have one.
const SINCE: i64 = 4;

/// Notes the checksum of a bundle that is complete.
pub(super) fn note(db: &Connection) -> Result<(), Error> {
    db.execute("UPDATE runs SET checksum = ?", [of(db)?])?;
    Ok(())
}

/// Refuses a bundle that is not what was written.
pub(super) fn check(db: &Connection, layout: i64) -> Result<(), Error> {
    if layout < SINCE {
        return Ok(());
    }
    let noted = db.query_row("SELECT checksum FROM runs LIMIT 1", [], |row| row.get::<_, Option<Vec<u8>>>(0));
    match noted.optional()? {
        Some(noted) if noted.as_deref() != Some(&of(db)?) => {
            Err(Error::damaged("its contents do not fit its checksum"))
        }
        // That it has no run is said elsewhere.
        _ => Ok(()),
    }
}

fn of(db: &Connection) -> Result<Vec<u8>, Error> {
    let mut sum = Context::new(&SHA256);
    for (table, columns, order) in [("runs", RUN, "id")].into_iter().chain(TABLES) {
        sum.update(table.as_bytes());
        let count = columns.split(',').count();
        let mut rows = db.prepare(&format!("SELECT {columns} FROM {table} ORDER BY {order}"))?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            for column in 0..count {
                add(&mut sum, row.get_ref(column)?);
            }
        }
    }
    Ok(sum.finish().as_ref().to_vec())
}

fn add(sum: &mut Context, value: ValueRef<'_>) {
    let mut put = |kind: &[u8], bytes: &[u8]| {
        sum.update(kind);
        sum.update(&(bytes.len() as u64).to_le_bytes());
        sum.update(bytes);
    };
    match value {
        ValueRef::Null => put(b"n", &[]),
        ValueRef::Integer(number) => put(b"i", &number.to_le_bytes()),
        ValueRef::Real(number) => put(b"r", &number.to_le_bytes()),
        ValueRef::Text(text) => put(b"t", text),
        ValueRef::Blob(bytes) => put(b"b", bytes),
    }
}
