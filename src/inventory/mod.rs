//! Inventories and target expressions: from files and command line to targets.
