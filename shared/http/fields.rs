//! Enters in step 06: field lines, and lists in their values.

/// The elements of a comma-separated list: RFC 9110 section 5.6.1, which
/// says to skip empty ones. Only for lists of tokens: a quoted string could
/// contain a comma.
pub fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|&byte| byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|element| !element.is_empty())
}

/// What follows the empty elements at the start of a list. Enters in step
/// 16.
pub fn skip_empty(list: &[u8]) -> &[u8] {
    let is_nothing = |byte: &u8| matches!(byte, b',' | b' ' | b'\t');
    let nothing = list.iter().take_while(|byte| is_nothing(byte)).count();
    &list[nothing..]
}

/// The values of all fields called `name`, in their order. Enters in step
/// 16.
pub fn lines<'b>(
    fields: &[httparse::Header<'b>],
    name: &str,
) -> impl Iterator<Item = &'b [u8]> {
    let fields = fields.iter();
    let lines = fields.filter(move |f| f.name.eq_ignore_ascii_case(name));
    lines.map(|field| field.value)
}

/// The value of the field called `name`; `None` if there are several: none of
/// them is meant more than the others. Enters in step 16.
pub fn only<'b>(
    fields: &[httparse::Header<'b>],
    name: &str,
) -> Option<&'b [u8]> {
    let mut lines = lines(fields, name);
    let first = lines.next()?;
    lines.next().is_none().then_some(first)
}
