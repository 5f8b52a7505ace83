"""The claims of the method put to the test in miniature: `python -m benchmarks.study --help`."""
