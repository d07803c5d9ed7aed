//! Elements of DER (X.690), as far as logons are written in it: tags of one byte, lengths that are stated.

/// Eats one element: its tag and content.
pub(super) fn take<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let [tag, first, after @ ..] = *rest else { return None };
    let (length, after) = match first {
        0..=0x7f => (usize::from(*first), after),
        0x81..=0x83 => {
            let (digits, after) = after.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), after)
        }
        _ => return None,
    };
    let (content, after) = after.split_at_checked(length)?;
    *rest = after;
    Some((*tag, content))
}

/// Writes one element.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits: Vec<u8> = length.into_iter().skip_while(|digit| *digit == 0).collect();
    let mut bytes = Vec::with_capacity(content.len() + 10);
    bytes.push(tag);
    if let &[] | &[0..=0x7f] = digits.as_slice() {
        bytes.push(digits.first().copied().unwrap_or(0));
    } else {
        bytes.push(0x80 | digits.len() as u8);
        bytes.extend(digits);
    }
    bytes.extend(content);
    bytes
}
