"""Where a captioner looked when it chose its words; `methods` is the top of this room."""
