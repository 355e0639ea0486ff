//! Prints the language that the profile `Social` guesses for each line of the standard input, `-`
//! for none. `bench/language.py` compares these with the languages that records name.

use std::io::{self, BufWriter, Write};

use trends::social::{Settings, Tokenizer};

fn main() -> io::Result<()> {
    let mut tokenizer = Tokenizer::new(&Settings::default());
    let mut output = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lines() {
        writeln!(output, "{}", tokenizer.guess(&line?).unwrap_or("-"))?;
    }
    output.flush()
}
