//! Who may start when: throttle limit, retries, first use of a credential. Pure: no clock, no I/O.
