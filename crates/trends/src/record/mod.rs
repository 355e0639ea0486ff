//! From a line of input to a verdict and the text in it.
