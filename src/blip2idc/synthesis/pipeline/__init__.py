"""From source images to a data set of edited pairs: plan, work, selection, report; one process or Ray."""
