//! `trendjob generate`: synthetic statuses to a file or to standard output.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};

use crate::args::GenerateArgs;
use crate::demo::write;
use crate::failure::Failure;

/// Writes the statuses.
pub(crate) fn generate(args: &GenerateArgs) -> Result<(), Failure> {
    let name = args.file.as_ref().map_or_else(|| "-".into(), |file| file.display().to_string());
    let failed = |error: io::Error| Failure::other("Generate", format!("writing {name}: {error}"));
    let to = |out: &mut dyn Write| -> io::Result<()> {
        let mut out = BufWriter::new(out);
        write(args.records, args.seed, args.malformed, &mut out)?;
        out.flush()
    };
    match &args.file {
        Some(file) => to(&mut File::create(file).map_err(failed)?).map_err(failed),
        None => match to(&mut io::stdout().lock()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(failed),
        },
    }
}
