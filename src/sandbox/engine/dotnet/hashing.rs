//! Hash algorithms: `[System.Security.Cryptography.SHA256]::Create().ComputeHash(...)`.

use aws_lc_rs::digest;
use md5::{Digest as _, Md5};

use super::super::value::{Obj, Schema, Val};
use super::Outcome;
use super::numbers::{byte_array, bytes};

fn compute(algorithm: &str, data: &[u8]) -> Option<Vec<u8>> {
    let by = |algorithm: &'static digest::Algorithm| Some(digest::digest(algorithm, data).as_ref().to_vec());
    match algorithm {
        "MD5" => Some(Md5::digest(data).to_vec()),
        "SHA1" => by(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        "SHA256" => by(&digest::SHA256),
        "SHA384" => by(&digest::SHA384),
        "SHA512" => by(&digest::SHA512),
        _ => None,
    }
}

/// The algorithm that a type's name has in it: `SHA256Managed` is SHA256 too.
fn algorithm(full: &str) -> Option<&'static str> {
    let name = full.rsplit('.').next().unwrap_or(full);
    ["MD5", "SHA1", "SHA256", "SHA384", "SHA512"].into_iter().find(|known| name.starts_with(known))
}

pub(super) fn statics(full: &str, name: &str, args: &[Val]) -> Outcome {
    let Some(algorithm) = algorithm(full) else { return Ok(None) };
    Ok(match name {
        "create" => {
            let schema =
                Schema::new(&[full, "System.Security.Cryptography.HashAlgorithm", "System.Object"], &["HashSize"]);
            let size = compute(algorithm, &[]).map_or(0, |hash| hash.len() * 8);
            Some(Obj::typed(&schema, full, vec![Val::I32(size as i32)]))
        }
        "hashdata" => args.first().and_then(|data| compute(algorithm, &bytes(data))).map(|hash| byte_array(&hash)),
        _ => None,
    })
}

pub(super) fn method(full: &str, name: &str, args: &[Val]) -> Outcome {
    let Some(algorithm) = algorithm(full) else { return Ok(None) };
    Ok(match name {
        "computehash" => args.first().and_then(|data| compute(algorithm, &bytes(data))).map(|hash| byte_array(&hash)),
        "dispose" | "clear" => Some(Val::Void),
        _ => None,
    })
}
