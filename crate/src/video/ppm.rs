//! Pictures out of a stream of binary PPM (`P6`), as `ffmpeg -f image2pipe -c:v ppm` writes them.
//!
//! Each picture says its own size, so a video that changes size in the middle reads like any other.

use std::io::{self, BufRead, Read};

use crate::frame::Frame;

/// The longest header line: two 32-bit numbers, a space and the line's end.
const LONGEST_LINE: u64 = 22;

/// The next picture of `stream`; `None` where the stream ends, be it in the middle of a picture: why it ended
/// is for the process that wrote it to say.
///
/// # Errors
/// What reading raises, and [`io::ErrorKind::InvalidData`] if this is no 8-bit PPM.
pub fn read(stream: &mut impl BufRead) -> io::Result<Option<Frame>> {
    let (Some(magic), Some(size), Some(most)) = (line(stream)?, line(stream)?, line(stream)?) else {
        return Ok(None);
    };
    let invalid = || io::Error::new(io::ErrorKind::InvalidData, "ffmpeg sent something else than a picture");
    if magic != "P6" || most != "255" {
        return Err(invalid());
    }
    let (width, height) = size.split_once(' ').ok_or_else(invalid)?;
    let (width, height): (u32, u32) = (width.parse().map_err(|_| invalid())?, height.parse().map_err(|_| invalid())?);
    let bytes = u64::from(width).checked_mul(u64::from(height)).and_then(|n| n.checked_mul(3)).ok_or_else(invalid)?;

    let mut rgb = Vec::new();
    stream.take(bytes).read_to_end(&mut rgb)?;
    if rgb.len() as u64 != bytes {
        return Ok(None);
    }
    Frame::new(width, height, rgb).map(Some).map_err(|_| invalid())
}

/// One header line without its end; `None` where the stream ends.
fn line(stream: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    stream.take(LONGEST_LINE).read_line(&mut line)?;
    Ok(line.strip_suffix('\n').map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pictures_of_changing_size_until_the_stream_ends() {
        let mut stream = &b"P6\n2 1\n255\n\x01\x02\x03\x04\x05\x06P6\n1 1\n255\n\x0a\n\x0cP6\n9 9\n255\nshort"[..];
        assert_eq!(read(&mut stream).unwrap(), Some(Frame::new(2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap()));
        assert_eq!(read(&mut stream).unwrap(), Some(Frame::new(1, 1, vec![10, 10, 12]).unwrap()));
        assert_eq!(read(&mut stream).unwrap(), None);
        assert_eq!(read(&mut stream).unwrap(), None);
    }

    #[test]
    fn refuses_anything_else() {
        for bytes in
            ["P5\n1 1\n255\n...", "P6\n1 1\n65535\n......", "P6\n11\n255\n", "P6\n1 x\n255\n", "P6\n0 5\n255\n"]
        {
            assert!(read(&mut bytes.as_bytes()).is_err(), "{bytes}");
        }
    }
}
