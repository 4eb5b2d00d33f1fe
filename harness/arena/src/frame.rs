//! Frames: a length as four little-endian bytes, then that many bytes of
//! `postcard`.

use std::io::{Read, Write};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest frame in bytes; a longer one is a broken stream.
const LONGEST: usize = 1 << 30;

/// Writes one frame.
///
/// # Errors
/// When the value cannot be encoded or the other side is gone.
pub fn write<T: Serialize>(to: &mut impl Write, value: &T) -> Result<()> {
    let mut bytes = vec![0; 4];
    bytes = postcard::to_extend(value, bytes).context("cannot encode a frame")?;
    let length = u32::try_from(bytes.len() - 4).context("frame too long")?;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    to.write_all(&bytes).context("cannot write a frame")
}

/// Reads one frame; `None` at the end of the stream.
///
/// # Errors
/// When the stream breaks off inside a frame or holds something else.
pub fn read<T: DeserializeOwned>(from: &mut impl Read) -> Result<Option<T>> {
    let mut length = [0; 4];
    let mut have = 0;
    while have < length.len() {
        match from.read(&mut length[have..]) {
            Ok(0) if have == 0 => return Ok(None),
            Ok(0) => bail!("stream ends inside a frame's length"),
            Ok(count) => have += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error).context("cannot read a frame"),
        }
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > LONGEST {
        bail!("frame of {length} bytes; at most {LONGEST} are sent");
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)
        .context("stream ends inside a frame")?;
    postcard::from_bytes(&bytes)
        .map(Some)
        .context("cannot decode a frame")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_back_as_it_was() {
        let mut stream = Vec::new();
        write(&mut stream, &("one".to_owned(), 7_u64)).unwrap();
        write(&mut stream, &("two".to_owned(), 8_u64)).unwrap();
        let mut from = stream.as_slice();
        let first: Option<(String, u64)> = read(&mut from).unwrap();
        let second: Option<(String, u64)> = read(&mut from).unwrap();
        assert_eq!(first.unwrap().0, "one");
        assert_eq!(second.unwrap().1, 8);
        assert!(read::<(String, u64)>(&mut from).unwrap().is_none());
    }

    #[test]
    fn a_broken_stream_is_an_error() {
        let mut stream = Vec::new();
        write(&mut stream, &"text".to_owned()).unwrap();
        assert!(read::<String>(&mut &stream[..3]).is_err());
        assert!(read::<String>(&mut &stream[..6]).is_err());
        assert!(read::<String>(&mut [0xff_u8; 8].as_slice()).is_err());
    }
}
