//! Folds a run's events into a summary. Prints nothing.
