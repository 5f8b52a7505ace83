"""From a benchmark's official files to a data set: what is written, and what the files say against themselves."""
